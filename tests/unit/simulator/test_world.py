"""Moving the world. Which bug turns these red: a run that cannot be repeated."""

from decimal import Decimal as D

import pytest

from simulator import World, WorldError, WorldSettings
from simulator.messages import REQUESTS
from simulator.messages.account import RequestAccountUpdates, RequestPositions
from simulator.messages.market_data import RequestMarketData
from simulator.messages.orders import PlaceOrder
from simulator.records import Contract, Order
from simulator.wire import frame, join_fields

AAPL = Contract(con_id=265598, exchange="SMART")
BUY = Order(action="BUY", total_quantity=D(700), order_type="MKT", tif="DAY")


def bytes_of_a_run(join, seed: int) -> bytes:
    world = World(WorldSettings(seed=seed, clock="manual"))
    client = join(1, world=world)
    sent = b""
    for request in (
        RequestMarketData(5, AAPL, "233"),
        RequestPositions(),
        RequestAccountUpdates(True, "DU9000001"),
        PlaceOrder(1, AAPL, BUY),
    ):
        client.send_bytes(frame_of(request))
        world.advance(1.7)
        sent += client.connection.session.data_to_send()
    world.set_quote("AAPL", bid=D(1), ask=D(2))
    world.advance(400)
    return sent + client.connection.session.data_to_send()


def frame_of(request) -> bytes:
    return frame(join_fields(REQUESTS.encode(request, 178)))


def test_the_same_seed_and_inputs_give_the_same_bytes(join) -> None:
    assert bytes_of_a_run(join, 7) == bytes_of_a_run(join, 7)
    assert bytes_of_a_run(join, 7) != bytes_of_a_run(join, 8)


def test_one_long_step_is_many_short_ones(join) -> None:
    streams = []
    for steps in ([10.0], [0.1] * 100):
        world = World(WorldSettings(seed=7, clock="manual"))
        client = join(1, world=world)
        client.send(RequestMarketData(5, AAPL))
        for step in steps:
            world.advance(step)
        streams.append(client.connection.session.data_to_send())
    assert streams[0] == streams[1]


def test_the_journal_agrees_with_the_ledger(join, world) -> None:
    join().send(PlaceOrder(1, AAPL, BUY))
    world.advance(5)
    fills = [e.event for e in world.broker.journal if type(e.event).__name__ == "Executed"]
    ledger = world.broker.ledgers["DU9000001"]
    assert sum(f.execution.shares for f in fills) == 700
    assert ledger.positions[265598].quantity == 700
    spent = sum(f.execution.shares * f.execution.price + f.commission for f in fills)
    assert ledger.cash["USD"] == 1_000_000 - spent
    assert [e.sequence for e in world.broker.journal] == [*range(1, len(world.broker.journal) + 1)]


@pytest.mark.parametrize("seconds", [-1, 10**9, float("nan")])
def test_time_moves_forward_by_a_sane_step(world, seconds) -> None:
    with pytest.raises(WorldError, match="seconds must be between"):
        world.advance(seconds)


def test_a_real_clock_cannot_be_moved() -> None:
    with pytest.raises(WorldError, match="clock is real"):
        World().advance(1)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"clock": "sundial"}, "clock must be"),
        ({"accounts": ("U1234567",)}, "not a paper account"),
        ({"accounts": ()}, "at least one account"),
        ({"max_requests_per_s": 0}, "max_requests_per_s must be at least 1"),
    ],
)
def test_a_world_that_cannot_be_is_refused_by_name(settings, named) -> None:
    with pytest.raises(WorldError, match=named):
        WorldSettings(**settings)


def test_unknown_instruments_and_impossible_quotes_are_refused_by_name(world) -> None:
    with pytest.raises(WorldError, match=r"no instrument 'NOPE'; known are AAPL, "):
        world.set_quote("NOPE", bid=D(1), ask=D(2))
    with pytest.raises(WorldError, match="bid 3 is above ask 2"):
        world.set_quote("AAPL", bid=D(3), ask=D(2))


def test_instruments_are_found_by_the_names_people_use(world) -> None:
    assert world.instrument("EURUSD") is world.instrument("eur.usd")
