"""Prices: one seeded path per instrument, and the quotes shown from it or set by hand.

A path is a function of time, not a history: any moment of any day can be asked for in
any order, nothing is stored, and the same seed gives the same prices. Pure: knows the
time it is asked for, never the time it is.

The path is a Brownian bridge built by midpoint displacement between nodes that keep near
the instrument's anchor price, so that AAPL costs what AAPL costs on whatever date. It
moves all day and all night: by default the market is always open.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from functools import lru_cache
from hashlib import blake2b

from simulator.instruments import Instrument

STEP_MS = 250
"""How often a quote changes: the vendor's update interval for US stocks."""

NODE_STEPS = 1 << 26
"""Steps between two nodes of a path, some 194 days."""

_STEPS_PER_YEAR = 365 * 86_400_000 // STEP_MS
_STEPS_PER_DAY = 86_400_000 // STEP_MS
_STEPS_PER_MINUTE = 60_000 // STEP_MS
_LOT = 100
_MASK = (1 << 64) - 1


def _mix(key: int, index: int) -> int:
    """64 well-mixed bits of a key and an index (the finaliser of splitmix64)."""
    z = (key + index * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def _deviate(bits: int) -> float:
    """A number of mean 0 and deviation 1, from the sum of four 16-bit uniforms."""
    total = sum((bits >> shift) & 0xFFFF for shift in (0, 16, 32, 48))
    return (total / 65535 - 2) * math.sqrt(3)


class PricePath:
    """The mid price of one instrument at every step."""

    def __init__(self, instrument: Instrument, seed: int) -> None:
        digest = blake2b(f"{seed}/{instrument.con_id}".encode(), digest_size=8).digest()
        self._key = int.from_bytes(digest, "big")
        self._anchor = float(instrument.path.anchor)
        self._deviation = instrument.path.volatility / math.sqrt(_STEPS_PER_YEAR)
        self._offset: Callable[[int], float] = lru_cache(maxsize=8192)(self._displace)

    def price(self, step: int) -> float:
        return self._anchor * math.exp(self._offset(step))

    def bits(self, step: int) -> int:
        """64 random bits of a step, for whatever else changes from step to step."""
        return _mix(self._key ^ 0xA5A5, step)

    def _displace(self, step: int) -> float:
        half = NODE_STEPS if step % NODE_STEPS == 0 else step & -step
        own = _deviate(_mix(self._key, step)) * self._deviation
        if half == NODE_STEPS:
            return own * math.sqrt(NODE_STEPS) / 2
        middle = (self._offset(step - half) + self._offset(step + half)) / 2
        return middle + own * math.sqrt(2 * half) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What the market shows of one instrument. A price of None: nobody quotes that side."""

    time_ms: int
    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal
    ask_size: Decimal
    last: Decimal
    last_size: Decimal
    last_time_ms: int
    volume: Decimal
    high: Decimal
    low: Decimal
    open: Decimal
    close: Decimal

    @property
    def mark(self) -> Decimal:
        """The price a position is valued at: the middle of the quote, else the last trade."""
        if self.bid is None or self.ask is None:
            return self.last
        return (self.bid + self.ask) / 2


class QuotedPath:
    """The quotes of one instrument, derived from its path."""

    def __init__(self, instrument: Instrument, seed: int) -> None:
        self._path = PricePath(instrument, seed)
        self._instrument = instrument
        self._extremes: dict[int, tuple[int, Decimal, Decimal]] = {}
        self.at: Callable[[int], Quote] = lru_cache(maxsize=4)(self._quote)

    def _quote(self, step: int) -> Quote:
        bid = self._bid(step)
        bits = self._path.bits(step >> 1)
        size = self._instrument.path.size
        day = step - step % _STEPS_PER_DAY
        traded = self._last_trade(step)
        last = self._trade_price(traded)
        high, low = self._range(day, step)
        return Quote(
            time_ms=step * STEP_MS,
            bid=bid,
            ask=bid + self._instrument.path.spread,
            bid_size=size * (1 + bits % 8) / 4,
            ask_size=size * (1 + (bits >> 8) % 8) / 4,
            last=last,
            last_size=Decimal(_LOT * (1 + (bits >> 16) % 5)),
            last_time_ms=traded * STEP_MS,
            volume=Decimal((step - day) // 3 * 2 * _LOT),
            high=max(high, last),
            low=min(low, last),
            open=self._trade_price(day),
            close=self._trade_price(day - 1),
        )

    def _bid(self, step: int) -> Decimal:
        tick = self._instrument.min_tick
        lower = Decimal(self._path.price(step)) - self._instrument.path.spread / 2
        return (lower / tick).to_integral_value(ROUND_FLOOR) * tick

    def _trade_price(self, step: int) -> Decimal:
        at_ask = self._path.bits(step) & 1
        return self._bid(step) + (self._instrument.path.spread if at_ask else 0)

    def _last_trade(self, step: int) -> int:
        """The step of the latest trade; two of three steps see none."""
        while self._path.bits(step) % 3:
            step -= 1
        return step

    def _range(self, day: int, step: int) -> tuple[Decimal, Decimal]:
        """Highest and lowest price since the day began, seen once a minute."""
        if day not in self._extremes or self._extremes[day][0] > step:
            first = self._trade_price(day)
            self._extremes = {day: (day, first, first)}
        seen, high, low = self._extremes[day]
        while seen + _STEPS_PER_MINUTE <= step:
            seen += _STEPS_PER_MINUTE
            price = self._trade_price(seen)
            high, low = max(high, price), min(low, price)
        self._extremes[day] = (seen, high, low)
        return high, low


class Market:
    """The quotes of all instruments at one seed, with those that were set by hand."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._paths: dict[int, QuotedPath] = {}
        self._set: dict[int, Quote] = {}

    def quote(self, instrument: Instrument, now_ms: int) -> Quote:
        """What is displayed at a moment."""
        return self._set.get(instrument.con_id) or self._from_path(instrument, now_ms)

    def set_quote(
        self,
        instrument: Instrument,
        now_ms: int,
        *,
        bid: Decimal | None,
        ask: Decimal | None,
        bid_size: Decimal | None = None,
        ask_size: Decimal | None = None,
        last: Decimal | None = None,
    ) -> Quote:
        """Pin the quote of an instrument until it is set again or released.

        A size that is not given is the usual one; `last` is the middle if not given.
        Raises `ValueError` for a price that is not positive or a crossed quote.
        """
        if bid is not None and ask is not None and bid > ask:
            raise ValueError(f"bid {bid} is above ask {ask}")
        for name, value in {"bid": bid, "ask": ask, "last": last}.items():
            if value is not None and not (value.is_finite() and value > 0):
                raise ValueError(f"{name} must be a positive number, not {value}")
        for name, value in {"bid_size": bid_size, "ask_size": ask_size}.items():
            if value is not None and not (value.is_finite() and value >= 0):
                raise ValueError(f"{name} must not be negative, but is {value}")
        usual = instrument.path.size
        before = self._set.get(instrument.con_id)
        trade = last or _middle(instrument, bid, ask) or self.quote(instrument, now_ms).last
        quote = Quote(
            time_ms=now_ms,
            bid=bid,
            ask=ask,
            bid_size=usual if bid_size is None else bid_size,
            ask_size=usual if ask_size is None else ask_size,
            last=trade,
            last_size=Decimal(_LOT),
            last_time_ms=now_ms,
            volume=before.volume if before else Decimal(0),
            high=max(before.high, trade) if before else trade,
            low=min(before.low, trade) if before else trade,
            open=before.open if before else trade,
            close=before.close if before else trade,
        )
        self._set[instrument.con_id] = quote
        return quote

    def release(self, instrument: Instrument) -> None:
        """Let the seeded path quote the instrument again."""
        self._set.pop(instrument.con_id, None)

    def _from_path(self, instrument: Instrument, now_ms: int) -> Quote:
        path = self._paths.get(instrument.con_id)
        if path is None:
            path = self._paths[instrument.con_id] = QuotedPath(instrument, self._seed)
        return path.at(now_ms // STEP_MS)


def _middle(instrument: Instrument, bid: Decimal | None, ask: Decimal | None) -> Decimal | None:
    """The middle of a quote on the tick grid, or the one side there is."""
    if bid is None or ask is None:
        return bid or ask
    steps = ((bid + ask) / 2 / instrument.min_tick).to_integral_value(ROUND_FLOOR)
    return steps * instrument.min_tick
