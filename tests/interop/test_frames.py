"""Frames captured from real gateways and clients, or asserted by the tests of other clients.

Each row of `frames.jsonl` must be read by our table and written again byte for byte. Rows
whose source does not tell the server version have the one under which they fit.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from simulator.messages import REPLIES, REQUESTS
from simulator.session import DEFAULT_VERSION, MAX_VERSION, MIN_VERSION, PREFIX, Session, State
from simulator.wire import Codec, DecodeError, frame, join_fields

ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in Path(__file__).with_name("frames.jsonl").read_text("utf-8").splitlines()
]

GREETINGS = [line for line, row in enumerate(ROWS, 1) if row["name"] == "HANDSHAKE_CLIENT"]
ANSWERS = [line for line, row in enumerate(ROWS, 1) if row["name"] == "HANDSHAKE_SERVER"]
"""Rows that come before the first message, by line."""


class Refusal(NamedTuple):
    """Why a row is not read, and the field where that shows."""

    reason: str
    field: str


_OLD_ORDER = Refusal(
    "a layout older than version 157, with a version field of the message", "order.total_quantity"
)
_LONG_ORDER = Refusal(
    "an empty field before the account of the customer, which the vendor's decoder does not read",
    "#141",
)
UNREADABLE = {
    94: _LONG_ORDER,
    96: _LONG_ORDER,
    98: _LONG_ORDER,
    99: _OLD_ORDER,
    100: _OLD_ORDER,
    102: _OLD_ORDER,
    152: Refusal("a layout older than version 124, with a version field of the message", "use_rth"),
    163: Refusal("a version field that the vendor's client does not write", "#1"),
    190: Refusal("cut short: its source dropped the empty field at the end", "model_code"),
    198: Refusal("invented by a test, with one field more than any decoder reads", "#10"),
}
"""Rows that our table refuses, by line."""


class Spelling(NamedTuple):
    """Why a row is written otherwise, and the fields as they were captured and are written."""

    reason: str
    pairs: frozenset[tuple[str, str]]


_CANCEL = Spelling("message version 1, where the vendor's client writes 2", frozenset({("1", "2")}))
_BARS = Spelling("message version 8, where the vendor's client writes 3", frozenset({("8", "3")}))
_EMPTY = Spelling("the client leaves numbers empty that are zero", frozenset({("", "0")}))
_LEFT_OUT = Spelling(
    "the client leaves a number empty that the vendor's spells out as not set",
    frozenset({("", "2147483647")}),
)
_EMPTY_AND_LEFT_OUT = Spelling(
    f"{_EMPTY.reason}, or not set where the vendor's spells it out", _EMPTY.pairs | _LEFT_OUT.pairs
)
_UNSET = Spelling(
    "the client spells numbers out that are not set, and leaves a flag empty",
    frozenset({("1.7976931348623157e+308", ""), ("2147483647", ""), ("", "0")}),
)
RESPELLED = {
    4: _CANCEL,
    5: _CANCEL,
    6: _EMPTY_AND_LEFT_OUT,
    7: _UNSET,
    8: _UNSET,
    9: _EMPTY,
    13: _LEFT_OUT,
    155: _BARS,
    156: _EMPTY,
    170: _EMPTY,
    171: _EMPTY,
}
"""Rows that are read, but written in another spelling of the same values, by line."""

SPECIAL = {*GREETINGS, *ANSWERS, *UNREADABLE, *RESPELLED}


def codec(row: dict[str, Any]) -> Codec:
    return REQUESTS if row["direction"] == "client" else REPLIES


def version(row: dict[str, Any]) -> int:
    """Messages of the rows from older servers are the same up to the oldest version spoken."""
    return max(row["server_version"] or 0, MIN_VERSION)


def rows(lines: Collection[int]) -> list[Any]:
    return [pytest.param(line, id=f"{line}-{ROWS[line - 1]['name']}") for line in lines]


@pytest.mark.parametrize("line", rows(sorted(set(range(1, len(ROWS) + 1)) - SPECIAL)))
def test_is_written_as_it_was_captured(line):
    row = ROWS[line - 1]
    record = codec(row).decode(row["fields"], version(row))
    assert codec(row).encode(record, version(row)) == row["fields"]


@pytest.mark.parametrize("line", rows(RESPELLED))
def test_is_written_in_another_spelling_of_the_same_values(line):
    """A row that is written as it was captured by now fails here: take it from the table."""
    row = ROWS[line - 1]
    record = codec(row).decode(row["fields"], version(row))
    written = codec(row).encode(record, version(row))
    pairs = zip(row["fields"], written, strict=True)
    assert {pair for pair in pairs if pair[0] != pair[1]} == RESPELLED[line].pairs
    assert codec(row).decode(written, version(row)) == record


@pytest.mark.parametrize("line", rows(UNREADABLE))
def test_is_refused_for_a_known_reason(line):
    row = ROWS[line - 1]
    with pytest.raises(DecodeError) as refused:
        codec(row).decode(row["fields"], version(row))
    assert refused.value.field == UNREADABLE[line].field


@pytest.mark.parametrize("line", rows(GREETINGS))
def test_the_greeting_of_a_client_is_accepted(line):
    prefix, versions = ROWS[line - 1]["fields"]
    session = Session(connection_time="")
    list(session.receive(f"{prefix}\0".encode() + frame(versions.encode())))
    assert session.state is State.AWAIT_START
    assert session.version == DEFAULT_VERSION


@pytest.mark.parametrize("line", rows(ANSWERS))
def test_the_greeting_is_answered_as_it_was_captured(line):
    """Rows of versions that no session speaks are compared with one that does."""
    fields = ROWS[line - 1]["fields"]
    spoken = min(int(fields[0]), MAX_VERSION)
    session = Session(max_version=spoken, connection_time=fields[1])
    list(session.receive(PREFIX + frame(f"v100..{fields[0]}".encode())))
    assert session.data_to_send() == frame(join_fields([str(spoken), fields[1]]))
