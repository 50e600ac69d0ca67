"""Counts what happens at a gateway, and does what faults ask for at their points.

Stands between the gateway and its clients only while there are faults. Pure: time is told to
it, what it plans is done by `run_due`, nothing is random. What actions do to a message is in
`messages`, what they do to a connection or the gateway in `effects`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.faults.actions import NAMES, ON_LINE, LoseUpstream, RestartGateway
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
    """A fault and its counters: `passed` has the bytes of each connection since it was injected."""

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
        self.refused_until_ms: int | None = 0
        self.effects = Effects(self, restart)
        self._transcript = transcript
        self._armed: dict[int, Armed] = {}
        self._lasting: dict[int, Fault] = {}
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
        return self.refused_until_ms is not None and self.refused_until_ms <= self.now_ms

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

    def release(self, fault_id: int) -> None:
        """End what lasts of a fault; what was kept back comes now."""
        self._lasting.pop(fault_id, None)
        for connection, line in list(self._lines.items()):
            if line.lift(fault_id):
                self._transcript.note(connection, f"fault {fault_id} is over")
                connection.slice_bytes = line.slice_bytes
                self._hear(line, connection, b"")
                self._bury(line, connection)
        self._watch()

    def restore_upstream(self, *, data_lost: bool) -> None:
        """Have the connection to IB back, whatever was to end its loss."""
        for id_, fault in list(self._lasting.items()):
            if isinstance(fault.action, LoseUpstream):
                del self._lasting[id_]
        self.gateway.restore_upstream(self.now_ms, data_lost=data_lost)

    def line(self, connection: Connection) -> Line:
        return self._lines.setdefault(connection, Line())

    def last(self, fault: Fault, seconds: float | None) -> None:
        """Have a fault last for a time."""
        self._lasting[fault.id] = fault
        if seconds is not None:
            self.plan(seconds * 1000, lambda: self._expire(fault.id))

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
        line, out = self.line(connection), bytearray()

        def send(part: bytes) -> None:
            out.extend(line.outgoing.take(part))

        data = connection.session.data_to_send()
        if data:
            self._through(Where.BYTE_OUT, connection, data, send)
        else:
            send(b"")
        return bytes(out)

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
        stream = self._streams.get((connection, where))
        if stream is None:
            stream = self._streams[connection, where] = Stream(self._deliver, self.plan)
        if letter.is_plain and not stream.is_busy:
            if where is Where.REPLY:
                letter.send()
            return True
        self._note_orders(letter)
        stream.let_by(letter)
        return False

    def _deliver(self, letter: Letter) -> None:
        """Hand on a message that was kept, or one more of it."""
        if letter.where is Where.REPLY:
            letter.send()
        elif letter.connection.is_closing:
            letter.copies = 0
            self._note_orders(letter)
        else:
            self.gateway.answer(letter.connection, letter.record)

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
        if letter is None or not letter.apply(fault.action):
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
            (armed.fired + 1) * max(armed.fault.at.count, 1) - armed.passed.get(connection, 0)
            for armed in self._concerned(where, connection)
        ]

    def _reached(self, where: Where, connection: Connection) -> Armed | None:
        for armed in self._concerned(where, connection):
            passed, count = armed.passed.get(connection, 0), armed.fault.at.count
            if passed >= count * (armed.fired + 1):
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
            self._streams.pop((connection, where), None)
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
        return self._lift_lasting(fault_id) or was_armed

    def _expire(self, fault_id: int) -> None:
        self._lift_lasting(fault_id)

    def _lift_lasting(self, fault_id: int) -> bool:
        fault = self._lasting.get(fault_id)
        if fault is None:
            return False
        self.effects.end(fault)
        self.release(fault_id)
        return True

    def _watch(self) -> None:
        """Stand between the gateway and its clients only if there is a reason to."""
        at_work = {id_ for line in self._lines.values() for id_ in line.fault_ids}
        for id_, fault in list(self._lasting.items()):
            if isinstance(fault.action, ON_LINE) and id_ not in at_work:
                del self._lasting[id_]  # whom it concerned is gone
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
