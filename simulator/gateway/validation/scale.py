"""Scale orders: an order in components, each at its own price. Codes: documented."""

from __future__ import annotations

from simulator.gateway.validation.candidate import Candidate, Refusal, first, refuse

SCALED = frozenset({"LMT", "REL", "MKT"})


def scale(candidate: Candidate) -> Refusal | None:
    order, increment = candidate.order, candidate.order.scale_price_increment
    size = candidate.order.scale_init_level_size
    if not increment:
        return refuse(408) if size or order.scale_profit_offset else None
    if increment < 0 or not candidate.is_distance(increment):
        return refuse(408)
    return _components(candidate) or _adjustment(candidate) or _profit(candidate)


def _components(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    initial, subsequent = order.scale_init_level_size, order.scale_subs_level_size
    quantity = order.total_quantity or 0
    return first(
        (candidate.order_type not in SCALED, refuse(387)),
        (initial is None and subsequent is None, refuse(409)),
        (initial is None, refuse(419)),
        (not 0 < (initial or 0) <= quantity, refuse(417)),
        (not 0 <= (subsequent or 0) <= quantity, refuse(410)),
        ((order.scale_init_position or 0) < 0, refuse(417)),
        (not 0 <= (order.scale_init_fill_quantity or 0) <= quantity, refuse(417)),
    )


def _adjustment(candidate: Candidate) -> Refusal | None:
    """The price of the first component may be moved from time to time."""
    value = candidate.order.scale_price_adjust_value
    interval = candidate.order.scale_price_adjust_interval
    return first(
        (bool(value) != bool(interval), refuse(447)),
        ((interval or 0) < 0, refuse(448)),
        (value and not candidate.is_distance(abs(value)), refuse(449)),
    )


def _profit(candidate: Candidate) -> Refusal | None:
    order, offset = candidate.order, candidate.order.scale_profit_offset
    return first(
        (order.scale_auto_reset and not offset, refuse(446)),
        (offset and not candidate.is_distance(offset), refuse(418)),
    )
