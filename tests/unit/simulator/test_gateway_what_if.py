"""What-if orders: one answer with figures that the order, once placed, makes true."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from simulator.messages.account import AccountValue, RequestAccountUpdates
from simulator.messages.connection import ErrorMessage
from simulator.messages.orders import CommissionReport, OpenOrder, PlaceOrder
from simulator.records import Contract, Order

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
BUY = Order(action="BUY", total_quantity=D(100), order_type="MKT", tif="DAY")
FIGURES = {"InitMarginReq", "MaintMarginReq", "EquityWithLoanValue"}
WHAT_IF = replace(BUY, what_if=True)


@pytest.fixture(autouse=True)
def quoted(world) -> None:
    world.set_quote("AAPL", bid=D("99.98"), ask=D("100.00"), ask_size=D(500), bid_size=D(500))


def ask(client, order=WHAT_IF, order_id=1):
    (reply,) = client.send(PlaceOrder(order_id, AAPL, order))
    return reply


def test_one_open_order_answers_and_nothing_is_placed(client, world) -> None:
    reply = ask(client)
    assert isinstance(reply, OpenOrder)
    assert (reply.order_id, reply.order.what_if, reply.state.status) == (1, True, "PreSubmitted")
    assert not world.broker.journal


def test_the_order_makes_the_figures_true(client) -> None:
    foretold = ask(client).state
    replies = client.send(PlaceOrder(1, AAPL, BUY))
    paid = next(r.commission for r in replies if isinstance(r, CommissionReport))
    assert foretold.commission == paid
    rows = client.send(RequestAccountUpdates(subscribe=True, account=""))
    values = {
        row.key: D(row.value)
        for row in rows
        if isinstance(row, AccountValue) and row.key in FIGURES
    }
    assert foretold.init_margin_after == values["InitMarginReq"] > 0
    assert foretold.maint_margin_after == values["MaintMarginReq"] > 0
    assert foretold.equity_with_loan_after == values["EquityWithLoanValue"]


def test_change_is_the_difference(client) -> None:
    client.send(PlaceOrder(1, AAPL, BUY))
    state = ask(client, replace(WHAT_IF, action="SELL"), order_id=2).state
    assert state.init_margin_after == 0
    assert state.init_margin_change == -state.init_margin_before < 0
    assert state.maint_margin_change == state.maint_margin_after - state.maint_margin_before
    assert (
        state.equity_with_loan_change
        == state.equity_with_loan_after - state.equity_with_loan_before
    )


def test_a_limit_is_taken_at_its_price(client) -> None:
    limit = replace(WHAT_IF, order_type="LMT", limit_price=D("90.00"))
    gained = ask(client, limit).state.equity_with_loan_change
    assert gained == 100 * (D("99.99") - D("90.00")) - D("1.00")


def test_a_change_of_a_live_order_is_previewed_without_changing_it(client, world) -> None:
    resting = replace(BUY, order_type="LMT", limit_price=D("90.00"))
    client.send(PlaceOrder(1, AAPL, resting))
    reply = ask(client, replace(resting, what_if=True, total_quantity=D(200)))
    assert reply.state.commission == D("1.0006")
    assert [order.quantity for order in world.broker.live_orders()] == [100]


@pytest.mark.parametrize(("changes", "code"), [({"transmit": False}, 413), ({"tif": "XXX"}, 10052)])
def test_what_cannot_be_placed_cannot_be_asked(client, changes, code) -> None:
    reply = ask(client, replace(WHAT_IF, **changes))
    assert isinstance(reply, ErrorMessage)
    assert reply.code == code
