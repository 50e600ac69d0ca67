"""The simulator's image as a container that a test suite starts and stops (testcontainers).

    with IBGatewayContainer(clock="manual") as gateway:
        ib.connect(gateway.host, gateway.port, clientId=1)
        gateway.run(lambda control: control.set_quote("AAPL", bid=..., ask=...))

Needs the extra `containers` and a Docker engine. It knows the command and the control plane,
and nothing of the simulator's inside. Rule: what is missing (engine, image, a start) is told
in one sentence with the remedy.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import click
import httpx

from simulator.cli import serve
from simulator.control.client import ControlClient

try:
    import docker.errors
    import requests
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.docker_client import DockerClient
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"{missing}: containers need an extra, `pip install 'ibkr-testbed[containers]'`",
        name=missing.name,
    ) from None

Answer = TypeVar("Answer")

IMAGE = "localhost/ibkr-testbed/simulator"
"""Its registry is nobody's, so that a missing image is never pulled from a stranger."""

GATEWAY_PORT = 4002
CONTROL_PORT = 4080
FILES = "/run/ibkr-testbed"
LOG_LINES = 40
POLL_S = 0.05
FIXED = frozenset(
    {
        "host",
        "port",
        "state",
        "control_host",
        "control_port",
        "control_token_file",
        "control_allowed_hosts",
    }
)
"""Options of `ibkr-sim serve` that the container decides itself."""


class ContainerUnavailable(RuntimeError):  # noqa: N818 - a state of things, not a mistake
    """There is no container to be had; the text says what is missing and the remedy."""


class Attended(DockerContainer, ABC):
    """A container whose start is watched: it gets ready, or its logs say why it did not.

    `probe` is asked until it says yes. Published ports are on loopback when the engine is on
    this machine.
    """

    remedy = "pull it, or correct its name"

    def __init__(self, image: str, *, ports: Iterable[int], start_timeout_s: float) -> None:
        try:
            super().__init__(image)
        except docker.errors.DockerException as error:
            raise ContainerUnavailable(
                f"no Docker engine answers ({_first_line(error)}): start one, or set DOCKER_HOST"
            ) from None
        self._start_timeout_s = start_timeout_s
        local = self.get_docker_client().host() == "localhost"
        for port in ports:
            # docker-py takes an address without a port; its type here knows ports only
            self.ports[str(port)] = cast("None", ("127.0.0.1",)) if local else None

    @abstractmethod
    def probe(self) -> bool:
        """Whether it is ready; asked again and again while it starts."""

    @property
    def host(self) -> str:
        """The address its ports are published on."""
        host = self.get_container_host_ip()
        return "127.0.0.1" if host == "localhost" else host

    def published(self, port: int) -> int:
        """The port on `host` that leads to one of the container's."""
        # the public one waits two minutes for a container that has ended
        return self._get_exposed_port(port)

    def start(self) -> Self:
        try:
            super().start()
        except docker.errors.NotFound:
            raise self._no_image() from None
        except docker.errors.APIError as error:
            if self._container is None and not _has(self.get_docker_client(), self.image):
                raise self._no_image() from None
            raise ContainerUnavailable(
                f"the engine did not start {self.image}: {_first_line(error)}"
            ) from None
        except requests.ConnectionError as error:
            raise ContainerUnavailable(
                f"the Docker engine went away ({_first_line(error)}): start it again"
            ) from None
        self._wait_until_ready()
        return self

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + self._start_timeout_s
        while not self.probe():
            self.reload()
            if self.status not in {"created", "running"}:
                raise ContainerUnavailable(f"{self.image} ended at once; it says:\n{self.tail()}")
            if time.monotonic() > end:
                raise ContainerUnavailable(
                    f"{self.image} was not ready within {self._start_timeout_s:g} s "
                    f"(start_timeout_s); it says:\n{self.tail()}"
                )
            time.sleep(POLL_S)

    def tail(self) -> str:
        """The last lines it wrote, of both streams."""
        logs: bytes = self.get_wrapped_container().logs(tail=LOG_LINES)
        return logs.decode(errors="replace").rstrip() or "(nothing)"

    def _no_image(self) -> ContainerUnavailable:
        return ContainerUnavailable(f"there is no image {self.image}: {self.remedy}")


class IBGatewayContainer(Attended):
    """A simulated gateway in a container.

    Settings are those of `ibkr-sim serve`, in Python's spelling: `fill_model="queue"`,
    `accounts=["DU1", "DU2"]`, `checks_funds=False`; files are copied into the container.
    Raises `TypeError` for an unknown one and `ContainerUnavailable` if it cannot be started.
    """

    remedy = (
        "call IBGatewayContainer.build(path) with a checkout of ibkr-testbed, or run "
        f"`docker build --target simulator --tag {IMAGE} .` in one"
    )

    def __init__(
        self, image: str = IMAGE, *, start_timeout_s: float = 30.0, **settings: Any
    ) -> None:
        super().__init__(image, ports=(GATEWAY_PORT, CONTROL_PORT), start_timeout_s=start_timeout_s)
        self.token = secrets.token_hex(32)
        token_file = f"{FILES}/control_token"
        self.with_copy_into_container(self.token.encode("ascii"), token_file, 0o444)
        self.with_command(
            [
                "--control-host=0.0.0.0",
                "--control-allowed-host=*",  # whatever name its engine has; the token guards it
                f"--control-token-file={token_file}",
                *(part for name, value in settings.items() for part in self._given(name, value)),
            ]
        )

    @property
    def port(self) -> int:
        """The port clients connect to."""
        return self.published(GATEWAY_PORT)

    @property
    def control_url(self) -> str:
        return f"http://{self.host}:{self.published(CONTROL_PORT)}"

    def control(self) -> ControlClient:
        """A new client of the control plane, for `async with` in a running loop."""
        return ControlClient(self.control_url, token=self.token)

    def run(self, call: Callable[[ControlClient], Awaitable[Answer]]) -> Answer:
        """Make one call of the control plane and wait for it; with or without a running loop."""

        async def made() -> Answer:
            async with self.control() as control:
                return await call(control)

        # a thread has a loop of its own, and leaves the caller's alone
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(made())).result()

    def probe(self) -> bool:
        try:
            answer = httpx.get(f"{self.control_url}/health", trust_env=False, timeout=5)
        except (httpx.TransportError, ConnectionError):
            return False
        return answer.is_success

    @classmethod
    def build(cls, path: str | Path = ".", *, image: str = IMAGE) -> str:
        """Build the image from a checkout of ibkr-testbed, and return its name."""
        if not (Path(path) / "Dockerfile").is_file():
            raise ContainerUnavailable(
                f"{path} has no Dockerfile: give the folder of a checkout of ibkr-testbed"
            )
        try:
            DockerClient().build(str(path), tag=image, target="simulator")
        except docker.errors.BuildError as error:
            said = "".join(part.get("stream", "") for part in error.build_log).splitlines()
            raise ContainerUnavailable(
                f"cannot build {image}; it says:\n" + "\n".join(said[-LOG_LINES:])
            ) from None
        except docker.errors.DockerException as error:
            raise ContainerUnavailable(f"cannot build {image}: {_first_line(error)}") from None
        return image

    def _given(self, name: str, value: Any) -> list[str]:
        """A setting as arguments of the command."""
        option = _OPTIONS.get(name)
        if option is None:
            raise TypeError(f"{name} is no setting of the gateway; known: {', '.join(_OPTIONS)}")
        if isinstance(option.type, click.Path):
            value = self._copied(name, Path(value))
        if option.is_flag:
            return (
                [(option.opts if value else option.secondary_opts)[0]]
                if (value or option.secondary_opts)
                else []
            )
        values = value if option.multiple and not isinstance(value, str) else [value]
        return [f"{option.opts[0]}={each}" for each in values]

    def _copied(self, name: str, path: Path) -> str:
        folder = f"{FILES}/{name}"
        self.with_copy_into_container(
            path, folder if path.is_dir() else f"{folder}/{path.name}", 0o444
        )
        return f"{folder}/{path.name}"


_OPTIONS = {
    str(option.name): option
    for option in serve.params
    if isinstance(option, click.Option) and option.name not in FIXED
}


def _has(client: DockerClient, image: str) -> bool:
    try:
        client.client.images.get(image)
    except docker.errors.ImageNotFound:
        return False
    return True


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
