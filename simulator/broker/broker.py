"""The broker: takes orders, passes them through their gates, works them, books what they do.

Knows no session and no message; outlives sockets and gateway restarts. Each verb returns
the events it caused, in the order in which they happened; all of them stand in the journal.

What an order waits for (`Gate`) is asked anew whenever something it waits for may have
changed, and always from the first gate on. Assumptions, each with its source:

- A stop, once elected, stays elected; a condition, once met, stays met (ours).
- Children wait until their parent is filled completely, and end with it (wire captures:
  children are pre-submitted with `child`; cancelled by the server when the parent is).
- Of a group with block (types 1 and 2) nothing trades until the rest was cancelled or
  reduced; without block (3) one quote may fill several before they are (IBKR's guide to OCA).
- Orders in an auction trade at the last price displayed then, whatever their size (ours).
- New terms put an order at the end of its line, unless only its size gets smaller (IBKR).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from simulator.broker import schedule
from simulator.broker.agenda import Agenda, Wake
from simulator.broker.appraisal import Appraiser
from simulator.broker.booking import Booking
from simulator.broker.charging import Charging
from simulator.broker.clearing import Clearing
from simulator.broker.conditional import Conditional
from simulator.broker.desk import Desk
from simulator.broker.expectation import expected_price
from simulator.broker.families import Families
from simulator.broker.gates import Situation, gate_of, is_worked
from simulator.broker.groups import Member, Rule, after_fill, is_group_cancelled, rule_of
from simulator.broker.plans import Objection, plan_of
from simulator.broker.pricing import Pricers
from simulator.broker.records import (
    Accepted,
    BrokerOrder,
    Cancelled,
    CancelRequested,
    Change,
    Entry,
    Event,
    Executed,
    Gate,
    Instruction,
    Moved,
    Refused,
    Rejected,
    Replaced,
)
from simulator.broker.scribe import Scribe
from simulator.broker.sharing import NOTHING_TO_CHANGE, Sharing, is_shared, is_shared_alike
from simulator.broker.slices import Plan
from simulator.broker.trades import expected_fills, trades_of
from simulator.broker.truth import Truth
from simulator.broker.watch import ANYTHING
from simulator.expiry import ends_ms
from simulator.instruments import ContractDatabase, Instrument
from simulator.ledger import Ledger, Position, Terms
from simulator.market import Market, Quote
from simulator.matching import MODELS, Filled, FillModel, Side, Working
from simulator.order_types import (
    Auction,
    Pricing,
    adjusted,
    adjustment_trigger,
    auction_of,
    limit_after_trigger,
    limit_of,
    order_type,
    trigger_of,
)
from simulator.records import Contract, Order, Status

ZERO = Decimal(0)
_NEVER = 1 << 62
AT_ONCE = frozenset({"IOC", "FOK"})
"""Times in force of orders that are filled as they come, or not at all."""

NO_AUCTION = {
    Auction.OPEN: "At the open order can not be executed",
    Auction.CLOSE: "At the close order can not be executed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a broker treats orders.

    `fill_model` is that of all instruments unless one is given another; `cancel_latency_ms`
    is how long a cancel is on its way, while the order may still be filled; `price_collar`
    is how far through the market a limit may be, as a part of the price (None: any);
    without `checks_funds` no order is too large for its account; `terms` are those on which
    the accounts trade.
    """

    fill_model: str = "paper"
    cancel_latency_ms: int = 0
    price_collar: Decimal | None = None
    checks_funds: bool = True
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a fill takes off the other orders of a group: `filled` out of `of`."""

    rule: Rule
    siblings: tuple[int, ...]
    filled: Decimal
    of: Decimal


class Broker:
    """Accounts, orders and executions of one login."""

    def __init__(
        self,
        *,
        database: ContractDatabase,
        market: Market,
        accounts: Sequence[str],
        seed: int,
        starting_cash: Mapping[str, Decimal],
        rules: Rules | None = None,
    ) -> None:
        self.database = database
        self.market = market
        self.rules = rules or Rules()
        self.truth = Truth(
            accounts, starting_cash, self.rules.terms, 1_000_000_000 + seed % 1_000_000 * 1_000
        )
        self.appraiser = Appraiser(database, market)
        self.on_finished: Callable[[], None] = lambda: None
        self._scribe = Scribe(self.truth)
        prefix = f"{0xE0D5 + seed % 0x10000:08x}"
        self._booking = Booking(self._scribe, Charging(self.rules.terms.plan), prefix)
        self._clearing = Clearing(self._scribe, self._booking, database, market)
        self._pricers = Pricers(market, database)
        self.sharing = Sharing(self.truth, self.appraiser)
        self._agenda = Agenda()
        self._families = Families()
        self._conditional = Conditional(self.truth, self.appraiser, database, self._quotes)
        self._desks: dict[int, Desk] = {}
        self._model: FillModel = MODELS[self.rules.fill_model]
        self._dirty: dict[int, None] = {}
        self._at_once: list[int] = []
        self._to_reduce: list[Reduction] = []
        self._ends: dict[int, int] = {}
        self._maturing: dict[int, None] = {}
        self._cancelling: dict[int, int | None] = {}
        self._on_wake: dict[Wake, Callable[[BrokerOrder], None]] = {
            Wake.ACTIVATE: self._activate,
            Wake.AUCTION: self._hold_auction,
            Wake.LOOK: self._look_again,
            Wake.SLICE: self._work_next_part,
            Wake.EXPIRE: self._expire,
            Wake.CONFIRM_CANCEL: self._confirm_cancel,
            Wake.EXERCISE: self._clearing.carry_out,
        }

    # --- what is asked ---

    @property
    def journal(self) -> list[Entry]:
        return self.truth.journal

    @property
    def ledgers(self) -> dict[str, Ledger]:
        return self.truth.ledgers

    @property
    def executions(self) -> list[Executed]:
        """All executions as they stand now, oldest first; a busted one has no shares."""
        return self.truth.executions

    @property
    def due_ms(self) -> int | None:
        """When something falls due that no quote brings about."""
        return self._agenda.due_ms

    def orders(self) -> Iterable[BrokerOrder]:
        """All orders, oldest first."""
        return self.truth.orders.values()

    def live_orders(self) -> list[BrokerOrder]:
        return [self.truth.orders[perm_id] for perm_id in self.truth.live]

    def order(self, client_id: int, order_id: int) -> BrokerOrder | None:
        """The order a client gave that id, whatever became of it."""
        return self.truth.order(client_id, order_id)

    def next_order_id(self, client_id: int) -> int:
        """The lowest id the client may use; ids are counted for each client id."""
        return self.truth.next_order_id(client_id)

    def parity(self, option: Instrument, now_ms: int) -> Decimal:
        """What exercising gains by unit of the underlying; negative out of the money."""
        return self._clearing.parity(option, now_ms)

    def positions(self, account: str) -> list[Position]:
        return list(self.ledgers[account].positions.values())

    def instruments_at_work(self) -> list[Instrument]:
        """Instruments whose quotes or hours some order waits for."""
        at_work = {con_id: None for con_id, desk in self._desks.items() if desk.is_busy()}
        at_work |= dict.fromkeys(i.con_id for i in self._conditional.instruments())
        return [self.database[con_id] for con_id in at_work]

    def waits(self, order: BrokerOrder) -> bool:
        """Whether an order waits for the hours in which its instrument is traded."""
        return order.is_live and order.gate is Gate.HOURS

    # --- journal ---

    def restore(self, entries: Sequence[Entry], now_ms: int) -> None:
        """Take up where a journal ends: every live order is parked where it stood.

        What was never transmitted is lost with the gateway that held it (IBKR).
        """
        self.truth.restore(entries)
        self._booking.resume()
        self._scribe.now_ms = now_ms
        open_orders = [held for held in self.orders() if _is_open(held)]
        for held in open_orders:
            self._desk(held.instrument)
            self._families.enter(held)
        for desk in self._desks.values():
            desk.show(self.market.quote(desk.instrument, now_ms))
        for held in open_orders:
            if held.status is Status.PENDING_SUBMIT:
                self._end(held, "")
            else:
                self._plan_end(held)
                self._park(held)
        for ledger in self.ledgers.values():
            for position in ledger.positions.values():
                self._plan_maturity(position.instrument)
        self._finish()

    # --- orders ---

    def place(
        self,
        client_id: int,
        order_id: int,
        contract: Contract,
        order: Order,
        now_ms: int,
        *,
        rejection: str = "",
    ) -> list[Event]:
        """Take a valid order, and with it the family it transmits; `rejection`: refuse it."""
        (instrument,) = self.database.find(contract)
        self._begin(now_ms, instrument)
        parent = self.order(client_id, order.parent_id) if order.parent_id else None
        new = BrokerOrder(
            perm_id=self.truth.new_perm_id(),
            client_id=client_id,
            order_id=order_id,
            account=order.account or next(iter(self.ledgers)),
            instrument=instrument,
            contract=contract,
            order=order,
            status=Status.PENDING_SUBMIT,
            gate=Gate.TRANSMIT,
            parent_perm_id=parent.perm_id if parent is not None else 0,
            placed_ms=now_ms,
            changed_ms=now_ms,
        )
        new = self._sized(new)
        self._scribe.write(Accepted(new))
        self._families.enter(new)
        if order.transmit:
            for held in (*self._untransmitted_kin(new), new):
                self._enter(self._transmitted(held), rejection if held is new else "")
        return self._finish()

    def modify(self, held: BrokerOrder, order: Order, now_ms: int) -> list[Event]:
        """Give an order new terms; an inactive one may come into force by them."""
        self._begin(now_ms, held.instrument)
        held = self.truth.orders[held.perm_id]
        if held.status is Status.PENDING_SUBMIT or not (held.is_live or held.is_inactive):
            return self._modify_unsent(held, order)
        changed = replace(
            held,
            order=order,
            work_limit=None,
            is_triggered=held.is_triggered and _same_trigger(held.order, order),
            stop_price=held.stop_price if _same_trigger(held.order, order) else None,
            conditions_met=held.conditions_met and held.order.conditions == order.conditions,
        )
        changed = self._sized(changed, held)
        objection = self._objection(changed) if changed.quantity > held.quantity else ""
        if objection:
            self._scribe.write(Refused(held, 201, objection))
        elif self._is_only_smaller(held, order):
            self._shrink(held, changed.quantity, order)
        else:
            self._take_out(held)
            self._families.enter(changed)
            self._advance(changed)
            self._plan_end(changed)
        return self._finish()

    def cancel(
        self, held: BrokerOrder, now_ms: int, reason: str = "", by_client_id: int | None = None
    ) -> list[Event]:
        """Cancel an order; what was filled stays filled.

        With a latency the cancel is only requested now, and what fills before it arrives counts.
        """
        self._begin(now_ms)
        held = self.truth.orders[held.perm_id]
        if self.rules.cancel_latency_ms and held.is_live:
            requested = self._scribe.changed(held, Change.CANCEL_REQUESTED)
            self._scribe.write(CancelRequested(requested))
            self._cancelling[held.perm_id] = by_client_id
            due_ms = now_ms + self.rules.cancel_latency_ms
            self._agenda.plan(due_ms, Wake.CONFIRM_CANCEL, held.perm_id)
        else:
            self._end(held, reason, by_client_id)
        return self._finish()

    def bind(self, held: BrokerOrder, order_id: int, now_ms: int) -> list[Event]:
        """Give an order that was entered by hand an id by which client 0 may name it."""
        self._begin(now_ms)
        self._scribe.write(Replaced(replace(held, order_id=order_id)))
        return self._finish()

    # --- what the market and the time bring ---

    def show(self, instrument: Instrument, quote: Quote, now_ms: int) -> list[Event]:
        """A quote is displayed: elect, reprice and fill what it reaches.

        By a calendar, orders leave the book when their hours are over, and come back.
        """
        self._scribe.now_ms = now_ms
        self._display(instrument, quote)
        return self._finish()

    def run_due(self, now_ms: int) -> list[Event]:
        """Do what has fallen due by a moment."""
        while (wake := self._agenda.take(now_ms)) is not None:
            self._scribe.now_ms = max(self._scribe.now_ms, wake[0])
            self._wake(wake[1], wake[2])
            self._settle()
        self._scribe.now_ms = now_ms
        return self._finish()

    # --- what a test decides ---

    def set_fill_model(self, name: str, instrument: Instrument | None = None) -> None:
        """Fill by another model from now on: one instrument, or all. Raises `KeyError`."""
        model = MODELS[name]
        if instrument is not None:
            self._desk(instrument).book.model = model
            return
        self._model = model
        for desk in self._desks.values():
            desk.book.model = model

    def fill_model(self, instrument: Instrument) -> str:
        return self._desk(instrument).book.model.name

    def fill(
        self, held: BrokerOrder, quantity: Decimal, price: Decimal, now_ms: int
    ) -> list[Event]:
        """Fill a part of a live order at a price, whatever the market shows."""
        self._begin(now_ms)
        desk = self._desk(held.instrument)
        if held.perm_id in desk.book:
            self._on_fill(desk.book.fill(held.perm_id, quantity, price))
        else:
            self._on_fill(Filled(held.perm_id, quantity, price, added=True))
        return self._finish()

    def revise(
        self, executed: Executed, *, quantity: Decimal, price: Decimal, now_ms: int
    ) -> list[Event]:
        """Correct an execution; with no shares it is busted. The order's status stays."""
        self._begin(now_ms)
        self._booking.revise(executed, quantity=quantity, price=price)
        return self._finish()

    def move_cash(self, account: str, currency: str, amount: Decimal, now_ms: int) -> list[Event]:
        """Pay money into an account, or out of it if negative."""
        self._begin(now_ms)
        self._clearing.move_cash(account, currency, amount)
        return self._finish()

    # --- options ---

    def instruct(
        self,
        instruction: Instruction,
        option: Instrument,
        *,
        client_id: int,
        order_id: int,
        account: str,
        quantity: Decimal,
        now_ms: int,
        due_ms: int,
    ) -> list[Event]:
        """Take an instruction for an option held, to be carried out at a time."""
        self._begin(now_ms)
        order = self._clearing.instruct(
            instruction,
            option,
            client_id=client_id,
            order_id=order_id,
            account=account,
            quantity=quantity,
        )
        self._agenda.plan(due_ms, Wake.EXERCISE, order.perm_id)
        return self._finish()

    # --- gates ---

    def _enter(self, held: BrokerOrder, rejection: str = "") -> None:
        """The broker takes an order that was transmitted, or rejects it."""
        is_idle = is_shared(held.order) and not held.quantity
        objection = rejection or (NOTHING_TO_CHANGE if is_idle else self._objection(held))
        if objection:
            self._reject(held, 201, objection)
            return
        self._advance(held)
        self._plan_end(held)

    def _advance(self, held: BrokerOrder) -> None:
        """Let an order pass as many gates as it can, and park it at the next."""
        gate = gate_of(held, self._situation(held))
        if gate is Gate.CONDITIONS:
            self._show_watched(held)
        if gate is Gate.CONDITIONS and self._conditional.hold(held, self._scribe.now_ms):
            held = replace(held, conditions_met=True)
            gate = gate_of(held, self._situation(held))
        is_shown_held = gate is not Gate.BOOK or _begins_held(held)
        change = Change.HELD if is_shown_held else Change.ROUTED
        after = self._scribe.changed(held, change, gate=gate)
        self._scribe.write(Replaced(after))
        self._park(after)

    def _park(self, held: BrokerOrder) -> None:
        order, now_ms, zone = held.order, self._scribe.now_ms, held.instrument.time_zone
        desk = self._desk(held.instrument)
        if order.conditions and (order.conditions_cancel_order or held.gate is Gate.CONDITIONS):
            self._watch(held)
        if held.gate is Gate.TIME:
            active_ms = schedule.active_from_ms(order, held.placed_ms, zone)
            self._agenda.plan(active_ms or now_ms, Wake.ACTIVATE, held.perm_id)
        elif held.gate is Gate.HOURS:
            desk.waiting[held.perm_id] = None
            self._plan_auction(held)
            if order.tif in AT_ONCE:
                self._at_once.append(held.perm_id)
        elif held.gate is Gate.TRIGGER:
            self._await_trigger(held)
        elif held.gate is Gate.BOOK:
            self._work(held)

    def _await_trigger(self, held: BrokerOrder) -> None:
        desk, sec_type = self._desk(held.instrument), held.instrument.sec_type
        adjustment = adjustment_trigger(held.order, sec_type)
        if adjustment is not None:
            desk.adjustments.add(held.perm_id, adjustment)
        trigger = trigger_of(held.order, sec_type)
        if trigger is None:
            raise ValueError(f"order {held.perm_id} has no trigger to wait for")
        if held.stop_price is not None:
            trigger = replace(trigger, price=held.stop_price)
        if desk.watch(held.perm_id, trigger):
            self._elect(held.perm_id)
        elif (stop := desk.triggers.price(held.perm_id)) != held.stop_price:
            self._scribe.write(Moved(replace(held, stop_price=stop)))

    def _elect(self, perm_id: int) -> None:
        """The trigger of a stop was reached."""
        held = self.truth.orders[perm_id]
        self._take_out(held)
        stop = held.stop_price
        limit = None if stop is None else limit_after_trigger(held.order, stop)
        self._advance(replace(held, is_triggered=True, work_limit=limit))

    def _adjust(self, perm_id: int) -> None:
        """The market has come to where a stop becomes another order."""
        held = self.truth.orders[perm_id]
        order = adjusted(held.order)
        if order is not None:
            self._take_out(held)
            self._advance(replace(held, order=order, stop_price=None))

    def _look(self, con_id: int) -> None:
        """A quote has changed, or anything at all: whose conditions hold now?"""
        for perm_id in self._conditional.on(con_id):
            held = self.truth.orders[perm_id]
            if not self._conditional.hold(held, self._scribe.now_ms):
                continue
            self._conditional.remove(perm_id)
            if held.order.conditions_cancel_order:
                self._end(held, "")
            else:
                self._advance(replace(held, conditions_met=True))

    def _watch(self, held: BrokerOrder) -> None:
        """Look at an order's conditions whenever something changes that they name."""
        self._conditional.add(held)
        for due_ms in self._conditional.times_ms(held, self._scribe.now_ms):
            self._agenda.plan(due_ms, Wake.LOOK, held.perm_id)

    def _show_watched(self, held: BrokerOrder) -> None:
        """Look at what the conditions of an order name, if nobody has yet."""
        for instrument in self._conditional.watched(held):
            if instrument.con_id not in self._desks:
                quote = self.market.quote(instrument, self._scribe.now_ms)
                self._desk(instrument).show(quote)

    def _plan_auction(self, held: BrokerOrder) -> None:
        auction = auction_of(held.order)
        if auction is not None:
            due_ms = schedule.auction_ms(
                auction, held.instrument, self.market.sessions, self._scribe.now_ms
            )
            self._agenda.plan(due_ms, Wake.AUCTION, held.perm_id)

    def _situation(self, held: BrokerOrder) -> Situation:
        parent = self.truth.orders.get(held.parent_perm_id)
        return Situation(self._scribe.now_ms, self.market.sessions, parent)

    # --- hours ---

    def _close_hours(self, desk: Desk) -> None:
        """Take out of the market what may not trade at this hour."""
        hours = self.market.hours(desk.instrument, self._scribe.now_ms)
        if hours == desk.hours:
            return
        desk.hours = hours
        for perm_id in desk.worked():
            held = self.truth.orders[perm_id]
            if not is_worked(held, self._situation(held)):
                self._take_out(held)
                self._advance(held)

    def _open_hours(self, desk: Desk) -> None:
        """Bring into the market what may trade now."""
        for perm_id in tuple(desk.waiting):
            held = self.truth.orders[perm_id]
            if auction_of(held.order) is None and is_worked(held, self._situation(held)):
                self._take_out(held)
                self._advance(held)

    def _auction(self, held: BrokerOrder) -> None:
        """Trade at the price of the auction, or end."""
        self._take_out(held)
        price, limit = self._desk(held.instrument).view.last, held.order.limit_price
        side = Side(held.order.action)
        if limit_of(held.order) is None or limit is None or side.sign * (limit - price) >= 0:
            self._on_fill(Filled(held.perm_id, held.remaining, price, added=False))
        else:
            auction = auction_of(held.order)
            self._end(held, NO_AUCTION[auction] if auction is not None else "")

    # --- work ---

    def _work(self, held: BrokerOrder) -> None:
        desk, order = self._desk(held.instrument), held.order
        reason = self._beyond_collar(held)
        if reason:
            self._cancel_by_system(held, reason)
            return
        working = _working(held)
        if order.tif == "FOK" and desk.book.reachable(working) < held.remaining:
            self._reject(held, 0, "")
            return
        price = self._pricers.of(held)
        plan = self._plan(held)
        if isinstance(plan, Objection):
            self._cancel_by_system(held, plan.reason)
            return
        if plan is not None:
            desk.plan(working, plan)
            self._work_part(held)
            return
        desk.work(working, price, self._scribe.now_ms)
        if working.limit != held.work_limit and price is not None:
            self._scribe.write(Moved(replace(held, work_limit=working.limit)))
        self._dirty[held.instrument.con_id] = None
        if order.tif in AT_ONCE:
            self._at_once.append(held.perm_id)

    def _cancel_by_system(self, held: BrokerOrder, reason: str) -> None:
        """Cancel what was accepted and cannot be worked, as captured."""
        requested = self._scribe.changed(held, Change.CANCEL_REQUESTED)
        self._scribe.write(CancelRequested(requested))
        self._end(requested, reason)

    def _plan(self, held: BrokerOrder) -> Plan | Objection | None:
        """How an order is worked in parts, from when it may first be worked."""
        zone, since_ms = held.instrument.time_zone, held.placed_ms
        from_ms = schedule.active_from_ms(held.order, since_ms, zone) or since_ms
        return plan_of(held.order, held.instrument, self.market.sessions, from_ms, zone)

    def _work_part(self, held: BrokerOrder) -> None:
        """Bring into the book what of an order belongs there now."""
        desk, now_ms = self._desk(held.instrument), self._scribe.now_ms
        due_ms, ends_ms_ = desk.work_part(held.perm_id, held.filled, now_ms)
        if due_ms is not None:
            self._agenda.plan(due_ms, Wake.SLICE, held.perm_id)
        if ends_ms_ is not None and ends_ms_ < self._ends.get(held.perm_id, _NEVER):
            self._ends[held.perm_id] = ends_ms_
            self._agenda.plan(ends_ms_, Wake.EXPIRE, held.perm_id)
        self._dirty[held.instrument.con_id] = None

    def _work_parts(self, desk: Desk) -> None:
        """The volume has changed: some orders are worked by it."""
        for perm_id in tuple(desk.planned):
            self._work_part(self.truth.orders[perm_id])

    def _beyond_collar(self, held: BrokerOrder) -> str:
        """Why a limit too far through the market is not accepted, as captured."""
        collar, limit = self.rules.price_collar, limit_of(held.order)
        if collar is None or limit is None or held.instrument.sec_type != "STK":
            return ""
        market = self._desk(held.instrument).view.last
        side = Side(held.order.action)
        bound = market * (1 + side.sign * collar)
        if side.sign * (limit - bound) < 0:
            return ""
        return (
            f"We cannot accept an order at a limit price at or more aggressive than {bound:.6f}. "
            "Please submit your order using a limit price that is closer to the current market "
            f"price of {market}."
        )

    def _settle(self) -> None:
        """Match until nothing does any more; each fill may set off others."""
        while self._dirty:
            con_id = next(iter(self._dirty))
            fills = self._desks[con_id].book.next()
            for fill in fills:
                self._on_fill(fill)
            if not fills:
                del self._dirty[con_id]
                self._reduce_siblings()
        at_once, self._at_once = self._at_once, []
        for perm_id in at_once:
            held = self.truth.orders[perm_id]
            if held.is_live:
                self._end(held, "")

    def _on_fill(self, fill: Filled) -> None:
        before = self.truth.orders[fill.key]
        after = before
        got = self.truth.shares_of(fill.key)
        for trade in trades_of(before, fill, self.market, self._scribe.now_ms, got):
            after = self._booking.book(after, trade).order
            self._plan_maturity(trade.instrument)
        self._tell_group(before, fill.quantity)
        if after.status is Status.FILLED:
            self._forget(after)
            self._release_children(after)
        elif after.work_limit is None and _becomes_limit(after):
            self._take_out(after)
            self._advance(replace(after, work_limit=fill.price))
        elif after.perm_id in self._desk(after.instrument).planned:
            self._work_part(after)
        self._look(ANYTHING)

    # --- kin ---

    def _tell_group(self, filled: BrokerOrder, quantity: Decimal) -> None:
        """What a fill does to the other orders of its group; `filled` is as it was before."""
        siblings = self._families.siblings(filled.perm_id)
        if not siblings:
            return
        rule = rule_of(filled.order)
        self._to_reduce.append(Reduction(rule, siblings, quantity, filled.remaining))
        if rule.is_blocking:
            self._reduce_siblings()

    def _reduce_siblings(self) -> None:
        """Take off the other members of a group what one of them has filled."""
        to_reduce, self._to_reduce = self._to_reduce, []
        for reduction in to_reduce:
            orders = (self.truth.orders[perm_id] for perm_id in reduction.siblings)
            members = [
                Member(held.perm_id, held.remaining, _step(held))
                for held in orders
                if _is_open(held)
            ]
            left = after_fill(reduction.rule, reduction.filled, reduction.of, members)
            for perm_id, remaining in left.items():
                self._reduce(self.truth.orders[perm_id], remaining)

    def _reduce(self, held: BrokerOrder, remaining: Decimal) -> None:
        if not _is_open(held):
            return
        if remaining:
            quantity = held.filled + remaining
            self._shrink(held, quantity, replace(held.order, total_quantity=quantity))
        else:
            self._end(held, "")

    def _shrink(self, held: BrokerOrder, quantity: Decimal, order: Order) -> None:
        """Make an order smaller; it keeps its place in line."""
        desk = self._desk(held.instrument)
        after = replace(held, order=order, changed_ms=self._scribe.now_ms)
        after = self.sharing.resized(after, quantity)
        self._scribe.write(Replaced(after))
        desk.resize(held.perm_id, after.remaining)

    def _release_children(self, parent: BrokerOrder) -> None:
        for perm_id in self._families.children(parent.perm_id):
            child = self.truth.orders[perm_id]
            if child.is_live and child.gate is Gate.PARENT:
                self._advance(child)

    def _untransmitted_kin(self, child: BrokerOrder) -> list[BrokerOrder]:
        """The parent and its other children, as far as they were never transmitted."""
        if not child.parent_perm_id:
            return []
        kin = (child.parent_perm_id, *self._families.children(child.parent_perm_id))
        held = (self.truth.orders[perm_id] for perm_id in kin if perm_id != child.perm_id)
        return [order for order in held if order.status is Status.PENDING_SUBMIT]

    # --- ends ---

    def _reject(self, held: BrokerOrder, code: int, reason: str) -> None:
        self._take_out(held)
        after = self._scribe.changed(held, Change.REJECTED, ending=reason)
        self._scribe.write(Rejected(after, code, reason))
        self._forget(after)

    def _end(self, held: BrokerOrder, reason: str, by_client_id: int | None = None) -> None:
        """Cancel an order and what hangs on it."""
        self._take_out(held)
        ending = reason or "Cancelled by Trader"
        after = self._scribe.changed(held, Change.CANCELLED, ending=ending)
        self._scribe.write(Cancelled(after, reason, by_client_id))
        siblings = self._families.siblings(held.perm_id)
        self._forget(after)
        if is_group_cancelled(by_client_id):
            for perm_id in siblings:
                self._end_if_open(perm_id)
        for perm_id in self._families.children(held.perm_id):
            self._end_if_open(perm_id)
        if held.order.auto_cancel_parent and held.parent_perm_id:
            self._end_if_open(held.parent_perm_id)

    def _end_if_open(self, perm_id: int) -> None:
        held = self.truth.orders[perm_id]
        if _is_open(held):
            self._end(held, "")

    def _plan_end(self, held: BrokerOrder) -> None:
        """Plan when an order expires by its time in force."""
        held = self.truth.orders[held.perm_id]
        expires_ms = schedule.expires_ms(
            held.order,
            held.instrument,
            self.market.sessions,
            held.placed_ms,
            held.instrument.time_zone,
        )
        self._ends.pop(held.perm_id, None)
        if held.is_live and expires_ms is not None:
            self._ends[held.perm_id] = expires_ms
            self._agenda.plan(expires_ms, Wake.EXPIRE, held.perm_id)

    def _expire(self, held: BrokerOrder) -> None:
        """The time in force is over; DTC only deactivates an order."""
        if self._ends.get(held.perm_id, _NEVER) > self._scribe.now_ms:
            return
        if held.order.tif == "DTC":
            self._reject(held, 0, "")
        else:
            self._end(held, "")

    def _forget(self, held: BrokerOrder) -> None:
        """An order is over, or out of force: nothing waits for it any more."""
        self._desk(held.instrument).take_out(held.perm_id)
        self._conditional.remove(held.perm_id)
        self._families.leave(held.perm_id)
        self._ends.pop(held.perm_id, None)

    def _take_out(self, held: BrokerOrder) -> None:
        """Out of wherever an order stands, to be parked anew or never again."""
        self._desk(held.instrument).take_out(held.perm_id)
        self._conditional.remove(held.perm_id)

    # --- inside ---

    def _begin(self, now_ms: int, instrument: Instrument | None = None) -> None:
        """Start an operation, with what is displayed at that moment."""
        self._scribe.now_ms = now_ms
        if instrument is not None:
            self._display(instrument, self.market.quote(instrument, now_ms))
            self._settle()

    def _finish(self) -> list[Event]:
        self._settle()
        self.on_finished()
        return self._scribe.take()

    def _desk(self, instrument: Instrument) -> Desk:
        desk = self._desks.get(instrument.con_id)
        if desk is None:
            desk = self._desks[instrument.con_id] = Desk(instrument, self._model)
        return desk

    def _display(self, instrument: Instrument, quote: Quote) -> None:
        desk = self._desk(instrument)
        desk.book.is_halted = self.market.is_halted(instrument)
        self._close_hours(desk)
        if desk.quote is not quote:
            shown = desk.show(quote)
            for perm_id, stop in shown.trailed:
                self._scribe.write(Moved(replace(self.truth.orders[perm_id], stop_price=stop)))
            for perm_id in shown.adjusted:
                self._adjust(perm_id)
            for perm_id in shown.elected:
                self._elect(perm_id)
            self._look(instrument.con_id)
            self._work_parts(desk)
        for perm_id, limit in desk.reprice(self._scribe.now_ms):
            self._scribe.write(Moved(replace(self.truth.orders[perm_id], work_limit=limit)))
        self._open_hours(desk)
        self._dirty[instrument.con_id] = None

    def _quotes(self, con_id: int) -> tuple[Quote | None, Quote | None]:
        desk = self._desks.get(con_id)
        return (None, None) if desk is None else (desk.quote, desk.before)

    def _wake(self, wake: Wake, key: int) -> None:
        if wake is Wake.MATURE:
            self._mature(self.database[key])
        else:
            self._wake_order(wake, key)

    def _mature(self, instrument: Instrument) -> None:
        """Settle what is held of a derivative whose last day is over, and end its orders."""
        self._maturing.pop(instrument.con_id, None)
        for held in self.live_orders():
            if held.instrument.con_id == instrument.con_id:
                self._end(held, "")
        self._clearing.settle(instrument)

    def _wake_order(self, wake: Wake, perm_id: int) -> None:
        held = self.truth.orders[perm_id]
        if not held.is_live:
            return
        self._display(held.instrument, self.market.quote(held.instrument, self._scribe.now_ms))
        held = self.truth.orders[perm_id]
        if held.is_live:
            self._on_wake[wake](held)

    def _activate(self, held: BrokerOrder) -> None:
        if held.gate is Gate.TIME:
            self._advance(held)

    def _hold_auction(self, held: BrokerOrder) -> None:
        if held.gate is Gate.HOURS and held.perm_id in self._desk(held.instrument).waiting:
            self._auction(held)

    def _work_next_part(self, held: BrokerOrder) -> None:
        if held.perm_id in self._desk(held.instrument).planned:
            self._work_part(held)

    def _look_again(self, held: BrokerOrder) -> None:
        del held
        self._look(ANYTHING)

    def _confirm_cancel(self, held: BrokerOrder) -> None:
        if held.status is Status.PENDING_CANCEL:
            self._end(held, "", self._cancelling.pop(held.perm_id, None))

    def _transmitted(self, held: BrokerOrder) -> BrokerOrder:
        return replace(held, order=replace(held.order, transmit=True))

    def _modify_unsent(self, held: BrokerOrder, order: Order) -> list[Event]:
        """New terms of an order that was never transmitted; they may transmit it."""
        changed = self._sized(replace(held, order=order), held)
        self._families.enter(changed)
        self._scribe.write(Replaced(changed))
        if order.transmit:
            self._enter(changed)
        return self._finish()

    def _is_only_smaller(self, held: BrokerOrder, order: Order) -> bool:
        """Whether new terms take off size and change nothing else, while the order is worked."""
        same = replace(held.order, total_quantity=order.total_quantity) == order
        quantity = order.total_quantity or ZERO
        is_worked_ = self._desk(held.instrument).is_worked(held.perm_id)
        return same and is_worked_ and held.filled < quantity < held.quantity

    def _sized(self, held: BrokerOrder, before: BrokerOrder | None = None) -> BrokerOrder:
        """An order with its size, and the shares of a group; `before` it had other terms."""
        order, instrument = held.order, held.instrument
        quantity = self._quantity(instrument, order)
        if before is not None and is_shared_alike(before.order, order):
            return replace(held, quantity=before.quantity if held.shares else quantity)
        shares = self.sharing.of(order, instrument, quantity, self._scribe.now_ms)
        size = sum((share for _, share in shares), ZERO) if shares else quantity
        return replace(held, quantity=size, shares=shares)

    def _quantity(self, instrument: Instrument, order: Order) -> Decimal:
        """The size of an order; one for an amount of money buys what that is worth now."""
        if not order.cash_quantity:
            return order.total_quantity or ZERO
        price = expected_price(order, self.market.quote(instrument, self._scribe.now_ms))
        worth = price * instrument.price_multiplier
        steps = order.cash_quantity / worth // instrument.size_increment
        return steps * instrument.size_increment

    def _objection(self, held: BrokerOrder) -> str:
        """Why an account cannot bear an order, if so; attached orders are not asked (ours)."""
        order, instrument, now_ms = held.order, held.instrument, self._scribe.now_ms
        if not self.rules.checks_funds or held.parent_perm_id:
            return ""
        price = expected_price(order, self.market.quote(instrument, now_ms))
        sign = Side(order.action).sign
        for account, quantity in self.sharing.to_come(held):
            fills = expected_fills(instrument, sign * quantity, price, self.market, now_ms)
            objection = self.appraiser.objection(self.ledgers[account], fills, now_ms)
            if objection:
                return objection
        return ""

    def _plan_maturity(self, instrument: Instrument) -> None:
        end_ms = ends_ms(instrument)
        if end_ms is not None and instrument.con_id not in self._maturing:
            self._maturing[instrument.con_id] = None
            self._agenda.plan(end_ms, Wake.MATURE, instrument.con_id)


def _is_open(held: BrokerOrder) -> bool:
    return held.is_live or held.status is Status.PENDING_SUBMIT


def _step(held: BrokerOrder) -> Decimal:
    """What the size of an order is counted in: whole orders stay whole."""
    is_whole = held.quantity % 1 == 0
    return (
        max(Decimal(1), held.instrument.size_increment)
        if is_whole
        else held.instrument.size_increment
    )


def _begins_held(held: BrokerOrder) -> bool:
    """Market buys begin pre-submitted in every public capture, market sales do not."""
    is_new = held.status is Status.PENDING_SUBMIT
    return is_new and held.order.order_type == "MKT" and held.order.action == Side.BUY


def _becomes_limit(held: BrokerOrder) -> bool:
    """Whether what is left of an order works at the price of its first fill."""
    row = order_type(held.order.order_type)
    return row is not None and row.price is Pricing.MARKET_TO_LIMIT


def _same_trigger(before: Order, after: Order) -> bool:
    names = ("order_type", "aux_price", "trail_stop_price", "trailing_percent", "trigger_method")
    return all(getattr(before, name) == getattr(after, name) for name in names)


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
        display=_display_size(order),
    )


def _display_size(order: Order) -> Decimal | None:
    if order.hidden:
        return ZERO
    return Decimal(order.display_size) if order.display_size else None
