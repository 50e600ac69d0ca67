"""Pure functions between the client library's objects and our models.

camelCase, sentinels, NaN and mutable objects stop here. Nothing in this room does I/O.
Rule: a value the gateway left out becomes None, and a number keeps its decimal digits.
"""

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ibkr.errors import InvalidContract, InvalidOrder
from ibkr.library import Library
from ibkr.models import (
    ORDER_PRICES,
    Action,
    ClientId,
    Contract,
    ExecutionId,
    Fill,
    Order,
    OrderId,
    OrderStatus,
    OrderType,
    PermId,
    TimeInForce,
)
from ibkr.orders import CommissionReport, CompletedReport, OpenOrderReport, StatusReport

UNSET_DOUBLE = 1.7976931348623157e308
UNSET_INTEGER = 2**31 - 1

_SIDES = {"BOT": Action.BUY, "BUY": Action.BUY, "SLD": Action.SELL, "SELL": Action.SELL}

# fmt: off
PRICE_TICKS = {
    1: ("bid", "bid_size"), 66: ("bid", "bid_size"),
    2: ("ask", "ask_size"), 67: ("ask", "ask_size"),
    4: ("last", "last_size"), 68: ("last", "last_size"),
    6: ("high", None), 72: ("high", None),
    7: ("low", None), 73: ("low", None),
    9: ("close", None), 75: ("close", None),
    14: ("open", None), 76: ("open", None),
}
"""Tick type → field of the price, field of the size; from 66 on the delayed twins."""

SIZE_TICKS = {
    0: "bid_size", 69: "bid_size",
    3: "ask_size", 70: "ask_size",
    5: "last_size", 71: "last_size",
    8: "volume", 74: "volume",
}
"""Tick type → field of the size."""
# fmt: on


WIRE_PRICES = {"limit_price": "lmtPrice", "stop_price": "auxPrice", "trail_amount": "auxPrice"}
"""Price of our order → attribute of the library's; no order has two of one attribute."""


def number(value: float) -> Decimal | None:
    """A float of the gateway as Decimal; None for NaN, infinity and the unset marker."""
    if not math.isfinite(value) or abs(value) >= UNSET_DOUBLE:
        return None
    return Decimal(int(value)) if value == int(value) else Decimal(str(value))


def tick_price(value: float) -> Decimal | None:
    """A price tick; -1 and 0 say that there is no such price now."""
    return None if value in {-1.0, 0.0} else number(value)


def tick_size(value: float) -> Decimal | None:
    """A size tick; negative says unknown, 0 is a size."""
    return None if value < 0 else number(value)


def ib_contract(contract: Contract, library: Library) -> Any:
    """Our contract as the library's."""
    return library.Contract(
        secType=contract.sec_type.value,
        conId=contract.con_id,
        symbol=contract.symbol,
        lastTradeDateOrContractMonth=contract.last_trade_date,
        strike=0.0 if contract.strike is None else float(contract.strike),
        right=contract.right,
        multiplier=contract.multiplier,
        exchange=contract.exchange,
        primaryExchange=contract.primary_exchange,
        currency=contract.currency,
        localSymbol=contract.local_symbol,
        tradingClass=contract.trading_class,
    )


def contract_from(found: Any, *, exchange: str = "") -> Contract:
    """The library's contract as ours; `exchange` overrides the one found (SMART must stay SMART).

    Raises InvalidContract for a security type we have no name for.
    """
    expiry = str(found.lastTradeDateOrContractMonth or "").split()
    right = {"CALL": "C", "PUT": "P", "?": "", "0": ""}.get(found.right, found.right)
    return Contract(
        symbol=found.symbol,
        sec_type=found.secType,
        exchange=exchange or found.exchange,
        currency=found.currency,
        con_id=found.conId,
        primary_exchange=found.primaryExchange,
        local_symbol=found.localSymbol,
        trading_class=found.tradingClass,
        last_trade_date=expiry[0] if expiry else "",
        strike=number(found.strike) if found.strike and found.strike > 0 else None,
        right=right,
        multiplier=found.multiplier,
    )


def ib_order(order: Order, order_id: OrderId, client_id: ClientId, library: Library) -> Any:
    """Our order as the library's. Raises InvalidOrder for more digits than the wire carries."""
    made = library.Order(
        orderId=order_id,
        clientId=client_id,
        action=order.action.value,
        totalQuantity=_exact_float("quantity", order.quantity),
        orderType=order.order_type.value,
        tif=order.tif.value,
        account=order.account,
        orderRef=order.order_ref,
        parentId=order.parent_id or 0,
        ocaGroup=order.oca_group,
    )
    for field, name in WIRE_PRICES.items():
        value = getattr(order, field)
        if value is not None:
            setattr(made, name, _exact_float(field, value))
    return made


def _exact_float(field: str, value: Decimal) -> float:
    as_float = float(value)
    if Decimal(str(as_float)) != value:
        raise InvalidOrder(
            f"order field {field} cannot be {value}: use at most 15 digits",
            field=field,
            value=value,
        )
    return as_float


def order_from(found: Any) -> Order | None:
    """The library's order as ours; None for a kind we do not trade (pegs, auctions …)."""
    try:
        order_type = OrderType(found.orderType)
        quantity = number(found.totalQuantity)
        if quantity is None or quantity <= 0:
            quantity = number(found.filledQuantity)  # completed orders show it only here
        return Order(
            action=found.action,
            quantity=quantity,  # type: ignore[arg-type]  # None is refused by the model
            order_type=order_type,
            tif=found.tif or TimeInForce.DAY,
            account=found.account,
            order_ref=found.orderRef,
            parent_id=OrderId(found.parentId) if found.parentId else None,
            oca_group=found.ocaGroup,
            **{
                field: number(getattr(found, WIRE_PRICES[field]))
                for field in ORDER_PRICES[order_type]
            },
        )
    except (ValueError, InvalidOrder):
        return None


def perm_id_from(value: int) -> PermId | None:
    """None while the gateway has not given one: early messages say 0."""
    return PermId(value) if 0 < value < UNSET_INTEGER else None


def status_from(word: str) -> OrderStatus | None:
    try:
        return OrderStatus(word)
    except ValueError:
        return None


def open_order_report(
    order_id: int, contract: Any, order: Any, state: Any
) -> OpenOrderReport | None:
    """An openOrder message; None for an order we cannot describe.

    Its done words are left out: orderStatus follows with the numbers that belong to them.
    """
    ours = order_from(order)
    if ours is None:
        return None
    try:
        what = contract_from(contract)
    except InvalidContract:
        return None
    status = status_from(state.status)
    return OpenOrderReport(
        client_id=ClientId(order.clientId),
        order_id=OrderId(order_id),
        contract=what,
        order=ours,
        status=None if status is None or status.is_done else status,
        perm_id=perm_id_from(order.permId),
    )


def completed_order_report(order: Any, state: Any) -> CompletedReport:
    """A completedOrder message; an order cancelled unfilled may show no quantity at all."""
    return CompletedReport(
        status=status_from(state.status),
        filled=number(order.filledQuantity),
        perm_id=perm_id_from(order.permId),
        order_ref=order.orderRef,
    )


def status_report(fields: tuple[Any, ...]) -> StatusReport | None:
    """An orderStatus message in the order of its fields; None for an unknown status word."""
    order_id, word, filled, _, average, perm_id, _, _, client_id, why_held, *_ = fields
    status = status_from(word)
    if status is None:
        return None
    return StatusReport(
        client_id=ClientId(client_id),
        order_id=OrderId(order_id),
        status=status,
        filled=number(filled) or Decimal(0),
        average_fill_price=number(average) or None,
        perm_id=perm_id_from(perm_id),
        why_held=why_held,
    )


def fill_from(contract: Any, execution: Any) -> Fill:
    """An execDetails message. Raises InvalidContract or ValueError for one that makes no sense."""
    price, quantity = number(execution.price), number(execution.shares)
    if price is None or quantity is None or quantity < 0 or execution.side not in _SIDES:
        raise ValueError(f"execution {execution.execId} has no usable side, price or quantity")
    order_id = 0 if execution.orderId == UNSET_INTEGER else execution.orderId
    return Fill(
        execution_id=ExecutionId(execution.execId),
        order_id=OrderId(order_id),
        client_id=ClientId(execution.clientId),
        contract=contract_from(contract),
        action=_SIDES[execution.side],
        quantity=quantity,
        price=price,
        time=_utc(execution.time),
        perm_id=perm_id_from(execution.permId),
        account=execution.acctNumber,
        order_ref=execution.orderRef,
        exchange=execution.exchange,
    )


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC)


def commission_from(report: Any) -> CommissionReport | None:
    """A commissionReport message; None while the amount is not known."""
    commission = number(report.commission)
    if commission is None:
        return None
    return CommissionReport(
        execution_id=ExecutionId(report.execId),
        commission=commission,
        currency=report.currency,
        realized_pnl=number(report.realizedPNL),
    )


def execution_filter(library: Library) -> Any:
    """No restriction: every execution the gateway still lists."""
    return library.ExecutionFilter()
