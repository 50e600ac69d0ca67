"""Ticks of the past and of the moment: trades, quotes and middles, each from one place. Pure.

A quote ticks when a price changes, or a size unless those are ignored. Attributes are never
set: nothing trades past its limits or unreported here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from simulator.instruments import Instrument
from simulator.market import STEP_MS, Quote, Source
from simulator.messages.history import (
    HistoricalTick,
    HistoricalTickBidAsk,
    HistoricalTickLast,
    HistoricalTicks,
    HistoricalTicksBidAsk,
    HistoricalTicksLast,
    TickByTick,
)

MAX_TICKS = 1_000
"""Ticks of one answer, but for those of the same second (the vendor's documentation)."""

CHUNK_STEPS = 60_000 // STEP_MS

Tick = HistoricalTick | HistoricalTickBidAsk | HistoricalTickLast
Spans = Iterable[tuple[int, int]]
"""Stretches of trading, from a step to before another, in the order they are looked at."""


@dataclass(frozen=True, slots=True)
class Feed:
    """Where ticks come from."""

    instrument: Instrument
    source: Source
    ignore_size: bool = False


@dataclass(frozen=True, slots=True)
class TickKind:
    """One kind of ticks: those from a step to before another, and how they are sent.

    `of_quote` is the tick of a displayed quote, None if it shows none.
    """

    between: Callable[[Feed, int, int], Iterator[Tick]]
    of_quote: Callable[[Feed, Quote], Tick | None]
    answer: Callable[..., HistoricalTicks | HistoricalTicksBidAsk | HistoricalTicksLast]


def _trades(feed: Feed, first: int, end: int) -> Iterator[Tick]:
    source = feed.source
    for trade in source.trades(first, end):
        price, size = source.price(trade.ticks), trade.lots * source.lot
        yield HistoricalTickLast(_seconds(trade.step), 0, price, size, _venue(feed), "")


def _quotes(feed: Feed, first: int, end: int) -> Iterator[Tick]:
    source = feed.source

    def at(step: int) -> HistoricalTickBidAsk:
        bid, ask = source.price(source.bid(step)), source.price(source.ask(step))
        return HistoricalTickBidAsk(_seconds(step), 0, bid, ask, *source.sizes(step))

    def shown(tick: HistoricalTickBidAsk) -> tuple[object, ...]:
        sizes = () if feed.ignore_size else (tick.bid_size, tick.ask_size)
        return tick.bid, tick.ask, *sizes

    before = at(first - 1)
    for step in source.changes(first, end):
        tick = at(step)
        if shown(tick) != shown(before):
            yield tick
        before = tick


def _middles(feed: Feed, first: int, end: int) -> Iterator[Tick]:
    source = feed.source

    def at(step: int) -> HistoricalTick:
        middle = (source.price(source.bid(step)) + source.price(source.ask(step))) / 2
        return HistoricalTick(_seconds(step), middle, source.lot * 0)

    before = at(first - 1)
    for step in source.changes(first, end):
        tick = at(step)
        if tick.price != before.price:
            yield tick
        before = tick


def _trade_of(feed: Feed, quote: Quote) -> Tick:
    time_s = quote.last_time_ms // 1000
    return HistoricalTickLast(time_s, 0, quote.last, quote.last_size, _venue(feed), "")


def _quote_of(_: Feed, quote: Quote) -> Tick | None:
    if quote.bid is None or quote.ask is None:
        return None
    sizes = quote.bid_size, quote.ask_size
    return HistoricalTickBidAsk(quote.time_ms // 1000, 0, quote.bid, quote.ask, *sizes)


def _middle_of(feed: Feed, quote: Quote) -> Tick | None:
    if quote.bid is None or quote.ask is None:
        return None
    middle = (quote.bid + quote.ask) / 2
    return HistoricalTick(quote.time_ms // 1000, middle, feed.source.lot * 0)


TRADES = TickKind(_trades, _trade_of, HistoricalTicksLast)
QUOTES = TickKind(_quotes, _quote_of, HistoricalTicksBidAsk)
MIDDLES = TickKind(_middles, _middle_of, HistoricalTicks)


def first_ticks(kind: TickKind, feed: Feed, spans: Spans, wanted: int) -> tuple[Tick, ...]:
    """The first so many ticks, and all others of the second in which the last of them fell."""
    found: list[Tick] = []
    for tick in chain.from_iterable(kind.between(feed, *span) for span in _chunks(spans)):
        if len(found) >= wanted and tick.time_s != found[-1].time_s:
            break
        found.append(tick)
    return tuple(found)


def last_ticks(kind: TickKind, feed: Feed, spans: Spans, wanted: int) -> tuple[Tick, ...]:
    """The last so many ticks, with all of the second they begin in; spans come last first."""
    found: list[Tick] = []
    for first, end in _chunks_backwards(spans):
        found[:0] = kind.between(feed, first, end)
        if len(found) > wanted and found[0].time_s < found[-wanted].time_s:
            begin = found[-wanted].time_s
            return tuple(tick for tick in found if tick.time_s >= begin)
    return tuple(found)


def live(req_id: int, tick_type: int, tick: Tick) -> TickByTick:
    """A tick as a stream sends it."""
    match tick:
        case HistoricalTickLast():
            return TickByTick(
                req_id=req_id,
                tick_type=tick_type,
                time_s=tick.time_s,
                price=tick.price,
                size=tick.size,
                exchange=tick.exchange,
            )
        case HistoricalTickBidAsk():
            return TickByTick(
                req_id=req_id,
                tick_type=tick_type,
                time_s=tick.time_s,
                bid=tick.bid,
                ask=tick.ask,
                bid_size=tick.bid_size,
                ask_size=tick.ask_size,
            )
        case HistoricalTick():
            return TickByTick(
                req_id=req_id, tick_type=tick_type, time_s=tick.time_s, middle=tick.price
            )


def _chunks(spans: Spans) -> Iterator[tuple[int, int]]:
    for first, end in spans:
        for start in range(first, end, CHUNK_STEPS):
            yield start, min(start + CHUNK_STEPS, end)


def _chunks_backwards(spans: Spans) -> Iterator[tuple[int, int]]:
    for first, end in spans:
        for until in range(end, first, -CHUNK_STEPS):
            yield max(until - CHUNK_STEPS, first), until


def _seconds(step: int) -> int:
    return step * STEP_MS // 1000


def _venue(feed: Feed) -> str:
    return feed.instrument.primary_exchange or feed.instrument.exchange
