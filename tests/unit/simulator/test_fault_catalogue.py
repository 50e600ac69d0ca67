"""Every known trouble can be had, or it is said why not; and the docs say so."""

from pathlib import Path

import pytest
from orders import show

from simulator.faults import ACTIONS
from simulator.faults.catalogue import CATALOGUE, Trouble, page

DOCS = Path(__file__).parents[3] / "docs" / "faults.md"
KNOWN = {
    *(f"T{number}" for number in range(1, 11)),
    *(f"S{number}" for number in range(1, 14)),
    *(f"U{number}" for number in range(1, 11)),
    *(f"P{number}" for number in range(1, 7)),
    *(f"F{number}" for number in range(1, 11)),
    *(f"O{number}" for number in range(1, 21)),
    *(f"E{number}" for number in range(1, 12)),
    *(f"M{number}" for number in range(1, 5)),
    *(f"X{number}" for number in range(1, 5)),
    "H1",
    "C1",
}
HAD = [row for row in CATALOGUE if row.inject]


def test_no_known_trouble_is_left_out_or_there_twice() -> None:
    assert sorted(row.id for row in CATALOGUE) == sorted(KNOWN)


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.id)
def test_a_row_says_how_it_is_had_or_why_not(row: Trouble) -> None:
    assert [bool(row.inject), bool(row.otherwise), bool(row.not_modelled)].count(True) == 1


@pytest.mark.parametrize("row", HAD, ids=lambda row: row.id)
def test_what_a_row_injects_can_be_injected(world, client, row: Trouble) -> None:
    show(world, "99.99", "100.01")
    for number, plain in enumerate(row.inject, 1):
        assert world.inject_plain(plain) == number


def test_every_action_stands_in_the_catalogue() -> None:
    assert {plain["action"] for row in HAD for plain in row.inject} == ACTIONS.keys()


def test_the_docs_are_the_table() -> None:
    assert DOCS.read_text(encoding="utf-8") == page(), (
        "run `python -m simulator.faults.catalogue > docs/faults.md` and look at the difference"
    )
