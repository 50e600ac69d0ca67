"""Fundamentals and the corporate calendar.

Which bug turns these red: a report of another company or price, an event outside the range
asked for, a second live request that is let through.
"""

import json
import re
from datetime import date
from decimal import Decimal as D

import pytest

from simulator.messages.market_data import RequestMarketData, TickString
from simulator.messages.orders import PlaceOrder
from simulator.messages.research import (
    CancelFundamentalData,
    CancelWshEventData,
    CancelWshMetaData,
    FundamentalData,
    RequestFundamentalData,
    RequestWshEventData,
    RequestWshMetaData,
    WshEventData,
    WshMetaData,
)
from simulator.records import Contract, Order

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
CON_ID, OTHER = 265598, 272093


def report(client, kind: str) -> str:
    (reply,) = client.send(RequestFundamentalData(5, AAPL, kind))
    assert isinstance(reply, FundamentalData)
    return reply.data


def test_a_snapshot_has_the_company_and_the_price_on_display(client, world) -> None:
    world.set_quote("AAPL", bid=D(123), ask=D(125), last=D(124))
    xml = report(client, "ReportSnapshot")
    assert '<IssueID Type="Ticker">AAPL</IssueID>' in xml
    assert '<Ratio FieldName="NPRICE" Type="N">124</Ratio>' in xml
    traded, shares = map(D, re.search('TotalFloat="(.*)">(.*)</SharesOut>', xml).groups())
    assert 0 < traded < shares
    assert D(re.search('MKTCAP" Type="N">(.*)<', xml)[1]) == shares * 124 / 1_000_000
    earned = D(re.search('TTMEPSXCLX" Type="N">(.*)<', xml)[1])
    by_quarter = [
        D(text) for text in re.findall(">(.*)</EPS>", report(client, "ReportsFinSummary"))
    ]
    assert earned == sum(by_quarter[-4:]) > 0


def test_market_data_tells_the_same_of_a_company(client) -> None:
    """Red if ratios of tick 258 and the report are those of two companies."""
    xml = report(client, "ReportSnapshot")
    ticks = client.send(RequestMarketData(6, AAPL, generic_ticks="258"))
    (ratios,) = [t.value for t in ticks if isinstance(t, TickString) and "MKTCAP" in t.value]
    for name in ("MKTCAP", "TTMEPSXCLX", "PEEXCLXOR"):
        assert (
            re.search(f'{name}" Type="N">(.*)<', xml)[1] == re.search(f"{name}=(.*?);", ratios)[1]
        )


@pytest.mark.parametrize(
    ("contract", "kind", "code", "named"),
    [
        (AAPL, "", 430, "not available.Missing reportType"),
        (AAPL, "RESC", 430, "RESC"),
        (SPY, "ReportSnapshot", 430, "SPY"),
        (Contract(symbol="NONE", sec_type="STK"), "ReportSnapshot", 200, "definition"),
    ],
)
def test_what_has_no_report(client, contract, kind, code, named) -> None:
    (error,) = client.send(RequestFundamentalData(5, contract, kind))
    assert (error.id, error.code) == (5, code)
    assert named in error.text


def test_a_cancelled_report_is_silent(client) -> None:
    assert client.send(CancelFundamentalData(5)) == []


# --- calendar ---


@pytest.fixture
def subscriber(client):
    client.send(RequestWshMetaData(1))
    return client


def events(client, con_id: int | None = CON_ID, **fields) -> list[dict]:
    (reply,) = client.send(RequestWshEventData(2, con_id, **fields))
    assert isinstance(reply, WshEventData), reply
    assert client.send(CancelWshEventData(2)) == []
    return json.loads(reply.data_json)


def test_metadata_names_the_event_types(client) -> None:
    (reply,) = client.send(RequestWshMetaData(1))
    assert isinstance(reply, WshMetaData)
    types = json.loads(reply.data_json)["meta_data"]["event_types"]
    assert {"tag": "wshe_ed", "name": "Earnings Date"} in types


def test_a_year_of_earnings_dates_lies_ahead_and_none_on_a_weekend(subscriber) -> None:
    found = events(subscriber, filter='{"wshe_ed": "true"}')
    days = [date.fromisoformat(event["index_date"]) for event in found]
    assert len(days) in {4, 5}
    assert days == sorted(days)
    assert days[0] >= date(2025, 6, 16)
    assert all(day.isoweekday() < 6 for day in days)
    assert {*map(str, (CON_ID,))} == {con_id for event in found for con_id in event["conids"]}
    shown = re.findall("<Date>(.*)</Date>", report(subscriber, "CalendarReport"))
    assert shown == [f"{day:%m/%d/%Y}" for day in days]


def test_dates_watchlist_and_limit_are_kept(subscriber) -> None:
    every = events(subscriber, start_date="20240101")
    assert len(every) > 8
    start, end = every[2]["index_date"], every[4]["index_date"]
    assert events(subscriber, start_date=start, end_date=end) == every[2:5]
    assert events(subscriber, start_date=start, total_limit=2) == every[2:4]
    watched = json.dumps({"watchlist": [str(CON_ID), str(OTHER)], "limit": 3, "wshe_ed": "true"})
    both = events(subscriber, None, filter=watched, start_date="20240101")
    assert len(both) == 3
    off = json.dumps({"wshe_ed": "false"})
    assert events(subscriber, filter=off) == []


def test_types_that_a_filter_names_are_all_that_comes(subscriber) -> None:
    """Red if a board meeting is taken for a day of earnings."""

    def types(**wanted: str) -> set[str]:
        found = events(subscriber, filter=json.dumps(wanted))
        return {event["event_type"] for event in found}

    assert types() == types(wshe_ed="true", wshe_bod="true") == {"wshe_ed", "wshe_bod"}
    assert types(wshe_bod="true") == {"wshe_bod"}
    assert types(wshe_ed="true", wshe_bod="false") == {"wshe_ed"}
    meeting = events(subscriber, filter='{"wshe_bod": "true"}')[0]
    assert meeting["data"]["meeting_date"] == meeting["index_date"]


def test_a_portfolio_can_be_the_watchlist(subscriber) -> None:
    assert events(subscriber, None, fill_portfolio=True) == []
    subscriber.send(PlaceOrder(1, AAPL, Order(action="BUY", total_quantity=D(1), order_type="MKT")))
    assert events(subscriber, None, fill_portfolio=True) == events(subscriber)


def test_metadata_comes_first_and_one_request_is_live(client) -> None:
    def refused(request) -> tuple[int, int]:
        (error,) = client.send(request)
        return error.id, error.code

    assert refused(RequestWshEventData(2, CON_ID)) == (2, 10282)
    client.send(RequestWshMetaData(1))
    assert refused(RequestWshMetaData(3)) == (3, 10278)
    assert refused(CancelWshMetaData(3)) == (3, 10280)
    client.send(CancelWshMetaData(1))
    client.send(RequestWshEventData(2, CON_ID))
    assert refused(RequestWshEventData(4, CON_ID)) == (4, 10281)
    assert refused(CancelWshEventData(4)) == (4, 10284)
    client.send(CancelWshEventData(2))
    assert events(client)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"con_id": None}, "neither"),
        ({"filter": "["}, "Expecting"),
        ({"filter": "[]"}, "object"),
        ({"filter": '{"wshe_div": "true"}'}, "wshe_div"),
        ({"filter": '{"watchlist": ["AAPL"]}'}, "contract ids"),
        ({"start_date": "June"}, "June"),
        ({"fill_competitors": True}, "fillCompetitors"),
    ],
)
def test_what_the_calendar_cannot_do_is_refused_by_name(subscriber, fields, named) -> None:
    (error,) = subscriber.send(RequestWshEventData(2, **({"con_id": CON_ID} | fields)))
    assert (error.id, error.code) == (2, 10283)
    assert named in error.text
