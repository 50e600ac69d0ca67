"""Tiers by tag, one loop for client and gateway, and the steps.

A scenario runs on every chosen tier that its tags name. A tier named on the command line
that has no scenario, or cannot open, fails: nothing is skipped to green.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from steps import ROOMS
from tiers import DEFAULT, TIERS, tier_of
from tiers.stage import Tier
from tiers.tally import SENT, TIER

HERE = Path(__file__).parent
NOWHERE = "nowhere"

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def pytest_configure(config: pytest.Config) -> None:
    for room in ROOMS:
        config.pluginmanager.import_plugin(room)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "tier" in metafunc.fixturenames:
        tags = {mark.name for mark in metafunc.definition.iter_markers()}
        chosen = metafunc.config.getoption("--tier") or DEFAULT
        names = [
            name
            for name in TIERS
            if name in tags and name in chosen and not tier_of(name).excluded(tags)
        ]
        metafunc.parametrize("tier", names or [NOWHERE], indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if HERE in item.path.parents]
    where = {item: item.callspec.params.get("tier") for item in ours if hasattr(item, "callspec")}
    nowhere = [item for item in ours if where.get(item) == NOWHERE]
    config.hook.pytest_deselected(items=nowhere)
    items[:] = [item for item in items if item not in nowhere]
    for tier in config.getoption("--tier") or []:
        if ours and tier not in where.values():
            raise pytest.UsageError(f"--tier {tier} selects no scenario")


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Run a coroutine on the scenario's loop; between two calls nothing moves."""
    patience_s = tier_of(request.node.callspec.params["tier"]).patience_s
    with asyncio.Runner() as runner:

        def bounded(work: Coroutine[Any, Any, Any]) -> Any:
            return runner.run(asyncio.wait_for(work, patience_s))

        yield bounded


@pytest.fixture(scope="session")
def ground_of(pytestconfig: pytest.Config) -> Iterator[Callable[[str], Any]]:
    """What the scenarios of a tier share, made when the first of them runs."""
    made: dict[str, Any] = {}
    tried: set[str] = set()
    with ExitStack() as stack:

        def ground(name: str) -> Any:
            if name not in made:
                if name in tried:
                    pytest.fail(f"tier {name} cannot open: see the first of its scenarios")
                tried.add(name)
                made[name] = stack.enter_context(tier_of(name).grounds(pytestconfig.option))
            return made[name]

        yield ground


@pytest.fixture(autouse=True)
def tier(
    request: pytest.FixtureRequest, run: Run, ground_of: Callable[[str], Any]
) -> Iterator[Tier]:
    tier: Tier = tier_of(request.param)(ground_of(request.param))
    request.node.user_properties.append((TIER, request.param))
    run(tier.open())
    yield tier
    try:
        run(tier.close())
    finally:
        request.node.user_properties.append((SENT, tier.sent()))
