"""An app on a real socket of this loop, and a reader of its server-sent events."""

import asyncio
import contextlib
import json
import socket

import httpx

from ibkr.app import AppServer


class _Quiet(AppServer):
    @contextlib.contextmanager
    def capture_signals(self):
        """Signals belong to the test run."""
        yield


@contextlib.asynccontextmanager
async def served(app):
    """The server and an HTTP client of it; both end with the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = _Quiet(app)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        host, port = listener.getsockname()
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=5.0) as http:
            try:
                await until(lambda: server.started or serving.done())
                yield server, http
            finally:
                server.handle_exit(15, None)
                async with asyncio.timeout(5.0):
                    await serving


async def until_started(server, client):
    await until(lambda: server.started and client.is_connected())


async def until(holds):
    async with asyncio.timeout(5.0):
        while not holds():
            await asyncio.sleep(0.001)


async def events_of(response):
    """The events of a stream as (name, data, id); heartbeats as ("heartbeat", None, "")."""
    fields = {}
    async for line in response.aiter_lines():
        if line.startswith(":"):
            yield "heartbeat", None, ""
        elif line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield fields["event"], json.loads(fields["data"]), fields.get("id", "")
            fields = {}
