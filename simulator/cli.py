"""The `ibkr-sim` command."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from pathlib import Path
from typing import Any

import click
import structlog

from simulator.control.access import LOOPBACK, AccessError, ControlAccess, token_of
from simulator.matching import MODELS
from simulator.server import DEFAULT_HOST, Simulator
from simulator.session import DEFAULT_VERSION, MAX_VERSION, MIN_VERSION
from simulator.world import World
from simulator.world_settings import (
    ACCOUNT_TYPES,
    COMMISSIONS,
    MARGINS,
    WorldError,
    settings_of,
)

LIVE_PORTS = frozenset({4001, 7496})
LOG_LEVELS = ("debug", "info", "warning", "error")


class CannotStart(click.ClickException):
    exit_code = 2


class StateLost(click.ClickException):
    """The state file cannot be written any more; what was told to clients is in it."""

    exit_code = 3


@click.group()
@click.version_option(package_name="ibkr-testbed", prog_name="ibkr-sim")
def cli() -> None:
    """A fake IB Gateway that speaks the real TWS wire protocol."""


@cli.command()
@click.option("--host", default=DEFAULT_HOST, show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=4002,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--control-port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port of the HTTP control plane; 0 takes a free one.",
)
@click.option(
    "--control-host",
    default=LOOPBACK,
    show_default=True,
    help="Address of the control plane; beyond loopback it needs --control-token-file.",
)
@click.option(
    "--control-token-file",
    type=click.Path(path_type=Path),
    help="File with the bearer token that every call of the control plane must carry.",
)
@click.option(
    "--control-allowed-host",
    "control_allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="Host name the control plane answers to besides loopback, `*` for any; repeatable.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Decides prices and ids.")
@click.option(
    "--server-version",
    type=click.IntRange(MIN_VERSION, MAX_VERSION),
    default=DEFAULT_VERSION,
    show_default=True,
    help="Highest protocol version offered.",
)
@click.option(
    "--clock",
    type=click.Choice(["real", "manual"]),
    default="real",
    show_default=True,
    help="A manual clock moves only through the control plane.",
)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    default=("DU9000001",),
    show_default=True,
    help="Paper account of the login; may be given several times.",
)
@click.option(
    "--instruments",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV file of further instruments.",
)
@click.option(
    "--calendar",
    is_flag=True,
    help="Quotes stand still and orders wait when the exchange is closed; by default the "
    "market is always open.",
)
@click.option(
    "--market-data",
    type=click.Path(exists=True, path_type=Path),
    help="File or directory of quotes or bars of your own, such as AAPL.bars.csv.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    help="File that keeps orders, executions and accounts over restarts; by default they end "
    "with the process.",
)
@click.option(
    "--fill-model",
    type=click.Choice([*MODELS]),
    default="paper",
    show_default=True,
    help="How the market fills orders: as IBKR's paper account, worse, by a place in line, or "
    "only when a test says so.",
)
@click.option(
    "--cancel-latency",
    "cancel_latency_s",
    type=click.FloatRange(0),
    default=0,
    metavar="SECONDS",
    help="How long a cancel is on its way, while the order may still be filled; 0 by default.",
)
@click.option(
    "--price-collar",
    "price_collar_percent",
    type=click.FloatRange(0, 100, min_open=True),
    metavar="PERCENT",
    help="How far through the market the limit of a stock order may be; any by default.",
)
@click.option(
    "--funds-check/--no-funds-check",
    "checks_funds",
    default=True,
    show_default=True,
    help="Whether orders too large for their account are rejected (201).",
)
@click.option(
    "--account-type",
    type=click.Choice([*ACCOUNT_TYPES]),
    default="margin",
    show_default=True,
    help="A cash account pays in full and sells nothing short.",
)
@click.option(
    "--margin",
    type=click.Choice([*MARGINS]),
    default="reg-t",
    show_default=True,
    help="Margin by position, as the regulator has it, or by the risk of the portfolio.",
)
@click.option(
    "--commissions",
    type=click.Choice([*COMMISSIONS]),
    default="fixed",
    show_default=True,
    help="Price plan of the accounts.",
)
@click.option(
    "--commission-delay",
    "commission_delay_s",
    type=click.FloatRange(0),
    default=0,
    metavar="SECONDS",
    help="How long after a fill its commission is told; 0 by default.",
)
@click.option(
    "--repeat-status",
    "repeats_status",
    is_flag=True,
    help="Send what is told of an order twice, as gateways often do.",
)
@click.option(
    "--master-client-id", type=click.IntRange(0), help="Client that is told of everybody's orders."
)
@click.option("--read-only", is_flag=True, help="Refuse orders, as the read-only API setting does.")
@click.option(
    "--max-requests",
    "max_requests_per_s",
    type=click.IntRange(1),
    help="Requests a second above which a client gets error 100; no limit by default.",
)
@click.option(
    "--withhold",
    "withheld",
    multiple=True,
    help="Security type or symbol the login may not trade, or 'calendar'; repeatable.",
)
@click.option(
    "--drop-unreadable",
    "drops_unreadable",
    is_flag=True,
    help="Close a connection whose request cannot be read, as gateways before 10.28 do.",
)
@click.option(
    "--historical-pacing",
    is_flag=True,
    help="Refuse requests for history that come too fast, as a real gateway does.",
)
@click.option(
    "--faults",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON file with a list of faults to inject at the start.",
)
@click.option(
    "--log-level",
    type=click.Choice(LOG_LEVELS),
    default="info",
    show_default=True,
    help="What is logged to stderr.",
)
def serve(
    *,
    host: str,
    port: int,
    control_port: int,
    control_host: str,
    control_token_file: Path | None,
    control_allowed_hosts: tuple[str, ...],
    faults: Path | None,
    log_level: str,
    **settings: Any,
) -> None:
    """Run a gateway until SIGTERM or Ctrl-C.

    One JSON line on stdout says when it accepts connections, and where.
    """
    configure_logging(log_level)
    if port in LIVE_PORTS:
        raise CannotStart(
            f"port {port} is where live gateways listen; choose another, such as 4002"
        )
    try:
        token = token_of(control_token_file) if control_token_file is not None else None
        access = ControlAccess(control_host, token, control_allowed_hosts)
        world = World(settings_of(**settings))
    except (AccessError, WorldError) as error:
        raise CannotStart(str(error)) from None
    if faults is not None:
        inject_all(world, faults)
    simulator = Simulator(
        host=host, port=port, control_port=control_port, control_access=access, world=world
    )
    try:
        asyncio.run(_serve(simulator))
    finally:
        world.close()


def inject_all(world: World, file: Path) -> None:
    """Inject the faults of a file; a `CannotStart` says which of them cannot be, and why."""
    try:
        plain = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise CannotStart(f"--faults {file} is no JSON: {error}") from None
    if not isinstance(plain, list):
        raise CannotStart(f"--faults {file} must hold a list of faults, in brackets")
    for number, each in enumerate(plain, 1):
        try:
            world.inject_plain(each)
        except WorldError as error:
            raise CannotStart(f"--faults {file}, fault {number}: {error}") from None


async def _serve(simulator: Simulator) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_ in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_, stop.set)
    simulator.on_failure = stop.set
    try:
        await simulator.start()
    except (OSError, UnicodeError) as error:
        reason = "it is no host name"
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
        raise CannotStart(
            f"cannot listen on {simulator.host}: {reason}. "
            "Stop what listens there, or choose another --port or --control-port"
        ) from None
    settings = simulator.world.settings
    ready = {
        "event": "ready",
        "host": simulator.host,
        "port": simulator.port,
        "control": simulator.control_url,
        "account": settings.accounts[0],
        "server_version": settings.server_version,
        "master_client_id": settings.master_client_id,
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    await stop.wait()
    await simulator.stop()
    if simulator.world.failure is not None:
        raise StateLost(simulator.world.failure)


def configure_logging(level: str) -> None:
    """Structured logs on stderr: for people on a terminal, as JSON lines elsewhere."""
    if sys.stderr.isatty():
        renderer: structlog.typing.Processor = structlog.dev.ConsoleRenderer()
    else:
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def main() -> None:
    cli()
