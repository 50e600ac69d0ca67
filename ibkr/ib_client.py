"""IBKRClient: the production client. Connects, reconnects, and correlates what it asked.

It does not know the library's messages (ibkr.link does) nor how orders evolve (ibkr.orders).
Rule: every connection gets a fresh IB object, every wait has a deadline, and an order is
written at most once: when its fate is unclear, that is said, and nothing is sent again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
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

from ibkr import guards, references
from ibkr.connection import Cause, ConnectionState
from ibkr.desk import Desk
from ibkr.doubt_watch import DoubtWatch
from ibkr.errors import (
    ConnectionLost,
    ConnectivityError,
    GatewayUnavailable,
    IBKRError,
    NotConnected,
    NotSubscribed,
    ReadOnlyApi,
    RequestTimeout,
    SyncFailed,
)
from ibkr.journal import Journal
from ibkr.library import load
from ibkr.link import UPSTREAM_BACK, GatewayLink
from ibkr.logs import mask_account, mask_accounts
from ibkr.metrics import IBKRMetrics
from ibkr.models import (
    ClientId,
    ConnectionInfo,
    Contract,
    MarketDataType,
    Order,
    OrderId,
    OrderResult,
    Quote,
    Subscription,
)
from ibkr.order_flow import OrderFlow
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


class IBKRClient(Desk):
    """A client of one IB Gateway or TWS, satisfying IBKRClientProtocol.

    Give it `settings`, or single settings by name: `IBKRClient(port=4002, client_id=7)`.
    `ib_factory` makes the IB of each connection, by default that of the library in use;
    `sleep` and `random` serve the back-off between attempts, `ids` makes order references
    unique. `order_journal` is the one at `settings.journal` unless another is passed in; it
    is taken while the client is connected. Raises JournalError for a journal that does not
    serve, pydantic.ValidationError for bad settings, LibraryMissing for a library not
    installed.
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
        order_journal: Journal | None = None,
        ids: Callable[[], str] = references.random_id,
        **options: Any,
    ) -> None:
        if settings is not None and options:
            raise TypeError(f"give settings or single options, not both: {', '.join(options)}")
        settings = settings or Settings(**options)
        super().__init__(settings, metrics, now, order_journal or Journal(settings.journal), ids)
        self._library = load(self.settings.library)
        self._ib_factory = ib_factory or self._library.IB
        self._sleep = sleep
        self._random = random or SystemRandom()
        self._link: GatewayLink | None = None
        self._info: ConnectionInfo | None = None
        self._worker: asyncio.Task[None] | None = None
        self._joined = 0  # how many callers of connect() wait for it
        self._flow = OrderFlow(
            self._blotter,
            settings,
            publish=self._publish,
            handed_over=self._note_handed_over,
            now=now,
        )
        self._watch = DoubtWatch(
            is_needed=self._can_settle_doubts,
            look=self._look_again,
            sleep=sleep,
            interval_s=self.settings.reconcile_interval_s,
        )
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
            self._blotter.open()
            self._count_doubts()  # those of an earlier process, whether or not this connects
            self._move(Cause.OPEN, "connect() was called")
            self._start(self._open())
        if self._info is None and self._worker is not None:
            await self._join(self._worker)
        if self._info is None:
            raise ConnectionLost("the connection was closed while connect() waited")
        return self._info

    async def disconnect(self) -> None:
        """Close the connection, stop all attempts, end all streams. Idempotent.

        It lets go of the journal. Callers that wait for an answer get ConnectionLost, or
        OrderStateUnknown for an order.
        """
        if self._state is _S.CLOSED:
            return
        self._move(Cause.CLOSE, "disconnect() was called")
        link, self._link, self._info = self._link, None, None
        worker, self._worker = self._worker, None
        async with AsyncExitStack() as to_do:  # all of it, also for a caller who gives up
            to_do.callback(self._end)
            if link is not None:
                to_do.push_async_callback(link.close)
            to_do.push_async_callback(self._watch.stop)
            if worker is not None:
                worker.cancel()
                await asyncio.wait({worker})

    def _end(self) -> None:
        if self._state is _S.CLOSED:  # nobody has called connect() meanwhile
            self._end_streams()
            self.journal.release()
            self._log.info("disconnected")

    async def _join(self, worker: asyncio.Task[None]) -> None:
        reconnecting = self._state is _S.RECONNECTING
        timeout_s = self.settings.connect_timeout_s if reconnecting else None
        self._joined += 1
        try:
            done, _ = await asyncio.wait({worker}, timeout=timeout_s)
        except asyncio.CancelledError:
            if self._state in _OPENING and self._joined == 1:  # nobody wants it any more
                worker.cancel()
            raise
        finally:
            self._joined -= 1
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
            self._flow,
            library=self._library,
            first_id=self._blotter.highest_order_id() + 1,
            now=self._now,
        )
        self._link = link
        self._blotter.new_link()
        try:
            await link.connect()
            guards.check_accounts(link.accounts, self.settings)
            # the library asks a read-only session for no orders: nothing can be concluded
            await self._flow.reconcile(link, complete=not self.settings.read_only)
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
        self._count_doubts()

    async def _subscribe_again(self, link: GatewayLink, contracts: Iterable[Contract]) -> None:
        for contract in contracts:
            await link.slot()
            if contract in self._board or contract in self._first_ticks:
                link.subscribe(contract)
                self._interrupted.discard(contract)
                self._log.info("market_data_resubscribed", contract=str(contract))

    async def _restore(self, link: GatewayLink, contracts: Iterable[Contract]) -> None:
        """After the gateway regained IB: ask again for what was lost, and look at all orders."""
        try:
            await self._subscribe_again(link, contracts)
            await link.snapshot()
            await self._flow.reconcile(link)
        except (NotConnected, ConnectionLost):
            return  # the link dropped meanwhile; the reconnect restores everything
        except (RequestTimeout, SyncFailed) as error:
            link.drop(error.message)
            return
        if self._state is _S.SYNCING:
            self._become_ready(link)
        elif self._state is _S.DEGRADED and link.upstream_ok:
            self._move(Cause.UPSTREAM_RESTORED, "the gateway regained IB")
            self._count_doubts()

    # --- what the link reports about itself -------------------------------------------

    def api_ready(self) -> None:
        self._move(Cause.LINKED, "the API session is open")

    def connectivity(self, code: int, text: str) -> None:
        """1100 and 2110 close the gate for orders, 1101 and 1102 open it again."""
        self._log.warning("upstream_changed", gateway_code=code, message=mask_accounts(text))
        link = self._link
        if link is None:
            return
        self._blotter.upstream(lost=code not in UPSTREAM_BACK)
        self._count_doubts()
        everything = (*self._board.contracts(), *self._first_ticks)
        if self._state not in {_S.READY, _S.DEGRADED}:
            if self._info is not None and code in UPSTREAM_BACK:  # again, before all was restored
                self._start(self._restore(link, everything))
            return  # start-up in progress: the level is read when it ends
        if code not in UPSTREAM_BACK:
            if self._state is _S.READY:
                self._move(Cause.UPSTREAM_LOST, text)
        elif code == 1101:
            self._move(Cause.DATA_LOST, text)
            self._start(self._restore(link, everything))
        elif self._interrupted:
            self._move(Cause.DATA_LOST, text)
            self._start(self._restore(link, tuple(self._interrupted)))
        else:
            self._start(self._restore(link, ()))

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
            return await self._flow.place(
                contract,
                order,
                key,
                link=self._live_link,
                admit=lambda link: self._admit(order, link.accounts),
            )
        except IBKRError as error:
            self._note_order_failed(contract, order, error)
            raise
        finally:
            self._count_doubts()  # also of a caller that was cancelled while it waited

    def _count_doubts(self) -> None:
        super()._count_doubts()
        self._watch.wake()

    def _can_settle_doubts(self) -> bool:
        """A read-only session is shown no orders, so that nothing can be concluded."""
        can_ask = self._link is not None and self.is_connected() and not self.settings.read_only
        return can_ask and bool(self.in_doubt())

    async def _look_again(self) -> None:
        if self._link is not None:
            await self._flow.look_again(self._link)

    async def cancel_order(self, order_id: OrderId) -> OrderResult:
        cancelled = self._flow.check_cancellable(order_id)
        if cancelled is not None:
            return cancelled
        link = self._link
        if link is None or self._state not in {_S.READY, _S.DEGRADED}:
            raise NotConnected(f"the connection is {self._state}; the cancel was not sent")
        if self.settings.read_only:
            raise ReadOnlyApi("read_only is set: this client cancels no orders")
        result = await self._flow.cancel(link, order_id)
        self._log.info("order_cancelled", order_id=order_id)
        return result

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
                await link.slot()
            if not first.asked:  # nobody was faster
                first.asked = True
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
        self._show_quote(quote)

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
