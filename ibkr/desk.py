"""What the real client and the mock have in common: state, books, streams and guards.

It knows no gateway: subclasses bring orders and quotes in, by wire or by hand.
Rule: every change of state goes through `_move`, every order event through `_publish`.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from ibkr import guards
from ibkr.blotter import Blotter
from ibkr.connection import (
    Cause,
    ConnectionEvent,
    ConnectionState,
    next_state,
)
from ibkr.errors import ErrorCode, IBKRError, OrderNotFound, lookup
from ibkr.journal import Journal
from ibkr.logs import mask_accounts
from ibkr.metrics import IBKRMetrics
from ibkr.models import (
    AccountId,
    ClientId,
    CommissionReported,
    Contract,
    Order,
    OrderEvent,
    OrderFilled,
    OrderId,
    OrderNotice,
    OrderResult,
    OrderStatusChanged,
    Quote,
)
from ibkr.quotes import QuoteBoard
from ibkr.settings import Settings
from ibkr.streams import Fanout

log = structlog.get_logger("ibkr")


class Desk:
    """Everything of a client that needs no gateway."""

    def __init__(
        self,
        settings: Settings,
        metrics: IBKRMetrics | None,
        now: Callable[[], datetime],
        journal: Journal,
        ids: Callable[[], str],
    ) -> None:
        self.settings = settings
        self.client_id = ClientId(settings.client_id)
        self._metrics = metrics if metrics is not None else IBKRMetrics()
        self._now = now
        self._state = ConnectionState.DISCONNECTED
        self._blotter = Blotter(journal, self.client_id, ids=ids, now=now)
        self._board = QuoteBoard()
        self._order_events: Fanout[OrderEvent] = Fanout(settings.event_buffer)
        self._connection_events: Fanout[ConnectionEvent] = Fanout(settings.event_buffer)
        self._log = log.bind(host=settings.host, port=settings.port, client_id=settings.client_id)

    @property
    def state(self) -> ConnectionState:
        return self._state

    @property
    def metrics(self) -> IBKRMetrics:
        return self._metrics

    def is_connected(self) -> bool:
        return self._state is ConnectionState.READY

    def quotes(self, contract: Contract) -> AsyncIterator[Quote]:
        return self._board.stream(contract)

    def order_events(self) -> AsyncIterator[OrderEvent]:
        return self._order_events.open()

    def connection_events(self) -> AsyncIterator[ConnectionEvent]:
        return self._connection_events.open()

    def order(self, order_id: OrderId) -> OrderResult:
        result = self._blotter.get(self.client_id, order_id)
        if result is None:
            raise OrderNotFound(f"no order {order_id} of this client", order_id=order_id)
        return result

    def order_by_key(self, key: str) -> OrderResult:
        return self._blotter.by_key(key)

    def in_doubt(self) -> tuple[OrderResult, ...]:
        return self._blotter.in_doubt()

    @property
    def journal(self) -> Journal:
        """What is kept of every order, for looking into."""
        return self._blotter.journal

    def _move(self, cause: Cause, reason: str) -> None:
        previous, self._state = self._state, next_state(self._state, cause)
        self._metrics.connection_status = int(self.is_connected())
        self._log.info(
            "connection_state_changed",
            previous=previous.value,
            state=self._state.value,
            cause=cause.value,
            reason=mask_accounts(reason),
        )
        self._connection_events.publish(
            ConnectionEvent(
                previous=previous,
                state=self._state,
                cause=cause,
                reason=reason,
                time=self._now(),
            )
        )

    def _end_streams(self) -> None:
        self._board.close_all()
        self._count_subscriptions()
        self._order_events.end()
        self._connection_events.end()

    def _open_quotes(self, contract: Contract) -> None:
        self._board.open(contract)
        self._count_subscriptions()
        self._log.info("market_data_subscribed", contract=str(contract))

    def _show_quote(self, quote: Quote) -> None:
        if quote.contract in self._board:
            self._metrics.last_quote_timestamp = quote.time.timestamp()
        self._board.publish(quote)

    def _close_quotes(self, contract: Contract, error: IBKRError | None = None) -> None:
        self._board.close(contract, error)
        self._count_subscriptions()
        reason = mask_accounts(str(error)) if error else "cancelled"
        self._log.info("market_data_unsubscribed", contract=str(contract), reason=reason)

    def _count_subscriptions(self) -> None:
        self._metrics.market_data_subscriptions = len(self._board)

    def _count_doubts(self) -> None:
        self._metrics.orders_in_doubt = len(self.in_doubt())

    def _admit(self, order: Order, accounts: Sequence[AccountId]) -> Order:
        """The order as it will be sent, or the guard's refusal."""
        guards.check_ready(self._state)
        guards.check_not_halted(self.settings)
        guards.check_order(order, self.settings)
        guards.check_accounts(accounts, self.settings)
        return replace(order, account=guards.choose_account(order, accounts, self.settings))

    def _note_handed_over(self, result: OrderResult) -> None:
        self._metrics.orders_total += 1
        self._log.info("order_submitted", **_order_fields(result))

    def _note_order_failed(self, contract: Contract, order: Order, error: IBKRError) -> None:
        self._metrics.order_errors_total += 1
        self._count_doubts()
        self._log.warning(
            "order_failed",
            contract=str(contract),
            action=order.action.value,
            quantity=str(order.quantity),
            order_id=getattr(error, "order_id", None),
            code=error.code.value,
            gateway_code=error.gateway_code,
            reason=mask_accounts(error.message),
        )

    def _publish(self, events: Iterable[OrderEvent]) -> None:
        for event in events:
            _log_event(self._log, event)
            self._order_events.publish(event)
        self._count_doubts()


def _order_fields(result: OrderResult) -> dict[str, object]:
    order = result.order
    return {
        "order_id": result.order_id,
        "contract": str(result.contract),
        "action": order.action.value,
        "quantity": str(order.quantity),
        "order_type": order.order_type.value,
        "limit_price": None if order.limit_price is None else str(order.limit_price),
        "status": result.status.value,
    }


def _log_event(logger: structlog.typing.FilteringBoundLogger, event: OrderEvent) -> None:
    match event:
        case OrderStatusChanged(result):
            logger.info(
                "order_status_changed",
                **_order_fields(result),
                filled=str(result.filled),
                remaining=str(result.remaining),
            )
        case OrderFilled(fill, result):
            logger.info(
                "order_filled",
                order_id=fill.order_id,
                execution_id=fill.execution_id,
                quantity=str(fill.quantity),
                price=str(fill.price),
                status=result.status.value,
            )
        case CommissionReported(fill, _):
            logger.info(
                "commission_reported",
                order_id=fill.order_id,
                execution_id=fill.execution_id,
                commission=str(fill.commission),
                currency=fill.commission_currency,
            )
        case OrderNotice(order_id, code, message):
            routine = lookup(code).code is ErrorCode.ORDER_CANCELLED  # follows our own cancels
            logger.log(
                logging.INFO if routine else logging.WARNING,
                "order_notice",
                order_id=order_id,
                gateway_code=code,
                message=mask_accounts(message),
            )
