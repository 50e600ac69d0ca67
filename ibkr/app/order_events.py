"""Order events as a stream, resumable as far as a bounded buffer reaches.

It knows the protocol and no gateway. Rule: events have ids in their order; a caller who was
away gets what it missed, or is told by a `gap` that it must look at the orders themselves.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from ibkr.app.access import ReadRoute
from ibkr.app.context import Client, Context, Shared
from ibkr.app.documented import BEARER, EVENT_STREAM, problems
from ibkr.app.events import Event, EventStreamResponse, reserve
from ibkr.app.shown import event_shown
from ibkr.errors import StreamOverflow
from ibkr.models import CommissionReported, OrderEvent, OrderFilled, OrderStatusChanged
from ibkr.protocol import IBKRClientProtocol
from ibkr.streams import Fanout

router = APIRouter(prefix="/orders", tags=["orders"], route_class=ReadRoute)

_NAMES: dict[type, str] = {
    OrderStatusChanged: "order_status",
    OrderFilled: "fill",
    CommissionReported: "commission",
}
_GAP = "events before this one are no longer kept; look at the orders themselves"


class OrderFeed:
    """The events of one client, numbered, the last ones kept."""

    def __init__(self, context: Context) -> None:
        self._run = context.run
        self._kept: deque[tuple[int, Event]] = deque(maxlen=context.limits.event_buffer)
        self._fanout: Fanout[Event] = Fanout(context.limits.event_buffer)
        self._last = 0
        self._client: IBKRClientProtocol | None = None
        self._task: asyncio.Task[None] | None = None

    def follow(self, client: IBKRClientProtocol) -> None:
        """Begin to keep what happens from now on; a no-op while that is so already."""
        if self._task is None or self._task.done() or self._client is not client:
            self.stop()
            self._client = client
            self._task = asyncio.create_task(self._run_on(client, client.order_events()))

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run_on(self, client: IBKRClientProtocol, events: AsyncIterator[OrderEvent]) -> None:
        while True:
            try:
                async for event in events:
                    self._publish(_NAMES.get(type(event), "notice"), event_shown(event))
            except StreamOverflow:
                events = client.order_events()
                self._publish("gap", {"detail": _GAP})
            else:
                self._fanout.end()
                return

    def _publish(self, name: str, data: object) -> None:
        self._last += 1
        event = Event(name=name, data=data, event_id=f"{self._run}-{self._last}")
        self._kept.append((self._last, event))
        self._fanout.publish(event)

    async def after(self, last_seen: str | None) -> AsyncIterator[Event]:
        """What came after an id, then what comes; None: only what comes."""
        live = self._fanout.open()
        missed = self._missed(last_seen)
        return _chain(missed, live)

    def _missed(self, last_seen: str | None) -> list[Event]:
        if last_seen is None:
            return []
        run, _, number = last_seen.rpartition("-")
        seen = int(number) if run == self._run and re.fullmatch("[0-9]{1,18}", number) else -1
        first_kept = self._kept[0][0] if self._kept else self._last + 1
        if not first_kept - 1 <= seen <= self._last:
            return [Event(name="gap", data={"detail": _GAP}, event_id=f"{self._run}-{self._last}")]
        return [event for number_kept, event in self._kept if number_kept > seen]


async def _chain(missed: list[Event], live: AsyncIterator[Event]) -> AsyncIterator[Event]:
    for event in missed:
        yield event
    async for event in live:
        yield event


async def get_feed(request: Request) -> OrderFeed:
    feed: OrderFeed = request.app.state.feed
    return feed


Feed = Annotated[OrderFeed, Depends(get_feed)]
LastSeen = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        max_length=64,
        description="The id of the last event seen: those after it come first.",
    ),
]


async def _nothing() -> None:
    """A stream of order events holds nothing that must be freed."""


@router.get(
    "/events",
    openapi_extra=BEARER,
    status_code=200,
    response_class=EventStreamResponse,
    responses=problems(401, 429) | EVENT_STREAM,
)
async def stream(
    client: Client, shared: Shared, feed: Feed, last_event_id: LastSeen = None
) -> Response:
    """What happens to orders: `order_status`, `fill`, `commission`, `notice` and `gap`.

    A reader that falls too far behind gets an `error` with the code stream_overflow, then the
    end; it may connect again with the id of the last event it has seen.
    """
    reserve(shared, "orders")
    feed.follow(client)
    return EventStreamResponse(
        await feed.after(last_event_id), context=shared, kind="orders", release=_nothing
    )
