"""When derivatives expire: rules of the exchanges, as functions of year and month. Pure.

Business days are those of the exchanges in New York, which those in Chicago count by too:
on other holidays they trade for the next day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from simulator.calendars import is_business_day

MONTH_CODES = "FGHJKMNQUVXZ"
DAY = timedelta(days=1)


def third(weekday: int, year: int, month: int) -> date:
    """The third such weekday (Monday is 0) of a month."""
    first = date(year, month, 1)
    return first + DAY * ((weekday - first.weekday()) % 7 + 14)


def before(day: date, business_days: int) -> date:
    """So many business days before a day."""
    while business_days:
        day -= DAY
        business_days -= is_business_day(day)
    return day


def on_or_before(day: date) -> date:
    """The day, or the last business day before it."""
    return day if is_business_day(day) else before(day, 1)


def third_friday(year: int, month: int) -> date:
    """The third Friday, or the business day before it: on Good Friday, on Juneteenth."""
    return on_or_before(third(4, year, month))


def _next_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def _before_25th(year: int, month: int) -> date:
    last = date(year, month, 1) - DAY
    return before(on_or_before(last.replace(day=25)), 3)


EXPIRY_RULES: dict[str, Callable[[int, int], date]] = {
    "third_friday": third_friday,
    "before_third_wednesday": lambda year, month: before(third(2, year, month), 2),
    "third_last_business_day": lambda year, month: before(_next_month(year, month), 3),
    "eighth_last_business_day": lambda year, month: before(_next_month(year, month), 8),
    "before_25th_of_month_before": _before_25th,
}
"""Name in the data file → the last trading day of the contract of a month."""


def months_from(day: date) -> Iterator[tuple[int, int]]:
    """Year and month, from the month of a day on."""
    index = day.year * 12 + day.month - 1
    while True:
        yield index // 12, index % 12 + 1
        index += 1


def _monthly(first: date, today: date) -> set[date]:
    """Third Fridays from the month of a day on, for a year from today, and two Januaries."""
    start = first.replace(day=1)
    months = (today.year - start.year) * 12 + today.month - start.month + 12
    monthly = {third_friday(*ym) for ym, _ in zip(months_from(start), range(months), strict=False)}
    return monthly | {third_friday(today.year + n, 1) for n in (1, 2)}


def _mornings(first: date, today: date) -> set[date]:
    """The last days on which options trade that settle by the next morning's prices."""
    return {before(day, 1) for day in _monthly(first, today)}


def _weekly(first: date, today: date) -> set[date]:
    friday = today + DAY * ((4 - today.weekday()) % 7)
    return _monthly(first, today) | {on_or_before(friday + DAY * 7 * n) for n in range(5)}


def _daily(first: date, today: date) -> set[date]:
    days = (today + DAY * n for n in range(14))
    return _weekly(first, today) | {day for day in days if is_business_day(day)}


OPTION_CYCLES: dict[str, Callable[[date, date], set[date]]] = {
    "monthly_morning": _mornings,
    "weekly": _weekly,
    "daily": _daily,
}
"""Name in the data file → expiries from about a day on, of what is listed on another.

Weekly is five Fridays more than monthly, daily all days of two weeks more than that.
"""


def option_expiries(cycle: str, first: date, today: date) -> list[date]:
    """When the options listed today expire, from `first` on."""
    return sorted(day for day in OPTION_CYCLES[cycle](first, today) if day >= first)
