"""What a worker counts is there as zero before it is counted, and all of it."""

import inspect
import re

import pytest

from callbeat import metrics
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown
from callbeat.runs.breaker import came_of
from callbeat.runs.errands import Errand
from callbeat.runs.gates import Gate
from callbeat.settings import Settings
from tasks import runs
from worker.metrics import CAME_OF, REQUESTS, begin_at_zero

ACCOUNT = "fresh"  # of no other test: counts are the process's
OF_ACCOUNT = [
    ("callbeat_start_lateness_seconds_count", {}),
    ("callbeat_start_lateness_seconds_bucket", {"le": "600.0"}),
    ("callbeat_start_after_due_seconds_count", {}),
    *(("callbeat_calls_total", {"outcome": str(outcome)}) for outcome in Outcome if outcome.final),
    *(("callbeat_budget_refusals_total", {"errand": str(errand)}) for errand in Errand),
    *(("callbeat_provider_requests_total", {"request": "create", "outcome": outcome}) for outcome in CAME_OF),
]


def value(name: str, labels: dict[str, str]) -> float | None:
    return metrics.REGISTRY.get_sample_value(name, labels)


def test_the_first_late_start_and_the_first_refusal_are_a_rise():
    """Prometheus sees none in what is first there as one."""
    settings = Settings(_env_file=None, accounts={ACCOUNT: {"provider": "bolna", "api_key": "k"}})
    assert [one for one in OF_ACCOUNT if value(one[0], one[1] | {"account": ACCOUNT}) is not None] == []
    begin_at_zero(settings)
    assert [one for one in OF_ACCOUNT if value(one[0], one[1] | {"account": ACCOUNT}) != 0] == []
    failed = [value("callbeat_tasks_total", {"task": task, "result": "failed"}) for task in runs.TOLD_AS]
    assert None not in failed


def test_every_task_is_there_by_the_name_that_it_is_counted_by():
    """One that is forgotten here would fail the first time without a word."""
    source = inspect.getsource(runs)
    steps = re.findall(r"_each\(\w+\.(\w+), ids", source) + re.findall(r"_one\(partial\(.*\"(\w+)\",", source)
    assert sorted(steps) == sorted(runs.TOLD_AS)


def test_every_request_is_there_by_its_name():
    """They are those of a provider's gate."""
    asked = {name for name in vars(Gate) if not name.startswith("_")} - {"clock_difference"}
    assert asked == set(REQUESTS)


@pytest.mark.parametrize(
    "answer", [Accepted(1), Refused("no"), Busy("wait"), Busy("lost", away=True), Unknown("lost")], ids=repr
)
def test_every_answer_is_there_by_its_word(answer):
    """As the alert reads it."""
    assert came_of(answer) in CAME_OF
