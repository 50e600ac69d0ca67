"""The rules of the tiers themselves, on a suite of one scenario that only the mock may run."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FEATURE = """
Feature: One scenario

  @mock
  Scenario: Connecting
    When I connect
    Then I am connected
"""
PATIENCE_S = 60


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    contract = tmp_path / "tests" / "contract"
    contract.mkdir(parents=True)
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "one.feature").write_text(FEATURE)
    for name in ("conftest.py", "contract_results.py", "tiers.py", "steps.py", "trading_steps.py"):
        shutil.copy(TESTS / name, tmp_path / "tests")
    for name in ("conftest.py", "test_features.py"):
        shutil.copy(TESTS / "contract" / name, contract)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\npythonpath = tests\naddopts = -p no:cacheprovider\n"
        "markers =\n    mock: m\n    simulator: s\n"
    )
    return tmp_path


def run(suite: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "tests", *arguments],
        cwd=suite,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize("arguments", [(), ("--tier", "mock")])
def test_a_scenario_runs_on_the_tiers_that_its_tags_name(suite, arguments) -> None:
    result = run(suite, *arguments, "-v")
    assert result.returncode == 0, result.stdout
    assert "test_connecting[mock] PASSED" in result.stdout
    assert "[simulator]" not in result.stdout


def test_a_named_tier_that_selects_nothing_fails(suite) -> None:
    result = run(suite, "--tier", "mock", "--tier", "simulator")
    assert result.returncode != 0
    assert "--tier simulator selects no scenario" in result.stdout + result.stderr


def test_a_tier_that_cannot_open_fails(suite) -> None:
    with (suite / "tests" / "tiers.py").open("a") as tiers:
        tiers.write("\n\nasync def _broken(self):\n    raise OSError('cannot open')\n")
        tiers.write("\n\nMockTier.open = _broken\n")
    result = run(suite, "--tier", "mock")
    assert result.returncode == 1
    assert "1 error" in result.stdout
    assert "skipped" not in result.stdout


def test_a_tier_that_is_none_is_refused(suite) -> None:
    result = run(suite, "--tier", "moon")
    assert result.returncode != 0
    assert "moon" in result.stderr
