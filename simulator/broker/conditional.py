"""Orders that wait for conditions: which they are, and whether their conditions hold."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from simulator.broker import conditions
from simulator.broker.appraisal import Appraiser
from simulator.broker.records import BrokerOrder
from simulator.broker.truth import Truth
from simulator.broker.watch import MARGIN, Watch
from simulator.instruments import ContractDatabase, Instrument
from simulator.market import Quote
from simulator.records import ExecutionCondition, MarginCondition

Quotes = Callable[[int], tuple[Quote | None, Quote | None]]
"""What is shown of a contract id, and what was shown before that."""


class Conditional:
    """The orders whose conditions somebody has to look at."""

    def __init__(
        self, truth: Truth, appraiser: Appraiser, database: ContractDatabase, quotes: Quotes
    ) -> None:
        self._truth = truth
        self._appraiser = appraiser
        self._database = database
        self._quotes = quotes
        self._watch = Watch()

    def __contains__(self, perm_id: int) -> bool:
        return perm_id in self._watch

    def add(self, held: BrokerOrder) -> None:
        con_ids = conditions.watched(held.order.conditions)
        if not held.order.conditions_ignore_rth:
            con_ids |= {held.instrument.con_id}  # whose hours decide when they count
        if any(isinstance(condition, MarginCondition) for condition in held.order.conditions):
            con_ids |= {MARGIN}
        self._watch.add(held.perm_id, con_ids)

    def remove(self, perm_id: int) -> None:
        """Forget an order; nothing happens if it was not watched."""
        self._watch.remove(perm_id)

    def on(self, con_id: int) -> tuple[int, ...]:
        """The orders to be looked at when this contract was quoted.

        Or when anything was (`MARGIN`), or when anything else has happened (`ANYTHING`).
        """
        return self._watch.on(con_id)

    def instruments(self) -> list[Instrument]:
        """The instruments whose quotes decide."""
        known = (self._instrument(con_id) for con_id in self._watch.con_ids())
        named = [instrument for instrument in known if instrument is not None]
        accounts = {self._truth.orders[perm_id].account for perm_id in self._watch.on(MARGIN)}
        ledgers = [self._truth.ledgers[account] for account in sorted(accounts) if account]
        held = (position for ledger in ledgers for position in ledger.positions.values())
        return [*named, *(position.instrument for position in held if position.quantity)]

    def watched(self, held: BrokerOrder) -> list[Instrument]:
        """The instruments that the conditions of an order name."""
        con_ids = sorted(conditions.watched(held.order.conditions))
        known = (self._instrument(con_id) for con_id in con_ids)
        return [instrument for instrument in known if instrument is not None]

    def times_ms(self, held: BrokerOrder, now_ms: int) -> tuple[int, ...]:
        """When a time comes that an order waits for."""
        return conditions.times_ms(held.order.conditions, now_ms, held.instrument.time_zone)

    def hold(self, held: BrokerOrder, now_ms: int) -> bool:
        """Whether the conditions of an order hold now."""
        facts = conditions.Facts(
            now_ms=now_ms,
            zone=held.instrument.time_zone,
            instrument=self._instrument,
            quote=lambda con_id: self._quotes(con_id)[0],
            before=lambda con_id: self._quotes(con_id)[1],
            cushion=lambda: self._cushion(held, now_ms),
            executed=lambda condition: self._is_executed(held, condition),
        )
        return conditions.hold(held.order.conditions, facts)

    def _instrument(self, con_id: int) -> Instrument | None:
        try:
            return self._database[con_id]
        except KeyError:
            return None

    def _cushion(self, held: BrokerOrder, now_ms: int) -> Decimal | None:
        """What is left over the maintenance margin, in percent of the account."""
        valuation = self._appraiser.value(self._truth.ledgers[held.account], now_ms)
        if not valuation.net_liquidation:
            return None
        return valuation.excess_liquidity / valuation.net_liquidation * 100

    def _is_executed(self, held: BrokerOrder, condition: ExecutionCondition) -> bool:
        """Whether the account has traded that since the order was placed."""
        return any(
            conditions.is_met_by(condition, executed.instrument, executed.execution.exchange)
            for executed in self._truth.executions_after(held.placed_after)
            if executed.execution.account == held.account
            and executed.order.perm_id != held.perm_id
            and executed.execution.shares
        )
