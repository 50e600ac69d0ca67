"""What went over the wires lately, both ways: a ring of raw frames, decoded when asked for.

Knows no meaning. Rule: keeping it costs a tuple for each frame, and it is bounded in number
and in bytes; a frame is shown as its record, or as its fields where it is none.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from simulator.messages import REPLIES, REQUESTS
from simulator.session import Session
from simulator.wire import DecodeError, split_fields

MAX_FRAMES = 10_000
MAX_BYTES = 8_192
"""How much is kept of a frame."""

MAX_TEXT = 200
MAX_TEXTS = 100
HANDSHAKE = "(handshake)"
UNKNOWN = "(unknown)"


class Party(Protocol):
    """Who is at the other end."""

    session: Session
    peer: str
    client_id: int
    is_started: bool

    @property
    def is_held(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Passed:
    """One frame, or a note on what happened to a connection, which has no fields.

    `direction` is `in` for what a client sent, `out` for what it was sent, `note` for a note.
    """

    sequence: int
    time_ms: int
    client_id: int | None
    peer: str
    direction: str
    name: str
    fields: dict[str, Any]
    size: int
    is_held: bool = False


@dataclass(slots=True)
class _Known:
    """What is known of a connection; the connection itself is not kept alive by what it sent."""

    peer: str
    client_id: int | None = None
    version: int = 0


_Kept = tuple[int, int, _Known, bool, bytes, int, bool]
"""Sequence, time, who, whether sent, the bytes, their number, whether kept back."""


class Transcript:
    """The ring; `now_ms` tells the time of the world."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._kept: deque[_Kept | Passed] = deque(maxlen=MAX_FRAMES)
        self._sequence = 0

    def follow(self, party: Party) -> None:
        """Keep what goes over a connection from now on."""
        known = _Known(party.peer)

        def keep(is_sent: bool, payload: bytes) -> None:
            self._sequence += 1
            known.client_id, known.version = _id_of(party), party.session.version
            size = len(payload)
            kept = payload if size <= MAX_BYTES else payload[:MAX_BYTES]
            held = party.is_held
            self._kept.append((self._sequence, self._now_ms(), known, is_sent, kept, size, held))

        party.session.trace = keep

    def note(self, party: Party | None, text: str) -> None:
        """Keep that something happened, to one connection or to all."""
        self._sequence += 1
        client_id, peer = (None, "") if party is None else (_id_of(party), party.peer)
        self._kept.append(
            Passed(self._sequence, self._now_ms(), client_id, peer, "note", text, {}, 0)
        )

    @property
    def last(self) -> int:
        """The sequence number of the latest that was kept; 0 before the first."""
        return self._sequence

    def after(self, sequence: int = 0) -> Iterator[Passed]:
        """What is kept from a sequence number on, oldest first."""
        for kept in self._kept:
            if isinstance(kept, Passed):
                if kept.sequence > sequence:
                    yield kept
            elif kept[0] > sequence:
                yield _shown(kept)


def told_fields(record: Any) -> dict[str, Any]:
    """The attributes of a record that say something: those that are not at their default."""
    found: dict[str, Any] = {}
    for attribute in dataclasses.fields(record):
        value = getattr(record, attribute.name)
        if dataclasses.is_dataclass(value):
            found[attribute.name] = told_fields(value)
        elif value != attribute.default:
            found[attribute.name] = value
    return found


def _shown(kept: _Kept) -> Passed:
    sequence, time_ms, known, is_sent, payload, size, is_held = kept
    name, fields = _read(payload, known.version, is_sent=is_sent)
    direction = "out" if is_sent else "in"
    return Passed(
        sequence, time_ms, known.client_id, known.peer, direction, name, fields, size, is_held
    )


def _id_of(party: Party) -> int | None:
    return party.client_id if party.is_started else None


def _read(payload: bytes, version: int, *, is_sent: bool) -> tuple[str, dict[str, Any]]:
    if payload.startswith(b"v") or (is_sent and payload.startswith(b"%d\0" % version)):
        is_handshake = payload.count(b"\0") in {0, 2}
        if is_handshake:
            return HANDSHAKE, {"text": payload.decode("ascii", "backslashreplace")[:MAX_TEXT]}
    codec = REPLIES if is_sent else REQUESTS
    try:
        texts = split_fields(payload)
    except DecodeError:
        return UNKNOWN, {"bytes": payload[:MAX_TEXT].hex(" ")}
    try:
        record = codec.decode(texts, version)
    except DecodeError as error:
        known = codec.by_id.get(int(texts[0])) if texts[0].isdecimal() else None
        name = known.record.__name__ if known is not None else UNKNOWN
        shown = [text[:MAX_TEXT] for text in texts[:MAX_TEXTS]]
        return name, {"fields": shown, "unreadable": str(error)}
    return type(record).__name__, told_fields(record)
