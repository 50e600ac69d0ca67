"""What the pytest plugin hands to tests: a gateway on a thread of its own, and its verbs."""

from simulator.testing.handle import IBGateway
from simulator.testing.strictness import Strictness
from simulator.testing.thread import GatewayThread

__all__ = ["GatewayThread", "IBGateway", "Strictness"]
