"""Security definitions: what a contract is, which one a request means, where it trades."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.gateway.hours import trading_hours
from simulator.gateway.hub import SYSTEM, Connection, Handlers, Hub
from simulator.instruments import MARKET_RULES, Instrument, current_name
from simulator.messages.contracts import (
    BondContractData,
    ContractData,
    ContractDataEnd,
    DepthExchange,
    MarketDepthExchanges,
    MarketRule,
    PriceIncrement,
    RequestContractData,
    RequestMarketDepthExchanges,
    RequestMarketRule,
    RequestMatchingSymbols,
    RequestSmartComponents,
    SmartComponent,
    SmartComponents,
    SymbolSample,
    SymbolSamples,
)
from simulator.messages.options import (
    OptionParameters,
    OptionParametersEnd,
    RequestOptionParameters,
)
from simulator.records import Contract

MAX_SAMPLES = 16
"""Matches a gateway returns at most: the captured answer for TSLA has as many."""

SEC_TYPES = frozenset(
    [
        "STK",
        "CASH",
        "IND",
        "CFD",
        "CRYPTO",
        "BOND",
        "FUND",
        "WAR",
        "IOPT",
        "CMDTY",
        "FUT",
        "CONTFUT",
        "OPT",
        "FOP",
        "BAG",
    ]
)
SAMPLED = frozenset({"STK", "IND", "FUND", "CRYPTO", "CASH"})
"""Security types that a symbol search shows; the others are shown as their derivatives."""

DEPTH_EXCHANGES = (
    *(
        DepthExchange(name, "STK", "", "Deep2", None)
        for name in ("ARCA", "BATS", "EDGX", "IEX", "MEMX", "NASDAQ", "NYSE")
    ),
    *(DepthExchange(name, "FUT", "", "Deep", None) for name in ("CME", "CBOT", "NYMEX", "COMEX")),
    DepthExchange("CME", "FOP", "", "Deep", None),
    DepthExchange("IDEALPRO", "CASH", "", "Deep", 4),
    DepthExchange("PAXOS", "CRYPTO", "", "Deep", None),
)
SMART_VENUES = (
    ("AMEX", "A"),
    ("NASDAQ", "Q"),
    ("NYSE", "N"),
    ("ARCA", "P"),
    ("BATS", "Z"),
    ("BYX", "Y"),
    ("EDGX", "K"),
    ("EDGEA", "J"),
    ("IEX", "V"),
    ("MEMX", "U"),
    ("PSX", "X"),
)
"""Bit by bit the venues of a US stock, with the letters of the consolidated tape."""


class Contracts:
    """Answers contract details, symbol search, option parameters, rules and venues.

    Nothing found is error 200 and no end marker, as captured from real gateways.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def handlers(self) -> Handlers:
        return {
            RequestContractData: self._details,
            RequestMatchingSymbols: self._samples,
            RequestOptionParameters: self._option_parameters,
            RequestMarketRule: self._market_rule,
            RequestMarketDepthExchanges: lambda connection, _: connection.send(
                MarketDepthExchanges(DEPTH_EXCHANGES)
            ),
            RequestSmartComponents: self._smart_components,
        }

    def _details(self, connection: Connection, request: RequestContractData) -> None:
        """A combination has no definition of its own, so BAG finds nothing."""
        wanted = request.contract
        if wanted.sec_type not in SEC_TYPES and not (wanted.con_id or wanted.sec_id):
            cause = "Please enter a valid security type"
            self._hub.error(connection, request.req_id, 321, cause=cause)
            return
        found = [
            instrument
            for instrument in self._hub.database.find(
                wanted, include_expired=request.include_expired
            )
            if not instrument.legs
        ]
        if not found:
            self._hub.error(connection, request.req_id, 200)
            return
        for instrument, exchange in _placed(request.contract, found):
            hours = trading_hours(instrument, self._hub.now_ms)
            details = instrument.details(*hours, exchange)
            if instrument.bond is None:
                connection.send(ContractData(request.req_id, details))
            else:
                connection.send(BondContractData(request.req_id, details, instrument.bond))
        connection.send(ContractDataEnd(request.req_id))

    def _samples(self, connection: Connection, request: RequestMatchingSymbols) -> None:
        """Exact symbols first, then those that begin with the pattern, then names with it."""
        pattern = request.pattern.strip().upper()
        ranked = sorted(
            (
                (rank, place, instrument)
                for place, instrument in enumerate(self._hub.database)
                if instrument.sec_type in SAMPLED and (rank := _rank(instrument, pattern)) < 3
            ),
            key=lambda match: match[:2],
        )
        samples = tuple(self._sample(instrument) for _, _, instrument in ranked[:MAX_SAMPLES])
        connection.send(SymbolSamples(request.req_id, samples))

    def _sample(self, instrument: Instrument) -> SymbolSample:
        contract = Contract(
            con_id=instrument.con_id,
            symbol=instrument.symbol,
            sec_type=instrument.sec_type,
            primary_exchange=instrument.primary_exchange or instrument.exchange,
            currency=instrument.currency,
        )
        types = self._hub.database.derivatives_of(instrument)
        return SymbolSample(contract, types, instrument.long_name)

    def _option_parameters(self, connection: Connection, request: RequestOptionParameters) -> None:
        """One reply for each exchange of each class; an underlying without options has none."""
        database = self._hub.database
        try:
            under = database[request.under_con_id]
        except KeyError:
            self._hub.error(connection, request.req_id, 321, cause="Invalid contract id")
            return
        asked = (request.under_symbol.upper(), request.under_sec_type)
        if asked != (under.symbol, under.sec_type):
            self._hub.error(connection, request.req_id, 200)
            return
        for option in database.option_classes(under.con_id, request.future_exchange):
            days = database.expiries(option, under.con_id)
            expirations = tuple(f"{day:%Y%m%d}" for day in days)
            for exchange in option.exchange_names:
                connection.send(
                    OptionParameters(
                        req_id=request.req_id,
                        exchange=exchange,
                        under_con_id=under.con_id,
                        trading_class=option.trading_class,
                        multiplier=f"{option.multiplier:f}",
                        expirations=expirations,
                        strikes=tuple(option.strikes()),
                    )
                )
        connection.send(OptionParametersEnd(request.req_id))

    def _market_rule(self, connection: Connection, request: RequestMarketRule) -> None:
        steps = MARKET_RULES.get(request.rule_id)
        if steps is None:
            self._hub.error(connection, SYSTEM, 321, cause="Invalid market rule id")
            return
        increments = tuple(PriceIncrement(edge, increment) for edge, increment in steps)
        connection.send(MarketRule(request.rule_id, increments))

    def _smart_components(self, connection: Connection, request: RequestSmartComponents) -> None:
        """An exchange mapping nobody has has no components: `82|id|0` was captured."""
        known = {i.bbo_exchange for i in self._hub.database if i.bbo_exchange}
        venues = SMART_VENUES if request.bbo_exchange in known else ()
        components = (SmartComponent(bit, *venue) for bit, venue in enumerate(venues))
        connection.send(SmartComponents(request.req_id, tuple(components)))


def _placed(wanted: Contract, found: Sequence[Instrument]) -> Iterator[tuple[Instrument, str]]:
    """Each definition with the exchange it is told for.

    That is the exchange of the request; without one the usual exchange comes first, and a
    search by symbol goes on with all other valid exchanges: public records of a real
    gateway have 35 answers to a bare AMD, and one to a contract id.
    """
    named = current_name(wanted.exchange)
    yield from ((instrument, named or instrument.exchange) for instrument in found)
    if named or wanted.con_id or wanted.local_symbol or wanted.sec_id:
        return
    for instrument in found:
        others = instrument.valid_exchanges.split(",")
        yield from ((instrument, other) for other in others if other != instrument.exchange)


def _rank(instrument: Instrument, pattern: str) -> int:
    if not pattern:
        return 3
    if instrument.symbol == pattern:
        return 0
    if instrument.symbol.startswith(pattern):
        return 1
    return 2 if pattern in instrument.long_name.upper() else 3
