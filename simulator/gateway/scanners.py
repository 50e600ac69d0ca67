"""Market scanners: what is on offer as XML, and the ranked instruments of a scan.

Scans run over the contract database at the present quotes, at once and every thirty
seconds; what did not change is not sent again. A scan or filter that is not modelled is
refused with error 162 and its name, which ends the request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from xml.etree import ElementTree as ET

from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.instruments import Instrument
from simulator.market import Quote
from simulator.messages.research import (
    CancelScannerSubscription,
    RequestScannerParameters,
    RequestScannerSubscription,
    ScannerData,
    ScannerParameters,
    ScannerRow,
)

SCAN_MS = 30_000
MAX_ROWS = 50
"""Rows one scan can have: seen from a real gateway, with notice 165 if there were more."""

MAX_SCANS = 10
"""Scans a client can have at once: the vendor's documentation."""

Figure = Callable[[Quote], Decimal]


def _change(quote: Quote) -> Decimal:
    """Percent since the last close."""
    return (quote.last / quote.close - 1) * 100


def _gap(quote: Quote) -> Decimal:
    """Percent from the last close to the open."""
    return (quote.open / quote.close - 1) * 100


def _since_open(quote: Quote) -> Decimal:
    return (quote.last / quote.open - 1) * 100


def _range(quote: Quote) -> Decimal:
    """Percent from the day's low to its high."""
    return (quote.high / quote.low - 1) * 100


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan: its name on screen, what it ranks by, and whether the least comes first."""

    name: str
    figure: Figure
    is_ascending: bool = False


SCANS = {
    "TOP_PERC_GAIN": Scan("Top % Gainers", _change),
    "TOP_PERC_LOSE": Scan("Top % Losers", _change, is_ascending=True),
    "MOST_ACTIVE": Scan("Most Active", lambda q: q.volume),
    "MOST_ACTIVE_USD": Scan("Most Active ($)", lambda q: q.volume * q.last),
    "HOT_BY_VOLUME": Scan("Hot Contracts by Volume", lambda q: q.volume),
    "HOT_BY_PRICE": Scan("Hot Contracts by Price", lambda q: abs(_change(q))),
    "TOP_PRICE_RANGE": Scan("Top Price Range", _range),
    "TOP_OPEN_PERC_GAIN": Scan("Top % Gainers Since Open", _since_open),
    "TOP_OPEN_PERC_LOSE": Scan("Top % Losers Since Open", _since_open, is_ascending=True),
    "HIGH_OPEN_GAP": Scan("High Opening Gap", _gap),
    "LOW_OPEN_GAP": Scan("Low Opening Gap", _gap, is_ascending=True),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: the group it is offered in, and 1 for at least or -1 for at most."""

    group: str
    name: str
    figure: Figure
    sign: int


def _filters() -> Iterator[tuple[str, Filter]]:
    for code, group, name, figure, sides in FIGURES:
        for side in sides:
            sign = 1 if side == "Above" else -1
            yield code + side, Filter(group, f"{name} {side}", figure, sign)


BOTH = ("Above", "Below")
FIGURES: tuple[tuple[str, str, str, Figure, tuple[str, ...]], ...] = (
    ("price", "PRICE", "Price", lambda q: q.last, BOTH),
    ("usdPrice", "PRICE_USD", "Price ($)", lambda q: q.last, BOTH),
    ("volume", "VOLUME", "Volume", lambda q: q.volume, ("Above",)),
    ("usdVolume", "VOLUME_USD", "Volume ($)", lambda q: q.volume * q.last, BOTH),
    ("changePerc", "CHANGEPERC", "Change (%)", _change, BOTH),
    ("changeOpenPerc", "CHANGEOPENPERC", "Change since Open (%)", _since_open, BOTH),
    ("openGapPerc", "OPENGAPPERC", "Open Gap (%)", _gap, BOTH),
    ("priceRange", "PRICERANGE", "Price Range (%)", _range, BOTH),
)
"""What can be filtered by: begin of the codes, group, name on screen, figure, ends of the codes."""

FILTERS: dict[str, Filter] = dict(_filters())
"""Filters by code."""

INSTRUMENTS = {
    "STK": ("US Stocks", frozenset({"STK"})),
    "ETF.EQ.US": ("US Equity ETFs", frozenset({"STK"})),
    "FUT.US": ("US Futures", frozenset({"FUT"})),
    "IND.US": ("US Indexes", frozenset({"IND"})),
}
LOCATIONS: dict[str, tuple[str, str, frozenset[str]]] = {
    "STK.US": ("US Stocks", "STK", frozenset()),
    "STK.US.MAJOR": ("Listed/NASDAQ", "STK", frozenset()),
    "STK.NASDAQ": ("NASDAQ", "STK", frozenset({"NASDAQ"})),
    "STK.NYSE": ("NYSE", "STK", frozenset({"NYSE"})),
    "STK.AMEX": ("AMEX", "STK", frozenset({"AMEX"})),
    "STK.ARCA": ("ARCA", "STK", frozenset({"ARCA"})),
    "ETF.EQ.US": ("US Equity ETFs", "ETF.EQ.US", frozenset()),
    "ETF.EQ.US.MAJOR": ("Listed/NASDAQ", "ETF.EQ.US", frozenset()),
    "FUT.US": ("US Futures", "FUT.US", frozenset()),
    "FUT.CME": ("CME", "FUT.US", frozenset({"CME"})),
    "FUT.CBOT": ("CBOT", "FUT.US", frozenset({"CBOT"})),
    "FUT.NYMEX": ("NYMEX", "FUT.US", frozenset({"NYMEX"})),
    "IND.US": ("US Indexes", "IND.US", frozenset()),
}
"""Locations by code: the name on screen, whose instruments, and the exchanges they are listed on."""

RENAMED_LOCATIONS = {"FUT.GLOBEX": "FUT.CME", "FUT.ECBOT": "FUT.CBOT"}
"""Former codes: they were offered until the exchanges were renamed, and are still understood."""

STOCK_TYPES: dict[str, Callable[[Instrument], bool]] = {
    "": lambda _: True,
    "ALL": lambda _: True,
    "STOCK": lambda i: i.stock_type != "ETF",
    "CORP": lambda i: i.stock_type == "COMMON",
    "ADR": lambda i: i.stock_type == "ADR",
    "ETF": lambda i: i.stock_type == "ETF",
}

UNMODELLED = (
    "market_cap_above",
    "market_cap_below",
    "moody_rating_above",
    "moody_rating_below",
    "sp_rating_above",
    "sp_rating_below",
    "maturity_date_above",
    "maturity_date_below",
    "coupon_rate_above",
    "coupon_rate_below",
    "exclude_convertible",
    "average_option_volume_above",
    "scanner_setting_pairs",
)
"""Fields of a subscription that ask for what the simulator's instruments do not have."""


class Scanners:
    """The scanner subscriptions of all clients."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._sent: dict[tuple[Connection, int], ScannerData] = {}

    def handlers(self) -> Handlers:
        return {
            RequestScannerParameters: _parameters,
            RequestScannerSubscription: self._request,
            CancelScannerSubscription: self._cancel,
        }

    def forget(self, connection: Connection) -> None:
        for key in [key for key in self._sent if key[0] is connection]:
            del self._sent[key]

    def _request(self, connection: Connection, request: RequestScannerSubscription) -> None:
        code = RENAMED_LOCATIONS.get(request.location_code, request.location_code)
        request = replace(request, location_code=code)
        if (connection, request.req_id) in self._sent:
            self._hub.error(connection, request.req_id, 385)
            return
        cause = _wrong(request)
        if cause is None and sum(key[0] is connection for key in self._sent) >= MAX_SCANS:
            cause = f"Only {MAX_SCANS} simultaneous API scanner subscriptions"
        if cause is not None:
            self._hub.error(connection, request.req_id, 162, cause=cause)
            return
        data, matching = self._scan(request)
        if matching > len(data.rows):
            items = f"{len(data.rows)} out of {matching}"
            self._hub.error(connection, request.req_id, 165, items=items)
        elif not data.rows:
            self._hub.error(connection, request.req_id, 165, items="no")
        self._sent[connection, request.req_id] = data
        connection.send(data)
        self._plan(connection, request, data)

    def _cancel(self, connection: Connection, request: CancelScannerSubscription) -> None:
        if self._sent.pop((connection, request.req_id), None) is None:
            self._hub.error(connection, request.req_id, 365)
            return
        cause = f"API scanner subscription cancelled: {request.req_id}"
        self._hub.error(connection, request.req_id, 162, cause=cause)

    def _plan(
        self, connection: Connection, request: RequestScannerSubscription, data: ScannerData
    ) -> None:
        self._hub.plan(self._hub.now_ms + SCAN_MS, lambda: self._repeat(connection, request, data))

    def _repeat(
        self, connection: Connection, request: RequestScannerSubscription, before: ScannerData
    ) -> None:
        """Scan again, unless the subscription ended or its id has gone to another one."""
        if self._sent.get((connection, request.req_id)) is not before:
            return
        data, _ = self._scan(request)
        if data != before:
            connection.send(data)
        self._sent[connection, request.req_id] = data
        self._plan(connection, request, data)

    def _scan(self, request: RequestScannerSubscription) -> tuple[ScannerData, int]:
        """The rows of a scan, and how many instruments there were for them."""
        scan = SCANS[request.scan_code]
        limits = _limits(request)
        found = [
            (scan.figure(quote), instrument)
            for instrument in (*self._hub.database, *self._hub.database.futures())
            if _is_listed(instrument, request)
            and (quote := self._hub.market.quote(instrument, self._hub.now_ms))
            and all(wanted.sign * (wanted.figure(quote) - limit) >= 0 for wanted, limit in limits)
        ]
        direction = 1 if scan.is_ascending else -1
        found.sort(key=lambda pair: (direction * pair[0], pair[1].con_id))
        wanted = MAX_ROWS if request.rows < 0 else min(request.rows, MAX_ROWS)
        rows = tuple(_row(rank, pair[1]) for rank, pair in enumerate(found[:wanted]))
        return ScannerData(request.req_id, rows), len(found)


def _row(rank: int, instrument: Instrument) -> ScannerRow:
    """Rows carry the contract without its primary exchange or multiplier, as captured."""
    contract = replace(instrument.contract(), primary_exchange="", multiplier="")
    return ScannerRow(rank, contract, instrument.market_name)


def _is_listed(instrument: Instrument, request: RequestScannerSubscription) -> bool:
    _, _, exchanges = LOCATIONS[request.location_code]
    _, sec_types = INSTRUMENTS[request.instrument]
    return (
        instrument.sec_type in sec_types
        and instrument.currency == "USD"
        and (request.instrument != "ETF.EQ.US" or instrument.stock_type == "ETF")
        and (not exchanges or (instrument.primary_exchange or instrument.exchange) in exchanges)
        and STOCK_TYPES[request.stock_type_filter](instrument)
    )


def _limits(request: RequestScannerSubscription) -> list[tuple[Filter, Decimal]]:
    """The filters a scan has, from its fields and from its filter options."""
    fields: Mapping[str, Decimal | int | None] = {
        "priceAbove": request.above_price,
        "priceBelow": request.below_price,
        "volumeAbove": request.above_volume,
    }
    limits = [(name, limit) for name, limit in fields.items() if limit is not None]
    return [(FILTERS[name], Decimal(limit)) for name, limit in (*limits, *request.filter_options)]


def _wrong(request: RequestScannerSubscription) -> str | None:
    """Why a scan cannot run, by the name of what is wrong."""
    return next(_mistakes(request), None)


def _mistakes(request: RequestScannerSubscription) -> Iterator[str]:
    if request.scan_code not in SCANS:
        yield f"scan code '{request.scan_code}' is not modelled"
    if request.instrument not in INSTRUMENTS:
        yield f"instrument '{request.instrument}' is not modelled"
    if request.location_code not in LOCATIONS:
        yield f"location '{request.location_code}' is not modelled"
    elif LOCATIONS[request.location_code][1] != request.instrument:
        yield f"location '{request.location_code}' has no '{request.instrument}'"
    if request.stock_type_filter not in STOCK_TYPES:
        yield f"stock type filter '{request.stock_type_filter}' is not modelled"
    yield from (f"{name} is not modelled" for name in UNMODELLED if getattr(request, name))
    for name, limit in request.filter_options:
        if name not in FILTERS:
            yield f"filter '{name}' is not modelled"
        elif not limit.removeprefix("-").replace(".", "", 1).isdecimal():
            yield f"filter '{name}' needs a number, not '{limit}'"


def _parameters(connection: Connection, _request: RequestScannerParameters) -> None:
    connection.send(ScannerParameters(_xml()))


def _xml() -> str:
    """What can be scanned, under the element names of TWS's own document."""
    root = ET.Element("ScanParameterResponse")
    groups = dict.fromkeys(group for _, group, *_ in FIGURES)
    instruments = ET.SubElement(root, "InstrumentList", varName="instrumentList")
    for kind, (name, _) in INSTRUMENTS.items():
        _element(instruments, "Instrument", name=name, type=kind, filters=",".join(groups))
    tree = ET.SubElement(root, "LocationTree", varName="locationTree")
    for code, (name, kind, _) in LOCATIONS.items():
        _element(tree, "Location", displayName=name, locationCode=code, instruments=kind)
    scans = ET.SubElement(root, "ScanTypeList", varName="scanTypeList")
    for code, scan in SCANS.items():
        kinds = ",".join(INSTRUMENTS)
        _element(scans, "ScanType", displayName=scan.name, scanCode=code, instruments=kinds)
    filters = ET.SubElement(root, "FilterList", varName="filterList")
    for group in groups:
        ranged = _element(filters, "RangeFilter", id=group, category="Simple")
        for code, wanted in FILTERS.items():
            if wanted.group == group:
                _element(ranged, "AbstractField", code=code, displayName=wanted.name)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _element(parent: ET.Element, tag: str, **texts: str) -> ET.Element:
    element = ET.SubElement(parent, tag)
    for name, text in texts.items():
        ET.SubElement(element, name).text = text
    return element
