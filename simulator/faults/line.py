"""The bytes of one connection in both directions, as far as they are kept back.

Knows no message. Rule: bytes are never reordered, and what is lost is lost from a point on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.faults.actions import Direction

MAX_HELD_BYTES = 1 << 20
"""What is kept of a client's bytes before its socket is not read any more."""


@dataclass(slots=True)
class Way:
    """One direction. `stops` has the faults that stop it and whether each keeps what comes;
    `rates` those that slow it, in bytes a second; `allowed` is what may pass before more time.
    """

    stops: dict[int, bool] = field(default_factory=dict)
    rates: dict[int, int] = field(default_factory=dict)
    waiting: bytearray = field(default_factory=bytearray)
    allowed: float = 0.0

    @property
    def is_free(self) -> bool:
        return not (self.stops or self.rates or self.waiting)

    @property
    def rate(self) -> int | None:
        return min(self.rates.values()) if self.rates else None

    def take(self, data: bytes) -> bytes:
        """What passes now, of that which waited and of what comes."""
        if self.stops:
            if all(self.stops.values()):
                self.waiting += data
            return b""
        self.waiting += data
        size = len(self.waiting)
        if self.rates:
            size = min(size, int(self.allowed))
            self.allowed -= size
        passed = bytes(self.waiting[:size])
        del self.waiting[:size]
        return passed

    def allow(self, seconds: float) -> None:
        """Let pass what passes in a time; what was not used is not saved up."""
        if self.rate is not None:
            self.allowed = self.allowed % 1 + self.rate * seconds

    def lift(self, fault_id: int) -> None:
        self.stops.pop(fault_id, None)
        self.rates.pop(fault_id, None)


@dataclass(slots=True)
class Line:
    """One connection. `is_gone`: its client is, while something of it waits to be heard;
    `passed`: what has come through already and is to be written next.
    """

    incoming: Way = field(default_factory=Way)
    outgoing: Way = field(default_factory=Way)
    unread: set[int] = field(default_factory=set)
    slices: dict[int, int] = field(default_factory=dict)
    is_gone: bool = False
    passed: bytearray = field(default_factory=bytearray)

    def ways(self, direction: Direction) -> tuple[Way, ...]:
        return {
            Direction.IN: (self.incoming,),
            Direction.OUT: (self.outgoing,),
            Direction.BOTH: (self.incoming, self.outgoing),
        }[direction]

    @property
    def is_free(self) -> bool:
        """Whether all goes through as it comes."""
        ways = self.incoming.is_free and self.outgoing.is_free
        return ways and not (self.unread or self.slices or self.is_gone or self.passed)

    @property
    def is_held(self) -> bool:
        return not (self.incoming.is_free and self.outgoing.is_free)

    @property
    def is_unread(self) -> bool:
        return bool(self.unread) or len(self.incoming.waiting) > MAX_HELD_BYTES

    @property
    def slice_bytes(self) -> int:
        return min(self.slices.values(), default=0)

    @property
    def fault_ids(self) -> set[int]:
        """The faults that do something to it."""
        ways = (self.incoming, self.outgoing)
        stopping = {id_ for way in ways for id_ in (*way.stops, *way.rates)}
        return stopping | self.unread | self.slices.keys()

    def lift(self, fault_id: int) -> bool:
        """End what a fault did; whether it did anything."""
        did = fault_id in self.fault_ids
        self.incoming.lift(fault_id)
        self.outgoing.lift(fault_id)
        self.unread.discard(fault_id)
        self.slices.pop(fault_id, None)
        return did
