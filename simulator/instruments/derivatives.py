"""Futures and options: generated from rules, each only when it is asked for.

Contract ids are positions in a table of all that can ever be listed: product, expiry,
strike and right packed into the 30 bits above 2**30. So an id is stable, tells its contract
without any object having been made, and cannot meet a real one or one of `loader`. The ids
of the two highest product codes are those of combinations.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from simulator.instruments.cycles import (
    DAY,
    EXPIRY_RULES,
    MONTH_CODES,
    months_from,
    option_expiries,
)
from simulator.instruments.kinds import KINDS
from simulator.instruments.loader import DATA, Row, hours, positive, read_rows
from simulator.instruments.model import Instrument, Path
from simulator.records import ZERO, Contract

FIRST_ID = 1 << 30
EPOCH = date(2015, 1, 1)
_DAYS, _STRIKES = 1 << 13, 1 << 11
_PER_PRODUCT = _DAYS * _STRIKES * 2
FIRST_COMBO_ID = FIRST_ID + 30 * _PER_PRODUCT
COMBO_IDS = 2 * _PER_PRODUCT
"""How many ids combinations have, up to the last that fits into 32 bits with a sign."""

EXPIRED_KEPT = timedelta(days=730)
"""How long after its expiry a contract is still found, if expired ones are asked for."""

STRIKES_EACH_SIDE = 24
"""Unless the data file says more: an index has them close together, over a wide range."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What tells the contracts of one product apart; futures have no strike and no right."""

    expiry: date
    strike: Decimal = ZERO
    right: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Future:
    """A root with the months it is listed in (`listed`: how many at a time)."""

    code: int
    symbol: str
    trading_class: str
    exchange: str
    currency: str
    long_name: str
    multiplier: Decimal
    min_tick: Decimal
    market_rule_id: int
    anchor: Decimal
    volatility: float
    months: str
    expiry_rule: str
    listed: int
    carry: float
    under_con_id: int = 0
    sec_type: str = "FUT"
    strike_step: Decimal = Decimal(1)

    def listing(self, today: date, first: date) -> Iterator[Terms]:
        """Contracts that expire on or after `first`, up to the last listed on `today`."""
        alive = 0
        for year, month in months_from(first - timedelta(days=31)):
            if MONTH_CODES[month - 1] in self.months:
                expiry = EXPIRY_RULES[self.expiry_rule](year, month)
                if expiry >= first:
                    yield Terms(expiry)
                alive += expiry >= today
                if alive == self.listed:
                    return

    def month(self, expiry: date) -> str:
        """The contract month that ends on a day; oil ends in the month before its own."""
        ahead = self.expiry_rule == "before_25th_of_month_before"
        index = expiry.year * 12 + expiry.month - 1 + ahead
        return f"{index // 12}{index % 12 + 1:02}"

    def local_symbol(self, terms: Terms) -> str:
        month = self.month(terms.expiry)
        return f"{self.trading_class}{MONTH_CODES[int(month[4:]) - 1]}{month[3]}"

    def make(self, con_id: int, terms: Terms) -> Instrument:
        return replace(
            KINDS["future"],
            con_id=con_id,
            symbol=self.symbol,
            currency=self.currency,
            exchange=self.exchange,
            valid_exchanges=self.exchange,
            local_symbol=self.local_symbol(terms),
            trading_class=self.trading_class,
            market_name=self.trading_class,
            long_name=self.long_name,
            min_tick=self.min_tick,
            market_rule_id=self.market_rule_id,
            multiplier=self.multiplier,
            under_con_id=self.under_con_id,
            under_symbol=self.symbol,
            under_sec_type="IND",
            expiry=f"{terms.expiry:%Y%m%d}",
            contract_month=self.month(terms.expiry),
            path=Path(
                anchor=self.anchor,
                volatility=self.volatility,
                spread=self.min_tick,
                size=Decimal(40),
                carry=self.carry,
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option class of an underlying, or of the futures of a root."""

    code: int
    symbol: str
    sec_type: str
    trading_class: str
    exchange: str
    exchanges: str
    multiplier: Decimal
    strike_step: Decimal
    min_tick: Decimal
    market_rule_id: int
    underlying: Instrument
    future: Future | None
    strikes_each_side: int = STRIKES_EACH_SIDE
    cycle: str
    time_zone: str
    trading_hours: tuple[str, str]
    liquid_hours: tuple[str, str]

    @property
    def currency(self) -> str:
        return self.underlying.currency

    @property
    def exchange_names(self) -> list[str]:
        return (self.exchanges or KINDS["option"].valid_exchanges).split(",")

    def expiries(self, today: date, first: date) -> list[date]:
        days = option_expiries(self.cycle, first, today)
        if self.future is None:
            return days
        last = max(terms.expiry for terms in self.future.listing(today, today))
        return [day for day in days if day <= last]

    def strikes(self) -> list[Decimal]:
        at = int((self.underlying.path.anchor / self.strike_step).to_integral_value())
        steps = range(max(1, at - self.strikes_each_side), at + self.strikes_each_side + 1)
        return [self.strike_step * step for step in steps]

    def listing(self, today: date, first: date) -> Iterator[Terms]:
        strikes = self.strikes()
        for expiry in self.expiries(today, first):
            for strike in strikes:
                yield Terms(expiry, strike, "C")
                yield Terms(expiry, strike, "P")

    def local_symbol(self, terms: Terms) -> str:
        if self.future is not None:
            friday = terms.expiry + DAY * ((4 - terms.expiry.weekday()) % 7)
            month = MONTH_CODES[friday.month - 1]
            week = "" if 15 <= friday.day <= 21 else f"{(friday.day + 6) // 7}"
            year = friday.year % 10
            return f"{self.trading_class}{week}{month}{year} {terms.right}{terms.strike:f}"
        thousandths = int(terms.strike * 1000)
        return f"{self.trading_class:6}{terms.expiry:%y%m%d}{terms.right}{thousandths:08}"

    def under_id(self, expiry: date) -> int:
        """The underlying: of an option on futures the contract that ends next."""
        if self.future is None:
            return self.underlying.con_id
        return con_id(self.future, next(self.future.listing(expiry, expiry)))

    def month(self, expiry: date) -> str:
        return f"{expiry:%Y%m}"

    def make(self, con_id: int, terms: Terms) -> Instrument:
        return replace(
            KINDS["option" if self.sec_type == "OPT" else "future_option"],
            con_id=con_id,
            symbol=self.symbol,
            currency=self.currency,
            exchange=self.exchange,
            valid_exchanges=",".join(self.exchange_names),
            local_symbol=self.local_symbol(terms),
            trading_class=self.trading_class,
            market_name=self.trading_class,
            long_name=self.underlying.long_name,
            min_tick=self.min_tick,
            market_rule_id=self.market_rule_id,
            multiplier=self.multiplier,
            time_zone=self.time_zone,
            trading_hours=self.trading_hours,
            liquid_hours=self.liquid_hours,
            under_con_id=self.under_id(terms.expiry),
            under_symbol=self.symbol,
            under_sec_type=self.underlying.sec_type,
            expiry=f"{terms.expiry:%Y%m%d}",
            contract_month=f"{terms.expiry:%Y%m}",
            strike=terms.strike,
            right=terms.right,
            path=self._path(terms),
        )

    def _path(self, terms: Terms) -> Path:
        """A price to begin with: intrinsic value and some time value, at the anchor."""
        under = self.underlying.path
        intrinsic = (under.anchor - terms.strike) * (1 if terms.right == "C" else -1)
        distance = float(abs(under.anchor - terms.strike) / under.anchor)
        time_value = float(under.anchor) * 0.05 * math.exp(-8 * distance)
        ticks = round((float(max(ZERO, intrinsic)) + time_value) / float(self.min_tick))
        return Path(
            anchor=self.min_tick * max(4, ticks),
            volatility=under.volatility,
            spread=self.min_tick * 2,
            size=Decimal(20),
        )


Product = Future | Option


def con_id(product: Product, terms: Terms) -> int:
    """The id of a contract. Raises `ValueError` for terms outside of the table."""
    days, strike = (terms.expiry - EPOCH).days, int(terms.strike / product.strike_step)
    if not (0 <= days < _DAYS and 0 <= strike < _STRIKES):
        raise ValueError(f"{product.symbol} {terms} is outside of the table of contract ids")
    packed = ((product.code * _DAYS + days) * _STRIKES + strike) * 2 + (terms.right == "P")
    return FIRST_ID + packed


def unpack(con_id_: int) -> tuple[int, date, int, bool]:
    """Product code, expiry, strike in steps and whether it is a put."""
    rest, is_put = divmod(con_id_ - FIRST_ID, 2)
    rest, strike = divmod(rest, _STRIKES)
    code, days = divmod(rest, _DAYS)
    return code, EPOCH + timedelta(days=days), strike, bool(is_put)


def means(product: Product, wanted: Contract, terms: Terms) -> bool:
    """Whether a request can mean these terms: asked before a contract is made."""
    return (
        (not wanted.strike or wanted.strike == terms.strike)
        and wanted.right[:1] in {"", "0", "?", terms.right}
        and _ends(product, wanted.last_trade_date, terms.expiry)
        and wanted.local_symbol in {"", product.local_symbol(terms)}
    )


def _ends(product: Product, when: str, expiry: date) -> bool:
    """Whether a day, or a contract month, is that of an expiry."""
    return not when or when in {f"{expiry:%Y%m%d}", product.month(expiry)}


def load_products(underlyings: dict[int, Instrument]) -> tuple[Product, ...]:
    """The products of this package's data files, over the instruments they name."""
    futures = {int(row["code"]): _future(row) for _, row in read_rows(DATA / "futures.csv")}
    options = []
    for _, row in read_rows(DATA / "options.csv"):
        future = futures[int(row["future_code"])] if "future_code" in row else None
        under = future.make(0, Terms(EPOCH)) if future else underlyings[int(row["under_con_id"])]
        options.append(
            Option(
                code=int(row["code"]),
                symbol=row["symbol"],
                sec_type=row["sec_type"],
                trading_class=row["trading_class"],
                exchange=row["exchange"],
                exchanges=row.get("exchanges", ""),
                multiplier=positive(row["multiplier"]),
                strike_step=positive(row["strike_step"]),
                min_tick=positive(row["min_tick"]),
                market_rule_id=int(row["market_rule_id"]),
                underlying=under,
                future=future,
                strikes_each_side=int(row.get("strikes_each_side", STRIKES_EACH_SIDE)),
                cycle=row["cycle"],
                time_zone=row["time_zone"],
                trading_hours=hours(row["trading_hours"]),
                liquid_hours=hours(row["liquid_hours"]),
            )
        )
    return (*futures.values(), *options)


def _future(row: Row) -> Future:
    return Future(
        code=int(row["code"]),
        symbol=row["symbol"],
        trading_class=row["trading_class"],
        exchange=row["exchange"],
        currency=row["currency"],
        long_name=row["long_name"],
        multiplier=positive(row["multiplier"]),
        min_tick=positive(row["min_tick"]),
        market_rule_id=int(row["market_rule_id"]),
        anchor=positive(row["anchor"]),
        volatility=float(row["volatility"]),
        months=row["months"],
        expiry_rule=row["expiry_rule"],
        listed=int(row["listed"]),
        carry=float(row["carry"]),
        under_con_id=int(row.get("under_con_id", 0)),
    )
