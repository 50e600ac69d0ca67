"""The pure engine. Which bug turns these red: a fill nobody could have had, or one withheld."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.matching import Book, Filled, Side, Top, Working

NOBODY = Top(None, Decimal(0))


def top(price: str, size: int = 100) -> Top:
    return Top(Decimal(price), Decimal(size))


def order(key: int, side: Side, quantity: int, limit: str | None = None) -> Working:
    return Working(key, side, Decimal(quantity), None if limit is None else Decimal(limit))


def shown(bid: Top, ask: Top) -> Book:
    book = Book()
    book.show(bid, ask)
    return book


def told(fills: list[Filled]) -> list[tuple[int, int, str]]:
    return [(fill.key, int(fill.quantity), str(fill.price)) for fill in fills]


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
def test_an_order_takes_the_displayed_price_if_its_limit_allows(side, limit, fills) -> None:
    book = shown(top("10.00"), top("10.02"))
    assert told(book.submit(order(1, side, 10, limit))) == fills
    assert len(book) == (0 if fills else 1)


def test_no_more_is_filled_than_is_displayed() -> None:
    book = shown(top("10.00"), top("10.02", 30))
    assert told(book.submit(order(1, Side.BUY, 20))) == [(1, 20, "10.02")]
    assert told(book.submit(order(2, Side.BUY, 20))) == [(2, 10, "10.02")]
    assert told(book.submit(order(3, Side.BUY, 20))) == []
    assert told(book.show(top("10.00"), top("10.03", 25))) == [(2, 10, "10.03"), (3, 15, "10.03")]


def test_a_resting_limit_is_filled_at_its_own_price_and_adds_liquidity() -> None:
    book = shown(top("10.00"), top("10.02"))
    book.submit(order(1, Side.BUY, 10, "9.95"))
    assert book.show(top("9.96"), top("9.96")) == []
    assert book.show(top("9.90"), top("9.91")) == [
        Filled(1, Decimal(10), Decimal("9.95"), added=True)
    ]


def test_better_price_first_then_earlier_order() -> None:
    book = shown(NOBODY, NOBODY)
    for key, limit in [(1, "9.90"), (2, "9.95"), (3, "9.95"), (4, None)]:
        book.submit(order(key, Side.BUY, 10, limit))
    fills = book.show(NOBODY, top("9.80", 25))
    assert told(fills) == [(4, 10, "9.80"), (2, 10, "9.95"), (3, 5, "9.95")]


def test_a_market_order_waits_for_somebody_to_trade_with() -> None:
    book = shown(top("10.00"), NOBODY)
    assert book.submit(order(1, Side.BUY, 10)) == []
    assert told(book.show(top("10.00"), top("11.00"))) == [(1, 10, "11.00")]


def test_a_cancelled_order_is_never_filled_and_its_successor_is() -> None:
    book = shown(NOBODY, NOBODY)
    book.submit(order(1, Side.BUY, 10, "10"))
    book.cancel(1)
    with pytest.raises(KeyError):
        book.cancel(1)
    assert book.show(NOBODY, top("9")) == []
    book.show(NOBODY, NOBODY)
    book.submit(order(2, Side.BUY, 10, "8"))
    book.cancel(2)
    book.submit(order(2, Side.BUY, 4, "9.50"))  # the same key, changed and back at the end
    assert told(book.show(NOBODY, top("9"))) == [(2, 4, "9.50")]


def test_an_order_that_was_changed_for_the_worse_does_not_keep_its_place() -> None:
    book = shown(NOBODY, NOBODY)
    book.submit(order(1, Side.BUY, 4, "9.50"))
    book.cancel(1)
    book.submit(order(1, Side.BUY, 4, "8"))
    book.submit(order(2, Side.BUY, 4, "9.20"))
    assert told(book.show(NOBODY, top("9"))) == [(2, 4, "9.20")]


PRICES = st.integers(95, 105).map(Decimal)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.sampled_from(Side), st.integers(1, 50), st.none() | PRICES),
        st.tuples(st.just("quote"), PRICES, st.integers(0, 60), st.integers(0, 60)),
        st.tuples(st.just("cancel"), st.integers(0, 20)),
    ),
    max_size=60,
)


@given(STEPS)
def test_whatever_happens_nobody_gets_more_than_asked_or_worse_than_limited(steps) -> None:
    book, orders, filled = Book(), {}, {}
    for step in steps:
        fills = []
        match step:
            case ("order", side, quantity, limit):
                key = len(orders)
                orders[key] = (side, Decimal(quantity), limit)
                fills = book.submit(Working(key, side, Decimal(quantity), limit))
            case ("quote", price, bid_size, ask_size):
                fills = book.show(Top(price, Decimal(bid_size)), Top(price + 1, Decimal(ask_size)))
                assert sum(f.quantity for f in fills) <= bid_size + ask_size
            case ("cancel", key):
                done = filled.get(key, 0) == orders.get(key, (0, 0))[1]
                if key in orders and not done and orders[key][1] > 0:
                    book.cancel(key)
                    orders[key] = (orders[key][0], filled.get(key, Decimal(0)), orders[key][2])
        for fill in fills:
            side, quantity, limit = orders[fill.key]
            filled[fill.key] = filled.get(fill.key, Decimal(0)) + fill.quantity
            assert filled[fill.key] <= quantity
            if limit is not None:
                assert fill.price <= limit if side is Side.BUY else fill.price >= limit
    assert len(book) == sum(filled.get(k, 0) < q for k, (_, q, _) in orders.items())
