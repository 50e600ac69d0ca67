"""The named fill models: when, how much and at what price the market fills an order.

A model is a row of a table; the book asks it and knows no model by name. It says nothing
of trades between owners: those happen alike in all models that match at all.

Assumptions:

- Fills are simulated from the top of the book; there is no deeper one; prices and sizes
  are those of the real market (IBKR, paper trading).
- A resting limit waits until the other side is quoted at its limit and is filled at its
  limit; a trade on the tape at that price is not enough (IBKR, paper trading; the example
  there is a sale at 0.50 in a market of 0.25 to 0.50).
- Stops and other complex order types are simulated, auctions, VWAP, RFQ and pegged to
  market are not supported (IBKR, paper trading): the book sees market and limit orders.
- `pessimistic`, `queue` and `scripted` are ours. IBKR publishes no model with a place in
  line, so size ahead is what was displayed at the order's price when it came, less what
  was traded there, and never more than is displayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from simulator.matching.terms import ZERO, Side, Top


class Prints(StrEnum):
    """What a trade elsewhere on the tape does for a resting limit."""

    IGNORED = "ignored"
    THROUGH = "through"
    """Fills it when the trade was at a worse price than its limit."""
    IN_LINE = "in line"
    """As `THROUGH`; at its limit it uses up the size ahead first, then fills it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FillModel:
    """`ticks_paid`: what a taker pays beyond the displayed price, never beyond its limit.

    `fills_at_touch`: a resting limit is filled when the other side is quoted at its limit;
    if not, the quote must be through it.
    """

    name: str
    matches: bool = True
    ticks_paid: int = 0
    fills_at_touch: bool = True
    prints: Prints = Prints.IGNORED

    def taker_price(
        self, side: Side, displayed: Decimal, limit: Decimal | None, tick: Decimal
    ) -> Decimal:
        """What an order that takes displayed liquidity pays."""
        if not self.ticks_paid:
            return displayed
        price = displayed + side.sign * self.ticks_paid * tick
        if limit is None or reaches(side, limit, price):
            return price
        return limit

    def is_served(self, side: Side, limit: Decimal | None, quoted: Decimal, *, rests: bool) -> bool:
        """Whether an order may trade with a quote of the other side at this price."""
        if rests and not self.fills_at_touch:
            return limit is None or is_through(side, limit, quoted)
        return reaches(side, limit, quoted)


def reaches(side: Side, limit: Decimal | None, price: Decimal) -> bool:
    """Whether an order with this limit may trade at this price."""
    if limit is None:
        return True
    return limit >= price if side is Side.BUY else limit <= price


def is_through(side: Side, limit: Decimal, price: Decimal) -> bool:
    """Whether this price is beyond the limit, on its good side."""
    return limit > price if side is Side.BUY else limit < price


def size_ahead(side: Side, limit: Decimal | None, own: Top) -> Decimal | None:
    """What stands before an order that joins its own side now, None if nobody can see it."""
    if limit is None or own.price is None or is_through(side, limit, own.price):
        return ZERO
    return own.size if limit == own.price else None


PAPER = FillModel(name="paper")
PESSIMISTIC = FillModel(
    name="pessimistic", ticks_paid=1, fills_at_touch=False, prints=Prints.THROUGH
)
QUEUE = FillModel(name="queue", prints=Prints.IN_LINE)
SCRIPTED = FillModel(name="scripted", matches=False)
"""Nothing is filled but by the test."""

MODELS = {model.name: model for model in (PAPER, PESSIMISTIC, QUEUE, SCRIPTED)}
