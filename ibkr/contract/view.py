"""What is shown while the suite runs: a bar on a terminal, a line for each result elsewhere.

It knows results, and neither processes nor pages.
Rule: a failure is printed at once and stays, on a terminal as well.
"""

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ibkr.contract.recording import Recording
from ibkr.contract.results import Results, Scenario


class View(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def begin(self, name: str) -> None: ...
    def result(self, recording: Recording, scenario: Scenario) -> None: ...


def view_on(console: Console) -> View:
    return BarView(console) if console.is_terminal else LineView(console)


def _line(scenario: Scenario) -> str:
    result = scenario.results[0]
    examples = "".join(f" {name}={value}" for name, value in scenario.examples.items())
    return (
        f"{result.outcome:<7} {result.tier:<9} {scenario.feature}: {scenario.name}{examples} "
        f"({result.duration_s:.2f} s)"
    )


class LineView:
    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is left open."""

    def begin(self, name: str) -> None:
        say(self._console, name)

    def result(self, recording: Recording, scenario: Scenario) -> None:
        done, of = len(recording.completed), len(recording.collected)
        say(self._console, f"{done:>4}/{of} {_line(scenario)}")


class BarView:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._failed = 0
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[now]}", markup=False),
            console=console,
        )
        self._task = self._progress.add_task("", total=None, now="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def begin(self, name: str) -> None:
        self._progress.remove_task(self._task)
        self._task = self._progress.add_task(name, total=None, now="")

    def result(self, recording: Recording, scenario: Scenario) -> None:
        result = scenario.results[0]
        if result.outcome == "failed":
            self._failed += 1
            say(self._console, _line(scenario))
        failed = f"{self._failed} failed, " if self._failed else ""
        self._progress.update(
            self._task,
            completed=len(recording.completed),
            total=len(recording.collected),
            now=f"{failed}{result.tier}: {scenario.feature}",
        )


def say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def summary_lines(results: Results) -> list[str]:
    """What one has to know without opening the page."""
    totals = results.totals
    places = (results.place_name(*place) for place in results.places)
    counts = [f"{outcome} {totals[outcome]}" for outcome in ("passed", "failed", "skipped")]
    counts.append(f"divergences {len(results.divergences)}")
    lines = [
        f"{len(results.scenarios)} scenarios on {', '.join(places) or 'no tier'}",
        ", ".join(counts),
    ]
    return lines + [f"problem: {problem}" for problem in results.problems]
