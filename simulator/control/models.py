"""What the control plane says and takes, for the server and the client alike."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from simulator.gateway.entitlements import Entitlement

Price = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
Size = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewQuote(Model):
    """A quote to display. A side that is left out is not quoted by anybody."""

    bid: Price | None = None
    ask: Price | None = None
    bid_size: Size | None = Field(default=None, description="the usual size if left out")
    ask_size: Size | None = Field(default=None, description="the usual size if left out")
    last: Price | None = Field(default=None, description="the middle if left out")


class QuoteView(Model):
    symbol: str
    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal
    ask_size: Decimal
    last: Decimal
    last_size: Decimal
    volume: Decimal


class NewTrade(Model):
    """A trade for the tape to show."""

    price: Price
    size: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]


class HaltView(Model):
    symbol: str
    is_halted: bool


class Grant(Model):
    """What the login may see of an instrument."""

    entitlement: Entitlement


class GrantView(Grant):
    symbol: str


class Advance(Model):
    seconds: float = Field(ge=0, allow_inf_nan=False)


class NextSession(Model):
    """Whose next regular session the clock is moved to."""

    symbol: str


class Time(Model):
    now_ms: int = Field(description="milliseconds since the epoch, UTC")
    clock: str


class ClientView(Model):
    client_id: int
    peer: str
    server_version: int


class OrderView(Model):
    perm_id: int
    client_id: int
    order_id: int
    account: str
    symbol: str
    action: str
    order_type: str
    quantity: Decimal
    limit_price: Decimal | None
    status: str
    filled: Decimal
    average_fill_price: Decimal
    order_ref: str


class PositionView(Model):
    symbol: str
    quantity: Decimal
    average_cost: Decimal
    realized_pnl: Decimal


class AccountView(Model):
    account: str
    cash: dict[str, Decimal]
    positions: list[PositionView]


class State(Model):
    """The truth at one moment, whoever is connected."""

    time: Time
    seed: int
    server_version: int
    clients: list[ClientView]
    accounts: list[AccountView]
    orders: list[OrderView]


class RequestView(Model):
    """One received request; `fields` holds those that are not at their default."""

    sequence: int
    time_ms: int
    client_id: int
    name: str
    message_id: int
    fields: dict[str, Any]


class Problem(BaseModel):
    """Why a call was refused (RFC 9457)."""

    title: str
    status: int
    detail: str
