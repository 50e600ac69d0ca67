"""The control plane over HTTP, and its client."""

from collections.abc import AsyncIterator
from decimal import Decimal as D

import httpx
import pytest
import respx

from simulator import Simulator
from simulator.control.access import AccessError, ControlAccess
from simulator.control.api import create_control
from simulator.control.client import ControlClient, ControlError
from simulator.gateway.entitlements import Entitlement
from simulator.messages.connection import RequestIds
from simulator.messages.orders import PlaceOrder
from simulator.records import Contract, Order

URL = "http://127.0.0.1:9"
AAPL = Contract(con_id=265598, exchange="SMART")


@pytest.fixture
async def http(world) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_control(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield http


@pytest.fixture
async def control() -> AsyncIterator[ControlClient]:
    async with ControlClient(URL) as control:
        yield control


# --- the application ---


async def test_the_state_is_the_truth(http, world, client) -> None:
    world.set_quote("AAPL", bid=D("99.99"), ask=D("100.01"))
    buy = Order(action="BUY", total_quantity=D(2), order_type="MKT", tif="DAY", order_ref="r")
    client.send(PlaceOrder(1, AAPL, buy))
    state = (await http.get("/state")).json()
    assert state["time"] == {"now_ms": 1750082400000, "clock": "manual"}
    assert [c["client_id"] for c in state["clients"]] == [1]
    (account,) = state["accounts"]
    assert account["cash"] == {"USD": "999798.979994"}
    assert account["positions"][0]["quantity"] == "2"
    (order,) = state["orders"]
    assert (order["status"], order["filled"], order["order_ref"]) == ("Filled", "2", "r")


async def test_a_quote_is_set_shown_and_released(http, world) -> None:
    seeded = (await http.get("/quotes/AAPL")).json()
    shown = (await http.put("/quotes/AAPL", json={"bid": "99.99", "ask": "100.01"})).json()
    assert (shown["bid"], shown["ask"]) == ("99.99", "100.01")
    assert world.quote("AAPL").bid == D("99.99")
    assert (await http.delete("/quotes/AAPL")).json() == seeded


async def test_a_trade_is_printed(http, world) -> None:
    await http.put("/quotes/AAPL", json={"bid": "99.99", "ask": "100.01"})
    shown = (await http.post("/trades/AAPL", json={"price": "100.01", "size": "300"})).json()
    assert (shown["last"], shown["last_size"], shown["volume"]) == ("100.01", "300", "300")
    assert world.quote("AAPL").last == D("100.01")


async def test_an_instrument_is_halted_and_resumed(http, world) -> None:
    halted = {"symbol": "AAPL", "is_halted": True}
    assert (await http.put("/halts/AAPL")).json() == halted
    assert (await http.get("/halts/AAPL")).json() == halted
    refused = await http.post("/trades/AAPL", json={"price": "1", "size": "1"})
    assert (refused.status_code, "is halted" in refused.text) == (409, True)
    assert (await http.delete("/halts/AAPL")).json() == halted | {"is_halted": False}
    assert not world.is_halted("AAPL")


async def test_the_clock_goes_to_the_next_session(http) -> None:
    moved = (await http.post("/clock/next-session", json={"symbol": "AAPL"})).json()
    assert moved["now_ms"] == 1750132800000  # midnight in New York
    moved = (await http.post("/clock/next-session", json={"symbol": "AAPL"})).json()
    assert moved["now_ms"] == 1750132800000 + 86_400_000


async def test_entitlements_are_set_for_one_or_for_all(http, world) -> None:
    assert (await http.get("/entitlements/AAPL")).json()["entitlement"] == "live"
    set_ = await http.put("/entitlements/*", json={"entitlement": "competing"})
    assert set_.json() == {"symbol": "*", "entitlement": "competing"}
    await http.put("/entitlements/MSFT", json={"entitlement": "partial_api"})
    assert world.entitlement("AAPL") == "competing"
    assert world.entitlement("MSFT") == "partial_api"
    assert (await http.put("/entitlements/NOPE", json={"entitlement": "live"})).status_code == 409
    assert (await http.put("/entitlements/AAPL", json={"entitlement": "x"})).status_code == 422


async def test_the_journal_can_be_searched(http, join) -> None:
    one, two = join(1), join(2)
    one.send(RequestIds(1))
    two.send(RequestIds(3))
    two.send(PlaceOrder(1, AAPL, Order(action="BUY", order_type="MKT")))
    found = (await http.get("/requests", params={"client_id": 2})).json()
    assert [r["name"] for r in found] == ["RequestIds", "PlaceOrder"]
    assert found[0]["fields"] == {"count": 3}
    assert found[1]["fields"] == {
        "order_id": 1,
        "contract": {"con_id": 265598, "exchange": "SMART"},
        "order": {"action": "BUY", "order_type": "MKT"},
    }
    named = await http.get("/requests", params={"name": "RequestIds", "after": 1})
    assert [r["client_id"] for r in named.json()] == [2]


async def test_time_is_advanced_and_everything_reset(http, world, client) -> None:
    moved = (await http.post("/clock/advance", json={"seconds": 1.5})).json()
    assert moved["now_ms"] == 1750082401500
    assert (await http.post("/reset")).status_code == 204
    assert client.connection.is_closing
    assert world.clock.now_ms() == 1750082400000


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "named"),
    [
        ("GET", "/quotes/NOPE", None, 409, "no instrument 'NOPE'"),
        ("PUT", "/quotes/AAPL", {"bid": "2", "ask": "1"}, 409, "above ask"),
        ("PUT", "/quotes/AAPL", {"bid": "-2"}, 422, "greater than 0"),
        ("PUT", "/quotes/AAPL", {"bid": "NaN"}, 422, "finite"),
        ("PUT", "/quotes/AAPL", {"bidd": "1"}, 422, "bidd"),
        ("POST", "/trades/NOPE", {"price": "1", "size": "1"}, 409, "no instrument 'NOPE'"),
        ("POST", "/trades/AAPL", {"price": "-1", "size": "1"}, 422, "greater than 0"),
        ("POST", "/trades/AAPL", {"price": "1", "size": "0"}, 422, "greater than 0"),
        ("PUT", "/halts/NOPE", None, 409, "no instrument 'NOPE'"),
        ("DELETE", "/halts/NOPE", None, 409, "no instrument 'NOPE'"),
        ("GET", "/halts/NOPE", None, 409, "no instrument 'NOPE'"),
        ("POST", "/clock/next-session", {"symbol": "NOPE"}, 409, "no instrument 'NOPE'"),
        ("POST", "/clock/advance", {"seconds": -1}, 422, "greater than or equal to 0"),
        ("POST", "/clock/advance", {"seconds": 1e12}, 409, "seconds must be between"),
        ("GET", "/requests?limit=0", None, 422, "limit"),
    ],
)
async def test_bad_calls_are_refused_by_name(http, method, path, body, status, named) -> None:
    response = await http.request(method, path, json=body)
    assert response.status_code == status
    assert named in response.text


async def test_a_foreign_host_name_is_refused(world) -> None:
    transport = httpx.ASGITransport(create_control(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://evil.example") as http:
        assert (await http.get("/state")).status_code == 400


TOKEN = "c0ffee-c0ffee-c0ffee"  # noqa: S105


def guarded(world, *hosts: str, name: str = "localhost", **headers: str) -> httpx.AsyncClient:
    app = create_control(world, ControlAccess("0.0.0.0", TOKEN, hosts))  # noqa: S104
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"http://{name}", headers=headers
    )


@pytest.mark.parametrize(
    "authorization", ["", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer", "Bearer \u00e9"]
)
@pytest.mark.parametrize("path", ["/state", "/openapi.json", "/docs", "/nowhere"])
async def test_a_call_without_the_token_is_told_what_is_missing(world, authorization, path) -> None:
    async with guarded(world) as http:
        headers = {"Authorization": authorization.encode("latin-1")}
        response = await http.get(path, headers=headers)
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "--control-token-file" in response.json()["detail"]
    assert TOKEN not in response.text


async def test_a_call_with_the_token_is_answered(world) -> None:
    for scheme in ("Bearer", "bearer"):
        async with guarded(world, Authorization=f"{scheme} {TOKEN}") as http:
            assert (await http.get("/state")).status_code == 200


async def test_health_needs_no_token_and_tells_nothing(world) -> None:
    async with guarded(world) as http:
        assert (await http.get("/health")).json() == {"status": "ok"}
        assert (await http.post("/health")).status_code == 405


async def test_the_token_does_not_open_the_door_to_other_names(world) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    async with guarded(world, name="simulator", **bearer) as http:
        assert (await http.get("/state")).status_code == 400
    for allowed in ("simulator", "*"):
        async with guarded(world, allowed, name="simulator", **bearer) as http:
            assert (await http.get("/state")).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org"])  # noqa: S104
def test_beyond_loopback_a_token_is_demanded(host) -> None:
    with pytest.raises(AccessError, match="--control-token-file"):
        ControlAccess(host)
    assert TOKEN not in repr(ControlAccess(host, TOKEN))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_on_loopback_none_is_needed(host) -> None:
    assert ControlAccess(host).admits(b"")


async def test_it_is_served_to_whoever_has_the_token() -> None:
    access = ControlAccess(token=TOKEN)
    async with (
        Simulator(control_port=0, control_access=access) as simulator,
        ControlClient(simulator.control_url, token=TOKEN) as control,
        ControlClient(simulator.control_url) as stranger,
    ):
        assert (await control.state()).clients == []
        with pytest.raises(ControlError, match="401 send `Authorization: Bearer`"):
            await stranger.state()


async def test_it_is_documented(http) -> None:
    assert "/clock/advance" in (await http.get("/openapi.json")).json()["paths"]
    assert (await http.get("/docs")).status_code == 200


async def test_it_is_served_beside_the_gateway() -> None:
    async with (
        Simulator(clock="manual", control_port=0) as simulator,
        ControlClient(simulator.control_url) as control,
    ):
        shown = await control.set_quote("AAPL", bid=D(1), ask=D(2))
        assert shown.ask == 2
        assert (await control.quote("AAPL")).bid == 1
        assert (await control.release_quote("AAPL")).bid > 2
        assert (await control.print_trade("AAPL", D(7), D(5))).last_size == 5
        assert (await control.halt("AAPL")).is_halted
        assert (await control.is_halted("AAPL")).is_halted
        assert not (await control.resume("AAPL")).is_halted
        assert (await control.advance(2)).now_ms == 1750082402000
        assert await control.requests() == []
        assert (await control.entitle("AAPL", Entitlement.NONE)).symbol == "AAPL"
        assert (await control.entitlement("AAPL")).entitlement is Entitlement.NONE
        assert (await control.advance_to_session("AAPL")).now_ms == 1750132800000
        await control.reset()
        assert (await control.entitlement("AAPL")).entitlement is Entitlement.LIVE
        assert (await control.state()).time.now_ms == 1750082400000
        with pytest.raises(ControlError, match="409 no instrument"):
            await control.quote("NOPE")


# --- the client ---


@respx.mock
async def test_the_client_sends_what_the_api_takes(control) -> None:
    route = respx.put(f"{URL}/quotes/AAPL").respond(
        json={
            "symbol": "AAPL",
            "bid": None,
            "ask": "1.5",
            "bid_size": "0",
            "ask_size": "7",
            "last": "1.5",
            "last_size": "100",
            "volume": "0",
        }
    )
    quote = await control.set_quote("AAPL", bid=None, ask=D("1.5"), ask_size=D(7))
    assert quote.ask == D("1.5")
    body = route.calls.last.request.content
    assert b'"ask":"1.5"' in body.replace(b" ", b"")


@respx.mock
async def test_the_client_pages_through_the_journal(control) -> None:
    route = respx.get(f"{URL}/requests").respond(json=[])
    await control.requests(client_id=3, after=9)
    assert dict(route.calls.last.request.url.params) == {"client_id": "3", "after": "9"}


@respx.mock
async def test_a_refusal_is_an_error_with_its_reason(control) -> None:
    respx.post(f"{URL}/reset").respond(409, json={"detail": "not now"})
    with pytest.raises(ControlError, match="409 not now") as caught:
        await control.reset()
    assert caught.value.status == 409


@respx.mock
@pytest.mark.parametrize("body", [{"text": "plain"}, {"json": ["no problem"]}])
async def test_a_refusal_without_a_reason_shows_what_came(control, body) -> None:
    respx.post(f"{URL}/reset").respond(500, **body)
    with pytest.raises(ControlError, match="500 "):
        await control.reset()


@respx.mock
async def test_no_answer_is_an_error_and_not_a_hang(control) -> None:
    respx.get(f"{URL}/state").mock(side_effect=httpx.ConnectError("refused"))
    with pytest.raises(ControlError, match="no answer") as caught:
        await control.state()
    assert caught.value.status is None
