"""What the control plane says and takes, for the server and the client alike."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulator.gateway.entitlements import Entitlement

Price = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
Size = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
Number = Annotated[Decimal, Field(allow_inf_nan=False)]


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
    size: Positive


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
    """An order as the broker has it; `gate` is what a live one waits for, `book` if it is worked."""

    perm_id: int
    client_id: int
    order_id: int
    parent_perm_id: int = Field(description="the order it is attached to; 0: none")
    account: str
    symbol: str
    action: str
    order_type: str
    tif: str
    quantity: Decimal
    limit_price: Decimal | None
    aux_price: Decimal | None = Field(description="stop price, trail or offset, as it was sent")
    stop_price: Decimal | None = Field(description="where its trigger stands now, if it moves")
    oca_group: str
    status: str
    gate: str | None
    why_held: str
    ending: str = Field(description="why it was cancelled or rejected")
    filled: Decimal
    remaining: Decimal
    average_fill_price: Decimal
    commission: Decimal | None
    order_ref: str


class NewFill(Model):
    """A part of an order to be filled, whatever the market shows."""

    quantity: Positive
    price: Number = Field(description="only that of a combination may be zero or less")


class NewOrder(Model):
    """An order as if entered by hand in TWS."""

    symbol: str
    action: str
    quantity: Positive
    order_type: str = "MKT"
    limit_price: Number | None = None
    aux_price: Number | None = Field(default=None, description="stop price, trail or offset")
    tif: str = "DAY"
    outside_rth: bool = False
    oca_group: str = ""
    account: str = Field(default="", description="the first of the login if left out")
    order_ref: str = ""


class NewRejection(Model):
    """What the next new order gets, whatever it is."""

    code: int = Field(ge=1, description="201: rejected by the broker; any other is told alone")
    reason: str = Field(default="", description="what the text of the code leaves open")
    client_id: int | None = Field(default=None, ge=0, description="of any client if left out")


class ExecutionView(Model):
    """An execution as it stands now; one that was busted has no quantity."""

    exec_id: str
    time_ms: int
    perm_id: int
    client_id: int
    order_id: int
    account: str
    symbol: str
    side: str = Field(description="BOT or SLD")
    quantity: Decimal
    price: Decimal
    exchange: str
    commission: Decimal
    realized_pnl: Decimal | None = Field(description="null: it closed nothing")
    is_booked: bool = Field(description="false: the whole of a combination, whose legs are booked")


class Correction(Model):
    """New figures of an execution; what is left out stays."""

    price: Number | None = None
    quantity: Positive | None = None


class FillModel(Model):
    """How the market fills orders."""

    fill_model: str = Field(description="paper, pessimistic, queue or scripted")


class FillModelView(FillModel):
    symbol: str


class CashMove(Model):
    """Money paid into an account, or out of it if negative."""

    currency: str
    amount: Number


class PositionView(Model):
    symbol: str
    quantity: Decimal
    average_cost: Decimal
    realized_pnl: Decimal


class AccountView(Model):
    """An account at the prices of the moment; sums are in its base currency."""

    account: str
    base_currency: str
    cash: dict[str, Decimal]
    net_liquidation: Decimal
    available_funds: Decimal
    buying_power: Decimal
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


class NewFault(Model):
    """A fault to inject; the parameters are those of its action."""

    action: str = Field(description="one of those that GET /faults/actions lists")
    at: str = Field(
        default="now",
        description="where it strikes, counted from now on: now, accept#1, hs#1, "
        "rx(PlaceOrder)#2, tx(OrderStatus)#1, rx_byte#4, tx_byte#17, time+30",
    )
    client_id: int | None = Field(default=None, description="of any client if left out")
    times: int | None = Field(default=1, description="null: for ever")
    parameters: dict[str, Any] = Field(default_factory=dict)


class FaultView(NewFault):
    """A fault that waits for its point, or that lasts; `fired` is how often it has struck."""

    id: int
    fired: int = 0


class FaultId(Model):
    id: int


class ActionView(Model):
    """An action there is; `parameters` has what each is if it is left out, null: needed."""

    action: str
    what: str
    points: list[str] = Field(description="where it may be put")
    needed: list[str]
    parameters: dict[str, Any]


class Loss(Model):
    """How the connection between the gateway and IB is lost."""

    seconds: float | None = Field(default=None, description="until it is restored if left out")
    code: int = Field(default=1100, description="1100 or 2110")
    repeats: int = Field(default=1, description="how often clients are told")
    maintain: bool = Field(default=True, description="orders sent meanwhile are placed afterwards")
    clones: bool = Field(default=False, description="new terms sent meanwhile are new orders")
    keeps_news: bool = Field(default=False, description="fills are told afterwards only")


class FarmChange(Model):
    state: str = Field(description="ok, broken, dormant or connecting")


class NewRestart(Model):
    """How the gateway is restarted."""

    kind: str = Field(default="soft", description="soft, cold or crash")
    outage_s: float = Field(default=35.0, description="how long the port is closed")
    next_id: str = Field(default="monotone", description="monotone, back, reset or ahead")
    by: int = Field(default=1, description="how many ids back or ahead")


class PassedView(Model):
    """A frame that went over a wire, or a note on what happened to a connection."""

    sequence: int
    time_ms: int
    client_id: int | None = Field(description="null before the handshake is over")
    peer: str
    direction: str = Field(description="in: from a client, out: to it, note: neither")
    name: str
    fields: dict[str, Any]
    size: int = Field(description="bytes of the payload")
    is_held: bool = Field(description="a fault keeps back bytes of the connection")


class Health(BaseModel):
    """That the control plane answers."""

    status: Literal["ok"] = "ok"


class Problem(BaseModel):
    """Why a call was refused (RFC 9457)."""

    title: str
    status: int
    detail: str


REFUSED: dict[int | str, dict[str, Any]] = {409: {"model": Problem}}
"""What every call may be answered with that the world can refuse."""
