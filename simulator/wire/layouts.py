"""Layouts: the order of the fields of a record, walked in both directions.

A field is written down once and read and written by the same entry. Nothing is skipped
silently: a missing field, a field that does not parse and a field left over are all a
`DecodeError` that names the field.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, Protocol, get_type_hints

from simulator.wire.errors import DecodeError
from simulator.wire.kinds import BOOL, INT, TAGS, TEXT, Kind


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

    @property
    def remaining(self) -> int:
        return len(self._texts) - self._position

    def take_count(self, path: str) -> int:
        """The number of items that follow, which cannot be more than there are fields."""
        count: int = self.take(f"{path} (count)", INT)
        if not 0 <= count <= self.remaining:
            raise DecodeError(f"{path} (count)", str(count), "a count of what follows")
        return count

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

    __slots__ = ("_get", "_path", "_test", "elements", "since", "until")

    def __init__(
        self,
        path: str,
        test: Callable[[Any], bool],
        *elements: Element,
        since: int = 0,
        until: int = NEVER_ENDS,
    ) -> None:
        self._path, self._test, self.elements = path, test, elements
        self.since, self.until = since, until
        self._get = attrgetter(path)

    def paths(self) -> Iterator[str]:
        for element in self.elements:
            yield from element.paths()

    def holds(self, record: Any) -> bool:
        """Whether the elements are there for a record."""
        return self._test(self._get(record))

    def read(self, fields: Fields, values: Values, version: int) -> None:
        if self._test(values[self._path]):
            for element in _valid(self.elements, version):
                element.read(fields, values, version)

    def write(self, record: Any, out: list[str], version: int) -> None:
        if self.holds(record):
            for element in _valid(self.elements, version):
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
        count = fields.take_count(self.path)
        values[self.path] = tuple(self._layout.read(fields, version) for _ in range(count))

    def write(self, record: Any, out: list[str], version: int) -> None:
        items = self._get(record)
        out.append(str(len(items)))
        for item in items:
            self._layout.write(item, out, version)


class ManyValues:
    """A count, then that many single values: a tuple at `path`."""

    __slots__ = ("_get", "_kind", "path", "since", "until")

    def __init__(self, path: str, kind: Kind, *, since: int = 0, until: int = NEVER_ENDS) -> None:
        self.path, self._kind, self.since, self.until = path, kind, since, until
        self._get = attrgetter(path)

    def paths(self) -> Iterator[str]:
        yield self.path

    def read(self, fields: Fields, values: Values, version: int) -> None:
        del version
        count = fields.take_count(self.path)
        values[self.path] = tuple(fields.take(self.path, self._kind) for _ in range(count))

    def write(self, record: Any, out: list[str], version: int) -> None:
        del version
        items = self._get(record)
        out.append(str(len(items)))
        out.extend(map(self._kind.write, items))


class CountedOptions:
    """Options at the end of a message: a count and one text. Newer clients leave the count out."""

    __slots__ = ("_get", "path", "since", "until")

    def __init__(self, path: str, *, since: int = 0, until: int = NEVER_ENDS) -> None:
        self.path, self.since, self.until = path, since, until
        self._get = attrgetter(path)

    def paths(self) -> Iterator[str]:
        yield self.path

    def read(self, fields: Fields, values: Values, version: int) -> None:
        del version
        if fields.remaining > 1:
            fields.take(f"{self.path} (count)", INT)
        values[self.path] = fields.take(self.path, TAGS)

    def write(self, record: Any, out: list[str], version: int) -> None:
        del version
        options = self._get(record)
        out += (str(len(options)), TAGS.write(options))


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
        count = fields.take_count(self.path)
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

    def paths(self) -> list[str]:
        """The values that stand in the layout at some version."""
        return [path for element in self._elements for path in element.paths()]

    def index_of(self, path: str, record: Any, version: int) -> int | None:
        """Which of the fields that `write` makes of a record is the value at a path."""
        return _index_of(path, self._elements, record, [], version)


def _index_of(
    path: str, elements: tuple[Element, ...], record: Any, out: list[str], version: int
) -> int | None:
    for element in _valid(elements, version):
        if isinstance(element, Field) and element.path == path:
            return len(out)
        if isinstance(element, When) and element.holds(record):
            found = _index_of(path, element.elements, record, out, version)
            if found is not None:
                return found
        else:
            element.write(record, out, version)
    return None


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
