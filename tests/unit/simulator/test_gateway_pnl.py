"""Profit and loss, positions by request id, time in milliseconds.

Which bug turns these red: profit counted from the wrong close or without its fee, a row
for another account, a stream that outlives its cancel or never moves.
"""

from decimal import Decimal as D

import pytest

from simulator.messages.account import (
    CancelPnL,
    CancelPnLSingle,
    CancelPositionsMulti,
    PnL,
    PnLSingle,
    PositionMulti,
    PositionMultiEnd,
    RequestPnL,
    RequestPnLSingle,
    RequestPositionsMulti,
)
from simulator.messages.connection import (
    CurrentTimeInMillis,
    ErrorMessage,
    RequestCurrentTimeInMillis,
)
from simulator.messages.orders import CommissionReport, PlaceOrder
from simulator.records import Contract, Order
from simulator.world import World, WorldSettings

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
ACCOUNT = "DU9000001"
CON_ID = 265598


def quote(world, bid: str) -> None:
    world.set_quote("AAPL", bid=D(bid), ask=D(bid) + D("0.02"))


@pytest.fixture(autouse=True)
def quoted(world) -> None:
    quote(world, "99.99")


def trade(client, order_id: int, action: str = "BUY") -> D:
    """Trade 10 at the market; what it cost."""
    order = Order(action=action, total_quantity=D(10), order_type="MKT", account=ACCOUNT)
    replies = client.send(PlaceOrder(order_id, AAPL, order))
    return next(r.commission for r in replies if isinstance(r, CommissionReport))


def of(kind, replies) -> list:
    return [reply for reply in replies if isinstance(reply, kind)]


def test_an_account_that_did_nothing_has_made_nothing_and_hears_it_once(client, world) -> None:
    assert client.send(RequestPnL(5, ACCOUNT, "")) == [PnL(5, D(0), D(0), D(0))]
    world.advance(10)
    assert client.read() == []


def test_on_its_first_day_daily_profit_is_what_is_realised_and_what_is_not(client, world) -> None:
    client.send(RequestPnL(5, ACCOUNT, ""))
    paid = trade(client, 1)  # 10 at 100.01
    quote(world, "109.99")
    world.advance(1)
    gained = D("99.9") - paid
    assert of(PnL, client.read()) == [PnL(5, gained, gained, D(0))]
    paid += trade(client, 2, "SELL")  # 10 at 109.99
    world.advance(1)
    assert of(PnL, client.read()) == [PnL(5, D("99.8") - paid, D(0), D("99.8") - paid)]


def test_a_position_of_yesterday_counts_from_the_last_close(client, world) -> None:
    trade(client, 1)
    world.advance(2 * 86_400)
    world.release_quote("AAPL")
    (row,) = of(PnLSingle, client.send(RequestPnLSingle(6, ACCOUNT, "", CON_ID)))
    shown = world.quote("AAPL")
    assert row.daily == 10 * (shown.mark - shown.close)
    assert row.realized is None
    assert row.value == 10 * shown.mark


def test_a_position_moves_with_its_price(client, world) -> None:
    paid = trade(client, 1)
    replies = client.send(RequestPnLSingle(6, ACCOUNT, "", CON_ID))
    lost = D("-0.1") - paid
    assert replies == [PnLSingle(6, D(10), lost, lost, None, D(1000))]
    quote(world, "100.99")
    assert client.read() == []  # once a second, not with every quote
    world.advance(1)
    assert client.read() == [PnLSingle(6, D(10), lost + 10, lost + 10, None, D(1010))]


def test_a_position_that_does_not_exist_is_2150_and_a_row_of_nothing(client, world) -> None:
    error, row = client.send(RequestPnLSingle(6, ACCOUNT, "", CON_ID))
    assert (error.id, error.code) == (6, 2150)
    assert row == PnLSingle(6, D(0), None, None, None, None)
    trade(client, 1)
    world.advance(1)
    assert of(PnLSingle, client.read())[-1].position == 10


def test_what_is_cancelled_says_nothing_more(client, world) -> None:
    client.send(RequestPnL(5, ACCOUNT, ""), RequestPnLSingle(5, ACCOUNT, "", CON_ID))
    assert client.send(CancelPnL(5), CancelPnLSingle(5), CancelPnL(77)) == []
    trade(client, 1)
    world.advance(5)
    assert of((PnL, PnLSingle), client.read()) == []
    assert of(PnL, client.send(RequestPnL(5, ACCOUNT, "")))  # the id is free again


@pytest.mark.parametrize(
    ("request_", "code", "named"),
    [
        (RequestPnL(5, "DU1", ""), 321, "DU1"),
        (RequestPnLSingle(5, "", "", CON_ID), 321, "account"),
        (RequestPnL(5, ACCOUNT, "Growth"), 321, "Growth"),
        (RequestPositionsMulti(5, "DU1", ""), 321, "DU1"),
        (RequestPositionsMulti(5, ACCOUNT, "Growth"), 321, "Growth"),
    ],
)
def test_what_cannot_be_is_refused_by_name(client, request_, code, named) -> None:
    (error,) = client.send(request_)
    assert (error.id, error.code) == (5, code)
    assert named in error.text


def test_an_id_in_use_is_a_duplicate(client) -> None:
    client.send(RequestPnL(5, ACCOUNT, ""))
    (error,) = client.send(RequestPnL(5, ACCOUNT, ""))
    assert (error.id, error.code) == (5, 322)


def test_positions_by_request_end_with_their_marker_and_follow_fills(client) -> None:
    assert client.send(RequestPositionsMulti(5, ACCOUNT, "")) == [PositionMultiEnd(5)]
    order = Order(action="BUY", total_quantity=D(10), order_type="MKT")
    (row,) = of(PositionMulti, client.send(PlaceOrder(1, AAPL, order)))
    assert (row.req_id, row.account, row.position) == (5, ACCOUNT, 10)
    assert (row.contract.con_id, row.average_cost) == (CON_ID, D("100.110003"))
    assert client.send(RequestPositionsMulti(6, "", "")) == [
        PositionMulti(6, ACCOUNT, row.contract, D(10), D("100.110003")),
        PositionMultiEnd(6),
    ]
    client.send(CancelPositionsMulti(5))
    rows = of(PositionMulti, client.send(PlaceOrder(2, AAPL, order)))
    assert [row.req_id for row in rows] == [6]


def test_one_account_does_not_hear_of_another(join) -> None:
    world = World(WorldSettings(seed=7, clock="manual", accounts=("DU9000001", "DU9000002")))
    quote(world, "99.99")
    client = join(world=world)
    client.send(RequestPositionsMulti(5, "DU9000002", ""), RequestPnL(6, "DU9000002", ""))
    trade(client, 1)
    world.advance(2)
    assert of((PnL, PositionMulti), client.read()) == []


def test_the_fills_of_one_account_are_not_profit_of_another(join) -> None:
    world = World(WorldSettings(seed=7, clock="manual", accounts=("DU9000001", "DU9000002")))
    quote(world, "99.99")
    client = join(world=world)
    paid = trade(client, 1)
    order = Order(action="SELL", total_quantity=D(4), order_type="MKT", account="DU9000002")
    client.send(PlaceOrder(2, AAPL, order))
    (row,) = of(PnLSingle, client.send(RequestPnLSingle(6, ACCOUNT, "", CON_ID)))
    assert (row.position, row.daily) == (10, D("-0.1") - paid)


def test_milliseconds_are_told_from_version_197_on(client, world) -> None:
    (error,) = client.send(RequestCurrentTimeInMillis())
    assert isinstance(error, ErrorMessage)
    assert error.code == 321
    client.version = client.connection.session.version = 197
    assert client.send(RequestCurrentTimeInMillis()) == [CurrentTimeInMillis(world.clock.now_ms())]


def test_a_future_makes_its_multiplier_of_every_point(client, world) -> None:
    future = world.broker.database.find(Contract(symbol="ES", sec_type="FUT"))[0]
    world.set_quote(future.local_symbol, bid=D("5999.75"), ask=D(6000))
    order = Order(action="BUY", total_quantity=D(2), order_type="MKT", account=ACCOUNT)
    replies = client.send(PlaceOrder(1, future.contract(), order))
    paid = next(r.commission for r in replies if isinstance(r, CommissionReport))
    world.set_quote(future.local_symbol, bid=D(6010), ask=D(6010))
    (row,) = of(PnLSingle, client.send(RequestPnLSingle(6, ACCOUNT, "", future.con_id)))
    assert row.daily == row.unrealized == 2 * 50 * 10 - paid
    (whole,) = of(PnL, client.send(RequestPnL(7, ACCOUNT, "")))
    assert whole.daily == row.daily


def test_a_busted_trade_made_nothing(client, world) -> None:
    trade(client, 1)
    (executed,) = world.broker.executions
    world.broker.revise(executed, quantity=D(0), price=D(0), now_ms=executed.time_ms)
    assert of(PnL, client.send(RequestPnL(5, ACCOUNT, ""))) == [PnL(5, D(0), D(0), D(0))]
