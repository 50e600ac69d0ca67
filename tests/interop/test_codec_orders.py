"""placeOrder, as the libraries' own encoders write it, through our table and back."""

from __future__ import annotations

import sys
from collections.abc import Collection
from decimal import Decimal

import pytest

from simulator import records as r
from simulator.messages import REQUESTS
from simulator.messages.orders import PlaceOrder

from .libraries import Library
from .mirror import build, unequal
from .samples import NOT_PLACED, PEGGED, Sampler

ORDERS = 600
ORDERS_AT_LEAST = 30
"""So many orders for a library, spread over its versions, and for each of them."""

INFINITE = Decimal("Infinity")


def placed(sampler: Sampler, version: int, without: Collection[str] = ()) -> PlaceOrder:
    """A random order with whatever groups of fields its kind brings along."""
    is_combo = sampler.chance(0.3)
    order_type = sampler.choice(("LMT", "TRAIL", "VOL", "PEG BENCH", "PEG BEST", "PEG MID"))
    exchange = sampler.choice(("SMART", "IBKRATS"))
    given, peg = {}, set()
    if version >= 170:
        peg = {"min_trade_quantity"} if exchange == "IBKRATS" else set()
        if order_type == "PEG BEST":
            offset = sampler.choice((None, Decimal("0.02"), INFINITE))
            given["compete_against_best_offset"] = offset
            peg |= set(PEGGED[1:] if offset == INFINITE else PEGGED[1:3])
        elif order_type == "PEG MID":
            peg |= set(PEGGED[3:])
    contract = sampler.contract(
        exchange=exchange,
        sec_type="BAG" if is_combo else "STK",
        sec_id_type="ISIN",
        sec_id=f"US{sampler.number()}",
        combo_legs=sampler.legs() if is_combo else (),
        delta_neutral=sampler.record(r.DeltaNeutralContract) if sampler.chance(0.3) else None,
    )
    order = sampler.order(
        {*NOT_PLACED, *without}, is_combo=is_combo, peg=peg, order_type=order_type, **given
    )
    return PlaceOrder(sampler.number(), contract, order)


def wire_of(library: Library, version: int, request: PlaceOrder) -> list[str]:
    contract, order = build(request.contract, library), build(request.order, library)
    return library.encode(
        version, lambda client: client.placeOrder(request.order_id, contract, order)
    )


SPELLED_OUT = {
    "Infinite": "Infinity",
    str(2**31 - 1): "",
    str(sys.float_info.max): "",
}
"""The asyncio libraries' word for no offset limit, and the vendor's for numbers not set."""


def canonical(fields: list[str]) -> list[str]:
    """The fields in one spelling: what is unset is empty."""
    return [SPELLED_OUT.get(field, field) for field in fields]


def test_every_attribute_arrives_where_the_library_put_it(library):
    for version in library.versions:
        for number in range(max(ORDERS // len(library.versions), ORDERS_AT_LEAST)):
            sampler = Sampler(f"order {version} {number}", version)
            request = placed(sampler, version, library.unread)
            fields = wire_of(library, version, request)
            decoded = REQUESTS.decode(fields, version)
            assert unequal(request, decoded) == [], f"at version {version}"
            assert canonical(REQUESTS.encode(decoded, version)) == canonical(fields), version


@pytest.mark.libraries("ibapi10")
def test_what_was_never_given_arrives_as_not_set(library):
    """The newest client has spellings of its own for that: of quantities, of the strike."""
    for version in library.versions:
        fields = library.encode(
            version,
            lambda client: client.placeOrder(1, library.new("Contract"), library.new("Order")),
        )
        blank = PlaceOrder(1, r.Contract(), r.Order(display_size=0))
        assert REQUESTS.decode(fields, version) == blank


def test_samples_reach_every_kind_of_condition_group_and_attribute():
    """The samples are worth something only if nothing is always at its default."""
    seen: set[str] = set()
    for number in range(ORDERS):
        version = (176, 200)[number % 2]  # the last with all that is gone, and the newest
        request = placed(Sampler(f"order {version} {number}", version), version)
        seen |= {type(condition).__name__ for condition in request.order.conditions}
        order = request.order
        seen |= {
            name for name in r.Order.__slots__ if getattr(order, name) != getattr(r.Order(), name)
        }
    missing = set(r.Order.__slots__) - NOT_PLACED - seen
    assert not missing
    assert len([name for name in seen if name.endswith("Condition")]) == 6


def test_numbers_a_float_writes_with_an_exponent_keep_their_value(library):
    """Only the spelling differs on the way back: gateways write no exponents."""
    version = library.versions[-1]
    contract = r.Contract(symbol="BTC", sec_type="CRYPTO")
    order = r.Order(action="BUY", order_type="LMT", limit_price=Decimal("0.00000002"))
    fields = wire_of(library, version, PlaceOrder(1, contract, order))
    assert "2e-08" in fields
    decoded = REQUESTS.decode(fields, version)
    assert decoded.order.limit_price == Decimal("0.00000002")
    assert "0.00000002" in REQUESTS.encode(decoded, version)
