"""Server-sent events of the app, read over a real socket."""

import asyncio

import pytest
from served import events_of, served, until

from ibkr.app import Limits, Tokens, create_app
from ibkr.errors import OrderRejected
from ibkr.mock_ib_client import MockIBKRClient
from ibkr.models import Contract, Order
from ibkr.settings import Settings

AAPL = Contract.stock("AAPL")
FAR = Order.limit("BUY", 10, 100)


@pytest.fixture
async def mock():
    client = MockIBKRClient(Settings(event_buffer=4), contracts=[AAPL])
    await client.connect()
    client.set_quote(AAPL, bid="190.00", ask="190.05")
    return client


def app_of(mock, **limits):
    return create_app(mock, manage_connection=False, limits=Limits(**limits))


async def next_real(events):
    async for event in events:
        if event[0] != "heartbeat":
            return event
    return None


def metrics_of(app):
    return app.state.context.metrics


async def test_quotes_arrive_as_they_change_and_the_subscription_ends_with_its_reader(mock):
    async with served(app_of(mock)) as (_, http):
        async with http.stream("GET", "/quotes/AAPL/stream") as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            assert response.headers["cache-control"] == "no-store"
            events = events_of(response)
            name, data, _ = await next_real(events)
            assert (name, data["bid"]) == ("quote", "190.00")
            mock.set_quote(AAPL, bid="190.01", ask="190.05")
            assert (await next_real(events))[1]["bid"] == "190.01"
            assert mock.metrics.market_data_subscriptions == 1
        await until(lambda: mock.metrics.market_data_subscriptions == 0)


async def test_a_subscription_with_another_reader_stays(mock):
    app = app_of(mock)
    async with (
        served(app) as (_, http),
        http.stream("GET", "/quotes/AAPL/stream") as first,
    ):
        held = events_of(first)
        await next_real(held)
        async with http.stream("GET", "/quotes/AAPL/stream") as second:
            await next_real(events_of(second))
        await until(lambda: metrics_of(app).streams["quotes"] == 1)
        assert mock.metrics.market_data_subscriptions == 1
        assert 'ib_app_streams{kind="quotes"} 1.0' in (await http.get("/metrics")).text


async def test_a_subscription_that_was_there_before_stays(mock):
    await mock.request_market_data(AAPL)
    app = app_of(mock)
    async with served(app) as (_, http):
        async with http.stream("GET", "/quotes/AAPL/stream") as response:
            await next_real(events_of(response))
        await until(lambda: metrics_of(app).streams["quotes"] == 0)
    assert mock.metrics.market_data_subscriptions == 1


async def test_a_stream_of_an_unknown_contract_is_a_problem_and_counts_nothing(mock):
    app = app_of(mock)
    async with served(app) as (_, http):
        answer = await http.get("/quotes/NOPE/stream")
        assert (answer.status_code, answer.json()["code"]) == (404, "contract_not_found")
    assert metrics_of(app).streams["quotes"] == 0


async def test_streams_that_could_not_open_leave_nothing_behind(mock):
    app = app_of(mock)
    async with served(app) as (_, http):
        for number in range(3):
            assert (await http.get(f"/quotes/NO{number}/stream")).status_code == 404
    assert dict(app.state.readers.streams) == {}


async def test_a_silent_stream_has_heartbeats(mock):
    async with (
        served(app_of(mock, heartbeat_s=0.01)) as (_, http),
        http.stream("GET", "/orders/events") as response,
    ):
        events = events_of(response)
        assert [(await anext(events))[0] for _ in range(3)] == ["heartbeat"] * 3


async def test_there_are_so_many_streams_and_no_more(mock):
    async with (
        served(app_of(mock, max_streams=1)) as (_, http),
        http.stream("GET", "/orders/events") as response,
    ):
        held = events_of(response)
        await anext(held)
        refused = await http.get("/quotes/AAPL/stream")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")
        assert refused.headers["retry-after"] == "1"
        assert mock.metrics.market_data_subscriptions == 0


async def test_streams_end_at_once_and_say_so_when_the_app_is_told_to_stop(mock):
    app = app_of(mock)
    async with (
        served(app) as (server, http),
        http.stream("GET", "/quotes/AAPL/stream") as response,
    ):
        events = events_of(response)
        await next_real(events)
        server.handle_exit(15, None)
        name, data, _ = await next_real(events)
        assert (name, data["reason"]) == ("end", "app closing")
        assert await next_real(events) is None
    assert metrics_of(app).streams_ended["app closing"] == 1


async def test_a_stream_ends_with_its_subscription(mock):
    async with (
        served(app_of(mock)) as (_, http),
        http.stream("GET", "/quotes/AAPL/stream") as response,
    ):
        events = events_of(response)
        await next_real(events)
        await mock.cancel_market_data(AAPL)
        name, data, _ = await next_real(events)
        assert (name, data["reason"]) == ("end", "source ended")


async def test_order_events_have_ids_and_a_caller_who_was_away_gets_what_it_missed(mock):
    async with served(app_of(mock)) as (_, http):
        async with http.stream("GET", "/orders/events") as response:
            events = events_of(response)
            await anext(events)
            placed = await mock.place_order(AAPL, FAR)
            name, data, seen = await next_real(events)
            assert (name, data["result"]["status"]) == ("order_status", "Submitted")
        mock.fill_order(placed.order_id)
        async with http.stream("GET", "/orders/events", headers={"Last-Event-ID": seen}) as again:
            events = events_of(again)
            missed = [await next_real(events) for _ in range(2)]
    assert [name for name, *_ in missed] == ["fill", "commission"]
    assert [number_of(one) for *_, one in missed] == [number_of(seen) + 1, number_of(seen) + 2]


async def test_account_ids_are_masked_in_every_event(mock):
    async with (
        served(app_of(mock)) as (_, http),
        http.stream("GET", "/orders/events") as response,
    ):
        events = events_of(response)
        await anext(events)
        mock.reject_next_order(201, "account DU1234567 has no margin")
        with pytest.raises(OrderRejected):
            await mock.place_order(AAPL, FAR)
        told = [await next_real(events)]
        await mock.place_order(AAPL, Order.market("BUY", 1, account="DU1234567"))
        while told[-1][0] != "commission":
            told.append(await next_real(events))
    assert {"order_status", "fill", "commission"} <= {name for name, *_ in told}
    assert "DU***67" in str(told)
    assert "DU1234567" not in str(told)


def number_of(event_id):
    return int(event_id.rpartition("-")[2])


@pytest.mark.parametrize("seen", ["another-1", "no id", "-", "{run}-99", "{run}-x", "{run}-0"])
async def test_an_id_that_is_not_kept_is_a_gap(mock, seen):
    app = app_of(mock, event_buffer=1)
    seen = seen.format(run=app.state.context.run)
    async with served(app) as (_, http):
        async with http.stream("GET", "/orders/events") as response:
            events = events_of(response)
            await anext(events)
            await mock.place_order(AAPL, FAR)
            await mock.place_order(AAPL, FAR)
            await next_real(events)
        async with http.stream("GET", "/orders/events", headers={"Last-Event-ID": seen}) as again:
            assert (await next_real(events_of(again)))[0] == "gap"


async def test_a_reader_that_falls_behind_is_told_before_its_stream_ends(mock):
    app = app_of(mock, event_buffer=2)
    async with (
        served(app) as (_, http),
        http.stream("GET", "/orders/events") as response,
    ):
        events = events_of(response)
        await anext(events)
        for _ in range(4):  # without a turn of the loop between them
            await mock.place_order(AAPL, FAR)
        await asyncio.sleep(0)
        last = [event async for event in events][-1]
    assert (last[0], last[1]["code"]) == ("error", "stream_overflow")
    assert metrics_of(app).streams_ended["error"] == 1


async def test_a_stream_needs_the_read_scope_where_there_are_tokens(mock):
    app = create_app(mock, manage_connection=False, tokens=Tokens.of(read="r" * 16))
    async with served(app) as (_, http):
        for path in ("/orders/events", "/quotes/AAPL/stream"):
            assert (await http.get(path)).status_code == 401
        headers = {"Authorization": f"Bearer {'r' * 16}"}
        async with http.stream("GET", "/orders/events", headers=headers) as response:
            assert response.status_code == 200


async def test_a_reader_that_takes_nothing_is_cut_off_and_what_it_held_is_free(mock):
    app = app_of(mock, send_timeout_s=0.05)

    async def stuck(message):
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def silent():
        await asyncio.Event().wait()

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/quotes/AAPL/stream",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")],
        "asgi": {"version": "3.0", "spec_version": "2.3"},
    }
    async with asyncio.timeout(5.0):
        await app(scope, silent, stuck)
    assert metrics_of(app).streams_ended == {"reader too slow": 1}
    assert metrics_of(app).streams["quotes"] == 0
    assert mock.metrics.market_data_subscriptions == 0
