"""The pure book. Which bug turns these red: a trade nobody could have had, or one withheld."""

from decimal import Decimal as D

import pytest
from books import (
    NOBODY,
    buy,
    drain,
    entered,
    order,
    sell,
    shown,
    told,
    top,
    view,
)

from simulator.matching import Book, Filled, Side


@pytest.fixture
def book() -> Book:
    """Nobody shows anything."""
    return Book()


@pytest.fixture
def quoted() -> Book:
    """10.00 to 10.02, 100 on either side."""
    book = Book()
    book.show(view(top("10.00"), top("10.02")))
    return book


@pytest.mark.parametrize(
    ("side", "limit", "fills"),
    [
        (Side.BUY, None, [(1, 10, "10.02")]),
        (Side.SELL, None, [(1, 10, "10.00")]),
        (Side.BUY, "10.02", [(1, 10, "10.02")]),
        (Side.BUY, "10.05", [(1, 10, "10.02")]),
        (Side.BUY, "10.01", []),
        (Side.SELL, "10.00", [(1, 10, "10.00")]),
        (Side.SELL, "10.01", []),
    ],
)
def test_an_order_takes_the_displayed_price_if_its_limit_allows(quoted, side, limit, fills):
    assert entered(quoted, order(1, side, 10, limit)) == fills
    assert len(quoted) == (0 if fills else 1)
    assert (1 in quoted) is not bool(fills)


def test_no_more_is_filled_than_is_displayed_and_it_is_gone_until_the_next_quote(book):
    shown(book, top("10.00"), top("10.02", 30))
    assert entered(book, buy(1, 20)) == [(1, 20, "10.02")]
    assert entered(book, buy(2, 20)) == [(2, 10, "10.02")]
    assert entered(book, buy(3, 20)) == []
    assert shown(book, top("10.00"), top("10.03", 25)) == [(2, 10, "10.03"), (3, 15, "10.03")]


def test_a_resting_limit_is_filled_at_its_own_price_and_adds_liquidity(quoted):
    entered(quoted, buy(1, 10, "9.95"))
    assert shown(quoted, top("9.96"), top("9.96")) == []
    quoted.show(view(top("9.90"), top("9.91")))
    assert drain(quoted) == [Filled(1, D(10), D("9.95"), added=True)]


def test_an_order_that_was_partly_filled_as_it_came_adds_liquidity_with_the_rest(book):
    shown(book, ask=top("10.02", 4))
    book.submit(buy(1, 10, "10.03"))
    assert drain(book) == [Filled(1, D(4), D("10.02"), added=False)]
    book.show(view(ask=top("10.02")))
    assert drain(book) == [Filled(1, D(6), D("10.03"), added=True)]


def test_better_price_first_then_earlier_order_and_market_orders_before_all(book):
    entered(book, buy(1, 10, "9.90"), buy(2, 10, "9.95"), buy(3, 10, "9.95"), buy(4, 10))
    fills = shown(book, ask=top("9.80", 25))
    assert fills == [(4, 10, "9.80"), (2, 10, "9.95"), (3, 5, "9.95")]


def test_a_market_order_waits_for_somebody_to_trade_with(book):
    shown(book, bid=top("10.00"))
    assert entered(book, buy(1, 10)) == []
    assert shown(book, top("10.00"), top("11.00")) == [(1, 10, "11.00")]


def test_a_cancelled_order_is_never_filled_and_its_successor_is(book):
    entered(book, buy(1, 10, "10"))
    book.cancel(1)
    with pytest.raises(KeyError):
        book.cancel(1)
    assert shown(book, ask=top("9")) == []
    shown(book)
    entered(book, buy(2, 10, "8"))
    book.cancel(2)
    entered(book, buy(2, 4, "9.50"))  # the same key, changed and back at the end
    assert shown(book, ask=top("9")) == [(2, 4, "9.50")]


def test_an_order_that_is_cancelled_before_it_was_matched_is_not_matched(quoted):
    quoted.submit(buy(1, 10))
    quoted.cancel(1)
    assert drain(quoted) == []
    assert quoted.working() == ()


def test_nothing_happens_twice(quoted):
    entered(quoted, buy(1, 10))
    assert quoted.next() == ()
    assert quoted.next() == ()


def test_the_orders_are_listed_oldest_first(book):
    entered(book, buy(3, 1, 9), sell(1, 1, 11), buy(2, 1, 8))
    assert book.working() == (3, 1, 2)


class TestOwnersTradeWithEachOther:
    def test_at_the_price_of_the_order_that_was_there(self, book):
        entered(book, sell(1, 10, "10.01"))
        book.submit(buy(2, 4, "10.05"))
        assert book.next() == (
            Filled(2, D(4), D("10.01"), added=False, contra=1),
            Filled(1, D(4), D("10.01"), added=True, contra=2),
        )
        assert book.next() == ()
        assert book.working() == (1,)

    def test_one_match_at_a_time_so_that_others_can_be_cancelled_between(self, book):
        entered(book, sell(1, 10, 10), sell(2, 10, 10))
        book.submit(buy(3, 20, 10))
        assert told(list(book.next())) == [(3, 10, "10"), (1, 10, "10")]
        book.cancel(2)
        assert book.next() == ()
        assert book.working() == (3,)

    def test_price_by_price_with_the_quote_among_them(self, book):
        shown(book, ask=top("10.02", 10))
        entered(book, sell(1, 10, "10.03"), sell(2, 10, "10.01"))
        assert entered(book, buy(3, 25, "10.03")) == [
            (3, 10, "10.01"),
            (2, 10, "10.01"),
            (3, 10, "10.02"),
            (3, 5, "10.03"),
            (1, 5, "10.03"),
        ]

    def test_the_quote_comes_first_at_the_same_price(self, book):
        shown(book, ask=top("10.02", 10))
        entered(book, sell(1, 10, "10.02"))
        assert entered(book, buy(2, 12)) == [(2, 10, "10.02"), (2, 2, "10.02"), (1, 2, "10.02")]

    def test_but_never_with_themselves(self, book):
        entered(book, sell(1, 10, "10.00", owner=7), sell(2, 10, "10.01"))
        assert entered(book, buy(3, 20, "10.05", owner=7)) == [(3, 10, "10.01"), (2, 10, "10.01")]
        assert book.working() == (1, 3)
        assert entered(book, sell(4, 10, "10.05")) == [(4, 10, "10.05"), (3, 10, "10.05")]

    def test_two_market_orders_wait_for_a_quote(self, book):
        assert entered(book, buy(1, 10), sell(2, 10)) == []
        assert shown(book, bid=top("9.99", 10)) == [(2, 10, "9.99")]
        assert shown(book, ask=top("10.01", 10)) == [(1, 10, "10.01")]

    @pytest.mark.parametrize(
        ("bid", "beside", "price"),
        [
            (NOBODY, [], "9.00"),
            (NOBODY, [buy(9, 5, "9.50")], "9.50"),
            (top("9.98", 0), [buy(9, 5, "9.50")], "9.98"),
        ],
    )
    def test_a_resting_market_order_outbids_everybody_on_its_side(self, book, bid, beside, price):
        shown(book, bid=bid)
        entered(book, *beside, buy(1, 10))
        assert entered(book, sell(2, 10, "9.00")) == [(2, 10, price), (1, 10, price)]


class TestAllOrNone:
    def test_waits_until_all_can_be_had(self, book):
        shown(book, ask=top("10", 30))
        assert entered(book, buy(1, 50, 10, all_or_none=True)) == []
        assert shown(book, ask=top("10", 49)) == []
        assert shown(book, ask=top("10", 50)) == [(1, 50, "10")]

    def test_lets_later_orders_pass_but_has_the_first_claim(self, book):
        entered(book, buy(1, 50, 10, all_or_none=True), buy(2, 30, 10))
        assert shown(book, ask=top("10", 20)) == [(2, 20, "10")]
        assert shown(book, ask=top("10", 55)) == [(1, 50, "10"), (2, 5, "10")]

    def test_counts_quote_and_orders_of_others_together(self, book):
        shown(book, ask=top("10", 30))
        entered(book, sell(1, 15, "10.01"), sell(2, 15, "10.02"))
        wanted = buy(3, 50, "10.01", all_or_none=True)
        assert book.reachable(wanted) == 45
        assert entered(book, wanted) == []
        book.resize(3, D(40))
        assert drain(book) == [
            Filled(3, D(30), D("10.01"), added=True),
            Filled(3, D(10), D("10.01"), added=False, contra=1),
            Filled(1, D(10), D("10.01"), added=True, contra=3),
        ]

    def test_is_taken_whole_by_another_order_or_not_at_all(self, book):
        entered(book, sell(1, 50, 10, all_or_none=True), sell(2, 10, 11))
        assert entered(book, buy(3, 40, 11)) == [(3, 10, "11"), (2, 10, "11")]
        assert entered(book, buy(4, 50, 10)) == [(4, 50, "10"), (1, 50, "10")]

    def test_trades_at_its_price_once_enough_orders_have_come_for_it(self, book):
        entered(book, buy(1, 100, "10.10", all_or_none=True), sell(2, 60, "10.00"))
        assert entered(book, sell(3, 40, "10.05")) == [
            (2, 60, "10.10"),
            (1, 60, "10.10"),
            (3, 40, "10.10"),
            (1, 40, "10.10"),
        ]

    def test_is_left_with_a_part_only_if_its_contras_are_withdrawn_between_two_matches(self, book):
        entered(book, sell(1, 10, 10), sell(2, 4, 10), sell(4, 4, 10))
        book.submit(buy(3, 18, 10, all_or_none=True))
        book.next()
        book.cancel(2)
        assert drain(book) == []
        book.resize(3, D(10))
        assert entered(book, sell(5, 6, 10)) == [
            (3, 4, "10"),
            (4, 4, "10"),
            (5, 6, "10"),
            (3, 6, "10"),
        ]


class TestMinimumQuantity:
    def test_is_asked_of_the_first_fill_only(self, book):
        entered(book, buy(1, 50, 10, min_quantity=20))
        assert shown(book, ask=top("10", 19)) == []
        assert shown(book, ask=top("10", 20)) == [(1, 20, "10")]
        assert shown(book, ask=top("10", 1)) == [(1, 1, "10")]

    def test_may_come_from_several(self, book):
        entered(book, sell(1, 12, 10), sell(2, 12, 10))
        assert entered(book, buy(3, 30, 10, min_quantity=25)) == []
        book.cancel(3)
        assert len(entered(book, buy(3, 30, 10, min_quantity=24))) == 4
        assert book.working() == (3,)

    def test_an_order_that_was_too_small_for_it_trades_once_the_minimum_is_met(self, book):
        entered(book, buy(1, 30, 10), sell(2, 100, 10, min_quantity=50))
        assert entered(book, buy(3, 60, 10)) == [
            (3, 60, "10"),
            (2, 60, "10"),
            (2, 30, "10"),
            (1, 30, "10"),
        ]
        assert book.working() == (2,)


class TestDisplay:
    def test_hidden_orders_stand_behind_the_displayed_of_their_price(self, book):
        entered(book, sell(1, 10, 10, display=0), sell(2, 10, 10))
        assert entered(book, buy(3, 15, 10)) == [
            (3, 10, "10"),
            (2, 10, "10"),
            (3, 5, "10"),
            (1, 5, "10"),
        ]

    def test_hidden_orders_do_not_stand_behind_worse_prices(self, book):
        entered(book, sell(1, 10, 10, display=0), sell(2, 10, 11))
        assert entered(book, buy(3, 5, 11)) == [(3, 5, "10"), (1, 5, "10")]

    def test_an_iceberg_shows_its_next_tip_at_the_end_of_its_price(self, book):
        entered(book, sell(1, 25, 10, display=10), sell(2, 10, 10))
        sold = [fill for fill in entered(book, buy(3, 40, 10)) if fill[0] != 3]
        assert sold == [(1, 10, "10"), (2, 10, "10"), (1, 10, "10"), (1, 5, "10")]

    def test_all_of_an_iceberg_counts_as_reachable(self, book):
        entered(book, sell(1, 25, 10, display=10))
        assert book.reachable(buy(2, 40, 10)) == 25
        assert len(entered(book, buy(2, 25, 10, all_or_none=True))) == 6


class TestResize:
    def test_a_smaller_order_keeps_its_place(self, book):
        entered(book, buy(1, 10, 10), buy(2, 10, 10))
        book.resize(1, D(4))
        assert shown(book, ask=top("10", 10)) == [(1, 4, "10"), (2, 6, "10")]

    def test_a_larger_order_goes_to_the_end(self, book):
        entered(book, buy(1, 10, 10), buy(2, 10, 10))
        book.resize(1, D(14))
        assert book.working() == (2, 1)
        assert shown(book, ask=top("10", 20)) == [(2, 10, "10"), (1, 10, "10")]

    def test_a_larger_order_is_not_the_one_that_was_there_before(self, book):
        entered(book, buy(1, 50, "10.10", all_or_none=True), sell(2, 40, "10.00"))
        book.resize(1, D(60))
        assert entered(book, sell(3, 20, "10.05")) == [
            (1, 40, "10.00"),
            (2, 40, "10.00"),
            (3, 20, "10.10"),
            (1, 20, "10.10"),
        ]

    def test_nothing_cannot_remain(self, book):
        entered(book, buy(1, 10, 10))
        with pytest.raises(ValueError, match="cancel it instead"):
            book.resize(1, D(0))


class TestReachable:
    def test_is_what_a_fill_or_kill_order_would_get(self, quoted):
        entered(quoted, sell(1, 50, "10.03"))
        assert quoted.reachable(buy(2, 500, "10.02")) == 100
        assert quoted.reachable(buy(2, 500)) == 150
        assert quoted.reachable(buy(2, 120)) == 120
        assert quoted.reachable(buy(2, 120, owner=1)) == 100
        assert 2 not in quoted

    def test_is_nothing_in_a_halt(self, quoted):
        quoted.is_halted = True
        assert quoted.reachable(buy(1, 10)) == 0


def test_a_halt_stops_everything_and_what_came_in_it_enters_in_its_order(quoted):
    entered(quoted, buy(1, 10, "9.99"))
    quoted.is_halted = True
    assert entered(quoted, sell(2, 10, "9.98"), buy(3, 10, "9.98")) == []
    assert shown(quoted, bid=top("9.90"), ask=top("9.95", 5)) == []
    quoted.is_halted = False
    assert told(drain(quoted)) == [
        (1, 5, "9.99"),
        (2, 5, "9.99"),
        (1, 5, "9.99"),
        (3, 5, "9.98"),
        (2, 5, "9.98"),
    ]


def test_the_test_may_fill_an_order_whatever_its_limit(book):
    entered(book, buy(1, 10, 9))
    assert book.fill(1, D(4), D(12)) == Filled(1, D(4), D(12), added=True)
    with pytest.raises(ValueError, match="has 6 left"):
        book.fill(1, D(7), D(12))
    book.fill(1, D(6), D(12))
    assert 1 not in book
    with pytest.raises(KeyError):
        book.fill(1, D(1), D(12))


def test_a_book_forgets_prices_nobody_is_at(book):
    entered(book, buy(0, 1, 1000), sell(10_000, 1, 2000))
    for key in range(1, 500):
        entered(book, buy(key, 1, 1000 - key), sell(-key, 1, 2000 + key))
        book.cancel(key)
        book.cancel(-key)
    for line in book._lines.values():
        assert len(line._ranks) <= 11
        assert line._ranked == set(line._ranks)
    assert not book._takers


def test_prices_come_in_order_though_others_were_forgotten(book):
    for key in range(1, 200):
        entered(book, sell(key, 1, key * 37 % 199 + 1))
    for key in range(1, 200):
        if key % 5:
            book.cancel(key)
    bought = [D(price) for key, _, price in entered(book, buy(0, 100)) if not key]
    assert bought == sorted(bought)
    assert len(bought) == 39
