"""How each request is asked for with the methods of the libraries' own clients."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from simulator import records as r
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

from .libraries import Library
from .mirror import build, filled

Encode = Callable[[Any, Any, Library], object]

TAG_VALUES = {"options", "chart_options", "filter_options", "subscription_options"}


def argument(request: Any, name: str, library: Library) -> Any:
    """One attribute of a request as the library takes it."""
    value = getattr(request, name)
    if isinstance(value, r.Contract):
        contract = build(value, library)
        contract.includeExpired = getattr(request, "include_expired", False)
        return contract
    if name in TAG_VALUES and value != "":
        return [library.tag_value(tag, text) for tag, text in value]
    return float(value) if isinstance(value, Decimal) else value


def plain(method: str, *names: str) -> Encode:
    """A method whose arguments are the attributes of the request."""
    return lambda client, request, library: getattr(client, method)(
        *(argument(request, name, library) for name in names)
    )


def start(client: Any, request: c.StartApi, library: Library) -> None:
    del library
    client.clientId = request.client_id
    client.optCapab = request.optional_capabilities
    client.startApi()


def ask_market_data(client: Any, request: m.RequestMarketData, library: Library) -> None:
    client.reqMktData(
        request.req_id,
        build(request.contract, library),
        request.generic_ticks,
        request.snapshot,
        request.regulatory_snapshot,
        [],
    )


def cancel(client: Any, request: o.CancelOrder, library: Library) -> None:
    match library.name:
        case "ibapi":
            client.cancelOrder(request.order_id)
        case "ibapi10":
            client.cancelOrder(request.order_id, cancellation(request, library))
        case _:
            client.cancelOrder(request.order_id, request.manual_cancel_time)


def cancel_all(client: Any, request: o.RequestGlobalCancel, library: Library) -> None:
    orders = [cancellation(request, library)] if library.name == "ibapi10" else []
    client.reqGlobalCancel(*orders)


def cancellation(request: o.CancelOrder | o.RequestGlobalCancel, library: Library) -> Any:
    """What the newest client wants to be told of each cancellation."""
    built = library.new("OrderCancel")
    built.manualOrderCancelTime = getattr(request, "manual_cancel_time", "")
    built.extOperator = request.ext_operator
    if request.manual_order_indicator is not None:
        built.manualOrderIndicator = request.manual_order_indicator
    return built


def exercise(client: Any, request: o.ExerciseOptions, library: Library) -> None:
    names = ["req_id", "contract", "action", "quantity", "account", "override"]
    if library.name == "ibapi10":
        names += ["manual_order_time", "customer_account", "professional_customer"]
    plain("exerciseOptions", *names)(client, request, library)


def scan(client: Any, request: s.RequestScannerSubscription, library: Library) -> None:
    options = {"filter_options", "subscription_options"}
    client.reqScannerSubscription(
        request.req_id,
        filled("ScannerSubscription", request, library, without={"req_id", *options}),
        argument(request, "subscription_options", library),
        argument(request, "filter_options", library),
    )


def ask_events(client: Any, request: s.RequestWshEventData, library: Library) -> None:
    asked = filled("WshEventData", request, library, without={"req_id"})
    client.reqWshEventData(request.req_id, asked)


def verified(method: str, *names: str) -> Encode:
    """The vendor's client refuses to verify itself unless it was made for that."""

    def encode(client: Any, request: Any, library: Library) -> None:
        client.extraAuth = True
        plain(method, *names)(client, request, library)

    return encode


ENCODERS: dict[type, Encode] = {
    c.StartApi: start,
    c.RequestIds: plain("reqIds", "count"),
    c.RequestCurrentTime: plain("reqCurrentTime"),
    c.RequestCurrentTimeInMillis: plain("reqCurrentTimeInMillis"),
    c.SetServerLogLevel: plain("setServerLogLevel", "level"),
    d.RequestContractData: plain("reqContractDetails", "req_id", "contract"),
    d.RequestMatchingSymbols: plain("reqMatchingSymbols", "req_id", "pattern"),
    d.RequestMarketDepthExchanges: plain("reqMktDepthExchanges"),
    d.RequestSmartComponents: plain("reqSmartComponents", "req_id", "bbo_exchange"),
    d.RequestMarketRule: plain("reqMarketRule", "rule_id"),
    m.RequestMarketData: ask_market_data,
    m.CancelMarketData: plain("cancelMktData", "req_id"),
    m.RequestMarketDataType: plain("reqMarketDataType", "market_data_type"),
    b.RequestMarketDepth: plain(
        "reqMktDepth", "req_id", "contract", "rows", "is_smart_depth", "options"
    ),
    b.CancelMarketDepth: plain("cancelMktDepth", "req_id", "is_smart_depth"),
    h.RequestHistoricalData: plain(
        "reqHistoricalData",
        "req_id",
        "contract",
        "end_date_time",
        "duration",
        "bar_size",
        "what_to_show",
        "use_rth",
        "format_date",
        "keep_up_to_date",
        "chart_options",
    ),
    h.CancelHistoricalData: plain("cancelHistoricalData", "req_id"),
    h.RequestRealTimeBars: plain(
        "reqRealTimeBars", "req_id", "contract", "bar_size", "what_to_show", "use_rth", "options"
    ),
    h.CancelRealTimeBars: plain("cancelRealTimeBars", "req_id"),
    h.RequestHeadTimestamp: plain(
        "reqHeadTimeStamp", "req_id", "contract", "what_to_show", "use_rth", "format_date"
    ),
    h.CancelHeadTimestamp: plain("cancelHeadTimeStamp", "req_id"),
    h.RequestHistogramData: plain(
        "reqHistogramData", "req_id", "contract", "use_rth", "time_period"
    ),
    h.CancelHistogramData: plain("cancelHistogramData", "req_id"),
    h.RequestHistoricalTicks: plain(
        "reqHistoricalTicks",
        "req_id",
        "contract",
        "start_date_time",
        "end_date_time",
        "number_of_ticks",
        "what_to_show",
        "use_rth",
        "ignore_size",
        "options",
    ),
    h.RequestTickByTickData: plain(
        "reqTickByTickData", "req_id", "contract", "tick_type", "number_of_ticks", "ignore_size"
    ),
    h.CancelTickByTickData: plain("cancelTickByTickData", "req_id"),
    p.CalculateImpliedVolatility: plain(
        "calculateImpliedVolatility",
        "req_id",
        "contract",
        "option_price",
        "under_price",
        "options",
    ),
    p.CalculateOptionPrice: plain(
        "calculateOptionPrice", "req_id", "contract", "volatility", "under_price", "options"
    ),
    p.CancelCalculateImpliedVolatility: plain("cancelCalculateImpliedVolatility", "req_id"),
    p.CancelCalculateOptionPrice: plain("cancelCalculateOptionPrice", "req_id"),
    p.RequestOptionParameters: plain(
        "reqSecDefOptParams",
        "req_id",
        "under_symbol",
        "future_exchange",
        "under_sec_type",
        "under_con_id",
    ),
    o.CancelOrder: cancel,
    o.RequestExecutions: lambda client, request, library: client.reqExecutions(
        request.req_id, build(request.filter, library)
    ),
    o.RequestGlobalCancel: cancel_all,
    o.RequestOpenOrders: plain("reqOpenOrders"),
    o.RequestAllOpenOrders: plain("reqAllOpenOrders"),
    o.RequestAutoOpenOrders: plain("reqAutoOpenOrders", "auto_bind"),
    o.RequestCompletedOrders: plain("reqCompletedOrders", "api_only"),
    o.ExerciseOptions: exercise,
    a.RequestManagedAccounts: plain("reqManagedAccts"),
    a.RequestAccountUpdates: plain("reqAccountUpdates", "subscribe", "account"),
    a.RequestPositions: plain("reqPositions"),
    a.CancelPositions: plain("cancelPositions"),
    a.RequestAccountSummary: plain("reqAccountSummary", "req_id", "group", "tags"),
    a.CancelAccountSummary: plain("cancelAccountSummary", "req_id"),
    a.RequestAccountUpdatesMulti: plain(
        "reqAccountUpdatesMulti", "req_id", "account", "model_code", "ledger_and_nlv"
    ),
    a.CancelAccountUpdatesMulti: plain("cancelAccountUpdatesMulti", "req_id"),
    a.RequestPositionsMulti: plain("reqPositionsMulti", "req_id", "account", "model_code"),
    a.CancelPositionsMulti: plain("cancelPositionsMulti", "req_id"),
    a.RequestPnL: plain("reqPnL", "req_id", "account", "model_code"),
    a.CancelPnL: plain("cancelPnL", "req_id"),
    a.RequestPnLSingle: plain("reqPnLSingle", "req_id", "account", "model_code", "con_id"),
    a.CancelPnLSingle: plain("cancelPnLSingle", "req_id"),
    n.RequestNewsBulletins: plain("reqNewsBulletins", "all_messages"),
    n.CancelNewsBulletins: plain("cancelNewsBulletins"),
    n.RequestNewsArticle: plain(
        "reqNewsArticle", "req_id", "provider_code", "article_id", "options"
    ),
    n.RequestNewsProviders: plain("reqNewsProviders"),
    n.RequestHistoricalNews: plain(
        "reqHistoricalNews",
        "req_id",
        "con_id",
        "provider_codes",
        "start_date_time",
        "end_date_time",
        "total_results",
        "options",
    ),
    s.RequestScannerSubscription: scan,
    s.CancelScannerSubscription: plain("cancelScannerSubscription", "req_id"),
    s.RequestScannerParameters: plain("reqScannerParameters"),
    s.RequestFundamentalData: plain(
        "reqFundamentalData", "req_id", "contract", "report_type", "options"
    ),
    s.CancelFundamentalData: plain("cancelFundamentalData", "req_id"),
    s.RequestWshMetaData: plain("reqWshMetaData", "req_id"),
    s.CancelWshMetaData: plain("cancelWshMetaData", "req_id"),
    s.RequestWshEventData: ask_events,
    s.CancelWshEventData: plain("cancelWshEventData", "req_id"),
    g.RequestAdvisorData: plain("requestFA", "kind"),
    g.ReplaceAdvisorData: plain("replaceFA", "req_id", "kind", "xml"),
    g.RequestSoftDollarTiers: plain("reqSoftDollarTiers", "req_id"),
    g.RequestFamilyCodes: plain("reqFamilyCodes"),
    g.RequestUserInfo: plain("reqUserInfo", "req_id"),
    g.QueryDisplayGroups: plain("queryDisplayGroups", "req_id"),
    g.SubscribeToGroupEvents: plain("subscribeToGroupEvents", "req_id", "group_id"),
    g.UpdateDisplayGroup: plain("updateDisplayGroup", "req_id", "contract_info"),
    g.UnsubscribeFromGroupEvents: plain("unsubscribeFromGroupEvents", "req_id"),
    g.VerifyRequest: verified("verifyRequest", "api_name", "api_version"),
    g.VerifyMessage: plain("verifyMessage", "api_data"),
    g.VerifyAndAuthRequest: verified(
        "verifyAndAuthRequest", "api_name", "api_version", "opaque_isv_key"
    ),
    g.VerifyAndAuthMessage: plain("verifyAndAuthMessage", "api_data", "response"),
}
"""Every request but `PlaceOrder`, which has a module of its own."""

_AFTER_157 = "newer than this client, whose server version is 157"
_AFTER_178 = "from version 197 on, newer than this client"
ABSENT: dict[str, dict[type, str]] = {
    "ib_insync": {c.RequestCurrentTimeInMillis: _AFTER_178},
    "ib_async": {c.RequestCurrentTimeInMillis: _AFTER_178},
    "ibapi": dict.fromkeys(
        (
            c.RequestCurrentTimeInMillis,
            s.RequestWshMetaData,
            s.CancelWshMetaData,
            s.RequestWshEventData,
            s.CancelWshEventData,
            g.RequestUserInfo,
        ),
        _AFTER_157,
    ),
}
"""Requests that one library has no method for, and why."""

SENT_SINCE: dict[str, dict[type, int]] = {
    "ibapi10": {
        s.RequestWshMetaData: 161,
        s.CancelWshMetaData: 161,
        s.RequestWshEventData: 161,
        s.CancelWshEventData: 161,
        g.RequestUserInfo: 167,
        c.RequestCurrentTimeInMillis: 197,
    }
}
"""Requests that a library refuses to send to a server older than that."""

_OF_THE_VENDOR = {
    b.RequestMarketDepth: "refuses every option with NotImplementedError",
    n.RequestHistoricalNews: "sends an empty field, whatever the options",
}
WITHOUT_OPTIONS: dict[str, dict[type, str]] = {
    "ibapi": _OF_THE_VENDOR,
    "ibapi10": _OF_THE_VENDOR,
}
"""Requests whose options a library cannot send, and why."""
