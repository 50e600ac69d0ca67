"""How orders end, and what that does to those that hang on them.

Rejections, cancels, expiry; the other members of a group when one is filled; children and
parents. Nothing here starts an order. Assumptions:

- Children end with their parent (wire captures: the server cancels them with it).
- Of a group with block (types 1 and 2) nothing trades until the rest was cancelled or
  reduced; without block (3) one quote may fill several before they are (IBKR's guide to OCA).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from simulator.broker import schedule
from simulator.broker.agenda import Agenda, Wake
from simulator.broker.conditional import Conditional
from simulator.broker.desks import Desks
from simulator.broker.families import Families
from simulator.broker.groups import Member, Rule, after_fill, is_group_cancelled, rule_of
from simulator.broker.hedges import is_due
from simulator.broker.records import (
    BrokerOrder,
    Cancelled,
    CancelRequested,
    Change,
    Rejected,
    Replaced,
)
from simulator.broker.scribe import Scribe
from simulator.broker.sequels import Sequels
from simulator.broker.sharing import resized
from simulator.market import Sessions
from simulator.order_types import Auction, auction_of
from simulator.records import Order, Status

ONE = Decimal(1)
_NEVER = 1 << 62
NO_AUCTION = {
    Auction.OPEN: "At the open order can not be executed",
    Auction.CLOSE: "At the close order can not be executed",
}
"""Why an order for an auction is cancelled when that is over; the first is captured."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a fill takes off the other orders of a group: `filled` out of `of`."""

    rule: Rule
    siblings: tuple[int, ...]
    filled: Decimal
    of: Decimal


class Endings:
    """Takes orders out of the market, for good or as far as their kin tells."""

    def __init__(
        self,
        scribe: Scribe,
        desks: Desks,
        conditional: Conditional,
        *,
        families: Families,
        sequels: Sequels,
        agenda: Agenda,
        sessions: Sessions,
    ) -> None:
        self._scribe = scribe
        self._truth = scribe.truth
        self._desks = desks
        self._conditional = conditional
        self._families = families
        self.sequels = sequels
        self._agenda = agenda
        self._sessions = sessions
        self._to_reduce: list[Reduction] = []
        self._ends: dict[int, int] = {}

    def tell_group(self, filled: BrokerOrder, quantity: Decimal) -> None:
        """What a fill does to the other orders of its group; `filled` is as it was before."""
        siblings = self._families.siblings(filled.perm_id)
        if not siblings:
            return
        rule = rule_of(filled.order)
        self._to_reduce.append(Reduction(rule, siblings, quantity, filled.remaining))
        if rule.is_blocking:
            self.reduce_siblings()

    def reduce_siblings(self) -> None:
        """Take off the other members of a group what one of them has filled."""
        to_reduce, self._to_reduce = self._to_reduce, []
        for reduction in to_reduce:
            orders = (self._truth.orders[perm_id] for perm_id in reduction.siblings)
            members = [
                Member(held.perm_id, held.remaining, _step(held))
                for held in orders
                if is_open(held)
            ]
            left = after_fill(reduction.rule, reduction.filled, reduction.of, members)
            for perm_id, remaining in left.items():
                self._reduce(self._truth.orders[perm_id], remaining)

    def _reduce(self, held: BrokerOrder, remaining: Decimal) -> None:
        if not is_open(held):
            return
        if remaining:
            quantity = held.filled + remaining
            self.shrink(held, quantity, replace(held.order, total_quantity=quantity))
        else:
            self.end(held, "")

    def shrink(self, held: BrokerOrder, quantity: Decimal, order: Order) -> None:
        """Make an order smaller; it keeps its place in line."""
        desk = self._desks.of(held.instrument)
        after = replace(held, order=order, changed_ms=self._scribe.now_ms)
        after = resized(after, quantity, self._truth.shares_of(held.perm_id))
        self._scribe.write(Replaced(after))
        if held.perm_id in desk.planned:
            desk.replan(held.perm_id, quantity, held.filled, self._scribe.now_ms)
        else:
            desk.resize(held.perm_id, after.remaining)
        self._desks.touch(held.instrument)

    def reject(self, held: BrokerOrder, code: int, reason: str) -> None:
        """Put an order out of force; one whose cancel is on its way has nothing to come back to.

        What hangs on it ends, so that no child is left that protects nothing (ours); but for an
        order that is only out of force until it is sent again (DTC).
        """
        if held.status is Status.PENDING_CANCEL:
            self.end(held, reason)
            return
        self.take_out(held)
        after = self._scribe.changed(held, Change.REJECTED, ending=reason)
        self._scribe.write(Rejected(after, code, reason))
        self.forget(after)
        if held.order.tif != "DTC":
            for perm_id in self._families.children(held.perm_id):
                self.end_if_open(perm_id)

    def end(self, held: BrokerOrder, reason: str, by_client_id: int | None = None) -> None:
        """Cancel an order and what hangs on it."""
        self.take_out(held)
        by_system = f"Cancelled by System:{reason}\n"
        ending = by_system if by_client_id is None else "Cancelled by Trader"
        after = self._scribe.changed(held, Change.CANCELLED, ending=ending)
        self._scribe.write(Cancelled(after, reason, by_client_id))
        siblings = self._families.siblings(held.perm_id)
        self.forget(after)
        if is_group_cancelled(by_client_id):
            for perm_id in siblings:
                self.end_if_open(perm_id)
        self.sequels.over(after)
        for perm_id in self._families.children(held.perm_id):
            if not is_due(self._truth.orders[perm_id], after):
                self.end_if_open(perm_id)
        if held.order.auto_cancel_parent and held.parent_perm_id:
            self.end_if_open(held.parent_perm_id)

    def end_if_open(self, perm_id: int) -> None:
        held = self._truth.orders[perm_id]
        if is_open(held):
            self.end(held, "")

    def cancel_by_system(self, held: BrokerOrder, reason: str) -> None:
        """Cancel what was accepted and cannot be worked, as captured."""
        requested = self._scribe.changed(held, Change.CANCEL_REQUESTED)
        self._scribe.write(CancelRequested(requested))
        self.end(requested, reason)

    def plan_end(self, held: BrokerOrder) -> None:
        """Plan when an order expires by its time in force."""
        held = self._truth.orders[held.perm_id]
        expires_ms = schedule.expires_ms(
            held.order,
            held.instrument,
            self._sessions,
            held.placed_ms,
            held.instrument.time_zone,
        )
        self._ends.pop(held.perm_id, None)
        if held.is_live and expires_ms is not None:
            self._ends[held.perm_id] = expires_ms
            self._agenda.plan(expires_ms, Wake.EXPIRE, held.perm_id)

    def end_by(self, held: BrokerOrder, end_ms: int) -> None:
        """Have an order expire earlier than its time in force says."""
        if end_ms < self._ends.get(held.perm_id, _NEVER):
            self._ends[held.perm_id] = end_ms
            self._agenda.plan(end_ms, Wake.EXPIRE, held.perm_id)

    def is_over(self, held: BrokerOrder) -> bool:
        """Whether the time of an order is over."""
        return self._ends.get(held.perm_id, _NEVER) <= self._scribe.now_ms

    def expire(self, held: BrokerOrder) -> None:
        """The time in force, or the auction, is over; DTC only deactivates an order."""
        if not self.is_over(held):
            return
        auction = auction_of(held.order)
        if auction is not None:
            self.cancel_by_system(held, NO_AUCTION[auction])
        elif held.order.tif == "DTC":
            self.reject(held, 0, "")
        else:
            self.end(held, "")

    def forget(self, held: BrokerOrder) -> None:
        """An order is over, or out of force: nothing waits for it any more."""
        self._desks.of(held.instrument).take_out(held.perm_id)
        self._conditional.remove(held.perm_id)
        self._families.leave(held.perm_id)
        self._ends.pop(held.perm_id, None)

    def take_out(self, held: BrokerOrder) -> None:
        """Out of wherever an order stands, to be parked anew or never again."""
        self._desks.of(held.instrument).take_out(held.perm_id)
        self._conditional.remove(held.perm_id)


def is_open(held: BrokerOrder) -> bool:
    """Whether an order can still come to something by itself."""
    return held.is_live or held.status is Status.PENDING_SUBMIT


def _step(held: BrokerOrder) -> Decimal:
    """What the size of an order is counted in: whole orders stay whole."""
    is_whole = held.quantity % 1 == 0
    return (
        max(Decimal(1), held.instrument.size_increment)
        if is_whole
        else held.instrument.size_increment
    )
