"""What is true of a broker after every operation, whatever was done to it.

`Auditor` reads the journal on from where it stopped and keeps books of its own; the other
checks look at the broker as it is, inside too, and at what clients were told.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal

from told import Told, root

from simulator import World
from simulator.broker import Broker, BrokerOrder
from simulator.broker.agenda import Wake
from simulator.broker.desk import Desk
from simulator.broker.records import (
    LIVE,
    TRANSITIONS,
    Accepted,
    CashMoved,
    Corrected,
    Event,
    Executed,
    Gate,
    Moved,
    Refused,
)
from simulator.commissions import commission_currency
from simulator.ledger import Ledger, Valuation, fee_in_own_currency
from simulator.matching import Side
from simulator.records import Status

ZERO = Decimal(0)
CENT = Decimal("0.01")
NEXT = {(before, after) for (before, _), after in TRANSITIONS.items()}
"""The statuses that may follow each other."""

NAMELESS = "nobody gave this order"


@dataclass(slots=True)
class Auditor:
    """Follows the journal of one broker."""

    broker: Broker
    read: int = 0
    orders: dict[int, BrokerOrder] = field(default_factory=dict)
    executions: dict[str, Executed] = field(default_factory=dict)
    deposits: Counter[tuple[str, str]] = field(default_factory=Counter)
    names: dict[tuple[int, int], int] = field(default_factory=dict)
    corrected: set[int] = field(default_factory=set)
    doomed: dict[int, int] = field(default_factory=dict)
    last_ms: int = 0
    last_fill: Executed | None = None

    def catch_up(self) -> None:
        """Read what is new, and see that nothing was left undone."""
        for entry in self.broker.journal[self.read :]:
            self.read += 1
            assert entry.sequence == self.read
            assert entry.time_ms >= self.last_ms, "time went back"
            self.last_ms = entry.time_ms
            self._take(entry.event)
        for perm_id, by in self.doomed.items():
            assert self.orders[perm_id].status not in LIVE, f"{perm_id} lives on beside {by}"
        self.doomed.clear()
        assert self.orders == self.broker.truth.orders

    def _take(self, event: Event) -> None:
        if isinstance(event, CashMoved):
            self.deposits[event.account, event.currency] += event.amount
            return
        order = event.order
        before = self.orders.get(order.perm_id)
        if before is None:
            self._new(event, order)
        else:
            self._follows(event, before, order)
        match event:
            case Executed():
                self._executed(event, before or order)
            case Corrected():
                self._corrected(event)
            case Moved() | Refused():
                assert before is not None
                assert order.status is before.status
        self._sane(order)
        self.orders[order.perm_id] = order

    def _new(self, event: Event, order: BrokerOrder) -> None:
        """Orders begin by being accepted, but for what the clearing house books."""
        if not isinstance(event, Accepted):
            assert isinstance(event, Executed), f"{order.perm_id} appears out of nothing"
            assert order.order_id == 0, NAMELESS
            return
        is_instruction = order.instruction is not None
        assert order.status is (Status.PRE_SUBMITTED if is_instruction else Status.PENDING_SUBMIT)
        name = order.client_id, order.order_id
        if order.order_id:
            assert name not in self.names, f"{name} is there twice"
            self.names[name] = order.perm_id

    def _follows(self, event: Event, before: BrokerOrder, order: BrokerOrder) -> None:
        assert not isinstance(event, Accepted), f"perm id {order.perm_id} is there twice"
        for name in ("client_id", "account", "instrument", "contract", "parent_perm_id"):
            assert getattr(order, name) == getattr(before, name), name
        assert before.order_id in (order.order_id, 0)
        assert order.order.action == before.order.action
        is_allowed = order.status is before.status or (before.status, order.status) in NEXT
        assert is_allowed, f"{order.perm_id}: {before.status} → {order.status}"

    def _executed(self, event: Executed, before: BrokerOrder) -> None:
        order, execution = event.order, event.execution
        assert root(execution.exec_id) not in self.executions, "an execution id is there twice"
        assert execution.exec_id.endswith(".01")
        assert execution.shares > 0
        self.executions[root(execution.exec_id)] = event
        is_leg = event.instrument.con_id != order.instrument.con_id
        assert not is_leg or order.instrument.legs
        if before is not order and not is_leg:
            assert before.status in LIVE, f"{order.perm_id} was filled when {before.status}"
            assert order.filled == before.filled + execution.shares
            assert order.paid == before.paid + execution.shares * execution.price
        if not is_leg:
            self._parent_is_filled(order)
            is_blocked = order.perm_id in self.doomed and not _is_contra(event, self.last_fill)
            assert not is_blocked, f"{order.perm_id} was blocked by its group"
            self._block(order)
            self.last_fill = event

    def _parent_is_filled(self, order: BrokerOrder) -> None:
        if order.parent_perm_id:
            parent = self.orders[order.parent_perm_id]
            assert parent.status is Status.FILLED, f"{order.perm_id} was filled before its parent"

    def _block(self, filled: BrokerOrder) -> None:
        """Of a group of type 1 no other order may be filled any more."""
        terms = filled.order
        if terms.oca_type != 1 or not terms.oca_group:
            return
        for other in self.orders.values():
            is_member = other.order.oca_group == terms.oca_group and other.account == filled.account
            if is_member and other.status in LIVE and other.perm_id != filled.perm_id:
                self.doomed[other.perm_id] = filled.perm_id

    def _corrected(self, event: Corrected) -> None:
        executed = event.executed
        key = root(executed.execution.exec_id)
        before = self.executions[key].execution
        assert event.revises == before.exec_id
        revision = int(before.exec_id.rpartition(".")[2], 16) + 1
        assert executed.execution.exec_id == f"{key}.{revision:02x}"
        self.executions[key] = executed
        self.corrected.add(executed.order.perm_id)

    def _sane(self, order: BrokerOrder) -> None:
        if order.perm_id in self.corrected:
            return
        assert ZERO <= order.filled <= order.quantity, f"{order.perm_id}: {order.filled}"
        is_full = bool(order.quantity) and order.filled == order.quantity
        assert is_full == (order.status is Status.FILLED), f"{order.perm_id}: {order.status}"

    # --- accounts ---

    def check_accounts(self, world: World) -> None:
        """Positions, cash, profit and net liquidation follow from the executions alone."""
        known = [replace(executed, realized_pnl=None) for executed in self.broker.executions]
        assert [replace(e, realized_pnl=None) for e in self.executions.values()] == known
        filled: Counter[int] = Counter()
        for executed in self.executions.values():
            if executed.instrument.con_id == executed.order.instrument.con_id:
                filled[executed.order.perm_id] += executed.execution.shares
        for order in self.orders.values():
            assert filled[order.perm_id] == order.filled, f"{order.perm_id}: fills do not add up"
        for account, ledger in self.broker.ledgers.items():
            mine = [
                e for e in self.broker.executions if e.is_booked and e.execution.account == account
            ]
            self._check_account(world, ledger, mine)

    def _check_account(self, world: World, ledger: Ledger, mine: list[Executed]) -> None:
        held: Counter[int] = Counter()
        realized: Counter[int] = Counter()
        worth: Counter[int] = Counter()
        fees: Counter[int] = Counter()
        cash = self._opening(world, ledger.account)
        owned = Counter(cash)
        for e in mine:
            instrument, con_id = e.instrument, e.instrument.con_id
            signed = e.execution.shares if e.is_purchase else -e.execution.shares
            value = signed * e.execution.price * instrument.price_multiplier
            fee = e.commission if e.execution.shares else ZERO
            held[con_id] += signed
            realized[con_id] += e.realized_pnl or ZERO
            worth[con_id] += value
            fees[con_id] += fee_in_own_currency(instrument, fee, e.execution.price)
            for book in (cash, owned):
                book[commission_currency(instrument)] -= fee
                if instrument.sec_type == "CASH":
                    book[instrument.symbol] += signed
            owned[instrument.currency] -= value
            if not instrument.is_settled_on_close:
                cash[instrument.currency] -= value
        for con_id, position in ledger.positions.items():
            assert position.quantity == held[con_id], f"{position.instrument.local_symbol}"
            assert position.realized_pnl == realized[con_id], "realised by its executions"
            if position.instrument.is_settled_on_close:
                cash[position.instrument.currency] += position.paid - worth[con_id]
                assert position.quantity or not position.paid
        assert {c for c in held if held[c]} <= ledger.positions.keys()
        assert _cents(ledger.cash) == _cents(cash)
        valuation = self.broker.appraiser.value(ledger, world.clock.now_ms())
        _check_profit(valuation, worth, fees)
        _check_net_liquidation(valuation, owned)

    def _opening(self, world: World, account: str) -> Counter[str]:
        cash = Counter(world.settings.starting_cash)
        for (owner, currency), amount in self.deposits.items():
            if owner == account:
                cash[currency] += amount
        return cash


def _is_contra(event: Executed, before: Executed | None) -> bool:
    """Whether an execution is the other side of the one before."""
    if before is None or event.instrument is not before.instrument:
        return False
    this, that = event.execution, before.execution
    return (this.shares, this.price) == (that.shares, that.price) and this.side != that.side


def _cents(cash: dict[str, Decimal]) -> dict[str, Decimal]:
    rounded = {c: amount.quantize(CENT, ROUND_HALF_EVEN) for c, amount in cash.items()}
    return {currency: amount for currency, amount in rounded.items() if amount}


def _check_profit(valuation: Valuation, worth: Counter[int], fees: Counter[int]) -> None:
    """Realised and open profit are what the position is worth less what it cost."""
    for valued in valuation.positions:
        position, con_id = valued.position, valued.position.instrument.con_id
        profit = position.realized_pnl + valued.unrealized_pnl
        expected = valued.market_value - worth[con_id] - fees[con_id]
        assert abs(profit - expected) < CENT, position.instrument.local_symbol


def _check_net_liquidation(valuation: Valuation, owned: Counter[str]) -> None:
    """What the account is worth is its money, had everything been paid for, and its things."""
    total = sum(amount * valuation.rates[c] for c, amount in owned.items() if amount)
    for valued in valuation.positions:
        instrument = valued.position.instrument
        total += valued.market_value * valuation.rates[instrument.currency]
        if instrument.sec_type == "CASH":  # its currencies are counted as money
            total -= valued.market_value * valuation.rates[instrument.currency]
    assert abs(total - valuation.net_liquidation) < CENT


# --- places ---

PLACES = {
    Gate.TIME: "agenda",
    Gate.CONDITIONS: "conditional",
    Gate.HOURS: "waiting",
    Gate.TRIGGER: "triggers",
    Gate.BOOK: "worked",
}
"""Where an order stands that waits at a gate."""


def check_places(broker: Broker) -> None:
    """Each live order is in one place, the one its gate says; a dead one in none."""
    assert not broker._endings._to_reduce, "a group was not told of a fill"
    places: defaultdict[int, set[str]] = defaultdict(set)
    for desk in broker._desks:
        for place, keys in _keys(desk):
            for key in keys:
                places[key].add(place)
                held = broker.truth.orders[key]
                assert held.instrument.con_id == desk.instrument.con_id
    timed = {key for _, _, _, wake, key in broker._agenda._heap if wake in _TIMED}
    for held in broker.orders():
        found = places.pop(held.perm_id, set())
        is_watched = held.perm_id in broker._conditional
        if not held.is_live:
            assert not found, f"{held.perm_id} is {held.status} and {found}"
            assert not is_watched, f"{held.perm_id} is {held.status} and watched"
            continue
        if held.gate is Gate.TIME and held.perm_id in timed:
            found.add("agenda")
        if is_watched and not held.order.conditions_cancel_order:
            found.add("conditional")
        expected = {PLACES[held.gate]} if held.gate in PLACES else set()
        assert found - {"adjustments"} == expected, f"{held.perm_id} at {held.gate}: {found}"
        if held.order.conditions and held.order.conditions_cancel_order:
            assert is_watched, f"{held.perm_id}: nobody looks at what would cancel it"
        assert held.remaining > 0, f"{held.perm_id} has nothing left and lives"
        parent = broker.truth.orders.get(held.parent_perm_id)
        if parent is not None and parent.status is not Status.FILLED:
            assert held.gate is Gate.PARENT, f"{held.perm_id} is ahead of its parent"
            assert not parent.is_done, f"{held.perm_id} outlives its parent"
    assert not places
    assert set(broker.truth.live) == {held.perm_id for held in broker.orders() if held.is_live}


_TIMED = {Wake.ACTIVATE, Wake.EXERCISE}


def _keys(desk: Desk) -> Iterator[tuple[str, Iterable[int]]]:
    yield "waiting", desk.waiting
    yield "triggers", desk.triggers
    yield "adjustments", desk.adjustments
    yield "worked", desk.book.working()
    yield "worked", desk.pegged
    yield "worked", desk.planned


def check_books(broker: Broker) -> None:
    """A book has of an order no more than is left of it, and no trades that were missed."""
    for desk in broker._desks:
        entries = desk.book._entries
        for key, entry in entries.items():
            left, held = entry.order.remaining, broker.truth.orders[key]
            assert left <= held.remaining if key in desk.planned else left == held.remaining
        if desk.book.is_halted or not desk.book.model.matches:
            continue
        plain = [
            entry.order
            for entry in entries.values()
            if entry.order.limit is not None
            and not entry.order.all_or_none
            and not entry.order.min_quantity
        ]
        bids = [order for order in plain if order.side is Side.BUY]
        asks = [order for order in plain if order.side is Side.SELL]
        for bid in bids:
            for ask in asks:
                is_crossed = bid.limit >= ask.limit and bid.owner != ask.owner
                assert not is_crossed, f"{bid} and {ask} did not trade"


# --- what clients were told ---


def check_told(world: World, told: Told, corrected: set[int]) -> None:
    """A client knows the truth of its own orders, and of the accounts it listens to."""
    broker = world.broker
    _check_statuses(broker, told, corrected)
    _check_executions(broker, told, world.gateway.orders.unreported())
    for (account, con_id), row in told.positions.items():
        position = broker.ledgers[account].positions[con_id]
        assert row.position == position.quantity, f"position of {con_id}"
    for (account, con_id), row in told.portfolio.items():
        position = broker.ledgers[account].positions[con_id]
        assert row.position == position.quantity, f"portfolio of {con_id}"
        assert abs(row.realized_pnl - position.realized_pnl) < CENT
    for account in {account for account, _ in told.cash}:
        known = {c: Decimal(text) for (owner, c), text in told.cash.items() if owner == account}
        del known["BASE"]
        assert _cents(known) == _cents(broker.ledgers[account].cash), account


def _check_statuses(broker: Broker, told: Told, corrected: set[int]) -> None:
    changed = {
        entry.event.order.perm_id
        for entry in broker.journal[told.since :]
        if not isinstance(entry.event, CashMoved | Moved | Corrected)
    }
    for perm_id in changed:
        held = broker.truth.orders[perm_id]
        is_mine = held.client_id == told.client_id and held.order_id
        if not is_mine or held.status is Status.PENDING_SUBMIT or perm_id in corrected:
            continue
        status = told.statuses[perm_id]
        assert status.status == held.status, f"{perm_id}: told {status.status}, is {held.status}"
        assert (status.filled, status.remaining) == (held.filled, held.remaining), f"{perm_id}"


def _check_executions(broker: Broker, told: Told, unreported: Iterable[str]) -> None:
    late = set(unreported)
    for entry in broker.journal[told.since :]:
        event = entry.event
        if not isinstance(event, Executed) or event.order.client_id != told.client_id:
            continue
        key = root(event.execution.exec_id)
        now = broker.truth.execution(event.execution.exec_id)
        assert told.executions[key].execution.shares == now.execution.shares
        assert told.executions[key].execution.price == now.execution.price
        if event.is_booked and event.execution.exec_id not in late:
            assert told.commissions[key] == now.commission


def check_all(world: World, auditor: Auditor, clients: Iterable[Told]) -> None:
    """Everything, at whatever cost."""
    auditor.catch_up()
    auditor.check_accounts(world)
    check_places(world.broker)
    check_books(world.broker)
    for told in clients:
        check_told(world, told, auditor.corrected)
