"""Every wire operation of the asyncio libraries' `IB`, against one fresh simulator each."""

from __future__ import annotations

import asyncio
import importlib
import inspect

import pytest

from simulator import Simulator

from .methods import CHECKS, PENDING, Bench

TIMEOUT_S = 10
LOCAL = frozenset(
    [
        "managedAccounts",
        "accountValues",
        "portfolio",
        "positions",
        "pnl",
        "pnlSingle",
        "trades",
        "openTrades",
        "orders",
        "openOrders",
        "fills",
        "executions",
        "ticker",
        "tickers",
        "pendingTickers",
        "realtimeBars",
        "newsTicks",
        "newsBulletins",
        "bracketOrder",
        "oneCancelsAll",
        "isConnected",
        "waitOnUpdate",
        "loopUntil",
        "setTimeout",
        "disconnect",
        "run",
        "schedule",
        "sleep",
        "timeRange",
        "timeRangeAsync",
        "waitUntil",
    ]
)
"""Methods that send nothing: they read what arrived, or are plain utilities."""

ASYNCIO = pytest.mark.libraries("ib_insync", "ib_async")


async def bench_of(name: str, simulator: Simulator) -> Bench:
    module = importlib.import_module(name)
    ib = module.IB()
    await ib.connectAsync("127.0.0.1", simulator.port, clientId=1)
    return Bench(ib, module, simulator.world)


@ASYNCIO
@pytest.mark.parametrize("method", sorted(CHECKS))
async def test_a_method_returns_what_a_caller_needs(library, complaints, method) -> None:
    complaints.expect("Error ")  # some operations are answered by an error, and say which
    async with Simulator(seed=7, clock="manual") as simulator:
        bench = await bench_of(library.name, simulator)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await CHECKS[method](bench)
        except (AssertionError, TimeoutError, IndexError, AttributeError, TypeError):
            if method not in PENDING:
                raise
        else:
            assert method not in PENDING, f"{method} works now; take it off PENDING"
        finally:
            bench.ib.disconnect()


@ASYNCIO
def test_every_public_method_is_checked_or_sends_nothing(library) -> None:
    public = {
        name
        for name, member in inspect.getmembers(library.module.IB)
        if callable(member) and not name.startswith("_")
    }
    operations = {name.removesuffix("Async") for name in public - LOCAL}
    assert operations == set(CHECKS)
