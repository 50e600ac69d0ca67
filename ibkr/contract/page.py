"""The report as one HTML page that needs nothing else: no network, no script to be read.

It knows Results and how a page looks, and judges nothing itself.
Rule: every text is escaped by the template engine, and the page forbids itself all that
is not in it: the policy in its head names its own style and script by their hashes.
"""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ibkr.contract.results import WORST_FIRST, Frame, Result, Results, Scenario

_MARKS = {"passed": "✓", "failed": "✗", "skipped": "-", "not reached": "○"}
_PHASES = {
    "setup": "opening the tier",
    "call": "the scenario",
    "teardown": "closing the tier",
}
_LONGEST_ROW = 3
_DIRECTIONS = {"in": "→ gateway", "out": "← gateway", "note": "note"}


def render(results: Results) -> str:
    """The page as text."""
    environment = Environment(
        loader=PackageLoader("ibkr.contract", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    style, script = _source("page.css"), _source("page.js")
    anchors = _anchors(results)
    return environment.get_template("page.html.j2").render(
        MARKS=_MARKS,
        PHASES=_PHASES,
        DIRECTIONS=_DIRECTIONS,
        results=results,
        style=style,
        script=script,
        hashes={"style": _hash(style), "script": _hash(script)},
        verdict=_verdict(results),
        tiles=_tiles(results),
        failures=[_failure(results, at, anchor) for at, anchor in anchors.items()],
        features=list(_features(results, anchors)),
        places=[{"tier": tier, "library": results.runs[run].title} for tier, run in results.places],
        tiers=list(dict.fromkeys(tier for tier, _ in results.places)),
        covered=_covered(results),
        compared=sum(
            sum(one.outcome != "skipped" for one in scenario.results) > 1
            for scenario in results.scenarios
        ),
    )


def _source(name: str) -> Markup:
    """A file of our own, the only text that is not escaped."""
    return Markup((files("ibkr.contract") / name).read_text(encoding="utf-8"))  # noqa: S704


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _count(number: int, one: str) -> str:
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def _verdict(results: Results) -> dict[str, str]:
    failed, passed = results.totals["failed"], results.totals["passed"]
    ran = _count(sum(results.totals.values()), "result")
    scenarios = _count(len(results.scenarios), "scenario")
    text = f"{ran} of {scenarios} in {_count(len(results.places), 'place')}, {passed} passed."
    if failed:
        return {"kind": "failed", "title": f"{_count(failed, 'failure')}", "text": text}
    if results.problems:
        return {"kind": "failed", "title": "This run proves nothing", "text": text}
    return {"kind": "passed", "title": "The contracts hold", "text": text}


def _tiles(results: Results) -> list[tuple[str, object, str]]:
    totals = results.totals
    return [
        ("scenarios", len(results.scenarios), ""),
        ("passed", totals["passed"], "passed"),
        ("failed", totals["failed"], "failed" if totals["failed"] else ""),
        ("skipped", totals["skipped"], "skipped" if totals["skipped"] else ""),
        ("divergences", len(results.divergences), "skipped" if results.divergences else ""),
        ("seconds", f"{sum(run.duration_s for run in results.runs):.1f}", ""),
    ]


def _anchors(results: Results) -> dict[tuple[int, int], str]:
    """Scenario and result number of each failure → its place on the page."""
    failed = [
        (number, index)
        for number, scenario in enumerate(results.scenarios)
        for index, one in enumerate(scenario.results)
        if one.outcome == "failed"
    ]
    return {at: f"failure-{number}" for number, at in enumerate(failed, 1)}


def _failure(results: Results, at: tuple[int, int], anchor: str) -> dict[str, Any]:
    scenario = results.scenarios[at[0]]
    result = scenario.results[at[1]]
    place = results.place_name(result.tier, result.run)
    wire = list(_wire(result.transcript))
    return {"anchor": anchor, "scenario": scenario, "result": result, "place": place, "wire": wire}


def _wire(frames: Iterable[Frame]) -> Iterable[tuple[Frame, int]]:
    """The messages with how many each stands for: many like ones in a row bury the others."""
    for _, run in groupby(frames, lambda one: (one.client_id, one.direction, one.name)):
        row = list(run)
        if len(row) > _LONGEST_ROW:
            yield row[-1], len(row)
        else:
            yield from ((frame, 1) for frame in row)


def _features(results: Results, anchors: dict[tuple[int, int], str]) -> Iterable[dict[str, Any]]:
    by_feature: dict[str, list[tuple[int, Scenario]]] = {}
    for number, scenario in enumerate(results.scenarios):
        by_feature.setdefault(scenario.feature, []).append((number, scenario))
    for name, numbered in by_feature.items():
        every = [one for _, scenario in numbered for one in scenario.results]
        outcomes = [one.outcome for one in every]
        yield {
            "name": name,
            "open": len(by_feature) == 1 or any(outcome != "passed" for outcome in outcomes),
            "counts": [
                (outcome, outcomes.count(outcome)) for outcome in WORST_FIRST if outcome in outcomes
            ],
            "duration_s": sum(one.duration_s for one in every),
            "rows": [_row(results, number, scenario, anchors) for number, scenario in numbered],
        }


def _row(
    results: Results, number: int, scenario: Scenario, anchors: dict[tuple[int, int], str]
) -> dict[str, Any]:
    cells: dict[tuple[str, int], list[dict[str, Result | str | None]]] = {
        place: [] for place in results.places
    }
    for index, one in enumerate(scenario.results):
        cells[one.tier, one.run].append({"result": one, "anchor": anchors.get((number, index))})
    return {
        "scenario": scenario,
        "cells": list(cells.values()),
        "passed": all(one.outcome == "passed" for one in scenario.results),
    }


def _covered(results: Results) -> dict[str, int]:
    covered: dict[str, int] = {}
    for by_tier in results.coverage.values():
        for tier, count in by_tier.items():
            covered[tier] = covered.get(tier, 0) + count
    return covered
