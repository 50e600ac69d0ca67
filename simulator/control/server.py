"""Serves the control plane inside a running event loop, on loopback unless told otherwise.

The port is taken at once; the web framework is imported in a thread after that, so that
whoever starts a simulator does not wait for it. Calls made meanwhile wait in the backlog.
"""

from __future__ import annotations

import asyncio
import importlib
import socket

from simulator.control.access import ControlAccess
from simulator.logs import Log
from simulator.world import World

log = Log(__name__)

BACKLOG = 128


class ControlServer:
    """One control plane; `start` returns as soon as its port is taken."""

    def __init__(self, world: World, *, port: int = 0, access: ControlAccess | None = None) -> None:
        self._world = world
        self._access = access or ControlAccess()
        self._port = port
        self._socket: socket.socket | None = None
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        host = self._access.host
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    async def start(self) -> None:
        """Take the port. Raises `OSError` if it is in use."""
        host = self._access.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, self._port), family=family, backlog=BACKLOG)
        self._socket = listening
        self._port = listening.getsockname()[1]
        self._task = asyncio.create_task(self._serve(listening))
        self._task.add_done_callback(_report)

    async def stop(self) -> None:
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait([self._task])
            self._task = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def _serve(self, listening: socket.socket) -> None:
        web = await asyncio.to_thread(importlib.import_module, "simulator.control.web")
        await web.serve(self._world, self._access, listening, self._stopping)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("control_plane_failed", error=repr(error))
