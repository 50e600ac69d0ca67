"""What the tests of the life of orders share: a stock, plain orders, replies in short."""

from dataclasses import replace
from decimal import Decimal as D

from simulator.messages.connection import ErrorMessage
from simulator.messages.orders import (
    CommissionReport,
    ExecutionData,
    OpenOrder,
    OrderStatus,
    PlaceOrder,
)
from simulator.records import Contract, Order

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
MARKET = Order(action="BUY", total_quantity=D(1), order_type="MKT", tif="DAY")
LIMIT = replace(MARKET, order_type="LMT", limit_price=D("90.00"))
TARGET = replace(LIMIT, action="SELL", limit_price=D(120))
STOP = replace(MARKET, action="SELL", order_type="STP", aux_price=D(80))


def show(world, bid: str, ask: str, size: int = 50) -> None:
    """Quote the stock, and have it last traded at the bid."""
    world.set_quote("AAPL", bid=D(bid), ask=D(ask), bid_size=D(size), ask_size=D(size), last=D(bid))


def plain(number: D) -> str:
    return f"{number.normalize():f}"


def told(replies) -> list[str]:
    """Replies in short, each with its order: `OO 1 Filled`, `OS 1 Filled 1/0 child`, `202 1`."""
    words = []
    for reply in replies:
        match reply:
            case OpenOrder(order_id=order_id, state=state):
                fee = "" if state.commission is None else f" {plain(state.commission)}"
                words.append(f"OO {order_id} {state.status}{fee}")
            case OrderStatus():
                held = f" {reply.why_held}" if reply.why_held else ""
                left = f"{reply.filled}/{reply.remaining}{held}"
                words.append(f"OS {reply.order_id} {reply.status} {left}")
            case ExecutionData(order_id=order_id, contract=contract, execution=execution):
                what = "" if contract.sec_type == "STK" else f" {contract.sec_type}"
                words.append(f"EX {order_id}{what} {execution.shares}@{plain(execution.price)}")
            case CommissionReport(commission=commission):
                words.append(f"CR {plain(commission)}")
            case ErrorMessage(id=id_, code=code):
                words.append(f"{code} {id_}")
            case _:
                words.append(type(reply).__name__)
    return words


def pair(order_id: int, status: str, left: str = "0/1", held: str = "", fee: str = "") -> list[str]:
    """An open order and its status, in short."""
    why = f" {held}" if held else ""
    cost = f" {fee}" if fee else ""
    return [f"OO {order_id} {status}{cost}", f"OS {order_id} {status} {left}{why}"]


def cancelled(order_id: int, left: str = "0/1") -> list[str]:
    """The end of a cancel, in short: no open order says so."""
    return [f"OS {order_id} Cancelled {left}", f"202 {order_id}"]


def filled(order_id: int, price: str, fee: str, size: int = 1) -> list[str]:
    """A complete fill, in short."""
    done = f"{size}/0"
    return [
        f"EX {order_id} {size}@{price}",
        *pair(order_id, "Filled", done),
        *pair(order_id, "Filled", done, fee=fee),
        f"CR {fee}",
    ]


def place(client, order_id: int, order: Order = LIMIT, contract: Contract = AAPL) -> list[str]:
    return told(client.send(PlaceOrder(order_id, contract, order)))


def bracket(client, first: int = 1) -> list[str]:
    """A limit order with a target and a stop attached, transmitted by the last of them."""
    words = place(client, first, replace(LIMIT, transmit=False))
    words += place(client, first + 1, replace(TARGET, parent_id=first, transmit=False))
    assert words == []
    return place(client, first + 2, replace(STOP, parent_id=first))
