"""Whether the conditions of an order hold, at one moment. Pure: what is true is asked for.

Knows neither orders nor what happens when they hold. Assumptions:

- Which price a trigger method looks at, and the default by type of security: IBKR, "Trigger
  Methods" of the API and "Modify the Stop Trigger Method" of the TWS guide. More is asked of
  the bid as of a purchase, less of the ask as of a sale. A double method wants two values in
  a row, or a size that has grown.
- Equal counts as reached, whatever is compared: the vendor's client shows `>=` and `<=`.
- Change is in percent of the previous close (API, `PercentChangeCondition`), and is that of
  the last trade (ours); volume is that of the day (ours).
- A conjunction links a condition with the next one (API); AND binds closer than OR (ours).
- A time without a date is today's, on any day (ours). What cannot be known, such as the bid
  where nobody bids, does not hold (ours).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from simulator.instruments import Instrument
from simulator.market import Quote
from simulator.moments import MomentError, read
from simulator.records import (
    Condition,
    ExecutionCondition,
    MarginCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)

OR = "o"
ANY_EXCHANGE = frozenset({"", "SMART"})
DEFAULT, DOUBLE_BID_ASK, LAST, DOUBLE_LAST, BID_ASK, LAST_OR_BID_ASK, MIDPOINT = 0, 1, 2, 3, 4, 7, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is true at a moment; asked for only as far as the conditions need it.

    `quote` is what is shown of a contract id, `before` what was shown before that; None of
    what nothing is known of. `cushion` is the margin cushion of the order's account in
    percent. `executed`: whether the account has traded what a condition names since the
    order was placed. `zone` is that of times which name none.
    """

    now_ms: int
    zone: str
    instrument: Callable[[int], Instrument | None]
    quote: Callable[[int], Quote | None]
    before: Callable[[int], Quote | None]
    cushion: Callable[[], Decimal | None]
    executed: Callable[[ExecutionCondition], bool]


def hold(conditions: tuple[Condition, ...], facts: Facts) -> bool:
    """Whether they hold together; those of an order that has none do."""
    return not conditions or any(
        all(_is_true(condition, facts) for condition in group) for group in _groups(conditions)
    )


def watched(conditions: tuple[Condition, ...]) -> frozenset[int]:
    """The contract ids whose quotes decide."""
    return frozenset(
        condition.con_id
        for condition in conditions
        if isinstance(condition, PriceCondition | VolumeCondition | PercentChangeCondition)
    )


def times_ms(conditions: tuple[Condition, ...], now_ms: int, zone: str) -> tuple[int, ...]:
    """When, after now, a time that is waited for comes, in order."""
    times = (
        _time_ms(condition.time, now_ms, zone)
        for condition in conditions
        if isinstance(condition, TimeCondition) and condition.is_more
    )
    return tuple(sorted({ms for ms in times if ms is not None and ms > now_ms}))


def is_met_by(condition: ExecutionCondition, instrument: Instrument, exchange: str) -> bool:
    """Whether an execution on an exchange is what a condition waits for."""
    return (
        (condition.symbol.upper(), condition.sec_type) == (instrument.symbol, instrument.sec_type)
    ) and (condition.exchange in ANY_EXCHANGE or condition.exchange == exchange)


def _groups(conditions: tuple[Condition, ...]) -> Iterator[list[Condition]]:
    """What has to hold together, for each of the ways in which all may hold."""
    group: list[Condition] = []
    for condition in conditions:
        group.append(condition)
        if condition.conjunction == OR:
            yield group
            group = []
    if group:
        yield group


def _is_true(condition: Condition, facts: Facts) -> bool:
    match condition:
        case TimeCondition():
            at_ms = _time_ms(condition.time, facts.now_ms, facts.zone)
            return at_ms is not None and _is_past(facts.now_ms, at_ms, condition.is_more)
        case MarginCondition():
            cushion = facts.cushion()
            return cushion is not None and _is_past(cushion, condition.percent, condition.is_more)
        case ExecutionCondition():
            return facts.executed(condition)
        case PriceCondition():
            return _is_price_reached(condition, facts)
        case VolumeCondition() | PercentChangeCondition():
            return _is_day_so(condition, facts.quote(condition.con_id))


def _is_day_so(condition: VolumeCondition | PercentChangeCondition, quote: Quote | None) -> bool:
    """What is told of the day so far."""
    if quote is None:
        return False
    if isinstance(condition, VolumeCondition):
        return _is_past(quote.volume, condition.volume, condition.is_more)
    change, mark = (quote.last - quote.close) * 100, condition.change_percent * quote.close
    return quote.close > 0 and _is_past(change, mark, condition.is_more)


def _is_past(value: Decimal | int, mark: Decimal | int, is_more: bool) -> bool:
    return value >= mark if is_more else value <= mark


def _time_ms(text: str, now_ms: int, zone: str) -> int | None:
    try:
        return read(text, now_ms, zone).ms
    except MomentError:
        return None


# --- prices ---


@dataclass(frozen=True, slots=True)
class _Value:
    """One value of a series of prices; another `count` is another value of the same price."""

    price: Decimal | None
    size: Decimal
    count: int = 0


_Series = Callable[[Quote, bool], _Value]


def _bid_or_ask(quote: Quote, is_more: bool) -> _Value:
    return _Value(quote.bid, quote.bid_size) if is_more else _Value(quote.ask, quote.ask_size)


def _last(quote: Quote, _is_more: bool) -> _Value:
    return _Value(quote.last, quote.last_size, quote.last_time_ms)


def _middle(quote: Quote, _is_more: bool) -> _Value:
    is_two_sided = quote.bid is not None and quote.ask is not None
    return _Value(quote.mark if is_two_sided else None, Decimal(0))


_METHODS: dict[int, tuple[tuple[_Series, ...], bool]] = {
    DOUBLE_BID_ASK: ((_bid_or_ask,), True),
    LAST: ((_last,), False),
    DOUBLE_LAST: ((_last,), True),
    BID_ASK: ((_bid_or_ask,), False),
    LAST_OR_BID_ASK: ((_last, _bid_or_ask), False),
    MIDPOINT: ((_middle,), False),
}
"""The prices of which one has to reach the mark, and whether it has to do so twice."""


def default_method(instrument: Instrument) -> int:
    """How an instrument is watched unless an order says otherwise."""
    if instrument.sec_type == "CASH":
        return BID_ASK
    is_us_option = (instrument.sec_type, instrument.currency) == ("OPT", "USD")
    return DOUBLE_BID_ASK if is_us_option else LAST


def _is_price_reached(condition: PriceCondition, facts: Facts) -> bool:
    quote, instrument = facts.quote(condition.con_id), facts.instrument(condition.con_id)
    if quote is None or instrument is None:
        return False
    method = condition.trigger_method
    if method not in _METHODS:
        method = default_method(instrument)
    series, is_double = _METHODS[method]
    before = facts.before(condition.con_id) if is_double else None
    for values in series:
        value = values(quote, condition.is_more)
        if not _is_reached(value, condition):
            continue
        if not is_double or (
            before is not None
            and _is_confirmed(value, values(before, condition.is_more), condition)
        ):
            return True
    return False


def _is_reached(value: _Value, condition: PriceCondition) -> bool:
    return value.price is not None and _is_past(value.price, condition.price, condition.is_more)


def _is_confirmed(value: _Value, before: _Value, condition: PriceCondition) -> bool:
    """Whether a value is the second in a row that reached the mark, or one of greater size."""
    return value != before and (_is_reached(before, condition) or value.size > before.size)
