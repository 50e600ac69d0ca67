"""Order types and times in force: what each is valid for. The types are those of `order_types`.

Captured: an unknown type is 321, one that the product does not have 387; the time in force
AUC is rejected by the server; a market order for a crypto currency must be IOC (a log).
Documented: 111 and 113. Ours: GTX and Minutes, which no simulated venue has, and OPG where
there is no call, are rejected in the same words as AUC.
"""

from __future__ import annotations

from simulator.gateway.validation.candidate import Candidate, Refusal, first, invalid, refuse
from simulator.order_types import OPEN_SEC_TYPES, Auction

NOT_TRADABLE = frozenset({"IND", "CONTFUT"})
TIFS = frozenset({"", "DAY", "GTC", "IOC", "FOK", "GTD", "OPG", "DTC"})
REJECTED_TIFS = frozenset({"AUC", "GTX", "Minutes"})
AT_THE_OPEN = frozenset({"MKT", "LMT"})
"""What can be combined with OPG: market and limit on open."""


def order_type(candidate: Candidate) -> Refusal | None:
    if candidate.sec_type in NOT_TRADABLE:
        return refuse(412)
    kind = candidate.kind
    if kind is None:
        return invalid("order type")
    is_valid = kind.is_on_paper and candidate.sec_type in kind.sec_types
    return None if is_valid else refuse(387)


def tif(candidate: Candidate) -> Refusal | None:
    tif, kind = candidate.order.tif, candidate.order_kind
    return first(
        (tif not in TIFS | REJECTED_TIFS, refuse(10052, tif=tif)),
        (kind.auction is Auction.CLOSE and tif not in {"", "DAY"}, refuse(113)),
        (tif == "OPG" and candidate.order_type not in AT_THE_OPEN, refuse(111)),
    )


def venue(candidate: Candidate) -> Refusal | None:
    """What only the order server finds, when the gateway has found nothing."""
    tif, sec_type = candidate.order.tif, candidate.sec_type
    is_absent = tif in REJECTED_TIFS or (tif == "OPG" and sec_type not in OPEN_SEC_TYPES)
    is_crypto_market = (sec_type, candidate.order_type) == ("CRYPTO", "MKT")
    return first(
        (is_absent, _no_venue(tif)),
        (
            is_crypto_market and tif not in {"", "IOC"},
            _rejected("The crypto MKT order must be IOC"),
        ),
    )


def _no_venue(tif: str) -> Refusal:
    return _rejected(
        f"The time-in-force {tif} is invalid for this combination of exchange and security type"
    )


def _rejected(reason: str) -> Refusal:
    return refuse(201, is_server=True, reason=reason)
