"""Conditions of orders. Which bug turns these red: an order let go, or held, by mistake."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.broker.conditions import (
    Facts,
    hold,
    is_met_by,
    times_ms,
    watched,
)
from simulator.instruments import INSTRUMENTS, PRODUCTS, ContractDatabase
from simulator.market import Quote
from simulator.matching.readings import default_method
from simulator.records import (
    ExecutionCondition,
    MarginCondition,
    PercentChangeCondition,
    PriceCondition,
    TimeCondition,
    VolumeCondition,
)

DATABASE = ContractDatabase(INSTRUMENTS, PRODUCTS, lambda: date(2025, 6, 16))
AAPL, EURUSD = DATABASE.by_name("AAPL"), DATABASE.by_name("EURUSD")
US_OPTION = replace(AAPL, sec_type="OPT")
NOW = round(datetime(2025, 6, 16, 14, tzinfo=UTC).timestamp() * 1000)
QUOTE = Quote(
    time_ms=NOW,
    bid=D(99),
    ask=D(101),
    bid_size=D(100),
    ask_size=D(100),
    last=D(100),
    last_size=D(10),
    last_time_ms=NOW,
    volume=D(5000),
    high=D(101),
    low=D(99),
    open=D(100),
    close=D(80),
)


def facts(
    quote=QUOTE, before=None, instrument=AAPL, cushion=D(50), executed=False, now_ms=NOW
) -> Facts:
    return Facts(
        now_ms=now_ms,
        zone="UTC",
        instrument=lambda _: instrument,
        quote=lambda _: quote,
        before=lambda _: before,
        cushion=lambda: cushion,
        executed=lambda _: executed,
    )


def price(is_more: bool, mark: str, method: int = 0) -> PriceCondition:
    return PriceCondition(is_more=is_more, price=D(mark), con_id=1, trigger_method=method)


def is_so(condition, known=None) -> bool:
    return hold((condition,), known or facts())


# --- prices ---


@pytest.mark.parametrize(
    ("method", "least_true", "most_true"),
    [
        (2, "100", "100"),
        (4, "99", "101"),  # more is asked of the bid, less of the ask
        (7, "100", "100"),
        (8, "100", "100"),
    ],
)
def test_each_method_looks_at_its_own_price(method, least_true, most_true) -> None:
    assert is_so(price(True, least_true, method))
    assert not is_so(price(True, str(D(least_true) + D("0.01")), method))
    assert is_so(price(False, most_true, method))
    assert not is_so(price(False, str(D(most_true) - D("0.01")), method))


def test_last_or_bid_ask_takes_whichever_comes_first() -> None:
    ahead = facts(replace(QUOTE, bid=D(105), ask=D(106)))
    assert is_so(price(True, "105", 7), ahead)
    assert not is_so(price(True, "105", 2), ahead)


@pytest.mark.parametrize(
    ("instrument", "method"), [(AAPL, 2), (EURUSD, 4), (US_OPTION, 1)], ids=["STK", "CASH", "OPT"]
)
def test_the_default_depends_on_what_is_watched(instrument, method) -> None:
    assert default_method(instrument.sec_type) == method
    ahead = replace(QUOTE, bid=D(105), ask=D(106))
    assert is_so(price(True, "105"), facts(ahead, instrument=instrument)) is (method == 4)


def test_a_double_method_wants_two_prices_in_a_row() -> None:
    mark = price(True, "99", 1)
    assert not is_so(mark)
    assert not is_so(mark, facts(before=replace(QUOTE, bid=D(98))))
    assert is_so(mark, facts(before=replace(QUOTE, bid=D("99.5"))))
    assert not is_so(mark, facts(before=QUOTE))  # the same bid is no second one
    assert is_so(mark, facts(before=replace(QUOTE, bid_size=D(50))))


def test_a_double_last_is_two_trades_and_not_one_seen_twice() -> None:
    mark = price(False, "100", 3)
    assert not is_so(mark, facts(before=replace(QUOTE, bid=D(98))))
    assert is_so(mark, facts(before=replace(QUOTE, volume=D(4990))))


def test_where_nobody_bids_no_bid_is_reached() -> None:
    nobody = facts(replace(QUOTE, bid=None, ask=None))
    for method in (1, 4, 8):
        assert not is_so(price(True, "1", method), nobody)
        assert not is_so(price(False, "1000", method), nobody)
    assert not is_so(price(True, "1"), facts(None))


# --- the other kinds ---


def test_change_is_in_percent_of_the_previous_close() -> None:
    assert is_so(PercentChangeCondition(is_more=True, change_percent=D(25), con_id=1))
    assert not is_so(PercentChangeCondition(is_more=True, change_percent=D("25.1"), con_id=1))
    assert is_so(PercentChangeCondition(is_more=False, change_percent=D(25), con_id=1))
    unknown = facts(replace(QUOTE, close=D(0)))
    assert not is_so(PercentChangeCondition(is_more=True, con_id=1), unknown)


def test_volume_is_that_of_the_day() -> None:
    assert is_so(VolumeCondition(is_more=True, volume=5000, con_id=1))
    assert not is_so(VolumeCondition(is_more=True, volume=5001, con_id=1))
    assert is_so(VolumeCondition(is_more=False, volume=5000, con_id=1))


def test_the_cushion_is_compared_in_percent() -> None:
    assert is_so(MarginCondition(is_more=True, percent=50))
    assert not is_so(MarginCondition(is_more=True, percent=51))
    assert is_so(MarginCondition(is_more=False, percent=50))
    assert not is_so(MarginCondition(is_more=False, percent=50), facts(cushion=None))


@pytest.mark.parametrize(
    ("text", "is_more", "is_true"),
    [
        ("20250616-14:00:00", True, True),
        ("20250616 10:00:00 US/Eastern", True, True),
        ("20250616-14:00:01", True, False),
        ("14:00:00", True, True),
        ("14:00:01", True, False),
        ("20250616-14:00:00", False, True),
        ("20250616-13:59:59", False, False),
        ("noon", True, False),
        ("noon", False, False),
    ],
)
def test_a_time_is_waited_for_or_must_not_have_passed(text, is_more, is_true) -> None:
    assert is_so(TimeCondition(is_more=is_more, time=text)) is is_true


def test_only_times_to_come_are_told() -> None:
    conditions = (
        TimeCondition(is_more=True, time="20250616-15:00:00"),
        TimeCondition(is_more=True, time="20250616-14:30:00"),
        TimeCondition(is_more=True, time="20250616-14:00:00"),
        TimeCondition(is_more=False, time="20250616-16:00:00"),
        TimeCondition(is_more=True, time="noon"),
        price(True, "1"),
    )
    assert times_ms(conditions, NOW, "UTC") == (NOW + 1_800_000, NOW + 3_600_000)


def test_an_execution_is_of_a_symbol_of_a_type_and_on_an_exchange() -> None:
    wanted = ExecutionCondition(sec_type="STK", symbol="AAPL", exchange="SMART")
    assert is_met_by(wanted, AAPL, "IEX")
    assert is_met_by(replace(wanted, exchange="IEX"), AAPL, "IEX")
    assert not is_met_by(replace(wanted, exchange="ARCA"), AAPL, "IEX")
    assert not is_met_by(replace(wanted, symbol="MSFT"), AAPL, "IEX")
    assert not is_met_by(wanted, US_OPTION, "IEX")
    assert is_so(wanted, facts(executed=True))
    assert not is_so(wanted)


def test_the_contracts_watched_are_those_with_a_price_or_a_volume() -> None:
    conditions = (
        price(True, "1"),
        VolumeCondition(con_id=2),
        PercentChangeCondition(con_id=3),
        MarginCondition(),
        TimeCondition(),
        ExecutionCondition(),
    )
    assert watched(conditions) == {1, 2, 3}


# --- together ---

YES, NO = MarginCondition(is_more=True, percent=0), MarginCondition(is_more=True, percent=99)


def either(condition):
    return replace(condition, conjunction="o")


@pytest.mark.parametrize(
    ("conditions", "is_true"),
    [
        ((), True),
        ((YES, NO), False),
        ((either(YES), NO), True),
        ((either(NO), NO, YES), False),  # NO or (NO and YES)
        ((YES, either(NO), YES), True),  # (YES and NO) or YES
        ((either(YES), NO, NO), True),  # YES or (NO and NO)
        ((either(NO),), False),  # nothing follows the last one
    ],
)
def test_and_binds_closer_than_or(conditions, is_true) -> None:
    assert hold(conditions, facts()) is is_true


ANY = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=6)


@given(ANY, st.integers(0, 5))
def test_what_turns_true_never_turns_the_whole_false(shape, which) -> None:
    conditions = [
        either(YES if truth else NO) if is_or else (YES if truth else NO) for truth, is_or in shape
    ]
    before = hold(tuple(conditions), facts())
    which %= len(conditions)
    conditions[which] = replace(conditions[which], percent=0)
    assert hold(tuple(conditions), facts()) >= before


@given(st.lists(st.integers(80, 120), min_size=2, max_size=6))
def test_a_higher_price_never_undoes_more(prices) -> None:
    mark = price(True, "100")
    held = [is_so(mark, facts(replace(QUOTE, last=D(value)))) for value in sorted(prices)]
    assert held == sorted(held)
