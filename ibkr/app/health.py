"""Is it alive, is it ready, and what it counts.

It knows the protocol and no gateway. Rule: these paths need no token and tell no order.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from ibkr.app.bodies import Live, Ready
from ibkr.app.context import Client, Shared
from ibkr.app.documented import problems
from ibkr.connection import ConnectionEvent, ConnectionState
from ibkr.protocol import IBKRClientProtocol

router = APIRouter(tags=["health"])

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class StateWatch:
    """Since when a client is in its state."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._client: IBKRClientProtocol | None = None
        self._seen: ConnectionState | None = None
        self._since = now()
        self._task: asyncio.Task[None] | None = None

    def follow(self, client: IBKRClientProtocol) -> None:
        """Note each change from now on; a no-op while that is so already."""
        if self._task is None or self._task.done() or self._client is not client:
            self.stop()
            self._client = client
            self._task = asyncio.create_task(self._note_all(client.connection_events()))

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _note_all(self, events: AsyncIterator[ConnectionEvent]) -> None:
        async for event in events:
            self._seen, self._since = event.state, event.time

    def since(self, client: IBKRClientProtocol) -> datetime:
        self.follow(client)
        if self._seen is not client.state:  # the event is on its way, or came before us
            self._seen, self._since = client.state, self._now()
        return self._since


async def get_watch(request: Request) -> StateWatch:
    watch: StateWatch = request.app.state.watch
    return watch


@router.get("/health/live", responses=problems())
async def live() -> Live:
    """The app answers."""
    return Live()


@router.get(
    "/health/ready",
    responses=problems() | {503: {"model": Ready, "description": "Not connected: no orders."}},
)
async def ready(
    response: Response, client: Client, watch: Annotated[StateWatch, Depends(get_watch)]
) -> Ready:
    """The client is connected and its state is complete.

    The kill switch, limits and a read-only setting are not looked at: they refuse an order when
    it comes, and say so.
    """
    if not client.is_connected():
        response.status_code = 503
    return Ready(ready=client.is_connected(), state=client.state, since=watch.since(client))


@router.get(
    "/metrics",
    response_class=Response,
    responses=problems()
    | {
        200: {
            "description": "The Prometheus text format.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    },
)
async def metrics(client: Client, shared: Shared) -> Response:
    """The series of the client and of the app."""
    content = client.metrics.exposition() + shared.metrics.exposition()
    return Response(content, media_type=METRICS_TYPE)
