"""Hours of trading as contract details tell them.

`20231019:1700-20231020:1600;20231021:CLOSED;20231022:1700-20231023:1600`: six entries of
sessions by the day they begin, the current one first. A day on which none begins nor ends
is closed. (So captured of stocks, futures and currencies; the hours of an option end with
its last day.)
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from simulator.instruments import Instrument
from simulator.market import Session, session_on

ENTRIES = 6
_LOOK_AHEAD = 14
_DAY = timedelta(days=1)


def trading_hours(instrument: Instrument, now_ms: int) -> tuple[str, str]:
    """All hours and the liquid ones, of the instrument's exchange."""
    zone = instrument.time_zone
    today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(zone)).date()
    until = f"{today + _DAY * _LOOK_AHEAD:%Y%m%d}"
    if instrument.expiry:
        until = min(until, instrument.expiry)
    calendar = instrument.calendar
    return (
        _entries(calendar, zone, instrument.trading_hours, today, until),
        _entries(calendar, zone, instrument.liquid_hours, today, until),
    )


@lru_cache(maxsize=256)
def _entries(calendar: str, zone: str, hours: tuple[str, str], today: date, until: str) -> str:
    days = (today + _DAY * ahead for ahead in range(_LOOK_AHEAD + 1))
    sessions = [
        session
        for day in days
        if f"{day:%Y%m%d}" <= until
        and (session := session_on(calendar, zone, hours, day)) is not None
    ]
    begins = {_local(session.start_ms, zone).date(): session for session in sessions}
    ends = {_local(session.end_ms, zone).date() for session in sessions}
    entries: list[str] = []
    day = min((today, *begins))
    while len(entries) < ENTRIES and f"{day:%Y%m%d}" <= until:
        if day in begins:
            entries.append(_entry(begins[day], zone))
        elif day not in ends:
            entries.append(f"{day:%Y%m%d}:CLOSED")
        day += _DAY
    return ";".join(entries)


def _entry(session: Session, zone: str) -> str:
    start, end = _local(session.start_ms, zone), _local(session.end_ms, zone)
    return f"{start:%Y%m%d:%H%M}-{end:%Y%m%d:%H%M}"


def _local(ms: int, zone: str) -> datetime:
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone))
