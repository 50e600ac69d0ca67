"""The typed client of the control plane: what a test in another process uses."""

from __future__ import annotations

from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import BaseModel, TypeAdapter

from simulator.control.models import (
    AccountView,
    ActionView,
    CashMove,
    Correction,
    ExecutionView,
    FarmChange,
    FaultId,
    FaultView,
    FillModel,
    FillModelView,
    GrantView,
    HaltView,
    Loss,
    NewFault,
    NewFill,
    NewOrder,
    NewQuote,
    NewRejection,
    NewRestart,
    NewTrade,
    OrderView,
    PassedView,
    QuoteView,
    RequestView,
    State,
    Time,
)
from simulator.gateway.entitlements import Entitlement

_REQUESTS = TypeAdapter(list[RequestView])
_ORDERS = TypeAdapter(list[OrderView])
_EXECUTIONS = TypeAdapter(list[ExecutionView])
_ACCOUNTS = TypeAdapter(list[AccountView])
_FAULTS = TypeAdapter(list[FaultView])
_ACTIONS = TypeAdapter(list[ActionView])
_TRANSCRIPT = TypeAdapter(list[PassedView])


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

    Every method raises `ControlError` with the reason if the call was refused. `token` is the
    one of `--control-token-file`, if the gateway was started with it. A `transport` of httpx
    reaches a control plane without a socket: `httpx.ASGITransport(create_control(world))`.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeout_s: float = 10.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = httpx.AsyncClient(
            base_url=url,
            headers=headers,
            timeout=timeout_s,
            trust_env=False,
            transport=transport,
        )

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
        return QuoteView.model_validate_json(await self._send("PUT", f"/quotes/{symbol}", new))

    async def release_quote(self, symbol: str) -> QuoteView:
        return QuoteView.model_validate_json(await self._call("DELETE", f"/quotes/{symbol}"))

    async def print_trade(self, symbol: str, price: Decimal, size: Decimal) -> QuoteView:
        """Have the tape show a trade, as one between others."""
        body = NewTrade(price=price, size=size)
        return QuoteView.model_validate_json(await self._send("POST", f"/trades/{symbol}", body))

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

    async def fill_model(self, symbol: str) -> str:
        answer = await self._call("GET", f"/fill-models/{symbol}")
        return FillModelView.model_validate_json(answer).fill_model

    async def set_fill_model(self, name: str, symbol: str = "*") -> None:
        """Fill orders by another model from now on: one instrument, or all of them."""
        await self._send("PUT", f"/fill-models/{symbol}", FillModel(fill_model=name))

    # --- orders and executions ---

    async def orders(
        self, *, client_id: int | None = None, live: bool = False, after: int = 0
    ) -> list[OrderView]:
        """The orders, oldest first, at most 1,000; `after` a permanent id pages on."""
        params = _given(client_id=client_id, live=live, after=after)
        return _ORDERS.validate_json(await self._call("GET", "/orders", params=params))

    async def order(self, perm_id: int) -> OrderView:
        return OrderView.model_validate_json(await self._call("GET", f"/orders/{perm_id}"))

    async def fill(self, perm_id: int, quantity: Decimal, price: Decimal) -> OrderView:
        """Fill a part of an order at a price, whatever the market shows."""
        body = NewFill(quantity=quantity, price=price)
        return OrderView.model_validate_json(
            await self._send("POST", f"/orders/{perm_id}/fills", body)
        )

    async def cancel_manual(self, perm_id: int) -> OrderView:
        """Cancel an order as if by hand in TWS, whoever placed it."""
        return OrderView.model_validate_json(await self._call("DELETE", f"/orders/{perm_id}"))

    async def place_manual(self, order: NewOrder) -> OrderView:
        """Place an order as if by hand in TWS."""
        return OrderView.model_validate_json(await self._send("POST", "/manual-orders", order))

    async def reject_next(
        self, code: int, reason: str = "", *, client_id: int | None = None
    ) -> None:
        """Refuse the next new order, of one client or of any."""
        body = NewRejection(code=code, reason=reason, client_id=client_id)
        await self._send("POST", "/rejections", body)

    async def executions(
        self, *, perm_id: int | None = None, offset: int = 0
    ) -> list[ExecutionView]:
        """The executions as they stand now, oldest first, at most 1,000."""
        params = _given(perm_id=perm_id, offset=offset)
        return _EXECUTIONS.validate_json(await self._call("GET", "/executions", params=params))

    async def correct(
        self, exec_id: str, *, price: Decimal | None = None, quantity: Decimal | None = None
    ) -> ExecutionView:
        """Give an execution another price or quantity, or both."""
        body = Correction(price=price, quantity=quantity)
        return ExecutionView.model_validate_json(
            await self._send("POST", f"/executions/{exec_id}/correction", body)
        )

    async def bust(self, exec_id: str) -> ExecutionView:
        """Undo an execution, for good."""
        return ExecutionView.model_validate_json(
            await self._call("POST", f"/executions/{exec_id}/bust")
        )

    # --- accounts ---

    async def accounts(self) -> list[AccountView]:
        return _ACCOUNTS.validate_json(await self._call("GET", "/accounts"))

    async def account(self, account: str) -> AccountView:
        return AccountView.model_validate_json(await self._call("GET", f"/accounts/{account}"))

    async def move_cash(self, account: str, currency: str, amount: Decimal) -> AccountView:
        """Pay money into an account, or out of it if negative."""
        body = CashMove(currency=currency, amount=amount)
        return AccountView.model_validate_json(
            await self._send("POST", f"/accounts/{account}/cash", body)
        )

    # --- what goes wrong ---

    async def inject(
        self,
        action: str,
        *,
        at: str = "now",
        client_id: int | None = None,
        times: int | None = 1,
        **parameters: Any,
    ) -> int:
        """Have something go wrong at a point, so many times (None: for ever); returns its id."""
        body = NewFault(
            action=action, at=at, client_id=client_id, times=times, parameters=parameters
        )
        return FaultId.model_validate_json(await self._send("POST", "/faults", body)).id

    async def faults(self) -> list[FaultView]:
        """The faults that wait for their point, and those that last."""
        return _FAULTS.validate_json(await self._call("GET", "/faults"))

    async def fault_actions(self) -> list[ActionView]:
        """What can go wrong, with its parameters."""
        return _ACTIONS.validate_json(await self._call("GET", "/faults/actions"))

    async def clear_faults(self, id: int | None = None) -> None:  # noqa: A002 - as in `World`
        """Take a fault back, or all."""
        await self._call("DELETE", "/faults" if id is None else f"/faults/{id}")

    async def lose_upstream(self, **terms: Any) -> int:
        """Lose the connection between the gateway and IB; the terms are those of `Loss`."""
        answer = await self._send("POST", "/upstream/loss", Loss(**terms))
        return FaultId.model_validate_json(answer).id

    async def restore_upstream(self, *, data_lost: bool = False) -> None:
        """Have it back: 1102, or 1101 with lost data."""
        await self._call("DELETE", "/upstream/loss", params={"data_lost": data_lost})

    async def farm(self, name: str, state: str) -> None:
        """Have a data farm be ok, broken, dormant or connecting."""
        await self._send("PUT", f"/farms/{name}", FarmChange(state=state))

    async def restart(
        self, kind: str = "soft", outage_s: float = 35.0, *, next_id: str = "monotone", by: int = 1
    ) -> None:
        """Restart the gateway: soft, cold or crash; the broker lives on."""
        body = NewRestart(kind=kind, outage_s=outage_s, next_id=next_id, by=by)
        await self._send("POST", "/restart", body)

    async def transcript(
        self, after: int = 0, *, client_id: int | None = None, limit: int = 1_000
    ) -> list[PassedView]:
        """What went over the wires lately, oldest first; `after` pages on."""
        params = _given(after=after, client_id=client_id, limit=limit)
        return _TRANSCRIPT.validate_json(await self._call("GET", "/transcript", params=params))

    # --- the whole ---

    async def journal(self, after: int = 0) -> list[str]:
        """What the broker did, a line of JSON for each event, at most 1,000 from `after` on."""
        answer = await self._call("GET", "/journal", params={"after": after})
        return answer.decode("ascii").splitlines()

    async def requests(
        self, *, client_id: int | None = None, name: str | None = None, after: int = 0
    ) -> list[RequestView]:
        """The received requests, oldest first, at most 1,000; `after` pages on."""
        params = _given(client_id=client_id, name=name, after=after)
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

    async def _send(self, method: str, path: str, body: BaseModel) -> bytes:
        return await self._call(method, path, json=body.model_dump(mode="json"))

    async def _call(self, method: str, path: str, **arguments: Any) -> bytes:
        try:
            response = await self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise ControlError(f"{method} {path}: no answer: {error!r}") from error
        if response.is_error:
            raise ControlError(f"{method} {path}: {_reason(response)}", status=response.status_code)
        return response.content


def _given(**wanted: Any) -> dict[str, Any]:
    """The query of a call: what was not asked for is left out."""
    return {key: value for key, value in wanted.items() if value is not None}


def _reason(response: httpx.Response) -> str:
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = response.text
    return f"{response.status_code} {detail}"
