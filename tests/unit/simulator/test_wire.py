"""Frames and layouts. Which bug turns these red: one that loses, adds or bends a field."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.wire import (
    BOOL,
    FLOAT,
    FLOAT_OR_EMPTY,
    FLOAT_OR_MAX,
    INT,
    INT_OR_EMPTY,
    INT_OR_MAX,
    LONG,
    OFFSET,
    SIZE,
    TAGS,
    TEXT,
    WHOLE_SIZE,
    Codec,
    Constant,
    DecodeError,
    Field,
    FrameBuffer,
    FrameError,
    Kind,
    Layout,
    Many,
    Maybe,
    Message,
    When,
    frame,
    join_fields,
    split_fields,
)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.data())
def test_frames_survive_any_split(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(frame, payloads))
    buffer, found = FrameBuffer(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        buffer.append(stream[:cut])
        stream = stream[cut:]
        found += iter(buffer.next_frame, None)
    assert found == payloads
    assert buffer.pending_bytes == 0


@pytest.mark.parametrize("prefix", [b"\0\0\0\0", b"\0\0\0\x0b", b"\x7f\xff\xff\xff"])
def test_a_length_out_of_bounds_is_refused_before_its_bytes_come(prefix: bytes) -> None:
    buffer = FrameBuffer(max_bytes=10)
    buffer.append(prefix)
    with pytest.raises(FrameError, match="between 1 and 10"):
        buffer.next_frame()


def test_fields_are_ascii_and_every_one_ends_in_nul() -> None:
    assert join_fields(["4", "Zürich 𝄞", ""]) == b"4\0Z\\u00fcrich \\ud834\\udd1e\0\0"
    assert split_fields(b"4\0a\xff\0\0") == ["4", "a\\xff", ""]
    with pytest.raises(DecodeError, match="ends in NUL"):
        split_fields(b"4\0tail")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (INT, "-7", -7),
        (INT, "", 0),
        (LONG, "9223372036854775807", 2**63 - 1),
        (INT_OR_EMPTY, "2147483647", None),
        (INT_OR_EMPTY, "0", 0),
        (FLOAT, "1.8E-4", Decimal("0.00018")),
        (FLOAT, "100.0", Decimal("100.0")),
        (FLOAT_OR_EMPTY, "", None),
        (FLOAT_OR_EMPTY, "1.7976931348623157e+308", None),
        (FLOAT_OR_EMPTY, "1.7976931348623157E308", None),
        (SIZE, "0.5", Decimal("0.5")),
        (SIZE, "9223372036854775807", None),
        (OFFSET, "Infinite", Decimal("Infinity")),
        (OFFSET, "Infinity", Decimal("Infinity")),
        (BOOL, "1", True),
        (BOOL, "", False),
        (TAGS, "a=1;b=x=y;", (("a", "1"), ("b", "x=y"))),
    ],
)
def test_kinds_read_what_clients_send(kind: Kind, text: str, value: object) -> None:
    assert kind.read(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (INT, "2548181185"),
        (INT, "1.0"),
        (INT, "1_000"),
        (INT, " 1"),
        (INT, "\u0661"),
        (INT_OR_EMPTY, "x"),
        (FLOAT, "nan"),
        (FLOAT, "NaN"),
        (FLOAT, "Infinity"),
        (FLOAT, "1,5"),
        (FLOAT, "1E9999"),
        (SIZE, "ten"),
        (BOOL, "true"),
        (TAGS, "no separator"),
    ],
)
def test_kinds_refuse_what_is_no_such_value(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the text is the message, by contract
        kind.read(text)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (FLOAT, Decimal("1E-7"), "0.0000001"),
        (FLOAT, Decimal("1E+2"), "100"),
        (FLOAT_OR_MAX, None, "1.7976931348623157E308"),
        (FLOAT_OR_EMPTY, None, ""),
        (INT_OR_MAX, None, "2147483647"),
        (WHOLE_SIZE, Decimal("99.9"), "99"),
        (SIZE, None, ""),
        (BOOL, True, "1"),
        (TAGS, (("a", "1"),), "a=1;"),
    ],
)
def test_kinds_write_what_decoders_accept(kind: Kind, value: object, text: str) -> None:
    assert kind.write(value) == text


def test_a_text_cannot_smuggle_a_field_in() -> None:
    with pytest.raises(ValueError, match="NUL"):
        TEXT.write("a\0b")


@dataclass(frozen=True)
class Leg:
    con_id: int = 0


@dataclass(frozen=True)
class Ticket:
    kind: str = ""
    price: Decimal | None = None
    legs: tuple[Leg, ...] = ()
    hedge: Leg | None = None
    extra: int = 9


LEG = Layout(Leg, Field("con_id", INT))
TICKET = Message(
    3,
    Ticket,
    Constant("5", until=9),
    Field("kind", TEXT),
    When("kind", "LMT".__eq__, Field("price", FLOAT_OR_EMPTY)),
    Many("legs", LEG),
    Maybe("hedge", LEG),
    Field("extra", INT, since=10),
)
CODEC = Codec(TICKET)

TICKETS = st.builds(
    Ticket,
    kind=st.just("LMT"),
    price=st.none() | st.decimals(-1000, 1000, places=2),
    legs=st.lists(st.builds(Leg, con_id=st.integers(0, 99))).map(tuple),
    hedge=st.none() | st.builds(Leg, con_id=st.integers(0, 99)),
    extra=st.integers(-5, 5),
)


@given(TICKETS)
def test_what_is_written_is_read_back(ticket: Ticket) -> None:
    assert CODEC.decode(CODEC.encode(ticket, 10), 10) == ticket


def test_gates_and_conditions_decide_what_is_there() -> None:
    ticket = Ticket(kind="MKT", price=Decimal(1), extra=3)
    assert CODEC.encode(ticket, 9) == ["3", "5", "MKT", "0", "0"]
    assert CODEC.encode(ticket, 10) == ["3", "MKT", "0", "0", "3"]
    assert CODEC.decode(["3", "any version", "MKT", "0", "0"], 9) == Ticket(kind="MKT")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        (["99"], "message id"),
        (["x"], "message id"),
        ([""], "message id"),
        (["3", "LMT"], "price"),
        (["3", "LMT", "abc", "0", "0", "1"], "price"),
        (["3", "MKT", "-1", "0", "1"], "legs (count)"),
        (["3", "MKT", "2", "1", "0", "0"], "extra"),
        (["3", "MKT", "0", "0", "1", "left over"], "#5"),
    ],
)
def test_a_misfit_names_the_field(fields: list[str], named: str) -> None:
    with pytest.raises(DecodeError) as caught:
        CODEC.decode(fields, 10)
    assert caught.value.field == named


def test_a_misfit_keeps_what_was_read_before_it() -> None:
    with pytest.raises(DecodeError) as caught:
        CODEC.decode(["3", "LMT", "1.5", "x"], 10)
    assert caught.value.seen == {"kind": "LMT", "price": Decimal("1.5")}


def test_a_layout_cannot_forget_or_invent_a_field() -> None:
    with pytest.raises(TypeError, match="con_id"):
        Message(1, Leg)
    with pytest.raises(TypeError, match="no field"):
        Message(1, Leg, Field("con_id", INT), Field("nothing", INT))
    with pytest.raises(TypeError, match="share an id"):
        Codec(TICKET, TICKET)
