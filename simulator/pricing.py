"""What an option is worth: Black-Scholes-Merton, and the volatility a price implies.

European options on an underlying without dividends, at a continuously compounded rate.
Pure arithmetic in floats: knows neither contracts nor the time it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

DAYS_PER_YEAR = 365
MIN_VOLATILITY = 1e-4
MAX_VOLATILITY = 10.0
"""The volatilities searched: 0.01 % to 1000 % a year."""

_PRECISION = 1e-10
_FIRST_GUESS = 0.3
_FLAT = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """`years` to expiry, `rate` and `volatility` per year; `is_call` or a put."""

    is_call: bool
    strike: float
    years: float
    under_price: float
    volatility: float
    rate: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    """`vega` is for one percentage point of volatility, `theta` for one day, as TWS has them."""

    price: float
    delta: float
    gamma: float
    vega: float
    theta: float


def value(option: Option) -> Valued:
    """The price of an option and its Greeks. An option with no time left is worth its exercise."""
    sign = 1 if option.is_call else -1
    if option.years <= 0 or option.volatility <= 0:
        return _at_expiry(option, sign)
    deviation = option.volatility * math.sqrt(option.years)
    d1 = (
        math.log(option.under_price / option.strike)
        + (option.rate + option.volatility**2 / 2) * option.years
    ) / deviation
    d2 = d1 - deviation
    discounted = option.strike * math.exp(-option.rate * option.years)
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    decay = option.under_price * density * option.volatility / (2 * math.sqrt(option.years))
    carry = sign * option.rate * discounted * _normal(sign * d2)
    return Valued(
        price=sign * (option.under_price * _normal(sign * d1) - discounted * _normal(sign * d2)),
        delta=sign * _normal(sign * d1),
        gamma=density / (option.under_price * deviation),
        vega=option.under_price * density * math.sqrt(option.years) / 100,
        theta=-(decay + carry) / DAYS_PER_YEAR,
    )


def implied_volatility(option: Option, price: float) -> float | None:
    """The volatility at which the option costs that; None if there is none.

    The search begins at the option's own volatility, if it has one. The price rises with
    the volatility, so that an interval always holds the answer: where Newton's step leaves
    it, the interval is halved.
    """
    low, high = MIN_VOLATILITY, MAX_VOLATILITY
    if option.years <= 0 or not _price(option, low) < price < _price(option, high):
        return None
    guess = option.volatility if low < option.volatility < high else _FIRST_GUESS
    while True:
        valued = value(replace(option, volatility=guess))
        if valued.price < price:
            low = guess
        else:
            high = guess
        slope = valued.vega * 100
        better = guess + (price - valued.price) / slope if slope > _FLAT else low
        if not low < better < high:
            better = (low + high) / 2
        if abs(better - guess) < _PRECISION or high - low < _PRECISION:
            return better
        guess = better


def _price(option: Option, volatility: float) -> float:
    return value(replace(option, volatility=volatility)).price


def _at_expiry(option: Option, sign: int) -> Valued:
    discounted = option.strike * math.exp(-option.rate * max(option.years, 0.0))
    intrinsic = sign * (option.under_price - discounted)
    delta = float(sign) if intrinsic > 0 else 0.0
    return Valued(price=max(intrinsic, 0.0), delta=delta, gamma=0.0, vega=0.0, theta=0.0)


def _normal(x: float) -> float:
    """The cumulative normal distribution."""
    return math.erfc(-x / math.sqrt(2)) / 2
