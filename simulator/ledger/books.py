"""What an account owns: fills in, cash and positions out.

Knows no price but those it was traded at. An account's books are the fold of its entries:
`replayed` gives them as they would be had a corrected fill always been so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal

from simulator.commissions import commission_currency
from simulator.instruments import Instrument
from simulator.ledger.terms import Terms

ZERO = Decimal(0)
_PART = Decimal("0.00000001")
"""What a share of a cost is rounded to; the rest keeps the remainder, so nothing is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What is held of an instrument; `quantity` is negative for a short position.

    `cost` is what the quantity cost, fees included (below zero: what a short sale brought),
    `paid` the same without fees.
    """

    instrument: Instrument
    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    paid: Decimal = ZERO
    realized_pnl: Decimal = ZERO

    @property
    def average_cost(self) -> Decimal:
        """By contract: price times multiplier, with its part of the fees."""
        return self.cost / self.quantity if self.quantity else ZERO


@dataclass(frozen=True, slots=True)
class Fill:
    """A trade to be booked; `quantity` is signed."""

    instrument: Instrument
    quantity: Decimal
    price: Decimal
    commission: Decimal


@dataclass(frozen=True, slots=True)
class Deposit:
    """Money paid in, or out where it is negative."""

    currency: str
    amount: Decimal


@dataclass(slots=True)
class Ledger:
    """The cash and the positions of one account."""

    account: str
    base_currency: str
    cash: dict[str, Decimal]
    positions: dict[int, Position] = field(default_factory=dict)
    terms: Terms = field(default_factory=Terms)

    def apply(
        self, instrument: Instrument, quantity: Decimal, price: Decimal, commission: Decimal
    ) -> Decimal | None:
        """Book a fill; `quantity` is signed, `commission` in the currency of its kind.

        Returns the realised profit in the instrument's currency, None if nothing was closed.
        """
        worth = quantity * price * instrument.price_multiplier
        if not instrument.is_settled_on_close:
            self._move(instrument.currency, -worth)
        self._move(commission_currency(instrument), -commission)
        if instrument.sec_type == "CASH":
            self._move(instrument.symbol, quantity)
        held = self.positions.get(instrument.con_id) or Position(instrument=instrument)
        after, realized = _booked(
            held, quantity, worth, fee_in_own_currency(instrument, commission, price)
        )
        if instrument.is_settled_on_close:
            self._move(instrument.currency, after.paid - held.paid - worth)
        self.positions[instrument.con_id] = after
        return realized

    def deposit(self, currency: str, amount: Decimal) -> None:
        self._move(currency, amount)

    def copy(self) -> Ledger:
        """Books of one's own, to try something in."""
        return replace(self, cash=dict(self.cash), positions=dict(self.positions))

    def _move(self, currency: str, amount: Decimal) -> None:
        self.cash[currency] = self.cash.get(currency, ZERO) + amount


def replayed(
    opening: Ledger, entries: Iterable[Fill | Deposit]
) -> tuple[Ledger, list[Decimal | None]]:
    """The books after all entries, and what each realised; `opening` stays as it is."""
    ledger = opening.copy()
    realized: list[Decimal | None] = []
    for entry in entries:
        if isinstance(entry, Deposit):
            ledger.deposit(entry.currency, entry.amount)
            realized.append(None)
        else:
            realized.append(
                ledger.apply(entry.instrument, entry.quantity, entry.price, entry.commission)
            )
    return ledger, realized


def trial(
    ledger: Ledger, instrument: Instrument, quantity: Decimal, price: Decimal, commission: Decimal
) -> Ledger:
    """The books as a fill would leave them."""
    tried = ledger.copy()
    tried.apply(instrument, quantity, price, commission)
    return tried


def fee_in_own_currency(instrument: Instrument, commission: Decimal, price: Decimal) -> Decimal:
    """A fee as it enters the cost: that of a pair of dollars is turned at the pair's price."""
    is_foreign = commission_currency(instrument) != instrument.currency
    return commission * price if is_foreign else commission


def _booked(
    held: Position, quantity: Decimal, worth: Decimal, fee: Decimal
) -> tuple[Position, Decimal | None]:
    """A position after a fill of signed `quantity` and `worth`, and what that realised."""
    closed = ZERO
    if held.quantity * quantity < 0:
        closed = min(abs(quantity), abs(held.quantity))
    closing = closed / abs(quantity)
    closed_worth, closed_fee = _share(worth, closing), _share(fee, closing)
    kept = 1 - closed / abs(held.quantity) if held.quantity else ZERO
    kept_cost, kept_paid = _share(held.cost, kept), _share(held.paid, kept)
    realized = None
    if closed:
        realized = kept_cost - held.cost - closed_worth - closed_fee
    return (
        Position(
            instrument=held.instrument,
            quantity=held.quantity + quantity,
            cost=kept_cost + worth - closed_worth + fee - closed_fee,
            paid=kept_paid + worth - closed_worth,
            realized_pnl=held.realized_pnl + (realized or ZERO),
        ),
        realized,
    )


def _share(amount: Decimal, part: Decimal) -> Decimal:
    """A part of an amount; all or nothing of it is exact."""
    if part in {0, 1}:
        return amount * part
    return (amount * part).quantize(_PART, ROUND_HALF_EVEN)
