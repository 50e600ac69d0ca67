"""Option calculations. Which bug turns these red: a field of the request not used, a wait for ever."""

from decimal import Decimal as D

import pytest

from simulator.messages.options import (
    CalculateImpliedVolatility,
    CalculateOptionPrice,
    CancelCalculateImpliedVolatility,
    CancelCalculateOptionPrice,
    TickOptionComputation,
)
from simulator.records import Contract

CALL = Contract(
    symbol="AAPL",
    sec_type="OPT",
    last_trade_date="20260616",
    strike=D(200),
    right="C",
    exchange="SMART",
    currency="USD",
)


def with_(**fields) -> Contract:
    return Contract(**{name: getattr(CALL, name) for name in CALL.__slots__} | fields)


def test_a_price_and_its_volatility_lead_to_each_other(client) -> None:
    (priced,) = client.send(CalculateOptionPrice(7, CALL, D("0.3"), D(190)))
    assert isinstance(priced, TickOptionComputation)
    assert (priced.req_id, priced.tick_type, priced.under_price) == (7, 53, D(190))
    (implied,) = client.send(CalculateImpliedVolatility(8, CALL, priced.option_price, D(190)))
    assert implied.implied_volatility == pytest.approx(D("0.3"), abs=D("1e-7"))
    assert implied.delta == pytest.approx(priced.delta, abs=D("1e-7"))
    assert 0 < implied.delta < 1
    assert implied.theta < 0


@pytest.mark.parametrize(
    ("contract", "is_dearer"),
    [
        (with_(strike=D(180)), True),
        (with_(right="PUT"), True),
        (with_(last_trade_date="20260717"), True),
        (with_(last_trade_date="202606"), True),  # the 19th, three days later
        (with_(last_trade_date="20250717"), False),
    ],
)
def test_the_price_is_that_of_the_contract(client, contract, is_dearer) -> None:
    (one,) = client.send(CalculateOptionPrice(7, CALL, D("0.3"), D(190)))
    (other,) = client.send(CalculateOptionPrice(8, contract, D("0.3"), D(190)))
    assert (other.option_price > one.option_price) is is_dearer


def test_a_price_that_no_volatility_gives_is_answered_with_the_marks_of_nothing(client) -> None:
    (reply,) = client.send(CalculateImpliedVolatility(8, CALL, D(1), D(250)))
    assert reply == TickOptionComputation(
        req_id=8, tick_type=53, option_price=D(1), under_price=D(250)
    )
    (reply,) = client.send(CalculateOptionPrice(8, CALL, D(-1), D(250)))
    assert (reply.implied_volatility, reply.option_price) == (-1, -1)


@pytest.mark.parametrize(
    ("contract", "code", "named"),
    [
        (with_(sec_type="STK"), 321, "STK"),
        (with_(right="X"), 321, "right 'X'"),
        (with_(strike=D(0)), 321, "strike"),
        (with_(last_trade_date="soon"), 321, "soon"),
        (Contract(con_id=999, exchange="SMART"), 200, "security definition"),
        (Contract(con_id=265598, exchange="SMART"), 321, "STK"),
    ],
)
def test_what_is_no_option_is_refused_by_name(client, contract, code, named) -> None:
    (error,) = client.send(CalculateOptionPrice(7, contract, D("0.3"), D(190)))
    assert (error.id, error.code) == (7, code)
    assert named in error.text


def test_an_underlying_without_a_price_is_refused(client) -> None:
    (error,) = client.send(CalculateImpliedVolatility(7, CALL, D(3), D(0)))
    assert "underlying price" in error.text


def test_a_cancel_is_silent(client) -> None:
    assert client.send(CancelCalculateOptionPrice(7), CancelCalculateImpliedVolatility(8)) == []
