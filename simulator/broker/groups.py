"""What the fill of one order of a group does to the others, by the type of the group."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from enum import IntEnum


class Oca(IntEnum):
    """By the number of the wire; with block nothing else of the group trades meanwhile."""

    CANCEL_WITH_BLOCK = 1
    REDUCE_WITH_BLOCK = 2
    REDUCE_WITHOUT_BLOCK = 3


def reduced(remaining: Decimal, filled: Decimal, of: Decimal, increment: Decimal) -> Decimal:
    """What is left of an order when another of its group has filled a part `of` its size.

    In proportion, down to whole increments.
    """
    left = remaining * (of - filled) / of
    return (left / increment).to_integral_value(ROUND_FLOOR) * increment
