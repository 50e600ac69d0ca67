"""No silent corner: every request of the vendor's client, sent in earnest, gets its answer.

Each row is a request and the callbacks that end the wait of whoever sent it, in order.
Which bug turns it red: a request that is swallowed, an answer that this client's decoder
refuses, an end marker that never comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal as D
from typing import Any

import pytest

from simulator import Simulator
from simulator import records as r
from simulator.messages import REQUESTS
from simulator.messages import account as a
from simulator.messages import connection as c
from simulator.messages import contracts as d
from simulator.messages import depth as b
from simulator.messages import history as h
from simulator.messages import login as g
from simulator.messages import market_data as m
from simulator.messages import news as n
from simulator.messages import options as p
from simulator.messages import orders as o
from simulator.messages import research as s

from .callers import ABSENT, ENCODERS, SENT_SINCE
from .methods import AAPL_ID, ACCOUNT, ACCOUNTS
from .sessions import limit, market, new_session

VERSIONS = (157, 163, 176, 178, 187, 200)
AAPL = r.Contract(con_id=AAPL_ID, symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
CALL = r.Contract(
    symbol="AAPL",
    sec_type="OPT",
    exchange="SMART",
    currency="USD",
    last_trade_date="20270115",
    strike=D(200),
    right="C",
)
AT_NASDAQ = r.Contract(con_id=AAPL_ID, exchange="NASDAQ")
GROUPS = "<ListOfGroups><Group><name>All</name></Group></ListOfGroups>"
QUIET = ()


@dataclass(frozen=True)
class Case:
    """`answers` are the callbacks in the order they must come; an error stands by its code."""

    request: Any
    answers: tuple[str | int, ...] = QUIET


CASES = (
    Case(c.RequestIds(1), ("nextValidId",)),
    Case(c.RequestCurrentTime(), ("currentTime",)),
    Case(c.RequestCurrentTimeInMillis(), ("currentTimeInMillis",)),
    Case(c.SetServerLogLevel(5)),
    Case(d.RequestContractData(10, AAPL, False), ("contractDetails", "contractDetailsEnd")),
    Case(
        d.RequestContractData(10, r.Contract(symbol="US-T", sec_type="BOND"), False),
        ("bondContractDetails", "contractDetailsEnd"),
    ),
    Case(d.RequestMatchingSymbols(11, "AAP"), ("symbolSamples",)),
    Case(d.RequestMarketDepthExchanges(), ("mktDepthExchanges",)),
    Case(d.RequestSmartComponents(12, "9c0001"), ("smartComponents",)),
    Case(d.RequestMarketRule(26), ("marketRule",)),
    Case(
        p.RequestOptionParameters(13, "AAPL", "", "STK", AAPL_ID),
        (
            "securityDefinitionOptionParameter",
            "securityDefinitionOptionParameterEnd",
        ),
    ),
    Case(m.RequestMarketDataType(1)),
    Case(
        m.RequestMarketData(14, AAPL, "233", snapshot=False),
        ("tickReqParams", "tickPrice", "tickSize", "tickString"),
    ),
    Case(m.CancelMarketData(14)),
    Case(m.RequestMarketData(15, AAPL, "", snapshot=True), ("tickPrice", "tickSnapshotEnd")),
    Case(b.RequestMarketDepth(16, AT_NASDAQ, 5), ("updateMktDepth",)),
    Case(b.CancelMarketDepth(16)),
    Case(b.RequestMarketDepth(17, AAPL, 5, is_smart_depth=True), (2152, "updateMktDepthL2")),
    Case(b.CancelMarketDepth(17, is_smart_depth=True)),
    Case(
        h.RequestHistoricalData(18, AAPL, False, "", "1 hour", "1 D", False, "TRADES", 1),
        ("historicalData", "historicalDataEnd"),
    ),
    Case(
        h.RequestHistoricalData(
            19, AAPL, False, "", "5 secs", "600 S", False, "TRADES", 2, keep_up_to_date=True
        ),
        ("historicalData", "historicalDataEnd", "historicalDataUpdate"),
    ),
    Case(h.CancelHistoricalData(19), (162,)),
    Case(h.RequestHeadTimestamp(20, AAPL, False, False, "TRADES", 1), ("headTimestamp",)),
    Case(h.CancelHeadTimestamp(20)),
    Case(h.RequestHistogramData(21, AAPL, False, False, "1 day"), ("histogramData",)),
    Case(h.CancelHistogramData(21)),
    *(
        Case(
            h.RequestHistoricalTicks(
                22 + number, AAPL, False, "", "20250613 15:00:00 US/Eastern", 10, kind, False, False
            ),
            (callback,),
        )
        for number, (kind, callback) in enumerate(
            {
                "TRADES": "historicalTicksLast",
                "BID_ASK": "historicalTicksBidAsk",
                "MIDPOINT": "historicalTicks",
            }.items()
        )
    ),
    Case(h.RequestRealTimeBars(25, AAPL, 5, "TRADES", False), ("realtimeBar",)),
    Case(h.CancelRealTimeBars(25)),
    *(
        Case(h.RequestTickByTickData(26 + number, AAPL, kind, 0, False), (callback,))
        for number, (kind, callback) in enumerate(
            {
                "Last": "tickByTickAllLast",
                "AllLast": "tickByTickAllLast",
                "BidAsk": "tickByTickBidAsk",
                "MidPoint": "tickByTickMidPoint",
            }.items()
        )
    ),
    *(Case(h.CancelTickByTickData(26 + number)) for number in range(4)),
    Case(p.CalculateOptionPrice(30, CALL, D("0.3"), D(200)), ("tickOptionComputation",)),
    Case(p.CancelCalculateOptionPrice(30)),
    Case(p.CalculateImpliedVolatility(31, CALL, D(20), D(200)), ("tickOptionComputation",)),
    Case(p.CancelCalculateImpliedVolatility(31)),
    Case(o.RequestOpenOrders(), ("openOrderEnd",)),
    Case(o.RequestAllOpenOrders(), ("openOrderEnd",)),
    Case(o.RequestAutoOpenOrders(True)),
    Case(o.RequestCompletedOrders(False), ("completedOrdersEnd",)),
    Case(o.RequestExecutions(32, r.ExecutionFilter()), ("execDetailsEnd",)),
    Case(o.CancelOrder(77), (10147,)),
    Case(o.RequestGlobalCancel(), (161, "orderStatus", 202)),
    Case(o.ExerciseOptions(33, CALL, 1, 1, ACCOUNT, override=False), (322,)),
    Case(a.RequestManagedAccounts(), ("managedAccounts",)),
    Case(
        a.RequestAccountUpdates(subscribe=True, account=ACCOUNT),
        ("updateAccountValue", "updateAccountTime", "accountDownloadEnd"),
    ),
    Case(a.RequestAccountUpdates(subscribe=False, account=ACCOUNT), (2100,)),
    Case(a.RequestPositions(), ("positionEnd",)),
    Case(a.CancelPositions()),
    Case(
        a.RequestAccountSummary(34, "All", "NetLiquidation"),
        ("accountSummary", "accountSummaryEnd"),
    ),
    Case(a.CancelAccountSummary(34)),
    Case(
        a.RequestAccountUpdatesMulti(35, ACCOUNT, "", False),
        ("accountUpdateMulti", "accountUpdateMultiEnd"),
    ),
    Case(a.CancelAccountUpdatesMulti(35)),
    Case(a.RequestPositionsMulti(36, ACCOUNT, ""), ("positionMultiEnd",)),
    Case(a.CancelPositionsMulti(36)),
    Case(a.RequestPnL(37, ACCOUNT, ""), ("pnl",)),
    Case(a.CancelPnL(37)),
    Case(a.RequestPnLSingle(38, ACCOUNT, "", AAPL_ID), ("pnlSingle",)),
    Case(a.CancelPnLSingle(38)),
    Case(n.RequestNewsProviders(), ("newsProviders",)),
    Case(n.RequestNewsBulletins(True), ("updateNewsBulletin",)),
    Case(n.CancelNewsBulletins()),
    Case(
        n.RequestHistoricalNews(39, AAPL_ID, "BRFG", "", "", 5),
        ("historicalNews", "historicalNewsEnd"),
    ),
    Case(n.RequestNewsArticle(40, "BRFG", "BRFG$0"), (10172,)),
    Case(s.RequestScannerParameters(), ("scannerParameters",)),
    Case(
        s.RequestScannerSubscription(
            req_id=41, instrument="STK", location_code="STK.US.MAJOR", scan_code="TOP_PERC_GAIN"
        ),
        ("scannerData", "scannerDataEnd"),
    ),
    Case(s.CancelScannerSubscription(41), (162,)),
    Case(s.RequestFundamentalData(42, AAPL, "ReportSnapshot"), ("fundamentalData",)),
    Case(s.CancelFundamentalData(42)),
    Case(s.RequestWshMetaData(43), ("wshMetaData",)),
    Case(s.RequestWshEventData(44, con_id=AAPL_ID), ("wshEventData",)),
    Case(s.CancelWshEventData(44)),
    Case(s.CancelWshMetaData(43)),
    Case(g.RequestAdvisorData(1), ("receiveFA",)),
    Case(g.ReplaceAdvisorData(1, GROUPS, 45), ("replaceFAEnd",)),
    Case(g.RequestSoftDollarTiers(46), ("softDollarTiers",)),
    Case(g.RequestFamilyCodes(), ("familyCodes",)),
    Case(g.RequestUserInfo(47), ("userInfo",)),
    Case(g.QueryDisplayGroups(48), ("displayGroupList",)),
    Case(g.SubscribeToGroupEvents(49, 1), ("displayGroupUpdated",)),
    Case(g.UpdateDisplayGroup(49, f"{AAPL_ID}@SMART"), ("displayGroupUpdated",)),
    Case(g.UnsubscribeFromGroupEvents(49)),
    Case(g.VerifyRequest("a", "1"), ("verifyCompleted",)),
    Case(g.VerifyMessage("x"), ("verifyCompleted",)),
    Case(g.VerifyAndAuthRequest("a", "1", "k"), ("verifyAndAuthCompleted",)),
    Case(g.VerifyAndAuthMessage("x", "y"), ("verifyAndAuthCompleted",)),
)
ELSEWHERE = {c.StartApi, o.PlaceOrder}
"""Sent by every session when it opens, and by the test itself."""


def test_every_request_has_a_case() -> None:
    covered = {type(case.request) for case in CASES}
    assert {layout.record for layout in REQUESTS.by_id.values()} == covered | ELSEWHERE


@pytest.mark.libraries("ibapi", "ibapi10")
async def test_every_request_of_the_vendors_client_is_answered(library, complaints) -> None:
    """At each of the versions that the client speaks."""
    complaints.expect("ERROR|error|Warning")
    wrong = [
        f"at {version}: {case.request}: {said[:20]}"
        for version in VERSIONS
        if version in library.versions
        for case, said in (await _all_answers(library, version)).items()
        if not _is_due(case, said)
    ]
    assert not wrong, "\n".join(wrong)


async def _all_answers(library: Any, version: int) -> dict[Case, list[str | int]]:
    too_new = {k for k, since in SENT_SINCE.get(library.name, {}).items() if version < since}
    absent = {*ABSENT.get(library.name, {}), *too_new}
    async with Simulator(
        seed=7, clock="manual", accounts=ACCOUNTS, server_version=version
    ) as simulator:
        simulator.world.bulletin("Trading in XYZ is halted.")
        session = new_session(library)
        await session.open(simulator.port, client_id=0)
        try:
            session.place(market(account=ACCOUNT))
            session.place(limit("1.00", account=ACCOUNT))
            asked = [case for case in CASES if type(case.request) not in absent]
            return {case: await _answers(simulator, session, case) for case in asked}
        finally:
            await session.close()


async def _answers(simulator: Simulator, session: Any, case: Case) -> list[str | int]:
    """The callbacks after a request and twelve seconds, an error as its code."""
    await session.settle()
    session.calls.clear()
    ENCODERS[type(case.request)](session.api, case.request, session.library)
    await session.settle()
    simulator.world.advance(12)
    await session.settle()
    return [call.args[1] if call.name == "error" else call.name for call in session.calls]


def _is_due(case: Case, words: list[str | int]) -> bool:
    """Whether all answers came, in order, and no error that was not due."""
    rest = iter(words)
    errors = {word for word in words if isinstance(word, int)}
    return all(answer in rest for answer in case.answers) and errors <= set(case.answers)
