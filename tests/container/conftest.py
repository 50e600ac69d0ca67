"""Images of this checkout, built once; everything here needs a Docker engine."""

from pathlib import Path

import docker
import pytest
import yaml
from compose_stack import COMPOSE_FILE, ROOT

from simulator.containers import IBGatewayContainer

HERE = Path(__file__).parent
APP_IMAGE = "localhost/ibkr-testbed/app"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without an engine the run ends here, with one sentence instead of an error per test."""
    if any(HERE in item.path.parents for item in items):
        try:
            docker.from_env().ping()
        except docker.errors.DockerException:
            raise pytest.UsageError(
                "no Docker engine answers, and the container tests need one: start one or set "
                "DOCKER_HOST, or leave them out with TOX_SKIP_ENV=container"
            ) from None


@pytest.fixture(scope="session")
def engine() -> docker.DockerClient:
    return docker.from_env()


@pytest.fixture(scope="session")
def simulator_image() -> str:
    return IBGatewayContainer.build(ROOT)


@pytest.fixture(scope="session")
def app_image(engine, simulator_image) -> str:
    engine.images.build(path=str(ROOT), tag=APP_IMAGE, target="app", rm=True)
    return APP_IMAGE


@pytest.fixture(scope="session")
def standin(engine, simulator_image):
    """Builds one of standins/ and returns its name."""

    def build(name: str) -> str:
        tag = f"localhost/ibkr-testbed/{name.replace('_', '-')}-standin"
        engine.images.build(path=str(HERE / "standins" / name), tag=tag, rm=True)
        return tag

    return build


@pytest.fixture(scope="session")
def prometheus_image(engine, standin) -> str:
    """The pinned one where it is at hand, else Debian's."""
    pinned = yaml.safe_load(COMPOSE_FILE.read_text())["services"]["prometheus"]["image"]
    try:
        engine.images.get(pinned)
    except docker.errors.ImageNotFound:
        return standin("prometheus")
    return pinned
