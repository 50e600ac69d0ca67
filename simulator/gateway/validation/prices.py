"""Prices: that an order has those its type needs, and that each can be quoted.

What a type needs stands in `order_types`. Captured: 110 for a price off its step. Documented:
which code names which price; a missing limit is 107, a stop 403, a trigger 361, an offset
158. Zero and unset mean the same for a price that is not a limit, as gateways show zero for
both. Only combinations cost nothing or less. A distance is measured in the finest step.
Ours: a trailing order with both an amount and a percentage is 321.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.gateway.validation.candidate import (
    MAX_PRICE,
    Candidate,
    Refusal,
    first,
    refuse,
)
from simulator.matching.triggers import Kind
from simulator.order_types import OrderType

LIMIT, STOP, TRIGGER, OFFSET = 107, 403, 361, 158
DISCRETIONARY = frozenset({"LMT", "REL", "STP LMT", "TRAIL LIMIT"})
DISCRETIONARY_TYPES = frozenset({"STK", "OPT", "CFD"})
HUNDRED = Decimal(100)


def limit(candidate: Candidate) -> Refusal | None:
    """The limit, or what caps a price that is tied to the quote; 0 caps nothing."""
    price, kind = candidate.order.limit_price, candidate.order_kind
    if any(leg.price is not None for leg in candidate.order.combo_leg_prices):
        return None  # the legs have their limits
    if "limit_price" in kind.needs:
        return _quotable(candidate, price) if price is not None else refuse(LIMIT)
    if kind.trigger is Kind.TRAIL and kind.one_of[1:]:
        return _trailed_limit(candidate)
    if "limit_price" in kind.may and price:
        return _quotable(candidate, price)
    return None if is_bounded(price) else refuse(110)


def _trailed_limit(candidate: Candidate) -> Refusal | None:
    """A limit, or how far it is from the stop, on either side of it."""
    price, offset = candidate.order.limit_price, candidate.order.limit_price_offset
    if offset is None:
        return _quotable(candidate, price) if price is not None else refuse(LIMIT)
    is_fit = is_bounded(offset) and candidate.is_distance(abs(offset)) and is_bounded(price)
    return None if is_fit else refuse(110)


def _quotable(candidate: Candidate, price: Decimal) -> Refusal | None:
    return None if is_price(candidate, price) else refuse(110)


def auxiliary(candidate: Candidate) -> Refusal | None:
    """The stop, the trigger, or an offset: whatever the type takes it for."""
    kind, price = candidate.order_kind, candidate.order.aux_price
    if kind.trigger is Kind.TRAIL:
        return _trail(candidate)
    if kind.trigger is not None:
        missing = refuse(STOP if kind.trigger is Kind.STOP else TRIGGER)
        is_set = price is not None and (price > 0 or candidate.sec_type == "BAG")
        return _quotable(candidate, price) if is_set and price is not None else missing
    return _offset(candidate, kind)


def _trail(candidate: Candidate) -> Refusal | None:
    """By an amount or by a percentage, and from which stop price on."""
    order = candidate.order
    amount, percent, start = order.aux_price, order.trailing_percent, order.trail_stop_price
    both = refuse(321, cause="Trailing amount and trailing percent cannot both be set")
    return first(
        (not amount and not percent, refuse(OFFSET)),
        (amount and percent, both),
        (not 0 <= (percent or 0) < HUNDRED, refuse(159)),
        (not candidate.is_distance(amount), refuse(110)),
        (start and not is_price(candidate, start), refuse(STOP)),
    )


def _offset(candidate: Candidate, kind: OrderType) -> Refusal | None:
    """How far from the quote an order works, as an amount or in percent of it."""
    amount, percent = candidate.order.aux_price, candidate.order.percent_offset
    is_used = "aux_price" in kind.may or any("aux_price" in group for group in kind.one_of)
    is_fit = candidate.is_distance(amount) if is_used else is_bounded(amount)
    return first(
        (kind.one_of and amount is None and percent is None, refuse(OFFSET)),
        (not 0 <= (percent or 0) <= HUNDRED, refuse(159)),
        (not is_fit, refuse(110)),
    )


def unused(candidate: Candidate) -> Refusal | None:
    """Figures that the type takes no notice of, but that are shown with the order."""
    order, is_trailing = candidate.order, candidate.order_kind.trigger is Kind.TRAIL
    if is_trailing:
        return None
    return first(
        (not is_bounded(order.trail_stop_price), refuse(STOP)),
        (not 0 <= (order.trailing_percent or 0) < HUNDRED, refuse(159)),
        (not is_bounded(order.limit_price_offset), refuse(110)),
    )


def discretionary(candidate: Candidate) -> Refusal | None:
    order, amount = candidate.order, candidate.order.discretionary_amount
    if not amount:
        return None
    is_able = candidate.order_type in DISCRETIONARY and candidate.sec_type in DISCRETIONARY_TYPES
    return first(
        (not is_able, refuse(325)),
        (order.display_size and candidate.is_us_stock_at_smart, refuse(157)),
        (not candidate.is_distance(amount), refuse(168)),
    )


def mid_offsets(candidate: Candidate) -> Refusal | None:
    """Offsets of orders pegged to the middle or to the best price."""
    order = candidate.order
    whole, half = order.mid_offset_at_whole, order.mid_offset_at_half
    best = order.compete_against_best_offset
    is_given = whole is not None or half is not None
    is_fit = all(is_bounded(offset) and (offset or 0) >= 0 for offset in (whole, half))
    return first(
        (is_given and candidate.order_type != "PEG MID", refuse(10306)),
        (not is_fit, refuse(10307)),
        ((order.min_compete_size or 0) < 0, refuse(10304)),
        (best is not None and best <= 0, refuse(10305)),
    )


def is_price(candidate: Candidate, price: Decimal | None) -> bool:
    """Whether a price is one that the instrument can have."""
    if price is None or not (price > 0 or candidate.sec_type == "BAG"):
        return False
    return candidate.is_on_step(price)


def is_bounded(price: Decimal | None) -> bool:
    """Whether a price is unset, or no more than any price can be."""
    return price is None or abs(price) <= MAX_PRICE
