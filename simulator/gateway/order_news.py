"""What becomes of orders, told to the clients concerned.

What is sent for an event, and in which order, follows captures of real gateways: every
change is an open order and its status, except a cancel (status only, then 202); a fill is
the execution, the pair without and the pair with its commission, then the commission. Of a
combination all executions come first, then what each leg cost. Nobody is told of an order
that was not transmitted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator import broker as truth
from simulator.broker import BrokerOrder
from simulator.gateway.hub import Connection, Hub
from simulator.gateway.order_replies import (
    commission_report,
    execution_data,
    open_order,
    order_status,
)
from simulator.records import Status

PUSHED = -1
"""The request id of an execution that nobody asked for."""


def has_report(executed: truth.Executed) -> bool:
    """Whether an execution has a commission report: all but a combination as a whole (captured).

    What an advisor traded for a group has one (public source code of a client); what it tells
    is not known, here nothing, as the accounts pay.
    """
    return executed.is_booked or not executed.instrument.legs


class OrderNews:
    """Tells owners and the master client; knows which commissions they do not know yet."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._ended: dict[Connection, dict[int, BrokerOrder]] = {}
        self._unreported: dict[int, dict[str, truth.Executed]] = {}
        self._legs: list[truth.Executed] = []

    def forget(self, connection: Connection) -> None:
        self._ended.pop(connection, None)

    def ended(self, connection: Connection) -> list[BrokerOrder]:
        """The client's own orders that were over in its session."""
        return list(self._ended.get(connection, {}).values())

    def unreported(self) -> set[str]:
        """The executions whose commissions are not known to clients yet."""
        return {exec_id for executions in self._unreported.values() for exec_id in executions}

    def tell(self, event: truth.OrderEvent) -> None:
        """Tell what happened next in one operation of the broker."""
        if not _is_leg(event):
            self.report_legs()
        if event.order.status is not Status.PENDING_SUBMIT:
            self._tell_audience(event)

    def report_legs(self) -> None:
        """Tell what the legs of a combination cost: all of them have been told of."""
        legs, self._legs = self._legs, []
        for executed in legs:
            self._report(executed, legs[-1].order)

    def state(self, order: BrokerOrder) -> tuple[Any, ...]:
        """An order and its status, with the commission as far as it is known to clients.

        A trailing stop is known as soon as its order is, as captured.
        """
        if order.stop_price is None:
            stop = self._hub.broker.truth.orders[order.perm_id].stop_price
            order = replace(order, stop_price=stop)
        untold = self._unreported.get(order.perm_id)
        if untold and order.commission is not None:
            known = order.commission - sum(executed.commission for executed in untold.values())
            order = replace(order, commission=known or None)
        return (open_order(order), order_status(order)) * self._times

    # --- inside ---

    @property
    def _times(self) -> int:
        """How often what becomes of an order is told."""
        return 2 if self._hub.settings.repeats_status else 1

    def _tell_audience(self, event: truth.OrderEvent) -> None:
        order = event.order
        if isinstance(event, truth.Executed) and has_report(event):
            self._unreported.setdefault(order.perm_id, {})[event.execution.exec_id] = event
        elif isinstance(event, truth.Corrected):
            self._take_report(order.perm_id, event.revises)
        for connection in self._audience(event):
            self._tell(connection, event)
            if order.is_done and connection.client_id == order.client_id:
                self._ended.setdefault(connection, {})[order.perm_id] = order
        if isinstance(event, truth.Executed) and has_report(event):
            self._charge(event)

    def _audience(self, event: truth.OrderEvent) -> list[Connection]:
        """Who is told: the owner and the master client, and of a cancel who asked for it."""
        told = self._hub.audience(event.order.client_id)
        if isinstance(event, truth.Cancelled) and event.by_client_id is not None:
            askers = self._hub.audience(event.by_client_id)
            told += [connection for connection in askers if connection not in told]
        return told

    def _tell(self, connection: Connection, event: truth.OrderEvent) -> None:
        match event:
            case truth.Accepted(order) | truth.Replaced(order) | truth.CancelRequested(order):
                connection.send(*self.state(order))
            case truth.Executed(order):
                connection.send(execution_data(connection, PUSHED, event), *self.state(order))
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
                connection.send(*self.state(order))
                if code and connection.client_id == order.client_id:
                    self._hub.error(connection, order.order_id, code, reason=reason, cause=reason)
            case truth.Moved():
                pass

    def _tell_cancelled(self, connection: Connection, event: truth.Cancelled) -> None:
        """Who cancelled the order of another is told as its owner is; the status names who it was.

        Captured where the cancel came from; that the owner is told so too is ours.
        """
        order, is_its_doing = event.order, connection.client_id == event.by_client_id
        is_told_why = is_its_doing or connection.client_id == order.client_id
        if is_told_why and order.instruction is not None and event.reason:
            self._hub.error(connection, order.order_id, 322, cause=event.reason)
        client_id = order.client_id if event.by_client_id is None else event.by_client_id
        status = replace(order_status(order), client_id=client_id)
        connection.send(*(status,) * self._times)
        if is_told_why:
            self._hub.error(connection, order.order_id, 202, reason=event.reason)

    # --- commissions ---

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

    def _report_late(self, executed: truth.Executed) -> None:
        """The order is shown as it is by then."""
        self._report(executed, self._hub.broker.truth.orders[executed.order.perm_id])

    def _report(self, executed: truth.Executed, order: BrokerOrder) -> None:
        """Tell what an execution cost, unless it was revised before that."""
        if not self._take_report(order.perm_id, executed.execution.exec_id):
            return
        for connection in self._hub.audience(order.client_id):
            connection.send(*self.state(order), commission_report(executed))

    def _take_report(self, perm_id: int, exec_id: str) -> bool:
        """Whether an execution had no report yet; it needs none from now on."""
        untold = self._unreported.get(perm_id, {})
        was_untold = untold.pop(exec_id, None) is not None
        if not untold:
            self._unreported.pop(perm_id, None)
        return was_untold


def _is_leg(event: truth.OrderEvent) -> bool:
    """Whether an event is the fill of a leg of a combination."""
    is_booked = isinstance(event, truth.Executed) and event.is_booked
    return is_booked and bool(event.order.instrument.legs)
