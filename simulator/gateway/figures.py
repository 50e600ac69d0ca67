"""Figures of an instrument's past that generic ticks tell: all from its tape.

Days are those of UTC. What is over is computed once and kept, and what a day has brought
so far is carried on from minute to minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from simulator.gateway.draws import draw
from simulator.gateway.hub import Hub
from simulator.gateway.volatility import VOLATILITY_DAYS, yearly
from simulator.instruments import Instrument
from simulator.market import STEP_MS, STEPS_PER_DAY

MINUTES_PER_DAY, MINUTES_PER_HOUR = 1440, 60
STEPS_PER_MINUTE = STEPS_PER_DAY // MINUTES_PER_DAY
STEPS_PER_HOUR = STEPS_PER_MINUTE * MINUTES_PER_HOUR
AVERAGE_DAYS = 90
_FINE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is over: its range, its volume in units and its closing price."""

    high: Decimal
    low: Decimal
    volume: Decimal
    close: Decimal


@dataclass(frozen=True, slots=True)
class SoFar:
    """What an hour or a day has brought before a minute: trades, lots, price times lots."""

    minute: int
    count: int = 0
    lots: int = 0
    notional: float = 0.0


class Figures:
    """Figures of all instruments at the time of the hub."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._days: dict[tuple[int, int], Day] = {}
        self._hours: dict[tuple[int, int], tuple[int, float]] = {}
        self._carried: dict[tuple[int, int], SoFar] = {}

    @property
    def step(self) -> int:
        """The present step of all tapes."""
        return self.hub.now_ms // STEP_MS

    def draw(self, instrument: Instrument, *what: object) -> int:
        """64 bits that depend on the seed, the instrument and what they are for."""
        return draw(self.hub.settings.seed, instrument.con_id, *what)

    def today(self) -> datetime:
        return datetime.fromtimestamp(self.hub.now_ms / 1000, UTC)

    # --- days ---

    def past_days(self, instrument: Instrument, count: int) -> list[Day]:
        """The days before today, latest first."""
        today = self.step // STEPS_PER_DAY
        return [self._day(instrument, today - back) for back in range(1, count + 1)]

    def average_volume(self, instrument: Instrument) -> Decimal:
        """Units traded a day, over 90 days."""
        days = self.past_days(instrument, AVERAGE_DAYS)
        return (sum((day.volume for day in days), Decimal(0)) / len(days)).to_integral_value()

    def volatility(self, instrument: Instrument, latest: Decimal | None = None) -> Decimal:
        """Of the closing prices of 30 days, a year; with a price of today as the latest one."""
        closes = [day.close for day in self.past_days(instrument, VOLATILITY_DAYS + 1)]
        if latest is not None:
            closes = [latest, *closes[:-1]]
        return yearly([float(close) for close in closes])

    def _day(self, instrument: Instrument, index: int) -> Day:
        key = instrument.con_id, index
        if key not in self._days:
            tape = self.hub.market.tape(instrument)
            first = index * STEPS_PER_DAY
            stretch = tape.stretch(first, first + STEPS_PER_DAY)
            high, low, close = map(
                tape.price, (stretch.trade.high, stretch.trade.low, stretch.trade.close)
            )
            self._days[key] = Day(high, low, stretch.lots * tape.lot, close)
        return self._days[key]

    # --- today ---

    def trade_count(self, instrument: Instrument) -> int:
        """Trades since the day began."""
        return self._so_far(instrument, MINUTES_PER_DAY).count

    def average_price(self, instrument: Instrument, last: Decimal) -> Decimal:
        """Of the day's trades, by volume; `last` where nothing was traded.

        An hour that is over counts by its opening price, as the tape has it for days.
        """
        hour = self.step // STEPS_PER_HOUR
        present = self._so_far(instrument, MINUTES_PER_HOUR)
        hours = [self._hour(instrument, index) for index in range(hour - hour % 24, hour)]
        lots = present.lots + sum(traded for traded, _ in hours)
        if not lots:
            return last
        ticks = (present.notional + sum(notional for _, notional in hours)) / lots
        return (self.hub.market.tape(instrument).price(1) * Decimal(ticks)).quantize(_FINE)

    def trades_in(self, instrument: Instrument, minutes: int) -> tuple[int, Decimal]:
        """Number of trades and units traded in the last minutes."""
        tape, end = self.hub.market.tape(instrument), self.step + 1
        trades = list(tape.trades(end - minutes * STEPS_PER_MINUTE, end))
        return len(trades), sum(trade.lots for trade in trades) * tape.lot

    def last_liquid_trade(self, instrument: Instrument) -> Decimal:
        """The price of the last trade in regular hours."""
        sessions, now_ms = self.hub.market.sessions, self.hub.now_ms
        tape, step = self.hub.market.tape(instrument), self.step
        if not sessions.is_open(instrument, now_ms, use_rth=True):
            step = sessions.previous(instrument, now_ms, use_rth=True).end_ms // STEP_MS - 1
        return tape.price(tape.last_trade(step).ticks)

    def _hour(self, instrument: Instrument, index: int) -> tuple[int, float]:
        """Lots of an hour that is over, and its opening price times these."""
        key = instrument.con_id, index
        if key not in self._hours:
            tape = self.hub.market.tape(instrument)
            first, end = index * STEPS_PER_HOUR, (index + 1) * STEPS_PER_HOUR
            lots = tape.lots_since(first, end - 1)
            self._hours[key] = lots, float(tape.last_trade(first).ticks * lots)
        return self._hours[key]

    def _so_far(self, instrument: Instrument, period: int) -> SoFar:
        """The whole minutes of this day or hour, carried on, and the trades since."""
        tape, step = self.hub.market.tape(instrument), self.step
        minute, key = step // STEPS_PER_MINUTE, (instrument.con_id, period)
        first = minute - minute % period
        known = self._carried.get(key)
        if known is None or not first <= known.minute <= minute:
            known = SoFar(first)
        if known.minute < minute:
            since = tape.stretch(known.minute * STEPS_PER_MINUTE, minute * STEPS_PER_MINUTE)
            known = SoFar(
                minute,
                known.count + since.count,
                known.lots + since.lots,
                known.notional + since.notional,
            )
            self._carried[key] = known
        trades = list(tape.trades(minute * STEPS_PER_MINUTE, step + 1))
        return SoFar(
            minute,
            known.count + len(trades),
            known.lots + sum(trade.lots for trade in trades),
            known.notional + sum(trade.ticks * trade.lots for trade in trades),
        )
