"""Routes of what goes wrong: faults, the connection to IB, restarts, and the transcript."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Response

from simulator.control.models import (
    REFUSED,
    ActionView,
    FarmChange,
    FaultId,
    FaultView,
    Loss,
    NewFault,
    NewRestart,
    PassedView,
)
from simulator.control.views import action_view, fault_view, passed_view
from simulator.faults import ACTIONS
from simulator.world import World


def routes(world: World) -> APIRouter:
    router = APIRouter()
    for add in (_add_faults, _add_upstream, _add_transcript):
        add(router, world)
    return router


def _add_faults(router: APIRouter, world: World) -> None:
    @router.get("/faults", summary="The faults that wait for their point, and those that last")
    async def faults() -> list[FaultView]:
        return [fault_view(fault) for fault in world.faults]

    @router.get("/faults/actions", summary="What can go wrong, with its parameters")
    async def actions() -> list[ActionView]:
        return [action_view(name, kind) for name, kind in ACTIONS.items()]

    @router.post("/faults", status_code=201, summary="Have something go wrong", responses=REFUSED)
    async def inject(new: NewFault) -> FaultId:
        return FaultId(id=world.inject_plain(new.model_dump()))

    @router.delete("/faults", status_code=204, summary="Take all faults back")
    async def clear_all() -> Response:
        world.clear_faults()
        return Response(status_code=204)

    @router.delete(
        "/faults/{fault_id}", status_code=204, summary="Take a fault back", responses=REFUSED
    )
    async def clear(fault_id: int) -> Response:
        world.clear_faults(fault_id)
        return Response(status_code=204)


def _add_upstream(router: APIRouter, world: World) -> None:
    @router.post(
        "/upstream/loss",
        status_code=201,
        summary="Lose the connection between the gateway and IB",
        responses=REFUSED,
    )
    async def lose(loss: Loss) -> FaultId:
        return FaultId(id=world.lose_upstream(**loss.model_dump()))

    @router.delete(
        "/upstream/loss", status_code=204, summary="Have that connection back", responses=REFUSED
    )
    async def restore(
        *, data_lost: Annotated[bool, Query(description="1101 instead of 1102")] = False
    ) -> Response:
        world.restore_upstream(data_lost=data_lost)
        return Response(status_code=204)

    @router.put(
        "/farms/{name}",
        status_code=204,
        summary="Have a data farm be in another state",
        responses=REFUSED,
    )
    async def farm(name: str, change: FarmChange) -> Response:
        world.farm(name, change.state)
        return Response(status_code=204)

    @router.post(
        "/restart",
        status_code=204,
        summary="Restart the gateway; the broker lives on",
        responses=REFUSED,
    )
    async def restart(new: NewRestart) -> Response:
        world.restart(new.kind, new.outage_s, next_id=new.next_id, by=new.by)
        return Response(status_code=204)


def _add_transcript(router: APIRouter, world: World) -> None:
    @router.get("/transcript", summary="What went over the wires lately, oldest first")
    async def transcript(
        after: Annotated[int, Query(ge=0, description="only later sequence numbers")] = 0,
        client_id: int | None = None,
        limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
    ) -> list[PassedView]:
        found = (
            passed_view(passed)
            for passed in world.transcript.after(after)
            if client_id in {None, passed.client_id}
        )
        return list(islice(found, limit))
