"""The days of exchanges: which are sessions, and when one closes early.

Truth is the library `exchange_calendars`. Importing it and pandas takes most of a second, so
that happens when a calendar is first asked about, never at the start of a simulator. Only
plain numbers are kept of it. Lunch breaks are not told.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

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
    return _decade(calendar, day.year // 10).get(day)


def is_business_day(day: date) -> bool:
    """Whether exchanges in the United States trade for this day."""
    return day.weekday() < 5 and session_day(US, day) is not None


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
