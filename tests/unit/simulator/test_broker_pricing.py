"""Orders whose price another market makes. Which bug turns these red: a limit that stands still."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from brokers import MSFT, Trading

from simulator.records import Contract

FUTURE = Contract(symbol="ES", sec_type="CONTFUT", exchange="CME", currency="USD")


@pytest.fixture
def trading() -> Trading:
    return Trading()


def limit(trading: Trading, order_id: int) -> D | None:
    return trading[order_id].work_limit


def option(trading: Trading, bid: object = 4, ask: object = 6) -> Contract:
    wanted = Contract(symbol="AAPL", sec_type="OPT", right="C", strike=D(200), exchange="SMART")
    found = trading.world.database.find(replace(wanted, last_trade_date="20250718"))[0]
    quote = trading.world.market.set_quote(
        found, trading.now_ms, bid=D(bid), ask=D(ask), bid_size=D(10), ask_size=D(10)
    )
    trading.events = trading.broker.show(found, quote, trading.now_ms)
    return found.contract()


def again(trading: Trading, contract: Contract) -> None:
    """The option is displayed once more, as it was."""
    (found,) = trading.world.database.find(contract)
    quote = trading.world.market.quote(found, trading.now_ms)
    trading.events = trading.broker.show(found, quote, trading.now_ms)


def test_a_relative_order_follows_its_side_and_does_not_go_back(trading) -> None:
    order = trading.place("REL", buy=10, aux_price="0.05", limit_price="110")
    assert limit(trading, order) == D("99.05")
    trading.quote(100, 102)
    assert limit(trading, order) == D("100.05")
    trading.quote(98, 102)
    assert limit(trading, order) == D("100.05")


def test_a_pegged_order_without_a_quote_is_out_of_the_market(trading) -> None:
    order = trading.place("PEG MID", buy=10, aux_price="0")
    assert limit(trading, order) == D(100)
    trading.quote(None, 102)
    trading.quote(None, 99)
    assert trading.status(order) == ["Submitted"]
    assert not trading.fills
    trading.quote(97, 99)
    assert limit(trading, order) == D(98)


def test_a_pegged_order_can_be_made_smaller_while_it_has_no_price(trading) -> None:
    order = trading.place("PEG MID", buy=10, aux_price="0")
    trading.quote(None, 102)
    held = trading[order]
    smaller = replace(held.order, total_quantity=D(4))
    trading.broker.modify(held, smaller, trading.now_ms)
    trading.quote(99, 101)
    sale = replace(held.order, action="SELL", order_type="LMT", limit_price=D(100))
    trading.broker.place(2, 1, held.contract, sale, trading.now_ms)
    other = trading.broker.order(2, 1)
    assert other is not None
    assert trading.status(order) == ["Filled"]
    assert (other.filled, other.remaining) == (4, 6)


def test_a_benchmark_moves_an_order_by_whole_steps(trading) -> None:
    trading.quote(200, 202, MSFT)
    order = trading.place(
        "PEG BENCH",
        buy=10,
        starting_price="95",
        reference_contract_id=trading.world.instrument(MSFT).con_id,
        reference_change_amount="1",
        pegged_change_amount="0.5",
        stock_range_lower="190",
    )
    assert limit(trading, order) == D(95)
    trading.quote("202.9", "204.9", MSFT)
    trading.quote(99, 101)
    assert limit(trading, order) == D(96)
    trading.quote(189, 191, MSFT)
    trading.quote(98, "98.5")
    trading.quote(94, "94.5")
    assert not trading.fills  # out of its range
    trading.quote(200, 202, MSFT)
    trading.quote(94, "94.4")
    assert trading.fills == [(order, "10", "94.4")]


def test_an_order_pegged_to_its_stock_moves_by_delta(trading) -> None:
    trading.quote(199, 201)
    contract = option(trading)
    order = trading.place("PEG STK", buy=1, contract=contract, delta="50", starting_price="4.5")
    assert limit(trading, order) == D("4.50")
    trading.quote(201, 203)
    again(trading, contract)
    assert limit(trading, order) == D("5.50")
    trading.quote(None, 203)
    again(trading, contract)
    option(trading, 2, 3)
    assert not trading.fills  # the stock has no midpoint


def test_where_it_starts_is_taken_from_the_market_once(trading) -> None:
    trading.quote(199, 201)
    contract = option(trading, 4, 6)
    order = trading.place("PEG STK", buy=1, contract=contract, delta="50")
    assert limit(trading, order) == D(5)
    option(trading, "5.8", 6)
    trading.quote(200, 202)
    again(trading, contract)
    assert limit(trading, order) == D("5.50")  # from 5 it went half of what the stock did


def test_a_volatility_order_stays_unless_it_is_told_to_follow(trading) -> None:
    trading.quote(199, 201)
    contract = option(trading, 1, 50)
    terms = {"contract": contract, "volatility": "30", "volatility_type": 2}
    stays = trading.place("VOL", buy=1, **terms)
    follows = trading.place("VOL", buy=1, continuous_update=True, **terms)
    before = limit(trading, stays)
    assert before == limit(trading, follows)
    assert before is not None
    assert before > 0
    trading.quote(209, 211)
    again(trading, contract)
    assert limit(trading, stays) == before
    after = limit(trading, follows)
    assert after is not None
    assert after > before + 5


def test_a_volatility_order_has_no_price_outside_its_range(trading) -> None:
    trading.quote(199, 201)
    contract = option(trading, 1, 50)
    order = trading.place(
        "VOL", buy=1, contract=contract, volatility="30", volatility_type=2, stock_range_lower="205"
    )
    assert limit(trading, order) is None
    assert trading.status(order) == ["Submitted"]


def test_protection_is_taken_once_off_the_other_side(trading) -> None:
    front = trading.world.database.find(FUTURE)[0].con_id
    name = trading.world.database[front].local_symbol
    trading.quote(5000, 5001, name, size=1)
    order = trading.place("MKT PRT", buy=3, name=name)
    assert trading.fills == [(order, "1", "5001")]
    kept = limit(trading, order)
    assert kept == D(5026)
    trading.quote(5100, 5101, name)
    assert limit(trading, order) == kept
    assert not trading.fills


def test_a_protected_stop_is_protected_off_its_stop(trading) -> None:
    front = trading.world.database.find(FUTURE)[0].con_id
    name = trading.world.database[front].local_symbol
    trading.quote(4998, 4999, name)
    order = trading.place("STP PRT", buy=3, name=name, aux_price="5000")
    trading.quote(5100, 5101, name)
    assert limit(trading, order) == D(5025)
    assert trading.status(order) == ["Submitted"]
    assert not trading.fills
