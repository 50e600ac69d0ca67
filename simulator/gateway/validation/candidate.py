"""What is checked, and what a check finds: an order before it reaches the broker.

Knows nothing of single rules. Times and what the login may do are told, never looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from simulator.broker import BrokerOrder
from simulator.instruments import MARKET_RULES, Instrument, increment_at
from simulator.order_types import ORDER_TYPES, SYNONYMS, OrderType, order_type
from simulator.records import Contract, Order

TWS_10 = 163
"""The server version of TWS 10.10, the first with rules for fractional sizes."""

MAX_SIZE = MAX_PRICE = Decimal(10**9)
"""No order means more; without a bound figures lose their cents, and then their sense."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error code and what fills its text.

    `is_server`: the order reached the order server, which rejected it; it is shown as
    inactive. Whatever else is refused was never an order, and only the error is sent.
    """

    code: int
    facts: dict[str, object]
    is_server: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An order to be checked.

    `held` is the live or done order with the same id, `parent` the one that has the id of
    the parent. `gateway_version` is the newest version the gateway speaks, `version` that
    of the session. `withheld` names the security types and symbols the login may not trade.
    `instruments` is one made up for a combination. `unknown_con_ids` are those of
    `named_con_ids` that the database does not have; `advisor_groups` are the groups and
    profiles of an advisor. `objection` tells why legs make no
    combination, as code and facts. `zone` is that of times which name none.
    """

    order: Order
    contract: Contract
    instruments: list[Instrument]
    is_expired: bool = False
    objection: tuple[int, dict[str, object]] | None = None
    accounts: tuple[str, ...]
    withheld: frozenset[str] = frozenset()
    held: BrokerOrder | None = None
    parent: BrokerOrder | None = None
    is_old_id: bool
    version: int
    gateway_version: int
    now_ms: int = 0
    zone: str = "UTC"
    unknown_con_ids: frozenset[int] = frozenset()
    advisor_groups: frozenset[str] = frozenset()

    @property
    def instrument(self) -> Instrument:
        return self.instruments[0]

    @property
    def sec_type(self) -> str:
        return self.instrument.sec_type

    @property
    def kind(self) -> OrderType | None:
        """What the order type means, None if it means nothing."""
        return order_type(self.order.order_type)

    @property
    def order_kind(self) -> OrderType:
        """What the order type means, once it is known to mean something."""
        return ORDER_TYPES[self.order_type]

    @property
    def order_type(self) -> str:
        """The name of the order type of today, where it was sent under a former one."""
        return SYNONYMS.get(self.order.order_type, self.order.order_type)

    @property
    def adjusted_order_type(self) -> str:
        kind = self.order.adjusted_order_type
        return SYNONYMS.get(kind, kind)

    @property
    def is_smart_combo(self) -> bool:
        return self.contract.sec_type == "BAG" and self.contract.exchange == "SMART"

    @property
    def is_us_stock_at_smart(self) -> bool:
        is_us_stock = (self.instrument.sec_type, self.instrument.currency) == ("STK", "USD")
        return is_us_stock and self.contract.exchange == "SMART"

    def is_capable(self, ability: str) -> bool:
        """Whether the details of the contract name this ability of orders."""
        return ability in self.instrument.order_types.split(",")

    def is_on_step(self, price: Decimal) -> bool:
        """Whether a price, or a distance of prices, is one that can be quoted."""
        if abs(price) > MAX_PRICE:
            return False
        instrument = self.instrument
        is_ruled = instrument.market_rule_id in MARKET_RULES
        rule = instrument.market_rule_id
        step = increment_at(rule, abs(price)) if is_ruled else instrument.min_tick
        return price % step == 0

    def is_distance(self, price: Decimal | None) -> bool:
        """Whether a distance from another price is unset, or above zero and on a step.

        Steps may be finer at low prices; a distance is measured in the finest.
        """
        if price is None:
            return True
        return 0 <= price <= MAX_PRICE and price % self.finest_step == 0

    @property
    def finest_step(self) -> Decimal:
        steps = MARKET_RULES.get(self.instrument.market_rule_id)
        return min(step for _edge, step in steps) if steps else self.instrument.min_tick


Check = Callable[[Candidate], Refusal | None]


def refuse(code: int, *, is_server: bool = False, **facts: object) -> Refusal:
    return Refusal(code, facts, is_server)


def invalid(what: str) -> Refusal:
    """A value that no documented code names: 321, in the words captured for an order type."""
    return refuse(321, cause=f"Invalid {what} was entered")


def first(*found: tuple[object, Refusal]) -> Refusal | None:
    """The refusal beside the first condition that is true."""
    return next((refused for is_so, refused in found if is_so), None)
