"""The pytest plugin: gateways as fixtures, set up by markers, ini file and command line.

Loaded by every run of pytest where the package is installed, so it imports nothing of the
simulator before a test asks for a gateway. Rule: it leaves alone whatever asks for none.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulator.testing import GatewayThread, IBGateway, Strictness
    from simulator.testing.loops import Loops

MARKER = "ib_gateway"
SESSION = "ib_gateway_session"
OPTION = "--ib-gateway"
STRICT = "ib_gateway_strict"

DEFAULTS: dict[str, Any] = {"clock": "manual"}
"""Time stands still until a test moves it: the same test sees the same prices every day."""

TESTING = frozenset({"strict", "expects", "errors"})
"""Arguments of the marker that are not about the gateway but about the test."""

PATHS = frozenset({"instruments", "market_data", "state"})
LISTS = frozenset({"accounts", "withheld"})

HINTS = {
    "This event loop is already running": "A blocking call of the client in an async test: await "
    "its other form (connectAsync, qualifyContractsAsync ...), or write the test without async.",
}
"""What helps, by what an exception says that tells it to nobody."""

_watched: pytest.StashKey[list[tuple[IBGateway, Strictness | None]]] = pytest.StashKey()
"""The gateways of a test, and what is held against the test."""

_of_session: pytest.StashKey[IBGateway] = pytest.StashKey()
"""The gateway of the run, from when a test asked for it."""

_with_session: pytest.StashKey[set[str]] = pytest.StashKey()
"""The fixtures that have the gateway of the run, by themselves or by another, and outlive a test."""

_loops: pytest.StashKey[Loops] = pytest.StashKey()
"""Event loops for clients that block, from when a test asked for a gateway."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup(MARKER, "simulated IB gateways (ibkr-testbed)")
    group.addoption(
        OPTION,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="A setting of all simulated gateways, such as seed=7 or fill_model=queue; may be "
        "given several times. Markers go before it, and it before the ini file.",
    )
    group.addoption(
        "--ib-gateway-strict",
        action="store_true",
        default=None,
        help="Fail tests whose gateway received orders or told errors that they did not assert.",
    )
    parser.addini(MARKER, "Settings of all simulated gateways: lines of name=value.", "linelist")
    parser.addini(STRICT, "Whether all tests with a simulated gateway are strict.", "bool", False)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{MARKER}(strict=False, expects=None, errors=(), **settings): how the ib_gateway of a "
        "test begins (seed, fill_model, clock, accounts ...), and what it must not see.",
    )
    _defaults(config)  # refuses what is no name=value before anything is run


# --- fixtures ---


@pytest.fixture(scope="session")
def _ib_gateway_thread() -> Iterator[GatewayThread]:
    from simulator.testing import GatewayThread  # noqa: PLC0415 - see the head of this room

    thread = GatewayThread()
    yield thread
    thread.stop()


@pytest.fixture
def ib_gateway(
    request: pytest.FixtureRequest, _ib_gateway_thread: GatewayThread
) -> Iterator[IBGateway]:
    """A fresh simulated IB Gateway on a free port, for any client, blocking or not."""
    given = _defaults(request.config) | _marked(request.node)
    strictness = _strictness_of(given)
    loop = _loops_of(request.config).of_test(getattr(request.node, "obj", None))
    with closing(_open(_ib_gateway_thread, given)) as gateway, loop:
        request.node.stash.setdefault(_watched, []).append((gateway, strictness))
        yield gateway


@pytest.fixture(scope="session")
def ib_gateway_session(
    request: pytest.FixtureRequest, _ib_gateway_thread: GatewayThread
) -> Iterator[IBGateway]:
    """One simulated IB Gateway for the whole run; `reset()` it by hand where that matters."""
    with closing(_open(_ib_gateway_thread, _defaults(request.config))) as gateway:
        request.config.stash[_of_session] = gateway
        yield gateway


# --- event loops for clients that block ---


def _loops_of(config: pytest.Config) -> Loops:
    from simulator.testing.loops import Loops  # noqa: PLC0415

    if _loops not in config.stash:
        config.stash[_loops] = Loops()
        config.add_cleanup(config.stash[_loops].close)
    return config.stash[_loops]


def _loop_of(item: pytest.Item) -> AbstractContextManager[None]:
    """What a blocking test with the gateway of the run finds, from setup to teardown."""
    if inspect.iscoroutinefunction(getattr(item, "obj", None)):
        if _loops in item.config.stash:
            item.config.stash[_loops].withdraw()
        return nullcontext()
    return _loops_of(item.config).of_run() if _asks_for_session(item) else nullcontext()


def _asks_for_session(item: pytest.Item) -> bool:
    return SESSION in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Have fixtures that outlive a test connect and disconnect their client on the loop of the
    run, whichever test they are set up and torn down with.
    """
    connected = request.config.stash.setdefault(_with_session, {SESSION})
    if fixturedef.scope == "function" or connected.isdisjoint(fixturedef.argnames):
        return (yield)
    connected.add(fixturedef.argname)  # and so those are that ask for this one
    loops, ending = _loops_of(request.config), ExitStack()
    fixturedef.addfinalizer(ending.close)
    try:
        with loops.of_run():
            return (yield)
    finally:  # finalizers run in reverse: this one before those of the fixture itself
        fixturedef.addfinalizer(lambda: ending.enter_context(loops.of_run()))


# --- settings ---


def _defaults(config: pytest.Config) -> dict[str, Any]:
    """What the ini file and the command line set; the latter goes first."""
    given = dict(DEFAULTS)
    for source, lines in (
        (f"{MARKER} of the ini file", config.getini(MARKER)),
        (OPTION, config.getoption(OPTION)),
    ):
        for line in lines:
            name, equals, text = line.partition("=")
            if not equals or not name.strip():
                raise pytest.UsageError(f"{source} must be NAME=VALUE, such as seed=7, not {line}")
            given[name.strip().replace("-", "_")] = _value(text.strip())
    strict = config.getoption(STRICT)
    given["strict"] = config.getini(STRICT) if strict is None else strict
    return given


def _value(text: str) -> Any:
    """A plain value: a literal of Python, true or false, else the text itself."""
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _marked(node: pytest.Item) -> dict[str, Any]:
    """What the markers set; that of a test goes before those of its class and module."""
    given: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers(MARKER))):
        if marker.args:
            raise _refusal(
                f"the marker {MARKER} takes settings by name, such as seed=7, not {marker.args}"
            )
        given |= marker.kwargs
    return given


def _marked_for_session(item: pytest.Item) -> dict[str, Any]:
    """What the markers say of the test; of the gateway of the run they can say nothing."""
    given = _marked(item)
    settings = sorted(given.keys() - TESTING)
    if settings and MARKER not in getattr(item, "fixturenames", ()):
        raise _refusal(
            f"the marker {MARKER} cannot set {', '.join(settings)} of {SESSION}, which is there "
            f"for all tests: use the ini file, or the fixture {MARKER}"
        )
    return given


def _open(thread: GatewayThread, given: dict[str, Any]) -> IBGateway:
    from simulator.testing import IBGateway  # noqa: PLC0415
    from simulator.world_settings import WorldError, settings_of  # noqa: PLC0415

    plain = {name: value for name, value in given.items() if name not in TESTING}
    _check_names(plain)
    try:
        return IBGateway(thread, settings_of(**{n: _as_needed(n, v) for n, v in plain.items()}))
    except WorldError as error:
        raise _refusal(f"{MARKER}: {error}") from None


def _check_names(plain: dict[str, Any]) -> None:
    from simulator.world_settings import DELAYS, RULES, TERMS, WorldSettings  # noqa: PLC0415

    known = {f.name for f in fields(WorldSettings)} | {*RULES, *TERMS, *DELAYS, *TESTING}
    known -= {"commission_delay_ms", "rules"}  # which have plain names
    for name in plain:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            meant = f"did you mean {close[0]}? " if close else ""
            raise _refusal(
                f"{MARKER} has no setting {name!r}; {meant}Known are {', '.join(sorted(known))}"
            )


def _as_needed(name: str, value: Any) -> Any:
    """A setting as the world wants it, from how a test or an ini file writes it."""
    from simulator.testing.handle import decimal  # noqa: PLC0415

    if name in PATHS and value is not None:
        return Path(str(value))
    if name in LISTS:
        several = isinstance(value, list | tuple | set | frozenset)
        return tuple(value) if several else (value,)
    if name == "starting_cash" and isinstance(value, dict):
        return {currency: decimal(name, amount) for currency, amount in value.items()}
    return value


def _refusal(reason: str) -> BaseException:
    """Why a test cannot be set up; no traceback of ours would help."""
    return pytest.fail.Exception(reason, pytrace=False)


# --- strict tests, and what is told of those that fail ---


def _strictness_of(given: dict[str, Any]) -> Strictness | None:
    """What is to be held against a test, if anything."""
    from simulator.testing import Strictness  # noqa: PLC0415
    from simulator.world_settings import WorldError  # noqa: PLC0415

    if not given["strict"]:
        return None
    try:
        return Strictness.of(given.get("expects"), given.get("errors", ()))
    except WorldError as error:
        raise _refusal(f"{MARKER}: {error}") from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Watch the gateway of the run from the beginning of a test that uses it."""
    if not _asks_for_session(item):
        with _loop_of(item):
            return (yield)
    stash = item.config.stash
    strictness = _strictness_of(_defaults(item.config) | _marked_for_session(item))
    if _of_session in stash:
        stash[_of_session].begin_test()
    try:
        with _loop_of(item):
            return (yield)
    finally:
        if _of_session in stash:
            item.stash.setdefault(_watched, []).append((stash[_of_session], strictness))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A strict test that got through must not leave anything unexpected behind."""
    with _loop_of(item):
        result = yield
    objections = [
        objection
        for gateway, strictness in item.stash.get(_watched, [])
        if strictness
        for objection in gateway.objections(strictness)
    ]
    if objections:
        pytest.fail("\n".join(["strict ib_gateway:", *objections]), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    with _loop_of(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what went over the wire where a test failed."""
    report = yield
    if report.failed and report.when != "teardown":  # which is the end of them
        for gateway, _ in item.stash.get(_watched, []):
            title = f"IB gateway on port {gateway.port} (< received, > sent, ! fault)"
            report.sections.append((title, gateway.history() or "nobody connected"))
        hint = HINTS.get(str(call.excinfo.value)) if call.excinfo else None
        if hint and _watched in item.stash:
            report.sections.append((f"hint of {MARKER}", hint))
    return report
