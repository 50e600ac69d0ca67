"""When orders are worked and end. Which bug turns these red: a day order that outlives its day."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.broker.schedule import (
    AUCTION_MS,
    Auction,
    active_from_ms,
    auction_ms,
    auction_of,
    expires_ms,
    is_too_late,
    is_watched,
    is_worked,
)
from simulator.instruments import INSTRUMENTS, PRODUCTS, ContractDatabase
from simulator.market import AlwaysOpen, TradingCalendar
from simulator.records import Order

DATABASE = ContractDatabase(INSTRUMENTS, PRODUCTS, lambda: date(2025, 6, 16))
AAPL, ES = DATABASE.by_name("AAPL"), DATABASE.by_name("ESU5")
NYSE = replace(AAPL, primary_exchange="NYSE")
CALENDAR, ALWAYS = TradingCalendar(), AlwaysOpen()
NEW_YORK = ZoneInfo("America/New_York")
DAY = Order(action="BUY", order_type="LMT", tif="DAY")
AROUND = replace(DAY, outside_rth=True)
MOC = Order(action="BUY", order_type="MOC", tif="DAY")
MOO = Order(action="BUY", order_type="MKT", tif="OPG")


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> int:
    """A moment of June 2025 in New York; the 16th is a Monday, the 19th a holiday."""
    return round(datetime(2025, 6, day, hour, minute, second, tzinfo=NEW_YORK).timestamp() * 1000)


def end(order: Order, now_ms: int, instrument=AAPL, sessions=CALENDAR) -> int | None:
    return expires_ms(order, instrument, sessions, now_ms, "UTC")


# --- start ---


@pytest.mark.parametrize(
    ("text", "from_ms"),
    [
        ("", None),
        ("20250616 12:00:00 US/Eastern", at(16, 12)),
        ("20250616-16:00:00", at(16, 12)),
        ("16:00:00", at(16, 12)),
        ("20250616 11:00:00 US/Eastern", None),
        ("tomorrow", None),
    ],
)
def test_an_order_waits_for_its_time_unless_it_has_passed(text, from_ms) -> None:
    assert active_from_ms(replace(DAY, good_after_time=text), at(16, 11), "UTC") == from_ms


# --- end ---


@pytest.mark.parametrize(
    ("order", "placed", "ends"),
    [
        (DAY, at(16, 10), at(16, 16)),
        (DAY, at(16, 8), at(16, 16)),
        (DAY, at(16, 16), at(17, 16)),
        (DAY, at(16, 22), at(17, 16)),
        (DAY, at(18, 17), at(20, 16)),  # over a holiday
        (DAY, at(20, 17), at(23, 16)),  # over a week-end
        (replace(DAY, tif=""), at(16, 10), at(16, 16)),
        (replace(DAY, tif="DTC"), at(16, 10), at(16, 16)),
        (AROUND, at(16, 10), at(16, 20)),
        (AROUND, at(16, 5), at(16, 20)),
        (AROUND, at(16, 21), at(17, 20)),
        (replace(DAY, tif="GTC"), at(16, 10), None),
        (replace(DAY, tif="IOC"), at(16, 10), None),
        (replace(DAY, tif="FOK"), at(16, 10), None),
        (MOC, at(16, 10), at(16, 16, 0, 30)),
        (MOC, at(16, 17), at(17, 16, 0, 30)),
        (MOO, at(16, 8), at(16, 9, 30, 30)),
        (MOO, at(16, 10), at(17, 9, 30, 30)),
    ],
)
def test_an_order_ends_with_the_session_it_is_for(order, placed, ends) -> None:
    assert end(order, placed) == ends


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("20250618", at(18, 16)),
        ("20250619", at(18, 16)),  # a holiday
        ("20250618 12:00:00 US/Eastern", at(18, 12)),
        ("20250618-12:00:00", at(18, 8)),
        ("20250616-12:00:00", at(16, 8)),  # over already
        ("never", None),
    ],
)
def test_a_good_til_date_order_ends_at_its_time_or_with_the_market(text, ends) -> None:
    order = replace(DAY, tif="GTD", good_till_date=text)
    assert end(order, at(16, 10)) == ends


def test_a_date_ends_with_all_hours_for_an_order_of_all_hours() -> None:
    order = replace(AROUND, tif="GTD", good_till_date="20250618")
    assert end(order, at(16, 10)) == at(18, 20)


def test_the_day_of_an_order_that_starts_later_is_the_one_it_starts_on() -> None:
    order = replace(DAY, good_after_time="20250617 10:00:00 US/Eastern")
    assert end(order, at(16, 10)) == at(17, 16)


def test_a_duration_ends_an_order_before_its_day_but_never_after() -> None:
    minute = replace(DAY, duration=60)
    assert end(minute, at(16, 10)) == at(16, 10, 1)
    assert end(minute, at(16, 15, 59, 30)) == at(16, 16)
    assert end(replace(minute, tif="GTC"), at(16, 10)) == at(16, 10, 1)


def test_a_future_s_day_begins_the_evening_before() -> None:
    order = replace(AROUND, action="SELL")
    assert end(order, at(16, 18, 30), ES) == at(17, 17)


def test_where_it_is_always_open_a_day_ends_at_midnight() -> None:
    for order in (DAY, AROUND):
        assert end(order, at(21, 10), sessions=ALWAYS) == at(22, 0)
    assert is_worked(DAY, AAPL, ALWAYS, at(21, 3))


# --- auctions ---


def test_auctions_are_told_by_order_type_and_time_in_force() -> None:
    assert auction_of(MOC) is auction_of(replace(MOC, order_type="LOC")) is Auction.CLOSE
    assert auction_of(MOO) is Auction.OPEN
    assert auction_of(DAY) is None


def test_the_next_auction() -> None:
    assert auction_ms(Auction.OPEN, AAPL, CALENDAR, at(16, 9, 30)) == at(16, 9, 30)
    assert auction_ms(Auction.OPEN, AAPL, CALENDAR, at(16, 9, 31)) == at(17, 9, 30)
    assert auction_ms(Auction.CLOSE, AAPL, CALENDAR, at(16, 15, 59)) == at(16, 16)
    assert auction_ms(Auction.CLOSE, AAPL, CALENDAR, at(16, 16)) == at(17, 16)


@pytest.mark.parametrize(
    ("order", "instrument", "placed", "is_late"),
    [
        (MOC, NYSE, at(16, 15, 50), False),
        (MOC, NYSE, at(16, 15, 50, 1), True),
        (MOC, AAPL, at(16, 15, 50, 1), False),
        (MOC, AAPL, at(16, 15, 55, 1), True),
        (MOC, AAPL, at(16, 16, 0, 5), True),
        (MOC, AAPL, at(16, 16, 0, 30), False),
        (MOO, AAPL, at(16, 9, 28), False),
        (MOO, AAPL, at(16, 9, 28, 1), True),
        (MOO, NYSE, at(16, 9, 29, 59), False),
        (MOO, NYSE, at(16, 9, 30), True),
        (MOO, NYSE, at(16, 9, 31), False),
        (MOC, ES, at(16, 15, 59), False),
        (DAY, AAPL, at(16, 15, 59), False),
    ],
)
def test_an_exchange_takes_no_orders_right_before_its_auction(
    order, instrument, placed, is_late
) -> None:
    assert is_too_late(order, instrument, CALENDAR, placed) is is_late


def test_an_order_for_an_auction_is_worked_then_and_at_no_other_time() -> None:
    def worked(order: Order, now_ms: int) -> bool:
        return is_worked(order, AAPL, CALENDAR, now_ms)

    assert not worked(MOC, at(16, 15, 59, 59))
    assert worked(MOC, at(16, 16))
    assert not worked(MOC, at(16, 16, 0, 30))
    assert not worked(MOO, at(16, 9, 29, 59))
    assert worked(MOO, at(16, 9, 30))
    assert not worked(MOO, at(16, 9, 30, 30))


# --- hours ---


def test_conditions_count_in_regular_hours_unless_the_order_says_otherwise() -> None:
    early, order = at(16, 5), replace(DAY, conditions_ignore_rth=True)
    assert not is_watched(AROUND, AAPL, CALENDAR, early)
    assert is_watched(order, AAPL, CALENDAR, early)
    assert is_watched(DAY, AAPL, CALENDAR, at(16, 10))


MOMENTS = st.integers(0, 14 * 24 * 3600).map(
    lambda seconds: (
        round((datetime(2025, 6, 16, tzinfo=UTC) + timedelta(seconds=seconds)).timestamp()) * 1000
    )
)
ORDERS = st.sampled_from([DAY, AROUND, MOC, MOO])


def worked_from(order, instrument, sessions, now_ms) -> int:
    """When an order can next be filled, which may be now."""
    if is_worked(order, instrument, sessions, now_ms):
        return now_ms
    auction = auction_of(order)
    if auction is not None:
        return auction_ms(auction, instrument, sessions, now_ms)
    return sessions.next(instrument, now_ms, use_rth=not order.outside_rth).start_ms


@given(ORDERS, MOMENTS, st.sampled_from([CALENDAR, ALWAYS]), st.sampled_from([AAPL, NYSE, ES]))
def test_an_order_that_is_taken_can_be_worked_before_it_ends(
    order, placed, sessions, instrument
) -> None:
    if is_too_late(order, instrument, sessions, placed):
        return
    from_ms = worked_from(order, instrument, sessions, placed)
    ends = end(order, placed, instrument, sessions)
    assert placed <= from_ms < ends
    assert is_worked(order, instrument, sessions, from_ms)
    if auction_of(order) is not None:
        assert ends - from_ms == AUCTION_MS
    if auction_of(order) is not None or sessions is CALENDAR:
        assert not is_worked(order, instrument, sessions, ends)
