"""Puts the app together around a client, and opens and closes what lives as long as it does.

It knows every room of the app and no client class.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ibkr.app import health, order_events, orders, quotes
from ibkr.app.access import Tokens
from ibkr.app.context import Context, Limits
from ibkr.app.documented import describe
from ibkr.app.edge import Edge
from ibkr.app.problems import client_error, http_error, note_unexpected, validation_error
from ibkr.errors import ConnectivityError, IBKRError, JournalError
from ibkr.logs import mask_accounts
from ibkr.protocol import IBKRClientProtocol

log = structlog.get_logger("ibkr")

_PAUSE_S = 1.0
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
        opening = asyncio.create_task(_opened(client)) if manage_connection else None
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


async def _opened(client: IBKRClientProtocol) -> None:
    try:
        await _open(client)
    except Exception as error:  # noqa: BLE001 - nobody waits for this task; the app stays up
        note_unexpected(error, "connecting")


async def _open(client: IBKRClientProtocol) -> None:
    """Try until there is a connection: `connect` gives up after its attempts, we do not.

    From then on the client keeps it, also where the gateway has no link to IB as yet.
    """
    while True:
        try:
            await client.connect()
        except ConnectivityError:  # logged by the client, shown by /health/ready
            await asyncio.sleep(_PAUSE_S)
        except JournalError as error:  # of another process, which may end
            log.error("not_connected", reason=error.message)  # noqa: TRY400 - says it all
            await asyncio.sleep(_PAUSE_S)
        except IBKRError as error:  # not allowed here; trying again would change nothing
            log.error("not_connected", reason=mask_accounts(error.message))  # noqa: TRY400
            return
        else:
            return
