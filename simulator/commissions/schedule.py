"""How the price of an order is built: a rate by volume, its limits, and what is passed on.

Knows no instrument and no figure of a plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum

ZERO = Decimal(0)
_FINE = Decimal("0.000001")
"""Six decimals, as captured reports have."""


class Basis(Enum):
    """What a rate is multiplied with: shares and contracts, or money."""

    UNITS = "units"
    WORTH = "worth"


@dataclass(frozen=True, slots=True)
class Tier:
    """A rate for all who traded at most `up_to` in the month; None: for the rest."""

    up_to: Decimal | None
    rate: Decimal
    least: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """An order so far: units, the sum of their prices, and the price of its present fill."""

    quantity: Decimal
    worth: Decimal
    price: Decimal
    is_sale: bool
    adds_liquidity: bool

    def without(self, quantity: Decimal, worth: Decimal) -> Traded:
        """The same before its last fill."""
        return replace(self, quantity=self.quantity - quantity, worth=self.worth - worth)


PassedOn = Callable[[Traded, Decimal], Decimal]
"""What others charge for an order, given what the broker itself takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The price of an order: a rate by volume, its limits, and what is passed on.

    `cap` is the most in money, `share_cap` the most as a part of the trade; a cap beats a
    minimum, as IBKR words it for cheap shares. `beyond` is a size and the rate of what exceeds
    it, `cheap` the prices below which another rate may be lower.
    """

    basis: Basis
    tiers: tuple[Tier, ...]
    cap: Decimal | None = None
    share_cap: Decimal | None = None
    beyond: tuple[Decimal, Decimal] | None = None
    cheap: tuple[tuple[Decimal, Decimal], ...] = ()
    passed_on: PassedOn = lambda _traded, _own: ZERO

    def charge(self, traded: Traded, volume: Decimal) -> Decimal:
        """What the order costs so far, to six decimals."""
        if not traded.quantity:
            return ZERO
        own = self._own(traded, self._tier(volume))
        return (own + self.passed_on(traded, own)).quantize(_FINE, ROUND_HALF_UP)

    def _own(self, traded: Traded, tier: Tier) -> Decimal:
        size = traded.quantity if self.basis is Basis.UNITS else traded.worth
        rate = min((tier.rate, *(rate for below, rate in self.cheap if traded.price < below)))
        amount = size * rate
        if self.beyond is not None and size > self.beyond[0]:
            amount = self.beyond[0] * rate + (size - self.beyond[0]) * self.beyond[1]
        amount = max(amount, tier.least)
        if self.cap is not None:
            amount = min(amount, self.cap)
        if self.share_cap is not None:
            amount = min(amount, self.share_cap * traded.worth)
        return amount

    def _tier(self, volume: Decimal) -> Tier:
        return next(t for t in self.tiers if t.up_to is None or volume <= t.up_to)
