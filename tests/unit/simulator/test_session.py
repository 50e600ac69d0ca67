"""The session machine. Which bug turns these red: one that lets a bad peer on, or a good one down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.messages.connection import ErrorMessage, NextValidId, RequestCurrentTime, StartApi
from simulator.session import (
    MAX_REQUEST_BYTES,
    TRANSITIONS,
    Event,
    Input,
    Received,
    Session,
    Started,
    State,
    Unreadable,
    Violation,
)
from simulator.wire import frame

HELLO = b"API\0" + frame(b"v100..178")
START = frame(b"71\x002\x007\x00\x00")
TIME = frame(b"49\x001\x00")


def new(max_version: int = 178) -> Session:
    return Session(max_version=max_version, connection_time="20250616 14:00:00 UTC")


def feed(session: Session, data: bytes) -> list[Event]:
    return list(session.receive(data))


def ready() -> Session:
    session = new()
    feed(session, HELLO + START)
    session.data_to_send()
    return session


def test_the_table_is_complete() -> None:
    """Every state can end, only CLOSED has no way on, and all states can be reached."""
    reached = {State.AWAIT_PREFIX} | set(TRANSITIONS.values())
    assert reached == set(State)
    assert {s for s, i in TRANSITIONS if i is Input.END} == set(State) - {State.CLOSED}
    drawing = "\n".join(f"{s.value} --{i.value}--> {t.value}" for (s, i), t in TRANSITIONS.items())
    assert "await_start --start_api--> ready" in drawing


@given(st.data())
def test_any_split_of_the_bytes_means_the_same(data: st.DataObject) -> None:
    stream, session, events = HELLO + START + TIME, new(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        events += feed(session, stream[:cut])
        stream = stream[cut:]
    assert events[-2:] == [Started(7, 178), Received(RequestCurrentTime())]
    assert session.data_to_send() == frame(b"178\x0020250616 14:00:00 UTC\x00")


@pytest.mark.parametrize(
    ("offered", "maximum", "agreed"),
    [
        ("v157..176", 178, 176),
        ("v100..187", 178, 178),
        ("v100..222", 178, 178),
        ("v100..222", 200, 200),
        ("v100..193", 200, 193),
        ("v100..157", 178, 157),
        ("v157..178", 163, 163),
    ],
)
def test_the_smaller_maximum_is_agreed(offered: str, maximum: int, agreed: int) -> None:
    session = new(maximum)
    feed(session, b"API\0" + frame(offered.encode()))
    assert session.version == agreed
    assert session.state is State.AWAIT_START


def test_a_client_that_knows_protobuf_is_spoken_to_in_text() -> None:
    """By default at 178; with everything that text ever had at 200."""
    by_default, newest = Session(connection_time=""), new(200)
    for session, version in ((by_default, b"178"), (newest, b"200")):
        feed(session, b"API\0" + frame(b"v100..222") + START)
        assert session.data_to_send().split(b"\0")[3].endswith(version)
        session.send(ErrorMessage(-1, 2104, "fine", time_ms=5))
    assert by_default.data_to_send() == frame(b"4\x002\x00-1\x002104\x00fine\x00\x00")
    assert newest.data_to_send() == frame(b"4\x00-1\x002104\x00fine\x00\x005\x00")


def test_connect_options_are_tolerated() -> None:
    session = new()
    feed(session, b"API\0" + frame(b"v100..178 +PACEAPI"))
    assert session.state is State.AWAIT_START


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"API\0" + b"\xff\xff\xff\xff",
        b"API\0" + frame(b"hello"),
        b"API\0" + frame(b"v1..156"),
        b"API\0" + frame(b"v179..200"),
        HELLO + TIME,
        HELLO + frame(b"71\x002\x00seven\x00\x00"),
        HELLO + START + START,
        HELLO + START + b"\0\0\0\0",
        HELLO + START + (MAX_REQUEST_BYTES + 1).to_bytes(4, "big"),
    ],
)
def test_a_peer_that_does_not_speak_the_protocol_is_closed(data: bytes) -> None:
    session = new()
    events = feed(session, data)
    assert isinstance(events[-1], Violation)
    assert session.state is State.CLOSED
    assert feed(session, HELLO) == []


@pytest.mark.parametrize(
    ("payload", "id_"),
    [
        (b"999\0", -1),
        (b"no number\0", -1),
        (b"1\x0011\x0077\x00bad\x00", 77),
        (b"4\x001\x0042\x00\x00left over\x00", 42),
        (b"no final nul", -1),
        (b"\0" * 65536, -1),
    ],
)
def test_a_request_that_cannot_be_read_leaves_the_session_alive(payload: bytes, id_: int) -> None:
    session = ready()
    unreadable, received = feed(session, frame(payload) + TIME)
    assert isinstance(unreadable, Unreadable)
    assert unreadable.id == id_
    assert received == Received(RequestCurrentTime())


def test_replies_are_written_at_the_agreed_version_and_only_when_ready() -> None:
    session = new()
    session.send(NextValidId(1))
    assert session.data_to_send() == b""
    feed(session, HELLO + START)
    session.data_to_send()
    session.send(NextValidId(5))
    assert session.data_to_send() == frame(b"9\x001\x005\x00")
    session.close()
    session.send(NextValidId(6))
    assert session.data_to_send() == b""


def test_a_half_frame_is_noticed() -> None:
    session = ready()
    feed(session, TIME[:-1])
    assert session.is_mid_frame
    feed(session, TIME[-1:])
    assert not session.is_mid_frame


@pytest.mark.parametrize("version", [156, 201])
def test_a_version_out_of_range_is_refused_by_name(version: int) -> None:
    with pytest.raises(ValueError, match="server_version must be between 157 and 200"):
        new(version)


def test_start_api_is_the_event_and_not_a_request() -> None:
    events = feed(new(), HELLO + START)
    assert Started(7, 178) in events
    assert not any(isinstance(e, Received) and isinstance(e.request, StartApi) for e in events)
