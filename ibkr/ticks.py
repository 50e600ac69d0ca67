"""Ticks of one subscription, gathered into quotes.

It knows the numbers of tick types through ibkr.translate, and no gateway.
Rule: a quote shows the latest of each value; what the gateway withdraws becomes None.
"""

from datetime import datetime
from typing import Any

from ibkr import translate
from ibkr.models import Contract, MarketDataType, Quote


class Ticks:
    """Builds quotes from the ticks of one subscription."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.market_data_type = MarketDataType.LIVE
        self._fields: dict[str, Any] = {}

    def price(self, tick_type: int, price: float, size: float) -> bool:
        fields = translate.PRICE_TICKS.get(tick_type)
        if fields is None:
            return False
        price_field, size_field = fields
        value = translate.tick_price(price)
        self._fields[price_field] = value
        if size_field is not None:
            self._fields[size_field] = None if value is None else translate.tick_size(size)
        return True

    def size(self, tick_type: int, size: float) -> bool:
        field = translate.SIZE_TICKS.get(tick_type)
        if field is not None:
            self._fields[field] = translate.tick_size(size)
        return field is not None

    def quote(self, now: datetime) -> Quote:
        return Quote(
            contract=self.contract,
            time=now,
            market_data_type=self.market_data_type,
            **self._fields,
        )
