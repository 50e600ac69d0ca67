"""What prices have moved in a year, from their closes. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from statistics import pstdev

VOLATILITY_DAYS = 30
DAYS_PER_YEAR = 365
"""The market of the simulator never rests, so that every day counts."""

_FINE = Decimal("0.000001")


def yearly(closes: Sequence[float]) -> Decimal:
    """The deviation of the logarithm in a year; the latest close comes first."""
    moves = [math.log(after / before) for after, before in pairwise(closes)]
    return Decimal(pstdev(moves) * math.sqrt(DAYS_PER_YEAR)).quantize(_FINE)
