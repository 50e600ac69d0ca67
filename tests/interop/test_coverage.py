"""No silent corner: every request an installed library can send is answered or refused by name."""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap

from simulator import World
from simulator.messages import REQUESTS

from . import coverage


def ids_of_asyncio_library(name: str) -> set[int]:
    """The ids its client sends: the first field of each list or call that goes to `send`."""
    client = importlib.import_module(f"{name}.client").Client
    ids = set()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(client)))):
        is_send = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "send"
        first = node.args[:1] if is_send else node.elts[:1] if isinstance(node, ast.List) else []
        if first and isinstance(first[0], ast.Constant) and type(first[0].value) is int:
            ids.add(first[0].value)
    return ids


def ids_of_vendor_library() -> set[int]:
    out = importlib.import_module("ibapi.message").OUT
    return {value for name, value in vars(out).items() if name.isupper() and isinstance(value, int)}


def test_every_request_of_the_library_is_answered_or_refused_by_name(library) -> None:
    asyncio_library = library.name in {"ib_insync", "ib_async"}
    ids = ids_of_asyncio_library(library.name) if asyncio_library else ids_of_vendor_library()
    assert len(ids) > 70
    assert not ids - set(REQUESTS.by_id)
    handled = set(World().gateway._handlers)
    start_api = 71
    assert {REQUESTS.by_id[id_].record for id_ in ids - {start_api}} <= handled


def test_the_page_shows_what_is_checked() -> None:
    assert coverage.FILE.read_text(encoding="utf-8") == coverage.page(), (
        "run `PYTHONPATH=tests:. python -m interop.coverage` and look at the difference"
    )
