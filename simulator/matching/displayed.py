"""What the market displays of one instrument, and what of it is still to be had.

Knows no orders in the book: it is told of a side, a limit and whether the order rests. Its
rule is the fill model. What is taken from a quote is gone until the next.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.matching.models import FillModel
from simulator.matching.terms import ZERO, Side, Top, View

_NOBODY = Top(None, ZERO)


class Displayed:
    """The displayed quote as the fill model lets orders trade with it."""

    def __init__(self, model: FillModel) -> None:
        self.model = model
        self._view = View(bid=_NOBODY, ask=_NOBODY, last=ZERO, tick=ZERO)
        self._left = dict.fromkeys(Side, ZERO)  # for the orders of each side

    def show(self, view: View) -> None:
        self._view = view
        self._left = {side: self.own(side.other).size for side in Side}

    def own(self, side: Side) -> Top:
        """What is displayed on this side."""
        return self._view.bid if side is Side.BUY else self._view.ask

    def left(self, side: Side) -> Decimal:
        """How much the orders of a side can still take."""
        return self._left[side]

    def serves(self, side: Side, limit: Decimal | None, *, rests: bool) -> Decimal | None:
        """The displayed price if there is something at it for such an order."""
        if self._left[side] <= ZERO:
            return None
        price = self.own(side.other).price
        if price is None or not self.model.is_served(side, limit, price, rests=rests):
            return None
        return price

    def take(self, side: Side, limit: Decimal | None, quantity: Decimal, *, rests: bool) -> Decimal:
        """Take what `serves` said is there; returns the price the order gets."""
        self._left[side] -= quantity
        if rests and limit is not None:
            return limit
        displayed = self.own(side.other).price
        assert displayed is not None  # noqa: S101 - it was served
        return self.model.taker_price(side, displayed, limit, self._view.tick)
