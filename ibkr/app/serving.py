"""Uvicorn around an app, such that a signal ends the event streams at once.

It knows no route and no client. Rule: a stream has no end of its own, so whoever stops the
server says so first; orders on their way get their grace.
"""

import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from ibkr.app.context import Context


class AppServer(uvicorn.Server):
    """A server of one app; SIGTERM and SIGINT end it in order, a second SIGINT at once."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                log_config=None,
                server_header=False,
                lifespan="on",
            )
        )
        self._context: Context = app.state.context

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._context.closing.set()
        super().handle_exit(sig, frame)

    def serve_on(self, listener: socket.socket) -> None:
        """Serve until a signal; the signal is raised again when all is closed."""
        self.run(sockets=[listener])
