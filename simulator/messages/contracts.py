"""Contract details."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.messages.parts import TAG_VALUE, contract
from simulator.records import Contract, ContractDetails
from simulator.wire import (
    BOOL,
    FLOAT,
    INT,
    INT_OR_EMPTY,
    SIZE,
    TEXT,
    Constant,
    Field,
    Many,
    Message,
)


@dataclass(frozen=True, slots=True)
class RequestContractData:
    req_id: int
    contract: Contract
    include_expired: bool = False


@dataclass(frozen=True, slots=True)
class ContractData:
    req_id: int
    details: ContractDetails


@dataclass(frozen=True, slots=True)
class ContractDataEnd:
    req_id: int


REQUESTS = (
    Message(
        9,
        RequestContractData,
        Constant("8"),
        Field("req_id", INT),
        *contract(),
        Field("include_expired", BOOL),
        Field("contract.sec_id_type", TEXT),
        Field("contract.sec_id", TEXT),
        Field("contract.issuer_id", TEXT, since=176),
    ),
)

REPLIES = (
    Message(
        10,
        ContractData,
        Constant("8", until=163),
        Field("req_id", INT),
        Field("details.contract.symbol", TEXT),
        Field("details.contract.sec_type", TEXT),
        Field("details.contract.last_trade_date", TEXT),
        Field("details.last_trade_date", TEXT, since=182),
        Field("details.contract.strike", FLOAT),
        Field("details.contract.right", TEXT),
        Field("details.contract.exchange", TEXT),
        Field("details.contract.currency", TEXT),
        Field("details.contract.local_symbol", TEXT),
        Field("details.market_name", TEXT),
        Field("details.contract.trading_class", TEXT),
        Field("details.contract.con_id", INT),
        Field("details.min_tick", FLOAT),
        Constant("1", until=163),  # market data size multiplier
        Field("details.contract.multiplier", TEXT),
        Field("details.order_types", TEXT),
        Field("details.valid_exchanges", TEXT),
        Field("details.price_magnifier", INT),
        Field("details.under_con_id", INT),
        Field("details.long_name", TEXT),
        Field("details.contract.primary_exchange", TEXT),
        Field("details.contract_month", TEXT),
        Field("details.industry", TEXT),
        Field("details.category", TEXT),
        Field("details.subcategory", TEXT),
        Field("details.time_zone_id", TEXT),
        Field("details.trading_hours", TEXT),
        Field("details.liquid_hours", TEXT),
        Field("details.ev_rule", TEXT),
        Field("details.ev_multiplier", INT_OR_EMPTY),
        Many("details.sec_ids", TAG_VALUE),
        Field("details.agg_group", INT),
        Field("details.under_symbol", TEXT),
        Field("details.under_sec_type", TEXT),
        Field("details.market_rule_ids", TEXT),
        Field("details.real_expiration_date", TEXT),
        Field("details.stock_type", TEXT),
        Field("details.min_size", SIZE, since=163),
        Field("details.size_increment", SIZE, since=164),
        Field("details.suggested_size_increment", SIZE, since=164),
        Many("details.ineligibility_reasons", TAG_VALUE, since=186),
    ),
    Message(52, ContractDataEnd, Constant("1"), Field("req_id", INT)),
)
