"""Every reply, written by our table and read by the libraries' own decoders."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from simulator import records as r
from simulator.messages import REPLIES
from simulator.messages import account as a
from simulator.messages import connection as c
from simulator.messages import contracts as d
from simulator.messages import market_data as m
from simulator.messages import orders as o
from simulator.wire import join_fields

from .libraries import Call, Ibapi, Library
from .mirror import differences
from .samples import NOT_COMPLETED, PEGGED, Sampler, not_open

CALLBACKS = {
    a.ManagedAccounts: "managedAccounts",
    a.AccountValue: "updateAccountValue",
    a.PortfolioValue: "updatePortfolio",
    a.AccountUpdateTime: "updateAccountTime",
    a.AccountDownloadEnd: "accountDownloadEnd",
    a.PositionData: "position",
    a.PositionEnd: "positionEnd",
    a.AccountSummary: "accountSummary",
    a.AccountSummaryEnd: "accountSummaryEnd",
    a.AccountUpdateMulti: "accountUpdateMulti",
    a.AccountUpdateMultiEnd: "accountUpdateMultiEnd",
    c.ErrorMessage: "error",
    c.NextValidId: "nextValidId",
    c.CurrentTime: "currentTime",
    d.ContractData: "contractDetails",
    d.ContractDataEnd: "contractDetailsEnd",
    m.TickPrice: "tickPrice",
    m.TickSize: "tickSize",
    m.TickGeneric: "tickGeneric",
    m.TickString: "tickString",
    m.TickSnapshotEnd: "tickSnapshotEnd",
    m.MarketDataType: "marketDataType",
    m.TickRequestParameters: "tickReqParams",
    o.OrderStatus: "orderStatus",
    o.OpenOrder: "openOrder",
    o.OpenOrderEnd: "openOrderEnd",
    o.ExecutionData: "execDetails",
    o.ExecutionDataEnd: "execDetailsEnd",
    o.CommissionReport: "commissionReport",
    o.CompletedOrder: "completedOrder",
    o.CompletedOrdersEnd: "completedOrdersEnd",
}
"""Where a reply arrives; its values are the arguments in the order of its attributes."""

DURATION_DISPUTED = 158
"""At this version the asyncio libraries read an open order as if it were of the one before."""


SIZE_TYPES = {1: 0, 2: 3, 4: 5, 66: 69, 67: 70, 68: 71}
"""Tick types of prices that bring a size along, and those of the sizes."""


def test_every_reply_of_the_table_is_compared():
    assert set(REPLIES.by_record) == set(CALLBACKS)


def order_contract(sampler: Sampler) -> r.Contract:
    is_combo = sampler.chance()
    return sampler.contract(
        "primary_exchange",
        sec_type="BAG" if is_combo else "OPT",
        combo_legs_description="1|2",
        combo_legs=sampler.legs() if is_combo else (),
        delta_neutral=sampler.record(r.DeltaNeutralContract) if sampler.chance() else None,
    )


def shown_order(sampler: Sampler, version: int, contract: r.Contract, absent: frozenset[str]):
    """An order as a reply has it: both texts of the trail stop say the same, as in gateways."""
    order = sampler.order(
        absent,
        is_combo=contract.sec_type == "BAG",
        peg=PEGGED if version >= 170 else (),
        total_quantity=Decimal(sampler.number()),
        scale_price_increment=sampler.choice((None, Decimal("0.05"))),
    )
    order = dataclasses.replace(order, adjusted_trail_stop_price=order.trail_stop_price)
    pegged = order.compete_against_best_offset
    if version >= 170 and sampler.chance(0.3):
        pegged = Decimal("Infinity")
    return dataclasses.replace(order, compete_against_best_offset=pegged)


def open_order(sampler: Sampler, version: int) -> o.OpenOrder:
    contract = order_contract(sampler)
    order = shown_order(sampler, version, contract, not_open(version))
    ids = [sampler.number() for _ in range(3)]
    return o.OpenOrder(*ids, contract, order, sampler.record(r.OrderState))


def completed_order(sampler: Sampler, version: int) -> o.CompletedOrder:
    contract = order_contract(sampler)
    order = shown_order(sampler, version, contract, NOT_COMPLETED)
    order = dataclasses.replace(order, imbalance_only=sampler.chance())  # here since ever
    return o.CompletedOrder(sampler.number(), contract, order, sampler.record(r.Completion))


FUND_CODES = {"distribution_policy_indicator": ("N", "Y"), "asset_type": ("001", "004")}
"""What the vendor's client knows; it takes every other code for none at all, 000 too."""


def fund(sampler: Sampler) -> r.FundDetails:
    codes = {name: sampler.choice(known) for name, known in FUND_CODES.items()}
    return sampler.record(r.FundDetails, **codes)


def details(sampler: Sampler, version: int) -> d.ContractData:
    is_fund = version >= 179 and sampler.chance()
    filled = sampler.record(
        r.ContractDetails,
        without={"last_trade_date"} if version < 182 else (),
        contract=sampler.contract(sec_type="FUND" if is_fund else "OPT"),
        fund=fund(sampler) if is_fund else r.FundDetails(),
        sec_ids=sampler.several(r.TagValue),
        long_name="Société Générale — 株",
    )
    return d.ContractData(sampler.number(), filled)


def execution(sampler: Sampler, version: int) -> o.ExecutionData:
    time = "20260413 15:27:04 US/Eastern" if version >= 174 else "20260413  15:27:04"
    filled = sampler.record(r.Execution, time=time)
    ids = [sampler.number() for _ in range(2)]
    return o.ExecutionData(*ids, sampler.contract("primary_exchange"), filled)


def market_size(sampler: Sampler, version: int) -> Decimal:
    return Decimal(sampler.number()) / (1 if version < 163 else 4)


def tick_price(sampler: Sampler, version: int) -> m.TickPrice:
    return sampler.record(
        m.TickPrice,
        tick_type=sampler.choice(SIZE_TYPES),
        size=market_size(sampler, version),
        attributes=sampler.choice(range(8)),
    )


SAMPLES = {
    o.OpenOrder: open_order,
    o.CompletedOrder: completed_order,
    d.ContractData: details,
    o.ExecutionData: execution,
    m.TickPrice: tick_price,
    m.TickSize: lambda sampler, version: sampler.record(
        m.TickSize, size=market_size(sampler, version)
    ),
    a.PortfolioValue: lambda sampler, _: sampler.record(
        a.PortfolioValue, contract=sampler.contract("exchange")
    ),
    a.PositionData: lambda sampler, _: sampler.record(
        a.PositionData, contract=sampler.contract("primary_exchange")
    ),
    o.CommissionReport: lambda sampler, _: sampler.record(
        o.CommissionReport, yield_redemption_date="20270131"
    ),
}
"""How to fill what cannot be filled blindly."""


def sample(kind: type, sampler: Sampler, version: int) -> Any:
    return SAMPLES[kind](sampler, version) if kind in SAMPLES else sampler.record(kind)


def held(reply: Any, calls: list[Call], library: Library) -> list[tuple[Any, Any]]:
    """What the reply says and what the library made of it, in pairs."""
    args = calls[0].args
    match reply:
        case o.OpenOrder():
            order_id, contract, order, state = args
            return [
                (reply.order_id, order_id),
                (reply.order_id, order.orderId),
                (reply.client_id, order.clientId),
                (reply.perm_id, order.permId),
                (reply.contract, contract),
                (reply.order, order),
                (reply.state, state),
            ]
        case o.CompletedOrder():
            contract, order, state = args
            done = reply.completion
            return [
                (reply.perm_id, order.permId),
                (reply.contract, contract),
                (reply.order, order),
                (done.status, state.status),
                (done.auto_cancel_date, order.autoCancelDate),
                (done.filled_quantity, order.filledQuantity),
                (done.reference_futures_con_id, order.refFuturesConId),
                (done.shareholder, order.shareholder),
                (done.route_marketable_to_bbo, order.routeMarketableToBbo),
                (done.parent_perm_id, order.parentPermId),
                (done.completed_time, state.completedTime),
                (done.completed_status, state.completedStatus),
            ]
        case o.ExecutionData():
            req_id, contract, execution = args
            expected = reply.execution.time if isinstance(library, Ibapi) else _moment(reply)
            return [
                (reply.req_id, req_id),
                (reply.order_id, execution.orderId),
                (reply.contract, contract),
                (reply.execution, execution),
                (str(expected), execution.time),
            ]
        case o.CommissionReport():
            return [(reply, args[0])]
        case m.TickPrice():
            return _ticks(reply, calls)
    values = [getattr(reply, field.name) for field in dataclasses.fields(reply)]
    return list(zip(values, args, strict=False))  # older clients take no reject JSON


def _moment(reply: o.ExecutionData) -> datetime:
    hour = 19 if reply.execution.time.endswith("US/Eastern") else 15
    return datetime(2026, 4, 13, hour, 27, 4, tzinfo=UTC)


def _ticks(reply: m.TickPrice, calls: list[Call]) -> list[tuple[Any, Any]]:
    """The asyncio libraries take price and size in one call, the vendor's in two."""
    (req_id, tick_type, price, last), *more = (call.args for call in calls)
    pairs = [(reply.req_id, req_id), (reply.tick_type, tick_type), (reply.price, price)]
    if calls[0].name == "priceSizeTick":
        return [*pairs, (reply.size, last)]
    bits = (last.canAutoExecute, last.pastLimit, last.preOpen)
    pairs += [(bool(reply.attributes & 1 << bit), is_set) for bit, is_set in enumerate(bits)]
    ((size_req_id, size_type, size),) = more
    return [
        *pairs,
        (reply.req_id, size_req_id),
        (SIZE_TYPES[reply.tick_type], size_type),
        (reply.size, size),
    ]


def unread(kind: type, version: int) -> set[str]:
    """Attributes that do not reach the library's objects, and need not."""
    skip = {"shares_allocation"}
    if kind is o.OpenOrder:
        skip |= not_open(version)
    elif kind is o.CompletedOrder:
        skip |= NOT_COMPLETED
    elif kind is o.ExecutionData:
        skip |= {"time"}  # compared as a moment
    elif kind is d.ContractData and version <= 163:  # read as the other one, or not at all
        skip |= {"min_size", "size_increment", "suggested_size_increment"}
    return skip


@pytest.mark.parametrize("kind", CALLBACKS, ids=lambda kind: kind.__name__)
def test_the_values_of_the_reply_arrive(library, kind):
    for version in library.versions:
        if version == DURATION_DISPUTED and kind is o.OpenOrder:
            continue
        for number in range(10):
            reply = sample(kind, Sampler(f"{kind.__name__} {version} {number}", version), version)
            payload = join_fields(REPLIES.encode(reply, version))
            calls = library.decode(version, payload[:-1].decode("ascii").split("\0"))
            name = "priceSizeTick" if kind is m.TickPrice else CALLBACKS[kind]
            assert calls[0].name in {name, CALLBACKS[kind]}
            problems = [
                problem
                for mine, theirs in held(reply, calls, library)
                for problem in differences(
                    mine, theirs, library, unread(kind, version) | library.unread
                )
            ]
            assert problems == [], f"at version {version}"
