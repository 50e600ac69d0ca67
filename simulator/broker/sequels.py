"""What a fill, or the end of an order, sets off elsewhere: hedges, and orders the broker makes.

Decides what comes next and keeps it until nothing is matched any more; enters nothing. The
orders that the broker makes have the client of the order they come from and, as those made
in TWS, no id (ours). Assumptions:

- A fill of a scale order with a profit offset is followed by a limit order the other way at
  that offset from its price (TWS guide, "Scale Orders"), one for each fill (ours).
- A fill of a volatility order with a delta neutral order type is followed by an order in the
  underlying against its delta of that moment (IBKR, Volatility Orders).
- Neither is asked for funds, nor taken back with the order it comes from (ours).
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from simulator.broker.families import Families
from simulator.broker.hedges import Prices, hedge_size, is_due
from simulator.broker.plans import profit_order
from simulator.broker.records import BrokerOrder, Gate
from simulator.broker.truth import Truth
from simulator.instruments import ContractDatabase, Instrument
from simulator.market import Market
from simulator.matching import Filled, Side
from simulator.pricing import value
from simulator.records import Order, Status

ZERO = Decimal(0)
AT_LIMIT = frozenset({"LMT", "LOC"})
"""Delta neutral order types whose price is a limit; that of others is their auxiliary price."""


class Sequels:
    """Orders to be entered, in the order in which they came up."""

    def __init__(
        self, truth: Truth, families: Families, database: ContractDatabase, market: Market
    ) -> None:
        self._truth = truth
        self._families = families
        self._database = database
        self._market = market
        self._next: deque[BrokerOrder] = deque()

    def take(self) -> BrokerOrder | None:
        """The next, as it is now: a hedge without its size, or an order that is new.

        A hedge that has ended in the meantime is left out.
        """
        while self._next:
            held = self._next.popleft()
            now = self._truth.orders.get(held.perm_id, held)
            if not now.is_done:
                return now
        return None

    def filled(self, held: BrokerOrder, fill: Filled, now_ms: int) -> None:
        """Make the orders that follow a fill."""
        profit = profit_order(held.order, fill.quantity, fill.price)
        if profit is not None:
            self._make(held, held.instrument, profit, now_ms)
        if held.order.delta_neutral_order_type not in {"", "None"}:
            under = self._database[held.instrument.under_con_id]
            hedge = self._delta_neutral(held, fill.quantity, under, now_ms)
            if hedge.total_quantity:
                self._make(held, under, hedge, now_ms)

    def over(self, parent: BrokerOrder) -> None:
        """Have the hedges of an order worked that is over."""
        for perm_id in self._families.children(parent.perm_id):
            self._queue_due(self._truth.orders[perm_id], parent)

    def entered(self, perm_id: int) -> None:
        """Have an order worked now if it is a hedge that comes after its parent was over."""
        child = self._truth.orders[perm_id]
        parent = self._truth.orders.get(child.parent_perm_id)
        if parent is not None:
            self._queue_due(child, parent)

    def _queue_due(self, child: BrokerOrder, parent: BrokerOrder) -> None:
        if child.is_live and child.gate is Gate.PARENT and is_due(child, parent):
            self._next.append(child)

    def sized(self, hedge: BrokerOrder, now_ms: int) -> BrokerOrder:
        """A hedge with its size, by the prices of now."""
        parent = self._truth.orders[hedge.parent_perm_id]
        prices = Prices(
            hedge=self._market.quote(hedge.instrument, now_ms).mark,
            delta=self._delta(parent.instrument, now_ms),
        )
        return replace(hedge, quantity=hedge_size(hedge, parent, prices))

    def _delta(self, option: Instrument, now_ms: int) -> Decimal:
        """What an option moves with its underlying; nothing for what has no model."""
        valued = self._market.valuation(option, now_ms)
        return ZERO if valued is None else Decimal(str(value(valued.option).delta))

    def _delta_neutral(
        self, held: BrokerOrder, quantity: Decimal, under: Instrument, now_ms: int
    ) -> Order:
        order, option = held.order, held.instrument
        moved = Side(order.action).sign * quantity * self._delta(option, now_ms)
        size = abs(moved) * option.multiplier / under.multiplier
        price = order.delta_neutral_aux_price
        kind = order.delta_neutral_order_type
        return Order(
            action=Side.SELL if moved > 0 else Side.BUY,
            total_quantity=size.to_integral_value(ROUND_HALF_UP),
            order_type=kind,
            limit_price=price if kind in AT_LIMIT else None,
            aux_price=None if kind in AT_LIMIT else price,
            tif="DAY",
            account=order.account,
            outside_rth=order.outside_rth,
        )

    def _make(self, held: BrokerOrder, instrument: Instrument, order: Order, now_ms: int) -> None:
        new = BrokerOrder(
            perm_id=self._truth.new_perm_id(),
            client_id=held.client_id,
            order_id=0,
            account=held.account,
            instrument=instrument,
            contract=held.contract if instrument is held.instrument else instrument.contract(),
            order=order,
            status=Status.PENDING_SUBMIT,
            gate=Gate.TRANSMIT,
            placed_ms=now_ms,
            changed_ms=now_ms,
        )
        self._next.append(new)
