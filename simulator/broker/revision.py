"""What an order is under new terms: what of its state they leave as it is. Pure.

A trigger that stays the same stays elected, and where it has moved to. Conditions that stay
the same stay met. Times that stay the same count from when they were given; other ones, and
those of an order that was out of force, count from now on (ours).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from simulator.broker.floor import becomes_limit
from simulator.broker.records import BrokerOrder
from simulator.order_types import auction_of, limit_after_trigger
from simulator.records import Order

_TIMES = (
    "tif",
    "good_till_date",
    "good_after_time",
    "active_start_time",
    "active_stop_time",
    "duration",
)
_TRIGGER = ("order_type", "aux_price", "trailing_percent", "trigger_method")


def revised(held: BrokerOrder, order: Order, now_ms: int) -> BrokerOrder:
    """An order with new terms, its size apart."""
    is_same_trigger = _is_same_trigger(held, order)
    return replace(
        held,
        order=order,
        work_limit=_limit_kept(held, order) if is_same_trigger else None,
        is_triggered=held.is_triggered and is_same_trigger,
        stop_price=held.stop_price if is_same_trigger else None,
        conditions_met=held.conditions_met and held.order.conditions == order.conditions,
        placed_ms=held.placed_ms if _is_same_time(held, order) else now_ms,
    )


def _is_same_time(held: BrokerOrder, after: Order) -> bool:
    """Whether new terms leave the times of an order as they are."""
    is_same_auction = auction_of(held.order) is auction_of(after)
    return is_same_auction and not held.is_inactive and _is_same(held.order, after, _TIMES)


def _is_same_trigger(held: BrokerOrder, after: Order) -> bool:
    """Whether new terms leave a trigger as it is; a trailing stop may be named where it is."""
    is_same_stop = after.trail_stop_price in {held.order.trail_stop_price, held.stop_price}
    return is_same_stop and _is_same(held.order, after, _TRIGGER)


def _is_same(before: Order, after: Order, names: tuple[str, ...]) -> bool:
    return all(getattr(before, name) == getattr(after, name) for name in names)


def _limit_kept(held: BrokerOrder, order: Order) -> Decimal | None:
    """Where an order goes on working under new terms, if that is not the limit they name."""
    if becomes_limit(held.order):
        return held.work_limit
    stop = held.stop_price if held.is_triggered else None
    return None if stop is None else limit_after_trigger(order, stop)
