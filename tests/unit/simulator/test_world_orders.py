"""What a test does to orders and money. Which bug turns these red: truth that contradicts itself."""

import json
from dataclasses import replace
from decimal import Decimal as D

import pytest

from simulator import World, WorldError, WorldSettings
from simulator.broker import Gate
from simulator.messages.account import AccountValue, PortfolioValue, RequestAccountUpdates
from simulator.messages.connection import ErrorMessage
from simulator.messages.orders import (
    CommissionReport,
    ExecutionData,
    OpenOrder,
    OrderStatus,
    PlaceOrder,
    RequestAutoOpenOrders,
    RequestOpenOrders,
)
from simulator.records import ComboLeg, Contract, Order, Status

AAPL = Contract(con_id=265598, exchange="SMART")
LIMIT = Order(action="BUY", total_quantity=D(100), order_type="LMT", limit_price=D(90), tif="DAY")
MARKET = Order(action="BUY", total_quantity=D(100), order_type="MKT", tif="DAY")
STOP = Order(action="BUY", total_quantity=D(100), order_type="STP", aux_price=D(110), tif="DAY")
ACCOUNT = "DU9000001"


@pytest.fixture
def quoted(world: World) -> World:
    """AAPL at 99.98 to 100.02, enough of it for anybody."""
    quote(world, "99.98", "100.02")
    return world


def quote(world: World, bid: str, ask: str) -> None:
    world.set_quote("AAPL", bid=D(bid), ask=D(ask), bid_size=D(5000), ask_size=D(5000))


def position(world: World) -> D:
    held = world.broker.ledgers[ACCOUNT].positions.get(265598)
    return held.quantity if held is not None else D(0)


def of_kind(replies, kind) -> list:
    return [reply for reply in replies if type(reply) is kind]


# --- fills ---


def test_a_part_is_filled_at_the_price_a_test_names(client, quoted) -> None:
    client.send(PlaceOrder(1, AAPL, LIMIT))
    after = quoted.fill((1, 1), D(30), D("95.5"))
    assert (after.status, after.filled, after.remaining) == (Status.SUBMITTED, 30, 70)
    replies = client.read()
    (execution,) = of_kind(replies, ExecutionData)
    assert (execution.execution.shares, execution.execution.price) == (30, D("95.5"))
    assert of_kind(replies, CommissionReport)
    assert position(quoted) == 30
    assert quoted.fill(after.perm_id, D(70), D(91)).status is Status.FILLED
    assert quoted.order((1, 1)).average_fill_price == D("92.35")


def test_what_a_test_filled_is_not_filled_again(client, quoted) -> None:
    client.send(PlaceOrder(1, AAPL, LIMIT))
    quoted.fill((1, 1), D(30), D(90))
    quote(quoted, "88.00", "88.02")
    assert quoted.order((1, 1)).status is Status.FILLED
    assert position(quoted) == 100


def test_a_stop_that_was_filled_in_part_still_waits_for_its_trigger(client, quoted) -> None:
    client.send(PlaceOrder(1, AAPL, STOP))
    assert quoted.fill((1, 1), D(30), D(105)).gate is Gate.TRIGGER
    quote(quoted, "109.98", "110.02")
    quoted.print_trade("AAPL", D(110), D(100))
    assert (quoted.order((1, 1)).status, position(quoted)) == (Status.FILLED, 100)


@pytest.mark.parametrize(
    "attributes",
    [
        {"display_size": 10},
        {"algo_strategy": "Twap"},
        {"order_type": "REL", "aux_price": D("0.01")},
    ],
)
def test_an_order_worked_in_parts_or_pegged_is_filled_no_further_than_ordered(
    client, quoted, attributes
) -> None:
    order = replace(LIMIT, **attributes)
    client.send(PlaceOrder(1, AAPL, order))
    assert quoted.order((1, 1)).is_live
    assert quoted.fill((1, 1), D(60), D(90)).remaining == 40
    quote(quoted, "88.00", "88.02")
    for _ in range(30):
        quoted.advance(1200)
        quote(quoted, "88.00", "88.02")
    assert position(quoted) in range(60, 101)
    assert quoted.order((1, 1)).filled == position(quoted)


def test_a_pegged_order_that_has_no_price_now_is_filled_no_further_than_ordered(
    client, quoted
) -> None:
    quoted.set_quote("AAPL", bid=None, ask=D("100.02"), ask_size=D(5000))
    client.send(PlaceOrder(1, AAPL, replace(STOP, order_type="REL", aux_price=D("0.02"))))
    quoted.fill((1, 1), D(60), D(90))
    quote(quoted, "99.98", "100.00")
    assert (quoted.order((1, 1)).status, position(quoted)) == (Status.FILLED, 100)


def test_what_a_fill_releases_is_watched_from_then_on(client, world) -> None:
    early = replace(LIMIT, limit_price=D(1), good_after_time="20250620-10:00:00")
    client.send(PlaceOrder(1, AAPL, early))
    child = replace(STOP, action="SELL", order_type="TRAIL", aux_price=D(50), parent_id=1)
    client.send(PlaceOrder(2, Contract(con_id=272093, exchange="SMART"), child))
    world.advance(5)  # nobody watches anything now
    world.fill((1, 1), D(100), D(1))
    before = world.order((1, 2)).stop_price
    world.advance(3600)
    assert world.order((1, 2)).stop_price > before


def test_what_is_done_between_two_ticks_has_its_own_time(join, quoted) -> None:
    client = join(1, version=200)
    client.send(PlaceOrder(1, AAPL, LIMIT))
    later_ms = quoted.clock.now_ms() + 123
    quoted.clock.advance_to(later_ms)
    quoted.cancel_manual((1, 1))
    (error,) = of_kind(client.read(), ErrorMessage)
    assert error.time_ms == later_ms
    quoted.clock.advance_to(later_ms + 5)
    assert quoted.place_manual("AAPL", LIMIT).placed_ms == later_ms + 5


def test_a_scripted_market_fills_by_hand_only(client, quoted) -> None:
    quoted.set_fill_model("scripted", "AAPL")
    client.send(PlaceOrder(1, AAPL, MARKET))
    quote(quoted, "99.00", "99.02")
    assert position(quoted) == 0
    quoted.fill((1, 1), D(40), D("99.5"))
    assert position(quoted) == 40
    assert (quoted.fill_model("AAPL"), quoted.fill_model("MSFT")) == ("scripted", "paper")
    quoted.set_fill_model("paper")
    assert position(quoted) == 100


def test_a_new_fill_model_is_that_of_all_instruments(quoted) -> None:
    quoted.set_fill_model("queue")
    assert (quoted.fill_model("AAPL"), quoted.fill_model("MSFT")) == ("queue", "queue")
    quoted.reset()
    assert quoted.fill_model("AAPL") == "paper"


@pytest.mark.parametrize(
    ("quantity", "price", "named"),
    [
        (D(0), D(90), "quantity must be a positive number"),
        (D("NaN"), D(90), "quantity must be a finite Decimal"),
        (1.5, D(90), "quantity must be a finite Decimal"),
        (D(101), D(90), "quantity 101 is more than the 100 left of order"),
        (D("0.0000001"), D(90), "must be a multiple of"),
        (D(1), D(0), "price must be a positive number"),
        (D(1), D("1E+20"), "price must be a finite Decimal"),
        (D(1), "x", "price must be a finite Decimal"),
    ],
)
def test_a_fill_that_cannot_be_is_refused_and_changes_nothing(
    client, quoted, quantity, price, named
) -> None:
    client.send(PlaceOrder(1, AAPL, LIMIT))
    before = quoted.journal()
    with pytest.raises(WorldError, match=named):
        quoted.fill((1, 1), quantity, price)
    assert quoted.journal() == before
    assert client.read() == []


def test_only_live_orders_are_filled_or_cancelled(client, quoted) -> None:
    held_back = replace(LIMIT, transmit=False)
    client.send(PlaceOrder(1, AAPL, MARKET), PlaceOrder(2, AAPL, held_back))
    for key, named in (((1, 1), "is Filled"), ((1, 2), "is not transmitted"), (4711, "no order")):
        with pytest.raises(WorldError, match=named):
            quoted.fill(key, D(1), D(90))
        with pytest.raises(WorldError, match=named):
            quoted.cancel_manual(key)
    with pytest.raises(WorldError, match="no order 9 of client 1; name one by perm_id or by"):
        quoted.order((1, 9))


# --- rejections ---


def test_the_next_order_is_rejected_for_a_reason(client, quoted) -> None:
    quoted.reject_next(201, "The exchange is closed.")
    replies = client.send(PlaceOrder(1, AAPL, MARKET))
    (error,) = of_kind(replies, ErrorMessage)
    assert (error.code, error.text) == (201, "Order rejected - reason:The exchange is closed.")
    assert of_kind(replies, OrderStatus)[-1].status == "Inactive"
    client.send(PlaceOrder(2, AAPL, MARKET))
    assert quoted.order((1, 2)).status is Status.FILLED


def test_another_code_is_told_alone_and_of_one_client_if_so_wanted(join, quoted) -> None:
    one, two = join(1), join(2)
    quoted.reject_next(110, client_id=2)
    one.send(PlaceOrder(1, AAPL, MARKET))
    (error,) = two.send(PlaceOrder(1, AAPL, MARKET))
    assert (error.code, "minimum price variation" in error.text) == (110, True)
    assert quoted.broker.order(2, 1) is None
    assert quoted.order((1, 1)).status is Status.FILLED


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"code": 0}, "code must be an error code"),
        ({"code": 201}, "reason must be given for code 201"),
        ({"code": 77}, "reason must be given for code 77"),
        ({"code": 201, "reason": "a\0b"}, "reason must be printable ASCII"),
        ({"code": 110, "client_id": -2}, "client_id must be 0 or more"),
    ],
)
def test_a_rejection_that_cannot_be_told_is_refused(client, quoted, arguments, named) -> None:
    with pytest.raises(WorldError, match=named):
        quoted.reject_next(**arguments)
    client.send(PlaceOrder(1, AAPL, MARKET))
    assert quoted.order((1, 1)).status is Status.FILLED


# --- corrections and busts ---


def exec_id(world: World) -> str:
    return world.broker.executions[-1].execution.exec_id


def test_a_correction_moves_the_books_and_is_told(client, quoted) -> None:
    client.send(PlaceOrder(1, AAPL, MARKET))
    first = exec_id(quoted)
    revised = quoted.correct(first, price=D(99))
    assert revised.execution.exec_id == f"{first[:-2]}02"
    (told,) = of_kind(client.read(), ExecutionData)
    assert told.execution.exec_id == revised.execution.exec_id
    assert (told.execution.shares, told.execution.price) == (100, 99)
    assert quoted.broker.ledgers[ACCOUNT].cash["USD"] == 1_000_000 - 9900 - revised.commission
    revised = quoted.correct(first, quantity=D(60))
    assert (revised.execution.price, position(quoted)) == (99, 60)
    assert quoted.order((1, 1)).status is Status.FILLED


def test_a_bust_undoes_an_execution_for_good(client, quoted) -> None:
    client.send(RequestAccountUpdates(True, ACCOUNT), PlaceOrder(1, AAPL, MARKET))
    busted = quoted.bust(exec_id(quoted))
    assert (busted.execution.shares, position(quoted)) == (0, 0)
    (shown,) = of_kind(client.read(), PortfolioValue)
    assert (shown.contract.symbol, shown.position) == ("AAPL", 0)
    for again in (quoted.bust, lambda id_: quoted.correct(id_, price=D(1))):
        with pytest.raises(WorldError, match="is busted already"):
            again(exec_id(quoted))


@pytest.mark.parametrize("left", [D(10), D(0), D(50)])
def test_what_is_taken_off_a_live_order_is_worked_again(client, quoted, left) -> None:
    client.send(PlaceOrder(1, AAPL, LIMIT))
    quoted.fill((1, 1), D(30), D(90))
    first = exec_id(quoted)
    _ = quoted.correct(first, quantity=left) if left else quoted.bust(first)
    assert quoted.order((1, 1)).remaining == 100 - left
    quote(quoted, "88.00", "88.02")
    assert quoted.order((1, 1)).status is Status.FILLED
    assert position(quoted) == 100


def test_the_leg_of_a_combination_is_corrected_and_the_order_stays_filled(client, quoted) -> None:
    quoted.set_quote("MSFT", bid=D(400), ask=D("400.10"), bid_size=D(5000), ask_size=D(5000))
    legs = (
        ComboLeg(con_id=265598, ratio=1, action="BUY", exchange="SMART"),
        ComboLeg(con_id=272093, ratio=1, action="SELL", exchange="SMART"),
    )
    pair = Contract(
        symbol="AAPL", sec_type="BAG", currency="USD", exchange="SMART", combo_legs=legs
    )
    client.send(PlaceOrder(1, pair, MARKET))
    whole, first, _ = quoted.broker.executions
    with pytest.raises(WorldError, match="whole combination; revise those of its legs"):
        quoted.bust(whole.execution.exec_id)
    quoted.correct(first.execution.exec_id, quantity=D(90))
    assert (position(quoted), quoted.order((1, 1)).filled) == (90, 100)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, "price or quantity must be given"),
        ({"price": D(-1)}, "price must be a positive number"),
        ({"quantity": D(0)}, "quantity must be a positive number"),
        ({"quantity": D(101)}, "more than was ordered; use 100 or less"),
        ({"quantity": D(100)}, "would fill order"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(client, quoted, arguments, named) -> None:
    client.send(PlaceOrder(1, AAPL, LIMIT))
    quoted.fill((1, 1), D(30), D(90))
    before = quoted.journal()
    with pytest.raises(WorldError, match=named):
        quoted.correct(exec_id(quoted), **arguments)
    with pytest.raises(WorldError, match="exec_id 'x' is of no execution"):
        quoted.bust("x")
    assert quoted.journal() == before


# --- cash ---


def test_cash_that_moves_is_told_and_is_in_the_books(client, quoted) -> None:
    client.send(RequestAccountUpdates(True, ACCOUNT))
    assert quoted.move_cash(ACCOUNT, "USD", D(-900_000)) == 100_000
    told = {
        (value.key, value.currency): value.value for value in of_kind(client.read(), AccountValue)
    }
    assert D(told["TotalCashBalance", "USD"]) == 100_000
    assert quoted.move_cash(ACCOUNT, "EUR", D("12.5")) == D("12.5")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("DU1", "USD", D(1)), "account 'DU1' is not of this login; use one of DU9000001"),
        ((ACCOUNT, "XYZ", D(1)), "currency 'XYZ' is not known; use one of"),
        ((ACCOUNT, "USD", D(0)), "amount must not be 0"),
        ((ACCOUNT, "USD", D("Infinity")), "amount must be a finite Decimal"),
    ],
)
def test_cash_that_cannot_move_is_refused(quoted, arguments, named) -> None:
    with pytest.raises(WorldError, match=named):
        quoted.move_cash(*arguments)
    assert quoted.broker.ledgers[ACCOUNT].cash == {"USD": 1_000_000}
    assert quoted.journal() == []


# --- by hand ---


def test_an_order_by_hand_is_shown_to_client_0_and_bound(join, quoted) -> None:
    zero, one = join(0), join(1)
    placed = quoted.place_manual("AAPL", LIMIT)
    assert (placed.client_id, placed.order_id, placed.status) == (0, 0, Status.SUBMITTED)
    assert of_kind(zero.read(), OpenOrder)
    assert one.read() == []
    zero.send(RequestAutoOpenOrders(True))
    assert quoted.order(placed.perm_id).order_id == -1
    assert quoted.cancel_manual(placed.perm_id).status is Status.CANCELLED


def test_whatever_is_live_can_be_cancelled_by_hand(client, quoted) -> None:
    """As a cancel by any client: the others of its group go with it."""
    grouped = replace(LIMIT, oca_group="either")
    client.send(PlaceOrder(1, AAPL, grouped), PlaceOrder(2, AAPL, grouped))
    assert quoted.cancel_manual((1, 1)).status is Status.CANCELLED
    assert quoted.order((1, 2)).status is Status.CANCELLED
    assert [error.code for error in of_kind(client.read(), ErrorMessage)] == [202, 202]
    assert of_kind(client.send(RequestOpenOrders()), OpenOrder) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"action": "HOLD"}, "refused: "),
        ({"limit_price": D("90.005")}, "refused: 110 The price does not conform"),
        ({"total_quantity": None}, "refused: "),
        ({"order_type": "NOPE"}, "refused: "),
        ({"what_if": True}, "no preview"),
        ({"transmit": False}, "is transmitted"),
    ],
)
def test_an_order_by_hand_is_refused_as_any_other(quoted, changes, named) -> None:
    order = replace(LIMIT, **changes)
    with pytest.raises(WorldError, match=named):
        quoted.place_manual("AAPL", order)
    with pytest.raises(WorldError, match="no instrument 'NOPE'"):
        quoted.place_manual("NOPE", LIMIT)
    assert quoted.journal() == []


# --- the journal ---


def test_the_journal_is_lines_that_count_up(client, quoted) -> None:
    client.send(PlaceOrder(1, AAPL, MARKET))
    lines = quoted.journal()
    assert [json.loads(line)["sequence"] for line in lines] == [*range(1, len(lines) + 1)]
    assert quoted.journal(after=2) == lines[2:]
    with pytest.raises(WorldError, match="after must be 0 or a sequence number"):
        quoted.journal(after=-1)


def test_what_a_test_did_is_there_again_after_a_restart(tmp_path, join) -> None:
    settings = WorldSettings(seed=7, clock="manual", state=tmp_path / "desk.db")
    before = World(settings)
    quote(before, "99.98", "100.02")
    join(1, world=before).send(PlaceOrder(1, AAPL, LIMIT))
    before.fill((1, 1), D(30), D(90))
    before.correct(exec_id(before), quantity=D(20))
    before.move_cash(ACCOUNT, "USD", D(-1000))
    before.close()
    after = World(settings)
    assert after.journal() == before.journal()
    assert after.broker.ledgers == before.broker.ledgers
    quote(after, "88.00", "88.02")
    assert position(after) == 100
    after.close()
