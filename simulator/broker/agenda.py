"""What falls due at which time. Knows no clock: it is asked what was due by a moment."""

from __future__ import annotations

import heapq
from enum import Enum


class Wake(Enum):
    """Why an order is to be looked at, in the order in which it happens at one moment."""

    ACTIVATE = 1
    AUCTION = 2
    LOOK = 3
    SLICE = 4
    EXPIRE = 5
    CONFIRM_CANCEL = 6
    EXERCISE = 7
    MATURE = 8


class Agenda:
    """Wakes by time; at one time by kind, then in order of planning."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, Wake, int]] = []
        self._known: set[tuple[int, Wake, int]] = set()
        self._planned = 0

    def plan(self, due_ms: int, wake: Wake, key: int) -> None:
        """Plan a wake; the same one twice is once."""
        if (due_ms, wake, key) in self._known:
            return
        self._known.add((due_ms, wake, key))
        self._planned += 1
        heapq.heappush(self._heap, (due_ms, wake.value, self._planned, wake, key))

    @property
    def due_ms(self) -> int | None:
        """When something falls due next; it may turn out to be of no concern any more."""
        return self._heap[0][0] if self._heap else None

    def take(self, now_ms: int) -> tuple[int, Wake, int] | None:
        """The next that was due by a moment: when, why, for which key."""
        if not self._heap or self._heap[0][0] > now_ms:
            return None
        due_ms, _, _, wake, key = heapq.heappop(self._heap)
        self._known.remove((due_ms, wake, key))
        return due_ms, wake, key
