"""Trades printed by hand on top of what a path shows. Pure.

A print is the last trade until the path has its next one; its size counts in the volume of
its day, and its price in the day's high and low. No tape knows of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from simulator.market.quote import Quote


def traded(quote: Quote, now_ms: int, price: Decimal, size: Decimal) -> Quote:
    """The quote after a trade, which is its last one now."""
    return replace(
        quote,
        last=price,
        last_size=size,
        last_time_ms=now_ms,
        volume=quote.volume + size,
        high=max(quote.high, price),
        low=min(quote.low, price),
    )


@dataclass(frozen=True, slots=True)
class _Printed:
    """The last print of an instrument, and what all of its day come to."""

    day_ms: int
    time_ms: int
    price: Decimal
    size: Decimal
    volume: Decimal
    high: Decimal
    low: Decimal


class Prints:
    """The prints of all instruments, each by the day that quotes tell of at the time."""

    def __init__(self) -> None:
        self._printed: dict[int, _Printed] = {}

    def add(self, con_id: int, day_ms: int, now_ms: int, price: Decimal, size: Decimal) -> None:
        before = self._printed.get(con_id)
        if before is None or before.day_ms != day_ms:
            before = _Printed(day_ms, now_ms, price, size, Decimal(0), price, price)
        self._printed[con_id] = _Printed(
            day_ms,
            now_ms,
            price,
            size,
            before.volume + size,
            max(before.high, price),
            min(before.low, price),
        )

    def drop(self, con_id: int) -> None:
        self._printed.pop(con_id, None)

    def __contains__(self, con_id: int) -> bool:
        return con_id in self._printed

    def is_last(self, con_id: int, quote: Quote) -> bool:
        """Whether a print, and no trade of the path, is the last trade of a quote."""
        printed = self._printed.get(con_id)
        return printed is not None and printed.time_ms == quote.last_time_ms

    def over(self, con_id: int, day_ms: int, quote: Quote) -> Quote:
        """A quote of the path with the prints of its day."""
        printed = self._printed[con_id]
        if printed.day_ms != day_ms:
            return quote
        is_last = printed.time_ms >= quote.last_time_ms
        return replace(
            quote,
            last=printed.price if is_last else quote.last,
            last_size=printed.size if is_last else quote.last_size,
            last_time_ms=printed.time_ms if is_last else quote.last_time_ms,
            volume=quote.volume + printed.volume,
            high=max(quote.high, printed.high),
            low=min(quote.low, printed.low),
        )
