"""`ibkr orders show|close|backup|prune`: the operator's hand on a journal."""

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from click.testing import CliRunner

from ibkr.blotter import Blotter
from ibkr.cli import cli
from ibkr.entries import BY_HAND, Entry
from ibkr.errors import JournalError, OrderNotAccepted
from ibkr.journal import Journal
from ibkr.models import Action, ClientId, Contract, Fill, Order, OrderStatus
from ibkr.orders import OpenOrderReport
from ibkr.reconcile import Verdict

NOON = datetime(2024, 1, 3, 17, tzinfo=UTC)
AAPL = Contract.stock("AAPL")
ORDER = Order.limit("BUY", 10, "190.50", account="DU1234567")


def run(*arguments):
    return CliRunner().invoke(cli, ["orders", *map(str, arguments)], env={"COLUMNS": "200"})


def send(journal, number, *, at=NOON, key=None, client_id=1):
    reference = f"ibkr-{number}"
    journal.intend(
        Entry(
            reference=reference,
            key=key,
            client_id=client_id,
            contract=AAPL,
            order=ORDER,
            intended_at=at,
        )
    )
    journal.send(reference, client_id, number, at)
    return reference


def settle(journal, reference, word="Cancelled", filled="0", at=NOON):
    detail = {"status": word, "filled": filled, "average_fill_price": None}
    journal.event(reference, "status", detail, at, is_open=False)


@pytest.fixture
def path(tmp_path):
    """A journal with an order in doubt (1), one refused (2), a duplicate (3) and one filled (4)."""
    journal = Journal(tmp_path / "journal")
    journal.take()
    for number in range(1, 5):
        send(journal, number, key=f"k-{number}")
    journal.event("ibkr-2", "rejected", {"code": 201, "reason": "no"}, NOON, is_open=False)
    for perm_id in (77, 78):
        journal.acknowledge("ibkr-3", perm_id, "open order", NOON)
    journal.event("ibkr-3", "judged", {"verdict": "duplicate", "rule": "h"}, NOON, is_open=True)
    journal.acknowledge("ibkr-4", 79, "open order", NOON + timedelta(seconds=1))
    fill = Fill(
        execution_id="e.1.01",
        order_id=4,
        client_id=1,
        contract=AAPL,
        action=Action.BUY,
        quantity=Decimal(10),
        price=Decimal("190.5"),
        time=NOON + timedelta(seconds=2),
        perm_id=79,
        account="DU1234567",
    )
    journal.execution("ibkr-4", fill)
    settle(journal, "ibkr-4", "Filled", "10", NOON + timedelta(seconds=3))
    journal.close()
    return journal.path


def reopened(path):
    journal = Journal(path)
    blotter = Blotter(journal, ClientId(1), ids=lambda: "new", now=lambda: NOON)
    blotter.open()
    return blotter


# --- show -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ibkr-4", "k-4"])
def test_the_story_of_an_order_is_told_in_order_by_reference_or_key(path, name):
    told = json.loads(run("show", name, "--journal", path, "--json").output)
    assert told["order"]["state"] == "Filled"
    assert [(line["kind"], line["time"][17:19]) for line in told["story"]] == [
        ("intent", "00"),
        ("send", "00"),
        ("ack", "01"),
        ("fill", "02"),
        ("status", "03"),
    ]
    assert told["story"][1]["detail"] == {"client_id": 1, "order_id": 4}
    assert told["story"][3]["detail"]["price"] == "190.5"


@pytest.mark.parametrize("option", ["--json", "--open"])
def test_an_option_of_the_list_before_a_command_is_refused(path, option):
    result = run(option, "show", "k-4", "--journal", path)
    assert (result.exit_code, "its own options" in result.output) == (2, True)


def test_the_story_names_no_account(path):
    for arguments in ([], ["--json"]):
        result = run("--journal", path, "show", "ibkr-4", *arguments)
        assert result.exit_code == 0
        assert "DU1234567" not in result.output
    assert "contract.symbol=AAPL" in run("--journal", path, "show", "ibkr-4").output


def test_an_order_that_is_not_there_is_refused(path):
    result = run("show", "nobody", "--journal", path)
    assert (result.exit_code, "has no order nobody" in result.output) == (2, True)


# --- close ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "state", "filled", "status"),
    [
        ("k-1", ["--as", "cancelled"], "Cancelled", "0", OrderStatus.CANCELLED),
        ("k-1", ["--as", "cancelled", "--filled", "4"], "Cancelled", "4", OrderStatus.CANCELLED),
        ("k-1", ["--as", "filled"], "Filled", "10", OrderStatus.FILLED),
        ("k-3", ["--as", "filled"], "Filled", "10", OrderStatus.FILLED),
    ],
)
def test_an_order_in_doubt_is_closed_by_hand_for_good(path, name, arguments, state, filled, status):
    result = run("close", name, *arguments, "--reason", "seen in TWS", "--journal", path)
    assert (result.exit_code, "is closed as" in result.output) == (0, True)
    told = json.loads(run("show", name, "--journal", path, "--json").output)
    assert (told["order"]["state"], told["order"]["filled"]) == (state, filled)
    assert (told["order"]["verdict"], told["order"]["rule"]) == ("found", BY_HAND)
    assert told["story"][-1]["kind"] == "closed"
    assert told["story"][-1]["detail"]["reason"] == "seen in TWS"
    blotter = reopened(path)
    assert blotter.by_key(name).status is status
    assert blotter.repeated(name, AAPL, ORDER).filled == Decimal(filled)
    assert name not in {one.key for one in blotter.in_doubt()}


def test_an_order_the_broker_never_had_is_refused_to_whoever_repeats_its_key(path):
    result = run("close", "k-1", "--as", "not-accepted", "--reason", "no trace", "--journal", path)
    assert result.exit_code == 0
    blotter = reopened(path)
    with pytest.raises(OrderNotAccepted):
        blotter.repeated("k-1", AAPL, ORDER)
    assert blotter.by_key("k-1").reject_reason == "closed by hand: no trace"


@pytest.mark.parametrize("outcome", ["not-accepted", "cancelled", "filled"])
def test_the_gateway_overrules_the_hand(path, outcome):
    run("close", "k-1", "--as", outcome, "--reason", "I think so", "--journal", path)
    blotter = reopened(path)
    report = OpenOrderReport(
        client_id=1,
        order_id=1,
        contract=AAPL,
        order=replace(ORDER, order_ref="ibkr-1"),
        status=OrderStatus.SUBMITTED,
        perm_id=501,
    )
    blotter.open_order(report)
    for known in (blotter, again(blotter)):
        result = known.by_key("k-1")
        assert (result.status, result.filled, result.reject_reason) == ("Submitted", 0, "")
    entry = blotter.journal.by_key("k-1")
    assert (entry.verdict, entry.rule, entry.is_settled) == (Verdict.FOUND, "c", False)


def test_an_open_order_whose_end_nobody_saw_can_be_closed_until_it_is_shown_again(path):
    journal = Journal(path)
    journal.take()
    send(journal, 5, key="k-5")
    journal.acknowledge("ibkr-5", 80, "open order", NOON)
    working = {"status": "Submitted", "filled": "3", "average_fill_price": None}
    journal.event("ibkr-5", "status", working, NOON, is_open=True)
    journal.close()
    result = run("close", "k-5", "--as", "cancelled", "--reason", "statement", "--journal", path)
    assert result.exit_code == 0, result.output
    blotter = reopened(path)
    assert (blotter.by_key("k-5").status, blotter.by_key("k-5").filled) == ("Cancelled", 3)
    assert "ibkr-5" not in {entry.reference for entry in blotter.journal.open_entries()}
    report = OpenOrderReport(
        client_id=1,
        order_id=5,
        contract=AAPL,
        order=replace(ORDER, order_ref="ibkr-5"),
        status=OrderStatus.SUBMITTED,
        perm_id=80,
    )
    blotter.open_order(report)
    for known in (blotter, again(blotter)):
        assert known.by_key("k-5").status == "Submitted"
    assert "ibkr-5" in {entry.reference for entry in blotter.journal.open_entries()}


def again(blotter):
    return Blotter(blotter.journal, ClientId(1), ids=lambda: "new", now=lambda: NOON)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["k-2", "--as", "filled"], "ibkr-2 is Rejected (201); only orders that"),
        (["k-4", "--as", "cancelled"], "ibkr-4 is Filled; only orders that"),
        (["k-3", "--as", "not-accepted"], "so it was accepted; close it as cancelled or filled"),
        (["k-1", "--as", "filled", "--filled", "1"], "--filled goes with --as cancelled only"),
        (["k-1", "--as", "cancelled", "--filled", "10"], "from 0 to below the quantity 10"),
        (["k-1", "--as", "cancelled", "--filled", "some"], "from 0 to below the quantity 10"),
        (["k-1", "--as", "cancelled", "--filled", "NaN"], "from 0 to below the quantity 10"),
        (["nobody", "--as", "filled"], "has no order nobody"),
    ],
)
def test_what_may_not_be_closed_is_refused_in_one_sentence(path, arguments, message):
    rows = sqlite3.connect(path).execute("SELECT count(*) FROM events").fetchone()
    result = run("close", *arguments, "--reason", "x", "--journal", path)
    assert (result.exit_code, message in result.output) == (2, True)
    assert len(result.output.splitlines()) == 1
    assert sqlite3.connect(path).execute("SELECT count(*) FROM events").fetchone() == rows


def test_a_reason_is_needed(path):
    result = run("close", "k-1", "--as", "filled", "--reason", " ", "--journal", path)
    assert (result.exit_code, "say how you know" in result.output) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [["close", "k-1", "--as", "filled", "--reason", "x"], ["prune", "--before", "2030-01-01"]],
    ids=["close", "prune"],
)
def test_nothing_is_changed_while_a_client_is_at_work(path, arguments):
    client = Journal(path)
    client.take()
    result = run(*arguments, "--journal", path)
    assert (result.exit_code, "in use by another client" in result.output) == (2, True)
    client.release()
    assert run(*arguments, "--journal", path).exit_code == 0


# --- backup ---------------------------------------------------------------------------------


def test_a_journal_at_work_is_copied_whole_and_for_the_owner_only(path, tmp_path):
    client = Journal(path)
    client.take()
    send(client, 5, key="k-5")
    copy = tmp_path / "copy"
    result = run("backup", copy, "--journal", path)
    assert (result.exit_code, "has 5 orders" in result.output) == (0, True)
    assert copy.stat().st_mode & 0o077 == 0
    client.close()
    assert Journal(copy).entries() == Journal(path).entries()
    assert Journal(copy).counts() == Journal(path).counts()


def test_a_backup_overwrites_nothing(path, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    result = run("backup", precious, "--journal", path)
    assert (result.exit_code, "name a new file" in result.output) == (2, True)
    assert precious.read_text() == "mine"


def test_a_backup_that_fails_leaves_no_half_a_file(path, tmp_path):
    journal = Journal(path)
    journal.close()
    with pytest.raises(JournalError):
        journal.back_up(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


# --- prune ----------------------------------------------------------------------------------


def test_prune_removes_what_is_settled_and_old_and_nothing_else(tmp_path):
    journal = Journal(tmp_path / "journal")
    journal.take()
    old, day = NOON - timedelta(days=400), NOON
    for number, at in ((1, old), (2, old), (3, old), (4, day), (5, day)):
        send(journal, number, at=at, key=f"k-{number}")
    settle(journal, "ibkr-1", at=old)
    settle(journal, "ibkr-3", at=day)  # placed long ago, ended today
    settle(journal, "ibkr-4", at=day)
    journal.close()
    result = run("prune", "--before", "2024-01-01", "--journal", journal.path)
    assert (result.exit_code, result.output) == (0, "removed 1 settled orders\n")
    kept = Journal(journal.path)
    assert [entry.key for entry in kept.entries()] == ["k-2", "k-3", "k-4", "k-5"]
    assert (kept.by_key("k-1"), kept.story("ibkr-1")) == (None, ())
    assert kept.counts().sends == 4


def test_prune_never_gives_an_order_id_away_again(tmp_path):
    journal = Journal(tmp_path / "journal")
    journal.take()
    for number, client_id in ((1, 1), (2, 1), (7, 2), (8, 2)):
        settle(journal, send(journal, number, client_id=client_id))
    assert journal.prune(NOON + timedelta(days=1)) == 2
    assert [journal.highest_order_id(ClientId(each)) for each in (1, 2)] == [2, 8]
    assert journal.prune(NOON + timedelta(days=1)) == 0


def test_prune_makes_the_file_smaller(tmp_path):
    journal = Journal(tmp_path / "journal")
    journal.take()
    with journal.together():
        for number in range(1, 400):
            settle(journal, send(journal, number))
    journal.prune(NOON)
    journal._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = journal.path.stat().st_size
    journal.prune(NOON + timedelta(days=1))
    journal._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert journal.path.stat().st_size < before / 3
