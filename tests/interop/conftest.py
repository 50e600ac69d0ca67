"""Which third-party clients the simulator is compared with, and what they may complain of.

`pytest tests/interop --library ib_insync --library ibapi` names them; ib_insync and
ib_async cannot live in one environment. A named library that cannot be imported fails its
tests: nothing here is skipped to green.
"""

from __future__ import annotations

import logging
import re
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from simulator import Simulator
from simulator.session import DEFAULT_VERSION

from .libraries import LIBRARIES, REMEDIES
from .sessions import Session, new_session

pytest.register_assert_rewrite(f"{__package__}.scenarios.play")

DEFAULT_LIBRARIES = "ib_insync,ibapi"
PEER_TIMEOUT_S = 0.3


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "libraries(*names): the only client libraries a test is about"
    )
    named_libraries(config)


def named_libraries(config: pytest.Config) -> list[str]:
    given = config.getoption("--library") or [DEFAULT_LIBRARIES]
    names = [name.strip() for part in given for name in part.split(",")]
    if unknown := set(names) - LIBRARIES.keys():
        known = ", ".join(LIBRARIES)
        raise pytest.UsageError(f"--library: {sorted(unknown)} unknown; choose from {known}")
    return list(dict.fromkeys(names))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "library" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("libraries")
    meant = marker.args if marker else tuple(LIBRARIES)
    names = [name for name in named_libraries(metafunc.config) if name in meant]
    metafunc.parametrize("library", names or [None], indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test about a library that was not named is not run, and reported as deselected."""
    other = [item for item in items if _library_name(item) is None]
    if other:
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if item not in set(other)]


def _library_name(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("library", "any") if callspec is not None else "any"


@pytest.fixture(scope="session")
def library(request: pytest.FixtureRequest):
    """One installed client library."""
    name = request.param
    try:
        return LIBRARIES[name]()
    except ImportError as error:
        pytest.fail(f"--library {name} cannot be imported ({error}). {REMEDIES[name]}")


class Complaints(logging.Handler):
    """What was logged at ERROR, less what a test expects."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []
        self._expected: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.name}: {record.getMessage()}")

    def expect(self, *patterns: str) -> None:
        self._expected += patterns

    def unexpected(self) -> list[str]:
        return [
            text
            for text in self.texts
            if not any(re.search(pattern, text) for pattern in self._expected)
        ]


@pytest.fixture(autouse=True)
def complaints():
    """Fail a test if a library or the simulator logs an error that the test does not expect."""
    handler = Complaints()
    root = logging.getLogger()
    root.addHandler(handler)
    with capture_logs() as own:
        yield handler
    root.removeHandler(handler)
    defects = [entry for entry in own if entry["log_level"] in {"error", "critical"}]
    assert not handler.unexpected(), "a client library logged an error"
    assert not defects, "the simulator logged an error"


@pytest.fixture
def newest_version(request: pytest.FixtureRequest) -> int:
    """The default, or the newest version that the library of the test speaks as text."""
    if "library" not in request.fixturenames:
        return DEFAULT_VERSION
    return max(request.getfixturevalue("library").versions[-1], DEFAULT_VERSION)


@pytest.fixture
async def sim(newest_version):
    """A simulator on a free port, whose clock moves only when a test says so."""
    async with Simulator(
        seed=7,
        clock="manual",
        peer_timeout_s=PEER_TIMEOUT_S,
        server_version=newest_version,
    ) as simulator:
        simulator.world.set_quote("AAPL", bid=Decimal("99.99"), ask=Decimal("100.01"))
        yield simulator


@pytest.fixture
async def connect(library, sim):
    """Connects a client of the library; all are disconnected at the end of the test."""
    sessions: list[Session] = []

    async def connected(client_id: int = 1, **options) -> Session:
        session = new_session(library)
        sessions.append(session)
        await session.open(options.pop("port", sim.port), client_id, **options)
        return session

    yield connected
    for session in sessions:
        await session.close()
