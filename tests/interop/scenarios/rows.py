"""All scenarios."""

from __future__ import annotations

from . import kin, pegged, plain, sized, timed, triggered

SCENARIOS = [
    *plain.ROWS,
    *triggered.ROWS,
    *pegged.ROWS,
    *timed.ROWS,
    *sized.ROWS,
    *kin.ROWS,
]
NEWER = [*sized.NEWER]
OLDER = [*sized.OLDER]
EVERY = [*SCENARIOS, *NEWER, *OLDER]
