"""The price of an order that is tied to the quote: relative, pegged, snapped, at the midpoint.

Pure: a quote in, a price out. Knows no order types: which of them is tied to what, and in
which direction its offset goes, stands in `order_types`.

- Bid plus offset, ask minus offset where the order is to be more aggressive than its own side;
  offset off the other side or the midpoint where it is to be less so (IBKR, Order Types).
- Of an amount and a percentage the greater counts; a purchase is rounded down to a tick and a
  sale up (IBKR, Relative/Pegged-to-Primary).
- A relative order at SMART with an offset only becomes more aggressive, others float both
  ways (IBKR, the same page). All are taken to be routed by SMART (ours).
- An order with discretion shows its limit and takes what the other side shows up to an amount
  beyond it (IBKR, Discretionary); what that does not fill rests at its limit again (ours).
- An order at the midpoint works at a whole tick, never beyond the midpoint (ours: venues may
  fill it half a tick off).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from simulator.matching.terms import ZERO, Side, View
from simulator.matching.ticks import snap


class Reference(Enum):
    """What a price is tied to: the order's own side of the quote, the other, or between."""

    PRIMARY = "primary"
    MARKET = "market"
    MIDPOINT = "midpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peg:
    """How a price is tied.

    `offset` and `percent` (of the reference) say how much more aggressive than its reference
    the order is; less, where they are negative. It never goes beyond `cap`. `is_fixed`: the
    price is taken once; `only_improves`: it follows the market in one direction only.
    """

    reference: Reference
    side: Side
    offset: Decimal = ZERO
    percent: Decimal | None = None
    cap: Decimal | None = None
    is_fixed: bool = False
    only_improves: bool = False


def price(peg: Peg, view: View, working: Decimal | None = None) -> Decimal | None:
    """The price now of an order that works at `working`; None: what it is tied to is missing."""
    if peg.is_fixed and working is not None:
        return working
    reference = _reference(peg, view)
    if reference is None:
        return None
    sign = peg.side.sign
    offset = max(peg.offset, reference * (peg.percent or ZERO) / 100, key=abs)
    found = snap(reference + sign * offset, view.tick, up=peg.side is Side.SELL)
    if peg.only_improves and working is not None:
        found = max(found, working, key=lambda limit: sign * limit)
    return found if peg.cap is None else min(found, peg.cap, key=lambda limit: sign * limit)


def with_discretion(limit: Decimal, amount: Decimal, side: Side, view: View) -> Decimal:
    """Where an order of a limit works that may give way by an amount: at the other side's price."""
    other = (view.ask if side is Side.BUY else view.bid).price
    if other is None:
        return limit
    beyond = side.sign * (other - limit)
    return other if 0 < beyond <= amount else limit


def _reference(peg: Peg, view: View) -> Decimal | None:
    if peg.reference is Reference.MIDPOINT:
        return view.middle
    is_bid = (peg.reference is Reference.PRIMARY) == (peg.side is Side.BUY)
    return view.bid.price if is_bid else view.ask.price
