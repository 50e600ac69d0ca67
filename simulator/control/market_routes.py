"""Routes of the market: quotes, trades, halts, who may see it, how it fills orders."""

from __future__ import annotations

from fastapi import APIRouter

from simulator.control.models import (
    REFUSED,
    FillModel,
    FillModelView,
    Grant,
    GrantView,
    HaltView,
    NewQuote,
    NewTrade,
    QuoteView,
)
from simulator.control.views import quote_view
from simulator.world import World


def routes(world: World) -> APIRouter:
    router = APIRouter()
    for add in (_add_quotes, _add_trading, _add_entitlements, _add_fill_models):
        add(router, world)
    return router


def _add_quotes(router: APIRouter, world: World) -> None:
    @router.get("/quotes/{symbol}", summary="The displayed quote", responses=REFUSED)
    async def quote(symbol: str) -> QuoteView:
        return quote_view(symbol, world.quote(symbol))

    @router.put("/quotes/{symbol}", summary="Display a quote until released", responses=REFUSED)
    async def set_quote(symbol: str, new: NewQuote) -> QuoteView:
        return quote_view(symbol, world.set_quote(symbol, **new.model_dump()))

    @router.delete("/quotes/{symbol}", summary="Back to the seeded path", responses=REFUSED)
    async def release_quote(symbol: str) -> QuoteView:
        return quote_view(symbol, world.release_quote(symbol))


def _add_trading(router: APIRouter, world: World) -> None:
    def halt_view(symbol: str) -> HaltView:
        return HaltView(symbol=symbol, is_halted=world.is_halted(symbol))

    @router.post("/trades/{symbol}", summary="Have the tape show a trade", responses=REFUSED)
    async def print_trade(symbol: str, new: NewTrade) -> QuoteView:
        return quote_view(symbol, world.print_trade(symbol, new.price, new.size))

    @router.get("/halts/{symbol}", summary="Whether trading is halted", responses=REFUSED)
    async def is_halted(symbol: str) -> HaltView:
        return halt_view(symbol)

    @router.put("/halts/{symbol}", summary="Halt trading until resumed", responses=REFUSED)
    async def halt(symbol: str) -> HaltView:
        world.halt(symbol)
        return halt_view(symbol)

    @router.delete("/halts/{symbol}", summary="Let it trade again", responses=REFUSED)
    async def resume(symbol: str) -> HaltView:
        world.resume(symbol)
        return halt_view(symbol)


def _add_entitlements(router: APIRouter, world: World) -> None:
    @router.put(
        "/entitlements/{symbol}",
        summary="Set what the login may see of an instrument; * means all",
        responses=REFUSED,
    )
    async def entitle(symbol: str, grant: Grant) -> GrantView:
        world.entitle(symbol, grant.entitlement)
        return GrantView(symbol=symbol, entitlement=grant.entitlement)

    @router.get(
        "/entitlements/{symbol}",
        summary="What the login may see of an instrument",
        responses=REFUSED,
    )
    async def entitlement(symbol: str) -> GrantView:
        return GrantView(symbol=symbol, entitlement=world.entitlement(symbol))


def _add_fill_models(router: APIRouter, world: World) -> None:
    @router.get("/fill-models/{symbol}", summary="How the market fills orders", responses=REFUSED)
    async def fill_model(symbol: str) -> FillModelView:
        return FillModelView(symbol=symbol, fill_model=world.fill_model(symbol))

    @router.put(
        "/fill-models/{symbol}",
        summary="Fill orders by another model from now on; * means all instruments",
        responses=REFUSED,
    )
    async def set_fill_model(symbol: str, new: FillModel) -> FillModelView:
        world.set_fill_model(new.fill_model, symbol)
        return FillModelView(symbol=symbol, fill_model=new.fill_model)
