"""One connection to a gateway, from first byte to last, driven through an `IB` of the library.

It knows the shape of that object, the same in ib_insync and ib_async, imports neither, and
keeps no orders and no connection state: what arrives goes to a Listener. A link is used once
and thrown away.
Rule: all message handlers that touch orders, requests or quotes are ours. The library's own
would mark live orders Cancelled on warnings, take statuses backwards, and drop or hang.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol, TypeVar

import structlog

from ibkr import guards, translate
from ibkr.errors import (
    AmbiguousContract,
    ClientIdInUse,
    ConnectionLost,
    ConnectivityError,
    ContractNotFound,
    Effect,
    GatewayUnavailable,
    IBKRError,
    NotConnected,
    RequestTimeout,
    SyncFailed,
    lookup,
)
from ibkr.library import Library
from ibkr.logs import mask_accounts
from ibkr.models import (
    AccountId,
    ClientId,
    Contract,
    Fill,
    MarketDataType,
    Order,
    OrderId,
    PermId,
    Quote,
)
from ibkr.orders import CommissionReport, CompletedReport, OpenOrderReport, StatusReport
from ibkr.pacing import Pacer
from ibkr.settings import Settings
from ibkr.ticks import Ticks

T = TypeVar("T")
log = structlog.get_logger("ibkr")

_CLOSE_TIMEOUT_S = 1.0
_CANCEL_AGAIN_S = 0.05
_NO_REQUEST_IDS = frozenset({-1, 0, translate.UNSET_INTEGER})
UPSTREAM_BACK = frozenset({1101, 1102})


class Listener(Protocol):
    """Who hears what arrives on a link. Calls come from the event loop, one at a time."""

    def api_ready(self) -> None:
        """The handshake is over; the start-up snapshot begins."""

    def connectivity(self, code: int, text: str) -> None:
        """The gateway lost (1100, 2110) or regained (1101, 1102) its own link to IB."""

    def link_lost(self, reason: str) -> None:
        """The link dropped after it was activated, and not by `close`."""

    def quote(self, quote: Quote) -> None: ...
    def market_data_failed(self, contract: Contract, error: IBKRError) -> None: ...


class OrderListener(Protocol):
    """Who hears what arrives about orders."""

    def order_seen(self, order_ref: str, perm_id: PermId | None) -> None:
        """An open order was shown that no `open_order` can describe."""

    def cut_short(self, order_ids: Sequence[OrderId]) -> None:
        """The socket is closing before the messages that place these orders were out."""

    def status(self, report: StatusReport) -> None: ...
    def open_order(self, report: OpenOrderReport) -> None: ...
    def completed_order(self, report: CompletedReport) -> None: ...
    def fill(self, fill: Fill) -> None: ...
    def commission(self, report: CommissionReport) -> None: ...
    def order_code(self, order_id: OrderId, code: int, text: str) -> None: ...


class _DecoderAlarm:
    """Stands in for the decoder's logger: the library only logs a message it cannot read."""

    def __init__(self, alarm: Callable[[str], None]) -> None:
        self._alarm = alarm

    def exception(self, message: str, *_: object) -> None:
        self._alarm(message)


class GatewayLink:
    def __init__(
        self,
        ib: Any,
        settings: Settings,
        listener: Listener,
        orders: OrderListener,
        *,
        library: Library,
        first_id: int,
        now: Callable[[], datetime],
    ) -> None:
        # the library asks the policy for a loop: under a server that runs its own loop without
        # announcing it (uvicorn does), it would write to a socket of another loop
        asyncio.set_event_loop(asyncio.get_running_loop())
        self._ib = ib
        self._library = library
        self._settings = settings
        self._listener = listener
        self._orders = orders
        self._now = now
        self._lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._socket_closed = asyncio.Event()
        self._active = False
        self._api_ready = False
        self._refusal: IBKRError | None = None
        self._snapshot: dict[object, asyncio.Future[Any]] = {}
        self._request_ids: set[int] = set()
        self._details: dict[int, tuple[asyncio.Future[None], list[Any]]] = {}
        self._ticks: dict[int, Ticks] = {}
        self._time_asked: asyncio.Future[None] | None = None
        self._heartbeat: asyncio.Task[None] | None = None
        self._refreshed_at = float("-inf")
        self._asking = asyncio.Lock()
        self._going_out: dict[OrderId, int] = {}
        self._pacer = Pacer(settings.max_requests_per_s)
        self._qualified: dict[Contract, Contract] = {}
        self.upstream_ok = True
        self.next_valid_id = 0
        self._install()
        # ids of an earlier session must not be given out again for other orders
        self._raise_ids(first_id)

    # --- connecting -------------------------------------------------------------------

    @property
    def accounts(self) -> tuple[AccountId, ...]:
        return tuple(AccountId(account) for account in self._ib.managedAccounts())

    @property
    def server_version(self) -> int:
        return int(self._ib.client.serverVersion())

    async def connect(self) -> None:
        """Connect, take the start-up snapshot, and check that every part of it was answered.

        Raises ClientIdInUse, SyncFailed or GatewayUnavailable, with the cause.
        """
        settings = self._settings
        attempt = asyncio.ensure_future(
            self._ib.connectAsync(
                settings.host,
                settings.port,
                clientId=settings.client_id,
                timeout=settings.connect_timeout_s,
                readonly=settings.read_only,
                account=settings.account,
            )
        )
        try:
            # connectAsync waits out its whole timeout when the peer closes during the handshake
            either: set[asyncio.Future[Any]] = {attempt, self._lost}
            await asyncio.wait(
                either,
                timeout=settings.connect_timeout_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            finished = attempt.done()
            while not attempt.done():
                attempt.cancel()  # wait_for of Python 3.11 loses one that meets its answer
                await asyncio.wait({attempt}, timeout=_CANCEL_AGAIN_S)
            failure = None if attempt.cancelled() else attempt.exception()
        self._check_connected(finished=finished, failure=failure)

    def _check_connected(self, *, finished: bool, failure: BaseException | None) -> None:
        where = f"{self._settings.host}:{self._settings.port}"
        if self._refusal is not None:
            raise self._refusal
        missing = sorted(str(key) for key, reply in self._snapshot.items() if not _answered(reply))
        if self._api_ready and missing:
            raise SyncFailed(
                f"{where} did not answer the start-up requests {', '.join(missing)}"
            ) from failure
        if finished and failure is None and not self._lost.done():
            return
        reason = self._lost.result() if self._lost.done() else failure or "no answer in time"
        raise GatewayUnavailable(
            f"no gateway session at {where}: {reason}. "
            "Check that the gateway runs, is logged in, and allows API connections"
        ) from failure

    def activate(self) -> None:
        """From now on a drop is news for the listener, and the link is probed.

        Raises ConnectionLost if it has dropped already.
        """
        if self._lost.done():
            raise ConnectionLost(f"the link dropped at start-up: {self._lost.result()}")
        self._active = True
        if self._settings.heartbeat_interval_s:
            self._heartbeat = asyncio.create_task(self._beat())

    async def close(self) -> None:
        """Close the socket; every caller who waits on this link gets ConnectionLost."""
        self._active = False
        self._set_lost("the connection was closed")
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        transport = self._ib.client.conn.transport
        if transport is None:
            return
        try:
            self._ib.client.disconnect()
        except OSError:  # the peer reset the socket and asyncio has not noticed yet
            transport.abort()
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._socket_closed.wait(), _CLOSE_TIMEOUT_S)
        finally:
            if not self._socket_closed.is_set():
                self._abort(transport)  # a peer that reads nothing would keep it open for ever

    async def _beat(self) -> None:
        while not self._lost.done():
            await asyncio.wait({self._lost}, timeout=self._settings.heartbeat_interval_s)
            self._time_asked = asyncio.get_running_loop().create_future()
            try:
                await self._pacer.slot()
                self._client().reqCurrentTime()
                await self.answer(self._time_asked, self._settings.request_timeout_s, "heartbeat")
            except RequestTimeout:
                self.drop("no answer to the heartbeat")
            except IBKRError:
                return

    def drop(self, reason: str) -> None:
        """Close at once and tell the listener: what this link says can no longer be trusted."""
        transport = self._ib.client.conn.transport
        if transport is not None:
            self._abort(transport)
        self._on_lost(reason)

    def _abort(self, transport: Any) -> None:
        """Close at once. What is in the buffer now will never leave, and half a message is none."""
        out = self._ib.client.conn.numBytesSent - transport.get_write_buffer_size()
        self._orders.cut_short([one for one, end in self._going_out.items() if end > out])
        transport.abort()

    def _on_socket_closed(self, message: str) -> None:
        self._socket_closed.set()
        self._on_lost(message or "the gateway closed the connection")

    def _on_lost(self, reason: str) -> None:
        if self._set_lost(reason) and self._active:
            self._listener.link_lost(reason)

    def _set_lost(self, reason: str) -> bool:
        first = not self._lost.done()
        if first:
            self._lost.set_result(reason)
        return first

    # --- asking -----------------------------------------------------------------------

    async def slot(self) -> None:
        """Wait until one more request may be sent."""
        await self._pacer.slot()

    async def answer(self, future: asyncio.Future[T], timeout_s: float, what: str) -> T:
        """The future's value. Raises RequestTimeout after the deadline, ConnectionLost on a drop.

        The library leaves its own futures open for ever when the socket is closed by us, and
        fails them with a ConnectionError when it is closed by the gateway.
        """
        either: set[asyncio.Future[Any]] = {future, self._lost}
        await asyncio.wait(either, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if future.done():
            try:
                return future.result()
            except ConnectionError as error:
                raise ConnectionLost(f"the link dropped during {what}: {error}") from error
        if self._lost.done():
            raise ConnectionLost(f"the link dropped during {what}: {self._lost.result()}")
        raise RequestTimeout(f"no answer to {what} within {timeout_s} s")

    async def qualify(self, contract: Contract) -> Contract:
        """The one contract of the gateway that matches; looked up once per link.

        Raises ContractNotFound, AmbiguousContract, or what `answer` raises.
        """
        known = self._qualified.get(contract)
        if known is None:
            known = self._qualified[contract] = _single(contract, await self._lookup(contract))
        return known

    async def _lookup(self, contract: Contract) -> list[Any]:
        await self.slot()
        client = self._client()
        request_id = client.getReqId()
        reply: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        found: list[Any] = []
        self._details[request_id] = reply, found
        try:
            client.reqContractDetails(request_id, translate.ib_contract(contract, self._library))
            await self.answer(reply, self._settings.request_timeout_s, f"details of {contract}")
        finally:
            del self._details[request_id]
        return [details.contract for details in found]

    def next_order_id(self) -> OrderId:
        """An id that no order and no request has had. Raises NotConnected."""
        order_id = self._client().getReqId()
        self._request_ids.discard(order_id)
        return OrderId(order_id)

    def is_request_id(self, number: int) -> bool:
        """Whether this link has used the number for a request, so that it is no order's id."""
        return number in self._request_ids

    def writer(self, order_id: OrderId, contract: Contract, order: Order) -> Callable[[], None]:
        """What writes the order when it is called; until then nothing has left.

        Raises NotConnected, or InvalidOrder for what the wire cannot carry. Call it before
        anything else can happen to the link.
        """
        client, conn = self._client(), self._ib.client.conn
        ours = translate.ib_order(
            order, order_id, ClientId(self._settings.client_id), self._library
        )
        what = translate.ib_contract(contract, self._library)

        def write() -> None:
            client.placeOrder(order_id, what, ours)
            if conn.transport is not None and conn.transport.get_write_buffer_size():
                self._going_out[order_id] = conn.numBytesSent

        return write

    def canceller(self, order_id: OrderId) -> Callable[[], None]:
        """What writes the cancel when it is called; as `writer`. Raises NotConnected."""
        client = self._client()
        return lambda: client.cancelOrder(order_id, "")

    def subscribe(self, contract: Contract) -> None:
        """Ask for ticks under a new id; an earlier id of this contract is forgotten."""
        client = self._client()
        self._forget(contract)
        request_id = client.getReqId()
        self._ticks[request_id] = Ticks(contract)
        client.reqMktData(
            request_id, translate.ib_contract(contract, self._library), "", False, False, []
        )

    def unsubscribe(self, contract: Contract) -> None:
        """End the ticks of a contract; on a dead link there is nothing to end."""
        request_id = self._forget(contract)
        if request_id is not None and not self._lost.done():
            self._client().cancelMktData(request_id)

    def _forget(self, contract: Contract) -> int | None:
        for request_id, ticks in self._ticks.items():
            if ticks.contract == contract:
                del self._ticks[request_id]
                return request_id
        return None

    def choose_market_data_type(self, market_data_type: int) -> None:
        self._client().reqMarketDataType(market_data_type)

    def refresh_orders(self) -> None:
        """Ask for open orders and executions again; the answers flow in as usual."""
        client = self._client()
        client.reqOpenOrders()
        everything = translate.execution_filter(self._library)
        client.reqExecutions(client.getReqId(), everything)

    async def snapshot(self, *, all_clients: bool = False) -> None:
        """Ask for open orders, completed orders and executions, each to its end, in this order.

        An order moves from open to completed only, so none slips through between the two.
        Raises NotConnected, ConnectionLost, RequestTimeout, or SyncFailed where the gateway
        refused a part: then it is not complete.
        """
        ib = self._ib
        asks: tuple[tuple[str, Callable[[], asyncio.Future[Any]]], ...] = (
            ("open orders", ib.reqAllOpenOrdersAsync if all_clients else ib.reqOpenOrdersAsync),
            ("completed orders", lambda: ib.reqCompletedOrdersAsync(False)),
            ("executions", ib.reqExecutionsAsync),
        )
        async with self._asking:  # two such requests at once and the library forgets one
            for what, ask in asks:
                await self.slot()
                self._client()
                await self._part(ask(), what)

    async def _part(self, reply: asyncio.Future[Any], what: str) -> None:
        try:
            await self.answer(reply, self._settings.request_timeout_s, what)
        except ConnectivityError:
            raise
        except IBKRError as error:
            raise SyncFailed(f"the gateway refused to list {what}: {error}") from error

    async def pause(self, pause_s: float) -> None:
        """Wait, but no longer than the link lasts."""
        await asyncio.wait({self._lost}, timeout=pause_s)

    def _client(self) -> Any:
        """The sending half. Raises NotConnected where a write would vanish silently."""
        client = self._ib.client
        transport = client.conn.transport
        if self._lost.done() or not client.isReady() or transport is None:
            raise NotConnected("the link to the gateway is down; nothing was sent")
        return client

    # --- hearing ----------------------------------------------------------------------

    def _install(self) -> None:
        """Put our handlers in the place of the library's, on this one instance."""
        ib = self._ib
        handlers: dict[str, Callable[..., None]] = {
            "error": self._on_error,
            "orderStatus": self._on_order_status,
            "openOrder": self._on_open_order,
            "completedOrder": self._on_completed_order,
            "execDetails": self._on_execution,
            "commissionReport": self._on_commission,
            "contractDetails": self._on_contract_details,
            "bondContractDetails": self._on_contract_details,
            "contractDetailsEnd": self._on_contract_details_end,
            "priceSizeTick": self._on_price,
            "tickSize": self._on_size,
            "marketDataType": self._on_market_data_type,
            "tickOptionComputation": self._on_greeks,
            "currentTime": self._on_current_time,
        }
        for name, handler in handlers.items():
            setattr(ib.wrapper, name, handler)
        self._take_id = ib.client.getReqId
        ib.client.getReqId = self._on_id_taken
        self._raise_ids = ib.client.updateReqId
        ib.client.updateReqId = self._on_next_valid_id
        self._start_request = ib.wrapper.startReq
        ib.wrapper.startReq = self._on_start_request
        ib.client.decoder.logger = _DecoderAlarm(self._on_unreadable)
        ib.client.MaxRequests = 0  # our Pacer does it, outside the library's queue
        ib.MaxSyncedSubAccounts = 0  # account values are not used
        ib.client.apiStart += self._on_api_start
        ib.client.conn.disconnected += self._on_socket_closed

    def _on_start_request(self, key: object, *args: Any, **kwargs: Any) -> asyncio.Future[Any]:
        """Remember what connectAsync asks: it reports success even if nobody answered."""
        for over in [key for key, asked in self._snapshot.items() if _answered(asked)]:
            del self._snapshot[over]
        reply: asyncio.Future[Any] = self._start_request(key, *args, **kwargs)
        self._snapshot[key] = reply
        return reply

    def _on_id_taken(self) -> int:
        """Orders and requests share one row of ids; errors do not say which they mean."""
        number = int(self._take_id())
        self._request_ids.add(number)
        return number

    def _on_next_valid_id(self, next_id: int) -> None:
        """The library calls it for the gateway's nextValidId alone: the rest is ours."""
        self.next_valid_id = next_id
        self._raise_ids(next_id)

    def _on_api_start(self) -> None:
        """Look at the accounts first: nothing is asked in a session that may not be used."""
        if self._lost.done():
            return
        try:
            guards.check_accounts(self._ib.client.getAccounts(), self._settings)
        except IBKRError as error:
            self._refusal = error
            self._set_lost(error.message)
            return
        self._api_ready = True
        self._listener.api_ready()

    def _on_error(self, request_id: int, code: int, text: str, _json: str = "") -> None:
        row = lookup(code)
        if row.effect is Effect.CONNECTIVITY:
            self.upstream_ok = code in UPSTREAM_BACK
            self._listener.connectivity(code, text)
        elif code == 326:
            self._refusal = ClientIdInUse(
                f"client id {self._settings.client_id} is in use: close the other session "
                "or choose another client_id",
                gateway_code=code,
            )
        elif request_id in self._details or request_id in self._ticks:
            self._on_request_error(request_id, row.exception(text), row.effect)
        elif request_id in self._snapshot and row.effect is not Effect.NOTICE:
            self._fail(self._snapshot[request_id], row.exception(text))
        elif request_id not in _NO_REQUEST_IDS:
            self._orders.order_code(OrderId(request_id), code, text)
        else:
            log.info("gateway_notice", gateway_code=code, message=mask_accounts(text))

    def _on_request_error(self, request_id: int, error: IBKRError, effect: Effect) -> None:
        if effect is Effect.NOTICE:
            log.info("request_notice", code=error.gateway_code, message=mask_accounts(str(error)))
        elif request_id in self._details:
            self._fail(self._details[request_id][0], error)
        else:
            self._listener.market_data_failed(self._ticks.pop(request_id).contract, error)

    @staticmethod
    def _fail(future: asyncio.Future[Any], error: IBKRError) -> None:
        if not future.done():
            future.set_exception(error)

    def _on_unreadable(self, message: str) -> None:
        """A message was lost: it may have been a fill. Ask again, at most once per deadline."""
        log.error("gateway_message_unreadable", detail=mask_accounts(message)[:500])
        now = asyncio.get_running_loop().time()
        if self._active and now - self._refreshed_at >= self._settings.request_timeout_s:
            self._refreshed_at = now
            with suppress(NotConnected):  # the reconnect takes a full snapshot anyway
                self.refresh_orders()

    def _on_order_status(self, *fields: Any) -> None:
        report = translate.status_report(fields)
        if report is None:
            log.error("order_status_unknown", order_id=fields[0], status=fields[1])
        else:
            self._orders.status(report)

    def _on_open_order(self, order_id: int, contract: Any, order: Any, state: Any) -> None:
        self._raise_ids(order_id + 1)
        report = translate.open_order_report(order_id, contract, order, state)
        if report is None:
            log.info("open_order_not_ours", order_id=order_id, order_type=order.orderType)
            self._orders.order_seen(order.orderRef, translate.perm_id_from(order.permId))
        else:
            self._orders.open_order(report)

    def _on_completed_order(self, _contract: Any, order: Any, state: Any) -> None:
        self._orders.completed_order(translate.completed_order_report(order, state))

    def _on_execution(self, _request_id: int, contract: Any, execution: Any) -> None:
        self._orders.fill(translate.fill_from(contract, execution))

    def _on_commission(self, report: Any) -> None:
        commission = translate.commission_from(report)
        if commission is not None:
            self._orders.commission(commission)

    def _on_contract_details(self, request_id: int, details: Any) -> None:
        if request_id in self._details:
            self._details[request_id][1].append(details)

    def _on_contract_details_end(self, request_id: int) -> None:
        reply = self._details.get(request_id)
        if reply is not None and not reply[0].done():
            reply[0].set_result(None)

    def _on_price(self, request_id: int, tick_type: int, price: float, size: float) -> None:
        ticks = self._ticks.get(request_id)
        if ticks is not None and ticks.price(tick_type, price, size):
            self._listener.quote(ticks.quote(self._now()))

    def _on_size(self, request_id: int, tick_type: int, size: float) -> None:
        ticks = self._ticks.get(request_id)
        if ticks is not None and ticks.size(tick_type, size):
            self._listener.quote(ticks.quote(self._now()))

    def _on_market_data_type(self, request_id: int, market_data_type: int) -> None:
        if request_id in self._ticks:
            self._ticks[request_id].market_data_type = MarketDataType(market_data_type)

    def _on_greeks(self, request_id: int, *_: Any) -> None:
        log.debug("option_greeks_ignored", request_id=request_id)

    def _on_current_time(self, _time: int) -> None:
        if self._time_asked is not None and not self._time_asked.done():
            self._time_asked.set_result(None)


def _answered(reply: asyncio.Future[Any]) -> bool:
    return reply.done() and not reply.cancelled() and reply.exception() is None


def _single(contract: Contract, found: list[Any]) -> Contract:
    if not found:
        raise ContractNotFound(
            "No security definition has been found for the request", gateway_code=200
        )
    if len(found) > 1:
        some = ", ".join(f"{one.localSymbol} ({one.conId})" for one in found[:5])
        raise AmbiguousContract(
            f"{len(found)} contracts match {contract}, such as {some}. "
            "Give more fields, for example primary_exchange or con_id"
        )
    return translate.contract_from(found[0], exchange=contract.exchange)
