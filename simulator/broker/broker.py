"""The broker's verbs: what clients, the market, the time and a test may have it do.

How an order passes its gates, is worked and ends are other rooms (`passage`, `floor`,
`endings`); here is in which order they are asked, and what is planned for later.

Knows no session and no message; outlives sockets and gateway restarts. Each verb returns
the events it caused, in the order in which they happened; all of them stand in the journal.

New terms put an order at the end of its line, unless only its size gets smaller (IBKR). An
operation is over when nothing matches any more; what it has set off is part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from simulator.broker.agenda import Agenda
from simulator.broker.appraisal import Appraiser
from simulator.broker.booking import Booking
from simulator.broker.charging import Charging
from simulator.broker.checks import Checks, Rules
from simulator.broker.clearing import Clearing
from simulator.broker.conditional import Conditional
from simulator.broker.desks import Desks
from simulator.broker.endings import Endings, is_open
from simulator.broker.families import Families
from simulator.broker.floor import Floor
from simulator.broker.hedges import NOTHING_TO_HEDGE
from simulator.broker.passage import Passage
from simulator.broker.pricing import Pricers
from simulator.broker.records import (
    Accepted,
    BrokerOrder,
    Entry,
    Event,
    Executed,
    Gate,
    Instruction,
    Moved,
    Refused,
    Replaced,
    Unseen,
)
from simulator.broker.revision import revised
from simulator.broker.scribe import Scribe
from simulator.broker.sequels import Sequels
from simulator.broker.sharing import Sharing
from simulator.broker.trades import expected_fills
from simulator.broker.truth import Truth
from simulator.broker.wakes import Wakes
from simulator.broker.watch import ANYTHING, MARGIN
from simulator.instruments import ContractDatabase, Instrument
from simulator.ledger import Fill, Ledger, Position
from simulator.market import Market, Quote
from simulator.matching import MODELS
from simulator.order_types import auction_of
from simulator.records import Contract, Order, Status

ZERO = Decimal(0)
TOO_LATE = "Order has been cancelled already, too late to replace"
TOO_SMALL = "More has been filled than the new size of the order."


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
        self._scribe = scribe = Scribe(self.truth)
        self._desks = desks = Desks(MODELS[self.rules.fill_model])
        self._agenda = agenda = Agenda()
        self._families = Families()
        self._sequels = sequels = Sequels(self.truth, self._families, database, market)
        prefix = f"{0xE0D5 + seed % 0x10000:08x}"
        self._booking = Booking(scribe, Charging(self.rules.terms.plan), prefix)
        self._clearing = Clearing(scribe, self._booking, database, market)
        self._checks = Checks(self.rules, self.truth, self.appraiser, market)
        self._conditional = Conditional(self.truth, self.appraiser, database, desks.quotes)
        self._endings = Endings(
            scribe,
            desks,
            self._conditional,
            families=self._families,
            sequels=sequels,
            agenda=agenda,
            sessions=market.sessions,
        )
        self._floor = Floor(
            scribe,
            desks,
            self._endings,
            booking=self._booking,
            pricers=Pricers(market, database),
            checks=self._checks,
            agenda=agenda,
            market=market,
        )
        self._passage = Passage(
            scribe,
            desks,
            self._endings,
            self._floor,
            conditional=self._conditional,
            families=self._families,
            agenda=agenda,
            market=market,
        )
        self._floor.onward = self._passage
        self._wakes = Wakes(
            scribe,
            self._passage,
            self._floor,
            self._endings,
            clearing=self._clearing,
            database=database,
            agenda=agenda,
            cancel_latency_ms=self.rules.cancel_latency_ms,
        )
        self._wakes.look_at = self._look_at

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

    @property
    def sharing(self) -> Sharing:
        """Who shares the orders of an advisor; to be told which groups there are."""
        return self._checks.sharing

    def size_of(self, instrument: Instrument, order: Order, now_ms: int) -> Decimal:
        """How many units an order is for; one for an amount of money, by the price of now."""
        return self._checks.quantity(instrument, order, now_ms)

    def expected_fills(
        self, instrument: Instrument, quantity: Decimal, price: Decimal, now_ms: int
    ) -> Sequence[Fill]:
        """What a trade of a signed quantity would move in the books, fees apart."""
        return expected_fills(instrument, quantity, price, self.market, now_ms)

    def instruments_at_work(self) -> list[Instrument]:
        """Instruments whose quotes or hours some order waits for."""
        at_desks = {d.instrument.con_id: d.instrument for d in self._desks if d.is_busy()}
        watched = {i.con_id: i for i in self._conditional.instruments()}
        return list((at_desks | watched).values())

    def waits(self, order: BrokerOrder) -> bool:
        """Whether an order waits for the hours in which its instrument is traded.

        One attached to another does so too, as captured; one for an auction does not.
        """
        if not order.is_live or auction_of(order.order) is not None:
            return False
        is_early = order.gate is Gate.PARENT and not self._passage.is_worked(order)
        return order.gate is Gate.HOURS or is_early

    # --- journal ---

    def restore(self, entries: Sequence[Entry], now_ms: int) -> None:
        """Take up where a journal ends: every live order is parked where it stood.

        What was never transmitted is lost with the gateway that held it (IBKR).
        """
        self.truth.restore(entries)
        self._booking.resume()
        self._scribe.now_ms = now_ms
        open_orders = [held for held in self.orders() if is_open(held)]
        for held in open_orders:
            self._desks.of(held.instrument)
            self._families.enter(held)
        for desk in self._desks:
            desk.show(self.market.quote(desk.instrument, now_ms))
            desk.book.is_halted = self.market.is_halted(desk.instrument)
        for perm_id in [held.perm_id for held in open_orders]:
            self._take_up(self.truth.orders[perm_id])
        for desk in tuple(self._desks):
            self._passage.close_hours(desk)
        for ledger in self.ledgers.values():
            for position in ledger.positions.values():
                self._floor.plan_maturity(position.instrument)
        self._finish()

    def _take_up(self, held: BrokerOrder) -> None:
        """Have an order stand again where it stood, if none that was taken up has ended it."""
        if held.status is Status.PENDING_SUBMIT:
            self._endings.end(held, "")
        elif held.is_live and held.instruction is not None:
            self._wakes.plan_exercise(held)
        elif held.is_live:
            self._floor.plan_maturity(held.instrument)
            self._endings.plan_end(held)
            if self._endings.is_over(held):
                self._endings.expire(held)
            elif not self._wakes.has_cancel_arrived(held):
                self._passage.park(held)

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
            placed_after=self.truth.execution_count,
            changed_ms=now_ms,
        )
        new = self._checks.sized(new, now_ms)
        self._scribe.write(Accepted(new))
        self._families.enter(new)
        if order.transmit:
            self._enter_family(new, rejection)
        return self._finish()

    def modify(self, held: BrokerOrder, order: Order, now_ms: int) -> list[Event]:
        """Give an order new terms; an inactive one may come into force by them."""
        self._begin(now_ms, held.instrument)
        held = self.truth.orders[held.perm_id]
        if held.is_done or held.status is Status.PENDING_CANCEL:
            code = 104 if held.status is Status.FILLED else 201
            self._scribe.write(Refused(held, code, TOO_LATE))
            return self._finish()
        if held.status is Status.PENDING_SUBMIT:
            return self._modify_unsent(held, order)
        changed = self._checks.sized(revised(held, order, now_ms), now_ms, held)
        objection = self._objection(held, changed)
        if objection and held.is_inactive:
            self._endings.reject(changed, 201, objection)
        elif objection:
            self._scribe.write(Refused(held, 201, objection))
        elif self._is_only_smaller(held, order):
            self._endings.shrink(held, changed.quantity, order)
        else:
            self._endings.take_out(held)
            self._families.enter(changed)
            self._passage.advance(changed)
            self._endings.plan_end(changed)
        return self._finish()

    def cancel(
        self, held: BrokerOrder, now_ms: int, by_client_id: int | None = None
    ) -> list[Event]:
        """Cancel an order; what was filled stays filled, and what is done stays done.

        With a latency the cancel is only requested now, and what fills before it arrives counts.
        """
        self._begin(now_ms)
        held = self.truth.orders[held.perm_id]
        if held.is_done:
            return self._finish()
        if self.rules.cancel_latency_ms and held.is_live:
            self._wakes.request_cancel(held, by_client_id)
        else:
            self._endings.end(held, "", by_client_id)
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
            self._wakes.wake(wake[1], wake[2])
            self._floor.settle()
        self._scribe.now_ms = now_ms
        return self._finish()

    # --- what a test decides ---

    def note(self, event: Unseen, now_ms: int) -> None:
        """Write down what the broker itself does not get to know."""
        self._begin(now_ms)
        self._scribe.write(event)
        self._finish()

    def forget_untransmitted(self, now_ms: int) -> list[Event]:
        """End the orders that were never transmitted, as the end of their gateway does (IBKR)."""
        self._begin(now_ms)
        for held in list(self.orders()):
            if held.status is Status.PENDING_SUBMIT:
                self._endings.end(held, "")
        return self._finish()

    def set_fill_model(self, name: str, instrument: Instrument | None = None) -> None:
        """Fill by another model from now on: one instrument, or all. Raises `KeyError`."""
        if instrument is None:
            self._desks.set_model(MODELS[name])
        else:
            self._desks.of(instrument).book.model = MODELS[name]

    def fill_model(self, instrument: Instrument) -> str:
        return self._desks.of(instrument).book.model.name

    def fill(
        self, held: BrokerOrder, quantity: Decimal, price: Decimal, now_ms: int
    ) -> list[Event]:
        """Fill a part of a live order at a price, whatever the market shows."""
        self._begin(now_ms)
        filled = self._desks.of(held.instrument).fill(held.perm_id, quantity, price)
        self._floor.on_fill(filled)
        return self._finish()

    def revise(
        self, executed: Executed, *, quantity: Decimal, price: Decimal, now_ms: int
    ) -> list[Event]:
        """Correct an execution; with no shares it is busted. The order's status stays.

        What a live order lacks by that is worked again.
        """
        self._begin(now_ms)
        revised = self._booking.revise(executed, quantity=quantity, price=price)
        self._floor.work_again(revised.order)
        return self._finish()

    def move_cash(self, account: str, currency: str, amount: Decimal, now_ms: int) -> list[Event]:
        """Pay money into an account, or out of it if negative."""
        self._begin(now_ms)
        self._clearing.move_cash(account, currency, amount)
        self._passage.look(ANYTHING)
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
    ) -> list[Event]:
        """Take an instruction for an option held; the clearing house carries it out over night."""
        self._begin(now_ms)
        order = self._clearing.instruct(
            instruction,
            option,
            client_id=client_id,
            order_id=order_id,
            account=account,
            quantity=quantity,
        )
        self._wakes.plan_exercise(order)
        return self._finish()

    # --- inside ---

    def _objection(self, held: BrokerOrder, changed: BrokerOrder) -> str:
        """Why an order may not have new terms: those that ask for more than the old are asked."""
        if changed.quantity <= held.filled and held.filled:
            return TOO_SMALL
        is_for_another = auction_of(changed.order) is not auction_of(held.order)
        is_more = held.is_inactive or changed.quantity > held.quantity or is_for_another
        return self._checks.objection(changed, self._scribe.now_ms) if is_more else ""

    def _enter_family(self, last: BrokerOrder, rejection: str = "") -> None:
        """Take the orders that one transmits, and it, unless one of them has ended another."""
        for perm_id in (*self._kin(last), last.perm_id):
            held = self.truth.orders[perm_id]
            if held.status is Status.PENDING_SUBMIT:
                self._enter(_transmitted(held), rejection if perm_id == last.perm_id else "")

    def _enter(self, held: BrokerOrder, rejection: str = "") -> None:
        """The broker takes an order that was transmitted, or rejects it."""
        objection = rejection or self._checks.objection(held, self._scribe.now_ms)
        if objection:
            self._endings.reject(held, 201, objection)
            return
        self._floor.plan_maturity(held.instrument)
        self._passage.advance(held)
        self._endings.plan_end(held)
        self._sequels.entered(held.perm_id)

    def _begin(self, now_ms: int, instrument: Instrument | None = None) -> None:
        """Start an operation, with what is displayed at that moment."""
        self._scribe.now_ms = now_ms
        if instrument is not None:
            self._look_at(instrument)
            self._floor.settle()

    def _finish(self) -> list[Event]:
        self._floor.settle()
        while (held := self._sequels.take()) is not None:
            self._set_off(held)
            self._floor.settle()
        self.on_finished()
        return self._scribe.take()

    def _set_off(self, held: BrokerOrder) -> None:
        """Work a hedge whose parent is over, or an order that the broker makes."""
        now_ms = self._scribe.now_ms
        self._look_at(held.instrument)
        if held.order.hedge_type:
            held = self._sequels.sized(self.truth.orders[held.perm_id], now_ms)
            if not held.quantity:
                self._endings.end(held, NOTHING_TO_HEDGE)
                return
        else:
            held = self._checks.sized(held, now_ms)
            self._scribe.write(Accepted(held))
        self._passage.advance(held)
        self._endings.plan_end(held)

    def _look_at(self, instrument: Instrument) -> None:
        """Display what is quoted at the time of the operation."""
        self._display(instrument, self.market.quote(instrument, self._scribe.now_ms))

    def _display(self, instrument: Instrument, quote: Quote) -> None:
        desk = self._desks.of(instrument)
        desk.book.is_halted = self.market.is_halted(instrument)
        self._passage.close_hours(desk)
        if desk.quote is not quote:
            shown = desk.show(quote, is_set=self.market.is_set(instrument))
            for perm_id, stop in shown.trailed:
                self._scribe.write(Moved(replace(self.truth.orders[perm_id], stop_price=stop)))
            for perm_id in shown.adjusted:
                self._passage.adjust(perm_id)
            for perm_id in shown.elected:
                self._passage.elect(perm_id)
            self._passage.look(instrument.con_id)
            self._passage.look(MARGIN)
            self._floor.work_parts(desk)
        for perm_id, limit in desk.reprice(self._scribe.now_ms):
            self._scribe.write(Moved(replace(self.truth.orders[perm_id], work_limit=limit)))
        self._passage.open_hours(desk)
        self._desks.touch(instrument)

    def _kin(self, child: BrokerOrder) -> tuple[int, ...]:
        """The parent of an order and its other children."""
        if not child.parent_perm_id:
            return ()
        kin = (child.parent_perm_id, *self._families.children(child.parent_perm_id))
        return tuple(perm_id for perm_id in kin if perm_id != child.perm_id)

    def _modify_unsent(self, held: BrokerOrder, order: Order) -> list[Event]:
        """New terms of an order that was never transmitted; they may transmit it."""
        changed = self._checks.sized(replace(held, order=order), self._scribe.now_ms, held)
        self._families.enter(changed)
        self._scribe.write(Replaced(changed))
        if order.transmit:
            self._enter_family(changed)
        return self._finish()

    def _is_only_smaller(self, held: BrokerOrder, order: Order) -> bool:
        """Whether new terms take off size and change nothing else, while the order is worked."""
        same = replace(held.order, total_quantity=order.total_quantity) == order
        quantity = order.total_quantity or ZERO
        is_at_work = self._desks.of(held.instrument).is_worked(held.perm_id)
        return same and is_at_work and held.filled < quantity < held.quantity


def _transmitted(held: BrokerOrder) -> BrokerOrder:
    if held.order.transmit:
        return held
    return replace(held, order=replace(held.order, transmit=True))
