"""Bars and ticks: of the past, and the streams that continue them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.messages.parts import QUOTED_LEG, contract, size
from simulator.records import Contract, TagValues
from simulator.wire import (
    BOOL,
    FLOAT,
    INT,
    LONG,
    TAGS,
    TEXT,
    Constant,
    Field,
    Layout,
    Many,
    Message,
    When,
)

LAST, ALL_LAST, BID_ASK, MID_POINT = 1, 2, 3, 4
"""Tick types of tick-by-tick data."""


@dataclass(frozen=True, slots=True)
class RequestHistoricalData:
    req_id: int
    contract: Contract
    include_expired: bool
    end_date_time: str
    bar_size: str
    duration: str
    use_rth: bool
    what_to_show: str
    format_date: int
    keep_up_to_date: bool = False
    chart_options: TagValues = ()


@dataclass(frozen=True, slots=True)
class CancelHistoricalData:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestRealTimeBars:
    req_id: int
    contract: Contract
    bar_size: int
    what_to_show: str
    use_rth: bool
    options: TagValues = ()


@dataclass(frozen=True, slots=True)
class CancelRealTimeBars:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestHeadTimestamp:
    req_id: int
    contract: Contract
    include_expired: bool
    use_rth: bool
    what_to_show: str
    format_date: int


@dataclass(frozen=True, slots=True)
class CancelHeadTimestamp:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestHistogramData:
    req_id: int
    contract: Contract
    include_expired: bool
    use_rth: bool
    time_period: str


@dataclass(frozen=True, slots=True)
class CancelHistogramData:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestHistoricalTicks:
    req_id: int
    contract: Contract
    include_expired: bool
    start_date_time: str
    end_date_time: str
    number_of_ticks: int
    what_to_show: str
    use_rth: bool
    ignore_size: bool
    options: TagValues = ()


@dataclass(frozen=True, slots=True)
class RequestTickByTickData:
    req_id: int
    contract: Contract
    tick_type: str
    number_of_ticks: int = 0
    ignore_size: bool = False


@dataclass(frozen=True, slots=True)
class CancelTickByTickData:
    req_id: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `date` is spelled as the request wanted. Volume and count are -1 for quotes."""

    date: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    average: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class HistoricalData:
    """All bars of a query. From version 196 on start and end come in a message of their own."""

    req_id: int
    bars: tuple[Bar, ...]
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class HistoricalDataEnd:
    req_id: int
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class HistoricalDataUpdate:
    """The bar in progress. On the wire its close comes before its high and low."""

    req_id: int
    count: int
    date: str
    open: Decimal
    close: Decimal
    high: Decimal
    low: Decimal
    average: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class RealTimeBar:
    req_id: int
    time_s: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    average: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class HeadTimestamp:
    req_id: int
    timestamp: str


@dataclass(frozen=True, slots=True)
class HistogramPoint:
    price: Decimal
    size: int


@dataclass(frozen=True, slots=True)
class HistogramData:
    req_id: int
    points: tuple[HistogramPoint, ...]


@dataclass(frozen=True, slots=True)
class HistoricalTick:
    time_s: int
    price: Decimal
    size: Decimal


@dataclass(frozen=True, slots=True)
class HistoricalTickBidAsk:
    """`mask` bit 0 ask past high, bit 1 bid past low: the reverse of the live tick."""

    time_s: int
    mask: int
    bid: Decimal
    ask: Decimal
    bid_size: Decimal
    ask_size: Decimal


@dataclass(frozen=True, slots=True)
class HistoricalTickLast:
    """`mask` bit 0 past limit, bit 1 unreported."""

    time_s: int
    mask: int
    price: Decimal
    size: Decimal
    exchange: str
    special_conditions: str


@dataclass(frozen=True, slots=True)
class HistoricalTicks:
    req_id: int
    ticks: tuple[HistoricalTick, ...]
    done: bool


@dataclass(frozen=True, slots=True)
class HistoricalTicksBidAsk:
    req_id: int
    ticks: tuple[HistoricalTickBidAsk, ...]
    done: bool


@dataclass(frozen=True, slots=True)
class HistoricalTicksLast:
    req_id: int
    ticks: tuple[HistoricalTickLast, ...]
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TickByTick:
    """One live tick; which fields count depends on `tick_type`: 1, 2 last, 3 bid/ask, 4 middle."""

    req_id: int
    tick_type: int
    time_s: int
    price: Decimal = Decimal(0)
    size: Decimal = Decimal(0)
    bid: Decimal = Decimal(0)
    ask: Decimal = Decimal(0)
    bid_size: Decimal = Decimal(0)
    ask_size: Decimal = Decimal(0)
    middle: Decimal = Decimal(0)
    mask: int = 0
    exchange: str = ""
    special_conditions: str = ""


@dataclass(frozen=True, slots=True)
class TradingSession:
    start: str
    end: str
    reference_date: str


@dataclass(frozen=True, slots=True)
class HistoricalSchedule:
    req_id: int
    start: str
    end: str
    time_zone: str
    sessions: tuple[TradingSession, ...]


_V1 = Constant("1")
_REQ_ID = Field("req_id", INT)
_EXPIRED = Field("include_expired", BOOL)
_WHAT = Field("what_to_show", TEXT)
_USE_RTH = Field("use_rth", BOOL)
_TICK_TIME = Field("time_s", LONG)
_MASK = Field("mask", INT)
_DONE = Field("done", BOOL)

_BAR = Layout(
    Bar,
    Field("date", TEXT),
    Field("open", FLOAT),
    Field("high", FLOAT),
    Field("low", FLOAT),
    Field("close", FLOAT),
    *size("volume"),
    Field("average", FLOAT),
    Field("count", INT),
)

REQUESTS = (
    Message(
        20,
        RequestHistoricalData,
        _REQ_ID,
        *contract(),
        _EXPIRED,
        Field("end_date_time", TEXT),
        Field("bar_size", TEXT),
        Field("duration", TEXT),
        _USE_RTH,
        _WHAT,
        Field("format_date", INT),
        When("contract.sec_type", "BAG".__eq__, Many("contract.combo_legs", QUOTED_LEG)),
        Field("keep_up_to_date", BOOL),
        Field("chart_options", TAGS),
    ),
    Message(25, CancelHistoricalData, _V1, _REQ_ID),
    Message(
        50,
        RequestRealTimeBars,
        Constant("3"),
        _REQ_ID,
        *contract(),
        Field("bar_size", INT),
        _WHAT,
        _USE_RTH,
        Field("options", TAGS),
    ),
    Message(51, CancelRealTimeBars, _V1, _REQ_ID),
    Message(
        87,
        RequestHeadTimestamp,
        _REQ_ID,
        *contract(),
        _EXPIRED,
        _USE_RTH,
        _WHAT,
        Field("format_date", INT),
    ),
    Message(
        88,
        RequestHistogramData,
        _REQ_ID,
        *contract(),
        _EXPIRED,
        _USE_RTH,
        Field("time_period", TEXT),
    ),
    Message(89, CancelHistogramData, _REQ_ID),
    Message(90, CancelHeadTimestamp, _REQ_ID),
    Message(
        96,
        RequestHistoricalTicks,
        _REQ_ID,
        *contract(),
        _EXPIRED,
        Field("start_date_time", TEXT),
        Field("end_date_time", TEXT),
        Field("number_of_ticks", INT),
        _WHAT,
        _USE_RTH,
        Field("ignore_size", BOOL),
        Field("options", TAGS),
    ),
    Message(
        97,
        RequestTickByTickData,
        _REQ_ID,
        *contract(),
        Field("tick_type", TEXT),
        Field("number_of_ticks", INT),
        Field("ignore_size", BOOL),
    ),
    Message(98, CancelTickByTickData, _REQ_ID),
)

REPLIES = (
    Message(
        17,
        HistoricalData,
        _REQ_ID,
        Field("start", TEXT, until=195),
        Field("end", TEXT, until=195),
        Many("bars", _BAR),
    ),
    Message(
        50,
        RealTimeBar,
        Constant("3"),
        _REQ_ID,
        _TICK_TIME,
        Field("open", FLOAT),
        Field("high", FLOAT),
        Field("low", FLOAT),
        Field("close", FLOAT),
        *size("volume"),
        Field("average", FLOAT),
        Field("count", INT),
    ),
    Message(88, HeadTimestamp, _REQ_ID, Field("timestamp", TEXT)),
    Message(
        89,
        HistogramData,
        _REQ_ID,
        Many("points", Layout(HistogramPoint, Field("price", FLOAT), Field("size", INT))),
    ),
    Message(
        90,
        HistoricalDataUpdate,
        _REQ_ID,
        Field("count", INT),
        Field("date", TEXT),
        Field("open", FLOAT),
        Field("close", FLOAT),
        Field("high", FLOAT),
        Field("low", FLOAT),
        Field("average", FLOAT),
        *size("volume"),
    ),
    Message(
        96,
        HistoricalTicks,
        _REQ_ID,
        Many(
            "ticks",
            Layout(HistoricalTick, _TICK_TIME, Constant("0"), Field("price", FLOAT), *size("size")),
        ),
        _DONE,
    ),
    Message(
        97,
        HistoricalTicksBidAsk,
        _REQ_ID,
        Many(
            "ticks",
            Layout(
                HistoricalTickBidAsk,
                _TICK_TIME,
                _MASK,
                Field("bid", FLOAT),
                Field("ask", FLOAT),
                *size("bid_size"),
                *size("ask_size"),
            ),
        ),
        _DONE,
    ),
    Message(
        98,
        HistoricalTicksLast,
        _REQ_ID,
        Many(
            "ticks",
            Layout(
                HistoricalTickLast,
                _TICK_TIME,
                _MASK,
                Field("price", FLOAT),
                *size("size"),
                Field("exchange", TEXT),
                Field("special_conditions", TEXT),
            ),
        ),
        _DONE,
    ),
    Message(
        99,
        TickByTick,
        _REQ_ID,
        Field("tick_type", INT),
        _TICK_TIME,
        When(
            "tick_type",
            {LAST, ALL_LAST}.__contains__,
            Field("price", FLOAT),
            *size("size"),
            _MASK,
            Field("exchange", TEXT),
            Field("special_conditions", TEXT),
        ),
        When(
            "tick_type",
            {BID_ASK}.__contains__,
            Field("bid", FLOAT),
            Field("ask", FLOAT),
            *size("bid_size"),
            *size("ask_size"),
            _MASK,
        ),
        When("tick_type", {MID_POINT}.__contains__, Field("middle", FLOAT)),
    ),
    Message(
        106,
        HistoricalSchedule,
        _REQ_ID,
        Field("start", TEXT),
        Field("end", TEXT),
        Field("time_zone", TEXT),
        Many(
            "sessions",
            Layout(
                TradingSession,
                Field("start", TEXT),
                Field("end", TEXT),
                Field("reference_date", TEXT),
            ),
        ),
    ),
    Message(108, HistoricalDataEnd, _REQ_ID, Field("start", TEXT), Field("end", TEXT)),
)
