"""Derivatives on their last day, in a world whose clock passes it.

Red: a right that vanishes unpaid, an order that outlives what it is for, an end that a
restart forgets.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal as D

import pytest

from simulator.expiry import ends_ms
from simulator.instruments import Instrument
from simulator.messages.account import (
    PortfolioValue,
    PositionData,
    RequestAccountUpdates,
    RequestPositions,
)
from simulator.messages.contracts import ContractData, RequestContractData
from simulator.messages.options import OptionParameters, RequestOptionParameters
from simulator.messages.orders import ExecutionData, ExerciseOptions, OrderStatus, PlaceOrder
from simulator.records import ComboLeg, Contract, Order
from simulator.world import World, WorldSettings

ACCOUNT = "DU9000001"
AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
BUY = Order(action="BUY", total_quantity=D(2), order_type="MKT", tif="DAY")
SELL = replace(BUY, action="SELL")
MONTH_S = 30 * 86_400


def price(world: World, name: str, value: D) -> None:
    world.set_quote(name, bid=value, ask=value, last=value)


def option(client, symbol="AAPL", con_id=265598, right="C", under="STK") -> Contract:
    """The option that ends next, at a strike in the middle."""
    replies = client.send(RequestOptionParameters(1, symbol, "", under, con_id))
    chain = next(r for r in replies if isinstance(r, OptionParameters) and r.exchange == "SMART")
    wanted = Contract(
        symbol=symbol,
        sec_type="OPT",
        exchange="SMART",
        currency="USD",
        last_trade_date=chain.expirations[0],
        strike=sorted(chain.strikes)[len(chain.strikes) // 2],
        right=right,
        trading_class=chain.trading_class,
    )
    data = client.send(RequestContractData(2, wanted))[0]
    assert isinstance(data, ContractData)
    return data.details.contract


def trade(client, world: World, contract: Contract, order: Order = BUY, at: D = D(5)) -> None:
    price(world, contract.local_symbol, at)
    replies = client.send(PlaceOrder(next_id(world), contract, order))
    assert any(isinstance(reply, ExecutionData) for reply in replies), replies


def next_id(world: World) -> int:
    return world.broker.next_order_id(1)


def held(world: World) -> dict[str, D]:
    positions = world.broker.ledgers[ACCOUNT].positions.values()
    return {p.instrument.local_symbol: p.quantity for p in positions if p.quantity}


def cash(world: World, currency: str = "USD") -> D:
    return world.broker.ledgers[ACCOUNT].cash[currency]


def pass_by(world: World, contract: Contract) -> None:
    """Move the clock to the end of the last day of a contract."""
    (instrument,) = world.database.find(contract)
    pass_end(world, instrument)


def go_to_last_minute(world: World, contract: Contract) -> None:
    (instrument,) = world.database.find(contract)
    world.advance((ends_ms(instrument) - world.clock.now_ms()) / 1000 - 60)


def pass_end(world: World, instrument: Instrument) -> None:
    end_ms = ends_ms(instrument)
    assert end_ms is not None
    while (left_s := (end_ms - world.clock.now_ms()) / 1000) > 0:
        world.advance(min(left_s, MONTH_S))


@pytest.mark.parametrize(
    ("right", "order", "move", "shares"),
    [
        ("C", BUY, 10, 200),
        ("C", SELL, 10, -200),
        ("P", BUY, -10, -200),
        ("P", SELL, -10, 200),
    ],
)
def test_options_in_the_money_become_shares_at_the_strike(
    world, client, right, order, move, shares
) -> None:
    """Exercised by whoever holds them, assigned to whoever is short of them."""
    contract = option(client, right=right)
    trade(client, world, contract, order)
    price(world, "AAPL", contract.strike + move)
    before = cash(world)
    pass_by(world, contract)
    assert held(world) == {"AAPL": shares}
    assert cash(world) == before - shares * contract.strike


@pytest.mark.parametrize(("right", "move"), [("C", 0), ("C", -10), ("P", 0), ("P", 10)])
@pytest.mark.parametrize("order", [BUY, SELL])
def test_options_out_of_the_money_are_gone(world, client, right, order, move) -> None:
    contract = option(client, right=right)
    trade(client, world, contract, order)
    price(world, "AAPL", contract.strike + move)
    before = cash(world)
    pass_by(world, contract)
    assert held(world) == {}
    assert cash(world) == before


def test_nothing_happens_before_the_hours_of_the_last_day_are_over(world, client) -> None:
    contract = option(client)
    trade(client, world, contract)
    price(world, "AAPL", contract.strike + 10)
    (instrument,) = world.database.find(contract)
    world.advance((ends_ms(instrument) - world.clock.now_ms()) / 1000 - 1)
    assert held(world) == {contract.local_symbol: 2}


def test_an_index_option_is_worth_its_gain_in_cash(world, client) -> None:
    contract = option(client, "SPX", 416904, under="IND")
    trade(client, world, contract)
    price(world, "SPX", contract.strike + 12)
    before = cash(world)
    pass_by(world, contract)
    assert held(world) == {}
    assert cash(world) == before + 2 * 100 * 12


@pytest.mark.parametrize(("order", "sign"), [(BUY, 1), (SELL, -1)])
def test_a_future_is_settled_at_its_last_price(world, client, order, sign) -> None:
    front = next(iter(world.database.futures()))
    trade(client, world, front.contract(), order, D(6000))
    price(world, front.local_symbol, D(6010))
    before = cash(world)
    pass_end(world, front)
    assert held(world) == {}
    assert cash(world) == before + sign * 2 * 50 * 10


def test_a_warrant_is_worth_its_part_of_the_gain(world, client) -> None:
    warrant = next(i for i in world.database if i.sec_type == "WAR")
    trade(client, world, warrant.contract(), replace(BUY, total_quantity=D(100)))
    price(world, "DAX", warrant.strike + 1000)
    before = cash(world, "EUR")
    pass_end(world, warrant)
    assert held(world) == {}
    assert cash(world, "EUR") == before + 100 * 10


# --- clients ---


def test_clients_are_told_of_their_new_positions(world, client) -> None:
    contract = option(client)
    trade(client, world, contract)
    price(world, "AAPL", contract.strike + 10)
    go_to_last_minute(world, contract)
    client.send(RequestPositions(), RequestAccountUpdates(subscribe=True, account=ACCOUNT))
    pass_by(world, contract)
    replies = client.read()
    told = {r.contract.sec_type: r.position for r in replies if isinstance(r, PositionData)}
    assert told == {"OPT": 0, "STK": 200}
    shown = {r.contract.sec_type: r.position for r in replies if isinstance(r, PortfolioValue)}
    assert shown["STK"] == 200


# --- orders ---


@pytest.mark.parametrize("is_held", [True, False])
def test_orders_end_with_what_they_are_for(world, client, is_held) -> None:
    contract = option(client)
    if is_held:
        trade(client, world, contract)
    order_id = next_id(world)
    go_to_last_minute(world, contract)
    price(world, contract.local_symbol, D(5))
    order = replace(BUY, order_type="LMT", limit_price=D(1), tif="GTC")
    client.send(PlaceOrder(order_id, contract, order))
    pass_by(world, contract)
    ended = [r.status for r in client.read() if isinstance(r, OrderStatus)]
    assert ended == ["Cancelled"]
    assert world.broker.order(1, order_id).status == "Cancelled"


def test_a_combination_ends_with_the_first_of_its_legs(world, client) -> None:
    call, put = option(client), option(client, right="P")
    legs = tuple(
        ComboLeg(con_id=leg.con_id, ratio=1, action="BUY", exchange="SMART") for leg in (call, put)
    )
    for leg in (call, put):
        price(world, leg.local_symbol, D(5))
    go_to_last_minute(world, call)
    straddle = replace(AAPL, sec_type="BAG", combo_legs=legs)
    order = replace(BUY, order_type="LMT", limit_price=D(1), tif="GTC")
    client.send(PlaceOrder(1, straddle, order))
    assert world.broker.order(1, 1).is_live
    pass_by(world, call)
    assert world.broker.order(1, 1).status == "Cancelled"


# --- instructions ---


def test_who_lets_an_option_lapse_gets_no_shares_on_the_last_day(world, client) -> None:
    contract = option(client)
    trade(client, world, contract)
    price(world, "AAPL", contract.strike + 10)
    go_to_last_minute(world, contract)
    client.send(ExerciseOptions(9, contract, 2, 2, ACCOUNT, override=False))
    pass_by(world, contract)
    assert held(world) == {}
    assert world.broker.order(1, 9).status == "Filled"


def test_who_exercises_against_the_odds_gets_shares_on_the_last_day(world, client) -> None:
    contract = option(client)
    trade(client, world, contract)
    price(world, "AAPL", contract.strike - 1)
    go_to_last_minute(world, contract)
    client.send(ExerciseOptions(9, contract, 1, 1, ACCOUNT, override=True))
    pass_by(world, contract)
    assert held(world) == {"AAPL": 100}


# --- restarts ---


@pytest.fixture
def restart(tmp_path) -> Callable[[], World]:
    """A world with a file; each call begins the next one where the last has stopped."""
    worlds: list[World] = []

    def begin() -> World:
        if worlds:
            worlds[-1].close()
        state = tmp_path / "state"
        settings = WorldSettings(seed=7, clock="manual", server_version=178, state=state)
        worlds.append(World(settings))
        return worlds[-1]

    yield begin
    worlds[-1].close()


def test_what_ends_after_a_restart_is_settled(restart, join) -> None:
    world = restart()
    client = join(world=world)
    contract = option(client)
    trade(client, world, contract)
    again = restart()
    price(again, "AAPL", contract.strike + 10)
    assert held(again) == {contract.local_symbol: 2}
    pass_by(again, contract)
    assert held(again) == {"AAPL": 200}


def test_what_has_ended_while_nothing_ran_is_settled_at_once(restart, join) -> None:
    """The last entry of the journal is from after the last day: the clock starts there."""
    world = restart()
    client = join(world=world)
    contract = option(client)
    trade(client, world, contract)
    order = replace(BUY, order_type="LMT", limit_price=D(1), tif="GTC")
    client.send(PlaceOrder(2, contract, order))
    price(world, "AAPL", contract.strike + 10)
    (instrument,) = world.database.find(contract)
    late_ms = ends_ms(instrument) + 86_400_000
    world.broker.move_cash(ACCOUNT, "USD", D(1), late_ms)
    again = restart()
    price(again, "AAPL", contract.strike + 10)
    again.run_due()
    assert held(again) == {"AAPL": 200}
    assert again.broker.order(1, 2).status == "Cancelled"
