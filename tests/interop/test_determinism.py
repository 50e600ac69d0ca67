"""The same seed and the same requests on a manual clock give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator import Simulator, World, WorldSettings
from simulator.messages.account import (
    RequestAccountSummary,
    RequestAccountUpdates,
    RequestPositions,
)
from simulator.messages.connection import StartApi
from simulator.messages.contracts import RequestContractData
from simulator.messages.market_data import RequestMarketData
from simulator.messages.orders import (
    CancelOrder,
    PlaceOrder,
    RequestCompletedOrders,
    RequestExecutions,
)
from simulator.records import ExecutionFilter

from .raw import PREFIX, Peer, frame, request
from .sessions import AAPL, limit, market

VERSION = 176
STEPS: tuple[tuple[float, tuple[Any, ...]], ...] = (
    (0, (RequestAccountUpdates(True, ""), RequestPositions(), RequestContractData(1, AAPL))),
    (0, (RequestMarketData(2, AAPL, generic_ticks="233"), PlaceOrder(3, AAPL, market()))),
    (7.3, (PlaceOrder(4, AAPL, limit("1.00")), PlaceOrder(5, AAPL, market("SELL", 1000)))),
    (0.7, (CancelOrder(4), RequestExecutions(6, ExecutionFilter()))),
    (400, (RequestCompletedOrders(False), RequestAccountSummary(7, "All", "NetLiquidation"))),
)
"""Seconds to let pass, and what to ask then."""


def without_sockets(seed: int) -> bytes:
    world = World(WorldSettings(seed=seed, clock="manual"))
    connection = world.connect("test")
    return b"".join(_replies(world, connection))


def _replies(world: World, connection: Any) -> Iterator[bytes]:
    world.receive(connection, PREFIX + frame(b"v157..176"))
    world.receive(connection, request(StartApi(1), VERSION))
    yield connection.session.data_to_send()
    for seconds, records in STEPS:
        world.advance(seconds)
        for record in records:
            world.receive(connection, request(record, VERSION))
        yield connection.session.data_to_send()


async def over_tcp(seed: int) -> bytes:
    async with Simulator(seed=seed, clock="manual") as sim:
        peer = await Peer.started(sim.port, 1, VERSION)
        await peer.settle()
        for seconds, records in STEPS:
            sim.world.advance(seconds)
            peer.ask(*records)
            await peer.settle()
        await peer.close()
        return bytes(peer.received)


def test_a_world_repeats_itself():
    first = without_sockets(seed=7)
    assert len(first) > 10_000
    assert b"20250616 10:00:00 US/Eastern" in first  # the clock's time, not the machine's
    assert without_sockets(seed=7) == first
    assert without_sockets(seed=8) != first


async def test_a_server_repeats_itself():
    first = await over_tcp(seed=7)
    assert len(first) > 10_000
    assert await over_tcp(seed=7) == first
    assert await over_tcp(seed=8) != first
