"""Orders whose price follows the quote, or another market."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

from simulator.records import Contract

from .mirrored import both
from .terms import BUY, Error, Fill, Now, Place, Quote, Scenario, do

WIDE = Quote("99.90", "100.10")
DONE = Now("Filled", "100")
RESTING = Now("Submitted")
OWN_SIDE = "the market at its side of the quote and its offset"
SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
CALL = Contract(
    local_symbol="SPY   250620C00590000", sec_type="OPT", exchange="SMART", currency="USD"
)
AT_CALL = "SPY   250620C00590000"
MSFT_ID = 272093


def pegged(name: str, kind: str, waits: str, *steps: Any, **terms: Any) -> list[Scenario]:
    """A pegged order in a market of 99.90 to 100.10."""
    order = replace(BUY, order_type=kind, **terms)
    first, *rest = steps
    return both(
        Scenario(
            name=name,
            about=kind,
            waits=waits,
            steps=(do(WIDE), do(Place(order), first), *rest),
        )
    )


def seller(quantity: int, price: str) -> Place:
    """Another client on the other side."""
    order = replace(
        BUY, action="SELL", order_type="LMT", total_quantity=D(quantity), limit_price=D(price)
    )
    return Place(order, "other", client=2)


def relative(kind: str) -> list[Scenario]:
    return pegged(
        f"{kind} works above the bid, goes up with it and not down",
        kind,
        OWN_SIDE,
        RESTING,
        do(Quote("99.95", "100.10"), RESTING),
        do(Quote("99.90", "99.98"), RESTING),
        do(Quote("99.90", "99.97"), Fill("100", "99.97"), DONE),
        aux_price=D("0.02"),
    )


def of_option(about: str, waits: str, *steps: Any, **terms: Any) -> Scenario:
    """An order for one call on SPY, whose stock is quoted around 590.00."""
    order = replace(BUY, total_quantity=D(1), order_type=about, **terms)
    first, *rest = steps
    return Scenario(
        name=f"{about} is priced by the stock ({order.action.lower()})",
        about=about,
        waits=waits,
        steps=(
            do(Quote("589.99", "590.01", name="SPY")),
            do(Quote("3.00", "7.00", name=AT_CALL)),
            do(Place(order, contract=CALL), first),
            *rest,
        ),
    )


def benchmark(action: str, start: str, moved: str, short_of_it: str) -> Scenario:
    """Half a dollar for each dollar of another stock."""
    order = replace(
        BUY,
        action=action,
        order_type="PEG BENCH",
        starting_price=D(start),
        stock_reference_price=D("400.00"),
        reference_contract_id=MSFT_ID,
        reference_exchange_id="NASDAQ",
        reference_change_amount=D("1.00"),
        pegged_change_amount=D("0.50"),
    )
    side = "ask" if action == "BUY" else "bid"

    def quoted(price: str) -> Quote:
        other = D(price) + (-1 if side == "ask" else 1)
        bid, ask = sorted((D(price), other))
        return Quote(str(bid), str(ask))

    return Scenario(
        name=f"an order pegged to a benchmark moves by its steps ({action.lower()})",
        about="PEG BENCH",
        waits="the market at a price that the benchmark moves",
        steps=(
            do(Quote("400.00", "400.00", name="MSFT")),
            do(Place(order), RESTING),
            do(Quote("401.00", "401.00", name="MSFT"), RESTING),
            do(quoted(short_of_it), RESTING),
            do(quoted(moved), Fill("100", moved), DONE),
        ),
    )


ROWS = [
    *relative("REL"),
    *relative("PEG PRIM"),
    Scenario(
        name="a relative order without an offset is refused",
        about="REL",
        when="no offset",
        steps=(do(Place(replace(BUY, order_type="REL")), Error(158)),),
    ),
    Scenario(
        name="an order pegged to the primary without an offset is refused",
        about="PEG PRIM",
        when="no offset",
        steps=(do(Place(replace(BUY, order_type="PEG PRIM")), Error(158)),),
    ),
    *pegged(
        "a passive relative order works below the bid, and follows it both ways",
        "PASSV REL",
        "somebody who trades through the quote",
        RESTING,
        do(Quote("99.95", "100.10"), RESTING),
        do(Quote("99.90", "100.10"), RESTING),
        do(
            seller(600, "99.88"),
            Fill("500", "99.90", "other"),
            Fill("100", "99.88"),
            Fill("100", "99.88", "other"),
            DONE,
        ),
        aux_price=D("0.02"),
    ),
    *pegged(
        "an order pegged to the midpoint follows it, at an offset",
        "PEG MID",
        "somebody who trades at its price",
        RESTING,
        do(Quote("99.90", "100.20"), RESTING),
        do(seller(100, "100.05"), Now("Submitted", key="other"), RESTING),
        do(Quote("99.92", "100.20"), DONE, Fill("100", "100.05"), Fill("100", "100.05", "other")),
        aux_price=D("0.01"),
    ),
    *pegged(
        "a midprice order is worked at the midpoint, up to its cap",
        "MIDPRICE",
        "the other side at the midpoint",
        RESTING,
        do(Quote("100.02", "100.02"), RESTING),
        do(Quote("100.01", "100.01"), Fill("100", "100.01"), DONE),
        limit_price=D("100.01"),
    ),
    *pegged(
        "an order snapped to the market stays where the other side was",
        "SNAP MKT",
        "the other side at its first offset",
        RESTING,
        do(Quote("99.96", "100.06"), RESTING),
        do(Quote("99.96", "100.05"), Fill("100", "100.05"), DONE),
        aux_price=D("0.05"),
    ),
    *pegged(
        "an order snapped to the midpoint stays where that was",
        "SNAP MID",
        "the other side at the first midpoint",
        RESTING,
        do(Quote("99.80", "99.99"), RESTING),
        do(Quote("99.80", "99.98"), Fill("100", "99.98"), DONE),
        aux_price=D("0.02"),
    ),
    *pegged(
        "an order snapped to the primary stays where its own side was",
        "SNAP PRIM",
        "the other side at its first offset",
        RESTING,
        do(Quote("99.95", "99.97"), RESTING),
        do(Quote("99.80", "99.93"), RESTING),
        do(Quote("99.80", "99.92"), Fill("100", "99.92"), DONE),
        aux_price=D("0.02"),
    ),
    *(
        Scenario(
            name=f"{kind} is refused on paper",
            about=kind,
            when="on paper",
            steps=(do(Place(replace(BUY, order_type=kind)), Error(387)),),
        )
        for kind in ("PEG MKT", "PEG BEST")
    ),
    of_option(
        "PEG STK",
        "the market at a price that the stock moves",
        RESTING,
        do(Quote("591.99", "592.01", name="SPY"), RESTING),
        do(Quote("5.50", "6.01", name=AT_CALL), RESTING),
        do(Quote("5.50", "6.00", name=AT_CALL), Fill("1", "6.00"), Now("Filled", "1")),
        delta=D(50),
        starting_price=D("5.00"),
        stock_reference_price=D("590.00"),
    ),
    of_option(
        "PEG STK",
        "the market at a price that the stock moves",
        RESTING,
        do(Quote("587.99", "588.01", name="SPY"), RESTING),
        do(Quote("3.99", "4.50", name=AT_CALL), RESTING),
        do(Quote("4.00", "4.50", name=AT_CALL), Fill("1", "4.00"), Now("Filled", "1")),
        action="SELL",
        delta=D(50),
        starting_price=D("5.00"),
        stock_reference_price=D("590.00"),
    ),
    Scenario(
        name="an order pegged to a stock without a delta is refused",
        about="PEG STK",
        when="no delta",
        steps=(
            do(
                Place(replace(BUY, order_type="PEG STK", total_quantity=D(1)), contract=CALL),
                Error(341),
            ),
        ),
    ),
    of_option(
        "VOL",
        "the market at what the volatility is worth",
        RESTING,
        do(Quote("4.00", "5.45", name=AT_CALL), RESTING),
        do(Quote("4.00", "5.44", name=AT_CALL), Fill("1", "5.44"), Now("Filled", "1")),
        volatility=D(20),
        volatility_type=2,
    ),
    of_option(
        "VOL",
        "the market at what the volatility is worth",
        RESTING,
        do(Quote("5.44", "6.00", name=AT_CALL), RESTING),
        do(Quote("5.45", "6.00", name=AT_CALL), Fill("1", "5.45"), Now("Filled", "1")),
        action="SELL",
        volatility=D(20),
        volatility_type=2,
    ),
    Scenario(
        name="a volatility order without a volatility is refused",
        about="VOL",
        when="no volatility",
        steps=(
            do(
                Place(replace(BUY, order_type="VOL", total_quantity=D(1)), contract=CALL),
                Error(371),
            ),
        ),
    ),
    benchmark("BUY", "99.50", "100.00", "100.01"),
    benchmark("SELL", "100.50", "101.00", "100.99"),
    Scenario(
        name="an order pegged to no benchmark is refused",
        about="PEG BENCH",
        when="no benchmark",
        steps=(do(Place(replace(BUY, order_type="PEG BENCH")), Error(147)),),
    ),
]
