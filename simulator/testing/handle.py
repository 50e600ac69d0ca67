"""A gateway as a test holds it: where it listens, what it received, and verbs to move it.

Every verb may be called from any thread and returns when all is done. What a client sent
before is seen by it. Rule: nothing that a world may still change is handed out, only values.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile
from typing import Any, Protocol, TypeVar, overload

from simulator.broker import BrokerOrder, Executed
from simulator.faults import Fault
from simulator.gateway.core import Request
from simulator.gateway.hub import Told
from simulator.ledger import Position
from simulator.market import Quote
from simulator.server import Simulator
from simulator.testing.expectations import Expectation
from simulator.testing.frames import lines
from simulator.testing.strictness import Strictness
from simulator.testing.thread import GatewayThread
from simulator.testing.verbs import OnThread, Verb
from simulator.transcript import Passed
from simulator.world import World
from simulator.world_orders import OrderKey
from simulator.world_settings import WorldError, WorldSettings

R = TypeVar("R")
Number = Decimal | float | int | str

MAX_LINES = 60
"""Of what is told of a gateway when a test fails."""


class HasOrderIds(Protocol):
    """An order of ib_insync, ib_async or ibapi; their `Trade` has one as its `order`."""

    @property
    def clientId(self) -> int: ...  # noqa: N802 - their name
    @property
    def orderId(self) -> int: ...  # noqa: N802 - their name


class HasOrder(Protocol):
    @property
    def order(self) -> HasOrderIds: ...


AnyOrder = OrderKey | BrokerOrder | HasOrderIds | HasOrder


class WatchedWorld(World):
    """A world that says when something was received."""

    def __init__(self, settings: WorldSettings) -> None:
        super().__init__(settings)
        self.on_received: Callable[[], None] = lambda: None

    def receive(self, connection: Any, data: bytes) -> None:
        super().receive(connection, data)
        self.on_received()


@dataclass(frozen=True, slots=True)
class Beginning:
    """What there was of requests, frames and complaints when a test began."""

    request: int = 0
    frame: int = 0
    told: Told | None = None
    violations: int = 0


class IBGateway(OnThread):
    """A simulated gateway on a free port of the loopback, for one test.

    Beside what stands here it has the verbs of `simulator.World`, with their names. Numbers
    may be of any kind. Every refusal is a `WorldError` that says what would do.
    """

    def __init__(self, thread: GatewayThread, settings: WorldSettings) -> None:
        self._thread = thread
        self._world = thread.call(lambda: WatchedWorld(settings))
        self._server = Simulator(world=self._world)
        self._begin = Beginning()
        self._verified: set[int] = set()
        self._seen_codes: set[int] = set()
        self._waiting: list[Callable[[], None]] = []
        self._is_closed = False
        self._world.on_received = self._look
        self.start()

    def on_world(self, function: Callable[[World], R]) -> R:
        self._check_open()
        result = self._thread.call(lambda: function(self._world))
        if self._server.is_opening:  # as the last restart or refusal is over now
            self._thread.await_(self._server.opened())
        return result

    # --- where it is ---

    @property
    def host(self) -> str:
        return self._server.host

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def account(self) -> str:
        """The first paper account of the login."""
        return self._world.settings.accounts[0]

    @property
    def control_url(self) -> str:
        """Where the control plane answers: served from when it is asked for first."""
        self._check_open()
        if not self._server.is_running:
            raise WorldError("the gateway was stopped, and its control plane with it; start() it")
        return self._thread.await_(self._server.serve_control())

    @property
    def now_ms(self) -> int:
        """The time of the gateway, in milliseconds since the epoch."""
        return self.on_world(lambda world: world.clock.now_ms())

    # --- the whole of it ---

    def stop(self) -> None:
        """The gateway goes away: its port is closed and every client is disconnected."""
        self._check_open()
        self._thread.await_(self._server.stop())

    def start(self) -> None:
        """The gateway is back where it was, with its orders; there is no need to at first."""
        self._check_open()
        if self._server.is_running:
            raise WorldError("the gateway runs already; stop() it first")
        try:
            self._thread.await_(self._server.start())
        except OSError as error:
            raise WorldError(
                f"cannot listen on port {self.port} again: {error.strerror}; stop what took it"
            ) from None

    def close(self) -> None:
        """Stop it for good."""
        if not self._is_closed:
            self.stop()
            self._thread.call(self._world.close)
            self._is_closed = True

    def _check_open(self) -> None:
        if self._is_closed:
            raise WorldError(
                "this gateway ended with the test it was made for; use the fixture ib_gateway of "
                "the test that runs, or ib_gateway_session"
            )

    def reset(self) -> None:
        """Start afresh: all clients are disconnected, orders, money and time are as at first."""
        self.on_world(lambda world: world.reset())
        self._begin = Beginning()
        self._verified.clear()
        self._seen_codes.clear()

    def begin_test(self) -> None:
        """Hold against the test that begins, and tell of it, only what happens from now on."""

        def present(world: World) -> Beginning:
            gateway = world.gateway
            return Beginning(
                request=gateway.requests[-1].sequence if gateway.requests else 0,
                frame=world.transcript.last,
                told=gateway.hub.told[-1] if gateway.hub.told else None,
                violations=len(gateway.violations),
            )

        self._begin = self.on_world(present)
        self._seen_codes.clear()

    # --- market and time ---

    displayed = Verb(World.quote)
    release_quote = Verb(World.release_quote)
    halt = Verb(World.halt)
    resume = Verb(World.resume)
    is_halted = Verb(World.is_halted)
    entitle = Verb(World.entitle)
    entitlement = Verb(World.entitlement)
    bulletin = Verb(World.bulletin)
    advance = Verb(World.advance)
    advance_to_session = Verb(World.advance_to_session)
    set_fill_model = Verb(World.set_fill_model)
    fill_model = Verb(World.fill_model)

    def quote(
        self,
        symbol: str,
        bid: Number | None,
        ask: Number | None,
        *,
        bid_size: Number | None = None,
        ask_size: Number | None = None,
        last: Number | None = None,
    ) -> Quote:
        """Display this quote from now on; None for a price: nobody quotes that side."""
        prices = {"bid": bid, "ask": ask, "bid_size": bid_size, "ask_size": ask_size, "last": last}
        exact = {name: None if n is None else decimal(name, n) for name, n in prices.items()}
        return self.on_world(lambda world: world.set_quote(symbol, **exact))

    def print_trade(self, symbol: str, price: Number, size: Number) -> Quote:
        """Have the tape show a trade, as one between others."""
        exact = decimal("price", price), decimal("size", size)
        return self.on_world(lambda world: world.print_trade(symbol, *exact))

    # --- what goes wrong ---

    inject = Verb(World.inject)
    clear_faults = Verb(World.clear_faults)
    lose_upstream = Verb(World.lose_upstream)
    restore_upstream = Verb(World.restore_upstream)
    farm = Verb(World.farm)
    restart = Verb(World.restart)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that wait for their point and those that last, in order of injection."""
        return self.on_world(lambda world: world.faults)

    # --- orders and money ---

    reject_next = Verb(World.reject_next)
    place_manual = Verb(World.place_manual)
    bust = Verb(World.bust)
    valuation = Verb(World.account)
    journal = Verb(World.journal)

    def fill(self, order: AnyOrder, quantity: Number, price: Number) -> BrokerOrder:
        """Fill a part of a live order at a price, whatever the market shows or the order says.

        The order is one that the client library holds, one of `orders()`, a permanent id or a
        pair of client id and order id.
        """
        key, exact = order_key(order), (decimal("quantity", quantity), decimal("price", price))
        return self.on_world(lambda world: world.fill(key, *exact))

    def cancel_manual(self, order: AnyOrder) -> BrokerOrder:
        """Cancel a live order as if by hand in TWS, whoever placed it."""
        key = order_key(order)
        return self.on_world(lambda world: world.cancel_manual(key))

    def correct(
        self, exec_id: str, price: Number | None = None, quantity: Number | None = None
    ) -> Executed:
        """Give an execution another price or quantity, or both."""
        new_price = None if price is None else decimal("price", price)
        new_quantity = None if quantity is None else decimal("quantity", quantity)
        return self.on_world(lambda world: world.correct(exec_id, new_price, new_quantity))

    def move_cash(self, amount: Number, currency: str = "USD", account: str = "") -> Decimal:
        """Pay money into the account, or out of it if negative; returns what it has then."""
        owner, exact = account or self.account, decimal("amount", amount)
        return self.on_world(lambda world: world.move_cash(owner, currency, exact))

    def order(self, order: AnyOrder) -> BrokerOrder:
        """An order as the broker has it now."""
        key = order_key(order)
        return self.on_world(lambda world: world.order(key))

    def orders(self) -> tuple[BrokerOrder, ...]:
        """All orders as the broker has them, oldest first."""
        return self.on_world(lambda world: tuple(world.broker.orders()))

    def executions(self) -> tuple[Executed, ...]:
        """All executions as they stand now, oldest first."""
        return self.on_world(lambda world: tuple(world.broker.executions))

    def positions(self, account: str = "") -> tuple[Position, ...]:
        """What the account holds."""
        owner = account or self.account

        def held(world: World) -> tuple[Position, ...]:
            world.account(owner)  # refuses one of another login
            return tuple(p for p in world.broker.positions(owner) if p.quantity)

        return self.on_world(held)

    def position(self, symbol: str, account: str = "") -> Decimal:
        """How much of an instrument the account holds; negative: it is short."""
        con_id = self.on_world(lambda world: world.instrument(symbol)).con_id
        held = [p.quantity for p in self.positions(account) if p.instrument.con_id == con_id]
        return sum(held, Decimal(0))

    # --- what clients sent, and were told ---

    def requests(self) -> tuple[Request, ...]:
        """All requests, oldest first, with their time and client."""
        return self.on_world(lambda world: tuple(world.gateway.requests))

    def told(self) -> tuple[Told, ...]:
        """All errors and notices that clients were told, oldest first."""
        return self.on_world(lambda world: tuple(world.gateway.hub.told))

    @overload
    def received(
        self, kind: type[R], *, client_id: int | None = None, **fields: Any
    ) -> tuple[R, ...]: ...
    @overload
    def received(
        self, kind: str, *, client_id: int | None = None, **fields: Any
    ) -> tuple[Any, ...]: ...
    def received(
        self, kind: type[Any] | str, *, client_id: int | None = None, **fields: Any
    ) -> tuple[Any, ...]:
        """The requests of a kind that have these fields: records of `simulator.messages`."""
        expectation = Expectation(kind, client_id, fields)
        return tuple(r.request for r in expectation.matches(self.requests()))

    @overload
    def assert_received(
        self,
        kind: type[R],
        *,
        count: int | None = None,
        client_id: int | None = None,
        **fields: Any,
    ) -> tuple[R, ...]: ...
    @overload
    def assert_received(
        self, kind: str, *, count: int | None = None, client_id: int | None = None, **fields: Any
    ) -> tuple[Any, ...]: ...
    def assert_received(
        self,
        kind: type[Any] | str,
        *,
        count: int | None = None,
        client_id: int | None = None,
        **fields: Any,
    ) -> tuple[Any, ...]:
        """Fail unless requests of a kind with these fields came: `count` of them, or any number.

        Returns them. The message tells what came near, and in which fields it differs.
        """
        __tracebackhide__ = True
        _check_count(count)
        expectation = Expectation(kind, client_id, fields)
        received = self.requests()
        matches = expectation.matches(received)
        if len(matches) != count if count is not None else not matches:
            raise AssertionError(expectation.shortfall(received, count))
        return self._verify(matches)

    @overload
    def wait_until_received(
        self,
        kind: type[R],
        *,
        count: int = 1,
        timeout_s: float = 5.0,
        client_id: int | None = None,
        **fields: Any,
    ) -> tuple[R, ...]: ...
    @overload
    def wait_until_received(
        self,
        kind: str,
        *,
        count: int = 1,
        timeout_s: float = 5.0,
        client_id: int | None = None,
        **fields: Any,
    ) -> tuple[Any, ...]: ...
    def wait_until_received(
        self,
        kind: type[Any] | str,
        *,
        count: int = 1,
        timeout_s: float = 5.0,
        client_id: int | None = None,
        **fields: Any,
    ) -> tuple[Any, ...]:
        """Wait until at least `count` requests of a kind with these fields came; return them.

        It blocks, for a client in another thread or process. In an async test have another
        thread wait: `await asyncio.to_thread(ib_gateway.wait_until_received, ...)`. Fails
        after `timeout_s`, with the message of `assert_received`.
        """
        __tracebackhide__ = True
        _check_count(count)
        if not isinstance(timeout_s, int | float):
            raise WorldError(f"timeout_s must be a number of seconds, not {timeout_s!r}")
        expectation = Expectation(kind, client_id, fields)
        if len(matches := expectation.matches(self.requests())) >= count:
            return self._verify(matches)
        _refuse_to_block_a_loop()
        if self._wait(lambda: len(expectation.matches(self._received())) >= count, timeout_s):
            return self._verify(expectation.matches(self.requests()))
        shortfall = expectation.shortfall(self.requests(), count)
        raise AssertionError(f"waited {timeout_s} s: {shortfall}")

    def assert_error(
        self, code: int, *, count: int | None = None, text: str = "", client_id: int | None = None
    ) -> tuple[Told, ...]:
        """Fail unless a client was told an error or notice of this code, with this in its text."""
        __tracebackhide__ = True
        _check_count(count)
        if type(code) is not int:
            raise WorldError(f"code must be a whole number such as 201, not {code!r}")
        told = self.told()
        found = tuple(
            t
            for t in told
            if t.message.code == code
            and text in t.message.text
            and client_id in {None, t.client_id}
        )
        if len(found) != count if count is not None else not found:
            wanted = "at least 1" if count is None else str(count)
            lines = [f"  {describe_told(t)}" for t in told] or ["  nothing"]
            heading = f"expected {wanted} told with code {code}"
            heading += f" and {text!r} in its text" if text else ""
            raise AssertionError("\n".join([f"{heading}, found {len(found)}; told were:", *lines]))
        self._seen_codes.add(code)
        return found

    def objections(self, strictness: Strictness) -> list[str]:
        """What a strict test has against what happened since it began."""
        begin = self._begin
        requests = [r for r in self.requests() if r.sequence > begin.request]
        told = list(takewhile(lambda t: t is not begin.told, reversed(self.told())))[::-1]
        violations = self.on_world(lambda world: tuple(world.gateway.violations))
        violations = violations[begin.violations :]
        return [
            *strictness.requests(requests, self._verified),
            *strictness.told(told, self._seen_codes),
            *(f"a peer did not speak the protocol: {violation}" for violation in violations),
        ]

    def transcript(self, after: int = 0) -> tuple[Passed, ...]:
        """What went over the wires lately, both ways, from a sequence number on."""
        return self.on_world(lambda world: tuple(world.transcript.after(after)))

    def history(self, most: int = MAX_LINES) -> str:
        """The transcript of the test as lines, the last of them: the gateway's time in UTC, the
        client, and `<` for what it sent, `>` for what it was sent, `!` for a fault.
        """
        return lines(self.transcript(self._begin.frame), most)

    # --- inside ---

    def _received(self) -> Iterable[Request]:
        return self._world.gateway.requests

    def _verify(self, matches: list[Request]) -> tuple[Any, ...]:
        self._verified.update(r.sequence for r in matches)
        return tuple(r.request for r in matches)

    def _look(self) -> None:
        """Something was received: let those see who wait for something."""
        for look in list(self._waiting):
            look()

    def _wait(self, is_so: Callable[[], bool], timeout_s: float) -> bool:
        """Block until something is so on the thread, looking whenever something is received."""
        seen: concurrent.futures.Future[bool] = concurrent.futures.Future()

        def look() -> None:
            if not seen.done() and is_so():
                seen.set_result(True)

        def begin() -> None:
            self._waiting.append(look)
            look()

        self._thread.call(begin)
        try:
            return seen.result(timeout_s)
        except TimeoutError:
            return False
        finally:
            self._thread.call(lambda: self._waiting.remove(look))


def _check_count(count: int | None) -> None:
    if not (count is None or (type(count) is int and count >= 0)):
        raise WorldError(f"count must be 0 or more, or None for any number, not {count!r}")


def decimal(name: str, number: Number) -> Decimal:
    """A number of any kind as it is written; raises `WorldError` for what is none."""
    try:
        return Decimal(str(number))
    except ArithmeticError:
        raise WorldError(f"{name} must be a number such as 100.25, not {number!r}") from None


def order_key(order: AnyOrder) -> OrderKey:
    """Which order is meant by whatever a test has in hand."""
    if isinstance(order, int | tuple):
        return order
    if isinstance(order, BrokerOrder):
        return order.perm_id
    own = getattr(order, "order", order)
    if not (hasattr(own, "clientId") and hasattr(own, "orderId")):
        raise WorldError(
            f"order must be one of a client library, one of orders(), a perm_id or "
            f"(client_id, order_id), not {order!r}"
        )
    return own.clientId, own.orderId


def describe_told(told: Told) -> str:
    message = told.message
    return f"> client {told.client_id} told {message.code} of id {message.id}: {message.text}"


def _refuse_to_block_a_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise WorldError(
        "wait_until_received blocks this thread, whose event loop runs a client that could send "
        "nothing meanwhile; use: await asyncio.to_thread(ib_gateway.wait_until_received, ...)"
    )
