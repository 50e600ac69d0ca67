"""`--contract-results FILE`: what became of every scenario, as lines of JSON, as it happens.

A line is one event: `start`, `collected`, `result` for each scenario on each tier, `problem`
for what went wrong outside a scenario, `finish`. A file without `finish` is a run that was
interrupted. It knows scenarios and pytest's reports, and not what is made of the lines.
Rule: facts come from the objects, never from printed text, and cross from xdist's workers
in `report.user_properties`; only the process that collects the reports writes.
"""

import inspect
import json
import platform
from collections.abc import Generator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter
from typing import Any, TextIO

import pytest
from pytest_bdd.scenario import scenario_wrapper_template_registry

PROPERTY = "contract"
OTHER_TESTS = "Tests beside the features"
MOST_DETAIL = 20_000
MOST_FRAMES = 500
MOST_TEXT = 2_000

STEPS = pytest.StashKey[list[dict[str, Any]]]()
SEEN = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--contract-results",
        metavar="FILE",
        help="Write what became of every scenario to FILE, one JSON object a line.",
    )


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--contract-results")
    if path is None:
        return
    config.pluginmanager.register(Observer(), "contract-observer")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Writer(Path(path)), "contract-writer")


# --- beside each scenario, in whatever process it runs ------------------------------


class Observer:
    """Puts a description of the scenario, and of its failure, into each of its reports."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        facts = _described(item) | {
            "steps": item.stash.get(STEPS, []),
            "observations": item.stash.get(SEEN, {}),
        }
        if report.failed:
            facts["transcript"] = _transcript(item)
        report.user_properties.append((PROPERTY, facts))
        return report

    @pytest.hookimpl
    def pytest_bdd_before_scenario(self, request, scenario) -> None:
        request.node.stash[STEPS] = [
            {
                "keyword": step.keyword,
                "text": step.name,
                "line": step.line_number,
                "outcome": "not reached",
                "duration_s": 0.0,
            }
            for step in scenario.steps
        ]
        request.node.stash[SEEN] = {}

    @pytest.hookimpl
    def pytest_bdd_before_step(self, request, scenario, step) -> None:
        row = request.node.stash[STEPS][scenario.steps.index(step)]
        row |= {"outcome": "failed", "duration_s": -perf_counter()}

    @pytest.hookimpl
    def pytest_bdd_after_step(self, request, scenario, step) -> None:
        row = request.node.stash[STEPS][scenario.steps.index(step)]
        row["outcome"] = "passed"
        row["duration_s"] += perf_counter()
        request.node.stash[SEEN] |= _server_version(request.node)

    @pytest.hookimpl
    def pytest_bdd_step_error(self, request, scenario, step) -> None:
        request.node.stash[STEPS][scenario.steps.index(step)]["duration_s"] += perf_counter()

    @pytest.hookimpl
    def pytest_bdd_step_func_lookup_error(self, request, scenario, step) -> None:
        request.node.stash[STEPS][scenario.steps.index(step)]["outcome"] = "failed"

    @pytest.hookimpl
    def pytest_bdd_after_scenario(self, request) -> None:
        request.node.stash[SEEN] |= _observations(request.node)


def _described(item: pytest.Item) -> dict[str, Any]:
    params = item.callspec.params if hasattr(item, "callspec") else {}
    template = scenario_wrapper_template_registry.get(getattr(item, "obj", None))
    if template is None:
        file = item.nodeid.partition("::")[0]
        where = {"feature": OTHER_TESTS, "file": file, "line": 0, "name": item.name, "tags": []}
        return where | {"examples": {}, "tier": str(params.get("tier", "suite"))}
    examples = params.get("_pytest_bdd_example", {})
    scenario = template.render(examples)
    return {
        "feature": scenario.feature.name,
        "file": Path(scenario.feature.filename).name,
        "line": scenario.line_number,
        "name": scenario.name,
        "tags": sorted(scenario.tags | scenario.feature.tags),
        "examples": {str(name): str(value) for name, value in examples.items()},
        "tier": str(params["tier"]),
    }


def _fixture(item: pytest.Item, name: str) -> Any:
    return getattr(item, "funcargs", {}).get(name)


def _observations(item: pytest.Item) -> dict[str, str]:
    """What every tier's client can be asked when the scenario is over."""
    client = getattr(_fixture(item, "tier"), "client", None)
    if client is None:
        return {}
    lines = client.metrics.exposition().decode().splitlines()
    samples = (line.rpartition(" ") for line in lines if line.startswith("ib_"))
    return {"state": str(client.state)} | {name: value for name, _, value in samples}


def _server_version(item: pytest.Item) -> dict[str, str]:
    info = getattr(getattr(_fixture(item, "tier"), "client", None), "_info", None)
    return {} if info is None else {"server_version": str(info.server_version)}


def _transcript(item: pytest.Item) -> list[dict[str, Any]]:
    """The newest frames, from a stage that keeps them; a failure to read them is shown too."""
    ask = getattr(getattr(_fixture(item, "tier"), "stage", None), "transcript", None)
    if ask is None:
        return []
    try:
        frames = ask()
        if inspect.isawaitable(frames):
            frames = _fixture(item, "run")(frames)
        return [_plain(frame) for frame in list(frames)[-MOST_FRAMES:]]
    except Exception as error:  # noqa: BLE001 - whatever it is, the scenario's own failure matters
        return [_plain({"name": "the transcript cannot be read", "fields": repr(error)})]


def _plain(frame: dict[str, Any]) -> dict[str, Any]:
    fields = frame.get("fields", "")
    if isinstance(fields, dict):
        fields = ", ".join(f"{name}={value}" for name, value in fields.items())
    moment = datetime.fromtimestamp(frame.get("time_ms", 0) / 1000, UTC)
    return {
        "time": moment.isoformat(timespec="milliseconds") if "time_ms" in frame else "",
        "client_id": frame.get("client_id"),
        "direction": str(frame.get("direction", "")),
        "name": str(frame.get("name", "")),
        # a handshake has its parts apart by a zero byte, which no page may hold
        "fields": "".join(c if c.isprintable() else " " for c in str(fields)[:MOST_TEXT]),
    }


# --- once, where the reports come together ------------------------------------------


class Writer:
    """Writes the lines. One result is written when its last phase has been reported."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._open: dict[str, dict[str, Any]] = {}
        self._collected: set[str] = set()

    def _write(self, event: str, **facts: Any) -> None:
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8")
        self._file.write(json.dumps({"event": event, **facts}) + "\n")
        self._file.flush()

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        # the client is not there where only the simulator is compared with a library
        from ibkr import Settings  # noqa: PLC0415
        from ibkr.library import load  # noqa: PLC0415

        library = load(Settings().library)
        self._write(
            "start",
            time=datetime.now(UTC).isoformat(),
            library=library.name,
            library_version=library.version,
            package_version=_package_version(),
            python=platform.python_version(),
            platform=f"{platform.system()} {platform.machine()}",
            tiers=session.config.getoption("--tier") or [],
        )

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._note_collected({item.nodeid for item in session.items})

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._note_collected(set(ids))

    def _note_collected(self, ids: set[str]) -> None:
        if not ids <= self._collected:
            self._collected |= ids
            self._write("collected", ids=sorted(self._collected))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._write("problem", text=f"{report.nodeid} cannot be collected: {_message(report)}")

    def pytest_internalerror(self, excrepr: Any) -> None:
        self._write("problem", text=f"pytest failed: {str(excrepr)[-MOST_DETAIL:]}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        entry = self._open.setdefault(
            report.nodeid, {"id": report.nodeid, "outcome": "passed", "duration_s": 0.0}
        )
        facts = dict(report.user_properties).get(PROPERTY, {})
        entry |= {key: value for key, value in facts.items() if value or key not in entry}
        entry["duration_s"] += report.duration
        if report.failed:
            entry["outcome"] = "failed"
            entry.setdefault("failures", []).append(
                {
                    "phase": str(report.when),
                    "message": _message(report),
                    "detail": report.longreprtext[-MOST_DETAIL:],
                }
            )
        elif report.skipped and entry["outcome"] == "passed":
            entry["outcome"] = "skipped"
            entry["reason"] = getattr(report, "wasxfail", "") or _message(report)
        if report.when not in {"setup", "call"}:  # teardown, or what xdist says of a crash
            self._write("result", **self._open.pop(report.nodeid))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        for entry in self._open.values():
            self._write("problem", text=f"{entry['id']} was started and did not end")
        self._write("finish", time=datetime.now(UTC).isoformat(), exit_status=int(exitstatus))


def _message(report: pytest.TestReport | pytest.CollectReport) -> str:
    return _whole_message(report)[:MOST_DETAIL]


def _whole_message(report: pytest.TestReport | pytest.CollectReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message) if ":" in crash.message else _with_line(report, crash.message)
    if isinstance(report.longrepr, tuple):  # of a skip: file, line, reason
        return str(report.longrepr[-1])
    return str(report.longrepr)


def _with_line(report: pytest.TestReport | pytest.CollectReport, message: str) -> str:
    """A message of one word says nothing: add the line of the test that raised it."""
    marked = [line[1:].strip() for line in report.longreprtext.splitlines() if line[:1] == ">"]
    return f"{message}: {marked[-1]}" if marked else message


def _package_version() -> str:
    try:
        return version("ibkr-testbed")
    except PackageNotFoundError:
        return "checkout"
