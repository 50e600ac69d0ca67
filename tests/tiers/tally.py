"""What a run did: how many scenarios passed on each tier, and which orders left the house.

It knows reports only, whose properties cross from xdist's workers to where they are counted.
"""

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

TIER, SENT = "tier", "sent"
"""Properties of a scenario's reports."""


class Tally:
    """Counts scenarios by tier and outcome; one that fails at any phase has failed once."""

    def __init__(self, live_report: Path | None) -> None:
        self._live_report = live_report
        self._outcomes: dict[str, dict[str, str]] = defaultdict(dict)
        self._sent: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = dict(report.user_properties)
        if TIER not in told:
            return
        outcomes = self._outcomes[told[TIER]]
        if outcomes.get(report.nodeid) != "failed":
            outcomes[report.nodeid] = report.outcome
        if report.when == "teardown":
            self._sent += [{"scenario": report.nodeid, **order} for order in told.get(SENT, ())]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._outcomes:
            counts = ", ".join(_counted(*each) for each in self._outcomes.items())
            terminalreporter.write_line(f"contract: {counts}")
        if "live" in self._outcomes:
            terminalreporter.section("orders sent by tier live")
            for order in self._sent:
                terminalreporter.write_line("{what}, account {account}: {status}".format(**order))
            if not self._sent:
                terminalreporter.write_line("none")
        if self._live_report is not None:
            self._live_report.write_text(json.dumps({"orders": self._sent}, indent=2) + "\n")


def _counted(tier: str, outcomes: dict[str, str]) -> str:
    """Passed ones without a word: `mock 62`, `simulator 99 (2 failed)`."""
    counts = Counter(outcomes.values())
    rest = ", ".join(f"{n} {outcome}" for outcome, n in counts.items() if outcome != "passed")
    return f"{tier} {counts['passed']}" + (f" ({rest})" if rest else "")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        report = config.getoption("--live-report")
        config.pluginmanager.register(Tally(Path(report) if report else None), "contract-tally")
