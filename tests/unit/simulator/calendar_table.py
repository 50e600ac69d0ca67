"""Writes the table of days that `simulator.calendars` knows without its library.

Run `python tests/unit/simulator/calendar_table.py` after an update of `exchange_calendars`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta

from simulator.calendars import CLOSES, KNOWN_YEARS, TABLE, from_library

MINUTE_MS = 60_000


def rows() -> Iterator[tuple[str, str, str]]:
    """Weekdays that are no usual sessions: minutes of an early close, nothing if closed."""
    for calendar in CLOSES:
        day = date(KNOWN_YEARS.start, 1, 1)
        while day.year < KNOWN_YEARS.stop:
            known = from_library(calendar, day)
            if known is None and day.weekday() < 5:
                yield calendar, f"{day}", ""
            elif known is not None and known.early_ms:
                yield calendar, f"{day}", str(known.early_ms // MINUTE_MS)
            day += timedelta(days=1)


def table() -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("calendar", "day", "early"))
    writer.writerows(rows())
    return text.getvalue()


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
