"""From starting a simulator to its readiness, beside a bare asyncio server, both as a process.

With --in-process both are started within this process instead, which has them imported:
until a client's handshake is answered, beside the connect to a bare server.
"""

from __future__ import annotations

import asyncio
from time import perf_counter

from harness import TIMEOUT_S, parse_options, process, report, simulator

HELLO = b"API\0\x00\x00\x00\x09v157..178"


async def started_ms(peer: object) -> float:
    """From creating a process to its ready line."""
    began = perf_counter()
    async with peer:  # type: ignore[attr-defined]
        return (perf_counter() - began) * 1e3


async def processes(samples: int) -> dict[str, list[float]]:
    simulators, servers = [], []
    for _ in range(samples):
        simulators.append(await started_ms(simulator()))
        servers.append(await started_ms(process("benchmarks/echo.py", "1", "1")))
    return {"ibkr-sim serve": simulators, "bare asyncio server": servers}


async def answered(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HELLO)
    await asyncio.wait_for(reader.readexactly(4), TIMEOUT_S)
    writer.close()
    await writer.wait_closed()


async def in_process(samples: int) -> dict[str, list[float]]:
    from simulator import Simulator  # noqa: PLC0415 - its import is not part of the other mode

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(len(HELLO)))

    simulators, servers = [], []
    for number in range(samples):
        began = perf_counter()
        async with Simulator(seed=number) as started:
            await answered(started.port)
            simulators.append((perf_counter() - began) * 1e3)
        began = perf_counter()
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server:
            await answered(server.sockets[0].getsockname()[1])
            servers.append((perf_counter() - began) * 1e3)
    return {"Simulator() answers": simulators, "bare server answers": servers}


def main() -> None:
    options = parse_options(
        str(__doc__).partition("\n")[0], samples=20, quick=2, flags=("--in-process",)
    )
    measure = in_process if options.in_process else processes
    series = asyncio.run(measure(options.samples))
    report("start_up", "ms", series, only_json=options.json)


if __name__ == "__main__":
    main()
