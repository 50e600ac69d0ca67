"""Orders in volatility, and what hedges their delta. Codes: documented.

An index is not traded, so that nothing hedges an option on it (ours: 380).

Zero and unset mean the same: gateways show both as zero. `None` is the word they show for
a delta that is not hedged.
"""

from __future__ import annotations

from simulator.gateway.validation.candidate import (
    MAX_PRICE,
    Candidate,
    Refusal,
    first,
    refuse,
)

PLAIN_HEDGES = frozenset({"MKT", "MOC"})
PRICED_HEDGES = frozenset({"LMT", "STP", "MIT", "REL", "LOC"})


def volatility(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    if candidate.order_type != "VOL":
        return _not_for_others(candidate)
    is_us_option = candidate.instrument.currency == "USD"
    is_dynamic = order.continuous_update
    return first(
        (not is_us_option, refuse(369)),
        (not 0 < (order.volatility or 0) <= MAX_PRICE, refuse(371)),
        (order.volatility_type not in {1, 2}, refuse(367)),
        (is_dynamic and order.reference_price_type not in {1, 2}, refuse(368)),
        (order.reference_price_type not in {None, 0, 1, 2}, refuse(368)),
        (is_dynamic and candidate.contract.exchange != "SMART", refuse(370)),
    )


def _not_for_others(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    return first(
        (order.volatility, refuse(371)),
        (order.volatility_type, refuse(367)),
        (order.reference_price_type, refuse(368)),
        (order.continuous_update, refuse(372)),
    )


def delta_hedge(candidate: Candidate) -> Refusal | None:
    """The order in the underlying that hedges each fill."""
    order = candidate.order
    kind, price = order.delta_neutral_order_type, order.delta_neutral_aux_price
    if kind in {"", "None"}:
        return refuse(379) if price else _short_sale_of_none(candidate)
    slot = order.delta_neutral_short_sale_slot
    return first(
        (candidate.order_type != "VOL", refuse(380)),
        (candidate.instrument.under_sec_type == "IND", refuse(380)),
        (kind not in PLAIN_HEDGES | PRICED_HEDGES, refuse(380)),
        (kind in PLAIN_HEDGES and price, refuse(379)),
        (kind in PRICED_HEDGES and not price, refuse(378)),
        (price and not 0 < price <= MAX_PRICE, refuse(377)),
        (slot not in {0, 1, 2}, refuse(347)),
        (slot == 2 and not order.delta_neutral_designated_location, refuse(352)),
    )


def _short_sale_of_none(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    is_short = order.delta_neutral_short_sale_slot or order.delta_neutral_short_sale
    return refuse(393) if is_short else None
