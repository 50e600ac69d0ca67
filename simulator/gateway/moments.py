"""Moments as the gateway writes them; how they are read is known below it.

With the time zone of the instrument since version 174; before that with two blanks and in
the gateway's own time zone, which is UTC. (Forms and versions: captured bars.)
"""

from __future__ import annotations

from simulator.moments import (
    Moment,
    MomentError,
    is_moment,
    local,
    midnight_ms,
    offset_ms,
    read,
    utc,
)

__all__ = [
    "EPOCH",
    "NO_YEAR",
    "TEXT",
    "ZONED_SINCE",
    "Moment",
    "MomentError",
    "dashed",
    "dashed_day",
    "is_moment",
    "local",
    "midnight_ms",
    "offset_ms",
    "read",
    "utc",
    "write",
    "write_as",
]

ZONED_SINCE = 174
TEXT, EPOCH, NO_YEAR = 1, 2, 3
"""The `formatDate` of a request."""


def write(ms: int, zone: str, version: int) -> str:
    """`20250616 10:00:00 US/Eastern`, or `20250616  14:00:00` before version 174."""
    if version < ZONED_SINCE:
        return f"{utc(ms):%Y%m%d  %H:%M:%S}"
    return f"{local(ms, zone):%Y%m%d %H:%M:%S} {zone}"


def write_as(ms: int, zone: str, version: int, date_format: int) -> str:
    """The moment of a bar within a day, as `formatDate` wants it."""
    if date_format == EPOCH:
        return str(ms // 1000)
    if date_format == NO_YEAR:
        return f"{local(ms, zone):%m%d %H:%M:%S} {zone}"
    return write(ms, zone, version)


def dashed(ms: int, zone: str = "UTC") -> str:
    """`20250616-14:00:00`."""
    return f"{local(ms, zone):%Y%m%d-%H:%M:%S}"


def dashed_day(ms: int, zone: str) -> str:
    """`2025-06-16 10:00:00 US/Eastern`, as warnings tell it."""
    return f"{local(ms, zone):%Y-%m-%d %H:%M:%S} {zone}"
