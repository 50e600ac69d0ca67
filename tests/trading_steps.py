"""Steps of what orders wait for, and of what the exchange and the clearing desk do."""

import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from pytest_bdd import given, parsers, then, when
from steps import eventually, my_order, place

from ibkr import Order, OrderStatus

ORDINALS = {"first": 0, "second": 1, "third": 2}


def nth_order(tier, memory, which: str):
    return tier.client.order(memory.orders[ORDINALS[which]].order_id)


def attach(tier, memory, run, symbol: str, order: Callable[[], Order]) -> None:
    """An order attached to the first one there was."""
    parent_id = memory.orders[0].order_id
    place(tier, memory, run, symbol, lambda: replace(order(), parent_id=parent_id))


# --- what I order ---


@given(
    parsers.re(
        r"I have an order to (?P<side>\w+) (?P<quantity>\d+) (?P<symbol>\w+) "
        r"if it (falls|rises) to (?P<stop>[\d.]+)"
    )
)
@when(
    parsers.re(
        r"I (?P<side>\w+) (?P<quantity>\d+) (?P<symbol>\w+) if it (falls|rises) to (?P<stop>[\d.]+)"
    )
)
def order_at_a_stop(tier, memory, run, side, quantity, symbol, stop) -> None:
    place(tier, memory, run, symbol, lambda: Order.stop(side.upper(), quantity, stop))


@given(
    parsers.re(
        r"I have an order to (?P<side>\w+) (?P<quantity>\d+) (?P<symbol>\w+) "
        r"if it falls to (?P<stop>[\d.]+) but not below (?P<limit>[\d.]+)"
    )
)
def order_at_a_stop_with_a_limit(tier, memory, run, side, quantity, symbol, stop, limit) -> None:
    order = Order.stop(side.upper(), quantity, stop, limit_price=limit)
    place(tier, memory, run, symbol, lambda: order)


@given(
    parsers.re(
        r"I have an order to (?P<side>\w+) (?P<quantity>\d+) (?P<symbol>\w+) "
        r"if it falls by (?P<amount>[\d.]+)"
    )
)
def order_behind_the_market(tier, memory, run, side, quantity, symbol, amount) -> None:
    place(tier, memory, run, symbol, lambda: Order.trailing(side.upper(), quantity, amount))


@given(
    parsers.re(
        r"I have an order to (?P<side>\w+) (?P<quantity>\d+) (?P<symbol>\w+) "
        r"at (?P<limit>[\d.]+) or better, in the group (?P<group>\w+)"
    )
)
def order_in_a_group(tier, memory, run, side, quantity, symbol, limit, group) -> None:
    order = replace(Order.limit(side.upper(), quantity, limit), oca_group=group)
    place(tier, memory, run, symbol, lambda: order)


@given(
    parsers.re(
        r"I have an order to (?P<side>\w+) (?P<quantity>\d+) (?P<symbol>\w+) "
        r"at (?P<limit>[\d.]+) or better, until cancelled"
    )
)
def order_until_cancelled(tier, memory, run, side, quantity, symbol, limit) -> None:
    order = Order.limit(side.upper(), quantity, limit, tif="GTC")
    place(tier, memory, run, symbol, lambda: order)


@when(
    parsers.re(
        r"I (?P<side>\w+) (?P<quantity>\d+) (?P<symbol>\w+) "
        r"at (?P<limit>[\d.]+) or better, at once or not"
    )
)
def order_at_once(tier, memory, run, side, quantity, symbol, limit) -> None:
    order = Order.limit(side.upper(), quantity, limit, tif="IOC")
    place(tier, memory, run, symbol, lambda: order)


@given(
    parsers.re(
        r"an order to (?P<side>\w+) (?P<quantity>\d+) (?P<symbol>\w+) "
        r"at (?P<limit>[\d.]+) or better is attached to it"
    )
)
@when(
    parsers.re(
        r"an order to (?P<side>\w+) (?P<quantity>\d+) (?P<symbol>\w+) "
        r"at (?P<limit>[\d.]+) or better is attached to it"
    )
)
def attach_a_limit(tier, memory, run, side, quantity, symbol, limit) -> None:
    attach(tier, memory, run, symbol, lambda: Order.limit(side.upper(), quantity, limit))


@given(
    parsers.re(
        r"an order to (?P<side>\w+) (?P<quantity>\d+) (?P<symbol>\w+) "
        r"if it falls to (?P<stop>[\d.]+) is attached to it"
    )
)
def attach_a_stop(tier, memory, run, side, quantity, symbol, stop) -> None:
    attach(tier, memory, run, symbol, lambda: Order.stop(side.upper(), quantity, stop))


@when(parsers.re(r"I cancel my (?P<which>\w+) order"))
def cancel_nth(tier, memory, run, which) -> None:
    run(tier.client.cancel_order(nth_order(tier, memory, which).order_id))


# --- what becomes of it ---


@then(parsers.re(r"my order is held for its (?P<what>trigger|parent)"))
def is_held(tier, memory, what) -> None:
    held = my_order(tier, memory)
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


@then("my order is cancelled before long")
def is_cancelled_before_long(tier, memory, run) -> None:
    run(eventually(lambda: my_order(tier, memory).status is OrderStatus.CANCELLED))


@then(parsers.parse("{quantity} of my order are filled and the rest is cancelled"))
def is_part_filled_and_over(tier, memory, run, quantity) -> None:
    run(eventually(lambda: my_order(tier, memory).status is OrderStatus.CANCELLED))
    assert my_order(tier, memory).filled == Decimal(quantity)


# --- what the exchange does ---


@given(parsers.re(r"(?P<symbol>\w+) is filled by (?P<how>hand only|place in line)"))
def filled_by(tier, symbol, how) -> None:
    model = {"hand only": "scripted", "place in line": "queue"}[how]
    tier.stage.set_fill_model(symbol, model)


@when(parsers.parse("{size} {symbol:w} are traded at {price}"))
def traded(tier, symbol, size, price) -> None:
    tier.stage.print_trade(symbol, Decimal(price), Decimal(size))


@when(parsers.parse("the exchange fills {quantity} of my order at {price}"))
def exchange_fills(tier, memory, quantity, price) -> None:
    tier.stage.fill(memory.orders[-1].order_id, Decimal(quantity), Decimal(price))


@given(parsers.re(r'the next order is rejected with (?P<code>\d+) for the reason "(?P<reason>.*)"'))
def next_is_rejected(tier, code, reason) -> None:
    tier.stage.reject_next(int(code), reason)


@given(parsers.parse("trading of {symbol} is halted"))
def trading_is_halted(tier, symbol) -> None:
    tier.stage.halt(symbol)


@when(parsers.parse("trading of {symbol} is resumed"))
def trading_is_resumed(tier, symbol) -> None:
    tier.stage.resume(symbol)


@when(parsers.parse("the next session of {symbol} begins"))
def next_session(tier, symbol) -> None:
    tier.stage.next_session(symbol)


@when(parsers.parse("the exchange corrects my execution to {quantity} at {price}"))
def exchange_corrects(tier, memory, quantity, price) -> None:
    (fill,) = my_order(tier, memory).fills
    tier.stage.correct(fill.execution_id, Decimal(quantity), Decimal(price))


@when("the exchange busts my execution")
def exchange_busts(tier, memory) -> None:
    (fill,) = my_order(tier, memory).fills
    tier.stage.bust(fill.execution_id)


# --- what the account has ---


@given(parsers.parse("{amount} USD are paid out of the account"))
@when(parsers.parse("{amount} USD are paid out of the account"))
def paid_out(tier, amount) -> None:
    tier.stage.move_cash(-Decimal(amount))


@when(parsers.parse("{amount} USD are paid into the account"))
def paid_in(tier, amount) -> None:
    tier.stage.move_cash(Decimal(amount))


@given(parsers.parse("the account has a buying power of {amount} USD"))
@then(parsers.parse("the account has a buying power of {amount} USD"))
def has_buying_power(tier, amount) -> None:
    assert tier.stage.buying_power() == Decimal(amount)


@then(parsers.parse("the account holds {quantity} {symbol:w}"))
def account_holds(tier, quantity, symbol) -> None:
    assert tier.stage.position(symbol) == Decimal(quantity)
