"""Orders through the pure book, beside `heapq` with the same prices; or beside a small book.

One step sends an order that rests at a price of its own, more or less, and takes one out:
three times by cancelling any, once by an order at the market that trades with the best. So
the number of resting orders stays. The baseline pushes the same keys and pops the best.

With `--growth` a book of 100,000 resting orders is measured beside one of 10, and the table
shows the sizes between, each with the ratio of the logarithms: work that grows faster than
the logarithm of the orders would exceed it.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable
from decimal import Decimal
from statistics import median
from time import perf_counter

from harness import parse_options, report

from simulator.matching import Book, Side, Working

SIZES = (10, 100, 1_000, 10_000, 100_000)
RESTING = 1_000
STEPS = 2_000
"""Steps of a sample."""

PRICES = 1_000_000
TICK = Decimal("0.01")
MIDDLE = PRICES * TICK
ONE = Decimal(1)
BUYER, SELLER, TAKER = 1, 2, 3

Keys = list[tuple[Side, Decimal]]


def keys(count: int) -> Keys:
    """Sides in turn and prices on their side of the middle, the same in every run."""
    chance = random.Random(1)  # noqa: S311 - a repeatable choice is what is wanted
    made = []
    for number in range(count):
        side = (Side.BUY, Side.SELL)[number % 2]
        made.append((side, MIDDLE - side.sign * chance.randrange(1, PRICES) * TICK))
    return made


class Engine:
    """A book with so many resting orders, and the steps to come."""

    def __init__(self, resting: int) -> None:
        self._book = Book()
        self._last = 0
        self._live: list[int] = []
        self._chance = random.Random(2)  # noqa: S311
        for side, price in keys(resting):
            self._rest(side, price)

    def run(self, steps: Keys) -> int:
        """Returns the number of orders sent."""
        sent = 0
        for number, (side, price) in enumerate(steps):
            self._rest(side, price)
            if number % 4 == 3:
                self._match(side)
                sent += 1
            else:
                self._cancel()
            sent += 1
        return sent

    def _rest(self, side: Side, price: Decimal) -> None:
        self._last += 1
        owner = BUYER if side is Side.BUY else SELLER
        self._book.submit(
            Working(key=self._last, owner=owner, side=side, remaining=ONE, limit=price)
        )
        assert self._book.next() == ()
        self._live.append(self._last)

    def _match(self, side: Side) -> None:
        self._last += 1
        self._book.submit(Working(key=self._last, owner=TAKER, side=side.other, remaining=ONE))
        assert len(self._book.next()) == 2
        assert self._book.next() == ()

    def _cancel(self) -> None:
        live = self._live
        while True:
            chosen = self._chance.randrange(len(live))
            live[chosen], live[-1] = live[-1], live[chosen]
            key = live.pop()
            if key in self._book:
                self._book.cancel(key)
                return


class Heap:
    """The bare baseline: what it costs to keep the same keys in order, and nothing else."""

    def __init__(self, resting: int) -> None:
        self._heaps: dict[Side, list[tuple[Decimal, int]]] = {side: [] for side in Side}
        self._last = 0
        for side, price in keys(resting):
            self._push(side, price)

    def run(self, steps: Keys) -> int:
        for side, price in steps:
            self._push(side, price)
            heapq.heappop(self._heaps[side])
        return len(steps)

    def _push(self, side: Side, price: Decimal) -> None:
        self._last += 1
        heapq.heappush(self._heaps[side], (-side.sign * price, self._last))


def microseconds_per_order(run: Callable[[Keys], int], steps: Keys) -> float:
    start = perf_counter()
    sent = run(steps)
    return (perf_counter() - start) / sent * 1e6


def beside_a_heap(samples: int) -> dict[str, list[float]]:
    engine, heap = Engine(RESTING), Heap(RESTING)
    series: dict[str, list[float]] = {"orders/s, book": [], "orders/s, heapq": []}
    steps = keys(STEPS)
    for _ in range(samples):
        for name, run in zip(series, (engine.run, heap.run), strict=True):
            series[name].append(1e6 / microseconds_per_order(run, steps))
    return series


def by_size(samples: int) -> dict[int, list[float]]:
    """Microseconds per order, the sizes in turn."""
    engines = {size: Engine(size) for size in SIZES}
    costs: dict[int, list[float]] = {size: [] for size in SIZES}
    steps = keys(STEPS)
    for _ in range(samples):
        for size, engine in engines.items():
            costs[size].append(microseconds_per_order(engine.run, steps))
    return costs


def print_growth(costs: dict[int, list[float]]) -> None:
    least = median(costs[SIZES[0]])
    print(f"{'resting orders':>16}{'us an order':>14}{'to 10':>8}{'log n to 10':>14}")
    for size, values in costs.items():
        logs = math.log(size) / math.log(SIZES[0])
        print(f"{size:16,}{median(values):14.2f}{median(values) / least:8.2f}{logs:14.2f}")


def main() -> None:
    options = parse_options(
        str(__doc__).partition("\n")[0], samples=30, quick=2, flags=("--growth",)
    )
    if not options.growth:
        report(
            "matching_engine",
            "orders/s",
            beside_a_heap(options.samples),
            only_json=options.json,
        )
        return
    costs = by_size(options.samples)
    if not options.json:
        print_growth(costs)
    series = {f"{size:,} resting": costs[size] for size in (SIZES[-1], SIZES[0])}
    report("matching_engine --growth", "us/order", series, only_json=options.json)


if __name__ == "__main__":
    main()
