"""The steps of all features, written against the client protocol and the stage only."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from ibkr import (
    CommissionReported,
    Contract,
    IBKRError,
    Order,
    OrderFilled,
    OrderResult,
    OrderStatus,
)


@dataclass
class Memory:
    """What a scenario remembers from step to step."""

    orders: list[OrderResult] = field(default_factory=list)
    error: IBKRError | None = None
    events: Any = None
    told: list[Any] = field(default_factory=list)
    quotes: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def memory() -> Memory:
    return Memory()


async def eventually(holds: Callable[[], bool]) -> None:
    """Let the loop turn until something holds; the runner bounds the wait."""
    while not holds():
        await asyncio.sleep(0)


def attempt(run, memory: Memory, work) -> Any:
    """Do something that may be refused, and remember the refusal."""
    memory.error = None
    try:
        return run(work)
    except IBKRError as error:
        memory.error = error
    return None


def price_of(text: str) -> Decimal | None:
    return None if text == "no" else Decimal(text)


# --- connection -------------------------------------------------------------


@given("I am connected")
def connected(tier, memory, run) -> None:
    run(tier.client.connect())
    memory.events = tier.client.order_events()


@when("I connect")
def connect(tier, memory, run) -> None:
    attempt(run, memory, tier.client.connect())


@when("I disconnect")
def disconnect(tier, run) -> None:
    run(tier.client.disconnect())


@then("I am connected")
def is_connected(tier, memory) -> None:
    assert memory.error is None
    assert tier.client.is_connected()


@then("I am not connected")
def is_not_connected(tier) -> None:
    assert not tier.client.is_connected()


@when("I notice that the connection is lost")
@then("I notice that the connection is lost")
def notices_the_loss(tier, run) -> None:
    run(eventually(lambda: not tier.client.is_connected()))


@when("I am connected again without doing anything")
@then("I am connected again without doing anything")
def is_connected_again(tier, run) -> None:
    run(eventually(tier.client.is_connected))


@given("the gateway is down")
@when("the gateway goes down")
def gateway_goes_down(tier, run) -> None:
    run(tier.stage.gateway_down())


@when("the gateway comes back")
def gateway_comes_back(tier, run) -> None:
    run(tier.stage.gateway_up())


@given("another client is connected under my client id")
def client_id_is_taken(tier, run) -> None:
    run(tier.stage.occupy_client_id())


# --- market data ------------------------------------------------------------


@given(parsers.parse("{symbol} is quoted {bid} to {ask} with {size} on each side"))
def quoted_with_size(tier, run, symbol, bid, ask, size) -> None:
    run(tier.stage.quote(symbol, price_of(bid), price_of(ask), Decimal(size)))


@given(parsers.re(r"(?P<symbol>\w+) is quoted (?P<bid>[\d.]+) to (?P<ask>[\d.]+)"))
@when(parsers.re(r"(?P<symbol>\w+) is quoted (?P<bid>[\d.]+) to (?P<ask>[\d.]+)"))
def quoted(tier, run, symbol, bid, ask) -> None:
    run(tier.stage.quote(symbol, price_of(bid), price_of(ask)))


@when(parsers.parse("{symbol} has no bid and an ask of {ask}"))
def quoted_on_one_side(tier, run, symbol, ask) -> None:
    run(tier.stage.quote(symbol, None, price_of(ask)))


@given(parsers.parse("I have requested market data for {symbol}"))
@when(parsers.parse("I request market data for {symbol}"))
def request_market_data(tier, memory, run, symbol) -> None:
    attempt(run, memory, tier.client.request_market_data(Contract.stock(symbol)))
    if memory.error is None and symbol not in memory.quotes:
        memory.quotes[symbol] = tier.client.quotes(Contract.stock(symbol))


@when(parsers.parse("I cancel market data for {symbol}"))
def cancel_market_data(tier, memory, run, symbol) -> None:
    attempt(run, memory, tier.client.cancel_market_data(Contract.stock(symbol)))


@then(parsers.re(r"I see (?P<symbol>\w+) at (?P<bid>[\d.]+) to (?P<ask>[\d.]+)"))
def sees_quote(memory, run, symbol, bid, ask) -> None:
    run(_see(memory.quotes[symbol], (price_of(bid), price_of(ask))))


@then(parsers.parse("I see {symbol} with no bid and an ask of {ask}"))
def sees_one_side(memory, run, symbol, ask) -> None:
    run(_see(memory.quotes[symbol], (None, price_of(ask))))


async def _see(quotes, wanted) -> None:
    async for quote in quotes:
        if (quote.bid, quote.ask) == wanted:
            return
    pytest.fail(f"the quotes ended before {wanted} was seen")


@then(parsers.parse("there are no more quotes of {symbol}"))
def no_more_quotes(memory, run, symbol) -> None:
    async def rest() -> None:
        async for _ in memory.quotes[symbol]:
            pass

    run(rest())


@given(parsers.parse("the account may not see {symbol}"))
def may_not_see(tier, run, symbol) -> None:
    run(tier.stage.forbid_market_data(symbol))


# --- orders -----------------------------------------------------------------


@given(parsers.parse("I may order at most {quantity} at once"))
def order_limit(tier, run, quantity) -> None:
    run(tier.client.disconnect())
    run(tier.configure(max_order_quantity=Decimal(quantity)))
    run(tier.client.connect())


def place(tier, memory, run, symbol: str, order: Callable[[], Order]) -> None:
    async def order_it() -> OrderResult:
        return await tier.client.place_order(Contract.stock(symbol), order())

    result = attempt(run, memory, order_it())
    if result is not None:
        memory.orders.append(result)


@when(parsers.parse("I {side} {quantity} {symbol} at the market"))
def order_at_market(tier, memory, run, side, quantity, symbol) -> None:
    place(tier, memory, run, symbol, lambda: Order.market(side.upper(), quantity))


@given(parsers.parse("I have an order to {side} {quantity} {symbol} at {limit} or better"))
@when(parsers.parse("I {side} {quantity} {symbol} at {limit} or better"))
def order_at_limit(tier, memory, run, side, quantity, symbol, limit) -> None:
    place(tier, memory, run, symbol, lambda: Order.limit(side.upper(), quantity, limit))


@when("I cancel my order")
def cancel(tier, memory, run) -> None:
    attempt(run, memory, tier.client.cancel_order(memory.orders[-1].order_id))


@when(parsers.parse("I cancel order {order_id:d}"))
def cancel_by_id(tier, memory, run, order_id) -> None:
    attempt(run, memory, tier.client.cancel_order(order_id))


def my_order(tier, memory) -> OrderResult:
    assert memory.error is None, memory.error
    return tier.client.order(memory.orders[-1].order_id)


@when(parsers.parse("my order is filled at {price}"))
@then(parsers.parse("my order is filled at {price}"))
def is_filled(tier, memory, run, price) -> None:
    run(eventually(lambda: my_order(tier, memory).status is OrderStatus.FILLED))
    filled = my_order(tier, memory)
    assert math.isclose(filled.average_fill_price, Decimal(price))
    assert filled.remaining == 0


@then(parsers.parse("{quantity} of my order are filled"))
def is_part_filled(tier, memory, run, quantity) -> None:
    run(eventually(lambda: my_order(tier, memory).filled == Decimal(quantity)))
    assert my_order(tier, memory).status is OrderStatus.SUBMITTED


@then("my order rests")
def rests(tier, memory) -> None:
    resting = my_order(tier, memory)
    assert (resting.status, resting.filled) == (OrderStatus.SUBMITTED, 0)


@then("my order is cancelled")
def is_cancelled(tier, memory) -> None:
    assert my_order(tier, memory).status is OrderStatus.CANCELLED


@then("nothing of it was filled")
def nothing_filled(tier, memory) -> None:
    assert my_order(tier, memory).filled == 0


@then("my two orders have different ids")
def ids_differ(memory) -> None:
    first, second = memory.orders
    assert first.order_id != second.order_id
    assert first.perm_id != second.perm_id


async def _told(memory: Memory, kind: type, seen: Callable[[Any], bool]) -> None:
    """Read order events until one is of a kind and as wanted."""
    async for event in memory.events:
        memory.told.append(event)
        if isinstance(event, kind) and seen(event):
            return


@then(parsers.parse("I am charged a commission of {amount} {currency}"))
def is_charged(memory, run, amount, currency) -> None:
    run(
        _told(
            memory,
            CommissionReported,
            lambda event: (
                (round(event.fill.commission, 2), event.fill.commission_currency)
                == (Decimal(amount), currency)
            ),
        )
    )


@then(parsers.parse("I have been told of a fill of {quantity} at {price}"))
def told_of_fill(memory, run, quantity, price) -> None:
    run(
        _told(
            memory,
            OrderFilled,
            lambda event: (
                (event.fill.quantity, event.fill.price) == (Decimal(quantity), Decimal(price))
            ),
        )
    )


@then("I have been told once only")
def told_once(tier, memory, run) -> None:
    run(_told(memory, CommissionReported, lambda _: True))
    fills = [event for event in memory.told if isinstance(event, OrderFilled)]
    assert len(fills) == 1
    assert len(my_order(tier, memory).fills) == 1


# --- errors, metrics, what the gateway saw ----------------------------------


@then(parsers.parse("I am told {code:w}"))
def is_told(memory, code) -> None:
    assert memory.error is not None, "nothing was refused"
    assert memory.error.code.name == code


@then(parsers.parse("the gateway's code is {code:d}"))
def gateway_code(memory, code) -> None:
    assert memory.error.gateway_code == code


@then(parsers.parse('the message says "{text}"'))
def message_says(memory, text) -> None:
    assert text in str(memory.error)


@then(parsers.parse("the field {name} is named"))
def field_is_named(memory, name) -> None:
    assert memory.error.field == name
    assert name in str(memory.error)


@then("no order has reached the gateway")
def nothing_reached(tier) -> None:
    assert tier.stage.orders_received() == 0


@then(parsers.parse("the gateway has received {name} {count:d} time"))
def gateway_received(tier, name, count) -> None:
    assert tier.stage.requests_received(name) == count


METRICS = {
    "connection": "ib_connection_status",
    "orders": "ib_orders_total",
    "order errors": "ib_order_errors_total",
    "subscription": "ib_market_data_subscriptions",
}


@then(parsers.parse("the {name} metric reads {value:d}"))
def metric_reads(tier, name, value) -> None:
    registry = tier.client.metrics.registry
    assert registry.get_sample_value(METRICS[name]) == value
