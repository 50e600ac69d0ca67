"""Whatever fails between a client and its gateway, no order is lost, doubled or made up.

Random operations and failures, then quiet: the gateway is up, the client connects, and every
order must be accounted for. The judge is the broker of the simulator. The numbers of the
invariants are those of faults.md §2.1.
"""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable
from contextlib import suppress
from decimal import Decimal as D
from pathlib import Path
from typing import TypeVar

from dying_trader import AAPL, CLIENT_ID, NOON
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from ibkr import (
    IBKRClient,
    IBKRError,
    IdempotencyConflict,
    NotConnected,
    Order,
    OrderFilled,
    OrderNotFound,
    OrderResult,
    Settings,
)
from ibkr.journal import Journal
from ibkr.models import OrderEvent
from ibkr.reconcile import Verdict
from ibkr.references import split
from simulator import Simulator
from simulator.broker.records import BrokerOrder
from simulator.records import Status

T = TypeVar("T")
FAULTS = [
    *((action, "rx(PlaceOrder)") for action in ("fin", "rst", "swallow")),
    *((action, "tx(OpenOrder)") for action in ("fin", "rst", "swallow", "duplicate")),
    *((action, "tx(OrderStatus)") for action in ("rst", "swallow", "duplicate")),
    *((action, "tx(ExecutionData)") for action in ("rst", "swallow", "duplicate")),
    ("swallow", "tx(CommissionReport)"),
]
PATIENCE_S = 20
LIVE = {Status.PRE_SUBMITTED, Status.SUBMITTED}
GIVEN_UP = {Verdict.NOT_SENT, Verdict.NOT_ACCEPTED}
ORDERS = st.one_of(
    st.builds(Order.market, st.sampled_from(["BUY", "SELL"]), st.integers(1, 9)),
    st.builds(Order.limit, st.sampled_from(["BUY", "SELL"]), st.integers(1, 9), st.just("100.00")),
    st.builds(Order.limit, st.just("BUY"), st.integers(1, 9), st.integers(1, 5)),
)


class CuttingJournal(Journal):
    """A journal that lets the socket be cut at the moments an order is kept."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.cut = lambda: None
        self.at = ""

    def send(self, *row, **mark) -> None:
        super().send(*row, **mark)
        if self.at == "before the write":
            self.at = ""
            self.cut()
        elif self.at == "after the write":
            self.at = ""
            asyncio.get_running_loop().call_soon(self.cut)


class Watched(IBKRClient):
    """A client that remembers what it told its consumers of fills."""

    def _publish(self, events: list[OrderEvent]) -> None:
        events = list(events)
        self.told += [event.fill for event in events if isinstance(event, OrderFilled)]
        super()._publish(events)

    def cut(self) -> None:
        """End the socket as a reset does."""
        link = self._link
        if link is not None and link._ib.client.conn.transport is not None:
            link._ib.client.conn.transport.abort()


class OrdersOverFailures(RuleBasedStateMachine):
    keys = Bundle("keys")

    @initialize()
    def begin(self) -> None:
        self.directory = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.simulator = Simulator(seed=7)
        self.bodies: dict[str, Order] = {}
        self.seen: dict[str, OrderResult] = {}
        self.told: list = []
        self.sent = 0
        self.wait(self.open())

    # --- the world --------------------------------------------------------------------

    def wait(self, work: Awaitable[T]) -> T:
        async def bounded() -> T:
            async with asyncio.timeout(PATIENCE_S):  # I5: every call ends
                return await work

        return self.runner.run(bounded())

    async def open(self) -> None:
        await self.simulator.start()
        self.simulator.world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"))
        self.is_up = True
        self.client = self.new_client()
        await self.client.connect()

    def new_client(self) -> Watched:
        journal = CuttingJournal(self.directory / "journal")
        chosen = Settings(
            port=self.simulator.port,
            client_id=CLIENT_ID,
            reconcile_settle_s=0,
            order_ack_timeout_s=0.2,
            connect_attempts=1,
            backoff_min_s=0.01,
            backoff_max_s=0.01,
        )
        client = Watched(chosen, order_journal=journal, now=lambda: NOON)
        client.told = self.told
        journal.cut = client.cut
        return client

    async def crash(self) -> None:
        """The process is gone: nothing is closed in order, and another one starts."""
        self.sent += self.client.metrics.orders_total
        worker = self.client._worker
        if worker is not None:
            worker.cancel()
            await asyncio.wait({worker})
        link, self.client._link = self.client._link, None
        if link is not None:
            await link.close()
        self.client.journal.close()
        self.client = self.new_client()
        if self.is_up:
            await self.until_free()
            await self.client.connect()

    async def until_free(self) -> None:
        """The gateway hears of the end of a session a moment later."""
        while self.simulator.world.connections:
            await asyncio.sleep(0)

    async def until_ready(self) -> None:
        if self.is_up and self.client.state == "disconnected":
            await self.client.connect()
        while self.is_up and not self.client.is_connected():
            await asyncio.sleep(0)

    # --- operations -------------------------------------------------------------------

    @rule(target=keys, order=ORDERS)
    def place(self, order: Order):
        return self.placed(order)

    @rule(target=keys, order=ORDERS, at=st.sampled_from(["before the write", "after the write"]))
    def place_while_the_link_is_cut(self, order: Order, at: str):
        self.client.journal.at = at
        key = self.placed(order)
        self.client.journal.at = ""
        self.wait(self.until_ready())
        return key

    @rule(target=keys, order=ORDERS, fault=st.sampled_from(FAULTS))
    def place_while_something_fails(self, order: Order, fault: tuple[str, str]):
        action, at = fault
        self.wait(self.tell("inject", action, at=at))
        key = self.placed(order)
        self.wait(self.tell("clear_faults"))
        self.wait(self.until_ready())
        return key

    async def tell(self, verb: str, *what: object, **more: str) -> None:
        """The world may answer at once, and so needs the loop that runs."""
        getattr(self.simulator.world, verb)(*what, **more)

    @rule(order=ORDERS, data_lost=st.booleans())
    def place_while_the_gateway_has_lost_ib(self, order: Order, data_lost: bool) -> None:
        """I10: it is not even kept."""
        if self.is_up:
            self.wait(self.outage(order, data_lost))

    async def outage(self, order: Order, data_lost: bool) -> None:
        await self.until_ready()
        world, before = self.simulator.world, self.client.journal.counts()
        world.lose_upstream()
        while self.client.is_connected():
            await asyncio.sleep(0)
        assert isinstance(await self.outcome_of("refused", order), NotConnected)
        assert self.client.journal.counts().intents == before.intents
        world.restore_upstream(data_lost=data_lost)
        await self.until_ready()

    def placed(self, order: Order):
        key = f"key {len(self.bodies)}"
        self.wait(self.outcome_of(key, order))
        if self.client.journal.by_key(key) is None:  # refused before it was kept
            return multiple()
        self.bodies[key] = order
        return key

    @rule(key=keys)
    def place_the_same_again(self, key: str) -> None:
        before = self.client.metrics.orders_total
        unsent = self.client.journal.by_key(key).verdict is Verdict.NOT_SENT
        outcome = self.wait(self.outcome_of(key, self.bodies[key]))
        assert not isinstance(outcome, IdempotencyConflict)
        assert isinstance(outcome, IBKRError) or outcome.key == key
        assert unsent or self.client.metrics.orders_total == before

    @rule(key=keys)
    def place_another_under_the_same_key(self, key: str) -> None:
        before = self.client.metrics.orders_total
        outcome = self.wait(self.outcome_of(key, Order.market("BUY", 77)))
        assert isinstance(outcome, IdempotencyConflict)
        assert self.client.metrics.orders_total == before

    async def outcome_of(self, key: str, order: Order) -> OrderResult | IBKRError:
        try:
            return await self.client.place_order(AAPL, order, key=key)
        except IBKRError as error:
            return error

    @rule(key=keys)
    def cancel(self, key: str) -> None:
        with suppress(IBKRError):  # filled, rejected, not connected …
            self.wait(self.client.cancel_order(self.client.order_by_key(key).order_id))

    @rule(key=keys)
    def fill_one(self, key: str) -> None:
        """The market fills a part of an order, whether or not its client is there."""
        self.wait(self.filled(self.client.journal.by_key(key).reference))

    async def filled(self, reference: str) -> None:
        for order in self.at_broker(reference):
            if order.status in LIVE and order.remaining > 0:
                self.simulator.world.fill((CLIENT_ID, order.order_id), D(1), D("50.00"))

    @rule()
    def reject_next(self) -> None:
        self.wait(self.tell("reject_next", 201, "no funds", CLIENT_ID))

    @rule()
    def gateway_down(self) -> None:
        self.wait(self.simulator.stop())
        self.is_up = False

    @rule()
    def gateway_up(self) -> None:
        if not self.is_up:
            self.wait(self.simulator.start())
            self.is_up = True
            self.wait(self.until_ready())

    @rule()
    def kill_client(self) -> None:
        self.wait(self.crash())

    @rule()
    def turn(self) -> None:
        """Let what is on its way arrive."""
        self.wait(asyncio.sleep(0.001))

    # --- what must hold ---------------------------------------------------------------

    def at_broker(self, reference: str) -> list[BrokerOrder]:
        orders = self.simulator.world.broker.truth.orders.values()
        return [order for order in orders if split(order.order.order_ref)[0] == reference]

    @invariant()
    def every_order_of_the_broker_was_kept_and_is_there_once(self) -> None:
        """I1, I3."""
        orders = self.simulator.world.broker.truth.orders.values()
        references = Counter(split(order.order.order_ref)[0] for order in orders)
        assert set(references.values()) <= {1}
        for order in orders:
            entry = self.client.journal.by_reference(split(order.order.order_ref)[0])
            assert entry is not None
            assert entry.order_id == order.order_id
            assert (entry.order.action, entry.order.quantity) == (
                order.order.action,
                order.quantity,
            )

    @invariant()
    def what_is_filled_stays_filled(self) -> None:
        """I8."""
        for key in self.bodies:
            try:
                result = self.client.order_by_key(key)
            except OrderNotFound:
                continue
            before = self.seen.get(key, result)
            assert result.filled >= before.filled
            assert not before.status.is_done or result.status.is_done
            self.seen[key] = result

    def teardown(self) -> None:
        try:
            self.wait(self.quiesce())
            self.check_all()
        finally:
            self.wait(self.client.disconnect())
            self.wait(self.simulator.stop())
            self.runner.close()
            shutil.rmtree(self.directory)

    async def quiesce(self) -> None:
        """Failures stop: the client must be ready, and a new process must know the same (I12)."""
        if not self.is_up:
            await self.simulator.start()
            self.is_up = True
        await self.until_ready()
        await self.restart()  # its snapshot knows what was still on its way
        known = self.views()
        await self.restart()
        assert self.views() == known

    async def restart(self) -> None:
        await self.client.disconnect()
        self.sent += self.client.metrics.orders_total
        await self.until_free()
        self.client = self.new_client()
        await self.client.connect()

    def views(self) -> dict[str, tuple]:
        kept = ((key, self.client.journal.by_key(key)) for key in self.bodies)
        return {
            key: (entry.verdict, entry.status, entry.filled, entry.perm_ids, len(entry.fills))
            for key, entry in kept
        }

    def check_all(self) -> None:
        journal = self.client.journal
        for entry in journal.entries():
            held = self.at_broker(entry.reference)
            if entry.is_doubtful:  # I17: only where a later order has used the id up
                assert (entry.verdict, entry.rule, held) == (Verdict.UNKNOWN, "e", [])
            elif entry.verdict in GIVEN_UP or entry.order_id is None:
                assert held == []  # I4
            elif entry.reject_code is None:
                assert len(held) == 1  # I2
                assert entry.filled == held[0].filled
                assert entry.perm_ids == (held[0].perm_id,)
        self.check_fills()
        assert self.sent == journal.counts().sends  # I15
        assert self.client.metrics.orders_in_doubt == len(self.client.in_doubt())

    def check_fills(self) -> None:
        """I6: the fills that were told are those of the broker, each once."""
        broker = self.simulator.world.broker.truth.executions
        told = Counter(fill.execution_id for fill in self.told)
        assert told == Counter(one.execution.exec_id for one in broker)


OrdersOverFailures.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestOrdersOverFailures = OrdersOverFailures.TestCase
