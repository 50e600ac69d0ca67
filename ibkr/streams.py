"""How one event reaches many consumers: a bounded buffer each, or the latest value only.

It knows nothing of what flows through it.
Rule: a producer never waits, memory stays bounded, and nothing is lost silently.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, Self, TypeVar
from weakref import WeakSet

from ibkr.errors import IBKRError, StreamOverflow

T = TypeVar("T")


class EventStream(AsyncIterator[T]):
    """Every event in order, up to `capacity` unread ones.

    Past that the buffered events are still delivered, then StreamOverflow is raised.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: deque[T] = deque()
        self._wake = asyncio.Event()
        self._overflowed = False
        self._ended = False

    def push(self, item: T) -> None:
        if self._overflowed or self._ended:
            return
        if len(self._items) >= self._capacity:
            self._overflowed = True
        else:
            self._items.append(item)
        self._wake.set()

    def end(self) -> None:
        self._ended = True
        self._wake.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self._overflowed:
                self._overflowed, self._ended = False, True
                raise StreamOverflow(
                    f"more than {self._capacity} events were unread; later ones were dropped. "
                    "Read faster, then look at order(order_id) and open a new stream"
                )
            if self._ended:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._items.popleft()


class LatestStream(AsyncIterator[T]):
    """The newest value only: a slow consumer skips values, it never lags behind."""

    def __init__(self) -> None:
        self._item: T | None = None
        self._error: IBKRError | None = None
        self._wake = asyncio.Event()
        self._ended = False

    def push(self, item: T) -> None:
        if not self._ended:
            self._item = item
            self._wake.set()

    def end(self, error: IBKRError | None = None) -> None:
        self._ended, self._error, self._item = True, error, None
        self._wake.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while self._item is None:
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            if self._ended:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        item, self._item = self._item, None
        return item


class Fanout(Generic[T]):
    """Gives every event to every open stream. A stream nobody holds any more is forgotten."""

    def __init__(self, capacity: int = 1024) -> None:
        self._capacity = capacity
        self._streams: WeakSet[EventStream[T]] = WeakSet()

    def open(self) -> EventStream[T]:
        """A stream of everything published from now on."""
        stream: EventStream[T] = EventStream(self._capacity)
        self._streams.add(stream)
        return stream

    def publish(self, item: T) -> None:
        for stream in list(self._streams):
            stream.push(item)

    def end(self) -> None:
        """End all open streams; streams opened later start afresh."""
        for stream in list(self._streams):
            stream.end()
        self._streams.clear()
