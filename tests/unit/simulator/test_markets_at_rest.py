"""Time passes over quotes that stand still without a step, and faster over those nobody trades."""

from decimal import Decimal as D

from simulator import World, WorldSettings
from simulator.gateway.entitlements import Entitlement
from simulator.gateway.quotes import MOST_SHOWN
from simulator.messages.market_data import RequestMarketData, RequestMarketDataType, TickPrice
from simulator.messages.orders import PlaceOrder
from simulator.records import Contract, Order
from simulator.session import MAX_VERSION

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


def displays(world: World) -> list[int]:
    """When quotes were displayed from now on, filled as time goes by."""
    shown: list[int] = []
    show = world.broker.show

    def watched(instrument, quote, now_ms):
        shown.append(now_ms)
        return show(instrument, quote, now_ms)

    world.broker.show = watched
    return shown


def test_a_leap_leaves_out_quotes_but_not_the_last(world: World, client) -> None:
    client.send(RequestMarketData(1, AAPL))
    shown = displays(world)
    world.advance(8 * 3600)
    assert MOST_SHOWN / 2 < len(shown) <= MOST_SHOWN + 2
    assert shown[-1] == world.clock.now_ms()
    del shown[:]
    world.advance(2)
    assert len(shown) == 8


def test_five_minutes_are_shown_step_by_step(world: World, client) -> None:
    client.send(RequestMarketData(1, AAPL))
    shown = displays(world)
    world.advance(300)
    assert len(shown) == 1_200


def test_a_leap_ends_where_steps_would_have(join) -> None:
    lasts = []
    for seconds in ([3600.3], [300] * 12 + [0.3]):
        world = World(WorldSettings(seed=7, clock="manual", server_version=MAX_VERSION))
        client = join(world=world)
        client.send(RequestMarketData(1, AAPL))
        client.read()
        told = {}
        for each in seconds:
            world.advance(each)
            told |= {tick.tick_type: tick for tick in prices(client.read())}
        lasts.append((told, world.quote("AAPL")))
    assert lasts[0] == lasts[1]


def test_nothing_is_left_out_while_an_order_waits_for_a_price(world: World, client) -> None:
    client.send(RequestMarketData(1, AAPL))
    order = Order(action="BUY", total_quantity=D(1), order_type="LMT", limit_price=D(1))
    client.send(PlaceOrder(1, AAPL, order))
    shown = displays(world)
    world.advance(600)
    assert len(shown) == 2_400
