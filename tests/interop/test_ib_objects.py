"""The objects of the asyncio libraries: what an application sees, beyond the callbacks."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from .mirror import build
from .sessions import AAPL, QUALIFIED, limit, market

pytestmark = pytest.mark.libraries("ib_insync", "ib_async")

TIMEOUT_S = 5.0


@pytest.fixture
async def ib(connect):
    session = await connect()
    return session.ib


@pytest.fixture
def place(ib, library):
    return lambda order: ib.placeOrder(build(AAPL, library), build(order, library))


async def ended(trade) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not trade.isDone():
            await trade.statusEvent


async def test_a_trade_ends_filled_with_its_fill_and_commission(place):
    trade = place(market())
    async with asyncio.timeout(TIMEOUT_S):
        await trade.commissionReportEvent
    assert trade.isDone()
    assert [entry.status for entry in trade.log][:2] == ["PendingSubmit", "PreSubmitted"]
    (fill,) = trade.fills
    assert (fill.execution.price, fill.execution.shares) == (100.01, 100)
    assert (fill.commissionReport.commission, trade.orderStatus.avgFillPrice) == (1.0003, 100.01)
    assert trade.order.permId == fill.execution.permId


async def test_a_trade_is_modified_and_cancelled(ib, place, complaints):
    complaints.expect("Error 202")
    trade = place(limit("90.00"))
    async with asyncio.timeout(TIMEOUT_S):
        await trade.statusEvent
    trade.order.lmtPrice = 91.0
    assert ib.placeOrder(trade.contract, trade.order) is trade
    async with asyncio.timeout(TIMEOUT_S):
        await ib.reqOpenOrdersAsync()
    assert (trade.orderStatus.status, trade.order.lmtPrice) == ("Submitted", 91.0)
    assert [open_.order.lmtPrice for open_ in ib.openTrades()] == [91.0]
    ib.cancelOrder(trade.order)
    await ended(trade)
    assert trade.orderStatus.status == "Cancelled"
    assert ib.openTrades() == []


async def test_a_refused_order_is_cancelled_for_the_application(place, complaints):
    complaints.expect("Error 387")
    trade = place(market(order_type="PEG MKT"))
    await ended(trade)
    assert trade.orderStatus.status == "Cancelled"
    assert trade.log[-1].errorCode == 387


async def test_positions_portfolio_and_values_follow_a_fill(ib, place):
    trade = place(market())
    async with asyncio.timeout(TIMEOUT_S):
        await trade.commissionReportEvent
        await ib.reqCurrentTimeAsync()
    assert [(p.contract.symbol, p.position) for p in ib.positions()] == [("AAPL", 100)]
    (item,) = ib.portfolio()
    assert (item.contract.conId, item.position, item.marketPrice) == (265598, 100, 100.0)
    cash = [v.value for v in ib.accountValues() if (v.tag, v.currency) == ("CashBalance", "USD")]
    assert Decimal(cash[0]) == 1_000_000 - 100 * Decimal("100.01") - 1
    assert len(ib.fills()) == 1


async def test_a_ticker_follows_the_market(ib, library, sim):
    ticker = ib.reqMktData(build(QUALIFIED, library), "", False, False)
    async with asyncio.timeout(TIMEOUT_S):
        while not ticker.hasBidAsk():
            await ticker.updateEvent
    assert (ticker.bid, ticker.ask, ticker.marketDataType) == (99.99, 100.01, 1)
    assert ticker.minTick == 0.01
    sim.world.set_quote("AAPL", bid=Decimal("99.50"), ask=Decimal("99.60"))
    async with asyncio.timeout(TIMEOUT_S):
        while ticker.bid != 99.5 or ticker.ask != 99.6:
            await ticker.updateEvent
    assert ticker.last == 99.55


async def test_contracts_are_qualified(ib, library):
    contract = build(AAPL, library)
    async with asyncio.timeout(TIMEOUT_S):
        await ib.qualifyContractsAsync(contract)
        (details,) = await ib.reqContractDetailsAsync(contract)
    assert (contract.conId, contract.primaryExchange) == (265598, "NASDAQ")
    sessions = details.tradingSessions()
    assert sessions[0].start < sessions[0].end


async def test_a_read_only_client_connects(connect):
    session = await connect(client_id=5, readonly=True)
    assert session.ib.isConnected()


async def test_client_zero_binds_orders_without_an_error(connect):
    session = await connect(client_id=0)
    await session.settle()
    assert [args[1] for args in session.calls.of("error")] == [2104, 2104, 2106, 2158]
