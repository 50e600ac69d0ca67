"""The command `ibkr contract`: joins suite, record, page and progress.

It decides nothing about the results. Rule: the files are written however a run ended that
had begun, and the exit status says whether the results are ok: 0 yes, 1 no, 2 nothing was run.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import click
from pydantic import ValidationError
from rich.console import Console

from ibkr.contract.page import render
from ibkr.contract.results import Results, merged
from ibkr.contract.suite import TOLD_TO_STOP, NoSuite, Plan, find_suite, run
from ibkr.contract.view import View, say, summary_lines, view_on
from ibkr.library import LIBRARIES

_EXISTING = click.Path(exists=True, path_type=Path)


class CannotRun(click.ClickException):
    exit_code = 2


@click.command()
@click.option("--tier", "tiers", multiple=True, help="Run this tier only; may be repeated.")
@click.option(
    "--python",
    "pythons",
    multiple=True,
    metavar="PATH",
    help="The interpreter of an environment to run in; may be repeated, for one run in each.",
)
@click.option("--library", type=click.Choice(LIBRARIES), help="The client library to run on.")
@click.option(
    "--suite",
    type=click.Path(path_type=Path),
    help="The checkout whose suite is run.  [default: around the working directory]",
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True)
@click.option(
    "--add",
    "added",
    type=_EXISTING,
    multiple=True,
    help="Show these results.json of earlier runs as well; may be repeated.",
)
@click.option("--only-added", is_flag=True, help="Run nothing: join the added results.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("contract-report"),
    show_default=True,
    help="The directory for index.html and results.json.",
)
def contract(
    *,
    tiers: tuple[str, ...],
    pythons: tuple[str, ...],
    library: str | None,
    suite: Path | None,
    workers: int,
    added: tuple[Path, ...],
    only_added: bool,
    output: Path,
) -> None:
    """Run the contracts on every tier, and write one page and one JSON file about it.

    One environment has one client library: name the interpreters of several with --python,
    or run in each, and --add the results of the others.
    """
    if only_added and not added:
        raise CannotRun("--only-added needs results to show: name them with --add")
    earlier = [_read(path) for path in added]
    console = Console()
    try:
        where = None if only_added else find_suite(suite)
        plans = [
            Plan(suite=where, tiers=tiers, library=library, workers=workers, **python)
            for python in ([{"python": one} for one in pythons] or [{}])
            if where is not None
        ]
    except NoSuite as error:
        raise CannotRun(str(error)) from None
    _check_place(output)
    with view_on(console) as view:
        ran = _run_all(plans, view)
    results = merged([*ran, *earlier])
    if ran and not any(run.started for run in results.runs):
        raise CannotRun("; ".join(text for run in results.runs for text in run.problems))
    for line in summary_lines(results):
        say(console, line)
    say(console, f"the page: {_write(results, output)}")
    if not results.ok:
        raise click.exceptions.Exit(1)


def _run_all(plans: Sequence[Plan], view: View) -> list[Results]:
    """The runs, one after another, until one is told to stop."""
    ran: list[Results] = []
    for plan in plans:
        view.begin(f"contracts with {plan.python}")
        ran.append(run(plan, view.result))
        if any(TOLD_TO_STOP in one.problems for one in ran[-1].runs):
            break
    return ran


def _check_place(output: Path) -> None:
    """What can be known before a run of minutes; raises CannotRun."""
    nearest = next(place for place in (output, *output.parents) if place.exists())
    if not nearest.is_dir():
        reason = f"{nearest} is no directory"
    elif not os.access(nearest, os.W_OK | os.X_OK):
        reason = f"{nearest} may not be written by this user"
    else:
        return
    raise CannotRun(f"cannot write to {output}: {reason}. Choose another --output")


def _read(path: Path) -> Results:
    try:
        return Results.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        first = str(error).splitlines()[0]
        raise CannotRun(
            f"--add {path} is no results file of schema version 1 ({first}): "
            "name a results.json that ibkr contract has written"
        ) from None


def _write(results: Results, output: Path) -> Path:
    page = output / "index.html"
    try:
        output.mkdir(parents=True, exist_ok=True)
        page.write_text(render(results), encoding="utf-8")
        (output / "results.json").write_text(
            results.model_dump_json(indent=1) + "\n", encoding="utf-8"
        )
    except OSError as error:
        raise CannotRun(
            f"cannot write to {output}: {error.strerror}. Choose another --output"
        ) from None
    return page
