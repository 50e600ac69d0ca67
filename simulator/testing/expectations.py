"""What a test expects to have been received, and the words for what came instead.

Pure: requests in, matches or a message out. Rule: a name that is none is refused with those
that are, so that a misspelled expectation never passes, nor fails for a reason of its own.
"""

from __future__ import annotations

import dataclasses
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import cache
from operator import attrgetter
from typing import Any, get_type_hints

from simulator.gateway.core import Request
from simulator.messages import REQUESTS
from simulator.messages.connection import StartApi
from simulator.world_settings import WorldError

KINDS: Mapping[str, type] = {
    kind.__name__: kind for kind in REQUESTS.by_record if kind is not StartApi
}
"""What can be received, by name. START_API ends the handshake and is not kept."""

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Difference:
    field: str
    expected: Any
    received: Any

    def __str__(self) -> str:
        return f"{self.field}: expected {_shown(self.expected)}, received {_shown(self.received)}"


class Expectation:
    """Requests of one kind, of one client or of any, whose fields have these values.

    A field is named by itself (`symbol`, `total_quantity`) wherever it stands in the request,
    or by its path with two underscores (`order__account`). A value may be a function, which
    is asked whether what was received will do. Raises `WorldError` for unknown names.
    """

    def __init__(self, kind: type | str, client_id: int | None, fields: Mapping[str, Any]) -> None:
        self.kind = kind_of(kind)
        self.client_id = client_id
        self._paths = {name: self._path(name) for name in fields}
        self._fields = dict(fields)

    def _path(self, name: str) -> str:
        paths = _paths(self.kind)
        if name not in paths:
            own = {path for path in paths if "__" not in path}
            raise WorldError(
                f"{self.kind.__name__} has no field {name!r}; {_remedy(name, own, paths)}"
            )
        return paths[name]

    def differences(self, received: Request) -> list[Difference]:
        """What stands between a request of the kind and the expectation."""
        found = []
        if self.client_id is not None and received.client_id != self.client_id:
            found.append(Difference("client_id", self.client_id, received.client_id))
        for name, path in self._paths.items():
            value = attrgetter(path)(received.request)
            if not _is_met(self._fields[name], value):
                found.append(Difference(name, self._fields[name], value))
        return found

    def matches(self, received: Iterable[Request]) -> list[Request]:
        return [r for r in received if type(r.request) is self.kind and not self.differences(r)]

    def shortfall(self, received: Sequence[Request], count: int | None) -> str:
        """Why the expectation is not met: what came near, and what came at all."""
        matching = len(self.matches(received))
        wanted = "at least 1" if count is None else str(count)
        lines = [f"expected {wanted} {self}, received {matching}", *self._near(received)]
        totals = Counter(type(r.request).__name__ for r in received)
        told = ", ".join(f"{name} {number}" for name, number in sorted(totals.items()))
        return "\n".join([*lines, f"received in all: {told or 'nothing'}"])

    def _near(self, received: Sequence[Request]) -> list[str]:
        others = [
            (differences, r)
            for r in received
            if type(r.request) is self.kind and (differences := self.differences(r))
        ]
        others.sort(key=lambda other: len(other[0]))
        lines = ["the closest that were received:"] if others else []
        for differences, r in others[:MOST_SHOWN]:
            lines.append(f"  {self.kind.__name__} #{r.sequence} of client {r.client_id}")
            lines += [f"    {difference}" for difference in differences]
        if len(others) > MOST_SHOWN:
            lines.append(f"  and {len(others) - MOST_SHOWN} more")
        return lines

    def __str__(self) -> str:
        terms = [f"{name}={_shown(value)}" for name, value in self._fields.items()]
        if self.client_id is not None:
            terms.append(f"client_id={self.client_id}")
        return self.kind.__name__ + (f" with {', '.join(terms)}" if terms else "")


def kind_of(kind: type | str) -> type:
    """A kind of request by its class or name; raises `WorldError` with the known ones."""
    name = kind if isinstance(kind, str) else getattr(kind, "__name__", repr(kind))
    if name not in KINDS or not (isinstance(kind, str) or kind is KINDS[name]):
        raise WorldError(f"no request is called {name!r}; {_remedy(name, KINDS, KINDS)}")
    return KINDS[name]


@cache
def _paths(kind: type) -> Mapping[str, str]:
    """Field names of a request and of the records in it, to where they stand; outer ones first."""
    paths: dict[str, str] = {}
    waiting = deque([(kind, "")])
    while waiting:
        record, prefix = waiting.popleft()
        for name, type_ in get_type_hints(record).items():
            path = prefix + name
            paths.setdefault(name, path)
            paths[path.replace(".", "__")] = path
            if dataclasses.is_dataclass(type_) and isinstance(type_, type):
                waiting.append((type_, f"{path}."))
    return paths


def _is_met(expected: Any, received: Any) -> bool:
    if isinstance(expected, Callable):  # type: ignore[arg-type]
        return bool(expected(received))
    if isinstance(received, Decimal) and isinstance(expected, int | float | str):
        try:
            return received == Decimal(str(expected))
        except InvalidOperation:
            return False
    return bool(expected == received)


def _shown(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    return getattr(value, "__name__", None) or repr(value)


def _remedy(name: str, listed: Iterable[str], known: Iterable[str]) -> str:
    close = get_close_matches(name, known, n=3)
    meant = f"did you mean {' or '.join(close)}? " if close else ""
    return f"{meant}Known are {', '.join(sorted(listed))}"
