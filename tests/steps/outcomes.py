"""Steps of what becomes of orders, and of what their owner is told."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pytest_bdd import parsers, then, when

from ibkr import CommissionReported, OrderFilled, OrderNotice, OrderResult, OrderStatus
from steps.memory import Memory, eventually
from steps.orders import ORDINALS

WORKING = {OrderStatus.SUBMITTED, OrderStatus.PRE_SUBMITTED}


def nth_order(tier, memory, which: str) -> OrderResult:
    return tier.client.order(memory.orders[ORDINALS[which]].order_id)


def my_order(tier, memory) -> OrderResult:
    return tier.client.order(memory.orders[-1].order_id)


def settled(tier, memory, run) -> OrderResult:
    """My order, after everything that the gateway has said."""
    assert memory.error is None, memory.error
    run(tier.settle())
    return my_order(tier, memory)


@when(parsers.parse("my order is filled at {price}"))
@then(parsers.parse("my order is filled at {price}"))
def is_filled(tier, memory, run, price) -> None:
    run(eventually(lambda: my_order(tier, memory).status is OrderStatus.FILLED))
    filled = settled(tier, memory, run)
    assert math.isclose(filled.average_fill_price, Decimal(price))
    assert (filled.filled, filled.remaining) == (filled.order.quantity, 0)


@then(parsers.parse("{quantity} of my order are filled"))
def is_part_filled(tier, memory, run, quantity) -> None:
    run(eventually(lambda: my_order(tier, memory).filled == Decimal(quantity)))
    assert settled(tier, memory, run).status is OrderStatus.SUBMITTED


@then(parsers.parse("{quantity} of my order are filled and the rest is cancelled"))
def is_part_filled_and_over(tier, memory, run, quantity) -> None:
    run(eventually(lambda: my_order(tier, memory).status is OrderStatus.CANCELLED))
    assert settled(tier, memory, run).filled == Decimal(quantity)


@then("my order rests")
def rests(tier, memory, run) -> None:
    run(eventually(lambda: my_order(tier, memory).status is OrderStatus.SUBMITTED))
    resting = settled(tier, memory, run)
    assert (resting.status, resting.filled) == (OrderStatus.SUBMITTED, 0)


@then("my order is working")
def works(tier, memory, run) -> None:
    """Submitted, or held by the broker until the exchange opens."""
    working = settled(tier, memory, run)
    assert working.status in WORKING
    assert working.filled == 0


@then("my order was found with the gateway")
def was_found(tier, memory, run) -> None:
    memory.error = None
    rests(tier, memory, run)


@when("my order is cancelled")
@then("my order is cancelled")
def is_cancelled(tier, memory, run) -> None:
    run(eventually(lambda: my_order(tier, memory).status is OrderStatus.CANCELLED))
    assert settled(tier, memory, run).status is OrderStatus.CANCELLED


@then("my order is inactive")
def is_inactive(tier, memory, run) -> None:
    assert settled(tier, memory, run).status is OrderStatus.INACTIVE


@then("nothing of it was filled")
def nothing_filled(tier, memory, run) -> None:
    assert settled(tier, memory, run).filled == 0


@then("it is not known what became of my order")
def is_unknown(tier, memory) -> None:
    assert memory.error is not None
    assert memory.error.code.name == "ORDER_STATE_UNKNOWN"
    assert [order.order_id for order in tier.client.in_doubt()] == [memory.orders[-1].order_id]


@then("no order of mine is in doubt")
def nothing_in_doubt(tier, run) -> None:
    run(eventually(lambda: not tier.client.in_doubt()))


@then(parsers.re(r"my order is held for its (?P<what>trigger|parent)"))
def is_held(tier, memory, run, what) -> None:
    held = settled(tier, memory, run)
    reason = {"trigger": "trigger", "parent": "child"}[what]
    assert (held.status, held.why_held) == (OrderStatus.PRE_SUBMITTED, reason)


@then(parsers.re(r"my (?P<which>first|second|third) order is filled at (?P<price>[\d.]+)"))
def nth_is_filled(tier, memory, run, which, price) -> None:
    run(eventually(lambda: nth_order(tier, memory, which).status is OrderStatus.FILLED))
    filled = nth_order(tier, memory, which)
    assert math.isclose(filled.average_fill_price, Decimal(price))


@then(parsers.re(r"my (?P<which>first|second|third) order is cancelled"))
def nth_is_cancelled(tier, memory, run, which) -> None:
    run(eventually(lambda: nth_order(tier, memory, which).status is OrderStatus.CANCELLED))
    assert nth_order(tier, memory, which).filled == 0


@then(parsers.re(r"my (?P<which>first|second|third) order rests"))
def nth_rests(tier, memory, run, which) -> None:
    run(tier.settle())
    resting = nth_order(tier, memory, which)
    assert (resting.status, resting.filled) == (OrderStatus.SUBMITTED, 0)


@then("my two orders have different ids")
def ids_differ(memory) -> None:
    first, second = memory.orders
    assert first.order_id != second.order_id
    assert first.perm_id != second.perm_id


@then("both times it is the same order")
def same_order(memory) -> None:
    first, second = memory.orders
    assert (first.order_id, first.key) == (second.order_id, second.key)


@then(parsers.parse("the key {key} leads to my order"))
def key_leads(tier, memory, key) -> None:
    found = tier.client.order_by_key(key)
    assert (found.order_id, found.key) == (memory.orders[0].order_id, key)


# --- events ---


async def _told(memory: Memory, kind: type, seen: Callable[[Any], bool]) -> None:
    """Read order events until one is of a kind and as wanted."""
    async for event in memory.events:
        memory.told.append(event)
        if isinstance(event, kind) and seen(event):
            return


@then(parsers.parse("I am charged a commission of {amount} {currency}"))
def is_charged(memory, run, amount, currency) -> None:
    def as_wanted(event: CommissionReported) -> bool:
        charged = round(event.fill.commission, 2), event.fill.commission_currency
        return charged == (Decimal(amount), currency)

    run(_told(memory, CommissionReported, as_wanted))


@then(parsers.parse("I have been told of a fill of {quantity} at {price}"))
def told_of_fill(memory, run, quantity, price) -> None:
    def as_wanted(event: OrderFilled) -> bool:
        return (event.fill.quantity, event.fill.price) == (Decimal(quantity), Decimal(price))

    run(_told(memory, OrderFilled, as_wanted))


@then("I have been told once only")
def told_once(tier, memory, run) -> None:
    run(_told(memory, CommissionReported, lambda _: True))
    run(tier.settle())
    run(tier.client.disconnect())
    run(_rest(memory))
    fills = [event for event in memory.told if isinstance(event, OrderFilled)]
    assert len(fills) == 1
    assert len(tier.client.order(memory.orders[-1].order_id).fills) == 1


@then(parsers.parse("I have been warned with {code:d}"))
def warned(memory, run, code) -> None:
    run(_told(memory, OrderNotice, lambda event: event.code == code))


async def _rest(memory: Memory) -> None:
    async for event in memory.events:
        memory.told.append(event)
