"""Orders that hang together, and how orders end. Which bug turns these red: an orphan that trades."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from brokers import AAPL, Trading
from hypothesis import given
from hypothesis import strategies as st

from simulator.broker import Gate, Refused, Rules
from simulator.broker.families import Families
from simulator.records import TagValue

TWAP = (
    TagValue(tag="startTime", value="20250616-14:00:00"),
    TagValue(tag="endTime", value="20250616-14:10:00"),
)


@pytest.fixture
def trading() -> Trading:
    return Trading()


def bracket(trading: Trading, *, limit: str = "95") -> tuple[int, int, int]:
    parent = trading.place("LMT", buy=10, limit_price=limit, transmit=False)
    profit = trading.place("LMT", sell=10, limit_price="110", parent_id=parent, transmit=False)
    stop = trading.place("STP", sell=10, aux_price="90", parent_id=parent)
    return parent, profit, stop


# --- parents and children ---


def test_the_last_of_a_family_transmits_all(trading) -> None:
    parent = trading.place("LMT", buy=10, limit_price="95", transmit=False)
    profit = trading.place("LMT", sell=10, limit_price="110", parent_id=parent, transmit=False)
    assert trading.status(parent, profit) == ["PendingSubmit", "PendingSubmit"]
    stop = trading.place("STP", sell=10, aux_price="90", parent_id=parent)
    assert trading.status(parent, profit, stop) == ["Submitted", "PreSubmitted", "PreSubmitted"]
    assert trading[profit].gate is Gate.PARENT


def test_children_wait_for_all_of_their_parent(trading) -> None:
    parent, profit, stop = bracket(trading)
    trading.quote(94, 95, size=4)
    assert trading.fills == [(parent, "4", "95")]
    assert trading[profit].gate is Gate.PARENT
    trading.quote(94, 95, size=6)
    assert [trading[child].gate for child in (profit, stop)] == [Gate.BOOK, Gate.TRIGGER]


def test_one_child_filled_cancels_the_other_and_part_of_one_reduces_it(trading) -> None:
    _, profit, stop = bracket(trading, limit="105")
    trading.quote(110, 111, size=4)
    assert trading.fills == [(profit, "4", "110")]
    assert trading[stop].remaining == 6
    trading.quote(110, 111, size=100)
    assert trading.status(profit, stop) == ["Filled", "Cancelled"]


def test_children_end_with_their_parent_and_take_it_along_if_told_to(trading) -> None:
    parent, profit, stop = bracket(trading)
    trading.cancel(parent)
    assert trading.status(parent, profit, stop) == ["Cancelled"] * 3
    parent = trading.place("LMT", buy=10, limit_price="95", transmit=False)
    child = trading.place(
        "LMT", sell=10, limit_price="110", parent_id=parent, auto_cancel_parent=True
    )
    trading.cancel(child)
    assert trading.status(parent, child) == ["Cancelled", "Cancelled"]


# --- groups ---


@pytest.mark.parametrize(("kind", "left"), [(1, 0), (2, 8), (3, 8)])
def test_what_part_of_one_leaves_of_the_others(trading, kind, left) -> None:
    one = trading.place("LMT", buy=10, limit_price="95", oca_group="g", oca_type=kind)
    other = trading.place("LMT", buy=20, limit_price="90", oca_group="g", oca_type=kind)
    foreign = trading.place(
        "LMT", buy=20, limit_price="90", oca_group="g", oca_type=kind, account="DU9000002"
    )
    trading.quote(94, 95, size=6)
    assert trading.fills == [(one, "6", "95")]
    assert trading.status(other) == ["Submitted" if left else "Cancelled"]
    assert trading[other].remaining == left or not left
    assert trading[foreign].remaining == 20


@pytest.mark.parametrize(("kind", "filled"), [(1, 1), (2, 1), (3, 2)])
def test_with_block_one_quote_fills_one_of_a_group(trading, kind, filled) -> None:
    orders = [
        trading.place("LMT", buy=10, limit_price="95", oca_group="g", oca_type=kind)
        for _ in range(2)
    ]
    trading.quote(94, 95)
    assert len(trading.fills) == filled
    assert trading.status(*orders).count("Filled") == filled


def test_a_client_that_cancels_one_of_a_group_cancels_all_and_the_system_only_one(trading) -> None:
    for by_client_id, expected in ((1, "Cancelled"), (None, "Submitted")):
        one, other = (
            trading.place("LMT", buy=10, limit_price="90", oca_group="g") for _ in range(2)
        )
        trading.broker.cancel(trading[one], trading.now_ms, by_client_id=by_client_id)
        assert trading.status(one, other) == ["Cancelled", expected]


def test_an_order_that_names_another_group_has_left_the_first(trading) -> None:
    one = trading.place("LMT", buy=10, limit_price="95", oca_group="g", oca_type=1)
    other = trading.place("LMT", buy=10, limit_price="90", oca_group="g", oca_type=1)
    held = trading[other]
    trading.broker.modify(held, replace(held.order, oca_group="h"), trading.now_ms)
    trading.quote(94, 95)
    assert trading.status(one, other) == ["Filled", "Submitted"]


@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["", "a", "b"]), st.booleans())))
def test_groups_are_what_a_list_of_members_says(moves) -> None:
    """Beside a plain list of who is where: entering, moving and leaving in any order."""
    broker, families = Trading(), Families()
    order_id = broker.place("LMT", buy=1, limit_price="50")
    some = broker[order_id]
    where: dict[int, str] = {}
    for perm_id, name, leaves in moves:
        if leaves:
            families.leave(perm_id)
            where.pop(perm_id, None)
        else:
            if where.get(perm_id) != name:
                where.pop(perm_id, None)
            if name:
                where[perm_id] = name
            order = replace(some.order, oca_group=name)
            families.enter(replace(some, perm_id=perm_id, order=order))
        for member in range(1, 6):
            siblings = tuple(m for m, g in where.items() if m != member and g == where.get(member))
            assert families.siblings(member) == siblings


# --- cancels ---


def test_a_cancel_on_its_way_leaves_time_for_a_fill() -> None:
    trading = Trading(rules=Rules(cancel_latency_ms=500))
    lucky = trading.place("LMT", buy=10, limit_price="95")
    slow = trading.place("LMT", buy=10, limit_price="90")
    for order in (lucky, slow):
        trading.cancel(order)
    assert trading.status(lucky, slow) == ["PendingCancel", "PendingCancel"]
    trading.quote(94, 95)
    assert trading.fills == [(lucky, "10", "95")]
    trading.wait(0.5)
    assert trading.status(lucky, slow) == ["Filled", "Cancelled"]


def test_what_is_done_stays_done(trading) -> None:
    order = trading.place("MKT", buy=1)
    trading.cancel(order)
    assert trading.status(order) == ["Filled"]
    held = trading[order]
    (refused,) = trading.broker.modify(held, replace(held.order, tif="DAY"), trading.now_ms)
    assert isinstance(refused, Refused)


def test_fok_is_all_or_nothing_and_ioc_what_there_is(trading) -> None:
    trading.quote(99, 101, size=5)
    assert trading.status(trading.place("LMT", buy=6, limit_price="101", tif="FOK")) == ["Inactive"]
    assert trading.status(trading.place("LMT", buy=5, limit_price="101", tif="FOK")) == ["Filled"]
    trading.quote(99, 101, size=5)
    rest = trading.place("LMT", buy=6, limit_price="101", tif="IOC")
    assert trading.status(rest) == ["Cancelled"]
    assert trading[rest].filled == 5


def test_a_limit_beyond_the_collar_is_cancelled_by_the_system() -> None:
    trading = Trading(rules=Rules(price_collar=D("0.1")))
    order = trading.place("LMT", buy=1, limit_price="110.01")
    assert trading.status(order) == ["Cancelled"]
    assert "more aggressive than 110.0" in trading[order].ending
    assert trading.status(trading.place("LMT", buy=1, limit_price="109.99")) == ["Filled"]
    assert trading.status(trading.place("LMT", sell=1, limit_price="90")) == ["Cancelled"]


def test_an_order_of_an_amount_of_money_buys_what_that_is_worth(trading) -> None:
    order = trading.place("MKT", buy=0, sell=0, cash_quantity="1000")
    assert trading[order].quantity == D("10.1010")  # a sale, at the bid of 99


def test_new_terms_that_are_only_smaller_keep_the_place_in_line(trading) -> None:
    first = trading.place("LMT", buy=10, limit_price="95")
    second = trading.place("LMT", buy=10, limit_price="95")
    for order, size in ((first, 8), (second, 12)):
        held = trading[order]
        terms = replace(held.order, total_quantity=D(size))
        trading.broker.modify(held, terms, trading.now_ms)
    trading.quote(94, 95, size=9)
    assert trading.fills == [(first, "8", "95"), (second, "1", "95")]


def test_new_terms_an_account_cannot_bear_are_refused_and_nothing_changes(trading) -> None:
    order = trading.place("LMT", buy=10, limit_price="95")
    held = trading[order]
    (refused,) = trading.broker.modify(
        held, replace(held.order, total_quantity=D(1_000_000)), trading.now_ms
    )
    assert (type(refused), refused.code) == (Refused, 201)
    assert trading[order] == held


def test_a_market_to_limit_order_rests_at_its_first_price(trading) -> None:
    trading.quote(99, 101, size=4)
    order = trading.place("MTL", buy=10)
    assert trading.fills == [(order, "4", "101")]
    trading.quote(100, 102)
    assert not trading.fills
    assert trading[order].work_limit == 101
    trading.quote(100, 101)
    assert trading.fills == [(order, "6", "101")]


def test_an_algorithm_works_an_order_in_parts_until_its_time_is_over(trading) -> None:
    order = trading.place(
        "LMT",
        buy=100,
        limit_price="101",
        algo_strategy="Twap",
        algo_params=TWAP,
    )
    seen = [trading[order].filled]
    for _ in range(4):
        trading.wait(150)
        trading.quote(99, 101)
        seen.append(trading[order].filled)
    assert seen == sorted(seen)
    assert 0 < seen[1] < seen[3] <= 100
    assert trading.status(order)[0] in {"Filled", "Cancelled"}


def test_a_fill_by_hand_needs_no_quote(trading) -> None:
    resting = trading.place("LMT", buy=10, limit_price="50")
    waiting = trading.place("STP", buy=10, aux_price="150")
    for order in (resting, waiting):
        held = trading[order]
        trading.events = trading.broker.fill(held, D(3), D(77), trading.now_ms)
        assert trading.fills == [(order, "3", "77")]
        assert trading[order].remaining == 7


def test_another_fill_model_counts_from_then_on(trading) -> None:
    aapl = trading.world.instrument(AAPL)
    trading.broker.set_fill_model("scripted", aapl)
    assert trading.broker.fill_model(aapl) == "scripted"
    assert trading.status(trading.place("MKT", sell=1)) == ["Submitted"]
    trading.broker.set_fill_model("paper")
    trading.quote(98, 100)
    assert trading.fills[0][1:] == ("1", "98")
