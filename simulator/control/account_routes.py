"""Routes of the accounts: what they are worth, and money paid in or out."""

from __future__ import annotations

from fastapi import APIRouter

from simulator.control.models import REFUSED, AccountView, CashMove
from simulator.control.views import account_view
from simulator.world import World


def routes(world: World) -> APIRouter:
    router = APIRouter()

    @router.get("/accounts", summary="The accounts at the prices of the moment")
    async def accounts() -> list[AccountView]:
        return [account_view(world, account) for account in world.broker.ledgers]

    @router.get("/accounts/{account}", summary="One account", responses=REFUSED)
    async def account(account: str) -> AccountView:
        return account_view(world, account)

    @router.post(
        "/accounts/{account}/cash",
        status_code=201,
        summary="Pay money in, or out if negative",
        responses=REFUSED,
    )
    async def move_cash(account: str, move: CashMove) -> AccountView:
        world.move_cash(account, move.currency, move.amount)
        return account_view(world, account)

    return router
