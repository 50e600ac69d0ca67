"""Requests that the simulator understands and does not answer yet: refused, never ignored.

A client that waits for an answer must not wait for ever, so each gets error 321 with its
own id and by its own name.
"""

from __future__ import annotations

from typing import Any

from simulator.gateway.hub import SYSTEM, Connection, Handlers, Hub
from simulator.messages import orders

REFUSED: tuple[type, ...] = (orders.ExerciseOptions,)


class Refusals:
    """Answers what no domain answers."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def handlers(self) -> Handlers:
        return dict.fromkeys(REFUSED, self._refuse)

    def _refuse(self, connection: Connection, request: Any) -> None:
        cause = f"{type(request).__name__} is not modelled"
        self._hub.error(connection, getattr(request, "req_id", SYSTEM), 321, cause=cause)
