"""The gateway: routes what sessions receive to the domains, and keeps a journal of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from simulator.broker import Broker
from simulator.broker import Event as BrokerEvent
from simulator.gateway.accounts import Accounts
from simulator.gateway.archive import Archive
from simulator.gateway.contracts import Contracts
from simulator.gateway.depth import Depth
from simulator.gateway.display_groups import DisplayGroups
from simulator.gateway.entitlements import Entitlement
from simulator.gateway.exercise import Exercises
from simulator.gateway.history import History
from simulator.gateway.hub import SYSTEM, Connection, Handlers, Hub, Settings
from simulator.gateway.limits import Limits
from simulator.gateway.login import Login
from simulator.gateway.lookups import Lookups
from simulator.gateway.news import News
from simulator.gateway.options import Options
from simulator.gateway.orders import Orders
from simulator.gateway.pacing import HistoryPacing
from simulator.gateway.pnl import ProfitAndLoss
from simulator.gateway.quotes import Quotes
from simulator.gateway.research import Research
from simulator.gateway.scanners import Scanners
from simulator.gateway.streams import RealTimeBars, TickStreams
from simulator.gateway.upstream import FarmState, Loss, Upstream
from simulator.instruments import Instrument
from simulator.logs import Log
from simulator.market import Market
from simulator.messages.account import ManagedAccounts, RequestManagedAccounts
from simulator.messages.connection import (
    CurrentTime,
    CurrentTimeInMillis,
    NextValidId,
    RequestCurrentTime,
    RequestCurrentTimeInMillis,
    RequestIds,
    SetServerLogLevel,
    StartApi,
)
from simulator.session import (
    Advanced,
    Event,
    Received,
    Session,
    Started,
    State,
    Unreadable,
    Violation,
)
from simulator.wire import NUMBER_NAMES, DecodeError

log = Log(__name__)

MAX_UNREADABLE = 100
"""Requests that cannot be read, before a client is taken for a lost cause."""

MAX_JOURNAL = 100_000
MILLIS_SINCE = 197


class Service(Protocol):
    """A domain that keeps something for each connection."""

    def handlers(self) -> Handlers: ...
    def forget(self, connection: Connection) -> None: ...


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the journal of received requests."""

    sequence: int
    time_ms: int
    client_id: int
    request: Any


class Gateway:
    """All sessions of one gateway over one broker.

    Call `receive`, `disconnect`, `run_due` and `show` with the time; then collect what is
    to be sent from each connection's session, and close those that are `is_closing`.
    """

    def __init__(self, settings: Settings, *, broker: Broker, market: Market) -> None:
        self.hub = Hub(settings, broker, market)
        self.requests: deque[Request] = deque(maxlen=MAX_JOURNAL)
        self.violations: deque[str] = deque(maxlen=MAX_UNREADABLE)
        self._received = 0
        self.limits = Limits(self.hub)
        self.accounts = Accounts(self.hub)
        self.orders = Orders(self.hub, self.accounts)
        self.news = News(self.hub)
        self.quotes = Quotes(self.hub, self.orders, self.news)
        self.depth = Depth(self.hub, self.quotes)
        lookups, pacing = Lookups(self.hub, self.quotes), HistoryPacing()
        self.tick_streams = TickStreams(self.hub, lookups)
        history, bars = History(self.hub, lookups, pacing), RealTimeBars(self.hub, lookups)
        self.upstream = Upstream(self.hub, self.orders)
        self._subscribed = (self.quotes, self.depth, self.tick_streams, history, bars)
        login = Login(self.hub)
        self.accounts.members_of = login.members_of
        self.orders.intake.groups = login.group_names
        broker.sharing.groups = login.group
        self._services: tuple[Service, ...] = (
            ProfitAndLoss(self.hub, self.accounts),
            Options(self.hub),
            login,
            DisplayGroups(self.hub),
            self.news,
            self.depth,
            Scanners(self.hub),
            Research(self.hub),
            Exercises(self.hub, self.orders),
            history,
            Archive(self.hub, lookups, pacing),
            bars,
            self.tick_streams,
        )
        self._handlers = _merge(
            (
                self._own_handlers(),
                Contracts(self.hub).handlers(),
                self.accounts.handlers(),
                self.orders.handlers(),
                self.quotes.handlers(),
                *(service.handlers() for service in self._services),
            )
        )

    @property
    def due_ms(self) -> int | None:
        return self.hub.due_ms

    def connect(self, peer: str, now_ms: int) -> Connection:
        self.hub.now_ms = now_ms
        started = datetime.fromtimestamp(now_ms / 1000, UTC)
        session = Session(
            max_version=self.hub.settings.server_version,
            connection_time=f"{started:%Y%m%d %H:%M:%S} UTC",
        )
        connection = Connection(session, peer)
        self.hub.connections.append(connection)
        return connection

    def receive(self, connection: Connection, data: bytes, now_ms: int) -> None:
        """Take what a client sent and answer it."""
        self.hub.now_ms = now_ms
        for event in connection.session.receive(data):
            self._on_event(connection, event)
            if connection.is_closing:
                return

    def disconnect(self, connection: Connection) -> None:
        """Forget a connection and its subscriptions; its orders live on."""
        connection.session.close()
        if connection in self.hub.connections:
            self.hub.connections.remove(connection)
            self.limits.forget(connection)
            self.orders.forget(connection)
            self.accounts.forget(connection)
            self.quotes.forget(connection)
            for service in self._services:
                service.forget(connection)
        if connection.is_started:
            log.info("client_disconnected", peer=connection.peer, client_id=connection.client_id)

    def answer(self, connection: Connection, request: Any) -> None:
        """Answer a request; not if a client sends too many, may not ask that, or IB is away."""
        if isinstance(request, StartApi):
            self._start(connection, request.client_id)
        elif self.limits.admits(connection, request) and not self.upstream.keeps(
            connection, request
        ):
            self._handlers[type(request)](connection, request)

    def run_due(self, now_ms: int) -> None:
        self.hub.run_due(now_ms)

    def leap(self, now_ms: int, end_ms: int) -> None:
        """A clock is about to be moved on by hand: show less of what nobody trades."""
        self.hub.now_ms = now_ms
        self.quotes.leap(end_ms)

    def show(self, instrument: Instrument, now_ms: int) -> None:
        """Display the quote of an instrument now, without waiting for the next step."""
        self.hub.now_ms = now_ms
        self.quotes.show(instrument)
        self.depth.show(instrument)
        self.tick_streams.show(instrument)

    def show_halts(self, instrument: Instrument, now_ms: int) -> None:
        """Tell who watches an instrument, or what follows it, whether it is halted now."""
        self.hub.now_ms = now_ms
        self.quotes.show(instrument)

    def publish(self, events: Iterable[BrokerEvent], now_ms: int) -> None:
        """Tell those concerned what somebody else had the broker do."""
        self.hub.now_ms = now_ms
        self.orders.publish(events)
        self.orders.on_working()

    def entitle(self, instrument: Instrument | None, entitlement: Entitlement, now_ms: int) -> None:
        """Set what the login may see of an instrument, or of all."""
        self.hub.now_ms = now_ms
        self.quotes.entitle(instrument, entitlement)

    def take_over(self, before: Gateway, now_ms: int) -> None:
        """Go on where another gateway of the login was ended: sessions are gone, but not what
        was set up for the login, nor what waits for IB.
        """
        self.hub.now_ms = now_ms
        self.requests, self._received = before.requests, before._received
        self.violations, self.hub.told = before.violations, before.hub.told
        self.hub.farms = before.hub.farms
        self.hub.lingering_ms = before.hub.lingering_ms
        self.quotes.take_over(before.quotes)
        self.orders.intake.take_over(before.orders.intake)
        self.upstream.take_over(before.upstream)
        self.orders.resume()

    # --- connectivity to IB ---

    def lose_upstream(self, loss: Loss, now_ms: int) -> None:
        """Lose the connection to IB: clients are told, and their orders go nowhere."""
        self.hub.now_ms = now_ms
        self.upstream.lose(loss)

    def restore_upstream(self, now_ms: int, *, data_lost: bool = False) -> None:
        """Have the connection to IB back; with lost data, nobody is subscribed any more."""
        self.hub.now_ms = now_ms
        if data_lost:
            for connection in self.hub.clients():
                for service in self._subscribed:
                    service.forget(connection)
        for connection, request in self.upstream.restore(data_lost=data_lost):
            self._handlers[type(request)](connection, request)

    def farm(self, name: str, state: FarmState, now_ms: int) -> None:
        """Have a data farm be in another state, and say so."""
        self.hub.now_ms = now_ms
        self.upstream.farm(name, state)

    # --- inside ---

    def _on_event(self, connection: Connection, event: Event) -> None:
        match event:
            case Advanced():
                if connection.interferer is not None and event.state is State.AWAIT_START:
                    connection.interferer.on_handshake(connection)
            case Started():
                self._admit(connection, StartApi(event.client_id))
            case Received():
                self._route(connection, event.request)
            case Unreadable():
                self._refuse(connection, event)
            case Violation():
                log.warning("protocol_violation", peer=connection.peer, reason=event.reason)
                self.violations.append(f"{connection.peer}: {event.reason}")
                connection.is_closing = True

    def _admit(self, connection: Connection, request: Any) -> None:
        """Answer a request, unless somebody interferes."""
        if connection.interferer is None or connection.interferer.admits(connection, request):
            self.answer(connection, request)

    def _start(self, connection: Connection, client_id: int) -> None:
        if self.hub.is_in_use(client_id):
            log.warning("client_id_in_use", peer=connection.peer, client_id=client_id)
            self.hub.error(connection, SYSTEM, 326)
            connection.is_closing = True
            return
        connection.client_id, connection.is_started = client_id, True
        log.info(
            "client_connected",
            peer=connection.peer,
            client_id=client_id,
            server_version=connection.session.version,
        )
        self.orders.download(connection)
        self._send_accounts(connection)
        self._send_next_id(connection)
        for farm, code in self.hub.farms.items():
            self.hub.error(connection, SYSTEM, code, farm=farm)

    def _route(self, connection: Connection, request: Any) -> None:
        self._received += 1
        self.requests.append(
            Request(self._received, self.hub.now_ms, connection.client_id, request)
        )
        self._admit(connection, request)

    def _refuse(self, connection: Connection, unreadable: Unreadable) -> None:
        error = unreadable.error
        connection.unreadable += 1
        log.warning(
            "request_unreadable",
            peer=connection.peer,
            client_id=connection.client_id,
            field=error.field,
            reason=str(error),
        )
        self.hub.error(connection, unreadable.id, 320, cause=_cause(error))
        if self.hub.settings.drops_unreadable or connection.unreadable >= MAX_UNREADABLE:
            log.warning("client_dropped", peer=connection.peer, unreadable=connection.unreadable)
            connection.is_closing = True

    def _own_handlers(self) -> Handlers:
        return {
            RequestIds: lambda connection, _: self._send_next_id(connection),
            RequestManagedAccounts: lambda connection, _: self._send_accounts(connection),
            RequestCurrentTime: lambda connection, _: connection.send(
                CurrentTime(self.hub.now_ms // 1000)
            ),
            RequestCurrentTimeInMillis: self._send_millis,
            SetServerLogLevel: _set_log_level,
        }

    def _send_millis(self, connection: Connection, request: RequestCurrentTimeInMillis) -> None:
        """Known since version 197; an older gateway does not know the message."""
        if connection.session.version >= MILLIS_SINCE:
            connection.send(CurrentTimeInMillis(self.hub.now_ms))
        else:
            cause = f"{type(request).__name__} needs server version {MILLIS_SINCE}"
            self.hub.error(connection, SYSTEM, 321, cause=cause)

    def _send_next_id(self, connection: Connection) -> None:
        connection.send(NextValidId(self.hub.broker.next_order_id(connection.client_id)))

    def _send_accounts(self, connection: Connection) -> None:
        connection.send(ManagedAccounts(",".join(self.hub.settings.accounts)))


def _set_log_level(connection: Connection, request: SetServerLogLevel) -> None:
    """No answer: the level is that of a real gateway's own log file."""
    log.info("server_log_level_requested", client_id=connection.client_id, level=request.level)


def _cause(error: DecodeError) -> str:
    """The exception text of a real gateway for a number that is none; else our own words."""
    if error.text is not None and error.expected in NUMBER_NAMES:
        what = f'java.lang.NumberFormatException: For input string: "{error.text[:80]}"'
        return f"Unable to parse data. {what}"
    return f"Unable to parse data. {error}"


def _merge(tables: Iterable[Handlers]) -> Handlers:
    """One dispatch table out of those of the domains; a request answered twice is a mistake."""
    merged: Handlers = {}
    for table in tables:
        if twice := merged.keys() & table.keys():
            raise TypeError(f"answered in two domains: {twice}")
        merged |= table
    return merged
