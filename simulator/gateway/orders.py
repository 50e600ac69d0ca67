"""Orders of all clients: requests to the broker, and its events to those concerned.

What is sent for an event, and in which order, follows captures of real gateways: every
change is an open order and its status, except a cancel (status only, then 202); a fill is
the execution, the pair without and the pair with its commission, then the commission.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import structlog

from simulator import broker as truth
from simulator.broker import BrokerOrder, why_held
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
    OrderBound,
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

REJECTED = 201
MANUAL_CLIENT = 0
"""The client that sees orders entered by hand."""

PUSHED = -1
"""The request id of an execution that nobody asked for."""


@dataclass(frozen=True, slots=True)
class _Rejection:
    """What the next new order gets; `client_id` None: of whichever client."""

    code: int
    reason: str
    client_id: int | None


class Orders:
    """Order requests, and the fan-out of what becomes of orders."""

    def __init__(self, hub: Hub, accounts: Accounts) -> None:
        self._hub = hub
        self._accounts = accounts
        self._ended: dict[Connection, dict[int, BrokerOrder]] = {}
        self._binds_manual = False
        self._unreported: dict[str, truth.Executed] = {}
        self._rejections: list[_Rejection] = []
        self._planned_ms: int | None = None
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

    def reject_next(self, code: int, reason: str, *, client_id: int | None = None) -> None:
        """Refuse the next new order, of one client or of any, whatever it is.

        201 is a rejection by the broker: the order is inactive. Any other code is told alone,
        with `reason` in its text or, if the text has no place for one, instead of it.
        """
        self._rejections.append(_Rejection(code, reason, client_id))

    def publish(self, events: Iterable[truth.Event]) -> None:
        """Tell those concerned what the broker did, and look when it is to act next."""
        for event in events:
            if isinstance(event, truth.CashMoved):
                self._accounts.on_cash(event.account)
                continue
            if isinstance(event, truth.Executed):
                self._report_later(event)
            self._tell_audience(event)
            match event:
                case truth.Executed(is_booked=True) as executed:
                    self._accounts.on_fill(executed.execution.account, executed.instrument)
                case truth.Corrected(executed):
                    self._accounts.on_fill(executed.execution.account, executed.instrument)
                case _:
                    pass
        self._plan_next()

    def run_broker(self) -> None:
        """Have the broker do what has fallen due."""
        self._planned_ms = None
        self.publish(self._hub.broker.run_due(self._hub.now_ms))
        self.on_working()

    def _tell_audience(self, event: truth.OrderEvent) -> None:
        order = event.order
        if order.status is Status.PENDING_SUBMIT:
            return  # nobody is told of an order that was not transmitted
        for connection in self._hub.audience(order.client_id):
            self._tell(connection, event)
            if order.is_done and connection.client_id == order.client_id:
                self._ended.setdefault(connection, {})[order.perm_id] = order

    def _plan_next(self) -> None:
        due_ms = self._hub.broker.due_ms
        if due_ms is not None and (self._planned_ms is None or due_ms < self._planned_ms):
            self._planned_ms = due_ms
            self._hub.plan(due_ms, self.run_broker)

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
        self._submit(connection, request, order, held)
        self._warn_of_hours(connection, request.order_id)
        self.on_working()

    def _submit(
        self, connection: Connection, request: PlaceOrder, order: Order, held: BrokerOrder | None
    ) -> None:
        broker, now_ms = self._hub.broker, self._hub.now_ms
        if held is not None:
            self.publish(broker.modify(held, order, now_ms))
            return
        rejection = self._take_rejection(connection.client_id)
        if rejection is not None and rejection.code != REJECTED:
            self._hub.refuse(connection, request.order_id, rejection.code, rejection.reason)
            return
        reason = rejection.reason if rejection is not None else ""
        self.publish(
            broker.place(
                connection.client_id,
                request.order_id,
                request.contract,
                order,
                now_ms,
                rejection=reason,
            )
        )

    def _take_rejection(self, client_id: int) -> _Rejection | None:
        for rejection in self._rejections:
            if rejection.client_id in {None, client_id}:
                self._rejections.remove(rejection)
                return rejection
        return None

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
        held = self._named(connection, request.order_id)
        if request.manual_cancel_time and not is_moment(request.manual_cancel_time):
            field = "Manual Order Cancel Time"
            self._hub.error(connection, request.order_id, 10314, field=field)
        elif held is None:
            self._hub.error(connection, request.order_id, 10147)
        elif held.is_done:
            self._hub.error(connection, request.order_id, 10148, state=held.status)
        else:
            events = self._hub.broker.cancel(
                held, self._hub.now_ms, by_client_id=connection.client_id
            )
            self.publish(events)

    def _named(self, connection: Connection, order_id: int) -> BrokerOrder | None:
        """The order an id means: the client's own, or for client 0 and the master any live one.

        Captured: such a client cancelled the order of another by the owner's id.
        """
        own = self._hub.broker.order(connection.client_id, order_id)
        if own is not None or connection.client_id not in {0, self._hub.settings.master_client_id}:
            return own
        others = [o for o in self._hub.broker.live_orders() if o.order_id == order_id]
        return others[0] if len(others) == 1 else None

    def _cancel_all(self, connection: Connection, request: RequestGlobalCancel) -> None:
        """Cancel every live order; each of this session that is over already is told as 161."""
        del request
        log.info("global_cancel", client_id=connection.client_id)
        for order in tuple(self._ended.get(connection, {}).values()):
            self._hub.error(connection, order.order_id, 161, perm_id=order.perm_id)
        for order in self._hub.broker.live_orders():
            self.publish(self._hub.broker.cancel(order, self._hub.now_ms))

    def _open_orders(self, connection: Connection, request: RequestOpenOrders) -> None:
        """Client 0 is shown the orders entered by hand, too, and may name them from then on."""
        del request
        if connection.client_id == MANUAL_CLIENT:
            self._bind_manual(connection)
        self._send_open_orders(connection, self._live_orders_of(connection))

    def _all_open_orders(self, connection: Connection, request: RequestAllOpenOrders) -> None:
        del request
        self._send_open_orders(connection, self._hub.broker.live_orders())

    def _auto_open_orders(self, connection: Connection, request: RequestAutoOpenOrders) -> None:
        """No answer for client 0: orders entered by hand are bound as they come."""
        if connection.client_id != MANUAL_CLIENT:
            self._hub.error(connection, SYSTEM, 327)
            return
        log.info("auto_open_orders", client_id=connection.client_id, bind=request.auto_bind)
        self._binds_manual = request.auto_bind
        if request.auto_bind:
            self._bind_manual(connection)

    def place_manual(self, contract: Contract, order: Order) -> BrokerOrder:
        """Place an order as if by hand in TWS: of client 0, without an id until it is bound."""
        normal = _normal(order, self._hub.settings.accounts[0])
        events = self._hub.broker.place(MANUAL_CLIENT, 0, contract, normal, self._hub.now_ms)
        self.publish(events)
        if self._binds_manual:
            for client in self._hub.clients():
                if client.client_id == MANUAL_CLIENT:
                    self._bind_manual(client)
        self.on_working()
        (accepted, *_) = (event for event in events if isinstance(event, truth.Accepted))
        return self._hub.broker.truth.orders[accepted.order.perm_id]

    def _bind_manual(self, connection: Connection) -> None:
        """Give orders entered by hand negative ids, counting down, and say which they are."""
        broker = self._hub.broker
        for order in broker.live_orders():
            if order.client_id == MANUAL_CLIENT and order.order_id == 0:
                order_id = min(-1, min(o.order_id for o in broker.orders()) - 1)
                connection.send(OrderBound(order.perm_id, MANUAL_CLIENT, order_id))
                self.publish(broker.bind(order, order_id, self._hub.now_ms))

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
        known = (e for e in found if e.execution.exec_id not in self._unreported)
        connection.send(*map(_commission_report, known))
        connection.send(ExecutionDataEnd(request.req_id))

    def _completed_orders(self, connection: Connection, request: RequestCompletedOrders) -> None:
        del request  # every order here came through the API
        orders = self._hub.broker.orders()
        done = [order for order in orders if order.is_done or order.is_inactive]
        done.sort(key=lambda order: order.changed_ms, reverse=True)
        connection.send(*map(_completed_order, done), CompletedOrdersEnd())

    # --- replies ---

    def _live_orders_of(self, connection: Connection) -> list[BrokerOrder]:
        live = self._hub.broker.live_orders()
        return [order for order in live if order.client_id == connection.client_id]

    def _send_open_orders(self, connection: Connection, orders: Iterable[BrokerOrder]) -> None:
        for order in orders:
            connection.send(*self._state(order))
        connection.send(OpenOrderEnd())

    def _tell(self, connection: Connection, event: truth.OrderEvent) -> None:
        match event:
            case truth.Accepted(order) | truth.Replaced(order) | truth.CancelRequested(order):
                connection.send(*self._state(order))
            case truth.Executed():
                self._tell_fill(connection, event)
            case truth.Corrected(executed):
                connection.send(
                    _execution_data(connection, PUSHED, executed), _commission_report(executed)
                )
            case truth.Cancelled(order, reason, by_client_id):
                client_id = order.client_id if by_client_id is None else by_client_id
                if order.instruction is not None and reason:
                    self._tell_owner(connection, order, 322, reason)
                connection.send(replace(_order_status(order), client_id=client_id))
                self._tell_owner(connection, order, 202, reason)
            case (
                truth.Rejected(order=order, code=code, reason=reason)
                | truth.Refused(order=order, code=code, reason=reason)
            ):
                connection.send(*self._state(order))
                if code:
                    self._tell_owner(connection, order, code, reason)
            case truth.Moved():
                pass

    def _tell_owner(
        self, connection: Connection, order: BrokerOrder, code: int, reason: str
    ) -> None:
        if connection.client_id == order.client_id:
            self._hub.error(connection, order.order_id, code, reason=reason, cause=reason)

    def _tell_fill(self, connection: Connection, executed: truth.Executed) -> None:
        """The pair of a fill is sent without and, when it is charged, with its commission."""
        order = executed.order
        before = (order.commission or Decimal(0)) - executed.commission
        connection.send(
            _execution_data(connection, PUSHED, executed),
            *self._state(replace(order, commission=before or None)),
        )
        if executed.is_booked and executed.execution.exec_id not in self._unreported:
            connection.send(*self._state(order), _commission_report(executed))

    def _report_later(self, executed: truth.Executed) -> None:
        """Commissions may come late: up to ten seconds after the fill, as captured."""
        delay_ms = self._hub.settings.commission_delay_ms
        if delay_ms and executed.is_booked:
            self._unreported[executed.execution.exec_id] = executed
            self._hub.plan(self._hub.now_ms + delay_ms, lambda: self._report(executed))

    def _report(self, executed: truth.Executed) -> None:
        del self._unreported[executed.execution.exec_id]
        order = self._hub.broker.truth.orders[executed.order.perm_id]
        for connection in self._hub.audience(order.client_id):
            connection.send(*self._state(order), _commission_report(executed))

    def _state(self, order: BrokerOrder) -> tuple[Any, ...]:
        """An order and its status, with the commission as far as it is known to clients."""
        hidden = sum(
            executed.commission
            for executed in self._unreported.values()
            if executed.order.perm_id == order.perm_id
        )
        if hidden and order.commission is not None:
            order = replace(order, commission=(order.commission - hidden) or None)
        pair = _open_order(order), _order_status(order)
        return pair * 2 if self._hub.settings.repeats_status else pair


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
    is_trailing = sent.order_type in {"TRAIL", "TRAIL LIMIT"}
    group = str(order.parent_perm_id) if order.parent_perm_id else ""
    return replace(
        sent,
        limit_price=order.work_limit or sent.limit_price or Decimal("0.0"),
        aux_price=sent.aux_price or Decimal("0.0"),
        trail_stop_price=order.stop_price if is_trailing else sent.trail_stop_price,
        oca_group=sent.oca_group or group,
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
        why_held=why_held(order),
    )


def _execution_data(connection: Connection, req_id: int, executed: truth.Executed) -> ExecutionData:
    order = executed.order
    time = write(executed.time_ms, order.instrument.time_zone, connection.session.version)
    contract = replace(executed.instrument.contract(), exchange=executed.execution.exchange)
    return ExecutionData(req_id, order.order_id, contract, replace(executed.execution, time=time))


def _commission_report(executed: truth.Executed) -> CommissionReport:
    return CommissionReport(
        executed.execution.exec_id,
        executed.commission,
        executed.instrument.currency,
        executed.realized_pnl,
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
