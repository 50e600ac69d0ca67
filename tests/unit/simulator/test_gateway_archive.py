"""Head timestamps, histograms and ticks. Which bug turns these red: ticks that are not those of bars."""

from decimal import Decimal as D
from itertools import pairwise

import pytest

from simulator import World, WorldSettings
from simulator.gateway.quotes import Entitlement
from simulator.messages.connection import ErrorMessage
from simulator.messages.history import (
    CancelHeadTimestamp,
    CancelHistogramData,
    HeadTimestamp,
    HistogramData,
    HistoricalData,
    HistoricalTicks,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    RequestHeadTimestamp,
    RequestHistogramData,
    RequestHistoricalData,
    RequestHistoricalTicks,
)
from simulator.records import Contract

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
EURUSD = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
NOBODY = Contract(symbol="NOSUCH", sec_type="STK", exchange="SMART")
MINUTE_S = 1749826740  # 2025-06-13 14:59:00 UTC


def ticks(
    what="TRADES",
    start="",
    end="20250613-15:00:00",
    count=50,
    contract=AAPL,
    ignore=False,
) -> RequestHistoricalTicks:
    return RequestHistoricalTicks(5, contract, False, start, end, count, what, False, ignore)


def head(what="TRADES", contract=AAPL, date_format=1) -> RequestHeadTimestamp:
    return RequestHeadTimestamp(5, contract, False, True, what, date_format)


def histogram(length="1 day", contract=AAPL) -> RequestHistogramData:
    return RequestHistogramData(5, contract, False, False, length)


def bars(client, size, duration, end="20250613-15:00:00"):
    request = RequestHistoricalData(
        6, AAPL, False, end, size, duration, False, "TRADES", 2, keep_up_to_date=False
    )
    (data,) = client.send(request)
    assert isinstance(data, HistoricalData)
    return data.bars


def error_of(replies) -> ErrorMessage:
    (error,) = replies
    assert isinstance(error, ErrorMessage)
    return error


# --- ticks ------------------------------------------------------------------


def test_the_trades_of_a_minute_are_its_bar(client) -> None:
    (bar,) = bars(client, "1 min", "60 S")
    (answer,) = client.send(ticks(count=bar.count))
    assert isinstance(answer, HistoricalTicksLast)
    assert answer.done
    prices = [tick.price for tick in answer.ticks]
    assert (prices[0], max(prices), min(prices), prices[-1]) == (
        bar.open,
        bar.high,
        bar.low,
        bar.close,
    )
    assert sum(tick.size for tick in answer.ticks) == bar.volume
    assert {tick.exchange for tick in answer.ticks} == {"NASDAQ"}
    assert answer.ticks[0].time_s == MINUTE_S


def test_from_the_start_and_to_the_end_are_the_same_ticks(client) -> None:
    (bar,) = bars(client, "1 min", "60 S")
    (forward,) = client.send(ticks(start="20250613-14:59:00", end="", count=bar.count))
    (backward,) = client.send(ticks(count=bar.count))
    assert set(backward.ticks) <= set(forward.ticks)
    assert forward.ticks[0] == backward.ticks[0]
    (both,) = client.send(ticks(start="20250613-14:59:00", count=1000))
    assert both.ticks == backward.ticks


@pytest.mark.parametrize("what", ["TRADES", "BID_ASK", "MIDPOINT"])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 33])
def test_a_second_is_delivered_whole(client, what, count) -> None:
    (many,) = client.send(ticks(what, start="20250613-14:00:00", end="", count=200))
    (few,) = client.send(ticks(what, start="20250613-14:00:00", end="", count=count))
    last = many.ticks[count - 1].time_s
    assert few.ticks == tuple(tick for tick in many.ticks if tick.time_s <= last)
    (many,) = client.send(ticks(what, count=200))
    (few,) = client.send(ticks(what, count=count))
    first = many.ticks[-count].time_s
    assert few.ticks == tuple(tick for tick in many.ticks if tick.time_s >= first)


def test_quotes_change_from_tick_to_tick(client) -> None:
    (answer,) = client.send(ticks("BID_ASK", count=300))
    assert isinstance(answer, HistoricalTicksBidAsk)
    shown = [(t.bid, t.ask, t.bid_size, t.ask_size) for t in answer.ticks]
    assert all(a != b for a, b in pairwise(shown))
    assert all(t.bid < t.ask and t.bid_size > 0 for t in answer.ticks)
    (prices_only,) = client.send(ticks("BID_ASK", count=300, ignore=True))
    shown = [(t.bid, t.ask) for t in prices_only.ticks]
    assert all(a != b for a, b in pairwise(shown))


def test_middles_are_those_of_the_quotes(client) -> None:
    (quotes,) = client.send(ticks("BID_ASK", count=100, ignore=True))
    (middles,) = client.send(ticks("MIDPOINT", count=100))
    assert isinstance(middles, HistoricalTicks)
    assert [tick.price * 2 for tick in middles.ticks] == [t.bid + t.ask for t in quotes.ticks]


def test_trades_of_a_currency_pair_come_as_middles(client) -> None:
    (answer,) = client.send(ticks(contract=EURUSD))
    assert isinstance(answer, HistoricalTicks)
    assert len(answer.ticks) >= 50


def test_a_thousand_ticks_are_the_most(client) -> None:
    (answer,) = client.send(ticks(count=5000))
    assert 1000 <= len(answer.ticks) < 1010


def test_ticks_end_now(client, world) -> None:
    world.advance(100)
    (answer,) = client.send(ticks(end="20300101-00:00:00"))
    assert answer.ticks[-1].price == world.quote("AAPL").last
    (answer,) = client.send(ticks(start="20300101-00:00:00", end=""))
    assert (answer.ticks, answer.done) == ((), True)


def test_a_moment_without_a_zone_is_deprecated(client) -> None:
    notice, answer = client.send(ticks(end="20250613 15:00:00"))
    assert notice.code == 2174
    assert [answer] == client.send(ticks())


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"count": 0}, 321, "Number of ticks must be > 0"),
        ({"what": "LAST"}, 321, "Invalid source price"),
        ({"end": ""}, 10187, "2 out of startTime/endTime/timeLength parameters"),
        ({"start": "now"}, 10314, "Start Date/Time: The date, time, or time-zone"),
        ({"end": "now"}, 10314, "End Date/Time: The date, time, or time-zone"),
        ({"contract": NOBODY}, 200, "No security definition"),
    ],
)
def test_ticks_that_cannot_be_given_are_refused(client, change, code, text) -> None:
    error = error_of(client.send(ticks(**change)))
    assert (error.id, error.code, text in error.text) == (5, code, True)


# --- head timestamps --------------------------------------------------------


def test_data_begins_at_the_head_timestamp(client) -> None:
    (answer,) = client.send(head())
    assert isinstance(answer, HeadTimestamp)
    first = bars(client, "1 day", "20 Y", end="")[0]
    assert answer.timestamp[:8] == first.date
    assert answer.timestamp[8:] == "-00:00:00"
    assert client.send(head()) == [answer]
    (seconds,) = client.send(head(date_format=2))
    assert 1_100_000_000 < int(seconds.timestamp) < 1_500_000_000


def test_heads_differ_and_come_before_the_expiry(client) -> None:
    assert client.send(head()) != client.send(head("MIDPOINT", EURUSD))
    future = Contract(symbol="ES", sec_type="FUT", exchange="CME", last_trade_date="202509")
    (answer,) = client.send(head(contract=future))
    assert "20240" < answer.timestamp < "20250"


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"what": "X"}, 321, "What to show value of X rejected."),
        ({"contract": EURUSD}, 162, "error message:No head time stamp"),
        ({"contract": NOBODY}, 200, "No security definition"),
    ],
)
def test_no_head_where_there_is_no_data(client, change, code, text) -> None:
    error = error_of(client.send(head(**change)))
    assert (error.code, text in error.text) == (code, True)


# --- histograms -------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "size", "duration"),
    [
        ("1 day", "1 min", "1 D"),
        ("3 days", "1 hour", "3 D"),
        ("3 weeks", "1 day", "3 W"),
    ],
)
def test_a_histogram_holds_all_that_traded(client, length, size, duration) -> None:
    (answer,) = client.send(histogram(length))
    assert isinstance(answer, HistogramData)
    period = bars(client, size, duration, end="")
    assert sum(point.size for point in answer.points) == sum(bar.volume for bar in period)
    prices = [point.price for point in answer.points]
    assert prices == sorted(prices)
    assert min(bar.low for bar in period) - D("0.05") <= prices[0]
    assert prices[-1] <= max(bar.high for bar in period)


def test_a_long_histogram_is_bounded(client) -> None:
    (answer,) = client.send(histogram("1 year"))
    assert 100 < len(answer.points) <= 1001


@pytest.mark.parametrize("length", ["", "1", "two days", "1 fortnight", "0 days", "400 days"])
def test_a_period_that_is_none_is_refused(client, length) -> None:
    assert error_of(client.send(histogram(length))).code == 321


def test_cancels_are_silent(client) -> None:
    assert client.send(CancelHistogramData(5), CancelHeadTimestamp(5)) == []


# --- permissions and pacing -------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "code"), [(ticks(), 10187), (head(), 162), (histogram(), 162)]
)
def test_there_is_no_past_without_live_data(client, world, request_, code) -> None:
    world.entitle("AAPL", Entitlement.NONE)
    error = error_of(client.send(request_))
    assert error.code == code
    assert "No market data permissions for NASDAQ STK" in error.text


def test_ticks_and_heads_are_paced_like_small_bars(join) -> None:
    client = join(world=World(WorldSettings(seed=7, clock="manual", historical_pacing=True)))
    assert [len(client.send(request)) for request in (ticks(), head())] == [1, 1]
    for request in (ticks(), head()):
        error = error_of(client.send(request))
        assert (error.code, "pacing violation" in error.text) == (162, True)
    client.world.advance(15)
    assert isinstance(client.send(ticks())[0], HistoricalTicksLast)
