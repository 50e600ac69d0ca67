"""How the market is looked at: the trigger methods of TWS, one reading of a quote at a time.

Pure. Knows no orders; a look remembers the reading before, which is what the double methods
are about.

- What rises is looked at on the bid, what falls on the ask, by the methods that look at
  quotes; two readings in a row, or one more of greater size at the same price, make a double
  one (IBKR, Modify the Stop Trigger Method).
- The default is last; double bid/ask for options, bid/ask for forex, combinations and
  commodities, last or bid/ask for structured products (IBKR, the same page). That of stocks
  traded over the counter is double bid/ask: this market has none.
- The last price counts wherever it was printed; IBKR asks that it be within half a percent
  of the quote (ours: who prints a trade wants it to count). That it was traded at again is
  seen by the volume of the day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

from simulator.matching.terms import View


class Method(IntEnum):
    """How the market is looked at, by the number of the wire."""

    DEFAULT = 0
    DOUBLE_BID_ASK = 1
    LAST = 2
    DOUBLE_LAST = 3
    BID_ASK = 4
    LAST_OR_BID_ASK = 7
    MIDPOINT = 8


DEFAULT_METHODS = {
    "OPT": Method.DOUBLE_BID_ASK,
    "CASH": Method.BID_ASK,
    "BAG": Method.BID_ASK,
    "CMDTY": Method.BID_ASK,
    "WAR": Method.LAST_OR_BID_ASK,
    "IOPT": Method.LAST_OR_BID_ASK,
}
"""By security type; last for all others."""

DOUBLE = frozenset({Method.DOUBLE_BID_ASK, Method.DOUBLE_LAST})


def default_method(sec_type: str) -> Method:
    return DEFAULT_METHODS.get(sec_type, Method.LAST)


def resolve(method: int, sec_type: str) -> Method:
    """The method an order means; raises `ValueError` for a number that means none."""
    return Method(method) or default_method(sec_type)


@dataclass(frozen=True, slots=True)
class Reading:
    """A price, and the size that tells whether it was quoted, or traded at, again."""

    price: Decimal
    size: Decimal

    def is_news_after(self, earlier: Reading) -> bool:
        return self.price != earlier.price or self.size > earlier.size


Read = Callable[[View, bool], Reading | None]


def _quoted(view: View, is_rising: bool) -> Reading | None:
    top = view.bid if is_rising else view.ask
    return None if top.price is None else Reading(top.price, top.size)


def _last(view: View, _is_rising: bool) -> Reading | None:
    return Reading(view.last, view.volume)


def _last_or_quoted(view: View, is_rising: bool) -> Reading | None:
    quoted, last = _quoted(view, is_rising), Reading(view.last, view.volume)
    if quoted is None:
        return last
    best = max if is_rising else min
    return best(quoted, last, key=lambda reading: reading.price)


def _middle(view: View, _is_rising: bool) -> Reading | None:
    middle = view.middle
    return None if middle is None else Reading(middle, view.volume)


READINGS: dict[int, Read] = {
    Method.DOUBLE_BID_ASK: _quoted,
    Method.LAST: _last,
    Method.DOUBLE_LAST: _last,
    Method.BID_ASK: _quoted,
    Method.LAST_OR_BID_ASK: _last_or_quoted,
    Method.MIDPOINT: _middle,
}


@dataclass(slots=True)
class Look:
    """One way to look at the market, and what it saw last.

    `level` is the price that triggers are compared with: what was seen or, by a double
    method, what was reached twice in a row. None: nothing that could elect.
    """

    method: int
    is_rising: bool
    previous: Reading | None = None
    level: Decimal | None = None

    def at(self, view: View) -> Reading | None:
        reading, previous = READINGS[self.method](view, self.is_rising), self.previous
        self.previous = reading
        if reading is None:
            self.level = None
        elif self.method not in DOUBLE:
            self.level = reading.price
        elif previous is None or not reading.is_news_after(previous):
            self.level = None
        else:
            nearer = min if self.is_rising else max
            self.level = nearer(previous.price, reading.price)
        return reading

    def reaches(self, price: Decimal) -> bool:
        if self.level is None:
            return False
        return self.level >= price if self.is_rising else self.level <= price
