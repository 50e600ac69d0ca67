"""What a gateway refuses before an order reaches the broker, as one table of checks.

Each check looks at one thing and names the error. They are tried in this order and the
first refusal counts. Texts are those of `texts.py`; an attribute that the simulator does
not act on is refused by name, never accepted and ignored. What an accepted order is only
warned of stands in a second table.

Attributes that gateways gave up were ignored with a warning by those before TWS 10 (server
version 163), which also knew no fractional sizes, and end the order since.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from simulator.broker import BrokerOrder
from simulator.instruments import Instrument, increment_at
from simulator.records import Contract, Order

TWS_10 = 163
"""The server version of TWS 10.10, the first with rules for fractional sizes."""

MODELLED_ORDER_TYPES = frozenset({"MKT", "LMT"})
NOT_TRADABLE = frozenset({"IND", "CONTFUT"})
OTHER_ORDER_TYPES = frozenset(
    [
        "STP",
        "STP LMT",
        "TRAIL",
        "TRAIL LIMIT",
        "MIT",
        "LIT",
        "MOC",
        "LOC",
        "MTL",
        "MIDPRICE",
        "REL",
        "PEG MID",
        "PEG MKT",
        "PEG STK",
        "PEG BENCH",
        "PEG BEST",
        "PEG PRIM",
        "SNAP MID",
        "SNAP MKT",
        "SNAP PRIM",
        "STP PRT",
        "MKT PRT",
        "VOL",
        "BOX TOP",
        "PASSV REL",
        "LMT + MKT",
        "REL + MKT",
    ]
)
FRACTIONAL = frozenset({"CASH", "CRYPTO", "CMDTY", "FUND"})
"""Types whose sizes need not be whole."""

MAX_SIZE = MAX_PRICE = Decimal(10**9)
"""No order means more; without a bound figures lose their cents, and then their sense."""

DAY_TRADED = frozenset({"STK", "OPT", "WAR", "BOND"})
"""Types whose market orders work in regular hours only."""

SIZE_RULE = "Order size does not conform to market rule."
MODELLED_TIFS = frozenset({"DAY", "GTC", "IOC"})
OTHER_TIFS = frozenset({"FOK", "GTD", "OPG", "DTC", "AUC", "GTX"})

NOT_MODELLED: dict[str, tuple[object, ...]] = {
    "transmit": (True,),
    "parent_id": (0,),
    "oca_group": ("",),
    "all_or_none": (False,),
    "min_quantity": (None, 0),
    "discretionary_amount": (Decimal(0),),
    "good_after_time": ("",),
    "good_till_date": ("",),
    "fa_group": ("",),
    "fa_method": ("",),
    "fa_profile": ("",),
    "model_code": ("",),
    "delta_neutral_order_type": ("", "None"),
    "scale_price_increment": (None, Decimal(0)),
    "active_start_time": ("",),
    "active_stop_time": ("",),
    "hedge_type": ("",),
    "algo_strategy": ("",),
    "conditions": ((),),
    "adjusted_order_type": ("", "None"),
    "cash_quantity": (None, Decimal(0)),
    "is_oms_container": (False,),
}
"""Attributes that would change what happens to an order, and the values that do not."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error code and what fills its text."""

    code: int
    facts: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An order to be checked.

    `held` is the live or done order with the same id, `parent` the one that has the id of
    the parent. `gateway_version` is the newest version the gateway speaks, `version` that
    of the session. `withheld` names the security types and symbols the login may not trade.
    """

    order: Order
    contract: Contract
    instruments: list[Instrument]
    is_expired: bool = False
    accounts: tuple[str, ...]
    withheld: frozenset[str] = frozenset()
    held: BrokerOrder | None = None
    parent: BrokerOrder | None = None
    is_old_id: bool
    version: int
    gateway_version: int

    @property
    def is_us_stock_at_smart(self) -> bool:
        instrument = self.instruments[0]
        is_us_stock = (instrument.sec_type, instrument.currency) == ("STK", "USD")
        return is_us_stock and self.contract.exchange == "SMART"


Check = Callable[[Candidate], Refusal | None]


def _refuse(code: int, **facts: object) -> Refusal:
    return Refusal(code, facts)


def _id(candidate: Candidate) -> Refusal | None:
    held = candidate.held
    if held is None:
        return _refuse(103) if candidate.is_old_id else None
    if held.instruction is not None:
        return _refuse(105)
    if held.status == "Filled":
        return _refuse(104)
    if held.is_done:
        reason = "Order has been cancelled already, too late to replace"
        return _refuse(201, reason=reason)
    return None


def _contract(candidate: Candidate) -> Refusal | None:
    if not candidate.contract.exchange:
        return _refuse(321, cause="Missing order exchange")
    if len(candidate.instruments) != 1:
        return _refuse(392 if candidate.is_expired else 200)
    held = candidate.held
    if held is not None and held.instrument is not candidate.instruments[0]:
        return _refuse(105)
    return None


def _permission(candidate: Candidate) -> Refusal | None:
    instrument = candidate.instruments[0]
    if instrument.sec_type in candidate.withheld:
        return _refuse(460)
    return _refuse(203) if instrument.symbol in candidate.withheld else None


def _account(candidate: Candidate) -> Refusal | None:
    account, held = candidate.order.account, candidate.held
    if held is not None and account and account != held.account:
        return _refuse(422)
    if account and account not in candidate.accounts:
        return _refuse(201, reason="Invalid or missing IBCustAcctNo")
    return _refuse(435) if not account and len(candidate.accounts) > 1 else None


def _action(candidate: Candidate) -> Refusal | None:
    action, held = candidate.order.action, candidate.held
    if action not in {"BUY", "SELL"}:
        return _refuse(321, cause=f"Invalid action was entered: '{action}'")
    return _refuse(105) if held is not None and held.order.action != action else None


def _short_sale(candidate: Candidate) -> Refusal | None:
    slot = candidate.order.short_sale_slot
    if slot not in {0, 1, 2}:
        return _refuse(347)
    return _refuse(348) if slot and candidate.order.action != "SSHORT" else None


def _advisor(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    is_allocated = order.fa_group or order.fa_method or order.fa_profile
    return _refuse(344) if is_allocated and len(candidate.accounts) < 2 else None


def _parent(candidate: Candidate) -> Refusal | None:
    """A parent that was never taken, such as one that was refused, and one that is over."""
    parent_id = candidate.order.parent_id
    if not parent_id:
        return None
    if candidate.parent is None:
        return _refuse(10006)
    return _refuse(135, order_id=parent_id) if candidate.parent.is_done else None


def _given_up(candidate: Candidate) -> Refusal | None:
    order, is_new = candidate.order, candidate.gateway_version >= TWS_10
    attributes = (
        (order.e_trade_only and is_new, 10268),
        (order.firm_quote_only and is_new, 10269),
        (order.nbbo_price_cap is not None, 10270),
        (order.post_to_ats is not None, 10274),
        (order.display_size and order.order_type == "MKT", 10255),
    )
    return next((_refuse(code) for is_set, code in attributes if is_set), None)


def _order_type(candidate: Candidate) -> Refusal | None:
    order_type = candidate.order.order_type
    if candidate.instruments[0].sec_type in NOT_TRADABLE:
        return _refuse(412)
    if order_type in MODELLED_ORDER_TYPES:
        return None
    if order_type in OTHER_ORDER_TYPES:
        return _refuse(387)
    return _refuse(321, cause="Invalid order type was entered")


def _tif(candidate: Candidate) -> Refusal | None:
    tif = candidate.order.tif
    if tif in MODELLED_TIFS or not tif:
        return None
    if tif not in OTHER_TIFS:
        return _refuse(10052, tif=tif)
    reason = (
        f"The time-in-force {tif} is invalid for this combination of exchange and security type"
    )
    return _refuse(201, reason=reason)


def _quantity(candidate: Candidate) -> Refusal | None:
    quantity = candidate.order.total_quantity
    if not quantity:
        return _refuse(434)
    filled = candidate.held.filled if candidate.held is not None else 0
    if not filled < quantity <= MAX_SIZE:
        return _refuse(321, cause=SIZE_RULE)
    return _whole(candidate, quantity) or _increment(candidate, quantity)


def _whole(candidate: Candidate, quantity: Decimal) -> Refusal | None:
    """What may not be fractional, by what it is and by what the client can say."""
    if quantity % 1 == 0:
        return None
    sec_type = candidate.instruments[0].sec_type
    if sec_type == "STK":
        return _refuse(10243)
    if sec_type not in FRACTIONAL:
        return _refuse(321, cause=SIZE_RULE)
    return _refuse(10285) if candidate.version < TWS_10 else None


def _increment(candidate: Candidate, quantity: Decimal) -> Refusal | None:
    instrument = candidate.instruments[0]
    if quantity < instrument.min_size:
        return _refuse(388)
    if quantity % instrument.size_increment:
        return _refuse(10250, increment=f"{instrument.size_increment:f}")
    return None


def _price(candidate: Candidate) -> Refusal | None:
    if candidate.order.order_type != "LMT":
        return None
    price = candidate.order.limit_price
    if price is None:
        return _refuse(107)
    instrument = candidate.instruments[0]
    if not 0 < price <= MAX_PRICE or price % increment_at(instrument.market_rule_id, price):
        return _refuse(110)
    return None


def _what_if(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    return _refuse(413) if order.what_if and not order.transmit else None


def _attributes(candidate: Candidate) -> Refusal | None:
    for name, neutral in NOT_MODELLED.items():
        if getattr(candidate.order, name) not in neutral:
            return _refuse(201, reason=f"The order attribute {name} is not modelled")
    return None


CHECKS: tuple[Check, ...] = (
    _id,
    _contract,
    _permission,
    _account,
    _short_sale,
    _action,
    _advisor,
    _parent,
    _order_type,
    _given_up,
    _what_if,
    _attributes,
    _tif,
    _quantity,
    _price,
)


def refusal(candidate: Candidate) -> Refusal | None:
    """The first objection to an order, None if there is none."""
    return next((found for check in CHECKS if (found := check(candidate))), None)


def warnings(candidate: Candidate) -> list[int]:
    """The codes of what an accepted order is warned of, and which changes nothing."""
    order, is_old = candidate.order, candidate.gateway_version < TWS_10
    is_iceberg = bool(order.sweep_to_fill or order.display_size)
    sec_type = candidate.instruments[0].sec_type
    found = (
        (is_iceberg and not candidate.is_us_stock_at_smart, 131),
        (order.outside_rth and order.order_type == "MKT" and sec_type in DAY_TRADED, 2109),
        (order.e_trade_only and is_old, 2168),
        (order.firm_quote_only and is_old, 2169),
    )
    return [code for is_so, code in found if is_so]
