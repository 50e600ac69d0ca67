"""On what terms an account trades: whether it may borrow, and how its margin is reckoned."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from simulator.commissions import Plan


class AccountKind(Enum):
    """A cash account pays in full: no loans, no short positions, no foreign debt."""

    MARGIN = "margin"
    CASH = "cash"


class MarginModel(Enum):
    """The rules of the regulator, position by position, or the risk of the portfolio."""

    REG_T = "reg_t"
    PORTFOLIO = "portfolio"


@dataclass(frozen=True, slots=True)
class Terms:
    """The choices of one account."""

    kind: AccountKind = AccountKind.MARGIN
    model: MarginModel = MarginModel.REG_T
    plan: Plan = Plan.FIXED
