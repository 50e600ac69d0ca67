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

from .callers import ABSENT, ENCODERS, NOBODY, WITHOUT_OPTIONS
from .mirror import unequal
from .samples import Sampler

NOT_EXERCISED = {"manual_order_time", "customer_account", "professional_customer"}
NOT_FUNDAMENTAL = ("last_trade_date", "strike", "right", "multiplier", "trading_class")


def test_every_request_of_the_table_is_compared():
    """A message that is new in the table turns this red until it is compared as well."""
    assert set(REQUESTS.by_record) == {*ENCODERS, *NOBODY, PlaceOrder}
    assert not set(ENCODERS) & set(NOBODY)


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


SAMPLES: dict[type, Callable[[Sampler, int], Any]] = {
    CancelOrder: lambda sampler, version: CancelOrder(
        sampler.number(), manual_cancel_time="20260413-15:27:04" if version >= 169 else ""
    ),
    RequestGlobalCancel: lambda *_: RequestGlobalCancel(),
    RequestContractData: contract_data,
    RequestMarketData: market_data,
    RequestHistoricalData: lambda sampler, _: sampler.record(
        RequestHistoricalData, contract=quoted_contract(sampler)
    ),
    RequestExecutions: lambda sampler, _: RequestExecutions(
        sampler.number(), sampler.record(r.ExecutionFilter)
    ),
    ExerciseOptions: lambda sampler, _: sampler.record(
        ExerciseOptions, NOT_EXERCISED, contract=sampler.contract("primary_exchange")
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


@pytest.mark.parametrize("kind", ENCODERS, ids=lambda kind: kind.__name__)
def test_the_values_of_the_request_arrive(library, kind):
    if kind in ABSENT.get(library.name, {}):
        with pytest.raises((AttributeError, KeyError)):  # has it by now? then compare it
            library.encode(
                library.versions[-1], lambda client: ENCODERS[kind](client, kind(1), library)
            )
        return
    for version in library.versions:
        for number in range(10):
            request = sample(kind, Sampler(f"{kind.__name__} {version} {number}", version), version)
            if kind in WITHOUT_OPTIONS.get(library.name, {}):
                request = dataclasses.replace(request, options=())
            fields = library.encode(
                version, lambda client, request=request: ENCODERS[kind](client, request, library)
            )
            decoded = REQUESTS.decode(fields, version)
            assert unequal(request, decoded) == [], f"at version {version}"
            assert REQUESTS.encode(decoded, version) == fields, f"at version {version}"
