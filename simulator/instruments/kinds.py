"""What all instruments of a kind have in common: a row of a data file names its kind.

Order types and exchanges are those captured from real gateways where they were.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from simulator.instruments.model import Instrument, Path

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
OPTION_ORDER_TYPES = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALGO,ALLOC,AON,AVGCOST,BASKET,COND,CONDORDER,DAY,DEACT,"
    "DEACTDIS,DEACTEOD,DIS,FOK,GAT,GTC,GTD,GTT,HID,ICE,IOC,LIT,LMT,MIT,MKT,MTL,NGCOMB,"
    "NONALGO,OCA,OPENCLOSE,SCALE,SNAPMID,SNAPMKT,SNAPREL,STP,STPLMT,TRAIL,TRAILLIT,"
    "TRAILLMT,TRAILMIT,VOLAT,WHATIF"
)
OPTION_EXCHANGES = (
    "SMART,AMEX,CBOE,PHLX,PSE,ISE,BOX,BATS,NASDAQOM,CBOE2,NASDAQBX,MIAX,GEMINI,EDGX,"
    "MERCURY,PEARL,EMERALD,MEMX,IBUSOPT,SAPPHIRE,MX2"
)
INDEX_ORDER_TYPES = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALLOC,BASKET,BENCHPX,COND,CONDORDER,DAY,DEACT,DEACTDIS,"
    "DEACTEOD,GAT,GTC,GTD,GTT,HID,LMT,NONALGO,OCA,SCALE,SCALERST,WHATIF"
)
SIMPLE_ORDER_TYPES = "ACTIVETIM,ADJUST,ALERT,ALLOC,COND,CONDORDER,DAY,GTC,IOC,LMT,MKT,STP,WHATIF"
NO_GROUP = 2147483647
ONE = Decimal(1)

_STOCK = Instrument(
    con_id=0,
    symbol="",
    sec_type="STK",
    currency="USD",
    exchange="SMART",
    primary_exchange="NASDAQ",
    local_symbol="",
    trading_class="",
    market_name="",
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


_PLAIN = replace(
    _STOCK,
    stock_type="",
    bbo_exchange="",
    primary_exchange="",
    min_size=ONE,
    size_increment=ONE,
    suggested_size_increment=ONE,
)
"""No stock; traded in whole units."""
_FOREX = replace(
    _PLAIN,
    sec_type="CASH",
    exchange="IDEALPRO",
    min_tick=Decimal("0.00005"),
    valid_exchanges="IDEALPRO",
    order_types=FOREX_ORDER_TYPES,
    market_rule_id=239,
    calendar="24/5",
    trading_hours=("1715", "1700"),
    liquid_hours=("1715", "1700"),
    path=Path(anchor=ONE, volatility=0.08, spread=Decimal("0.00010"), size=Decimal(2_000_000)),
    min_size=Decimal("0.01"),
    size_increment=Decimal("0.01"),
    suggested_size_increment=Decimal("0.01"),
)
_FUTURE = replace(
    _PLAIN,
    sec_type="FUT",
    order_types=SIMPLE_ORDER_TYPES,
    time_zone="US/Central",
    calendar="CMES",
    trading_hours=("1700", "1600"),
    liquid_hours=("0830", "1600"),
    agg_group=NO_GROUP,
)

KINDS: dict[str, Instrument] = {
    "stock": _STOCK,
    "etf": replace(_STOCK, primary_exchange="ARCA", bbo_exchange="a60001", stock_type="ETF"),
    "xetra_stock": replace(
        _STOCK,
        currency="EUR",
        primary_exchange="IBIS",
        valid_exchanges="SMART,FWB,IBIS,SWB,TGATE,GETTEX",
        bbo_exchange="",
        min_size=ONE,
        size_increment=ONE,
        suggested_size_increment=ONE,
        calendar="XETR",
        time_zone="MET",
        trading_hours=("0900", "1735"),
        liquid_hours=("0900", "1730"),
    ),
    "forex": _FOREX,
    "forex_yen": replace(
        _FOREX,
        min_tick=Decimal("0.005"),
        market_rule_id=240,
        path=replace(_FOREX.path, spread=Decimal("0.010")),
    ),
    "index": replace(
        _PLAIN,
        sec_type="IND",
        exchange="CBOE",
        valid_exchanges="CBOE",
        order_types=INDEX_ORDER_TYPES,
        market_rule_id=25,
        time_zone="US/Central",
        trading_hours=("0830", "1500"),
        liquid_hours=("0830", "1500"),
        agg_group=NO_GROUP,
        path=replace(_PLAIN.path, size=Decimal(0)),
    ),
    "crypto": replace(
        _PLAIN,
        sec_type="CRYPTO",
        exchange="PAXOS",
        valid_exchanges="PAXOS",
        order_types=SIMPLE_ORDER_TYPES,
        market_rule_id=1630,
        calendar="24/7",
        trading_hours=("0000", "2400"),
        liquid_hours=("0000", "2400"),
        min_size=Decimal("0.0001"),
        size_increment=Decimal("0.00000001"),
        suggested_size_increment=Decimal("0.00000001"),
    ),
    "bond": replace(
        _PLAIN,
        sec_type="BOND",
        valid_exchanges="SMART",
        order_types=SIMPLE_ORDER_TYPES,
        min_tick=Decimal("0.001"),
        market_rule_id=1191,
        trading_hours=("0800", "1700"),
        liquid_hours=("0800", "1700"),
        multiplier=Decimal("0.01"),
        min_size=Decimal(1000),
        size_increment=Decimal(1000),
        suggested_size_increment=Decimal(1000),
    ),
    "cfd": replace(
        _PLAIN,
        sec_type="CFD",
        valid_exchanges="SMART",
        order_types=SIMPLE_ORDER_TYPES,
    ),
    "fund": replace(
        _PLAIN,
        sec_type="FUND",
        exchange="FUNDSERV",
        valid_exchanges="FUNDSERV",
        order_types="DAY,MKT",
    ),
    "warrant": replace(
        _PLAIN,
        sec_type="WAR",
        exchange="FWB",
        valid_exchanges="SMART,FWB,SWB",
        order_types=SIMPLE_ORDER_TYPES,
        min_tick=Decimal("0.001"),
        market_rule_id=1191,
        calendar="XSTU",
        time_zone="MET",
        trading_hours=("0800", "2200"),
        liquid_hours=("0900", "1730"),
    ),
    "future": _FUTURE,
    "option": replace(
        _PLAIN,
        sec_type="OPT",
        valid_exchanges=OPTION_EXCHANGES,
        order_types=OPTION_ORDER_TYPES,
        market_rule_id=32,
        trading_hours=("0930", "1600"),
        agg_group=2,
    ),
    "future_option": replace(
        _FUTURE, sec_type="FOP", order_types=OPTION_ORDER_TYPES, min_tick=Decimal("0.05")
    ),
}
"""Kind of a row → the instrument its columns change."""
