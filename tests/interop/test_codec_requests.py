"""Every other request, as the libraries' own encoders write it, through our table and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator import records as r
from simulator.messages import REQUESTS
from simulator.messages.account import (
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPositions,
    RequestAccountSummary,
    RequestAccountUpdates,
    RequestAccountUpdatesMulti,
    RequestManagedAccounts,
    RequestPositions,
)
from simulator.messages.connection import (
    RequestCurrentTime,
    RequestIds,
    SetServerLogLevel,
    StartApi,
)
from simulator.messages.contracts import RequestContractData
from simulator.messages.market_data import (
    CancelMarketData,
    RequestMarketData,
    RequestMarketDataType,
)
from simulator.messages.orders import (
    CancelOrder,
    PlaceOrder,
    RequestAllOpenOrders,
    RequestAutoOpenOrders,
    RequestCompletedOrders,
    RequestExecutions,
    RequestGlobalCancel,
    RequestOpenOrders,
)

from .libraries import Library
from .mirror import build, unequal
from .samples import Sampler

Encode = Callable[[Any, Any, Library], object]


def start(client: Any, request: StartApi, library: Library) -> None:
    del library
    client.clientId = request.client_id
    client.optCapab = request.optional_capabilities
    client.startApi()


def ask_details(client: Any, request: RequestContractData, library: Library) -> None:
    contract = build(request.contract, library)
    contract.includeExpired = request.include_expired
    client.reqContractDetails(request.req_id, contract)


def ask_market_data(client: Any, request: RequestMarketData, library: Library) -> None:
    client.reqMktData(
        request.req_id,
        build(request.contract, library),
        request.generic_ticks,
        request.snapshot,
        request.regulatory_snapshot,
        [],
    )


def cancel(client: Any, request: CancelOrder, library: Library) -> None:
    times = [] if library.name == "ibapi" else [request.manual_cancel_time]
    client.cancelOrder(request.order_id, *times)


def plain(method: str, *names: str) -> Encode:
    """A method whose arguments are the attributes of the request."""
    return lambda client, request, _: getattr(client, method)(
        *(getattr(request, name) for name in names)
    )


ENCODERS: dict[type, Encode] = {
    StartApi: start,
    RequestContractData: ask_details,
    RequestMarketData: ask_market_data,
    CancelOrder: cancel,
    RequestExecutions: lambda client, request, library: client.reqExecutions(
        request.req_id, build(request.filter, library)
    ),
    CancelMarketData: plain("cancelMktData", "req_id"),
    RequestMarketDataType: plain("reqMarketDataType", "market_data_type"),
    RequestIds: plain("reqIds", "count"),
    RequestCurrentTime: plain("reqCurrentTime"),
    SetServerLogLevel: plain("setServerLogLevel", "level"),
    RequestManagedAccounts: plain("reqManagedAccts"),
    RequestAccountUpdates: plain("reqAccountUpdates", "subscribe", "account"),
    RequestPositions: plain("reqPositions"),
    CancelPositions: plain("cancelPositions"),
    RequestAccountSummary: plain("reqAccountSummary", "req_id", "group", "tags"),
    CancelAccountSummary: plain("cancelAccountSummary", "req_id"),
    RequestAccountUpdatesMulti: plain(
        "reqAccountUpdatesMulti", "req_id", "account", "model_code", "ledger_and_nlv"
    ),
    CancelAccountUpdatesMulti: plain("cancelAccountUpdatesMulti", "req_id"),
    RequestGlobalCancel: plain("reqGlobalCancel"),
    RequestOpenOrders: plain("reqOpenOrders"),
    RequestAllOpenOrders: plain("reqAllOpenOrders"),
    RequestAutoOpenOrders: plain("reqAutoOpenOrders", "auto_bind"),
    RequestCompletedOrders: plain("reqCompletedOrders", "api_only"),
}


def test_every_request_of_the_table_is_compared():
    """A message that is new in the table turns this red until it is compared as well."""
    assert set(REQUESTS.by_record) == {*ENCODERS, PlaceOrder}


def sample(kind: type, sampler: Sampler, version: int) -> Any:
    if kind is CancelOrder:
        time = "20260413-15:27:04" if version >= 169 else ""
        return CancelOrder(sampler.number(), manual_cancel_time=time)
    if kind is RequestGlobalCancel:
        return RequestGlobalCancel()
    if kind is RequestContractData:
        issuer = {"issuer_id": "e123"} if version >= 176 else {}
        contract = sampler.contract(sec_id_type="ISIN", sec_id=f"US{sampler.number()}", **issuer)
        return RequestContractData(sampler.number(), contract, sampler.chance())
    if kind is RequestMarketData:
        return market_data_request(sampler)
    if kind is RequestExecutions:
        return RequestExecutions(sampler.number(), sampler.record(r.ExecutionFilter))
    return sampler.record(kind)


def market_data_request(sampler: Sampler) -> RequestMarketData:
    is_combo = sampler.chance()
    dull = {"open_close": 0, "short_sale_slot": 0, "designated_location": "", "exempt_code": -1}
    contract = sampler.contract(
        sec_type="BAG" if is_combo else "STK",
        combo_legs=sampler.several(r.ComboLeg, **dull) if is_combo else (),
        delta_neutral=sampler.record(r.DeltaNeutralContract) if sampler.chance() else None,
    )
    return RequestMarketData(
        sampler.number(), contract, "100,233", sampler.chance(), sampler.chance()
    )


@pytest.mark.parametrize("kind", ENCODERS, ids=lambda kind: kind.__name__)
def test_the_values_of_the_request_arrive(library, kind):
    for version in library.versions:
        for number in range(10):
            request = sample(kind, Sampler(f"{kind.__name__} {version} {number}", version), version)
            fields = library.encode(
                version, lambda client, request=request: ENCODERS[kind](client, request, library)
            )
            decoded = REQUESTS.decode(fields, version)
            assert unequal(request, decoded) == [], f"at version {version}"
            assert REQUESTS.encode(decoded, version) == fields, f"at version {version}"
