"""What is scraped, watched and drawn is what the code tells: names, labels, ports, pages."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from callbeat import metrics_page
from callbeat.metrics_port import PATH, PLACES
from callbeat.settings import Settings
from tests.unit.containers import KUBERNETES, documents, services, workloads
from tests.unit.variables import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "callbeat.json"
PAGE = ROOT / "docs" / "metrics.md"
NAME = re.compile(r"\bcallbeat_[a-z_]+")
BY_KIND = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("",), "gauge": ("",)}
OF_PROMETHEUS = {"le", "instance", "job", "alertname", "alertstate"}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return list(group["rules"])


def targets() -> Iterator[dict[str, Any]]:
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        yield from panel.get("targets", ())


def expressions() -> list[str]:
    return [rule["expr"] for rule in rules()] + [target["expr"] for target in targets()]


def series() -> dict[str, set[str]]:
    """Each name that can be asked for, with its labels."""
    return {
        name + ending: set(re.findall(r"`(\w+)`", labels)) | OF_PROMETHEUS
        for name, kind, labels, _ in metrics_page.rows()
        for ending in BY_KIND[kind]
    }


def strange(expression: str, words: str = "") -> set[str]:
    """Names of metrics, and of labels in matchers, groupings and legends, that nothing tells. Pure."""
    known = series()
    named = set(NAME.findall(expression))
    labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression)) | set(re.findall(r"{{\s*(\w+)", words))
    for group in re.findall(r"\bby \(([^)]*)\)", expression):
        labels |= set(re.findall(r"\w+", group))
    there = set().union(*(known[name] for name in named & set(known)))
    return (named - set(known)) | (labels - there)


def test_every_expression_asks_for_what_the_code_tells():
    """A metric that is renamed leaves an alert that never rings, and an empty picture."""
    assert {one: strange(one) for one in expressions() if strange(one)} == {}
    legends = {one["legendFormat"]: strange(one["expr"], one["legendFormat"]) for one in targets()}
    assert {legend: found for legend, found in legends.items() if found} == {}
    assert len(expressions()) > 40


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("max(callbeat_helt)", {"callbeat_helt"}),
        ('callbeat_runs{sate="x"}', {"sate"}),
        ("sum by (campaign) (callbeat_runs)", {"campaign"}),
        ("rate(callbeat_start_lateness_seconds[5m])", {"callbeat_start_lateness_seconds"}),
        ("rate(callbeat_decisions[5m])", {"callbeat_decisions"}),
    ],
)
def test_a_wrong_name_is_seen(expression, found):
    """The look itself."""
    assert strange(expression) == found


def test_every_metric_is_drawn_or_watched_or_says_who_it_is():
    """One that nobody looks at is one that nobody keeps right."""
    asked = set(NAME.findall(" ".join(expressions())))
    told = {name for name, *_ in metrics_page.rows()}
    unused = {name for name in told if not any(name + end in asked for end in ("", "_bucket", "_count"))}
    assert unused == {
        "callbeat_build_info",
        "callbeat_beat_step_failures_total",
        "callbeat_beat_step_duration_seconds",
    }


def test_the_page_has_every_metric_and_every_alert():
    """Generated from the code; the alerts by name."""
    text = PAGE.read_text(encoding="utf-8")
    assert metrics_page.with_table(text) == text, "run `make docs`"
    told = re.findall(r"^\| `(Callbeat\w+)` \|", text, re.MULTILINE)
    assert told == [rule["alert"] for rule in rules()]


def test_names_are_as_prometheus_wants_them():
    """Base units, `_total` for what only rises, and no label that grows with what is called."""
    for name, kind, labels, words in metrics_page.rows():
        assert (kind == "counter") == name.endswith("_total"), name
        assert kind != "histogram" or name.endswith("_seconds")
        assert not re.search(r"campaign|run`|batch|number|key|agent", labels), name
        assert words.endswith(".")


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_every_alert_says_what_to_do_and_where_to_read_on(rule):
    """At three in the morning."""
    said = rule["annotations"]
    assert set(said) == {"summary", "mend", "page"}
    assert (ROOT / said["page"]).is_file()
    assert rule["labels"]["severity"] in ("page", "ticket")


def test_the_dashboard_can_be_imported():
    """It asks which Prometheus to use, and no two panels lie on each other."""
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    places = [panel["gridPos"] for panel in board["panels"]]
    cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert {target["datasource"]["uid"] for target in targets()} == {"${datasource}"}


def test_the_ports_of_the_examples_are_those_of_the_processes():
    """In Compose, in Kubernetes, and where Prometheus looks."""
    base = int(services()["beat"]["environment"]["CALLBEAT_METRICS__PORT"])
    assert Settings(_env_file=None, metrics={"port": base}).metrics.port == base
    port = {process: base + places[0] for process, places in PLACES.items()}
    (job,) = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert {one["names"][0]: one["port"] for one in job["dns_sd_configs"]} == port
    for name in set(PLACES) & set(workloads()):
        told = workloads()[name]["spec"]["template"]["metadata"]["annotations"]
        assert told["prometheus.io/scrape"] == "true"
        assert (told["prometheus.io/path"], told["prometheus.io/port"]) == (PATH, str(port[name]))
    (policy,) = documents(KUBERNETES / "optional" / "metrics.yaml")
    assert {one["port"] for one in policy["spec"]["ingress"][0]["ports"]} == set(port.values())


def test_no_port_of_metrics_is_published():
    """They have no login."""
    wanted = {str(9310 + place) for places in PLACES.values() for place in places}
    published = [port for service in services().values() for port in service.get("ports", ())]
    assert not [port for port in published if wanted & set(re.split(r"[:\"]", port))]


@pytest.mark.parametrize("words", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")])
def test_promtool_finds_nothing_wrong(words):
    """Prometheus' own word on the rules, and on when each rings."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian has it in the package prometheus): the rules are not tried")
    done = subprocess.run([promtool, *words], cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried():
    """That it rings, by the rules' own tests."""
    tried = (FOLDER / "alerts_test.yml").read_text(encoding="utf-8")
    assert [rule["alert"] for rule in rules() if f'alertname="{rule["alert"]}"' not in tried] == []
