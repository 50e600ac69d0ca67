"""Prices that follow others. Red: a bar of an option that is not its quotes, free money, a drift.

The last days of an option are apart from the others: time to expiry then passes by the hour.
"""

import math
from datetime import date
from decimal import Decimal as D
from functools import reduce

import pytest

from simulator import pricing
from simulator.instruments import INSTRUMENTS, PRODUCTS, ContractDatabase
from simulator.market import LOT, STEP_MS, STEPS_PER_DAY, Market, Stretch, years_left
from simulator.market.models import expiry_ms
from simulator.records import Contract

DATABASE = ContractDatabase(INSTRUMENTS, PRODUCTS, lambda: date(2026, 6, 16))
STEPS_PER_HOUR = STEPS_PER_DAY // 24
STEPS_PER_MINUTE = STEPS_PER_HOUR // 60
NOW_MS = 1_781_618_400_000  # 2026-06-16 14:00 UTC
NOW = NOW_MS // STEP_MS
FIRST = NOW - NOW % STEPS_PER_DAY
AAPL, SPX = DATABASE.by_name("AAPL"), DATABASE.by_name("SPX")


def listed(sec_type: str, symbol: str, **fields):
    return DATABASE.find(Contract(sec_type=sec_type, symbol=symbol, **fields))


def option(right: str = "C", strike: int = 230, expiry: str = "20260717"):
    (found,) = listed("OPT", "AAPL", last_trade_date=expiry, strike=D(strike), right=right)
    return found


def market(seed: int = 7) -> Market:
    return Market(seed, find=DATABASE.__getitem__)


ES = listed("FUT", "ES")
FOP = listed("FOP", "ES", strike=D(5900), right="P")[-1]
WARRANT = listed("WAR", "DAX")[0]
ENDING = listed("OPT", "AAPL", strike=D(230))[:2]
"""A call and a put that are the next to expire."""

DERIVED = (option("C"), option("P"), option("C", 260), ES[0], ES[-1], FOP, WARRANT)


def told(stretch: Stretch) -> tuple:
    return stretch.bid, stretch.trade, stretch.lots, stretch.count


def name(instrument) -> str:
    return f"{instrument.sec_type} {instrument.local_symbol}"


@pytest.mark.parametrize("instrument", DERIVED, ids=name)
def test_a_bar_is_its_quotes_and_its_trades(instrument) -> None:
    of = market().tape(instrument)
    for first in range(FIRST, FIRST + STEPS_PER_HOUR, 7 * STEPS_PER_MINUTE):
        end = first + STEPS_PER_MINUTE
        bids = [of.bid(step) for step in range(first, end)]
        prices = [trade.ticks for trade in of.trades(first, end)]
        minute = of.stretch(first, end)
        assert (minute.bid.open, minute.bid.high) == (bids[0], max(bids))
        assert (minute.bid.low, minute.bid.close) == (min(bids), bids[-1])
        assert (minute.trade.open, minute.trade.high) == (prices[0], max(prices))
        assert (minute.trade.low, minute.trade.close) == (min(prices), prices[-1])
        assert minute.count == len(prices)


@pytest.mark.parametrize("instrument", DERIVED, ids=name)
def test_an_hour_is_its_minutes_wherever_it_begins(instrument) -> None:
    of = market().tape(instrument)
    for first in (FIRST, FIRST + 100):
        pieces = [
            of.stretch(first + n * STEPS_PER_MINUTE, first + (n + 1) * STEPS_PER_MINUTE)
            for n in range(60)
        ]
        hour = of.stretch(first, first + STEPS_PER_HOUR)
        assert told(reduce(Stretch.then, pieces)) == told(hour)
        assert hour.trade.low <= hour.notional / hour.lots <= hour.trade.high


@pytest.mark.parametrize("instrument", DERIVED, ids=name)
def test_days_are_their_hours(instrument) -> None:
    of = market().tape(instrument)
    hours = [
        of.stretch(FIRST + n * STEPS_PER_HOUR, FIRST + (n + 1) * STEPS_PER_HOUR) for n in range(48)
    ]
    assert told(reduce(Stretch.then, hours)) == told(of.stretch(FIRST, FIRST + 2 * STEPS_PER_DAY))


def days(instrument) -> list[int]:
    """First steps of days: one in the middle of its life, and its last one."""
    last = expiry_ms(instrument.expiry) // STEP_MS
    return [FIRST, last - last % STEPS_PER_DAY] if instrument in ENDING else [FIRST]


@pytest.mark.parametrize("instrument", [*DERIVED, *ENDING], ids=name)
@pytest.mark.parametrize("after", [0, 1000, 14 * STEPS_PER_HOUR, 22 * STEPS_PER_HOUR + 123])
def test_the_day_of_a_quote_is_the_day_of_the_tape(instrument, after) -> None:
    of_market = market()
    of = of_market.tape(instrument)
    for first in days(instrument):
        step = first + after
        is_over = step * STEP_MS >= expiry_ms(instrument.expiry)
        quote = of_market.quote(instrument, step * STEP_MS)
        day = of.stretch(first, step + 1)
        if is_over:
            assert quote.last == of.price(of.bid(step))
            assert (quote.high, quote.low) >= (of.price(day.trade.low), D(0))
            continue
        assert (quote.open, quote.high) == (of.price(day.trade.open), of.price(day.trade.high))
        assert (quote.low, quote.last) == (of.price(day.trade.low), of.price(day.trade.close))
        assert quote.volume == day.lots * of.lot
        assert (quote.bid or D(0)) == of.price(of.bid(step))
        assert quote.low <= quote.last <= quote.high


@pytest.mark.parametrize("strike", [180, 220, 230, 240, 280])
def test_options_leave_no_free_money(strike) -> None:
    of = market()
    call, put = option("C", strike), option("P", strike)
    for n in range(0, 40_000, 997):
        now = NOW_MS + n * STEP_MS
        under, c, p = (of.quote(i, now) for i in (AAPL, call, put))
        middle = under.mark - strike
        assert (c.bid or 0) >= max(D(0), middle)
        assert (p.bid or 0) >= max(D(0), -middle)
        assert (c.bid or 0) - p.ask <= middle <= c.ask - (p.bid or 0)
        assert c.ask % call.min_tick == (c.bid or 0) % call.min_tick == 0


def test_the_model_is_within_the_quote_and_the_smile_is_one_for_call_and_put() -> None:
    of, seen = market(), {}
    for strike in (180, 230, 280):
        for right in "CP":
            instrument = option(right, strike)
            valuation = of.valuation(instrument, NOW_MS)
            quote = of.quote(instrument, NOW_MS)
            assert (quote.bid or 0) - D("0.01") <= pricing.value(valuation.option).price
            assert pricing.value(valuation.option).price <= quote.ask
            assert valuation.under_price == of.quote(AAPL, NOW_MS).mark
            seen.setdefault(strike, set()).add(valuation.option.volatility)
    assert all(len(volatilities) == 1 for volatilities in seen.values())
    (low,), (middle,), (high,) = seen.values()
    assert low > middle < high
    assert middle == pytest.approx(AAPL.path.volatility, rel=0.05)


def test_a_call_rises_with_its_underlying_and_a_put_falls() -> None:
    of = market()
    for price, (above, below) in {"200": ("P", "C"), "260": ("C", "P")}.items():
        of.set_quote(AAPL, NOW_MS, bid=D(price) - 1, ask=D(price) + 1)
        rich, poor = of.quote(option(above), NOW_MS), of.quote(option(below), NOW_MS)
        assert rich.bid > 25
        assert poor.ask < 10
        assert rich.bid < rich.last < rich.ask
    of.set_quote(AAPL, NOW_MS, bid=D(260), ask=D(262), last=D(255))
    for right in "CP":
        quote = of.quote(option(right), NOW_MS)
        assert quote.low < quote.last < quote.high or quote.last in {quote.low, quote.high}
        assert quote.low < quote.high
    assert of.is_set(option())
    of.release(AAPL)
    assert not of.is_set(option())
    assert of.quote(option(), NOW_MS) == market().quote(option(), NOW_MS)


def test_a_pinned_index_moves_its_futures_and_their_options() -> None:
    of = market()
    before = of.quote(FOP, NOW_MS)
    of.set_quote(SPX, NOW_MS, bid=D(5000), ask=D(5000))
    assert of.quote(ES[0], NOW_MS).bid == pytest.approx(D(5000), rel=D("0.01"))
    assert of.quote(FOP, NOW_MS).bid > before.bid + 100
    assert of.follows(FOP, SPX)
    assert not of.follows(FOP, AAPL)


def test_an_option_pinned_by_hand_follows_nobody() -> None:
    of = market()
    of.set_quote(option(), NOW_MS, bid=D(1), ask=D(2))
    of.set_quote(AAPL, NOW_MS, bid=D(500), ask=D(501))
    assert of.quote(option(), NOW_MS).bid == 1


@pytest.mark.parametrize("instrument", ENDING, ids=name)
def test_time_value_melts_and_what_is_over_is_worth_its_exercise(instrument) -> None:
    of, end_ms = market(), expiry_ms(instrument.expiry)
    moments = [end_ms - hours * 3_600_000 for hours in (24, 12, 6, 3, 1)]
    values = []
    for moment in moments:
        valued = of.valuation(instrument, moment).option
        assert valued.years == pytest.approx((end_ms - moment) / 365 / 86_400_000)
        values.append(valued.years)
    assert values == sorted(values, reverse=True)
    sign = 1 if instrument.right == "C" else -1
    at_end = of.quote(AAPL, end_ms).mark
    for later in (end_ms, end_ms + 3_600_000, end_ms + 10 * 86_400_000):
        quote = of.quote(instrument, later)
        assert (quote.bid, quote.ask) == (None, None)
        assert quote.mark == pytest.approx(max(D(0), sign * (at_end - 230)), abs=D("0.01"))
        assert of.valuation(instrument, later) is None
    end, first = end_ms // STEP_MS, end_ms // STEP_MS // STEPS_PER_DAY * STEPS_PER_DAY
    traded = of.tape(instrument).stretch(first, end).lots
    assert of.quote(instrument, end_ms + 3_600_000).volume == traded
    assert of.quote(instrument, end_ms + 86_400_000).volume == 0
    after = of.tape(instrument).stretch(end_ms // STEP_MS, end_ms // STEP_MS + 10)
    assert (after.count, after.lots, after.trade.high) == (0, 0, after.trade.low)


def test_years_left_never_grow() -> None:
    end = expiry_ms("20260717")
    moments = range(end - 5 * 86_400_000, end + 1, 1_800_000)
    left = [years_left(end, moment) for moment in moments]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0 < left[-2]
    for years, moment in zip(left, moments, strict=True):
        assert -1e-12 < years - (end - moment) / 365 / 86_400_000 < 1 / 365


def test_the_months_of_a_future_are_one_path_apart_by_the_carry() -> None:
    of = market()
    spot = float(of.quote(SPX, NOW_MS).mark)
    marks = [float(of.quote(month, NOW_MS).mark) for month in ES]
    assert marks == sorted(marks)
    for month, mark in zip(ES, marks, strict=True):
        years = (expiry_ms(month.expiry) - NOW_MS) / 365 / 86_400_000
        assert mark == pytest.approx(spot * math.exp(0.03 * years), rel=2e-4)
    moves = {
        round(float(of.quote(m, NOW_MS + 3_600_000).mark) / mark - 1, 3)
        for m, mark in zip(ES, marks, strict=True)
    }
    assert len(moves) == 1


def test_futures_without_an_underlying_share_a_root_and_oil_is_in_backwardation() -> None:
    of = market()
    oil = listed("FUT", "CL")
    roots = {of.underlying(month).con_id for month in oil}
    assert len(roots) == 1
    marks = [of.quote(month, NOW_MS).mark for month in oil]
    assert marks == sorted(marks, reverse=True)


def test_the_continuous_future_is_the_front_month() -> None:
    of = market()
    (continuous,) = listed("CONTFUT", "ES")
    assert of.quote(continuous, NOW_MS) == of.quote(ES[0], NOW_MS)


def test_a_cfd_has_the_very_quotes_and_bars_of_its_underlying() -> None:
    of = market()
    (cfd,) = listed("CFD", "AAPL")
    assert of.quote(cfd, NOW_MS) == of.quote(AAPL, NOW_MS)
    of.set_quote(AAPL, NOW_MS, bid=D(99), ask=D(100))
    assert of.quote(cfd, NOW_MS) == of.quote(AAPL, NOW_MS)
    assert of.tape(cfd) is of.tape(AAPL)


def test_an_index_has_prices_but_nothing_to_trade() -> None:
    quote = market().quote(SPX, NOW_MS)
    assert (quote.bid_size, quote.ask_size, quote.last_size, quote.volume) == (0, 0, 0, 0)
    assert quote.bid < quote.ask


def test_contracts_are_counted_one_by_one_and_shares_in_lots() -> None:
    of = market()
    assert of.quote(option(), NOW_MS).volume * LOT == of.quote(AAPL, NOW_MS).volume
