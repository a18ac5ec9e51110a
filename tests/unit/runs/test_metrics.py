"""What steps have done is counted once it is in the ledger, and not being able to count stops no step."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from callbeat import metrics
from callbeat.ledger.lines import ALARM, NOT_TOLD
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import RunRow
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown
from callbeat.providers.port import Phase
from callbeat.runs.create import create
from callbeat.runs.finish import finish
from callbeat.runs.gates import Budgeted
from callbeat.runs.open import open_run
from callbeat.runs.poll import poll
from callbeat.runs.tick import Tick
from tasks import runs as tasks
from tests.factories import DUE, GOOD_ACCOUNT, REF, minutes, seen
from tests.unit.runs.test_gates import Purse
from tests.unit.runs.test_left_out import listed

S = BatchState
CSV = "contact_number,name\n+12025550101,Ann\n+12025550102,Bo\nnonsense,Cy\n+1 202 555 0101,Di\n"
DIALS = seen(phase=Phase.DIALLING, status_word="running", fingerprint="f2")


class Risen:
    """How much each series has risen since; what did not move is not there."""

    def __init__(self) -> None:
        self._before = self._now()

    def _now(self) -> Counter:
        found = Counter()
        for metric in metrics.REGISTRY.collect():
            for sample in metric.samples:
                labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
                found[sample.name.removeprefix("callbeat_"), labels] += sample.value
        return found

    def __call__(self, name: str) -> dict[str, float]:
        now = self._now()
        moved = {key: now[key] - self._before[key] for key in now if key[0] == name}
        return {labels: rise for (_, labels), rise in moved.items() if rise}


@pytest.fixture
def risen():
    return Risen()


def test_a_decision_counts_once_it_is_in_the_ledger(world, risen):
    """What was rolled back was never decided."""
    run = world.a_run()
    with pytest.raises(RuntimeError), world.ledger.write() as writer:  # noqa: PT012
        writer.move(run, RunState.FAILED, at=world.now, why="it came to nothing")
        raise RuntimeError
    assert risen("decisions_total") == {}
    with world.ledger.write() as writer:
        writer.move(world.get(run), RunState.FAILED, at=world.now, why="ALARM: look at once")
    assert risen("decisions_total") == {"event=run.failed": 1}
    assert risen("alarms_total") == {"event=run.failed": 1}


def test_rows_that_are_left_out_count_by_reason(world, risen):
    """Whoever reads a file that has gone wrong sees it before the first call."""
    world.write_contacts(CSV)
    open_run(world.context, world.a_run(state=RunState.PLANNED).id)
    told = {"kind=invalid,reason=no_number": 1, "kind=excluded,reason=duplicate": 1}
    assert risen("rows_left_out_total") == told


def test_who_is_left_out_later_counts_too(world, risen):
    """An opt-out between the opening and the create."""
    batch = world.a_batch(S.READY, rows=3)
    listed(world, 3, "opt_out")
    world.provider.will("account", GOOD_ACCOUNT)
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("create", Accepted(REF))
    create(world.context, batch.id)
    assert risen("rows_left_out_total") == {"kind=excluded,reason=opted_out": 1}


def test_calls_and_cost_count_when_their_run_ends(world, risen):
    """Once: by whoever ended it, and not again by a message that comes twice."""
    batch = world.a_batch(S.FINISHED, rows=3)
    ends = [(Outcome.ANSWERED, Decimal("0.25")), (Outcome.ANSWERED, Decimal("0.50")), (Outcome.BUSY, None)]
    for call, (outcome, cost) in zip(world.calls(batch), ends, strict=True):
        world.set(call, outcome=outcome, attempts=1, cost=cost)
    finish(world.context, batch.run_id)
    finish(world.context, batch.run_id)
    assert risen("calls_total") == {"account=bolna,outcome=answered": 2, "account=bolna,outcome=busy": 1}
    assert risen("calls_cost_total") == {"currency=unknown": 0.75}
    assert risen("run_sums_differ_total") == {}


def test_a_run_that_does_not_add_up_counts(world, risen):
    """It is what the alarm of completeness watches."""
    batch = world.a_batch(S.FINISHED, rows=1)
    for call in world.calls(batch):
        world.set(call, outcome=Outcome.ANSWERED)
    world.set(_run_of(world, batch), rows=5)
    finish(world.context, batch.run_id)
    assert risen("run_sums_differ_total") == {"": 1}
    assert risen("alarms_total") == {"event=run.note": 1}


def _run_of(world, batch):
    with world.ledger.read() as session:
        return session.get(RunRow, batch.run_id)


@pytest.mark.parametrize(("late", "on_time"), [(timedelta(0), 1), (minutes(10), 0), (-minutes(1), 1)])
def test_a_start_counts_with_how_late_it_is(world, risen, late, on_time):
    """Late is what is later than the provider's first start for the due time: 12:02 is on time at 12:10."""
    due = DUE + minutes(2)
    batch = world.a_batch(S.SCHEDULED, run=world.a_run(due_at=due), verified=2)
    start = DUE + minutes(10) + late
    world.clock.time = DUE + minutes(30)
    shown = seen(phase=Phase.DIALLING, status_word="running", start_at=start)
    world.provider.will("list_batches", Accepted([shown]))
    poll(world.context, [batch.id])
    assert risen("start_lateness_seconds_bucket").get("account=bolna,le=0.0", 0) == on_time
    assert risen("start_after_due_seconds_count") == {"account=bolna": 1}
    assert risen("start_after_due_seconds_sum") == {"account=bolna": (start - due).total_seconds()}


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Accepted([DIALS]), "accepted"),
        (Refused("400"), "refused"),
        (Busy("429", minutes(1)), "busy"),
        (Busy("503", away=True), "away"),
        (Unknown("500"), "unknown"),
    ],
)
def test_each_request_counts_by_what_came_back(world, risen, answer, word):
    """And how long it took, whatever came back."""
    batch = world.a_batch(S.RUNNING, verified=2)
    world.clock.time = DUE + minutes(2)
    world.provider.will("list_batches", answer)
    poll(world.context, [batch.id])
    assert risen("provider_requests_total") == {f"account=bolna,request=list_batches,outcome={word}": 1}
    assert risen("provider_request_duration_seconds_count") == {"account=bolna,request=list_batches": 1}


def test_what_did_not_leave_is_no_request(world, risen):
    """It waits for its turn, and that counts by what it was for."""
    batch = world.a_batch(S.RUNNING, verified=2)
    world.context.accounts.enter("bolna", "bolna", world.now)
    known = world.context.accounts._clients
    known["bolna"] = Budgeted(known["bolna"], Purse(0), "bolna", 60)
    poll(world.context, [batch.id])
    assert risen("provider_requests_total") == {}
    assert risen("budget_refusals_total") == {"account=bolna,errand=poll": 1}


def test_a_tick_says_of_each_step_when_it_last_went_well(world, risen, monkeypatch):
    """Of the sweep above all: without it nothing is done about anything."""
    tick = Tick(world.context, world.folder)
    tick()
    assert risen("beat_step_duration_seconds_count")["step=sweep"] == 1
    age = metrics.REGISTRY.get_sample_value("callbeat_beat_step_age_seconds", {"step": "sweep"})
    assert 0 <= age < 60
    monkeypatch.setattr("callbeat.runs.tick.sweep", lambda *_, **__: 1 / 0)
    tick()
    assert risen("beat_step_failures_total") == {"step=sweep": 1}
    assert metrics.REGISTRY.get_sample_value("callbeat_beat_step_age_seconds", {"step": "sweep"}) > age


def test_a_task_counts_with_its_result(risen):
    """One that failed is no less a task."""
    tasks._one(lambda: None, "poll", 1)
    tasks._one(lambda: 1 / 0, "poll", 1)
    assert risen("tasks_total") == {"task=poll,result=done": 1, "task=poll,result=failed": 1}
    assert risen("task_duration_seconds_count") == {"task=poll": 2}


def test_a_step_that_stumbles_is_a_task_that_failed(world, risen, monkeypatch):
    """Also where that was seen to already, and its row is tried again."""
    monkeypatch.setattr(tasks, "context", lambda: world.context)
    tasks._each(lambda _context, _id: 1 / 0, [1], RunRow)
    assert risen("tasks_total") == {"task=<lambda>,result=failed": 1}


def test_what_cannot_be_counted_stops_no_step(world, monkeypatch):
    """The run was ended: that it was not counted must not end it otherwise."""
    batch = world.a_batch(S.FINISHED, rows=1)
    for call in world.calls(batch):
        world.set(call, outcome=Outcome.ANSWERED)
    monkeypatch.setattr(metrics, "CALLS", None)
    with capture_logs() as lines:
        finish(world.context, batch.run_id)
    assert world.get(_run_of(world, batch)).state is RunState.FINISHED
    assert [line["what"] for line in lines if line["event"] == "metrics.not_counted"] == ["ended"]


def test_a_sweep_that_never_goes_well_is_as_old_as_its_beat(world, monkeypatch):
    """Nothing went well in this process yet, and an alert reads an age."""
    steady = 1000.0
    monkeypatch.setattr(metrics, "monotonic", lambda: steady)
    beat = Tick(world.context, world.folder)
    monkeypatch.setattr("callbeat.runs.tick.sweep", lambda *_, **__: 1 / 0)
    steady = 1090.0
    beat()
    age = metrics.REGISTRY.get_sample_value("callbeat_beat_step_age_seconds", {"step": "sweep"})
    assert age == 90


def test_news_that_were_given_up_are_counted_apart_from_alarms(world, risen):
    """Nobody is rung wrongly for it: it need not wake anybody."""
    run = world.a_run()
    with world.ledger.write() as writer:
        writer.note(run, at=world.now, why=f"{ALARM}: hooks.example.com was not told", word=NOT_TOLD)
    assert risen("decisions_total") == {"event=run.not_told": 1}
    assert risen("alarms_total") == {}
