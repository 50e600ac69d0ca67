"""Orders that others set off. Red: a hedge of nothing, of too much, or before its time."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from simulator.messages.contracts import ContractData, RequestContractData
from simulator.messages.options import OptionParameters, RequestOptionParameters
from simulator.messages.orders import (
    CancelOrder,
    ExecutionData,
    OpenOrder,
    OrderStatus,
    PlaceOrder,
)
from simulator.records import Contract, Order
from simulator.world import World

ACCOUNT = "DU9000001"
AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
MSFT = replace(AAPL, symbol="MSFT")
EURUSD = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
BUY = Order(action="BUY", total_quantity=D(100), order_type="LMT", limit_price=D(100), tif="DAY")
HEDGE = Order(action="SELL", order_type="MKT", parent_id=1, tif="DAY")


def quote(world: World, name: str, price: str, size: int = 10_000) -> None:
    world.set_quote(name, bid=D(price), ask=D(price), bid_size=D(size), ask_size=D(size))


@pytest.fixture(autouse=True)
def markets(world) -> None:
    quote(world, "AAPL", "100")
    quote(world, "MSFT", "40")
    quote(world, "EUR.USD", "1.25", 10_000_000)


def held(world: World) -> dict[str, D]:
    positions = world.broker.ledgers[ACCOUNT].positions.values()
    return {p.instrument.local_symbol: p.quantity for p in positions if p.quantity}


def statuses(replies, order_id: int) -> list[str]:
    return [r.status for r in replies if isinstance(r, OrderStatus) and r.order_id == order_id]


def place(client, hedge: Order, contract: Contract, parent: Order = BUY, hedged: Contract = AAPL):
    first = client.send(PlaceOrder(1, hedged, replace(parent, transmit=False)))
    return first + client.send(PlaceOrder(2, contract, hedge))


@pytest.mark.parametrize(
    ("terms", "contract", "symbol", "size"),
    [
        ({"hedge_type": "P", "hedge_param": "2"}, MSFT, "MSFT", -200),
        ({"hedge_type": "P", "hedge_param": "0.333"}, MSFT, "MSFT", -33),
        ({"hedge_type": "B", "hedge_param": "1.2"}, MSFT, "MSFT", -300),
        ({"hedge_type": "F", "action": "SELL"}, EURUSD, "EUR.USD", -8000),
    ],
)
def test_a_hedge_is_as_large_as_what_its_parent_has_traded_asks(
    world, client, terms, contract, symbol, size
) -> None:
    place(client, replace(HEDGE, **terms), contract)
    assert held(world) == {"AAPL": 100, symbol: size}


def test_a_hedge_waits_and_has_no_size_until_its_parent_is_filled(world, client) -> None:
    quote(world, "AAPL", "101")
    pair = replace(HEDGE, hedge_type="P", hedge_param="1")
    replies = place(client, pair, MSFT)
    assert statuses(replies, 2) == ["PreSubmitted"]
    quote(world, "MSFT", "39")
    quote(world, "AAPL", "100")
    replies = client.read()
    opened = [r for r in replies if isinstance(r, OpenOrder) and r.order_id == 2]
    assert opened[0].order.total_quantity == 100
    assert statuses(replies, 2)[-1] == "Filled"
    (price,) = [r.execution.price for r in replies if isinstance(r, ExecutionData)][1:]
    assert price == 39


def test_what_was_filled_of_a_cancelled_order_is_hedged(world, client) -> None:
    quote(world, "AAPL", "100", 30)
    place(client, replace(HEDGE, hedge_type="P", hedge_param="1"), MSFT)
    assert held(world) == {"AAPL": 30}
    client.send(CancelOrder(1))
    assert held(world) == {"AAPL": 30, "MSFT": -30}


def test_a_hedge_ends_with_an_order_that_traded_nothing(world, client) -> None:
    quote(world, "AAPL", "101")
    place(client, replace(HEDGE, hedge_type="P", hedge_param="1"), MSFT)
    replies = client.send(CancelOrder(1))
    assert statuses(replies, 2) == ["Cancelled"]
    assert held(world) == {}


def test_a_hedge_too_small_to_trade_is_cancelled(world, client) -> None:
    replies = place(client, replace(HEDGE, hedge_type="P", hedge_param="0.001"), MSFT)
    assert statuses(replies, 2)[-1] == "Cancelled"
    assert held(world) == {"AAPL": 100}


def test_a_hedge_is_no_alternative_to_a_stop_beside_it(world, client) -> None:
    stop = Order(
        action="SELL", total_quantity=D(100), order_type="STP", aux_price=D(90), parent_id=1
    )
    client.send(
        PlaceOrder(1, AAPL, replace(BUY, transmit=False)),
        PlaceOrder(2, AAPL, replace(stop, transmit=False)),
        PlaceOrder(3, MSFT, replace(HEDGE, hedge_type="P", hedge_param="1")),
    )
    assert held(world) == {"AAPL": 100, "MSFT": -100}
    assert [order.order_id for order in world.broker.live_orders()] == [2]


# --- options ---


@pytest.fixture
def call(client, world) -> Contract:
    """A call so far in the money that it moves as its stock does; for 5.00."""
    replies = client.send(RequestOptionParameters(1, "AAPL", "", "STK", 265598))
    chain = next(r for r in replies if isinstance(r, OptionParameters) and r.exchange == "SMART")
    quote(world, "AAPL", "1000")
    wanted = replace(
        AAPL,
        sec_type="OPT",
        last_trade_date=chain.expirations[0],
        strike=min(chain.strikes),
        right="C",
        trading_class=chain.trading_class,
    )
    (data, *_) = client.send(RequestContractData(2, wanted))
    assert isinstance(data, ContractData)
    option = data.details.contract
    world.set_quote(option.local_symbol, bid=D("4.90"), ask=D("5.00"), ask_size=D(100))
    return option


def test_a_delta_hedge_sells_what_an_option_moves_with(world, client, call) -> None:
    parent = replace(BUY, total_quantity=D(10), limit_price=D(5))
    place(client, replace(HEDGE, hedge_type="D"), AAPL, parent, call)
    assert held(world)["AAPL"] == -1000


def test_an_option_that_does_not_move_with_its_stock_is_not_hedged(world, client, call) -> None:
    quote(world, "AAPL", "1")
    parent = replace(BUY, total_quantity=D(10), limit_price=D(5))
    replies = place(client, replace(HEDGE, hedge_type="D"), AAPL, parent, call)
    assert statuses(replies, 2)[-1] == "Cancelled"
    assert "AAPL" not in held(world)


def test_a_volatility_order_is_followed_by_its_delta_in_shares(world, client, call) -> None:
    order = Order(
        action="BUY",
        total_quantity=D(10),
        order_type="VOL",
        volatility=D(300),
        volatility_type=2,
        delta_neutral_order_type="MKT",
        tif="DAY",
    )
    replies = client.send(PlaceOrder(1, call, order))
    assert statuses(replies, 1)[-1] == "Filled"
    assert statuses(replies, 0)[-1] == "Filled"
    assert held(world)["AAPL"] == -1000


def test_a_limit_keeps_a_delta_neutral_order_waiting(world, client, call) -> None:
    order = Order(
        action="BUY",
        total_quantity=D(10),
        order_type="VOL",
        volatility=D(300),
        volatility_type=2,
        delta_neutral_order_type="LMT",
        delta_neutral_aux_price=D(1005),
        tif="DAY",
    )
    client.send(PlaceOrder(1, call, order))
    assert "AAPL" not in held(world)
    (hedge,) = world.broker.live_orders()
    assert (hedge.order.action, hedge.order.limit_price, hedge.client_id) == ("SELL", 1005, 1)
    quote(world, "AAPL", "1005")
    assert held(world)["AAPL"] == -1000


# --- scale orders ---

SCALE = replace(
    BUY,
    scale_init_level_size=40,
    scale_subs_level_size=30,
    scale_price_increment=D(1),
    scale_profit_offset=D(2),
)


def test_each_fill_of_a_scale_order_is_followed_by_one_for_its_profit(world, client) -> None:
    client.send(PlaceOrder(1, AAPL, SCALE))
    scale, profit = world.broker.live_orders()
    assert (scale.filled, profit.order.action, profit.quantity) == (40, "SELL", 40)
    assert (profit.order.limit_price, profit.order_id) == (102, 0)
    quote(world, "AAPL", "99")
    assert held(world) == {"AAPL": 70}
    quote(world, "AAPL", "101")
    assert held(world) == {"AAPL": 40}
    quote(world, "AAPL", "102")
    assert held(world) == {}
    assert [order.perm_id for order in world.broker.live_orders()] == [scale.perm_id]


def test_a_scale_order_without_a_profit_is_followed_by_nothing(world, client) -> None:
    client.send(PlaceOrder(1, AAPL, replace(SCALE, scale_profit_offset=None)))
    assert len(world.broker.live_orders()) == 1
