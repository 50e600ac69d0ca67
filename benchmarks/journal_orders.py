"""From placing an order by IBKRClient to its acknowledgement: journal on disk, and in memory.

Two clients of one simulator place the same order in turn within one run, so that what slows
the machine slows both. The journal is in the system's directory for temporary files: its
disk is what is measured.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from pathlib import Path
from time import perf_counter

import structlog
from harness import parse_options, report, simulator

from ibkr import Contract, IBKRClient, Order

WARM_UP = 20
AAPL = Contract.stock("AAPL")
FAR = Order.limit("BUY", 1, 1)


async def connected(port: int, client_id: int, journal: Path | None) -> IBKRClient:
    client = IBKRClient(port=port, client_id=client_id, journal=journal, max_requests_per_s=1000)
    await client.connect()
    return client


async def round_trip_us(client: IBKRClient, key: str) -> float:
    """The cancel is not measured."""
    started = perf_counter()
    result = await client.place_order(AAPL, FAR, key=key)
    elapsed = perf_counter() - started
    await client.cancel_order(result.order_id)
    return elapsed * 1e6


async def measure(samples: int) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory() as directory:
        async with simulator() as ready:
            on_disk = await connected(ready["port"], 1, Path(directory) / "journal")
            in_memory = await connected(ready["port"], 2, None)
            disk, memory = [], []
            for number in range(WARM_UP + samples):
                disk_us = await round_trip_us(on_disk, str(number))
                memory_us = await round_trip_us(in_memory, str(number))
                if number >= WARM_UP:
                    disk.append(disk_us)
                    memory.append(memory_us)
            assert on_disk.journal.counts() == in_memory.journal.counts()
            await on_disk.disconnect()
            await in_memory.disconnect()
    return {"journal on disk": disk, "journal in memory": memory}


def main() -> None:
    options = parse_options(str(__doc__).partition("\n")[0], samples=1_000, quick=20)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    series = asyncio.run(measure(options.samples))
    report("journal_orders", "us", series, only_json=options.json)


if __name__ == "__main__":
    main()
