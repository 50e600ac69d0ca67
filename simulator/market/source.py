"""What was quoted and traded of one instrument, wherever it comes from.

Time is counted in steps of `STEP_MS` since the epoch; prices are whole ticks, which
`Source.price` tells in money; volume is in lots of `Source.lot` units. A source answers for
any step whatsoever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Trade:
    step: int
    ticks: int
    lots: int


@dataclass(frozen=True, slots=True)
class Span:
    """First, highest, lowest and last price, in ticks."""

    open: int
    high: int
    low: int
    close: int

    def then(self, later: Span) -> Span:
        return Span(self.open, max(self.high, later.high), min(self.low, later.low), later.close)

    def above(self, ticks: int) -> Span:
        """The same movement so many ticks higher."""
        return Span(self.open + ticks, self.high + ticks, self.low + ticks, self.close + ticks)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What happened in some time; `notional` is the sum of price (ticks) times lots."""

    bid: Span
    ask: Span
    trade: Span
    lots: int
    count: int
    notional: float

    def then(self, later: Stretch) -> Stretch:
        """Both together; a stretch without a trade shows the last one before it."""
        return Stretch(
            self.bid.then(later.bid),
            self.ask.then(later.ask),
            self._trades_with(later),
            self.lots + later.lots,
            self.count + later.count,
            self.notional + later.notional,
        )

    def _trades_with(self, later: Stretch) -> Span:
        if not later.count:
            return self.trade
        return self.trade.then(later.trade) if self.count else later.trade


class Source(Protocol):
    """Quotes, trades and summaries of one instrument."""

    @property
    def lot(self) -> Decimal:
        """How many units one lot has."""

    def price(self, ticks: int) -> Decimal:
        """A number of ticks as a price."""

    # --- single moments ---

    def bid(self, step: int) -> int:
        """The bid at a step."""

    def ask(self, step: int) -> int:
        """The ask at a step, never below the bid."""

    def sizes(self, step: int) -> tuple[Decimal, Decimal]:
        """Sizes of bid and ask at a step, in units."""

    def last_trade(self, step: int) -> Trade:
        """The latest trade up to a step; before the first there ever was, that one."""

    def changes(self, first: int, end: int) -> Iterable[int]:
        """The steps, from one to before another, whose quote may differ from that before."""

    # --- stretches of time ---

    def lots_since(self, first: int, step: int) -> int:
        """Lots traded from the first step of a minute to a step of that day, both included."""

    def range_since(self, first: int, step: int) -> tuple[int, int]:
        """Highest and lowest trade from the first step of a minute to one of that day.

        Both steps are included; without a trade, both are the last one before.
        """

    def trades(self, first: int, end: int) -> Iterator[Trade]:
        """The trades from a step to before another, in order."""

    def stretch(self, first: int, end: int) -> Stretch:
        """What happened from a step to before another; raises `ValueError` if that is empty."""
