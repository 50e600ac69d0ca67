"""How a world begins: what its owner decides, and under which plain names.

Knows neither sockets nor prices. Rule: what cannot be is refused here, by the name under
which it was given, before anything is started.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any

from simulator.broker import Rules
from simulator.commissions import Plan
from simulator.ledger import AccountKind, MarginModel
from simulator.matching import MODELS
from simulator.session import DEFAULT_VERSION, MAX_VERSION, MIN_VERSION

PAPER_ACCOUNT = re.compile(r"D[UFI]P?[0-9]{3,12}")
"""Paper accounts only, so that no test can be mistaken for a live account."""

MAX_DELAY_S = 86_400
FLAGS = ("read_only", "historical_pacing", "drops_unreadable", "calendar", "repeats_status")


class WorldError(Exception):
    """The world cannot be moved that way; the message says how it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """How a world begins. Raises `WorldError` for what cannot be.

    `seed` decides every price and id; `clock` is real or manual; `starting_cash` is by
    currency, the first of which is the base currency of the accounts; `read_only` refuses
    orders, and `max_requests_per_s` what a client sends faster than that (None: no limit);
    `historical_pacing` refuses requests for history that come too fast;
    `withheld` names what the login may not use: security types, symbols or `calendar`;
    `drops_unreadable` closes a connection that sends a request that cannot be read;
    `instruments` is a CSV file of further instruments (see `simulator.instruments.loader`),
    which replace those of the same contract id; with `calendar` quotes stand still and
    orders wait when the exchange of an instrument is closed, otherwise the market is always
    open; `market_data` is a file or directory of quotes or bars of your own (see
    `simulator.market.files`); `state` is a file that keeps broker truth over restarts, made
    where there is none; `rules` are how the broker fills, charges and checks orders (see
    `settings_of` for their plain names); `commission_delay_ms` is how long after a fill its
    commission is told; `repeats_status` sends what is told of an order twice, as gateways
    often do.
    """

    seed: int = 0
    clock: str = "real"
    accounts: tuple[str, ...] = ("DU9000001",)
    server_version: int = DEFAULT_VERSION
    master_client_id: int | None = None
    read_only: bool = False
    historical_pacing: bool = False
    max_requests_per_s: int | None = None
    withheld: Collection[str] = ()
    drops_unreadable: bool = False
    starting_cash: dict[str, Decimal] = field(default_factory=lambda: {"USD": Decimal(1_000_000)})
    instruments: Path | None = None
    calendar: bool = False
    market_data: Path | None = None
    state: Path | None = None
    rules: Rules = field(default_factory=Rules)
    commission_delay_ms: int = 0
    repeats_status: bool = False

    def __post_init__(self) -> None:
        self._check_types()
        if self.clock not in {"real", "manual"}:
            raise WorldError(f"clock must be 'real' or 'manual', not {self.clock!r}")
        self._check_accounts()
        if self.max_requests_per_s is not None and self.max_requests_per_s < 1:
            raise WorldError(
                f"max_requests_per_s must be at least 1, not {self.max_requests_per_s}"
            )
        self._check_rules()

    def _check_types(self) -> None:
        flags = {name: getattr(self, name) for name in FLAGS}
        for name, value in (flags | {"checks_funds": self.rules.checks_funds}).items():
            if not isinstance(value, bool):
                raise WorldError(f"{name} must be true or false, not {value!r}")
        for name in ("seed", "server_version"):
            if type(getattr(self, name)) is not int:
                raise WorldError(f"{name} must be a whole number, not {getattr(self, name)!r}")
        if not MIN_VERSION <= self.server_version <= MAX_VERSION:
            raise WorldError(
                f"server_version must be between {MIN_VERSION} and {MAX_VERSION}, "
                f"not {self.server_version}"
            )
        for name in ("master_client_id", "max_requests_per_s"):
            if type(getattr(self, name)) not in {int, NoneType}:
                raise WorldError(
                    f"{name} must be a whole number or None, not {getattr(self, name)!r}"
                )
        self._check_cash()

    def _check_cash(self) -> None:
        is_table = isinstance(self.starting_cash, dict) and bool(self.starting_cash)
        if not is_table or not all(
            isinstance(amount, Decimal) and amount.is_finite()
            for amount in self.starting_cash.values()
        ):
            raise WorldError(
                "starting_cash must have an amount for each currency, such as "
                f"{{'USD': Decimal(1000)}}, not {self.starting_cash!r}"
            )

    def _check_accounts(self) -> None:
        if len(set(self.accounts)) < len(self.accounts):
            raise WorldError(f"accounts must differ from each other, not {self.accounts}")
        for account in self.accounts:
            if not isinstance(account, str) or not PAPER_ACCOUNT.fullmatch(account):
                raise WorldError(
                    f"account {account!r} is not a paper account; use one like DU9000001"
                )
        if not self.accounts:
            raise WorldError("accounts must name at least one account, such as DU9000001")

    def _check_rules(self) -> None:
        check_fill_model(self.rules.fill_model)
        for name, delay_ms in (
            ("cancel_latency_ms", self.rules.cancel_latency_ms),
            ("commission_delay_ms", self.commission_delay_ms),
        ):
            if delay_ms < 0:
                raise WorldError(f"{name} must be 0 or more, not {delay_ms}")
        collar = self.rules.price_collar
        if collar is not None and not (collar.is_finite() and 0 < collar <= 1):
            raise WorldError(f"price_collar must be a part of the price up to 1, not {collar}")


def check_fill_model(name: str) -> None:
    """Raises `WorldError` with the known ones for a fill model that is none."""
    if name not in MODELS:
        raise WorldError(f"fill_model must be one of {', '.join(MODELS)}, not {name!r}")


# --- plain names ---

Read = Callable[[str, Any], Any]
"""From a name and a plain value to what the settings hold; raises `WorldError`."""


def _as_given(name: str, value: Any) -> Any:
    del name
    return value


def _fill_model(name: str, value: Any) -> str:
    del name  # the check names it
    check_fill_model(value)
    return str(value)


def _milliseconds(name: str, value: Any) -> int:
    if not (isinstance(value, int | float) and 0 <= value <= MAX_DELAY_S):
        raise WorldError(f"{name} must be seconds between 0 and {MAX_DELAY_S}, not {value!r}")
    return math.ceil(value * 1000)


def _percent(name: str, value: Any) -> Decimal | None:
    """A percentage as a part of one."""
    if value is None:
        return None
    try:
        percent = Decimal(str(value))
    except InvalidOperation:
        percent = Decimal("NaN")
    if not (percent.is_finite() and 0 < percent <= 100):
        raise WorldError(f"{name} must be above 0 and at most 100, not {value!r}")
    return percent / 100


def _choice(choices: dict[str, Enum]) -> Read:
    def read(name: str, value: Any) -> Enum:
        if value not in choices:
            known = " or ".join(map(repr, choices))
            raise WorldError(f"{name} must be {known}, not {value!r}")
        return choices[value]

    return read


ACCOUNT_TYPES: dict[str, Enum] = {kind.value: kind for kind in AccountKind}
MARGINS: dict[str, Enum] = {"reg-t": MarginModel.REG_T, "portfolio": MarginModel.PORTFOLIO}
COMMISSIONS: dict[str, Enum] = {plan.value: plan for plan in Plan}

RULES: dict[str, tuple[str, Read]] = {
    "fill_model": ("fill_model", _fill_model),
    "cancel_latency_s": ("cancel_latency_ms", _milliseconds),
    "price_collar_percent": ("price_collar", _percent),
    "checks_funds": ("checks_funds", _as_given),
}
TERMS: dict[str, tuple[str, Read]] = {
    "account_type": ("kind", _choice(ACCOUNT_TYPES)),
    "margin": ("model", _choice(MARGINS)),
    "commissions": ("plan", _choice(COMMISSIONS)),
}
DELAYS: dict[str, tuple[str, Read]] = {
    "commission_delay_s": ("commission_delay_ms", _milliseconds),
}
"""Plain name → field of the rules, of their terms, of the settings; and how it is read."""


def settings_of(**plain: Any) -> WorldSettings:
    """The settings of plain values, as a command or a test gives them.

    Beside the fields of `WorldSettings`: `fill_model` (paper, pessimistic, queue or
    scripted), `cancel_latency_s`, `price_collar_percent`, `checks_funds`, `account_type`
    (margin or cash), `margin` (reg-t or portfolio), `commissions` (fixed or tiered) and
    `commission_delay_s`. Raises `WorldError` for what cannot be, by its plain name.
    """
    rules: Rules = plain.pop("rules", None) or Rules()
    terms = replace(rules.terms, **_taken(plain, TERMS))
    rules = replace(rules, terms=terms, **_taken(plain, RULES))
    return WorldSettings(rules=rules, **_taken(plain, DELAYS), **plain)


def _taken(plain: dict[str, Any], table: dict[str, tuple[str, Read]]) -> dict[str, Any]:
    """Take out of plain values those that a table names, as it reads them."""
    named = [name for name in table if name in plain]
    return {table[name][0]: table[name][1](name, plain.pop(name)) for name in named}
