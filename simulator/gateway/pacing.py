"""Pacing of requests for history, off by default: `Settings.historical_pacing`.

For bars of 30 seconds or less, and for ticks: no identical request within 15 seconds, fewer
than six for the same contract, exchange and data within two seconds, 60 at most within ten
minutes, where BID_ASK counts twice. Real-time bars: 60 new ones within ten minutes;
tick-by-tick data: one request for an instrument within 15 seconds. (The vendor's documentation.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

SMALL_BAR_S = 30
IDENTICAL_MS = 15_000
BURST_MS, BURST = 2_000, 6
LONG_MS, MOST = 600_000, 60
VIOLATION = "Historical data request pacing violation"


class Window:
    """The weights of what happened lately, by key."""

    def __init__(self, length_ms: int) -> None:
        self._length_ms = length_ms
        self._events: deque[tuple[int, Hashable, int]] = deque()

    def weight(self, now_ms: int, key: Hashable = None) -> int:
        """What was added within the time, of one key."""
        while self._events and self._events[0][0] <= now_ms - self._length_ms:
            self._events.popleft()
        return sum(weight for _, other, weight in self._events if other == key)

    def add(self, now_ms: int, key: Hashable = None, weight: int = 1) -> None:
        self._events.append((now_ms, key, weight))


class HistoryPacing:
    """The three rules for small bars and ticks; a refused request does not count."""

    def __init__(self) -> None:
        self._identical = Window(IDENTICAL_MS)
        self._burst = Window(BURST_MS)
        self._long = Window(LONG_MS)

    def admits(self, now_ms: int, *, request: Hashable, data: Hashable, is_double: bool) -> bool:
        """Whether a request comes late enough; `data` is its contract, exchange and series."""
        fits = (
            not self._identical.weight(now_ms, request)
            and self._burst.weight(now_ms, data) < BURST - 1
            and self._long.weight(now_ms) + 1 + is_double <= MOST
        )
        if fits:
            self._identical.add(now_ms, request)
            self._burst.add(now_ms, data)
            self._long.add(now_ms, weight=1 + is_double)
        return fits
