"""Quotes and trades that a user recorded, as a source like the seeded tape.

Nothing is made up: the quote of a row stands until the next, that of the last row for ever,
and before the first row its quote is shown, too. Without any trade the last price is the bid.

A bar is four trades: the open in its first step, then low and high (high and low if the bar
falls) a third of it apart, and the close in its last step; each has a quarter of the volume,
the last what is left. So bars of the same or a multiple of its length say what the file says.
Around each of the four stands a quote with the usual spread and size of the instrument.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

from simulator.instruments import Instrument
from simulator.market.path import STEP_MS
from simulator.market.source import Span, Stretch, Trade

MIN_BAR_STEPS = 4


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """A quote from a moment on; with a `last` a trade happened, too."""

    time_ms: int
    bid: Decimal
    ask: Decimal
    bid_size: Decimal
    ask_size: Decimal
    last: Decimal | None = None
    last_size: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class BarRow:
    """A bar from a moment to before another."""

    start_ms: int
    end_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class RecordedTape:
    """What was quoted and traded according to rows, which are in the order of time."""

    def __init__(self, rows: Sequence[QuoteRow]) -> None:
        """Raises `ValueError` without rows."""
        if not rows:
            raise ValueError("there is no row")
        self._tick = _unit(price for row in rows for price in (row.bid, row.ask, row.last))
        self.lot = min(Decimal(1), _unit(row.last_size for row in rows))
        self._steps = [-(-row.time_ms // STEP_MS) for row in rows]
        self._bids = [int(row.bid / self._tick) for row in rows]
        self._asks = [int(row.ask / self._tick) for row in rows]
        self._sizes = [(row.bid_size, row.ask_size) for row in rows]
        self._trades = [
            Trade(step, int(row.last / self._tick), int(row.last_size / self.lot))
            for step, row in zip(self._steps, rows, strict=True)
            if row.last is not None
        ]
        self._trade_steps = [trade.step for trade in self._trades]
        self._prices = [trade.ticks for trade in self._trades]
        self._lots_before = [0, *accumulate(trade.lots for trade in self._trades)]

    def price(self, ticks: int) -> Decimal:
        return ticks * self._tick

    def bid(self, step: int) -> int:
        return self._bids[self._row(step)]

    def ask(self, step: int) -> int:
        return self._asks[self._row(step)]

    def sizes(self, step: int) -> tuple[Decimal, Decimal]:
        return self._sizes[self._row(step)]

    def changes(self, first: int, end: int) -> list[int]:
        return self._steps[bisect_left(self._steps, first) : bisect_left(self._steps, end)]

    def last_trade(self, step: int) -> Trade:
        """The latest trade up to a step, else the first there is; without any, none at the bid."""
        if not self._trades:
            return Trade(step, self.bid(step), 0)
        return self._trades[max(0, bisect_right(self._trade_steps, step) - 1)]

    def lots_since(self, first: int, step: int) -> int:
        found = self._traded(first, step + 1)
        return self._lots_before[found.stop] - self._lots_before[found.start]

    def range_since(self, first: int, step: int) -> tuple[int, int]:
        span = self._trade_span(first, step + 1)
        return span.high, span.low

    def trades(self, first: int, end: int) -> Iterator[Trade]:
        found = self._traded(first, end)
        return iter(self._trades[found.start : found.stop])

    def stretch(self, first: int, end: int) -> Stretch:
        """What happened from a step to before another; raises `ValueError` if that is empty."""
        if first >= end:
            raise ValueError(f"no step from {first} to before {end}")
        start, stop = bisect_left(self._steps, first), bisect_left(self._steps, end)
        if start == len(self._steps) or self._steps[start] != first:
            start -= 1  # what stood when it began
        rows = slice(max(0, start), max(1, stop))
        found = self._traded(first, end)
        return Stretch(
            _span(self._bids[rows]),
            _span(self._asks[rows]),
            self._trade_span(first, end),
            self._lots_before[found.stop] - self._lots_before[found.start],
            len(found),
            float(sum(self._trades[n].ticks * self._trades[n].lots for n in found)),
        )

    def _row(self, step: int) -> int:
        return max(0, bisect_right(self._steps, step) - 1)

    def _traded(self, first: int, end: int) -> range:
        return range(bisect_left(self._trade_steps, first), bisect_left(self._trade_steps, end))

    def _trade_span(self, first: int, end: int) -> Span:
        found = self._traded(first, end)
        prices = self._prices[found.start : found.stop]
        return _span(prices or [self.last_trade(first).ticks])


def from_bars(instrument: Instrument, bars: Iterable[BarRow]) -> RecordedTape:
    """The tape of bars in the order of time.

    Raises `ValueError` without bars or for bars of less than a second.
    """
    half = instrument.path.spread / 2
    half -= half % instrument.min_tick
    size = instrument.path.size
    rows = []
    for bar in bars:
        first, end = -(-bar.start_ms // STEP_MS), bar.end_ms // STEP_MS
        if end - first < MIN_BAR_STEPS:
            raise ValueError("bars must last a second at least")
        falls = bar.close < bar.open
        middle = (bar.high, bar.low) if falls else (bar.low, bar.high)
        third = (end - first) // 3
        unit = _unit([bar.volume])
        quarter = bar.volume / 4 // unit * unit
        volumes = (quarter, quarter, quarter, bar.volume - 3 * quarter)
        steps = (first, first + third, first + 2 * third, end - 1)
        for step, price, volume in zip(steps, (bar.open, *middle, bar.close), volumes, strict=True):
            bid = max(price - half, price / 2)
            ask = bid + instrument.path.spread
            rows.append(QuoteRow(step * STEP_MS, bid, ask, size, size, price, volume))
    return RecordedTape(rows)


def _span(prices: Sequence[int]) -> Span:
    return Span(prices[0], max(prices), min(prices), prices[-1])


def _unit(numbers: Iterable[Decimal | None]) -> Decimal:
    """The power of ten that all numbers are a multiple of, one at most."""
    exponents = (number.as_tuple().exponent for number in numbers if number is not None)
    return Decimal(1).scaleb(min((e for e in exponents if isinstance(e, int)), default=0))
