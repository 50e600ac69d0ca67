"""The live gateway's container and the `live` profile, with a simulator that demands the
environment of ghcr.io/gnzsnz/ib-gateway: what a login with IBKR's servers does is not shown here.
"""

import asyncio
import secrets

import pytest
from compose_stack import Stack, until
from ib_insync import IB, LimitOrder, Stock
from paper_gateway import NoLogin, PaperGatewayContainer, PaperLogin

from ibkr import Contract, IBKRClient, Order
from simulator.containers import ContainerUnavailable

AAPL = Contract.stock("AAPL")
PASSWORD = "canary-of-a-password"  # noqa: S105


@pytest.fixture(scope="module")
def image(standin) -> str:
    return standin("ib_gateway")


@pytest.fixture
def login(tmp_path) -> PaperLogin:
    password_file = tmp_path / "password"
    password_file.write_text(f"{PASSWORD}\n")
    return PaperLogin.of({"TWS_USERID": "edemo", "TWS_PASSWORD_FILE": str(password_file)})


async def test_a_client_trades_on_paper(image, login) -> None:
    with PaperGatewayContainer(login, image, start_timeout_s=60) as gateway:
        client = IBKRClient(host=gateway.host, port=gateway.port, client_id=1)
        await client.connect()
        placed = await client.place_order(AAPL, Order.limit("BUY", 1, "1.00"))
        cancelled = await client.cancel_order(placed.order_id)
        await client.disconnect()
        seen = str(gateway.get_wrapped_container().attrs) + gateway.tail()
    assert (placed.status, cancelled.status) == ("Submitted", "Cancelled")
    assert PASSWORD not in seen


async def test_a_read_only_gateway_takes_no_order(image, login) -> None:
    with PaperGatewayContainer(login, image, read_only=True, start_timeout_s=60) as gateway:
        ib, errors = IB(), asyncio.Queue()
        ib.errorEvent += lambda _, code, text, *_rest: errors.put_nowait((code, text))
        await ib.connectAsync(gateway.host, gateway.port, clientId=1, readonly=True)
        ib.placeOrder(Stock("AAPL", "SMART", "USD"), LimitOrder("BUY", 1, 1))
        while (error := await asyncio.wait_for(errors.get(), 10))[0] != 321:
            pass
        ib.disconnect()
    assert "Read-Only" in error[1]


def test_a_login_that_fails_is_told_with_what_the_gateway_says(image, login) -> None:
    gateway = PaperGatewayContainer(PaperLogin("", login.password_file), image)
    with pytest.raises(ContainerUnavailable, match="TWS_USERID and a password are needed"), gateway:
        pass


def test_a_missing_image_is_told_with_the_other_way(login) -> None:
    gateway = PaperGatewayContainer(login, "localhost/nobody/has")
    with pytest.raises(ContainerUnavailable, match="give --host and --port"), gateway:
        pass


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "set TWS_USERID"),
        ({"TWS_USERID": "edemo"}, "set TWS_PASSWORD_FILE"),
        ({"TWS_USERID": "edemo", "TWS_PASSWORD_FILE": "/no/such/file"}, "set TWS_PASSWORD_FILE"),
        ({"TWS_USERID": "edemo", "TWS_PASSWORD_FILE": "/dev/null"}, "set TWS_PASSWORD_FILE"),
        ({"TWS_USERID": "edemo", "TWS_PASSWORD": PASSWORD}, "unset TWS_PASSWORD"),
    ],
)
def test_without_a_login_it_is_told_what_to_set(environment, named) -> None:
    with pytest.raises(NoLogin, match=named) as refused:
        PaperLogin.of(environment)
    assert PASSWORD not in str(refused.value)


def test_an_empty_password_file_is_told(tmp_path) -> None:
    empty = tmp_path / "password"
    empty.touch()
    with pytest.raises(NoLogin, match="is empty: write the password"):
        PaperLogin.of({"TWS_USERID": "edemo", "TWS_PASSWORD_FILE": str(empty)})


# --- the profile `live` of docker-compose.yml ---


@pytest.fixture
def stack(app_image, image, prometheus_image, tmp_path):
    stack = Stack(
        f"ibkr-live-{secrets.token_hex(4)}",
        "live",
        tmp_path,
        {"ib-gateway": image, "prometheus": prometheus_image},
    )
    stack.secrets["tws_password"].write_text(PASSWORD)
    yield stack
    stack.down()


def ready(stack: Stack) -> bool:
    return stack.get("app-live", 8000, "/health/ready").status_code == 200


def test_the_live_stack_is_ready_and_watched_and_takes_no_order_at_first(stack) -> None:
    stack.up(("ib-gateway", "app-live", "prometheus"), TWS_USERID="edemo")
    until(lambda: ready(stack))
    until(lambda: stack.query('up{job="ibkr"} == 1'))
    until(lambda: stack.container("ib-gateway").health == "healthy")
    refused = stack.place("first", service="app-live")
    assert refused.status_code == 403
    assert refused.json()["title"] == "ReadOnlyApi"
    stack.up(("ib-gateway", "app-live"), TWS_USERID="edemo", READ_ONLY_API="no")
    until(lambda: ready(stack))
    assert stack.place("second", service="app-live").status_code == 201
    told = stack.container("ib-gateway").logs() + stack.container("app-live").logs()
    assert PASSWORD not in told.decode()


def test_a_live_stack_without_a_login_is_not_ready_and_says_why(stack) -> None:
    stack.up(("ib-gateway", "app-live"))
    gateway = stack.container("ib-gateway")
    until(lambda: b"TWS_USERID" in gateway.logs())
    until(lambda: stack.get("app-live", 8000, "/health/live").is_success)
    assert not ready(stack)
