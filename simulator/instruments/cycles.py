"""When derivatives expire: rules of the exchanges, as functions of year and month. Pure.

Business days are Mondays to Fridays here; exchange holidays are not taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

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
        business_days -= day.weekday() < 5
    return day


def _next_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def _before_25th(year: int, month: int) -> date:
    last = date(year, month, 1) - DAY
    limit = last.replace(day=25)
    return before(limit, 3 if limit.weekday() < 5 else 4)


EXPIRY_RULES: dict[str, Callable[[int, int], date]] = {
    "third_friday": lambda year, month: third(4, year, month),
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


def option_expiries(first: date, today: date) -> list[date]:
    """Fridays of five weeks, third Fridays of a year and two Januaries, from `first` on."""
    weekly = {today + DAY * ((4 - today.weekday()) % 7 + 7 * n) for n in range(5)}
    start = first.replace(day=1)
    months = (today.year - start.year) * 12 + today.month - start.month + 12
    monthly = {third(4, *ym) for ym, _ in zip(months_from(start), range(months), strict=False)}
    januaries = {third(4, today.year + n, 1) for n in (1, 2)}
    return sorted(day for day in weekly | monthly | januaries if day >= first)
