"""The named fill models. Which bug turns these red: a market kinder or meaner than its name."""

from decimal import Decimal as D

import pytest
from books import NOBODY, buy, drain, entered, printed, sell, shown, told, top, view

from simulator.matching import MODELS, PAPER, PESSIMISTIC, QUEUE, SCRIPTED, Book, Filled


def at(model, bid="10.00", ask="10.02", size=100) -> Book:
    book = Book(model)
    book.show(view(top(bid, size), top(ask, size)))
    return book


def test_the_models_are_found_by_name():
    assert list(MODELS) == ["paper", "pessimistic", "queue", "scripted"]
    assert all(model.name == name for name, model in MODELS.items())
    assert Book().model is MODELS["paper"]


def test_a_trade_at_its_price_does_not_fill_a_paper_order_but_a_quote_does():
    book = at(PAPER, "0.25", "0.50")
    assert entered(book, sell(1, 10, "0.50")) == []
    assert printed(book, "0.50", 500) == []
    assert printed(book, "0.60", 500) == []
    assert shown(book, top("0.50"), top("0.75")) == [(1, 10, "0.50")]


class TestPessimistic:
    @pytest.mark.parametrize(
        ("order", "price"),
        [
            (buy(1, 10), "10.03"),
            (sell(1, 10), "9.99"),
            (buy(1, 10, "10.05"), "10.03"),
            (buy(1, 10, "10.02"), "10.02"),
            (sell(1, 10, "9.995"), "9.995"),
        ],
    )
    def test_takers_pay_one_tick_more_within_their_limit(self, order, price):
        book = at(PESSIMISTIC)
        order.remaining = D(10)
        assert entered(book, order) == [(1, 10, price)]

    def test_a_resting_limit_needs_a_quote_through_it(self):
        book = at(PESSIMISTIC)
        entered(book, buy(1, 150, "9.95"))
        assert shown(book, top("9.94"), top("9.95")) == []
        assert shown(book, top("9.93"), top("9.94")) == [(1, 100, "9.95")]

    def test_or_a_trade_through_it_and_gets_no_more_than_was_traded(self):
        book = at(PESSIMISTIC)
        entered(book, buy(1, 30, "9.95"), buy(2, 30, "9.95"))
        assert printed(book, "9.95", 500) == []
        assert printed(book, "9.94", 40) == [(1, 30, "9.95"), (2, 10, "9.95")]
        assert printed(book, "9.94", 40) == [(2, 20, "9.95")]

    def test_a_waiting_market_order_pays_the_tick_too(self):
        book = at(PESSIMISTIC, size=4)
        assert entered(book, buy(1, 10)) == [(1, 4, "10.03")]
        assert shown(book, top("10.00"), top("10.02")) == [(1, 6, "10.03")]

    def test_owners_pay_each_other_what_they_asked(self):
        book = at(PESSIMISTIC)
        entered(book, sell(1, 10, "10.01"))
        assert entered(book, buy(2, 10)) == [(2, 10, "10.01"), (1, 10, "10.01")]


class TestQueue:
    def test_takers_are_filled_as_on_paper(self):
        assert entered(at(QUEUE), buy(1, 150, "10.05")) == [(1, 100, "10.02")]

    def test_an_order_stands_behind_what_is_displayed_at_its_price(self):
        book = at(QUEUE)
        entered(book, buy(1, 30, "10.00"))
        assert printed(book, "10.00", 60) == []
        assert printed(book, "10.00", 50) == [(1, 10, "10.00")]
        assert printed(book, "10.00", 15) == [(1, 15, "10.00")]
        assert printed(book, "10.00", 15) == [(1, 5, "10.00")]

    def test_an_order_that_improves_the_market_is_first(self):
        book = at(QUEUE)
        entered(book, sell(1, 30, "10.01"))
        assert printed(book, "10.01", 10) == [(1, 10, "10.01")]

    def test_what_is_ahead_of_a_deeper_order_is_known_when_the_market_comes_there(self):
        book = at(QUEUE)
        entered(book, buy(1, 30, "9.98"))
        assert printed(book, "9.98", 500) == []
        assert shown(book, top("9.98", 20), top("10.00")) == []
        assert printed(book, "9.98", 25) == [(1, 5, "9.98")]

    def test_nothing_is_ahead_once_the_market_has_gone_away(self):
        book = at(QUEUE)
        entered(book, buy(1, 30, "10.00"), buy(2, 30, "9.99"))
        shown(book, top("9.98"), top("10.02"))
        assert printed(book, "10.00", 10) == [(1, 10, "10.00")]
        assert printed(book, "9.99", 40) == [(1, 20, "10.00"), (2, 20, "9.99")]

    def test_nothing_is_ahead_where_nobody_bids(self):
        book = at(QUEUE)
        entered(book, buy(1, 30, "10.00"))
        shown(book, NOBODY, top("10.02"))
        assert printed(book, "10.00", 10) == [(1, 10, "10.00")]

    def test_what_is_ahead_shrinks_with_what_is_displayed_and_does_not_grow(self):
        book = at(QUEUE)
        entered(book, buy(1, 30, "10.00"))
        shown(book, top("10.00", 40), top("10.02"))
        shown(book, top("10.00", 90), top("10.02"))
        assert printed(book, "10.00", 45) == [(1, 5, "10.00")]

    def test_a_print_is_shared_in_order_of_time_with_the_market_in_between(self):
        book = at(QUEUE, size=10)
        entered(book, buy(1, 10, "10.00"))
        shown(book, top("10.00", 30), top("10.02"))
        entered(book, buy(2, 10, "10.00"))  # 10 of the market, ours, 20 of the market, ours
        assert printed(book, "10.00", 15) == [(1, 5, "10.00")]
        assert printed(book, "10.00", 27) == [(1, 5, "10.00"), (2, 2, "10.00")]

    def test_a_print_through_a_price_fills_better_prices_first(self):
        book = Book(QUEUE)
        shown(book, bid=top("10.00"))
        entered(book, buy(1, 10, "9.99"), buy(2, 10, "10.00"), buy(3, 10))
        assert printed(book, "9.98", 15) == [(2, 10, "10.00"), (1, 5, "9.99")]

    def test_a_quote_at_the_limit_fills_it_whatever_is_ahead(self):
        book = at(QUEUE)
        entered(book, buy(1, 30, "10.00"))
        assert shown(book, top("9.99"), top("10.00", 20)) == [(1, 20, "10.00")]

    def test_an_all_or_none_order_takes_no_part_of_a_print(self):
        book = at(QUEUE)
        entered(book, buy(1, 30, "10.01", all_or_none=True), buy(2, 30, "10.01"))
        assert printed(book, "10.01", 20) == [(2, 20, "10.01")]
        assert printed(book, "10.01", 35) == [(1, 30, "10.01"), (2, 5, "10.01")]

    def test_the_next_tip_of_an_iceberg_joins_the_line_anew(self):
        book = at(QUEUE)
        entered(book, buy(1, 20, "10.00", display=5))
        assert printed(book, "10.00", 120) == [(1, 5, "10.00")]
        assert printed(book, "10.00", 90) == [(1, 5, "10.00")]

    def test_a_print_in_a_halt_fills_nothing_then_or_later(self):
        book = at(QUEUE)
        entered(book, buy(1, 30, "10.01"))
        book.is_halted = True
        assert printed(book, "10.00", 20) == []
        book.is_halted = False
        assert drain(book) == []


class TestScripted:
    def test_nothing_is_filled_but_by_the_test(self):
        book = at(SCRIPTED)
        assert entered(book, buy(1, 10), sell(2, 10, "9.00"), buy(3, 10, "9.00")) == []
        assert shown(book, top("9.00"), top("9.00")) == []
        assert printed(book, "8.00", 100) == []
        assert book.reachable(buy(4, 10)) == 0
        assert book.fill(3, D(4), D(7)) == Filled(3, D(4), D(7), added=False)
        assert book.working() == (1, 2, 3)


def test_the_model_may_be_changed_while_orders_wait():
    book = at(SCRIPTED)
    entered(book, buy(1, 10), buy(2, 10, "10.00"))
    book.model = QUEUE
    assert told(drain(book)) == [(1, 10, "10.02")]
    assert printed(book, "10.00", 105) == [(2, 5, "10.00")]
    book.model = PAPER
    assert printed(book, "9.00", 105) == []
    book.model = QUEUE
    assert printed(book, "10.00", 101) == [(2, 1, "10.00")]  # it joined the line anew
