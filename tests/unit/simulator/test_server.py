"""Sockets. Which bug turns these red: one bad peer that hurts another, or a stop that hangs."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from simulator import Simulator
from simulator.messages import REQUESTS
from simulator.messages.contracts import RequestContractData
from simulator.messages.market_data import RequestMarketData
from simulator.records import Contract
from simulator.wire import FrameBuffer, frame, join_fields, split_fields

AAPL = Contract(con_id=265598, exchange="SMART")
HELLO = b"API\0" + frame(b"v157..178")


def request(record: object) -> bytes:
    return frame(join_fields(REQUESTS.encode(record, 178)))


class Wire:
    """A bare TCP client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._frames = FrameBuffer()

    async def start(self, client_id: int) -> "Wire":
        self.send(HELLO, frame(b"71\x002\x00%d\x00\x00" % client_id))
        await self.until("2158")
        return self

    def send(self, *data: bytes) -> None:
        self._writer.write(b"".join(data))

    async def until(self, *words: str) -> list[str]:
        """The next message that has these fields; fails with the connection."""
        async with asyncio.timeout(5):
            while True:
                while (payload := self._frames.next_frame()) is not None:
                    fields = split_fields(payload)
                    if set(words) <= set(fields):
                        return fields
                data = await self._reader.read(65536)
                assert data, f"closed before {words}"
                self._frames.append(data)

    async def closed(self) -> bool:
        async with asyncio.timeout(5):
            try:
                while await self._reader.read(65536):
                    pass
            except ConnectionError:
                pass  # a reset is an end as good as any
        return True

    async def is_alive(self) -> bool:
        self.send(frame(b"49\x001\x00"))
        return bool(await self.until("49"))

    async def leave(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


Dial = Callable[[Simulator], Awaitable[Wire]]


@pytest.fixture
async def dial() -> AsyncIterator[Dial]:
    """Opens connections and closes them at the end."""
    wires: list[Wire] = []

    async def open_wire(simulator: Simulator) -> Wire:
        wires.append(Wire(*await asyncio.open_connection(simulator.host, simulator.port)))
        return wires[-1]

    yield open_wire
    for wire in wires:
        await wire.leave()


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(seed=7, clock="manual", peer_timeout_s=0.2) as simulator:
        yield simulator


@pytest.fixture
async def bystander(simulator, dial) -> AsyncIterator[Wire]:
    """A client that must never notice what others do."""
    wire = await (await dial(simulator)).start(99)
    yield wire
    assert await wire.is_alive()


@pytest.mark.parametrize(
    ("data", "event"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "protocol_violation"),
        (b"API\0" + struct.pack(">I", 2**31), "protocol_violation"),
        (HELLO + struct.pack(">I", 2**31 - 1) + b"x", "protocol_violation"),
        (HELLO + struct.pack(">I", 0), "protocol_violation"),
        (b"", "peer_silent"),
        (b"AP", "peer_silent"),
        (HELLO, "peer_silent"),
        (HELLO + struct.pack(">I", 100) + b"half", "peer_silent"),
    ],
)
async def test_a_bad_peer_is_closed_with_a_log_line(
    simulator, bystander, data, event, dial
) -> None:
    with capture_logs() as logs:
        wire = await dial(simulator)
        wire.send(data)
        assert await wire.closed()
    assert event in [log["event"] for log in logs]


async def test_a_started_client_that_breaks_off_mid_frame_is_closed(
    simulator, bystander, dial
) -> None:
    with capture_logs() as logs:
        wire = await (await dial(simulator)).start(1)
        wire.send(struct.pack(">I", 100), b"half")
        assert await wire.closed()
    assert ("peer_silent", "ready") in [(log["event"], log.get("state")) for log in logs]


async def test_a_half_frame_that_is_finished_in_time_is_no_fault(simulator, dial) -> None:
    wire = await (await dial(simulator)).start(1)
    request = frame(b"49\x001\x00")
    for byte in request:
        wire.send(bytes([byte]))
        await asyncio.sleep(0)
    assert await wire.until("49")
    assert await wire.is_alive()


async def test_a_megabyte_of_zeros_is_refused_and_the_session_lives(
    simulator, bystander, dial
) -> None:
    wire = await (await dial(simulator)).start(1)
    wire.send(frame(b"\0" * (1 << 20)))
    assert await wire.until("320")
    assert await wire.is_alive()


async def test_a_defect_of_ours_costs_one_client_only(
    simulator, bystander, monkeypatch, dial
) -> None:
    wire = await (await dial(simulator)).start(1)

    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    (handled,) = [k for k in simulator.world.gateway._handlers if k.__name__ == "RequestIds"]
    monkeypatch.setitem(simulator.world.gateway._handlers, handled, fail)
    with capture_logs() as logs:
        wire.send(frame(b"8\x001\x001\x00"))
        assert await wire.closed()
    assert "internal_error" in [log["event"] for log in logs]


async def test_a_hundred_clients_come_and_go(simulator, bystander, dial) -> None:
    wires = await asyncio.gather(*(dial(simulator) for _ in range(100)))
    await asyncio.gather(*(wire.start(n) for n, wire in enumerate(wires[:98])))
    assert len(simulator.world.gateway.hub.clients()) == 99
    for wire in wires:
        await wire.leave()
    async with asyncio.timeout(5):
        while len(simulator.world.connections) > 1:
            await asyncio.sleep(0)


async def test_a_client_id_in_use_is_told_and_closed(simulator, bystander, dial) -> None:
    wire = await dial(simulator)
    wire.send(HELLO, frame(b"71\x002\x0099\x00\x00"))
    assert await wire.until("326")
    assert await wire.closed()


async def test_a_stop_closes_everybody_and_the_world_can_be_served_again(simulator, dial) -> None:
    wire = await (await dial(simulator)).start(1)
    port = simulator.port
    await simulator.stop()
    assert await wire.closed()
    await simulator.stop()
    async with Simulator(world=simulator.world, port=port) as again:
        assert again.port == port
        assert await (await dial(again)).start(1)


async def test_a_reset_disconnects_and_forgets(simulator, dial) -> None:
    wire = await (await dial(simulator)).start(1)
    wire.send(frame(b"49\x001\x00"))
    await wire.until("49")
    simulator.world.advance(5)
    simulator.world.reset()
    assert await wire.closed()
    assert not simulator.world.gateway.requests
    wire = await (await dial(simulator)).start(1)
    assert await wire.is_alive()


async def test_a_real_clock_drives_the_market(dial) -> None:
    async with Simulator(seed=7) as simulator:
        wire = await (await dial(simulator)).start(1)
        wire.send(request(RequestMarketData(5, AAPL)))
        await wire.until("49", "0")
        for _ in range(3):
            await wire.until("2", "6", "5")


async def test_a_slow_reader_is_cut_off(simulator, bystander, monkeypatch, dial) -> None:
    monkeypatch.setattr("simulator.server.MAX_UNSENT_BYTES", 1 << 20)
    wire = await (await dial(simulator)).start(1)
    with capture_logs() as logs:
        async with asyncio.timeout(20):
            while "client_disconnected" not in [log["event"] for log in logs]:
                wire.send(request(RequestContractData(5, AAPL)) * 200)
                await asyncio.sleep(0)
    assert "client_too_slow" in [log["event"] for log in logs]


async def test_a_stop_does_not_wait_for_a_reader_that_never_reads(simulator, dial) -> None:
    wire = await (await dial(simulator)).start(1)
    async with asyncio.timeout(20):
        while all(peer.unsent_bytes == 0 for peer in simulator._peers):
            wire.send(request(RequestContractData(5, AAPL)) * 200)
            await asyncio.sleep(0)
        await simulator.stop()
        while simulator._peers:
            await asyncio.sleep(0)


async def test_one_client_too_many_is_refused(simulator, dial, monkeypatch) -> None:
    monkeypatch.setattr("simulator.server.MAX_CLIENTS", 1)
    first = await (await dial(simulator)).start(1)
    with capture_logs() as logs:
        assert await (await dial(simulator)).closed()
    assert [log["event"] for log in logs] == ["connection_refused"]
    assert await first.is_alive()


async def test_a_port_in_use_is_an_error_of_the_system(simulator) -> None:
    with pytest.raises(OSError, match="address already in use"):
        await Simulator(port=simulator.port).start()


async def test_a_control_port_in_use_leaves_nothing_open(simulator) -> None:
    taken = simulator.port
    second = Simulator(control_port=taken)
    with pytest.raises(OSError, match="in use"):
        await second.start()
    async with Simulator(port=second.port):
        pass


def test_settings_and_a_ready_world_exclude_each_other(world) -> None:
    with pytest.raises(TypeError, match="seed"):
        Simulator(world=world, seed=1)


async def test_a_fault_at_the_door_strikes_all_that_it_concerns_at_once() -> None:
    async with Simulator(seed=7) as simulator:
        reader, first = await asyncio.open_connection("127.0.0.1", simulator.port)
        simulator.world.inject("restart", at="accept", outage_s=60)
        _, second = await asyncio.open_connection("127.0.0.1", simulator.port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", simulator.port)
        first.close()
        second.close()


async def test_what_a_fault_keeps_from_a_client_counts_as_unread(monkeypatch) -> None:
    monkeypatch.setattr("simulator.server.MAX_UNSENT_BYTES", 1_000)
    async with Simulator(seed=7, clock="manual") as simulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        simulator.world.inject("mute", at="hs", direction="out", buffer=True)
        writer.write(b"API\0" + frame(b"v157..178") + frame(b"71\0002\0001\0\0"))
        for _ in range(100):
            writer.write(frame(b"49\0001\0"))
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
