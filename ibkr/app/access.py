"""Who may do what: bearer tokens and their scopes.

It knows no route and no settings. Rule: no trade token, no trading, for anyone; tokens are
compared in constant time, are kept as digests only, and are never logged or shown.
"""

import hmac
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self

from fastapi import Request, Response
from fastapi.routing import APIRoute

from ibkr.app.problems import AppCode, AppProblem

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

SCHEME = "bearer"
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="ibkr"'}
_NO_SCOPE = {"WWW-Authenticate": 'Bearer realm="ibkr", error="insufficient_scope", scope="trade"'}


class Scope(StrEnum):
    READ = "read"
    TRADE = "trade"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The digests of the tokens that are valid; `trade` may read as well."""

    trade: bytes | None = field(default=None, repr=False)
    read: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, *, trade: str = "", read: str = "") -> Self:
        """From the tokens themselves; empty: there is none of this scope."""
        return cls(trade=_digest(trade), read=_digest(read))

    def scopes(self, token: str) -> frozenset[Scope]:
        """What a token allows; both comparisons are always made."""
        given = sha256(token.encode()).digest()
        may_trade = hmac.compare_digest(given, self.trade or b"")
        may_read = hmac.compare_digest(given, self.read or b"")
        if may_trade:
            return frozenset(Scope)
        return frozenset({Scope.READ}) if may_read else frozenset()


def _digest(token: str) -> bytes | None:
    return sha256(token.encode()).digest() if token else None


def admit(tokens: Tokens, authorization: str, wanted: Scope) -> None:
    """Return if the request may go on; raises AppProblem 401 or 403.

    Reading is open as long as no token at all is configured, trading never is.
    """
    if tokens.trade is None and wanted is Scope.TRADE:
        raise AppProblem(
            403,
            AppCode.TRADING_DISABLED,
            "this app has no trade token and so places and cancels no orders; "
            "start it with IBKR_APP_TOKEN or IBKR_APP_TOKEN_FILE",
        )
    if tokens == Tokens():
        return
    kind, _, token = authorization.partition(" ")
    scopes = tokens.scopes(token.strip()) if kind.lower() == SCHEME else frozenset[Scope]()
    if not scopes:
        raise AppProblem(
            401,
            AppCode.UNAUTHENTICATED,
            "send the header Authorization: Bearer and a token of this app",
            headers=_CHALLENGE,
        )
    if wanted not in scopes:
        raise AppProblem(
            403,
            AppCode.INSUFFICIENT_SCOPE,
            "this token may read only; use the trade token",
            headers=_NO_SCOPE,
        )


class _GuardedRoute(APIRoute):
    """A route that asks for a scope before it reads anything else of the request."""

    scope: Scope

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            tokens: Tokens = request.app.state.tokens
            admit(tokens, request.headers.get("authorization", ""), self.scope)
            return await handle(request)

        return guarded


class ReadRoute(_GuardedRoute):
    scope = Scope.READ


class TradeRoute(_GuardedRoute):
    scope = Scope.TRADE
