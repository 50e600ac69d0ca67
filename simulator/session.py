"""One client connection as a printable state machine: bytes in, requests out, and back.

Knows the handshake and the message table, not what a request means: client-id clashes,
pacing and permissions are decided by the gateway. Rule kept here: whatever arrives, the
outcome is an event. A request that cannot be read leaves the session alive, as in a real
gateway; a stream that cannot be cut into frames ends it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from simulator.messages import REPLIES, REQUESTS
from simulator.messages.connection import StartApi
from simulator.wire import (
    DecodeError,
    FrameBuffer,
    FrameError,
    frame,
    join_fields,
    split_fields,
)

MIN_VERSION = 157
MAX_VERSION = 200
"""From 201 on messages are protobuf or have raw ids: another protocol, not spoken here."""

DEFAULT_VERSION = 178
"""The newest version that the asyncio clients speak; newer ones are for who asks for them."""

MAX_REQUEST_BYTES = 1 << 20
"""No honest request comes near 1 MiB; the vendor's own limit for replies is 16 MiB."""

PREFIX = b"API\0"
_VERSION_RANGE = re.compile(rb"v([0-9]{1,6})\.\.([0-9]{1,6})(?: .*)?", re.DOTALL)


class State(Enum):
    AWAIT_PREFIX = "await_prefix"
    AWAIT_VERSION = "await_version"
    AWAIT_START = "await_start"
    READY = "ready"
    CLOSED = "closed"


class Input(Enum):
    PREFIX = "prefix"
    VERSION = "version"
    START_API = "start_api"
    REQUEST = "request"
    END = "end"


TRANSITIONS: dict[tuple[State, Input], State] = {
    (State.AWAIT_PREFIX, Input.PREFIX): State.AWAIT_VERSION,
    (State.AWAIT_VERSION, Input.VERSION): State.AWAIT_START,
    (State.AWAIT_START, Input.START_API): State.READY,
    (State.READY, Input.REQUEST): State.READY,
    (State.AWAIT_PREFIX, Input.END): State.CLOSED,
    (State.AWAIT_VERSION, Input.END): State.CLOSED,
    (State.AWAIT_START, Input.END): State.CLOSED,
    (State.READY, Input.END): State.CLOSED,
}
"""What changes the state of a session. A pair that is absent is a violation and closes it."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """A step of the handshake was taken."""

    state: State


@dataclass(frozen=True, slots=True)
class Started:
    """The client finished the handshake and named itself."""

    client_id: int
    version: int


@dataclass(frozen=True, slots=True)
class Received:
    """A request, as a record of the message table."""

    request: Any


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A frame that is no request."""

    error: DecodeError

    @property
    def id(self) -> int:
        """The request or order id, where it was read before the fault; else -1."""
        seen = self.error.seen
        id_: int = seen.get("req_id", seen.get("order_id", -1))
        return id_


@dataclass(frozen=True, slots=True)
class Violation:
    """The peer does not speak the protocol; the session is closed."""

    reason: str


Event = Advanced | Started | Received | Unreadable | Violation


Trace = Callable[[bool, bytes], None]
"""Told of every payload: whether it goes to the peer, and its bytes."""


class Session:
    """One connection, sans I/O.

    `receive` takes bytes in whatever pieces they come and yields events; `send` takes
    replies; `data_to_send` hands over the bytes that wait for the peer. What is no reply of
    the table, as a faulty gateway may send it, goes out by `send_payload` and `send_bytes`.
    """

    def __init__(self, *, max_version: int = DEFAULT_VERSION, connection_time: str) -> None:
        if not MIN_VERSION <= max_version <= MAX_VERSION:
            raise ValueError(
                f"server_version must be between {MIN_VERSION} and {MAX_VERSION}, not {max_version}"
            )
        self.state = State.AWAIT_PREFIX
        self.version = 0
        self.frames = 0
        self.trace: Trace | None = None
        self._max_version = max_version
        self._connection_time = connection_time
        self._input = FrameBuffer(MAX_REQUEST_BYTES)
        self._output = bytearray()

    @property
    def is_mid_frame(self) -> bool:
        """Whether the peer owes the rest of something it began."""
        return self._input.pending_bytes > 0

    def receive(self, data: bytes) -> Iterator[Event]:
        """Take bytes and yield what they complete, one event at a time."""
        self._input.append(data)
        while self.state is not State.CLOSED:
            try:
                event = self._next_event()
            except FrameError as error:
                event = self._violate(str(error))
            if event is None:
                return
            yield event

    def send(self, reply: Any) -> None:
        """Queue a reply at the negotiated version."""
        if self.state is State.READY:
            self.send_payload(join_fields(REPLIES.encode(reply, self.version)))

    def send_payload(self, payload: bytes) -> None:
        """Queue the payload of a frame, whatever it is."""
        if self.state is not State.CLOSED:
            if self.trace is not None:
                self.trace(True, payload)
            self._output += frame(payload)

    def send_bytes(self, data: bytes) -> None:
        """Queue bytes that need not be a frame."""
        if self.state is not State.CLOSED:
            if self.trace is not None:
                self.trace(True, data)
            self._output += data

    def data_to_send(self) -> bytes:
        data = bytes(self._output)
        self._output.clear()
        return data

    def close(self) -> None:
        self._move(Input.END)

    def _move(self, input_: Input) -> bool:
        target = TRANSITIONS.get((self.state, input_))
        if target is not None:
            self.state = target
        return target is not None

    def _violate(self, reason: str) -> Violation:
        self.state = State.CLOSED
        return Violation(reason)

    def _next_event(self) -> Event | None:
        if self.state is State.AWAIT_PREFIX:
            prefix = self._input.take(len(PREFIX))
            return None if prefix is None else self._on_prefix(prefix)
        payload = self._input.next_frame()
        if payload is None:
            return None
        self.frames += 1
        if self.trace is not None:
            self.trace(False, payload)
        if self.state is State.AWAIT_VERSION:
            return self._on_version(payload)
        return self._on_request(payload)

    def _on_prefix(self, prefix: bytes) -> Event:
        if prefix != PREFIX:
            return self._violate(f"expected the prefix {PREFIX!r}, received {prefix!r}")
        self._move(Input.PREFIX)
        return Advanced(self.state)

    def _on_version(self, payload: bytes) -> Event:
        match = _VERSION_RANGE.fullmatch(payload)
        if match is None:
            return self._violate(f"expected a version range vMIN..MAX, received {payload[:40]!r}")
        lowest, highest = int(match[1]), int(match[2])
        version = min(highest, self._max_version)
        if version < max(lowest, MIN_VERSION):
            return self._violate(
                f"no common version: the client speaks {lowest} to {highest}, "
                f"this gateway {MIN_VERSION} to {self._max_version}"
            )
        self.version = version
        self._move(Input.VERSION)
        self.send_payload(join_fields([str(version), self._connection_time]))
        return Advanced(self.state)

    def _on_request(self, payload: bytes) -> Event:
        try:
            request = REQUESTS.decode(split_fields(payload), self.version)
        except DecodeError as error:
            if self.state is State.AWAIT_START:
                return self._violate(f"expected START_API, received no request: {error}")
            return Unreadable(error)
        started = isinstance(request, StartApi)
        if not self._move(Input.START_API if started else Input.REQUEST):
            return self._violate(f"{type(request).__name__} is out of place in {self.state.value}")
        return Started(request.client_id, self.version) if started else Received(request)
