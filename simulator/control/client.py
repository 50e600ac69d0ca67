"""The typed client of the control plane: what a test in another process uses."""

from __future__ import annotations

from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import TypeAdapter

from simulator.control.models import (
    GrantView,
    HaltView,
    NewQuote,
    NewTrade,
    QuoteView,
    RequestView,
    State,
    Time,
)
from simulator.gateway.entitlements import Entitlement

_REQUESTS = TypeAdapter(list[RequestView])


class ControlError(Exception):
    """The control plane refused a call or could not be reached.

    `status` is the HTTP status, None if there was no answer.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ControlClient:
    """Moves a simulated gateway over HTTP.

        async with ControlClient(ready["control"]) as control:
            await control.set_quote("AAPL", bid=Decimal("99.99"), ask=Decimal("100.01"))

    Every method raises `ControlError` with the reason if the call was refused.
    """

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=timeout_s, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def state(self) -> State:
        return State.model_validate_json(await self._call("GET", "/state"))

    async def quote(self, symbol: str) -> QuoteView:
        return QuoteView.model_validate_json(await self._call("GET", f"/quotes/{symbol}"))

    async def set_quote(
        self,
        symbol: str,
        *,
        bid: Decimal | None,
        ask: Decimal | None,
        bid_size: Decimal | None = None,
        ask_size: Decimal | None = None,
        last: Decimal | None = None,
    ) -> QuoteView:
        """Display a quote until it is set again or released; None: nobody quotes that side."""
        new = NewQuote(bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size, last=last)
        body = new.model_dump(mode="json")
        return QuoteView.model_validate_json(
            await self._call("PUT", f"/quotes/{symbol}", json=body)
        )

    async def release_quote(self, symbol: str) -> QuoteView:
        return QuoteView.model_validate_json(await self._call("DELETE", f"/quotes/{symbol}"))

    async def print_trade(self, symbol: str, price: Decimal, size: Decimal) -> QuoteView:
        """Have the tape show a trade, as one between others."""
        body = NewTrade(price=price, size=size).model_dump(mode="json")
        return QuoteView.model_validate_json(
            await self._call("POST", f"/trades/{symbol}", json=body)
        )

    async def halt(self, symbol: str) -> HaltView:
        """Halt an instrument, and what follows it, until it is resumed."""
        return HaltView.model_validate_json(await self._call("PUT", f"/halts/{symbol}"))

    async def resume(self, symbol: str) -> HaltView:
        return HaltView.model_validate_json(await self._call("DELETE", f"/halts/{symbol}"))

    async def is_halted(self, symbol: str) -> HaltView:
        return HaltView.model_validate_json(await self._call("GET", f"/halts/{symbol}"))

    async def entitle(self, symbol: str, entitlement: Entitlement | str) -> GrantView:
        """Set what the login may see of an instrument; the symbol `*` means all of them."""
        body = {"entitlement": str(entitlement)}
        return GrantView.model_validate_json(
            await self._call("PUT", f"/entitlements/{symbol}", json=body)
        )

    async def entitlement(self, symbol: str) -> GrantView:
        return GrantView.model_validate_json(await self._call("GET", f"/entitlements/{symbol}"))

    async def requests(
        self, *, client_id: int | None = None, name: str | None = None, after: int = 0
    ) -> list[RequestView]:
        """The received requests, oldest first, at most 1,000; `after` pages on."""
        wanted = {"client_id": client_id, "name": name, "after": after}
        params = {key: value for key, value in wanted.items() if value is not None}
        return _REQUESTS.validate_json(await self._call("GET", "/requests", params=params))

    async def reset(self) -> None:
        await self._call("POST", "/reset")

    async def advance(self, seconds: float) -> Time:
        body = {"seconds": seconds}
        return Time.model_validate_json(await self._call("POST", "/clock/advance", json=body))

    async def advance_to_session(self, symbol: str) -> Time:
        """Move a manual clock on to the start of an instrument's next regular session."""
        body = {"symbol": symbol}
        return Time.model_validate_json(await self._call("POST", "/clock/next-session", json=body))

    async def _call(self, method: str, path: str, **arguments: Any) -> bytes:
        try:
            response = await self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise ControlError(f"{method} {path}: no answer: {error!r}") from error
        if response.is_error:
            raise ControlError(f"{method} {path}: {_reason(response)}", status=response.status_code)
        return response.content


def _reason(response: httpx.Response) -> str:
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = response.text
    return f"{response.status_code} {detail}"
