"""What a gateway's settings forbid. Red: a limit that is off by default, or never ends a session."""

from decimal import Decimal as D

import pytest

from simulator import World, WorldSettings
from simulator.messages.connection import RequestCurrentTime
from simulator.messages.orders import (
    CancelOrder,
    PlaceOrder,
    RequestAllOpenOrders,
    RequestAutoOpenOrders,
    RequestGlobalCancel,
    RequestOpenOrders,
)
from simulator.records import Contract, Order

AAPL = Contract(con_id=265598, exchange="SMART")
BUY = Order(action="BUY", total_quantity=D(1), order_type="MKT", tif="DAY")


def limited(**settings: object) -> World:
    return World(WorldSettings(clock="manual", **settings))


def codes(replies) -> list[int]:
    return [getattr(reply, "code", 0) for reply in replies]


def test_the_rate_is_unlimited_unless_set(client) -> None:
    assert codes(client.send(*[RequestCurrentTime()] * 500)) == [0] * 500


def test_a_message_above_the_rate_is_refused_and_the_next_second_is_free(join) -> None:
    world = limited(max_requests_per_s=50)
    client = join(1, world=world)
    replies = client.send(*[RequestCurrentTime()] * 52)
    notice = replies.pop(43)
    assert (notice.id, notice.code) == (-1, 0)
    assert notice.text == "Warning: Approaching max rate of 50 messages per second (44)"
    assert codes(replies) == [0] * 50 + [100] * 2
    assert replies[-1].text == (
        "Max rate of messages per second has been exceeded:max=50 rec=52 (1)"
    )
    world.advance(1)
    assert codes(client.send(RequestCurrentTime())) == [0]
    assert not client.connection.is_closing


def test_the_third_violation_ends_the_session_of_that_client_only(join) -> None:
    world = limited(max_requests_per_s=5)
    noisy, quiet = join(1, world=world), join(2, world=world)
    for violation in range(1, 4):
        assert not noisy.connection.is_closing
        assert f"({violation})" in noisy.send(*[RequestCurrentTime()] * 6)[-1].text
        world.advance(1)
    assert noisy.connection.is_closing
    assert codes(quiet.send(RequestCurrentTime())) == [0]


@pytest.mark.parametrize(
    ("request_", "id_"),
    [
        (PlaceOrder(4, AAPL, BUY), 4),
        (CancelOrder(4), 4),
        (RequestGlobalCancel(), -1),
        (RequestOpenOrders(), -1),
        (RequestAutoOpenOrders(True), -1),
    ],
)
def test_a_read_only_gateway_refuses_what_writes_and_answers_the_rest(join, request_, id_) -> None:
    world = limited(read_only=True)
    client = join(1, world=world)
    (reply,) = client.send(request_)
    assert (reply.id, reply.code) == (id_, 321)
    assert reply.text.endswith("cause - The API interface is currently in Read-Only mode.")
    assert not world.broker.journal
    assert codes(client.send(RequestAllOpenOrders())) == [0]
