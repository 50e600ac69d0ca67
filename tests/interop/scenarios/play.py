"""Plays scenarios through a client library and compares what it saw, step by step.

Everything is taken from the library's own callbacks. Of ib_insync and ib_async the objects
an application holds are looked at as well: `Trade` with its log and fills, `portfolio()`.
At the end the account must hold what the fills brought, and have paid what they cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from interop.libraries import Call
from interop.mirror import build
from interop.sessions import AsyncioSession, Session
from simulator import World

from . import terms as t

ACCOUNT = "DU9000001"
OPENING_CASH = Decimal(1_000_000)
NOT_SETTLED_IN_CASH = frozenset({"FUT", "CFD"})
"""What costs nothing but fees until it is closed."""

CANCELLED = 202
WARNINGS = frozenset({110, 321, 399, 404, 434, 492})
"""Errors after which one of these libraries or both leave an order as it is."""

Connect = Callable[[int], Awaitable[Session]]


@dataclass
class Told:
    """What was told of one order so far."""

    client: int
    order_id: int
    is_combo: bool
    trade: Any = None
    statuses: list[str] = field(default_factory=list)
    filled: Decimal = Decimal(0)
    why_held: str = ""
    order: Any = None
    state: Any = None
    fills: list[tuple[Decimal, Decimal]] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)


@dataclass
class Books:
    """What the account has by the executions and commissions that were told."""

    cash: Decimal = OPENING_CASH
    held: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def enter(self, contract: Any, execution: Any) -> None:
        if contract.secType == "BAG":
            return
        sign = 1 if execution.side == "BOT" else -1
        quantity = sign * number(execution.shares)
        self.held[contract.localSymbol] += quantity
        if contract.secType not in NOT_SETTLED_IN_CASH:
            multiplier = Decimal(contract.multiplier or 1)
            self.cash -= quantity * number(execution.price) * multiplier


def number(value: Any) -> Decimal:
    return Decimal(str(value)).normalize()


class Play:
    """One scenario on one world, through sessions of one library."""

    def __init__(self, world: World, connect: Connect) -> None:
        self._world = world
        self._connect = connect
        self._sessions: dict[int, Session] = {}
        self._orders = {t.MADE: Told(client=1, order_id=0, is_combo=False)}
        self._books = Books()
        self._cash: Decimal | None = None
        self._portfolio: dict[str, Decimal] = {}
        self._actions: dict[type, Callable[[Any], None]] = {
            t.Place: self._place,
            t.Preview: self._preview,
            t.Cancel: self._cancel,
            t.Quote: self._quote,
            t.Print: self._print,
            t.Wait: lambda wait: self._world.advance(wait.total_s) and None,
            t.NextSession: lambda to: self._world.advance_to_session(to.name) and None,
            t.Halt: lambda halt: self._world.halt(halt.name),
            t.Resume: lambda resume: self._world.resume(resume.name),
            t.RejectNext: self._reject_next,
            t.FillBy: self._fill,
            t.Pay: self._pay,
        }

    async def perform(self, scenario: t.Scenario) -> None:
        for client in sorted({1, *_clients(scenario)}):
            self._sessions[client] = session = await self._connect(client)
            if not isinstance(session, AsyncioSession):  # the others ask when they connect
                session.api.reqAccountUpdates(True, ACCOUNT)
        for session in self._sessions.values():
            await session.settle()
        self._read()
        for index, step in enumerate(scenario.steps, 1):
            self._actions[type(step.action)](step.action)
            for session in self._sessions.values():
                await session.settle()
            where = f"step {index}"
            self._compare(step, *self._read(), where)
            self._compare_objects(where)
        self._compare_account()

    # --- what is done ---

    def _place(self, place: t.Place) -> None:
        session = self._sessions[place.client]
        told = self._orders.get(place.key)
        parent_id = self._orders[place.parent].order_id if place.parent else 0
        record = replace(place.order, parent_id=parent_id)
        is_combo = place.contract.sec_type == "BAG"
        # ib_async takes an inactive order for done, and leaves new terms to its client.
        is_done = told is not None and told.trade is not None and told.trade.isDone()
        if is_done or not isinstance(session, AsyncioSession):
            order_id = session.new_id() if told is None else told.order_id
            self._orders.setdefault(place.key, Told(place.client, order_id, is_combo))
            session.place(record, place.contract, order_id=order_id)
            return
        order = build(record, session.library)
        order.orderId = told.order_id if told is not None else 0
        trade = session.ib.placeOrder(build(place.contract, session.library), order)
        new = Told(place.client, order.orderId, is_combo, trade)
        held = self._orders.setdefault(place.key, new)
        assert trade is held.trade, "new terms made another trade"

    def _preview(self, preview: t.Preview) -> None:
        session = self._sessions[preview.client]
        order_id = session.new_id()
        session.expect(order_id)
        self._orders[preview.key] = Told(preview.client, order_id, is_combo=False)
        record = replace(preview.order, what_if=True)
        session.place(record, preview.contract, order_id=order_id)

    def _cancel(self, cancel: t.Cancel) -> None:
        told = self._orders[cancel.key]
        self._sessions[told.client].cancel(told.order_id)

    def _quote(self, quote: t.Quote) -> None:
        self._world.set_quote(
            quote.name,
            bid=_decimal(quote.bid),
            ask=_decimal(quote.ask),
            bid_size=Decimal(quote.bid_size),
            ask_size=Decimal(quote.ask_size),
            last=_decimal(quote.last),
        )

    def _print(self, tape: t.Print) -> None:
        self._world.print_trade(tape.name, Decimal(tape.price), Decimal(tape.size))

    def _reject_next(self, reject: t.RejectNext) -> None:
        self._world.reject_next(reject.code, reject.reason)

    def _fill(self, fill: t.FillBy) -> None:
        told = self._orders[fill.key]
        self._world.fill((told.client, told.order_id), Decimal(fill.quantity), Decimal(fill.price))

    def _pay(self, pay: t.Pay) -> None:
        self._world.move_cash(ACCOUNT, "USD", Decimal(pay.amount))
        self._books.cash += Decimal(pay.amount)

    # --- what was told ---

    def _read(self) -> tuple[list[t.Fill], list[tuple[str, int, str]], set[str]]:
        """Fills, errors and the orders that anything was told of, since the last time."""
        fills, errors, mentioned = [], [], set()
        for client, session in self._sessions.items():
            by_id = {o.order_id: k for k, o in self._orders.items() if o.client == client}
            for call in session.calls:
                key = by_id.get(_order_id(call, client), "")
                if key:
                    mentioned.add(key)
                    self._note(key, call)
                match call:
                    case Call("execDetails", (_, contract, execution)) if key:
                        fills.append(self._executed(key, contract, execution))
                    case Call("error", (_, code, text, *_)) if key:
                        self._orders[key].errors.append(code)
                        errors.append((key, code, text))
                    case Call("commissionReport", (report,)):
                        self._note_commission(report, session)
                    case _ if client == 1:
                        self._note_account(call)
            session.calls.clear()
        return fills, errors, mentioned

    def _executed(self, key: str, contract: Any, execution: Any) -> t.Fill:
        self._books.enter(contract, execution)
        told = self._orders[key]
        told.fills.append((number(execution.shares), number(execution.price)))
        leg = contract.localSymbol if told.is_combo and contract.secType != "BAG" else ""
        return t.Fill(f"{number(execution.shares):f}", f"{number(execution.price):f}", key, leg)

    def _note(self, key: str, call: Call) -> None:
        told = self._orders[key]
        match call:
            case Call("openOrder", (_, _, order, state)):
                told.order, told.state = order, state
            case Call("orderStatus", (_, status, filled, _, _, _, _, _, _, why_held, *_)):
                told.statuses.append(status)
                told.filled, told.why_held = number(filled), why_held

    def _note_account(self, call: Call) -> None:
        match call:
            case Call("updateAccountValue", ("CashBalance", value, "USD", *_)):
                self._cash = Decimal(value)
            case Call("updatePortfolio", (contract, quantity, *_)):
                self._portfolio[contract.localSymbol] = number(quantity)

    def _note_commission(self, report: Any, session: Session) -> None:
        renamed = session.library.renamed.get("commission", "commission")
        if report.currency == "USD":
            self._books.cash -= number(attrgetter(renamed)(report))

    # --- what is compared ---

    def _compare(
        self,
        step: t.Step,
        fills: list[t.Fill],
        errors: list[tuple[str, int, str]],
        mentioned: set[str],
        where: str,
    ) -> None:
        wanted = [
            replace(f, price=_plain(f.price), quantity=_plain(f.quantity)) for f in step.of(t.Fill)
        ]
        wanted.sort(key=lambda fill: self._orders[fill.key].client)
        assert fills == wanted, where
        expected = step.of(t.Error)
        assert [(key, code) for key, code, _ in errors] == [(e.key, e.code) for e in expected], (
            f"{where}: {errors}"
        )
        for error, (_, _, text) in zip(expected, errors, strict=True):
            assert error.text in text, where
        for now in step.of(t.Now):
            self._compare_order(now, where)
        for effect in step.of(t.Effect):
            self._compare_effect(effect)
        for unseen in step.of(t.Unseen):
            assert unseen.key not in mentioned, where

    def _compare_order(self, now: t.Now, where: str) -> None:
        told = self._orders[now.key]
        assert told.statuses, f"{where}: nothing told of {now.key}"
        status = now.status if now.status != t.ANY else told.statuses[-1]
        assert status in t.ANY or now.status != t.ANY, where
        seen = (told.statuses[-1], told.filled, told.why_held)
        assert seen == (status, Decimal(now.filled), now.why_held), where
        if now.limit is not None:
            assert number(told.order.lmtPrice) == Decimal(now.limit), where
        if now.stop is not None:
            assert number(told.order.trailStopPrice) == Decimal(now.stop), where

    def _compare_effect(self, effect: t.Effect) -> None:
        told = self._orders[effect.key]
        library = self._sessions[told.client].library
        commission = library.renamed.get("commission", "commission")
        names = ("initMarginChange", "equityWithLoanChange", commission)
        seen = [Decimal(str(getattr(told.state, name))) for name in names]
        assert seen == [*map(Decimal, (effect.initial_margin, effect.equity, effect.commission))]
        assert told.statuses == []

    def _compare_objects(self, where: str) -> None:
        """The trades of the asyncio libraries tell the same."""
        for told in self._orders.values():
            trade = told.trade
            if trade is None:
                continue
            log = [status for status, _ in groupby(entry.status for entry in trade.log)]
            assert log[0] == "PendingSubmit", where
            assert _is_within([status for status, _ in groupby(told.statuses)], log), where
            fills = [
                (number(fill.execution.shares), number(fill.execution.price))
                for fill in trade.fills
            ]
            assert fills == told.fills, where
            status = trade.orderStatus
            if not told.statuses and set(told.errors) - WARNINGS:
                assert told.errors[-1] in {entry.errorCode for entry in trade.log}, where
                assert (status.status, trade.isDone()) == ("Cancelled", True), where
            elif set(told.errors) <= {CANCELLED}:
                assert status.status == (told.statuses or ["PendingSubmit"])[-1], where
                assert number(status.filled) == told.filled, where
                assert trade.isDone() or status.status not in {"Filled", "Cancelled"}, where
                assert not trade.isDone() or status.status not in t.LIVE, where

    def _compare_account(self) -> None:
        held = {symbol: quantity for symbol, quantity in self._books.held.items() if quantity}
        assert {s: q for s, q in self._portfolio.items() if q} == held
        session = self._sessions[1]
        if isinstance(session, AsyncioSession):
            items = session.ib.portfolio()
            assert {i.contract.localSymbol: number(i.position) for i in items} == held
        assert self._cash is not None
        assert abs(self._cash - self._books.cash) < Decimal("0.02")


def _clients(scenario: t.Scenario) -> Iterable[int]:
    return (s.action.client for s in scenario.steps if isinstance(s.action, t.Place))


def _order_id(call: Call, client: int) -> int | None:
    """The order of this client that a callback is about."""
    match call:
        case Call("openOrder" | "orderStatus" | "error", (order_id, *_)):
            return order_id
        case Call("execDetails", (_, _, execution)) if execution.clientId == client:
            return execution.orderId
    return None


def _is_within(part: list[str], whole: list[str]) -> bool:
    """Whether all of one list is in another, in the same order."""
    rest = iter(whole)
    return all(status in rest for status in part)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _plain(text: str) -> str:
    return f"{number(text):f}"
