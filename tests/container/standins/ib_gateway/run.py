"""Behaves as ghcr.io/gnzsnz/ib-gateway does towards its environment, with a simulator inside.

Facts from that image's documentation: TWS_USERID and TWS_PASSWORD or TWS_PASSWORD_FILE (not
both) are demanded, TRADING_MODE is paper or live, the API listens on 127.0.0.1:4002 and is
forwarded to port 4004 for everybody (4001 and 4003 for live); READ_ONLY_API=yes refuses orders.
"""

import asyncio
import os
import sys
from pathlib import Path

PORTS = {"paper": (4002, 4004), "live": (4001, 4003)}


def refuse(reason: str) -> None:
    sys.exit(f".> {reason}")


def password() -> str:
    given, file = os.environ.get("TWS_PASSWORD", ""), os.environ.get("TWS_PASSWORD_FILE", "")
    if given and file:
        refuse("both TWS_PASSWORD and TWS_PASSWORD_FILE are set")
    return Path(file).read_text().strip() if file else given


async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until they end."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def main() -> None:
    mode = os.environ.get("TRADING_MODE", "paper")
    if mode not in PORTS:
        refuse(f"invalid TRADING_MODE: {mode}")
    if not os.environ.get("TWS_USERID") or not password():
        refuse("TWS_USERID and a password are needed to log in")
    if mode == "live":
        refuse("no live account stands behind this stand-in")
    api_port, published_port = PORTS[mode]
    command = ["ibkr-sim", "serve", "--port", str(api_port), "--seed", "7"]
    if os.environ.get("READ_ONLY_API") == "yes":
        command.append("--read-only")
    gateway = await asyncio.create_subprocess_exec(*command)

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", api_port)
        except OSError:  # the gateway is not there yet: as with the real one, the line just ends
            writer.close()
            return
        await asyncio.gather(
            forward(reader, inner_writer), forward(inner_reader, writer), return_exceptions=True
        )

    async with await asyncio.start_server(joined, "0.0.0.0", published_port):  # noqa: S104
        await gateway.wait()


asyncio.run(main())
