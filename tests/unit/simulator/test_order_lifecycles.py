"""The sequences of messages captured from real gateways, one by one, each named by its section
of the notes on observed sequences. Red: another message, another order, a missing repeat.
"""

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest
from orders import (
    AAPL,
    LIMIT,
    MARKET,
    STOP,
    TARGET,
    bracket,
    cancelled,
    filled,
    pair,
    place,
    plain,
    show,
    told,
)

from simulator import World, WorldSettings
from simulator.broker import Rules
from simulator.messages.connection import ErrorMessage
from simulator.messages.orders import (
    CancelOrder,
    CommissionReport,
    ExecutionData,
    OpenOrder,
    PlaceOrder,
    RequestExecutions,
    RequestOpenOrders,
)
from simulator.records import ComboLeg, Contract, ExecutionFilter, TagValue
from simulator.session import MAX_VERSION

COLLAR = Rules(price_collar=D("0.03"))
HALF_A_DAY_S = 12 * 3600


@pytest.fixture
def settings() -> dict[str, Any]:
    """What a test sets up otherwise."""
    return {}


@pytest.fixture
def world(settings) -> World:
    made = World(WorldSettings(seed=7, clock="manual", server_version=MAX_VERSION, **settings))
    show(made, "99.99", "100.01")
    return made


# --- fills (3, 4) ---


def test_a_market_buy_begins_presubmitted(client) -> None:
    words = place(client, 1, MARKET)
    assert words == [*pair(1, "PreSubmitted"), *filled(1, "100.01", "1.000003")]


def test_a_market_sale_begins_submitted(client) -> None:
    assert place(client, 1, replace(MARKET, action="SELL"))[:3] == [
        *pair(1, "Submitted"),
        "EX 1 1@99.99",
    ]


def test_each_part_of_a_fill_has_its_own_report_and_the_order_their_sum(client, world) -> None:
    place(client, 1, replace(MARKET, total_quantity=D(120)))
    show(world, "99.99", "100.02")
    show(world, "99.99", "100.03")
    words = client.read()
    assert told(words) == [
        "EX 1 50@100.02",
        *pair(1, "Submitted", "100/20", fee="1.00015"),
        *pair(1, "Submitted", "100/20", fee="1.0003"),
        "CR 0.00015",
        "EX 1 20@100.03",
        *pair(1, "Filled", "120/0", fee="1.0003"),
        *pair(1, "Filled", "120/0", fee="1.00036"),
        "CR 0.00006",
    ]
    executions = [reply.execution for reply in words if isinstance(reply, ExecutionData)]
    assert [e.cumulative_quantity for e in executions] == [D(100), D(120)]
    assert len({e.exec_id for e in executions}) == 2


def test_what_rests_goes_from_submitted_to_filled(client, world) -> None:
    assert place(client, 1) == pair(1, "Submitted")
    show(world, "89.90", "90.00")
    assert told(client.read()) == filled(1, "90", "0.900003")


@pytest.mark.parametrize("settings", [{"commission_delay_ms": 9_900}])
def test_commissions_may_come_late_and_are_not_known_before(client, world) -> None:
    """Sections 3 and 13: up to 9.9 s; asked before that, executions have no report."""
    words = place(client, 1, replace(MARKET, total_quantity=D(80)))
    assert words[2:] == ["EX 1 50@100.01", *pair(1, "Submitted", "50/30")]
    world.advance(5)
    show(world, "99.99", "100.02")
    assert told(client.read()) == ["EX 1 30@100.02", *pair(1, "Filled", "80/0")]
    request = RequestExecutions(4, ExecutionFilter())
    assert told(client.send(request)) == ["EX 1 50@100.01", "EX 1 30@100.02", "ExecutionDataEnd"]
    world.advance(4.9)
    assert told(client.read()) == [*pair(1, "Filled", "80/0", fee="1.00015"), "CR 1.00015"]
    assert told(client.send(request))[2:] == ["CR 1.00015", "ExecutionDataEnd"]
    world.advance(5)
    assert told(client.read()) == [*pair(1, "Filled", "80/0", fee="1.00024"), "CR 0.00009"]


@pytest.mark.parametrize("settings", [{"repeats_status": True}])
def test_gateways_often_say_everything_twice(client) -> None:
    words = place(client, 1)
    assert words == pair(1, "Submitted") * 2
    assert told(client.send(CancelOrder(1))) == ["OS 1 Cancelled 0/1", *cancelled(1)]


# --- rests, off hours (5) ---


def test_a_cancel_is_a_status_and_then_202(client) -> None:
    place(client, 1)
    status, error = client.send(CancelOrder(1))
    assert told([status, error]) == cancelled(1)
    assert error.text == "Order Canceled - reason:"


@pytest.mark.parametrize("settings", [{"calendar": True}])
def test_off_hours_an_order_is_told_when_it_will_be_placed(client, world) -> None:
    world.advance(HALF_A_DAY_S)
    replies = client.send(PlaceOrder(1, AAPL, LIMIT))
    assert told(replies) == [*pair(1, "PreSubmitted"), "399 1"]
    assert "until 2025-06-17 09:30:00 US/Eastern" in replies[-1].text
    assert told(client.send(CancelOrder(1))) == cancelled(1)
    place(client, 2)
    world.advance_to_session("AAPL")
    assert told(client.read()) == pair(2, "Submitted")


@pytest.mark.parametrize("settings", [{"calendar": True}])
def test_off_hours_every_order_of_a_bracket_is_told_so(client, world) -> None:
    world.advance(HALF_A_DAY_S)
    assert bracket(client) == [
        *pair(1, "PreSubmitted"),
        "399 1",
        *pair(2, "PreSubmitted", held="child"),
        "399 2",
        *pair(3, "PreSubmitted", held="child,trigger"),
        "399 3",
    ]


@pytest.mark.parametrize("settings", [{"calendar": True}])
def test_an_order_for_the_opening_ends_with_it(client, world) -> None:
    """Section 6, off a log: pending cancel, cancelled, 202, half a minute after the open."""
    world.advance(HALF_A_DAY_S)
    place(client, 1, replace(LIMIT, tif="OPG"))
    world.advance_to_session("AAPL")
    assert client.read() == []
    world.advance(30)
    replies = client.read()
    assert told(replies) == [*pair(1, "PendingCancel"), *cancelled(1)]
    assert replies[-1].text.endswith("At the open order can not be executed")


@pytest.mark.parametrize("settings", [{"calendar": True}])
def test_an_order_for_the_day_ends_with_the_session(client, world) -> None:
    """Documented, with the shape of a cancel: status, 202."""
    place(client, 1)
    place(client, 2, replace(LIMIT, tif="GTC"))
    world.advance(6 * 3600)
    assert told(client.read()) == [*cancelled(1), *pair(2, "PreSubmitted")]


# --- rejects (6) ---


def test_what_the_broker_rejects_is_inactive_and_then_201(client, world) -> None:
    world.gateway.orders.intake.reject_next(201, "No trading permissions")
    replies = client.send(PlaceOrder(1, AAPL, LIMIT))
    assert told(replies) == [*pair(1, "Inactive"), "201 1"]
    assert replies[-1].text == "Order rejected - reason:No trading permissions"


def test_all_or_nothing_at_once_is_inactive_without_an_error(client) -> None:
    words = place(client, 1, replace(MARKET, total_quantity=D(51), tif="FOK"))
    assert words == pair(1, "Inactive", "0/51")
    assert place(client, 2, replace(MARKET, total_quantity=D(50), tif="FOK"))[2] == "EX 2 50@100.01"


def test_what_is_left_of_an_immediate_order_is_cancelled_by_way_of_pending(client) -> None:
    words = place(client, 1, replace(LIMIT, tif="IOC"))
    assert words == [*pair(1, "Submitted"), *pair(1, "PendingCancel"), *cancelled(1)]


@pytest.mark.parametrize("settings", [{"rules": COLLAR}])
@pytest.mark.parametrize("tif", ["DAY", "IOC"])
def test_a_limit_far_through_the_market_is_accepted_and_cancelled(client, tif) -> None:
    replies = client.send(PlaceOrder(1, AAPL, replace(LIMIT, limit_price=D(104), tif=tif)))
    assert told(replies) == [
        *pair(1, "PreSubmitted"),
        *pair(1, "PendingCancel"),
        *cancelled(1),
    ]
    assert "at or more aggressive than 102.989700" in replies[-1].text


@pytest.mark.parametrize("settings", [{"calendar": True}])
def test_an_algorithm_whose_window_is_over_is_cancelled(client, world) -> None:
    world.advance(600)
    window = (
        TagValue(tag="startTime", value="15:00:00 US/Eastern"),
        TagValue(tag="endTime", value="14:00:00 US/Eastern"),
    )
    order = replace(LIMIT, algo_strategy="Vwap", algo_params=window)
    replies = client.send(PlaceOrder(1, AAPL, order))
    assert told(replies)[-2:] == cancelled(1)
    assert replies[-1].text.endswith("Vwap: End Time is before Start Time")


def test_an_error_that_is_no_rejection_comes_alone(client, world) -> None:
    assert place(client, 1, replace(LIMIT, limit_price=D("90.005"))) == ["110 1"]
    assert place(client, 1, contract=replace(AAPL, symbol="NOPE")) == ["200 1"]
    assert place(client, 1) == pair(1, "Submitted")


# --- brackets, groups, transmit (7) ---


def test_nothing_is_said_of_an_order_until_it_is_transmitted(client) -> None:
    assert bracket(client) == [
        *pair(1, "Submitted"),
        *pair(2, "PreSubmitted", held="child"),
        *pair(3, "PreSubmitted", held="child,trigger"),
    ]


def test_an_order_transmits_itself_when_it_is_sent_again(client) -> None:
    unsent = replace(LIMIT, transmit=False)
    assert place(client, 1, unsent) == []
    assert place(client, 1, replace(unsent, limit_price=D(91))) == []
    replies = client.send(PlaceOrder(1, AAPL, replace(LIMIT, limit_price=D(92))))
    assert told(replies) == pair(1, "Submitted")
    assert replies[0].order.limit_price == D(92)


def test_an_order_that_was_not_transmitted_can_be_cancelled(client) -> None:
    place(client, 1, replace(LIMIT, transmit=False))
    assert told(client.send(CancelOrder(1))) == cancelled(1)
    assert told(client.send(RequestOpenOrders())) == ["OpenOrderEnd"]


def test_children_are_a_group_named_after_their_parent(client) -> None:
    bracket(client)
    parent, target, stop = (
        reply for reply in client.send(RequestOpenOrders()) if isinstance(reply, OpenOrder)
    )
    assert (parent.order.oca_group, parent.order.parent_id) == ("", 0)
    for child in (target, stop):
        order = child.order
        assert (order.oca_group, order.oca_type) == (str(parent.perm_id), 3)
        assert order.parent_id == parent.order_id


def test_a_filled_parent_sets_its_children_to_work_and_one_ends_the_other(client, world) -> None:
    bracket(client)
    show(world, "89.90", "90.00")
    assert told(client.read()) == [
        *filled(1, "90", "0.900003"),
        *pair(2, "Submitted"),
        *pair(3, "PreSubmitted", held="trigger"),
    ]
    show(world, "79.90", "80.00")
    words = told(client.read())
    assert words[:3] == [*pair(3, "Submitted"), "EX 3 1@79.9"]
    assert words[-2:] == cancelled(2)


def test_children_end_with_their_parent(client) -> None:
    bracket(client)
    words = told(client.send(CancelOrder(1)))
    assert words == [*cancelled(1), *cancelled(2), *cancelled(3)]


def test_a_child_ends_its_sibling_and_not_its_parent(client) -> None:
    bracket(client)
    assert told(client.send(CancelOrder(3))) == [*cancelled(3), *cancelled(2)]
    assert told(client.send(RequestOpenOrders()))[:2] == pair(1, "Submitted")


def test_a_stop_that_was_reached_is_submitted_however_little_is_filled(client, world) -> None:
    place(client, 1, replace(STOP, total_quantity=D(80)))
    show(world, "79.90", "80.00")
    assert told(client.read())[:5] == [
        *pair(1, "Submitted", "0/80"),
        "EX 1 50@79.9",
        *pair(1, "Submitted", "50/30"),
    ]


def test_a_what_if_is_one_open_order(client) -> None:
    assert told(client.send(PlaceOrder(1, AAPL, replace(MARKET, what_if=True))))[0].startswith(
        "OO 1 PreSubmitted"
    )
    assert told(client.send(CancelOrder(1))) == ["10147 1"]


# --- combinations (7) ---


@pytest.fixture
def legs(world) -> tuple[Contract, Contract]:
    """Two calls, quoted."""
    wanted = Contract(symbol="AAPL", sec_type="OPT", right="C")
    found = []
    for strike, bid, ask in (("200", "5.00", "5.10"), ("210", "2.00", "2.10")):
        listed = world.database.find(replace(wanted, strike=D(strike)))
        option = min(listed, key=lambda instrument: instrument.expiry)
        world.set_quote(option.local_symbol, bid=D(bid), ask=D(ask), bid_size=D(50), ask_size=D(50))
        found.append(option.contract())
    return found[0], found[1]


def vertical(legs) -> Contract:
    long, short = legs
    return Contract(
        symbol="AAPL",
        sec_type="BAG",
        exchange="SMART",
        currency="USD",
        combo_legs=(
            ComboLeg(con_id=short.con_id, ratio=1, action="SELL", exchange="CBOE"),
            ComboLeg(con_id=long.con_id, ratio=1, action="BUY", exchange="SMART"),
        ),
    )


def test_a_combination_is_told_as_a_whole_then_by_leg_then_charged_by_leg(client, legs) -> None:
    order = replace(LIMIT, limit_price=D("3.50"))
    words = place(client, 1, order, vertical(legs))
    fees = [word.removeprefix("CR ") for word in words if word.startswith("CR")]
    assert words == [
        *pair(1, "Submitted"),
        "EX 1 BAG 1@3.1",
        *pair(1, "Filled", "1/0"),
        "EX 1 OPT 1@5.1",
        *pair(1, "Filled", "1/0"),
        "EX 1 OPT 1@2",
        *pair(1, "Filled", "1/0"),
        *pair(1, "Filled", "1/0", fee=fees[0]),
        f"CR {fees[0]}",
        *pair(1, "Filled", "1/0", fee=plain(D(fees[0]) + D(fees[1]))),
        f"CR {fees[1]}",
    ]


@pytest.mark.parametrize("settings", [{"commission_delay_ms": 1_000}])
def test_what_legs_cost_may_come_late_too(client, world, legs) -> None:
    words = place(client, 1, replace(LIMIT, limit_price=D("3.50")), vertical(legs))
    assert not any(word.startswith("CR") for word in words)
    world.advance(1)
    assert [word[:2] for word in told(client.read())] == ["OO", "OS", "CR"] * 2


def test_a_combination_shows_the_legs_as_they_were_sent(client, legs) -> None:
    wanted = vertical(legs)
    order = replace(LIMIT, limit_price=D("1.00"))
    shown, _ = client.send(PlaceOrder(1, wanted, order))
    assert shown.contract.combo_legs == wanted.combo_legs
    assert shown.contract.combo_legs_description == (f"{legs[1].con_id}|-1,{legs[0].con_id}|1")


def test_reports_name_the_execution_they_belong_to(client, legs) -> None:
    replies = client.send(PlaceOrder(1, vertical(legs), replace(LIMIT, limit_price=D("3.50"))))
    executions = [r.execution.exec_id for r in replies if isinstance(r, ExecutionData)]
    reports = [r.exec_id for r in replies if isinstance(r, CommissionReport)]
    assert reports == executions[1:]
    known = client.send(RequestExecutions(1, ExecutionFilter()))
    assert [r.exec_id for r in known if isinstance(r, CommissionReport)] == executions[1:]
    assert not [r for r in replies if isinstance(r, ErrorMessage)]


def test_a_target_is_as_good_as_any_order(client, world) -> None:
    place(client, 1, replace(TARGET, limit_price=D(101)))
    show(world, "101.00", "101.01")
    assert told(client.read())[0] == "EX 1 1@101"
