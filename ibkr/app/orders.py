"""Place, read and cancel orders.

It knows the protocol and no gateway. Rule: an order is sent once per Idempotency-Key, and
whatever ends the wait for its answer, the caller hears whether it was sent.

Which status means what follows draft-ietf-httpapi-idempotency-key-header-06: no key is 400,
a key with another body is 422, and a repeat gets the result of the first request: 201 with
the order as it is now, or the refusal again.
"""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import JSONResponse

from ibkr.app.access import ReadRoute, TradeRoute
from ibkr.app.bodies import InDoubt, OrderBody, Undecided
from ibkr.app.context import Client, Context, Shared, unless_closing
from ibkr.app.documented import BEARER, Responses, header, problems
from ibkr.app.problems import RETRY_AFTER_S, AppCode, AppProblem, note_unexpected
from ibkr.app.shown import order_shown
from ibkr.errors import ConnectivityError, IBKRError, JournalError, OrderNotFound, OrderStateUnknown
from ibkr.logs import mask_accounts
from ibkr.models import OrderId, OrderResult
from ibkr.protocol import IBKRClientProtocol

_NAME = r"[A-Za-z0-9][A-Za-z0-9._:\-]{0,63}"

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=rf'^({_NAME}|"{_NAME}")$',
        description="A name for this order that no other has, a UUID for example; with or "
        "without the quotes of a structured header.",
        examples=["6f1d1c7e-8f3c-4c39-9f66-0d2a0c6f9a11"],
    ),
]
PlainKey = Annotated[str, Path(pattern=f"^{_NAME}$", examples=["demo-1"])]
AnyId = Annotated[int, Path(ge=0, le=2**31 - 1, examples=[1])]

_UNDECIDED: Responses = {
    202: {
        "model": Undecided,
        "description": "It was sent and no answer came: it may or may not be live.",
        "headers": {
            "Location": header("The path that knows."),
            "Retry-After": header("Seconds.", "integer"),
        },
    }
}

_MAY_COME_LATE = (ConnectivityError, JournalError)
"""Errors that do not say by themselves whether the order went out before them."""

trading = APIRouter(prefix="/orders", tags=["orders"], route_class=TradeRoute)
reading = APIRouter(prefix="/orders", tags=["orders"], route_class=ReadRoute)


@trading.post(
    "",
    status_code=201,
    response_model=OrderResult,
    openapi_extra=BEARER,
    responses=problems(401, 403, 404, 409, 429, 503, 504)
    | _UNDECIDED
    | {201: {"headers": {"Location": header("The order.")}}},
)
async def place(
    *,
    request: Request,
    response: Response,
    client: Client,
    shared: Shared,
    key: Key,
    body: OrderBody,
) -> OrderResult | Response:
    """Place an order once, and answer at its first acknowledgement by the gateway."""
    name = key.strip('"')
    where = request.url_for("order_of_key", key=name).path
    try:
        result = await _place(client, shared, name, body, request.url.path)
    except OrderStateUnknown as error:
        return _undecided(client, error, where)
    response.headers["Location"] = request.url_for("order", order_id=result.order_id).path
    return order_shown(result)


async def _place(
    client: IBKRClientProtocol, shared: Context, key: str, body: OrderBody, path: str
) -> OrderResult:
    """The order, or an error that is true: OrderStateUnknown as soon as it may be out."""
    sending = client.place_order(body.contract(), body.order(), key=key)
    unsent = AppProblem(503, AppCode.SHUTTING_DOWN, "the app ends; the order was not sent")
    try:
        return await unless_closing(sending, shared, unsent, shared.limits.shutdown_grace_s)
    except Exception as error:
        if isinstance(error, IBKRError) and not isinstance(error, _MAY_COME_LATE):
            raise
        known = _known(client, key)
        if known is None:  # it never went out
            raise
        if not isinstance(error, IBKRError | AppProblem):
            note_unexpected(error, path)
        raise OrderStateUnknown(
            f"the fate of order {known.order_id} is not known", order_id=known.order_id
        ) from error


def _known(client: IBKRClientProtocol, key: str) -> OrderResult | None:
    try:
        return client.order_by_key(key)
    except OrderNotFound:
        return None


def _undecided(client: IBKRClientProtocol, error: OrderStateUnknown, where: str) -> Response:
    order_id = error.order_id
    try:
        known = None if order_id is None else order_shown(client.order(OrderId(order_id)))
    except (OrderNotFound, JournalError):
        known = None
    body = Undecided(
        detail=mask_accounts(error.message), order_id=order_id, ask_again=where, order=known
    )
    return JSONResponse(
        body.model_dump(mode="json"),
        status_code=202,
        headers={"Location": where, "Retry-After": str(RETRY_AFTER_S)},
    )


@reading.get("/in-doubt", openapi_extra=BEARER, responses=problems(401, 503))
async def in_doubt(client: Client) -> InDoubt:
    """The orders that were sent and of which it is not known whether they live."""
    return InDoubt(orders=tuple(map(order_shown, client.in_doubt())))


@reading.get(
    "/by-key/{key}",
    openapi_extra=BEARER,
    responses=problems(401, 404, 503),
)
async def order_of_key(client: Client, key: PlainKey) -> OrderResult:
    """The order that was sent under an Idempotency-Key; 404: none was."""
    return order_shown(client.order_by_key(key))


@reading.get("/{order_id:int}", openapi_extra=BEARER, responses=problems(401, 404, 503))
async def order(client: Client, order_id: AnyId) -> OrderResult:
    """An order as far as it is known now."""
    return order_shown(client.order(OrderId(order_id)))


@trading.delete(
    "/{order_id:int}",
    response_model=OrderResult,
    openapi_extra=BEARER,
    responses=problems(401, 403, 404, 409, 429, 503, 504) | _UNDECIDED,
)
async def cancel(
    request: Request, client: Client, shared: Shared, order_id: AnyId
) -> OrderResult | Response:
    """Cancel an order, and answer when the gateway confirms it. Cancelling twice is harmless."""
    unfinished = OrderStateUnknown(
        f"the app ends, and whether order {order_id} is cancelled is not known; "
        "cancel it again when the app is back",
        order_id=order_id,
    )
    try:
        call = client.cancel_order(OrderId(order_id))
        grace_s = shared.limits.shutdown_grace_s
        return order_shown(await unless_closing(call, shared, unfinished, grace_s))
    except OrderStateUnknown as error:
        return _undecided(client, error, request.url_for("order", order_id=order_id).path)
