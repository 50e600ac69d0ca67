"""Who watches for a price. Which bug turns these red: a stop that sleeps, or fires unasked."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.matching.readings import Method, default_method, resolve
from simulator.matching.terms import Side, Top, View
from simulator.matching.triggers import Kind, Observed, Trigger, Triggers

BUY, SELL = Side.BUY, Side.SELL
STOP, TOUCH, TRAIL = Kind.STOP, Kind.TOUCH, Kind.TRAIL
NOTHING = Observed((), ())
TICK = Decimal("0.01")


def D(text) -> Decimal | None:  # noqa: N802 - a column of numbers
    return None if text is None else Decimal(str(text))


def view(bid=None, ask=None, last=0, *, size=100, volume=0) -> View:
    return View(
        bid=Top(D(bid), D(size)),
        ask=Top(D(ask), D(size)),
        last=D(last),
        tick=TICK,
        volume=D(volume),
    )


def printed(last, volume=0) -> View:
    return view(None, None, last, volume=volume)


def trigger(kind, side, price, method=Method.LAST, *, amount=None, percent=None) -> Trigger:
    return Trigger(
        kind=kind,
        side=side,
        price=D(price),
        method=method,
        trail_amount=D(amount),
        trail_percent=D(percent),
    )


def watching(*triggers: Trigger) -> Triggers:
    watched = Triggers()
    for key, each in enumerate(triggers, start=1):
        watched.add(key, each)
    return watched


@pytest.mark.parametrize(
    ("kind", "side", "short", "reached"),
    [
        (STOP, SELL, "99.01", "99.00"),
        (STOP, BUY, "98.99", "99.00"),
        (TOUCH, SELL, "98.99", "99.00"),
        (TOUCH, BUY, "99.01", "99.00"),
        (STOP, SELL, "99.01", "90.00"),
        (STOP, BUY, "98.99", "110.00"),
    ],
)
def test_a_trigger_fires_when_its_price_is_attained_or_penetrated(
    kind, side, short, reached
) -> None:
    watched = watching(trigger(kind, side, "99.00"))
    assert watched.observe(printed(short)) == NOTHING
    assert watched.observe(printed(reached)) == Observed((1,), ())


def test_what_fired_is_watched_no_longer() -> None:
    watched = watching(trigger(STOP, SELL, 99))
    assert 1 in watched
    watched.observe(printed(98))
    assert (1 in watched, len(watched)) == (False, 0)
    assert watched.observe(printed(97)) == NOTHING
    with pytest.raises(KeyError):
        watched.remove(1)


def test_what_fires_together_fires_in_the_order_of_adding() -> None:
    watched = watching(
        trigger(STOP, SELL, 95),
        trigger(TOUCH, BUY, 99),
        trigger(TRAIL, SELL, 97, amount=1),
        trigger(STOP, SELL, 98, Method.BID_ASK),
        trigger(STOP, SELL, 90),
    )
    assert watched.observe(view(94, 94.5, 94)).fired == (1, 2, 3, 4)


def test_a_removed_trigger_never_fires_and_its_successor_does() -> None:
    others = [trigger(STOP, SELL, 50)] * 5
    watched = watching(trigger(STOP, SELL, 99), trigger(TRAIL, SELL, 99, amount=1), *others)
    watched.observe(printed(100))
    watched.remove(1)
    watched.remove(2)
    watched.add(1, trigger(STOP, SELL, 95))
    assert watched.observe(printed(98)) == NOTHING
    assert watched.observe(printed(95)) == Observed((1,), ())


def test_an_order_is_watched_once_only() -> None:
    watched = watching(trigger(STOP, SELL, 99))
    with pytest.raises(ValueError, match="already"):
        watched.add(1, trigger(STOP, SELL, 95))
    with pytest.raises(ValueError, match="price"):
        watched.add(2, trigger(STOP, SELL, None))
    assert len(watched) == 1


METHODS = [
    # method, who waits at 10, what leaves it waiting, what fires it
    (Method.LAST, (STOP, BUY), view(10, 11, 9.99), view(8, 9, 10)),
    (Method.LAST, (STOP, SELL), view(9, 10, 10.01), view(11, 12, 10)),
    (Method.BID_ASK, (STOP, BUY), view(9.99, 10, 10), view(10, 10.01, 9)),
    (Method.BID_ASK, (STOP, SELL), view(10, 10.01, 10), view(9.99, 10, 11)),
    (Method.BID_ASK, (TOUCH, BUY), view(10, 10.01, 10), view(9.99, 10, 11)),
    (Method.BID_ASK, (TOUCH, SELL), view(9.99, 10, 10), view(10, 10.01, 9)),
    (Method.BID_ASK, (STOP, SELL), view(9, None, 9), view(None, 10, 11)),
    (Method.LAST_OR_BID_ASK, (STOP, BUY), view(9.99, 11, 9.99), view(10, 11, 9)),
    (Method.LAST_OR_BID_ASK, (STOP, BUY), view(9.99, 11, 9.99), view(9, 11, 10)),
    (Method.LAST_OR_BID_ASK, (STOP, SELL), view(9, 10.01, 10.01), view(9, 10, 11)),
    (Method.LAST_OR_BID_ASK, (STOP, SELL), view(9, None, 10.01), view(9, None, 10)),
    (Method.MIDPOINT, (STOP, BUY), view(9.98, 10.01, 11), view(9.99, 10.01, 9)),
    (Method.MIDPOINT, (STOP, SELL), view(9.99, 10.02, 9), view(9.99, 10.01, 11)),
    (Method.MIDPOINT, (STOP, SELL), view(9, None, 9), view(9.99, 10.01, 11)),
]


@pytest.mark.parametrize(("method", "who", "short", "reached"), METHODS)
def test_each_method_looks_at_its_own_price(method, who, short, reached) -> None:
    watched = watching(trigger(*who, 10, method))
    assert watched.observe(short) == NOTHING
    assert watched.observe(reached) == Observed((1,), ())


DOUBLES = [
    # the readings after the order was added, and at which of them it fires
    ([view(10, 11), view(10.01, 11)], 1),
    ([view(10, 11), view(9.99, 11), view(10, 11), view(10.01, 11)], 3),
    ([view(10, 11), view(10, 11), view(10, 12)], None),  # nothing new at the bid
    ([view(10, 11), view(10, 11, size=50), view(10, 11, size=60)], 2),  # it grew at the price
    ([view(10, 11), view(None, 11), view(10.01, 11), view(10.02, 11)], 3),  # a gap
    ([view(10, 11), view(10, 11, size=101)], 1),
]


@pytest.mark.parametrize(("views", "fires_at"), DOUBLES)
@pytest.mark.parametrize("kind", [STOP, TRAIL])
def test_a_double_method_wants_to_see_it_twice_in_a_row(views, fires_at, kind) -> None:
    watched = watching(trigger(kind, BUY, 10, Method.DOUBLE_BID_ASK, amount=100))
    seen = [bool(watched.observe(each).fired) for each in views]
    assert seen == [number == fires_at for number in range(len(views))]


def test_a_double_method_counts_only_what_was_seen_since_the_order_came() -> None:
    watched = watching(trigger(STOP, BUY, 10, Method.DOUBLE_BID_ASK))
    watched.observe(view(11, 12))
    watched.add(2, trigger(STOP, BUY, 10, Method.DOUBLE_BID_ASK))
    assert watched.observe(view(11.01, 12)).fired == (1,)
    assert watched.observe(view(11.02, 12)).fired == (2,)


def test_double_last_takes_a_second_trade_at_the_price_for_a_second_reading() -> None:
    watched = watching(trigger(STOP, SELL, 10, Method.DOUBLE_LAST))
    assert watched.observe(printed(10, volume=100)) == NOTHING
    assert watched.observe(printed(10, volume=100)) == NOTHING
    assert watched.observe(printed(10, volume=200)).fired == (1,)


@pytest.mark.parametrize(
    ("sec_type", "method"),
    [("STK", 2), ("FUT", 2), ("OPT", 1), ("CASH", 4), ("BAG", 4), ("WAR", 7)],
)
def test_no_method_means_that_of_the_security_type(sec_type, method) -> None:
    assert default_method(sec_type) == resolve(0, sec_type) == method
    assert resolve(8, sec_type) == 8


@pytest.mark.parametrize("method", [5, 6, 9, -1])
def test_a_number_that_is_no_method_is_refused(method) -> None:
    with pytest.raises(ValueError, match=str(method)):
        resolve(method, "STK")


def test_a_trailing_sale_follows_the_market_up_and_is_left_behind_by_its_fall() -> None:
    """IBKR's own example: 0.15 behind 10.00, up to 12.00, hit at 11.80."""
    watched = watching(trigger(TRAIL, SELL, "9.85", amount="0.15"))
    assert watched.observe(printed(10)) == NOTHING
    assert watched.observe(printed(12)) == Observed((), ((1, D("11.85")),))
    assert watched.observe(printed("11.90")) == NOTHING
    assert watched.price(1) == D("11.85")
    assert watched.observe(printed("11.80")) == Observed((1,), ())
    with pytest.raises(KeyError):
        watched.price(1)


def test_a_trailing_purchase_follows_the_market_down() -> None:
    watched = watching(trigger(TRAIL, BUY, None, amount=1))
    assert watched.price(1) is None
    assert watched.observe(printed(50)) == Observed((), ((1, D(51)),))
    assert watched.observe(printed(45)) == Observed((), ((1, D(46)),))
    assert watched.observe(printed("45.99")) == NOTHING
    assert watched.observe(printed(46)).fired == (1,)


@pytest.mark.parametrize(
    ("side", "percent", "last", "stop"),
    [
        (SELL, 1, "10.00", "9.90"),
        (SELL, 1, "10.05", "9.94"),  # 9.9495
        (BUY, 1, "10.05", "10.16"),  # 10.1505
        (SELL, "2.5", "33.33", "32.49"),  # 32.49675
    ],
)
def test_a_percentage_is_of_the_price_and_never_less_than_asked(side, percent, last, stop) -> None:
    watched = watching(trigger(TRAIL, side, None, percent=percent))
    assert watched.observe(printed(last)).moved == ((1, D(stop)),)


def test_a_trail_waits_for_the_side_it_looks_at() -> None:
    watched = watching(trigger(TRAIL, SELL, None, Method.BID_ASK, amount=1))
    assert watched.observe(view(10, None, 10)) == NOTHING
    assert watched.price(1) is None
    assert watched.observe(view(10, 11, 10)).moved == ((1, D(10)),)


def test_a_trail_needs_a_distance() -> None:
    watched = watching(trigger(TRAIL, SELL, None))
    with pytest.raises(ValueError, match="amount"):
        watched.observe(printed(10))


def test_an_order_that_is_changed_over_and_over_leaves_nothing_behind() -> None:
    watched = watching(trigger(STOP, SELL, 50), trigger(STOP, SELL, 51))
    for price in range(1000):
        watched.remove(1)
        watched.add(1, trigger(STOP, SELL, price % 40 + 1))
        watched.observe(printed(99))
    kept = sum(len(line.heap) + len(line.fresh) for line in watched._lines.values())
    assert kept <= 4


PRICES = st.integers(90, 110)
TRIGGERS = st.builds(
    trigger,
    st.sampled_from([STOP, TOUCH]),
    st.sampled_from(Side),
    PRICES,
    st.sampled_from([Method.LAST, Method.BID_ASK, Method.DOUBLE_BID_ASK, Method.DOUBLE_LAST]),
)
STEPS = st.lists(
    st.one_of(
        TRIGGERS,
        st.builds(view, PRICES | st.none(), PRICES | st.none(), PRICES, size=st.integers(1, 3)),
        st.integers(0, 30),
    ),
    max_size=80,
)


def looked_at(each: Trigger, seen: View) -> tuple[Decimal, Decimal] | None:
    if each.method in {Method.LAST, Method.DOUBLE_LAST}:
        return seen.last, seen.volume
    top = seen.bid if each.is_rising else seen.ask
    return None if top.price is None else (top.price, top.size)


def is_hit(each: Trigger, views: list[View]) -> bool:
    """The rule said plainly, for one order and all that was displayed since it came."""
    wanted = 2 if each.method in {Method.DOUBLE_BID_ASK, Method.DOUBLE_LAST} else 1
    readings = [looked_at(each, seen) for seen in views[-wanted:]]
    if len(readings) < wanted or None in readings:
        return False
    if wanted == 2:
        (before, size_before), (after, size_after) = readings
        if before == after and size_after <= size_before:
            return False
    sign = 1 if each.is_rising else -1
    return all(sign * price >= sign * each.price for price, _ in readings)


@given(STEPS)
def test_heaps_find_what_looking_at_every_order_would_find(steps) -> None:
    watched, plain, seen = Triggers(), {}, {}
    for number, step in enumerate(steps):
        if isinstance(step, Trigger):
            watched.add(number, step)
            plain[number], seen[number] = step, []
        elif isinstance(step, View):
            for views in seen.values():
                views.append(step)
            hit = tuple(key for key, each in plain.items() if is_hit(each, seen[key]))
            assert watched.observe(step) == Observed(hit, ())
            for key in hit:
                del plain[key], seen[key]
        elif step in plain:
            watched.remove(step)
            del plain[step], seen[step]
        assert len(watched) == len(plain)


@given(st.lists(PRICES, min_size=1, max_size=50), st.sampled_from(Side))
def test_a_trail_never_retreats_and_fires_at_its_distance_from_the_best(prices, side) -> None:
    watched = watching(trigger(TRAIL, side, None, amount=3))
    best = max if side is SELL else min
    for number, price in enumerate(prices):
        reached = best(prices[: number + 1])
        fired = watched.observe(printed(price)).fired
        assert bool(fired) == (abs(reached - price) >= 3)
        if fired:
            return
        assert watched.price(1) == reached + side.sign * 3
