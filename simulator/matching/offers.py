"""What an order could trade with this moment: the displayed quote and its contra orders.

Reads the two sides of a book and what is displayed, changes nothing. Price by price, the
quote first where prices are equal; at one price the contra orders in their order. The first
offer is the next match, the sum of all of them what is reachable: both from one list, so
that an order that needs a size at once gets what was counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from simulator.matching.displayed import Displayed
from simulator.matching.models import reaches
from simulator.matching.resting import Entry, Line
from simulator.matching.terms import ZERO, Side


@dataclass(frozen=True, slots=True)
class Offer:
    """`contra` None: from the displayed quote."""

    contra: Entry | None
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Market:
    """Everything there is to trade with."""

    displayed: Displayed
    lines: Mapping[Side, Line]

    def offers(self, entry: Entry) -> Iterator[Offer]:
        """What the order would take, in the order in which it would."""
        wanted = entry.order.remaining
        for contra, offered in self._counterparties(entry):
            quantity = min(wanted, offered)
            if quantity <= ZERO or (contra is not None and quantity < contra.threshold):
                continue
            yield Offer(contra, quantity)
            wanted -= quantity

    def reachable(self, entry: Entry) -> Decimal:
        return sum((offer.quantity for offer in self.offers(entry)), ZERO)

    def price_between(self, first: Entry, later: Entry) -> Decimal:
        """The price of a trade of two orders: that of the one which was there before."""
        if first.order.limit is not None:
            return first.order.limit
        assert later.order.limit is not None  # noqa: S101 - two market orders do not meet
        return self._outbid(first.order.side, later.order.limit)

    def _counterparties(self, entry: Entry) -> Iterator[tuple[Entry | None, Decimal]]:
        order = entry.order
        side = order.side
        quoted = self.displayed.serves(side, order.limit, rests=entry.rests)
        for level in self.lines[side.other].levels():
            price = level.limit
            if price is None and order.limit is not None:
                price = self._outbid(side.other, order.limit)
            if price is None:
                continue  # two market orders
            if not reaches(side, order.limit, price):
                break
            if quoted is not None and reaches(side, price, quoted):
                yield None, self.displayed.left(side)
                quoted = None
            for contra, offered in level.offers():
                if contra.order.owner != order.owner:
                    yield contra, offered
        if quoted is not None:
            yield None, self.displayed.left(side)

    def _outbid(self, side: Side, met: Decimal) -> Decimal:
        """What a resting market order of this side pays to an order with this limit."""
        prices = [met]
        if (displayed := self.displayed.own(side).price) is not None:
            prices.append(displayed)
        limits = (level.limit for level in self.lines[side].levels())
        if (best := next((limit for limit in limits if limit is not None), None)) is not None:
            prices.append(best)
        return max(prices) if side is Side.BUY else min(prices)
