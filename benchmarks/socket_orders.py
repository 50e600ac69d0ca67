"""Orders a second through the socket, beside bare TCP with as many bytes either way.

A raw client sends a hundred limit orders, one after the other without waiting, until the
status of each has come back; then cancels them all, which is not measured. The bare peers do
the same with as many bytes. Both servers are processes of their own, asked in turn.

With `--ib-insync` the orders are placed by ib_insync, whose own work is then part of it.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from decimal import Decimal
from time import perf_counter

import ib_insync
from harness import TIMEOUT_S, parse_options, process, report, simulator

from simulator.messages import REPLIES, REQUESTS
from simulator.messages.connection import StartApi
from simulator.messages.orders import CancelOrder, OrderStatus, PlaceOrder
from simulator.records import Contract, Order, Status
from simulator.wire import frame, join_fields

VERSION = 176
BURST = 100
"""Orders on their way at once."""

WARM_UP = 3
STATUS = REPLIES.by_record[OrderStatus].id
CONTRACT = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
TERMS = Order(
    action="BUY",
    total_quantity=Decimal(1),
    order_type="LMT",
    limit_price=Decimal("1.00"),
    tif="DAY",
    transmit=True,
)


class RawClient:
    """Writes requests, and counts the statuses that come back; decodes nothing else."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._last_id = 0
        self.sent = self.received = 0

    @classmethod
    async def started(cls, port: int) -> RawClient:
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        client._write(b"API\0" + frame(b"v%d..%d" % (VERSION, VERSION)))
        await client._frame()
        client._write(encoded(StartApi(1)))
        return client

    async def burst(self) -> None:
        first = self._last_id + 1
        self._last_id += BURST
        ids = range(first, self._last_id + 1)
        self._write(b"".join(encoded(PlaceOrder(number, CONTRACT, TERMS)) for number in ids))
        await self._statuses(Status.SUBMITTED)

    async def clear(self) -> None:
        ids = range(self._last_id - BURST + 1, self._last_id + 1)
        self._write(b"".join(encoded(CancelOrder(number)) for number in ids))
        await self._statuses(Status.CANCELLED)

    async def bytes_of_burst(self) -> tuple[int, int]:
        self.sent = self.received = 0
        await self.burst()
        size = self.sent, self.received
        await self.clear()
        return size

    def close(self) -> None:
        self._writer.close()

    async def _statuses(self, status: str) -> None:
        """Wait until each order of the burst has this status."""
        wanted = b"%d\0" % STATUS
        seen = 0
        while seen < BURST:
            payload = await self._frame()
            if payload.startswith(wanted) and payload.split(b"\0")[2] == status.encode():
                seen += 1

    async def _frame(self) -> bytes:
        head = await self._reader.readexactly(4)
        payload = await self._reader.readexactly(struct.unpack(">I", head)[0])
        self.received += 4 + len(payload)
        return payload

    def _write(self, data: bytes) -> None:
        self.sent += len(data)
        self._writer.write(data)


class Trader:
    """The same orders by ib_insync."""

    def __init__(self, ib: ib_insync.IB) -> None:
        self._ib = ib
        self._trades: list[ib_insync.Trade] = []

    @classmethod
    async def started(cls, port: int) -> Trader:
        ib = ib_insync.IB()
        ib.client.MaxRequests = 0  # its own throttle is not what is measured
        await ib.connectAsync("127.0.0.1", port, clientId=1)
        return cls(ib)

    async def burst(self) -> None:
        stock = ib_insync.Stock("AAPL", "SMART", "USD")
        self._trades = [
            self._ib.placeOrder(stock, ib_insync.LimitOrder("BUY", 1, 1.00)) for _ in range(BURST)
        ]
        await self._all(Status.SUBMITTED)

    async def clear(self) -> None:
        for trade in self._trades:
            self._ib.cancelOrder(trade.order)
        await self._all(Status.CANCELLED)

    async def bytes_of_burst(self) -> tuple[int, int]:
        before = self._ib.client.connectionStats()
        await self.burst()
        after = self._ib.client.connectionStats()
        await self.clear()
        return (
            after.numBytesSent - before.numBytesSent,
            after.numBytesRecv - before.numBytesRecv,
        )

    def close(self) -> None:
        self._ib.disconnect()

    async def _all(self, status: str) -> None:
        """They are answered in order: the last is the last."""
        last = self._trades[-1]
        while last.orderStatus.status != status:
            await last.statusEvent


class Bare:
    """As many bytes to a peer that knows nothing."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        request_bytes: int,
        reply_bytes: int,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._request, self._reply_bytes = bytes(request_bytes), reply_bytes

    @classmethod
    async def started(cls, port: int, request_bytes: int, reply_bytes: int) -> Bare:
        streams = await asyncio.open_connection("127.0.0.1", port)
        return cls(*streams, request_bytes, reply_bytes)

    async def burst(self) -> None:
        for _ in range(BURST):
            self._writer.write(self._request)
        for _ in range(BURST):
            await self._reader.readexactly(self._reply_bytes)

    def close(self) -> None:
        self._writer.close()


def encoded(request: object) -> bytes:
    return frame(join_fields(REQUESTS.encode(request, VERSION)))


async def orders_per_second(burst: Callable[[], Awaitable[None]]) -> float:
    start = perf_counter()
    async with asyncio.timeout(TIMEOUT_S):
        await burst()
    return BURST / (perf_counter() - start)


async def measure(
    samples: int, make: Callable[[int], Awaitable[RawClient | Trader]]
) -> tuple[list[float], list[float]]:
    orders: list[float] = []
    bare: list[float] = []
    async with simulator() as ready:
        client = await make(ready["port"])
        sizes = [round(size / BURST) for size in await client.bytes_of_burst()]
        async with process("benchmarks/echo.py", *map(str, sizes)) as echo:
            peer = await Bare.started(echo["port"], *sizes)
            for _ in range(WARM_UP):
                await client.burst()
                await client.clear()
                await peer.burst()
            for _ in range(samples):
                orders.append(await orders_per_second(client.burst))
                await client.clear()
                bare.append(await orders_per_second(peer.burst))
            peer.close()
        client.close()
    return orders, bare


def main() -> None:
    options = parse_options(
        str(__doc__).partition("\n")[0], samples=100, quick=3, flags=("--ib-insync",)
    )
    name = "ib_insync" if options.ib_insync else "raw client"
    make = Trader.started if options.ib_insync else RawClient.started
    orders, bare = asyncio.run(measure(options.samples, make))
    title = "socket_orders --ib-insync" if options.ib_insync else "socket_orders"
    series = {f"orders/s, {name}": orders, "echoes/s, bare TCP": bare}
    report(title, "orders/s", series, only_json=options.json)


if __name__ == "__main__":
    main()
