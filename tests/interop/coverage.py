"""The table of operations for the README: `PYTHONPATH=tests:. python -m interop.coverage`."""

from __future__ import annotations

import sys

from .methods import CHECKS


def table() -> str:
    """The operations of `ib_insync.IB` and `ib_async.IB`, each checked with both libraries."""
    rows = [f"| `{name}` | ✓ | ✓ |" for name in sorted(CHECKS, key=str.lower)]
    head = ("| operation | ib_insync | ib_async |", "|---|---|---|")
    return "\n".join((*head, *rows))


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
