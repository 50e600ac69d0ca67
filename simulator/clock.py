"""The time of the simulated world, in milliseconds since the epoch (UTC).

A clock only tells the time; what is due is kept by the gateway and run by the server.
The real clock follows the machine; the manual clock stands still until it is advanced,
which makes a run repeatable.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

MANUAL_START = datetime(2025, 6, 16, 14, 0, tzinfo=UTC)
"""Where a manual clock starts: a Monday, 10:00 in New York."""


class Clock(Protocol):
    def now_ms(self) -> int:
        """Milliseconds since the epoch."""


class RealClock:
    """The machine's own time."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class ManualClock:
    """A time that moves only when told to, and never back."""

    def __init__(self, start: datetime = MANUAL_START) -> None:
        self._now_ms = round(start.timestamp() * 1000)

    def now_ms(self) -> int:
        return self._now_ms

    def advance_to(self, now_ms: int) -> None:
        if now_ms < self._now_ms:
            raise ValueError(f"the clock cannot go back from {self._now_ms} to {now_ms}")
        self._now_ms = now_ms
