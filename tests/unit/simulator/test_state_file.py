"""The state file. Which bug turns these red: truth that is lost, halved or mixed up on disk."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal as D
from pathlib import Path

import pytest
from journals import DATABASE, a_journal

from simulator import World, WorldError, WorldSettings
from simulator.broker.records import CashMoved, Entry
from simulator.state import SCHEMA, Identity, StateError, StateFile

PATIENCE_S = 60
NOBODY = 65534
CASH = {"USD": D(1_000_000), "EUR": D(5)}
IDENTITY = Identity.of(accounts=["DU9000001", "DU9000002"], starting_cash=CASH, seed=7)
JOURNAL = a_journal(20)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@contextmanager
def opened(path: Path, identity: Identity = IDENTITY) -> Iterator[StateFile]:
    with StateFile(path, identity=identity) as state:
        yield state


def load(path: Path) -> list[Entry]:
    with opened(path) as state:
        entries = state.load(DATABASE.__getitem__, DATABASE.find)
        assert state.last_sequence == len(entries)
        return entries


def keep(path: Path, entries: list[Entry] = JOURNAL) -> None:
    with opened(path) as state:
        state.append(entries)


def refusal(path: Path, identity: Identity = IDENTITY) -> str:
    """What is said of a file that cannot be opened or read."""
    with pytest.raises(StateError) as refused, opened(path, identity) as state:
        state.load(DATABASE.__getitem__, DATABASE.find)
    message = str(refused.value)
    assert message.startswith(f"state file {path} ")
    assert "; " in message  # the remedy
    return message


def change(path: Path, statement: str) -> None:
    """Do to a file what no simulator would."""
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


# --- keeping ---


def test_what_was_appended_is_there_when_the_file_is_opened_again(path) -> None:
    keep(path, JOURNAL[:5])
    with opened(path) as state:
        assert state.last_sequence == 5
        state.append(iter(JOURNAL[5:7]))
        state.append([])
        state.append(JOURNAL[7:])
    assert load(path) == JOURNAL
    assert [*path.parent.iterdir()] == [path]


def test_a_new_file_is_empty_and_so_is_one_of_no_bytes(path) -> None:
    assert load(path) == []
    empty = path.with_name("empty.db")
    empty.touch()
    assert load(empty) == []


def test_the_same_journal_is_the_same_bytes(path) -> None:
    other = path.with_name("other.db")
    keep(path)
    keep(other)
    assert path.read_bytes() == other.read_bytes()


def test_a_cleared_file_begins_again_and_stays_whose_it_was(path) -> None:
    with opened(path) as state:
        state.append(JOURNAL)
        state.clear()
        assert state.last_sequence == 0
        state.append(JOURNAL[:3])
    assert load(path) == JOURNAL[:3]
    assert "seed 7 (not 8)" in refusal(path, replace(IDENTITY, seed=8))


@pytest.mark.parametrize("entries", [JOURNAL[1:2], [JOURNAL[0], JOURNAL[0]], JOURNAL[:3:2]])
def test_entries_that_do_not_follow_are_not_kept(path, entries) -> None:
    with opened(path) as state, pytest.raises(StateError, match=r"needs entry \d next, not \d"):
        state.append(entries)
    assert load(path) == []


def test_an_entry_that_no_line_can_hold_takes_the_others_with_it(path) -> None:
    bad = replace(JOURNAL[1], time_ms="noon")
    with (
        opened(path) as state,
        pytest.raises(StateError, match="cannot hold entry 2: time_ms: 'noon'"),
    ):
        state.append([JOURNAL[0], bad])
    assert load(path) == []


def test_a_name_that_means_memory_to_the_database_is_a_file_like_any(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    keep(Path(":memory:"))
    assert load(Path(":memory:")) == JOURNAL
    assert (tmp_path / ":memory:").is_file()


# --- crashes ---

WRITER = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from journals import a_journal
from test_state_file import IDENTITY
from simulator.state import StateFile

state = StateFile(Path(sys.argv[1]), identity=IDENTITY)
last = int(sys.argv[2])
def die_on_commit(statement):
    if statement == "COMMIT" and state.last_sequence >= last:
        os.kill(os.getpid(), signal.SIGKILL)
state._connection.set_trace_callback(die_on_commit)
journal = a_journal(30_000)
for start in range(0, len(journal), 3):
    state.append(journal[start : start + 3])
    print(state.last_sequence, flush=True)
"""


@contextmanager
def writer(path: Path, last: int) -> Iterator[subprocess.Popen[str]]:
    """A process that appends three entries at a time, and dies in the commit after `last`."""
    code = WRITER.format(tests=str(Path(__file__).parent))
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path), str(last)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_process_killed_in_a_commit_leaves_all_the_operations_before_it(path) -> None:
    with writer(path, 30) as process:
        said, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == -signal.SIGKILL
    assert said.split()[-1] == "30"
    assert load(path) == a_journal(20)[:30]


@pytest.mark.parametrize("operations", [1, 7, 40])
def test_a_process_killed_at_any_moment_leaves_whole_operations(path, operations) -> None:
    with writer(path, 1 << 60) as process:
        told = [int(process.stdout.readline()) for _ in range(operations)]
        process.kill()
        told += map(int, process.stdout.read().split())
        process.wait(PATIENCE_S)
    kept = load(path)
    assert len(kept) >= told[-1]
    assert len(kept) % 3 == 0
    assert kept == a_journal(len(kept))[: len(kept)]


def test_a_log_that_was_cut_off_leaves_a_beginning_of_whole_operations(path) -> None:
    with writer(path, 60) as process:
        process.communicate(timeout=PATIENCE_S)
    log = path.with_name(path.name + "-wal").read_bytes()
    lengths = set()
    for number, size in enumerate(range(0, len(log), len(log) // 40)):
        copy = path.with_name(f"copy{number}.db")
        shutil.copy(path, copy)
        copy.with_name(copy.name + "-wal").write_bytes(log[:size])
        kept = load(copy)
        assert kept == a_journal(30)[: len(kept)]
        assert len(kept) % 3 == 0
        lengths.add(len(kept))
    assert len(lengths) > 10


def test_a_commit_waits_for_the_disk(path) -> None:
    """What a loss of power does to it cannot be tried; that SQLite is told to wait can."""
    with opened(path) as state:
        ((synchronous,),) = state._connection.execute("PRAGMA synchronous")
        ((journal_mode,),) = state._connection.execute("PRAGMA journal_mode")
    assert (synchronous, journal_mode) == (2, b"wal")


# --- refusals ---


def test_a_file_has_one_process_at_a_time_and_others_are_told_which(path) -> None:
    with writer(path, 1 << 60) as process:
        process.stdout.readline()
        assert f"is in use by process {process.pid} (database is locked); stop that" in refusal(
            path
        )
    load(path)
    with opened(path):
        assert f"is in use by process {os.getpid()} " in refusal(path)
        holder = path.with_name("desk.db-holder")
        holder.write_bytes(b"\xff")
        assert "is in use by another process" in refusal(path)
        holder.unlink()
        assert "is in use by another process" in refusal(path)


def test_a_refusal_takes_nothing_from_the_process_that_has_the_file(path) -> None:
    with opened(path) as state:
        for journal in (JOURNAL[:3], JOURNAL[3:]):
            refusal(path)
            state.append(journal)
        assert path.with_name("desk.db-holder").read_text() == str(os.getpid())
    state.close()
    assert load(path) == JOURNAL


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"seed": 8}, "was made for seed 7 (not 8); start with what it was made for"),
        ({"accounts": ("DU1",)}, "was made for accounts DU9000001, DU9000002 (not DU1); start"),
        (
            {"base_currency": "EUR", "starting_cash": (("EUR", D(5)),)},
            "base currency USD (not EUR); starting cash EUR 5, USD 1000000 (not EUR 5); start",
        ),
    ],
)
def test_a_file_of_other_accounts_money_or_seed_is_refused_by_what_differs(
    path, other, named
) -> None:
    keep(path)
    assert named in refusal(path, replace(IDENTITY, **other))
    assert load(path) == JOURNAL


def test_cash_is_the_same_however_it_is_spelled(path) -> None:
    keep(path)
    cash = {"USD": D("1E+6"), "EUR": D("5.00")}
    same = Identity.of(accounts=IDENTITY.accounts, starting_cash=cash, seed=7)
    with opened(path, same) as state:
        assert state.last_sequence == len(JOURNAL)


@pytest.mark.parametrize(("schema", "age"), [(SCHEMA - 1, "an older"), (SCHEMA + 1, "a newer")])
def test_a_file_of_another_version_is_refused(path, schema, age) -> None:
    keep(path)
    change(path, f"PRAGMA user_version = {schema}")
    assert f"has schema {schema}, that of {age} version; this one reads {SCHEMA}" in refusal(path)


def test_a_database_of_another_program_is_refused_and_not_touched(path) -> None:
    change(path, "CREATE TABLE dear_to_somebody (a)")
    before = path.read_bytes()
    assert "is a database of another program" in refusal(path)
    assert path.read_bytes() == before


def test_what_is_no_file_for_a_database_is_refused(tmp_path) -> None:
    for name, content in (("short.db", b"AAPL"), ("long.db", b"AAPL\n" * 2_000)):
        (tmp_path / name).write_bytes(content)
        assert "is not a database" in refusal(tmp_path / name)
        assert (tmp_path / name).read_bytes() == content
    assert "is a directory" in refusal(tmp_path)
    assert "does not exist; make " in refusal(tmp_path / "none" / "desk.db")
    assert "is no regular file" in refusal(Path(os.devnull))
    loop = tmp_path / "loop.db"
    loop.symlink_to(loop)
    refusal(loop)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everything; so act as somebody who may not."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="users are those of POSIX")
def test_a_file_this_user_may_not_write_is_refused() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "desk.db"
        keep(path)
        Path(directory).chmod(0o555)
        path.chmod(0o444)
        with as_nobody():
            assert "may not be written by this user" in refusal(path)
            assert "cannot be opened or made by this user" in refusal(path.with_name("new.db"))
        Path(directory).chmod(0o000)
        with as_nobody():
            assert "cannot be reached: " in refusal(path)
        Path(directory).chmod(0o700)


def test_a_full_disk_keeps_what_was_there_and_takes_more_once_there_is_room(path) -> None:
    with opened(path) as state:
        state.append(JOURNAL[:3])
        state._connection.execute("PRAGMA max_page_count = 3")
        with pytest.raises(StateError, match=r"cannot grow, the disk is full .*; make room"):
            state.append(JOURNAL[3:])
        assert state.last_sequence == 3
        state._connection.execute("PRAGMA max_page_count = 1000000")
        state.append(JOURNAL[3:])
    assert load(path) == JOURNAL


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE journal SET line = replace(line, '99.50', '99.60') WHERE sequence = 5", "row 5:"),
        ("UPDATE journal SET checksum = 'none' WHERE sequence = 5", "damaged in row 5:"),
        ("UPDATE journal SET line = x'ff' WHERE sequence = 5", "damaged in row 5:"),
        ("UPDATE journal SET line = 5 WHERE sequence = 5", "damaged in row 5:"),
        ("DELETE FROM journal WHERE sequence = 5", "lacks row 5;"),
        ("UPDATE journal SET sequence = -1 WHERE sequence = 1", "lacks row 1;"),
        ("DROP TABLE journal", "no such table"),
        ("DELETE FROM identity", "has a bad identity"),
        ("UPDATE identity SET line = '{}'", "has a bad identity: accounts: is missing"),
    ],
)
def test_a_damaged_row_is_refused_by_its_number_and_never_skipped(path, statement, named) -> None:
    keep(path)
    change(path, statement)
    assert named in refusal(path)


def test_a_row_in_the_place_of_another_is_refused(path) -> None:
    keep(path)
    change(path, "UPDATE journal SET sequence = 99 WHERE sequence = 5")
    change(path, "UPDATE journal SET sequence = 5 WHERE sequence = 6")
    change(path, "UPDATE journal SET sequence = 6 WHERE sequence = 99")
    assert "has entry 6 in row 5" in refusal(path)


def test_a_row_of_an_instrument_that_is_gone_is_refused(path) -> None:
    keep(path)
    with opened(path) as state, pytest.raises(StateError) as refused:
        state.load({}.__getitem__, lambda _: [])
    assert "cannot be read in row 1: event.Accepted.order.instrument: no instrument has" in str(
        refused.value
    )


def test_a_page_of_noise_is_refused(path) -> None:
    keep(path, a_journal(200))
    content = bytearray(path.read_bytes())
    page = len(content) // 4096 // 2 * 4096
    content[page : page + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    assert "is damaged" in refusal(path)


# --- worlds ---


def test_a_world_holds_its_file_until_it_is_closed(path) -> None:
    settings = WorldSettings(seed=7, clock="manual", state=path)
    world = World(settings)
    with pytest.raises(WorldError, match=f"is in use by process {os.getpid()}"):
        World(settings)
    world.close()
    world.close()
    with pytest.raises(WorldError, match="seed 7"):
        World(replace(settings, seed=8))
    World(settings).close()
    World().close()


def test_a_world_that_is_reset_empties_its_file(path) -> None:
    identity = Identity.of(accounts=["DU9000001"], starting_cash={"USD": D(1_000_000)}, seed=7)
    with opened(path, identity) as state:
        state.append([Entry(1, 0, CashMoved("DU9000001", "USD", D(5)))])
    world = World(WorldSettings(seed=7, clock="manual", state=path))
    world.reset()
    world.close()
    with opened(path, identity) as state:
        assert state.last_sequence == 0
