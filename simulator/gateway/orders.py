"""Orders of all clients: their requests to the broker, and its events to those concerned.

Knows whose order a request means and when the broker is to act next. How events are told is
another room (`order_news`), and so is what an order must be to be taken (`order_intake`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from simulator import broker as truth
from simulator.broker import BrokerOrder
from simulator.gateway.accounts import Accounts
from simulator.gateway.execution_filter import Wanted
from simulator.gateway.hub import SYSTEM, Connection, Handlers, Hub
from simulator.gateway.moments import ZONED_SINCE, is_moment
from simulator.gateway.order_intake import Intake, normal
from simulator.gateway.order_news import OrderNews, has_report
from simulator.gateway.order_replies import commission_report, completed_order, execution_data
from simulator.logs import Log
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

log = Log(__name__)

MANUAL_CLIENT = 0
"""The client that sees orders entered by hand."""


class Orders:
    """Order requests, and the fan-out of what becomes of orders."""

    def __init__(self, hub: Hub, accounts: Accounts) -> None:
        self._hub = hub
        self._accounts = accounts
        self._news = OrderNews(hub)
        self._binds_manual = False
        self.intake = Intake(hub, accounts, self.publish)
        self._planned_ms: int | None = None
        self._kept: list[truth.Event] | None = None
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
        self._news.forget(connection)

    def download(self, connection: Connection) -> None:
        """Show a client the orders it left behind, before it is told its ids."""
        mine = self._live_orders_of(connection)
        if mine and self._hub.settings.download_open_orders:
            self._send_open_orders(connection, mine)

    def publish(self, events: Iterable[truth.Event]) -> None:
        """Tell those concerned what the broker did, and look when it is to act next."""
        if self._kept is not None:
            self._kept += events
            self._plan_next()
            return
        for event in events:
            if isinstance(event, truth.Unseen):
                continue
            if isinstance(event, truth.CashMoved):
                self._accounts.on_cash(event.account)
                continue
            self._news.tell(event)
            match event:
                case truth.Executed() | truth.Corrected():
                    self._move_account(event)
                case _:
                    pass
        self._news.report_legs()
        self._plan_next()

    def keep_news(self) -> None:
        """Tell nobody anything, until `tell_news`."""
        if self._kept is None:
            self._kept = []

    def tell_news(self) -> None:
        """Tell what was kept."""
        kept, self._kept = self._kept, None
        if kept is not None:
            self.publish(kept)

    def clone(self, connection: Connection, request: object) -> bool:
        """Make new terms of a live order an order of their own; whether that is what they were."""
        if not isinstance(request, PlaceOrder):
            return False
        held = self._hub.broker.order(connection.client_id, request.order_id)
        if held is None or not held.is_live:
            return False
        terms = normal(request.order, self._hub.settings.accounts[0])
        self.publish(
            self._hub.broker.place(
                connection.client_id,
                request.order_id,
                request.contract,
                terms,
                self._hub.now_ms,
            )
        )
        self.on_working()
        return True

    def unreported(self) -> set[str]:
        """The executions whose commissions are not known to clients yet."""
        return self._news.unreported()

    def resume(self) -> None:
        """Go on with what a broker has to do that was restored from its journal."""
        self._plan_next()
        self.on_working()

    def run_broker(self) -> None:
        """Have the broker do what has fallen due."""
        self._planned_ms = None
        self.publish(self._hub.broker.run_due(self._hub.now_ms))
        self.on_working()

    def _move_account(self, event: truth.Executed | truth.Corrected) -> None:
        executed = event.executed if isinstance(event, truth.Corrected) else event
        if executed.is_booked:
            self._accounts.on_fill(executed.execution.account, executed.instrument)

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
        for order in self._news.ended(connection):
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
        unreported = self.unreported()
        known = (e for e in found if has_report(e) and e.execution.exec_id not in unreported)
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
            connection.send(*self._news.state(order))
        connection.send(OpenOrderEnd())
