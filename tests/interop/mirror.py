"""Our records and the objects of a library, attribute by attribute under both names.

The rule is snake_case to camelCase; what the libraries call otherwise is in `RENAMED`.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any, NamedTuple

from simulator import records as r
from simulator.messages import contracts as d
from simulator.messages import history as h
from simulator.messages import login as g
from simulator.messages.orders import CommissionReport
from simulator.messages.research import RequestScannerSubscription

from .libraries import Ibapi, Library

OUTSIDE_RTH = tuple(
    field.name for field in dataclasses.fields(r.OrderState) if field.name.endswith("_rth")
)


def camel_case(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda m: m[1].upper(), name)


RENAMED: dict[type, dict[str, str]] = {
    r.Contract: {
        "last_trade_date": "lastTradeDateOrContractMonth",
        "combo_legs_description": "comboLegsDescrip",
        "delta_neutral": "deltaNeutralContract",
    },
    r.Order: {
        "limit_price": "lmtPrice",
        "rule_80a": "rule80A",
        "min_quantity": "minQty",
        "cash_quantity": "cashQty",
        "discretionary_amount": "discretionaryAmt",
        "stock_reference_price": "stockRefPrice",
        "combo_leg_prices": "orderComboLegs",
        "smart_combo_routing": "smartComboRoutingParams",
        "scale_init_fill_quantity": "scaleInitFillQty",
        "misc_options": "orderMiscOptions",
        "limit_price_offset": "lmtPriceOffset",
        "discretionary_up_to_limit_price": "discretionaryUpToLimitPrice",
        "adjusted_trail_stop_price": "trailStopPrice",  # sent twice, the second counts
        "soft_dollar_tier_name": "softDollarTier.name",
        "soft_dollar_tier_value": "softDollarTier.val",
        "soft_dollar_tier_display_name": "softDollarTier.displayName",
        "min_trade_quantity": "minTradeQty",
    },
    r.Execution: {
        "account": "acctNumber",
        "cumulative_quantity": "cumQty",
        "average_price": "avgPrice",
    },
    r.ExecutionFilter: {"account": "acctCode", "last_days": "lastNDays"},
    r.ContractDetails: {
        "sec_ids": "secIdList",
        "last_trade_date": "contract.lastTradeDate",
        "fund": "",  # its attributes are those of the details themselves
        "ineligibility_reasons": "ineligibilityReasonList",
    },
    r.FundDetails: {
        field.name: "fund" + camel_case(f"_{field.name}")
        for field in dataclasses.fields(r.FundDetails)
    },
    r.IneligibilityReason: {"id": "id_"},
    r.OrderState: {
        "allocations": "orderAllocations",
        **{name: camel_case(name).replace("Rth", "RTH") for name in OUTSIDE_RTH},
    },
    r.OrderAllocation: {
        "desired_quantity": "desiredAllocQty",
        "allowed_quantity": "allowedAllocQty",
    },
    r.BondDetails: {"puttable": "putable", "description": "descAppend"},
    d.DepthExchange: {"listing_exchange": "listingExch"},
    g.FamilyCode: {"account": "accountID", "code": "familyCodeStr"},
    g.SoftDollarTier: {"value": "val"},
    h.Bar: {"count": "barCount"},
    h.HistogramPoint: {"size": "count"},
    h.TradingSession: {
        "start": "startDateTime",
        "end": "endDateTime",
        "reference_date": "refDate",
    },
    CommissionReport: {"realized_pnl": "realizedPNL"},
    RequestScannerSubscription: {"rows": "numberOfRows"},
}

CONDITIONS = (
    r.PriceCondition,
    r.TimeCondition,
    r.MarginCondition,
    r.ExecutionCondition,
    r.VolumeCondition,
    r.PercentChangeCondition,
)
UNSET_NUMBER = Decimal(str(sys.float_info.max))

ONLY_READ = frozenset({"adjusted_trail_stop_price", "soft_dollar_tier_display_name"})
"""Attributes that no request carries and that share a name or an object with another."""

KINDS = {r.ComboLegPrice: "OrderComboLeg"}
"""Record types that the libraries call otherwise."""


class Held(NamedTuple):
    """Two descriptions of one object of a library, both of which must hold."""

    one: Any
    other: Any


def their_name(record_type: type, name: str, library: Library) -> str:
    if record_type in CONDITIONS:
        if name == "exchange" and not isinstance(library, Ibapi):
            return "exch"
        if name == "conjunction" and isinstance(library, Ibapi):
            return "isConjunctionConnection"
    renamed = {**RENAMED.get(record_type, {}), **library.renamed}.get(name)
    return camel_case(name) if renamed is None else renamed


def default(field: dataclasses.Field[Any]) -> Any:
    """What an attribute is when it is not given."""
    factory = field.default_factory
    return field.default if factory is dataclasses.MISSING else factory()


def build(record: Any, library: Library) -> Any:
    """The library's own object with the attributes of a record, unset ones as it has them."""
    kind = type(record)
    if isinstance(record, r.TagValue):
        return library.tag_value(record.tag, record.value)
    built = library.new(KINDS.get(kind, kind.__name__))
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if field.name in ONLY_READ or value == ():
            continue
        *owners, name = their_name(kind, field.name, library).split(".")
        owner = attrgetter(".".join(owners))(built) if owners else built
        if hasattr(owner, name):
            setattr(owner, name, theirs(field, value, library))
        else:  # an attribute that is newer than the library
            assert value == default(field), field.name
    return built


def theirs(field: dataclasses.Field[Any], value: Any, library: Library) -> Any:
    """One value as the library holds it."""
    match value:
        case str() if field.name == "conjunction" and isinstance(library, Ibapi):
            held: Any = value == "a"
        case tuple() if field.name == "misc_options":
            held = [library.tag_value(tag, text) for tag, text in value]
        case tuple():
            held = [item if isinstance(item, str) else build(item, library) for item in value]
        case Decimal():
            held = float(value)
        case None if field.name != "delta_neutral":
            held = 2**31 - 1 if "int" in str(field.type) else sys.float_info.max
        case _:
            held = build(value, library) if dataclasses.is_dataclass(value) else value
    return held


def filled(kind: str, record: Any, library: Library, without: Collection[str]) -> Any:
    """The library's object of that kind with the attributes of a request, but for some."""
    built = library.new(kind)
    for field in dataclasses.fields(record):
        if field.name not in without:
            name = their_name(type(record), field.name, library)
            assert hasattr(built, name), name
            setattr(built, name, theirs(field, getattr(record, field.name), library))
    return built


def differences(
    record: Any, theirs: Any, library: Library, skip: Collection[str] = ()
) -> list[str]:
    """Where the library's object does not hold what the record says."""
    return list(_differences(record, theirs, library, skip, type(record).__name__))


def _differences(
    mine: Any, theirs: Any, library: Library, skip: Collection[str], path: str
) -> Iterator[str]:
    match mine:
        case Held():
            for part in mine:
                yield from _differences(part, theirs, library, skip, path)
        case tuple():
            items = list(theirs or [])
            if len(items) != len(mine):
                yield f"{path}: {len(mine)} items, there {len(items)}"
            for number, (one, other) in enumerate(zip(mine, items, strict=False)):
                yield from _differences(one, other, library, skip, f"{path}[{number}]")
        case frozenset():
            yield from _differences(tuple(sorted(mine)), sorted(theirs), library, skip, path)
        case Mapping():
            yield from _values(mine, theirs, library, skip, path)
        case _ if dataclasses.is_dataclass(mine):
            yield from _attributes(mine, theirs, library, skip, path)
        case _ if not _same(mine, theirs, library):
            yield f"{path}: {mine!r}, there {theirs!r}"


def _values(
    mine: Mapping[str, Any], theirs: Any, library: Library, skip: Collection[str], path: str
) -> Iterator[str]:
    for name, value in mine.items():
        try:
            got = attrgetter(name)(theirs)
        except AttributeError:
            yield f"{path}: {value!r}, there no attribute {name}"
        else:
            yield from _differences(value, got, library, skip, f"{path}.{name}")


def _attributes(
    mine: Any, theirs: Any, library: Library, skip: Collection[str], path: str
) -> Iterator[str]:
    for field in dataclasses.fields(mine):
        if field.name in skip:
            continue
        name = their_name(type(mine), field.name, library)
        value = getattr(mine, field.name)
        try:
            got = attrgetter(name)(theirs) if name else theirs
        except AttributeError:  # newer than the library
            if value != default(field):
                yield f"{path}.{field.name}: {value!r}, there no attribute {name}"
        else:
            yield from _differences(value, got, library, skip, f"{path}.{field.name}")


def _same(mine: Any, theirs: Any, library: Library) -> bool:
    match mine:
        case None:
            same = theirs is None or theirs in library.unset or _number(theirs) == UNSET_NUMBER
        case _ if isinstance(theirs, Enum):
            same = _same(mine, theirs.value[0].removesuffix("None"), library)
        case str() if isinstance(theirs, bool):  # ibapi holds the conjunction so
            same = theirs == (mine == "a")
        case bool() if isinstance(theirs, str):  # ibapi leaves a flag as text in plain callbacks
            same = theirs == str(int(mine))
        case bool():
            same = bool(theirs) == mine
        case Decimal() | int():
            same = _number(theirs) == mine
        case datetime():
            same = theirs == mine
        case _:
            same = str(theirs) == mine
    return same


def _number(theirs: Any) -> Decimal | None:
    if theirs is None or theirs == "":
        return None
    return Decimal(int(theirs)) if isinstance(theirs, bool) else Decimal(str(theirs))


def unequal(one: Any, other: Any, path: str = "") -> list[str]:
    """The attributes in which two records differ, with both values."""
    if not dataclasses.is_dataclass(one) or type(one) is not type(other):
        return [] if one == other else [f"{path}: {one!r} != {other!r}"]
    return [
        line
        for field in dataclasses.fields(one)
        for line in unequal(
            getattr(one, field.name), getattr(other, field.name), f"{path}.{field.name}"
        )
    ]
