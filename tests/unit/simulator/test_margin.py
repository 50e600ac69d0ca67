"""Margin and buying power. Which bug turns these red: an account that may risk too much."""

from dataclasses import replace
from decimal import Decimal as D
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.instruments import INSTRUMENTS, PRODUCTS, ContractDatabase, Instrument
from simulator.ledger import (
    AccountKind,
    Ledger,
    MarginModel,
    Segment,
    Terms,
    Valuation,
    objection,
    value,
)
from simulator.records import Contract

DATABASE = ContractDatabase(INSTRUMENTS, PRODUCTS)
AAPL = DATABASE.by_name("AAPL")
SPX = DATABASE.by_name("SPX")
REG_T = Terms()
CASH = Terms(kind=AccountKind.CASH)
PORTFOLIO = Terms(model=MarginModel.PORTFOLIO)
EXPIRY = "20300118"


def named(symbol: str, sec_type: str = "STK", currency: str = "USD") -> Instrument:
    return DATABASE.find(Contract(symbol=symbol, sec_type=sec_type, currency=currency))[0]


_OPTION = named("AAPL", "OPT")


def option(right: str, strike: str, expiry: str = EXPIRY, under: Instrument = AAPL) -> Instrument:
    id_ = crc32(f"{right}{strike}{expiry}{under.con_id}".encode())
    return replace(
        _OPTION,
        con_id=id_,
        right=right,
        strike=D(strike),
        expiry=expiry,
        under_con_id=under.con_id,
        under_sec_type=under.sec_type,
    )


def valued(
    *held: tuple[Instrument, int, str], cash: str = "100000", under: str = "100", terms=REG_T
) -> Valuation:
    """An account with cash that was given positions at their prices."""
    ledger = Ledger("DU9000001", "USD", {"USD": D(cash)}, terms=terms)
    prices = {instrument.con_id: D(price) for instrument, _, price in held}
    for instrument, quantity, price in held:
        ledger.apply(instrument, D(quantity), D(price), D(0))
    rates = {"USD": D(1), "EUR": D("1.25"), "JPY": D("0.01")}
    return value(ledger, lambda i: prices[i.con_id], rates, lambda _: D(under))


def needed(*held: tuple[Instrument, int, str], **terms) -> tuple[D, D]:
    margin = valued(*held, **terms).margin
    return margin.initial, margin.maintenance


@pytest.mark.parametrize(
    ("held", "initial", "maintenance"),
    [
        ((AAPL, 100, "200"), "10000", "5000"),
        ((AAPL, -100, "200"), "10000", "6000"),
        ((AAPL, -100, "10"), "500", "500"),  # five dollars a share
        ((AAPL, -100, "4"), "400", "400"),  # its whole price
        ((AAPL, -100, "1"), "250", "250"),
        ((named("ES", "FUT"), -1, "6000"), "26400", "24000"),
        ((named("ES", "FUT"), 1, "6000"), "26400", "24000"),
        ((named("US-T", "BOND"), 10_000, "98"), "882", "882"),
        ((named("AAPL", "BOND"), 10_000, "98"), "2450", "2450"),
        ((named("AAPL", "CFD"), 10, "200"), "400", "400"),
        ((named("IBUS500", "CFD"), 1, "6000"), "300", "300"),
        ((named("VFIAX", "FUND"), 10, "500"), "2500", "1250"),
        ((named("DAX", "WAR", "EUR"), 100, "8"), "1025", "1025"),  # paid in full; 800 euro owed
        ((named("BTC", "CRYPTO"), 1, "60000"), "0", "0"),
        ((named("AMD", currency="EUR"), 100, "20"), "1312.5", "687.5"),  # 2000 euro owed
        ((DATABASE.by_name("EUR.USD"), 10_000, "1.25"), "312.5", "312.5"),
    ],
)
def test_what_one_position_needs_by_reg_t(held, initial, maintenance) -> None:
    assert needed(held) == (D(initial), D(maintenance))


@pytest.mark.parametrize(
    ("short", "price", "under", "margin"),
    [
        (option("C", "100"), "5", "100", "2500"),  # 20 % of 100, and its price
        (option("C", "110"), "2", "100", "1200"),  # 10 out of the money: the floor of 10 %
        (option("C", "105"), "2", "100", "1700"),
        (option("P", "90"), "1", "100", "1100"),
        (option("P", "70"), "1", "100", "800"),  # the floor of a put is 10 % of its strike
        (option("C", "100", under=SPX), "5", "100", "2000"),  # an index: 15 %
    ],
)
def test_what_a_naked_option_needs(short, price, under, margin) -> None:
    assert needed((short, -1, price), under=under) == (D(margin), D(margin))


def test_a_long_option_is_paid_in_full_and_lends_nothing() -> None:
    account = valued((option("C", "100"), 2, "5"), cash="1500")
    assert account.initial_margin == 0
    assert account.equity_with_loan == account.available_funds == 500
    assert account.net_liquidation == 1500


def test_what_a_short_option_brought_is_equity_that_its_margin_eats() -> None:
    account = valued((option("P", "100"), -1, "5"), cash="2500")
    assert account.equity_with_loan == 3000
    assert account.available_funds == 3000 - 2500


@pytest.mark.parametrize(
    ("short", "long", "width"),
    [
        (option("C", "100"), option("C", "105"), "500"),
        (option("C", "105"), option("C", "100"), "0"),
        (option("P", "100"), option("P", "95"), "500"),
        (option("P", "95"), option("P", "100"), "0"),
        (option("C", "100"), option("C", "105", "20300318"), "500"),
    ],
)
def test_a_spread_needs_the_width_of_its_strikes(short, long, width) -> None:
    assert needed((short, -1, "3"), (long, 1, "2"))[0] == D(width)


@pytest.mark.parametrize(
    "long",
    [
        option("C", "105", "20291221"),  # gone before the short one
        option("P", "105"),
        option("C", "105", under=SPX),
        option("C", "150"),  # so wide that naked is cheaper
    ],
)
def test_a_long_option_that_does_not_help_changes_nothing(long) -> None:
    assert needed((option("C", "100"), -1, "3"), (long, 1, "2")) == (D(2300), D(2300))


def test_one_long_option_stands_behind_one_short_option() -> None:
    held = (option("C", "100"), -3, "5"), (option("C", "110"), 2, "2")
    assert needed(*held)[0] == 2 * 1000 + 2500


def test_shares_cover_calls_and_short_shares_cover_puts() -> None:
    call, put = option("C", "100"), option("P", "100")
    assert needed((AAPL, 250, "100"), (call, -3, "5"))[0] == 12_500 + 2 * 500 + 2500
    assert needed((AAPL, -100, "100"), (put, -1, "5"))[0] == 5000 + 500


# --- portfolio margin ---


def test_a_portfolio_needs_its_worst_loss() -> None:
    assert needed((AAPL, 100, "100"), terms=PORTFOLIO) == (D(1650), D(1500))
    put = option("P", "100")
    hedged = (AAPL, 100, "100"), (put, 1, "3")
    assert needed(*hedged, terms=PORTFOLIO)[1] == 0
    assert needed((AAPL, 100, "100"), (put, -1, "3"), terms=PORTFOLIO)[1] == 3000


def test_a_short_option_far_away_needs_a_least_by_the_share() -> None:
    assert needed((option("C", "200"), -2, "0.05"), terms=PORTFOLIO)[1] == D(75)


def test_an_index_is_stressed_less_than_a_share() -> None:
    short = option("C", "100", under=SPX)
    assert needed((short, -1, "0"), terms=PORTFOLIO)[1] == 1000


def test_options_are_equity_of_a_portfolio_account() -> None:
    account = valued((option("C", "100"), 1, "5"), cash="1000", terms=PORTFOLIO)
    assert account.equity_with_loan == 1000


# --- segments ---


def test_margin_is_told_by_segment() -> None:
    account = valued((AAPL, 100, "200"), (named("ES", "FUT"), 1, "6000"))
    assert account.segment_margin(Segment.SECURITIES).initial == 10_000
    assert account.segment_margin(Segment.COMMODITIES).initial == 26_400
    assert account.segment_margin(Segment.CRYPTO).initial == 0
    assert account.initial_margin == 36_400


# --- buying power ---


def test_an_order_that_margin_does_not_allow_is_refused_in_the_captured_words() -> None:
    nothing = valued(cash="8631")
    assert objection(nothing, valued((AAPL, 100, "172.62"), cash="8631")) is None
    assert objection(nothing, valued((AAPL, 100, "221.24"), cash="8631")) == (
        "Your order is not accepted because your Equity with Loan Value of [8631 USD] is "
        "insufficient to cover the Initial Margin requirement of [11062 USD]."
    )
    some = valued((AAPL, 10, "100"), cash="1000")
    assert objection(some, valued((AAPL, 30, "100"), cash="1000")) == (
        "In order to obtain the desired position your Equity with Loan Value [1000] must exceed "
        "the new total Initial Margin of [1500]."
    )


def test_one_may_always_close_what_one_has() -> None:
    deep = valued((AAPL, 1000, "100"), cash="1000")
    assert deep.available_funds < 0
    assert objection(deep, valued((AAPL, 900, "100"), cash="900")) is None
    assert objection(deep, valued((AAPL, -2000, "100"), cash="1000")) is not None


def test_a_position_that_eases_a_tight_account_is_accepted() -> None:
    short, long = (option("C", "100"), -1, "5"), (option("C", "105"), 1, "2")
    tight = valued(short, cash="1500")
    assert tight.available_funds < 0
    assert objection(tight, valued(short, long, cash="1500")) is None


def test_options_and_crypto_are_refused_without_the_money_for_them() -> None:
    poor = valued(cash="400")
    assert objection(poor, valued((option("C", "100"), 1, "5"), cash="400")) is not None
    assert objection(poor, valued((named("BTC", "CRYPTO"), 1, "500"), cash="400")) is not None


def test_a_cash_account_pays_in_full() -> None:
    nothing = valued(cash="1000", terms=CASH)
    assert nothing.buying_power == 1000
    assert objection(nothing, valued((AAPL, 10, "100"), cash="1000", terms=CASH)) is None
    assert objection(nothing, valued((AAPL, 11, "100"), cash="1000", terms=CASH)) == (
        "Available settled cash converted to base: 1000.00 USD Cash needed for this order and "
        "other pending orders: <br>1100.00 USD"
    )


def test_a_cash_account_sells_only_what_it_has() -> None:
    held = valued((AAPL, 10, "100"), cash="1000", terms=CASH)
    assert objection(held, valued((AAPL, 4, "100"), cash="400", terms=CASH)) is None
    assert objection(held, valued((AAPL, -1, "100"), cash="1000", terms=CASH)) == (
        "Short stock positions can only be held in a margin account"
    )


def test_a_cash_account_changes_money_only_as_far_as_it_has_some() -> None:
    pair = DATABASE.by_name("EUR.USD")
    nothing = valued(cash="1000", terms=CASH)
    assert objection(nothing, valued((pair, 800, "1.25"), cash="1000", terms=CASH)) is None
    refused = "FX trade would expose account to currency leverage."
    assert objection(nothing, valued((pair, 801, "1.25"), cash="1000", terms=CASH)) == refused
    assert objection(nothing, valued((pair, -1, "1.25"), cash="1000", terms=CASH)) == refused
    margin = valued(cash="1000")
    assert objection(margin, valued((pair, 801, "1.25"), cash="1000")) is None


OPTIONS = [option(right, strike) for right in "CP" for strike in ("90", "100", "110")]
HELD = st.lists(
    st.tuples(st.sampled_from([AAPL, *OPTIONS]), st.integers(-5, 5).filter(bool), st.just("4")),
    max_size=6,
    unique_by=lambda held: held[0].con_id,
)


@given(HELD, st.sampled_from([REG_T, PORTFOLIO]))
def test_margin_is_never_negative_and_no_more_than_that_of_each_alone(held, terms) -> None:
    initial, maintenance = needed(*held, terms=terms)
    assert initial >= maintenance >= 0
    alone = sum(needed(one, terms=terms)[1] for one in held)
    covered = sum(-quantity * 400 for i, quantity, _ in held if i.right and quantity < 0)
    assert maintenance <= alone + max(covered, 0)
