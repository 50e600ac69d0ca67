"""Prices: quotes, trades and bars of any date, all from one source per instrument."""

from simulator.market.combined import LegPrice, legs_at
from simulator.market.files import MarketFileError, load_market_data
from simulator.market.models import RATE, at_the_money, expiry_ms, years_left
from simulator.market.path import STEP_MS, PricePath
from simulator.market.quote import Quote
from simulator.market.quotes import Market, Valuation
from simulator.market.recorded import RecordedTape
from simulator.market.sessions import AlwaysOpen, Session, Sessions, TradingCalendar, session_on
from simulator.market.source import Source, Span, Stretch, Trade
from simulator.market.tape import LOT, STEPS_PER_DAY, Tape

__all__ = [
    "LOT",
    "RATE",
    "STEPS_PER_DAY",
    "STEP_MS",
    "AlwaysOpen",
    "LegPrice",
    "Market",
    "MarketFileError",
    "PricePath",
    "Quote",
    "RecordedTape",
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
    "legs_at",
    "load_market_data",
    "session_on",
    "years_left",
]
