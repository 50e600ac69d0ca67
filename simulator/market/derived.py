"""Tapes and quotes that follow those of another instrument, as its model says.

Whatever is told of the underlying is told of the derivative at the same moment: a bid for
a bid, a trade at the ask for a trade at the ask (at the bid, of a put). As a model never
turns within one time to expiry, the summary of a stretch is the summary mapped, and hours
equal their minutes here as there. Nothing is stored but caches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache, reduce
from typing import TYPE_CHECKING

from simulator.instruments import Instrument
from simulator.market.models import Model
from simulator.market.path import PricePath
from simulator.market.source import Source, Span, Stretch, Trade
from simulator.market.tape import STEPS_PER_MINUTE, by_steps

if TYPE_CHECKING:
    from simulator.market.days import TradingDay
    from simulator.market.quote import Quote

CONTRACT = Decimal(1)
"""The lot of a derivative: trades are in contracts."""


class DerivedTape:
    """The tape of an instrument that follows another; see `Source`.

    A trade where nobody bids costs one tick. Once an option is over, its price stands still
    at what exercise brought, and nothing trades.
    """

    def __init__(
        self, instrument: Instrument, under: Source, underlying: Instrument, model: Model, seed: int
    ) -> None:
        self._under = under
        self._under_tick = float(under.price(1))
        self._under_spread = int(underlying.path.spread / under.price(1))
        self._model = model
        self._tick = instrument.min_tick
        self._size = instrument.path.size
        self.spread = int(instrument.path.spread / instrument.min_tick)
        self.lot = CONTRACT
        self._bits: Callable[[int], int] = PricePath(instrument, seed).bits
        self._bid: Callable[[int, int], int] = lru_cache(maxsize=4096)(self._bid_of)
        self._traded: Callable[[int], tuple[Trade, ...]] = lru_cache(maxsize=16)(self._traded_in)
        self._before: Callable[[int, int], Span | None] = lru_cache(maxsize=4)(self._range)

    def price(self, ticks: int) -> Decimal:
        return ticks * self._tick

    # --- single moments ---

    def bid(self, step: int) -> int:
        step = min(step, self._model.end)
        return self._bid(self._under.bid(step), self._model.since(step))

    def ask(self, step: int) -> int:
        return self.bid(step) + self.spread

    def changes(self, first: int, end: int) -> range:
        return range(first, end)

    def sizes(self, step: int) -> tuple[Decimal, Decimal]:
        """Sizes of bid and ask, which are others every second step; nobody bids 0."""
        bits = self._bits(step >> 1)
        bid = self._size * (1 + bits % 8) / 4 if self.bid(step) else Decimal(0)
        return bid, self._size * (1 + (bits >> 8) % 8) / 4

    def last_trade(self, step: int) -> Trade:
        if step >= self._model.end:
            return Trade(self._model.end, self.bid(step), 0)
        return self._mapped(self._under.last_trade(step))

    # --- stretches ---

    def lots_since(self, first: int, step: int) -> int:
        last = min(step, self._model.end - 1)
        return self._under.lots_since(first, last) if first <= last else 0

    def range_since(self, first: int, step: int) -> tuple[int, int]:
        last = min(step, self._model.end - 1)
        if last < first:
            over = self.bid(step)
            return over, over
        minute = last // STEPS_PER_MINUTE
        prices = [trade.ticks for trade in self._traded(minute) if trade.step <= last]
        before = self._before(first, minute * STEPS_PER_MINUTE)
        if before is not None:
            prices += before.high, before.low
        return (max(prices), min(prices)) if prices else (self.last_trade(last).ticks,) * 2

    def trades(self, first: int, end: int) -> Iterator[Trade]:
        for trade in self._under.trades(first, max(first, min(end, self._model.end))):
            yield self._mapped(trade)

    def stretch(self, first: int, end: int) -> Stretch:
        if first >= end:
            raise ValueError(f"no step from {first} to before {end}")
        return reduce(Stretch.then, self._parts(first, end))

    def _parts(self, first: int, end: int) -> Iterator[Stretch]:
        """One part for each time to expiry, and minutes that are not whole apart from it."""
        alive = min(end, self._model.end)
        while first < alive:
            until = min(alive, self._model.until(first))
            if first % STEPS_PER_MINUTE:
                until = min(until, first - first % STEPS_PER_MINUTE + STEPS_PER_MINUTE)
                yield by_steps(self, first, until)
            elif whole := (until - first) // STEPS_PER_MINUTE:
                until = first + whole * STEPS_PER_MINUTE
                yield self._whole(self._under.stretch(first, until), self._model.since(first))
            else:
                yield by_steps(self, first, until)
            first = until
        if first < end:
            over = self.bid(first)
            still = Span(over, over, over, over)
            yield Stretch(still, still.above(self.spread), still, 0, 0, 0.0)

    def _whole(self, under: Stretch, since: int) -> Stretch:
        """Whole minutes: their highest bid was traded at the ask, and their lowest at the bid."""
        bid = Span(
            self._bid(under.bid.open, since),
            self._bid(under.bid.high if self._model.rises else under.bid.low, since),
            self._bid(under.bid.low if self._model.rises else under.bid.high, since),
            self._bid(under.bid.close, since),
        )
        ask = bid.above(self.spread)
        first = self._traded_at(bid.open, under.trade.open - under.bid.open)
        if not under.count:
            return Stretch(bid, ask, Span(first, first, first, first), 0, 0, 0.0)
        trade = Span(
            first,
            ask.high,
            max(1, bid.low),
            self._traded_at(bid.close, under.trade.close - under.bid.close),
        )
        mean = under.notional / under.lots if under.lots else under.trade.close
        value = self._model.value(mean * self._under_tick, since)
        inside = min(max(value, trade.low), trade.high)
        return Stretch(bid, ask, trade, under.lots, under.count, inside * under.lots)

    def _range(self, first: int, end: int) -> Span | None:
        """The range of trades of whole minutes, if there are any."""
        if first >= end:
            return None
        if self._model.until(first) < end:
            return self.stretch(first, end).trade
        high, low = self._under.range_since(first, end - 1)
        since = self._model.since(first)
        ends = (self._bid(high - self._under_spread, since), self._bid(low, since))
        return Span(0, max(ends) + self.spread, max(1, min(ends)), 0)

    # --- the mapping ---

    def _bid_of(self, under_bid: int, since: int) -> int:
        middle = (under_bid + self._under_spread / 2) * self._under_tick
        return self._model.bid(middle, since)

    def _traded_at(self, bid: int, above: int) -> int:
        """The price of a trade that was so far above the bid in the underlying."""
        is_at_ask = (2 * above >= self._under_spread) == self._model.rises
        return bid + self.spread if is_at_ask else max(1, bid)

    def _mapped(self, trade: Trade) -> Trade:
        under_bid = self._under.bid(trade.step)
        bid = self._bid(under_bid, self._model.since(trade.step))
        return Trade(trade.step, self._traded_at(bid, trade.ticks - under_bid), trade.lots)

    def _traded_in(self, minute: int) -> tuple[Trade, ...]:
        first = minute * STEPS_PER_MINUTE
        return tuple(self.trades(first, first + STEPS_PER_MINUTE))


class DerivedQuotes:
    """The quotes of an instrument that follows another: from the tapes of both as a rule.

    `set_quote` tells the quote of the underlying at a time, if that is one set by hand,
    which no tape knows of: then all prices follow that quote.
    """

    def __init__(
        self,
        instrument: Instrument,
        model: Model,
        from_tape: Callable[[int, TradingDay], Quote],
        set_quote: Callable[[int], Quote | None],
    ) -> None:
        self._instrument = instrument
        self._model = model
        self._from_tape = from_tape
        self._set_quote = set_quote
        self._half_spread = int(instrument.path.spread / instrument.min_tick) // 2

    def at(self, step: int, day: TradingDay) -> Quote:
        given = self._set_quote(step)
        quote = self._from_tape(step, day) if given is None else self._following(given, step)
        if step >= self._model.end:
            return replace(quote, bid=None, ask=None, bid_size=Decimal(0), ask_size=Decimal(0))
        return quote if quote.bid else replace(quote, bid=None)

    def _following(self, under: Quote, step: int) -> Quote:
        path, tick = self._instrument.path, self._instrument.min_tick
        bid = self._model.bid(float(under.mark), step)
        rises = self._model.rises
        return replace(
            under,
            bid=bid * tick,
            ask=bid * tick + path.spread,
            bid_size=path.size if bid else Decimal(0),
            ask_size=path.size,
            last=self._middle(under.last, step),
            last_size=CONTRACT,
            volume=Decimal(0),
            high=self._middle(under.high if rises else under.low, step),
            low=self._middle(under.low if rises else under.high, step),
            open=self._middle(under.open, step),
            close=self._middle(under.close, step),
        )

    def _middle(self, under: Decimal, step: int) -> Decimal:
        """The middle of the quote, on the tick grid, when the underlying costs this."""
        bid = self._model.bid(float(under), step)
        ticks = bid if step >= self._model.end else max(1, bid + self._half_spread)
        return ticks * self._instrument.min_tick
