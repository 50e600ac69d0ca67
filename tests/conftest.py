"""Options of the whole suite."""

import pytest

pytest_plugins = ("contract_results",)
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
