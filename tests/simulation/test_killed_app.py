"""`ibkr serve` as a process of its own, told to stop or killed in the middle of an order."""

import asyncio
import contextlib
import re
import signal
import sys
from decimal import Decimal as D

import httpx
import pytest
from served import events_of

from ibkr.journal import Journal
from simulator import Simulator

TOKEN = "a-token-for-tests-only"  # noqa: S105 - made up
BUY = {
    "symbol": "AAPL",
    "action": "BUY",
    "quantity": "1",
    "order_type": "LMT",
    "limit_price": "50.00",
}
PATIENCE_S = 30


@pytest.fixture
async def simulator():
    async with Simulator() as simulator:
        simulator.world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"))
        yield simulator


@pytest.fixture
def settings(simulator, tmp_path):
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    return {
        "IBKR_PORT": str(simulator.port),
        "IBKR_APP_PORT": "0",
        "IBKR_APP_TOKEN_FILE": str(token),
        "IBKR_JOURNAL": str(tmp_path / "journal"),
    }


@contextlib.asynccontextmanager
async def serving(settings):
    """A process that serves, and an HTTP client of it with the token; killed at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ibkr", "serve", "--log-level", "ERROR"),
        env=settings | {"PYTHONPATH": ":".join(sys.path)},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            line = (await process.stderr.readline()).decode()
            assert "trading: on" in line, line + (await process.stderr.read()).decode()
            http = httpx.AsyncClient(
                base_url=re.search(r"http://[\d.:]+", line)[0],
                headers={"Authorization": f"Bearer {TOKEN}"},
                timeout=PATIENCE_S,
            )
            async with http:
                while (await http.get("/health/ready")).status_code != 200:
                    await asyncio.sleep(0.01)
                yield process, http
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def post(http, body=BUY, key="k-1"):
    return http.post("/orders", json=body, headers={"Idempotency-Key": key})


async def received(simulator, name):
    """Return once a message of this name is on the wire."""
    async with asyncio.timeout(PATIENCE_S):
        while not any(one.name == name for one in simulator.world.transcript.after(0)):
            await asyncio.sleep(0.01)


def at_broker(simulator):
    return len(simulator.world.broker.truth.orders)


async def test_told_to_stop_it_ends_streams_at_once_and_answers_an_order_on_its_way(
    simulator, settings
):
    async with serving(settings) as (process, http):
        simulator.world.inject("mute", at="rx(PlaceOrder)#1", direction="out")
        async with http.stream("GET", "/orders/events") as response:
            events = events_of(response)
            assert (await anext(events))[0] == "heartbeat"
            waiting = asyncio.create_task(post(http))
            await received(simulator, "PlaceOrder")
            process.send_signal(signal.SIGTERM)
            names = [name async for name, *_ in events if name != "heartbeat"]
            assert not waiting.done()  # the stream did not wait for the order
        answer = await waiting
        assert names[-1] == "end"
        assert (answer.status_code, answer.json()["state"]) == (202, "unknown")
        assert await process.wait() in {-signal.SIGTERM, 0}


@pytest.mark.parametrize("arrived", [True, False])
async def test_killed_in_the_middle_of_an_order_it_tells_the_truth_when_it_is_back(
    simulator, settings, arrived
):
    fault = {"action": "mute", "direction": "out"} if arrived else {"action": "swallow"}
    async with serving(settings) as (process, http):
        simulator.world.inject(fault.pop("action"), at="rx(PlaceOrder)#1", **fault)
        waiting = asyncio.create_task(post(http))
        await received(simulator, "PlaceOrder")
        process.kill()
        with pytest.raises(httpx.TransportError):
            await waiting
    simulator.world.clear_faults()
    async with serving(settings) as (_, http):
        assert (await http.get("/orders/in-doubt")).json() == {"orders": []}
        by_key, repeated = await http.get("/orders/by-key/k-1"), await post(http)
        if arrived:
            assert (by_key.status_code, by_key.json()["status"]) == (200, "Submitted")
            assert (repeated.status_code, repeated.json()) == (201, by_key.json())
        else:
            assert (repeated.status_code, repeated.json()["code"]) == (422, "order_not_accepted")
        assert (await post(http, key="k-2")).status_code == 201
        metrics = (await http.get("/metrics")).text
        assert "ib_orders_total 1.0" in metrics  # the second order; the first is not sent again
        assert "ib_orders_in_doubt 0.0" in metrics
    assert at_broker(simulator) == 1 + arrived
    assert Journal(settings["IBKR_JOURNAL"]).counts().sends == 2
