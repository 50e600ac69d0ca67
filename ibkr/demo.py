"""The demonstration: connect, watch quotes, buy one share, rest an order, cancel it.

`ibkr demo` shows all its steps, `ibkr doctor` examines a gateway with those it is asked for.
It knows the protocol only, and a View it tells what happens; it draws nothing.
Rule: the summary tells the truth. A step that failed is named, with what to do about it,
and nothing after it is claimed.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from ibkr.errors import IBKRError
from ibkr.logs import mask_account
from ibkr.models import CommissionReported, Contract, Fill, Order, OrderEvent, OrderResult, Quote
from ibkr.protocol import IBKRClientProtocol

_START_TIMEOUT_S = 15.0
_STOP_TIMEOUT_S = 5.0
_FILL_TIMEOUT_S = 15.0
_COMMISSION_TIMEOUT_S = 2.0
_CENT = Decimal("0.01")

ALL_STEPS = ("connect", "quotes", "market order", "cancel")


class DemoFailed(Exception):  # noqa: N818 - as in ibkr.errors: the name says what happened
    """A step did not do what it should; the message names the remedy."""


class View(Protocol):
    """Who shows the demonstration."""

    def step(self, text: str) -> None:
        """One step was taken."""

    def quote(self, quote: Quote, count: int) -> None:
        """A quote arrived; it is the `count`-th."""


@dataclass(slots=True)
class DemoSummary:
    """What was achieved. `failed_step` is empty when everything was."""

    symbol: str
    connected: bool = False
    account: str = ""
    server_version: int | None = None
    quotes: int = 0
    price: Decimal | None = None
    filled_price: Decimal | None = None
    filled_quantity: Decimal | None = None
    commission: Decimal | None = None
    commission_currency: str = ""
    resting_limit: Decimal | None = None
    cancelled: bool = False
    metrics: list[str] = field(default_factory=list)
    failed_step: str = ""
    error: str = ""

    @property
    def succeeded(self) -> bool:
        return not self.failed_step

    def as_json(self) -> dict[str, Any]:
        """Plain values; money as strings, so that no digit is lost."""
        values = {name: getattr(self, name) for name in self.__slots__}
        plain = {
            name: str(value) if isinstance(value, Decimal) else value
            for name, value in values.items()
        }
        return {"succeeded": self.succeeded, **plain}


async def run_demo(
    client: IBKRClientProtocol,
    contract: Contract,
    *,
    seconds: float,
    view: View,
    steps: Sequence[str] = ALL_STEPS,
) -> DemoSummary:
    """Run steps against a client that is not connected yet; disconnects in any case."""
    summary = DemoSummary(symbol=contract.symbol)
    known = {
        "connect": _connect,
        "quotes": _watch_quotes,
        "market order": _buy_one,
        "cancel": _rest_and_cancel,
    }
    try:
        for name in steps:
            try:
                await known[name](client, contract, summary, view, seconds)
            except (IBKRError, DemoFailed, TimeoutError) as error:
                summary.failed_step = name
                summary.error = str(error) or "no answer in time"
                break
        summary.metrics = metric_lines(client)
    finally:
        await client.disconnect()
    return summary


def metric_lines(client: IBKRClientProtocol) -> list[str]:
    """The samples of the client's registry, without comments."""
    lines = client.metrics.exposition().decode().splitlines()
    return [line for line in lines if line.startswith("ib_")]


async def _connect(
    client: IBKRClientProtocol, _: Contract, summary: DemoSummary, view: View, _seconds: float
) -> None:
    info = await client.connect()
    summary.connected = client.is_connected()
    summary.account = ", ".join(mask_account(account) for account in info.accounts)
    summary.server_version = info.server_version
    view.step(
        f"connected to {info.host}:{info.port} as client {info.client_id}, "
        f"account {summary.account}, server version {info.server_version}"
    )
    if not summary.connected:
        raise DemoFailed(f"the gateway is {client.state}: wait until it is connected to IB")


async def _watch_quotes(
    client: IBKRClientProtocol, contract: Contract, summary: DemoSummary, view: View, seconds: float
) -> None:
    await client.request_market_data(contract)
    view.step(f"subscribed to {contract}")
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for quote in client.quotes(contract):
                summary.quotes += 1
                summary.price = quote.bid or quote.last or quote.close or summary.price
                view.quote(quote, summary.quotes)
    if not summary.quotes:
        raise DemoFailed(
            f"no quote of {contract} in {seconds} s: check the market data permissions"
        )


async def _buy_one(
    client: IBKRClientProtocol, contract: Contract, summary: DemoSummary, view: View, _: float
) -> None:
    events = client.order_events()
    placed = await client.place_order(contract, Order.market("BUY", 1))
    view.step(f"bought 1 at market: order {placed.order_id} is {placed.status}")
    result = await _until_done(client, placed, events)
    if not result.fills:
        raise DemoFailed(
            f"order {result.order_id} ended as {result.status}: is the market open, "
            "and does the account have the permission?"
        )
    fill = await _with_commission(client, result, events)
    summary.filled_price, summary.filled_quantity = result.average_fill_price, result.filled
    summary.commission, summary.commission_currency = fill.commission, fill.commission_currency
    cost = (
        "not reported"
        if fill.commission is None
        else f"{fill.commission} {fill.commission_currency}"
    )
    view.step(f"filled {result.filled} at {result.average_fill_price}, commission {cost}")


async def _until_done(
    client: IBKRClientProtocol, placed: OrderResult, events: AsyncIterator[OrderEvent]
) -> OrderResult:
    try:
        async with asyncio.timeout(_FILL_TIMEOUT_S):
            while not (result := client.order(placed.order_id)).status.is_done:
                await anext(events)
    except TimeoutError:
        raise DemoFailed(
            f"order {placed.order_id} was not filled within {_FILL_TIMEOUT_S} s: "
            "is the market open? Cancel it by hand if it still rests"
        ) from None
    return result


async def _with_commission(
    client: IBKRClientProtocol, result: OrderResult, events: AsyncIterator[OrderEvent]
) -> Fill:
    """The first fill, with its commission if that comes soon; it is not worth a failure."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_COMMISSION_TIMEOUT_S):
            while client.order(result.order_id).fills[0].commission is None:
                while not isinstance(await anext(events), CommissionReported):
                    continue
    return client.order(result.order_id).fills[0]


async def _rest_and_cancel(
    client: IBKRClientProtocol, contract: Contract, summary: DemoSummary, view: View, _: float
) -> None:
    market = summary.filled_price or summary.price or Decimal(1)
    limit = max((market / 2).quantize(_CENT), _CENT)
    resting = await client.place_order(contract, Order.limit("BUY", 1, limit))
    summary.resting_limit = limit
    view.step(f"resting: order {resting.order_id} to buy 1 at {limit} is {resting.status}")
    try:
        cancelled = await client.cancel_order(resting.order_id)
    except IBKRError as error:
        raise DemoFailed(
            f"order {resting.order_id} is not cancelled: {error}. Cancel it by hand in TWS"
        ) from error
    summary.cancelled = cancelled.status.is_cancelled
    view.step(f"order {resting.order_id} is {cancelled.status}")


@asynccontextmanager
async def local_simulator() -> AsyncIterator[tuple[str, int]]:
    """A simulator in a process of its own, on a free port; stopped in any case.

    Yields host and port. Raises DemoFailed when it does not come up.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator",
        *("serve", "--port", "0", "--seed", "7", "--log-level", "error"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield await _ready(process)
    finally:
        await _stop(process)


async def _ready(process: asyncio.subprocess.Process) -> tuple[str, int]:
    if process.stdout is None or process.stderr is None:
        raise DemoFailed("the simulator has no output to read")
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            line = await process.stdout.readline()
            trouble = b"" if line else await process.stderr.read()
    except TimeoutError:
        raise DemoFailed(f"the simulator was not ready within {_START_TIMEOUT_S} s") from None
    try:
        ready = json.loads(line)
        return str(ready["host"]), int(ready["port"])
    except (ValueError, KeyError, TypeError):
        last = trouble.decode(errors="replace").strip().splitlines()[-1:] or ["no output"]
        raise DemoFailed(
            f"the simulator did not start: {last[0]}. "
            "Is the package installed whole? Or name a gateway with --host and --port"
        ) from None


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_TIMEOUT_S):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
