"""An advisor's login, seen by the asyncio libraries: one trade, several accounts."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from simulator import Simulator

from .mirror import build
from .sessions import AAPL, limit

pytestmark = pytest.mark.libraries("ib_insync", "ib_async")

TIMEOUT_S = 5.0
ADVISOR, ONE, TWO = ACCOUNTS = ("DF9000000", "DU9000001", "DU9000002")
GROUPS = """<ListOfGroups><Group><name>Growth</name><ListOfAccts varName="list">
<Account><acct>DU9000001</acct><amount>75</amount></Account>
<Account><acct>DU9000002</acct><amount>25</amount></Account>
</ListOfAccts><defaultMethod>Percent</defaultMethod></Group></ListOfGroups>"""


@pytest.fixture
async def sim(newest_version):
    async with Simulator(
        seed=7, clock="manual", accounts=ACCOUNTS, server_version=newest_version
    ) as simulator:
        yield simulator


@pytest.fixture
async def ib(connect):
    session = await connect()
    session.ib.replaceFA(1, GROUPS)
    return session.ib


def show(sim, ask_size: int) -> None:
    sim.world.set_quote("AAPL", bid=Decimal(99), ask=Decimal(100), ask_size=Decimal(ask_size))


async def test_a_group_order_is_one_trade_with_a_fill_for_each_account(ib, sim, library):
    show(sim, 40)
    trade = ib.placeOrder(build(AAPL, library), build(limit("100", fa_group="Growth"), library))
    async with asyncio.timeout(TIMEOUT_S):
        while trade.orderStatus.filled < 40:
            await trade.statusEvent
    show(sim, 100)
    async with asyncio.timeout(TIMEOUT_S):
        while not trade.isDone():
            await trade.statusEvent
        await ib.reqCurrentTimeAsync()
    assert [(f.execution.acctNumber, f.execution.shares) for f in trade.fills] == [
        (ADVISOR, 40),
        (ONE, 30),
        (TWO, 10),
        (ADVISOR, 60),
        (ONE, 45),
        (TWO, 15),
    ]
    assert (trade.orderStatus.status, trade.orderStatus.filled) == ("Filled", 100)
    held = {(p.account, p.position) for p in await ib.reqPositionsAsync()}
    assert held == {(ONE, 75), (TWO, 25)}
    costs = {f.execution.acctNumber: f.commissionReport.commission for f in trade.fills[:3]}
    assert costs[ADVISOR] == 0
    assert 1 < costs[TWO] < costs[ONE] < 1.001  # each pays the minimum


async def test_an_order_for_nobody_is_refused(ib, sim, library, complaints):
    complaints.expect("Error 332")
    show(sim, 40)
    trade = ib.placeOrder(build(AAPL, library), build(limit("100", fa_group="Nobody"), library))
    async with asyncio.timeout(TIMEOUT_S):
        while not trade.isDone():
            await trade.statusEvent
    assert trade.log[-1].errorCode == 332
