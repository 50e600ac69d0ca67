"""A gateway with a state file that dies, and clients that come back to what they left."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ib_insync import IB, LimitOrder, MarketOrder, Stock

AAPL = Stock("AAPL", "SMART", "USD")
PATIENCE_S = 30


@asynccontextmanager
async def gateway(
    state: Path, *before: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, IB]]:
    """A gateway process and a client of it; `before`: the command that starts it."""
    process = await asyncio.create_subprocess_exec(
        *before,
        *(sys.executable, "-m", "simulator", "serve", "--port", "0", "--seed", "7"),
        *("--state", str(state)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    ib = IB()
    try:
        port = json.loads(await process.stdout.readline())["port"]
        await ib.connectAsync("127.0.0.1", port, clientId=3, timeout=PATIENCE_S)
        yield process, ib
    finally:
        ib.disconnect()
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until(holds) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.01)


async def test_after_a_kill_a_client_finds_its_orders_positions_and_executions(tmp_path) -> None:
    state = tmp_path / "state"
    async with gateway(state) as (process, ib):
        bought = ib.placeOrder(AAPL, MarketOrder("BUY", 100, tif="GTC"))
        rests = ib.placeOrder(AAPL, LimitOrder("BUY", 10, 1.5, tif="GTC"))
        await until(lambda: bought.isDone() and rests.orderStatus.status == "Submitted")
        fills = {fill.execution.execId: fill.execution.price for fill in bought.fills}
        process.kill()
        await until(lambda: not ib.isConnected())
    async with gateway(state) as (_, ib):
        await ib.reqExecutionsAsync()
        assert {fill.execution.execId: fill.execution.price for fill in ib.fills()} == fills
        (trade,) = ib.openTrades()
        assert (trade.order.permId, trade.order.orderId) == (
            rests.order.permId,
            rests.order.orderId,
        )
        assert [(p.contract.symbol, p.position) for p in ib.positions()] == [("AAPL", 100)]
        again = ib.placeOrder(AAPL, MarketOrder("SELL", 100))
        assert again.order.orderId > rests.order.orderId
        await until(again.isDone)
        await until(lambda: [p.position for p in ib.positions()] in ([], [0]))
        ib.cancelOrder(trade.order)
        await until(trade.isDone)


async def test_a_gateway_that_cannot_write_its_state_ends_and_has_told_nothing_more(
    tmp_path,
) -> None:
    """The limit is that of a full disk: what was told is in the file."""
    state = tmp_path / "state"
    limited = ("sh", "-c", 'ulimit -f 200; exec "$@"', "sh")
    async with gateway(state, *limited) as (process, ib):
        told = {}
        ib.orderStatusEvent += lambda trade: told.setdefault(
            trade.order.orderId, trade.orderStatus.permId
        )
        async with asyncio.timeout(PATIENCE_S):
            while ib.isConnected():
                ib.placeOrder(AAPL, LimitOrder("BUY", 10, 1.5, tif="GTC"))
                await asyncio.sleep(0.01)
            _, errors = await process.communicate()
        assert process.returncode == 3
        assert f"Error: state file {state} " in errors.decode()
    async with gateway(state) as (_, ib):
        kept = {trade.order.orderId: trade.order.permId for trade in ib.openTrades()}
        assert {item for item in told.items() if item[1]} <= kept.items()
        assert len(kept) > 10
