"""Which stories are run: those that need no tool, or with `--with TOOL` those that need it."""

import pytest

from .stories import TOOLS, all_stories


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--with",
        choices=TOOLS,
        help="Run the stories of the documentation that need this tool, and no others.",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "story" not in metafunc.fixturenames:
        return
    tool = metafunc.config.getoption("--with", None)
    chosen = [s for s in all_stories() if s.needs == (frozenset({tool}) if tool else frozenset())]
    if not chosen:
        raise pytest.UsageError(f"no story of the documentation needs {tool}")
    names = [f"{story.page} {story.title}".strip().replace(" ", "-") for story in chosen]
    metafunc.parametrize("story", chosen, ids=names)
