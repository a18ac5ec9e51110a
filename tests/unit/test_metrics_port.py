"""Whoever scrapes is answered, whatever is away, and nobody's work waits for it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from callbeat import gauges, metrics, metrics_port
from callbeat.gauges import GAUGES, Asked
from callbeat.metrics_port import PATH, PLACES, listening
from callbeat.settings import Settings
from callbeat.settings_blocks import MetricsSettings


def told(asked: Asked) -> dict[str, float]:
    return {sample.name: sample.value for family in asked.collect() for sample in family.samples}


def free_ports(how_many: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(how_many)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@pytest.fixture
def address() -> Iterator[str]:
    with listening("127.0.0.1", free_ports(1)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_scrape_is_answered_in_prometheus_own_form(address):
    """It reads what is there, and names it."""
    metrics.stepped("sweep", 0.5, well=True)
    answer = httpx.get(address + PATH)
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert answer.status_code == 200
    assert families["callbeat_beat_step_age_seconds"].type == "gauge"
    assert families["callbeat_decisions"].type == "counter"
    assert "_created" not in answer.text


@pytest.mark.parametrize("path", ["/", "/metrics/x", "/health"])
def test_there_is_nothing_else_on_that_port(address, path):
    """It has no login."""
    assert httpx.get(address + path).status_code == 404
    assert httpx.post(address + PATH).status_code == 501


def test_the_next_port_is_taken_where_somebody_listens_already():
    """Several workers on one machine have one setting."""
    first, second = free_ports(2)
    with listening("127.0.0.1", [first, second]) as one, listening("127.0.0.1", [first, second]) as other:
        assert (one.server_port, other.server_port) == (first, second)


def test_a_port_that_is_taken_ends_nobody(monkeypatch):
    """Who cannot be asked works on, and says that nobody will see it."""
    (taken,) = free_ports(1)
    with listening("127.0.0.1", [taken]), capture_logs() as lines:
        metrics_port._serve("127.0.0.1", [taken], [])
    assert [(line["event"], line["log_level"]) for line in lines] == [("metrics.not_served", "warning")]
    assert "CALLBEAT_METRICS__PORT" in lines[0]["mend"]


def test_without_a_port_nobody_listens(monkeypatch):
    """It is off unless somebody asks for it."""
    monkeypatch.setattr(metrics_port, "_serve", lambda *_: pytest.fail("somebody listens"))
    metrics_port.serve("beat", Settings(_env_file=None))
    assert Settings(_env_file=None).metrics == MetricsSettings(port=None, host="127.0.0.1")


def test_what_may_happen_is_there_as_zero_before_it_does(monkeypatch):
    """Prometheus sees no rise in what is first there as one: the first alarm would ring for nobody."""
    monkeypatch.setattr(metrics_port, "_serve", lambda *_: None)
    metrics_port.serve("worker", Settings(_env_file=None, metrics={"port": 9310}))
    wanted = [
        ("callbeat_decisions_total", {"event": "run.missed"}),
        ("callbeat_decisions_total", {"event": "site.over_ceiling"}),
        ("callbeat_decisions_total", {"event": "run.not_told"}),
        ("callbeat_alarms_total", {"event": "run.note"}),
        ("callbeat_alarms_total", {"event": "batch.held"}),
        ("callbeat_run_sums_differ_total", {}),
    ]
    assert [one for one in wanted if metrics.REGISTRY.get_sample_value(*one) is None] == []


def test_no_two_kinds_of_process_want_one_port():
    """Or each would be found where the other is looked for."""
    wanted = [place for places in PLACES.values() for place in places]
    assert len(wanted) == len(set(wanted))
    assert max(wanted) + MetricsSettings.model_fields["port"].metadata[1].le < 65_536


def test_what_is_asked_for_is_told_with_that_it_answers():
    """One that answers is up."""
    known = [("halted", (), 1.0), ("runs", ("active",), 3.0), ("runs", ("planned",), 4.0)]
    asked = Asked("ledger_up", lambda: known)
    (up, halted, runs) = asked.collect()
    assert [family.name for family in (up, halted)] == ["callbeat_ledger_up", "callbeat_halted"]
    assert [(sample.labels, sample.value) for sample in runs.samples] == [
        ({"state": "active"}, 3.0),
        ({"state": "planned"}, 4.0),
    ]


def test_what_is_away_is_told_as_away_and_once_in_the_log():
    """The scrape is answered with the rest, and old figures are not shown as if they were new."""
    there = True

    def ask():
        yield "halted", (), 1.0
        if not there:
            raise OSError("no route")

    asked = Asked("ledger_up", ask)
    assert told(asked) == {"callbeat_ledger_up": 1, "callbeat_halted": 1}
    there = False
    with capture_logs() as lines:
        for _ in range(2):
            asked._at = -1e9  # some seconds later
            assert told(asked) == {"callbeat_ledger_up": 0}
    assert [line["event"] for line in lines] == ["metrics.not_known"]


def test_nobody_is_asked_twice_within_some_seconds():
    """Two servers that scrape, and somebody who looks, are one question."""
    asked_times = []
    asked = Asked("ledger_up", lambda: asked_times.append(1) or [])
    assert told(asked) == told(asked) == {"callbeat_ledger_up": 1}
    assert len(asked_times) == 1


def test_a_scrape_does_not_wait_for_one_who_does_not_answer(monkeypatch):
    """Prometheus would give up, and lose what this process has seen; and no second one is sent to wait as well."""
    answered, began = threading.Event(), []
    monkeypatch.setattr(gauges, "PATIENCE", 0.05)

    def ask():
        began.append(time.monotonic())
        answered.wait(30)
        return []

    asked = Asked("ledger_up", ask)
    assert told(asked) == {"callbeat_ledger_up": 0}
    assert told(asked) == {"callbeat_ledger_up": 0}
    answered.set()
    asked._asking.join(30)
    assert told(asked) == {"callbeat_ledger_up": 1}
    assert len(began) == 1


def test_every_name_of_a_gauge_is_as_prometheus_wants_it():
    """Base units, and no word that it would take for a total."""
    assert not [name for name in GAUGES if name.endswith(("_total", "_count", "_sum", "_minutes", "_ms"))]
