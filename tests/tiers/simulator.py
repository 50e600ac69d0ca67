"""The tier `simulator`: the client against a simulator in this process, over TCP."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import httpx
from fastapi import FastAPI

from simulator import Simulator, World, WorldSettings
from simulator.control.api import create_control
from simulator.control.client import ControlClient
from tiers.gateway import WORLD, GatewayTier


class SimulatorTier(GatewayTier):
    """The control plane is called without a socket, on the loop of client and gateway."""

    ground: tuple[World, FastAPI]

    @classmethod
    @contextmanager
    def grounds(cls, options: Namespace) -> Iterator[tuple[World, FastAPI]]:
        del options
        world = World(WorldSettings(**WORLD))
        yield world, create_control(world)

    async def enter(self, stack: AsyncExitStack) -> tuple[ControlClient, str, int]:
        world, app = self.ground
        gateway = await stack.enter_async_context(Simulator(world=world))
        control = ControlClient("http://localhost", transport=httpx.ASGITransport(app=app))
        return await stack.enter_async_context(control), gateway.host, gateway.port
