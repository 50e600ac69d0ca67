"""Bars: their sizes, what they can show, and how they come out of what traded. Pure.

Every bar is a stretch of the instrument's source, so that bars of all sizes agree with each
other and with the trades. Bars within a day lie on the clock of the exchange and are cut at
the ends of a session; days are those of `periods`; weeks and months carry the date of
their last session, as far as the calendar tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import groupby

from simulator.gateway.moments import offset_ms
from simulator.gateway.periods import Period
from simulator.gateway.volatility import VOLATILITY_DAYS, yearly
from simulator.instruments import Instrument
from simulator.market import (
    STEP_MS,
    STEPS_PER_DAY,
    Quote,
    Session,
    Source,
    Span,
    Stretch,
    at_the_money,
)

NO_NUMBER = -1
"""Volume, average and count of bars that show no trades (captured)."""

MAX_COST = 50_000
"""Minutes, or bars below a minute, that one answer may take: some three seconds of work."""

MAX_SECOND_BARS = 2_000
_DAYS_PER_COST = 10  # a day costs as much as so many minutes: it is not added up of them
_MINUTES_PER_HOUR = 5  # what an hour costs: it is not added up either
_MINUTE_MS = 60_000
_HOUR_MS = 3_600_000
_DAY_S = 86_400
_FINE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class BarSize:
    """So many milliseconds, or so many days, weeks or months."""

    count: int
    unit: str

    @property
    def is_within_day(self) -> bool:
        return self.unit == "ms"

    @property
    def seconds(self) -> int:
        """The step as error texts tell it; a month has 30 days."""
        lengths = {"day": _DAY_S, "week": 7 * _DAY_S, "month": 30 * _DAY_S}
        return self.count // 1000 if self.is_within_day else self.count * lengths[self.unit]


SIZES = {
    **{f"{n} secs": BarSize(n * 1000, "ms") for n in (1, 5, 10, 15, 30)},
    "1 min": BarSize(_MINUTE_MS, "ms"),
    **{f"{n} mins": BarSize(n * _MINUTE_MS, "ms") for n in (2, 3, 5, 10, 15, 20, 30)},
    "1 hour": BarSize(60 * _MINUTE_MS, "ms"),
    **{f"{n} hours": BarSize(n * 60 * _MINUTE_MS, "ms") for n in (2, 3, 4, 8)},
    "1 day": BarSize(1, "day"),
    "1w": BarSize(1, "week"),
    "1m": BarSize(1, "month"),
}
LEGAL = ", ".join((*list(SIZES)[:-2], "1W", "1M"))
"""The sizes as the refusal of another one lists them."""

_SPELLED = {
    "1 w": "1w",
    "1 week": "1w",
    "1 m": "1m",
    "1 month": "1m",
}
_LONGEST = {"3 months": BarSize(3, "month"), "1 year": BarSize(12, "month")}


def bar_size(text: str) -> BarSize | None:
    """The size a text means, in any case; `1 sec` and `1 hours` mean none."""
    name = text.strip().lower()
    return SIZES.get(_SPELLED.get(name, name)) or _LONGEST.get(name)


# --- what bars show ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Values:
    """The numbers of a bar."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = Decimal(NO_NUMBER)
    average: Decimal = Decimal(NO_NUMBER)
    count: int = NO_NUMBER

    def at(self, function: Callable[[Decimal], Decimal]) -> Values:
        """The values of a function that may rise and fall, seen at these four prices."""
        seen = [function(price) for price in (self.open, self.high, self.low, self.close)]
        return Values(seen[0], max(seen), min(seen), seen[3])

    def through(self, change: Callable[[Decimal], Decimal]) -> Values:
        """The values of a function that falls, such as that of a yield of its price."""
        return Values(change(self.open), change(self.low), change(self.high), change(self.close))


@dataclass(frozen=True, slots=True)
class Scale:
    """How ticks of an instrument become numbers; `day` is that of UTC a bar ends in."""

    instrument: Instrument
    source: Source
    day: int = 0
    closes: dict[int, float] = field(default_factory=dict)
    """Closing prices by day, which many bars need again."""

    def average(self, ticks: float) -> Decimal:
        """A price between ticks, to a tenth of their last digit (as captured)."""
        return self._rounded(Decimal(ticks) * self.source.price(1))

    def prices(self, span: Span) -> Values:
        price = self.source.price
        return Values(price(span.open), price(span.high), price(span.low), price(span.close))

    def trades(self, stretch: Stretch) -> Values:
        span = stretch.trade
        average = stretch.notional / stretch.lots if stretch.lots else float(span.close)
        return replace(
            self.prices(span),
            volume=stretch.lots * self.source.lot,
            average=self.average(average),
            count=stretch.count,
        )

    def middle(self, stretch: Stretch) -> Values:
        bid, ask = self.prices(stretch.bid), self.prices(stretch.ask)
        return Values(
            (bid.open + ask.open) / 2,
            (bid.high + ask.high) / 2,
            (bid.low + ask.low) / 2,
            (bid.close + ask.close) / 2,
        )

    def bid_ask(self, stretch: Stretch) -> Values:
        """Average bid, highest ask, lowest bid, average ask; an average is that of four prices."""
        return Values(
            self.average(_mean(stretch.bid)),
            self.source.price(stretch.ask.high),
            self.source.price(stretch.bid.low),
            self.average(_mean(stretch.ask)),
        )

    def historical_volatility(self, stretch: Stretch) -> Values:
        """Of the closing prices of 30 days, with each price of the bar as the latest one."""
        before = [self._close(self.day - back) for back in range(1, VOLATILITY_DAYS + 1)]
        return self.prices(stretch.trade).at(lambda price: yearly((float(price), *before)))

    def implied_volatility(self, stretch: Stretch) -> Values:
        """Of options at the money with 30 days to go, whose prices follow the same path."""
        return self.middle(stretch).at(
            lambda price: Decimal(at_the_money(self.instrument, float(price))).quantize(_FINE)
        )

    def _close(self, day: int) -> float:
        if day not in self.closes:
            last = self.source.last_trade((day + 1) * STEPS_PER_DAY - 1)
            self.closes[day] = float(self.source.price(last.ticks))
        return self.closes[day]

    def rate(self, *, is_rebate: bool) -> Values:
        """Made up: a borrow fee in percent that stays what it is, and what it leaves of 4.33."""
        fee = Decimal(25 + self.instrument.con_id * 7919 % 200) / 100
        value = Decimal("4.33") - fee if is_rebate else fee
        return Values(value, value, value, value)

    def yields(self, values: Values) -> Values:
        """The current yield in percent: the coupon over the price."""
        coupon = self.instrument.bond.coupon if self.instrument.bond else Decimal(0)
        return values.through(lambda price: self._rounded(coupon * 100 / price))

    def yields_bid_ask(self, stretch: Stretch) -> Values:
        """Average yield at the bid, the highest and the lowest, average yield at the ask."""
        quoted = self.bid_ask(stretch)
        at_ask = self.prices(stretch.ask)
        at_bid = self.prices(stretch.bid)
        return Values(
            self.yields(quoted).open,
            self.yields(at_bid).high,
            self.yields(at_ask).low,
            self.yields(quoted).close,
        )

    def _rounded(self, value: Decimal) -> Decimal:
        exponent = self.instrument.min_tick.normalize().as_tuple().exponent
        digits = exponent - 1 if isinstance(exponent, int) else 0
        return value.quantize(Decimal(1).scaleb(min(digits, -3)))


Sides = Callable[[Quote], tuple[Decimal | None, Decimal | None]]


@dataclass(frozen=True, slots=True)
class Series:
    """One thing bars can show: its names in error texts and how its numbers are found.

    `sides` tells the lowest and the highest value that a displayed quote stands for.
    """

    name: str
    query: str
    values: Callable[[Scale, Stretch], Values]
    sec_types: frozenset[str]
    sides: Sides = lambda _: (None, None)


def _mean(span: Span) -> float:
    return (span.open + span.high + span.low + span.close) / 4


def _middle_of(quote: Quote) -> Decimal | None:
    return None if quote.bid is None or quote.ask is None else (quote.bid + quote.ask) / 2


_STOCKS = frozenset({"STK"})
_TRADED = _STOCKS | {
    *("IND", "BOND", "WAR", "IOPT", "CMDTY", "FUT", "CONTFUT", "OPT", "FOP", "CRYPTO"),
}
_QUOTED = (_TRADED - {"IND"}) | {"CASH", "CFD", "FUND"}
_BONDS = frozenset({"BOND"})
_ANY = _TRADED | _QUOTED

_TRADES = Series("Trades", "Last", Scale.trades, _TRADED, lambda q: (q.last, q.last))

SERIES = {
    "TRADES": _TRADES,
    "MIDPOINT": Series(
        "Midpoint", "MidPoint", Scale.middle, _QUOTED, lambda q: (_middle_of(q), _middle_of(q))
    ),
    "BID": Series("Bid", "Bid", lambda s, x: s.prices(x.bid), _QUOTED, lambda q: (q.bid, q.bid)),
    "ASK": Series("Ask", "Ask", lambda s, x: s.prices(x.ask), _QUOTED, lambda q: (q.ask, q.ask)),
    "BID_ASK": Series("BidAsk", "BidAsk", Scale.bid_ask, _QUOTED, lambda q: (q.bid, q.ask)),
    "ADJUSTED_LAST": replace(_TRADES, sec_types=_STOCKS),
    "AGGTRADES": replace(_TRADES, name="AggTrades", query="AggLast"),
    "HISTORICAL_VOLATILITY": Series(
        "HistVol", "HistVol", Scale.historical_volatility, _STOCKS | {"IND"}
    ),
    "OPTION_IMPLIED_VOLATILITY": Series(
        "OptionImpliedVol",
        "OptionImpliedVol",
        Scale.implied_volatility,
        _STOCKS | {"IND"},
    ),
    "FEE_RATE": Series("FeeRate", "FeeRate", lambda s, _: s.rate(is_rebate=False), _STOCKS),
    "REBATE_RATE": Series("RebateRate", "RebateRate", lambda s, _: s.rate(is_rebate=True), _STOCKS),
    "YIELD_BID": Series("BidYield", "BidYield", lambda s, x: s.yields(s.prices(x.bid)), _BONDS),
    "YIELD_ASK": Series("AskYield", "AskYield", lambda s, x: s.yields(s.prices(x.ask)), _BONDS),
    "YIELD_BID_ASK": Series("BidYield", "BidYield", Scale.yields_bid_ask, _BONDS),
    "YIELD_LAST": Series(
        "LastYield", "LastYield", lambda s, x: s.yields(s.prices(x.trade)), _BONDS
    ),
    "SCHEDULE": Series("Schedule", "Schedule", Scale.trades, _ANY),
}
"""By `whatToShow`: which security types have it follows the vendor's table."""


# --- which bars there are ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a bar: when it begins, the date it carries, and the parts it is made of.

    A part is from a step to before another; `end_ms` is when the bar is over.
    """

    start_ms: int
    end_ms: int
    day: date | None
    parts: tuple[tuple[int, int], ...]


def slots(size: BarSize, period: Period, until_step: int, zone: str) -> Iterator[Slot]:
    """The places of the bars of a period, as far as they began before a step.

    `zone` decides where bars of hours begin; `until_step` cuts the bar in progress.
    """
    sessions = [s for s in period.sessions if s.start_ms < min(period.end_ms, until_step * STEP_MS)]
    if size.is_within_day:
        for session in sessions:
            yield from _within(size.count, session, period, until_step, zone)
        return
    for _, group in groupby(sessions, key=lambda s: _group(size, s.ref_date)):
        members = list(group)
        parts = tuple(_steps(s.start_ms, s.end_ms, until_step) for s in members)
        yield Slot(members[0].start_ms, members[-1].end_ms, members[-1].ref_date, parts)


def cost(size: BarSize, period: Period) -> int:
    """How much work the bars of a period are, in minutes to be looked at."""
    if not size.is_within_day:
        return len(period.sessions) // _DAYS_PER_COST
    per_unit = _HOUR_MS // _MINUTES_PER_HOUR if size.count % _HOUR_MS == 0 else _MINUTE_MS
    per_unit = min(size.count, per_unit)
    return sum(end - start for start, end in period.parts()) // per_unit


def values(series: Series, scale: Scale, slot: Slot) -> Values:
    """The numbers of a bar."""
    parts = iter(slot.parts)
    total = scale.source.stretch(*next(parts))
    for part in parts:
        total = total.then(scale.source.stretch(*part))
    return series.values(replace(scale, day=slot.parts[-1][0] // STEPS_PER_DAY), total)


def with_quote(series: Series, bar: Values, quote: Quote) -> Values:
    """A bar in progress while a quote set by hand is displayed, which no source knows of."""
    low, high = series.sides(quote)
    if low is None or high is None:
        return bar
    return replace(
        bar,
        low=min(bar.low, low),
        high=max(bar.high, high),
        close=low if low == high else bar.close,
    )


def _within(
    length_ms: int, session: Session, period: Period, until_step: int, zone: str
) -> Iterator[Slot]:
    ahead = offset_ms(session.start_ms, zone)
    start = max(session.start_ms, period.start_ms)
    start = max(session.start_ms, (start + ahead) // length_ms * length_ms - ahead)
    limit = min(session.end_ms, period.end_ms, until_step * STEP_MS)
    while start < limit:
        end = min((start + ahead) // length_ms * length_ms + length_ms - ahead, session.end_ms)
        yield Slot(start, end, None, (_steps(start, end, until_step),))
        start = end


def _steps(start_ms: int, end_ms: int, until_step: int) -> tuple[int, int]:
    return start_ms // STEP_MS, min(end_ms // STEP_MS, until_step)


def _group(size: BarSize, day: date) -> object:
    if size.unit == "week":
        return day.isocalendar()[:2]
    if size.unit == "month":
        return (day.year * 12 + day.month - 1) // size.count
    return day
