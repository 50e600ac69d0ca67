"""Contracts and orders that tests of the checks begin with, and the candidates made of them."""

from dataclasses import replace
from decimal import Decimal as D
from functools import cache
from typing import Any

from simulator import World, WorldSettings
from simulator.broker import BrokerOrder
from simulator.gateway.texts import TEXTS
from simulator.gateway.validation import Candidate, Refusal, named_con_ids
from simulator.instruments import INSTRUMENTS, ContractDatabase, Instrument
from simulator.records import (
    ComboLeg,
    ComboLegPrice,
    Contract,
    Order,
    PriceCondition,
    Status,
    TagValue,
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
BARE_LIMIT = replace(LIMIT, limit_price=None)
MARKET = replace(BARE_LIMIT, order_type="MKT")
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


def the(contract: Any) -> Contract:
    return contract() if callable(contract) else contract


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
"""A contract of each type of security, some of them found when first asked for."""
