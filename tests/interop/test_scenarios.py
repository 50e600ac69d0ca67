"""The lives of orders, of each type and with each attribute, as every client library sees them.

Which bug turns these red: an order that trades a tick too early, too late, at another price
or in another size; a status, a reason or a code that is not told; an account that does not
hold what was traded.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from simulator import Simulator

from .scenarios.play import Play
from .scenarios.rows import EVERY, NEWER, OLDER, SCENARIOS
from .sessions import new_session

QUOTED = {
    "bid": Decimal("99.99"),
    "ask": Decimal("100.01"),
    "bid_size": Decimal(500),
    "ask_size": Decimal(500),
}
"""What is displayed of AAPL when a scenario begins."""


@pytest.fixture
def play(library, newest_version, complaints):
    """Plays a scenario on a world of its own."""

    async def played(scenario) -> None:
        complaints.expect(*(f"(Error|Warning) {code}" for code in scenario.codes()))
        settings: dict[str, Any] = {"clock": "manual", "seed": 7, **scenario.world}
        async with Simulator(server_version=newest_version, **settings) as sim:
            sim.world.set_quote("AAPL", **QUOTED)
            sessions = []

            async def connect(client_id: int):
                sessions.append(new_session(library))
                await sessions[-1].open(sim.port, client_id)
                return sessions[-1]

            try:
                await Play(sim.world, connect).perform(scenario)
            finally:
                for session in sessions:
                    await session.close()

    return played


def named(scenario) -> str:
    return scenario.name


@pytest.mark.parametrize("scenario", SCENARIOS, ids=named)
async def test_a_life_of_an_order(play, scenario) -> None:
    await play(scenario)


@pytest.mark.libraries("ib_insync", "ib_async", "ibapi10")
@pytest.mark.parametrize("scenario", NEWER, ids=named)
async def test_a_life_of_an_order_of_a_newer_client(play, scenario) -> None:
    await play(scenario)


@pytest.mark.libraries("ibapi")
@pytest.mark.parametrize("scenario", OLDER, ids=named)
async def test_a_life_of_an_order_of_an_older_client(play, scenario) -> None:
    await play(scenario)


def test_each_scenario_has_a_name_of_its_own() -> None:
    names = Counter(scenario.name for scenario in EVERY)
    assert [name for name, times in names.items() if times > 1] == []
