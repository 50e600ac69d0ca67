"""What is known of the past beside bars: where it begins, histograms and ticks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from simulator.gateway import moments, tick_kinds
from simulator.gateway.bars import SERIES
from simulator.gateway.hub import Connection, Handlers, Hub
from simulator.gateway.lookups import Lookups, Refused
from simulator.gateway.moments import Moment
from simulator.gateway.pacing import VIOLATION, HistoryPacing
from simulator.gateway.periods import (
    DAY_MS,
    DurationError,
    Period,
    begins_on,
    days,
    period,
    worded_duration,
)
from simulator.gateway.tick_kinds import MAX_TICKS, MIDDLES, QUOTES, TRADES, Feed, TickKind
from simulator.instruments import Instrument
from simulator.market import STEP_MS, Stretch
from simulator.messages.history import (
    CancelHeadTimestamp,
    CancelHistogramData,
    HeadTimestamp,
    HistogramData,
    HistogramPoint,
    RequestHeadTimestamp,
    RequestHistogramData,
    RequestHistoricalTicks,
)

MINUTE_MS = 60_000
HISTOGRAM_BY_MINUTE_MS = 2 * DAY_MS
"""Longer histograms are made of hours, and beyond 14 days of days, each spread over its range."""

HISTOGRAM_BY_HOUR_MS = 14 * DAY_MS
MAX_POINTS = 1_000
SEARCH_DAYS = 10
"""How far ticks are looked for where nothing traded."""

KINDS = {"TRADES": TRADES, "BID_ASK": QUOTES, "MIDPOINT": MIDDLES}
FIRST_DAYS_MS = 30 * DAY_MS


class Archive:
    """Answers head timestamps, histograms and historical ticks; none of them can be cancelled."""

    def __init__(self, hub: Hub, lookups: Lookups, pacing: HistoryPacing) -> None:
        self._hub = hub
        self._lookups = lookups
        self._pacing = pacing

    def handlers(self) -> Handlers:
        return {
            RequestHeadTimestamp: self._head,
            RequestHistogramData: self._histogram,
            RequestHistoricalTicks: self._ticks,
            CancelHeadTimestamp: _say_nothing,
            CancelHistogramData: _say_nothing,
        }

    def forget(self, connection: Connection) -> None:
        """Nothing is kept: every answer is given at once."""

    # --- where data begins ---

    def _head(self, connection: Connection, request: RequestHeadTimestamp) -> None:
        try:
            timestamp = self._head_text(request)
        except Refused as refused:
            self._lookups.refuse(connection, request.req_id, refused)
        else:
            connection.send(HeadTimestamp(request.req_id, timestamp))

    def _head_text(self, request: RequestHeadTimestamp) -> str:
        series = SERIES.get(request.what_to_show.upper())
        if series is None:
            raise Refused(321, cause=f"What to show value of {request.what_to_show} rejected.")
        instrument = self._permitted(request)
        if instrument.sec_type not in series.sec_types:
            raise Refused(162, cause="No head time stamp")
        self._check_pace((request.contract, request.what_to_show), instrument, "head")
        start_ms = moments.midnight_ms(begins_on(instrument))
        found = days(
            self._hub.market,
            instrument,
            start_ms,
            start_ms + FIRST_DAYS_MS,
            use_rth=request.use_rth,
        )
        if not found:
            raise Refused(162, cause="No head time stamp")
        if request.format_date == moments.EPOCH:
            return str(found[0].start_ms // 1000)
        return moments.dashed(found[0].start_ms)

    # --- histograms ---

    def _histogram(self, connection: Connection, request: RequestHistogramData) -> None:
        try:
            length = worded_duration(request.time_period)
            instrument = self._permitted(request)
        except DurationError as error:
            self._hub.error(connection, request.req_id, 321, cause=error)
        except Refused as refused:
            self._lookups.refuse(connection, request.req_id, refused)
        else:
            end_ms = (self._hub.now_ms // STEP_MS + 1) * STEP_MS
            covered = period(self._hub.market, instrument, length, end_ms, use_rth=request.use_rth)
            points = self._points(instrument, covered)
            connection.send(HistogramData(request.req_id, points))

    def _points(self, instrument: Instrument, covered: Period) -> tuple[HistogramPoint, ...]:
        source = self._hub.market.tape(instrument)
        pieces = [source.stretch(first, end) for first, end in _pieces(covered)]
        if not pieces:
            return ()
        highest = max(piece.trade.high for piece in pieces)
        lowest = min(piece.trade.low for piece in pieces)
        grid = -(-(highest - lowest + 1) // MAX_POINTS)
        lots: Counter[int] = Counter()
        for piece in pieces:
            for ticks_, share in _spread(piece, grid):
                lots[ticks_] += share
        return tuple(
            HistogramPoint(source.price(price), int(share * source.lot))
            for price, share in sorted(lots.items())
            if share
        )

    # --- ticks ---

    def _ticks(self, connection: Connection, request: RequestHistoricalTicks) -> None:
        try:
            start, end = (
                self._moment(text, f"{name} Date/Time")
                for text, name in (
                    (request.start_date_time, "Start"),
                    (request.end_date_time, "End"),
                )
            )
            kind = self._checked(request, start, end)
            instrument = self._permitted(request, code=10187)
            if kind is TRADES and instrument.sec_type not in SERIES["TRADES"].sec_types:
                kind = MIDDLES  # as captured of a currency pair
            self._check_pace(
                (request.contract, request.what_to_show, start, end), instrument, "ticks"
            )
        except Refused as refused:
            self._lookups.refuse(connection, request.req_id, refused)
            return
        if any(moment is not None and not moment.is_zoned for moment in (start, end)):
            self._hub.error(connection, request.req_id, 2174)
        found = self._found(request, instrument, kind, start, end)
        connection.send(kind.answer(request.req_id, found, True))

    def _moment(self, text: str, field: str) -> Moment | None:
        if not text.strip():
            return None
        try:
            return moments.read(text, self._hub.now_ms)
        except moments.MomentError:
            raise Refused(10314, field=field) from None

    @staticmethod
    def _checked(
        request: RequestHistoricalTicks, start: Moment | None, end: Moment | None
    ) -> TickKind:
        if request.number_of_ticks <= 0:
            raise Refused(321, cause="Number of ticks must be > 0")
        kind = KINDS.get(request.what_to_show.upper())
        if kind is None:
            raise Refused(321, cause="Invalid source price")
        if start is None and end is None:
            cause = "2 out of startTime/endTime/timeLength parameters have to be specified"
            raise Refused(10187, cause=cause)
        return kind

    def _found(
        self,
        request: RequestHistoricalTicks,
        instrument: Instrument,
        kind: TickKind,
        start: Moment | None,
        end: Moment | None,
    ) -> tuple[tick_kinds.Tick, ...]:
        """From the start on if there is one, else back from the end."""
        feed = Feed(instrument, self._hub.market.tape(instrument), request.ignore_size)
        wanted = min(request.number_of_ticks, MAX_TICKS)
        until_ms = (self._hub.now_ms // STEP_MS + 1) * STEP_MS
        end_ms = min(end.ms, until_ms) if end else until_ms
        if start:
            end_ms = min(end_ms, start.ms + SEARCH_DAYS * DAY_MS)
            spans = self._spans(instrument, start.ms, end_ms, use_rth=request.use_rth)
            return tick_kinds.first_ticks(kind, feed, spans, wanted)
        from_ms = end_ms - SEARCH_DAYS * DAY_MS
        spans = self._spans(instrument, from_ms, end_ms, use_rth=request.use_rth)
        return tick_kinds.last_ticks(kind, feed, reversed(spans), wanted)

    def _spans(
        self, instrument: Instrument, from_ms: int, until_ms: int, *, use_rth: bool
    ) -> list[tuple[int, int]]:
        found = days(self._hub.market, instrument, from_ms, until_ms, use_rth=use_rth)
        parts = Period(found, from_ms, until_ms).parts()
        return [(-(-start // STEP_MS), -(-end // STEP_MS)) for start, end in parts]

    # --- checks ---

    def _permitted(
        self,
        request: RequestHeadTimestamp | RequestHistogramData | RequestHistoricalTicks,
        code: int = 162,
    ) -> Instrument:
        instrument = self._lookups.instrument(
            request.contract, include_expired=request.include_expired
        )
        missing = self._lookups.missing_permission(instrument)
        if missing is not None:
            raise Refused(code, cause=missing)
        return instrument

    def _check_pace(self, request: tuple[object, ...], instrument: Instrument, what: str) -> None:
        """Head timestamps and ticks are paced as small bars are."""
        if self._hub.settings.historical_pacing and not self._pacing.admits(
            self._hub.now_ms,
            request=(what, *request),
            data=(instrument.con_id, what),
            is_double="BID_ASK" in request,
        ):
            raise Refused(162, cause=VIOLATION)


def _say_nothing(connection: Connection, request: object) -> None:
    """No answer to the cancel of what is done: captured for head timestamps."""


def _pieces(covered: Period) -> Iterator[tuple[int, int]]:
    """The steps of a period in pieces that fit its length."""
    parts = list(covered.parts())
    total = sum(end - start for start, end in parts)
    size = DAY_MS
    if total <= HISTOGRAM_BY_MINUTE_MS:
        size = MINUTE_MS
    elif total <= HISTOGRAM_BY_HOUR_MS:
        size = 60 * MINUTE_MS
    for start, end in parts:
        cuts = (start, *range(start - start % size + size, end, size), end)
        for first, following in pairwise(cuts):
            yield first // STEP_MS, following // STEP_MS


def _spread(piece: Stretch, grid: int) -> Iterator[tuple[int, int]]:
    """The lots of a piece over the prices it touched, as even as whole lots can be."""
    low, high = piece.trade.low // grid, piece.trade.high // grid
    each, left = divmod(piece.lots, high - low + 1)
    for index, price in enumerate(range(low, high + 1)):
        yield price * grid, each + (index < left)
