"""What simulator and container have in common: the real client, and the control plane.

The gateway's world is moved through `ControlClient` alone, wherever it runs. Between two
scenarios it is reset, so that none sees what another did.
"""

import asyncio
from abc import abstractmethod
from contextlib import AsyncExitStack, suppress
from decimal import Decimal
from typing import Any

from ibkr import IBKRClient, OrderNotFound, Settings
from simulator.control.client import ControlClient
from tiers.stage import CLIENT_ID, Stage, Tier

SEED = 7
WORLD = {"seed": SEED, "clock": "manual"}
HELLO = b"API\0\0\0\0\x09v157..178"
NO_ORDER = 2_000_000_000
"""An order id that no scenario uses."""


class GatewayStage(Stage):
    def __init__(self, tier: "GatewayTier", control: ControlClient) -> None:
        self._tier = tier
        self.control = control
        self._ended_by_return: list[int] = []

    async def quote(self, symbol, bid, ask, size=None) -> None:
        await self.control.set_quote(symbol, bid=bid, ask=ask, bid_size=size, ask_size=size)

    async def refuse_market_data(self, symbol) -> None:
        await self.control.entitle(symbol, "none")

    # --- the gateway ---

    async def inject(self, action: str, **parameters: Any) -> int:
        return await self.control.inject(action, **parameters)

    async def gateway_down(self) -> None:
        self._ended_by_return.append(await self.inject("refuse"))
        for _ in (await self.control.state()).clients[:1]:
            await self.inject("fin")

    async def gateway_up(self) -> None:
        while self._ended_by_return:
            await self.control.clear_faults(self._ended_by_return.pop())

    async def restart(self, kind: str, outage_s: float) -> None:
        await self.control.restart(kind, outage_s=outage_s)

    async def lose_upstream(self) -> None:
        await self.control.lose_upstream()

    async def restore_upstream(self, *, data_lost: bool = False) -> None:
        await self.control.restore_upstream(data_lost=data_lost)

    async def farm(self, name: str, state: str) -> None:
        await self.control.farm(name, state)

    async def log_in(self, account) -> None:
        await self.inject(
            "alter", at="tx(ManagedAccounts)", times=None, field="accounts", text=account
        )

    async def occupy_client_id(self) -> None:
        await self._tier.other.connect()

    async def advance(self, seconds: float) -> None:
        await self.control.advance(seconds)

    # --- the exchange ---

    async def fill(self, order_id, quantity, price) -> None:
        await self.control.fill(await self.perm_id(order_id), quantity, price)

    async def end(self, order_id) -> None:
        await self.control.cancel_manual(await self.perm_id(order_id))

    async def correct(self, execution_id, quantity, price) -> None:
        await self.control.correct(execution_id, price=price, quantity=quantity)

    async def bust(self, execution_id) -> None:
        await self.control.bust(execution_id)

    async def reject_next(self, code, reason) -> None:
        await self.control.reject_next(code, reason, client_id=CLIENT_ID)

    async def leave_next_unanswered(self) -> None:
        for name in ("OpenOrder", "OrderStatus"):
            lost = await self.inject("swallow", at=f"tx({name})", times=None)
            self._ended_by_return.append(lost)

    async def set_fill_model(self, symbol: str, name: str) -> None:
        await self.control.set_fill_model(name, symbol)

    async def print_trade(self, symbol: str, price: Decimal, size: Decimal) -> None:
        await self.control.print_trade(symbol, price, size)

    async def halt(self, symbol: str) -> None:
        await self.control.halt(symbol)

    async def resume(self, symbol: str) -> None:
        await self.control.resume(symbol)

    async def next_session(self, symbol: str) -> None:
        await self.control.advance_to_session(symbol)

    # --- the truth ---

    async def perm_id(self, order_id: int) -> int:
        (found,) = [
            order.perm_id
            for order in await self.control.orders(client_id=CLIENT_ID)
            if order.order_id == order_id
        ]
        return found

    async def account(self) -> Any:
        return (await self.control.accounts())[0]

    async def move_cash(self, amount: Decimal) -> None:
        await self.control.move_cash((await self.account()).account, "USD", amount)

    async def position(self, symbol: str) -> Decimal:
        held = (await self.account()).positions
        return sum((p.quantity for p in held if p.symbol == symbol), Decimal(0))

    async def orders_received(self) -> int:
        return await self.requests_received("PlaceOrder")

    async def requests_received(self, name: str) -> int:
        return len(await self.control.requests(name=name))

    async def transcript(self) -> list[dict[str, Any]]:
        return [frame.model_dump(mode="json") for frame in await self.control.transcript()]


class GatewayTier(Tier):
    """The real client against a gateway that the control plane moves."""

    client: IBKRClient
    stage: GatewayStage

    @abstractmethod
    async def enter(self, stack: AsyncExitStack) -> tuple[ControlClient, str, int]:
        """The control plane, and where the gateway listens."""

    async def open(self) -> None:
        self._stack = AsyncExitStack()
        control, self._host, self._port = await self.enter(self._stack)
        await control.reset()
        await _answered(self._host, self._port)
        self.stage = GatewayStage(self, control)
        self.other = self._client()
        self._stack.push_async_callback(self.other.disconnect)
        await self.configure()

    async def configure(self, **settings: object) -> None:
        self.client = self._client(**settings)

    def _client(self, **settings: object) -> IBKRClient:
        return IBKRClient(
            Settings(
                host=self._host,
                port=self._port,
                client_id=CLIENT_ID,
                backoff_min_s=0.01,
                backoff_max_s=0.05,
                order_ack_timeout_s=0.3,
                reconcile_settle_s=0.01,
                inactive_grace_s=0.05,
                **settings,
            )
        )

    async def settle(self) -> None:
        """Ask for something that is answered in turn: all before it has been heard then."""
        if self.client.is_connected() and not self.client.settings.read_only:
            try:
                await self.client.cancel_order(NO_ORDER)
            except OrderNotFound:
                return

    async def close(self) -> None:
        await super().close()
        await self._stack.aclose()


async def _answered(host: str, port: int) -> None:
    """Return when the gateway answers a handshake; a port that was closed may need a moment."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(HELLO)
                if await reader.read(1):
                    return
            finally:
                writer.close()
