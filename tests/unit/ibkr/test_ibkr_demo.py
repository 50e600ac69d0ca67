"""The demonstration against the mock, and the command around it."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from click.testing import CliRunner
from rich.console import Console

from ibkr import cli as cli_module
from ibkr import demo as demo_module
from ibkr.cli import cli
from ibkr.demo import DemoFailed, DemoSummary, run_demo
from ibkr.demo_view import LiveView, PlainView, summary_lines
from ibkr.mock_ib_client import MockIBKRClient
from ibkr.models import Contract

AAPL = Contract.stock("AAPL")


class RecordingView:
    def __init__(self):
        self.steps, self.quotes = [], []

    def step(self, text):
        self.steps.append(text)

    def quote(self, quote, count):
        self.quotes.append((quote.bid, count))


def trading_mock(**options):
    client = MockIBKRClient(**options)
    client.set_quote(AAPL, bid="190.00", ask="190.05", last="190.01")
    return client


async def run(client, view=None):
    return await run_demo(client, AAPL, seconds=0.01, view=view or RecordingView())


async def test_all_steps_are_done_told_and_undone():
    client, view = trading_mock(), RecordingView()
    summary = await run(client, view)
    assert summary.succeeded
    assert (summary.connected, summary.quotes, summary.cancelled) == (True, 1, True)
    assert (summary.filled_price, summary.commission) == (Decimal("190.05"), 1)
    assert summary.resting_limit == Decimal("95.02")
    assert view.quotes == [(190, 1)]
    assert len(view.steps) == 6
    assert "ib_orders_total 2.0" in summary.metrics
    assert client.state == "closed"


@pytest.mark.parametrize(
    ("spoil", "step", "text"),
    [
        (lambda client: client.refuse_connections(1), "connect", "refuse"),
        (lambda client: client._quotes.clear(), "quotes", "permissions"),
        (lambda client: client.reject_next_order(201, "margin"), "market order", "margin"),
    ],
)
async def test_failed_step_is_named_and_nothing_after_it_is_claimed(spoil, step, text):
    client = trading_mock()
    spoil(client)
    summary = await run(client)
    assert (summary.failed_step, summary.succeeded, summary.cancelled) == (step, False, False)
    assert text in summary.error
    assert client.state == "closed"


async def test_market_order_that_does_not_fill_is_a_failure(monkeypatch):
    monkeypatch.setattr(demo_module, "_FILL_TIMEOUT_S", 0.01)
    summary = await run(trading_mock(fill_marketable=False))
    assert summary.failed_step == "market order"
    assert summary.filled_price is None


async def test_missing_commission_is_no_failure(monkeypatch):
    monkeypatch.setattr(demo_module, "_COMMISSION_TIMEOUT_S", 0.01)
    summary = await run(trading_mock(commission=None))
    assert summary.succeeded
    assert summary.commission is None


async def test_views_draw_without_a_terminal():
    console = Console(file=None, record=True, width=120, force_terminal=True, quiet=False)
    with LiveView(console) as live:
        await run(trading_mock(), live)
    assert "190.05" in console.export_text()
    plain = Console(record=True, width=120)
    await run(trading_mock(), PlainView(plain))
    assert "bid 190.00" in plain.export_text()


def test_summary_claims_only_what_happened():
    text = "\n".join(summary_lines(DemoSummary(symbol="AAPL", failed_step="connect")))
    assert "connected: no" in text
    assert "filled" not in text
    assert "cancelled" not in text


async def test_simulator_that_does_not_start_is_named_and_stopped(monkeypatch, tmp_path):
    bad = tmp_path / "python"
    bad.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    bad.chmod(0o755)
    monkeypatch.setattr(demo_module.sys, "executable", str(bad))
    with pytest.raises(DemoFailed, match="broken"):
        await demo_module.local_simulator().__aenter__()


async def test_simulator_is_stopped_when_the_demonstration_fails(monkeypatch, tmp_path):
    fake = tmp_path / "python"
    fake.write_text('#!/bin/sh\necho "{\\"host\\": \\"h\\", \\"port\\": 5}"\nexec sleep 600\n')
    fake.chmod(0o755)
    monkeypatch.setattr(demo_module.sys, "executable", str(fake))
    processes = []
    create = asyncio.create_subprocess_exec

    async def record(*args, **options):
        processes.append(await create(*args, **options))
        return processes[-1]

    monkeypatch.setattr(demo_module.asyncio, "create_subprocess_exec", record)
    with pytest.raises(ZeroDivisionError):  # as a step that fails
        async with demo_module.local_simulator() as (_, port):
            port / 0
    assert processes[0].returncode is not None


def invoke(*arguments, **options):
    return CliRunner().invoke(cli, arguments, **options)


def test_demo_prints_one_json_object(monkeypatch):
    monkeypatch.setattr(cli_module, "IBKRClient", lambda _settings: trading_mock())
    result = invoke("demo", "--port", "4002", "--seconds", "0.1", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["filled_price"] == "190.05"


def test_the_demonstration_on_its_own_simulator_keeps_out_of_the_journal(tmp_path, monkeypatch):
    @asynccontextmanager
    async def simulator():
        yield "127.0.0.1", 4002

    made = []

    def client(settings):
        made.append(settings)
        return trading_mock(settings=settings)

    monkeypatch.setattr(cli_module, "local_simulator", simulator)
    monkeypatch.setattr(cli_module, "IBKRClient", client)
    environment = {"IBKR_JOURNAL": str(tmp_path / "orders.db"), "IBKR_READ_ONLY": "yes"}
    assert invoke("demo", "--seconds", "0.1", env=environment).exit_code == 0
    invoke("demo", "--port", "4002", "--seconds", "0.1", env=environment)
    assert [(one.journal, one.read_only) for one in made] == [
        (None, False),
        (tmp_path / "orders.db", True),
    ]


def test_demo_that_fails_says_so_and_exits_with_one(monkeypatch):
    def refusing(_settings):
        client = trading_mock()
        client.refuse_connections(1)
        return client

    monkeypatch.setattr(cli_module, "IBKRClient", refusing)
    result = invoke("demo", "--port", "4002", "--seconds", "0.1")
    assert result.exit_code == 1
    assert "step 'connect' failed" in result.stderr
    assert "connected: no" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "text"),
    [
        (["demo", "--symbol", "Ü"], {}, "symbol"),
        (["demo", "--port", "1"], {"IBKR_CLIENT_ID": "x"}, "client_id"),
        (["serve"], {"IBKR_APP_HOST": "192.0.2.1"}, "not a loopback"),
        (
            ["serve"],
            {"IBKR_ALLOW_LIVE": "true"},
            "bad settings: allow_live also needs live_account",
        ),
        (["demo", "--seconds", "nan"], {}, "nan is no number of seconds"),
        (["doctor", "--seconds", "nan"], {}, "nan is no number of seconds"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_two(arguments, environment, text):
    result = invoke(*arguments, env=environment)
    assert result.exit_code == 2
    assert text in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", ["serve --port 0", "doctor", "demo --port 9"])
@pytest.mark.parametrize(
    ("journal", "text"), [("/nowhere/journal", "make its directory"), ("", "journal: ")]
)
def test_a_journal_that_does_not_serve_is_one_line_and_exit_status_two(command, journal, text):
    result = CliRunner().invoke(cli, command.split(), env={"IBKR_JOURNAL": journal})
    assert (result.exit_code, text in result.output) == (2, True)
    assert len(result.output.splitlines()) == 1


def test_port_in_use_is_one_line_and_exit_status_two():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = invoke("serve", "--port", port)
    assert result.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr


def test_version_and_help():
    assert "ibkr, version" in invoke("--version").output
    assert "demo" in invoke("--help").output


def test_prices_are_shown_with_their_cents_and_sizes_as_they_are(capsys):
    client = trading_mock()
    quote = client.set_quote(AAPL, bid="190.5", ask="1190.525", bid_size="1200")
    PlainView(Console()).quote(quote, 1)
    shown = capsys.readouterr().out
    assert "bid 190.50  ask 1,190.525  last -  bid_size 1,200" in shown
