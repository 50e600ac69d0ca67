"""How the demonstration looks: a live table on a terminal, plain lines elsewhere, or nothing.

It knows quotes and summaries, and no client.
Rule: views only show; whether the demonstration succeeded is decided in ibkr.demo.
"""

from decimal import Decimal
from types import TracebackType
from typing import Self

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ibkr.demo import DemoSummary
from ibkr.models import Quote

_COLUMNS = ("bid", "ask", "last", "bid_size", "ask_size", "volume")


_PRICES = frozenset({"bid", "ask", "last"})
_CENTS = -2


def _shown(value: Decimal | None, name: str = "") -> str:
    """A number for people: a price with its cents, even where the last one is a zero."""
    if value is None:
        return "-"
    exponent = value.as_tuple().exponent
    is_short = isinstance(exponent, int) and exponent > _CENTS
    return f"{value:,.2f}" if name in _PRICES and is_short else f"{value:,}"


class SilentView:
    """For `--json`: only the object at the end counts."""

    def step(self, text: str) -> None:
        """Show nothing."""

    def quote(self, quote: Quote, count: int) -> None:
        """Show nothing."""


class PlainView:
    """One line for each step and each quote."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def step(self, text: str) -> None:
        self._print(text)

    def quote(self, quote: Quote, count: int) -> None:
        prices = "  ".join(f"{name} {_shown(getattr(quote, name), name)}" for name in _COLUMNS)
        self._print(f"{count:>4}  {quote.contract.symbol}  {prices}")

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class LiveView:
    """A table that is redrawn in place, with the steps below it."""

    def __init__(self, console: Console) -> None:
        self._steps: list[str] = []
        self._quote: Quote | None = None
        self._count = 0
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def step(self, text: str) -> None:
        self._steps.append(text)
        self._draw()

    def quote(self, quote: Quote, count: int) -> None:
        self._quote, self._count = quote, count
        self._draw()

    def _draw(self) -> None:
        table = Table(title="Market data", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for name in ("symbol", *_COLUMNS, "quotes"):
            width = len("999,999,999") if name == "volume" else None  # and all in 80 columns
            table.add_column(name.replace("_", " "), justify="right", min_width=width)
        if self._quote is not None:
            values = (_shown(getattr(self._quote, name), name) for name in _COLUMNS)
            table.add_row(self._quote.contract.symbol, *values, str(self._count))
        steps = [Text(f"• {step}") for step in self._steps]
        self._live.update(Group(table, *steps), refresh=True)


def summary_lines(summary: DemoSummary) -> list[str]:
    """The summary for people; only what happened is in it."""
    lines = [f"connected: {'yes' if summary.connected else 'no'}"]
    if summary.connected:
        lines.append(f"quotes received: {summary.quotes}")
    if summary.filled_price is not None:
        cost = _shown(summary.commission)
        lines.append(
            f"order filled: {summary.filled_quantity} at {summary.filled_price}, "
            f"commission {cost} {summary.commission_currency}".rstrip()
        )
    if summary.resting_limit is not None:
        word = "yes" if summary.cancelled else "no"
        lines.append(f"resting order at {summary.resting_limit} cancelled: {word}")
    return [*lines, *summary.metrics]
