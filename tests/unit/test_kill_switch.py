"""The kill switch: a file that stops new orders of real client, mock, app and command alike."""

import httpx
import pytest
from bench import AAPL, LIMIT, Bench
from click.testing import CliRunner

from ibkr import kill_switch
from ibkr.app import Tokens, create_app
from ibkr.cli import cli
from ibkr.errors import ErrorCode, TradingHalted
from ibkr.mock_ib_client import MockIBKRClient
from ibkr.models import OrderStatus
from ibkr.settings import Settings


@pytest.fixture
def switch(tmp_path):
    return tmp_path / "halt"


def run(*arguments, **environment):
    return CliRunner().invoke(cli, list(map(str, arguments)), env=environment)


def test_trading_is_halted_while_the_file_is_there(switch):
    assert kill_switch.halted_because(switch) is None
    kill_switch.halt(switch, "prices look wrong")
    assert kill_switch.halted_because(switch) == "prices look wrong"
    assert (kill_switch.resume(switch), kill_switch.resume(switch)) == (True, False)
    assert kill_switch.halted_because(switch) is None


@pytest.mark.parametrize(
    ("make", "because"),
    [
        (lambda path: path.touch(), "no reason is given"),
        (lambda path: path.mkdir(), "no reason is given"),
        (lambda path: path.symlink_to("/nowhere/at/all"), "no reason is given"),
        (lambda path: path.write_bytes(b"\x1b[31m\xff\n more"), "[31m\ufffd"),
        (lambda path: path.write_text("x" * 5000), "x" * 200),
    ],
    ids=["empty", "directory", "link to nowhere", "no text", "long"],
)
def test_whatever_the_file_is_it_halts(switch, make, because):
    make(switch)
    assert kill_switch.halted_because(switch) == because


def test_a_switch_that_could_not_be_thrown_halts(tmp_path):
    assert "directory is not there" in kill_switch.halted_because(tmp_path / "none" / "halt")
    (tmp_path / "file").touch()
    assert "cannot be looked for" in kill_switch.halted_because(tmp_path / "file" / "halt")


async def test_orders_are_refused_before_anything_is_kept_and_cancels_go_out(switch):
    bench = Bench(kill_switch=switch)
    await bench.client.connect()
    order_id = await bench.resting()
    kill_switch.halt(switch, "enough")
    with pytest.raises(TradingHalted, match=r"enough.*nothing was sent.*ibkr resume") as caught:
        await bench.client.place_order(AAPL, LIMIT, key="k")
    assert str(switch) in caught.value.message
    assert caught.value.code is ErrorCode.TRADING_HALTED
    assert (len(bench.gateway.sent("placeOrder")), bench.client.journal.counts().intents) == (1, 1)
    cancel = await bench.start(bench.client.cancel_order(order_id))
    bench.gateway.status(order_id, "Cancelled")
    assert (await cancel).status is OrderStatus.CANCELLED
    kill_switch.resume(switch)
    task = await bench.start(bench.client.place_order(AAPL, LIMIT, key="k"))
    bench.gateway.open_order(bench.gateway.sent("placeOrder")[-1][0])
    assert (await task).key == "k"
    await bench.client.disconnect()


async def test_it_is_looked_for_again_when_the_order_has_waited_for_its_turn(switch):
    bench = Bench(kill_switch=switch)
    await bench.client.connect()
    look_up = bench.gateway.answers["reqContractDetails"]

    def halt_meanwhile(*asked):
        kill_switch.halt(switch, "just now")
        look_up(*asked)

    bench.gateway.answers["reqContractDetails"] = halt_meanwhile
    with pytest.raises(TradingHalted, match="just now"):
        await bench.client.place_order(AAPL, LIMIT)
    assert bench.gateway.sent("placeOrder") == []
    await bench.client.disconnect()


async def test_a_restart_does_not_lift_it(switch):
    kill_switch.halt(switch, "yesterday")
    for _ in range(2):
        mock = MockIBKRClient(Settings(kill_switch=switch))
        await mock.connect()
        with pytest.raises(TradingHalted, match="yesterday"):
            await mock.place_order(AAPL, LIMIT)


async def test_the_app_says_503_and_cancels_all_the_same(switch):
    mock = MockIBKRClient(Settings(kill_switch=switch), fill_marketable=False)
    await mock.connect()
    token = "a-token-for-tests-only"  # noqa: S105 - made up
    app = create_app(mock, manage_connection=False, tokens=Tokens.of(trade=token))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://127.0.0.1",
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "k-1"},
    ) as http:
        body = {"symbol": "AAPL", "action": "BUY", "quantity": "1"}
        order_id = (await http.post("/orders", json=body)).json()["order_id"]
        kill_switch.halt(switch, "enough")
        answer = await http.post("/orders", json=body, headers={"Idempotency-Key": "k-2"})
        assert (answer.status_code, answer.json()["code"]) == (503, "trading_halted")
        repeated = await http.post("/orders", json=body)
        assert (repeated.status_code, repeated.json()["order_id"]) == (201, order_id)
        assert (await http.delete(f"/orders/{order_id}")).json()["status"] == "Cancelled"


def test_halt_and_resume_are_commands(switch):
    told = run("halt", "--reason", "lunch", IBKR_KILL_SWITCH=str(switch))
    assert (told.exit_code, str(switch) in told.output) == (0, True)
    assert kill_switch.halted_because(switch) == "lunch"
    assert run("halt", "--kill-switch", switch).exit_code == 0
    assert kill_switch.halted_because(switch) == "halted by hand"
    assert run("resume", "--kill-switch", switch).output == "trading is on again\n"
    assert run("resume", "--kill-switch", switch).output == "trading was not halted\n"


def test_a_switch_that_cannot_be_thrown_is_an_error_with_its_remedy(tmp_path):
    nameless = run("halt")
    assert (nameless.exit_code, "set IBKR_KILL_SWITCH" in nameless.output) == (2, True)
    failed = run("halt", "--kill-switch", tmp_path / "none" / "halt")
    assert (failed.exit_code, "make its directory" in failed.output) == (1, True)
    for command in ("halt", "resume"):
        failed = run(command, "--kill-switch", tmp_path)
        assert (failed.exit_code, "is a directory, which halts" in failed.output) == (1, True)
        empty = run(command, IBKR_KILL_SWITCH="")
        assert (empty.exit_code, "kill_switch: " in empty.output) == (2, True)


def test_a_relative_switch_is_told_with_its_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = run("halt", "--kill-switch", "halt")
    assert str(tmp_path / "halt") in told.output
