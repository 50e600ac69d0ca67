"""Times that an order names: after which it is good, until which, and within which.

Captured: 10314 names the field and the forms that are understood; a date and time without
a zone is warned of (2174). Documented: 334 for an order good till a date without one; 349
for a combination. A date alone is one till which an order is good (TWS guide). Ours: a date
that is over, or not after the start, is 334; an order for
the open or the close has its own time (111); active times in the wrong order are 321.
"""

from __future__ import annotations

from datetime import timedelta

from simulator.gateway.validation.candidate import Candidate, Refusal, first, invalid, refuse
from simulator.moments import is_moment, midnight_ms, read, read_day

TIMES = {
    "good_after_time": "Good After Time",
    "good_till_date": "Good Till Date",
    "active_start_time": "Active Start Time",
    "active_stop_time": "Active Stop Time",
    "manual_order_time": "Manual Order Time",
}
"""Attribute → the field as the error names it."""


def forms(candidate: Candidate) -> Refusal | None:
    for name, field in TIMES.items():
        text = getattr(candidate.order, name)
        is_day = name == "good_till_date" and read_day(text) is not None
        if text and not is_day and not is_moment(text):
            return refuse(10314, field=field)
    return None


def good_after(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    if not order.good_after_time:
        return None
    return first(
        (candidate.is_smart_combo, refuse(349)),
        (order.tif == "OPG", refuse(111)),
    )


def good_till(candidate: Candidate) -> Refusal | None:
    order, now_ms = candidate.order, candidate.now_ms
    if order.tif != "GTD":
        return None
    if not order.good_till_date:
        return refuse(334)
    start = order.good_after_time
    start_ms = read(start, now_ms, candidate.zone).ms if start else now_ms
    day = read_day(order.good_till_date)
    if day is not None:
        end_ms = midnight_ms(day + timedelta(days=1), candidate.instrument.time_zone)
    else:
        end_ms = read(order.good_till_date, now_ms, candidate.zone).ms
    return None if end_ms > max(start_ms, now_ms) else refuse(334)


def active(candidate: Candidate) -> Refusal | None:
    start, stop = candidate.order.active_start_time, candidate.order.active_stop_time
    if not start or not stop:
        return None
    now_ms, zone = candidate.now_ms, candidate.zone
    is_ordered = read(start, now_ms, zone).ms < read(stop, now_ms, zone).ms
    return None if is_ordered else invalid("active stop time")


def is_unzoned(candidate: Candidate) -> bool:
    """Whether some time says no zone, so that one is implied."""
    return any(
        not read(text, candidate.now_ms).is_zoned
        for name in TIMES
        if (text := getattr(candidate.order, name)) and read_day(text) is None
    )
