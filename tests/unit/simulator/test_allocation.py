"""Shares of a group. Which bug turns these red: a share nobody has, or one that two have."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.broker.allocation import (
    METHODS,
    PROFILES,
    Basis,
    allocate,
    allocate_fill,
    changes,
)


def told(shares) -> list[int]:
    return [int(share) for _, share in shares]


def weights(*values: int) -> dict[str, D]:
    return {f"DU{number}": D(value) for number, value in enumerate(values)}


@pytest.mark.parametrize(
    ("quantity", "of", "shares"),
    [
        (400, (1, 1, 1, 1), [100, 100, 100, 100]),
        (400, (1, 1, 1, 1, 1, 1), [67, 67, 67, 67, 66, 66]),  # as documented
        (700, (25_000, 50_000, 100_000), [100, 200, 400]),  # as documented
        (10, (50, 30, 20), [5, 3, 2]),
        (1, (1, 3), [0, 1]),
        (10, (1, 0, -5), [10, 0, 0]),
        (3, (0, 0, 0), [1, 1, 1]),
        (0, (1, 2), [0, 0]),
    ],
)
def test_shares_are_whole_and_go_by_what_accounts_count_for(quantity, of, shares) -> None:
    assert told(allocate(D(quantity), weights(*of))) == shares


def test_what_is_less_than_a_share_goes_to_one_account() -> None:
    assert allocate(D("2.5"), weights(1, 1)) == (("DU0", D("1.5")), ("DU1", D(1)))
    assert allocate(D("0.3"), weights(1, 2), D("0.1")) == (("DU0", D("0.1")), ("DU1", D("0.2")))


def test_the_documented_methods_have_a_basis() -> None:
    assert METHODS["NetLiq"] is Basis.NET_LIQUIDATION
    assert METHODS["EqualQuantity"] is METHODS["Equal"] is Basis.ALIKE
    assert {METHODS[name] for name in PROFILES.values()} == {Basis.AMOUNT}


def test_a_change_is_in_percent_of_each_position() -> None:
    positions = weights(100, 205, 0, -50)
    assert told(changes(positions, D(10))) == [10, 20, 0, 5]
    assert told(changes(positions, D(-50))) == [50, 102, 0, 25]


WEIGHTS = st.lists(st.integers(-10, 10**7), min_size=1, max_size=8).map(lambda v: weights(*v))
FILLS = st.lists(st.integers(1, 500), min_size=1, max_size=12)


@given(st.decimals(0, 10**6, places=2), WEIGHTS)
def test_the_shares_add_up_and_none_is_a_share_off(quantity, of) -> None:
    shares = dict(allocate(quantity, of))
    assert list(shares) == list(of)
    assert sum(shares.values()) == quantity
    total = sum(max(weight, D(0)) for weight in of.values())
    for name, weight in of.items():
        exact = quantity * max(weight, D(0)) / total if total else quantity / len(of)
        assert shares[name] >= 0
        assert abs(shares[name] - exact) < 2


@given(FILLS, WEIGHTS)
def test_the_parts_of_an_order_add_up_to_its_shares(fills, of) -> None:
    whole = allocate(D(sum(fills)), of)
    held = dict.fromkeys(of, D(0))
    for fill in fills:
        parts = allocate_fill(D(fill), whole, held)
        assert sum(share for _, share in parts) == fill
        for name, share in parts:
            assert share >= 0
            held[name] += share
        assert all(held[name] <= share for name, share in whole)
    assert held == dict(whole)
