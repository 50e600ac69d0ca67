"""The asyncio edge: sockets to sessions, and the loop's timer to what is due.

Knows nothing of what a request means. Rule kept here: one bad peer is closed with a log
line, and nobody else notices. Every wait has an end and every buffer a limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from simulator.clock import ManualClock
from simulator.control.access import ControlAccess
from simulator.control.server import ControlServer
from simulator.gateway import Connection
from simulator.logs import Log
from simulator.session import State
from simulator.world import World
from simulator.world_settings import WorldError, settings_of

log = Log(__name__)

DEFAULT_HOST = "127.0.0.1"
MAX_CLIENTS = 256
STOP_GRACE_S = 0.5
MAX_UNSENT_BYTES = 32 << 20
"""What may wait for a slow reader before it is cut off."""


class Simulator:
    """A fake IB Gateway on a TCP port.

        async with Simulator(seed=7) as sim:
            await ib.connectAsync("127.0.0.1", sim.port, clientId=1)

    Keyword arguments are those of `world_settings.settings_of`, such as `fill_model="queue"`,
    or a `world` that exists already, whose broker truth then outlives this server. `port` 0 takes a free one. With a `control_port`
    (0: a free one) the HTTP control plane is served as well, on loopback unless
    `control_access` says otherwise.
    `peer_timeout_s` bounds the handshake and the rest of a frame once it has begun.
    When its state file fails it serves nobody any more: `on_failure` is called, and `stop` is due.
    """

    def __init__(
        self,
        *,
        host: str = DEFAULT_HOST,
        port: int = 0,
        control_port: int | None = None,
        control_access: ControlAccess | None = None,
        peer_timeout_s: float = 5.0,
        world: World | None = None,
        **settings: Any,
    ) -> None:
        if world is not None and settings:
            raise TypeError(f"a world is set up already; {sorted(settings)} cannot apply")
        self.world = world or World(settings_of(**settings))
        self._host = host
        self._port = port
        self._control_port = control_port
        self._control_access = control_access
        self._peer_timeout_s = peer_timeout_s
        self._server: asyncio.Server | None = None
        self._control: ControlServer | None = None
        self._peers: set[Peer] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._all_left = asyncio.Event()
        self._reserved: socket.socket | None = None
        self._opening: asyncio.Task[None] | None = None
        self.on_failure: Callable[[], None] = lambda: None

    @property
    def host(self) -> str:
        return self._host

    @property
    def port(self) -> int:
        """The port it listens on; the one that was taken if 0 was asked for."""
        return self._port

    @property
    def is_running(self) -> bool:
        return self._server is not None

    @property
    def control_url(self) -> str | None:
        """Where the control plane answers, if it was asked for."""
        return self._control.url if self._control is not None else None

    async def start(self) -> None:
        """Listen. Raises `OSError` if the port is taken."""
        if self._server is not None:
            raise RuntimeError("the simulator runs already")
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Peer(self), self._host, self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.world.on_output = self._flush
        self.world.on_failure = self._fail
        if self._control_port is not None:
            try:
                await self.serve_control()
            except OSError:
                await self.stop()
                raise
        self._flush()

    async def serve_control(self) -> str:
        """Serve the control plane too, if it is not yet, on its port or a free one.

        Returns where it answers. Raises `OSError` if the port is taken, `RuntimeError` if the
        simulator does not run, whose `stop` would end it.
        """
        if self._server is None:
            raise RuntimeError("the simulator does not run; start it first")
        if self._control is None:
            self._control = ControlServer(
                self.world, port=self._control_port or 0, access=self._control_access
            )
            await self._control.start()
        return self._control.url

    @property
    def is_opening(self) -> bool:
        """Whether the port is about to be open again, after a restart or a refusal."""
        return self._opening is not None

    async def opened(self) -> None:
        """Wait until the port is open again, if it is about to be."""
        if self._opening is not None:
            await self._opening

    async def stop(self) -> None:
        """Close the port and all connections. The world stays, and may be served again."""
        if self._server is None:
            return
        server, self._server = self._server, None
        for _ in range(2):  # who was accepted a moment ago is refused by a server still there
            await asyncio.sleep(0)
        server.close()
        if self._opening is not None:
            await self._opening
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for peer in list(self._peers):
            peer.close()
        if self._control is not None:
            await self._control.stop()
            self._control = None
        await self._dismiss_all()
        await server.wait_closed()
        self.world.on_output = self.world.on_failure = lambda: None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    # --- inside ---

    async def _dismiss_all(self) -> None:
        """Let peers read what was sent to them, but not for long."""
        if self._peers:
            self._all_left.clear()
            with contextlib.suppress(TimeoutError):  # who does not read by then is cut off
                await asyncio.wait_for(self._all_left.wait(), STOP_GRACE_S)
        for peer in list(self._peers):
            peer.abort()
        await asyncio.sleep(0)  # the turn in which what was cut off closes its socket

    def _flush(self) -> None:
        for peer in list(self._peers):
            peer.flush()
        self._follow_port()
        self._set_timer()

    def _follow_port(self) -> None:
        """Close and open the port as the world has it; while it is closed it stays ours."""
        if self._server is None or self._opening is not None:
            return
        if self._reserved is None and not self.world.is_listening:
            self._server.close()
            self._reserved = _reserved(self._host, self._port)
        elif self._reserved is not None and self.world.is_listening:
            self._opening = asyncio.create_task(self._open_port(self._reserved))

    async def _open_port(self, reserved: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Peer(self), sock=reserved)
        self._opening = self._reserved = None
        if self._server is None:  # stopped meanwhile
            server.close()
            return
        self._server = server
        self._flush()

    def _fail(self) -> None:
        """The state file cannot be written: cut everybody off, and let nobody in."""
        log.error("state_lost", reason=self.world.failure)
        if self._server is not None:
            self._server.close()
        for peer in list(self._peers):
            peer.abort()
        self.on_failure()

    def _run_due(self) -> None:
        with contextlib.suppress(WorldError):  # it was logged, and all is closed
            self.world.run_due()

    def _set_timer(self) -> None:
        """Have the loop call when something is due; a manual clock is advanced by hand."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_ms = self.world.due_ms
        if due_ms is None or self._server is None or isinstance(self.world.clock, ManualClock):
            return
        delay_s = max(0, due_ms - self.world.clock.now_ms()) / 1000
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._run_due)

    def admit(self, peer: Peer) -> bool:
        is_over = self._server is None or self.world.failure is not None
        if is_over or not self.world.is_listening or len(self._peers) >= MAX_CLIENTS:
            return False
        self._peers.add(peer)
        return True

    def dismiss(self, peer: Peer) -> None:
        self._peers.discard(peer)
        if not self._peers:
            self._all_left.set()

    @property
    def peer_timeout_s(self) -> float:
        return self._peer_timeout_s


def _reserved(host: str, port: int) -> socket.socket:
    """A socket that has a port and does not listen, so that whoever connects is refused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    reserved = socket.socket(family, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind((host, port))
    return reserved


class Peer(asyncio.Protocol):
    """One TCP connection."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._world = simulator.world
        self._transport: asyncio.Transport | None = None
        self._connection: Connection | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._name = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a stream transport is needed")
        self._transport = transport
        self._name = "{}:{}".format(*transport.get_extra_info("peername")[:2])
        if not self._simulator.admit(self):
            log.warning("connection_refused", peer=self._name, reason="too many clients")
            self.abort()
            return
        self._connection = self._world.connect(self._name)
        self._expect_more()
        self._world.on_output()  # it may be over already, and more than it

    def data_received(self, data: bytes) -> None:
        connection = self._connection
        if connection is None or connection.is_closing:
            return
        before = connection.session.frames
        try:
            self._world.receive(connection, data)
        except WorldError:
            connection.is_closing = True  # the state file is lost, and all were cut off
        except Exception:
            # A defect of ours costs this client its connection, and nobody else anything.
            log.exception("internal_error", peer=self._name)
            connection.is_closing = True
        self._watch(progress=connection.session.frames != before)
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        self._simulator.dismiss(self)
        connection, self._connection = self._connection, None
        if connection is not None:
            if connection.session.is_mid_frame:
                log.warning("peer_left_mid_frame", peer=self._name, error=str(exc or "") or None)
            self._world.disconnect(connection)

    def flush(self) -> None:
        """Hand over what waits to be sent, and close what is to be closed."""
        transport, connection = self._transport, self._connection
        if transport is None or connection is None:
            return
        if data := connection.data_to_send():
            size = connection.slice_bytes or len(data)
            for start in range(0, len(data), size):
                transport.write(data[start : start + size])
        self._set_reading(transport, connection)
        if connection.resets:
            self.reset()
        elif connection.is_closing:
            self.close()
        elif self.unsent_bytes > MAX_UNSENT_BYTES:
            log.warning("client_too_slow", peer=self._name, client_id=connection.client_id)
            self.abort()

    def close(self) -> None:
        self._forget_deadline()
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Close with a reset: what is not sent yet is lost, and the peer's next call fails."""
        self._forget_deadline()
        if self._transport is not None:
            raw = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()

    def _set_reading(self, transport: asyncio.Transport, connection: Connection) -> None:
        """Read from the socket or let its buffers fill, as the connection has it."""
        if transport.is_closing():
            return
        if connection.is_unread and transport.is_reading():
            transport.pause_reading()
        elif not connection.is_unread and not transport.is_reading():
            transport.resume_reading()

    @property
    def unsent_bytes(self) -> int:
        """What waits for the peer to read, or is kept from it by a fault."""
        if self._transport is None or self._connection is None:
            return 0
        return self._transport.get_write_buffer_size() + self._connection.unsent_bytes

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # --- deadlines ---

    def _watch(self, *, progress: bool) -> None:
        """Keep a deadline for as long as the peer owes us the rest of something."""
        session = self._connection.session if self._connection is not None else None
        if session is None or (session.state is State.READY and not session.is_mid_frame):
            self._forget_deadline()
        elif session.state is State.READY and (progress or self._deadline is None):
            self._expect_more()

    def _expect_more(self) -> None:
        self._forget_deadline()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._simulator.peer_timeout_s, self._give_up)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self._connection is not None and self._connection.is_held:
            self._expect_more()
        elif self._connection is not None:
            log.warning("peer_silent", peer=self._name, state=self._connection.session.state.value)
            self.abort()
