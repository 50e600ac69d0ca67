"""Where an order stands: the first gate that does not let it through. Pure.

Children wait until their parent is filled completely (wire captures: they are pre-submitted
with `child`); a hedge waits for its size, which its parent tells when it is over.

Outside a calendar every hour is an hour of trading, but auctions are still at the ends of
the day (see `schedule`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.broker import schedule
from simulator.broker.hedges import is_due
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
    return next((gate for gate, is_shut in _GATES if is_shut(held, situation)), Gate.BOOK)


def is_worked(held: BrokerOrder, situation: Situation) -> bool:
    """Whether these are hours in which an order may trade."""
    return schedule.is_worked(held.order, held.instrument, situation.sessions, situation.now_ms)


def _is_untransmitted(held: BrokerOrder, _situation: Situation) -> bool:
    return not held.order.transmit


def _is_child(held: BrokerOrder, situation: Situation) -> bool:
    parent = situation.parent
    if parent is None:
        return False
    if held.order.hedge_type:
        return not (is_due(held, parent) and held.quantity)
    return parent.status is not Status.FILLED


def _is_early(held: BrokerOrder, situation: Situation) -> bool:
    zone = held.instrument.time_zone
    active_ms = schedule.active_from_ms(held.order, held.placed_ms, zone)
    return active_ms is not None and active_ms > situation.now_ms


def _is_conditional(held: BrokerOrder, _situation: Situation) -> bool:
    waits = bool(held.order.conditions) and not held.order.conditions_cancel_order
    return waits and not held.conditions_met


def _is_out_of_hours(held: BrokerOrder, situation: Situation) -> bool:
    return auction_of(held.order) is not None or not is_worked(held, situation)


def _is_untriggered(held: BrokerOrder, _situation: Situation) -> bool:
    trigger = trigger_of(held.order, held.instrument.sec_type)
    return not held.is_triggered and trigger is not None


_GATES: tuple[tuple[Gate, Callable[[BrokerOrder, Situation], bool]], ...] = (
    (Gate.TRANSMIT, _is_untransmitted),
    (Gate.PARENT, _is_child),
    (Gate.TIME, _is_early),
    (Gate.CONDITIONS, _is_conditional),
    (Gate.HOURS, _is_out_of_hours),
    (Gate.TRIGGER, _is_untriggered),
)
"""Each gate, in order, and when it is shut to an order."""


def why_held(held: BrokerOrder) -> str:
    """What a gateway says of an order that is held back, as captured."""
    if not held.is_live:
        return ""
    waits = held.gate <= Gate.TRIGGER and not held.is_triggered
    has_trigger = trigger_of(held.order, held.instrument.sec_type) is not None
    reasons = (("child", held.gate is Gate.PARENT), ("trigger", waits and has_trigger))
    return ",".join(reason for reason, is_so in reasons if is_so)
