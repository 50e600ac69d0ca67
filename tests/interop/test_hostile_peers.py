"""Peers that do not speak the protocol are refused, and an honest client streams on."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from .raw import PREFIX, Peer, fields, frame

pytestmark = pytest.mark.usefixtures("honest")

GARBAGE = {
    "not the prefix": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "nothing but zeros": bytes(64),
    "no version range": PREFIX + frame(b"hello"),
    "a version of the future": PREFIX + frame(b"v500..600"),
    "a version of the past": PREFIX + frame(b"v100..150"),
    "versions in words": PREFIX + frame("v\uff11\uff15\uff17..178".encode()),
    "another prefix": b"APL\0" + frame(b"v157..178"),
    "a MiB of zeros": PREFIX + bytes(1 << 20),
    "a length of zero": PREFIX + bytes(4),
    "a length of 4 GiB": PREFIX + b"\xff\xff\xff\xff",
    "a request before the start": PREFIX + frame(b"v157..176") + fields("49", "1"),
}

SILENCE = {
    "nothing at all": b"",
    "half a prefix": b"AP",
    "no version": PREFIX,
    "half a version": PREFIX + frame(b"v157..176")[:7],
    "no start": PREFIX + frame(b"v157..176"),
}

UNREADABLE = {
    "unknown message": ("250", "1"),
    "id is no number": ("abc", "1"),
    "a number is none": ("9", "8", "7", "x"),
    "too few fields": ("9", "8", "7"),
    "too many fields": ("49", "1", "1"),
    "a flag is neither 0 nor 1": ("99", "maybe"),
}


@pytest.fixture
async def honest(connect, sim):
    """A client of a real library whose quotes must go on, whatever the test did meanwhile."""
    session = await connect(client_id=1)
    session.ask_quotes()
    await session.settle()
    session.calls.clear()
    yield session
    for cents in range(5):
        bid = Decimal(99) + Decimal(cents) / 100
        sim.world.set_quote("AAPL", bid=bid, ask=bid + 1)
    await session.settle()
    ticks = (*session.calls.of("tickPrice"), *session.calls.of("priceSizeTick"))
    assert [args[2] for args in ticks if args[1] == 1] == [99.0, 99.01, 99.02, 99.03, 99.04]
    assert session.api.isConnected()


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_ends_the_connection(sim, data):
    peer = await Peer.open(sim.port)
    peer.send(data)
    assert await peer.ended()
    await peer.close()


@pytest.mark.parametrize("data", SILENCE.values(), ids=SILENCE)
async def test_a_silent_peer_is_not_waited_for(sim, data):
    """Red if a peer can hold a connection without finishing the handshake."""
    peer = await Peer.open(sim.port)
    peer.send(data)
    assert await peer.ended()
    await peer.close()


@pytest.mark.parametrize(
    "data",
    [b"\xff\xff\xff\xff", bytes(4), bytes(1 << 20)],
    ids=["oversized", "empty", "zeros"],
)
async def test_a_broken_length_ends_a_started_session(sim, data):
    peer = await Peer.started(sim.port, 2)
    await peer.settle()
    peer.send(data)
    assert await peer.ended()
    await peer.close()


async def test_half_a_frame_is_not_waited_for(sim):
    peer = await Peer.started(sim.port, 2)
    await peer.settle()
    peer.send(frame(b"49\0" + b"1\0")[:-2])
    assert await peer.ended()
    await peer.close()


async def test_an_idle_client_is_kept(sim):
    """Red if the patience with half frames counts for clients that have nothing to say."""
    peer = await Peer.started(sim.port, 2)
    await peer.settle()
    silent = await Peer.open(sim.port)
    assert await silent.ended()  # its time was up
    await peer.settle()
    await silent.close()
    await peer.close()


@pytest.mark.parametrize("texts", UNREADABLE.values(), ids=UNREADABLE)
async def test_an_unreadable_request_is_answered_and_the_session_lives(sim, texts):
    peer = await Peer.started(sim.port, 2)
    peer.send(fields(*texts))
    error = await peer.error(320)
    assert error.text.startswith("Error reading request")
    await peer.settle()
    await peer.close()


@pytest.mark.parametrize(
    "payload",
    [bytes(1 << 20), b"9\x008\x00\xff\xfe\0", "9\x00\uff18\0".encode(), b"9\x008\x007"],
    ids=["zeros", "no UTF-8", "not ASCII", "no NUL"],
)
async def test_bytes_that_are_no_request_are_answered_and_the_session_lives(sim, payload):
    peer = await Peer.started(sim.port, 2)
    peer.send(frame(payload))
    error = await peer.error(320)
    assert len(error.text) < 300
    await peer.settle()
    await peer.close()


async def test_a_request_in_pieces_is_one_request(sim):
    peer = await Peer.started(sim.port, 2)
    await peer.settle()
    for byte in fields("49", "1"):
        peer.send(bytes([byte]))
        await asyncio.sleep(0)
    while (await peer.frame())[0] != "49":
        pass
    await peer.close()


async def test_a_peer_that_talks_nonsense_for_too_long_is_dropped(sim):
    peer = await Peer.started(sim.port, 2)
    for _ in range(200):
        peer.send(fields("250", "1"))
    assert await peer.ended()
    await peer.close()
