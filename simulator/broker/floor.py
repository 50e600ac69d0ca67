"""Where orders are worked: entered at their desk, matched, filled, in parts or in an auction.

What follows from a fill for orders that wait elsewhere is told to `Onward`. Orders in an
auction trade at the last price displayed then, whatever their size (ours); in a halt there is
none.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from typing import Protocol

from simulator.broker import schedule
from simulator.broker.agenda import Agenda, Wake
from simulator.broker.booking import Booking
from simulator.broker.checks import Checks
from simulator.broker.desk import Desk
from simulator.broker.desks import Desks
from simulator.broker.endings import Endings
from simulator.broker.plans import Objection, plan_of
from simulator.broker.pricing import Pricers
from simulator.broker.records import BrokerOrder, Moved
from simulator.broker.scribe import Scribe
from simulator.broker.slices import Plan
from simulator.broker.trades import trades_of
from simulator.broker.watch import ANYTHING
from simulator.expiry import ends_ms
from simulator.instruments import Instrument
from simulator.market import Market
from simulator.matching import Filled, Side, Working
from simulator.order_types import Pricing, limit_of, order_type
from simulator.records import Order, Status

ZERO = Decimal(0)
MAX_TIPS = 100
"""An order for a million that showed one at a time would be a million fills."""

AT_ONCE = frozenset({"IOC", "FOK"})
"""Times in force of orders that are filled as they come, or not at all."""


class Onward(Protocol):
    """What fills let on: orders that were converted, children, conditions."""

    def advance(self, held: BrokerOrder) -> None: ...
    def release_children(self, parent: BrokerOrder) -> None: ...
    def look(self, con_id: int) -> None: ...


class Floor:
    """Works orders that have passed their gates."""

    def __init__(
        self,
        scribe: Scribe,
        desks: Desks,
        endings: Endings,
        *,
        booking: Booking,
        pricers: Pricers,
        checks: Checks,
        agenda: Agenda,
        market: Market,
    ) -> None:
        self._scribe = scribe
        self._truth = scribe.truth
        self._desks = desks
        self._endings = endings
        self._booking = booking
        self._pricers = pricers
        self._checks = checks
        self._agenda = agenda
        self._market = market
        self._at_once: list[int] = []
        self._maturing: dict[int, None] = {}
        self.onward: Onward

    def work(self, held: BrokerOrder) -> None:
        desk, order = self._desks.of(held.instrument), held.order
        reason = self._checks.beyond_collar(held, desk.view)
        if reason:
            self._endings.cancel_by_system(held, reason)
            return
        working = _working(held)
        price = self._pricers.of(held)
        plan = self._plan(held)
        if isinstance(plan, Objection):
            self._endings.cancel_by_system(held, plan.reason)
            return
        if plan is not None:
            if plan.ends_ms is not None and plan.ends_ms < self._scribe.now_ms:
                self._endings.end(held, "")
                return
            desk.plan(working, plan)
            self.work_part(held)
            return
        desk.work(working, price, self._scribe.now_ms)
        if working.limit != held.work_limit and price is not None:
            self._scribe.write(Moved(replace(held, work_limit=working.limit)))
        self._desks.touch(held.instrument)
        if order.tif in AT_ONCE:
            self.only_at_once(held)

    def is_unfillable(self, held: BrokerOrder) -> bool:
        """Whether an order to be filled at once or not at all cannot be."""
        book = self._desks.of(held.instrument).book
        return held.order.tif == "FOK" and book.reachable(_working(held)) < held.remaining

    def begins_held(self, held: BrokerOrder) -> bool:
        """Market buys begin pre-submitted in every public capture, market sales do not.

        So does what is cancelled for its limit.
        """
        is_new = held.status is Status.PENDING_SUBMIT
        is_purchase = held.order.order_type == "MKT" and held.order.action == Side.BUY
        view = self._desks.of(held.instrument).view
        return is_new and (is_purchase or bool(self._checks.beyond_collar(held, view)))

    def _plan(self, held: BrokerOrder) -> Plan | Objection | None:
        """How an order is worked in parts, from when it may first be worked."""
        zone, since_ms = held.instrument.time_zone, held.placed_ms
        from_ms = schedule.active_from_ms(held.order, since_ms, zone) or since_ms
        return plan_of(held.order, held.instrument, self._market.sessions, from_ms, zone)

    def work_part(self, held: BrokerOrder) -> None:
        """Bring into the book what of an order belongs there now."""
        desk, now_ms = self._desks.of(held.instrument), self._scribe.now_ms
        due_ms, plan_ends_ms = desk.work_part(held.perm_id, held.filled, now_ms)
        if due_ms is not None:
            self._agenda.plan(due_ms, Wake.SLICE, held.perm_id)
        if plan_ends_ms is not None:
            self._endings.end_by(held, plan_ends_ms)
        self._desks.touch(held.instrument)

    def work_next_part(self, held: BrokerOrder) -> None:
        """The time of the next part has come, if the order is still worked in parts."""
        if held.perm_id in self._desks.of(held.instrument).planned:
            self.work_part(held)

    def work_again(self, held: BrokerOrder) -> None:
        """Other fills count than did when an order was entered: work what is left of it now."""
        desk = self._desks.of(held.instrument)
        if held.perm_id in desk.planned:
            desk.recall(held.perm_id)
            self.work_part(held)
        elif desk.is_worked(held.perm_id):
            desk.resize(held.perm_id, held.remaining)
            self._desks.touch(held.instrument)

    def work_parts(self, desk: Desk) -> None:
        """The volume has changed: some orders are worked by it."""
        for perm_id in tuple(desk.planned):
            self.work_part(self._truth.orders[perm_id])

    def settle(self) -> None:
        """Match until nothing does any more; each fill may set off others."""
        while (desk := self._desks.next_touched()) is not None:
            fills = desk.book.next()
            self.on_fill(*fills)
            if not fills:
                self._desks.leave(desk)
                self._endings.reduce_siblings()
        at_once, self._at_once = self._at_once, []
        for perm_id in at_once:
            held = self._truth.orders[perm_id]
            if held.is_live:
                self._endings.cancel_by_system(held, "")

    def on_fill(self, *fills: Filled) -> None:
        """Book what was traded, both sides of it, and then see to what follows from that."""
        before = [self._truth.orders[fill.key] for fill in fills]
        for fill, held in zip(fills, before, strict=True):
            self._book(held, fill)
        for fill, held in zip(fills, before, strict=True):
            self._endings.sequels.filled(held, fill, self._scribe.now_ms)
            self._endings.tell_group(held, fill.quantity)
            self._follow(self._truth.orders[fill.key], fill)
            self._desks.touch(held.instrument)
        if fills:
            self.onward.look(ANYTHING)

    def _book(self, held: BrokerOrder, fill: Filled) -> None:
        got = self._truth.shares_of(fill.key)
        for trade in trades_of(held, fill, self._market, self._scribe.now_ms, got):
            held = self._booking.book(held, trade).order
            self.plan_maturity(trade.instrument)

    def _follow(self, after: BrokerOrder, fill: Filled) -> None:
        """What a fill means for its order, unless the other side of the trade has ended it."""
        if after.status is Status.FILLED:
            self._endings.forget(after)
            self.onward.release_children(after)
            self._endings.sequels.over(after)
        elif not after.is_live:
            return
        elif after.work_limit is None and becomes_limit(after.order):
            self._endings.take_out(after)
            self.onward.advance(replace(after, work_limit=fill.price))
        elif after.perm_id in self._desks.of(after.instrument).planned:
            self.work_part(after)

    def hold_auction(self, held: BrokerOrder) -> None:
        """Trade at the price of the auction; what it does not reach waits for its end."""
        desk = self._desks.of(held.instrument)
        price, limit = desk.view.last, limit_of(held.order)
        side = Side(held.order.action)
        if held.perm_id not in desk.waiting or not desk.book.is_matching:
            return
        if limit is None or side.sign * (limit - price) >= 0:
            self._endings.take_out(held)
            self.on_fill(Filled(held.perm_id, held.remaining, price, added=False))

    def only_at_once(self, held: BrokerOrder) -> None:
        """End what is left of an order when this operation is over."""
        self._at_once.append(held.perm_id)

    def plan_maturity(self, instrument: Instrument) -> None:
        """Look at an instrument, or at the legs of a combination, when the last day is over."""
        for leg in instrument.legs:
            self.plan_maturity(leg.instrument)
        end_ms = ends_ms(instrument)
        if end_ms is not None and instrument.con_id not in self._maturing:
            self._maturing[instrument.con_id] = None
            self._agenda.plan(end_ms, Wake.MATURE, instrument.con_id)

    def matured(self, instrument: Instrument) -> None:
        """The last day of an instrument is over."""
        self._maturing.pop(instrument.con_id, None)


def becomes_limit(order: Order) -> bool:
    """Whether what is left of an order works at the price of its first fill."""
    row = order_type(order.order_type)
    return row is not None and row.price is Pricing.MARKET_TO_LIMIT


def _working(held: BrokerOrder) -> Working:
    order = held.order
    limit = held.work_limit if held.work_limit is not None else limit_of(order)
    return Working(
        key=held.perm_id,
        owner=held.client_id,
        side=Side(order.action),
        remaining=held.remaining,
        limit=limit,
        all_or_none=order.all_or_none or order.tif == "FOK",
        min_quantity=Decimal(order.min_quantity or 0) if not held.filled else ZERO,
        display=_display_size(held),
    )


def _display_size(held: BrokerOrder) -> Decimal | None:
    """Only US stocks at SMART have one; of others it is ignored, with a warning.

    There are no more than `MAX_TIPS` parts (ours).
    """
    order, instrument = held.order, held.instrument
    if order.hidden:
        return ZERO
    is_us_stock = (instrument.sec_type, instrument.currency) == ("STK", "USD")
    if not (is_us_stock and held.contract.exchange == "SMART" and order.display_size):
        return None
    least = (held.quantity / MAX_TIPS).to_integral_value(ROUND_CEILING)
    return max(Decimal(order.display_size), least)
