"""Combinations: one instrument out of the legs that a request for a BAG names. Pure.

Knows contracts by the lookup it is given, no quotes and no orders. The same legs in whichever
order are the same instrument; bought and sold the other way round they are another one.

A combination costs what its legs cost, each as often as its `weight` says. Its multiplier is
the greatest that leaves every weight a whole number for ratios in lowest terms: 100 for
options, 1 for stocks, 100 for 100 shares with one option, which so is quoted per share.

Assumptions:
- Legs are stocks, options and futures (IBKR, guide to combination orders).
- A bad leg and missing legs are error 321 with the texts of 313 and 314 for a cause
  (captured from gateways of 2017 and of 10.19); the text of 312 likewise (ours).
- Stocks as legs go to SMART only, 315; legs of two currencies are 10000 (IBKR, message codes).
- With a stock or an option among the legs it trades in cents, else in the finest step of its
  legs (ours).
- Its contract id follows from its legs and symbol (ours): gateways call all of them by one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
from zoneinfo import ZoneInfo

from simulator.instruments.derivatives import COMBO_IDS, FIRST_COMBO_ID
from simulator.instruments.kinds import SIMPLE_ORDER_TYPES
from simulator.instruments.model import Instrument, Leg, Path, current_name
from simulator.records import ComboLeg, Contract

LEG_TYPES = frozenset({"STK", "OPT", "FOP", "FUT"})
TRADED_IN_CENTS = frozenset({"STK", "OPT"})
ACTIONS = frozenset({"BUY", "SELL"})
SMART = "SMART"
CENT, CENT_RULE = Decimal("0.01"), 26

NO_LEGS = "Security type 'BAG' requires combo leg details."
INVALID = "The combo details are invalid."
INVALID_LEG = "The combo details for leg '{number}' are invalid."

_ANY_DAY = datetime(2025, 1, 15, tzinfo=UTC)
"""Whose offsets of time zones tell whether the hours of legs have anything in common."""


class ComboError(Exception):
    """No combination is meant: the error code of that, and what fills its text."""

    def __init__(self, code: int, **facts: object) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


def combination(wanted: Contract, find: Callable[[int], Instrument | None]) -> Instrument:
    """The combination a request means; `find` tells a tradable contract by its id.

    Raises `ComboError`.
    """
    legs = _legs(wanted, find)
    exchanges = _exchanges(wanted, legs)
    first, size = legs[0].instrument, Decimal(1)
    symbol = wanted.symbol.upper() or first.symbol
    min_tick, rule = _steps(legs)
    return Instrument(
        con_id=_con_id(symbol, legs),
        symbol=symbol,
        sec_type="BAG",
        currency=first.currency,
        exchange=SMART if SMART in exchanges else exchanges[0],
        primary_exchange="",
        local_symbol=symbol,
        trading_class="COMB",
        market_name="COMB",
        long_name=symbol,
        min_tick=min_tick,
        valid_exchanges=",".join(exchanges),
        order_types=SIMPLE_ORDER_TYPES,
        market_rule_id=rule,
        time_zone=first.time_zone,
        trading_hours=first.trading_hours,
        liquid_hours=first.liquid_hours,
        bbo_exchange="",
        calendar=first.calendar,
        path=_path(legs),
        min_size=size,
        size_increment=size,
        suggested_size_increment=size,
        multiplier=_multiplier(legs),
        legs=legs,
    )


def weight(combo: Instrument, leg: Leg) -> Decimal:
    """How many times the price of a leg is in that of its combination, whatever its sign."""
    return leg.ratio * leg.instrument.multiplier / combo.multiplier


# --- legs ---


def _legs(wanted: Contract, find: Callable[[int], Instrument | None]) -> tuple[Leg, ...]:
    if not wanted.combo_legs:
        raise ComboError(321, cause=NO_LEGS)
    named = [_leg(number, leg, find) for number, leg in enumerate(wanted.combo_legs, start=1)]
    legs = tuple(sorted(named, key=lambda leg: leg.instrument.con_id))
    if len({leg.instrument.con_id for leg in legs}) < max(2, len(legs)):
        raise ComboError(321, cause=INVALID)
    currencies = {leg.instrument.currency for leg in legs}
    if len(currencies) > 1:
        raise ComboError(10000)
    if wanted.currency not in {"", *currencies}:
        raise ComboError(200)
    if not _trade_together(legs):
        raise ComboError(321, cause=INVALID)
    return legs


def _leg(number: int, leg: ComboLeg, find: Callable[[int], Instrument | None]) -> Leg:
    instrument, exchange = find(leg.con_id), current_name(leg.exchange)
    if (
        instrument is None
        or instrument.sec_type not in LEG_TYPES
        or leg.ratio < 1
        or leg.action not in ACTIONS
        or (exchange and exchange not in instrument.valid_exchanges.split(","))
    ):
        raise ComboError(321, cause=INVALID_LEG.format(number=number))
    return Leg(instrument, leg.ratio, leg.action)


def _exchanges(wanted: Contract, legs: Sequence[Leg]) -> list[str]:
    """Where all legs trade: SMART alone, if one of them is a stock."""
    others = [set(leg.instrument.valid_exchanges.split(",")) for leg in legs[1:]]
    first = legs[0].instrument.valid_exchanges.split(",")
    common = [name for name in first if all(name in other for other in others)]
    has_stock = any(leg.instrument.sec_type == "STK" for leg in legs)
    if has_stock:
        common = [name for name in common if name == SMART]
    exchange = current_name(wanted.exchange)
    if not common or (exchange and exchange not in common):
        raise ComboError(315) if has_stock else ComboError(321, cause=INVALID)
    return common


def _trade_together(legs: Sequence[Leg]) -> bool:
    """Whether there are hours in which all legs can be traded."""
    spans = [_liquid_span(leg.instrument) for leg in legs]
    return max(start for start, _ in spans) < min(end for _, end in spans)


def _liquid_span(instrument: Instrument) -> tuple[float, float]:
    """Liquid hours in minutes of UTC; those that end before they begin began the day before."""
    offset = _ANY_DAY.astimezone(ZoneInfo(instrument.time_zone)).utcoffset()
    ahead = offset.total_seconds() / 60 if offset is not None else 0.0
    start, end = (int(text[:2]) * 60 + int(text[2:]) for text in instrument.liquid_hours)
    return (start - 1440 if start >= end else start) - ahead, end - ahead


# --- what follows from them ---


def _multiplier(legs: Sequence[Leg]) -> Decimal:
    worth = [Fraction(leg.ratio * leg.instrument.multiplier) for leg in legs]
    scale = math.lcm(*(fraction.denominator for fraction in worth))
    common = math.gcd(*(int(fraction * scale) for fraction in worth))
    return Decimal(common) / scale / math.gcd(*(leg.ratio for leg in legs))


def _steps(legs: Sequence[Leg]) -> tuple[Decimal, int]:
    """The price step and the market rule that says so."""
    if any(leg.instrument.sec_type in TRADED_IN_CENTS for leg in legs):
        return CENT, CENT_RULE
    finest = min((leg.instrument for leg in legs), key=lambda instrument: instrument.min_tick)
    return finest.min_tick, finest.market_rule_id


def _path(legs: Sequence[Leg]) -> Path:
    """Its usual size is that of the legs; it has no path but theirs."""
    return Path(
        anchor=sum((leg.sign * leg.ratio * leg.instrument.path.anchor for leg in legs), Decimal(0)),
        volatility=0.0,
        spread=sum((leg.ratio * leg.instrument.path.spread for leg in legs), Decimal(0)),
        size=max(Decimal(1), min(leg.instrument.path.size // leg.ratio for leg in legs)),
    )


def _con_id(symbol: str, legs: Sequence[Leg]) -> int:
    key = "/".join((symbol, *(f"{leg.instrument.con_id}|{leg.sign * leg.ratio}" for leg in legs)))
    digest = blake2b(key.encode(), digest_size=8).digest()
    return FIRST_COMBO_ID + int.from_bytes(digest, "big") % COMBO_IDS
