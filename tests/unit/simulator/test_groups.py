"""Groups of orders. Which bug turns these red: two fills where one was wanted."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.broker.groups import (
    RULES,
    Member,
    after_fill,
    is_group_cancelled,
    rule_of,
)
from simulator.records import Order

CANCEL, REDUCE_WITH_BLOCK, REDUCE = (RULES[oca_type] for oca_type in (1, 2, 3))
OTHERS = (Member(1, D(100)), Member(2, D(50)), Member(3, D(1)))
ORDER = Order(action="SELL", total_quantity=D(100), order_type="LMT", limit_price=D(10))


def test_types_are_told_apart_and_none_is_that_without_block() -> None:
    assert [(rule.is_cancelling, rule.is_blocking) for rule in RULES.values()] == [
        (True, True),
        (False, True),
        (False, False),
    ]
    assert rule_of(replace(ORDER, oca_type=1)) is CANCEL
    assert rule_of(ORDER) is REDUCE


@pytest.mark.parametrize("rule", [REDUCE, REDUCE_WITH_BLOCK])
def test_a_fill_in_part_reduces_the_others_in_proportion(rule) -> None:
    assert after_fill(rule, D(30), D(100), OTHERS) == {1: 70, 2: 35}  # the last one is whole
    assert after_fill(rule, D(35), D(70), [Member(1, D(70))]) == {1: 35}
    assert after_fill(rule, D(1), D(3), [Member(1, D(100))]) == {1: 67}


def test_fractions_are_reduced_by_their_own_steps() -> None:
    fine = Member(1, D("0.10"), D("0.01"))
    assert after_fill(REDUCE, D(1), D(3), [fine]) == {1: D("0.07")}


def test_any_fill_cancels_the_others_of_a_group_of_type_1() -> None:
    assert after_fill(CANCEL, D(1), D(100), OTHERS) == {1: 0, 2: 0, 3: 0}


@pytest.mark.parametrize("rule", RULES.values())
def test_when_all_of_one_is_filled_the_others_are_cancelled(rule) -> None:
    assert after_fill(rule, D(100), D(100), OTHERS) == {1: 0, 2: 0, 3: 0}


def test_only_a_client_cancels_a_group_by_cancelling_one() -> None:
    assert is_group_cancelled(1)
    assert is_group_cancelled(0)
    assert not is_group_cancelled(None)


@given(
    st.integers(1, 1000),
    st.lists(st.integers(1, 100), max_size=20),
    st.integers(1, 1000),
    st.sampled_from([REDUCE, CANCEL]),
)
def test_others_only_shrink_and_are_gone_with_the_last_fill(left, fills, other, rule) -> None:
    remaining = D(other)
    for fill in [*fills, 1000]:
        filled = min(D(fill), D(left))
        after = after_fill(rule, filled, D(left), [Member(1, remaining)]).get(1, remaining)
        left -= int(filled)
        assert after <= remaining
        assert (after == 0) is (left == 0 or rule is CANCEL)
        if not after:
            break
        remaining = after
    else:
        pytest.fail("the group never ended")


FILLS = st.lists(st.tuples(st.sampled_from([1, 2]), st.integers(1, 100)), max_size=20)


@given(st.integers(2, 1000), FILLS)
def test_of_two_orders_alike_no_more_is_filled_than_of_one(size, fills) -> None:
    left, filled = {1: D(size), 2: D(size)}, D(0)
    for which, wanted in [*fills, (1, size)]:
        fill = min(D(wanted), left[which])
        if not fill:
            break
        other = 3 - which
        after = after_fill(REDUCE, fill, left[which], [Member(other, left[other])])
        left[which] -= fill
        left[other] = after.get(other, left[other])
        filled += fill
        assert left[1] == left[2]
    assert filled == size
