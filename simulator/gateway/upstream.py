"""The connection between the gateway and IB, and the state of the data farms.

While it is lost the sockets stay open, and fills are told as they come unless a loss keeps
them. What clients want done to orders is kept here and given to the broker afterwards, or is
lost (the vendor's documentation: "maintain and resubmit orders when connection is restored").
Seen: new terms that were sent meanwhile become a second order beside the first (public issue
reports); that is `clones`. Everything kept or dropped stands in the broker's journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from simulator.broker import Dropped, Held
from simulator.gateway.hub import SYSTEM, Connection, Hub
from simulator.gateway.orders import Orders
from simulator.messages.orders import (
    CancelOrder,
    ExerciseOptions,
    PlaceOrder,
    RequestGlobalCancel,
)

WRITING = (PlaceOrder, CancelOrder, RequestGlobalCancel, ExerciseOptions)
AWAY = "no connection to IB"

LOST = 1100
BROKEN = 2110
"""The same in other words: between TWS and its server."""

DATA_LOST = 1101
DATA_MAINTAINED = 1102


class FarmState(StrEnum):
    OK = "ok"
    BROKEN = "broken"
    DORMANT = "dormant"
    CONNECTING = "connecting"


MARKET_FARM = {
    FarmState.OK: 2104,
    FarmState.BROKEN: 2103,
    FarmState.DORMANT: 2108,
    FarmState.CONNECTING: 2119,
}
HISTORY_FARM = {FarmState.OK: 2106, FarmState.BROKEN: 2105, FarmState.DORMANT: 2107}
CONTRACT_FARM = {FarmState.OK: 2158, FarmState.BROKEN: 2157}
"""The code of each state; a kind of farm that has none is never told to be in it."""


def farm_codes(name: str) -> dict[FarmState, int]:
    """The codes of a farm, by what its name says it serves."""
    if "hmds" in name:
        return HISTORY_FARM
    return CONTRACT_FARM if name.startswith("secdef") else MARKET_FARM


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """How the connection is lost.

    `code` is 1100 or 2110, told `repeats` times; `maintain`: what clients send about orders
    meanwhile is given to the broker afterwards, else it is dropped; `clones`: new terms are a
    new order then; `keeps_news`: what becomes of orders is told afterwards only.
    """

    code: int = LOST
    repeats: int = 1
    maintain: bool = True
    clones: bool = False
    keeps_news: bool = False


class Upstream:
    """Whether IB can be reached, and what waits until it can."""

    def __init__(self, hub: Hub, orders: Orders) -> None:
        self._hub = hub
        self._orders = orders
        self._waiting: list[tuple[Connection, Any]] = []
        self.loss: Loss | None = None

    @property
    def is_lost(self) -> bool:
        return self.loss is not None

    def lose(self, loss: Loss) -> None:
        self.loss = loss
        if loss.keeps_news:
            self._orders.keep_news()
        for connection in self._hub.clients():
            for _ in range(loss.repeats):
                self._hub.error(connection, SYSTEM, loss.code)

    def keeps(self, connection: Connection, request: Any) -> bool:
        """Whether a request cannot go to IB now; it waits then, or is dropped."""
        loss = self.loss
        if loss is None or not isinstance(request, WRITING) or _is_preview(request):
            return False
        if loss.maintain:
            self._waiting.append((connection, request))
            self._hub.broker.note(held(connection, request, AWAY), self._hub.now_ms)
        else:
            self._hub.broker.note(dropped(connection, request, AWAY), self._hub.now_ms)
        return True

    def restore(self, *, data_lost: bool) -> list[tuple[Connection, Any]]:
        """Tell that IB can be reached again; what is to be given to it now."""
        loss, self.loss = self.loss, None
        for connection in self._hub.clients():
            code = DATA_LOST if data_lost else DATA_MAINTAINED
            self._hub.error(connection, SYSTEM, code, farms="; ".join(self._hub.farms))
        self._orders.tell_news()
        waiting, self._waiting = self._waiting, []
        if loss is not None and loss.clones:
            return [pair for pair in waiting if not self._orders.clone(*pair)]
        return waiting

    def forget_waiting(self, reason: str) -> None:
        """Drop what waits, as a gateway does that is closed."""
        waiting, self._waiting = self._waiting, []
        for connection, request in waiting:
            self._hub.broker.note(dropped(connection, request, reason), self._hub.now_ms)

    def take_over(self, other: Upstream) -> None:
        """Go on with what waited in a gateway that was restarted."""
        self._waiting = other._waiting
        self.loss = other.loss

    def farm(self, name: str, state: FarmState) -> None:
        code = farm_codes(name)[state]
        self._hub.farms[name] = code
        for connection in self._hub.clients():
            self._hub.error(connection, SYSTEM, code, farm=name)


def held(connection: Connection, request: Any, reason: str) -> Held:
    """A line for the journal: a request about orders waits somewhere."""
    return Held(*_named(connection, request), reason)


def dropped(connection: Connection, request: Any, reason: str) -> Dropped:
    """A line for the journal: the broker never gets a request about orders."""
    return Dropped(*_named(connection, request), reason)


def _named(connection: Connection, request: Any) -> tuple[int, int, str, str]:
    order_id = getattr(request, "order_id", getattr(request, "req_id", SYSTEM))
    order_ref = request.order.order_ref if isinstance(request, PlaceOrder) else ""
    return connection.client_id, order_id, type(request).__name__, order_ref


def _is_preview(request: Any) -> bool:
    return isinstance(request, PlaceOrder) and request.order.what_if
