"""From the events of one pytest process to a Results of one run.

It knows the lines that the suite writes with `--contract-results`, and no process.
Rule: a line that makes no sense is a problem on the record, never left out in silence.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from ibkr.contract.results import Result, Results, Run, Scenario, merged


@dataclass(slots=True)
class Recording:
    """Fed with lines as they come; `results` may be asked at any time."""

    collected: set[str] = field(default_factory=set)
    completed: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    scenarios: list[Scenario] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    started: datetime | None = None
    finished: datetime | None = None
    exit_status: int | None = None

    def feed(self, line: str) -> Scenario | None:
        """Take one line; returns the scenario if it was a result."""
        try:
            event = json.loads(line)
            return self._take(event.pop("event"), event)
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            self.problems.append(f"an event of the suite cannot be read: {error}")
            return None

    def _take(self, kind: str, event: dict[str, Any]) -> Scenario | None:
        match kind:
            case "start":
                self.started = datetime.fromisoformat(event.pop("time"))
                self.facts = event
            case "collected":
                self.collected = set(event["ids"])
            case "problem":
                self.problems.append(str(event["text"]))
            case "finish":
                self.finished = datetime.fromisoformat(event["time"])
                self.exit_status = int(event["exit_status"])
            case "result":
                return self._result(event)
            case _:
                self.problems.append(f"the suite reports an unknown event {kind!r}")
        return None

    def _result(self, event: dict[str, Any]) -> Scenario:
        self.completed.add(event["id"])
        # a process that died described nothing but the test's id
        whereabouts = {"feature": "Unknown", "file": "", "line": 0, "name": event["id"]}
        try:
            result = Result.model_validate({"tier": "unknown"} | event)
            found = Scenario.model_validate(whereabouts | event | {"results": (result,)})
        except ValidationError as error:
            raise ValueError(f"{event['id']}: {error}") from None
        self.scenarios.append(found)
        return found

    def results(self) -> Results:
        versions = {
            one.observations.get("server_version", "")
            for scenario in self.scenarios
            for one in scenario.results
        }
        run = Run.model_validate(
            self.facts
            | {
                "server_versions": tuple(sorted(versions - {""})),
                "started": self.started,
                "finished": self.finished,
                "exit_status": self.exit_status,
                "collected": len(self.collected | self.completed),
                "completed": len(self.completed),
                "problems": tuple(self.problems),
            }
        )
        return merged([Results(runs=(run,), scenarios=tuple(self.scenarios))])
