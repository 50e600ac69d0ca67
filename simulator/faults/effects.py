"""What actions do to connections, to the session of a client and to the gateway."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.broker import IdsReset
from simulator.faults import actions
from simulator.faults.actions import Direction, IdRule, Restart
from simulator.faults.messages import Letter
from simulator.faults.points import Where
from simulator.faults.table import Fault
from simulator.gateway import Connection
from simulator.gateway.hub import SYSTEM, Told
from simulator.gateway.texts import TEXTS
from simulator.gateway.upstream import Loss
from simulator.messages import REPLIES
from simulator.messages.connection import ErrorMessage
from simulator.messages.depth import MarketDepth, MarketDepthL2
from simulator.messages.history import HistoricalDataUpdate, RealTimeBar, TickByTick
from simulator.messages.market_data import TickGeneric, TickPrice, TickSize, TickString
from simulator.messages.options import TickOptionComputation
from simulator.messages.orders import CommissionReport, ExecutionData, OpenOrder, OrderStatus
from simulator.session import State
from simulator.wire import join_fields

if TYPE_CHECKING:
    from simulator.faults.engine import Faults

FROM_MARKET = frozenset(
    {
        TickPrice,
        TickSize,
        TickString,
        TickGeneric,
        TickOptionComputation,
        MarketDepth,
        MarketDepthL2,
        RealTimeBar,
        TickByTick,
        HistoricalDataUpdate,
    }
)
"""What no gateway has to tell while it cannot reach IB."""


PORT, UPSTREAM = "port", "upstream"
"""What faults do something to that is of nobody alone."""


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault at its point: of a connection, or of all that it concerns; at a message or none."""

    fault: Fault
    connection: Connection | None
    letter: Letter | None


Effect = Callable[[Any, Strike], None]


class Effects:
    """Carries out what is not about one message."""

    def __init__(self, faults: Faults, restart: Callable[[actions.RestartGateway], None]) -> None:
        self._faults = faults
        self._restart = restart
        self._silenced: dict[tuple[int, int], int] = {}
        self._silenced_executions: set[str] = set()
        self._stale: dict[Connection, Fault] = {}
        self._lingering: dict[int, int] = {}
        self._refused_until_ms: dict[int, int | None] = {}
        self._table: dict[type[actions.Action], Effect] = {
            actions.Fin: self._fin,
            actions.Rst: self._rst,
            actions.Mute: self._mute,
            actions.NeverRead: self._never_read,
            actions.Slice: self._slice,
            actions.Coalesce: self._coalesce,
            actions.Slow: self._slow,
            actions.Refuse: self._refuse,
            actions.Unknown: self._unknown,
            actions.Raw: self._raw,
            actions.Error: self._error,
            actions.Silence: self._silence,
            actions.StaleSession: self._stale_session,
            actions.NextId: self._next_id,
            actions.LoseUpstream: self._lose_upstream,
            actions.RestoreUpstream: self._restore_upstream,
            actions.Flap: self._flap,
            actions.Farm: self._farm,
            actions.RestartGateway: self._restart_gateway,
        }

    def carry_out(self, strike: Strike) -> None:
        self._table[type(strike.fault.action)](strike.fault.action, strike)

    def end(self, fault: Fault, what: Hashable) -> None:
        """End what a fault does to something: to a connection, an order, a client id, the port."""
        faults = self._faults
        match fault.action:
            case actions.Refuse():
                self._refused_until_ms.pop(fault.id, None)
            case actions.LoseUpstream() | actions.Flap() if not faults.is_lost_by_others(fault):
                if faults.gateway.upstream.is_lost:
                    faults.gateway.restore_upstream(faults.now_ms)
            case actions.Silence():
                self._silenced = {
                    order: id_ for order, id_ in self._silenced.items() if order != what
                }
            case actions.StaleSession() if isinstance(what, Connection):
                self._stale.pop(what, None)
            case actions.StaleSession() if isinstance(what, int):
                if self._lingering.get(what) == fault.id:
                    del self._lingering[what]
                    faults.gateway.hub.lingering_ms.pop(what, None)
            case _:
                pass

    @property
    def is_refusing(self) -> bool:
        """Whether the port is closed, by a fault or while the gateway restarts."""
        now_ms = self._faults.now_ms
        return any(ms is None or ms > now_ms for ms in self._refused_until_ms.values())

    def hides(self, connection: Connection, reply: Any) -> bool:
        """Whether a client is not told something, because of what lasts."""
        if type(reply) in FROM_MARKET and self._faults.gateway.upstream.is_lost:
            return True
        if not self._silenced:
            return False
        match reply:
            case OpenOrder(order_id=id_) | OrderStatus(order_id=id_) | ErrorMessage(id=id_):
                return (connection.client_id, id_) in self._silenced
            case ExecutionData(order_id=id_, execution=execution):
                is_hidden = (connection.client_id, id_) in self._silenced
                if is_hidden:
                    self._silenced_executions.add(execution.exec_id)
                return is_hidden
            case CommissionReport(exec_id=exec_id):
                return exec_id in self._silenced_executions
            case _:
                return False

    def on_gone(self, connection: Connection) -> None:
        """A client has left, and perhaps its session has not."""
        fault = self._stale.pop(connection, None)
        if fault is not None and connection.is_started:
            self._linger(fault, connection.client_id)

    # --- connections ---

    def _fin(self, _: actions.Fin, at: Strike) -> None:
        for each in self._faults.targets(at.fault, at.connection):
            cut(each, resets=False)
        _lose(at.letter)

    def _rst(self, _: actions.Rst, at: Strike) -> None:
        for each in self._faults.targets(at.fault, at.connection):
            cut(each, resets=True)
        _lose(at.letter)

    def _stop(self, at: Strike, direction: Direction, *, buffer: bool) -> None:
        for each in self._targets(at):
            if direction is not Direction.IN and at.fault.at.where is not Where.HANDSHAKE:
                self._faults.let_out(each)  # what was said before gets through
            for way in self._faults.line(each).ways(direction):
                way.stops[at.fault.id] = buffer

    def _targets(self, at: Strike) -> list[Connection]:
        return [*self._faults.targets(at.fault, at.connection)]

    def _last(self, at: Strike, seconds: float | None) -> None:
        """Have what a fault does to connections last for a time."""
        self._faults.last(at.fault, seconds, self._targets(at))

    def _mute(self, action: actions.Mute, at: Strike) -> None:
        """A message at which it begins does not get through any more."""
        self._stop(at, action.direction, buffer=action.buffer)
        self._last(at, action.seconds)
        letter = at.letter
        if letter is not None and letter.where is Where.REQUEST:
            is_stopped = action.direction is not Direction.OUT
            if is_stopped and not action.buffer:
                letter.copies = 0

    def _never_read(self, action: actions.NeverRead, at: Strike) -> None:
        self._stop(at, Direction.BOTH, buffer=True)
        for each in self._faults.targets(at.fault, at.connection):
            self._faults.line(each).unread.add(at.fault.id)
        self._last(at, action.seconds)

    def _slice(self, action: actions.Slice, at: Strike) -> None:
        for each in self._faults.targets(at.fault, at.connection):
            line = self._faults.line(each)
            line.slices[at.fault.id] = action.size
            each.slice_bytes = line.slice_bytes
        self._last(at, action.seconds)

    def _coalesce(self, action: actions.Coalesce, at: Strike) -> None:
        self._stop(at, Direction.OUT, buffer=True)
        self._last(at, action.seconds)

    def _slow(self, action: actions.Slow, at: Strike) -> None:
        for each in self._faults.targets(at.fault, at.connection):
            for way in self._faults.line(each).ways(action.direction):
                way.rates[at.fault.id] = action.bytes_per_s
        self._last(at, action.seconds)
        self._faults.drip()

    def _refuse(self, action: actions.Refuse, at: Strike) -> None:
        self._close_port(at.fault.id, action.seconds)
        self._faults.last(at.fault, action.seconds, [PORT])

    def _close_port(self, fault_id: int, seconds: float | None) -> None:
        """Close it for a time (None: until told otherwise)."""
        faults = self._faults
        until_ms = None if seconds is None else faults.now_ms + round(seconds * 1000)
        self._refused_until_ms[fault_id] = until_ms
        if seconds is not None:
            faults.plan(seconds * 1000, lambda: None)  # somebody has to look at it then

    # --- messages of its own ---

    def _send(self, at: Strike, send: Callable[[Connection], None]) -> None:
        """Send something past all faults; after the reply at which it stands."""
        letter = at.letter
        if letter is not None and letter.where is Where.REPLY:
            origin = letter.connection
            letter.after.append(lambda: send(origin))
            return
        for each in self._faults.targets(at.fault, at.connection):
            send(each)

    def _unknown(self, action: actions.Unknown, at: Strike) -> None:
        payload = join_fields([str(action.message_id), *action.texts])
        self._send(at, lambda c: c.session.send_payload(payload))

    def _raw(self, action: actions.Raw, at: Strike) -> None:
        data = bytes.fromhex(action.data)
        self._send(at, lambda c: c.session.send_bytes(data))

    def _error(self, action: actions.Error, at: Strike) -> None:
        letter = at.letter
        id_ = action.id if action.id is not None else _id_of(letter)
        error = ErrorMessage(
            id_, action.code, action.text or TEXTS[action.code], time_ms=self._faults.now_ms
        )
        self._send(at, lambda c: self._tell(c, error))
        if action.instead and letter is not None:
            if letter.where is Where.REPLY:
                self._tell(letter.connection, error)
            letter.copies = 0

    def _tell(self, connection: Connection, error: ErrorMessage) -> None:
        """Possible as soon as a version is agreed on, which is before a session is ready."""
        session, hub = connection.session, self._faults.gateway.hub
        if session.version and session.state is not State.CLOSED:
            hub.told.append(Told(self._faults.now_ms, connection.client_id, error))
            session.send_payload(join_fields(REPLIES.encode(error, session.version)))

    # --- sessions ---

    def _silence(self, _: actions.Silence, at: Strike) -> None:
        if at.letter is not None:
            key = (at.letter.connection.client_id, at.letter.record.order_id)
            self._silenced[key] = at.fault.id
            self._faults.last(at.fault, None, [key])

    def _stale_session(self, _: actions.StaleSession, at: Strike) -> None:
        targets = self._targets(at)
        self._stale |= dict.fromkeys(targets, at.fault)
        self._faults.last(at.fault, None, targets)
        if not targets and at.fault.client_id is not None:
            self._linger(at.fault, at.fault.client_id)

    def _linger(self, fault: Fault, client_id: int) -> None:
        faults, action = self._faults, fault.action
        seconds = action.seconds if isinstance(action, actions.StaleSession) else None
        until_ms = None if seconds is None else faults.now_ms + round(seconds * 1000)
        faults.gateway.hub.lingering_ms[client_id] = until_ms
        self._lingering[client_id] = fault.id
        faults.last(fault, seconds, [client_id])

    def _next_id(self, action: actions.NextId, at: Strike) -> None:
        if at.fault.client_id is not None:
            self.reset_ids({at.fault.client_id}, action.rule, action.by)
        elif at.connection is not None:
            self.reset_ids({at.connection.client_id}, action.rule, action.by)
        else:
            orders = self._faults.gateway.hub.broker.orders()
            clients = self._faults.gateway.hub.clients()
            known = {order.client_id for order in orders} | {c.client_id for c in clients}
            self.reset_ids(known, action.rule, action.by)

    def reset_ids(self, client_ids: set[int], rule: IdRule, by: int) -> None:
        """Have the ids of clients be counted from elsewhere."""
        if rule is IdRule.MONOTONE:
            return
        broker = self._faults.gateway.hub.broker
        for client_id in sorted(client_ids):
            usual = broker.next_order_id(client_id)
            start = {IdRule.BACK: max(1, usual - by), IdRule.RESET: 1, IdRule.AHEAD: usual + by}
            broker.note(IdsReset(client_id, start[rule]), self._faults.now_ms)

    # --- the gateway ---

    def _lose_upstream(self, action: actions.LoseUpstream, at: Strike) -> None:
        self._faults.gateway.lose_upstream(action.loss, self._faults.now_ms)
        self._faults.last(at.fault, action.seconds, [UPSTREAM])

    def _restore_upstream(self, action: actions.RestoreUpstream, _: Strike) -> None:
        self._faults.restore_upstream(data_lost=action.data_lost)

    def _flap(self, action: actions.Flap, at: Strike) -> None:
        faults, half_ms = self._faults, action.seconds * 500

        def lose() -> None:
            if faults.is_lasting(at.fault):
                faults.gateway.lose_upstream(Loss(), faults.now_ms)

        def restore() -> None:
            is_free = faults.is_lasting(at.fault) and not faults.is_lost_by_others(at.fault)
            if is_free and faults.gateway.upstream.is_lost:
                faults.gateway.restore_upstream(faults.now_ms)

        for turn in range(action.count):
            faults.plan(2 * turn * half_ms, lose)
            faults.plan((2 * turn + 1) * half_ms, restore)
        faults.last(at.fault, action.count * action.seconds, [UPSTREAM])

    def _farm(self, action: actions.Farm, _: Strike) -> None:
        self._faults.gateway.farm(action.name, action.state, self._faults.now_ms)

    def _restart_gateway(self, action: actions.RestartGateway, at: Strike) -> None:
        """Soft keeps what waits for IB, as gateways from 10.40 on are told to do."""
        gateway, now_ms = self._faults.gateway, self._faults.now_ms
        known = {order.client_id for order in gateway.hub.broker.orders()}
        for each in list(gateway.hub.connections):
            cut(each, resets=action.kind is Restart.CRASH)
        if action.kind is not Restart.SOFT:
            gateway.upstream.forget_waiting("the gateway was restarted")
        gateway.hub.broker.forget_untransmitted(now_ms)
        self.reset_ids(known, action.next_id, action.by)
        self._restart(action)
        self._close_port(at.fault.id, action.outage_s)
        _lose(at.letter)


def cut(connection: Connection, *, resets: bool) -> None:
    """End a connection: what waits in its session may still go, and nothing after it."""
    connection.session.close()
    connection.is_closing = True
    connection.resets = resets


def _lose(letter: Letter | None) -> None:
    if letter is not None:
        letter.copies = 0


def _id_of(letter: Letter | None) -> int:
    record = letter.record if letter is not None else None
    for name in ("order_id", "req_id", "id"):
        id_ = getattr(record, name, None)
        if isinstance(id_, int):
            return id_
    return SYSTEM
