"""One connected client of any library: its requests under the vendor's names, its callbacks kept.

The asyncio libraries run in the test's loop as the whole `IB` object, with its wrapper
tapped; the vendor's client runs in threads of its own. Every wait is for a callback and
has an end.
"""

from __future__ import annotations

import asyncio
import inspect
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from itertools import count
from operator import attrgetter
from typing import Any

import pytest

from simulator import records as r

from .libraries import AsyncioLibrary, Call, Ibapi, Library
from .mirror import build

HOST = "127.0.0.1"
TIMEOUT_S = 5.0

AAPL = r.Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
QUALIFIED = replace(AAPL, con_id=265598)
"""With its contract id, without which ib_async has no tickers."""

MARKET = r.Order(
    action="BUY",
    order_type="MKT",
    total_quantity=Decimal(100),
    tif="DAY",
    use_price_mgmt_algo=0,
)


def market(action: str = "BUY", quantity: int = 100, **given: Any) -> r.Order:
    return replace(MARKET, action=action, total_quantity=Decimal(quantity), **given)


def limit(price: str, action: str = "BUY", quantity: int = 100, **given: Any) -> r.Order:
    return market(action, quantity, order_type="LMT", limit_price=Decimal(price), **given)


class Calls:
    """The callbacks of one client in the order they came."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._changed = asyncio.Event()

    def add(self, call: Call) -> None:
        self._calls.append(call)
        self._changed.set()

    def clear(self) -> None:
        self._calls.clear()

    def __iter__(self):
        return iter(list(self._calls))

    def of(self, name: str, *first: Any) -> list[tuple[Any, ...]]:
        """The arguments of all calls of a callback whose arguments begin so."""
        return [
            call.args
            for call in self._calls
            if call.name == name and call.args[: len(first)] == first
        ]

    async def one(self, name: str, *first: Any) -> tuple[Any, ...]:
        """The arguments of the first such call, awaited if there is none yet."""
        return (await self.some(1, name, *first))[0]

    async def some(self, number: int, name: str, *first: Any) -> list[tuple[Any, ...]]:
        """At least that many such calls, awaited."""

        def enough() -> list[tuple[Any, ...]] | None:
            found = self.of(name, *first)
            return found if len(found) >= number else None

        return await self.until(enough, f"{name}{first} x{number}")

    async def until(self, test: Callable[[], Any], what: str) -> Any:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while not (found := test()):
                    self._changed.clear()
                    await self._changed.wait()
                return found
        except TimeoutError:
            pytest.fail(f"never came: {what}; seen: {[*map(str, self._calls)][-20:]}")


class Session(ABC):
    """What the scenarios use of a client. `api` has the vendor's request methods."""

    api: Any
    price_callback: str

    def __init__(self, library: Library) -> None:
        self.library = library
        self.calls = Calls()
        self._ids = count(1)

    @abstractmethod
    async def open(self, port: int, client_id: int, **options: Any) -> None:
        """Connect and wait until requests may be sent."""

    @abstractmethod
    async def close(self) -> None:
        """Disconnect."""

    def new_id(self) -> int:
        return next(self._ids)

    def contract(self, record: r.Contract = AAPL) -> Any:
        return build(record, self.library)

    def place(
        self, order: r.Order, contract: r.Contract = AAPL, *, order_id: int | None = None
    ) -> int:
        id_ = self.new_id() if order_id is None else order_id
        self.api.placeOrder(id_, self.contract(contract), build(order, self.library))
        return id_

    def cancel(self, order_id: int) -> None:
        self.api.cancelOrder(order_id, *self._cancellation())

    def cancel_all(self) -> None:
        self.api.reqGlobalCancel(*self._cancellation())

    def _cancellation(self) -> list[Any]:
        """What only the newest client wants to be told of each cancellation."""
        return [self.library.new("OrderCancel")] if self.library.name == "ibapi10" else []

    def expect(self, key: int | str) -> None:  # noqa: B027 - most need no telling
        """Have a library that collects the parts of an answer know that one is coming."""

    def ask_completed_orders(self) -> None:
        self.expect("completedOrders")
        self.api.reqCompletedOrders(False)

    def ask_details(self, contract: r.Contract) -> int:
        req_id = self.new_id()
        self.expect(req_id)
        self.api.reqContractDetails(req_id, self.contract(contract))
        return req_id

    def ask_executions(self, **wanted: Any) -> int:
        req_id = self.new_id()
        self.expect(req_id)
        self.api.reqExecutions(req_id, build(r.ExecutionFilter(**wanted), self.library))
        return req_id

    def ask_quotes(self, contract: r.Contract = QUALIFIED, *, snapshot: bool = False) -> int:
        req_id = self.new_id()
        self.api.reqMktData(req_id, self.contract(contract), "", snapshot, False, [])
        return req_id

    async def settle(self) -> None:
        """Wait until all that was asked so far is answered: replies come in order."""
        before = len(self.calls.of("currentTime"))
        self.api.reqCurrentTime()
        await self.calls.some(before + 1, "currentTime")

    def story(self) -> list[tuple[Any, ...]]:
        """What was told of orders, in short: see the captured sequences."""
        commission = attrgetter(self.library.renamed.get("commission", "commission"))
        return [line for call in self.calls if (line := _line(call, commission)) is not None]


def _line(call: Call, commission_of: Callable[[Any], float]) -> tuple[Any, ...] | None:
    match call:
        case Call("openOrder", (_, _, _, state)):
            commission = commission_of(state)
            return ("open", state.status, commission if commission < 1e300 else None)
        case Call("orderStatus", (_, status, filled, remaining, *_)):
            return ("status", status, filled, remaining)
        case Call("execDetails", (_, _, execution)):
            return ("execution", execution.shares, execution.price)
        case Call("commissionReport", (report,)):
            return ("commission", commission_of(report))
        case Call("error", (id_, code, *_)) if id_ != -1:
            return ("error", code)
    return None


class AsyncioSession(Session):
    """ib_insync or ib_async."""

    library: AsyncioLibrary
    price_callback = "priceSizeTick"

    def __init__(self, library: AsyncioLibrary) -> None:
        super().__init__(library)
        self.ib = library.module.IB()
        self.api = self.ib.client
        self._tap(self.ib.wrapper)

    def _tap(self, wrapper: Any) -> None:
        for name, _ in inspect.getmembers(type(wrapper), inspect.isfunction):
            if not name.startswith("_"):
                setattr(wrapper, name, self._recorded(name, getattr(wrapper, name)))

    def _recorded(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(*args: Any, **named: Any) -> Any:
            result = original(*args, **named)
            self.calls.add(Call(name, args))
            return result

        return recorded

    async def open(self, port: int, client_id: int, **options: Any) -> None:
        await self.ib.connectAsync(HOST, port, clientId=client_id, **options)

    def new_id(self) -> int:
        return self.api.getReqId()

    def expect(self, key: int | str) -> None:
        self.ib.wrapper.startReq(key)

    def ask_quotes(self, contract: r.Contract = QUALIFIED, *, snapshot: bool = False) -> int:
        """Asked through the `IB` object, which drops ticks it has no ticker for."""
        req_id = self.api._reqIdSeq
        self.ib.reqMktData(self.contract(contract), "", snapshot)
        return req_id

    async def close(self) -> None:
        self.ib.disconnect()


class IbapiSession(Session):
    """The vendor's client: a thread that reads the socket and one that calls back."""

    library: Ibapi
    price_callback = "tickPrice"

    def __init__(self, library: Ibapi) -> None:
        super().__init__(library)
        loop = asyncio.get_running_loop()
        wrapper = library.wrapper(
            lambda call: loop.call_soon_threadsafe(self.calls.add, call) and None
        )
        self.api = library.client_class(wrapper)
        self._thread = threading.Thread(target=self.api.run, name="ibapi", daemon=True)

    async def open(self, port: int, client_id: int, **options: Any) -> None:
        del options
        await asyncio.to_thread(self.api.connect, HOST, port, client_id)
        self._thread.start()
        (first_id,) = await self.calls.one("nextValidId")
        self._ids = count(first_id)

    async def close(self) -> None:
        """Have its reader see the end of the stream: closing under it would be logged as an error."""
        connection = self.api.conn
        open_socket = None if connection is None else connection.socket
        if open_socket is not None:
            with suppress(OSError):  # its own thread may have closed it since
                open_socket.shutdown(socket.SHUT_RDWR)
        reader = self.api.reader
        for thread in (self._thread, reader):
            if thread is not None and thread.is_alive():
                await asyncio.to_thread(thread.join, TIMEOUT_S)
                assert not thread.is_alive()


def new_session(library: Library) -> AsyncioSession | IbapiSession:
    if isinstance(library, AsyncioLibrary):
        return AsyncioSession(library)
    return IbapiSession(library)


def money(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))
