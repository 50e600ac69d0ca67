"""A peer that says what a test tells it to, honest or not: bytes out, frames in."""

from __future__ import annotations

import asyncio
import struct
from typing import Any, Self

from simulator.messages import REPLIES, REQUESTS
from simulator.messages.connection import CurrentTime, RequestCurrentTime, StartApi
from simulator.wire import frame, join_fields

HOST = "127.0.0.1"
TIMEOUT_S = 5.0
PREFIX = b"API\0"


def request(record: Any, version: int) -> bytes:
    return frame(join_fields(REQUESTS.encode(record, version)))


def fields(*texts: str) -> bytes:
    return frame(join_fields(texts))


class Peer:
    """One raw TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.version = 0
        self.received = bytearray()

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection(HOST, port))

    @classmethod
    async def started(cls, port: int, client_id: int, version: int = 176) -> Self:
        """A peer that is through the handshake."""
        peer = await cls.open(port)
        peer.version = version
        peer.send(PREFIX + frame(b"v%d..%d" % (version, version)))
        await peer.frame()
        peer.send(request(StartApi(client_id), version))
        return peer

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    def ask(self, *records: Any) -> None:
        for record in records:
            self.send(request(record, self.version))

    async def frame(self) -> list[str]:
        async with asyncio.timeout(TIMEOUT_S):
            head = await self._reader.readexactly(4)
            payload = await self._reader.readexactly(struct.unpack(">I", head)[0])
        self.received += head + payload
        return payload[:-1].decode("ascii").split("\0")

    async def error(self, code: int) -> Any:
        """The next error message with that code."""
        while True:
            found = await self.frame()
            if found[:1] == ["4"] and found[3] == str(code):
                return REPLIES.decode(found, self.version)

    async def settle(self) -> None:
        """Read all that came of what was sent so far."""
        self.ask(RequestCurrentTime())
        last = str(REPLIES.by_record[CurrentTime].id)
        while (await self.frame())[0] != last:
            pass

    async def ended(self) -> bool:
        """Whether the other side closes the connection, in time."""
        async with asyncio.timeout(TIMEOUT_S):
            try:
                while await self._reader.read(65536):
                    pass
            except ConnectionError:
                pass
        return True

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return
