"""Times in force, auctions, hours and times of activation. Mostly by the calendar.

A world begins on Monday, June 16, 2025, at ten in New York.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

from .mirrored import both
from .terms import BUY, Error, Fill, NextSession, Now, Place, Quote, Scenario, Wait, do

LIMIT = replace(BUY, order_type="LMT", limit_price=D("99.50"))
MARKET = replace(BUY, order_type="MKT")
CALENDAR = {"calendar": True}
RESTING, HELD = Now("Submitted"), Now("PreSubmitted")
DONE, OVER = Now("Filled", "100"), Now("Cancelled")
AT_LIMIT = Quote("99.48", "99.50")
CLOSE = "the close"
TO_THE_CLOSE = Wait(hours=6)

ROWS = [
    *both(
        Scenario(
            name="a day order ends with its session",
            about="`tif` DAY",
            waits="its limit to be quoted",
            when="the session ends",
            world=CALENDAR,
            steps=(
                do(Place(LIMIT), RESTING),
                do(Wait(hours=5, minutes=59), RESTING),
                do(Wait(minutes=1), OVER, Error(202)),
                do(NextSession()),
                do(AT_LIMIT),
            ),
        )
    ),
    *both(
        Scenario(
            name="an order good till cancelled waits for the next session",
            about="`tif` GTC",
            waits="its limit to be quoted, in this session or a later one",
            world=CALENDAR,
            steps=(
                do(Place(replace(LIMIT, tif="GTC")), RESTING),
                do(TO_THE_CLOSE),
                do(AT_LIMIT),
                do(NextSession(), Fill("100", "99.50"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="an immediate-or-cancel order takes what is there and leaves nothing",
            about="`tif` IOC",
            when="at once, what is not filled",
            steps=(
                do(Quote("99.99", "100.01", "40", "40")),
                do(
                    Place(replace(LIMIT, limit_price=D("100.01"), tif="IOC")),
                    Fill("40", "100.01"),
                    Now("Cancelled", "40"),
                    Error(202),
                ),
            ),
        )
    ),
    *both(
        Scenario(
            name="a fill-or-kill order that cannot be filled is inactive",
            about="`tif` FOK",
            when="at once, if there is too little",
            steps=(
                do(Quote("99.99", "100.01", "99", "99")),
                do(Place(replace(LIMIT, limit_price=D("100.01"), tif="FOK")), Now("Inactive")),
            ),
        )
    ),
    *both(
        Scenario(
            name="a fill-or-kill order that can be filled is",
            about="`tif` FOK",
            steps=(
                do(Quote("99.99", "100.01", "100", "100")),
                do(
                    Place(replace(LIMIT, limit_price=D("100.01"), tif="FOK")),
                    Fill("100", "100.01"),
                    DONE,
                ),
            ),
        )
    ),
    *both(
        Scenario(
            name="an order good till a date ends with the session of that date",
            about="`tif` GTD",
            waits="its limit to be quoted, until its date or time",
            when="the session of its date ends, or its time comes",
            world=CALENDAR,
            steps=(
                do(Place(replace(LIMIT, tif="GTD", good_till_date="20250616")), RESTING),
                do(Wait(hours=5, minutes=59), RESTING),
                do(Wait(minutes=1), OVER, Error(202)),
            ),
        )
    ),
    *both(
        Scenario(
            name="an order good till a time is filled before it",
            about="`tif` GTD",
            waits="its limit to be quoted, until its date or time",
            steps=(
                do(
                    Place(replace(LIMIT, tif="GTD", good_till_date="20250616 10:30:00 US/Eastern")),
                    RESTING,
                ),
                do(Wait(minutes=29), RESTING),
                do(AT_LIMIT, Fill("100", "99.50"), DONE),
            ),
        )
    ),
    Scenario(
        name="an order good till a time ends at that time",
        about="`tif` GTD",
        waits="its limit to be quoted, until its date or time",
        when="the session of its date ends, or its time comes",
        steps=(
            do(
                Place(replace(LIMIT, tif="GTD", good_till_date="20250616 10:30:00 US/Eastern")),
                RESTING,
            ),
            do(Wait(minutes=29), RESTING),
            do(Wait(minutes=1), OVER, Error(202)),
            do(AT_LIMIT),
        ),
    ),
    Scenario(
        name="an order good till no date is refused",
        about="`tif` GTD",
        when="no date",
        steps=(do(Place(replace(LIMIT, tif="GTD")), Error(334)),),
    ),
    *both(
        Scenario(
            name="a day-till-cancelled order goes out of force, and comes back with new terms",
            about="`tif` DTC",
            waits="its limit to be quoted",
            when="the session ends; it is inactive until it is sent again",
            world=CALENDAR,
            steps=(
                do(Place(replace(LIMIT, tif="DTC")), RESTING),
                do(TO_THE_CLOSE, Now("Inactive")),
                do(NextSession()),
                do(AT_LIMIT),
                do(Place(replace(LIMIT, tif="DTC")), Fill("100", "99.50"), DONE),
            ),
        )
    ),
    Scenario(
        name="a time in force that is none is refused",
        about="`tif`",
        when="an unknown one",
        steps=(do(Place(replace(LIMIT, tif="SOON")), Error(10052)),),
    ),
    Scenario(
        name="an order for an auction without a venue is rejected",
        about="`tif`",
        when="AUC",
        steps=(do(Place(replace(LIMIT, tif="AUC")), Now("Inactive"), Error(201)),),
    ),
    *both(
        Scenario(
            name="a market order for the open waits for it",
            about="`tif` OPG",
            waits="the open",
            world=CALENDAR,
            steps=(
                do(Place(replace(MARKET, tif="OPG")), HELD),
                do(Quote("99.89", "99.91"), HELD),
                do(Wait(hours=23), HELD),
                do(Quote("102.00", "102.00"), HELD),
                do(NextSession(), Fill("100", "102.00"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="a limit order for the open that is not reached ends there",
            about="`tif` OPG",
            waits="the open",
            when="the open is beyond its limit",
            world=CALENDAR,
            steps=(
                do(Place(replace(LIMIT, tif="OPG")), HELD),
                do(Wait(hours=23), HELD),
                do(
                    Wait(minutes=31),
                    OVER,
                    Error(202, "At the open order can not be executed"),
                ),
            ),
        )
    ),
    Scenario(
        name="a stop for the open is refused",
        about="`tif` OPG",
        when="with a type other than market or limit",
        steps=(do(Place(replace(BUY, order_type="STP", aux_price=D(101), tif="OPG")), Error(111)),),
    ),
    *both(
        Scenario(
            name="a market order for the close waits for it",
            about="MOC",
            waits=CLOSE,
            world=CALENDAR,
            steps=(
                do(Place(replace(MARKET, order_type="MOC")), HELD),
                do(Wait(hours=5, minutes=59), HELD),
                do(Quote("101.00", "101.00"), HELD),
                do(Wait(minutes=1), Fill("100", "101.00"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="a limit order for the close is filled if it is reached there",
            about="LOC",
            waits=CLOSE,
            world=CALENDAR,
            steps=(
                do(Place(replace(LIMIT, order_type="LOC")), HELD),
                do(Quote("99.00", "99.01"), HELD),
                do(Wait(hours=5, minutes=59), HELD),
                do(Quote("99.50", "99.50"), HELD),
                do(Wait(minutes=1), Fill("100", "99.50"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="a limit order for the close that is not reached ends there",
            about="LOC",
            waits=CLOSE,
            when="the close is beyond its limit",
            world=CALENDAR,
            steps=(
                do(Place(replace(LIMIT, order_type="LOC")), HELD),
                do(Quote("99.51", "99.51"), HELD),
                do(
                    Wait(hours=6, minutes=1),
                    OVER,
                    Error(202, "At the close order can not be executed"),
                ),
            ),
        )
    ),
    *(
        Scenario(
            name=f"{kind} is not good till cancelled",
            about=kind,
            when="with a time in force",
            steps=(do(Place(replace(LIMIT, order_type=kind, tif="GTC")), Error(113)),),
        )
        for kind in ("MOC", "LOC")
    ),
    Scenario(
        name="an order at night waits for regular hours",
        about="`outsideRth` false",
        waits="regular hours",
        world=CALENDAR,
        steps=(
            do(TO_THE_CLOSE),
            do(Wait(minutes=5)),
            do(
                Place(replace(LIMIT, limit_price=D("100.05"))),
                HELD,
                Error(399, "2025-06-17 09:30:00 US/Eastern"),
            ),
            do(Wait(hours=17), HELD),
            do(NextSession(), Fill("100", "100.01"), DONE),
        ),
    ),
    *both(
        Scenario(
            name="an order for all hours is filled after the close",
            about="`outsideRth` true",
            world=CALENDAR,
            steps=(
                do(TO_THE_CLOSE),
                do(Wait(minutes=5)),
                do(
                    Place(replace(LIMIT, limit_price=D("100.05"), outside_rth=True)),
                    Fill("100", "100.01"),
                    DONE,
                ),
            ),
        )
    ),
    *both(
        Scenario(
            name="an order for all hours waits for the first of them",
            about="`outsideRth` true",
            waits="trading before or after regular hours",
            world=CALENDAR,
            steps=(
                do(Wait(hours=12)),
                do(
                    Place(replace(LIMIT, limit_price=D("100.05"), outside_rth=True)),
                    HELD,
                    Error(399, "2025-06-17 04:00:00 US/Eastern"),
                ),
                do(Wait(hours=5, minutes=59), HELD),
                do(Wait(minutes=1), Fill("100", "100.01"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="an order good after a time waits for it",
            about="`goodAfterTime`",
            waits="its time",
            steps=(
                do(
                    Place(
                        replace(
                            LIMIT,
                            limit_price=D("100.05"),
                            good_after_time="20250616 10:30:00 US/Eastern",
                        )
                    ),
                    HELD,
                ),
                do(Wait(minutes=29, seconds=59), HELD),
                do(Quote("100.01", "100.03"), HELD),
                do(Wait(seconds=1), Fill("100", "100.03"), DONE),
            ),
        )
    ),
    Scenario(
        name="a time that is none is refused",
        about="`goodAfterTime`",
        when="no time",
        steps=(do(Place(replace(LIMIT, good_after_time="noon")), Error(10314)),),
    ),
]
