"""Ticks a second from the simulator over TCP, beside decoding the very same bytes from memory.

The simulator is a process of its own whose manual clock is advanced through the control
plane, so that it sends as fast as it can. Each sample delivers a stretch of market time and
then feeds the bytes that came, in the pieces they came in, to a second client without a
socket. A ratio of 1 means that the simulator is never what a client waits for.
"""

from __future__ import annotations

import asyncio
from time import perf_counter

import httpx
import ib_insync
from harness import TIMEOUT_S, parse_options, report, simulator

STRETCH_S = 300
CONTRACTS = (
    ib_insync.Stock("AAPL", "SMART", "USD", conId=265598),
    ib_insync.Stock("MSFT", "SMART", "USD", conId=272093),
    ib_insync.Stock("SPY", "SMART", "USD", conId=756733),
    ib_insync.Forex("EURUSD", conId=12087792),
)


def is_tick(fields: list[str]) -> bool:
    return fields[0] in {"1", "2", "45", "46"}


class TickCounter:
    """Counts the tick messages a client decodes."""

    def __init__(self, ib: ib_insync.IB) -> None:
        self.ticks = 0
        self._interpret = ib.client.decoder.interpret
        ib.client.decoder.interpret = self._counted

    def _counted(self, fields: list[str]) -> None:
        self.ticks += is_tick(fields)
        self._interpret(fields)


def quotes(ib: ib_insync.IB) -> list[tuple[float, float]]:
    return [(ticker.bid, ticker.ask) for ticker in ib.wrapper.reqId2Ticker.values()]


def offline_twin() -> ib_insync.IB:
    """A client without a socket, to be fed the bytes that another one received."""
    twin = ib_insync.IB()
    twin.client.conn.sendMsg = lambda _: None
    return twin


class Sampler:
    """One live client, its offline twin, and the control plane."""

    def __init__(self, ib: ib_insync.IB, control: httpx.AsyncClient) -> None:
        self._ib, self._twin, self._control = ib, offline_twin(), control
        self._live, self._memory = TickCounter(ib), TickCounter(self._twin)
        self._pieces: list[bytes] = []
        ib.client.conn.hasData += self._pieces.append

    async def connect(self, port: int) -> None:
        """Connect and subscribe; the twin lives through the same."""
        await self._ib.connectAsync("127.0.0.1", port, clientId=1)
        self._replay()
        for contract in CONTRACTS:
            self._ib.reqMktData(contract)
        for req_id, ticker in self._ib.wrapper.reqId2Ticker.items():
            self._twin.wrapper.startTicker(req_id, ticker.contract, "mktData")
        await self.sample()  # warm up

    async def sample(self) -> tuple[float, float]:
        """Ticks a second over TCP, and from memory."""
        self._live.ticks = self._memory.ticks = 0
        started = perf_counter()
        answer = await self._control.post("/clock/advance", json={"seconds": STRETCH_S})
        answer.raise_for_status()
        await asyncio.wait_for(self._ib.reqCurrentTimeAsync(), TIMEOUT_S)  # ticks come before it
        live_s = perf_counter() - started
        memory_s = self._replay()
        assert self._memory.ticks == self._live.ticks > 0
        assert quotes(self._twin) == quotes(self._ib)
        return self._live.ticks / live_s, self._memory.ticks / memory_s

    def _replay(self) -> float:
        """Feed the twin what came since the last time; how long it took."""
        started = perf_counter()
        for piece in self._pieces:
            self._twin.client.conn.hasData.emit(piece)
        elapsed = perf_counter() - started
        self._pieces.clear()
        return elapsed


async def measure(samples: int) -> dict[str, list[float]]:
    async with (
        simulator() as ready,
        httpx.AsyncClient(base_url=ready["control"], timeout=TIMEOUT_S, trust_env=False) as control,
    ):
        ib = ib_insync.IB()
        sampler = Sampler(ib, control)
        await sampler.connect(ready["port"])
        results = [await sampler.sample() for _ in range(samples)]
        ib.disconnect()
    live, memory = zip(*results, strict=True)
    return {"delivered over TCP": list(live), "decoded from memory": list(memory)}


def main() -> None:
    options = parse_options(str(__doc__).partition("\n")[0], samples=30, quick=3)
    series = asyncio.run(measure(options.samples))
    report("tick_delivery", "ticks/s", series, only_json=options.json)


if __name__ == "__main__":
    main()
