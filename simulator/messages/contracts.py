"""Security definitions: details, search, market rules, venues."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.messages.parts import TAG_VALUE, contract
from simulator.records import BondDetails, Contract, ContractDetails, IneligibilityReason
from simulator.wire import (
    BOOL,
    FLOAT,
    INT,
    INT_OR_EMPTY,
    INT_OR_MAX,
    SIZE,
    TEXT,
    Constant,
    Field,
    Layout,
    Many,
    ManyValues,
    Message,
    When,
)


@dataclass(frozen=True, slots=True)
class RequestContractData:
    req_id: int
    contract: Contract
    include_expired: bool = False


@dataclass(frozen=True, slots=True)
class RequestMatchingSymbols:
    req_id: int
    pattern: str


@dataclass(frozen=True, slots=True)
class RequestMarketDepthExchanges:
    pass


@dataclass(frozen=True, slots=True)
class RequestSmartComponents:
    req_id: int
    bbo_exchange: str


@dataclass(frozen=True, slots=True)
class RequestMarketRule:
    rule_id: int


@dataclass(frozen=True, slots=True)
class ContractData:
    req_id: int
    details: ContractDetails


@dataclass(frozen=True, slots=True)
class ContractDataEnd:
    req_id: int


@dataclass(frozen=True, slots=True)
class BondContractData:
    req_id: int
    details: ContractDetails
    bond: BondDetails


@dataclass(frozen=True, slots=True)
class SymbolSample:
    contract: Contract
    derivative_sec_types: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class SymbolSamples:
    req_id: int
    samples: tuple[SymbolSample, ...]


@dataclass(frozen=True, slots=True)
class DepthExchange:
    exchange: str
    sec_type: str
    listing_exchange: str = ""
    service_data_type: str = ""
    agg_group: int | None = None


@dataclass(frozen=True, slots=True)
class MarketDepthExchanges:
    exchanges: tuple[DepthExchange, ...]


@dataclass(frozen=True, slots=True)
class SmartComponent:
    bit_number: int
    exchange: str
    exchange_letter: str


@dataclass(frozen=True, slots=True)
class SmartComponents:
    req_id: int
    components: tuple[SmartComponent, ...]


@dataclass(frozen=True, slots=True)
class PriceIncrement:
    """From `low_edge` on prices move by `increment`."""

    low_edge: Decimal
    increment: Decimal


@dataclass(frozen=True, slots=True)
class MarketRule:
    rule_id: int
    increments: tuple[PriceIncrement, ...]


_REQ_ID = Field("req_id", INT)

_INELIGIBILITY_REASON = Layout(IneligibilityReason, Field("id", TEXT), Field("description", TEXT))

_FUND = tuple(
    Field(f"details.fund.{name}", kind)
    for name, kind in (
        ("name", TEXT),
        ("family", TEXT),
        ("type", TEXT),
        ("front_load", TEXT),
        ("back_load", TEXT),
        ("back_load_time_interval", TEXT),
        ("management_fee", TEXT),
        ("closed", BOOL),
        ("closed_for_new_investors", BOOL),
        ("closed_for_new_money", BOOL),
        ("notify_amount", TEXT),
        ("minimum_initial_purchase", TEXT),
        ("subsequent_minimum_purchase", TEXT),
        ("blue_sky_states", TEXT),
        ("blue_sky_territories", TEXT),
        ("distribution_policy_indicator", TEXT),
        ("asset_type", TEXT),
    )
)

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
    Message(81, RequestMatchingSymbols, _REQ_ID, Field("pattern", TEXT)),
    Message(82, RequestMarketDepthExchanges),
    Message(83, RequestSmartComponents, _REQ_ID, Field("bbo_exchange", TEXT)),
    Message(91, RequestMarketRule, Field("rule_id", INT)),
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
        When("details.contract.sec_type", "FUND".__eq__, *_FUND, since=179),
        Many("details.ineligibility_reasons", _INELIGIBILITY_REASON, since=186),
    ),
    Message(
        18,
        BondContractData,
        Constant("6", until=163),
        Field("req_id", INT),
        Field("details.contract.symbol", TEXT),
        Field("details.contract.sec_type", TEXT),
        Field("bond.cusip", TEXT),
        Field("bond.coupon", FLOAT),
        Field("bond.maturity", TEXT),
        Field("bond.issue_date", TEXT),
        Field("bond.ratings", TEXT),
        Field("bond.bond_type", TEXT),
        Field("bond.coupon_type", TEXT),
        Field("bond.convertible", BOOL),
        Field("bond.callable", BOOL),
        Field("bond.puttable", BOOL),
        Field("bond.description", TEXT),
        Field("details.contract.exchange", TEXT),
        Field("details.contract.currency", TEXT),
        Field("details.market_name", TEXT),
        Field("details.contract.trading_class", TEXT),
        Field("details.contract.con_id", INT),
        Field("details.min_tick", FLOAT),
        Constant("1", until=163),  # market data size multiplier
        Field("details.order_types", TEXT),
        Field("details.valid_exchanges", TEXT),
        Field("bond.next_option_date", TEXT),
        Field("bond.next_option_type", TEXT),
        Field("bond.next_option_partial", BOOL),
        Field("bond.notes", TEXT),
        Field("details.long_name", TEXT),
        Field("details.time_zone_id", TEXT, since=188),
        Field("details.trading_hours", TEXT, since=188),
        Field("details.liquid_hours", TEXT, since=188),
        Field("details.ev_rule", TEXT),
        Field("details.ev_multiplier", INT_OR_EMPTY),
        Many("details.sec_ids", TAG_VALUE),
        Field("details.agg_group", INT),
        Field("details.market_rule_ids", TEXT),
        Field("details.min_size", SIZE, since=164),
        Field("details.size_increment", SIZE, since=164),
        Field("details.suggested_size_increment", SIZE, since=164),
    ),
    Message(52, ContractDataEnd, Constant("1"), Field("req_id", INT)),
    Message(
        79,
        SymbolSamples,
        _REQ_ID,
        Many(
            "samples",
            Layout(
                SymbolSample,
                Field("contract.con_id", INT),
                Field("contract.symbol", TEXT),
                Field("contract.sec_type", TEXT),
                Field("contract.primary_exchange", TEXT),
                Field("contract.currency", TEXT),
                ManyValues("derivative_sec_types", TEXT),
                Field("description", TEXT, since=176),
                Field("contract.issuer_id", TEXT, since=176),
            ),
        ),
    ),
    Message(
        80,
        MarketDepthExchanges,
        Many(
            "exchanges",
            Layout(
                DepthExchange,
                Field("exchange", TEXT),
                Field("sec_type", TEXT),
                Field("listing_exchange", TEXT),
                Field("service_data_type", TEXT),
                Field("agg_group", INT_OR_MAX),
            ),
        ),
    ),
    Message(
        82,
        SmartComponents,
        _REQ_ID,
        Many(
            "components",
            Layout(
                SmartComponent,
                Field("bit_number", INT),
                Field("exchange", TEXT),
                Field("exchange_letter", TEXT),
            ),
        ),
    ),
    Message(
        93,
        MarketRule,
        Field("rule_id", INT),
        Many(
            "increments",
            Layout(PriceIncrement, Field("low_edge", FLOAT), Field("increment", FLOAT)),
        ),
    ),
)
