"""The journal as text: one line of JSON for each entry, and back; and whose journal it is.

Keys are sorted and all characters ASCII: the same entry is the same bytes. What equals its
default is left out, so the defaults of what is written may not change without a new `SCHEMA`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Self

from simulator.broker.records import Entry
from simulator.state.forms import Form, form_of
from simulator.state.reading import MisfitError, Source

SCHEMA = 1
"""Counts the changes after which old lines cannot be read, or mean something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What must be the same whenever a journal goes on: it decides accounts, money and ids."""

    accounts: tuple[str, ...]
    base_currency: str
    starting_cash: tuple[tuple[str, Decimal], ...]
    seed: int

    @classmethod
    def of(
        cls, *, accounts: Iterable[str], starting_cash: Mapping[str, Decimal], seed: int
    ) -> Self:
        """The first currency is the base; the order of the others means nothing."""
        return cls(
            accounts=tuple(accounts),
            base_currency=next(iter(starting_cash)),
            starting_cash=tuple(sorted(starting_cash.items())),
            seed=seed,
        )

    def differences(self, other: Identity) -> list[str]:
        """What this has and the other has not, in words."""
        pairs = [(f.name, getattr(self, f.name), getattr(other, f.name)) for f in fields(self)]
        return [
            f"{name.replace('_', ' ')} {_words(mine)} (not {_words(theirs)})"
            for name, mine, theirs in pairs
            if mine != theirs
        ]


def _words(value: Any) -> str:
    if not isinstance(value, tuple):
        return str(value)
    return ", ".join(" ".join(map(str, v)) if isinstance(v, tuple) else v for v in value)


_ENTRY = form_of(Entry)
_IDENTITY = form_of(Identity)
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def journal_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """Each entry as one line, without its end. Raises `MisfitError` for what no line can hold."""
    return (_JSON.encode(_ENTRY.write(entry)) for entry in entries)


def read_line(line: bytes, source: Source) -> Entry:
    """The entry of a line. Raises `MisfitError`."""
    entry: Entry = _read(line, _ENTRY, source)
    return entry


def identity_line(identity: Identity) -> str:
    return _JSON.encode(_IDENTITY.write(identity))


def read_identity(line: bytes) -> Identity:
    """Raises `MisfitError`."""
    identity: Identity = _read(line, _IDENTITY, Source())
    return identity


def _read(line: bytes, form: Form, source: Source) -> Any:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MisfitError(f"is no JSON: {error}") from None
    return form.read(data, source)
