"""Whatever is done to a broker, its books are right, its orders are somewhere, and all are told.

Which bug turns these red: one that needs several things at once. A failure names its seed:
`Stream(World(settings_of(seed)), Random(seed))` does the same again.
"""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from invariants import Auditor, check_all
from order_streams import OPERATIONS, Stream, settings_of

from simulator import World
from simulator.broker import Broker
from simulator.records import Status
from simulator.state import journal_lines

SEEDS = (11, 12, 13, 14, 15, 16, 17, 18, 19, 20)
STEPS = 1_000
"""Of each seed: 10,000 operations in all."""

FULL_CHECK = 40


def stream_of(seed: int, **changes) -> Stream:
    return Stream(World(replace(settings_of(seed), **changes)), Random(seed))


def lines_of(world: World) -> list[str]:
    return list(journal_lines(world.broker.journal))


def checked(stream: Stream, steps: int, auditor: Auditor | None = None) -> Auditor:
    """Run a stream: each step is audited, and all is checked every so often."""
    auditor = auditor or Auditor(stream.world.broker)
    for step in range(steps):
        stream.step()
        auditor.catch_up()
        if step % FULL_CHECK == 0:
            check_all(stream.world, auditor, stream.told.values())
    check_all(stream.world, auditor, stream.told.values())
    return auditor


@pytest.mark.parametrize("seed", SEEDS)
def test_a_thousand_operations_leave_everything_in_order(seed) -> None:
    stream = stream_of(seed)
    checked(stream, STEPS)
    orders = list(stream.world.broker.orders())
    assert len(orders) > STEPS / 4
    statuses = {order.status for order in orders}
    assert statuses >= {Status.FILLED, Status.CANCELLED, Status.INACTIVE}
    assert len(stream.done) > len(OPERATIONS) - 4
    assert len(stream.world.broker.executions) > 30


# --- what is repeated ---


def digest(seed: int, steps: int = 250) -> str:
    stream = stream_of(seed)
    for _ in range(steps):
        stream.step()
    return hashlib.sha256("\n".join(lines_of(stream.world)).encode()).hexdigest()


def test_the_same_seed_gives_the_same_journal_in_another_process_too() -> None:
    """Red if anything depends on the order of a set."""
    here = Path(__file__).parent
    expected = digest(31)
    paths = (str(here.parents[1]), str(here.parent), str(here))
    for hash_seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", "import test_order_streams as t; print(t.digest(31))"],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(paths)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.split()[-1] == expected
    assert digest(32) != expected


# --- what is kept ---


def facts(broker: Broker) -> dict[str, object]:
    """What a restart must not change."""
    return {
        "orders": broker.truth.orders,
        "live": set(broker.truth.live),
        "cash": {account: ledger.cash for account, ledger in broker.ledgers.items()},
        "positions": {account: ledger.positions for account, ledger in broker.ledgers.items()},
        "executions": broker.executions,
        "next ids": [broker.next_order_id(client_id) for client_id in range(9)],
        "perm id": broker.truth.last_perm_id,
    }


@pytest.mark.parametrize("seed", [41, 42, 43])
def test_a_journal_read_back_is_the_same_broker(seed) -> None:
    world = stream_of(seed).world
    stream = Stream(world, Random(seed))
    for _ in range(300):
        stream.step()
    before = world.broker
    after = Broker(
        database=world.database,
        market=world.market,
        accounts=world.settings.accounts,
        seed=seed,
        starting_cash=world.settings.starting_cash,
        rules=world.settings.rules,
    )
    after.truth.restore(before.journal)
    assert facts(after) == facts(before)


@pytest.mark.parametrize("seed", [51, 52, 53, 54])
def test_after_a_restart_the_world_goes_on_where_it_was(seed, tmp_path) -> None:
    """Red if an order is lost or doubled, or an id is given twice."""
    state = tmp_path / "state"
    stream = stream_of(seed, state=state)
    checked(stream, 250)
    for again in range(1, 4):
        world = stream.world
        lines, before = lines_of(world), facts(world.broker)
        world.close()
        stream = Stream(World(world.settings), Random(f"{seed}/{again}"))
        assert lines_of(stream.world)[: len(lines)] == lines
        _has_only_gone_on(stream.world.broker, before)
        checked(stream, 80)
    stream.world.close()


def _has_only_gone_on(broker: Broker, before: dict) -> None:
    """What was not changed by the restart itself is as it was; what waited for nothing is not."""
    at_first = len(before["executions"])
    assert [e.execution for e in broker.executions[:at_first]] == [
        e.execution for e in before["executions"]
    ]
    assert broker.truth.orders.keys() >= before["orders"].keys()
    for perm_id, held in before["orders"].items():
        now = broker.truth.orders[perm_id]
        if held.status is Status.PENDING_SUBMIT:
            assert now.is_done
        elif not held.is_live:
            assert now == held
    assert broker.truth.last_perm_id >= before["perm id"]


# --- what shrinks ---


class OrderMachine(RuleBasedStateMachine):
    """The same operations, chosen by Hypothesis, so that a failure is told in few steps."""

    @initialize(seed=st.integers(0, 7))
    def begin(self, seed: int) -> None:
        self.stream = stream_of(seed)
        self.auditor = Auditor(self.stream.world.broker)

    @rule(operation=st.sampled_from(tuple(OPERATIONS)), rng=st.randoms(use_true_random=False))
    def do(self, operation, rng) -> None:
        self.stream.rng = rng
        self.stream.do(operation)

    @rule(rng=st.randoms(use_true_random=False))
    def place(self, rng) -> None:
        self.stream.rng = rng
        self.stream.do(next(iter(OPERATIONS)))

    @invariant()
    def everything_is_in_order(self) -> None:
        if hasattr(self, "stream"):
            check_all(self.stream.world, self.auditor, self.stream.told.values())


OrderMachine.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestOrderMachine = OrderMachine.TestCase
