"""The journal and what follows from it: orders, executions, accounts.

Append-only. Whatever is known here is a fold of the journal, so that a journal read back
gives the same orders, books and counters (`restore`). Decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from simulator.broker.records import (
    BrokerOrder,
    CashMoved,
    Corrected,
    Dropped,
    Entry,
    Event,
    Executed,
    Held,
    IdsReset,
)
from simulator.ledger import Ledger, Position, Terms

ZERO = Decimal(0)


class Truth:
    """What happened at the broker, whoever was connected."""

    def __init__(
        self,
        accounts: Sequence[str],
        starting_cash: Mapping[str, Decimal],
        terms: Terms,
        first_perm_id: int,
    ) -> None:
        self._terms = terms
        self._starting_cash = dict(starting_cash)
        self.ledgers = {account: self._opened(account) for account in accounts}
        self.journal: list[Entry] = []
        self.orders: dict[int, BrokerOrder] = {}
        self.live: dict[int, None] = {}
        self.last_perm_id = first_perm_id
        self._executions: dict[str, Executed] = {}
        self._shared: dict[int, dict[str, Decimal]] = {}
        self._perm_ids: dict[tuple[int, int], int] = {}
        self._last_order_ids: dict[int, int] = {}

    # --- what is asked ---

    @property
    def executions(self) -> list[Executed]:
        """All executions as they stand now, oldest first; a busted one has no shares."""
        return list(self._executions.values())

    @property
    def execution_count(self) -> int:
        return len(self._executions)

    def executions_after(self, count: int) -> Iterator[Executed]:
        """The executions that came after the first so many."""
        return islice(self._executions.values(), count, None)

    def execution(self, exec_id: str) -> Executed | None:
        """The execution of an id, in any of its revisions, as it stands now."""
        return self._executions.get(_root(exec_id))

    def shares_of(self, perm_id: int) -> Mapping[str, Decimal]:
        """What the accounts of a group have got of an order so far."""
        return self._shared.get(perm_id, {})

    def order(self, client_id: int, order_id: int) -> BrokerOrder | None:
        """The order a client gave that id, whatever became of it."""
        perm_id = self._perm_ids.get((client_id, order_id))
        return None if perm_id is None else self.orders[perm_id]

    def next_order_id(self, client_id: int) -> int:
        """The lowest id the client may use; ids are counted for each client id."""
        return self._last_order_ids.get(client_id, 0) + 1

    def new_perm_id(self) -> int:
        self.last_perm_id += 1
        return self.last_perm_id

    # --- what is told ---

    def record(self, event: Event, now_ms: int) -> None:
        """Write an event down. The books were moved by whoever made it."""
        self._keep(Entry(len(self.journal) + 1, now_ms, event))

    def restore(self, entries: Iterable[Entry]) -> None:
        """Read a journal back: everything is as it was after its last entry."""
        for entry in entries:
            self._keep(entry)
            match entry.event:
                case Executed() as executed:
                    self.book(executed)
                case Corrected(executed):
                    self.rebuild(executed.execution.account)
                case CashMoved(account, currency, amount):
                    self.ledgers[account].deposit(currency, amount)
                case _:
                    pass

    def book(self, executed: Executed) -> Decimal | None:
        """Move an account's books by an execution; what it realised."""
        if not executed.is_booked or not executed.execution.shares:
            return None
        execution = executed.execution
        signed = execution.shares if executed.is_purchase else -execution.shares
        return self.ledgers[execution.account].apply(
            executed.instrument, signed, execution.price, executed.commission
        )

    def revise(self, executed: Executed) -> Executed:
        """Put an execution in the place of the one it revises; as it is in the books then."""
        root = _root(executed.execution.exec_id)
        self._executions[root] = executed
        self.rebuild(executed.execution.account)
        return self._executions[root]

    def rebuild(self, account: str) -> None:
        """Keep an account's books as if its executions had always been what they are now.

        What later ones realised follows from that, too. What the account has nothing of any
        more is still there, with nothing of it: clients know it.
        """
        before, ledger = self.ledgers[account], self._opened(account)
        for entry in self.journal:
            match entry.event:
                case CashMoved(owner, currency, amount) if owner == account:
                    ledger.deposit(currency, amount)
                case _:
                    pass
        self.ledgers[account] = ledger
        for root, executed in self._executions.items():
            if executed.execution.account == account:
                self._executions[root] = replace(executed, realized_pnl=self.book(executed))
        for con_id, position in before.positions.items():
            ledger.positions.setdefault(con_id, Position(instrument=position.instrument))
        for currency in before.cash:
            ledger.cash.setdefault(currency, ZERO)

    # --- inside ---

    def _opened(self, account: str) -> Ledger:
        cash = dict(self._starting_cash)
        return Ledger(account, next(iter(cash)), cash, terms=self._terms)

    def _keep(self, entry: Entry) -> None:
        self.journal.append(entry)
        event = entry.event
        match event:
            case CashMoved() | Held() | Dropped():
                return
            case IdsReset(client_id, next_order_id):
                self._reset_ids(client_id, next_order_id)
                return
            case Executed():
                self._keep_execution(event)
            case Corrected(executed):
                self._keep_execution(executed)
            case _:
                pass
        self._keep_order(event.order)

    def _keep_execution(self, executed: Executed) -> None:
        root, execution = _root(executed.execution.exec_id), executed.execution
        before = self._executions.get(root)
        self._executions[root] = executed
        if executed.order.shares and executed.is_booked:
            shared = self._shared.setdefault(execution.perm_id, {})
            revised = before.execution.shares if before is not None else ZERO
            done = shared.get(execution.account, ZERO)
            shared[execution.account] = done + execution.shares - revised

    def _reset_ids(self, client_id: int, next_order_id: int) -> None:
        """Count anew; what is over gives its id away, what is live keeps it."""
        self._last_order_ids[client_id] = next_order_id - 1
        for key, perm_id in list(self._perm_ids.items()):
            is_given_away = key[0] == client_id and key[1] >= next_order_id
            if is_given_away and self.orders[perm_id].is_done:
                del self._perm_ids[key]

    def _keep_order(self, order: BrokerOrder) -> None:
        self.orders[order.perm_id] = order
        self.last_perm_id = max(self.last_perm_id, order.perm_id)
        if order.order_id:
            self._perm_ids[order.client_id, order.order_id] = order.perm_id
        if order.instruction is None:
            last = self._last_order_ids.get(order.client_id, 0)
            self._last_order_ids[order.client_id] = max(last, order.order_id)
        if order.is_live:
            self.live[order.perm_id] = None
        else:
            self.live.pop(order.perm_id, None)


def _root(exec_id: str) -> str:
    """What all revisions of an execution share: all but the last part of the id."""
    return exec_id.rpartition(".")[0]
