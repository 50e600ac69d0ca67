"""Contract details and quotes over TCP with each library."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from simulator import Simulator
from simulator import records as r
from simulator.gateway.entitlements import Entitlement

from .sessions import AAPL, Session, new_session

BID, ASK, LAST, DELAYED_BID, DELAYED_ASK = 1, 2, 4, 66, 67
NOBODY = r.Contract(con_id=1, symbol="NOPE", sec_type="STK", exchange="SMART", currency="USD")
HOURS = re.compile(r"(\d{8}):(CLOSED|(\d{4})-(\d{8}):(\d{4}))")


async def test_contract_details(connect):
    session = await connect()
    req_id = session.ask_details(AAPL)
    await session.calls.one("contractDetailsEnd", req_id)
    ((_, details),) = session.calls.of("contractDetails", req_id)
    contract = details.contract
    assert (contract.conId, contract.symbol, contract.primaryExchange) == (
        265598,
        "AAPL",
        "NASDAQ",
    )
    assert (details.longName, details.minTick, details.timeZoneId) == (
        "APPLE INC",
        0.01,
        "US/Eastern",
    )
    days = [HOURS.fullmatch(day) for day in details.tradingHours.split(";")]
    assert len(days) >= 5
    assert all(days)
    assert datetime.strptime(days[0][1], "%Y%m%d").strftime("%A") == "Monday"  # noqa: DTZ007
    assert any(day[2] == "CLOSED" for day in days)


async def test_an_unknown_symbol_has_no_details(connect, complaints):
    complaints.expect("Error 200")
    session = await connect()
    req_id = session.ask_details(NOBODY)
    await session.calls.one("error", req_id, 200)
    await session.settle()
    assert session.calls.of("contractDetailsEnd", req_id) == []


def prices(session: Session, req_id: int, tick_type: int) -> list[float]:
    """The prices of one tick type: the asyncio libraries take them together with the size."""
    calls = (*session.calls.of("tickPrice", req_id), *session.calls.of("priceSizeTick", req_id))
    return [args[2] for args in calls if args[1] == tick_type]


async def test_quotes_stream(connect, sim):
    """Red if a line goes quiet, or bid and ask change places."""
    session = await connect()
    sim.world.release_quote("AAPL")
    req_id = session.ask_quotes()
    await session.settle()
    for _ in range(20):
        sim.world.advance(1)
    await session.settle()
    bids, asks = prices(session, req_id, BID), prices(session, req_id, ASK)
    assert len(bids) > 3
    assert len(asks) > 3
    assert all(bid < ask for bid, ask in zip(bids, asks, strict=False))
    assert session.calls.of("marketDataType", req_id) == [(req_id, 1)]
    session.api.cancelMktData(req_id)
    await session.settle()
    session.calls.clear()
    sim.world.advance(5)
    await session.settle()
    assert prices(session, req_id, BID) == []


async def test_quotes_move_by_themselves_on_a_real_clock(library):
    """Red if the server forgets to wake up for what is due."""
    async with Simulator(seed=7) as sim:
        session = new_session(library)
        await session.open(sim.port, 1)
        req_id = session.ask_quotes()
        await session.calls.until(
            lambda: len(session.calls.of("tickSize", req_id)) > 12, "ticks beyond the first burst"
        )
        await session.close()


async def test_a_snapshot_ends(connect, sim):
    session = await connect()
    req_id = session.ask_quotes(snapshot=True)
    await session.calls.one("tickSnapshotEnd", req_id)
    assert prices(session, req_id, BID) == [99.99]
    assert prices(session, req_id, ASK) == [100.01]
    sim.world.set_quote("AAPL", bid=Decimal("99.00"), ask=Decimal("99.01"))
    await session.settle()
    assert prices(session, req_id, BID) == [99.99]


async def test_a_size_alone_is_a_tick_of_its_own(connect, sim):
    session = await connect()
    req_id = session.ask_quotes()
    await session.settle()
    session.calls.clear()
    sim.world.set_quote("AAPL", bid=Decimal("99.99"), ask=Decimal("100.01"), bid_size=Decimal(1234))
    await session.settle()
    assert prices(session, req_id, BID) == []
    assert session.calls.of("tickSize", req_id, 0) == [(req_id, 0, 1234)]


async def test_an_unquoted_side_is_minus_one(connect, sim):
    session = await connect()
    sim.world.set_quote("AAPL", bid=None, ask=Decimal("100.01"))
    req_id = session.ask_quotes()
    await session.settle()
    assert prices(session, req_id, BID) == [-1.0]


async def test_delayed_data_is_announced_and_has_its_own_ticks(connect, sim):
    session = await connect()
    sim.world.entitle("AAPL", Entitlement.DELAYED)
    session.api.reqMarketDataType(3)
    req_id = session.ask_quotes()
    await session.calls.one("error", req_id, 10167)
    await session.settle()
    assert session.calls.of("marketDataType", req_id) == [(req_id, 3)]
    assert prices(session, req_id, DELAYED_BID) == [99.99]
    assert prices(session, req_id, DELAYED_ASK) == [100.01]
    assert prices(session, req_id, BID) == []


async def test_no_data_without_an_entitlement(connect, sim, complaints):
    complaints.expect("Error 10089", "Error 10168")
    session = await connect()
    sim.world.entitle("AAPL", Entitlement.DELAYED)
    live = session.ask_quotes()
    await session.calls.one("error", live, 10089)
    sim.world.entitle("AAPL", Entitlement.NONE)
    none = session.ask_quotes()
    await session.calls.one("error", none, 10168)
    assert not session.calls.of("marketDataType")


async def test_quotes_of_nothing_are_refused(connect, complaints):
    complaints.expect("Error 200", "Error 300")
    session = await connect()
    req_id = session.ask_quotes(NOBODY)
    await session.calls.one("error", req_id, 200)
    session.api.cancelMktData(req_id)
    await session.calls.one("error", req_id, 300)
