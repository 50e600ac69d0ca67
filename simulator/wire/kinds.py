"""Leaf kinds: how a single value is spelled, its "unset" included.

A kind reads every spelling that clients are known to send and writes the one that
gateways do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MAX_INT = 2**31 - 1
MAX_LONG = 2**63 - 1
UNSET_INT_TEXTS = frozenset({"", str(MAX_INT), str(MAX_LONG)})
UNSET_SIZE_TEXTS = UNSET_INT_TEXTS | {str(-MAX_LONG - 1), str(2**127 - 1)}
"""The last is how the vendor's client 10.37 sends a quantity that was never given."""

UNSET_FLOAT_TEXT = "1.7976931348623157E308"
_UNSET_FLOAT = re.compile(r"1\.797693134862315[0-9]*[eE]\+?308")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_INFINITY_TEXTS = frozenset({"Infinity", "Infinite"})


@dataclass(frozen=True, slots=True)
class Kind:
    """How one field is spelled. `read` raises ValueError for a text that is no such value."""

    name: str
    read: Callable[[str], Any]
    write: Callable[[Any], str]


def _read_integer(limit: int, text: str) -> int:
    if not _INTEGER.fullmatch(text) or not -limit - 1 <= int(text) <= limit:
        raise ValueError(text)
    return int(text)


def _read_decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


def _write_decimal(value: Decimal) -> str:
    text = str(value)
    return format(value, "f") if "E" in text else text


def _read_optional_decimal(text: str) -> Decimal | None:
    if not text or _UNSET_FLOAT.fullmatch(text):
        return None
    return _read_decimal(text)


def _read_optional_size(text: str) -> Decimal | None:
    if text in UNSET_SIZE_TEXTS:
        return None
    return _read_optional_decimal(text)


def _read_offset(text: str) -> Decimal | None:
    return Decimal("Infinity") if text in _INFINITY_TEXTS else _read_optional_decimal(text)


def _read_bool(text: str) -> bool:
    if text not in {"", "0", "1"}:
        raise ValueError(text)
    return text == "1"


def _read_text(text: str) -> str:
    return text


def _write_text(value: str) -> str:
    if "\0" in value:
        raise ValueError("a text field cannot hold a NUL")
    return value


def _read_tags(text: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for item in filter(None, text.split(";")):
        tag, separator, value = item.partition("=")
        if not separator:
            raise ValueError(text)
        pairs.append((tag, value))
    return tuple(pairs)


def _write_tags(value: Sequence[tuple[str, str]]) -> str:
    return "".join(f"{tag}={text};" for tag, text in value)


def _optional(write: Callable[[Any], str], unset: str) -> Callable[[Any], str]:
    return lambda value: unset if value is None else write(value)


INT = Kind("a 32-bit integer", lambda t: _read_integer(MAX_INT, t) if t else 0, str)
LONG = Kind("a 64-bit integer", lambda t: _read_integer(MAX_LONG, t) if t else 0, str)
INT_OR_EMPTY = Kind(
    "a 32-bit integer or nothing",
    lambda t: None if t in UNSET_INT_TEXTS else _read_integer(MAX_INT, t),
    _optional(str, ""),
)
INT_OR_MAX = Kind(INT_OR_EMPTY.name, INT_OR_EMPTY.read, _optional(str, str(MAX_INT)))
LONG_OR_MAX = Kind(
    "a 64-bit integer or nothing",
    lambda t: None if t in UNSET_INT_TEXTS else _read_integer(MAX_LONG, t),
    _optional(str, str(MAX_LONG)),
)
FLOAT = Kind("a number", lambda t: _read_decimal(t) if t else Decimal(0), _write_decimal)
FLOAT_OR_EMPTY = Kind("a number or nothing", _read_optional_decimal, _optional(_write_decimal, ""))
FLOAT_OR_MAX = Kind(
    FLOAT_OR_EMPTY.name, _read_optional_decimal, _optional(_write_decimal, UNSET_FLOAT_TEXT)
)
OFFSET = Kind(
    "a number, Infinity or nothing",
    _read_offset,
    _optional(lambda v: "Infinity" if v.is_infinite() else _write_decimal(v), ""),
)
SIZE = Kind("a quantity", _read_optional_size, _optional(_write_decimal, ""))
SIZE_OR_MIN = Kind(SIZE.name, _read_optional_size, _optional(_write_decimal, f"-{MAX_LONG + 1}"))
WHOLE_SIZE = Kind(SIZE.name, _read_optional_size, _optional(lambda v: str(int(v)), ""))
BOOL = Kind("0 or 1", _read_bool, lambda value: "1" if value else "0")
NUMBER_NAMES = frozenset(
    kind.name for kind in (INT, LONG, INT_OR_EMPTY, FLOAT, FLOAT_OR_EMPTY, SIZE)
)
TEXT = Kind("a text", _read_text, _write_text)
TAGS = Kind("tag=value; pairs", _read_tags, _write_tags)
