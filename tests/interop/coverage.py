"""The page of what is answered: `PYTHONPATH=tests:. python -m interop.coverage`.

Made of the tables that the tests run, so that a row stands for a check that passes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from simulator.messages import REQUESTS

from .methods import CHECKS
from .test_every_request import CASES, ELSEWHERE, Case

FILE = Path(__file__).parents[2] / "docs" / "coverage.md"
HEAD = """\
# Each request, and what it is answered with

<!-- Made by `python -m interop.coverage`; do not edit. -->

The text protocol, at every server version from 157 to 200. Every row is a check that the tests
run against the installed library, so a mark stands for a test that passes.
"""

SENT_OTHERWISE = {"StartApi": "`managedAccounts`, `nextValidId`", "PlaceOrder": "`openOrder`, …"}


def page() -> str:
    """Operations of the asyncio libraries, then requests of the vendor's client."""
    parts = (HEAD, "## By operation of a library", "", *_operations())
    return "\n".join((*parts, "", "## By request of the protocol", "", *_requests())) + "\n"


def _operations() -> Iterable[str]:
    yield "| operation | ib_insync | ib_async |"
    yield "|---|---|---|"
    for name in sorted(CHECKS, key=str.lower):
        yield f"| `{name}` | ✓ | ✓ |"


def _requests() -> Iterable[str]:
    answers: dict[type, list[Case]] = {}
    for case in CASES:
        answers.setdefault(type(case.request), []).append(case)
    yield "| id | request | answered to IBKR's own client with |"
    yield "|---|---|---|"
    for id_, layout in sorted(REQUESTS.by_id.items()):
        record = layout.record
        if record in ELSEWHERE:
            shown = SENT_OTHERWISE[record.__name__]
        else:
            shown = "; ".join(dict.fromkeys(map(_answer, answers[record])))
        yield f"| {id_} | {record.__name__} | {shown} |"


def _answer(case: Case) -> str:
    words = (f"error {word}" if isinstance(word, int) else f"`{word}`" for word in case.answers)
    return ", ".join(words) or "silence, as by a gateway"


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
