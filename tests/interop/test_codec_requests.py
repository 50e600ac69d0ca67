"""Every other request, as the libraries' own encoders write it, through our table and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from simulator import records as r
from simulator.messages import REQUESTS
from simulator.messages.contracts import RequestContractData
from simulator.messages.history import RequestHistoricalData
from simulator.messages.market_data import RequestMarketData
from simulator.messages.orders import (
    CancelOrder,
    ExerciseOptions,
    PlaceOrder,
    RequestExecutions,
    RequestGlobalCancel,
)
from simulator.messages.research import RequestFundamentalData, RequestScannerSubscription

from .callers import ABSENT, ENCODERS, SENT_SINCE, WITHOUT_OPTIONS
from .libraries import Library, RefusedError
from .mirror import unequal
from .samples import Sampler

NOT_FUNDAMENTAL = ("last_trade_date", "strike", "right", "multiplier", "trading_class")


def test_every_request_of_the_table_is_compared():
    """A message that is new in the table turns this red until it is compared as well."""
    assert set(REQUESTS.by_record) == {*ENCODERS, PlaceOrder}


def contract_data(sampler: Sampler, version: int) -> RequestContractData:
    issuer = {"issuer_id": "e123"} if version >= 176 else {}
    contract = sampler.contract(sec_id_type="ISIN", sec_id=f"US{sampler.number()}", **issuer)
    return RequestContractData(sampler.number(), contract, sampler.chance())


def quoted_contract(sampler: Sampler, **given: Any) -> r.Contract:
    """One security, or a combination of several."""
    is_combo = sampler.chance()
    dull = {"open_close": 0, "short_sale_slot": 0, "designated_location": "", "exempt_code": -1}
    return sampler.contract(
        sec_type="BAG" if is_combo else "STK",
        combo_legs=sampler.several(r.ComboLeg, **dull) if is_combo else (),
        **given,
    )


def market_data(sampler: Sampler, _: int) -> RequestMarketData:
    neutral = sampler.record(r.DeltaNeutralContract) if sampler.chance() else None
    contract = quoted_contract(sampler, delta_neutral=neutral)
    return RequestMarketData(
        sampler.number(), contract, "100,233", sampler.chance(), sampler.chance()
    )


def tags(sampler: Sampler, version: int) -> dict[str, Any]:
    """Who cancels an order, as the rules of an exchange want to know."""
    if version < 192:
        return {}
    operator, indicator = f"operator{sampler.number()}", sampler.number()
    return {
        "ext_operator": operator,
        "manual_order_indicator": indicator if sampler.chance() else None,
    }


SAMPLES: dict[type, Callable[[Sampler, int], Any]] = {
    CancelOrder: lambda sampler, version: CancelOrder(
        sampler.number(),
        manual_cancel_time="20260413-15:27:04" if version >= 169 else "",
        **tags(sampler, version),
    ),
    RequestGlobalCancel: lambda sampler, version: RequestGlobalCancel(**tags(sampler, version)),
    RequestContractData: contract_data,
    RequestMarketData: market_data,
    RequestHistoricalData: lambda sampler, _: sampler.record(
        RequestHistoricalData, contract=quoted_contract(sampler)
    ),
    RequestExecutions: lambda sampler, _: RequestExecutions(
        sampler.number(), sampler.record(r.ExecutionFilter, sure=False)
    ),
    ExerciseOptions: lambda sampler, version: sampler.record(
        ExerciseOptions,
        () if version >= 180 else {"manual_order_time"},
        contract=sampler.contract("primary_exchange"),
    ),
    RequestFundamentalData: lambda sampler, _: sampler.record(
        RequestFundamentalData, contract=sampler.contract(*NOT_FUNDAMENTAL)
    ),
    RequestScannerSubscription: lambda sampler, _: sampler.record(
        RequestScannerSubscription, sure=False
    ),
}
"""How to fill what cannot be filled blindly."""


def sample(kind: type, sampler: Sampler, version: int) -> Any:
    return SAMPLES[kind](sampler, version) if kind in SAMPLES else sampler.record(kind)


def encoded(library: Library, version: int, kind: type, number: int) -> tuple[Any, list[str]]:
    """A request filled at random and the fields the library sends for it."""
    request = sample(kind, Sampler(f"{kind.__name__} {version} {number}", version), version)
    if kind in WITHOUT_OPTIONS.get(library.name, {}):
        request = dataclasses.replace(request, options=())
    fields = library.encode(version, lambda client: ENCODERS[kind](client, request, library))
    return request, fields


@pytest.mark.parametrize("kind", ENCODERS, ids=lambda kind: kind.__name__)
def test_the_values_of_the_request_arrive(library, kind):
    if kind in ABSENT.get(library.name, {}):
        with pytest.raises((AttributeError, KeyError)):  # has it by now? then compare it
            encoded(library, library.versions[-1], kind, 0)
        return
    since = SENT_SINCE.get(library.name, {}).get(kind, library.versions[0])
    for version in library.versions:
        if version < since:
            with pytest.raises(RefusedError):
                encoded(library, version, kind, 0)
            continue
        for number in range(10):
            request, fields = encoded(library, version, kind, number)
            decoded = REQUESTS.decode(fields, version)
            assert unequal(request, decoded) == [], f"at version {version}"
            assert REQUESTS.encode(decoded, version) == fields, f"at version {version}"
