"""Orders and executions as messages: what a gateway writes into each field, as captured.

The trailing stop stands twice in an open order. The second time it is the stop of any order
that has one, and of a limit order its limit and one more; whatever that is good for, clients
send it back with new terms. A good-till-cancelled order ends with the next quarter (16:00 at
the exchange), which only its completed order says.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from simulator import broker as truth
from simulator.broker import BrokerOrder, why_held
from simulator.commissions import commission_currency
from simulator.gateway.hub import Connection
from simulator.gateway.moments import ZONED_SINCE, write
from simulator.messages.orders import (
    CommissionReport,
    CompletedOrder,
    ExecutionData,
    OpenOrder,
    OrderStatus,
)
from simulator.order_types import limit_after_trigger
from simulator.records import Completion, Contract, Order, OrderState, Status

_STOPS = frozenset({"STP", "STP LMT", "STP PRT"})
_TRAILS = frozenset({"TRAIL", "TRAIL LIMIT"})
_CANCELLING = frozenset({Status.PENDING_CANCEL, Status.CANCELLED})


def _contract(order: BrokerOrder) -> Contract:
    """The instrument as an order shows it: on the exchange the order named, right unknown.

    The legs of a combination are those of the request, as it named and ordered them.
    """
    exchange = order.contract.exchange or order.instrument.exchange
    shown = order.instrument.contract()
    shown = replace(shown, exchange=exchange, right=shown.right or "?")
    legs = order.contract.combo_legs
    if not legs or not order.instrument.legs:
        return shown
    described = (f"{leg.con_id}|{leg.ratio if leg.action == 'BUY' else -leg.ratio}" for leg in legs)
    return replace(shown, combo_legs=legs, combo_legs_description=",".join(described))


def _echo(order: BrokerOrder) -> Order:
    """The attributes of an order as gateways show them, with what they put into empty ones."""
    sent = order.order
    is_trailing = sent.order_type in _TRAILS
    revision = 1 if order.status in _CANCELLING else 0
    is_grouped = order.parent_perm_id and not sent.hedge_type
    group = str(order.parent_perm_id) if is_grouped else ""
    return replace(
        sent,
        limit_price=_limit(order),
        aux_price=sent.aux_price or Decimal("0.0"),
        trail_stop_price=order.stop_price if is_trailing else sent.trail_stop_price,
        oca_group=sent.oca_group or group,
        open_close="",
        total_quantity=sent.total_quantity or _told_size(order),
        shares_allocation=f"{order.perm_id}.{revision}/{_allocation(order)}",
        display_size=sent.display_size or None,
        oca_type=sent.oca_type or 3,
        volatility_type=sent.volatility_type or 0,
        delta_neutral_order_type=sent.delta_neutral_order_type or "None",
        delta_neutral_open_close=sent.delta_neutral_open_close or "?",
        reference_price_type=sent.reference_price_type or 0,
        clearing_intent=sent.clearing_intent or "IB",
        adjusted_trail_stop_price=sent.adjusted_trail_stop_price or _second_stop(order),
        adjusted_order_type=sent.adjusted_order_type or "None",
        cash_quantity=sent.cash_quantity or Decimal(0),
        dont_use_auto_price_for_hedge=True,
        use_price_mgmt_algo=sent.use_price_mgmt_algo or 0,
    )


def _limit(order: BrokerOrder) -> Decimal:
    """Where an order works, or would if its stop were reached now; zero for no limit.

    How far it would give way is not shown.
    """
    sent, stop = order.order, order.stop_price
    gives_way = bool(sent.discretionary_amount)
    limit = sent.limit_price if gives_way else order.work_limit or sent.limit_price
    if sent.order_type == "TRAIL LIMIT" and not order.is_triggered and stop is not None:
        limit = limit_after_trigger(sent, stop)
    return limit or Decimal("0.0")


def _second_stop(order: BrokerOrder) -> Decimal | None:
    sent = order.order
    if sent.order_type in _STOPS:
        return sent.aux_price
    if sent.order_type in _TRAILS:
        return order.stop_price
    has_limit = sent.order_type == "LMT" and sent.limit_price is not None
    return _limit(order) + 1 if has_limit else None


def _auto_cancel_date(order: BrokerOrder) -> str:
    """When a good-till-cancelled order would have ended."""
    if order.order.tif != "GTC":
        return ""
    zone = ZoneInfo(order.instrument.time_zone)
    placed = datetime.fromtimestamp(order.placed_ms / 1000, UTC).astimezone(zone)
    months = placed.year * 12 + (placed.month - 1) // 3 * 3 + 6
    after = datetime(months // 12, months % 12 + 1, 1, 16, tzinfo=zone)
    last = after - timedelta(days=1)
    return write(int(last.timestamp() * 1000), order.instrument.time_zone, ZONED_SINCE)


def _told_size(order: BrokerOrder) -> Decimal | None:
    """The size that the broker gave to an order which was sent without one."""
    return None if order.order.cash_quantity else order.quantity or None


def _allocation(order: BrokerOrder) -> str:
    """Accounts and their percentage of the order; how it is told of several is ours."""
    if not order.shares:
        return f"{order.account}/100"
    whole = order.quantity or 1
    return ",".join(f"{account}/{100 * share / whole:.6g}" for account, share in order.shares)


def open_order(order: BrokerOrder) -> OpenOrder:
    currency = "" if order.commission is None else commission_currency(order.instrument)
    return OpenOrder(
        order.order_id,
        order.client_id,
        order.perm_id,
        _contract(order),
        _echo(order),
        OrderState(status=order.status, commission=order.commission, commission_currency=currency),
    )


def order_status(order: BrokerOrder) -> OrderStatus:
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


def execution_data(connection: Connection, req_id: int, executed: truth.Executed) -> ExecutionData:
    order = executed.order
    time = write(executed.time_ms, order.instrument.time_zone, connection.session.version)
    contract = replace(executed.instrument.contract(), exchange=executed.execution.exchange)
    return ExecutionData(req_id, order.order_id, contract, replace(executed.execution, time=time))


def commission_report(executed: truth.Executed) -> CommissionReport:
    return CommissionReport(
        executed.execution.exec_id,
        executed.commission,
        commission_currency(executed.instrument),
        executed.realized_pnl,
    )


def completed_order(order: BrokerOrder) -> CompletedOrder:
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
            auto_cancel_date=_auto_cancel_date(order),
            shareholder="Not an insider or substantial shareholder",
            completed_time=write(order.changed_ms, order.instrument.time_zone, ZONED_SINCE),
            completed_status=f"Filled Size: {order.filled:f}" if is_filled else order.ending,
        ),
    )
