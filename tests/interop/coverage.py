"""The table of operations for the README: `PYTHONPATH=tests:. python -m interop.coverage`."""

from __future__ import annotations

import sys

from .methods import CHECKS, PENDING

REFUSED_NAMES = {"ExerciseOptions"}
"""Requests that are refused by name for now."""


def table() -> str:
    """The operations of `ib_insync.IB` and `ib_async.IB`, each with what the simulator does."""
    answered = len(CHECKS) - len(PENDING)
    rows = [
        f"| `{name}` | {'refused: ' + PENDING[name] if name in PENDING else 'answered'} |"
        for name in sorted(CHECKS, key=str.lower)
    ]
    summary = (
        f"{answered} of {len(CHECKS)} operations of `ib_insync.IB` and `ib_async.IB` are "
        "answered; each is checked with both libraries."
    )
    return "\n".join((summary, "", "| operation | |", "|---|---|", *rows))


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
