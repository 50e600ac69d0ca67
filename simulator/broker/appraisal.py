"""What accounts are worth at the market's prices of a moment."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from simulator.instruments import ContractDatabase, Instrument
from simulator.ledger import Fill, Ledger, Valuation, is_within_means, objection, replayed, value
from simulator.market import Market

ONE = Decimal(1)


class Appraiser:
    """Values ledgers at marks and exchange rates."""

    def __init__(self, database: ContractDatabase, market: Market) -> None:
        self._database = database
        self._market = market
        self._pairs = {i.local_symbol: i for i in database if i.sec_type == "CASH"}

    def value(self, ledger: Ledger, now_ms: int) -> Valuation:
        """An account at the prices of a moment."""
        currencies = {p.instrument.currency for p in ledger.positions.values()}
        base = ledger.base_currency
        rates = {c: self.rate(c, base, now_ms) for c in sorted({*ledger.cash, *currencies, base})}
        return value(
            ledger,
            lambda instrument: self.mark(instrument, now_ms),
            rates,
            lambda instrument: self._under_price(instrument, now_ms),
        )

    def objection(self, ledger: Ledger, fills: Sequence[Fill], now_ms: int) -> str:
        """Why an account cannot bear some fills; nothing if it can."""
        tried, _ = replayed(ledger, fills)
        after = self.value(tried, now_ms)
        if is_within_means(after):
            return ""
        return objection(self.value(ledger, now_ms), after) or ""

    def mark(self, instrument: Instrument, now_ms: int) -> Decimal:
        return self._market.quote(instrument, now_ms).mark

    def rate(self, currency: str, base: str, now_ms: int) -> Decimal:
        """Units of the base currency for one of another, from the pair in the database."""
        if currency == base:
            return ONE
        direct = self._pair(currency, base, now_ms)
        if direct is not None:
            return direct
        over_dollars = self._pair(currency, "USD", now_ms) or ONE
        return over_dollars * self.rate("USD", base, now_ms)

    def _under_price(self, instrument: Instrument, now_ms: int) -> Decimal | None:
        under_con_id = instrument.under_con_id
        return self.mark(self._database[under_con_id], now_ms) if under_con_id else None

    def _pair(self, currency: str, base: str, now_ms: int) -> Decimal | None:
        """The rate of a pair quoted one way or the other, None if neither is."""
        if (pair := self._pairs.get(f"{currency}.{base}")) is not None:
            return self.mark(pair, now_ms)
        pair = self._pairs.get(f"{base}.{currency}")
        return None if pair is None else ONE / self.mark(pair, now_ms)
