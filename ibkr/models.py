"""Our vocabulary: contracts, orders, quotes, fills and what happens to orders.

It knows nothing of the client library, sockets or the gateway's sentinels.
Rule: construction validates, so a value that exists can be sent. Money and quantities
are `Decimal`; what is absent is None.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import IntEnum, StrEnum
from typing import NewType, Self, TypeVar

from ibkr.errors import InvalidContract, InvalidOrder

OrderId = NewType("OrderId", int)
PermId = NewType("PermId", int)
ClientId = NewType("ClientId", int)
AccountId = NewType("AccountId", str)
ExecutionId = NewType("ExecutionId", str)

_Enum = TypeVar("_Enum", bound=StrEnum)

Number = Decimal | int | float | str
"""What a caller may write for a quantity or price; it becomes a finite Decimal."""


class SecType(StrEnum):
    STOCK = "STK"
    FOREX = "CASH"
    OPTION = "OPT"
    FUTURE = "FUT"
    CONTINUOUS_FUTURE = "CONTFUT"
    FUTURE_OPTION = "FOP"
    INDEX = "IND"
    CRYPTO = "CRYPTO"
    BOND = "BOND"
    CFD = "CFD"
    FUND = "FUND"
    WARRANT = "WAR"
    STRUCTURED = "IOPT"
    COMMODITY = "CMDTY"
    NEWS = "NEWS"
    EVENT = "EC"
    BAG = "BAG"


class Action(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """`STOP` and `TRAILING` trade at the market once their price is reached."""

    MARKET = "MKT"
    LIMIT = "LMT"
    STOP = "STP"
    STOP_LIMIT = "STP LMT"
    TRAILING = "TRAIL"

    @property
    def has_trigger(self) -> bool:
        return self in {OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING}


ORDER_PRICES: dict[OrderType, tuple[str, ...]] = {
    OrderType.MARKET: (),
    OrderType.LIMIT: ("limit_price",),
    OrderType.STOP: ("stop_price",),
    OrderType.STOP_LIMIT: ("limit_price", "stop_price"),
    OrderType.TRAILING: ("trail_amount",),
}
"""The prices an order of a type has: each of them, and no other."""


class TimeInForce(StrEnum):
    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class OrderStatus(StrEnum):
    """The status words of TWS. INACTIVE is not done: the order may be held or come back."""

    API_PENDING = "ApiPending"
    PENDING_SUBMIT = "PendingSubmit"
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    INACTIVE = "Inactive"
    PENDING_CANCEL = "PendingCancel"
    API_CANCELLED = "ApiCancelled"
    CANCELLED = "Cancelled"
    FILLED = "Filled"

    @property
    def is_done(self) -> bool:
        """True when the order can no longer trade."""
        return self in _DONE

    @property
    def is_taken(self) -> bool:
        """True when the order works or has worked, so that it was not refused."""
        return self in _TAKEN

    @property
    def is_cancelled(self) -> bool:
        return self in {OrderStatus.CANCELLED, OrderStatus.API_CANCELLED}


_DONE = frozenset({OrderStatus.API_CANCELLED, OrderStatus.CANCELLED, OrderStatus.FILLED})
_TAKEN = frozenset({OrderStatus.PRE_SUBMITTED, OrderStatus.SUBMITTED, OrderStatus.FILLED})


class MarketDataType(IntEnum):
    LIVE = 1
    FROZEN = 2
    DELAYED = 3
    DELAYED_FROZEN = 4


def decimal_of(value: Number) -> Decimal:
    """A finite Decimal; raises ValueError for NaN, infinity, bool or text that is no number."""
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is not a number")  # noqa: TRY004 - one error type for callers
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is not a number") from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is not finite")
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What can be traded. `con_id` alone identifies it; 0 means not yet looked up.

    Raises InvalidContract where a field is missing or malformed.
    """

    symbol: str = ""
    sec_type: SecType = SecType.STOCK
    exchange: str = "SMART"
    currency: str = "USD"
    con_id: int = 0
    primary_exchange: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    last_trade_date: str = ""
    strike: Decimal | None = None
    right: str = ""
    multiplier: str = ""

    def __post_init__(self) -> None:
        _check_contract_text(self)
        if not self.symbol and not self.con_id and not self.local_symbol:
            raise _bad_contract("symbol", self.symbol, "give a symbol, a local symbol or a con_id")
        if self.con_id < 0:
            raise _bad_contract("con_id", self.con_id, "use a positive number, or 0 for unknown")
        object.__setattr__(self, "sec_type", _sec_type(self.sec_type))
        if self.right not in {"", "C", "P"}:
            raise _bad_contract("right", self.right, "use C for a call, P for a put")
        if self.strike is not None:
            object.__setattr__(self, "strike", _strike(self.strike))

    @classmethod
    def stock(cls, symbol: str, *, exchange: str = "SMART", currency: str = "USD") -> Self:
        return cls(symbol=symbol, exchange=exchange, currency=currency)

    @classmethod
    def forex(cls, pair: str, *, exchange: str = "IDEALPRO") -> Self:
        """A currency pair such as `EURUSD`: base first, then the currency of the price."""
        if not isinstance(pair, str) or len(pair) != 6 or not pair.isalpha():
            raise _bad_contract("symbol", pair, "use six letters such as EURUSD")
        return cls(
            symbol=pair[:3].upper(),
            sec_type=SecType.FOREX,
            exchange=exchange,
            currency=pair[3:].upper(),
        )

    def __str__(self) -> str:
        name = self.local_symbol or self.symbol or f"con_id {self.con_id}"
        return f"{name} {self.sec_type} {self.exchange} {self.currency}"


def _bad_contract(field: str, value: object, remedy: str) -> InvalidContract:
    return InvalidContract(
        f"contract field {field} cannot be {value!r}: {remedy}", field=field, value=value
    )


_TEXT_FIELDS = (
    "symbol",
    "exchange",
    "currency",
    "primary_exchange",
    "local_symbol",
    "trading_class",
    "last_trade_date",
    "right",
    "multiplier",
)


def _check_contract_text(contract: Contract) -> None:
    """Every text is a str of printable ASCII: a NUL would shift all fields behind it."""
    for field in _TEXT_FIELDS:
        value = getattr(contract, field)
        if not _is_plain(value):
            raise _bad_contract(field, value, "use printable ASCII text")


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and (value.isprintable() or not value)


def _sec_type(value: object) -> SecType:
    try:
        return SecType(value)  # type: ignore[arg-type]  # any value is allowed to fail here
    except ValueError:
        known = ", ".join(SecType)
        raise _bad_contract("sec_type", value, f"use one of {known}") from None


def _strike(value: Number) -> Decimal:
    try:
        strike = decimal_of(value)
    except ValueError as error:
        raise _bad_contract("strike", value, str(error)) from None
    if strike <= 0:
        raise _bad_contract("strike", value, "use a positive price, or leave it out")
    return strike


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to do with a contract. Raises InvalidOrder where a field is missing or malformed.

    `quantity` is in shares, contracts or base currency; which prices an order has says
    `ORDER_PRICES`. A `parent_id` attaches it to an order of this client: it waits until that
    one is filled and ends with it. Of the orders of one `oca_group` a fill cancels the rest.
    """

    action: Action
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None = None
    tif: TimeInForce = TimeInForce.DAY
    account: str = ""
    order_ref: str = ""
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    parent_id: OrderId | None = None
    oca_group: str = ""

    def __post_init__(self) -> None:
        for field, enum in (("action", Action), ("order_type", OrderType), ("tif", TimeInForce)):
            object.__setattr__(self, field, _member(enum, field, getattr(self, field)))
        for field in ("account", "order_ref", "oca_group"):
            if not _is_plain(getattr(self, field)):
                raise _bad_order(field, getattr(self, field), "use printable ASCII text")
        quantity = _order_number("quantity", self.quantity)
        if quantity <= 0:
            raise _bad_order("quantity", self.quantity, "use a positive number; SELL is an action")
        object.__setattr__(self, "quantity", quantity)
        for field in ("limit_price", "stop_price", "trail_amount"):
            self._check_price(field)
        if self.parent_id is not None and self.parent_id <= 0:
            raise _bad_order("parent_id", self.parent_id, "use the id of an order, or leave it out")

    def _check_price(self, field: str) -> None:
        value, is_wanted = getattr(self, field), field in ORDER_PRICES[self.order_type]
        if is_wanted and value is None:
            raise _bad_order(field, None, f"an order of type {self.order_type} needs one")
        if not is_wanted and value is not None:
            raise _bad_order(field, value, f"an order of type {self.order_type} has none")
        if value is None:
            return
        number = _order_number(field, value)
        if field == "trail_amount" and number <= 0:
            raise _bad_order(field, value, "use a positive distance")
        object.__setattr__(self, field, number)  # prices of spreads may be zero or negative

    @classmethod
    def market(cls, action: Action | str, quantity: Number, *, account: str = "") -> Self:
        return cls(
            action=action,  # type: ignore[arg-type]  # parsed by __post_init__
            quantity=quantity,  # type: ignore[arg-type]
            order_type=OrderType.MARKET,
            account=account,
        )

    @classmethod
    def limit(
        cls,
        action: Action | str,
        quantity: Number,
        limit_price: Number,
        *,
        tif: TimeInForce | str = TimeInForce.DAY,
        account: str = "",
    ) -> Self:
        return cls(
            action=action,  # type: ignore[arg-type]  # parsed by __post_init__
            quantity=quantity,  # type: ignore[arg-type]
            order_type=OrderType.LIMIT,
            limit_price=limit_price,  # type: ignore[arg-type]
            tif=tif,  # type: ignore[arg-type]
            account=account,
        )

    @classmethod
    def stop(
        cls,
        action: Action | str,
        quantity: Number,
        stop_price: Number,
        *,
        limit_price: Number | None = None,
        tif: TimeInForce | str = TimeInForce.DAY,
        account: str = "",
    ) -> Self:
        """Wait until the market is at `stop_price`; then trade, at `limit_price` if given."""
        return cls(
            action=action,  # type: ignore[arg-type]  # parsed by __post_init__
            quantity=quantity,  # type: ignore[arg-type]
            order_type=OrderType.STOP if limit_price is None else OrderType.STOP_LIMIT,
            stop_price=stop_price,  # type: ignore[arg-type]
            limit_price=limit_price,  # type: ignore[arg-type]
            tif=tif,  # type: ignore[arg-type]
            account=account,
        )

    @classmethod
    def trailing(
        cls,
        action: Action | str,
        quantity: Number,
        trail_amount: Number,
        *,
        tif: TimeInForce | str = TimeInForce.DAY,
        account: str = "",
    ) -> Self:
        """A stop that follows the market at a distance, and never moves back."""
        return cls(
            action=action,  # type: ignore[arg-type]  # parsed by __post_init__
            quantity=quantity,  # type: ignore[arg-type]
            order_type=OrderType.TRAILING,
            trail_amount=trail_amount,  # type: ignore[arg-type]
            tif=tif,  # type: ignore[arg-type]
            account=account,
        )


def _bad_order(field: str, value: object, remedy: str) -> InvalidOrder:
    return InvalidOrder(
        f"order field {field} cannot be {value!r}: {remedy}", field=field, value=value
    )


def _member(enum: type[_Enum], field: str, value: object) -> _Enum:
    try:
        return enum(str(value))
    except ValueError:
        raise _bad_order(field, value, f"use one of {', '.join(enum)}") from None


def _order_number(field: str, value: Number) -> Decimal:
    try:
        return decimal_of(value)
    except ValueError as error:
        raise _bad_order(field, value, str(error)) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The latest known prices of a contract; None where the gateway has not given a value.

    `time` is when the newest value arrived here, in UTC.
    """

    contract: Contract
    time: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    last: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last_size: Decimal | None = None
    volume: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    open: Decimal | None = None
    close: Decimal | None = None
    market_data_type: MarketDataType = MarketDataType.LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution; `quantity` 0: it was busted.

    `commission` and `realized_pnl` come later, or never: None until then.
    """

    execution_id: ExecutionId
    order_id: OrderId
    client_id: ClientId
    contract: Contract
    action: Action
    quantity: Decimal
    price: Decimal
    time: datetime
    perm_id: PermId | None = None
    account: str = ""
    order_ref: str = ""
    exchange: str = ""
    commission: Decimal | None = None
    commission_currency: str = ""
    realized_pnl: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResult:
    """An order as far as it is known now.

    `filled` and `remaining` are quantities; `average_fill_price` is None before a fill.
    `reject_code` and `reject_reason` are set when a code refused it before it was live.
    `key` is the idempotency key its caller gave, if any.
    """

    order_id: OrderId
    client_id: ClientId
    contract: Contract
    order: Order
    status: OrderStatus
    filled: Decimal
    remaining: Decimal
    perm_id: PermId | None = None
    average_fill_price: Decimal | None = None
    fills: tuple[Fill, ...] = ()
    why_held: str = ""
    reject_code: int | None = None
    reject_reason: str = ""
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A market-data subscription that delivers; `quotes(contract)` reads it."""

    contract: Contract
    market_data_type: MarketDataType = MarketDataType.LIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionInfo:
    """What is on the other end. `connected_at` is UTC."""

    host: str
    port: int
    client_id: ClientId
    server_version: int
    accounts: tuple[AccountId, ...]
    connected_at: datetime


@dataclass(frozen=True, slots=True)
class OrderStatusChanged:
    result: OrderResult


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """A new execution, or the correction of an earlier one (same id but the last part)."""

    fill: Fill
    result: OrderResult


@dataclass(frozen=True, slots=True)
class CommissionReported:
    fill: Fill
    result: OrderResult


@dataclass(frozen=True, slots=True)
class OrderNotice:
    """The gateway said something about an order that lives on, or about one that was refused."""

    order_id: OrderId
    code: int
    message: str


OrderEvent = OrderStatusChanged | OrderFilled | CommissionReported | OrderNotice
