"""The truth of a world as the control plane shows it: from records to models, and nothing else."""

from __future__ import annotations

import dataclasses
from typing import Any

from simulator.broker import BrokerOrder, Executed, why_held
from simulator.control.models import (
    AccountView,
    ClientView,
    ExecutionView,
    OrderView,
    PositionView,
    QuoteView,
    RequestView,
    State,
    Time,
)
from simulator.gateway.core import Request as Received
from simulator.market import Quote
from simulator.messages import REQUESTS
from simulator.world import World


def time_view(world: World) -> Time:
    return Time(now_ms=world.clock.now_ms(), clock=world.settings.clock)


def state_view(world: World) -> State:
    return State(
        time=time_view(world),
        seed=world.settings.seed,
        server_version=world.settings.server_version,
        clients=[
            ClientView(
                client_id=connection.client_id,
                peer=connection.peer,
                server_version=connection.session.version,
            )
            for connection in world.gateway.hub.clients()
        ],
        accounts=[account_view(world, account) for account in world.broker.ledgers],
        orders=[order_view(order) for order in world.broker.orders()],
    )


def account_view(world: World, account: str) -> AccountView:
    valuation = world.account(account)
    return AccountView(
        account=account,
        base_currency=valuation.base_currency,
        cash=valuation.cash,
        net_liquidation=valuation.net_liquidation,
        available_funds=valuation.available_funds,
        buying_power=valuation.buying_power,
        positions=[
            PositionView(
                symbol=position.instrument.local_symbol,
                quantity=position.quantity,
                average_cost=position.average_cost,
                realized_pnl=position.realized_pnl,
            )
            for position in world.broker.positions(account)
        ],
    )


def order_view(order: BrokerOrder) -> OrderView:
    return OrderView(
        perm_id=order.perm_id,
        client_id=order.client_id,
        order_id=order.order_id,
        parent_perm_id=order.parent_perm_id,
        account=order.account,
        symbol=order.instrument.local_symbol,
        action=order.order.action,
        order_type=order.order.order_type,
        tif=order.order.tif,
        quantity=order.quantity,
        limit_price=order.order.limit_price,
        aux_price=order.order.aux_price,
        stop_price=order.stop_price,
        oca_group=order.order.oca_group,
        status=order.status,
        gate=None if order.is_done or order.is_inactive else order.gate.name.lower(),
        why_held=why_held(order),
        ending=order.ending,
        filled=order.filled,
        remaining=order.remaining,
        average_fill_price=order.average_fill_price,
        commission=order.commission,
        order_ref=order.order.order_ref,
    )


def execution_view(executed: Executed) -> ExecutionView:
    execution, order = executed.execution, executed.order
    return ExecutionView(
        exec_id=execution.exec_id,
        time_ms=executed.time_ms,
        perm_id=order.perm_id,
        client_id=order.client_id,
        order_id=order.order_id,
        account=execution.account,
        symbol=executed.instrument.local_symbol,
        side=execution.side,
        quantity=execution.shares,
        price=execution.price,
        exchange=execution.exchange,
        commission=executed.commission,
        realized_pnl=executed.realized_pnl,
        is_booked=executed.is_booked,
    )


def quote_view(symbol: str, quote: Quote) -> QuoteView:
    return QuoteView(
        symbol=symbol,
        bid=quote.bid,
        ask=quote.ask,
        bid_size=quote.bid_size,
        ask_size=quote.ask_size,
        last=quote.last,
        last_size=quote.last_size,
        volume=quote.volume,
    )


def request_view(received: Received) -> RequestView:
    request = received.request
    return RequestView(
        sequence=received.sequence,
        time_ms=received.time_ms,
        client_id=received.client_id,
        name=type(request).__name__,
        message_id=REQUESTS.by_record[type(request)].id,
        fields=told_fields(request),
    )


def told_fields(record: Any) -> dict[str, Any]:
    """The attributes of a record that say something: those that are not at their default."""
    told: dict[str, Any] = {}
    for attribute in dataclasses.fields(record):
        value = getattr(record, attribute.name)
        if dataclasses.is_dataclass(value):
            told[attribute.name] = told_fields(value)
        elif value != attribute.default:
            told[attribute.name] = value
    return told
