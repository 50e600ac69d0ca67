"""What a gateway refuses before an order reaches the broker, as one table of checks.

Each check looks at one thing and names the error; the rooms of this package hold them by
domain. They are tried in this order and the first refusal counts. Texts are those of
`texts.py`. What an accepted order is only warned of stands in a second table. Which
attributes are looked at, refused by name, or taken as they are: `attributes`.
"""

from simulator.gateway.moments import ZONED_SINCE
from simulator.gateway.validation import (
    adjustable,
    advisor,
    algos,
    attributes,
    conditions,
    groups,
    identity,
    pegged,
    prices,
    revision,
    scale,
    sizes,
    terms,
    times,
    volatility,
)
from simulator.gateway.validation.candidate import TWS_10, Candidate, Check, Refusal
from simulator.gateway.validation.conditions import named_con_ids

CHECKS: tuple[Check, ...] = (
    identity.order_id,
    identity.contract,
    groups.legs,
    identity.permission,
    identity.account,
    identity.short_sale,
    identity.action,
    identity.clearing,
    advisor.advisor,
    groups.hedge,
    identity.parent,
    terms.order_type,
    revision.revision,
    attributes.given_up,
    identity.what_if,
    attributes.not_known,
    attributes.price_management,
    terms.tif,
    times.forms,
    times.good_after,
    times.good_till,
    times.active,
    groups.oca,
    groups.leg_prices,
    groups.routing,
    sizes.quantity,
    sizes.displayed,
    sizes.hidden,
    sizes.least,
    sizes.least_of_a_trade,
    volatility.volatility,
    volatility.delta_hedge,
    pegged.delta,
    pegged.benchmark,
    pegged.start,
    pegged.stock_range,
    prices.limit,
    prices.auxiliary,
    prices.unused,
    prices.discretionary,
    prices.mid_offsets,
    adjustable.adjusted,
    conditions.trigger_method,
    conditions.conditions,
    scale.scale,
    algos.algo,
    attributes.unmodelled,
    terms.venue,
)

DAY_TRADED = frozenset({"STK", "OPT", "WAR", "BOND"})
"""Types whose market orders work in regular hours only."""

IN_REGULAR_HOURS = frozenset({"MKT", "MOC", "LOC", "MIDPRICE"})
"""Order types that do."""


def refusal(candidate: Candidate) -> Refusal | None:
    """The first objection to an order, None if there is none."""
    return next((found for check in CHECKS if (found := check(candidate))), None)


def warnings(candidate: Candidate) -> list[int]:
    """The codes of what an accepted order is warned of, and which changes nothing."""
    order, is_old = candidate.order, candidate.gateway_version < TWS_10
    is_iceberg = bool(order.sweep_to_fill or order.display_size)
    is_day_traded = candidate.sec_type in DAY_TRADED and candidate.order_type in IN_REGULAR_HOURS
    is_zoned_api = candidate.version >= ZONED_SINCE
    found = (
        (is_iceberg and not candidate.is_us_stock_at_smart, 131),
        (order.outside_rth and is_day_traded, 2109),
        (order.e_trade_only and is_old, 2168),
        (order.firm_quote_only and is_old, 2169),
        (is_zoned_api and times.is_unzoned(candidate), 2174),
    )
    return [code for is_so, code in found if is_so]


__all__ = ["TWS_10", "Candidate", "Refusal", "named_con_ids", "refusal", "warnings"]
