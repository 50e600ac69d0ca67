"""At what price an order would trade, before it does: for margin, funds and previews. Pure."""

from __future__ import annotations

from decimal import Decimal

from simulator.market import Quote
from simulator.matching import Side
from simulator.records import Order

AT_LIMIT = frozenset({"LIT", "STP LMT", "TRAIL LIMIT"})
"""Order types that trade at their limit once they are triggered."""
AT_LIMIT_OR_BETTER = frozenset({"LMT", "LOC", "REL", "MIDPRICE", "PEG MID"})
"""Order types that trade at what is displayed where their limit allows it."""
AT_TRIGGER = frozenset({"STP", "STP PRT", "MIT"})
"""Order types that trade near the price that triggers them."""


def expected_price(order: Order, quote: Quote) -> Decimal:
    """What an order would meet, or the price it waits for; the last price where nobody quotes."""
    if order.order_type in AT_LIMIT and order.limit_price is not None:
        return order.limit_price
    if order.order_type in AT_TRIGGER and order.aux_price is not None:
        return order.aux_price
    return present_price(order, quote)


def present_price(order: Order, quote: Quote) -> Decimal:
    """What an order would meet if it were worked now, whatever it waits for."""
    is_purchase = order.action == Side.BUY
    displayed = quote.ask if is_purchase else quote.bid
    if order.order_type in AT_LIMIT_OR_BETTER and order.limit_price is not None:
        limit = order.limit_price
        return min(limit, displayed or limit) if is_purchase else max(limit, displayed or limit)
    return displayed or quote.last
