"""Orders worked in parts. Which bug turns these red: more worked than ordered, or never all."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal as D
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.algos import ALGOS
from simulator.broker.plans import Objection, plan_of, profit_order
from simulator.broker.slices import ComponentPlan, EvenPlan, LevelPlan, Slice, VolumePlan, Window
from simulator.instruments import INSTRUMENTS, PRODUCTS, ContractDatabase
from simulator.market import AlwaysOpen, TradingCalendar
from simulator.records import Order, TagValue

DATABASE = ContractDatabase(INSTRUMENTS, PRODUCTS, lambda: date(2025, 6, 16))
AAPL, ES = DATABASE.by_name("AAPL"), DATABASE.by_name("ESU5")
CALENDAR, ALWAYS = TradingCalendar(), AlwaysOpen()
NEW_YORK = ZoneInfo("America/New_York")
NONE = D(0)
MINUTE_MS = 60_000
BUY = Order(
    action="BUY",
    total_quantity=D(100),
    order_type="LMT",
    limit_price=D("50.00"),
    tif="DAY",
)
SCALE = replace(
    BUY, scale_init_level_size=40, scale_subs_level_size=25, scale_price_increment=D("0.50")
)


def at(day: int, hour: int, minute: int = 0) -> int:
    """A moment of June 2025 in New York; the 16th is a Monday."""
    return round(datetime(2025, 6, day, hour, minute, tzinfo=NEW_YORK).timestamp() * 1000)


def algo(strategy: str, quantity=D(100), **values: str) -> Order:
    params = tuple(TagValue(tag=tag, value=value) for tag, value in values.items())
    return replace(BUY, total_quantity=quantity, algo_strategy=strategy, algo_params=params)


def plan(order: Order, from_ms: int = at(16, 10), instrument=AAPL, sessions=CALENDAR):
    return plan_of(order, instrument, sessions, from_ms, "US/Eastern")


def quantity(shown: Slice | None) -> D:
    return shown.quantity if shown else NONE


# --- windows ---


@pytest.mark.parametrize(
    ("start", "end", "from_ms", "window"),
    [
        ("", "", at(16, 10), (at(16, 10), at(16, 16))),
        ("11:00:00", "12:00:00", at(16, 10), (at(16, 11), at(16, 12))),
        ("09:00:00", "18:00:00", at(16, 8), (at(16, 9, 30), at(16, 16))),
        ("09:45:00", "12:00:00", at(16, 10), (at(16, 10), at(16, 12))),
        ("10:00:00", "12:00:00", at(16, 17), (at(17, 10), at(17, 12))),
        ("", "12:00:00", at(21, 10), (at(23, 9, 30), at(23, 12))),  # on a Saturday
        ("20250617-15:00:00 UTC", "", at(16, 10), (at(17, 11), at(17, 16))),
    ],
)
def test_a_window_is_cut_to_the_session_it_is_for(start, end, from_ms, window) -> None:
    found = plan(algo("Vwap", startTime=start, endTime=end), from_ms)
    assert (found.window.start_ms, found.window.end_ms) == window


@pytest.mark.parametrize(
    ("start", "end", "from_ms"),
    [
        ("01:25:25", "01:42:25", at(14, 1)),  # as captured: a Saturday night
        ("01:25:25", "01:42:25", at(16, 1)),
        ("12:00:00", "11:00:00", at(16, 10)),
        ("12:00:00", "12:00:00", at(16, 10)),
        ("", "09:45:00", at(16, 10)),
    ],
)
@pytest.mark.parametrize("strategy", ["Vwap", "ArrivalPx", "PctVol"])
def test_a_window_of_which_nothing_is_left_is_objected_to(strategy, start, end, from_ms) -> None:
    found = plan(algo(strategy, startTime=start, endTime=end, allowPastEndTime="1"), from_ms)
    assert found == Objection(f"{strategy}: End Time is before Start Time")


def test_a_window_of_a_future_may_begin_the_evening_before() -> None:
    order = replace(algo("Twap"), outside_rth=True)
    found = plan(order, at(15, 16), ES)  # Sunday afternoon
    assert (found.window.start_ms, found.window.end_ms) == (at(15, 18), at(16, 17))


def test_what_is_left_at_the_end_is_cancelled_unless_it_may_go_on() -> None:
    assert plan(algo("Vwap")).ends_ms == at(16, 16)
    assert plan(algo("Vwap", endTime="12:00:00")).ends_ms == at(16, 12)
    past = plan(algo("Vwap", endTime="12:00:00", allowPastEndTime="1"))
    assert past.ends_ms is None
    assert past.shown(D(60), at(16, 13), NONE) == Slice(D(40))
    assert plan(algo("Vwap", allowPastEndTime="1")).ends_ms == at(16, 16)  # no end was given


# --- which plan ---


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        (BUY, type(None)),
        (SCALE, LevelPlan),
        (algo("Adaptive", adaptivePriority="Urgent"), type(None)),
        (algo("Twap"), EvenPlan),
        (algo("MinImpact"), EvenPlan),
        (algo("DarkIce"), EvenPlan),
        (algo("DarkIce", displaySize="10"), LevelPlan),
        (algo("PctVol", pctVol="0.1"), VolumePlan),
        (algo("AD", componentSize="10", timeBetweenOrders="60"), ComponentPlan),
        (replace(BUY, total_quantity=None, cash_quantity=D(1000)), type(None)),
        (replace(SCALE, scale_init_level_size=None, scale_subs_level_size=None), type(None)),
    ],
)
def test_each_order_has_its_plan(order, kind) -> None:
    assert type(plan(order)) is kind


def test_every_algorithm_of_the_table_can_be_worked() -> None:
    for strategy in set(ALGOS) - {"Adaptive"}:
        values = {
            p.name: "0.1" if "Vol" in p.name else "10"
            for p in ALGOS[strategy].parameters
            if p.is_required
        }
        assert not isinstance(plan(algo(strategy, **values)), Objection | None)


# --- by time ---


def test_equal_parts_come_at_equal_times() -> None:
    twap = plan(algo("Twap", startTime="10:00:00", endTime="10:20:00"))
    assert quantity(twap.shown(NONE, at(16, 9, 59), NONE)) == 0
    assert quantity(twap.shown(NONE, at(16, 10), NONE)) == 5
    assert quantity(twap.shown(D(5), at(16, 10), NONE)) == 0
    assert quantity(twap.shown(D(5), at(16, 10, 3), NONE)) == 15
    assert quantity(twap.shown(NONE, at(16, 10, 19), NONE)) == 100
    assert twap.due_ms(at(16, 9)) == at(16, 10)
    assert twap.due_ms(at(16, 10)) == at(16, 10, 1)
    assert twap.due_ms(at(16, 10, 19)) is None


def test_whole_orders_have_whole_parts() -> None:
    twap = plan(algo("Twap", quantity=D(7), startTime="10:00:00", endTime="10:07:00"))
    sizes = [quantity(twap.shown(NONE, at(16, 10, minute), NONE)) for minute in range(7)]
    assert sizes == [1, 2, 3, 4, 5, 6, 7]
    fractional = plan(algo("Twap", quantity=D("0.5")))
    assert quantity(fractional.shown(NONE, at(16, 10), NONE)) == D("0.025")


# --- by volume ---


def test_a_share_is_of_what_is_traded() -> None:
    order = plan(algo("PctVol", pctVol="0.1", startTime="11:00:00"))
    assert quantity(order.shown(NONE, at(16, 10, 59), D(1000))) == 0
    assert order.due_ms(at(16, 10)) == at(16, 11)
    assert order.due_ms(at(16, 11)) is None
    assert quantity(order.shown(NONE, at(16, 11), D(0))) == 0
    assert quantity(order.shown(NONE, at(16, 11), D(505))) == 50
    assert quantity(order.shown(D(20), at(16, 11), D(505))) == 30
    assert quantity(order.shown(D(20), at(16, 11), D(10**6))) == 80


def test_a_share_moves_with_time_or_with_what_is_filled() -> None:
    times = {"startTime": "10:00:00", "endTime": "12:00:00"}
    by_time = plan(algo("PctVolTm", startPctVol="0.1", endPctVol="0.3", **times))
    sizes = [quantity(by_time.shown(NONE, at(16, hour), D(200))) for hour in (10, 11, 12)]
    assert sizes == [20, 40, 60]
    by_size = plan(algo("PctVolSz", startPctVol="0.1", endPctVol="0.3", **times))
    shown = [quantity(by_size.shown(D(f), at(16, 11), D(400))) for f in (0, 50)]
    assert shown == [40, 80 - 50]


# --- components and levels ---


def test_a_component_comes_at_its_time() -> None:
    values = {"componentSize": "30", "timeBetweenOrders": "60"}
    patient = plan(algo("AD", **values, waitForFill="1"))
    hasty = plan(algo("AD", **values))
    start = at(16, 10)
    for minute, waiting, rushing in [(0, 30, 30), (1, 30, 60), (3, 30, 100), (9, 30, 100)]:
        now = start + minute * MINUTE_MS
        assert quantity(patient.shown(NONE, now, NONE)) == waiting
        assert quantity(hasty.shown(NONE, now, NONE)) == rushing
    assert quantity(patient.shown(D(30), start, NONE)) == 0
    assert quantity(patient.shown(D(35), start + 3 * MINUTE_MS, NONE)) == 25
    assert quantity(patient.shown(D(90), start + 3 * MINUTE_MS, NONE)) == 10
    assert patient.due_ms(start) == start + MINUTE_MS
    assert patient.due_ms(start + 3 * MINUTE_MS) is None


@pytest.mark.parametrize(
    ("strategy", "values"),
    [
        ("Twap", {}),
        ("DarkIce", {"displaySize": "10"}),
        ("AD", {"componentSize": "10", "timeBetweenOrders": "60"}),
        ("PctVol", {"pctVol": "0.1"}),
    ],
)
def test_nothing_is_shown_before_the_start(strategy, values) -> None:
    order = plan(algo(strategy, startTime="12:00:00", **values), at(16, 10))
    assert order.shown(NONE, at(16, 11), D(10**6)) is None
    assert order.due_ms(at(16, 11)) == at(16, 12)
    assert order.shown(NONE, at(16, 12), D(10**6)) is not None


@pytest.mark.parametrize(
    ("filled", "shown"),
    [
        (0, Slice(D(40), D("50.00"))),
        (39, Slice(D(1), D("50.00"))),
        (40, Slice(D(25), D("49.50"))),
        (65, Slice(D(25), D("49.00"))),
        (90, Slice(D(10), D("48.50"))),
        (100, None),
    ],
)
def test_a_scale_order_buys_lower_and_lower(filled, shown) -> None:
    assert plan(SCALE).shown(D(filled), at(16, 10), NONE) == shown


def test_a_scale_order_sells_higher_and_higher_and_never_below_nothing() -> None:
    up = plan(replace(SCALE, action="SELL"))
    assert up.shown(D(40), at(16, 10), NONE) == Slice(D(25), D("50.50"))
    cheap = plan(replace(SCALE, limit_price=D("0.50")))
    assert cheap.shown(D(40), at(16, 10), NONE) is None


def test_the_first_price_of_a_scale_moves_as_it_is_told() -> None:
    order = replace(SCALE, scale_price_adjust_value=D("-0.10"), scale_price_adjust_interval=60)
    moved, start = plan(order), at(16, 10)
    assert moved.due_ms(start) == start + MINUTE_MS
    assert moved.shown(NONE, start + MINUTE_MS - 1, NONE) == Slice(D(40), D("50.00"))
    assert moved.shown(D(40), start + MINUTE_MS, NONE) == Slice(D(25), D("49.40"))
    assert plan(SCALE).due_ms(start) is None


def test_a_scale_that_starts_with_a_position_goes_on_from_there() -> None:
    order = plan(replace(SCALE, scale_init_position=50))
    assert order.shown(NONE, at(16, 10), NONE) == Slice(D(15), D("49.50"))


def test_without_a_limit_the_levels_have_the_order_s_own_price() -> None:
    order = plan(replace(SCALE, order_type="MKT", limit_price=None))
    assert order.shown(D(40), at(16, 10), NONE) == Slice(D(25))


def test_a_fill_of_a_scale_may_be_followed_by_an_order_for_its_profit() -> None:
    assert profit_order(SCALE, D(40), D("50.00")) is None
    profit = profit_order(replace(SCALE, scale_profit_offset=D("0.75")), D(40), D("49.90"))
    assert profit == replace(BUY, action="SELL", total_quantity=D(40), limit_price=D("50.65"))
    assert plan(profit) is None


# --- whatever the plan ---

WINDOW = Window(at(16, 10), at(16, 11))
QUANTITIES = st.integers(1, 2000).map(D)
PLANS = st.one_of(
    st.builds(
        EvenPlan,
        quantity=QUANTITIES,
        ends_ms=st.none(),
        window=st.just(WINDOW),
        step=st.just(D(1)),
    ),
    st.builds(
        VolumePlan,
        quantity=QUANTITIES,
        ends_ms=st.none(),
        window=st.just(WINDOW),
        step=st.just(D(1)),
        share=st.sampled_from([D("0.1"), D("0.5")]),
        last_share=st.sampled_from([D("0.1"), D("0.5")]),
        is_by_time=st.booleans(),
    ),
    st.builds(
        ComponentPlan,
        quantity=QUANTITIES,
        ends_ms=st.none(),
        window=st.just(WINDOW),
        component=st.integers(1, 300).map(D),
        interval_ms=st.integers(1, 600_000),
        waits_for_fill=st.booleans(),
    ),
    st.builds(
        LevelPlan,
        quantity=QUANTITIES,
        ends_ms=st.none(),
        start_ms=st.just(WINDOW.start_ms),
        first=st.integers(1, 300).map(D),
        following=st.integers(1, 300).map(D),
        position=st.integers(0, 300).map(D),
    ),
)


@given(PLANS, st.lists(st.tuples(st.integers(0, 4_000_000), st.integers(0, 100)), max_size=40))
def test_never_more_is_shown_than_is_left(any_plan, steps) -> None:
    filled, now = NONE, WINDOW.start_ms
    for passed_ms, percent in steps:
        now += passed_ms // len(steps)
        size = quantity(any_plan.shown(filled, now, D(now % 7919)))
        assert 0 <= size <= any_plan.quantity - filled
        filled += size * percent // 100
    assert filled <= any_plan.quantity


@given(PLANS)
def test_an_order_is_worked_to_its_end_when_all_is_filled_at_its_times(any_plan) -> None:
    filled, now = NONE, WINDOW.start_ms - 1
    while True:
        while shown := any_plan.shown(filled, now, D(10**9)):
            filled += shown.quantity
        due = any_plan.due_ms(now)
        if due is None:
            break
        assert due > now
        now = due
    assert filled == any_plan.quantity


@given(PLANS, st.integers(-1, 3_600_000))
def test_nothing_changes_before_it_is_due(any_plan, passed_ms) -> None:
    if isinstance(any_plan, VolumePlan):  # the time in its window moves the share
        return
    now = WINDOW.start_ms + passed_ms
    due = any_plan.due_ms(now) or now + 10**9
    before, after = (any_plan.shown(NONE, ms, NONE) for ms in (now, due - 1))
    assert before == after
