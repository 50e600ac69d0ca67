"""Orders and their clients: who is told, what outlives a socket, what is echoed, by hand.

Sequences: sections 1 and 5 of the notes on observed sequences; whose orders: section 6 of
the notes on behaviours. Red: a message to the wrong client, an id that changes, an attribute
that comes back as another.
"""

from dataclasses import fields, replace
from decimal import Decimal as D

import pytest
from orders import AAPL, LIMIT, MARKET, STOP, TARGET, bracket, cancelled, pair, place, show, told

from simulator import World, WorldSettings
from simulator.messages.account import ManagedAccounts
from simulator.messages.connection import NextValidId, RequestIds
from simulator.messages.orders import (
    CancelOrder,
    ExecutionData,
    OpenOrder,
    OpenOrderEnd,
    OrderBound,
    PlaceOrder,
    RequestAllOpenOrders,
    RequestAutoOpenOrders,
    RequestExecutions,
    RequestOpenOrders,
)
from simulator.records import ExecutionFilter, Order, PriceCondition, TagValue
from simulator.session import MAX_VERSION

NEWEST = MAX_VERSION
"""A version that shows every attribute."""


@pytest.fixture
def world() -> World:
    made = World(
        WorldSettings(seed=7, clock="manual", server_version=MAX_VERSION, master_client_id=9)
    )
    show(made, "99.99", "100.01")
    return made


def shown(client, request) -> list[OpenOrder]:
    return [reply for reply in client.send(request) if isinstance(reply, OpenOrder)]


# --- sockets ---


def test_a_client_that_comes_back_is_shown_its_orders_before_its_ids(join, world) -> None:
    first, other = join(1), join(2)
    bracket(first, 4)
    place(other, 1)
    before = shown(first, RequestOpenOrders())
    world.disconnect(first.connection)
    started = join(1).started
    assert told(started[:7]) == [
        *pair(4, "Submitted"),
        *pair(5, "PreSubmitted", held="child"),
        *pair(6, "PreSubmitted", held="child,trigger"),
        "OpenOrderEnd",
    ]
    accounts, ids = started[7:9]
    assert isinstance(accounts, ManagedAccounts)
    assert ids == NextValidId(7)
    assert [r for r in started if isinstance(r, OpenOrder)] == before


def test_without_open_orders_nothing_is_shown_at_the_start(join) -> None:
    assert OpenOrderEnd() not in join(1).started


def test_an_order_that_was_not_transmitted_is_not_shown_again(join, world) -> None:
    first = join(1)
    place(first, 1, replace(LIMIT, transmit=False))
    world.disconnect(first.connection)
    assert OpenOrderEnd() not in join(1).started


def test_orders_are_filled_while_their_client_is_away(join, world) -> None:
    first = join(1)
    place(first, 1)
    world.disconnect(first.connection)
    show(world, "89.90", "90.00")
    back = join(1)
    assert OpenOrderEnd() not in back.started
    replies = back.send(RequestExecutions(3, ExecutionFilter()))
    assert told(replies) == ["EX 1 1@90", "CR 0.900003", "ExecutionDataEnd"]


def test_perm_ids_are_the_accounts_and_order_ids_the_clients(join) -> None:
    orders = [
        reply
        for client_id in (1, 2)
        for order_id in (1, 2)
        for reply in join(client_id * 10 + order_id).send(PlaceOrder(order_id, AAPL, LIMIT))
        if isinstance(reply, OpenOrder)
    ]
    assert len({order.perm_id for order in orders}) == len(orders) == 4
    assert [order.order_id for order in orders] == [1, 2, 1, 2]


def test_ids_a_client_used_are_not_offered_again(join, world) -> None:
    first = join(1)
    place(first, 41, MARKET)
    world.disconnect(first.connection)
    assert join(1).send(RequestIds()) == [NextValidId(42)]
    assert join(2).send(RequestIds()) == [NextValidId(1)]


# --- who is told ---


def test_only_the_owner_and_the_master_are_told_live(join, world) -> None:
    owner, other, zero, master = join(1), join(2), join(0), join(9)
    words = place(owner, 1, MARKET)
    assert told(master.read()) == words
    assert other.read() == zero.read() == []
    answers = [told(c.send(RequestExecutions(1, ExecutionFilter()))) for c in (other, master)]
    assert [len(answer) for answer in answers] == [1, 3]


def test_all_open_orders_are_shown_once_with_their_owners(join) -> None:
    place(join(1), 5)
    looker = join(2)
    place(looker, 1)
    orders = shown(looker, RequestAllOpenOrders())
    assert [(order.client_id, order.order_id) for order in orders] == [(1, 5), (2, 1)]
    assert [order.order_id for order in shown(looker, RequestOpenOrders())] == [1]


# --- by hand ---


def by_hand(world, order: Order = LIMIT):
    return world.gateway.orders.place_manual(AAPL, order)


def test_an_order_entered_by_hand_has_no_ids_until_client_0_asks(join, world) -> None:
    placed = by_hand(world)
    zero, other = join(0), join(1)
    (seen,) = shown(other, RequestAllOpenOrders())
    assert (seen.client_id, seen.order_id, seen.perm_id) == (0, 0, placed.perm_id)
    assert shown(other, RequestOpenOrders()) == []
    replies = zero.send(RequestOpenOrders())
    assert OrderBound(placed.perm_id, 0, -1) in replies
    assert told(replies)[-3:] == [*pair(-1, "Submitted"), "OpenOrderEnd"]
    assert told(other.read()) == []


def test_orders_by_hand_are_bound_counting_down_and_only_once(join, world) -> None:
    for _ in range(2):
        by_hand(world)
    zero = join(0)
    assert {order.order_id for order in shown(zero, RequestOpenOrders())} == {-1, -2}
    assert OrderBound not in map(type, zero.send(RequestOpenOrders()))


def test_with_auto_binding_an_order_by_hand_is_bound_as_it_comes(join, world) -> None:
    zero = join(0)
    assert zero.send(RequestAutoOpenOrders(auto_bind=True)) == []
    placed = by_hand(world)
    assert OrderBound(placed.perm_id, 0, -1) in zero.read()
    assert told(join(1).send(RequestAutoOpenOrders(auto_bind=True))) == ["327 -1"]


def test_client_0_changes_and_cancels_what_was_bound(join, world) -> None:
    by_hand(world)
    zero = join(0)
    zero.send(RequestOpenOrders())
    assert place(zero, -1, replace(LIMIT, limit_price=D(91))) == pair(-1, "Submitted")
    assert told(zero.send(CancelOrder(-1))) == cancelled(-1)


def test_client_0_is_told_of_fills_of_orders_by_hand(join, world) -> None:
    zero = join(0)
    by_hand(world, MARKET)
    assert "EX 0 1@100.01" in told(zero.read())
    (execution,) = (
        r
        for r in zero.send(RequestExecutions(1, ExecutionFilter()))
        if isinstance(r, ExecutionData)
    )
    assert execution.execution.client_id == 0


# --- echo ---

CONDITION = PriceCondition(
    con_id=265598, exchange="SMART", price=D(50), is_more=False, trigger_method=0
)
SENT: dict[str, Order] = {
    "limit": LIMIT,
    "good till cancelled": replace(LIMIT, tif="GTC", outside_rth=True, order_ref="mine"),
    "good till date": replace(LIMIT, tif="GTD", good_till_date="20250616 20:00:00 US/Eastern"),
    "good after time": replace(LIMIT, good_after_time="20250616 20:00:00 US/Eastern"),
    "iceberg": replace(LIMIT, total_quantity=D(100), display_size=10),
    "hidden": replace(LIMIT, hidden=True),
    "all or none": replace(LIMIT, all_or_none=True),
    "minimum": replace(LIMIT, total_quantity=D(100), min_quantity=50),
    "group": replace(LIMIT, oca_group="g", oca_type=2),
    "conditions": replace(LIMIT, conditions=(CONDITION,), conditions_ignore_rth=True),
    "algorithm": replace(
        LIMIT,
        algo_strategy="Adaptive",
        algo_params=(TagValue(tag="adaptivePriority", value="Patient"),),
    ),
    "scale": replace(
        LIMIT,
        total_quantity=D(100),
        scale_init_level_size=10,
        scale_subs_level_size=10,
        scale_price_increment=D("0.1"),
    ),
    "stop": STOP,
    "stop limit": replace(STOP, order_type="STP LMT", limit_price=D(79)),
    "trail": replace(STOP, order_type="TRAIL", aux_price=D(2)),
    "trail by percent": replace(STOP, order_type="TRAIL", aux_price=None, trailing_percent=D(2)),
    "trail limit": replace(
        STOP, order_type="TRAIL LIMIT", aux_price=D(2), limit_price_offset=D("0.05")
    ),
    "adjusted stop": replace(
        STOP,
        adjusted_order_type="TRAIL",
        trigger_price=D(110),
        adjusted_stop_price=D(100),
        adjusted_trailing_amount=D(2),
    ),
    "touched": replace(LIMIT, order_type="LIT", aux_price=D(91)),
    "relative": replace(LIMIT, order_type="REL", aux_price=D("0.01")),
    "at the close": replace(LIMIT, order_type="LOC"),
    "target": TARGET,
}
FILLED_IN = {
    *("account", "oca_type", "shares_allocation", "delta_neutral_order_type"),
    *("delta_neutral_open_close", "clearing_intent", "volatility_type", "reference_price_type"),
    *("cash_quantity", "use_price_mgmt_algo", "dont_use_auto_price_for_hedge", "exempt_code"),
    *("adjusted_order_type", "adjusted_trail_stop_price", "limit_price", "aux_price"),
    *("trail_stop_price", "min_compete_size", "compete_against_best_offset", "submitter"),
}
"""What gateways put into attributes that were not set."""


def first_shown(client, order: Order) -> Order:
    return client.send(PlaceOrder(1, AAPL, order))[0].order


@pytest.mark.parametrize("name", SENT)
def test_an_open_order_has_every_attribute_that_was_sent(join, name) -> None:
    sent = SENT[name]
    echoed = first_shown(join(1, NEWEST), sent)
    changed = {
        field.name: (getattr(sent, field.name), getattr(echoed, field.name))
        for field in fields(Order)
        if getattr(sent, field.name) != getattr(echoed, field.name)
    }
    unset = {field.name: field.default for field in fields(Order)}
    for attribute, (before, _) in changed.items():
        assert attribute in FILLED_IN
        assert before == unset[attribute]


@pytest.mark.parametrize("name", SENT)
def test_what_was_shown_can_be_sent_back_and_changes_nothing(join, world, name) -> None:
    """As clients do that learned the order when they connected: one stop stands for both."""
    client = join(1)
    first = client.send(PlaceOrder(1, AAPL, SENT[name]))
    echoed = first[0].order
    before = world.broker.order(1, 1)
    again = replace(
        echoed, trail_stop_price=echoed.adjusted_trail_stop_price or echoed.trail_stop_price
    )
    assert place(client, 1, again) == told(first)
    after = world.broker.order(1, 1)
    kept = replace(
        after.order,
        trail_stop_price=before.order.trail_stop_price,
        limit_price=before.order.limit_price,
    )
    assert kept == before.order
    assert (after.stop_price, after.gate) == (before.stop_price, before.gate)


def test_a_stop_is_shown_with_its_price_twice(client) -> None:
    order = first_shown(client, STOP)
    assert (order.limit_price, order.aux_price) == (D(0), D(80))
    assert (order.trail_stop_price, order.adjusted_trail_stop_price) == (None, D(80))


def test_a_limit_is_shown_with_a_stop_one_above_it(client) -> None:
    assert first_shown(client, LIMIT).adjusted_trail_stop_price == D(91)


def test_a_trailing_stop_is_shown_from_the_start_and_where_it_is_now(client, world) -> None:
    order = first_shown(client, SENT["trail limit"])
    assert (order.trail_stop_price, order.limit_price) == (D("97.99"), D("97.94"))
    show(world, "104.99", "105.01")
    assert client.read() == []
    (moved,) = shown(client, RequestOpenOrders())
    assert (moved.order.trail_stop_price, moved.order.limit_price) == (D("102.99"), D("102.94"))


def test_a_child_is_shown_with_its_parent_and_a_group(client) -> None:
    bracket(client, 5)
    child = shown(client, RequestOpenOrders())[-1].order
    assert (child.parent_id, child.oca_type) == (5, 3)
