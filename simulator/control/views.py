"""The truth of a world as the control plane shows it: from records to models, and nothing else."""

from __future__ import annotations

import dataclasses

from simulator.broker import BrokerOrder, Executed, why_held
from simulator.control.models import (
    AccountView,
    ActionView,
    ClientView,
    ExecutionView,
    FaultView,
    OrderView,
    PassedView,
    PositionView,
    QuoteView,
    RequestView,
    State,
    Time,
)
from simulator.faults import Action, Fault, as_plain
from simulator.faults.actions import NAMES
from simulator.gateway.core import Request as Received
from simulator.market import Quote
from simulator.messages import REQUESTS
from simulator.transcript import Passed, told_fields
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


def fault_view(fault: Fault) -> FaultView:
    return FaultView(
        id=fault.id,
        action=NAMES[type(fault.action)],
        at=str(fault.at),
        client_id=fault.client_id,
        times=fault.times,
        fired=fault.fired,
        parameters=as_plain(fault.action),
    )


def action_view(name: str, kind: type[Action]) -> ActionView:
    parameters = dataclasses.fields(kind)
    missing = dataclasses.MISSING
    return ActionView(
        action=name,
        what=" ".join((kind.__doc__ or "").split()),
        points=sorted(kind.points),
        needed=[field.name for field in parameters if field.default is missing],
        parameters={
            field.name: None if field.default is missing else field.default for field in parameters
        },
    )


def passed_view(passed: Passed) -> PassedView:
    return PassedView(
        sequence=passed.sequence,
        time_ms=passed.time_ms,
        client_id=passed.client_id,
        peer=passed.peer,
        direction=passed.direction,
        name=passed.name,
        fields=passed.fields,
        size=passed.size,
        is_held=passed.is_held,
    )
