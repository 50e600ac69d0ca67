"""Options of the whole suite, and the plugin that is a part of what is tested."""

from importlib.metadata import entry_points

import pytest

PLUGIN = "simulator.pytest_plugin"
IS_INSTALLED = any(point.value == PLUGIN for point in entry_points(group="pytest11"))
"""Where the package is only on the path, the plugin has no entry point to be found by."""

pytest_plugins = ["pytester", "contract_results"]
if not IS_INSTALLED:
    pytest_plugins.append(PLUGIN)
pytest.register_assert_rewrite("steps", "trading_steps")  # a failed step shows its values

TIERS = ("mock", "simulator")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--tier",
        action="append",
        choices=TIERS,
        help="Run the contracts on this tier only; may be given several times. "
        "Default: mock and simulator.",
    )
    parser.addoption(
        "--library",
        action="append",
        metavar="NAMES",
        help="Compare with these installed client libraries only (ib_insync, ib_async, ibapi); "
        "may be given several times. Default: ib_insync and ibapi.",
    )
