"""A small HTTP face for one client: health, metrics, quotes and orders.

It knows the protocol, the models and the errors, and no client class: the client comes in
through the dependency `get_client`, so a test swaps it with one line of dependency_overrides.
Rule: an order whose fate is unknown is 202 with its id, never a 5xx that invites a retry.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from ibkr.errors import (
    AmbiguousContract,
    CancelTooLate,
    ConnectivityError,
    ContractNotFound,
    DuplicateOrderId,
    IBKRError,
    InvalidContract,
    InvalidOrder,
    InvalidRequest,
    LiveTradingRefused,
    MarketDataNotAvailable,
    NotSubscribed,
    OrderError,
    OrderLimitExceeded,
    OrderNotFound,
    OrderRejected,
    OrderStateUnknown,
    PacingViolation,
    ReadOnlyApi,
    RequestError,
    RequestTimeout,
    StreamOverflow,
)
from ibkr.logs import mask_accounts
from ibkr.models import Contract, Order, OrderId, OrderResult, Quote
from ibkr.protocol import IBKRClientProtocol

HTTP_STATUS: dict[type[IBKRError], int] = {
    InvalidContract: 422,
    InvalidOrder: 422,
    OrderLimitExceeded: 422,
    OrderRejected: 422,
    InvalidRequest: 400,
    ContractNotFound: 404,
    OrderNotFound: 404,
    NotSubscribed: 404,
    AmbiguousContract: 409,
    MarketDataNotAvailable: 409,
    CancelTooLate: 409,
    DuplicateOrderId: 409,
    LiveTradingRefused: 403,
    ReadOnlyApi: 403,
    PacingViolation: 429,
    OrderStateUnknown: 202,
    RequestTimeout: 504,
    ConnectivityError: 503,
    RequestError: 400,
    OrderError: 422,
    StreamOverflow: 500,
    IBKRError: 500,
}
"""The status of an error is that of the nearest class in this table."""


def http_status(error: IBKRError) -> int:
    return next(HTTP_STATUS[kind] for kind in type(error).__mro__ if kind in HTTP_STATUS)


def get_client(request: Request) -> IBKRClientProtocol:
    """The client this app was created with."""
    client: IBKRClientProtocol = request.app.state.client
    return client


Client = Annotated[IBKRClientProtocol, Depends(get_client)]


class ContractBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    symbol: str
    sec_type: str = "STK"
    exchange: str = "SMART"
    currency: str = "USD"

    def contract(self) -> Contract:
        return Contract(**self.model_dump())


class OrderBody(ContractBody):
    """An order for a contract; amounts may be numbers or strings."""

    action: str
    quantity: Decimal = Field(allow_inf_nan=True)  # the model itself refuses it, and says why
    order_type: str = "MKT"
    limit_price: Decimal | None = Field(default=None, allow_inf_nan=True)
    tif: str = "DAY"
    account: str = ""
    order_ref: str = ""
    stop_price: Decimal | None = Field(default=None, allow_inf_nan=True)
    trail_amount: Decimal | None = Field(default=None, allow_inf_nan=True)
    parent_id: int | None = None
    oca_group: str = ""

    def contract(self) -> Contract:
        return Contract(
            symbol=self.symbol,
            sec_type=self.sec_type,  # type: ignore[arg-type]  # parsed by the model
            exchange=self.exchange,
            currency=self.currency,
        )

    def order(self) -> Order:
        return Order(
            action=self.action,  # type: ignore[arg-type]  # parsed by the model
            quantity=self.quantity,
            order_type=self.order_type,  # type: ignore[arg-type]
            limit_price=self.limit_price,
            tif=self.tif,  # type: ignore[arg-type]
            account=self.account,
            order_ref=self.order_ref,
            stop_price=self.stop_price,
            trail_amount=self.trail_amount,
            parent_id=None if self.parent_id is None else OrderId(self.parent_id),
            oca_group=self.oca_group,
        )


def create_app(
    client: IBKRClientProtocol,
    *,
    manage_connection: bool = True,
    quote_timeout_s: float = 5.0,
    allowed_hosts: Sequence[str] | None = None,
) -> FastAPI:
    """The application around a client.

    With `manage_connection` it connects at start-up (the app starts even when that fails, and
    reports itself not ready) and disconnects at the end. `quote_timeout_s` is the wait for a
    first quote. `allowed_hosts` limits the Host header, against DNS rebinding; None: any.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        opening = asyncio.create_task(_open(client)) if manage_connection else None
        try:
            yield
        finally:
            if opening is not None:
                opening.cancel()
                await asyncio.gather(opening, return_exceptions=True)
                await client.disconnect()

    app = FastAPI(title="ibkr", lifespan=lifespan)
    app.state.client = client
    app.state.quote_timeout_s = quote_timeout_s
    app.add_exception_handler(IBKRError, _problem)
    if allowed_hosts is not None:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts))
    _add_health(app)
    _add_trading(app)
    return app


async def _open(client: IBKRClientProtocol) -> None:
    """Connect for as long as the app runs: `connect` gives up after its attempts, we do not."""
    while not client.is_connected():
        try:
            await client.connect()
        except ConnectivityError:  # logged by the client, shown by /health/ready
            await asyncio.sleep(1.0)
        except IBKRError:  # not allowed here; trying again would change nothing
            return


def _problem(_: Request, error: Exception) -> Response:
    """RFC 9457 problem details for a typed error."""
    if not isinstance(error, IBKRError):
        raise error
    status = http_status(error)
    body: dict[str, Any] = {
        "type": f"urn:ibkr:error:{error.code.value}",
        "title": type(error).__name__,
        "status": status,
        "detail": mask_accounts(error.message),
        "code": error.code.value,
        "gateway_code": error.gateway_code,
    }
    for name in ("order_id", "field"):
        if getattr(error, name, None) is not None:
            body[name] = getattr(error, name)
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


def _add_health(app: FastAPI) -> None:
    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/health/ready")
    async def ready(client: Client) -> JSONResponse:
        return JSONResponse(
            {"ready": client.is_connected(), "state": client.state.value},
            status_code=200 if client.is_connected() else 503,
        )

    @app.get("/metrics")
    async def metrics(client: Client) -> Response:
        return Response(
            client.metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8"
        )


def _add_trading(app: FastAPI) -> None:
    @app.get("/quotes/{symbol}")
    async def quote(
        client: Client,
        symbol: Annotated[str, Path(min_length=1)],
        sec_type: Annotated[str, Query()] = "STK",
        exchange: Annotated[str, Query()] = "SMART",
        currency: Annotated[str, Query()] = "USD",
    ) -> Quote:
        """The latest quote; the first call subscribes and waits for one."""
        contract = ContractBody(
            symbol=symbol, sec_type=sec_type, exchange=exchange, currency=currency
        ).contract()
        await client.request_market_data(contract)
        try:
            async with asyncio.timeout(app.state.quote_timeout_s):
                return await anext(client.quotes(contract))
        except (TimeoutError, StopAsyncIteration):
            raise RequestTimeout(
                f"no quote of {contract} within {app.state.quote_timeout_s} s"
            ) from None

    @app.post("/orders", status_code=201)
    async def place(client: Client, body: OrderBody) -> OrderResult:
        return await client.place_order(body.contract(), body.order())

    @app.get("/orders/{order_id}")
    async def order(client: Client, order_id: int) -> OrderResult:
        return client.order(OrderId(order_id))

    @app.delete("/orders/{order_id}")
    async def cancel(client: Client, order_id: int) -> OrderResult:
        return await client.cancel_order(OrderId(order_id))
