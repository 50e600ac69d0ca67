"""The journal: what this client meant to send, sent, and heard, kept before it is acted upon.

SQLite, WAL, synchronous FULL: what a method wrote is on the disk when it returns. One process
writes at a time (`take`, a lock that dies with its process); any number may read. Without a
path the same tables are kept in memory. It knows no gateway and decides nothing.
Rule: rows are added, never changed, but for one mark that says which orders are still open;
only `prune` removes some. A write that fails is a JournalError, and then nothing of it is kept.
"""

import json
import os
import sqlite3
import weakref
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ibkr.entries import Entry, changed
from ibkr.errors import IBKRError, JournalError
from ibkr.journal_forms import fill_from, fill_text, order_from, order_text, time_from, time_text
from ibkr.models import ClientId, Fill, OrderId, PermId
from ibkr.orders import execution_root

APPLICATION_ID = 0x49424A4C
"""Tells our files from other databases; the letters IBJL."""
SCHEMA = 2

_TABLES = (
    """CREATE TABLE intents (reference TEXT PRIMARY KEY, key TEXT UNIQUE,
    client_id INTEGER NOT NULL, body TEXT NOT NULL, time TEXT NOT NULL,
    is_open INTEGER NOT NULL DEFAULT 1)""",
    """CREATE TABLE sends (sequence INTEGER PRIMARY KEY, reference TEXT NOT NULL,
    client_id INTEGER NOT NULL, order_id INTEGER NOT NULL, account TEXT NOT NULL,
    time TEXT NOT NULL, UNIQUE (client_id, order_id))""",
    """CREATE TABLE acks (reference TEXT NOT NULL, perm_id INTEGER NOT NULL,
    source TEXT NOT NULL, time TEXT NOT NULL, PRIMARY KEY (reference, perm_id))""",
    """CREATE TABLE executions (sequence INTEGER PRIMARY KEY, reference TEXT NOT NULL,
    root TEXT NOT NULL, body TEXT NOT NULL)""",
    """CREATE TABLE events (sequence INTEGER PRIMARY KEY, reference TEXT NOT NULL,
    kind TEXT NOT NULL, detail TEXT NOT NULL, time TEXT NOT NULL)""",
    "CREATE INDEX sends_reference ON sends (reference)",
    "CREATE INDEX executions_reference ON executions (reference)",
    "CREATE INDEX events_reference ON events (reference)",
    "CREATE INDEX intents_open ON intents (is_open) WHERE is_open",
)
_EVENT = "INSERT INTO events (reference, kind, detail, time) VALUES (?,?,?,?)"
_PRUNED = """SELECT reference FROM intents WHERE NOT is_open AND time < ?
    AND NOT EXISTS (SELECT 1 FROM events
        WHERE events.reference = intents.reference AND events.time >= ?)
    AND reference NOT IN (SELECT reference FROM sends
        WHERE order_id = (SELECT max(order_id) FROM sends AS others
            WHERE others.client_id = sends.client_id))"""
_STORY = (
    ("intent", "SELECT time, body FROM intents WHERE reference = ?"),
    (
        "send",
        """SELECT time, json_object('client_id', client_id, 'order_id', order_id)
        FROM sends WHERE reference = ? ORDER BY sequence""",
    ),
    (
        "ack",
        """SELECT time, json_object('perm_id', perm_id, 'source', source)
        FROM acks WHERE reference = ? ORDER BY rowid""",
    ),
    (
        "fill",
        """SELECT json_extract(body, '$.time'), body
        FROM executions WHERE reference = ? ORDER BY sequence""",
    ),
    (None, "SELECT time, detail, kind FROM events WHERE reference = ? ORDER BY sequence"),
)
_ANOTHER = "name another file in the setting journal"
_CAUSES: Mapping[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: ("cannot grow, the disk is full", "make room on it"),
    sqlite3.SQLITE_BUSY: ("is locked by another program", "close that program"),
    sqlite3.SQLITE_LOCKED: ("is locked by another program", "close that program"),
    sqlite3.SQLITE_NOTADB: ("is not a database", _ANOTHER),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "put back a copy, or " + _ANOTHER),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "check the disk, or " + _ANOTHER),
    sqlite3.SQLITE_READONLY: ("may not be written by this user", "allow it, or " + _ANOTHER),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened or made",
        "make its directory and allow this user to write there, or " + _ANOTHER,
    ),
}
"""What SQLite's primary result codes mean for a journal, and what to do about it."""


@dataclass(frozen=True, slots=True)
class JournalCounts:
    """How many rows of each kind there are; `open` counts the orders that are not settled."""

    intents: int
    sends: int
    acks: int
    executions: int
    open: int


@dataclass(frozen=True, slots=True)
class Line:
    """One row about an order; `kind` is intent, send, ack, fill, or a kind of event."""

    time: datetime
    kind: str
    detail: Mapping[str, Any]


class Journal:
    """The orders of one client in a file, or in memory where `path` is None.

    Raises JournalError, here and in every method, where the file does not serve. With
    `must_exist` a file that is not there is refused instead of made.
    """

    def __init__(self, path: Path | None = None, *, must_exist: bool = False) -> None:
        self.path = path
        if must_exist and path is not None and not path.is_file():
            raise JournalError(f"journal {path} does not exist; {_ANOTHER}")
        self._lease: sqlite3.Connection | None = None
        self._is_together = False
        self._connection = self._connect(":memory:" if path is None else path)
        weakref.finalize(self, self._connection.close)
        self._prepare()

    # --- whose it is ------------------------------------------------------------------

    def take(self) -> None:
        """Become the one who writes. Raises JournalError while another process or client is."""
        if self.path is None or self._lease is not None:
            return
        file = self.path.resolve()  # by whatever name it is reached, it has one lease
        lease = self._connect(file.with_name(file.name + "-lease"))
        try:
            lease.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            lease.close()
            if _primary(error) != sqlite3.SQLITE_BUSY:
                raise self._failed(error) from error
            raise JournalError(
                f"journal {self.path} is in use by another client, and two would double orders; "
                f"stop that one, or {_ANOTHER}"
            ) from None
        self._lease = lease
        weakref.finalize(self, lease.close)

    def release(self) -> None:
        """Let others have it. May be called again."""
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.close()

    def close(self) -> None:
        self.release()
        self._connection.close()

    # --- writing ----------------------------------------------------------------------

    def intend(self, entry: Entry) -> None:
        """An order is about to be sent. Nothing may leave before this has returned."""
        body = order_text(entry.contract, entry.order)
        row = (entry.reference, entry.key, entry.client_id, body, time_text(entry.intended_at))
        with self._writing() as execute:
            execute(
                "INSERT INTO intents (reference, key, client_id, body, time) VALUES (?,?,?,?,?)",
                row,
            )

    def send(
        self,
        reference: str,
        client_id: ClientId,
        order_id: OrderId,
        at: datetime,
        *,
        account: str = "",
        again: bool = False,
    ) -> None:
        """Its message is written next; an id is taken once and for all.

        `account` is the one the message names. With `again`, what was concluded of an earlier
        message of it is void.
        """
        with self._writing() as execute:
            execute(
                "INSERT INTO sends (reference, client_id, order_id, account, time)"
                " VALUES (?,?,?,?,?)",
                (reference, client_id, order_id, account, time_text(at)),
            )
            if again:
                execute(_EVENT, (reference, "sent_again", "{}", time_text(at)))
            execute("UPDATE intents SET is_open = 1 WHERE reference = ?", (reference,))

    def acknowledge(
        self, reference: str, perm_id: PermId | None, source: str, at: datetime
    ) -> None:
        """The gateway has shown it, under a permanent id if it had given one."""
        with self._writing() as execute:
            execute(
                "INSERT OR IGNORE INTO acks VALUES (?,?,?,?)",
                (reference, perm_id or 0, source, time_text(at)),
            )

    def execution(self, reference: str, fill: Fill) -> None:
        """A fill, its correction, or its commission; the last row of a root holds."""
        with self._writing() as execute:
            execute(
                "INSERT INTO executions (reference, root, body) VALUES (?,?,?)",
                (reference, execution_root(fill.execution_id), fill_text(fill)),
            )

    def event(
        self, reference: str, kind: str, detail: Mapping[str, Any], at: datetime, *, is_open: bool
    ) -> None:
        """Anything else that changes what is true of an order; see `ibkr.entries.EVENTS`."""
        with self._writing() as execute:
            execute(_EVENT, (reference, kind, json.dumps(detail, sort_keys=True), time_text(at)))
            execute("UPDATE intents SET is_open = ? WHERE reference = ?", (is_open, reference))

    @contextmanager
    def together(self) -> Iterator[None]:
        """The rows written meanwhile reach the disk at once, at the end of it. Not to be nested."""
        with self._explained(), self._connection:
            self._is_together = True
            try:
                yield
            finally:
                self._is_together = False

    # --- reading ----------------------------------------------------------------------

    def by_key(self, key: str) -> Entry | None:
        return next(self._entries("WHERE key = ?", key), None)

    def by_reference(self, reference: str) -> Entry | None:
        return next(self._entries("WHERE reference = ?", reference), None)

    def by_order_id(self, client_id: ClientId, order_id: OrderId) -> Entry | None:
        where = "WHERE reference = (SELECT reference FROM sends WHERE client_id=? AND order_id=?)"
        return next(self._entries(where, client_id, order_id), None)

    def open_entries(self) -> tuple[Entry, ...]:
        """The orders that are not settled, oldest first."""
        return tuple(self._entries("WHERE is_open ORDER BY rowid"))

    def entries(self) -> tuple[Entry, ...]:
        """All orders, oldest first."""
        return tuple(self._entries("ORDER BY rowid"))

    def story(self, reference: str) -> tuple[Line, ...]:
        """All rows of one order by their time; a fill has that of the exchange."""
        with self._understood():
            lines = [
                Line(time_from(time), kind or of_event[0], json.loads(detail))
                for kind, query in _STORY
                for time, detail, *of_event in self._rows(query, reference)
            ]
        return tuple(sorted(lines, key=lambda line: line.time))

    def highest_order_id(self, client_id: ClientId) -> int:
        """The largest id ever taken by this client id; 0 for none."""
        (row,) = self._rows("SELECT max(order_id) FROM sends WHERE client_id = ?", client_id)
        return int(row[0] or 0)

    def counts(self) -> JournalCounts:
        (row,) = self._rows(
            "SELECT (SELECT count(*) FROM intents), (SELECT count(*) FROM sends),"
            " (SELECT count(DISTINCT reference) FROM acks),"
            " (SELECT count(DISTINCT root) FROM executions),"
            " (SELECT count(*) FROM intents WHERE is_open)"
        )
        return JournalCounts(*row)

    # --- upkeep -----------------------------------------------------------------------

    def back_up(self, target: Path) -> None:
        """Write a copy of this moment to a new file, also while a client is at work."""
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as error:
            raise JournalError(
                f"backup {target} cannot be made: {error.strerror}; name a new file"
            ) from None
        try:
            with self._explained(), closing(sqlite3.connect(target)) as copy:
                self._connection.backup(copy)
        except JournalError:
            target.unlink()
            raise

    def prune(self, before: datetime) -> int:
        """Remove the settled orders of which nothing was written since; how many.

        Their keys are free again. The order with the highest id of each client stays, so that
        no id is taken twice.
        """
        limit = time_text(before)
        with self._writing() as execute:
            execute("CREATE TEMP TABLE pruned AS " + _PRUNED, (limit, limit))
            ((count,),) = execute("SELECT count(*) FROM pruned").fetchall()
            for table in ("executions", "events", "acks", "sends", "intents"):
                execute(f"DELETE FROM {table} WHERE reference IN pruned")  # noqa: S608
            execute("DROP TABLE pruned")
        self._rows("VACUUM")
        return int(count)

    # --- rows -------------------------------------------------------------------------

    def _entries(self, where: str, *values: Any) -> Iterator[Entry]:
        query = f"SELECT reference, key, client_id, body, time FROM intents {where}"  # noqa: S608
        for row in self._rows(query, *values):
            with self._understood():
                entry = self._entry(*row)
            yield entry

    def _entry(
        self, reference: str, key: str | None, client_id: int, body: str, time: str
    ) -> Entry:
        contract, order = order_from(body)
        entry = Entry(
            reference=reference,
            key=key,
            client_id=ClientId(client_id),
            contract=contract,
            order=order,
            intended_at=time_from(time),
        )
        return self._with_fills(self._with_events(self._with_answers(entry)))

    def _with_answers(self, entry: Entry) -> Entry:
        sends = "SELECT order_id, account, time FROM sends WHERE reference = ? ORDER BY sequence"
        for order_id, account, time in self._rows(sends, entry.reference):
            sent_at = time_from(time)
            entry = replace(entry, order_id=OrderId(order_id), account=account, sent_at=sent_at)
        acks = self._rows("SELECT perm_id FROM acks WHERE reference = ?", entry.reference)
        perm_ids = tuple(PermId(perm_id) for (perm_id,) in acks if perm_id)
        return replace(entry, acknowledged=bool(acks), perm_ids=perm_ids)

    def _with_events(self, entry: Entry) -> Entry:
        query = "SELECT kind, detail FROM events WHERE reference = ? ORDER BY sequence"
        for kind, detail in self._rows(query, entry.reference):
            entry = changed(entry, kind, json.loads(detail))
        return entry

    def _with_fills(self, entry: Entry) -> Entry:
        query = "SELECT root, body FROM executions WHERE reference = ? ORDER BY sequence"
        fills = {root: fill_from(body) for root, body in self._rows(query, entry.reference)}
        return replace(entry, fills=tuple(fills.values()))

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._explained(), self._understood():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        """All of it or nothing, on the disk at the end."""
        if self.path is not None and self._lease is None:
            raise JournalError(f"journal {self.path} is not taken; connect the client first")
        if self._is_together:
            with self._explained():
                if not self._connection.in_transaction:
                    self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection.execute
            return
        with self._explained(), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection.execute

    # --- opening ----------------------------------------------------------------------

    def _connect(self, place: str | Path) -> sqlite3.Connection:
        target = place
        if isinstance(place, Path):
            target = place.absolute()  # none of SQLite's special names
            with suppress(OSError):  # it is there, or what is wrong with it SQLite says below
                # accounts and orders are nobody else's business
                os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with self._explained():
            connection = sqlite3.connect(
                target, timeout=0.25, isolation_level=None, check_same_thread=False
            )
        connection.text_factory = bytes.decode  # SQLite's own error shows the text it cannot read
        return connection

    def _prepare(self) -> None:
        with self._explained():
            is_new = self._is_new()  # a file of somebody else is left as it is
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            if not is_new:
                return
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                if self._is_new():  # and nobody was faster
                    for table in _TABLES:
                        self._connection.execute(table)
                    self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                    self._connection.execute(f"PRAGMA user_version = {SCHEMA}")

    def _is_new(self) -> bool:
        """Whether the database is empty; refuses those of other programs and versions."""
        ((application,),) = self._rows("PRAGMA application_id")
        ((schema,),) = self._rows("PRAGMA user_version")
        ((tables,),) = self._rows("SELECT count(*) FROM sqlite_master")
        if (application, schema, tables) == (0, 0, 0):
            return True
        if application != APPLICATION_ID:
            raise JournalError(f"journal {self.path} is a database of another program; {_ANOTHER}")
        if schema != SCHEMA:
            raise JournalError(
                f"journal {self.path} has schema {schema} and this version reads {SCHEMA}; "
                f"use the version that made it, or {_ANOTHER}"
            )
        return False

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._failed(error) from error

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """Where the file is whole for SQLite, and what stands in it is not what was written."""
        try:
            yield
        except JournalError:
            raise
        except (ValueError, LookupError, TypeError, ArithmeticError, IBKRError) as error:
            raise self._refusal(*_CAUSES[sqlite3.SQLITE_CORRUPT]) from error

    def _failed(self, error: sqlite3.Error) -> JournalError:
        unknown = f"does not serve: {error}", _ANOTHER
        return self._refusal(*_CAUSES.get(_primary(error), unknown))

    def _refusal(self, cause: str, remedy: str) -> JournalError:
        where = "in memory" if self.path is None else str(self.path)
        return JournalError(f"journal {where} {cause}; {remedy}")


def _primary(error: sqlite3.Error) -> int:
    """SQLite puts the finer cause in the upper bits."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
