"""The decision table: one case for each of its rows, and what no row may ever say."""

import itertools
from dataclasses import fields

import pytest

from ibkr.reconcile import ROWS, Evidence, Verdict, judge

CASES = [
    ("h", Verdict.DUPLICATE, {"found": True, "permanent_ids": 2}),
    ("c", Verdict.FOUND, {"found": True, "permanent_ids": 1}),
    ("a", Verdict.NOT_SENT, {"handed_over": False}),
    ("b", Verdict.NOT_SENT, {"cut_short": True}),
    ("i", Verdict.UNKNOWN, {"complete": False}),
    ("i", Verdict.UNKNOWN, {"fenced": False}),
    ("i", Verdict.UNKNOWN, {"managed": False}),
    ("f", Verdict.UNKNOWN, {"upstream_healthy": False}),
    ("f", Verdict.UNKNOWN, {"disturbed": True}),
    ("g", Verdict.UNKNOWN, {"rolled_over": True}),
    ("e", Verdict.UNKNOWN, {"id_consumed": True}),
    ("d", Verdict.NOT_ACCEPTED, {}),
]


@pytest.mark.parametrize(("rule", "verdict", "seen"), CASES)
def test_each_row_decides_its_case(rule, verdict, seen):
    judgement = judge(Evidence(**seen))
    assert (judgement.rule, judgement.verdict) == (rule, verdict)


def test_every_row_has_its_case():
    assert [(row.rule, row.verdict) for row in ROWS] == [case[:2] for case in CASES]


def all_evidence():
    names = [field.name for field in fields(Evidence) if field.name != "permanent_ids"]
    for values in itertools.product((False, True), repeat=len(names)):
        for permanent_ids in range(3):
            yield Evidence(**dict(zip(names, values, strict=True)), permanent_ids=permanent_ids)


def test_not_accepted_needs_all_the_proof_there_is():
    proved = [one for one in all_evidence() if judge(one).verdict is Verdict.NOT_ACCEPTED]
    assert {one for one in proved if one.permanent_ids == 0} == {Evidence()}


def test_what_the_gateway_showed_is_never_called_unsent_or_refused():
    shown = [one for one in all_evidence() if one.found]
    assert {judge(one).verdict for one in shown} == {Verdict.FOUND, Verdict.DUPLICATE}
