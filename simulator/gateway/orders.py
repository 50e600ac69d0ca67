"""Orders of all clients: requests to the broker, and its events to those concerned.

What is sent for an event, and in which order, follows captures of real gateways: every
change is an open order and its status, except a cancel (status only, then 202); a fill is
the execution, the pair without and the pair with its commission, then the commission. Of a
combination all executions come first, then what each leg cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import structlog

from simulator import broker as truth
from simulator.broker import BrokerOrder
from simulator.gateway.accounts import Accounts
from simulator.gateway.execution_filter import Wanted
from simulator.gateway.hub import SYSTEM, Connection, Handlers, Hub
from simulator.gateway.moments import ZONED_SINCE, is_moment
from simulator.gateway.order_intake import Intake, normal
from simulator.gateway.order_replies import (
    commission_report,
    completed_order,
    execution_data,
    open_order,
    order_status,
)
from simulator.messages.orders import (
    CancelOrder,
    CompletedOrdersEnd,
    ExecutionDataEnd,
    OpenOrderEnd,
    OrderBound,
    PlaceOrder,
    RequestAllOpenOrders,
    RequestAutoOpenOrders,
    RequestCompletedOrders,
    RequestExecutions,
    RequestGlobalCancel,
    RequestOpenOrders,
)
from simulator.records import Contract, Order, Status

log = structlog.get_logger(__name__)

REJECTED = 201
MANUAL_CLIENT = 0
"""The client that sees orders entered by hand."""

PUSHED = -1
"""The request id of an execution that nobody asked for."""


class Orders:
    """Order requests, and the fan-out of what becomes of orders."""

    def __init__(self, hub: Hub, accounts: Accounts) -> None:
        self._hub = hub
        self._accounts = accounts
        self._ended: dict[Connection, dict[int, BrokerOrder]] = {}
        self._binds_manual = False
        self._unreported: dict[str, truth.Executed] = {}
        self._legs: list[truth.Executed] = []
        self.intake = Intake(hub, accounts, self.publish)
        self._planned_ms: int | None = None
        self.on_working: Callable[[], None] = lambda: None
        self._plan_next()

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
        """Tell those concerned what the broker did, and look when it is to act next."""
        for event in events:
            if isinstance(event, truth.CashMoved):
                self._accounts.on_cash(event.account)
                continue
            if not _is_leg(event):
                self._report_legs()
            self._tell_audience(event)
            match event:
                case truth.Executed(is_booked=True) as executed:
                    self._charge(executed)
                    self._accounts.on_fill(executed.execution.account, executed.instrument)
                case truth.Executed() as executed if _is_charged(executed):
                    self._charge(executed)
                case truth.Corrected(executed):
                    self._accounts.on_fill(executed.execution.account, executed.instrument)
                case _:
                    pass
        self._report_legs()
        self._plan_next()

    def resume(self) -> None:
        """Go on with what a broker has to do that was restored from its journal."""
        self._plan_next()
        self.on_working()

    def run_broker(self) -> None:
        """Have the broker do what has fallen due."""
        self._planned_ms = None
        self.publish(self._hub.broker.run_due(self._hub.now_ms))
        self.on_working()

    def _tell_audience(self, event: truth.OrderEvent) -> None:
        order = event.order
        if order.status is Status.PENDING_SUBMIT:
            return  # nobody is told of an order that was not transmitted
        match event:
            case truth.Executed() if _is_charged(event):
                self._unreported[event.execution.exec_id] = event
            case truth.Corrected(revises=revises):
                self._unreported.pop(revises, None)
            case _:
                pass
        for connection in self._audience(event):
            self._tell(connection, event)
            if order.is_done and connection.client_id == order.client_id:
                self._ended.setdefault(connection, {})[order.perm_id] = order

    def _audience(self, event: truth.OrderEvent) -> list[Connection]:
        """Who is told: the owner and the master client, and of a cancel who asked for it."""
        told = self._hub.audience(event.order.client_id)
        if isinstance(event, truth.Cancelled) and event.by_client_id is not None:
            askers = self._hub.audience(event.by_client_id)
            told += [connection for connection in askers if connection not in told]
        return told

    def _plan_next(self) -> None:
        due_ms = self._hub.broker.due_ms
        if due_ms is not None and (self._planned_ms is None or due_ms < self._planned_ms):
            self._planned_ms = due_ms
            self._hub.plan(due_ms, self.run_broker)

    # --- requests ---

    def _place(self, connection: Connection, request: PlaceOrder) -> None:
        self.intake.place(connection, request)
        self.on_working()

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
        broker = self._hub.broker
        for order in broker.live_orders():
            now = broker.truth.orders[order.perm_id]  # it may be cancelled with another
            if now.is_live and now.status is not Status.PENDING_CANCEL:
                self.publish(broker.cancel(now, self._hub.now_ms, by_client_id=now.client_id))

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
        terms = normal(order, self._hub.settings.accounts[0])
        events = self._hub.broker.place(MANUAL_CLIENT, 0, contract, terms, self._hub.now_ms)
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
        connection.send(*(execution_data(connection, request.req_id, e) for e in found))
        known = (e for e in found if e.execution.exec_id not in self._unreported)
        connection.send(*map(commission_report, known))
        connection.send(ExecutionDataEnd(request.req_id))

    def _completed_orders(self, connection: Connection, request: RequestCompletedOrders) -> None:
        del request  # every order here came through the API
        orders = self._hub.broker.orders()
        done = [order for order in orders if order.is_done or order.is_inactive]
        done.sort(key=lambda order: order.changed_ms, reverse=True)
        connection.send(*map(completed_order, done), CompletedOrdersEnd())

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
            case truth.Executed(order):
                connection.send(execution_data(connection, PUSHED, event), *self._state(order))
            case truth.Corrected(executed):
                connection.send(
                    execution_data(connection, PUSHED, executed), commission_report(executed)
                )
            case truth.Cancelled():
                self._tell_cancelled(connection, event)
            case (
                truth.Rejected(order=order, code=code, reason=reason)
                | truth.Refused(order=order, code=code, reason=reason)
            ):
                connection.send(*self._state(order))
                if code:
                    self._tell_owner(connection, order, code, reason)
            case truth.Moved():
                pass

    def _tell_cancelled(self, connection: Connection, event: truth.Cancelled) -> None:
        """Who cancelled the order of another is told as its owner is, under its own client id."""
        order, is_its_doing = event.order, connection.client_id == event.by_client_id
        is_told_why = is_its_doing or connection.client_id == order.client_id
        if is_told_why and order.instruction is not None and event.reason:
            self._hub.error(connection, order.order_id, 322, cause=event.reason)
        client_id = connection.client_id if is_its_doing else order.client_id
        status = replace(order_status(order), client_id=client_id)
        connection.send(*(status,) * self._times)
        if is_told_why:
            self._hub.error(connection, order.order_id, 202, reason=event.reason)

    def _tell_owner(
        self, connection: Connection, order: BrokerOrder, code: int, reason: str
    ) -> None:
        if connection.client_id == order.client_id:
            self._hub.error(connection, order.order_id, code, reason=reason, cause=reason)

    def _charge(self, executed: truth.Executed) -> None:
        """Tell what a fill cost: at once, after the other legs, or late.

        Up to ten seconds after the fill were captured.
        """
        delay_ms = self._hub.settings.commission_delay_ms
        if delay_ms:
            self._hub.plan(self._hub.now_ms + delay_ms, lambda: self._report_late(executed))
        elif _is_leg(executed):
            self._legs.append(executed)
        else:
            self._report(executed, executed.order)

    def _report_legs(self) -> None:
        legs, self._legs = self._legs, []
        for executed in legs:
            self._report(executed, legs[-1].order)

    def _report_late(self, executed: truth.Executed) -> None:
        """The order is shown as it is by then; an execution revised before that has no report."""
        if executed.execution.exec_id in self._unreported:
            self._report(executed, self._hub.broker.truth.orders[executed.order.perm_id])

    def _report(self, executed: truth.Executed, order: BrokerOrder) -> None:
        del self._unreported[executed.execution.exec_id]
        for connection in self._hub.audience(order.client_id):
            connection.send(*self._state(order), commission_report(executed))

    def _state(self, order: BrokerOrder) -> tuple[Any, ...]:
        """An order and its status, with the commission as far as it is known to clients.

        A trailing stop is known as soon as its order is, as captured.
        """
        if order.stop_price is None:
            stop = self._hub.broker.truth.orders[order.perm_id].stop_price
            order = replace(order, stop_price=stop)
        hidden = sum(
            executed.commission
            for executed in self._unreported.values()
            if executed.order.perm_id == order.perm_id
        )
        if hidden and order.commission is not None:
            order = replace(order, commission=(order.commission - hidden) or None)
        pair = open_order(order), order_status(order)
        return pair * self._times

    @property
    def _times(self) -> int:
        """How often what becomes of an order is told."""
        return 2 if self._hub.settings.repeats_status else 1


def _is_charged(executed: truth.Executed) -> bool:
    """Whether what a fill cost is told: of what is booked, and of an advisor's whole.

    The whole has a report of its own (public source code of a client); what it tells is not
    known, here nothing, as the accounts pay.
    """
    return executed.is_booked or bool(executed.order.shares)


def _is_leg(event: truth.Event) -> bool:
    """Whether an event is the fill of a leg of a combination."""
    return (
        isinstance(event, truth.Executed) and event.is_booked and bool(event.order.instrument.legs)
    )
