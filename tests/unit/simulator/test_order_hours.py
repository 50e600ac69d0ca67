"""Orders by the calendar: nothing fills while the exchange is closed, and nothing is lost."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from simulator import World, WorldSettings
from simulator.messages.connection import ErrorMessage
from simulator.messages.orders import (
    CancelOrder,
    ExecutionData,
    OrderStatus,
    PlaceOrder,
    RequestOpenOrders,
)
from simulator.records import Contract, Order, PriceCondition

HOUR_S = 3600
AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
EURUSD = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
BUY = Order(action="BUY", total_quantity=D(1), order_type="MKT", tif="GTC")
RESTING = replace(BUY, order_type="LMT", limit_price=D("100.00"))


@pytest.fixture
def world() -> World:
    """By the calendar; it begins on a Monday at ten in New York."""
    return World(WorldSettings(seed=7, clock="manual", calendar=True))


def pin(world: World, price: str) -> None:
    value = D(price)
    world.set_quote("AAPL", bid=value, ask=value, ask_size=D(50), bid_size=D(50))


def place(client, order=BUY, order_id=1, contract=AAPL) -> list:
    return client.send(PlaceOrder(order_id, contract, order))


def statuses(replies) -> list[str]:
    return [reply.status for reply in replies if isinstance(reply, OrderStatus)]


def fills(replies) -> int:
    return sum(isinstance(reply, ExecutionData) for reply in replies)


def test_in_regular_hours_all_is_as_ever(client) -> None:
    assert statuses(place(client))[-1] == "Filled"


def test_an_order_at_night_waits_for_the_morning_and_is_told_so(client, world) -> None:
    pin(world, "100.00")
    world.advance(12 * HOUR_S)  # ten in the evening
    replies = place(client)
    (warning,) = [reply for reply in replies if isinstance(reply, ErrorMessage)]
    assert (warning.id, warning.code) == (1, 399)
    assert "BUY 1 AAPL NASDAQ.NMS" in warning.text
    assert warning.text.endswith("until 2025-06-17 09:30:00 US/Eastern")
    assert set(statuses(replies)) == {"PreSubmitted"}
    world.advance(11 * HOUR_S)  # nine in the morning
    assert client.read() == []
    world.advance(HOUR_S)
    replies = client.read()
    assert fills(replies) == 1
    assert statuses(replies)[-1] == "Filled"


def test_an_order_for_all_hours_is_worked_before_the_open(client, world) -> None:
    world.advance(12 * HOUR_S)
    warning = place(client, replace(BUY, outside_rth=True))[-1]
    assert warning.text.endswith("until 2025-06-17 04:00:00 US/Eastern")
    world.advance(7 * HOUR_S)  # five in the morning
    assert fills(client.read()) == 1


def test_a_resting_order_is_not_reached_after_hours(client, world) -> None:
    pin(world, "101.00")
    world.advance(6 * HOUR_S - 60)
    place(client, RESTING)
    world.advance(120)  # a minute past four
    pin(world, "99.00")
    assert not fills(client.read())
    world.advance(18 * HOUR_S)  # ten in the morning
    replies = client.read()
    assert statuses(replies)[:1] == ["Submitted"]
    assert fills(replies) == 1


def test_a_waiting_order_can_be_seen_changed_and_cancelled(client, world) -> None:
    world.advance(12 * HOUR_S)
    place(client, RESTING)
    place(client, replace(RESTING, limit_price=D("90.00")))
    assert statuses(client.send(RequestOpenOrders())) == ["PreSubmitted"]
    assert statuses(client.send(CancelOrder(1))) == ["Cancelled"]
    world.advance(12 * HOUR_S)
    assert not client.read()


def test_an_immediate_order_does_not_wait(client, world) -> None:
    world.advance(12 * HOUR_S)
    assert statuses(place(client, replace(BUY, tif="IOC")))[-1] == "Cancelled"


def test_currencies_trade_at_night(client, world) -> None:
    world.advance(12 * HOUR_S)
    order = replace(BUY, total_quantity=D(20_000))
    assert statuses(place(client, order, contract=EURUSD))[-1] == "Filled"


def test_without_the_calendar_the_market_is_always_open(join) -> None:
    always = World(WorldSettings(seed=7, clock="manual"))
    always.advance(12 * HOUR_S)
    assert statuses(place(join(world=always)))[-1] == "Filled"


ABOVE_95 = PriceCondition(is_more=True, price=D(95), con_id=265598, exchange="SMART")


@pytest.mark.parametrize(("ignores_rth", "first"), [(False, "PreSubmitted"), (True, "Submitted")])
def test_conditions_count_in_regular_hours_unless_the_order_says_otherwise(
    client, world, ignores_rth, first
) -> None:
    world.advance(19 * HOUR_S)  # five in the morning
    pin(world, "100.00")
    order = replace(
        RESTING,
        limit_price=D(90),
        outside_rth=True,
        conditions=(ABOVE_95,),
        conditions_ignore_rth=ignores_rth,
    )
    assert statuses(place(client, order)) == [first]
    world.advance(4.4 * HOUR_S)  # just before the open
    assert client.read() == []
    world.advance(0.2 * HOUR_S)
    assert world.order((1, 1)).status == "Submitted"


def test_a_day_with_a_quote_that_stands_still_is_no_work(client, world) -> None:
    """The steps in which nothing can change are left out, and the open is not missed."""
    pin(world, "101.00")
    place(client)  # and so is what the account holds
    place(client, order_id=2, order=RESTING)
    shown = []
    world.gateway.quotes._display = lambda instrument, show=world.gateway.quotes._display: (
        shown.append(world.clock.now_ms()) or show(instrument)
    )
    world.advance(23 * HOUR_S)
    assert 0 < len(shown) < 20
    pin(world, "99.50")
    assert world.order((1, 2)).status == "PreSubmitted"
    world.advance(HOUR_S)
    assert world.order((1, 2)).status == "Filled"
