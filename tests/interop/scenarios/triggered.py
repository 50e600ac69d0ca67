"""Orders that a price elects: stops, touches, trails, and how the market is looked at."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

from simulator.records import Order

from .mirrored import both
from .terms import BUY, Error, Fill, Now, Place, Print, Quote, Scenario, do

HELD = Now("PreSubmitted", why_held="trigger")
STOP = replace(BUY, order_type="STP", aux_price=D("101.00"))
TRAIL = replace(BUY, order_type="TRAIL", aux_price=D("1.00"))
BY_PERCENT = replace(BUY, order_type="TRAIL", trailing_percent=D(1))
DONE = Now("Filled", "100")
AT_STOP = "the last price at its stop"


def method(number: int, what: str, *steps: Any) -> list[Scenario]:
    """A stop at 101.00 that looks at the market in its own way."""
    order = replace(STOP, trigger_method=number)
    return both(
        Scenario(
            name=f"a stop is elected by {what}",
            about=f"`triggerMethod` {number}",
            waits=what,
            steps=(do(Place(order), HELD), *steps),
        )
    )


def adjusting(kind: str, **terms: Any) -> Order:
    """A stop at 101.00 that changes when the market has come to 98.00."""
    return replace(
        STOP,
        adjusted_order_type=kind,
        trigger_price=D("98.00"),
        adjusted_stop_price=D("99.00"),
        **terms,
    )


ROWS = [
    *both(
        Scenario(
            name="a stop is elected by the last price and filled at the touch",
            about="STP",
            waits=AT_STOP,
            steps=(
                do(Place(STOP), HELD),
                do(Quote("100.99", "101.01", last="100.99"), HELD),
                do(Print("101.00"), Fill("100", "101.01"), DONE),
            ),
        )
    ),
    Scenario(
        name="a stop without a stop price is refused",
        about="STP",
        when="no stop price",
        steps=(do(Place(replace(STOP, aux_price=None)), Error(403)),),
    ),
    *both(
        Scenario(
            name="a stop limit is elected and then rests at its limit",
            about="STP LMT",
            waits=AT_STOP,
            steps=(
                do(Place(replace(STOP, order_type="STP LMT", limit_price=D("101.05"))), HELD),
                do(Quote("100.98", "101.00", last="100.99"), HELD),
                do(Quote("101.08", "101.10", last="101.00"), Now("Submitted", limit="101.05")),
                do(Quote("101.04", "101.06"), Now("Submitted")),
                do(Quote("101.03", "101.05"), Fill("100", "101.05"), DONE),
            ),
        )
    ),
    Scenario(
        name="a stop limit without a limit is refused",
        about="STP LMT",
        when="no limit",
        steps=(do(Place(replace(STOP, order_type="STP LMT")), Error(107)),),
    ),
    *both(
        Scenario(
            name="a trailing stop follows the market and is elected on its way back",
            about="TRAIL",
            waits="the market turning by its amount",
            steps=(
                do(Place(TRAIL), HELD),
                do(Quote("97.99", "98.01"), HELD),
                do(Quote("98.98", "99.00", last="98.99"), HELD),
                do(Print("99.00"), Fill("100", "99.00"), DONE),
            ),
        )
    ),
    Scenario(
        name="a trailing stop by percent follows the market (buy)",
        about="TRAIL",
        waits="the market turning by its percentage",
        steps=(
            do(Place(BY_PERCENT), HELD),
            do(Quote("97.99", "98.01"), HELD),
            do(Quote("98.96", "98.98", last="98.97"), HELD),
            do(Print("98.98"), Fill("100", "98.98"), DONE),
        ),
    ),
    Scenario(
        name="a trailing stop by percent follows the market (sell)",
        about="TRAIL",
        waits="the market turning by its percentage",
        steps=(
            do(Place(replace(BY_PERCENT, action="SELL")), HELD),
            do(Quote("101.99", "102.01"), HELD),
            do(Quote("100.98", "101.00", last="100.99"), HELD),
            do(Print("100.98"), Fill("100", "100.98"), DONE),
        ),
    ),
    Scenario(
        name="a trail without an amount is refused",
        about="TRAIL",
        when="no amount or percentage",
        steps=(do(Place(replace(TRAIL, aux_price=None)), Error(158)),),
    ),
    *both(
        Scenario(
            name="a trailing stop limit rests at an offset from where its stop was",
            about="TRAIL LIMIT",
            waits="the market turning by its amount",
            steps=(
                do(
                    Place(
                        replace(
                            TRAIL,
                            order_type="TRAIL LIMIT",
                            trail_stop_price=D("101.00"),
                            limit_price_offset=D("0.10"),
                        )
                    ),
                    HELD,
                ),
                do(Quote("97.99", "98.01"), HELD),
                do(Quote("98.98", "99.00", last="98.99"), HELD),
                do(Quote("99.13", "99.15", last="99.00"), Now("Submitted", limit="99.10")),
                do(Quote("99.09", "99.11"), Now("Submitted")),
                do(Quote("99.08", "99.10"), Fill("100", "99.10"), DONE),
            ),
        )
    ),
    Scenario(
        name="a trailing stop limit without a limit is refused",
        about="TRAIL LIMIT",
        when="no limit or offset",
        steps=(do(Place(replace(TRAIL, order_type="TRAIL LIMIT")), Error(107)),),
    ),
    *both(
        Scenario(
            name="a market-if-touched order waits for a better price",
            about="MIT",
            waits="the last price at its trigger",
            steps=(
                do(Place(replace(BUY, order_type="MIT", aux_price=D("99.00"))), HELD),
                do(Quote("98.99", "99.01", last="99.01"), HELD),
                do(Print("99.00"), Fill("100", "99.01"), DONE),
            ),
        )
    ),
    Scenario(
        name="a market-if-touched order without a trigger is refused",
        about="MIT",
        when="no trigger price",
        steps=(do(Place(replace(BUY, order_type="MIT")), Error(361)),),
    ),
    *both(
        Scenario(
            name="a limit-if-touched order is touched and then rests at its limit",
            about="LIT",
            waits="the last price at its trigger",
            steps=(
                do(
                    Place(
                        replace(BUY, order_type="LIT", aux_price=D("99.00"), limit_price=D("98.95"))
                    ),
                    HELD,
                ),
                do(Quote("98.99", "99.01", last="99.01"), HELD),
                do(Print("99.00"), Now("Submitted", limit="98.95")),
                do(Quote("98.93", "98.95"), Fill("100", "98.95"), DONE),
            ),
        )
    ),
    Scenario(
        name="a limit-if-touched order without a limit is refused",
        about="LIT",
        when="no limit",
        steps=(do(Place(replace(BUY, order_type="LIT", aux_price=D("99.00"))), Error(107)),),
    ),
    *method(
        1,
        "bid or ask at its stop twice in a row",
        do(Quote("101.00", "101.02", last="100.50"), HELD),
        do(Quote("100.99", "101.02", last="100.50"), HELD),
        do(Quote("101.00", "101.03", last="100.50"), HELD),
        do(Quote("101.01", "101.03", last="100.50"), Fill("100", "101.03"), DONE),
    ),
    *method(
        2,
        "the last price at its stop",
        do(Quote("101.05", "101.07", last="100.99"), HELD),
        do(Print("101.00"), Fill("100", "101.07"), DONE),
    ),
    *method(
        3,
        "the last price at its stop twice in a row",
        do(Print("101.00"), HELD),
        do(Print("100.99"), HELD),
        do(Print("101.01"), HELD),
        do(Print("101.00"), Fill("100", "100.01"), DONE),
    ),
    *method(
        4,
        "bid or ask at its stop",
        do(Quote("100.99", "101.05", last="101.03"), HELD),
        do(Quote("101.00", "101.05", last="100.50"), Fill("100", "101.05"), DONE),
    ),
    *method(
        7,
        "last, bid or ask at its stop",
        do(Quote("100.99", "101.05", last="100.50"), HELD),
        do(Quote("101.00", "101.05", last="100.50"), Fill("100", "101.05"), DONE),
    ),
    *method(
        8,
        "the midpoint at its stop",
        do(Quote("100.98", "101.00", last="101.50"), HELD),
        do(Quote("100.98", "101.02", last="100.50"), Fill("100", "101.02"), DONE),
    ),
    Scenario(
        name="a trigger method that is none is refused",
        about="`triggerMethod`",
        when="5 and other numbers",
        steps=(do(Place(replace(STOP, trigger_method=5)), Error(146)),),
    ),
    *both(
        Scenario(
            name="a stop moves nearer when the market has gone its way",
            about="`adjustedOrderType` STP",
            waits="its trigger, then its new stop",
            steps=(
                do(Place(adjusting("STP")), HELD),
                do(Quote("98.00", "98.02", last="98.01"), HELD),
                do(Print("98.00"), HELD),
                do(Quote("98.97", "98.99", last="98.98"), HELD),
                do(Print("99.00"), Fill("100", "98.99"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="a stop becomes a trailing stop when the market has gone its way",
            about="`adjustedOrderType` TRAIL",
            waits="its trigger, then the market turning",
            steps=(
                do(Place(adjusting("TRAIL", adjusted_trailing_amount=D("0.50"))), HELD),
                do(Quote("97.99", "98.01", last="98.00"), HELD),
                do(Quote("96.99", "97.01"), HELD),
                do(Quote("97.48", "97.50", last="97.49"), HELD),
                do(Print("97.50"), Fill("100", "97.50"), DONE),
            ),
        )
    ),
    Scenario(
        name="a stop that is to change without a trigger is refused",
        about="`adjustedOrderType` TRAIL",
        when="no trigger price",
        steps=(do(Place(replace(adjusting("TRAIL"), trigger_price=None)), Error(361)),),
    ),
]
