"""The resting orders of one side of a book, best price first, then earlier order.

Knows places, not trades. Orders of one price form a level: the displayed in order of time,
then the undisplayed. Levels are found by price and ranked in a heap. An empty level leaves
its rank behind, dropped when it comes to the top or when more than half of the ranks are
such: entering and leaving cost O(log n) amortised, memory stays within twice the levels.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain

from simulator.matching.models import is_through
from simulator.matching.terms import ZERO, Side, Top, Working

_FIRST = Decimal("-Infinity")
_SPARE = 8
"""So many dead ranks are kept anyway: a small heap is not worth rebuilding."""


@dataclass(slots=True, eq=False)
class Entry:
    """An order and its place. `tip`: what is left of the part that is shown at a time.

    `ahead`: what the market has before it in line, None if unknown; kept for models in
    which orders queue.
    """

    order: Working
    sequence: int
    rests: bool = False
    has_filled: bool = False
    tip: Decimal = ZERO
    ahead: Decimal | None = None

    @property
    def threshold(self) -> Decimal:
        """The least it must get at one moment; 0: any size will do."""
        order = self.order
        if order.all_or_none:
            return order.remaining
        if self.has_filled or not order.min_quantity:
            return ZERO
        return min(order.min_quantity, order.remaining)

    @property
    def offered(self) -> Decimal:
        """What one fill may take of it while it rests."""
        return self.order.remaining if self.threshold else self.tip

    def show_tip(self) -> None:
        """Show the next part: all of it, unless it is an iceberg."""
        order = self.order
        self.tip = min(order.display, order.remaining) if order.display else order.remaining


@dataclass(slots=True, eq=False)
class Level:
    """The orders of one price; `limit` None: market orders."""

    limit: Decimal | None
    shown: OrderedDict[int, Entry] = field(default_factory=OrderedDict)
    hidden: OrderedDict[int, Entry] = field(default_factory=OrderedDict)

    def entries(self) -> Iterator[Entry]:
        return chain(self.shown.values(), self.hidden.values())

    def offers(self) -> Iterator[tuple[Entry, Decimal]]:
        """What one order that wants everything would meet, in its order."""
        for entry in self.shown.values():
            yield entry, entry.offered
        for entry in self.shown.values():
            if entry.order.remaining > entry.offered:
                yield entry, entry.order.remaining - entry.offered
        for entry in self.hidden.values():
            yield entry, entry.offered

    def place(self, entry: Entry) -> None:
        """Put an order at the end of its price."""
        line = self.hidden if entry.order.display == ZERO else self.shown
        line[entry.order.key] = entry
        line.move_to_end(entry.order.key)
        entry.show_tip()

    def use_up(self, entry: Entry, traded: Decimal) -> Decimal:
        """The market before this order trades: it moves up, and so do all behind."""
        used = min(traded, entry.ahead or ZERO)
        if used:
            for other in self.entries():
                if other.ahead:
                    other.ahead = max(ZERO, other.ahead - used)
        return used

    def see_ahead(self, displayed: Decimal) -> None:
        """The market displays so much here: no order has more before it."""
        for entry in self.entries():
            entry.ahead = displayed if entry.ahead is None else min(entry.ahead, displayed)


class Line:
    """One side of a book. `conditional` are the orders that do not take any size."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.conditional: set[int] = set()
        self._levels: dict[Decimal, Level] = {}
        self._ranks: list[Decimal] = []
        self._ranked: set[Decimal] = set()

    def add(self, entry: Entry) -> None:
        """Put an order at the end of its price."""
        rank = self._rank(entry.order)
        level = self._levels.get(rank)
        if level is None:
            level = self._levels[rank] = Level(entry.order.limit)
            if rank not in self._ranked:
                self._ranked.add(rank)
                heapq.heappush(self._ranks, rank)
        level.place(entry)
        if entry.threshold:
            self.conditional.add(entry.order.key)

    def remove(self, entry: Entry) -> None:
        key = entry.order.key
        rank = self._rank(entry.order)
        level = self._levels[rank]
        (level.hidden if key in level.hidden else level.shown).pop(key)
        self.conditional.discard(key)
        if not level.shown and not level.hidden:
            del self._levels[rank]
            if len(self._ranks) > 2 * len(self._levels) + _SPARE:
                self._ranks = list(self._levels)
                heapq.heapify(self._ranks)
                self._ranked = set(self._ranks)

    def show_next_tip(self, entry: Entry) -> None:
        """An iceberg whose tip is used up goes to the end of its price."""
        self._levels[self._rank(entry.order)].place(entry)

    def best(self) -> Level | None:
        """The first level."""
        while self._ranks:
            level = self._levels.get(self._ranks[0])
            if level is not None:
                return level
            self._ranked.remove(heapq.heappop(self._ranks))
        return None

    def levels(self) -> Iterator[Level]:
        """The levels, best first. What changes the line ends the walk."""
        if (best := self.best()) is None:
            return
        yield best
        # The heap is walked, not emptied: the next best is a child of those already seen.
        ranks = self._ranks
        frontier = [(ranks[child], child) for child in (1, 2) if child < len(ranks)]
        heapq.heapify(frontier)
        while frontier:
            rank, place = heapq.heappop(frontier)
            for child in (2 * place + 1, 2 * place + 2):
                if child < len(ranks):
                    heapq.heappush(frontier, (ranks[child], child))
            if (level := self._levels.get(rank)) is not None:
                yield level

    def see_ahead(self, own: Top) -> None:
        """Their own side of the market is displayed anew: the orders at it move up."""
        for level in self.levels():
            if (
                level.limit is None
                or own.price is None
                or is_through(self.side, level.limit, own.price)
            ):
                level.see_ahead(ZERO)
            else:
                if level.limit == own.price:
                    level.see_ahead(own.size)
                return

    def _rank(self, order: Working) -> Decimal:
        if order.limit is None:
            return _FIRST
        return -order.limit if self.side is Side.BUY else order.limit
