"""Real-time bars and tick-by-tick data. Which bug turns these red: a stream that is not its history."""

from decimal import Decimal as D

import pytest

from simulator import World, WorldSettings
from simulator.gateway.quotes import Entitlement
from simulator.messages.connection import ErrorMessage
from simulator.messages.history import (
    CancelRealTimeBars,
    CancelTickByTickData,
    HistoricalData,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    RealTimeBar,
    RequestHistoricalData,
    RequestHistoricalTicks,
    RequestRealTimeBars,
    RequestTickByTickData,
    TickByTick,
)
from simulator.records import Contract

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
MSFT = Contract(symbol="MSFT", sec_type="STK", exchange="SMART", currency="USD")
EURUSD = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
NOBODY = Contract(symbol="NOSUCH", sec_type="STK", exchange="SMART")
START_S = 1750082400  # 2025-06-16 14:00:00 UTC
DUPLICATE = "Error processing request.-'bX' : cause - Duplicate ticker id"


def bars(what="TRADES", contract=AAPL, id_=5) -> RequestRealTimeBars:
    return RequestRealTimeBars(id_, contract, 5, what, False)


def ticks(tick_type="Last", contract=AAPL, id_=6, past=0, ignore=False) -> RequestTickByTickData:
    return RequestTickByTickData(id_, contract, tick_type, past, ignore)


def error_of(replies) -> ErrorMessage:
    (error,) = replies
    assert isinstance(error, ErrorMessage)
    return error


# --- real-time bars ---------------------------------------------------------


@pytest.mark.parametrize("what", ["TRADES", "BID", "ASK", "MIDPOINT"])
def test_real_time_bars_are_the_historical_ones(client, world, what) -> None:
    world.advance(3)
    assert client.send(bars(what)) == []
    world.advance(17)
    live = client.read()
    assert [bar.time_s - START_S for bar in live] == [0, 5, 10, 15]
    (data,) = client.send(
        RequestHistoricalData(7, AAPL, False, "20250616-14:00:20", "5 secs", "30 S", False, what, 2)
    )
    assert isinstance(data, HistoricalData)
    past = [
        (int(b.date), b.open, b.high, b.low, b.close, b.volume, b.average, b.count)
        for b in data.bars[2:]
    ]
    assert past == [
        (b.time_s, b.open, b.high, b.low, b.close, b.volume, b.average, b.count) for b in live
    ]


def test_bars_end_with_their_cancel_or_client(join, world) -> None:
    client = join(1)
    client.send(bars(), bars(id_=6))
    assert client.send(CancelRealTimeBars(5)) == []
    world.advance(5)
    assert [bar.req_id for bar in client.read()] == [6]
    error = error_of(client.send(CancelRealTimeBars(5)))
    assert (error.code, error.text) == (300, "Can't find EId with tickerId:5")
    world.disconnect(client.connection)
    world.advance(5)
    assert world.gateway.due_ms is None


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"what": "BID_ASK"}, 321, "What to show field is missing or incorrect."),
        ({"contract": NOBODY}, 200, "No security definition"),
        (
            {"contract": EURUSD},
            420,
            "Invalid Real-time Query:No historical market data for EUR/CASH@FXSUBPIP Last 5",
        ),
    ],
)
def test_bars_that_cannot_be_given_are_refused(client, change, code, text) -> None:
    error = error_of(client.send(bars(**change)))
    assert (error.id, error.code, text in error.text) == (5, code, True)


def test_a_bar_stream_has_no_double(client) -> None:
    client.send(bars())
    assert error_of(client.send(bars())).text == DUPLICATE


def test_bars_need_permission(client, world) -> None:
    world.entitle("AAPL", Entitlement.DELAYED)
    error = error_of(client.send(bars()))
    assert error.code == 420
    assert error.text.startswith(
        "Invalid Real-time Query:No market data permissions for NASDAQ STK. Requested"
    )


def test_a_bar_of_a_quote_set_by_hand_is_flat(client, world) -> None:
    client.send(bars(), bars("BID", id_=6))
    world.advance(2)
    world.set_quote("AAPL", bid=D(99), ask=D(101), last=D(100))
    world.advance(3)
    mixed, mixed_bid = client.read()
    assert (mixed.close, mixed.low, mixed.high > 100) == (100, 100, True)
    assert mixed_bid.close == 99
    world.advance(5)
    flat, flat_bid = client.read()
    assert {flat.open, flat.high, flat.low, flat.close, flat.average} == {D(100)}
    assert (flat.volume, flat.count) == (0, 0)
    assert (flat_bid.open, flat_bid.close, flat_bid.volume) == (99, 99, -1)


# --- tick by tick -----------------------------------------------------------


def test_live_trades_are_the_past_ones_and_make_up_the_bars(client, world) -> None:
    client.send(ticks(), bars())
    world.advance(60)
    replies = client.read()
    live = [r for r in replies if isinstance(r, TickByTick)]
    five = [r for r in replies if isinstance(r, RealTimeBar)]
    (past,) = client.send(
        RequestHistoricalTicks(
            8, AAPL, False, "20250616-14:00:00", "20250616-14:01:00", 1000, "TRADES", False, False
        )
    )
    assert isinstance(past, HistoricalTicksLast)
    shown = [(t.time_s, t.price, t.size, t.exchange) for t in live if t.time_s < START_S + 60]
    before_request = 1  # the trade of the very first step was displayed already
    assert shown == [(t.time_s, t.price, t.size, t.exchange) for t in past.ticks][before_request:]
    for bar in five[1:]:
        of_bar = [t for t in live if bar.time_s <= t.time_s < bar.time_s + 5]
        assert sum(t.size for t in of_bar) == bar.volume
        assert len(of_bar) == bar.count
        assert of_bar[-1].price == bar.close


@pytest.mark.parametrize(("tick_type", "number"), [("Last", 1), ("AllLast", 2)])
def test_a_tick_says_of_which_type_it_is(client, world, tick_type, number) -> None:
    client.send(ticks(tick_type))
    world.advance(5)
    assert {tick.tick_type for tick in client.read()} == {number}


@pytest.mark.parametrize("ignore", [False, True])
def test_live_quotes_are_the_past_ones(client, world, ignore) -> None:
    client.send(ticks("BidAsk", ignore=ignore))
    world.advance(30)
    live = client.read()
    assert {tick.tick_type for tick in live} == {3}
    (past,) = client.send(
        RequestHistoricalTicks(
            8, AAPL, False, "20250616-14:00:01", "20250616-14:00:30", 1000, "BID_ASK", False, ignore
        )
    )
    assert isinstance(past, HistoricalTicksBidAsk)
    assert [(t.time_s, t.bid, t.ask, t.bid_size, t.ask_size) for t in past.ticks] == [
        (t.time_s, t.bid, t.ask, t.bid_size, t.ask_size)
        for t in live
        if START_S < t.time_s < START_S + 30
    ]


def test_a_middle_is_between_the_quotes(client, world) -> None:
    client.send(ticks("MidPoint", EURUSD))
    world.advance(60)
    *_, last = client.read()
    quote = world.quote("EUR.USD")
    assert (last.tick_type, last.middle * 2) == (4, quote.bid + quote.ask)


def test_the_past_comes_first_if_wanted(client, world) -> None:
    world.advance(7.25)
    (past,) = client.send(ticks(past=10))
    assert isinstance(past, HistoricalTicksLast)
    assert past.done
    assert 10 <= len(past.ticks) < 20
    assert past.ticks[-1].price == world.quote("AAPL").last
    (quotes,) = client.send(ticks("BidAsk", id_=7, past=10))
    assert isinstance(quotes, HistoricalTicksBidAsk)
    world.advance(20)
    live = [tick for tick in client.read() if tick.req_id == 6]
    (all_,) = client.send(
        RequestHistoricalTicks(8, AAPL, False, "", "20250616-14:00:27", 30, "TRADES", False, False)
    )
    known = [(t.time_s, t.price, t.size) for t in (*past.ticks, *live)]
    complete = [t for t in known if t[0] < START_S + 27]
    in_history = [(t.time_s, t.price, t.size) for t in all_.ticks]
    shared = min(len(complete), len(in_history))
    assert shared >= 10
    assert complete[-shared:] == in_history[-shared:]


def test_a_quote_set_by_hand_is_the_only_tick_until_it_is_released(client, world) -> None:
    client.send(ticks(), ticks("BidAsk", id_=7), ticks("MidPoint", id_=8))
    world.set_quote("AAPL", bid=D(99), ask=D(101), last=D("100.5"))
    trade, quote, middle = client.read()
    assert (trade.price, trade.time_s) == (D("100.5"), START_S)
    assert (quote.bid, quote.ask, middle.middle) == (99, 101, 100)
    world.set_quote("AAPL", bid=None, ask=D(101), last=D(101))
    assert [tick.req_id for tick in client.read()] == [6]
    world.advance(30)
    assert client.read() == []
    world.release_quote("AAPL")
    quote, _ = client.read()
    assert (quote.req_id, quote.bid) == (7, world.quote("AAPL").bid)
    world.advance(30)
    assert all(tick.time_s >= START_S + 30 for tick in client.read() if tick.req_id == 6)


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"tick_type": "Bid"}, 321, "Invalid tick type: Bid"),
        ({"contract": NOBODY}, 200, "No security definition"),
        ({"contract": EURUSD}, 10189, "Failed to request tick-by-tick data."),
    ],
)
def test_ticks_that_cannot_be_streamed_are_refused(client, change, code, text) -> None:
    error = error_of(client.send(ticks(**change)))
    assert (error.id, error.code, text in error.text) == (6, code, True)


def test_five_percent_of_the_lines_are_for_ticks(join) -> None:
    one, two = join(1), join(2)
    assert one.send(*(ticks(id_=n) for n in range(3))) == []
    assert two.send(*(ticks(id_=n) for n in range(2))) == []
    error = error_of(two.send(ticks(id_=9)))
    assert error.text == "Max number of tick-by-tick requests has been reached."
    assert one.send(CancelTickByTickData(0)) == []
    assert two.send(ticks(id_=9)) == []


def test_a_tick_stream_has_no_double_and_no_second_cancel(client) -> None:
    client.send(ticks())
    assert error_of(client.send(ticks())).text == DUPLICATE
    assert client.send(CancelTickByTickData(6)) == []
    assert error_of(client.send(CancelTickByTickData(6))).code == 300


@pytest.mark.parametrize(("tick_type", "code"), [("Last", 10189), ("BidAsk", 10089)])
def test_ticks_need_permission(client, world, tick_type, code) -> None:
    world.entitle("AAPL", Entitlement.NONE)
    assert error_of(client.send(ticks(tick_type))).code == code


def test_streams_leave_with_their_client(join, world) -> None:
    client = join(1)
    client.send(ticks())
    world.disconnect(client.connection)
    world.advance(1)
    assert world.gateway.due_ms is None


def test_streams_are_paced_if_wanted(join) -> None:
    client = join(world=World(WorldSettings(seed=7, clock="manual", historical_pacing=True)))
    assert client.send(ticks()) == []
    assert error_of(client.send(ticks(id_=7))).code == 420
    assert client.send(ticks(contract=MSFT, id_=7)) == []
    client.send(CancelTickByTickData(6), CancelTickByTickData(7))
    for _ in range(60):
        assert client.send(bars(), CancelRealTimeBars(5)) == []
    error = error_of(client.send(bars()))
    assert (error.code, "pacing violation" in error.text) == (420, True)
    client.world.advance(600)
    client.read()
    assert client.send(bars()) == []


def test_streams_rest_while_the_exchange_is_closed(join) -> None:
    world = World(WorldSettings(seed=7, clock="manual", calendar=True))
    client = join(world=world)
    world.advance(10 * 3600 - 30)  # to 19:59:30 in New York
    outside, regular = bars(), RequestRealTimeBars(6, AAPL, 5, "TRADES", True)
    assert client.send(outside, regular, ticks(id_=7)) == []
    world.advance(300)
    seen = client.read()
    assert {reply.req_id for reply in seen} == {5, 7}
    assert max(reply.time_s for reply in seen) < START_S + 36_000
