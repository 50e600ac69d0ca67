"""Tiers by tag, one loop for client and gateway, and the steps.

A scenario runs on every chosen tier that its tags name. A tier named on the command line
that has no scenario, or cannot open, fails: nothing is skipped to green.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import steps
import trading_steps
from tiers import TIERS, Tier

HERE = Path(__file__).parent
NOWHERE = "nowhere"
PATIENCE_S = 10.0

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(steps, "steps")
    config.pluginmanager.register(trading_steps, "trading_steps")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "tier" in metafunc.fixturenames:
        tags = {mark.name for mark in metafunc.definition.iter_markers()}
        chosen = metafunc.config.getoption("--tier") or list(TIERS)
        names = [name for name in TIERS if name in tags and name in chosen]
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
def run() -> Iterator[Run]:
    """Run a coroutine on the scenario's loop; between two calls nothing moves."""
    with asyncio.Runner() as runner:

        def bounded(work: Coroutine[Any, Any, Any]) -> Any:
            return runner.run(asyncio.wait_for(work, PATIENCE_S))

        yield bounded


@pytest.fixture(autouse=True)
def tier(request: pytest.FixtureRequest, run: Run) -> Iterator[Tier]:
    tier = TIERS[request.param]()
    run(tier.open())
    yield tier
    run(tier.close())
