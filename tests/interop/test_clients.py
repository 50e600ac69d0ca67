"""Several clients at one gateway: who is told what, with each library."""

from __future__ import annotations

from decimal import Decimal

from simulator import Simulator

from .sessions import limit, market, new_session


def owners(session) -> set[int]:
    return {order.clientId for _, _, order, _ in session.calls.of("openOrder")}


async def test_two_clients_share_the_account_but_not_their_orders(connect):
    """Red if a fill is told to the wrong client, or the account only to its owner."""
    one, other = await connect(client_id=1), await connect(client_id=2)
    for session in (one, other):
        session.calls.clear()
        session.api.reqPositions()
    first, second = one.place(limit("90.00")), other.place(market())
    await one.settle()
    await other.calls.one("commissionReport")
    await one.calls.until(
        lambda: [args[2] for args in one.calls.of("position")] == [100], "the other's position"
    )
    assert owners(one) == {1}
    assert owners(other) == {2}
    assert one.calls.of("execDetails") == []
    assert [args[0] for args in one.calls.of("openOrder")] == [first]
    assert {args[0] for args in other.calls.of("openOrder")} == {second}


async def test_all_open_orders_are_those_of_everybody(connect):
    one, other = await connect(client_id=1), await connect(client_id=2)
    one.place(limit("90.00"))
    await one.settle()
    other.calls.clear()
    other.api.reqOpenOrders()
    await other.calls.one("openOrderEnd")
    assert owners(other) == set()
    other.calls.clear()
    other.api.reqAllOpenOrders()
    await other.calls.one("openOrderEnd")
    assert owners(other) == {1}


async def test_executions_are_one_s_own(connect):
    one, other = await connect(client_id=1), await connect(client_id=2)
    one.place(market())
    await one.calls.one("commissionReport")
    req_id = other.ask_executions()
    await other.calls.one("execDetailsEnd", req_id)
    assert other.calls.of("execDetails", req_id) == []


async def test_an_order_of_another_client_cannot_be_cancelled(connect, complaints):
    complaints.expect("Error 10147")
    one, other = await connect(client_id=1), await connect(client_id=2)
    order_id = one.place(limit("90.00"))
    await one.settle()
    other.cancel(order_id)
    await other.calls.one("error", order_id, 10147)
    one.calls.clear()
    one.api.reqOpenOrders()
    await one.calls.one("openOrderEnd")
    assert [args[1] for args in one.calls.of("orderStatus")] == ["Submitted"]


async def test_the_master_client_sees_everything(library):
    async with Simulator(seed=7, clock="manual", master_client_id=9) as sim:
        sim.world.set_quote("AAPL", bid=Decimal("99.99"), ask=Decimal("100.01"))
        master, trader = new_session(library), new_session(library)
        await master.open(sim.port, 9)
        await trader.open(sim.port, 1)
        trader.place(market())
        await trader.calls.one("commissionReport")
        await master.calls.one("commissionReport")
        assert master.story() == trader.story()
        assert owners(master) == {1}
        req_id = master.ask_executions()
        await master.calls.one("execDetailsEnd", req_id)
        assert len(master.calls.of("execDetails", req_id)) == 1
        await master.close()
        await trader.close()


async def test_an_order_outlives_its_socket(connect, sim):
    """Red if truth dies with the connection, or is not shown to the client that comes back."""
    first = await connect(client_id=1)
    resting = first.place(limit("90.00"))
    filled = first.place(market())
    await first.calls.one("commissionReport")
    await first.close()
    again = await connect(client_id=1)
    assert {args[0] for args in again.calls.of("openOrder")} == {resting}
    assert again.new_id() > filled
    sim.world.set_quote("AAPL", bid=Decimal("89.00"), ask=Decimal("89.50"))
    await again.calls.one("execDetails", -1)
    assert ("execution", 100, 90.0) in again.story()
    req_id = again.ask_executions()
    await again.calls.one("execDetailsEnd", req_id)
    assert len(again.calls.of("execDetails", req_id)) == 2
