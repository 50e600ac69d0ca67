"""The values of an account, by tag, as a gateway spells them.

Tags and their spelling are those of captured paper accounts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

from simulator.ledger import Valuation

_CENT = Decimal("0.01")
ZERO = Decimal(0)

ACCOUNT_FIGURES: dict[str, Callable[[Valuation], Decimal]] = {
    "AccruedCash": lambda _: ZERO,
    "AvailableFunds": lambda v: v.available_funds,
    "BuyingPower": lambda v: v.buying_power,
    "EquityWithLoanValue": lambda v: v.net_liquidation,
    "ExcessLiquidity": lambda v: v.excess_liquidity,
    "FullAvailableFunds": lambda v: v.available_funds,
    "FullExcessLiquidity": lambda v: v.excess_liquidity,
    "FullInitMarginReq": lambda v: v.initial_margin,
    "FullMaintMarginReq": lambda v: v.maintenance_margin,
    "GrossPositionValue": lambda v: v.gross_position_value,
    "InitMarginReq": lambda v: v.initial_margin,
    "LookAheadAvailableFunds": lambda v: v.available_funds,
    "LookAheadExcessLiquidity": lambda v: v.excess_liquidity,
    "LookAheadInitMarginReq": lambda v: v.initial_margin,
    "LookAheadMaintMarginReq": lambda v: v.maintenance_margin,
    "MaintMarginReq": lambda v: v.maintenance_margin,
    "NetLiquidation": lambda v: v.net_liquidation,
    "PreviousDayEquityWithLoanValue": lambda v: v.net_liquidation,
    "RegTEquity": lambda v: v.net_liquidation,
    "RegTMargin": lambda v: v.initial_margin,
    "SMA": lambda v: v.available_funds,
    "SettledCash": lambda v: v.total_cash,
    "TotalCashValue": lambda v: v.total_cash,
}
"""Amounts of a whole account, in its base currency."""

ACCOUNT_TEXTS: dict[str, Callable[[Valuation], str]] = {
    "AccountCode": lambda v: v.account,
    "AccountReady": lambda _: "true",
    "AccountType": lambda _: "INDIVIDUAL",
    "Cushion": lambda v: _ratio(v.excess_liquidity, v.net_liquidation),
    "DayTradesRemaining": lambda _: "-1",
    "HighestSeverity": lambda _: "0",
    "Leverage": lambda v: _ratio(v.gross_position_value, v.net_liquidation),
    "LookAheadNextChange": lambda _: "0",
}
"""What is told of a whole account without a currency."""

Row = tuple[str, str, str]
"""Key, value, currency."""


def _money(amount: Decimal) -> str:
    return str(amount.quantize(_CENT, ROUND_HALF_EVEN))


def _ratio(part: Decimal, whole: Decimal) -> str:
    return str((part / whole).quantize(Decimal("0.000001")).normalize()) if whole else "0"


def account_rows(valuation: Valuation) -> Iterator[Row]:
    for key, text in ACCOUNT_TEXTS.items():
        yield key, text(valuation), ""
    for key, figure in ACCOUNT_FIGURES.items():
        yield key, _money(figure(valuation)), valuation.base_currency


def ledger_rows(valuation: Valuation) -> Iterator[Row]:
    """Per currency what an account has, and under BASE the sum of it."""
    parts = {"BASE": (valuation, Decimal(1))} | {
        currency: (_part(valuation, currency), valuation.rates[currency])
        for currency in sorted(valuation.cash)
    }
    for currency, (part, rate) in parts.items():
        yield "AccountOrGroup", valuation.account, currency
        yield "CashBalance", _money(part.total_cash / rate), currency
        yield "Currency", currency, currency
        yield "ExchangeRate", f"{rate:.2f}" if rate == 1 else f"{rate.normalize():f}", currency
        yield "NetLiquidationByCurrency", _money(part.net_liquidation / rate), currency
        yield "RealCurrency", currency, currency
        yield "RealizedPnL", _money(part.realized_pnl / rate), currency
        yield "StockMarketValue", _money(part.stock_value / rate), currency
        yield "TotalCashBalance", _money(part.total_cash / rate), currency
        yield "UnrealizedPnL", _money(part.unrealized_pnl / rate), currency


def _part(valuation: Valuation, currency: str) -> Valuation:
    """The part of a valuation that is held in one currency."""
    return replace(
        valuation,
        cash={currency: valuation.cash[currency]},
        positions=tuple(
            v for v in valuation.positions if v.position.instrument.currency == currency
        ),
    )
