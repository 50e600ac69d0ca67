"""Connection table, streams, guards, metrics, settings, logs and public names."""

import asyncio
import gc
import types

import pytest
from prometheus_client import CollectorRegistry
from pydantic import ValidationError

import ibkr
from ibkr import guards
from ibkr.connection import (
    TRANSITIONS,
    Cause,
    ConnectionState,
    IllegalTransition,
    next_state,
    render_table,
)
from ibkr.errors import (
    InvalidOrder,
    InvalidRequest,
    LiveTradingRefused,
    OrderLimitExceeded,
    ReadOnlyApi,
    StreamOverflow,
    SyncFailed,
)
from ibkr.logs import mask_account, mask_accounts
from ibkr.metrics import IBKRMetrics
from ibkr.models import Order
from ibkr.settings import Settings
from ibkr.streams import EventStream, Fanout, LatestStream

# --- connection ---------------------------------------------------------------------------


def test_every_state_can_be_reached_and_left():
    reached = set(TRANSITIONS.values()) | {ConnectionState.DISCONNECTED}
    assert reached == set(ConnectionState) == {state for state, _ in TRANSITIONS}


def test_every_state_but_closed_can_be_closed():
    open_states = set(ConnectionState) - {ConnectionState.CLOSED}
    assert {state for state, cause in TRANSITIONS if cause is Cause.CLOSE} == open_states


def test_ready_is_reached_only_from_syncing_and_degraded():
    ways = {state for (state, _), after in TRANSITIONS.items() if after == "ready"}
    assert ways == {ConnectionState.SYNCING, ConnectionState.DEGRADED}


def test_missing_row_raises():
    with pytest.raises(IllegalTransition, match="synced is not possible in state disconnected"):
        next_state(ConnectionState.DISCONNECTED, Cause.SYNCED)


def test_table_prints_one_line_per_row():
    assert len(render_table().splitlines()) == len(TRANSITIONS)


# --- streams ------------------------------------------------------------------------------


async def test_overflow_is_told_after_the_events_that_were_kept():
    stream = EventStream(2)
    for number in range(4):
        stream.push(number)
    assert [await anext(stream), await anext(stream)] == [0, 1]
    with pytest.raises(StreamOverflow, match="more than 2"):
        await anext(stream)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_stream_registers_when_opened_and_ends_with_the_fanout():
    fanout = Fanout()
    first, second = fanout.open(), fanout.open()
    fanout.publish("a")
    fanout.end()
    fanout.publish("b")
    assert [item async for item in first] == [item async for item in second] == ["a"]


async def test_waiting_reader_wakes_up():
    stream = EventStream(1)
    reading = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    stream.push(1)
    assert await reading == 1


def test_forgotten_streams_cost_nothing():
    fanout = Fanout()
    fanout.open()
    gc.collect()
    assert len(fanout._streams) == 0


async def test_latest_stream_skips_and_ends_with_the_error():
    stream = LatestStream()
    stream.push(1)
    stream.push(2)
    assert await anext(stream) == 2
    stream.end(SyncFailed("gone"))
    with pytest.raises(SyncFailed):
        await anext(stream)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


# --- guards -------------------------------------------------------------------------------

PAPER = Settings(_env_file=None)


@pytest.mark.parametrize("account", ["DU1234567", "DF1234567", "DI1234567", "DUP123456"])
def test_paper_accounts_are_accepted(account):
    guards.check_accounts([account], PAPER)


@pytest.mark.parametrize("account", ["U1234567", "F1234567", "I1234567", "DU", "xDU1", "DU1\n"])
def test_other_accounts_are_refused_even_beside_a_paper_one(account):
    with pytest.raises(LiveTradingRefused):
        guards.check_accounts(["DU1234567", account], PAPER)


def test_live_needs_the_exact_account():
    live = Settings(allow_live=True, live_account="U1234567")
    guards.check_accounts(["U1234567"], live)
    with pytest.raises(LiveTradingRefused):
        guards.check_accounts(["U1234567", "U7654321"], live)
    half = Settings(live_account="U1234567")
    with pytest.raises(LiveTradingRefused):
        guards.check_accounts(["U1234567"], half)


def test_no_account_and_foreign_account():
    with pytest.raises(SyncFailed):
        guards.check_accounts([], PAPER)
    with pytest.raises(InvalidRequest):
        guards.check_accounts(["DU1"], Settings(account="DU2"))


def test_limits():
    settings = Settings(max_order_quantity=5, max_order_notional=1000)
    guards.check_order(Order.limit("BUY", 5, 200), settings)
    guards.check_order(Order.market("BUY", 5), settings)
    guards.check_order(Order.stop("BUY", 5, 200), settings)
    too_large = (
        Order.market("BUY", 6),
        Order.limit("BUY", 5, "200.01"),
        Order.stop("BUY", 5, "200.01"),
        Order.stop("BUY", 5, 200, limit_price="200.01"),
    )
    for order in too_large:
        with pytest.raises(OrderLimitExceeded):
            guards.check_order(order, settings)
    with pytest.raises(ReadOnlyApi):
        guards.check_order(Order.market("BUY", 1), Settings(read_only=True))


@pytest.mark.parametrize(
    ("in_order", "in_settings", "managed", "chosen"),
    [
        ("", "", ["DU1"], "DU1"),
        ("DU2", "DU1", ["DU1", "DU2"], "DU2"),
        ("", "DU1", ["DU1", "DU2"], "DU1"),
        ("", "", ["DU1", "DU2"], None),
        ("DU3", "", ["DU1"], None),
    ],
)
def test_account_of_an_order(in_order, in_settings, managed, chosen):
    order, settings = Order.market("BUY", 1, account=in_order), Settings(account=in_settings)
    if chosen is None:
        with pytest.raises(InvalidOrder, match="account"):
            guards.choose_account(order, managed, settings)
    else:
        assert guards.choose_account(order, managed, settings) == chosen


# --- metrics, settings, logs, names -------------------------------------------------------


def test_exposition_has_exactly_these_series_from_the_start():
    lines = IBKRMetrics().exposition().decode().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "ib_connection_status 0.0",
        "ib_orders_total 0.0",
        "ib_order_errors_total 0.0",
        "ib_market_data_subscriptions 0.0",
        "ib_orders_in_doubt 0.0",
        "ib_last_quote_timestamp_seconds 0.0",
    ]
    assert "# TYPE ib_orders_total counter" in lines
    assert "# TYPE ib_connection_status gauge" in lines


def test_registry_may_be_given_and_holds_one_client():
    registry = CollectorRegistry()
    IBKRMetrics(registry).orders_total = 3
    assert registry.get_sample_value("ib_orders_total") == 3
    with pytest.raises(ValueError, match="Duplicated"):
        IBKRMetrics(registry)


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("IBKR_PORT", "4711")
    monkeypatch.setenv("IBKR_MAX_ORDER_QUANTITY", "2.5")
    monkeypatch.setenv("IBKR_MARKET_DATA_TYPE", "3")
    assert (Settings().port, str(Settings().max_order_quantity)) == (4711, "2.5")
    assert Settings().market_data_type == 3
    assert Settings(port=1).port == 1


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"port": 0}, "port"),
        ({"port": "gateway"}, "port"),
        ({"client_id": -1}, "client_id"),
        ({"request_timeout_s": 0}, "request_timeout_s"),
        ({"connect_timeout_s": float("inf")}, "connect_timeout_s"),
        ({"backoff_min_s": 9, "backoff_max_s": 8}, "backoff_min_s"),
        ({"allow_live": True}, "live_account"),
        ({"log_level": "LOUD"}, "log_level"),
        ({"max_order_quantity": 0}, "max_order_quantity"),
    ],
)
def test_bad_settings_are_named(options, named):
    with pytest.raises(ValidationError, match=named):
        Settings(**options)


@pytest.mark.parametrize(
    ("account", "masked"), [("DU1234567", "DU***67"), ("U1234567", "U***67"), ("DU1", "***")]
)
def test_masking(account, masked):
    assert mask_account(account) == masked


def test_masking_inside_text():
    text = "accounts DU1234567 and U7654321, farm usfarm, code 2104, id 1234567"
    assert mask_accounts(text) == "accounts DU***67 and U***21, farm usfarm, code 2104, id 1234567"


def test_all_is_the_public_namespace():
    public = {
        name
        for name, thing in vars(ibkr).items()
        if not name.startswith("_") and not isinstance(thing, types.ModuleType)
    }
    assert public == set(ibkr.__all__)
    assert ibkr.__all__ == sorted(ibkr.__all__)
