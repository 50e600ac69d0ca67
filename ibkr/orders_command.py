"""`ibkr orders`: what an operator reads in a journal, and the little that may be changed there.

It knows no gateway. Rule: whatever changes something takes the journal first, so it is refused
while a client is at work; and what a person says of an order is kept as said by a person.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click
from rich.console import Console

from ibkr import orders_view
from ibkr.command_settings import CannotStart, read_settings
from ibkr.entries import Entry, Outcome
from ibkr.errors import JournalError
from ibkr.journal import Journal
from ibkr.journal_forms import decimal_text

_journal = click.option(
    "--journal",
    type=click.Path(path_type=Path),
    help="The file.  [env: IBKR_JOURNAL]",
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(invoke_without_command=True)
@_journal
@click.option("--open", "only_open", is_flag=True, help="Only orders that are not settled.")
@_as_json
@click.pass_context
def orders(context: click.Context, journal: Path | None, *, only_open: bool, as_json: bool) -> None:
    """List the orders a client has kept in its journal, and what became of each.

    The file may be in use. The commands below look closer, or tidy up.
    """
    context.obj = journal
    command = context.invoked_subcommand
    if command is not None:
        if only_open or as_json:
            raise click.UsageError(
                f"--open and --json before {command} say nothing: give {command} its own options"
            )
        return
    with _opened(journal) as kept:
        entries = kept.open_entries() if only_open else kept.entries()
        counts = kept.counts()
    if as_json:
        click.echo(json.dumps(orders_view.as_json(entries, counts)))
        return
    console = _console()
    console.print(orders_view.table(entries))
    console.print(orders_view.summary(counts, sum(entry.is_doubtful for entry in entries)))


@orders.command()
@click.argument("name", metavar="REFERENCE")
@_journal
@_as_json
@click.pass_obj
def show(group_journal: Path | None, name: str, journal: Path | None, *, as_json: bool) -> None:
    """Tell the whole story of an order, by its reference or its key."""
    with _opened(journal or group_journal) as kept:
        entry = _find(kept, name)
        story = kept.story(entry.reference)
    if as_json:
        click.echo(json.dumps(orders_view.story_as_json(entry, story)))
        return
    console = _console()
    console.print(orders_view.table([entry]))
    console.print()
    console.print(orders_view.story_table(story))


@orders.command()
@click.argument("name", metavar="REFERENCE")
@click.option(
    "--as",
    "outcome",
    type=click.Choice([outcome.value for outcome in Outcome]),
    required=True,
    help="What the broker's own records say of it.",
)
@click.option("--filled", help="How much of a cancelled order was filled.  [default: 0]")
@click.option("--reason", required=True, help="How you know; kept in the journal.")
@_journal
@click.pass_obj
def close(
    group_journal: Path | None,
    name: str,
    *,
    outcome: str,
    filled: str | None,
    reason: str,
    journal: Path | None,
) -> None:
    """Close an order by hand that is in doubt, or whose end nobody saw.

    Look it up at the broker first.

    Stop the client first. Should the gateway show the order later on, the gateway is right.
    """
    with _taken(journal or group_journal) as kept:
        entry = _find(kept, name)
        if not entry.is_doubtful and (entry.is_settled or entry.order_id is None):
            raise CannotStart(
                f"order {entry.reference} is {orders_view.state_of(entry)}; "
                "only orders that are open or in doubt are closed by hand"
            )
        if not reason.strip():
            raise CannotStart("--reason is empty: say how you know")
        detail = {
            "as": outcome,
            "filled": decimal_text(_filled(entry, Outcome(outcome), filled)),
            "reason": reason.strip(),
        }
        kept.event(entry.reference, "closed", detail, datetime.now(UTC), is_open=False)
    click.echo(f"order {entry.reference} is closed as {outcome}")


def _filled(entry: Entry, outcome: Outcome, given: str | None) -> Decimal:
    if given is not None and outcome is not Outcome.CANCELLED:
        raise CannotStart("--filled goes with --as cancelled only")
    if outcome is Outcome.FILLED:
        return entry.order.quantity
    if outcome is Outcome.NOT_ACCEPTED and (entry.filled or entry.acknowledged):
        raise CannotStart(
            f"order {entry.reference} was shown by the gateway, so it was accepted; "
            "close it as cancelled or filled"
        )
    try:
        filled = entry.filled if given is None else Decimal(given)
    except InvalidOperation:
        filled = Decimal("NaN")
    if not (filled.is_finite() and entry.filled <= filled < entry.order.quantity):
        raise CannotStart(
            f"--filled is a number from {decimal_text(entry.filled)} to below the quantity "
            f"{decimal_text(entry.order.quantity)}"
        )
    return filled


@orders.command()
@click.argument("file", type=click.Path(path_type=Path))
@_journal
@click.pass_obj
def backup(group_journal: Path | None, file: Path, journal: Path | None) -> None:
    """Copy the journal to a new FILE, also while a client is at work."""
    with _opened(journal or group_journal) as kept:
        kept.back_up(file)
        count = kept.counts().intents
    click.echo(f"{file} has {count} orders")


@orders.command()
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="Orders placed before this day (UTC) and not heard of since.",
)
@_journal
@click.pass_obj
def prune(group_journal: Path | None, before: datetime, journal: Path | None) -> None:
    """Remove old settled orders; their keys count as new again.

    Stop the client first, and make a backup. Orders that are open or in doubt stay.
    """
    with _taken(journal or group_journal) as kept:
        count = kept.prune(before.replace(tzinfo=UTC))
    click.echo(f"removed {count} settled orders")


# --- the file -------------------------------------------------------------------------------


@contextmanager
def _opened(journal: Path | None) -> Iterator[Journal]:
    path = read_settings(journal=journal).journal
    if path is None:
        raise CannotStart("no journal is named: give --journal FILE, or set IBKR_JOURNAL")
    try:
        kept = Journal(path, must_exist=True)
        try:
            yield kept
        finally:
            kept.close()
    except JournalError as error:
        raise CannotStart(error.message) from None


@contextmanager
def _taken(journal: Path | None) -> Iterator[Journal]:
    """Refused while a client has it."""
    with _opened(journal) as kept:
        kept.take()
        yield kept


def _find(kept: Journal, name: str) -> Entry:
    entry = kept.by_reference(name) or kept.by_key(name)
    if entry is None:
        raise CannotStart(
            f"journal {kept.path} has no order {name}: give a reference or a key of `ibkr orders`"
        )
    return entry


def _console() -> Console:
    return Console(soft_wrap=True, markup=False, highlight=False)
