"""Market data lines: subscriptions, snapshots, and the ticks between two quotes.

A line remembers the quote it showed last; the ticks sent are the difference to the next
one, from one table. The order of a first burst is that of captured streams: parameters,
data type, last trade, volume, day prices, bid and ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.gateway.news import PROVIDERS, News, UnknownProviderError, chosen
from simulator.gateway.orders import Orders
from simulator.gateway.texts import DUPLICATE_TICKER_ID
from simulator.instruments import Instrument
from simulator.market import Quote
from simulator.messages.market_data import (
    CancelMarketData,
    MarketDataType,
    RequestMarketData,
    RequestMarketDataType,
    TickGeneric,
    TickPrice,
    TickRequestParameters,
    TickSize,
    TickSnapshotEnd,
    TickString,
    TickType,
)
from simulator.records import Contract

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4
SNAPSHOT_PERMISSIONS = 3
CAN_AUTO_EXECUTE = 1
NO_PRICE = Decimal(-1)

MARKET_DATA_OFF = "mdoff"
"""Among generic ticks: send those only, and no prices."""

GENERIC_TICKS = {
    100: "100(Option Volume)",
    101: "101(Option Open Interest)",
    105: "105(Average Opt Volume)",
    106: "106(impvolat)",
    165: "165(Misc. Stats)",
    220: "221/220(Creditman Mark Price)",
    221: "221/220(Creditman Mark Price)",
    225: "225(Auction)",
    232: "232/221(Pl Price)",
    233: "233(RTVolume)",
    236: "236(inventory)",
    258: "258/47(Fundamentals)",
    292: "292(News)",
    293: "293(TradeCount)",
    294: "294(TradeRate)",
    295: "295(VolumeRate)",
    318: "318(LastRTHTrade)",
    375: "375(RTTrdVolume)",
    411: "411(rthistvol)",
    456: "456/59(IBDividends)",
    460: "460(Bond Factor Multiplier)",
    588: "588(Futures Open Interest)",
    595: "595(Short-Term Volume X Mins)",
}
"""Generic tick ids a request may name. The simulator has data for 221, 233, 292 and 375."""


class Entitlement(StrEnum):
    """What the login may see of an instrument."""

    LIVE = "live"
    DELAYED = "delayed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Tick:
    """How one price of a quote is sent: its tick types live and delayed, and those of its size."""

    live: TickType
    delayed: TickType
    price: Callable[[Quote], Decimal | None]
    size: Callable[[Quote], Decimal] = lambda _: Decimal(0)
    live_size: TickType | None = None
    delayed_size: TickType | None = None
    attributes: int = 0


_TOP = (
    Tick(
        TickType.BID,
        TickType.DELAYED_BID,
        lambda q: q.bid,
        lambda q: q.bid_size,
        TickType.BID_SIZE,
        TickType.DELAYED_BID_SIZE,
        CAN_AUTO_EXECUTE,
    ),
    Tick(
        TickType.ASK,
        TickType.DELAYED_ASK,
        lambda q: q.ask,
        lambda q: q.ask_size,
        TickType.ASK_SIZE,
        TickType.DELAYED_ASK_SIZE,
        CAN_AUTO_EXECUTE,
    ),
)
_LAST = Tick(
    TickType.LAST,
    TickType.DELAYED_LAST,
    lambda q: q.last,
    lambda q: q.last_size,
    TickType.LAST_SIZE,
    TickType.DELAYED_LAST_SIZE,
)
_DAY = (
    Tick(TickType.HIGH, TickType.DELAYED_HIGH, lambda q: q.high),
    Tick(TickType.LOW, TickType.DELAYED_LOW, lambda q: q.low),
    Tick(TickType.CLOSE, TickType.DELAYED_CLOSE, lambda q: q.close),
    Tick(TickType.OPEN, TickType.DELAYED_OPEN, lambda q: q.open),
)


@dataclass(slots=True, eq=False)
class Line:
    """One market data line of one client."""

    connection: Connection
    req_id: int
    instrument: Instrument
    generic_ticks: frozenset[int]
    delayed: bool
    is_off: bool = False
    shown: Quote | None = None

    def ticks(self, quote: Quote) -> Iterator[Any]:
        """What is sent when `quote` follows the one shown before."""
        before = self.shown
        trades = self.instrument.sec_type != "CASH"  # currency pairs have no last trade
        if trades and (before is None or _trade(before) != _trade(quote)):
            yield self._text(
                TickType.LAST_TIMESTAMP,
                TickType.DELAYED_LAST_TIMESTAMP,
                str(quote.last_time_ms // 1000),
            )
            yield from self._tick(_LAST, before, quote)
            yield from self._generic(quote)
        if trades and (before is None or before.volume != quote.volume):
            volume = TickType.DELAYED_VOLUME if self.delayed else TickType.VOLUME
            yield TickSize(self.req_id, volume, quote.volume)
        for tick in (*_DAY, *_TOP):
            yield from self._tick(tick, before, quote)
        if before is None:
            halted = TickType.DELAYED_HALTED if self.delayed else TickType.HALTED
            yield TickGeneric(self.req_id, halted, Decimal(0))

    def _tick(self, tick: Tick, before: Quote | None, quote: Quote) -> Iterator[Any]:
        """A new price brings its size along and repeats it; a new size comes alone."""
        price, size = tick.price(quote), tick.size(quote)
        new_price = before is None or tick.price(before) != price
        if new_price:
            tick_type = tick.delayed if self.delayed else tick.live
            if price is None:
                yield TickPrice(self.req_id, tick_type, NO_PRICE, None, tick.attributes)
                return
            yield TickPrice(self.req_id, tick_type, price, size, tick.attributes)
        size_type = tick.delayed_size if self.delayed else tick.live_size
        if size_type is None or price is None:
            return
        if new_price or before is None or tick.size(before) != size:
            yield TickSize(self.req_id, size_type, size)

    def _text(self, live: TickType, delayed: TickType, text: str) -> TickString:
        return TickString(self.req_id, delayed if self.delayed else live, text)

    def _generic(self, quote: Quote) -> Iterator[Any]:
        if 221 in self.generic_ticks:
            yield TickPrice(self.req_id, TickType.MARK_PRICE, quote.mark, Decimal(0))
        trade = (
            f"{quote.last};{quote.last_size};{quote.last_time_ms};{quote.volume};{quote.last};true"
        )
        if 233 in self.generic_ticks:
            yield TickString(self.req_id, TickType.RT_VOLUME, trade)
        if 375 in self.generic_ticks:
            yield TickString(self.req_id, TickType.RT_TRADE_VOLUME, trade)


def _trade(quote: Quote) -> tuple[int, Decimal, Decimal]:
    """What tells one trade from the next; a clock set by hand may not have moved in between."""
    return quote.last_time_ms, quote.last, quote.last_size


def _names(request: RequestMarketData) -> list[str]:
    """The generic ticks a request names; what stands behind 292 is left to the news."""
    names = [name.strip() for name in request.generic_ticks.split(",") if name.strip()]
    return ["292" if name.startswith("292:") else name for name in names]


class Quotes:
    """The lines of all clients, and the beat at which quotes change."""

    def __init__(self, hub: Hub, orders: Orders, news: News) -> None:
        self._hub = hub
        self._orders = orders
        self._news = news
        self._lines: dict[tuple[Connection, int], Line] = {}
        self._watchers: dict[int, list[Line]] = {}
        self._data_types: dict[Connection, int] = {}
        self._entitlements: dict[int, Entitlement] = {}
        self._is_beating = False
        orders.on_working = self._beat

    def handlers(self) -> Handlers:
        return {
            RequestMarketData: self._request,
            CancelMarketData: self._cancel,
            RequestMarketDataType: self._set_data_type,
        }

    def forget(self, connection: Connection) -> None:
        self._data_types.pop(connection, None)
        for key in [key for key in self._lines if key[0] is connection]:
            self._drop(key)

    def entitle(self, instrument: Instrument, entitlement: Entitlement) -> None:
        """Set what the login may see of an instrument from its next request on."""
        self._entitlements[instrument.con_id] = entitlement

    def entitlement(self, instrument: Instrument) -> Entitlement:
        """What the login may see of an instrument now."""
        return self._entitlements.get(instrument.con_id, Entitlement.LIVE)

    def show(self, instrument: Instrument) -> None:
        """Display the present quote of an instrument: to the book first, then to its lines."""
        quote = self._hub.market.quote(instrument, self._hub.now_ms)
        self._orders.publish(self._hub.broker.show(instrument, quote, self._hub.now_ms))
        for line in self._watchers.get(instrument.con_id, ()):
            self._send(line, quote)

    # --- requests ---

    def _request(self, connection: Connection, request: RequestMarketData) -> None:
        if (connection, request.req_id) in self._lines:
            self._hub.error(connection, request.req_id, 322, cause=DUPLICATE_TICKER_ID)
            return
        instrument = self._find(connection, request.req_id, request.contract)
        generic_ticks = self._generic_ticks(connection, request)
        providers = self._providers(connection, request)
        if instrument is None or generic_ticks is None or providers is None:
            return
        data_type = self._permitted(connection, request.req_id, instrument)
        if data_type is None:
            return
        line = Line(
            connection,
            request.req_id,
            instrument,
            generic_ticks,
            delayed=data_type >= DELAYED,
            is_off=MARKET_DATA_OFF in _names(request),
        )
        connection.send(
            TickRequestParameters(
                request.req_id,
                instrument.min_tick,
                instrument.bbo_exchange,
                SNAPSHOT_PERMISSIONS if instrument.bbo_exchange else 0,
            ),
            MarketDataType(request.req_id, data_type),
        )
        if line.delayed:
            self._hub.error(connection, request.req_id, 10167)
        self._send(line, self._hub.market.quote(instrument, self._hub.now_ms))
        if request.snapshot or request.regulatory_snapshot:
            connection.send(TickSnapshotEnd(request.req_id))
            return
        self._lines[connection, request.req_id] = line
        if providers:
            self._news.open(connection, request.req_id, instrument, providers)
        if not line.is_off:
            self._watchers.setdefault(instrument.con_id, []).append(line)
            self._beat()

    def _cancel(self, connection: Connection, request: CancelMarketData) -> None:
        key = (connection, request.req_id)
        if key in self._lines:
            self._drop(key)
        else:
            self._hub.error(connection, request.req_id, 300)

    def _drop(self, key: tuple[Connection, int]) -> None:
        line = self._lines.pop(key)
        self._news.close(*key)
        if line.is_off:
            return
        watchers = self._watchers[line.instrument.con_id]
        watchers.remove(line)
        if not watchers:
            del self._watchers[line.instrument.con_id]

    def _set_data_type(self, connection: Connection, request: RequestMarketDataType) -> None:
        """No answer, whatever the number: seen from real gateways."""
        self._data_types[connection] = request.market_data_type

    def _find(self, connection: Connection, req_id: int, contract: Contract) -> Instrument | None:
        found = self._hub.database.find(contract)
        if len(found) != 1:
            self._hub.error(connection, req_id, 200)
            return None
        if len(self._lines) >= self._hub.settings.max_tickers:
            self._hub.error(connection, req_id, 101)
            return None
        return found[0]

    def _generic_ticks(
        self, connection: Connection, request: RequestMarketData
    ) -> frozenset[int] | None:
        names = _names(request)
        ids = {int(name) for name in names if name.isdecimal()}
        wrong = [name for name in names if name != MARKET_DATA_OFF and not name.isdecimal()]
        if wrong or ids - GENERIC_TICKS.keys():
            legal = ",".join(dict.fromkeys(GENERIC_TICKS.values()))
            cause = (
                f"Incorrect generic tick list of {request.generic_ticks}.  "
                f"Legal ones for ({request.contract.sec_type}) are: {legal}"
            )
            self._hub.error(connection, request.req_id, 321, cause=cause)
            return None
        if names and request.snapshot:
            self._hub.error(connection, request.req_id, 414)
            return None
        return frozenset(ids)

    def _providers(
        self, connection: Connection, request: RequestMarketData
    ) -> tuple[str, ...] | None:
        """Whose headlines `292` (all) or `292:BRFG+DJNL` asks for; None after error 10094."""
        names = request.generic_ticks.replace(" ", "").split(",")
        codes = [name.partition(":")[2] for name in names if name.startswith("292:")]
        try:
            return chosen("+".join(codes or (PROVIDERS if "292" in names else ())))
        except UnknownProviderError as error:
            self._hub.error(connection, request.req_id, 10094, provider=error)
            return None

    def _permitted(self, connection: Connection, req_id: int, instrument: Instrument) -> int | None:
        """The data type the line gets, or None if an error said why there is no line."""
        wanted = self._data_types.get(connection, LIVE)
        entitlement = self.entitlement(instrument)
        if entitlement is Entitlement.LIVE:
            return LIVE  # also for delayed types: live is better; the market is never frozen
        if entitlement is Entitlement.NONE:
            self._hub.error(connection, req_id, 10168)
            return None
        if wanted in {DELAYED, DELAYED_FROZEN}:
            return wanted
        name = f"{instrument.symbol} {instrument.primary_exchange}.{instrument.trading_class}"
        self._hub.error(connection, req_id, 10089, name=name)
        return None

    # --- quotes ---

    def _send(self, line: Line, quote: Quote) -> None:
        if not line.is_off:
            line.connection.send(*line.ticks(quote))
        line.shown = quote

    def _beat(self) -> None:
        """Have quotes change at every step while somebody looks or an order waits."""
        if not self._is_beating:
            self._is_beating = True
            self._hub.plan(self._hub.next_step_ms(), self._on_step)

    def _on_step(self) -> None:
        self._is_beating = False
        working = (instrument.con_id for instrument in self._hub.broker.instruments_at_work())
        watched = dict.fromkeys((*self._watchers, *working))
        for con_id in watched:
            self.show(self._hub.database[con_id])
        if watched:
            self._beat()
