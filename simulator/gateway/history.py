"""Historical bars, kept up to date if wanted, and the schedule of sessions.

Answers come at once, so that only a query kept up to date can be cancelled. The order of
the checks and their texts are those of captured gateways. While a quote is set by hand the
past still comes from the seeded path, and the bar in progress is stretched to the quote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator.gateway import bars, moments
from simulator.gateway.bars import SERIES, BarSize, Scale, Series, Slot
from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.gateway.lookups import Lookups, Refused, no_data, no_series
from simulator.gateway.pacing import SMALL_BAR_S, VIOLATION, HistoryPacing
from simulator.gateway.periods import (
    DAY_MS,
    Duration,
    DurationError,
    Period,
    days,
    duration,
    is_always_open,
    period,
    scheduled,
)
from simulator.gateway.texts import CAUSE
from simulator.instruments import Instrument
from simulator.market import STEP_MS
from simulator.messages.history import (
    Bar,
    CancelHistoricalData,
    HistoricalData,
    HistoricalDataEnd,
    HistoricalDataUpdate,
    HistoricalSchedule,
    RequestHistoricalData,
    TradingSession,
)
from simulator.records import Contract

END_MESSAGE_SINCE = 196
BEAT_MS = 5_000
"""How often a query kept up to date is updated, whether anything changed or not (captured)."""

MAX_QUERIES = 50
SMALL_BARS_KEPT_MS = 180 * DAY_MS
UPDATED = frozenset({"TRADES", "MIDPOINT", "BID", "ASK"})


@dataclass(frozen=True, slots=True)
class Query:
    """A request that passed the checks. `end_ms` of None: up to now."""

    contract: Contract
    instrument: Instrument
    what: str
    size: BarSize
    length: Duration
    use_rth: bool
    date_format: int
    end_ms: int | None

    @property
    def series(self) -> Series:
        return SERIES[self.what]


@dataclass(slots=True, eq=False)
class Kept:
    """A query kept up to date, and when the last bar it showed began."""

    connection: Connection
    req_id: int
    query: Query
    last_ms: int


class History:
    """Answers requests for bars and schedules."""

    def __init__(self, hub: Hub, lookups: Lookups, pacing: HistoryPacing) -> None:
        self._hub = hub
        self._lookups = lookups
        self._pacing = pacing
        self._kept: dict[tuple[Connection, int], Kept] = {}
        self._scales: dict[int, Scale] = {}
        self._is_beating = False

    def handlers(self) -> Handlers:
        return {RequestHistoricalData: self._request, CancelHistoricalData: self._cancel}

    def forget(self, connection: Connection) -> None:
        for key in [key for key in self._kept if key[0] is connection]:
            del self._kept[key]

    # --- requests ---

    def _request(self, connection: Connection, request: RequestHistoricalData) -> None:
        try:
            query = self._checked(connection, request)
            if query.what == "SCHEDULE":
                connection.send(self._schedule(request.req_id, query))
                return
            self._answer(connection, request, query)
        except Refused as refused:
            self._lookups.refuse(connection, request.req_id, refused)

    def _answer(self, connection: Connection, request: RequestHistoricalData, query: Query) -> None:
        covered = self._period(query)
        found = list(self._slots(query, covered))
        if not found:
            raise no_data(query.instrument, query.contract, query.series.name)
        version = connection.session.version
        shown = tuple(self._bar(query, slot, version) for slot in found)
        zone = query.instrument.time_zone
        start = moments.write(covered.start_ms, zone, version)
        end = moments.write(min(covered.end_ms, self._hub.now_ms), zone, version)
        connection.send(HistoricalData(request.req_id, shown, start, end))
        if version >= END_MESSAGE_SINCE:
            connection.send(HistoricalDataEnd(request.req_id, start, end))
        if request.keep_up_to_date:
            kept = Kept(connection, request.req_id, query, found[-1].start_ms)
            self._kept[connection, request.req_id] = kept
            self._beat()

    def _cancel(self, connection: Connection, request: CancelHistoricalData) -> None:
        if self._kept.pop((connection, request.req_id), None) is None:
            self._hub.error(connection, request.req_id, 366)
            return
        cause = f"API historical data query cancelled: {request.req_id}"
        self._hub.error(connection, request.req_id, 162, cause=cause)

    # --- checks ---

    def _checked(self, connection: Connection, request: RequestHistoricalData) -> Query:
        if (connection, request.req_id) in self._kept:
            cause = "Duplicate ticker ID for API historical data query"
            raise Refused(322, cause=f"{CAUSE}{cause}")
        if len(self._kept) >= MAX_QUERIES:
            cause = f"Only {MAX_QUERIES} simultaneous API historical data requests allowed."
            raise Refused(322, cause=f"{CAUSE}{cause}")
        end = self._end(request)
        length, size = self._length_and_size(request)
        what = self._what(request, size)
        instrument = self._lookups.instrument(
            request.contract, include_expired=request.include_expired
        )
        if instrument.sec_type == "CONTFUT" and end is not None:
            raise Refused(10339)
        missing = self._lookups.missing_permission(instrument)
        if missing is not None:
            raise Refused(162, cause=missing)
        query = Query(
            request.contract,
            instrument,
            what,
            size,
            length,
            request.use_rth,
            request.format_date,
            end.ms if end else None,
        )
        self._check_extent(query)
        self._check_pace(query, request)
        if end is not None and not end.is_zoned:
            self._hub.error(connection, request.req_id, 2174)
        self._tell_expected(connection, request.req_id, query)
        return query

    def _end(self, request: RequestHistoricalData) -> moments.Moment | None:
        if not request.end_date_time.strip():
            return None
        try:
            return moments.read(request.end_date_time, self._hub.now_ms)
        except moments.MomentError:
            raise Refused(10314, field="End Date/Time") from None

    @staticmethod
    def _length_and_size(request: RequestHistoricalData) -> tuple[Duration, BarSize]:
        try:
            length = duration(request.duration)
        except DurationError as error:
            raise Refused(321, cause=error) from None
        is_adjusted = request.what_to_show.upper() == "ADJUSTED_LAST"
        if is_adjusted and request.end_date_time.strip():
            raise Refused(321, cause="End date not supported with adjusted last")
        size = bars.bar_size(request.bar_size)
        if size is None:
            cause = f"Historical data bar size setting is invalid. Legal ones are: {bars.LEGAL}"
            raise Refused(321, cause=cause)
        if is_adjusted and size.unit in {"week", "month"}:
            raise Refused(321, cause="Multi day bar size not supported with adjusted last")
        return length, size

    @staticmethod
    def _what(request: RequestHistoricalData, size: BarSize) -> str:
        what = request.what_to_show.upper()
        if what not in SERIES:
            raise Refused(321, cause=f"What to show value of {request.what_to_show} rejected.")
        if request.format_date not in {moments.TEXT, moments.EPOCH, moments.NO_YEAR}:
            cause = f"Date formatting selection of {request.format_date} rejected."
            raise Refused(321, cause=cause)
        if request.keep_up_to_date:
            if request.end_date_time.strip():
                raise Refused(321, cause="End date not supported with live updates")
            if what not in UPDATED:
                raise Refused(321, cause="Source price not supported with live updates")
        if what == "SCHEDULE" and size != bars.SIZES["1 day"]:
            raise Refused(10295)
        return what

    def _check_extent(self, query: Query) -> None:
        """Whether there is such data at all, and not too much of it for bars of this size."""
        series, size, length = query.series, query.size, query.length
        if query.instrument.sec_type not in series.sec_types:
            cause = no_series(query.instrument, query.contract, series.query, size.seconds)
            raise Refused(162, cause=cause)
        is_small = size.is_within_day and size.seconds <= SMALL_BAR_S
        kept_from_ms = self._hub.now_ms - SMALL_BARS_KEPT_MS
        if is_small and query.end_ms is not None and query.end_ms < kept_from_ms:
            raise no_data(query.instrument, query.contract, series.name)
        is_too_long = size.seconds == 1 and (
            length.unit != "S" or length.count > bars.MAX_SECOND_BARS
        )
        if is_too_long or bars.cost(size, self._period(query)) > bars.MAX_COST:
            raise Refused(162, cause=f"invalid step: {size.seconds}")

    def _check_pace(self, query: Query, request: RequestHistoricalData) -> None:
        is_small = query.size.is_within_day and query.size.seconds <= SMALL_BAR_S
        if not is_small or not self._hub.settings.historical_pacing:
            return
        con_id, exchange = query.instrument.con_id, query.contract.exchange
        if not self._pacing.admits(
            self._hub.now_ms,
            request=(con_id, exchange, query.what, query.size, query.length, request.end_date_time),
            data=(con_id, exchange, query.what),
            is_double=query.what == "BID_ASK",
        ):
            raise Refused(162, cause=VIOLATION)

    def _tell_expected(self, connection: Connection, req_id: int, query: Query) -> None:
        """Only crypto currencies have AGGTRADES, and no TRADES; data is sent all the same."""
        is_crypto = query.instrument.sec_type == "CRYPTO"
        expected = {"TRADES": "AGGTRADES", "AGGTRADES": "TRADES"}.get(query.what)
        if expected is not None and is_crypto == (query.what == "TRADES"):
            self._hub.error(connection, req_id, 10299, expected=expected, asked=query.what)

    # --- bars ---

    def _until_step(self, query: Query) -> int:
        """The first step not shown: the present one is displayed already."""
        following = self._hub.now_ms // STEP_MS + 1
        return following if query.end_ms is None else min(following, -(-query.end_ms // STEP_MS))

    def _period(self, query: Query) -> Period:
        end_ms = self._until_step(query) * STEP_MS
        return period(
            self._hub.market, query.instrument, query.length, end_ms, use_rth=query.use_rth
        )

    def _slots(self, query: Query, covered: Period) -> Iterator[Slot]:
        until_step, zone = self._until_step(query), self._zone(query)
        return bars.slots(query.size, covered, until_step, zone)

    def _values(self, query: Query, slot: Slot) -> bars.Values:
        market, now_ms = self._hub.market, self._hub.now_ms
        found = bars.values(query.series, self._scale(query.instrument), slot)
        is_present = self._until_step(query) * STEP_MS > now_ms and slot.end_ms > now_ms
        if is_present and market.is_set(query.instrument):
            quote = market.quote(query.instrument, now_ms)
            return bars.with_quote(query.series, found, quote)
        return found

    def _scale(self, instrument: Instrument) -> Scale:
        known = self._scales.get(instrument.con_id)
        if known is None:
            known = Scale(instrument, self._hub.market.tape(instrument))
            self._scales[instrument.con_id] = known
        return known

    def _date(self, query: Query, slot: Slot, version: int) -> str:
        if slot.day is not None:
            return f"{slot.day:%Y%m%d}"
        zone = query.instrument.time_zone
        return moments.write_as(slot.start_ms, zone, version, query.date_format)

    def _bar(self, query: Query, slot: Slot, version: int) -> Bar:
        found = self._values(query, slot)
        return Bar(
            self._date(query, slot, version),
            found.open,
            found.high,
            found.low,
            found.close,
            found.volume,
            found.average,
            found.count,
        )

    def _zone(self, query: Query) -> str:
        """On whose clock bars of hours begin: an open market's day is that of UTC."""
        return "UTC" if is_always_open(self._hub.market) else query.instrument.time_zone

    # --- updates ---

    def _beat(self) -> None:
        if not self._is_beating:
            self._is_beating = True
            self._hub.plan((self._hub.now_ms // BEAT_MS + 1) * BEAT_MS, self._on_beat)

    def _on_beat(self) -> None:
        self._is_beating = False
        for kept in self._kept.values():
            self._update(kept)
        if self._kept:
            self._beat()

    def _update(self, kept: Kept) -> None:
        """Send the bar shown last as it is now, and those that began since."""
        query = kept.query
        end_ms = self._until_step(query) * STEP_MS
        sessions = days(
            self._hub.market, query.instrument, kept.last_ms, end_ms, use_rth=query.use_rth
        )
        for slot in self._slots(query, Period(sessions, kept.last_ms, end_ms)):
            bar = self._bar(query, slot, kept.connection.session.version)
            kept.last_ms = slot.start_ms
            kept.connection.send(
                HistoricalDataUpdate(
                    kept.req_id,
                    bar.count,
                    bar.date,
                    bar.open,
                    bar.close,
                    bar.high,
                    bar.low,
                    bar.average,
                    bar.volume,
                )
            )

    # --- schedules ---

    def _schedule(self, req_id: int, query: Query) -> HistoricalSchedule:
        covered = period(
            self._hub.market,
            query.instrument,
            query.length,
            self._until_step(query) * STEP_MS,
            use_rth=query.use_rth,
            find=scheduled,
        )
        if not covered.sessions:
            raise no_data(query.instrument, query.contract, query.series.name)
        zone = query.instrument.time_zone
        sessions = tuple(
            TradingSession(
                moments.dashed(session.start_ms, zone),
                moments.dashed(session.end_ms, zone),
                f"{session.ref_date:%Y%m%d}",
            )
            for session in covered.sessions
        )
        return HistoricalSchedule(req_id, sessions[0].start, sessions[-1].end, zone, sessions)
