"""Periods of the past: durations, the days of a market, and what a duration covers of them.

Without a calendar the day of a market is a day of UTC, as it is for its quotes; with one it
is a session. "N D" means the last N sessions, the present one included, and longer units
go by dates (seen from real gateways); seconds are counted in time of trading. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from typing import Protocol

from simulator.gateway.moments import midnight_ms, utc
from simulator.instruments import Instrument
from simulator.market import AlwaysOpen, Market, Session

DAY_MS = 86_400_000
MAX_YEARS = 68
_DAY = timedelta(days=1)
_FORM = "When specifying a unit, historical data request duration format is integer{SPACE}unit (S|D|W|M|Y)."
_MAX_COUNT = {
    "S": (86_400, "Historical data request for greater than 86400 seconds rejected."),
    "D": (
        365,
        "Historical data requests for durations longer than 365 days must be made in years.",
    ),
    "W": (
        52,
        "Historical data request for durations longer than 52 weeks must be made in years.",
    ),
    "M": (
        12,
        "Historical data request for durations longer than 12 months must be made in years.",
    ),
    "Y": (MAX_YEARS, "Historical data requested duration is invalid."),
}
MIN_SECONDS = 30
WORDS = {"s": "S", "d": "D", "w": "W", "m": "M", "y": "Y"}


class DurationError(ValueError):
    """A duration that the gateway refuses with error 321; the message is its cause."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A number of S seconds, D sessions, W weeks, M months or Y years."""

    count: int
    unit: str


def duration(text: str) -> Duration:
    """A duration like `1 D` or `3600` (seconds). Raises `DurationError`."""
    if not text:
        raise DurationError("Historical data request duration not specified.")
    form = re.fullmatch(r"(\d+)(?: ([SDWMYsdwmy]))?", text)
    if form is None:
        raise DurationError(_FORM)
    count, unit = int(form[1]), (form[2] or "S").upper()
    if count < 1 or (unit == "S" and count < MIN_SECONDS):
        raise DurationError("Historical data requested duration is invalid.")
    most, refusal = _MAX_COUNT[unit]
    if count > most:
        raise DurationError(refusal)
    return Duration(count, unit)


def worded_duration(text: str) -> Duration:
    """A period like `3 days` or `1 week`, of histograms. Raises `DurationError`."""
    form = re.fullmatch(r"(\d+) (second|day|week|month|year)s?", text.strip().lower())
    if form is None:
        raise DurationError("Historical data requested duration is invalid.")
    return duration(f"{form[1]} {WORDS[form[2][0]]}")


def begins_on(instrument: Instrument) -> date:
    """The first day of which there is data, made up once for each instrument.

    Between 2005 and 2014; for what expires some time before it does, as it is listed.
    """
    digest = blake2b(str(instrument.con_id).encode(), digest_size=4).digest()
    if instrument.expiry:
        ahead = 240 if instrument.sec_type in {"OPT", "FOP", "WAR"} else 450
        return _date(instrument.expiry) - _DAY * ahead
    return date(2005, 1, 3) + _DAY * (int.from_bytes(digest, "big") % 3650)


def days(
    market: Market, instrument: Instrument, from_ms: int, until_ms: int, *, use_rth: bool
) -> list[Session]:
    """The days of a market with a moment from one to before another, whole and in order.

    There is none before the instrument's first day of data nor after its expiry.
    """
    from_ms = max(from_ms, midnight_ms(begins_on(instrument)))
    if instrument.expiry:
        until_ms = min(until_ms, midnight_ms(_date(instrument.expiry) + _DAY))
    if from_ms >= until_ms:
        return []
    if not is_always_open(market):
        return market.sessions.sessions(instrument, from_ms, until_ms, use_rth)
    return [
        Session(day * DAY_MS, (day + 1) * DAY_MS, utc(day * DAY_MS).date())
        for day in range(from_ms // DAY_MS, -(-until_ms // DAY_MS))
    ]


def scheduled(
    market: Market, instrument: Instrument, from_ms: int, until_ms: int, *, use_rth: bool
) -> list[Session]:
    """As `days`, but sessions of the exchange's own clock, be it always open."""
    first_ms = max(from_ms, midnight_ms(begins_on(instrument)))
    return market.sessions.sessions(instrument, first_ms, max(until_ms, first_ms), use_rth)


def is_always_open(market: Market) -> bool:
    return isinstance(market.sessions, AlwaysOpen)


@dataclass(frozen=True, slots=True)
class Period:
    """What a duration covers: the sessions it touches, and from when to before when."""

    sessions: list[Session]
    start_ms: int
    end_ms: int

    def parts(self) -> Iterator[tuple[int, int]]:
        """From when to before when the market traded, session by session."""
        for session in self.sessions:
            start, end = max(session.start_ms, self.start_ms), min(session.end_ms, self.end_ms)
            if start < end:
                yield start, end


class Days(Protocol):
    """How the days of a market are found: `days` or `scheduled`."""

    def __call__(
        self, market: Market, instrument: Instrument, from_ms: int, until_ms: int, *, use_rth: bool
    ) -> list[Session]: ...


def period(
    market: Market,
    instrument: Instrument,
    length: Duration,
    end_ms: int,
    *,
    use_rth: bool,
    find: Days = days,
) -> Period:
    """What a duration that ends at a moment covers of an instrument's past."""
    from_ms = end_ms - _reach_days(length) * DAY_MS
    found = find(market, instrument, from_ms, end_ms, use_rth=use_rth)
    if length.unit == "S":
        return _last_seconds(found, length.count * 1000, end_ms)
    if length.unit == "D":
        found = found[-length.count :]
    elif found:
        after = _back(found[-1].ref_date, length)
        found = [session for session in found if session.ref_date > after]
    return Period(found, found[0].start_ms if found else end_ms, end_ms)


def _reach_days(length: Duration) -> int:
    """Days to look back at least, closed ones included."""
    per_unit = {"S": 0, "D": 1.5, "W": 7, "M": 31, "Y": 366}[length.unit]
    return round(length.count * per_unit) + 14


def _last_seconds(sessions: list[Session], missing_ms: int, end_ms: int) -> Period:
    used: list[Session] = []
    start = end_ms
    for session in reversed(sessions):
        if missing_ms <= 0:
            break
        used.insert(0, session)
        length = min(session.end_ms, end_ms) - session.start_ms
        start = session.start_ms + max(0, length - missing_ms)
        missing_ms -= length
    return Period(used, start, end_ms)


def _back(day: date, length: Duration) -> date:
    """The same day so many weeks, months or years before, or the last one of its month."""
    if length.unit == "W":
        return day - 7 * _DAY * length.count
    months = length.count * (12 if length.unit == "Y" else 1)
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    first_after = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + _DAY * (day.day - 1), first_after - _DAY)


def _date(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
