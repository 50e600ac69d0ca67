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
from simulator.commissions import commission_bounds, commission_currency
from simulator.gateway.accounts import Accounts
from simulator.gateway.hub import Hub
from simulator.instruments import Instrument
from simulator.ledger import Fill, Ledger, Valuation, replayed
from simulator.matching import Side
from simulator.records import Order, OrderState, Status

_CENT = Decimal("0.01")
ZERO = Decimal(0)


def effect(
    hub: Hub, accounts: Accounts, instrument: Instrument, order: Order, quantity: Decimal
) -> OrderState:
    """The margins before and after `quantity` (what an order would still buy or sell)."""
    shares = hub.broker.sharing.of(order, instrument, quantity, hub.now_ms)
    if not shares:
        return _effect_on(hub, accounts, instrument, order, (order.account, quantity))
    return _together(
        [_effect_on(hub, accounts, instrument, order, share) for share in shares if share[1]]
    )


def _together(effects: Sequence[OrderState]) -> OrderState:
    """The sums of what happens to several accounts; nothing if none has a share."""
    added = {
        field.name: sum(getattr(effect, field.name) for effect in effects)
        for field in fields(OrderState)
        if effects and all(isinstance(getattr(e, field.name), Decimal) for e in effects)
    }
    first = effects[0] if effects else OrderState(status=Status.PRE_SUBMITTED)
    whole = replace(first, **added)
    if not effects or "commission" in added:
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
    account, quantity = share
    ledger = hub.broker.ledgers[account]
    price = expected_price(order, hub.market.quote(instrument, hub.now_ms))
    is_sale = order.action != Side.BUY
    least, most = commission_bounds(
        instrument, quantity, price, is_sale=is_sale, plan=ledger.terms.plan
    )
    fill = Fill(instrument, -quantity if is_sale else quantity, price, most)
    before, after = outlook(accounts, ledger, [fill])
    return effect_between(before, after, (least, most), commission_currency(instrument))


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
