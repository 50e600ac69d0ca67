"""What the journal knows of one order, and what each kind of event does to that.

Pure: it reads no file and asks no gateway. Rule: an entry is what its rows say, folded in the
order they were written, so that a restart knows no less than the process before it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ibkr.models import ClientId, Contract, Fill, Order, OrderId, OrderStatus, PermId
from ibkr.reconcile import GIVEN_UP, Verdict

BY_HAND = "hand"
"""The rule of a verdict that a person gave."""


class Outcome(StrEnum):
    """What a person may say of an order in doubt, having looked at the broker."""

    NOT_ACCEPTED = "not-accepted"
    """The broker never had it: a new order may take its place."""
    CANCELLED = "cancelled"
    """The broker had it, and it works no more."""
    FILLED = "filled"
    """The broker filled all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """All that the journal knows of one order.

    `order_id` and `sent_at` are None until its message was about to be written, which named
    `account`, empty where that is not known;
    `rule` is the row of ibkr.reconcile.ROWS behind `verdict`.
    """

    reference: str
    key: str | None
    client_id: ClientId
    contract: Contract
    order: Order
    intended_at: datetime
    order_id: OrderId | None = None
    sent_at: datetime | None = None
    account: str = ""
    acknowledged: bool = False
    perm_ids: tuple[PermId, ...] = ()
    status: OrderStatus = OrderStatus.PENDING_SUBMIT
    filled: Decimal = Decimal(0)
    average_fill_price: Decimal | None = None
    reject_code: int | None = None
    reject_reason: str = ""
    verdict: Verdict | None = None
    rule: str = ""
    disturbed: bool = False
    cut_short: bool = False
    cancel_sent: bool = False
    fills: tuple[Fill, ...] = ()

    @property
    def is_settled(self) -> bool:
        """True when nothing more is expected of the gateway."""
        is_refused = self.reject_code is not None or self.verdict in GIVEN_UP
        return self.status.is_done or is_refused

    @property
    def is_cancelling(self) -> bool:
        """True when a cancel was sent and nothing says yet that it came too late or worked."""
        return self.cancel_sent and not self.is_settled

    @property
    def is_doubtful(self) -> bool:
        """True when it was handed over and nothing says what became of it."""
        if self.verdict is Verdict.DUPLICATE:
            return True
        return self.order_id is not None and not self.acknowledged and not self.is_settled


def changed(entry: Entry, kind: str, detail: Mapping[str, Any]) -> Entry:
    """The entry after an event; `kind` is a name of `EVENTS`."""
    return EVENTS[kind](entry, detail)


def _status(entry: Entry, detail: Mapping[str, Any]) -> Entry:
    average = detail.get("average_fill_price")
    if OrderStatus(detail["status"]).is_taken:  # then it was not refused, whatever was said
        entry = replace(entry, reject_code=None, reject_reason="")
    return replace(
        entry,
        status=OrderStatus(detail["status"]),
        filled=Decimal(detail["filled"]),
        average_fill_price=None if average is None else Decimal(average),
    )


def _rejected(entry: Entry, detail: Mapping[str, Any]) -> Entry:
    return replace(
        entry,
        status=OrderStatus.INACTIVE,
        reject_code=detail["code"],
        reject_reason=detail["reason"],
    )


def _judged(entry: Entry, detail: Mapping[str, Any]) -> Entry:
    verdict = Verdict(detail["verdict"])
    if entry.rule == BY_HAND:  # the gateway shows it: what a person said is void
        entry = replace(entry, filled=Decimal(0), reject_reason="")
    if entry.rule == BY_HAND or entry.verdict in GIVEN_UP:
        entry = replace(entry, status=OrderStatus.PENDING_SUBMIT)
    status = OrderStatus.INACTIVE if verdict in GIVEN_UP else entry.status
    return replace(entry, verdict=verdict, rule=detail["rule"], status=status)


def _upstream(entry: Entry, detail: Mapping[str, Any]) -> Entry:
    return replace(entry, disturbed=detail["lost"])


def _cut_short(entry: Entry, _: Mapping[str, Any]) -> Entry:
    return replace(entry, cut_short=True)


def _closed(entry: Entry, detail: Mapping[str, Any]) -> Entry:
    outcome = Outcome(detail["as"])
    if outcome is Outcome.NOT_ACCEPTED:
        reason = f"closed by hand: {detail['reason']}"
        verdict, status = Verdict.NOT_ACCEPTED, OrderStatus.INACTIVE
        return replace(entry, verdict=verdict, rule=BY_HAND, status=status, reject_reason=reason)
    return replace(
        entry,
        verdict=Verdict.FOUND,
        rule=BY_HAND,
        acknowledged=True,
        status=OrderStatus.FILLED if outcome is Outcome.FILLED else OrderStatus.CANCELLED,
        filled=Decimal(detail["filled"]),
    )


def _cancel_sent(entry: Entry, _: Mapping[str, Any]) -> Entry:
    return replace(entry, cancel_sent=True)


def _cancel_refused(entry: Entry, _: Mapping[str, Any]) -> Entry:
    return replace(entry, cancel_sent=False)


def _sent_again(entry: Entry, _: Mapping[str, Any]) -> Entry:
    pending = OrderStatus.PENDING_SUBMIT
    return replace(
        entry,
        verdict=None,
        rule="",
        disturbed=False,
        cut_short=False,
        cancel_sent=False,
        status=pending,
    )


EVENTS = {
    "status": _status,
    "rejected": _rejected,
    "judged": _judged,
    "upstream": _upstream,
    "cut_short": _cut_short,
    "sent_again": _sent_again,
    "closed": _closed,
    "cancel_sent": _cancel_sent,
    "cancel_refused": _cancel_refused,
}
"""What each kind of event does to an entry."""
