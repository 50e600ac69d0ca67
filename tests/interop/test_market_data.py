"""Contract details and quotes over TCP with each library."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

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


STOCK_TICKS = "100,101,104,105,106,165,221,225,233,236,258,293,294,295,318,375,411,456,588,595"
OF_STOCKS = (  # noqa: SIM905 - twoscore names
    "callVolume putVolume callOpenInterest putOpenInterest histVolatility avOptionVolume "
    "impliedVolatility low13week high13week low26week high26week low52week high52week avVolume "
    "markPrice auctionVolume auctionPrice auctionImbalance rtVolume rtTradeVolume vwap rtTime "
    "shortableShares fundamentalRatios tradeCount tradeRate volumeRate rtHistVolatility "
    "dividends bid ask last volume open high low close halted bidExchange askExchange lastExchange"
).split()
"""Attributes of a ticker that a stock's generic ticks and its quote fill."""


def is_filled(value: object) -> bool:
    return value is not None and value != "" and value == value  # noqa: PLR0124 - not a NaN


async def ticker_of(session: Session, generic_ticks: str = "", **contract):
    """A ticker of the `IB` object, with all that the first burst fills in."""
    (found,) = await session.ib.qualifyContractsAsync(session.contract(r.Contract(**contract)))
    ticker = session.ib.reqMktData(found, generic_ticks)
    await session.settle()
    return ticker


@pytest.mark.libraries("ib_insync", "ib_async")
async def test_every_attribute_of_a_ticker_is_filled(connect, sim):
    """Red if a generic tick comes under another number, or in a form the library cannot read."""
    session = await connect()
    sim.world.release_quote("AAPL")
    ticker = await ticker_of(
        session, STOCK_TICKS, symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD"
    )
    assert [name for name in OF_STOCKS if not is_filled(getattr(ticker, name))] == []
    assert ticker.low52week <= ticker.low26week <= ticker.low13week <= ticker.last
    assert ticker.high52week >= ticker.high26week >= ticker.high13week >= ticker.last
    assert ticker.low <= ticker.vwap <= ticker.high
    assert ticker.last == ticker.fundamentalRatios.NPRICE
    assert {63, 64, 65, 46, 57, 58} <= {tick.tickType for tick in ticker.ticks}


@pytest.mark.libraries("ib_insync", "ib_async")
@pytest.mark.parametrize(
    ("contract", "generic_ticks", "filled"),
    [
        (
            {"symbol": "SPX", "sec_type": "IND", "exchange": "CBOE", "currency": "USD"},
            "162,165",
            "indexFuturePremium high52week last",
        ),
        (
            {"symbol": "ES", "sec_type": "CONTFUT", "exchange": "CME"},
            "233,588",
            "futuresOpenInterest rtVolume bid ask",
        ),
        (
            {"symbol": "US-T", "sec_type": "BOND", "currency": "USD"},
            "",
            "bidYield askYield lastYield",
        ),
    ],
)
async def test_other_securities_have_ticks_of_their_own(connect, contract, generic_ticks, filled):
    session = await connect()
    ticker = await ticker_of(session, generic_ticks, **contract)
    assert [name for name in filled.split() if not is_filled(getattr(ticker, name))] == []


async def options(session: Session, strike: float, expiry: str = "20250718"):
    """The tickers of the call and the put of a strike on AAPL."""
    return [
        await ticker_of(
            session,
            symbol="AAPL",
            sec_type="OPT",
            exchange="SMART",
            currency="USD",
            last_trade_date=expiry,
            strike=Decimal(strike),
            right=right,
        )
        for right in ("C", "P")
    ]


@pytest.mark.libraries("ib_insync", "ib_async")
async def test_an_option_has_greeks_that_a_calculation_confirms(connect, sim):
    session = await connect()
    sim.world.set_quote("AAPL", bid=Decimal("229.99"), ask=Decimal("230.01"))
    for ticker in await options(session, 230):
        for greeks in (
            ticker.bidGreeks,
            ticker.askGreeks,
            ticker.lastGreeks,
            model := ticker.modelGreeks,
        ):
            assert greeks.undPrice == 230
            assert 0.4 < abs(greeks.delta) < 0.6
        assert ticker.bidGreeks.impliedVol < model.impliedVol < ticker.askGreeks.impliedVol
        assert ticker.bid <= model.optPrice <= ticker.ask
        priced = await session.ib.calculateOptionPriceAsync(
            ticker.contract, model.impliedVol, model.undPrice
        )
        assert priced.optPrice == pytest.approx(model.optPrice, abs=1e-6)
        implied = await session.ib.calculateImpliedVolatilityAsync(
            ticker.contract, model.optPrice, model.undPrice
        )
        assert implied.impliedVol == pytest.approx(model.impliedVol, abs=1e-6)


@pytest.mark.libraries("ib_insync", "ib_async")
@pytest.mark.parametrize("strike", [210, 230, 250])
async def test_put_call_parity(connect, sim, strike):
    """Red if the two sides of a strike are priced apart: there is no interest, so C - P = S - K."""
    session = await connect()
    sim.world.set_quote("AAPL", bid=Decimal("231.49"), ask=Decimal("231.51"))
    call, put = await options(session, strike)
    parity = 231.5 - strike
    assert call.modelGreeks.optPrice - put.modelGreeks.optPrice == pytest.approx(parity, abs=1e-6)
    assert call.modelGreeks.delta - put.modelGreeks.delta == pytest.approx(1, abs=1e-6)
    assert call.bid - put.ask <= parity <= call.ask - put.bid


@pytest.mark.libraries("ib_insync", "ib_async")
async def test_an_option_moves_with_its_underlying_and_a_future_with_its_index(connect, sim):
    session = await connect()
    call, put = await options(session, 230)
    future = await ticker_of(session, symbol="ES", sec_type="CONTFUT", exchange="CME")
    before = call.bid, put.bid, future.bid
    sim.world.set_quote("AAPL", bid=Decimal("259.99"), ask=Decimal("260.01"))
    sim.world.set_quote("SPX", bid=Decimal(7000), ask=Decimal("7000.50"))
    await session.settle()
    assert call.bid > max(30, before[0])
    assert put.bid < before[1]
    assert future.bid > max(7000, before[2])
    assert call.modelGreeks.undPrice == 260


async def test_the_greeks_reach_every_library(connect, sim):
    session = await connect()
    contract = r.Contract(
        symbol="AAPL",
        sec_type="OPT",
        exchange="SMART",
        currency="USD",
        last_trade_date="20250718",
        strike=Decimal(100),
        right="C",
    )
    (found,) = sim.world.database.find(replace(contract, strike=Decimal(230)))
    req_id = session.ask_quotes(found.contract())
    await session.settle()
    computed = session.calls.of("tickOptionComputation", req_id)
    assert {args[1] for args in computed} == {10, 11, 12, 13}


async def test_a_competing_session_is_told_and_ends(connect, sim, complaints):
    complaints.expect("Error 10197")
    session = await connect()
    req_id = session.ask_quotes()
    await session.settle()
    sim.world.entitle("*", Entitlement.COMPETING)
    await session.calls.one("error", req_id, 10197)
    sim.world.set_quote("AAPL", bid=Decimal("88.00"), ask=Decimal("88.02"))
    await session.settle()
    assert 88.0 not in prices(session, req_id, BID)
    sim.world.entitle("*", Entitlement.LIVE)
    await session.settle()
    assert prices(session, req_id, BID)[-1] == 88.0


async def test_quotes_of_nothing_are_refused(connect, complaints):
    complaints.expect("Error 200", "Error 300")
    session = await connect()
    req_id = session.ask_quotes(NOBODY)
    await session.calls.one("error", req_id, 200)
    session.api.cancelMktData(req_id)
    await session.calls.one("error", req_id, 300)
