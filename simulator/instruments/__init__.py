"""What can be traded: contract data, the rules derivatives follow, and the search in both."""

from simulator.instruments.combos import weight
from simulator.instruments.cycles import third_friday
from simulator.instruments.database import ContractDatabase
from simulator.instruments.derivatives import Future, Option, load_products
from simulator.instruments.loader import DataFileError, load, load_built_in, own_id
from simulator.instruments.model import Instrument, Leg, Path, current_name
from simulator.instruments.rules import MARKET_RULES, increment_at

INSTRUMENTS = load_built_in()
"""The instruments of this package's own data files."""

PRODUCTS = load_products({instrument.con_id: instrument for instrument in INSTRUMENTS})
"""The futures and options of this package's own data files."""

__all__ = [
    "INSTRUMENTS",
    "MARKET_RULES",
    "PRODUCTS",
    "ContractDatabase",
    "DataFileError",
    "Future",
    "Instrument",
    "Leg",
    "Option",
    "Path",
    "current_name",
    "increment_at",
    "load",
    "load_built_in",
    "load_products",
    "own_id",
    "third_friday",
    "weight",
]
