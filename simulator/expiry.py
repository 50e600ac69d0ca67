"""What becomes of derivatives on their last day. Pure: decides, books nothing.

Assumptions:
- A share or future option in the money by a cent is exercised, and assigned to who is short
  of it, at its strike and without a fee; all others lapse (the clearing house's rule).
- Options on an index and warrants are settled in cash at what exercising gains (IBKR).
- Futures are settled in cash at their last price; those that are delivered in kind are closed
  before by IBKR, which comes to the same.
- Everything ends with the regular hours of its last day; that some contracts are settled at
  the opening is not modelled. Early assignment and bonds that fall due are not modelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from zoneinfo import ZoneInfo

from simulator.instruments import Instrument
from simulator.ledger import Fill, Position, intrinsic_value

ZERO = Decimal(0)
CENT = Decimal("0.01")
DERIVATIVES = frozenset({"OPT", "FOP", "WAR", "FUT"})


class Outcome(Enum):
    """How a position ends."""

    EXERCISED = "exercised"
    ASSIGNED = "assigned"
    LAPSED = "lapsed"
    CASH_SETTLED = "cash settled"


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of a position: its closing fill, and that of what is delivered for it."""

    outcome: Outcome
    closing: Fill
    delivery: Fill | None = None

    @property
    def fills(self) -> tuple[Fill, ...]:
        return (self.closing,) if self.delivery is None else (self.closing, self.delivery)


def ends_ms(instrument: Instrument) -> int | None:
    """When the regular hours of its last day are over, None for what has no last day."""
    if instrument.sec_type not in DERIVATIVES or not instrument.expiry:
        return None
    end = datetime.strptime(instrument.expiry + instrument.liquid_hours[1], "%Y%m%d%H%M").replace(
        tzinfo=ZoneInfo(instrument.time_zone)
    )
    return int(end.timestamp() * 1000)


def expired(
    positions: Iterable[Position],
    now_ms: int,
    mark: Callable[[Instrument], Decimal],
    instrument_of: Callable[[int], Instrument],
) -> list[Settlement]:
    """What to book for the positions whose last day is over, in their order."""
    return [
        _settled(position, mark, instrument_of)
        for position in positions
        if position.quantity and (end := ends_ms(position.instrument)) is not None and end <= now_ms
    ]


def _settled(
    position: Position,
    mark: Callable[[Instrument], Decimal],
    instrument_of: Callable[[int], Instrument],
) -> Settlement:
    instrument = position.instrument
    if not instrument.right:
        return Settlement(Outcome.CASH_SETTLED, _closing(position, mark(instrument)))
    underlying = instrument_of(instrument.under_con_id)
    gain = intrinsic_value(instrument, mark(underlying))
    if gain < CENT:
        return Settlement(Outcome.LAPSED, _closing(position, ZERO))
    if underlying.sec_type == "IND" or instrument.sec_type == "WAR":
        price = gain * instrument.multiplier / instrument.price_multiplier
        return Settlement(Outcome.CASH_SETTLED, _closing(position, price))
    outcome = Outcome.EXERCISED if position.quantity > 0 else Outcome.ASSIGNED
    return Settlement(outcome, _closing(position, ZERO), _delivery(position, underlying))


def _closing(position: Position, price: Decimal) -> Fill:
    return Fill(position.instrument, -position.quantity, price, ZERO)


def _delivery(position: Position, underlying: Instrument) -> Fill:
    """What an exercise moves: who holds calls, or is short of puts, gets the underlying."""
    option = position.instrument
    quantity = position.quantity * option.multiplier / underlying.multiplier
    return Fill(underlying, quantity if option.right == "C" else -quantity, option.strike, ZERO)
