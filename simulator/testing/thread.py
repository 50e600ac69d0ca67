"""The thread on which the gateways of one test process are served.

It has a loop of its own, so that clients that block and tests with another loop are served
alike. Rule: whatever touches a world does it here, through `call`, and sees all that was sent
to the gateway before it was called.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from simulator.logs import log_plainly
from simulator.world_settings import WorldError

R = TypeVar("R")

HOPS = 2
"""Turns of the loop before a call: the first polls the sockets, the second reads them."""

PATIENCE_S = 60.0
"""No verb takes as long but a long advance, and that had better be told than waited for."""


class GatewayThread:
    """A running loop; `stop` ends it."""

    def __init__(self) -> None:
        # Not the loop of the platform or of a policy: on a selector what a client has sent
        # before a call is readable when that is made, and so is read before it.
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._run, name="ib-gateway", daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], R]) -> R:
        """Run a function on the thread and return its result, or raise what it raises."""
        done: concurrent.futures.Future[R] = concurrent.futures.Future()
        self._loop.call_soon_threadsafe(self._hop, HOPS, function, done)
        return _result(done)

    def await_(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine on the thread's loop to its end."""
        return _result(asyncio.run_coroutine_threadsafe(coroutine, self._loop))

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def _run(self) -> None:
        log_plainly()
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _hop(
        self, left: int, function: Callable[[], R], done: concurrent.futures.Future[R]
    ) -> None:
        if left:
            self._loop.call_soon(self._hop, left - 1, function, done)
            return
        try:
            done.set_result(function())
        except BaseException as error:  # noqa: BLE001 - it is raised where the call was made
            done.set_exception(error)


def _result(done: concurrent.futures.Future[R]) -> R:
    try:
        return done.result(PATIENCE_S)
    except TimeoutError:
        if done.done():  # it is the function's own
            raise
        raise WorldError(
            f"the gateway was not done within {PATIENCE_S:g} s; advance in smaller steps, and set "
            "the quotes by hand that orders wait for"
        ) from None
