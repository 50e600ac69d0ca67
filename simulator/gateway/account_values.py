"""The values of an account, by tag, as a gateway spells them.

Tags, their order, and which of them come for each segment (`-S`, `-C`, `-P`) or currency are
those of captured paper accounts; a figure of what is not modelled is 0.00.

Ours: the commodities segment holds as much cash as its futures need, the rest is with the
securities; figures by night, looking ahead, after the next expiry and of the day before are
those of now; profit is counted since the account began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from simulator.commissions import is_treasury
from simulator.ledger import MarginModel, Segment, Valuation, Valued
from simulator.ledger.margin import has_loan_value

_CENT = Decimal("0.01")
ZERO = Decimal(0)

Row = tuple[str, str, str]
"""Key, value, currency."""


@dataclass(frozen=True, slots=True)
class Part:
    """A segment of an account, or the whole, in the base currency."""

    cash: Decimal = ZERO
    equity_with_loan: Decimal = ZERO
    net_liquidation: Decimal = ZERO
    gross: Decimal = ZERO
    initial: Decimal = ZERO
    maintenance: Decimal = ZERO

    def __add__(self, other: Part) -> Part:
        return Part(
            self.cash + other.cash,
            self.equity_with_loan + other.equity_with_loan,
            self.net_liquidation + other.net_liquidation,
            self.gross + other.gross,
            self.initial + other.initial,
            self.maintenance + other.maintenance,
        )

    @property
    def available(self) -> Decimal:
        return self.equity_with_loan - self.initial

    @property
    def excess(self) -> Decimal:
        return self.equity_with_loan - self.maintenance


def _nothing(part: Part) -> Decimal:
    del part
    return ZERO


SEGMENT_FIGURES: dict[str, Callable[[Part], Decimal]] = {
    "AccruedCash": _nothing,
    "AccruedDividend": _nothing,
    "AvailableFunds": lambda p: p.available,
    "Billable": _nothing,
    "EquityWithLoanValue": lambda p: p.equity_with_loan,
    "ExcessLiquidity": lambda p: p.excess,
    "FullAvailableFunds": lambda p: p.available,
    "FullExcessLiquidity": lambda p: p.excess,
    "FullInitMarginReq": lambda p: p.initial,
    "FullMaintMarginReq": lambda p: p.maintenance,
    "Guarantee": _nothing,
    "IncentiveCoupons": _nothing,
    "IndianStockHaircut": _nothing,
    "InitMarginReq": lambda p: p.initial,
    "LookAheadAvailableFunds": lambda p: p.available,
    "LookAheadExcessLiquidity": lambda p: p.excess,
    "LookAheadInitMarginReq": lambda p: p.initial,
    "LookAheadMaintMarginReq": lambda p: p.maintenance,
    "MaintMarginReq": lambda p: p.maintenance,
    "NetLiquidation": lambda p: p.net_liquidation,
    "PASharesValue": _nothing,
    "PhysicalCertificateValue": _nothing,
    "PostExpirationExcess": _nothing,
    "PostExpirationMargin": _nothing,
    "TotalCashValue": lambda p: p.cash,
    "TotalDebitCardPendingCharges": _nothing,
}
"""Amounts of the whole account and of each of its segments."""

SECURITIES_FIGURES: dict[str, Callable[[Part], Decimal]] = {
    "PreviousDayEquityWithLoanValue": lambda p: p.equity_with_loan,
    "RegTEquity": lambda p: p.net_liquidation,
    "RegTMargin": lambda p: p.initial,
    "SMA": lambda p: p.net_liquidation - p.initial,
}
"""Amounts of the securities, told with `-S` and without."""

ACCOUNT_FIGURES: dict[str, Callable[[Valuation], Decimal]] = {
    "BuyingPower": lambda v: v.buying_power,
    "GrossPositionValue": lambda v: v.gross_position_value,
    "NetLiquidationUncertainty": lambda _: ZERO,
    "SettledCash": lambda v: v.total_cash,
}
"""Amounts of a whole account only."""

TRADING_TYPES = {MarginModel.REG_T: "STKNOPT", MarginModel.PORTFOLIO: "PMRGN"}

ACCOUNT_TEXTS: dict[str, Callable[[Valuation], str]] = {
    "AccountCode": lambda v: v.account,
    "AccountReady": lambda _: "true",
    "AccountType": lambda _: "INDIVIDUAL",
    "Cushion": lambda v: _ratio(v.excess_liquidity, v.net_liquidation),
    "DayTradesRemaining": lambda _: "-1",
    "DayTradesRemainingT+1": lambda _: "-1",
    "DayTradesRemainingT+2": lambda _: "-1",
    "DayTradesRemainingT+3": lambda _: "-1",
    "DayTradesRemainingT+4": lambda _: "-1",
    "HighestSeverity": lambda _: "0",
    "Leverage": lambda v: _ratio(v.gross_position_value, v.net_liquidation),
    "LookAheadNextChange": lambda _: "0",
    "NLVAndMarginInReview": lambda _: "false",
    "TradingType-S": lambda v: TRADING_TYPES[v.terms.model],
    "WhatIfPMEnabled": lambda _: "true",
}
"""What is told of a whole account without a currency."""

SEGMENT_TEXTS = {
    Segment.SECURITIES: ("1", "US Securities"),
    Segment.COMMODITIES: ("2", "US Commodities"),
    Segment.CRYPTO: ("5", "Crypto at Paxos"),
}
"""Segment → its column and title; that of crypto is told of accounts that hold some."""


KEYS_OF_KIND: dict[str, tuple[str, ...]] = {
    "CRYPTO": ("Cryptocurrency",),
    "FOP": ("FutureOptionValue",),
    "FUND": ("FundValue", "MutualFundValue"),
    "FUT": ("FuturesPNL",),
    "CONTFUT": ("FuturesPNL",),
    "OPT": ("OptionMarketValue",),
    "STK": ("StockMarketValue",),
    "WAR": ("WarrantValue",),
}
"""Security type → the keys that tell its value in a currency; bonds see `_keys`."""

CURRENCY_VALUES = (
    *("CorporateBondValue", "Cryptocurrency", "FundValue", "FutureOptionValue", "FuturesPNL"),
    *("IssuerOptionValue", "MoneyMarketFundValue", "MutualFundValue", "OptionMarketValue"),
    *("StockMarketValue", "TBillValue", "TBondValue", "WarrantValue"),
)
"""All keys that tell a value in a currency."""

CURRENCY_ZEROS = ("AccruedCash", "FxCashBalance", "NetDividend")


def account_rows(valuation: Valuation) -> Iterator[Row]:
    """What is told of an account as a whole and of its segments."""
    base, parts = valuation.base_currency, _parts(valuation)
    whole = sum(parts.values(), Part())
    for key, text in ACCOUNT_TEXTS.items():
        yield key, text(valuation), ""
    for key, of_account in ACCOUNT_FIGURES.items():
        yield key, _money(of_account(valuation)), base
    for key, figure in SEGMENT_FIGURES.items():
        yield key, _money(figure(whole)), base
        for segment, part in parts.items():
            yield f"{key}-{segment.value}", _money(figure(part)), base
    for segment in parts:
        yield f"ColumnPrio-{segment.value}", SEGMENT_TEXTS[segment][0], ""
        yield f"SegmentTitle-{segment.value}", SEGMENT_TEXTS[segment][1], ""
    yield from _securities_rows(parts[Segment.SECURITIES], base)


def _securities_rows(part: Part, base: str) -> Iterator[Row]:
    for key, figure in SECURITIES_FIGURES.items():
        yield key, _money(figure(part)), base
        yield f"{key}-S", _money(figure(part)), base
    yield "GrossPositionValue-S", _money(part.gross), base
    leverage = part.gross / part.net_liquidation if part.net_liquidation else ZERO
    yield "Leverage-S", _money(leverage), ""


def ledger_rows(valuation: Valuation) -> Iterator[Row]:
    """Per currency what an account has, and under BASE the sum of it."""
    held = {v.position.instrument.currency for v in valuation.positions}
    currencies = sorted(valuation.cash.keys() | held)
    yield from _currency_rows(valuation, "BASE", lambda _: True, Decimal(1))
    for currency in currencies:
        yield from _currency_rows(valuation, currency, currency.__eq__, valuation.rates[currency])


def _currency_rows(
    valuation: Valuation, currency: str, is_meant: Callable[[str], bool], rate: Decimal
) -> Iterator[Row]:
    here = [v for v in valuation.positions if is_meant(v.position.instrument.currency)]
    rates = {c: known / rate for c, known in valuation.rates.items()}  # exactly 1 for its own

    def total(figure: Callable[[Valued], Decimal]) -> Decimal:
        return sum((figure(v) * rates[v.position.instrument.currency] for v in here), ZERO)

    cash = sum((a * rates[c] for c, a in valuation.cash.items() if is_meant(c)), ZERO)
    yield "AccountOrGroup", valuation.account, currency
    yield "CashBalance", _money(cash), currency
    yield "Currency", currency, currency
    yield "ExchangeRate", f"{rate:.2f}" if rate == 1 else f"{rate.normalize():f}", currency
    yield "NetLiquidationByCurrency", _money(cash + total(lambda v: v.owned_value)), currency
    yield "RealCurrency", currency, currency
    yield "RealizedPnL", _money(total(lambda v: v.position.realized_pnl)), currency
    yield "TotalCashBalance", _money(cash), currency
    yield "UnrealizedPnL", _money(total(lambda v: v.unrealized_pnl)), currency
    values = dict.fromkeys((*CURRENCY_VALUES, *CURRENCY_ZEROS), ZERO)
    for valued in here:
        owned = valued.owned_value * rates[valued.position.instrument.currency]
        for key in _keys(valued):
            values[key] += owned
    for key, amount in values.items():
        yield key, _money(amount), currency


def _keys(valued: Valued) -> tuple[str, ...]:
    instrument = valued.position.instrument
    if instrument.sec_type == "BOND":
        return ("TBondValue",) if is_treasury(instrument) else ("CorporateBondValue",)
    return KEYS_OF_KIND.get(instrument.sec_type, ())


def _parts(valuation: Valuation) -> dict[Segment, Part]:
    """The segments of an account; their sum is the account."""
    owned = {s: _owned(valuation, s) for s in Segment}
    futures = owned[Segment.COMMODITIES]
    swept = futures.initial - futures.equity_with_loan
    cash = {
        Segment.SECURITIES: valuation.total_cash - swept,
        Segment.COMMODITIES: swept,
        Segment.CRYPTO: ZERO,
    }
    return {
        segment: part + Part(cash[segment], cash[segment], cash[segment])
        for segment, part in owned.items()
        if segment is not Segment.CRYPTO or part.gross
    }


def _owned(valuation: Valuation, segment: Segment) -> Part:
    """A segment without its cash."""

    def is_here(valued: Valued) -> bool:
        return valued.segment is segment and valued.position.instrument.sec_type != "CASH"

    margin = valuation.segment_margin(segment)
    return Part(
        ZERO,
        valuation.total(
            lambda v: v.owned_value, of=lambda v: is_here(v) and has_loan_value(v, valuation.terms)
        ),
        valuation.total(lambda v: v.owned_value, of=is_here),
        valuation.total(lambda v: abs(v.market_value), of=is_here),
        margin.initial,
        margin.maintenance,
    )


def _money(amount: Decimal) -> str:
    return str(amount.quantize(_CENT, ROUND_HALF_EVEN))


def _ratio(part: Decimal, whole: Decimal) -> str:
    return str((part / whole).quantize(Decimal("0.000001")).normalize()) if whole else "0"
