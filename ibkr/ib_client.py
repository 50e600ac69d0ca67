"""IBKRClient: the production client. Connects, reconnects, and correlates what it asked.

It does not know the library's messages (ibkr.link does) nor how orders evolve (ibkr.orders).
Rule: every connection gets a fresh IB object, every wait has a deadline, and an order is
written at most once: when its fate is unclear, that is said, and nothing is sent again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random, SystemRandom
from typing import Any

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    stop_after_attempt,
    stop_never,
)
from tenacity.stop import StopBaseT

from ibkr import guards
from ibkr.connection import Cause, ConnectionState
from ibkr.desk import Desk
from ibkr.errors import (
    CancelTooLate,
    ConnectionLost,
    ConnectivityError,
    Effect,
    GatewayUnavailable,
    IBKRError,
    NotConnected,
    NotSubscribed,
    OrderNotFound,
    OrderStateUnknown,
    ReadOnlyApi,
    RequestTimeout,
    lookup,
    order_rejection,
)
from ibkr.library import load
from ibkr.link import GatewayLink
from ibkr.logs import mask_account, mask_accounts
from ibkr.metrics import IBKRMetrics
from ibkr.models import (
    ClientId,
    ConnectionInfo,
    Contract,
    Fill,
    MarketDataType,
    Order,
    OrderId,
    OrderNotice,
    OrderResult,
    OrderStatus,
    OrderStatusChanged,
    Quote,
    Subscription,
)
from ibkr.orders import CommissionReport, OpenOrderReport, StatusReport
from ibkr.quotes import not_subscribed
from ibkr.settings import Settings

_S = ConnectionState
_OPENING = frozenset({_S.CONNECTING, _S.SYNCING})


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class _FirstTick:
    """A subscription nobody has seen a value of yet, and how many callers wait for one."""

    arrived: asyncio.Future[None]
    waiting: int = 0
    asked: bool = False


@dataclass(slots=True)
class _Waiters:
    """Callers waiting for the gateway's word on an order, by order id."""

    acknowledged: dict[OrderId, asyncio.Future[None]] = field(default_factory=dict)
    cancelled: dict[OrderId, asyncio.Future[None]] = field(default_factory=dict)


class IBKRClient(Desk):
    """A client of one IB Gateway or TWS, satisfying IBKRClientProtocol.

    Give it `settings`, or single settings by name: `IBKRClient(port=4002, client_id=7)`.
    `ib_factory` makes the IB of each connection, by default that of the library in use;
    `sleep` and `random` serve the back-off between attempts. Raises
    pydantic.ValidationError for bad settings, LibraryMissing for a library not installed.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        metrics: IBKRMetrics | None = None,
        ib_factory: Callable[[], Any] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Random | None = None,
        now: Callable[[], datetime] = _utc_now,
        **options: Any,
    ) -> None:
        if settings is not None and options:
            raise TypeError(f"give settings or single options, not both: {', '.join(options)}")
        super().__init__(settings or Settings(**options), metrics, now)
        self._library = load(self.settings.library)
        self._ib_factory = ib_factory or self._library.IB
        self._sleep = sleep
        self._random = random or SystemRandom()
        self._link: GatewayLink | None = None
        self._info: ConnectionInfo | None = None
        self._worker: asyncio.Task[None] | None = None
        self._waiters = _Waiters()
        self._first_ticks: dict[Contract, _FirstTick] = {}
        self._interrupted: set[Contract] = set()

    # --- lifecycle --------------------------------------------------------------------

    async def connect(self) -> ConnectionInfo:
        """Connect and return once READY; joins an attempt that is under way.

        If the gateway has no link to IB the state is DEGRADED instead, and `is_connected()`
        stays False until the gateway regains it.

        During a background reconnect it waits `connect_timeout_s` for it, then raises
        GatewayUnavailable while the attempts go on.
        """
        if self._state in {_S.DISCONNECTED, _S.CLOSED}:
            self._move(Cause.OPEN, "connect() was called")
            self._start(self._open())
        if self._info is None and self._worker is not None:
            await self._join(self._worker)
        if self._info is None:
            raise ConnectionLost("the connection was closed while connect() waited")
        return self._info

    async def disconnect(self) -> None:
        """Close the connection, stop all attempts, end all streams. Idempotent.

        Callers that wait for an answer get ConnectionLost, or OrderStateUnknown for an order.
        """
        if self._state is _S.CLOSED:
            return
        self._move(Cause.CLOSE, "disconnect() was called")
        link, self._link, self._info = self._link, None, None
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.cancel()
            await asyncio.wait({worker})
        if link is not None:
            await link.close()
        self._end_streams()
        self._log.info("disconnected")

    async def _join(self, worker: asyncio.Task[None]) -> None:
        reconnecting = self._state is _S.RECONNECTING
        timeout_s = self.settings.connect_timeout_s if reconnecting else None
        try:
            done, _ = await asyncio.wait({worker}, timeout=timeout_s)
        except asyncio.CancelledError:
            if self._state in _OPENING:  # our caller gave up, and with it the attempt
                worker.cancel()
            raise
        if not done:
            raise GatewayUnavailable("still reconnecting in the background")
        if worker.cancelled():
            raise ConnectionLost("the connection was closed while connect() waited")
        worker.result()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self._worker = asyncio.create_task(work)
        self._worker.add_done_callback(self._note_worker_end)

    def _note_worker_end(self, worker: asyncio.Task[None]) -> None:
        if self._worker is worker:
            self._worker = None
        error = None if worker.cancelled() else worker.exception()
        if error is not None:
            self._log.error("connection_failed", reason=mask_accounts(str(error)))

    async def _open(self) -> None:
        """The attempts of one connect(); raises the error of the last one."""
        try:
            stop = stop_after_attempt(self.settings.connect_attempts)
            async for attempt in self._attempts(stop, Cause.RETRY):
                with attempt:
                    await self._attempt()
        except BaseException as error:
            if self._state in _OPENING:
                self._move(Cause.FAILED, str(error) or "cancelled")
            raise

    async def _reconnect(self, lost: GatewayLink) -> None:
        """Try until it works, `disconnect()` is called, or the account is not allowed."""
        await lost.close()
        try:
            async for attempt in self._attempts(stop_never, Cause.LINK_LOST):
                with attempt:
                    await self._attempt()
        except IBKRError as error:
            self._move(Cause.FAILED, error.message)
            for contract in self._board.contracts():
                self._close_quotes(contract, error)
            raise

    def _attempts(self, stop: StopBaseT, setback: Cause) -> AsyncRetrying:
        def before_sleep(attempt: RetryCallState) -> None:
            error = attempt.outcome.exception() if attempt.outcome else None
            self._log.warning(
                "connection_attempt_failed",
                attempt=attempt.attempt_number,
                retry_in_s=round(attempt.upcoming_sleep, 3),
                reason=mask_accounts(str(error)),
            )
            if self._state in _OPENING:  # while RECONNECTING nothing has changed
                self._move(setback, str(error))

        return AsyncRetrying(
            stop=stop,
            wait=self._backoff_s,
            retry=retry_if_exception_type(ConnectivityError),
            before_sleep=before_sleep,
            sleep=self._sleep,
            reraise=True,
        )

    def _backoff_s(self, attempt: RetryCallState) -> float:
        """Doubling from the minimum to the maximum; jitter takes off up to half of it."""
        settings = self.settings
        doublings = min(attempt.attempt_number - 1, 30)
        pause_s = min(settings.backoff_max_s, settings.backoff_min_s * 2.0**doublings)
        return pause_s * (0.5 + 0.5 * self._random.random())

    async def _attempt(self) -> None:
        """One connection: link, checks, subscriptions. READY at the end, or nothing left over."""
        self._log.info("connection_attempt")
        link = GatewayLink(
            self._ib_factory(),
            self.settings,
            self,
            library=self._library,
            first_id=self._book.highest_order_id() + 1,
            now=self._now,
        )
        self._link = link
        try:
            await link.connect()
            guards.check_accounts(link.accounts, self.settings)
            if self.settings.market_data_type != 1:  # live is what a session starts with
                link.choose_market_data_type(self.settings.market_data_type)
            await self._subscribe_again(link, self._board.contracts())
            link.activate()
        except BaseException:
            self._link = None
            await link.close()
            raise
        self._info = ConnectionInfo(
            host=self.settings.host,
            port=self.settings.port,
            client_id=ClientId(self.settings.client_id),
            server_version=link.server_version,
            accounts=link.accounts,
            connected_at=self._now(),
        )
        self._log.info(
            "connected",
            server_version=link.server_version,
            accounts=[mask_account(account) for account in link.accounts],
        )
        self._become_ready(link)

    def _become_ready(self, link: GatewayLink) -> None:
        self._move(Cause.SYNCED, "all checks passed")
        if not link.upstream_ok:  # 1100 came during the start-up
            self._move(Cause.UPSTREAM_LOST, "the gateway has lost its link to IB")

    async def _subscribe_again(self, link: GatewayLink, contracts: Iterable[Contract]) -> None:
        for contract in contracts:
            await link.slot()
            if contract in self._board or contract in self._first_ticks:
                link.subscribe(contract)
                self._interrupted.discard(contract)
                self._log.info("market_data_resubscribed", contract=str(contract))

    async def _resync(self, link: GatewayLink, contracts: Iterable[Contract]) -> None:
        """After the gateway regained IB: ask again for what was lost."""
        try:
            await self._subscribe_again(link, contracts)
            link.refresh_orders()
        except NotConnected:
            return  # the link dropped meanwhile; the reconnect restores everything
        self._become_ready(link)

    # --- what the link reports about itself -------------------------------------------

    def api_ready(self) -> None:
        self._move(Cause.LINKED, "the API session is open")

    def connectivity(self, code: int, text: str) -> None:
        """1100 and 2110 close the gate for orders, 1101 and 1102 open it again."""
        self._log.warning("upstream_changed", gateway_code=code, message=mask_accounts(text))
        link = self._link
        if link is None or self._state not in {_S.READY, _S.DEGRADED}:
            return  # start-up in progress: the level is read when it ends
        if code == 1101:
            self._move(Cause.DATA_LOST, text)
            self._start(self._resync(link, (*self._board.contracts(), *self._first_ticks)))
        elif code == 1102 and self._interrupted:
            self._move(Cause.DATA_LOST, text)
            self._start(self._resync(link, tuple(self._interrupted)))
        elif code == 1102:
            link.refresh_orders()
            if self._state is _S.DEGRADED:
                self._move(Cause.UPSTREAM_RESTORED, text)
        elif self._state is _S.READY:
            self._move(Cause.UPSTREAM_LOST, text)

    def link_lost(self, reason: str) -> None:
        link, self._link, self._info = self._link, None, None
        self._log.error("connection_lost", reason=reason)
        self._move(Cause.LINK_LOST, reason)
        self._board.forget_prices()
        self._interrupted.clear()
        if link is not None:
            self._start(self._reconnect(link))

    def _live_link(self) -> GatewayLink:
        """The link of a READY connection. Raises NotConnected in any other state."""
        guards.check_ready(self._state)
        if self._link is None:
            raise NotConnected("the link to the gateway is down; nothing was sent")
        return self._link

    # --- orders -----------------------------------------------------------------------

    async def place_order(
        self, contract: Contract, order: Order, *, key: str | None = None
    ) -> OrderResult:
        try:
            known = self._repeated(key, contract, order)
            return known or await self._place(contract, order, key)
        except IBKRError as error:
            self._note_order_failed(contract, order, error)
            raise

    async def _place(self, contract: Contract, order: Order, key: str | None) -> OrderResult:
        link = self._live_link()
        self._admit(order, link.accounts)
        qualified = await link.qualify(contract)
        await link.slot()
        # we waited twice: the guards look again, and a link that dropped refuses the order
        order_id = link.place(qualified, self._admit(order, link.accounts))
        result = self._book.add(self.client_id, order_id, contract, order, key=key)
        self._remember(key, result)
        self._note_handed_over(result)
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.acknowledged[order_id] = acknowledged
        try:
            await link.answer(
                acknowledged, self.settings.order_ack_timeout_s, f"placing order {order_id}"
            )
        except (ConnectionLost, RequestTimeout) as error:
            self._doubted.append(order_id)
            raise _unknown(order_id, error) from error
        finally:
            del self._waiters.acknowledged[order_id]
        return self.order(order_id)

    async def cancel_order(self, order_id: OrderId) -> OrderResult:
        known = self._book.get(self.client_id, order_id)
        if known is not None and known.status.is_cancelled:
            return known
        if known is not None and known.status is OrderStatus.FILLED:
            raise _filled(order_id)
        link = self._link
        if link is None or self._state not in {_S.READY, _S.DEGRADED}:
            raise NotConnected(f"the connection is {self._state}; the cancel was not sent")
        if self.settings.read_only:
            raise ReadOnlyApi("read_only is set: this client cancels no orders")
        await self._send_cancel(link, order_id)
        self._log.info("order_cancelled", order_id=order_id)
        return self.order(order_id)

    async def _send_cancel(self, link: GatewayLink, order_id: OrderId) -> None:
        confirmed = self._waiters.cancelled.get(order_id)
        if confirmed is None:
            await link.slot()
            confirmed = self._waiters.cancelled.get(order_id)
        if confirmed is None:
            link.cancel(order_id)
            self._log.info("order_cancel_submitted", order_id=order_id)
            confirmed = asyncio.get_running_loop().create_future()
            self._waiters.cancelled[order_id] = confirmed
        try:
            await link.answer(
                confirmed, self.settings.request_timeout_s, f"cancelling order {order_id}"
            )
        except (ConnectionLost, RequestTimeout) as error:
            raise _unknown(order_id, error) from error
        finally:
            if self._waiters.cancelled.get(order_id) is confirmed:
                del self._waiters.cancelled[order_id]

    # --- what the link reports about orders -------------------------------------------

    def status(self, report: StatusReport) -> None:
        self._publish(self._book.apply_status(report))
        self._settle(self._book.find(report.client_id, report.order_id, report.perm_id))

    def open_order(self, report: OpenOrderReport) -> None:
        self._publish(self._book.apply_open_order(report))
        self._settle(self._book.find(report.client_id, report.order_id, report.perm_id))

    def completed_order(self, report: OpenOrderReport) -> None:
        self._publish(self._book.apply_completed_order(report))

    def fill(self, fill: Fill) -> None:
        self._publish(self._book.apply_fill(fill))
        self._settle(self._book.find(fill.client_id, fill.order_id, fill.perm_id))

    def commission(self, report: CommissionReport) -> None:
        self._publish(self._book.apply_commission(report))

    def order_code(self, order_id: OrderId, code: int, text: str) -> None:
        """A code about an order: it ends a waiting call, never a live order."""
        row = lookup(code)
        acknowledged = self._waiters.acknowledged.get(order_id)
        cancelled = self._waiters.cancelled.get(order_id)
        if cancelled is None and self._book.get(self.client_id, order_id) is None:
            self._log.info("request_notice", request_id=order_id, gateway_code=code)
            return  # about a request that is over
        self._publish([OrderNotice(order_id, code, text)])
        if acknowledged is not None and not acknowledged.done() and row.effect is Effect.REJECT:
            self._book.reject(self.client_id, order_id, code, text)
            self._publish([OrderStatusChanged(self.order(order_id))])
            acknowledged.set_exception(order_rejection(code, text, order_id))
        elif cancelled is not None and not cancelled.done():
            error = order_rejection(code, text, order_id)
            if isinstance(error, OrderNotFound | CancelTooLate | ReadOnlyApi):
                cancelled.set_exception(error)

    def _settle(self, result: OrderResult | None) -> None:
        """Wake the callers whose question this state of the order answers."""
        if result is None or result.client_id != self.client_id:
            return
        acknowledged = self._waiters.acknowledged.get(result.order_id)
        if acknowledged is not None and not acknowledged.done():
            if result.status is OrderStatus.INACTIVE:  # the reason, if any, follows
                asyncio.get_running_loop().call_later(
                    self.settings.inactive_grace_s, _resolve, acknowledged
                )
            else:
                acknowledged.set_result(None)
        cancelled = self._waiters.cancelled.get(result.order_id)
        if cancelled is None or cancelled.done():
            return
        if result.status.is_cancelled:
            cancelled.set_result(None)
        elif result.status is OrderStatus.FILLED:
            cancelled.set_exception(_filled(result.order_id))

    # --- market data ------------------------------------------------------------------

    async def request_market_data(self, contract: Contract) -> Subscription:
        link = self._live_link()
        if contract in self._board:
            return self._subscription(contract)
        first = self._first_ticks.get(contract)
        if first is None:
            first = _FirstTick(asyncio.get_running_loop().create_future())
            self._first_ticks[contract] = first
        first.waiting += 1
        try:
            if not first.asked:
                first.asked = True
                await link.slot()
                link.subscribe(contract)
            await link.answer(
                first.arrived, self.settings.request_timeout_s, f"market data of {contract}"
            )
        finally:
            first.waiting -= 1
            self._give_up(link, contract, first)
        return self._subscription(contract)

    def _give_up(self, link: GatewayLink, contract: Contract, first: _FirstTick) -> None:
        """Leave no subscription behind that nobody waits for any more."""
        if first.waiting or self._first_ticks.get(contract) is not first:
            return
        del self._first_ticks[contract]
        link.unsubscribe(contract)

    def _subscription(self, contract: Contract) -> Subscription:
        quote = self._board.latest(contract)
        kind = quote.market_data_type if quote else MarketDataType(self.settings.market_data_type)
        return Subscription(contract=contract, market_data_type=kind)

    async def cancel_market_data(self, contract: Contract) -> None:
        first = self._first_ticks.pop(contract, None)
        if first is None and contract not in self._board:
            raise not_subscribed(contract)
        if first is not None:
            first.arrived.set_exception(
                NotSubscribed(f"market data of {contract} was cancelled before a value came")
            )
        else:
            self._close_quotes(contract)
            self._interrupted.discard(contract)
        if self._link is not None:
            self._link.unsubscribe(contract)

    def quote(self, quote: Quote) -> None:
        first = self._first_ticks.pop(quote.contract, None)
        if first is not None:
            self._open_quotes(quote.contract)
            _resolve(first.arrived)
        self._board.publish(quote)

    def market_data_failed(self, contract: Contract, error: IBKRError) -> None:
        """A code ended a subscription; while IB is out of reach it is only interrupted."""
        first = self._first_ticks.pop(contract, None)
        if first is not None:
            first.arrived.set_exception(error)
        elif contract in self._board and self._state is _S.DEGRADED:
            self._interrupted.add(contract)
            self._log.warning("market_data_interrupted", contract=str(contract), reason=str(error))
        elif contract in self._board:
            self._close_quotes(contract, error)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _unknown(order_id: OrderId, cause: IBKRError) -> OrderStateUnknown:
    return OrderStateUnknown(
        f"the fate of order {order_id} is not known: {cause.message}. "
        "It may be live; look at order(order_id) after a reconnect, do not send it again",
        order_id=order_id,
    )


def _filled(order_id: OrderId) -> CancelTooLate:
    return CancelTooLate(f"order {order_id} is filled already", order_id=order_id)
