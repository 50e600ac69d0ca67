"""What the companies behind stocks are made of: shares, earnings, the days of their events.

All follows from the seed, so that reports, calendar and market data tell the same of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from simulator.gateway.draws import draw
from simulator.instruments import Instrument

CENT, MILLION = Decimal("0.01"), Decimal(1_000_000)
QUARTERS_BACK, QUARTERS_AHEAD = 8, 4
DAYS_IN_QUARTER = 91
EARNINGS, BOARD = "wshe_ed", "wshe_bod"
"""Kinds of events, by the tags of the corporate calendar."""

_DAYS_TO_MONDAY = {6: 2, 7: 1}


@dataclass(frozen=True, slots=True)
class Company:
    """The company of a stock, as it is known on a day."""

    seed: int
    stock: Instrument
    today: date

    @property
    def shares(self) -> Decimal:
        """How many shares there are."""
        return MILLION * (100 + self._draw("shares") % 15_000)

    @property
    def traded_shares(self) -> Decimal:
        """How many of them the public can trade."""
        return self.shares * (70 + self._draw("float") % 30) / 100

    def event_days(self, tag: str) -> list[date]:
        """Days of events around today: one in each quarter of 91 days, never on a weekend."""
        now = self.today.toordinal() // DAYS_IN_QUARTER
        days = []
        for quarter in range(now - QUARTERS_BACK, now + QUARTERS_AHEAD + 1):
            offset = self._draw(tag, quarter) % (DAYS_IN_QUARTER - 2)
            day = date.fromordinal(quarter * DAYS_IN_QUARTER + offset)
            days.append(day + timedelta(days=_DAYS_TO_MONDAY.get(day.isoweekday(), 0)))
        return days

    def earnings(self) -> list[tuple[date, Decimal]]:
        """What a share earned in each past quarter: half a percent to 1.5 % of the usual price."""
        usual = self.stock.path.anchor
        return [
            (day, (usual * Decimal(50 + self._draw("earned", day) % 101) / 10_000).quantize(CENT))
            for day in self.event_days(EARNINGS)
            if day < self.today
        ]

    def yearly_earnings(self) -> Decimal:
        """What a share earned in the last four quarters."""
        return sum((amount for _, amount in self.earnings()[-4:]), Decimal(0))

    def _draw(self, *what: object) -> int:
        return draw(self.seed, "company", self.stock.con_id, *what)
