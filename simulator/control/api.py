"""The control plane as a FastAPI application over a `World`."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from simulator.broker import BrokerOrder
from simulator.control.models import (
    AccountView,
    Advance,
    ClientView,
    Grant,
    GrantView,
    HaltView,
    NewQuote,
    NewTrade,
    NextSession,
    OrderView,
    PositionView,
    Problem,
    QuoteView,
    RequestView,
    State,
    Time,
)
from simulator.gateway.core import Request as Received
from simulator.market import Quote
from simulator.messages import REQUESTS
from simulator.world import World
from simulator.world_settings import WorldError

LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "::1", "[::1]"]
_REFUSED: dict[int | str, dict[str, Any]] = {409: {"model": Problem}}


def create_control(world: World) -> FastAPI:
    """The application. A `Host` that is not loopback is refused, so that no web page in a
    browser on this machine can reach it under a name of its own.
    """
    app = FastAPI(
        title="ibkr-sim control plane",
        description="Quote the market, move the time and read the truth of a simulated gateway.",
        version="1",
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK_HOSTS)

    @app.exception_handler(WorldError)
    async def refused(request: Request, error: WorldError) -> JSONResponse:
        del request
        problem = Problem(title="The world cannot be moved that way", status=409, detail=str(error))
        return JSONResponse(
            problem.model_dump(), status_code=409, media_type="application/problem+json"
        )

    for add in (
        _add_state,
        _add_quotes,
        _add_trading,
        _add_requests,
        _add_clock,
        _add_entitlements,
    ):
        add(app, world)
    return app


def _add_state(app: FastAPI, world: World) -> None:
    @app.get("/state", summary="The truth: clients, accounts, orders, time")
    async def state() -> State:
        return _state(world)

    @app.post("/reset", status_code=204, summary="Start afresh; clients are disconnected")
    async def reset() -> Response:
        world.reset()
        return Response(status_code=204)


def _add_quotes(app: FastAPI, world: World) -> None:
    @app.get("/quotes/{symbol}", summary="The displayed quote", responses=_REFUSED)
    async def quote(symbol: str) -> QuoteView:
        return _quote(symbol, world.quote(symbol))

    @app.put("/quotes/{symbol}", summary="Display a quote until released", responses=_REFUSED)
    async def set_quote(symbol: str, new: NewQuote) -> QuoteView:
        return _quote(symbol, world.set_quote(symbol, **new.model_dump()))

    @app.delete("/quotes/{symbol}", summary="Back to the seeded path", responses=_REFUSED)
    async def release_quote(symbol: str) -> QuoteView:
        return _quote(symbol, world.release_quote(symbol))


def _add_trading(app: FastAPI, world: World) -> None:
    def halt_view(symbol: str) -> HaltView:
        return HaltView(symbol=symbol, is_halted=world.is_halted(symbol))

    @app.post("/trades/{symbol}", summary="Have the tape show a trade", responses=_REFUSED)
    async def print_trade(symbol: str, new: NewTrade) -> QuoteView:
        return _quote(symbol, world.print_trade(symbol, new.price, new.size))

    @app.get("/halts/{symbol}", summary="Whether trading is halted", responses=_REFUSED)
    async def is_halted(symbol: str) -> HaltView:
        return halt_view(symbol)

    @app.put("/halts/{symbol}", summary="Halt trading until resumed", responses=_REFUSED)
    async def halt(symbol: str) -> HaltView:
        world.halt(symbol)
        return halt_view(symbol)

    @app.delete("/halts/{symbol}", summary="Let it trade again", responses=_REFUSED)
    async def resume(symbol: str) -> HaltView:
        world.resume(symbol)
        return halt_view(symbol)


def _add_requests(app: FastAPI, world: World) -> None:
    @app.get("/requests", summary="The journal of received requests, oldest first")
    async def requests(
        client_id: int | None = None,
        name: str | None = None,
        after: Annotated[int, Query(ge=0, description="only later sequence numbers")] = 0,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
    ) -> list[RequestView]:
        views = (
            _request(received)
            for received in world.gateway.requests
            if received.sequence > after
            and client_id in {None, received.client_id}
            and name in {None, type(received.request).__name__}
        )
        return [view for view, _ in zip(views, range(limit), strict=False)]


def _add_clock(app: FastAPI, world: World) -> None:
    @app.post("/clock/advance", summary="Move a manual clock on", responses=_REFUSED)
    async def advance(step: Advance) -> Time:
        world.advance(step.seconds)
        return _time(world)

    @app.post(
        "/clock/next-session",
        summary="Move a manual clock on to an instrument's next regular session",
        responses=_REFUSED,
    )
    async def advance_to_session(step: NextSession) -> Time:
        world.advance_to_session(step.symbol)
        return _time(world)


def _add_entitlements(app: FastAPI, world: World) -> None:
    @app.put(
        "/entitlements/{symbol}",
        summary="Set what the login may see of an instrument; * means all",
        responses=_REFUSED,
    )
    async def entitle(symbol: str, grant: Grant) -> GrantView:
        world.entitle(symbol, grant.entitlement)
        return GrantView(symbol=symbol, entitlement=grant.entitlement)

    @app.get(
        "/entitlements/{symbol}",
        summary="What the login may see of an instrument",
        responses=_REFUSED,
    )
    async def entitlement(symbol: str) -> GrantView:
        return GrantView(symbol=symbol, entitlement=world.entitlement(symbol))


def _time(world: World) -> Time:
    return Time(now_ms=world.clock.now_ms(), clock=world.settings.clock)


def _state(world: World) -> State:
    return State(
        time=_time(world),
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
        accounts=[
            AccountView(
                account=ledger.account,
                cash=ledger.cash,
                positions=[
                    PositionView(
                        symbol=position.instrument.local_symbol,
                        quantity=position.quantity,
                        average_cost=position.average_cost,
                        realized_pnl=position.realized_pnl,
                    )
                    for position in ledger.positions.values()
                ],
            )
            for ledger in world.broker.ledgers.values()
        ],
        orders=[_order(order) for order in world.broker.orders()],
    )


def _order(order: BrokerOrder) -> OrderView:
    return OrderView(
        perm_id=order.perm_id,
        client_id=order.client_id,
        order_id=order.order_id,
        account=order.account,
        symbol=order.instrument.local_symbol,
        action=order.order.action,
        order_type=order.order.order_type,
        quantity=order.quantity,
        limit_price=order.order.limit_price,
        status=order.status,
        filled=order.filled,
        average_fill_price=order.average_fill_price,
        order_ref=order.order.order_ref,
    )


def _quote(symbol: str, quote: Quote) -> QuoteView:
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


def _request(received: Received) -> RequestView:
    request = received.request
    return RequestView(
        sequence=received.sequence,
        time_ms=received.time_ms,
        client_id=received.client_id,
        name=type(request).__name__,
        message_id=REQUESTS.by_record[type(request)].id,
        fields=_told(request),
    )


def _told(record: Any) -> dict[str, Any]:
    """The attributes of a record that say something: those that are not at their default."""
    told: dict[str, Any] = {}
    for attribute in dataclasses.fields(record):
        value = getattr(record, attribute.name)
        if dataclasses.is_dataclass(value):
            told[attribute.name] = _told(value)
        elif value != attribute.default:
            told[attribute.name] = value
    return told
