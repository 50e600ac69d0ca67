"""The last day of derivatives. Which bug turns these red: a right that vanishes unpaid."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal as D

import pytest

from simulator.expiry import Outcome, ends_ms, expired
from simulator.instruments import INSTRUMENTS, PRODUCTS, ContractDatabase, Instrument
from simulator.ledger import Fill, Ledger, Position, value
from simulator.records import Contract

DATABASE = ContractDatabase(INSTRUMENTS, PRODUCTS)
AAPL = DATABASE.by_name("AAPL")


def named(symbol: str, sec_type: str, currency: str = "USD") -> Instrument:
    return DATABASE.find(Contract(symbol=symbol, sec_type=sec_type, currency=currency))[0]


def option(right: str, symbol: str = "AAPL", sec_type: str = "OPT", currency: str = "USD"):
    found = named(symbol, sec_type, currency)
    return replace(found, right=right, strike=D(100), expiry="20250620")


CALL, PUT = option("C"), option("P")
OVER_MS = int(datetime(2025, 6, 20, 20, 0, tzinfo=UTC).timestamp() * 1000)


def end(instrument: Instrument, quantity: int, under: str):
    """The one settlement of a position once its day is over."""
    position = Position(instrument=instrument, quantity=D(quantity))
    far = ends_ms(instrument)
    (settlement,) = expired([position], far, lambda _: D(under), DATABASE.__getitem__)
    return settlement


def test_an_option_lives_until_its_hours_are_over() -> None:
    position = Position(instrument=CALL, quantity=D(1))
    assert ends_ms(CALL) == OVER_MS
    asked = [position], lambda _: D(120), DATABASE.__getitem__
    assert expired(asked[0], OVER_MS - 1, *asked[1:]) == []
    assert len(expired(asked[0], OVER_MS, *asked[1:])) == 1


def test_what_has_no_last_day_and_what_is_closed_does_not_expire() -> None:
    held = [Position(instrument=AAPL, quantity=D(1)), Position(instrument=CALL)]
    assert expired(held, OVER_MS * 2, lambda _: D(120), DATABASE.__getitem__) == []


@pytest.mark.parametrize(
    ("held", "quantity", "under", "outcome", "delivered"),
    [
        (CALL, 2, "100.01", Outcome.EXERCISED, 200),
        (CALL, -2, "120", Outcome.ASSIGNED, -200),
        (PUT, 2, "99.99", Outcome.EXERCISED, -200),
        (PUT, -2, "80", Outcome.ASSIGNED, 200),
    ],
)
def test_a_cent_in_the_money_moves_the_shares_at_the_strike(
    held, quantity, under, outcome, delivered
) -> None:
    settlement = end(held, quantity, under)
    assert settlement.outcome is outcome
    assert settlement.fills == (
        Fill(held, D(-quantity), D(0), D(0)),
        Fill(AAPL, D(delivered), D(100), D(0)),
    )


@pytest.mark.parametrize(("held", "under"), [(CALL, "100.009"), (CALL, "90"), (PUT, "100")])
def test_all_others_lapse(held, under) -> None:
    settlement = end(held, 1, under)
    assert settlement.outcome is Outcome.LAPSED
    assert settlement.fills == (Fill(held, D(-1), D(0), D(0)),)


def test_an_option_on_an_index_is_paid_in_cash() -> None:
    held = option("P", "SPX")
    settlement = end(held, 1, "80")
    assert settlement.outcome is Outcome.CASH_SETTLED
    assert settlement.fills == (Fill(held, D(-1), D(20), D(0)),)


def test_a_warrant_is_paid_its_part_of_the_underlying() -> None:
    held = option("C", "DAX", "WAR", "EUR")
    assert end(held, 100, "400").fills == (Fill(held, D(-100), D(3), D(0)),)


def test_a_future_ends_at_its_last_price_and_its_option_in_a_future() -> None:
    future = replace(named("ES", "FUT"), expiry="20250620")
    settlement = end(future, -2, "6000")
    assert settlement.outcome is Outcome.CASH_SETTLED
    assert settlement.fills == (Fill(future, D(2), D(6000), D(0)),)
    on_future = option("C", "ES", "FOP")
    delivery = end(on_future, 3, "120").delivery
    assert (delivery.instrument.sec_type, delivery.quantity, delivery.price) == ("FUT", 3, 100)


@pytest.mark.parametrize("quantity", [3, -3])
@pytest.mark.parametrize("held", [CALL, PUT, option("C", "SPX"), option("P", "ES", "FOP")])
@pytest.mark.parametrize("under", ["80", "130"])
def test_an_account_is_worth_after_expiry_what_it_was_worth_at_it(held, quantity, under) -> None:
    gain = (D(under) - 100) * (1 if held.right == "C" else -1)
    marks = {held.con_id: max(gain, D(0))}
    ledger = Ledger("DU9000001", "USD", {"USD": D(1000)})
    ledger.apply(held, D(quantity), D(7), D(1))

    def worth() -> D:
        price = lambda i: marks.get(i.con_id, D(under))  # noqa: E731
        return value(ledger, price, {"USD": D(1)}).net_liquidation

    before = worth()
    for fill in end(held, quantity, under).fills:
        ledger.apply(fill.instrument, fill.quantity, fill.price, fill.commission)
    assert ledger.positions[held.con_id].quantity == 0
    assert worth() == before
