"""What a fill of an order is in trades: one, or a whole and its parts.

As captured: a combination is reported as a whole first, then leg by leg; only its legs are
booked and charged. So it is with what an advisor trades for a group: an execution for the
advisor's account first, then one for each account (public source code of a client that was
written against it). Where the advisor's account is itself one of the group, or the login has
no such account, there are only the shares (ours).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from simulator.broker.allocation import allocate_fill
from simulator.broker.booking import Trade
from simulator.broker.records import BrokerOrder
from simulator.instruments import Instrument
from simulator.ledger import Fill
from simulator.market import Market, legs_at
from simulator.matching import Filled, Side


def trades_of(
    held: BrokerOrder, fill: Filled, market: Market, now_ms: int, got: Mapping[str, Decimal]
) -> list[Trade]:
    """The trades of a fill, in the order in which they are reported.

    `got` is what the accounts of a group have got of the order before.
    """
    is_purchase = held.order.action == Side.BUY
    whole = Trade(
        instrument=held.instrument,
        is_purchase=is_purchase,
        quantity=fill.quantity,
        price=fill.price,
        account=held.account,
        exchange=_venue(held),
        added=fill.added,
        is_booked=not held.instrument.legs,
    )
    if held.shares:
        return _shares(held, whole, got)
    return [whole, *_legs(held, whole, market, now_ms)]


def expected_fills(
    instrument: Instrument, quantity: Decimal, price: Decimal, market: Market, now_ms: int
) -> Sequence[Fill]:
    """What a trade of a signed quantity moves in the books, fees apart."""
    if not instrument.legs:
        return [Fill(instrument, quantity, price, Decimal(0))]
    quotes = [market.quote(leg.instrument, now_ms) for leg in instrument.legs]
    prices = legs_at(instrument, quotes, price, is_purchase=quantity > 0)
    return [
        Fill(
            leg.leg.instrument,
            leg.leg.sign * leg.leg.ratio * quantity,
            leg.price,
            Decimal(0),
        )
        for leg in prices
    ]


def _shares(held: BrokerOrder, whole: Trade, got: Mapping[str, Decimal]) -> list[Trade]:
    told = [] if held.account in dict(held.shares) else [replace(whole, is_booked=False)]
    shares = allocate_fill(whole.quantity, held.shares, got)
    parts = ((account, quantity) for account, quantity in shares if quantity)
    return told + [
        replace(whole, account=account, quantity=quantity, part=part, counts=not told)
        for part, (account, quantity) in enumerate(parts, start=len(told) + 1)
    ]


def _legs(held: BrokerOrder, whole: Trade, market: Market, now_ms: int) -> list[Trade]:
    signed = Side(held.order.action).sign * whole.quantity
    fills = expected_fills(held.instrument, signed, whole.price, market, now_ms)
    if not held.instrument.legs:
        return []
    return [
        Trade(
            instrument=fill.instrument,
            is_purchase=fill.quantity > 0,
            quantity=abs(fill.quantity),
            price=fill.price,
            account=held.account,
            exchange=fill.instrument.primary_exchange or fill.instrument.exchange,
            added=whole.added,
            part=part,
            counts=False,
        )
        for part, fill in enumerate(fills, start=2)
    ]


def _venue(order: BrokerOrder) -> str:
    """Where a fill happened; a smart-routed one shows the venue, never SMART."""
    if order.contract.exchange not in {"SMART", ""}:
        return order.contract.exchange
    return order.instrument.primary_exchange or order.instrument.exchange
