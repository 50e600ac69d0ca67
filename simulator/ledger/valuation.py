"""An account at the prices of one moment, in its base currency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from simulator.instruments import Instrument
from simulator.ledger.books import ZERO, Ledger
from simulator.ledger.margin import NOTHING, Margin, Margins, has_loan_value, margins
from simulator.ledger.terms import AccountKind, Terms
from simulator.ledger.valued import Segment, Valued

LEVERAGE = {AccountKind.MARGIN: Decimal(4), AccountKind.CASH: Decimal(1)}
"""Buying power of an account over its available funds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """Cash, positions and margin; `rates` are units of the base currency for one of another."""

    account: str
    base_currency: str
    cash: dict[str, Decimal]
    rates: dict[str, Decimal]
    positions: tuple[Valued, ...]
    margins: Margins
    terms: Terms

    def total(
        self,
        figure: Callable[[Valued], Decimal],
        *,
        of: Callable[[Valued], bool] = lambda _: True,
    ) -> Decimal:
        """A figure summed over the positions meant, in the base currency."""
        amounts = (
            figure(v) * self.rates[v.position.instrument.currency] for v in self.positions if of(v)
        )
        return sum(amounts, ZERO)

    @property
    def total_cash(self) -> Decimal:
        return sum((amount * self.rates[c] for c, amount in self.cash.items()), ZERO)

    @property
    def stock_value(self) -> Decimal:
        """What all positions but pairs add to the account."""
        return self.total(lambda v: v.owned_value)

    @property
    def gross_position_value(self) -> Decimal:
        return self.total(
            lambda v: abs(v.market_value), of=lambda v: v.position.instrument.sec_type != "CASH"
        )

    @property
    def net_liquidation(self) -> Decimal:
        return self.total_cash + self.stock_value

    @property
    def equity_with_loan(self) -> Decimal:
        return self.total_cash + self.total(
            lambda v: v.owned_value, of=lambda v: has_loan_value(v, self.terms)
        )

    @property
    def unrealized_pnl(self) -> Decimal:
        return self.total(lambda v: v.unrealized_pnl)

    @property
    def realized_pnl(self) -> Decimal:
        return self.total(lambda v: v.position.realized_pnl)

    @property
    def margin(self) -> Margin:
        return sum(self.margins.values(), NOTHING)

    @property
    def initial_margin(self) -> Decimal:
        return self.margin.initial

    @property
    def maintenance_margin(self) -> Decimal:
        return self.margin.maintenance

    @property
    def available_funds(self) -> Decimal:
        return self.equity_with_loan - self.initial_margin

    @property
    def excess_liquidity(self) -> Decimal:
        return self.equity_with_loan - self.maintenance_margin

    @property
    def buying_power(self) -> Decimal:
        return max(ZERO, self.available_funds) * LEVERAGE[self.terms.kind]

    def segment_margin(self, segment: Segment) -> Margin:
        return self.margins.get(segment, NOTHING)


def value(
    ledger: Ledger,
    mark: Callable[[Instrument], Decimal],
    rates: dict[str, Decimal],
    under_price: Callable[[Instrument], Decimal | None] = lambda _: None,
) -> Valuation:
    """The account at the marks and exchange rates (units of base currency) of a moment.

    `under_price` tells the price of what a derivative is on; where nobody knows it, an
    option is taken to be at the money.
    """
    positions = tuple(
        Valued(
            position=position,
            price=mark(position.instrument),
            under_price=under_price(position.instrument),
        )
        for position in ledger.positions.values()
    )
    return Valuation(
        account=ledger.account,
        base_currency=ledger.base_currency,
        cash=dict(ledger.cash),
        rates=rates,
        positions=positions,
        margins=margins(positions, ledger.cash, rates, ledger.base_currency, ledger.terms),
        terms=ledger.terms,
    )
