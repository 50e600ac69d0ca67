"""What each order type is, and what an order of it means: triggers, limits, pegs, auctions.

Data and pure functions over an order. Knows neither accounts, nor the state an order is in,
nor what a market displays.
"""

from simulator.order_types.derived import (
    benchmark_price,
    benchmark_reference,
    is_in_range,
    stock_pegged_price,
    volatility_price,
    volatility_reference,
)
from simulator.order_types.table import (
    OPEN_SEC_TYPES,
    ORDER_TYPES,
    SYNONYMS,
    Auction,
    OrderType,
    Pricing,
    Tie,
    order_type,
)
from simulator.order_types.terms import (
    adjusted,
    adjustment_trigger,
    auction_of,
    limit_after_trigger,
    limit_of,
    peg_of,
    protected_limit,
    trigger_of,
)

__all__ = [
    "OPEN_SEC_TYPES",
    "ORDER_TYPES",
    "SYNONYMS",
    "Auction",
    "OrderType",
    "Pricing",
    "Tie",
    "adjusted",
    "adjustment_trigger",
    "auction_of",
    "benchmark_price",
    "benchmark_reference",
    "is_in_range",
    "limit_after_trigger",
    "limit_of",
    "order_type",
    "peg_of",
    "protected_limit",
    "stock_pegged_price",
    "trigger_of",
    "volatility_price",
    "volatility_reference",
]
