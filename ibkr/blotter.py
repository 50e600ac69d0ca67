"""The blotter: the order book of a client, every line of it in the journal first.

It joins two rooms: the book says what is true of an order, the journal keeps it. It talks to
no gateway; the client tells it what it is about to do and what it heard.
Rule: nothing is sent that is not kept, and nothing is shown before it is kept. Where the
journal fails while the gateway speaks, what was heard is shown all the same and the failure
is logged: the next order is refused, and after a restart the gateway is asked again.

A message is about one of our orders if it carries its reference, or a permanent id seen with
it. Ids alone count for orders sent over the present link only: they can be given out again.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from ibkr import references
from ibkr.entries import BY_HAND, Entry, changed
from ibkr.errors import (
    IBKRError,
    IdempotencyConflict,
    InvalidOrder,
    JournalError,
    OrderNotAccepted,
    OrderNotFound,
    OrderStateUnknown,
    order_rejection,
)
from ibkr.journal import Journal
from ibkr.journal_forms import decimal_text, order_text
from ibkr.logs import mask_accounts
from ibkr.models import (
    ClientId,
    Contract,
    Fill,
    Order,
    OrderEvent,
    OrderId,
    OrderResult,
    PermId,
)
from ibkr.orders import (
    CommissionReport,
    CompletedReport,
    OpenOrderReport,
    OrderBook,
    OrderKey,
    StatusReport,
    execution_root,
)
from ibkr.reconcile import GIVEN_UP, ROWS, Evidence, Judgement, Verdict, judge

log = structlog.get_logger("ibkr")

_MAX_KEY = 255
_LEVELS = {
    Verdict.NOT_SENT: logging.INFO,
    Verdict.FOUND: logging.INFO,
    Verdict.NOT_ACCEPTED: logging.WARNING,
    Verdict.UNKNOWN: logging.WARNING,
    Verdict.DUPLICATE: logging.ERROR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a connection knows when its snapshots are complete, for all orders alike."""

    next_order_id: int
    upstream_healthy: bool
    complete: bool
    today: Callable[[datetime], bool]
    """Whether a moment is on the gateway's present day."""
    overtaken: frozenset[str] = frozenset()
    """References of orders sent over this link before the first snapshot was asked for."""
    accounts: frozenset[str] = frozenset()
    """What the gateway manages: its lists say nothing of orders of other accounts."""


class Blotter:
    """`ids` gives what makes a reference unique; `now` the times of the rows."""

    def __init__(
        self,
        journal: Journal,
        client_id: ClientId,
        *,
        ids: Callable[[], str],
        now: Callable[[], datetime],
    ) -> None:
        self.journal = journal
        self._client_id = client_id
        self._ids = ids
        self._now = now
        self._book = OrderBook()
        self._is_open = False
        self._entries: dict[str, Entry] = {}
        self._references: dict[OrderKey, str] = {}
        self._keys: dict[str, str] = {}
        self._sent_here: set[str] = set()
        self._awaited: set[str] = set()
        self._doubted: dict[str, None] = {}  # a set that keeps the order

    # --- opening ----------------------------------------------------------------------

    def open(self) -> None:
        """Take the journal and know its open orders. Raises JournalError."""
        self.journal.take()
        self._is_open = True
        self._read_doubts_again()
        for entry in self.journal.open_entries():
            self._adopt(self._entries.get(entry.reference, entry))
            if entry.order_id is None and not entry.is_settled:
                self._judged(entry, judge(Evidence(handed_over=False)))
            if entry.is_cancelling:
                log.warning(
                    "order_cancel_unconfirmed",
                    order_id=entry.order_id,
                    reference=entry.reference,
                )

    def _read_doubts_again(self) -> None:
        """Others may have had the journal since we let it go, such as whoever closed an order."""
        for known in self._doubtful():
            kept = self.journal.by_reference(known.reference)
            if kept is not None and not kept.is_doubtful:
                self._put(kept)
                self._book.restore(_result_of(kept))

    def new_link(self) -> None:
        """What was sent so far was sent over another link."""
        self._sent_here.clear()

    # --- asking -----------------------------------------------------------------------

    def get(self, client_id: ClientId, order_id: OrderId) -> OrderResult | None:
        known = self._book.get(client_id, order_id)
        if known is None:
            entry = self.journal.by_order_id(client_id, order_id)
            known = self._result(entry) if entry is not None else None
        return known

    def find(
        self, client_id: ClientId, order_id: OrderId, perm_id: PermId | None
    ) -> OrderResult | None:
        """The order a report is about, by permanent id where there is one."""
        return self._book.find(client_id, order_id, perm_id)

    def highest_order_id(self) -> int:
        """The largest order id ever taken or heard of."""
        return max(self._book.highest_order_id(), self.journal.highest_order_id(self._client_id))

    def by_key(self, key: str) -> OrderResult:
        """Raises OrderNotFound where nothing was sent under this key."""
        entry = self._by_key(key)
        if entry is None or entry.order_id is None or entry.verdict is Verdict.NOT_SENT:
            raise OrderNotFound(f"no order was sent under the key {key!r}")
        return self._result(entry)

    def in_doubt(self) -> tuple[OrderResult, ...]:
        """The orders whose fate is not known and for whose answer nobody waits any more."""
        if not self._is_open:
            return tuple(_result_of(one) for one in self.journal.open_entries() if one.is_doubtful)
        doubted = (one for one in self._doubtful() if one.reference not in self._awaited)
        return tuple(self._result(one) for one in doubted)

    def is_unanswered(self, order_id: OrderId) -> bool:
        """Whether it was sent over this link and nothing was heard of it yet."""
        entry = self._entries.get(self._references.get((self._client_id, order_id), ""))
        return entry is not None and entry.is_doubtful and entry.reference in self._sent_here

    def unanswered_here(self) -> frozenset[str]:
        """References of the orders sent over this link for whose answer nobody waits any more."""
        return frozenset((self._doubted.keys() & self._sent_here) - self._awaited)

    def order_ref_of(self, client_id: ClientId, order_id: OrderId) -> str:
        """The orderRef under which an order went out; empty for one that is not ours."""
        entry = self._entry_at(client_id, order_id)
        return "" if entry is None else self.order_ref(entry)

    @staticmethod
    def order_ref(entry: Entry) -> str:
        """What goes out as orderRef."""
        return references.on_wire(entry.reference, entry.order.order_ref)

    # --- sending ----------------------------------------------------------------------

    def intend(self, contract: Contract, order: Order, key: str | None) -> Entry:
        """Keep that an order is about to be sent. Raises JournalError: then it must not be.

        A key whose order was proved never sent is taken up again, under the same reference.
        """
        known = None if key is None else self._by_key(key)
        if known is not None:
            self._adopt(known)
            return known
        entry = Entry(
            reference=references.make(self._ids()),
            key=key,
            client_id=self._client_id,
            contract=contract,
            order=order,
            intended_at=self._now(),
        )
        self.journal.intend(entry)
        self._put(entry)
        return entry

    def sending(self, entry: Entry, order_id: OrderId, account: str = "") -> OrderResult:
        """Keep the id its message will carry, just before the first byte of it leaves."""
        at = self._now()
        again = entry.verdict is not None
        self.journal.send(
            entry.reference, self._client_id, order_id, at, account=account, again=again
        )
        sent = changed(entry, "sent_again", {}) if again else entry
        sent = replace(sent, order_id=order_id, account=account, sent_at=at)
        self._sent_here.add(entry.reference)
        self._awaited.add(entry.reference)
        self._adopt(sent)
        return self._result(sent)

    def cancelling(self, order_id: OrderId) -> None:
        """A cancel is sent next. It goes out even where that cannot be kept: it lowers risk."""
        entry = self._entry_at(self._client_id, order_id)
        if entry is not None:
            self._told(entry, "cancel_sent", {}, is_open=not entry.is_settled)

    def cancel_refused(self, order_id: OrderId, code: int) -> None:
        entry = self._entry_at(self._client_id, order_id)
        if entry is not None and entry.is_cancelling:
            self._told(entry, "cancel_refused", {"code": code}, is_open=True)

    def is_cancelling(self, order_id: OrderId) -> bool:
        """Whether a cancel of it was sent and nothing was heard of that yet."""
        entry = self._entry_at(self._client_id, order_id)
        return entry is not None and entry.is_cancelling

    def give_up(self, order_id: OrderId) -> None:
        """Nobody waits for the answer to this order any more."""
        self._awaited.discard(self._references.get((self._client_id, order_id), ""))

    def not_sent(self, entry: Entry) -> None:
        """Its message was not written, after all."""
        self._judged(entry, judge(Evidence(handed_over=False)))

    def repeated(self, key: str | None, contract: Contract, order: Order) -> OrderResult | None:
        """What an earlier call under this key led to; None where it is free to be sent.

        Raises IdempotencyConflict for another body, InvalidOrder for a key that is none, else
        what the earlier call raised.
        """
        _check_key(key)
        entry = None if key is None else self._by_key(key)
        if entry is None:
            return None
        if order_text(entry.contract, entry.order) != order_text(contract, order):
            raise IdempotencyConflict(
                f"key {key!r} stands for another order: give a new order a new key",
                order_id=entry.order_id,
            )
        if entry.order_id is None or entry.verdict is Verdict.NOT_SENT:
            return None
        error = self.failure(entry.client_id, entry.order_id)
        if error is not None:
            raise error
        return self._result(entry)

    def failure(self, client_id: ClientId, order_id: OrderId) -> IBKRError | None:
        """Why an order that was handed over is not known to live; None where it is."""
        entry = self._entry_at(client_id, order_id)
        if entry is None:
            return None
        if entry.reject_code is not None:
            return order_rejection(entry.reject_code, entry.reject_reason, order_id)
        if entry.verdict is Verdict.NOT_ACCEPTED:
            return OrderNotAccepted(
                f"order {order_id} was sent and the gateway has no trace of it; "
                "place it under a new key if it is still wanted",
                order_id=order_id,
            )
        if entry.is_doubtful:
            rule = f" (rule {entry.rule})" if entry.rule else ""
            return OrderStateUnknown(
                f"the fate of order {order_id} is not known{rule}. "
                "It may be live; see in_doubt(), do not send it again",
                order_id=order_id,
            )
        return None

    # --- hearing ----------------------------------------------------------------------

    def order_seen(self, order_ref: str, perm_id: PermId | None, source: str) -> None:
        """The gateway showed an order with this orderRef, whatever else can be said of it."""
        entry = self._by_order_ref(order_ref)
        if entry is None or entry.order_id is None:
            return
        is_new = not entry.acknowledged or not (perm_id is None or perm_id in entry.perm_ids)
        if is_new or entry.rule == BY_HAND:
            self._seen(entry, entry.order_id, perm_id, source)

    def open_order(self, report: OpenOrderReport) -> list[OrderEvent]:
        with self._hearing():
            self.order_seen(report.order.order_ref, report.perm_id, "open order")
            key = (report.client_id, report.order_id)
            if self._is_of_another(key, report.perm_id, report.order.order_ref):
                return []
            self._answered(key, report.perm_id, "open order")
            _, callers = references.split(report.order.order_ref)
            report = replace(report, order=replace(report.order, order_ref=callers))
            return self._kept(self._book.apply_open_order(report))

    def completed_order(self, report: CompletedReport) -> list[OrderEvent]:
        with self._hearing():
            self.order_seen(report.order_ref, report.perm_id, "completed order")
            return self._kept(self._book.apply_completed_order(report))

    def status(self, report: StatusReport) -> list[OrderEvent]:
        with self._hearing():
            key = (report.client_id, report.order_id)
            self._answered(key, report.perm_id, "status")
            entry = self._entries.get(self._references.get(key, ""))
            if entry is not None and not entry.acknowledged:
                return []  # a bare id: it may belong to an order we do not know
            return self._kept(self._book.apply_status(report))

    def fill(self, fill: Fill) -> list[OrderEvent]:
        with self._hearing():
            self.order_seen(fill.order_ref, fill.perm_id, "execution")
            key = (fill.client_id, fill.order_id)
            if self._is_of_another(key, fill.perm_id, fill.order_ref):
                return []
            self._answered(key, fill.perm_id, "execution")
            _, callers = references.split(fill.order_ref)
            return self._kept(self._book.apply_fill(replace(fill, order_ref=callers)))

    def commission(self, report: CommissionReport) -> list[OrderEvent]:
        with self._hearing():
            return self._kept(self._book.apply_commission(report))

    def reject(self, order_id: OrderId, code: int, reason: str) -> OrderResult:
        """A code refused an order before anything else was heard of it."""
        self._book.reject(self._client_id, order_id, code, reason)
        entry = self._entry_at(self._client_id, order_id)
        if entry is not None:
            detail = {"code": code, "reason": mask_accounts(reason)}
            self._told(entry, "rejected", detail, is_open=False)
        result = self._book.get(self._client_id, order_id)
        if result is None:
            raise OrderNotFound(f"no order {order_id} of this client", order_id=order_id)
        return result

    def upstream(self, *, lost: bool) -> None:
        """The gateway lost or regained IB: what is under way may be held meanwhile."""
        for entry in self._doubtful():
            if entry.disturbed is not lost:
                self._told(entry, "upstream", {"lost": lost}, is_open=True)

    def cut_short(self, order_ids: Iterable[OrderId]) -> None:
        """The messages of these orders were not out when the socket closed."""
        for order_id in order_ids:
            entry = self._entry_at(self._client_id, order_id)
            if entry is not None and entry.is_doubtful:
                self._told(entry, "cut_short", {}, is_open=True)

    # --- judging ----------------------------------------------------------------------

    @property
    def has_doubts(self) -> bool:
        return bool(self._doubted)

    def settle(self, standing: Standing) -> list[tuple[OrderResult, Judgement]]:
        """Judge every order in doubt by what the snapshots did not show."""
        settled = []
        for entry in self._doubtful():
            judgement = judge(self._evidence(entry, standing))
            if (entry.verdict, entry.rule) != (judgement.verdict, judgement.rule):
                entry = self._judged(entry, judgement)  # noqa: PLW2901 - the entry as judged
                settled.append((self._result(entry), judgement))
        return settled

    def _evidence(self, entry: Entry, standing: Standing) -> Evidence:
        ours = entry.client_id == self._client_id
        return Evidence(
            handed_over=entry.order_id is not None,
            cut_short=entry.cut_short,
            permanent_ids=len(entry.perm_ids),
            found=entry.acknowledged,
            complete=standing.complete,
            fenced=ours
            and (entry.reference not in self._sent_here or entry.reference in standing.overtaken),
            managed=not entry.account or entry.account in standing.accounts,
            upstream_healthy=standing.upstream_healthy,
            disturbed=entry.disturbed,
            rolled_over=entry.sent_at is None or not standing.today(entry.sent_at),
            id_consumed=entry.order_id is not None and standing.next_order_id > entry.order_id,
        )

    def _judged(self, entry: Entry, judgement: Judgement, *, late: bool = False) -> Entry:
        detail = {"verdict": judgement.verdict.value, "rule": judgement.rule}
        settled = judgement.verdict in GIVEN_UP
        log.log(
            logging.ERROR if late else _LEVELS[judgement.verdict],
            "order_judged",
            order_id=entry.order_id,
            reference=entry.reference,
            because=judgement.because,
            after_all=late,
            **detail,
        )
        if settled and entry.order_id is not None:
            self._book.reject(entry.client_id, entry.order_id, None, judgement.because)
        return self._told(entry, "judged", detail, is_open=not settled)

    # --- entries ----------------------------------------------------------------------

    def _adopt(self, entry: Entry) -> None:
        """Know an entry, and its order in the book once it has an id."""
        self._put(entry)
        if entry.order_id is not None:
            key = (entry.client_id, entry.order_id)
            if key not in self._references:
                self._references[key] = entry.reference
                self._book.restore(_result_of(entry))

    def _put(self, entry: Entry) -> None:
        self._entries[entry.reference] = entry
        if entry.key is not None:
            self._keys[entry.key] = entry.reference
        if entry.is_doubtful:
            self._doubted[entry.reference] = None
        else:
            self._doubted.pop(entry.reference, None)

    def _by_key(self, key: str) -> Entry | None:
        reference = self._keys.get(key)
        return self._entries[reference] if reference is not None else self.journal.by_key(key)

    def _by_order_ref(self, order_ref: str) -> Entry | None:
        reference, _ = references.split(order_ref)
        if reference is None:
            return None
        if reference not in self._entries:
            entry = self.journal.by_reference(reference)
            if entry is None:
                log.warning("order_of_another_journal", reference=reference)
                return None
            self._adopt(entry)
        return self._entries[reference]

    def _entry_at(self, client_id: ClientId, order_id: OrderId) -> Entry | None:
        entry = self._entries.get(self._references.get((client_id, order_id), ""))
        return entry or self.journal.by_order_id(client_id, order_id)

    def _doubtful(self) -> list[Entry]:
        return [self._entries[reference] for reference in self._doubted]

    def _result(self, entry: Entry) -> OrderResult:
        known = None
        if entry.order_id is not None:
            known = self._book.get(entry.client_id, entry.order_id)
        return known or _result_of(entry)

    def _is_of_another(self, key: OrderKey, perm_id: PermId | None, order_ref: str) -> bool:
        """Whether it bears the id of an order of ours, but is not that order."""
        entry = self._entries.get(self._references.get(key, ""))
        if entry is None or entry.reference in self._sent_here or perm_id in entry.perm_ids:
            return False
        reference, _ = references.split(order_ref)
        if reference == entry.reference:
            return False
        log.warning("order_id_given_out_again", order_id=key[1])
        return True

    # --- keeping ----------------------------------------------------------------------

    def _answered(self, key: OrderKey, perm_id: PermId | None, source: str) -> None:
        """A message with this id came: on the link that sent the order, it is the answer."""
        entry = self._entries.get(self._references.get(key, ""))
        if entry is not None and not entry.acknowledged and entry.reference in self._sent_here:
            self._seen(entry, key[1], perm_id, source)

    def _seen(self, entry: Entry, order_id: OrderId, perm_id: PermId | None, source: str) -> None:
        """The gateway has it: whatever was concluded of it before is void."""
        entry = self._acknowledge(entry, perm_id, source)
        is_concluded = entry.verdict not in {None, Verdict.FOUND} or entry.rule == BY_HAND
        is_answer = entry.reference in self._sent_here and not is_concluded
        if len(entry.perm_ids) > 1 or not is_answer:
            evidence = Evidence(found=True, permanent_ids=len(entry.perm_ids))
            late = entry.rule == BY_HAND or entry.verdict in GIVEN_UP
            entry = self._judged(entry, judge(evidence), late=late)
            if late:
                self._book.restore(_result_of(entry))
        if perm_id is not None and entry.perm_ids == (perm_id,):
            self._book.bind(entry.client_id, order_id, perm_id)

    def _acknowledge(self, entry: Entry, perm_id: PermId | None, source: str) -> Entry:
        with self._kept_or_logged(entry):
            self.journal.acknowledge(entry.reference, perm_id, source, self._now())
        new = () if perm_id is None or perm_id in entry.perm_ids else (perm_id,)
        seen = replace(entry, acknowledged=True, perm_ids=(*entry.perm_ids, *new))
        self._put(seen)
        return seen

    def _kept(self, events: list[OrderEvent]) -> list[OrderEvent]:
        """The events, once what they say of our orders is in the journal."""
        for event in events:
            result = getattr(event, "result", None)
            if result is not None:
                reference = self._references.get((result.client_id, result.order_id))
                if reference is not None:
                    self._keep(self._entries[reference], result)
        return events

    def _keep(self, entry: Entry, result: OrderResult) -> None:
        known = {execution_root(fill.execution_id): fill for fill in entry.fills}
        for fill in result.fills:
            if known.get(execution_root(fill.execution_id)) != fill:
                with self._kept_or_logged(entry):
                    self.journal.execution(entry.reference, fill)
        entry = replace(entry, fills=result.fills)
        self._put(entry)
        now = (result.status, result.filled, result.average_fill_price)
        if now != (entry.status, entry.filled, entry.average_fill_price):
            average = result.average_fill_price
            detail = {
                "status": result.status.value,
                "filled": decimal_text(result.filled),
                "average_fill_price": None if average is None else str(average),
            }
            self._told(entry, "status", detail, is_open=not result.status.is_done)

    def _told(self, entry: Entry, kind: str, detail: dict[str, Any], *, is_open: bool) -> Entry:
        """Keep an event, and know it: it has happened even where it cannot be kept."""
        with self._kept_or_logged(entry):
            self.journal.event(entry.reference, kind, detail, self._now(), is_open=is_open)
        after = changed(entry, kind, detail)
        self._put(after)
        return after

    @contextmanager
    def _hearing(self) -> Iterator[None]:
        """All that one message changes is on the disk when it is shown, written at once."""
        is_heard = False
        try:
            with self.journal.together():
                yield
                is_heard = True
        except JournalError as error:
            if not is_heard:
                raise
            log.exception("journal_write_failed", reason=error.message)

    @contextmanager
    def _kept_or_logged(self, entry: Entry) -> Iterator[None]:
        try:
            yield
        except JournalError as error:
            log.exception("journal_write_failed", reference=entry.reference, reason=error.message)


def _check_key(key: str | None) -> None:
    if key is not None and not (0 < len(key) <= _MAX_KEY and key.isprintable()):
        raise InvalidOrder(
            f"order field key cannot be {key[:_MAX_KEY]!r}: "
            f"use 1 to {_MAX_KEY} printable characters",
            field="key",
            value=key,
        )


def _result_of(entry: Entry) -> OrderResult:
    """An order as the journal alone knows it."""
    given_up = next((row.because for row in ROWS if row.rule == entry.rule), "")
    reason = entry.reject_reason or (given_up if entry.verdict in GIVEN_UP else "")
    return OrderResult(
        order_id=entry.order_id or OrderId(0),
        client_id=entry.client_id,
        contract=entry.contract,
        order=entry.order,
        status=entry.status,
        filled=entry.filled,
        remaining=max(entry.order.quantity - entry.filled, entry.filled * 0),
        perm_id=entry.perm_ids[0] if entry.perm_ids else None,
        average_fill_price=entry.average_fill_price,
        fills=entry.fills,
        reject_code=entry.reject_code,
        reject_reason=reason,
        key=entry.key,
    )
