"""What one instrument is worth when another has a price: futures, options, warrants.

A model tells a bid, in ticks, from the middle of the underlying's quote. For a given time
to expiry it never turns: a dearer underlying makes a call dearer or leaves it as it is, and
so the extremes of a stretch of time map to extremes. That is why time to expiry passes in
jumps, of a day or of an hour, and each model says until when its present one lasts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from simulator import pricing
from simulator.instruments import Instrument
from simulator.market.path import STEP_MS

OPTION_TYPES = frozenset({"OPT", "FOP", "WAR"})

CLOSE = timedelta(hours=21)
"""When an option ceases to live on its last day: 16:00 in New York in winter, in UTC."""

RATE = 0.0
"""No interest: the simulator's cash earns none either."""

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_YEAR_MS = pricing.DAYS_PER_YEAR * _DAY_MS
_LAST_DAYS_MS = 2 * _DAY_MS
_NEVER = 1 << 62

SKEW, CURVATURE = -0.03, 0.06
"""Of the smile: relative to the underlying's volatility, by deviations from its usual price."""

_MAX_DEVIATIONS = 3.0
_SHORTEST_SMILE = 1.0
_MONTH_YEARS = 30 / pricing.DAYS_PER_YEAR
_NOISE = 1e-6  # of a tick: less is an error of floats


def expiry_ms(day: str) -> int:
    """When an option of that last day (`20250620`) ceases to live."""
    return round((_midnight(day) + CLOSE).timestamp() * 1000)


def years_left(end_ms: int, now_ms: int) -> float:
    """Years an option has to live: counted in whole days, and in hours of the last two."""
    return max(0, end_ms - _since(end_ms, now_ms)) / _YEAR_MS if now_ms < end_ms else 0.0


def _since(end_ms: int, now_ms: int) -> int:
    """Since when the present time to expiry is counted."""
    return now_ms - now_ms % _jump(end_ms, now_ms)


def _jump(end_ms: int, now_ms: int) -> int:
    day = now_ms - now_ms % _DAY_MS
    return _DAY_MS if end_ms - day > _LAST_DAYS_MS else _HOUR_MS


def _midnight(day: str) -> datetime:
    return datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)


def smile(underlying: Instrument, strike: float, years: float) -> float:
    """The volatility of options: the dearer, the further from the underlying's usual price."""
    path = underlying.path
    deviation = path.volatility * math.sqrt(max(years, _SHORTEST_SMILE))
    moneyness = math.log(strike / float(path.anchor)) / deviation
    away = max(-_MAX_DEVIATIONS, min(_MAX_DEVIATIONS, moneyness))
    return path.volatility * (1 + SKEW * away + CURVATURE * away * away)


def at_the_money(underlying: Instrument, price: float) -> float:
    """The volatility of an option with 30 days to go, struck at the price of the underlying."""
    return smile(underlying, price, _MONTH_YEARS)


class Model(Protocol):
    """How an instrument follows its underlying. Nothing happens any more from step `end` on."""

    rises: bool
    end: int

    def since(self, step: int) -> int:
        """The first step of the same time to expiry."""

    def until(self, step: int) -> int:
        """The first step of the next time to expiry."""

    def value(self, middle: float, step: int) -> float:
        """What it is worth, in ticks."""

    def bid(self, middle: float, step: int) -> int:
        """What is bid for it, in ticks; nobody bids 0."""


class FutureModel:
    """A future costs its underlying and the carry of the days to its expiry."""

    rises = True
    end = _NEVER

    def __init__(self, instrument: Instrument) -> None:
        self._expiry_ms = round(_midnight(instrument.expiry).timestamp() * 1000)
        self._carry = instrument.path.carry
        self._tick = float(instrument.min_tick)
        self._half_spread = float(instrument.path.spread / instrument.min_tick) / 2
        self._factor: Callable[[int], float] = lru_cache(maxsize=64)(self._factor_of)

    def since(self, step: int) -> int:
        return step - step % (_DAY_MS // STEP_MS)

    def until(self, step: int) -> int:
        return self.since(step) + _DAY_MS // STEP_MS

    def value(self, middle: float, step: int) -> float:
        return middle * self._factor(self.since(step)) / self._tick

    def bid(self, middle: float, step: int) -> int:
        return max(1, math.floor(self.value(middle, step) - self._half_spread + _NOISE))

    def _factor_of(self, step: int) -> float:
        left = max(0, self._expiry_ms - step * STEP_MS)
        return math.exp(self._carry * left / _YEAR_MS)


class OptionModel:
    """Black-Scholes at a volatility that is the same for the call and the put of a strike.

    A warrant costs its multiplier's share of the option; other prices are for one unit.
    """

    def __init__(self, instrument: Instrument, underlying: Instrument) -> None:
        self.rises = instrument.right == "C"
        self.end_ms = expiry_ms(instrument.expiry)
        self.end = self.end_ms // STEP_MS
        self.ratio = float(instrument.multiplier) if instrument.sec_type == "WAR" else 1.0
        self._strike = float(instrument.strike)
        self._underlying = underlying
        self._tick = float(instrument.min_tick)
        self._half_spread = int(instrument.path.spread / instrument.min_tick) // 2
        self._at: Callable[[int], pricing.Option] = lru_cache(maxsize=64)(self._terms)

    def since(self, step: int) -> int:
        return _since(self.end_ms, step * STEP_MS) // STEP_MS

    def until(self, step: int) -> int:
        return min(self.since(step) + _jump(self.end_ms, step * STEP_MS) // STEP_MS, self.end)

    def option(self, middle: float, step: int) -> pricing.Option:
        """The option with its volatility and time left, when the underlying costs this."""
        return replace(self._at(self.since(step)), under_price=middle)

    def value(self, middle: float, step: int) -> float:
        return self._in_ticks(pricing.value(self.option(middle, step)).price)

    def bid(self, middle: float, step: int) -> int:
        """Below the model's price, but never below what exercise brings."""
        intrinsic = middle - self._strike if self.rises else self._strike - middle
        parity = self._in_ticks(max(0.0, intrinsic))
        if step >= self.end:
            return round(parity)
        below = math.floor(self.value(middle, step) + _NOISE) - self._half_spread
        return max(below, math.ceil(parity - _NOISE))

    def _in_ticks(self, price: float) -> float:
        return price * self.ratio / self._tick

    def _terms(self, since: int) -> pricing.Option:
        years = years_left(self.end_ms, since * STEP_MS)
        return pricing.Option(
            is_call=self.rises,
            strike=self._strike,
            years=years,
            under_price=1.0,
            volatility=smile(self._underlying, self._strike, years),
            rate=RATE,
        )
