"""Orders against what is displayed of one instrument: state in, events out; no clock, no ids."""

from simulator.matching.book import Book
from simulator.matching.models import MODELS, PAPER, PESSIMISTIC, QUEUE, SCRIPTED, FillModel
from simulator.matching.pegs import price as peg_price
from simulator.matching.pegs import with_discretion
from simulator.matching.terms import Filled, Side, Top, View, Working

__all__ = [
    "MODELS",
    "PAPER",
    "PESSIMISTIC",
    "QUEUE",
    "SCRIPTED",
    "Book",
    "FillModel",
    "Filled",
    "Side",
    "Top",
    "View",
    "Working",
    "peg_price",
    "with_discretion",
]
