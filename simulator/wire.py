"""The text wire of the TWS socket API, without any I/O: frames and layout combinators.

Knows no message. A layout is data that is walked in both directions, so a field is
written down once and read and written by the same entry. Rule kept here: nothing is
skipped silently. A missing field, a field that does not parse and a field left over
are all a `DecodeError` that names the field.
"""

from __future__ import annotations

import dataclasses
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Protocol, get_type_hints

MAX_FRAME_BYTES = 0xFFFFFF
"""Largest payload the vendor's clients accept (16 MiB - 1)."""

MAX_INT = 2**31 - 1
MAX_LONG = 2**63 - 1
UNSET_INT_TEXTS = frozenset({"", str(MAX_INT), str(MAX_LONG)})
UNSET_FLOAT_TEXT = "1.7976931348623157E308"
_UNSET_FLOAT = re.compile(r"1\.797693134862315[0-9]*[eE]\+?308")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_INFINITY_TEXTS = frozenset({"Infinity", "Infinite"})
_NON_ASCII = re.compile(r"[^\x00-\x7f]")


class WireError(Exception):
    """The peer broke the framing or the layout of the protocol."""


class FrameError(WireError):
    """A length prefix that no honest peer sends; the stream cannot be resynchronised."""


class DecodeError(WireError):
    """A frame whose fields do not fit the layout of its message.

    `field` names the field, `text` is what stood there (None: nothing did), `seen` holds
    the values of the message that were read before it.
    """

    seen: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, field: str, text: str | None, expected: str) -> None:
        found = "nothing" if text is None else repr(text[:80])
        super().__init__(f"field {field!r}: expected {expected}, found {found}")
        self.field = field
        self.text = text
        self.expected = expected


# --- frames -----------------------------------------------------------------


class FrameBuffer:
    """Cuts a byte stream into frame payloads, whatever way the stream was split.

    Raises `FrameError` for a length of zero or above `max_bytes`, before anything of
    that size is kept.
    """

    def __init__(self, max_bytes: int = MAX_FRAME_BYTES) -> None:
        self._max_bytes = max_bytes
        self._data = bytearray()

    @property
    def pending_bytes(self) -> int:
        """How many bytes of an unfinished frame are held."""
        return len(self._data)

    def append(self, data: bytes) -> None:
        self._data += data

    def next_frame(self) -> bytes | None:
        """The next whole payload, or None until more bytes arrive."""
        if len(self._data) < 4:
            return None
        (size,) = struct.unpack_from(">I", self._data)
        if not 0 < size <= self._max_bytes:
            raise FrameError(f"frame length {size} is not between 1 and {self._max_bytes}")
        if len(self._data) < 4 + size:
            return None
        payload = bytes(self._data[4 : 4 + size])
        del self._data[: 4 + size]
        return payload

    def take(self, size: int) -> bytes | None:
        """The next `size` raw bytes, for what precedes the first frame."""
        if len(self._data) < size:
            return None
        raw = bytes(self._data[:size])
        del self._data[:size]
        return raw


def frame(payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + payload


def split_fields(payload: bytes) -> list[str]:
    """The NUL-terminated fields of a payload. Bytes that are not UTF-8 stay visible as escapes."""
    if not payload.endswith(b"\0"):
        tail = payload.rsplit(b"\0", 1)[-1].decode("utf-8", "backslashreplace")
        raise DecodeError("(last)", tail, "a field that ends in NUL")
    return payload[:-1].decode("utf-8", "backslashreplace").split("\0")


def join_fields(fields: Iterable[str]) -> bytes:
    """The payload of fields, in 7-bit ASCII as gateways from version 153 on write it."""
    text = "\0".join(fields) + "\0"
    if not text.isascii():
        text = _NON_ASCII.sub(_escape, text)
    return text.encode("ascii")


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(
        f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True)
    )


# --- leaf kinds -------------------------------------------------------------


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
    if text in UNSET_INT_TEXTS or text == f"-{MAX_LONG + 1}":
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


# --- layouts ----------------------------------------------------------------


class Fields:
    """A cursor over the fields of one message."""

    __slots__ = ("_position", "_texts")

    def __init__(self, texts: Sequence[str], position: int = 0) -> None:
        self._texts = texts
        self._position = position

    def take(self, path: str, kind: Kind) -> Any:
        if self._position >= len(self._texts):
            raise DecodeError(path, None, kind.name)
        text = self._texts[self._position]
        self._position += 1
        try:
            return kind.read(text)
        except ValueError:
            raise DecodeError(path, text, kind.name) from None

    def finish(self) -> None:
        if self._position < len(self._texts):
            text = self._texts[self._position]
            raise DecodeError(f"#{self._position}", text, "the end of the message")


Values = dict[str, Any]


class Element(Protocol):
    """One entry of a layout, valid for server versions `since` to `until`."""

    since: int
    until: int

    def paths(self) -> Iterator[str]: ...

    def read(self, fields: Fields, values: Values, version: int) -> None: ...

    def write(self, record: Any, out: list[str], version: int) -> None: ...


NEVER_ENDS = 1_000_000


class Field:
    """One value: the attribute `path` of the record (dots reach into nested records)."""

    __slots__ = ("_get", "_write", "kind", "path", "since", "until")

    def __init__(self, path: str, kind: Kind, *, since: int = 0, until: int = NEVER_ENDS) -> None:
        self.path, self.kind, self.since, self.until = path, kind, since, until
        self._get = attrgetter(path)
        self._write = kind.write

    def paths(self) -> Iterator[str]:
        yield self.path

    def read(self, fields: Fields, values: Values, version: int) -> None:
        del version
        values[self.path] = fields.take(self.path, self.kind)

    def write(self, record: Any, out: list[str], version: int) -> None:
        del version
        out.append(self._write(self._get(record)))


class Constant:
    """A field whose text is fixed, such as a message's own version. Any text is accepted."""

    __slots__ = ("_text", "since", "until")

    def __init__(self, text: str, *, since: int = 0, until: int = NEVER_ENDS) -> None:
        self._text, self.since, self.until = text, since, until

    def paths(self) -> Iterator[str]:
        return iter(())

    def read(self, fields: Fields, values: Values, version: int) -> None:
        del values, version
        fields.take("(constant)", TEXT)

    def write(self, record: Any, out: list[str], version: int) -> None:
        del record, version
        out.append(self._text)


class When:
    """Elements that are there only if `test` holds of the value at `path`, already seen."""

    __slots__ = ("_elements", "_get", "_path", "_test", "since", "until")

    def __init__(
        self,
        path: str,
        test: Callable[[Any], bool],
        *elements: Element,
        since: int = 0,
        until: int = NEVER_ENDS,
    ) -> None:
        self._path, self._test, self._elements = path, test, elements
        self.since, self.until = since, until
        self._get = attrgetter(path)

    def paths(self) -> Iterator[str]:
        for element in self._elements:
            yield from element.paths()

    def read(self, fields: Fields, values: Values, version: int) -> None:
        if self._test(values[self._path]):
            for element in _valid(self._elements, version):
                element.read(fields, values, version)

    def write(self, record: Any, out: list[str], version: int) -> None:
        if self._test(self._get(record)):
            for element in _valid(self._elements, version):
                element.write(record, out, version)


class Many:
    """A count, then that many records of one type: a tuple at `path`."""

    __slots__ = ("_get", "_layout", "path", "since", "until")

    def __init__(
        self, path: str, layout: Layout, *, since: int = 0, until: int = NEVER_ENDS
    ) -> None:
        self.path, self._layout, self.since, self.until = path, layout, since, until
        self._get = attrgetter(path)

    def paths(self) -> Iterator[str]:
        yield self.path

    def read(self, fields: Fields, values: Values, version: int) -> None:
        count = fields.take(f"{self.path} (count)", INT)
        if count < 0:
            raise DecodeError(f"{self.path} (count)", str(count), "a count")
        values[self.path] = tuple(self._layout.read(fields, version) for _ in range(count))

    def write(self, record: Any, out: list[str], version: int) -> None:
        items = self._get(record)
        out.append(str(len(items)))
        for item in items:
            self._layout.write(item, out, version)


class Maybe:
    """A 0/1 flag, then one record if it is 1: the record or None at `path`."""

    __slots__ = ("_get", "_layout", "path", "since", "until")

    def __init__(
        self, path: str, layout: Layout, *, since: int = 0, until: int = NEVER_ENDS
    ) -> None:
        self.path, self._layout, self.since, self.until = path, layout, since, until
        self._get = attrgetter(path)

    def paths(self) -> Iterator[str]:
        yield self.path

    def read(self, fields: Fields, values: Values, version: int) -> None:
        present = fields.take(f"{self.path} (present)", BOOL)
        values[self.path] = self._layout.read(fields, version) if present else None

    def write(self, record: Any, out: list[str], version: int) -> None:
        item = self._get(record)
        out.append("0" if item is None else "1")
        if item is not None:
            self._layout.write(item, out, version)


class Tagged:
    """A count, then that many records whose type a leading integer tells: a tuple at `path`."""

    __slots__ = ("_by_tag", "_by_type", "_get", "path", "since", "until")

    def __init__(
        self,
        path: str,
        layouts: Mapping[int, Layout],
        *,
        since: int = 0,
        until: int = NEVER_ENDS,
    ) -> None:
        self.path, self._by_tag, self.since, self.until = path, layouts, since, until
        self._by_type = {layout.record: (tag, layout) for tag, layout in layouts.items()}
        self._get = attrgetter(path)

    def paths(self) -> Iterator[str]:
        yield self.path

    def read(self, fields: Fields, values: Values, version: int) -> None:
        count = fields.take(f"{self.path} (count)", INT)
        values[self.path] = tuple(self._read_one(fields, version) for _ in range(count))

    def _read_one(self, fields: Fields, version: int) -> Any:
        tag = fields.take(f"{self.path} (type)", INT)
        if tag not in self._by_tag:
            known = ", ".join(map(str, self._by_tag))
            raise DecodeError(f"{self.path} (type)", str(tag), f"one of {known}")
        return self._by_tag[tag].read(fields, version)

    def write(self, record: Any, out: list[str], version: int) -> None:
        items = self._get(record)
        out.append(str(len(items)))
        for item in items:
            tag, layout = self._by_type[type(item)]
            out.append(str(tag))
            layout.write(item, out, version)


@cache
def _valid(elements: tuple[Element, ...], version: int) -> tuple[Element, ...]:
    return tuple(e for e in elements if e.since <= version <= e.until)


class Layout:
    """The order of the fields of one record type, checked against that type when built.

    Every attribute of the record must stand in the layout and every path of the layout
    must exist in the record: a field cannot be forgotten on one side.
    """

    def __init__(self, record: type, *elements: Element) -> None:
        self.record = record
        self._elements = elements
        self._tree = _tree(record, {p for element in elements for p in element.paths()})

    def read(self, fields: Fields, version: int, *, to_the_end: bool = False) -> Any:
        values: Values = {}
        try:
            for element in _valid(self._elements, version):
                element.read(fields, values, version)
            if to_the_end:
                fields.finish()
        except DecodeError as error:
            error.seen = values
            raise
        return _build(self.record, self._tree, values, "")

    def write(self, record: Any, out: list[str], version: int) -> None:
        for element in _valid(self._elements, version):
            element.write(record, out, version)


Tree = dict[str, "tuple[type, Tree] | None"]


def _tree(record: type, paths: set[str]) -> Tree:
    """The paths as a tree of attributes: None for a value, (type, tree) for a nested record."""
    hints = get_type_hints(record)
    names = {f.name for f in dataclasses.fields(record)}
    heads = {path.partition(".")[0] for path in paths}
    if unknown := heads - names:
        raise TypeError(f"{record.__name__} has no field {sorted(unknown)}")
    tree: Tree = {}
    for head in heads:
        tails = {path.partition(".")[2] for path in paths if path.partition(".")[0] == head}
        tree[head] = None if tails == {""} else (hints[head], _nested(hints[head], tails))
    return tree


def _nested(record: type, paths: set[str]) -> Tree:
    if not dataclasses.is_dataclass(record) or "" in paths:
        raise TypeError(f"{record!r} is used as a value and as a record")
    return _tree(record, paths)


def _build(record: type, tree: Tree, values: Values, prefix: str) -> Any:
    arguments: Values = {}
    for name, nested in tree.items():
        if nested is not None:
            arguments[name] = _build(nested[0], nested[1], values, f"{prefix}{name}.")
        elif prefix + name in values:
            arguments[name] = values[prefix + name]
    return record(**arguments)


# --- messages ---------------------------------------------------------------


class Message:
    """One message of the protocol: its id, its record type and its layout."""

    def __init__(self, id_: int, record: type, *elements: Element) -> None:
        self.id = id_
        self.record = record
        self.layout = Layout(record, *elements)
        missing = {f.name for f in dataclasses.fields(record)} - {
            path.partition(".")[0] for element in elements for path in element.paths()
        }
        if missing:
            raise TypeError(f"{record.__name__}: not in its layout: {sorted(missing)}")


class Codec:
    """The messages of one direction, by id and by record type."""

    def __init__(self, *messages: Message) -> None:
        self.by_id = {message.id: message for message in messages}
        self.by_record = {message.record: message for message in messages}
        if not len(messages) == len(self.by_id) == len(self.by_record):
            raise TypeError("two messages share an id or a record type")

    def decode(self, fields: Sequence[str], version: int) -> Any:
        """The record of a message's fields (id first). Raises `DecodeError`."""
        id_ = Fields(fields).take("message id", INT)
        if id_ not in self.by_id:
            raise DecodeError("message id", fields[0], "the id of a known message")
        return self.by_id[id_].layout.read(Fields(fields, position=1), version, to_the_end=True)

    def encode(self, record: Any, version: int) -> list[str]:
        """The fields of a record (id first)."""
        message = self.by_record[type(record)]
        out = [str(message.id)]
        message.layout.write(record, out, version)
        return out
