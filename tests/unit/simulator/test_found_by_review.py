"""What reading the broker has found, each in its fewest steps."""

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest
from brokers import AAPL, MSFT, Trading

from simulator.broker import Gate, Refused, Rules
from simulator.broker.schedule import TOO_LATE, auction_ms
from simulator.order_types import Auction
from simulator.records import Order, TagValue

DAY = 86_400
HEDGE: dict[str, Any] = {"sell": 0, "name": MSFT, "hedge_type": "P", "hedge_param": "2"}


def change(trading: Trading, order_id: int, **terms: Any) -> None:
    held = trading[order_id]
    terms_now = replace(held.order, **terms)
    trading.events = trading.broker.modify(held, terms_now, trading.now_ms)


def fill(trading: Trading, order_id: int, quantity: int) -> None:
    trading.events = trading.broker.fill(trading[order_id], D(quantity), D(90), trading.now_ms)


def to_close(trading: Trading) -> float:
    """The seconds until the market closes."""
    aapl, sessions = trading.world.instrument(AAPL), trading.world.market.sessions
    return (auction_ms(Auction.CLOSE, aapl, sessions, trading.now_ms) - trading.now_ms) / 1000


@pytest.fixture
def trading() -> Trading:
    return Trading()


@pytest.fixture
def by_calendar() -> Trading:
    return Trading(calendar=True)


# --- families ---


def test_a_child_that_its_parent_takes_with_it_does_not_come_back() -> None:
    trading = Trading(rules=Rules(price_collar=D("0.05")))
    parent = trading.place("LMT", buy=10, limit_price="200", transmit=False)
    child = trading.place("LMT", sell=10, limit_price="210", parent_id=parent)
    assert trading.status(parent, child) == ["Cancelled", "Cancelled"]


@pytest.mark.parametrize(
    ("terms", "child_ends"),
    [
        ({"buy": 10**6, "limit_price": "100"}, True),  # more than the account can bear
        ({"buy": 5000, "limit_price": "101", "tif": "FOK"}, True),
        ({"buy": 10, "limit_price": "90", "tif": "DTC"}, False),
    ],
)
def test_what_hangs_on_an_order_that_is_rejected_ends_with_it(trading, terms, child_ends) -> None:
    parent = trading.place("LMT", transmit=False, **terms)
    child = trading.place("LMT", sell=10, limit_price="110", parent_id=parent)
    trading.wait(DAY)
    ends = "Cancelled" if child_ends else "PreSubmitted"
    assert trading.status(parent, child) == ["Inactive", ends]


def test_new_terms_that_transmit_a_child_transmit_its_parent(trading) -> None:
    parent = trading.place("LMT", buy=10, limit_price="90", transmit=False)
    child = trading.place("LMT", sell=10, limit_price="110", parent_id=parent, transmit=False)
    change(trading, child, transmit=True)
    assert trading.status(parent, child) == ["Submitted", "PreSubmitted"]


def test_a_hedge_may_end_in_the_moment_its_parent_does(by_calendar) -> None:
    trading = by_calendar
    parent = trading.place("LMT", buy=10, limit_price="90", tif="DAY")
    hedge = trading.place("LMT", limit_price="1000", tif="DAY", parent_id=parent, **HEDGE)
    fill(trading, parent, 4)
    trading.wait(DAY)
    assert trading.status(parent, hedge) == ["Cancelled", "Cancelled"]


def test_a_hedge_transmitted_after_its_parent_was_filled_has_its_size(trading) -> None:
    parent = trading.place("LMT", buy=10, limit_price="90")
    hedge = trading.place("MKT", parent_id=parent, transmit=False, **HEDGE)
    fill(trading, parent, 10)
    change(trading, hedge, transmit=True)
    assert (trading[hedge].filled, trading.status(hedge)) == (20, ["Filled"])


# --- times ---


@pytest.mark.parametrize("terms", [{"tif": "DAY"}, {"order_type": "MOC", "limit_price": None}])
def test_new_terms_of_an_old_order_are_for_the_day_they_are_given(by_calendar, terms) -> None:
    order = by_calendar.place("LMT", buy=10, limit_price="90")
    by_calendar.wait(2 * DAY)
    change(by_calendar, order, **terms)
    by_calendar.wait(1)
    assert by_calendar[order].is_live


def test_terms_that_are_no_times_do_not_prolong_an_order(by_calendar) -> None:
    order = by_calendar.place("LMT", buy=10, limit_price="90", tif="GTC", duration=60)
    by_calendar.wait(40)
    change(by_calendar, order, limit_price=D(91))
    by_calendar.wait(20)
    assert by_calendar.status(order) == ["Cancelled"]


def test_an_order_that_was_out_of_force_is_for_the_day_it_comes_back(by_calendar) -> None:
    order = by_calendar.place("LMT", buy=10, limit_price="90", tif="DTC")
    by_calendar.wait(2 * DAY)
    assert by_calendar.status(order) == ["Inactive"]
    change(by_calendar, order)
    by_calendar.wait(1)
    assert by_calendar[order].is_live


# --- auctions ---


def test_an_order_that_is_for_an_auction_no_more_does_not_trade_in_it(by_calendar) -> None:
    order = by_calendar.place("MOC", buy=10, tif="DAY")
    change(by_calendar, order, order_type="LMT", limit_price=D("100.5"), tif="GTC")
    by_calendar.wait(to_close(by_calendar))
    assert by_calendar[order].gate is Gate.HOURS
    assert not by_calendar.fills


def test_an_order_that_is_for_another_auction_now_waits_for_that(by_calendar) -> None:
    order = by_calendar.place("MOC", buy=10, tif="DAY")
    change(by_calendar, order, order_type="MKT", tif="OPG")
    by_calendar.wait(to_close(by_calendar))
    assert not by_calendar.fills
    by_calendar.wait(DAY)
    assert by_calendar.status(order) == ["Filled"]


def test_new_terms_do_not_bring_an_order_into_an_auction_too_late(by_calendar) -> None:
    order = by_calendar.place("LMT", buy=10, limit_price="90")
    by_calendar.wait(to_close(by_calendar) - 60)
    change(by_calendar, order, order_type="MOC", limit_price=None, tif="DAY")
    (refused,) = by_calendar.events
    assert isinstance(refused, Refused)
    assert refused.reason == TOO_LATE


def test_there_is_no_auction_in_a_halt(by_calendar) -> None:
    order = by_calendar.place("MOC", buy=10, tif="DAY")
    by_calendar.world.market.halt(by_calendar.world.instrument(AAPL), by_calendar.now_ms)
    by_calendar.wait(DAY)
    assert by_calendar.status(order) == ["Cancelled"]


def test_there_is_no_auction_where_only_the_test_fills() -> None:
    trading = Trading(calendar=True, rules=Rules(fill_model="scripted"))
    order = trading.place("MOC", buy=10, tif="DAY")
    trading.wait(DAY)
    assert trading.status(order) == ["Cancelled"]


# --- sizes ---


def spend(trading: Trading) -> None:
    """Order AAPL for 1000 at 100, which makes 10, of which 8 are bought."""
    order = Order(
        action="BUY", cash_quantity=D(1000), order_type="LMT", limit_price=D(100), tif="GTC"
    )
    contract = trading.world.instrument(AAPL).contract()
    trading.broker.place(1, 1, contract, order, trading.now_ms)
    fill(trading, 1, 8)


def test_what_an_amount_of_money_was_worth_does_not_change_with_the_limit(trading) -> None:
    spend(trading)
    trading.quote(199, 201)
    change(trading, 1, limit_price=D(190))
    assert trading[1].remaining == 2


def test_an_order_cannot_be_made_smaller_than_what_is_filled(trading) -> None:
    spend(trading)
    change(trading, 1, cash_quantity=D(500))
    assert [type(event) for event in trading.events] == [Refused]
    assert trading[1].remaining == 2


def test_a_stop_may_become_another_order_at_once(trading) -> None:
    order = trading.place(
        "STP",
        sell=10,
        aux_price="90",
        trigger_price="100",
        adjusted_order_type="STP",
        adjusted_stop_price="95",
    )
    assert trading[order].order.aux_price == 95


# --- restarts ---


def again(before: Trading, seconds: float, *, is_halted: bool = False, **how: Any) -> Trading:
    """The broker taken up from its journal after some time, in a market that has come down."""
    after = Trading(**how)
    after.now_ms = before.now_ms + round(seconds * 1000)
    aapl, market = after.world.instrument(AAPL), after.world.market
    market.set_quote(aapl, after.now_ms, bid=D(88), ask=D(89))
    if is_halted:
        market.halt(aapl, after.now_ms)
    after.broker.restore(before.broker.journal, after.now_ms)
    return after


@pytest.mark.parametrize("order_type", ["LMT", "REL"])
def test_nothing_trades_at_a_restart_while_the_market_is_closed(by_calendar, order_type) -> None:
    order = by_calendar.place(order_type, buy=10, limit_price="90", aux_price="0")
    later = again(by_calendar, to_close(by_calendar) + 3600, calendar=True)
    assert (later[order].gate, later[order].filled) == (Gate.HOURS, 0)


def test_nothing_trades_at_a_restart_in_a_halt(trading) -> None:
    order = trading.place("LMT", buy=10, limit_price="90")
    assert again(trading, 60, is_halted=True).status(order) == ["Submitted"]


def test_an_order_that_has_expired_before_a_restart_does_not_trade_at_it(by_calendar) -> None:
    order = by_calendar.place("LMT", buy=10, limit_price="90", tif="DAY")
    assert again(by_calendar, 2 * DAY, calendar=True).status(order) == ["Cancelled"]


def test_an_algorithm_that_was_over_before_a_restart_does_not_go_on_at_it(by_calendar) -> None:
    order = by_calendar.place(
        "LMT",
        buy=10,
        limit_price="90",
        tif="DAY",
        algo_strategy="Twap",
        algo_params=(TagValue(tag="endTime", value="11:00:00 US/Eastern"),),
    )
    by_calendar.wait(60)
    later = again(by_calendar, 2 * 3600, calendar=True)
    assert (later[order].filled, later.status(order)) == (0, ["Cancelled"])


def test_an_order_whose_cancel_has_come_before_a_restart_does_not_trade_at_it() -> None:
    rules = Rules(cancel_latency_ms=1000)
    trading = Trading(rules=rules)
    group: dict[str, Any] = {"oca_group": "either", "oca_type": 1}
    orders = [trading.place("LMT", buy=10, limit_price="90", **group) for _ in range(2)]
    trading.cancel(orders[0])
    assert again(trading, 2, rules=rules).status(*orders) == ["Cancelled", "Cancelled"]


def test_a_cancel_that_comes_after_a_restart_is_still_one_of_the_client() -> None:
    rules = Rules(cancel_latency_ms=1000)
    trading = Trading(rules=rules)
    group: dict[str, Any] = {"oca_group": "either", "oca_type": 1}
    orders = [trading.place("LMT", buy=10, limit_price="80", **group) for _ in range(2)]
    trading.cancel(orders[0])
    later = again(trading, 0.5, rules=rules)
    later.wait(1)
    assert later.status(*orders) == ["Cancelled", "Cancelled"]


# --- cancels and groups ---


@pytest.mark.parametrize("tif", ["FOK", "DTC"])
def test_an_order_whose_cancel_is_on_its_way_is_not_left_out_of_force(tif) -> None:
    trading = Trading(calendar=True, rules=Rules(cancel_latency_ms=1000))
    order = trading.place("STP", sell=2000, aux_price="95", tif=tif)
    trading.wait(to_close(trading) - 0.5 if tif == "DTC" else 0)
    trading.cancel(order)
    trading.quote(93, 94)
    trading.wait(2)
    assert trading.status(order) == ["Cancelled"]


def test_one_trade_may_fill_an_order_and_cancel_its_other_side(trading) -> None:
    group: dict[str, Any] = {"oca_group": "either", "oca_type": 1}
    order = trading.place("LMT", buy=10, limit_price="100", **group)
    sale = Order(
        action="SELL", total_quantity=D(4), order_type="LMT", limit_price=D(100), tif="GTC", **group
    )
    contract = trading.world.instrument(AAPL).contract()
    trading.broker.place(2, 1, contract, sale, trading.now_ms)
    assert (trading[order].filled, trading.status(order)) == (4, ["Cancelled"])


def test_what_a_group_took_off_an_order_for_money_is_not_given_back(trading) -> None:
    spend(trading)
    change(trading, 1, oca_group="either", oca_type=3)
    other = trading.place("LMT", buy=10, limit_price="90", oca_group="either", oca_type=3)
    fill(trading, other, 5)
    change(trading, 1, limit_price=D(98))
    assert trading[1].remaining == 1


def test_a_level_of_a_scale_order_that_is_busted_is_worked_again(trading) -> None:
    order = trading.place(
        "LMT",
        buy=30,
        limit_price="101",
        scale_init_level_size=10,
        scale_price_increment=D(1),
    )
    (first,) = trading.broker.executions
    trading.events = trading.broker.revise(
        first, quantity=D(0), price=D(101), now_ms=trading.now_ms
    )
    assert trading.fills == [(order, "10", "101")]


def test_an_order_that_is_filled_to_its_new_size_does_not_come_back(by_calendar) -> None:
    order = by_calendar.place("LMT", buy=10, limit_price="90", tif="DTC")
    fill(by_calendar, order, 4)
    by_calendar.wait(DAY)
    change(by_calendar, order, total_quantity=D(4))
    assert by_calendar.status(order) == ["Inactive"]


def test_what_is_left_of_a_market_to_limit_order_keeps_its_price_under_new_terms(trading) -> None:
    trading.quote(99, 101, size=4)
    order = trading.place("MTL", buy=10)
    change(trading, order, total_quantity=D(20))
    assert (trading[order].work_limit, trading[order].remaining) == (101, 16)
