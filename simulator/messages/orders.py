"""Orders: placement, status, executions, commissions, completed orders.

Three messages spell out a whole order, each in its own sequence; the runs they share
stand once at the top. The same attribute may have another "unset" text in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulator.messages.parts import (
    CONDITIONS,
    DELTA_NEUTRAL_CONTRACT,
    LEG_PRICE,
    ORDERED_LEG,
    TAG_VALUE,
    contract,
)
from simulator.records import (
    Completion,
    Contract,
    Execution,
    ExecutionFilter,
    Order,
    OrderAllocation,
    OrderState,
)
from simulator.wire import (
    BOOL,
    FLOAT,
    FLOAT_OR_EMPTY,
    FLOAT_OR_MAX,
    INT,
    INT_OR_EMPTY,
    INT_OR_MAX,
    LONG,
    LONG_OR_MAX,
    OFFSET,
    SIZE,
    SIZE_OR_MIN,
    TAGS,
    TEXT,
    Constant,
    Element,
    Field,
    Kind,
    Layout,
    Many,
    ManyValues,
    Maybe,
    Message,
    When,
)


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    order_id: int
    contract: Contract
    order: Order


@dataclass(frozen=True, slots=True)
class CancelOrder:
    order_id: int
    manual_cancel_time: str = ""
    ext_operator: str = ""
    external_user_id: str = ""
    manual_order_indicator: int | None = None


@dataclass(frozen=True, slots=True)
class RequestGlobalCancel:
    ext_operator: str = ""
    manual_order_indicator: int | None = None


@dataclass(frozen=True, slots=True)
class RequestOpenOrders:
    pass


@dataclass(frozen=True, slots=True)
class RequestAllOpenOrders:
    pass


@dataclass(frozen=True, slots=True)
class RequestAutoOpenOrders:
    auto_bind: bool


@dataclass(frozen=True, slots=True)
class RequestExecutions:
    req_id: int
    filter: ExecutionFilter


@dataclass(frozen=True, slots=True)
class RequestCompletedOrders:
    api_only: bool


@dataclass(frozen=True, slots=True)
class ExerciseOptions:
    """`action` 1 exercise, 2 lapse."""

    req_id: int
    contract: Contract
    action: int
    quantity: int
    account: str
    override: bool
    manual_order_time: str = ""
    customer_account: str = ""
    professional_customer: bool = False


@dataclass(frozen=True, slots=True)
class OrderBound:
    perm_id: int
    client_id: int
    order_id: int


@dataclass(frozen=True, slots=True)
class OrderStatus:
    order_id: int
    status: str
    filled: Decimal
    remaining: Decimal
    average_fill_price: Decimal
    perm_id: int
    parent_id: int
    last_fill_price: Decimal
    client_id: int
    why_held: str = ""
    market_cap_price: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class OpenOrder:
    order_id: int
    client_id: int
    perm_id: int
    contract: Contract
    order: Order
    state: OrderState


@dataclass(frozen=True, slots=True)
class OpenOrderEnd:
    pass


@dataclass(frozen=True, slots=True)
class ExecutionData:
    """An execution; `req_id` is -1 for one that is pushed as it happens."""

    req_id: int
    order_id: int
    contract: Contract
    execution: Execution


@dataclass(frozen=True, slots=True)
class ExecutionDataEnd:
    req_id: int


@dataclass(frozen=True, slots=True)
class CommissionReport:
    exec_id: str
    commission: Decimal
    currency: str
    realized_pnl: Decimal | None = None
    yield_: Decimal | None = None
    yield_redemption_date: str = ""


@dataclass(frozen=True, slots=True)
class CompletedOrder:
    perm_id: int
    contract: Contract
    order: Order
    completion: Completion


@dataclass(frozen=True, slots=True)
class CompletedOrdersEnd:
    pass


# --- shared runs ------------------------------------------------------------


def _order(*fields: tuple[str, Kind]) -> tuple[Element, ...]:
    return tuple(Field(f"order.{name}", kind) for name, kind in fields)


def _is_set(value: str | Sequence[Any]) -> bool:
    return bool(value)


def _is_positive(value: Decimal | None) -> bool:
    return value is not None and value > 0


def _is_pegged_to_benchmark(order_type: str) -> bool:
    return order_type in {"PEG BENCH", "PEGBENCH"}


_V1 = Constant("1")
_REQ_ID = Field("req_id", INT)

_LEGS = (
    Many("contract.combo_legs", ORDERED_LEG),
    Many("order.combo_leg_prices", LEG_PRICE),
    Many("order.smart_combo_routing", TAG_VALUE),
)

_SCALE_DETAILS = When(
    "order.scale_price_increment",
    _is_positive,
    *_order(
        ("scale_price_adjust_value", FLOAT_OR_EMPTY),
        ("scale_price_adjust_interval", INT_OR_EMPTY),
        ("scale_profit_offset", FLOAT_OR_EMPTY),
        ("scale_auto_reset", BOOL),
        ("scale_init_position", INT_OR_EMPTY),
        ("scale_init_fill_quantity", INT_OR_EMPTY),
        ("scale_random_percent", BOOL),
    ),
)

_HEDGE: tuple[Element, ...] = (
    Field("order.hedge_type", TEXT),
    When("order.hedge_type", _is_set, Field("order.hedge_param", TEXT)),
)

_DELTA_NEUTRAL = Maybe("contract.delta_neutral", DELTA_NEUTRAL_CONTRACT)

_ALGORITHM: tuple[Element, ...] = (
    Field("order.algo_strategy", TEXT),
    When("order.algo_strategy", _is_set, Many("order.algo_params", TAG_VALUE)),
)

_BENCHMARK = When(
    "order.order_type",
    _is_pegged_to_benchmark,
    *_order(
        ("reference_contract_id", INT),
        ("is_pegged_change_amount_decrease", BOOL),
        ("pegged_change_amount", FLOAT),
        ("reference_change_amount", FLOAT),
        ("reference_exchange_id", TEXT),
    ),
)

_CONDITIONS: tuple[Element, ...] = (
    CONDITIONS,
    When(
        "order.conditions",
        _is_set,
        *_order(("conditions_ignore_rth", BOOL), ("conditions_cancel_order", BOOL)),
    ),
)

_PEG_OFFSETS = (
    Field("order.mid_offset_at_whole", FLOAT_OR_EMPTY),
    Field("order.mid_offset_at_half", FLOAT_OR_EMPTY),
)

_RESTING_PEG = (
    Field("order.min_trade_quantity", INT_OR_EMPTY, since=170),
    Field("order.min_compete_size", INT_OR_EMPTY, since=170),
    Field("order.compete_against_best_offset", OFFSET, since=170),
    Field("order.mid_offset_at_whole", FLOAT_OR_EMPTY, since=170),
    Field("order.mid_offset_at_half", FLOAT_OR_EMPTY, since=170),
)

_PRICES = _order(
    ("action", TEXT),
    ("total_quantity", SIZE),
    ("order_type", TEXT),
    ("limit_price", FLOAT_OR_EMPTY),
    ("aux_price", FLOAT_OR_EMPTY),
    ("tif", TEXT),
    ("oca_group", TEXT),
    ("account", TEXT),
    ("open_close", TEXT),
    ("origin", INT),
    ("order_ref", TEXT),
)

_ADVISOR = (
    Field("order.fa_group", TEXT),
    Field("order.fa_method", TEXT),
    Field("order.fa_percentage", TEXT),
    Field("order.fa_profile", TEXT, until=176),
    Field("order.model_code", TEXT),
)

_SHORT_SALE = _order(("short_sale_slot", INT), ("designated_location", TEXT), ("exempt_code", INT))

_STOCK_RANGE = _order(
    ("starting_price", FLOAT_OR_EMPTY),
    ("stock_reference_price", FLOAT_OR_EMPTY),
    ("delta", FLOAT_OR_EMPTY),
    ("stock_range_lower", FLOAT_OR_EMPTY),
    ("stock_range_upper", FLOAT_OR_EMPTY),
)

_VOLATILITY = _order(
    ("volatility", FLOAT_OR_EMPTY),
    ("volatility_type", INT_OR_EMPTY),
    ("delta_neutral_order_type", TEXT),
    ("delta_neutral_aux_price", FLOAT_OR_EMPTY),
)

_DELTA_NEUTRAL_ORDER = When(
    "order.delta_neutral_order_type",
    _is_set,
    *_order(
        ("delta_neutral_con_id", INT),
        ("delta_neutral_settling_firm", TEXT),
        ("delta_neutral_clearing_account", TEXT),
        ("delta_neutral_clearing_intent", TEXT),
        ("delta_neutral_open_close", TEXT),
        ("delta_neutral_short_sale", BOOL),
        ("delta_neutral_short_sale_slot", INT),
        ("delta_neutral_designated_location", TEXT),
    ),
)

_TRAIL = _order(
    ("continuous_update", BOOL),
    ("reference_price_type", INT_OR_EMPTY),
    ("trail_stop_price", FLOAT_OR_EMPTY),
    ("trailing_percent", FLOAT_OR_EMPTY),
)

_RANDOMIZE = _order(("randomize_size", BOOL), ("randomize_price", BOOL))

_CLEARING = _order(("clearing_account", TEXT), ("clearing_intent", TEXT), ("not_held", BOOL))

_MARGINS = tuple(
    f"{figure}_{moment}"
    for moment in ("before", "change", "after")
    for figure in ("init_margin", "maint_margin", "equity_with_loan")
)

_ALLOCATION = Layout(
    OrderAllocation,
    Field("account", TEXT),
    Field("position", SIZE),
    Field("position_desired", SIZE),
    Field("position_after", SIZE),
    Field("desired_quantity", SIZE),
    Field("allowed_quantity", SIZE),
    Field("is_monetary", BOOL),
)

_STATE: tuple[Element, ...] = (
    Field("state.status", TEXT),
    *(Field(f"state.{name}", FLOAT_OR_MAX) for name in _MARGINS),
    Field("state.commission", FLOAT_OR_EMPTY),
    Field("state.min_commission", FLOAT_OR_EMPTY),
    Field("state.max_commission", FLOAT_OR_EMPTY),
    Field("state.commission_currency", TEXT),
    Field("state.margin_currency", TEXT, since=195),
    *(Field(f"state.{name}_outside_rth", FLOAT_OR_MAX, since=195) for name in _MARGINS),
    Field("state.suggested_size", SIZE_OR_MIN, since=195),
    Field("state.reject_reason", TEXT, since=195),
    Many("state.allocations", _ALLOCATION, since=195),
    Field("state.warning_text", TEXT),
)

_SHOWN_TERMS = _order(
    ("good_till_date", TEXT),
    ("rule_80a", TEXT),
    ("percent_offset", FLOAT_OR_EMPTY),
    ("settling_firm", TEXT),
)

_SHOWN_SCALE: tuple[Element, ...] = (
    *_order(
        ("scale_init_level_size", INT_OR_MAX),
        ("scale_subs_level_size", INT_OR_MAX),
        ("scale_price_increment", FLOAT_OR_EMPTY),
    ),
    _SCALE_DETAILS,
)

# --- the three whole orders -------------------------------------------------

_PLACE_ORDER = Message(
    3,
    PlaceOrder,
    Field("order_id", INT),
    *contract(),
    Field("contract.sec_id_type", TEXT),
    Field("contract.sec_id", TEXT),
    *_PRICES,
    *_order(
        ("transmit", BOOL),
        ("parent_id", INT),
        ("block_order", BOOL),
        ("sweep_to_fill", BOOL),
        ("display_size", INT_OR_EMPTY),
        ("trigger_method", INT),
        ("outside_rth", BOOL),
        ("hidden", BOOL),
    ),
    When("contract.sec_type", "BAG".__eq__, *_LEGS),
    *_order(
        ("shares_allocation", TEXT),
        ("discretionary_amount", FLOAT),
        ("good_after_time", TEXT),
        ("good_till_date", TEXT),
    ),
    *_ADVISOR,
    *_SHORT_SALE,
    *_order(
        ("oca_type", INT),
        ("rule_80a", TEXT),
        ("settling_firm", TEXT),
        ("all_or_none", BOOL),
        ("min_quantity", INT_OR_EMPTY),
        ("percent_offset", FLOAT_OR_EMPTY),
        ("e_trade_only", BOOL),
        ("firm_quote_only", BOOL),
        ("nbbo_price_cap", FLOAT_OR_EMPTY),
        ("auction_strategy", INT),
    ),
    *_STOCK_RANGE,
    Field("order.override_percentage_constraints", BOOL),
    *_VOLATILITY,
    _DELTA_NEUTRAL_ORDER,
    *_TRAIL,
    *_order(
        ("scale_init_level_size", INT_OR_EMPTY),
        ("scale_subs_level_size", INT_OR_EMPTY),
        ("scale_price_increment", FLOAT_OR_EMPTY),
    ),
    _SCALE_DETAILS,
    *_order(("scale_table", TEXT), ("active_start_time", TEXT), ("active_stop_time", TEXT)),
    *_HEDGE,
    Field("order.opt_out_smart_routing", BOOL),
    *_CLEARING,
    _DELTA_NEUTRAL,
    *_ALGORITHM,
    *_order(("algo_id", TEXT), ("what_if", BOOL), ("misc_options", TAGS), ("solicited", BOOL)),
    *_RANDOMIZE,
    _BENCHMARK,
    *_CONDITIONS,
    *_order(
        ("adjusted_order_type", TEXT),
        ("trigger_price", FLOAT_OR_EMPTY),
        ("limit_price_offset", FLOAT_OR_EMPTY),
        ("adjusted_stop_price", FLOAT_OR_EMPTY),
        ("adjusted_stop_limit_price", FLOAT_OR_EMPTY),
        ("adjusted_trailing_amount", FLOAT_OR_EMPTY),
        ("adjustable_trailing_unit", INT),
        ("ext_operator", TEXT),
        ("soft_dollar_tier_name", TEXT),
        ("soft_dollar_tier_value", TEXT),
        ("cash_quantity", FLOAT_OR_EMPTY),
        ("mifid2_decision_maker", TEXT),
        ("mifid2_decision_algo", TEXT),
        ("mifid2_execution_trader", TEXT),
        ("mifid2_execution_algo", TEXT),
        ("dont_use_auto_price_for_hedge", BOOL),
        ("is_oms_container", BOOL),
        ("discretionary_up_to_limit_price", BOOL),
        ("use_price_mgmt_algo", INT_OR_EMPTY),
    ),
    Field("order.duration", INT_OR_EMPTY, since=158),
    Field("order.post_to_ats", INT_OR_EMPTY, since=160),
    Field("order.auto_cancel_parent", BOOL, since=162),
    Field("order.advanced_error_override", TEXT, since=166),
    Field("order.manual_order_time", TEXT, since=169),
    When(
        "contract.exchange",
        "IBKRATS".__eq__,
        Field("order.min_trade_quantity", INT_OR_EMPTY),
        since=170,
    ),
    When(
        "order.order_type",
        "PEG BEST".__eq__,
        Field("order.min_compete_size", INT_OR_EMPTY),
        Field("order.compete_against_best_offset", OFFSET),
        When(
            "order.compete_against_best_offset",
            lambda offset: offset is not None and offset.is_infinite(),
            *_PEG_OFFSETS,
        ),
        since=170,
    ),
    When("order.order_type", "PEG MID".__eq__, *_PEG_OFFSETS, since=170),
    Field("order.customer_account", TEXT, since=183),
    Field("order.professional_customer", BOOL, since=184),
    Field("order.external_user_id", TEXT, since=187, until=189),
    Field("order.manual_order_indicator", INT_OR_EMPTY, since=187, until=189),
    Field("order.include_overnight", BOOL, since=189),
    Field("order.manual_order_indicator", INT_OR_EMPTY, since=192),
    Field("order.imbalance_only", BOOL, since=199),
)

_OPEN_ORDER = Message(
    5,
    OpenOrder,
    Field("order_id", INT),
    *contract("primary_exchange"),
    *_PRICES,
    Field("client_id", INT),
    Field("perm_id", LONG),
    *_order(
        ("outside_rth", BOOL),
        ("hidden", BOOL),
        ("discretionary_amount", FLOAT),
        ("good_after_time", TEXT),
        ("shares_allocation", TEXT),
    ),
    *_ADVISOR,
    *_SHOWN_TERMS,
    *_SHORT_SALE,
    Field("order.auction_strategy", INT),
    *_STOCK_RANGE,
    *_order(
        ("display_size", INT_OR_MAX),
        ("block_order", BOOL),
        ("sweep_to_fill", BOOL),
        ("all_or_none", BOOL),
        ("min_quantity", INT_OR_EMPTY),
        ("oca_type", INT),
        ("e_trade_only", BOOL),
        ("firm_quote_only", BOOL),
        ("nbbo_price_cap", FLOAT_OR_EMPTY),
        ("parent_id", INT),
        ("trigger_method", INT),
    ),
    *_VOLATILITY,
    _DELTA_NEUTRAL_ORDER,
    *_TRAIL,
    *_order(("basis_points", FLOAT_OR_EMPTY), ("basis_points_type", INT_OR_EMPTY)),
    Field("contract.combo_legs_description", TEXT),
    *_LEGS,
    *_SHOWN_SCALE,
    *_HEDGE,
    Field("order.opt_out_smart_routing", BOOL),
    *_CLEARING,
    _DELTA_NEUTRAL,
    *_ALGORITHM,
    *_order(("solicited", BOOL), ("what_if", BOOL)),
    *_STATE,
    *_RANDOMIZE,
    _BENCHMARK,
    *_CONDITIONS,
    *_order(
        ("adjusted_order_type", TEXT),
        ("trigger_price", FLOAT_OR_MAX),
        ("adjusted_trail_stop_price", FLOAT_OR_MAX),
        ("limit_price_offset", FLOAT_OR_MAX),
        ("adjusted_stop_price", FLOAT_OR_MAX),
        ("adjusted_stop_limit_price", FLOAT_OR_MAX),
        ("adjusted_trailing_amount", FLOAT_OR_MAX),
        ("adjustable_trailing_unit", INT),
        ("soft_dollar_tier_name", TEXT),
        ("soft_dollar_tier_value", TEXT),
        ("soft_dollar_tier_display_name", TEXT),
        ("cash_quantity", FLOAT_OR_MAX),
        ("dont_use_auto_price_for_hedge", BOOL),
        ("is_oms_container", BOOL),
        ("discretionary_up_to_limit_price", BOOL),
        ("use_price_mgmt_algo", INT_OR_EMPTY),
    ),
    Field("order.duration", INT_OR_EMPTY, since=158),
    Field("order.post_to_ats", INT_OR_EMPTY, since=160),
    Field("order.auto_cancel_parent", BOOL, since=162),
    *_RESTING_PEG,
    # Captured frames of this version have an empty field more than any published decoder
    # reads, somewhere before the next; those of 173 and 200 do not.
    Constant("", since=193, until=193),
    Field("order.customer_account", TEXT, since=183),
    Field("order.professional_customer", BOOL, since=184),
    Field("order.bond_accrued_interest", TEXT, since=185),
    Field("order.include_overnight", BOOL, since=189),
    Field("order.ext_operator", TEXT, since=193),
    Field("order.manual_order_indicator", INT_OR_MAX, since=193),
    Field("order.submitter", TEXT, since=198),
    Field("order.imbalance_only", BOOL, since=199),
)

_COMPLETED_ORDER = Message(
    101,
    CompletedOrder,
    *contract("primary_exchange"),
    *_PRICES,
    Field("perm_id", LONG),
    *_order(
        ("outside_rth", BOOL),
        ("hidden", BOOL),
        ("discretionary_amount", FLOAT),
        ("good_after_time", TEXT),
    ),
    *_ADVISOR,
    *_SHOWN_TERMS,
    *_SHORT_SALE,
    *_STOCK_RANGE,
    *_order(
        ("display_size", INT_OR_MAX),
        ("sweep_to_fill", BOOL),
        ("all_or_none", BOOL),
        ("min_quantity", INT_OR_EMPTY),
        ("oca_type", INT),
        ("trigger_method", INT),
    ),
    *_VOLATILITY,
    When(
        "order.delta_neutral_order_type",
        _is_set,
        *_order(
            ("delta_neutral_con_id", INT),
            ("delta_neutral_short_sale", BOOL),
            ("delta_neutral_short_sale_slot", INT),
            ("delta_neutral_designated_location", TEXT),
        ),
    ),
    *_TRAIL,
    Field("contract.combo_legs_description", TEXT),
    *_LEGS,
    *_SHOWN_SCALE,
    *_HEDGE,
    *_CLEARING,
    _DELTA_NEUTRAL,
    *_ALGORITHM,
    Field("order.solicited", BOOL),
    Field("completion.status", TEXT),
    *_RANDOMIZE,
    _BENCHMARK,
    *_CONDITIONS,
    *_order(
        ("adjusted_trail_stop_price", FLOAT_OR_MAX),
        ("limit_price_offset", FLOAT_OR_MAX),
        ("cash_quantity", FLOAT_OR_MAX),
        ("dont_use_auto_price_for_hedge", BOOL),
        ("is_oms_container", BOOL),
    ),
    Field("completion.auto_cancel_date", TEXT),
    Field("completion.filled_quantity", SIZE),
    Field("completion.reference_futures_con_id", INT_OR_MAX),
    Field("order.auto_cancel_parent", BOOL),
    Field("completion.shareholder", TEXT),
    Field("order.imbalance_only", BOOL),
    Field("completion.route_marketable_to_bbo", BOOL),
    Field("completion.parent_perm_id", LONG_OR_MAX),
    Field("completion.completed_time", TEXT),
    Field("completion.completed_status", TEXT),
    *_RESTING_PEG,
    Field("order.customer_account", TEXT, since=183),
    Field("order.professional_customer", BOOL, since=184),
    Field("order.submitter", TEXT, since=198),
)

REQUESTS = (
    _PLACE_ORDER,
    Message(
        4,
        CancelOrder,
        Constant("1", until=191),
        Field("order_id", INT),
        Field("manual_cancel_time", TEXT, since=169),
        Field("ext_operator", TEXT, since=187, until=189),
        Field("external_user_id", TEXT, since=187, until=189),
        Field("manual_order_indicator", INT_OR_EMPTY, since=187, until=189),
        Field("ext_operator", TEXT, since=192),
        Field("manual_order_indicator", INT_OR_EMPTY, since=192),
    ),
    Message(5, RequestOpenOrders, _V1),
    Message(
        7,
        RequestExecutions,
        Constant("3"),
        _REQ_ID,
        Field("filter.client_id", INT),
        Field("filter.account", TEXT),
        Field("filter.time", TEXT),
        Field("filter.symbol", TEXT),
        Field("filter.sec_type", TEXT),
        Field("filter.exchange", TEXT),
        Field("filter.side", TEXT),
        Field("filter.last_days", INT_OR_MAX, since=200),
        ManyValues("filter.specific_dates", TEXT, since=200),
    ),
    Message(
        21,
        ExerciseOptions,
        Constant("2"),
        _REQ_ID,
        *contract("primary_exchange"),
        Field("action", INT),
        Field("quantity", INT),
        Field("account", TEXT),
        Field("override", BOOL),
        Field("manual_order_time", TEXT, since=180),
        Field("customer_account", TEXT, since=183),
        Field("professional_customer", BOOL, since=184),
    ),
    Message(15, RequestAutoOpenOrders, _V1, Field("auto_bind", BOOL)),
    Message(16, RequestAllOpenOrders, _V1),
    Message(
        58,
        RequestGlobalCancel,
        Constant("1", until=191),
        Field("ext_operator", TEXT, since=192),
        Field("manual_order_indicator", INT_OR_EMPTY, since=192),
    ),
    Message(99, RequestCompletedOrders, Field("api_only", BOOL)),
)

REPLIES = (
    Message(
        3,
        OrderStatus,
        Field("order_id", INT),
        Field("status", TEXT),
        Field("filled", SIZE),
        Field("remaining", SIZE),
        Field("average_fill_price", FLOAT),
        Field("perm_id", LONG),
        Field("parent_id", INT),
        Field("last_fill_price", FLOAT),
        Field("client_id", INT),
        Field("why_held", TEXT),
        Field("market_cap_price", FLOAT),
    ),
    _OPEN_ORDER,
    Message(
        11,
        ExecutionData,
        _REQ_ID,
        Field("order_id", INT),
        *contract("primary_exchange"),
        Field("execution.exec_id", TEXT),
        Field("execution.time", TEXT),
        Field("execution.account", TEXT),
        Field("execution.exchange", TEXT),
        Field("execution.side", TEXT),
        Field("execution.shares", SIZE),
        Field("execution.price", FLOAT),
        Field("execution.perm_id", LONG),
        Field("execution.client_id", INT),
        Field("execution.liquidation", INT),
        Field("execution.cumulative_quantity", SIZE),
        Field("execution.average_price", FLOAT),
        Field("execution.order_ref", TEXT),
        Field("execution.ev_rule", TEXT),
        Field("execution.ev_multiplier", FLOAT_OR_EMPTY),
        Field("execution.model_code", TEXT),
        Field("execution.last_liquidity", INT),
        Field("execution.pending_price_revision", BOOL, since=178),
        Field("execution.submitter", TEXT, since=198),
    ),
    Message(53, OpenOrderEnd, _V1),
    Message(55, ExecutionDataEnd, _V1, _REQ_ID),
    Message(
        59,
        CommissionReport,
        _V1,
        Field("exec_id", TEXT),
        Field("commission", FLOAT),
        Field("currency", TEXT),
        Field("realized_pnl", FLOAT_OR_MAX),
        Field("yield_", FLOAT_OR_MAX),
        Field("yield_redemption_date", TEXT),
    ),
    Message(
        100, OrderBound, Field("perm_id", LONG), Field("client_id", INT), Field("order_id", INT)
    ),
    _COMPLETED_ORDER,
    Message(102, CompletedOrdersEnd),
)
