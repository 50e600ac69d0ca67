"""IBKRClient against a hand-written library: lifecycle, orders, quotes, and its hazards."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from bench import AAPL, BUY, LIMIT, Bench, turn
from fake_ib import real

from ibkr.connection import ConnectionState as S
from ibkr.errors import (
    AmbiguousContract,
    CancelTooLate,
    ClientIdInUse,
    ConnectionLost,
    ContractNotFound,
    GatewayUnavailable,
    LiveTradingRefused,
    MarketDataNotAvailable,
    NotConnected,
    NotSubscribed,
    OrderLimitExceeded,
    OrderNotFound,
    OrderRejected,
    OrderStateUnknown,
    ReadOnlyApi,
    RequestTimeout,
    SyncFailed,
)
from ibkr.journal import Journal
from ibkr.models import (
    CommissionReported,
    Contract,
    Order,
    OrderFilled,
    OrderNotice,
    OrderStatus,
    OrderStatusChanged,
)


@pytest.fixture
async def bench():
    made = Bench()
    yield made
    await made.client.disconnect()


@pytest.fixture
async def ready(bench):
    await bench.client.connect()
    return bench


def value(bench, name):
    return bench.client.metrics.registry.get_sample_value(name)


# --- connect and disconnect ---------------------------------------------------------------


async def test_connect_reports_the_session_and_disconnect_closes_it(bench):
    info = await bench.client.connect()
    assert (info.accounts, info.server_version, info.client_id) == (("DU1234567",), 176, 1)
    assert bench.client.is_connected()
    assert value(bench, "ib_connection_status") == 1
    await bench.client.disconnect()
    assert bench.client.state is S.CLOSED
    assert value(bench, "ib_connection_status") == 0
    assert bench.gateway.ib.client.conn.transport is None


async def test_the_states_of_a_life_are_published_in_order(bench):
    events = bench.client.connection_events()
    await bench.client.connect()
    await bench.client.disconnect()
    assert [event.state async for event in events] == [S.CONNECTING, S.SYNCING, S.READY, S.CLOSED]


async def test_connect_twice_is_one_connection_and_disconnect_twice_is_harmless(bench):
    first, second = await asyncio.gather(bench.client.connect(), bench.client.connect())
    assert first is second is await bench.client.connect()
    assert len(bench.gateway.ibs) == 1
    await bench.client.disconnect()
    await bench.client.disconnect()


async def test_connect_after_disconnect_uses_a_fresh_library_object(ready):
    await ready.client.disconnect()
    await ready.client.connect()
    assert len(ready.gateway.ibs) == 2
    assert ready.client.is_connected()


async def test_unavailable_gateway_is_retried_with_growing_capped_pauses(bench):
    bench.gateway.refusals = 99
    bench.client.settings = bench.client.settings.model_copy(update={"connect_attempts": 5})
    with pytest.raises(GatewayUnavailable, match="connection refused") as caught:
        await bench.client.connect()
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    assert len(bench.gateway.connect_calls) == 5
    assert all(
        low <= pause <= high
        for pause, low, high in zip(bench.pauses, (0.5, 1, 2, 2), (1, 2, 4, 4), strict=True)
    )
    assert bench.client.state is S.DISCONNECTED


async def test_connect_succeeds_once_the_gateway_is_back(bench):
    bench.gateway.refusals = 2
    await bench.client.connect()
    assert len(bench.gateway.connect_calls) == 3


async def test_client_id_in_use_is_told_at_once_and_not_after_the_timeout():
    bench = Bench(connect_timeout_s=60)
    bench.gateway.client_id_in_use = True
    async with asyncio.timeout(20):  # three attempts, each shorter than its own deadline
        with pytest.raises(ClientIdInUse) as caught:
            await bench.client.connect()
    assert caught.value.gateway_code == 326


async def test_silent_gateway_ends_in_a_typed_error(bench):
    bench.client.settings = bench.client.settings.model_copy(
        update={"connect_attempts": 1, "connect_timeout_s": 0.02}
    )
    bench.gateway.maybe_refuse = lambda: None
    bench.gateway.at_start = []

    async def never(*_, **__):
        await asyncio.Event().wait()

    factory = bench.client._ib_factory
    bench.client._ib_factory = lambda: _with(factory(), connectAsync=never)
    with pytest.raises(GatewayUnavailable, match="no answer in time"):
        await bench.client.connect()


def _with(target, **attributes):
    for name, attribute in attributes.items():
        setattr(target, name, attribute)
    return target


@pytest.mark.parametrize("missing", ["openOrders", "completedOrders", "positions"])
async def test_success_reported_without_a_snapshot_is_not_ready(bench, missing):
    bench.gateway.unanswered = {missing}
    with pytest.raises(SyncFailed, match=missing):
        await bench.client.connect()
    assert value(bench, "ib_connection_status") == 0


async def test_live_account_is_refused_without_a_second_attempt(bench):
    bench.gateway.accounts = ["U7654321"]
    with pytest.raises(LiveTradingRefused) as caught:
        await bench.client.connect()
    assert "U7654321" not in str(caught.value)
    assert len(bench.gateway.connect_calls) == 1
    assert bench.client.state is S.DISCONNECTED


async def test_live_account_needs_both_switches():
    bench = Bench(allow_live=True, live_account="U7654321")
    bench.gateway.accounts = ["U7654321"]
    await bench.client.connect()
    assert bench.client.is_connected()
    await bench.client.disconnect()


async def test_who_gives_up_a_connect_leaves_the_attempt_to_others(bench):
    bench.let_sleep.clear()
    bench.gateway.refusals = 1
    one = await bench.start(bench.client.connect())
    two = await bench.start(bench.client.connect())
    one.cancel()
    await asyncio.wait({one})
    bench.let_sleep.set()
    assert (await two).accounts == ("DU1234567",)


async def closing(bench, monkeypatch):
    """A disconnect() that waits for a peer that does not close."""
    monkeypatch.setattr(bench.gateway.ib.client, "disconnect", lambda: None)
    return await bench.start(bench.client.disconnect()), bench.gateway.ib.client.conn


async def test_who_gives_up_a_disconnect_leaves_nothing_open(tmp_path, monkeypatch):
    bench = Bench(journal=tmp_path / "journal")
    await bench.client.connect()
    disconnect, conn = await closing(bench, monkeypatch)
    disconnect.cancel()
    await asyncio.wait({disconnect})
    assert conn.transport is None
    other = Journal(tmp_path / "journal")
    other.take()
    other.close()


async def test_connect_during_a_disconnect_keeps_what_it_took(tmp_path, monkeypatch):
    bench = Bench(journal=tmp_path / "journal")
    await bench.client.connect()
    disconnect, conn = await closing(bench, monkeypatch)
    await bench.client.connect()
    events = bench.client.order_events()
    conn.lose("")
    await disconnect
    assert (await bench.resting(), bench.client.state) == (2, S.READY)
    assert (await anext(events)).result.order_id == 2
    await bench.client.disconnect()


async def test_disconnect_ends_a_connect_that_is_still_trying(bench):
    bench.gateway.refusals = 99
    bench.let_sleep.clear()
    connecting = await bench.start(bench.client.connect())
    await bench.client.disconnect()
    with pytest.raises(ConnectionLost):
        await connecting


def test_library_finds_the_running_loop_where_nobody_announced_it():
    async def connect():
        bench = Bench()
        await bench.client.connect()
        found = real.util.getLoop()
        await bench.client.disconnect()
        return found is asyncio.get_running_loop()

    def as_uvicorn_does():
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            return runner.run(connect())

    with ThreadPoolExecutor(1) as fresh_thread:  # its policy has no loop yet
        assert fresh_thread.submit(as_uvicorn_does).result()


# --- orders -------------------------------------------------------------------------------


async def test_market_order_is_placed_acknowledged_and_filled(ready):
    events = ready.client.order_events()
    placing = await ready.start(ready.client.place_order(AAPL, BUY))
    order_id, contract, order = ready.gateway.sent("placeOrder")[0]
    assert (contract.conId, contract.exchange, order.totalQuantity) == (265598, "SMART", 1.0)
    assert order.account == "DU1234567"
    ready.gateway.status(order_id, "PreSubmitted")
    result = await placing
    assert (result.status, result.perm_id, result.contract) == (
        "PreSubmitted",
        1000 + order_id,
        AAPL,
    )
    ready.gateway.execution(order_id)
    ready.gateway.commission()
    result = ready.client.order(order_id)
    assert result.status is OrderStatus.FILLED
    assert (result.filled, result.remaining) == (1, 0)
    assert result.average_fill_price == Decimal("190.5")
    assert (result.fills[0].commission, result.fills[0].realized_pnl) == (1, None)
    await ready.client.disconnect()
    assert [type(event) async for event in events] == [
        OrderStatusChanged,
        OrderFilled,
        CommissionReported,
    ]
    assert (value(ready, "ib_orders_total"), value(ready, "ib_order_errors_total")) == (1, 0)


@pytest.mark.parametrize("code", [201, 110, 321, 203])
async def test_code_before_any_acknowledgement_is_a_rejection(ready, code):
    placing = await ready.start(ready.client.place_order(AAPL, BUY))
    order_id = ready.gateway.sent("placeOrder")[0][0]
    ready.gateway.error(order_id, code, "no")
    with pytest.raises(OrderRejected, match="no") as caught:
        await placing
    assert (caught.value.gateway_code, caught.value.order_id) == (code, order_id)
    assert ready.client.order(order_id).reject_code == code
    assert value(ready, "ib_order_errors_total") == 1


async def test_reason_that_follows_an_inactive_status_is_still_a_rejection(ready):
    placing = await ready.start(ready.client.place_order(AAPL, BUY))
    order_id = ready.gateway.sent("placeOrder")[0][0]
    ready.gateway.status(order_id, "Inactive")
    ready.gateway.error(order_id, 201, "margin")
    with pytest.raises(OrderRejected, match="margin"):
        await placing


async def test_inactive_without_a_reason_is_returned_as_it_is(ready):
    placing = await ready.start(ready.client.place_order(AAPL, BUY))
    ready.gateway.status(ready.gateway.sent("placeOrder")[0][0], "Inactive")
    assert (await placing).status is OrderStatus.INACTIVE


async def test_read_only_gateway_is_told_apart(ready):
    placing = await ready.start(ready.client.place_order(AAPL, BUY))
    order_id = ready.gateway.sent("placeOrder")[0][0]
    ready.gateway.error(
        order_id, 321, "Error validating request: The API interface is currently in Read-Only mode."
    )
    with pytest.raises(ReadOnlyApi):
        await placing


async def test_silence_is_an_unknown_outcome_and_nothing_is_sent_again(ready):
    with pytest.raises(OrderStateUnknown) as caught:
        await ready.client.place_order(AAPL, BUY)
    order_id = caught.value.order_id
    assert len(ready.gateway.sent("placeOrder")) == 1
    assert not ready.client.order(order_id).status.is_done
    ready.gateway.execution(order_id)  # it was live after all
    assert ready.client.order(order_id).status is OrderStatus.FILLED


@pytest.mark.parametrize("code", [399, 404, 2109, 10349, 99999])
async def test_warning_or_unknown_code_decides_nothing(ready, code):
    placing = await ready.start(ready.client.place_order(AAPL, LIMIT))
    order_id = ready.gateway.sent("placeOrder")[0][0]
    ready.gateway.error(order_id, code)
    assert not placing.done()
    ready.gateway.status(order_id, "Submitted")
    assert (await placing).status is OrderStatus.SUBMITTED


FALSE_CANCELS = [104, 105, 161, 321, 329, 399, 2109, 10147, 10148, 10233, 10311, 10329, 10349]


@pytest.mark.parametrize("code", FALSE_CANCELS)
async def test_code_on_a_live_order_never_cancels_it(ready, code):
    order_id = await ready.resting()
    events = ready.client.order_events()
    ready.gateway.error(order_id, code, "looks fatal")
    assert ready.client.order(order_id).status is OrderStatus.SUBMITTED
    assert await anext(events) == OrderNotice(order_id, code, "looks fatal")


async def test_link_drop_while_waiting_is_an_unknown_outcome_not_a_hang(ready):
    placing = await ready.start(ready.client.place_order(AAPL, BUY))
    ready.gateway.drop()
    with pytest.raises(OrderStateUnknown) as caught:
        await placing
    assert isinstance(caught.value.__cause__, ConnectionLost)


async def test_own_disconnect_while_waiting_is_an_unknown_outcome_not_a_hang(ready):
    placing = await ready.start(ready.client.place_order(AAPL, BUY))
    await ready.client.disconnect()
    with pytest.raises(OrderStateUnknown, match="the connection was closed"):
        await placing


async def test_unknown_and_ambiguous_contracts_never_reach_the_order_path(ready):
    with pytest.raises(ContractNotFound, match="No security definition") as caught:
        await ready.client.place_order(Contract.stock("NOPE"), BUY)
    assert caught.value.gateway_code == 200
    with pytest.raises(AmbiguousContract, match="2 contracts"):
        await ready.client.place_order(Contract.stock("TWIN"), BUY)
    assert ready.gateway.sent("placeOrder") == []
    assert value(ready, "ib_order_errors_total") == 2


async def test_contract_is_looked_up_once_per_connection(ready):
    for _ in range(2):
        await ready.resting()
    assert len(ready.gateway.sent("reqContractDetails")) == 1


async def test_limits_and_state_are_checked_before_anything_is_sent():
    bench = Bench(max_order_quantity=10, max_order_notional=500)
    with pytest.raises(NotConnected):
        await bench.client.place_order(AAPL, BUY)
    await bench.client.connect()
    with pytest.raises(OrderLimitExceeded, match="max_order_quantity"):
        await bench.client.place_order(AAPL, Order.market("BUY", 11))
    with pytest.raises(OrderLimitExceeded, match="max_order_notional"):
        await bench.client.place_order(AAPL, Order.limit("SELL", 6, 100))
    assert bench.gateway.ib.client.sent == []
    await bench.client.disconnect()


async def test_write_without_a_socket_is_refused_not_dropped(ready):
    ready.gateway.ib.client.conn.transport = None
    with pytest.raises(NotConnected):
        await ready.client.place_order(AAPL, BUY)
    ready.gateway.drop()


# --- cancelling ---------------------------------------------------------------------------


async def test_cancel_waits_for_the_status_and_repeats_are_harmless(ready):
    order_id = await ready.resting()
    first = await ready.start(ready.client.cancel_order(order_id))
    second = await ready.start(ready.client.cancel_order(order_id))
    ready.gateway.error(order_id, 202, "Order Canceled - reason:")
    assert not first.done()  # the code is a comment, the status decides
    ready.gateway.status(order_id, "Cancelled")
    assert (await first).status is (await second).status is OrderStatus.CANCELLED
    assert (await ready.client.cancel_order(order_id)).status is OrderStatus.CANCELLED
    assert len(ready.gateway.sent("cancelOrder")) == 1


async def test_status_with_the_cancellers_client_id_is_found_by_permanent_id(ready):
    order_id = await ready.resting()
    ready.gateway.status(order_id, "Cancelled", client=0)
    assert ready.client.order(order_id).status is OrderStatus.CANCELLED


@pytest.mark.parametrize(
    ("code", "error"),
    [(10147, OrderNotFound), (135, OrderNotFound), (10148, CancelTooLate), (161, CancelTooLate)],
)
async def test_refused_cancel_is_typed_and_leaves_the_order_as_it_is(ready, code, error):
    order_id = await ready.resting()
    cancelling = await ready.start(ready.client.cancel_order(order_id))
    ready.gateway.error(order_id, code)
    with pytest.raises(error) as caught:
        await cancelling
    assert caught.value.gateway_code == code
    assert ready.client.order(order_id).status is OrderStatus.SUBMITTED


async def test_cancel_overtaken_by_a_fill_is_too_late(ready):
    order_id = await ready.resting()
    cancelling = await ready.start(ready.client.cancel_order(order_id))
    ready.gateway.execution(order_id)
    with pytest.raises(CancelTooLate):
        await cancelling
    with pytest.raises(CancelTooLate):
        await ready.client.cancel_order(order_id)


async def test_unanswered_cancel_is_unknown(ready):
    order_id = await ready.resting()
    with pytest.raises(OrderStateUnknown):
        await ready.client.cancel_order(order_id)


async def test_cancel_of_an_unknown_id_asks_the_gateway(ready):
    cancelling = await ready.start(ready.client.cancel_order(4711))
    ready.gateway.error(4711, 10147, "not found")
    with pytest.raises(OrderNotFound):
        await cancelling


async def test_cancel_of_a_requests_id_is_not_sent_and_leaves_the_request_alone(ready):
    subscribing = await ready.start(ready.client.request_market_data(AAPL))
    ((request_id, *_),) = ready.gateway.sent("reqMktData")
    ready.gateway.ticks(request_id)
    await subscribing
    with pytest.raises(OrderNotFound):
        await ready.client.cancel_order(request_id)
    assert ready.gateway.sent("cancelOrder") == []
    assert value(ready, "ib_market_data_subscriptions") == 1


# --- market data --------------------------------------------------------------------------


async def test_subscription_is_shared_quotes_flow_and_end_with_the_cancel(ready):
    first = await ready.start(ready.client.request_market_data(AAPL))
    second = await ready.start(ready.client.request_market_data(AAPL))
    (request_id, *_), *more = ready.gateway.sent("reqMktData")
    assert more == []
    ready.gateway.ticks(request_id)
    assert await first == await second
    assert value(ready, "ib_market_data_subscriptions") == 1
    quotes = ready.client.quotes(AAPL)
    quote = await anext(quotes)
    assert (quote.bid, quote.ask, quote.last) == (190, Decimal("190.5"), None)
    ready.gateway.ticks(request_id, bid=191.0, ask=-1.0)
    ready.gateway.ticks(request_id, bid=192.0, ask=-1.0)
    quote = await anext(quotes)
    assert (quote.bid, quote.ask, quote.ask_size) == (192, None, None)
    await ready.client.cancel_market_data(AAPL)
    assert [quote async for quote in quotes] == []
    assert ready.gateway.sent("cancelMktData") == [(request_id,)]
    assert value(ready, "ib_market_data_subscriptions") == 0


@pytest.mark.parametrize(
    ("code", "error"),
    [(200, ContractNotFound), (354, MarketDataNotAvailable), (10197, MarketDataNotAvailable)],
)
async def test_refused_subscription_is_typed_and_leaves_nothing_behind(ready, code, error):
    asking = await ready.start(ready.client.request_market_data(AAPL))
    ready.gateway.error(ready.gateway.sent("reqMktData")[0][0], code)
    with pytest.raises(error):
        await asking
    with pytest.raises(NotSubscribed):
        ready.client.quotes(AAPL)
    assert value(ready, "ib_market_data_subscriptions") == 0


async def test_who_gives_up_before_it_was_asked_leaves_the_asking_to_others(ready, monkeypatch):
    turn_comes = asyncio.Event()
    monkeypatch.setattr(ready.client._link, "slot", turn_comes.wait)
    one = await ready.start(ready.client.request_market_data(AAPL))
    two = await ready.start(ready.client.request_market_data(AAPL))
    one.cancel()
    await asyncio.wait({one})
    turn_comes.set()
    await turn()
    ((request_id, *_),) = ready.gateway.sent("reqMktData")
    ready.gateway.ticks(request_id)
    assert (await two).contract == AAPL


async def test_subscription_without_ticks_times_out_and_is_cancelled(ready):
    with pytest.raises(RequestTimeout):
        await ready.client.request_market_data(AAPL)
    assert len(ready.gateway.sent("cancelMktData")) == 1


async def test_code_on_a_live_subscription_ends_its_stream_with_the_error(ready):
    await ready.subscribed()
    quotes = ready.client.quotes(AAPL)
    await anext(quotes)
    ready.gateway.error(ready.gateway.sent("reqMktData")[0][0], 10182)
    with pytest.raises(MarketDataNotAvailable):
        await anext(quotes)


async def test_cancel_of_what_is_not_subscribed_is_an_error(ready):
    with pytest.raises(NotSubscribed):
        await ready.client.cancel_market_data(AAPL)


# --- drops, outages and recovery ----------------------------------------------------------


async def test_after_a_drop_the_client_reconnects_and_subscribes_once(ready):
    await ready.subscribed()
    quotes = ready.client.quotes(AAPL)
    await anext(quotes)
    ready.gateway.refusals = 3
    ready.gateway.drop()
    assert ready.client.state is S.RECONNECTING
    assert value(ready, "ib_connection_status") == 0
    with pytest.raises(NotConnected):
        await ready.client.place_order(AAPL, BUY)
    await ready.until(S.READY)
    assert len(ready.gateway.sent("reqMktData")) == 2
    assert len(ready.pauses) == 3
    ready.gateway.ticks(ready.gateway.sent("reqMktData")[1][0], bid=200.0)
    assert (await anext(quotes)).bid == 200


async def test_reconnect_goes_on_past_the_attempts_of_connect_until_disconnect(ready):
    ready.gateway.refusals = 10**9
    ready.gateway.drop()
    async with asyncio.timeout(20):
        while len(ready.pauses) < 10:
            await asyncio.sleep(0)
    await ready.client.disconnect()
    tried = len(ready.gateway.connect_calls)
    await turn()
    assert len(ready.gateway.connect_calls) == tried


async def test_fill_that_happened_while_away_is_found_after_the_reconnect(ready):
    order_id = await ready.resting()
    ready.gateway.at_start.append(lambda _ib: ready.gateway.execution(order_id))
    ready.gateway.drop()
    await ready.until(S.READY)
    assert ready.client.order(order_id).status is OrderStatus.FILLED


async def test_orders_go_on_being_updated_after_a_reconnect(ready):
    order_id = await ready.resting()
    ready.gateway.drop()
    await ready.until(S.READY)
    ready.gateway.status(order_id, "Cancelled")
    assert ready.client.order(order_id).status is OrderStatus.CANCELLED


async def test_ids_of_a_lost_session_are_not_given_out_again(ready):
    first = await ready.resting()
    ready.gateway.drop()
    await ready.until(S.READY)  # the restarted gateway offers next_valid_id 1 again
    assert await ready.resting() > first


async def test_open_orders_of_an_earlier_session_are_known(bench):
    bench.gateway.at_start.append(lambda _ib: bench.gateway.open_order(41))
    await bench.client.connect()
    assert bench.client.order(41).status is OrderStatus.PRE_SUBMITTED


async def test_live_gateway_found_on_reconnect_stops_the_client(ready):
    await ready.subscribed()
    quotes = ready.client.quotes(AAPL)
    ready.gateway.accounts = ["U7654321"]
    ready.gateway.drop()
    await ready.until(S.DISCONNECTED)
    await turn()
    with pytest.raises(LiveTradingRefused):
        await anext(quotes)


async def test_incomplete_snapshot_on_reconnect_is_tried_again(ready):
    ready.gateway.unanswered = {"openOrders"}
    ready.let_sleep.clear()
    ready.gateway.drop()
    await turn()
    assert ready.client.state is S.RECONNECTING
    ready.gateway.unanswered = set()
    ready.let_sleep.set()
    await ready.until(S.READY)


@pytest.mark.parametrize("code", [1100, 2110])
async def test_upstream_loss_closes_the_gate_but_goes_on_reading(ready, code):
    order_id = await ready.resting()
    ready.gateway.error(-1, code)
    assert (ready.client.state, ready.client.is_connected()) == (S.DEGRADED, False)
    with pytest.raises(NotConnected):
        await ready.client.place_order(AAPL, BUY)
    ready.gateway.execution(order_id)
    assert ready.client.order(order_id).status is OrderStatus.FILLED
    ready.gateway.error(-1, 1102)
    assert ready.client.state is S.DEGRADED  # until the orders were looked at
    await ready.until(S.READY)
    assert len(ready.gateway.sent("reqOpenOrders")) == 1


async def test_data_lost_subscribes_again_and_data_kept_does_not(ready):
    await ready.subscribed()
    for code, subscriptions in ((1102, 1), (1101, 2), (1102, 2)):
        ready.gateway.error(-1, 1100)
        ready.gateway.error(-1, code)
        await ready.until(S.READY)
        assert len(ready.gateway.sent("reqMktData")) == subscriptions


async def test_subscription_refused_during_an_outage_is_only_interrupted(ready):
    await ready.subscribed()
    quotes = ready.client.quotes(AAPL)
    await anext(quotes)
    ready.gateway.error(-1, 1100)
    ready.gateway.error(ready.gateway.sent("reqMktData")[0][0], 200)
    ready.gateway.error(-1, 1102)
    await ready.until(S.READY)
    ready.gateway.ticks(ready.gateway.sent("reqMktData")[1][0], bid=7.0)
    assert (await anext(quotes)).bid == 7


async def test_data_lost_again_before_all_is_restored_is_subscribed_again(ready):
    await ready.subscribed()
    ready.gateway.unanswered = {"openOrders"}
    ready.gateway.error(-1, 1101)
    await turn()
    assert len(ready.gateway.sent("reqMktData")) == 2
    ready.gateway.error(-1, 1100)
    ready.gateway.unanswered = set()
    ready.gateway.error(-1, 1101)
    await ready.until(S.READY)
    assert len(ready.gateway.sent("reqMktData")) == 3
    assert len(ready.gateway.connect_calls) == 1


async def test_a_list_refused_after_an_outage_ends_the_link_and_not_the_trading(ready):
    ready.gateway.error(-1, 1100)
    ready.gateway.refused["executions"] = 100
    ready.gateway.error(-1, 1102)
    await ready.until(S.RECONNECTING)
    ready.gateway.refused.clear()
    await ready.until(S.READY)


async def test_outage_during_start_up_is_not_ready(bench):
    bench.gateway.at_start.append(lambda ib: ib.wrapper.error(-1, 1100, "lost", ""))
    await bench.client.connect()
    assert bench.client.state is S.DEGRADED


async def test_unreadable_message_asks_for_orders_and_executions_again(ready):
    report = ready.gateway.ib.client.decoder.logger.exception
    report("Error handling fields: ['11', ...]")
    report("again at once")
    assert len(ready.gateway.sent("reqExecutions")) == 1
    assert len(ready.gateway.sent("reqOpenOrders")) == 1


async def test_unreadable_message_on_a_dead_socket_is_left_to_the_reconnect(ready):
    ready.gateway.ib.client.conn.transport = None
    ready.gateway.ib.client.decoder.logger.exception("unreadable")  # noqa: LOG004 - not a logger
    ready.gateway.drop()
    await ready.until(S.READY)


async def test_prices_from_before_a_drop_are_not_shown_as_current(ready):
    await ready.subscribed()
    ready.gateway.drop()
    await ready.until(S.READY)
    reading = await ready.start(anext(ready.client.quotes(AAPL)))
    assert not reading.done()
    ready.gateway.ticks(ready.gateway.sent("reqMktData")[1][0], bid=5.0)
    assert (await reading).bid == 5


async def test_unsolicited_completed_order_is_harmless_and_counts(ready):
    order_id = await ready.resting()
    done = real.Order(
        permId=1000 + order_id,
        action="BUY",
        filledQuantity=1.0,
        orderType="LMT",
        lmtPrice=100.0,
        tif="DAY",
    )
    what = real.Contract(secType="STK", symbol="AAPL", exchange="SMART", currency="USD")
    ready.gateway.wrapper.completedOrder(what, done, real.OrderState(status="Filled"))
    assert ready.client.order(order_id).status is OrderStatus.FILLED
    assert ready.client.order(order_id).filled == 1


async def test_half_open_link_is_found_by_the_heartbeat():
    bench = Bench(heartbeat_interval_s=0.01, request_timeout_s=0.02)
    bench.gateway.answers["reqCurrentTime"] = lambda: bench.gateway.wrapper.currentTime(0)
    await bench.client.connect()
    async with asyncio.timeout(20):
        while len(bench.gateway.sent("reqCurrentTime")) < 3:
            await asyncio.sleep(0)
    assert (bench.client.is_connected(), len(bench.gateway.connect_calls)) == (True, 1)
    del bench.gateway.answers["reqCurrentTime"]  # the peer is mute now
    bench.gateway.refusals = 1
    bench.let_sleep.clear()
    await bench.until(S.RECONNECTING)
    await bench.client.disconnect()


async def test_requests_beyond_the_rate_wait_outside_the_library():
    bench = Bench(max_requests_per_s=2)
    await bench.client.connect()
    placing = [await bench.start(bench.client.place_order(AAPL, BUY)) for _ in range(3)]
    assert len(bench.gateway.sent("placeOrder")) < 3
    assert bench.gateway.ib.client.MaxRequests == 0
    bench.gateway.drop()
    errors = await asyncio.gather(*placing, return_exceptions=True)
    assert sum(isinstance(error, NotConnected) for error in errors) >= 1
    await bench.client.disconnect()


async def test_no_task_is_left_over_after_disconnect(ready):
    await ready.subscribed()
    await ready.client.disconnect()
    await turn()
    assert asyncio.all_tasks() == {asyncio.current_task()}
