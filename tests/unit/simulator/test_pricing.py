"""Option prices. Which bug turns these red: a sign, a unit or a discount in the formula."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.pricing import Option, implied_volatility, value

HULL = Option(is_call=True, strike=40, years=0.5, under_price=42, volatility=0.2, rate=0.1)
"""The worked example of Hull, Options, Futures and Other Derivatives: 4.76 and 0.81."""

options = st.builds(
    Option,
    is_call=st.booleans(),
    strike=st.floats(50, 200),
    years=st.floats(0.01, 3),
    under_price=st.floats(50, 200),
    volatility=st.floats(0.05, 2),
    rate=st.floats(0, 0.1),
)


def test_the_textbook_prices() -> None:
    assert value(HULL).price == pytest.approx(4.759422, abs=1e-6)
    assert value(replace(HULL, is_call=False)).price == pytest.approx(0.808599, abs=1e-6)


@given(options)
def test_a_put_and_a_call_differ_by_a_forward(option: Option) -> None:
    call, put = value(replace(option, is_call=True)), value(replace(option, is_call=False))
    forward = option.under_price - option.strike * math.exp(-option.rate * option.years)
    assert call.price - put.price == pytest.approx(forward, abs=1e-9)
    assert call.delta - put.delta == pytest.approx(1)


def slope(option: Option, name: str, step: float) -> float:
    at = getattr(option, name)
    above = value(replace(option, **{name: at + step}))
    below = value(replace(option, **{name: at - step}))
    return (above.price - below.price) / (2 * step)


@pytest.mark.parametrize("is_call", [True, False])
def test_the_greeks_are_the_slopes_of_the_price(is_call: bool) -> None:
    option = replace(HULL, is_call=is_call)
    greeks = value(option)
    assert greeks.delta == pytest.approx(slope(option, "under_price", 1e-4), rel=1e-5)
    assert greeks.vega == pytest.approx(slope(option, "volatility", 1e-4) / 100, rel=1e-5)
    assert greeks.theta == pytest.approx(-slope(option, "years", 1e-4) / 365, rel=1e-5)
    above, below = (value(replace(option, under_price=42 + step)) for step in (1e-3, -1e-3))
    assert greeks.gamma == pytest.approx((above.delta - below.delta) / 2e-3, rel=1e-5)


@given(options)
def test_the_price_at_the_implied_volatility_is_the_price(option: Option) -> None:
    price = value(option).price
    volatility = implied_volatility(option, price)
    if volatility is not None:  # deep out of the money no volatility can be told from another
        assert value(replace(option, volatility=volatility)).price == pytest.approx(price, abs=1e-7)
    else:
        assert value(option).vega < 1e-3


def test_the_implied_volatility_of_the_textbook_price() -> None:
    assert implied_volatility(HULL, 4.759422392871535) == pytest.approx(0.2, abs=1e-8)


@pytest.mark.parametrize("price", [0, 2, 42, 1000])
def test_a_price_that_no_volatility_gives(price: float) -> None:
    assert implied_volatility(HULL, price) is None


def test_at_its_end_an_option_is_worth_its_exercise() -> None:
    ended = replace(HULL, years=0)
    assert value(ended).price == 2
    assert value(ended).delta == 1
    assert value(replace(ended, is_call=False)).price == 0
    assert implied_volatility(ended, 2) is None
