"""Counts what happens at a gateway, and does what faults ask for at their points.

Stands between the gateway and its clients only while there are faults. Pure: time is told to
it, what it plans is done by `run_due`, nothing is random. What actions do to a message is in
`messages`, what they do to a connection or the gateway in `effects`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.faults.actions import KEEPING, NAMES, LoseUpstream, RestartGateway
from simulator.faults.effects import Effects, Strike
from simulator.faults.line import Line
from simulator.faults.messages import Letter, Stream
from simulator.faults.points import Where
from simulator.faults.table import Fault
from simulator.gateway import Connection, Gateway
from simulator.gateway.upstream import WRITING, dropped, held
from simulator.logs import Log
from simulator.messages.connection import StartApi
from simulator.transcript import Transcript

log = Log(__name__)

INJECTED = "a fault"
DRIP_MS = 100
"""How often a slowed connection lets bytes pass."""

Restarter = Callable[[RestartGateway], None]
"""What restarts the gateway."""


@dataclass(slots=True, eq=False)
class Armed:
    """A fault and its counters: `passed` has the bytes of each connection since it was injected,
    or has struck there.
    """

    fault: Fault
    seen: int = 0
    fired: int = 0
    passed: dict[Connection, int] = field(default_factory=dict)

    @property
    def is_spent(self) -> bool:
        return self.fault.times is not None and self.fired >= self.fault.times

    def counts(self) -> bool:
        """Count one more of what the fault waits for; whether it strikes now."""
        self.seen += 1
        return not self.is_spent and self.seen >= self.fault.at.count


class Faults:
    """The faults of one gateway; an `Interferer` of its connections."""

    def __init__(self, gateway: Gateway, transcript: Transcript, restart: Restarter) -> None:
        self.gateway = gateway
        self.now_ms = gateway.hub.now_ms
        self.effects = Effects(self, restart)
        self._transcript = transcript
        self._armed: dict[int, Armed] = {}
        self._lasting: dict[int, Fault] = {}
        self._until_ms: dict[int, dict[Hashable, int | None]] = {}
        self._fired: dict[int, int] = {}
        self._lines: dict[Connection, Line] = {}
        self._streams: dict[tuple[Connection, Where], Stream] = {}
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._planned = 0
        self._is_dripping = False

    # --- what a test does ---

    def inject(self, fault: Fault, now_ms: int) -> None:
        """Have a fault strike at its point."""
        self.now_ms = now_ms
        armed = Armed(fault)
        if fault.at.where is Where.NOW:
            self._strike(armed, None)
        else:
            self._armed[fault.id] = armed
            if fault.at.where is Where.TIME:
                self.plan(fault.at.delay_ms, lambda: self._on_time(armed))
        self._watch()

    def clear(self, fault_id: int | None, now_ms: int) -> bool:
        """Take a fault back and end what it does, or all; whether there was anything."""
        self.now_ms = now_ms
        ids = [fault.id for fault in self.faults] if fault_id is None else [fault_id]
        lifted = [self._lift(id_) for id_ in ids]
        self._watch()
        return any(lifted)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Those that wait for their point, and those that last, in order of injection."""
        waiting = {id_: armed.fault for id_, armed in self._armed.items()}
        there = waiting | self._lasting
        return tuple(replace(there[id_], fired=self._fired.get(id_, 0)) for id_ in sorted(there))

    @property
    def is_listening(self) -> bool:
        """Whether the port is open."""
        return not self.effects.is_refusing

    # --- time ---

    @property
    def due_ms(self) -> int | None:
        return self._agenda[0][0] if self._agenda else None

    def plan(self, delay_ms: float, action: Callable[[], None]) -> None:
        """Have something done after a time."""
        self._planned += 1
        due_ms = self.now_ms + round(delay_ms)
        heapq.heappush(self._agenda, (due_ms, self._planned, action))

    def run_due(self, now_ms: int) -> None:
        while self._agenda and self._agenda[0][0] <= now_ms:
            due_ms, _, action = heapq.heappop(self._agenda)
            self.now_ms = max(self.now_ms, due_ms)
            action()
        self.now_ms = now_ms
        self._watch()

    def _on_time(self, armed: Armed) -> None:
        if armed.fault.id not in self._armed:
            return
        self._strike(armed, None)
        if not armed.is_spent:
            self.plan(max(armed.fault.at.delay_ms, 1), lambda: self._on_time(armed))

    # --- connections ---

    def on_accept(self, connection: Connection, now_ms: int) -> None:
        self.now_ms = now_ms
        for armed in self._waiting(Where.ACCEPT):
            if armed.counts():
                self._strike(armed, connection)
        self._watch()

    def receive(self, connection: Connection, data: bytes, now_ms: int) -> None:
        """Take what a client sent, as far as it comes through."""
        self.now_ms = now_ms
        line = self.line(connection)
        self._through(
            Where.BYTE_IN, connection, data, lambda part: self._hear(line, connection, part)
        )
        self._watch()

    def disconnect(self, connection: Connection) -> None:
        """Forget a client that is gone, once nothing of it waits to be heard."""
        line = self._lines.get(connection)
        if line is not None and line.incoming.waiting and not connection.is_closing:
            line.is_gone = True
            self._transcript.note(connection, "gone, with bytes that are still to be heard")
            return
        self._end(connection)

    def restore_upstream(self, *, data_lost: bool) -> None:
        """Have the connection to IB back, whatever was to end its loss."""
        for id_, fault in list(self._lasting.items()):
            if isinstance(fault.action, LoseUpstream):
                self._forget(id_)
        self.gateway.restore_upstream(self.now_ms, data_lost=data_lost)

    def let_out(self, connection: Connection) -> None:
        """Let what waits in the session by now go out, before something stops what follows."""
        data = connection.session.data_to_send()
        line = self.line(connection)

        def send(part: bytes) -> None:
            line.passed.extend(line.outgoing.take(part))

        self._through(Where.BYTE_OUT, connection, data, send)
        send(connection.session.data_to_send())  # what faults at those bytes say, uncounted

    def line(self, connection: Connection) -> Line:
        return self._lines.setdefault(connection, Line())

    def last(self, fault: Fault, seconds: float | None, whats: Iterable[Hashable]) -> None:
        """Have what a fault does to something last for a time (None: until it is cleared)."""
        until_ms = None if seconds is None else self.now_ms + round(seconds * 1000)
        ends = self._until_ms.setdefault(fault.id, {})
        ends |= dict.fromkeys(whats, until_ms)
        if not ends:
            self._forget(fault.id)
            return
        self._lasting[fault.id] = fault
        if seconds is not None:
            self.plan(seconds * 1000, lambda: self._expire(fault.id))

    def is_lasting(self, fault: Fault) -> bool:
        return fault.id in self._lasting

    def is_lost_by_others(self, fault: Fault) -> bool:
        """Whether the connection to IB is to stay lost, even without this fault."""
        return any(
            isinstance(other.action, LoseUpstream) and other.id != fault.id
            for other in self._lasting.values()
        )

    def drip(self) -> None:
        """Let slowed connections go on, from time to time."""
        if not self._is_dripping:
            self._is_dripping = True
            self.plan(DRIP_MS, self._drip)

    # --- what the gateway asks: see `Interferer` ---

    def on_handshake(self, connection: Connection) -> None:
        for armed in self._waiting(Where.HANDSHAKE):
            if armed.counts():
                self._strike(armed, connection)

    def admits(self, connection: Connection, request: Any) -> bool:
        client_id = request.client_id if isinstance(request, StartApi) else connection.client_id
        return self._pass(Where.REQUEST, connection, request, client_id)

    def reply(self, connection: Connection, reply: Any) -> None:
        if not self.effects.hides(connection, reply):
            self._pass(Where.REPLY, connection, reply, connection.client_id)

    def outgoing(self, connection: Connection) -> bytes:
        self.let_out(connection)
        line = self.line(connection)
        out = bytes(line.passed)
        line.passed.clear()
        return out

    def unsent_bytes(self, connection: Connection) -> int:
        line = self._lines.get(connection)
        return 0 if line is None else len(line.outgoing.waiting)

    def is_held(self, connection: Connection) -> bool:
        line = self._lines.get(connection)
        return line is not None and line.is_held

    def is_unread(self, connection: Connection) -> bool:
        line = self._lines.get(connection)
        return line is not None and line.is_unread

    # --- inside: firing ---

    def _waiting(self, where: Where, name: str = "") -> list[Armed]:
        """The faults that wait for what happens now, in order of injection."""
        armed = self._armed.values()
        return [
            each for each in armed if (each.fault.at.where, each.fault.at.name) == (where, name)
        ]

    def _pass(self, where: Where, connection: Connection, record: Any, client_id: int) -> bool:
        """Let a message by, or do to it what faults ask for; whether it goes on at once."""
        letter = Letter(where, connection, record)
        for armed in self._waiting(where, type(record).__name__):
            if armed.fault.client_id in {None, client_id} and armed.counts():
                self._strike(armed, connection, letter)
        stream = self._stream(connection, where)
        if letter.is_plain and not stream.is_busy:
            if where is Where.REPLY:
                letter.send()
            return True
        self._note_orders(letter)
        if letter.is_kept:
            for fault in letter.kept_by:
                self.last(fault, None, [letter])
        stream.let_by(letter)
        return False

    def _stream(self, connection: Connection, where: Where) -> Stream:
        way = connection, where
        if way not in self._streams:
            self._streams[way] = Stream(self._deliver, self.plan)
        return self._streams[way]

    def _deliver(self, letter: Letter) -> None:
        """Hand on a message that was kept, or one more of it."""
        self._forget_kept(letter)
        is_here = letter.connection in self.gateway.hub.connections
        if letter.where is Where.REPLY:
            letter.send()
        elif letter.connection.is_closing:
            self._lose(letter)
        elif is_here or isinstance(letter.record, WRITING):
            self.gateway.answer(letter.connection, letter.record)

    def _forget_kept(self, letter: Letter) -> None:
        for fault in letter.kept_by:
            self._ended(fault.id, letter)

    def _lose(self, letter: Letter) -> None:
        letter.copies = 0
        self._note_orders(letter)

    def _note_orders(self, letter: Letter) -> None:
        """Have the broker's journal say what becomes of a request about orders."""
        if letter.where is Where.REQUEST and isinstance(letter.record, WRITING):
            note = self.gateway.hub.broker.note
            if not letter.copies:
                note(dropped(letter.connection, letter.record, INJECTED), self.now_ms)
            elif letter.delay_s is not None or letter.window:
                note(held(letter.connection, letter.record, INJECTED), self.now_ms)

    def _strike(
        self, armed: Armed, connection: Connection | None, letter: Letter | None = None
    ) -> None:
        fault = armed.fault
        armed.fired += 1
        self._fired[fault.id] = armed.fired
        if armed.is_spent:
            self._armed.pop(fault.id, None)
        name = NAMES[type(fault.action)]
        log.info("fault_struck", id=fault.id, at=str(fault.at), action=name)
        self._transcript.note(connection, f"fault {fault.id}: {name} at {fault.at}")
        self.gateway.hub.now_ms = self.now_ms
        if letter is not None and letter.apply(fault.action):
            if isinstance(fault.action, KEEPING):
                letter.kept_by.append(fault)
        else:
            self.effects.carry_out(Strike(fault, connection, letter))

    def targets(self, fault: Fault, connection: Connection | None) -> Iterator[Connection]:
        """The connections a fault concerns."""
        if connection is not None:
            yield connection
            return
        for each in list(self.gateway.hub.connections):
            is_meant = fault.client_id in {None, each.client_id}
            if is_meant and not each.is_closing:
                yield each

    def _through(
        self, where: Where, connection: Connection, data: bytes, take: Callable[[bytes], None]
    ) -> None:
        """Hand bytes on, and do what stands at those between."""
        while data or self._reached(where, connection):
            reached = self._reached(where, connection)
            if reached is not None:
                reached.passed[connection] = 0
                self._strike(reached, connection)
                if connection.is_closing:
                    return
                continue
            size = min([len(data), *self._distances(where, connection)])
            part, data = data[:size], data[size:]
            for armed in self._concerned(where, connection):
                armed.passed[connection] = armed.passed.get(connection, 0) + size
            take(part)

    def _concerned(self, where: Where, connection: Connection) -> list[Armed]:
        return [
            armed
            for armed in self._waiting(where)
            if armed.fault.client_id in {None, connection.client_id}
        ]

    def _distances(self, where: Where, connection: Connection) -> list[int]:
        """How many bytes it is to the next points."""
        return [
            max(armed.fault.at.count, 1) - armed.passed.get(connection, 0)
            for armed in self._concerned(where, connection)
        ]

    def _reached(self, where: Where, connection: Connection) -> Armed | None:
        for armed in self._concerned(where, connection):
            if armed.passed.get(connection, 0) >= armed.fault.at.count:
                return armed
        return None

    # --- inside: lines ---

    def _hear(self, line: Line, connection: Connection, data: bytes) -> None:
        heard = line.incoming.take(data)
        if heard and not connection.is_closing:
            self.gateway.receive(connection, heard, self.now_ms)

    def _bury(self, line: Line, connection: Connection) -> None:
        if line.is_gone and not line.incoming.waiting:
            self._end(connection)

    def _end(self, connection: Connection) -> None:
        self.effects.on_gone(connection)
        self._lines.pop(connection, None)
        for where in (Where.REQUEST, Where.REPLY):
            stream = self._streams.pop((connection, where), None)
            for letter in stream.abandon() if stream is not None else ():
                self._forget_kept(letter)
                self._lose(letter)
        for id_ in list(self._until_ms):
            self._ended(id_, connection)
        for armed in self._armed.values():
            armed.passed.pop(connection, None)
        self.gateway.disconnect(connection)

    def _drip(self) -> None:
        self._is_dripping = False
        for connection, line in list(self._lines.items()):
            for way in (line.incoming, line.outgoing):
                way.allow(DRIP_MS / 1000)
            self._hear(line, connection, b"")
            self._bury(line, connection)
        if any(line.incoming.rates or line.outgoing.rates for line in self._lines.values()):
            self.drip()

    def _lift(self, fault_id: int) -> bool:
        was_armed = self._armed.pop(fault_id, None) is not None
        fault, ends = self._lasting.get(fault_id), [*self._until_ms.get(fault_id, ())]
        for what in ends:
            self._lift_from(fault_id, what)
        return was_armed or fault is not None

    def _expire(self, fault_id: int) -> None:
        """End what is over by now; where a fault has struck again, that goes on."""
        for what, until_ms in list(self._until_ms.get(fault_id, {}).items()):
            if until_ms is not None and until_ms <= self.now_ms:
                self._lift_from(fault_id, what)

    def _lift_from(self, fault_id: int, what: Hashable) -> None:
        """End what a fault does to something; what was kept back comes now."""
        fault = self._lasting.get(fault_id)
        if fault is None or what not in self._until_ms[fault_id]:
            return  # it ended with another
        self._ended(fault_id, what)
        self.effects.end(fault, what)
        if isinstance(what, Letter):
            self._stream(what.connection, what.where).release(what)
        elif isinstance(what, Connection):
            self._release(fault_id, what)

    def _release(self, fault_id: int, connection: Connection) -> None:
        line = self._lines.get(connection)
        if line is not None and line.lift(fault_id):
            self._transcript.note(connection, f"fault {fault_id} is over")
            connection.slice_bytes = line.slice_bytes
            self._hear(line, connection, b"")
            self._bury(line, connection)

    def _ended(self, fault_id: int, what: Hashable) -> None:
        """Forget that a fault does something; the fault too, if that was the last."""
        ends = self._until_ms.get(fault_id, {})
        ends.pop(what, None)
        if not ends:
            self._forget(fault_id)

    def _forget(self, fault_id: int) -> None:
        self._until_ms.pop(fault_id, None)
        self._lasting.pop(fault_id, None)

    def _watch(self) -> None:
        """Stand between the gateway and its clients only if there is a reason to."""
        self._lines = {c: line for c, line in self._lines.items() if not line.is_free}
        is_needed = bool(
            self._armed
            or self._lasting
            or self._lines
            or self.gateway.upstream.is_lost
            or any(stream.is_busy for stream in self._streams.values())
        )
        for connection in self.gateway.hub.connections:
            connection.interferer = self if is_needed else None
