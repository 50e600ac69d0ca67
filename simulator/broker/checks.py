"""What the broker asks before it works an order: its size, its funds, how far off it is.

The accounts of a group must each bear their share; the first that cannot refuses the whole
(ours).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from simulator.broker.appraisal import Appraiser
from simulator.broker.expectation import expected_price, present_price
from simulator.broker.records import BrokerOrder
from simulator.broker.schedule import TOO_LATE, is_too_late
from simulator.broker.sharing import (
    NOTHING_TO_CHANGE,
    Sharing,
    is_shared,
    is_shared_alike,
    to_come,
)
from simulator.broker.trades import expected_fills
from simulator.broker.truth import Truth
from simulator.instruments import Instrument
from simulator.ledger import Terms
from simulator.market import Market
from simulator.matching import Side, View
from simulator.order_types import limit_of
from simulator.records import Order

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a broker treats orders.

    `fill_model` is that of all instruments unless one is given another; `cancel_latency_ms`
    is how long a cancel is on its way, while the order may still be filled; `price_collar`
    is how far through the market a limit may be, as a part of the price (None: any);
    without `checks_funds` no order is too large for its account; `terms` are those on which
    the accounts trade.
    """

    fill_model: str = "paper"
    cancel_latency_ms: int = 0
    price_collar: Decimal | None = None
    checks_funds: bool = True
    terms: Terms = field(default_factory=Terms)


class Checks:
    """Looks at orders, changes nothing."""

    def __init__(self, rules: Rules, truth: Truth, appraiser: Appraiser, market: Market) -> None:
        self._rules = rules
        self._truth = truth
        self._appraiser = appraiser
        self._market = market
        self.sharing = Sharing(truth, appraiser)

    def sized(
        self, held: BrokerOrder, now_ms: int, before: BrokerOrder | None = None
    ) -> BrokerOrder:
        """An order with its size, and the shares of a group; `before` it had other terms."""
        order, instrument = held.order, held.instrument
        quantity = self.quantity(instrument, order, now_ms)
        if before is not None and before.shares and is_shared_alike(before.order, order):
            return held
        if before is not None and _is_same_money(before.order, order):
            return replace(held, quantity=before.quantity)
        if order.hedge_type and before is not None:
            return replace(held, quantity=quantity or before.quantity)
        shares = self.sharing.of(order, instrument, quantity, now_ms)
        size = sum((share for _, share in shares), ZERO) if shares else quantity
        return replace(held, quantity=size, shares=shares)

    def quantity(self, instrument: Instrument, order: Order, now_ms: int) -> Decimal:
        """The size of an order; one for an amount of money buys what that is worth now."""
        if not order.cash_quantity:
            return order.total_quantity or ZERO
        price = expected_price(order, self._market.quote(instrument, now_ms))
        worth = price * instrument.price_multiplier
        steps = order.cash_quantity / worth // instrument.size_increment
        return steps * instrument.size_increment

    def objection(self, held: BrokerOrder, now_ms: int) -> str:
        """Why the broker rejects an order, if so: too late for its auction, or for want of funds."""
        if is_too_late(held.order, held.instrument, self._market.sessions, now_ms):
            return TOO_LATE
        if is_shared(held.order) and not held.quantity:
            return NOTHING_TO_CHANGE
        return self._lack(held, now_ms)

    def _lack(self, held: BrokerOrder, now_ms: int) -> str:
        """Why an account cannot bear its part of an order; attached ones are not asked (ours)."""
        order, instrument = held.order, held.instrument
        if not self._rules.checks_funds or held.parent_perm_id:
            return ""
        price = present_price(order, self._market.quote(instrument, now_ms))
        sign = Side(order.action).sign
        for account, quantity in to_come(held, self._truth.shares_of(held.perm_id)):
            fills = expected_fills(instrument, sign * quantity, price, self._market, now_ms)
            objection = self._appraiser.objection(self._truth.ledgers[account], fills, now_ms)
            if objection:
                return objection
        return ""

    def beyond_collar(self, held: BrokerOrder, view: View) -> str:
        """Why a limit too far through the market is not accepted, as captured."""
        collar, limit = self._rules.price_collar, limit_of(held.order)
        if collar is None or limit is None or held.instrument.sec_type != "STK":
            return ""
        market = view.last
        side = Side(held.order.action)
        bound = market * (1 + side.sign * collar)
        if side.sign * (limit - bound) < 0:
            return ""
        return (
            f"We cannot accept an order at a limit price at or more aggressive than {bound:.6f}. "
            "Please submit your order using a limit price that is closer to the current market "
            f"price of {market}."
        )


def _is_same_money(before: Order, after: Order) -> bool:
    """Whether an order is for the amount it was for: its size stays what that was worth then."""
    return bool(after.cash_quantity) and before.cash_quantity == after.cash_quantity
