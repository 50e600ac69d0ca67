"""The control plane as a FastAPI application over a `World`; its routes stand in rooms by domain."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from simulator.control import (
    account_routes,
    fault_routes,
    market_routes,
    order_routes,
    truth_routes,
)
from simulator.control.models import Problem
from simulator.world import World
from simulator.world_settings import WorldError

LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "::1", "[::1]"]


def create_control(world: World) -> FastAPI:
    """The application. A `Host` that is not loopback is refused, so that no web page in a
    browser on this machine can reach it under a name of its own.
    """
    app = FastAPI(
        title="ibkr-sim control plane",
        description="Move the market, the time, orders and money of a simulated gateway, and "
        "read the truth. What cannot be is refused with 409 and the reason.",
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

    for room in (truth_routes, market_routes, order_routes, account_routes, fault_routes):
        app.include_router(room.routes(world))
    return app
