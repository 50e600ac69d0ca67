"""The table of order types: what elects each, what price it works at, where it may be sent.

Data. Fields that a row does not name mean nothing to the type.

- The security types are those of IBKR's own samples of each type (TWS API, OrderSamples),
  and those in whose captured contract details the type is listed. Crypto takes market and
  limit orders only, funds market orders (IBKR, Order Types).
- A paper account takes all of them but those IBKR names as not supported (IBKR, Paper
  Trading): pegged to market; auctions and requests for quotes have no type of their own.
  Pegged to best is not taken either (ours: it needs a venue of IBKR's).
- The names of before stand in IBKR's guide to its ActiveX control.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from simulator.matching.pegs import Reference
from simulator.matching.triggers import Kind


class Pricing(Enum):
    """What an order works at once it is active."""

    MARKET = "market"
    LIMIT = "limit"
    PEG = "peg"
    MARKET_TO_LIMIT = "market to limit"
    PROTECTED = "protected"
    VOLATILITY = "volatility"
    STOCK_PEG = "pegged to stock"
    BENCHMARK_PEG = "pegged to benchmark"


class Auction(Enum):
    """The call in which an order takes part, and in no other trading."""

    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """What a price is tied to; `direction` 1: an offset makes it more aggressive, -1: less."""

    reference: Reference
    direction: int
    is_fixed: bool = False
    is_one_way: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderType:
    """One row of the table.

    `needs`: fields that must differ from what a new order has; `one_of`: of each group at
    least one; `may`: what else it understands of prices. `listed_as` is its name in the
    details of contracts, empty where none was captured. `note` says how it is simplified.
    """

    name: str
    price: Pricing
    sec_types: frozenset[str]
    trigger: Kind | None = None
    auction: Auction | None = None
    tie: Tie | None = None
    needs: frozenset[str] = frozenset()
    one_of: tuple[frozenset[str], ...] = ()
    may: frozenset[str] = frozenset()
    is_on_paper: bool = True
    listed_as: str = ""
    note: str = ""


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


LISTED = _set("STK OPT FOP FUT WAR IOPT CFD")
"""What trades at exchanges, or as if it did."""

PRICED = LISTED | _set("CASH CMDTY")
OPEN_SEC_TYPES = _set("STK CFD OPT WAR")
"""Types that take part in the opening call: market and limit orders with TIF OPG."""

TRAIL_BY = _set("aux_price trailing_percent")
OFFSET_BY = _set("aux_price percent_offset")

_RELATIVE = Tie(reference=Reference.PRIMARY, direction=1, is_one_way=True)
_OFF_MARKET = Tie(reference=Reference.MARKET, direction=-1)
_OFF_MIDPOINT = Tie(reference=Reference.MIDPOINT, direction=-1)

_ROWS = (
    OrderType(
        name="MKT",
        price=Pricing.MARKET,
        sec_types=PRICED | _set("BOND FUND CRYPTO BAG"),
        listed_as="MKT",
    ),
    OrderType(
        name="LMT",
        price=Pricing.LIMIT,
        sec_types=PRICED | _set("BOND CRYPTO BAG"),
        needs=_set("limit_price"),
        listed_as="LMT",
    ),
    OrderType(
        name="STP",
        price=Pricing.MARKET,
        sec_types=PRICED | _set("BAG"),
        trigger=Kind.STOP,
        needs=_set("aux_price"),
        listed_as="STP",
    ),
    OrderType(
        name="STP LMT",
        price=Pricing.LIMIT,
        sec_types=PRICED,
        trigger=Kind.STOP,
        needs=_set("aux_price limit_price"),
        listed_as="STPLMT",
    ),
    OrderType(
        name="STP PRT",
        price=Pricing.PROTECTED,
        sec_types=_set("FUT"),
        trigger=Kind.STOP,
        needs=_set("aux_price"),
        note="the protected range is half a percent, not that of the product",
    ),
    OrderType(
        name="TRAIL",
        price=Pricing.MARKET,
        sec_types=PRICED,
        trigger=Kind.TRAIL,
        one_of=(TRAIL_BY,),
        may=_set("trail_stop_price"),
        listed_as="TRAIL",
    ),
    OrderType(
        name="TRAIL LIMIT",
        price=Pricing.LIMIT,
        sec_types=PRICED | _set("BOND"),
        trigger=Kind.TRAIL,
        one_of=(TRAIL_BY, _set("limit_price limit_price_offset")),
        may=_set("trail_stop_price"),
        listed_as="TRAILLMT",
    ),
    OrderType(
        name="MIT",
        price=Pricing.MARKET,
        sec_types=PRICED | _set("BOND"),
        trigger=Kind.TOUCH,
        needs=_set("aux_price"),
        listed_as="MIT",
    ),
    OrderType(
        name="LIT",
        price=Pricing.LIMIT,
        sec_types=PRICED | _set("BOND"),
        trigger=Kind.TOUCH,
        needs=_set("aux_price limit_price"),
        listed_as="LIT",
    ),
    OrderType(
        name="MOC",
        price=Pricing.MARKET,
        sec_types=_set("STK CFD FUT WAR"),
        auction=Auction.CLOSE,
        listed_as="MOC",
        note="trades at the last price before the close, whatever its size",
    ),
    OrderType(
        name="LOC",
        price=Pricing.LIMIT,
        sec_types=_set("STK CFD FUT WAR"),
        auction=Auction.CLOSE,
        needs=_set("limit_price"),
        listed_as="LOC",
        note="trades at the last price before the close, whatever its size",
    ),
    OrderType(
        name="MTL",
        price=Pricing.MARKET_TO_LIMIT,
        sec_types=LISTED,
        listed_as="MTL",
    ),
    OrderType(
        name="MKT PRT",
        price=Pricing.PROTECTED,
        sec_types=_set("FUT FOP"),
        note="the protected range is half a percent, not that of the product",
    ),
    OrderType(
        name="BOX TOP",
        price=Pricing.MARKET_TO_LIMIT,
        sec_types=_set("OPT"),
        note="worked at any exchange",
    ),
    OrderType(
        name="REL",
        price=Pricing.PEG,
        sec_types=_set("STK CFD OPT FUT CASH"),
        tie=_RELATIVE,
        one_of=(OFFSET_BY,),
        may=_set("limit_price"),
        listed_as="REL",
        note="contract details list it, though a comment of IBKR's samples denies it to paper",
    ),
    OrderType(
        name="PEG PRIM",
        price=Pricing.PEG,
        sec_types=_set("STK CFD OPT FUT CASH"),
        tie=_RELATIVE,
        one_of=(OFFSET_BY,),
        may=_set("limit_price"),
        listed_as="REL",
        note="another name of REL",
    ),
    OrderType(
        name="PASSV REL",
        price=Pricing.PEG,
        sec_types=_set("STK WAR"),
        tie=Tie(reference=Reference.PRIMARY, direction=-1),
        one_of=(OFFSET_BY,),
        may=_set("limit_price"),
        note="worked at any exchange",
    ),
    OrderType(
        name="PEG MKT",
        price=Pricing.PEG,
        sec_types=_set("STK"),
        tie=_OFF_MARKET,
        may=_set("aux_price limit_price"),
        is_on_paper=False,
    ),
    OrderType(
        name="PEG MID",
        price=Pricing.PEG,
        sec_types=_set("STK"),
        tie=_OFF_MIDPOINT,
        may=_set("aux_price limit_price"),
        listed_as="PEGMID",
        note="one offset, whether the midpoint is a whole tick or not",
    ),
    OrderType(
        name="MIDPRICE",
        price=Pricing.PEG,
        sec_types=_set("STK"),
        tie=_OFF_MIDPOINT,
        may=_set("limit_price"),
        listed_as="MIDPX",
        note="rests at the midpoint, whatever venue would be the best",
    ),
    OrderType(
        name="SNAP MKT",
        price=Pricing.PEG,
        sec_types=_set("STK CFD OPT FUT"),
        tie=replace(_OFF_MARKET, is_fixed=True),
        may=_set("aux_price"),
        listed_as="SNAPMKT",
    ),
    OrderType(
        name="SNAP MID",
        price=Pricing.PEG,
        sec_types=_set("STK CFD OPT FUT"),
        tie=replace(_OFF_MIDPOINT, is_fixed=True),
        may=_set("aux_price"),
        listed_as="SNAPMID",
    ),
    OrderType(
        name="SNAP PRIM",
        price=Pricing.PEG,
        sec_types=_set("STK CFD OPT FUT"),
        tie=Tie(reference=Reference.PRIMARY, direction=1, is_fixed=True),
        may=_set("aux_price"),
        listed_as="SNAPREL",
    ),
    OrderType(
        name="PEG BEST",
        price=Pricing.PEG,
        sec_types=_set("STK OPT"),
        may=_set("limit_price compete_against_best_offset"),
        is_on_paper=False,
        note="competes with the resting orders of IBKR's own venue, which has none here",
    ),
    OrderType(
        name="VOL",
        price=Pricing.VOLATILITY,
        sec_types=_set("OPT FOP"),
        needs=_set("volatility volatility_type"),
        may=_set("reference_price_type stock_range_lower stock_range_upper"),
        listed_as="VOLAT",
    ),
    OrderType(
        name="PEG STK",
        price=Pricing.STOCK_PEG,
        sec_types=_set("OPT"),
        needs=_set("delta"),
        may=_set("starting_price stock_reference_price stock_range_lower stock_range_upper"),
        listed_as="RELSTK",
    ),
    OrderType(
        name="PEG BENCH",
        price=Pricing.BENCHMARK_PEG,
        sec_types=_set("STK OPT"),
        needs=_set("reference_contract_id pegged_change_amount reference_change_amount"),
        may=_set("starting_price stock_reference_price stock_range_lower stock_range_upper"),
        listed_as="PEGBENCH",
        note="the price moves by whole steps of the reference",
    ),
    OrderType(
        name="LMT + MKT",
        price=Pricing.LIMIT,
        sec_types=_set("BAG"),
        needs=_set("limit_price"),
        note="all legs are filled at once within the limit, none is left to the market",
    ),
    OrderType(
        name="REL + LMT",
        price=Pricing.PEG,
        sec_types=_set("BAG"),
        tie=_RELATIVE,
        needs=_set("limit_price"),
        may=OFFSET_BY,
        note="all legs are filled at once, pegged to the quote of the whole",
    ),
    OrderType(
        name="REL + MKT",
        price=Pricing.PEG,
        sec_types=_set("BAG"),
        tie=_RELATIVE,
        may=OFFSET_BY,
        note="all legs are filled at once, pegged to the quote of the whole",
    ),
)

ORDER_TYPES: dict[str, OrderType] = {row.name: row for row in _ROWS}

SYNONYMS = {
    "MKTCLS": "MOC",
    "LMTCLS": "LOC",
    "PEGMKT": "PEG MKT",
    "STPLMT": "STP LMT",
    "TRAILLIMIT": "TRAIL LIMIT",
}
"""Names that gateways still understand."""


def order_type(name: str) -> OrderType | None:
    """What a name means, None if it means nothing."""
    return ORDER_TYPES.get(SYNONYMS.get(name, name))
