"""What an account must keep for what it holds, by the rules of its terms. Pure.

Assumptions:
- Reg T: shares 50 % to open and 25 % to hold; short 50 % and 30 %, at least 5 dollars a share
  (the price, where it is less) and 2.50; long options are paid in full; a short option its
  price and 20 % of the underlying (15 % of an index) less what it is out of the money, at
  least 10 % of the underlying, of a put of its strike; a spread the width of its strikes;
  futures: initial 110 % of maintenance (IBKR's and the exchanges' pages).
- A covered option needs its own price, as its shares answer for the rest (ours; IBKR's rule
  for deep ones is finer). Spreads and covers are found one by one, riskiest short first,
  with longs that expire no sooner; longer combinations are not looked for.
- The shares of its worth that a future, a bond, a CFD or a foreign currency needs are round
  figures near those published: `rates`.
- Portfolio: the worst of ten steps from 15 % down to 15 % up (an index 10 %, a future its
  Reg T share) over everything on one underlying, at least 0.375 a share for short options;
  initial is 110 % of that (IBKR). An option moves by its intrinsic value and keeps its time
  value; volatility is not stressed (ours).
- A cash account pays in full. Crypto is paid in full and lends nothing, as captured.
- Equal by day and by night, now and looking ahead; fees for borrowed shares: not modelled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from simulator.ledger.books import ZERO
from simulator.ledger.options import short_options
from simulator.ledger.portfolio import worst_loss
from simulator.ledger.rates import (
    CURRENCY,
    INITIAL_OVER_MAINTENANCE,
    LONG_SHARES,
    share_needed,
    short_shares,
)
from simulator.ledger.terms import AccountKind, MarginModel, Terms
from simulator.ledger.valued import OPTIONS, Segment, Valued

Margins = dict[Segment, "Margin"]


@dataclass(frozen=True, slots=True)
class Margin:
    """What is needed to open and what to hold, in the base currency."""

    initial: Decimal = ZERO
    maintenance: Decimal = ZERO

    def __add__(self, other: Margin) -> Margin:
        return Margin(self.initial + other.initial, self.maintenance + other.maintenance)

    def __mul__(self, factor: Decimal) -> Margin:
        return Margin(self.initial * factor, self.maintenance * factor)


NOTHING = Margin()


def margins(
    positions: Sequence[Valued],
    cash: Mapping[str, Decimal],
    rates: Mapping[str, Decimal],
    base_currency: str,
    terms: Terms,
) -> Margins:
    """The margin of each segment of an account."""
    needed: defaultdict[Segment, Margin] = defaultdict(Margin)
    for group in _by_underlying(positions):
        rate = rates[group[0].position.instrument.currency]
        for segment, margin in _of_group(group, terms).items():
            needed[segment] += margin * rate
    if terms.kind is AccountKind.MARGIN:
        foreign = sum((abs(a) * rates[c] for c, a in cash.items() if c != base_currency), ZERO)
        needed[Segment.SECURITIES] += Margin(foreign * CURRENCY, foreign * CURRENCY)
    return dict(needed)


def has_loan_value(valued: Valued, terms: Terms) -> bool:
    """Whether a position counts as equity that can be borrowed on."""
    is_paid_in_full = valued.position.instrument.sec_type in OPTIONS
    if valued.segment is Segment.CRYPTO:
        return False
    return terms.model is MarginModel.PORTFOLIO or not is_paid_in_full


def _by_underlying(positions: Sequence[Valued]) -> list[list[Valued]]:
    """Positions that move together; a future stands by itself and its options by it."""
    groups: defaultdict[tuple[int, str], list[Valued]] = defaultdict(list)
    for valued in positions:
        instrument = valued.position.instrument
        if valued.quantity and instrument.sec_type not in {"CASH", "CRYPTO"}:
            alone = instrument.is_settled_on_close or not instrument.under_con_id
            key = instrument.con_id if alone else instrument.under_con_id
            groups[key, instrument.currency].append(valued)
    return list(groups.values())


def _of_group(group: Sequence[Valued], terms: Terms) -> Margins:
    segment = group[0].segment
    if terms.model is MarginModel.PORTFOLIO and terms.kind is AccountKind.MARGIN:
        loss = worst_loss(group)
        return {segment: Margin(loss * INITIAL_OVER_MAINTENANCE, loss)}
    options = [v for v in group if v.position.instrument.sec_type in OPTIONS]
    if not options:
        return {segment: sum((_alone(v, terms) for v in group), NOTHING)}
    shares = sum((v.quantity for v in group if v.position.instrument.sec_type == "STK"), ZERO)
    needed = short_options(options, shares)
    return {
        segment: sum((_alone(v, terms) for v in group if v not in options), Margin(needed, needed))
    }


def _alone(valued: Valued, terms: Terms) -> Margin:
    """The margin of one position that is no option."""
    instrument = valued.position.instrument
    worth = abs(valued.market_value)
    if instrument.is_settled_on_close and instrument.sec_type != "CFD":
        hold = worth * share_needed(instrument)
        return Margin(hold * INITIAL_OVER_MAINTENANCE, hold)
    if terms.kind is AccountKind.CASH:
        return Margin(worth, worth)
    if instrument.sec_type in {"STK", "FUND"}:
        initial, maintenance = LONG_SHARES
        if valued.quantity < 0:
            return Margin(*short_shares(valued))
        return Margin(worth * initial, worth * maintenance)
    return Margin(worth * share_needed(instrument), worth * share_needed(instrument))
