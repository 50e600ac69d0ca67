"""Who shares an order that an advisor places for a group of accounts, and how much of it.

Knows groups only by what it is told of them: a function from a name to a `Group`, set by
whoever keeps them. How a quantity is shared out is known in `allocation`. Assumptions, ours
where no source is named:

- Shares are fixed when the order is placed, by what the accounts are worth and hold then, and
  again by new terms that change the group, the method or the size.
- What an account has of an order follows from its executions, so that partial fills add up.
- A method that an order does not name is the group's own (documentation of the API).
- The whole is the advisor's, whose account is the first of the login; the account of a
  member pays, is checked and holds what is its share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from simulator.broker.allocation import METHODS, Basis, Shares, allocate, changes
from simulator.broker.appraisal import Appraiser
from simulator.broker.records import BrokerOrder
from simulator.broker.truth import Truth
from simulator.instruments import Instrument
from simulator.records import Order

ZERO = Decimal(0)
NOTHING_TO_CHANGE = "None of the accounts has a position that could be changed."


@dataclass(frozen=True, slots=True)
class Group:
    """A group of accounts: its own method, and the amount of each account (0: none told)."""

    method: str
    amounts: Shares


Groups = Callable[[str], Group | None]
"""The group or profile of a name, None if there is none."""


class Sharing:
    """Tells the shares of orders. `groups` is set by whoever knows the groups."""

    def __init__(self, truth: Truth, appraiser: Appraiser) -> None:
        self._truth = truth
        self._appraiser = appraiser
        self.groups: Groups = lambda _: None

    def of(self, order: Order, instrument: Instrument, quantity: Decimal, now_ms: int) -> Shares:
        """The share of each account of the group, nothing for an order without a group."""
        group = self.groups(order.fa_group or order.fa_profile)
        if group is None:
            return ()
        method = order.fa_method or group.method
        basis = METHODS[method]
        amounts = dict(group.amounts)
        if basis is Basis.POSITION:
            held = {account: self._position(account, instrument) for account in amounts}
            return changes(held, Decimal(order.fa_percentage or 0))
        if basis is not Basis.AMOUNT:
            amounts = {account: self._weight(account, basis, now_ms) for account in amounts}
        return allocate(quantity, amounts)

    def _position(self, account: str, instrument: Instrument) -> Decimal:
        position = self._truth.ledgers[account].positions.get(instrument.con_id)
        return ZERO if position is None else position.quantity

    def _weight(self, account: str, basis: Basis, now_ms: int) -> Decimal:
        if basis is Basis.ALIKE:
            return Decimal(1)
        valuation = self._appraiser.value(self._truth.ledgers[account], now_ms)
        is_net = basis is Basis.NET_LIQUIDATION
        return valuation.net_liquidation if is_net else valuation.available_funds


def resized(held: BrokerOrder, quantity: Decimal, got: Mapping[str, Decimal]) -> BrokerOrder:
    """An order made smaller; each account that shares it gives up a part of what is to come."""
    if not held.shares:
        return replace(held, quantity=quantity)
    parts = allocate(quantity - held.filled, dict(to_come(held, got)))
    shares = tuple((account, part + got.get(account, ZERO)) for account, part in parts)
    return replace(held, quantity=quantity, shares=shares)


def to_come(held: BrokerOrder, got: Mapping[str, Decimal]) -> Shares:
    """What each account is still to get, of which it has got some; one that is not shared: all."""
    if not held.shares:
        return ((held.account, held.remaining),)
    return tuple((account, share - got.get(account, ZERO)) for account, share in held.shares)


def is_shared(order: Order) -> bool:
    return bool(order.fa_group or order.fa_profile)


def is_shared_alike(before: Order, after: Order) -> bool:
    """Whether new terms leave the shares as they are."""
    names = ("fa_group", "fa_profile", "fa_method", "fa_percentage", "total_quantity")
    return all(getattr(before, name) == getattr(after, name) for name in names)
