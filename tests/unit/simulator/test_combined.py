"""Quotes of combinations, prices of their legs, prints and halts.

Red: a combination that is not its legs, money that is lost between them, a print or a halt
that nobody sees or that does not end.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.instruments import INSTRUMENTS, PRODUCTS, ContractDatabase, weight
from simulator.market import Market, Quote, TradingCalendar, legs_at
from simulator.records import ComboLeg, Contract

DATABASE = ContractDatabase(INSTRUMENTS, PRODUCTS, lambda: date(2025, 6, 16))
AAPL, MSFT = DATABASE.by_name("AAPL"), DATABASE.by_name("MSFT")
NEAR, FAR = list(DATABASE.futures())[:2]
CALLS = sorted(
    DATABASE.find(Contract(symbol="AAPL", sec_type="OPT", right="C", last_trade_date="20250815")),
    key=lambda option: option.strike,
)[20:24]
NOW_MS = 1_750_082_400_000  # a Monday, 14:00 UTC
DAY_MS = 86_400_000


def combo(*legs):
    """A combination of (instrument, ratio), sold where the ratio is negative."""
    named = tuple(
        ComboLeg(con_id=i.con_id, ratio=abs(ratio), action="BUY" if ratio > 0 else "SELL")
        for i, ratio in legs
    )
    (found,) = DATABASE.find(Contract(symbol="X", sec_type="BAG", combo_legs=named))
    return found


@pytest.fixture
def market() -> Market:
    return Market(7, find=DATABASE.__getitem__)


def quoted(market, instrument, bid, ask, bid_size="10", ask_size="10"):
    return market.set_quote(
        instrument,
        NOW_MS,
        bid=None if bid is None else D(bid),
        ask=None if ask is None else D(ask),
        bid_size=D(bid_size),
        ask_size=D(ask_size),
    )


SPREAD = combo((CALLS[0], 1), (CALLS[1], -2))
PAIR = combo((MSFT, 1), (AAPL, -1))
COVERED = combo((AAPL, 100), (CALLS[0], -1))


# --- quotes ---


def test_a_combination_is_bought_at_asks_and_sold_at_bids(market) -> None:
    quoted(market, CALLS[0], "5.00", "5.20", "40", "30")
    quoted(market, CALLS[1], "2.10", "2.25", "25", "50")
    quote = market.quote(SPREAD, NOW_MS)
    assert (quote.bid, quote.ask) == (D("0.50"), D("1.00"))
    assert (quote.bid_size, quote.ask_size) == (25, 12)
    assert quote.last == D("5.10") - 2 * D("2.17")


def test_the_example_of_the_vendor_has_its_implied_quote(market) -> None:
    quoted(market, MSFT, "26.30", "26.31")
    quoted(market, AAPL, "250.25", "250.30")
    quote = market.quote(combo((AAPL, 1), (MSFT, -1)), NOW_MS)
    assert (quote.bid, quote.ask) == (D("223.94"), D("224.00"))
    mirrored = market.quote(PAIR, NOW_MS)
    assert (mirrored.bid, mirrored.ask) == (D("-224.00"), D("-223.94"))


def test_shares_with_an_option_are_quoted_per_share(market) -> None:
    quoted(market, AAPL, "200.00", "200.02", "500", "250")
    quoted(market, CALLS[0], "5.00", "5.20", "40", "30")
    quote = market.quote(COVERED, NOW_MS)
    assert (quote.bid, quote.ask) == (D("194.80"), D("195.02"))
    assert (quote.bid_size, quote.ask_size) == (5, 2)


def test_a_leg_that_nobody_quotes_leaves_a_side_of_the_combination_without_price(market) -> None:
    quoted(market, CALLS[0], "5.00", "5.20")
    quoted(market, CALLS[1], None, "0.05")
    quote = market.quote(SPREAD, NOW_MS)
    assert (quote.bid, quote.ask, quote.ask_size) == (D("4.90"), None, 0)


def test_an_unset_combination_follows_its_legs_on_their_paths(market) -> None:
    for n in range(40):
        now_ms = NOW_MS + n * 7_250
        legs = [market.quote(leg.instrument, now_ms) for leg in COVERED.legs]
        quote = market.quote(COVERED, now_ms)
        stock, option = sorted(legs, key=lambda leg: leg.last, reverse=True)
        assert (quote.bid, quote.ask) == (stock.bid - option.ask, stock.ask - option.bid)
        assert quote.low <= quote.last <= quote.high
    assert market.quote(COVERED, NOW_MS) != market.quote(COVERED, NOW_MS + 60_000)


def test_the_range_of_a_day_is_that_of_its_legs_taken_together(market) -> None:
    for instrument, prices in ((MSFT, ("26", "24", "27")), (AAPL, ("250", "248", "253"))):
        quoted(market, instrument, prices[0], prices[0])
        for price in prices[1:]:
            market.print_trade(instrument, NOW_MS, D(price), D(1))
    quote = market.quote(PAIR, NOW_MS)
    assert (quote.low, quote.last, quote.high) == (24 - 253, 27 - 253, 27 - 248)
    assert (quote.open, quote.volume) == (26 - 250, 0)


def test_a_combination_follows_every_leg_and_what_that_follows(market) -> None:
    assert market.follows(COVERED, AAPL)
    assert market.follows(SPREAD, CALLS[0])
    assert market.follows(SPREAD, CALLS[1])
    assert market.follows(SPREAD, AAPL)
    assert not market.follows(SPREAD, MSFT)
    assert not market.follows(AAPL, COVERED)
    assert not market.is_set(SPREAD)
    quoted(market, AAPL, "200", "201")
    assert market.is_set(SPREAD)


def test_a_combination_may_be_quoted_by_hand_at_any_price(market) -> None:
    quote = market.set_quote(PAIR, NOW_MS, bid=D("-0.05"), ask=D(0))
    assert market.quote(PAIR, NOW_MS + DAY_MS) == quote
    assert (quote.bid, quote.ask, quote.last) == (D("-0.05"), 0, D("-0.03"))
    one_sided = market.set_quote(PAIR, NOW_MS, bid=D(0), ask=None)
    assert one_sided.last == 0
    with pytest.raises(ValueError, match="above ask"):
        market.set_quote(PAIR, NOW_MS, bid=D(1), ask=D(-1))
    with pytest.raises(ValueError, match="positive"):
        market.set_quote(AAPL, NOW_MS, bid=D(0), ask=D(1))
    market.release(PAIR)
    assert market.quote(PAIR, NOW_MS).bid != D("-0.05")


def test_hours_are_those_that_all_legs_have() -> None:
    calendar = TradingCalendar()
    late = replace(CALLS[0], trading_hours=("1000", "1615"))
    both = replace(
        COVERED,
        legs=tuple(
            replace(leg, instrument=i)
            for leg, i in zip(
                COVERED.legs, sorted((AAPL, late), key=lambda i: i.con_id), strict=True
            )
        ),
    )
    night_ms = NOW_MS - DAY_MS // 2
    session = calendar.next(both, night_ms)
    stock, option = calendar.next(AAPL, night_ms), calendar.next(late, night_ms)
    assert (session.start_ms, session.end_ms) == (option.start_ms, option.end_ms)
    assert stock.start_ms < session.start_ms < session.end_ms < stock.end_ms
    thanksgiving = 1_764_259_200_000
    assert not calendar.is_open(both, thanksgiving)
    assert Market(7, calendar).hours(both, NOW_MS) == (True, True)


# --- prices of legs ---


def cost(instrument, prices) -> D:
    return sum((p.leg.sign * weight(instrument, p.leg) * p.price for p in prices), D(0))


def quotes_of(market, instrument) -> list[Quote]:
    return [market.quote(leg.instrument, NOW_MS) for leg in instrument.legs]


def test_at_its_own_quote_every_leg_trades_at_its_touch(market) -> None:
    for instrument in (SPREAD, PAIR, COVERED):
        quote, legs = market.quote(instrument, NOW_MS), quotes_of(market, instrument)
        bought = legs_at(instrument, legs, quote.ask, is_purchase=True)
        sold = legs_at(instrument, legs, quote.bid, is_purchase=False)
        for leg, at_ask, at_bid in zip(legs, bought, sold, strict=True):
            touches = (leg.ask, leg.bid) if at_ask.leg.sign > 0 else (leg.bid, leg.ask)
            assert (at_ask.price, at_bid.price) == touches


def test_a_better_price_is_shared_by_the_spreads_of_the_legs(market) -> None:
    quoted(market, AAPL, "250.00", "250.10")
    quoted(market, MSFT, "26.00", "26.20")
    prices = legs_at(PAIR, quotes_of(market, PAIR), D("-223.95"), is_purchase=True)
    assert {p.leg.instrument.symbol: p.price for p in prices} == {
        "AAPL": D("250.05"),
        "MSFT": D("26.10"),
    }


def test_what_is_left_over_goes_to_one_leg(market) -> None:
    quoted(market, AAPL, "250.00", "250.10")
    quoted(market, MSFT, "26.00", "26.20")
    prices = legs_at(PAIR, quotes_of(market, PAIR), D("-223.96"), is_purchase=True)
    assert cost(PAIR, prices) == D("-223.96")
    assert all(p.price % D("0.01") == 0 for p in prices)


def test_where_no_grid_allows_a_price_the_finest_leg_leaves_its_own(market) -> None:
    prices = legs_at(PAIR, quotes_of(market, PAIR), D("-150.005"), is_purchase=True)
    assert cost(PAIR, prices) == D("-150.005")
    assert [p.price % D("0.01") == 0 for p in prices] == [False, True]
    calls = combo((CALLS[0], 2), (CALLS[1], 4))
    odd = legs_at(calls, quotes_of(market, calls), D("40.01"), is_purchase=True)
    assert cost(calls, odd) == D("40.01")


def test_legs_of_several_contracts_find_a_price_on_their_grids(market) -> None:
    instrument = combo((CALLS[0], 2), (CALLS[1], -3))
    quoted(market, CALLS[0], "1.00", "1.00")
    quoted(market, CALLS[1], "2.00", "2.00")
    prices = legs_at(instrument, quotes_of(market, instrument), D("-3.99"), is_purchase=True)
    assert cost(instrument, prices) == D("-3.99")
    assert all(p.price % D("0.01") == 0 for p in prices)


def test_a_sale_needs_no_quotes_of_the_other_side(market) -> None:
    market.set_quote(AAPL, NOW_MS, bid=None, ask=D("250.10"), last=D(240))
    market.set_quote(MSFT, NOW_MS, bid=D("26.00"), ask=None, last=D(20))
    prices = legs_at(PAIR, quotes_of(market, PAIR), D("-224.10"), is_purchase=False)
    assert {p.leg.instrument.symbol: p.price for p in prices} == {
        "AAPL": D("250.10"),
        "MSFT": D("26.00"),
    }


@pytest.mark.parametrize(
    ("ratios", "bids", "price"),
    [
        ((-7, -7, 1), ("0.05", "0.05", "0.05"), "0"),  # the share falls below nothing first
        ((-7, 7, -7, -1), ("0.05", "0.05", "0.05", "0.05"), "0"),  # it takes three legs
        ((6, 10, 15), ("20.00", "20.00", "20.00"), "619.99"),  # no two have it in common
    ],
)
def test_a_price_that_is_on_all_grids_is_found(market, ratios, bids, price) -> None:
    legs = (AAPL, *CALLS) if ratios[0] < 0 else CALLS
    instrument = combo(*zip(legs, ratios, strict=False))
    for leg, bid in zip(legs, bids, strict=False):
        quoted(market, leg, bid, bid)
    prices = legs_at(instrument, quotes_of(market, instrument), D(price), is_purchase=False)
    assert cost(instrument, prices) == D(price)
    assert all(p.price > 0 and p.price % D("0.01") == 0 for p in prices)


def test_off_the_grid_a_leg_is_taken_that_makes_the_price_exact(market) -> None:
    instrument = combo((CALLS[0], 3), (CALLS[1], -10))
    quoted(market, CALLS[0], "20.00", "20.00")
    quoted(market, CALLS[1], "5.00", "5.00")
    prices = legs_at(instrument, quotes_of(market, instrument), D("10.005"), is_purchase=True)
    assert [p.price for p in prices] == [20, D("4.9995")]
    assert cost(instrument, prices) == D("10.005")


@st.composite
def fills(draw):
    """A combination of two to four legs with the quotes of its legs, and a price."""
    parts = draw(st.lists(st.sampled_from([AAPL, *CALLS]), min_size=2, max_size=4, unique=True))
    ratios = draw(st.lists(st.sampled_from([-7, -3, -2, -1, 1, 2, 3, 7]), min_size=4, max_size=4))
    ratios[-1] = ratios[len(parts) - 1] = 1 if ratios[0] < 0 else -1
    instrument = combo(*zip(parts, ratios, strict=False))
    cents = st.integers(5, 2_000)
    quotes = []
    for _ in instrument.legs:
        bid = draw(cents)
        quotes.append(
            replace(
                Market(1).quote(AAPL, NOW_MS),
                bid=D(bid) / 100,
                ask=D(bid + draw(st.integers(0, 40))) / 100,
            )
        )
    return instrument, quotes, D(draw(st.integers(-9_000, 9_000))) / 100, draw(st.booleans())


@given(fills())
def test_legs_add_up_to_the_price_to_the_last_digit(fill) -> None:
    instrument, quotes, price, is_purchase = fill
    prices = legs_at(instrument, quotes, price, is_purchase=is_purchase)
    assert cost(instrument, prices) == price
    assert all(p.price > 0 for p in prices)
    assert prices == legs_at(instrument, quotes, price, is_purchase=is_purchase)
    assert all(p.price % D("0.01") == 0 for p in prices)


# --- prints ---


def test_a_print_is_the_last_trade_until_the_path_has_another(market) -> None:
    before = market.quote(AAPL, NOW_MS)
    shown = market.print_trade(AAPL, NOW_MS, D("333.33"), D(700))
    assert (shown.last, shown.last_size, shown.last_time_ms) == (D("333.33"), 700, NOW_MS)
    assert (shown.volume, shown.high, shown.low) == (before.volume + 700, D("333.33"), before.low)
    assert (shown.bid, shown.ask) == (before.bid, before.ask)
    assert market.is_printed(AAPL, NOW_MS)
    later_ms = NOW_MS + 60_000
    later, unprinted = market.quote(AAPL, later_ms), Market(7).quote(AAPL, later_ms)
    assert later == replace(unprinted, volume=unprinted.volume + 700, high=D("333.33"))
    assert not market.is_printed(AAPL, later_ms)


def test_prints_count_in_their_day_only(market) -> None:
    market.print_trade(AAPL, NOW_MS, D(1), D(5))
    market.print_trade(AAPL, NOW_MS, D(2), D(6))
    path = Market(7)
    assert market.quote(AAPL, NOW_MS).volume == path.quote(AAPL, NOW_MS).volume + 11
    assert (market.quote(AAPL, NOW_MS).low, market.quote(AAPL, NOW_MS).last) == (1, 2)
    tomorrow = NOW_MS + DAY_MS
    assert market.quote(AAPL, tomorrow) == path.quote(AAPL, tomorrow)
    market.print_trade(AAPL, tomorrow, D(3), D(7))
    assert market.quote(AAPL, tomorrow).volume == path.quote(AAPL, tomorrow).volume + 7


def test_a_print_on_a_quote_set_by_hand_stays(market) -> None:
    quoted(market, AAPL, "10.00", "10.10")
    market.print_trade(AAPL, NOW_MS + 5, D("10.10"), D(300))
    market.print_trade(AAPL, NOW_MS + 9, D("9.90"), D(200))
    quote = market.quote(AAPL, NOW_MS + DAY_MS)
    assert (quote.bid, quote.ask) == (D("10.00"), D("10.10"))
    assert (quote.last, quote.last_size, quote.last_time_ms) == (D("9.90"), 200, NOW_MS + 9)
    assert (quote.volume, quote.high, quote.low) == (500, D("10.10"), D("9.90"))
    assert quoted(market, AAPL, "11", "12").volume == 500


def test_a_quote_set_by_hand_ends_a_print(market) -> None:
    market.print_trade(AAPL, NOW_MS, D("333.33"), D(700))
    quoted(market, AAPL, "10", "11")
    market.release(AAPL)
    assert market.quote(AAPL, NOW_MS) == Market(7).quote(AAPL, NOW_MS)


def test_a_combination_prints_at_any_price_and_has_that_volume(market) -> None:
    quote = market.print_trade(PAIR, NOW_MS, D(-5), D(3))
    assert (quote.last, quote.volume) == (-5, 3)


@pytest.mark.parametrize(
    ("price", "size", "named"),
    [
        ("0", "1", "price"),
        ("-1", "1", "price"),
        ("NaN", "1", "price"),
        ("1", "0", "size"),
        ("1", "-1", "size"),
        ("1", "Infinity", "size"),
    ],
)
def test_a_print_that_cannot_be_is_refused(market, price, size, named) -> None:
    with pytest.raises(ValueError, match=f"{named} must be a positive number"):
        market.print_trade(AAPL, NOW_MS, D(price), D(size))
    assert market.quote(AAPL, NOW_MS) == Market(7).quote(AAPL, NOW_MS)


# --- halts ---


def test_a_halted_quote_stands_still_until_it_is_resumed(market) -> None:
    market.halt(AAPL, NOW_MS)
    market.halt(AAPL, NOW_MS + 9_000)
    still = market.quote(AAPL, NOW_MS + 60_000)
    assert still == Market(7).quote(AAPL, NOW_MS)
    assert still.bid is not None
    assert market.is_halted(AAPL)
    market.resume(AAPL)
    assert not market.is_halted(AAPL)
    assert market.quote(AAPL, NOW_MS + 60_000) == Market(7).quote(AAPL, NOW_MS + 60_000)


def test_a_halt_is_one_of_all_that_follows(market) -> None:
    market.halt(AAPL, NOW_MS)
    assert all(map(market.is_halted, (CALLS[0], SPREAD, PAIR, COVERED)))
    assert not market.is_halted(MSFT)
    assert market.quote(SPREAD, NOW_MS + 60_000) == market.quote(SPREAD, NOW_MS)
    assert market.quote(PAIR, NOW_MS + 60_000) == market.quote(PAIR, NOW_MS)
    market.resume(AAPL)
    market.halt(CALLS[0], NOW_MS)
    assert market.is_halted(SPREAD)
    assert not market.is_halted(AAPL)
    assert not market.is_halted(CALLS[1])


def test_nothing_is_printed_in_a_halt(market) -> None:
    market.halt(AAPL, NOW_MS)
    for instrument in (AAPL, CALLS[0], PAIR):
        with pytest.raises(ValueError, match="is halted; resume it first"):
            market.print_trade(instrument, NOW_MS, D(1), D(1))
    assert quoted(market, AAPL, "10", "11").bid == 10
