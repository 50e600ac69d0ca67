"""The client library that IBKRClient works over: ib_insync, or ib_async, its successor.

Both have the same names, and both ship a module `eventkit`, so one environment has one of
them. It knows which names the rest needs, and nothing of what they do.
Rule: no other room imports either; it is loaded when the first client is made, so that
the models, the mock and the app work where neither is installed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Literal, get_args

LibraryName = Literal["ib_insync", "ib_async"]

LIBRARIES: tuple[LibraryName, ...] = get_args(LibraryName)


class LibraryMissing(ImportError):  # noqa: N818 - as the other errors of the package
    """The library asked for, or any at all, is not installed."""


@dataclass(frozen=True, slots=True)
class Library:
    name: LibraryName
    version: str
    IB: Callable[[], Any]
    Contract: Callable[..., Any]
    Order: Callable[..., Any]
    ExecutionFilter: Callable[..., Any]


def installed() -> tuple[LibraryName, ...]:
    """The libraries of this environment, the default first."""
    return tuple(name for name in LIBRARIES if find_spec(name) is not None)


def load(name: LibraryName | None = None) -> Library:
    """The library of that name; None takes what is installed, ib_insync first.

    Raises LibraryMissing.
    """
    found = module(name)
    return Library(
        name=name or installed()[0],
        version=str(found.__version__),
        IB=found.IB,
        Contract=found.Contract,
        Order=found.Order,
        ExecutionFilter=found.ExecutionFilter,
    )


def module(name: LibraryName | None = None) -> ModuleType:
    """The module itself. Raises LibraryMissing as `load` does."""
    here = installed()
    if name is None and not here:
        raise LibraryMissing("no client library is installed: pip install ib_insync, or ib_async")
    chosen = here[0] if name is None else name
    if chosen not in here:
        other = f", or set library to {here[0]}" if here else ""
        raise LibraryMissing(f"library {chosen} is not installed: pip install {chosen}{other}")
    return import_module(chosen)
