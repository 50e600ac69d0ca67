"""What a gateway refuses before an order reaches the broker, as one table of checks.

Each check looks at one thing and names the error. They are tried in this order and the
first refusal counts. Texts are those of `texts.py`; an attribute that the simulator does
not act on is refused by name, never accepted and ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from simulator.broker import BrokerOrder
from simulator.instruments import Instrument, increment_at
from simulator.records import Order

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


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order to be checked. `held` is the live or done order with the same id, if any."""

    order: Order
    instruments: list[Instrument]
    accounts: tuple[str, ...]
    held: BrokerOrder | None
    is_old_id: bool


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
    if len(candidate.instruments) != 1:
        return _refuse(200)
    held = candidate.held
    if held is not None and held.instrument is not candidate.instruments[0]:
        return _refuse(105)
    return None


def _account(candidate: Candidate) -> Refusal | None:
    account = candidate.order.account
    if account and account not in candidate.accounts:
        return _refuse(201, reason="Invalid or missing IBCustAcctNo")
    return _refuse(435) if not account and len(candidate.accounts) > 1 else None


def _action(candidate: Candidate) -> Refusal | None:
    action, held = candidate.order.action, candidate.held
    if action not in {"BUY", "SELL"}:
        return _refuse(321, cause=f"Invalid action was entered: '{action}'")
    return _refuse(105) if held is not None and held.order.action != action else None


def _order_type(candidate: Candidate) -> Refusal | None:
    order_type = candidate.order.order_type
    if candidate.instruments[0].sec_type in NOT_TRADABLE:
        return _refuse(387)
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
    is_stock = candidate.instruments[0].sec_type == "STK"
    if quantity > 0 and is_stock and quantity % 1:
        return _refuse(10243)
    filled = candidate.held.filled if candidate.held is not None else 0
    instrument = candidate.instruments[0]
    is_small = quantity < instrument.min_size
    if quantity <= filled or is_small or quantity % instrument.size_increment:
        return _refuse(321, cause="Order size does not conform to market rule.")
    return None


def _price(candidate: Candidate) -> Refusal | None:
    if candidate.order.order_type != "LMT":
        return None
    price = candidate.order.limit_price
    if price is None:
        return _refuse(107)
    instrument = candidate.instruments[0]
    if price <= 0 or price % increment_at(instrument.market_rule_id, price):
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
    _account,
    _action,
    _order_type,
    _what_if,
    _attributes,
    _tif,
    _quantity,
    _price,
)


def refusal(candidate: Candidate) -> Refusal | None:
    """The first objection to an order, None if there is none."""
    return next((found for check in CHECKS if (found := check(candidate))), None)
