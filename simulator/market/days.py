"""The day a quote tells of: its first step, and what is shown once trading is over. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.instruments import Instrument
from simulator.market.path import STEP_MS
from simulator.market.sessions import Session, Sessions

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class TradingDay:
    """What quotes from `start_ms` to before `until_ms` tell of, in steps.

    `first` and `last` are the steps between which the quote moves; `close` is the step of
    the last trade of the day before.
    """

    start_ms: int
    until_ms: int
    first: int
    last: int
    close: int


def trading_day(instrument: Instrument, now_ms: int, calendar: Sessions | None) -> TradingDay:
    """The day of a moment: of UTC without a calendar, else from session to session.

    After a session its last quote stands until the next begins. The closing price is that
    of the liquid hours before, as the gateway takes it.
    """
    if calendar is None:
        start = now_ms - now_ms % _DAY_MS
        first = start // STEP_MS
        return TradingDay(
            start, start + _DAY_MS, first, (start + _DAY_MS) // STEP_MS - 1, first - 1
        )
    session = calendar.at(instrument, now_ms) or calendar.previous(instrument, now_ms)
    following = calendar.next(instrument, session.end_ms)
    before = calendar.previous(instrument, session.start_ms, use_rth=True)
    return TradingDay(
        session.start_ms,
        following.start_ms,
        session.start_ms // STEP_MS,
        _last_step(session),
        _last_step(before),
    )


def _last_step(session: Session) -> int:
    return session.end_ms // STEP_MS - 1
