"""What is wrong with an order, field by field: a table of bad values with code and text.

Red: a field of an order that no table knows, a bad value that is taken or refused with
another code, a good one that is refused, an exception on garbage, and a refusal that leaves
a trace in the journal or ends the session.
"""

from collections.abc import Iterable
from dataclasses import fields, replace
from decimal import Decimal as D
from functools import cache
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import World, WorldSettings
from simulator.broker import BrokerOrder
from simulator.gateway.texts import TEXTS
from simulator.gateway.validation import Candidate, Refusal, named_con_ids, refusal, warnings
from simulator.gateway.validation.attributes import ECHOED, LOOKED_AT, REFUSED
from simulator.instruments import INSTRUMENTS, ContractDatabase, Instrument
from simulator.messages.connection import CurrentTime, ErrorMessage, RequestCurrentTime
from simulator.messages.orders import PlaceOrder
from simulator.order_types import ORDER_TYPES
from simulator.records import (
    ComboLeg,
    ComboLegPrice,
    Contract,
    DeltaNeutralContract,
    ExecutionCondition,
    MarginCondition,
    Order,
    PercentChangeCondition,
    PriceCondition,
    Status,
    TagValue,
    TimeCondition,
    VolumeCondition,
)
from simulator.session import MAX_VERSION

NOW_MS = 1_750_082_400_000
"""2025-06-16 14:00 UTC, a Monday."""

ACCOUNTS = ("DU9000001",)
ADVISED = {"accounts": ("DF9000000", "DU9000001"), "advisor_groups": frozenset({"Growth"})}

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
IEX = replace(AAPL, exchange="IEX")
ATS = replace(AAPL, exchange="IBKRATS")
BTC = Contract(symbol="BTC", sec_type="CRYPTO", exchange="PAXOS", currency="USD")
EURUSD = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
BUND = next(i.contract() for i in INSTRUMENTS if i.sec_type == "BOND")
FUND = next(i.contract() for i in INSTRUMENTS if i.sec_type == "FUND")
INDEX = next(i.contract() for i in INSTRUMENTS if i.sec_type == "IND")
MSFT = next(i for i in INSTRUMENTS if i.symbol == "MSFT").con_id


@cache
def database() -> ContractDatabase:
    return World(WorldSettings(clock="manual", seed=7)).broker.database


@cache
def listed(sec_type: str, symbol: str) -> Contract:
    """Some derivative that is listed now."""
    wanted = Contract(symbol=symbol, sec_type=sec_type, exchange="", currency="USD")
    return database().find(wanted)[0].contract()


def option() -> Contract:
    return listed("OPT", "AAPL")


def index_option() -> Contract:
    return listed("OPT", "SPX")


def future() -> Contract:
    return listed("FUT", "ES")


def future_option() -> Contract:
    return listed("FOP", "ES")


def combo() -> Contract:
    legs = (
        ComboLeg(con_id=265598, ratio=1, action="BUY", exchange="SMART"),
        ComboLeg(con_id=MSFT, ratio=1, action="SELL", exchange="SMART"),
    )
    return Contract(
        symbol="AAPL", sec_type="BAG", exchange="SMART", currency="USD", combo_legs=legs
    )


def spread() -> Contract:
    """Two futures, at their own exchange."""
    wanted = Contract(symbol="ES", sec_type="FUT", exchange="CME", currency="USD")
    near, far = database().find(wanted)[:2]
    legs = (
        ComboLeg(con_id=near.con_id, ratio=1, action="BUY", exchange="CME"),
        ComboLeg(con_id=far.con_id, ratio=1, action="SELL", exchange="CME"),
    )
    return Contract(symbol="ES", sec_type="BAG", exchange="CME", currency="USD", combo_legs=legs)


def european_option() -> list[Instrument]:
    (instrument,) = database().find(option())
    return [replace(instrument, currency="EUR")]


def with_legs(**changes: Any) -> Contract:
    first, second = combo().combo_legs
    return replace(combo(), combo_legs=(replace(first, **changes), second))


LIMIT = Order(
    action="BUY", total_quantity=D(100), order_type="LMT", limit_price=D("90.00"), tif="DAY"
)
MARKET = replace(LIMIT, order_type="MKT", limit_price=None)
STOP = replace(MARKET, order_type="STP", aux_price=D("95.00"))
TRAIL = replace(MARKET, order_type="TRAIL", aux_price=D("0.50"))
TRAIL_LIMIT = replace(TRAIL, order_type="TRAIL LIMIT", limit_price=D(91))
RELATIVE = replace(MARKET, order_type="REL", aux_price=D("0.02"))
TOUCH = replace(MARKET, order_type="MIT", aux_price=D("95.00"))
VOLATILITY = replace(MARKET, order_type="VOL", volatility=D(30), volatility_type=2)
STOCK_PEG = replace(MARKET, order_type="PEG STK", delta=D(40))
BENCHMARK = replace(
    MARKET,
    order_type="PEG BENCH",
    reference_contract_id=MSFT,
    pegged_change_amount=D("0.1"),
    reference_change_amount=D("0.5"),
)
SCALE = replace(LIMIT, scale_price_increment=D("0.10"), scale_init_level_size=10)
ALGO = replace(LIMIT, algo_strategy="Vwap")
HEDGE = replace(MARKET, total_quantity=D(0), hedge_type="P", hedge_param="0.5", parent_id=3)
ADJUSTED = replace(
    STOP,
    adjusted_order_type="TRAIL",
    trigger_price=D(100),
    adjusted_stop_price=D(98),
    adjusted_trailing_amount=D("0.5"),
)
PRICE = PriceCondition(is_more=True, price=D(200), con_id=265598, exchange="SMART")


def held(order: Order, contract: Contract = AAPL, **changes: Any) -> BrokerOrder:
    (instrument,) = database().find(contract)
    return BrokerOrder(
        perm_id=1,
        client_id=1,
        order_id=5,
        account=ACCOUNTS[0],
        instrument=instrument,
        contract=contract,
        order=order,
        **{"status": Status.SUBMITTED, **changes},
    )


def candidate(order: Order, contract: Contract = AAPL, **known: Any) -> Candidate:
    instruments = database().find(contract)
    missing = not instruments and contract.sec_type == "BAG"
    parent = held(LIMIT) if order.parent_id and "parent" not in known else None
    return Candidate(
        order=order,
        contract=contract,
        **{
            "instruments": instruments,
            "objection": database().combo_objection(contract) if missing else None,
            "accounts": ACCOUNTS,
            "parent": parent,
            "is_old_id": False,
            "version": MAX_VERSION,
            "gateway_version": MAX_VERSION,
            "now_ms": NOW_MS,
            "unknown_con_ids": frozenset(named_con_ids(order) & {404}),
            **known,
        },
    )


def text(refused: Refusal) -> str:
    return TEXTS[refused.code].format(id=5, **refused.facts)


def algo(strategy: str, **params: str) -> dict[str, Any]:
    pairs = tuple(TagValue(tag=tag, value=value) for tag, value in params.items())
    return {"algo_strategy": strategy, "algo_params": pairs}


def routed(tag: str, value: str = "x") -> dict[str, Any]:
    return {"smart_combo_routing": (TagValue(tag=tag, value=value),)}


def on(**changes: Any) -> dict[str, Any]:
    return {"conditions": (replace(PRICE, **changes),)}


def priced(*prices: D | None) -> dict[str, Any]:
    return {"combo_leg_prices": tuple(ComboLegPrice(price=price) for price in prices)}


BAD: list[tuple[str, Order, dict[str, Any], int, str]] = [
    ("action", LIMIT, {"action": "HOLD"}, 321, "Invalid action"),
    ("action", LIMIT, {"action": ""}, 321, "Invalid action"),
    ("action", LIMIT, {"action": "SSHORT"}, 347, "must be 1"),
    ("action", LIMIT, {"action": "SLONG"}, 346, "Not an institutional account"),
    ("total_quantity", LIMIT, {"total_quantity": None}, 434, "zero"),
    ("total_quantity", LIMIT, {"total_quantity": D(0)}, 434, "zero"),
    ("total_quantity", LIMIT, {"total_quantity": D(-1)}, 321, "size does not conform"),
    ("total_quantity", LIMIT, {"total_quantity": D("1E400")}, 321, "size does not conform"),
    ("total_quantity", LIMIT, {"total_quantity": D("0.5")}, 10243, "Fractional"),
    ("order_type", LIMIT, {"order_type": ""}, 321, "Invalid order type was entered"),
    ("order_type", LIMIT, {"order_type": "LIMIT"}, 321, "Invalid order type was entered"),
    ("order_type", LIMIT, {"order_type": "PEG MKT"}, 387, "Unsupported order type"),
    ("order_type", LIMIT, {"order_type": "PEG BEST"}, 387, "Unsupported order type"),
    ("order_type", LIMIT, {"order_type": "VOL"}, 387, "Unsupported order type"),
    ("limit_price", LIMIT, {"limit_price": None}, 107, "incomplete"),
    ("limit_price", LIMIT, {"limit_price": D("90.001")}, 110, "minimum price variation"),
    ("limit_price", LIMIT, {"limit_price": D(0)}, 110, "minimum price variation"),
    ("limit_price", LIMIT, {"limit_price": D(-90)}, 110, "minimum price variation"),
    ("limit_price", LIMIT, {"limit_price": D("1E400")}, 110, "minimum price variation"),
    ("limit_price", LIMIT, {"limit_price": D("1E-400")}, 110, "minimum price variation"),
    ("limit_price", LIMIT, {"order_type": "LOC", "limit_price": None}, 107, "incomplete"),
    ("limit_price", STOP, {"order_type": "STP LMT"}, 107, "incomplete"),
    ("limit_price", TOUCH, {"order_type": "LIT"}, 107, "incomplete"),
    ("limit_price", TRAIL, {"order_type": "TRAIL LIMIT"}, 107, "incomplete"),
    ("limit_price", RELATIVE, {"limit_price": D("90.001")}, 110, "minimum price variation"),
    ("limit_price", MARKET, {"limit_price": D("1E400")}, 110, "minimum price variation"),
    ("aux_price", STOP, {"aux_price": None}, 403, "Invalid stop price."),
    ("aux_price", STOP, {"aux_price": D(0)}, 403, "Invalid stop price."),
    ("aux_price", STOP, {"aux_price": D(-1)}, 403, "Invalid stop price."),
    ("aux_price", STOP, {"aux_price": D("95.001")}, 110, "minimum price variation"),
    ("aux_price", TOUCH, {"aux_price": None}, 361, "Invalid trigger price."),
    ("aux_price", TOUCH, {"aux_price": D("95.001")}, 110, "minimum price variation"),
    ("aux_price", TRAIL, {"aux_price": None}, 158, "offset amount"),
    ("aux_price", TRAIL, {"aux_price": D("0.001")}, 110, "minimum price variation"),
    ("aux_price", TRAIL, {"aux_price": D(-1)}, 110, "minimum price variation"),
    ("aux_price", RELATIVE, {"aux_price": None}, 158, "offset amount"),
    ("aux_price", RELATIVE, {"aux_price": D(-1)}, 110, "minimum price variation"),
    ("aux_price", LIMIT, {"aux_price": D("-1E400")}, 110, "minimum price variation"),
    ("tif", LIMIT, {"tif": "GTX"}, 201, "time-in-force GTX is invalid"),
    ("tif", LIMIT, {"tif": "AUC"}, 201, "time-in-force AUC is invalid"),
    ("tif", LIMIT, {"tif": "day"}, 10052, "Invalid time in force:day"),
    ("tif", STOP, {"tif": "OPG"}, 111, "incompatible"),
    ("tif", MARKET, {"order_type": "MOC", "tif": "GTC"}, 113, "DAY for MOC and LOC"),
    ("tif", LIMIT, {"order_type": "LOC", "tif": "IOC"}, 113, "DAY for MOC and LOC"),
    ("account", LIMIT, {"account": "DU404"}, 201, "IBCustAcctNo"),
    ("open_close", LIMIT, {"open_close": "X"}, 321, "Invalid open/close"),
    ("origin", LIMIT, {"origin": 2}, 311, "The origin is invalid."),
    ("block_order", LIMIT, {"block_order": True, "total_quantity": D(49)}, 117, "at least 50"),
    ("display_size", MARKET, {"display_size": 10}, 10255, "'Display Size'"),
    ("display_size", ALGO, {"display_size": 10}, 10255, "'Display Size'"),
    ("display_size", LIMIT, {"display_size": 100}, 10020, "smaller than order size"),
    ("display_size", LIMIT, {"display_size": -1}, 10020, "smaller than order size"),
    ("trigger_method", LIMIT, {"trigger_method": 5}, 146, "Invalid trigger method."),
    ("trigger_method", LIMIT, {"trigger_method": -1}, 146, "Invalid trigger method."),
    ("hidden", LIMIT, {"hidden": True, "display_size": 10}, 10255, "'Display Size'"),
    ("discretionary_amount", LIMIT, {"discretionary_amount": D("0.001")}, 168, "Discretionary"),
    ("discretionary_amount", LIMIT, {"discretionary_amount": D(-1)}, 168, "Discretionary"),
    ("discretionary_amount", MARKET, {"discretionary_amount": D(1)}, 325, "Discretionary orders"),
    ("discretionary_amount", LIMIT, {"discretionary_amount": D(1), "display_size": 9}, 157, "EITHER"),
    ("good_after_time", LIMIT, {"good_after_time": "noon"}, 10314, "Good After Time: "),
    ("good_after_time", LIMIT, {"good_after_time": "20250616"}, 10314, "Good After Time: "),
    ("good_after_time", LIMIT, {"good_after_time": "20250632 10:00:00"}, 10314, "Good After"),
    ("good_after_time", LIMIT, {"good_after_time": "20250617 10:00:00 Mars"}, 10314, "Good After"),
    ("good_after_time", LIMIT, {"good_after_time": "15:00:00 UTC", "tif": "OPG"}, 111, "incompat"),
    ("good_till_date", LIMIT, {"good_till_date": "2025-06-17"}, 10314, "Good Till Date: "),
    ("good_till_date", LIMIT, {"tif": "GTD"}, 334, "Invalid Good Till Date"),
    ("good_till_date", LIMIT, {"tif": "GTD", "good_till_date": "20250615"}, 334, "Good Till"),
    ("good_till_date", LIMIT, {"tif": "GTD", "good_till_date": "20250616-13:59:59"}, 334, "Good"),
    (
        "good_till_date",
        LIMIT,
        {"tif": "GTD", "good_till_date": "15:00:00 UTC", "good_after_time": "15:00:00 UTC"},
        334,
        "Invalid Good Till Date",
    ),
    ("active_start_time", LIMIT, {"active_start_time": "25:00:00"}, 10314, "Active Start Time: "),
    ("active_stop_time", LIMIT, {"active_stop_time": "x"}, 10314, "Active Stop Time: "),
    (
        "active_stop_time",
        LIMIT,
        {"active_start_time": "15:00:00 UTC", "active_stop_time": "14:00:00 UTC"},
        321,
        "Invalid active stop time",
    ),
    ("manual_order_time", LIMIT, {"manual_order_time": "x"}, 10314, "Manual Order Time: "),
    ("manual_order_indicator", LIMIT, {"manual_order_indicator": 2}, 321, "manual order ind"),
    ("fa_group", LIMIT, {"fa_group": "Growth"}, 344, "not a financial advisor"),
    ("fa_method", LIMIT, {"fa_method": "NetLiq"}, 344, "not a financial advisor"),
    ("fa_percentage", LIMIT, {"fa_percentage": "50"}, 344, "not a financial advisor"),
    ("fa_profile", LIMIT, {"fa_profile": "Growth"}, 344, "not a financial advisor"),
    ("model_code", LIMIT, {"model_code": "Technology"}, 10340, "modelCode"),
    ("short_sale_slot", LIMIT, {"short_sale_slot": 3}, 347, "must be 1"),
    ("short_sale_slot", LIMIT, {"short_sale_slot": 1}, 348, "Order not a short sale"),
    ("short_sale_slot", LIMIT, {"action": "SSHORT", "short_sale_slot": 1}, 346, "institutional"),
    ("designated_location", LIMIT, {"designated_location": "B"}, 353, "no location"),
    ("designated_location", LIMIT, {"action": "SSHORT", "short_sale_slot": 2}, 352, "location"),
    ("oca_type", LIMIT, {"oca_type": 4}, 321, "Invalid OCA type"),
    ("oca_type", LIMIT, {"oca_type": -1}, 321, "Invalid OCA type"),
    ("rule_80a", LIMIT, {"rule_80a": "Z"}, 321, "Invalid Rule 80A"),
    ("min_quantity", LIMIT, {"min_quantity": 101}, 321, "Invalid minimum quantity"),
    ("min_quantity", LIMIT, {"min_quantity": -1}, 321, "Invalid minimum quantity"),
    ("percent_offset", RELATIVE, {"percent_offset": D(101)}, 159, "between 0% and 100%"),
    ("percent_offset", LIMIT, {"percent_offset": D(-1)}, 159, "between 0% and 100%"),
    ("e_trade_only", LIMIT, {"e_trade_only": True}, 10268, "EtradeOnly"),
    ("firm_quote_only", LIMIT, {"firm_quote_only": True}, 10269, "FirmQuoteOnly"),
    ("nbbo_price_cap", LIMIT, {"nbbo_price_cap": D(1)}, 10270, "nbboPriceCap"),
    ("auction_strategy", LIMIT, {"auction_strategy": 4}, 321, "Invalid auction strategy"),
    ("auction_strategy", LIMIT, {"auction_strategy": 1}, 387, "Unsupported order type"),
    ("starting_price", LIMIT, {"starting_price": D(-1)}, 321, "Invalid starting price"),
    ("starting_price", LIMIT, {"starting_price": D("1E400")}, 321, "Invalid starting price"),
    ("stock_reference_price", LIMIT, {"stock_reference_price": D(-1)}, 321, "stock reference"),
    ("delta", LIMIT, {"delta": D(101)}, 335, "between 0 and 100"),
    ("delta", LIMIT, {"delta": D(-1)}, 335, "between 0 and 100"),
    ("stock_range_lower", LIMIT, {"stock_range_lower": D(1)}, 373, "Can only set stock range"),
    ("stock_range_upper", LIMIT, {"stock_range_upper": D(1)}, 373, "Can only set stock range"),
    ("volatility", LIMIT, {"volatility": D(30)}, 371, "Do not set it for other"),
    ("volatility_type", LIMIT, {"volatility_type": 1}, 367, "Do not set it for other"),
    ("reference_price_type", LIMIT, {"reference_price_type": 1}, 368, "non-VOL"),
    ("continuous_update", LIMIT, {"continuous_update": True}, 372, "Cannot set dynamic VOL"),
    ("delta_neutral_order_type", LIMIT, {"delta_neutral_order_type": "MKT"}, 380, "not allowed"),
    ("delta_neutral_aux_price", LIMIT, {"delta_neutral_aux_price": D(1)}, 379, "no delta hedge"),
    ("delta_neutral_short_sale", LIMIT, {"delta_neutral_short_sale": True}, 393, "delta hedge"),
    ("delta_neutral_short_sale_slot", LIMIT, {"delta_neutral_short_sale_slot": 1}, 393, "delta"),
    ("trail_stop_price", TRAIL, {"trail_stop_price": D("95.001")}, 403, "Invalid stop price."),
    ("trail_stop_price", TRAIL, {"trail_stop_price": D(-1)}, 403, "Invalid stop price."),
    ("trail_stop_price", LIMIT, {"trail_stop_price": D("1E400")}, 403, "Invalid stop price."),
    ("trailing_percent", TRAIL, {"trailing_percent": D(1)}, 321, "cannot both be set"),
    ("trailing_percent", TRAIL, {"aux_price": None, "trailing_percent": D(100)}, 159, "between"),
    ("trailing_percent", TRAIL, {"aux_price": None, "trailing_percent": D(-1)}, 159, "between"),
    ("trailing_percent", LIMIT, {"trailing_percent": D(-1)}, 159, "between"),
    ("limit_price_offset", TRAIL_LIMIT, {"limit_price_offset": D("0.001")}, 110, "variation"),
    ("limit_price_offset", LIMIT, {"limit_price_offset": D("1E400")}, 110, "variation"),
    ("scale_price_increment", SCALE, {"scale_price_increment": D("0.001")}, 408, "increment"),
    ("scale_price_increment", SCALE, {"scale_price_increment": D(-1)}, 408, "increment"),
    ("scale_price_increment", SCALE, {"scale_price_increment": None}, 408, "increment"),
    ("scale_init_level_size", SCALE, {"scale_init_level_size": None}, 409, "component size"),
    ("scale_init_level_size", SCALE, {"scale_init_level_size": 101}, 417, "initial component"),
    ("scale_init_level_size", SCALE, {"scale_init_level_size": 0}, 417, "initial component"),
    (
        "scale_init_level_size",
        SCALE,
        {"scale_init_level_size": None, "scale_subs_level_size": 5},
        419,
        "Missing initial",
    ),
    ("scale_subs_level_size", SCALE, {"scale_subs_level_size": 101}, 410, "subsequent"),
    ("scale_subs_level_size", SCALE, {"scale_subs_level_size": -1}, 410, "subsequent"),
    ("scale_price_adjust_value", SCALE, {"scale_price_adjust_value": D(1)}, 447, "Missing scale"),
    ("scale_price_adjust_interval", SCALE, {"scale_price_adjust_interval": 60}, 447, "Missing"),
    (
        "scale_price_adjust_interval",
        SCALE,
        {"scale_price_adjust_value": D(1), "scale_price_adjust_interval": -1},
        448,
        "Invalid scale price adjustment interval.",
    ),
    (
        "scale_price_adjust_value",
        SCALE,
        {"scale_price_adjust_value": D("0.001"), "scale_price_adjust_interval": 60},
        449,
        "Unexpected scale price adjustment",
    ),
    ("scale_profit_offset", SCALE, {"scale_profit_offset": D("0.001")}, 418, "profit offset"),
    ("scale_profit_offset", SCALE, {"scale_profit_offset": D(-1)}, 418, "profit offset"),
    ("scale_auto_reset", SCALE, {"scale_auto_reset": True}, 446, "Missing scale order profit"),
    ("scale_init_position", SCALE, {"scale_init_position": -1}, 417, "initial component"),
    ("scale_init_fill_quantity", SCALE, {"scale_init_fill_quantity": 101}, 417, "initial"),
    ("scale_init_level_size", SCALE, {"order_type": "MTL"}, 387, "Unsupported order type"),
    ("hedge_type", LIMIT, {"hedge_type": "X"}, 10007, "Invalid hedge type."),
    ("hedge_type", LIMIT, {"hedge_type": "D"}, 10006, "Missing parent order."),
    ("clearing_intent", LIMIT, {"clearing_intent": "x"}, 321, "Invalid clearing intent"),
    ("clearing_intent", LIMIT, {"clearing_intent": "Away"}, 132, "clearing account"),
    ("not_held", LIMIT, {"not_held": True}, 10297, "Not Held"),
    ("algo_strategy", LIMIT, algo("vwap"), 439, "Algorithm definition not found"),
    ("algo_strategy", LIMIT, algo("MinImpact"), 439, "Algorithm definition not found"),
    ("algo_strategy", STOP, algo("Vwap"), 442, "not allowed for this order"),
    ("algo_params", LIMIT, algo("Twap", strategyType="Marketable"), 443, "strategyType"),
    ("algo_params", LIMIT, algo("Vwap", maxPctVol="2"), 441, "maxPctVol=2"),
    ("algo_params", LIMIT, algo("Vwap", maxPctVol="x" * 99), 441, "x" * 40),
    ("algo_params", LIMIT, algo("Vwap", startTime="noon"), 441, "startTime=noon"),
    ("algo_params", LIMIT, algo("Adaptive", adaptivePriority="Now"), 441, "adaptivePriority=Now"),
    ("algo_params", LIMIT, algo("PctVol"), 441, "pctVol is missing"),
    ("what_if", LIMIT, {"what_if": True, "transmit": False}, 413, "transmit flag"),
    ("adjusted_order_type", ADJUSTED, {"adjusted_order_type": "LMT"}, 321, "adjusted order"),
    ("adjusted_order_type", ADJUSTED, {"order_type": "MKT"}, 387, "Unsupported order type"),
    ("trigger_price", ADJUSTED, {"trigger_price": None}, 361, "Invalid trigger price."),
    ("trigger_price", ADJUSTED, {"trigger_price": D("100.001")}, 361, "Invalid trigger price."),
    ("trigger_price", LIMIT, {"trigger_price": D("1E400")}, 361, "Invalid trigger price."),
    ("adjusted_stop_price", ADJUSTED, {"adjusted_stop_price": None}, 362, "adjusted stop price"),
    ("adjusted_stop_price", LIMIT, {"adjusted_stop_price": D("1E400")}, 362, "adjusted stop"),
    ("adjusted_stop_limit_price", ADJUSTED, {"adjusted_order_type": "STP LMT"}, 363, "stop limit"),
    ("adjusted_stop_limit_price", LIMIT, {"adjusted_stop_limit_price": D("1E400")}, 363, "limit"),
    ("adjusted_trailing_amount", ADJUSTED, {"adjusted_trailing_amount": None}, 364, "trailing"),
    ("adjusted_trailing_amount", LIMIT, {"adjusted_trailing_amount": D("1E400")}, 364, "trailing"),
    ("adjustable_trailing_unit", ADJUSTED, {"adjustable_trailing_unit": 2}, 321, "trailing unit"),
    ("cash_quantity", LIMIT, {"cash_quantity": D(100)}, 10244, "Cash Quantity cannot be used"),
    (
        "cash_quantity",
        MARKET,
        {"cash_quantity": D("0.001"), "total_quantity": D(0)},
        10317,
        "minimum variation of 0.01",
    ),
    ("cash_quantity", STOP, {"cash_quantity": D(9), "total_quantity": D(0)}, 10244, "Cash"),
    ("use_price_mgmt_algo", LIMIT, {"use_price_mgmt_algo": 2}, 321, "price management"),
    ("duration", LIMIT, {"duration": -1}, 321, "Invalid duration"),
    ("post_to_ats", LIMIT, {"post_to_ats": 1}, 10274, "PostToATS"),
    ("min_trade_quantity", LIMIT, {"min_trade_quantity": 1}, 10302, "not allowed"),
    ("min_trade_quantity", LIMIT, {"min_trade_quantity": -1}, 10303, "(-1)"),
    ("min_compete_size", LIMIT, {"min_compete_size": -1}, 10304, "non-negative"),
    ("compete_against_best_offset", LIMIT, {"compete_against_best_offset": D(-1)}, 10305, "posit"),
    ("mid_offset_at_whole", LIMIT, {"mid_offset_at_whole": D(1)}, 10306, "Mid offsets"),
    ("mid_offset_at_half", LIMIT, {"mid_offset_at_half": D(1)}, 10306, "Mid offsets"),
    (
        "mid_offset_at_half",
        MARKET,
        {"order_type": "PEG MID", "mid_offset_at_half": D(-1)},
        10307,
        "MidOffsetAtHalf",
    ),
    ("imbalance_only", LIMIT, {"imbalance_only": True}, 10342, "'ImbalanceOnly'"),
    ("is_oms_container", LIMIT, {"is_oms_container": True}, 10340, "isOmsContainer"),
    ("scale_table", LIMIT, {"scale_table": "x"}, 10340, "scaleTable"),
    ("pegged_change_amount", BENCHMARK, {"pegged_change_amount": D(0)}, 321, "pegged change"),
    ("reference_change_amount", BENCHMARK, {"reference_change_amount": D(0)}, 321, "reference ch"),
    ("reference_contract_id", BENCHMARK, {"reference_contract_id": 0}, 147, "incomplete"),
    ("reference_contract_id", BENCHMARK, {"reference_contract_id": 404}, 200, "No security"),
    ("conditions", LIMIT, on(con_id=0), 147, "conditional contract info"),
    ("conditions", LIMIT, on(exchange=""), 147, "conditional contract info"),
    ("conditions", LIMIT, on(con_id=404), 398, "404 cannot be used as a condition trigger."),
    ("conditions", LIMIT, on(conjunction="x"), 321, "conjunction"),
    ("conditions", LIMIT, on(trigger_method=5), 146, "Invalid trigger method."),
    ("conditions", LIMIT, on(price=D("1E400")), 321, "price of a condition"),
    ("conditions", STOP, on(), 148, "Conditional submission"),
    ("conditions_cancel_order", MARKET, {**on(), "conditions_cancel_order": True}, 148, "cancel"),
    ("conditions", LIMIT, {"conditions": (TimeCondition(time="noon"),)}, 10314, "Condition Time"),
    ("conditions", LIMIT, {"conditions": (MarginCondition(percent=-1),)}, 321, "margin cushion"),
    ("conditions", LIMIT, {"conditions": (ExecutionCondition(symbol="AAPL"),)}, 147, "incomplete"),
    (
        "conditions",
        LIMIT,
        {"conditions": (VolumeCondition(con_id=MSFT, exchange="SMART", volume=-1),)},
        321,
        "volume of a condition",
    ),
    (
        "conditions",
        LIMIT,
        {
            "conditions": (
                PercentChangeCondition(con_id=MSFT, exchange="SMART", change_percent=D("1E400")),
            )
        },
        321,
        "percent change",
    ),
]  # fmt: skip
"""Field, order, what is changed in it, and the code and some of the text it is refused with.

All of an order for AAPL at SMART that is new and comes from a single account.
"""

BAD_ELSEWHERE: list[tuple[str, Order, dict[str, Any], dict[str, Any], int, str]] = [
    ("total_quantity", LIMIT, {"total_quantity": D("0.00001")}, {"contract": BTC}, 388, "minimum"),
    ("total_quantity", LIMIT, {"total_quantity": D("1.000000001")}, {"contract": BTC}, 10250, "0.00000001"),
    ("total_quantity", LIMIT, {"total_quantity": D("1.5")}, {"contract": BTC, "version": 162}, 10285, "163"),
    ("total_quantity", LIMIT, {"total_quantity": D("1.5")}, {"contract": BUND}, 321, "market rule"),
    ("total_quantity", MARKET, {}, {"contract": BTC}, 10289, "must set Cash Quantity"),
    ("total_quantity", HEDGE, {"total_quantity": D(1)}, {}, 10032, "send zero"),
    ("total_quantity", LIMIT, {"total_quantity": D("1.5"), "fa_group": "Growth"}, ADVISED, 10251, "allocation"),
    ("cash_quantity", MARKET, {"cash_quantity": D(9)}, {"contract": BTC}, 10293, "cannot specify size"),
    ("tif", MARKET, {"tif": "GTC", "action": "SELL"}, {"contract": BTC}, 201, "crypto MKT order must be IOC"),
    ("tif", MARKET, {"tif": "OPG"}, {"contract": EURUSD}, 201, "time-in-force OPG is invalid"),
    ("order_type", LIMIT, {}, {"contract": FUND}, 387, "Unsupported order type"),
    ("order_type", MARKET, {"order_type": "MOC"}, {"contract": option}, 387, "Unsupported"),
    ("hidden", LIMIT, {"hidden": True}, {"contract": future}, 152, "'hidden'"),
    ("discretionary_amount", LIMIT, {"discretionary_amount": D(1)}, {"contract": EURUSD}, 325, "Discr"),
    ("aux_price", STOP, {"aux_price": D("5000.10")}, {"contract": future}, 110, "variation"),
    # all that is about accounts
    ("account", LIMIT, {}, ADVISED, 435, "specify an account"),
    ("fa_group", LIMIT, {"fa_group": "Nobody"}, ADVISED, 332, "account codes"),
    ("fa_profile", LIMIT, {"fa_profile": "Nobody"}, ADVISED, 332, "account codes"),
    ("fa_group", LIMIT, {"fa_group": "Growth", "account": "DU9000001"}, ADVISED, 436, "allocation"),
    ("fa_method", LIMIT, {"fa_group": "Growth", "fa_method": "Luck"}, ADVISED, 333, "syntax"),
    ("fa_method", LIMIT, {"fa_group": "Growth", "fa_method": "PctChange"}, ADVISED, 10014, "PctChange"),
    ("fa_percentage", LIMIT, {"fa_group": "Growth", "fa_percentage": "x"}, ADVISED, 10012, "percentage"),
    ("fa_group", LIMIT, {"fa_group": "Growth"}, {**ADVISED, "contract": combo}, 345, "Generic combo"),
    # parents and hedges
    ("parent_id", LIMIT, {"parent_id": 3}, {"parent": None}, 10006, "Missing parent"),
    ("parent_id", LIMIT, {"parent_id": 3}, {"parent": held(LIMIT, status=Status.FILLED)}, 135, "id = 3"),
    ("all_or_none", LIMIT, {"parent_id": 3}, {"parent": held(replace(LIMIT, all_or_none=True))}, 10236, "AON"),
    ("parent_id", LIMIT, {"parent_id": 3}, {"contract": combo}, 358, "child order not supported"),
    ("hedge_param", HEDGE, {"hedge_param": "x"}, {}, 320, "Error reading request. Invalid hedge ratio"),
    ("hedge_param", HEDGE, {"hedge_type": "B", "hedge_param": "0"}, {}, 10008, "beta"),
    ("hedge_type", HEDGE, {"hedge_type": "F"}, {}, 10063, "Invalid FX hedge order."),
    ("hedge_type", HEDGE, {"hedge_type": "D"}, {}, 320, "parent: 3 hedge:[D]"),
    # options
    ("volatility", VOLATILITY, {"volatility": None}, {"contract": option}, 371, "positive"),
    ("volatility", VOLATILITY, {"volatility": D(-1)}, {"contract": option}, 371, "positive"),
    ("volatility_type", VOLATILITY, {"volatility_type": None}, {"contract": option}, 367, "1 or 2"),
    ("volatility_type", VOLATILITY, {"volatility_type": 3}, {"contract": option}, 367, "1 or 2"),
    ("reference_price_type", VOLATILITY, {"reference_price_type": 3}, {"contract": option}, 368, "1 or 2"),
    ("continuous_update", VOLATILITY, {"continuous_update": True}, {"contract": option}, 368, "dynamic"),
    (
        "continuous_update", VOLATILITY, {"continuous_update": True, "reference_price_type": 1},
        {"contract": lambda: replace(option(), exchange="CBOE")}, 370, "SMART routed",
    ),
    ("stock_range_lower", VOLATILITY, {"stock_range_lower": D(-1)}, {"contract": option}, 375, "negative"),
    (
        "stock_range_lower", VOLATILITY, {"stock_range_lower": D(2), "stock_range_upper": D(1)},
        {"contract": option}, 374, "must be less than",
    ),
    ("delta_neutral_order_type", VOLATILITY, {"delta_neutral_order_type": "VOL"}, {"contract": option}, 380, "not"),
    ("delta_neutral_order_type", VOLATILITY, {"delta_neutral_order_type": "LMT"}, {"contract": option}, 378, "to be"),
    (
        "delta_neutral_aux_price", VOLATILITY,
        {"delta_neutral_order_type": "MKT", "delta_neutral_aux_price": D(1)}, {"contract": option}, 379, "no delta",
    ),
    (
        "delta_neutral_aux_price", VOLATILITY,
        {"delta_neutral_order_type": "LMT", "delta_neutral_aux_price": D(-1)}, {"contract": option}, 377, "valid",
    ),
    (
        "delta_neutral_short_sale_slot", VOLATILITY,
        {"delta_neutral_order_type": "MKT", "delta_neutral_short_sale_slot": 3}, {"contract": option}, 347, "must be",
    ),
    (
        "delta_neutral_designated_location", VOLATILITY,
        {"delta_neutral_order_type": "MKT", "delta_neutral_short_sale_slot": 2}, {"contract": option}, 352, "location",
    ),
    ("delta", STOCK_PEG, {"delta": None}, {"contract": option}, 341, "from 1 to 100"),
    ("delta", STOCK_PEG, {"delta": D(101)}, {"contract": option}, 341, "from 1 to 100"),
    # combinations
    ("oca_group", LIMIT, {"oca_group": "one"}, {"contract": combo}, 356, "OCA group"),
    ("good_after_time", LIMIT, {"good_after_time": "15:00:00 UTC"}, {"contract": combo}, 349, "Good After"),
    ("min_quantity", LIMIT, {"min_quantity": 1}, {"contract": combo}, 350, "best combo"),
    ("combo_leg_prices", LIMIT, priced(D(1)), {"contract": combo}, 321, "combo details"),
    ("combo_leg_prices", MARKET, priced(D(1), D(2)), {"contract": combo}, 321, "combo details"),
    ("combo_leg_prices", LIMIT, priced(D(1), D("0.001")), {"contract": combo}, 110, "variation"),
    ("smart_combo_routing", LIMIT, routed("Nonsense"), {"contract": combo}, 10027, "routing tag"),
    ("smart_combo_routing", LIMIT, routed("NonGuaranteed"), {"contract": combo}, 10002, "non-guaranteed"),
    ("smart_combo_routing", LIMIT, routed("Leg2MktOffset"), {"contract": combo}, 10021, "Offset"),
    ("smart_combo_routing", LIMIT, routed("LeginPrio", "2"), {"contract": combo}, 10022, "Leg Prio"),
    ("smart_combo_routing", LIMIT, routed("MaxSegSize", "0"), {"contract": combo}, 10023, "display size"),
    ("smart_combo_routing", LIMIT, routed("DontLeginNext"), {"contract": combo}, 10024, "legin"),
    ("smart_combo_routing", LIMIT, routed("ChangeToMktTime1"), {"contract": combo}, 10025, "time1"),
    ("smart_combo_routing", LIMIT, routed("ChangeToMktTime2"), {"contract": combo}, 10026, "time2"),
    ("contract", LIMIT, {}, {"contract": lambda: replace(combo(), combo_legs=())}, 321, "requires combo leg"),
    ("contract", LIMIT, {}, {"contract": lambda: with_legs(con_id=404)}, 321, "details for leg '1'"),
    ("contract", LIMIT, {}, {"contract": lambda: with_legs(ratio=0)}, 321, "details for leg '1'"),
    ("contract", LIMIT, {}, {"contract": lambda: with_legs(action="x")}, 321, "details for leg '1'"),
    ("contract", LIMIT, {}, {"contract": lambda: with_legs(con_id=MSFT)}, 321, "combo details are invalid"),
    ("contract", LIMIT, {}, {"contract": lambda: with_legs(open_close=4)}, 321, "open/close of a leg"),
    ("contract", LIMIT, {}, {"contract": lambda: with_legs(short_sale_slot=3)}, 347, "must be 1"),
    ("contract", LIMIT, {}, {"contract": lambda: with_legs(short_sale_slot=2)}, 352, "location"),
    ("contract", LIMIT, {}, {"contract": lambda: with_legs(designated_location="x")}, 353, "no location"),
    ("contract", LIMIT, {}, {"contract": replace(AAPL, delta_neutral=DeltaNeutralContract())}, 429, "combos"),
    ("contract", LIMIT, {}, {"contract": lambda: replace(combo(), delta_neutral=DeltaNeutralContract())}, 10340, "deltaN"),
    ("contract", LIMIT, {}, {"contract": replace(AAPL, symbol="NONE")}, 200, "No security definition"),
    ("contract", LIMIT, {}, {"contract": replace(AAPL, exchange="")}, 321, "Missing order exchange"),
    ("oca_type", LIMIT, {"oca_group": "one", "oca_type": 1, "limit_price": D(-5)}, {"contract": spread}, 359, "reduce"),
    # what else is known of the contract
    ("contract", LIMIT, {}, {"withheld": frozenset({"STK"})}, 460, "No trading permissions"),
    ("contract", LIMIT, {}, {"withheld": frozenset({"AAPL"})}, 203, "not available or allowed"),
    ("contract", LIMIT, {}, {"instruments": [], "is_expired": True}, 392, "expired"),
    ("contract", LIMIT, {}, {"contract": INDEX}, 412, "not available for trading"),
    ("contract", VOLATILITY, {}, {"contract": option, "instruments": european_option()}, 369, "US options"),
    ("conditions", MARKET, on(), {"contract": FUND}, 402, "Conditions are not allowed"),
    # changes of a live order
    ("order_id", LIMIT, {}, {"is_old_id": True}, 103, "Duplicate order id"),
    ("order_id", LIMIT, {}, {"held": held(LIMIT, status=Status.FILLED)}, 104, "filled order"),
    ("order_id", LIMIT, {}, {"held": held(LIMIT, status=Status.CANCELLED)}, 201, "too late to replace"),
    ("contract", LIMIT, {}, {"held": held(LIMIT, EURUSD)}, 105, "original order"),
    ("action", LIMIT, {}, {"held": held(replace(LIMIT, action="SELL"))}, 105, "original order"),
    ("account", LIMIT, {"account": "DU2"}, {"accounts": ("DU9000001", "DU2"), "held": held(LIMIT)}, 422, "may not"),
    ("total_quantity", LIMIT, {"total_quantity": D(1)}, {"held": held(LIMIT, filled=D(1))}, 321, "market rule"),
    ("order_type", BENCHMARK, {}, {"held": held(LIMIT)}, 329, "new order type"),
    ("algo_strategy", ALGO, {}, {"held": held(LIMIT)}, 440, "Algorithm cannot be modified"),
    ("parent_id", LIMIT, {"parent_id": 3}, {"held": held(LIMIT)}, 10341, "Parent order id"),
    ("oca_group", LIMIT, {"oca_group": "two"}, {"held": held(replace(LIMIT, oca_group="one"))}, 10326, "OCA group"),
    (
        "oca_type", LIMIT, {"oca_group": "one", "oca_type": 1},
        {"held": held(replace(LIMIT, oca_group="one", oca_type=2))}, 10327, "type revision",
    ),
    ("hedge_type", LIMIT, {}, {"held": held(replace(LIMIT, hedge_type="P"))}, 105, "original order"),
    (
        "cash_quantity", MARKET, {"cash_quantity": D(9), "total_quantity": D(0)},
        {"held": held(MARKET)}, 10241, "monetary terms",
    ),
]  # fmt: skip
"""Likewise of what depends on more than the order: what is known of it besides."""

GOOD: list[tuple[Order, Any]] = [
    *((order, AAPL) for order in (LIMIT, MARKET, STOP, TRAIL, TRAIL_LIMIT, RELATIVE, TOUCH)),
    *((order, AAPL) for order in (SCALE, ALGO, ADJUSTED, BENCHMARK)),
    *((replace(LIMIT, tif=tif), AAPL) for tif in ("", "GTC", "IOC", "FOK", "OPG", "DTC")),
    (replace(MARKET, tif="OPG"), AAPL),
    (replace(LIMIT, tif="GTD", good_till_date="20250616"), AAPL),
    (replace(LIMIT, tif="GTD", good_till_date="20250616 23:59:00 US/Eastern"), AAPL),
    (replace(LIMIT, good_after_time="15:00:00"), AAPL),
    (replace(LIMIT, good_till_date="20200101-10:00:00"), AAPL),
    (replace(LIMIT, active_start_time="15:00:00 UTC", active_stop_time="16:00:00 UTC"), AAPL),
    (replace(TRAIL, aux_price=D(0), trailing_percent=D("1.5"), trail_stop_price=D(95)), AAPL),
    (replace(TRAIL_LIMIT, limit_price_offset=D("-0.1")), AAPL),
    (replace(TRAIL_LIMIT, limit_price=None, limit_price_offset=D("0.1")), AAPL),
    (replace(RELATIVE, aux_price=None, percent_offset=D("0.5"), limit_price=D(0)), AAPL),
    (replace(LIMIT, display_size=10), AAPL),
    (replace(LIMIT, hidden=True), AAPL),
    (replace(LIMIT, discretionary_amount=D("0.10")), AAPL),
    (replace(LIMIT, all_or_none=True, min_quantity=100, block_order=True), AAPL),
    (replace(LIMIT, oca_group="one", oca_type=1), AAPL),
    (replace(LIMIT, transmit=False), AAPL),
    (replace(LIMIT, parent_id=3), AAPL),
    (replace(MARKET, order_type="MOC", imbalance_only=True), AAPL),
    (replace(MARKET, cash_quantity=D(500), total_quantity=D(0)), AAPL),
    (replace(MARKET, cash_quantity=D("500.50"), total_quantity=None), EURUSD),
    (replace(MARKET, cash_quantity=D(500), total_quantity=D(0), tif="IOC"), BTC),
    (replace(MARKET, action="SELL", total_quantity=D("0.5"), tif="IOC"), BTC),
    (replace(MARKET, order_type="PEG MID", mid_offset_at_whole=D("0.01")), AAPL),
    (replace(LIMIT, duration=60, use_price_mgmt_algo=1), AAPL),
    (replace(LIMIT, **on(conjunction="o")), AAPL),
    (replace(LIMIT, **on(), conditions_cancel_order=True), AAPL),
    (replace(LIMIT, limit_price=D(-5)), combo),
    (replace(LIMIT, limit_price=D(0)), combo),
    (replace(LIMIT, order_type="LMT + MKT"), combo),
    (replace(LIMIT, limit_price=D(-5), oca_group="one", oca_type=3), spread),
    (replace(LIMIT, **priced(D(1), D(2)), **routed("NonGuaranteed", "1")), combo),
    (replace(LIMIT, **priced(None, None)), combo),
    (HEDGE, AAPL),
    (VOLATILITY, option),
    (replace(VOLATILITY, delta_neutral_order_type="MKT"), option),
    (replace(VOLATILITY, stock_range_lower=D(1), stock_range_upper=D(2)), option),
    (STOCK_PEG, option),
    (replace(LIMIT, limit_price=D("5000.25")), future),
    (replace(MARKET, order_type="MKT PRT"), future),
    (replace(LIMIT, order_type="STPLMT", aux_price=D(95)), AAPL),
]
"""Orders that are all right, as are those that a gateway shows of them."""


def the(contract: Any) -> Contract:
    return contract() if callable(contract) else contract


def changed(order: Order, changes: dict[str, Any]) -> Order:
    return replace(order, **changes)


@pytest.mark.parametrize(("field", "order", "changes", "code", "words"), BAD)
def test_a_bad_field_is_refused_with_its_code(field, order, changes, code, words) -> None:
    refused = refusal(candidate(changed(order, changes)))
    assert refused is not None, field
    assert (refused.code, words in text(refused)) == (code, True), text(refused)


@pytest.mark.parametrize(("field", "order", "changes", "known", "code", "words"), BAD_ELSEWHERE)
def test_a_field_that_is_bad_there_is_refused(field, order, changes, known, code, words) -> None:
    contract = the(known.get("contract", AAPL))
    known = {name: fact for name, fact in known.items() if name != "contract"}
    refused = refusal(candidate(changed(order, changes), contract, **known))
    assert refused is not None, field
    assert (refused.code, words in text(refused)) == (code, True), text(refused)


def shown(order: Order) -> Order:
    """An order as a gateway shows it, zeros and words in what was left empty."""
    return replace(
        order,
        limit_price=order.limit_price or D("0.0"),
        aux_price=order.aux_price or D("0.0"),
        open_close="?",
        shares_allocation="1.0/DU9000001/100",
        oca_type=order.oca_type or 3,
        volatility_type=order.volatility_type or 0,
        delta_neutral_order_type=order.delta_neutral_order_type or "None",
        delta_neutral_open_close="?",
        reference_price_type=order.reference_price_type or 0,
        clearing_intent="IB",
        adjusted_order_type=order.adjusted_order_type or "None",
        cash_quantity=order.cash_quantity or D(0),
        dont_use_auto_price_for_hedge=True,
        use_price_mgmt_algo=order.use_price_mgmt_algo or 0,
    )


@pytest.mark.parametrize(("order", "contract"), GOOD)
@pytest.mark.parametrize("form", [lambda order: order, shown], ids=["sent", "shown"])
def test_a_good_order_is_taken_also_as_it_is_shown(form, order, contract) -> None:
    known = {"parent": held(LIMIT)} if order.parent_id else {}
    assert refusal(candidate(form(order), the(contract), **known)) is None


@pytest.mark.parametrize(("order", "contract"), GOOD)
def test_a_live_order_may_be_sent_again_as_it_is(order, contract) -> None:
    """But for an order in money, which may not be changed at all."""
    live = held(order, the(contract))
    again = refusal(candidate(shown(order), the(contract), held=live))
    assert (again.code if again else None) == (10241 if order.cash_quantity else None)


def test_an_inactive_order_may_be_sent_again_with_any_terms() -> None:
    rejected = held(replace(LIMIT, oca_group="one"), status=Status.INACTIVE)
    assert refusal(candidate(BENCHMARK, held=rejected)) is None


def test_a_least_size_of_a_trade_is_for_the_venue_that_knows_it() -> None:
    order, instruments = replace(LIMIT, min_trade_quantity=5), database().find(AAPL)
    assert refusal(candidate(order, ATS, instruments=instruments)) is None


def test_the_server_is_asked_last() -> None:
    """Red for a rejected order where a gateway would have refused it."""
    refused = refusal(candidate(replace(LIMIT, tif="AUC", limit_price=None)))
    assert refused is not None
    assert refused.code == 107


def test_a_group_of_an_advisor_stands_for_an_account() -> None:
    assert refusal(candidate(replace(LIMIT, fa_group="Growth"), **ADVISED)) is None


def test_a_change_of_positions_in_percent_has_no_size() -> None:
    shared = replace(LIMIT, fa_group="Growth", fa_method="PctChange", fa_percentage="-50.5")
    assert refusal(candidate(replace(shared, total_quantity=D(0)), **ADVISED)) is None
    alone = refusal(candidate(replace(shared, total_quantity=D(0), fa_method="NetLiq"), **ADVISED))
    assert alone is not None
    assert alone.code == 434


@pytest.mark.parametrize("group", ["", "1000000007"])
@pytest.mark.parametrize("named", ["", "1000000007"])
def test_an_attached_order_may_be_changed_with_or_without_the_name_of_its_group(
    group, named
) -> None:
    attached = replace(LIMIT, parent_id=3, oca_group=group)
    live = held(attached, parent_perm_id=1000000007)
    again = replace(attached, oca_group=named, oca_type=3, limit_price=D(91))
    assert refusal(candidate(again, held=live)) is None
    other = refusal(candidate(replace(again, oca_group="two"), held=live))
    assert other is not None
    assert other.code == 10326


def test_an_order_in_an_option_is_hedged_by_its_stock() -> None:
    parent = held(VOLATILITY, option())
    hedge = replace(HEDGE, hedge_type="D", hedge_param="")
    assert refusal(candidate(hedge, AAPL, parent=parent)) is None


@pytest.mark.parametrize("tif", ["AUC", "GTX", "Minutes"])
def test_what_the_server_rejects_is_told_apart_from_what_never_was_an_order(tif) -> None:
    refused = refusal(candidate(replace(LIMIT, tif=tif)))
    assert refused is not None
    assert refused.is_server
    never = refusal(candidate(replace(LIMIT, tif="XYZ")))
    assert never is not None
    assert not never.is_server


@pytest.mark.parametrize("name", sorted(ORDER_TYPES))
def test_every_order_type_is_taken_for_its_products_and_no_others(name) -> None:
    """Red for a row of the table that no order can satisfy, or that lets others pass."""
    terms = replace(
        BENCHMARK,
        order_type=name,
        limit_price=D(100),
        aux_price=D(1),
        action="SELL",
        total_quantity=D(1000),
        tif="",
        delta=D(50),
        volatility=D(30) if name == "VOL" else None,
        volatility_type=2 if name == "VOL" else None,
    )
    taken = set()
    for sec_type, contract in PRODUCTS.items():
        refused = refusal(candidate(terms, the(contract)))
        if refused is None:
            taken.add(sec_type)
        else:
            assert refused.code == 387, (sec_type, text(refused))
    row = ORDER_TYPES[name]
    assert taken == (row.sec_types & PRODUCTS.keys() if row.is_on_paper else set())


PRODUCTS: dict[str, Any] = {
    "STK": AAPL,
    "OPT": option,
    "FUT": future,
    "FOP": future_option,
    "CASH": EURUSD,
    "CRYPTO": BTC,
    "BOND": BUND,
    "FUND": FUND,
    "BAG": combo,
}


# --- the tables of attributes ---


def test_every_field_of_an_order_stands_in_exactly_one_table() -> None:
    tables = [*LOOKED_AT, *REFUSED, *ECHOED]
    assert sorted(tables) == sorted(field.name for field in fields(Order))


def test_every_field_that_is_looked_at_has_a_bad_value() -> None:
    """Red for a field in the table that no check reads."""
    tried = {row[0] for row in (*BAD, *BAD_ELSEWHERE)}
    assert {*LOOKED_AT, *REFUSED} - tried == set()


GARBAGE = {str: "garbage ü" * 99, bool: True, int: -7, D: D("-1E12"), tuple: (("x", "y"),)}
HINTS = get_type_hints(Order)


def garbage(name: str) -> Any:
    hint = HINTS[name]
    options = [option for option in get_args(hint) if option is not NoneType]
    if str(hint).startswith("tuple"):
        return GARBAGE[tuple]
    return GARBAGE[options[0] if options else hint]


@pytest.mark.parametrize("name", sorted(ECHOED))
def test_any_value_of_what_is_only_shown_is_taken(name) -> None:
    value = False if name == "transmit" else garbage(name)
    assert refusal(candidate(replace(LIMIT, **{name: value}))) is None


# --- warnings ---


@pytest.mark.parametrize(
    ("order", "contract", "codes"),
    [
        (LIMIT, AAPL, []),
        (replace(LIMIT, good_after_time="15:00:00"), AAPL, [2174]),
        (replace(LIMIT, good_after_time="15:00:00 UTC"), AAPL, []),
        (replace(LIMIT, tif="GTD", good_till_date="20250617"), AAPL, []),
        (replace(LIMIT, display_size=1), IEX, [131]),
        (replace(MARKET, order_type="MOC", outside_rth=True), AAPL, [2109]),
        (replace(LIMIT, outside_rth=True), AAPL, []),
        (replace(MARKET, outside_rth=True), future, []),
    ],
)
def test_an_order_is_warned_of_what_is_ignored_or_implied(order, contract, codes) -> None:
    assert warnings(candidate(order, the(contract))) == codes


# --- on the wire ---


def told(replies: Iterable[Any]) -> list[tuple[int, int]]:
    return [(reply.id, reply.code) for reply in replies if isinstance(reply, ErrorMessage)]


def test_a_bad_order_leaves_no_trace_and_the_session_lives(join) -> None:
    """Every row of the table that a request can carry, in one session."""
    world = World(WorldSettings(clock="manual", seed=7, server_version=MAX_VERSION))
    world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"))
    client = join(1, MAX_VERSION, world)
    carried = [row for row in BAD if not row[0].startswith(NOT_CARRIED) and row[3] != 201]
    for order_id, (field, order, changes, code, _words) in enumerate(carried, 1):
        if changes.get("tif") == "GTD" or 404 in named_con_ids(changed(order, changes)):
            continue
        replies = client.send(PlaceOrder(order_id, AAPL, changed(order, changes)))
        assert told(replies) == [(order_id, code)], (field, changes)
        assert len(replies) == 1
        assert not world.broker.journal, (field, changes)
    assert any(isinstance(reply, CurrentTime) for reply in client.send(RequestCurrentTime()))
    assert told(client.send(PlaceOrder(999, AAPL, LIMIT))) == []
    assert len(world.broker.live_orders()) == 1


NOT_CARRIED = (
    "fa_profile",
    "min_trade_quantity",
    "min_compete_size",
    "compete_against_best_offset",
    "mid_offset_at",
    "delta_neutral_short_sale",
    "scale_auto_reset",
)
"""What a request carries only in other versions, or with what would be refused first."""


# --- garbage ---

TEXT = st.sampled_from(["", "x", "None", "O", "MKT", "LMT", "10:00:00 UTC", "%s{}", "1" * 99])
NUMBER = st.sampled_from([-(2**31), -1, 0, 1, 2, 3, 100, 265598, 2**31 - 1])
DECIMAL = st.one_of(
    st.sampled_from([D(0), D("0.01"), D(1), D(-1), D(100), D("1E400"), D("-1E400"), D("1E-400")]),
    st.decimals(allow_nan=False, allow_infinity=False),
)
PAIR = st.builds(TagValue, tag=TEXT, value=TEXT)
WATCH = {"conjunction": TEXT, "con_id": NUMBER, "exchange": TEXT}
CONDITION = st.one_of(
    st.builds(PriceCondition, price=DECIMAL, trigger_method=NUMBER, **WATCH),
    st.builds(VolumeCondition, volume=NUMBER, **WATCH),
    st.builds(PercentChangeCondition, change_percent=DECIMAL, **WATCH),
    st.builds(TimeCondition, time=TEXT),
    st.builds(MarginCondition, percent=NUMBER),
    st.builds(ExecutionCondition, symbol=TEXT, sec_type=TEXT, exchange=TEXT),
)
SEQUENCES = {
    "algo_params": PAIR,
    "smart_combo_routing": PAIR,
    "conditions": CONDITION,
    "combo_leg_prices": st.builds(ComboLegPrice, price=st.one_of(st.none(), DECIMAL)),
    "misc_options": st.tuples(TEXT, TEXT),
}
KNOWN = {
    "order_type": st.sampled_from(sorted(ORDER_TYPES)),
    "tif": st.sampled_from(["", "DAY", "GTC", "GTD", "OPG"]),
    "algo_strategy": st.sampled_from(["", "Vwap", "PctVol", "AD", "x"]),
    "hedge_type": st.sampled_from(["", "D", "B", "F", "P"]),
    "adjusted_order_type": st.sampled_from(["", "STP", "STP LMT", "TRAIL", "x"]),
    "compete_against_best_offset": st.sampled_from([None, D("Infinity"), D(1)]),
}
PLAIN = {str: TEXT, int: NUMBER, bool: st.booleans(), D: DECIMAL}


def values(name: str) -> st.SearchStrategy[Any]:
    hint = HINTS[name]
    options = [option for option in get_args(hint) if option is not NoneType]
    if name in SEQUENCES:
        return st.lists(SEQUENCES[name], max_size=3).map(tuple)
    plain = st.none() | PLAIN[options[0]] if options else PLAIN[hint]
    return KNOWN[name] | plain if name in KNOWN else plain


@st.composite
def nonsense(draw: st.DrawFn) -> Order:
    """A good order with garbage in some of its fields."""
    order, _contract = draw(st.sampled_from(GOOD))
    names = draw(st.lists(st.sampled_from(sorted(HINTS)), max_size=6, unique=True))
    return replace(order, **{name: draw(values(name)) for name in names})


@settings(max_examples=600, deadline=None)
@given(nonsense(), st.sampled_from(sorted(PRODUCTS)), st.booleans())
def test_garbage_is_refused_with_a_known_code_or_taken(order, sec_type, is_live) -> None:
    contract = the(PRODUCTS[sec_type])
    live = held(LIMIT, contract) if is_live else None
    checked = candidate(order, contract, held=live)
    refused = refusal(checked)
    if refused is not None:
        assert text(refused)
    else:
        assert all(code in TEXTS for code in warnings(checked))
