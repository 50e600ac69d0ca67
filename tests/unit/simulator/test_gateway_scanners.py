"""Scanners. Which bug turns these red: a wrong order, a filter that does not filter, a dead scan."""

import re
from dataclasses import replace
from decimal import Decimal as D

import pytest

from simulator.gateway.scanners import FILTERS, LOCATIONS, SCANS
from simulator.messages.connection import ErrorMessage
from simulator.messages.research import (
    CancelScannerSubscription,
    RequestScannerParameters,
    RequestScannerSubscription,
    ScannerData,
)

NASDAQ = RequestScannerSubscription(
    req_id=5, instrument="STK", location_code="STK.NASDAQ", scan_code="TOP_PERC_GAIN"
)


@pytest.fixture(autouse=True)
def quoted(world) -> None:
    """AAPL is up 10 %, MSFT 5 %; all other stocks cost a dollar and stay there."""
    for instrument in world.database:
        if instrument.sec_type == "STK" and instrument.symbol not in {"AAPL", "MSFT"}:
            move(world, instrument.local_symbol, "1")
    for name, last in (("AAPL", "100"), ("MSFT", "200")):
        move(world, name, last)
    move(world, "AAPL", "110")
    move(world, "MSFT", "210")


def move(world, name: str, price: str) -> None:
    """The first price that is set is the close, too."""
    world.set_quote(name, bid=D(price), ask=D(price), last=D(price))


def names(replies) -> list[str]:
    (data,) = [reply for reply in replies if isinstance(reply, ScannerData)]
    assert [row.rank for row in data.rows] == list(range(len(data.rows)))
    return [row.contract.symbol for row in data.rows]


def scan(client, **fields) -> list[str]:
    replies = client.send(replace(NASDAQ, **fields))
    client.send(CancelScannerSubscription(5))
    return names(replies)


def test_the_parameters_name_every_scan_location_and_filter(client) -> None:
    (reply,) = client.send(RequestScannerParameters())
    assert re.findall("<scanCode>(.*)</scanCode>", reply.xml) == list(SCANS)
    assert re.findall("<locationCode>(.*)</locationCode>", reply.xml) == list(LOCATIONS)
    assert re.findall("<code>(.*)</code>", reply.xml) == list(FILTERS)
    assert "STK" in re.findall("<type>(.*)</type>", reply.xml)


def test_gainers_come_by_their_gain_and_losers_the_other_way(client) -> None:
    gainers = scan(client)
    assert gainers[:2] == ["AAPL", "MSFT"]
    assert scan(client, scan_code="TOP_PERC_LOSE")[-2:] == ["MSFT", "AAPL"]


@pytest.mark.parametrize("code", SCANS)
def test_every_scan_has_rows(client, code) -> None:
    assert {"AAPL", "MSFT"} <= set(scan(client, scan_code=code))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"above_price": D(150)}, ["MSFT"]),
        ({"above_price": D(50), "below_price": D(150)}, ["AAPL"]),
        ({"filter_options": (("changePercAbove", "4"),)}, ["AAPL", "MSFT"]),
        ({"filter_options": (("changePercAbove", "4"), ("changePercBelow", "6.5"))}, ["MSFT"]),
        ({"filter_options": (("usdPriceAbove", "150"),)}, ["MSFT"]),
        ({"filter_options": (("changeOpenPercBelow", "6"), ("priceAbove", "2"))}, ["MSFT"]),
        ({"above_volume": 10}, []),
        ({"stock_type_filter": "ETF"}, ["TLT", "QQQ"]),
        ({"rows": 1}, ["AAPL"]),
    ],
)
def test_filters(client, fields, expected) -> None:
    assert scan(client, **fields) == expected


def test_a_scan_without_rows_says_so_before_its_empty_answer(client) -> None:
    notice, data = client.send(replace(NASDAQ, above_price=D(1000)))
    assert (notice.code, data.rows) == (165, ())
    assert notice.text.endswith("message:no items retrieved")


@pytest.mark.parametrize("location", ["FUT.CME", "FUT.GLOBEX"])
def test_futures_are_scanned_month_by_month(client, location) -> None:
    """Red if a scan of futures is empty, or their exchange's former name is unknown."""
    found = client.send(replace(NASDAQ, instrument="FUT.US", location_code=location, rows=50))
    (data,) = [reply for reply in found if isinstance(reply, ScannerData)]
    contracts = [row.contract for row in data.rows]
    assert {c.exchange for c in contracts} == {"CME"}
    assert len({c.last_trade_date for c in contracts if c.symbol == "ES"}) > 2


def test_an_instrument_names_groups_of_filters(client) -> None:
    (reply,) = client.send(RequestScannerParameters())
    (groups,) = set(re.findall("<filters>(.*)</filters>", reply.xml))
    assert groups.split(",") == re.findall("<id>(.*)</id>", reply.xml)


def test_a_scan_that_is_cut_says_so_before_its_rows(client) -> None:
    replies = client.send(replace(NASDAQ, rows=1, above_price=D(50)))
    assert replies[0].code == 165
    assert replies[0].text.endswith("message:1 out of 2 items retrieved")
    assert isinstance(replies[1], ScannerData)


def test_a_scan_is_sent_again_when_it_changed(client, world) -> None:
    client.send(replace(NASDAQ, above_price=D(50)))
    world.advance(60)
    assert client.read() == []
    move(world, "MSFT", "250")
    world.advance(30)
    assert names(client.read()) == ["MSFT", "AAPL"]


def test_an_id_used_again_has_one_scan(client, world) -> None:
    client.send(replace(NASDAQ, above_price=D(50)), CancelScannerSubscription(5))
    world.advance(10)
    client.send(replace(NASDAQ, above_price=D(150)))
    move(world, "MSFT", "900")
    move(world, "AAPL", "250")
    world.advance(25)  # the first scan would have been due
    assert client.read() == []
    world.advance(5)
    assert names(client.read()) == ["MSFT", "AAPL"]


def test_a_cancel_is_confirmed_and_ends_it(client, world) -> None:
    client.send(replace(NASDAQ, above_price=D(50)))
    (error,) = client.send(CancelScannerSubscription(5))
    assert (error.id, error.code) == (5, 162)
    assert error.text.endswith("message:API scanner subscription cancelled: 5")
    move(world, "MSFT", "250")
    world.advance(60)
    assert client.read() == []
    (error,) = client.send(CancelScannerSubscription(5))
    assert error.code == 365


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"scan_code": "TOP_TRADE_RATE_X"}, "TOP_TRADE_RATE_X"),
        ({"instrument": "STOCK.EU"}, "STOCK.EU"),
        ({"location_code": "STK.EU"}, "STK.EU"),
        ({"location_code": "FUT.US"}, "FUT.US"),
        ({"stock_type_filter": "X"}, "'X'"),
        ({"market_cap_above": D(1)}, "market_cap_above"),
        ({"filter_options": (("avgVolumeAbove", "1"),)}, "avgVolumeAbove"),
        ({"filter_options": (("priceAbove", "cheap"),)}, "cheap"),
    ],
)
def test_what_is_not_modelled_is_refused_by_name(client, fields, named) -> None:
    (error,) = client.send(replace(NASDAQ, **fields))
    assert (error.id, error.code) == (5, 162)
    assert named in error.text


def test_a_duplicate_and_an_eleventh_scan(client) -> None:
    client.send(NASDAQ)
    (error,) = client.send(NASDAQ)
    assert (error.id, error.code) == (5, 385)
    for req_id in range(10, 19):
        client.send(replace(NASDAQ, req_id=req_id))
    error = client.send(replace(NASDAQ, req_id=20))[0]
    assert isinstance(error, ErrorMessage)
    assert (error.id, error.code) == (20, 162)
