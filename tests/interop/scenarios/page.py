"""The table of order types in the docs: `PYTHONPATH=tests:. python -m interop.scenarios.page`.

Every cell is read off scenarios that the tests play through each client library: a side is
named where one of that side was accepted or filled, a code where one was refused with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from simulator.order_types import ORDER_TYPES

from .rows import EVERY
from .terms import ANY, LIVE, Effect, Error, Fill, Now, Scenario, Step

FILE = Path(__file__).parents[3] / "docs" / "order-types.md"
TOLD_ONLY = frozenset({131, 202, 399})
"""Codes that refuse nothing: a term is ignored, an order was cancelled, or waits for its hours."""

COLUMNS = ("accepted", "waits for", "fills", "ends", "refused with")

HEAD = """# What orders do

Made of the scenarios that the tests (`tests/interop/scenarios`) play over TCP through
ib_insync, ib_async and two versions of IBKR's own client, in worlds where prices decide what
happens. Not written by hand: `PYTHONPATH=tests:. python -m interop.scenarios.page` writes this
file, and a test fails if it is not what the scenarios say.

How to read it: an order of that type, or with that attribute, was *accepted* on the sides that
are named; it *waits for* what is said and does nothing until then; it *fills* on the sides that
are named; it *ends* unfilled when that happens; it is *refused with* the code, in the case
that is said.
"""


def page() -> str:
    """The whole file."""
    by_row: dict[str, list[Scenario]] = {}
    for scenario in EVERY:
        by_row.setdefault(scenario.about, []).append(scenario)
    types = {name: by_row.get(name, []) for name in ORDER_TYPES}
    others = {name: found for name, found in by_row.items() if name not in types}
    lines = (
        HEAD,
        "## Order types\n",
        *_table("order type", {f"`{name}`": found for name, found in types.items()}),
        "\n## Attributes, and what the world does\n",
        *_table("attribute", others),
        "\n## Where order types are simplified\n",
        *(f"- `{row.name}`: {row.note}." for row in ORDER_TYPES.values() if row.note),
        "\nWhat else is not modelled stands in [not-modelled.md](not-modelled.md).",
    )
    return "\n".join(lines) + "\n"


def _table(title: str, rows: dict[str, list[Scenario]]) -> Iterator[str]:
    yield f"| {title} | {' | '.join(COLUMNS)} |"
    yield "|---" * (len(COLUMNS) + 1) + "|"
    for name, scenarios in rows.items():
        yield f"| {name} | {' | '.join(_cells(scenarios))} |"


def _cells(scenarios: list[Scenario]) -> Iterator[str]:
    yield _listed(sorted(s.side for s in scenarios if is_accepted(s)))
    yield _listed((s.waits for s in scenarios if waits(s)), "; ")
    yield _listed(sorted(s.side for s in scenarios if is_filled(s)))
    yield _listed((s.when for s in scenarios if is_ended(s)), "; ")
    yield _listed((f"{code} ({s.when})" for s in scenarios for code in refusals(s)), "; ")


def _listed(words: Iterable[str], mark: str = ", ") -> str:
    return mark.join(dict.fromkeys(words))


# --- what a scenario is evidence for ---


def refusals(scenario: Scenario) -> list[int]:
    """The codes with which its order was refused."""
    codes = [error.code for error in scenario.sightings(Error)]
    return [code for code in dict.fromkeys(codes) if code not in TOLD_ONLY]


def is_filled(scenario: Scenario) -> bool:
    return any(scenario.sightings(Fill))


def is_accepted(scenario: Scenario) -> bool:
    if refusals(scenario):
        return False
    if is_filled(scenario) or any(scenario.sightings(Effect)):
        return True
    return any(now.status in LIVE | {ANY} for now in scenario.sightings(Now))


def is_ended(scenario: Scenario) -> bool:
    """Whether the broker or the client ended it before it was filled."""
    if refusals(scenario):
        return False
    return any(now.status in {"Cancelled", "Inactive"} for now in scenario.sightings(Now))


def waits(scenario: Scenario) -> bool:
    """Whether something was done that left the order as it was, and later something more."""
    changes = [
        any(s.key == scenario.subject for s in step.of(Fill)) or _is_over(scenario, step)
        for step in scenario.steps
    ]
    first = next(
        index
        for index, step in enumerate(scenario.steps)
        if getattr(step.action, "key", "") == scenario.subject
    )
    stays = [
        index
        for index, changed in enumerate(changes)
        if index >= first and not changed and not refusals(scenario)
    ]
    return bool(stays) and any(changes[stays[0] + 1 :])


def _is_over(scenario: Scenario, step: Step) -> bool:
    seen = (now for now in step.of(Now) if now.key == scenario.subject)
    return any(now.status in {"Cancelled", "Inactive"} for now in seen)


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(page(), encoding="utf-8")
