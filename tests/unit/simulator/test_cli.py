"""The command as a user runs it: in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import httpx
import pytest
from click.testing import CliRunner

from simulator import Simulator, WorldSettings
from simulator.broker import Rules
from simulator.cli import cli
from simulator.commissions import Plan
from simulator.ledger import AccountKind, MarginModel, Terms
from simulator.wire import frame

COMMAND = [sys.executable, "-m", "simulator", "serve"]
PATIENCE_S = 30


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def refused(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_says_once_that_it_is_ready_and_stops_when_told(stop: signal.Signals) -> None:
    with running("--port", "0", "--account", "DU9000003", "--seed", "3") as process:
        ready = json.loads(process.stdout.readline())
        control = ready.pop("control")
        assert ready == {
            "event": "ready",
            "host": "127.0.0.1",
            "port": ready["port"],
            "account": "DU9000003",
            "server_version": 178,
            "master_client_id": None,
        }
        assert control.startswith("http://127.0.0.1:")
        with socket.create_connection(("127.0.0.1", ready["port"]), timeout=PATIENCE_S):
            os.kill(process.pid, stop)
            rest, logs = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        assert rest == ""
        assert "Traceback" not in logs


def test_a_port_in_use_is_one_clear_line_and_exit_status_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for arguments in (("--port", port), ("--port", "0", "--control-port", port)):
            result = refused(*arguments)
            assert result.returncode == 2
            assert result.stdout == ""
            (line,) = result.stderr.splitlines()
            assert port in line
            assert "in use" in line


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--account", "U1234567"), "not a paper account"),
        (("--server-version", "201"), "157<=x<=200"),
        (("--clock", "sundial"), "'real', 'manual'"),
        (("--port", "7496"), "live gateways"),
        (("--host", "256.0.0.1", "--port", "0"), "256.0.0.1"),
        (("--fill-model", "kind"), "'paper', 'pessimistic', 'queue', 'scripted'"),
        (("--cancel-latency", "-1"), "--cancel-latency"),
        (("--commission-delay", "nan"), "commission_delay_s must be seconds"),
        (("--price-collar", "0"), "--price-collar"),
        (("--account-type", "joint"), "'margin', 'cash'"),
        (("--margin", "reg_t"), "'reg-t', 'portfolio'"),
        (("--commissions", "none"), "'fixed', 'tiered'"),
        (("--control-host", "0.0.0.0"), "give a token with --control-token-file"),  # noqa: S104
        (("--control-token-file", "/no/such/file"), "cannot read the token from /no/such/file"),
        (("--host", ".a..b", "--port", "0"), "cannot listen on .a..b: it is no host name"),
        (("--master-client-id", "-5"), "--master-client-id"),
    ],
)
def test_wrong_use_is_told_in_one_line_and_exit_status_2(arguments, named) -> None:
    result = refused(*arguments)
    assert result.returncode == 2
    assert named in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("content", ["", "short", "two tokens-of-sixteen", "p\u00e4sswort" * 3])
def test_a_poor_token_is_refused_with_the_way_to_a_good_one(tmp_path, content) -> None:
    token_file = tmp_path / "token"
    token_file.write_text(content, "utf-8")
    result = refused("--control-token-file", str(token_file))
    assert result.returncode == 2
    assert str(token_file) in result.stderr
    assert not content or content not in result.stderr


def test_a_control_plane_beyond_loopback_answers_to_its_token_only(tmp_path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("a-token-of-some-length\n")
    arguments = ("--port", "0", "--control-host", "0.0.0.0", "--control-allowed-host", "gateway")  # noqa: S104
    with running(*arguments, "--control-token-file", str(token_file)) as process:
        port = json.loads(process.stdout.readline())["control"].rpartition(":")[2]
        url = f"http://127.0.0.1:{port}/state"
        bearer = {"Authorization": "Bearer a-token-of-some-length"}
        statuses = [
            httpx.get(url, headers=headers, trust_env=False, timeout=PATIENCE_S).status_code
            for headers in ({}, bearer, bearer | {"Host": "gateway"}, bearer | {"Host": "evil"})
        ]
        process.terminate()
        logs = process.communicate(timeout=PATIENCE_S)[1]
    assert statuses == [401, 200, 200, 400]
    assert "a-token-of-some-length" not in logs


def test_a_gateway_that_drops_whom_it_cannot_read() -> None:
    arguments = ("--port", "0", "--drop-unreadable", "--withhold", "OPT", "--withhold", "AAPL")
    with running(*arguments) as process:
        port = json.loads(process.stdout.readline())["port"]
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as peer:
            peer.sendall(b"API\0" + frame(b"v157..178") + frame(b"71\x002\x001\x00\x00"))
            peer.sendall(frame(b"9\0x\0"))
            received = b"".join(iter(lambda: peer.recv(65536), b""))
    assert b"\x00320\0Error reading request. Unable to parse data. " in received


def test_the_rules_of_the_broker_are_options(monkeypatch) -> None:
    """In this process, so that what was understood can be seen."""
    served = []

    async def note(simulator: Simulator) -> None:
        served.append(simulator.world.settings)

    monkeypatch.setattr("simulator.cli._serve", note)
    monkeypatch.setattr("simulator.cli.configure_logging", lambda _: None)
    options = (
        "--fill-model queue --cancel-latency 0.5 --price-collar 3 --no-funds-check "
        "--account-type cash --margin portfolio --commissions tiered --commission-delay 2 "
        "--repeat-status"
    )
    for arguments in (options.split(), []):
        result = CliRunner().invoke(cli, ["serve", *arguments])
        assert (result.exit_code, result.output) == (0, "")
    changed, usual = served
    assert usual == WorldSettings()
    assert (changed.commission_delay_ms, changed.repeats_status) == (2000, True)
    assert changed.rules == Rules(
        fill_model="queue",
        cancel_latency_ms=500,
        price_collar=Decimal("0.03"),
        checks_funds=False,
        terms=Terms(AccountKind.CASH, MarginModel.PORTFOLIO, Plan.TIERED),
    )


def test_each_option_says_what_it_is_for() -> None:
    text = CliRunner().invoke(cli, ["serve", "--help"]).output
    for option in ("--fill-model", "--cancel-latency SECONDS", "--price-collar PERCENT"):
        assert option in text


def test_a_permission_that_nobody_knows_is_one_clear_line() -> None:
    result = refused("--port", "0", "--withhold", "options")
    assert result.returncode == 2
    assert "withheld 'options'" in result.stderr
    assert "OPT" in result.stderr


def test_a_state_file_is_held_by_one_process_and_given_back_at_its_end(tmp_path) -> None:
    path = tmp_path / "desk.db"
    arguments = ("--port", "0", "--seed", "3", "--state", str(path))
    with running(*arguments) as process:
        assert json.loads(process.stdout.readline())["event"] == "ready"
        result = refused(*arguments)
        assert result.returncode == 2
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"Error: state file {path} is in use by process {process.pid} ")
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
    assert [*tmp_path.iterdir()] == [path]
    with running(*arguments) as process:
        assert json.loads(process.stdout.readline())["event"] == "ready"


def test_a_state_file_that_cannot_be_is_one_clear_line_and_exit_status_2(tmp_path) -> None:
    result = refused("--port", "0", "--state", str(tmp_path))
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line == f"Error: state file {tmp_path} is a directory; name a file in it"
