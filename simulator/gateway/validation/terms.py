"""Order types and times in force: what each is valid for, and what it must be told.

Order types and their products follow the vendor's list of basic orders; auctions, pegged to
market and pegged to best are not simulated for paper accounts (IBKR, paper trading: 387).
Captured: an unknown type is 321, one that the product does not have 387; the time in force
AUC is rejected by the server. A market order for a crypto currency must be IOC (a log).
Ours: GTX and Minutes, which no simulated venue has, are rejected in the same words as AUC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulator.gateway.validation.candidate import Candidate, Refusal, first, invalid, refuse

NOT_TRADABLE = frozenset({"IND", "CONTFUT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an order type needs. `limit`, `stop`, `trigger`: the price that must be sent."""

    sec_types: frozenset[str]
    needs: tuple[str, ...] = ()
    is_on_paper: bool = True


def _of(sec_types: str, *needs: str, is_on_paper: bool = True) -> Terms:
    return Terms(sec_types=frozenset(sec_types.split()), needs=needs, is_on_paper=is_on_paper)


_ANY = "STK OPT FUT FOP CASH CFD WAR BOND CRYPTO CMDTY FUND BAG"
_STOPS = "STK OPT FUT FOP CASH CFD WAR CMDTY BAG"
_TOUCHED = "STK OPT FUT FOP CASH CFD WAR BOND CMDTY"
_CLOSING = "STK CFD FUT WAR"
_LIT = "STK OPT CFD FUT"

ORDER_TYPES: dict[str, Terms] = {
    "MKT": _of(_ANY),
    "LMT": _of(_ANY, "limit"),
    "STP": _of(_STOPS, "stop"),
    "STP LMT": _of(_STOPS, "stop", "limit"),
    "TRAIL": _of(_STOPS, "trail"),
    "TRAIL LIMIT": _of(_STOPS, "trail", "trail limit"),
    "MIT": _of(_TOUCHED, "trigger"),
    "LIT": _of(_TOUCHED, "trigger", "limit"),
    "MOC": _of(_CLOSING),
    "LOC": _of(_CLOSING, "limit"),
    "MTL": _of("STK OPT FUT FOP CFD WAR"),
    "MKT PRT": _of("FUT FOP"),
    "STP PRT": _of("FUT FOP", "stop"),
    "REL": _of("STK OPT FUT CASH CFD BAG", "offset"),
    "PEG PRIM": _of("STK OPT FUT CFD", "offset"),
    "PASSV REL": _of("STK CFD", "offset"),
    "MIDPRICE": _of("STK CFD"),
    "PEG MID": _of("STK"),
    "SNAP MKT": _of(_LIT),
    "SNAP MID": _of(_LIT),
    "SNAP PRIM": _of(_LIT),
    "BOX TOP": _of("OPT"),
    "VOL": _of("OPT FOP"),
    "PEG STK": _of("OPT", "delta"),
    "PEG BENCH": _of("STK OPT FUT CFD BOND", "benchmark"),
    "LMT + MKT": _of("BAG", "limit"),
    "REL + MKT": _of("BAG", "offset"),
    "REL + LMT": _of("BAG", "offset"),
    "PEG MKT": _of("STK", is_on_paper=False),
    "PEG BEST": _of("STK", is_on_paper=False),
    "AUC": _of("STK FUT", is_on_paper=False),
    "AUC LMT": _of("STK FUT", "limit", is_on_paper=False),
    "AUC REL": _of("STK FUT", is_on_paper=False),
}

TIFS = frozenset({"DAY", "GTC", "IOC", "FOK", "GTD", "OPG", "DTC"})
REJECTED_TIFS = frozenset({"AUC", "GTX", "Minutes"})
AT_THE_CLOSE = frozenset({"MOC", "LOC"})
AT_THE_OPEN = frozenset({"MKT", "LMT"})
"""What can be combined with OPG: market and limit on open."""


def order_type(candidate: Candidate) -> Refusal | None:
    if candidate.sec_type in NOT_TRADABLE:
        return refuse(412)
    terms = ORDER_TYPES.get(candidate.order.order_type)
    if terms is None:
        return invalid("order type")
    is_valid = terms.is_on_paper and candidate.sec_type in terms.sec_types
    return None if is_valid else refuse(387)


def tif(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    tif, order_type = order.tif or "DAY", order.order_type
    if tif not in TIFS:
        return _not_in_force(tif)
    is_crypto_market = candidate.sec_type == "CRYPTO" and order_type == "MKT" and order.tif
    return first(
        (tif != "DAY" and order_type in AT_THE_CLOSE, refuse(113)),
        (tif == "OPG" and order_type not in AT_THE_OPEN, refuse(111)),
        (is_crypto_market and tif != "IOC", _rejected("The crypto MKT order must be IOC")),
    )


def _not_in_force(tif: str) -> Refusal:
    if tif not in REJECTED_TIFS:
        return refuse(10052, tif=tif)
    return _rejected(
        f"The time-in-force {tif} is invalid for this combination of exchange and security type"
    )


def _rejected(reason: str) -> Refusal:
    return refuse(201, is_server=True, reason=reason)


def needs(order_type: str) -> Iterable[str]:
    return ORDER_TYPES[order_type].needs
