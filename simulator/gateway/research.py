"""Fundamental reports and the corporate calendar (Wall Street Horizon).

Reports are of the simulator's making, under the element names of the vendor's XML, with
figures that follow from the seed and from the price displayed when they are asked for.
The calendar knows one earnings date and one board meeting a quarter for each stock. One
calendar request of a kind is live at a time, and metadata comes first, as the vendor's
documentation says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

from simulator.gateway.companies import BOARD, CENT, EARNINGS, MILLION, Company
from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.instruments import Instrument
from simulator.messages.research import (
    CancelFundamentalData,
    CancelWshEventData,
    CancelWshMetaData,
    FundamentalData,
    RequestFundamentalData,
    RequestWshEventData,
    RequestWshMetaData,
    WshEventData,
    WshMetaData,
)
from simulator.records import Contract

CALENDAR = "calendar"
"""The name under which the calendar can be withheld from a login."""

EVENT_TYPES = {EARNINGS: "Earnings Date", BOARD: "Board of Directors Meeting"}
"""Event types of the calendar by tag; the simulator knows of no other events."""

EVENT_DAYS = {EARNINGS: "earnings_date", BOARD: "meeting_date"}
"""Under what name an event of a type has its day."""

MAX_EVENTS = 100
"""Events one answer can have: the vendor's documentation."""

MAX_DIGITS = 10
FILTER_KEYS = frozenset({"country", "watchlist", "limit", "limit_region", *EVENT_TYPES})


class Research:
    """Answers fundamental data and calendar requests."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._reports: dict[str, Callable[[Instrument], ET.Element]] = {
            "ReportSnapshot": self._snapshot,
            "ReportsFinSummary": self._summary,
            "CalendarReport": self._calendar,
        }
        self._meta: dict[Connection, int] = {}
        self._knows_meta: set[Connection] = set()
        self._events: dict[Connection, int] = {}

    def handlers(self) -> Handlers:
        return {
            RequestFundamentalData: self._fundamentals,
            CancelFundamentalData: _already_answered,
            RequestWshMetaData: self._request_meta,
            CancelWshMetaData: self._cancel_meta,
            RequestWshEventData: self._request_events,
            CancelWshEventData: self._cancel_events,
        }

    def forget(self, connection: Connection) -> None:
        self._meta.pop(connection, None)
        self._events.pop(connection, None)
        self._knows_meta.discard(connection)

    # --- fundamentals ---

    def _fundamentals(self, connection: Connection, request: RequestFundamentalData) -> None:
        found = self._hub.database.find(request.contract)
        if len(found) != 1:
            self._hub.error(connection, request.req_id, 200)
            return
        report = self._reports.get(request.report_type)
        cause = None
        if not request.report_type:
            cause = "Missing reportType"
        elif report is None:
            cause = f"Report {request.report_type} is not modelled"
        elif found[0].sec_type != "STK" or found[0].stock_type == "ETF":
            cause = f"{found[0].symbol} is not the stock of a company"
        if report is None or cause is not None:
            self._hub.error(connection, request.req_id, 430, cause=cause)
            return
        root = report(found[0])
        ET.indent(root)
        text = ET.tostring(root, encoding="unicode")
        xml = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'
        connection.send(FundamentalData(request.req_id, xml))

    def _snapshot(self, instrument: Instrument) -> ET.Element:
        quote = self._hub.market.quote(instrument, self._hub.now_ms)
        company = self._company(instrument)
        earnings = company.yearly_earnings()
        root = ET.Element("ReportSnapshot", Major="1", Minor="0", Revision="1")
        ids = ET.SubElement(root, "CoIDs")
        ET.SubElement(ids, "CoID", Type="CompanyName").text = instrument.long_name
        issue = ET.SubElement(ET.SubElement(root, "Issues"), "Issue", ID="1", Type="C", Order="1")
        ET.SubElement(issue, "IssueID", Type="Ticker").text = instrument.symbol
        ET.SubElement(issue, "IssueID", Type="ISIN").text = instrument.isin
        ET.SubElement(issue, "Exchange", Code=instrument.primary_exchange)
        general = ET.SubElement(root, "CoGeneralInfo")
        ET.SubElement(
            general,
            "SharesOut",
            Date=self._today().isoformat(),
            TotalFloat=str(company.traded_shares),
        ).text = str(company.shares)
        ET.SubElement(general, "ReportingCurrency", Code=instrument.currency)
        peers = ET.SubElement(root, "peerInfo")
        ET.SubElement(peers, "Industry", type="TRBC").text = instrument.industry
        ratios = ET.SubElement(
            root,
            "Ratios",
            PriceCurrency=instrument.currency,
            LatestAvailableDate=self._today().isoformat(),
        )
        group = ET.SubElement(ratios, "Group", ID="Price and Volume")
        for name, figure in (
            ("NPRICE", quote.last),
            ("MKTCAP", (quote.last * company.shares / MILLION).quantize(CENT)),
            ("TTMEPSXCLX", earnings),
            ("PEEXCLXOR", (quote.last / earnings).quantize(CENT) if earnings else Decimal(0)),
        ):
            ET.SubElement(group, "Ratio", FieldName=name, Type="N").text = str(figure)
        return root

    def _summary(self, instrument: Instrument) -> ET.Element:
        root = ET.Element("FinancialSummary")
        shares = ET.SubElement(root, "EPSs", currency=instrument.currency)
        for day, amount in self._company(instrument).earnings():
            ET.SubElement(
                shares, "EPS", asofDate=day.isoformat(), reportType="A", period="3M"
            ).text = str(amount)
        return root

    def _calendar(self, instrument: Instrument) -> ET.Element:
        root = ET.Element("WSHData")
        company = ET.SubElement(ET.SubElement(root, "Company"), "Earnings")
        ET.SubElement(company, "Ticker").text = instrument.symbol
        for day in self._company(instrument).event_days(EARNINGS):
            if day >= self._today():
                ET.SubElement(company, "Date").text = f"{day:%m/%d/%Y}"
        return root

    # --- calendar ---

    def _is_permitted(self, connection: Connection, req_id: int) -> bool:
        """Whether the login has the calendar; False after an error said that it has not."""
        if CALENDAR not in self._hub.settings.withheld:
            return True
        self._hub.error(connection, req_id, 10276)
        return False

    def _request_meta(self, connection: Connection, request: RequestWshMetaData) -> None:
        if not self._is_permitted(connection, request.req_id):
            return
        if connection in self._meta:
            self._hub.error(connection, request.req_id, 10278)
            return
        self._meta[connection] = request.req_id
        self._knows_meta.add(connection)
        types = [{"tag": tag, "name": name} for tag, name in EVENT_TYPES.items()]
        connection.send(
            WshMetaData(request.req_id, json.dumps({"meta_data": {"event_types": types}}))
        )

    def _cancel_meta(self, connection: Connection, request: CancelWshMetaData) -> None:
        if self._meta.get(connection) == request.req_id:
            del self._meta[connection]
        else:
            self._hub.error(connection, request.req_id, 10280)

    def _request_events(self, connection: Connection, request: RequestWshEventData) -> None:
        if not self._is_permitted(connection, request.req_id):
            return
        code = cause = None
        if connection not in self._knows_meta:
            code = 10282
        elif connection in self._events:
            code = 10281
        else:
            cause = next(self._mistakes(request), None)
        if code is not None or cause is not None:
            self._hub.error(connection, request.req_id, code or 10283, cause=cause)
            return
        self._events[connection] = request.req_id
        limit = min(n for n in (MAX_EVENTS, request.total_limit, _limit(request)) if n)
        events = sorted(
            self._matching(request), key=lambda event: (event["index_date"], event["conids"])
        )
        connection.send(WshEventData(request.req_id, json.dumps(events[:limit])))

    def _cancel_events(self, connection: Connection, request: CancelWshEventData) -> None:
        if self._events.get(connection) == request.req_id:
            del self._events[connection]
        else:
            self._hub.error(connection, request.req_id, 10284)

    def _mistakes(self, request: RequestWshEventData) -> Iterator[str]:
        """Why the calendar cannot be asked that; what comes first is told."""
        if request.fill_competitors:
            yield "fillCompetitors is not modelled"
        try:
            wanted = json.loads(request.filter or "{}")
            for text in (request.start_date, request.end_date):
                _day(text, default=date.min)
        except ValueError as error:
            yield str(error)
            return
        if not isinstance(wanted, dict):
            yield "the filter must be a JSON object"
            return
        if unknown := wanted.keys() - FILTER_KEYS:
            yield f"filter {', '.join(sorted(unknown))} is not modelled"
        con_ids = self._con_ids(request)
        if con_ids is None:
            yield "the watchlist must list contract ids"
        elif not con_ids and not request.fill_portfolio:
            yield "neither a contract nor a watchlist"

    def _con_ids(self, request: RequestWshEventData) -> list[int] | None:
        """The contracts a request names, alone or in a watchlist; None if they are no ids."""
        watchlist = json.loads(request.filter or "{}").get("watchlist", [])
        if not isinstance(watchlist, list) or not all(map(_is_number, watchlist)):
            return None
        own = [request.con_id] if request.con_id else []
        return own + [int(item) for item in watchlist]

    def _matching(self, request: RequestWshEventData) -> Iterator[dict[str, object]]:
        types = _event_types(json.loads(request.filter or "{}"))
        con_ids = set(self._con_ids(request) or ())
        if request.fill_portfolio:
            con_ids |= {
                position.instrument.con_id
                for account in self._hub.settings.accounts
                for position in self._hub.broker.positions(account)
                if position.quantity
            }
        first = _day(request.start_date, default=self._today())
        last = _day(request.end_date, default=date.max)
        for con_id in sorted(con_ids):
            for instrument in self._hub.database.find(Contract(con_id=con_id)):
                if instrument.sec_type == "STK" and instrument.stock_type != "ETF":
                    for tag in types:
                        days = (
                            day
                            for day in self._company(instrument).event_days(tag)
                            if first <= day <= last
                        )
                        yield from (_event(instrument, tag, day) for day in days)

    def _today(self) -> date:
        return datetime.fromtimestamp(self._hub.now_ms / 1000, UTC).date()

    def _company(self, instrument: Instrument) -> Company:
        return Company(self._hub.settings.seed, instrument, self._today())


def _already_answered(connection: Connection, request: object) -> None:
    """A report goes out at once, so that a cancel always comes too late; it is not answered."""


def _limit(request: RequestWshEventData) -> int:
    """The limit in the filter, 0 if there is none."""
    text = str(json.loads(request.filter or "{}").get("limit", ""))
    return int(text) if _is_number(text) else 0


def _is_number(item: object) -> bool:
    """Whether that can be an id or a limit, which have ten digits at most."""
    return str(item).isdecimal() and len(str(item)) <= MAX_DIGITS


def _day(text: str, *, default: date) -> date:
    """`20250616`; raises `ValueError` for any other text but none."""
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date() if text else default


def _event_types(wanted: Mapping[str, object]) -> list[str]:
    """The event types a filter asks for: all of them, unless it names some."""
    named = {tag: str(wanted[tag]).lower() == "true" for tag in EVENT_TYPES if tag in wanted}
    return [tag for tag in EVENT_TYPES if named.get(tag, not named)]


def _event(instrument: Instrument, tag: str, day: date) -> dict[str, object]:
    return {
        "event_type": tag,
        "index_date": f"{day:%Y%m%d}",
        "conids": [str(instrument.con_id)],
        "data": {
            EVENT_DAYS[tag]: f"{day:%Y%m%d}",
            "time_of_day": "AFTER MARKET",
            "company": instrument.long_name,
        },
    }
