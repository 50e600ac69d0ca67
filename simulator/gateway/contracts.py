"""Security definitions: what a contract is, and which one a request means."""

from __future__ import annotations

from datetime import UTC, datetime

from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.messages.contracts import ContractData, ContractDataEnd, RequestContractData


class Contracts:
    """Answers contract details: one reply for each match, then the end marker.

    Nothing found is error 200 and no end marker, as captured from real gateways.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def handlers(self) -> Handlers:
        return {RequestContractData: self._details}

    def _details(self, connection: Connection, request: RequestContractData) -> None:
        found = self._hub.database.find(request.contract)
        if not found:
            self._hub.error(connection, request.req_id, 200)
            return
        today = datetime.fromtimestamp(self._hub.now_ms / 1000, UTC).date()
        for instrument in found:
            connection.send(ContractData(request.req_id, instrument.details(today)))
        connection.send(ContractDataEnd(request.req_id))
