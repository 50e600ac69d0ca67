"""Translation: sentinels become None, digits survive, and the library's kinds become ours."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibkr import translate
from ibkr.errors import InvalidContract, InvalidOrder
from ibkr.library import load, module
from ibkr.models import Contract, Order, OrderStatus, SecType

UNSET = translate.UNSET_DOUBLE
LIBRARY = load()
real = module()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, UNSET])
def test_no_number_is_none(value):
    assert translate.number(value) is None


@pytest.mark.parametrize(
    ("value", "text"), [(190.05, "190.05"), (100.0, "100"), (0.1, "0.1"), (-2.5, "-2.5")]
)
def test_numbers_keep_their_digits(value, text):
    assert str(translate.number(value)) == text


def test_price_ticks_of_minus_one_and_zero_are_no_price_but_size_zero_is_a_size():
    assert [translate.tick_price(value) for value in (-1.0, 0.0, math.nan)] == [None] * 3
    assert translate.tick_price(-0.5) == Decimal("-0.5")
    assert (translate.tick_size(0.0), translate.tick_size(-1.0)) == (0, None)


CONTRACTS = [
    Contract.stock("AAPL"),
    Contract.forex("EURUSD"),
    Contract(
        symbol="SPY",
        sec_type=SecType.OPTION,
        last_trade_date="20260116",
        strike=Decimal("500.5"),
        right="C",
        multiplier="100",
        con_id=7,
        primary_exchange="CBOE",
        local_symbol="SPY 260116C",
        trading_class="SPY",
    ),
]


@pytest.mark.parametrize("contract", CONTRACTS, ids=str)
def test_contracts_survive_the_round_trip(contract):
    assert translate.contract_from(translate.ib_contract(contract, LIBRARY)) == contract


def test_found_contract_keeps_smart_and_loses_the_time_of_its_expiry():
    found = real.Contract(
        secType="FUT",
        symbol="ES",
        exchange="CME",
        currency="USD",
        lastTradeDateOrContractMonth="20260320 08:30:00 US/Central",
        right="?",
    )
    contract = translate.contract_from(found, exchange="SMART")
    assert (contract.exchange, contract.last_trade_date) == ("SMART", "20260320")
    assert (contract.right, contract.strike) == ("", None)
    with pytest.raises(InvalidContract):
        translate.contract_from(real.Contract(secType="???", symbol="X"))


@given(
    st.decimals(min_value="0.0001", max_value="9999999", places=4),
    st.decimals(min_value="-9999", max_value="99999999", places=4),
)
def test_orders_survive_the_round_trip(quantity, limit):
    order = Order.limit("SELL", quantity, limit, tif="GTC", account="DU1")
    assert translate.order_from(translate.ib_order(order, 5, 1, LIBRARY)) == order


@pytest.mark.parametrize(
    ("order", "prices"),
    [
        (Order.stop("SELL", 1, "95.5"), (UNSET, 95.5)),
        (Order.stop("SELL", 1, "95.5", limit_price="95.25"), (95.25, 95.5)),
        (Order.trailing("BUY", 1, 2), (UNSET, 2.0)),
    ],
    ids=["stop", "stop limit", "trailing"],
)
def test_stops_survive_the_round_trip(order, prices):
    attached = replace(order, parent_id=4, oca_group="exits")
    made = translate.ib_order(attached, 5, 1, LIBRARY)
    assert (made.lmtPrice, made.auxPrice) == prices
    assert (made.parentId, made.ocaGroup) == (4, "exits")
    assert translate.order_from(made) == attached


def test_market_order_carries_no_price():
    made = translate.ib_order(Order.market("BUY", 3), 5, 2, LIBRARY)
    assert (made.lmtPrice, made.totalQuantity, made.orderId, made.clientId) == (UNSET, 3.0, 5, 2)


def test_more_digits_than_the_wire_carries_are_refused():
    with pytest.raises(InvalidOrder, match="15 digits"):
        translate.ib_order(Order.market("BUY", "1.00000000000000000001"), 1, 1, LIBRARY)


def test_orders_of_other_kinds_are_none():
    assert translate.order_from(real.Order(action="BUY", orderType="REL")) is None
    assert translate.order_from(real.Order(action="BUY", orderType="TRAIL")) is None
    assert translate.order_from(real.Order(action="SSHORT", orderType="MKT")) is None


def test_status_message():
    report = translate.status_report((3, "Submitted", 4.0, 6.0, 0.0, 0, 0, 0.0, 1, "locate", 0.0))
    assert (report.order_id, report.client_id, report.filled) == (3, 1, 4)
    assert (report.perm_id, report.average_fill_price, report.why_held) == (None, None, "locate")
    assert translate.status_report((3, "Novel", 0.0, 0.0, 0.0, 0, 0, 0.0, 1, "")) is None


def test_open_order_leaves_done_words_to_the_status_and_completed_order_does_not():
    order = real.LimitOrder("BUY", 2, 9.5, orderId=3, clientId=1, permId=8, tif="DAY")
    what = translate.ib_contract(Contract.stock("AAPL"), LIBRARY)
    for word, status in (("Filled", None), ("Submitted", OrderStatus.SUBMITTED)):
        report = translate.open_order_report(3, what, order, SimpleNamespace(status=word))
        assert (report.status, report.perm_id) == (status, 8)
    order.totalQuantity, order.filledQuantity, order.orderRef = 0.0, 2.0, "mine"
    report = translate.completed_order_report(order, SimpleNamespace(status="Filled"))
    assert (report.status, report.filled, report.perm_id) == (OrderStatus.FILLED, 2, 8)
    assert report.order_ref == "mine"


def execution(**changes):
    values = {
        "execId": "e.1.01",
        "time": datetime(2024, 1, 2, tzinfo=UTC),
        "side": "SLD",
        "shares": 2.0,
        "price": 9.5,
        "orderId": 3,
        "clientId": 1,
        "permId": 8,
    }
    return real.Execution(**values | changes)


def test_execution_message():
    what = translate.ib_contract(Contract.stock("AAPL"), LIBRARY)
    fill = translate.fill_from(what, execution())
    assert (fill.action, fill.quantity, fill.price) == ("SELL", 2, Decimal("9.5"))
    manual = translate.fill_from(what, execution(orderId=translate.UNSET_INTEGER))
    assert manual.order_id == 0
    assert translate.fill_from(what, execution(shares=0.0)).quantity == 0  # a bust
    for broken in ({"shares": -1.0}, {"price": math.nan}, {"side": "?"}):
        with pytest.raises(ValueError, match=r"e\.1\.01"):
            translate.fill_from(what, execution(**broken))


def test_commission_message():
    report = real.CommissionReport("e.1.01", 1.25, "USD", UNSET)
    ours = translate.commission_from(report)
    assert (ours.commission, ours.realized_pnl) == (Decimal("1.25"), None)
    assert translate.commission_from(real.CommissionReport("e", UNSET, "USD")) is None
