"""The verbs of a world, to be called from any thread.

Knows no verb by itself. Rule: a verb keeps its name, its parameters and its result, so that
an editor and a type checker know them as those of `World`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial, wraps
from typing import Concatenate, Generic, ParamSpec, TypeVar

from simulator.world import World

P = ParamSpec("P")
R = TypeVar("R")


class OnThread(ABC):
    """Whatever lets a function have its world, where that lives."""

    @abstractmethod
    def on_world(self, function: Callable[[World], R]) -> R:
        """The result of a function of the world, called where the world lives."""


class Verb(Generic[P, R]):
    """A method of `World`, as one of its handle."""

    def __init__(self, method: Callable[Concatenate[World, P], R]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __get__(self, handle: OnThread, owner: type | None = None) -> Callable[P, R]:
        if handle is None:
            return self  # type: ignore[unreachable]
        method = self._method

        @wraps(method)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            return handle.on_world(lambda world: partial(method, world)(*args, **kwargs))

        return call
