"""Random terms of orders: every type and time in force, and what else an order may say.

Most are valid, some are not: what is refused must not leave a trace. All chance comes from
the `Random` that is passed in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

from simulator.algos import ALGOS
from simulator.instruments import Instrument, increment_at
from simulator.market import Quote
from simulator.order_types import ORDER_TYPES, SYNONYMS, OrderType
from simulator.records import (
    ExecutionCondition,
    MarginCondition,
    Order,
    PercentChangeCondition,
    PriceCondition,
    TagValue,
    TimeCondition,
    VolumeCondition,
)

SIZES: dict[str, tuple[str, ...]] = {
    "STK": ("1", "10", "40", "100", "100", "300", "700"),
    "CFD": ("10", "100"),
    "OPT": ("1", "2", "5", "30"),
    "FUT": ("1", "2", "3"),
    "CASH": ("20000", "50000", "25000.5"),
    "CRYPTO": ("0.1", "0.01234567", "0.5"),
    "BAG": ("1", "2", "3"),
    "FUND": ("10",),
    "BOND": ("10000",),
}
PLAIN_TYPES = ("MKT", "LMT", "LMT", "LMT", "STP", "TRAIL")
TIFS = ("", "DAY", "DAY", "GTC", "GTC", "GTC", "IOC", "FOK", "GTD", "OPG", "DTC", "AUC")
GROUPS = ("", "north", "south", "east", "west")
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What an order is for: its instrument as displayed, and those it may look at."""

    instrument: Instrument
    quote: Quote
    now_ms: int
    others: tuple[int, ...]
    accounts: tuple[str, ...]

    @property
    def middle(self) -> Decimal:
        known = [price for price in (self.quote.bid, self.quote.ask) if price is not None]
        return known[0] if known else self.quote.last

    @property
    def step(self) -> Decimal:
        rule = self.instrument.market_rule_id
        return increment_at(rule, abs(self.middle)) or self.instrument.min_tick


def new_order(rng: Random, asked: Asked, group: str = "") -> Order:
    """An order of any type; `group` names its group where it is in one."""
    sec_type = asked.instrument.sec_type
    names = [name for name, row in ORDER_TYPES.items() if sec_type in row.sec_types]
    name = rng.choice(PLAIN_TYPES if rng.random() < 0.5 else (*names, *SYNONYMS, "LMT"))
    row = ORDER_TYPES[SYNONYMS.get(name, name)]
    order = Order(
        action=rng.choice(("BUY", "SELL")),
        order_type=name,
        total_quantity=Decimal(rng.choice(SIZES[sec_type])),
        tif=rng.choice(TIFS),
        account=rng.choice(asked.accounts),
        outside_rth=rng.random() < 0.5,
        **_priced(rng, asked, row),
    )
    if order.tif == "GTD":
        order = replace(order, good_till_date=_moment(asked.now_ms + _span_ms(rng)))
    if group:
        order = replace(order, oca_group=group, oca_type=rng.randint(0, 3))
    if rng.random() < 0.35:
        order = replace(order, **rng.choice(EXTRAS)(rng, asked, order))
    return order


def new_terms(rng: Random, asked: Asked, order: Order) -> Order:
    """Other terms for a live order."""
    changes: dict[str, Any] = {}
    chance = rng.random()
    if chance < 0.4:
        row = ORDER_TYPES[SYNONYMS.get(order.order_type, order.order_type)]
        changes = _priced(rng, asked, row)
    elif chance < 0.8 and order.total_quantity:
        factor = rng.choice(("0.5", "0.5", "2", "1"))
        step = max(asked.instrument.size_increment, Decimal(1) if factor == "0.5" else Decimal(0))
        changes = {"total_quantity": order.total_quantity * Decimal(factor) // step * step or step}
    elif chance < 0.9:
        changes = {"tif": rng.choice(("DAY", "GTC")), "outside_rth": rng.random() < 0.5}
    else:
        fresh = new_order(rng, asked)
        same = {
            "action": order.action,
            "account": order.account,
            "oca_group": order.oca_group,
            "oca_type": order.oca_type,
            "parent_id": order.parent_id,
        }
        return replace(fresh, **same, algo_strategy=order.algo_strategy)
    return replace(order, **changes, transmit=True)


# --- prices ---


def _priced(rng: Random, asked: Asked, row: OrderType) -> dict[str, Any]:
    """Values for what a type needs, and perhaps for what it may have."""
    wanted = set(row.needs)
    wanted |= {rng.choice(sorted(group)) for group in row.one_of}
    wanted |= {name for name in sorted(row.may) if rng.random() < 0.3}
    return {name: _VALUES[name](rng, asked, row) for name in sorted(wanted)}


def _price(rng: Random, asked: Asked, row: OrderType | None = None) -> Decimal:
    """Mostly near the market."""
    del row
    reach = rng.choice((2, 2, 10, 10, 50, 500))
    step = asked.step
    price = asked.middle + rng.randint(-reach, reach) * step
    price = price // step * step
    return price if price > 0 or asked.instrument.sec_type == "BAG" else step


def _aux(rng: Random, asked: Asked, row: OrderType) -> Decimal:
    """A price to wait for, or a distance from one."""
    is_price = row.trigger is not None and "aux_price" in row.needs
    return _price(rng, asked) if is_price else _distance(rng, asked, row)


def _distance(rng: Random, asked: Asked, row: OrderType | None = None) -> Decimal:
    del row
    return rng.choice((0, 1, 1, 2, 10)) * asked.step


def _limited(low: str, high: str) -> Callable[[Random, Asked, OrderType], Decimal]:
    def value(rng: Random, _asked: Asked, _row: OrderType) -> Decimal:
        return Decimal(rng.choice((low, high)))

    return value


_VALUES: Mapping[str, Callable[[Random, Asked, OrderType], Any]] = {
    "limit_price": _price,
    "trail_stop_price": _price,
    "aux_price": _aux,
    "limit_price_offset": _distance,
    "trailing_percent": _limited("0.1", "2"),
    "percent_offset": _limited("0.01", "0.1"),
    "compete_against_best_offset": _limited("0.01", "0.02"),
    "volatility": _limited("0.2", "0.4"),
    "volatility_type": lambda rng, _asked, _row: rng.choice((1, 2)),
    "reference_price_type": lambda rng, _asked, _row: rng.choice((1, 2)),
    "delta": _limited("20", "60"),
    "starting_price": _price,
    "stock_reference_price": _limited("240", "250"),
    "stock_range_lower": _limited("200", "244"),
    "stock_range_upper": _limited("246", "300"),
    "reference_contract_id": lambda rng, asked, _row: rng.choice(asked.others),
    "pegged_change_amount": _limited("0.05", "0.5"),
    "reference_change_amount": _limited("0.05", "0.5"),
}


# --- what else an order may say ---


def _span_ms(rng: Random) -> int:
    return rng.choice((2_000, 60_000, HOUR_MS, 30 * HOUR_MS))


def _moment(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y%m%d-%H:%M:%S}"


def _conditional(rng: Random, asked: Asked, order: Order) -> dict[str, Any]:
    conditions = tuple(_condition(rng, asked) for _ in range(rng.randint(1, 3)))
    return {
        "conditions": conditions,
        "conditions_cancel_order": rng.random() < 0.3,
        "order_type": "LMT",
        "limit_price": order.limit_price or _price(rng, asked),
        "aux_price": None,
    }


def _condition(rng: Random, asked: Asked) -> Any:
    con_id, is_more = rng.choice(asked.others), rng.random() < 0.5
    named = {
        "con_id": con_id,
        "exchange": "SMART",
        "is_more": is_more,
        "conjunction": rng.choice("ao"),
    }
    price = _price(rng, asked) if con_id == asked.instrument.con_id else Decimal(245)
    return rng.choice(
        (
            PriceCondition(price=price, trigger_method=rng.choice((0, 1, 2, 8)), **named),
            VolumeCondition(volume=1000, **named),
            PercentChangeCondition(change_percent=Decimal("0.5"), **named),
            TimeCondition(is_more=is_more, time=_moment(asked.now_ms + _span_ms(rng))),
            MarginCondition(is_more=is_more, percent=rng.choice((10, 90))),
            ExecutionCondition(sec_type="STK", exchange="SMART", symbol="MSFT"),
        )
    )


def _adjustable(rng: Random, asked: Asked, _order: Order) -> dict[str, Any]:
    kind = rng.choice(("STP", "STP LMT", "TRAIL"))
    return {
        "order_type": "STP",
        "limit_price": None,
        "aux_price": _price(rng, asked),
        "adjusted_order_type": kind,
        "trigger_price": _price(rng, asked),
        "adjusted_stop_price": _price(rng, asked),
        "adjusted_stop_limit_price": _price(rng, asked) if kind == "STP LMT" else None,
        "adjusted_trailing_amount": 5 * asked.step if kind == "TRAIL" else None,
    }


def _scale(rng: Random, asked: Asked, order: Order) -> dict[str, Any]:
    return {
        "order_type": "LMT",
        "limit_price": order.limit_price or _price(rng, asked),
        "aux_price": None,
        "scale_init_level_size": 10,
        "scale_subs_level_size": rng.choice((None, 10, 20)),
        "scale_price_increment": asked.step,
        "scale_profit_offset": rng.choice((None, 5 * asked.step)),
        "scale_auto_reset": False,
    }


def _algo(rng: Random, asked: Asked, order: Order) -> dict[str, Any]:
    name = rng.choice(sorted(ALGOS))
    given = {
        "PctVol": {"pctVol": "0.1"},
        "PctVolPx": {"pctVol": "0.1"},
        "PctVolSz": {"startPctVol": "0.1", "endPctVol": "0.3"},
        "PctVolTm": {"startPctVol": "0.1", "endPctVol": "0.3"},
        "AD": {"componentSize": "10", "timeBetweenOrders": "5"},
        "Adaptive": {"adaptivePriority": "Normal"},
        "Twap": {"endTime": _moment(asked.now_ms + HOUR_MS), "allowPastEndTime": "1"},
    }.get(name, {})
    return {
        "order_type": "LMT",
        "tif": "DAY",
        "limit_price": order.limit_price or _price(rng, asked),
        "aux_price": None,
        "algo_strategy": name,
        "algo_params": tuple(TagValue(tag=tag, value=value) for tag, value in given.items()),
    }


EXTRAS: tuple[Callable[[Random, Asked, Order], dict[str, Any]], ...] = (
    _conditional,
    _conditional,
    _adjustable,
    _scale,
    _algo,
    lambda rng, asked, _order: {"good_after_time": _moment(asked.now_ms + _span_ms(rng))},
    lambda _rng, _asked, _order: {"all_or_none": True},
    lambda _rng, _asked, _order: {"hidden": True},
    lambda rng, _asked, _order: {"min_quantity": rng.choice((1, 30, 200))},
    lambda rng, _asked, _order: {"display_size": rng.choice((5, 100))},
    lambda rng, _asked, _order: {"trigger_method": rng.choice((1, 2, 3, 4, 7, 8))},
    lambda rng, asked, _order: {"discretionary_amount": _distance(rng, asked)},
    lambda rng, _asked, _order: {
        "cash_quantity": Decimal(rng.choice((100, 2500))),
        "total_quantity": None,
    },
)
"""What an order may say besides; a given one may make it one that is refused."""
