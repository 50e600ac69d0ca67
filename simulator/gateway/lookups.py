"""What requests for history and streams have in common: the contract meant, and refusals."""

from __future__ import annotations

from simulator.gateway.entitlements import Entitlement
from simulator.gateway.hub import Connection, Hub
from simulator.gateway.quotes import Quotes
from simulator.instruments import Instrument
from simulator.records import Contract

HMDS_EXCHANGES = {"SMART": "BEST", "IDEALPRO": "FXSUBPIP"}
"""Names that the historical service has for exchanges of requests (seen in error texts)."""

SUBSCRIBE = (
    " Requested market data requires additional subscription for API. See link in "
    "'Market Data Connections' dialog for more details."
)


class Refused(Exception):  # noqa: N818 - it is an answer, not a failure of ours
    """A request gets this error instead of an answer."""

    def __init__(self, code: int, **facts: object) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


class Lookups:
    """Finds instruments and what the login may see of them."""

    def __init__(self, hub: Hub, quotes: Quotes) -> None:
        self._hub = hub
        self._quotes = quotes

    def refuse(self, connection: Connection, req_id: int, refused: Refused) -> None:
        self._hub.error(connection, req_id, refused.code, **refused.facts)

    def instrument(self, contract: Contract, *, include_expired: bool = False) -> Instrument:
        """The one contract that is meant; else `Refused` with 200, as are combinations.

        Nothing is recorded of a combination, whose past is that of its legs.
        """
        found = self._hub.database.find(contract, include_expired=include_expired)
        if len(found) != 1 or found[0].legs:
            raise Refused(200)
        return found[0]

    def missing_permission(self, instrument: Instrument) -> str | None:
        """What a login lacks that has no live data of an instrument: it has no history either."""
        if self._quotes.entitlement(instrument) is Entitlement.LIVE:
            return None
        exchange = instrument.primary_exchange or instrument.exchange
        return f"No market data permissions for {exchange} {instrument.sec_type}"


def no_data(instrument: Instrument, contract: Contract, name: str) -> Refused:
    """Nothing in the period asked for; `name` is that of the series."""
    exchange = contract.exchange or instrument.exchange
    where = f"{instrument.local_symbol}@{exchange}"
    return Refused(162, cause=f"HMDS query returned no data: {where} {name}")


def no_series(instrument: Instrument, contract: Contract, query: str, step_s: int) -> str:
    """There is no such data of this kind of security, as of trades in currencies."""
    exchange = contract.exchange or instrument.exchange
    where = f"{instrument.symbol}/{instrument.sec_type}@{HMDS_EXCHANGES.get(exchange, exchange)}"
    return f"No historical market data for {where} {query} {step_s}"
