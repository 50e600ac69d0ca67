"""The rules of the tiers themselves, on a suite of one scenario that only the mock may run."""

import os
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
LEAN = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_PLUGINS": "pytest_bdd.plugin,xdist.plugin,simulator.pytest_plugin",
}
"""What the suite needs of pytest, and no more: a run of it takes half the time."""
LIVE = {"IBKR_LIVE_TESTS", "IBKR_LIVE_ORDERS", "TWS_USERID", "TWS_PASSWORD_FILE"}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    contract = tmp_path / "tests" / "contract"
    contract.mkdir(parents=True)
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "one.feature").write_text(FEATURE)
    for name in ("conftest.py", "contract_results.py", "paper_gateway.py"):
        shutil.copy(TESTS / name, tmp_path / "tests")
    for room in ("tiers", "steps"):
        shutil.copytree(TESTS / room, tmp_path / "tests" / room)
    for name in ("conftest.py", "test_features.py"):
        shutil.copy(TESTS / "contract" / name, contract)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\npythonpath = tests\naddopts = -p no:cacheprovider\n"
        "markers =\n    mock: m\n    simulator: s\n    container: c\n    live: l\n"
    )
    return tmp_path


def run(
    suite: Path, *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "tests", *arguments],
        cwd=suite,
        env={name: value for name, value in os.environ.items() if name not in LIVE}
        | LEAN
        | (environment or {}),
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
    with (suite / "tests" / "tiers" / "mock.py").open("a") as tiers:
        tiers.write("\n\nasync def _broken(self):\n    raise OSError('cannot open')\n")
        tiers.write("\n\nMockTier.open = _broken\n")
    result = run(suite, "--tier", "mock")
    assert result.returncode == 1
    assert "1 error" in result.stdout
    assert "skipped" not in result.stdout


def test_a_tier_that_is_none_is_refused(suite) -> None:
    result = run(suite, "--tier", "moon")
    assert result.returncode != 0
    known = "mock, simulator, container, live"
    assert f"--tier moon is no tier; use one of {known}" in result.stderr


@pytest.mark.parametrize("tier", ["container", "live"])
def test_a_tier_whose_packages_are_not_installed_names_the_extra(suite, tier) -> None:
    absent = suite / "absent"
    absent.mkdir()
    (absent / "docker.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'docker'\", name='docker')"
    )
    path = os.pathsep.join([str(absent), *sys.path])
    result = run(suite, "--tier", tier, environment={"PYTHONPATH": path})
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"--tier {tier} needs the package docker: install it with the extra" in result.stderr


def test_what_ran_on_each_tier_is_counted(suite) -> None:
    result = run(suite, "--tier", "mock", "-n", "1")
    assert "contract: mock 1\n" in result.stdout


def test_what_failed_is_counted_apart(suite) -> None:
    feature = suite / "features" / "one.feature"
    feature.write_text(feature.read_text().replace("I am connected", "I am not connected"))
    result = run(suite, "--tier", "mock")
    assert "contract: mock 0 (1 failed)" in result.stdout


@pytest.mark.parametrize(
    ("environment", "arguments", "sentence"),
    [
        ({}, (), "runs only where IBKR_LIVE_TESTS=paper is set"),
        ({"IBKR_LIVE_TESTS": "yes"}, (), "runs only where IBKR_LIVE_TESTS=paper is set"),
        ({"IBKR_LIVE_TESTS": "paper"}, (), "give --host and --port of one, or set TWS_USERID"),
        ({"IBKR_LIVE_TESTS": "paper"}, ("--port", "4002", "-n", "1"), "leave out -n"),
    ],
)
def test_the_live_tier_says_what_it_lacks(suite, environment, arguments, sentence) -> None:
    result = run(suite, "--tier", "live", *arguments, environment=environment)
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert sentence in result.stderr


def test_without_an_engine_the_container_tier_says_so(suite, tmp_path) -> None:
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/no.sock"}
    result = run(suite, "--tier", "container", environment=nowhere)
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--tier container needs a Docker engine, and none answers" in result.stderr
