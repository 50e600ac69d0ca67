"""One instrument at the broker: its book, what elects orders, prices that follow the quote.

Knows keys and terms, neither clients nor money. An order is in one place at a time: waiting
for its hours, for its trigger, or worked. A worked order whose price follows the quote is
taken out of the book while there is no price for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from simulator.broker.slices import Plan
from simulator.instruments import Instrument, increment_at
from simulator.market import Quote
from simulator.matching import PAPER, Book, Filled, FillModel, Top, View, Working
from simulator.matching.triggers import Trigger, Triggers

ZERO = Decimal(0)

Pricer = Callable[[View, Decimal | None, int], Decimal | None]
"""The limit of an order by what is displayed, the limit it has now, and the time in ms.

None: there is no price for it now.
"""


@dataclass(slots=True)
class Pegged:
    """A worked order whose limit follows the quote."""

    working: Working
    price: Pricer


@dataclass(slots=True)
class Planned:
    """An order worked in parts: `volume` is that of the market when it began.

    `released` is how much of it was let into the book so far, filled or not.
    """

    working: Working
    plan: Plan
    volume: Decimal
    released: Decimal | None = None
    limit: Decimal | None = None


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
    is_set: bool = False
    hours: tuple[bool, bool] | None = None
    book: Book = field(init=False)
    waiting: dict[int, None] = field(default_factory=dict)
    triggers: Triggers = field(default_factory=Triggers)
    adjustments: Triggers = field(default_factory=Triggers)
    pegged: dict[int, Pegged] = field(default_factory=dict)
    planned: dict[int, Planned] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nobody = Top(None, ZERO)
        tick = self.instrument.min_tick
        self.view = View(bid=nobody, ask=nobody, last=ZERO, tick=tick)
        self.book = Book(self.model)

    def is_busy(self) -> bool:
        """Whether an order here waits for a quote or for its hours."""
        places = (self.book, self.waiting, self.triggers, self.pegged, self.planned)
        return any(len(place) for place in places)

    def show(self, quote: Quote, *, is_set: bool = False) -> Shown:
        """Display a quote; nothing is matched by this.

        A trade that is only reported brings no new liquidity. Volume is compared between
        quotes of one origin: those that are set by hand, and those that are not.
        """
        self.before, self.quote = self.quote, quote
        was_set, self.is_set = self.is_set, is_set
        self.view = view_of(self.instrument, quote)
        traded = self._traded() if is_set == was_set else ZERO
        if not (traded and self._is_same_quote()):
            self.book.show(self.view)
        if traded:
            self.book.print(quote.last, traded)
        observed = self.triggers.observe(self.view)
        adjusted = self.adjustments.observe(self.view)
        return Shown(observed.fired, adjusted.fired, observed.moved)

    def _traded(self) -> Decimal:
        """What was traded since the quote before."""
        if self.before is None or self.quote is None:
            return ZERO
        return max(ZERO, self.quote.volume - self.before.volume)

    def _is_same_quote(self) -> bool:
        return (
            self.before is not None
            and self.quote is not None
            and _offer(self.before) == _offer(self.quote)
        )

    def work(self, working: Working, price: Pricer | None, now_ms: int) -> None:
        """Enter an order into the book, at its limit or at the price that follows the quote."""
        if price is None:
            self.book.submit(working)
            return
        self.pegged[working.key] = Pegged(working, price)
        working.limit = price(self.view, working.limit, now_ms)
        if working.limit is not None:
            self.book.submit(working)

    def plan(self, working: Working, plan: Plan) -> None:
        """Take an order that is worked in parts; none of it is in the book yet."""
        self.planned[working.key] = Planned(working, plan, self.view.volume)

    def work_part(self, key: int, filled: Decimal, now_ms: int) -> tuple[int | None, int | None]:
        """Have in the book what of a planned order belongs there; it keeps its place if it is.

        Returns when to look again and when the plan is over, if ever.
        """
        planned = self.planned[key]
        part = planned.plan.shown(filled, now_ms, self.view.volume - planned.volume)
        released = None if part is None else filled + part.quantity
        limit = planned.working.limit if part is None or part.limit is None else part.limit
        if (released, limit) != (planned.released, planned.limit):
            planned.released, planned.limit = released, limit
            if key in self.book:
                self.book.cancel(key)
            if part is not None:
                new = replace(
                    planned.working, remaining=part.quantity, limit=limit, min_quantity=ZERO
                )
                self.book.submit(new)
        return planned.plan.due_ms(now_ms), planned.plan.ends_ms

    def replan(self, key: int, quantity: Decimal, filled: Decimal, now_ms: int) -> None:
        """Work a planned order by the same plan for another quantity."""
        planned = self.planned[key]
        planned.plan = replace(planned.plan, quantity=quantity)
        self.work_part(key, filled, now_ms)

    def recall(self, key: int) -> None:
        """Take what is in the book of a planned order out of it, until it is worked again."""
        self.planned[key].released = None
        if key in self.book:
            self.book.cancel(key)

    def fill(self, key: int, quantity: Decimal, price: Decimal) -> Filled:
        """Fill part of an order wherever it stands, because the test says so."""
        if key in self.planned:
            self.recall(key)
        if key in self.book:
            return self.book.fill(key, quantity, price)
        if key in self.pegged:
            self.pegged[key].working.remaining -= quantity
        return Filled(key, quantity, price, added=True)

    def watch(self, key: int, trigger: Trigger) -> bool:
        """Wait for a trigger; True if it is reached already."""
        self.triggers.add(key, trigger)
        return self.triggers.look_at(key, self.view)

    def watch_adjustment(self, key: int, trigger: Trigger) -> bool:
        """Wait for where a stop becomes another order; True if that is reached already."""
        self.adjustments.add(key, trigger)
        return self.adjustments.look_at(key, self.view)

    def take_out(self, key: int) -> None:
        """Forget an order, wherever it stands."""
        self.waiting.pop(key, None)
        self.pegged.pop(key, None)
        self.planned.pop(key, None)
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
        return key in self.book or key in self.pegged or key in self.planned

    def worked(self) -> tuple[int, ...]:
        """Orders that are in the book, would be if they had a price, or wait for a trigger."""
        return tuple(
            dict.fromkeys((*self.book.working(), *self.pegged, *self.planned, *self.triggers))
        )

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


def _offer(quote: Quote) -> tuple[object, ...]:
    """What one can trade with, and since when."""
    return quote.time_ms, quote.bid, quote.bid_size, quote.ask, quote.ask_size
