"""How fast requests may go out: the gateway ends a session that sends too many per second.

It knows no requests. Rule: who waits here has sent nothing yet, and that can be told.
"""

import asyncio
from collections import deque


class Pacer:
    """At most `rate` requests in any second; waiting callers go in order.

    The library's own throttle queue loses what is in it when the link drops. A caller that
    still waits here has sent nothing, and that can be told.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._sent: deque[float] = deque(maxlen=rate)
        self._turn = asyncio.Lock()

    async def slot(self) -> None:
        async with self._turn:
            loop = asyncio.get_running_loop()
            if len(self._sent) == self._rate:
                await asyncio.sleep(max(0.0, self._sent[0] + 1.0 - loop.time()))
            self._sent.append(loop.time())
