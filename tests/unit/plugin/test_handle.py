"""The handle of a gateway: verbs from any thread, waits that end, and what was received."""

import asyncio
import socket
import threading
import time
from decimal import Decimal as D
from typing import get_type_hints

import httpx
import pytest
from ib_insync import IB, LimitOrder, MarketOrder, Stock

from ibkr import Contract, IBKRClient, Order, Settings
from simulator import Simulator, WorldError, WorldSettings
from simulator.messages import REPLIES, REQUESTS
from simulator.messages.orders import CancelOrder, PlaceOrder
from simulator.testing import GatewayThread, IBGateway
from simulator.testing.frames import FLOODS, MATTERS

VERB_LIMIT_S = 0.001


@pytest.fixture
async def ib(ib_gateway: IBGateway):
    ib = IB()
    await ib.connectAsync(ib_gateway.host, ib_gateway.port, clientId=1)
    yield ib
    ib.disconnect()


async def buy(ib: IB, quantity: float = 5, limit: float = 1):
    [contract] = await ib.qualifyContractsAsync(Stock("AAPL", "SMART", "USD"))
    return ib.placeOrder(contract, LimitOrder("BUY", quantity, limit))


async def until(is_so) -> None:
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0.001)


# --- clients of every kind ---


async def test_an_async_client_trades(ib: IB, ib_gateway: IBGateway) -> None:
    ib_gateway.quote("AAPL", bid=99.98, ask=100)
    trade = await buy(ib, limit=100)
    await until(trade.isDone)
    assert trade.orderStatus.status == "Filled"
    assert ib_gateway.position("AAPL") == 5
    [executed] = ib_gateway.executions()
    assert (executed.execution.shares, executed.execution.price) == (5, 100)


def test_a_blocking_client_trades(ib_gateway: IBGateway) -> None:
    ib = IB()
    ib.connect(ib_gateway.host, ib_gateway.port, clientId=1)
    [contract] = ib.qualifyContracts(Stock("AAPL", "SMART", "USD"))
    trade = ib.placeOrder(contract, MarketOrder("BUY", 5))
    ib_gateway.assert_received(PlaceOrder, order_type="MKT")
    while not trade.isDone():
        ib.sleep(0.001)
    ib.disconnect()
    assert ib_gateway.position("AAPL") == 5


async def test_our_own_client_trades(ib_gateway: IBGateway) -> None:
    ib_gateway.quote("AAPL", bid=99.98, ask=100)
    client = IBKRClient(Settings(port=ib_gateway.port, client_id=3))
    await client.connect()
    await client.place_order(Contract.stock("AAPL"), Order.market("BUY", D(2)))
    ib_gateway.assert_received(PlaceOrder, client_id=3, symbol="AAPL", total_quantity=2)
    await client.disconnect()
    assert ib_gateway.position("AAPL") == 2


# --- verbs ---


async def test_a_verb_sees_what_was_sent_before_it(ib: IB, ib_gateway: IBGateway) -> None:
    [contract] = await ib.qualifyContractsAsync(Stock("AAPL", "SMART", "USD"))
    for number in range(1, 31):
        ib.placeOrder(contract, LimitOrder("BUY", number, 1))
        assert ib_gateway.orders()[-1].quantity == number


def test_verbs_may_come_from_many_threads(ib_gateway: IBGateway) -> None:
    def pay_in() -> None:
        for _ in range(50):
            ib_gateway.move_cash(1)

    threads = [threading.Thread(target=pay_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ib_gateway.valuation(ib_gateway.account).cash == {"USD": 1_000_200}


def test_a_verb_takes_less_than_a_millisecond(ib_gateway: IBGateway) -> None:
    took = []
    for _ in range(200):
        start = time.perf_counter()
        ib_gateway.orders()
        took.append(time.perf_counter() - start)
    assert sorted(took)[100] < VERB_LIMIT_S


@pytest.mark.ib_gateway(fill_model="scripted")
async def test_orders_are_named_in_every_way(ib: IB, ib_gateway: IBGateway) -> None:
    trade = await buy(ib, quantity=5)
    ib_gateway.fill(trade, 1, 99.5)
    ib_gateway.fill(trade.order, 1, "99.5")
    ib_gateway.fill((1, trade.order.orderId), 1, 99)
    [order] = ib_gateway.orders()
    ib_gateway.fill(order, 1, 99)
    assert ib_gateway.fill(order.perm_id, 1, D(99)).status == "Filled"
    with pytest.raises(WorldError, match="order must be one of a client library"):
        ib_gateway.fill("AAPL", 1, 99)


async def test_trades_are_corrected_and_busted(ib: IB, ib_gateway: IBGateway) -> None:
    ib_gateway.quote("AAPL", bid=99.98, ask=100)
    await buy(ib, limit=100)
    [executed] = ib_gateway.executions()
    corrected = ib_gateway.correct(executed.execution.exec_id, quantity=3)
    assert ib_gateway.position("AAPL") == 3
    ib_gateway.bust(corrected.execution.exec_id)
    assert ib_gateway.positions() == ()


async def test_an_order_is_cancelled_by_hand(ib: IB, ib_gateway: IBGateway) -> None:
    trade = await buy(ib)
    assert ib_gateway.cancel_manual(trade).is_done
    assert ib_gateway.order(trade).ending


@pytest.mark.ib_gateway(fill_model="scripted")
async def test_a_gateway_goes_away_and_comes_back_with_its_orders(
    ib: IB, ib_gateway: IBGateway
) -> None:
    port = ib_gateway.port
    await buy(ib)
    ib_gateway.stop()
    await until(lambda: not ib.isConnected())
    ib_gateway.start()
    await ib.connectAsync(ib_gateway.host, ib_gateway.port, clientId=1)
    assert ib_gateway.port == port
    assert len(ib.openOrders()) == 1


@pytest.mark.parametrize(
    ("verb", "reason"),
    [
        (lambda g: g.quote("AAPL", bid="cheap", ask=1), "bid must be a number such as 100.25"),
        (lambda g: g.quote("AAPL", bid=2, ask=1), "bid 2 is above ask 1"),
        (lambda g: g.print_trade("NOPE", 1, 1), "no instrument 'NOPE'"),
        (lambda g: g.positions("DU1"), "account 'DU1' is not of this login"),
        (lambda g: g.order((1, 9)), "no order 9 of client 1"),
        (lambda g: g.received("PlaceOrdr"), "did you mean PlaceOrder"),
        (lambda g: g.received("StartApi"), "no request is called 'StartApi'"),
        (lambda g: g.received(int), "no request is called 'int'"),
        (lambda g: g.received("PlaceOrder", lmtPrice=1), "has no field 'lmtPrice'; did you mean"),
        (lambda g: g.received(5), "no request is called '5'"),
        (lambda g: g.quote(None, 1, 2), "a symbol must be a text such as AAPL, not None"),
        (
            lambda g: g.quote("AAPL", float("nan"), 2),
            "bid must be a finite Decimal below 1e.15, not",
        ),
        (lambda g: g.quote("AAPL", 1, "1e400"), "ask must be a finite Decimal below 1e.15, not"),
        (
            lambda g: g.print_trade("AAPL", "1e400", 2),
            "price must be a finite Decimal below 1e.15, not",
        ),
        (lambda g: g.advance("5"), "seconds must be between 0 and 2678400, not '5'"),
        (lambda g: g.advance(-1), "seconds must be between 0 and 2678400, not -1"),
        (lambda g: g.inject(["fin"]), "action must be of type str, not"),
        (lambda g: g.inject("fin", at=5), "at must be of type str, not 5"),
        (lambda g: g.inject("fin", at="accept", times=1.5), "times must be of type int or null"),
        (lambda g: g.inject("fin", at="time+1", client_id="1"), "client_id must be of type int or"),
        (lambda g: g.fill((1, 2, 3), 1, 1), "an order is named by perm_id or by"),
        (lambda g: g.bust(None), "exec_id None is of no execution"),
        (lambda g: g.entitle("AAPL", "all"), "entitlement must be one of live, delayed, "),
        (lambda g: g.reject_next("201"), "code must be an error code of a gateway, such as 201"),
        (lambda g: g.reject_next(201, 5), "reason must be printable ASCII text, not 5"),
        (lambda g: g.place_manual("AAPL", None), "order must be a simulator.records.Order"),
        (lambda g: g.bulletin("a\0b"), "text and exchange must be without NUL"),
        (lambda g: g.journal("1"), "after must be 0 or a sequence number, not '1'"),
        (lambda g: g.assert_received("PlaceOrder", count="1"), "count must be 0 or more, or None"),
        (lambda g: g.assert_error("201"), "code must be a whole number such as 201, not '201'"),
        (
            lambda g: g.wait_until_received("PlaceOrder", timeout_s="1"),
            "timeout_s must be a number",
        ),
        (lambda g: g.start(), "the gateway runs already; stop\\(\\) it first"),
    ],
)
def test_what_cannot_be_is_refused_where_it_was_asked(
    ib_gateway: IBGateway, verb, reason: str
) -> None:
    with pytest.raises(WorldError, match=reason):
        verb(ib_gateway)


# --- what goes wrong ---


async def test_a_fault_strikes_where_it_was_injected(ib: IB, ib_gateway: IBGateway) -> None:
    ib_gateway.inject("rst", at="rx(PlaceOrder)#1")
    assert [str(fault.at) for fault in ib_gateway.faults] == ["rx(PlaceOrder)#1"]
    await buy(ib)
    await until(lambda: not ib.isConnected())
    assert ib_gateway.faults == ()
    with pytest.raises(WorldError, match="fault 9 is not there"):
        ib_gateway.clear_faults(9)


async def test_what_was_kept_back_comes_when_the_fault_is_taken_back(
    ib: IB, ib_gateway: IBGateway
) -> None:
    ib_gateway.inject("mute", buffer=True, direction="out")
    asking = asyncio.ensure_future(ib.reqCurrentTimeAsync())
    await asyncio.sleep(0)
    assert "RequestCurrentTime" in ib_gateway.history()
    assert not asking.done()
    ib_gateway.clear_faults()
    assert (await asking).timestamp() * 1000 == ib_gateway.now_ms


async def test_ib_is_away_and_back(ib: IB, ib_gateway: IBGateway) -> None:
    ib_gateway.lose_upstream()
    ib_gateway.restore_upstream(data_lost=True)
    ib_gateway.farm("usfarm", "broken")
    assert [told.message.code for told in ib_gateway.told()][-3:] == [1100, 1101, 2103]


async def test_after_a_restart_the_port_is_open_as_soon_as_time_has_passed(
    ib: IB, ib_gateway: IBGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_port = Simulator._open_port

    async def open_late(simulator: Simulator, reserved: socket.socket) -> None:
        for _ in range(1000):
            await asyncio.sleep(0)
        await open_port(simulator, reserved)

    monkeypatch.setattr(Simulator, "_open_port", open_late)
    ib_gateway.restart(outage_s=35)
    await until(lambda: not ib.isConnected())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ib_gateway.host, ib_gateway.port))
    ib_gateway.advance(35)
    socket.create_connection((ib_gateway.host, ib_gateway.port)).close()


def test_the_control_plane_is_served_when_it_is_asked_for(ib_gateway: IBGateway) -> None:
    url = ib_gateway.control_url
    assert url == ib_gateway.control_url
    told = httpx.put(f"{url}/quotes/AAPL", json={"bid": "99", "ask": "101"})
    assert told.status_code == 200
    assert ib_gateway.displayed("AAPL").ask == 101


# --- what was received ---


async def test_requests_are_found_by_any_of_their_fields(ib: IB, ib_gateway: IBGateway) -> None:
    await buy(ib, 5, limit=1.5)
    trade = await buy(ib, 7, limit=2)
    ib.cancelOrder(trade.order)
    found = ib_gateway.received
    assert [r.order.total_quantity for r in found(PlaceOrder)] == [5, 7]
    assert [r.order.total_quantity for r in found("PlaceOrder", limit_price=1.5)] == [5]
    assert [r.order.total_quantity for r in found("PlaceOrder", limit_price="2.00")] == [7]
    assert len(found(PlaceOrder, total_quantity=lambda quantity: quantity > 5)) == 1
    assert len(found(PlaceOrder, order__account="", contract__symbol="AAPL")) == 2
    assert found(PlaceOrder, client_id=2) == ()
    assert found(PlaceOrder, limit_price="cheap") == ()
    assert [r.order_id for r in found(CancelOrder)] == [trade.order.orderId]


async def test_the_count_of_an_assertion_is_exact(ib: IB, ib_gateway: IBGateway) -> None:
    await buy(ib)
    await buy(ib)
    assert len(ib_gateway.assert_received(PlaceOrder)) == 2
    ib_gateway.assert_received(PlaceOrder, count=2)
    ib_gateway.assert_received(CancelOrder, count=0)
    with pytest.raises(AssertionError, match="expected 1 PlaceOrder, received 2"):
        ib_gateway.assert_received(PlaceOrder, count=1)
    with pytest.raises(AssertionError, match="expected 0 PlaceOrder with action='BUY', received 2"):
        ib_gateway.assert_received(PlaceOrder, count=0, action="BUY")


async def test_the_nearest_misses_come_first_and_are_not_too_many(
    ib: IB, ib_gateway: IBGateway
) -> None:
    for quantity in (1, 2, 3, 4, 5, 6, 7):
        await buy(ib, quantity, limit=2 if quantity == 6 else 1)
    with pytest.raises(AssertionError) as failure:
        ib_gateway.assert_received(PlaceOrder, total_quantity=9, limit_price=2)
    lines = str(failure.value).splitlines()
    assert lines[3] == "    total_quantity: expected 9, received 6"
    assert "  and 2 more" in lines


async def test_errors_that_were_told_are_asserted(ib: IB, ib_gateway: IBGateway) -> None:
    ib_gateway.reject_next(201, "No trading permissions.")
    await buy(ib)
    [told] = ib_gateway.assert_error(201, count=1, text="permissions", client_id=1)
    assert told.message.text == "Order rejected - reason:No trading permissions."
    for wrong in ({"count": 2}, {"text": "margin"}, {"client_id": 2}):
        with pytest.raises(AssertionError, match=r"expected .* told with code 201"):
            ib_gateway.assert_error(201, **wrong)


# --- what went over the wire ---


async def test_the_history_has_requests_replies_and_faults_in_their_order(
    ib: IB, ib_gateway: IBGateway
) -> None:
    ib_gateway.quote("AAPL", bid=99.98, ask=100)
    ib_gateway.inject("duplicate", at="tx(OrderStatus)")
    await buy(ib, limit=100)
    told = ib_gateway.history()
    in_order = (
        "1 < PlaceOrder order_id=",
        "1 > OpenOrder order_id=",
        "1 ! fault 1: duplicate at tx(OrderStatus)#1",
        "status=Submitted filled=0",
        "status=Submitted filled=0",
        "1 > ExecutionData order_id=",
        "status=Filled filled=5 remaining=0 average_fill_price=100",
    )
    at = -1
    for text in in_order:
        at = told.index(text, at + 1)
    assert "06-16 14:00:00.000 1 > CommissionReport exec_id=" in told


async def test_floods_and_long_tales_are_cut_short(ib: IB, ib_gateway: IBGateway) -> None:
    for _ in range(30):
        await buy(ib)
    lines = ib_gateway.history(20).splitlines()
    assert (len(lines), lines[0].endswith("earlier lines)")) == (21, True)
    everything = ib_gateway.history(10_000).splitlines()
    assert sum("AccountValue" in line for line in everything) == 2
    assert max(len(line) for line in everything) < 250


def test_what_is_told_of_a_frame_is_there() -> None:
    records = {kind.__name__: kind for kind in (*REQUESTS.by_record, *REPLIES.by_record)}
    for name, paths in MATTERS.items():
        for path in paths:
            kind = records[name]
            for attribute in path.split("."):
                kind = get_type_hints(kind)[attribute]
    assert records.keys() >= FLOODS


# --- waiting ---


async def test_a_wait_ends_when_the_request_comes(ib: IB, ib_gateway: IBGateway) -> None:
    waiting = asyncio.create_task(
        asyncio.to_thread(ib_gateway.wait_until_received, PlaceOrder, count=2, total_quantity=5)
    )
    await buy(ib, 4)
    await buy(ib, 5)
    await asyncio.sleep(0)
    assert not waiting.done()
    await buy(ib, 5)
    assert len(await waiting) == 2


def test_a_wait_has_an_end(ib_gateway: IBGateway) -> None:
    with pytest.raises(AssertionError, match=r"waited 0.01 s: expected 1 PlaceOrder, received 0"):
        ib_gateway.wait_until_received(PlaceOrder, timeout_s=0.01)


async def test_a_wait_on_a_running_loop_is_refused(ib: IB, ib_gateway: IBGateway) -> None:
    with pytest.raises(WorldError, match=r"use: await asyncio\.to_thread"):
        ib_gateway.wait_until_received(PlaceOrder)
    await buy(ib)
    assert ib_gateway.wait_until_received(PlaceOrder)


def test_a_gateway_that_was_stopped_has_no_control_plane(ib_gateway: IBGateway) -> None:
    ib_gateway.stop()
    with pytest.raises(WorldError, match="the gateway was stopped, and its control plane with it"):
        _ = ib_gateway.control_url


def test_a_gateway_whose_test_is_over_says_so() -> None:
    thread = GatewayThread()
    gateway = IBGateway(thread, WorldSettings(clock="manual"))
    gateway.close()
    gateway.close()
    for verb in (gateway.orders, gateway.start, gateway.stop, lambda: gateway.control_url):
        with pytest.raises(WorldError, match="this gateway ended with the test it was made for"):
            verb()
    thread.stop()


def test_a_verb_that_takes_too_long_says_what_helps(monkeypatch, ib_gateway: IBGateway) -> None:
    monkeypatch.setattr("simulator.testing.thread.PATIENCE_S", 0.01)
    with pytest.raises(WorldError, match="advance in smaller steps"):
        ib_gateway.on_world(lambda _: time.sleep(0.2))
    monkeypatch.undo()
    ib_gateway.orders()  # waits until that is over
