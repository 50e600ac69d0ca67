"""The journal: what is written is there after any end, and what cannot be written is refused."""

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibkr import references
from ibkr.entries import Entry
from ibkr.errors import ErrorCode, JournalError
from ibkr.journal import SCHEMA, Journal
from ibkr.journal_forms import decimal_text, fill_from, fill_text, order_from, order_text
from ibkr.models import Action, Contract, Fill, Order, OrderStatus, SecType, TimeInForce
from ibkr.reconcile import Verdict

NOON = datetime(2024, 1, 3, 17, tzinfo=UTC)
AAPL = Contract.stock("AAPL")
OPTION = Contract(
    symbol="AAPL", sec_type=SecType.OPTION, last_trade_date="20240119", strike=D("187.5"), right="C"
)
LIMIT = Order.limit("BUY", 10, "190.50", tif=TimeInForce.GTC, account="DU1234567")
FILL = Fill(
    execution_id="0001.02.01",
    order_id=4,
    client_id=1,
    contract=AAPL,
    action=Action.BUY,
    quantity=D(3),
    price=D("190.40"),
    time=NOON,
    perm_id=77,
    order_ref="mine",
)


def entry(reference="ibkr-1", key="k", **changes):
    made = Entry(
        reference=reference,
        key=key,
        client_id=1,
        contract=AAPL,
        order=LIMIT,
        intended_at=NOON,
    )
    return replace(made, **changes)


@pytest.fixture(params=["memory", "file"])
def journal(request, tmp_path):
    made = Journal(None if request.param == "memory" else tmp_path / "journal")
    made.take()
    yield made
    made.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal"


def written(journal):
    """An order with everything that can happen to it."""
    journal.intend(entry())
    journal.send("ibkr-1", 1, 4, NOON)
    journal.acknowledge("ibkr-1", None, "status", NOON)
    journal.acknowledge("ibkr-1", 77, "open order", NOON)
    journal.acknowledge("ibkr-1", 77, "execution", NOON)
    journal.execution("ibkr-1", FILL)
    journal.execution("ibkr-1", replace(FILL, commission=D("1.25"), commission_currency="USD"))
    detail = {"status": "Submitted", "filled": "3", "average_fill_price": "190.4"}
    journal.event("ibkr-1", "status", detail, NOON, is_open=True)


def check_written(journal):
    known = journal.by_key("k")
    assert (known.order_id, known.sent_at) == (4, NOON)
    assert (known.acknowledged, known.perm_ids) == (True, (77,))
    assert (known.status, known.filled) == (OrderStatus.SUBMITTED, 3)
    assert [fill.commission for fill in known.fills] == [D("1.25")]
    assert (known.contract, known.order) == (AAPL, LIMIT)
    assert known == journal.by_reference("ibkr-1") == journal.by_order_id(1, 4)
    assert journal.open_entries() == journal.entries() == (known,)


def test_what_is_written_is_read_again(journal):
    written(journal)
    check_written(journal)
    assert journal.counts() == type(journal.counts())(1, 1, 1, 1, 1)


def test_another_journal_on_the_same_file_reads_the_same(path):
    one = Journal(path)
    one.take()
    written(one)
    check_written(Journal(path))  # while the first has it
    one.close()
    check_written(Journal(path))


def test_nothing_is_known_of_what_was_never_written(journal):
    assert journal.by_key("k") is journal.by_reference("x") is journal.by_order_id(1, 1) is None
    assert (journal.entries(), journal.highest_order_id(1)) == ((), 0)


def test_an_order_id_is_taken_once_for_each_client_id(journal):
    journal.intend(entry())
    journal.intend(entry("ibkr-2", None))
    journal.send("ibkr-1", 1, 4, NOON)
    with pytest.raises(JournalError):
        journal.send("ibkr-2", 1, 4, NOON)
    journal.send("ibkr-2", 2, 4, NOON)
    assert (journal.highest_order_id(1), journal.highest_order_id(3)) == (4, 0)
    assert journal.counts().sends == 2


def test_a_key_is_taken_once_and_orders_without_a_key_are_many(journal):
    for reference, key in (("ibkr-1", "k"), ("ibkr-2", None), ("ibkr-3", None)):
        journal.intend(entry(reference, key))
    with pytest.raises(JournalError):
        journal.intend(entry("ibkr-4", "k"))
    assert len(journal.entries()) == 3


@pytest.mark.parametrize(
    ("kind", "detail", "expected"),
    [
        ("rejected", {"code": 201, "reason": "no"}, {"reject_code": 201, "reject_reason": "no"}),
        ("judged", {"verdict": "unknown", "rule": "e"}, {"verdict": Verdict.UNKNOWN, "rule": "e"}),
        ("judged", {"verdict": "not_sent", "rule": "a"}, {"status": OrderStatus.INACTIVE}),
        ("upstream", {"lost": True}, {"disturbed": True}),
        ("cut_short", {}, {"cut_short": True}),
    ],
)
def test_each_event_changes_its_part_of_an_order(journal, kind, detail, expected):
    journal.intend(entry())
    journal.event("ibkr-1", kind, detail, NOON, is_open=False)
    known = journal.by_key("k")
    assert {name: getattr(known, name) for name in expected} == expected
    assert journal.open_entries() == ()
    journal.event("ibkr-1", "sent_again", {}, NOON, is_open=True)
    assert journal.by_key("k").verdict is None
    assert len(journal.open_entries()) == 1


def test_a_second_writer_is_refused_with_one_clear_error(path):
    one, two = Journal(path), Journal(path)
    one.take()
    one.take()  # again is harmless
    with pytest.raises(
        JournalError, match=r"in use by another client.*name another file"
    ) as caught:
        two.take()
    assert caught.value.code is ErrorCode.JOURNAL_UNUSABLE
    with pytest.raises(JournalError, match="is not taken"):
        two.intend(entry())
    one.release()
    two.take()
    two.intend(entry())


def test_a_second_writer_is_refused_by_whatever_name_it_comes(path):
    one = Journal(path)
    one.take()
    link = path.with_name("link")
    link.symlink_to(path)
    with pytest.raises(JournalError, match="in use by another client"):
        Journal(link).take()


def test_another_process_is_refused_and_its_death_lets_go(path):
    holder = (
        "import sys,time;from pathlib import Path;from ibkr.journal import Journal;"
        "j=Journal(Path(sys.argv[1]));j.take();print('taken',flush=True);time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "taken\n"
        journal = Journal(path)
        with pytest.raises(JournalError, match="in use by another client"):
            journal.take()
        process.kill()
    journal.take()


def test_a_locked_file_refuses_the_order(path):
    journal = Journal(path)
    journal.take()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="locked by another program; close that program"):
        journal.intend(entry())
    other.close()
    assert journal.entries() == ()
    journal.intend(entry())


def fill_up(journal):
    for number in range(1000):
        journal.intend(entry(f"ibkr-n{number}", f"key {number}" + "x" * 100))


def test_a_full_disk_refuses_the_order_and_keeps_nothing_of_it(path):
    journal = Journal(path)
    journal.take()
    journal.intend(entry())
    pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
    journal._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalError, match="the disk is full; make room"):
        fill_up(journal)
    kept = len(journal.entries())
    journal._connection.execute("PRAGMA max_page_count = 100000")
    journal.intend(entry("ibkr-after", "after"))
    assert len(journal.entries()) == kept + 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_bytes(b"x" * 5000), "is not a database; name another"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE t (a)"), "another program"),
        (lambda path: path.mkdir(), "cannot be opened or made"),
    ],
    ids=["no database", "another database", "a directory"],
)
def test_a_file_that_is_no_journal_is_refused(path, make, message):
    make(path)
    with pytest.raises(JournalError, match=message):
        Journal(path)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE intents SET body = '{'",
        "UPDATE intents SET body = '{}'",
        """UPDATE intents SET body = replace(body, '"action"', '"auction"')""",
        """UPDATE intents SET body = replace(body, '"quantity":"1', '"quantity":"-1')""",
        "UPDATE intents SET body = CAST(x'7BFF' AS TEXT)",
        "UPDATE intents SET time = 'noon'",
        "UPDATE events SET kind = 'forgotten'",
    ],
)
def test_rows_that_nobody_wrote_are_called_damage(path, damage):
    journal = Journal(path)
    journal.take()
    journal.intend(entry())
    journal.event("ibkr-1", "cut_short", {}, NOON, is_open=True)
    other = sqlite3.connect(path)
    other.execute(damage)
    other.commit()
    other.close()
    with pytest.raises(JournalError, match=r"journal is damaged; put back a copy") as caught:
        journal.entries()
    assert "AAPL" not in str(caught.value)


def test_a_database_of_another_program_is_left_as_it_is(path):
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE t (a)")
    other.close()
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    with pytest.raises(JournalError, match="another program"):
        Journal(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_journal_of_another_version_is_refused(path):
    Journal(path).close()
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    other.close()
    with pytest.raises(JournalError, match=f"has schema {SCHEMA + 1} and this version reads"):
        Journal(path)


def test_a_missing_directory_is_named_with_its_remedy(path):
    with pytest.raises(JournalError, match="make its directory"):
        Journal(path / "deeper")


def test_a_journal_that_must_exist_is_not_made(path):
    with pytest.raises(JournalError, match="does not exist"):
        Journal(path, must_exist=True)
    assert not os.path.lexists(path)


def test_nobody_else_may_read_it(path):
    journal = Journal(path)
    journal.take()
    journal.intend(entry())
    modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert set(modes) >= {"journal", "journal-wal", "journal-lease"}
    assert set(modes.values()) == {0o600}


def test_it_is_as_durable_as_sqlite_can_be(path):
    journal = Journal(path)
    connection = journal._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_rows_written_together_are_kept_together_or_not_at_all(path):
    journal, reader = Journal(path), Journal(path)
    journal.take()
    journal.intend(entry(key="key 3" + "x" * 100))
    with journal.together():
        journal.acknowledge("ibkr-1", 77, "open order", NOON)
        journal.execution("ibkr-1", FILL)
        assert reader.counts().acks == 0
    assert (reader.counts().acks, reader.counts().executions) == (1, 1)
    with pytest.raises(JournalError), journal.together():
        fill_up(journal)  # until a key is taken
    assert reader.counts().executions == journal.counts().executions == 1
    assert reader.counts().intents == 1
    journal.execution("ibkr-1", replace(FILL, execution_id="0002.01.01"))
    assert reader.counts().executions == 2


# --- forms and references -----------------------------------------------------------------

PRICES = st.decimals(min_value=D("0.0001"), max_value=10**6, places=4)
ORDERS = st.builds(
    Order.limit,
    st.sampled_from(Action),
    PRICES,
    PRICES,
    tif=st.sampled_from(TimeInForce),
    account=st.sampled_from(["", "DU1234567"]),
)


@given(ORDERS, st.sampled_from([AAPL, OPTION, Contract.forex("EURUSD")]))
def test_an_order_is_the_same_after_it_was_text(order, contract):
    assert order_from(order_text(contract, order)) == (contract, order)


def test_a_fill_is_the_same_after_it_was_text():
    for fill in (FILL, replace(FILL, commission=D("-0.35"), realized_pnl=D("12.5"))):
        assert fill_from(fill_text(fill)) == fill


def test_equal_orders_are_equal_text_however_their_numbers_were_written():
    one, two = (
        order_text(AAPL, Order.limit("BUY", q, p)) for q, p in (("1", "9.5"), (1.0, "9.50"))
    )
    assert one == two


@pytest.mark.parametrize(
    ("value", "text"), [("100", "100"), ("1E+2", "100"), ("0.10", "0.1"), ("0", "0"), ("-5", "-5")]
)
def test_numbers_keep_their_digits(value, text):
    assert decimal_text(D(value)) == text


def test_a_reference_has_at_most_32_characters_and_keeps_the_callers_text_apart():
    reference = references.make(references.random_id())
    assert len(reference) <= 32
    assert reference.isascii()
    for callers in ("", "mine", "a/b", "ibkr-x"):
        assert references.split(references.on_wire(reference, callers)) == (reference, callers)
    assert references.split("mine") == (None, "mine")
    assert references.random_id() != references.random_id()


@pytest.mark.parametrize("unique", ["", "x" * 28, "a/b", "ü"])
def test_what_makes_no_reference_is_refused(unique):
    with pytest.raises(ValueError, match="no unique id"):
        references.make(unique)
