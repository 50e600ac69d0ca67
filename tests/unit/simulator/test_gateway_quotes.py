"""Market data lines. Which bug turns these red: a tick lost, doubled or sent to the wrong client."""

from decimal import Decimal as D

import pytest

from simulator.gateway.entitlements import Entitlement
from simulator.messages.connection import ErrorMessage
from simulator.messages.market_data import (
    CancelMarketData,
    MarketDataType,
    RequestMarketData,
    RequestMarketDataType,
    TickGeneric,
    TickPrice,
    TickRequestParameters,
    TickSize,
    TickSnapshotEnd,
    TickString,
    TickType,
)
from simulator.records import Contract

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
EURUSD = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")


@pytest.fixture(autouse=True)
def quoted(world) -> None:
    world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"), bid_size=D(50), ask_size=D(60))


def prices(replies) -> dict[TickType, D]:
    return {TickType(r.tick_type): r.price for r in replies if isinstance(r, TickPrice)}


def test_a_line_begins_with_its_parameters_and_the_whole_quote(client) -> None:
    replies = client.send(RequestMarketData(5, AAPL))
    assert replies[:2] == [
        TickRequestParameters(5, D("0.01"), "9c0001", 3),
        MarketDataType(5, 1),
    ]
    assert prices(replies) == {
        TickType.LAST: D(100),
        TickType.HIGH: D(100),
        TickType.LOW: D(100),
        TickType.CLOSE: D(100),
        TickType.OPEN: D(100),
        TickType.BID: D("99.99"),
        TickType.ASK: D("100.01"),
    }
    assert replies[-1] == TickGeneric(5, TickType.HALTED, D(0))


def test_a_price_brings_its_size_and_repeats_it(client) -> None:
    replies = client.send(RequestMarketData(5, AAPL))
    bid = replies.index(TickPrice(5, TickType.BID, D("99.99"), D(50), 1))
    assert replies[bid + 1] == TickSize(5, TickType.BID_SIZE, D(50))


def test_only_what_changed_is_sent(client, world) -> None:
    client.send(RequestMarketData(5, AAPL))
    world.set_quote(
        "AAPL", bid=D("99.99"), ask=D("100.01"), bid_size=D(50), ask_size=D(10), last=D(100)
    )
    assert client.read() == [TickSize(5, TickType.ASK_SIZE, D(10))]
    world.set_quote(
        "AAPL", bid=D("99.98"), ask=D("100.01"), bid_size=D(50), ask_size=D(10), last=D(100)
    )
    assert client.read() == [
        TickPrice(5, TickType.BID, D("99.98"), D(50), 1),
        TickSize(5, TickType.BID_SIZE, D(50)),
    ]


def test_a_side_that_nobody_quotes_is_minus_one_with_no_size(client, world) -> None:
    client.send(RequestMarketData(5, AAPL))
    world.set_quote("AAPL", bid=None, ask=D("100.01"), ask_size=D(60), last=D(100))
    assert client.read() == [TickPrice(5, TickType.BID, D(-1), None, 1)]


def test_a_seeded_market_ticks_several_times_a_second(client, world) -> None:
    world.release_quote("AAPL")
    client.send(RequestMarketData(5, AAPL))
    world.advance(1)
    assert len(client.read()) >= 4
    client.send(CancelMarketData(5))
    world.advance(10)
    assert client.read() == []


def test_a_snapshot_ends_and_does_not_stream(client, world) -> None:
    assert client.send(RequestMarketData(5, AAPL, snapshot=True))[-1] == TickSnapshotEnd(5)
    world.set_quote("AAPL", bid=D(1), ask=D(2))
    assert client.read() == []


def test_a_currency_pair_has_no_last_trade(client) -> None:
    seen = prices(client.send(RequestMarketData(5, EURUSD)))
    assert TickType.LAST not in seen
    assert seen[TickType.BID] < seen[TickType.ASK]


def test_each_client_has_its_own_lines(join, world) -> None:
    one, two = join(1), join(2)
    one.send(RequestMarketData(5, AAPL))
    two.send(RequestMarketData(6, AAPL))
    world.set_quote("AAPL", bid=D(90), ask=D(91))
    assert {reply.req_id for reply in one.read()} == {5}
    world.disconnect(one.connection)
    world.set_quote("AAPL", bid=D(80), ask=D(81))
    assert {reply.req_id for reply in two.read()} == {6}


def test_generic_ticks_come_with_trades(client, world) -> None:
    replies = client.send(RequestMarketData(5, AAPL, "221,233,375"))
    assert prices(replies)[TickType.MARK_PRICE] == D(100)
    texts = {r.tick_type: r.value for r in replies if isinstance(r, TickString)}
    assert texts[TickType.RT_VOLUME].startswith("100.00;100;")
    assert texts[TickType.RT_TRADE_VOLUME] == texts[TickType.RT_VOLUME]


@pytest.mark.parametrize(
    ("request_", "code", "named"),
    [
        (RequestMarketData(5, Contract(symbol="NOPE")), 200, "No security definition"),
        (RequestMarketData(5, AAPL, "233,999"), 321, "Incorrect generic tick list of 233,999"),
        (RequestMarketData(5, AAPL, "x"), 321, "Incorrect generic tick list of x"),
        (RequestMarketData(5, AAPL, "233", snapshot=True), 414, "not applicable to generic"),
        (CancelMarketData(5), 300, "Can't find EId with tickerId:5"),
    ],
)
def test_bad_requests_are_refused_by_name(client, request_, code, named) -> None:
    (reply,) = client.send(request_)
    assert (reply.id, reply.code) == (5, code)
    assert named in reply.text


def test_a_ticker_id_in_use_is_322_and_the_line_lives(client, world) -> None:
    client.send(RequestMarketData(5, AAPL))
    (reply,) = client.send(RequestMarketData(5, EURUSD))
    assert (reply.id, reply.code) == (5, 322)
    world.set_quote("AAPL", bid=D(90), ask=D(91))
    assert client.read()


def test_lines_are_limited(join, world) -> None:
    client = join()
    for n in range(world.gateway.hub.settings.max_tickers):
        client.send(RequestMarketData(n, AAPL))
    (reply,) = client.send(RequestMarketData(1000, AAPL))
    assert (reply.id, reply.code) == (1000, 101)
    world.disconnect(client.connection)
    assert len(join(2).send(RequestMarketData(1, AAPL))) > 1


def test_without_a_live_subscription_there_is_an_error_or_delayed_data(client, world) -> None:
    world.entitle("AAPL", Entitlement.DELAYED)
    (refused,) = client.send(RequestMarketData(5, AAPL))
    assert (refused.id, refused.code) == (5, 10089)
    assert refused.text.endswith("available.AAPL NASDAQ.NMS/TOP/ALL")
    assert client.send(RequestMarketDataType(3)) == []
    replies = client.send(RequestMarketData(6, AAPL))
    assert replies[1] == MarketDataType(6, 3)
    assert isinstance(replies[2], ErrorMessage)
    assert replies[2].code == 10167
    assert prices(replies)[TickType.DELAYED_BID] == D("99.99")
    assert TickType.BID not in prices(replies)
    world.entitle("AAPL", Entitlement.NONE)
    assert [r.code for r in client.send(RequestMarketData(7, AAPL))] == [10168]


def test_live_data_are_given_to_who_asks_for_delayed(client) -> None:
    client.send(RequestMarketDataType(4))
    assert MarketDataType(5, 1) in client.send(RequestMarketData(5, AAPL))


@pytest.mark.parametrize(("version", "size"), [(162, "2000000"), (163, "2000000.5")])
def test_sizes_are_whole_numbers_for_old_clients(join, world, version, size) -> None:
    world.set_quote("EUR.USD", bid=D("1.1"), ask=D("1.2"), bid_size=D("2000000.5"))
    replies = join(1, version).send(RequestMarketData(5, EURUSD))
    assert TickSize(5, TickType.BID_SIZE, D(size)) in replies


@pytest.mark.parametrize(
    ("symbol", "version", "codes"), [("BTC", 162, [2176]), ("BTC", 163, []), ("AAPL", 157, [])]
)
def test_a_client_that_reads_whole_sizes_only_is_told_what_it_loses(
    join, symbol, version, codes
) -> None:
    client = join(version=version)
    contract = client.world.instrument(f"{symbol}.USD" if symbol == "BTC" else symbol).contract()
    replies = client.send(RequestMarketData(5, contract, "", snapshot=False))
    client.world.advance(2)
    told = [r for r in (*replies, *client.read()) if isinstance(r, ErrorMessage)]
    assert [reply.code for reply in told] == codes
    assert all("Trimmed value 0." in reply.text for reply in told)
