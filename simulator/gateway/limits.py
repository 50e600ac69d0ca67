"""What a gateway's own settings forbid: too many messages a second, and orders in read-only mode.

Both are off by default and switched on in `Settings`. The message rate follows the
vendor's "reject" setting: error 100 for every message above the rate, and the third
violation ends the session; a violation is a second in which the rate was exceeded. A
notice comes before the first.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from simulator.gateway.hub import SYSTEM, Connection, Hub
from simulator.messages.orders import (
    CancelOrder,
    ExerciseOptions,
    PlaceOrder,
    RequestAutoOpenOrders,
    RequestGlobalCancel,
    RequestOpenOrders,
)

WINDOW_MS = 1_000
MAX_VIOLATIONS = 3
WARN_AT = 0.88

WRITING = (
    PlaceOrder,
    CancelOrder,
    ExerciseOptions,
    RequestGlobalCancel,
    RequestOpenOrders,
    RequestAutoOpenOrders,
)
"""Requests refused in read-only mode; the open orders among them, because they bind."""


@dataclass(slots=True)
class _Rate:
    """The messages of one client within the last second."""

    times_ms: deque[int] = field(default_factory=deque)
    violations: int = 0
    violated_until_ms: int = 0
    warned_until_ms: int = 0


class Limits:
    """Decides whether a request is heard at all."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._rates: dict[Connection, _Rate] = {}

    def forget(self, connection: Connection) -> None:
        self._rates.pop(connection, None)

    def admits(self, connection: Connection, request: object) -> bool:
        """False after an error said why not."""
        return self._within_rate(connection) and self._may_write(connection, request)

    def _within_rate(self, connection: Connection) -> bool:
        limit = self._hub.settings.max_requests_per_s
        if limit is None:
            return True
        now_ms = self._hub.now_ms
        rate = self._rates.setdefault(connection, _Rate())
        rate.times_ms.append(now_ms)
        while rate.times_ms[0] <= now_ms - WINDOW_MS:
            rate.times_ms.popleft()
        if len(rate.times_ms) <= limit:
            self._warn(connection, rate, limit)
            return True
        if now_ms >= rate.violated_until_ms:
            rate.violations += 1
            rate.violated_until_ms = now_ms + WINDOW_MS
        self._hub.error(
            connection, SYSTEM, 100, max=limit, rec=len(rate.times_ms), count=rate.violations
        )
        connection.is_closing = rate.violations >= MAX_VIOLATIONS
        return False

    def _warn(self, connection: Connection, rate: _Rate, limit: int) -> None:
        """The notice before the first violation, at 88 % of the rate as captured (44 of 50)."""
        received, now_ms = len(rate.times_ms), self._hub.now_ms
        if received >= limit * WARN_AT and now_ms >= rate.warned_until_ms:
            rate.warned_until_ms = now_ms + WINDOW_MS
            self._hub.error(connection, SYSTEM, 0, max=limit, rec=received)

    def _may_write(self, connection: Connection, request: object) -> bool:
        if not self._hub.settings.read_only or not isinstance(request, WRITING):
            return True
        id_ = getattr(request, "order_id", getattr(request, "req_id", SYSTEM))
        cause = "The API interface is currently in Read-Only mode."
        self._hub.error(connection, id_, 321, cause=cause)
        return False
