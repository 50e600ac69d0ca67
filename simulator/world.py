"""A whole simulated gateway without its sockets: clock, prices, broker, sessions.

What a test may do to the market and the time is here, what it may do to orders and money in
`simulator.world_orders`, what may go wrong in `simulator.world_faults`. Everything runs in the caller's thread and at the clock's time, so
that the same seed and the same inputs on a manual clock give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

from simulator.broker import Broker
from simulator.clock import Clock, ManualClock, RealClock
from simulator.faults import Faults
from simulator.faults.actions import RestartGateway
from simulator.gateway import Connection, Gateway, Settings
from simulator.gateway.contracts import SEC_TYPES
from simulator.gateway.entitlements import Entitlement
from simulator.gateway.research import CALENDAR
from simulator.instruments import (
    INSTRUMENTS,
    PRODUCTS,
    ContractDatabase,
    DataFileError,
    Instrument,
    load,
)
from simulator.market import (
    AlwaysOpen,
    Market,
    MarketFileError,
    Quote,
    RecordedTape,
    TradingCalendar,
    load_market_data,
)
from simulator.state import Identity, StateError, StateFile
from simulator.transcript import Transcript
from simulator.world_faults import Troubling
from simulator.world_orders import EVERYTHING, Dealing, number
from simulator.world_settings import WorldError, WorldSettings

MAX_ADVANCE_S = 31 * 86_400


class World(Dealing, Troubling):
    """The simulated gateway, to be driven by a server, a test or the control plane.

    `on_output` is called whenever something may wait to be sent or to be done. A world with a
    state file holds it until `close`. Nobody is told what could not be written to it: with the
    first failure, whose `failure` tells the reason, all clients are disconnected and the world
    is over; `on_failure` is called then, and whatever changes the broker is a `WorldError`.
    """

    def __init__(self, settings: WorldSettings | None = None) -> None:
        self.settings = settings or WorldSettings()
        self.database = ContractDatabase(
            (*INSTRUMENTS, *_own_instruments(self.settings.instruments)), PRODUCTS, self._today
        )
        self._check_withheld()
        self._check_currencies()
        self.on_output: Callable[[], None] = lambda: None
        self.on_failure: Callable[[], None] = lambda: None
        self.failure: str | None = None
        self._calendar = TradingCalendar() if self.settings.calendar else None
        self.clock: Clock = _clock(self.settings)
        self._recorded = self._load_market_data()
        self.market: Market
        self.broker: Broker
        self.gateway: Gateway
        self._store = self._open_state()
        self._begin()

    def _check_withheld(self) -> None:
        symbols = {instrument.symbol for instrument in self.database}
        for name in self.settings.withheld:
            if name not in symbols | SEC_TYPES | {CALENDAR}:
                raise WorldError(
                    f"withheld {name!r} is no symbol or security type that is known, "
                    f"nor {CALENDAR!r}; use one like AAPL or OPT"
                )

    def _check_currencies(self) -> None:
        known = {instrument.currency for instrument in self.database}
        for currency in self.settings.starting_cash:
            if currency not in known:
                raise WorldError(
                    f"starting_cash names {currency!r}, which is not known; "
                    f"use one of {', '.join(sorted(known))}"
                )

    def _begin(self) -> None:
        settings = self.settings
        self.clock = _clock(settings)
        self.market = Market(
            settings.seed, self._calendar, self._recorded, find=self.database.__getitem__
        )
        self.broker = Broker(
            database=self.database,
            market=self.market,
            accounts=settings.accounts,
            seed=settings.seed,
            starting_cash=settings.starting_cash,
            rules=settings.rules,
        )
        self._restore()
        self.gateway = self._new_gateway()
        self.gateway.hub.now_ms = self.clock.now_ms()
        self.gateway.orders.resume()
        self.transcript = Transcript(self.clock.now_ms)
        self._faults = Faults(self.gateway, self.transcript, self._restart)
        self._last_fault = 0

    def _new_gateway(self) -> Gateway:
        settings = self.settings
        return Gateway(
            Settings(
                accounts=settings.accounts,
                server_version=settings.server_version,
                master_client_id=settings.master_client_id,
                seed=settings.seed,
                read_only=settings.read_only,
                historical_pacing=settings.historical_pacing,
                max_requests_per_s=settings.max_requests_per_s,
                withheld=frozenset(settings.withheld),
                drops_unreadable=settings.drops_unreadable,
                commission_delay_ms=settings.commission_delay_ms,
                repeats_status=settings.repeats_status,
            ),
            broker=self.broker,
            market=self.market,
        )

    def _restart(self, action: RestartGateway) -> None:
        """Put a new gateway over the same broker; what its owner set up stays."""
        del action
        before, self.gateway = self.gateway, self._new_gateway()
        self.gateway.take_over(before, self.clock.now_ms())
        self._faults.gateway = self.gateway

    def _restore(self) -> None:
        """Take up the state file, and keep it up to date from now on."""
        store, broker = self._store, self.broker
        if store is None:
            return
        try:
            entries = store.load(
                self.database.__getitem__, partial(self.database.find, include_expired=True)
            )
        except StateError as error:
            store.close()
            raise WorldError(str(error)) from None
        if entries and isinstance(self.clock, ManualClock):
            self.clock.advance_to(max(entries[-1].time_ms, self.clock.now_ms()))
        broker.on_finished = partial(self._keep, store)
        broker.restore(entries, self.clock.now_ms())

    def _keep(self, store: StateFile) -> None:
        """Write down what the broker has done, before anybody is told."""
        if self.failure is not None:
            raise WorldError(self.failure)
        try:
            store.append(self.broker.journal[store.last_sequence :])
        except StateError as error:
            self.failure = str(error)
            for connection in self.connections:
                connection.is_closing = True
            self.on_failure()
            raise WorldError(self.failure) from None

    # --- clients ---

    @property
    def connections(self) -> Sequence[Connection]:
        return self.gateway.hub.connections

    def connect(self, peer: str) -> Connection:
        """Take a connection; raises `WorldError` while the port is closed."""
        if not self.is_listening:
            raise WorldError("the gateway refuses connections; clear that fault, or wait")
        connection = self.gateway.connect(peer, self.clock.now_ms())
        self.transcript.follow(connection)
        self._faults.on_accept(connection, self.clock.now_ms())
        return connection

    def receive(self, connection: Connection, data: bytes) -> None:
        if connection.interferer is None:
            self.gateway.receive(connection, data, self.clock.now_ms())
        else:
            self._faults.receive(connection, data, self.clock.now_ms())
        self.on_output()

    def disconnect(self, connection: Connection) -> None:
        self._faults.disconnect(connection)

    @property
    def due_ms(self) -> int | None:
        """When there is something to do next, if ever."""
        due = [ms for ms in (self.gateway.due_ms, self._faults.due_ms) if ms is not None]
        return min(due, default=None)

    def run_due(self) -> None:
        """Do what is due at the clock's time."""
        self.gateway.run_due(self.clock.now_ms())
        self._faults.run_due(self.clock.now_ms())
        self.on_output()

    # --- what a test may do ---

    def instrument(self, name: str) -> Instrument:
        """An instrument by its symbol; raises `WorldError` with the known ones."""
        if not isinstance(name, str):
            raise WorldError(f"a symbol must be a text such as AAPL, not {name!r}")
        try:
            return self.database.by_name(name)
        except KeyError as error:
            raise WorldError(str(error.args[0])) from None

    def quote(self, name: str) -> Quote:
        """What is displayed of an instrument now."""
        return self.market.quote(self.instrument(name), self.clock.now_ms())

    def show(self, instrument: Instrument) -> None:
        """Have everybody see what is displayed of an instrument now."""
        self.gateway.show(instrument, self.clock.now_ms())
        self.on_output()

    def set_quote(
        self,
        name: str,
        *,
        bid: Decimal | None,
        ask: Decimal | None,
        bid_size: Decimal | None = None,
        ask_size: Decimal | None = None,
        last: Decimal | None = None,
    ) -> Quote:
        """Display this quote from now on; orders and subscribers see it before this returns.

        None for a price means that nobody quotes that side. Raises `WorldError` for an
        unknown instrument, a price that is not positive or a crossed quote.
        """
        instrument = self.instrument(name)
        terms = {"bid": bid, "ask": ask, "bid_size": bid_size, "ask_size": ask_size, "last": last}
        for field, value in terms.items():
            if value is not None:
                number(field, value)
        try:
            quote = self.market.set_quote(
                instrument,
                self.clock.now_ms(),
                bid=bid,
                ask=ask,
                bid_size=bid_size,
                ask_size=ask_size,
                last=last,
            )
        except ValueError as error:
            raise WorldError(str(error)) from None
        self.show(instrument)
        return quote

    def release_quote(self, name: str) -> Quote:
        """Let the seeded path quote the instrument again."""
        instrument = self.instrument(name)
        self.market.release(instrument)
        self.show(instrument)
        return self.quote(name)

    def print_trade(self, name: str, price: Decimal, size: Decimal) -> Quote:
        """Have the tape show a trade, as one between others; who watches sees it at once.

        Raises `WorldError` for an unknown instrument, one that is halted, and a price or a
        size that is not positive.
        """
        instrument = self.instrument(name)
        number("price", price)
        number("size", size)
        try:
            quote = self.market.print_trade(instrument, self.clock.now_ms(), price, size)
        except ValueError as error:
            raise WorldError(str(error)) from None
        self.show(instrument)
        return quote

    def halt(self, name: str) -> None:
        """Halt trading of an instrument, and of what follows it, until it is resumed."""
        instrument, now_ms = self.instrument(name), self.clock.now_ms()
        self.market.halt(instrument, now_ms)
        self._show_halts(instrument, now_ms)

    def resume(self, name: str) -> None:
        """Let a halted instrument trade again.

        Raises `WorldError` for one that is halted because of another.
        """
        instrument, now_ms = self.instrument(name), self.clock.now_ms()
        self.market.resume(instrument)
        self._show_halts(instrument, now_ms)
        if self.market.is_halted(instrument):
            raise WorldError(f"{name} follows an instrument that is halted; resume that one")

    def is_halted(self, name: str) -> bool:
        """Whether an instrument is halted, or anything that it follows."""
        return self.market.is_halted(self.instrument(name))

    def entitle(self, name: str, entitlement: Entitlement | str) -> None:
        """Set what the login may see of an instrument (`*`: of all), from the next request on.

        `Entitlement.COMPETING` silences the lines there are with error 10197, until another
        is set. Raises `WorldError` for an unknown instrument or another entitlement.
        """
        instrument = None if name == EVERYTHING else self.instrument(name)
        if entitlement not in [*Entitlement]:
            known = ", ".join(Entitlement)
            raise WorldError(f"entitlement must be one of {known}, not {entitlement!r}")
        self.gateway.entitle(instrument, Entitlement(entitlement), self.clock.now_ms())
        self.on_output()

    def entitlement(self, name: str) -> Entitlement:
        """What the login may see of an instrument now; raises `WorldError` for an unknown one."""
        return self.gateway.quotes.entitlement(self.instrument(name))

    def bulletin(self, text: str, *, kind: int = 1, exchange: str = "") -> None:
        """Publish a news bulletin: `kind` 1 a message, 2 an exchange is down, 3 it is up again.

        Raises `WorldError` for another kind.
        """
        if "\0" in text + exchange:
            raise WorldError("text and exchange must be without NUL, which ends a field")
        if kind not in {1, 2, 3}:
            raise WorldError(f"a bulletin is of kind 1, 2 or 3, not {kind}")
        self.gateway.news.publish(text, kind=kind, exchange=exchange)
        self.on_output()

    def advance(self, seconds: float) -> int:
        """Move a manual clock on and do all that falls due on the way, each at its time.

        Over more than five minutes not each quote is shown that is only looked at: some 1,200
        of them, and the last. Where an order waits for a price, all are.

        Returns the new time in milliseconds since the epoch. Raises `WorldError` on a real
        clock, and for a step that is negative or longer than a month.
        """
        if not isinstance(self.clock, ManualClock):
            raise WorldError("the clock is real and cannot be advanced; start with clock manual")
        if not (isinstance(seconds, int | float | Decimal) and 0 <= seconds <= MAX_ADVANCE_S):
            raise WorldError(f"seconds must be between 0 and {MAX_ADVANCE_S}, not {seconds!r}")
        target = self.clock.now_ms() + round(seconds * 1000)
        self.gateway.leap(self.clock.now_ms(), target)
        while (due := self.due_ms) is not None and due <= target:
            self.clock.advance_to(max(due, self.clock.now_ms()))
            self.run_due()
        self.clock.advance_to(target)
        self.run_due()
        return target

    def advance_to_session(self, name: str) -> int:
        """Move a manual clock on to the start of an instrument's next regular session.

        Where the market is always open, that is the next midnight of its time zone. Returns
        the new time. Raises `WorldError` on a real clock and for an unknown instrument.
        """
        instrument, now_ms = self.instrument(name), self.clock.now_ms()
        try:
            opens_ms = self.market.opens_ms(instrument, now_ms + 1, use_rth=True)
        except LookupError as error:
            raise WorldError(str(error.args[0])) from None
        return self.advance((opens_ms - now_ms) / 1000)

    def reset(self) -> None:
        """Start afresh: every client is disconnected, orders, money and time are as at first.

        A state file is emptied too; if it cannot be, a `WorldError` says so and all stays.
        """
        if self.failure is not None:
            raise WorldError(self.failure)
        if self._store is not None:
            try:
                self._store.clear()
            except StateError as error:
                raise WorldError(str(error)) from None
        for connection in self.connections:
            connection.is_closing = True
        self.on_output()
        self._begin()
        self.on_output()  # a port that a fault had closed is open again

    def close(self) -> None:
        """Let others have the state file, if there is one; the world is over then."""
        if self._store is not None:
            self._store.close()

    def _open_state(self) -> StateFile | None:
        settings = self.settings
        if settings.state is None:
            return None
        identity = Identity.of(
            accounts=settings.accounts, starting_cash=settings.starting_cash, seed=settings.seed
        )
        try:
            return StateFile(settings.state, identity=identity)
        except StateError as error:
            raise WorldError(str(error)) from None

    def _load_market_data(self) -> dict[int, RecordedTape]:
        if self.settings.market_data is None:
            return {}
        try:
            return load_market_data(
                self.settings.market_data, self.database, self._calendar or AlwaysOpen()
            )
        except MarketFileError as error:
            raise WorldError(str(error)) from None

    def _today(self) -> date:
        return datetime.fromtimestamp(self.clock.now_ms() / 1000, UTC).date()

    def _show_halts(self, instrument: Instrument, now_ms: int) -> None:
        self.gateway.show_halts(instrument, now_ms)
        self.on_output()


def _clock(settings: WorldSettings) -> Clock:
    return ManualClock() if settings.clock == "manual" else RealClock()


def _own_instruments(file: Path | None) -> tuple[Instrument, ...]:
    try:
        return load(file) if file is not None else ()
    except DataFileError as error:
        raise WorldError(str(error)) from None
