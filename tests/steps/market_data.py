"""Steps of quotes: what the market shows, and what the client sees of it."""

from decimal import Decimal

import pytest
from pytest_bdd import given, parsers, then, when

from ibkr import Contract
from steps.memory import attempt, price_of


@given(parsers.parse("there is a market for {symbol}"))
def there_is_a_market(tier, run, symbol) -> None:
    run(tier.market(symbol))


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
    memory.seen["ended"] = memory.quotes.pop(symbol, None)


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


@given(parsers.re(r"I see a price of (?P<symbol>\w+)"))
@then(parsers.re(r"I see a price of (?P<symbol>\w+)"))
def sees_a_price(memory, run, symbol) -> None:
    """Any price will do: at night there may be no bid, and on a fresh listing no last."""

    async def price() -> Decimal:
        async for quote in memory.quotes[symbol]:
            for value in (quote.bid, quote.last, quote.close, quote.ask):
                if value is not None:
                    return value
        pytest.fail("the quotes ended before a price was seen")

    memory.seen[symbol] = run(price())
    assert memory.seen[symbol] > 0


@then("the quotes have ended")
def quotes_have_ended(memory, run) -> None:
    async def rest() -> None:
        async for _ in memory.seen["ended"]:
            pass

    run(rest())


@then(parsers.parse("the quotes of {symbol} end"))
def quotes_of_end(memory, run, symbol) -> None:
    memory.seen["ended"] = memory.quotes.pop(symbol)
    quotes_have_ended(memory, run)


@given(parsers.parse("the account may not see {symbol}"))
def may_not_see(tier, run, symbol) -> None:
    run(tier.stage.refuse_market_data(symbol))
