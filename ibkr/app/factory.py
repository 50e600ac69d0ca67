"""Puts the app together around a client, and opens and closes what lives as long as it does.

It knows every room of the app and no client class.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ibkr.app import health, order_events, orders, quotes
from ibkr.app.access import Tokens
from ibkr.app.context import Context, Limits
from ibkr.app.documented import describe
from ibkr.app.edge import Edge
from ibkr.app.problems import client_error, http_error, validation_error
from ibkr.errors import ConnectivityError, IBKRError
from ibkr.protocol import IBKRClientProtocol

_ROUTERS = (
    health.router,
    quotes.router,
    order_events.router,
    orders.reading,
    orders.trading,
)
_TAGS = [
    {"name": "orders", "description": "Place, read, cancel; and what happens to them."},
    {"name": "quotes", "description": "Prices, once or as a stream."},
    {"name": "health", "description": "Alive, ready, counted. No token needed."},
]
_DESCRIPTION = (
    "One client of one IB Gateway over HTTP. Orders need a bearer token and an "
    "Idempotency-Key. Errors are problem details (RFC 9457)."
)


def create_app(
    client: IBKRClientProtocol,
    *,
    manage_connection: bool = True,
    quote_timeout_s: float | None = None,
    allowed_hosts: Sequence[str] | None = None,
    tokens: Tokens | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """The application around a client.

    With `manage_connection` it connects at start-up (the app starts even when that fails, and
    reports itself not ready) and disconnects at the end. `quote_timeout_s` is the wait for a
    first quote. `allowed_hosts` limits the Host header, against DNS rebinding; None: any.
    Without a trade token in `tokens` it places and cancels no orders.
    """
    bounds = limits or Limits()
    if quote_timeout_s is not None:
        bounds = replace(bounds, quote_timeout_s=quote_timeout_s)
    context = Context(limits=bounds)
    app = FastAPI(
        title="ibkr",
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        docs_url=None,  # those pages load scripts from elsewhere; the description is enough
        redoc_url=None,
        redirect_slashes=False,  # a redirect would carry the token wherever Host says
        lifespan=_lifespan(client, context, manage_connection=manage_connection),
    )
    app.state.client = client
    app.state.context = context
    app.state.tokens = tokens or Tokens()
    app.state.readers = quotes.Readers()
    app.state.feed = order_events.OrderFeed(context)
    app.state.watch = health.StateWatch(context.now)
    app.add_exception_handler(IBKRError, client_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, validation_error)
    app.add_middleware(Edge, context=context, allowed_hosts=allowed_hosts)
    app.state.routers = _ROUTERS
    for router in _ROUTERS:
        app.include_router(router)
    describe(app)
    return app


def _lifespan(
    client: IBKRClientProtocol, context: Context, *, manage_connection: bool
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        context.closing = asyncio.Event()  # one app may be started again, on another loop
        app.state.watch.follow(client)
        opening = asyncio.create_task(_open(client)) if manage_connection else None
        try:
            yield
        finally:
            context.closing.set()
            app.state.feed.stop()
            app.state.watch.stop()
            if opening is not None:
                opening.cancel()
                await asyncio.gather(opening, return_exceptions=True)
                await client.disconnect()

    return lifespan


async def _open(client: IBKRClientProtocol) -> None:
    """Connect for as long as the app runs: `connect` gives up after its attempts, we do not."""
    while not client.is_connected():
        try:
            await client.connect()
        except ConnectivityError:  # logged by the client, shown by /health/ready
            await asyncio.sleep(1.0)
        except IBKRError:  # not allowed here; trying again would change nothing
            return
