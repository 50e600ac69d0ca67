"""Attributes that an order may carry, where prices and time decide. Red: one that does nothing."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from simulator.messages.connection import ErrorMessage
from simulator.messages.orders import CancelOrder, OpenOrder, OrderStatus, PlaceOrder
from simulator.moments import local
from simulator.records import Contract, Order

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
BUY = Order(action="BUY", total_quantity=D(100), order_type="LMT", limit_price=D(100), tif="DAY")
SELL = replace(BUY, action="SELL")


def quote(world, bid: str, ask: str, size: int = 1000) -> None:
    world.set_quote("AAPL", bid=D(bid), ask=D(ask), bid_size=D(size), ask_size=D(size))


def filled(world, order_id: int = 1) -> tuple[D, D]:
    order = world.broker.order(1, order_id)
    return order.filled, order.average_fill_price


def status(world, order_id: int = 1) -> str:
    return world.broker.order(1, order_id).status


# --- discretion ---


@pytest.mark.parametrize(
    ("order", "far", "near", "price"),
    [
        (BUY, ("100.00", "100.11"), ("100.00", "100.10"), "100.10"),
        (SELL, ("99.89", "100.00"), ("99.90", "100.00"), "99.90"),
    ],
)
def test_an_order_with_discretion_gives_way_as_far_as_it_may(
    world, client, order, far, near, price
) -> None:
    quote(world, *far)
    client.send(PlaceOrder(1, AAPL, replace(order, discretionary_amount=D("0.10"))))
    assert filled(world) == (0, 0)
    quote(world, *near)
    assert filled(world) == (100, D(price))


def test_discretion_takes_a_better_price_than_it_would_give(world, client) -> None:
    quote(world, "99.00", "99.50")
    client.send(PlaceOrder(1, AAPL, replace(BUY, discretionary_amount=D("0.10"))))
    assert filled(world) == (100, D("99.50"))


def test_what_discretion_left_rests_at_the_limit_and_never_shows_more(world, client) -> None:
    quote(world, "99.90", "100.05", 30)
    replies = client.send(PlaceOrder(1, AAPL, replace(BUY, discretionary_amount=D("0.10"))))
    assert filled(world) == (30, D("100.05"))
    shown = {r.order.limit_price for r in replies if isinstance(r, OpenOrder)}
    assert shown == {D(100)}
    quote(world, "99.90", "100.20")
    quote(world, "99.90", "100.00")
    assert filled(world)[0] == 100
    assert world.broker.executions[-1].execution.price == 100


def test_a_stop_with_a_limit_has_its_discretion_once_it_is_elected(world, client) -> None:
    quote(world, "99.00", "99.10")
    order = replace(BUY, order_type="STP LMT", aux_price=D("99.50"), discretionary_amount=D("0.10"))
    client.send(PlaceOrder(1, AAPL, order))
    quote(world, "100.20", "100.30")
    assert filled(world) == (0, 0)
    quote(world, "100.00", "100.08")
    assert filled(world) == (100, D("100.08"))


def test_a_relative_order_has_discretion_beyond_its_peg(world, client) -> None:
    quote(world, "99.00", "99.50")
    order = replace(BUY, order_type="REL", aux_price=D("0.01"), discretionary_amount=D("0.10"))
    client.send(PlaceOrder(1, AAPL, order))
    assert filled(world) == (0, 0)
    quote(world, "99.40", "99.51")
    assert filled(world) == (100, D("99.51"))


# --- time ---


def at(world, seconds: int) -> str:
    return f"{local(world.clock.now_ms() + seconds * 1000, 'UTC'):%Y%m%d-%H:%M:%S}"


def test_an_order_lives_for_its_duration(world, client) -> None:
    quote(world, "99", "101")
    client.send(PlaceOrder(1, AAPL, replace(BUY, tif="GTC", duration=60)))
    world.advance(59)
    assert status(world) == "Submitted"
    world.advance(1)
    assert status(world) == "Cancelled"


def test_an_order_is_active_from_its_start_to_its_stop(world, client) -> None:
    quote(world, "99", "100")
    order = replace(
        BUY, tif="GTC", active_start_time=at(world, 60), active_stop_time=at(world, 120)
    )
    client.send(PlaceOrder(1, AAPL, order))
    client.send(PlaceOrder(2, AAPL, replace(order, limit_price=D(98))))
    assert filled(world) == (0, 0)
    world.advance(60)
    assert filled(world) == (100, 100)
    assert status(world, 2) == "Submitted"
    world.advance(60)
    assert status(world, 2) == "Cancelled"


# --- size ---


def test_a_hidden_order_is_filled_after_those_that_show_themselves(world, join) -> None:
    """Two purchases at one price: the hidden one came first and is served last."""
    quote(world, "99", "101")
    first, second, seller = join(1), join(2), join(3)
    first.send(PlaceOrder(1, AAPL, replace(BUY, hidden=True)))
    second.send(PlaceOrder(1, AAPL, BUY))
    seller.send(PlaceOrder(1, AAPL, replace(SELL, limit_price=D(100))))
    assert world.broker.order(2, 1).filled == 100
    assert world.broker.order(1, 1).filled == 0


# --- kin ---


@pytest.mark.parametrize(("is_set", "parent"), [(True, "Cancelled"), (False, "Submitted")])
def test_a_cancelled_child_takes_its_parent_along_if_told_so(world, client, is_set, parent) -> None:
    quote(world, "99", "101")
    child = replace(SELL, limit_price=D(110), parent_id=1, auto_cancel_parent=is_set)
    client.send(
        PlaceOrder(1, AAPL, replace(BUY, transmit=False)),
        PlaceOrder(2, AAPL, child),
    )
    replies = client.send(CancelOrder(2))
    assert not [r for r in replies if isinstance(r, ErrorMessage) and r.code != 202]
    assert [r.status for r in replies if isinstance(r, OrderStatus)][-1] == "Cancelled"
    assert status(world) == parent
