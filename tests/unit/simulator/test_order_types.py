"""What each order type asks for. Which bug turns these red: a row or a sign of the table."""

from dataclasses import fields, replace
from decimal import Decimal

import pytest

from simulator.matching import pegs
from simulator.matching.pegs import Peg, Reference
from simulator.matching.terms import Side, Top, View
from simulator.matching.triggers import Kind, Trigger
from simulator.order_types import (
    OPEN_SEC_TYPES,
    ORDER_TYPES,
    SYNONYMS,
    Auction,
    Pricing,
    adjusted,
    adjustment_trigger,
    auction_of,
    benchmark_price,
    benchmark_reference,
    is_in_range,
    limit_after_trigger,
    limit_of,
    order_type,
    peg_of,
    protected_limit,
    stock_pegged_price,
    trigger_of,
    volatility_price,
    volatility_reference,
)
from simulator.pricing import Option, value
from simulator.records import Order

BUY, SELL = Side.BUY, Side.SELL
TICK = Decimal("0.01")
SIZE = Decimal(100)
EVERY = pytest.mark.parametrize("row", ORDER_TYPES.values(), ids=lambda row: row.name)
FIELDS = {each.name for each in fields(Order)}


def D(text) -> Decimal | None:  # noqa: N802 - a column of numbers
    return None if text is None else Decimal(str(text))


TEXTS = {"tif", "adjusted_order_type"}


def order(name: str, action=BUY, **terms) -> Order:
    is_number = {key for key, term in terms.items() if isinstance(term, str)} - TEXTS
    numbers = {key: D(terms[key]) for key in is_number}
    return Order(action=action, order_type=name, **(terms | numbers))


def view(bid, ask, last=0) -> View:
    return View(bid=Top(D(bid), SIZE), ask=Top(D(ask), SIZE), last=D(last), tick=TICK)


@EVERY
def test_a_row_names_fields_of_an_order(row) -> None:
    assert row.needs | row.may | frozenset().union(*row.one_of) <= FIELDS
    assert not row.needs & row.may


@EVERY
def test_a_row_is_of_one_piece(row) -> None:
    assert row.sec_types
    has_tie_or_is_refused = row.tie is not None or not row.is_on_paper
    assert has_tie_or_is_refused if row.price is Pricing.PEG else row.tie is None
    if row.price is Pricing.LIMIT:
        assert "limit_price" in row.needs.union(*row.one_of)
    if row.trigger in {Kind.STOP, Kind.TOUCH}:
        assert "aux_price" in row.needs


def test_what_a_paper_account_does_not_work() -> None:
    assert {name for name, row in ORDER_TYPES.items() if not row.is_on_paper} == {
        "PEG MKT",
        "PEG BEST",
    }


@pytest.mark.parametrize(
    ("sec_type", "is_taken", "is_not"),
    [
        ("STK", "MKT LMT STP TRAIL MOC LOC MTL REL MIDPRICE", "VOL"),
        ("OPT", "MKT LMT STP MIT MTL VOL", "MOC LOC MIDPRICE"),
        ("FUT", "MKT LMT STP MOC MTL", "VOL MIDPRICE"),
        ("CASH", "MKT LMT STP TRAIL MIT LIT REL", "MOC MTL MIDPRICE"),
        ("CRYPTO", "MKT LMT", "STP TRAIL MOC REL"),
        ("FUND", "MKT", "LMT STP"),
    ],
)
def test_where_a_type_may_be_sent(sec_type, is_taken, is_not) -> None:
    for name in is_taken.split():
        assert sec_type in ORDER_TYPES[name].sec_types, name
    for name in is_not.split():
        assert sec_type not in ORDER_TYPES[name].sec_types, name


@pytest.mark.parametrize(("name", "meant"), SYNONYMS.items())
def test_a_name_of_before_means_the_type_of_today(name, meant) -> None:
    assert order_type(name) is order_type(meant) is ORDER_TYPES[meant]
    assert auction_of(order(name)) == ORDER_TYPES[meant].auction


def test_a_name_that_means_nothing() -> None:
    assert order_type("VWAP") is None
    with pytest.raises(KeyError):
        limit_of(order("VWAP"))


@pytest.mark.parametrize(
    ("asked", "kind", "price"),
    [
        (order("STP", aux_price="9"), Kind.STOP, "9"),
        (order("STP LMT", aux_price="9", limit_price="8"), Kind.STOP, "9"),
        (order("STP PRT", aux_price="9"), Kind.STOP, "9"),
        (order("MIT", aux_price="9"), Kind.TOUCH, "9"),
        (order("LIT", aux_price="9", limit_price="8"), Kind.TOUCH, "9"),
    ],
)
@pytest.mark.parametrize("side", Side)
def test_stops_and_touches_wait_at_their_auxiliary_price(asked, kind, price, side) -> None:
    expected = Trigger(kind=kind, side=side, price=D(price), method=2)
    assert trigger_of(replace(asked, action=side), "STK") == expected


@pytest.mark.parametrize("name", ["TRAIL", "TRAIL LIMIT"])
def test_a_trail_has_its_distance_in_the_auxiliary_price_or_in_percent(name) -> None:
    by_amount = trigger_of(order(name, SELL, aux_price="0.5", trail_stop_price="9"), "CASH")
    assert by_amount == Trigger(
        kind=Kind.TRAIL, side=SELL, price=D(9), method=4, trail_amount=D("0.5")
    )
    by_percent = trigger_of(order(name, trailing_percent="1.5", trigger_method=8), "CASH")
    assert by_percent == Trigger(
        kind=Kind.TRAIL, side=BUY, price=None, method=8, trail_percent=D("1.5")
    )
    unset = order(name, aux_price="1", trailing_percent="0", trail_stop_price="0")
    found = trigger_of(unset, "STK")
    assert (found.price, found.trail_amount, found.trail_percent) == (None, D(1), None)


@EVERY
def test_an_order_waits_for_a_price_only_if_its_type_does(row) -> None:
    asked = order(row.name, aux_price="1", limit_price="2")
    found = trigger_of(asked, "STK")
    assert (found and found.kind) == row.trigger


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("LMT", "8"),
        ("STP LMT", "8"),
        ("LIT", "8"),
        ("LOC", "8"),
        ("LMT + MKT", "8"),
        ("MKT", None),
        ("STP", None),
        ("MIT", None),
        ("MOC", None),
        ("MTL", None),
        ("TRAIL", None),
        ("TRAIL LIMIT", None),
        ("REL", None),
        ("VOL", None),
    ],
)
def test_the_limit_an_order_works_at(name, limit) -> None:
    asked = order(name, limit_price="8", aux_price="9")
    assert limit_of(asked) == D(limit)


@pytest.mark.parametrize(
    ("name", "action", "terms", "limit"),
    [
        ("STP", SELL, {}, None),
        ("TRAIL", SELL, {}, None),
        ("STP PRT", SELL, {}, None),
        ("STP LMT", SELL, {"limit_price": "8"}, "8"),
        ("LIT", SELL, {"limit_price": "8"}, "8"),
        # IBKR's example: the stop has gone from 9.85 to 11.85, 0.10 above the limit
        ("TRAIL LIMIT", SELL, {"limit_price_offset": "0.10"}, "11.75"),
        ("TRAIL LIMIT", BUY, {"limit_price_offset": "0.10"}, "11.95"),
        ("TRAIL LIMIT", SELL, {"limit_price": "9.75", "trail_stop_price": "9.85"}, "11.75"),
        ("TRAIL LIMIT", BUY, {"limit_price": "9.95", "trail_stop_price": "9.85"}, "11.95"),
        ("TRAIL LIMIT", SELL, {"limit_price": "9.75"}, "9.75"),
    ],
)
def test_the_limit_of_an_order_that_was_elected_at_11_85(name, action, terms, limit) -> None:
    asked = order(name, action, aux_price="0.15", **terms)
    assert limit_after_trigger(asked, D("11.85")) == D(limit)


@pytest.mark.parametrize(("side", "limit"), [(BUY, "1005.25"), (SELL, "995.00")])
def test_a_protected_order_goes_half_a_percent_and_no_tick_further(side, limit) -> None:
    reference = D("1000.25") if side is BUY else D("999.75")
    assert protected_limit(order("MKT PRT", side), reference, D("0.25")) == D(limit)


QUOTE = view("10.00", "10.10")


@pytest.mark.parametrize(
    ("name", "terms", "bought", "sold"),
    [
        ("REL", {"aux_price": "0.02"}, "10.02", "10.08"),
        ("PEG PRIM", {"aux_price": "0.02"}, "10.02", "10.08"),
        ("REL", {"percent_offset": "1.0"}, "10.10", "10.00"),
        ("PASSV REL", {"aux_price": "0.02"}, "9.98", "10.12"),
        ("PASSV REL", {"percent_offset": "1.0"}, "9.90", "10.21"),
        ("PEG MKT", {"aux_price": "0.01"}, "10.09", "10.01"),
        ("PEG MID", {"aux_price": "0.02"}, "10.03", "10.07"),
        ("PEG MID", {}, "10.05", "10.05"),
        ("MIDPRICE", {}, "10.05", "10.05"),
        ("SNAP MKT", {"aux_price": "0.01"}, "10.09", "10.01"),
        ("SNAP MID", {"aux_price": "0.02"}, "10.03", "10.07"),
        ("SNAP PRIM", {"aux_price": "0.02"}, "10.02", "10.08"),
        ("REL + MKT", {}, "10.00", "10.10"),
    ],
)
def test_the_price_of_a_pegged_order_is_that_of_its_published_formula(
    name, terms, bought, sold
) -> None:
    assert pegs.price(peg_of(order(name, BUY, **terms)), QUOTE) == D(bought)
    assert pegs.price(peg_of(order(name, SELL, **terms)), QUOTE) == D(sold)


def test_the_limit_of_a_pegged_order_is_its_cap_and_zero_is_none() -> None:
    assert peg_of(order("MIDPRICE", limit_price="10.01")).cap == D("10.01")
    assert peg_of(order("MIDPRICE", limit_price="0.0")).cap is None
    assert peg_of(order("MIDPRICE")) == Peg(reference=Reference.MIDPOINT, side=BUY)


@EVERY
def test_only_snapped_prices_are_fixed_and_only_relative_ones_go_one_way(row) -> None:
    found = peg_of(order(row.name, aux_price="0.02"))
    is_fixed, only_improves = (found.is_fixed, found.only_improves) if found else (False, False)
    assert is_fixed == row.name.startswith("SNAP")
    assert only_improves == (row.name.startswith("REL") or row.name == "PEG PRIM")


def test_a_relative_order_without_offset_matches_the_quote_both_ways() -> None:
    assert not peg_of(order("REL", aux_price="0.0")).only_improves


@pytest.mark.parametrize(
    ("name", "tif", "auction"),
    [
        ("MKT", "DAY", None),
        ("MKT", "OPG", Auction.OPEN),
        ("LMT", "OPG", Auction.OPEN),
        ("MOC", "DAY", Auction.CLOSE),
        ("LOC", "GTC", Auction.CLOSE),
    ],
)
def test_which_call_an_order_is_for(name, tif, auction) -> None:
    assert auction_of(order(name, tif=tif, limit_price="8")) is auction


def test_what_has_an_opening_call() -> None:
    assert "STK" in OPEN_SEC_TYPES
    assert "CASH" not in OPEN_SEC_TYPES


STOPPED = order("STP", SELL, aux_price="90", trigger_price="110", adjusted_stop_price="105")


def test_a_stop_is_adjusted_when_the_market_has_gone_its_way() -> None:
    asked = replace(STOPPED, adjusted_order_type="STP")
    expected = Trigger(kind=Kind.TOUCH, side=SELL, price=D(110), method=2)
    assert adjustment_trigger(asked, "STK") == expected
    assert expected.is_rising
    assert adjustment_trigger(replace(asked, action=BUY), "STK").is_rising is False


@pytest.mark.parametrize("name", ["", "None"])
def test_an_order_that_is_never_adjusted(name) -> None:
    asked = replace(STOPPED, adjusted_order_type=name)
    assert adjustment_trigger(asked, "STK") is None
    assert adjusted(asked) is None


@pytest.mark.parametrize(
    ("name", "terms", "expected"),
    [
        ("STP", {}, {"aux_price": "105"}),
        (
            "STP LMT",
            {"adjusted_stop_limit_price": "104"},
            {"aux_price": "105", "limit_price": "104"},
        ),
        (
            "TRAIL",
            {"adjusted_trailing_amount": "2"},
            {"aux_price": "2", "trail_stop_price": "105"},
        ),
        (
            "TRAIL",
            {"adjusted_trailing_amount": "2", "adjustable_trailing_unit": 100},
            {"trailing_percent": "2", "trail_stop_price": "105"},
        ),
        (
            "TRAIL LIMIT",
            {"adjusted_trailing_amount": "2", "adjusted_stop_limit_price": "104"},
            {"aux_price": "2", "trail_stop_price": "105", "limit_price": "104"},
        ),
    ],
)
def test_a_stop_after_its_adjustment(name, terms, expected) -> None:
    asked = order(
        "STP",
        SELL,
        aux_price="90",
        trigger_price="110",
        adjusted_stop_price="105",
        adjusted_order_type=name,
        **terms,
    )
    found = adjusted(asked)
    prices = ("aux_price", "limit_price", "trail_stop_price", "trailing_percent")
    assert found.order_type == name
    assert {key: getattr(found, key) for key in prices} == {
        key: D(expected.get(key)) for key in prices
    }
    assert adjusted(found) is None
    assert adjustment_trigger(found, "STK") is None


def test_an_adjusted_trailing_limit_keeps_its_distance() -> None:
    asked = replace(
        STOPPED,
        adjusted_order_type="TRAIL LIMIT",
        adjusted_trailing_amount=D(2),
        adjusted_stop_limit_price=D(104),
    )
    assert limit_after_trigger(adjusted(asked), D(120)) == D(119)


OPTION = Option(is_call=True, strike=100, years=0.5, under_price=100, volatility=0.9)


def test_a_volatility_order_is_worth_its_own_volatility_in_ticks_of_its_side() -> None:
    worth = value(replace(OPTION, volatility=0.2)).price  # 5.637...
    asked = order("VOL", BUY, volatility="20", volatility_type=2)
    bought = volatility_price(asked, OPTION, TICK)
    sold = volatility_price(replace(asked, action=SELL), OPTION, TICK)
    assert bought < Decimal(worth) < sold
    assert sold - bought == TICK


def test_a_daily_volatility_is_less_than_a_yearly_one_by_the_root_of_the_days() -> None:
    yearly = volatility_price(order("VOL", volatility="38.2", volatility_type=2), OPTION, TICK)
    daily = volatility_price(order("VOL", volatility="2.0", volatility_type=1), OPTION, TICK)
    assert abs(yearly - daily) <= TICK


@pytest.mark.parametrize(
    ("action", "right", "kind", "reference"),
    [
        (BUY, "C", 1, "10.05"),
        (SELL, "P", None, "10.05"),
        (BUY, "C", 2, "10.00"),
        (SELL, "P", 2, "10.00"),
        (SELL, "C", 2, "10.10"),
        (BUY, "P", 2, "10.10"),
    ],
)
def test_what_a_volatility_order_is_computed_from(action, right, kind, reference) -> None:
    asked = order("VOL", action, reference_price_type=kind)
    assert volatility_reference(asked, right, QUOTE) == D(reference)


@pytest.mark.parametrize(
    ("action", "right", "middle", "price"),
    [
        # IBKR's example: 7.40 at a stock of 130.79 and half of what the stock moves
        (BUY, "C", "130.79", "7.40"),
        (BUY, "C", "131.00", "7.50"),  # 7.505
        (SELL, "C", "131.00", "7.51"),
        (BUY, "P", "131.00", "7.29"),  # 7.295
        (BUY, "C", "130.59", "7.30"),
    ],
)
def test_an_option_order_moves_with_its_stock(action, right, middle, price) -> None:
    by_market = {"start": D("7.40"), "reference": D("130.79")}
    of_order = order("PEG STK", action, delta="50", starting_price="7.40")
    of_order = replace(of_order, stock_reference_price=D("130.79"))
    plain = order("PEG STK", action, delta="50")
    elsewhere = {"start": D(1), "reference": D(1)}
    for asked, found in ((plain, by_market), (of_order, elsewhere)):
        assert stock_pegged_price(asked, right, middle=D(middle), tick=TICK, **found) == D(price)


@pytest.mark.parametrize(
    ("now", "is_decrease", "price"),
    [
        ("100.00", False, "20.00"),
        ("100.49", False, "20.00"),
        ("100.50", False, "20.10"),
        ("101.20", False, "20.20"),
        ("99.49", False, "19.90"),
        ("99.51", False, "20.00"),
        ("101.00", True, "19.80"),
        ("99.00", True, "20.20"),
    ],
)
def test_an_order_moves_by_the_steps_of_its_benchmark(now, is_decrease, price) -> None:
    asked = order(
        "PEG BENCH",
        pegged_change_amount="0.10",
        reference_change_amount="0.50",
        is_pegged_change_amount_decrease=is_decrease,
    )
    found = benchmark_price(asked, now=D(now), start=D(20), reference=D(100), tick=TICK)
    assert found == D(price)
    named = replace(asked, starting_price=D(20), stock_reference_price=D(100))
    assert benchmark_price(named, now=D(now), start=D(1), reference=D(1), tick=TICK) == found


@pytest.mark.parametrize(
    ("action", "sec_type", "reference"),
    [(BUY, "STK", "10.00"), (SELL, "STK", "10.10"), (BUY, "IND", "7"), (SELL, "IND", "7")],
)
def test_which_price_of_a_benchmark_is_followed(action, sec_type, reference) -> None:
    asked = order("PEG BENCH", action)
    assert benchmark_reference(asked, sec_type, view("10.00", "10.10", 7)) == D(reference)


@pytest.mark.parametrize(
    ("reference", "is_inside"),
    [("9.99", False), ("10", True), ("11", True), ("12", True), ("12.01", False)],
)
def test_an_order_works_while_its_reference_is_in_range(reference, is_inside) -> None:
    asked = order("PEG STK", stock_range_lower="10", stock_range_upper="12")
    assert is_in_range(asked, D(reference)) is is_inside
    assert is_in_range(order("PEG STK"), D(reference))
