"""The tape of one instrument: bids, trades and summaries of any stretch of time.

Extremes are decided from the top down, so that nothing has to be added up: a day takes
its range from a sample of the path once an hour, an hour once in five minutes, a minute
once in 15 seconds, each within the range of its parent; the child where the sample was extreme
inherits the parent's extreme, and below the minute the path is bent to touch it. Volume
and number of trades are differences of one growing function of time. Thus an hour equals
its minutes, and a day its hours, though a day costs 25 samples. The average price alone is
only nearly that of the parts: it weighs the opening prices of a day's hours, of an hour's
stretches of five minutes, the mean of the four prices of each minute, and below the minute
the trades.

Prices are whole ticks, volume is in lots. Pure, and nothing but caches is stored.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate

from simulator.instruments import Instrument
from simulator.market.path import STEP_MS, PricePath
from simulator.market.source import Source, Span, Stretch, Trade

LOT = 100
STEPS_PER_MINUTE = 60_000 // STEP_MS
STEPS_PER_HOUR = 60 * STEPS_PER_MINUTE
STEPS_PER_DAY = 24 * STEPS_PER_HOUR
MINUTES_PER_DAY = 1440

_SAMPLE = 5 * STEPS_PER_MINUTE
_QUARTER = STEPS_PER_MINUTE // 4
_LAST_OF_MINUTE = STEPS_PER_MINUTE - 1
_BEND = 50  # steps over which the path is bent towards an extreme: less than a quarter minute
_OVERSHOOT = 0.58  # how far a random walk passes its samples, in deviations between two of them
_MINUTE_LOTS = 240
_DAY_LOTS = _MINUTE_LOTS * MINUTES_PER_DAY
_LOTS_PER_TRADE = 2
_LONG_PART = 180  # minutes within a day from which on they are not looked at one by one


@dataclass(frozen=True, slots=True)
class _Range:
    """The bids of a period, and which children touch the highest and the lowest."""

    high: int
    low: int
    high_child: int
    low_child: int

    def is_within(self, children: range) -> bool:
        """Whether these children touch both."""
        return self.high_child in children and self.low_child in children

    def clamp(self, ticks: int) -> int:
        return min(max(ticks, self.low), self.high)


@dataclass(frozen=True, slots=True)
class _Minute:
    """The trades of a minute, with the running high and low."""

    trades: tuple[Trade, ...]
    steps: tuple[int, ...]
    highs: tuple[int, ...]
    lows: tuple[int, ...]
    lots: tuple[int, ...]


class Tape:
    """Everything that was quoted and traded, by step of the path; see `Source`."""

    def __init__(self, instrument: Instrument, seed: int) -> None:
        self._path = PricePath(instrument, seed)
        self._tick = instrument.min_tick
        self._tick_size = float(instrument.min_tick)
        self._half_spread = float(instrument.path.spread) / 2
        self.spread = int(instrument.path.spread / instrument.min_tick)
        self._size = instrument.path.size
        self.lot = Decimal(0 if instrument.sec_type == "IND" else LOT)
        self._day: Callable[[int], _Range] = lru_cache(maxsize=64)(self._day_of)
        self._hour: Callable[[int], _Range] = lru_cache(maxsize=256)(self._hour_of)
        self._minute: Callable[[int], _Range] = lru_cache(maxsize=256)(self._minute_of)
        self._traded: Callable[[int], _Minute] = lru_cache(maxsize=64)(self._traded_in)
        self._whole_hour: Callable[[int], Stretch] = lru_cache(maxsize=64)(self._hour_of_trades)
        self._edge: Callable[[int], Trade] = lru_cache(maxsize=16)(self._edge_trade)
        self._before: Callable[[int, int], tuple[int, int] | None]
        self._before = lru_cache(maxsize=4)(self._range_of)
        self._lots: Callable[[int], int] = lru_cache(maxsize=256)(self._lots_until)
        self.bid: Callable[[int], int] = lru_cache(maxsize=16)(self._bid_at)
        """The bid at a step."""

    def price(self, ticks: int) -> Decimal:
        return ticks * self._tick

    # --- single moments ---

    def _bid_at(self, step: int) -> int:
        minute, second = divmod(step, STEPS_PER_MINUTE)
        found = self._minute(minute)
        if second == found.high_child:
            return found.high
        if second == found.low_child:
            return found.low
        raw = self._raw(step)
        for extreme, child in ((found.high, found.high_child), (found.low, found.low_child)):
            away = abs(second - child)
            if away < _BEND:
                missing = extreme - self._raw(step - second + child)
                raw += missing * (_BEND - away) // _BEND
        return found.clamp(raw)

    def ask(self, step: int) -> int:
        return self.bid(step) + self.spread

    def changes(self, first: int, end: int) -> range:
        return range(first, end)

    def sizes(self, step: int) -> tuple[Decimal, Decimal]:
        """Sizes of bid and ask, which are others every second step."""
        bits = self._path.bits(step >> 1)
        return self._size * (1 + bits % 8) / 4, self._size * (1 + (bits >> 8) % 8) / 4

    def last_trade(self, step: int) -> Trade:
        """The latest trade up to a step; the first and the last of every minute trade."""
        index, second = divmod(step, STEPS_PER_MINUTE)
        if second in {0, _LAST_OF_MINUTE}:
            return self._edge(step)
        minute = self._traded(index)
        return minute.trades[bisect_right(minute.steps, step) - 1]

    # --- stretches ---

    def lots_since(self, first: int, step: int) -> int:
        """Lots traded from the first step of a minute to a step, both included."""
        index = step // STEPS_PER_MINUTE
        minute = self._traded(index)
        before = self._lots(index) - self._lots(first // STEPS_PER_MINUTE)
        return before + minute.lots[bisect_right(minute.steps, step) - 1]

    def range_since(self, first: int, step: int) -> tuple[int, int]:
        """Highest and lowest trade from the first step of a minute to a step, both included."""
        index = step // STEPS_PER_MINUTE
        minute = self._traded(index)
        last = bisect_right(minute.steps, step) - 1
        before = self._before(first // STEPS_PER_MINUTE, index)
        if before is None:
            return minute.highs[last], minute.lows[last]
        return max(minute.highs[last], before[0]), min(minute.lows[last], before[1])

    def trades(self, first: int, end: int) -> Iterator[Trade]:
        """The trades from a step to before another, in order."""
        for index in range(first // STEPS_PER_MINUTE, -(-end // STEPS_PER_MINUTE)):
            minute = self._traded(index)
            start = bisect_left(minute.steps, first)
            yield from minute.trades[start : bisect_left(minute.steps, end)]

    def stretch(self, first: int, end: int) -> Stretch:
        """What happened from a step to before another; raises `ValueError` if that is empty."""
        if first >= end:
            raise ValueError(f"no step from {first} to before {end}")
        parts = iter(self._parts(first, end))
        total = next(parts)
        for part in parts:
            total = total.then(part)
        return total

    def _parts(self, first: int, end: int) -> Iterator[Stretch]:
        """The stretch in as few pieces as there are whole days, hours and minutes in it."""
        sizes = (
            (STEPS_PER_DAY, self._whole_day),
            (STEPS_PER_HOUR, self._whole_hour),
            (STEPS_PER_MINUTE, self._whole_minute),
        )
        while first < end:
            minutes = self._part_of_day(first, end)
            if len(minutes) >= _LONG_PART:
                yield self._long(minutes)
                first = minutes.stop * STEPS_PER_MINUTE
                continue
            for size, whole in sizes:
                if first % size == 0 and first + size <= end:
                    yield whole(first // size)
                    first += size
                    break
            else:
                until = min(end, (first // STEPS_PER_MINUTE + 1) * STEPS_PER_MINUTE)
                yield by_steps(self, first, until)
                first = until

    @staticmethod
    def _part_of_day(first: int, end: int) -> range:
        """The whole minutes from here to the end or midnight; none of a whole day."""
        midnight = (first // STEPS_PER_DAY + 1) * STEPS_PER_DAY
        if first % STEPS_PER_MINUTE or (first % STEPS_PER_DAY == 0 and midnight <= end):
            return range(0)
        return range(first // STEPS_PER_MINUTE, min(end, midnight) // STEPS_PER_MINUTE)

    def _long(self, minutes: range) -> Stretch:
        """Many minutes of a day, such as a session; the opens of its hours weigh the average."""
        first, last = minutes.start * STEPS_PER_MINUTE, minutes.stop * STEPS_PER_MINUTE - 1
        ranges = self._ranges(minutes.start, minutes.stop)
        bids = _Range(max(r.high for r in ranges), min(r.low for r in ranges), 0, 0)
        notional = sum(
            self._opening(start) * (self._lots(end) - self._lots(start))
            for hour, part in _split(minutes.start, minutes.stop, 60)
            for start, end in [(hour * 60 + part.start, hour * 60 + part.stop)]
        )
        return self._whole(bids, (first, self.bid(first)), (last, self.bid(last)), notional)

    def _opening(self, minute: int) -> int:
        step = minute * STEPS_PER_MINUTE
        return self._trade_ticks(step, self._raw(step))

    def _whole_day(self, day: int) -> Stretch:
        hours = [(day * 24 + hour) * STEPS_PER_HOUR for hour in range(25)]
        opens = [self._trade_ticks(step, self._raw(step)) for step in hours[:-1]]
        lots = [self._lots(step // STEPS_PER_MINUTE) for step in hours]
        notional = sum(
            price * (after - before)
            for price, before, after in zip(opens, lots, lots[1:], strict=False)
        )
        first, last = hours[0], hours[-1] - 1
        bids = self._day(day)
        return self._whole(bids, (first, self._raw(first)), (last, self._raw(last)), notional)

    def _hour_of_trades(self, hour: int) -> Stretch:
        """Not added up of its minutes: it has their prices and volume, and nearly their average."""
        first, last = hour * STEPS_PER_HOUR, (hour + 1) * STEPS_PER_HOUR - 1
        edges = (first, self.bid(first)), (last, self.bid(last))
        notional = sum(
            self._opening(minute) * (self._lots(minute + 5) - self._lots(minute))
            for minute in range(hour * 60, hour * 60 + 60, 5)
        )
        return self._whole(self._hour(hour), *edges, notional)

    def _whole_minute(self, minute: int) -> Stretch:
        first, last = minute * STEPS_PER_MINUTE, (minute + 1) * STEPS_PER_MINUTE - 1
        edges = (first, self.bid(first)), (last, self.bid(last))
        whole = self._whole(self._minute(minute), *edges, 0)
        span = whole.trade
        mean = (span.open + span.high + span.low + span.close) / 4
        return replace(whole, notional=mean * whole.lots)

    def _whole(
        self, bids: _Range, first: tuple[int, int], last: tuple[int, int], notional: float
    ) -> Stretch:
        """A whole period: the highest bid is traded at the ask, the lowest at the bid."""
        start, end = first[0] // STEPS_PER_MINUTE, (last[0] + 1) // STEPS_PER_MINUTE
        bid = Span(first[1], bids.high, bids.low, last[1])
        return Stretch(
            bid,
            bid.above(self.spread),
            Span(
                self._trade_ticks(*first),
                bids.high + self.spread,
                bids.low,
                self._trade_ticks(*last),
            ),
            self._lots(end) - self._lots(start),
            self._trades_before(end) - self._trades_before(start),
            notional,
        )

    def _range_of(self, first: int, end: int) -> tuple[int, int] | None:
        """Highest and lowest trade from a minute to before another, if there is one between."""
        ranges = self._ranges(first, end)
        if not ranges:
            return None
        return max(found.high for found in ranges) + self.spread, min(f.low for f in ranges)

    def _ranges(self, first: int, end: int) -> list[_Range]:
        """The ranges from a minute to before another, in as few as show all of them."""
        ranges: list[_Range] = []
        for day, hours in _split(-(-first // 60), end // 60, 24):
            if self._day(day).is_within(hours):
                ranges.append(self._day(day))
            else:
                ranges.extend(self._hour(day * 24 + hour) for hour in hours)
        for hour, minutes in _split(first, end, 60):
            if len(minutes) == 60:
                continue
            if self._hour(hour).is_within(minutes):
                ranges.append(self._hour(hour))
            else:
                ranges.extend(self._minute(hour * 60 + minute) for minute in minutes)
        return ranges

    # --- ranges, from the top down ---

    def _raw(self, step: int) -> int:
        return math.floor((self._path.price(step) - self._half_spread) / self._tick_size)

    def _margin(self, ticks: int, steps: int) -> int:
        return int(_OVERSHOOT * self._path.deviation * math.sqrt(steps) * ticks)

    def _day_of(self, day: int) -> _Range:
        first = day * STEPS_PER_DAY
        samples = [self._raw(first + hour * STEPS_PER_HOUR) for hour in range(24)]
        ends = self._raw(first + STEPS_PER_DAY - 1)
        high, low = max(*samples, ends), min(*samples, ends)
        margin = self._margin(high, STEPS_PER_HOUR)
        return _Range(
            high + margin, low - margin, samples.index(max(samples)), samples.index(min(samples))
        )

    def _hour_of(self, hour: int) -> _Range:
        first = hour * STEPS_PER_HOUR
        samples = [self._raw(first + n * _SAMPLE) for n in range(STEPS_PER_HOUR // _SAMPLE)]
        ends = self._raw(first + STEPS_PER_HOUR - 1)
        high, low = max(*samples, ends), min(*samples, ends)
        margin = self._margin(high, _SAMPLE)
        apart = _SAMPLE // STEPS_PER_MINUTE
        children = samples.index(max(samples)) * apart, samples.index(min(samples)) * apart
        return _inherit(
            self._day(hour // 24), hour % 24, _Range(high + margin, low - margin, *children)
        )

    def _minute_of(self, minute: int) -> _Range:
        first = minute * STEPS_PER_MINUTE
        samples = {n: self._raw(first + n * _QUARTER) for n in (1, 2, 3)}
        every = *samples.values(), self._raw(first), self._raw(first + _LAST_OF_MINUTE)
        highest = max(samples, key=lambda n: samples[n])
        lowest = min((n for n in samples if n != highest), key=lambda n: samples[n])
        count = self._count(minute)
        children = (_next_trade(n * _QUARTER, count) for n in (highest, lowest))
        return _inherit(
            self._hour(minute // 60), minute % 60, _Range(max(every), min(every), *children)
        )

    # --- trades and volume ---

    def _trade_ticks(self, step: int, bid: int) -> int:
        return bid + self.spread if self._path.bits(step) & 1 else bid

    def _lots_until(self, minute: int) -> int:
        """Lots traded before a minute, since the epoch; grows by 40 to 440 a minute."""
        day, rest = divmod(minute, MINUTES_PER_DAY)
        before = self._day_lots(day)
        if not rest:
            return before
        traded = (self._day_lots(day + 1) - before) * rest // MINUTES_PER_DAY
        return before + traded + self._path.bits(~minute) % 100

    def _day_lots(self, day: int) -> int:
        return _DAY_LOTS * day + self._path.bits(~(day << 40)) % (_DAY_LOTS * 2 // 5)

    def _trades_before(self, minute: int) -> int:
        return self._lots(minute) // _LOTS_PER_TRADE

    def _edge_trade(self, step: int) -> Trade:
        """The first or last trade of a minute, without those between."""
        minute = step // STEPS_PER_MINUTE
        lots = self._shares_of_lots(minute, self._count(minute))
        own = lots[0] if step % STEPS_PER_MINUTE == 0 else lots[-1] - lots[-2]
        return Trade(step, self._trade_ticks(step, self.bid(step)), own)

    def _count(self, minute: int) -> int:
        return self._trades_before(minute + 1) - self._trades_before(minute)

    def _traded_in(self, minute: int) -> _Minute:
        first, bids = minute * STEPS_PER_MINUTE, self._minute(minute)
        count = self._count(minute)
        steps = tuple(first + _trade_step(n, count) for n in range(count))
        lots = self._shares_of_lots(minute, count)
        prices = []
        for step in steps:
            ticks = self._trade_ticks(step, self.bid(step))
            if step - first == bids.high_child:
                ticks = bids.high + self.spread
            if step - first == bids.low_child:
                ticks = bids.low
            prices.append(ticks)
        sizes = [after - before for before, after in zip((0, *lots), lots, strict=False)]
        trades = tuple(map(Trade, steps, prices, sizes))
        highs, lows = tuple(accumulate(prices, max)), tuple(accumulate(prices, min))
        return _Minute(trades, steps, highs, lows, lots)

    def _shares_of_lots(self, minute: int, count: int) -> tuple[int, ...]:
        """Lots traded in a minute up to and including each trade; each trades one at least."""
        total = self._lots(minute + 1) - self._lots(minute)
        first, usual = minute * STEPS_PER_MINUTE, total // count
        inner = (
            total * n // count + (self._path.bits(first + n) >> 24) % usual for n in range(1, count)
        )
        return *inner, total


def by_steps(tape: Source, first: int, end: int) -> Stretch:
    """What happened from a step to before another, one by one."""
    steps = range(first, end)
    trades = list(tape.trades(first, end))
    prices = [trade.ticks for trade in trades] or [tape.last_trade(first).ticks]
    return Stretch(
        _span([tape.bid(step) for step in steps]),
        _span([tape.ask(step) for step in steps]),
        _span(prices),
        sum(trade.lots for trade in trades),
        len(trades),
        sum(trade.ticks * trade.lots for trade in trades),
    )


def _split(first: int, end: int, size: int) -> Iterator[tuple[int, range]]:
    """Parents of children from one to before another, each with those of its own."""
    while first < end:
        parent = first // size
        until = min(end, (parent + 1) * size)
        yield parent, range(first - parent * size, until - parent * size)
        first = until


def _span(prices: Sequence[int]) -> Span:
    return Span(prices[0], max(prices), min(prices), prices[-1])


def _inherit(parent: _Range, child: int, own: _Range) -> _Range:
    """A range within its parent's, up to the extremes that are this child's to touch."""
    high = parent.high if child == parent.high_child else parent.clamp(own.high)
    low = parent.low if child == parent.low_child else parent.clamp(own.low)
    return _Range(high, low, own.high_child, own.low_child)


def _trade_step(number: int, count: int) -> int:
    """When in its minute a trade happens: the first and the last step always trade."""
    return -(-number * _LAST_OF_MINUTE // (count - 1))


def _next_trade(step: int, count: int) -> int:
    """The first step from here on that trades."""
    return _trade_step(-(-step * (count - 1) // _LAST_OF_MINUTE), count)
