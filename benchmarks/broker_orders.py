"""Orders through the broker, beside the pure book with the same orders; or beside few orders.

Three in four orders rest at a price of their own, more or less, and another one, any, is
cancelled for each. Every fourth stands nearest to the market and is filled by a quote that
comes to it and goes again. So the number of resting orders stays. What the broker adds to
the book: gates, the check of margin, the journal, the ledger, commissions.

With `--growth` a broker with 100,000 resting orders is measured beside one with 10, and the
table shows the sizes between, each with the ratio of the logarithms: work that grows faster
than the logarithm of the orders would exceed it.
"""

from __future__ import annotations

import gc
import math
import random
from collections.abc import Sequence
from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Protocol

from harness import parse_options, report

from simulator.matching import Book, Side, Top, View, Working
from simulator.records import Order
from simulator.world import World, WorldSettings

SIZES = (10, 100, 1_000, 10_000, 100_000)
FEW_SIZES = SIZES[:3]
"""With `--quick`."""

RESTING = 1_000
STEPS = 400
"""Orders of a sample."""

PRICES = 9_000
TICK = Decimal("0.01")
MIDDLE = Decimal(100)
ONE = Decimal(1)
CLIENT = 1


class Engine(Protocol):
    """What takes orders, by a key of the caller's, and quotes."""

    def place(self, key: int, side: Side, price: Decimal) -> None: ...
    def cancel(self, key: int) -> None: ...
    def quote(self, bid: Decimal, ask: Decimal) -> int:
        """Show a quote of one share either side; how many orders it filled."""


class PureBook:
    """Matching and nothing else."""

    def __init__(self) -> None:
        self._book = Book()

    def place(self, key: int, side: Side, price: Decimal) -> None:
        self._book.submit(Working(key=key, owner=CLIENT, side=side, remaining=ONE, limit=price))
        assert self._book.next() == ()

    def cancel(self, key: int) -> None:
        self._book.cancel(key)

    def quote(self, bid: Decimal, ask: Decimal) -> int:
        self._book.show(View(bid=Top(bid, ONE), ask=Top(ask, ONE), last=MIDDLE, tick=TICK))
        filled = 0
        while self._book.next():
            filled += 1
        return filled


class WholeBroker:
    """The broker as the gateway calls it."""

    def __init__(self) -> None:
        self._world = World(WorldSettings(clock="manual"))
        self._broker = self._world.broker
        self._now_ms = self._world.clock.now_ms()
        self._instrument = self._world.instrument("AAPL")
        self._contract = self._instrument.contract()

    def place(self, key: int, side: Side, price: Decimal) -> None:
        terms = Order(
            action=side, total_quantity=ONE, order_type="LMT", limit_price=price, tif="DAY"
        )
        events = self._broker.place(CLIENT, key, self._contract, terms, self._now_ms)
        assert events[-1].order.is_live

    def cancel(self, key: int) -> None:
        held = self._broker.order(CLIENT, key)
        self._broker.cancel(held, self._now_ms)

    def quote(self, bid: Decimal, ask: Decimal) -> int:
        quote = self._world.market.set_quote(
            self._instrument, self._now_ms, bid=bid, ask=ask, bid_size=ONE, ask_size=ONE
        )
        return len(self._broker.show(self._instrument, quote, self._now_ms))


class Traffic:
    """So many resting orders, and more to come; the same in every run."""

    def __init__(self, engine: Engine, resting: int) -> None:
        self._engine = engine
        self._chance = random.Random(1)  # noqa: S311 - a repeatable choice is what is wanted
        self._live: list[int] = []
        self._last = 0
        self._leave()
        for _ in range(resting):
            self._rest()

    def run(self, steps: int) -> float:
        """Send orders; how many microseconds each took."""
        gc.collect()
        start = perf_counter()
        for _ in range(steps):
            if self._last % 4 == 3:
                self._fill()
            else:
                self._rest()
                self._cancel()
        return (perf_counter() - start) / steps * 1e6

    def _place(self, distance: int) -> tuple[Side, Decimal]:
        self._last += 1
        side = Side.BUY if self._last // 4 % 2 else Side.SELL
        price = MIDDLE - side.sign * distance * TICK
        self._engine.place(self._last, side, price)
        return side, price

    def _rest(self) -> None:
        self._place(self._chance.randrange(20, PRICES))
        self._live.append(self._last)

    def _cancel(self) -> None:
        live = self._live
        chosen = self._chance.randrange(len(live))
        live[chosen], live[-1] = live[-1], live[chosen]
        self._engine.cancel(live.pop())

    def _fill(self) -> None:
        side, price = self._place(10)
        bid, ask = (price - TICK, price) if side is Side.BUY else (price, price + TICK)
        assert self._engine.quote(bid, ask) == 1
        self._leave()

    def _leave(self) -> None:
        assert self._engine.quote(MIDDLE - TICK, MIDDLE + TICK) == 0


def beside_the_book(samples: int) -> dict[str, list[float]]:
    traffic = {
        "orders/s, broker": Traffic(WholeBroker(), RESTING),
        "orders/s, book": Traffic(PureBook(), RESTING),
    }
    series: dict[str, list[float]] = {name: [] for name in traffic}
    for _ in range(samples):
        for name, one in traffic.items():
            series[name].append(1e6 / one.run(STEPS))
    return series


def by_size(samples: int, sizes: Sequence[int]) -> dict[int, list[float]]:
    """Microseconds per order, the sizes in turn."""
    traffic = {size: Traffic(WholeBroker(), size) for size in sizes}
    gc.freeze()  # what rests is not looked at again by the collector, at any size
    costs: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(samples):
        for size, one in traffic.items():
            costs[size].append(one.run(STEPS))
    return costs


def print_growth(costs: dict[int, list[float]]) -> None:
    least = median(costs[SIZES[0]])
    print(f"{'resting orders':>16}{'us an order':>14}{'to 10':>8}{'log n to 10':>14}")
    for size, values in costs.items():
        logs = math.log(size) / math.log(SIZES[0])
        print(f"{size:16,}{median(values):14.2f}{median(values) / least:8.2f}{logs:14.2f}")


def main() -> None:
    options = parse_options(
        str(__doc__).partition("\n")[0], samples=20, quick=2, flags=("--growth",)
    )
    if not options.growth:
        series = beside_the_book(options.samples)
        report("broker_orders", "orders/s", series, only_json=options.json)
        return
    sizes = FEW_SIZES if options.quick else SIZES
    costs = by_size(options.samples, sizes)
    if not options.json:
        print_growth(costs)
    series = {f"{size:,} resting": costs[size] for size in (sizes[-1], sizes[0])}
    report("broker_orders --growth", "us/order", series, only_json=options.json)


if __name__ == "__main__":
    main()
