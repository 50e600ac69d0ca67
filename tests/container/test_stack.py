"""`docker compose --profile sim up`, with everything but Grafana, whose image cannot be had
everywhere and has no package in Debian: tests/unit/test_dashboard.py reads what provisions it.

Where the official Prometheus cannot be had, Debian's package of it stands in.
"""

import json
import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal as D

import httpx
import pytest
from compose_stack import ROOT, Stack, until

from simulator.control.client import ControlClient, ControlError

WATCHED = ("simulator", "app", "prometheus")
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboards/ibkr.json").read_text())
RULES_TEST = (ROOT / "tests/container/rules.test.yml").read_text()


@pytest.fixture(scope="module")
def stack(app_image, prometheus_image, tmp_path_factory) -> Iterator[Stack]:
    stack = Stack(
        f"ibkr-test-{secrets.token_hex(4)}",
        "sim",
        tmp_path_factory.mktemp("stack"),
        {"prometheus": prometheus_image},
    )
    try:
        stack.up(WATCHED)
        until(lambda: ready(stack))
        yield stack
    finally:
        stack.down()


def ready(stack: Stack) -> bool:
    return stack.get("app", 8000, "/health/ready").status_code == 200


def value(stack: Stack, expression: str) -> float:
    (result,) = stack.query(expression) or [{"value": (0, "0")}]
    return float(result["value"][1])


def scraped(stack: Stack) -> float:
    """The number of orders by a scrape that began after this call."""
    since = time.time()
    until(lambda: value(stack, "timestamp(ib_orders_total)") > since)
    return value(stack, "ib_orders_total")


def control(stack: Stack) -> ControlClient:
    url = f"http://{stack.address('simulator', 4080)}"
    return ControlClient(url, token=stack.secret("control_token"))


# --- what is up ---


@pytest.mark.parametrize("profile", ["sim", "live"])
def test_compose_takes_the_file(profile, tmp_path) -> None:
    images = {"prometheus": "prom/prometheus:v3.5.0"}
    Stack("ibkr-test-config", profile, tmp_path, images).run("config", "--quiet")


@pytest.mark.parametrize("service", WATCHED)
def test_a_service_says_that_it_is_healthy(stack, service) -> None:
    container = stack.container(service)

    def healthy() -> bool:
        container.reload()
        return container.attrs["State"]["Health"]["Status"] == "healthy"

    assert until(healthy)


@pytest.mark.parametrize("service", WATCHED)
def test_a_service_is_nobody_inside_and_can_write_nothing(stack, service) -> None:
    container = stack.container(service)
    looks = "id -u; grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status; touch /x 2>&1"
    seen = container.exec_run(["sh", "-c", looks]).output.decode().split()
    assert seen[0] in {"10001", "65534"}
    assert dict(zip(seen[1:7:2], seen[2:7:2], strict=True)) == {
        "CapEff:": "0000000000000000",
        "CapBnd:": "0000000000000000",
        "NoNewPrivs:": "1",
    }
    assert "Read-only" in seen
    limits = container.attrs["HostConfig"]
    assert limits["Memory"] == 512 << 20
    assert limits["PidsLimit"] == 256
    addresses = {
        place["HostIp"]
        for places in container.attrs["NetworkSettings"]["Ports"].values()
        for place in places or []
    }
    assert addresses == {"127.0.0.1"}


def test_no_secret_is_to_be_seen_from_outside(stack) -> None:
    for service in WATCHED:
        container = stack.container(service)
        told = json.dumps(container.attrs) + container.logs().decode()
        for name in ("app_token", "control_token"):
            assert stack.secret(name) not in told


def test_an_image_holds_no_tools_to_build_with(engine, app_image) -> None:
    looks = "ls /opt/ibkr/bin; python -c 'import pip' 2>&1; command -v gcc make git; true"
    told = engine.containers.run(app_image, ["-c", looks], entrypoint="sh", remove=True).decode()
    assert "ibkr-sim" in told
    assert "No module named 'pip'" in told
    assert not {"gcc", "make", "git"} & {path.rpartition("/")[2] for path in told.split()}


# --- what it does ---


async def test_the_market_is_moved_with_the_token_only(stack) -> None:
    url = f"http://{stack.address('simulator', 4080)}"
    async with ControlClient(url) as stranger:
        with pytest.raises(ControlError, match="401"):
            await stranger.set_quote("AAPL", bid=D(1), ask=D(2))
    async with control(stack) as owner:
        await owner.set_quote("AAPL", bid=D("99.98"), ask=D("100.02"))
    quote = stack.get("app", 8000, "/quotes/AAPL", headers=stack.bearer).json()
    assert (D(quote["bid"]), D(quote["ask"])) == (D("99.98"), D("100.02"))


def test_an_order_is_counted_by_prometheus(stack) -> None:
    before = scraped(stack)
    assert stack.place("counted").status_code == 201
    until(lambda: value(stack, "ib_orders_total") == before + 1)
    assert value(stack, "ib_connection_status") == 1
    assert value(stack, 'up{job="ibkr"}') == 1


def test_every_expression_of_the_dashboard_has_an_answer(stack) -> None:
    scraped(stack)  # a rise is seen only from a value that was
    assert stack.place("shown").is_success
    assert stack.get("app", 8000, "/quotes/AAPL", headers=stack.bearer).is_success
    until(lambda: value(stack, "sum(increase(ib_orders_total[15m]))") > 0)
    until(lambda: value(stack, "ib_last_quote_timestamp_seconds") > 0)
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            results = stack.query(target["expr"])
            assert results or "ALERTS" in target["expr"], target["expr"]
    for note in DASHBOARD["annotations"]["list"]:
        stack.query(note["expr"])


def test_prometheus_has_taken_the_rules_and_evaluates_them(stack) -> None:
    def evaluated() -> list[dict]:
        groups = stack.get("prometheus", 9090, "/api/v1/rules").json()["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        return rules if all(rule["health"] == "ok" for rule in rules) else []

    assert {rule["name"] for rule in until(evaluated)} >= {"IBKRAppDown", "IBKRDisconnected"}


@pytest.mark.parametrize(
    "check",
    [
        "promtool check config /etc/prometheus/prometheus.yml",
        "promtool check rules --lint=all --lint-fatal /etc/prometheus/rules.yml",
        "cat > /tmp/rules.test.yml && promtool test rules /tmp/rules.test.yml",
    ],
)
def test_promtool_finds_nothing_wrong(stack, check) -> None:
    result = subprocess.run(
        ["docker", "exec", "-i", stack.container("prometheus").id, "sh", "-c", check],  # noqa: S607
        input=RULES_TEST,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "SUCCESS" in result.stdout


# --- what becomes of it when something is stopped, or dies ---


def test_trading_is_halted_by_hand_over_a_restart_and_goes_on_by_hand(stack) -> None:
    app = stack.container("app")
    until(lambda: ready(stack))
    assert app.exec_run(["ibkr", "halt", "--reason", "prices look wrong"]).exit_code == 0
    try:
        app.restart(timeout=5)
        until(lambda: ready(stack))
        refused = stack.place("halted")
        assert (refused.status_code, refused.json()["code"]) == (503, "trading_halted")
        assert "prices look wrong" in refused.json()["detail"]
    finally:
        resumed = app.exec_run(["ibkr", "resume"])
    assert resumed.output.decode() == "trading is on again\n"
    assert stack.place("halted").is_success


async def test_an_order_whose_app_is_killed_is_at_the_broker_once(stack) -> None:
    """The gateway stands still while the order is on its way, and the app dies meanwhile."""
    app, simulator = stack.container("app"), stack.container("simulator")
    until(lambda: ready(stack))
    assert stack.place("known").is_success  # the contract is asked for once
    async with control(stack) as owner:
        before = {order.perm_id for order in await owner.orders()}
    sent = orders_sent(stack)
    simulator.pause()
    with ThreadPoolExecutor(1) as caller:
        try:
            call = caller.submit(stack.place, "killed", order_type="LMT", limit_price="1")
            until(lambda: orders_sent(stack) == sent + 1 or call.done())
            assert not call.done(), call.result().text
        finally:
            app.kill()
            simulator.unpause()
            app.start()
        with pytest.raises(httpx.TransportError):
            call.result()
    until(lambda: ready(stack))
    async with control(stack) as owner:
        (order,) = [order for order in await owner.orders() if order.perm_id not in before]
    assert (order.status, order.filled) == ("Submitted", 0)
    until(lambda: not stack.query("ib_orders_in_doubt > 0"))


def orders_sent(stack: Stack) -> float:
    """The counter as the app itself tells it."""
    told = stack.get("app", 8000, "/metrics").text
    return float(re.search(r"^ib_orders_total (\S+)$", told, re.MULTILINE).group(1))


def test_the_broker_outlives_its_gateway(stack) -> None:
    until(lambda: ready(stack))
    placed = stack.place("outlives", order_type="LMT", limit_price="1").json()
    simulator = stack.container("simulator")
    simulator.restart(timeout=5)
    until(lambda: ready(stack))
    order = stack.get("app", 8000, f"/orders/{placed['order_id']}", headers=stack.bearer)
    assert order.json()["status"] == "Submitted"
