"""A position at a market price, in the currency of its instrument."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from simulator.ledger.books import ZERO, Position

OPTIONS = frozenset({"OPT", "FOP"})


class Segment(Enum):
    """The parts of an account, by the letter that a gateway marks their values with."""

    SECURITIES = "S"
    COMMODITIES = "C"
    CRYPTO = "P"


_SEGMENTS = {
    "FUT": Segment.COMMODITIES,
    "CONTFUT": Segment.COMMODITIES,
    "FOP": Segment.COMMODITIES,
    "CRYPTO": Segment.CRYPTO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    """`under_price` is that of the underlying, None where there is none or nobody knows it."""

    position: Position
    price: Decimal
    under_price: Decimal | None = None

    @property
    def quantity(self) -> Decimal:
        return self.position.quantity

    @property
    def worth(self) -> Decimal:
        """The price of one contract: times its multiplier."""
        return self.price * self.position.instrument.price_multiplier

    @property
    def market_value(self) -> Decimal:
        return self.position.quantity * self.worth

    @property
    def owned_value(self) -> Decimal:
        """What the position adds to the account.

        Of a future only what it has gained; of a pair nothing: its currencies are cash.
        """
        instrument = self.position.instrument
        if instrument.sec_type == "CASH":
            return ZERO
        return self.market_value - (self.position.paid if instrument.is_settled_on_close else ZERO)

    @property
    def unrealized_pnl(self) -> Decimal:
        return self.market_value - self.position.cost

    @property
    def segment(self) -> Segment:
        return _SEGMENTS.get(self.position.instrument.sec_type, Segment.SECURITIES)
