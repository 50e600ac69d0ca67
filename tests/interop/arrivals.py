"""What the libraries make of each reply: their callbacks and the arguments, in their order.

An argument is a value, a record (compared attribute by attribute), a mapping from attributes
of the library's own object to values, both of them together, or a tuple of those.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

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

from .libraries import Call, Ibapi, Library
from .mirror import Held

CALLBACKS: dict[type, str] = {
    a.ManagedAccounts: "managedAccounts",
    a.AccountValue: "updateAccountValue",
    a.PortfolioValue: "updatePortfolio",
    a.AccountUpdateTime: "updateAccountTime",
    a.AccountDownloadEnd: "accountDownloadEnd",
    a.PositionData: "position",
    a.PositionEnd: "positionEnd",
    a.AccountSummary: "accountSummary",
    a.AccountSummaryEnd: "accountSummaryEnd",
    a.AccountUpdateMulti: "accountUpdateMulti",
    a.AccountUpdateMultiEnd: "accountUpdateMultiEnd",
    a.PositionMultiEnd: "positionMultiEnd",
    a.PnL: "pnl",
    a.PnLSingle: "pnlSingle",
    b.MarketDepth: "updateMktDepth",
    b.MarketDepthL2: "updateMktDepthL2",
    c.ErrorMessage: "error",
    c.NextValidId: "nextValidId",
    c.CurrentTime: "currentTime",
    c.CurrentTimeInMillis: "currentTimeInMillis",
    d.ContractData: "contractDetails",
    d.ContractDataEnd: "contractDetailsEnd",
    g.AdvisorData: "receiveFA",
    g.ReplaceAdvisorDataEnd: "replaceFAEnd",
    g.UserInfo: "userInfo",
    g.DisplayGroupList: "displayGroupList",
    g.DisplayGroupUpdated: "displayGroupUpdated",
    g.VerifyMessageApi: "verifyMessageAPI",
    g.VerifyCompleted: "verifyCompleted",
    g.VerifyAndAuthMessageApi: "verifyAndAuthMessageAPI",
    g.VerifyAndAuthCompleted: "verifyAndAuthCompleted",
    h.RealTimeBar: "realtimeBar",
    h.HeadTimestamp: "headTimestamp",
    h.HistoricalDataEnd: "historicalDataEnd",
    m.TickSize: "tickSize",
    m.TickGeneric: "tickGeneric",
    m.TickString: "tickString",
    m.TickSnapshotEnd: "tickSnapshotEnd",
    m.MarketDataType: "marketDataType",
    m.TickRequestParameters: "tickReqParams",
    m.TickEfp: "tickEFP",
    m.RerouteMarketData: "rerouteMktDataReq",
    m.RerouteMarketDepth: "rerouteMktDepthReq",
    n.NewsBulletin: "updateNewsBulletin",
    n.NewsArticle: "newsArticle",
    n.TickNews: "tickNews",
    n.HistoricalNews: "historicalNews",
    n.HistoricalNewsEnd: "historicalNewsEnd",
    o.OrderStatus: "orderStatus",
    o.OpenOrderEnd: "openOrderEnd",
    o.OrderBound: "orderBound",
    o.ExecutionDataEnd: "execDetailsEnd",
    o.CompletedOrdersEnd: "completedOrdersEnd",
    p.OptionParametersEnd: "securityDefinitionOptionParameterEnd",
    s.ScannerParameters: "scannerParameters",
    s.FundamentalData: "fundamentalData",
    s.WshMetaData: "wshMetaData",
    s.WshEventData: "wshEventData",
}
"""Replies whose attributes are the arguments of one callback, in the same order."""

SIZE_TYPES = {1: 0, 2: 3, 4: 5, 66: 69, 67: 70, 68: 71}
"""Tick types of prices that bring a size along, and those of the sizes."""


def moment(time_s: int, library: Library) -> int | datetime:
    """The time of a historical tick: the asyncio libraries make a datetime of it."""
    return time_s if isinstance(library, Ibapi) else datetime.fromtimestamp(time_s, UTC)


def computed(value: Decimal, unset: int, library: Library) -> Decimal | None:
    """The vendor's client has None for what was not computed."""
    return None if isinstance(library, Ibapi) and value == unset else value


def tick_price(reply: m.TickPrice, library: Library) -> list[Call]:
    """The asyncio libraries take price and size in one call, the vendor's in two."""
    start = (reply.req_id, reply.tick_type, reply.price)
    if not isinstance(library, Ibapi):
        return [Call("priceSizeTick", (*start, reply.size))]
    bits = ("canAutoExecute", "pastLimit", "preOpen")
    attribute = {name: bool(reply.attributes & 1 << bit) for bit, name in enumerate(bits)}
    size = (reply.req_id, SIZE_TYPES[reply.tick_type], reply.size)
    return [Call("tickPrice", (*start, attribute)), Call("tickSize", size)]


def execution(reply: o.ExecutionData, library: Library) -> list[Call]:
    hour = 19 if reply.execution.time.endswith("US/Eastern") else 15
    utc = datetime(2026, 4, 13, hour, 27, 4, tzinfo=UTC)
    time = reply.execution.time if isinstance(library, Ibapi) else utc
    held = Held(reply.execution, {"orderId": reply.order_id, "time": time})
    return [Call("execDetails", (reply.req_id, reply.contract, held))]


def open_order(reply: o.OpenOrder, _: Library) -> list[Call]:
    ids = {"orderId": reply.order_id, "clientId": reply.client_id, "permId": reply.perm_id}
    order = Held(reply.order, ids)
    return [Call("openOrder", (reply.order_id, reply.contract, order, reply.state))]


def completed_order(reply: o.CompletedOrder, _: Library) -> list[Call]:
    done = reply.completion
    told = {
        "permId": reply.perm_id,
        "autoCancelDate": done.auto_cancel_date,
        "filledQuantity": done.filled_quantity,
        "refFuturesConId": done.reference_futures_con_id,
        "shareholder": done.shareholder,
        "routeMarketableToBbo": done.route_marketable_to_bbo,
        "parentPermId": done.parent_perm_id,
    }
    state = {
        "status": done.status,
        "completedTime": done.completed_time,
        "completedStatus": done.completed_status,
    }
    return [Call("completedOrder", (reply.contract, Held(reply.order, told), state))]


def bond_data(reply: d.BondContractData, _: Library) -> list[Call]:
    """The libraries take the field of the maturity apart: day, time and zone."""
    names = ("maturity", "lastTradeTime", "timeZoneId")
    parts = dict(zip(names, re.split("[ -]", reply.bond.maturity, maxsplit=2), strict=False))
    bond = dataclasses.replace(reply.bond, maturity=parts["maturity"])
    if reply.details.time_zone_id:  # a field of its own, read later
        parts.pop("timeZoneId", None)
    held = Held(reply.details, Held(bond, parts))
    return [Call("bondContractDetails", (reply.req_id, held))]


def symbol_samples(reply: d.SymbolSamples, _: Library) -> list[Call]:
    held = tuple(
        {
            "contract": Held(
                sample.contract,
                {"description": sample.description} if sample.description else {},
            ),
            "derivativeSecTypes": sample.derivative_sec_types,
        }
        for sample in reply.samples
    )
    return [Call("symbolSamples", (reply.req_id, held))]


def historical_data(reply: h.HistoricalData, _: Library) -> list[Call]:
    """From version 196 on the end and its range come in a message of their own."""
    bars = [Call("historicalData", (reply.req_id, bar)) for bar in reply.bars]
    if not reply.start:
        return bars
    return [*bars, Call("historicalDataEnd", (reply.req_id, reply.start, reply.end))]


def historical_data_update(reply: h.HistoricalDataUpdate, _: Library) -> list[Call]:
    bar = h.Bar(
        date=reply.date,
        open=reply.open,
        high=reply.high,
        low=reply.low,
        close=reply.close,
        volume=reply.volume,
        average=reply.average,
        count=reply.count,
    )
    return [Call("historicalDataUpdate", (reply.req_id, bar))]


def historical_ticks(reply: h.HistoricalTicks, library: Library) -> list[Call]:
    ticks = tuple(
        {"time": moment(tick.time_s, library), "price": tick.price, "size": tick.size}
        for tick in reply.ticks
    )
    return [Call("historicalTicks", (reply.req_id, ticks, reply.done))]


def historical_quotes(reply: h.HistoricalTicksBidAsk, library: Library) -> list[Call]:
    ticks = tuple(
        {
            "time": moment(tick.time_s, library),
            "tickAttribBidAsk.askPastHigh": bool(tick.mask & 1),
            "tickAttribBidAsk.bidPastLow": bool(tick.mask & 2),
            "priceBid": tick.bid,
            "priceAsk": tick.ask,
            "sizeBid": tick.bid_size,
            "sizeAsk": tick.ask_size,
        }
        for tick in reply.ticks
    )
    return [Call("historicalTicksBidAsk", (reply.req_id, ticks, reply.done))]


def last_attributes(mask: int) -> dict[str, bool]:
    return {"pastLimit": bool(mask & 1), "unreported": bool(mask & 2)}


def historical_trades(reply: h.HistoricalTicksLast, library: Library) -> list[Call]:
    ticks = tuple(
        {
            "time": moment(tick.time_s, library),
            "tickAttribLast": last_attributes(tick.mask),
            "price": tick.price,
            "size": tick.size,
            "exchange": tick.exchange,
            "specialConditions": tick.special_conditions,
        }
        for tick in reply.ticks
    )
    return [Call("historicalTicksLast", (reply.req_id, ticks, reply.done))]


def tick_by_tick(reply: h.TickByTick, _: Library) -> list[Call]:
    start = (reply.req_id, reply.time_s)
    if reply.tick_type == h.MID_POINT:
        return [Call("tickByTickMidPoint", (*start, reply.middle))]
    if reply.tick_type == h.BID_ASK:
        past = {"bidPastLow": bool(reply.mask & 1), "askPastHigh": bool(reply.mask & 2)}
        quote = (reply.bid, reply.ask, reply.bid_size, reply.ask_size, past)
        return [Call("tickByTickBidAsk", (*start, *quote))]
    trade = (reply.price, reply.size, last_attributes(reply.mask))
    end = (reply.exchange, reply.special_conditions)
    kind = (reply.req_id, reply.tick_type, reply.time_s)
    return [Call("tickByTickAllLast", (*kind, *trade, *end))]


def option_computation(reply: p.TickOptionComputation, library: Library) -> list[Call]:
    values = (
        (reply.implied_volatility, -1),
        (reply.delta, -2),
        (reply.option_price, -1),
        (reply.present_value_dividend, -1),
        (reply.gamma, -2),
        (reply.vega, -2),
        (reply.theta, -2),
        (reply.under_price, -1),
    )
    start = (reply.req_id, reply.tick_type, reply.tick_attribute)
    held = (computed(value, unset, library) for value, unset in values)
    return [Call("tickOptionComputation", (*start, *held))]


def option_parameters(reply: p.OptionParameters, library: Library) -> list[Call]:
    """The vendor's client collects expirations and strikes in sets."""
    collect: Callable[[Any], Any] = frozenset if isinstance(library, Ibapi) else tuple
    args = (
        reply.req_id,
        reply.exchange,
        reply.under_con_id,
        reply.trading_class,
        reply.multiplier,
        collect(reply.expirations),
        collect(reply.strikes),
    )
    return [Call("securityDefinitionOptionParameter", args)]


def scanner_data(reply: s.ScannerData, _: Library) -> list[Call]:
    rows = [
        (
            reply.req_id,
            row.rank,
            {"contract": row.contract, "marketName": row.market_name},
            row.distance,
            row.benchmark,
            row.projection,
            row.legs,
        )
        for row in reply.rows
    ]
    return [*(Call("scannerData", row) for row in rows), Call("scannerDataEnd", (reply.req_id,))]


ARRIVALS: dict[type, Callable[[Any, Library], list[Call]]] = {
    a.PositionMulti: lambda reply, _: [
        Call(
            "positionMulti",
            (
                reply.req_id,
                reply.account,
                reply.model_code,
                reply.contract,
                reply.position,
                reply.average_cost,
            ),
        )
    ],
    d.BondContractData: bond_data,
    d.SymbolSamples: symbol_samples,
    d.MarketDepthExchanges: lambda reply, _: [Call("mktDepthExchanges", (reply.exchanges,))],
    d.SmartComponents: lambda reply, _: [Call("smartComponents", (reply.req_id, reply.components))],
    d.MarketRule: lambda reply, _: [Call("marketRule", (reply.rule_id, reply.increments))],
    g.SoftDollarTiers: lambda reply, _: [Call("softDollarTiers", (reply.req_id, reply.tiers))],
    g.FamilyCodes: lambda reply, _: [Call("familyCodes", (reply.codes,))],
    h.HistoricalData: historical_data,
    h.HistoricalDataUpdate: historical_data_update,
    h.HistogramData: lambda reply, _: [Call("histogramData", (reply.req_id, reply.points))],
    h.HistoricalTicks: historical_ticks,
    h.HistoricalTicksBidAsk: historical_quotes,
    h.HistoricalTicksLast: historical_trades,
    h.TickByTick: tick_by_tick,
    h.HistoricalSchedule: lambda reply, _: [
        Call(
            "historicalSchedule",
            (reply.req_id, reply.start, reply.end, reply.time_zone, reply.sessions),
        )
    ],
    m.TickPrice: tick_price,
    n.NewsProviders: lambda reply, _: [Call("newsProviders", (reply.providers,))],
    o.OpenOrder: open_order,
    o.CompletedOrder: completed_order,
    o.ExecutionData: execution,
    o.CommissionReport: lambda reply, _: [Call("commissionReport", (reply,))],
    p.TickOptionComputation: option_computation,
    p.DeltaNeutralValidation: lambda reply, _: [
        Call(
            "deltaNeutralValidation",
            (
                reply.req_id,
                {"conId": reply.con_id, "delta": reply.delta, "price": reply.price},
            ),
        )
    ],
    p.OptionParameters: option_parameters,
    s.ScannerData: scanner_data,
}
"""Replies that arrive otherwise."""

_AFTER_157 = "newer than this client, whose server version is 157"
_AFTER_178 = "from version 196 on, newer than this client"
_NEWEST = dict.fromkeys((h.HistoricalDataEnd, c.CurrentTimeInMillis), _AFTER_178)
ABSENT: dict[str, dict[type, str]] = {
    "ib_insync": _NEWEST,
    "ib_async": _NEWEST,
    "ibapi": _NEWEST
    | dict.fromkeys((s.WshMetaData, s.WshEventData, h.HistoricalSchedule, g.UserInfo), _AFTER_157),
}
"""Replies that one library does not read, and why."""
