"""What a tier is, and the stage that moves its world.

A tier opens a client, closed to the network, and a `Stage`. Steps use nothing else, so that
the same scenario can be told of every tier its tags allow. Rule: a tier that cannot be opened
fails; what it lacks is said before anything runs.
"""

from abc import ABC, abstractmethod
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from ibkr import IBKRClientProtocol

CLIENT_ID = 7
SYMBOLS = ("AAPL", "MSFT")
BID, ASK = Decimal("99.98"), Decimal("100.02")


class Stage(ABC):
    """Moves the world a client lives in: what mock, simulator and container can do.

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
    async def refuse_market_data(self, symbol: str) -> None:
        """Let the account not see a market it has not subscribed to."""

    @abstractmethod
    async def gateway_down(self) -> None:
        """Take the gateway away, under whoever is connected."""

    @abstractmethod
    async def gateway_up(self) -> None:
        """Bring it back where it was."""

    @abstractmethod
    async def lose_upstream(self) -> None:
        """Let the gateway lose its own connection to IB."""

    @abstractmethod
    async def restore_upstream(self) -> None:
        """Let it regain that, with nothing lost."""

    @abstractmethod
    async def log_in(self, account: str) -> None:
        """Let the gateway be logged in to this account, for whoever connects from now on."""

    @abstractmethod
    async def occupy_client_id(self) -> None:
        """Let another session hold our client id."""

    @abstractmethod
    async def fill(self, order_id: int, quantity: Decimal, price: Decimal) -> None:
        """Fill a part of the client's order, whatever the market shows."""

    @abstractmethod
    async def end(self, order_id: int) -> None:
        """Let an order be cancelled by somebody else."""

    @abstractmethod
    async def correct(self, execution_id: str, quantity: Decimal, price: Decimal) -> None:
        """Give an execution other figures."""

    @abstractmethod
    async def bust(self, execution_id: str) -> None:
        """Undo an execution."""

    @abstractmethod
    async def reject_next(self, code: int, reason: str) -> None:
        """Refuse the client's next order."""

    @abstractmethod
    async def leave_next_unanswered(self) -> None:
        """Take the client's next order, and say nothing of it."""

    @abstractmethod
    async def orders_received(self) -> int:
        """How many orders have reached the gateway."""


class Tier(ABC):
    """One place to run scenarios: `open` gives a client and its stage, `close` ends both."""

    patience_s = 10.0
    """How long any one step may take."""

    client: IBKRClientProtocol
    stage: Any

    def __init__(self, ground: Any) -> None:
        self.ground = ground

    @classmethod
    def missing(cls, options: Namespace) -> str | None:
        """What this tier lacks here, with the remedy, in one sentence; None: nothing."""
        del options
        return None

    @classmethod
    def excluded(cls, tags: set[str]) -> bool:
        """Whether scenarios with these tags are not for this run."""
        del tags
        return False

    @classmethod
    @contextmanager
    def grounds(cls, options: Namespace) -> Iterator[Any]:
        """What all scenarios of one run share; a tier gets it when it is made."""
        del options
        yield None

    @abstractmethod
    async def open(self) -> None: ...

    @abstractmethod
    async def configure(self, **settings: object) -> None:
        """Give the client other settings before it is connected."""

    async def market(self, symbol: str) -> None:
        """See to it that somebody quotes a symbol."""
        await self.stage.quote(symbol, BID, ASK)

    async def settle(self) -> None:  # noqa: B027 - a client in memory hears all at once
        """Return when the client has heard all that the gateway has said so far."""

    async def close(self) -> None:
        await self.client.disconnect()

    def sent(self) -> list[dict[str, Any]]:
        """The orders of this scenario that a summary has to name: those of a real account."""
        return []
