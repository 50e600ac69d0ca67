"""A reply of each kind, filled at random as a gateway of that version could send it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from simulator import records as r
from simulator.messages import account as a
from simulator.messages import contracts as d
from simulator.messages import history as h
from simulator.messages import market_data as m
from simulator.messages import options as p
from simulator.messages import orders as o
from simulator.messages import research as s

from .arrivals import SIZE_TYPES
from .samples import DECIMAL_SIZES, NOT_COMPLETED, PEGGED, Sampler, not_open

_HOURS = frozenset({"time_zone_id", "trading_hours", "liquid_hours"})

_NOT_OF_BONDS = frozenset(
    {
        "fund",
        "ineligibility_reasons",
        "price_magnifier",
        "under_con_id",
        "contract_month",
        "industry",
        "category",
        "subcategory",
        "under_symbol",
        "under_sec_type",
        "real_expiration_date",
        "last_trade_date",
        "stock_type",
    }
)


def not_of_bonds(version: int) -> frozenset[str]:
    """Details that the message of a bond does not carry."""
    return _NOT_OF_BONDS if version >= 188 else _NOT_OF_BONDS | _HOURS


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
    is_fund = sampler.chance()
    filled = sampler.record(
        r.ContractDetails,
        without={"last_trade_date"} if version < 182 else (),
        contract=sampler.contract(sec_type="FUND" if is_fund else "OPT"),
        fund=fund(sampler) if is_fund and version >= 179 else r.FundDetails(),
        sec_ids=sampler.several(r.TagValue),
        long_name="Société Générale — 株",
    )
    return d.ContractData(sampler.number(), filled)


def execution(sampler: Sampler, version: int) -> o.ExecutionData:
    time = "20260413 15:27:04 US/Eastern" if version >= 174 else "20260413  15:27:04"
    filled = sampler.record(r.Execution, time=time)
    ids = [sampler.number() for _ in range(2)]
    return o.ExecutionData(*ids, sampler.contract("primary_exchange"), filled)


def tick_price(sampler: Sampler, _: int) -> m.TickPrice:
    return sampler.record(
        m.TickPrice, tick_type=sampler.choice(SIZE_TYPES), attributes=sampler.choice(range(8))
    )


def historical_data(sampler: Sampler, version: int) -> h.HistoricalData:
    ends = {} if version < 196 else {"start": "", "end": ""}
    return sampler.record(h.HistoricalData, **ends)


def pnl_single(sampler: Sampler, version: int) -> a.PnLSingle:
    position = Decimal(sampler.number()) / (1 if version < DECIMAL_SIZES else 4)
    return sampler.record(a.PnLSingle, position=position, sure=False)


def bond_data(sampler: Sampler, version: int) -> d.BondContractData:
    contract = sampler.contract(
        "last_trade_date", "strike", "right", "multiplier", "primary_exchange", "local_symbol"
    )
    sizes = {"min_size", "size_increment", "suggested_size_increment"}
    filled = sampler.record(
        r.ContractDetails,
        not_of_bonds(version) | (sizes if version < 164 else set()),
        contract=contract,
        sec_ids=sampler.several(r.TagValue),
    )
    days = ("20310415", "20310415 16:00:00", "20310415 16:00:00 EST")
    bond = sampler.record(
        r.BondDetails,
        maturity=sampler.choice(days),
        coupon=Decimal(sampler.number()),  # every library here reads a whole number
    )
    return d.BondContractData(sampler.number(), filled, bond)


def symbol_samples(sampler: Sampler, version: int) -> d.SymbolSamples:
    """Before version 176 a sample tells neither a description nor an issuer."""
    samples = []
    for _ in range(sampler.choice(range(4))):
        number = sampler.number()
        is_told = version >= 176
        contract = r.Contract(
            con_id=number,
            symbol=f"S{number}",
            sec_type=sampler.choice(("STK", "BOND")),
            primary_exchange=f"X{number}",
            currency=f"C{number}",
            issuer_id=f"e{number}" if is_told else "",
        )
        kinds = tuple(f"K{sampler.number()}" for _ in range(sampler.choice(range(4))))
        samples.append(d.SymbolSample(contract, kinds, f"D{number}" if is_told else ""))
    return d.SymbolSamples(sampler.number(), tuple(samples))


def tick_by_tick(sampler: Sampler, _: int) -> h.TickByTick:
    return sampler.record(
        h.TickByTick, tick_type=sampler.choice(range(1, 5)), mask=sampler.choice(range(4))
    )


def option_computation(sampler: Sampler, _: int) -> p.TickOptionComputation:
    """Now and then a value was not computed."""
    uncomputed = {
        field.name
        for field in dataclasses.fields(p.TickOptionComputation)
        if field.type == "Decimal" and sampler.chance(0.3)
    }
    return sampler.record(p.TickOptionComputation, uncomputed)


def scanner_data(sampler: Sampler, _: int) -> s.ScannerData:
    rows = (
        sampler.record(s.ScannerRow, contract=sampler.contract("multiplier", "primary_exchange"))
        for _ in range(sampler.choice(range(4)))
    )
    return s.ScannerData(sampler.number(), tuple(rows))


def exchanges(sampler: Sampler, _: int) -> d.MarketDepthExchanges:
    """One of them belongs to no group."""
    several = sampler.several(d.DepthExchange)
    return d.MarketDepthExchanges((*several, sampler.record(d.DepthExchange, {"agg_group"})))


SAMPLES: dict[type, Callable[[Sampler, int], Any]] = {
    o.OpenOrder: open_order,
    o.CompletedOrder: completed_order,
    d.ContractData: details,
    o.ExecutionData: execution,
    m.TickPrice: tick_price,
    a.PnL: lambda sampler, _: sampler.record(a.PnL, sure=False),
    a.PnLSingle: pnl_single,
    a.PositionMulti: lambda sampler, _: sampler.record(
        a.PositionMulti, contract=sampler.contract("primary_exchange")
    ),
    d.BondContractData: bond_data,
    d.SymbolSamples: symbol_samples,
    d.MarketDepthExchanges: exchanges,
    h.HistoricalData: historical_data,
    h.TickByTick: tick_by_tick,
    p.TickOptionComputation: option_computation,
    s.ScannerData: scanner_data,
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
