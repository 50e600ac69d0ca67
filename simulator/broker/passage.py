"""How orders pass their gates: parked at the first that is shut, on when it opens.

A stop, once elected, stays elected; a condition, once met, stays met (ours). Whatever opens
a gate, all are asked anew from the first on.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.broker import schedule
from simulator.broker.agenda import Agenda, Wake
from simulator.broker.conditional import Conditional
from simulator.broker.desk import Desk
from simulator.broker.desks import Desks
from simulator.broker.endings import Endings
from simulator.broker.families import Families
from simulator.broker.floor import AT_ONCE, Floor
from simulator.broker.gates import Situation, gate_of, is_worked
from simulator.broker.records import BrokerOrder, Change, Gate, Moved, Replaced
from simulator.broker.scribe import Scribe
from simulator.market import Market
from simulator.order_types import (
    adjusted,
    adjustment_trigger,
    auction_of,
    limit_after_trigger,
    trigger_of,
)


class Passage:
    """Parks orders and lets them on."""

    def __init__(
        self,
        scribe: Scribe,
        desks: Desks,
        endings: Endings,
        floor: Floor,
        *,
        conditional: Conditional,
        families: Families,
        agenda: Agenda,
        market: Market,
    ) -> None:
        self._scribe = scribe
        self._truth = scribe.truth
        self._desks = desks
        self._endings = endings
        self._floor = floor
        self._conditional = conditional
        self._families = families
        self._agenda = agenda
        self._market = market

    def advance(self, held: BrokerOrder) -> None:
        """Let an order pass as many gates as it can, and park it at the next."""
        gate = gate_of(held, self._situation(held))
        if gate is Gate.CONDITIONS:
            self._show_watched(held)
        if gate is Gate.CONDITIONS and self._is_met(held):
            held = replace(held, conditions_met=True)
            gate = gate_of(held, self._situation(held))
        if gate is Gate.BOOK and self._floor.is_unfillable(held):
            self._endings.reject(held, 0, "")
            return
        is_shown_held = gate is not Gate.BOOK or self._floor.begins_held(held)
        change = Change.HELD if is_shown_held else Change.ROUTED
        after = self._scribe.changed(held, change, gate=gate)
        self._scribe.write(Replaced(after))
        self.park(after)

    def park(self, held: BrokerOrder) -> None:
        order, now_ms, zone = held.order, self._scribe.now_ms, held.instrument.time_zone
        desk = self._desks.of(held.instrument)
        if order.conditions and (order.conditions_cancel_order or held.gate is Gate.CONDITIONS):
            self._watch(held)
        if held.gate is Gate.TIME:
            active_ms = schedule.active_from_ms(order, held.placed_ms, zone)
            self._agenda.plan(active_ms or now_ms, Wake.ACTIVATE, held.perm_id)
        elif held.gate is Gate.HOURS:
            desk.waiting[held.perm_id] = None
            self._plan_auction(held)
            if order.tif in AT_ONCE:
                self._floor.only_at_once(held)
        elif held.gate is Gate.TRIGGER:
            self._await_trigger(held)
        elif held.gate is Gate.BOOK:
            self._floor.work(held)

    def _await_trigger(self, held: BrokerOrder) -> None:
        desk, sec_type = self._desks.of(held.instrument), held.instrument.sec_type
        adjustment = adjustment_trigger(held.order, sec_type)
        if adjustment is not None and desk.watch_adjustment(held.perm_id, adjustment):
            self.adjust(held.perm_id)
            return
        trigger = trigger_of(held.order, sec_type)
        if trigger is None:
            raise ValueError(f"order {held.perm_id} has no trigger to wait for")
        if held.stop_price is not None:
            trigger = replace(trigger, price=held.stop_price)
        if desk.watch(held.perm_id, trigger):
            self.elect(held.perm_id)
        elif (stop := desk.triggers.price(held.perm_id)) != held.stop_price:
            self._scribe.write(Moved(replace(held, stop_price=stop)))

    def elect(self, perm_id: int) -> None:
        """The trigger of a stop was reached."""
        held = self._truth.orders[perm_id]
        if held.gate is not Gate.TRIGGER or not held.is_live:
            return  # what happened before it at this quote has ended or moved it
        self._endings.take_out(held)
        stop = held.stop_price
        limit = None if stop is None else limit_after_trigger(held.order, stop)
        self.advance(replace(held, is_triggered=True, work_limit=limit))

    def adjust(self, perm_id: int) -> None:
        """The market has come to where a stop becomes another order."""
        held = self._truth.orders[perm_id]
        order = adjusted(held.order)
        if order is not None and held.is_live:
            self._endings.take_out(held)
            self.advance(replace(held, order=order, stop_price=None))

    def look(self, con_id: int) -> None:
        """A quote has changed, or anything at all: whose conditions hold now?"""
        for perm_id in self._conditional.on(con_id):
            held = self._truth.orders[perm_id]
            if perm_id not in self._conditional or not self._is_met(held):
                continue
            self._conditional.remove(perm_id)
            if held.order.conditions_cancel_order:
                self._endings.end(held, "")
            else:
                self.advance(replace(held, conditions_met=True))

    def _is_met(self, held: BrokerOrder) -> bool:
        """Whether the conditions of an order hold, at an hour at which they count."""
        now_ms = self._scribe.now_ms
        counts = schedule.is_watched(held.order, held.instrument, self._market.sessions, now_ms)
        return counts and self._conditional.hold(held, now_ms)

    def release_children(self, parent: BrokerOrder) -> None:
        for perm_id in self._families.children(parent.perm_id):
            child = self._truth.orders[perm_id]
            is_hedge = bool(child.order.hedge_type)
            if child.is_live and child.gate is Gate.PARENT and not is_hedge:
                self.advance(child)

    def _watch(self, held: BrokerOrder) -> None:
        """Look at an order's conditions whenever something changes that they name."""
        self._conditional.add(held)
        for due_ms in self._conditional.times_ms(held, self._scribe.now_ms):
            self._agenda.plan(due_ms, Wake.LOOK, held.perm_id)

    def _show_watched(self, held: BrokerOrder) -> None:
        """Look at what the conditions of an order name, if nobody has yet."""
        for instrument in self._conditional.watched(held):
            if instrument.con_id not in self._desks:
                quote = self._market.quote(instrument, self._scribe.now_ms)
                self._desks.of(instrument).show(quote)

    def _plan_auction(self, held: BrokerOrder) -> None:
        auction = auction_of(held.order)
        if auction is not None:
            due_ms = schedule.auction_ms(
                auction, held.instrument, self._market.sessions, self._scribe.now_ms
            )
            self._agenda.plan(due_ms, Wake.AUCTION, held.perm_id)

    def close_hours(self, desk: Desk) -> None:
        """Take out of the market what may not trade at this hour."""
        hours = self._market.hours(desk.instrument, self._scribe.now_ms)
        if hours == desk.hours:
            return
        desk.hours = hours
        self.look(desk.instrument.con_id)
        for perm_id in desk.worked():
            held = self._truth.orders[perm_id]
            if not held.is_live or self.is_worked(held):
                continue
            if self._endings.is_over(held):
                self._endings.expire(held)
            else:
                self._endings.take_out(held)
                self.advance(held)

    def open_hours(self, desk: Desk) -> None:
        """Bring into the market what may trade now."""
        for perm_id in tuple(desk.waiting):
            held = self._truth.orders[perm_id]
            is_next = perm_id in desk.waiting and auction_of(held.order) is None
            if is_next and self.is_worked(held):
                self._endings.take_out(held)
                self.advance(held)

    def is_worked(self, held: BrokerOrder) -> bool:
        """Whether these are hours in which an order may trade."""
        return is_worked(held, self._situation(held))

    def _situation(self, held: BrokerOrder) -> Situation:
        parent = self._truth.orders.get(held.parent_perm_id)
        return Situation(self._scribe.now_ms, self._market.sessions, parent)
