"""Orders, executions and money over HTTP, and through the typed client."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal as D

import httpx
import pytest

from simulator import Simulator
from simulator.control.api import create_control
from simulator.control.client import ControlClient, ControlError
from simulator.control.models import NewOrder
from simulator.messages.orders import PlaceOrder
from simulator.records import Contract, Order, Status

AAPL = Contract(con_id=265598, exchange="SMART")
LIMIT = Order(action="BUY", total_quantity=D(100), order_type="LMT", limit_price=D(90), tif="DAY")
STOP = Order(action="BUY", total_quantity=D(5), order_type="STP", aux_price=D(110), tif="GTC")
ACCOUNT = "DU9000001"


@pytest.fixture
async def http(world) -> AsyncIterator[httpx.AsyncClient]:
    world.set_quote("AAPL", bid=D("99.98"), ask=D("100.02"), ask_size=D(5000))
    transport = httpx.ASGITransport(create_control(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield http


async def test_orders_are_shown_with_what_they_wait_for(http, client, join) -> None:
    client.send(PlaceOrder(1, AAPL, LIMIT), PlaceOrder(2, AAPL, STOP))
    join(2).send(PlaceOrder(1, AAPL, replace(LIMIT, order_type="MKT")))
    limit, stop, market = (await http.get("/orders")).json()
    assert (limit["status"], limit["gate"], limit["why_held"]) == ("Submitted", "book", "")
    assert (stop["status"], stop["gate"], stop["why_held"]) == (
        "PreSubmitted",
        "trigger",
        "trigger",
    )
    assert (stop["aux_price"], stop["tif"], stop["remaining"]) == ("110", "GTC", "5")
    assert (market["status"], market["gate"], market["filled"]) == ("Filled", None, "100")
    assert (await http.get("/orders?client_id=1&live=true")).json() == [limit, stop]
    assert (await http.get(f"/orders?after={limit['perm_id']}&limit=1")).json() == [stop]
    assert (await http.get(f"/orders/{stop['perm_id']}")).json() == stop


async def test_an_order_is_filled_corrected_and_busted(http, client, world) -> None:
    client.send(PlaceOrder(1, AAPL, LIMIT))
    perm_id = world.order((1, 1)).perm_id
    filled = await http.post(f"/orders/{perm_id}/fills", json={"quantity": "30", "price": "91"})
    assert (filled.status_code, filled.json()["filled"]) == (201, "30")
    (execution,) = (await http.get("/executions", params={"perm_id": perm_id})).json()
    assert (execution["side"], execution["quantity"], execution["price"]) == ("BOT", "30", "91")
    path = f"/executions/{execution['exec_id']}"
    corrected = (await http.post(f"{path}/correction", json={"price": "90.5"})).json()
    assert (corrected["quantity"], corrected["price"]) == ("30", "90.5")
    assert (await http.post(f"{path}/bust")).json()["quantity"] == "0"
    assert world.order(perm_id).filled == 0
    assert (await http.get("/executions?offset=1")).json() == []


async def test_the_next_order_is_rejected(http, client, world) -> None:
    body = {"code": 201, "reason": "The exchange is closed."}
    assert (await http.post("/rejections", json=body)).status_code == 204
    client.send(PlaceOrder(1, AAPL, LIMIT))
    (order,) = (await http.get("/orders")).json()
    assert (order["status"], order["ending"]) == ("Inactive", "The exchange is closed.")


async def test_money_moves_buying_power(http) -> None:
    (before,) = (await http.get("/accounts")).json()
    body = {"currency": "USD", "amount": "-900000"}
    moved = await http.post(f"/accounts/{ACCOUNT}/cash", json=body)
    assert (moved.status_code, moved.json()["cash"]) == (201, {"USD": "100000"})
    assert D(before["buying_power"]) == 4_000_000
    assert D((await http.get(f"/accounts/{ACCOUNT}")).json()["buying_power"]) == 400_000


async def test_an_order_by_hand_is_placed_and_cancelled(http, world) -> None:
    body = {"symbol": "AAPL", "action": "SELL", "quantity": 5, "order_type": "LMT"}
    placed = await http.post("/manual-orders", json=body | {"limit_price": "120"})
    assert (placed.status_code, placed.json()["client_id"]) == (201, 0)
    perm_id = placed.json()["perm_id"]
    assert (await http.delete(f"/orders/{perm_id}")).json()["status"] == "Cancelled"
    assert world.order(perm_id).status is Status.CANCELLED


async def test_fill_models_are_set_for_one_or_for_all(http, world) -> None:
    assert (await http.get("/fill-models/AAPL")).json()["fill_model"] == "paper"
    set_ = await http.put("/fill-models/*", json={"fill_model": "queue"})
    assert set_.json() == {"symbol": "*", "fill_model": "queue"}
    await http.put("/fill-models/AAPL", json={"fill_model": "scripted"})
    assert (world.fill_model("AAPL"), world.fill_model("MSFT")) == ("scripted", "queue")


async def test_the_journal_is_read_in_lines(http, client, world) -> None:
    client.send(PlaceOrder(1, AAPL, LIMIT))
    answer = await http.get("/journal")
    assert answer.headers["content-type"].startswith("application/jsonl")
    assert answer.text.splitlines() == world.journal()
    rest = await http.get("/journal", params={"after": 1, "limit": 1})
    assert [json.loads(line)["sequence"] for line in rest.text.splitlines()] == [2]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "named"),
    [
        ("GET", "/orders/7", None, 409, "no order 7"),
        ("GET", "/orders/x", None, 422, "perm_id"),
        ("POST", "/orders/7/fills", {"quantity": "1", "price": "1"}, 409, "no order 7"),
        ("POST", "/orders/7/fills", {"quantity": "0", "price": "1"}, 422, "quantity"),
        ("POST", "/orders/7/fills", {"quantity": "1", "price": "NaN"}, 422, "price"),
        ("POST", "/orders/7/fills", {"quantity": "1"}, 422, "price"),
        ("DELETE", "/orders/7", None, 409, "no order 7"),
        ("POST", "/rejections", {"code": 201}, 409, "reason must be given"),
        ("POST", "/rejections", {"code": 0}, 422, "code"),
        ("POST", "/accounts/DU1/cash", {"currency": "USD", "amount": 1}, 409, "'DU1' is not of"),
        ("POST", f"/accounts/{ACCOUNT}/cash", {"currency": "X", "amount": 1}, 409, "currency 'X'"),
        ("POST", f"/accounts/{ACCOUNT}/cash", {"amount": 1}, 422, "currency"),
        ("GET", "/accounts/DU1", None, 409, "'DU1' is not of"),
        ("POST", "/executions/x/correction", {"price": 1}, 409, "exec_id 'x' is of no execution"),
        ("POST", "/executions/x/correction", {"quantity": -1}, 422, "quantity"),
        ("POST", "/executions/x/bust", None, 409, "exec_id 'x' is of no execution"),
        ("GET", "/fill-models/NOPE", None, 409, "no instrument 'NOPE'"),
        ("PUT", "/fill-models/AAPL", {"fill_model": "x"}, 409, "fill_model must be one of"),
        ("POST", "/manual-orders", {"symbol": "AAPL", "action": "BUY"}, 422, "quantity"),
        (
            "POST",
            "/manual-orders",
            {"symbol": "AAPL", "action": "BUY", "quantity": 1, "order_type": "LMT"},
            409,
            "the order would be refused",
        ),
        ("GET", "/journal?after=-1", None, 422, "after"),
    ],
)
async def test_bad_calls_are_refused_by_name(
    http, world, method, path, body, status, named
) -> None:
    response = await http.request(method, path, json=body)
    assert (response.status_code, named in response.text) == (status, True), response.text
    if status == 409:
        assert response.headers["content-type"] == "application/problem+json"
    assert world.journal() == []


async def test_each_route_is_described(http) -> None:
    paths = (await http.get("/openapi.json")).json()["paths"]
    assert {"/orders/{perm_id}/fills", "/rejections", "/executions/{exec_id}/bust"} <= set(paths)
    for path, methods in paths.items():
        for method, route in methods.items():
            assert route["summary"], (method, path)


async def test_the_client_does_all_of_it_in_another_process() -> None:
    async with (
        Simulator(clock="manual", control_port=0) as simulator,
        ControlClient(simulator.control_url) as control,
    ):
        await control.set_quote("AAPL", bid=D("99.98"), ask=D("100.02"))
        await control.set_fill_model("scripted", "AAPL")
        assert await control.fill_model("AAPL") == "scripted"
        new = NewOrder(symbol="AAPL", action="BUY", quantity=D(9))
        placed = await control.place_manual(new)
        assert [o.perm_id for o in await control.orders(client_id=0, live=True)] == [placed.perm_id]
        assert (await control.fill(placed.perm_id, D(4), D("99.5"))).filled == 4
        (execution,) = await control.executions(perm_id=placed.perm_id)
        assert (await control.correct(execution.exec_id, quantity=D(3))).quantity == 3
        assert (await control.bust(execution.exec_id)).quantity == 0
        assert (await control.cancel_manual(placed.perm_id)).status == "Cancelled"
        assert (await control.order(placed.perm_id)).filled == 0
        assert (await control.move_cash(ACCOUNT, "USD", D(-5))).cash["USD"] == 999_995
        assert await control.accounts() == [await control.account(ACCOUNT)]
        await control.reject_next(201, "The exchange is closed.")
        by_hand = await control.place_manual(new)  # no client sent it, so it is not refused
        assert by_hand.status == "PreSubmitted"
        lines = await control.journal()
        assert lines == simulator.world.journal()
        assert await control.journal(after=len(lines) - 1) == lines[-1:]
        with pytest.raises(ControlError, match=r"409 .* is Cancelled and cannot be filled"):
            await control.fill(placed.perm_id, D(1), D(1))
