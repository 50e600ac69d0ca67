"""What an order would do to its account, without placing it: margin, equity, commission.

One open order answers, pre-submitted and marked what-if; no status follows and the order
id stays free, as captured. The order is taken as filled at once, at its limit or at the
displayed price; margin is that of the ledger.
"""

from __future__ import annotations

from copy import copy
from decimal import Decimal

from simulator.commissions import commission_for
from simulator.gateway.accounts import Accounts
from simulator.gateway.hub import Hub
from simulator.instruments import Instrument
from simulator.ledger import Valuation
from simulator.matching import Side
from simulator.records import Order, OrderState, Status

_CENT = Decimal("0.01")


def effect(
    hub: Hub, accounts: Accounts, instrument: Instrument, order: Order, quantity: Decimal
) -> OrderState:
    """The margins before and after `quantity` (what an order would still buy or sell)."""
    ledger = hub.broker.ledgers[order.account]
    price = _price(hub, instrument, order)
    commission = commission_for(instrument, quantity, price)
    trial = copy(ledger)
    trial.cash, trial.positions = dict(ledger.cash), dict(ledger.positions)
    signed = quantity if order.action == Side.BUY else -quantity
    trial.apply(instrument, signed, price, commission)
    before, after = _figures(accounts.value_of(ledger)), _figures(accounts.value_of(trial))
    change = tuple(b - a for a, b in zip(before, after, strict=True))
    return OrderState(
        status=Status.PRE_SUBMITTED,
        init_margin_before=before[0],
        maint_margin_before=before[1],
        equity_with_loan_before=before[2],
        init_margin_change=change[0],
        maint_margin_change=change[1],
        equity_with_loan_change=change[2],
        init_margin_after=after[0],
        maint_margin_after=after[1],
        equity_with_loan_after=after[2],
        commission=commission,
        commission_currency="USD",
        margin_currency=ledger.base_currency,
    )


def _figures(valuation: Valuation) -> tuple[Decimal, Decimal, Decimal]:
    figures = valuation.initial_margin, valuation.maintenance_margin, valuation.net_liquidation
    initial, maintenance, equity = (figure.quantize(_CENT) for figure in figures)
    return initial, maintenance, equity


def _price(hub: Hub, instrument: Instrument, order: Order) -> Decimal:
    """The limit of an order, else what it would meet; the last price where nobody quotes."""
    if order.order_type == "LMT" and order.limit_price is not None:
        return order.limit_price
    quote = hub.market.quote(instrument, hub.now_ms)
    return (quote.ask if order.action == Side.BUY else quote.bid) or quote.last
