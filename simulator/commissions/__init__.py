"""What trading costs: IBKR's published plans as tables. Pure arithmetic in `Decimal`.

A fee belongs to an order, not to a fill: a fill is charged what the order costs with it less
what it cost without it, so that parts add up to the order, and a minimum is paid once.
Knows no account: the volume of the month, which decides the tier, is passed in.

Assumptions:
- Rates, minimums and caps: IBKR's commission pages. Where a plan has one price only
  (options, futures without tiers, crypto, currencies, bonds, CFDs), both plans have it.
- What IBKR passes on for US shares agrees to the last digit with captured reports: a buy of
  100 cost 1.0003, a sale of 40 + 40 + 20 cost 1.2488, 0.248775 and 0.124388.
- The fee of a micro future (0.62) is captured; the other exchanges' fees are typical ones.
- An order stays in the tier it began in ("calculated once daily, not at the time of the
  trade": IBKR).
- Ours: Venues charge tiered shares one price for taking liquidity and nothing for adding it;
  their rebates, and the venues' fees for options, are not modelled. Minimums of a venue are
  not modelled. A cheap option's rate is that of the fill's own price. A pair without dollars
  costs its quote currency, with a round sum near two dollars as minimum; no rates here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.commissions.plans import Plan, commission_currency, is_treasury, schedule_of
from simulator.commissions.schedule import ZERO, Basis, Traded
from simulator.instruments import Instrument

__all__ = [
    "Before",
    "Plan",
    "commission_bounds",
    "commission_currency",
    "commission_for",
    "counted_volume",
    "is_treasury",
]


@dataclass(frozen=True, slots=True)
class Before:
    """What an order had before its present fill: units, and the sum of quantity times price."""

    filled: Decimal = ZERO
    paid: Decimal = ZERO


NOTHING = Before()


def commission_for(
    instrument: Instrument,
    quantity: Decimal,
    price: Decimal,
    *,
    is_sale: bool = False,
    plan: Plan = Plan.FIXED,
    before: Before = NOTHING,
    month_volume: Decimal = ZERO,
    adds_liquidity: bool = False,
) -> Decimal:
    """The fee of a fill, in the currency of `commission_currency`.

    `before` is what the order had before. `month_volume` is in the unit of the plan: shares,
    contracts or money.
    """
    worth = _worth(instrument, quantity, price)
    traded = Traded(
        quantity=before.filled + quantity,
        worth=_paid_worth(instrument, before.filled, before.paid) + worth,
        price=price,
        is_sale=is_sale,
        adds_liquidity=adds_liquidity,
    )
    schedule = schedule_of(instrument, plan)
    charged = schedule.charge(traded.without(quantity, worth), month_volume)
    return (schedule.charge(traded, month_volume) - charged).normalize()


def commission_bounds(
    instrument: Instrument,
    quantity: Decimal,
    price: Decimal,
    *,
    is_sale: bool = False,
    plan: Plan = Plan.FIXED,
    month_volume: Decimal = ZERO,
) -> tuple[Decimal, Decimal]:
    """The least and the most a whole order can cost: it adds liquidity, or takes it."""
    least, most = (
        commission_for(
            instrument,
            quantity,
            price,
            is_sale=is_sale,
            plan=plan,
            month_volume=month_volume,
            adds_liquidity=adds,
        )
        for adds in (True, False)
    )
    return least, most


def counted_volume(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    """What a fill adds to `month_volume`: units, or money where tiers are tiers of money."""
    if schedule_of(instrument, Plan.TIERED).basis is Basis.UNITS:
        return quantity
    return _worth(instrument, quantity, price)


def _worth(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    return _paid_worth(instrument, quantity, quantity * price)


def _paid_worth(instrument: Instrument, quantity: Decimal, paid: Decimal) -> Decimal:
    """The worth that fees are counted from; of a pair of dollars its dollars."""
    is_of_dollars = instrument.sec_type == "CASH" and instrument.symbol == "USD"
    return quantity if is_of_dollars else paid * instrument.price_multiplier
