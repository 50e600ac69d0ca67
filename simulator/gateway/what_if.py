"""What an order would do to its account, without placing it: margin, equity, commission.

One open order answers, pre-submitted and marked what-if; no status follows and the order
id stays free, as captured. The order is taken as filled at once and whole, at the price it
would meet or at the price it waits for; margin is that of the ledger. Where the plan leaves open
what a venue takes, the least and the most commission are told instead of one (captured).
Of an order for a group the figures are those of its accounts together (ours).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from decimal import Decimal

from simulator.broker import expected_price
from simulator.commissions import Plan, commission_bounds, commission_currency
from simulator.gateway.accounts import Accounts
from simulator.gateway.hub import Hub
from simulator.instruments import Instrument
from simulator.ledger import Fill, Ledger, Valuation, replayed
from simulator.matching import Side
from simulator.records import Order, OrderState, Status

ZERO = Decimal(0)
_CENT = Decimal("0.01")


def effect(
    hub: Hub, accounts: Accounts, instrument: Instrument, order: Order, quantity: Decimal
) -> OrderState:
    """The margins before and after `quantity` (what an order would still buy or sell)."""
    shares = hub.broker.sharing.of(order, instrument, quantity, hub.now_ms)
    if not shares:
        return _effect_on(hub, accounts, instrument, order, (order.account, quantity))
    effects = [_effect_on(hub, accounts, instrument, order, share) for share in shares]
    return _together(effects)


def _together(effects: Sequence[OrderState]) -> OrderState:
    """The sums of what happens to several accounts."""
    added = {
        field.name: sum(getattr(effect, field.name) for effect in effects)
        for field in fields(OrderState)
        if all(isinstance(getattr(effect, field.name), Decimal) for effect in effects)
    }
    whole = replace(effects[0], **added)
    if "commission" in added:
        return whole
    return replace(
        whole,
        commission=None,
        min_commission=sum((e.min_commission or e.commission or ZERO for e in effects), ZERO),
        max_commission=sum((e.max_commission or e.commission or ZERO for e in effects), ZERO),
    )


def _effect_on(
    hub: Hub, accounts: Accounts, instrument: Instrument, order: Order, share: tuple[str, Decimal]
) -> OrderState:
    broker, now_ms = hub.broker, hub.now_ms
    account, quantity = share
    ledger = broker.ledgers[account]
    price = expected_price(order, hub.market.quote(instrument, now_ms))
    sign = Side(order.action).sign
    traded = broker.expected_fills(instrument, sign * quantity, price, now_ms) if quantity else ()
    bounds = [_fees(fill, ledger.terms.plan) for fill in traded]
    fills = [replace(fill, commission=most) for fill, (_, most) in zip(traded, bounds, strict=True)]
    before, after = outlook(accounts, ledger, fills)
    fees = sum((least for least, _ in bounds), ZERO), sum((most for _, most in bounds), ZERO)
    return effect_between(before, after, fees, commission_currency(instrument))


def _fees(fill: Fill, plan: Plan) -> tuple[Decimal, Decimal]:
    return commission_bounds(
        fill.instrument,
        abs(fill.quantity),
        fill.price,
        is_sale=fill.quantity < 0,
        plan=plan,
    )


def outlook(
    accounts: Accounts, ledger: Ledger, fills: Sequence[Fill]
) -> tuple[Valuation, Valuation]:
    """An account as it is, and as it would be after some fills: several for a combination."""
    tried, _ = replayed(ledger, fills)
    return accounts.value_of(ledger), accounts.value_of(tried)


def effect_between(
    before: Valuation, after: Valuation, fees: tuple[Decimal, Decimal], currency: str
) -> OrderState:
    """What changes from one to the other, for the least and the most that is charged."""
    was, will_be = _figures(before), _figures(after)
    change = tuple(b - a for a, b in zip(was, will_be, strict=True))
    least, most = fees
    is_known = least == most
    return OrderState(
        status=Status.PRE_SUBMITTED,
        init_margin_before=was[0],
        maint_margin_before=was[1],
        equity_with_loan_before=was[2],
        init_margin_change=change[0],
        maint_margin_change=change[1],
        equity_with_loan_change=change[2],
        init_margin_after=will_be[0],
        maint_margin_after=will_be[1],
        equity_with_loan_after=will_be[2],
        commission=most if is_known else None,
        min_commission=None if is_known else least,
        max_commission=None if is_known else most,
        commission_currency=currency,
        margin_currency=before.base_currency,
    )


def _figures(valuation: Valuation) -> tuple[Decimal, Decimal, Decimal]:
    figures = valuation.initial_margin, valuation.maintenance_margin, valuation.equity_with_loan
    initial, maintenance, equity = (figure.quantize(_CENT) for figure in figures)
    return initial, maintenance, equity
