"""Options of the whole suite, and the plugin that is a part of what is tested."""

import logging
from collections.abc import Iterator
from importlib.metadata import entry_points

import pytest
import structlog
from tiers import DEFAULT, TIERS, tier_of

PLUGIN = "simulator.pytest_plugin"
IS_INSTALLED = any(point.value == PLUGIN for point in entry_points(group="pytest11"))
"""Where the package is only on the path, the plugin has no entry point to be found by."""

pytest_plugins = ["pytester", "contract_results", "tiers.tally"]
if not IS_INSTALLED:
    pytest_plugins.append(PLUGIN)
pytest.register_assert_rewrite("steps")  # a failed step shows its values


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--tier",
        action="append",
        metavar="NAME",
        help=f"Run the contracts on this tier only ({', '.join(TIERS)}); may be given several "
        f"times. Default: {' and '.join(DEFAULT)}.",
    )
    parser.addoption("--host", default="127.0.0.1", help="Where the gateway of tier live runs.")
    parser.addoption(
        "--port",
        type=int,
        help="Its port; without one a gateway is started in a container, for the login that "
        "TWS_USERID and TWS_PASSWORD_FILE name.",
    )
    parser.addoption(
        "--live-report", metavar="FILE", help="Write the orders that tier live sent to a JSON file."
    )
    parser.addoption(
        "--library",
        action="append",
        metavar="NAMES",
        help="Compare with these installed client libraries only (ib_insync, ib_async, ibapi); "
        "may be given several times. Default: ib_insync and ibapi.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a tier that cannot be run here before anything is."""
    if hasattr(config, "workerinput"):
        return
    for name in config.getoption("--tier") or []:
        try:
            missing = tier_of(name).missing(config.option)
        except LookupError as error:
            raise pytest.UsageError(str(error)) from None
        except ImportError as error:
            raise pytest.UsageError(
                f"--tier {name} needs the package {error.name}: install it with the extra "
                "`containers`, as in pip install ibkr-testbed[containers]"
            ) from None
        if missing:
            raise pytest.UsageError(missing)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A command that is run within a test configures the logs of the process."""
    before = structlog.get_config()
    levels = {name: logging.getLogger(name).level for name in ("ib_insync", "ib_async")}
    yield
    structlog.configure(**before)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
