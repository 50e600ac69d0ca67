"""Market rules: the price steps that a contract trades in, by the id its details name.

The ids of US stocks (26, captured), options (32, 109), forex (239, 240) and indices (25)
are the real ones; the steps of all but 26 follow the minimum ticks of this database.
"""

from __future__ import annotations

from decimal import Decimal

Steps = tuple[tuple[Decimal, Decimal], ...]
"""(low edge, increment from there on), edges ascending."""


def _steps(*pairs: tuple[str, str]) -> Steps:
    return tuple((Decimal(edge), Decimal(increment)) for edge, increment in pairs)


MARKET_RULES: dict[int, Steps] = {
    25: _steps(("0", "0.01")),
    26: _steps(("0", "0.01")),
    32: _steps(("0", "0.01")),
    67: _steps(("0", "0.25")),
    109: _steps(("0", "0.01"), ("3", "0.05")),
    110: _steps(("0", "0.05"), ("3", "0.1")),
    113: _steps(("0", "0.05"), ("10", "0.25")),
    115: _steps(("0", "0.1")),
    118: _steps(("0", "0.01")),
    119: _steps(("0", "1")),
    138: _steps(("0", "0.015625")),
    142: _steps(("0", "0.00005")),
    239: _steps(("0", "0.00005")),
    240: _steps(("0", "0.005")),
    1191: _steps(("0", "0.001")),
    1630: _steps(("0", "0.01")),
}


def increment_at(rule_id: int, price: Decimal) -> Decimal:
    """The price step at a price; raises `KeyError` for a rule that does not exist."""
    steps = MARKET_RULES[rule_id]
    return next((step for edge, step in reversed(steps) if price >= edge), steps[0][1])
