"""Historical bars. Which bug turns these red: bars that disagree with each other or with the market."""

from datetime import UTC, datetime
from decimal import Decimal as D

import pytest

from simulator import World, WorldSettings
from simulator.gateway.quotes import Entitlement
from simulator.market import STEP_MS
from simulator.messages.connection import ErrorMessage
from simulator.messages.history import (
    CancelHistoricalData,
    HistoricalData,
    HistoricalDataEnd,
    HistoricalDataUpdate,
    HistoricalSchedule,
    RequestHistoricalData,
)
from simulator.messages.market_data import RequestMarketData, TickGeneric
from simulator.records import Contract

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
EURUSD = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
BTC = Contract(symbol="BTC", sec_type="CRYPTO", exchange="PAXOS", currency="USD")
BOND = Contract(symbol="US-T", sec_type="BOND", exchange="SMART", currency="USD")
FRIDAY = "20250613-15:00:00"


def ask(
    contract=AAPL,
    bar_size="1 min",
    duration="3600 S",
    what="TRADES",
    end=FRIDAY,
    id_=5,
    date_format=2,
    use_rth=False,
    keep=False,
) -> RequestHistoricalData:
    return RequestHistoricalData(
        id_, contract, False, end, bar_size, duration, use_rth, what, date_format, keep
    )


def bars_of(replies):
    return next(reply for reply in replies if isinstance(reply, HistoricalData)).bars


def error_of(replies) -> ErrorMessage:
    (error,) = replies
    assert isinstance(error, ErrorMessage)
    return error


def total(bars):
    """What the bar over these bars must be."""
    volume = sum(bar.volume for bar in bars)
    average = sum(bar.volume * bar.average for bar in bars) / volume
    return (
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        volume,
        sum(bar.count for bar in bars),
    ), average


def numbers(bar):
    return bar.open, bar.high, bar.low, bar.close, bar.volume, bar.count


# --- bars agree -------------------------------------------------------------


@pytest.mark.parametrize(
    ("small", "large", "parts"),
    [
        ("5 secs", "1 min", 12),
        ("30 secs", "2 mins", 4),
        ("1 min", "5 mins", 5),
        ("1 min", "1 hour", 60),
    ],
)
def test_a_bar_is_what_its_parts_are(client, small, large, parts) -> None:
    fine = bars_of(client.send(ask(bar_size=small)))
    coarse = bars_of(client.send(ask(bar_size=large)))
    assert len(fine) == parts * len(coarse)
    for index, bar in enumerate(coarse):
        members = fine[index * parts : (index + 1) * parts]
        expected, average = total(members)
        assert numbers(bar) == expected
        assert bar.date == members[0].date
        if small == "1 min":
            assert bar.average == pytest.approx(average, rel=D("0.001"))


def test_a_day_is_what_its_hours_are(client) -> None:
    hours = bars_of(client.send(ask(bar_size="1 hour", duration="1 D", end="20250614-00:00:00")))
    (day,) = bars_of(client.send(ask(bar_size="1 day", duration="1 D", end="20250614-00:00:00")))
    assert len(hours) == 24
    assert numbers(day) == total(hours)[0]
    assert day.date == "20250613"
    assert day.low < day.average < day.high


@pytest.mark.parametrize(
    ("size", "duration", "dates"),
    [("1 week", "3 W", 3), ("1W", "2 W", 2), ("1 month", "2 M", 3), ("1M", "1 Y", 13)],
)
def test_weeks_and_months_are_what_their_days_are(client, size, duration, dates) -> None:
    days = bars_of(client.send(ask(bar_size="1 day", duration=duration)))
    long = bars_of(client.send(ask(bar_size=size, duration=duration)))
    assert abs(len(long) - dates) <= 1
    assert sum(bar.volume for bar in days) == sum(bar.volume for bar in long)
    members = [day for day in days if long[0].date < day.date <= long[1].date]
    assert numbers(long[1]) == total(members)[0]


def test_bars_are_what_traded(client, world) -> None:
    tape = world.market.tape(world.instrument("AAPL"))
    (bar,) = bars_of(client.send(ask(bar_size="1 min", duration="60 S")))
    first = round(datetime(2025, 6, 13, 14, 59, tzinfo=UTC).timestamp()) * 1000 // STEP_MS
    trades = list(tape.trades(first, first + 60_000 // STEP_MS))
    prices = [tape.price(trade.ticks) for trade in trades]
    lots = sum(trade.lots for trade in trades)
    assert numbers(bar) == (
        prices[0],
        max(prices),
        min(prices),
        prices[-1],
        lots * tape.lot,
        len(trades),
    )


@pytest.mark.parametrize("size", ["5 secs", "1 min", "1 hour", "8 hours", "1 day", "1 week"])
def test_the_last_bar_ends_at_the_displayed_trade(client, world, size) -> None:
    world.advance(1234.5)
    quote = world.quote("AAPL")
    bars = bars_of(client.send(ask(bar_size=size, duration="1 D", end="")))
    assert bars[-1].close == quote.last


def test_the_daily_bar_in_progress_is_the_displayed_day(client, world) -> None:
    world.advance(777)
    quote = world.quote("AAPL")
    (bar,) = bars_of(client.send(ask(bar_size="1 day", duration="1 D", end="")))
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (
        quote.open,
        quote.high,
        quote.low,
        quote.last,
        quote.volume,
    )


@pytest.mark.parametrize("what", ["MIDPOINT", "BID", "ASK", "BID_ASK"])
def test_quotes_have_no_volume(client, what) -> None:
    bars = bars_of(client.send(ask(what=what)))
    assert {(bar.volume, bar.average, bar.count) for bar in bars} == {(-1, -1, -1)}


def test_quotes_agree_with_each_other(client) -> None:
    by = {what: bars_of(client.send(ask(what=what))) for what in ("BID", "ASK", "MIDPOINT")}
    both = bars_of(client.send(ask(what="BID_ASK")))
    for bid, ask_, middle, bar in zip(*by.values(), both, strict=True):
        assert middle.close * 2 == bid.close + ask_.close
        assert (bar.low, bar.high) == (bid.low, ask_.high)
        assert bid.low <= bar.open <= bid.high
        assert ask_.low <= bar.close <= ask_.high


@pytest.mark.parametrize(
    ("what", "generic", "tick", "back"),
    [("HISTORICAL_VOLATILITY", "104", 23, 2), ("OPTION_IMPLIED_VOLATILITY", "106", 24, 1)],
)
def test_volatility_is_what_the_ticks_tell(client, what, generic, tick, back) -> None:
    """The historical one is that of the days that are over, the implied one that of now."""
    bars = bars_of(client.send(ask(what=what, bar_size="1 day", duration="20 D", end="")))
    assert all(D("0.05") < bar.low <= bar.open <= bar.high < D("0.7") for bar in bars)
    replies = client.send(RequestMarketData(77, AAPL, generic, snapshot=False))
    (told,) = [r for r in replies if isinstance(r, TickGeneric) and r.tick_type == tick]
    assert bars[-back].close == told.value.quantize(D("0.000001"))


def test_fee_and_rebate_belong_together(client) -> None:
    (fee, rebate) = (
        bars_of(client.send(ask(what=what, bar_size="1 day", duration="5 D")))
        for what in ("FEE_RATE", "REBATE_RATE")
    )
    assert {f.close + r.close for f, r in zip(fee, rebate, strict=True)} == {D("4.33")}


def test_adjusted_last_is_last_without_splits(client) -> None:
    adjusted = client.send(ask(what="ADJUSTED_LAST", end="", bar_size="1 day", duration="5 D"))
    trades = client.send(ask(end="", bar_size="1 day", duration="5 D"))
    assert bars_of(adjusted) == bars_of(trades)


# --- periods ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "duration", "count"),
    [
        ("1 secs", "60 S", 60),
        ("10 secs", "60 S", 6),
        ("15 secs", "60 s", 4),
        ("3 mins", "1800", 10),
        ("10 mins", "3600 S", 6),
        ("15 mins", "3600 S", 4),
        ("20 mins", "3600 S", 3),
        ("30 mins", "1 D", 30),
        ("2 hours", "1 D", 8),
        ("3 hours", "2 D", 13),
        ("4 hours", "2 D", 10),
        ("8 hours", "3 D", 8),
        ("1 Day", "10 D", 10),
        ("1 day", "2 W", 14),
        ("1 day", "1 M", 31),
    ],
)
def test_a_period_has_its_number_of_bars(client, size, duration, count) -> None:
    bars = bars_of(client.send(ask(bar_size=size, duration=duration)))
    assert len(bars) == count
    assert [bar.date for bar in bars] == sorted({bar.date for bar in bars})


@pytest.mark.parametrize(
    "end",
    [
        "20250613-15:00:00",
        "20250613 11:00:00 US/Eastern",
        "20250613 11:00:00 America/New_York",
        "20250613 15:00:00 UTC",
    ],
)
def test_an_end_is_understood_in_all_its_forms(client, end) -> None:
    assert client.send(ask(end=end)) == client.send(ask())


def test_an_end_without_a_zone_is_utc_and_deprecated(client) -> None:
    notice, data = client.send(ask(end="20250613 15:00:00"))
    assert (notice.id, notice.code) == (5, 2174)
    assert [data] == client.send(ask())
    time_only = client.send(ask(end="13:00:00"))
    assert bars_of(time_only) == bars_of(client.send(ask(end="20250616-13:00:00")))


def test_an_end_to_come_is_now(client) -> None:
    assert bars_of(client.send(ask(end="20260101-00:00:00"))) == bars_of(client.send(ask(end="")))


# --- texts ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date_format", "size", "date"),
    [
        (1, "1 hour", "20250613 10:00:00 US/Eastern"),
        (2, "1 hour", "1749823200"),
        (3, "1 hour", "0613 10:00:00 US/Eastern"),
        (1, "1 day", "20250613"),
        (2, "1 day", "20250613"),
        (3, "1 day", "20250613"),
    ],
)
def test_dates_are_spelled_as_asked(client, date_format, size, date) -> None:
    assert bars_of(client.send(ask(bar_size=size, date_format=date_format)))[-1].date == date


def test_each_version_gets_its_own_frames(join, monkeypatch) -> None:
    """From 196 on is for the day when a gateway of that version is offered."""
    monkeypatch.setattr("simulator.session.MAX_VERSION", 200)
    world = World(WorldSettings(seed=7, clock="manual", server_version=200))
    old = join(1, 157, world).send(ask(date_format=1))[0]
    assert (old.bars[0].date, old.start) == ("20250613  14:00:00", "20250613  14:00:00")
    assert old.end == "20250613  15:00:00"
    middle = join(2, 195, world).send(ask(date_format=1))
    assert (middle[0].start, len(middle)) == ("20250613 10:00:00 US/Eastern", 1)
    data, end = join(3, 196, world).send(ask(date_format=1))
    assert (data.start, data.bars[0]) == ("", middle[0].bars[0])
    start_and_end = "20250613 10:00:00 US/Eastern", "20250613 11:00:00 US/Eastern"
    assert end == HistoricalDataEnd(5, *start_and_end)


def test_an_average_has_a_digit_more_than_a_price(client) -> None:
    assert all(bar.average.as_tuple().exponent >= -3 for bar in bars_of(client.send(ask())))


# --- refusals ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"end": "yesterday"}, 10314, "End Date/Time: The date, time, or time-zone"),
        ({"end": "20250631-10:00:00"}, 10314, "The correct format is yyyymmdd hh:mm:ss xx/xxxx"),
        ({"end": "20250613 10:00:00 Mars/Base"}, 10314, "End Date/Time"),
        ({"end": "20250613-10:00:00 UTC"}, 10314, "End Date/Time"),
        ({"duration": ""}, 321, "Historical data request duration not specified."),
        ({"duration": "5 Q"}, 321, "duration format is integer{SPACE}unit (S|D|W|M|Y)."),
        ({"duration": "0 D"}, 321, "Historical data requested duration is invalid."),
        ({"duration": "10 S"}, 321, "Historical data requested duration is invalid."),
        ({"duration": "86401 S"}, 321, "greater than 86400 seconds rejected."),
        ({"duration": "366 D"}, 321, "longer than 365 days must be made in years."),
        ({"duration": "53 W"}, 321, "longer than 52 weeks must be made in years."),
        ({"duration": "13 M"}, 321, "longer than 12 months must be made in years."),
        ({"bar_size": "1 sec"}, 321, "bar size setting is invalid. Legal ones are: 1 secs, 5 secs"),
        ({"bar_size": "7 mins"}, 321, "8 hours, 1 day, 1W, 1M"),
        ({"what": "LAST"}, 321, "What to show value of LAST rejected."),
        ({"date_format": 4}, 321, "Date formatting selection of 4 rejected."),
        ({"what": "ADJUSTED_LAST"}, 321, "End date not supported with adjusted last"),
        (
            {"what": "ADJUSTED_LAST", "end": "", "bar_size": "1W", "duration": "5 W"},
            321,
            "Multi day bar size not supported with adjusted last",
        ),
        ({"keep": True}, 321, "End date not supported with live updates"),
        (
            {"keep": True, "end": "", "what": "BID_ASK"},
            321,
            "Source price not supported with live updates",
        ),
        ({"what": "SCHEDULE"}, 10295, "Only daily resolution supported for Schedule requests"),
        ({"bar_size": "1 secs", "duration": "2001 S"}, 162, "invalid step: 1"),
        ({"bar_size": "1 secs", "duration": "1 D"}, 162, "invalid step: 1"),
        ({"bar_size": "5 mins", "duration": "1 Y"}, 162, "invalid step: 300"),
        (
            {"contract": EURUSD},
            162,
            "error message:No historical market data for EUR/CASH@FXSUBPIP Last 60",
        ),
        ({"what": "YIELD_BID"}, 162, "No historical market data for AAPL/STK@BEST BidYield 60"),
        (
            {"end": "19800101-00:00:00", "what": "BID"},
            162,
            "error message:HMDS query returned no data: AAPL@SMART Bid",
        ),
        (
            {"end": "20241001-00:00:00", "bar_size": "30 secs"},
            162,
            "HMDS query returned no data: AAPL@SMART Trades",
        ),
        ({"contract": Contract(symbol="NOSUCH", sec_type="STK")}, 200, "No security definition"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_its_reason(client, change, code, text) -> None:
    error = error_of(client.send(ask(**change)))
    assert (error.id, error.code) == (5, code)
    assert text in error.text


@pytest.mark.parametrize("entitlement", [Entitlement.NONE, Entitlement.DELAYED])
def test_there_is_no_history_without_live_data(client, world, entitlement) -> None:
    world.entitle("AAPL", entitlement)
    error = error_of(client.send(ask()))
    assert (error.code, error.text) == (
        162,
        "Historical Market Data Service error message:No market data permissions for NASDAQ STK",
    )


def test_crypto_has_aggregated_trades_and_says_so(client) -> None:
    assert len(bars_of(client.send(ask(BTC, what="AGGTRADES")))) == 60
    notice, data = client.send(ask(BTC))
    assert notice.code == 10299
    assert notice.text == "Expected what to show is AGGTRADES, please use that instead of TRADES."
    assert len(data.bars) == 60
    assert client.send(ask(what="AGGTRADES"))[0].code == 10299


def test_cancelling_what_is_done_finds_nothing(client) -> None:
    client.send(ask())
    error = error_of(client.send(CancelHistoricalData(5)))
    assert (error.code, error.text) == (366, "No historical data query found for ticker id:5")


# --- pacing -----------------------------------------------------------------


@pytest.fixture
def paced(join):
    return join(world=World(WorldSettings(seed=7, clock="manual", historical_pacing=True)))


def codes(client, requests) -> list[int]:
    return [
        reply.code if isinstance(reply, ErrorMessage) else 0
        for request in requests
        for reply in client.send(request)
    ]


def small(n: int, **change) -> RequestHistoricalData:
    end = f"20250613-{10 + n // 60}:{n % 60:02}:00"
    return ask(bar_size="5 secs", duration="60 S", end=end, id_=n, **change)


def test_identical_small_bars_have_to_wait(paced) -> None:
    assert codes(paced, [small(1), small(1), small(2)]) == [0, 162, 0]
    paced.world.advance(14)
    assert "pacing violation" in paced.send(small(1))[0].text
    paced.world.advance(1)
    assert codes(paced, [small(1)]) == [0]


def test_the_sixth_of_a_kind_in_two_seconds_is_too_much(paced) -> None:
    assert codes(paced, map(small, range(6))) == [0] * 5 + [162]
    assert codes(paced, [small(6, what="BID")]) == [0]


def test_sixty_in_ten_minutes_are_enough(paced) -> None:
    for n in range(58):
        paced.world.advance(1)
        assert codes(paced, [small(n)]) == [0]
    paced.world.advance(1)
    assert codes(paced, [small(58, what="BID_ASK"), small(59)]) == [0, 162]
    assert codes(paced, [ask()]) == [0], "bars of a minute have no such limit"


def test_there_is_no_pacing_unless_it_is_asked_for(client) -> None:
    assert codes(client, [small(1)] * 70) == [0] * 70


# --- kept up to date --------------------------------------------------------


def test_updates_leave_the_client_with_the_bars_of_a_newcomer(client, world) -> None:
    world.advance(3)
    kept = ask(bar_size="5 secs", duration="60 S", end="", keep=True)
    bars = {bar.date: bar for bar in bars_of(client.send(kept))}
    first = min(bars)
    for _ in range(4):
        world.advance(5)
        for update in client.read():
            assert isinstance(update, HistoricalDataUpdate)
            bars[update.date] = update
    world.advance(2)
    again = bars_of(client.send(ask(bar_size="5 secs", duration="90 S", end="", id_=6)))
    again = {bar.date: numbers(bar) for bar in again[:-2] if bar.date >= first}
    known = {
        date: (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.count)
        for date, bar in bars.items()
    }
    assert {date: known[date] for date in again} == again


def test_updates_come_every_five_seconds_until_they_are_cancelled(client, world) -> None:
    client.send(ask(bar_size="1 hour", duration="1 D", end="", keep=True, date_format=1))
    for _ in range(3):
        world.advance(5)
        (update,) = client.read()
        assert update.date == "20250616 10:00:00 US/Eastern"
        assert update.close == world.quote("AAPL").last
    error = error_of(client.send(CancelHistoricalData(5)))
    assert error.text.endswith("API historical data query cancelled: 5")
    world.advance(20)
    assert client.read() == []


def test_a_week_in_progress_grows(client, world) -> None:
    """Sunday belongs to the week before, so Monday's bar is the first of its week."""
    world.advance(86_400)
    first = bars_of(client.send(ask(bar_size="1W", duration="2 W", end="", keep=True)))[-1]
    for _ in range(2):
        world.advance(5)
        (update,) = client.read()
        assert (update.open, update.date) == (first.open, first.date)
        assert update.volume >= first.volume


def test_a_query_in_use_has_no_double(client) -> None:
    kept = ask(duration="60 S", end="", keep=True)
    client.send(kept)
    error = error_of(client.send(kept))
    assert (error.code, error.text.partition("cause - ")[2]) == (
        322,
        "Duplicate ticker ID for API historical data query",
    )


def test_fifty_queries_are_the_most(client) -> None:
    for n in range(50):
        client.send(ask(duration="60 S", end="", keep=True, id_=n))
    error = error_of(client.send(ask(duration="60 S", end="", keep=True, id_=50)))
    assert (error.code, "Only 50 simultaneous" in error.text) == (322, True)


def test_updates_leave_with_their_client(join, world) -> None:
    client = join(1)
    client.send(ask(duration="60 S", end="", keep=True))
    world.disconnect(client.connection)
    world.advance(10)
    assert world.gateway.due_ms is None


def test_a_quote_set_by_hand_is_in_the_bar_in_progress_only(client, world) -> None:
    world.advance(90)
    before = bars_of(client.send(ask(end="", duration="180 S")))
    world.set_quote("AAPL", bid=D(99), ask=D(101), last=D(100))
    after = bars_of(client.send(ask(end="", duration="180 S")))
    assert after[:-1] == before[:-1]
    assert (after[-1].close, after[-1].low, after[-1].high) == (100, 100, before[-1].high)
    bid = bars_of(client.send(ask(end="", duration="180 S", what="BID")))
    assert (bid[-1].close, bid[-1].low) == (99, 99)
    both = bars_of(client.send(ask(end="", duration="180 S", what="BID_ASK")))
    assert both[-1].low == 99
    past = client.send(ask())
    world.release_quote("AAPL")
    assert client.send(ask()) == past


# --- schedules --------------------------------------------------------------


def test_a_schedule_tells_the_sessions(client) -> None:
    days = {"bar_size": "1 day", "duration": "3 D", "end": ""}
    (schedule,) = client.send(ask(what="SCHEDULE", **days))
    assert isinstance(schedule, HistoricalSchedule)
    assert schedule.time_zone == "US/Eastern"
    assert [session.reference_date for session in schedule.sessions] == [
        "20250614",
        "20250615",
        "20250616",
    ]
    assert (schedule.start, schedule.end) == ("20250614-00:00:00", "20250617-00:00:00")


# --- with the calendar of the exchange --------------------------------------


@pytest.fixture
def trading(join):
    return join(world=World(WorldSettings(seed=7, clock="manual", calendar=True)))


def test_regular_hours_begin_at_half_past_nine(trading) -> None:
    """The cut of the first bar is that of a captured answer."""
    hours = {"bar_size": "1 hour", "duration": "1 D", "date_format": 1}
    end = "20250614-00:00:00"
    regular = bars_of(trading.send(ask(end=end, use_rth=True, **hours)))
    assert [bar.date[9:17] for bar in regular] == [
        "09:30:00",
        *(f"{hour}:00:00" for hour in range(10, 16)),
    ]
    assert {bar.date[18:] for bar in regular} == {"US/Eastern"}
    whole = bars_of(trading.send(ask(end=end, **hours)))
    assert [bar.date[9:14] for bar in whole] == [f"{hour:02}:00" for hour in range(4, 20)]


def test_days_are_sessions_with_what_traded_in_them(trading) -> None:
    size = {"use_rth": True, "end": "20250614-00:00:00"}
    days = bars_of(trading.send(ask(bar_size="1 day", duration="5 D", **size)))
    assert [bar.date for bar in days] == [f"202506{day:02}" for day in (9, 10, 11, 12, 13)]
    minutes = bars_of(trading.send(ask(bar_size="1 min", duration="1 D", **size)))
    assert len(minutes) == 390
    assert numbers(days[-1]) == total(minutes)[0]


def test_seconds_are_seconds_of_trading(trading) -> None:
    bars = bars_of(
        trading.send(ask(duration="600 S", end="20250616-13:35:00", use_rth=True, date_format=1))
    )
    assert [bar.date[:14] for bar in bars] == [
        *(f"20250613 15:{minute}" for minute in range(55, 60)),
        *(f"20250616 09:{minute}" for minute in range(30, 35)),
    ]


def test_a_week_is_dated_by_its_last_session(trading) -> None:
    """Good Friday, 2025-04-18, was a holiday."""
    bars = bars_of(
        trading.send(ask(bar_size="1W", duration="3 W", use_rth=True, end="20250426-00:00:00"))
    )
    assert [bar.date for bar in bars] == ["20250411", "20250417", "20250425"]


def test_a_schedule_has_the_sessions_of_the_exchange(trading) -> None:
    """The form of a captured schedule; 2025-05-26 was Memorial Day."""
    days = {"bar_size": "1 day", "duration": "3 D", "end": "20250528-00:00:00"}
    (schedule,) = trading.send(ask(what="SCHEDULE", use_rth=True, **days))
    assert [session.reference_date for session in schedule.sessions] == [
        "20250522",
        "20250523",
        "20250527",
    ]
    assert (schedule.start, schedule.end) == ("20250522-09:30:00", "20250527-16:00:00")


def test_updates_stop_after_the_session_and_go_on_in_the_next(trading) -> None:
    world = trading.world
    world.advance(6 * 3600 - 600)
    trading.send(
        ask(bar_size="5 mins", duration="1 D", end="", keep=True, use_rth=True, date_format=1)
    )
    world.advance(1200)
    last = trading.read()[-1]
    assert last.date == "20250616 15:55:00 US/Eastern"
    world.advance(17.5 * 3600 - 600)
    assert trading.read()[-1].date == "20250617 09:30:00 US/Eastern"
