"""A client killed in the middle of an order: after a restart every order is accounted for."""

import asyncio
import signal
import sys
from collections import Counter
from decimal import Decimal as D
from pathlib import Path

import pytest
from dying_trader import AAPL, CLIENT_ID, NOON, ORDERS, POINTS, RESTS, settings

from ibkr import IBKRClient, OrderNotAccepted, OrderNotFound, OrderStatus
from ibkr.reconcile import Verdict
from ibkr.references import split
from simulator import Simulator

PATIENCE_S = 60
CASES = [
    (point, kind)
    for point in POINTS
    for kind in ORDERS
    if (point, kind) != ("filled", "LIMIT")  # it rests: there is no fill to die at
]


@pytest.fixture
async def simulator():
    async with Simulator() as simulator:
        simulator.world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"))
        yield simulator


def at_broker(simulator: Simulator) -> Counter:
    """How many orders the broker ever had, by our reference; the truth of these tests."""
    orders = simulator.world.broker.truth.orders.values()
    return Counter(split(order.order.order_ref)[0] for order in orders)


async def killed(simulator: Simulator, journal: Path, point: str, kind: str) -> None:
    script = Path(__file__).with_name("dying_trader.py")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(script), str(simulator.port), str(journal), point, kind),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(PATIENCE_S):
        _, errors = await process.communicate()
    assert process.returncode == -signal.SIGKILL, errors.decode()
    while simulator.world.connections:  # the gateway hears of it a moment later
        await asyncio.sleep(0)


def restarted(simulator: Simulator, journal: Path) -> IBKRClient:
    return IBKRClient(settings(simulator.port, journal), now=lambda: NOON)


@pytest.mark.parametrize(("point", "kind"), CASES)
async def test_after_a_kill_every_order_is_accounted_for(simulator, tmp_path, point, kind) -> None:
    path, order = tmp_path / "journal", ORDERS[kind]
    await killed(simulator, path, point, kind)
    client = restarted(simulator, path)
    before = client.journal.counts()
    await client.connect()
    try:
        assert client.in_doubt() == ()
        safe = client.order_by_key("safe")
        assert safe.status is OrderStatus.SUBMITTED
        assert await client.place_order(AAPL, RESTS, key="safe") == safe

        entry = client.journal.by_key("fatal")
        if point == "intent kept":
            assert (entry.verdict, entry.rule) == (Verdict.NOT_SENT, "a")
            with pytest.raises(OrderNotFound):
                client.order_by_key("fatal")
            await client.place_order(AAPL, order, key="fatal")  # proved unsent: free to be sent
        elif point == "send kept":
            assert (entry.verdict, entry.rule) == (Verdict.NOT_ACCEPTED, "d")
            for _ in range(2):
                with pytest.raises(OrderNotAccepted):
                    await client.place_order(AAPL, order, key="fatal")
        else:
            result = await client.place_order(AAPL, order, key="fatal")
            filled = kind == "MARKET"
            assert result.status is (OrderStatus.FILLED if filled else OrderStatus.SUBMITTED)
            assert result.filled == (order.quantity if filled else 0)
            assert entry.verdict is (Verdict.FOUND if point == "written" else None)

        counts, broker = client.journal.counts(), at_broker(simulator)
        acknowledged = {one.reference for one in client.journal.entries() if one.acknowledged}
        assert broker == Counter(acknowledged)  # nothing lost, nothing doubled, nothing invented
        assert client.metrics.orders_total == counts.sends - before.sends
        assert client.metrics.orders_in_doubt == 0
    finally:
        await client.disconnect()


async def test_a_fill_while_nobody_was_there_is_told_once_and_only_once(
    simulator, tmp_path
) -> None:
    path = tmp_path / "journal"
    await killed(simulator, path, "acknowledged", "LIMIT")
    order_id = next(
        order.order_id
        for order in simulator.world.broker.truth.orders.values()
        if order.order.limit_price == ORDERS["LIMIT"].limit_price
    )
    simulator.world.fill((CLIENT_ID, order_id), ORDERS["LIMIT"].quantity, D("1.50"))
    told = []
    for _ in range(2):
        client = restarted(simulator, path)
        events = client.order_events()
        await client.connect()
        await client.disconnect()
        told += [type(event).__name__ async for event in events]
        assert client.order_by_key("fatal").filled == 2
        assert len(client.order_by_key("fatal").fills) == 1
    assert told.count("OrderFilled") == 1
    assert told.count("CommissionReported") == 1
