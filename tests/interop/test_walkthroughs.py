"""Whole tasks, as they are done step by step in notebooks: each step uses what the last one gave.

Which bug turns these red: answers that are each well formed, but do not fit each other.
"""

from __future__ import annotations

import asyncio
import importlib
import math
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import wraps
from itertools import pairwise
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from simulator import Simulator, World

pytestmark = pytest.mark.libraries("ib_insync", "ib_async")

TIMEOUT_S = 20
PAIRS = ("EURUSD", "GBPUSD", "USDJPY", "USDCHF")


class Desk:
    """A connected `IB`, the names of its library, and the world it trades in."""

    def __init__(self, ib: Any, lib: ModuleType, world: World) -> None:
        self.ib = ib
        self.lib = lib
        self.world = world

    async def settle(self) -> None:
        """Everything sent before the answer to this request has arrived."""
        await self.ib.reqCurrentTimeAsync()

    async def watch(self, seconds: int) -> None:
        """Let time pass second by second, and see what it brings."""
        for _ in range(seconds):
            await self.settle()
            self.world.advance(1)
        await self.settle()

    async def ended(self, trade: Any) -> str:
        while not trade.isDone():
            await self.ib.updateEvent
        return str(trade.orderStatus.status)


def in_time(steps: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """A request that is never answered fails its test, and does not hang it."""

    @wraps(steps)
    async def limited(*args: Any, **named: Any) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            await steps(*args, **named)

    return limited


@pytest.fixture
async def desk(library):
    module = importlib.import_module(library.name)
    async with Simulator(seed=7, clock="manual", calendar=True) as simulator:
        ib = module.IB()
        await ib.connectAsync("127.0.0.1", simulator.port, clientId=3)
        yield Desk(ib, module, simulator.world)
        ib.disconnect()


def parsed(xml: str) -> ET.Element:
    return ET.fromstring(xml)  # noqa: S314 - made by the simulator


@in_time
async def test_a_name_becomes_one_contract_by_and_by(desk, complaints):
    complaints.expect("Error 200")
    ib, lib = desk.ib, desk.lib
    every = [found.contract for found in await ib.reqContractDetailsAsync(lib.Stock("AMD"))]
    assert len({contract.exchange for contract in every}) > 10
    assert {contract.currency for contract in every} == {"USD", "EUR"}
    table = lib.util.df(every)
    assert len(table) == len(every)
    assert set(table[table.exchange == "SMART"].primaryExchange) == {"NASDAQ", "IBIS"}

    amd, nobody = lib.Stock("AMD", "SMART", "USD"), lib.Stock("QQQQQ", "SMART", "USD")
    pair = lib.Forex("EURUSD")
    found = [c for c in await ib.qualifyContractsAsync(amd, nobody, pair) if c is not None]
    assert found == [amd, pair]
    assert (amd.conId, amd.primaryExchange) == (4391, "NASDAQ")
    by_id = lib.Contract(conId=amd.conId)
    await ib.qualifyContractsAsync(by_id)
    assert (by_id.symbol, by_id.exchange) == ("AMD", "SMART")
    samples = await ib.reqMatchingSymbolsAsync("amd")
    assert amd in [sample.contract for sample in samples]
    arca = lib.Stock("SPY", "ARCA", "USD")
    await ib.qualifyContractsAsync(arca)
    assert (arca.conId, arca.exchange) == (756733, "ARCA")


@pytest.mark.parametrize(
    ("make", "sec_type"),
    [
        (lambda lib: lib.CFD("IBUS500", "SMART", "USD"), "CFD"),
        (lambda lib: lib.Future("ES", "202509", "CME"), "FUT"),
        (lambda lib: lib.ContFuture("ES", "CME"), "CONTFUT"),
        (lambda lib: lib.Index("SPX", "CBOE", "USD"), "IND"),
        (lambda lib: lib.Bond(secIdType="ISIN", secId="US91282CJZ59"), "BOND"),
        (lambda lib: lib.Crypto("BTC", "PAXOS", "USD"), "CRYPTO"),
    ],
)
@in_time
async def test_a_contract_of_each_kind_is_qualified_and_quoted(desk, make, sec_type):
    contract = make(desk.lib)
    assert await desk.ib.qualifyContractsAsync(contract) == [contract]
    assert (contract.secType, contract.conId > 0) == (sec_type, True)
    (ticker,) = await desk.ib.reqTickersAsync(contract)
    assert ticker.marketPrice() > 0


@in_time
async def test_an_ambiguous_future_is_left_unqualified(desk, complaints):
    """The warning says which months there are."""
    es = desk.lib.Future("ES", exchange="CME")
    months = await desk.ib.reqContractDetailsAsync(es)
    found = await desk.ib.qualifyContractsAsync(es)
    assert [contract for contract in found if contract is not None] == []
    assert es.conId == 0
    dated = desk.lib.Future("ES", months[1].contract.lastTradeDateOrContractMonth, "CME")
    assert await desk.ib.qualifyContractsAsync(dated) == [dated]
    assert dated.localSymbol == months[1].contract.localSymbol


@pytest.mark.parametrize(
    ("symbol", "under", "step"),
    [
        ("SPX", lambda lib: lib.Index("SPX", "CBOE"), 50),
        ("SPY", lambda lib: lib.Stock("SPY", "ARCA", "USD"), 5),
    ],
)
@in_time
async def test_from_an_underlying_to_the_greeks_around_its_price(desk, symbol, under, step):
    ib, lib = desk.ib, desk.lib
    underlying = under(lib)
    await ib.qualifyContractsAsync(underlying)
    ib.reqMarketDataType(4)
    (ticker,) = await ib.reqTickersAsync(underlying)
    price = ticker.marketPrice()
    chains = await ib.reqSecDefOptParamsAsync(symbol, "", underlying.secType, underlying.conId)
    chain = next(c for c in chains if (c.exchange, c.tradingClass) == ("SMART", symbol))
    near = [s for s in chain.strikes if s % step == 0 and abs(s - price) < 2 * step]
    days = sorted(chain.expirations)[1:3]
    options = [
        lib.Option(symbol, day, strike, right, "SMART", tradingClass=symbol)
        for right in ("P", "C")
        for day in days
        for strike in near
    ]
    qualified = await ib.qualifyContractsAsync(*options)
    assert [option.conId > 0 for option in qualified] == [True] * len(options)
    assert len(options) >= 12
    tickers = await ib.reqTickersAsync(*qualified)
    assert all(0 < t.bid < t.ask for t in tickers)
    _fits_together(price, tickers, days)


def _fits_together(price: float, tickers: list[Any], days: list[str]) -> None:
    """Calls get cheaper with the strike and puts dearer; greeks have their signs."""
    for day in days:
        for right, sign in (("C", -1), ("P", 1)):
            series = [
                t
                for t in tickers
                if (t.contract.lastTradeDateOrContractMonth, t.contract.right) == (day, right)
            ]
            series.sort(key=lambda t: t.contract.strike)
            prices = [t.midpoint() for t in series]
            assert prices == sorted(prices, key=lambda p: sign * p)
            greeks = [t.modelGreeks for t in series]
            assert all(g.undPrice == pytest.approx(price, rel=0.01) for g in greeks)
            assert all(0 < g.impliedVol < 2 for g in greeks)
            assert all(0 < -sign * g.delta < 1 for g in greeks)
            assert all(g.gamma > 0 > g.theta and g.vega > 0 for g in greeks)


@in_time
async def test_bars_of_the_past_go_on_in_the_present(desk, complaints):
    complaints.expect("Error 162, .*query cancelled")
    ib, lib = desk.ib, desk.lib
    tesla = lib.Stock("TSLA", "SMART", "USD")
    head = await ib.reqHeadTimeStampAsync(tesla, "TRADES", useRTH=True, formatDate=2)
    hours = await ib.reqHistoricalDataAsync(tesla, "", "10 D", "1 hour", "TRADES", useRTH=True)
    table = lib.util.df(hours)
    assert list(table.columns)[:6] == ["date", "open", "high", "low", "close", "volume"]
    assert table.date.is_monotonic_increasing
    assert table.date.is_unique
    assert len({bar.date.date() for bar in hours}) == 10
    assert all(b.low <= b.average <= b.high and b.volume > 0 for b in hours)
    assert head < hours[0].date

    euro = lib.Forex("EURUSD")
    live = await ib.reqHistoricalDataAsync(
        euro, "", "900 S", "10 secs", "MIDPOINT", useRTH=False, keepUpToDate=True
    )
    fresh: list[bool] = []
    live.updateEvent += lambda _bars, is_new: fresh.append(is_new)
    before = len(live)
    await desk.watch(31)
    assert fresh.count(True) == len(live) - before == 3
    ib.cancelHistoricalData(live)

    small = ib.reqRealTimeBars(euro, 5, "MIDPOINT", False)
    await desk.watch(16)
    assert len(small) == 3
    assert {(b.time - a.time).seconds for a, b in pairwise(small)} == {5}
    ib.cancelRealTimeBars(small)


@in_time
async def test_pages_of_bars_join_without_a_seam(desk):
    """The date of the oldest bar is the end of the page before it."""
    tesla = desk.lib.Stock("TSLA", "SMART", "USD")
    pages: list[Any] = []
    for _ in range(3):
        end = pages[-1][0].date if pages else ""
        pages.append(
            await desk.ib.reqHistoricalDataAsync(
                tesla, end, "2 D", "5 mins", "MIDPOINT", useRTH=True
            )
        )
    dates = [bar.date for page in reversed(pages) for bar in page]
    assert dates == sorted(set(dates))
    bars_of = Counter(date.date() for date in dates)
    today = max(bars_of)
    assert len(bars_of) == 6
    assert all(count == 78 for day, count in bars_of.items() if day != today)


@in_time
async def test_a_table_of_currency_pairs_is_kept(desk):
    ib, lib = desk.ib, desk.lib
    pairs = [lib.Forex(pair) for pair in PAIRS]
    await ib.qualifyContractsAsync(*pairs)
    table: dict[str, tuple[float, float]] = {}

    def enter(tickers: set[Any]) -> None:
        table.update({t.contract.pair(): (t.bid, t.ask) for t in tickers})

    ib.pendingTickersEvent += enter
    for pair in pairs:
        ib.reqMktData(pair, "", False, False)
    await desk.watch(5)
    assert set(table) == set(PAIRS)
    euro = ib.ticker(pairs[0])
    assert euro.marketPrice() == pytest.approx((euro.bid + euro.ask) / 2)
    assert euro.low <= euro.marketPrice() <= euro.high
    assert math.isnan(euro.last)  # currency pairs have no trades
    for pair in pairs:
        ib.cancelMktData(pair)
    await desk.settle()
    table.clear()
    await desk.watch(3)
    assert table == {}


@in_time
async def test_every_tick_lives_and_is_remembered(desk):
    euro = desk.lib.Forex("EURUSD")
    await desk.ib.qualifyContractsAsync(euro)
    ticker = desk.ib.reqTickByTickData(euro, "BidAsk")
    seen: list[Any] = []
    ticker.updateEvent += lambda t: seen.extend(t.tickByTicks)
    await desk.watch(10)
    desk.ib.cancelTickByTickData(euro, "BidAsk")
    assert all(tick.bidPrice < tick.askPrice for tick in seen)
    now = await desk.ib.reqCurrentTimeAsync()
    past = await desk.ib.reqHistoricalTicksAsync(euro, "", now, 1000, "BID_ASK", useRth=False)
    assert len(past) >= 1000
    shown = {(tick.bidPrice, tick.askPrice) for tick in seen[1:]}
    assert shown <= {(tick.priceBid, tick.priceAsk) for tick in past}


@in_time
async def test_a_book_is_kept_in_order(desk):
    euro = desk.lib.Forex("EURUSD")
    await desk.ib.qualifyContractsAsync(euro)
    places = await desk.ib.reqMktDepthExchangesAsync()
    assert euro.exchange in {place.exchange for place in places if place.secType == "CASH"}
    ticker = desk.ib.reqMktDepth(euro)
    books: list[tuple[list[float], list[float]]] = []
    ticker.updateEvent += lambda t: books.append(
        ([level.price for level in t.domBids], [level.price for level in t.domAsks])
    )
    await desk.watch(5)
    desk.ib.cancelMktDepth(euro)
    bids, asks = books[-1]
    assert len(bids) == len(asks) == 5
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]


@in_time
async def test_an_order_is_previewed_changed_and_taken_back_and_another_one_filled(
    desk, complaints
):
    complaints.expect("Error 202")
    ib, lib = desk.ib, desk.lib
    apple = lib.Stock("AAPL", "SMART", "USD")
    await ib.qualifyContractsAsync(apple)
    preview = await ib.whatIfOrderAsync(apple, lib.MarketOrder("BUY", 100))
    assert float(preview.initMarginAfter) > float(preview.initMarginBefore)
    assert ib.trades() == ib.positions() == []

    bid = ib.placeOrder(apple, lib.LimitOrder("BUY", 100, 1.0))
    assert bid.orderStatus.status == "PendingSubmit"
    await desk.settle()
    assert (bid.orderStatus.status, bid.orderStatus.remaining) == ("Submitted", 100)
    bid.order.lmtPrice = 1.1
    assert ib.placeOrder(apple, bid.order) is bid
    await desk.settle()
    (shown,) = await ib.reqOpenOrdersAsync()
    assert getattr(shown, "order", shown).lmtPrice == 1.1
    ib.cancelOrder(bid.order)
    assert await desk.ended(bid) == "Cancelled"
    statuses = [entry.status for entry in bid.log]
    assert statuses[:2] == ["PendingSubmit", "Submitted"]
    assert statuses[-2:] == ["PendingCancel", "Cancelled"]

    bought = ib.placeOrder(apple, lib.MarketOrder("BUY", 100))
    assert await desk.ended(bought) == "Filled"
    await desk.settle()
    assert bought in ib.trades()
    assert bought not in ib.openTrades()
    assert [(p.contract.conId, p.position) for p in ib.positions()] == [(apple.conId, 100)]
    paid = sum(fill.commissionReport.commission for fill in ib.fills())
    assert paid == pytest.approx(float(preview.commission))
    (held,) = ib.portfolio()
    assert held.averageCost == pytest.approx(bought.orderStatus.avgFillPrice + paid / 100)


@in_time
async def test_a_scan_is_narrowed_by_what_the_parameters_offer(desk, complaints):
    complaints.expect("Error 162", "Error 430")
    ib, lib = desk.ib, desk.lib
    tree = parsed(await ib.reqScannerParametersAsync())

    def texts(path: str) -> set[str | None]:
        return {element.text for element in tree.findall(path)}

    wanted = lib.ScannerSubscription(
        instrument="STK", locationCode="STK.US.MAJOR", scanCode="MOST_ACTIVE"
    )
    assert wanted.instrument in texts(".//Instrument/type")
    assert wanted.locationCode in texts(".//locationCode")
    assert wanted.scanCode in texts(".//scanCode")
    assert {"priceAbove", "priceBelow"} <= texts(".//AbstractField/code")
    every = await ib.reqScannerDataAsync(wanted)
    limits = [lib.TagValue("priceAbove", "100"), lib.TagValue("priceBelow", "300")]
    some = await ib.reqScannerDataAsync(wanted, [], limits)
    assert 0 < len(some) < len(every)
    contracts = [row.contractDetails.contract for row in some]
    tickers = await ib.reqTickersAsync(*contracts[:5])
    assert all(100 <= ticker.last <= 300 for ticker in tickers)
    amd = lib.Stock("AMD", "SMART", "USD")
    report = parsed(await ib.reqFundamentalDataAsync(amd, "ReportSnapshot"))
    shares = report.find(".//SharesOut")
    assert shares is not None
    assert 0 < float(shares.attrib["TotalFloat"]) < float(shares.text or 0)
