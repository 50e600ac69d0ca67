"""Market data lines: who is subscribed to what, and the beat at which quotes change."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.gateway.contracts import SMART_VENUES
from simulator.gateway.entitlements import (
    DELAYED,
    DELAYED_FROZEN,
    FROZEN,
    LIVE,
    Answer,
    Entitlement,
    Entitlements,
)
from simulator.gateway.figures import Figures
from simulator.gateway.greeks import Greeks
from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.gateway.lines import Extra, Line
from simulator.gateway.news import PROVIDERS, News, UnknownProviderError, chosen
from simulator.gateway.orders import Orders
from simulator.gateway.texts import DUPLICATE_TICKER_ID
from simulator.gateway.ticks import LEGAL, YIELDS, Generic, GenericTicks, generic_of
from simulator.gateway.validation import TWS_10
from simulator.instruments import Instrument
from simulator.market import STEP_MS, Quote
from simulator.messages.market_data import (
    CancelMarketData,
    MarketDataType,
    RequestMarketData,
    RequestMarketDataType,
    TickRequestParameters,
    TickSnapshotEnd,
)

SNAPSHOT_PERMISSIONS = 3
SNAPSHOT_MS = 11_000
"""When a snapshot ends that does not get all its prices: the vendor's documentation."""

OPTION_TYPES = frozenset({"OPT", "FOP", "WAR"})
MARKET_DATA_OFF = "mdoff"
MAX_DIGITS = 9
"""No id of a generic tick is longer."""

MOST_SHOWN = 1_200
"""How often a leap of a manual clock shows what nobody trades: each step of five minutes."""

"""Among generic ticks: send those only, and no prices."""


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
        self._figures = Figures(hub)
        self._lines: dict[tuple[Connection, int], Line] = {}
        self._watchers: dict[int, list[Line]] = {}
        self._data_types: dict[Connection, int] = {}
        self._entitlements = Entitlements()
        self._beat_ms: int | None = None
        self._leap_end_ms, self._stride_ms = 0, STEP_MS
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

    def entitle(self, instrument: Instrument | None, entitlement: Entitlement) -> None:
        """Set what the login may see of an instrument (None: of all) from its next request on.

        A competing session is told at once to every line it silences; these go on when it
        is over.
        """
        before = [line for line in self._lines.values() if self._is_silent(line)]
        self._entitlements.set(instrument, entitlement)
        for line in self._lines.values():
            if self._is_silent(line) and line not in before:
                self._hub.error(line.connection, line.req_id, 10197)
        for line in before:
            self._show(line)

    def take_over(self, before: Quotes) -> None:
        """See what the login may see in another gateway."""
        self._entitlements = before._entitlements

    def entitlement(self, instrument: Instrument) -> Entitlement:
        """What the login may see of an instrument now."""
        return self._entitlements.of(instrument)

    def leap(self, end_ms: int) -> None:
        """Show less of what is only looked at until then, when a clock is moved on by hand.

        A path has no history: what is shown next is what it would have been anyway. While an
        order waits for a price, nothing is left out.
        """
        steps = -(-(end_ms - self._hub.now_ms) // (MOST_SHOWN * STEP_MS))
        self._leap_end_ms, self._stride_ms = end_ms // STEP_MS * STEP_MS, steps * STEP_MS

    def show(self, instrument: Instrument) -> None:
        """Display the present quotes of an instrument and of all that follow it."""
        self._display(instrument)
        for con_id in self._at_work():
            other = self._hub.database[con_id]
            if con_id != instrument.con_id and self._hub.market.follows(other, instrument):
                self._display(other)
        self._beat()

    # --- requests ---

    def _request(self, connection: Connection, request: RequestMarketData) -> None:
        instrument = self._find(connection, request)
        if instrument is None:
            return
        generics = self._generics(connection, request, instrument)
        if generics is None:
            return
        providers = self._providers(connection, request)
        if providers is None:
            return
        wanted = self._data_types.get(connection, LIVE)
        answer = self._entitlements.answer(
            instrument, wanted, is_regulatory=request.regulatory_snapshot
        )
        if answer.data is None:
            self._hub.error(connection, request.req_id, answer.code, name=_name(instrument))
            return
        line = Line(
            connection,
            request.req_id,
            instrument,
            self._data_type(instrument, wanted, answer.data),
            wanted,
            is_off=MARKET_DATA_OFF in _names(request),
            is_snapshot=request.snapshot or request.regulatory_snapshot,
            without_top=answer.without_top,
            venues=self._venues(instrument),
        )
        line.extras = tuple(self._extras(line, generics))
        self._begin(line, answer)
        if providers:
            self._news.open(connection, request.req_id, instrument, providers)

    def _begin(self, line: Line, answer: Answer) -> None:
        """The first burst: parameters, data type, notices, ticks."""
        instrument = line.instrument
        line.connection.send(
            TickRequestParameters(
                line.req_id,
                instrument.min_tick,
                instrument.bbo_exchange,
                SNAPSHOT_PERMISSIONS if instrument.bbo_exchange else 0,
            ),
            MarketDataType(line.req_id, line.data_type),
        )
        for code in self._notices(line, answer):
            self._hub.error(line.connection, line.req_id, code, name=_name(instrument))
        self._warn_of_trimmed(line)
        key = line.connection, line.req_id
        self._lines[key] = line
        if line.is_watching:
            self._watchers.setdefault(instrument.con_id, []).append(line)
            self._beat()
        self._show(line)
        if line.is_snapshot and self._lines.get(key) is line:
            self._hub.plan(self._hub.now_ms + SNAPSHOT_MS, lambda: self._end_snapshot(line))

    def _warn_of_trimmed(self, line: Line) -> None:
        """Sizes before version 163 are whole numbers: a client is told once what it loses."""
        if line.connection.session.version >= TWS_10:
            return
        quote = self._hub.market.quote(line.instrument, self._hub.now_ms)
        fractional = [size for size in (quote.bid_size, quote.ask_size) if size % 1]
        if fractional:
            value = fractional[0]
            self._hub.error(
                line.connection, line.req_id, 2176, value=value.normalize(), trimmed=int(value)
            )

    def _notices(self, line: Line, answer: Answer) -> Iterator[int]:
        """Delayed data are announced once for a contract; of options a part is missing."""
        if answer.code == 10167 and any(
            other.delayed and other.connection is line.connection
            for other in self._watchers.get(line.instrument.con_id, ())
        ):
            return
        if answer.code:
            yield answer.code
        if line.delayed and line.instrument.sec_type in OPTION_TYPES:
            yield 10091

    def _cancel(self, connection: Connection, request: CancelMarketData) -> None:
        key = (connection, request.req_id)
        if key in self._lines:
            self._drop(key)
        else:
            self._hub.error(connection, request.req_id, 300)

    def _end_snapshot(self, line: Line) -> None:
        key = line.connection, line.req_id
        if self._lines.get(key) is line:
            line.connection.send(TickSnapshotEnd(line.req_id))
            self._drop(key)

    def _drop(self, key: tuple[Connection, int]) -> None:
        line = self._lines.pop(key)
        self._news.close(*key)
        if not line.is_watching:
            return
        watchers = self._watchers[line.instrument.con_id]
        watchers.remove(line)
        if not watchers:
            del self._watchers[line.instrument.con_id]

    def _set_data_type(self, connection: Connection, request: RequestMarketDataType) -> None:
        """No answer, whatever the number: seen from real gateways."""
        self._data_types[connection] = request.market_data_type

    def _find(self, connection: Connection, request: RequestMarketData) -> Instrument | None:
        """What a request is about; None after an error was sent."""
        if (connection, request.req_id) in self._lines:
            self._hub.error(connection, request.req_id, 322, cause=DUPLICATE_TICKER_ID)
            return None
        found = self._hub.database.find(request.contract)
        if len(found) != 1:
            is_combo = request.contract.sec_type == "BAG"
            objection = self._hub.database.combo_objection(request.contract) if is_combo else None
            code, facts = objection or (200, {})
            self._hub.error(connection, request.req_id, code, **facts)
            return None
        if len(self._lines) >= self._hub.settings.max_tickers:
            self._hub.error(connection, request.req_id, 101)
            return None
        return found[0]

    def _generics(
        self, connection: Connection, request: RequestMarketData, instrument: Instrument
    ) -> list[Generic] | None:
        """What the generic ticks of a request mean; None after an error was sent."""
        names = _names(request)
        ids = [name for name in names if name != MARKET_DATA_OFF]
        known = [
            generic_of(int(n), instrument) if n.isdecimal() and len(n) <= MAX_DIGITS else None
            for n in ids
        ]
        generics = [generic for generic in known if generic is not None]
        if len(generics) < len(known):
            cause = (
                f"Incorrect generic tick list of {request.generic_ticks}.  "
                f"Legal ones for ({instrument.sec_type}) are: {LEGAL}"
            )
            self._hub.error(connection, request.req_id, 321, cause=cause)
            return None
        if names and (request.snapshot or request.regulatory_snapshot):
            self._hub.error(connection, request.req_id, 414)
            return None
        return list(dict.fromkeys(generics))

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

    # --- what a line is made of ---

    def _extras(self, line: Line, generics: list[Generic]) -> Iterator[Extra]:
        if line.instrument.sec_type in OPTION_TYPES and not line.is_off:
            yield Greeks(self._hub.market, line.instrument, line.req_id, delayed=line.delayed)
        if not line.is_off:
            generics = [*generics, YIELDS]
        ticks = GenericTicks(self._figures, line.instrument, line.req_id, generics)
        if ticks:
            yield ticks

    def _venues(self, instrument: Instrument) -> tuple[str, str, str] | None:
        """Letters of the venues of last trade, bid and ask of a US stock."""
        if not instrument.bbo_exchange:
            return None
        bits = self._figures.draw(instrument, "venues")
        letters = [letter for _, letter in SMART_VENUES]
        last, first, second = (letters[(bits >> shift) % len(letters)] for shift in (0, 8, 16))
        return last, first, first + second if first != second else first

    def _data_type(self, instrument: Instrument, wanted: int, data: int) -> int:
        """Frozen types are for who asks for them while the market is closed."""
        is_frozen = wanted in {FROZEN, DELAYED_FROZEN} and not self._hub.market.sessions.is_open(
            instrument, self._hub.now_ms
        )
        if data == DELAYED:
            return DELAYED_FROZEN if is_frozen and wanted == DELAYED_FROZEN else DELAYED
        return FROZEN if is_frozen else LIVE

    def _is_silent(self, line: Line) -> bool:
        return self._entitlements.of(line.instrument) is Entitlement.COMPETING

    # --- quotes ---

    def _display(self, instrument: Instrument) -> None:
        """Display a quote: to the book first, then to its lines."""
        quote = self._hub.market.quote(instrument, self._hub.now_ms)
        self._orders.publish(self._hub.broker.show(instrument, quote, self._hub.now_ms))
        for line in tuple(self._watchers.get(instrument.con_id, ())):
            self._show(line, quote)

    def _show(self, line: Line, present: Quote | None = None) -> None:
        if self._is_silent(line):
            return
        now_ms, instrument = self._hub.now_ms, line.instrument
        if line.wanted in {FROZEN, DELAYED_FROZEN}:
            self._announce(line)
        if present is None or line.delayed:
            present = self._hub.market.quote(instrument, line.quote_ms(now_ms))
        line.show(present, now_ms, is_halted=self._hub.market.is_halted(instrument))
        if line.is_snapshot and line.is_complete:
            self._end_snapshot(line)

    def _announce(self, line: Line) -> None:
        """Tell that a market has closed or opened to who wants frozen data then."""
        data = DELAYED if line.delayed else LIVE
        data_type = self._data_type(line.instrument, line.wanted, data)
        if data_type != line.data_type:
            line.data_type = data_type
            line.connection.send(MarketDataType(line.req_id, data_type))

    def _at_work(self) -> dict[int, None]:
        """The contracts that are watched, or that an order waits for."""
        working = (instrument.con_id for instrument in self._hub.broker.instruments_at_work())
        return dict.fromkeys((*self._watchers, *working))

    def _beat(self) -> None:
        """Have quotes change at every step while somebody looks or an order waits.

        While all that is looked at, or waited for, stands still, there is nothing to do until
        it may move.
        """
        due_ms = self._next_beat_ms()
        if due_ms is not None and (self._beat_ms is None or due_ms < self._beat_ms):
            self._beat_ms = due_ms
            self._hub.plan(due_ms, lambda: self._on_step(due_ms))

    def _next_beat_ms(self) -> int | None:
        step_ms, market = self._hub.next_step_ms(), self._hub.market
        if step_ms < self._leap_end_ms and not any(self._hub.broker.instruments_at_work()):
            step_ms = min(step_ms + self._stride_ms - STEP_MS, self._leap_end_ms)
        if any(line.moves_by_itself for lines in self._watchers.values() for line in lines):
            return step_ms
        now_ms = self._hub.now_ms
        still = [
            market.still_until_ms(self._hub.database[con_id], now_ms) for con_id in self._at_work()
        ]
        until_ms = [until for until in still if until is not None]
        return max(step_ms, min(until_ms)) if until_ms else None

    def _on_step(self, due_ms: int) -> None:
        if due_ms != self._beat_ms:
            return  # another one came before it
        self._beat_ms = None
        for con_id in self._at_work():
            self._display(self._hub.database[con_id])
        self._beat()


def _name(instrument: Instrument) -> str:
    """How errors name a security: symbol, exchange and trading class."""
    return f"{instrument.symbol} {instrument.primary_exchange}.{instrument.trading_class}"
