"""The money of an account: books, values, margin, buying power. Pure arithmetic in `Decimal`.

Average cost includes commissions and realised profit is net of them, as in IBKR's own
figures; both are in the instrument's currency. Currency pairs move two currencies; the pair
is shown as a position but is not counted twice in the net liquidation. A contract is worth
its price times the multiplier.

Ours: a future or a CFD moves cash only when it is closed (real futures are settled every
day). A short sale is paid at once; what borrowed shares cost, interest, dividends and the
days of settlement are not modelled.
"""

from simulator.ledger.books import (
    Deposit,
    Fill,
    Ledger,
    Position,
    fee_in_own_currency,
    replayed,
    trial,
)
from simulator.ledger.buying_power import is_within_means, objection
from simulator.ledger.margin import Margin
from simulator.ledger.options import intrinsic_value
from simulator.ledger.terms import AccountKind, MarginModel, Terms
from simulator.ledger.valuation import Valuation, value
from simulator.ledger.valued import Segment, Valued

__all__ = [
    "AccountKind",
    "Deposit",
    "Fill",
    "Ledger",
    "Margin",
    "MarginModel",
    "Position",
    "Segment",
    "Terms",
    "Valuation",
    "Valued",
    "fee_in_own_currency",
    "intrinsic_value",
    "is_within_means",
    "objection",
    "replayed",
    "trial",
    "value",
]
