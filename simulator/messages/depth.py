"""The order book: single venue and SMART depth."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.messages.parts import contract, size
from simulator.records import Contract, TagValues
from simulator.wire import BOOL, FLOAT, INT, TAGS, TEXT, Constant, Field, Message

INSERT, UPDATE, DELETE = 0, 1, 2
ASK, BID = 0, 1


@dataclass(frozen=True, slots=True)
class RequestMarketDepth:
    req_id: int
    contract: Contract
    rows: int
    is_smart_depth: bool = False
    options: TagValues = ()


@dataclass(frozen=True, slots=True)
class CancelMarketDepth:
    req_id: int
    is_smart_depth: bool = False


@dataclass(frozen=True, slots=True)
class MarketDepth:
    """A row of a book; `operation` 0 insert, 1 update, 2 delete; `side` 0 ask, 1 bid."""

    req_id: int
    position: int
    operation: int
    side: int
    price: Decimal
    size: Decimal


@dataclass(frozen=True, slots=True)
class MarketDepthL2:
    """A row of a book with its market maker, which is the venue for SMART depth."""

    req_id: int
    position: int
    market_maker: str
    operation: int
    side: int
    price: Decimal
    size: Decimal
    is_smart_depth: bool


_REQ_ID = Field("req_id", INT)

REQUESTS = (
    Message(
        10,
        RequestMarketDepth,
        Constant("5"),
        _REQ_ID,
        *contract(),
        Field("rows", INT),
        Field("is_smart_depth", BOOL),
        Field("options", TAGS),
    ),
    Message(11, CancelMarketDepth, Constant("1"), _REQ_ID, Field("is_smart_depth", BOOL)),
)

REPLIES = (
    Message(
        12,
        MarketDepth,
        Constant("1"),
        _REQ_ID,
        Field("position", INT),
        Field("operation", INT),
        Field("side", INT),
        Field("price", FLOAT),
        *size("size"),
    ),
    Message(
        13,
        MarketDepthL2,
        Constant("1"),
        _REQ_ID,
        Field("position", INT),
        Field("market_maker", TEXT),
        Field("operation", INT),
        Field("side", INT),
        Field("price", FLOAT),
        *size("size"),
        Field("is_smart_depth", BOOL),
    ),
)
