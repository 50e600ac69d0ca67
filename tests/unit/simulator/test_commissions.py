"""What trading costs. Which bug turns these red: a fee that no account statement shows."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.commissions import (
    Before,
    Plan,
    commission_bounds,
    commission_currency,
    commission_for,
    counted_volume,
)
from simulator.instruments import INSTRUMENTS, PRODUCTS, ContractDatabase, Instrument
from simulator.records import Contract

DATABASE = ContractDatabase(INSTRUMENTS, PRODUCTS)


def named(symbol: str, sec_type: str = "STK", currency: str = "USD") -> Instrument:
    wanted = Contract(symbol=symbol, sec_type=sec_type, currency=currency)
    return DATABASE.find(wanted)[0]


AAPL = named("AAPL")
XETRA = named("AMD", currency="EUR")
OPTION = named("AAPL", "OPT")


def fees_of(instrument: Instrument, fills: list[tuple[D, D]], **terms) -> list[D]:
    """The fees of the fills of one order."""
    before, fees = Before(), []
    for quantity, price in fills:
        fees.append(commission_for(instrument, quantity, price, before=before, **terms))
        before = Before(before.filled + quantity, before.paid + quantity * price)
    return fees


def test_the_fees_of_a_captured_purchase_and_sale_are_met_to_the_last_digit() -> None:
    assert commission_for(AAPL, D(100), D("292.31")) == D("1.0003")
    fills = [(D(40), D("292.33")), (D(40), D("292.30")), (D(20), D("292.30"))]
    fees = fees_of(AAPL, fills, is_sale=True)
    assert fees == [D("1.2488"), D("0.248775"), D("0.124388")]


@pytest.mark.parametrize(
    ("instrument", "quantity", "price", "fee"),
    [
        (AAPL, 1, "230", "1.000003"),
        (AAPL, 1000, "230", "5.003"),
        (AAPL, 10, "5", "0.50003"),  # never more than 1 % of the trade
        (named("EUR", "CASH"), 20_000, "1.1", "2"),
        (named("EUR", "CASH"), 1_000_000, "1.1", "22"),
        (named("USD", "CASH", "JPY"), 1_000_000, "150", "20"),  # in dollars
        (named("EUR", "CASH", "JPY"), 10_000, "163", "300"),  # in yen: about two dollars
        (named("BTC", "CRYPTO"), 1, "95000", "171"),
        (named("BTC", "CRYPTO"), "0.01", "95000", "1.75"),
        (named("BTC", "CRYPTO"), "0.001", "95000", "0.95"),
        (XETRA, 100, "40", "3"),
        (XETRA, 1000, "20", "10"),
        (named("ES", "FUT"), 1, "6000", "2.25"),
        (named("MES", "FUT"), 1, "6000", "0.62"),  # captured
        (named("US-T", "BOND"), 1_000_000, "98", "20"),  # IBKR's examples
        (named("US-T", "BOND"), 2_000_000, "98", "21"),
        (named("AAPL", "BOND"), 5_000, "97", "5"),
        (named("AAPL", "BOND"), 20_000, "97", "12.5"),
        (named("AAPL", "CFD"), 100, "230", "1"),
        (named("VFIAX", "FUND"), 100, "545", "14.95"),
        (named("VFIAX", "FUND"), "0.1", "545", "1.635"),
        (named("DAX", "WAR", "EUR"), 100, "8.5", "4"),
    ],
)
def test_fixed_prices_are_the_published_ones(instrument, quantity, price, fee) -> None:
    assert commission_for(instrument, D(quantity), D(price)) == D(fee)


CONTRACT = D("0.04685")
"""What is passed on for each option: regulatory fee and clearing."""


@pytest.mark.parametrize(
    ("contracts", "premium", "volume", "fee"),
    [
        (1, "2", 0, "1"),
        (2, "5", 0, "1.30"),
        (3, "0.075", 0, "1.50"),
        (5, "0.03", 0, "1.25"),
        (3, "0.075", 20_000, "1.50"),
        (5, "0.03", 20_000, "1.25"),
        (5, "2", 60_000, "1.25"),
        (7, "2", 200_000, "1.05"),
    ],
)
def test_options_cost_what_the_examples_of_the_price_list_say(
    contracts, premium, volume, fee
) -> None:
    charged = commission_for(OPTION, D(contracts), D(premium), month_volume=D(volume))
    assert charged == D(fee) + contracts * CONTRACT


@pytest.mark.parametrize(
    ("volume", "rate"),
    [
        (300_000, "0.0035"),
        (300_001, "0.002"),
        (20_000_000, "0.0015"),
        (100_000_000, "0.001"),
        (100_000_001, "0.0005"),
    ],
)
def test_tiered_shares_are_cheaper_for_who_trades_much(volume, rate) -> None:
    fee = commission_for(
        AAPL, D(10_000), D(5), plan=Plan.TIERED, month_volume=D(volume), adds_liquidity=True
    )
    own = 10_000 * D(rate)
    assert fee == own + own * D("0.000735") + 10_000 * (D("0.0002") + D("0.000003"))


def test_tiered_bounds_differ_by_what_a_venue_takes_and_fixed_ones_do_not() -> None:
    least, most = commission_bounds(AAPL, D(100), D(230), plan=Plan.TIERED)
    assert most - least == 100 * D("0.003")
    assert commission_bounds(AAPL, D(100), D(230)) == (D("1.0003"), D("1.0003"))


def test_xetra_is_cheaper_by_the_tier_and_capped_but_its_venue_is_paid() -> None:
    fee = commission_for(XETRA, D(10_000), D(20), plan=Plan.TIERED)
    assert fee == 29 + 200_000 * D("0.00008") + D("0.03")


@pytest.mark.parametrize(
    ("instrument", "currency"),
    [
        (AAPL, "USD"),
        (XETRA, "EUR"),
        (named("USD", "CASH", "JPY"), "USD"),
        (named("EUR", "CASH", "GBP"), "GBP"),
    ],
)
def test_a_fee_is_charged_in_the_currency_of_the_trade(instrument, currency) -> None:
    assert commission_currency(instrument) == currency


@pytest.mark.parametrize(
    ("instrument", "volume"),
    [
        (AAPL, 100),
        (OPTION, 100),
        (XETRA, 2000),
        (named("EUR", "CASH"), 2000),
        (named("USD", "CASH", "JPY"), 100),
    ],
)
def test_the_volume_of_a_month_is_counted_as_its_tiers_are(instrument, volume) -> None:
    assert counted_volume(instrument, D(100), D(20)) == volume


KINDS = st.sampled_from(
    [AAPL, XETRA, named("EUR", "CASH"), named("BTC", "CRYPTO"), named("ES", "FUT")]
)
PARTS = st.lists(
    st.tuples(st.integers(1, 500).map(D), st.decimals(1, 200, places=2)), min_size=1, max_size=8
)


@given(KINDS, PARTS, st.sampled_from(Plan), st.booleans())
def test_parts_of_an_order_add_up_to_the_order(instrument, fills, plan, is_sale) -> None:
    fees = fees_of(instrument, fills, plan=plan, is_sale=is_sale)
    filled = sum(quantity for quantity, _ in fills)
    paid = sum(quantity * price for quantity, price in fills)
    whole = commission_for(instrument, filled, paid / filled, plan=plan, is_sale=is_sale)
    assert abs(sum(fees) - whole) <= D("0.000001")
    assert min(fees) >= 0
