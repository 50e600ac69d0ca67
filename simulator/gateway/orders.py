"""Orders of all clients: requests to the broker, and its events to those concerned.

What is sent for an event, and in which order, follows captures of real gateways: every
change is an open order and its status, except a cancel (status only, then 202); a fill is
the execution, the pair without and the pair with its commission, then the commission.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import structlog

from simulator import broker as truth
from simulator.broker import BrokerOrder
from simulator.gateway.accounts import Accounts
from simulator.gateway.execution_filter import Wanted
from simulator.gateway.hub import SYSTEM, Connection, Handlers, Hub
from simulator.gateway.moments import ZONED_SINCE, dashed_day, is_moment, write
from simulator.gateway.validation import Candidate, refusal, warnings
from simulator.gateway.what_if import effect
from simulator.instruments import Instrument
from simulator.messages.orders import (
    CancelOrder,
    CommissionReport,
    CompletedOrder,
    CompletedOrdersEnd,
    ExecutionData,
    ExecutionDataEnd,
    OpenOrder,
    OpenOrderEnd,
    OrderStatus,
    PlaceOrder,
    RequestAllOpenOrders,
    RequestAutoOpenOrders,
    RequestCompletedOrders,
    RequestExecutions,
    RequestGlobalCancel,
    RequestOpenOrders,
)
from simulator.records import Completion, Contract, Order, OrderState, Status

log = structlog.get_logger(__name__)

PUSHED = -1
"""The request id of an execution that nobody asked for."""


class Orders:
    """Order requests, and the fan-out of what becomes of orders."""

    def __init__(self, hub: Hub, accounts: Accounts) -> None:
        self._hub = hub
        self._accounts = accounts
        self._ended: dict[Connection, dict[int, BrokerOrder]] = {}
        self.on_working: Callable[[], None] = lambda: None

    def handlers(self) -> Handlers:
        return {
            PlaceOrder: self._place,
            CancelOrder: self._cancel,
            RequestGlobalCancel: self._cancel_all,
            RequestOpenOrders: self._open_orders,
            RequestAllOpenOrders: self._all_open_orders,
            RequestAutoOpenOrders: self._auto_open_orders,
            RequestExecutions: self._executions,
            RequestCompletedOrders: self._completed_orders,
        }

    def forget(self, connection: Connection) -> None:
        self._ended.pop(connection, None)

    def download(self, connection: Connection) -> None:
        """Show a client the orders it left behind, before it is told its ids."""
        mine = self._live_orders_of(connection)
        if mine and self._hub.settings.download_open_orders:
            self._send_open_orders(connection, mine)

    def publish(self, events: Iterable[truth.Event]) -> None:
        """Tell those concerned what the broker did."""
        for event in events:
            for connection in self._hub.audience(event.order.client_id):
                self._tell(connection, event)
                if event.order.is_done and connection.client_id == event.order.client_id:
                    self._ended.setdefault(connection, {})[event.order.perm_id] = event.order
            if isinstance(event, truth.Executed):
                self._accounts.on_fill(event.order.account, event.order.instrument)

    # --- requests ---

    def _place(self, connection: Connection, request: PlaceOrder) -> None:
        broker, client_id = self._hub.broker, connection.client_id
        held = broker.order(client_id, request.order_id)
        instruments = broker.database.find(request.contract)
        candidate = Candidate(
            order=request.order,
            contract=request.contract,
            instruments=instruments,
            is_expired=not instruments and self._is_expired(request.contract),
            accounts=self._hub.settings.accounts,
            withheld=self._hub.settings.withheld,
            held=held,
            parent=broker.order(client_id, request.order.parent_id),
            is_old_id=request.order_id < broker.next_order_id(client_id),
            version=connection.session.version,
            gateway_version=self._hub.settings.server_version,
        )
        refused = refusal(candidate)
        if refused is not None:
            self._hub.error(connection, request.order_id, refused.code, **refused.facts)
            return
        for code in warnings(candidate):
            self._hub.error(connection, request.order_id, code)
        order = _normal(request.order, self._hub.settings.accounts[0])
        if order.what_if:
            connection.send(self._preview(connection, request, instruments[0], order, held))
            return
        now_ms = self._hub.now_ms
        if held is None:
            events = broker.place(client_id, request.order_id, request.contract, order, now_ms)
        else:
            events = broker.modify(held, order, now_ms)
        self.publish(events)
        self._warn_of_hours(connection, request.order_id)
        self.on_working()

    def _warn_of_hours(self, connection: Connection, order_id: int) -> None:
        """An order that waits for its hours is told when they begin."""
        placed = self._hub.broker.order(connection.client_id, order_id)
        if placed is None or not self._hub.broker.waits(placed):
            return
        instrument, order = placed.instrument, placed.order
        venue = f"{instrument.primary_exchange or instrument.exchange}.{instrument.trading_class}"
        opens_ms = self._hub.market.opens_ms(
            instrument, self._hub.now_ms, use_rth=not order.outside_rth
        )
        self._hub.error(
            connection,
            order_id,
            399,
            order=f"{order.action} {placed.quantity:f} {instrument.symbol} {venue}",
            opens=dashed_day(opens_ms, instrument.time_zone),
        )

    def _is_expired(self, contract: Contract) -> bool:
        return len(self._hub.database.find(contract, include_expired=True)) == 1

    def _preview(
        self,
        connection: Connection,
        request: PlaceOrder,
        instrument: Instrument,
        order: Order,
        held: BrokerOrder | None,
    ) -> OpenOrder:
        """The one answer to a what-if order; of a live order it previews the change."""
        quantity = (order.total_quantity or Decimal(0)) - (held.filled if held else 0)
        shown = BrokerOrder(
            perm_id=held.perm_id if held else 0,
            client_id=connection.client_id,
            order_id=request.order_id,
            account=order.account,
            instrument=instrument,
            contract=request.contract,
            order=order,
            status=Status.PRE_SUBMITTED,
        )
        state = effect(self._hub, self._accounts, instrument, order, quantity)
        return replace(_open_order(shown), state=state)

    def _cancel(self, connection: Connection, request: CancelOrder) -> None:
        """A cancel whose time is no time cancels nothing, as seen from a real gateway."""
        held = self._hub.broker.order(connection.client_id, request.order_id)
        if request.manual_cancel_time and not is_moment(request.manual_cancel_time):
            field = "Manual Order Cancel Time"
            self._hub.error(connection, request.order_id, 10314, field=field)
        elif held is None:
            self._hub.error(connection, request.order_id, 10147)
        elif held.is_done:
            self._hub.error(connection, request.order_id, 10148, state=held.status)
        else:
            self.publish(self._hub.broker.cancel(held, self._hub.now_ms))

    def _cancel_all(self, connection: Connection, request: RequestGlobalCancel) -> None:
        """Cancel every live order; each of this session that is over already is told as 161."""
        del request
        log.info("global_cancel", client_id=connection.client_id)
        for order in tuple(self._ended.get(connection, {}).values()):
            self._hub.error(connection, order.order_id, 161, perm_id=order.perm_id)
        for order in self._hub.broker.live_orders():
            self.publish(self._hub.broker.cancel(order, self._hub.now_ms))

    def _open_orders(self, connection: Connection, request: RequestOpenOrders) -> None:
        del request
        self._send_open_orders(connection, self._live_orders_of(connection))

    def _all_open_orders(self, connection: Connection, request: RequestAllOpenOrders) -> None:
        del request
        self._send_open_orders(connection, self._hub.broker.live_orders())

    def _auto_open_orders(self, connection: Connection, request: RequestAutoOpenOrders) -> None:
        """No answer for client 0; there are no orders entered by hand to be bound."""
        if connection.client_id != 0:
            self._hub.error(connection, SYSTEM, 327)
        log.info("auto_open_orders", client_id=connection.client_id, bind=request.auto_bind)

    def _executions(self, connection: Connection, request: RequestExecutions) -> None:
        try:
            wanted = Wanted(request.filter, self._hub.now_ms)
        except ValueError:
            cause = (
                "The date, time, or time-zone entered is invalid. "
                "The correct format is yyyymmdd hh:mm:ss xx/xxxx"
            )
            self._hub.error(connection, request.req_id, 321, cause=cause)
            return
        if not wanted.is_zoned and connection.session.version >= ZONED_SINCE:
            self._hub.error(connection, request.req_id, 2174)
        is_master = connection.client_id == self._hub.settings.master_client_id
        found = [
            executed
            for executed in self._hub.broker.executions
            if (is_master or executed.order.client_id == connection.client_id)
            and executed in wanted
        ]
        connection.send(*(_execution_data(connection, request.req_id, e) for e in found))
        connection.send(*map(_commission_report, found))
        connection.send(ExecutionDataEnd(request.req_id))

    def _completed_orders(self, connection: Connection, request: RequestCompletedOrders) -> None:
        del request  # every order here came through the API
        done = [order for order in self._hub.broker.orders() if order.is_done]
        done.sort(key=lambda order: order.changed_ms, reverse=True)
        connection.send(*map(_completed_order, done), CompletedOrdersEnd())

    # --- replies ---

    def _live_orders_of(self, connection: Connection) -> list[BrokerOrder]:
        live = self._hub.broker.live_orders()
        return [order for order in live if order.client_id == connection.client_id]

    def _send_open_orders(self, connection: Connection, orders: Iterable[BrokerOrder]) -> None:
        for order in orders:
            connection.send(*_state(order))
        connection.send(OpenOrderEnd())

    def _tell(self, connection: Connection, event: truth.Event) -> None:
        match event:
            case truth.Accepted(order) | truth.Replaced(order):
                connection.send(*_state(order))
            case truth.Executed(order):
                before = (order.commission or Decimal(0)) - event.commission
                connection.send(
                    _execution_data(connection, PUSHED, event),
                    *_state(replace(order, commission=before or None)),
                    *_state(order),
                    _commission_report(event),
                )
            case truth.Cancelled(order, reason):
                connection.send(_order_status(order))
                if connection.client_id == order.client_id:
                    self._hub.error(connection, order.order_id, 202, reason=reason)


# --- records ----------------------------------------------------------------


def _normal(order: Order, default_account: str) -> Order:
    """The order with what the gateway fills in; numbers lose the zeros a client appended."""
    return replace(
        order,
        total_quantity=order.total_quantity.normalize() if order.total_quantity else None,
        limit_price=order.limit_price.normalize() if order.limit_price else None,
        tif=order.tif or "DAY",
        account=order.account or default_account,
    )


def _contract(order: BrokerOrder) -> Contract:
    """The instrument as an order shows it: on the exchange the order named, right unknown."""
    exchange = order.contract.exchange or order.instrument.exchange
    contract = order.instrument.contract()
    return replace(contract, exchange=exchange, right=contract.right or "?")


def _echo(order: BrokerOrder) -> Order:
    """The attributes of an order as gateways show them, with what they put into empty ones."""
    sent = order.order
    return replace(
        sent,
        limit_price=Decimal("0.0") if sent.order_type == "MKT" else sent.limit_price,
        aux_price=sent.aux_price or Decimal("0.0"),
        open_close="",
        shares_allocation=f"{order.perm_id}.0/{order.account}/100",
        display_size=sent.display_size or None,
        oca_type=sent.oca_type or 3,
        volatility_type=sent.volatility_type or 0,
        delta_neutral_order_type=sent.delta_neutral_order_type or "None",
        delta_neutral_open_close=sent.delta_neutral_open_close or "?",
        reference_price_type=sent.reference_price_type or 0,
        clearing_intent=sent.clearing_intent or "IB",
        adjusted_order_type=sent.adjusted_order_type or "None",
        cash_quantity=sent.cash_quantity or Decimal(0),
        dont_use_auto_price_for_hedge=True,
        use_price_mgmt_algo=sent.use_price_mgmt_algo or 0,
    )


def _state(order: BrokerOrder) -> tuple[Any, ...]:
    return _open_order(order), _order_status(order)


def _open_order(order: BrokerOrder) -> OpenOrder:
    currency = "" if order.commission is None else "USD"
    return OpenOrder(
        order.order_id,
        order.client_id,
        order.perm_id,
        _contract(order),
        _echo(order),
        OrderState(status=order.status, commission=order.commission, commission_currency=currency),
    )


def _order_status(order: BrokerOrder) -> OrderStatus:
    return OrderStatus(
        order_id=order.order_id,
        status=order.status,
        filled=order.filled,
        remaining=order.remaining,
        average_fill_price=order.average_fill_price,
        perm_id=order.perm_id,
        parent_id=order.order.parent_id,
        last_fill_price=order.last_fill_price,
        client_id=order.client_id,
    )


def _execution_data(connection: Connection, req_id: int, executed: truth.Executed) -> ExecutionData:
    order = executed.order
    time = write(executed.time_ms, order.instrument.time_zone, connection.session.version)
    contract = replace(order.instrument.contract(), exchange=executed.execution.exchange)
    return ExecutionData(req_id, order.order_id, contract, replace(executed.execution, time=time))


def _commission_report(executed: truth.Executed) -> CommissionReport:
    return CommissionReport(
        executed.execution.exec_id, executed.commission, "USD", executed.realized_pnl
    )


def _completed_order(order: BrokerOrder) -> CompletedOrder:
    is_filled = order.status is Status.FILLED
    shown = _echo(order)
    return CompletedOrder(
        order.perm_id,
        _contract(order),
        replace(
            shown,
            total_quantity=Decimal(0) if is_filled else shown.total_quantity,  # as captured
            rule_80a="0",
        ),
        Completion(
            status=order.status,
            filled_quantity=order.filled,
            shareholder="Not an insider or substantial shareholder",
            completed_time=write(order.changed_ms, order.instrument.time_zone, ZONED_SINCE),
            completed_status=f"Filled Size: {order.filled:f}" if is_filled else order.ending,
        ),
    )
