"""A current event loop for tests whose client blocks, where they would find none.

Knows no client. Rule: a loop that is there stays, and a test that is a coroutine has its own.
"""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock


@contextmanager
def loop_for_blocking_clients(test: object) -> Iterator[None]:
    """Have a blocking test find a loop, as ib_insync looks for that of the thread.

    There is none after an async test, and from Python 3.14 on at any time. Afterwards the loop
    has its turns, so that what the test has closed is closed.
    """
    if inspect.iscoroutinefunction(test):
        yield
        return
    loop = _current_loop()
    if loop is None:
        with asyncio.Runner() as runner:
            runner.get_loop()  # makes it that of the thread, and its end has turns enough
            yield
        return
    yield
    if not (loop.is_closed() or loop.is_running()):
        loop.run_until_complete(asyncio.sleep(0))


def _current_loop() -> asyncio.AbstractEventLoop | None:
    """The loop of the thread, if there is one.

    Up to Python 3.13 who asks for it makes one, which nobody would close: that is prevented.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        policy = asyncio.get_event_loop_policy()
        try:
            with mock.patch.object(policy, "new_event_loop", side_effect=RuntimeError):
                loop = asyncio.get_event_loop()
        except RuntimeError:
            return None
    return None if loop.is_closed() else loop
