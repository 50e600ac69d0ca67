"""Broker truth: orders, executions and accounts, as they are whoever is connected.

Knows no session and no message; outlives sockets and gateway restarts. All that happened
stands in an append-only journal, which is what tests compare a client's view with.
Orders are immutable snapshots: an event carries the order as it was at that moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum

from simulator.commissions import commission_for
from simulator.instruments import ContractDatabase, Instrument
from simulator.ledger import Ledger, Position
from simulator.market import Market, Quote
from simulator.matching import Book, Filled, Side, Top, Working
from simulator.records import Contract, Execution, Order, Status

ZERO = Decimal(0)
_FINE = Decimal("0.00000001")


class Change(Enum):
    """What can happen to an order that lives."""

    ROUTED = "routed"
    PART_FILLED = "part_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"


TRANSITIONS: dict[tuple[Status, Change], Status] = {
    (Status.PRE_SUBMITTED, Change.ROUTED): Status.SUBMITTED,
    (Status.PRE_SUBMITTED, Change.PART_FILLED): Status.SUBMITTED,
    (Status.PRE_SUBMITTED, Change.FILLED): Status.FILLED,
    (Status.PRE_SUBMITTED, Change.CANCELLED): Status.CANCELLED,
    (Status.SUBMITTED, Change.ROUTED): Status.SUBMITTED,
    (Status.SUBMITTED, Change.PART_FILLED): Status.SUBMITTED,
    (Status.SUBMITTED, Change.FILLED): Status.FILLED,
    (Status.SUBMITTED, Change.CANCELLED): Status.CANCELLED,
}
"""The life of an order. What is absent cannot happen: a done order stays done."""

DONE = frozenset({Status.FILLED, Status.CANCELLED})


class Instruction(Enum):
    """What the holder of an option wants done with it, by the number of the wire."""

    EXERCISE = 1
    LAPSE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOrder:
    """One order as the broker holds it, at one moment.

    An instruction for an option held is shown to clients as an order; no book holds it.
    """

    perm_id: int
    client_id: int
    order_id: int
    account: str
    instrument: Instrument
    contract: Contract
    order: Order
    status: Status
    filled: Decimal = ZERO
    paid: Decimal = ZERO
    last_fill_price: Decimal = ZERO
    commission: Decimal | None = None
    changed_ms: int = 0
    ending: str = ""
    instruction: Instruction | None = None

    @property
    def quantity(self) -> Decimal:
        return self.order.total_quantity or ZERO

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def average_fill_price(self) -> Decimal:
        return (self.paid / self.filled).quantize(_FINE).normalize() if self.filled else ZERO

    @property
    def is_done(self) -> bool:
        return self.status in DONE


@dataclass(frozen=True, slots=True)
class Accepted:
    order: BrokerOrder


@dataclass(frozen=True, slots=True)
class Replaced:
    order: BrokerOrder


@dataclass(frozen=True, slots=True)
class Executed:
    """A fill, with what it cost and what it realised (None: it closed nothing)."""

    order: BrokerOrder
    execution: Execution
    time_ms: int
    commission: Decimal
    realized_pnl: Decimal | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    order: BrokerOrder
    reason: str


Event = Accepted | Replaced | Executed | Cancelled


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal."""

    sequence: int
    time_ms: int
    event: Event


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
    ) -> None:
        self.database = database
        self.market = market
        self.ledgers = {
            account: Ledger(account, next(iter(starting_cash)), dict(starting_cash))
            for account in accounts
        }
        self.journal: list[Entry] = []
        self.executions: list[Executed] = []
        self._orders: dict[int, BrokerOrder] = {}
        self._perm_ids: dict[tuple[int, int], int] = {}
        self._last_order_id: dict[int, int] = {}
        self._books: dict[int, Book] = {}
        self._shown: dict[int, Quote] = {}
        self._hours: dict[int, tuple[bool, bool]] = {}
        self._waiting: dict[int, dict[int, None]] = {}
        self._last_perm_id = 1_000_000_000 + seed % 1_000_000 * 1_000
        self._exec_prefix = f"{0xE0D5 + seed % 0x10000:08x}"

    # --- what is asked ---

    def orders(self) -> Iterable[BrokerOrder]:
        """All orders, oldest first."""
        return self._orders.values()

    def live_orders(self) -> list[BrokerOrder]:
        return [order for order in self._orders.values() if not order.is_done]

    def order(self, client_id: int, order_id: int) -> BrokerOrder | None:
        """The order a client gave that id, whatever became of it."""
        perm_id = self._perm_ids.get((client_id, order_id))
        return None if perm_id is None else self._orders[perm_id]

    def next_order_id(self, client_id: int) -> int:
        """The lowest id the client may use; ids are counted for each client id."""
        return self._last_order_id.get(client_id, 0) + 1

    def parity(self, option: Instrument, now_ms: int) -> Decimal:
        """What exercising gains by unit of the underlying; negative out of the money."""
        underlying = self.database[option.under_con_id]
        gain = self.market.quote(underlying, now_ms).mark - option.strike
        return gain if option.right == "C" else -gain

    def positions(self, account: str) -> list[Position]:
        return list(self.ledgers[account].positions.values())

    def instruments_at_work(self) -> list[Instrument]:
        """Instruments with an order in their book, or that waits for their hours."""
        at_work = dict.fromkeys(con_id for con_id, book in self._books.items() if len(book))
        at_work |= dict.fromkeys(con_id for con_id, orders in self._waiting.items() if orders)
        return [self.database[con_id] for con_id in at_work]

    def waits(self, order: BrokerOrder) -> bool:
        """Whether an order waits for the hours in which its instrument is traded."""
        return order.perm_id in self._waiting.get(order.instrument.con_id, {})

    # --- what is told ---

    def place(
        self, client_id: int, order_id: int, contract: Contract, order: Order, now_ms: int
    ) -> list[Event]:
        """Accept a valid order and work it against what is displayed."""
        (instrument,) = self.database.find(contract)
        self._last_perm_id += 1
        self._last_order_id[client_id] = order_id
        self._perm_ids[client_id, order_id] = self._last_perm_id
        accepted = BrokerOrder(
            perm_id=self._last_perm_id,
            client_id=client_id,
            order_id=order_id,
            account=order.account or next(iter(self.ledgers)),
            instrument=instrument,
            contract=contract,
            order=order,
            status=self._first_status(instrument, order, now_ms),
            changed_ms=now_ms,
        )
        return [self._record(Accepted(accepted), now_ms), *self._work(accepted, now_ms)]

    def modify(self, held: BrokerOrder, order: Order, now_ms: int) -> list[Event]:
        """Give a live order new terms; it goes to the end of its line."""
        self._take_out(held)
        is_worked = self._is_worked(held.instrument, order, now_ms)
        status = TRANSITIONS[held.status, Change.ROUTED] if is_worked else held.status
        changed = replace(held, order=order, status=status, changed_ms=now_ms)
        return [self._record(Replaced(changed), now_ms), *self._work(changed, now_ms)]

    def cancel(self, held: BrokerOrder, now_ms: int, reason: str = "") -> list[Event]:
        """Cancel a live order; what was filled stays filled."""
        self._take_out(held)
        return [self._end(held, reason, now_ms)]

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
    ) -> Accepted:
        """Take an instruction for an option held; it works until it is carried out."""
        self._last_perm_id += 1
        self._perm_ids[client_id, order_id] = self._last_perm_id
        terms = Order(action=Side.BUY, total_quantity=quantity, order_type="LMT", tif="DAY")
        order = BrokerOrder(
            perm_id=self._last_perm_id,
            client_id=client_id,
            order_id=order_id,
            account=account,
            instrument=option,
            contract=option.contract(),
            order=replace(terms, limit_price=ZERO, account=account),
            status=Status.PRE_SUBMITTED,
            changed_ms=now_ms,
            instruction=instruction,
        )
        accepted = Accepted(order)
        self._record(accepted, now_ms)
        return accepted

    def carry_out(self, held: BrokerOrder, now_ms: int) -> list[Event]:
        """Close the options of an instruction and deliver what an exercise is worth.

        An option on an index is worth its parity in cash, any other its underlying at the
        strike. Nothing is charged. Options that are not held any more are not exercised.
        """
        option = held.instrument
        position = self.ledgers[held.account].positions.get(option.con_id)
        if position is None or position.quantity < held.quantity:
            return self.cancel(held, now_ms, "Exercise/Lapse failed due to server rejection.")
        price, delivered = ZERO, ZERO
        underlying = self.database[option.under_con_id]
        if held.instruction is Instruction.EXERCISE:
            delivered = held.quantity * option.multiplier / underlying.multiplier
            if underlying.sec_type == "IND":
                price, delivered = max(ZERO, self.parity(option, now_ms)), ZERO
        events = [self._fill(held, Filled(held.perm_id, held.quantity, price, False), now_ms)]
        if delivered:
            events.append(self._deliver(held, underlying, delivered, now_ms))
        return events

    def show(self, instrument: Instrument, quote: Quote, now_ms: int) -> list[Event]:
        """A quote is displayed: fill the resting orders that it reaches.

        By a calendar, orders leave the book when their hours are over, and come back.
        """
        self._park(instrument, now_ms)
        events: list[Event] = []
        if self._shown.get(instrument.con_id) is not quote:
            events = self._execute(self._display(instrument, quote), now_ms)
        return events + self._release(instrument, now_ms)

    # --- hours ---

    def _is_worked(self, instrument: Instrument, order: Order, now_ms: int) -> bool:
        in_any, in_regular = self.market.hours(instrument, now_ms)
        return in_any if order.outside_rth else in_regular

    def _park(self, instrument: Instrument, now_ms: int) -> None:
        hours = self.market.hours(instrument, now_ms)
        if self._hours.get(instrument.con_id) == hours:
            return
        self._hours[instrument.con_id] = hours
        book = self._book(instrument)
        for perm_id in book.working():
            if not self._is_worked(instrument, self._orders[perm_id].order, now_ms):
                book.cancel(perm_id)
                self._waiting.setdefault(instrument.con_id, {})[perm_id] = None

    def _release(self, instrument: Instrument, now_ms: int) -> list[Event]:
        waiting = self._waiting.get(instrument.con_id, {})
        events: list[Event] = []
        for perm_id in tuple(waiting):
            order = self._orders[perm_id]
            if perm_id in waiting and self._is_worked(instrument, order.order, now_ms):
                del waiting[perm_id]
                status = TRANSITIONS[order.status, Change.ROUTED]
                routed = replace(order, status=status, changed_ms=now_ms)
                events += [self._record(Replaced(routed), now_ms), *self._work(routed, now_ms)]
        return events

    def _take_out(self, held: BrokerOrder) -> None:
        """Out of the book, or of those that wait; an instruction is in neither."""
        if self.waits(held):
            del self._waiting[held.instrument.con_id][held.perm_id]
        elif held.instruction is None:
            self._book(held.instrument).cancel(held.perm_id)

    def _first_status(self, instrument: Instrument, order: Order, now_ms: int) -> Status:
        """Market buys begin pre-submitted in every public capture, and so does what waits."""
        is_market_buy = order.order_type == "MKT" and order.action == Side.BUY
        is_worked = self._is_worked(instrument, order, now_ms)
        return Status.PRE_SUBMITTED if is_market_buy or not is_worked else Status.SUBMITTED

    # --- inside ---

    def _book(self, instrument: Instrument) -> Book:
        return self._books.setdefault(instrument.con_id, Book())

    def _display(self, instrument: Instrument, quote: Quote) -> list[Filled]:
        self._shown[instrument.con_id] = quote
        return self._book(instrument).show(
            Top(quote.bid, quote.bid_size), Top(quote.ask, quote.ask_size)
        )

    def _work(self, order: BrokerOrder, now_ms: int) -> list[Event]:
        events = self.show(order.instrument, self.market.quote(order.instrument, now_ms), now_ms)
        working = Working(
            key=order.perm_id,
            side=Side(order.order.action),
            remaining=order.remaining,
            limit=order.order.limit_price if order.order.order_type == "LMT" else None,
        )
        if self._is_worked(order.instrument, order.order, now_ms):
            events += self._execute(self._book(order.instrument).submit(working), now_ms)
        else:
            self._waiting.setdefault(order.instrument.con_id, {})[order.perm_id] = None
        after = self._orders[order.perm_id]
        if after.order.tif == "IOC" and not after.is_done:
            events += self.cancel(after, now_ms)
        return events

    def _execute(self, fills: list[Filled], now_ms: int) -> list[Event]:
        return [self._fill(self._orders[fill.key], fill, now_ms) for fill in fills]

    def _fill(self, held: BrokerOrder, fill: Filled, now_ms: int) -> Event:
        fee = ZERO
        if held.instruction is None:
            fee = commission_for(held.instrument, fill.quantity, fill.price)
        # Options handed in are shown as a purchase and booked as a sale.
        hands_in = held.instruction is not None and bool(held.instrument.right)
        bought = held.order.action == Side.BUY and not hands_in
        realized = self.ledgers[held.account].apply(
            held.instrument, fill.quantity if bought else -fill.quantity, fill.price, fee
        )
        change = Change.FILLED if fill.quantity == held.remaining else Change.PART_FILLED
        after = replace(
            held,
            status=TRANSITIONS[held.status, change],
            filled=held.filled + fill.quantity,
            paid=held.paid + fill.quantity * fill.price,
            last_fill_price=fill.price,
            commission=(held.commission or ZERO) + fee,
            changed_ms=now_ms,
        )
        execution = Execution(
            exec_id=f"{self._exec_prefix}.{len(self.executions) + 1:08x}.01.01",
            account=held.account,
            exchange=_venue(held),
            side="BOT" if bought else "SLD",
            shares=fill.quantity,
            price=fill.price,
            perm_id=held.perm_id,
            client_id=held.client_id,
            cumulative_quantity=after.filled,
            average_price=after.average_fill_price,
            order_ref=held.order.order_ref,
            last_liquidity=1 if fill.added else 2,
        )
        executed = Executed(after, execution, now_ms, fee, realized)
        self.executions.append(executed)
        return self._record(executed, now_ms)

    def _deliver(
        self, held: BrokerOrder, underlying: Instrument, quantity: Decimal, now_ms: int
    ) -> Event:
        """Book the underlying of exercised options, as a trade at the strike without an order."""
        self._last_perm_id += 1
        side = Side.BUY if held.instrument.right == "C" else Side.SELL
        terms = replace(
            held.order, action=side, total_quantity=quantity, limit_price=held.instrument.strike
        )
        delivery = replace(
            held,
            perm_id=self._last_perm_id,
            order_id=0,
            instrument=underlying,
            contract=underlying.contract(),
            order=terms,
        )
        fill = Filled(delivery.perm_id, quantity, held.instrument.strike, added=False)
        return self._fill(delivery, fill, now_ms)

    def _end(self, held: BrokerOrder, reason: str, now_ms: int) -> Event:
        status = TRANSITIONS[held.status, Change.CANCELLED]
        ending = reason or "Cancelled by Trader"
        after = replace(held, status=status, changed_ms=now_ms, ending=ending)
        return self._record(Cancelled(after, reason), now_ms)

    def _record(self, event: Event, now_ms: int) -> Event:
        self._orders[event.order.perm_id] = event.order
        self.journal.append(Entry(len(self.journal) + 1, now_ms, event))
        return event


def _venue(order: BrokerOrder) -> str:
    """Where a fill happened; a smart-routed one shows the venue, never SMART."""
    if order.contract.exchange not in {"SMART", ""}:
        return order.contract.exchange
    return order.instrument.primary_exchange or order.instrument.exchange
