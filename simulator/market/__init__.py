"""Prices: quotes, trades and bars of any date, all from one seeded path per instrument."""

from simulator.market.path import STEP_MS, PricePath
from simulator.market.quotes import Market, Quote, QuotedPath
from simulator.market.sessions import AlwaysOpen, Session, Sessions, TradingCalendar
from simulator.market.tape import LOT, STEPS_PER_DAY, Span, Stretch, Tape, Trade

__all__ = [
    "LOT",
    "STEPS_PER_DAY",
    "STEP_MS",
    "AlwaysOpen",
    "Market",
    "PricePath",
    "Quote",
    "QuotedPath",
    "Session",
    "Sessions",
    "Span",
    "Stretch",
    "Tape",
    "Trade",
    "TradingCalendar",
]
