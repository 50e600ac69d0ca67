"""Connecting, being refused, and disconnecting, over TCP with each library."""

from __future__ import annotations

import asyncio
import logging

import pytest

from simulator import Simulator
from simulator.session import DEFAULT_VERSION

from .libraries import AsyncioLibrary, Library
from .sessions import limit, market, new_session

MAX_CONNECT_S = 1.0
VERSIONS = (157, 163, 164, 166, 170, 174, 176, 178, 182, 187, 190, 192, 194, 195, 198, 200)

START_UP = {
    "positionEnd",
    "openOrderEnd",
    "completedOrdersEnd",
    "accountDownloadEnd",
    "accountUpdateMultiEnd",
    "execDetailsEnd",
}
"""What the asyncio libraries wait for before they call themselves connected."""


async def test_connects_at_once_and_without_a_warning(connect, library, caplog):
    """Red if a start-up request stays unanswered, or an answer cannot be decoded."""
    started = asyncio.get_running_loop().time()
    with caplog.at_level(logging.WARNING):
        session = await connect()
    assert asyncio.get_running_loop().time() - started < MAX_CONNECT_S
    assert caplog.records == []
    if isinstance(library, AsyncioLibrary):
        assert {call.name for call in session.calls} >= START_UP
        assert session.ib.isConnected()
    assert session.calls.of("managedAccounts") == [("DU9000001",)]


async def test_the_farms_are_reported_once(connect):
    session = await connect()
    await session.settle()
    codes = [code for _, code, *_ in session.calls.of("error", -1)]
    assert codes == [2104, 2104, 2106, 2158]


async def test_current_time_managed_accounts_and_next_id(connect, sim):
    session = await connect()
    session.calls.clear()
    session.api.reqCurrentTime()
    session.api.reqManagedAccts()
    session.api.reqIds(1)
    assert await session.calls.one("currentTime") == (sim.world.clock.now_ms() // 1000,)
    assert await session.calls.one("managedAccounts") == ("DU9000001",)
    assert await session.calls.one("nextValidId") == (1,)


async def test_two_accounts_are_named_to_the_client(library):
    accounts = ("DU9000001", "DU9000002")
    async with Simulator(accounts=accounts) as sim:
        session = new_session(library)
        await session.open(sim.port, 1)
        assert session.calls.of("managedAccounts") == [("DU9000001,DU9000002",)]
        await session.close()


async def test_a_client_id_in_use_is_refused_and_its_owner_stays(connect, library, sim, complaints):
    complaints.expect("Error 326", "Peer closed connection", "API connection failed")
    first = await connect(client_id=3)
    second = new_session(library)
    opening = asyncio.create_task(second.open(sim.port, 3, **impatient(library)))
    _, _, text, *_ = await second.calls.one("error", -1, 326)
    assert "client id is already in use" in text
    await second.calls.until(lambda: closed(second), "the end of the connection")
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    await second.close()
    await first.settle()
    assert [c.client_id for c in sim.world.connections] == [3]


def impatient(library: Library) -> dict[str, float]:
    return {"timeout": 0.5} if isinstance(library, AsyncioLibrary) else {}


def closed(session) -> bool:
    return not session.api.isConnected()


async def test_a_client_id_is_free_again_after_its_client_left(connect):
    first = await connect(client_id=3)
    await first.close()
    again = await connect(client_id=3)
    await again.settle()


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_version_trades(library, complaints, version):
    """Red if a field of the start-up, order or account messages has the wrong version gate."""
    complaints.expect("Error 202")  # ib_async takes the end of a cancel for an error
    async with Simulator(seed=7, clock="manual", server_version=version) as sim:
        session = new_session(library)
        await session.open(sim.port, 1)
        assert session.api.serverVersion() == min(version, library.versions[-1])
        resting = session.place(limit("50.00"))
        order_id = session.place(market())
        await session.calls.one("commissionReport")
        filled = session.calls.of("orderStatus", order_id, "Filled")
        assert [status[2:4] for status in filled] == [(100, 0), (100, 0)]
        assert session.calls.of("orderStatus", resting, "Submitted")
        session.api.reqPositions()
        position = (await session.calls.some(1, "position", "DU9000001"))[-1]
        assert (position[1].symbol, position[2]) == ("AAPL", 100)
        session.api.reqAccountSummary(9001, "All", "NetLiquidation")
        assert (await session.calls.one("accountSummary", 9001))[2] == "NetLiquidation"
        session.ask_completed_orders()
        await session.calls.one("completedOrder")
        req_id = session.ask_quotes()
        await session.calls.one(session.price_callback, req_id)
        session.cancel(resting)
        await session.calls.one("error", resting, 202)
        assert session.calls.of("orderStatus", resting, "Cancelled")
        await session.settle()
        await session.close()


@pytest.mark.libraries("ibapi10")
@pytest.mark.parametrize(("version", "is_told"), [(193, False), (194, True)])
async def test_errors_tell_their_time_since_194(library, version, is_told):
    async with Simulator(seed=7, clock="manual", server_version=version) as sim:
        session = new_session(library)
        await session.open(sim.port, 1)
        *_, time_ms = await session.calls.one("error", -1, 2104)
        assert time_ms == (sim.world.clock.now_ms() if is_told else 0)
        await session.close()


@pytest.mark.libraries("ibapi10")
@pytest.mark.parametrize("server_version", [None, 178, 200])
async def test_a_client_that_knows_protobuf_gets_text(library, monkeypatch, server_version):
    """Its offer reaches beyond 200; what is agreed is the simulator's own maximum."""
    monkeypatch.setattr("ibapi.client.MAX_CLIENT_VER", 222)
    given = {} if server_version is None else {"server_version": server_version}
    async with Simulator(seed=7, clock="manual", **given) as sim:
        session = new_session(library)
        await session.open(sim.port, 1)
        assert session.api.serverVersion() == (server_version or DEFAULT_VERSION)
        await session.settle()
        await session.close()


@pytest.mark.libraries("ibapi10")
async def test_the_time_in_milliseconds(connect, sim):
    session = await connect()
    session.api.reqCurrentTimeInMillis()
    assert await session.calls.one("currentTimeInMillis") == (sim.world.clock.now_ms(),)


async def test_fifty_clients_come_and_go(connect, sim):
    """Red if a connection leaves something behind that its successors stumble over."""
    sessions = await asyncio.gather(*(connect(client_id=number) for number in range(1, 51)))
    assert len(sim.world.connections) == 50
    await asyncio.gather(*(session.settle() for session in sessions))
    await asyncio.gather(*(session.close() for session in sessions))
    late = await connect(client_id=1)
    await late.settle()
    assert [c.client_id for c in sim.world.connections] == [1]
