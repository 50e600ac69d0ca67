"""Who may do what, keys, the shape of every error, and what is never told."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
import structlog

from ibkr.app import Limits, Tokens, create_app
from ibkr.app.problems import AppCode
from ibkr.errors import ErrorCode, JournalError, OrderStateUnknown, RequestTimeout
from ibkr.mock_ib_client import MockIBKRClient
from ibkr.models import Contract

AAPL = Contract.stock("AAPL")
TRADE, READ = "canary-trade-token-7f3a", "canary-read-token-9c1b"
BUY = {"symbol": "AAPL", "action": "BUY", "quantity": "1"}
FAR = BUY | {"order_type": "LMT", "limit_price": "100"}


@pytest.fixture
async def mock():
    client = MockIBKRClient(contracts=[AAPL])
    await client.connect()
    return client


def http_of(client, token="", *, tokens=None, **limits):
    app = create_app(
        client,
        manage_connection=False,
        allowed_hosts=["127.0.0.1", "*.example.com"],
        tokens=Tokens.of(trade=TRADE, read=READ) if tokens is None else tokens,
        limits=Limits(**{"quote_timeout_s": 0.01} | limits),
    )
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url="http://127.0.0.1",
        headers=headers,
    )


def post(http, body=FAR, key="k-1"):
    headers = {} if key is None else {"Idempotency-Key": key}
    return http.post("/orders", json=body, headers=headers)


def is_problem(answer, status, code):
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == f"urn:ibkr:error:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert "gateway_code" in problem
    return problem


# --- tokens ---------------------------------------------------------------------------


async def test_without_a_trade_token_nobody_trades_whatever_they_send(mock):
    for tokens in (Tokens(), Tokens.of(read=READ)):
        async with http_of(mock, READ, tokens=tokens) as http:
            problem = is_problem(await post(http), 403, "trading_disabled")
            assert "IBKR_APP_TOKEN" in problem["detail"]
            is_problem(await http.delete("/orders/1"), 403, "trading_disabled")
    assert mock.metrics.orders_total == 0


async def test_without_any_token_reading_is_open(mock):
    async with http_of(mock, tokens=Tokens()) as http:
        assert (await http.get("/orders/in-doubt")).json() == {"orders": []}


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer wrong", f"Basic {TRADE}", TRADE, f"Bearer {TRADE}x", "Bearer ü"],
)
async def test_a_wrong_token_is_401_with_a_challenge(mock, header):
    async with http_of(mock) as http:
        headers = {"Authorization": header.encode()} if header else {}
        for call in (("POST", "/orders"), ("DELETE", "/orders/1"), ("GET", "/orders/1"),
                     ("GET", "/quotes/AAPL"), ("GET", "/orders/by-key/k")):  # fmt: skip
            answer = await http.request(*call, headers=headers)
            is_problem(answer, 401, "unauthenticated")
            assert answer.headers["www-authenticate"].startswith("Bearer ")


async def test_the_read_token_reads_and_does_not_trade(mock):
    async with http_of(mock, READ) as http:
        answer = await post(http)
        is_problem(answer, 403, "insufficient_scope")
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
        assert (await http.get("/orders/in-doubt")).status_code == 200


async def test_who_has_no_token_learns_nothing_of_bodies_or_keys(mock):
    async with http_of(mock) as http:
        is_problem(await http.post("/orders", content=b"{not json"), 401, "unauthenticated")


async def test_health_and_metrics_need_no_token(mock):
    async with http_of(mock) as http:
        for path in ("/health/live", "/health/ready", "/metrics", "/openapi.json"):
            assert (await http.get(path)).status_code == 200


async def test_no_token_and_no_account_is_ever_told(mock, capsys):
    told = []
    async with http_of(mock, TRADE) as http:
        with structlog.testing.capture_logs() as logs:
            mock.reject_next_order(201, "account DU1234567 has no margin")
            told.append(await post(http))
            told.append(await post(http, FAR | {TRADE: READ}, "k-2"))
            told.append(await post(http, {"quantity": TRADE}, "k-3"))
            mock.place_order = None  # a bug
            told.append(await post(http, FAR, "k-4"))
            told.extend([await http.get(path) for path in ("/metrics", "/openapi.json", "/x")])
    assert [one.status_code for one in told] == [422, 422, 422, 500, 200, 200, 404]
    text = "".join(f"{one.text}{one.headers}" for one in (*told[:1], *told[2:]))
    text += repr(Tokens.of(trade=TRADE, read=READ)) + str(logs) + "".join(capsys.readouterr())
    for secret in (TRADE, READ, "DU1234567"):
        assert secret not in text


async def test_account_ids_are_masked_in_every_answer_about_an_order(mock):
    account = {"account": "DU1234567"}
    mock.set_quote(AAPL, bid="190.00", ask="190.05")
    async with http_of(mock, TRADE) as http:
        told = [await post(http, BUY | account), await http.get("/orders/by-key/k-1")]
        assert told[0].json()["fills"][0]["account"] == "DU***67"
        resting = await post(http, FAR | account, "k-2")
        where = resting.headers["location"]
        told += [resting, await http.get(where), await http.delete(where)]
        mock.reject_next_order(201, "account DU1234567 has no margin")
        await post(http, FAR, "k-3")
        told.append(await http.get("/orders/by-key/k-3"))
        assert told[-1].json()["reject_reason"] == "account DU***67 has no margin"
        mock.leave_next_order_unanswered()
        told += [await post(http, FAR | account, "k-4"), await http.get("/orders/in-doubt")]
        assert told[-1].json()["orders"][0]["order"]["account"] == "DU***67"
    assert [one.status_code for one in told] == [201, 200, 201, 200, 200, 200, 202, 200]
    assert "DU1234567" not in "".join(one.text for one in told)


# --- idempotency keys -----------------------------------------------------------------


@pytest.mark.parametrize("key", ["a" * 64, "6f1d1c7e-8f3c", "A.b_c:d", '"quoted-1"'])
async def test_a_repeat_gets_the_same_order_and_sends_nothing(mock, key):
    async with http_of(mock, TRADE) as http:
        first, second = await post(http, key=key), await post(http, key=key)
        assert (first.status_code, first.json()) == (second.status_code, second.json())
        assert first.headers["location"] == second.headers["location"] == "/orders/1"
        by_key = await http.get("/orders/by-key/" + key.strip('"'))
        assert by_key.json() == first.json()
    assert mock.metrics.orders_total == 1


async def test_a_key_may_not_stand_for_two_orders(mock):
    async with http_of(mock, TRADE) as http:
        await post(http)
        problem = is_problem(await post(http, FAR | {"quantity": "2"}), 422, "idempotency_conflict")
        assert problem["order_id"] == 1
    assert mock.metrics.orders_total == 1


async def test_an_order_without_a_key_is_refused_before_anything(mock):
    async with http_of(mock, TRADE) as http:
        is_problem(await post(http, key=None), 400, "idempotency_key_missing")
    assert mock.metrics.orders_total == 0


@pytest.mark.parametrize("key", ["", "a" * 65, "a b", "a/b", ".", "-a", '"a', "ü".encode()])
async def test_a_malformed_key_is_refused_before_anything(mock, key):
    async with http_of(mock, TRADE) as http:
        is_problem(await post(http, key=key), 400, "idempotency_key_invalid")
    assert mock.metrics.orders_total == 0


async def test_a_key_nobody_used_is_not_found(mock):
    async with http_of(mock, TRADE) as http:
        is_problem(await http.get("/orders/by-key/k-9"), 404, "order_not_found")


# --- unknown outcomes -----------------------------------------------------------------


async def test_an_order_in_doubt_is_202_with_its_state_and_where_to_ask_again(mock):
    async with http_of(mock, TRADE) as http:
        mock.leave_next_order_unanswered()
        for _ in range(2):  # a repeat says the same and sends nothing
            answer = await post(http)
            body = answer.json()
            assert (answer.status_code, body["state"], body["order_id"]) == (202, "unknown", 1)
            assert answer.headers["location"] == body["ask_again"] == "/orders/by-key/k-1"
            assert answer.headers["retry-after"] == "1"
        assert (await http.get(body["ask_again"])).json()["status"] == "PendingSubmit"
        doubted = (await http.get("/orders/in-doubt")).json()["orders"]
        assert [one["order_id"] for one in doubted] == [1]
    assert mock.metrics.orders_total == 1


async def test_a_cancel_in_doubt_is_202_as_well(mock):
    async def unanswered(order_id):
        raise OrderStateUnknown("no answer to the cancel", order_id=order_id)

    async with http_of(mock, TRADE) as http:
        await post(http)
        mock.cancel_order = unanswered
        answer = await http.delete("/orders/1")
        assert (answer.status_code, answer.headers["location"]) == (202, "/orders/1")


@pytest.mark.parametrize("error", [RuntimeError("a bug"), RequestTimeout("late")])
async def test_what_breaks_after_the_order_went_out_is_no_server_error(mock, error):
    place = mock.place_order

    async def breaks(contract, order, *, key):
        await place(contract, order, key=key)
        raise error

    async with http_of(mock, TRADE) as http:
        mock.place_order = breaks
        assert (await post(http)).status_code == 202


async def test_what_breaks_before_the_order_went_out_says_so(mock):
    async def breaks(contract, order, *, key):
        raise RequestTimeout("no answer about the contract")

    async with http_of(mock, TRADE) as http:
        mock.place_order = breaks
        is_problem(await post(http), 504, "request_timeout")


@pytest.mark.parametrize(("sent", "status"), [(True, 202), (False, 503)])
async def test_an_order_on_its_way_when_the_app_ends_is_answered_truly(mock, sent, status):
    place, under_way = mock.place_order, asyncio.Event()

    async def hangs(contract, order, *, key):
        if sent:
            await place(contract, order, key=key)
        under_way.set()
        await asyncio.Event().wait()

    async with http_of(mock, TRADE, shutdown_grace_s=0.0) as http:
        mock.place_order = hangs
        waiting = asyncio.create_task(post(http))
        await under_way.wait()
        http._transport.app.state.context.closing.set()
        answer = await waiting
        assert answer.status_code == status
        if not sent:
            is_problem(answer, 503, "shutting_down")


async def test_a_cancel_on_its_way_when_the_app_ends_is_in_doubt(mock):
    under_way = asyncio.Event()

    async def hangs(order_id):
        under_way.set()
        await asyncio.Event().wait()

    async with http_of(mock, TRADE, shutdown_grace_s=0.0) as http:
        order_id = (await post(http)).json()["order_id"]
        mock.cancel_order = hangs
        waiting = asyncio.create_task(http.delete(f"/orders/{order_id}"))
        await under_way.wait()
        http._transport.app.state.context.closing.set()
        async with asyncio.timeout(20):
            answer = await waiting
        assert (answer.status_code, answer.json()["state"]) == (202, "unknown")
        assert answer.headers["location"] == f"/orders/{order_id}"


async def test_a_cancel_in_doubt_is_202_though_the_journal_does_not_tell_the_order(mock):
    async def lost(order_id):
        raise OrderStateUnknown("the link dropped", order_id=order_id)

    def broken(order_id):
        raise JournalError("journal x is damaged")

    async with http_of(mock, TRADE) as http:
        order_id = (await post(http)).json()["order_id"]
        mock.cancel_order, mock.order = lost, broken
        answer = await http.delete(f"/orders/{order_id}")
        assert (answer.status_code, answer.json()["order"]) == (202, None)
        is_problem(await http.get(f"/orders/{order_id}"), 503, "journal_unusable")


async def test_a_body_that_does_not_come_is_not_waited_for_when_the_app_ends(mock):
    begun = asyncio.Event()

    async def half():
        yield b'{"symbol": '
        begun.set()
        await asyncio.Event().wait()

    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    async with http_of(mock, TRADE) as http:
        waiting = asyncio.create_task(http.post("/orders", content=half(), headers=headers))
        await begun.wait()
        http._transport.app.state.context.closing.set()
        async with asyncio.timeout(20):
            is_problem(await waiting, 503, "shutting_down")
    assert mock.metrics.orders_total == 0


@pytest.mark.parametrize("path", ["/quotes/AAPL", "/quotes/AAPL/stream"])
async def test_a_quote_that_does_not_come_is_not_waited_for_when_the_app_ends(mock, path):
    under_way = asyncio.Event()

    async def hangs(contract):
        under_way.set()
        await asyncio.Event().wait()

    async with http_of(mock, TRADE) as http:
        mock.request_market_data = hangs
        waiting = asyncio.create_task(http.get(path))
        await under_way.wait()
        http._transport.app.state.context.closing.set()
        async with asyncio.timeout(20):
            is_problem(await waiting, 503, "shutting_down")


async def test_what_broke_while_an_order_was_out_is_in_the_log(mock):
    place = mock.place_order

    async def breaks(contract, order, *, key):
        await place(contract, order, key=key)
        raise KeyError("a bug about DU1234567")

    async with http_of(mock, TRADE) as http:
        mock.place_order = breaks
        with structlog.testing.capture_logs() as logs:
            assert (await post(http)).status_code == 202
    (said,) = [one for one in logs if one["event"] == "unexpected_error"]
    assert "a bug about DU***67" in said["cause"]


# --- every error has the one shape ----------------------------------------------------


async def test_a_path_with_a_slash_too_many_is_not_found_and_redirects_nobody(mock):
    async with http_of(mock, TRADE) as http:
        for path in ("/orders/", "/orders/1/", "/health/live/"):
            is_problem(await http.get(path), 404, "path_not_found")


async def test_the_description_itself_allows_reading(mock):
    async with http_of(mock) as http:
        answer = await http.post("/openapi.json")
    is_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"


async def test_what_was_sent_is_not_repeated_at_length(mock):
    async with http_of(mock, TRADE) as http:
        for field in ("action", "order_type", "tif", "sec_type"):
            answer = await post(http, BUY | {field: "x" * 10_000})
            assert is_problem(answer, 422, "invalid_body")["field"] == field
            assert len(answer.content) < 1_000


async def test_paths_and_methods_that_do_not_exist_are_problems(mock):
    async with http_of(mock, TRADE) as http:
        is_problem(await http.get("/nothing"), 404, "path_not_found")
        is_problem(await http.get("/orders/abc"), 404, "path_not_found")
        answer = await http.put("/orders/1")
        is_problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == "DELETE, GET"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "symbol"),
        (BUY | {"colour": "red"}, "colour"),
        (BUY | {"quantity": True}, "quantity"),
        (BUY | {"quantity": "1e15"}, "quantity"),
        (BUY | {"quantity": "1E-11"}, "quantity"),
        (BUY | {"quantity": "1e999999999"}, "quantity"),
        (BUY | {"quantity": " 1"}, "quantity"),
        (BUY | {"parent_id": "1"}, "parent_id"),
        (BUY | {"symbol": "A" * 33}, "symbol"),
        ([], "body"),
    ],
)
async def test_a_body_that_does_not_fit_names_its_first_wrong_field(mock, body, field):
    async with http_of(mock, TRADE) as http:
        problem = is_problem(await post(http, body), 422, "invalid_body")
    assert problem["field"] == field
    assert problem["errors"][0]["field"] == field
    assert mock.metrics.orders_total == 0


async def test_a_refusal_is_told_in_our_own_words(mock):
    async with http_of(mock, TRADE) as http:
        problem = (await post(http, BUY | {"quantity": "1e99"})).json()
    assert problem["detail"] == "quantity: use at most 15 digits, and 10 behind the point"


async def test_a_misspelt_parameter_is_refused(mock):
    async with http_of(mock, TRADE) as http:
        problem = is_problem(await http.get("/quotes/AAPL?sectype=OPT"), 422, "invalid_parameter")
    assert problem["field"] == "sectype"


@pytest.mark.parametrize("content", [b"{not json", b"\xff", b"[" * 20_000])
async def test_what_is_no_json_is_a_problem(mock, content):
    async with http_of(mock, TRADE) as http:
        headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
        answer = await http.post("/orders", content=content, headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] in {"invalid_body", "bad_request"}


async def test_amounts_come_back_without_an_exponent(mock):
    async with http_of(mock, TRADE) as http:
        answer = await post(http, FAR | {"quantity": "1E+2", "limit_price": 99.5})
    assert (answer.json()["order"]["quantity"], answer.json()["order"]["limit_price"]) == (
        "100",
        "99.5",
    )


async def test_a_body_above_the_limit_is_refused_whether_or_not_it_says_its_length(mock):
    async def chunks():
        for _ in range(3):
            yield b"x" * 50

    async with http_of(mock, TRADE, max_body=100) as http:
        headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
        for content in (b"x" * 101, chunks()):
            answer = await http.post("/orders", content=content, headers=headers)
            is_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("A.Example.com", 200),
        ("example.com", 400),
        ("evil.test", 400),
        ("evilexample.com", 400),
        ("[::1]:80", 400),
        ("", 400),
    ],
)
async def test_only_allowed_hosts_are_answered(mock, host, status):
    async with http_of(mock) as http:
        answer = await http.get("/health/live", headers={"Host": host})
    assert answer.status_code == status
    if status == 400:
        is_problem(answer, 400, "host_not_allowed")


async def test_a_bug_is_a_problem_without_internals_and_a_log_with_them(mock):
    mock.order = None
    async with http_of(mock, TRADE) as http:
        with structlog.testing.capture_logs() as logs:
            problem = is_problem(await http.get("/orders/1"), 500, "internal")
    assert "NoneType" not in json.dumps(problem)
    assert "NoneType" in logs[-1]["cause"]


async def test_answers_are_not_kept_by_caches_and_not_guessed_by_browsers(mock):
    async with http_of(mock, TRADE) as http:
        for answer in (await post(http), await http.get("/orders/9"), await http.get("/x")):
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "access-control-allow-origin" not in answer.headers


async def test_requests_are_counted_by_route_and_not_by_what_callers_invent(mock):
    async with http_of(mock, TRADE) as http:
        await http.get("/orders/123")
        await http.request("BREW", "/coffee-4711")
        text = (await http.get("/metrics")).text
    assert 'method="GET",route="/orders/{order_id:int}",status="404"' in text
    assert 'method="other",route="unmatched",status="404"' in text
    assert "4711" not in text


def test_every_code_of_an_error_stands_in_the_documentation():
    text = (Path(__file__).parents[3] / "docs" / "app.md").read_text("utf-8")
    missing = [code for code in (*AppCode, *ErrorCode) if f"`{code}`" not in text]
    assert not missing
