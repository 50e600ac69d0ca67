"""Moments as the gateway reads them from requests and writes them.

Read: `yyyymmdd-hh:mm:ss` (UTC) or `[yyyymmdd ]hh:mm:ss[ zone]`. Written: with the time zone
of the instrument since version 174; before that with two blanks and in the gateway's own
time zone, which is UTC. (Forms and versions: captured bars and the text of error 10314.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

ZONED_SINCE = 174
TEXT, EPOCH, NO_YEAR = 1, 2, 3
"""The `formatDate` of a request."""

_FORM = re.compile(r"(?:(\d{8})(?: +|(-)))?(\d\d?:\d\d?:\d\d?)(?: +(\D\S*(?: \D\S*)*))?")


class MomentError(ValueError):
    """A text that tells no moment: error 10314."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Milliseconds since the epoch. `is_zoned`: the text said in which time zone."""

    ms: int
    is_zoned: bool


def read(text: str, now_ms: int) -> Moment:
    """The moment a text tells; without a date it is today's. Raises `MomentError`."""
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise MomentError(text)
    day, dash, clock, zone = form.groups()
    if dash and zone:
        raise MomentError(text)
    known = _zone(zone) if zone else UTC
    if known is None:
        raise MomentError(text)
    day = day or f"{datetime.fromtimestamp(now_ms / 1000, known):%Y%m%d}"
    try:
        moment = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=known)
    except ValueError as error:
        raise MomentError(text) from error
    return Moment(round(moment.timestamp() * 1000), bool(dash or zone))


def is_moment(text: str) -> bool:
    """Whether a text tells a moment, on whatever day."""
    try:
        read(text, 0)
    except MomentError:
        return False
    return True


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


def utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def local(ms: int, zone: str) -> datetime:
    return datetime.fromtimestamp(ms / 1000, _zone(zone) or UTC)


def offset_ms(ms: int, zone: str) -> int:
    """How far a time zone is ahead of UTC at a moment."""
    ahead = local(ms, zone).utcoffset()
    return round(ahead.total_seconds() * 1000) if ahead else 0


def midnight_ms(day: date) -> int:
    """When a day begins in UTC."""
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # KeyError: no such zone
        return None
