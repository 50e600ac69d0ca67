"""Orders that follow what another has traded, sent as hedges or made by the broker.

Also children that end their parent.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

from simulator.records import Contract, Order

from .conditional import MSFT
from .mirrored import OTHER, both
from .pegged import AT_CALL, CALL, of_option
from .terms import (
    AAPL,
    BUY,
    MADE,
    Cancel,
    Error,
    Fill,
    Now,
    Place,
    Quote,
    Scenario,
    Unseen,
    do,
)

LIMIT = replace(BUY, order_type="LMT", limit_price=D("99.50"))
LIMITS = {"BUY": "99.50", "SELL": "100.50"}
REACHED = {"BUY": Quote("99.48", "99.50"), "SELL": Quote("100.50", "100.52")}
HEDGE = replace(BUY, order_type="MKT", total_quantity=D(0))
WAITING = Now("PreSubmitted", why_held="child", key="hedge")
EURUSD = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
SPY = replace(AAPL, symbol="SPY")
BY_SIZE = "its parent to be filled, for its size"


def hedge(
    action: str, kind: str, param: str, contract: Contract, sizes: dict[str, str], quote: Quote
) -> Scenario:
    """A hedge, of a side, of a hundred shares of AAPL."""
    side = OTHER[action]
    parent = replace(LIMIT, action=side, limit_price=D(LIMITS[side]), transmit=False)
    price = quote.ask if action == "BUY" else quote.bid
    assert price is not None
    order: Order = replace(HEDGE, action=action, hedge_type=kind, hedge_param=param)
    return Scenario(
        name=f"a hedge of type {kind} has the size its parent asks for ({action.lower()})",
        about=f"`hedgeType` {kind}",
        subject="hedge",
        waits=BY_SIZE,
        steps=(
            do(quote),
            do(Place(parent), Unseen()),
            do(Place(order, "hedge", contract=contract, parent="it"), WAITING),
            do(Quote("99.99", "100.01"), WAITING),
            do(
                REACHED[side],
                Fill("100", LIMITS[side]),
                Now("Filled", "100"),
                Fill(sizes[action], price, "hedge"),
                Now("Filled", sizes[action], key="hedge"),
            ),
        ),
    )


def delta_hedge(action: str, price: str, spy: str) -> Scenario:
    """A hedge, of a side, of one call that moves by half of what its stock does."""
    side = OTHER[action]
    parent = replace(
        BUY,
        action=side,
        order_type="PEG STK",
        total_quantity=D(1),
        delta=D(50),
        starting_price=D("5.00"),
        stock_reference_price=D("590.00"),
        transmit=False,
    )
    at = Quote("4.00", "5.00") if side == "BUY" else Quote("5.00", "6.00")
    return Scenario(
        name=f"a hedge of type D has the size its parent asks for ({action.lower()})",
        about="`hedgeType` D",
        subject="hedge",
        waits=BY_SIZE,
        steps=(
            do(Quote("589.99", "590.01", name="SPY")),
            do(Quote("3.00", "7.00", name=AT_CALL)),
            do(Place(parent, contract=CALL), Unseen()),
            do(
                Place(
                    replace(HEDGE, action=action, hedge_type="D"),
                    "hedge",
                    contract=SPY,
                    parent="it",
                ),
                WAITING,
            ),
            do(Quote("3.00", "6.50", name=AT_CALL), WAITING),
            do(
                replace(at, name=AT_CALL),
                Fill("1", price),
                Now("Filled", "1"),
                Fill("50", spy, "hedge"),
                Now("Filled", "50", key="hedge"),
            ),
        ),
    )


def neutral(action: str, beyond: Quote, at: Quote, price: str, spy: str) -> Scenario:
    """A call bought or sold by its volatility, and its stock traded against it."""
    scenario = of_option(
        "VOL",
        "the market at what the volatility is worth",
        Now("Submitted"),
        do(beyond, Now("Submitted")),
        do(
            at,
            Fill("1", price),
            Now("Filled", "1"),
            Fill("50", spy, MADE),
            Now("Filled", "50", key=MADE),
        ),
        action=action,
        volatility=D(20),
        volatility_type=2,
        delta_neutral_order_type="MKT",
    )
    return replace(
        scenario,
        name=f"the delta of a volatility order is hedged ({action.lower()})",
        about="`deltaNeutralOrderType`",
    )


def call(bid: str, ask: str) -> Quote:
    return Quote(bid, ask, name=AT_CALL)


STOCK = Quote("400.00", "400.02", name="MSFT")
EURO = Quote("1.25", "1.25", "10000000", "10000000", name="EUR.USD")

ROWS = [
    *(
        row
        for action in ("SELL", "BUY")
        for row in (
            hedge(action, "P", "2", MSFT, {"SELL": "200", "BUY": "200"}, STOCK),
            hedge(action, "B", "1.2", MSFT, {"SELL": "30", "BUY": "30"}, STOCK),
            hedge(action, "F", "", EURUSD, {"SELL": "7960", "BUY": "8040"}, EURO),
        )
    ),
    neutral("BUY", call("4.00", "5.45"), call("4.00", "5.44"), "5.44", "589.99"),
    neutral("SELL", call("5.44", "6.00"), call("5.45", "6.00"), "5.45", "590.01"),
    delta_hedge("SELL", "5.00", "589.99"),
    delta_hedge("BUY", "5.00", "590.01"),
    Scenario(
        name="a pair without a ratio is refused",
        about="`hedgeType` P",
        subject="hedge",
        when="no ratio",
        steps=(
            do(Place(replace(LIMIT, transmit=False)), Unseen()),
            do(
                Place(replace(HEDGE, hedge_type="P"), "hedge", contract=MSFT, parent="it"),
                Error(320, key="hedge"),
            ),
        ),
    ),
]

CHILD = replace(LIMIT, action="SELL", limit_price=D("101.00"))
OF_CHILD = Now("PreSubmitted", why_held="child", key="child")

NEWER = [
    *both(
        Scenario(
            name="a child takes its parent with it",
            about="`autoCancelParent`",
            waits="its limit to be quoted",
            when="its child is cancelled",
            steps=(
                do(Place(replace(LIMIT, transmit=False)), Unseen()),
                do(
                    Place(replace(CHILD, auto_cancel_parent=True), "child", parent="it"),
                    Now("Submitted"),
                    OF_CHILD,
                ),
                do(
                    Cancel("child"),
                    Now("Cancelled", key="child"),
                    Error(202, key="child"),
                    Now("Cancelled"),
                    Error(202),
                ),
                do(Quote("99.48", "99.50")),
            ),
        )
    ),
]
