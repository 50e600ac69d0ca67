"""Prices as a function of time. Which bug turns these red: one that remembers, drifts or jumps."""

import itertools
import math
import random
from decimal import Decimal

import pytest

from simulator.instruments import INSTRUMENTS, ContractDatabase
from simulator.market import STEP_MS, Market, PricePath, TradingCalendar

DATABASE = ContractDatabase(INSTRUMENTS)
OF_EACH_KIND = tuple({i.sec_type: i for i in INSTRUMENTS}.values())
AAPL = DATABASE.by_name("AAPL")
MONDAY_MS = 1_750_082_400_000
DAY_MS = 86_400_000


@pytest.mark.parametrize("instrument", OF_EACH_KIND, ids=lambda i: i.local_symbol)
def test_a_quote_depends_on_seed_and_time_only(instrument) -> None:
    moments = [MONDAY_MS + STEP_MS * n * 997 for n in range(40)]
    forwards = [Market(7).quote(instrument, moment) for moment in moments]
    market, shuffled = Market(7), random.Random(1).sample(range(40), 40)
    anyhow = {n: market.quote(instrument, moments[n]) for n in shuffled}
    assert [anyhow[n] for n in range(40)] == forwards
    assert [Market(8).quote(instrument, moment) for moment in moments] != forwards


@pytest.mark.parametrize("instrument", OF_EACH_KIND, ids=lambda i: i.local_symbol)
def test_quotes_are_honest(instrument) -> None:
    market = Market(3)
    for n in range(100):
        quote = market.quote(instrument, MONDAY_MS + STEP_MS * n)
        assert 0 < quote.bid < quote.ask
        assert quote.bid % instrument.min_tick == quote.ask % instrument.min_tick == 0
        assert min(quote.bid_size, quote.ask_size) > 0 or instrument.sec_type == "IND"
        assert quote.low <= quote.last <= quote.high
        assert quote.last_time_ms <= quote.time_ms


def test_prices_stay_near_their_anchor_on_whatever_date() -> None:
    market = Market(11)
    bids = [market.quote(AAPL, MONDAY_MS + 37 * DAY_MS * n).bid for n in range(-100, 100)]
    assert min(bids) > 100
    assert max(bids) < 500


def test_the_market_moves_several_times_a_second_and_on_sundays() -> None:
    market, sunday = Market(7), MONDAY_MS - DAY_MS
    quotes = [market.quote(AAPL, sunday + STEP_MS * n) for n in range(240)]
    changes = sum(a != b for a, b in itertools.pairwise(quotes))
    assert changes == 239
    assert len({quote.bid for quote in quotes}) > 5


def test_the_path_has_the_volatility_it_was_given() -> None:
    path, hour = PricePath(AAPL, 5), 3_600_000 // STEP_MS
    start = MONDAY_MS // STEP_MS
    prices = [path.price(start + hour * n) for n in range(3_000)]
    moves = [math.log(b / a) for a, b in itertools.pairwise(prices)]
    yearly = math.sqrt(sum(m * m for m in moves) / len(moves) * 365 * 24)
    assert yearly == pytest.approx(AAPL.path.volatility, rel=0.1)


def test_a_quote_that_was_set_stays_until_released() -> None:
    market = Market(7)
    before = market.quote(AAPL, MONDAY_MS)
    market.set_quote(AAPL, MONDAY_MS, bid=Decimal("99.98"), ask=Decimal("100.01"))
    later = market.quote(AAPL, MONDAY_MS + DAY_MS)
    assert (later.bid, later.ask, later.last) == (
        Decimal("99.98"),
        Decimal("100.01"),
        Decimal("99.99"),
    )
    market.release(AAPL)
    assert market.quote(AAPL, MONDAY_MS) == before


def test_a_side_may_be_empty() -> None:
    quote = Market(7).set_quote(AAPL, MONDAY_MS, bid=None, ask=Decimal(100))
    assert (quote.bid, quote.last, quote.mark) == (None, Decimal(100), Decimal(100))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"bid": Decimal(2), "ask": Decimal(1)}, "bid 2 is above ask 1"),
        ({"bid": Decimal(-1), "ask": Decimal(1)}, "bid must be a positive"),
        ({"bid": Decimal(1), "ask": Decimal("Infinity")}, "ask must be a positive"),
        ({"bid": Decimal(1), "ask": Decimal(2), "bid_size": Decimal(-1)}, "bid_size"),
    ],
)
def test_an_impossible_quote_is_refused_by_name(wrong, named) -> None:
    with pytest.raises(ValueError, match=named):
        Market(7).set_quote(AAPL, MONDAY_MS, **wrong)


@pytest.mark.parametrize("name", ["AAPL", "EUR.USD", "BTC.USD", "SPX"])
def test_hours_are_those_of_the_calendar_at_every_quarter_of_an_hour(name) -> None:
    """Red if hours are remembered beyond the next open or close, or before they began."""
    calendar, instrument = TradingCalendar(), DATABASE.by_name(name)
    market = Market(7, calendar, find=DATABASE.__getitem__)
    week_ms = 7 * 24 * 60 * 60 * 1000
    start_ms = 1_751_500_800_000  # before a holiday with an early close on its eve
    for now_ms in (*range(start_ms, start_ms + week_ms, 900_000), start_ms):
        opened = calendar.is_open(instrument, now_ms)
        regular = opened and calendar.is_open(instrument, now_ms, use_rth=True)
        assert market.hours(instrument, now_ms) == (opened, regular)
