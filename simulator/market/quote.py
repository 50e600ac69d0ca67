"""What is shown of one instrument at one moment: a value."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What the market shows of one instrument. A price of None: nobody quotes that side."""

    time_ms: int
    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal
    ask_size: Decimal
    last: Decimal
    last_size: Decimal
    last_time_ms: int
    volume: Decimal
    high: Decimal
    low: Decimal
    open: Decimal
    close: Decimal

    @property
    def mark(self) -> Decimal:
        """The price a position is valued at: the middle of the quote, else the last trade."""
        if self.bid is None or self.ask is None:
            return self.last
        return (self.bid + self.ask) / 2
