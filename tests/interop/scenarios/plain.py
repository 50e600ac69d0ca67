"""Order types that trade at the market, at a limit, or turn from one into the other."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

from simulator.records import Contract

from .mirrored import both
from .terms import (
    AAPL,
    ANY,
    BUY,
    Error,
    Fill,
    Now,
    Place,
    Print,
    Quote,
    Scenario,
    do,
)

MARKET = replace(BUY, order_type="MKT")
LIMIT = replace(BUY, order_type="LMT", limit_price=D("99.50"))
ES = Contract(symbol="ES", sec_type="FUT", exchange="CME", local_symbol="ESU5", currency="USD")
PROTECTED = replace(MARKET, order_type="MKT PRT", total_quantity=D(2))
OPTION = Contract(
    local_symbol="SPY   250620C00590000", sec_type="OPT", exchange="CBOE", currency="USD"
)
EUR = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
AT_SPY = "SPY   250620C00590000"
SIX = {"name": "ESU5", "middle": D(6000)}


def stop_with_protection(action: str, stop: str, bound: str) -> Scenario:
    """Elected at its stop; half a percent of that is rounded in favour of the order."""
    tick = D("0.25") if action == "BUY" else -D("0.25")
    order = replace(PROTECTED, action=action, order_type="STP PRT", aux_price=D(stop))
    held = Now("PreSubmitted", "0", "trigger")
    return Scenario(
        name=f"a stop with protection goes half a percent beyond its stop ({action.lower()})",
        about="STP PRT",
        waits="the last price at its stop, then a price within its range",
        steps=(
            do(Quote("5999.75", "6000.25", name="ESU5", last="6000.00")),
            do(Place(order, contract=ES), held),
            do(Print(str(D(stop) - tick), name="ESU5"), held),
            do(_beyond(D(bound) + tick, stop), Now("Submitted")),
            do(_beyond(D(bound), bound), Fill("2", bound), Now("Filled", "2")),
        ),
    )


def _beyond(price: D, last: str) -> Quote:
    """Both sides of the quote at a price."""
    return Quote(str(price), str(price), name="ESU5", last=last)


NOT_FOR = (
    ("MKT PRT", replace(MARKET, order_type="MKT PRT"), "a stock", AAPL),
    ("STP PRT", replace(MARKET, order_type="STP PRT", aux_price=D(101)), "a stock", AAPL),
    ("BOX TOP", replace(MARKET, order_type="BOX TOP"), "a stock", AAPL),
    ("MTL", replace(MARKET, order_type="MTL"), "a currency", EUR),
    (
        "PASSV REL",
        replace(MARKET, order_type="PASSV REL", aux_price=D("0.01")),
        "an option",
        OPTION,
    ),
    ("PEG MID", replace(MARKET, order_type="PEG MID"), "an option", OPTION),
    ("MIDPRICE", replace(MARKET, order_type="MIDPRICE"), "an option", OPTION),
    ("SNAP MKT", replace(MARKET, order_type="SNAP MKT"), "a currency", EUR),
    ("SNAP MID", replace(MARKET, order_type="SNAP MID"), "a currency", EUR),
    ("SNAP PRIM", replace(MARKET, order_type="SNAP PRIM"), "a currency", EUR),
)
"""A type, an order of it, and what does not have it."""

ROWS = [
    *both(
        Scenario(
            name="a market order is filled at the touch, for what is displayed there",
            about="MKT",
            waits="a quote with size",
            steps=(
                do(Quote("99.99", None)),
                do(Place(MARKET), Now(ANY)),
                do(
                    Quote("99.99", "100.02", ask_size="60"),
                    Fill("60", "100.02"),
                    Now("Submitted", "60"),
                ),
                do(Print("100.02"), Now("Submitted", "60")),
                do(Quote("99.99", "100.03"), Fill("40", "100.03"), Now("Filled", "100")),
            ),
        )
    ),
    Scenario(
        name="an index cannot be traded",
        about="MKT",
        when="an index",
        steps=(
            do(
                Place(MARKET, contract=Contract(symbol="SPX", sec_type="IND", exchange="CBOE")),
                Error(412),
            ),
        ),
    ),
    *both(
        Scenario(
            name="a limit order rests until the market comes to it",
            about="LMT",
            waits="its limit to be quoted",
            steps=(
                do(Place(LIMIT), Now("Submitted", limit="99.50")),
                do(Quote("99.49", "99.51"), Now("Submitted")),
                do(Print("99.50"), Now("Submitted")),
                do(Quote("99.48", "99.50"), Fill("100", "99.50"), Now("Filled", "100")),
            ),
        )
    ),
    *both(
        Scenario(
            name="a marketable limit order is filled at the better price displayed",
            about="LMT",
            steps=(
                do(
                    Place(replace(LIMIT, limit_price=D("100.05"))),
                    Fill("100", "100.01"),
                    Now("Filled", "100"),
                ),
            ),
        )
    ),
    *both(
        Scenario(
            name="a limit off the grid of prices is refused",
            about="LMT",
            when="off the tick",
            steps=(do(Place(replace(LIMIT, limit_price=D("99.505"))), Error(110)),),
        )
    ),
    Scenario(
        name="a limit order without a limit is refused",
        about="LMT",
        when="no limit",
        steps=(do(Place(replace(LIMIT, limit_price=None)), Error(107)),),
    ),
    *both(
        Scenario(
            name="what a market-to-limit order finds not is worked at the price of its fill",
            about="MTL",
            waits="the price of its first fill",
            steps=(
                do(Quote("99.99", "100.01", ask_size="40", bid_size="40")),
                do(
                    Place(replace(MARKET, order_type="MTL")),
                    Fill("40", "100.01"),
                    Now("Submitted", "40", limit="100.01"),
                ),
                do(Quote("100.00", "100.02"), Now("Submitted", "40")),
                do(Quote("99.99", "100.01"), Fill("60", "100.01"), Now("Filled", "100")),
            ),
        )
    ),
    *both(
        Scenario(
            name="a market order with protection goes half a percent and no further",
            about="MKT PRT",
            waits="a price within its range",
            steps=(
                do(Quote("5999.75", "6000.00", "1", "1", name="ESU5")),
                do(
                    Place(PROTECTED, contract=ES),
                    Fill("1", "6000.00"),
                    Now("Submitted", "1"),
                ),
                do(Quote("6030.00", "6030.25", name="ESU5"), Now("Submitted", "1")),
                do(
                    Quote("6029.50", "6030.00", name="ESU5"),
                    Fill("1", "6030.00"),
                    Now("Filled", "2"),
                ),
            ),
        ),
        **SIX,
    ),
    *(
        Scenario(
            name=f"{kind} is not for {what}",
            about=kind,
            when=what,
            steps=(do(Place(order, contract=contract), Error(387)),),
        )
        for kind, order, what, contract in NOT_FOR
    ),
    *(
        stop_with_protection(action, *prices)
        for action, prices in {
            "BUY": ("6020.00", "6050.00"),
            "SELL": ("5980.00", "5950.25"),
        }.items()
    ),
    *both(
        Scenario(
            name="a box top order rests at the price of its first fill",
            about="BOX TOP",
            waits="the price of its first fill",
            steps=(
                do(Quote("9.90", "10.10", "1", "1", name=AT_SPY)),
                do(
                    Place(
                        replace(MARKET, order_type="BOX TOP", total_quantity=D(2)),
                        contract=OPTION,
                    ),
                    Fill("1", "10.10"),
                    Now("Submitted", "1", limit="10.10"),
                ),
                do(Quote("9.90", "10.11", name=AT_SPY), Now("Submitted", "1")),
                do(
                    Quote("9.90", "10.10", name=AT_SPY),
                    Fill("1", "10.10"),
                    Now("Filled", "2"),
                ),
            ),
        ),
        name=AT_SPY,
        middle=D(10),
    ),
]
