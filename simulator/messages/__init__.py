"""THE table: every request and reply the simulator knows, once, for both directions.

One module a domain; each holds records with their id and layout. Version gates are those
of the vendor's clients; a test compares every layout with installed third-party encoders
and decoders and with captured frames. Knows nothing of sessions or of what is answered.
"""

from __future__ import annotations

from simulator.messages import (
    account,
    connection,
    contracts,
    depth,
    history,
    login,
    market_data,
    news,
    options,
    orders,
    research,
)
from simulator.wire import Codec

DOMAINS = (
    connection,
    contracts,
    market_data,
    depth,
    history,
    options,
    orders,
    account,
    news,
    research,
    login,
)

REQUESTS = Codec(*(message for domain in DOMAINS for message in domain.REQUESTS))
"""Client to gateway."""

REPLIES = Codec(*(message for domain in DOMAINS for message in domain.REPLIES))
"""Gateway to client."""
