"""Where contracts run: one class for each tier, and the stage that moves its world.

A tier opens a client, closed to the network, and a `Stage`. Steps use nothing else, so
that the same scenario can be told of every tier its tags allow.
"""

from abc import ABC, abstractmethod
from decimal import Decimal

from ibkr import Contract, IBKRClient, IBKRClientProtocol, MockIBKRClient, Settings
from simulator import Simulator, World, WorldSettings
from simulator.gateway.entitlements import Entitlement
from simulator.messages import REQUESTS
from simulator.messages.connection import StartApi
from simulator.wire import frame, join_fields

CLIENT_ID = 7
SYMBOLS = ("AAPL", "MSFT")


class Stage(ABC):
    """Moves the world a client lives in: what every tier can do.

    A stage that can do more has more methods, for scenarios that are told of it alone.
    """

    @abstractmethod
    async def quote(
        self,
        symbol: str,
        bid: Decimal | None,
        ask: Decimal | None,
        size: Decimal | None = None,
    ) -> None:
        """Display a quote."""

    @abstractmethod
    async def gateway_down(self) -> None:
        """Take the gateway away, under whoever is connected."""

    @abstractmethod
    async def gateway_up(self) -> None:
        """Bring it back where it was."""

    @abstractmethod
    def fill(self, order_id: int, quantity: Decimal, price: Decimal) -> None:
        """Fill a part of the client's order, whatever the market shows."""

    @abstractmethod
    def reject_next(self, code: int, reason: str) -> None:
        """Refuse the client's next order."""

    @abstractmethod
    def orders_received(self) -> int:
        """How many orders have reached the gateway."""


class Tier(ABC):
    """One place to run scenarios: `open` gives a client and its stage, `close` ends both."""

    client: IBKRClientProtocol
    stage: Stage

    @abstractmethod
    async def open(self) -> None: ...

    @abstractmethod
    async def configure(self, **settings: object) -> None:
        """Give the client other settings before it is connected."""

    async def close(self) -> None:
        await self.client.disconnect()


# --- mock -------------------------------------------------------------------


class MockStage(Stage):
    def __init__(self, client: MockIBKRClient) -> None:
        self.client = client

    async def quote(self, symbol, bid, ask, size=None) -> None:
        contract = Contract.stock(symbol)
        self.client.set_quote(contract, bid=bid, ask=ask, bid_size=size, ask_size=size)

    async def gateway_down(self) -> None:
        if self.client.is_connected():
            self.client.lose_connection()
        else:
            self.client.refuse_connections(1)

    async def gateway_up(self) -> None:
        self.client.restore_connection()

    def fill(self, order_id, quantity, price) -> None:
        self.client.fill_order(order_id, quantity=quantity, price=price)

    def reject_next(self, code, reason) -> None:
        self.client.reject_next_order(code, reason)

    def orders_received(self) -> int:
        return int(self.client.metrics.orders_total)


class MockTier(Tier):
    async def open(self) -> None:
        await self.configure()

    async def configure(self, **settings: object) -> None:
        self.client = MockIBKRClient(
            Settings(client_id=CLIENT_ID, **settings),
            contracts=[Contract.stock(symbol) for symbol in SYMBOLS],
        )
        self.stage = MockStage(self.client)


# --- simulator --------------------------------------------------------------


class SimulatorStage(Stage):
    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.world: World = simulator.world

    async def quote(self, symbol, bid, ask, size=None) -> None:
        self.world.set_quote(symbol, bid=bid, ask=ask, bid_size=size, ask_size=size)

    async def gateway_down(self) -> None:
        await self.simulator.stop()

    async def gateway_up(self) -> None:
        await self.simulator.start()

    def fill(self, order_id, quantity, price) -> None:
        self.world.fill((CLIENT_ID, order_id), quantity, price)

    def reject_next(self, code, reason) -> None:
        self.world.reject_next(code, reason, CLIENT_ID)

    def set_fill_model(self, symbol: str, name: str) -> None:
        self.world.set_fill_model(name, symbol)

    def print_trade(self, symbol: str, price: Decimal, size: Decimal) -> None:
        self.world.print_trade(symbol, price, size)

    def halt(self, symbol: str) -> None:
        self.world.halt(symbol)

    def resume(self, symbol: str) -> None:
        self.world.resume(symbol)

    def next_session(self, symbol: str) -> None:
        self.world.advance_to_session(symbol)

    def correct(self, execution_id: str, quantity: Decimal, price: Decimal) -> None:
        self.world.correct(execution_id, price, quantity)

    def bust(self, execution_id: str) -> None:
        self.world.bust(execution_id)

    def move_cash(self, amount: Decimal) -> None:
        self.world.move_cash(self.account, "USD", amount)

    def buying_power(self) -> Decimal:
        return self.world.account(self.account).buying_power

    def position(self, symbol: str) -> Decimal:
        held = self.world.broker.positions(self.account)
        return sum((p.quantity for p in held if p.instrument.symbol == symbol), Decimal(0))

    @property
    def account(self) -> str:
        return self.world.settings.accounts[0]

    def orders_received(self) -> int:
        return self.requests_received("PlaceOrder")

    def requests_received(self, name: str) -> int:
        return sum(type(r.request).__name__ == name for r in self.world.gateway.requests)

    async def occupy_client_id(self) -> None:
        other = self.world.connect("another client")
        self.world.receive(other, b"API\0" + frame(b"v157..178"))
        start = REQUESTS.encode(StartApi(CLIENT_ID), 178)
        self.world.receive(other, frame(join_fields(start)))

    async def forbid_market_data(self, symbol: str) -> None:
        self.world.entitle(symbol, Entitlement.NONE)


class SimulatorTier(Tier):
    async def open(self) -> None:
        self._simulator = Simulator(world=World(WorldSettings(seed=7, clock="manual")))
        await self._simulator.start()
        self.stage = SimulatorStage(self._simulator)
        await self.configure()

    async def configure(self, **settings: object) -> None:
        self.client = IBKRClient(
            Settings(
                port=self._simulator.port,
                client_id=CLIENT_ID,
                backoff_min_s=0.01,
                backoff_max_s=0.05,
                **settings,
            )
        )

    async def close(self) -> None:
        await super().close()
        await self._simulator.stop()


TIERS: dict[str, type[Tier]] = {"mock": MockTier, "simulator": SimulatorTier}
