"""Steps of what must not happen: live accounts, orders of a reader or in a halt, ids in logs."""

import logging

import pytest
import structlog
import structlog.testing
from click.testing import CliRunner
from pytest_bdd import given, parsers, then, when

from ibkr.cli import cli
from ibkr.guards import PAPER_ACCOUNT
from steps.orders import reconfigure


@pytest.fixture(autouse=True)
def log_lines():
    """What the client logs during the scenario."""
    before, capture = structlog.get_config(), structlog.testing.LogCapture()
    structlog.configure(
        processors=[capture],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        cache_logger_on_first_use=False,
    )
    yield capture.entries
    structlog.configure(**before)


@given(parsers.parse("the gateway is logged in to {account}"))
def logged_in_to(tier, run, account) -> None:
    run(tier.stage.log_in(account))


@given("I may only read")
def may_only_read(tier, run) -> None:
    run(reconfigure(tier, read_only=True))


@given(parsers.parse("I have allowed live trading of {account}"))
def allowed_live(tier, run, account) -> None:
    run(tier.configure(allow_live=True, live_account=account))


@given(parsers.parse("I mean to trade the account {account}"))
def means_account(tier, run, account) -> None:
    run(tier.configure(account=account))


@pytest.fixture
def kill_switch(tmp_path):
    return tmp_path / "halt"


@given("my orders obey a kill switch")
def obey_a_kill_switch(tier, run, kill_switch) -> None:
    run(reconfigure(tier, kill_switch=kill_switch))


def throw(kill_switch, command: str, *options: str) -> None:
    """As somebody at another terminal does."""
    words = [command, "--kill-switch", str(kill_switch), *options]
    done = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output


@when(parsers.parse("somebody halts trading because of {reason}"))
def halts_trading(kill_switch, reason) -> None:
    throw(kill_switch, "halt", "--reason", reason)


@when("somebody resumes trading")
def resumes_trading(kill_switch) -> None:
    throw(kill_switch, "resume")


@then("my account is a paper account")
def is_paper(tier, run) -> None:
    info = run(tier.client.connect())
    assert info.accounts
    assert all(PAPER_ACCOUNT.fullmatch(account) for account in info.accounts)


@then(parsers.parse("no message names {account} in full"))
def not_in_messages(memory, account) -> None:
    assert account not in str(memory.error)


@then(parsers.parse("no line of the log names {account} in full"))
def not_in_logs(log_lines, account) -> None:
    assert log_lines, "nothing was logged"
    assert not [line for line in log_lines if account in str(line)]


@then(parsers.parse("the log tells of {event}"))
def log_tells(log_lines, event) -> None:
    assert event in [line["event"] for line in log_lines]
