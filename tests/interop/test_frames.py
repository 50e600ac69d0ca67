"""Frames captured from real gateways and clients, or asserted by the tests of other clients.

Each row of `frames.jsonl` must be read by our table and written again byte for byte. Rows
whose source does not tell the server version have the one under which they fit.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.messages import REPLIES, REQUESTS
from simulator.session import MIN_VERSION
from simulator.wire import DecodeError

ROWS = [
    json.loads(line)
    for line in Path(__file__).with_name("frames.jsonl").read_text("utf-8").splitlines()
]

OLD = "a layout older than version 157, with a version field of the message"
TAIL = "one field more at version 193 than any published decoder reads"
UNREADABLE = {94: TAIL, 96: TAIL, 98: TAIL, 99: OLD, 100: OLD, 102: OLD}
"""Rows that our table refuses, by line, and why."""

CANCEL = "written with message version 1, where the vendor's client writes 2"
UNSET = "the client spells numbers out that are not set; ours are empty"
EMPTY = "the client leaves numbers empty that are zero"
LEFT_OUT = "the client leaves a number empty that the vendor's spells out as not set"
RESPELLED = {4: CANCEL, 5: CANCEL, 6: EMPTY, 7: UNSET, 8: UNSET, 9: EMPTY, 13: LEFT_OUT}
"""Rows that are read, but written in another spelling, by line, and why."""


def codec(row: dict[str, Any]):
    return REQUESTS if row["direction"] == "client" else REPLIES


def version(row: dict[str, Any]) -> int:
    """Messages of the rows from older servers are the same up to the oldest version spoken."""
    return max(row["server_version"] or 0, MIN_VERSION)


def rows(*, without: set[int] = frozenset(), only: set[int] | None = None):
    return [
        pytest.param(row, id=f"{line}-{row['name']}")
        for line, row in enumerate(ROWS, 1)
        if line not in without and (only is None or line in only)
    ]


@pytest.mark.parametrize("row", rows(without={*UNREADABLE, *RESPELLED}))
def test_is_written_as_it_was_captured(row):
    record = codec(row).decode(row["fields"], version(row))
    assert codec(row).encode(record, version(row)) == row["fields"]


@pytest.mark.parametrize("row", rows(only=set(RESPELLED)))
def test_is_written_in_another_spelling_of_the_same_values(row):
    record = codec(row).decode(row["fields"], version(row))
    written = codec(row).encode(record, version(row))
    assert written != row["fields"], "fits by now: take it from RESPELLED"
    assert codec(row).decode(written, version(row)) == record


@pytest.mark.parametrize("row", rows(only=set(UNREADABLE)))
def test_is_refused_for_a_known_reason(row):
    with pytest.raises(DecodeError):
        codec(row).decode(row["fields"], version(row))
