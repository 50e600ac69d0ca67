"""The order book of one client: folds what the gateway says into what is true of each order.

It knows nothing of the client library, sockets or clocks; reports come in, order events go out.
Rule: executions outrank statuses, statuses outrank error codes; what is done stays done,
and a report heard twice changes nothing.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from ibkr.models import (
    ClientId,
    CommissionReported,
    Contract,
    ExecutionId,
    Fill,
    Order,
    OrderEvent,
    OrderFilled,
    OrderId,
    OrderResult,
    OrderStatus,
    OrderStatusChanged,
    PermId,
)

_ZERO = Decimal(0)
_UNTAKEN = frozenset({OrderStatus.PENDING_SUBMIT, OrderStatus.API_PENDING})
OrderKey = tuple[ClientId, OrderId]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """One orderStatus message. `perm_id` is None while the gateway has not given one."""

    client_id: ClientId
    order_id: OrderId
    status: OrderStatus
    filled: Decimal
    average_fill_price: Decimal | None = None
    perm_id: PermId | None = None
    why_held: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrderReport:
    """One openOrder message: the order and its status word, None where it decides nothing."""

    client_id: ClientId
    order_id: OrderId
    contract: Contract
    order: Order
    status: OrderStatus | None = None
    perm_id: PermId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedReport:
    """One completedOrder message: it carries neither order id nor client id.

    `filled` is None where the message says nothing of it.
    """

    status: OrderStatus | None
    filled: Decimal | None = None
    perm_id: PermId | None = None
    order_ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionReport:
    """What one execution cost. `realized_pnl` is None where nothing was closed."""

    execution_id: ExecutionId
    commission: Decimal
    currency: str
    realized_pnl: Decimal | None = None


def execution_root(execution_id: str) -> str:
    """The part an execution shares with its corrections: all but the last dotted segment."""
    root, dot, _ = execution_id.rpartition(".")
    return root if dot else execution_id


def _revision(execution_id: str) -> int:
    last = execution_id.rpartition(".")[2]
    return int(last) if last.isdigit() else 0


@dataclass(slots=True)
class _Record:
    key: OrderKey
    contract: Contract
    order: Order
    status: OrderStatus
    perm_id: PermId | None = None
    reported_filled: Decimal = _ZERO
    reported_average: Decimal | None = None
    why_held: str = ""
    reject_code: int | None = None
    reject_reason: str = ""
    caller_key: str | None = None
    fills: dict[str, Fill] = field(default_factory=dict)

    def is_refused(self) -> bool:
        return self.reject_code is not None or bool(self.reject_reason)

    def executed(self) -> Decimal:
        return sum((fill.quantity for fill in self.fills.values()), _ZERO)

    def filled(self) -> Decimal:
        return max(self.reported_filled, self.executed())

    def average_price(self) -> Decimal | None:
        """Of the executions when they explain everything filled, else what was reported."""
        executed = self.executed()
        if executed > 0 and executed >= self.reported_filled:
            paid = sum((fill.quantity * fill.price for fill in self.fills.values()), _ZERO)
            return paid / executed
        return self.reported_average

    def result(self) -> OrderResult:
        client_id, order_id = self.key
        filled = self.filled()
        return OrderResult(
            order_id=order_id,
            client_id=client_id,
            contract=self.contract,
            order=self.order,
            status=self.status,
            filled=filled,
            remaining=max(self.order.quantity - filled, _ZERO),
            perm_id=self.perm_id,
            average_fill_price=self.average_price(),
            fills=tuple(self.fills.values()),
            why_held="" if self.status.is_done else self.why_held,
            reject_code=self.reject_code,
            reject_reason=self.reject_reason,
            key=self.caller_key,
        )


class OrderBook:
    """All orders heard of, keyed by (client_id, order_id) and, once known, by permanent id."""

    def __init__(self) -> None:
        self._records: dict[OrderKey, _Record] = {}
        self._by_perm_id: dict[PermId, _Record] = {}
        self._early: dict[OrderKey, dict[str, Fill]] = {}
        self._fill_owner: dict[str, _Record] = {}

    def get(self, client_id: ClientId, order_id: OrderId) -> OrderResult | None:
        record = self._records.get((client_id, order_id))
        return record.result() if record else None

    def find(
        self, client_id: ClientId, order_id: OrderId, perm_id: PermId | None
    ) -> OrderResult | None:
        """The order a report is about, by permanent id where there is one."""
        record = self._find(client_id, order_id, perm_id)
        return record.result() if record else None

    def highest_order_id(self) -> int:
        """The largest order id heard of, whoever used it; 0 for an empty book."""
        return max((order_id for _, order_id in self._records), default=0)

    def add(
        self,
        client_id: ClientId,
        order_id: OrderId,
        contract: Contract,
        order: Order,
        *,
        key: str | None = None,
    ) -> OrderResult:
        """Enter an order that was just handed to the gateway."""
        record = _Record(
            (client_id, order_id), contract, order, OrderStatus.PENDING_SUBMIT, caller_key=key
        )
        self._records[record.key] = record
        return record.result()

    def restore(self, result: OrderResult) -> None:
        """Enter an order as it was known when it was last kept."""
        record = _Record(
            key=(result.client_id, result.order_id),
            contract=result.contract,
            order=result.order,
            status=result.status,
            reported_filled=result.filled,
            reported_average=result.average_fill_price,
            reject_code=result.reject_code,
            reject_reason=result.reject_reason,
            caller_key=result.key,
        )
        self._records[record.key] = record
        for fill in result.fills:
            root = execution_root(fill.execution_id)
            record.fills[root] = fill
            self._fill_owner[root] = record
        self._bind(record, result.perm_id)

    def bind(self, client_id: ClientId, order_id: OrderId, perm_id: PermId) -> None:
        """The order was shown under this permanent id."""
        self._bind(self._records[client_id, order_id], perm_id)

    def reject(self, client_id: ClientId, order_id: OrderId, code: int | None, reason: str) -> None:
        """Note that the order was refused before it was live; without a code, that it is not there.

        The status becomes INACTIVE, which is not done: should the gateway report the order
        after all, its reports still count, and once it works it was not refused.
        """
        record = self._records[client_id, order_id]
        record.status = OrderStatus.INACTIVE
        record.reject_code, record.reject_reason = code, reason

    def apply_open_order(self, report: OpenOrderReport) -> list[OrderEvent]:
        """Learn an order (also one placed in an earlier session) or its changed terms."""
        record = self._find(report.client_id, report.order_id, report.perm_id)
        if record is None:
            status = report.status or OrderStatus.PENDING_SUBMIT
            key = (report.client_id, report.order_id)
            record = _Record(key, report.contract, report.order, status)
            self._records[key] = record
            self._bind(record, report.perm_id)
            events: list[OrderEvent] = [OrderStatusChanged(record.result())]
            for fill in self._early.pop(key, {}).values():
                events += self.apply_fill(fill)
            return events
        self._bind(record, report.perm_id)
        before = record.result()
        record.order = replace(
            record.order,
            quantity=report.order.quantity,
            order_type=report.order.order_type,
            limit_price=report.order.limit_price,
            stop_price=report.order.stop_price,
            trail_amount=report.order.trail_amount,
            tif=report.order.tif,
        )
        if report.status is not None:
            self._advance(record, report.status)
        return _changed(before, record)

    def apply_completed_order(self, report: CompletedReport) -> list[OrderEvent]:
        """Learn how an order ended while nobody listened; the permanent id links it."""
        record = self._by_perm_id.get(report.perm_id) if report.perm_id is not None else None
        if record is None or report.status is None:
            return []
        before = record.result()
        if self._advance(record, report.status) and report.filled is not None:
            record.reported_filled = max(record.reported_filled, report.filled)
        return _changed(before, record)

    def apply_status(self, report: StatusReport) -> list[OrderEvent]:
        """Take a status over, unless it is older than what is known already."""
        record = self._find(report.client_id, report.order_id, report.perm_id)
        if record is None:
            return []
        self._bind(record, report.perm_id)
        before = record.result()
        if report.filled < record.filled() and not report.status.is_done:
            return []  # overtaken by an execution or by a later status
        record.reported_filled = max(record.reported_filled, report.filled)
        if report.average_fill_price is not None:
            record.reported_average = report.average_fill_price
        if self._advance(record, report.status):
            record.why_held = report.why_held
        return _changed(before, record)

    def apply_fill(self, fill: Fill) -> list[OrderEvent]:
        """Book an execution once; a correction replaces the execution it corrects."""
        record = self._find(fill.client_id, fill.order_id, fill.perm_id)
        if record is None:
            waiting = self._early.setdefault((fill.client_id, fill.order_id), {})
            waiting[fill.execution_id] = fill
            return []
        root = execution_root(fill.execution_id)
        known = record.fills.get(root)
        if known is not None:
            if _revision(fill.execution_id) <= _revision(known.execution_id):
                return []
            # the status counted the wrong execution too; let the difference go with it
            record.reported_filled += fill.quantity - known.quantity
        fill = replace(fill, contract=record.contract)  # as the caller named it
        record.fills[root] = fill
        self._fill_owner[root] = record
        self._bind(record, fill.perm_id)
        if record.filled() >= record.order.quantity:
            record.status = OrderStatus.FILLED
        elif record.is_refused() or record.status in _UNTAKEN:
            record.status = OrderStatus.SUBMITTED
        _note_taken(record)
        return [OrderFilled(fill, record.result())]

    def apply_commission(self, report: CommissionReport) -> list[OrderEvent]:
        """Put the commission on its execution; a report for an unknown one changes nothing."""
        root = execution_root(report.execution_id)
        record = self._fill_owner.get(root)
        if record is None:
            return []
        fill = record.fills[root]
        priced = replace(
            fill,
            commission=report.commission,
            commission_currency=report.currency,
            realized_pnl=report.realized_pnl,
        )
        if priced == fill:
            return []
        record.fills[root] = priced
        return [CommissionReported(priced, record.result())]

    def _find(
        self, client_id: ClientId, order_id: OrderId, perm_id: PermId | None
    ) -> _Record | None:
        """By permanent id first: a cancelled status carries the canceller's client id."""
        if perm_id is not None and perm_id in self._by_perm_id:
            return self._by_perm_id[perm_id]
        record = self._records.get((client_id, order_id))
        if record and perm_id is not None and record.perm_id not in {None, perm_id}:
            return None  # an order id that was given out again: another order
        return record

    def _bind(self, record: _Record, perm_id: PermId | None) -> None:
        if perm_id is not None and record.perm_id is None:
            record.perm_id = perm_id
            self._by_perm_id[perm_id] = record

    @staticmethod
    def _advance(record: _Record, status: OrderStatus) -> bool:
        """Move to `status` unless the order is done; only FILLED may follow CANCELLED."""
        if record.status.is_done and status is not OrderStatus.FILLED:
            return False
        record.status = status
        _note_taken(record)
        return True


def _note_taken(record: _Record) -> None:
    """What works was not refused, and what was reported is there."""
    if record.status.is_taken:
        record.reject_code, record.reject_reason = None, ""


def _changed(before: OrderResult, record: _Record) -> list[OrderEvent]:
    after = record.result()
    return [] if after == before else [OrderStatusChanged(after)]
