"""The tier `live`: the client against a gateway of IB itself, in a paper account.

It runs when IBKR_LIVE_TESTS=paper is set, and sends orders when IBKR_LIVE_ORDERS=allow is set
as well. Rule: before any step the account on the wire is seen to be a paper account; an order
is for one share at a limit; what was sent is cancelled whatever happens, and seen to be over.
"""

import asyncio
import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from paper_gateway import NoLogin, PaperGatewayContainer, PaperLogin

from ibkr import (
    CancelTooLate,
    Contract,
    IBKRClient,
    IBKRError,
    InvalidOrder,
    Order,
    OrderResult,
    OrderType,
    Settings,
)
from ibkr.logs import mask_account
from simulator.containers import ContainerUnavailable
from tiers.stage import Tier

CLIENT_ID = 7_117
DELAYED_IF_NOT_LIVE = 3
ASKED, ORDERS_ASKED = "IBKR_LIVE_TESTS", "IBKR_LIVE_ORDERS"


@dataclass(frozen=True, slots=True)
class Paper:
    """Where a paper gateway listens, and what account it is logged in to."""

    host: str
    port: int
    account: str


class PaperClient(IBKRClient):
    """Sends nothing but one share at a limit, and remembers it."""

    def __init__(self, settings: Settings, placed: list[int]) -> None:
        super().__init__(settings)
        self._placed = placed

    async def place_order(
        self, contract: Contract, order: Order, *, key: str | None = None
    ) -> OrderResult:
        if order.order_type is not OrderType.LIMIT or order.quantity != 1:
            raise InvalidOrder("tier live sends orders for 1 share at a limit only")
        try:
            result = await super().place_order(contract, order, key=key)
        except IBKRError as error:
            self._remember(getattr(error, "order_id", None))
            raise
        self._remember(result.order_id)
        return result

    def _remember(self, order_id: int | None) -> None:
        if order_id is not None and order_id not in self._placed:
            self._placed.append(order_id)


class LiveTier(Tier):
    patience_s = 60.0
    ground: Paper
    client: PaperClient

    @classmethod
    def missing(cls, options: Namespace) -> str | None:
        if os.environ.get(ASKED) != "paper":
            return f"--tier live runs only where {ASKED}=paper is set: it talks to IB itself"
        if getattr(options, "numprocesses", None):
            return "--tier live runs alone, since an account is only one: leave out -n"
        if options.port is None:
            try:
                PaperLogin.of()
            except NoLogin as error:
                return f"--tier live has no gateway: give --host and --port of one, or {error}"
        return None

    @classmethod
    def excluded(cls, tags: set[str]) -> bool:
        return "live_orders" in tags and os.environ.get(ORDERS_ASKED) != "allow"

    @classmethod
    @contextmanager
    def grounds(cls, options: Namespace) -> Iterator[Paper]:
        if options.port is not None:
            yield _checked(options.host, options.port)
            return
        try:
            with PaperGatewayContainer(PaperLogin.of()) as gateway:
                yield _checked(gateway.host, gateway.port)
        except ContainerUnavailable as error:
            pytest.exit(f"--tier live has no gateway: {error}", returncode=1)

    async def open(self) -> None:
        self._placed: list[int] = []
        self._told: list[dict[str, Any]] = []
        await self.configure()

    async def configure(self, **settings: object) -> None:
        self.client = PaperClient(
            _settings(self.ground.host, self.ground.port, **settings), self._placed
        )

    async def market(self, symbol: str) -> None:
        """It has one of its own."""

    async def close(self) -> None:
        """Cancel whatever was sent, and see that it is over."""
        alive: list[int] = []
        try:
            if self._placed and not (
                self.client.is_connected() and not self.client.settings.read_only
            ):
                await self.client.disconnect()
                await self.configure()
                await self.client.connect()
            alive += [order_id for order_id in self._placed if not await self._end(order_id)]
        finally:
            await super().close()
        if alive:
            pytest.fail(f"orders {alive} are not cancelled: look at TWS, and cancel them by hand")

    async def _end(self, order_id: int) -> bool:
        try:
            order = await self.client.cancel_order(order_id)
        except CancelTooLate:
            order = self.client.order(order_id)
        except IBKRError as error:
            self._tell(order_id, f"not known to be over: {error}")
            return False
        self._tell(order_id, f"{order.status}, {order.filled} filled", order)
        return order.status.is_cancelled and order.filled == 0

    def _tell(self, order_id: int, status: str, order: OrderResult | None = None) -> None:
        what = f"order {order_id}"
        if order is not None:
            terms = order.order
            what += f" to {terms.action} {terms.quantity} {order.contract.symbol} at {terms.limit_price}"
        account = mask_account(self.ground.account)
        self._told.append({"what": what, "account": account, "status": status})

    def sent(self) -> list[dict[str, Any]]:
        return self._told


def _settings(host: str, port: int, **settings: Any) -> Settings:
    """Nothing of the environment may allow more than this."""
    fixed = {
        "client_id": CLIENT_ID,
        "market_data_type": DELAYED_IF_NOT_LIVE,
        "allow_live": False,
        "live_account": "",
        "account": "",
        "journal": None,
        "read_only": False,
        "max_order_quantity": Decimal(1),
    }
    return Settings(host=host, port=port, **(fixed | settings))


def _checked(host: str, port: int) -> Paper:
    """Look at the account with a client that cannot trade; a live one ends the whole run."""

    async def account() -> str:
        client = IBKRClient(_settings(host, port, read_only=True))
        try:
            return (await client.connect()).accounts[0]
        finally:
            await client.disconnect()

    try:
        return Paper(host, port, asyncio.run(account()))
    except IBKRError as error:
        pytest.exit(f"--tier live is refused: {error}", returncode=1)
