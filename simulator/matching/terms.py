"""What matching is asked with and answers with: orders in a book, what is displayed, fills.

Pure values. An order here is a key, an owner, a side and its terms of execution; who sent
it, what it is called and what it costs is known elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def other(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """1 for a purchase, -1 for a sale."""
        return 1 if self is Side.BUY else -1


@dataclass(frozen=True, slots=True)
class Top:
    """The best price and size of one side of the market; None: nobody is there."""

    price: Decimal | None
    size: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the market displays of one instrument: quote, last trade, volume of the day.

    `tick` is the smallest price step at these prices.
    """

    bid: Top
    ask: Top
    last: Decimal
    tick: Decimal
    volume: Decimal = ZERO

    @property
    def middle(self) -> Decimal | None:
        """Between bid and ask, None where a side is missing."""
        if self.bid.price is None or self.ask.price is None:
            return None
        return (self.bid.price + self.ask.price) / 2


@dataclass(slots=True, kw_only=True)
class Working:
    """An order in a book.

    `limit` None: at the market. Orders of one `owner` never trade with each other.
    `all_or_none`: one fill of all that remains, or none. `min_quantity`: the least size of
    the first fill. `display`: None if all of it is shown, 0 if hidden, else the size shown
    at a time (iceberg).
    """

    key: int
    owner: int
    side: Side
    remaining: Decimal
    limit: Decimal | None = None
    all_or_none: bool = False
    min_quantity: Decimal = ZERO
    display: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """`added` tells whether the order was resting (it added liquidity) or took it.

    `contra` is the order of another owner on the other side, None for the market's own.
    """

    key: int
    quantity: Decimal
    price: Decimal
    added: bool
    contra: int | None = None
