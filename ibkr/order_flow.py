"""How an order goes out, and how its caller learns what became of it.

It knows the link and the blotter, not how connections come and go. It hears all that the
gateway says about orders and wakes whoever waits for it.
Rule: kept, then written, once. A caller who waits gets the order as it is, why it was refused,
or that its fate is unknown; in no case is anything sent again.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from ibkr.blotter import Blotter, Standing
from ibkr.entries import Entry
from ibkr.errors import (
    CancelTooLate,
    ConnectionLost,
    ConnectivityError,
    Effect,
    IBKRError,
    OrderNotFound,
    OrderStateUnknown,
    ReadOnlyApi,
    RequestTimeout,
    lookup,
    order_rejection,
)
from ibkr.link import GatewayLink
from ibkr.models import (
    ClientId,
    Contract,
    Fill,
    Order,
    OrderEvent,
    OrderId,
    OrderNotice,
    OrderResult,
    OrderStatus,
    OrderStatusChanged,
    PermId,
)
from ibkr.orders import CommissionReport, CompletedReport, OpenOrderReport, StatusReport
from ibkr.settings import Settings

log = structlog.get_logger("ibkr")


@dataclass(slots=True)
class _Waiters:
    """Callers waiting for the gateway's word on an order, by order id."""

    acknowledged: dict[OrderId, asyncio.Future[None]] = field(default_factory=dict)
    cancelled: dict[OrderId, list[asyncio.Future[None]]] = field(default_factory=dict)
    """Each has a future of its own: one who gives up leaves the others waiting."""


class OrderFlow:
    """The orders of one client over all its links.

    `publish` shows events; `handed_over` is told of each order just before it is written.
    """

    def __init__(
        self,
        blotter: Blotter,
        settings: Settings,
        *,
        publish: Callable[[Iterable[OrderEvent]], None],
        handed_over: Callable[[OrderResult], None],
        now: Callable[[], datetime],
    ) -> None:
        self._blotter = blotter
        self._settings = settings
        self._client_id = ClientId(settings.client_id)
        self._publish = publish
        self._handed_over = handed_over
        self._now = now
        self._waiters = _Waiters()
        self._placing: dict[str, asyncio.Future[None]] = {}

    # --- placing ----------------------------------------------------------------------

    async def place(
        self,
        contract: Contract,
        order: Order,
        key: str | None,
        *,
        link: Callable[[], GatewayLink],
        admit: Callable[[GatewayLink], Order],
    ) -> OrderResult:
        """`link` gives the live one or refuses; `admit` gives the order as it will be sent."""
        if key is None:
            return await self._place_new(contract, order, None, link=link(), admit=admit)
        while key in self._placing:  # another call with this key: its outcome is ours
            await asyncio.wait({self._placing[key]})
        known = self._blotter.repeated(key, contract, order)
        if known is not None:
            return known
        done = self._placing[key] = asyncio.get_running_loop().create_future()
        try:
            return await self._place_new(contract, order, key, link=link(), admit=admit)
        finally:
            del self._placing[key]
            done.set_result(None)

    async def _place_new(
        self,
        contract: Contract,
        order: Order,
        key: str | None,
        *,
        link: GatewayLink,
        admit: Callable[[GatewayLink], Order],
    ) -> OrderResult:
        admit(link)
        qualified = await link.qualify(contract)
        await link.slot()
        # we waited twice: the guards look again, and a link that dropped refuses the order
        admitted = admit(link)
        entry = self._blotter.intend(contract, order, key)
        order_id, write = self._hand_over(link, entry, qualified, admitted)
        try:
            await self._written(link, order_id, write)
        finally:
            self._blotter.give_up(order_id)
        return self._order(order_id)

    def _hand_over(
        self, link: GatewayLink, entry: Entry, contract: Contract, order: Order
    ) -> tuple[OrderId, Callable[[], None]]:
        """Take an id, and keep it; what it gives writes the message, before anything else is done.

        Or note that none left.
        """
        wire_ref = self._blotter.order_ref(entry)
        try:
            order_id = link.next_order_id()
            write = link.writer(order_id, contract, replace(order, order_ref=wire_ref))
            result = self._blotter.sending(entry, order_id, order.account)
        except IBKRError:
            self._blotter.not_sent(entry)
            raise
        self._handed_over(result)
        return order_id, write

    async def _written(
        self, link: GatewayLink, order_id: OrderId, write: Callable[[], None]
    ) -> None:
        """Write, and wait for the first word; where none comes in time, ask for it once."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.acknowledged[order_id] = answer
        timeout_s = self._settings.order_ack_timeout_s
        try:
            write()
            await link.answer(answer, timeout_s, f"placing order {order_id}")
        except RequestTimeout as error:
            with suppress(ConnectivityError):
                await link.snapshot()
            if not answer.done():
                raise _unknown(order_id, error) from error
            answer.result()
        except ConnectionLost as error:
            raise _unknown(order_id, error) from error
        finally:
            del self._waiters.acknowledged[order_id]

    # --- cancelling -------------------------------------------------------------------

    async def cancel(self, link: GatewayLink, order_id: OrderId) -> OrderResult:
        if link.is_request_id(order_id):  # the refusal would be taken for that of the request
            raise OrderNotFound(f"no order {order_id} of this client", order_id=order_id)
        if order_id not in self._waiters.cancelled:
            await link.slot()
        if order_id not in self._waiters.cancelled:  # nobody was faster
            write = link.canceller(order_id)
            self._blotter.cancelling(order_id)
            write()
            log.info("order_cancel_submitted", order_id=order_id)
        confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiters.cancelled.setdefault(order_id, [])
        waiting.append(confirmed)
        try:
            await link.answer(
                confirmed, self._settings.request_timeout_s, f"cancelling order {order_id}"
            )
        except (ConnectionLost, RequestTimeout) as error:
            raise _unknown(order_id, error) from error
        finally:
            waiting.remove(confirmed)
            if not waiting:
                del self._waiters.cancelled[order_id]
        return self._order(order_id)

    def check_cancellable(self, order_id: OrderId) -> OrderResult | None:
        """The order if it is cancelled already. Raises CancelTooLate if it is filled."""
        known = self._blotter.get(self._client_id, order_id)
        if known is not None and known.status is OrderStatus.FILLED:
            raise filled_already(order_id)
        return known if known is not None and known.status.is_cancelled else None

    # --- reconciling ------------------------------------------------------------------

    async def look_again(self, link: GatewayLink) -> None:
        """Judge what is in doubt on a link that stayed up. Raises as `reconcile`."""
        overtaken = self._blotter.unanswered_here()
        await link.snapshot(all_clients=True)
        await self.reconcile(link, overtaken=overtaken)

    async def reconcile(
        self,
        link: GatewayLink,
        *,
        complete: bool = True,
        overtaken: frozenset[str] = frozenset(),
    ) -> None:
        """Judge what is in doubt, now that one snapshot of this link is complete.

        A second one is taken after a pause, since what is on its way may need a moment.
        `overtaken` are orders of this link that were sent before the first was asked for.
        Raises NotConnected, ConnectionLost, RequestTimeout or SyncFailed: then nothing was judged.
        """
        if not self._blotter.has_doubts:
            return
        if complete:
            await link.pause(self._settings.reconcile_settle_s)
            await link.snapshot(all_clients=True)
        standing = replace(self._standing(link, complete=complete), overtaken=overtaken)
        for result, _ in self._blotter.settle(standing):
            self._publish([OrderStatusChanged(result)])

    def _standing(self, link: GatewayLink, *, complete: bool) -> Standing:
        zone = ZoneInfo(self._settings.gateway_time_zone)
        today = self._now().astimezone(zone).date()
        return Standing(
            next_order_id=link.next_valid_id,
            upstream_healthy=link.upstream_ok,
            complete=complete,
            accounts=frozenset(link.accounts),
            today=lambda moment: moment.astimezone(zone).date() == today,
        )

    # --- what the link reports --------------------------------------------------------

    def order_seen(self, order_ref: str, perm_id: PermId | None) -> None:
        self._blotter.order_seen(order_ref, perm_id, "open order")

    def cut_short(self, order_ids: Sequence[OrderId]) -> None:
        self._blotter.cut_short(order_ids)

    def status(self, report: StatusReport) -> None:
        self._publish(self._blotter.status(report))
        self._settle(self._blotter.find(report.client_id, report.order_id, report.perm_id))

    def open_order(self, report: OpenOrderReport) -> None:
        self._publish(self._blotter.open_order(report))
        self._settle(self._blotter.find(report.client_id, report.order_id, report.perm_id))

    def completed_order(self, report: CompletedReport) -> None:
        self._publish(self._blotter.completed_order(report))
        self._settle(self._blotter.find(self._client_id, OrderId(0), report.perm_id))

    def fill(self, fill: Fill) -> None:
        self._publish(self._blotter.fill(fill))
        self._settle(self._blotter.find(fill.client_id, fill.order_id, fill.perm_id))

    def commission(self, report: CommissionReport) -> None:
        self._publish(self._blotter.commission(report))

    def order_code(self, order_id: OrderId, code: int, text: str) -> None:
        """A code about an order: it ends a waiting call, never a live order."""
        row = lookup(code)
        acknowledged = self._waiters.acknowledged.get(order_id)
        cancelled = self._waiters.cancelled.get(order_id, ())
        if not cancelled and self._blotter.get(self._client_id, order_id) is None:
            log.info("request_notice", request_id=order_id, gateway_code=code)
            return  # about a request that is over
        self._publish([OrderNotice(order_id, code, text)])
        is_waited_for = acknowledged is not None and not acknowledged.done()
        is_open = is_waited_for or self._blotter.is_unanswered(order_id)
        error = order_rejection(code, text, order_id)
        # a cancel that comes too late says that the order lives, or did: it is no refusal of it
        answers_cancel = isinstance(error, OrderNotFound | CancelTooLate)
        answers_cancel = answers_cancel and self._blotter.is_cancelling(order_id)
        if row.effect is Effect.REJECT and is_open and not answers_cancel:
            rejected = self._blotter.reject(order_id, code, text)
            self._publish([OrderStatusChanged(rejected)])
            _fail(acknowledged, error)
        elif isinstance(error, OrderNotFound | CancelTooLate | ReadOnlyApi):
            self._blotter.cancel_refused(order_id, code)
            for each in cancelled:
                _fail(each, error)

    def _settle(self, result: OrderResult | None) -> None:
        """Wake the callers whose question this state of the order answers."""
        if result is None or result.client_id != self._client_id:
            return
        acknowledged = self._waiters.acknowledged.get(result.order_id)
        if acknowledged is not None and not acknowledged.done():
            if result.status is OrderStatus.INACTIVE:  # the reason, if any, follows
                asyncio.get_running_loop().call_later(
                    self._settings.inactive_grace_s, _resolve, acknowledged
                )
            else:
                acknowledged.set_result(None)
        for each in self._waiters.cancelled.get(result.order_id, ()):
            if result.status.is_cancelled:
                _resolve(each)
            elif result.status is OrderStatus.FILLED:
                _fail(each, filled_already(result.order_id))

    def _order(self, order_id: OrderId) -> OrderResult:
        result = self._blotter.get(self._client_id, order_id)
        if result is None:
            raise OrderNotFound(f"no order {order_id} of this client", order_id=order_id)
        return result


def _resolve(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)


def _fail(future: asyncio.Future[None] | None, error: IBKRError) -> None:
    if future is not None and not future.done():
        future.set_exception(error)


def _unknown(order_id: OrderId, cause: IBKRError) -> OrderStateUnknown:
    return OrderStateUnknown(
        f"the fate of order {order_id} is not known: {cause.message}. "
        "It may be live; look at order(order_id) after a reconnect, do not send it again",
        order_id=order_id,
    )


def filled_already(order_id: OrderId) -> CancelTooLate:
    return CancelTooLate(f"order {order_id} is filled already", order_id=order_id)
