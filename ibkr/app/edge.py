"""The outermost layer: Host check, size of bodies, headers of answers, and the last resort.

It knows no route. Rule: whatever happens inside, a caller gets an answer of the one shape,
and the log gets the cause with account ids masked.
"""

from collections.abc import Awaitable, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ibkr.app.context import Context, unless_closing
from ibkr.app.problems import (
    AppCode,
    AppProblem,
    answer,
    app_problem,
    internal_problem,
    note_unexpected,
)

_HEADERS = {
    "Cache-Control": "no-store",  # an order or quote of a moment ago is not the one of now
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"})


class Edge:
    """ASGI middleware. `allowed_hosts` None: any Host header is answered."""

    def __init__(
        self, app: ASGIApp, *, context: Context, allowed_hosts: Sequence[str] | None
    ) -> None:
        self._app = app
        self._context = context
        self._allowed_hosts = None if allowed_hosts is None else tuple(allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._mark(scope, message)
            await send(message)

        try:
            self._check(Headers(scope=scope))
            await self._app(scope, self._bounded(receive), send_marked)
        except AppProblem as error:
            if not started:
                await answer(app_problem(error), error.headers)(scope, receive, send_marked)
        except Exception as error:  # noqa: BLE001 - the last resort, logged and answered
            note_unexpected(error, scope["path"])
            if not started:
                await answer(internal_problem())(scope, receive, send_marked)

    def _check(self, headers: Headers) -> None:
        if self._allowed_hosts is not None and not _matches(
            headers.get("host", ""), self._allowed_hosts
        ):
            raise AppProblem(
                400,
                AppCode.HOST_NOT_ALLOWED,
                "this Host header is not allowed; add the name to IBKR_APP_ALLOWED_HOSTS",
                field="Host",
            )
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._context.limits.max_body:
            raise self._too_large()

    def _bounded(self, receive: Receive) -> Receive:
        """Bound the size and, once the app closes, the time of a body.

        What comes is counted: a body sent in chunks says no length beforehand.
        """
        taken, complete = 0, False

        async def bounded() -> Message:
            nonlocal taken, complete
            message = await (receive() if complete else self._while_open(receive()))
            complete = not message.get("more_body", False)
            taken += len(message.get("body", b""))
            if taken > self._context.limits.max_body:
                raise self._too_large()
            return message

        return bounded

    async def _while_open(self, message: Awaitable[Message]) -> Message:
        async def coming() -> Message:
            return await message

        ends = AppProblem(503, AppCode.SHUTTING_DOWN, "the app ends; nothing was done")
        return await unless_closing(coming(), self._context, ends)

    def _too_large(self) -> AppProblem:
        limit = self._context.limits.max_body
        return AppProblem(413, AppCode.BODY_TOO_LARGE, f"send a body of at most {limit} bytes")

    def _mark(self, scope: Scope, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)
        route = getattr(scope.get("route"), "path", _UNMATCHED)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._context.metrics.requests[method, route, str(message["status"])] += 1


def _matches(host: str, allowed: Sequence[str]) -> bool:
    """The name without its port; `*` is any name and `*.example.com` any below it."""
    bracketed, bracket, _ = host.rpartition("]")  # [::1]:8000
    name = (bracketed.lstrip("[") if bracket else host.partition(":")[0]).lower()
    return any(
        one in {"*", name} or (one.startswith("*.") and name.endswith(one[1:]))
        for one in map(str.lower, allowed)
    )
