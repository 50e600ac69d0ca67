"""Options: chains, computed prices and volatilities, delta-neutral validation."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.messages.parts import contract
from simulator.records import Contract, TagValues
from simulator.wire import (
    FLOAT,
    INT,
    TEXT,
    Constant,
    CountedOptions,
    Field,
    ManyValues,
    Message,
)


@dataclass(frozen=True, slots=True)
class CalculateImpliedVolatility:
    req_id: int
    contract: Contract
    option_price: Decimal
    under_price: Decimal
    options: TagValues = ()


@dataclass(frozen=True, slots=True)
class CalculateOptionPrice:
    req_id: int
    contract: Contract
    volatility: Decimal
    under_price: Decimal
    options: TagValues = ()


@dataclass(frozen=True, slots=True)
class CancelCalculateImpliedVolatility:
    req_id: int


@dataclass(frozen=True, slots=True)
class CancelCalculateOptionPrice:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestOptionParameters:
    req_id: int
    under_symbol: str
    future_exchange: str
    under_sec_type: str
    under_con_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TickOptionComputation:
    """Price and Greeks; -1 (price-like) and -2 (Greeks) stand for what was not computed."""

    req_id: int
    tick_type: int
    tick_attribute: int = 0
    implied_volatility: Decimal = Decimal(-1)
    delta: Decimal = Decimal(-2)
    option_price: Decimal = Decimal(-1)
    present_value_dividend: Decimal = Decimal(-1)
    gamma: Decimal = Decimal(-2)
    vega: Decimal = Decimal(-2)
    theta: Decimal = Decimal(-2)
    under_price: Decimal = Decimal(-1)


@dataclass(frozen=True, slots=True)
class DeltaNeutralValidation:
    req_id: int
    con_id: int
    delta: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class OptionParameters:
    """The expirations and strikes of one trading class on one exchange."""

    req_id: int
    exchange: str
    under_con_id: int
    trading_class: str
    multiplier: str
    expirations: tuple[str, ...]
    strikes: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class OptionParametersEnd:
    req_id: int


_V1 = Constant("1")
_REQ_ID = Field("req_id", INT)

REQUESTS = (
    Message(
        54,
        CalculateImpliedVolatility,
        Constant("3"),
        _REQ_ID,
        *contract(),
        Field("option_price", FLOAT),
        Field("under_price", FLOAT),
        CountedOptions("options"),
    ),
    Message(
        55,
        CalculateOptionPrice,
        Constant("3"),
        _REQ_ID,
        *contract(),
        Field("volatility", FLOAT),
        Field("under_price", FLOAT),
        CountedOptions("options"),
    ),
    Message(56, CancelCalculateImpliedVolatility, _V1, _REQ_ID),
    Message(57, CancelCalculateOptionPrice, _V1, _REQ_ID),
    Message(
        78,
        RequestOptionParameters,
        _REQ_ID,
        Field("under_symbol", TEXT),
        Field("future_exchange", TEXT),
        Field("under_sec_type", TEXT),
        Field("under_con_id", INT),
    ),
)

REPLIES = (
    Message(
        21,
        TickOptionComputation,
        _REQ_ID,
        Field("tick_type", INT),
        Field("tick_attribute", INT),
        Field("implied_volatility", FLOAT),
        Field("delta", FLOAT),
        Field("option_price", FLOAT),
        Field("present_value_dividend", FLOAT),
        Field("gamma", FLOAT),
        Field("vega", FLOAT),
        Field("theta", FLOAT),
        Field("under_price", FLOAT),
    ),
    Message(
        56,
        DeltaNeutralValidation,
        _V1,
        _REQ_ID,
        Field("con_id", INT),
        Field("delta", FLOAT),
        Field("price", FLOAT),
    ),
    Message(
        75,
        OptionParameters,
        _REQ_ID,
        Field("exchange", TEXT),
        Field("under_con_id", INT),
        Field("trading_class", TEXT),
        Field("multiplier", TEXT),
        ManyValues("expirations", TEXT),
        ManyValues("strikes", FLOAT),
    ),
    Message(76, OptionParametersEnd, _REQ_ID),
)
