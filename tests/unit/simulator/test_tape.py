"""The tape: every summary agrees with what it sums up, in whatever order it is asked for.

Red: a minute that misses a trade, an hour that is not its minutes, a day that drifts from
its hours, or a price that depends on what was asked before.
"""

import itertools
import random
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.instruments import INSTRUMENTS, ContractDatabase
from simulator.market import LOT, STEP_MS, STEPS_PER_DAY, Market, Stretch, Tape

STEPS_PER_HOUR = STEPS_PER_DAY // 24
STEPS_PER_MINUTE = STEPS_PER_HOUR // 60
DAY = 20_255
FIRST = DAY * STEPS_PER_DAY
DATABASE = ContractDatabase(INSTRUMENTS)
NAMES = ("AAPL", "EUR.USD")


def tape(name: str = "AAPL", seed: int = 7) -> Tape:
    return Tape(DATABASE.by_name(name), seed)


def in_pieces(of: Tape, first: int, size: int, count: int) -> Stretch:
    pieces = (of.stretch(first + n * size, first + (n + 1) * size) for n in range(count))
    return reduce(Stretch.then, pieces)


def told(stretch: Stretch) -> tuple:
    return stretch.bid, stretch.trade, stretch.lots, stretch.count


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_a_day_is_its_hours_and_its_minutes(name, seed) -> None:
    of = tape(name, seed)
    day = of.stretch(FIRST, FIRST + STEPS_PER_DAY)
    assert told(in_pieces(of, FIRST, STEPS_PER_HOUR, 24)) == told(day)
    assert told(in_pieces(of, FIRST, STEPS_PER_MINUTE, 1440)) == told(day)


@pytest.mark.parametrize("name", NAMES)
def test_an_hour_is_its_minutes_and_nearly_their_average(name) -> None:
    of = tape(name)
    hour = of.stretch(FIRST, FIRST + STEPS_PER_HOUR)
    minutes = in_pieces(of, FIRST, STEPS_PER_MINUTE, 60)
    assert told(minutes) == told(hour)
    assert minutes.notional == pytest.approx(hour.notional, rel=1e-3)
    assert hour.trade.low <= hour.notional / hour.lots <= hour.trade.high


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_a_minute_is_its_quotes_and_its_trades(name, seed) -> None:
    of = tape(name, seed)
    for first in range(FIRST, FIRST + 90 * STEPS_PER_MINUTE, STEPS_PER_MINUTE):
        end = first + STEPS_PER_MINUTE
        minute = of.stretch(first, end)
        bids = [of.bid(step) for step in range(first, end)]
        trades = [*of.trades(first, end)]
        prices = [trade.ticks for trade in trades]
        assert minute.bid.open == bids[0]
        assert (minute.bid.high, minute.bid.low, minute.bid.close) == (
            max(bids),
            min(bids),
            bids[-1],
        )
        assert (minute.trade.high, minute.trade.low) == (max(prices), min(prices))
        assert (minute.trade.open, minute.trade.close) == (prices[0], prices[-1])
        assert minute.lots == sum(trade.lots for trade in trades)
        assert minute.count == len(trades)


@given(
    st.integers(0, 3 * STEPS_PER_HOUR),
    st.integers(1, 2 * STEPS_PER_HOUR),
    st.integers(1, 2 * STEPS_PER_HOUR),
)
@settings(max_examples=25, deadline=None)
def test_two_stretches_are_one(offset, one, two) -> None:
    of, first = tape(), FIRST + offset
    parts = of.stretch(first, first + one).then(of.stretch(first + one, first + one + two))
    assert told(parts) == told(of.stretch(first, first + one + two))


def test_it_does_not_matter_what_was_asked_before() -> None:
    starts = [FIRST + 997 * n for n in range(60)]
    of = tape()
    forwards = [of.stretch(start, start + 500) for start in starts]
    of, shuffled = tape(), random.Random(1).sample(range(60), 60)
    anyhow = {n: of.stretch(starts[n], starts[n] + 500) for n in shuffled}
    assert [anyhow[n] for n in range(60)] == forwards


def test_trades_happen_at_the_bid_or_the_ask_and_have_a_size() -> None:
    of = tape()
    for trade in of.trades(FIRST, FIRST + STEPS_PER_HOUR):
        bid = of.bid(trade.step)
        assert trade.ticks in {bid, bid + of.spread}
        assert trade.lots >= 1
        assert of.last_trade(trade.step) == trade


def test_the_price_does_not_jump_from_step_to_step() -> None:
    of = tape()
    bids = [of.bid(step) for step in range(FIRST, FIRST + 2 * STEPS_PER_HOUR)]
    assert max(abs(b - a) for a, b in itertools.pairwise(bids)) <= 10
    assert len(set(bids)) > 20


@pytest.mark.parametrize("name", NAMES)
def test_the_day_of_a_quote_is_the_day_of_the_tape(name) -> None:
    market, instrument = Market(7), DATABASE.by_name(name)
    of = market.tape(instrument)
    for step in range(FIRST, FIRST + STEPS_PER_DAY, 20_011):
        quote = market.quote(instrument, step * STEP_MS)
        day = of.stretch(FIRST, step + 1)
        assert (quote.open, quote.high, quote.low, quote.last, quote.volume) == (
            of.price(day.trade.open),
            of.price(day.trade.high),
            of.price(day.trade.low),
            of.price(day.trade.close),
            day.lots * LOT,
        )
        before = of.stretch(FIRST - STEPS_PER_DAY, FIRST)
        assert quote.close == of.price(before.trade.close)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("begins", [0, 570, 1215, 1439])
def test_the_range_and_volume_since_any_minute_are_those_of_the_stretch(name, begins) -> None:
    of, first = tape(name), FIRST + begins * STEPS_PER_MINUTE
    for step in range(first, first + STEPS_PER_DAY, 31_013):
        since = of.stretch(first, step + 1)
        assert of.range_since(first, step) == (since.trade.high, since.trade.low)
        assert of.lots_since(first, step) == since.lots


@pytest.mark.parametrize("name", NAMES)
def test_the_ask_is_above_the_bid_in_every_summary(name) -> None:
    of = tape(name)
    for end in (7, STEPS_PER_MINUTE, 3 * STEPS_PER_HOUR, STEPS_PER_DAY):
        stretch = of.stretch(FIRST, FIRST + end)
        assert stretch.ask == stretch.bid.above(of.spread)
        assert of.ask(FIRST + end) == of.bid(FIRST + end) + of.spread


def test_an_empty_stretch_is_refused() -> None:
    with pytest.raises(ValueError, match="no step from 5 to before 5"):
        tape().stretch(5, 5)
