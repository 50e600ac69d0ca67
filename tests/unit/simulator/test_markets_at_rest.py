"""A quote set by hand stands still: time passes over it without a step, and it moves again."""

from decimal import Decimal as D

from simulator import World
from simulator.gateway.entitlements import Entitlement
from simulator.messages.market_data import RequestMarketData, RequestMarketDataType, TickPrice
from simulator.records import Contract

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
DAY_S = 86_400


def prices(replies) -> list[TickPrice]:
    return [reply for reply in replies if isinstance(reply, TickPrice)]


def test_nothing_is_due_while_all_that_is_watched_stands_still(world: World, client) -> None:
    world.set_quote("AAPL", bid=D(99), ask=D(100))
    assert prices(client.send(RequestMarketData(1, AAPL)))
    assert world.gateway.due_ms is None
    world.advance(DAY_S)
    assert client.read() == []


def test_a_quote_that_is_released_moves_again(world: World, client) -> None:
    world.set_quote("AAPL", bid=D(99), ask=D(100))
    assert prices(client.send(RequestMarketData(1, AAPL)))
    world.release_quote("AAPL")
    client.read()
    world.advance(60)
    assert prices(client.read())


def test_delayed_lines_go_on(world: World, client) -> None:
    world.set_quote("AAPL", bid=D(99), ask=D(100))
    client.send(RequestMarketDataType(3))
    world.entitle("AAPL", Entitlement.DELAYED)
    assert prices(client.send(RequestMarketData(1, AAPL)))
    assert world.gateway.due_ms is not None
