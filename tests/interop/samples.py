"""Random records with a different value in every field, so that no two can be mistaken.

What may be set together and from which version on is written down here, apart from the
table that is tested.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any, get_args, get_type_hints

from simulator import records as r

from .mirror import CONDITIONS, OUTSIDE_RTH

SINCE = {
    "duration": 158,
    "post_to_ats": 160,
    "auto_cancel_parent": 162,
    "advanced_error_override": 166,
    "manual_order_time": 169,
    "issuer_id": 176,
    "min_size": 163,
    "size_increment": 164,
    "suggested_size_increment": 164,
    "pending_price_revision": 178,
    "advanced_order_reject": 166,
    "time_ms": 194,
    "customer_account": 183,
    "professional_customer": 184,
    "bond_accrued_interest": 185,
    "ineligibility_reasons": 186,
    "include_overnight": 189,
    "manual_order_indicator": 192,
    "submitter": 198,
    "imbalance_only": 199,
    "fund": 179,
    **dict.fromkeys(("margin_currency", "suggested_size", "reject_reason", "allocations"), 195),
    **dict.fromkeys(OUTSIDE_RTH, 195),
    **dict.fromkeys(("last_days", "specific_dates"), 200),
    **dict.fromkeys(("filter", "fill_watchlist", "fill_portfolio", "fill_competitors"), 171),
    **dict.fromkeys(("start_date", "end_date", "total_limit"), 173),
}
"""Server version from which on an attribute that need not be given is on the wire."""

DECIMAL_SIZES = 163
"""Server version from which on market data has sizes with decimals."""

MARKET_SIZES = frozenset({"size", "volume", "bid_size", "ask_size"})

UNTIL = {"fa_profile": 176}

NOT_SENT = frozenset({"external_user_id"})
"""Attributes that no client here can set: where they were, the newest one sends them empty."""

NOT_PLACED = NOT_SENT | {
    "bond_accrued_interest",
    "submitter",
    "shares_allocation",
    "basis_points",
    "basis_points_type",
    "adjusted_trail_stop_price",
    "soft_dollar_tier_display_name",
}
"""Attributes of an order that only replies carry."""

_NOT_OPEN = NOT_SENT | {
    "transmit",
    "override_percentage_constraints",
    "scale_table",
    "active_start_time",
    "active_stop_time",
    "algo_id",
    "misc_options",
    "ext_operator",
    "mifid2_decision_maker",
    "mifid2_decision_algo",
    "mifid2_execution_trader",
    "mifid2_execution_algo",
    "advanced_error_override",
    "manual_order_time",
}


def not_open(version: int) -> frozenset[str]:
    """Attributes that an open order does not show."""
    since_193 = {"ext_operator", "manual_order_indicator"}
    return _NOT_OPEN - since_193 if version >= 193 else _NOT_OPEN | since_193


NOT_COMPLETED = _NOT_OPEN | {
    "bond_accrued_interest",
    "include_overnight",
    "manual_order_indicator",
    "parent_id",
    "shares_allocation",
    "auction_strategy",
    "block_order",
    "e_trade_only",
    "firm_quote_only",
    "nbbo_price_cap",
    "delta_neutral_settling_firm",
    "delta_neutral_clearing_account",
    "delta_neutral_clearing_intent",
    "delta_neutral_open_close",
    "basis_points",
    "basis_points_type",
    "opt_out_smart_routing",
    "what_if",
    "adjusted_order_type",
    "trigger_price",
    "adjusted_stop_price",
    "adjusted_stop_limit_price",
    "adjusted_trailing_amount",
    "adjustable_trailing_unit",
    "soft_dollar_tier_name",
    "soft_dollar_tier_value",
    "soft_dollar_tier_display_name",
    "discretionary_up_to_limit_price",
    "use_price_mgmt_algo",
    "duration",
    "post_to_ats",
}
"""Attributes that a completed order does not show."""

DELTA_NEUTRAL = (
    "delta_neutral_con_id",
    "delta_neutral_settling_firm",
    "delta_neutral_clearing_account",
    "delta_neutral_clearing_intent",
    "delta_neutral_open_close",
    "delta_neutral_short_sale",
    "delta_neutral_short_sale_slot",
    "delta_neutral_designated_location",
)
SCALE = (
    "scale_price_adjust_value",
    "scale_price_adjust_interval",
    "scale_profit_offset",
    "scale_auto_reset",
    "scale_init_position",
    "scale_init_fill_quantity",
    "scale_random_percent",
)
BENCHMARK = (
    "reference_contract_id",
    "is_pegged_change_amount_decrease",
    "pegged_change_amount",
    "reference_change_amount",
    "reference_exchange_id",
)
COMBO = ("combo_leg_prices", "smart_combo_routing")
CONDITION_FLAGS = ("conditions_ignore_rth", "conditions_cancel_order")
PEGGED = (
    "min_trade_quantity",
    "min_compete_size",
    "compete_against_best_offset",
    "mid_offset_at_whole",
    "mid_offset_at_half",
)
ORDER_TYPES = ("LMT", "STP LMT", "TRAIL", "VOL", "PEG BENCH", "PEG BEST", "PEG MID", "REL")


def is_required(field: dataclasses.Field[Any]) -> bool:
    """Whether a record cannot be made without it."""
    return field.default is field.default_factory is dataclasses.MISSING


class Sampler:
    """Makes records; the same seed makes the same ones."""

    def __init__(self, seed: str, version: int) -> None:
        self._random = Random(seed)
        self._numbers = count(self._random.randrange(1_000, 5_000))
        self._version = version

    def chance(self, probability: float = 0.5) -> bool:
        return self._random.random() < probability

    def choice(self, items: Collection[Any]) -> Any:
        return self._random.choice(list(items))

    def number(self) -> int:
        return next(self._numbers)

    def value(self, hint: Any, name: str, *, sure: bool = False) -> Any:
        """A value of a type; one that may be unset is so now and then, unless `sure`."""
        if hint is r.Contract:
            return self.contract()
        text = str(hint)
        if text.startswith("tuple"):
            return self._items(get_args(hint)[0], name)
        if "None" in text and not sure and self.chance(0.3):
            return None
        return self._leaf(text, name)

    def _leaf(self, hint: str, name: str) -> Any:
        if "Decimal" in hint:
            if name in MARKET_SIZES and self._version < DECIMAL_SIZES:
                return Decimal(self.number())
            return Decimal(self.number()) + self.choice((Decimal(0), Decimal("0.25")))
        if "bool" in hint:
            return self.chance()
        if "int" in hint:
            return self.number()
        return f"{name[:12]}{self.number()}"

    def _items(self, hint: Any, name: str) -> tuple[Any, ...]:
        """None to three of them; a hint that is a tuple itself is that of a tag and its value."""
        several = range(self.choice(range(4)))
        if dataclasses.is_dataclass(hint):
            return tuple(self.record(hint) for _ in several)
        if str(hint).startswith("tuple"):
            return tuple((f"tag{self.number()}", f"v{self.number()}") for _ in several)
        return tuple(self.value(hint, name) for _ in several)

    def record(
        self, kind: type, without: Collection[str] = (), *, sure: bool = True, **given: Any
    ) -> Any:
        """A record filled at random, except for what is given or left out."""
        hints = get_type_hints(kind)
        filled = {
            field.name: self.value(hints[field.name], field.name, sure=sure)
            for field in dataclasses.fields(kind)
            if field.name not in given
            and field.name not in without
            and (is_required(field) or self._is_sent(field.name))
        }
        return kind(**filled, **given)

    def _is_sent(self, name: str) -> bool:
        if name in NOT_SENT:
            return False
        return SINCE.get(name, 0) <= self._version <= UNTIL.get(name, self._version)

    def several(self, kind: type, **given: Any) -> tuple[Any, ...]:
        return tuple(self.record(kind, **given) for _ in range(self.choice((1, 2, 3))))

    def contract(self, *without: str, **given: Any) -> r.Contract:
        """A contract without what only few messages carry, unless it is given."""
        rare = {"sec_id_type", "sec_id", "issuer_id", "combo_legs_description"}
        rare |= {"combo_legs", "delta_neutral", *without}
        return self.record(r.Contract, rare - given.keys(), **given)

    def conditions(self) -> tuple[r.Condition, ...]:
        kinds = list(CONDITIONS)
        self._random.shuffle(kinds)
        return tuple(
            self.record(kind, conjunction=self.choice("ao"))
            for kind in kinds[: self.choice((1, 6))]
        )

    def order(
        self, absent: Collection[str], *, is_combo: bool, peg: Collection[str], **given: Any
    ) -> r.Order:
        """An order. `peg` names the attributes of pegged orders that are on the wire."""
        order_type = given.setdefault("order_type", self.choice(ORDER_TYPES))
        values: dict[str, Any] = {
            "action": self.choice(("BUY", "SELL")),
            "delta_neutral_order_type": self.choice(("", "MKT")),
            "scale_price_increment": self.choice((None, Decimal(0), Decimal("0.05"))),
            "hedge_type": self.choice(("", "D")),
            "algo_strategy": self.choice(("", "Adaptive")),
            "conditions": self.conditions() if self.chance() else (),
            "misc_options": (("key", f"v{self.number()}"), ("other", "w")) * self.choice((0, 1)),
            "use_price_mgmt_algo": self.choice((0, 1)),
            "exempt_code": self.choice((-1, 3)),
            **given,
        }
        groups: dict[tuple[str, ...], object] = {
            DELTA_NEUTRAL: values["delta_neutral_order_type"],
            SCALE: values["scale_price_increment"],
            ("hedge_param",): values["hedge_type"],
            ("algo_params",): values["algo_strategy"],
            BENCHMARK: order_type == "PEG BENCH",
            CONDITION_FLAGS: values["conditions"],
            COMBO: is_combo,
            ("volatility",): order_type == "VOL",  # ib_async sends it for these only
        }
        left_out = {name for names, there in groups.items() if not there for name in names}
        left_out |= {*absent, *(set(PEGGED) - set(peg))}
        if is_combo:
            values["combo_leg_prices"] = self.several(r.ComboLegPrice)
            values["smart_combo_routing"] = self.several(r.TagValue)
        if values["algo_strategy"]:
            values["algo_params"] = self.several(r.TagValue)
        return self._filled(r.Order, left_out, values)

    def _filled(self, kind: type, left_out: set[str], values: Mapping[str, Any]) -> Any:
        hints = get_type_hints(kind)
        for field in dataclasses.fields(kind):
            if (
                field.name not in values
                and field.name not in left_out
                and self._is_sent(field.name)
            ):
                filled = self.value(hints[field.name], field.name)
                values = {**values, field.name: filled}
        return kind(**{name: value for name, value in values.items() if name not in left_out})

    def legs(self) -> tuple[r.ComboLeg, ...]:
        return self.several(r.ComboLeg)
