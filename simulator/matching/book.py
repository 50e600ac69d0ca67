"""The working orders of one instrument, matched with what the market shows and each other.

Pure: no clock, no ids of its own, no fees. State in, one match at a time out, so that
whoever asks may cancel or resize other orders between two matches. How the market fills an
order is the fill model's to say (`models`), where an order stands is the line's (`resting`).

Cost, for n orders: submit, cancel, resize and each match O(log n) amortised, to learn that
nothing matches O(1). Beyond that: an order walks past resting orders of its own owner; an
all-or-none or minimum-size order that is reached by price is looked at again after each
change, along the orders it would take; in `queue` a print and a quote touch every order at
their own price, a quote also those better than it.

Assumptions, besides those of the models:

- Liquidity taken from a quote is gone until the next quote (IBKR, paper trading). A market
  order with no quote on the other side waits for one (IBKR, paper trading); so does what
  exceeds the displayed size (ours: IBKR rejects it for orders directed to an exchange).
- Clients trade with each other (ours), at the price of the order that was there before.
  At one price the displayed quote stood before our orders (ours).
- Orders of one owner never trade with each other: the resting one is skipped (ours).
- Two market orders do not trade with each other. A resting one outbids everybody on its
  side: it pays the best price there, or the limit it meets if that is worse (ours).
- Icebergs trade tip by tip; hidden orders stand behind all displayed of their price (ours).
- An order that needs a size at once counts contra orders in their order, leaving out those
  that cannot be had for what is still wanted (ours: no search for the best combination).
  Only if its contras are withdrawn between two matches is it left with a part.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

from simulator.matching.displayed import Displayed
from simulator.matching.models import PAPER, FillModel, Prints, is_through, reaches, size_ahead
from simulator.matching.offers import Market
from simulator.matching.resting import Entry, Line
from simulator.matching.terms import ZERO, Filled, Side, View, Working


@dataclass(slots=True)
class _Print:
    """A trade on the tape and what is left of its volume."""

    price: Decimal
    left: Decimal


class Book:
    """The book of one instrument.

    `model` and `is_halted` may be set at any time; nothing is matched in a halt, and what
    came in meanwhile enters in its order when it ends.
    """

    def __init__(self, model: FillModel = PAPER) -> None:
        self.is_halted = False
        self._displayed = Displayed(model)
        self._lines = {side: Line(side) for side in Side}
        self._market = Market(self._displayed, self._lines)
        self._entries: dict[int, Entry] = {}
        self._takers: OrderedDict[int, Entry] = OrderedDict()  # who look for contras next
        self._prints: deque[_Print] = deque()
        self._sequence = count(1)
        self._active: Entry | None = None
        self._promised: Entry | None = None  # who was found to get the size it needs
        self._has_changed = False

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: int) -> bool:
        return key in self._entries

    @property
    def model(self) -> FillModel:
        return self._displayed.model

    @model.setter
    def model(self, model: FillModel) -> None:
        """Change the model. Where orders queue, those that rest join the line anew."""
        self._displayed.model = model
        self._prints.clear()
        for entry in self._entries.values():
            self._join(entry)
        self._change()

    @property
    def is_matching(self) -> bool:
        """Whether anything can trade: not in a halt, nor where only the test fills."""
        return self.model.matches and not self.is_halted

    def working(self) -> tuple[int, ...]:
        """The orders in the book, oldest first."""
        return tuple(self._entries)

    def show(self, view: View) -> None:
        """A new quote is displayed; its size is fresh liquidity."""
        before = {side: self._displayed.own(side) for side in Side}
        self._displayed.show(view)
        if self.model.prints is Prints.IN_LINE:
            for side, line in self._lines.items():
                if (own := self._displayed.own(side)) != before[side]:
                    line.see_ahead(own)
        self._change()

    def print(self, price: Decimal, size: Decimal) -> None:
        """A trade elsewhere on the tape: volume resting orders may take part in."""
        if self.model.prints is not Prints.IGNORED and not self.is_halted:
            self._prints.append(_Print(price, size))
            self._change()

    def submit(self, order: Working) -> None:
        """Take an order in. It takes liquidity until it rests."""
        entry = Entry(order, next(self._sequence))
        self._entries[order.key] = entry
        self._takers[order.key] = entry
        self._change()

    def cancel(self, key: int) -> None:
        """Take an order out. Raises `KeyError` if it is not here."""
        self._remove(self._entries[key])
        self._change()

    def resize(self, key: int, remaining: Decimal) -> None:
        """Change what remains. A larger order goes to the end of its price."""
        if remaining <= ZERO:
            raise ValueError(f"nothing would remain of order {key}: cancel it instead")
        entry = self._entries[key]
        if remaining <= entry.order.remaining:
            entry.order.remaining = remaining
            entry.tip = min(entry.tip, remaining)
        else:
            self._move_back(entry, remaining)
        self._change()

    def reachable(self, order: Working) -> Decimal:
        """How much of an order, in the book or not, could be filled this moment."""
        if not self.is_matching:
            return ZERO
        entry = self._entries.get(order.key)
        if entry is None or entry.order is not order:
            entry = Entry(order, 0)
        return self._market.reachable(entry)

    def next(self) -> tuple[Filled, ...]:
        """The next match: a fill by the market, or both sides of a trade, the taker's first.

        Empty when nothing matches until something changes.
        """
        if not self._has_changed or not self.is_matching:
            return ()
        fills = self._advance()
        self._has_changed = bool(fills)
        return fills

    def fill(self, key: int, quantity: Decimal, price: Decimal) -> Filled:
        """Fill part of an order because the test says so, whatever model and limit say."""
        entry = self._entries[key]
        if not ZERO < quantity <= entry.order.remaining:
            raise ValueError(
                f"order {key} has {entry.order.remaining} left, {quantity} cannot be filled"
            )
        self._change()
        return self._filled(entry, quantity, price)

    def _change(self) -> None:
        self._has_changed = True
        self._promised = None

    def _advance(self) -> tuple[Filled, ...]:
        while True:
            if self._active is None:
                if fills := self._serve_resting() or self._serve_prints():
                    return fills
                if self._active is None and self._takers:
                    self._active = self._takers.popitem(last=False)[1]
                if self._active is None:
                    return ()
            if fills := self._work(self._active):
                return fills
            self._rest(self._active)
            self._active = None

    def _serve_resting(self) -> tuple[Filled, ...]:
        """What the quote does for orders that rest; one that gets its size becomes active."""
        for line in self._lines.values():
            for level in line.levels():
                is_served = self._is_served(line.side, level.limit)
                if not is_served and not self._may_cross(line, level.limit):
                    break
                for entry in level.entries():
                    if entry.threshold:
                        if self._market.reachable(entry) >= entry.threshold:
                            self._active = self._promised = entry
                            return ()
                    elif is_served:
                        return (self._from_quote(entry, entry.offered),)
        return ()

    def _is_served(self, side: Side, limit: Decimal | None) -> bool:
        return self._displayed.serves(side, limit, rests=True) is not None

    def _may_cross(self, line: Line, limit: Decimal | None) -> bool:
        """Whether resting orders of this price could trade with those of the other side."""
        if not line.conditional:
            return False  # any other order traded with its contras when one of them came
        best = self._lines[line.side.other].best()
        return best is not None and (best.limit is None or reaches(line.side, limit, best.limit))

    def _serve_prints(self) -> tuple[Filled, ...]:
        while self._active is None and self._prints:
            tape = self._prints[0]
            for line in self._lines.values():
                if fills := self._from_print(line, tape):
                    return fills
            self._prints.popleft()
        return ()

    def _from_print(self, line: Line, tape: _Print) -> tuple[Filled, ...]:
        for level in line.levels():
            limit = level.limit
            if limit is None:
                continue  # it waits for a quote
            is_in_line = limit == tape.price and self.model.prints is Prints.IN_LINE
            if not is_in_line and not is_through(line.side, limit, tape.price):
                break
            for entry in level.entries():
                if is_in_line:
                    if entry.ahead is None:
                        continue
                    tape.left -= level.use_up(entry, tape.left)
                quantity = min(entry.offered, tape.left)
                if quantity > ZERO and quantity >= entry.threshold:
                    tape.left -= quantity
                    return (self._filled(entry, quantity, limit),)
        return ()

    def _work(self, entry: Entry) -> tuple[Filled, ...]:
        """The next match of the active order."""
        if self._promised is not entry:
            if entry.threshold and self._market.reachable(entry) < entry.threshold:
                return ()
            self._promised = entry
        offer = next(self._market.offers(entry), None)
        if offer is None:
            return ()
        if offer.contra is None:
            return (self._from_quote(entry, offer.quantity),)
        return self._between(entry, offer.contra, offer.quantity)

    def _from_quote(self, entry: Entry, wanted: Decimal) -> Filled:
        order = entry.order
        quantity = min(wanted, self._displayed.left(order.side))
        price = self._displayed.take(order.side, order.limit, quantity, rests=entry.rests)
        return self._filled(entry, quantity, price)

    def _between(self, entry: Entry, contra: Entry, quantity: Decimal) -> tuple[Filled, ...]:
        first, later = contra, entry
        if entry.rests and entry.sequence < contra.sequence:
            first, later = entry, contra
        price = self._market.price_between(first, later)
        self._reduce(first, quantity)
        self._reduce(later, quantity)
        taker, maker = later.order.key, first.order.key
        return (
            Filled(taker, quantity, price, added=False, contra=maker),
            Filled(maker, quantity, price, added=True, contra=taker),
        )

    def _filled(self, entry: Entry, quantity: Decimal, price: Decimal) -> Filled:
        self._reduce(entry, quantity)
        return Filled(entry.order.key, quantity, price, added=entry.rests)

    def _reduce(self, entry: Entry, quantity: Decimal) -> None:
        order = entry.order
        order.remaining -= quantity
        entry.has_filled = True
        if not order.remaining:
            self._remove(entry)
        elif entry.rests:
            self._reduce_resting(entry, quantity)

    def _reduce_resting(self, entry: Entry, quantity: Decimal) -> None:
        line = self._lines[entry.order.side]
        if entry.order.key in line.conditional and not entry.threshold:
            # Contras that were too small for it may have been waiting.
            line.conditional.remove(entry.order.key)
            self._takers[entry.order.key] = entry
        entry.tip -= quantity
        if entry.tip <= ZERO:
            line.show_next_tip(entry)
            self._join(entry)

    def _rest(self, entry: Entry) -> None:
        if not entry.rests:
            entry.rests = True
            self._lines[entry.order.side].add(entry)
            self._join(entry)

    def _join(self, entry: Entry) -> None:
        """Take a place in the market's line, where the model has one."""
        if self.model.prints is Prints.IN_LINE:
            side = entry.order.side
            entry.ahead = size_ahead(side, entry.order.limit, self._displayed.own(side))

    def _move_back(self, entry: Entry, remaining: Decimal) -> None:
        key = entry.order.key
        self._entries[key] = self._entries.pop(key)
        entry.sequence = next(self._sequence)
        entry.order.remaining = remaining
        if entry.rests:
            line = self._lines[entry.order.side]
            line.remove(entry)
            line.add(entry)
            self._join(entry)

    def _remove(self, entry: Entry) -> None:
        key = entry.order.key
        del self._entries[key]
        self._takers.pop(key, None)
        if entry.rests:
            self._lines[entry.order.side].remove(entry)
        if self._active is entry:
            self._active = None
