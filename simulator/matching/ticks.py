"""Price steps: a price that somebody computed becomes one that can be traded at."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal


def snap(price: Decimal, tick: Decimal, *, up: bool) -> Decimal:
    """The nearest multiple of a tick, at or above the price or at or below it."""
    return (price / tick).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR) * tick
