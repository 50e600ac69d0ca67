"""All scenarios."""

from __future__ import annotations

from . import (
    bounded,
    conditional,
    hedged,
    kin,
    markets,
    pegged,
    plain,
    sized,
    timed,
    triggered,
    worked,
)

SCENARIOS = [
    *plain.ROWS,
    *triggered.ROWS,
    *pegged.ROWS,
    *timed.ROWS,
    *sized.ROWS,
    *kin.ROWS,
    *conditional.ROWS,
    *worked.ROWS,
    *bounded.ROWS,
    *hedged.ROWS,
    *markets.ROWS,
]
NEWER = [*sized.NEWER, *bounded.NEWER, *hedged.NEWER]
OLDER = [*sized.OLDER]
EVERY = [*SCENARIOS, *NEWER, *OLDER]
