"""Prices: that an order has those its type needs, and that each can be quoted.

Captured: 110 for a price off its step. Documented: which code names which price; where a
price is missing, 107 for a limit, 403 for a stop, 361 for a trigger, 158 for an offset. Zero
and unset mean the same for a price that is not a limit. Only combinations cost less than
nothing. Ours: a trailing order with both an amount and a percentage is 321; an offset may be
off the step where the order works between steps.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.gateway.validation.candidate import (
    MAX_PRICE,
    Candidate,
    Check,
    Refusal,
    first,
    invalid,
    refuse,
)
from simulator.gateway.validation.terms import ORDER_TYPES

DISCRETIONARY = frozenset({"LMT", "REL", "STP LMT", "TRAIL LIMIT", "MIDPRICE"})
DISCRETIONARY_TYPES = frozenset({"STK", "OPT", "CFD"})
HUNDRED = Decimal(100)


def _absolute(candidate: Candidate, price: Decimal | None, missing: int) -> Refusal | None:
    """A price that must be there."""
    if price is None:
        return refuse(missing)
    is_possible = price > 0 or candidate.sec_type == "BAG"
    if not is_possible and missing != LIMIT:
        return refuse(missing)
    return None if is_possible and candidate.is_on_step(price) else refuse(110)


LIMIT, STOP, TRIGGER, OFFSET = 107, 403, 361, 158


def _limit(candidate: Candidate) -> Refusal | None:
    return _absolute(candidate, candidate.order.limit_price, LIMIT)


def _stop(candidate: Candidate) -> Refusal | None:
    return _absolute(candidate, candidate.order.aux_price, STOP)


def _trigger(candidate: Candidate) -> Refusal | None:
    return _absolute(candidate, candidate.order.aux_price, TRIGGER)


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
        (start and not _is_price(candidate, start), refuse(STOP)),
    )


def _trail_limit(candidate: Candidate) -> Refusal | None:
    """A limit, or how far the limit is from the stop."""
    order = candidate.order
    if order.limit_price_offset is None:
        return _limit(candidate)
    return None if candidate.is_on_step(order.limit_price_offset) else refuse(110)


def _offset(candidate: Candidate) -> Refusal | None:
    """A relative order: how far from the quote, as an amount or a share of it."""
    order = candidate.order
    amount, share = order.aux_price, order.percent_offset
    return first(
        (amount is None and share is None, refuse(OFFSET)),
        (share is not None and not 0 <= share <= 1, refuse(159)),
        (not candidate.is_distance(amount), refuse(110)),
    )


def _delta(candidate: Candidate) -> Refusal | None:
    delta = candidate.order.delta
    return None if delta is not None and 1 <= delta <= HUNDRED else refuse(341)


def _benchmark(candidate: Candidate) -> Refusal | None:
    """Pegged to another contract, which must be told."""
    order = candidate.order
    named = order.reference_contract_id
    return first(
        (named <= 0, refuse(147)),
        (named in candidate.unknown_con_ids, refuse(200)),
        (not _is_price(candidate, order.starting_price), invalid("starting price")),
        (not candidate.is_distance(order.pegged_change_amount), refuse(110)),
        (not 0 <= order.reference_change_amount <= MAX_PRICE, invalid("reference change amount")),
    )


NEEDED: dict[str, Check] = {
    "limit": _limit,
    "stop": _stop,
    "trigger": _trigger,
    "trail": _trail,
    "trail limit": _trail_limit,
    "offset": _offset,
    "delta": _delta,
    "benchmark": _benchmark,
}


def needed(candidate: Candidate) -> Refusal | None:
    """What the order type cannot do without."""
    needs = ORDER_TYPES[candidate.order.order_type].needs
    return next((found for name in needs if (found := NEEDED[name](candidate))), None)


def optional(candidate: Candidate) -> Refusal | None:
    """Prices that an order may have besides: where they cap, and where they start."""
    order, types = candidate.order, ORDER_TYPES[candidate.order.order_type].needs
    cap = order.limit_price if "limit" not in types else None
    return first(
        (cap and not candidate.is_on_step(cap), refuse(110)),
        (cap and cap < 0 and candidate.sec_type != "BAG", refuse(110)),
        (_is_off(order.aux_price) or _is_off(order.trail_stop_price), refuse(110)),
        (not 0 <= (order.percent_offset or 0) <= HUNDRED, refuse(159)),
        (not 0 <= (order.trailing_percent or 0) < HUNDRED, refuse(159)),
        (_is_off(order.starting_price), invalid("starting price")),
        (_is_off(order.stock_reference_price), invalid("stock reference price")),
        (not 0 <= (order.delta or 0) <= HUNDRED, refuse(335)),
        (not 0 <= order.auction_strategy <= 3, invalid("auction strategy")),
        (order.auction_strategy, refuse(387)),
    )


def discretionary(candidate: Candidate) -> Refusal | None:
    order, amount = candidate.order, candidate.order.discretionary_amount
    if not amount:
        return None
    is_able = order.order_type in DISCRETIONARY and candidate.sec_type in DISCRETIONARY_TYPES
    return first(
        (not is_able, refuse(325)),
        (not candidate.is_distance(amount), refuse(168)),
    )


def mid_offsets(candidate: Candidate) -> Refusal | None:
    """Offsets of orders pegged to the middle or to the best price."""
    order = candidate.order
    whole, half = order.mid_offset_at_whole, order.mid_offset_at_half
    is_given = whole is not None or half is not None
    is_pegged = order.order_type in {"PEG MID", "PEG BEST"}
    best = order.compete_against_best_offset
    return first(
        (is_given and not is_pegged, refuse(10306)),
        (_is_off(whole) or _is_off(half), refuse(10307)),
        ((order.min_compete_size or 0) < 0, refuse(10304)),
        (best is not None and best <= 0, refuse(10305)),
    )


# --- adjustable stops ---

ADJUSTABLE = frozenset({"STP", "STP LMT", "TRAIL", "TRAIL LIMIT"})
UNITS = frozenset({0, 1, 100})
"""Of the adjusted trailing amount: money (0) or per cent."""


def adjusted(candidate: Candidate) -> Refusal | None:
    """A stop that becomes another kind of stop when its trigger is touched."""
    order, kind = candidate.order, candidate.order.adjusted_order_type
    if kind in {"", "None"}:
        return None
    has_limit = _is_price(candidate, order.adjusted_stop_limit_price)
    return first(
        (kind not in ADJUSTABLE, invalid("adjusted order type")),
        (order.order_type not in ADJUSTABLE, refuse(387)),
        (not _is_price(candidate, order.trigger_price), refuse(TRIGGER)),
        (not _is_price(candidate, order.adjusted_stop_price), refuse(362)),
        (kind == "STP LMT" and not has_limit, refuse(363)),
        (order.adjustable_trailing_unit not in UNITS, invalid("adjustable trailing unit")),
        (kind in {"TRAIL", "TRAIL LIMIT"} and not _is_trail(candidate), refuse(364)),
    )


def _is_trail(candidate: Candidate) -> bool:
    order = candidate.order
    amount = order.adjusted_trailing_amount
    if not amount:
        return False
    is_money = order.adjustable_trailing_unit == 0
    return candidate.is_distance(amount) if is_money else 0 < amount < HUNDRED


def _is_price(candidate: Candidate, price: Decimal | None) -> bool:
    is_possible = price is not None and (price > 0 or candidate.sec_type == "BAG")
    return is_possible and price is not None and candidate.is_on_step(price)


def _is_off(price: Decimal | None) -> bool:
    return price is not None and not abs(price) <= MAX_PRICE
