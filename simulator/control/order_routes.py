"""Routes of orders and executions: what the exchange and a trader at TWS can do to them."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Response

from simulator.control.models import (
    REFUSED,
    Correction,
    ExecutionView,
    NewFill,
    NewOrder,
    NewRejection,
    OrderView,
)
from simulator.control.views import execution_view, order_view
from simulator.records import Order
from simulator.world import World

Limit = Annotated[int, Query(ge=1, le=10_000)]


def routes(world: World) -> APIRouter:
    router = APIRouter()
    for add in (_add_orders, _add_changes, _add_manual_orders, _add_executions):
        add(router, world)
    return router


def _add_orders(router: APIRouter, world: World) -> None:
    @router.get("/orders", summary="The orders, oldest first")
    async def orders(
        client_id: int | None = None,
        *,
        live: Annotated[bool, Query(description="only those that may still be filled")] = False,
        after: Annotated[int, Query(ge=0, description="only later permanent ids")] = 0,
        limit: Limit = 1_000,
    ) -> list[OrderView]:
        found = (
            order_view(order)
            for order in world.broker.orders()
            if order.perm_id > after
            and client_id in {None, order.client_id}
            and (order.is_live or not live)
        )
        return list(islice(found, limit))

    @router.get("/orders/{perm_id}", summary="One order", responses=REFUSED)
    async def order(perm_id: int) -> OrderView:
        return order_view(world.order(perm_id))


def _add_changes(router: APIRouter, world: World) -> None:
    @router.post(
        "/orders/{perm_id}/fills",
        status_code=201,
        summary="Fill a part of an order at a price, whatever the market shows",
        responses=REFUSED,
    )
    async def fill(perm_id: int, new: NewFill) -> OrderView:
        return order_view(world.fill(perm_id, new.quantity, new.price))

    @router.delete(
        "/orders/{perm_id}",
        summary="Cancel an order as if by hand in TWS, whoever placed it",
        responses=REFUSED,
    )
    async def cancel(perm_id: int) -> OrderView:
        return order_view(world.cancel_manual(perm_id))

    @router.post(
        "/rejections",
        status_code=204,
        summary="Refuse the next new order with a code",
        responses=REFUSED,
    )
    async def reject_next(new: NewRejection) -> Response:
        world.reject_next(new.code, new.reason, new.client_id)
        return Response(status_code=204)


def _add_manual_orders(router: APIRouter, world: World) -> None:
    @router.post(
        "/manual-orders",
        status_code=201,
        summary="Place an order as if by hand in TWS",
        responses=REFUSED,
    )
    async def place(new: NewOrder) -> OrderView:
        terms = new.model_dump(exclude={"symbol", "quantity"})
        order = Order(total_quantity=new.quantity, **terms)
        return order_view(world.place_manual(new.symbol, order))


def _add_executions(router: APIRouter, world: World) -> None:
    @router.get("/executions", summary="The executions as they stand now, oldest first")
    async def executions(
        perm_id: Annotated[int | None, Query(description="of one order only")] = None,
        offset: Annotated[int, Query(ge=0, description="how many to leave out")] = 0,
        limit: Limit = 1_000,
    ) -> list[ExecutionView]:
        found = (
            execution_view(executed)
            for executed in world.broker.executions
            if perm_id in {None, executed.order.perm_id}
        )
        return list(islice(found, offset, offset + limit))

    @router.post(
        "/executions/{exec_id}/correction",
        summary="Give an execution another price or quantity",
        responses=REFUSED,
    )
    async def correct(exec_id: str, new: Correction) -> ExecutionView:
        return execution_view(world.correct(exec_id, new.price, new.quantity))

    @router.post(
        "/executions/{exec_id}/bust", summary="Undo an execution, for good", responses=REFUSED
    )
    async def bust(exec_id: str) -> ExecutionView:
        return execution_view(world.bust(exec_id))
