"""A small HTTP face for one client: health, metrics, quotes, orders and their events.

It knows the protocol, the models and the errors, and no client class: the client comes in
through the dependency `get_client`, so a test swaps it with one line of dependency_overrides.
Rule: an order whose fate is unknown is 202 with its state, never a 5xx that invites a retry.
"""

from ibkr.app.access import Tokens
from ibkr.app.context import Limits, get_client
from ibkr.app.factory import create_app
from ibkr.app.problems import HTTP_STATUS, http_status
from ibkr.app.serving import AppServer

__all__ = [
    "HTTP_STATUS",
    "AppServer",
    "Limits",
    "Tokens",
    "create_app",
    "get_client",
    "http_status",
]
