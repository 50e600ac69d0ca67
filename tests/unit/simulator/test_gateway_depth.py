"""Market depth. Which bug turns these red: a client's book that is not the gateway's, or crossed."""

from decimal import Decimal as D

import pytest

from simulator.gateway.entitlements import Entitlement
from simulator.messages.connection import ErrorMessage
from simulator.messages.depth import (
    CancelMarketDepth,
    MarketDepth,
    MarketDepthL2,
    RequestMarketDepth,
)
from simulator.records import Contract

SMART = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
IEX = Contract(symbol="AAPL", sec_type="STK", exchange="IEX", currency="USD")
EURUSD = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
OTHERS = [
    Contract(symbol=s, sec_type="STK", exchange="IEX", currency="USD") for s in ("MSFT", "SPY")
]


class Book:
    """A book as any client keeps it, from the rows it is told."""

    def __init__(self) -> None:
        self.sides = ([], [])

    def follow(self, replies) -> "Book":
        for row in replies:
            if not isinstance(row, MarketDepth | MarketDepthL2):
                continue
            side = self.sides[row.side]
            venue = getattr(row, "market_maker", "")
            if row.operation == 0:
                assert row.position <= len(side)
                side.insert(row.position, (row.price, row.size, venue))
            elif row.operation == 1:
                side[row.position] = (row.price, row.size, venue)
            else:
                del side[row.position]
        return self

    @property
    def asks(self):
        return self.sides[0]

    @property
    def bids(self):
        return self.sides[1]


@pytest.fixture(autouse=True)
def quoted(world) -> None:
    quote(world)


def quote(world, bid="99.99", ask="100.01") -> None:
    bid, ask = (D(price) if price else None for price in (bid, ask))
    world.set_quote("AAPL", bid=bid, ask=ask, bid_size=D(50), ask_size=D(60), last=D(100))


def test_a_book_begins_with_inserts_of_bids_then_asks(client) -> None:
    replies = client.send(RequestMarketDepth(5, IEX, 10))
    assert [(r.side, r.position, r.operation) for r in replies] == [
        (side, position, 0) for side in (1, 0) for position in range(10)
    ]


def test_the_best_rows_are_the_quote_and_the_others_lie_behind_it(client) -> None:
    book = Book().follow(client.send(RequestMarketDepth(5, IEX, 10)))
    assert book.bids[0][:2] == (D("99.99"), D(50))
    assert book.asks[0][:2] == (D("100.01"), D(60))
    assert [row[0] for row in book.bids] == [D("99.99") - D("0.01") * n for n in range(10)]
    assert [row[0] for row in book.asks] == [D("100.01") + D("0.01") * n for n in range(10)]
    assert all(row[1] > 0 for row in book.bids + book.asks)


def test_a_shift_is_sent_as_updates_and_leaves_the_book_of_a_newcomer(join, world) -> None:
    client = join(1)
    book = Book().follow(client.send(RequestMarketDepth(5, IEX, 10)))
    quote(world, "100.00", "100.02")
    replies = client.read()
    assert {row.operation for row in replies} == {1}
    newcomer = Book().follow(join(2).send(RequestMarketDepth(5, IEX, 10)))
    assert book.follow(replies).sides == newcomer.sides


def test_a_side_that_nobody_quotes_is_deleted_and_comes_back(client, world) -> None:
    book = Book().follow(client.send(RequestMarketDepth(5, IEX, 4)))
    quote(world, bid=None)
    replies = client.read()
    assert [(r.operation, r.side, r.position) for r in replies] == [
        (2, 1, position) for position in (3, 2, 1, 0)
    ]
    assert book.follow(replies).bids == []
    quote(world)
    assert len(book.follow(client.read()).bids) == 4


def test_a_book_ends_above_nothing(client, world) -> None:
    quote(world, bid="0.03", ask="0.05")
    book = Book().follow(client.send(RequestMarketDepth(5, IEX, 10)))
    assert [row[0] for row in book.bids] == [D("0.03"), D("0.02"), D("0.01")]
    assert len(book.asks) == 10


def test_a_living_market_keeps_the_client_in_step(join, world) -> None:
    world.release_quote("AAPL")
    client = join(1)
    book = Book().follow(client.send(RequestMarketDepth(5, SMART, 12, is_smart_depth=True)))
    for step in range(5):
        world.advance(3)
        assert (replies := client.read()), step
        assert book.follow(replies).bids[0][0] < book.asks[0][0]
    newcomer = Book().follow(join(2).send(RequestMarketDepth(5, SMART, 12, is_smart_depth=True)))
    assert book.sides == newcomer.sides


def test_smart_depth_names_venues_whose_sizes_make_the_quote(client) -> None:
    replies = client.send(RequestMarketDepth(5, SMART, 20, is_smart_depth=True))
    rows = [r for r in replies if isinstance(r, MarketDepthL2)]
    assert all(row.is_smart_depth for row in rows)
    book = Book().follow(rows)
    assert len({venue for *_, venue in book.bids + book.asks}) > 2
    assert sum(size for price, size, _ in book.bids if price == D("99.99")) == 50
    assert sum(size for price, size, _ in book.asks if price == D("100.01")) == 60
    prices = [row[0] for row in book.bids]
    assert prices == sorted(prices, reverse=True)


def test_smart_depth_tells_which_venues_are_in_it(client) -> None:
    replies = client.send(RequestMarketDepth(5, SMART, 5, is_smart_depth=True))
    (notice,) = [r for r in replies if isinstance(r, ErrorMessage)]
    assert (notice.id, notice.code) == (5, 2152)
    assert notice.text.startswith("Exchanges - Depth: NASDAQ; BATS; ARCA; BEX; NYSE; IEX; Top: ")
    assert notice.text.endswith("; ")


def test_a_cancelled_book_is_silent_and_its_id_unknown(client, world) -> None:
    client.send(RequestMarketDepth(5, IEX, 5))
    assert client.send(CancelMarketDepth(5)) == []
    quote(world, "50", "50.02")
    world.advance(5)
    assert client.read() == []
    (error,) = client.send(CancelMarketDepth(5))
    assert (error.id, error.code) == (5, 310)


def test_three_securities_have_books_and_no_fourth(join) -> None:
    client, other = join(1), join(2)
    for req_id, contract in enumerate((IEX, *OTHERS), 1):
        assert not isinstance(client.send(RequestMarketDepth(req_id, contract, 5))[0], ErrorMessage)
    assert isinstance(other.send(RequestMarketDepth(1, IEX, 5))[0], MarketDepth)  # the same one
    (error,) = other.send(RequestMarketDepth(9, EURUSD, 5))
    assert (error.id, error.code) == (9, 309)
    client.send(CancelMarketDepth(2))
    assert isinstance(other.send(RequestMarketDepth(9, EURUSD, 5))[0], MarketDepth)


def test_the_books_of_a_client_go_with_it(join, world) -> None:
    gone = join(1)
    for req_id, contract in enumerate((IEX, *OTHERS), 1):
        gone.send(RequestMarketDepth(req_id, contract, 5))
    world.disconnect(gone.connection)
    assert isinstance(join(2).send(RequestMarketDepth(9, EURUSD, 5))[0], MarketDepth)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (RequestMarketDepth(6, SMART, 5), 10092),
        (RequestMarketDepth(6, Contract(symbol="NONE", sec_type="STK"), 5), 200),
        (RequestMarketDepth(6, IEX, 0), 321),
        (RequestMarketDepth(5, IEX, 5), 322),
    ],
)
def test_what_has_no_book(client, request_, code) -> None:
    client.send(RequestMarketDepth(5, IEX, 5))
    (error,) = client.send(request_)
    assert (error.id, error.code) == (request_.req_id, code)


def test_a_login_without_live_data_has_no_depth(client, world) -> None:
    world.entitle("AAPL", Entitlement.DELAYED)
    (error,) = client.send(RequestMarketDepth(5, IEX, 5))
    assert (error.id, error.code) == (5, 354)
