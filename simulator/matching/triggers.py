"""Who watches the market for an order: stops, touches and trailing stops of one instrument.

Pure: quotes in, the keys of what fired out; what happens to an order then is known
elsewhere. Stops and touches wait in a heap for each way to look at the market, so that an
order costs log n and a quote that elects nothing costs the same however many there are.
Trailing stops move with the market and cost one look each at every quote.

- Which price is looked at, and how often it must be there, is told by `readings`.
- A trail follows the price that its trigger method looks at (ours; IBKR calls it the market
  price), and its distance is never less than asked: it is rounded to a tick away from the
  market (ours).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from simulator.matching.readings import DOUBLE, Look
from simulator.matching.terms import Side, View
from simulator.matching.ticks import snap


class Kind(Enum):
    """What elects an order."""

    STOP = "stop"
    TOUCH = "touch"
    TRAIL = "trail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What an order waits for.

    `side` is that of the order: a stop or trail to sell fires at or below its price, one to
    buy at or above; a touch the other way round. `price` None: a trail that takes it from
    the market when it is first seen. `method` is resolved, never the default.
    """

    kind: Kind
    side: Side
    price: Decimal | None
    method: int
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None

    @property
    def is_rising(self) -> bool:
        """Whether it fires as prices rise."""
        return (self.side is Side.BUY) != (self.kind is Kind.TOUCH)


@dataclass(frozen=True, slots=True)
class Observed:
    """`fired` in the order in which they were added; `moved`: trails and their new prices."""

    fired: tuple[int, ...]
    moved: tuple[tuple[int, Decimal], ...]


@dataclass(slots=True)
class _Entry:
    """A trigger as it stands; `look` is its own where it is a trail."""

    trigger: Trigger
    sequence: int
    price: Decimal | None
    look: Look


@dataclass(slots=True)
class _Line:
    """The stops and touches that look at the market in one way, the next to fire first.

    `fresh` ones have seen nothing yet, which matters to double methods only. Removed ones
    stay until they are met, or until they are more than those that wait.
    """

    look: Look
    heap: list[tuple[Decimal, int, int]] = field(default_factory=list)
    fresh: list[tuple[Decimal, int, int]] = field(default_factory=list)
    waiting: int = 0


class Triggers:
    """The orders of one instrument that wait for a price."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._lines: dict[tuple[int, bool], _Line] = {}
        self._trails: dict[int, _Entry] = {}
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: int) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[int]:
        """The orders that wait, in the order in which they came."""
        return iter(self._entries)

    def add(self, key: int, trigger: Trigger) -> None:
        """Watch for an order. It is compared with the market at the next `observe`.

        Raises `ValueError` if it is watched for already.
        """
        if key in self._entries:
            raise ValueError(f"Order {key} is watched for already: remove it first")
        self._sequence += 1
        if trigger.kind is Kind.TRAIL:
            look = Look(trigger.method, trigger.is_rising)
            entry = _Entry(trigger, self._sequence, trigger.price, look)
            self._trails[key] = entry
        else:
            entry = self._enqueue(key, trigger)
        self._entries[key] = entry

    def remove(self, key: int) -> None:
        """Watch no longer. Raises `KeyError` if nothing was watched for."""
        entry = self._entries.pop(key)
        if self._trails.pop(key, None) is None:
            self._dequeue(self._lines[_way(entry.trigger)])

    def look_at(self, key: int, view: View) -> bool:
        """Whether one order fires at what is displayed already; it is watched no longer then.

        For an order that has just come: no other is looked at, and of two observations in a
        row this is none. Raises `KeyError` if nothing is watched for.
        """
        entry = self._entries[key]
        look = Look(entry.trigger.method, entry.trigger.is_rising)
        look.at(view)
        if entry.trigger.kind is Kind.TRAIL:
            return self._look_at_trail(key, entry, view)
        if entry.price is None or look.method in DOUBLE or not look.reaches(entry.price):
            return False
        self.remove(key)
        return True

    def _look_at_trail(self, key: int, entry: _Entry, view: View) -> bool:
        is_hit = _trail(entry, view)
        if is_hit:
            self.remove(key)
        return is_hit

    def price(self, key: int) -> Decimal | None:
        """Where it fires now, None for a trail that has not seen the market.

        Raises `KeyError` if nothing is watched for.
        """
        return self._entries[key].price

    def observe(self, view: View) -> Observed:
        """The market as it is displayed now: what fired is watched no longer."""
        fired = [key for line in self._lines.values() for key in self._fire(line, view)]
        moved: list[tuple[int, Decimal]] = []
        for key, entry in self._trails.items():
            before = entry.price
            if _trail(entry, view):
                fired.append(key)
            elif entry.price is not None and entry.price != before:
                moved.append((key, entry.price))
        fired.sort(key=lambda key: self._entries[key].sequence)
        for key in fired:
            del self._entries[key]
            self._trails.pop(key, None)
        return Observed(tuple(fired), tuple(moved))

    def _enqueue(self, key: int, trigger: Trigger) -> _Entry:
        if trigger.price is None:
            raise ValueError("Only a trailing trigger may take its price from the market")
        way = _way(trigger)
        line = self._lines.setdefault(way, _Line(Look(*way)))
        ranked = trigger.price if trigger.is_rising else -trigger.price
        line.fresh.append((ranked, self._sequence, key))
        line.waiting += 1
        return _Entry(trigger, self._sequence, trigger.price, line.look)

    def _dequeue(self, line: _Line) -> None:
        line.waiting -= 1
        if len(line.heap) + len(line.fresh) > 2 * line.waiting:
            line.heap = [item for item in line.heap if self._is_waiting(item)]
            line.fresh = [item for item in line.fresh if self._is_waiting(item)]
            heapq.heapify(line.heap)

    def _fire(self, line: _Line, view: View) -> Iterator[int]:
        line.look.at(view)
        if line.look.method in DOUBLE:
            yield from self._elect(line)
            self._settle(line)
        else:
            self._settle(line)
            yield from self._elect(line)

    def _elect(self, line: _Line) -> Iterator[int]:
        while line.heap:
            ranked, _, key = line.heap[0]
            if self._is_waiting(line.heap[0]):
                if not line.look.reaches(ranked if line.look.is_rising else -ranked):
                    return
                line.waiting -= 1
                yield key
            heapq.heappop(line.heap)

    @staticmethod
    def _settle(line: _Line) -> None:
        for item in line.fresh:
            heapq.heappush(line.heap, item)
        line.fresh.clear()

    def _is_waiting(self, item: tuple[Decimal, int, int]) -> bool:
        _, sequence, key = item
        entry = self._entries.get(key)
        return entry is not None and entry.sequence == sequence


def _way(trigger: Trigger) -> tuple[int, bool]:
    return trigger.method, trigger.is_rising


def _trail(entry: _Entry, view: View) -> bool:
    """Whether a trail is hit; where it is not, it follows the market."""
    reading = entry.look.at(view)
    if entry.price is not None and entry.look.reaches(entry.price):
        return True
    if reading is not None:
        behind = _behind(entry.trigger, reading.price, view.tick)
        nearer = min if entry.trigger.is_rising else max
        entry.price = behind if entry.price is None else nearer(entry.price, behind)
    return False


def _behind(trigger: Trigger, price: Decimal, tick: Decimal) -> Decimal:
    """Where a trail stands with the market at a price."""
    if trigger.trail_percent is not None:
        distance = price * trigger.trail_percent / 100
    elif trigger.trail_amount is not None:
        distance = trigger.trail_amount
    else:
        raise ValueError("A trailing trigger needs an amount or a percentage")
    return snap(price + trigger.side.sign * distance, tick, up=trigger.is_rising)
