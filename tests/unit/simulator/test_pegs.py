"""Prices tied to the quote. Which bug turns these red: an offset in the wrong direction."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.matching.pegs import Peg, Reference, price
from simulator.matching.terms import Side, Top, View

BUY, SELL = Side.BUY, Side.SELL
PRIMARY, MARKET, MIDPOINT = Reference.PRIMARY, Reference.MARKET, Reference.MIDPOINT
SIZE = Decimal(100)


def D(text) -> Decimal | None:  # noqa: N802 - a column of numbers
    return None if text is None else Decimal(str(text))


def view(bid, ask) -> View:
    return View(bid=Top(D(bid), SIZE), ask=Top(D(ask), SIZE), last=Decimal(0), tick=Decimal("0.01"))


def peg(reference, side, offset=0, *, percent=None, cap=None, **more) -> Peg:
    return Peg(
        reference=reference,
        side=side,
        offset=D(offset),
        percent=D(percent),
        cap=D(cap),
        **more,
    )


QUOTE = view("10.00", "10.10")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (peg(PRIMARY, BUY), "10.00"),
        (peg(PRIMARY, SELL), "10.10"),
        (peg(PRIMARY, BUY, "0.02"), "10.02"),
        (peg(PRIMARY, SELL, "0.02"), "10.08"),
        (peg(PRIMARY, BUY, "-0.02"), "9.98"),
        (peg(PRIMARY, SELL, "-0.02"), "10.12"),
        (peg(MARKET, BUY, "-0.01"), "10.09"),
        (peg(MARKET, SELL, "-0.01"), "10.01"),
        (peg(MIDPOINT, BUY), "10.05"),
        (peg(MIDPOINT, BUY, "-0.02"), "10.03"),
        (peg(MIDPOINT, SELL, "-0.02"), "10.07"),
    ],
)
def test_an_offset_makes_more_aggressive_and_a_negative_one_less(asked, expected) -> None:
    assert price(asked, QUOTE) == D(expected)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (peg(PRIMARY, BUY, "0.02", percent=1), "10.10"),
        (peg(PRIMARY, BUY, "0.20", percent=1), "10.20"),
        (peg(PRIMARY, SELL, percent=1), "10.00"),  # 10.10 less 0.101, rounded up
        (peg(PRIMARY, BUY, "-0.01", percent=-1), "9.90"),
    ],
)
def test_the_greater_of_amount_and_percentage_counts(asked, expected) -> None:
    assert price(asked, QUOTE) == D(expected)


@pytest.mark.parametrize(("side", "expected"), [(BUY, "10.00"), (SELL, "10.01")])
def test_between_two_ticks_an_order_stays_on_its_own_side_of_the_midpoint(side, expected) -> None:
    assert price(peg(MIDPOINT, side), view("10.00", "10.01")) == D(expected)


@pytest.mark.parametrize(
    ("side", "cap", "expected"),
    [(BUY, "10.01", "10.01"), (BUY, "10.50", "10.02"), (SELL, "10.09", "10.09")],
)
def test_a_cap_is_never_passed(side, cap, expected) -> None:
    assert price(peg(PRIMARY, side, "0.02", cap=cap), QUOTE) == D(expected)


@pytest.mark.parametrize(
    ("asked", "quote"),
    [
        (peg(PRIMARY, BUY), view(None, 10)),
        (peg(PRIMARY, SELL), view(10, None)),
        (peg(MARKET, BUY), view(10, None)),
        (peg(MARKET, SELL), view(None, 10)),
        (peg(MIDPOINT, BUY), view(10, None)),
    ],
)
def test_without_its_side_of_the_quote_an_order_has_no_price(asked, quote) -> None:
    assert price(asked, quote) is None
    assert price(replace(asked, is_fixed=True), quote) is None


def test_a_fixed_price_is_taken_once() -> None:
    snapped = peg(MARKET, BUY, is_fixed=True)
    taken = price(snapped, QUOTE)
    assert taken == D("10.10")
    assert price(snapped, view(11, 12), taken) == taken
    assert price(snapped, view(None, None), taken) == taken


@pytest.mark.parametrize(
    ("side", "better", "worse", "prices"),
    [
        (BUY, view("10.05", "10.10"), view("9.90", "10.00"), ("10.02", "10.07", "9.92")),
        (SELL, view("10.00", "10.05"), view("10.10", "10.20"), ("10.08", "10.03", "10.18")),
    ],
)
def test_an_order_that_only_improves_does_not_follow_the_market_away(
    side, better, worse, prices
) -> None:
    first, followed, away = map(D, prices)
    floating = peg(PRIMARY, side, "0.02")
    improving = replace(floating, only_improves=True)
    assert price(improving, QUOTE) == first
    assert price(improving, better, first) == price(floating, better, first) == followed
    assert price(improving, worse, followed) == followed
    assert price(floating, worse, followed) == away


CENTS = st.integers(500, 1500).map(lambda cents: Decimal(cents) / 100)
PEGS = st.builds(
    peg,
    st.sampled_from(Reference),
    st.sampled_from(Side),
    st.integers(-30, 30).map(lambda cents: Decimal(cents) / 100),
    percent=st.none() | st.integers(-5, 5),
    cap=st.none() | CENTS,
    only_improves=st.booleans(),
)


@given(PEGS, CENTS, CENTS, st.none() | CENTS)
def test_every_price_can_be_traded_at_and_is_within_its_cap(asked, bid, ask, working) -> None:
    if working is not None and asked.cap is not None:
        working = min(working, asked.cap, key=lambda limit: asked.side.sign * limit)
    found = price(asked, view(bid, ask), working)
    assert found % Decimal("0.01") == 0
    if asked.cap is not None:
        assert asked.side.sign * found <= asked.side.sign * asked.cap
    if working is not None and asked.only_improves:
        assert asked.side.sign * found >= asked.side.sign * working
