"""The table of order types in the docs is what the scenarios say, and no type is left out."""

from __future__ import annotations

import pytest

from simulator.algos import ALGOS
from simulator.matching import MODELS
from simulator.matching.readings import Method
from simulator.order_types import ORDER_TYPES

from .scenarios import page
from .scenarios.rows import EVERY

SIDES = {"buy", "sell"}
NOT_ON_PAPER = sorted(name for name, row in ORDER_TYPES.items() if not row.is_on_paper)
ON_PAPER = sorted(name for name, row in ORDER_TYPES.items() if row.is_on_paper)

EXPECTED = {
    *(f"`tif` {tif}" for tif in ("DAY", "GTC", "IOC", "FOK", "GTD", "OPG", "DTC")),
    *(f"`triggerMethod` {method.value}" for method in Method if method),
    *(f"`ocaType` {number}" for number in (1, 2, 3)),
    *(
        f"`conditions` {kind}"
        for kind in ("price", "time", "margin", "execution", "volume", "percent change")
    ),
    *(f"`algoStrategy` {name}" for name in ALGOS),
    *(f"fill model `{name}`" for name in MODELS),
}
"""Rows that there must be besides order types, each with an order that was filled or ended."""


def of(about: str) -> list[page.Scenario]:
    return [scenario for scenario in EVERY if scenario.about == about]


def test_the_docs_show_what_the_scenarios_say() -> None:
    assert page.FILE.read_text(encoding="utf-8") == page.page(), (
        "run `PYTHONPATH=tests:. python -m interop.scenarios.page` and look at the difference"
    )


@pytest.mark.parametrize("name", ON_PAPER)
def test_every_type_is_accepted_and_filled_on_both_sides_and_waits(name) -> None:
    assert {s.side for s in of(name) if page.is_filled(s)} == SIDES
    assert {s.side for s in of(name) if page.waits(s)} == SIDES


@pytest.mark.parametrize("name", NOT_ON_PAPER)
def test_every_other_type_is_refused(name) -> None:
    assert [page.refusals(s) for s in of(name)] == [[387]]


def test_every_kind_of_attribute_has_a_scenario_that_comes_to_an_end() -> None:
    proved = {s.about for s in EVERY if page.is_filled(s) or page.is_ended(s)}
    assert EXPECTED - proved == set()


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.name)
def test_a_scenario_says_what_it_waits_for_and_when_it_ends(scenario) -> None:
    """Red if a row of the table says more, or less, than its scenario shows."""
    assert bool(scenario.waits) == page.waits(scenario)
    assert bool(scenario.when) == (bool(page.refusals(scenario)) or page.is_ended(scenario))
