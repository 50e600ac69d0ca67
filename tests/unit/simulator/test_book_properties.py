"""Whatever happens to a book. Which bug turns these red: one that needs several things at once.

Each example plays the same steps to the book and to a naive one, and asks of the fills what
must hold of any market.
"""

from collections import defaultdict
from decimal import Decimal as D

import pytest
from books import NaiveBook, drain, order, top, view
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.matching import MODELS, Book, Side
from simulator.matching.models import reaches

PRICES = st.integers(95, 105)
SIZES = st.integers(1, 40)
PLAIN = st.fixed_dictionaries({})
TERMS = st.one_of(
    PLAIN,
    PLAIN,
    st.fixed_dictionaries({"all_or_none": st.just(True)}),
    st.fixed_dictionaries({"min_quantity": SIZES}),
    st.fixed_dictionaries({"display": st.integers(0, 9)}),
    st.fixed_dictionaries({"display": st.integers(1, 9), "min_quantity": SIZES}),
)
ORDERS = st.tuples(
    st.just("order"),
    st.sampled_from(Side),
    SIZES,
    st.none() | PRICES | PRICES | PRICES,
    st.integers(1, 3),
    TERMS,
)
QUOTES = st.tuples(
    st.just("quote"),
    PRICES,
    st.integers(1, 3),
    st.integers(0, 60),
    st.integers(0, 60),
    st.booleans(),
)
CHANGES = st.one_of(
    st.tuples(st.just("cancel"), st.integers(0, 30)),
    st.tuples(st.just("resize"), st.integers(0, 30), SIZES),
)
PRINTS = st.tuples(st.just("print"), PRICES, SIZES)


def steps(*kinds):
    return st.lists(st.one_of(ORDERS, ORDERS, ORDERS, *kinds), max_size=40)


class Players:
    """One book or two, and what is known of the orders sent to them."""

    def __init__(self, *books) -> None:
        self.books = books
        self.sent = {}
        self.filled = defaultdict(D)

    def play(self, step) -> None:
        match step:
            case ("order", side, size, limit, owner, terms):
                key = len(self.sent)
                self.sent[key] = order(key, side, size, limit, owner=owner, **terms)
                for book in self.books:
                    book.submit(order(key, side, size, limit, owner=owner, **terms))
            case ("quote", price, spread, bid_size, ask_size, has_bid):
                self.quote(price, spread, bid_size, ask_size, has_bid)
            case ("cancel", key) if key in self.books[0]:
                for book in self.books:
                    book.cancel(key)
            case ("resize", key, size) if key in self.books[0]:
                self.sent[key].remaining = self.filled[key] + size
                for book in self.books:
                    book.resize(key, D(size))
            case ("print", price, size):
                self.books[0].print(D(price), D(size))

    def quote(self, price, spread, bid_size, ask_size, has_bid) -> None:
        bid = top(price, bid_size) if has_bid else view().bid
        ask = top(price + spread, ask_size)
        for book in self.books:
            if isinstance(book, Book):
                book.show(view(bid, ask))
            else:
                book.show(bid, ask)


@settings(max_examples=600)
@given(steps(QUOTES, CHANGES))
def test_the_book_does_what_a_list_searched_from_end_to_end_does(played):
    book, naive = Book(), NaiveBook()
    players = Players(book, naive)
    for step in played:
        players.play(step)
        fills = drain(book)
        assert fills == naive.settle()
        for fill in fills:
            players.filled[fill.key] += fill.quantity
        assert book.working() == tuple(held.order.key for held in naive.held)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@settings(max_examples=300)
@given(steps(QUOTES, CHANGES, PRINTS))
def test_nobody_gets_more_than_asked_or_worse_than_limited(model, played):
    book = Book(model)
    players = Players(book)
    for step in played:
        players.play(step)
        moment = defaultdict(D)
        remaining = {key: held.order.remaining for key, held in book._entries.items()}
        wanting = {key for key, held in book._entries.items() if held.threshold}
        for fill in drain(book):
            sent = players.sent[fill.key]
            players.filled[fill.key] += fill.quantity
            moment[fill.key] += fill.quantity
            assert fill.quantity > 0
            assert reaches(sent.side, sent.limit, fill.price)
            assert players.filled[fill.key] <= sent.remaining
            assert fill.contra is None or players.sent[fill.contra].owner != sent.owner
        for key in wanting & moment.keys():
            sent = players.sent[key]
            least = remaining[key] if sent.all_or_none else sent.min_quantity
            assert moment[key] >= min(least, remaining[key])
        if step[0] == "quote":
            taken = {side: D(0) for side in Side}
            for key, quantity in moment.items():
                taken[players.sent[key].side] += quantity
            assert abs(taken[Side.BUY] - taken[Side.SELL]) <= sum(step[3:5])
    for key, held in book._entries.items():
        assert held.order.remaining == players.sent[key].remaining - players.filled[key]


@pytest.mark.parametrize("model", ["paper", "pessimistic", "queue"])
@settings(max_examples=300)
@given(steps(QUOTES, CHANGES, PRINTS))
def test_no_two_orders_that_could_trade_are_left(model, played):
    book = Book(MODELS[model])
    players = Players(book)
    for step in played:
        players.play(step)
        drain(book)
        resting = [held for held in book._entries.values() if not held.threshold]
        for bid in (h.order for h in resting if h.order.side is Side.BUY):
            for ask in (h.order for h in resting if h.order.side is Side.SELL):
                is_at_market = bid.limit is None and ask.limit is None
                crosses = bid.limit is None or ask.limit is None or bid.limit >= ask.limit
                assert is_at_market or not crosses or bid.owner == ask.owner


@settings(max_examples=300)
@given(steps(QUOTES, CHANGES))
def test_an_order_is_not_passed_by_a_later_one_of_its_price(played):
    """Of those that take any size and show all of it: no later one trades while it waits."""
    book = Book()
    players = Players(book)
    arrivals = []
    for step in played:
        players.play(step)
        arrivals = [key for key in book.working() if _is_plain(players.sent[key])]
        filled = [fill for fill in drain(book) if fill.added and fill.contra is None]
        for fill in filled:
            sent = players.sent[fill.key]
            if not _is_plain(sent):
                continue
            for key in arrivals[: arrivals.index(fill.key)]:
                earlier = players.sent[key]
                same = (earlier.side, earlier.limit) == (sent.side, sent.limit)
                assert not same or key not in book


def _is_plain(sent) -> bool:
    return not sent.all_or_none and not sent.min_quantity and sent.display is None


@given(steps(QUOTES, CHANGES))
def test_the_two_sides_of_a_trade_are_equal(played):
    book = Book()
    players = Players(book)
    for step in played:
        players.play(step)
        while fills := book.next():
            if fills[0].contra is None:
                assert len(fills) == 1
                continue
            taker, maker = fills
            assert (taker.contra, maker.contra) == (maker.key, taker.key)
            assert (taker.quantity, taker.price) == (maker.quantity, maker.price)
            assert (taker.added, maker.added) == (False, True)
