"""The client library: which is taken, what is said when there is none, and that it fits."""

import asyncio
import inspect
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from ibkr import ConnectionLost, IBKRClient, library
from ibkr.library import LibraryMissing
from ibkr.link import GatewayLink
from ibkr.settings import Settings


def present(monkeypatch, *names):
    monkeypatch.setattr(library, "find_spec", lambda name: name if name in names else None)


@pytest.mark.parametrize(
    ("here", "asked", "taken"),
    [
        (("ib_insync",), None, "ib_insync"),
        (("ib_async",), None, "ib_async"),
        (("ib_async", "ib_insync"), None, "ib_insync"),
        (("ib_async", "ib_insync"), "ib_async", "ib_async"),
    ],
)
def test_the_library_asked_for_is_taken_or_else_the_one_installed(monkeypatch, here, asked, taken):
    present(monkeypatch, *here)
    monkeypatch.setattr(library, "import_module", lambda name: name)
    assert library.module(asked) == taken


@pytest.mark.parametrize(
    ("here", "asked", "said"),
    [
        ((), None, "no client library is installed: pip install ib_insync, or ib_async"),
        ((), "ib_async", "library ib_async is not installed: pip install ib_async"),
        (
            ("ib_insync",),
            "ib_async",
            "library ib_async is not installed: pip install ib_async, or set library to ib_insync",
        ),
    ],
)
def test_a_missing_library_is_named_with_the_remedy(monkeypatch, here, asked, said):
    present(monkeypatch, *here)
    with pytest.raises(LibraryMissing) as refused:
        IBKRClient(library=asked)
    assert str(refused.value) == said


def link_of(ib):
    return GatewayLink(
        ib,
        Settings(),
        None,
        None,
        library=library.load(),
        first_id=1,
        now=lambda: datetime.now(UTC),
    )


async def test_a_request_that_the_library_fails_as_its_socket_closes_is_a_lost_link():
    failed = asyncio.get_running_loop().create_future()
    failed.set_exception(ConnectionError("Socket disconnect"))
    with pytest.raises(ConnectionLost, match="dropped during executions: Socket disconnect"):
        await link_of(library.load().IB()).answer(failed, 1.0, "executions")


async def test_every_handler_of_ours_takes_what_the_installed_library_hands_over():
    ib = library.load().IB()
    link = link_of(ib)
    ours = {
        name: handler
        for name, handler in vars(ib.wrapper).items()
        if getattr(handler, "__self__", None) is link
        or getattr(handler, "__qualname__", "").startswith("GatewayLink.")
    }
    assert len(ours) == 15
    for name, handler in ours.items():
        theirs = inspect.signature(getattr(type(ib.wrapper), name))
        positional = list(theirs.parameters)[1:]
        inspect.signature(handler).bind(*positional)


def test_the_library_is_asked_for_its_version():
    assert library.load().version == library.module().__version__


def test_package_and_mock_load_no_library():
    script = (
        "import sys, ibkr; ibkr.MockIBKRClient(); "
        "print([name for name in ('ib_insync', 'ib_async', 'eventkit') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert shown.stdout.split() == [b"[]"]
