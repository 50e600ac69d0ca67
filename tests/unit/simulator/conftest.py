"""A world without sockets, and clients of it."""

from collections.abc import Callable

import pytest
from records_client import Client

from simulator import World, WorldSettings
from simulator.session import MAX_VERSION


@pytest.fixture
def world() -> World:
    """One that speaks whatever version a test joins with."""
    return World(WorldSettings(seed=7, clock="manual", server_version=MAX_VERSION))


@pytest.fixture
def join(world: World) -> Callable[..., Client]:
    """Connect a client to the world, or to one of the test's own."""

    def connect(client_id: int = 1, version: int = 178, world: World = world) -> Client:
        return Client(world, client_id, version)

    return connect


@pytest.fixture
def client(join: Callable[..., Client]) -> Client:
    return join()
