"""Scanners, fundamentals, corporate events."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.messages.parts import contract
from simulator.records import Contract, TagValues
from simulator.wire import (
    BOOL,
    FLOAT_OR_EMPTY,
    INT,
    INT_OR_EMPTY,
    TAGS,
    TEXT,
    Constant,
    CountedOptions,
    Field,
    Layout,
    Many,
    Message,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestScannerSubscription:
    req_id: int
    rows: int = -1
    instrument: str = ""
    location_code: str = ""
    scan_code: str = ""
    above_price: Decimal | None = None
    below_price: Decimal | None = None
    above_volume: int | None = None
    market_cap_above: Decimal | None = None
    market_cap_below: Decimal | None = None
    moody_rating_above: str = ""
    moody_rating_below: str = ""
    sp_rating_above: str = ""
    sp_rating_below: str = ""
    maturity_date_above: str = ""
    maturity_date_below: str = ""
    coupon_rate_above: Decimal | None = None
    coupon_rate_below: Decimal | None = None
    exclude_convertible: bool = False
    average_option_volume_above: int | None = None
    scanner_setting_pairs: str = ""
    stock_type_filter: str = ""
    filter_options: TagValues = ()
    subscription_options: TagValues = ()


@dataclass(frozen=True, slots=True)
class CancelScannerSubscription:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestScannerParameters:
    pass


@dataclass(frozen=True, slots=True)
class RequestFundamentalData:
    req_id: int
    contract: Contract
    report_type: str
    options: TagValues = ()


@dataclass(frozen=True, slots=True)
class CancelFundamentalData:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestWshMetaData:
    req_id: int


@dataclass(frozen=True, slots=True)
class CancelWshMetaData:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestWshEventData:
    req_id: int
    con_id: int | None = None
    filter: str = ""
    fill_watchlist: bool = False
    fill_portfolio: bool = False
    fill_competitors: bool = False
    start_date: str = ""
    end_date: str = ""
    total_limit: int | None = None


@dataclass(frozen=True, slots=True)
class CancelWshEventData:
    req_id: int


@dataclass(frozen=True, slots=True)
class ScannerParameters:
    xml: str


@dataclass(frozen=True, slots=True)
class ScannerRow:
    rank: int
    contract: Contract
    market_name: str
    distance: str = ""
    benchmark: str = ""
    projection: str = ""
    legs: str = ""


@dataclass(frozen=True, slots=True)
class ScannerData:
    req_id: int
    rows: tuple[ScannerRow, ...]


@dataclass(frozen=True, slots=True)
class FundamentalData:
    req_id: int
    data: str


@dataclass(frozen=True, slots=True)
class WshMetaData:
    req_id: int
    data_json: str


@dataclass(frozen=True, slots=True)
class WshEventData:
    req_id: int
    data_json: str


_V1 = Constant("1")
_REQ_ID = Field("req_id", INT)
_JSON = Field("data_json", TEXT)

_ROW = Layout(
    ScannerRow,
    Field("rank", INT),
    *contract("multiplier", "primary_exchange", "trading_class"),
    Field("market_name", TEXT),
    Field("contract.trading_class", TEXT),
    Field("distance", TEXT),
    Field("benchmark", TEXT),
    Field("projection", TEXT),
    Field("legs", TEXT),
)

REQUESTS = (
    Message(
        22,
        RequestScannerSubscription,
        _REQ_ID,
        Field("rows", INT),
        Field("instrument", TEXT),
        Field("location_code", TEXT),
        Field("scan_code", TEXT),
        Field("above_price", FLOAT_OR_EMPTY),
        Field("below_price", FLOAT_OR_EMPTY),
        Field("above_volume", INT_OR_EMPTY),
        Field("market_cap_above", FLOAT_OR_EMPTY),
        Field("market_cap_below", FLOAT_OR_EMPTY),
        Field("moody_rating_above", TEXT),
        Field("moody_rating_below", TEXT),
        Field("sp_rating_above", TEXT),
        Field("sp_rating_below", TEXT),
        Field("maturity_date_above", TEXT),
        Field("maturity_date_below", TEXT),
        Field("coupon_rate_above", FLOAT_OR_EMPTY),
        Field("coupon_rate_below", FLOAT_OR_EMPTY),
        Field("exclude_convertible", BOOL),
        Field("average_option_volume_above", INT_OR_EMPTY),
        Field("scanner_setting_pairs", TEXT),
        Field("stock_type_filter", TEXT),
        Field("filter_options", TAGS),
        Field("subscription_options", TAGS),
    ),
    Message(23, CancelScannerSubscription, _V1, _REQ_ID),
    Message(24, RequestScannerParameters, _V1),
    Message(
        52,
        RequestFundamentalData,
        Constant("2"),
        _REQ_ID,
        *contract("last_trade_date", "strike", "right", "multiplier", "trading_class"),
        Field("report_type", TEXT),
        CountedOptions("options"),
    ),
    Message(53, CancelFundamentalData, _V1, _REQ_ID),
    Message(100, RequestWshMetaData, _REQ_ID),
    Message(101, CancelWshMetaData, _REQ_ID),
    Message(
        102,
        RequestWshEventData,
        _REQ_ID,
        Field("con_id", INT_OR_EMPTY),
        Field("filter", TEXT, since=171),
        Field("fill_watchlist", BOOL, since=171),
        Field("fill_portfolio", BOOL, since=171),
        Field("fill_competitors", BOOL, since=171),
        Field("start_date", TEXT, since=173),
        Field("end_date", TEXT, since=173),
        Field("total_limit", INT_OR_EMPTY, since=173),
    ),
    Message(103, CancelWshEventData, _REQ_ID),
)

REPLIES = (
    Message(19, ScannerParameters, _V1, Field("xml", TEXT)),
    Message(20, ScannerData, Constant("3"), _REQ_ID, Many("rows", _ROW)),
    Message(51, FundamentalData, _V1, _REQ_ID, Field("data", TEXT)),
    Message(104, WshMetaData, _REQ_ID, _JSON),
    Message(105, WshEventData, _REQ_ID, _JSON),
)
