"""What orders wait for at the broker. Which bug turns these red: one that is let on too early."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from brokers import MSFT, Trading

from simulator.broker import Gate
from simulator.records import (
    ExecutionCondition,
    MarginCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)


@pytest.fixture
def trading() -> Trading:
    return Trading()


# --- triggers ---


def test_a_stop_is_elected_by_the_last_price_and_fills_at_the_market(trading) -> None:
    stop = trading.place("STP", sell=10, aux_price="95")
    trading.quote(95, 97)
    assert trading[stop].gate is Gate.TRIGGER
    trading.quote(94, 95)
    assert trading.fills == [(stop, "10", "94")]


def test_a_stop_that_is_reached_already_is_elected_at_once(trading) -> None:
    stop = trading.place("STP", sell=10, aux_price="100")
    assert trading.fills == [(stop, "10", "99")]


def test_a_trailing_stop_rises_with_the_market_and_keeps_its_limit_below(trading) -> None:
    order = trading.place("TRAIL LIMIT", sell=10, aux_price="5", limit_price_offset="1")
    assert trading[order].stop_price == 95
    trading.quote(109, 111)
    assert trading[order].stop_price == 105
    trading.quote("102", "104")
    held = trading[order]
    assert (held.is_triggered, held.work_limit) == (True, D(104))
    assert not trading.fills


def test_a_stop_becomes_another_order_where_it_was_told_to(trading) -> None:
    order = trading.place(
        "STP",
        sell=10,
        aux_price="90",
        trigger_price="110",
        adjusted_order_type="STP LMT",
        adjusted_stop_price="105",
        adjusted_stop_limit_price="104",
    )
    trading.quote(110, 112)
    held = trading[order].order
    assert (held.order_type, held.aux_price, held.limit_price) == ("STP LMT", 105, 104)
    trading.quote(102, 106)
    assert trading[order].is_triggered
    assert not trading.fills  # nobody pays its limit


# --- conditions ---


def test_a_price_elsewhere_lets_an_order_on(trading) -> None:
    trading.quote(199, 201, MSFT)
    con_id = trading.world.instrument(MSFT).con_id
    above = PriceCondition(con_id=con_id, is_more=True, price=D(210))
    order = trading.place("MKT", buy=1, conditions=(above,))
    assert trading[order].gate is Gate.CONDITIONS
    trading.quote(99, "100.5")
    assert not trading.fills
    trading.quote(209, 211, MSFT)
    assert trading.fills == [(order, "1", "100.5")]


def test_what_holds_already_is_no_reason_to_wait_even_if_nobody_looked_before(trading) -> None:
    msft = trading.world.instrument(MSFT)
    trading.world.market.set_quote(msft, trading.now_ms, bid=D(299), ask=D(301))
    order = trading.place(
        "MKT", buy=1, conditions=(PriceCondition(con_id=msft.con_id, is_more=True, price=D(210)),)
    )
    assert trading.fills == [(order, "1", "101")]


def test_conditions_may_cancel_instead(trading) -> None:
    below = PriceCondition(con_id=trading.world.instrument("AAPL").con_id, price=D(95))
    order = trading.place(
        "LMT", buy=1, limit_price="90", conditions=(below,), conditions_cancel_order=True
    )
    assert trading.status(order) == ["Submitted"]
    trading.quote(96, 98)
    assert trading.status(order) == ["Submitted"]
    trading.quote(93, 95)
    assert trading.status(order) == ["Cancelled"]


def test_a_time_comes_without_a_quote(trading) -> None:
    order = trading.place(
        "MKT", buy=1, conditions=(TimeCondition(is_more=True, time="20250616-14:00:30"),)
    )
    trading.wait(29)
    assert trading[order].gate is Gate.CONDITIONS
    trading.wait(1)
    assert trading.fills == [(order, "1", "101")]


def test_a_trade_of_the_account_lets_an_order_on_but_none_of_another_account(trading) -> None:
    traded = ExecutionCondition(sec_type="STK", exchange="SMART", symbol="MSFT")
    trading.quote(199, 201, MSFT)
    trading.place("MKT", buy=1, name=MSFT)
    waits = trading.place("MKT", buy=1, conditions=(traded,))
    assert trading[waits].gate is Gate.CONDITIONS  # that trade was before
    trading.place("MKT", buy=1, name=MSFT, account="DU9000002")
    trading.place("MKT", buy=1)
    assert trading[waits].gate is Gate.CONDITIONS
    msft = trading.place("MKT", buy=1, name=MSFT)
    assert [fill[0] for fill in trading.fills] == [msft, waits]


def test_the_cushion_of_the_account_is_looked_at_after_each_trade(trading) -> None:
    thin = MarginCondition(is_more=False, percent=90)
    waits = trading.place("MKT", sell=1, conditions=(thin,))
    trading.place("MKT", buy=1000)
    assert trading[waits].gate is Gate.CONDITIONS
    trading.quote(99, 101)
    trading.place("MKT", buy=6000, tif="IOC")
    trading.quote(99, 101, size=10_000)
    trading.place("MKT", buy=6000)
    assert (waits, "1", "99") in trading.fills


def test_the_cushion_follows_the_price_of_what_is_held_and_money_that_moves(trading) -> None:
    thin = MarginCondition(is_more=False, percent=90)
    trading.quote(99, 101, size=10_000)
    trading.place("MKT", buy=3000)
    trading.quote(199, 201, MSFT)
    by_price = trading.place("MKT", sell=1, name=MSFT, conditions=(thin,))
    assert trading[by_price].gate is Gate.CONDITIONS
    assert trading.world.instrument("AAPL") in trading.broker.instruments_at_work()
    trading.quote(169, 171)
    assert (by_price, "1", "199") in trading.fills
    trading.quote(99, 101)
    by_money = trading.place("MKT", sell=1, conditions=(thin,))
    assert trading[by_money].gate is Gate.CONDITIONS
    trading.broker.move_cash("DU9000001", "USD", D(-500_000), trading.now_ms)
    assert trading[by_money].status == "Filled"


def test_conditions_on_the_day_of_a_contract(trading) -> None:
    con_id = trading.world.instrument("AAPL").con_id
    rise = PercentChangeCondition(con_id=con_id, is_more=True, change_percent=D(10))
    volume = VolumeCondition(con_id=con_id, is_more=True, volume=500)
    by_rise = trading.place("MKT", buy=1, conditions=(rise,))
    by_volume = trading.place("MKT", buy=2, conditions=(volume,))
    trading.quote(108, 110)
    assert not trading.fills
    trading.quote(109, 111)
    assert [fill[0] for fill in trading.fills] == [by_rise]
    assert trading[by_volume].gate is Gate.CONDITIONS


def test_a_contract_nobody_knows_meets_no_condition(trading) -> None:
    unknown = PriceCondition(con_id=12345, is_more=True, price=D(1))
    order = trading.place("MKT", buy=1, conditions=(unknown,))
    trading.quote(109, 111)
    assert trading[order].gate is Gate.CONDITIONS


def test_an_order_cancelled_while_it_waits_is_not_let_on(trading) -> None:
    order = trading.place(
        "MKT", buy=1, conditions=(TimeCondition(is_more=True, time="20250616-14:00:30"),)
    )
    trading.cancel(order)
    trading.wait(60)
    assert trading.status(order) == ["Cancelled"]
    assert not trading.fills


# --- time ---


def test_an_order_waits_until_it_is_told_to_start(trading) -> None:
    order = trading.place("MKT", buy=1, good_after_time="20250616-14:01:00")
    assert trading[order].gate is Gate.TIME
    trading.quote(98, 100)
    assert not trading.fills
    trading.wait(60)
    assert trading.fills == [(order, "1", "100")]


def test_an_order_ends_at_its_time_and_one_of_the_day_till_cancelled_is_inactive(trading) -> None:
    dated = trading.place(
        "LMT", buy=1, limit_price="50", tif="GTD", good_till_date="20250616-14:01:00"
    )
    kept = trading.place("LMT", buy=1, limit_price="50", tif="DTC")
    stays = trading.place("LMT", buy=1, limit_price="50")
    trading.wait(59)
    assert trading.status(dated, kept) == ["Submitted", "Submitted"]
    trading.wait(1)
    assert trading.status(dated, kept) == ["Cancelled", "Submitted"]
    trading.wait(24 * 3600)
    assert trading.status(kept, stays) == ["Inactive", "Submitted"]


def test_a_later_end_given_by_new_terms_counts(trading) -> None:
    order = trading.place(
        "LMT", buy=1, limit_price="50", tif="GTD", good_till_date="20250616-14:01:00"
    )
    held = trading[order]
    later = replace(held.order, good_till_date="20250616-14:02:00")
    trading.broker.modify(held, later, trading.now_ms)
    trading.wait(90)
    assert trading.status(order) == ["Submitted"]
    trading.wait(30)
    assert trading.status(order) == ["Cancelled"]


# --- hours ---


def test_orders_leave_the_market_with_their_hours_and_come_back(trading) -> None:
    trading = Trading(calendar=True)
    regular = trading.place("LMT", buy=10, limit_price="95")
    longer = trading.place("LMT", buy=10, limit_price="95", outside_rth=True)
    trading.wait(6 * 3600 + 60)
    trading.quote(93, 94)
    assert trading.fills == [(longer, "10", "95")]
    assert trading[regular].gate is Gate.HOURS
    assert trading.broker.waits(trading[regular])
    trading.wait(17.5 * 3600)
    trading.quote(93, 94)
    assert trading.fills == [(regular, "10", "94")]


def test_an_immediate_order_does_not_wait_for_hours(trading) -> None:
    trading = Trading(calendar=True)
    trading.wait(12 * 3600)
    order = trading.place("LMT", buy=1, limit_price="150", tif="IOC")
    assert trading.status(order) == ["Cancelled"]


def test_the_auction_at_the_close_trades_at_the_last_price_whatever_the_size(trading) -> None:
    trading = Trading(calendar=True)
    market = trading.place("MOC", buy=9_000, tif="DAY")
    reached = trading.place("LOC", buy=1, limit_price="100", tif="DAY")
    beyond = trading.place("LOC", buy=1, limit_price="99.99", tif="DAY")
    trading.quote(99, 101)
    assert not trading.fills
    trading.wait(6 * 3600 + 60)
    assert trading.fills == [(market, "9000", "100"), (reached, "1", "100")]
    assert trading.status(beyond) == ["Cancelled"]
