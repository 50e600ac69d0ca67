"""From a trade to the books: execution, commission, position, and the order after it.

Ids of executions count up from a prefix, as captured: the third part tells the parts of one
trade, the last its revision.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from simulator.broker.charging import Charging
from simulator.broker.records import BrokerOrder, Change, Corrected, Executed
from simulator.broker.scribe import Scribe
from simulator.instruments import Instrument
from simulator.records import Execution

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """What was traded for an order.

    `part` counts the executions of one trade from 1: accounts of an advisor, legs of a
    combination. Only what `counts` fills the order, and only what `is_booked` moves the
    books: of a combination the whole counts and its legs are booked. `is_free`: nothing is
    charged.
    """

    instrument: Instrument
    is_purchase: bool
    quantity: Decimal
    price: Decimal
    account: str
    exchange: str
    added: bool = False
    part: int = 1
    counts: bool = True
    is_booked: bool = True
    is_free: bool = False


class Booking:
    """Books trades and revises them."""

    def __init__(self, scribe: Scribe, charging: Charging, exec_prefix: str) -> None:
        self._scribe = scribe
        self._charging = charging
        self._prefix = exec_prefix
        self._trades = 0

    def resume(self) -> None:
        """Count on from the executions there are."""
        for executed in self._scribe.truth.executions:
            self._charging.count(executed)
        ids = [e.execution.exec_id for e in self._scribe.truth.executions]
        self._trades = max((int(exec_id.split(".")[1], 16) for exec_id in ids), default=0)

    def book(self, held: BrokerOrder, trade: Trade) -> Executed:
        """Book a trade; the event has the order as it is then."""
        fee = self._fee(held, trade)
        after = self._after(held, trade, fee)
        executed = Executed(
            order=after,
            execution=self._execution(after, trade),
            time_ms=self._scribe.now_ms,
            commission=fee,
            realized_pnl=None,
            instrument=trade.instrument,
            is_booked=trade.is_booked,
        )
        realized = self._scribe.truth.book(executed)
        executed = replace(executed, realized_pnl=realized)
        self._charging.count(executed)
        self._scribe.write(executed)
        return executed

    def revise(self, executed: Executed, *, quantity: Decimal, price: Decimal) -> Corrected:
        """Correct an execution, to no shares at all to bust it; the books are kept anew.

        A leg of a combination does not fill its order, and so does not change it.
        """
        truth, before = self._scribe.truth, executed.execution
        root, _, revision = before.exec_id.rpartition(".")
        held = truth.orders[executed.order.perm_id]
        after = replace(held, changed_ms=self._scribe.now_ms)
        if not executed.is_part:
            filled = held.filled - before.shares + quantity
            paid = held.paid - before.shares * before.price + quantity * price
            after = replace(after, filled=filled, paid=paid)
        execution = replace(
            before,
            exec_id=f"{root}.{int(revision, 16) + 1:02x}",
            shares=quantity,
            price=price,
            cumulative_quantity=quantity if executed.is_part else after.filled,
            average_price=price if executed.is_part else after.average_fill_price,
        )
        revised = truth.revise(replace(executed, order=after, execution=execution))
        event = Corrected(revised, before.exec_id)
        self._scribe.write(event)
        return event

    def _fee(self, held: BrokerOrder, trade: Trade) -> Decimal:
        if trade.is_free or not trade.is_booked:
            return ZERO
        return self._charging.fee(
            held.perm_id,
            trade.account,
            trade.instrument,
            quantity=trade.quantity,
            price=trade.price,
            is_sale=not trade.is_purchase,
            adds_liquidity=trade.added,
            now_ms=self._scribe.now_ms,
        )

    def _after(self, held: BrokerOrder, trade: Trade, fee: Decimal) -> BrokerOrder:
        commission = ((held.commission or ZERO) + fee).normalize()
        if not trade.counts:
            return replace(held, commission=commission, changed_ms=self._scribe.now_ms)
        change = Change.FILLED if trade.quantity == held.remaining else Change.PART_FILLED
        return self._scribe.changed(
            held,
            change,
            filled=held.filled + trade.quantity,
            paid=held.paid + trade.quantity * trade.price,
            last_fill_price=trade.price,
            commission=commission if trade.is_booked else held.commission,
        )

    def _execution(self, after: BrokerOrder, trade: Trade) -> Execution:
        if trade.part == 1:
            self._trades += 1
        return Execution(
            exec_id=f"{self._prefix}.{self._trades:08x}.{trade.part:02x}.01",
            account=trade.account,
            exchange=trade.exchange,
            side="BOT" if trade.is_purchase else "SLD",
            shares=trade.quantity,
            price=trade.price,
            perm_id=after.perm_id,
            client_id=after.client_id,
            cumulative_quantity=after.filled if trade.counts else trade.quantity,
            average_price=after.average_fill_price if trade.counts else trade.price,
            order_ref=after.order.order_ref,
            last_liquidity=1 if trade.added else 2,
        )
