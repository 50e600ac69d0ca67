"""Orders against what is displayed of one instrument: state in, events out; no clock, no ids."""

from simulator.matching.book import Book, Working
from simulator.matching.terms import Filled, Side, Top, View

__all__ = ["Book", "Filled", "Side", "Top", "View", "Working"]
