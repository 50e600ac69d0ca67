"""What becomes of orders, and who is told in which order (sequences of captured gateways)."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from simulator import World, WorldSettings
from simulator.messages.connection import ErrorMessage, NextValidId, RequestIds
from simulator.messages.orders import (
    CancelOrder,
    CommissionReport,
    CompletedOrder,
    ExecutionData,
    ExecutionDataEnd,
    OpenOrder,
    OpenOrderEnd,
    OrderStatus,
    PlaceOrder,
    RequestAllOpenOrders,
    RequestCompletedOrders,
    RequestExecutions,
    RequestGlobalCancel,
    RequestOpenOrders,
)
from simulator.records import Contract, ExecutionFilter, Order

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
MARKET_BUY = Order(action="BUY", total_quantity=D(1), order_type="MKT", tif="DAY")
LIMIT_BUY = replace(MARKET_BUY, order_type="LMT", limit_price=D("90.00"))


@pytest.fixture(autouse=True)
def quoted(world) -> None:
    world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"), bid_size=D(50), ask_size=D(50))


def told(replies) -> list[str]:
    """Replies in short: OO and OS with their status, EX, CR, and codes of errors."""
    words = []
    for reply in replies:
        match reply:
            case OpenOrder(state=state):
                fee = "" if state.commission is None else f" {state.commission}"
                words.append(f"OO {state.status}{fee}")
            case OrderStatus(status=status, filled=filled, remaining=remaining):
                words.append(f"OS {status} {filled}/{remaining}")
            case ExecutionData(execution=execution):
                words.append(f"EX {execution.shares}@{execution.price}")
            case CommissionReport(commission=commission):
                words.append(f"CR {commission}")
            case ErrorMessage(code=code):
                words.append(str(code))
            case _:
                words.append(type(reply).__name__)
    return words


def place(client, order_id=1, order=LIMIT_BUY, contract=AAPL) -> list[str]:
    return told(client.send(PlaceOrder(order_id, contract, order)))


FILLED_AT_ONCE = [
    "EX 1@100.01",
    "OO Filled",
    "OS Filled 1/0",
    "OO Filled 1.000003",
    "OS Filled 1/0",
    "CR 1.000003",
]


def test_a_market_buy_is_presubmitted_then_filled(client) -> None:
    assert place(client, order=MARKET_BUY) == [
        "OO PreSubmitted",
        "OS PreSubmitted 0/1",
        *FILLED_AT_ONCE,
    ]


def test_a_market_sale_starts_submitted(client) -> None:
    words = place(client, order=replace(MARKET_BUY, action="SELL"))
    assert words[:3] == ["OO Submitted", "OS Submitted 0/1", "EX 1@99.99"]


def test_partial_fills_carry_the_running_commission_and_stay_submitted(client, world) -> None:
    """The minimum is paid once for the order, so that the second fill costs its fees only."""
    words = place(client, order=replace(MARKET_BUY, total_quantity=D(80)))
    assert words[2:] == [
        "EX 50@100.01",
        "OO Submitted",
        "OS Submitted 50/30",
        "OO Submitted 1.00015",
        "OS Submitted 50/30",
        "CR 1.00015",
    ]
    world.set_quote("AAPL", bid=D("99.99"), ask=D("100.03"))
    assert told(client.read()) == [
        "EX 30@100.03",
        "OO Filled 1.00015",
        "OS Filled 80/0",
        "OO Filled 1.00024",
        "OS Filled 80/0",
        "CR 0.00009",
    ]


def test_a_trade_elsewhere_renews_no_displayed_size(client, world) -> None:
    place(client, order=replace(MARKET_BUY, total_quantity=D(80)))
    world.print_trade("AAPL", D("100.01"), D(500))
    assert client.read() == []
    world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"), bid_size=D(50), ask_size=D(50))
    assert "EX 30@100.01" in told(client.read())


def test_what_one_order_took_from_a_quote_the_next_does_not_get(join) -> None:
    order = replace(MARKET_BUY, total_quantity=D(30))
    assert "EX 30@100.01" in place(join(1), order=order)
    assert "EX 20@100.01" in place(join(2), order=order)


def test_the_average_price_is_told_with_the_fill(client, world) -> None:
    client.send(PlaceOrder(1, AAPL, replace(MARKET_BUY, total_quantity=D(75))))
    world.set_quote("AAPL", bid=D("99.99"), ask=D("100.04"))
    status = [reply for reply in client.read() if isinstance(reply, OrderStatus)][-1]
    assert (status.average_fill_price, status.last_fill_price) == (D("100.02"), D("100.04"))


def test_a_limit_order_rests_and_a_cancel_is_a_status_and_then_202(client) -> None:
    assert place(client) == ["OO Submitted", "OS Submitted 0/1"]
    assert told(client.send(CancelOrder(1))) == ["OS Cancelled 0/1", "202"]


def test_a_resting_order_is_filled_when_the_market_comes(client, world) -> None:
    place(client)
    world.set_quote("AAPL", bid=D("89.98"), ask=D("90.00"))
    assert told(client.read())[0] == "EX 1@90"


def test_a_seeded_market_fills_resting_orders_while_nobody_looks(client, world) -> None:
    world.release_quote("AAPL")
    ask = world.quote("AAPL").ask
    place(client, order=replace(LIMIT_BUY, limit_price=ask - D("0.02")))
    world.advance(3600)
    assert "OS Filled 1/0" in told(client.read())


def test_an_order_without_a_time_in_force_is_for_the_day(client) -> None:
    shown, _ = client.send(PlaceOrder(1, AAPL, replace(LIMIT_BUY, tif="")))
    assert (shown.order.tif, shown.order.account) == ("DAY", "DU9000001")


def test_an_order_is_modified_under_its_own_id(client, world) -> None:
    place(client)
    assert place(client, order=replace(LIMIT_BUY, limit_price=D(91), total_quantity=D(2))) == [
        "OO Submitted",
        "OS Submitted 0/2",
    ]
    world.set_quote("AAPL", bid=D("90.90"), ask=D("90.95"))
    assert told(client.read())[0] == "EX 2@91"


def test_an_immediate_order_leaves_nothing_behind(client) -> None:
    order = replace(MARKET_BUY, order_type="LMT", limit_price=D(101), tif="IOC")
    words = place(client, order=replace(order, total_quantity=D(80)))
    assert words[-2:] == ["OS Cancelled 50/30", "202"]
    assert told(client.send(RequestOpenOrders())) == ["OpenOrderEnd"]


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"action": "HOLD"}, 321, "HOLD"),
        ({"order_type": "???"}, 321, "Invalid order type"),
        ({"order_type": "PEG MKT"}, 387, "Unsupported order type"),
        ({"total_quantity": D(0)}, 434, "zero"),
        ({"total_quantity": None}, 434, "zero"),
        ({"total_quantity": D(-5)}, 321, "size does not conform"),
        ({"total_quantity": D("0.5")}, 10243, "Fractional"),
        ({"limit_price": None}, 107, "incomplete"),
        ({"limit_price": D("90.005")}, 110, "minimum price variation"),
        ({"limit_price": D(-1)}, 110, "minimum price variation"),
        ({"tif": "GTD"}, 334, "Good Till Date"),
        ({"tif": "XXX"}, 10052, "XXX"),
        ({"account": "DU404"}, 201, "IBCustAcctNo"),
        ({"is_oms_container": True}, 10340, "isOmsContainer"),
        ({"parent_id": 1}, 10006, "Missing parent"),
        ({"oca_type": 4}, 321, "OCA type"),
    ],
)
def test_a_bad_order_is_refused_by_name_and_changes_nothing(
    client, world, changes, code, named
) -> None:
    (reply,) = client.send(PlaceOrder(1, AAPL, replace(LIMIT_BUY, **changes)))
    assert (reply.id, reply.code) == (1, code)
    assert named in reply.text
    assert not world.broker.journal
    assert place(client, 1) == ["OO Submitted", "OS Submitted 0/1"]


@pytest.mark.parametrize(
    "contract",
    [
        replace(AAPL, symbol="NOPE"),
        replace(AAPL, symbol=""),
        replace(AAPL, exchange="NOWHERE"),
        replace(AAPL, currency="EUR"),
        replace(AAPL, con_id=1),
        replace(AAPL, con_id=272093),
        Contract(con_id=0, sec_type="STK", exchange="SMART"),
    ],
)
def test_an_unknown_contract_is_200_and_nothing_else(client, contract) -> None:
    assert place(client, contract=contract) == ["200"]


def test_ids_are_counted_for_each_client_and_never_reused(join) -> None:
    one, two = join(1), join(2)
    place(one, 10)
    assert one.send(RequestIds()) == [NextValidId(11)]
    assert two.send(RequestIds()) == [NextValidId(1)]
    assert place(one, 9) == ["103"]
    assert place(two, 10) == ["OO Submitted", "OS Submitted 0/1"]


def test_what_is_done_cannot_be_changed(client) -> None:
    place(client, 1, MARKET_BUY)
    place(client, 2)
    client.send(CancelOrder(2))
    msft = Contract(con_id=272093, sec_type="STK", exchange="SMART")
    place(client, 3)
    assert place(client, 1, MARKET_BUY) == ["104"]
    assert place(client, 2) == ["201"]
    assert place(client, 3, contract=msft) == ["105"]
    assert place(client, 3, replace(LIMIT_BUY, action="SELL")) == ["105"]


def test_cancels_that_come_too_late_or_to_nobody(client) -> None:
    place(client, 1, MARKET_BUY)
    (late,) = client.send(CancelOrder(1))
    (lost,) = client.send(CancelOrder(77))
    assert (late.code, late.text) == (
        10148,
        "OrderId 1 that needs to be cancelled cannot be cancelled, state: Filled.",
    )
    assert (lost.code, lost.text) == (10147, "OrderId 77 that needs to be cancelled is not found.")


def test_a_global_cancel_takes_everybodys_orders(join) -> None:
    one, two = join(1), join(2)
    place(one)
    place(two)
    assert told(one.send(RequestGlobalCancel())) == ["OS Cancelled 0/1", "202"]
    assert told(two.read()) == ["OS Cancelled 0/1", "202"]


def test_clients_see_their_own_orders_and_the_master_sees_all(join) -> None:
    world = World(WorldSettings(clock="manual", master_client_id=9))
    world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"))
    one, two, master = (join(n, world=world) for n in (1, 2, 9))
    expected = place(one, 1, MARKET_BUY)
    assert told(two.read()) == []
    assert told(master.read()) == expected
    place(one, 2)
    assert told(master.read()) == ["OO Submitted", "OS Submitted 0/1"]
    assert told(one.send(CancelOrder(2))) == ["OS Cancelled 0/1", "202"]
    assert told(master.read()) == ["OS Cancelled 0/1"]
    assert told(two.send(RequestExecutions(5, ExecutionFilter()))) == ["ExecutionDataEnd"]
    assert len(master.send(RequestExecutions(5, ExecutionFilter()))) == 3


def test_orders_outlive_their_socket_and_are_shown_before_the_ids(join, world) -> None:
    place(join(1), 4)
    world.disconnect(world.connections[0])
    assert told(join(1).started)[:5] == [
        "OO Submitted",
        "OS Submitted 0/1",
        "OpenOrderEnd",
        "ManagedAccounts",
        "NextValidId",
    ]


def test_open_orders_are_ones_own_and_all_open_orders_are_all(join) -> None:
    one, two = join(1), join(2)
    place(one)
    assert told(two.send(RequestOpenOrders())) == ["OpenOrderEnd"]
    seen, _, end = two.send(RequestAllOpenOrders())
    assert (seen.client_id, seen.order_id, seen.order.limit_price) == (1, 1, D(90))
    assert end == OpenOrderEnd()


def test_completed_orders_come_newest_first(client, world) -> None:
    place(client, 1, MARKET_BUY)
    place(client, 2)
    world.advance(1)
    client.send(CancelOrder(2))
    newest, oldest, _ = client.send(RequestCompletedOrders(True))
    assert isinstance(newest, CompletedOrder)
    assert (newest.completion.status, newest.completion.completed_status) == (
        "Cancelled",
        "Cancelled by Trader",
    )
    assert (oldest.completion.status, oldest.completion.completed_status) == (
        "Filled",
        "Filled Size: 1",
    )
    assert oldest.completion.completed_time == "20250616 10:00:00 US/Eastern"


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 2),
        ({"symbol": "AAPL", "side": "BUY"}, 1),
        ({"side": "SLD"}, 1),
        ({"symbol": "MSFT"}, 0),
        ({"client_id": 3}, 0),
        ({"exchange": "NASDAQ"}, 2),
        ({"account": "DU404"}, 0),
        ({"sec_type": "CASH"}, 0),
        ({"time": "20250616-14:00:01"}, 1),
        ({"time": "20250616 10:00:01 US/Eastern"}, 1),
        ({"time": "20250616 13:00:00"}, 2),
    ],
)
def test_executions_are_filtered(client, world, wanted, count) -> None:
    place(client, 1, MARKET_BUY)
    world.advance(2)
    place(client, 2, replace(MARKET_BUY, action="SELL"))
    replies = client.send(RequestExecutions(8, ExecutionFilter(**wanted)))
    answers = [type(reply) for reply in replies if not isinstance(reply, ErrorMessage)]
    assert answers == ([ExecutionData] * count + [CommissionReport] * count + [ExecutionDataEnd])


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 3),
        ({"last_days": 0}, 3),
        ({"last_days": 1}, 1),
        ({"last_days": 2}, 3),
        ({"specific_dates": ("20250616",)}, 2),
        ({"specific_dates": ("20250617",)}, 1),
        ({"specific_dates": ("20250616", "20250617")}, 3),
        ({"specific_dates": ("20250616",), "last_days": 1}, 0),
    ],
)
def test_executions_are_those_of_days_of_the_exchange_since_200(join, world, wanted, count) -> None:
    client = join(version=200)
    for order_id, hours in enumerate((0, 12, 3), 1):  # 10:00 and 22:00 in New York, then 1:00
        world.advance(hours * 3600)
        place(client, order_id, MARKET_BUY)
    replies = client.send(RequestExecutions(8, ExecutionFilter(**wanted)))
    assert sum(isinstance(reply, ExecutionData) for reply in replies) == count


def test_a_date_that_is_none_is_refused(join) -> None:
    filter_ = ExecutionFilter(specific_dates=("2025-06-16",))
    (reply,) = join(version=200).send(RequestExecutions(8, filter_))
    assert (reply.id, reply.code) == (8, 321)


@pytest.mark.parametrize("time", ["yesterday", "20250616 10:00:00 Mars/Base", "20251316-00:00:00"])
def test_a_time_that_is_none_is_refused(client, time) -> None:
    (reply,) = client.send(RequestExecutions(8, ExecutionFilter(time=time)))
    assert (reply.id, reply.code) == (8, 321)


@pytest.mark.parametrize(
    ("version", "time"),
    [(173, "20250616  14:00:00"), (174, "20250616 10:00:00 US/Eastern")],
)
def test_execution_times_are_spelled_as_the_version_has_them(join, version, time) -> None:
    replies = join(1, version).send(PlaceOrder(1, AAPL, MARKET_BUY))
    (execution,) = (r.execution for r in replies if isinstance(r, ExecutionData))
    assert execution.time == time


def test_realised_profit_is_reported_only_by_a_fill_that_closes(client) -> None:
    first = client.send(PlaceOrder(1, AAPL, MARKET_BUY))[-1]
    second = client.send(PlaceOrder(2, AAPL, replace(MARKET_BUY, action="SELL")))[-1]
    assert first.realized_pnl is None
    assert second.realized_pnl == D("-2.022161")
