"""Random streams of operations on a world: five clients, ten instruments, everything they do.

A stream is decided by its `Random`: the same seed does the same operations. What clients do
goes through real sessions, what a test may do through the world.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any

from order_terms import GROUPS, Asked, new_order, new_terms
from records_client import Client
from told import Told

from simulator import World, WorldError, WorldSettings
from simulator.broker import BrokerOrder, Rules
from simulator.broker.records import Gate
from simulator.instruments import Instrument
from simulator.market import Quote
from simulator.matching import MODELS
from simulator.messages.account import RequestAccountUpdates, RequestPositions
from simulator.messages.orders import (
    CancelOrder,
    ExerciseOptions,
    PlaceOrder,
    RequestAllOpenOrders,
    RequestAutoOpenOrders,
    RequestCompletedOrders,
    RequestExecutions,
    RequestGlobalCancel,
    RequestOpenOrders,
)
from simulator.records import ComboLeg, Contract, ExecutionFilter
from simulator.session import MAX_VERSION
from simulator.world_orders import EVERYTHING

ACCOUNTS = ("DU9000001", "DU9000002")
VERSIONS = (165, 176, 178, 187, MAX_VERSION)
"""That of each client; older ones cannot tell fractional sizes."""

STARTING_CASH = {"USD": Decimal(2_000_000), "EUR": Decimal(100_000), "JPY": Decimal(5_000_000)}
DAY_S = 86_400


def _option(strike: str, right: str) -> Contract:
    return Contract(
        symbol="AAPL",
        sec_type="OPT",
        last_trade_date="20250620",
        strike=Decimal(strike),
        right=right,
        exchange="SMART",
        currency="USD",
    )


CONTRACTS: tuple[Contract, ...] = (
    Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD"),
    Contract(symbol="MSFT", sec_type="STK", exchange="SMART", currency="USD"),
    Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD"),
    Contract(symbol="USD", sec_type="CASH", exchange="IDEALPRO", currency="JPY"),
    Contract(symbol="BTC", sec_type="CRYPTO", exchange="PAXOS", currency="USD"),
    Contract(local_symbol="ESM5", sec_type="FUT", exchange="CME", currency="USD"),
    _option("245", "C"),
    _option("250", "P"),
    Contract(symbol="AAPL", sec_type="CFD", exchange="SMART", currency="USD"),
)
"""Nine instruments; the tenth is a spread of two of them."""


@dataclass(frozen=True, slots=True)
class Traded:
    contract: Contract
    instrument: Instrument

    @property
    def name(self) -> str:
        return self.instrument.local_symbol


def settings_of(seed: int, **changes: Any) -> WorldSettings:
    """Seeds differ in how the broker and the market behave, too."""
    rng = Random(seed)
    return WorldSettings(
        seed=seed,
        clock="manual",
        accounts=ACCOUNTS,
        server_version=MAX_VERSION,
        master_client_id=rng.choice((None, 5)),
        starting_cash=STARTING_CASH,
        calendar=rng.random() < 0.5,
        commission_delay_ms=rng.choice((0, 0, 500)),
        repeats_status=rng.random() < 0.3,
        rules=Rules(
            fill_model=rng.choice(("paper", "paper", "pessimistic", "queue")),
            cancel_latency_ms=rng.choice((0, 0, 400)),
            price_collar=rng.choice((None, Decimal("0.02"))),
            checks_funds=rng.random() < 0.6,
        ),
        **changes,
    )


@dataclass(slots=True)
class Stream:
    """A world and those who trade in it. `done` counts what was done."""

    world: World
    rng: Random
    traded: tuple[Traded, ...] = field(init=False)
    clients: dict[int, Client] = field(default_factory=dict)
    told: dict[int, Told] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.traded = tuple(self._traded(contract) for contract in CONTRACTS)
        call, share = self.traded[6].instrument, self.traded[0].instrument
        legs = (
            ComboLeg(con_id=call.con_id, ratio=1, action="SELL", exchange="SMART"),
            ComboLeg(con_id=share.con_id, ratio=100, action="BUY", exchange="SMART"),
        )
        bag = Contract(
            symbol="AAPL", sec_type="BAG", exchange="SMART", currency="USD", combo_legs=legs
        )
        self.traded += (self._traded(bag),)
        for client_id in range(1, len(VERSIONS) + 1):
            self.join(client_id)

    def _traded(self, contract: Contract) -> Traded:
        """By its contract id, which is found faster than by its terms."""
        (instrument,) = self.world.database.find(contract, include_expired=True)
        return Traded(
            replace(contract, con_id=0 if instrument.legs else instrument.con_id), instrument
        )

    # --- doing ---

    def run(self, steps: int, check: Callable[[], None], every: int = 1) -> None:
        for step in range(steps):
            self.step()
            if step % every == 0:
                check()
        check()

    def step(self) -> str:
        """Do one thing at random; returns what it was."""
        (operation,) = self.rng.choices(tuple(OPERATIONS), tuple(OPERATIONS.values()))
        self.do(operation)
        return operation.__name__

    def do(self, operation: Callable[["Stream"], None]) -> None:
        self.done[operation.__name__] += 1
        operation(self)
        self.listen()

    def listen(self) -> None:
        """All clients read what they were sent."""
        for client_id, client in self.clients.items():
            self.told[client_id].take(client.read())

    def join(self, client_id: int) -> None:
        version = VERSIONS[client_id - 1]
        client = self.clients[client_id] = Client(self.world, client_id, version)
        told = self.told[client_id] = Told(client_id, len(self.world.broker.journal))
        told.take(client.started)
        account = ACCOUNTS[client_id % len(ACCOUNTS)]
        told.take(client.send(RequestPositions(), RequestAccountUpdates(True, account)))

    def ask(self, client_id: int, *requests: Any) -> None:
        self.told[client_id].take(self.clients[client_id].send(*requests))

    # --- choosing ---

    def client_id(self) -> int:
        return self.rng.choice(tuple(self.clients))

    def one(self) -> Traded:
        return self.rng.choice(self.traded)

    def simple(self) -> Traded:
        """One that is no combination, and not over."""
        simple = [t for t in self.traded if not t.instrument.legs]
        return self.rng.choice([t for t in simple if self.world.database.find(t.contract)])

    def asked(self, instrument: Instrument) -> Asked:
        now_ms = self.world.clock.now_ms()
        return Asked(
            instrument,
            self.world.market.quote(instrument, now_ms),
            now_ms,
            tuple(t.instrument.con_id for t in self.traded[:2]),
            ACCOUNTS,
        )

    def live(self) -> BrokerOrder | None:
        """A live order that was given by a client."""
        live = [held for held in self.world.broker.live_orders() if held.order_id]
        return self.rng.choice(live) if live else None

    def next_id(self, client_id: int) -> int:
        return self.world.broker.next_order_id(client_id)


# --- what clients do ---


def place(stream: Stream) -> None:
    rng, traded = stream.rng, stream.one()
    group = rng.choice(GROUPS) if rng.random() < 0.2 else ""
    client_id = stream.client_id()
    order = new_order(rng, stream.asked(traded.instrument), group)
    stream.ask(client_id, PlaceOrder(stream.next_id(client_id), traded.contract, order))


def bracket(stream: Stream) -> None:
    """A parent and two or three children, of which the last transmits all; sometimes nobody."""
    rng, traded, client_id = stream.rng, stream.one(), stream.client_id()
    asked, parent_id = stream.asked(traded.instrument), stream.next_id(client_id)
    parent = replace(new_order(rng, asked), transmit=False)
    stream.ask(client_id, PlaceOrder(parent_id, traded.contract, parent))
    count = rng.choice((1, 2, 3))
    for number in range(1, count + 1):
        child = replace(
            new_order(rng, asked),
            action="SELL" if parent.action == "BUY" else "BUY",
            total_quantity=parent.total_quantity,
            account=parent.account,
            parent_id=parent_id,
            transmit=number == count and rng.random() < 0.9,
            auto_cancel_parent=rng.random() < 0.1,
        )
        stream.ask(client_id, PlaceOrder(parent_id + number, traded.contract, child))


def modify(stream: Stream) -> None:
    held = stream.live()
    if held is None or held.client_id not in stream.clients or held.instruction is not None:
        return
    order = new_terms(stream.rng, stream.asked(held.instrument), held.order)
    stream.ask(held.client_id, PlaceOrder(held.order_id, held.contract, order))


def modify_any(stream: Stream) -> None:
    """Whatever became of the order."""
    orders = [o for o in stream.world.broker.orders() if o.order_id and o.instruction is None]
    if not orders:
        return
    held = stream.rng.choice(orders[-50:])
    if held.client_id in stream.clients:
        order = new_terms(stream.rng, stream.asked(held.instrument), held.order)
        stream.ask(held.client_id, PlaceOrder(held.order_id, held.contract, order))


def cancel(stream: Stream) -> None:
    held = stream.live()
    if held is not None and held.client_id in stream.clients:
        stream.ask(held.client_id, CancelOrder(held.order_id))


def cancel_any(stream: Stream) -> None:
    client_id = stream.client_id()
    last = stream.next_id(client_id)
    stream.ask(client_id, CancelOrder(stream.rng.randint(max(1, last - 20), last)))


def cancel_all(stream: Stream) -> None:
    stream.ask(stream.client_id(), RequestGlobalCancel())


def look(stream: Stream) -> None:
    request = stream.rng.choice(
        (
            RequestOpenOrders(),
            RequestAllOpenOrders(),
            RequestAutoOpenOrders(auto_bind=True),
            RequestCompletedOrders(api_only=False),
            RequestExecutions(1, ExecutionFilter()),
        )
    )
    stream.clients[stream.client_id()].send(request)


def exercise(stream: Stream) -> None:
    client_id = stream.client_id()
    option = stream.rng.choice(stream.traded[6:8])
    request = ExerciseOptions(
        stream.next_id(client_id) + 500_000 + stream.done["exercise"],
        option.contract,
        stream.rng.choice((1, 2)),
        1,
        stream.rng.choice(ACCOUNTS),
        override=False,
    )
    stream.ask(client_id, request)


def reconnect(stream: Stream) -> None:
    client_id = stream.client_id()
    stream.world.disconnect(stream.clients.pop(client_id).connection)
    stream.join(client_id)


# --- what the world does ---


def quote(stream: Stream) -> None:
    """The market moves; now and then a side of it is gone."""
    rng, traded = stream.rng, stream.simple()
    instrument = traded.instrument
    asked = stream.asked(instrument)
    bid = asked.middle // asked.step * asked.step + rng.randint(-8, 8) * asked.step
    ask = bid + rng.choice((1, 1, 2, 5)) * asked.step
    size = instrument.path.size or Decimal(100)
    sizes = [size * Decimal(rng.choice(("0.1", "0.5", "1", "5"))) for _ in "ba"]
    is_one_sided = rng.random() < 0.05
    if bid > 0:
        stream.world.set_quote(
            traded.name,
            bid=bid,
            ask=None if is_one_sided else ask,
            bid_size=sizes[0] // 1 or Decimal(1),
            ask_size=sizes[1] // 1 or Decimal(1),
        )


def release(stream: Stream) -> None:
    stream.world.release_quote(stream.simple().name)


def print_trade(stream: Stream) -> None:
    traded = stream.simple()
    shown: Quote = stream.asked(traded.instrument).quote
    if not stream.world.is_halted(traded.name):
        price = stream.rng.choice([p for p in (shown.bid, shown.ask, shown.last) if p])
        size = Decimal(stream.rng.choice((1, 50, 1000)))
        stream.world.print_trade(traded.name, price, size)


def halt(stream: Stream) -> None:
    name = stream.rng.choice(("AAPL", "MSFT"))
    if stream.world.is_halted(name):
        stream.world.resume(name)
    else:
        stream.world.halt(name)


def wait(stream: Stream) -> None:
    stream.world.advance(stream.rng.choice((0.1, 0.25, 0.5, 1.1)))


def leap(stream: Stream) -> None:
    """A long time passes in which nobody quotes: only what falls due happens on the way."""
    world = stream.world
    target = world.clock.now_ms() + round(
        1000 * stream.rng.choice((60, 3600, 4 * 3600, 8 * 3600, DAY_S))
    )
    orders, hub = world.gateway.orders, world.gateway.hub
    while (due_ms := world.broker.due_ms) is not None and due_ms <= target:
        world.clock.advance_to(max(due_ms, world.clock.now_ms()))
        hub.now_ms = world.clock.now_ms()
        orders.run_broker()
    world.clock.advance_to(target)
    hub.now_ms = target
    world.run_due()


def change_model(stream: Stream) -> None:
    name = stream.rng.choice(tuple(MODELS))
    is_for_all = stream.rng.random() < 0.2
    stream.world.set_fill_model(name, EVERYTHING if is_for_all else stream.simple().name)


def fill(stream: Stream) -> None:
    """A part of an order that is worked is filled by hand."""
    held = stream.live()
    if held is None or held.instruction is not None or held.gate is not Gate.BOOK:
        return
    part = held.remaining // 2 or held.remaining
    price = stream.asked(held.instrument).middle
    with suppress(WorldError):  # a half may be off the step of its size
        stream.world.fill(held.perm_id, stream.rng.choice((part, held.remaining)), price)


def correct(stream: Stream) -> None:
    """An execution gets another price or size, or is busted."""
    standing = [e for e in stream.world.broker.executions if e.is_booked and e.execution.shares]
    if not standing:
        return
    execution = stream.rng.choice(standing[-30:]).execution
    world, chance = stream.world, stream.rng.random()
    if chance < 0.4:
        world.correct(execution.exec_id, price=execution.price + 1)
    elif chance < 0.6 and execution.shares > 1:
        world.correct(execution.exec_id, quantity=execution.shares - 1)
    else:
        world.bust(execution.exec_id)


def move_cash(stream: Stream) -> None:
    rng = stream.rng
    amount = Decimal(rng.choice(("1000", "-750.25", "0.01")))
    stream.world.move_cash(rng.choice(ACCOUNTS), rng.choice(("USD", "EUR", "JPY")), amount)


def reject_next(stream: Stream) -> None:
    client_id = stream.rng.choice((None, 1, 2))
    stream.world.reject_next(stream.rng.choice((201, 201, 202, 110)), "for a test", client_id)


def by_hand(stream: Stream) -> None:
    """Somebody trades at TWS itself."""
    held = stream.live()
    if held is not None and stream.rng.random() < 0.4:
        stream.world.cancel_manual(held.perm_id)
        return
    traded = stream.simple()
    order = new_order(stream.rng, stream.asked(traded.instrument))
    with suppress(WorldError):  # what a gateway would refuse
        stream.world.place_manual(traded.name, order)


OPERATIONS: dict[Callable[[Stream], None], float] = {
    place: 40,
    bracket: 6,
    modify: 14,
    modify_any: 2,
    cancel: 8,
    cancel_any: 2,
    cancel_all: 0.3,
    look: 1,
    exercise: 1,
    reconnect: 1,
    quote: 16,
    release: 1,
    print_trade: 4,
    halt: 1,
    wait: 5,
    leap: 1,
    change_model: 0.5,
    fill: 2,
    correct: 1,
    move_cash: 0.5,
    reject_next: 0.5,
    by_hand: 1,
}
"""What is done, and how often."""
