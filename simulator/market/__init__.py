"""Prices: quotes, trades and bars of any date, all from one seeded path per instrument."""

from simulator.market.models import RATE, expiry_ms, years_left
from simulator.market.path import STEP_MS, PricePath
from simulator.market.quotes import Market, Quote, QuotedPath, Valuation
from simulator.market.tape import LOT, STEPS_PER_DAY, AnyTape, Span, Stretch, Tape, Trade

__all__ = [
    "LOT",
    "RATE",
    "STEPS_PER_DAY",
    "STEP_MS",
    "AnyTape",
    "Market",
    "PricePath",
    "Quote",
    "QuotedPath",
    "Span",
    "Stretch",
    "Tape",
    "Trade",
    "Valuation",
    "expiry_ms",
    "years_left",
]
