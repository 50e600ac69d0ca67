"""Runs of pytest within a test, as in a project of somebody else."""

from importlib.metadata import entry_points

import ib_insync  # noqa: F401 - what is loaded here is not loaded again by each run
import pytest

import simulator.testing  # noqa: F401

PLUGIN = "simulator.pytest_plugin"
INI = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


@pytest.fixture
def run(pytester: pytest.Pytester):
    """Write a test file, and lines of the ini file, and run them; every warning is an error."""
    is_installed = any(point.value == PLUGIN for point in entry_points(group="pytest11"))

    def run_tests(
        source: str, *args: str, ini: str = "", in_own_process: bool = False
    ) -> pytest.RunResult:
        pytester.makeini(INI + ini)
        pytester.makepyfile(source)
        loaded = () if is_installed else ("-p", PLUGIN)
        start = pytester.runpytest_subprocess if in_own_process else pytester.runpytest_inprocess
        return start(*loaded, "-p", "no:randomly", *args)

    return run_tests
