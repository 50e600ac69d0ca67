"""Prices that follow another market: by volatility, pegged to a stock or to a benchmark.

Pure functions over an order and what the other market displays. What an order does not say
of where it starts, the broker takes from the markets when it arrives, and keeps.

- The reference of a volatility order is the midpoint, or (type 2) the bid for a call bought
  or a put sold and the ask otherwise (IBKR, Volatility Orders). A daily volatility holds for
  one of the days of `pricing` (ours: IBKR does not say how many there are).
- The delta of a pegged order is in percent, positive for a call and negative for a put; its
  move is rounded in favour of the order (IBKR, Pegged-to-Stock Orders, and error 341).
- A benchmark moves a price by whole steps, each as wide as asked; it is looked at on the bid
  for a purchase and the ask for a sale, an index at its last (IBKR, Pegged to Benchmark; that
  steps are whole is ours).
- An order ends when the reference leaves its range; to touch the range does not end it (IBKR).
"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

from simulator.matching.terms import Side, View
from simulator.matching.ticks import snap
from simulator.pricing import DAYS_PER_YEAR, Option, value
from simulator.records import Order

DAILY = 1
"""The volatility type of a figure for one day; 2 is that for a year."""

BID_OR_ASK = 2
"""The reference price type that is a side of the quote; 1 is the midpoint."""


def volatility_reference(order: Order, right: str, under: View) -> Decimal | None:
    """The price of the underlying that a volatility order is computed from."""
    if order.reference_price_type != BID_OR_ASK:
        return under.middle
    is_bid = (order.action == Side.BUY) == (right == "C")
    return under.bid.price if is_bid else under.ask.price


def volatility_price(order: Order, option: Option, tick: Decimal) -> Decimal:
    """The limit of a volatility order; of the option only the volatility is its own."""
    if order.volatility is None:
        raise ValueError("A volatility order needs a volatility")
    yearly = float(order.volatility) / 100
    if order.volatility_type == DAILY:
        yearly *= math.sqrt(DAYS_PER_YEAR)
    worth = Decimal(value(replace(option, volatility=yearly)).price)
    return snap(worth, tick, up=order.action == Side.SELL)


def stock_pegged_price(
    order: Order, right: str, *, middle: Decimal, start: Decimal, reference: Decimal, tick: Decimal
) -> Decimal:
    """The limit of an option order pegged to its stock, whose midpoint is now `middle`.

    It starts at a price of the option, `start`, when the stock is at `reference`; both are
    those of the order if it has them.
    """
    if order.delta is None:
        raise ValueError("An order pegged to a stock needs a delta")
    sign = 1 if right == "C" else -1
    stock = order.stock_reference_price or reference
    moved = sign * order.delta / 100 * (middle - stock)
    return snap((order.starting_price or start) + moved, tick, up=order.action == Side.SELL)


def benchmark_reference(order: Order, sec_type: str, benchmark: View) -> Decimal | None:
    """The price of a benchmark that an order follows."""
    if sec_type == "IND":
        return benchmark.last
    return (benchmark.bid if order.action == Side.BUY else benchmark.ask).price


def benchmark_price(
    order: Order, *, now: Decimal, start: Decimal, reference: Decimal, tick: Decimal
) -> Decimal:
    """The limit of an order pegged to a benchmark that is now at `now`.

    It starts at `start` when the benchmark is at `reference`; both are those of the order if
    it has them.
    """
    change = now - (order.stock_reference_price or reference)
    steps = (change / order.reference_change_amount).to_integral_value("ROUND_DOWN")
    sign = -1 if order.is_pegged_change_amount_decrease else 1
    moved = sign * steps * order.pegged_change_amount
    return snap((order.starting_price or start) + moved, tick, up=order.action == Side.SELL)


def is_in_range(order: Order, reference: Decimal) -> bool:
    """Whether the reference is where the order may work; to touch a bound is to be inside."""
    low, high = order.stock_range_lower, order.stock_range_upper
    return (not low or reference >= low) and (not high or reference <= high)
