"""Faults as a real client sees them: ib_insync over TCP against a simulator.

Red: a fault that is only in the simulator's head, or a library that has learned to cope.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from decimal import Decimal as D

import pytest
from ib_insync import IB, LimitOrder, MarketOrder, Stock

from simulator import Simulator

AAPL = Stock("AAPL", "SMART", "USD")
PATIENCE_S = 10


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator(seed=7, clock="manual", control_port=None) as simulator:
        simulator.world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"))
        yield simulator


@pytest.fixture
async def connect(sim) -> AsyncIterator[Callable]:
    clients: list[IB] = []

    async def connect(client_id: int = 1, patience_s: float = PATIENCE_S) -> IB:
        clients.append(IB())
        await clients[-1].connectAsync(
            "127.0.0.1", sim.port, clientId=client_id, timeout=patience_s
        )
        return clients[-1]

    yield connect
    for client in clients:
        client.disconnect()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.001)


async def turns() -> None:
    """Long enough for what was sent over loopback to have arrived, were it sent."""
    for _ in range(50):
        await asyncio.sleep(0.001)


def errors_of(ib: IB) -> list[int]:
    codes: list[int] = []
    ib.errorEvent += lambda _id, code, *_: codes.append(code)
    return codes


@pytest.mark.parametrize("action", ["fin", "rst"])
async def test_a_cut_is_a_disconnect(sim, connect, action) -> None:
    ib = await connect()
    lost: list[Exception | None] = []
    ib.client.conn.disconnected += lost.append
    sim.world.inject(action, at="rx(PlaceOrder)")
    trade = ib.placeOrder(AAPL, LimitOrder("BUY", 1, 50))
    await until(lambda: not ib.isConnected())
    assert trade.orderStatus.status == "PendingSubmit"
    assert list(sim.world.broker.orders()) == []


async def test_a_reset_is_a_reset(sim) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
    await until(lambda: sim.world.connections)
    sim.world.inject("rst")
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    writer.close()


async def test_a_mute_gateway_leaves_the_library_connected_and_blind(sim, connect) -> None:
    ib = await connect()
    fault = sim.world.inject("mute", buffer=True)
    trade = ib.placeOrder(AAPL, MarketOrder("BUY", 1))
    await turns()
    assert ib.isConnected()
    assert trade.orderStatus.status == "PendingSubmit"
    assert list(sim.world.broker.orders()) == []
    sim.world.clear_faults(fault)
    await until(trade.isDone)
    assert trade.orderStatus.status == "Filled"


async def test_a_frozen_gateway_places_the_order_of_a_client_that_gave_up(sim, connect) -> None:
    ib = await connect()
    fault = sim.world.inject("mute", buffer=True)
    ib.placeOrder(AAPL, MarketOrder("BUY", 1))
    await until(lambda: sim.world.gateway.hub.clients()[0].is_held)
    await turns()
    ib.disconnect()
    await until(lambda: not sim._peers)
    sim.world.clear_faults(fault)
    (order,) = sim.world.broker.orders()
    assert order.status == "Filled"


async def test_a_silent_handshake_times_out(sim, connect) -> None:
    sim.world.inject("mute", at="accept", direction="out")
    with pytest.raises(TimeoutError):
        await connect(patience_s=0.2)


async def test_a_gateway_that_never_reads_times_out(sim, connect) -> None:
    sim.world.inject("never_read", at="accept")
    with pytest.raises(TimeoutError):
        await connect(patience_s=0.2)


async def test_a_proxy_without_a_gateway_is_waited_for_until_the_time_is_over(sim) -> None:
    """The end of the stream alone does not fail the connect."""
    sim.world.inject("fin", at="accept")
    connecting = asyncio.ensure_future(IB().connectAsync("127.0.0.1", sim.port, timeout=1))
    await until(lambda: sim.world.faults == ())
    await until(lambda: not sim._peers)
    assert not connecting.done()
    with pytest.raises(TimeoutError):
        await connecting


async def test_a_client_id_that_is_not_let_go_fails_the_connect_until_it_is(sim, connect) -> None:
    ib = await connect()
    sim.world.inject("stale_session", client_id=1, seconds=60)
    ib.disconnect()
    await until(lambda: not sim.world.connections)
    with pytest.raises((ConnectionError, TimeoutError)):
        await connect(patience_s=1)
    sim.world.advance(61)
    assert (await connect()).isConnected()


@pytest.mark.parametrize("size", [1, 3, 4, 5])
async def test_slices_change_nothing(sim, connect, size) -> None:
    sim.world.inject("slice", at="accept", size=size)
    ib = await connect()
    trade = ib.placeOrder(AAPL, MarketOrder("BUY", 1))
    await until(trade.isDone)
    assert trade.orderStatus.status == "Filled"


async def test_orders_sent_while_ib_is_away_go_live_afterwards(sim, connect) -> None:
    ib = await connect()
    codes = errors_of(ib)
    sim.world.lose_upstream()
    await until(lambda: 1100 in codes)
    trade = ib.placeOrder(AAPL, LimitOrder("BUY", 1, 50))
    await until(sim.world.journal)
    assert ib.isConnected()
    assert trade.orderStatus.status == "PendingSubmit"
    sim.world.restore_upstream()
    await until(lambda: trade.orderStatus.status == "Submitted")
    assert codes == [1100, 1102]


async def test_a_code_that_means_little_ends_an_order_in_the_library_only(sim, connect) -> None:
    ib = await connect()
    trade = ib.placeOrder(AAPL, LimitOrder("BUY", 1, 50))
    await until(lambda: trade.orderStatus.status == "Submitted")
    sim.world.inject("error", code=10349, id=trade.order.orderId)
    await until(trade.isDone)
    assert trade.orderStatus.status == "Cancelled"
    assert [order.status for order in sim.world.broker.live_orders()] == ["Submitted"]


async def test_a_fill_that_cannot_be_decoded_is_lost_in_the_library(sim, connect) -> None:
    ib = await connect()
    sim.world.inject("truncate", at="tx(ExecutionData)", fields=4)
    trade = ib.placeOrder(AAPL, MarketOrder("BUY", 1))
    await until(trade.isDone)
    assert trade.fills == []
    assert len(sim.world.broker.executions) == 1


async def test_a_message_that_nobody_knows_is_outlived(sim, connect) -> None:
    ib = await connect()
    sim.world.inject("unknown", message_id=178)
    assert await ib.reqCurrentTimeAsync()


async def test_a_length_that_is_a_lie_swallows_all_that_follows(sim, connect) -> None:
    ib = await connect()
    sim.world.inject("raw", data="7fffffff")
    asking = asyncio.ensure_future(ib.reqCurrentTimeAsync())
    await turns()
    assert ib.isConnected()
    assert not asking.done()
    asking.cancel()


@pytest.mark.parametrize("kind", ["soft", "crash"])
async def test_after_a_restart_the_library_can_come_back_and_finds_its_order(
    sim, connect, kind
) -> None:
    ib = await connect()
    trade = ib.placeOrder(AAPL, LimitOrder("BUY", 1, 50))
    await until(lambda: trade.orderStatus.status == "Submitted")
    sim.world.restart(kind, 35)
    await until(lambda: not ib.isConnected())
    with pytest.raises(ConnectionRefusedError):
        await connect()
    sim.world.advance(35)
    await until(lambda: sim._reserved is None)
    again = await connect()
    assert [t.order.permId for t in again.openTrades()] == [trade.order.permId]


async def test_an_id_that_is_given_again_is_a_new_order_with_an_old_name(sim, connect) -> None:
    ib = await connect()
    first = ib.placeOrder(AAPL, MarketOrder("BUY", 1))
    await until(first.isDone)
    ib.disconnect()
    sim.world.inject("next_id", rule="reset", client_id=1)
    again = await connect()
    second = again.placeOrder(AAPL, LimitOrder("BUY", 1, 50))
    await until(lambda: second.orderStatus.permId)
    assert second.order.orderId <= first.order.orderId + 1
    assert second.orderStatus.permId != first.orderStatus.permId
