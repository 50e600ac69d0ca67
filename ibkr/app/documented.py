"""The OpenAPI description of answers, written once for all routes.

It knows no route. Rule: a status that a route can answer with stands in the description.
"""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ibkr.app.access import SCHEME
from ibkr.app.problems import PROBLEM, Problem

Responses = dict[int | str, dict[str, Any]]

_RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
_CHALLENGE = {"WWW-Authenticate": {"schema": {"type": "string"}}}
_PROBLEM_CONTENT = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}

_MEANINGS: dict[int, tuple[str, dict[str, Any]]] = {
    400: ("The request cannot be read, or its Host is not allowed.", {}),
    401: ("A token is needed.", _CHALLENGE),
    403: ("Not allowed with this token, or with none.", {}),
    404: ("There is no such thing.", {}),
    405: ("Not a method of this path.", {"Allow": {"schema": {"type": "string"}}}),
    409: ("Not possible as things stand.", {}),
    413: ("The body is too large.", {}),
    422: ("A field is wrong, or the gateway refused it.", {}),
    429: ("Too many requests or streams.", _RETRY_AFTER),
    500: ("An unexpected error.", {}),
    503: (
        "No gateway or no journal, or trading is halted, or the app ends; nothing was sent.",
        _RETRY_AFTER,
    ),
    504: ("The gateway did not answer in time; nothing was ordered.", {}),
}


def problems(*statuses: int) -> Responses:
    """These problems, and those that every route can answer with."""
    return {
        status: {
            "description": _MEANINGS[status][0],
            "content": _PROBLEM_CONTENT,
            "headers": _MEANINGS[status][1],
        }
        for status in sorted({400, 405, 413, 422, 500, *statuses})
    }


def header(description: str, kind: str = "string") -> dict[str, Any]:
    return {"schema": {"type": kind}, "description": description}


EVENT_STREAM: Responses = {
    200: {
        "description": "Server-sent events, until the caller or the app ends them.",
        "content": {
            "text/event-stream": {
                "schema": {"type": "string"},
                "example": 'event: quote\ndata: {"bid": "190.00", "ask": "190.05"}\n\n',
            }
        },
    }
}

BEARER: dict[str, Any] = {"security": [{SCHEME: []}]}


def describe(app: FastAPI) -> None:
    """Let the app tell its description with what FastAPI does not add by itself."""

    def description() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            parts = schema.setdefault("components", {})
            parts["securitySchemes"] = {SCHEME: {"type": "http", "scheme": SCHEME}}
            parts["schemas"]["Problem"] = Problem.model_json_schema(
                ref_template="#/components/schemas/{model}"
            )
            parts["schemas"] |= parts["schemas"]["Problem"].pop("$defs", {})
            for unused in ("HTTPValidationError", "ValidationError"):
                parts["schemas"].pop(unused, None)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = description  # type: ignore[method-assign]  # FastAPI's documented way
