"""Moments as requests and orders tell them.

`yyyymmdd-hh:mm:ss` (UTC) or `[yyyymmdd ]hh:mm:ss[ zone]`. (Forms: the text of error 10314.)
What has no zone is told in the reader's own, which is UTC unless said otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_FORM = re.compile(r"(?:(\d{8})(?: +|(-)))?(\d\d?:\d\d?:\d\d?)(?: +(\D\S*(?: \D\S*)*))?")
_DAY = re.compile(r"\d{8}")


class MomentError(ValueError):
    """A text that tells no moment: error 10314."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Milliseconds since the epoch. `is_zoned`: the text said in which time zone."""

    ms: int
    is_zoned: bool


def read(text: str, now_ms: int, zone: str = "UTC") -> Moment:
    """The moment a text tells; without a date it is today's. Raises `MomentError`.

    `zone` is that of a text which names none.
    """
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise MomentError(text)
    day, dash, clock, named = form.groups()
    if dash and named:
        raise MomentError(text)
    known = UTC if dash else _zone(named or zone)
    if known is None:
        raise MomentError(text)
    day = day or f"{datetime.fromtimestamp(now_ms / 1000, known):%Y%m%d}"
    try:
        moment = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=known)
    except ValueError as error:
        raise MomentError(text) from error
    return Moment(round(moment.timestamp() * 1000), bool(dash or named))


def is_moment(text: str) -> bool:
    """Whether a text tells a moment, on whatever day."""
    try:
        read(text, 0)
    except MomentError:
        return False
    return True


def read_day(text: str) -> date | None:
    """The day of a text that tells no more than that: `20250616`."""
    if _DAY.fullmatch(text.strip()) is None:
        return None
    try:
        return datetime.strptime(text.strip(), "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def local(ms: int, zone: str) -> datetime:
    return datetime.fromtimestamp(ms / 1000, _zone(zone) or UTC)


def offset_ms(ms: int, zone: str) -> int:
    """How far a time zone is ahead of UTC at a moment."""
    ahead = local(ms, zone).utcoffset()
    return round(ahead.total_seconds() * 1000) if ahead else 0


def midnight_ms(day: date, zone: str = "UTC") -> int:
    """When a day begins."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=_zone(zone) or UTC)
    return round(midnight.timestamp() * 1000)


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # KeyError: no such zone
        return None
