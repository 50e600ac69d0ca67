"""One check for every wire operation of `ib_insync.IB`: what a caller must get back.

`ib_async.IB` has the same methods. A blocking method and its Async twin are one operation;
the twin is called here. The client is number 0 of an advisor's login, for which no
operation is an error, and a check leaves nothing behind that would disturb another.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from simulator import World

ACCOUNT = "DU9000001"
AAPL_ID = 265598

ACCOUNTS = (ACCOUNT, "DU9000002")


class Bench:
    """A connected client, its library and the world behind it."""

    def __init__(self, ib: Any, lib: ModuleType, world: World) -> None:
        self.ib = ib
        self.lib = lib
        self.world = world
        self.aapl = self.stock("SMART")

    def stock(self, exchange: str) -> Any:
        return self.lib.Stock("AAPL", exchange, "USD", conId=AAPL_ID)

    def market(self, action: str, quantity: float) -> Any:
        return self.lib.MarketOrder(action, quantity, account=ACCOUNT, tif="DAY")

    def limit(self, action: str, quantity: float, price: float) -> Any:
        return self.lib.LimitOrder(action, quantity, price, account=ACCOUNT, tif="DAY")

    async def settle(self) -> None:
        """Everything sent before the answer to this request has arrived."""
        await self.ib.reqCurrentTimeAsync()

    async def pass_time(self, seconds: float) -> None:
        await self.settle()
        self.world.advance(seconds)
        await self.settle()

    async def done(self, trade: Any) -> Any:
        while not trade.isDone():
            await self.ib.updateEvent
        return trade

    async def option(self) -> Any:
        """A listed call on AAPL, near the money."""
        chains = await self.ib.reqSecDefOptParamsAsync("AAPL", "", "STK", AAPL_ID)
        chain = next(chain for chain in chains if chain.exchange == "SMART")
        strikes = sorted(chain.strikes)
        option = self.lib.Option(
            "AAPL", max(chain.expirations), strikes[len(strikes) // 2], "C", "SMART"
        )
        (found,) = await self.ib.qualifyContractsAsync(option)
        return found


Check = Callable[[Bench], Awaitable[None]]
CHECKS: dict[str, Check] = {}


def checks(*names: str) -> Callable[[Check], Check]:
    def enter(check: Check) -> Check:
        CHECKS.update(dict.fromkeys(names, check))
        return check

    return enter


# --- connection and account -------------------------------------------------


@checks("connect")
async def _(bench: Bench) -> None:
    assert bench.ib.isConnected()
    assert bench.ib.managedAccounts() == list(ACCOUNTS)


@checks("accountSummary", "reqAccountSummary")
async def _(bench: Bench) -> None:
    await bench.ib.reqAccountSummaryAsync()
    rows = await bench.ib.accountSummaryAsync()
    assert float(next(r.value for r in rows if r.tag == "NetLiquidation")) > 0


@checks("reqAccountUpdates")
async def _(bench: Bench) -> None:
    await bench.ib.reqAccountUpdatesAsync(ACCOUNT)
    values = {v.tag for v in bench.ib.accountValues(ACCOUNT) if not v.modelCode}
    assert values >= {"NetLiquidation", "BuyingPower"}


@checks("reqAccountUpdatesMulti")
async def _(bench: Bench) -> None:
    await bench.ib.reqAccountUpdatesMultiAsync(ACCOUNTS[1])
    values = {v.tag: v.value for v in bench.ib.accountValues(ACCOUNTS[1])}
    assert float(values["NetLiquidation"]) > 0


@checks("reqPositions")
async def _(bench: Bench) -> None:
    msft = bench.lib.Stock("MSFT", "SMART", "USD")
    (msft,) = await bench.ib.qualifyContractsAsync(msft)

    async def held() -> float:
        positions = await bench.ib.reqPositionsAsync()
        return sum(p.position for p in positions if p.contract == msft)

    before = await held()
    await bench.done(bench.ib.placeOrder(msft, bench.market("BUY", 3)))
    assert await held() == before + 3


@checks("reqPnL", "cancelPnL")
async def _(bench: Bench) -> None:
    pnl = bench.ib.reqPnL(ACCOUNT)
    await bench.pass_time(2)
    assert abs(pnl.unrealizedPnL) < 1_000
    assert pnl in bench.ib.pnl()
    bench.ib.cancelPnL(ACCOUNT)
    assert not bench.ib.pnl()


@checks("reqPnLSingle", "cancelPnLSingle")
async def _(bench: Bench) -> None:
    await bench.done(bench.ib.placeOrder(bench.aapl, bench.market("BUY", 1)))
    pnl = bench.ib.reqPnLSingle(ACCOUNT, "", AAPL_ID)
    await bench.pass_time(2)
    assert pnl.position >= 1
    assert pnl.value > 0
    bench.ib.cancelPnLSingle(ACCOUNT, "", AAPL_ID)


@checks("requestFA", "replaceFA")
async def _(bench: Bench) -> None:
    groups = await bench.ib.requestFAAsync(1)
    assert all(account in groups for account in ACCOUNTS)
    renamed = groups.replace("<name>All</name>", "<name>Everyone</name>")
    bench.ib.replaceFA(1, renamed)
    await bench.settle()
    assert await bench.ib.requestFAAsync(1) == renamed != groups
    bench.ib.replaceFA(1, groups)
    await bench.settle()


@checks("reqUserInfo")
async def _(bench: Bench) -> None:
    assert not await bench.ib.reqUserInfoAsync()  # ended, without a white branding


@checks("reqCurrentTime")
async def _(bench: Bench) -> None:
    assert await bench.ib.reqCurrentTimeAsync() == datetime.fromtimestamp(
        bench.world.clock.now_ms() // 1000, UTC
    )


# --- orders -----------------------------------------------------------------


@checks("placeOrder", "cancelOrder", "reqOpenOrders", "reqAllOpenOrders", "reqGlobalCancel")
async def _(bench: Bench) -> None:
    ib = bench.ib
    first = ib.placeOrder(bench.aapl, bench.limit("BUY", 1, 10))
    second = ib.placeOrder(bench.aapl, bench.limit("BUY", 1, 11))
    await bench.settle()
    assert len(await ib.reqOpenOrdersAsync()) == 2
    assert len(await ib.reqAllOpenOrdersAsync()) == 2
    ib.cancelOrder(first.order)
    assert (await bench.done(first)).orderStatus.status == "Cancelled"
    ib.reqGlobalCancel()
    assert (await bench.done(second)).orderStatus.status == "Cancelled"


@checks("reqCompletedOrders", "reqExecutions")
async def _(bench: Bench) -> None:
    trade = await bench.done(bench.ib.placeOrder(bench.aapl, bench.market("BUY", 1)))
    completed = await bench.ib.reqCompletedOrdersAsync(False)
    ended = {t.order.permId: t.orderStatus.status for t in completed}
    assert ended[trade.order.permId] == "Filled"
    fills = await bench.ib.reqExecutionsAsync()
    assert trade.order.permId in {fill.execution.permId for fill in fills}


@checks("reqAutoOpenOrders")
async def _(bench: Bench) -> None:
    """No answer for client 0; any other client would be told that it may not."""
    codes: list[int] = []
    bench.ib.errorEvent += lambda _id, code, *_: codes.append(code)
    bench.ib.reqAutoOpenOrders(True)
    await bench.settle()
    assert not codes


@checks("whatIfOrder")
async def _(bench: Bench) -> None:
    state = await bench.ib.whatIfOrderAsync(bench.aapl, bench.market("BUY", 100))
    assert float(state.initMarginChange) > 0
    assert float(state.commission) == 1.0003


@checks("exerciseOptions")
async def _(bench: Bench) -> None:
    option = await bench.option()
    await bench.done(bench.ib.placeOrder(option, bench.market("BUY", 1)))
    bench.ib.exerciseOptions(option, 1, 1, ACCOUNT, 1)
    await bench.settle()
    (shown,) = [t for t in bench.ib.openTrades() if t.contract.conId == option.conId]
    assert shown.orderStatus.status == "PreSubmitted"
    bench.ib.reqGlobalCancel()
    await bench.done(shown)


# --- contracts --------------------------------------------------------------


@checks("reqContractDetails", "qualifyContracts")
async def _(bench: Bench) -> None:
    (details,) = await bench.ib.reqContractDetailsAsync(bench.lib.Stock("AAPL", "SMART", "USD"))
    assert details.longName == "APPLE INC"
    contract = bench.lib.Forex("EURUSD")
    assert await bench.ib.qualifyContractsAsync(contract) == [contract]
    assert contract.conId == 12087792


@checks("reqMatchingSymbols")
async def _(bench: Bench) -> None:
    found = await bench.ib.reqMatchingSymbolsAsync("AAP")
    assert AAPL_ID in {sample.contract.conId for sample in found}


@checks("reqMarketRule")
async def _(bench: Bench) -> None:
    rule = await bench.ib.reqMarketRuleAsync(26)
    assert rule[0].increment == 0.01


@checks("reqMktDepthExchanges")
async def _(bench: Bench) -> None:
    found = {d.exchange for d in await bench.ib.reqMktDepthExchangesAsync()}
    assert found >= {"NASDAQ", "CME"}


@checks("reqSmartComponents")
async def _(bench: Bench) -> None:
    components = await bench.ib.reqSmartComponentsAsync("9c0001")
    assert len({component.exchangeLetter for component in components}) == len(components) > 1


@checks("reqSecDefOptParams")
async def _(bench: Bench) -> None:
    option = await bench.option()
    assert (option.conId > 0, option.multiplier) == (True, "100")


# --- quotes -----------------------------------------------------------------


@checks("reqMktData", "cancelMktData", "reqMarketDataType")
async def _(bench: Bench) -> None:
    bench.ib.reqMarketDataType(3)
    ticker = bench.ib.reqMktData(bench.aapl)
    await bench.pass_time(1)
    assert 0 < ticker.bid < ticker.ask
    assert ticker.marketDataType in {1, 3}
    bench.ib.cancelMktData(bench.aapl)
    bench.ib.reqMarketDataType(1)


@checks("reqTickers")
async def _(bench: Bench) -> None:
    (ticker,) = await bench.ib.reqTickersAsync(bench.aapl)
    assert ticker.bid < ticker.ask


@checks("reqMktDepth", "cancelMktDepth")
async def _(bench: Bench) -> None:
    contract = bench.stock("NASDAQ")
    ticker = bench.ib.reqMktDepth(contract)
    await bench.pass_time(1)
    assert len(ticker.domBids) == len(ticker.domAsks) == 5
    assert ticker.domBids[0].price < ticker.domAsks[0].price
    bench.ib.cancelMktDepth(contract)


@checks("reqTickByTickData", "cancelTickByTickData")
async def _(bench: Bench) -> None:
    ticker = bench.ib.reqTickByTickData(bench.aapl, "BidAsk")
    seen: list[Any] = []
    ticker.updateEvent += lambda t: seen.extend(t.tickByTicks)
    await bench.pass_time(3)
    assert seen
    assert seen[0].bidPrice < seen[0].askPrice
    bench.ib.cancelTickByTickData(bench.aapl, "BidAsk")


@checks("reqRealTimeBars", "cancelRealTimeBars")
async def _(bench: Bench) -> None:
    bars = bench.ib.reqRealTimeBars(bench.aapl, 5, "TRADES", False)
    await bench.pass_time(16)
    assert len(bars) >= 3
    bench.ib.cancelRealTimeBars(bars)


@checks("calculateImpliedVolatility", "calculateOptionPrice")
async def _(bench: Bench) -> None:
    option = await bench.option()
    priced = await bench.ib.calculateOptionPriceAsync(option, 0.3, option.strike)
    assert priced.optPrice > 0
    back = await bench.ib.calculateImpliedVolatilityAsync(option, priced.optPrice, option.strike)
    assert abs(back.impliedVol - 0.3) < 0.01


# --- history ----------------------------------------------------------------


@checks("reqHistoricalData")
async def _(bench: Bench) -> None:
    bars = await bench.ib.reqHistoricalDataAsync(
        bench.aapl, "", "1 D", "1 hour", "TRADES", useRTH=True
    )
    assert len(bars) > 4
    assert all(bar.low <= min(bar.open, bar.close) <= bar.high for bar in bars)


@checks("cancelHistoricalData")
async def _(bench: Bench) -> None:
    bars = await bench.ib.reqHistoricalDataAsync(
        bench.aapl, "", "600 S", "5 secs", "TRADES", useRTH=False, keepUpToDate=True
    )
    before = len(bars)
    await bench.pass_time(20)
    assert len(bars) > before
    bench.ib.cancelHistoricalData(bars)
    await bench.settle()


@checks("reqHistoricalSchedule")
async def _(bench: Bench) -> None:
    schedule = await bench.ib.reqHistoricalScheduleAsync(bench.aapl, 5)
    assert len(schedule.sessions) == 5
    assert schedule.timeZone == "US/Eastern"


@checks("reqHistoricalTicks")
async def _(bench: Bench) -> None:
    for kind in ("TRADES", "BID_ASK", "MIDPOINT"):
        ticks = await bench.ib.reqHistoricalTicksAsync(
            bench.aapl, "", "20250613 15:00:00 US/Eastern", 50, kind, useRth=True
        )
        assert len(ticks) >= 50


@checks("reqHeadTimeStamp")
async def _(bench: Bench) -> None:
    head = await bench.ib.reqHeadTimeStampAsync(bench.aapl, "TRADES", useRTH=True, formatDate=1)
    assert head.year < 2025


@checks("reqHistogramData")
async def _(bench: Bench) -> None:
    points = await bench.ib.reqHistogramDataAsync(bench.aapl, useRTH=True, period="1 day")
    assert sum(point.count for point in points) > 0


# --- research and news ------------------------------------------------------


@checks("reqFundamentalData")
async def _(bench: Bench) -> None:
    assert "<" in await bench.ib.reqFundamentalDataAsync(bench.aapl, "ReportSnapshot")


@checks("reqScannerParameters")
async def _(bench: Bench) -> None:
    assert "TOP_PERC_GAIN" in await bench.ib.reqScannerParametersAsync()


@checks("reqScannerData", "reqScannerSubscription", "cancelScannerSubscription")
async def _(bench: Bench) -> None:
    wanted = bench.lib.ScannerSubscription(
        instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN"
    )
    assert await bench.ib.reqScannerDataAsync(wanted)
    rows = bench.ib.reqScannerSubscription(wanted)
    await bench.pass_time(1)
    assert [row.rank for row in rows] == [*range(len(rows))]
    assert rows
    bench.ib.cancelScannerSubscription(rows)
    await bench.settle()


@checks("reqNewsProviders", "reqHistoricalNews", "reqNewsArticle")
async def _(bench: Bench) -> None:
    providers = await bench.ib.reqNewsProvidersAsync()
    codes = "+".join(provider.code for provider in providers)
    headline = await bench.ib.reqHistoricalNewsAsync(AAPL_ID, codes, "", "", 10)
    headline = headline[0] if isinstance(headline, list) else headline
    article = await bench.ib.reqNewsArticleAsync(headline.providerCode, headline.articleId)
    assert article.articleText


@checks("reqNewsBulletins", "cancelNewsBulletins")
async def _(bench: Bench) -> None:
    bench.world.bulletin("Trading in XYZ is halted.", kind=2, exchange="NYSE")
    bench.ib.reqNewsBulletins(True)
    await bench.settle()
    assert bench.ib.newsBulletins()[-1].message == "Trading in XYZ is halted."
    bench.ib.cancelNewsBulletins()


@checks("reqWshMetaData", "cancelWshMetaData", "getWshMetaData")
async def _(bench: Bench) -> None:
    meta = json.loads(await bench.ib.getWshMetaDataAsync())
    assert meta


@checks("reqWshEventData", "cancelWshEventData", "getWshEventData")
async def _(bench: Bench) -> None:
    await bench.ib.getWshMetaDataAsync()
    wanted = bench.lib.WshEventData(conId=AAPL_ID)
    assert json.loads(await bench.ib.getWshEventDataAsync(wanted))
