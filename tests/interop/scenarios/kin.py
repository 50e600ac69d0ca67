"""Orders that hang together: transmitted later, attached, one cancels all; and previews."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

from simulator.records import Contract, Order

from .mirrored import both
from .terms import (
    BUY,
    Cancel,
    Effect,
    Error,
    Fill,
    Now,
    Place,
    Preview,
    Quote,
    Scenario,
    Step,
    Unseen,
    do,
)

LIMIT = replace(BUY, order_type="LMT", limit_price=D("99.50"))
MARKETABLE = replace(LIMIT, limit_price=D("100.01"))
PROFIT = replace(LIMIT, action="SELL", limit_price=D("101.00"))
LOSS = replace(BUY, action="SELL", order_type="STP", aux_price=D("98.00"))
RESTING, DONE = Now("Submitted"), Now("Filled", "100")
CHILD = Now("PreSubmitted", why_held="child", key="profit")
STOP_CHILD = Now("PreSubmitted", why_held="child,trigger", key="loss")


def later(order: Order) -> Order:
    return replace(order, transmit=False)


BRACKET = (
    do(Place(later(LIMIT)), Unseen()),
    do(Place(later(PROFIT), "profit", parent="it"), Unseen(), Unseen("profit")),
    do(Place(LOSS, "loss", parent="it"), RESTING, CHILD, STOP_CHILD),
)
ENTERED = do(
    Quote("99.48", "99.50"),
    Fill("100", "99.50"),
    DONE,
    Now("Submitted", key="profit"),
    Now("PreSubmitted", why_held="trigger", key="loss"),
)


def group(oca_type: int, limit: str) -> Order:
    return replace(LIMIT, limit_price=D(limit), oca_group="either", oca_type=oca_type)


def pair(oca_type: int) -> tuple[Step, Step]:
    """Two orders of a group, the better one the subject."""
    return (
        do(Place(group(oca_type, "99.50")), RESTING),
        do(Place(group(oca_type, "99.40"), "other"), Now("Submitted", key="other")),
    )


ROWS = [
    *both(
        Scenario(
            name="an order that is not transmitted waits in the gateway",
            about="`transmit` false",
            waits="to be sent again with `transmit`",
            steps=(
                do(Place(later(MARKETABLE)), Unseen()),
                do(Quote("99.98", "100.00"), Unseen()),
                do(Place(MARKETABLE), Fill("100", "100.00"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="a bracket takes its profit, and the stop ends",
            about="`parentId`",
            subject="profit",
            waits="its parent to be filled",
            steps=(
                *BRACKET,
                ENTERED,
                do(Quote("100.99", "101.01"), Now("Submitted", key="profit")),
                do(
                    Quote("101.00", "101.02"),
                    Fill("100", "101.00", "profit"),
                    Now("Filled", "100", key="profit"),
                    Now("Cancelled", key="loss"),
                    Error(202, key="loss"),
                ),
            ),
        )
    ),
    *both(
        Scenario(
            name="a bracket stops its loss, and the profit order ends",
            about="`parentId`",
            subject="loss",
            waits="its parent to be filled",
            steps=(
                *BRACKET,
                ENTERED,
                do(
                    Quote("97.98", "98.00", last="98.00"),
                    Fill("100", "97.98", "loss"),
                    Now("Filled", "100", key="loss"),
                    Now("Cancelled", key="profit"),
                    Error(202, key="profit"),
                ),
            ),
        )
    ),
    *both(
        Scenario(
            name="the children of a cancelled parent end with it",
            about="`parentId`",
            subject="profit",
            waits="its parent to be filled",
            when="its parent is cancelled",
            steps=(
                *BRACKET,
                do(
                    Cancel(),
                    Now("Cancelled"),
                    Error(202),
                    Now("Cancelled", key="profit"),
                    Error(202, key="profit"),
                    Now("Cancelled", key="loss"),
                    Error(202, key="loss"),
                ),
            ),
        )
    ),
    *both(
        Scenario(
            name="a fill cancels the other order of a group of type 1",
            about="`ocaType` 1",
            subject="other",
            waits="its limit to be quoted",
            when="another of its group trades",
            steps=(
                *pair(1),
                do(
                    Quote("99.38", "99.40", "40", "40"),
                    Fill("40", "99.50"),
                    Now("Submitted", "40"),
                    Now("Cancelled", key="other"),
                    Error(202, key="other"),
                ),
                do(Quote("99.38", "99.40"), Fill("60", "99.50"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="a fill reduces the other order of a group of type 2, before that trades",
            about="`ocaType` 2",
            subject="other",
            waits="its limit to be quoted",
            when="another of its group is filled",
            steps=(
                *pair(2),
                do(
                    Quote("99.38", "99.40", "40", "40"),
                    Fill("40", "99.50"),
                    Now("Submitted", "40"),
                    Now("Submitted", key="other"),
                ),
                do(
                    Quote("99.38", "99.40"),
                    Fill("60", "99.50"),
                    DONE,
                    Now("Cancelled", key="other"),
                    Error(202, key="other"),
                ),
            ),
        )
    ),
    *both(
        Scenario(
            name="one quote may fill several orders of a group of type 3",
            about="`ocaType` 3",
            subject="other",
            waits="its limit to be quoted",
            when="another of its group is filled",
            steps=(
                *pair(3),
                do(
                    Quote("99.38", "99.40", "140", "140"),
                    Fill("100", "99.50"),
                    DONE,
                    Fill("40", "99.40", "other"),
                    Now("Cancelled", "40", key="other"),
                    Error(202, key="other"),
                ),
            ),
        )
    ),
    Scenario(
        name="a type of group that is none is refused",
        about="`ocaType`",
        when="4 and above",
        steps=(do(Place(group(4, "99.50")), Error(321)),),
    ),
    Scenario(
        name="a purchase is previewed with its margin and commission",
        about="`whatIf`",
        steps=(
            do(
                Preview(replace(BUY, order_type="MKT")),
                Effect(initial_margin="5000.00", equity="-2.00", commission="1.0003"),
            ),
            do(Quote("99.90", "99.92")),
        ),
    ),
    Scenario(
        name="a preview of what cannot be bought is refused",
        about="`whatIf`",
        when="an unknown contract",
        steps=(
            do(
                Preview(
                    replace(BUY, order_type="MKT"),
                    contract=Contract(symbol="NOPE", sec_type="STK", exchange="SMART"),
                ),
                Error(200),
            ),
        ),
    ),
]
