"""What short options need by Reg T: naked, covered by shares, or in a vertical spread.

Takes the options of one underlying and one currency; sources stand in `margin`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from simulator.instruments import Instrument
from simulator.ledger.books import ZERO
from simulator.ledger.rates import share_needed
from simulator.ledger.valued import Valued

SHARE_RATE = Decimal("0.20")
INDEX_RATE = Decimal("0.15")
FLOOR_RATE = Decimal("0.10")


@dataclass(slots=True)
class _Long:
    """Options held that can still stand behind short ones."""

    instrument: Instrument
    left: Decimal


def short_options(options: Sequence[Valued], shares: Decimal) -> Decimal:
    """The margin of the short ones, with the long ones and `shares` (signed) behind them."""
    return _short_of("C", options, max(shares, ZERO)) + _short_of("P", options, max(-shares, ZERO))


def naked_option(short: Valued) -> Decimal:
    """The margin of one short contract that nothing stands behind."""
    option = short.position.instrument
    under = short.under_price or option.strike
    if option.sec_type == "FOP":
        return short.worth + under * share_needed(option) * option.multiplier
    out_of_the_money = max(-intrinsic_value(option, under), ZERO)
    rate = INDEX_RATE if option.under_sec_type == "IND" else SHARE_RATE
    floor = FLOOR_RATE * (under if option.right == "C" else option.strike)
    return short.worth + max(under * rate - out_of_the_money, floor) * option.multiplier


def intrinsic_value(option: Instrument, under_price: Decimal) -> Decimal:
    """What exercising gains by unit of the underlying; negative out of the money."""
    gain = under_price - option.strike
    return gain if option.right == "C" else -gain


def _short_of(right: str, options: Sequence[Valued], cover: Decimal) -> Decimal:
    here = [v for v in options if v.position.instrument.right == right]
    rising = 1 if right == "C" else -1
    ordered = sorted(here, key=lambda v: rising * v.position.instrument.strike)
    longs = [_Long(v.position.instrument, v.quantity) for v in ordered if v.quantity > 0]
    needed = ZERO
    for short in ordered:
        if short.quantity < 0:
            multiplier = short.position.instrument.multiplier
            covered = min(-short.quantity, cover // multiplier)
            cover -= covered * multiplier
            open_ = -short.quantity - covered
            needed += covered * short.worth + _uncovered(short, open_, longs)
    return needed


def _uncovered(short: Valued, open_: Decimal, longs: list[_Long]) -> Decimal:
    """Spreads first, narrowest first, as far as they need less than a naked option."""
    naked = naked_option(short)
    needed = ZERO
    for long in longs:
        width = _width(short.position.instrument, long.instrument)
        if width is not None and width < naked:
            paired = min(open_, long.left)
            long.left -= paired
            open_ -= paired
            needed += paired * width
    return needed + open_ * naked


def _width(short: Instrument, long: Instrument) -> Decimal | None:
    """The most a contract of a spread can lose, None if the long one does not last."""
    if long.expiry < short.expiry or long.multiplier != short.multiplier:
        return None
    gap = long.strike - short.strike
    return max(gap if short.right == "C" else -gap, ZERO) * short.multiplier
