"""The `ibkr doctor` command: examines a gateway as it will be used, with a paper account.

It connects, watches quotes, and rests an order far from the market and cancels it; one share
is bought only when that is asked for. The steps are those of the demonstration.
Rule: each step says ok or failed, with the remedy, and the exit status says it too.
"""

import asyncio
import json

import click

from ibkr.demo import DemoSummary, run_demo
from ibkr.models import Contract, Quote
from ibkr.protocol import IBKRClientProtocol

SAFE_STEPS = ("connect", "quotes", "cancel")
TRADE = "market order"

REMEDIES = {
    "connect": "start IB Gateway, log it in to a paper account, allow API clients in its "
    "settings (Enable ActiveX and Socket Clients), and give its --host and --port",
    "quotes": "see that the account has market data for the symbol, or ask for delayed data "
    "with IBKR_MARKET_DATA_TYPE=3",
    "cancel": "see that Read-Only API is off in the gateway's settings, and that the account "
    "may trade the symbol; look in TWS whether an order is left",
    TRADE: "see that the exchange is open, and look in TWS whether an order is left",
}


class _Examination:
    """Prints steps as they are taken; quotes are only counted."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def step(self, text: str) -> None:
        self.line("ok", text)

    def quote(self, quote: Quote, count: int) -> None:
        """The first one is worth a line."""
        if count == 1:
            self.line("ok", f"{quote.contract.symbol} is quoted {quote.bid} to {quote.ask}")

    def line(self, mark: str, text: str) -> None:
        if not self._quiet:
            click.echo(f"{mark:<8} {text}")


def examine(
    client: IBKRClientProtocol, contract: Contract, *, seconds: float, trade: bool, quiet: bool
) -> DemoSummary:
    """Take the steps on a client that is not connected yet, and say how each went."""
    view = _Examination(quiet=quiet)
    steps = (*SAFE_STEPS, TRADE) if trade else SAFE_STEPS
    summary = asyncio.run(run_demo(client, contract, seconds=seconds, view=view, steps=steps))
    if summary.failed_step:
        view.line("failed", f"{summary.failed_step}: {summary.error}")
        view.line("remedy", REMEDIES[summary.failed_step])
    elif not trade:
        view.line("left out", "buying one share at the market: give --trade for that")
    return summary


def report(summary: DemoSummary, *, as_json: bool) -> None:
    """The JSON object, if asked for, and the exit status. Raises ClickException on a failure."""
    if as_json:
        remedy = REMEDIES.get(summary.failed_step, "")
        click.echo(json.dumps(summary.as_json() | {"remedy": remedy}))
    if not summary.succeeded:
        raise click.ClickException(f"step '{summary.failed_step}' failed: {summary.error}")
