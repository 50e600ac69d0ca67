"""The nouns of the TWS API as the gateway sees them: contract, order, execution and so on.

Fields only, under the names of the vendor's documentation in snake_case; None means unset.
Knows neither how a record is spelled on the wire nor what the gateway does with it.
Prices and quantities are `Decimal`, so that what was sent is what is echoed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

TagValues = tuple[tuple[str, str], ...]
ZERO = Decimal(0)


class Status(StrEnum):
    """Order statuses a gateway puts on the wire."""

    PENDING_SUBMIT = "PendingSubmit"
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    CANCELLED = "Cancelled"
    FILLED = "Filled"
    INACTIVE = "Inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComboLeg:
    con_id: int = 0
    ratio: int = 0
    action: str = ""
    exchange: str = ""
    open_close: int = 0
    short_sale_slot: int = 0
    designated_location: str = ""
    exempt_code: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaNeutralContract:
    con_id: int = 0
    delta: Decimal = ZERO
    price: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A contract as a request names it or a reply describes it."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    last_trade_date: str = ""
    strike: Decimal = ZERO
    right: str = ""
    multiplier: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    sec_id_type: str = ""
    sec_id: str = ""
    issuer_id: str = ""
    combo_legs_description: str = ""
    combo_legs: tuple[ComboLeg, ...] = ()
    delta_neutral: DeltaNeutralContract | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComboLegPrice:
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagValue:
    tag: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceCondition:
    conjunction: str = "a"
    is_more: bool = False
    price: Decimal = ZERO
    con_id: int = 0
    exchange: str = ""
    trigger_method: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeCondition:
    conjunction: str = "a"
    is_more: bool = False
    time: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginCondition:
    conjunction: str = "a"
    is_more: bool = False
    percent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionCondition:
    conjunction: str = "a"
    sec_type: str = ""
    exchange: str = ""
    symbol: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeCondition:
    conjunction: str = "a"
    is_more: bool = False
    volume: int = 0
    con_id: int = 0
    exchange: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentChangeCondition:
    conjunction: str = "a"
    is_more: bool = False
    change_percent: Decimal = ZERO
    con_id: int = 0
    exchange: str = ""


Condition = (
    PriceCondition
    | TimeCondition
    | MarginCondition
    | ExecutionCondition
    | VolumeCondition
    | PercentChangeCondition
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Every attribute an order can carry in any version of the text protocol."""

    action: str = ""
    total_quantity: Decimal | None = None
    order_type: str = ""
    limit_price: Decimal | None = None
    aux_price: Decimal | None = None
    tif: str = ""
    oca_group: str = ""
    account: str = ""
    open_close: str = ""
    origin: int = 0
    order_ref: str = ""
    transmit: bool = True
    parent_id: int = 0
    block_order: bool = False
    sweep_to_fill: bool = False
    display_size: int | None = None
    trigger_method: int = 0
    outside_rth: bool = False
    hidden: bool = False
    shares_allocation: str = ""
    discretionary_amount: Decimal = ZERO
    good_after_time: str = ""
    good_till_date: str = ""
    fa_group: str = ""
    fa_method: str = ""
    fa_percentage: str = ""
    fa_profile: str = ""
    model_code: str = ""
    short_sale_slot: int = 0
    designated_location: str = ""
    exempt_code: int = -1
    oca_type: int = 0
    rule_80a: str = ""
    settling_firm: str = ""
    all_or_none: bool = False
    min_quantity: int | None = None
    percent_offset: Decimal | None = None
    e_trade_only: bool = False
    firm_quote_only: bool = False
    nbbo_price_cap: Decimal | None = None
    auction_strategy: int = 0
    starting_price: Decimal | None = None
    stock_reference_price: Decimal | None = None
    delta: Decimal | None = None
    stock_range_lower: Decimal | None = None
    stock_range_upper: Decimal | None = None
    override_percentage_constraints: bool = False
    volatility: Decimal | None = None
    volatility_type: int | None = None
    delta_neutral_order_type: str = ""
    delta_neutral_aux_price: Decimal | None = None
    delta_neutral_con_id: int = 0
    delta_neutral_settling_firm: str = ""
    delta_neutral_clearing_account: str = ""
    delta_neutral_clearing_intent: str = ""
    delta_neutral_open_close: str = ""
    delta_neutral_short_sale: bool = False
    delta_neutral_short_sale_slot: int = 0
    delta_neutral_designated_location: str = ""
    continuous_update: bool = False
    reference_price_type: int | None = None
    trail_stop_price: Decimal | None = None
    trailing_percent: Decimal | None = None
    basis_points: Decimal | None = None
    basis_points_type: int | None = None
    combo_leg_prices: tuple[ComboLegPrice, ...] = ()
    smart_combo_routing: tuple[TagValue, ...] = ()
    scale_init_level_size: int | None = None
    scale_subs_level_size: int | None = None
    scale_price_increment: Decimal | None = None
    scale_price_adjust_value: Decimal | None = None
    scale_price_adjust_interval: int | None = None
    scale_profit_offset: Decimal | None = None
    scale_auto_reset: bool = False
    scale_init_position: int | None = None
    scale_init_fill_quantity: int | None = None
    scale_random_percent: bool = False
    scale_table: str = ""
    active_start_time: str = ""
    active_stop_time: str = ""
    hedge_type: str = ""
    hedge_param: str = ""
    opt_out_smart_routing: bool = False
    clearing_account: str = ""
    clearing_intent: str = ""
    not_held: bool = False
    algo_strategy: str = ""
    algo_params: tuple[TagValue, ...] = ()
    algo_id: str = ""
    what_if: bool = False
    misc_options: TagValues = ()
    solicited: bool = False
    randomize_size: bool = False
    randomize_price: bool = False
    reference_contract_id: int = 0
    is_pegged_change_amount_decrease: bool = False
    pegged_change_amount: Decimal = ZERO
    reference_change_amount: Decimal = ZERO
    reference_exchange_id: str = ""
    conditions: tuple[Condition, ...] = ()
    conditions_ignore_rth: bool = False
    conditions_cancel_order: bool = False
    adjusted_order_type: str = ""
    trigger_price: Decimal | None = None
    limit_price_offset: Decimal | None = None
    adjusted_stop_price: Decimal | None = None
    adjusted_stop_limit_price: Decimal | None = None
    adjusted_trailing_amount: Decimal | None = None
    adjusted_trail_stop_price: Decimal | None = None
    adjustable_trailing_unit: int = 0
    ext_operator: str = ""
    soft_dollar_tier_name: str = ""
    soft_dollar_tier_value: str = ""
    soft_dollar_tier_display_name: str = ""
    cash_quantity: Decimal | None = None
    mifid2_decision_maker: str = ""
    mifid2_decision_algo: str = ""
    mifid2_execution_trader: str = ""
    mifid2_execution_algo: str = ""
    dont_use_auto_price_for_hedge: bool = False
    is_oms_container: bool = False
    discretionary_up_to_limit_price: bool = False
    use_price_mgmt_algo: int | None = None
    duration: int | None = None
    post_to_ats: int | None = None
    auto_cancel_parent: bool = False
    advanced_error_override: str = ""
    manual_order_time: str = ""
    min_trade_quantity: int | None = None
    min_compete_size: int | None = None
    compete_against_best_offset: Decimal | None = None
    mid_offset_at_whole: Decimal | None = None
    mid_offset_at_half: Decimal | None = None
    customer_account: str = ""
    professional_customer: bool = False
    bond_accrued_interest: str = ""
    include_overnight: bool = False
    external_user_id: str = ""
    manual_order_indicator: int | None = None
    submitter: str = ""
    imbalance_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAllocation:
    account: str = ""
    position: Decimal | None = None
    position_desired: Decimal | None = None
    position_after: Decimal | None = None
    desired_quantity: Decimal | None = None
    allowed_quantity: Decimal | None = None
    is_monetary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """What the broker adds to an order: status, margin effect and commission."""

    status: str = ""
    init_margin_before: Decimal | None = None
    maint_margin_before: Decimal | None = None
    equity_with_loan_before: Decimal | None = None
    init_margin_change: Decimal | None = None
    maint_margin_change: Decimal | None = None
    equity_with_loan_change: Decimal | None = None
    init_margin_after: Decimal | None = None
    maint_margin_after: Decimal | None = None
    equity_with_loan_after: Decimal | None = None
    commission: Decimal | None = None
    min_commission: Decimal | None = None
    max_commission: Decimal | None = None
    commission_currency: str = ""
    margin_currency: str = ""
    init_margin_before_outside_rth: Decimal | None = None
    maint_margin_before_outside_rth: Decimal | None = None
    equity_with_loan_before_outside_rth: Decimal | None = None
    init_margin_change_outside_rth: Decimal | None = None
    maint_margin_change_outside_rth: Decimal | None = None
    equity_with_loan_change_outside_rth: Decimal | None = None
    init_margin_after_outside_rth: Decimal | None = None
    maint_margin_after_outside_rth: Decimal | None = None
    equity_with_loan_after_outside_rth: Decimal | None = None
    suggested_size: Decimal | None = None
    reject_reason: str = ""
    allocations: tuple[OrderAllocation, ...] = ()
    warning_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What is told of an order only once it is done."""

    status: str = ""
    auto_cancel_date: str = ""
    filled_quantity: Decimal | None = None
    reference_futures_con_id: int | None = None
    shareholder: str = ""
    route_marketable_to_bbo: bool = False
    parent_perm_id: int | None = None
    completed_time: str = ""
    completed_status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    exec_id: str = ""
    time: str = ""
    account: str = ""
    exchange: str = ""
    side: str = ""
    shares: Decimal = ZERO
    price: Decimal = ZERO
    perm_id: int = 0
    client_id: int = 0
    liquidation: int = 0
    cumulative_quantity: Decimal = ZERO
    average_price: Decimal = ZERO
    order_ref: str = ""
    ev_rule: str = ""
    ev_multiplier: Decimal | None = None
    model_code: str = ""
    last_liquidity: int = 0
    pending_price_revision: bool = False
    submitter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFilter:
    client_id: int = 0
    account: str = ""
    time: str = ""
    symbol: str = ""
    sec_type: str = ""
    exchange: str = ""
    side: str = ""
    last_days: int | None = None
    specific_dates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IneligibilityReason:
    """Why an account may not trade a contract."""

    id: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FundDetails:
    name: str = ""
    family: str = ""
    type: str = ""
    front_load: str = ""
    back_load: str = ""
    back_load_time_interval: str = ""
    management_fee: str = ""
    closed: bool = False
    closed_for_new_investors: bool = False
    closed_for_new_money: bool = False
    notify_amount: str = ""
    minimum_initial_purchase: str = ""
    subsequent_minimum_purchase: str = ""
    blue_sky_states: str = ""
    blue_sky_territories: str = ""
    distribution_policy_indicator: str = ""
    asset_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BondDetails:
    cusip: str = ""
    coupon: Decimal = ZERO
    maturity: str = ""
    issue_date: str = ""
    ratings: str = ""
    bond_type: str = ""
    coupon_type: str = ""
    convertible: bool = False
    callable: bool = False
    puttable: bool = False
    description: str = ""
    next_option_date: str = ""
    next_option_type: str = ""
    next_option_partial: bool = False
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDetails:
    """A contract with everything the security definition server tells of it."""

    contract: Contract
    market_name: str = ""
    min_tick: Decimal = ZERO
    order_types: str = ""
    valid_exchanges: str = ""
    price_magnifier: int = 1
    under_con_id: int = 0
    long_name: str = ""
    contract_month: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    time_zone_id: str = ""
    trading_hours: str = ""
    liquid_hours: str = ""
    ev_rule: str = ""
    ev_multiplier: int | None = None
    sec_ids: tuple[TagValue, ...] = ()
    agg_group: int = 1
    under_symbol: str = ""
    under_sec_type: str = ""
    market_rule_ids: str = ""
    real_expiration_date: str = ""
    last_trade_date: str = ""
    stock_type: str = ""
    min_size: Decimal = ZERO
    size_increment: Decimal = ZERO
    suggested_size_increment: Decimal = ZERO
    fund: FundDetails = field(default_factory=FundDetails)
    ineligibility_reasons: tuple[IneligibilityReason, ...] = ()
