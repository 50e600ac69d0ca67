"""Hedges: attached orders whose size follows from what their parent has traded. Pure.

Knows neither orders at work nor a market; prices are told. Assumptions:

- A hedge is worked once its parent is over, filled or in part, by what that has traded (IBKR:
  on execution of the parent; that it is once and not at each fill is ours). It trades in the
  direction it was sent with, at its own price (ours).
- Delta: of the option now, or what an order pegged to its stock says (TWS guide, "Attach a
  Delta Hedge Order"). That a volatility order is hedged by the volatility it names is not
  modelled.
- Beta: by the worth of the parent. Pair: a ratio of sizes, 500 at a ratio of 2 are 1000 (TWS
  guide). Currency: what the parent cost, in its currency (TWS guide, "Attach an FX Order").
- A size is rounded to the nearest unit in which the hedge can be traded (ours).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from simulator.broker.records import BrokerOrder
from simulator.instruments import Instrument
from simulator.records import Order

ZERO, ONE = Decimal(0), Decimal(1)
WHOLE_SIZES = frozenset({"STK", "CFD", "FUT", "OPT", "FOP", "WAR", "BOND"})
NOTHING_TO_HEDGE = "Nothing was traded that could be hedged."


@dataclass(frozen=True, slots=True)
class Prices:
    """What the hedge costs, and what the parent moves when its underlying does by one."""

    hedge: Decimal
    delta: Decimal


def is_due(child: BrokerOrder, parent: BrokerOrder) -> bool:
    """Whether a hedge has something to hedge, and all of it."""
    return bool(child.order.hedge_type) and parent.is_done and parent.filled > 0


def hedge_size(child: BrokerOrder, parent: BrokerOrder, prices: Prices) -> Decimal:
    """How much of the hedge offsets what its parent has traded."""
    wanted = _wanted(child.order, child.instrument, parent, prices)
    step = child.instrument.size_increment
    if child.instrument.sec_type in WHOLE_SIZES:
        step = max(ONE, step)
    return (wanted / step).to_integral_value(ROUND_HALF_UP) * step


def _wanted(order: Order, hedge: Instrument, parent: BrokerOrder, prices: Prices) -> Decimal:
    traded = parent.instrument
    worth = abs(parent.paid) * traded.price_multiplier
    match order.hedge_type:
        case "D":
            told = parent.order.delta
            delta = abs(told / 100 if told else prices.delta)
            return parent.filled * delta * traded.multiplier / hedge.multiplier
        case "B":
            return Decimal(order.hedge_param) * worth / (prices.hedge * hedge.price_multiplier)
        case "F":
            return worth if hedge.symbol == traded.currency else worth / prices.hedge
        case _:
            return parent.filled * Decimal(order.hedge_param)
