"""The quotes shown from the path or set by hand, and the past that belongs to them.

Pure: knows the time it is asked for, never the time it is. By default the market is always
open, day and night; a trading calendar would decide in `Tape` which minutes trade.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from functools import lru_cache

from simulator import pricing
from simulator.instruments import Instrument
from simulator.market.derived import DerivedQuotes, DerivedTape
from simulator.market.links import Links, nothing
from simulator.market.models import OptionModel
from simulator.market.path import STEP_MS
from simulator.market.tape import LOT, STEPS_PER_DAY, AnyTape, Tape


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What the market shows of one instrument. A price of None: nobody quotes that side."""

    time_ms: int
    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal
    ask_size: Decimal
    last: Decimal
    last_size: Decimal
    last_time_ms: int
    volume: Decimal
    high: Decimal
    low: Decimal
    open: Decimal
    close: Decimal

    @property
    def mark(self) -> Decimal:
        """The price a position is valued at: the middle of the quote, else the last trade."""
        if self.bid is None or self.ask is None:
            return self.last
        return (self.bid + self.ask) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """An option at its model's volatility, when its underlying costs `under_price`.

    `ratio` is how many of the option a contract of the instrument is: 1 but for warrants.
    """

    option: pricing.Option
    under_price: Decimal
    ratio: float


class QuotedPath:
    """The quotes of one instrument, derived from its tape."""

    def __init__(self, instrument: Instrument, tape: AnyTape) -> None:
        self._tape = tape
        self._size = instrument.path.size
        self._spread = instrument.path.spread
        self.at: Callable[[int], Quote] = lru_cache(maxsize=4)(self._quote)

    def _quote(self, step: int) -> Quote:
        tape = self._tape
        ticks = tape.bid(step)
        bid = tape.price(ticks)
        bits = tape.bits(step >> 1)
        trade = tape.last_trade(step)
        day = step - step % STEPS_PER_DAY
        high, low = tape.day_range(step)
        return Quote(
            time_ms=step * STEP_MS,
            bid=bid if ticks > 0 else None,
            ask=bid + self._spread,
            bid_size=self._size * (1 + bits % 8) / 4 if ticks > 0 else Decimal(0),
            ask_size=self._size * (1 + (bits >> 8) % 8) / 4,
            last=tape.price(trade.ticks),
            last_size=Decimal(trade.lots * tape.lot),
            last_time_ms=trade.step * STEP_MS,
            volume=Decimal(tape.day_lots(step) * tape.lot),
            high=tape.price(high),
            low=tape.price(low),
            open=tape.price(tape.last_trade(day).ticks),
            close=tape.price(tape.last_trade(day - 1).ticks),
        )


class Market:
    """The quotes of all instruments at one seed, with those that were set by hand.

    `find` tells the instrument of a contract id or raises `KeyError`; without it everything
    but futures moves on its own.
    """

    def __init__(self, seed: int, *, find: Callable[[int], Instrument] = nothing) -> None:
        self._seed = seed
        self._links = Links(find)
        self._quotes: dict[int, Callable[[int], Quote]] = {}
        self._tapes: dict[int, AnyTape] = {}
        self._set: dict[int, Quote] = {}

    def quote(self, instrument: Instrument, now_ms: int) -> Quote:
        """What is displayed at a moment."""
        return self._set.get(instrument.con_id) or self._from_path(instrument, now_ms)

    def set_quote(
        self,
        instrument: Instrument,
        now_ms: int,
        *,
        bid: Decimal | None,
        ask: Decimal | None,
        bid_size: Decimal | None = None,
        ask_size: Decimal | None = None,
        last: Decimal | None = None,
    ) -> Quote:
        """Pin the quote of an instrument until it is set again or released.

        A size that is not given is the usual one; `last` is the middle if not given.
        Raises `ValueError` for a price that is not positive or a crossed quote.
        """
        if bid is not None and ask is not None and bid > ask:
            raise ValueError(f"bid {bid} is above ask {ask}")
        for name, value in {"bid": bid, "ask": ask, "last": last}.items():
            if value is not None and not (value.is_finite() and value > 0):
                raise ValueError(f"{name} must be a positive number, not {value}")
        for name, value in {"bid_size": bid_size, "ask_size": ask_size}.items():
            if value is not None and not (value.is_finite() and value >= 0):
                raise ValueError(f"{name} must not be negative, but is {value}")
        usual = instrument.path.size
        before = self._set.get(instrument.con_id)
        trade = last or _middle(instrument, bid, ask) or self.quote(instrument, now_ms).last
        quote = Quote(
            time_ms=now_ms,
            bid=bid,
            ask=ask,
            bid_size=usual if bid_size is None else bid_size,
            ask_size=usual if ask_size is None else ask_size,
            last=trade,
            last_size=Decimal(LOT),
            last_time_ms=now_ms,
            volume=before.volume if before else Decimal(0),
            high=max(before.high, trade) if before else trade,
            low=min(before.low, trade) if before else trade,
            open=before.open if before else trade,
            close=before.close if before else trade,
        )
        self._set[instrument.con_id] = quote
        return quote

    def release(self, instrument: Instrument) -> None:
        """Let the seeded path quote the instrument again."""
        self._set.pop(instrument.con_id, None)

    def is_set(self, instrument: Instrument) -> bool:
        """Whether the quote is set by hand or follows such a one: no tape knows of those."""
        return any(link.con_id in self._set for link in self._links.chain(instrument))

    def follows(self, instrument: Instrument, other: Instrument) -> bool:
        """Whether the quote of an instrument comes from that of the other, or is the same."""
        return any(link.con_id == other.con_id for link in self._links.chain(instrument))

    def tape(self, instrument: Instrument) -> AnyTape:
        """The trades and bars of the seeded path, of any date."""
        if instrument.con_id not in self._tapes:
            self._tapes[instrument.con_id] = self._tape_of(instrument)
        return self._tapes[instrument.con_id]

    def valuation(self, instrument: Instrument, now_ms: int) -> Valuation | None:
        """What an option is worth by its model; None if it has none, or is over."""
        under, model = self._links.underlying(instrument), self._links.model(instrument)
        if not isinstance(model, OptionModel) or under is None or now_ms >= model.end_ms:
            return None
        price = self.quote(under, now_ms).mark
        return Valuation(
            option=model.option(float(price), now_ms // STEP_MS),
            under_price=price,
            ratio=model.ratio,
        )

    def underlying(self, instrument: Instrument) -> Instrument | None:
        """What an instrument's price follows, if anything."""
        return self._links.underlying(instrument)

    def _tape_of(self, instrument: Instrument) -> AnyTape:
        """Something of its own, a mapping of the underlying's, or for a CFD just that."""
        under, model = self._links.underlying(instrument), self._links.model(instrument)
        if under is None:
            return Tape(instrument, self._seed)
        if model is None:
            return self.tape(under)
        return DerivedTape(instrument, self.tape(under), model, self._seed)

    def _from_path(self, instrument: Instrument, now_ms: int) -> Quote:
        at = self._quotes.get(instrument.con_id)
        if at is None:
            at = self._quotes[instrument.con_id] = self._quotes_of(instrument)
        return at(now_ms // STEP_MS)

    def _quotes_of(self, instrument: Instrument) -> Callable[[int], Quote]:
        under, model = self._links.underlying(instrument), self._links.model(instrument)
        if under is None:
            return QuotedPath(instrument, self.tape(instrument)).at
        if model is None:
            return lambda step: self.quote(under, step * STEP_MS)
        from_tape = QuotedPath(instrument, self.tape(instrument)).at
        return DerivedQuotes(
            instrument,
            model,
            from_tape,
            lambda step: self.quote(under, step * STEP_MS) if self.is_set(under) else None,
        ).at


def _middle(instrument: Instrument, bid: Decimal | None, ask: Decimal | None) -> Decimal | None:
    """The middle of a quote on the tick grid, or the one side there is."""
    if bid is None or ask is None:
        return bid or ask
    steps = ((bid + ask) / 2 / instrument.min_tick).to_integral_value(ROUND_FLOOR)
    return steps * instrument.min_tick
