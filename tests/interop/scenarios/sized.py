"""How much of an order trades, is shown, or is asked for: sizes, parts and money."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D

from simulator.records import Contract, Order

from .mirrored import both
from .terms import BUY, Error, Fill, Now, Place, Quote, Scenario, do

MARKETABLE = replace(BUY, order_type="LMT", limit_price=D("100.01"))
AT_100 = replace(BUY, order_type="LMT", limit_price=D("100.00"))
MARKET = replace(BUY, order_type="MKT", total_quantity=None)
RESTING, DONE = Now("Submitted"), Now("Filled", "100")
BTC = Contract(symbol="BTC", sec_type="CRYPTO", exchange="PAXOS", currency="USD")
EUR = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")
BITCOIN = Quote("49999.00", "50000.00", "10", "10", name="BTC.USD")
EURO = Quote("1.08490", "1.08500", "1000000", "1000000", name="EUR.USD")


def offered(size: str) -> Quote:
    return Quote("99.99", "100.01", size, size)


def sale(quantity: int, *, client: int = 3) -> Place:
    """Another client who sells at 100.00, between bid and ask."""
    order = replace(AT_100, action="SELL", total_quantity=D(quantity))
    return Place(order, "sale", client=client)


def rival() -> Place:
    """Another client's order at the same price, that came later."""
    return Place(AT_100, "rival", client=2)


def money(amount: str, **terms: str) -> Order:
    return replace(MARKET, cash_quantity=D(amount), **terms)


ROWS = [
    *both(
        Scenario(
            name="an all-or-none order waits for its whole size",
            about="`allOrNone`",
            waits="its whole size at its price",
            steps=(
                do(offered("99")),
                do(Place(replace(MARKETABLE, all_or_none=True)), RESTING),
                do(offered("100"), Fill("100", "100.01"), DONE),
            ),
        )
    ),
    *both(
        Scenario(
            name="a least size is asked for at first only",
            about="`minQty`",
            waits="its least size at its price",
            steps=(
                do(offered("49")),
                do(Place(replace(MARKETABLE, min_quantity=50)), RESTING),
                do(offered("50"), Fill("50", "100.01"), Now("Submitted", "50")),
                do(offered("10"), Fill("10", "100.01"), Now("Submitted", "60")),
            ),
        )
    ),
    Scenario(
        name="a least size above the size is refused",
        about="`minQty`",
        when="more than the size",
        steps=(do(Place(replace(MARKETABLE, min_quantity=101)), Error(321)),),
    ),
    *both(
        Scenario(
            name="an iceberg trades by its tip, and then stands behind others",
            about="`displaySize`",
            waits="its turn: behind its tip, others of its price come first",
            steps=(
                do(Place(replace(AT_100, display_size=20)), RESTING),
                do(rival(), Now("Submitted", key="rival")),
                do(
                    sale(70),
                    Fill("20", "100.00"),
                    Fill("50", "100.00", "rival"),
                    Fill("20", "100.00", "sale"),
                    Fill("50", "100.00", "sale"),
                    Now("Submitted", "20"),
                ),
            ),
        )
    ),
    Scenario(
        name="an iceberg at the market is refused",
        about="`displaySize`",
        when="with a market order",
        steps=(do(Place(replace(BUY, order_type="MKT", display_size=20)), Error(10255)),),
    ),
    *both(
        Scenario(
            name="a hidden order stands behind all that is displayed at its price",
            about="`hidden`",
            waits="its turn: displayed orders of its price come first",
            steps=(
                do(Place(replace(AT_100, hidden=True)), RESTING),
                do(rival(), Now("Submitted", key="rival")),
                do(
                    sale(130),
                    Fill("30", "100.00"),
                    Fill("100", "100.00", "rival"),
                    Fill("100", "100.00", "sale"),
                    Fill("30", "100.00", "sale"),
                    Now("Submitted", "30"),
                ),
            ),
        )
    ),
    Scenario(
        name="crypto is bought for an amount of money",
        about="`cashQty`",
        steps=(
            do(BITCOIN),
            do(
                Place(money("1000.00", tif="IOC"), contract=BTC),
                Fill("0.02", "50000.00"),
                Now("Filled", "0.02"),
            ),
        ),
    ),
    Scenario(
        name="a currency is bought for an amount of money",
        about="`cashQty`",
        steps=(
            do(EURO),
            do(
                Place(money("10850.00"), contract=EUR),
                Fill("10000", "1.08500"),
                Now("Filled", "10000"),
            ),
        ),
    ),
    Scenario(
        name="a size and an amount of money are refused together",
        about="`cashQty`",
        when="with a size",
        steps=(
            do(
                Place(replace(money("1000.00", tif="IOC"), total_quantity=D(1)), contract=BTC),
                Error(10293),
            ),
        ),
    ),
    Scenario(
        name="a size of nothing is refused",
        about="`totalQuantity`",
        when="no size",
        steps=(do(Place(replace(MARKETABLE, total_quantity=D(0))), Error(434)),),
    ),
    Scenario(
        name="half a share is refused",
        about="`totalQuantity`, a fraction",
        when="a stock",
        steps=(do(Place(replace(MARKETABLE, total_quantity=D("0.5"))), Error(10243)),),
    ),
]

_FRACTION = Order(
    action="BUY",
    order_type="LMT",
    total_quantity=D("0.25"),
    limit_price=D("49000.00"),
    tif="DAY",
    use_price_mgmt_algo=0,
)

NEWER = [
    Scenario(
        name="a fraction of a bitcoin is bought at its limit",
        about="`totalQuantity`, a fraction",
        waits="its limit to be quoted",
        steps=(
            do(BITCOIN),
            do(Place(_FRACTION, contract=BTC), Now("Submitted")),
            do(Quote("48999.00", "49000.01", "10", "10", name="BTC.USD"), Now("Submitted")),
            do(
                Quote("48999.00", "49000.00", "10", "10", name="BTC.USD"),
                Fill("0.25", "49000.00"),
                Now("Filled", "0.25"),
            ),
        ),
    ),
]
"""Of clients that know fractions."""

OLDER = [
    Scenario(
        name="a fraction of a bitcoin needs a newer client",
        about="`totalQuantity`, a fraction",
        when="by a client of before 163",
        steps=(do(BITCOIN), do(Place(_FRACTION, contract=BTC), Error(10285))),
    ),
]
"""Of clients that do not."""
