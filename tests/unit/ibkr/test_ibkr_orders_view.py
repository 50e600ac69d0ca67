"""`ibkr orders`: what an operator sees of a journal."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from ibkr.cli import cli
from ibkr.entries import Entry
from ibkr.journal import Journal
from ibkr.models import Contract, Order

NOON = datetime(2024, 1, 3, 17, tzinfo=UTC)
STATUS = {"status": "Filled", "filled": "10", "average_fill_price": "190.5"}
STORIES = {
    "intended": ([], "Intended"),
    "doubtful": (["send"], "InDoubt"),
    "filled": (["send", "ack", ("status", STATUS)], "Filled"),
    "rejected": (["send", ("rejected", {"code": 201, "reason": "no"})], "Rejected (201)"),
    "unsent": ([("judged", {"verdict": "not_sent", "rule": "a"})], "NotSent"),
    "refused": (["send", ("judged", {"verdict": "not_accepted", "rule": "d"})], "NotAccepted"),
    "unknown": (["send", ("judged", {"verdict": "unknown", "rule": "e"})], "InDoubt"),
    "twice": (["send", "ack", ("judged", {"verdict": "duplicate", "rule": "h"})], "Duplicate"),
}


@pytest.fixture
def path(tmp_path):
    journal = Journal(tmp_path / "journal")
    journal.take()
    order = Order.limit("BUY", 10, "190.50")
    for number, (key, (story, _)) in enumerate(STORIES.items(), 1):
        reference = f"ibkr-{number}"
        journal.intend(
            Entry(
                reference=reference,
                key=key,
                client_id=1,
                contract=Contract.stock("AAPL"),
                order=order,
                intended_at=NOON,
            )
        )
        for step in story:
            if step == "send":
                journal.send(reference, 1, number, NOON)
            elif step == "ack":
                journal.acknowledge(reference, 1000 + number, "open order", NOON)
            else:
                journal.event(reference, *step, NOON, is_open=key in {"unknown", "twice"})
    return journal.path


def run(*arguments):
    return CliRunner().invoke(cli, ["orders", *map(str, arguments)], env={"COLUMNS": "200"})


def test_each_order_is_one_line_with_its_state(path):
    result = run("--journal", path)
    assert result.exit_code == 0
    lines = dict(zip(STORIES, result.output.splitlines()[1:], strict=False))
    assert {key: state in lines[key] for key, (_, state) in STORIES.items()} == dict.fromkeys(
        STORIES, True
    )
    assert "BUY 10 AAPL LMT 190.5" in lines["filled"]
    assert "unknown (e)" in lines["unknown"]
    assert "8 intended, 6 sent, 2 acknowledged, 0 executions; 4 open, 3 in doubt" in result.output


def test_json_has_the_same_orders_and_the_counts(path):
    told = json.loads(run("--journal", path, "--json").output)
    assert {one["key"]: one["state"] for one in told["orders"]} == {
        key: state for key, (_, state) in STORIES.items()
    }
    assert told["counts"] == {"intents": 8, "sends": 6, "acks": 2, "executions": 0, "open": 4}
    assert [one["key"] for one in told["orders"] if one["in_doubt"]] == [
        "doubtful",
        "unknown",
        "twice",
    ]


def test_only_what_is_not_settled_if_asked(path):
    told = json.loads(run("--journal", path, "--open", "--json").output)
    assert [one["key"] for one in told["orders"]] == ["intended", "doubtful", "unknown", "twice"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "give --journal FILE, or set IBKR_JOURNAL"), (["--journal", "/none"], "does not exist")],
)
def test_without_a_journal_it_says_what_to_do(arguments, message):
    result = run(*arguments)
    assert (result.exit_code, message in result.output) == (2, True)
