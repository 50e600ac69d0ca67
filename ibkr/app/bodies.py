"""What callers send and what they get, as schemas with examples.

It knows the models and no route. Rule: a schema says all that can be said of a single field;
what fields mean together is for the models, whose refusals name the field and the remedy.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    WithJsonSchema,
)

from ibkr.app.problems import RETRY_AFTER_S
from ibkr.connection import ConnectionState
from ibkr.models import (
    Action,
    Contract,
    Order,
    OrderId,
    OrderResult,
    OrderType,
    SecType,
    TimeInForce,
)

_DIGITS = 15
_PLACES = 10
_AMOUNT = rf"^-?[0-9]{{1,{_DIGITS}}}(\.[0-9]{{1,{_PLACES}}})?$"
_ID_MAX = 2**31 - 1
_PLAIN = r"^[ -~]*$"


def _no_other_type(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("use a number, or a number in quotes")  # noqa: TRY004 - pydantic's way
    if isinstance(value, str) and value != value.strip():
        raise ValueError("use a number without spaces")
    return value


def _plain_amount(value: Decimal) -> Decimal:
    """Without an exponent; what is no finite number is left to the model, which says why."""
    if not value.is_finite():
        return value
    exponent = value.as_tuple().exponent
    if value.adjusted() >= _DIGITS or not isinstance(exponent, int) or exponent < -_PLACES:
        raise ValueError(f"use at most {_DIGITS} digits, and {_PLACES} behind the point")
    return Decimal(format(value, "f"))


_AMOUNT_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": _AMOUNT},
        {
            "type": "number",
            "minimum": -(10**_DIGITS - 1),
            "maximum": 10**_DIGITS - 1,
            "multipleOf": 0.01,
        },
    ],
    "description": "A number, or one in quotes to keep every digit.",
}

Amount = Annotated[
    Decimal,
    Field(allow_inf_nan=True),
    BeforeValidator(_no_other_type),
    AfterValidator(_plain_amount),
    WithJsonSchema(_AMOUNT_SCHEMA),
]


def _one_of(*words: str) -> Any:
    # which of the words it is, the model says; a longer text is not repeated to its sender
    return Field(max_length=32, json_schema_extra={"enum": list(words)})


def _text(length: int, least: int = 0) -> Any:
    return Field(max_length=length, json_schema_extra={"minLength": least, "pattern": _PLAIN})


class OrderBody(BaseModel):
    """An order for a contract. Which prices it has depends on its type: MKT none, LMT
    `limit_price`, STP `stop_price`, STP LMT both, TRAIL `trail_amount`.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"symbol": "AAPL", "action": "BUY", "quantity": "1"},
                {
                    "symbol": "AAPL",
                    "action": "BUY",
                    "quantity": "1",
                    "order_type": "LMT",
                    "limit_price": "100.00",
                },
            ]
        },
    )

    symbol: Annotated[str, _text(32, 1)]
    sec_type: Annotated[str, _one_of(*SecType)] = "STK"
    exchange: Annotated[str, _text(32)] = "SMART"
    currency: Annotated[str, _text(32)] = "USD"
    action: Annotated[str, _one_of(*Action)]
    quantity: Amount
    order_type: Annotated[str, _one_of(*OrderType)] = "MKT"
    limit_price: Amount | None = None
    tif: Annotated[str, _one_of(*TimeInForce)] = "DAY"
    account: Annotated[str, _text(32)] = ""
    order_ref: Annotated[str, _text(64)] = ""
    stop_price: Amount | None = None
    trail_amount: Amount | None = None
    parent_id: Annotated[StrictInt, Field(ge=1, le=_ID_MAX)] | None = None
    oca_group: Annotated[str, _text(64)] = ""

    def contract(self) -> Contract:
        return Contract(
            symbol=self.symbol,
            sec_type=self.sec_type,  # type: ignore[arg-type]  # parsed by the model
            exchange=self.exchange,
            currency=self.currency,
        )

    def order(self) -> Order:
        return Order(
            action=self.action,  # type: ignore[arg-type]  # parsed by the model
            quantity=self.quantity,
            order_type=self.order_type,  # type: ignore[arg-type]
            limit_price=self.limit_price,
            tif=self.tif,  # type: ignore[arg-type]
            account=self.account,
            order_ref=self.order_ref,
            stop_price=self.stop_price,
            trail_amount=self.trail_amount,
            parent_id=None if self.parent_id is None else OrderId(self.parent_id),
            oca_group=self.oca_group,
        )


class Undecided(BaseModel):
    """The order, or its cancel, was sent and no answer came: it may or may not be live.

    Ask again at `ask_again`; a POST with the same Idempotency-Key never sends it twice.
    """

    state: Literal["unknown"] = "unknown"
    code: str = "order_state_unknown"
    detail: str
    order_id: int | None
    ask_again: str = Field(description="The path that knows, as in the Location header.")
    retry_after_s: int = RETRY_AFTER_S
    order: OrderResult | None = Field(description="The order as far as it is known.")


class InDoubt(BaseModel):
    """The orders that were sent and of which it is not known whether they live."""

    orders: tuple[OrderResult, ...]


class Live(BaseModel):
    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """`since` is when this app saw the state begin, in UTC."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"ready": True, "state": "ready", "since": "2024-01-02T14:30:00Z"}]
        }
    )

    ready: bool
    state: ConnectionState
    since: datetime
