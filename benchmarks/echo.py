"""A bare TCP peer: answers every request of a fixed size with a reply of a fixed size."""

from __future__ import annotations

import asyncio
import json
import sys


class Echo(asyncio.Protocol):
    def __init__(self, request_bytes: int, reply: bytes) -> None:
        self._request_bytes = request_bytes
        self._reply = reply
        self._received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        while self._received >= self._request_bytes:
            self._received -= self._request_bytes
            self._transport.write(self._reply)


async def serve(request_bytes: int, reply_bytes: int) -> None:
    loop = asyncio.get_running_loop()
    reply = bytes(reply_bytes)
    server = await loop.create_server(lambda: Echo(request_bytes, reply), "127.0.0.1", 0)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
