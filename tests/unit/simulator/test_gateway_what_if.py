"""What-if orders: one answer with figures that the order, once placed, makes true."""

from dataclasses import replace
from decimal import Decimal as D

import pytest

from simulator.broker import expected_price
from simulator.commissions import Plan
from simulator.gateway.what_if import effect
from simulator.ledger import Terms
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


@pytest.mark.parametrize(
    ("contract", "action", "quantity"),
    [
        (AAPL, "SELL", 100),
        (Contract(symbol="AMD", sec_type="STK", exchange="SMART", currency="EUR"), "BUY", 10),
        (Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD"), "BUY", 9000),
        (Contract(symbol="ES", sec_type="FUT", exchange="CME", currency="USD"), "SELL", 2),
        (Contract(symbol="AAPL", sec_type="OPT", exchange="SMART", currency="USD"), "SELL", 3),
    ],
)
def test_what_is_foretold_is_what_the_account_then_shows(
    client, world, contract, action, quantity
) -> None:
    instrument = world.broker.database.find(contract)[0]
    order = replace(WHAT_IF, action=action, total_quantity=D(quantity), account="DU9000001")
    hub, accounts = world.gateway.hub, world.gateway.accounts
    foretold = effect(hub, accounts, instrument, order, D(quantity))
    world.broker.ledgers["DU9000001"].apply(
        instrument,
        D(quantity) if action == "BUY" else -D(quantity),
        expected_price(order, world.market.quote(instrument, world.clock.now_ms())),
        foretold.commission,
    )
    rows = client.send(RequestAccountUpdates(subscribe=True, account=""))
    values = {r.key: D(r.value) for r in rows if isinstance(r, AccountValue) and r.key in FIGURES}
    assert foretold.init_margin_after == values["InitMarginReq"] > 0
    assert foretold.maint_margin_after == values["MaintMarginReq"] > 0
    assert foretold.equity_with_loan_after == values["EquityWithLoanValue"]
    assert foretold.commission_currency == instrument.currency


def test_a_tiered_plan_tells_the_least_and_the_most_commission(world) -> None:
    world.broker.ledgers["DU9000001"].terms = Terms(plan=Plan.TIERED)
    instrument = world.broker.database.by_name("AAPL")
    order = replace(WHAT_IF, account="DU9000001")
    state = effect(world.gateway.hub, world.gateway.accounts, instrument, order, D(100))
    assert state.commission is None
    assert state.max_commission - state.min_commission == D("0.3")


@pytest.mark.parametrize(
    ("changes", "price"),
    [
        ({}, "100.00"),
        ({"action": "SELL"}, "99.98"),
        ({"order_type": "LMT", "limit_price": D(90)}, "90"),
        ({"order_type": "LMT", "limit_price": D(110)}, "100.00"),
        ({"action": "SELL", "order_type": "LMT", "limit_price": D(110)}, "110"),
        ({"action": "SELL", "order_type": "LMT", "limit_price": D(90)}, "99.98"),
        ({"order_type": "STP", "aux_price": D(110)}, "110"),
        ({"order_type": "STP LMT", "aux_price": D(110), "limit_price": D(111)}, "111"),
    ],
)
def test_an_order_is_expected_at_the_price_it_would_meet_or_waits_for(
    world, changes, price
) -> None:
    assert expected_price(replace(BUY, **changes), world.quote("AAPL")) == D(price)


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
