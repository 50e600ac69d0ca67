"""A stateful fake IB Gateway: what a test may import.

Knows nothing of the client in `ibkr`.
"""

from simulator.clock import ManualClock
from simulator.server import Simulator
from simulator.world import World
from simulator.world_settings import WorldError, WorldSettings

__all__ = ["ManualClock", "Simulator", "World", "WorldError", "WorldSettings"]
