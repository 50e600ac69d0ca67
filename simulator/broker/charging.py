"""What a fill is charged, given what its order and its account have traded before.

A minimum is paid once for each order, account and contract; the tier follows from what the
account has traded of a kind in the month before.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

from simulator.broker.records import Executed
from simulator.commissions import Before, Plan, commission_for, counted_volume
from simulator.instruments import Instrument

ZERO = Decimal(0)


class Charging:
    """The commissions of one login."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._before: dict[tuple[int, str, int], Before] = {}
        self._volumes: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)

    def fee(
        self,
        perm_id: int,
        account: str,
        instrument: Instrument,
        *,
        quantity: Decimal,
        price: Decimal,
        is_sale: bool,
        adds_liquidity: bool,
        now_ms: int,
    ) -> Decimal:
        """The fee of a fill that is about to be booked."""
        return commission_for(
            instrument,
            quantity,
            price,
            is_sale=is_sale,
            plan=self._plan,
            before=self._before.get((perm_id, account, instrument.con_id), Before()),
            month_volume=self._volumes[_month(account, instrument, now_ms)],
            adds_liquidity=adds_liquidity,
        )

    def count(self, executed: Executed) -> None:
        """Remember an execution that was booked."""
        execution, instrument = executed.execution, executed.instrument
        if not executed.is_booked:
            return
        key = execution.perm_id, execution.account, instrument.con_id
        before = self._before.get(key, Before())
        paid = execution.shares * execution.price
        self._before[key] = Before(before.filled + execution.shares, before.paid + paid)
        month = _month(execution.account, instrument, executed.time_ms)
        self._volumes[month] += counted_volume(instrument, execution.shares, execution.price)


def _month(account: str, instrument: Instrument, ms: int) -> tuple[str, str, str]:
    return account, instrument.sec_type, f"{datetime.fromtimestamp(ms / 1000, UTC):%Y%m}"
