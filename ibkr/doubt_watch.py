"""Looks again for orders in doubt, as long as there are any and their link stays up.

It knows no orders and no gateway; it is told what to do and when that is over.
Rule: one look at a time with a pause before each; it ends with the doubts or with the link,
whose successor looks for itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from ibkr.errors import ConnectionLost, NotConnected, RequestTimeout, SyncFailed

log = structlog.get_logger("ibkr")


@dataclass(slots=True, kw_only=True)
class DoubtWatch:
    """`is_needed` says whether there is something to look for and a READY link to ask.

    `look` asks the gateway and judges; it may raise what a request raises. `sleep` waits
    `interval_s` before each look.
    """

    is_needed: Callable[[], bool]
    look: Callable[[], Awaitable[None]]
    sleep: Callable[[float], Awaitable[None]]
    interval_s: float
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    @property
    def is_awake(self) -> bool:
        return self._task is not None and not self._task.done()

    def wake(self) -> None:
        """Begin unless it has begun or is not needed."""
        if not self.is_awake and self.is_needed():
            self._task = asyncio.create_task(self._looks())
            self._task.add_done_callback(_note_end)

    async def stop(self) -> None:
        """End it, and return when it has ended."""
        task = self._task
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait({task})

    async def _looks(self) -> None:
        while self.is_needed():
            await self.sleep(self.interval_s)
            if not self.is_needed():
                return
            try:
                await self.look()
            except (NotConnected, ConnectionLost):
                return  # the next connection looks for itself
            except (RequestTimeout, SyncFailed) as error:
                # whether the link is dead, the heartbeat finds out
                log.warning("look_for_doubts_incomplete", reason=error.message)


def _note_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("look_for_doubts_failed", exc_info=task.exception())
