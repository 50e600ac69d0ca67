"""The price plans as tables, and which of them an instrument is priced by.

Each figure is one IBKR publishes, or agrees with a captured report; see the package.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum

from simulator.commissions.schedule import ZERO, Basis, PassedOn, Schedule, Tier, Traded
from simulator.instruments import Instrument


class Plan(Enum):
    """The price plans one can choose between."""

    FIXED = "fixed"
    TIERED = "tiered"


# --- what is passed on ---

SEC_RATE = Decimal("0.0000206")
TAF_RATE = Decimal("0.000195")
TAF_CAP = Decimal("9.79")
CAT_RATE = Decimal("0.000003")
"""US regulators: of the worth of a sale, of each share sold, of each share traded."""


def _us_regulators(traded: Traded, own: Decimal) -> Decimal:
    del own
    on_sale = traded.worth * SEC_RATE + min(traded.quantity * TAF_RATE, TAF_CAP)
    return traded.quantity * CAT_RATE + (on_sale if traded.is_sale else ZERO)


CLEARING = Decimal("0.0002")
TAKING = Decimal("0.0030")
NYSE_AND_FINRA = Decimal("0.000175") + Decimal("0.00056")
"""Tiered US shares: of each share, of each that takes liquidity, of IBKR's own commission."""


def _us_tiered(traded: Traded, own: Decimal) -> Decimal:
    each = CLEARING if traded.adds_liquidity else CLEARING + TAKING
    return traded.quantity * each + own * NYSE_AND_FINRA + _us_regulators(traded, own)


OPTION_EACH = Decimal("0.02685") + Decimal("0.02")
OPTION_TAF = Decimal("0.00279")
"""Options Regulatory Fee and clearing of each contract; the trading fee of each sold."""


def _us_options(traded: Traded, own: Decimal) -> Decimal:
    del own
    on_sale = traded.worth * SEC_RATE + traded.quantity * OPTION_TAF
    return traded.quantity * OPTION_EACH + (on_sale if traded.is_sale else ZERO)


XETRA_RATE = Decimal("0.000072") + Decimal("0.000008")
XETRA_ORDER = Decimal("0.02") + Decimal("0.01")
"""Exchange and clearing of the worth; clearing and regulator of the order."""


def _xetra(traded: Traded, own: Decimal) -> Decimal:
    del own
    return traded.worth * XETRA_RATE + XETRA_ORDER


def _each(fee: str) -> PassedOn:
    return lambda traded, _own: traded.quantity * Decimal(fee)


# --- the plans ---


def _tiers(*rows: tuple[int | None, str, str]) -> tuple[Tier, ...]:
    return tuple(
        Tier(None if up_to is None else Decimal(up_to), Decimal(rate), Decimal(least))
        for up_to, rate, least in rows
    )


_OPTIONS = Schedule(
    basis=Basis.UNITS,
    tiers=_tiers(
        (10_000, "0.65", "1"), (50_000, "0.50", "1"), (100_000, "0.25", "1"), (None, "0.15", "1")
    ),
    cheap=((Decimal("0.10"), Decimal("0.50")), (Decimal("0.05"), Decimal("0.25"))),
    passed_on=_us_options,
)
_FOREX = _tiers(
    (1_000_000_000, "0.00002", "2.00"),
    (2_000_000_000, "0.000015", "1.50"),
    (5_000_000_000, "0.00001", "1.25"),
    (None, "0.000008", "1.00"),
)

SCHEDULES: dict[tuple[str, Plan], Schedule] = {
    ("US shares", Plan.FIXED): Schedule(
        basis=Basis.UNITS,
        tiers=_tiers((None, "0.005", "1")),
        share_cap=Decimal("0.01"),
        passed_on=_us_regulators,
    ),
    ("US shares", Plan.TIERED): Schedule(
        basis=Basis.UNITS,
        tiers=_tiers(
            (300_000, "0.0035", "0.35"),
            (3_000_000, "0.002", "0.35"),
            (20_000_000, "0.0015", "0.35"),
            (100_000_000, "0.001", "0.35"),
            (None, "0.0005", "0.35"),
        ),
        share_cap=Decimal("0.01"),
        passed_on=_us_tiered,
    ),
    ("European shares", Plan.FIXED): Schedule(
        basis=Basis.WORTH, tiers=_tiers((None, "0.0005", "3"))
    ),
    ("European shares", Plan.TIERED): Schedule(
        basis=Basis.WORTH,
        tiers=_tiers(
            (50_000_000, "0.0005", "1.25"),
            (100_000_000, "0.0003", "1.25"),
            (500_000_000, "0.0002", "1.25"),
            (None, "0.00015", "1.25"),
        ),
        cap=Decimal(29),
        passed_on=_xetra,
    ),
    ("European warrants", Plan.FIXED): Schedule(
        basis=Basis.WORTH, tiers=_tiers((None, "0.001", "4"))
    ),
    ("options", Plan.FIXED): _OPTIONS,
    ("crypto", Plan.FIXED): Schedule(
        basis=Basis.WORTH,
        tiers=_tiers(
            (100_000, "0.0018", "1.75"), (1_000_000, "0.0015", "1.75"), (None, "0.0012", "1.75")
        ),
        share_cap=Decimal("0.01"),
    ),
    ("treasuries", Plan.FIXED): Schedule(
        basis=Basis.UNITS,
        tiers=_tiers((None, "0.00002", "5")),
        beyond=(Decimal(1_000_000), Decimal("0.000001")),
    ),
    ("corporate bonds", Plan.FIXED): Schedule(
        basis=Basis.UNITS,
        tiers=_tiers((None, "0.001", "1")),
        beyond=(Decimal(10_000), Decimal("0.00025")),
        cap=Decimal(250),
        share_cap=Decimal("0.01"),
    ),
    ("share CFDs", Plan.FIXED): Schedule(basis=Basis.UNITS, tiers=_tiers((None, "0.005", "1"))),
    ("index CFDs", Plan.FIXED): Schedule(basis=Basis.WORTH, tiers=_tiers((None, "0.00005", "1"))),
    ("funds", Plan.FIXED): Schedule(
        basis=Basis.WORTH, tiers=_tiers((None, "0", "14.95")), share_cap=Decimal("0.03")
    ),
}
"""Kind and plan → price. A kind without a tiered plan has one price."""

FUTURE_TIERS = {
    Plan.FIXED: ("0.85",) * 4,
    Plan.TIERED: ("0.85", "0.65", "0.45", "0.25"),
}
MICRO_TIERS = {
    Plan.FIXED: ("0.25",) * 4,
    Plan.TIERED: ("0.25", "0.20", "0.15", "0.10"),
}
MICROS = frozenset({"MES", "MNQ", "M2K", "MYM", "MCL", "MGC"})
EXCHANGE_FEES = {
    **dict.fromkeys(MICROS, "0.37"),
    "CL": "1.52",
    "GC": "1.57",
    "ZN": "0.82",
    "EUR": "1.62",
}
"""Future → fee of exchange and regulator for a contract."""
USUAL_EXCHANGE_FEE = "1.40"

PAIR_MINIMUM = {"JPY": Decimal(150), "GBP": Decimal("0.80"), "CHF": Decimal("0.90")}
"""Quote currency of a pair without dollars → about a dollar in it."""


def commission_currency(instrument: Instrument) -> str:
    """The currency a fee is charged in: the instrument's, of pairs with dollars the dollar."""
    is_pair = instrument.sec_type == "CASH"
    return "USD" if is_pair and instrument.symbol == "USD" else instrument.currency


def schedule_of(instrument: Instrument, plan: Plan) -> Schedule:
    """What prices the orders for an instrument; pairs by the currency of their fee."""
    if instrument.sec_type in {"FUT", "CONTFUT", "FOP"}:
        return _future_schedule(instrument, plan)
    if instrument.sec_type == "CASH":
        return _pair_schedule(commission_currency(instrument))
    kind = _kind(instrument)
    return SCHEDULES.get((kind, plan)) or SCHEDULES[kind, Plan.FIXED]


def _future_schedule(instrument: Instrument, plan: Plan) -> Schedule:
    rates = (MICRO_TIERS if instrument.symbol in MICROS else FUTURE_TIERS)[plan]
    limits = (1_000, 10_000, 20_000, None)
    return Schedule(
        basis=Basis.UNITS,
        tiers=_tiers(*((limit, rate, "0") for limit, rate in zip(limits, rates, strict=True))),
        passed_on=_each(EXCHANGE_FEES.get(instrument.symbol, USUAL_EXCHANGE_FEE)),
    )


def _pair_schedule(currency: str) -> Schedule:
    dollar = PAIR_MINIMUM.get(currency, Decimal(1))
    tiers = tuple(Tier(tier.up_to, tier.rate, tier.least * dollar) for tier in _FOREX)
    return Schedule(basis=Basis.WORTH, tiers=tiers)


KINDS: dict[str, Callable[[Instrument], str]] = {
    "OPT": lambda _: "options",
    "CRYPTO": lambda _: "crypto",
    "FUND": lambda _: "funds",
    "BOND": lambda i: "treasuries" if is_treasury(i) else "corporate bonds",
    "CFD": lambda i: "index CFDs" if i.under_sec_type == "IND" else "share CFDs",
    "WAR": lambda i: "US shares" if i.currency == "USD" else "European warrants",
}
"""Security type → kind of an instrument; all others are shares."""


def _kind(instrument: Instrument) -> str:
    kind = KINDS.get(instrument.sec_type)
    if kind is not None:
        return kind(instrument)
    return "US shares" if instrument.currency == "USD" else "European shares"


def is_treasury(bond: Instrument) -> bool:
    return bond.bond is not None and "GOVERNMENT" in bond.bond.bond_type
