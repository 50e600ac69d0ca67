"""The HTTP app around a mock client, called in process."""

import asyncio

import httpx
import pytest
import structlog

from ibkr import errors
from ibkr.app import HTTP_STATUS, Tokens, create_app, factory, get_client, http_status
from ibkr.mock_ib_client import MockIBKRClient
from ibkr.models import Contract

AAPL = Contract.stock("AAPL")
TOKEN = "canary-of-the-trade-token"  # noqa: S105 - made up
AUTH = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def mock():
    client = MockIBKRClient(contracts=[AAPL])
    await client.connect()
    client.set_quote(AAPL, bid="190.00", ask="190.05")
    return client


@pytest.fixture
async def http(mock):
    app = create_app(
        mock, manage_connection=False, quote_timeout_s=0.01, tokens=Tokens.of(trade=TOKEN)
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", headers=AUTH
    ) as made:
        yield made


def post(http, body, key="k-1"):
    return http.post("/orders", json=body, headers={"Idempotency-Key": key})


BUY = {"symbol": "AAPL", "action": "BUY", "quantity": "1"}


async def test_health_and_metrics_follow_the_connection(http, mock):
    assert (await http.get("/health/live")).status_code == 200
    ready = (await http.get("/health/ready")).json()
    assert (ready["ready"], ready["state"]) == (True, "ready")
    assert ready["since"].endswith("Z")
    assert "ib_connection_status 1.0" in (await http.get("/metrics")).text
    mock.lose_connection()
    answer = await http.get("/health/ready")
    assert (answer.status_code, answer.json()["state"]) == (503, "reconnecting")
    assert (await http.get("/health/live")).status_code == 200


async def test_quote_subscribes_on_first_use_and_keeps_every_digit(http, mock):
    for _ in range(2):
        answer = await http.get("/quotes/AAPL")
        assert (answer.status_code, answer.json()["bid"]) == (200, "190.00")
    assert mock.metrics.market_data_subscriptions == 1


async def test_quote_that_does_not_come_is_a_timeout(http, mock):
    mock._quotes.clear()
    answer = await http.get("/quotes/AAPL")
    assert (answer.status_code, answer.json()["code"]) == (504, "request_timeout")


async def test_order_is_placed_read_and_cancelled(http):
    body = BUY | {"order_type": "LMT", "limit_price": "100"}
    placed = await post(http, body)
    assert (placed.status_code, placed.json()["status"]) == (201, "Submitted")
    path = f"/orders/{placed.json()['order_id']}"
    assert (await http.get(path)).json()["remaining"] == "1"
    assert (await http.delete(path)).json()["status"] == "Cancelled"


async def test_market_order_is_filled(http):
    answer = await post(http, BUY)
    assert answer.json()["average_fill_price"] == "190.05"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"symbol": "NOPE"}, 404, "contract_not_found"),
        ({"action": "HOLD"}, 422, "invalid_order"),
        ({"quantity": "-1"}, 422, "invalid_order"),
        ({"quantity": "NaN"}, 422, "invalid_order"),
        ({"symbol": ""}, 422, "invalid_contract"),
    ],
)
async def test_typed_errors_become_problem_details(http, change, status, code):
    answer = await post(http, BUY | change)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)


async def test_gateway_code_and_field_are_told(http, mock):
    assert (await post(http, BUY | {"action": "HOLD"})).json()["field"] == "action"
    mock.reject_next_order(201, "Order rejected - reason:account DU1234567 has no margin")
    problem = (await post(http, BUY)).json()
    assert (problem["gateway_code"], problem["title"]) == (201, "OrderRejected")
    assert "DU1234567" not in problem["detail"]


async def test_unknown_outcome_is_accepted_with_the_id_and_no_server_error(http, mock):
    mock.leave_next_order_unanswered()
    answer = await post(http, BUY)
    assert (answer.status_code, answer.json()["order_id"]) == (202, 1)
    assert (await http.get("/orders/1")).status_code == 200


async def test_unknown_order_and_lost_connection(http, mock):
    assert (await http.get("/orders/9")).status_code == 404
    mock.lose_connection()
    assert (await post(http, BUY)).status_code == 503


async def test_client_is_swapped_in_one_line(mock):
    other = MockIBKRClient()
    app = create_app(mock, manage_connection=False)
    app.dependency_overrides[get_client] = lambda: other
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        assert (await http.get("/health/ready")).json()["state"] == "disconnected"


async def test_foreign_host_header_is_refused_where_hosts_are_limited(mock):
    app = create_app(mock, manage_connection=False, allowed_hosts=["127.0.0.1"])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://evil.example"
    ) as http:
        assert (await http.get("/health/live")).status_code == 400


async def test_lifespan_connects_and_disconnects():
    client = MockIBKRClient()
    events = client.connection_events()
    app = create_app(client)
    async with app.router.lifespan_context(app):
        states = [(await anext(events)).state for _ in range(3)]
    assert states[-1] == "ready"
    assert client.state == "closed"


async def test_a_journal_that_another_app_holds_is_said_and_tried_again(monkeypatch):
    monkeypatch.setattr(factory, "_PAUSE_S", 0.0)
    client = MockIBKRClient()
    connect, refusals = client.connect, [errors.JournalError("journal x is in use")] * 2

    async def taken():
        if refusals:
            raise refusals.pop()
        return await connect()

    client.connect = taken
    events = client.connection_events()
    with structlog.testing.capture_logs() as logs:
        async with asyncio.timeout(20):
            app = create_app(client)
            async with app.router.lifespan_context(app):
                while (await anext(events)).state != "ready":
                    continue
    said = [one for one in logs if one["event"] == "not_connected"]
    assert [one["reason"] for one in said] == ["journal x is in use"] * 2


async def test_a_gateway_without_its_link_to_ib_is_not_asked_again_and_again():
    client, calls = MockIBKRClient(), []
    connect = client.connect

    async def degraded():
        calls.append(client.state)
        assert len(calls) < 9, "the loop of the app stands still"
        info = await connect()
        client.lose_upstream()
        return info

    client.connect = degraded
    app = create_app(client)
    async with app.router.lifespan_context(app):
        for _ in range(9):
            await asyncio.sleep(0)
        assert (client.state, len(calls)) == ("degraded", 1)
        client.restore_connection()
        assert client.is_connected()


async def test_a_bug_while_connecting_is_in_the_log():
    client = MockIBKRClient()
    client.connect = None
    app = create_app(client)
    with structlog.testing.capture_logs() as logs:
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
    assert "NoneType" in next(one for one in logs if one["event"] == "unexpected_error")["cause"]


@pytest.mark.parametrize(
    "kind",
    [
        thing
        for thing in vars(errors).values()
        if isinstance(thing, type) and issubclass(thing, errors.IBKRError)
    ],
    ids=lambda kind: kind.__name__,
)
def test_every_error_has_a_status(kind):
    assert http_status(kind("text")) in {202, 400, 403, 404, 409, 422, 429, 500, 503, 504}
    assert errors.IBKRError in HTTP_STATUS
