"""All scenarios."""

from __future__ import annotations

from . import pegged, plain, timed, triggered

SCENARIOS = [*plain.ROWS, *triggered.ROWS, *pegged.ROWS, *timed.ROWS]
