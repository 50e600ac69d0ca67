"""Models refuse what cannot be sent, name the field, and keep every digit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibkr.errors import InvalidContract, InvalidOrder
from ibkr.models import Action, Contract, Order, OrderStatus, OrderType, SecType, TimeInForce


@pytest.mark.parametrize("quantity", [1, "1", Decimal(1), 1.0])
def test_quantities_may_be_written_in_several_ways(quantity):
    assert Order.market("BUY", quantity).quantity == Decimal(1)


def test_float_prices_keep_the_digits_one_sees():
    assert Order.limit("SELL", 1, 0.1).limit_price == Decimal("0.1")


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("quantity", {"quantity": 0}),
        ("quantity", {"quantity": -1}),
        ("quantity", {"quantity": float("nan")}),
        ("quantity", {"quantity": float("inf")}),
        ("quantity", {"quantity": "many"}),
        ("quantity", {"quantity": True}),
        ("quantity", {"quantity": None}),
        ("action", {"action": "buy"}),
        ("action", {"action": None}),
        ("order_type", {"order_type": "REL"}),
        ("tif", {"tif": "GTD"}),
        ("limit_price", {"order_type": "LMT"}),
        ("limit_price", {"limit_price": 1}),
        ("limit_price", {"order_type": "LMT", "limit_price": "NaN"}),
        ("stop_price", {"stop_price": 1}),
        ("stop_price", {"order_type": "STP"}),
        ("stop_price", {"order_type": "STP", "stop_price": "Infinity"}),
        ("limit_price", {"order_type": "STP LMT", "stop_price": 1}),
        ("limit_price", {"order_type": "STP", "stop_price": 1, "limit_price": 1}),
        ("stop_price", {"order_type": "TRAIL", "trail_amount": 1, "stop_price": 1}),
        ("trail_amount", {"order_type": "TRAIL"}),
        ("trail_amount", {"order_type": "TRAIL", "trail_amount": 0}),
        ("parent_id", {"parent_id": 0}),
        ("oca_group", {"oca_group": "a\0b"}),
        ("order_ref", {"order_ref": "a\0b"}),
        ("account", {"account": "DÜ1"}),
    ],
)
def test_bad_order_names_the_field_and_the_value(field, arguments):
    good = {"action": "BUY", "quantity": 1, "order_type": "MKT"}
    with pytest.raises(InvalidOrder, match=f"order field {field} ") as caught:
        Order(**good | arguments)
    assert caught.value.field == field
    assert caught.value.value is arguments.get(field)


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("symbol", {}),
        ("symbol", {"symbol": "A\0B"}),
        ("symbol", {"symbol": None}),
        ("sec_type", {"symbol": "A", "sec_type": "SHARE"}),
        ("con_id", {"con_id": -1}),
        ("right", {"symbol": "A", "right": "X"}),
        ("strike", {"symbol": "A", "strike": 0}),
        ("strike", {"symbol": "A", "strike": "x"}),
    ],
)
def test_bad_contract_names_the_field(field, arguments):
    with pytest.raises(InvalidContract) as caught:
        Contract(**arguments)
    assert caught.value.field == field


def test_constructors():
    assert Contract.stock("AAPL") == Contract(symbol="AAPL", exchange="SMART", currency="USD")
    pair = Contract.forex("EURUSD")
    assert (pair.symbol, pair.currency, pair.sec_type) == ("EUR", "USD", SecType.FOREX)
    for bad in ("EUR", "EUR.US", None):
        with pytest.raises(InvalidContract):
            Contract.forex(bad)


def test_a_stop_has_a_limit_if_one_is_given():
    stop, limited = Order.stop("SELL", 1, "9.5"), Order.stop("SELL", 1, 9.5, limit_price=9)
    assert (stop.order_type, stop.stop_price, stop.limit_price) == ("STP", Decimal("9.5"), None)
    assert (limited.order_type, limited.limit_price) == ("STP LMT", 9)
    trailing = Order.trailing("SELL", 1, 2, tif="GTC")
    assert (trailing.trail_amount, trailing.tif) == (2, TimeInForce.GTC)
    waiting = {kind for kind in OrderType if kind.has_trigger}
    assert waiting == {stop.order_type, limited.order_type, trailing.order_type}


def test_parsed_members_are_the_enums():
    order = Order.limit("SELL", 1, 1, tif="GTC")
    assert order.action is Action.SELL
    assert order.tif is TimeInForce.GTC


def test_only_three_statuses_are_done():
    done = {status for status in OrderStatus if status.is_done}
    assert done == {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.API_CANCELLED}


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_an_order_that_exists_has_a_positive_finite_quantity(quantity):
    try:
        order = Order.market("BUY", quantity)
    except InvalidOrder:
        assert not (quantity.is_finite() and quantity > 0)
    else:
        assert order.quantity == quantity
