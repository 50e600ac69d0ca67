"""A client without a socket that speaks to a world in records of the message table."""

from typing import Any

from simulator import World
from simulator.messages import REPLIES, REQUESTS
from simulator.messages.connection import StartApi
from simulator.wire import FrameBuffer, frame, join_fields, split_fields


class Client:
    """Sends request records and collects reply records, at one protocol version."""

    def __init__(self, world: World, client_id: int = 1, version: int = 178) -> None:
        self.world = world
        self.version = version
        self.connection = world.connect(f"test:{client_id}")
        self.send_bytes(b"API\0" + frame(f"v{version}..{version}".encode()))
        self._frames = FrameBuffer()
        self.handshake = self._fields()
        self.started = self.send(StartApi(client_id))

    def send_bytes(self, data: bytes) -> None:
        self.world.receive(self.connection, data)

    def send_fields(self, *fields: str) -> list[Any]:
        self.send_bytes(frame(join_fields(fields)))
        return self.read()

    def send(self, *requests: Any) -> list[Any]:
        for request in requests:
            self.send_bytes(frame(join_fields(REQUESTS.encode(request, self.version))))
        return self.read()

    def read(self) -> list[Any]:
        """The replies since the last call."""
        return [REPLIES.decode(fields, self.version) for fields in self._fields()]

    def _fields(self) -> list[list[str]]:
        self._frames.append(self.connection.data_to_send())
        return list(map(split_fields, iter(self._frames.next_frame, None)))
