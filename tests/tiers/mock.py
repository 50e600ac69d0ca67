"""The tier `mock`: MockIBKRClient, which is moved by its own methods."""

from decimal import Decimal

from ibkr import ConnectionState, Contract, MockIBKRClient, Settings
from tiers.stage import CLIENT_ID, SYMBOLS, Stage, Tier


class MockStage(Stage):
    def __init__(self, tier: "MockTier") -> None:
        self._tier = tier
        self._quotes: dict[str, dict[str, Decimal | None]] = {}

    @property
    def client(self) -> MockIBKRClient:
        return self._tier.client

    async def quote(self, symbol, bid, ask, size=None) -> None:
        self._quotes[symbol] = {"bid": bid, "ask": ask, "bid_size": size, "ask_size": size}
        self.show()

    def show(self) -> None:
        """Have the client see the market, also one that is made anew."""
        for symbol, quote in self._quotes.items():
            self.client.set_quote(Contract.stock(symbol), **quote)

    async def refuse_market_data(self, symbol) -> None:
        self.client.refuse_market_data(
            Contract.stock(symbol), 10168, "Requested market data is not subscribed."
        )

    async def gateway_down(self) -> None:
        if self.client.is_connected():
            self.client.lose_connection()
        else:
            self.client.refuse_connections(1)

    async def gateway_up(self) -> None:
        if self.client.state is ConnectionState.RECONNECTING:
            self.client.restore_connection()

    async def lose_upstream(self) -> None:
        self.client.lose_upstream()

    async def restore_upstream(self) -> None:
        self.client.restore_connection()

    async def log_in(self, account) -> None:
        self._tier.account = account
        await self._tier.configure()

    async def occupy_client_id(self) -> None:
        self.client.refuse_connections(1, code=326)

    async def fill(self, order_id, quantity, price) -> None:
        self.client.fill_order(order_id, quantity=quantity, price=price)

    async def end(self, order_id) -> None:
        self.client.end_order(order_id)

    async def correct(self, execution_id, quantity, price) -> None:
        self.client.correct_fill(execution_id, quantity=quantity, price=price)

    async def bust(self, execution_id) -> None:
        self.client.correct_fill(execution_id, quantity=Decimal(0))

    async def reject_next(self, code, reason) -> None:
        self.client.reject_next_order(code, reason)

    async def leave_next_unanswered(self) -> None:
        self.client.leave_next_order_unanswered()

    async def orders_received(self) -> int:
        return int(self.client.metrics.orders_total)


class MockTier(Tier):
    client: MockIBKRClient

    account = "DU9000001"

    async def open(self) -> None:
        self.stage = MockStage(self)
        await self.configure()

    async def configure(self, **settings: object) -> None:
        self.client = MockIBKRClient(
            Settings(client_id=CLIENT_ID, **settings),
            contracts=[Contract.stock(symbol) for symbol in SYMBOLS],
            account=self.account,
        )
        self.stage.show()
