"""A compose project of its own for a test: other ports, other volumes, other secrets."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import docker
import httpx
from docker.models.containers import Container

Found = TypeVar("Found")

ROOT = Path(__file__).parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"
FREE_PORTS = dict.fromkeys(
    (
        "IBKR_APP_PORT",
        "IBKR_SIM_PORT",
        "IBKR_SIM_CONTROL_PORT",
        "IB_GATEWAY_PORT",
        "PROMETHEUS_PORT",
        "GRAFANA_PORT",
    ),
    "0",
)
UP_TIMEOUT_S = 120
PATIENCE_S = 60
POLL_S = 0.1


def until(look: Callable[[], Found]) -> Found:
    """What `look` finds, once it is something; other processes have no event to wait on."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            found = look()
        except (httpx.TransportError, LookupError) as error:
            found, reason = None, repr(error)
        else:
            reason = repr(found)
        if found:
            return found
        assert time.monotonic() < end, f"not within {PATIENCE_S} s; last seen: {reason}"
        time.sleep(POLL_S)


def compose_command() -> list[str]:
    """`docker compose`, or the older `docker-compose`."""
    docker = shutil.which("docker")
    if docker is not None:
        plugin = subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
        if plugin.returncode == 0:
            return [docker, "compose"]
    older = shutil.which("docker-compose")
    if older is None:
        raise FileNotFoundError(
            "neither `docker compose` nor `docker-compose` is installed; Debian has the latter "
            "as docker-compose"
        )
    return [older]


class Stack:
    """One project of docker-compose.yml; images that cannot be pulled are replaced by name."""

    def __init__(self, name: str, profile: str, folder: Path, images: dict[str, str]) -> None:
        self._name = name
        self._engine = docker.from_env()
        self._folder = folder
        secrets = folder / "secrets"
        subprocess.run([ROOT / "deploy/secrets.sh", secrets], check=True, capture_output=True)
        self.secrets = {path.name: path for path in secrets.iterdir()}
        override = folder / "override.json"
        override.write_text(
            json.dumps(
                {
                    "services": {service: {"image": image} for service, image in images.items()},
                    "secrets": {name: {"file": str(path)} for name, path in self.secrets.items()},
                }
            )
        )
        self._command = [
            *compose_command(),
            *("--project-name", name, "--project-directory", str(ROOT)),
            *("--file", str(COMPOSE_FILE), "--file", str(override)),
            *("--profile", profile),
        ]

    def run(self, *arguments: str, environment: dict[str, str] | None = None) -> str:
        result = subprocess.run(
            [*self._command, *arguments],
            env=os.environ | FREE_PORTS | (environment or {}),
            capture_output=True,
            text=True,
            timeout=UP_TIMEOUT_S,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    def up(self, services: Iterable[str], **environment: str) -> None:
        self.run("up", "--detach", "--no-build", *services, environment=environment)

    def container(self, service: str) -> Container:
        labels = [
            f"com.docker.compose.project={self._name}",
            f"com.docker.compose.service={service}",
        ]
        (found,) = self._engine.containers.list(all=True, filters={"label": labels})
        return found

    def address(self, service: str, port: int) -> str:
        """Where a port is published; another one after each start."""
        ports = self.container(service).ports[f"{port}/tcp"]
        (place,) = ports or [{"HostIp": "not published", "HostPort": 0}]
        return f"{place['HostIp']}:{place['HostPort']}"

    def secret(self, name: str) -> str:
        return self.secrets[name].read_text()

    def get(self, service: str, port: int, path: str, **arguments: Any) -> httpx.Response:
        url = f"http://{self.address(service, port)}{path}"
        return httpx.get(url, trust_env=False, timeout=10, **arguments)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret('app_token')}"}

    def place(self, key: str, *, service: str = "app", **order: str) -> httpx.Response:
        """Have the app buy a share of AAPL, at the market unless the order says otherwise."""
        return httpx.post(
            f"http://{self.address(service, 8000)}/orders",
            headers=self.bearer | {"Idempotency-Key": key},
            json={"symbol": "AAPL", "action": "BUY", "quantity": "1"} | order,
            trust_env=False,
            timeout=30,
        )

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus answers to an expression."""
        asked = {"query": expression}
        answer = self.get("prometheus", 9090, "/api/v1/query", params=asked).json()
        assert answer["status"] == "success", (expression, answer)
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def down(self) -> None:
        self.run("down", "--volumes", "--timeout", "3")
        self._engine.close()
