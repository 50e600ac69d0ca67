"""What random streams of operations have found, each in its fewest steps."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from simulator import World, WorldError, WorldSettings
from simulator.broker import Rules
from simulator.broker.agenda import Agenda, Wake
from simulator.messages.account import AccountValue, RequestAccountUpdates
from simulator.messages.connection import ErrorMessage
from simulator.messages.orders import CancelOrder, PlaceOrder, RequestGlobalCancel
from simulator.records import Contract, Order, Status, TagValue
from simulator.session import MAX_VERSION
from simulator.state import StateError, StateFile

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
YEN = Contract(symbol="USD", sec_type="CASH", exchange="IDEALPRO", currency="JPY")
BUY = Order(action="BUY", total_quantity=D(40), order_type="LMT", limit_price=D(90), tif="GTC")
BY_VOLUME = replace(
    BUY,
    tif="DAY",
    limit_price=D(101),
    algo_strategy="PctVol",
    algo_params=(TagValue(tag="pctVol", value="0.1"),),
)


@pytest.fixture(autouse=True)
def quoted(world) -> None:
    world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"), bid_size=D(50), ask_size=D(50))


def test_the_same_wake_planned_twice_is_once() -> None:
    agenda = Agenda()
    for _ in range(2):
        agenda.plan(5, Wake.SLICE, 1)
    assert agenda.take(5) == (5, Wake.SLICE, 1)
    assert agenda.take(5) is None
    agenda.plan(5, Wake.SLICE, 1)
    assert agenda.take(5) == (5, Wake.SLICE, 1)


def test_a_planned_order_that_a_group_made_smaller_is_not_filled_beyond_it(world, join) -> None:
    client = join()
    grouped = {"oca_group": "g", "oca_type": 3}
    client.send(PlaceOrder(1, AAPL, replace(BY_VOLUME, **grouped)))
    client.send(PlaceOrder(2, AAPL, replace(BUY, **grouped)))
    world.fill((1, 2), D(20), D(90))
    held = world.order((1, 1))
    assert held.quantity == 20
    desk = world.broker._desks.of(held.instrument)
    assert desk.planned[held.perm_id].plan.quantity == 20
    for _ in range(60):
        world.print_trade("AAPL", D(100), D(1000))
    assert world.order((1, 1)).filled <= 20


def test_both_sides_of_a_trade_are_booked_before_one_cancels_the_other(world, join) -> None:
    world.set_quote("AAPL", bid=None, ask=None)
    grouped = {"oca_group": "g", "oca_type": 1}
    join(1).send(PlaceOrder(1, AAPL, replace(BUY, **grouped)))
    join(2).send(PlaceOrder(1, AAPL, replace(BUY, action="SELL", **grouped)))
    assert world.order((1, 1)).status is Status.FILLED
    assert world.order((2, 1)).status is Status.FILLED


def test_a_global_cancel_meets_orders_that_are_cancelled_with_others(world, join) -> None:
    client = join()
    client.send(PlaceOrder(1, AAPL, replace(BUY, transmit=False)))
    client.send(PlaceOrder(2, AAPL, replace(BUY, action="SELL", limit_price=D(200), parent_id=1)))
    client.send(RequestGlobalCancel())
    assert [order.status for order in world.broker.orders()] == [Status.CANCELLED] * 2


def test_a_stop_may_be_elected_while_its_cancel_is_on_the_way(join) -> None:
    rules = Rules(cancel_latency_ms=500)
    world = World(WorldSettings(clock="manual", server_version=MAX_VERSION, rules=rules))
    world.set_quote("AAPL", bid=D(100), ask=D(101))
    stop = replace(BUY, order_type="STP LMT", aux_price=D(103), limit_price=D(90))
    join(world=world).send(PlaceOrder(1, AAPL, stop), CancelOrder(1))
    world.set_quote("AAPL", bid=D(103), ask=D(104))
    held = world.order((1, 1))
    assert held.is_triggered
    assert held.status is Status.PENDING_CANCEL
    world.advance(1)
    assert world.order((1, 1)).status is Status.CANCELLED


def test_a_child_that_is_out_of_force_does_not_come_back_to_a_parent_that_is_over(
    world, join
) -> None:
    client = join()
    client.send(PlaceOrder(1, AAPL, replace(BUY, transmit=False)))
    world.reject_next(201, "not now")
    child = replace(BUY, action="SELL", limit_price=D(200), parent_id=1)
    client.send(PlaceOrder(2, AAPL, child))
    world.broker.cancel(world.order((1, 1)), world.clock.now_ms())
    assert world.order((1, 2)).status is Status.INACTIVE
    replies = client.send(PlaceOrder(2, AAPL, child))
    assert 135 in [r.code for r in replies if isinstance(r, ErrorMessage)]
    assert not world.order((1, 2)).is_live


def test_cash_in_another_currency_is_told_to_the_cent(join) -> None:
    """Red if it goes through the base currency and back."""
    cash = {"USD": D(1_000_000), "JPY": D("5772272.815")}
    world = World(WorldSettings(clock="manual", starting_cash=cash, server_version=MAX_VERSION))
    replies = join(world=world).send(RequestAccountUpdates(True, "DU9000001"))
    told = [r.value for r in replies if isinstance(r, AccountValue) and r.key == "CashBalance"]
    assert "5772272.82" in told


def test_only_us_stocks_at_smart_are_shown_in_tips(world, join) -> None:
    """Another order says so too, but is filled whole: 131 tells that it is ignored."""
    world.set_quote("USD.JPY", bid=D("150.000"), ask=D("150.005"))
    order = replace(BUY, total_quantity=D(30_000), limit_price=D("149.000"), display_size=5)
    join().send(PlaceOrder(1, YEN, order))
    world.set_quote("USD.JPY", bid=D("148.000"), ask=D("148.005"))
    assert len(world.broker.executions) == 1


# --- a state file that fails ---


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A world whose state file fails from when it is told to."""
    settings = WorldSettings(clock="manual", server_version=MAX_VERSION, state=tmp_path / "state")
    world = World(settings)
    yield world
    world.close()


def fail(world: World, monkeypatch) -> None:
    def append(self, entries) -> None:
        raise StateError(world.settings.state, "cannot grow, the disk is full")

    monkeypatch.setattr(StateFile, "append", append)


def test_nobody_is_told_what_could_not_be_kept(kept, join, monkeypatch) -> None:
    ended = []
    kept.on_failure = lambda: ended.append(True)
    client = join(world=kept)
    fail(kept, monkeypatch)
    with pytest.raises(WorldError, match="the disk is full"):
        client.send(PlaceOrder(1, AAPL, BUY))
    assert client.read() == []
    assert client.connection.is_closing
    assert ended == [True]
    assert "the disk is full" in kept.failure


def test_a_world_that_lost_its_state_does_nothing_more(kept, monkeypatch) -> None:
    with monkeypatch.context() as patched:
        fail(kept, patched)
        with pytest.raises(WorldError):
            kept.move_cash("DU9000001", "USD", D(5))
    with pytest.raises(WorldError, match="the disk is full"):
        kept.move_cash("DU9000001", "USD", D(5))
    with pytest.raises(WorldError, match="the disk is full"):
        kept.reset()
    kept.close()
    again = World(kept.settings)
    assert again.broker.ledgers["DU9000001"].cash["USD"] == 1_000_000
    again.close()


def test_an_order_that_shows_one_share_of_thousands_is_no_flood_of_fills(world, join) -> None:
    client = join()
    sale = replace(BUY, action="SELL", total_quantity=D(5000), limit_price=D(101), display_size=1)
    client.send(PlaceOrder(1, AAPL, sale))
    world.set_quote("AAPL", bid=D(101), ask=D("101.02"), bid_size=D(6000))
    assert world.order((1, 1)).status is Status.FILLED
    assert len(world.broker.executions) == 100
