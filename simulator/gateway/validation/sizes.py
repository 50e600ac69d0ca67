"""Sizes: of the order, of what is displayed, of the least that is taken, and in money.

Captured: 321 for shares that are not whole, 10255, 10289 and 10293. A hedge is sent
without a size, as is a change of positions in percent. In money are market and limit orders
of what the details of the contract call fit for it (CASHQTY), and of crypto currencies
(documented: 10244); a market purchase of these is only possible in money.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.gateway.validation.candidate import (
    MAX_SIZE,
    TWS_10,
    Candidate,
    Refusal,
    first,
    invalid,
    refuse,
)

FRACTIONAL = frozenset({"CASH", "CRYPTO", "CMDTY", "FUND"})
"""Types whose sizes need not be whole."""

SIZE_RULE = "Order size does not conform to market rule."
MIN_BLOCK = 50
CENT = Decimal("0.01")
IN_MONEY = frozenset({"MKT", "LMT"})
DARK = "IBDARK"


def quantity(candidate: Candidate) -> Refusal | None:
    order, quantity = candidate.order, candidate.order.total_quantity
    if order.hedge_type:
        return refuse(10032) if quantity and candidate.held is None else None
    if order.cash_quantity:
        return _money(candidate, order.cash_quantity)
    if not quantity:
        return None if _follows_from_positions(candidate) else refuse(434)
    filled = candidate.held.filled if candidate.held is not None else 0
    if not filled < quantity <= MAX_SIZE:
        return refuse(321, cause=SIZE_RULE)
    return _whole(candidate, quantity) or _increment(candidate, quantity) or _crypto(candidate)


def _follows_from_positions(candidate: Candidate) -> bool:
    """Whether the size is a percentage of what the accounts of a group hold."""
    order = candidate.order
    return order.fa_method == "PctChange" and bool(order.fa_group or order.fa_profile)


def _whole(candidate: Candidate, quantity: Decimal) -> Refusal | None:
    """What may not be fractional, by what it is and by what the client can say."""
    if quantity % 1 == 0:
        return None
    if candidate.order.fa_group or candidate.order.fa_profile:
        return refuse(10251)
    if candidate.sec_type == "STK":
        return refuse(10243)
    if candidate.sec_type not in FRACTIONAL:
        return refuse(321, cause=SIZE_RULE)
    return refuse(10285) if candidate.version < TWS_10 else None


def _increment(candidate: Candidate, quantity: Decimal) -> Refusal | None:
    instrument = candidate.instrument
    if quantity < instrument.min_size:
        return refuse(388)
    if quantity % instrument.size_increment:
        return refuse(10250, increment=f"{instrument.size_increment:f}")
    return None


def _crypto(candidate: Candidate) -> Refusal | None:
    order = candidate.order
    is_purchase = (candidate.order_type, order.action) == ("MKT", "BUY")
    return refuse(10289) if candidate.sec_type == "CRYPTO" and is_purchase else None


def _money(candidate: Candidate, cash: Decimal) -> Refusal | None:
    order, is_crypto = candidate.order, candidate.sec_type == "CRYPTO"
    is_able = (is_crypto or candidate.is_capable("CASHQTY")) and candidate.order_type in IN_MONEY
    return first(
        (not is_able, refuse(10244)),
        (candidate.held is not None, refuse(10241)),
        (order.total_quantity, refuse(10293 if is_crypto else 10244)),
        (not 0 < cash <= MAX_SIZE or cash % CENT, refuse(10317, increment=CENT)),
    )


def displayed(candidate: Candidate) -> Refusal | None:
    """An iceberg; where it is ignored with a warning, its size does not matter."""
    order, size = candidate.order, candidate.order.display_size
    if not size:
        return None
    is_plain = candidate.order_type == "MKT" or order.algo_strategy
    is_whole = candidate.is_us_stock_at_smart and size >= (order.total_quantity or size + 1)
    return first(
        (is_plain or order.hidden, refuse(10255)),
        (size < 0 or is_whole, refuse(10020)),
    )


def hidden(candidate: Candidate) -> Refusal | None:
    return refuse(152) if candidate.order.hidden and not candidate.is_capable("HID") else None


def least(candidate: Candidate) -> Refusal | None:
    """The least that may be filled at first, the least of a trade, and a block."""
    order = candidate.order
    quantity = order.total_quantity or MAX_SIZE
    least = order.min_quantity or 0
    return first(
        (least and candidate.is_smart_combo, refuse(350)),
        (not 0 <= least <= quantity, invalid("minimum quantity")),
        (order.block_order and quantity < MIN_BLOCK, refuse(117)),
        (order.not_held and candidate.contract.exchange != DARK, refuse(10297)),
    )


def least_of_a_trade(candidate: Candidate) -> Refusal | None:
    """A least size of each trade, which only the vendor's own venue knows."""
    order = candidate.order
    size = order.min_trade_quantity
    if not size:
        return None
    if size < 0:
        return refuse(10303, value=size)
    return None if candidate.contract.exchange == "IBKRATS" else refuse(10302)
