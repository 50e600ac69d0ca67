"""Orders that belong together: one cancels all, hedges, and the legs of combinations.

Captured: faults of hedges (320, 10063; 10032 with the sizes). Documented: 10007, 10008, 356
and 359 for groups of combinations, 10002 and 10021 to 10027 for their routing. What makes
legs a combination is known to `instruments`. Ours: prices of single legs that are not as
many as the legs are told like legs that are no combination; a combination with a delta
neutral contract is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.gateway.validation.candidate import Candidate, Refusal, first, invalid, refuse
from simulator.instruments.combos import INVALID
from simulator.records import ComboLeg

OCA_TYPES = frozenset({0, 1, 2, 3})
HEDGES = frozenset({"D", "B", "F", "P"})
"""Delta, beta, currency and pair."""

DELTA_HEDGED_BY = frozenset({"STK", "CFD"})
NO_DELTA_HEDGE = (
    "Invalid delta hedge order. The parent order has to be option order and hedge order can "
    "only be Stock, CFD or (in case of option on Index) Futures order. server: 0 order: 0 "
    "parent: {parent} hedge:[D]"
)
OPEN_CLOSE = frozenset({0, 1, 2, 3})
"""Of a leg: same as the combination, open, close, unknown."""


def oca(candidate: Candidate) -> Refusal | None:
    order, is_combo = candidate.order, candidate.contract.sec_type == "BAG"
    if order.oca_type not in OCA_TYPES:
        return invalid("OCA type")
    if not order.oca_group:
        return None
    return first(
        (candidate.is_smart_combo, refuse(356)),
        (is_combo and order.oca_type not in {0, 3}, refuse(359)),
    )


# --- hedges ---


def hedge(candidate: Candidate) -> Refusal | None:
    """A hedge is the child of what it hedges."""
    kind = candidate.order.hedge_type
    if not kind:
        return None
    if kind not in HEDGES:
        return refuse(10007)
    if candidate.parent is None:
        return refuse(10006)
    return _HEDGED[kind](candidate)


def _delta_hedge(candidate: Candidate) -> Refusal | None:
    parent = candidate.parent
    hedged = parent.instrument if parent is not None else candidate.instrument
    is_on_index = hedged.under_sec_type == "IND" and candidate.sec_type == "FUT"
    is_hedge = candidate.sec_type in DELTA_HEDGED_BY or is_on_index
    if hedged.sec_type == "OPT" and is_hedge:
        return None
    cause = NO_DELTA_HEDGE.format(parent=candidate.order.parent_id)
    return refuse(320, cause=cause)


def _beta_hedge(candidate: Candidate) -> Refusal | None:
    return None if _is_number(candidate.order.hedge_param) else refuse(10008)


def _pair_hedge(candidate: Candidate) -> Refusal | None:
    is_ratio = _is_number(candidate.order.hedge_param)
    return None if is_ratio else refuse(320, cause="Invalid hedge ratio")


def _currency_hedge(candidate: Candidate) -> Refusal | None:
    instrument, parent = candidate.instrument, candidate.parent
    currency = parent.instrument.currency if parent is not None else ""
    is_pair = candidate.sec_type == "CASH" and currency in {instrument.symbol, instrument.currency}
    return None if is_pair else refuse(10063)


_HEDGED: dict[str, Callable[[Candidate], Refusal | None]] = {
    "D": _delta_hedge,
    "B": _beta_hedge,
    "F": _currency_hedge,
    "P": _pair_hedge,
}


def _is_number(text: str) -> bool:
    """A positive number; a hedge by beta may leave it out, a pair may not."""
    whole, _point, part = text.partition(".")
    digits = whole + part
    return digits.isascii() and digits.isdigit() and len(digits) < 12 and digits.strip("0") != ""


# --- combinations ---


def legs(candidate: Candidate) -> Refusal | None:
    """What the legs say besides what makes them a combination."""
    contract = candidate.contract
    if contract.delta_neutral is not None:
        is_combo = candidate.sec_type == "BAG"
        return refuse(10340, attribute="deltaNeutralContract") if is_combo else refuse(429)
    found = (_leg(leg) for leg in contract.combo_legs)
    return next((refused for refused in found if refused is not None), None)


def _leg(leg: ComboLeg) -> Refusal | None:
    slot = leg.short_sale_slot
    return first(
        (leg.open_close not in OPEN_CLOSE, invalid("open/close of a leg")),
        (slot not in {0, 1, 2}, refuse(347)),
        (slot == 2 and not leg.designated_location, refuse(352)),
        (slot != 2 and leg.designated_location, refuse(353)),
    )


def leg_prices(candidate: Candidate) -> Refusal | None:
    """Prices of single legs: of all or of none, and in place of the limit of a limit order.

    That the whole has no price beside them is IBKR's rule (Order, `orderComboLegs`); the code is
    ours.
    """
    order, legs = candidate.order, candidate.contract.combo_legs
    prices = [leg.price for leg in order.combo_leg_prices if leg.price is not None]
    if not prices:
        return None
    is_limit = order.order_type == "LMT" and not order.limit_price
    return first(
        (len(prices) != len(legs) or not is_limit, refuse(321, cause=INVALID)),
        (any(not candidate.is_on_step(price) for price in prices), refuse(110)),
    )


ROUTING: dict[str, tuple[int, Callable[[str], bool]]] = {
    "NonGuaranteed": (10002, lambda text: text in {"0", "1"}),
    "Leg2MktOffset": (10021, _is_number),
    "LeginPrio": (10022, lambda text: text in {"-1", "0", "1"}),
    "MaxSegSize": (10023, _is_number),
    "DontLeginNext": (10024, lambda text: text in {"0", "1"}),
    "ChangeToMktTime1": (10025, _is_number),
    "ChangeToMktTime2": (10026, _is_number),
    "PriceCondConid": (147, _is_number),
    "PriceCondMinPrice": (147, _is_number),
    "PriceCondMaxPrice": (147, _is_number),
}
"""Tag of smart routing → the code for a value that is none, and what is one."""


def routing(candidate: Candidate) -> Refusal | None:
    for pair in candidate.order.smart_combo_routing:
        if pair.tag not in ROUTING:
            return refuse(10027)
        code, is_value = ROUTING[pair.tag]
        if not is_value(pair.value):
            return refuse(code)
    return None
