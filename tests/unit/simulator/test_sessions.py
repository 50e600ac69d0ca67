"""Sessions and the calendar mode. Which bug turns these red: a quote that moves on a holiday."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import calendar_table
import pytest

from simulator import World, WorldSettings
from simulator.calendars import (
    CLOSES,
    KNOWN_YEARS,
    TABLE,
    from_library,
    is_business_day,
    session_day,
)
from simulator.gateway.hours import trading_hours
from simulator.instruments import INSTRUMENTS, PRODUCTS, ContractDatabase
from simulator.market import STEP_MS, AlwaysOpen, Market, Session, TradingCalendar
from simulator.records import Contract

DATABASE = ContractDatabase(INSTRUMENTS, PRODUCTS, lambda: date(2025, 10, 1))
NEW_YORK, CHICAGO = ZoneInfo("America/New_York"), ZoneInfo("America/Chicago")
CALENDAR = TradingCalendar()
AAPL = DATABASE.by_name("AAPL")
ES = DATABASE.by_name("ESZ5")
EURUSD = DATABASE.by_name("EURUSD")
HOUR_MS = 3_600_000


def ms(zone, *moment: int) -> int:
    return round(datetime(*moment, tzinfo=zone).timestamp() * 1000)


def local(session: Session, zone) -> str:
    start, end = (
        datetime.fromtimestamp(m / 1000, zone) for m in (session.start_ms, session.end_ms)
    )
    return f"{start:%d %H%M}-{end:%d %H%M}"


def week(instrument, zone, use_rth: bool) -> list[str]:
    """The week of Thanksgiving 2025."""
    first, last = ms(zone, 2025, 11, 24), ms(zone, 2025, 12, 1)
    return [local(s, zone) for s in CALENDAR.sessions(instrument, first, last, use_rth)]


# --- sessions ---


def test_the_week_of_thanksgiving() -> None:
    assert week(AAPL, NEW_YORK, True) == [
        "24 0930-24 1600",
        "25 0930-25 1600",
        "26 0930-26 1600",
        "28 0930-28 1300",
    ]
    assert week(AAPL, NEW_YORK, False)[-2:] == ["26 0400-26 2000", "28 0400-28 1700"]
    assert week(ES, CHICAGO, False) == [
        "23 1700-24 1600",
        "24 1700-25 1600",
        "25 1700-26 1600",
        "26 1700-27 1200",
        "27 1700-28 1200",
        "30 1700-01 1600",
    ]
    assert week(ES, CHICAGO, True)[-2:] == ["27 0830-27 1200", "28 0830-28 1200"]
    assert week(EURUSD, NEW_YORK, True) == [
        *(f"{day} 1715-{day + 1} 1700" for day in range(23, 28)),
        "30 1715-01 1700",
    ]
    assert week(DATABASE.by_name("BTC.USD"), NEW_YORK, False) == [
        *(f"{day} 0000-{day + 1} 0000" for day in range(24, 30)),
        "30 0000-01 0000",
    ]


def test_options_that_trade_late_do_so_after_an_early_close() -> None:
    day = date(2025, 11, 28)
    for symbol, zone, hours in (
        ("AAPL", NEW_YORK, "28 0930-28 1300"),
        ("SPY", NEW_YORK, "28 0930-28 1315"),
        ("SPX", CHICAGO, "28 0830-28 1215"),
    ):
        option = DATABASE.find(Contract(symbol=symbol, sec_type="OPT"))[0]
        assert local(CALENDAR.on(option, day, use_rth=False), zone) == hours


def test_a_session_is_found_from_any_moment() -> None:
    inside, evening = ms(CHICAGO, 2025, 11, 28, 9), ms(CHICAGO, 2025, 11, 28, 18)
    friday = CALENDAR.at(ES, inside)
    assert friday == CALENDAR.on(ES, date(2025, 11, 28), use_rth=False)
    assert CALENDAR.at(ES, friday.start_ms) == friday
    assert CALENDAR.at(ES, friday.end_ms) is None
    assert CALENDAR.is_open(ES, friday.end_ms - 1)
    assert not CALENDAR.is_open(ES, evening)
    assert CALENDAR.previous(ES, evening) == CALENDAR.previous(ES, friday.end_ms) == friday
    assert CALENDAR.previous(ES, inside).ref_date == date(2025, 11, 27)
    assert CALENDAR.next(ES, evening).ref_date == date(2025, 12, 1)
    assert CALENDAR.next(ES, friday.start_ms) == friday
    assert CALENDAR.next(ES, friday.start_ms + 1).ref_date == date(2025, 12, 1)


def test_what_was_asked_before_changes_no_answer() -> None:
    """Back and forth over a week, of two instruments and two kinds of hours in turn."""
    start, calendar = ms(NEW_YORK, 2025, 11, 26), TradingCalendar()
    edges = {
        edge
        for instrument in (AAPL, ES)
        for use_rth in (False, True)
        for s in CALENDAR.sessions(instrument, start, start + 120 * HOUR_MS, use_rth)
        for edge in (s.start_ms - 1, s.start_ms, s.end_ms - 1, s.end_ms)
    }
    moments = sorted(edges)
    for moment in (*moments, *reversed(moments), *moments[::3]):
        for instrument in (AAPL, replace(AAPL, trading_hours=ES.trading_hours), ES):
            for use_rth in (False, True):
                fresh = CALENDAR.sessions(instrument, moment, moment + 1, use_rth)
                told = calendar.at(instrument, moment, use_rth=use_rth)
                assert [told] == (fresh or [None])


def test_what_is_always_open_is_cut_at_midnight() -> None:
    days = AlwaysOpen()
    first = ms(NEW_YORK, 2025, 11, 1, 5)
    found = days.sessions(AAPL, first, ms(NEW_YORK, 2025, 11, 3), False)
    assert [s.ref_date.day for s in found] == [1, 2]
    assert [(s.end_ms - s.start_ms) // HOUR_MS for s in found] == [24, 25]  # summer time ends
    assert found[0].end_ms == found[1].start_ms
    assert days.is_open(AAPL, first, use_rth=True)
    assert days.previous(AAPL, found[0].end_ms) == found[0]


def test_an_unknown_calendar_is_refused() -> None:
    with pytest.raises(KeyError, match="XXXX"):
        session_day("XXXX", date(2025, 11, 28))


# --- calendar mode ---


def at(*moment: int) -> int:
    return ms(NEW_YORK, *moment)


def test_quotes_stand_still_while_the_exchange_is_closed() -> None:
    market = Market(7, CALENDAR)
    last = market.quote(AAPL, at(2025, 11, 28, 17) - STEP_MS)
    for closed in (at(2025, 11, 28, 17), at(2025, 11, 30, 12), at(2025, 12, 1, 4) - 1):
        assert market.quote(AAPL, closed) == last
    opened = market.quote(AAPL, at(2025, 12, 1, 4))
    assert opened.time_ms == at(2025, 12, 1, 4)
    assert opened.volume < last.volume


def test_in_a_session_the_price_is_that_of_the_market_without_a_calendar() -> None:
    moment = at(2025, 11, 26, 11)
    here, there = Market(7, CALENDAR).quote(AAPL, moment), Market(7).quote(AAPL, moment)
    assert (here.bid, here.ask, here.last) == (there.bid, there.ask, there.last)
    assert Market(7).quote(AAPL, at(2025, 11, 27, 11)).time_ms == at(2025, 11, 27, 11)


@pytest.mark.parametrize("hour", [4, 9, 13, 19])
def test_the_day_of_a_quote_is_the_session(hour) -> None:
    market = Market(7, CALENDAR)
    quote, of = market.quote(AAPL, at(2025, 11, 28, hour, 59)), market.tape(AAPL)
    session = CALENDAR.on(AAPL, date(2025, 11, 28), use_rth=False)
    until = min(at(2025, 11, 28, hour, 59) + STEP_MS, session.end_ms)
    day = of.stretch(session.start_ms // STEP_MS, until // STEP_MS)
    told = (quote.open, quote.high, quote.low, quote.last)
    assert told == tuple(
        map(of.price, (day.trade.open, day.trade.high, day.trade.low, day.trade.close))
    )
    assert quote.volume == day.lots * of.lot
    before = CALENDAR.on(AAPL, date(2025, 11, 26), use_rth=True)
    liquid = of.stretch(before.start_ms // STEP_MS, before.end_ms // STEP_MS)
    assert quote.close == of.price(liquid.trade.close)


def test_a_world_with_a_calendar_closes_for_the_night() -> None:
    world = World(WorldSettings(clock="manual", calendar=True))
    moving = [world.quote("AAPL").bid for _ in range(40) if world.advance(1)]
    assert len(set(moving)) > 5
    world.advance(12 * 3600)
    standing = [world.quote("AAPL") for _ in range(5) if world.advance(60)]
    assert len(set(standing)) == 1
    world.reset()
    assert world.quote("AAPL") == World(WorldSettings(clock="manual", calendar=True)).quote("AAPL")


# --- hours in contract details ---


CAPTURED = {
    "AAPL": (
        (2022, 12, 29),
        (
            "20221229:0400-20221229:2000;20221230:0400-20221230:2000;20221231:CLOSED;"
            "20230101:CLOSED;20230102:CLOSED;20230103:0400-20230103:2000"
        ),
        (
            "20221229:0930-20221229:1600;20221230:0930-20221230:1600;20221231:CLOSED;"
            "20230101:CLOSED;20230102:CLOSED;20230103:0930-20230103:1600"
        ),
    ),
    "SPX": (
        (2026, 10, 3),
        (
            "20261003:CLOSED;20261004:CLOSED;20261005:0830-20261005:1500;20261006:0830-20261006:1500;"
            "20261007:0830-20261007:1500;20261008:0830-20261008:1500"
        ),
        (
            "20261003:CLOSED;20261004:CLOSED;20261005:0830-20261005:1500;20261006:0830-20261006:1500;"
            "20261007:0830-20261007:1500;20261008:0830-20261008:1500"
        ),
    ),
    "EURUSD": (
        (2022, 12, 6),
        (
            "20221205:1715-20221206:1700;20221206:1715-20221207:1700;20221207:1715-20221208:1700;"
            "20221208:1715-20221209:1700;20221210:CLOSED;20221211:1715-20221212:1700"
        ),
        (
            "20221205:1715-20221206:1700;20221206:1715-20221207:1700;20221207:1715-20221208:1700;"
            "20221208:1715-20221209:1700;20221210:CLOSED;20221211:1715-20221212:1700"
        ),
    ),
}


@pytest.mark.parametrize("name", CAPTURED)
def test_hours_are_told_as_captured(name) -> None:
    day, *hours = CAPTURED[name]
    assert trading_hours(DATABASE.by_name(name), ms(UTC, *day, 17)) == tuple(hours)


def test_the_hours_of_a_future_begin_the_evening_before() -> None:
    hours, liquid = trading_hours(ES, ms(CHICAGO, 2025, 10, 14, 12))
    assert hours == (
        "20251013:1700-20251014:1600;20251014:1700-20251015:1600;20251015:1700-20251016:1600;"
        "20251016:1700-20251017:1600;20251018:CLOSED;20251019:1700-20251020:1600"
    )
    assert liquid.startswith("20251014:0830-20251014:1600;")
    assert "20251018:CLOSED;20251019:CLOSED" in liquid


def test_the_hours_of_an_option_end_with_it() -> None:
    wanted = Contract(symbol="AAPL", sec_type="OPT", last_trade_date="20251017")
    hours, _ = trading_hours(DATABASE.find(wanted)[0], ms(NEW_YORK, 2025, 10, 13, 12))
    assert hours.split(";")[-1] == "20251017:0930-20251017:1600"
    assert len(hours.split(";")) == 5


# --- expiries ---


def expiries(first: date, **wanted) -> set[str]:
    database = ContractDatabase(INSTRUMENTS, PRODUCTS, lambda: first)
    return {instrument.expiry for instrument in database.find(Contract(**wanted))}


@pytest.mark.parametrize(
    ("name", "expiry"),
    [
        ("ESZ5", "20251219"),
        ("ESM6", "20260618"),  # the third Friday is Juneteenth
        ("CLF6", "20251219"),  # three days before the one before Christmas
        ("CLZ5", "20251120"),
        ("GCZ5", "20251229"),
        ("ZNZ5", "20251219"),
        ("6EZ5", "20251215"),
    ],
)
def test_futures_end_on_the_business_day_of_their_exchange(name, expiry) -> None:
    assert DATABASE.by_name(name).expiry == expiry


def test_options_end_the_day_before_a_holiday() -> None:
    monthly = {"symbol": "AAPL", "sec_type": "OPT", "strike": 230, "right": "C"}
    assert {"20260618", "20260626", "20260702", "20260717"} <= (
        found := expiries(date(2026, 6, 15), **monthly)
    )
    assert not {"20260619", "20260703"} & found
    assert "20270325" not in found  # no third Friday
    assert all(is_business_day(date.fromisoformat(day)) for day in found)


def test_some_classes_have_options_for_every_day() -> None:
    today = date(2026, 6, 15)
    near = {f"202606{day}" for day in (15, 16, 17, 18, 22, 23, 24, 25, 26)}
    wanted = {"sec_type": "OPT", "right": "C"}
    assert near <= expiries(today, symbol="SPY", strike=590, **wanted)
    assert near <= expiries(today, symbol="SPX", trading_class="SPXW", strike=5900, **wanted)
    mornings = expiries(today, symbol="SPX", trading_class="SPX", strike=5900, **wanted)
    assert min(mornings) == "20260617"  # settles on the 18th
    assert "20260716" in mornings
    assert not {"20260618", "20260717"} & mornings


def test_an_option_on_futures_that_ends_early_keeps_the_name_of_its_friday() -> None:
    wanted = Contract(symbol="ES", sec_type="FOP", last_trade_date="20220414")
    database = ContractDatabase(INSTRUMENTS, PRODUCTS, lambda: date(2022, 4, 11))
    names = {instrument.local_symbol.split()[0] for instrument in database.find(wanted)}
    assert names == {"ESJ2"}  # Good Friday was the third Friday


# --- cost ---


def test_the_calendar_library_is_not_imported_for_usual_contracts_and_years() -> None:
    code = """
import asyncio, sys
from simulator import Simulator
from ib_insync import IB, Future, MarketOrder, Stock

async def main():
    async with Simulator(seed=7) as simulator:
        ib = IB()
        await ib.connectAsync(simulator.host, simulator.port, clientId=1)
        (contract,) = await ib.qualifyContractsAsync(Stock("AAPL", "SMART", "USD"))
        assert (await ib.reqContractDetailsAsync(Future("ES", exchange="CME")))[0].tradingHours
        trade = ib.placeOrder(contract, MarketOrder("BUY", 1))
        if not trade.isDone():
            await asyncio.wait_for(trade.filledEvent, 30)
        assert trade.orderStatus.status == "Filled"
        ib.disconnect()
        heavy = {"pandas", "exchange_calendars", "pyarrow"} & set(sys.modules)
        print("heavy:", sorted(heavy))

asyncio.run(main())
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert "heavy: []" in result.stdout.splitlines(), result.stdout + result.stderr


def test_the_table_of_days_is_what_the_library_says() -> None:
    """Red after an update of the library that knows better: write the table again."""
    assert calendar_table.table() == TABLE.read_text(encoding="utf-8"), calendar_table.__doc__


@pytest.mark.parametrize("calendar", CLOSES)
def test_days_of_the_table_are_those_of_the_library(calendar) -> None:
    days = [date(2019, 1, 1) + timedelta(days=n) for n in range(2200)]
    assert [session_day(calendar, day) for day in days] == [
        from_library(calendar, day) for day in days
    ]


def test_years_beyond_the_table_are_the_library_s() -> None:
    christmas = date(KNOWN_YEARS.stop, 12, 25)
    assert session_day("XNYS", christmas) is None
    assert session_day("XNYS", christmas - timedelta(days=7)) is not None
