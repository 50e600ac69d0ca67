"""Quotes, one or as a stream of events.

It knows the protocol and no gateway. Rule: a subscription that a stream opened is cancelled
with the last stream that reads it; one that was there before, or that is asked for, stays.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from ibkr.app.access import ReadRoute
from ibkr.app.context import Client, Shared, unless_closing
from ibkr.app.documented import BEARER, EVENT_STREAM, problems
from ibkr.app.events import Event, EventStreamResponse, reserve
from ibkr.app.problems import AppCode, AppProblem
from ibkr.errors import NotSubscribed, RequestTimeout
from ibkr.models import Contract, Quote, SecType
from ibkr.protocol import IBKRClientProtocol

router = APIRouter(prefix="/quotes", tags=["quotes"], route_class=ReadRoute)

_PLAIN: dict[str, Any] = {"pattern": "^[ -~]*$"}
Symbol = Annotated[
    str, Path(min_length=1, max_length=32, json_schema_extra={"pattern": "^[!-.0-~]+$"})
]
Name = Annotated[str, Field(max_length=32, json_schema_extra=_PLAIN)]


class Where(BaseModel):
    """What else names a contract; a misspelt parameter is refused, not passed over."""

    model_config = ConfigDict(extra="forbid")

    sec_type: Annotated[str, Field(max_length=32, json_schema_extra={"enum": list(SecType)})] = (
        "STK"
    )
    exchange: Name = "SMART"
    currency: Name = "USD"


async def _contract(symbol: Symbol, where: Annotated[Where, Query()]) -> Contract:
    return Contract(
        symbol=symbol,
        sec_type=where.sec_type,  # type: ignore[arg-type]  # parsed by the model
        exchange=where.exchange,
        currency=where.currency,
    )


Wanted = Annotated[Contract, Depends(_contract)]


class Readers:
    """Who reads which contract, so that the last one to go ends the subscription."""

    def __init__(self) -> None:
        self.streams: Counter[Contract] = Counter()
        self._kept: set[Contract] = set()

    async def keep(self, client: IBKRClientProtocol, contract: Contract) -> None:
        """Subscribe for good."""
        await client.request_market_data(contract)
        self._kept.add(contract)

    async def open(self, client: IBKRClientProtocol, contract: Contract) -> AsyncIterator[Quote]:
        if not self.streams[contract] and _is_subscribed(client, contract):
            self._kept.add(contract)
        self.streams[contract] += 1
        try:
            await client.request_market_data(contract)
            return client.quotes(contract)
        except BaseException:
            self._leave(contract)
            raise

    async def close(self, client: IBKRClientProtocol, contract: Contract) -> None:
        self._leave(contract)
        if self.streams[contract] or contract in self._kept:
            return
        if _is_subscribed(client, contract):
            await client.cancel_market_data(contract)

    def _leave(self, contract: Contract) -> None:
        self.streams[contract] -= 1
        if not self.streams[contract]:
            del self.streams[contract]


def _is_subscribed(client: IBKRClientProtocol, contract: Contract) -> bool:
    try:
        client.quotes(contract)
    except NotSubscribed:
        return False
    return True


async def get_readers(request: Request) -> Readers:
    readers: Readers = request.app.state.readers
    return readers


Shelf = Annotated[Readers, Depends(get_readers)]


@router.get("/{symbol}", openapi_extra=BEARER, responses=problems(401, 404, 409, 429, 503, 504))
async def quote(client: Client, shared: Shared, readers: Shelf, contract: Wanted) -> Quote:
    """The latest quote; the first call subscribes and waits for one."""
    timeout_s = shared.limits.quote_timeout_s

    async def kept_and_read() -> Quote:
        await readers.keep(client, contract)
        try:
            async with asyncio.timeout(timeout_s):
                return await anext(client.quotes(contract))
        except (TimeoutError, StopAsyncIteration):
            raise RequestTimeout(f"no quote of {contract} within {timeout_s} s") from None

    return await unless_closing(kept_and_read(), shared, _the_end())


@router.get(
    "/{symbol}/stream",
    openapi_extra=BEARER,
    status_code=200,
    response_class=EventStreamResponse,
    responses=problems(401, 404, 409, 429, 503, 504) | EVENT_STREAM,
)
async def stream(client: Client, shared: Shared, readers: Shelf, contract: Wanted) -> Response:
    """Quotes as events named `quote`; a slow reader skips quotes and always gets the latest."""
    reserve(shared, "quotes")
    try:
        quotes = await unless_closing(readers.open(client, contract), shared, _the_end())
    except BaseException:
        shared.metrics.streams["quotes"] -= 1
        raise
    return EventStreamResponse(
        _events(quotes),
        context=shared,
        kind="quotes",
        release=lambda: readers.close(client, contract),
    )


def _the_end() -> AppProblem:
    return AppProblem(503, AppCode.SHUTTING_DOWN, "the app ends; ask again when it is back")


async def _events(quotes: AsyncIterator[Quote]) -> AsyncIterator[Event]:
    async for one in quotes:
        yield Event(name="quote", data=one)
