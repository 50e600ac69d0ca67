"""All scenarios."""

from __future__ import annotations

from . import conditional, kin, markets, pegged, plain, sized, timed, triggered, worked

SCENARIOS = [
    *plain.ROWS,
    *triggered.ROWS,
    *pegged.ROWS,
    *timed.ROWS,
    *sized.ROWS,
    *kin.ROWS,
    *conditional.ROWS,
    *worked.ROWS,
    *markets.ROWS,
]
NEWER = [*sized.NEWER]
OLDER = [*sized.OLDER]
EVERY = [*SCENARIOS, *NEWER, *OLDER]
