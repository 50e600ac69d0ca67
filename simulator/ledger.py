"""What an account owns: fills in, cash and positions out. Pure arithmetic in `Decimal`.

Average cost includes commissions and realised profit is net of them, as in IBKR's own
figures. Currency pairs move two currencies; the pair is shown as a position but is not
counted twice in the net liquidation. A contract is worth its price times the multiplier.
A future moves cash only when it is closed (a real account is settled every day). Margin is
the Reg T minimum for stocks, no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from simulator.instruments import Instrument

ZERO = Decimal(0)
REG_T_INITIAL = Decimal("0.50")
REG_T_MAINTENANCE = Decimal("0.25")
LEVERAGE = 4
"""Buying power of a margin account over its available funds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """`quantity` is negative for a short position.

    `average_cost` is per contract: price times multiplier, fees included; `opening_worth`
    is the same without fees.
    """

    instrument: Instrument
    quantity: Decimal = ZERO
    average_cost: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    opening_worth: Decimal = ZERO


@dataclass(slots=True)
class Ledger:
    """The cash and the positions of one account."""

    account: str
    base_currency: str
    cash: dict[str, Decimal]
    positions: dict[int, Position] = field(default_factory=dict)

    def apply(
        self, instrument: Instrument, quantity: Decimal, price: Decimal, commission: Decimal
    ) -> Decimal | None:
        """Book a fill; `quantity` is signed, `commission` is in the base currency.

        Returns the realised profit, None if the fill closed nothing.
        """
        worth = price * instrument.multiplier
        if not instrument.is_settled_on_close:
            self._move(instrument.currency, -quantity * worth)
        self._move(self.base_currency, -commission)
        if instrument.sec_type == "CASH":
            self._move(instrument.symbol, quantity)
        held = self.positions.get(instrument.con_id) or Position(instrument=instrument)
        after, realized = _apply(held, quantity, worth, commission)
        if instrument.is_settled_on_close and realized is not None:
            self._move(instrument.currency, _gain(held, quantity, worth))
        self.positions[instrument.con_id] = after
        return realized

    def _move(self, currency: str, amount: Decimal) -> None:
        self.cash[currency] = self.cash.get(currency, ZERO) + amount


def _gain(held: Position, quantity: Decimal, worth: Decimal) -> Decimal:
    """What closing brings in, the fee of this fill apart."""
    closed = min(abs(quantity), abs(held.quantity))
    # The average cost holds the fees of the opening, which were taken from cash then.
    return (closed if held.quantity > 0 else -closed) * (worth - held.opening_worth)


def _apply(
    held: Position, quantity: Decimal, price: Decimal, commission: Decimal
) -> tuple[Position, Decimal | None]:
    closed = min(abs(quantity), abs(held.quantity)) if held.quantity * quantity < 0 else ZERO
    opened = abs(quantity) - closed
    direction = 1 if quantity > 0 else -1
    fee = commission / abs(quantity)
    realized = None
    if closed:
        realized = -direction * closed * (price - held.average_cost) - closed * fee
    total = held.quantity + quantity
    kept = abs(held.quantity) - closed
    cost = kept * held.average_cost + opened * (price + direction * fee)
    return (
        Position(
            instrument=held.instrument,
            quantity=total,
            average_cost=cost / abs(total) if total else ZERO,
            realized_pnl=held.realized_pnl + (realized or ZERO),
            opening_worth=(
                (kept * held.opening_worth + opened * price) / abs(total) if total else ZERO
            ),
        ),
        realized,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    """A position at a market price."""

    position: Position
    price: Decimal

    @property
    def market_value(self) -> Decimal:
        return self.position.quantity * self.worth

    @property
    def worth(self) -> Decimal:
        """The price of one contract: times its multiplier."""
        return self.price * self.position.instrument.multiplier

    @property
    def owned_value(self) -> Decimal:
        """What the position adds to the account: of a future only what it has gained."""
        position = self.position
        paid = position.opening_worth if position.instrument.is_settled_on_close else ZERO
        return position.quantity * (self.worth - paid)

    @property
    def unrealized_pnl(self) -> Decimal:
        return self.position.quantity * (self.worth - self.position.average_cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """An account at the prices of one moment, in its base currency."""

    account: str
    base_currency: str
    cash: dict[str, Decimal]
    rates: dict[str, Decimal]
    positions: tuple[Valued, ...]

    def _sum(self, figure: Callable[[Valued], Decimal], *, securities_only: bool) -> Decimal:
        total = ZERO
        for valued in self.positions:
            instrument = valued.position.instrument
            if not (securities_only and instrument.sec_type == "CASH"):
                total += figure(valued) * self.rates[instrument.currency]
        return total

    @property
    def total_cash(self) -> Decimal:
        return sum((amount * self.rates[c] for c, amount in self.cash.items()), ZERO)

    @property
    def stock_value(self) -> Decimal:
        return self._sum(lambda v: v.owned_value, securities_only=True)

    @property
    def gross_position_value(self) -> Decimal:
        return self._sum(lambda v: abs(v.market_value), securities_only=True)

    @property
    def net_liquidation(self) -> Decimal:
        return self.total_cash + self.stock_value

    @property
    def unrealized_pnl(self) -> Decimal:
        return self._sum(lambda v: v.unrealized_pnl, securities_only=False)

    @property
    def realized_pnl(self) -> Decimal:
        return self._sum(lambda v: v.position.realized_pnl, securities_only=False)

    @property
    def initial_margin(self) -> Decimal:
        return self.gross_position_value * REG_T_INITIAL

    @property
    def maintenance_margin(self) -> Decimal:
        return self.gross_position_value * REG_T_MAINTENANCE

    @property
    def available_funds(self) -> Decimal:
        return self.net_liquidation - self.initial_margin

    @property
    def excess_liquidity(self) -> Decimal:
        return self.net_liquidation - self.maintenance_margin

    @property
    def buying_power(self) -> Decimal:
        return max(ZERO, self.available_funds) * LEVERAGE


def value(
    ledger: Ledger, mark: Callable[[Instrument], Decimal], rates: dict[str, Decimal]
) -> Valuation:
    """The account at the marks and exchange rates (units of base currency) of a moment."""
    return Valuation(
        account=ledger.account,
        base_currency=ledger.base_currency,
        cash=dict(ledger.cash),
        rates=rates,
        positions=tuple(
            Valued(position=position, price=mark(position.instrument))
            for position in ledger.positions.values()
        ),
    )
