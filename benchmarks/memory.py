"""What a simulator with a hundred clients takes, beside a bare asyncio server with as many.

Every client has gone through the handshake, has been told the details of a contract, for
which trading calendars are loaded, and has a market data line of its own.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import psutil
from harness import TIMEOUT_S, parse_options, process, report, simulator

CLIENTS = 100
MIB = 1 << 20
ANSWERS = (b"52\x001\x002\0", b"81\x001\0")
"""The end of the contract details, and the parameters a market data line begins with."""

SYMBOLS = ("AAPL", "MSFT", "SPY", "TSLA", "IBM")


def message(*fields: object) -> bytes:
    body = "".join(f"{field}\0" for field in fields).encode()
    return len(body).to_bytes(4, "big") + body


def trading(client_id: int) -> bytes:
    """The handshake, the start, a request for contract details and one for market data."""
    symbol = SYMBOLS[client_id % len(SYMBOLS)]
    contract = (0, symbol, "STK", "", "0.0", "", "", "SMART", "", "USD", "", "")
    return b"".join(
        (
            b"API\0\x00\x00\x00\x09v157..178",
            message(71, 2, client_id, ""),
            message(9, 8, 2, *contract, 0, "", "", ""),
            message(1, 11, 1, *contract, 0, "", 0, 0, ""),
        )
    )


async def connect(port: int, data: bytes, until: tuple[bytes, ...]) -> asyncio.StreamWriter:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    for answer in until:
        await asyncio.wait_for(reader.readuntil(answer), TIMEOUT_S)
    return writer


async def memory_mib(peer: object, data: list[bytes], until: tuple[bytes, ...]) -> float:
    """The resident memory of a peer once each of its clients was answered with all of `until`."""
    before = {child.pid for child in psutil.Process().children()}
    async with AsyncExitStack() as stack:
        ready = await stack.enter_async_context(peer)  # type: ignore[arg-type]
        for writer in [await connect(ready["port"], one, until) for one in data]:
            stack.callback(writer.close)
        (child,) = (c for c in psutil.Process().children() if c.pid not in before)
        memory: float = child.memory_info().rss / MIB
        return memory


async def measure(samples: int) -> dict[str, list[float]]:
    simulators, servers = [], []
    for _ in range(samples):
        clients = list(map(trading, range(CLIENTS)))
        simulators.append(await memory_mib(simulator(), clients, ANSWERS))
        echo = process("benchmarks/echo.py", "1", "1")
        servers.append(await memory_mib(echo, [b"x"] * CLIENTS, (b"\0",)))
    return {f"simulator, {CLIENTS} clients": simulators, f"bare server, {CLIENTS}": servers}


def main() -> None:
    options = parse_options(str(__doc__).partition("\n")[0], samples=5, quick=1)
    series = asyncio.run(measure(options.samples))
    report("memory", "MiB", series, only_json=options.json)


if __name__ == "__main__":
    main()
