"""Every error of the app as problem details (RFC 9457), with our code and the gateway's.

It knows errors and no route. Rule: one shape for all of them, whoever found the error; what
a caller sees names the remedy and no internals; the log has those, with account ids masked.
"""

import traceback
from collections.abc import Mapping, Sequence
from enum import StrEnum, auto
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route, Router

from ibkr.errors import (
    AmbiguousContract,
    CancelTooLate,
    ConnectivityError,
    ContractNotFound,
    DuplicateOrderId,
    IBKRError,
    IdempotencyConflict,
    InvalidContract,
    InvalidOrder,
    InvalidRequest,
    JournalError,
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
    TradingHalted,
)
from ibkr.logs import mask_accounts

PROBLEM = "application/problem+json"
RETRY_AFTER_S = 1
"""What `Retry-After` says: the fate of an order, or a connection, may be known by then."""

log = structlog.get_logger("ibkr")

HTTP_STATUS: dict[type[IBKRError], int] = {
    InvalidContract: 422,
    InvalidOrder: 422,
    OrderLimitExceeded: 422,
    OrderRejected: 422,
    IdempotencyConflict: 422,  # draft-ietf-httpapi-idempotency-key-header-06, section 2.7
    JournalError: 503,  # what could not be kept was not sent
    TradingHalted: 503,
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


class AppCode(StrEnum):
    """What only the app itself finds wrong; all other codes are those of `ibkr.ErrorCode`."""

    BAD_REQUEST = auto()
    IDEMPOTENCY_KEY_MISSING = auto()
    IDEMPOTENCY_KEY_INVALID = auto()
    HOST_NOT_ALLOWED = auto()
    UNAUTHENTICATED = auto()
    INSUFFICIENT_SCOPE = auto()
    TRADING_DISABLED = auto()
    PATH_NOT_FOUND = auto()
    METHOD_NOT_ALLOWED = auto()
    BODY_TOO_LARGE = auto()
    INVALID_BODY = auto()
    INVALID_PARAMETER = auto()
    TOO_MANY_STREAMS = auto()
    SHUTTING_DOWN = auto()
    INTERNAL = auto()


class FieldProblem(BaseModel):
    """One field that is wrong, and why."""

    field: str
    message: str


class Problem(BaseModel):
    """Problem details (RFC 9457). `code` is stable; `detail` is for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:ibkr:error:order_rejected",
                    "title": "OrderRejected",
                    "status": 422,
                    "detail": "Order rejected - reason: no margin",
                    "code": "order_rejected",
                    "gateway_code": 201,
                    "order_id": 7,
                }
            ]
        }
    )

    type: str = Field(description="`urn:ibkr:error:` and the code.")
    title: str
    status: int
    detail: str
    code: str = Field(description="Our own stable code: what a program branches on.")
    gateway_code: int | None = Field(default=None, description="The TWS code behind it, if any.")
    field: str | None = Field(default=None, description="The first field that is wrong.")
    order_id: int | None = Field(default=None, description="The order it is about.")
    errors: list[FieldProblem] | None = Field(default=None, description="All fields wrong.")


class AppProblem(HTTPException):
    """An error of the app itself; it becomes a problem with `code`."""

    def __init__(
        self,
        status: int,
        code: AppCode,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.code = code
        self.field = field


def problem_of(error: IBKRError) -> Problem:
    """A typed error of the client; account ids in its text are masked."""
    return Problem(
        type=f"urn:ibkr:error:{error.code.value}",
        title=type(error).__name__,
        status=http_status(error),
        detail=mask_accounts(error.message),
        code=error.code.value,
        gateway_code=error.gateway_code,
        field=getattr(error, "field", None) or None,
        order_id=getattr(error, "order_id", None),
    )


def app_problem(error: AppProblem) -> Problem:
    return Problem(
        type=f"urn:ibkr:error:{error.code.value}",
        title=HTTPStatus(error.status_code).phrase,
        status=error.status_code,
        detail=error.detail,
        code=error.code.value,
        field=error.field,
    )


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    body = problem.model_dump(exclude_none=True) | {"gateway_code": problem.gateway_code}
    waits = {"Retry-After": str(RETRY_AFTER_S)} if problem.status in {429, 503} else {}
    return JSONResponse(
        body, status_code=problem.status, media_type=PROBLEM, headers=waits | dict(headers or {})
    )


def client_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, IBKRError):
        raise error
    return answer(problem_of(error))


_PLAIN_CODES = {
    404: (AppCode.PATH_NOT_FOUND, "there is nothing at this path; /openapi.json lists what is"),
    405: (AppCode.METHOD_NOT_ALLOWED, "this path has other methods; see the Allow header"),
}


def http_error(request: Request, error: Exception) -> Response:
    """Our own AppProblem, or what the framework raises for paths, methods and bodies."""
    if not isinstance(error, HTTPException):
        raise error
    if isinstance(error, AppProblem):
        return answer(app_problem(error), error.headers)
    code, detail = _PLAIN_CODES.get(
        error.status_code, (AppCode.BAD_REQUEST, "the request cannot be read; send valid JSON")
    )
    headers = {"Allow": _allowed_methods(request)} if error.status_code == 405 else None
    return answer(app_problem(AppProblem(error.status_code, code, detail)), headers)


def _allowed_methods(request: Request) -> str:
    """All methods of a path: the router itself tells those of the first route only."""
    methods: set[str] = set()
    routers: Sequence[Router] = (request.app.router, *request.app.state.routers)
    for route in (route for router in routers for route in router.routes):
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return ", ".join(sorted(methods))


_KEY_HEADER = ("header", "idempotency-key")


def validation_error(_: Request, error: Exception) -> Response:
    """What does not fit the schema; a missing or malformed idempotency key is 400."""
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    places = [tuple(str(part).lower() for part in one["loc"]) for one in found]
    if _KEY_HEADER in places:
        return answer(app_problem(_key_problem(found[places.index(_KEY_HEADER)]["type"])))
    in_body = places[0][0] == "body"
    fields = [_field_problem(one) for one in found]
    problem = app_problem(
        AppProblem(
            422,
            AppCode.INVALID_BODY if in_body else AppCode.INVALID_PARAMETER,
            "; ".join(f"{one.field}: {one.message}" for one in fields),
            field=fields[0].field,
        )
    )
    return answer(problem.model_copy(update={"errors": fields}))


def _field_problem(found: Mapping[str, Any]) -> FieldProblem:
    place: Sequence[object] = found["loc"]
    if found["type"] == "json_invalid":
        return FieldProblem(field="body", message="this is no valid JSON")
    name = ".".join(map(str, place[1:])) or str(place[0])
    return FieldProblem(field=name[:100], message=found["msg"].removeprefix("Value error, "))


def _key_problem(kind: str) -> AppProblem:
    if kind == "missing":
        return AppProblem(
            400,
            AppCode.IDEMPOTENCY_KEY_MISSING,
            "send an Idempotency-Key header with a new value per order, a UUID for example",
            field="Idempotency-Key",
        )
    return AppProblem(
        400,
        AppCode.IDEMPOTENCY_KEY_INVALID,
        "the Idempotency-Key has 1 to 64 letters, digits or . _ : - and begins with a letter "
        "or digit; a UUID will do",
        field="Idempotency-Key",
    )


def note_unexpected(error: Exception, path: str) -> None:
    """A bug: the log has what no caller is told."""
    cause = mask_accounts("".join(traceback.format_exception(error)))
    log.error("unexpected_error", path=mask_accounts(path), cause=cause)


def internal_problem() -> Problem:
    return app_problem(
        AppProblem(500, AppCode.INTERNAL, "an unexpected error; the log of the app names it")
    )
