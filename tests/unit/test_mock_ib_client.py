"""MockIBKRClient: it satisfies the protocol, is moved by hand, and repeats itself exactly."""

import inspect
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ibkr.connection import ConnectionState as S
from ibkr.errors import (
    AmbiguousContract,
    CancelTooLate,
    ClientIdInUse,
    ContractNotFound,
    GatewayUnavailable,
    LiveTradingRefused,
    MarketDataNotAvailable,
    NotConnected,
    NotSubscribed,
    OrderNotFound,
    OrderRejected,
    OrderStateUnknown,
)
from ibkr.ib_client import IBKRClient
from ibkr.mock_ib_client import MockIBKRClient
from ibkr.models import (
    CommissionReported,
    Contract,
    Order,
    OrderFilled,
    OrderNotice,
    OrderStatus,
    OrderStatusChanged,
)
from ibkr.protocol import IBKRClientProtocol

AAPL = Contract.stock("AAPL")
BUY = Order.market("BUY", 1)
FAR = Order.limit("BUY", 10, 100)


@pytest.fixture
async def mock():
    client = MockIBKRClient()
    await client.connect()
    return client


MEMBERS = [name for name in vars(IBKRClientProtocol) if not name.startswith("_")]


def test_the_protocol_has_the_members_this_test_compares():
    assert {"connect", "place_order", "quotes", "order_events", "state"} <= set(MEMBERS)


@pytest.mark.parametrize("client", [MockIBKRClient, IBKRClient])
def test_client_satisfies_the_protocol(client):
    assert isinstance(client(), IBKRClientProtocol)


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("client", [MockIBKRClient, IBKRClient])
def test_every_member_has_the_signature_of_the_protocol(client, name):
    promised, kept = vars(IBKRClientProtocol)[name], inspect.getattr_static(client, name)
    if isinstance(promised, property):
        assert isinstance(kept, property)
        return
    assert inspect.signature(kept) == inspect.signature(promised)
    assert inspect.iscoroutinefunction(kept) == inspect.iscoroutinefunction(promised)


async def one_story():
    client = MockIBKRClient()
    await client.connect()
    events = client.order_events()
    client.set_quote(AAPL, bid="190.00", ask="190.05", last=190)
    results = [
        await client.place_order(AAPL, BUY),
        await client.place_order(AAPL, FAR),
        client.fill_order(2, quantity=4),
        await client.cancel_order(2),
    ]
    await client.disconnect()
    return results, [event async for event in events]


async def test_same_story_same_results_ids_and_times():
    results, events = await one_story()
    assert (results, events) == await one_story()
    assert [result.order_id for result in results] == [1, 2, 2, 2]
    assert [type(event) for event in events[:3]] == [
        OrderStatusChanged,
        OrderFilled,
        CommissionReported,
    ]


async def test_the_age_of_the_newest_quote_is_measured(mock):
    mock.set_quote(AAPL, bid="190.00", ask="190.05")
    assert mock.metrics.last_quote_timestamp == 0  # nobody asked for it yet
    await mock.request_market_data(AAPL)
    shown = await anext(mock.quotes(AAPL))
    assert mock.metrics.last_quote_timestamp == shown.time.timestamp() > 0


async def test_market_order_fills_at_the_far_side_of_the_quote(mock):
    mock.set_quote(AAPL, bid="190.00", ask="190.05")
    bought = await mock.place_order(AAPL, BUY)
    sold = await mock.place_order(AAPL, Order.market("SELL", 2))
    assert (bought.status, bought.average_fill_price) == ("Filled", Decimal("190.05"))
    assert (sold.status, sold.average_fill_price) == ("Filled", Decimal(190))
    assert bought.fills[0].commission == 1


@pytest.mark.parametrize(
    ("action", "limit", "status"),
    [
        ("BUY", "190.05", OrderStatus.FILLED),
        ("BUY", "190.04", OrderStatus.SUBMITTED),
        ("SELL", "190.00", OrderStatus.FILLED),
        ("SELL", "190.01", OrderStatus.SUBMITTED),
    ],
)
async def test_limit_order_fills_only_where_it_crosses(mock, action, limit, status):
    mock.set_quote(AAPL, bid="190.00", ask="190.05")
    assert (await mock.place_order(AAPL, Order.limit(action, 1, limit))).status is status


async def test_resting_order_is_filled_by_hand_only(mock):
    resting = await mock.place_order(AAPL, FAR)
    mock.set_quote(AAPL, bid=50, ask=51)
    assert mock.order(resting.order_id).status is OrderStatus.SUBMITTED
    partly = mock.fill_order(resting.order_id, quantity=4)
    assert (partly.status, partly.filled, partly.remaining) == ("Submitted", 4, 6)
    assert mock.fill_order(resting.order_id, price=99).average_fill_price == Decimal("99.4")
    with pytest.raises(ValueError, match="Filled"):
        mock.fill_order(resting.order_id)
    with pytest.raises(CancelTooLate):
        await mock.cancel_order(resting.order_id)


async def test_overfill_and_missing_price_are_refused():
    client = MockIBKRClient(fill_marketable=False)
    await client.connect()
    placed = await client.place_order(AAPL, BUY)
    assert placed.status is OrderStatus.SUBMITTED
    with pytest.raises(ValueError, match="remaining"):
        client.fill_order(placed.order_id, quantity=2, price=1)
    with pytest.raises(ValueError, match="give a price"):
        client.fill_order(placed.order_id)


async def test_cancel_and_its_errors(mock):
    resting = await mock.place_order(AAPL, FAR)
    for _ in range(2):
        assert (await mock.cancel_order(resting.order_id)).status is OrderStatus.CANCELLED
    with pytest.raises(OrderNotFound) as caught:
        await mock.cancel_order(99)
    assert caught.value.gateway_code == 10147


async def test_reject_code_rejects_once_and_notice_code_does_not(mock):
    events = mock.order_events()
    mock.reject_next_order(201, "Order rejected - reason:margin")
    with pytest.raises(OrderRejected, match="margin") as caught:
        await mock.place_order(AAPL, BUY)
    assert mock.order(caught.value.order_id).reject_code == 201
    told = [await anext(events) for _ in range(3)]
    assert [type(event) for event in told] == [OrderStatusChanged, OrderNotice, OrderStatusChanged]
    mock.reject_next_order(399, "held until the open")
    assert (await mock.place_order(AAPL, BUY)).status is OrderStatus.SUBMITTED
    assert mock.metrics.orders_total == 2
    assert mock.metrics.order_errors_total == 1


@pytest.mark.parametrize(
    ("order", "why_held"),
    [
        (Order.stop("SELL", 2, 95), "trigger"),
        (Order.trailing("SELL", 2, 1), "trigger"),
        (replace(Order.limit("SELL", 2, 1), parent_id=1), "child"),
        (replace(Order.stop("SELL", 2, 95), parent_id=1), "child,trigger"),
    ],
)
async def test_stops_and_attached_orders_are_held_until_the_test_fills_them(mock, order, why_held):
    await mock.place_order(AAPL, FAR)
    mock.set_quote(AAPL, bid=90, ask=91)
    held = await mock.place_order(AAPL, order)
    assert (held.status, held.why_held, held.filled) == (OrderStatus.PRE_SUBMITTED, why_held, 0)
    part = mock.fill_order(held.order_id, quantity=1, price=89)
    assert (part.status, part.why_held) == (OrderStatus.SUBMITTED, why_held)
    assert mock.fill_order(held.order_id, price=91).average_fill_price == 90


async def test_a_stop_without_a_limit_is_filled_at_the_quote_if_no_price_is_given(mock):
    held = await mock.place_order(AAPL, Order.stop("SELL", 1, 95))
    with pytest.raises(ValueError, match="give a price"):
        mock.fill_order(held.order_id)
    mock.set_quote(AAPL, bid=94, ask=96)
    assert mock.fill_order(held.order_id).average_fill_price == 94


async def test_children_of_no_parent_are_rejected_as_by_a_gateway(mock):
    done = await mock.place_order(AAPL, FAR)
    await mock.cancel_order(done.order_id)
    for parent_id, error, code in ((99, OrderRejected, 10006), (1, OrderNotFound, 135)):
        with pytest.raises(error) as caught:
            await mock.place_order(AAPL, replace(BUY, parent_id=parent_id))
        assert caught.value.gateway_code == code
    assert mock.metrics.orders_total == 3


async def test_unanswered_order_is_unknown_and_may_be_filled_later(mock):
    mock.leave_next_order_unanswered()
    with pytest.raises(OrderStateUnknown) as caught:
        await mock.place_order(AAPL, BUY)
    assert mock.fill_order(caught.value.order_id, price=5).status is OrderStatus.FILLED


async def test_drop_and_return(mock):
    await mock.request_market_data(AAPL)
    mock.set_quote(AAPL, bid=1, ask=2)
    quotes = mock.quotes(AAPL)
    await anext(quotes)
    mock.lose_connection()
    assert (mock.state, mock.is_connected()) == (S.RECONNECTING, False)
    assert mock.metrics.connection_status == 0
    with pytest.raises(NotConnected):
        await mock.place_order(AAPL, BUY)
    mock.set_quote(AAPL, bid=3, ask=4)
    mock.restore_connection()
    assert (await anext(quotes)).bid == 3
    mock.lose_upstream()
    assert mock.state is S.DEGRADED
    mock.restore_connection()
    assert mock.is_connected()


async def test_refused_connections_then_a_good_one():
    client = MockIBKRClient()
    client.refuse_connections(1)
    with pytest.raises(GatewayUnavailable):
        await client.connect()
    assert client.state is S.DISCONNECTED
    assert (await client.connect()).accounts == ("DU1234567",)


async def test_live_account_is_refused_as_by_the_real_client():
    with pytest.raises(LiveTradingRefused):
        await MockIBKRClient(account="U7654321").connect()


async def test_unknown_and_ambiguous_contracts():
    twins = [Contract(symbol="TWIN", con_id=n, currency="USD") for n in (1, 2)]
    client = MockIBKRClient(contracts=[AAPL, *twins])
    await client.connect()
    await client.request_market_data(AAPL)
    with pytest.raises(ContractNotFound) as caught:
        await client.place_order(Contract.stock("NOPE"), BUY)
    assert caught.value.gateway_code == 200
    assert caught.value.message == "No security definition has been found for the request"
    with pytest.raises(AmbiguousContract):
        await client.request_market_data(Contract.stock("TWIN"))
    await client.request_market_data(Contract(con_id=2))


async def test_one_subscription_per_contract_and_none_after_the_cancel(mock):
    for _ in range(2):
        await mock.request_market_data(AAPL)
    assert mock.metrics.market_data_subscriptions == 1
    await mock.cancel_market_data(AAPL)
    assert mock.metrics.market_data_subscriptions == 0
    with pytest.raises(NotSubscribed):
        await mock.cancel_market_data(AAPL)


async def test_clock_is_the_one_passed_in():
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    client = MockIBKRClient(now=lambda: noon)
    assert client.set_quote(AAPL, bid=1).time == noon


# --- what somebody else does ---


async def test_a_code_can_refuse_a_connection() -> None:
    client = MockIBKRClient()
    client.refuse_connections(1, code=326)
    with pytest.raises(ClientIdInUse) as refused:
        await client.connect()
    assert refused.value.gateway_code == 326
    assert await client.connect()


async def test_market_data_can_be_refused_by_a_code() -> None:
    client = MockIBKRClient()
    await client.connect()
    client.refuse_market_data(AAPL, 354, "Not subscribed.")
    with pytest.raises(MarketDataNotAvailable) as refused:
        await client.request_market_data(AAPL)
    assert (refused.value.gateway_code, refused.value.message) == (354, "Not subscribed.")


@pytest.mark.parametrize(
    "refuse",
    [
        lambda client: client.refuse_connections(1, code=2104),
        lambda client: client.refuse_market_data(AAPL, 10167, "Delayed."),
    ],
)
def test_a_code_that_refuses_nothing_is_no_refusal(refuse) -> None:
    with pytest.raises(ValueError, match="refuses nothing: use one such as 326"):
        refuse(MockIBKRClient())


async def test_somebody_else_may_cancel_an_order_that_lives() -> None:
    client = MockIBKRClient()
    await client.connect()
    placed = await client.place_order(AAPL, Order.limit("BUY", 1, 90))
    assert client.end_order(placed.order_id).status is OrderStatus.CANCELLED
    with pytest.raises(ValueError, match="is Cancelled and cannot be cancelled"):
        client.end_order(placed.order_id)


async def test_executions_are_corrected_and_busted_by_their_latest_id() -> None:
    client = MockIBKRClient()
    await client.connect()
    placed = await client.place_order(AAPL, Order.limit("BUY", 10, 90))
    (fill,) = client.fill_order(placed.order_id).fills
    (corrected,) = client.correct_fill(fill.execution_id, price=89).fills
    assert (corrected.quantity, corrected.price) == (10, 89)
    with pytest.raises(ValueError, match="use the latest one"):
        client.correct_fill(fill.execution_id, price=88)
    with pytest.raises(ValueError, match="is not between 0 and 10"):
        client.correct_fill(corrected.execution_id, quantity=11)
    (busted,) = client.correct_fill(corrected.execution_id, quantity=0).fills
    assert busted.quantity == 0


async def test_an_order_left_unanswered_is_found_after_a_drop() -> None:
    client = MockIBKRClient()
    await client.connect()
    client.leave_next_order_unanswered()
    with pytest.raises(OrderStateUnknown) as unknown:
        await client.place_order(AAPL, Order.limit("BUY", 1, 90))
    client.lose_connection()
    client.restore_connection()
    assert client.in_doubt() == ()
    assert client.order(unknown.value.order_id).status is OrderStatus.SUBMITTED
