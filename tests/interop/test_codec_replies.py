"""Every reply, written by our table and read by the libraries' own decoders."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from simulator.messages import REPLIES
from simulator.messages import connection as c
from simulator.messages import contracts as d
from simulator.messages import orders as o
from simulator.wire import join_fields

from .arrivals import ABSENT, ARRIVALS, CALLBACKS
from .libraries import Call, Ibapi, Library
from .mirror import differences
from .replies import not_of_bonds, sample
from .samples import NOT_COMPLETED, Sampler, not_open

DURATION_DISPUTED = 158
"""At this version the asyncio libraries read an open order as if it were of the one before."""


SAMPLES_EACH = 100
SAMPLES_AT_LEAST = 5
"""So many replies of a kind for a library, spread over its versions, and for each of them."""

SIZES = {"min_size", "size_increment", "suggested_size_increment"}


def test_every_reply_of_the_table_is_compared():
    """A message that is new in the table turns this red until it is compared as well."""
    assert set(REPLIES.by_record) == {*CALLBACKS, *ARRIVALS}
    assert len(REPLIES.by_record) == len(CALLBACKS) + len(ARRIVALS)


def expected(reply: Any, library: Library) -> list[Call]:
    """The callbacks that the reply must cause."""
    if type(reply) in ARRIVALS:
        return ARRIVALS[type(reply)](reply, library)
    values = {field.name: getattr(reply, field.name) for field in dataclasses.fields(reply)}
    if isinstance(reply, c.ErrorMessage) and library.name != "ibapi10":
        del values["time_ms"]
        if library.name == "ibapi":
            del values["advanced_order_reject"]
    return [Call(CALLBACKS[type(reply)], tuple(values.values()))]


def encoded(reply: Any, version: int) -> list[str]:
    payload = join_fields(REPLIES.encode(reply, version))
    return payload[:-1].decode("ascii").split("\0")


def unread(kind: type, version: int) -> set[str]:
    """Attributes that do not reach the library's objects, and need not."""
    skip = {"shares_allocation"}
    if kind is o.OpenOrder:
        skip |= not_open(version)
    elif kind is o.CompletedOrder:
        skip |= NOT_COMPLETED
    elif kind is o.ExecutionData:
        skip |= {"time"}  # compared as a moment
    elif kind is d.SymbolSamples:
        skip |= {"strike"}  # the vendor's newest client has another default than ours
    elif kind is d.BondContractData:
        skip |= {"strike"}
        skip |= not_of_bonds(version)
        if version < 164:
            skip |= SIZES
    elif kind is d.ContractData and version < 164:
        skip |= SIZES  # read as one another, or not at all
    return skip


@pytest.mark.parametrize("kind", REPLIES.by_record, ids=lambda kind: kind.__name__)
def test_the_values_of_the_reply_arrive(library, complaints, kind):
    if kind in ABSENT.get(library.name, {}):
        complaints.expect("Error handling fields")  # reads it by now? then compare it
        version = library.versions[-1]
        reply = sample(kind, Sampler("unread", version), version)
        assert library.decode(version, encoded(reply, version)) == []
        return
    for version in library.versions:
        if version == DURATION_DISPUTED and kind is o.OpenOrder and not isinstance(library, Ibapi):
            continue
        for number in range(max(SAMPLES_EACH // len(library.versions), SAMPLES_AT_LEAST)):
            reply = sample(kind, Sampler(f"{kind.__name__} {version} {number}", version), version)
            calls = library.decode(version, encoded(reply, version))
            wanted = expected(reply, library)
            assert [call.name for call in calls] == [call.name for call in wanted]
            problems = [
                problem
                for mine, theirs in zip(wanted, calls, strict=True)
                for problem in differences(
                    mine.args, theirs.args, library, unread(kind, version) | library.unread
                )
            ]
            assert problems == [], f"at version {version}"


@pytest.mark.libraries("ib_insync", "ib_async", "ibapi")
def test_a_bond_whose_coupon_has_a_fraction_reaches_no_library(library, complaints):
    """All of these read the coupon as a whole number; one that does not by now fails here."""
    complaints.expect("Error handling fields")
    version = library.versions[0]
    reply = sample(d.BondContractData, Sampler("coupon", version), version)
    bond = dataclasses.replace(reply.bond, coupon=Decimal("4.1"))
    fields = encoded(dataclasses.replace(reply, bond=bond), version)
    try:
        calls = library.decode(version, fields)
    except ValueError:  # the vendor's decoder does not catch it
        calls = []
    assert calls == []
