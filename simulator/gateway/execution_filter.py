"""Which executions a request asks for.

The range of days is new in version 200: the last N days, or the days named. The documents
do not tell whose days; here they are those of the exchange, as in the times of executions.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from simulator.broker import Executed
from simulator.gateway.moments import Moment, read
from simulator.records import ExecutionFilter

SIDES = {"BUY": "BOT", "SELL": "SLD"}


class Wanted:
    """A filter as a test of executions; `is_zoned` tells whether its time named its zone.

    Raises ValueError for a time or date that is none.
    """

    def __init__(self, wanted: ExecutionFilter, now_ms: int) -> None:
        self._filter = wanted
        self._now_ms = now_ms
        since = read(wanted.time, now_ms) if wanted.time else Moment(0, is_zoned=True)
        self._since_ms, self.is_zoned = since.ms, since.is_zoned
        self._dates = {_date(text) for text in wanted.specific_dates}

    def __contains__(self, executed: Executed) -> bool:
        return (
            executed.time_ms >= self._since_ms
            and self._is_on_day(executed)
            and self._is_alike(executed)
        )

    def _is_on_day(self, executed: Executed) -> bool:
        zone = ZoneInfo(executed.order.instrument.time_zone)
        day, today = (
            datetime.fromtimestamp(ms / 1000, zone).date()
            for ms in (executed.time_ms, self._now_ms)
        )
        if self._dates and day not in self._dates:
            return False
        return not self._filter.last_days or (today - day).days < self._filter.last_days

    def _is_alike(self, executed: Executed) -> bool:
        order, execution, wanted = executed.order, executed.execution, self._filter
        return all(
            (
                wanted.client_id in {0, order.client_id},
                wanted.account in {"", execution.account},
                wanted.symbol in {"", order.instrument.symbol},
                wanted.sec_type in {"", order.instrument.sec_type},
                wanted.exchange in {"", execution.exchange},
                SIDES.get(wanted.side, wanted.side) in {"", execution.side},
            )
        )


def _date(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
