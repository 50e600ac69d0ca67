"""The control plane as a FastAPI application over a `World`; its routes stand in rooms by domain."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.control import (
    account_routes,
    fault_routes,
    market_routes,
    order_routes,
    truth_routes,
)
from simulator.control.access import ControlAccess
from simulator.control.models import Health, Problem
from simulator.world import World
from simulator.world_settings import WorldError

LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "::1", "[::1]"]


HEALTH = "/health"
"""Answered without a token: it tells that the process answers, and nothing else."""


def create_control(world: World, access: ControlAccess | None = None) -> FastAPI:
    """The application. A `Host` that is neither loopback nor allowed is refused, so that no
    web page in a browser on this machine can reach it under a name of its own.
    """
    access = access or ControlAccess()
    app = FastAPI(
        title="ibkr-sim control plane",
        description="Move the market, the time, orders and money of a simulated gateway, and "
        "read the truth. What cannot be is refused with 409 and the reason.",
        version="1",
    )
    app.add_middleware(_TokenCheck, access=access)
    app.add_middleware(
        TrustedHostMiddleware, allowed_hosts=[*LOOPBACK_HOSTS, *access.allowed_hosts]
    )

    @app.exception_handler(WorldError)
    async def refused(request: Request, error: WorldError) -> JSONResponse:
        del request
        problem = Problem(title="The world cannot be moved that way", status=409, detail=str(error))
        return JSONResponse(
            problem.model_dump(), status_code=409, media_type="application/problem+json"
        )

    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, error: RequestValidationError) -> JSONResponse:
        """Without what was sent, which may be of any size, and no JSON (1e400)."""
        del request
        told = [{name: part[name] for name in ("type", "loc", "msg")} for part in error.errors()]
        return JSONResponse({"detail": told}, status_code=422)

    @app.get(HEALTH, summary="Whether the control plane answers; needs no token")
    async def health() -> Health:
        return Health()

    for room in (truth_routes, market_routes, order_routes, account_routes, fault_routes):
        app.include_router(room.routes(world))
    return app


class _TokenCheck:
    """Lets through what carries the token; with no token configured, everything."""

    def __init__(self, app: ASGIApp, access: ControlAccess) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == HEALTH or self._admits(scope):
            await self._app(scope, receive, send)
            return
        problem = Problem(
            title="A token is needed",
            status=401,
            detail="send `Authorization: Bearer` with the token of --control-token-file",
        )
        await JSONResponse(
            problem.model_dump(),
            status_code=401,
            headers={"WWW-Authenticate": "Bearer"},
            media_type="application/problem+json",
        )(scope, receive, send)

    def _admits(self, scope: Scope) -> bool:
        return self._access.admits(dict(scope["headers"]).get(b"authorization", b""))
