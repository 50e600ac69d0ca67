"""Every wire operation of the asyncio libraries' `IB`, against one fresh simulator each."""

from __future__ import annotations

import asyncio
import importlib
import inspect

import pytest

from simulator import Simulator

from .methods import ACCOUNTS, CHECKS, Bench

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

CONFIRMED = ("Error 162, .*cancelled", "Error 202, .*Order Canceled")
"""How a gateway confirms the end of a scanner, a history, an order: the libraries log it as an
error, the last one ib_async alone.
"""

OVER_ALREADY = "Error 161, .*not in a cancellable state"
"""What a global cancel is told of each order of the session that is over already."""

ASYNCIO = pytest.mark.libraries("ib_insync", "ib_async")


async def bench_of(name: str, simulator: Simulator) -> Bench:
    module = importlib.import_module(name)
    ib = module.IB()
    await ib.connectAsync("127.0.0.1", simulator.port, clientId=0)
    return Bench(ib, module, simulator.world)


@ASYNCIO
@pytest.mark.parametrize("method", sorted(CHECKS))
async def test_a_method_returns_what_a_caller_needs(library, complaints, method) -> None:
    complaints.expect(*CONFIRMED, OVER_ALREADY)
    async with Simulator(seed=7, clock="manual", accounts=ACCOUNTS) as simulator:
        bench = await bench_of(library.name, simulator)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await CHECKS[method](bench)
        finally:
            bench.ib.disconnect()


@ASYNCIO
async def test_all_methods_work_in_one_run(library, complaints) -> None:
    """One client, one simulator; the order of the table, then back again."""
    complaints.expect(*CONFIRMED, OVER_ALREADY)
    async with Simulator(seed=7, clock="manual", accounts=ACCOUNTS) as simulator:
        bench = await bench_of(library.name, simulator)
        checks = list(dict.fromkeys(CHECKS.values()))
        try:
            async with asyncio.timeout(TIMEOUT_S * len(checks)):
                for check in checks + checks[::-1]:
                    await check(bench)
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
