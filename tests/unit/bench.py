"""A client, the gateway at its other end, and what the tests of both say to them."""

import asyncio
from random import Random

from fake_ib import FakeGateway

from ibkr.ib_client import IBKRClient
from ibkr.models import Contract, Order

AAPL = Contract.stock("AAPL")
BUY = Order.market("BUY", 1)
LIMIT = Order.limit("BUY", 1, "100")
LOOK_S = 999


async def turn():
    for _ in range(12):
        await asyncio.sleep(0)


class Bench:
    """A client, the gateway at its other end, and the pauses it made between attempts."""

    def __init__(self, **options):
        self.gateway = FakeGateway()
        self.pauses = []
        self.let_sleep = asyncio.Event()
        self.let_sleep.set()
        self.look_pauses = 0
        self.looks = asyncio.Event()  # set: the next look for orders in doubt is due
        defaults = {
            "connect_timeout_s": 0.2,
            "request_timeout_s": 0.05,
            "order_ack_timeout_s": 0.05,
            "inactive_grace_s": 0.01,
            "heartbeat_interval_s": 0,
            "backoff_min_s": 1,
            "backoff_max_s": 4,
            "reconcile_interval_s": LOOK_S,
        }
        self.client = IBKRClient(
            ib_factory=self.gateway,
            sleep=self.sleep,
            random=Random(1),
            **(defaults | options),
        )

    async def sleep(self, pause_s):
        if pause_s == LOOK_S:
            self.look_pauses += 1
            await self.looks.wait()
            self.looks.clear()
            return
        self.pauses.append(pause_s)
        await asyncio.sleep(0)
        await self.let_sleep.wait()

    async def start(self, coroutine):
        """The call as a task that has had time to send its request."""
        task = asyncio.create_task(coroutine)
        await turn()
        return task

    async def until(self, state):
        async with asyncio.timeout(20):
            while self.client.state is not state:
                await asyncio.sleep(0)

    async def resting(self):
        task = await self.start(self.client.place_order(AAPL, LIMIT))
        order_id = self.gateway.sent("placeOrder")[-1][0]
        self.gateway.open_order(order_id)
        self.gateway.status(order_id, "Submitted")
        return (await task).order_id

    async def subscribed(self):
        task = await self.start(self.client.request_market_data(AAPL))
        self.gateway.ticks(self.gateway.sent("reqMktData")[-1][0])
        await task
