"""Accounts: values, summary, portfolio, positions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.messages.parts import contract, size
from simulator.records import Contract
from simulator.wire import BOOL, FLOAT, FLOAT_OR_MAX, INT, SIZE, TEXT, Constant, Field, Message


@dataclass(frozen=True, slots=True)
class RequestManagedAccounts:
    pass


@dataclass(frozen=True, slots=True)
class RequestAccountUpdates:
    subscribe: bool
    account: str = ""


@dataclass(frozen=True, slots=True)
class RequestPositions:
    pass


@dataclass(frozen=True, slots=True)
class CancelPositions:
    pass


@dataclass(frozen=True, slots=True)
class RequestAccountSummary:
    req_id: int
    group: str
    tags: str


@dataclass(frozen=True, slots=True)
class CancelAccountSummary:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestAccountUpdatesMulti:
    req_id: int
    account: str = ""
    model_code: str = ""
    ledger_and_nlv: bool = False


@dataclass(frozen=True, slots=True)
class CancelAccountUpdatesMulti:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestPositionsMulti:
    req_id: int
    account: str = ""
    model_code: str = ""


@dataclass(frozen=True, slots=True)
class CancelPositionsMulti:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestPnL:
    req_id: int
    account: str
    model_code: str = ""


@dataclass(frozen=True, slots=True)
class CancelPnL:
    req_id: int


@dataclass(frozen=True, slots=True)
class RequestPnLSingle:
    req_id: int
    account: str
    model_code: str = ""
    con_id: int = 0


@dataclass(frozen=True, slots=True)
class CancelPnLSingle:
    req_id: int


@dataclass(frozen=True, slots=True)
class ManagedAccounts:
    accounts: str


@dataclass(frozen=True, slots=True)
class AccountValue:
    key: str
    value: str
    currency: str
    account: str


@dataclass(frozen=True, slots=True)
class PortfolioValue:
    contract: Contract
    position: Decimal
    market_price: Decimal
    market_value: Decimal
    average_cost: Decimal
    unrealized_pnl: Decimal
    realized_pnl: Decimal
    account: str


@dataclass(frozen=True, slots=True)
class AccountUpdateTime:
    time: str


@dataclass(frozen=True, slots=True)
class AccountDownloadEnd:
    account: str


@dataclass(frozen=True, slots=True)
class PositionData:
    account: str
    contract: Contract
    position: Decimal
    average_cost: Decimal


@dataclass(frozen=True, slots=True)
class PositionEnd:
    pass


@dataclass(frozen=True, slots=True)
class AccountSummary:
    req_id: int
    account: str
    tag: str
    value: str
    currency: str


@dataclass(frozen=True, slots=True)
class AccountSummaryEnd:
    req_id: int


@dataclass(frozen=True, slots=True)
class AccountUpdateMulti:
    req_id: int
    account: str
    model_code: str
    key: str
    value: str
    currency: str


@dataclass(frozen=True, slots=True)
class AccountUpdateMultiEnd:
    req_id: int


@dataclass(frozen=True, slots=True)
class PositionMulti:
    req_id: int
    account: str
    contract: Contract
    position: Decimal
    average_cost: Decimal
    model_code: str = ""


@dataclass(frozen=True, slots=True)
class PositionMultiEnd:
    req_id: int


@dataclass(frozen=True, slots=True)
class PnL:
    """None: not available yet."""

    req_id: int
    daily: Decimal | None
    unrealized: Decimal | None
    realized: Decimal | None


@dataclass(frozen=True, slots=True)
class PnLSingle:
    req_id: int
    position: Decimal
    daily: Decimal | None
    unrealized: Decimal | None
    realized: Decimal | None
    value: Decimal | None


_V1 = Constant("1")
_REQ_ID = Field("req_id", INT)
_ACCOUNT = Field("account", TEXT)
_PNL = tuple(Field(name, FLOAT_OR_MAX) for name in ("daily", "unrealized", "realized"))

REQUESTS = (
    Message(6, RequestAccountUpdates, Constant("2"), Field("subscribe", BOOL), _ACCOUNT),
    Message(17, RequestManagedAccounts, _V1),
    Message(61, RequestPositions, _V1),
    Message(62, RequestAccountSummary, _V1, _REQ_ID, Field("group", TEXT), Field("tags", TEXT)),
    Message(63, CancelAccountSummary, _V1, _REQ_ID),
    Message(64, CancelPositions, _V1),
    Message(
        76,
        RequestAccountUpdatesMulti,
        _V1,
        _REQ_ID,
        _ACCOUNT,
        Field("model_code", TEXT),
        Field("ledger_and_nlv", BOOL),
    ),
    Message(77, CancelAccountUpdatesMulti, _V1, _REQ_ID),
    Message(74, RequestPositionsMulti, _V1, _REQ_ID, _ACCOUNT, Field("model_code", TEXT)),
    Message(75, CancelPositionsMulti, _V1, _REQ_ID),
    Message(92, RequestPnL, _REQ_ID, _ACCOUNT, Field("model_code", TEXT)),
    Message(93, CancelPnL, _REQ_ID),
    Message(
        94, RequestPnLSingle, _REQ_ID, _ACCOUNT, Field("model_code", TEXT), Field("con_id", INT)
    ),
    Message(95, CancelPnLSingle, _REQ_ID),
)

REPLIES = (
    Message(
        6,
        AccountValue,
        Constant("2"),
        Field("key", TEXT),
        Field("value", TEXT),
        Field("currency", TEXT),
        _ACCOUNT,
    ),
    Message(
        7,
        PortfolioValue,
        Constant("8"),
        Field("contract.con_id", INT),
        Field("contract.symbol", TEXT),
        Field("contract.sec_type", TEXT),
        Field("contract.last_trade_date", TEXT),
        Field("contract.strike", FLOAT),
        Field("contract.right", TEXT),
        Field("contract.multiplier", TEXT),
        Field("contract.primary_exchange", TEXT),
        Field("contract.currency", TEXT),
        Field("contract.local_symbol", TEXT),
        Field("contract.trading_class", TEXT),
        Field("position", SIZE),
        Field("market_price", FLOAT),
        Field("market_value", FLOAT),
        Field("average_cost", FLOAT),
        Field("unrealized_pnl", FLOAT),
        Field("realized_pnl", FLOAT),
        _ACCOUNT,
    ),
    Message(8, AccountUpdateTime, _V1, Field("time", TEXT)),
    Message(15, ManagedAccounts, _V1, Field("accounts", TEXT)),
    Message(54, AccountDownloadEnd, _V1, _ACCOUNT),
    Message(
        61,
        PositionData,
        Constant("3"),
        _ACCOUNT,
        *contract("primary_exchange"),
        Field("position", SIZE),
        Field("average_cost", FLOAT),
    ),
    Message(62, PositionEnd, _V1),
    Message(
        63,
        AccountSummary,
        _V1,
        _REQ_ID,
        _ACCOUNT,
        Field("tag", TEXT),
        Field("value", TEXT),
        Field("currency", TEXT),
    ),
    Message(64, AccountSummaryEnd, _V1, _REQ_ID),
    Message(
        73,
        AccountUpdateMulti,
        _V1,
        _REQ_ID,
        _ACCOUNT,
        Field("model_code", TEXT),
        Field("key", TEXT),
        Field("value", TEXT),
        Field("currency", TEXT),
    ),
    Message(74, AccountUpdateMultiEnd, _V1, _REQ_ID),
    Message(
        71,
        PositionMulti,
        _V1,
        _REQ_ID,
        _ACCOUNT,
        *contract("primary_exchange"),
        Field("position", SIZE),
        Field("average_cost", FLOAT),
        Field("model_code", TEXT),
    ),
    Message(72, PositionMultiEnd, _V1, _REQ_ID),
    Message(94, PnL, _REQ_ID, *_PNL),
    Message(95, PnLSingle, _REQ_ID, *size("position"), *_PNL, Field("value", FLOAT_OR_MAX)),
)
