"""Orders whose price follows another market: a stock, a benchmark, a range of the stock.

Documented: 335 and 341 for a delta, 373 to 375 for the range. Auctions of options are none
of what a paper account has (387). Ours: an incomplete benchmark is 147; its figures
out of range are 321.
"""

from __future__ import annotations

from simulator.gateway.validation.candidate import (
    MAX_PRICE,
    Candidate,
    Refusal,
    first,
    invalid,
    refuse,
)
from simulator.gateway.validation.prices import HUNDRED, is_bounded

AUCTIONS = frozenset({1, 2, 3})
"""Match, improvement, transparent."""


def delta(candidate: Candidate) -> Refusal | None:
    delta = candidate.order.delta
    is_pegged = "delta" in candidate.order_kind.needs
    return first(
        (is_pegged and not 1 <= (delta or 0) <= HUNDRED, refuse(341)),
        (not 0 <= (delta or 0) <= HUNDRED, refuse(335)),
    )


def benchmark(candidate: Candidate) -> Refusal | None:
    order, named = candidate.order, candidate.order.reference_contract_id
    if "reference_contract_id" not in candidate.order_kind.needs:
        return None
    change, reference_change = order.pegged_change_amount, order.reference_change_amount
    return first(
        (named <= 0, refuse(147)),
        (named in candidate.unknown_con_ids, refuse(200)),
        (not 0 < change <= MAX_PRICE, invalid("pegged change amount")),
        (not 0 < reference_change <= MAX_PRICE, invalid("reference change amount")),
    )


def start(candidate: Candidate) -> Refusal | None:
    """Where a pegged price starts; an auction of options also starts with a price."""
    order = candidate.order
    starting, reference = order.starting_price, order.stock_reference_price
    is_auction = order.auction_strategy in AUCTIONS
    return first(
        (order.auction_strategy and not is_auction, invalid("auction strategy")),
        (is_auction, refuse(387)),
        (not is_bounded(starting) or (starting or 0) < 0, invalid("starting price")),
        (not is_bounded(reference) or (reference or 0) < 0, invalid("stock reference price")),
    )


def stock_range(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    lower, upper = order.stock_range_lower or 0, order.stock_range_upper or 0
    is_ranged = "stock_range_lower" in candidate.order_kind.may
    return first(
        ((lower or upper) and not is_ranged, refuse(373)),
        (min(lower, upper) < 0 or max(lower, upper) > MAX_PRICE, refuse(375)),
        (lower and upper and lower >= upper, refuse(374)),
    )
