"""Display groups: the coloured chain links of TWS windows, followed and steered by clients."""

from __future__ import annotations

import re

from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.gateway.texts import DUPLICATE_TICKER_ID
from simulator.messages.login import (
    DisplayGroupList,
    DisplayGroupUpdated,
    QueryDisplayGroups,
    SubscribeToGroupEvents,
    UnsubscribeFromGroupEvents,
    UpdateDisplayGroup,
)

GROUPS = range(1, 8)
"""The seven groups of the vendor's documentation."""

EMPTY = "none"
"""A group that shows no contract."""

CONTRACT_INFO = re.compile(r"none|combo|\d+@[A-Z0-9.]+")
"""What a group can show: nothing, a combination, or `contract id@exchange`."""


class DisplayGroups:
    """What each group shows, and which clients follow it under which request id."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._shown = dict.fromkeys(GROUPS, EMPTY)
        self._followed: dict[tuple[Connection, int], int] = {}

    def handlers(self) -> Handlers:
        return {
            QueryDisplayGroups: self._query,
            SubscribeToGroupEvents: self._subscribe,
            UpdateDisplayGroup: self._update,
            UnsubscribeFromGroupEvents: self._unsubscribe,
        }

    def forget(self, connection: Connection) -> None:
        for key in [key for key in self._followed if key[0] is connection]:
            del self._followed[key]

    def _query(self, connection: Connection, request: QueryDisplayGroups) -> None:
        connection.send(DisplayGroupList(request.req_id, "|".join(map(str, GROUPS))))

    def _subscribe(self, connection: Connection, request: SubscribeToGroupEvents) -> None:
        if request.group_id not in self._shown:
            cause = f"Invalid display group {request.group_id}"
            self._hub.error(connection, request.req_id, 321, cause=cause)
            return
        if (connection, request.req_id) in self._followed:
            self._hub.error(connection, request.req_id, 322, cause=DUPLICATE_TICKER_ID)
            return
        self._followed[connection, request.req_id] = request.group_id
        connection.send(DisplayGroupUpdated(request.req_id, self._shown[request.group_id]))

    def _update(self, connection: Connection, request: UpdateDisplayGroup) -> None:
        """Show a contract in the group that this request id follows; every follower is told."""
        group = self._followed.get((connection, request.req_id))
        if group is None:
            self._hub.error(connection, request.req_id, 300)
            return
        if not CONTRACT_INFO.fullmatch(request.contract_info):
            cause = f"Invalid contract info '{request.contract_info}'"
            self._hub.error(connection, request.req_id, 321, cause=cause)
            return
        self._shown[group] = request.contract_info
        for (follower, req_id), followed in self._followed.items():
            if followed == group:
                follower.send(DisplayGroupUpdated(req_id, request.contract_info))

    def _unsubscribe(self, connection: Connection, request: UnsubscribeFromGroupEvents) -> None:
        if self._followed.pop((connection, request.req_id), None) is None:
            self._hub.error(connection, request.req_id, 300)
