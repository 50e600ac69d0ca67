"""Steps of what I order, change my mind about, and cancel."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from pytest_bdd import given, parsers, when

from ibkr import Contract, Order, OrderResult
from steps.memory import Memory, attempt

ORDINALS = {"first": 0, "second": 1, "third": 2}
CENT = Decimal("0.01")

# --- how an order is said; every form is known after Given and When ---


def place(tier, memory: Memory, run, symbol: str, order: Callable[[], Order], key=None) -> None:
    async def order_it() -> OrderResult:
        return await tier.client.place_order(Contract.stock(symbol), order(), key=key)

    result = attempt(run, memory, order_it())
    order_id = getattr(memory.error, "order_id", None)
    if result is not None:
        memory.orders.append(result)
    elif order_id is not None:
        memory.orders.append(tier.client.order(order_id))


def said(pattern: str):
    """A step that orders: `I buy 1 AAPL …`, and `I have an order to buy 1 AAPL …`."""
    form = parsers.re(
        r"(I have an order to|I) (?P<side>\w+) (?P<quantity>\S+) (?P<symbol>[A-Z]+) " + pattern
    )

    def known(function):
        given(form, stacklevel=2)(function)
        return when(form, stacklevel=2)(function)

    return known


@said(r"at the market")
def order_at_market(tier, memory, run, side, quantity, symbol) -> None:
    place(tier, memory, run, symbol, lambda: Order.market(side.upper(), quantity))


@said(r"at (?P<limit>\S+) or better")
def order_at_limit(tier, memory, run, side, quantity, symbol, limit) -> None:
    place(tier, memory, run, symbol, lambda: Order.limit(side.upper(), quantity, limit))


@said(r"at (?P<limit>\S+) or better, under the key (?P<key>\S+)")
def order_under_a_key(tier, memory, run, side, quantity, symbol, limit, key) -> None:
    place(tier, memory, run, symbol, lambda: Order.limit(side.upper(), quantity, limit), key)


@said(r"at (?P<limit>\S+) or better, for the account (?P<account>\S+)")
def order_for_an_account(tier, memory, run, side, quantity, symbol, limit, account) -> None:
    def order() -> Order:
        return Order.limit(side.upper(), quantity, limit, account=account)

    place(tier, memory, run, symbol, order)


@said(r"at (?P<limit>\S+) or better, in the group (?P<group>\w+)")
def order_in_a_group(tier, memory, run, side, quantity, symbol, limit, group) -> None:
    order = replace(Order.limit(side.upper(), quantity, limit), oca_group=group)
    place(tier, memory, run, symbol, lambda: order)


@said(r"at (?P<limit>\S+) or better, until cancelled")
def order_until_cancelled(tier, memory, run, side, quantity, symbol, limit) -> None:
    place(tier, memory, run, symbol, lambda: Order.limit(side.upper(), quantity, limit, tif="GTC"))


@said(r"at (?P<limit>\S+) or better, (?P<how>at once or not|all at once or not at all)")
def order_at_once(tier, memory, run, side, quantity, symbol, limit, how) -> None:
    tif = {"at once or not": "IOC", "all at once or not at all": "FOK"}[how]
    place(tier, memory, run, symbol, lambda: Order.limit(side.upper(), quantity, limit, tif=tif))


@said(r"if it (falls|rises) to (?P<stop>[\d.]+)")
def order_at_a_stop(tier, memory, run, side, quantity, symbol, stop) -> None:
    place(tier, memory, run, symbol, lambda: Order.stop(side.upper(), quantity, stop))


@said(r"if it falls to (?P<stop>[\d.]+) but not below (?P<limit>[\d.]+)")
def order_at_a_stop_with_a_limit(tier, memory, run, side, quantity, symbol, stop, limit) -> None:
    order = Order.stop(side.upper(), quantity, stop, limit_price=limit)
    place(tier, memory, run, symbol, lambda: order)


@said(r"if it falls by (?P<amount>[\d.]+)")
def order_behind_the_market(tier, memory, run, side, quantity, symbol, amount) -> None:
    place(tier, memory, run, symbol, lambda: Order.trailing(side.upper(), quantity, amount))


@said(r"far below the market(, under the key (?P<key>\S+))?")
def order_far_away(tier, memory, run, side, quantity, symbol, key) -> None:
    limit = max((memory.seen[symbol] / 2).quantize(CENT), CENT)
    place(tier, memory, run, symbol, lambda: Order.limit(side.upper(), quantity, limit), key)


# --- orders that hang on another ---


def attach(tier, memory: Memory, run, symbol: str, order: Callable[[], Order]) -> None:
    """An order attached to the first one there was."""
    parent_id = memory.orders[0].order_id
    place(tier, memory, run, symbol, lambda: replace(order(), parent_id=parent_id))


ATTACHED = (
    r"an order to (?P<side>\w+) (?P<quantity>\d+) (?P<symbol>\w+) "
    r"(at (?P<limit>[\d.]+) or better|if it falls to (?P<stop>[\d.]+)) is attached to it"
)


@given(parsers.re(ATTACHED))
@when(parsers.re(ATTACHED))
def attach_an_order(tier, memory, run, side, quantity, symbol, limit, stop) -> None:
    def order() -> Order:
        if limit is not None:
            return Order.limit(side.upper(), quantity, limit)
        return Order.stop(side.upper(), quantity, stop)

    attach(tier, memory, run, symbol, order)


# --- cancelling ---


@given("I have cancelled my order")
@when("I cancel my order")
def cancel(tier, memory, run) -> None:
    attempt(run, memory, tier.client.cancel_order(memory.orders[-1].order_id))


@when(parsers.re(r"I cancel my (?P<which>first|second|third) order"))
def cancel_nth(tier, memory, run, which) -> None:
    order_id = memory.orders[ORDINALS[which]].order_id
    attempt(run, memory, tier.client.cancel_order(order_id))


@when(parsers.parse("I cancel order {order_id:d}"))
def cancel_by_id(tier, memory, run, order_id) -> None:
    attempt(run, memory, tier.client.cancel_order(order_id))


@given(parsers.parse("I may order at most {quantity} at once"))
def order_limit(tier, run, quantity) -> None:
    run(reconfigure(tier, max_order_quantity=Decimal(quantity)))


@given(parsers.parse("I may order for at most {amount} USD at once"))
def order_worth(tier, run, amount) -> None:
    run(reconfigure(tier, max_order_notional=Decimal(amount)))


async def reconfigure(tier, **settings) -> None:
    """The same client with other settings, connected again."""
    await tier.client.disconnect()
    await tier.configure(**settings)
    await tier.client.connect()
