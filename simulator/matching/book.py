"""Orders against the displayed quote of one instrument: state in, events out.

Pure: no clock, no ids of its own, no fees. A book takes orders and quotes and answers
with what happened. The assumptions, each as IBKR states them for its paper accounts or
marked as ours:

- Only the top of the book is there: an order trades up to the displayed size, at the
  displayed price (IBKR, paper trading). What is taken from a quote is gone until the next.
- A market order with no quote on the other side, or more than is displayed, waits for
  the next quote (IBKR, paper trading).
- A resting limit order that the market comes to is filled at its own limit, never better
  (ours: it would have been first in line at that price).
- Better price first, then earlier order (ours; clients do not trade with each other yet).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from decimal import Decimal

from simulator.matching.terms import ZERO, Filled, Side, Top


@dataclass(slots=True)
class Working:
    """An order in the book; `limit` None: at the market."""

    key: int
    side: Side
    remaining: Decimal
    limit: Decimal | None
    sequence: int = 0
    resting: bool = False


@dataclass(slots=True)
class _Line:
    """The resting orders of one side, best first. Cancelled ones are dropped when met."""

    heap: list[tuple[Decimal, int, int]] = field(default_factory=list)
    liquidity: Top = field(default_factory=lambda: Top(None, ZERO))


class Book:
    """The working orders of one instrument, matched against the quotes it is shown."""

    def __init__(self) -> None:
        self._orders: dict[int, Working] = {}
        self._lines = {side: _Line() for side in Side}
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._orders)

    def show(self, bid: Top, ask: Top) -> list[Filled]:
        """A new quote is displayed: fill what it reaches."""
        self._lines[Side.BUY].liquidity = ask
        self._lines[Side.SELL].liquidity = bid
        return [*self._match_line(Side.BUY), *self._match_line(Side.SELL)]

    def submit(self, order: Working) -> list[Filled]:
        """Take an order: fill what the displayed quote offers, rest what remains."""
        self._sequence += 1
        order.sequence = self._sequence
        fills = self._match(order)
        if order.remaining > 0:
            order.resting = True
            self._orders[order.key] = order
            heapq.heappush(self._lines[order.side].heap, _rank(order))
        return fills

    def working(self) -> tuple[int, ...]:
        """The orders in the book, oldest first."""
        return tuple(self._orders)

    def cancel(self, key: int) -> None:
        """Take an order out. Raises `KeyError` if it does not rest here."""
        del self._orders[key]

    def _match_line(self, side: Side) -> list[Filled]:
        fills: list[Filled] = []
        heap = self._lines[side].heap
        while heap:
            order = self._orders.get(heap[0][2])
            if order is None or order.sequence != heap[0][1]:
                heapq.heappop(heap)
                continue
            filled = self._match(order)
            if not filled:
                break
            fills += filled
            if order.remaining > 0:
                break
            heapq.heappop(heap)
            del self._orders[order.key]
        return fills

    def _match(self, order: Working) -> list[Filled]:
        line = self._lines[order.side]
        price, size = line.liquidity.price, line.liquidity.size
        if price is None or size <= 0 or not _reaches(order, price):
            return []
        quantity = min(order.remaining, size)
        order.remaining -= quantity
        line.liquidity = Top(price, size - quantity)
        paid = order.limit if order.resting and order.limit is not None else price
        return [Filled(order.key, quantity, paid, order.resting)]


def _reaches(order: Working, price: Decimal) -> bool:
    if order.limit is None:
        return True
    return order.limit >= price if order.side is Side.BUY else order.limit <= price


def _rank(order: Working) -> tuple[Decimal, int, int]:
    """Where an order stands in its line: market orders first, then price, then time."""
    if order.limit is None:
        price = Decimal("-Infinity")
    else:
        price = -order.limit if order.side is Side.BUY else order.limit
    return price, order.sequence, order.key
