"""Schemathesis reads /openapi.json and asks the app for everything that stands in it.

All its checks are on: status, content type, headers and schema of each answer, methods that
do not exist, requests without a token. One status is ours: 422 also answers a well-formed
order that the models or the gateway refuse, which no schema of single fields can tell.
"""

import asyncio
import socket
import threading

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from served import until_started

from ibkr import Contract, ContractNotFound, IBKRClient, MockIBKRClient, Order, Settings
from ibkr.app import AppServer, Limits, Tokens, create_app
from simulator import Simulator

TOKEN = "a-token-for-tests-only"  # noqa: S105 - made up
AUTH = {"Authorization": f"Bearer {TOKEN}"}
STREAMS = r"/stream$|/events$"
"""Streams have no end for a client that reads to the end; tests/unit has tests of their own."""
REFUSED = ["2xx", "401", "403", "404", "409", "422", "429", "503", "504"]


def checked(app):
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    schema.config.checks.positive_data_acceptance.expected_statuses = REFUSED
    return schema.exclude(path_regex=STREAMS)


class TradingMock(MockIBKRClient):
    """A mock with the order that the examples of the description name, and prices for all
    but one contract.
    """

    async def connect(self):
        info = await super().connect()
        await place_the_example(self)
        return info

    async def request_market_data(self, contract):
        if contract.symbol == "0":
            raise ContractNotFound("there is no such contract", gateway_code=200)
        self.set_quote(contract, bid="190.00", ask="190.05")
        return await super().request_market_data(contract)


async def place_the_example(client):
    await client.place_order(Contract.stock("AAPL"), Order.limit("BUY", 1, 50), key="demo-1")


def mock_app():
    return create_app(TradingMock(), tokens=Tokens.of(trade=TOKEN))


def bounded(examples):
    return settings(
        max_examples=examples,
        deadline=5000,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@checked(mock_app()).parametrize()
@bounded(25)
def test_every_answer_of_the_mock_is_one_the_description_tells(case):
    case.call_and_validate(headers=AUTH)


@pytest.fixture(scope="module")
def trading_app():
    """The address of an app that trades on a simulator, in a thread with a loop of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ready, stop = threading.Event(), []
        thread = threading.Thread(target=asyncio.run, args=(_trade_on(listener, ready, stop),))
        thread.start()
        assert ready.wait(10)
        yield "http://{}:{}".format(*listener.getsockname())
        stop[0]()
        thread.join(10)
        assert not thread.is_alive()


async def _trade_on(listener, ready, stop):
    async with Simulator(seed=7) as simulator:
        client = IBKRClient(Settings(port=simulator.port, max_requests_per_s=1000))
        app = create_app(client, tokens=Tokens.of(trade=TOKEN), limits=Limits(quote_timeout_s=2.0))
        server = AppServer(app)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await until_started(server, client)
        await place_the_example(client)
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(server.handle_exit, 15, None))
        ready.set()
        await serving


@checked(mock_app()).parametrize()
@bounded(5)
def test_every_answer_of_the_real_client_is_one_the_description_tells(case, trading_app):
    case.call_and_validate(base_url=trading_app, headers=AUTH)
