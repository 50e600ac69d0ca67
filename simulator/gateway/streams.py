"""Streams of bars and ticks: real-time bars every five seconds, and tick-by-tick data.

Both are cut from the same source as their history: the ticks of five seconds are those of
the bar. While a quote is set by hand only the quote itself ticks, and a bar that began
later is flat at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.gateway import bars, tick_kinds
from simulator.gateway.bars import NO_NUMBER, SERIES, Scale, Slot, Values
from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.gateway.lookups import SUBSCRIBE, Lookups, Refused, no_series
from simulator.gateway.pacing import IDENTICAL_MS, LONG_MS, MOST, VIOLATION, Window
from simulator.gateway.periods import DAY_MS, days, is_always_open
from simulator.gateway.texts import DUPLICATE_TICKER_ID
from simulator.gateway.tick_kinds import MAX_TICKS, MIDDLES, QUOTES, TRADES, Feed, TickKind
from simulator.instruments import Instrument
from simulator.market import STEP_MS, Quote
from simulator.messages.history import (
    ALL_LAST,
    BID_ASK,
    LAST,
    MID_POINT,
    CancelRealTimeBars,
    CancelTickByTickData,
    RealTimeBar,
    RequestRealTimeBars,
    RequestTickByTickData,
)

BAR_S = 5
BAR_MS = BAR_S * 1000
BAR_SERIES = frozenset({"TRADES", "BID", "ASK", "MIDPOINT"})
LINES_PER_TICK_STREAM = 20
"""One tick-by-tick stream for so many market data lines: the vendor's five percent."""

TICK_TYPES: dict[str, tuple[int, TickKind]] = {
    "Last": (LAST, TRADES),
    "AllLast": (ALL_LAST, TRADES),
    "BidAsk": (BID_ASK, QUOTES),
    "MidPoint": (MID_POINT, MIDDLES),
}
NO_TICK_STREAMS = frozenset({"OPT", "FOP", "BAG"})


@dataclass(slots=True, eq=False)
class BarStream:
    """One client's real-time bars."""

    connection: Connection
    req_id: int
    instrument: Instrument
    what: str
    use_rth: bool


@dataclass(slots=True, eq=False)
class TickStream:
    """One client's tick-by-tick data; `next_step` is the first one not sent yet."""

    connection: Connection
    req_id: int
    feed: Feed
    kind: TickKind
    tick_type: int
    next_step: int

    def send(self, *found: tick_kinds.Tick) -> None:
        self.connection.send(
            *(tick_kinds.live(self.req_id, self.tick_type, tick) for tick in found)
        )


class RealTimeBars:
    """The bars of five seconds of all clients."""

    def __init__(self, hub: Hub, lookups: Lookups) -> None:
        self._hub = hub
        self._lookups = lookups
        self._streams: dict[tuple[Connection, int], BarStream] = {}
        self._requests = Window(LONG_MS)
        self._is_beating = False

    def handlers(self) -> Handlers:
        return {RequestRealTimeBars: self._request, CancelRealTimeBars: self._cancel}

    def forget(self, connection: Connection) -> None:
        for key in [key for key in self._streams if key[0] is connection]:
            del self._streams[key]

    def _request(self, connection: Connection, request: RequestRealTimeBars) -> None:
        try:
            instrument = self._checked(connection, request)
        except Refused as refused:
            self._lookups.refuse(connection, request.req_id, refused)
            return
        what = request.what_to_show.upper()
        self._streams[connection, request.req_id] = BarStream(
            connection, request.req_id, instrument, what, request.use_rth
        )
        if not self._is_beating:
            self._is_beating = True
            self._plan()

    def _checked(self, connection: Connection, request: RequestRealTimeBars) -> Instrument:
        """Every size is taken for five seconds, as a gateway does."""
        if (connection, request.req_id) in self._streams:
            raise Refused(322, cause=DUPLICATE_TICKER_ID)
        what = request.what_to_show.upper()
        if what not in BAR_SERIES:
            raise Refused(321, cause="What to show field is missing or incorrect.")
        instrument = self._lookups.instrument(request.contract)
        missing = self._lookups.missing_permission(instrument)
        if missing is not None:
            raise Refused(420, cause=f"{missing}.{SUBSCRIBE}")
        series = SERIES[what]
        if instrument.sec_type not in series.sec_types:
            cause = no_series(instrument, request.contract, series.query, BAR_S)
            raise Refused(420, cause=cause)
        if self._hub.settings.historical_pacing:
            if self._requests.weight(self._hub.now_ms) >= MOST:
                raise Refused(420, cause=VIOLATION)
            self._requests.add(self._hub.now_ms)
        return instrument

    def _cancel(self, connection: Connection, request: CancelRealTimeBars) -> None:
        if self._streams.pop((connection, request.req_id), None) is None:
            self._hub.error(connection, request.req_id, 300)

    def _plan(self) -> None:
        self._hub.plan((self._hub.now_ms // BAR_MS + 1) * BAR_MS, self._on_beat)

    def _on_beat(self) -> None:
        self._is_beating = bool(self._streams)
        end_ms = self._hub.now_ms // BAR_MS * BAR_MS
        for stream in self._streams.values():
            self._send(stream, end_ms - BAR_MS, end_ms)
        if self._is_beating:
            self._plan()

    def _send(self, stream: BarStream, start_ms: int, end_ms: int) -> None:
        market, instrument = self._hub.market, stream.instrument
        if not days(market, instrument, start_ms, end_ms, use_rth=stream.use_rth):
            return
        series = SERIES[stream.what]
        slot = Slot(start_ms, end_ms, None, ((start_ms // STEP_MS, end_ms // STEP_MS),))
        bar = bars.values(series, Scale(instrument, market.tape(instrument)), slot)
        if market.is_set(instrument) or market.is_halted(instrument):
            bar = _pinned(stream, bar, market.quote(instrument, self._hub.now_ms), start_ms)
        stream.connection.send(
            RealTimeBar(
                stream.req_id,
                start_ms // 1000,
                bar.open,
                bar.high,
                bar.low,
                bar.close,
                bar.volume,
                bar.average,
                bar.count,
            )
        )


def _pinned(stream: BarStream, bar: Values, quote: Quote, start_ms: int) -> Values:
    """A bar during which a quote set by hand was displayed, wholly or at its end."""
    series = SERIES[stream.what]
    value, _ = series.sides(quote)
    if quote.time_ms > start_ms or value is None:
        return bars.with_quote(series, bar, quote)
    if bar.count == NO_NUMBER:
        return Values(value, value, value, value)
    return Values(value, value, value, value, Decimal(0), value, 0)


class TickStreams:
    """The tick-by-tick data of all clients."""

    def __init__(self, hub: Hub, lookups: Lookups) -> None:
        self._hub = hub
        self._lookups = lookups
        self._streams: dict[tuple[Connection, int], TickStream] = {}
        self._requests = Window(IDENTICAL_MS)
        self._is_beating = False

    def handlers(self) -> Handlers:
        return {RequestTickByTickData: self._request, CancelTickByTickData: self._cancel}

    def forget(self, connection: Connection) -> None:
        for key in [key for key in self._streams if key[0] is connection]:
            del self._streams[key]

    def show(self, instrument: Instrument) -> None:
        """Send a quote or a trade that was set by hand, or the quote that follows it."""
        market, now_ms = self._hub.market, self._hub.now_ms
        quote = market.quote(instrument, now_ms)
        is_set = market.is_set(instrument) or market.is_printed(instrument, now_ms)
        for stream in self._streams.values():
            if stream.feed.instrument.con_id != instrument.con_id:
                continue
            stream.next_step = self._following_step()
            tick = stream.kind.of_quote(stream.feed, quote)
            if tick is not None and (is_set or stream.kind is not TRADES):
                stream.send(tick)

    def _request(self, connection: Connection, request: RequestTickByTickData) -> None:
        try:
            instrument = self._checked(connection, request)
        except Refused as refused:
            self._lookups.refuse(connection, request.req_id, refused)
            return
        tick_type, kind = TICK_TYPES[request.tick_type]
        feed = Feed(instrument, self._hub.market.tape(instrument), request.ignore_size)
        stream = TickStream(
            connection, request.req_id, feed, kind, tick_type, self._following_step()
        )
        if request.number_of_ticks > 0:
            self._send_past(stream, min(request.number_of_ticks, MAX_TICKS))
        self._streams[connection, request.req_id] = stream
        if not self._is_beating:
            self._is_beating = True
            self._plan()

    def _send_past(self, stream: TickStream, wanted: int) -> None:
        """The ticks just before, as an answer to a request for history would have them."""
        until_ms = stream.next_step * STEP_MS
        found = days(
            self._hub.market,
            stream.feed.instrument,
            until_ms - 10 * DAY_MS,
            until_ms,
            use_rth=False,
        )
        spans = [
            (session.start_ms // STEP_MS, min(session.end_ms // STEP_MS, stream.next_step))
            for session in reversed(found)
        ]
        past = tick_kinds.last_ticks(stream.kind, stream.feed, spans, wanted)
        stream.connection.send(stream.kind.answer(stream.req_id, past, True))

    def _checked(self, connection: Connection, request: RequestTickByTickData) -> Instrument:
        if (connection, request.req_id) in self._streams:
            raise Refused(322, cause=DUPLICATE_TICKER_ID)
        if request.tick_type not in TICK_TYPES:
            raise Refused(321, cause=f"Invalid tick type: {request.tick_type}")
        is_trades = TICK_TYPES[request.tick_type][1] is TRADES
        instrument = self._lookups.instrument(request.contract)
        missing = self._lookups.missing_permission(instrument)
        if missing is not None and is_trades:
            raise Refused(10189, cause=f"{missing}.{SUBSCRIBE}")
        if missing is not None:
            exchange = f"{instrument.primary_exchange}.{instrument.trading_class}"
            raise Refused(10089, name=f"{instrument.symbol} {exchange}")
        wanted = SERIES["TRADES" if is_trades else "MIDPOINT"]
        sec_type = instrument.sec_type
        if sec_type in NO_TICK_STREAMS or sec_type not in wanted.sec_types:
            cause = no_series(instrument, request.contract, wanted.query, 0)
            raise Refused(10189, cause=cause)
        if len(self._streams) >= max(1, self._hub.settings.max_tickers // LINES_PER_TICK_STREAM):
            raise Refused(10190)
        if self._hub.settings.historical_pacing:
            if self._requests.weight(self._hub.now_ms, instrument.con_id):
                raise Refused(420, cause=VIOLATION)
            self._requests.add(self._hub.now_ms, instrument.con_id)
        return instrument

    def _cancel(self, connection: Connection, request: CancelTickByTickData) -> None:
        if self._streams.pop((connection, request.req_id), None) is None:
            self._hub.error(connection, request.req_id, 300)

    def _following_step(self) -> int:
        return self._hub.now_ms // STEP_MS + 1

    def _plan(self) -> None:
        self._hub.plan(self._hub.next_step_ms(), self._on_step)

    def _on_step(self) -> None:
        self._is_beating = bool(self._streams)
        for stream in self._streams.values():
            self._send(stream)
        if self._is_beating:
            self._plan()

    def _send(self, stream: TickStream) -> None:
        instrument, following = stream.feed.instrument, self._following_step()
        market = self._hub.market
        first, stream.next_step = stream.next_step, following
        if market.is_set(instrument) or market.is_halted(instrument) or first >= following:
            return
        if is_always_open(market) or market.sessions.is_open(instrument, self._hub.now_ms):
            stream.send(*stream.kind.between(stream.feed, first, following))
