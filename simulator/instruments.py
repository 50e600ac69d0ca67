"""The contract database: what can be traded, and how a request finds it.

Facts of an instrument are data; the parameters of its price path stand beside them, for
`market.py` to use. Knows nothing of quotes, orders or the wire. Contract ids, exchanges
and names are the public ones of the real instruments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from simulator.records import Contract, ContractDetails, TagValue

STOCK_ORDER_TYPES = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALGO,ALLOC,AON,AVGCOST,BASKET,BENCHPX,CASHQTY,COND,CONDORDER,"
    "DAY,DEACT,DEACTDIS,DEACTEOD,DIS,FOK,GAT,GTC,GTD,GTT,HID,IBKRATS,ICE,IOC,LIT,LMT,LOC,"
    "MIDPX,MIT,MKT,MOC,MTL,NGCOMB,NONALGO,OCA,OPG,PEGBENCH,PEGMID,POSTONLY,PREOPGRTH,REL,"
    "RTH,SCALE,SCALERST,SNAPMID,SNAPMKT,SNAPREL,STP,STPLMT,SWEEP,TRAIL,TRAILLIT,TRAILLMT,"
    "TRAILMIT,WHATIF"
)
FOREX_ORDER_TYPES = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALGO,ALLOC,AVGCOST,BASKET,CASHQTY,COND,CONDORDER,CONSCOST,DAY,"
    "DEACT,DEACTDIS,DEACTEOD,FOK,GAT,GTC,GTD,GTT,HID,IOC,LIT,LMT,MIT,MKT,NONALGO,OCA,REL,"
    "RELPCTOFS,SCALE,SCALERST,STP,STPLMT,TRAIL,TRAILLIT,TRAILLMT,TRAILMIT,WHATIF"
)
STOCK_EXCHANGES = (
    "SMART,AMEX,NYSE,CBOE,PHLX,ISE,CHX,ARCA,NASDAQ,DRCTEDGE,BEX,BATS,EDGEA,BYX,IEX,EDGX,"
    "FOXRIVER,PEARL,NYSENAT,LTSE,MEMX,IBEOS,OVERNIGHT,TPLUS0,PSX"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """How the price of an instrument moves: see `market.PricePath`.

    `anchor` is the price it keeps around, `volatility` the yearly standard deviation of
    its logarithm, `spread` the displayed spread and `size` the usual displayed size.
    """

    anchor: Decimal
    volatility: float
    spread: Decimal
    size: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One tradable contract and everything the gateway can tell of it."""

    con_id: int
    symbol: str
    sec_type: str
    currency: str
    exchange: str
    primary_exchange: str
    local_symbol: str
    trading_class: str
    market_name: str
    long_name: str
    min_tick: Decimal
    valid_exchanges: str
    order_types: str
    market_rule_id: int
    time_zone: str
    trading_hours: tuple[str, str]
    liquid_hours: tuple[str, str]
    bbo_exchange: str
    path: Path
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    isin: str = ""
    stock_type: str = ""
    min_size: Decimal = Decimal("0.0001")
    size_increment: Decimal = Decimal("0.0001")
    suggested_size_increment: Decimal = Decimal(100)

    def contract(self) -> Contract:
        """The full contract, on the exchange requests usually name."""
        return Contract(
            con_id=self.con_id,
            symbol=self.symbol,
            sec_type=self.sec_type,
            exchange=self.exchange,
            primary_exchange=self.primary_exchange,
            currency=self.currency,
            local_symbol=self.local_symbol,
            trading_class=self.trading_class,
        )

    def details(self, today: date) -> ContractDetails:
        exchanges = self.valid_exchanges.split(",")
        return ContractDetails(
            contract=self.contract(),
            market_name=self.market_name,
            min_tick=self.min_tick,
            order_types=self.order_types,
            valid_exchanges=self.valid_exchanges,
            long_name=self.long_name,
            industry=self.industry,
            category=self.category,
            subcategory=self.subcategory,
            time_zone_id=self.time_zone,
            trading_hours=_hours(today, self.trading_hours),
            liquid_hours=_hours(today, self.liquid_hours),
            sec_ids=(TagValue(tag="ISIN", value=self.isin),) if self.isin else (),
            market_rule_ids=",".join([str(self.market_rule_id)] * len(exchanges)),
            stock_type=self.stock_type,
            min_size=self.min_size,
            size_increment=self.size_increment,
            suggested_size_increment=self.suggested_size_increment,
        )

    def matches(self, wanted: Contract) -> bool:
        """Whether every field that the request sets is true of this instrument."""
        return all(
            (
                wanted.con_id in {0, self.con_id},
                wanted.symbol.upper() in {"", self.symbol},
                wanted.sec_type in {"", self.sec_type},
                wanted.currency in {"", self.currency},
                not wanted.exchange or wanted.exchange in self.valid_exchanges.split(","),
                wanted.primary_exchange in {"", self.primary_exchange},
                wanted.local_symbol in {"", self.local_symbol},
                wanted.trading_class in {"", self.trading_class},
                not wanted.sec_id or (wanted.sec_id_type, wanted.sec_id) == ("ISIN", self.isin),
            )
        )


SESSION_DAYS = 6


def _hours(today: date, hours: tuple[str, str]) -> str:
    """`20260413:0400-20260413:2000;20260418:CLOSED;…` as the security definition server has it."""
    days = (today + timedelta(days=offset) for offset in range(SESSION_DAYS))
    start, end = hours
    return ";".join(
        f"{day:%Y%m%d}:CLOSED" if day.weekday() > 4 else f"{day:%Y%m%d}:{start}-{day:%Y%m%d}:{end}"
        for day in days
    )


class ContractDatabase:
    """Instruments by contract id, and the search that requests go through."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._by_con_id = {instrument.con_id: instrument for instrument in instruments}

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._by_con_id.values())

    def __getitem__(self, con_id: int) -> Instrument:
        return self._by_con_id[con_id]

    def find(self, wanted: Contract) -> list[Instrument]:
        """All instruments the request can mean; a request that names nothing finds nothing."""
        if not (wanted.con_id or wanted.symbol or wanted.local_symbol or wanted.sec_id):
            return []
        if wanted.con_id:
            candidates = (
                [self._by_con_id[wanted.con_id]] if wanted.con_id in self._by_con_id else []
            )
        else:
            candidates = list(self._by_con_id.values())
        return [instrument for instrument in candidates if instrument.matches(wanted)]

    def by_name(self, name: str) -> Instrument:
        """The one instrument of a symbol or local symbol (`AAPL`, `EUR.USD`, `EURUSD`).

        Raises `KeyError` with the known names for any other.
        """
        for instrument in self:
            names = {instrument.local_symbol, instrument.local_symbol.replace(".", "")}
            if name.upper() in names:
                return instrument
        known = ", ".join(instrument.local_symbol for instrument in self)
        raise KeyError(f"no instrument {name!r}; known are {known}")


_US_STOCK = Instrument(
    con_id=0,
    symbol="",
    sec_type="STK",
    currency="USD",
    exchange="SMART",
    primary_exchange="NASDAQ",
    local_symbol="",
    trading_class="NMS",
    market_name="NMS",
    long_name="",
    min_tick=Decimal("0.01"),
    valid_exchanges=STOCK_EXCHANGES,
    order_types=STOCK_ORDER_TYPES,
    market_rule_id=26,
    time_zone="US/Eastern",
    trading_hours=("0400", "2000"),
    liquid_hours=("0930", "1600"),
    bbo_exchange="9c0001",
    stock_type="COMMON",
    path=Path(anchor=Decimal(100), volatility=0.25, spread=Decimal("0.02"), size=Decimal(400)),
)
"""What listed US stocks have in common."""


def _forex(con_id: int, base: str, quote: str, name: str, anchor: str) -> Instrument:
    return Instrument(
        con_id=con_id,
        symbol=base,
        sec_type="CASH",
        currency=quote,
        exchange="IDEALPRO",
        primary_exchange="",
        local_symbol=f"{base}.{quote}",
        trading_class=f"{base}.{quote}",
        market_name=f"{base}.{quote}",
        long_name=name,
        min_tick=Decimal("0.00005"),
        valid_exchanges="IDEALPRO",
        order_types=FOREX_ORDER_TYPES,
        market_rule_id=239,
        time_zone="US/Eastern",
        trading_hours=("0000", "2359"),
        liquid_hours=("0000", "2359"),
        bbo_exchange="",
        path=Path(
            anchor=Decimal(anchor),
            volatility=0.08,
            spread=Decimal("0.00010"),
            size=Decimal(2_000_000),
        ),
        min_size=Decimal("0.01"),
        size_increment=Decimal("0.01"),
        suggested_size_increment=Decimal("0.01"),
    )


INSTRUMENTS = (
    replace(
        _US_STOCK,
        con_id=265598,
        symbol="AAPL",
        local_symbol="AAPL",
        long_name="APPLE INC",
        industry="Technology",
        category="Computers",
        subcategory="Computers",
        isin="US0378331005",
        path=replace(_US_STOCK.path, anchor=Decimal(230), volatility=0.26),
    ),
    replace(
        _US_STOCK,
        con_id=272093,
        symbol="MSFT",
        local_symbol="MSFT",
        long_name="MICROSOFT CORP",
        industry="Technology",
        category="Software",
        subcategory="Applications Software",
        isin="US5949181045",
        path=replace(_US_STOCK.path, anchor=Decimal(440), volatility=0.24),
    ),
    replace(
        _US_STOCK,
        con_id=756733,
        symbol="SPY",
        local_symbol="SPY",
        long_name="STATE STREET SPDR S&P 500 ETF TRUST",
        primary_exchange="ARCA",
        trading_class="SPY",
        market_name="SPY",
        bbo_exchange="a60001",
        isin="US78462F1030",
        stock_type="ETF",
        path=replace(_US_STOCK.path, anchor=Decimal(590), volatility=0.16),
    ),
    _forex(12087792, "EUR", "USD", "European Monetary Union Euro", "1.0850"),
)
