"""A user's own market data: files of quotes or bars in place of the seeded path.

A file is named after its instrument, by symbol, local symbol or contract id, and after what
it has: `AAPL.quotes.csv`, `EUR.USD.bars.parquet`, `265598.bars.csv`. Its columns are

- quotes: `time`, `bid`, `ask`, and if you like `bid_size`, `ask_size`, `last`, `last_size`.
  A row with a `last` tells of a trade; leave it empty where nothing was traded.
- bars: `time` (the beginning), `open`, `high`, `low`, `close`, and if you like `volume`.
  A bar lasts as long as the smallest gap between two; a bar of a date lasts its session.

A `time` is seconds or milliseconds since the epoch, ISO 8601 with an offset, or without one
in the time zone of the instrument. Parquet is read with pyarrow, imported only then.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from simulator.instruments import ContractDatabase, Instrument
from simulator.market.recorded import BarRow, QuoteRow, RecordedTape, from_bars
from simulator.market.sessions import Sessions

NAME = re.compile(r"(?P<name>.+)\.(?P<kind>quotes|bars)\.(?P<format>csv|parquet)")
COLUMNS = {
    "quotes": (("time", "bid", "ask"), ("bid_size", "ask_size", "last", "last_size")),
    "bars": (("time", "open", "high", "low", "close"), ("volume",)),
}
"""What a file has → the columns it needs and those it may have."""

_MILLISECONDS_FROM = 100_000_000_000
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER = re.compile(r"\d+(\.\d+)?")
Cells = dict[str, Any]


class MarketFileError(ValueError):
    """A file of market data that cannot be used; the message says where, why and what to do."""

    def __init__(self, file: Path, reason: str, *, row: str = "", column: str = "") -> None:
        place = [str(file), row, column and f"column {column}"]
        super().__init__(f"{', '.join(filter(None, place))}: {reason}")


class _Row:
    """One row of a file, which tells what is wrong with its cells."""

    def __init__(self, file: Path, label: str, cells: Cells) -> None:
        self.file, self.label, self.cells = file, label, cells

    def wrong(self, column: str, reason: str) -> MarketFileError:
        return MarketFileError(self.file, reason, row=self.label, column=column)

    def number(self, column: str, *, least: Decimal | None = None) -> Decimal:
        """A number above zero, or not below `least`."""
        value = self.cells.get(column)
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("NaN")
        enough = number.is_finite() and (number > 0 if least is None else number >= least)
        if not enough or isinstance(value, bool):
            bound = "above 0" if least is None else f"of at least {least}"
            shown = "is empty" if value is None else f"{value!r} cannot be used"
            raise self.wrong(column, f"{shown}; give a number {bound}, or leave the row out")
        return number

    def optional(self, column: str, otherwise: Decimal) -> Decimal:
        """A number that is not negative, if there is one."""
        if self.cells.get(column) is None:
            return otherwise
        return self.number(column, least=Decimal(0))

    def time(self, zone: ZoneInfo) -> int | date:
        """Milliseconds since the epoch, or a date."""
        value = self.cells.get("time")
        try:
            return _time(value, zone)
        except (TypeError, ValueError, OverflowError):
            shown = "is empty" if value is None else f"{value!r} is not a time"
            hint = "give 2025-06-16T14:00:00Z, 2025-06-16 or seconds since the epoch"
            raise self.wrong("time", f"{shown}; {hint}") from None

    def moment(self, zone: ZoneInfo) -> int:
        time = self.time(zone)
        if isinstance(time, int):
            return time
        return _ms(datetime(time.year, time.month, time.day, tzinfo=zone))


def load_market_data(
    path: Path, database: ContractDatabase, sessions: Sessions
) -> dict[int, RecordedTape]:
    """The tapes of a file, or of all CSV and Parquet files of a directory, by contract id.

    Raises `MarketFileError`.
    """
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    files = [file for file in files if file == path or file.suffix in {".csv", ".parquet"}]
    if not files:
        raise MarketFileError(path, "has no file such as AAPL.quotes.csv or AAPL.bars.parquet")
    tapes: dict[int, RecordedTape] = {}
    for file in files:
        named = NAME.fullmatch(file.name)
        if named is None:
            raise MarketFileError(
                file, "rename it to SYMBOL.quotes.csv, SYMBOL.bars.csv or the same with .parquet"
            )
        instrument = _instrument(file, named["name"], database)
        if instrument.con_id in tapes:
            raise MarketFileError(
                file, f"{instrument.local_symbol} has data from another file; remove one of them"
            )
        tapes[instrument.con_id] = _load(file, named["kind"], instrument, sessions)
    return tapes


def _instrument(file: Path, name: str, database: ContractDatabase) -> Instrument:
    try:
        return database[int(name)] if name.isdecimal() else database.by_name(name)
    except KeyError:
        raise MarketFileError(
            file, f"no instrument {name!r}; name a symbol such as AAPL, or a contract id"
        ) from None


def _load(file: Path, kind: str, instrument: Instrument, sessions: Sessions) -> RecordedTape:
    rows = [*_rows(file, kind)]
    if not rows:
        raise MarketFileError(file, "has no row; give at least one, or remove the file")
    if kind == "quotes":
        return RecordedTape([*_quotes(rows, instrument)])
    bars = [*_bars(rows, instrument, sessions)]
    try:
        return from_bars(instrument, bars)
    except ValueError as error:
        raise MarketFileError(file, str(error)) from None


# --- rows ---


def _rows(file: Path, kind: str) -> Iterator[_Row]:
    read: Callable[[Path, str], Iterator[_Row]]
    read = _parquet_rows if file.suffix == ".parquet" else _csv_rows
    try:
        yield from read(file, kind)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise MarketFileError(file, f"cannot be read: {error}") from None


def _csv_rows(file: Path, kind: str) -> Iterator[_Row]:
    with file.open(newline="", encoding="utf-8-sig") as text:
        reader = csv.DictReader(text)
        _check_columns(file, kind, reader.fieldnames or ())
        for cells in reader:
            label = f"line {reader.line_num}"
            if None in cells or None in cells.values():
                raise MarketFileError(file, "has not as many cells as the header", row=label)
            yield _Row(file, label, {name: cell.strip() or None for name, cell in cells.items()})


def _parquet_rows(file: Path, kind: str) -> Iterator[_Row]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - heavy, and only for those who have such files
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise MarketFileError(
            file, "Parquet needs pyarrow: pip install 'ibkr-testbed[parquet]', or give it as CSV"
        ) from None
    try:
        table = parquet.read_table(file, partitioning=None)
    except pa.ArrowException as error:
        raise MarketFileError(file, f"cannot be read: {error}") from None
    _check_columns(file, kind, table.column_names)
    times = table.column("time")
    if pa.types.is_timestamp(times.type):  # of nanoseconds pyarrow would make pandas objects
        whole = times.cast(pa.timestamp("ms", times.type.tz), safe=False)
        times = whole if times.type.tz is None else whole.cast(pa.int64())
        table = table.set_column(table.column_names.index("time"), "time", times)
    for index, cells in enumerate(table.to_pylist()):
        yield _Row(file, f"row {index + 1}", cells)


def _check_columns(file: Path, kind: str, names: Iterable[str]) -> None:
    needed, possible = COLUMNS[kind]
    for name in needed:
        if name not in names:
            raise MarketFileError(file, f"is missing; {kind} need {', '.join(needed)}", column=name)
    for name in names:
        if name not in (*needed, *possible):
            known = ", ".join((*needed, *possible))
            raise MarketFileError(
                file, f"is not known; remove it or name it one of {known}", column=name
            )


# --- quotes and bars ---


def _quotes(rows: Iterable[_Row], instrument: Instrument) -> Iterator[QuoteRow]:
    zone, usual = ZoneInfo(instrument.time_zone), instrument.path.size
    before = None
    for row in rows:
        time_ms = row.moment(zone)
        if before is not None and time_ms < before:
            raise row.wrong("time", "is before that of the last row; sort the rows by time")
        before = time_ms
        bid, ask = row.number("bid"), row.number("ask")
        if bid > ask:
            raise row.wrong("bid", f"{bid} is above the ask {ask}; leave crossed quotes out")
        yield QuoteRow(
            time_ms,
            bid,
            ask,
            row.optional("bid_size", usual),
            row.optional("ask_size", usual),
            row.number("last") if row.cells.get("last") is not None else None,
            row.optional("last_size", Decimal(0)),
        )


def _bars(rows: list[_Row], instrument: Instrument, sessions: Sessions) -> Iterator[BarRow]:
    for row, (start_ms, end_ms) in zip(rows, _periods(rows, instrument, sessions), strict=True):
        prices = {name: row.number(name) for name in ("open", "high", "low", "close")}
        if prices["high"] < max(prices.values()):
            raise row.wrong("high", "is below another price of the bar; correct the row")
        if prices["low"] > min(prices.values()):
            raise row.wrong("low", "is above another price of the bar; correct the row")
        yield BarRow(start_ms, end_ms, **prices, volume=row.optional("volume", Decimal(0)))


def _periods(rows: list[_Row], instrument: Instrument, sessions: Sessions) -> list[tuple[int, int]]:
    """From when to when each bar lasts."""
    zone = ZoneInfo(instrument.time_zone)
    if isinstance(rows[0].time(zone), date):
        periods = [_session(row, zone, instrument, sessions) for row in rows]
        starts = [start_ms for start_ms, _ in periods]
    else:
        starts = [row.moment(zone) for row in rows]
    gaps = [after - before for before, after in pairwise(starts)]
    for row, gap in zip(rows[1:], gaps, strict=True):
        if gap <= 0:
            raise row.wrong("time", "is not after that of the last row; sort the rows by time")
    if isinstance(rows[0].time(zone), date):
        return periods
    if not gaps:
        raise rows[0].wrong("time", "one bar does not say how long it lasts; give two or a date")
    return [(start_ms, start_ms + min(gaps)) for start_ms in starts]


def _session(
    row: _Row, zone: ZoneInfo, instrument: Instrument, sessions: Sessions
) -> tuple[int, int]:
    day = row.time(zone)
    if not isinstance(day, date):
        raise row.wrong("time", "is no date as in the first row; give dates only, or times only")
    session = sessions.on(instrument, day, use_rth=True)
    if session is None:
        raise row.wrong("time", f"{day} is a holiday of {instrument.calendar}; leave the row out")
    return session.start_ms, session.end_ms


# --- times ---


def _time(value: Any, zone: ZoneInfo) -> int | date:
    if isinstance(value, str):
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
        value = Decimal(value) if _NUMBER.fullmatch(value) else datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return _ms(value if value.tzinfo else value.replace(tzinfo=zone))
    if isinstance(value, date):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError(value)
    return round(value if value >= _MILLISECONDS_FROM else value * 1000)


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)
