"""What an order asks for, by the table: its trigger, its limit, its peg, its auction.

Pure functions over the fields of an order that has passed validation; they raise `KeyError`
for a type that the table does not have.

- A price of 0 where one is optional means none (IBKR, guide to its ActiveX control, of limits).
- A trailing stop limit keeps its limit at an offset from its stop (IBKR; captured: a buy
  stop at 2000.00 with an offset of 0.05 has the limit 2000.05). Sent with a limit only, the
  offset is that from the stop it was sent with; without a stop the limit stays (ours).
- A protected order works up to half a percent beyond the other side of the quote, or beyond
  its stop; exchanges have a figure for each product, half of its non-reviewable range, and
  those of futures on indices are about as much (CME, Globex order types; the figure is ours).
- A stop is adjusted once, when the market has gone the way of its position: up for one to
  sell (IBKR, Adjustable Stops). The unit of an adjusted trail is 0 for an amount, anything
  else means percent: samples say 1, clients send 100.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from simulator.matching.pegs import Peg
from simulator.matching.readings import resolve
from simulator.matching.terms import ZERO, Side
from simulator.matching.ticks import snap
from simulator.matching.triggers import Kind, Trigger
from simulator.order_types.table import ORDER_TYPES, SYNONYMS, Auction, OrderType, Pricing
from simulator.records import Order

PROTECTED_RANGE = Decimal("0.005")
"""How far a protected order goes, as a part of the price."""


def trigger_of(order: Order, sec_type: str) -> Trigger | None:
    """What elects an order, None if nothing has to."""
    kind = _row(order).trigger
    if kind is None:
        return None
    if kind is Kind.TRAIL:
        return _trail(order, sec_type)
    return Trigger(
        kind=kind,
        side=Side(order.action),
        price=order.aux_price,
        method=resolve(order.trigger_method, sec_type),
    )


def peg_of(order: Order) -> Peg | None:
    """What the price of an order is tied to, None if it is tied to no quote of its own."""
    tie = _row(order).tie
    if tie is None:
        return None
    offset = tie.direction * (order.aux_price or ZERO)
    percent = tie.direction * (order.percent_offset or ZERO)
    return Peg(
        reference=tie.reference,
        side=Side(order.action),
        offset=offset,
        percent=percent or None,
        cap=order.limit_price or None,
        is_fixed=tie.is_fixed,
        only_improves=tie.is_one_way and bool(offset or percent),
    )


def limit_of(order: Order) -> Decimal | None:
    """The limit an order was sent with and works at once it is active.

    None: at the market, or at a price that its stop, a quote or another market decides.
    """
    row = _row(order)
    if row.price is Pricing.LIMIT and row.trigger is not Kind.TRAIL:
        return order.limit_price
    return None


def limit_after_trigger(order: Order, stop_price: Decimal) -> Decimal | None:
    """The limit of an order that was elected at a stop; None: at the market.

    The protected range of a stop with protection is that of `protected_limit`.
    """
    row = _row(order)
    if row.price is not Pricing.LIMIT or row.trigger is not Kind.TRAIL:
        return limit_of(order)
    if order.limit_price_offset is not None:
        return stop_price + Side(order.action).sign * order.limit_price_offset
    if order.limit_price is None or not order.trail_stop_price:
        return order.limit_price
    return stop_price + order.limit_price - order.trail_stop_price


def protected_limit(order: Order, reference: Decimal, tick: Decimal) -> Decimal:
    """How far a protected order goes from the other side of the quote, or from its stop."""
    side = Side(order.action)
    distance = abs(reference) * PROTECTED_RANGE
    return snap(reference + side.sign * distance, tick, up=side is Side.SELL)


def auction_of(order: Order) -> Auction | None:
    """The call an order is for: market and limit orders with TIF OPG are for the opening."""
    return Auction.OPEN if order.tif == "OPG" else _row(order).auction


def adjustment_trigger(order: Order, sec_type: str) -> Trigger | None:
    """When a stop is adjusted, None for an order that never is."""
    if order.adjusted_order_type in {"", "None"} or order.trigger_price is None:
        return None
    return Trigger(
        kind=Kind.TOUCH,
        side=Side(order.action),
        price=order.trigger_price,
        method=resolve(order.trigger_method, sec_type),
    )


def adjusted(order: Order) -> Order | None:
    """A stop as it is after its adjustment, None for one that has none (any more)."""
    if order.adjusted_order_type in {"", "None"}:
        return None
    name = SYNONYMS.get(order.adjusted_order_type, order.adjusted_order_type)
    plain = replace(
        order,
        order_type=name,
        limit_price=None,
        aux_price=order.adjusted_stop_price,
        trail_stop_price=None,
        trailing_percent=None,
        adjusted_order_type="",
        trigger_price=None,
    )
    row = ORDER_TYPES[name]
    if row.price is Pricing.LIMIT:
        plain = replace(plain, limit_price=order.adjusted_stop_limit_price)
    if row.trigger is not Kind.TRAIL:
        return plain
    is_amount = order.adjustable_trailing_unit == 0
    return replace(
        plain,
        trail_stop_price=order.adjusted_stop_price,
        aux_price=order.adjusted_trailing_amount if is_amount else None,
        trailing_percent=None if is_amount else order.adjusted_trailing_amount,
    )


def _row(order: Order) -> OrderType:
    return ORDER_TYPES[SYNONYMS.get(order.order_type, order.order_type)]


def _trail(order: Order, sec_type: str) -> Trigger:
    return Trigger(
        kind=Kind.TRAIL,
        side=Side(order.action),
        price=order.trail_stop_price or None,
        method=resolve(order.trigger_method, sec_type),
        trail_amount=order.aux_price,
        trail_percent=order.trailing_percent or None,
    )
