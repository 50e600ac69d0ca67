"""Who may come in, and what a gateway says first."""

from structlog.testing import capture_logs

from simulator import World, WorldSettings
from simulator.gateway.core import MAX_UNREADABLE
from simulator.messages import REQUESTS
from simulator.messages.account import ManagedAccounts, RequestManagedAccounts
from simulator.messages.connection import (
    CurrentTime,
    ErrorMessage,
    NextValidId,
    RequestCurrentTime,
    RequestIds,
    SetServerLogLevel,
    StartApi,
)
from simulator.messages.orders import RequestAutoOpenOrders
from simulator.wire import frame


def test_a_client_is_told_its_accounts_its_next_id_and_the_farms(client) -> None:
    accounts, next_id, *notices = client.started
    assert client.handshake == [["178", "20250616 14:00:00 UTC"]]
    assert accounts == ManagedAccounts("DU9000001")
    assert next_id == NextValidId(1)
    assert [(n.id, n.code, n.text.rpartition(":")[2]) for n in notices] == [
        (-1, 2104, "usfarm"),
        (-1, 2104, "cashfarm"),
        (-1, 2106, "ushmds"),
        (-1, 2158, "secdefnj"),
    ]


def test_a_client_id_in_use_is_refused_and_the_first_client_lives_on(join) -> None:
    first = join(5)
    second = join(5)
    assert [reply.code for reply in second.started] == [326]
    assert second.connection.is_closing
    assert first.send(RequestCurrentTime()) == [CurrentTime(1750082400)]


def test_a_refused_client_can_do_nothing_more(join, world) -> None:
    join(5)
    second = world.connect("second")
    start = frame(b"71\x002\x005\x00\x00") + frame(b"49\x001\x00")
    world.receive(second, b"API\0" + frame(b"v157..178") + start)
    assert second.is_closing
    assert not world.gateway.requests


def test_a_client_id_is_free_again_when_its_client_left(join, world) -> None:
    world.disconnect(join(5).connection)
    assert len(join(5).started) == 6


def test_simple_questions(client) -> None:
    assert client.send(RequestIds(9)) == [NextValidId(1)]
    assert client.send(RequestManagedAccounts()) == [ManagedAccounts("DU9000001")]
    assert client.send(SetServerLogLevel(5)) == []


def test_only_client_zero_may_bind_orders(join) -> None:
    assert join(0).send(RequestAutoOpenOrders(True)) == []
    assert [reply.code for reply in join(3).send(RequestAutoOpenOrders(True))] == [327]


def test_a_request_that_cannot_be_read_gets_the_error_of_a_real_gateway(client) -> None:
    with capture_logs() as logs:
        (reply,) = client.send_fields("1", "11", "77", "AAPL")
    assert isinstance(reply, ErrorMessage)
    assert (reply.id, reply.code) == (77, 320)
    assert 'java.lang.NumberFormatException: For input string: "AAPL"' in reply.text
    assert logs[0]["event"] == "request_unreadable"
    assert logs[0]["field"] == "contract.con_id"
    assert client.send(RequestCurrentTime()) == [CurrentTime(1750082400)]


def test_a_client_that_only_talks_nonsense_is_dropped_and_nobody_else(join) -> None:
    other, noisy = join(1), join(2)
    for _ in range(MAX_UNREADABLE):
        assert not noisy.connection.is_closing
        noisy.send_fields("999", "?")
    assert noisy.connection.is_closing
    assert other.send(RequestCurrentTime()) == [CurrentTime(1750082400)]


def test_a_gateway_may_drop_whom_it_cannot_read_and_nobody_else(join) -> None:
    world = World(WorldSettings(drops_unreadable=True, clock="manual"))
    other, broken = join(1, world=world), join(2, world=world)
    assert [reply.code for reply in broken.send_fields("1", "11", "77", "AAPL")] == [320]
    assert broken.connection.is_closing
    assert other.send(RequestCurrentTime()) == [CurrentTime(1750082400)]


def test_every_request_of_the_table_is_answered_somewhere(world) -> None:
    """A request without a handler would be a hang in somebody's test."""
    handled = set(world.gateway._handlers) | {StartApi}
    assert handled == set(REQUESTS.by_record)


def test_the_journal_keeps_requests_in_order(join, world) -> None:
    one, two = join(1), join(2)
    one.send(RequestCurrentTime())
    two.send(RequestIds())
    assert [(r.sequence, r.client_id, type(r.request)) for r in world.gateway.requests] == [
        (1, 1, RequestCurrentTime),
        (2, 2, RequestIds),
    ]


def test_several_accounts_under_one_login(join) -> None:
    world = World(WorldSettings(accounts=("DU9000001", "DU9000002"), clock="manual"))
    assert join(1, world=world).started[0] == ManagedAccounts("DU9000001,DU9000002")
