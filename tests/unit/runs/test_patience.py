"""Nothing waits silently: whatever is not final ends within its patience, or with a person, and is said.

Which states there are is read from the enums: a new one is in these tests by itself, and fails until it has an end.
"""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from callbeat.clock import real_now
from callbeat.doctor.stuck import check_stuck
from callbeat.doctor.subject import Subject
from callbeat.errors import Problem
from callbeat.ledger.states import BATCH_PATIENCE, RUN_PATIENCE, BatchState, RunState
from callbeat.ledger.tables import AccountRow, BeatRow
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.capabilities import RetriesBy
from callbeat.providers.port import CallPage, Phase
from callbeat.providers.registry import rules_of
from callbeat.runs import report
from callbeat.runs.sweep import sweep
from callbeat.runs.switches import halt
from callbeat.settings import Settings
from cli.words import state as shown
from tests.driving import drive
from tests.factories import DUE, FAR_AHEAD, GOOD_ACCOUNT, NOW, a_campaign, call_seen, minutes, seconds, seen
from tests.postgres import ON_POSTGRES

pytestmark = pytest.mark.slow

S, R = BatchState, RunState
OPEN_BATCHES = [state for state in BatchState if not state.final]
OPEN_RUNS = [state for state in RunState if not state.final]
PROVIDERS = ["bolna", "trillet", "cartesia"]
READS = ("get", "list_batches", "list_calls", "list_talks", "get_call", "account")
CHANGES = ("create", "schedule", "stop", "delete", "stop_call", "retry")
LOOKS = [minutes(0), minutes(5), minutes(35), minutes(100), minutes(200), timedelta(hours=26), timedelta(hours=27)]


def is_down(world):
    """Nobody answers."""
    for request in READS + CHANGES:
        world.provider.will(request, Busy("503", away=True) if request in READS else Unknown("500"))


def says_wait(world):
    """429, for ever, as long as it may."""
    for request in READS + CHANGES:
        world.provider.will(request, Busy("429", minutes(10)))


def knows_no_key(world):
    """It answers, and does not know us."""
    for request in READS + CHANGES:
        world.provider.will(request, Refused("401", Why.CREDENTIALS))


def knows_no_batch(world):
    """It was deleted there, or the workspace is another by now."""
    for request in READS + CHANGES:
        world.provider.will(request, Refused("404", Why.NOT_FOUND))
    world.provider.will("account", GOOD_ACCOUNT)
    world.provider.will("list_batches", Accepted([]))


def never_settles(world):
    """It takes everything, and the batch rings for ever."""
    rings = seen(phase=Phase.DIALLING, status_word="in progress", retries=0)
    for request in CHANGES:
        world.provider.will(request, Unknown("500") if request == "create" else Accepted(None))
    world.provider.will("account", GOOD_ACCOUNT)
    world.provider.will("get", Accepted(rings))
    world.provider.will("list_batches", Accepted([rings]))
    open_call = call_seen(1, outcome="dialling", over=False)
    world.provider.will("list_calls", Accepted(CallPage([open_call], batch=rings)))


def has_no_funds(world):
    """402, and what it has is followed as if nothing were."""
    never_settles(world)
    with world.ledger.write() as writer:
        for name in PROVIDERS:
            row = AccountRow(name=name, closed_since=NOW, kind="funds", reason="402", probe_at=FAR_AHEAD)
            writer.session.merge(row)


QUICK, LONG = [is_down], [says_wait, knows_no_key, knows_no_batch, never_settles, has_no_funds]
SELDOM = (pytest.mark.slow, pytest.mark.skipif(ON_POSTGRES, reason="long, and nothing of it is the database's"))
WORLDS = [*QUICK, *(pytest.param(one, marks=SELDOM) for one in LONG)]


def possible(provider: str) -> list[BatchState]:
    """Retries are asked for at one provider alone, and starts that are given later at another."""
    can = rules_of(provider).capabilities
    left_out = {S.CREATED, S.SCHEDULING} if can.start_with_create else set()
    return [
        state
        for state in OPEN_BATCHES
        if state not in left_out and (state is not S.RETRYING or can.retries is RetriesBy.REQUEST)
    ]


def waits(world, state, provider):
    """A batch that is due, of a run that is under way."""
    campaign = a_campaign(provider=provider)
    run = world.a_run(campaign, next_action_at=FAR_AHEAD)
    doubt = {"in_doubt_since": NOW} if state is S.RETRYING else {}
    return world.a_batch(state, campaign=campaign, run=run, **doubt)


def told(world) -> str:
    """What doctor says of it while beat is at work."""
    subject = Subject(Settings(_env_file=None), world.clock, [], "somebody")
    subject.__dict__["ledger"] = world.ledger
    with world.ledger.write() as writer:
        at_work = {"ticked_real": real_now(), "ticked_at": world.now, "ticked_steady": 0.0, "boot": "b"}
        writer.session.merge(BeatRow(id=1, **at_work))
    return "\n".join(f"{one.where}: {one.problem}" for one in check_stuck(subject) if isinstance(one, Problem))


def three_days_go_by(world):
    """A few looks at each of the times at which some patience ends."""
    for after in LOOKS:
        world.clock.time = DUE + after if after else NOW
        drive(world, world.now + seconds(150), step=seconds(50))


def test_every_state_that_is_not_final_has_a_patience():
    """The sweep sends what has one, and leaves the rest."""
    assert set(BATCH_PATIENCE) == set(OPEN_BATCHES)
    assert set(RUN_PATIENCE) == set(OPEN_RUNS)


@pytest.mark.parametrize("world_that", WORLDS)
@pytest.mark.parametrize(("provider", "state"), [(one, state) for one in PROVIDERS for state in possible(one)])
def test_a_batch_ends_whatever_its_provider_does_and_it_is_said(world, provider, state, world_that):
    """Or is held: then `runs`, the log and doctor say so until somebody decides."""
    batch = waits(world, state, provider)
    world_that(world)
    with capture_logs() as lines:
        three_days_go_by(world)
    after = world.get(batch)
    assert after.state.final or after.state is S.HELD
    events = [line["event"] for line in lines]
    if after.state is not S.HELD:
        assert f"batch.{after.state}" in events
        return
    assert "batch.still_held" in events
    assert after.reason or state is S.HELD
    assert f"batch {batch.key}: is held, only a person can tell" in told(world)
    (run,) = report.runs(world.ledger)
    assert run["needs_attention"] is True
    assert "needs you" in shown(run)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_that_never_settles_is_held(world, provider):
    """It rings for ever, as its provider shows it: after a day a person is asked, and it is polled no more."""
    batch = waits(world, S.RUNNING, provider)
    never_settles(world)
    three_days_go_by(world)
    after = world.get(batch)
    assert after.state is S.HELD
    assert after.reason.startswith("it never settled: ")
    asked = len(world.provider.requests)
    world.clock.go(timedelta(days=1))
    drive(world, world.now + minutes(3))
    assert len(world.provider.requests) == asked


@pytest.mark.parametrize("state", OPEN_BATCHES)
def test_a_batch_for_which_nothing_is_done_is_told_by_doctor(world, state):
    """Beat sends, and no worker takes it: each sweep moves its time on, so that alone shows nothing."""
    batch = waits(world, state, "bolna")
    for after in range(0, 73, 8):
        world.clock.time = DUE + timedelta(hours=after)
        sweep(world.context)
    assert f"batch {batch.key}: " in told(world)


@pytest.mark.parametrize("state", OPEN_RUNS)
def test_a_run_for_which_nothing_is_done_is_told_by_doctor(world, state):
    """Likewise; one that is active is told by its batches."""
    run = world.a_run(state=state)
    if state is R.ACTIVE:
        world.a_batch(S.READY, run=run)
    for after in range(0, 73, 8):
        world.clock.time = DUE + timedelta(hours=after)
        sweep(world.context)
    assert run.key in told(world)


@pytest.mark.parametrize("state", [R.PLANNED, R.OPENING])
@pytest.mark.parametrize("why", ["source_missing", "halted", "overlap"])
def test_a_run_that_never_opens_is_decided_in_time(world, state, why):
    """It waits for its contacts, for the red button, or for the run before it."""
    run = world.a_run(state=state)
    if why == "halted":
        halt(world.context, "ann")
    if why == "overlap":
        before = world.a_run(due_at=DUE - minutes(60), next_action_at=FAR_AHEAD)
        world.a_batch(S.RUNNING, run=before, next_action_at=FAR_AHEAD)
    with capture_logs() as lines:
        drive(world, DUE + minutes(60), step=minutes(5))
    after = world.get(run)
    assert after.state.final
    assert after.reason
    assert f"run.{after.state}" in [line["event"] for line in lines]


def test_a_run_whose_batch_is_held_says_so_until_somebody_decides(world):
    """Active it stays; silent it is not."""
    batch = waits(world, S.HELD, "bolna")
    world.set(world.runs()[0], next_action_at=NOW)
    with capture_logs() as lines:
        drive(world, NOW + minutes(60))
    assert [line["event"] for line in lines].count("batch.still_held") == 7
    assert batch.key in told(world)
    assert world.runs()[0].state is R.ACTIVE


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        (S.UNCERTAIN, None, "in doubt"),
        (S.SCHEDULING, "it may have been scheduled: 500", "in doubt"),
        (S.SCHEDULING, None, ""),
        (S.HELD, "look", "needs you"),
        (S.RUNNING, None, ""),
    ],
)
def test_runs_shows_what_is_in_doubt(world, state, reason, words):
    """An ordinary state, and one to be seen."""
    waits(world, state, "bolna")
    world.set(world.batches()[0], reason=reason)
    (run,) = report.runs(world.ledger)
    said = [one for one in ("in doubt", "needs you") if one in shown(run)]
    assert said == ([words] if words else [])
