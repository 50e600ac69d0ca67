"""When an order may be worked, and when it is over. Pure: sessions and times are passed in.

Knows no market and no state of an order. Assumptions:

- A day order is for the session it is placed in, or else the next, as is one of which day it
  was told to start (TWS guide, "Time in Force"): of regular hours, or of all of them if it may
  be worked outside of those. A day-til-cancelled order ends as one of the day.
- A good-til-date order ends with the market on its date, or at its time (TWS guide).
- An auction is held at the open or close of regular hours; what could not be executed in it
  is cancelled 30 seconds later (captured at the open; at the close ours).
- The last moment to enter one is the exchange's (IBKR, order type pages of MOC and LOO), with
  none for exchanges not told of. One that comes later, until the auction is over, is refused
  and does not wait for another day: so seen of gateways right after the close.
- An order is active from its start time to its stop time, whatever its time in force (the
  documentation of the API tells of GTC orders only).
- `duration` is in seconds from when the order starts (ours). A time without a date is today's.
  A text that tells no time is as none (ours: a gateway refuses it before).
"""

from __future__ import annotations

from simulator.instruments import Instrument
from simulator.market import Session, Sessions
from simulator.moments import MomentError, midnight_ms, read, read_day
from simulator.order_types import Auction, auction_of
from simulator.records import Order

MINUTE_MS = 60_000
AUCTION_MS = 30_000
"""How long what is for an auction is worked."""

TOO_LATE = "Exchange is closed."
"""The reason seen with 201 for an order that comes too late for its auction."""


CUT_OFFS_MS: dict[Auction, dict[str, int]] = {
    Auction.OPEN: {"NASDAQ": 2 * MINUTE_MS},
    Auction.CLOSE: {
        "AMEX": 10 * MINUTE_MS,
        "ARCA": 10 * MINUTE_MS,
        "NASDAQ": 5 * MINUTE_MS,
        "NYSE": 10 * MINUTE_MS,
    },
}
"""How long before an auction the primary exchange stops taking orders for it."""

_UNTIL_DONE = frozenset({"GTC", "IOC", "FOK"})


def active_from_ms(order: Order, now_ms: int, zone: str) -> int | None:
    """When an order that has to wait for its time starts; None: at once."""
    told = (order.good_after_time, order.active_start_time)
    starts = [at_ms for text in told if (at_ms := _read_ms(text, now_ms, zone)) is not None]
    at_ms = max(starts, default=now_ms)
    return at_ms if at_ms > now_ms else None


def expires_ms(
    order: Order, instrument: Instrument, sessions: Sessions, now_ms: int, zone: str
) -> int | None:
    """When an order placed now is over; None: never, or as soon as it was tried."""
    from_ms = active_from_ms(order, now_ms, zone) or now_ms
    ends = (
        _end_ms(order, instrument, sessions, from_ms, zone),
        from_ms + order.duration * 1000 if order.duration else None,
        _read_ms(order.active_stop_time, now_ms, zone),
    )
    return min((end_ms for end_ms in ends if end_ms is not None), default=None)


def auction_ms(auction: Auction, instrument: Instrument, sessions: Sessions, now_ms: int) -> int:
    """When the next auction is, be it at this very moment for one that opens."""
    current = sessions.at(instrument, now_ms, use_rth=True)
    if current is not None and auction is Auction.CLOSE:
        return current.end_ms
    following = sessions.next(instrument, now_ms, use_rth=True)
    return following.start_ms if auction is Auction.OPEN else following.end_ms


def is_too_late(order: Order, instrument: Instrument, sessions: Sessions, now_ms: int) -> bool:
    """Whether an order placed now is for an auction that takes no more."""
    auction = auction_of(order)
    if auction is None:
        return False
    before_ms = CUT_OFFS_MS[auction].get(instrument.primary_exchange, 0)
    is_shut = auction_ms(auction, instrument, sessions, now_ms) - now_ms < before_ms
    return is_shut or _is_at(auction, instrument, sessions, now_ms)


def is_worked(order: Order, instrument: Instrument, sessions: Sessions, now_ms: int) -> bool:
    """Whether this is an hour, or the auction, in which an order can be filled."""
    auction = auction_of(order)
    if auction is not None:
        return _is_at(auction, instrument, sessions, now_ms)
    return sessions.is_open(instrument, now_ms, use_rth=not order.outside_rth)


def is_watched(order: Order, instrument: Instrument, sessions: Sessions, now_ms: int) -> bool:
    """Whether the conditions of an order count at this hour."""
    return order.conditions_ignore_rth or sessions.is_open(instrument, now_ms, use_rth=True)


def _end_ms(
    order: Order, instrument: Instrument, sessions: Sessions, from_ms: int, zone: str
) -> int | None:
    auction = auction_of(order)
    if auction is not None:
        return auction_ms(auction, instrument, sessions, from_ms) + AUCTION_MS
    if order.tif in _UNTIL_DONE:
        return None
    if order.tif == "GTD":
        return _date_ms(order, instrument, sessions, from_ms, zone)
    return _session(instrument, sessions, from_ms, use_rth=not order.outside_rth).end_ms


def _date_ms(
    order: Order, instrument: Instrument, sessions: Sessions, from_ms: int, zone: str
) -> int | None:
    """The end of a date, or of the last session before if nothing trades on it; or a time."""
    day, use_rth = read_day(order.good_till_date), not order.outside_rth
    if day is None:
        return _read_ms(order.good_till_date, from_ms, zone)
    session = sessions.on(instrument, day, use_rth=use_rth)
    if session is None:
        begins_ms = midnight_ms(day, instrument.time_zone)
        session = sessions.previous(instrument, begins_ms, use_rth=use_rth)
    return session.end_ms


def _session(instrument: Instrument, sessions: Sessions, ms: int, *, use_rth: bool) -> Session:
    return sessions.at(instrument, ms, use_rth=use_rth) or sessions.next(
        instrument, ms, use_rth=use_rth
    )


def _is_at(auction: Auction, instrument: Instrument, sessions: Sessions, now_ms: int) -> bool:
    if auction is Auction.CLOSE:
        return now_ms < sessions.previous(instrument, now_ms, use_rth=True).end_ms + AUCTION_MS
    session = sessions.at(instrument, now_ms, use_rth=True)
    return session is not None and now_ms < session.start_ms + AUCTION_MS


def _read_ms(text: str, now_ms: int, zone: str) -> int | None:
    try:
        return read(text, now_ms, zone).ms
    except MomentError:
        return None
