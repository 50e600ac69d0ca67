"""Where an order stands: the first gate that does not let it through. Pure.

Outside a calendar every hour is an hour of trading, but auctions are still at the ends of
the day (see `schedule`).
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.broker import schedule
from simulator.broker.records import BrokerOrder, Gate
from simulator.market import Sessions
from simulator.order_types import auction_of, trigger_of
from simulator.records import Status


@dataclass(frozen=True, slots=True)
class Situation:
    """What the gates of an order are asked about."""

    now_ms: int
    sessions: Sessions
    parent: BrokerOrder | None


def gate_of(held: BrokerOrder, situation: Situation) -> Gate:
    """The first gate that an order does not pass; `BOOK` if it passes all."""
    order, parent = held.order, situation.parent
    if not order.transmit:
        return Gate.TRANSMIT
    if parent is not None and parent.status is not Status.FILLED:
        return Gate.PARENT
    zone = held.instrument.time_zone
    active_ms = schedule.active_from_ms(order, held.placed_ms, zone)
    if active_ms is not None and active_ms > situation.now_ms:
        return Gate.TIME
    if order.conditions and not order.conditions_cancel_order and not held.conditions_met:
        return Gate.CONDITIONS
    if auction_of(order) is not None or not is_worked(held, situation):
        return Gate.HOURS
    if not held.is_triggered and trigger_of(order, held.instrument.sec_type) is not None:
        return Gate.TRIGGER
    return Gate.BOOK


def is_worked(held: BrokerOrder, situation: Situation) -> bool:
    """Whether these are hours in which an order may trade."""
    return schedule.is_worked(
        held.order, held.instrument, situation.sessions, situation.now_ms
    )


def why_held(held: BrokerOrder) -> str:
    """What a gateway says of an order that is held back, as captured."""
    if not held.is_live:
        return ""
    waits = held.gate <= Gate.TRIGGER and not held.is_triggered
    has_trigger = trigger_of(held.order, held.instrument.sec_type) is not None
    reasons = (("child", held.gate is Gate.PARENT), ("trigger", waits and has_trigger))
    return ",".join(reason for reason, is_so in reasons if is_so)
