"""Market depth: the order book around a displayed quote, of one venue or of SMART.

The best row of each side is the quote itself; behind it there is a level at every tick,
each with a size that keeps for some seconds. Captured books change by updates of rows:
insert and delete are sent only when a side grows or shrinks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from itertools import islice

from simulator.gateway.draws import draw
from simulator.gateway.entitlements import Entitlement
from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.gateway.quotes import Quotes
from simulator.gateway.texts import DUPLICATE_TICKER_ID
from simulator.instruments import Instrument
from simulator.market import Quote
from simulator.messages.depth import (
    ASK,
    BID,
    DELETE,
    INSERT,
    UPDATE,
    CancelMarketDepth,
    MarketDepth,
    MarketDepthL2,
    RequestMarketDepth,
)
from simulator.records import Contract

MAX_BOOKS = 3
"""Distinct securities a default account can have books of."""

MAX_ROWS = 60
BEAT_MS = 1000
RESIZE_MS = 4000
"""How long the size of a level keeps, other than of the best one."""

SMART = "SMART"
SMART_SIZES = (4, 2, 1)
"""At SMART a level is split over up to three venues, in shares like these."""

DEEP_TYPES = frozenset({"STK", "CASH", "FUT", "FOP", "OPT", "CRYPTO"})
DEEP_VENUES = ("NASDAQ", "BATS", "ARCA", "BEX", "NYSE", "IEX")
"""The venues with depth of US stocks that captured notices name; others have a top only."""


@dataclass(frozen=True, slots=True)
class Row:
    price: Decimal
    size: Decimal
    venue: str = ""


@dataclass(slots=True, eq=False)
class Book:
    """One client's book of one security, with the rows it was sent."""

    connection: Connection
    req_id: int
    instrument: Instrument
    rows: int
    venue: str
    with_makers: bool
    shown: dict[int, list[Row]] = field(default_factory=lambda: {BID: [], ASK: []})

    @property
    def is_smart(self) -> bool:
        return self.venue == SMART

    def show(self, side: int, rows: list[Row]) -> None:
        """Send what turns the rows shown before into these."""
        before, self.shown[side] = self.shown[side], rows
        for position, row in enumerate(rows):
            if position >= len(before):
                self._send(position, INSERT, side, row)
            elif before[position] != row:
                self._send(position, UPDATE, side, row)
        for position in range(len(before) - 1, len(rows) - 1, -1):
            self._send(position, DELETE, side, Row(Decimal(0), Decimal(0), before[position].venue))

    def _send(self, position: int, operation: int, side: int, row: Row) -> None:
        if not self.with_makers:
            self.connection.send(
                MarketDepth(self.req_id, position, operation, side, row.price, row.size)
            )
            return
        self.connection.send(
            MarketDepthL2(
                self.req_id,
                position,
                row.venue,
                operation,
                side,
                row.price,
                row.size,
                self.is_smart,
            )
        )


class Depth:
    """The books of all clients."""

    def __init__(self, hub: Hub, quotes: Quotes) -> None:
        self._hub = hub
        self._quotes = quotes
        self._books: dict[tuple[Connection, int], Book] = {}
        self._is_beating = False

    def handlers(self) -> Handlers:
        return {RequestMarketDepth: self._request, CancelMarketDepth: self._cancel}

    def forget(self, connection: Connection) -> None:
        for key in [key for key in self._books if key[0] is connection]:
            del self._books[key]

    def show(self, instrument: Instrument) -> None:
        """Send the present book of an instrument to those that follow it."""
        for book in self._books.values():
            if book.instrument.con_id == instrument.con_id:
                self._show(book)

    def _request(self, connection: Connection, request: RequestMarketDepth) -> None:
        instrument = self._permitted(connection, request)
        if instrument is None:
            return
        venue = _venue(request.contract, instrument)
        book = Book(
            connection, request.req_id, instrument, request.rows, venue, request.is_smart_depth
        )
        self._books[connection, request.req_id] = book
        self._show(book)
        if book.is_smart:
            self._hub.error(connection, request.req_id, 2152, exchanges=_exchanges(instrument))
        if not self._is_beating:
            self._is_beating = True
            self._plan()

    def _permitted(self, connection: Connection, request: RequestMarketDepth) -> Instrument | None:
        """What a book is asked of; None after an error was sent."""
        found = self._hub.database.find(request.contract)
        refusal: tuple[int, str] | None = None
        if (connection, request.req_id) in self._books:
            refusal = 322, DUPLICATE_TICKER_ID
        elif len(found) != 1:
            refusal = 200, ""
        elif not _has_depth(request, found[0]):
            refusal = 10092, ""
        elif not 0 < request.rows <= MAX_ROWS:
            refusal = 321, f"Number of rows must be between 1 and {MAX_ROWS}"
        elif self._quotes.entitlement(found[0]) is not Entitlement.LIVE:
            refusal = 354, ""
        elif len({book.instrument.con_id for book in self._books.values()} | {found[0].con_id}) > (
            MAX_BOOKS
        ):
            refusal = 309, ""
        if refusal is None:
            return found[0]
        self._hub.error(connection, request.req_id, refusal[0], cause=refusal[1])
        return None

    def _cancel(self, connection: Connection, request: CancelMarketDepth) -> None:
        if self._books.pop((connection, request.req_id), None) is None:
            self._hub.error(connection, request.req_id, 310)

    def _plan(self) -> None:
        self._hub.plan(self._hub.now_ms + BEAT_MS, self._on_beat)

    def _on_beat(self) -> None:
        self._is_beating = bool(self._books)
        for book in self._books.values():
            self._show(book)
        if self._is_beating:
            self._plan()

    def _show(self, book: Book) -> None:
        quote = self._hub.market.quote(book.instrument, self._hub.now_ms)
        for side in (BID, ASK):
            book.show(side, list(islice(self._rows(book, quote, side), book.rows)))

    def _rows(self, book: Book, quote: Quote, side: int) -> Iterator[Row]:
        """The side of a book from its best row outwards."""
        best, size = (quote.bid, quote.bid_size) if side == BID else (quote.ask, quote.ask_size)
        step = -book.instrument.min_tick if side == BID else book.instrument.min_tick
        price = best
        while price is not None and price > 0:
            if price != best:
                size = self._size(book.instrument, price)
            yield from (
                _split(book, price, size) if book.is_smart else [Row(price, size, book.venue)]
            )
            price += step

    def _size(self, instrument: Instrument, price: Decimal) -> Decimal:
        """What stands at a price behind the best: it stays there until it is drawn anew."""
        seed, drawn = self._hub.settings.seed, self._hub.now_ms // RESIZE_MS
        bits = draw(seed, "depth", instrument.con_id, price.normalize(), drawn)
        return instrument.path.size * (1 + bits % 16) / 4


def _split(book: Book, price: Decimal, size: Decimal) -> Iterator[Row]:
    """The rows of a level at SMART, biggest venue first; together they are its size."""
    venues = _deep_venues(book.instrument)
    first = draw(0, "venue", book.instrument.con_id, price.normalize())
    weights = SMART_SIZES[: min(1 + first % len(SMART_SIZES), len(venues))]
    left = size
    for index, weight in enumerate(weights):
        part = min(left, _share(book, size, weight, sum(weights)))
        if part <= 0:
            return
        left -= part
        yield Row(price, part, venues[(first + index) % len(venues)])


def _share(book: Book, size: Decimal, weight: int, total: int) -> Decimal:
    """A venue's part, rounded up: the last one gets what is left."""
    step = max(book.instrument.size_increment, Decimal(1))
    return (size * weight / total / step).to_integral_value(ROUND_CEILING) * step


def _venue(contract: Contract, instrument: Instrument) -> str:
    return contract.exchange or instrument.exchange


def _has_depth(request: RequestMarketDepth, instrument: Instrument) -> bool:
    """SMART has a book only as SMART depth, and of what trades on several deep venues."""
    if instrument.sec_type not in DEEP_TYPES:
        return False
    if _venue(request.contract, instrument) == SMART:
        return request.is_smart_depth and bool(_deep_venues(instrument))
    return True


def _deep_venues(instrument: Instrument) -> list[str]:
    exchanges = instrument.valid_exchanges.split(",")
    return [venue for venue in DEEP_VENUES if venue in exchanges]


def _exchanges(instrument: Instrument) -> str:
    """The list in notice 2152; a semicolon ends every name, the last too."""
    deep = _deep_venues(instrument)
    top = [e for e in instrument.valid_exchanges.split(",") if e not in {SMART, *deep}]
    parts = (("Depth", deep), ("Top", top))
    return "".join(
        f"{kind}: " + "".join(f"{name}; " for name in names) for kind, names in parts if names
    )
