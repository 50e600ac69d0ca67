"""The stateful heart: sessions come in, requests are routed, truth and quotes go out.

`hub` keeps what every domain stands on (connections, time, fan-out); each domain answers
its requests through a dict from request class to function; `core` puts them together.
Time is an argument; sockets are somebody else's business: what is to be sent waits in the
session of a connection until it is collected.
"""

from simulator.gateway.core import Gateway
from simulator.gateway.hub import Connection, Settings

__all__ = ["Connection", "Gateway", "Settings"]
