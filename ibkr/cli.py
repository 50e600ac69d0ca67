"""The `ibkr` command: the composition root, where settings, client, app and logs meet.

Nothing but commands reads the environment, and nothing else configures logging.
Rule: the exit status tells the truth: 0 done, 1 failed, 2 not started; with one clear line.
"""

import asyncio
import json
import socket
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from math import isnan
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr
from rich.console import Console

from ibkr.app import AppServer, Tokens, create_app
from ibkr.command_settings import CannotStart, read_settings
from ibkr.contract.command import contract
from ibkr.demo import DemoFailed, DemoSummary, View, local_simulator, run_demo
from ibkr.demo_view import LiveView, PlainView, SilentView, summary_lines
from ibkr.doctor import examine, report
from ibkr.errors import IBKRError, JournalError
from ibkr.halt_command import halt, resume
from ibkr.ib_client import IBKRClient
from ibkr.library import LibraryMissing
from ibkr.logs import LogFormat, configure
from ibkr.models import Contract
from ibkr.orders_command import orders
from ibkr.settings import Settings

_TOKEN_LEAST = 16

_SIMULATOR_ONLY = {"account": "", "read_only": False, "journal": None, "kill_switch": None}
"""What a simulator of our own does not share with the gateway that is set."""

_PAPER_ONLY = {"allow_live": False, "live_account": ""}

_LEVELS = click.Choice(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], case_sensitive=False)
_log_level = click.option("--log-level", type=_LEVELS, help="What is logged to standard error.")
_log_format = click.option(
    "--log-format", type=click.Choice(["console", "json"]), default="console", show_default=True
)


class Seconds(click.FloatRange):
    """A range lets nan through, which is neither below nor above anything."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        seconds = float(super().convert(value, param, ctx))
        if isnan(seconds):
            self.fail("nan is no number of seconds", param, ctx)
        return seconds


def _version() -> str:
    try:
        return version("ibkr-testbed")
    except PackageNotFoundError:
        return "unknown (not installed)"


@click.group()
@click.version_option(_version(), prog_name="ibkr")
def cli() -> None:
    """A client for IB Gateway: serve it over HTTP, watch it work, or hold it to its contracts."""


def _client(settings: Settings) -> IBKRClient:
    try:
        return IBKRClient(settings)
    except LibraryMissing as error:
        raise CannotStart(str(error)) from None
    except JournalError as error:
        raise CannotStart(error.message) from None


@cli.command()
@click.option("--host", "app_host", help="Address the app listens on.  [env: IBKR_APP_HOST]")
@click.option(
    "--port", "app_port", type=click.IntRange(0, 65535), help="Its port.  [env: IBKR_APP_PORT]"
)
@click.option(
    "--token-file",
    "app_token_file",
    type=click.Path(path_type=Path),
    help="File with the token that may trade.  [env: IBKR_APP_TOKEN_FILE]",
)
@click.option(
    "--read-token-file",
    "app_read_token_file",
    type=click.Path(path_type=Path),
    help="File with a token that may only read.  [env: IBKR_APP_READ_TOKEN_FILE]",
)
@_log_level
@_log_format
def serve(log_format: LogFormat, **given: Any) -> None:
    """Serve the HTTP app.

    The gateway is set by IBKR_HOST, IBKR_PORT, IBKR_CLIENT_ID and so on. Without a trade
    token, of a file or of IBKR_APP_TOKEN, the app shows quotes and takes no orders.
    """
    settings = read_settings(**given)
    configure(settings.log_level, log_format)
    tokens = _tokens(settings)
    _check_app_host(settings, tokens)
    client = _client(settings)
    with _listen(settings.app_host, settings.app_port) as listener:
        app = create_app(client, allowed_hosts=settings.app_allowed_hosts, tokens=tokens)
        host, port = listener.getsockname()[:2]
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        trading = "on" if tokens.trade else "off, set IBKR_APP_TOKEN or IBKR_APP_TOKEN_FILE"
        click.echo(f"listening on http://{place}, trading: {trading}", err=True)
        AppServer(app).serve_on(listener)


def _tokens(settings: Settings) -> Tokens:
    trade = _token("app_token", settings.app_token, settings.app_token_file)
    read = _token("app_read_token", settings.app_read_token, settings.app_read_token_file)
    if trade and trade == read:
        raise CannotStart("app_read_token is the token that may trade; make it another one")
    return Tokens.of(trade=trade, read=read)


def _token(name: str, given: SecretStr | None, file: Path | None) -> str:
    """The token itself, or empty where none is set; no message ever shows it."""
    if given is not None and file is not None:
        raise CannotStart(f"{name} and {name}_file are both set; keep one of them")
    if given is None and file is None:
        return ""
    try:
        token = given.get_secret_value() if given else file.read_text("utf-8") if file else ""
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise CannotStart(f"{name}_file {file} cannot be read: {reason}") from None
    token = token.strip()
    if len(token) < _TOKEN_LEAST or not token.isascii() or not token.isprintable() or " " in token:
        raise CannotStart(
            f"{name} must have at least {_TOKEN_LEAST} ASCII characters and no spaces; "
            "make one with: openssl rand -hex 32"
        )
    return token


def _check_app_host(settings: Settings, tokens: Tokens) -> None:
    try:
        loopback = ip_address(settings.app_host).is_loopback
    except ValueError:
        loopback = settings.app_host == "localhost"
    if loopback:
        return
    if not settings.app_allow_remote:
        raise CannotStart(
            f"{settings.app_host} is not a loopback address, and whoever reaches this app can "
            "trade. Set IBKR_APP_ALLOW_REMOTE=true if that is what you want"
        )
    if tokens == Tokens():
        raise CannotStart(
            f"{settings.app_host} is not a loopback address, and this app has no token: anyone "
            "could use it. Set IBKR_APP_TOKEN_FILE, or IBKR_APP_READ_TOKEN_FILE to read only"
        )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"cannot listen on {host}:{port}: {error.strerror}. Choose another --host or --port"
        ) from None
    return listener


@cli.command()
@click.option("--host", help="A running gateway; without it a simulator is started.")
@click.option("--port", type=click.IntRange(1, 65535), help="Its port.")
@click.option("--client-id", type=click.IntRange(0), help="The API client id.")
@click.option("--symbol", default="AAPL", show_default=True, help="A US stock.")
@click.option(
    "--seconds",
    type=Seconds(0.1, 3600),
    default=5.0,
    show_default=True,
    help="How long quotes are shown.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.option(
    "--log-level", type=_LEVELS, default="WARNING", show_default=True, help="Logs on stderr."
)
@_log_format
def demo(
    host: str | None,
    port: int | None,
    client_id: int | None,
    symbol: str,
    seconds: float,
    *,
    as_json: bool,
    log_level: str,
    log_format: LogFormat,
) -> None:
    """Connect, watch quotes, buy one share, rest an order and cancel it. Paper accounts only."""
    configure(log_level, log_format)
    try:
        contract = Contract.stock(symbol)
    except IBKRError as error:
        raise CannotStart(str(error)) from None
    given = {"host": host, "port": port, "client_id": client_id}
    summary = asyncio.run(_demo(given, contract, seconds, as_json=as_json))
    _show(summary, as_json=as_json)


async def _demo(
    given: dict[str, Any], contract: Contract, seconds: float, *, as_json: bool
) -> DemoSummary:
    async with AsyncExitStack() as stack:
        if given["host"] is None and given["port"] is None:
            try:
                host, port = await stack.enter_async_context(local_simulator())
            except DemoFailed as error:
                return DemoSummary(
                    symbol=contract.symbol, failed_step="simulator", error=str(error)
                )
            settings = read_settings(**given | {"host": host, "port": port}, **_PAPER_ONLY)
            settings = settings.model_copy(update=_SIMULATOR_ONLY)
        else:
            settings = read_settings(**given, **_PAPER_ONLY)
        client = _client(settings)
        with _view(as_json=as_json) as view:
            return await run_demo(client, contract, seconds=seconds, view=view)


def _view(*, as_json: bool) -> AbstractContextManager[View]:
    if as_json:
        return nullcontext(SilentView())
    console = Console()
    return LiveView(console) if console.is_terminal else nullcontext(PlainView(console))


def _show(summary: DemoSummary, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(summary.as_json()))
    else:
        click.echo("\n".join(summary_lines(summary)))
    if not summary.succeeded:
        raise click.ClickException(f"step '{summary.failed_step}' failed: {summary.error}")


for _command in (contract, halt, orders, resume):
    cli.add_command(_command)


@cli.command()
@click.option("--host", help="Where the gateway runs.  [env: IBKR_HOST]")
@click.option("--port", type=click.IntRange(1, 65535), help="Its port.  [env: IBKR_PORT]")
@click.option("--client-id", type=click.IntRange(0), help="The API client id.")
@click.option("--symbol", default="AAPL", show_default=True, help="A US stock.")
@click.option(
    "--seconds",
    type=Seconds(0.1, 3600),
    default=3.0,
    show_default=True,
    help="How long quotes are watched.",
)
@click.option("--trade", is_flag=True, help="Buy one share at the market, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@click.option(
    "--log-level", type=_LEVELS, default="CRITICAL", show_default=True, help="Logs on stderr."
)
def doctor(
    host: str | None,
    port: int | None,
    client_id: int | None,
    symbol: str,
    seconds: float,
    *,
    trade: bool,
    as_json: bool,
    log_level: str,
) -> None:
    """Examine a gateway: connect, watch quotes, place and cancel an order. Paper accounts only."""
    configure(log_level, "console")
    try:
        contract = Contract.stock(symbol)
    except IBKRError as error:
        raise CannotStart(str(error)) from None
    settings = read_settings(host=host, port=port, client_id=client_id, **_PAPER_ONLY)
    summary = examine(_client(settings), contract, seconds=seconds, trade=trade, quiet=as_json)
    report(summary, as_json=as_json)


def main() -> None:
    """Entry point of the `ibkr` command."""
    cli()


if __name__ == "__main__":
    main()
