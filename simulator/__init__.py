"""A stateful fake IB Gateway: what a test may import.

Knows nothing of the client in `ibkr`. The names are loaded when they are first used, because
pytest loads `simulator.pytest_plugin` in runs that need no gateway, too.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.clock import ManualClock
    from simulator.server import Simulator
    from simulator.world import World
    from simulator.world_settings import WorldError, WorldSettings

__all__ = ["ManualClock", "Simulator", "World", "WorldError", "WorldSettings"]

_ROOMS = {
    "ManualClock": "simulator.clock",
    "Simulator": "simulator.server",
    "World": "simulator.world",
    "WorldError": "simulator.world_settings",
    "WorldSettings": "simulator.world_settings",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _ROOMS:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_ROOMS[name]), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
