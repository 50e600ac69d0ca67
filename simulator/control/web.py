"""The web framework's side of the control plane; imported late, because it is heavy."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from simulator.control.access import ControlAccess
from simulator.control.api import create_control
from simulator.world import World


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to whoever owns the loop."""
        yield


async def serve(
    world: World, access: ControlAccess, listening: socket.socket, stopping: asyncio.Event
) -> None:
    """Answer calls on a listening socket until told to stop."""
    config = uvicorn.Config(
        create_control(world, access), log_config=None, access_log=False, lifespan="off"
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait((serving, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    server.should_exit = server.force_exit = True
    await serving
