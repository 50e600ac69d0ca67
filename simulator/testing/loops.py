"""Current event loops for tests and fixtures whose client blocks, where they would find none.

ib_insync and ib_async look for the loop of the thread, and a client lives on the one it was
connected on. There is none after an async test, and from Python 3.14 on at any time. Knows no
client. Rule: a test that is a coroutine has its own, and what was current before is so again;
where nobody has set a loop yet (up to Python 3.13 who asks for one gets one) ours stays.
"""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock


class Loops:
    """The loop of clients that outlive a test, and one for each test whose client does not."""

    def __init__(self) -> None:
        self._runner = _runner()
        self._is_in_force = False

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        """The loop of the run; another if somebody has closed it (pytest-asyncio before 1.0)."""
        if self._runner.get_loop().is_closed():
            self._runner = _runner()
        return self._runner.get_loop()

    @contextmanager
    def of_run(self) -> Iterator[None]:
        """Have the one loop be current on which blocking clients of the whole run live."""
        loop = self._loop
        before, was_in_force = loop if _is_unset() else _current_loop(), self._is_in_force
        asyncio.set_event_loop(loop)
        self._is_in_force = True
        try:
            yield
        finally:
            self._is_in_force = was_in_force
            if _current_loop() is loop:  # else somebody has set another one, and means it
                asyncio.set_event_loop(before)

    @contextmanager
    def of_test(self, test: object) -> Iterator[None]:
        """Have a blocking test find a loop: the one that is there, or one of its own.

        Afterwards the loop has its turns, so that what the test has closed is closed.
        """
        if inspect.iscoroutinefunction(test):
            yield
            return
        loop = _current_loop()
        if loop is None or (loop is self._loop and not self._is_in_force):
            after = self._loop if _is_unset() else loop
            with asyncio.Runner() as runner:
                runner.get_loop()  # makes it that of the thread, and its end has turns enough
                yield
            asyncio.set_event_loop(after)
            return
        yield
        if not (loop.is_closed() or loop.is_running()):
            loop.run_until_complete(asyncio.sleep(0))

    def withdraw(self) -> None:
        """Have none be current rather than ours: a plugin for async tests may close that."""
        if _current_loop() is self._loop:
            asyncio.set_event_loop(None)

    def close(self) -> None:
        self.withdraw()  # and have one that can be closed
        self._runner.close()


def _runner() -> asyncio.Runner:
    """One that leaves alone which loop is current."""
    return asyncio.Runner(loop_factory=asyncio.new_event_loop)


def _current_loop() -> asyncio.AbstractEventLoop | None:
    """The loop of the thread, if there is one that is open."""
    loop, _ = _look()
    return None if loop is None or loop.is_closed() else loop


def _is_unset() -> bool:
    """Whether who asks for the loop of the thread would get a new one."""
    _, would_be_made = _look()
    return would_be_made


def _look() -> tuple[asyncio.AbstractEventLoop | None, bool]:
    """The loop of the thread, and whether asking for it would make one, which nobody would close:
    that is prevented.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        policy = asyncio.get_event_loop_policy()
        with mock.patch.object(policy, "new_event_loop", side_effect=RuntimeError) as make:
            try:
                return asyncio.get_event_loop(), False
            except RuntimeError:
                return None, make.called
