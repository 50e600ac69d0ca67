"""The days of exchanges: which are sessions, and when one closes early.

Truth is the library `exchange_calendars`. It brings pandas, which takes half a second and a
hundred megabytes, so what it says of the calendars most used, for the years most asked
about, stands in a table beside this module (a test holds the two equal); the library is
imported for any other calendar or year. Lunch breaks are not told.
"""

from __future__ import annotations

import csv
import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

CALENDARS = frozenset(
    [
        "24/5",
        "24/7",
        "CMES",
        "XNYS",
        "XAMS",
        "XASX",
        "XBRU",
        "XETR",
        "XEUR",
        "XFRA",
        "XHKG",
        "XLON",
        "XMAD",
        "XMIL",
        "XPAR",
        "XSTU",
        "XSWX",
        "XTKS",
        "XTSE",
    ]
)
"""Names an instrument may have: ISO codes of exchanges, and the two that have no holidays."""

US = "XNYS"
"""The calendar of business days in the expiry rules of American derivatives."""

TABLE = Path(__file__).with_name("calendars.csv")
KNOWN_YEARS = range(2000, 2030)
CLOSES = {
    "XNYS": ("America/New_York", time(16)),
    "CMES": ("America/Chicago", time(17)),
    "XETR": ("Europe/Berlin", time(17, 30)),
    "XSTU": ("Europe/Berlin", time(22)),
}
"""The calendars in the table, with the time zone and hour at which they usually close."""

_WEEKDAYS_OPEN = {"24/7": 7, "24/5": 5}


@dataclass(frozen=True, slots=True)
class Day:
    """A session; `early_ms` is how long before the usual time the exchange closes."""

    early_ms: int = 0
    close_ms: int = 0


def session_day(calendar: str, day: date) -> Day | None:
    """What a calendar says of a day; None if the exchange is closed.

    Raises `KeyError` for a calendar that is not one of `CALENDARS`.
    """
    if calendar in _WEEKDAYS_OPEN:
        return Day() if day.weekday() < _WEEKDAYS_OPEN[calendar] else None
    if calendar not in CALENDARS:
        raise KeyError(calendar)
    if calendar in CLOSES and day.year in KNOWN_YEARS:
        return _from_table(calendar, day)
    return from_library(calendar, day)


def from_library(calendar: str, day: date) -> Day | None:
    """What the library says of a day."""
    return _decade(calendar, day.year // 10).get(day)


def is_business_day(day: date) -> bool:
    """Whether exchanges in the United States trade for this day."""
    return day.weekday() < 5 and session_day(US, day) is not None


def _from_table(calendar: str, day: date) -> Day | None:
    exceptions = _exceptions(calendar)
    early_min = exceptions.get(day, 0)
    if early_min is None or (day.weekday() > 4 and day not in exceptions):
        return None
    zone, usual = CLOSES[calendar]
    close = datetime.combine(day, usual, ZoneInfo(zone)).astimezone(UTC)
    early = timedelta(minutes=early_min)
    return Day(round(early.total_seconds()) * 1000, round((close - early).timestamp()) * 1000)


@lru_cache(maxsize=len(CLOSES))
def _exceptions(calendar: str) -> dict[date, int | None]:
    """Days that are no usual sessions: minutes of an early close, None if closed."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            date.fromisoformat(row["day"]): int(row["early"]) if row["early"] else None
            for row in csv.DictReader(file)
            if row["calendar"] == calendar
        }


@lru_cache(maxsize=64)
def _decade(name: str, decade: int) -> dict[date, Day]:
    with warnings.catch_warnings():  # it is for the library to keep up with pandas
        warnings.simplefilter("ignore")
        from exchange_calendars import get_calendar  # noqa: PLC0415 - see the docstring

        calendar = get_calendar(
            name, start=f"{max(decade * 10, 1)}-01-01", end=f"{decade * 10 + 9}-12-31"
        )
        closes = calendar.closes.items()
    usual = calendar.close_times[-1][1]
    days = {}
    for label, close in closes:
        day = label.date()
        expected = datetime.combine(day, usual, calendar.tz).astimezone(UTC)
        close_ms, expected_ms = round(close.timestamp() * 1000), round(expected.timestamp() * 1000)
        days[day] = Day(max(0, expected_ms - close_ms), close_ms)
    return days
