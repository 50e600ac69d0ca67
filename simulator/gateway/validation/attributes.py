"""Every attribute of an order, in one of three tables: looked at, refused, or just shown.

What is refused would change what happens to an order in a way that the simulator does not
know: 10340 names it, as documented. Attributes that gateways gave up were ignored with a
warning by those before TWS 10 (server version 163), and end the order since (captured).
"""

from __future__ import annotations

from simulator.gateway.validation.candidate import (
    TWS_10,
    Candidate,
    Refusal,
    first,
    invalid,
    refuse,
)

Neutral = tuple[object, ...]

LOOKED_AT = frozenset(
    {
        *("action", "total_quantity", "order_type", "limit_price", "aux_price", "tif"),
        *("oca_group", "account", "open_close", "origin", "parent_id", "block_order"),
        *("display_size", "trigger_method", "hidden", "discretionary_amount"),
        *("good_after_time", "good_till_date", "fa_group", "fa_method", "fa_percentage"),
        *("fa_profile", "short_sale_slot", "designated_location"),
        *("oca_type", "rule_80a", "all_or_none", "min_quantity", "percent_offset"),
        *("e_trade_only", "firm_quote_only", "nbbo_price_cap", "auction_strategy"),
        *("starting_price", "stock_reference_price", "delta", "stock_range_lower"),
        *("stock_range_upper", "volatility", "volatility_type"),
        *("delta_neutral_order_type", "delta_neutral_aux_price"),
        *("delta_neutral_short_sale", "delta_neutral_short_sale_slot"),
        *("delta_neutral_designated_location", "continuous_update"),
        *("reference_price_type", "trail_stop_price", "trailing_percent"),
        *("combo_leg_prices", "smart_combo_routing", "scale_init_level_size"),
        *("scale_subs_level_size", "scale_price_increment"),
        *("scale_price_adjust_value", "scale_price_adjust_interval"),
        *("scale_profit_offset", "scale_auto_reset", "scale_init_position"),
        *("scale_init_fill_quantity", "active_start_time", "active_stop_time"),
        *("hedge_type", "hedge_param", "clearing_intent", "not_held", "algo_strategy"),
        *("algo_params", "what_if", "reference_contract_id", "pegged_change_amount"),
        *("reference_change_amount", "conditions", "conditions_cancel_order"),
        *("adjusted_order_type", "trigger_price", "limit_price_offset"),
        *("adjusted_stop_price", "adjusted_stop_limit_price"),
        *("adjusted_trailing_amount", "adjustable_trailing_unit", "cash_quantity"),
        *("use_price_mgmt_algo", "duration", "post_to_ats", "manual_order_time"),
        *("min_trade_quantity", "min_compete_size", "compete_against_best_offset"),
        *("mid_offset_at_whole", "mid_offset_at_half", "manual_order_indicator"),
        "imbalance_only",
    }
)
"""Attributes of which not every value is taken."""

REFUSED: dict[str, tuple[str, Neutral]] = {
    "is_oms_container": ("isOmsContainer", (False,)),
    "model_code": ("modelCode", ("",)),
    "scale_table": ("scaleTable", ("",)),
}
"""Attribute → its name on the wire, and the values that change nothing."""

UNMODELLED: dict[str, str] = {
    "imbalance_only": "imbalanceOnly",
    "mid_offset_at_half": "midOffsetAtHalf",
    "mid_offset_at_whole": "midOffsetAtWhole",
    "scale_auto_reset": "scaleAutoReset",
}
"""Attribute → its name on the wire: refused by name, too, if nothing else is wrong with it."""

ECHOED: dict[str, str] = {
    "order_ref": "the client's own note",
    "shares_allocation": "given up; gateways fill it themselves",
    "exempt_code": "of short sales by institutions",
    "settling_firm": "of institutions; nothing is settled elsewhere",
    "clearing_account": "of institutions; needed to clear away, never used",
    "override_percentage_constraints": "precautionary settings are off",
    "delta_neutral_con_id": "the hedge is in the underlying",
    "delta_neutral_settling_firm": "of institutions",
    "delta_neutral_clearing_account": "of institutions",
    "delta_neutral_clearing_intent": "of institutions",
    "delta_neutral_open_close": "of institutions",
    "basis_points": "no request carries it",
    "basis_points_type": "no request carries it",
    "adjusted_trail_stop_price": "no request carries it",
    "opt_out_smart_routing": "there is one market for each instrument",
    "algo_id": "a name for reports",
    "misc_options": "for internal use, says the vendor",
    "solicited": "a declaration of brokers",
    "randomize_size": "the simulator leaves nothing to chance",
    "randomize_price": "the simulator leaves nothing to chance",
    "reference_exchange_id": "there is one market for each instrument",
    "is_pegged_change_amount_decrease": "either value is one",
    "conditions_ignore_rth": "either value is one, and acted on",
    "ext_operator": "a declaration",
    "soft_dollar_tier_name": "of institutions",
    "soft_dollar_tier_value": "of institutions",
    "soft_dollar_tier_display_name": "of institutions",
    "mifid2_decision_maker": "a declaration",
    "mifid2_decision_algo": "a declaration",
    "mifid2_execution_trader": "a declaration",
    "mifid2_execution_algo": "a declaration",
    "dont_use_auto_price_for_hedge": "hedges are priced by their own terms",
    "discretionary_up_to_limit_price": "works as the relative order it belongs to",
    "advanced_error_override": "no reject of the simulator can be overridden",
    "customer_account": "of brokers",
    "professional_customer": "a declaration",
    "bond_accrued_interest": "informs only",
    "include_overnight": "there is no overnight session",
    "external_user_id": "a declaration",
    "submitter": "a declaration",
    "scale_random_percent": "the simulator leaves nothing to chance",
    "auto_cancel_parent": "either value is one, and acted on",
    "transmit": "either value is one",
    "outside_rth": "either value is one; a warning tells where it is ignored",
    "sweep_to_fill": "fills are swept anyway; a warning tells where it is ignored",
}
"""Attribute → why any value of it is taken, and shown as it was sent."""


def given_up(candidate: Candidate) -> Refusal | None:
    order, is_new = candidate.order, candidate.gateway_version >= TWS_10
    return first(
        (order.e_trade_only and is_new, refuse(10268)),
        (order.firm_quote_only and is_new, refuse(10269)),
        (order.nbbo_price_cap is not None, refuse(10270)),
        (order.post_to_ats is not None, refuse(10274)),
    )


def not_known(candidate: Candidate) -> Refusal | None:
    for name, (shown, neutral) in REFUSED.items():
        if getattr(candidate.order, name) not in neutral:
            return refuse(10340, attribute=shown)
    return None


def unmodelled(candidate: Candidate) -> Refusal | None:
    found = (name for attribute, name in UNMODELLED.items() if getattr(candidate.order, attribute))
    name = next(found, None)
    return None if name is None else refuse(10340, attribute=name)


def price_management(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    is_closing = candidate.order_type in {"MOC", "LOC"} and candidate.sec_type == "STK"
    return first(
        (order.use_price_mgmt_algo not in {None, 0, 1}, invalid("price management algo")),
        (order.imbalance_only and not is_closing, refuse(10342)),
        ((order.duration or 0) < 0, invalid("duration")),
    )
