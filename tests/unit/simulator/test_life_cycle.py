"""The life of an order as one table: what the documents show is it, and nothing leaves it.

Red: a picture that is not the table, an order that goes where the table has no way, or that
is told of otherwise than it is.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import hypothesis.strategies as st
from conftest import Client
from hypothesis import given, settings
from orders import AAPL, LIMIT, MARKET, STOP, TARGET, show

from simulator import World, WorldSettings
from simulator.broker import DONE, LIVE, TRANSITIONS, Change, Rules
from simulator.broker.records import OrderEvent
from simulator.messages.orders import (
    CancelOrder,
    OpenOrder,
    OrderStatus,
    PlaceOrder,
    RequestGlobalCancel,
    RequestOpenOrders,
)
from simulator.records import Order, Status
from simulator.session import MAX_VERSION

DOCUMENT = Path(__file__).parents[3] / "docs" / "order-life-cycle.md"
FENCE = "```"


def diagram() -> str:
    """The table as a state diagram: one arrow for all changes between two statuses."""
    ways: dict[tuple[Status, Status], list[str]] = {}
    for (before, change), after in TRANSITIONS.items():
        ways.setdefault((before, after), []).append(change.value)
    lines = [
        f"    {before.value} --> {after.value} : {', '.join(changes)}"
        for (before, after), changes in ways.items()
    ]
    first = f"    [*] --> {Status.PENDING_SUBMIT.value}"
    last = [f"    {status.value} --> [*]" for status in sorted(DONE)]
    return "\n".join(["stateDiagram-v2", first, *lines, *last])


def test_the_picture_in_the_documents_is_the_table() -> None:
    fenced = DOCUMENT.read_text().partition(f"{FENCE}mermaid\n")[2].partition(f"\n{FENCE}")[0]
    assert fenced == diagram()


def test_what_is_done_stays_done_and_everything_else_can_end() -> None:
    assert not {before for before, _ in TRANSITIONS} & DONE
    for status in set(Status) - DONE:
        assert TRANSITIONS[status, Change.CANCELLED] is Status.CANCELLED


def test_a_cancel_on_its_way_is_never_forgotten() -> None:
    afters = {after for (before, _), after in TRANSITIONS.items() if before == "PendingCancel"}
    assert afters == {Status.PENDING_CANCEL, Status.FILLED, Status.CANCELLED, Status.INACTIVE}


# --- any sequence of verbs ---

KINDS: dict[str, Order] = {
    "market": MARKET,
    "limit": LIMIT,
    "target": TARGET,
    "stop": STOP,
    "immediate": replace(LIMIT, limit_price=D(101), tif="IOC"),
    "at once": replace(LIMIT, limit_price=D(101), tif="FOK"),
    "beyond": replace(LIMIT, limit_price=D(150)),
    "group 1": replace(LIMIT, tif="GTC", oca_group="g", oca_type=1),
    "group 2": replace(LIMIT, oca_group="g", oca_type=2),
    "unsent": replace(LIMIT, transmit=False),
    "market to limit": replace(LIMIT, order_type="MTL", limit_price=None),
    "touched": replace(LIMIT, order_type="MIT", limit_price=None, aux_price=D(95)),
    "trail": replace(STOP, order_type="TRAIL", aux_price=D(3)),
    "trail limit": replace(
        STOP, order_type="TRAIL LIMIT", aux_price=D(3), limit_price_offset=D("0.05")
    ),
    "later": replace(LIMIT, good_after_time="20250616 10:30:00 US/Eastern"),
    "day till cancelled": replace(LIMIT, tif="DTC"),
    "at the open": replace(LIMIT, tif="OPG"),
    "at the close": replace(LIMIT, order_type="LOC"),
}
STEPS = st.one_of(
    st.tuples(st.just("place"), st.sampled_from(sorted(KINDS)), st.sampled_from([1, 60, 10_000])),
    st.tuples(st.just("child"), st.sampled_from(sorted(KINDS)), st.integers(1, 6)),
    st.tuples(st.just("modify"), st.sampled_from(sorted(KINDS)), st.integers(1, 6)),
    st.tuples(st.just("cancel"), st.integers(1, 6)),
    st.tuples(st.just("fill"), st.integers(1, 6)),
    st.tuples(st.just("quote"), st.integers(75, 125), st.sampled_from([1, 50])),
    st.tuples(st.just("advance"), st.sampled_from([0.3, 1, 3600, 6 * 3600, 18 * 3600])),
    st.tuples(st.just("reject")),
    st.tuples(st.just("revise"), st.sampled_from([0, 1])),
    st.tuples(st.just("halt")),
    st.tuples(st.just("resume")),
    st.tuples(st.just("global cancel")),
)


class Story:
    """A world in which one client does this and that."""

    def __init__(self, latency_ms: int, *, calendar: bool) -> None:
        rules = Rules(cancel_latency_ms=latency_ms, price_collar=D("0.2"))
        self.world = World(
            WorldSettings(
                seed=7,
                clock="manual",
                server_version=MAX_VERSION,
                calendar=calendar,
                rules=rules,
            )
        )
        show(self.world, "99.99", "100.01")
        self.client = Client(self.world)
        self.next_id = 1
        self.shown: dict[int, tuple[str, D]] = {}

    def run(self, step: tuple) -> None:
        verb, *facts = step
        getattr(self, verb.replace(" ", "_"))(*facts)
        self.note(self.client.read())

    def send(self, request: object) -> None:
        self.note(self.client.send(request))

    def note(self, replies: list) -> None:
        """Keep what was last told of each order."""
        for reply in replies:
            match reply:
                case OrderStatus():
                    self.shown[reply.order_id] = (reply.status, reply.filled)
                case _:
                    pass

    def place(self, kind: str, size: int) -> None:
        self.send(PlaceOrder(self.next_id, AAPL, replace(KINDS[kind], total_quantity=D(size))))
        self.next_id += 1

    def child(self, kind: str, parent_id: int) -> None:
        self.send(PlaceOrder(self.next_id, AAPL, replace(KINDS[kind], parent_id=parent_id)))
        self.next_id += 1

    def modify(self, kind: str, order_id: int) -> None:
        if order_id < self.next_id:
            self.send(PlaceOrder(order_id, AAPL, replace(KINDS[kind], total_quantity=D(61))))

    def cancel(self, order_id: int) -> None:
        self.send(CancelOrder(order_id))

    def fill(self, order_id: int) -> None:
        held = self.world.broker.order(1, order_id)
        if held is not None and held.is_live:
            events = self.world.broker.fill(held, D(1), D(99), self.world.clock.now_ms())
            self.world.gateway.orders.publish(events)

    def quote(self, price: int, size: int) -> None:
        show(self.world, f"{price}", f"{price + 1}", size)

    def advance(self, seconds: float) -> None:
        self.world.advance(seconds)

    def reject(self) -> None:
        self.world.gateway.orders.intake.reject_next(201, "No")

    def revise(self, quantity: int) -> None:
        executions = self.world.broker.executions
        if executions:
            now_ms = self.world.clock.now_ms()
            events = self.world.broker.revise(
                executions[-1], quantity=D(quantity), price=D(98), now_ms=now_ms
            )
            self.world.gateway.orders.publish(events)

    def halt(self) -> None:
        self.world.halt("AAPL")

    def resume(self) -> None:
        self.world.resume("AAPL")

    def global_cancel(self) -> None:
        self.send(RequestGlobalCancel())


def lives(world: World) -> Iterator[list[Status]]:
    """The statuses each order went through, by the journal."""
    found: dict[int, list[Status]] = {}
    for entry in world.broker.journal:
        if isinstance(entry.event, OrderEvent):
            order = entry.event.order
            found.setdefault(order.perm_id, []).append(order.status)
    return iter(found.values())


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(STEPS, min_size=3, max_size=14),
    latency_ms=st.sampled_from([0, 500]),
    calendar=st.booleans(),
)
def test_no_sequence_of_verbs_leaves_the_table(steps, latency_ms, calendar) -> None:
    story = Story(latency_ms, calendar=calendar)
    for step in steps:
        story.run(step)
    ways = {(before, after) for (before, _), after in TRANSITIONS.items()}
    for life in lives(story.world):
        assert life[0] is Status.PENDING_SUBMIT
        for before, after in itertools.pairwise(life):
            assert before is after or (before, after) in ways
    check_what_was_told(story)


def check_what_was_told(story: Story) -> None:
    """What the client was last told of each order is what the broker holds it for."""
    broker = story.world.broker
    assert set(broker.truth.live) == {o.perm_id for o in broker.orders() if o.status in LIVE}
    revised = {e.order.perm_id for e in broker.executions if not e.execution.exec_id.endswith("01")}
    for order in broker.orders():
        known = story.shown.get(order.order_id)
        if order.status is Status.PENDING_SUBMIT:
            assert known is None
        elif order.perm_id not in revised:
            assert known == (order.status, order.filled)
    open_ids = {
        r.order_id for r in story.client.send(RequestOpenOrders()) if isinstance(r, OpenOrder)
    }
    assert open_ids == {order.order_id for order in broker.live_orders()}
