"""The files that provision Grafana and Prometheus, against each other and the app's metrics.

Their expressions run in a real Prometheus in tests/container.
"""

import itertools
import json
import re
from pathlib import Path

import yaml

from ibkr import IBKRMetrics

DEPLOY = Path(__file__).parents[2] / "deploy"
GRAFANA = DEPLOY / "grafana"
COMPOSE = yaml.safe_load((DEPLOY.parent / "docker-compose.yml").read_text())
DASHBOARD = json.loads((GRAFANA / "dashboards/ibkr.json").read_text())
RULES = yaml.safe_load((DEPLOY / "prometheus/rules.yml").read_text())["groups"]
PROMETHEUS_OWN = {"up", "scrape_duration_seconds", "ALERTS"}
CORE_PANELS = {"stat", "state-timeline", "timeseries", "table"}
COLUMNS = 24


def expressions() -> list[str]:
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    notes = [note["expr"] for note in DASHBOARD["annotations"]["list"]]
    return [*panels, *notes, *(rule["expr"] for group in RULES for rule in group["rules"])]


def named(expression: str) -> set[str]:
    """The series an expression reads."""
    bare = re.sub(r'\{[^}]*\}|\[[^\]]*\]|"[^"]*"', "", expression)
    words = re.findall(r"[A-Za-z_]\w*(?!\w*\s*\()", bare)
    return {word for word in words if not re.search(rf"\b{word}\s*\(", bare)} - {"and", "or"}


def test_every_series_is_one_that_the_app_or_prometheus_has() -> None:
    exposed = {
        sample.name for metric in IBKRMetrics().collect() for sample in metric.samples
    } | PROMETHEUS_OWN
    for expression in expressions():
        assert named(expression) <= exposed, expression


def test_every_metric_of_the_app_is_shown() -> None:
    shown = set().union(*map(named, expressions()))
    assert {s.name for m in IBKRMetrics().collect() for s in m.samples} <= shown


def test_the_panels_ask_the_datasource_that_is_provisioned() -> None:
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in COMPOSE["services"]
    wanted = {"type": source["type"], "uid": source["uid"]}
    for panel in DASHBOARD["panels"]:
        assert panel["datasource"] == wanted
        assert all(target["datasource"] == wanted for target in panel["targets"])
    assert all(note["datasource"] == wanted for note in DASHBOARD["annotations"]["list"])


def test_the_dashboard_lies_where_its_provider_looks() -> None:
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/ibkr.yml").read_text())[
        "providers"
    ]
    mounts = dict(volume.split(":")[:2] for volume in COMPOSE["services"]["grafana"]["volumes"])
    assert mounts["./deploy/grafana/dashboards"] == provider["options"]["path"]
    assert mounts["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    home = COMPOSE["services"]["grafana"]["environment"][
        "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"
    ]
    assert home == f"{provider['options']['path']}/ibkr.json"


def test_the_panels_have_what_grafana_needs_and_people_read() -> None:
    panels = DASHBOARD["panels"]
    assert DASHBOARD["uid"]
    assert DASHBOARD["schemaVersion"] >= 39
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["type"] in CORE_PANELS
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert {"defaults", "overrides"} == set(panel["fieldConfig"])
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references) > 0


def test_no_panel_lies_on_another() -> None:
    cells = [
        {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        for grid in (panel["gridPos"] for panel in DASHBOARD["panels"])
    ]
    assert all(x < COLUMNS for panel in cells for x, _ in panel)
    for one, other in itertools.combinations(cells, 2):
        assert not one & other


def test_every_alert_stands_in_the_operators_guide() -> None:
    guide = (DEPLOY.parent / "docs/operate.md").read_text()
    assert [
        rule["alert"]
        for group in RULES
        for rule in group["rules"]
        if f"`{rule['alert']}`" not in guide
    ] == []


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    rules = [rule for group in RULES for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert {"summary", "description"} == set(rule["annotations"])
