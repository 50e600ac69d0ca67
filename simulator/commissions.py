"""What a fill costs. Pure arithmetic in `Decimal`."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from simulator.instruments import Instrument

ZERO = Decimal(0)
CENT = Decimal("0.01")

CONTRACT_FEES = {
    "OPT": (Decimal(1), Decimal("0.65")),
    "FUT": (ZERO, Decimal("2.25")),
    "FOP": (ZERO, Decimal("2.25")),
}
"""Security type → the least fee of a fill and the fee of each contract, in US dollars."""


def commission_for(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    """IBKR's published fixed pricing, in US dollars.

    US stocks and ETFs: 0.005 a share, at least 1.00, at most 1 % of the trade.
    Currency pairs: 0.2 basis points of the trade, at least 2.00. Options 0.65 and futures
    2.25 a contract (exchange fees included, typical), options at least 1.00. Crypto: 0.18 %,
    at least 1.75 but at most 1 %.
    """
    trade = quantity * price * instrument.multiplier
    if instrument.sec_type in CONTRACT_FEES:
        least, each = CONTRACT_FEES[instrument.sec_type]
        return max(quantity * each, least)
    if instrument.sec_type == "CASH":
        if instrument.currency != "USD":
            trade = quantity  # a unit of the first currency stands for a dollar: no rates here
        fee = max(trade * Decimal("0.00002"), Decimal(2))
    elif instrument.sec_type == "CRYPTO":
        fee = min(max(trade * Decimal("0.0018"), Decimal("1.75")), trade * CENT)
    else:
        fee = min(max(quantity * Decimal("0.005"), Decimal(1)), trade * CENT)
    return fee.quantize(Decimal("0.0001"), ROUND_HALF_UP).normalize()
