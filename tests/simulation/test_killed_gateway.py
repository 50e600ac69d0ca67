"""A gateway that dies like a process does: no goodbye, and perhaps with an order in its buffer."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ibkr import ConnectionLost, Contract, IBKRClient, Order, OrderStateUnknown, OrderStatus

AAPL = Contract.stock("AAPL")
PATIENCE_S = 30


@asynccontextmanager
async def gateway(port: int = 0) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", "serve", "--port", str(port), "--seed", "7"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process, json.loads(await process.stdout.readline())["port"]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0)


@pytest.fixture
async def connect() -> AsyncIterator[Callable]:
    clients = []

    async def connect(port: int) -> IBKRClient:
        clients.append(IBKRClient(port=port, backoff_min_s=0.05, backoff_max_s=0.2))
        await clients[-1].connect()
        return clients[-1]

    yield connect
    for client in clients:
        await client.disconnect()


def gauge(client: IBKRClient) -> float:
    return client.metrics.registry.get_sample_value("ib_connection_status")


async def test_after_a_kill_the_client_comes_back_and_quotes_resume(connect) -> None:
    async with gateway() as (process, port):
        client = await connect(port)
        await client.request_market_data(AAPL)
        quotes = client.quotes(AAPL)
        assert (await anext(quotes)).bid
        assert gauge(client) == 1
        process.kill()
        await until(lambda: not client.is_connected())
        assert gauge(client) == 0
    async with gateway(port):
        await until(client.is_connected)
        assert gauge(client) == 1
        async with asyncio.timeout(PATIENCE_S):
            assert (await anext(quotes)).bid
        result = await client.place_order(AAPL, Order.limit("BUY", 1, "1.00"))
        assert result.status is OrderStatus.SUBMITTED


async def test_calls_that_wait_when_it_dies_get_a_typed_error(connect) -> None:
    async with gateway() as (process, port):
        client = await connect(port)
        filled = await client.place_order(AAPL, Order.market("BUY", 1))
        os.kill(process.pid, signal.SIGSTOP)  # it takes what is written and answers nothing
        ordering = asyncio.create_task(client.place_order(AAPL, Order.market("BUY", 1)))
        asking = asyncio.create_task(client.request_market_data(Contract.stock("MSFT")))
        await until(lambda: client.metrics.orders_total == 2)
        process.kill()
        async with asyncio.timeout(PATIENCE_S):
            ordered, asked = await asyncio.gather(ordering, asking, return_exceptions=True)
        assert isinstance(ordered, OrderStateUnknown)
        assert ordered.order_id > filled.order_id
        assert isinstance(asked, ConnectionLost)
        assert client.metrics.order_errors_total == 1
