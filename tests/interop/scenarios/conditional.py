"""Orders that wait for conditions, or end by them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

from simulator import records as r

from .mirrored import either_side
from .terms import AAPL, BUY, Error, Fill, Now, Pay, Place, Print, Quote, Scenario, Step, Wait, do

LIMIT = replace(BUY, order_type="LMT", limit_price=D("100.01"))
RESTING_LIMIT = replace(LIMIT, limit_price=D("99.50"))
HELD, DONE = Now("PreSubmitted"), Now("Filled", "100")
FILLED = (Fill("100", "100.01"), DONE)
MSFT = r.Contract(symbol="MSFT", sec_type="STK", exchange="SMART", currency="USD")
MSFT_ID = 272093
ANOTHER = replace(BUY, order_type="MKT")

PRICE = r.PriceCondition(is_more=True, price=D("401.00"), con_id=MSFT_ID, exchange="SMART")
TIME = r.TimeCondition(is_more=True, time="20250616 10:30:00 US/Eastern")
MARGIN = r.MarginCondition(is_more=False, percent=96)
EXECUTION = r.ExecutionCondition(sec_type="STK", exchange="SMART", symbol="MSFT")
VOLUME = r.VolumeCondition(is_more=True, volume=1_000_000_000, con_id=MSFT_ID, exchange="SMART")
CHANGE = r.PercentChangeCondition(
    is_more=True, change_percent=D(5), con_id=MSFT_ID, exchange="SMART"
)


def quoted(price: str) -> Quote:
    """Another stock, with its last price there."""
    return Quote(price, price, name="MSFT")


def waiting(
    kind: str, waits: str, condition: r.Condition | tuple[r.Condition, ...], *steps: Step
) -> list[Scenario]:
    conditions = condition if isinstance(condition, tuple) else (condition,)
    return either_side(
        Scenario(
            name=f"an order waits for {waits}",
            about=f"`conditions` {kind}",
            waits=waits,
            steps=(
                do(quoted("400.00")),
                do(Place(replace(LIMIT, conditions=conditions)), HELD),
                *steps,
            ),
        )
    )


def another(key: str, *sightings: Any, contract: r.Contract = MSFT, quantity: int = 100) -> Step:
    order = replace(ANOTHER, total_quantity=D(quantity))
    return do(Place(order, key, contract=contract), *sightings)


EARLY = replace(LIMIT, outside_rth=True, conditions=(PRICE,))


def early(name: str, waits: str, *steps: Step, is_ignored: bool) -> list[Scenario]:
    """An order for all hours at five in the morning, with a condition that holds."""
    told = "true" if is_ignored else "false"
    return either_side(
        Scenario(
            name=name,
            about=f"`conditionsIgnoreRth` {told}",
            waits=waits,
            world={"calendar": True},
            steps=(do(quoted("401.00")), do(Wait(hours=19)), *steps),
        )
    )


def either(condition: Any) -> Any:
    return replace(condition, conjunction="o")


ROWS = [
    *waiting(
        "price",
        "another stock at a price",
        PRICE,
        do(quoted("400.99"), HELD),
        do(quoted("401.00"), *FILLED),
    ),
    *waiting(
        "time",
        "a time",
        TIME,
        do(Wait(minutes=29, seconds=59), HELD),
        do(Wait(seconds=1), *FILLED),
    ),
    *waiting(
        "margin",
        "the cushion of its account at a percentage",
        MARGIN,
        do(Quote("99.99", "100.01", "5000", "5000"), HELD),
        another("first", Fill("1500", "100.01", "first"), HELD, contract=AAPL, quantity=1500),
        another(
            "second",
            Fill("500", "100.01", "second"),
            *FILLED,
            contract=AAPL,
            quantity=500,
        ),
    ),
    *waiting(
        "execution",
        "a trade of its account in another stock",
        EXECUTION,
        do(Quote("300.00", "300.00", name="TSLA"), HELD),
        another(
            "tesla", Fill("100", "300.00", "tesla"), HELD, contract=replace(MSFT, symbol="TSLA")
        ),
        another("msft", Fill("100", "400.00", "msft"), *FILLED),
    ),
    *waiting(
        "volume",
        "the volume of another stock",
        VOLUME,
        do(Print("400.00", "1000", name="MSFT"), HELD),
        do(Print("400.00", "1000000000", name="MSFT"), *FILLED),
    ),
    *waiting(
        "percent change",
        "the change of another stock on the day",
        CHANGE,
        do(quoted("419.99"), HELD),
        do(quoted("420.00"), *FILLED),
    ),
    *waiting(
        "with `a` (and)",
        "a price and a time",
        (PRICE, TIME),
        do(quoted("401.00"), HELD),
        do(Wait(minutes=29), HELD),
        do(Wait(minutes=1), *FILLED),
    ),
    *waiting(
        "with `o` (or)",
        "a price or a time",
        (either(PRICE), TIME),
        do(Wait(minutes=29), HELD),
        do(quoted("401.00"), *FILLED),
    ),
    *waiting(
        "margin",
        "that cushion, as what the account holds is quoted",
        MARGIN,
        another("held", Fill("375", "400.00", "held"), HELD, quantity=375),
        do(quoted("431.00"), HELD),
        do(quoted("433.00"), *FILLED),
    ),
    *waiting(
        "margin",
        "that cushion, as money is moved",
        MARGIN,
        another("held", Fill("250", "400.00", "held"), HELD, quantity=250),
        do(Pay("-370000"), HELD),
        do(Pay("-10000"), *FILLED),
    ),
    *early(
        "an order with a condition of regular hours waits for them",
        "regular hours, for its condition to count",
        do(Place(EARLY), HELD),
        do(Wait(hours=4, minutes=29), HELD),
        do(Wait(minutes=1), *FILLED),
        is_ignored=False,
    ),
    *early(
        "an order with a condition of all hours does not wait for regular ones",
        "",
        do(Place(replace(EARLY, conditions_ignore_rth=True)), *FILLED),
        is_ignored=True,
    ),
    *either_side(
        Scenario(
            name="an order rests until a condition cancels it",
            about="`conditionsCancelOrder`",
            waits="its limit to be quoted",
            when="its condition holds",
            steps=(
                do(quoted("400.00")),
                do(
                    Place(
                        replace(RESTING_LIMIT, conditions=(PRICE,), conditions_cancel_order=True)
                    ),
                    Now("Submitted"),
                ),
                do(quoted("400.99"), Now("Submitted")),
                do(quoted("401.00"), Now("Cancelled"), Error(202)),
                do(Quote("99.48", "99.50")),
            ),
        )
    ),
    Scenario(
        name="a stop cannot have conditions",
        about="`conditions`",
        when="with a stop",
        steps=(
            do(
                Place(replace(BUY, order_type="STP", aux_price=D(101), conditions=(PRICE,))),
                Error(148),
            ),
        ),
    ),
    Scenario(
        name="a condition on an unknown contract is refused",
        about="`conditions` price",
        when="an unknown contract",
        steps=(do(Place(replace(LIMIT, conditions=(replace(PRICE, con_id=1),))), Error(398)),),
    ),
]
