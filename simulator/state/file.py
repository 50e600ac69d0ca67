"""The state file: the journal of a broker in SQLite, kept over restarts of the simulator.

One row for each entry, with a checksum; one transaction for each operation of the broker. A
transaction is on the disk when `append` returns (WAL, synchronous FULL): whatever kills the
process leaves whole operations. One process has a file at a time; beside it lie SQLite's
own `-wal` and, while it is open, a `-holder` that tells others whose it is. Nothing is
repaired or skipped: what cannot be read is a `StateError`.

Not kept: what is no broker truth, such as sessions, requests, quotes and advisor data.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zlib import crc32

from simulator.broker.records import Entry
from simulator.state.journal import (
    SCHEMA,
    Identity,
    identity_line,
    journal_lines,
    read_identity,
    read_line,
)
from simulator.state.reading import Find, InstrumentOf, MisfitError, Source

APPLICATION_ID = 0x49424B54
"""Tells our files from other databases; the letters IBKT."""

_TABLES = (
    "CREATE TABLE identity (line TEXT NOT NULL)",
    """CREATE TABLE journal
    (sequence INTEGER PRIMARY KEY, line TEXT NOT NULL, checksum INTEGER NOT NULL)""",
)
_INSERT = "INSERT INTO journal (sequence, line, checksum) VALUES (?, ?, ?)"
_SELECT = "SELECT sequence, line, checksum FROM journal ORDER BY sequence"

ANOTHER = "name another file"
RESTORE = "put back a copy, or " + ANOTHER
_CAUSES: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_NOTADB: ("is not a database", ANOTHER),
    sqlite3.SQLITE_CORRUPT: ("is damaged", RESTORE),
    sqlite3.SQLITE_FULL: ("cannot grow, the disk is full", "make room, or " + ANOTHER),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "check the disk, or " + ANOTHER),
    sqlite3.SQLITE_READONLY: (
        "may not be written by this user",
        "allow it for the file and its directory, or " + ANOTHER,
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened or made by this user",
        "allow it for the file and its directory, or " + ANOTHER,
    ),
}
"""What SQLite's primary result codes mean for a state file, and what to do about it."""


class StateError(Exception):
    """A state file that cannot be used or written; the message names file, cause and remedy."""

    def __init__(self, path: Path, cause: str, remedy: str = ANOTHER) -> None:
        super().__init__(f"state file {path} {cause}; {remedy}")


class StateFile:
    """The journal of one broker in a file; opens it, or makes it where there is none.

    Raises `StateError` here and in every method where the file does not serve.
    """

    def __init__(self, path: Path, *, identity: Identity) -> None:
        self.path = path
        self._place = _place(path)
        self._holder = self._place.with_name(self._place.name + "-holder")
        self._last_sequence = 0
        self._is_open = True
        self._connection = self._connect()
        try:
            self._open(identity)
        except StateError:
            self._connection.close()
            raise

    @property
    def last_sequence(self) -> int:
        """The sequence of the last entry in the file, 0 if there is none."""
        return self._last_sequence

    def load(self, instrument_of: InstrumentOf, find: Find) -> list[Entry]:
        """All entries, oldest first.

        Instruments are looked up by contract id (`instrument_of` raises `KeyError` for one it
        does not know), combinations among those that `find` has for their contract.
        """
        source = Source(instrument_of, find)
        return [self._entry(row, source) for row in self._rows()]

    def append(self, entries: Iterable[Entry]) -> None:
        """Keep all of these entries or, with a `StateError`, none; they follow those kept."""
        rows = []
        for sequence, entry in zip(count(self._last_sequence + 1), entries, strict=False):
            if entry.sequence != sequence:
                raise StateError(
                    self.path, f"needs entry {sequence} next, not {entry.sequence}", "append that"
                )
            rows.append((sequence, *self._line(entry)))
        if rows:
            with self._transaction():
                self._connection.executemany(_INSERT, rows)
            self._last_sequence = rows[-1][0]

    def clear(self) -> None:
        """Forget all entries; whose file it is stays."""
        with self._transaction():
            self._connection.execute("DELETE FROM journal")
        self._last_sequence = 0

    def close(self) -> None:
        """Let others have the file. May be called again."""
        if self._is_open:
            self._is_open = False
            with suppress(OSError):  # it says whose the file was; the lock is what counts
                self._holder.unlink(missing_ok=True)
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # --- opening ---

    def _connect(self) -> sqlite3.Connection:
        # The path is absolute, so that none of SQLite's special names is taken for one.
        with self._explained():
            return sqlite3.connect(
                self._place, timeout=0, isolation_level=None, check_same_thread=False
            )

    def _open(self, identity: Identity) -> None:
        self._connection.text_factory = bytes
        with self._explained():
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        with self._transaction():
            if self._is_new():
                self._create(identity)
            self._check_identity(identity)
            self._last_sequence = self._value("SELECT max(sequence) FROM journal") or 0
        with self._explained():
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
        try:
            self._holder.write_text(str(os.getpid()), encoding="ascii")
        except OSError as error:
            raise StateError(self.path, f"has no holder beside it: {error}") from None

    def _is_new(self) -> bool:
        """Whether the database is empty; refuses those of other programs and versions."""
        application = self._value("PRAGMA application_id")
        schema = self._value("PRAGMA user_version")
        tables = self._value("SELECT count(*) FROM sqlite_master")
        if (application, schema, tables) == (0, 0, 0):
            return True
        if application != APPLICATION_ID:
            raise StateError(self.path, "is a database of another program")
        if schema != SCHEMA:
            age = "an older" if schema < SCHEMA else "a newer"
            raise StateError(
                self.path,
                f"has schema {schema}, that of {age} version; this one reads {SCHEMA}",
                "use the version that made it, or " + ANOTHER,
            )
        return False

    def _create(self, identity: Identity) -> None:
        for table in _TABLES:
            self._connection.execute(table)
        line = identity_line(identity)
        self._connection.execute("INSERT INTO identity (line) VALUES (?)", (line,))
        self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._connection.execute(f"PRAGMA user_version = {SCHEMA}")

    def _check_identity(self, identity: Identity) -> None:
        try:
            kept = read_identity(self._value("SELECT line FROM identity") or b"")
        except MisfitError as misfit:
            raise StateError(self.path, f"has a bad identity: {misfit}", RESTORE) from None
        differences = kept.differences(identity)
        if differences:
            raise StateError(
                self.path,
                f"was made for {'; '.join(differences)}",
                "start with what it was made for, or " + ANOTHER,
            )

    # --- rows ---

    def _line(self, entry: Entry) -> tuple[str, int]:
        try:
            (line,) = journal_lines([entry])
        except MisfitError as misfit:
            cause = f"cannot hold entry {entry.sequence}: {misfit}"
            raise StateError(self.path, cause, "this is a bug of the simulator") from None
        return line, crc32(line.encode("ascii"))

    def _rows(self) -> Iterator[tuple[int, Any, Any]]:
        """The rows as they are; raises where one of those up to the last is missing."""
        expected = 1
        with self._explained(lambda: f", in or after row {expected}"):
            for sequence, line, checksum in self._connection.execute(_SELECT):
                if sequence != expected:
                    raise StateError(self.path, f"lacks row {expected}", RESTORE)
                yield sequence, line, checksum
                expected += 1

    def _entry(self, row: tuple[int, Any, Any], source: Source) -> Entry:
        sequence, line, checksum = row
        if not isinstance(line, bytes) or crc32(line) != checksum:
            raise StateError(
                self.path, f"is damaged in row {sequence}: it is not what was written", RESTORE
            )
        try:
            entry = read_line(line, source)
        except MisfitError as misfit:
            raise StateError(self.path, f"cannot be read in row {sequence}: {misfit}") from None
        if entry.sequence != sequence:
            raise StateError(self.path, f"has entry {entry.sequence} in row {sequence}", RESTORE)
        return entry

    # --- the database ---

    def _value(self, query: str) -> Any:
        """The first value of a query, None if nothing is found."""
        row = self._connection.execute(query).fetchone()
        return None if row is None else row[0]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._explained():
            self._connection.execute("BEGIN EXCLUSIVE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # some errors have ended it already
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self, where: Callable[[], str] = lambda: "") -> Iterator[None]:
        """Turns what SQLite raises into a `StateError`."""
        try:
            yield
        except sqlite3.Error as error:
            primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if primary == sqlite3.SQLITE_BUSY:
                cause, remedy = f"is in use by {self._user()}", "stop that, or " + ANOTHER
            else:
                cause, remedy = _CAUSES.get(primary, ("fails", ANOTHER))
            raise StateError(self.path, f"{cause}{where()} ({error})", remedy) from None

    def _user(self) -> str:
        try:
            holder = self._holder.read_text(encoding="ascii")
        except (OSError, ValueError):
            return "another process"
        return f"process {int(holder)}" if holder.isdecimal() else "another process"


def _place(path: Path) -> Path:
    """Where a state file is or can be made."""
    try:
        place = path.resolve()
        is_there, is_file, is_dir = place.exists(), place.is_file(), place.is_dir()
        has_directory = place.parent.is_dir()
    except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError
        raise StateError(path, f"cannot be reached: {error}") from None
    if is_dir:
        raise StateError(path, "is a directory", "name a file in it")
    if is_there and not is_file:
        raise StateError(path, "is no regular file")
    if is_there and not _is_writable(place):  # SQLite would call it a failure of the disk
        raise StateError(path, *_CAUSES[sqlite3.SQLITE_READONLY])
    if not has_directory:
        raise StateError(path, "lies in a directory that does not exist", f"make {place.parent}")
    return place


def _is_writable(place: Path) -> bool:
    by_effective_user = os.access in os.supports_effective_ids
    return os.access(place, os.R_OK | os.W_OK, effective_ids=by_effective_user)
