"""The worst loss of what hangs on one underlying, over steps of its price.

Sources and simplifications stand in `margin`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from simulator.ledger.books import ZERO
from simulator.ledger.options import intrinsic_value
from simulator.ledger.rates import share_needed
from simulator.ledger.valued import OPTIONS, Valued

STEPS = 10
SHARES = Decimal("0.15")
INDEX = Decimal("0.10")
LEAST_OF_SHORT_OPTION = Decimal("0.375")


def worst_loss(group: Sequence[Valued]) -> Decimal:
    """What positions on one underlying lose at worst, in their currency."""
    widest = max(map(_widest, group))
    moves = [widest * (2 * step - STEPS) / STEPS for step in range(STEPS + 1)]
    worst = max(-sum((_change(v, move) for v in group), ZERO) for move in moves)
    short = sum((_least(v) for v in group), ZERO)
    return max(worst, short)


def _widest(valued: Valued) -> Decimal:
    instrument = valued.position.instrument
    if instrument.sec_type in {"STK", "FUND", "OPT", "CFD"}:
        return INDEX if instrument.under_sec_type == "IND" else SHARES
    return share_needed(instrument)


def _change(valued: Valued, move: Decimal) -> Decimal:
    instrument = valued.position.instrument
    if instrument.sec_type not in OPTIONS:
        return valued.market_value * move
    under = valued.under_price or instrument.strike
    before = max(intrinsic_value(instrument, under), ZERO)
    after = max(intrinsic_value(instrument, under * (1 + move)), ZERO)
    price = max(valued.price + after - before, ZERO)
    return valued.quantity * instrument.multiplier * (price - valued.price)


def _least(valued: Valued) -> Decimal:
    if valued.position.instrument.sec_type not in OPTIONS or valued.quantity >= 0:
        return ZERO
    return -valued.quantity * valued.position.instrument.multiplier * LEAST_OF_SHORT_OPTION
