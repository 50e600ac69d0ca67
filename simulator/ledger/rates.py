"""The shares of its worth that each kind of instrument needs as margin: tables.

Sources and simplifications stand in `margin`.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.commissions import is_treasury
from simulator.instruments import Instrument
from simulator.ledger.valued import Valued

ONE = Decimal(1)
INITIAL_OVER_MAINTENANCE = Decimal("1.1")
LONG_SHARES = Decimal("0.50"), Decimal("0.25")
SHORT_SHARES = Decimal("0.50"), Decimal("0.30")
SHORT_LEAST = Decimal("5.00")
SHORT_FLOOR = Decimal("2.50")
CURRENCY = Decimal("0.025")

FUTURES = {
    **dict.fromkeys(("ES", "MES", "YM", "MYM"), Decimal("0.08")),
    **dict.fromkeys(("NQ", "MNQ", "RTY", "M2K"), Decimal("0.09")),
    "CL": Decimal("0.10"),
    "GC": Decimal("0.08"),
    "ZN": Decimal("0.02"),
    "EUR": Decimal("0.025"),
}
"""Future → maintenance as a share of its worth."""
USUAL_FUTURE = Decimal("0.10")

TREASURY = Decimal("0.09")
CORPORATE = Decimal("0.25")
SHARE_CFD = Decimal("0.20")
INDEX_CFD = Decimal("0.05")


def share_needed(instrument: Instrument) -> Decimal:
    """Maintenance as a share of the worth, of all but shares, funds and options."""
    if instrument.sec_type in {"FUT", "CONTFUT", "FOP"}:
        return FUTURES.get(instrument.symbol, USUAL_FUTURE)
    if instrument.sec_type == "BOND":
        return TREASURY if is_treasury(instrument) else CORPORATE
    if instrument.sec_type == "CFD":
        return INDEX_CFD if instrument.under_sec_type == "IND" else SHARE_CFD
    return ONE


def short_shares(valued: Valued) -> tuple[Decimal, Decimal]:
    """Initial and maintenance of shares sold short, dearer for cheap ones."""
    price, quantity = valued.price, -valued.quantity
    initial, maintenance = SHORT_SHARES
    least = max(min(price, SHORT_LEAST), SHORT_FLOOR)
    hold = max(price * maintenance, least)
    return quantity * max(price * initial, hold), quantity * hold
