"""Prices: quotes, trades and bars of any date, all from one source per instrument."""

from simulator.market.models import RATE, at_the_money, expiry_ms, years_left
from simulator.market.path import STEP_MS, PricePath
from simulator.market.quotes import Market, Quote, Valuation
from simulator.market.sessions import AlwaysOpen, Session, Sessions, TradingCalendar
from simulator.market.source import Source, Span, Stretch, Trade
from simulator.market.tape import LOT, STEPS_PER_DAY, Tape

__all__ = [
    "LOT",
    "RATE",
    "STEPS_PER_DAY",
    "STEP_MS",
    "AlwaysOpen",
    "Market",
    "PricePath",
    "Quote",
    "Session",
    "Sessions",
    "Source",
    "Span",
    "Stretch",
    "Tape",
    "Trade",
    "TradingCalendar",
    "Valuation",
    "at_the_money",
    "expiry_ms",
    "years_left",
]
