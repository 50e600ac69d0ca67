"""The doctor, on the mock and as a command against a simulator."""

import json

import pytest
from click.testing import CliRunner

from ibkr.cli import cli
from ibkr.doctor import REMEDIES, SAFE_STEPS, TRADE, examine
from ibkr.mock_ib_client import MockIBKRClient
from ibkr.models import Contract

AAPL = Contract.stock("AAPL")


@pytest.fixture
def client():
    client = MockIBKRClient()
    client.set_quote(AAPL, bid="190.00", ask="190.05")
    return client


def examined(client, *, trade=False):
    return examine(client, AAPL, seconds=0.01, trade=trade, quiet=False)


def test_a_healthy_gateway_is_examined_without_a_trade(client, capsys) -> None:
    summary = examined(client)
    told = capsys.readouterr().out.splitlines()
    lines = [line for line in told if line.startswith(("ok", "failed", "left out"))]
    assert summary.succeeded
    assert (summary.cancelled, summary.filled_price) == (True, None)
    assert str(summary.resting_limit) == "95.00"
    assert [line.split()[0] for line in lines] == ["ok"] * 5 + ["left"]


def test_one_share_is_bought_only_when_asked_for(client) -> None:
    assert examined(client, trade=True).filled_quantity == 1


@pytest.mark.parametrize(
    ("spoil", "step"),
    [
        (lambda client: client.refuse_connections(1), "connect"),
        (lambda client: client.refuse_market_data(AAPL, 354, "No."), "quotes"),
        (lambda client: client.reject_next_order(201, "No."), "cancel"),
    ],
)
def test_a_step_that_fails_is_named_with_its_remedy(client, capsys, spoil, step) -> None:
    spoil(client)
    summary = examined(client)
    told = capsys.readouterr().out
    assert summary.failed_step == step
    assert f"failed   {step}: " in told
    assert f"remedy   {REMEDIES[step]}" in told
    assert client.state == "closed"


def test_every_step_has_a_remedy() -> None:
    assert set(REMEDIES) == {*SAFE_STEPS, TRADE}


def command(*arguments: str):
    return CliRunner().invoke(cli, ["doctor", *arguments], env={"IBKR_CONNECT_ATTEMPTS": "1"})


def test_the_command_says_the_truth_by_its_exit_status(ib_gateway) -> None:
    port = str(ib_gateway.port)
    well = command("--port", port, "--seconds", "0.2", "--trade", "--json")
    assert well.exit_code == 0, well.output
    assert json.loads(well.stdout)["filled_quantity"] == "1"
    ib_gateway.close()
    ill = command("--port", port)
    assert ill.exit_code == 1
    assert "failed   connect" in ill.output


def test_a_journal_that_does_not_serve_is_one_line_and_exit_status_2() -> None:
    refused = CliRunner().invoke(cli, ["doctor"], env={"IBKR_JOURNAL": "/nowhere/journal"})
    assert refused.exit_code == 2
    assert "make its directory" in refused.stderr


def test_a_symbol_that_is_none_is_refused() -> None:
    refused = command("--symbol", "")
    assert refused.exit_code == 2
    assert "symbol" in refused.output
