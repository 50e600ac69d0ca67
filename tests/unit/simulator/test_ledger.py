"""Account arithmetic. Which bug turns these red: money that appears or vanishes."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.commissions import commission_currency
from simulator.instruments import INSTRUMENTS, PRODUCTS, ContractDatabase
from simulator.ledger import Deposit, Fill, Ledger, replayed, trial, value
from simulator.records import Contract

DATABASE = ContractDatabase(INSTRUMENTS)
AAPL, EURUSD = DATABASE.by_name("AAPL"), DATABASE.by_name("EUR.USD")


def new(cash: int = 1000) -> Ledger:
    return Ledger("DU9000001", "USD", {"USD": D(cash)})


def named(symbol: str, sec_type: str = "STK", currency: str = "USD"):
    wanted = Contract(symbol=symbol, sec_type=sec_type, currency=currency)
    return ContractDatabase(INSTRUMENTS, PRODUCTS).find(wanted)[0]


def position(ledger: Ledger, instrument=AAPL):
    held = ledger.positions[instrument.con_id]
    return held.quantity, held.average_cost, held.realized_pnl


def test_a_purchase_costs_its_price_and_the_fee() -> None:
    ledger = new()
    assert ledger.apply(AAPL, D(10), D(20), D(1)) is None
    assert ledger.cash == {"USD": D(799)}
    assert position(ledger) == (10, D("20.1"), 0)


def test_a_sale_realises_the_difference_net_of_both_fees() -> None:
    ledger = new()
    ledger.apply(AAPL, D(10), D(20), D(1))
    assert ledger.apply(AAPL, D(-4), D(25), D(1)) == 4 * (25 - D("20.1")) - 1
    assert position(ledger)[:2] == (6, D("20.1"))


def test_a_short_sale_is_cheaper_by_its_fee() -> None:
    ledger = new()
    assert ledger.apply(AAPL, D(-10), D(20), D(1)) is None
    assert position(ledger)[:2] == (-10, D("19.9"))
    assert ledger.apply(AAPL, D(10), D(18), D(1)) == 10 * (D("19.9") - 18) - 1
    assert position(ledger)[:2] == (0, 0)


def test_a_fill_through_zero_closes_and_opens_with_its_share_of_the_fee() -> None:
    ledger = new()
    ledger.apply(AAPL, D(10), D(20), D(1))
    assert ledger.apply(AAPL, D(-30), D(22), D(3)) == 10 * (22 - D("20.1")) - 1
    assert position(ledger)[:2] == (-20, D("21.9"))


def test_a_currency_pair_moves_both_currencies_and_counts_once() -> None:
    ledger = new(10_000)
    ledger.apply(EURUSD, D(1000), D("1.10"), D(2))
    assert ledger.cash == {"USD": D(8898), "EUR": D(1000)}
    valuation = value(ledger, lambda _: D("1.10"), {"USD": D(1), "EUR": D("1.10")})
    assert valuation.net_liquidation == 9998
    assert valuation.stock_value == 0
    assert valuation.unrealized_pnl == -2


def test_a_valuation_adds_up() -> None:
    ledger = new(100_000)
    ledger.apply(AAPL, D(100), D(200), D(1))
    valuation = value(ledger, lambda _: D(210), {"USD": D(1)})
    assert valuation.total_cash == 79_999
    assert valuation.stock_value == 21_000
    assert valuation.net_liquidation == 100_999
    assert valuation.unrealized_pnl == 999
    assert valuation.initial_margin == 10_500
    assert valuation.buying_power == 4 * (100_999 - 10_500)


FILLS = st.lists(
    st.tuples(
        st.integers(-50, 50).filter(bool),
        st.decimals(1, 100, places=2),
        st.decimals(0, 5, places=2),
    ),
    min_size=1,
    max_size=30,
)


@given(FILLS)
def test_cash_positions_and_profit_agree_whatever_is_traded(fills) -> None:
    ledger = new(0)
    for quantity, price, fee in fills:
        ledger.apply(AAPL, D(quantity), price, fee)
    assert ledger.cash["USD"] == -sum(q * p + f for q, p, f in fills)
    held = ledger.positions[AAPL.con_id]
    assert held.quantity == sum(q for q, _, _ in fills)
    mark = D(50)
    profit = held.realized_pnl + held.quantity * mark - held.cost
    assert profit == ledger.cash["USD"] + held.quantity * mark


def test_an_option_costs_its_price_times_the_multiplier() -> None:
    ledger, option = new(10_000), named("AAPL", "OPT")
    ledger.apply(option, D(2), D(3), D(1))
    assert ledger.cash == {"USD": 10_000 - 600 - 1}
    assert position(ledger, option)[:2] == (2, D("300.5"))
    valuation = value(ledger, lambda _: D(4), {"USD": D(1)})
    assert valuation.net_liquidation == 10_000 - 1 + 200
    assert valuation.unrealized_pnl == 200 - 1


@pytest.mark.parametrize("side", [1, -1])
def test_a_future_moves_cash_when_it_is_closed(side) -> None:
    ledger, future = new(100_000), named("ES", "FUT")
    ledger.apply(future, D(2 * side), D(6000), D(2))
    assert ledger.cash == {"USD": 100_000 - 2}
    held = value(ledger, lambda _: D(6001), {"USD": D(1)})
    assert held.net_liquidation == 100_000 - 2 + side * 100
    realized = ledger.apply(future, D(-2 * side), D(6001), D(2))
    assert realized == side * 100 - 4
    assert ledger.cash == {"USD": 100_000 - 4 + side * 100}


def test_a_future_bought_in_parts_gives_back_every_cent() -> None:
    ledger, future = new(0), named("ES", "FUT")
    ledger.apply(future, D(1), D("6000.25"), D(0))
    ledger.apply(future, D(2), D("6000.50"), D(0))
    for _ in range(3):
        ledger.apply(future, D(-1), D("6000.25"), D(0))
    assert ledger.cash == {"USD": -2 * 50 * D("0.25")}
    assert ledger.positions[future.con_id].cost == 0


def test_a_cfd_moves_no_cash_until_it_is_closed() -> None:
    ledger, cfd = new(1000), named("AAPL", "CFD")
    ledger.apply(cfd, D(-10), D(230), D(1))
    assert ledger.cash == {"USD": D(999)}
    assert value(ledger, lambda _: D(229), {"USD": D(1)}).net_liquidation == 999 + 10
    ledger.apply(cfd, D(10), D(229), D(1))
    assert ledger.cash == {"USD": D(1008)}


def test_a_warrant_is_quoted_by_the_piece() -> None:
    ledger, warrant = new(0), named("DAX", "WAR", "EUR")
    ledger.apply(warrant, D(100), D("8.50"), D(4))
    assert ledger.cash == {"USD": D(0), "EUR": D(-854)}


def test_a_fee_is_booked_in_the_currency_of_the_trade() -> None:
    ledger = new(1000)
    ledger.apply(named("AMD", currency="EUR"), D(10), D(20), D(3))
    assert ledger.cash == {"USD": D(1000), "EUR": D(-203)}


def test_the_fee_of_a_pair_of_dollars_enters_its_cost_at_the_price_of_the_pair() -> None:
    ledger, pair = new(10_000), DATABASE.by_name("USD.JPY")
    ledger.apply(pair, D(1000), D(150), D(2))
    assert ledger.cash == {"USD": D(10_998), "JPY": D(-150_000)}
    assert ledger.positions[pair.con_id].average_cost == 150 + D(2 * 150) / 1000


def test_a_trial_leaves_the_books_as_they_are() -> None:
    ledger = new(1000)
    assert trial(ledger, AAPL, D(1), D(100), D(1)).cash == {"USD": D(899)}
    assert (ledger.cash, ledger.positions) == ({"USD": D(1000)}, {})


def test_money_paid_in_and_out_is_cash_and_nothing_else() -> None:
    ledger = new(1000)
    ledger.deposit("EUR", D(50))
    ledger.deposit("USD", D(-1200))
    assert ledger.cash == {"USD": D(-200), "EUR": D(50)}


def test_a_busted_trade_leaves_the_books_it_would_have_left() -> None:
    kept, busted = Fill(AAPL, D(10), D(20), D(1)), Fill(AAPL, D(-4), D(25), D(1))
    after = Fill(AAPL, D(-10), D(22), D(1))
    corrected, realized = replayed(new(), [kept, after])
    straight = new()
    assert realized == [straight.apply(f.instrument, *terms(f)) for f in (kept, after)]
    assert corrected == straight
    assert corrected != replayed(new(), [kept, busted, after])[0]


def terms(fill: Fill):
    return fill.quantity, fill.price, fill.commission


TRADED = (
    AAPL,
    named("AMD", currency="EUR"),
    named("ES", "FUT"),
    named("AAPL", "OPT"),
    named("BTC", "CRYPTO"),
    named("AAPL", "CFD"),
    named("US-T", "BOND"),
    EURUSD,
)
MANY = st.lists(
    st.builds(
        Fill,
        st.sampled_from(TRADED),
        st.integers(-50, 50).filter(bool).map(D),
        st.decimals("0.01", 100, places=2),
        st.decimals(0, 5, places=6),
    ),
    max_size=40,
)
RATES = {"USD": D(1), "EUR": D("1.25")}


def mark(instrument) -> D:
    return D("1.25") if instrument is EURUSD else D(40)


@given(MANY)
def test_nothing_is_lost_to_the_last_digit_whatever_is_traded(fills) -> None:
    ledger = Ledger("DU9000001", "USD", {"USD": D(1000), "EUR": D(500)})
    incremental = ledger.copy()
    gains = [incremental.apply(fill.instrument, *terms(fill)) for fill in fills]
    assert replayed(ledger, fills) == (incremental, gains)

    for held in incremental.positions.values():
        own = [f for f in fills if f.instrument is held.instrument]
        assert held.quantity == sum(f.quantity for f in own)
        assert held.realized_pnl == sum(
            g or 0 for f, g in zip(fills, gains, strict=True) if f in own
        )

    owed = {"USD": D(1000), "EUR": D(500)}
    for fill in fills:
        instrument = fill.instrument
        owed[commission_currency(instrument)] -= fill.commission
        owed[instrument.currency] -= fill.quantity * fill.price * instrument.price_multiplier
        if instrument is EURUSD:
            owed["EUR"] += fill.quantity
    for held in incremental.positions.values():
        if held.instrument.is_settled_on_close:
            owed[held.instrument.currency] += held.paid
    assert incremental.cash == owed

    before = value(ledger, mark, RATES).net_liquidation
    after = value(incremental, mark, RATES)
    assert after.net_liquidation - before == after.realized_pnl + after.unrealized_pnl


@given(MANY, st.data())
def test_a_correction_gives_the_books_as_if_it_had_always_been_so(fills, data) -> None:
    if fills:
        index = data.draw(st.integers(0, len(fills) - 1))
        fills[index] = Fill(fills[index].instrument, D(7), D(33), D(0))
    straight = new()
    for fill in fills:
        straight.apply(fill.instrument, *terms(fill))
    assert replayed(new(), [Deposit("USD", D(0)), *fills])[0] == straight
