"""`ibkr halt` and `ibkr resume`: the hand on the kill switch.

They talk to no client: the switch is a file, and every client looks for it before each order.
Rule: what they print is so when they return.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ibkr import kill_switch
from ibkr.command_settings import CannotStart, read_settings

_switch = click.option(
    "--kill-switch",
    "given",
    type=click.Path(path_type=Path),
    help="The file.  [env: IBKR_KILL_SWITCH]",
)


@click.command()
@_switch
@click.option("--reason", default="halted by hand", show_default=True, help="Shown to callers.")
def halt(given: Path | None, reason: str) -> None:
    """Stop new orders of every client with this kill switch; cancels still go out."""
    path = _path(given)
    with _explained(path):
        kill_switch.halt(path, reason)
    click.echo(f"trading is halted by {path.absolute()}")


@click.command()
@_switch
def resume(given: Path | None) -> None:
    """Let orders go out again."""
    path = _path(given)
    with _explained(path):
        was_halted = kill_switch.resume(path)
    click.echo("trading is on again" if was_halted else "trading was not halted")


def _path(given: Path | None) -> Path:
    path = read_settings(kill_switch=given).kill_switch
    if path is None:
        raise CannotStart(
            "no kill switch is named: give --kill-switch FILE, or set IBKR_KILL_SWITCH"
        )
    return path


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except IsADirectoryError:
        raise click.ClickException(
            f"kill switch {path} is a directory, which halts trading and cannot be changed; "
            "remove it, or name a file"
        ) from None
    except OSError as error:
        raise click.ClickException(
            f"kill switch {path} cannot be changed: {error.strerror}; "
            "make its directory and allow this user to write there"
        ) from None
