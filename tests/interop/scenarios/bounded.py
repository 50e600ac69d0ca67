"""Terms that bound an order: for how long, how far it gives way, leg by leg, step by step."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

from simulator import records as r

from .mirrored import both
from .terms import AAPL, BUY, MADE, Error, Fill, Now, Place, Quote, Scenario, Wait, do
from .worked import SCALE, SPREAD, microsoft

LIMIT = replace(BUY, order_type="LMT", limit_price=D("99.50"))
RESTING, HELD = Now("Submitted"), Now("PreSubmitted")
DONE, OVER = Now("Filled", "100"), Now("Cancelled")
AT_LIMIT = Quote("99.48", "99.50")
AT_IEX = replace(AAPL, exchange="IEX")
WITHIN = replace(
    LIMIT,
    active_start_time="20250616 10:30:00 US/Eastern",
    active_stop_time="20250616 10:40:00 US/Eastern",
)


def by_legs(apple: str, msft: str, action: str = "BUY") -> r.Order:
    """A limit for each leg, and none for the whole."""
    prices = tuple(r.ComboLegPrice(price=D(price)) for price in (apple, msft))
    return replace(BUY, action=action, order_type="LMT", combo_leg_prices=prices)


ROWS = [
    *both(
        Scenario(
            name="a discretionary order takes what is a little beyond its limit",
            about="`discretionaryAmt`",
            waits="the other side within its amount of its limit",
            steps=(
                do(Place(replace(LIMIT, discretionary_amount=D("0.05"))), RESTING),
                do(Quote("99.48", "99.56"), RESTING),
                do(Quote("99.48", "99.55"), Fill("100", "99.55"), DONE),
            ),
        )
    ),
    Scenario(
        name="a market order has no discretion",
        about="`discretionaryAmt`",
        when="with a market order",
        steps=(
            do(
                Place(replace(BUY, order_type="MKT", discretionary_amount=D("0.05"))),
                Error(325),
            ),
        ),
    ),
    *both(
        Scenario(
            name="an order is active from its start",
            about="`activeStartTime`",
            waits="its time",
            steps=(
                do(Place(replace(WITHIN, active_stop_time="")), HELD),
                do(Wait(minutes=29, seconds=59), HELD),
                do(AT_LIMIT, HELD),
                do(Wait(seconds=1), Fill("100", "99.50"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="an order is active until its stop",
            about="`activeStopTime`",
            waits="its limit to be quoted, until its time",
            when="its time comes",
            steps=(
                do(Place(WITHIN), HELD),
                do(Wait(minutes=30), RESTING),
                do(Wait(minutes=9, seconds=59), RESTING),
                do(Wait(seconds=1), OVER, Error(202)),
                do(AT_LIMIT),
            ),
        )
    ),
    Scenario(
        name="an order that stops before it starts is refused",
        about="`activeStopTime`",
        when="before the start",
        steps=(
            do(
                Place(replace(WITHIN, active_stop_time="20250616 10:20:00 US/Eastern")),
                Error(321),
            ),
        ),
    ),
    *both(
        Scenario(
            name="an order that sweeps is filled as any other",
            about="`sweepToFill`",
            waits="its limit to be quoted",
            steps=(
                do(Place(replace(LIMIT, sweep_to_fill=True)), RESTING),
                do(AT_LIMIT, Fill("100", "99.50"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="an order at one venue is warned that it does not sweep",
            about="`sweepToFill`",
            waits="its limit to be quoted",
            steps=(
                do(
                    Place(replace(LIMIT, sweep_to_fill=True), contract=AT_IEX),
                    RESTING,
                    Error(131, "will be ignored"),
                ),
                do(AT_LIMIT, Fill("100", "99.50"), DONE),
            ),
        )
    ),
    Scenario(
        name="a spread with limits of its legs is bought when each is reached",
        about="`orderComboLegs` prices",
        waits="each leg at its own limit",
        steps=(
            do(microsoft("90.00", "90.02")),
            do(Place(by_legs("100.01", "90.01"), contract=SPREAD), RESTING),
            do(Quote("100.00", "100.02"), RESTING),
            do(microsoft("90.05", "90.07"), RESTING),  # cheaper than both limits together
            do(microsoft("90.01", "90.03"), RESTING),
            do(
                Quote("99.99", "100.01"),
                Fill("100", "10.00"),
                Fill("100", "100.01", leg="AAPL"),
                Fill("100", "90.01", leg="MSFT"),
                DONE,
            ),
        ),
    ),
    Scenario(
        name="a spread with limits of its legs is sold when each is reached",
        about="`orderComboLegs` prices",
        waits="each leg at its own limit",
        steps=(
            do(microsoft("90.00", "90.02")),
            do(Place(by_legs("99.99", "90.01", "SELL"), contract=SPREAD), RESTING),
            do(Quote("99.98", "100.00"), RESTING),
            do(microsoft("89.90", "89.92"), RESTING),  # dearer than both limits together
            do(microsoft("89.99", "90.01"), RESTING),
            do(
                Quote("99.99", "100.01"),
                Fill("100", "9.98"),
                Fill("100", "99.99", leg="AAPL"),
                Fill("100", "90.01", leg="MSFT"),
                DONE,
            ),
        ),
    ),
    Scenario(
        name="limits of the legs beside one of the whole are refused",
        about="`orderComboLegs` prices",
        when="with a limit of the whole",
        steps=(
            do(
                Place(replace(by_legs("100.01", "90.01"), limit_price=D("10.00")), contract=SPREAD),
                Error(321),
            ),
        ),
    ),
    *both(
        Scenario(
            name="a fill of a scale is followed by an order for its profit",
            about="`scaleProfitOffset`",
            waits="its limit to be quoted; what it makes, its profit",
            steps=(
                do(Place(replace(SCALE, scale_profit_offset=D("0.25"))), RESTING),
                do(
                    Quote("99.48", "99.50"),
                    Fill("40", "99.50"),
                    Now("Submitted", "40"),
                    Now("Submitted", key=MADE),
                ),
                do(Quote("99.74", "99.76"), Now("Submitted", key=MADE)),
                do(
                    Quote("99.75", "99.77"),
                    Fill("40", "99.75", MADE),
                    Now("Filled", "40", key=MADE),
                    Now("Submitted", "40"),
                ),
            ),
        )
    ),
    *both(
        Scenario(
            name="the first price of a scale moves as time goes by",
            about="`scalePriceAdjustValue`",
            waits="its limit, as it has moved, to be quoted",
            steps=(
                do(
                    Place(
                        replace(
                            SCALE,
                            scale_price_adjust_value=D("-0.10"),
                            scale_price_adjust_interval=60,
                        )
                    ),
                    RESTING,
                ),
                do(Wait(seconds=60), RESTING),
                do(AT_LIMIT, RESTING),
                do(Quote("99.38", "99.40"), Fill("40", "99.40"), Now("Submitted", "40")),
            ),
        )
    ),
]

NEWER = [
    *both(
        Scenario(
            name="an order ends with its duration",
            about="`duration`",
            waits="its limit to be quoted, for as long as it lasts",
            when="its seconds are over",
            steps=(
                do(Place(replace(LIMIT, duration=60)), RESTING),
                do(Wait(seconds=59), RESTING),
                do(Wait(seconds=1), OVER, Error(202)),
                do(AT_LIMIT),
            ),
        )
    ),
]
