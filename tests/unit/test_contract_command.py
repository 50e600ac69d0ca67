"""`ibkr contract` on a suite of its own: page, file, progress, and an exit status that is true."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ibkr.cli import cli

TESTS = Path(__file__).parents[1]
PATIENCE_S = 60
LEAN = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_PLUGINS": "pytest_bdd.plugin,xdist.plugin",
}
"""What the suite needs of pytest, and no more: a run of it takes half the time."""

FEATURE = """
Feature: Trading
  @mock
  Scenario: Connecting
    Given a gateway

  @mock
  Scenario Outline: <b>Buying</b>
    Given a gateway
    When <what> happens
    Then all is well

    Examples:
      | what    |
      | nothing |
"""
CONFTEST = """
import os, signal
from types import SimpleNamespace
import pytest
from pytest_bdd import given, parsers, then, when

pytest_plugins = ("contract_results",)

def pytest_addoption(parser):
    parser.addoption("--tier", action="append", choices=("mock",))

def pytest_generate_tests(metafunc):
    metafunc.parametrize("tier", ["mock"], indirect=True)

class Stage:
    async def transcript(self):
        return [{"time_ms": 1000, "client_id": 7, "direction": "in", "name": "PlaceOrder",
                 "fields": {"account": "DU1234567", "action": "BUY", "text": "178\\0now"}}]

@pytest.fixture(autouse=True)
def tier(request, run):
    return SimpleNamespace(stage=Stage())

@pytest.fixture
def run():
    import asyncio
    return asyncio.run

@given("a gateway")
def gateway(tier, run): ...

@when(parsers.parse("{what} happens"))
def happens(what):
    if what == "failure":
        assert 1 + 1 == 3
    if what == "death":
        os._exit(9)
    if what == "skipping":
        pytest.skip("the market is closed")
    if what == "interruption":
        raise KeyboardInterrupt

@then("all is well")
def well(): ...
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    root = tmp_path / "suite"
    contract = root / "tests" / "contract"
    contract.mkdir(parents=True)
    (root / "features").mkdir()
    (root / "features" / "trading.feature").write_text(FEATURE)
    shutil.copy(TESTS / "contract_results.py", root / "tests")
    (root / "tests" / "conftest.py").write_text(CONFTEST)
    shutil.copy(TESTS / "contract" / "test_features.py", contract)
    (root / "pytest.ini").write_text(
        "[pytest]\naddopts = -p no:randomly\npythonpath = tests\nmarkers =\n    mock: m\n"
    )
    return root


def tell(suite: Path, what: str) -> None:
    path = suite / "features" / "trading.feature"
    path.write_text(path.read_text().replace("nothing", what))


def run(suite: Path, *arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ibkr", "contract", "--output", "report", *arguments],
        cwd=suite,
        env=os.environ
        | LEAN
        | {"PYTHONPATH": f"{path}:{TESTS.parent}" if path else str(TESTS.parent)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def report_of(suite: Path) -> tuple[dict, str]:
    directory = suite / "report"
    return json.loads((directory / "results.json").read_text()), (
        directory / "index.html"
    ).read_text()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_suite_that_passes_is_reported_line_by_line_and_ends_with_0(suite, workers):
    done = run(suite, "--workers", workers)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2/2 passed" in done.stdout
    assert "passed 2, failed 0, skipped 0, divergences 0" in done.stdout
    facts, page = report_of(suite)
    assert facts["ok"] is True
    assert facts["runs"][0]["library"] in {"ib_insync", "ib_async"}
    assert [scenario["name"] for scenario in facts["scenarios"]] == [
        "Connecting",
        "<b>Buying</b>",
    ]
    assert "The contracts hold" in page
    assert "<b>Buying</b>" not in page
    assert "&lt;b&gt;Buying&lt;/b&gt;" in page


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_failure_stands_with_its_step_its_message_and_what_was_on_the_wire(suite, workers):
    tell(suite, "failure")
    done = run(suite, "--workers", workers)
    assert done.returncode == 1
    assert "failed  mock      Trading: <b>Buying</b> what=failure" in done.stdout
    facts, page = report_of(suite)
    (broken,) = [one for one in facts["scenarios"] if one["examples"]]
    (result,) = broken["results"]
    assert [step["outcome"] for step in result["steps"]] == ["passed", "failed", "not reached"]
    assert "assert (1 + 1) == 3" in result["failures"][0]["message"]
    assert result["transcript"] == [
        {
            "time": "1970-01-01T00:00:01.000+00:00",
            "client_id": 7,
            "direction": "in",
            "name": "PlaceOrder",
            "fields": "account=DU***67, action=BUY, text=178 now",
        }
    ]
    assert "1 failure<" in page
    assert "account=DU***67, action=BUY, text=178 now" in page


def test_a_skipped_scenario_is_shown_as_skipped_with_its_reason(suite):
    tell(suite, "skipping")
    done = run(suite)
    assert done.returncode == 0
    assert "passed 1, failed 0, skipped 1" in done.stdout
    assert "the market is closed" in report_of(suite)[1]


@pytest.mark.parametrize(
    ("what", "workers", "said"),
    [
        ("death", "1", "the run was interrupted"),
        ("death", "2", "crashed while running"),
        ("interruption", "1", "pytest ended with status 2"),
    ],
)
def test_a_run_that_breaks_off_is_never_a_success_and_the_page_says_it(suite, what, workers, said):
    tell(suite, what)
    done = run(suite, "--workers", workers)
    assert done.returncode == 1, done.stdout + done.stderr
    facts, page = report_of(suite)
    assert facts["ok"] is False
    assert said in page
    assert "The contracts hold" not in page


def heeds_interrupts() -> None:
    """A shell starts what runs in the background, this suite perhaps, deaf to interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_all_and_still_writes_the_page(suite, told):
    twice = ("--python", sys.executable, "--python", sys.executable)
    tell(suite, "waiting")
    conftest = suite / "tests" / "conftest.py"
    waits = (
        "    if what == 'waiting':\n        print('x'); __import__('threading').Event().wait()\n"
    )
    conftest.write_text(
        conftest.read_text().replace("def happens(what):\n", f"def happens(what):\n{waits}")
    )
    with subprocess.Popen(
        [sys.executable, "-m", "ibkr", "contract", "--output", "report", *twice],
        cwd=suite,
        env=os.environ | LEAN | {"PYTHONPATH": str(TESTS.parent)},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=heeds_interrupts,  # noqa: PLW1509 - takes no lock
    ) as process:
        # interrupted in the middle of printing it, the command may print the line once more
        next(line for line in process.stdout if "1/2 passed" in line)
        process.send_signal(told)  # the other one waits for ever
        assert process.wait(PATIENCE_S) == 1
    facts, page = report_of(suite)
    assert "the run was told to stop" in page
    assert (len(facts["runs"]), facts["totals"]["passed"]) == (1, 1)


def test_a_suite_without_scenarios_is_no_success(suite):
    (suite / "features" / "trading.feature").write_text("Feature: Nothing\n")
    done = run(suite)
    assert done.returncode == 1
    assert "no scenario has run" in done.stdout
    assert "This run proves nothing" in report_of(suite)[1]


def test_a_scenario_that_cannot_be_collected_is_on_the_page(suite):
    (suite / "tests" / "contract" / "test_broken.py").write_text("import nowhere\n")
    done = run(suite)
    assert done.returncode == 1
    assert "test_broken.py cannot be collected" in report_of(suite)[1]


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        ("'--tier moon is no tier; use one of mock, sun'", "Error: --tier moon is no tier; use"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_what_the_suite_refuses_is_said_in_its_own_words_and_nothing_was_run(
    suite, refusal, said, workers
):
    conftest = suite / "tests" / "conftest.py"
    text = conftest.read_text().replace(', choices=("mock",)', "")
    text += f"""
def pytest_configure(config):
    if config.getoption("--tier"):
        raise pytest.UsageError({refusal})
"""
    conftest.write_text(text)
    done = run(suite, "--tier", "moon", "--workers", workers)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert not (suite / "report").exists()


@pytest.mark.parametrize("module", ["pytest", "pytest_bdd"])
def test_an_environment_without_what_the_suite_needs_is_told_how_to_get_it(suite, module):
    (suite / "none").mkdir()
    (suite / "none" / f"{module}.py").write_text(
        f"raise ModuleNotFoundError(\"No module named '{module}'\")\n"
    )
    done = run(suite, path=suite / "none")
    assert done.returncode == 2, done.stdout
    assert f"{sys.executable} has no module {module}: install" in done.stderr
    assert f"cd {suite} && pip install --group test" in done.stderr


def test_a_tier_that_selects_nothing_is_said_in_the_words_of_the_suite(suite):
    conftest = suite / "tests" / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        + """
def pytest_collection_modifyitems(config):
    raise pytest.UsageError("--tier mock selects no scenario")
"""
    )
    done = run(suite)
    assert done.returncode == 1
    assert "--tier mock selects no scenario" in done.stdout


def test_an_interpreter_that_cannot_run_the_suite_does_not_undo_the_run_of_another(suite):
    done = run(suite, "--python", sys.executable, "--python", "/nowhere/python")
    assert done.returncode == 1
    assert "--python /nowhere/python cannot be started: No such file" in done.stdout
    facts, page = report_of(suite)
    assert facts["totals"]["passed"] == 2
    assert "/nowhere/python cannot be started" in page


def test_a_place_that_cannot_be_written_is_named_before_anything_is_run(suite):
    (suite / "file").touch()
    done = run(suite, "--output", "file/report")
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot write to file/report: file is no directory" in done.stderr
    assert "Choose another --output" in done.stderr


def test_a_message_without_end_is_cut(suite):
    tell(suite, "failure")
    conftest = suite / "tests" / "conftest.py"
    conftest.write_text(conftest.read_text().replace("1 + 1 == 3", "not 'x' * 3_000_000"))
    assert run(suite).returncode == 1
    assert (suite / "report" / "index.html").stat().st_size < 200_000


def test_results_of_another_environment_are_added(suite):
    assert run(suite).returncode == 0
    shutil.copy(suite / "report" / "results.json", suite / "earlier.json")
    done = run(suite, "--add", "earlier.json")
    assert done.returncode == 0
    facts, _ = report_of(suite)
    assert len(facts["runs"]) == 2
    assert [len(scenario["results"]) for scenario in facts["scenarios"]] == [2, 2]
    done = run(suite, "--only-added", "--add", "earlier.json")
    assert (done.returncode, len(report_of(suite)[0]["runs"])) == (0, 1)


def test_every_interpreter_named_is_a_run(suite):
    done = run(suite, "--python", sys.executable, "--python", sys.executable)
    assert done.returncode == 0
    assert "passed 4" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--suite", "nowhere"], "--suite nowhere has no tests/contract and features"),
        ([], "no contract suite here, and none is installed with the package: run this in"),
        (["--only-added"], "--only-added needs results to show: name them with --add"),
        (["--add", "bad.json"], "--add bad.json is no results file of schema version 1"),
        (["--library", "tws"], "'tws' is not one of 'ib_insync', 'ib_async'"),
    ],
)
def test_wrong_use_is_one_sentence_and_status_2(tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text('{"schema_version": 7}')
    result = CliRunner().invoke(cli, ["contract", *arguments])
    assert result.exit_code == 2
    assert said in result.output
    assert not Path("contract-report").exists()


def test_an_interpreter_that_is_none_is_named(suite):
    done = run(suite, "--python", "/nowhere/python")
    assert done.returncode == 2
    assert "--python /nowhere/python cannot be started: No such file" in done.stderr
