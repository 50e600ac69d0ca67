"""How what an advisor trades for a group is shared out between its accounts. Pure.

Knows neither groups nor accounts: names, and what they count for. Assumptions:

- Methods and what they go by: the vendor's documentation, "Allocation Methods and Groups",
  under the names of groups and of profiles before and since they became one.
- Shares are whole, those left over go one by one to the accounts (so for `EqualQuantity` in
  the documentation): to whom most is missing first, then in the order of the group (ours).
- An account that counts for nothing, or less, gets nothing; if that is so of all, they
  share alike (ours).
- What is filled in parts is shared out by what is still to come of the whole, so that the
  parts add up to it whatever they are (ours).
- `PctChange` changes each position by a percentage, in whole shares; its size is not told by
  the order but follows from that (documentation).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from fractions import Fraction

ZERO, ONE = Decimal(0), Decimal(1)
Shares = tuple[tuple[str, Decimal], ...]


class Basis(Enum):
    """What an account counts for."""

    ALIKE = "alike"
    NET_LIQUIDATION = "NetLiquidation"
    AVAILABLE_EQUITY = "AvailableFunds"
    POSITION = "position"
    AMOUNT = "amount"


METHODS: dict[str, Basis] = {
    "EqualQuantity": Basis.ALIKE,
    "Equal": Basis.ALIKE,
    "NetLiq": Basis.NET_LIQUIDATION,
    "AvailableEquity": Basis.AVAILABLE_EQUITY,
    "PctChange": Basis.POSITION,
    "Percent": Basis.AMOUNT,
    "Ratio": Basis.AMOUNT,
    "ContractsOrShares": Basis.AMOUNT,
    "MonetaryAmount": Basis.AMOUNT,
}
"""The basis of a method; an amount is what the group or profile tells of an account."""

PROFILES: dict[str, str] = {"1": "Percent", "2": "Ratio", "3": "ContractsOrShares"}
"""The methods of profiles, which tell them by number."""


def allocate(quantity: Decimal, weights: Mapping[str, Decimal], step: Decimal = ONE) -> Shares:
    """The share of each account, in the order of the weights; they add up to the quantity.

    What is less than a step goes to one account.
    """
    positive = {name: Fraction(max(weight, ZERO)) for name, weight in weights.items()}
    if not any(positive.values()):
        positive = dict.fromkeys(positive, Fraction(1))
    total = sum(positive.values())
    steps, rest = divmod(quantity, step)
    quotas = {name: int(steps) * weight / total for name, weight in positive.items()}
    shares = {name: int(quota) * step for name, quota in quotas.items()}
    missing = int(steps) - sum(map(int, quotas.values()))
    by_need = sorted(quotas, key=lambda name: int(quotas[name]) - quotas[name])
    for name in by_need[:missing]:
        shares[name] += step
    if rest:
        shares[by_need[missing % len(by_need)]] += rest
    return tuple(shares.items())


def allocate_fill(
    quantity: Decimal, whole: Shares, before: Mapping[str, Decimal], step: Decimal = ONE
) -> Shares:
    """The shares of a fill of an order whose shares are known, and of its fills before."""
    return allocate(quantity, {name: share - before.get(name, ZERO) for name, share in whole}, step)


def changes(positions: Mapping[str, Decimal], percent: Decimal, step: Decimal = ONE) -> Shares:
    """By how much each position is changed by a percentage; what they add up to is the order."""
    return tuple(
        (name, abs(position * percent) / 100 // step * step) for name, position in positions.items()
    )
