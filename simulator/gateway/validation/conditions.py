"""Conditions that an order waits for, or that end it.

Documented: which order types may have them (148), 147 for a contract that is not told in
full, 398 for one that is no contract, 402 where the details of a contract do not allow
them (COND), 146 for the way of a price trigger. Captured: 10314 for a time. Ours: 321 for
a figure out of its range; a combination may have conditions.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from simulator.gateway.validation.candidate import (
    MAX_PRICE,
    Candidate,
    Refusal,
    first,
    invalid,
    refuse,
)
from simulator.moments import is_moment
from simulator.records import (
    Condition,
    ExecutionCondition,
    MarginCondition,
    Order,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)

SUBMITTED_ON = frozenset({"LMT", "MKT", "MIDPRICE", "REL", "SNAP MKT", "SNAP MID", "SNAP PRIM"})
CANCELLED_ON = frozenset({"LMT", "MIDPRICE"})
TRIGGER_METHODS = frozenset({0, 1, 2, 3, 4, 7, 8})
"""Default, double bid/ask, last, double last, bid/ask, last or bid/ask, middle."""

CONJUNCTIONS = frozenset({"a", "o"})
MAX_PERCENT = Decimal(10_000)


def named_con_ids(order: Order) -> set[int]:
    """The contracts that an order names besides its own."""
    watched = {getattr(condition, "con_id", 0) for condition in order.conditions}
    return (watched | {order.reference_contract_id}) - {0}


def trigger_method(candidate: Candidate) -> Refusal | None:
    return None if candidate.order.trigger_method in TRIGGER_METHODS else refuse(146)


def conditions(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    if not order.conditions:
        return None
    is_allowed = candidate.sec_type == "BAG" or candidate.is_capable("COND")
    types = CANCELLED_ON if order.conditions_cancel_order else SUBMITTED_ON
    return first(
        (not is_allowed, refuse(402)),
        (candidate.order_type not in types, refuse(148)),
    ) or _first(_condition(candidate, condition) for condition in order.conditions)


def _first(found: Iterable[Refusal | None]) -> Refusal | None:
    return next((refused for refused in found if refused is not None), None)


def _condition(candidate: Candidate, condition: Condition) -> Refusal | None:
    if condition.conjunction not in CONJUNCTIONS:
        return invalid("conjunction of a condition")
    match condition:
        case PriceCondition() | VolumeCondition() | PercentChangeCondition():
            return _watched(candidate, condition) or _figure(condition)
        case ExecutionCondition():
            is_told = condition.symbol and condition.sec_type and condition.exchange
            return None if is_told else refuse(147)
        case TimeCondition():
            return None if is_moment(condition.time) else refuse(10314, field="Condition Time")
        case MarginCondition():
            is_percent = 0 <= condition.percent <= MAX_PERCENT
            return None if is_percent else invalid("margin cushion of a condition")


Watching = PriceCondition | VolumeCondition | PercentChangeCondition


def _watched(candidate: Candidate, condition: Watching) -> Refusal | None:
    is_unknown = condition.con_id in candidate.unknown_con_ids
    return first(
        (condition.con_id <= 0 or not condition.exchange, refuse(147)),
        (is_unknown, refuse(398, contract=condition.con_id)),
    )


def _figure(condition: Watching) -> Refusal | None:
    match condition:
        case PriceCondition():
            return first(
                (condition.trigger_method not in TRIGGER_METHODS, refuse(146)),
                (not abs(condition.price) <= MAX_PRICE, invalid("price of a condition")),
            )
        case VolumeCondition():
            return None if condition.volume >= 0 else invalid("volume of a condition")
        case PercentChangeCondition():
            is_percent = abs(condition.change_percent) <= MAX_PERCENT
            return None if is_percent else invalid("percent change of a condition")
