"""What every client of this package can do: the one protocol that real and mock satisfy.

It knows no implementation. Rule: whoever depends on a client depends on this alone.
"""

from collections.abc import AsyncIterator
from typing import Protocol, runtime_checkable

from ibkr.connection import ConnectionEvent, ConnectionState
from ibkr.metrics import IBKRMetrics
from ibkr.models import (
    ConnectionInfo,
    Contract,
    Order,
    OrderEvent,
    OrderId,
    OrderResult,
    Quote,
    Subscription,
)


@runtime_checkable
class IBKRClientProtocol(Protocol):
    """A client of one IB Gateway. All methods belong to one event loop."""

    @property
    def state(self) -> ConnectionState:
        """The current state of the connection."""

    @property
    def metrics(self) -> IBKRMetrics:
        """The client's Prometheus series."""

    async def connect(self) -> ConnectionInfo:
        """Connect and return once the connection is READY; a no-op when it is.

        Raises GatewayUnavailable, ClientIdInUse or SyncFailed after the last attempt, and
        LiveTradingRefused at once.
        """

    async def disconnect(self) -> None:
        """Close the connection and end all streams. May be called in any state."""

    def is_connected(self) -> bool:
        """True in state READY only: orders are refused in every other state."""

    async def place_order(
        self, contract: Contract, order: Order, *, key: str | None = None
    ) -> OrderResult:
        """Hand an order over once and return at its first acknowledgement.

        `key` is the caller's idempotency key: the same key with the same contract and order
        never sends twice. It gives the outcome of the first call: the order as it is now, or
        the error that says it was refused or is in doubt. Raises IdempotencyConflict for
        another contract or order under a known key.

        Raises NotConnected or TradingHalted (nothing was sent), InvalidOrder,
        OrderLimitExceeded, ContractNotFound, AmbiguousContract, OrderRejected and its kin
        (it is not live), or OrderStateUnknown (it may be live: do not send it again).
        """

    async def cancel_order(self, order_id: OrderId) -> OrderResult:
        """Cancel and return once the gateway confirms it; cancelling twice is harmless.

        Raises OrderNotFound, CancelTooLate, NotConnected, or OrderStateUnknown when no
        answer came in time.
        """

    async def request_market_data(self, contract: Contract) -> Subscription:
        """Subscribe and return at the first value; asking again shares the subscription.

        Raises ContractNotFound, MarketDataNotAvailable, NotConnected or RequestTimeout.
        """

    async def cancel_market_data(self, contract: Contract) -> None:
        """End the subscription and its quote streams. Raises NotSubscribed."""

    def quotes(self, contract: Contract) -> AsyncIterator[Quote]:
        """The newest quotes, starting with the latest; a slow reader skips, never lags.

        It survives reconnects and ends with the subscription. Raises NotSubscribed.
        """

    def order_events(self) -> AsyncIterator[OrderEvent]:
        """Everything that happens to orders from this call on, until `disconnect`.

        The iterator raises StreamOverflow when its reader falls too far behind.
        """

    def connection_events(self) -> AsyncIterator[ConnectionEvent]:
        """Every change of state from this call on, until `disconnect`."""

    def order(self, order_id: OrderId) -> OrderResult:
        """The latest known view of an order of this client. Raises OrderNotFound."""

    def order_by_key(self, key: str) -> OrderResult:
        """The order placed under an idempotency key. Raises OrderNotFound: none was sent."""

    def in_doubt(self) -> tuple[OrderResult, ...]:
        """The orders that were handed over and of which it is not known whether they live."""
