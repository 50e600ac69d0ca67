"""A program that trades and is killed: `python dying_trader.py PORT JOURNAL POINT MARKET|LIMIT`.

It places one order that is safe and one during which SIGKILL comes, exactly at POINT. The
points lie in the journal that is passed into the client; the client itself knows none of it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ibkr import Contract, IBKRClient, Order, Settings
from ibkr.journal import Journal

AAPL = Contract.stock("AAPL")
CLIENT_ID = 5
NOON = datetime(2024, 1, 3, 17, tzinfo=UTC)
RESTS = Order.limit("BUY", 3, "1.00")
ORDERS = {"MARKET": Order.market("BUY", 2), "LIMIT": Order.limit("BUY", 2, "1.50")}
POINTS = ("intent kept", "send kept", "written", "acknowledged", "filled")


def settings(port: int, journal: Path | None) -> Settings:
    return Settings(port=port, client_id=CLIENT_ID, journal=journal, reconcile_settle_s=0)


class FatalJournal(Journal):
    """A journal after, or before, one of whose rows the process is gone."""

    point = ""
    reached: list[str]

    def die_at(self, point: str) -> None:
        if self.point == point:
            os.kill(os.getpid(), signal.SIGKILL)

    def intend(self, *row) -> None:
        super().intend(*row)
        self.die_at("intent kept")

    def send(self, *row, **mark) -> None:
        super().send(*row, **mark)
        self.die_at("send kept")

    def acknowledge(self, *row) -> None:
        self.die_at("written")
        super().acknowledge(*row)
        self.reached.append("acknowledged")

    def execution(self, *row) -> None:
        super().execution(*row)
        self.reached.append("filled")

    @contextmanager
    def together(self) -> Iterator[None]:
        self.reached = []
        with super().together():
            yield
        for point in self.reached:  # only now is it on the disk
            self.die_at(point)


async def trade(port: int, path: Path, point: str, kind: str) -> None:
    journal = FatalJournal(path)
    chosen = settings(port, path)
    client = IBKRClient(chosen, order_journal=journal, now=lambda: NOON)
    await client.connect()
    await client.place_order(AAPL, RESTS, key="safe")
    journal.point = point
    await client.place_order(AAPL, ORDERS[kind], key="fatal")
    await asyncio.Event().wait()  # a fill may come later than the answer


if __name__ == "__main__":
    port, path, point, kind = sys.argv[1:]
    asyncio.run(trade(int(port), Path(path), point, kind))
