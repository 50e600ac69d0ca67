"""Steps of what the exchange and the clearing desk do."""

from decimal import Decimal

from pytest_bdd import given, parsers, then, when

from steps.memory import eventually
from steps.outcomes import my_order


@given(parsers.re(r"(?P<symbol>\w+) is filled by (?P<how>hand only|place in line)"))
def filled_by(tier, run, symbol, how) -> None:
    model = {"hand only": "scripted", "place in line": "queue"}[how]
    run(tier.stage.set_fill_model(symbol, model))


@when(parsers.parse("{size} {symbol:w} are traded at {price}"))
def traded(tier, run, symbol, size, price) -> None:
    run(tier.stage.print_trade(symbol, Decimal(price), Decimal(size)))


@when(parsers.parse("the exchange fills {quantity} of my order at {price}"))
def exchange_fills(tier, memory, run, quantity, price) -> None:
    run(tier.stage.fill(memory.orders[-1].order_id, Decimal(quantity), Decimal(price)))


@when("somebody else cancels my order")
def somebody_cancels(tier, memory, run) -> None:
    run(tier.stage.end(memory.orders[-1].order_id))


@given(parsers.re(r'the next order is rejected with (?P<code>\d+) for the reason "(?P<reason>.*)"'))
def next_is_rejected(tier, run, code, reason) -> None:
    run(tier.stage.reject_next(int(code), reason))


@given("the gateway will not answer my next order")
def next_is_unanswered(tier, run) -> None:
    run(tier.stage.leave_next_unanswered())


@given(parsers.parse("trading of {symbol} is halted"))
def trading_is_halted(tier, run, symbol) -> None:
    run(tier.stage.halt(symbol))


@when(parsers.parse("trading of {symbol} is resumed"))
def trading_is_resumed(tier, run, symbol) -> None:
    run(tier.stage.resume(symbol))


@when(parsers.parse("the next session of {symbol} begins"))
def next_session(tier, run, symbol) -> None:
    run(tier.stage.next_session(symbol))


@when(parsers.parse("{seconds:g} seconds pass"))
@when(parsers.parse("{seconds:g} second passes"))
def time_passes(tier, run, seconds) -> None:
    run(tier.stage.advance(seconds))


def _only_fill(tier, memory, run):
    run(eventually(lambda: len(my_order(tier, memory).fills) == 1))
    return my_order(tier, memory).fills[0]


@when(parsers.parse("the exchange corrects my execution to {quantity} at {price}"))
def exchange_corrects(tier, memory, run, quantity, price) -> None:
    fill = _only_fill(tier, memory, run)
    run(tier.stage.correct(fill.execution_id, Decimal(quantity), Decimal(price)))


@when("the exchange busts my execution")
def exchange_busts(tier, memory, run) -> None:
    run(tier.stage.bust(_only_fill(tier, memory, run).execution_id))


@then("no order has reached the gateway")
def nothing_reached(tier, run) -> None:
    assert run(tier.stage.orders_received()) == 0


@then(parsers.re(r"(?P<count>\d+) orders? (has|have) reached the gateway"))
def so_many_reached(tier, run, count) -> None:
    assert run(tier.stage.orders_received()) == int(count)


@then(parsers.re(r"the gateway was asked for market data (?P<times>once|twice)"))
def asked_for_market_data(tier, run, times) -> None:
    received = run(tier.stage.requests_received("RequestMarketData"))
    assert received == {"once": 1, "twice": 2}[times]
