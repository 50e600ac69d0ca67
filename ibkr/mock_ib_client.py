"""MockIBKRClient: the same protocol in memory, moved by hand. No sockets, no library.

It shares state, guards, books, streams, metrics and errors with the real client and has no
market of its own: quotes, fills, rejects and drops happen when a test says so.
Rule: same calls, same ids, same times. Order ids start at 1; the clock stands still unless
one is passed in.

One comparison is all the matching there is: with `fill_marketable`, an order that the quote
set at that moment satisfies is filled at that quote when it is placed. Orders that rest are
filled by `fill_order` only; `set_quote` never fills anything. Stops and attached orders are
held (PreSubmitted) until then, whatever is quoted and whatever becomes of their parents.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from ibkr import guards
from ibkr.connection import Cause, ConnectionState
from ibkr.desk import Desk
from ibkr.errors import (
    AmbiguousContract,
    CancelTooLate,
    CodeRow,
    ContractNotFound,
    Effect,
    GatewayUnavailable,
    IBKRError,
    NotConnected,
    OrderNotFound,
    OrderStateUnknown,
    ReadOnlyApi,
    lookup,
    order_rejection,
)
from ibkr.journal import Journal
from ibkr.metrics import IBKRMetrics
from ibkr.models import (
    AccountId,
    Action,
    ClientId,
    ConnectionInfo,
    Contract,
    ExecutionId,
    Fill,
    MarketDataType,
    Number,
    Order,
    OrderId,
    OrderNotice,
    OrderResult,
    OrderStatus,
    OrderStatusChanged,
    OrderType,
    PermId,
    Quote,
    Subscription,
    decimal_of,
)
from ibkr.orders import CommissionReport, StatusReport
from ibkr.quotes import not_subscribed
from ibkr.settings import Settings

_S = ConnectionState
_START = datetime(2024, 1, 2, 14, 30, tzinfo=UTC)
_FIRST_PERM_ID = 1_000_000
_REJECTED = 201
_NO_SUCH_CONTRACT = "No security definition has been found for the request"


class MockIBKRClient(Desk):
    """An in-memory IBKRClientProtocol.

    `contracts` are the ones it knows; None means any. `account` is the managed account.
    `now` gives the time of quotes and fills. Raises pydantic.ValidationError for bad settings.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        metrics: IBKRMetrics | None = None,
        contracts: Iterable[Contract] | None = None,
        account: str = "DU1234567",
        fill_marketable: bool = True,
        commission: Number | None = "1.00",
        now: Callable[[], datetime] = lambda: _START,
    ) -> None:
        references = count(1)
        super().__init__(
            settings or Settings(), metrics, now, Journal(), lambda: f"mock.{next(references)}"
        )
        self._known = None if contracts is None else tuple(contracts)
        self._accounts = (AccountId(account),)
        self._fill_marketable = fill_marketable
        self._commission = None if commission is None else decimal_of(commission)
        self._quotes: dict[Contract, Quote] = {}
        self._refusals = 0
        self._refusal: CodeRow | None = None
        self._withheld: dict[Contract, tuple[CodeRow, str]] = {}
        self._rejects: deque[tuple[int, str]] = deque()
        self._next_unanswered = False
        self._last_order_id = 0
        self._last_execution = 0

    # --- the protocol -----------------------------------------------------------------

    async def connect(self) -> ConnectionInfo:
        """Connect at once, or raise GatewayUnavailable while `refuse_connections` lasts.

        There are no retries: one call is one attempt.
        """
        if self._state in {_S.DISCONNECTED, _S.CLOSED}:
            self._move(Cause.OPEN, "connect() was called")
            try:
                self._answer_connect()
            except IBKRError as error:
                self._move(Cause.FAILED, error.message)
                raise
        elif self._state is _S.RECONNECTING:
            raise GatewayUnavailable("still reconnecting; call restore_connection()")
        return ConnectionInfo(
            host=self.settings.host,
            port=self.settings.port,
            client_id=self.client_id,
            server_version=176,
            accounts=self._accounts,
            connected_at=self._now(),
        )

    def _answer_connect(self) -> None:
        if self._refusals:
            self._refusals -= 1
            if self._refusal is not None:
                raise self._refusal.exception("the mock was told to refuse this connection")
            raise GatewayUnavailable("no gateway session: the mock was told to refuse")
        self._move(Cause.LINKED, "the API session is open")
        guards.check_accounts(self._accounts, self.settings)
        self._blotter.open()
        self._move(Cause.SYNCED, "all checks passed")

    async def disconnect(self) -> None:
        if self._state is not _S.CLOSED:
            self._move(Cause.CLOSE, "disconnect() was called")
            self._end_streams()

    async def place_order(
        self, contract: Contract, order: Order, *, key: str | None = None
    ) -> OrderResult:
        try:
            known = self._blotter.repeated(key, contract, order)
            return known or self._place(contract, order, key)
        except IBKRError as error:
            self._note_order_failed(contract, order, error)
            raise

    def _place(self, contract: Contract, order: Order, key: str | None) -> OrderResult:
        admitted = self._admit(order, self._accounts)
        self._check_known(contract)
        self._last_order_id += 1
        order_id = OrderId(self._last_order_id)
        entry = self._blotter.intend(contract, order, key)
        self._note_handed_over(self._blotter.sending(entry, order_id, admitted.account))
        self._blotter.give_up(order_id)
        if self._next_unanswered:
            self._next_unanswered = False
            raise OrderStateUnknown(
                f"the fate of order {order_id} is not known: the mock did not answer",
                order_id=order_id,
            )
        answer = self._rejects.popleft() if self._rejects else self._no_parent(order)
        if answer is not None:
            self._answer_code(order_id, *answer)
        self._work(contract, order, order_id)
        return self.order(order_id)

    def _work(self, contract: Contract, order: Order, order_id: OrderId) -> None:
        """Hold it, let it rest, or fill it at the quote."""
        held_for = _held_for(order)
        if held_for:
            self._report(order_id, OrderStatus.PRE_SUBMITTED)  # as openOrder, which comes first
            self._report(order_id, OrderStatus.PRE_SUBMITTED, held_for)
            return
        price = self._marketable_price(contract, order) if self._fill_marketable else None
        if price is None:
            self._report(order_id, OrderStatus.SUBMITTED)
        else:
            buys_at_any_price = order.order_type is OrderType.MARKET and order.action is Action.BUY
            # a gateway holds a purchase at the market for a moment, to look at its price
            first = OrderStatus.PRE_SUBMITTED if buys_at_any_price else OrderStatus.SUBMITTED
            self._report(order_id, first)
            self._execute(self.order(order_id), self.order(order_id).remaining, price)

    def _answer_code(self, order_id: OrderId, code: int, message: str) -> None:
        """What a gateway's code does to an order that is not acknowledged yet."""
        if code == _REJECTED:
            self._report(order_id, OrderStatus.INACTIVE)  # the broker has it, and says so first
        self._publish([OrderNotice(order_id, code, message)])
        if lookup(code).effect is Effect.REJECT:
            rejected = self._blotter.reject(order_id, code, message)
            self._publish([OrderStatusChanged(rejected)])
            raise order_rejection(code, message, order_id)

    async def cancel_order(self, order_id: OrderId) -> OrderResult:
        known = self._blotter.get(self.client_id, order_id)
        if known is not None and known.status.is_cancelled:
            return known
        if known is not None and known.status is OrderStatus.FILLED:
            raise CancelTooLate(f"order {order_id} is filled already", order_id=order_id)
        if self._state not in {_S.READY, _S.DEGRADED}:
            raise NotConnected(f"the connection is {self._state}; the cancel was not sent")
        if self.settings.read_only:
            raise ReadOnlyApi("read_only is set: this client cancels no orders")
        if known is None or known.reject_code not in {None, _REJECTED}:  # it never was an order
            message = f"OrderId {order_id} that needs to be cancelled is not found."
            if known is not None:
                self._publish([OrderNotice(order_id, 10147, message)])
            raise OrderNotFound(message, order_id=order_id, gateway_code=10147)
        self._report(order_id, OrderStatus.CANCELLED)
        return self.order(order_id)

    async def request_market_data(self, contract: Contract) -> Subscription:
        """Subscribe; before `set_quote` there is no quote yet, and `quotes` waits for one."""
        guards.check_ready(self._state)
        self._check_known(contract)
        if contract in self._withheld:
            row, message = self._withheld[contract]
            raise row.exception(message)
        if contract not in self._board:
            self._open_quotes(contract)
            if contract in self._quotes:
                self._show_quote(self._quotes[contract])
        return Subscription(contract=contract, market_data_type=MarketDataType.LIVE)

    async def cancel_market_data(self, contract: Contract) -> None:
        if contract not in self._board:
            raise not_subscribed(contract)
        self._close_quotes(contract)

    # --- the hand that moves it -------------------------------------------------------

    def set_quote(
        self,
        contract: Contract,
        *,
        bid: Number | None = None,
        ask: Number | None = None,
        last: Number | None = None,
        bid_size: Number | None = None,
        ask_size: Number | None = None,
        last_size: Number | None = None,
    ) -> Quote:
        """Set the prices of a contract; what is left out is absent. Subscribers see it."""
        quote = Quote(
            contract=contract,
            time=self._now(),
            bid=_number(bid),
            ask=_number(ask),
            last=_number(last),
            bid_size=_number(bid_size),
            ask_size=_number(ask_size),
            last_size=_number(last_size),
        )
        self._quotes[contract] = quote
        if self._state in {_S.READY, _S.DEGRADED}:
            self._show_quote(quote)
        return quote

    def fill_order(
        self,
        order_id: OrderId | int,
        *,
        quantity: Number | None = None,
        price: Number | None = None,
    ) -> OrderResult:
        """Fill an order, wholly unless `quantity` says less, at `price`, its limit or the quote.

        It works while disconnected too: the fill is seen as after a reconnect. Raises
        OrderNotFound, or ValueError where the order is done, too small or has no price.
        """
        known = self.order(OrderId(order_id))
        if known.status.is_done:
            raise ValueError(f"order {order_id} is {known.status} and cannot be filled")
        filled = known.remaining if quantity is None else decimal_of(quantity)
        if not 0 < filled <= known.remaining:
            raise ValueError(f"quantity {filled} is not within the remaining {known.remaining}")
        paid = self._fill_price(known) if price is None else decimal_of(price)
        self._execute(known, filled, paid)
        return self.order(known.order_id)

    def _execute(self, known: OrderResult, quantity: Decimal, price: Decimal) -> None:
        self._last_execution += 1
        fill = Fill(
            execution_id=ExecutionId(f"mock.{self._last_execution:04d}.01"),
            order_id=known.order_id,
            client_id=ClientId(self.client_id),
            contract=known.contract,
            action=known.order.action,
            quantity=quantity,
            price=price,
            time=self._now(),
            perm_id=_perm_id(known.order_id),
            account=known.order.account or self._accounts[0],
            order_ref=self._blotter.order_ref_of(self.client_id, known.order_id),
            exchange=known.contract.exchange,
        )
        self._publish(self._blotter.fill(fill))
        is_whole = self.order(known.order_id).remaining == 0
        if is_whole:
            self._report(known.order_id, OrderStatus.FILLED)
        else:
            self._report(known.order_id, OrderStatus.SUBMITTED, known.why_held)
        if self._commission is not None:
            report = CommissionReport(
                execution_id=fill.execution_id, commission=self._commission, currency="USD"
            )
            self._publish(self._blotter.commission(report))

    def correct_fill(
        self,
        execution_id: ExecutionId | str,
        *,
        quantity: Number | None = None,
        price: Number | None = None,
    ) -> OrderResult:
        """Give an execution another quantity (0: it is busted) or price, as a clearing desk does.

        The commission stays. Raises ValueError where no fill has this id, or too much is filled.
        """
        known, fill = self._fill_named(execution_id)
        root, _, revision = fill.execution_id.rpartition(".")
        corrected = replace(
            fill,
            execution_id=ExecutionId(f"{root}.{int(revision) + 1:02d}"),
            quantity=fill.quantity if quantity is None else decimal_of(quantity),
            price=fill.price if price is None else decimal_of(price),
        )
        most = known.remaining + fill.quantity
        if not 0 <= corrected.quantity <= most:
            raise ValueError(f"quantity {corrected.quantity} is not between 0 and {most}")
        self._publish(self._blotter.fill(corrected))
        return self.order(known.order_id)

    def _fill_named(self, execution_id: str) -> tuple[OrderResult, Fill]:
        for order_id in range(1, self._last_order_id + 1):
            known = self.order(OrderId(order_id))
            for fill in known.fills:
                if fill.execution_id == execution_id:
                    return known, fill
        raise ValueError(f"no fill has the execution id {execution_id!r}: use the latest one")

    def end_order(self, order_id: OrderId | int) -> OrderResult:
        """Cancel an order as the exchange or somebody at TWS does. Raises as `fill_order`."""
        known = self.order(OrderId(order_id))
        if known.status.is_done:
            raise ValueError(f"order {order_id} is {known.status} and cannot be cancelled")
        self._report(known.order_id, OrderStatus.CANCELLED)
        return self.order(known.order_id)

    def reject_next_order(self, code: int, message: str) -> None:
        """Answer the next order with this TWS code; a notice code lets it live.

        Called again before that, it is about the order after.
        """
        self._rejects.append((code, message))

    def leave_next_order_unanswered(self) -> None:
        """Let the next order end in OrderStateUnknown; it is in the book and may be filled."""
        self._next_unanswered = True

    def lose_connection(self, reason: str = "the gateway closed the connection") -> None:
        """Drop the link: RECONNECTING until `restore_connection`."""
        self._move(Cause.LINK_LOST, reason)
        self._board.forget_prices()

    def restore_connection(self) -> None:
        """End a drop or an upstream loss: READY again, subscriptions included.

        After a drop, orders that were left unanswered are found with the gateway.
        """
        if self._state is _S.DEGRADED:
            self._move(Cause.UPSTREAM_RESTORED, "the gateway regained IB")
            return
        self._move(Cause.LINKED, "the API session is open")
        self._move(Cause.SYNCED, "all checks passed")
        for found in self.in_doubt():
            self._work(found.contract, found.order, found.order_id)
        for contract in self._board.contracts():
            if contract in self._quotes:
                self._show_quote(self._quotes[contract])

    def lose_upstream(self) -> None:
        """As code 1100: DEGRADED, orders are refused, until `restore_connection`."""
        self._move(Cause.UPSTREAM_LOST, "the gateway has lost its link to IB")

    def refuse_connections(self, count: int, *, code: int | None = None) -> None:
        """Let the next `count` calls of `connect` fail: with the error of a TWS code such as
        326 (the client id is in use), or with GatewayUnavailable.
        """
        self._refusals = count
        self._refusal = None if code is None else _refusing(code)

    def refuse_market_data(self, contract: Contract, code: int, message: str) -> None:
        """Answer requests for the market data of a contract with this TWS code from now on."""
        self._withheld[contract] = _refusing(code), message

    # --- details ----------------------------------------------------------------------

    def _check_known(self, contract: Contract) -> None:
        if self._known is None:
            return
        matches = [known for known in self._known if _matches(contract, known)]
        if not matches:
            raise ContractNotFound(_NO_SUCH_CONTRACT, gateway_code=200)
        if len(matches) > 1:
            raise AmbiguousContract(f"{len(matches)} contracts match {contract}")

    def _no_parent(self, order: Order) -> tuple[int, str] | None:
        """What a gateway says of a parent that was never taken, or that is over."""
        if order.parent_id is None:
            return None
        parent = self._blotter.get(self.client_id, order.parent_id)
        if parent is None:
            return 10006, "Missing parent order."
        if parent.status.is_done:
            return 135, f"Can't find order with id = {order.parent_id}"
        return None

    def _report(self, order_id: OrderId, status: OrderStatus, why_held: str = "") -> None:
        self._publish(
            self._blotter.status(
                StatusReport(
                    client_id=self.client_id,
                    order_id=order_id,
                    status=status,
                    filled=self.order(order_id).filled,
                    perm_id=_perm_id(order_id),
                    why_held=why_held,
                )
            )
        )

    def _marketable_price(self, contract: Contract, order: Order) -> Decimal | None:
        """The quote's price for this side, if the order accepts it."""
        quote = self._quotes.get(contract)
        if quote is None:
            return None
        buying = order.action is Action.BUY
        price = quote.ask if buying else quote.bid
        if price is None or order.order_type is OrderType.MARKET or order.limit_price is None:
            return price
        crosses = order.limit_price >= price if buying else order.limit_price <= price
        return price if crosses else None

    def _fill_price(self, known: OrderResult) -> Decimal:
        market = Order.market(known.order.action, known.order.quantity)
        price = known.order.limit_price or self._marketable_price(known.contract, market)
        if price is None:
            raise ValueError(f"order {known.order_id} has no limit and no quote: give a price")
        return price


def _matches(wanted: Contract, known: Contract) -> bool:
    """Every field the caller gave agrees; a con_id alone is enough."""
    if wanted.con_id:
        return wanted.con_id == known.con_id
    pairs = (
        (wanted.symbol, known.symbol),
        (wanted.sec_type, known.sec_type),
        (wanted.currency, known.currency),
        (wanted.primary_exchange, known.primary_exchange),
        (wanted.last_trade_date, known.last_trade_date),
        (wanted.right, known.right),
        (wanted.strike, known.strike),
    )
    return all(not ours or ours == theirs for ours, theirs in pairs)


def _refusing(code: int) -> CodeRow:
    row = lookup(code)
    if row.effect is not Effect.REJECT:
        raise ValueError(f"code {code} refuses nothing: use one such as 326, 354 or 10168")
    return row


def _held_for(order: Order) -> str:
    """What a gateway says that an order waits for before it is worked."""
    reasons = (("child", order.parent_id is not None), ("trigger", order.order_type.has_trigger))
    return ",".join(reason for reason, is_so in reasons if is_so)


def _number(value: Number | None) -> Decimal | None:
    return None if value is None else decimal_of(value)


def _perm_id(order_id: OrderId) -> PermId:
    return PermId(_FIRST_PERM_ID + order_id)
