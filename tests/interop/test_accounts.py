"""What a client is told of orders, executions and money when it asks, with each library."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator import records as r

from .sessions import limit, market, money

ACCOUNT = "DU9000001"
EUR_USD = r.Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
FEES = Decimal("1.0003"), Decimal("1.090312")
"""For 100 shares bought and 40 sold; a sale pays what the SEC and FINRA take, too."""

CASH = money(1_000_000 - 100 * Decimal("100.01") + 40 * Decimal("99.99") - sum(FEES))
"""What the trader below has left after both trades and their commissions."""


@pytest.fixture
async def trader(connect):
    """A client that bought 100 AAPL at 100.01 and sold 40 at 99.99."""
    session = await connect()
    session.place(market())
    session.place(market("SELL", 40))
    await session.calls.some(2, "commissionReport")
    await session.settle()
    session.calls.clear()
    return session


async def test_open_orders(connect):
    session = await connect()
    order_id = session.place(limit("90.00"))
    await session.settle()
    for ask in (session.api.reqOpenOrders, session.api.reqAllOpenOrders):
        session.calls.clear()
        ask()
        await session.calls.one("openOrderEnd")
        assert [args[0] for args in session.calls.of("openOrder")] == [order_id]
        assert [args[:2] for args in session.calls.of("orderStatus")] == [(order_id, "Submitted")]


async def test_completed_orders(trader):
    trader.ask_completed_orders()
    await trader.calls.one("completedOrdersEnd")
    told = [
        (contract.symbol, order.action, order.filledQuantity, state.status, state.completedStatus)
        for contract, order, state in trader.calls.of("completedOrder")
    ]
    assert sorted(told) == [
        ("AAPL", "BUY", 100, "Filled", "Filled Size: 100"),
        ("AAPL", "SELL", 40, "Filled", "Filled Size: 40"),
    ]


@pytest.mark.parametrize(
    ("wanted", "shares"),
    [
        ({}, [100, 40]),
        ({"side": "SELL"}, [40]),
        ({"symbol": "AAPL", "sec_type": "STK", "account": ACCOUNT}, [100, 40]),
        ({"symbol": "MSFT"}, []),
        ({"time": "20990101-00:00:00"}, []),
        ({"time": "20250616-00:00:00", "side": "BUY"}, [100]),
    ],
    ids=str,
)
async def test_executions_are_filtered(trader, wanted, shares):
    req_id = trader.ask_executions(**wanted)
    await trader.calls.one("execDetailsEnd", req_id)
    found = [execution for _, _, execution in trader.calls.of("execDetails", req_id)]
    assert [execution.shares for execution in found] == shares
    reports = {report.execId for (report,) in trader.calls.of("commissionReport")}
    assert reports == {execution.execId for execution in found}


async def test_positions(trader):
    trader.api.reqPositions()
    await trader.calls.one("positionEnd")
    (position,) = {(args[0], args[1].symbol, args[2]) for args in trader.calls.of("position")}
    assert position == (ACCOUNT, "AAPL", 60)
    assert money(trader.calls.of("position")[-1][3]) == Decimal("100.02")  # price and commission


async def test_account_updates_show_the_portfolio_and_follow_a_fill(trader):
    trader.api.reqAccountUpdates(False, "")
    trader.api.reqAccountUpdates(True, ACCOUNT)
    await trader.calls.one("accountDownloadEnd", ACCOUNT)
    contract, quantity, price, value, cost, _, realized, account = trader.calls.of(
        "updatePortfolio"
    )[-1]
    assert (contract.symbol, contract.primaryExchange, account) == ("AAPL", "NASDAQ", ACCOUNT)
    assert (quantity, money(value)) == (60, money(60 * price))
    assert money(cost) == Decimal("100.02")
    assert money(realized) == money(40 * (Decimal("99.99") - Decimal("100.020003")) - FEES[1])
    assert values(trader)["CashBalance", "USD"] == CASH
    trader.calls.clear()
    trader.place(market("SELL", 60))
    await trader.calls.one("commissionReport")
    await trader.settle()
    assert trader.calls.of("updatePortfolio")[-1][1] == 0
    assert values(trader)["StockMarketValue", "USD"] == 0


def values(session) -> dict[tuple[str, str], Decimal]:
    rows = session.calls.of("updateAccountValue")
    return {
        (key, currency): Decimal(value)
        for key, value, currency, _ in rows
        if value.replace(".", "").replace("-", "").isdigit()
    }


async def test_account_updates_of_one_model(trader):
    trader.api.reqAccountUpdatesMulti(9001, ACCOUNT, "", False)
    await trader.calls.one("accountUpdateMultiEnd", 9001)
    rows = trader.calls.of("accountUpdateMulti", 9001, ACCOUNT)
    cash = {Decimal(row[4]) for row in rows if row[3] == "TotalCashValue"}
    assert cash == {CASH}


async def test_the_account_summary_has_the_tags_that_were_asked_for(trader):
    trader.api.reqAccountSummary(9001, "All", "NetLiquidation,TotalCashValue,$LEDGER")
    await trader.calls.one("accountSummaryEnd", 9001)
    rows = trader.calls.of("accountSummary", 9001, ACCOUNT)
    plain = {tag: Decimal(value) for _, _, tag, value, _ in rows if not tag.startswith("$")}
    assert plain.keys() == {"NetLiquidation", "TotalCashValue"}
    assert plain["TotalCashValue"] == CASH
    assert {row[4] for row in rows if row[2].startswith("$LEDGER")} == {"BASE"}
    trader.api.cancelAccountSummary(9001)


async def test_a_currency_pair_is_traded(connect, sim):
    """Red if instruments other than stocks lose a field on the way."""
    session = await connect()
    sim.world.set_quote("EURUSD", bid=Decimal("1.08000"), ask=Decimal("1.08010"))
    session.place(market(quantity=20_000), EUR_USD)
    await session.calls.one("commissionReport")
    execution = session.calls.of("execDetails")[0][2]
    assert (execution.price, execution.shares, execution.exchange) == (1.0801, 20_000, "IDEALPRO")


async def test_an_account_of_somebody_else_is_refused(connect, complaints):
    complaints.expect("Error 321")
    session = await connect()
    session.api.reqAccountSummary(9001, "DU1", "NetLiquidation")
    _, _, text, *_ = await session.calls.one("error", 9001, 321)
    assert "Invalid account code 'DU1'" in text
