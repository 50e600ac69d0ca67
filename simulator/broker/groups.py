"""What a fill or a cancel of one order does to the others of its group (OCA). Pure.

Knows keys and sizes only. Assumptions:

- Types: 1 cancels the others on any fill, 2 and 3 reduce them; 1 and 2 with block: only one
  order of the group is at the exchange at a time, so that no two are filled (API, `ocaType`;
  TWS guide, "One Cancels Other"). No type counts as 3, which is what gateways show (captured).
- Reduced is in proportion to what is left of the order that was filled (IBKR glossary), and
  upwards to whole steps, so that none is gone before the group is (ours).
- When all of one is filled the others are cancelled, whatever the type (TWS guide). A member
  cancelled by a client takes the others with it, one cancelled or rejected by the system does
  not (IBKR glossary).
- The children of an order form a group of type 3, named after its permanent id (captured),
  unless they were given one of their own (ours).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from simulator.records import ZERO, Order

REDUCE = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """`is_cancelling`: any fill cancels the others. `is_blocking`: one is worked at a time."""

    is_cancelling: bool
    is_blocking: bool


RULES: dict[int, Rule] = {
    1: Rule(is_cancelling=True, is_blocking=True),
    2: Rule(is_cancelling=False, is_blocking=True),
    REDUCE: Rule(is_cancelling=False, is_blocking=False),
}


@dataclass(frozen=True, slots=True)
class Member:
    """An order of a group, with what is left of it. `step` is what its size is counted in."""

    key: int
    remaining: Decimal
    step: Decimal = Decimal(1)


def rule_of(order: Order) -> Rule:
    return RULES.get(order.oca_type, RULES[REDUCE])


def after_fill(
    rule: Rule, filled: Decimal, left_before: Decimal, others: Iterable[Member]
) -> dict[int, Decimal]:
    """What is left of the others after a fill, if that is less than before; 0: cancelled.

    `left_before` is what was left of the filled order before the fill.
    """
    left = ZERO if rule.is_cancelling else left_before - filled
    after = ((member, _reduced(member, left, left_before)) for member in others)
    return {member.key: now for member, now in after if now < member.remaining}


def is_group_cancelled(by_client_id: int | None) -> bool:
    """Whether a cancel of one, by a client or by nobody, is a cancel of all."""
    return by_client_id is not None


def _reduced(member: Member, left: Decimal, left_before: Decimal) -> Decimal:
    if left <= 0:
        return ZERO
    steps = member.remaining * left / (left_before * member.step)
    return steps.to_integral_value(ROUND_CEILING) * member.step
