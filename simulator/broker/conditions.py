"""Whether the conditions of an order hold, at one moment. Pure: what is true is asked for.

Knows neither orders nor what happens when they hold. Assumptions:

- Which price a trigger method looks at is known in `matching.readings`, as for stops: more is
  asked of what rises, less of what falls (IBKR, "Trigger Methods" of the API). A method that
  is none is the default.
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

from simulator.broker.desk import view_of
from simulator.instruments import Instrument
from simulator.market import Quote
from simulator.matching.readings import DOUBLE, READINGS, Look, default_method
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


def _is_price_reached(condition: PriceCondition, facts: Facts) -> bool:
    """Whether the price that is looked at is there, by a double method for the second time."""
    quote, instrument = facts.quote(condition.con_id), facts.instrument(condition.con_id)
    if quote is None or instrument is None:
        return False
    method = condition.trigger_method
    if method not in READINGS:
        method = default_method(instrument.sec_type)
    look = Look(method, condition.is_more)
    before = facts.before(condition.con_id) if method in DOUBLE else None
    if before is not None:
        look.at(view_of(instrument, before))
    look.at(view_of(instrument, quote))
    return look.reaches(condition.price)
