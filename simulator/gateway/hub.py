"""Connections, time and fan-out: what every domain of the gateway stands on."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter
from typing import Any, Protocol

from simulator.broker import Broker
from simulator.gateway.texts import TEXTS
from simulator.instruments import ContractDatabase
from simulator.market import STEP_MS, Market
from simulator.messages.connection import ErrorMessage
from simulator.session import DEFAULT_VERSION, Session

FARMS = ((2104, "usfarm"), (2104, "cashfarm"), (2106, "ushmds"), (2158, "secdefnj"))
"""The farms of a healthy gateway, and how their state is told."""

SYSTEM = -1
"""The id of errors and notices that belong to no request."""

MAX_TOLD = 10_000
"""Errors and notices that are kept for whoever asks what clients were told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the owner of a gateway sets up before it starts.

    `max_tickers` is the number of market data lines of the login (101 beyond it);
    `download_open_orders` replays a client's open orders when it connects;
    `max_requests_per_s` is the message rate of one client above which requests are
    rejected (None: no limit); `read_only` refuses whatever writes orders; `withheld` names
    what the login has no permission for: security types (460) and symbols (203) it may not
    trade, and `calendar` (10276); `drops_unreadable` ends the session of a client whose
    request cannot be read, as gateways before 10.28 did; `historical_pacing` refuses
    requests for history that come too fast (see `pacing`); `commission_delay_ms` is how long
    after a fill its commission is told; `repeats_status` sends what is told of an order twice,
    as gateways often do; `seed` decides what is made up
    beside prices: depth, news, reports.
    """

    accounts: tuple[str, ...] = ("DU1234567",)
    server_version: int = DEFAULT_VERSION
    master_client_id: int | None = None
    max_tickers: int = 100
    download_open_orders: bool = True
    seed: int = 0
    max_requests_per_s: int | None = None
    read_only: bool = False
    historical_pacing: bool = False
    withheld: frozenset[str] = frozenset()
    drops_unreadable: bool = False
    commission_delay_ms: int = 0
    repeats_status: bool = False


class Interferer(Protocol):
    """Who stands between a gateway and its clients while faults are injected."""

    def on_handshake(self, connection: Connection) -> None:
        """The peer has said which versions it speaks; the answer waits to be sent."""

    def admits(self, connection: Connection, request: Any) -> bool:
        """Whether the gateway is to answer a request now."""

    def reply(self, connection: Connection, reply: Any) -> None:
        """Send a reply, or whatever becomes of it."""

    def outgoing(self, connection: Connection) -> bytes:
        """What of that which waits in the session goes to the peer now."""

    def unsent_bytes(self, connection: Connection) -> int:
        """How much is kept back of what is to go to the peer."""

    def is_held(self, connection: Connection) -> bool:
        """Whether bytes of the connection are kept back in either direction."""

    def is_unread(self, connection: Connection) -> bool:
        """Whether nothing is to be read from the socket now."""


@dataclass(slots=True, eq=False)
class Connection:
    """One client, as far as the gateway knows it. `client_id` counts once `is_started`.

    A connection that `resets` is to be closed by a reset; `slice_bytes` is how much is to be
    written at once (0: all there is).
    """

    session: Session
    peer: str
    client_id: int = SYSTEM
    is_started: bool = False
    is_closing: bool = False
    unreadable: int = 0
    resets: bool = False
    slice_bytes: int = 0
    interferer: Interferer | None = None

    def send(self, *replies: Any) -> None:
        if self.interferer is None:
            for reply in replies:
                self.session.send(reply)
        else:
            for reply in replies:
                self.interferer.reply(self, reply)

    def data_to_send(self) -> bytes:
        """The bytes that the peer is to get now."""
        if self.interferer is None:
            return self.session.data_to_send()
        return self.interferer.outgoing(self)

    @property
    def unsent_bytes(self) -> int:
        """How much is kept back of what is to go to the peer."""
        return 0 if self.interferer is None else self.interferer.unsent_bytes(self)

    @property
    def is_held(self) -> bool:
        """Whether bytes are kept back, so that silence is no fault of the peer."""
        return self.interferer is not None and self.interferer.is_held(self)

    @property
    def is_unread(self) -> bool:
        """Whether nothing is to be read from the socket now."""
        return self.interferer is not None and self.interferer.is_unread(self)


@dataclass(frozen=True, slots=True)
class Told:
    """An error or notice, as a client was told it; client -1: one that is not through yet."""

    time_ms: int
    client_id: int
    message: ErrorMessage


Handlers = dict[type, Callable[[Connection, Any], object]]
"""Request class to the function that answers it; what the function returns does not count."""


class Hub:
    """What the domains share: who is there, what time it is, what is due, what is true.

    `lingering_ms` has the client ids whose sessions are gone and not let go of yet, with the
    time until which they are not (None: for good); `farms` the code of each farm's state.
    """

    def __init__(self, settings: Settings, broker: Broker, market: Market) -> None:
        self.settings = settings
        self.broker = broker
        self.market = market
        self.connections: list[Connection] = []
        self.lingering_ms: dict[int, int | None] = {}
        self.farms: dict[str, int] = {farm: code for code, farm in FARMS}
        self.told: deque[Told] = deque(maxlen=MAX_TOLD)
        self.now_ms = 0
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._planned = 0

    @property
    def database(self) -> ContractDatabase:
        return self.broker.database

    def clients(self) -> list[Connection]:
        """The connections that are through the handshake."""
        return [c for c in self.connections if c.is_started and not c.is_closing]

    def is_in_use(self, client_id: int) -> bool:
        """Whether a client id cannot be taken: its session is there, or is not let go of yet."""
        if client_id in self.lingering_ms:
            until_ms = self.lingering_ms[client_id]
            if until_ms is None or until_ms > self.now_ms:
                return True
            del self.lingering_ms[client_id]
        return any(client.client_id == client_id for client in self.clients())

    def audience(self, client_id: int) -> list[Connection]:
        """Who is told of an order live: the client that placed it, and the master client."""
        told = {client_id, self.settings.master_client_id}
        return [c for c in self.clients() if c.client_id in told]

    def error(self, connection: Connection, id_: int, code: int, **facts: object) -> None:
        """Send an error or notice to one client."""
        text = TEXTS[code].format(id=id_, **facts)
        self._tell(connection, ErrorMessage(id_, code, text, time_ms=self.now_ms))

    def refuse(self, connection: Connection, id_: int, code: int, reason: str) -> None:
        """Send an error whose text, or the reason in it, somebody else decides on."""
        text = TEXTS.get(code, "")
        fields = [name for _, name, _, _ in Formatter().parse(text) if name]
        filled = text.format(**dict.fromkeys(fields, reason)) if fields else reason or text
        self._tell(connection, ErrorMessage(id_, code, filled, time_ms=self.now_ms))

    def _tell(self, connection: Connection, message: ErrorMessage) -> None:
        self.told.append(Told(self.now_ms, connection.client_id, message))
        connection.send(message)

    def plan(self, due_ms: int, action: Callable[[], None]) -> None:
        """Have something done at a time; what is due together is done in order of planning."""
        self._planned += 1
        heapq.heappush(self._agenda, (due_ms, self._planned, action))

    def next_step_ms(self) -> int:
        """When quotes change next."""
        return (self.now_ms // STEP_MS + 1) * STEP_MS

    @property
    def due_ms(self) -> int | None:
        """When there is something to do next, if ever."""
        return self._agenda[0][0] if self._agenda else None

    def run_due(self, now_ms: int) -> None:
        """Do all that is due by now, each at its own time."""
        while self._agenda and self._agenda[0][0] <= now_ms:
            due_ms, _, action = heapq.heappop(self._agenda)
            self.now_ms = max(self.now_ms, due_ms)
            action()
        self.now_ms = now_ms
