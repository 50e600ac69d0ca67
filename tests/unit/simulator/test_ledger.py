"""Account arithmetic. Which bug turns these red: money that appears or vanishes."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.instruments import INSTRUMENTS, PRODUCTS, ContractDatabase
from simulator.ledger import Ledger, value
from simulator.records import Contract

DATABASE = ContractDatabase(INSTRUMENTS)
AAPL, EURUSD = DATABASE.by_name("AAPL"), DATABASE.by_name("EUR.USD")


def new(cash: int = 1000) -> Ledger:
    return Ledger("DU9000001", "USD", {"USD": D(cash)})


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


def of(sec_type: str):
    database = ContractDatabase(INSTRUMENTS, PRODUCTS)
    return database.find(Contract(symbol="ES" if sec_type == "FUT" else "AAPL", sec_type=sec_type))[
        0
    ]


def test_an_option_costs_its_price_times_the_multiplier() -> None:
    ledger, option = new(10_000), of("OPT")
    ledger.apply(option, D(2), D(3), D(1))
    assert ledger.cash == {"USD": 10_000 - 600 - 1}
    assert position(ledger, option)[:2] == (2, D("300.5"))
    valuation = value(ledger, lambda _: D(4), {"USD": D(1)})
    assert valuation.net_liquidation == 10_000 - 1 + 200
    assert valuation.unrealized_pnl == 200 - 1


@pytest.mark.parametrize("side", [1, -1])
def test_a_future_moves_cash_when_it_is_closed(side) -> None:
    ledger, future = new(100_000), of("FUT")
    ledger.apply(future, D(2 * side), D(6000), D(2))
    assert ledger.cash == {"USD": 100_000 - 2}
    held = value(ledger, lambda _: D(6001), {"USD": D(1)})
    assert held.net_liquidation == 100_000 - 2 + side * 100
    realized = ledger.apply(future, D(-2 * side), D(6001), D(2))
    assert realized == side * 100 - 4
    assert ledger.cash == {"USD": 100_000 - 4 + side * 100}
