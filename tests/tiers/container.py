"""The tier `container`: the client against the simulator's own image, on a Docker engine."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import docker

from simulator.containers import IBGatewayContainer
from simulator.control.client import ControlClient
from tiers.gateway import WORLD, GatewayTier

CHECKOUT = Path(__file__).parents[2]


class ContainerTier(GatewayTier):
    """One container for all scenarios of a run, or of one worker of it."""

    ground: IBGatewayContainer

    @classmethod
    def missing(cls, options: Namespace) -> str | None:
        del options
        try:
            docker.from_env().ping()
        except docker.errors.DockerException:
            return (
                "--tier container needs a Docker engine, and none answers: start one, or say "
                "where it is with DOCKER_HOST"
            )
        return None

    @classmethod
    @contextmanager
    def grounds(cls, options: Namespace) -> Iterator[IBGatewayContainer]:
        del options
        with IBGatewayContainer(IBGatewayContainer.build(CHECKOUT), **WORLD) as container:
            yield container

    async def enter(self, stack: AsyncExitStack) -> tuple[ControlClient, str, int]:
        control = await stack.enter_async_context(self.ground.control())
        return control, self.ground.host, self.ground.port
