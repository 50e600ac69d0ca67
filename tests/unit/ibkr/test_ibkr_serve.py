"""`ibkr serve`: which tokens it takes, and what it refuses to start with."""

import pytest
from click.testing import CliRunner

from ibkr import cli, command_settings, library
from ibkr.app import Tokens
from ibkr.app.access import Scope
from ibkr.settings import Settings

TRADE, READ = "canary-trade-token-7f3a", "canary-read-token-9c1b"


def serve(*arguments, **environment):
    return CliRunner().invoke(cli.cli, ["serve", *arguments], env=environment)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"IBKR_APP_TOKEN": "short"}, "at least 16"),
        ({"IBKR_APP_TOKEN": ""}, "app_token must have"),
        ({"IBKR_APP_TOKEN": "with spaces in the middle"}, "no spaces"),
        ({"IBKR_APP_TOKEN": "ünïcödé-ünïcödé-ünïcödé"}, "ASCII"),
        ({"IBKR_APP_TOKEN": TRADE, "IBKR_APP_TOKEN_FILE": "x"}, "keep one of them"),
        ({"IBKR_APP_TOKEN_FILE": "/nowhere/token"}, "/nowhere/token cannot be read: No such"),
        ({"IBKR_APP_TOKEN": TRADE, "IBKR_APP_READ_TOKEN": TRADE}, "make it another one"),
        ({"IBKR_APP_HOST": "192.0.2.1", "IBKR_APP_TOKEN": TRADE}, "IBKR_APP_ALLOW_REMOTE=true"),
        ({"IBKR_APP_HOST": "192.0.2.1", "IBKR_APP_ALLOW_REMOTE": "true"}, "IBKR_APP_TOKEN_FILE"),
        ({"IBKR_APP_ALLOWED_HOSTS": "localhost"}, "app_allowed_hosts cannot be read: write it as"),
        ({"IBKR_JOURNAL": "/nowhere/journal"}, "journal /nowhere/journal cannot be opened or made"),
    ],
)
def test_it_refuses_to_start_with_the_remedy_and_without_the_token(environment, message):
    result = serve(**environment)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert TRADE not in result.stderr


@pytest.mark.parametrize("command", ["serve", "demo", "doctor"])
def test_a_library_that_is_not_installed_is_one_line(monkeypatch, command):
    monkeypatch.setattr(library, "find_spec", lambda _name: None)
    result = CliRunner().invoke(cli.cli, [command], env={"IBKR_PORT": "1", "IBKR_APP_PORT": "0"})
    assert result.exit_code == 2
    assert "Error: no client library is installed: pip install ib_insync" in result.stderr


def test_a_file_of_settings_that_is_no_text_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"IBKR_PORT=\xff")
    result = serve()
    assert result.exit_code == 2
    assert "Error: .env or a file in /run/secrets is not UTF-8 text" in result.stderr


def test_an_address_that_is_not_of_this_machine_is_named_with_what_to_change():
    remote = {"IBKR_APP_ALLOW_REMOTE": "true", "IBKR_APP_TOKEN": TRADE}
    result = serve("--host", "192.0.2.1", **remote)
    assert result.exit_code == 2
    assert "Choose another --host or --port" in result.stderr


def test_tokens_come_from_files_and_end_at_their_text(tmp_path):
    (tmp_path / "trade").write_text(f"{TRADE}\n")
    settings = Settings(app_token_file=tmp_path / "trade", app_read_token=READ)
    tokens = cli._tokens(settings)
    assert tokens == Tokens.of(trade=TRADE, read=READ)
    assert tokens.scopes(TRADE) == {Scope.READ, Scope.TRADE}
    assert tokens.scopes(READ) == {Scope.READ}
    assert tokens.scopes(TRADE + "\n") == set()
    assert TRADE not in repr(settings) + repr(tokens)


def test_tokens_come_from_container_secrets(tmp_path, monkeypatch):
    (tmp_path / "ibkr_app_token").write_text(TRADE)
    monkeypatch.setattr(command_settings, "SECRETS", tmp_path)
    assert cli._tokens(command_settings.read_settings()) == Tokens.of(trade=TRADE)
