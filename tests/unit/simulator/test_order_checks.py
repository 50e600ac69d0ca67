"""What is wrong with an order, field by field, by the tables of `order_table`.

Red: a field of an order that no table knows, a bad value that is taken or refused with
another code, a good one that is refused, and a refusal that leaves a trace in the journal
or ends the session.
"""

from collections.abc import Iterable
from dataclasses import fields, replace
from decimal import Decimal as D
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
from order_samples import (
    AAPL,
    ADVISED,
    ATS,
    BENCHMARK,
    EURUSD,
    HEDGE,
    IEX,
    LIMIT,
    MARKET,
    PRODUCTS,
    candidate,
    database,
    future,
    held,
    index_option,
    option,
    text,
    the,
)
from order_table import BAD, BAD_ELSEWHERE, GOOD

from simulator import World, WorldSettings
from simulator.gateway.validation import named_con_ids, refusal, warnings
from simulator.gateway.validation.attributes import ECHOED, LOOKED_AT, REFUSED
from simulator.messages.connection import CurrentTime, ErrorMessage, RequestCurrentTime
from simulator.messages.orders import PlaceOrder
from simulator.order_types import ORDER_TYPES
from simulator.records import Order, Status
from simulator.session import MAX_VERSION


def changed(order: Order, changes: dict[str, Any]) -> Order:
    return replace(order, **changes)


@pytest.mark.parametrize(("field", "order", "changes", "code", "words"), BAD)
def test_a_bad_field_is_refused_with_its_code(field, order, changes, code, words) -> None:
    refused = refusal(candidate(changed(order, changes)))
    assert refused is not None, field
    assert (refused.code, words in text(refused)) == (code, True), text(refused)


@pytest.mark.parametrize(("field", "order", "changes", "known", "code", "words"), BAD_ELSEWHERE)
def test_a_field_that_is_bad_there_is_refused(field, order, changes, known, code, words) -> None:
    contract = the(known.get("contract", AAPL))
    known = {name: fact for name, fact in known.items() if name != "contract"}
    refused = refusal(candidate(changed(order, changes), contract, **known))
    assert refused is not None, field
    assert (refused.code, words in text(refused)) == (code, True), text(refused)


def shown(order: Order) -> Order:
    """An order as a gateway shows it, zeros and words in what was left empty."""
    return replace(
        order,
        limit_price=order.limit_price or D("0.0"),
        aux_price=order.aux_price or D("0.0"),
        open_close="?",
        shares_allocation="1.0/DU9000001/100",
        oca_type=order.oca_type or 3,
        volatility_type=order.volatility_type or 0,
        delta_neutral_order_type=order.delta_neutral_order_type or "None",
        delta_neutral_open_close="?",
        reference_price_type=order.reference_price_type or 0,
        clearing_intent="IB",
        adjusted_order_type=order.adjusted_order_type or "None",
        cash_quantity=order.cash_quantity or D(0),
        dont_use_auto_price_for_hedge=True,
        use_price_mgmt_algo=order.use_price_mgmt_algo or 0,
    )


@pytest.mark.parametrize(("order", "contract"), GOOD)
@pytest.mark.parametrize("form", [lambda order: order, shown], ids=["sent", "shown"])
def test_a_good_order_is_taken_also_as_it_is_shown(form, order, contract) -> None:
    known = {"parent": held(LIMIT)} if order.parent_id else {}
    assert refusal(candidate(form(order), the(contract), **known)) is None


@pytest.mark.parametrize(("order", "contract"), GOOD)
def test_a_live_order_may_be_sent_again_as_it_is(order, contract) -> None:
    """But for an order in money, which may not be changed at all."""
    live = held(order, the(contract))
    again = refusal(candidate(shown(order), the(contract), held=live))
    assert (again.code if again else None) == (10241 if order.cash_quantity else None)


def test_an_inactive_order_may_be_sent_again_with_any_terms() -> None:
    rejected = held(replace(LIMIT, oca_group="one"), status=Status.INACTIVE)
    assert refusal(candidate(BENCHMARK, held=rejected)) is None


def test_a_least_size_of_a_trade_is_for_the_venue_that_knows_it() -> None:
    order, instruments = replace(LIMIT, min_trade_quantity=5), database().find(AAPL)
    assert refusal(candidate(order, ATS, instruments=instruments)) is None


def test_the_server_is_asked_last() -> None:
    """Red for a rejected order where a gateway would have refused it."""
    refused = refusal(candidate(replace(LIMIT, tif="AUC", limit_price=None)))
    assert refused is not None
    assert refused.code == 107


def test_a_group_of_an_advisor_stands_for_an_account() -> None:
    assert refusal(candidate(replace(LIMIT, fa_group="Growth"), **ADVISED)) is None


def test_a_change_of_positions_in_percent_has_no_size() -> None:
    shared = replace(LIMIT, fa_group="Growth", fa_method="PctChange", fa_percentage="-50.5")
    assert refusal(candidate(replace(shared, total_quantity=D(0)), **ADVISED)) is None
    alone = refusal(candidate(replace(shared, total_quantity=D(0), fa_method="NetLiq"), **ADVISED))
    assert alone is not None
    assert alone.code == 434


@pytest.mark.parametrize("group", ["", "1000000007"])
@pytest.mark.parametrize("named", ["", "1000000007"])
def test_an_attached_order_may_be_changed_with_or_without_the_name_of_its_group(
    group, named
) -> None:
    attached = replace(LIMIT, parent_id=3, oca_group=group)
    live = held(attached, parent_perm_id=1000000007)
    again = replace(attached, oca_group=named, oca_type=3, limit_price=D(91))
    assert refusal(candidate(again, held=live)) is None
    other = refusal(candidate(replace(again, oca_group="two"), held=live))
    assert other is not None
    assert other.code == 10326


@pytest.mark.parametrize(
    ("hedged", "by", "is_hedge"),
    [
        (option, AAPL, True),
        (index_option, future, True),
        (option, future, False),
        (future, AAPL, False),
    ],
)
def test_an_option_is_hedged_by_its_stock_and_one_on_an_index_by_a_future(
    hedged, by, is_hedge
) -> None:
    hedge = replace(HEDGE, hedge_type="D", hedge_param="")
    refused = refusal(candidate(hedge, the(by), parent=held(MARKET, hedged())))
    assert (refused is None) is is_hedge


def test_a_currency_is_hedged_by_a_pair_with_it() -> None:
    hedge = replace(HEDGE, hedge_type="F", hedge_param="")
    assert refusal(candidate(hedge, EURUSD, parent=held(LIMIT))) is None


@pytest.mark.parametrize("tif", ["AUC", "GTX", "Minutes"])
def test_what_the_server_rejects_is_told_apart_from_what_never_was_an_order(tif) -> None:
    refused = refusal(candidate(replace(LIMIT, tif=tif)))
    assert refused is not None
    assert refused.is_server
    never = refusal(candidate(replace(LIMIT, tif="XYZ")))
    assert never is not None
    assert not never.is_server


@pytest.mark.parametrize("name", sorted(ORDER_TYPES))
def test_every_order_type_is_taken_for_its_products_and_no_others(name) -> None:
    """Red for a row of the table that no order can satisfy, or that lets others pass."""
    terms = replace(
        BENCHMARK,
        order_type=name,
        limit_price=D(100),
        aux_price=D(1),
        action="SELL",
        total_quantity=D(1000),
        tif="",
        delta=D(50),
        volatility=D(30) if name == "VOL" else None,
        volatility_type=2 if name == "VOL" else None,
    )
    taken = set()
    for sec_type, contract in PRODUCTS.items():
        refused = refusal(candidate(terms, the(contract)))
        if refused is None:
            taken.add(sec_type)
        else:
            assert refused.code == 387, (sec_type, text(refused))
    row = ORDER_TYPES[name]
    assert taken == (row.sec_types & PRODUCTS.keys() if row.is_on_paper else set())


# --- the tables of attributes ---


def test_every_field_of_an_order_stands_in_exactly_one_table() -> None:
    tables = [*LOOKED_AT, *REFUSED, *ECHOED]
    assert sorted(tables) == sorted(field.name for field in fields(Order))


def test_every_field_that_is_looked_at_has_a_bad_value() -> None:
    """Red for a field in the table that no check reads."""
    tried = {row[0] for row in (*BAD, *BAD_ELSEWHERE)}
    assert {*LOOKED_AT, *REFUSED} - tried == set()


GARBAGE = {str: "garbage ü" * 99, bool: True, int: -7, D: D("-1E12"), tuple: (("x", "y"),)}
HINTS = get_type_hints(Order)


def garbage(name: str) -> Any:
    hint = HINTS[name]
    options = [option for option in get_args(hint) if option is not NoneType]
    if str(hint).startswith("tuple"):
        return GARBAGE[tuple]
    return GARBAGE[options[0] if options else hint]


@pytest.mark.parametrize("name", sorted(ECHOED))
def test_any_value_of_what_is_only_shown_is_taken(name) -> None:
    value = False if name == "transmit" else garbage(name)
    assert refusal(candidate(replace(LIMIT, **{name: value}))) is None


# --- warnings ---


@pytest.mark.parametrize(
    ("order", "contract", "codes"),
    [
        (LIMIT, AAPL, []),
        (replace(LIMIT, good_after_time="15:00:00"), AAPL, [2174]),
        (replace(LIMIT, good_after_time="15:00:00 UTC"), AAPL, []),
        (replace(LIMIT, tif="GTD", good_till_date="20250617"), AAPL, []),
        (replace(LIMIT, display_size=1), IEX, [131]),
        (replace(MARKET, order_type="MOC", outside_rth=True), AAPL, [2109]),
        (replace(LIMIT, outside_rth=True), AAPL, []),
        (replace(MARKET, outside_rth=True), future, []),
    ],
)
def test_an_order_is_warned_of_what_is_ignored_or_implied(order, contract, codes) -> None:
    assert warnings(candidate(order, the(contract))) == codes


# --- on the wire ---


def told(replies: Iterable[Any]) -> list[tuple[int, int]]:
    return [(reply.id, reply.code) for reply in replies if isinstance(reply, ErrorMessage)]


def test_a_bad_order_leaves_no_trace_and_the_session_lives(join) -> None:
    """Every row of the table that a request can carry, in one session."""
    world = World(WorldSettings(clock="manual", seed=7, server_version=MAX_VERSION))
    world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"))
    client = join(1, MAX_VERSION, world)
    carried = [row for row in BAD if not row[0].startswith(NOT_CARRIED) and row[3] != 201]
    for order_id, (field, order, changes, code, _words) in enumerate(carried, 1):
        if changes.get("tif") == "GTD" or 404 in named_con_ids(changed(order, changes)):
            continue
        replies = client.send(PlaceOrder(order_id, AAPL, changed(order, changes)))
        assert told(replies) == [(order_id, code)], (field, changes)
        assert len(replies) == 1
        assert not world.broker.journal, (field, changes)
    assert any(isinstance(reply, CurrentTime) for reply in client.send(RequestCurrentTime()))
    assert told(client.send(PlaceOrder(999, AAPL, LIMIT))) == []
    assert len(world.broker.live_orders()) == 1


NOT_CARRIED = (
    "fa_profile",
    "min_trade_quantity",
    "min_compete_size",
    "compete_against_best_offset",
    "mid_offset_at",
    "delta_neutral_short_sale",
    "scale_auto_reset",
)
"""What a request carries only in other versions, or with what would be refused first."""
