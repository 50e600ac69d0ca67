"""Server-sent events: how a stream of values reaches one HTTP caller, and how it ends.

It knows neither quotes nor orders. Rule: an open stream always has an end: the caller goes,
the source ends, the reader takes nothing for too long, or the app closes; and each end frees
what the stream held. Written here because sse-starlette replaces a method of uvicorn's server
class on import and leaves a task of its own running.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import TypeAdapter
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from ibkr.app.context import Context
from ibkr.app.problems import AppCode, AppProblem, problem_of
from ibkr.errors import IBKRError

log = structlog.get_logger("ibkr")

_HEARTBEAT = b": heartbeat\n\n"
_ANY: TypeAdapter[Any] = TypeAdapter(Any)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One server-sent event; `data` is sent as JSON."""

    name: str
    data: object
    event_id: str = ""

    def encoded(self) -> bytes:
        lines = [b"event: " + self.name.encode()]
        if self.event_id:
            lines.append(b"id: " + self.event_id.encode())
        lines.append(b"data: " + _ANY.dump_json(self.data))  # JSON has no line ends of its own
        return b"\n".join(lines) + b"\n\n"


def ended(reason: str, detail: str) -> Event:
    return Event(name="end", data={"reason": reason, "detail": detail})


class EventStreamResponse(StreamingResponse):
    """Sends the events of a source; `release` is called when it is over, however it ends."""

    media_type = "text/event-stream"

    def __init__(
        self,
        source: AsyncIterator[Event],
        *,
        context: Context,
        kind: str,
        release: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self._frames = _frames(source, context, self._note)
        super().__init__(self._frames, headers={"X-Accel-Buffering": "no"})
        self._context = context
        self._kind = kind
        self._release = release
        self._reason = "caller left"

    def _note(self, reason: str) -> None:
        self._reason = reason

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        timeout_s = self._context.limits.send_timeout_s

        async def send_in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(timeout_s):
                    await send(message)
            except TimeoutError:
                self._note("reader too slow")
                raise

        metrics = self._context.metrics
        try:
            await super().__call__(scope, receive, send_in_time)
        except TimeoutError:  # nobody reads what could be said about it; the metric tells
            log.warning("event_stream_ended", kind=self._kind, reason=self._reason)
        finally:
            await self._frames.aclose()
            metrics.streams[self._kind] -= 1
            metrics.streams_ended[self._reason] += 1
            await self._release()


def reserve(context: Context, kind: str) -> None:
    """Count a stream before it opens; raises AppProblem 429 when there are too many."""
    if context.metrics.streams.total() >= context.limits.max_streams:
        raise AppProblem(
            429,
            AppCode.TOO_MANY_STREAMS,
            f"{context.limits.max_streams} event streams are open; close one first",
        )
    context.metrics.streams[kind] += 1


async def _frames(
    source: AsyncIterator[Event], context: Context, note: Callable[[str], None]
) -> AsyncGenerator[bytes, None]:
    closing = asyncio.create_task(context.closing.wait())
    coming = asyncio.create_task(_next(source))
    try:
        yield _HEARTBEAT  # so that the caller sees at once that the stream is open
        while True:
            await asyncio.wait(
                {closing, coming},
                timeout=context.limits.heartbeat_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if closing.done():
                note("app closing")
                yield ended("app closing", "the app ends; connect again later").encoded()
                return
            if not coming.done():
                yield _HEARTBEAT
                continue
            event = coming.result()
            yield event.encoded()
            if event.name in {"end", "error"}:
                note("source ended" if event.name == "end" else "error")
                return
            coming = asyncio.create_task(_next(source))
    finally:
        closing.cancel()
        coming.cancel()
        await asyncio.wait({closing, coming})


async def _next(source: AsyncIterator[Event]) -> Event:
    """The next event; an end or an error of the source is an event too, the last one."""
    try:
        return await anext(source)
    except StopAsyncIteration:
        return ended("source ended", "there is nothing more to come; connect again")
    except IBKRError as error:
        return Event(name="error", data=problem_of(error).model_dump())
