"""What the broker asks before it works an order: its size, its funds, how far off it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from simulator.broker.appraisal import Appraiser
from simulator.broker.expectation import expected_price, present_price
from simulator.broker.records import BrokerOrder
from simulator.broker.schedule import TOO_LATE, is_too_late
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
        return self._lack(held, now_ms)

    def _lack(self, held: BrokerOrder, now_ms: int) -> str:
        """Why an account cannot bear an order; attached orders are not asked (ours)."""
        order, instrument = held.order, held.instrument
        if not self._rules.checks_funds or held.parent_perm_id:
            return ""
        price = present_price(order, self._market.quote(instrument, now_ms))
        signed = Side(order.action).sign * held.remaining
        fills = expected_fills(instrument, signed, price, self._market, now_ms)
        return self._appraiser.objection(self._truth.ledgers[held.account], fills, now_ms)

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
