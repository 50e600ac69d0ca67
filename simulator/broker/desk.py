"""One instrument at the broker: its book, what elects orders, prices that follow the quote.

Knows keys and terms, neither clients nor money. An order is in one place at a time: waiting
for its hours, for its trigger, or worked. A worked order whose price follows the quote is
taken out of the book while there is no price for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from simulator.instruments import Instrument, increment_at
from simulator.market import Quote
from simulator.matching import PAPER, Book, FillModel, Top, View, Working
from simulator.matching.triggers import Trigger, Triggers

Pricer = Callable[[View, Decimal | None, int], Decimal | None]
"""The limit of an order by what is displayed, the limit it has now, and the time in ms.

None: there is no price for it now.
"""


@dataclass(slots=True)
class Pegged:
    """A worked order whose limit follows the quote."""

    working: Working
    price: Pricer


@dataclass(frozen=True, slots=True)
class Shown:
    """What a new quote did: elected and adjusted orders, stops that have moved."""

    elected: tuple[int, ...]
    adjusted: tuple[int, ...]
    trailed: tuple[tuple[int, Decimal], ...]


@dataclass(slots=True)
class Desk:
    """The orders of one instrument, by where they stand."""

    instrument: Instrument
    model: FillModel = PAPER
    quote: Quote | None = None
    before: Quote | None = None
    view: View = field(init=False)
    hours: tuple[bool, bool] | None = None
    book: Book = field(init=False)
    waiting: dict[int, None] = field(default_factory=dict)
    triggers: Triggers = field(default_factory=Triggers)
    adjustments: Triggers = field(default_factory=Triggers)
    pegged: dict[int, Pegged] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nobody = Top(None, Decimal(0))
        tick = self.instrument.min_tick
        self.view = View(bid=nobody, ask=nobody, last=Decimal(0), tick=tick)
        self.book = Book(self.model)

    def is_busy(self) -> bool:
        """Whether an order here waits for a quote or for its hours."""
        return bool(len(self.book) or self.waiting or len(self.triggers) or self.pegged)

    def show(self, quote: Quote) -> Shown:
        """Display a quote; nothing is matched by this."""
        self.before, self.quote = self.quote, quote
        self.view = view_of(self.instrument, quote)
        self.book.show(self.view)
        if self.before is not None and quote.volume > self.before.volume:
            self.book.print(quote.last, quote.volume - self.before.volume)
        observed = self.triggers.observe(self.view)
        adjusted = self.adjustments.observe(self.view)
        return Shown(observed.fired, adjusted.fired, observed.moved)

    def work(self, working: Working, price: Pricer | None, now_ms: int) -> None:
        """Enter an order into the book, at its limit or at the price that follows the quote."""
        if price is None:
            self.book.submit(working)
            return
        self.pegged[working.key] = Pegged(working, price)
        working.limit = price(self.view, working.limit, now_ms)
        if working.limit is not None:
            self.book.submit(working)

    def watch(self, key: int, trigger: Trigger) -> bool:
        """Wait for a trigger; True if it is reached already."""
        self.triggers.add(key, trigger)
        return self.triggers.look_at(key, self.view)

    def take_out(self, key: int) -> None:
        """Forget an order, wherever it stands."""
        self.waiting.pop(key, None)
        self.pegged.pop(key, None)
        for place in (self.triggers, self.adjustments):
            if key in place:
                place.remove(key)
        if key in self.book:
            self.book.cancel(key)

    def resize(self, key: int, remaining: Decimal) -> None:
        """Make an order smaller where it stands."""
        if key in self.book:
            self.book.resize(key, remaining)
        elif key in self.pegged:
            self.pegged[key].working.remaining = remaining

    def is_worked(self, key: int) -> bool:
        return key in self.book or key in self.pegged

    def worked(self) -> tuple[int, ...]:
        """Orders that are in the book, would be if they had a price, or wait for a trigger."""
        return tuple(dict.fromkeys((*self.book.working(), *self.pegged, *self.triggers)))

    def reprice(self, now_ms: int) -> tuple[tuple[int, Decimal], ...]:
        """Follow what prices are tied to; which orders have moved, and where to.

        A new price is a new order in the book: it goes to the end of its line.
        """
        moved = []
        for key, pegged in tuple(self.pegged.items()):
            price = pegged.price(self.view, pegged.working.limit, now_ms)
            if price == pegged.working.limit:
                continue
            if key in self.book:
                self.book.cancel(key)
            pegged.working.limit = price
            if price is not None:
                self.book.submit(pegged.working)
                moved.append((key, price))
        return tuple(moved)


def view_of(instrument: Instrument, quote: Quote) -> View:
    """What matching sees of a quote."""
    return View(
        bid=Top(quote.bid, quote.bid_size),
        ask=Top(quote.ask, quote.ask_size),
        last=quote.last,
        tick=increment_at(instrument.market_rule_id, quote.last) or instrument.min_tick,
        volume=quote.volume,
    )
