"""Whether an account may trade: what refuses an order for want of money.

Compares the account as it is with the account as the order would leave it. Only an order
that opens or grows a position is refused; one may always close what one has.

The texts are those of error 201 in captures and public logs. Which of the two wordings for
margin comes when is not known; ours: the second where margin is in use already. A cash account
may be short of futures only; ours, as IBKR lets it write covered options.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from simulator.ledger.books import ZERO
from simulator.ledger.terms import AccountKind
from simulator.ledger.valuation import Valuation
from simulator.ledger.valued import Segment, Valued

INSUFFICIENT = (
    "Your order is not accepted because your Equity with Loan Value of [{equity} {currency}] is "
    "insufficient to cover the Initial Margin requirement of [{margin} {currency}]."
)
INSUFFICIENT_WITH_MARGIN_IN_USE = (
    "In order to obtain the desired position your Equity with Loan Value [{equity}] must exceed "
    "the new total Initial Margin of [{margin}]."
)
NO_CASH = (
    "Available settled cash converted to base: {available:.2f} {currency} Cash needed for this "
    "order and other pending orders: <br>{needed:.2f} {currency}"
)
NO_SHORT = "Short stock positions can only be held in a margin account"
NO_CURRENCY_LEVERAGE = "FX trade would expose account to currency leverage."


def is_within_means(after: Valuation) -> bool:
    """Whether no order that leads here is refused, whatever the account was before."""
    return after.terms.kind is AccountKind.MARGIN and after.available_funds >= ZERO


def objection(before: Valuation, after: Valuation) -> str | None:
    """The reason for which the order between the two is refused, None if it is accepted."""
    if is_within_means(after):
        return None
    grown = _grown(before, after)
    if not grown:
        return None
    if after.terms.kind is AccountKind.CASH:
        return _objection_to_debt(before, after, grown)
    if after.available_funds >= before.available_funds:
        return None
    text = INSUFFICIENT_WITH_MARGIN_IN_USE if before.initial_margin else INSUFFICIENT
    return text.format(
        equity=_whole(after.equity_with_loan),
        margin=_whole(after.initial_margin),
        currency=after.base_currency,
    )


def _grown(before: Valuation, after: Valuation) -> list[Valued]:
    """The positions that are opened, grow, or change sides."""
    held = {v.position.instrument.con_id: v.quantity for v in before.positions}
    quantities = ((v, held.get(v.position.instrument.con_id, ZERO)) for v in after.positions)
    return [v for v, was in quantities if abs(v.quantity) > abs(was) or v.quantity * was < 0]


def _objection_to_debt(before: Valuation, after: Valuation, grown: list[Valued]) -> str | None:
    """Why a cash account may not: it sells what it has not, or pays what it has not."""
    pairs = [v for v in grown if v.position.instrument.sec_type == "CASH"]
    borrowed = (v for v in grown if v not in pairs and v.segment is not Segment.COMMODITIES)
    if any(v.quantity < 0 for v in borrowed):
        return NO_SHORT
    if pairs:
        owes = any(a < ZERO and a < before.cash.get(c, ZERO) for c, a in after.cash.items())
        return NO_CURRENCY_LEVERAGE if owes else None
    if after.available_funds >= ZERO or after.available_funds >= before.available_funds:
        return None
    available = before.available_funds
    return NO_CASH.format(
        available=available,
        needed=available - after.available_funds,
        currency=after.base_currency,
    )


def _whole(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal(1), ROUND_HALF_EVEN):f}"
