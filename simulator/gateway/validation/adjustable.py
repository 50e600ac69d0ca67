"""Adjustable stops: a stop that becomes another kind of stop when its trigger is touched.

Codes: documented. Ours: only a stop can be adjusted (387); the new kind must be a stop, and
what it must be told is what that kind must be told. The trailing unit is money (0) or per
cent (1, or 100 as the vendor's samples have it).
"""

from __future__ import annotations

from simulator.gateway.validation.candidate import Candidate, Refusal, first, invalid, refuse
from simulator.gateway.validation.prices import HUNDRED, is_bounded, is_price

ADJUSTABLE = frozenset({"STP", "STP LMT", "TRAIL", "TRAIL LIMIT"})
TRAILING = frozenset({"TRAIL", "TRAIL LIMIT"})
LIMITED = frozenset({"STP LMT", "TRAIL LIMIT"})
UNITS = frozenset({0, 1, 100})


def adjusted(candidate: Candidate) -> Refusal | None:
    order, kind = candidate.order, candidate.adjusted_order_type
    if kind in {"", "None"}:
        return _unused(candidate)
    has_limit = is_price(candidate, order.adjusted_stop_limit_price)
    return first(
        (kind not in ADJUSTABLE, invalid("adjusted order type")),
        (candidate.order_type not in ADJUSTABLE, refuse(387)),
        (not is_price(candidate, order.trigger_price), refuse(361)),
        (not is_price(candidate, order.adjusted_stop_price), refuse(362)),
        (kind in LIMITED and not has_limit, refuse(363)),
        (order.adjustable_trailing_unit not in UNITS, invalid("adjustable trailing unit")),
        (kind in TRAILING and not _is_trail(candidate), refuse(364)),
    )


def _unused(candidate: Candidate) -> Refusal | None:
    """Prices of an adjustment that is not asked for; they are shown all the same."""
    order = candidate.order
    return first(
        (not is_bounded(order.trigger_price), refuse(361)),
        (not is_bounded(order.adjusted_stop_price), refuse(362)),
        (not is_bounded(order.adjusted_stop_limit_price), refuse(363)),
        (not is_bounded(order.adjusted_trailing_amount), refuse(364)),
    )


def _is_trail(candidate: Candidate) -> bool:
    order = candidate.order
    amount = order.adjusted_trailing_amount
    if not amount:
        return False
    is_money = order.adjustable_trailing_unit == 0
    return candidate.is_distance(amount) if is_money else 0 < amount < HUNDRED
