"""Data files in, instruments out. A bad file is refused by its name, line and field.

A file is CSV with a header. `symbol` and `kind` (see `KINDS`) are needed in every row; any
other column is a field of `Instrument`, of its path (`anchor`, `volatility`, `spread`,
`size`), of a bond (`bond.coupon`) or of a fund (`fund.family`). An empty cell keeps what
the kind has. Without a `con_id` an instrument gets one that depends on its name alone.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path as FilePath
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from simulator.calendars import CALENDARS
from simulator.instruments.kinds import KINDS
from simulator.instruments.model import Instrument, Path
from simulator.instruments.rules import MARKET_RULES
from simulator.records import BondDetails, FundDetails

DATA = FilePath(__file__).parent / "data"
FIRST_OWN_ID = 1_000_000_000
"""Ids from here up to 2**30 are derived from names; derivatives have those above."""

_OWN_IDS = (1 << 30) - FIRST_OWN_ID
Row = dict[str, str]


class DataFileError(ValueError):
    """A data file that cannot be used; the message says where and why."""

    def __init__(self, file: FilePath, line: int, field: str, reason: str) -> None:
        super().__init__(f"{file}, line {line}, field {field}: {reason}")


def read_rows(file: FilePath) -> Iterable[tuple[int, Row]]:
    """The rows of a CSV file with their line numbers; empty cells are left out."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            reader = csv.DictReader(text)
            for row in reader:
                if None in row or None in row.values():
                    raise DataFileError(file, reader.line_num, "*", "not as many as in the header")
                yield reader.line_num, {name: cell for name, cell in row.items() if cell}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataFileError(file, 0, "*", str(error)) from None


def own_id(*names: str) -> int:
    """A contract id that depends on the names alone."""
    digest = blake2b("/".join(names).encode(), digest_size=8).digest()
    return FIRST_OWN_ID + int.from_bytes(digest, "big") % _OWN_IDS


def load(file: FilePath) -> tuple[Instrument, ...]:
    """The instruments of a data file. Raises `DataFileError`."""
    seen: dict[int, int] = {}
    loaded = []
    for line, row in read_rows(file):
        instrument = _instrument(file, line, row)
        if (first := seen.setdefault(instrument.con_id, line)) != line:
            raise DataFileError(file, line, "con_id", f"is already that of line {first}")
        loaded.append(instrument)
    if not loaded:
        reason = "no row follows; begin with a header such as symbol,kind"
        raise DataFileError(file, 1, "*", reason)
    return tuple(loaded)


def load_built_in() -> tuple[Instrument, ...]:
    names = ("stocks.csv", "forex.csv", "indices.csv", "others.csv")
    return tuple(instrument for name in names for instrument in load(DATA / name))


def positive(cell: str) -> Decimal:
    value = Decimal(cell)
    if not (value.is_finite() and value > 0):
        raise ValueError("must be a positive number")
    return value


def _not_negative_float(cell: str) -> float:
    value = float(cell)
    if not 0 <= value < 100:
        raise ValueError("must be between 0 and 100")
    return value


def hours(cell: str) -> tuple[str, str]:
    """From when to when of `0930-1600`; hours that end before they begin began the day before."""
    found = re.fullmatch(r"((?:[01]\d|2[0-3])[0-5]\d)-((?:[01]\d|2[0-3])[0-5]\d|2400)", cell)
    if found is None:
        raise ValueError("must be two times of day such as 0930-1600")
    return found[1], found[2]


_CONVERT: dict[str, Callable[[str], Any]] = {
    "int": int,
    "str": str,
    "float": _not_negative_float,
    "Decimal": positive,
    "bool": lambda cell: {"0": False, "1": True}[cell],
    "tuple[str, str]": hours,
}


def _columns(record: type, prefix: str = "") -> dict[str, tuple[str, str]]:
    """Column name → (field, how to convert) of what a file may set of a record."""
    return {prefix + f.name: (f.name, str(f.type)) for f in fields(record) if f.type in _CONVERT}


_OF_INSTRUMENT = _columns(Instrument)
_OF_PART = {
    "path": _columns(Path),
    "bond": _columns(BondDetails, "bond."),
    "fund": _columns(FundDetails, "fund."),
}
_KNOWN = _OF_INSTRUMENT.keys() | {"kind"} | {c for part in _OF_PART.values() for c in part}


def _instrument(file: FilePath, line: int, row: Row) -> Instrument:
    for name in ("symbol", "kind"):
        if name not in row:
            raise DataFileError(file, line, name, "is missing")
    for name in row.keys() - _KNOWN:
        raise DataFileError(file, line, name, "is not a known column")
    if row["kind"] not in KINDS:
        known = ", ".join(KINDS)
        raise DataFileError(file, line, "kind", f"{row['kind']!r} is none of {known}")
    kind = KINDS[row["kind"]]
    values = _values(file, line, row, _OF_INSTRUMENT)
    for name in ("local_symbol", "trading_class", "market_name", "long_name"):
        values.setdefault(name, row["symbol"])
    values["path"] = replace(kind.path, **_values(file, line, row, _OF_PART["path"]))
    values["fund"] = replace(kind.fund, **_values(file, line, row, _OF_PART["fund"]))
    if kind.sec_type == "BOND":
        values["bond"] = BondDetails(**_values(file, line, row, _OF_PART["bond"]))
    _check_names(file, line, values)
    if "con_id" not in values:
        currency = values.get("currency", kind.currency)
        values["con_id"] = own_id(kind.sec_type, values["local_symbol"], currency)
    return replace(kind, **values)


def _check_names(file: FilePath, line: int, values: dict[str, Any]) -> None:
    """Refuse what names a thing there is not: market rule, calendar or time zone."""
    known: dict[str, Callable[[Any], bool]] = {
        "market_rule_id": MARKET_RULES.__contains__,
        "calendar": CALENDARS.__contains__,
        "time_zone": _is_zone,
    }
    for name, is_known in known.items():
        if name in values and not is_known(values[name]):
            what = name.removesuffix("_id").replace("_", " ")
            raise DataFileError(file, line, name, f"{values[name]!r} is not a known {what}")


@lru_cache(maxsize=64)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def _values(
    file: FilePath, line: int, row: Row, columns: dict[str, tuple[str, str]]
) -> dict[str, Any]:
    values = {}
    for column, (name, type_) in columns.items():
        if column in row:
            try:
                values[name] = _CONVERT[type_](row[column])
            except (ValueError, InvalidOperation, KeyError) as error:
                reason = f"{row[column]!r} cannot be used: {error}"
                raise DataFileError(file, line, column, reason) from None
    return values
