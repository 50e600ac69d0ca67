"""Orders worked in parts: algorithms and scale orders. Also combinations, leg by leg."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

from simulator import records as r

from .mirrored import both
from .terms import ANY, BUY, Error, Fill, Now, Place, Print, Quote, Scenario, Step, Wait, do

MARKET = replace(BUY, order_type="MKT", total_quantity=D(10))
RESTING = Now("Submitted")
WINDOW = {"startTime": "20250616 10:00:00 US/Eastern", "endTime": "20250616 10:10:00 US/Eastern"}
PAST = {"startTime": "20250616 09:00:00 US/Eastern", "endTime": "20250616 09:30:00 US/Eastern"}


def algo(name: str, order: r.Order = MARKET, **params: str) -> r.Order:
    pairs = tuple(r.TagValue(tag=tag, value=value) for tag, value in params.items())
    return replace(order, algo_strategy=name, algo_params=pairs)


def evenly(name: str, **params: str) -> list[Scenario]:
    """Ten shares in ten minutes: one of them now, one a minute later."""
    return both(
        Scenario(
            name=f"{name} works an order as time goes by",
            about=f"`algoStrategy` {name}",
            waits="the time of its next part",
            steps=(
                do(
                    Place(algo(name, **WINDOW, **params)),
                    Fill("1", "100.01"),
                    Now("Submitted", "1"),
                ),
                do(Quote("100.03", "100.05"), Now("Submitted", "1")),
                do(Wait(seconds=59), Now("Submitted", "1")),
                do(Wait(seconds=1), Fill("1", "100.05"), Now("Submitted", "2")),
            ),
        )
    )


def by_volume(name: str, **params: str) -> list[Scenario]:
    """A tenth of what others trade."""
    return both(
        Scenario(
            name=f"{name} works an order as others trade",
            about=f"`algoStrategy` {name}",
            waits="a part of the volume that others trade",
            steps=(
                do(Place(algo(name, **WINDOW, **params)), Now(ANY)),
                do(Print("100.00", "9")),
                do(Print("100.00", "21"), Fill("3", "100.01"), Now("Submitted", "3")),
            ),
        )
    )


SCALE = replace(
    BUY,
    order_type="LMT",
    limit_price=D("99.50"),
    scale_init_level_size=40,
    scale_subs_level_size=30,
    scale_price_increment=D("0.10"),
)
AAPL_ID, MSFT_ID = 265598, 272093
SPREAD = r.Contract(
    symbol="AAPL",
    sec_type="BAG",
    exchange="SMART",
    currency="USD",
    combo_legs=(
        r.ComboLeg(con_id=AAPL_ID, ratio=1, action="BUY", exchange="SMART"),
        r.ComboLeg(con_id=MSFT_ID, ratio=1, action="SELL", exchange="SMART"),
    ),
)


OF_SPREADS: dict[str, dict[str, D]] = {
    "LMT + MKT": {"limit_price": D("9.98")},
    "REL + LMT": {"limit_price": D("9.98"), "aux_price": D("0.01")},
    "REL + MKT": {"aux_price": D("0.01")},
}
"""Types of combinations, with the terms of a purchase at 9.98 in a market of 9.97 to 10.01."""

CALL = r.Contract(
    local_symbol="SPY   250620C00590000", sec_type="OPT", exchange="SMART", currency="USD"
)


def of_option(name: str, action: str, price: str) -> Scenario:
    """For options: ten in fourteen hours, until midnight."""
    order = algo(name, replace(MARKET, action=action))
    return Scenario(
        name=f"{name} works an option order as time goes by ({action.lower()})",
        about=f"`algoStrategy` {name}",
        waits="the time of its next part",
        steps=(
            do(Quote("9.90", "10.00", name=CALL.local_symbol)),
            do(Place(order, contract=CALL), Fill("1", price), Now("Submitted", "1")),
            do(Wait(minutes=83), Now("Submitted", "1")),
            do(Wait(minutes=1), Fill("1", price), Now("Submitted", "2")),
        ),
    )


def microsoft(bid: str, ask: str) -> Quote:
    return Quote(bid, ask, name="MSFT")


def levels(*steps: tuple[str, str, str]) -> list[Step]:
    """Each component at its own price, once the one before is filled."""
    filled, made = D(0), []
    for quote, size, price in steps:
        short = Quote(str(D(quote) - D("0.01")), str(D(quote) + D("0.01")))
        made.append(do(short, Now("Submitted", str(filled))))
        filled += D(size)
        status = "Filled" if filled == BUY.total_quantity else "Submitted"
        at = Quote(str(D(quote) - D("0.02")), quote)
        made.append(do(at, Fill(size, price), Now(status, str(filled))))
    return made


ROWS = [
    *evenly("Twap"),
    *evenly("Vwap"),
    *evenly("ArrivalPx"),
    *evenly("DarkIce"),
    *both(
        Scenario(
            name="ClosePx works an order until the close",
            about="`algoStrategy` ClosePx",
            waits="the time of its next part",
            world={"calendar": True},
            steps=(
                do(Place(algo("ClosePx")), Fill("1", "100.01"), Now("Submitted", "1")),
                do(Wait(minutes=35), Now("Submitted", "1")),
                do(Wait(minutes=1), Fill("1", "100.01"), Now("Submitted", "2")),
            ),
        )
    ),
    *(
        of_option(name, action, price)
        for name in ("MinImpact", "BalanceImpactRisk")
        for action, price in (("BUY", "10.00"), ("SELL", "9.90"))
    ),
    *by_volume("PctVol", pctVol="0.1"),
    *by_volume("PctVolPx", pctVol="0.1"),
    *by_volume("PctVolSz", startPctVol="0.1", endPctVol="0.1"),
    *by_volume("PctVolTm", startPctVol="0.1", endPctVol="0.1"),
    *both(
        Scenario(
            name="AD works an order by components",
            about="`algoStrategy` AD",
            waits="the time of its next component",
            steps=(
                do(
                    Place(algo("AD", componentSize="4", timeBetweenOrders="60")),
                    Fill("4", "100.01"),
                    Now("Submitted", "4"),
                ),
                do(Wait(seconds=59), Now("Submitted", "4")),
                do(Wait(seconds=1), Fill("4", "100.01"), Now("Submitted", "8")),
            ),
        )
    ),
    *both(
        Scenario(
            name="Adaptive works an order whole",
            about="`algoStrategy` Adaptive",
            steps=(
                do(
                    Place(algo("Adaptive", adaptivePriority="Normal")),
                    Fill("10", "100.01"),
                    Now("Filled", "10"),
                ),
            ),
        )
    ),
    *(
        Scenario(
            name=f"{name} in a window that is over ends at once",
            about=f"`algoStrategy` {name}",
            when="its window is over",
            world={"calendar": True},
            steps=(
                do(
                    Place(algo(name, **PAST)),
                    Now("Cancelled"),
                    Error(202, f"{name}: End Time is before Start Time"),
                ),
            ),
        )
        for name in ("Twap", "Vwap")
    ),
    Scenario(
        name="an algorithm that is none is refused",
        about="`algoStrategy`",
        when="an unknown one",
        steps=(do(Place(algo("Magic")), Error(439)),),
    ),
    Scenario(
        name="a parameter that is none is refused",
        about="`algoStrategy`",
        when="an unknown parameter",
        steps=(do(Place(algo("Twap", strategyType="Marketable")), Error(443)),),
    ),
    Scenario(
        name="an algorithm for a stop is refused",
        about="`algoStrategy`",
        when="with a stop",
        steps=(
            do(
                Place(algo("Twap", replace(MARKET, order_type="STP", aux_price=D(101)))),
                Error(442),
            ),
        ),
    ),
    *both(
        Scenario(
            name="a scale order works one component after the other",
            about="`scalePriceIncrement`",
            waits="its limit of this component to be quoted",
            steps=(
                do(Place(SCALE), RESTING),
                *levels(
                    ("99.50", "40", "99.50"), ("99.40", "30", "99.40"), ("99.30", "30", "99.30")
                ),
            ),
        )
    ),
    Scenario(
        name="a scale order without components is refused",
        about="`scalePriceIncrement`",
        when="no size of components",
        steps=(
            do(
                Place(replace(SCALE, scale_init_level_size=None, scale_subs_level_size=None)),
                Error(409),
            ),
        ),
    ),
    *(
        Scenario(
            name=f"{kind} buys all legs of a spread at once",
            about=kind,
            waits="its price at the quotes of the legs",
            steps=(
                do(microsoft("90.00", "90.02")),
                do(Place(replace(BUY, order_type=kind, **terms), contract=SPREAD), RESTING),
                do(microsoft("90.02", "90.04"), RESTING),
                do(
                    microsoft("90.03", "90.05"),
                    Fill("100", "9.98"),
                    Fill("100", "100.01", leg="AAPL"),
                    Fill("100", "90.03", leg="MSFT"),
                    Now("Filled", "100"),
                ),
            ),
        )
        for kind, terms in OF_SPREADS.items()
    ),
    *(
        Scenario(
            name=f"{kind} sells all legs of a spread at once",
            about=kind,
            waits="its price at the quotes of the legs",
            steps=(
                do(microsoft("90.00", "90.02")),
                do(
                    Place(
                        replace(BUY, action="SELL", order_type=kind, **{**terms, **limit}),
                        contract=SPREAD,
                    ),
                    RESTING,
                ),
                do(microsoft("89.98", "90.00"), RESTING),
                do(
                    microsoft("89.97", "89.99"),
                    Fill("100", "10.00"),
                    Fill("100", "99.99", leg="AAPL"),
                    Fill("100", "89.99", leg="MSFT"),
                    Now("Filled", "100"),
                ),
            ),
        )
        for kind, terms in OF_SPREADS.items()
        for limit in [{"limit_price": D("10.00")} if "limit_price" in terms else {}]
    ),
    *(
        Scenario(
            name=f"{kind} is for combinations",
            about=kind,
            when="a stock",
            steps=(do(Place(replace(BUY, order_type=kind, **terms)), Error(387)),),
        )
        for kind, terms in OF_SPREADS.items()
    ),
    Scenario(
        name="a spread is bought when its legs allow it, and told leg by leg",
        about="combination (BAG)",
        waits="its price at the quotes of its legs",
        steps=(
            do(microsoft("90.00", "90.02")),
            do(
                Place(replace(BUY, order_type="LMT", limit_price=D("10.00")), contract=SPREAD),
                RESTING,
            ),
            do(
                microsoft("90.01", "90.03"),
                Fill("100", "10.00"),
                Fill("100", "100.01", leg="AAPL"),
                Fill("100", "90.01", leg="MSFT"),
                Now("Filled", "100"),
            ),
        ),
    ),
    Scenario(
        name="a spread is sold at the market, and told leg by leg",
        about="combination (BAG)",
        steps=(
            do(microsoft("90.00", "90.02")),
            do(
                Place(replace(BUY, action="SELL", order_type="MKT"), contract=SPREAD),
                Fill("100", "9.97"),
                Fill("100", "99.99", leg="AAPL"),
                Fill("100", "90.02", leg="MSFT"),
                Now("Filled", "100"),
            ),
        ),
    ),
    Scenario(
        name="a spread with an unknown leg is refused",
        about="combination (BAG)",
        when="an unknown leg",
        steps=(
            do(
                Place(
                    replace(BUY, order_type="MKT"),
                    contract=replace(
                        SPREAD,
                        combo_legs=(
                            SPREAD.combo_legs[0],
                            replace(SPREAD.combo_legs[1], con_id=1),
                        ),
                    ),
                ),
                Error(321, "The combo details for leg '2' are invalid."),
            ),
        ),
    ),
]
