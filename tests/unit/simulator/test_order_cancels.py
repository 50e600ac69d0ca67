"""Cancels and new terms that meet a fill, another cancel, another client or a restart.

Sequences: section 5 of the notes on observed sequences, and 6 for refused terms. Red: an
order that leaves its life cycle, an answer from the wrong state, a cancel that is lost.
"""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from orders import (
    AAPL,
    LIMIT,
    MARKET,
    STOP,
    bracket,
    cancelled,
    filled,
    pair,
    place,
    show,
    told,
)

from simulator import World, WorldSettings
from simulator.broker import Rules
from simulator.messages.orders import (
    CancelOrder,
    OpenOrder,
    PlaceOrder,
    RequestCompletedOrders,
    RequestGlobalCancel,
    RequestOpenOrders,
)
from simulator.records import Order
from simulator.session import MAX_VERSION

SLOW = WorldSettings(
    seed=7,
    clock="manual",
    server_version=MAX_VERSION,
    master_client_id=9,
    rules=Rules(cancel_latency_ms=500),
)
TOO_LATE = "Order rejected - reason:Order has been cancelled already, too late to replace"


@pytest.fixture
def world() -> World:
    made = World(SLOW)
    show(made, "99.99", "100.01")
    return made


def cancel(client, order_id: int) -> list[str]:
    return told(client.send(CancelOrder(order_id)))


def test_a_cancel_on_its_way_is_pending_until_it_is_confirmed(client, world) -> None:
    place(client, 1)
    assert cancel(client, 1) == pair(1, "PendingCancel")
    world.advance(0.499)
    assert client.read() == []
    world.advance(0.001)
    assert told(client.read()) == cancelled(1)


def test_a_fill_that_comes_before_the_cancel_wins(client, world) -> None:
    place(client, 1)
    cancel(client, 1)
    show(world, "89.90", "90.00")
    assert told(client.read()) == filled(1, "90", "0.900003")
    world.advance(1)
    assert client.read() == []
    (late,) = client.send(CancelOrder(1))
    assert (late.code, late.text.rpartition(", ")[2]) == (10148, "state: Filled.")


def test_a_part_filled_before_the_cancel_stays_filled(client, world) -> None:
    place(client, 1, replace(LIMIT, total_quantity=D(80)))
    cancel(client, 1)
    show(world, "89.90", "90.00")
    assert told(client.read())[:3] == ["EX 1 50@90", *pair(1, "PendingCancel", "50/30")]
    world.advance(1)
    assert told(client.read()) == cancelled(1, "50/30")


def test_a_second_cancel_changes_nothing(client, world) -> None:
    place(client, 1)
    cancel(client, 1)
    assert cancel(client, 1) == pair(1, "PendingCancel")
    world.advance(1)
    assert told(client.read()) == cancelled(1)
    assert cancel(client, 1) == ["10148 1"]


def test_a_cancel_of_nobodys_order_is_10147(client) -> None:
    assert cancel(client, 5) == ["10147 5"]


def test_new_terms_come_too_late_once_a_cancel_is_on_its_way(client, world) -> None:
    """The unchanged order is shown first, then 201."""
    place(client, 1)
    cancel(client, 1)
    replies = client.send(PlaceOrder(1, AAPL, replace(LIMIT, limit_price=D(95))))
    assert told(replies) == [*pair(1, "PendingCancel"), "201 1"]
    assert (replies[0].order.limit_price, replies[-1].text) == (D(90), TOO_LATE)
    world.advance(1)
    assert told(client.read()) == cancelled(1)


def test_a_stop_reached_while_its_cancel_is_on_its_way_still_trades(client, world) -> None:
    place(client, 1, STOP)
    cancel(client, 1)
    show(world, "79.90", "80.00")
    words = told(client.read())
    assert words[:2] == pair(1, "PendingCancel")
    assert words[2] == "EX 1 1@79.9"


def test_children_that_were_set_to_work_while_they_are_cancelled_stay_pending(
    client, world
) -> None:
    bracket(client)
    cancel(client, 2)
    show(world, "89.90", "90.00")
    assert pair(2, "PendingCancel") == told(client.read())[6:8]
    world.advance(1)
    assert told(client.read()) == [*cancelled(2), *cancelled(3)]


def test_a_cancelled_parent_is_pending_while_its_children_wait(client, world) -> None:
    bracket(client)
    assert cancel(client, 1) == pair(1, "PendingCancel")
    assert told(client.send(RequestOpenOrders()))[2:4] == pair(2, "PreSubmitted", held="child")
    world.advance(1)
    assert told(client.read()) == [*cancelled(1), *cancelled(2), *cancelled(3)]


@pytest.mark.parametrize("rules", [Rules(), Rules(cancel_latency_ms=500)])
def test_a_global_cancel_ends_every_order_once(join, rules) -> None:
    """Also those that end with another; what is over already is told as 161."""
    world = World(replace(SLOW, rules=rules))
    show(world, "99.99", "100.01")
    one, two = join(1, world=world), join(2, world=world)
    place(one, 1, MARKET)
    bracket(one, 2)
    place(two, 1, replace(LIMIT, oca_group="g", oca_type=1))
    place(two, 2, replace(LIMIT, oca_group="g", oca_type=1))
    words = told(one.send(RequestGlobalCancel()))
    world.advance(1)
    words += told(one.read())
    assert words[0] == "161 1"
    ended = [word for word in words if word.startswith("202")]
    assert sorted(ended) == ["202 2", "202 3", "202 4"]
    assert sorted(w for w in told(two.read()) if w.startswith("202")) == ["202 1", "202 2"]
    assert not world.broker.live_orders()


def test_client_0_is_told_of_the_cancel_it_asked_for_and_all_are_told_who_asked(
    join, world
) -> None:
    """Captured there: the status has its client id and the owner's order id, then 202."""
    owner, zero, master = join(3), join(0), join(9)
    place(owner, 7)
    master.read()
    cancel(zero, 7)
    world.advance(1)
    for client, words in (
        (owner, cancelled(7)),
        (zero, cancelled(7)),
        (master, ["OS 7 Cancelled 0/1"]),
    ):
        replies = client.read()
        assert told(replies)[2 if client is not zero else 0 :] == words
        (status,) = (r for r in replies if getattr(r, "status", "") == "Cancelled")
        assert (status.client_id, status.order_id) == (0, 7)


def test_any_other_client_cannot_cancel_the_order_of_another(join) -> None:
    place(join(3), 7)
    assert cancel(join(4), 7) == ["10147 7"]


def test_the_master_client_cancels_the_order_of_another(join, world) -> None:
    owner, master = join(3), join(9)
    place(owner, 7)
    cancel(master, 7)
    world.advance(1)
    assert told(master.read())[-2:] == cancelled(7)
    assert told(owner.read())[-2:] == cancelled(7)


def test_a_cancel_on_its_way_arrives_after_a_restart(join, tmp_path) -> None:
    settings = replace(SLOW, state=tmp_path / "state.sqlite")
    world = World(settings)
    show(world, "99.99", "100.01")
    client = join(1, world=world)
    place(client, 1)
    cancel(client, 1)
    world.close()
    world = World(settings)
    client = join(1, world=world)
    world.advance(1)
    assert told(client.read()) == cancelled(1)
    world.close()


# --- new terms ---


def test_new_terms_are_echoed(client) -> None:
    place(client, 1)
    terms = replace(LIMIT, limit_price=D(91), total_quantity=D(2))
    shown, status = client.send(PlaceOrder(1, AAPL, terms))
    assert told([shown, status]) == pair(1, "Submitted", "0/2")
    assert (shown.order.limit_price, shown.order.total_quantity) == (D(91), D(2))


@pytest.mark.parametrize(
    ("first", "then", "code"),
    [
        (MARKET, MARKET, 104),
        (LIMIT, replace(LIMIT, action="SELL"), 105),
        (LIMIT, replace(LIMIT, oca_group="g"), 10326),
        (LIMIT, replace(LIMIT, total_quantity=D(1000000)), 201),
    ],
)
def test_terms_that_cannot_be_are_refused_and_change_nothing(
    client, world, first, then, code
) -> None:
    place(client, 1, first)
    before = world.broker.order(1, 1)
    assert place(client, 1, then)[-1] == f"{code} 1"
    assert world.broker.order(1, 1) == before


def test_what_was_cancelled_takes_no_new_terms(client, world) -> None:
    place(client, 1)
    cancel(client, 1)
    world.advance(1)
    client.read()
    (refused,) = client.send(PlaceOrder(1, AAPL, LIMIT))
    assert (refused.code, refused.text) == (201, TOO_LATE)


@pytest.mark.parametrize(("size", "first_in_line"), [(30, 1), (40, 1), (41, 2)])
def test_only_a_smaller_order_keeps_its_place_in_line(join, world, size, first_in_line) -> None:
    """Also when all comes back that its open order showed."""
    clients = {1: join(1), 2: join(2)}
    shown, _ = clients[1].send(PlaceOrder(1, AAPL, replace(LIMIT, total_quantity=D(40))))
    place(clients[2], 1, replace(LIMIT, total_quantity=D(10)))
    if size != 40:
        place(clients[1], 1, replace(shown.order, total_quantity=D(size)))
    clients[1].read()
    show(world, "89.90", "90.00", size=10)
    assert told(clients[first_in_line].read())[0] == "EX 1 10@90"


def test_an_order_that_was_rejected_comes_into_force_by_new_terms(client) -> None:
    place(client, 1, replace(LIMIT, total_quantity=D(1_000_000)))
    assert place(client, 1) == pair(1, "Submitted")
    assert place(client, 1, replace(LIMIT, limit_price=D(101)))[2] == "EX 1 1@100.01"


def test_an_order_that_was_rejected_can_be_cancelled(client) -> None:
    place(client, 1, replace(LIMIT, total_quantity=D(1_000_000)))
    assert cancel(client, 1) == cancelled(1, "0/1000000")


def test_a_trailing_order_that_was_reached_keeps_its_limit_under_new_terms(client, world) -> None:
    order = Order(
        action="SELL",
        total_quantity=D(2),
        order_type="TRAIL LIMIT",
        tif="DAY",
        aux_price=D(2),
        limit_price_offset=D("0.05"),
    )
    place(client, 1, order)
    show(world, "90.00", "90.02")
    client.read()
    shown = next(r for r in client.send(RequestOpenOrders()) if isinstance(r, OpenOrder))
    limit = shown.order.limit_price
    assert limit > 97
    assert place(client, 1, replace(order, total_quantity=D(3))) == pair(1, "Submitted", "0/3")
    assert place(client, 1, replace(shown.order, total_quantity=D(4))) == pair(
        1, "Submitted", "0/4"
    )
    show(world, f"{limit}", f"{limit + 1}")
    assert told(client.read())[0] == f"EX 1 4@{limit.normalize():f}"


# --- what is over ---


def test_completed_orders_say_who_ended_them(client, world) -> None:
    bracket(client)
    cancel(client, 1)
    world.advance(1)
    place(client, 4, MARKET)
    place(client, 5, replace(LIMIT, total_quantity=D(1_000_000)))
    client.read()
    done = client.send(RequestCompletedOrders(False))[:-1]
    endings = [(d.completion.status, d.completion.completed_status) for d in done]
    assert sorted(endings) == [
        ("Cancelled", "Cancelled by System:\n"),
        ("Cancelled", "Cancelled by System:\n"),
        ("Cancelled", "Cancelled by Trader"),
        ("Filled", "Filled Size: 1"),
        ("Inactive", world.broker.order(1, 5).ending),
    ]


def test_a_good_till_cancelled_order_would_have_ended_with_the_next_quarter(client, world) -> None:
    """As captured: placed in April it ends on 30 September, in August on 31 December."""
    place(client, 1, replace(LIMIT, tif="GTC"))
    cancel(client, 1)
    world.advance(1)
    client.read()
    done, _ = client.send(RequestCompletedOrders(False))
    assert done.completion.auto_cancel_date == "20250930 16:00:00 US/Eastern"


def test_the_allocation_counts_the_cancel(client) -> None:
    (shown, _) = client.send(PlaceOrder(1, AAPL, LIMIT))
    (ending, _) = client.send(CancelOrder(1))
    perm_id = shown.perm_id
    assert shown.order.shares_allocation == f"{perm_id}.0/DU9000001/100"
    assert ending.order.shares_allocation == f"{perm_id}.1/DU9000001/100"
