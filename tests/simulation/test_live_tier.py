"""The live tier against a simulator that stands for a paper gateway, in a run of its own."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from simulator.control.client import ControlClient

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120
ASKED = {"IBKR_LIVE_TESTS": "paper"}
ORDERS = ASKED | {"IBKR_LIVE_ORDERS": "allow"}


@pytest.fixture
def gateway():
    """A simulator in another process; its ready line."""
    command = (sys.executable, "-m", "simulator", "serve", "--port", "0", "--seed", "7")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield json.loads(process.stdout.readline())
        process.terminate()


def live(gateway, *arguments: str, environment: dict[str, str]):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("IBKR_")}
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "tests/contract", "-p", "no:cacheprovider"),
            *("-n", "0", "--tier", "live", "--port", str(gateway["port"]), *arguments),
        ],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


async def orders_of(gateway):
    async with ControlClient(gateway["control"]) as control:
        return await control.orders()


async def test_orders_are_sent_cancelled_and_told_of(gateway, tmp_path) -> None:
    report = tmp_path / "live.json"
    result = live(gateway, "--live-report", str(report), environment=ORDERS)
    assert result.returncode == 0, result.stdout
    assert "contract: live 12\n" in result.stdout
    orders = await orders_of(gateway)
    assert [(order.status, order.quantity, order.filled) for order in orders] == [
        ("Cancelled", 1, 0)
    ] * 2
    assert "orders sent by tier live" in result.stdout
    told = json.loads(report.read_text())["orders"]
    assert [order["status"] for order in told] == ["Cancelled, 0 filled"] * 2
    assert {order["account"] for order in told} == {"DU***01"}
    assert gateway["account"] not in result.stdout + report.read_text()


async def test_without_the_second_switch_no_order_is_sent(gateway) -> None:
    result = live(gateway, environment=ASKED)
    assert result.returncode == 0, result.stdout
    assert "contract: live 10\n" in result.stdout
    assert await orders_of(gateway) == []


async def test_what_a_failed_scenario_has_sent_is_cancelled_all_the_same(gateway, tmp_path) -> None:
    (tmp_path / "break_it.py").write_text(
        "def pytest_bdd_after_step(step):\n"
        "    assert 'far below' not in step.name, 'broken on purpose'\n"
    )
    result = live(
        gateway,
        *("-p", "break_it"),
        environment=ORDERS | {"PYTHONPATH": f"{tmp_path}:{ROOT / 'tests'}:{ROOT}"},
    )
    assert "broken on purpose" in result.stdout
    assert "contract: live 10 (2 failed)" in result.stdout
    assert [order.status for order in await orders_of(gateway)] == ["Cancelled"] * 2
    assert "to BUY 1 AAPL" in result.stdout


async def test_a_live_account_ends_the_run_before_any_step(gateway) -> None:
    async with ControlClient(gateway["control"]) as control:
        await control.inject(
            "alter", at="tx(ManagedAccounts)", times=None, field="accounts", text="U1234567"
        )
        result = live(gateway, environment=ORDERS)
        received = {request.name for request in await control.requests()}
    assert result.returncode == 1
    assert "--tier live is refused: account U***67 is not a paper account" in result.stdout
    assert "passed" not in result.stdout
    assert not received & {"PlaceOrder", "RequestMarketData", "RequestContractDetails"}


def test_the_orders_of_the_tier_are_small() -> None:
    from tiers.live import CLIENT_ID, _settings  # noqa: PLC0415 - its packages are not everywhere

    settings = _settings("127.0.0.1", 4002)
    assert settings.max_order_quantity == Decimal(1)
    assert (settings.allow_live, settings.client_id) == (False, CLIENT_ID)
