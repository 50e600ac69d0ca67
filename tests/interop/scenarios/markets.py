"""What the world does to orders: models of fills, other clients, halts, money, a test's will."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

from simulator.broker import Rules

from .mirrored import both
from .terms import (
    ANY,
    BUY,
    Cancel,
    Error,
    Fill,
    FillBy,
    Halt,
    Now,
    Place,
    Print,
    Quote,
    RejectNext,
    Resume,
    Scenario,
    Wait,
    do,
)

MARKET = replace(BUY, order_type="MKT")
LIMIT = replace(BUY, order_type="LMT", limit_price=D("99.50"))
AT_BID = replace(LIMIT, limit_price=D("99.99"))
RESTING, DONE = Now("Submitted"), Now("Filled", "100")


def by(model: str) -> dict[str, Rules]:
    return {"rules": Rules(fill_model=model)}


ROWS = [
    *both(
        Scenario(
            name="on paper a trade at the limit fills nothing, a quote does",
            about="fill model `paper`",
            waits="the other side at its limit",
            world=by("paper"),
            steps=(
                do(Place(LIMIT), RESTING),
                do(Print("99.00"), RESTING),
                do(Quote("99.48", "99.50"), Fill("100", "99.50"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="a pessimist pays a tick more than displayed",
            about="fill model `pessimistic`",
            world=by("pessimistic"),
            steps=(do(Place(MARKET), Fill("100", "100.02"), DONE),),
        )
    ),
    *both(
        Scenario(
            name="a pessimist is filled when the market has gone through his limit",
            about="fill model `pessimistic`",
            waits="the market beyond its limit",
            world=by("pessimistic"),
            steps=(
                do(Place(LIMIT), RESTING),
                do(Quote("99.48", "99.50"), RESTING),
                do(Print("99.50"), RESTING),
                do(Quote("99.47", "99.49"), Fill("100", "99.50"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="in the queue what was there before trades first",
            about="fill model `queue`",
            waits="what stood at its price before it to be traded",
            world=by("queue"),
            steps=(
                do(Place(AT_BID), RESTING),
                do(Print("99.99", "500"), RESTING),
                do(Print("99.99", "30"), Fill("30", "99.99"), Now("Submitted", "30")),
                do(Print("99.98", "70"), Fill("70", "99.99"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="by script nothing is filled but by the test",
            about="fill model `scripted`",
            waits="the test",
            world=by("scripted"),
            steps=(
                do(Place(MARKET), Now(ANY)),
                do(Quote("99.99", "100.00"), Now(ANY)),
                do(FillBy("30", "99.00"), Fill("30", "99.00"), Now("Submitted", "30")),
                do(FillBy("70", "98.00"), Fill("70", "98.00"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="clients trade with each other at the price that was there first",
            about="orders of other clients",
            waits="another client at its price",
            steps=(
                do(Place(replace(LIMIT, limit_price=D("100.00"))), RESTING),
                do(
                    Place(
                        replace(LIMIT, action="SELL", limit_price=D("100.00")),
                        "other",
                        client=2,
                    ),
                    Fill("100", "100.00"),
                    Fill("100", "100.00", "other"),
                    DONE,
                    Now("Filled", "100", key="other"),
                ),
            ),
        )
    ),
    *both(
        Scenario(
            name="the displayed quote comes before another client at a worse price",
            about="orders of other clients",
            steps=(
                do(Place(replace(LIMIT, limit_price=D("99.98"))), RESTING),
                do(
                    Place(
                        replace(LIMIT, action="SELL", limit_price=D("99.98"), tif="IOC"),
                        "other",
                        client=2,
                    ),
                    Fill("100", "99.99", "other"),
                    RESTING,
                ),
            ),
        )
    ),
    *both(
        Scenario(
            name="nothing trades in a halt",
            about="halt",
            waits="trading to be resumed",
            steps=(
                do(Place(LIMIT), RESTING),
                do(Halt(), RESTING),
                do(Quote("99.48", "99.50"), RESTING),
                do(Resume(), Fill("100", "99.50"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="an order beyond the money of its account is rejected",
            about="funds",
            when="not enough money for the margin",
            steps=(
                do(Quote("99.99", "100.01", "50000", "50000")),
                do(
                    Place(replace(MARKET, total_quantity=D(30_000))),
                    Now("Inactive"),
                    Error(201, "Order rejected - reason:"),
                ),
            ),
        )
    ),
    Scenario(
        name="a test has the broker reject the next order",
        about="a test's rejection",
        when="the test says so",
        steps=(
            do(RejectNext(201, "No trading today")),
            do(
                Place(MARKET),
                Now("Inactive"),
                Error(201, "Order rejected - reason:No trading today"),
            ),
            do(Place(MARKET, "next"), Fill("100", "100.01", "next")),
        ),
    ),
    Scenario(
        name="a test has the gateway refuse the next order by another code",
        about="a test's rejection",
        when="the test says so",
        steps=(
            do(RejectNext(10147, "nothing")),
            do(Place(MARKET), Error(10147)),
            do(Place(MARKET, "next"), Fill("100", "100.01", "next")),
        ),
    ),
    *both(
        Scenario(
            name="a cancel on its way does not stop a fill",
            about="cancel latency",
            waits="the cancel to arrive",
            world={"rules": Rules(cancel_latency_ms=1000)},
            steps=(
                do(Place(LIMIT), RESTING),
                do(Cancel(), Now("PendingCancel")),
                do(Wait(seconds=0.9), Now("PendingCancel")),
                do(Quote("99.48", "99.50"), Fill("100", "99.50"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="a cancel ends an order",
            about="cancel",
            waits="its limit to be quoted",
            when="it is cancelled",
            steps=(
                do(Place(LIMIT), RESTING),
                do(Cancel(), Now("Cancelled"), Error(202)),
                do(Quote("99.48", "99.50")),
            ),
        )
    ),
    *both(
        Scenario(
            name="new terms are worked instead of the old",
            about="new terms",
            waits="its new limit to be quoted",
            steps=(
                do(Place(LIMIT), Now("Submitted", limit="99.50")),
                do(
                    Place(replace(LIMIT, limit_price=D("99.40"))),
                    Now("Submitted", limit="99.40"),
                ),
                do(Quote("99.39", "99.41"), RESTING),
                do(Quote("99.38", "99.40"), Fill("100", "99.40"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="a limit far through the market is cancelled by the broker",
            about="price collar",
            when="a limit too far through the market",
            world={"rules": Rules(price_collar=D("0.03"))},
            steps=(
                do(
                    Place(replace(LIMIT, limit_price=D("103.00"))),
                    Now("Cancelled"),
                    Error(202, "We cannot accept an order at a limit price"),
                ),
                do(
                    Place(replace(LIMIT, limit_price=D("102.99")), "next"),
                    Fill("100", "100.01", "next"),
                ),
            ),
        )
    ),
]
