"""Routes of the whole: the truth, the time, what was received and what the broker did."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse

from simulator.control.models import REFUSED, Advance, NextSession, RequestView, State, Time
from simulator.control.views import request_view, state_view, time_view
from simulator.world import World

JSON_LINES = "application/jsonl"

After = Annotated[int, Query(ge=0, description="only later sequence numbers")]
Limit = Annotated[int, Query(ge=1, le=10_000)]


def routes(world: World) -> APIRouter:
    router = APIRouter()
    for add in (_add_state, _add_clock, _add_journals):
        add(router, world)
    return router


def _add_state(router: APIRouter, world: World) -> None:
    @router.get("/state", summary="The truth: clients, accounts, orders, time")
    async def state() -> State:
        return state_view(world)

    @router.post("/reset", status_code=204, summary="Start afresh; clients are disconnected")
    async def reset() -> Response:
        world.reset()
        return Response(status_code=204)


def _add_clock(router: APIRouter, world: World) -> None:
    @router.post("/clock/advance", summary="Move a manual clock on", responses=REFUSED)
    async def advance(step: Advance) -> Time:
        world.advance(step.seconds)
        return time_view(world)

    @router.post(
        "/clock/next-session",
        summary="Move a manual clock on to an instrument's next regular session",
        responses=REFUSED,
    )
    async def advance_to_session(step: NextSession) -> Time:
        world.advance_to_session(step.symbol)
        return time_view(world)


def _add_journals(router: APIRouter, world: World) -> None:
    @router.get("/requests", summary="The journal of received requests, oldest first")
    async def requests(
        client_id: int | None = None,
        name: str | None = None,
        after: After = 0,
        limit: Limit = 1_000,
    ) -> list[RequestView]:
        views = (
            request_view(received)
            for received in world.gateway.requests
            if received.sequence > after
            and client_id in {None, received.client_id}
            and name in {None, type(received.request).__name__}
        )
        return list(islice(views, limit))

    @router.get(
        "/journal",
        summary="What the broker did, oldest first: a line of JSON for each event",
        response_class=PlainTextResponse,
        responses={200: {"content": {JSON_LINES: {}}}},
    )
    async def journal(after: After = 0, limit: Limit = 1_000) -> Response:
        lines = world.journal(after)[:limit]
        return Response("".join(f"{line}\n" for line in lines), media_type=JSON_LINES)
