"""Requests that the simulator understands and does not answer yet: refused, never ignored.

A client that waits for an answer must not wait for ever, so each gets error 321 with its
own id and by its own name; what would end such a request finds nothing to end (300).
"""

from __future__ import annotations

from typing import Any

from simulator.gateway.hub import SYSTEM, Connection, Handlers, Hub
from simulator.messages import history

REFUSED: tuple[type, ...] = (
    history.RequestHeadTimestamp,
    history.RequestHistogramData,
    history.RequestHistoricalTicks,
    history.RequestRealTimeBars,
    history.RequestTickByTickData,
)

NOTHING_TO_END: tuple[type, ...] = (
    history.CancelHeadTimestamp,
    history.CancelHistogramData,
    history.CancelRealTimeBars,
    history.CancelTickByTickData,
)


class Refusals:
    """Answers what no domain answers."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def handlers(self) -> Handlers:
        return dict.fromkeys(REFUSED, self._refuse) | dict.fromkeys(NOTHING_TO_END, self._not_found)

    def _refuse(self, connection: Connection, request: Any) -> None:
        cause = f"{type(request).__name__} is not modelled"
        self._hub.error(connection, _id(request), 321, cause=cause)

    def _not_found(self, connection: Connection, request: Any) -> None:
        self._hub.error(connection, _id(request), 300)


def _id(request: Any) -> int:
    id_: int = getattr(request, "req_id", SYSTEM)
    return id_
