"""`IBGatewayContainer` as another suite uses it."""

import asyncio
import subprocess
import sys
from decimal import Decimal as D

import pytest
from ib_insync import IB, LimitOrder, Stock

from simulator.containers import FIXED, ContainerUnavailable, IBGatewayContainer
from simulator.control.client import ControlClient, ControlError
from simulator.world_settings import settings_of

AAPL = Stock("AAPL", "SMART", "USD")


@pytest.fixture(scope="module")
def gateway(simulator_image):
    with IBGatewayContainer(simulator_image, clock="manual", fill_model="scripted") as gateway:
        yield gateway


@pytest.fixture
def ib():
    """A blocking client, on a loop of its own as in a suite without asyncio."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    ib = IB()
    yield ib
    ib.disconnect()
    loop.run_until_complete(asyncio.sleep(0))  # the transport closes on the next turn
    asyncio.set_event_loop(None)
    loop.close()


async def test_an_unmodified_client_trades_through_it(gateway) -> None:
    ib = IB()
    await ib.connectAsync(gateway.host, gateway.port, clientId=1)
    statuses = asyncio.Queue()
    async with gateway.control() as control:
        trade = ib.placeOrder(AAPL, LimitOrder("BUY", 3, 100))
        trade.statusEvent += lambda trade: statuses.put_nowait(trade.orderStatus.status)
        assert await asyncio.wait_for(statuses.get(), 10) == "Submitted"
        (order,) = await control.orders(client_id=1)
        await control.fill(order.perm_id, D(3), D("99.5"))
        assert await asyncio.wait_for(statuses.get(), 10) == "Filled"
    assert trade.orderStatus.avgFillPrice == 99.5
    ib.disconnect()


def test_a_synchronous_suite_moves_the_market_too(gateway, ib) -> None:
    """`run` leaves the loop of the main thread alone: blocking calls need it."""
    ib.connect(gateway.host, gateway.port, clientId=2)
    shown = gateway.run(lambda control: control.set_quote("MSFT", bid=D(7), ask=D(8)))
    (ticker,) = ib.reqTickers(Stock("MSFT", "SMART", "USD"))
    assert shown.ask == 8
    assert (ticker.bid, ticker.ask) == (7, 8)


async def test_only_its_own_token_moves_it(gateway) -> None:
    for token in (None, "0" * 64):
        async with ControlClient(gateway.control_url, token=token) as stranger:
            with pytest.raises(ControlError, match="401"):
                await stranger.reset()
    assert gateway.token not in str(gateway.get_wrapped_container().attrs)
    assert gateway.token not in gateway.tail()


def test_its_ports_are_published_on_loopback_only(gateway) -> None:
    published = gateway.get_wrapped_container().attrs["NetworkSettings"]["Ports"]
    addresses = {place["HostIp"] for places in published.values() for place in places}
    assert addresses == {"127.0.0.1"}


def test_settings_are_those_of_the_command(simulator_image, ib, tmp_path) -> None:
    quotes = tmp_path / "market"
    quotes.mkdir()
    (quotes / "AAPL.bars.csv").write_text(
        "time,open,high,low,close,volume\n"
        "2025-06-16T13:30:00Z,50,50,50,50,100\n"
        "2025-06-16T13:31:00Z,50,50,50,50,100\n"
    )
    settings = {
        "accounts": ["DU1000001", "DU1000002"],
        "clock": "manual",
        "checks_funds": False,
        "repeats_status": True,
        "calendar": False,
        "market_data": quotes,
    }
    with IBGatewayContainer(simulator_image, **settings) as gateway:
        accounts = gateway.run(lambda control: control.accounts())
        quote = gateway.run(lambda control: control.quote("AAPL"))
        ib.connect(gateway.host, gateway.port, clientId=1)
        too_large = LimitOrder("BUY", 10_000_000, 40, account="DU1000002")
        trade = ib.placeOrder(AAPL, too_large)
        ib.waitOnUpdate(10)
    assert [account.account for account in accounts] == ["DU1000001", "DU1000002"]
    assert 49 < quote.bid < 51
    assert trade.orderStatus.status == "Submitted"


def test_every_setting_of_the_world_can_be_given() -> None:
    known = set(settings_of.__kwdefaults__ or {})
    with pytest.raises(TypeError, match="clok is no setting") as refused:
        IBGatewayContainer(clok="manual")
    listed = set(str(refused.value).partition("known: ")[2].split(", "))
    assert known - listed <= FIXED
    assert not listed & FIXED


def test_a_start_that_fails_is_told_with_what_it_says(simulator_image) -> None:
    with (
        pytest.raises(ContainerUnavailable, match="'x' is not a valid integer"),
        IBGatewayContainer(simulator_image, seed="x"),
    ):
        pass


def test_a_start_that_takes_too_long_is_told(simulator_image) -> None:
    with (
        pytest.raises(ContainerUnavailable, match=r"not ready within 0\.001 s"),
        IBGatewayContainer(simulator_image, start_timeout_s=0.001),
    ):
        pass


def test_a_missing_image_is_told_with_the_way_to_it() -> None:
    with (
        pytest.raises(ContainerUnavailable, match=r"no image localhost/nobody/has: .*\.build"),
        IBGatewayContainer("localhost/nobody/has"),
    ):
        pass


def test_a_folder_that_is_no_checkout_is_told(tmp_path) -> None:
    with pytest.raises(ContainerUnavailable, match="has no Dockerfile"):
        IBGatewayContainer.build(tmp_path)


def test_a_build_that_fails_is_told_with_what_it_says(tmp_path) -> None:
    (tmp_path / "Dockerfile").write_text(
        "FROM python:3.11-slim AS simulator\nRUN echo no such luck && false\n"
    )
    with pytest.raises(
        ContainerUnavailable, match=r"cannot build .*; it says:\n[^$]*\nno such luck"
    ):
        IBGatewayContainer.build(tmp_path, image="localhost/ibkr-testbed/never")


def test_no_engine_is_one_sentence(tmp_path) -> None:
    code = "from simulator.containers import IBGatewayContainer as C; C()"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={"DOCKER_HOST": f"unix://{tmp_path}/none.sock", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    last = result.stderr.splitlines()[-1]
    assert "ContainerUnavailable: no Docker engine answers" in last
    assert "start one, or set DOCKER_HOST" in last


def test_the_run_of_this_folder_without_an_engine_is_one_sentence(tmp_path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        env={"DOCKER_HOST": f"unix://{tmp_path}/none.sock", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 4
    assert "TOX_SKIP_ENV=container" in result.stdout + result.stderr
