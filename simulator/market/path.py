"""The price path: one seeded number for every instrument and moment.

A path is a function of time, not a history: any moment of any day can be asked for in
any order, nothing is stored, and the same seed gives the same prices. It is a Brownian
bridge built by midpoint displacement between nodes that keep near the instrument's
anchor price, so that AAPL costs what AAPL costs on whatever date.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b

from simulator.instruments import Instrument

STEP_MS = 250
"""How often a quote changes: the vendor's update interval for US stocks."""

NODE_STEPS = 1 << 26
"""Steps between two nodes of a path, some 194 days."""

_STEPS_PER_YEAR = 365 * 86_400_000 // STEP_MS
_MASK = (1 << 64) - 1
_SQRT_3 = math.sqrt(3)
_SQRT = {1 << n: math.sqrt(1 << n) for n in range(NODE_STEPS.bit_length() + 1)}


def _mix(key: int, index: int) -> int:
    """64 well-mixed bits of a key and an index (the finaliser of splitmix64)."""
    z = (key + index * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def _deviate(bits: int) -> float:
    """A number of mean 0 and deviation 1, from the sum of four 16-bit uniforms."""
    total = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
    return (total / 65535 - 2) * _SQRT_3


class PricePath:
    """The mid price of one instrument at every step; `deviation` is of its logarithm, by step."""

    def __init__(self, instrument: Instrument, seed: int) -> None:
        digest = blake2b(f"{seed}/{instrument.con_id}".encode(), digest_size=8).digest()
        self._key = int.from_bytes(digest, "big")
        self._anchor = float(instrument.path.anchor)
        self.deviation = instrument.path.volatility / math.sqrt(_STEPS_PER_YEAR)
        self._offset: Callable[[int], float] = lru_cache(maxsize=8192)(self._displace)

    def price(self, step: int) -> float:
        return self._anchor * math.exp(self._offset(step))

    def bits(self, step: int) -> int:
        """64 random bits of a step, for whatever else changes from step to step."""
        return _mix(self._key ^ 0xA5A5, step)

    def _displace(self, step: int) -> float:
        own = _deviate(_mix(self._key, step)) * self.deviation
        if step % NODE_STEPS == 0:
            return own * _SQRT[NODE_STEPS] / 2
        half = step & -step
        middle = (self._offset(step - half) + self._offset(step + half)) / 2
        return middle + own * _SQRT[2 * half] / 2
