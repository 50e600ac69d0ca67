"""Times that an order names: after which it is good, until which, and within which.

Captured: 10314 names the field and the forms that are understood; a date and time without
a zone is warned of (2174). Documented: 334 for an order good till a date without one; 349
for a combination. Ours: a date that is over, or not after the start, is 334; an order for
the open or the close has its own time (111); active times in the wrong order are 321.
"""

from __future__ import annotations

from simulator.gateway.moments import is_moment, read
from simulator.gateway.validation.candidate import Candidate, Refusal, first, invalid, refuse

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
        if text and not is_moment(text):
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
    end_ms = read(order.good_till_date, now_ms).ms
    start_ms = read(order.good_after_time, now_ms).ms if order.good_after_time else now_ms
    return None if end_ms > max(start_ms, now_ms) else refuse(334)


def active(candidate: Candidate) -> Refusal | None:
    start, stop = candidate.order.active_start_time, candidate.order.active_stop_time
    if not start or not stop:
        return None
    is_ordered = read(start, candidate.now_ms).ms < read(stop, candidate.now_ms).ms
    return None if is_ordered else invalid("active stop time")


def is_unzoned(candidate: Candidate) -> bool:
    """Whether some time says no zone, so that one is implied."""
    return any(
        not read(text, candidate.now_ms).is_zoned
        for name in TIMES
        if (text := getattr(candidate.order, name))
    )
