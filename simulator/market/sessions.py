"""When an instrument trades: always, which is the default, or as its exchange does.

A session is told whole, by the day it is traded for: Monday's session of a future begins
on Sunday evening. Hours of trading are those in which orders can be filled at all, liquid
hours (`use_rth`) those that the gateway calls regular. Pure.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from simulator.calendars import session_day
from simulator.instruments import Instrument

DAY = timedelta(days=1)
MAX_CLOSED_DAYS = 40
"""Longer than any exchange was ever closed; where one is looked for ends the search."""


@dataclass(frozen=True, slots=True)
class Session:
    """From a moment to before another, in milliseconds since the epoch; `ref_date` is local."""

    start_ms: int
    end_ms: int
    ref_date: date


class Sessions(Protocol):
    """The sessions of instruments."""

    def on(self, instrument: Instrument, day: date, *, use_rth: bool) -> Session | None:
        """The session that is traded for a day; None if the exchange is closed."""

    def sessions(
        self, instrument: Instrument, from_ms: int, until_ms: int, use_rth: bool
    ) -> list[Session]:
        """All that have a moment in common with `from_ms` to before `until_ms`, in order.

        They are whole, not cut to the question.
        """

    def at(self, instrument: Instrument, ms: int, *, use_rth: bool = False) -> Session | None:
        """The session a moment is in."""

    def is_open(self, instrument: Instrument, ms: int, *, use_rth: bool = False) -> bool:
        """Whether a moment is in a session."""

    def previous(self, instrument: Instrument, ms: int, *, use_rth: bool = False) -> Session:
        """The last session that was over at a moment (`end_ms` <= `ms`).

        Raises `LookupError` if there is none: the calendar does not go back that far.
        """

    def next(self, instrument: Instrument, ms: int, *, use_rth: bool = False) -> Session:
        """The first session that begins at a moment or later (`start_ms` >= `ms`).

        Raises `LookupError` if there is none: the calendar does not go that far.
        """


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A time, up to before its end, in which an instrument is in one session or in none."""

    instrument: Instrument
    start_ms: int
    end_ms: int
    session: Session | None


class _Daily(ABC):
    """Sessions of which each day has at most one.

    Remembers for each instrument the stretch it was asked for last: with every quote and
    every order it is the same for hours.
    """

    def __init__(self) -> None:
        self._asked: dict[tuple[int, bool], _Stretch] = {}

    @abstractmethod
    def on(self, instrument: Instrument, day: date, *, use_rth: bool) -> Session | None:
        """The session that is traded for a day."""

    def sessions(
        self, instrument: Instrument, from_ms: int, until_ms: int, use_rth: bool
    ) -> list[Session]:
        first, last = _local_date(instrument, from_ms), _local_date(instrument, until_ms)
        found = (
            self.on(instrument, day, use_rth=use_rth) for day in _days(first - DAY, last + DAY)
        )
        return [s for s in found if s is not None and s.end_ms > from_ms and s.start_ms < until_ms]

    def at(self, instrument: Instrument, ms: int, *, use_rth: bool = False) -> Session | None:
        key = instrument.con_id, use_rth
        known = self._asked.get(key)
        is_known = known is not None and known.start_ms <= ms < known.end_ms
        if known is None or not is_known or known.instrument is not instrument:
            known = self._asked[key] = self._stretch(instrument, ms, use_rth=use_rth)
        return known.session

    def is_open(self, instrument: Instrument, ms: int, *, use_rth: bool = False) -> bool:
        return self.at(instrument, ms, use_rth=use_rth) is not None

    def previous(self, instrument: Instrument, ms: int, *, use_rth: bool = False) -> Session:
        start = _local_date(instrument, ms) + DAY
        for back in range(MAX_CLOSED_DAYS):
            session = self.on(instrument, start - DAY * back, use_rth=use_rth)
            if session is not None and session.end_ms <= ms:
                return session
        raise LookupError(f"no session of {instrument.local_symbol} before {_utc(ms)}")

    def next(self, instrument: Instrument, ms: int, *, use_rth: bool = False) -> Session:
        start = _local_date(instrument, ms)
        for ahead in range(MAX_CLOSED_DAYS):
            session = self.on(instrument, start + DAY * ahead, use_rth=use_rth)
            if session is not None and session.start_ms >= ms:
                return session
        raise LookupError(f"no session of {instrument.local_symbol} after {_utc(ms)}")

    def _stretch(self, instrument: Instrument, ms: int, *, use_rth: bool) -> _Stretch:
        for session in self.sessions(instrument, ms, ms + 1, use_rth):
            return _Stretch(instrument, session.start_ms, session.end_ms, session)
        try:
            start_ms = self.previous(instrument, ms, use_rth=use_rth).end_ms
            end_ms = self.next(instrument, ms, use_rth=use_rth).start_ms
        except LookupError:  # an end of the calendar
            start_ms, end_ms = ms, ms + 1
        return _Stretch(instrument, start_ms, end_ms, None)


class AlwaysOpen(_Daily):
    """Every day, from midnight to midnight in the instrument's time zone; all of it is liquid."""

    def on(self, instrument: Instrument, day: date, *, use_rth: bool) -> Session | None:
        del use_rth
        return _midnight_to_midnight(instrument.time_zone, day)


class TradingCalendar(_Daily):
    """The instrument's hours on the days of its exchange, with holidays and early closes.

    A combination has those that all of its legs have.
    """

    def on(self, instrument: Instrument, day: date, *, use_rth: bool) -> Session | None:
        if instrument.legs:
            return _common(
                [self.on(leg.instrument, day, use_rth=use_rth) for leg in instrument.legs]
            )
        hours = instrument.liquid_hours if use_rth else instrument.trading_hours
        return session_on(instrument.calendar, instrument.time_zone, hours, day)


@lru_cache(maxsize=4096)
def _midnight_to_midnight(zone: str, day: date) -> Session:
    return Session(_ms(zone, day, 0), _ms(zone, day + DAY, 0), day)


@lru_cache(maxsize=8192)
def session_on(calendar: str, zone: str, hours: tuple[str, str], day: date) -> Session | None:
    """What is traded for a day, if anything is.

    Hours that end no later in the day than they begin have begun the day before. What trades after
    the exchange's usual close does so for as long after an early one.
    """
    known = session_day(calendar, day)
    if known is None:
        return None
    start, end = map(minutes, hours)
    start_ms = _ms(zone, day - DAY if start >= end else day, start)
    end_ms = _ms(zone, day, end)
    if known.early_ms:
        late_ms = max(0, end_ms - known.close_ms - known.early_ms)
        end_ms = min(end_ms, known.close_ms + late_ms)
    return Session(start_ms, end_ms, day)


def _common(sessions: Sequence[Session | None]) -> Session | None:
    """The time that all have in common, if all are held."""
    held = [session for session in sessions if session is not None]
    start_ms = max((session.start_ms for session in held), default=0)
    end_ms = min((session.end_ms for session in held), default=0)
    if len(held) < len(sessions) or start_ms >= end_ms:
        return None
    return Session(start_ms, end_ms, held[0].ref_date)


def minutes(text: str) -> int:
    """Minutes since midnight of `0930`; `2400` is the end of the day."""
    return int(text[:2]) * 60 + int(text[2:])


def _ms(zone: str, day: date, minute: int) -> int:
    days, minute = divmod(minute, 1440)
    clock = datetime.combine(day + DAY * days, time(minute // 60, minute % 60), _zone(zone))
    return round(clock.timestamp()) * 1000


_zone: Callable[[str], ZoneInfo] = lru_cache(maxsize=64)(ZoneInfo)


def _local_date(instrument: Instrument, ms: int) -> date:
    return datetime.fromtimestamp(ms / 1000, _zone(instrument.time_zone)).date()


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += DAY


def _utc(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d}"
