"""Runs the contract suite of a checkout in a pytest process, and follows it.

It knows where a suite is and how it is started, and nothing of what its events mean.
Rule: however the process ends, what it had reported by then is on the record, and the
record says when it did not end by itself.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ibkr.contract.recording import Recording
from ibkr.contract.results import Results, Scenario

TESTS = Path("tests") / "contract"
_FEATURES = Path("features")
_LOOK_EVERY_S = 0.1
_STOP_TIMEOUT_S = 10.0
TOLD_TO_STOP = "the run was told to stop"
_MISSING = re.compile(r"No module named '?([\w.]+)")
_NOT_INSTALLED = (
    "{} has no module {}: install what the suite needs into its environment, "
    "with pip 25.1 or newer: cd {} && pip install --group test"
)

Heard = Callable[[Recording, Scenario], None]


class NoSuite(Exception):  # noqa: N818 - as in ibkr.errors: the name says what happened
    """There is nothing to run."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: a suite, an interpreter, and what is chosen of them."""

    suite: Path
    python: str = sys.executable
    tiers: Sequence[str] = ()
    library: str | None = None
    workers: int = 1

    def command(self, events: Path) -> list[str]:
        spread = ["-n", str(self.workers)] if self.workers > 1 else []
        chosen = [word for tier in self.tiers for word in ("--tier", tier)]
        return [
            *(self.python, "-m", "pytest", str(TESTS), "-q", "-p", "no:cacheprovider"),
            *("--contract-results", str(events), *spread, *chosen),
        ]

    def environment(self) -> dict[str, str]:
        library = {} if self.library is None else {"IBKR_LIBRARY": self.library}
        return os.environ | library


def find_suite(named: Path | None) -> Path:
    """The directory of the suite: the one named, or that around the working directory.

    Raises NoSuite.
    """
    if named is not None:
        if not _is_suite(named):
            raise NoSuite(f"--suite {named} has no {TESTS} and {_FEATURES}: name a checkout")
        return named.resolve()
    here = Path.cwd()
    for directory in (here, *here.parents):
        if _is_suite(directory):
            return directory
    raise NoSuite(
        "no contract suite here, and none is installed with the package: "
        "run this in a checkout of ibkr-testbed, or name one with --suite"
    )


def _is_suite(directory: Path) -> bool:
    return (directory / TESTS).is_dir() and (directory / _FEATURES).is_dir()


def run(plan: Plan, heard: Heard) -> Results:
    """Run the suite to its end; `heard` is called for every result as it comes.

    An interpreter that cannot be started, or cannot run the suite, is a problem of the results.
    SIGTERM and an interrupt end it, which is a problem, too.
    """
    recording = Recording()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        events, printed = directory / "events.jsonl", directory / "printed.txt"
        events.touch()
        lines = _Lines(stack.enter_context(events.open(encoding="utf-8")))
        output = stack.enter_context(printed.open("wb"))
        stack.enter_context(_interrupted_by_sigterm())
        try:
            process = _start(plan, events, output.fileno())
        except OSError as error:
            reason = f"--python {plan.python} cannot be started: {error.strerror}"
            recording.problems.append(reason)
            return recording.results()
        try:
            while process.poll() is None:
                _take(lines, recording, heard)
                _wait(process, _LOOK_EVERY_S)
        except KeyboardInterrupt:
            _stop(process)
            recording.problems.append(TOLD_TO_STOP)
        _take(lines, recording, heard)
        said = printed.read_text(errors="replace")
        if recording.started is None and (missing := _MISSING.search(said)):
            recording.problems.append(_NOT_INSTALLED.format(plan.python, missing[1], plan.suite))
        else:
            _note_end(process.returncode, recording, said)
    return recording.results()


class _Lines:
    """Whole lines of a file that another process writes; the rest waits for its end."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._begun = ""

    def __iter__(self) -> Iterator[str]:
        while text := self._file.readline():
            self._begun += text
            if self._begun.endswith("\n"):
                line, self._begun = self._begun, ""
                yield line


def _take(lines: _Lines, recording: Recording, heard: Heard) -> None:
    for line in lines:
        scenario = recording.feed(line)
        if scenario is not None:
            heard(recording, scenario)


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Else SIGTERM would end us and leave the suite running with all that it has started."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _start(plan: Plan, events: Path, output: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - the user's own interpreter, and words of ours
        plan.command(events),
        cwd=plan.suite,
        env=plan.environment(),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    """The terminal has told pytest as well; one that was not told is told, and then ended.

    Whoever tells us twice does not want to wait.
    """
    with suppress(KeyboardInterrupt):
        if _wait(process, _STOP_TIMEOUT_S / 10):
            return
        process.send_signal(signal.SIGINT)
        if _wait(process, _STOP_TIMEOUT_S):
            return
    process.kill()
    process.wait()


def _note_end(returncode: int, recording: Recording, printed: str) -> None:
    """Keep pytest's own words where the events do not say what went wrong."""
    if recording.exit_status in {0, 1} and returncode == recording.exit_status:
        return
    said = [line for line in printed.splitlines() if "error" in line.lower()]
    if returncode < 0:
        recording.problems.append(f"the process was ended by signal {-returncode}")
    elif said and not recording.problems:
        recording.problems.append(said[-1].removeprefix("ERROR: ").removeprefix("E ").strip())
    elif returncode != recording.exit_status:
        recording.problems.append(f"the process ended with status {returncode}")
