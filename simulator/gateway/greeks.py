"""Computations of options: prices, volatilities and Greeks, as tick 10 to 13 and as answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from simulator import pricing
from simulator.instruments import Instrument
from simulator.market import Market, Quote, Valuation
from simulator.messages.market_data import TickType
from simulator.messages.options import TickOptionComputation

_FINE = Decimal("0.0000000001")

BID, ASK, LAST, MODEL = 0, 1, 2, 3
LIVE_TICKS = (
    TickType.BID_OPTION,
    TickType.ASK_OPTION,
    TickType.LAST_OPTION,
    TickType.MODEL_OPTION,
)
DELAYED_TICKS = (
    TickType.DELAYED_BID_OPTION,
    TickType.DELAYED_ASK_OPTION,
    TickType.DELAYED_LAST_OPTION,
    TickType.DELAYED_MODEL_OPTION,
)


def computation(
    req_id: int, tick_type: int, option: pricing.Option, under_price: Decimal, ratio: float = 1.0
) -> TickOptionComputation:
    """What an option is worth at its volatility; `ratio` is a warrant's share of one."""
    valued = pricing.value(option)
    return TickOptionComputation(
        req_id=req_id,
        tick_type=tick_type,
        implied_volatility=_decimal(option.volatility),
        delta=_decimal(valued.delta * ratio),
        option_price=_decimal(valued.price * ratio),
        present_value_dividend=Decimal(0),
        gamma=_decimal(valued.gamma * ratio),
        vega=_decimal(valued.vega * ratio),
        theta=_decimal(valued.theta * ratio),
        under_price=under_price,
    )


class Greeks:
    """The computations of one line of an option, each sent when it changes."""

    def __init__(
        self, market: Market, instrument: Instrument, req_id: int, *, delayed: bool
    ) -> None:
        self._market = market
        self._instrument = instrument
        self._req_id = req_id
        self._tick_types = DELAYED_TICKS if delayed else LIVE_TICKS
        self._sent: dict[int, tuple[object, ...]] = {}

    def ticks(self, quote: Quote, now_ms: int) -> Iterator[TickOptionComputation]:
        valuation = self._market.valuation(self._instrument, now_ms)
        if valuation is None:
            return
        for index, price in enumerate((quote.bid, quote.ask, quote.last, None)):
            state = (price, valuation.under_price, valuation.option.years)
            if self._sent.get(index) == state:
                continue
            self._sent[index] = state
            if index == MODEL:
                yield self._computed(index, valuation, valuation.option)
            else:
                yield self._implied(index, valuation, price)

    def _implied(
        self, index: int, valuation: Valuation, price: Decimal | None
    ) -> TickOptionComputation:
        """At the volatility that the price implies; marks of nothing where none does."""
        volatility = None
        if price is not None:
            volatility = pricing.implied_volatility(
                valuation.option, float(price) / valuation.ratio
            )
        if volatility is None:
            return TickOptionComputation(
                req_id=self._req_id,
                tick_type=self._tick_types[index],
                option_price=Decimal(-1) if price is None else price,
                under_price=valuation.under_price,
            )
        return self._computed(index, valuation, replace(valuation.option, volatility=volatility))

    def _computed(
        self, index: int, valuation: Valuation, option: pricing.Option
    ) -> TickOptionComputation:
        tick_type = self._tick_types[index]
        return computation(self._req_id, tick_type, option, valuation.under_price, valuation.ratio)


def _decimal(number: float) -> Decimal:
    return Decimal(number).quantize(_FINE).normalize()
