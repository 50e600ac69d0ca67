"""What a contract run found out, as data: the JSON file's schema, and what follows from it.

It knows no pytest and no page. `Results.model_json_schema()` is the file's schema, and its
`schema_version` rises when a field changes its meaning or goes.
Rule: nothing is judged by one field alone: results are ok when every run finished, ran
scenarios, and none of them failed; and account ids never stand in them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, computed_field

from ibkr.logs import mask_accounts

Outcome = Literal["passed", "failed", "skipped"]
Masked = Annotated[str, AfterValidator(mask_accounts)]

TIERS = ("mock", "simulator", "container", "live")
"""The tiers from the nearest to the real thing; others follow them."""

WORST_FIRST: tuple[Outcome, ...] = ("failed", "skipped", "passed")


class Record(BaseModel):
    """Frozen, and tolerant of fields that a later version added."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Step(Record):
    keyword: str
    text: Masked
    line: int
    outcome: Literal["passed", "failed", "not reached"]
    duration_s: float


class Failure(Record):
    phase: str = Field(description="setup, call or teardown; anything else: the process died.")
    message: Masked
    detail: Masked


class Frame(Record):
    """One message on the wire."""

    time: Masked = ""
    client_id: int | None = None
    direction: str = Field(default="", description="in: to the gateway; out: from it.")
    name: Masked
    fields: Masked = ""


class Result(Record):
    """One scenario on one tier in one run."""

    run: int = Field(default=0, description="Index into `runs`.")
    tier: str
    outcome: Outcome
    duration_s: float
    reason: Masked = Field(default="", description="Why it was skipped.")
    steps: tuple[Step, ...] = ()
    failures: tuple[Failure, ...] = ()
    transcript: tuple[Frame, ...] = ()
    observations: dict[str, Masked] = {}


class Scenario(Record):
    feature: str
    file: str
    line: int
    name: Masked
    examples: dict[str, Masked] = {}
    tags: tuple[str, ...] = ()
    results: tuple[Result, ...] = ()

    @property
    def key(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        return self.file, self.name, tuple(sorted(self.examples.items()))


class Run(Record):
    """One pytest process, with one client library in one environment."""

    library: str = "unknown"
    library_version: str = ""
    package_version: str = ""
    python: str = ""
    platform: str = ""
    server_versions: tuple[str, ...] = Field(
        default=(), description="As negotiated with every gateway that was met."
    )
    started: datetime | None = None
    finished: datetime | None = None
    exit_status: int | None = Field(default=None, description="pytest's; null: interrupted.")
    collected: int = 0
    completed: int = 0
    problems: tuple[Masked, ...] = Field(
        default=(), description="What went wrong outside a scenario."
    )

    @property
    def duration_s(self) -> float:
        if self.started is None or self.finished is None:
            return 0.0
        return (self.finished - self.started).total_seconds()

    @property
    def title(self) -> str:
        return f"{self.library} {self.library_version}".strip()


class Divergence(Record):
    """One scenario, told of two places that answered differently."""

    scenario: int = Field(description="Index into `scenarios`.")
    what: str = Field(description="`outcome`, or the observation that differs.")
    answers: dict[str, str] = Field(description="Answer by tier and library.")


class Results(Record):
    schema_version: Literal[1] = 1
    runs: tuple[Run, ...]
    scenarios: tuple[Scenario, ...]

    @computed_field(description="Scenarios by outcome, over all tiers and libraries.")  # type: ignore[prop-decorator]
    @property
    def totals(self) -> dict[Outcome, int]:
        outcomes = [one.outcome for scenario in self.scenarios for one in scenario.results]
        return {outcome: outcomes.count(outcome) for outcome in WORST_FIRST}

    @computed_field(description="Scenarios of each feature by tier.")  # type: ignore[prop-decorator]
    @property
    def coverage(self) -> dict[str, dict[str, int]]:
        covered: dict[str, dict[str, int]] = {}
        for scenario in self.scenarios:
            tiers = covered.setdefault(scenario.feature, {})
            for tier in sorted({one.tier for one in scenario.results}):
                tiers[tier] = tiers.get(tier, 0) + 1
        return covered

    @computed_field  # type: ignore[prop-decorator]
    @property
    def divergences(self) -> tuple[Divergence, ...]:
        return tuple(
            divergence
            for index, scenario in enumerate(self.scenarios)
            for divergence in self._divergences_of(index, scenario)
        )

    @computed_field(description="All that speaks against these results; none: ok.")  # type: ignore[prop-decorator]
    @property
    def problems(self) -> tuple[str, ...]:
        problems = [f"{run.title}: {text}" for run in self.runs for text in run.problems]
        problems += [
            f"{run.title}: {text}" for run in self.runs if (text := _shortcoming(run)) is not None
        ]
        if not any(self.totals.values()):
            problems.append("no scenario has run")
        return tuple(problems)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def ok(self) -> bool:
        return not self.problems and not self.totals["failed"]

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """Every tier of every run that has results: the columns of the matrix."""
        met = {(one.tier, one.run) for scenario in self.scenarios for one in scenario.results}
        return tuple(sorted(met, key=lambda at: _place_order(*at)))

    def place_name(self, tier: str, run: int) -> str:
        return f"{tier} / {self.runs[run].title}"

    def _divergences_of(self, index: int, scenario: Scenario) -> Iterable[Divergence]:
        ran = [one for one in scenario.results if one.outcome != "skipped"]
        names = [self.place_name(one.tier, one.run) for one in ran]
        outcomes = [one.outcome for one in ran]
        if len(set(outcomes)) > 1:
            yield Divergence(
                scenario=index, what="outcome", answers=dict(zip(names, outcomes, strict=True))
            )
            return  # what was seen in a scenario that broke off is no answer
        for what in sorted({name for one in ran for name in one.observations}):
            seen = [one.observations.get(what, "-") for one in ran]
            if what not in _OF_THE_PLACE and len(set(seen)) > 1:
                yield Divergence(
                    scenario=index, what=what, answers=dict(zip(names, seen, strict=True))
                )


_OF_THE_PLACE = frozenset({"server_version", "ib_last_quote_timestamp_seconds"})
"""What differs from place to place by its nature: a version, a moment of its clock."""


def _shortcoming(run: Run) -> str | None:
    """Why this run alone cannot be taken for a success, apart from failed scenarios."""
    missing = run.collected - run.completed
    reasons = []
    if run.started is None and run.exit_status is None:
        reasons.append("the run did not start")
    elif run.exit_status is None:
        reasons.append("the run was interrupted")
    elif run.exit_status not in {0, 1}:
        reasons.append(f"pytest ended with status {run.exit_status}")
    if missing:
        reasons.append(f"{missing} of {run.collected} scenarios have no result")
    elif not run.completed:
        reasons.append("no scenario has run")
    return "; ".join(reasons) or None


def merged(several: Iterable[Results]) -> Results:
    """All runs as one: each scenario once, with the results of every run."""
    runs: list[Run] = []
    scenarios: list[Scenario] = []
    for results in several:
        scenarios += [_renumbered(scenario, len(runs)) for scenario in results.scenarios]
        runs += results.runs
    return Results(runs=tuple(runs), scenarios=tuple(_joined(scenarios)))


def _renumbered(scenario: Scenario, first: int) -> Scenario:
    results = (one.model_copy(update={"run": one.run + first}) for one in scenario.results)
    return scenario.model_copy(update={"results": tuple(results)})


def _place_order(tier: str, run: int) -> tuple[int, str, int]:
    return TIERS.index(tier) if tier in TIERS else len(TIERS), tier, run


def _joined(scenarios: Iterable[Scenario]) -> list[Scenario]:
    """Each scenario once, in the order of the features' text, its results by place."""
    same: dict[object, list[Scenario]] = {}
    for scenario in scenarios:
        same.setdefault(scenario.key, []).append(scenario)
    joined = [
        tellings[0].model_copy(
            update={
                "results": tuple(
                    sorted(
                        (one for telling in tellings for one in telling.results),
                        key=lambda one: _place_order(one.tier, one.run),
                    )
                )
            }
        )
        for tellings in same.values()
    ]
    return sorted(joined, key=lambda one: (one.file, one.line, one.key))
