"""Each action on the bytes of a world. Red: a fault that strikes elsewhere, twice or not at all."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from orders import AAPL, LIMIT, MARKET, cancelled, pair, place, show, told

from simulator import World, WorldError, WorldSettings
from simulator.faults import ACTIONS, as_plain
from simulator.messages import REQUESTS
from simulator.messages.connection import ErrorMessage, NextValidId, RequestCurrentTime, RequestIds
from simulator.messages.market_data import RequestMarketData, TickPrice
from simulator.messages.orders import CancelOrder, OrderStatus, PlaceOrder
from simulator.wire import FrameBuffer, frame, join_fields, split_fields

TIME = RequestCurrentTime()


@pytest.fixture(autouse=True)
def quoted(world) -> None:
    show(world, "99.99", "100.01")


def journal(world) -> list[str]:
    """The events of the broker in short."""
    return [type(entry.event).__name__ for entry in world.broker.journal]


def payloads(data: bytes) -> list[bytes]:
    frames = FrameBuffer()
    frames.append(data)
    return list(iter(frames.next_frame, None))


def raw(client, request) -> bytes:
    """The bytes that answer a request."""
    client.send_bytes(frame(join_fields(REQUESTS.encode(request, client.version))))
    return client.connection.data_to_send()


def statuses(client, order_id: int) -> bytes:
    """The last frame that answers an order: its status."""
    return payloads(raw(client, PlaceOrder(order_id, AAPL, LIMIT)))[-1]


# --- more than one, and their end ---


def test_two_faults_at_one_message_both_change_it(world, client) -> None:
    world.inject("alter", at="tx(OrderStatus)", field="perm_id", text="0")
    world.inject("corrupt", at="tx(OrderStatus)", position=0, mask=1)
    world.inject("extend", at="tx(OrderStatus)", texts=["more"])
    status = statuses(client, 1)
    assert status.startswith(b"2\0")
    assert status.endswith(b"more\0")
    assert status.split(b"\0")[6] == b"0"


@pytest.mark.parametrize("action", ["mute", "never_read", "coalesce"])
def test_what_was_said_before_a_silence_gets_through(world, client, action) -> None:
    world.inject(action, at="tx(OrderStatus)")
    assert place(client, 1) == ["OO 1 Submitted"]


def test_the_port_is_closed_until_nothing_closes_it(world) -> None:
    fault = world.inject("refuse")
    world.inject("refuse", seconds=1)
    world.advance(2)
    assert not world.is_listening
    world.restart(outage_s=60)
    world.clear_faults(fault)
    assert not world.is_listening
    world.advance(60)
    assert world.is_listening


def test_the_connection_to_ib_is_lost_until_nothing_loses_it(world, client) -> None:
    world.lose_upstream(seconds=10)
    fault = world.lose_upstream()
    world.advance(11)
    assert told(client.read()) == ["1100 -1", "1100 -1"]
    world.clear_faults(fault)
    assert told(client.read()) == ["1102 -1"]


def test_flapping_ends_when_it_is_cleared(world, client) -> None:
    fault = world.inject("flap", count=3, seconds=10)
    world.advance(1)
    world.clear_faults(fault)
    world.advance(60)
    assert told(client.read()) == ["1100 -1", "1102 -1"]


@pytest.mark.parametrize("terms", [{"action": "delay", "seconds": 60}, {"action": "reorder"}])
def test_a_message_that_waits_comes_when_its_fault_is_cleared(world, client, terms) -> None:
    fault = world.inject(at="tx(OrderStatus)", **terms)
    assert place(client, 1) == ["OO 1 Submitted"]
    assert [each.id for each in world.faults] == [fault]
    world.clear_faults(fault)
    assert told(client.read()) == ["OS 1 Submitted 0/1"]
    world.advance(61)
    assert client.read() == []
    assert world.faults == ()


def test_a_fault_that_strikes_twice_lasts_twice_as_long_as_said(world, join) -> None:
    one, two = join(1), join(2)
    world.inject("mute", at="rx(PlaceOrder)", times=2, seconds=10, direction="out", buffer=True)
    place(one, 1)
    world.advance(5)
    place(two, 1)
    world.advance(6)
    assert told(one.read()) == pair(1, "Submitted")
    assert two.read() == []
    world.advance(4)
    assert told(two.read()) == pair(1, "Submitted")


def test_each_session_goes_stale_for_its_own_time(world, join) -> None:
    one, two = join(1), join(2)
    world.inject("stale_session", seconds=10)
    world.disconnect(one.connection)
    world.advance(11)
    world.disconnect(two.connection)
    assert told(join(1).started)[:1] != ["326 -1"]
    assert told(join(2).started) == ["326 -1"]


def test_bytes_are_counted_for_each_client(world, join) -> None:
    one, two = join(1), join(2)
    world.inject("rst", at="tx_byte#4", times=2)
    assert [len(raw(each, TIME)) for each in (one, two)] == [4, 4]


def test_an_order_that_is_overtaken_by_the_end_of_its_client_is_accounted_for(
    world, client
) -> None:
    world.inject("reorder", at="rx(PlaceOrder)")
    place(client, 1)
    world.disconnect(client.connection)
    assert journal(world) == ["Held", "Dropped"]


def test_a_subscription_that_is_late_is_not_of_a_client_that_is_gone(world, join) -> None:
    client = join(1)
    world.release_quote("AAPL")
    world.inject("delay", at="rx(RequestMarketData)", seconds=5)
    client.send(RequestMarketData(5, AAPL))
    world.disconnect(client.connection)
    due_ms = world.gateway.due_ms
    world.advance(6)
    assert world.gateway.due_ms == due_ms


def test_an_error_is_told_as_soon_as_a_version_is_agreed_on(world, join) -> None:
    with pytest.raises(WorldError, match=r"at must be hs or now or .* for error, not accept#1"):
        world.inject("error", at="accept", code=1100)
    world.inject("error", at="hs", code=1100)
    assert join(1).handshake[1][:4] == ["4", "2", "-1", "1100"]
    world.connect("test:2")
    with pytest.raises(WorldError, match="no client 2 is connected"):
        world.inject("error", code=1100, client_id=2)


def test_an_error_between_two_bytes_is_told_after_what_waits(world, client) -> None:
    whole = raw(client, TIME)
    world.inject("error", at="tx_byte#3", code=1100)
    out = raw(client, TIME)
    assert out.startswith(whole)
    assert b"1100" in out[len(whole) :]


def test_nobody_can_go_stale_where_nobody_is(world) -> None:
    with pytest.raises(WorldError, match="nobody is connected for stale_session"):
        world.inject("stale_session")


def test_what_clients_were_told_outlives_a_restart(world, client) -> None:
    world.inject("error", code=1100)
    world.inject("error", at="tx(OrderStatus)", code=2109, instead=True)
    place(client, 1)
    world.restart(outage_s=1)
    codes = [each.message.code for each in world.gateway.hub.told]
    assert codes[-2:] == [1100, 2109]


# --- none ---


def test_without_faults_nothing_stands_between(world, client) -> None:
    assert client.connection.interferer is None
    fault = world.inject("fin", at="rx(PlaceOrder)#9")
    assert client.connection.interferer is not None
    world.clear_faults(fault)
    assert client.connection.interferer is None
    assert world.faults == ()


def test_a_fault_that_waits_changes_no_byte(join) -> None:
    streams = []
    for faulty in (False, True):
        world = World(WorldSettings(seed=7, clock="manual"))
        if faulty:
            for at in ("rx(PlaceOrder)#99", "tx(OrderStatus)#99", "tx_byte#9999999", "accept#99"):
                world.inject("rst", at=at)
        client = join(1, world=world)
        out = raw(client, RequestMarketData(5, AAPL)) + raw(client, PlaceOrder(1, AAPL, MARKET))
        world.advance(30)
        streams.append(out + client.connection.data_to_send())
    assert streams[0] == streams[1]


def test_the_same_faults_give_the_same_bytes(join) -> None:
    def run() -> bytes:
        world = World(WorldSettings(seed=7, clock="manual"))
        client = join(1, world=world)
        world.inject("reorder", at="tx(OpenOrder)", times=None, window=2)
        world.inject("slow", bytes_per_s=400, direction="out")
        world.inject("flap", at="time+3", count=2, seconds=4)
        world.inject("corrupt", at="tx(OrderStatus)#2", position=7)
        sent = raw(client, PlaceOrder(1, AAPL, MARKET)) + raw(client, PlaceOrder(2, AAPL, LIMIT))
        for _ in range(40):
            world.advance(0.7)
            sent += client.connection.data_to_send()
        return sent + "".join(world.journal()).encode()

    assert run() == run()


# --- points ---


def test_points_count_from_the_injection_and_strike_as_often_as_asked(world, client) -> None:
    place(client, 1)
    world.inject("swallow", at="tx(OrderStatus)#2", times=2)
    words = [len(place(client, order_id)) for order_id in (2, 3, 4, 5)]
    assert words == [2, 1, 1, 2]


def test_a_fault_of_one_client_leaves_others_alone(world, join) -> None:
    one, two = join(1), join(2)
    world.inject("swallow", at="rx(PlaceOrder)", client_id=2)
    assert place(one, 1) == pair(1, "Submitted")
    assert place(two, 1) == []


def test_bytes_are_counted_to_the_letter(world, client) -> None:
    whole = raw(client, TIME)
    for cut in range(len(whole) + 1):
        world = World(WorldSettings(seed=7, clock="manual"))
        other = type(client)(world, 1)
        world.inject("rst", at=f"tx_byte#{cut}")
        assert raw(other, TIME) == whole[:cut]
        assert other.connection.resets


def test_bytes_that_come_in_are_counted_too(world, client) -> None:
    request = frame(join_fields(REQUESTS.encode(PlaceOrder(1, AAPL, LIMIT), 178)))
    world.inject("rst", at=f"rx_byte#{len(request) - 1}")
    client.send_bytes(request)
    assert client.connection.is_closing
    assert journal(world) == []


def test_time_is_that_of_the_world(world, client) -> None:
    world.inject("error", at="time+30", code=1100)
    world.advance(29.9)
    assert client.read() == []
    world.advance(0.1)
    assert told(client.read()) == ["1100 -1"]


def test_what_comes_again_comes_every_so_often(world, client) -> None:
    world.inject("error", at="time+10", times=3, code=1100)
    world.advance(100)
    assert told(client.read()) == ["1100 -1"] * 3
    assert world.faults == ()


# --- the socket ---


@pytest.mark.parametrize("action", ["fin", "rst"])
def test_a_cut_before_a_request_leaves_the_broker_without_it(world, client, action) -> None:
    world.inject(action, at="rx(PlaceOrder)")
    assert place(client, 1) == []
    assert client.connection.is_closing
    assert client.connection.resets is (action == "rst")
    assert journal(world) == ["Dropped"]


def test_a_cut_before_a_reply_leaves_the_order_in_force(world, client) -> None:
    world.inject("fin", at="tx(OrderStatus)")
    assert place(client, 1) == ["OO 1 Submitted"]
    assert client.connection.is_closing
    assert [order.status for order in world.broker.live_orders()] == ["Submitted"]


def test_what_a_mute_gateway_says_is_lost_or_late(world, client) -> None:
    world.inject("mute", direction="out", seconds=5)
    assert place(client, 1) == []
    world.advance(5)
    assert client.read() == []
    world.inject("mute", direction="out", buffer=True, seconds=5)
    assert place(client, 2) == []
    world.advance(5)
    assert told(client.read()) == pair(2, "Submitted")


def test_what_a_deaf_gateway_is_told_is_lost_or_late(world, client) -> None:
    fault = world.inject("mute", direction="in")
    assert place(client, 1) == []
    world.clear_faults(fault)
    assert journal(world) == []
    fault = world.inject("mute", direction="in", buffer=True)
    assert place(client, 2) == []
    world.clear_faults(fault)
    assert told(client.read()) == pair(2, "Submitted")


def test_a_frozen_gateway_hears_a_client_that_is_gone(world, join) -> None:
    client = join(1)
    fault = world.inject("mute", buffer=True)
    place(client, 1)
    world.disconnect(client.connection)
    assert world.broker.live_orders() == []
    assert told(join(1).started) == ["326 -1"]
    world.clear_faults(fault)
    assert [order.order_id for order in world.broker.live_orders()] == [1]
    assert told(join(1).started)[:2] == pair(1, "Submitted")


def test_a_connection_that_is_never_read_says_so_to_its_socket(world, client) -> None:
    fault = world.inject("never_read")
    assert client.connection.is_unread
    assert place(client, 1) == []
    world.clear_faults()
    assert not client.connection.is_unread
    assert told(client.read()) == pair(1, "Submitted")
    assert fault not in [each.id for each in world.faults]


def test_what_is_sliced_is_the_same_bytes(world, client) -> None:
    world.inject("slice", size=3)
    assert client.connection.slice_bytes == 3
    assert place(client, 1) == pair(1, "Submitted")
    world.clear_faults()
    assert client.connection.slice_bytes == 0


def test_what_is_collected_comes_at_once(world, client) -> None:
    world.inject("coalesce", seconds=2)
    assert place(client, 1) + place(client, 2) == []
    world.advance(2)
    assert told(client.read()) == pair(1, "Submitted") + pair(2, "Submitted")


def test_a_slow_connection_lets_so_many_bytes_pass(world, client) -> None:
    world.inject("slow", bytes_per_s=100, direction="out", seconds=60)
    assert raw(client, PlaceOrder(1, AAPL, LIMIT)) == b""
    for _ in range(10):
        world.advance(0.1)
        assert len(client.connection.data_to_send()) == 10
    world.advance(60)
    assert len(client.connection.data_to_send()) > 100
    assert world.faults == ()


def test_a_closed_port_takes_nobody_and_cuts_nobody(world, client) -> None:
    world.inject("refuse", seconds=10)
    assert not world.is_listening
    with pytest.raises(WorldError, match="refuses connections"):
        world.connect("test:2")
    assert place(client, 1) == pair(1, "Submitted")
    world.advance(10)
    assert world.is_listening
    assert world.connect("test:2")


def test_a_proxy_without_a_gateway_takes_the_connection_and_ends_it(world) -> None:
    world.inject("fin", at="accept#2")
    assert not world.connect("test:1").is_closing
    assert world.connect("test:2").is_closing


def test_a_handshake_that_nobody_allows_stays_silent(world, join) -> None:
    fault = world.inject("mute", at="accept", direction="out", buffer=True)
    client = join(1)
    assert (client.handshake, client.started) == ([], [])
    world.clear_faults(fault)
    version, *replies = client._fields()
    assert version[0] == "178"
    assert ["9", "1", "1"] in replies


def test_a_handshake_can_be_late_after_the_versions(world) -> None:
    world.inject("mute", at="hs", direction="out", buffer=True, seconds=20)
    connection = world.connect("test:1")
    world.receive(connection, b"API\0" + frame(b"v157..178"))
    assert connection.data_to_send() == b""
    world.advance(20)
    assert payloads(connection.data_to_send())[0].startswith(b"178\0")


# --- messages ---


def test_a_request_is_lost_late_doubled_or_overtaken(world, client) -> None:
    world.inject("swallow", at="rx(PlaceOrder)")
    assert place(client, 1) == []
    assert journal(world) == ["Dropped"]
    world.inject("delay", at="rx(PlaceOrder)", seconds=3)
    assert place(client, 2) == []
    assert journal(world)[1:] == ["Held"]
    world.advance(3)
    assert told(client.read()) == pair(2, "Submitted")
    world.inject("duplicate", at="rx(RequestIds)", count=2)
    assert client.send(RequestIds()) == [NextValidId(3)] * 3
    world.inject("reorder", at="rx(PlaceOrder)")
    assert place(client, 3) == []
    assert told(client.send(RequestIds())) == ["NextValidId", *pair(3, "Submitted")]


def test_a_delayed_order_of_a_client_that_was_cut_is_dropped(world, client) -> None:
    world.inject("delay", at="rx(PlaceOrder)", seconds=3)
    place(client, 1)
    world.inject("rst")
    world.advance(3)
    assert journal(world) == ["Held", "Dropped"]


def test_a_reply_is_lost_late_doubled_or_overtaken(world, client) -> None:
    world.inject("swallow", at="tx(OpenOrder)")
    assert place(client, 1) == ["OS 1 Submitted 0/1"]
    world.inject("delay", at="tx(OpenOrder)", seconds=3)
    assert place(client, 2) == ["OS 2 Submitted 0/1"]
    world.advance(3)
    assert told(client.read()) == ["OO 2 Submitted"]
    world.inject("duplicate", at="tx(OrderStatus)")
    assert place(client, 3) == [*pair(3, "Submitted"), "OS 3 Submitted 0/1"]
    world.inject("reorder", at="tx(OpenOrder)")
    assert place(client, 4) == pair(4, "Submitted")[::-1]


def test_a_message_that_waits_is_forgotten_with_its_connection(world, join) -> None:
    """Red if what one client left behind stands between the gateway and all others for ever."""
    client = join(1)
    world.inject("reorder", at="tx(NextValidId)", window=9)
    assert client.send(RequestIds()) == []
    world.disconnect(client.connection)
    assert join(2).connection.interferer is None


def test_the_status_can_come_before_the_execution(world, client) -> None:
    world.inject("reorder", at="tx(ExecutionData)", window=2)
    words = place(client, 1, MARKET)
    assert words.index("EX 1 1@100.01") == words.index("OS 1 Filled 1/0") + 1


def test_a_fill_can_be_told_after_the_cancel(world, client) -> None:
    ten = replace(LIMIT, total_quantity=D(10))
    place(client, 1, ten)
    for name in ("ExecutionData", "OpenOrder", "OrderStatus", "CommissionReport"):
        world.inject("delay", at=f"tx({name})", times=2 if name[0] == "O" else 1, seconds=1)
    world.fill((1, 1), D(4), D(90))
    assert client.read() == []
    assert told(client.send(CancelOrder(1, ""))) == cancelled(1, "4/6")
    world.advance(1)
    assert "EX 1 4@90" in told(client.read())


def test_fields_are_missing_added_or_changed(world, client) -> None:
    usual = split_fields(statuses(client, 1))
    world.inject("truncate", at="tx(OrderStatus)", fields=3)
    assert len(split_fields(statuses(client, 2))) == len(usual) - 3
    world.inject("extend", at="tx(OrderStatus)", texts=["x", "y"])
    assert split_fields(statuses(client, 3))[-2:] == ["x", "y"]
    world.inject("alter", at="tx(OrderStatus)", field="perm_id", text="0")
    (status,) = [r for r in client.send(PlaceOrder(4, AAPL, LIMIT)) if isinstance(r, OrderStatus)]
    assert (status.perm_id, status.status) == (0, "Submitted")
    world.inject("alter", at="tx(OrderStatus)", field="2", text="Nonsense")
    assert split_fields(statuses(client, 5))[2] == "Nonsense"


def test_one_byte_is_another(world, client) -> None:
    world.inject("corrupt", at="tx(CurrentTime)", position=0, mask=1)
    assert payloads(raw(client, TIME))[0].startswith(b"59\0")
    world.inject("corrupt", at="tx(CurrentTime)", position=1, mask=1)
    assert payloads(raw(client, TIME))[0].startswith(b"48\0")


def test_strange_messages_and_bytes_come_in_between(world, client) -> None:
    world.inject("unknown", message_id=178, texts=["a"])
    assert payloads(client.connection.data_to_send()) == [b"178\0a\0"]
    world.inject("raw", at="tx(CurrentTime)", data="00 00 00 00")
    assert raw(client, TIME).endswith(b"\0\0\0\0")


def test_an_error_stands_beside_a_message_or_in_its_place(world, client) -> None:
    world.inject("error", at="rx(PlaceOrder)", code=203, instead=True)
    assert place(client, 1) == ["203 1"]
    assert journal(world) == ["Dropped"]
    world.inject("error", at="tx(OrderStatus)", code=10349)
    assert place(client, 2) == [*pair(2, "Submitted"), "10349 2"]
    world.inject("error", code=2110)
    world.inject("error", code=1300, text="move to 4003", id=-1)
    assert [(e.code, e.text[:7]) for e in client.read()] == [(2110, "Connect"), (1300, "move to")]


def test_a_silenced_order_lives_and_trades_and_is_not_told(world, client) -> None:
    fault = world.inject("silence", at="rx(PlaceOrder)")
    assert place(client, 1, MARKET) == []
    assert [order.status for order in world.broker.orders()] == ["Filled"]
    assert place(client, 2) == pair(2, "Submitted")
    world.clear_faults(fault)


# --- sessions ---


def test_a_client_id_stays_in_use_for_a_time(world, join) -> None:
    client = join(1)
    world.inject("stale_session", client_id=1, seconds=60)
    world.disconnect(client.connection)
    assert told(join(1).started) == ["326 -1"]
    world.advance(60)
    assert "NextValidId" in told(join(1).started)


def test_a_client_id_that_is_never_let_go_is_let_go_when_cleared(world, join) -> None:
    world.inject("stale_session", client_id=1)
    assert told(join(1).started) == ["326 -1"]
    world.clear_faults()
    assert "NextValidId" in told(join(1).started)


@pytest.mark.parametrize(("rule", "expected"), [("back", 2), ("reset", 1), ("ahead", 6)])
def test_order_ids_are_counted_from_elsewhere(world, client, rule, expected) -> None:
    for order_id in (1, 2, 3):
        place(client, order_id, MARKET)
    world.inject("next_id", rule=rule, by=2)
    assert client.send(RequestIds()) == [NextValidId(expected)]
    words = place(client, expected, MARKET)
    assert any(word.startswith(f"EX {expected}") for word in words)
    assert len({order.perm_id for order in world.broker.orders()}) == 4


def test_a_live_order_keeps_its_id_when_ids_are_given_again(world, client) -> None:
    place(client, 1)
    world.inject("next_id", rule="reset")
    place(client, 1, replace(LIMIT, limit_price=D(91)))
    (order,) = world.broker.orders()
    assert order.order.limit_price == 91


@pytest.mark.parametrize("name", ["ManagedAccounts", "NextValidId"])
def test_what_a_client_waits_for_at_login_can_be_missing(world, join, name) -> None:
    world.inject("swallow", at=f"tx({name})")
    assert name not in told(join(1).started)


# --- the gateway ---


def test_orders_sent_while_ib_is_away_are_held_and_placed_afterwards(world, client) -> None:
    world.lose_upstream()
    assert told(client.read()) == ["1100 -1"]
    assert place(client, 1) == []
    assert journal(world) == ["Held"]
    world.restore_upstream()
    assert told(client.read()) == ["1102 -1", *pair(1, "Submitted")]


def test_orders_sent_while_ib_is_away_can_be_lost(world, client) -> None:
    world.lose_upstream(maintain=False, code=2110, repeats=3)
    assert told(client.read()) == ["2110 -1"] * 3
    assert place(client, 1) == []
    world.restore_upstream()
    assert told(client.read()) == ["1102 -1"]
    assert journal(world) == ["Dropped"]


def test_new_terms_sent_while_ib_is_away_can_be_a_second_order(world, client) -> None:
    place(client, 1, replace(LIMIT, order_ref="mine"))
    world.lose_upstream(clones=True)
    place(client, 1, replace(LIMIT, order_ref="mine", limit_price=D(91)))
    world.restore_upstream()
    live = world.broker.live_orders()
    assert [order.order.order_ref for order in live] == ["mine", "mine"]
    assert len({order.perm_id for order in live}) == 2


def test_fills_are_told_while_ib_is_away_or_afterwards(world, client) -> None:
    place(client, 1)
    place(client, 2)
    world.lose_upstream()
    world.fill((1, 1), D(1), D(90))
    assert "EX 1 1@90" in told(client.read())
    world.restore_upstream()
    world.lose_upstream(keeps_news=True, seconds=30)
    client.read()
    world.fill((1, 2), D(1), D(90))
    assert client.read() == []
    world.advance(30)
    words = told(client.read())
    assert words[0] == "1102 -1"
    assert "EX 2 1@90" in words


def test_no_ticks_come_while_ib_is_away_and_none_again_if_data_was_lost(world, client) -> None:
    client.send(RequestMarketData(5, AAPL))

    def ticks(bid: str, ask: str) -> int:
        show(world, bid, ask)
        return len([r for r in client.read() if isinstance(r, TickPrice)])

    assert ticks("98.00", "98.02")
    world.lose_upstream()
    assert not ticks("97.00", "97.02")
    world.restore_upstream()
    assert ticks("96.00", "96.02")
    world.lose_upstream()
    world.restore_upstream(data_lost=True)
    assert told(client.read()) == ["1100 -1", "1101 -1"]
    assert not ticks("95.00", "95.02")


def test_the_connection_to_ib_flaps(world, client) -> None:
    world.inject("flap", count=3, seconds=4)
    world.advance(60)
    assert told(client.read()) == ["1100 -1", "1102 -1"] * 3
    assert client.connection.interferer is None


@pytest.mark.parametrize(
    ("name", "state", "code"),
    [
        ("usfarm", "broken", 2103),
        ("usfarm", "ok", 2104),
        ("usfarm", "dormant", 2108),
        ("usfarm", "connecting", 2119),
        ("ushmds", "broken", 2105),
        ("ushmds", "ok", 2106),
        ("ushmds", "dormant", 2107),
        ("secdefnj", "broken", 2157),
        ("secdefnj", "ok", 2158),
    ],
)
def test_a_farm_is_in_another_state_for_who_is_there_and_who_comes(
    world, client, join, name, state, code
) -> None:
    world.farm(name, state)
    (notice,) = client.read()
    assert (notice.code, notice.text.endswith(name)) == (code, True)
    assert code in [r.code for r in join(2).started if isinstance(r, ErrorMessage)]


@pytest.mark.parametrize(("kind", "resets"), [("soft", False), ("cold", False), ("crash", True)])
def test_a_restart_ends_sessions_and_not_orders(world, join, kind, resets) -> None:
    client = join(1)
    place(client, 1)
    place(client, 2, replace(LIMIT, transmit=False))
    world.restart(kind, 35)
    assert (client.connection.is_closing, client.connection.resets) == (True, resets)
    assert not world.is_listening
    world.advance(35)
    again = join(1)
    assert told(again.started)[:3] == [*pair(1, "Submitted"), "OpenOrderEnd"]
    assert [order.order_id for order in world.broker.live_orders()] == [1]
    show(world, "89.00", "89.50")
    assert any(word.startswith("EX 1") for word in told(again.read()))


@pytest.mark.parametrize(("kind", "kept"), [("soft", 1), ("cold", 0), ("crash", 0)])
def test_what_waits_for_ib_outlives_a_soft_restart_only(world, client, kind, kept) -> None:
    world.lose_upstream()
    place(client, 1)
    world.restart(kind, 5)
    world.advance(5)
    world.restore_upstream()
    assert len(world.broker.live_orders()) == kept
    assert journal(world)[:2] == (["Held", "Accepted"] if kept else ["Held", "Dropped"])


def test_a_restart_amid_an_order_loses_it_and_its_id_comes_again(world, join) -> None:
    client = join(1)
    place(client, 1)
    world.inject("restart", at="rx(PlaceOrder)#2", kind="crash", outage_s=5)
    place(client, 2)
    assert place(client, 3) == []
    world.advance(5)
    assert journal(world)[-1] == "Dropped"
    assert NextValidId(3) in join(1).started


def test_a_reset_ends_all_faults(world, join) -> None:
    world.inject("refuse")
    world.inject("fin", at="accept")
    world.reset()
    assert world.faults == ()
    assert "NextValidId" in told(join(1).started)


# --- what cannot be ---


@pytest.mark.parametrize(
    ("action", "arguments", "named"),
    [
        ("explode", {}, "action 'explode' is not known; use one of fin, rst"),
        ("fin", {"at": "sometimes"}, "at must be a point like now, accept#1"),
        ("fin", {"at": "rx(OrderStatus)"}, r"goes the other way, write tx\(OrderStatus\)"),
        ("fin", {"at": "rx(Place)"}, "use one like PlaceOrder"),
        ("fin", {"at": "accept#0"}, "at counts from 1"),
        ("fin", {"client_id": 1, "at": "accept"}, "client_id is not known yet"),
        ("fin", {"client_id": -1}, "client_id must be 0 or more"),
        ("fin", {"client_id": 8}, "no client 8 is connected for fin"),
        ("fin", {"times": 0, "at": "accept"}, "times must be 1 or more"),
        ("fin", {"times": 2}, "times must be 1 for what happens now"),
        ("fin", {"at": "tx_byte#0", "times": 2}, "times must be 1 before the first byte"),
        ("fin", {"hard": True}, "'hard' is no parameter of fin; it takes none"),
        ("mute", {"direction": "up"}, "direction must be one of in, out, both"),
        ("mute", {"buffer": 1}, "buffer must be true or false"),
        ("delay", {"at": "rx(PlaceOrder)"}, "seconds must be given for delay"),
        ("delay", {"seconds": 1}, r"at must be rx\(Name\)#n or tx\(Name\)#n for delay"),
        ("delay", {"at": "rx(PlaceOrder)", "seconds": -1}, "seconds must be between 0"),
        ("delay", {"at": "rx(PlaceOrder)", "seconds": float("nan")}, "must be a number"),
        ("truncate", {"at": "rx(PlaceOrder)"}, r"at must be tx\(Name\)#n for truncate"),
        ("silence", {"at": "rx(CancelOrder)"}, "at must name PlaceOrder for silence"),
        ("alter", {"at": "tx(OrderStatus)", "field": "x", "text": ""}, "field 'x' is not in Order"),
        ("raw", {"data": "xyz"}, "data must be hexadecimal"),
        ("error", {"code": 201}, "text must be given for code 201, whose text has gaps"),
        ("error", {"code": 1}, "text must be given for code 1, which has no text of its own"),
        ("extend", {"at": "tx(OrderStatus)", "texts": "0"}, "texts must be a list"),
        ("restore_upstream", {}, "the connection to IB is not lost; lose_upstream first"),
        ("lose_upstream", {"code": 5}, "code must be 1100 or 2110"),
        ("restart", {"kind": "warm"}, "kind must be one of soft, cold, crash"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_by_name(world, client, action, arguments, named) -> None:
    with pytest.raises(WorldError, match=named):
        world.inject(action, **arguments)
    assert world.faults == ()
    assert client.connection.interferer is None


@pytest.mark.parametrize(
    ("plain", "named"),
    [
        ([], "a fault must be an object with an action"),
        ({"at": "now"}, "a fault must be an object with an action"),
        ({"action": 5}, "action must be of type str"),
        ({"action": "fin", "times": "2"}, "times must be of type int or null"),
        ({"action": "fin", "parameters": []}, "parameters must be of type dict"),
        ({"action": "fin", "self": 1}, "'self' is no parameter of fin"),
    ],
)
def test_json_that_is_no_fault_is_refused_by_name(world, client, plain, named) -> None:
    with pytest.raises(WorldError, match=named):
        world.inject_plain(plain)


def test_a_fault_that_is_not_there_cannot_be_cleared(world) -> None:
    fault = world.inject("fin", at="accept")
    with pytest.raises(WorldError, match=f"fault 99 is not there; those that are: {fault}"):
        world.clear_faults(99)


def test_a_fault_reads_back_as_it_was_written(world) -> None:
    plain = {"action": "delay", "at": "rx(PlaceOrder)#2", "client_id": 3, "times": None}
    world.inject_plain({**plain, "parameters": {"seconds": 2}})
    (fault,) = world.faults
    assert str(fault.at) == "rx(PlaceOrder)#2"
    assert (fault.client_id, fault.times, as_plain(fault.action)) == (3, None, {"seconds": 2.0})


def test_every_action_says_what_it_does() -> None:
    assert all(kind.__doc__ and "(" not in kind.__doc__[:5] for kind in ACTIONS.values())
