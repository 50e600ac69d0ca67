"""One market data line: the ticks between two quotes.

A line remembers the quote it showed last; the ticks sent are the difference to the next
one, from one table. The order of a first burst is that of captured streams: last trade,
volume, day prices, bid and ask; then what a line has beside the quote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from simulator.gateway.entitlements import DELAYED
from simulator.gateway.hub import Connection
from simulator.instruments import Instrument
from simulator.market import Quote
from simulator.messages.market_data import (
    TickGeneric,
    TickPrice,
    TickSize,
    TickString,
    TickType,
)

CAN_AUTO_EXECUTE = 1
NO_PRICE = Decimal(-1)

DELAY_MS = 15 * 60_000
"""How old delayed data are: most exchanges' quarter of an hour."""


class Extra(Protocol):
    """What a line sends beside the quote: generic ticks, Greeks."""

    def ticks(self, quote: Quote, now_ms: int) -> Iterator[Any]:
        """What is new at a time, when that is the quote."""


@dataclass(frozen=True, slots=True)
class Tick:
    """How one price of a quote is sent: its tick types live and delayed, and those of its size."""

    live: TickType
    delayed: TickType
    price: Callable[[Quote], Decimal | None]
    size: Callable[[Quote], Decimal] = lambda _: Decimal(0)
    live_size: TickType | None = None
    delayed_size: TickType | None = None
    attributes: int = 0


_TOP = (
    Tick(
        TickType.BID,
        TickType.DELAYED_BID,
        lambda q: q.bid,
        lambda q: q.bid_size,
        TickType.BID_SIZE,
        TickType.DELAYED_BID_SIZE,
        CAN_AUTO_EXECUTE,
    ),
    Tick(
        TickType.ASK,
        TickType.DELAYED_ASK,
        lambda q: q.ask,
        lambda q: q.ask_size,
        TickType.ASK_SIZE,
        TickType.DELAYED_ASK_SIZE,
        CAN_AUTO_EXECUTE,
    ),
)
_LAST = Tick(
    TickType.LAST,
    TickType.DELAYED_LAST,
    lambda q: q.last,
    lambda q: q.last_size,
    TickType.LAST_SIZE,
    TickType.DELAYED_LAST_SIZE,
)
_DAY = (
    Tick(TickType.HIGH, TickType.DELAYED_HIGH, lambda q: q.high),
    Tick(TickType.LOW, TickType.DELAYED_LOW, lambda q: q.low),
    Tick(TickType.CLOSE, TickType.DELAYED_CLOSE, lambda q: q.close),
    Tick(TickType.OPEN, TickType.DELAYED_OPEN, lambda q: q.open),
)


_ALL = (*_DAY, *_TOP)
UNQUOTED = frozenset({"IND"})
"""Security types that nobody bids for."""

_VENUE_TICKS = (TickType.LAST_EXCHANGE, TickType.BID_EXCHANGE, TickType.ASK_EXCHANGE)


@dataclass(slots=True, eq=False)
class Line:
    """One market data line of one client."""

    connection: Connection
    req_id: int
    instrument: Instrument
    data_type: int
    wanted: int
    extras: tuple[Extra, ...] = ()
    is_off: bool = False
    is_snapshot: bool = False
    without_top: bool = False
    venues: tuple[str, str, str] | None = None
    shown: Quote | None = None
    shown_halted: bool | None = None

    @property
    def delayed(self) -> bool:
        return self.data_type >= DELAYED

    @property
    def is_watching(self) -> bool:
        """Whether anything is sent when quotes change."""
        return not self.is_off or bool(self.extras)

    @property
    def moves_by_itself(self) -> bool:
        """Whether something may be sent though the quote stays: what is computed, or comes late."""
        return self.delayed or bool(self.extras)

    def quote_ms(self, now_ms: int) -> int:
        """The time whose quote is shown."""
        return now_ms - DELAY_MS if self.delayed else now_ms

    def show(self, quote: Quote, now_ms: int, *, is_halted: bool = False) -> None:
        """Send what is new; a halt is told at once, to delayed lines, too."""
        if not self.is_off:
            self.connection.send(*self._ticks(quote))
            if is_halted != self.shown_halted:
                halted = TickType.DELAYED_HALTED if self.delayed else TickType.HALTED
                self.connection.send(TickGeneric(self.req_id, halted, Decimal(is_halted)))
                self.shown_halted = is_halted
        for extra in self.extras:
            self.connection.send(*extra.ticks(quote, self.quote_ms(now_ms)))
        self.shown = quote

    @property
    def is_complete(self) -> bool:
        """Whether a snapshot has what it waits for."""
        quote = self.shown
        if quote is None or self.instrument.sec_type in UNQUOTED:
            return self.is_off or quote is not None
        sides = quote.bid is not None and quote.ask is not None
        return self.is_off or (sides and not self.without_top)

    def _ticks(self, quote: Quote) -> Iterator[Any]:
        """What is sent when `quote` follows the one shown before."""
        before = self.shown
        trades = self.instrument.sec_type != "CASH"  # currency pairs have no last trade
        if trades and (before is None or _trade(before) != _trade(quote)):
            yield self._text(
                TickType.LAST_TIMESTAMP,
                TickType.DELAYED_LAST_TIMESTAMP,
                str(quote.last_time_ms // 1000),
            )
            yield from self._tick(_LAST, before, quote)
        if trades and (before is None or before.volume != quote.volume):
            volume = TickType.DELAYED_VOLUME if self.delayed else TickType.VOLUME
            yield TickSize(self.req_id, volume, quote.volume)
        has_top = not self.without_top and self.instrument.sec_type not in UNQUOTED
        for tick in _ALL if has_top else _DAY:
            yield from self._tick(tick, before, quote)
        if before is None:
            yield from self._exchanges()

    def _tick(self, tick: Tick, before: Quote | None, quote: Quote) -> Iterator[Any]:
        """A new price brings its size along and repeats it; a new size comes alone."""
        price, size = tick.price(quote), tick.size(quote)
        new_price = before is None or tick.price(before) != price
        if new_price:
            tick_type = tick.delayed if self.delayed else tick.live
            if price is None:
                yield TickPrice(self.req_id, tick_type, NO_PRICE, None, tick.attributes)
                return
            yield TickPrice(self.req_id, tick_type, price, size, tick.attributes)
        size_type = tick.delayed_size if self.delayed else tick.live_size
        if size_type is None or price is None:
            return
        if new_price or before is None or tick.size(before) != size:
            yield TickSize(self.req_id, size_type, size)

    def _text(self, live: TickType, delayed: TickType, text: str) -> TickString:
        return TickString(self.req_id, delayed if self.delayed else live, text)

    def _exchanges(self) -> Iterator[TickString]:
        """The letters of the venues, which the simulator never changes."""
        if self.venues is not None and not self.delayed:
            for tick_type, letters in zip(_VENUE_TICKS, self.venues, strict=True):
                yield TickString(self.req_id, tick_type, letters)


def _trade(quote: Quote) -> tuple[int, Decimal, Decimal]:
    """What tells one trade from the next; a clock set by hand may not have moved in between."""
    return quote.last_time_ms, quote.last, quote.last_size
