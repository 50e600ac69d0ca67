"""Moving the world. Which bug turns these red: a run that cannot be repeated."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal as D

import pytest

from simulator import World, WorldError, WorldSettings
from simulator.broker import Rules
from simulator.commissions import Plan
from simulator.gateway.entitlements import Entitlement
from simulator.ledger import AccountKind, MarginModel, Terms
from simulator.messages import REQUESTS
from simulator.messages.account import RequestAccountUpdates, RequestPositions
from simulator.messages.history import (
    RealTimeBar,
    RequestRealTimeBars,
    RequestTickByTickData,
    TickByTick,
)
from simulator.messages.market_data import (
    RequestMarketData,
    RequestMarketDataType,
    TickGeneric,
    TickType,
)
from simulator.messages.orders import CancelOrder, CommissionReport, PlaceOrder
from simulator.records import Contract, Order, Status
from simulator.wire import frame, join_fields
from simulator.world_settings import settings_of

AAPL = Contract(con_id=265598, exchange="SMART")
BUY = Order(action="BUY", total_quantity=D(700), order_type="MKT", tif="DAY")


def bytes_of_a_run(join, seed: int) -> bytes:
    world = World(WorldSettings(seed=seed, clock="manual"))
    client = join(1, world=world)
    sent = b""
    for request in (
        RequestMarketData(5, AAPL, "233"),
        RequestPositions(),
        RequestAccountUpdates(True, "DU9000001"),
        PlaceOrder(1, AAPL, BUY),
    ):
        client.send_bytes(frame_of(request))
        world.advance(1.7)
        sent += client.connection.session.data_to_send()
    world.set_quote("AAPL", bid=D(1), ask=D(2))
    world.advance(400)
    return sent + client.connection.session.data_to_send()


def frame_of(request) -> bytes:
    return frame(join_fields(REQUESTS.encode(request, 178)))


def test_the_same_seed_and_inputs_give_the_same_bytes(join) -> None:
    assert bytes_of_a_run(join, 7) == bytes_of_a_run(join, 7)
    assert bytes_of_a_run(join, 7) != bytes_of_a_run(join, 8)


def test_one_long_step_is_many_short_ones(join) -> None:
    streams = []
    for steps in ([10.0], [0.1] * 100):
        world = World(WorldSettings(seed=7, clock="manual"))
        client = join(1, world=world)
        client.send(RequestMarketData(5, AAPL))
        for step in steps:
            world.advance(step)
        streams.append(client.connection.session.data_to_send())
    assert streams[0] == streams[1]


def test_the_journal_agrees_with_the_ledger(join, world) -> None:
    join().send(PlaceOrder(1, AAPL, BUY))
    world.advance(5)
    fills = [e.event for e in world.broker.journal if type(e.event).__name__ == "Executed"]
    ledger = world.broker.ledgers["DU9000001"]
    assert sum(f.execution.shares for f in fills) == 700
    assert ledger.positions[265598].quantity == 700
    spent = sum(f.execution.shares * f.execution.price + f.commission for f in fills)
    assert ledger.cash["USD"] == 1_000_000 - spent
    assert [e.sequence for e in world.broker.journal] == [*range(1, len(world.broker.journal) + 1)]


@pytest.mark.parametrize("seconds", [-1, 10**9, float("nan")])
def test_time_moves_forward_by_a_sane_step(world, seconds) -> None:
    with pytest.raises(WorldError, match="seconds must be between"):
        world.advance(seconds)


def test_a_real_clock_cannot_be_moved() -> None:
    with pytest.raises(WorldError, match="clock is real"):
        World().advance(1)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"clock": "sundial"}, "clock must be"),
        ({"accounts": ("U1234567",)}, "not a paper account"),
        ({"accounts": ()}, "at least one account"),
        ({"max_requests_per_s": 0}, "max_requests_per_s must be at least 1"),
        ({"rules": Rules(fill_model="kind")}, "fill_model must be one of paper, pessimistic, "),
        ({"rules": Rules(cancel_latency_ms=-1)}, "cancel_latency_ms must be 0 or more"),
        ({"rules": Rules(price_collar=D(3))}, "price_collar must be a part of the price"),
        ({"commission_delay_ms": -1}, "commission_delay_ms must be 0 or more"),
    ],
)
def test_a_world_that_cannot_be_is_refused_by_name(settings, named) -> None:
    with pytest.raises(WorldError, match=named):
        WorldSettings(**settings)


def test_plain_names_are_what_the_settings_hold() -> None:
    settings = settings_of(
        seed=3,
        fill_model="queue",
        cancel_latency_s=0.25,
        price_collar_percent="2.5",
        checks_funds=False,
        account_type="cash",
        margin="portfolio",
        commissions="tiered",
        commission_delay_s=1.5,
        repeats_status=True,
    )
    assert (settings.seed, settings.commission_delay_ms, settings.repeats_status) == (3, 1500, True)
    assert settings.rules == Rules(
        fill_model="queue",
        cancel_latency_ms=250,
        price_collar=D("0.025"),
        checks_funds=False,
        terms=Terms(AccountKind.CASH, MarginModel.PORTFOLIO, Plan.TIERED),
    )
    assert settings_of() == WorldSettings()
    kept = settings_of(rules=settings.rules, fill_model="paper")
    assert kept.rules == replace(settings.rules, fill_model="paper")


@pytest.mark.parametrize(
    ("plain", "named"),
    [
        ({"fill_model": "kind"}, "fill_model must be one of paper, "),
        ({"cancel_latency_s": -1}, "cancel_latency_s must be seconds between 0 and"),
        ({"cancel_latency_s": float("nan")}, "cancel_latency_s must be seconds"),
        ({"commission_delay_s": "1"}, "commission_delay_s must be seconds"),
        ({"price_collar_percent": 0}, "price_collar_percent must be above 0"),
        ({"price_collar_percent": "many"}, "price_collar_percent must be above 0"),
        ({"account_type": "joint"}, "account_type must be 'margin' or 'cash', not 'joint'"),
        ({"margin": "reg_t"}, "margin must be 'reg-t' or 'portfolio', not 'reg_t'"),
        ({"commissions": "none"}, "commissions must be 'fixed' or 'tiered', not 'none'"),
    ],
)
def test_a_plain_value_that_cannot_be_is_refused_by_its_plain_name(plain, named) -> None:
    with pytest.raises(WorldError, match=named):
        settings_of(**plain)


def test_the_broker_works_by_the_settings(join) -> None:
    world = World(settings_of(clock="manual", cancel_latency_s=2, commission_delay_s=3))
    client = join(1, world=world)
    world.set_quote("AAPL", bid=D(99), ask=D(100), ask_size=D(5000))
    rest = replace(BUY, order_type="LMT", limit_price=D(90))
    client.send(PlaceOrder(1, AAPL, rest), CancelOrder(1), PlaceOrder(2, AAPL, BUY))
    assert world.order((1, 1)).status is Status.PENDING_CANCEL
    assert CommissionReport not in {type(reply) for reply in client.read()}
    world.advance(2)
    assert world.order((1, 1)).status is Status.CANCELLED
    assert CommissionReport not in {type(reply) for reply in client.read()}
    world.advance(1)
    assert CommissionReport in {type(reply) for reply in client.read()}


def test_unknown_instruments_and_impossible_quotes_are_refused_by_name(world) -> None:
    with pytest.raises(WorldError, match=r"no instrument 'NOPE'; known are AAPL, "):
        world.set_quote("NOPE", bid=D(1), ask=D(2))
    with pytest.raises(WorldError, match="bid 3 is above ask 2"):
        world.set_quote("AAPL", bid=D(3), ask=D(2))


def test_instruments_are_found_by_the_names_people_use(world) -> None:
    assert world.instrument("EURUSD") is world.instrument("eur.usd")


# --- prints, halts, sessions ---


def test_a_print_is_shown_to_who_watches_at_once(client, world) -> None:
    client.send(RequestMarketData(5, AAPL))
    volume = world.quote("AAPL").volume
    shown = world.print_trade("AAPL", D("333.33"), D(300))
    assert (shown.last, shown.last_size, shown.volume) == (D("333.33"), 300, volume + 300)
    ticks = {tick.tick_type: tick for tick in client.read()}
    assert (ticks[TickType.LAST].price, ticks[TickType.LAST].size) == (D("333.33"), 300)
    assert ticks[TickType.VOLUME].size == volume + 300
    assert ticks[TickType.HIGH].price == D("333.33")


def test_a_print_is_a_tick_of_trades(client, world) -> None:
    client.send(RequestTickByTickData(6, AAPL, "AllLast"))
    world.print_trade("AAPL", D("333.33"), D(300))
    (tick,) = client.read()
    assert (tick.price, tick.size) == (D("333.33"), 300)


@pytest.mark.parametrize(("price", "size"), [("0", "1"), ("1", "-1"), ("NaN", "1")])
def test_a_print_that_cannot_be_is_refused(client, world, price, size) -> None:
    client.send(RequestMarketData(5, AAPL))
    with pytest.raises(WorldError, match=r"must be a (positive number|finite Decimal)"):
        world.print_trade("AAPL", D(price), D(size))
    assert client.read() == []


def test_a_halt_is_told_by_tick_49_when_it_changes(client, world) -> None:
    first = client.send(RequestMarketData(5, AAPL))
    assert halted_ticks(first) == [(5, 0)]
    world.halt("AAPL")
    assert client.read() == [TickGeneric(5, TickType.HALTED, D(1))]
    world.advance(60)
    assert client.read() == []
    world.halt("AAPL")
    assert client.read() == []
    world.resume("AAPL")
    assert halted_ticks(client.read()) == [(5, 0)]
    world.advance(1)
    assert client.read()


def test_a_line_opened_in_a_halt_begins_with_it(client, world) -> None:
    world.halt("AAPL")
    assert halted_ticks(client.send(RequestMarketData(5, AAPL))) == [(5, 1)]
    client.send(RequestMarketDataType(3))
    world.entitle("AAPL", Entitlement.UNSUBSCRIBED)
    (delayed,) = [t for t in client.send(RequestMarketData(6, AAPL)) if type(t) is TickGeneric]
    assert (delayed.tick_type, delayed.value) == (TickType.DELAYED_HALTED, 1)


def test_streams_are_silent_in_a_halt(client, world) -> None:
    client.send(
        RequestTickByTickData(6, AAPL, "BidAsk"), RequestRealTimeBars(7, AAPL, 5, "TRADES", False)
    )
    world.advance(10)
    assert {type(reply) for reply in client.read()} == {TickByTick, RealTimeBar}
    world.halt("AAPL")
    world.advance(20)
    replies = client.read()
    assert {type(reply) for reply in replies} == {RealTimeBar}
    assert replies[-1].volume == 0
    assert replies[-1].open == replies[-1].close


def test_who_watches_what_follows_a_halted_instrument_is_told(client, world) -> None:
    option = world.database.find(Contract(symbol="AAPL", sec_type="OPT", strike=D(230)))[-1]
    client.send(RequestMarketData(5, option.contract()))
    world.halt("AAPL")
    assert halted_ticks(client.read()) == [(5, 1)]
    with pytest.raises(WorldError, match="follows an instrument that is halted"):
        world.resume(option.local_symbol)
    world.resume("AAPL")
    assert halted_ticks(client.read()) == [(5, 0)]


def test_names_that_are_none_are_refused(world) -> None:
    for call in (world.halt, world.resume, world.advance_to_session):
        with pytest.raises(WorldError, match="no instrument 'NOPE'"):
            call("NOPE")
    with pytest.raises(WorldError, match="no instrument 'NOPE'"):
        world.print_trade("NOPE", D(1), D(1))


def test_the_clock_goes_to_the_next_regular_session() -> None:
    world = World(WorldSettings(clock="manual", calendar=True))
    assert world.advance_to_session("AAPL") == ms(2025, 6, 17, 13, 30)
    assert world.advance_to_session("AAPL") == ms(2025, 6, 18, 13, 30)
    assert world.advance_to_session("AAPL") == ms(2025, 6, 20, 13, 30)  # after a holiday
    assert world.clock.now_ms() == ms(2025, 6, 20, 13, 30)
    assert world.market.hours(world.instrument("AAPL"), world.clock.now_ms()) == (True, True)


def test_an_open_market_has_its_next_session_at_midnight(world) -> None:
    assert world.advance_to_session("AAPL") == ms(2025, 6, 17, 4, 0)
    assert world.advance_to_session("EURUSD") == ms(2025, 6, 18, 4, 0)


def test_a_real_clock_has_no_next_session_to_go_to() -> None:
    with pytest.raises(WorldError, match="clock is real"):
        World().advance_to_session("AAPL")


def halted_ticks(replies) -> list[tuple[int, D]]:
    return [(t.req_id, t.value) for t in replies if getattr(t, "tick_type", 0) == TickType.HALTED]


def ms(*moment: int) -> int:
    return round(datetime(*moment, tzinfo=UTC).timestamp()) * 1000
