"""What docker-compose.yml promises about every service, read from the file itself.

That a real engine takes it and what then happens is shown in tests/container.
"""

import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
BUILT_HERE = "localhost/ibkr-testbed/"
WRITES_ITS_ROOT = {"ib-gateway"}  # IB Gateway keeps its settings beside its program
SECRET_NAMES = re.compile(r"PASSWORD|TOKEN|SECRET|CREDENTIAL|API_?KEY")
LIVE_AND_SCREEN_PORTS = {"4001", "4003", "5900", "7496"}


def parametrized(*names: str):
    return pytest.mark.parametrize("name", names or [*SERVICES])


def variables() -> set[str]:
    return set(re.findall(r"\$\{(\w+)", TEXT))


def test_the_profiles_start_what_they_say() -> None:
    started = {
        profile: {name for name, service in SERVICES.items() if profile in service["profiles"]}
        for profile in ("sim", "live")
    }
    assert started == {
        "sim": {"simulator", "app", "prometheus", "grafana"},
        "live": {"ib-gateway", "app-live", "prometheus", "grafana"},
    }


@parametrized()
def test_ports_are_published_on_loopback_and_none_of_a_live_gateway(name) -> None:
    for port in SERVICES[name].get("ports", []):
        address, published, inner = re.fullmatch(r"([\d.]+):\$\{\w+:-(\d+)\}:(\d+)", port).groups()
        assert address == "127.0.0.1"
        assert not {published, inner} & LIVE_AND_SCREEN_PORTS


@parametrized()
def test_a_service_is_kept_running_and_kept_small(name) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"
    assert {"mem_limit", "cpus", "pids_limit"} <= set(service)
    assert {"max-size", "max-file"} <= set(service["logging"]["options"])


@parametrized()
def test_a_service_cannot_become_root(name) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "network_mode"} & set(service)
    assert service.get("read_only", False) == (name not in WRITES_ITS_ROOT)
    user = service.get("user", "image")
    assert user != "root"
    assert not user.startswith("0")
    assert "docker.sock" not in str(service.get("volumes"))


@parametrized()
def test_an_image_is_built_here_or_pinned_to_a_release(name) -> None:
    service = SERVICES[name]
    if "build" in service:
        assert service["image"].startswith(BUILT_HERE)
        assert service["build"]["target"] == service["image"].removeprefix(BUILT_HERE)
    else:
        assert re.search(r":v?\d+\.\d+\.\d+\w*$", service["image"])


def test_the_images_built_here_are_not_root() -> None:
    (user,) = re.findall(r"^USER (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert user == "10001:10001"


@parametrized()
def test_secrets_come_as_files(name) -> None:
    service = SERVICES[name]
    for variable, value in service.get("environment", {}).items():
        if SECRET_NAMES.search(variable):
            assert variable.endswith("_FILE")
            assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])


def test_every_secret_is_made_once_and_closed_to_others(tmp_path) -> None:
    folder = tmp_path / "secrets"
    command = ["sh", ROOT / "deploy/secrets.sh", folder]
    subprocess.run(command, check=True, capture_output=True)
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(made) == set(COMPOSE["secrets"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in set(made) - {"tws_password"}:
        assert re.fullmatch(r"[0-9a-f]{64}", made[name])
    assert len(set(made.values())) == len(made)
    (folder / "tws_password").write_text("kept")
    subprocess.run(command, check=True, capture_output=True)
    again = {path.name: path.read_text() for path in folder.iterdir()}
    assert again == made | {"tws_password": "kept"}
    assert all(path.stat().st_mode & 0o044 for path in folder.iterdir())  # for their programs


def test_secrets_are_kept_out_of_git_and_of_images() -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", "deploy/secrets/app_token", ".env"],  # noqa: S607
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if ignored.returncode != 128:  # 128: an unpacked source archive has no git
        assert ignored.stdout.split() == ["deploy/secrets/app_token", ".env"]
    sent = (ROOT / ".dockerignore").read_text().split()
    assert "*" in sent
    assert not {"!deploy", "!.env", "!."} & set(sent)


def test_the_example_has_every_variable_and_no_secret() -> None:
    example = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert set(example) == variables()
    assert not [name for name in example if SECRET_NAMES.search(name)]
    defaults = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", TEXT))
    assert example == defaults


def test_the_live_stack_is_for_paper_whatever_the_environment_says() -> None:
    gateway, app = SERVICES["ib-gateway"]["environment"], SERVICES["app-live"]["environment"]
    assert gateway["TRADING_MODE"] == "paper"
    assert gateway["READ_ONLY_API"] == "${READ_ONLY_API:-yes}"
    assert gateway["EXISTING_SESSION_DETECTED_ACTION"].endswith(":-secondary}")
    assert "VNC_SERVER_PASSWORD" not in str(gateway)
    assert app["IBKR_ALLOW_LIVE"] == "false"
    assert (app["IBKR_HOST"], app["IBKR_PORT"]) == ("ib-gateway", "4004")


@parametrized("prometheus", "grafana")
def test_who_only_watches_cannot_reach_a_gateway(name) -> None:
    assert SERVICES[name]["networks"] == ["metrics"]
    for gateway in ("simulator", "ib-gateway"):
        assert SERVICES[gateway]["networks"] == ["gateway"]


@parametrized()
def test_a_service_waits_only_for_what_its_profiles_start(name) -> None:
    for other in SERVICES[name].get("depends_on", {}):
        assert set(SERVICES[name]["profiles"]) <= set(SERVICES[other]["profiles"])


@parametrized()
def test_what_is_mounted_exists(name) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (ROOT / source).is_dir()
            assert volume.endswith(":ro")
        else:
            assert source in COMPOSE["volumes"]


@pytest.mark.parametrize("name", ["app", "app-live"])
def test_the_kill_switch_of_an_app_outlives_it_and_can_be_thrown_inside(name) -> None:
    service = SERVICES[name]
    switch = Path(service["environment"]["IBKR_KILL_SWITCH"])
    mounted = [volume.split(":")[1] for volume in service["volumes"]]
    assert str(switch.parent) in mounted


def test_an_app_answers_to_the_name_that_prometheus_asks_for() -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    targets = {job["job_name"]: job["static_configs"] for job in config["scrape_configs"]}
    assert targets["ibkr"] == [{"targets": ["app:8000"]}]
    assert SERVICES["app-live"]["networks"]["metrics"] == {"aliases": ["app"]}
    for name in ("app", "app-live"):
        assert '"app"' in SERVICES[name]["environment"]["IBKR_APP_ALLOWED_HOSTS"]
