"""The transcript. Red: a frame that was on the wire and is not shown, or grows without bound."""

from simulator import transcript
from simulator.messages import REQUESTS
from simulator.messages.connection import RequestIds
from simulator.wire import frame, join_fields


def shown(world, after: int = 0) -> list[tuple[str, str]]:
    return [(each.direction, each.name) for each in world.transcript.after(after)]


def test_both_ways_are_shown_in_order_from_the_handshake_on(world, client) -> None:
    client.send(RequestIds(3))
    first, *_, last = world.transcript.after()
    assert (first.name, first.direction, first.fields) == (
        "(handshake)",
        "in",
        {"text": "v178..178"},
    )
    assert (last.name, last.fields, last.client_id) == ("NextValidId", {"order_id": 1}, 1)
    assert shown(world)[-2:] == [("in", "RequestIds"), ("out", "NextValidId")]
    assert ("in", "StartApi") in shown(world)
    assert shown(world, last.sequence) == []


def test_what_cannot_be_read_is_shown_as_it_is(world, client) -> None:
    client.send_bytes(frame(b"999\0x\0"))
    client.send_bytes(frame(b"no end"))
    client.send_bytes(frame(b"8\x001\x00x\x00"))
    strange, cut, misfit = [each for each in world.transcript.after() if each.direction == "in"][
        -3:
    ]
    assert (strange.name, strange.fields["fields"]) == ("(unknown)", ["999", "x"])
    assert cut.fields == {"bytes": b"no end".hex(" ")}
    assert (misfit.name, "count" in misfit.fields["unreadable"]) == ("RequestIds", True)


def test_a_fault_is_noted_where_it_struck(world, client) -> None:
    world.inject("extend", at="tx(NextValidId)", texts=["x"])
    client.send_bytes(frame(join_fields(REQUESTS.encode(RequestIds(), 178))))
    request, note, reply = list(world.transcript.after())[-3:]
    assert request.name == "RequestIds"
    assert (note.direction, note.name) == ("note", "fault 1: extend at tx(NextValidId)#1")
    assert reply.fields["fields"] == ["9", "1", "1", "x"]
    world.inject("mute", buffer=True, direction="out")
    client.send_bytes(frame(join_fields(REQUESTS.encode(RequestIds(), 178))))
    assert [each.is_held for each in world.transcript.after(reply.sequence)][-1]


def test_it_is_bounded_in_number_and_in_bytes(world, client, monkeypatch) -> None:
    for _ in range(transcript.MAX_FRAMES):
        client.connection.session.send_payload(b"9\x001\x001\x00")
    kept = list(world.transcript.after())
    assert len(kept) == transcript.MAX_FRAMES
    client.send_bytes(frame(b"8\0" + b"1" * 100_000 + b"\0"))
    (*_, big, error) = world.transcript.after()
    assert (big.size, error.name) == (100_003, "ErrorMessage")
    assert len(str(big.fields)) < 1_000
