"""Faults over HTTP, by routes and by the typed client, and from a file."""

import asyncio
import json
from collections.abc import AsyncIterator

import click
import httpx
import pytest
from orders import place, told

from simulator import Simulator
from simulator.cli import inject_all
from simulator.control.api import create_control
from simulator.control.client import ControlClient, ControlError


@pytest.fixture
async def http(world) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_control(world))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield http


async def test_a_fault_is_injected_listed_and_cleared(http, world, client) -> None:
    body = {"action": "delay", "at": "rx(PlaceOrder)", "parameters": {"seconds": 2}}
    answer = await http.post("/faults", json=body)
    assert (answer.status_code, answer.json()) == (201, {"id": 1})
    (fault,) = (await http.get("/faults")).json()
    assert fault == {
        "id": 1,
        "action": "delay",
        "at": "rx(PlaceOrder)#1",
        "client_id": None,
        "times": 1,
        "fired": 0,
        "parameters": {"seconds": 2.0},
    }
    assert (await http.delete("/faults/1")).status_code == 204
    assert (await http.delete("/faults/1")).status_code == 409
    await http.post("/faults", json=body)
    assert (await http.delete("/faults")).status_code == 204
    assert world.faults == ()


async def test_what_cannot_be_is_a_409_with_the_remedy(http) -> None:
    answer = await http.post("/faults", json={"action": "explode"})
    assert answer.status_code == 409
    assert "use one of fin, rst" in answer.json()["detail"]
    assert (await http.put("/farms/usfarm", json={"state": "fine"})).status_code == 409
    assert (await http.delete("/upstream/loss")).status_code == 409
    assert (await http.post("/restart", json={"kind": "warm"})).status_code == 409
    assert (await http.post("/faults", json={"action": "fin", "when": 1})).status_code == 422


async def test_every_action_is_described(http, world) -> None:
    actions = {each["action"]: each for each in (await http.get("/faults/actions")).json()}
    assert actions["delay"]["needed"] == ["seconds"]
    assert actions["delay"]["points"] == ["rx", "tx"]
    assert actions["mute"]["parameters"] == {"seconds": None, "direction": "both", "buffer": False}
    assert all(each["what"] for each in actions.values())


async def test_the_typed_client_does_what_the_world_does() -> None:
    async with (
        Simulator(seed=7, clock="manual", control_port=0) as simulator,
        ControlClient(simulator.control_url) as control,
    ):
        world = simulator.world
        fault = await control.inject("swallow", at="tx(OrderStatus)#2", times=None)
        (view,) = await control.faults()
        assert (view.id, view.at, view.times) == (fault, "tx(OrderStatus)#2", None)
        await control.clear_faults(fault)
        assert await control.faults() == []
        loss = await control.lose_upstream(maintain=False, seconds=60)
        assert [each.id for each in world.faults] == [loss]
        await control.restore_upstream(data_lost=True)
        assert not world.gateway.upstream.is_lost
        await control.farm("usfarm", "broken")
        assert world.gateway.hub.farms["usfarm"] == 2103
        await control.restart("crash", 5)
        assert not world.is_listening
        await control.clear_faults()
        assert {each.action for each in await control.fault_actions()} >= {"fin", "restart"}
        notes = [each.name for each in await control.transcript()]
        assert f"fault {fault}" not in notes
        assert any("restart at now" in note for note in notes)
        with pytest.raises(ControlError, match="seconds must be given"):
            await control.inject("delay", at="rx(PlaceOrder)")


async def test_the_transcript_is_read_page_by_page(http, client) -> None:
    page = (await http.get("/transcript", params={"limit": 3})).json()
    assert [each["name"] for each in page][:2] == ["(handshake)"] * 2
    rest = (await http.get("/transcript", params={"after": page[-1]["sequence"]})).json()
    assert rest[0]["sequence"] == page[-1]["sequence"] + 1
    assert (await http.get("/transcript", params={"client_id": 9})).json() == []


def test_faults_stand_in_a_file(world, client, tmp_path) -> None:
    file = tmp_path / "faults.json"
    file.write_text(json.dumps([{"action": "swallow", "at": "tx(OpenOrder)"}]))
    inject_all(world, file)
    assert place(client, 1) == ["OS 1 Submitted 0/1"]
    assert told(client.read()) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "is no JSON"),
        ("{}", "must hold a list of faults"),
        (
            '[{"action": "fin", "at": "accept"}, {"action": "x"}]',
            "fault 2: action 'x' is not known",
        ),
    ],
)
def test_a_file_that_holds_no_faults_is_refused(world, tmp_path, text, named) -> None:
    file = tmp_path / "faults.json"
    file.write_text(text)
    with pytest.raises(click.ClickException, match=named):
        inject_all(world, file)


async def test_a_port_is_closed_and_opened_again() -> None:
    async with Simulator(seed=7, clock="manual") as simulator:
        world, port = simulator.world, simulator.port
        for _ in range(3):
            world.inject("refuse", seconds=10)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            world.advance(10)
            async with asyncio.timeout(5):
                while simulator._reserved is not None:
                    await asyncio.sleep(0)
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            await writer.wait_closed()
        world.inject("refuse")
    assert simulator._reserved is None


@pytest.mark.parametrize(
    ("path", "body", "status", "reason"),
    [
        ("/clock/advance", '{"seconds": 1e400}', 422, "finite number"),
        (
            "/faults",
            '{"action": "mute", "at": "accept", "seconds": 1' + "0" * 400 + "}",
            422,
            "Extra inputs",
        ),
        (
            "/faults",
            '{"action": "mute", "at": "accept", "parameters": {"seconds": 1' + "0" * 400 + "}}",
            409,
            "seconds must be a number within reason, not 1000",
        ),
        (
            "/faults",
            (
                '{"action": "alter", "at": "tx(OrderStatus)", '
                '"parameters": {"field": "perm_id", "text": "\\ud800"}}'
            ),
            409,
            "text must be a text of whole letters",
        ),
        ("/faults", '"' + "x" * 100_000 + '"', 422, "valid dictionary"),
    ],
)
async def test_hostile_values_are_refused_in_few_words(http, path, body, status, reason) -> None:
    answer = await http.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert reason in answer.text
    assert len(answer.content) < 1_000
    assert (await http.get("/faults")).json() == []
