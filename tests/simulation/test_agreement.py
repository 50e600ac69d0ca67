"""Mock and simulator agree on whatever is done to them, but for what stands in DIFFERENCES."""

import asyncio
from decimal import Decimal

import pytest
import structlog.testing
from agreement import DIFFERENCES, Pair
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from tiers.simulator import SimulatorTier
from tiers.stage import SYMBOLS

from ibkr import Order

PATIENCE_S = 60
cents = st.integers(min_value=8_000, max_value=12_000).map(lambda n: Decimal(n) / 100)
symbols = st.sampled_from((*SYMBOLS, "NOPE"))
known = st.sampled_from(SYMBOLS)
sides = st.sampled_from(("BUY", "SELL"))
quantities = st.one_of(st.integers(1, 50), st.sampled_from((0, -1, "NaN", "x", "Infinity")))
prices = st.one_of(cents, cents, cents, st.sampled_from(("NaN", "Infinity", "y", None)))
keys = st.sampled_from((None, None, "K1", "K2"))
numbers = st.integers(0, 5)

DEEDS = st.one_of(
    st.tuples(st.just("connect")),
    st.tuples(st.just("connect")),
    st.tuples(st.just("disconnect")),
    st.tuples(st.just("lose")),
    st.tuples(st.just("restore")),
    st.tuples(st.just("lose_ib")),
    st.tuples(st.just("restore_ib")),
    st.tuples(st.just("quote"), known, cents, st.integers(1, 20)),
    st.tuples(st.just("market"), symbols, sides, quantities, keys),
    st.tuples(st.just("limit"), symbols, sides, quantities, prices, keys),
    st.tuples(st.just("limit"), symbols, sides, quantities, prices, keys),
    st.tuples(st.just("stop"), symbols, sides, quantities, prices, keys),
    st.tuples(st.just("fill"), numbers, st.sampled_from(("0.3", "0.5", "1")), cents),
    st.tuples(st.just("end"), numbers),
    st.tuples(st.just("cancel"), numbers),
    st.tuples(st.just("reject_next"), st.sampled_from((201, 110, 103, 203))),
    st.tuples(st.just("request"), symbols),
    st.tuples(st.just("cancel_data"), symbols),
)


@pytest.fixture(scope="module")
def ground():
    with SimulatorTier.grounds(None) as ground:
        yield ground


async def perform(pair: Pair, deed: tuple) -> None:
    match deed:
        case ("quote", symbol, bid, spread):
            await pair.quote(symbol, bid, bid + Decimal(spread) / 100)
        case ("market", symbol, side, quantity, key):
            await pair.place(symbol, lambda: Order.market(side, quantity), key)
        case ("limit", symbol, side, quantity, price, key):
            await pair.place(symbol, lambda: Order.limit(side, quantity, price), key)
        case ("stop", symbol, side, quantity, price, key):
            await pair.place(symbol, lambda: Order.stop(side, quantity, price), key)
        case ("fill", number, share, price):
            await pair.fill(number, Decimal(share), price)
        case (name, *arguments):
            await getattr(pair, name)(*arguments)


async def play(ground, deeds) -> None:
    with structlog.testing.capture_logs():
        async with asyncio.timeout(PATIENCE_S), Pair(ground) as pair:
            await pair.connect()
            for deed in deeds:
                await perform(pair, deed)


@given(deeds=st.lists(DEEDS, min_size=1, max_size=25))
@settings(
    max_examples=60,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_mock_and_simulator_say_the_same(ground, deeds) -> None:
    note(f"deeds: {deeds}")
    asyncio.run(play(ground, deeds))


def test_differences_are_listed_with_their_reason() -> None:
    assert all(reason.startswith(("the mock", "what is said")) for reason in DIFFERENCES.values())
