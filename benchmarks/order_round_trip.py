"""From placing an order to its acknowledgement, beside a bare TCP round trip of equal bytes.

Both peers are processes of their own on the loopback interface, and both are asked in
turn within one run, so that what slows the machine slows both.
"""

from __future__ import annotations

import asyncio
from time import perf_counter

import ib_insync
from harness import TIMEOUT_S, parse_options, process, report, simulator

WARM_UP = 20


class EchoClient(asyncio.Protocol):
    """Sends a request and waits for the whole reply."""

    def __init__(self, request: bytes, reply_bytes: int) -> None:
        self._request, self._reply_bytes = request, reply_bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._missing -= len(data)
        if self._missing <= 0:
            self._answered.set_result(None)

    async def round_trip_us(self) -> float:
        self._missing = self._reply_bytes
        self._answered = asyncio.get_running_loop().create_future()
        started = perf_counter()
        self.transport.write(self._request)
        await asyncio.wait_for(self._answered, TIMEOUT_S)
        return (perf_counter() - started) * 1e6


class Trader:
    """Places limit orders far below the market and cancels them again."""

    def __init__(self, ib: ib_insync.IB) -> None:
        self._ib = ib
        self._contract = ib_insync.Stock("AAPL", "SMART", "USD")

    async def round_trip_us(self) -> float:
        """Until the first status arrives; the cancel is not measured."""
        order = ib_insync.LimitOrder("BUY", 1, 1.00)
        started = perf_counter()
        trade = self._ib.placeOrder(self._contract, order)
        await asyncio.wait_for(trade.statusEvent, TIMEOUT_S)
        elapsed = perf_counter() - started
        assert trade.orderStatus.status == "Submitted"
        self._ib.cancelOrder(order)
        while not trade.isDone():
            await asyncio.wait_for(trade.statusEvent, TIMEOUT_S)
        return elapsed * 1e6

    async def bytes_of_one(self) -> tuple[int, int]:
        """How many bytes an order and its acknowledgement take."""
        before = self._ib.client.connectionStats()
        order = ib_insync.LimitOrder("BUY", 1, 1.00)
        trade = self._ib.placeOrder(self._contract, order)
        await asyncio.wait_for(trade.statusEvent, TIMEOUT_S)
        after = self._ib.client.connectionStats()
        self._ib.cancelOrder(order)
        return (
            after.numBytesSent - before.numBytesSent,
            after.numBytesRecv - before.numBytesRecv,
        )


async def connected(port: int) -> ib_insync.IB:
    ib = ib_insync.IB()
    ib.client.MaxRequests = 0  # its own throttle is not what is measured
    await ib.connectAsync("127.0.0.1", port, clientId=1)
    return ib


async def measure(samples: int) -> dict[str, list[float]]:
    async with simulator() as ready:
        ib = await connected(ready["port"])
        trader = Trader(ib)
        request_bytes, reply_bytes = await trader.bytes_of_one()
        async with process("benchmarks/echo.py", str(request_bytes), str(reply_bytes)) as echo:
            _, client = await asyncio.get_running_loop().create_connection(
                lambda: EchoClient(bytes(request_bytes), reply_bytes), "127.0.0.1", echo["port"]
            )
            orders, echoes = [], []
            for number in range(WARM_UP + samples):
                order_us, echo_us = await trader.round_trip_us(), await client.round_trip_us()
                if number >= WARM_UP:
                    orders.append(order_us)
                    echoes.append(echo_us)
            client.transport.close()
        ib.disconnect()
    return {"order acknowledgement": orders, "bare TCP round trip": echoes}


def main() -> None:
    options = parse_options(str(__doc__).partition("\n")[0], samples=2_000, quick=50)
    series = asyncio.run(measure(options.samples))
    report("order_round_trip", "us", series, only_json=options.json)


if __name__ == "__main__":
    main()
