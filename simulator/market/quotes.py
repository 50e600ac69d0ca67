"""The quotes shown: of the seeded path, of a user's own data, or set by hand.

Pure: knows the time it is asked for, never the time it is. By default the market is always
open, day and night.

Assumptions of halts:
- The quote stands still with bid and ask as they were, and clients are told by a tick of its
  own (IBKR, tick type 49: the contract is halted; nothing is said of its prices).
- What follows a halted instrument is halted with it: options are when their stock is (Cboe,
  rule 5.20), combinations when one of their legs is (ours).
- A quote set by hand is shown nevertheless, but nothing is printed; the tape, and with it
  what history tells, goes on (ours).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from functools import lru_cache

from simulator import pricing
from simulator.instruments import Instrument
from simulator.market.combined import combined
from simulator.market.days import TradingDay, trading_day
from simulator.market.derived import DerivedQuotes, DerivedTape
from simulator.market.links import Links, nothing
from simulator.market.models import OptionModel
from simulator.market.path import STEP_MS
from simulator.market.prints import Prints, traded
from simulator.market.quote import Quote
from simulator.market.sessions import AlwaysOpen, Sessions
from simulator.market.source import Source
from simulator.market.tape import LOT, Tape


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """An option at its model's volatility, when its underlying costs `under_price`.

    `ratio` is how many of the option a contract of the instrument is: 1 but for warrants.
    """

    option: pricing.Option
    under_price: Decimal
    ratio: float


@dataclass(frozen=True, slots=True)
class Hours:
    """Whether orders are worked, in all hours and in regular ones, between two moments."""

    start_ms: int
    until_ms: int
    is_open: bool
    is_regular: bool


class QuotedSource:
    """The quotes of one instrument, derived from what was quoted and traded of it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.at: Callable[[int, TradingDay], Quote] = lru_cache(maxsize=4)(self._quote)
        self._edges: Callable[[TradingDay], tuple[Decimal, Decimal]]
        self._edges = lru_cache(maxsize=4)(self._open_and_close)

    def _quote(self, step: int, day: TradingDay) -> Quote:
        source = self._source
        bid_size, ask_size = source.sizes(step)
        trade = source.last_trade(step)
        high, low = source.range_since(day.first, step)
        open_, close = self._edges(day)
        return Quote(
            time_ms=step * STEP_MS,
            bid=source.price(source.bid(step)),
            ask=source.price(source.ask(step)),
            bid_size=bid_size,
            ask_size=ask_size,
            last=source.price(trade.ticks),
            last_size=trade.lots * source.lot,
            last_time_ms=trade.step * STEP_MS,
            volume=source.lots_since(day.first, step) * source.lot,
            high=source.price(high),
            low=source.price(low),
            open=open_,
            close=close,
        )

    def _open_and_close(self, day: TradingDay) -> tuple[Decimal, Decimal]:
        """The first price of a day, and the last of the one before."""
        steps = day.first, day.close
        open_, close = (self._source.price(self._source.last_trade(n).ticks) for n in steps)
        return open_, close


class Market:
    """The quotes of all instruments at one seed, with those that were set by hand.

    With a `calendar` quotes stand still outside the hours of trading, and what they tell of
    the day is of the session; without one, each day of UTC is a day of quotes. What is
    `recorded` takes the place of the seeded path, by contract id. `find` tells the instrument
    of a contract id or raises `KeyError`: the underlying whose path a derivative follows;
    without it all but futures move on their own.
    """

    def __init__(
        self,
        seed: int,
        calendar: Sessions | None = None,
        recorded: Mapping[int, Source] | None = None,
        *,
        find: Callable[[int], Instrument] = nothing,
    ) -> None:
        self.sessions: Sessions = calendar or AlwaysOpen()
        self._calendar = calendar
        self._seed = seed
        self._links = Links(find)
        self._quoted: dict[int, Callable[[int, TradingDay], Quote]] = {}
        self._sources: dict[int, Source] = dict(recorded or {})
        self._hours: dict[int, Hours] = {}
        self._days: dict[int, TradingDay] = {}
        self._set: dict[int, Quote] = {}
        self._prints = Prints()
        self._halted: dict[int, int] = {}

    def quote(self, instrument: Instrument, now_ms: int) -> Quote:
        """What is displayed at a moment: of a combination what its legs come to."""
        con_id = instrument.con_id
        if con_id in self._set:
            return self._set[con_id]
        shown_ms = min((now_ms, *self._halts(instrument))) if self._halted else now_ms
        if instrument.legs:
            legs = [self.quote(leg.instrument, shown_ms) for leg in instrument.legs]
            quote = combined(instrument, legs)
        else:
            quote = self._from_source(instrument, shown_ms)
        if con_id not in self._prints:
            return quote
        return self._prints.over(con_id, self._day(instrument, shown_ms).start_ms, quote)

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
        Raises `ValueError` for a price that is not positive, but for a combination's, or a
        crossed quote.
        """
        if bid is not None and ask is not None and bid > ask:
            raise ValueError(f"bid {bid} is above ask {ask}")
        for name, value in {"bid": bid, "ask": ask, "last": last}.items():
            if value is not None:
                _check_price(instrument, name, value)
        for name, value in {"bid_size": bid_size, "ask_size": ask_size}.items():
            if value is not None and not (value.is_finite() and value >= 0):
                raise ValueError(f"{name} must not be negative, but is {value}")
        usual = instrument.path.size
        before = self._set.get(instrument.con_id)
        trade = _middle(instrument, bid, ask) if last is None else last
        if trade is None:
            trade = self.quote(instrument, now_ms).last
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
        self._prints.drop(instrument.con_id)
        return quote

    def release(self, instrument: Instrument) -> None:
        """Let the seeded path quote the instrument again."""
        self._set.pop(instrument.con_id, None)

    def print_trade(
        self, instrument: Instrument, now_ms: int, price: Decimal, size: Decimal
    ) -> Quote:
        """Have the tape show a trade: the last one until the path has its next.

        It counts in the day's volume, high and low. Raises `ValueError` for a price or a
        size that is not positive, and for an instrument that is halted.
        """
        _check_price(instrument, "price", price)
        if not (size.is_finite() and size > 0):
            raise ValueError(f"size must be a positive number, not {size}")
        if self.is_halted(instrument):
            raise ValueError(f"{instrument.local_symbol} is halted; resume it first")
        con_id = instrument.con_id
        if con_id in self._set:
            self._set[con_id] = traded(self._set[con_id], now_ms, price, size)
        else:
            day = self._day(instrument, now_ms)
            self._prints.add(con_id, day.start_ms, now_ms, price, size)
        return self.quote(instrument, now_ms)

    def halt(self, instrument: Instrument, now_ms: int) -> None:
        """Stop trading of an instrument, and of what follows it, until it is resumed."""
        self._halted.setdefault(instrument.con_id, now_ms)

    def resume(self, instrument: Instrument) -> None:
        """Let an instrument trade again."""
        self._halted.pop(instrument.con_id, None)

    def is_halted(self, instrument: Instrument) -> bool:
        """Whether it is halted, or anything that it follows."""
        return bool(self._halted) and any(True for _ in self._halts(instrument))

    def is_printed(self, instrument: Instrument, now_ms: int) -> bool:
        """Whether the last trade that is shown was printed on a path: no tape knows of it."""
        return self._prints.is_last(instrument.con_id, self.quote(instrument, now_ms))

    def is_set(self, instrument: Instrument) -> bool:
        """Whether the quote is set by hand or follows such a one: no tape knows of those."""
        return any(link.con_id in self._set for link in self._links.chain(instrument))

    def follows(self, instrument: Instrument, other: Instrument) -> bool:
        """Whether the quote of an instrument comes from that of the other, or is the same."""
        return any(link.con_id == other.con_id for link in self._links.chain(instrument))

    def underlying(self, instrument: Instrument) -> Instrument | None:
        """What an instrument's price follows, if anything."""
        return self._links.underlying(instrument)

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

    def hours(self, instrument: Instrument, now_ms: int) -> tuple[bool, bool]:
        """Whether orders are worked in all hours, and in regular ones: always without a calendar."""
        if self._calendar is None:
            return True, True
        known = self._hours.get(instrument.con_id)
        if known is None or not known.start_ms <= now_ms < known.until_ms:
            known = _hours(self._calendar, instrument, now_ms)
            self._hours[instrument.con_id] = known
        return known.is_open, known.is_regular

    def still_until_ms(self, instrument: Instrument, now_ms: int) -> int | None:
        """Until when its own quote and hours do not change by themselves; None: never.

        The present moment if nothing can be said: only a quote set by hand stands still.
        """
        if instrument.con_id not in self._set:
            return now_ms
        self.hours(instrument, now_ms)
        known = self._hours.get(instrument.con_id)
        return None if known is None else known.until_ms

    def opens_ms(self, instrument: Instrument, now_ms: int, *, use_rth: bool) -> int:
        """When the next session begins."""
        return self.sessions.next(instrument, now_ms, use_rth=use_rth).start_ms

    def tape(self, instrument: Instrument) -> Source:
        """The quotes, trades and bars of any date, but for quotes set by hand."""
        if instrument.con_id not in self._sources:
            self._sources[instrument.con_id] = self._source_of(instrument)
        return self._sources[instrument.con_id]

    def _halts(self, instrument: Instrument) -> Iterator[int]:
        """Since when it is halted, and each that it follows."""
        for link in self._links.chain(instrument):
            if link.con_id in self._halted:
                yield self._halted[link.con_id]

    def _from_source(self, instrument: Instrument, now_ms: int) -> Quote:
        quoted = self._quoted.get(instrument.con_id)
        if quoted is None:
            quoted = self._quoted[instrument.con_id] = self._quoted_of(instrument)
        day = self._day(instrument, now_ms)
        return quoted(min(now_ms // STEP_MS, day.last), day)

    def _day(self, instrument: Instrument, now_ms: int) -> TradingDay:
        """The day that quotes tell of at a moment."""
        day = self._days.get(instrument.con_id)
        if day is None or not day.start_ms <= now_ms < day.until_ms:
            day = trading_day(instrument, now_ms, self._calendar)
            self._days[instrument.con_id] = day
        return day

    def _source_of(self, instrument: Instrument) -> Source:
        """A path of its own, a mapping of the underlying's, or for a CFD just that."""
        under, model = self._links.underlying(instrument), self._links.model(instrument)
        if under is None:
            return Tape(instrument, self._seed)
        if model is None:
            return self.tape(under)
        return DerivedTape(instrument, self.tape(under), under, model, self._seed)

    def _quoted_of(self, instrument: Instrument) -> Callable[[int, TradingDay], Quote]:
        from_tape = QuotedSource(self.tape(instrument)).at
        under, model = self._links.underlying(instrument), self._links.model(instrument)
        if under is None:
            return from_tape
        if model is None:
            return lambda step, _: self.quote(under, step * STEP_MS)
        return DerivedQuotes(
            instrument,
            model,
            from_tape,
            lambda step: self.quote(under, step * STEP_MS) if self.is_set(under) else None,
        ).at


def _hours(calendar: Sessions, instrument: Instrument, now_ms: int) -> Hours:
    """The hours from now on, until something may open or close."""
    whole = calendar.at(instrument, now_ms)
    regular = calendar.at(instrument, now_ms, use_rth=True)
    is_open, is_regular = whole is not None, whole is not None and regular is not None
    edges = [session.end_ms for session in (whole, regular) if session is not None]
    if not is_regular:
        edges += _next_starts_ms(calendar, instrument, now_ms)
    return Hours(now_ms, min(edges, default=now_ms + 1), is_open, is_regular)


def _next_starts_ms(calendar: Sessions, instrument: Instrument, now_ms: int) -> list[int]:
    """When the next sessions open; none for what the calendar does not know."""
    try:
        following = [calendar.next(instrument, now_ms, use_rth=rth) for rth in (False, True)]
    except LookupError:
        return []
    return [session.start_ms for session in following]


def _middle(instrument: Instrument, bid: Decimal | None, ask: Decimal | None) -> Decimal | None:
    """The middle of a quote on the tick grid, or the one side there is."""
    if bid is None or ask is None:
        return ask if bid is None else bid
    steps = ((bid + ask) / 2 / instrument.min_tick).to_integral_value(ROUND_FLOOR)
    return steps * instrument.min_tick


def _check_price(instrument: Instrument, name: str, price: Decimal) -> None:
    """Combinations alone may cost nothing, or less."""
    if not price.is_finite() or (price <= 0 and not instrument.legs):
        raise ValueError(f"{name} must be a positive number, not {price}")
