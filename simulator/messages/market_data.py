"""Quotes: subscriptions, snapshots, ticks."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

from simulator.messages.parts import DELTA_NEUTRAL_CONTRACT, QUOTED_LEG, contract, size
from simulator.records import Contract
from simulator.wire import BOOL, FLOAT, INT, TEXT, Constant, Field, Many, Maybe, Message, When


class TickType(IntEnum):
    """Tick types the simulator sends, under the vendor's numbers."""

    BID_SIZE = 0
    BID = 1
    ASK = 2
    ASK_SIZE = 3
    LAST = 4
    LAST_SIZE = 5
    HIGH = 6
    LOW = 7
    VOLUME = 8
    CLOSE = 9
    BID_OPTION = 10
    ASK_OPTION = 11
    LAST_OPTION = 12
    MODEL_OPTION = 13
    OPEN = 14
    LOW_13_WEEK = 15
    HIGH_13_WEEK = 16
    LOW_26_WEEK = 17
    HIGH_26_WEEK = 18
    LOW_52_WEEK = 19
    HIGH_52_WEEK = 20
    AVG_VOLUME = 21
    OPTION_HISTORICAL_VOL = 23
    OPTION_IMPLIED_VOL = 24
    OPTION_CALL_OPEN_INTEREST = 27
    OPTION_PUT_OPEN_INTEREST = 28
    OPTION_CALL_VOLUME = 29
    OPTION_PUT_VOLUME = 30
    INDEX_FUTURE_PREMIUM = 31
    BID_EXCHANGE = 32
    ASK_EXCHANGE = 33
    AUCTION_VOLUME = 34
    AUCTION_PRICE = 35
    AUCTION_IMBALANCE = 36
    MARK_PRICE = 37
    LAST_TIMESTAMP = 45
    SHORTABLE = 46
    FUNDAMENTAL_RATIOS = 47
    RT_VOLUME = 48
    HALTED = 49
    BID_YIELD = 50
    ASK_YIELD = 51
    LAST_YIELD = 52
    TRADE_COUNT = 54
    TRADE_RATE = 55
    VOLUME_RATE = 56
    LAST_RTH_TRADE = 57
    RT_HISTORICAL_VOL = 58
    IB_DIVIDENDS = 59
    BOND_FACTOR_MULTIPLIER = 60
    REGULATORY_IMBALANCE = 61
    SHORT_TERM_VOLUME_3_MIN = 63
    SHORT_TERM_VOLUME_5_MIN = 64
    SHORT_TERM_VOLUME_10_MIN = 65
    DELAYED_BID = 66
    DELAYED_ASK = 67
    DELAYED_LAST = 68
    DELAYED_BID_SIZE = 69
    DELAYED_ASK_SIZE = 70
    DELAYED_LAST_SIZE = 71
    DELAYED_HIGH = 72
    DELAYED_LOW = 73
    DELAYED_VOLUME = 74
    DELAYED_CLOSE = 75
    DELAYED_OPEN = 76
    RT_TRADE_VOLUME = 77
    CREDITMAN_SLOW_MARK_PRICE = 79
    DELAYED_BID_OPTION = 80
    DELAYED_ASK_OPTION = 81
    DELAYED_LAST_OPTION = 82
    DELAYED_MODEL_OPTION = 83
    LAST_EXCHANGE = 84
    FUTURES_OPEN_INTEREST = 86
    AVG_OPT_VOLUME = 87
    DELAYED_LAST_TIMESTAMP = 88
    SHORTABLE_SHARES = 89
    DELAYED_HALTED = 90
    ETF_NAV_LAST = 96
    ETF_FROZEN_NAV_LAST = 97
    ETF_NAV_HIGH = 98
    ETF_NAV_LOW = 99


@dataclass(frozen=True, slots=True)
class RequestMarketData:
    req_id: int
    contract: Contract
    generic_ticks: str = ""
    snapshot: bool = False
    regulatory_snapshot: bool = False
    options: str = ""


@dataclass(frozen=True, slots=True)
class CancelMarketData:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestMarketDataType:
    market_data_type: int


@dataclass(frozen=True, slots=True)
class TickPrice:
    """A price with its size; `attributes` bit 0 can auto-execute, 1 past limit, 2 pre-open."""

    req_id: int
    tick_type: int
    price: Decimal
    size: Decimal | None = None
    attributes: int = 0


@dataclass(frozen=True, slots=True)
class TickSize:
    req_id: int
    tick_type: int
    size: Decimal


@dataclass(frozen=True, slots=True)
class TickGeneric:
    req_id: int
    tick_type: int
    value: Decimal


@dataclass(frozen=True, slots=True)
class TickString:
    req_id: int
    tick_type: int
    value: str


@dataclass(frozen=True, slots=True)
class TickSnapshotEnd:
    req_id: int


@dataclass(frozen=True, slots=True)
class MarketDataType:
    """1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""

    req_id: int
    market_data_type: int


@dataclass(frozen=True, slots=True)
class TickRequestParameters:
    req_id: int
    min_tick: Decimal
    bbo_exchange: str
    snapshot_permissions: int


@dataclass(frozen=True, slots=True)
class TickEfp:
    """Exchange for physical."""

    req_id: int
    tick_type: int
    basis_points: Decimal
    formatted_basis_points: str
    total_dividends: Decimal
    hold_days: int
    future_last_trade_date: str
    dividend_impact: Decimal
    dividends_to_last_trade_date: Decimal


@dataclass(frozen=True, slots=True)
class RerouteMarketData:
    """Ask again for another contract: the underlying of a CFD."""

    req_id: int
    con_id: int
    exchange: str


@dataclass(frozen=True, slots=True)
class RerouteMarketDepth:
    req_id: int
    con_id: int
    exchange: str


_REQ_ID = Field("req_id", INT)
_TICK = (_REQ_ID, Field("tick_type", INT))

REQUESTS = (
    Message(
        1,
        RequestMarketData,
        Constant("11"),
        _REQ_ID,
        *contract(),
        When("contract.sec_type", "BAG".__eq__, Many("contract.combo_legs", QUOTED_LEG)),
        Maybe("contract.delta_neutral", DELTA_NEUTRAL_CONTRACT),
        Field("generic_ticks", TEXT),
        Field("snapshot", BOOL),
        Field("regulatory_snapshot", BOOL),
        Field("options", TEXT),
    ),
    Message(2, CancelMarketData, Constant("2"), _REQ_ID),
    Message(59, RequestMarketDataType, Constant("1"), Field("market_data_type", INT)),
)

REPLIES = (
    Message(
        1,
        TickPrice,
        Constant("6"),
        *_TICK,
        Field("price", FLOAT),
        *size("size"),
        Field("attributes", INT),
    ),
    Message(2, TickSize, Constant("6"), *_TICK, *size("size")),
    Message(45, TickGeneric, Constant("6"), *_TICK, Field("value", FLOAT)),
    Message(46, TickString, Constant("6"), *_TICK, Field("value", TEXT)),
    Message(
        47,
        TickEfp,
        Constant("1"),
        *_TICK,
        Field("basis_points", FLOAT),
        Field("formatted_basis_points", TEXT),
        Field("total_dividends", FLOAT),
        Field("hold_days", INT),
        Field("future_last_trade_date", TEXT),
        Field("dividend_impact", FLOAT),
        Field("dividends_to_last_trade_date", FLOAT),
    ),
    Message(57, TickSnapshotEnd, Constant("1"), _REQ_ID),
    Message(58, MarketDataType, Constant("1"), _REQ_ID, Field("market_data_type", INT)),
    Message(
        81,
        TickRequestParameters,
        _REQ_ID,
        Field("min_tick", FLOAT),
        Field("bbo_exchange", TEXT),
        Field("snapshot_permissions", INT),
    ),
    Message(91, RerouteMarketData, _REQ_ID, Field("con_id", INT), Field("exchange", TEXT)),
    Message(92, RerouteMarketDepth, _REQ_ID, Field("con_id", INT), Field("exchange", TEXT)),
)
