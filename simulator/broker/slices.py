"""How much of an order is worked at a time: in equal parts, by volume, or by components.

A plan tells what of an order belongs in the book at a moment; it is a value and remembers
nothing. Pure. Which order has which plan is known in `plans.py`. Simplifications, all ours:

- Equal parts come at equal times, at most `PARTS` of them; what was not filled stays.
- A share is of what was traded by anyone since the plan began, and moves in a line from the
  first to the last as time goes by or as the order is filled.
- A component comes at its time, whether or not the one before was filled unless the plan
  waits for that; a level comes when the one before was filled, at its own price.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)
PARTS = 20


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when an algorithm works. `may_be_passed`: what is left then goes on."""

    start_ms: int
    end_ms: int
    may_be_passed: bool = False

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms

    def part(self, now_ms: int) -> Decimal:
        """How much of it is over, from 0 to 1."""
        passed_ms = min(max(now_ms - self.start_ms, 0), self.length_ms)
        return Decimal(passed_ms) / self.length_ms


@dataclass(frozen=True, slots=True)
class Slice:
    """What of an order is to be in the book. `limit` None: the order's own."""

    quantity: Decimal
    limit: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(ABC):
    """How an order is worked. `ends_ms` is when what is left of it is cancelled, if ever."""

    quantity: Decimal
    ends_ms: int | None

    @abstractmethod
    def shown(self, filled: Decimal, now_ms: int, volume: Decimal) -> Slice | None:
        """What is to be in the book, None for nothing.

        `filled` is what was filled of the order, `volume` what was traded by anyone since the
        moment from which the plan was made.
        """

    @abstractmethod
    def due_ms(self, now_ms: int) -> int | None:
        """When, after now, what is shown changes by the mere passing of time."""

    def _rest(self, released: Decimal, filled: Decimal) -> Slice | None:
        wanted = min(released, self.quantity) - filled
        return Slice(wanted) if wanted > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvenPlan(Plan):
    """Equal parts over a window, all of it after its end."""

    window: Window
    step: Decimal

    @property
    def parts(self) -> int:
        return max(1, min(PARTS, int(self.quantity // self.step)))

    def shown(self, filled: Decimal, now_ms: int, volume: Decimal) -> Slice | None:
        del volume
        parts = self._parts_at(now_ms)
        if parts == self.parts:
            return self._rest(self.quantity, filled)
        return self._rest(_down(self.quantity * parts / self.parts, self.step), filled)

    def due_ms(self, now_ms: int) -> int | None:
        parts = self._parts_at(now_ms)
        if parts == self.parts:
            return None
        return self.window.start_ms - (-parts * self.window.length_ms // self.parts)

    def _parts_at(self, now_ms: int) -> int:
        """How many parts are released."""
        passed_ms = now_ms - self.window.start_ms
        if passed_ms < 0:
            return 0
        return min(self.parts, 1 + passed_ms * self.parts // self.window.length_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumePlan(Plan):
    """A share of what is traded in a window, from one share to another."""

    window: Window
    step: Decimal
    share: Decimal
    last_share: Decimal
    is_by_time: bool

    def shown(self, filled: Decimal, now_ms: int, volume: Decimal) -> Slice | None:
        if now_ms < self.window.start_ms:
            return None
        done = self.window.part(now_ms) if self.is_by_time else filled / self.quantity
        share = self.share + (self.last_share - self.share) * done
        return self._rest(_down(share * volume, self.step), filled)

    def due_ms(self, now_ms: int) -> int | None:
        return self.window.start_ms if now_ms < self.window.start_ms else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentPlan(Plan):
    """Components at intervals, from when a window begins."""

    window: Window
    component: Decimal
    interval_ms: int
    waits_for_fill: bool

    def shown(self, filled: Decimal, now_ms: int, volume: Decimal) -> Slice | None:
        del volume
        rest = self._rest(self.component * self._components_at(now_ms), filled)
        if rest is None or not self.waits_for_fill:
            return rest
        return Slice(min(rest.quantity, self.component - filled % self.component))

    def due_ms(self, now_ms: int) -> int | None:
        components = self._components_at(now_ms)
        if components * self.component >= self.quantity:
            return None
        return self.window.start_ms + components * self.interval_ms

    def _components_at(self, now_ms: int) -> int:
        passed_ms = now_ms - self.window.start_ms
        return 0 if passed_ms < 0 else 1 + passed_ms // self.interval_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelPlan(Plan):
    """One component after the other, each away from the last by a price.

    `limit` is that of the first, None if all have the order's own. `away` is what is added
    for each level, `drift` for each interval since the start.
    """

    start_ms: int
    first: Decimal
    following: Decimal
    limit: Decimal | None = None
    away: Decimal = ZERO
    drift: Decimal = ZERO
    interval_ms: int = 0
    position: Decimal = ZERO

    def shown(self, filled: Decimal, now_ms: int, volume: Decimal) -> Slice | None:
        del volume
        level, left = self._level(filled + self.position)
        quantity = min(left, self.quantity - filled)
        if now_ms < self.start_ms or quantity <= 0:
            return None
        if self.limit is None:
            return Slice(quantity)
        limit = self.limit + self.away * level + self.drift * self._intervals_at(now_ms)
        return Slice(quantity, limit) if limit > 0 else None

    def due_ms(self, now_ms: int) -> int | None:
        if now_ms < self.start_ms:
            return self.start_ms
        if not self.interval_ms:
            return None
        return self.start_ms + (self._intervals_at(now_ms) + 1) * self.interval_ms

    def _level(self, done: Decimal) -> tuple[int, Decimal]:
        """The level that is worked, and what is left of it."""
        if done < self.first:
            return 0, self.first - done
        levels, part = divmod(done - self.first, self.following)
        return int(levels) + 1, self.following - part

    def _intervals_at(self, now_ms: int) -> int:
        return (now_ms - self.start_ms) // self.interval_ms if self.interval_ms else 0


def _down(quantity: Decimal, step: Decimal) -> Decimal:
    """As many whole steps as there are in a quantity."""
    return quantity // step * step
