"""Whether beat is at work, and what is stuck while it is."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from callbeat.clock import Clock, real_now
from callbeat.doctor.at_work import check_beat, check_memory, check_world, judge_beat
from callbeat.doctor.campaigns import check_known
from callbeat.doctor.notices import Held
from callbeat.doctor.permission import check_approvals, check_ceilings
from callbeat.doctor.stuck import check_stuck
from callbeat.doctor.subject import Subject
from callbeat.errors import Problem
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, BeatRow, FileRow
from callbeat.runs.approval import approve
from callbeat.runs.forgotten import forget
from callbeat.runs.world import claim_world
from callbeat.settings import AccountSettings, Settings
from tests.factories import DUE, a_campaign, a_world, minutes, seconds

HOUR = timedelta(hours=1)


def a_beat(**over) -> BeatRow:
    return BeatRow(id=1, ticked_real=real_now(), ticked_at=DUE, ticked_steady=1.0, boot="b", **over)


@pytest.mark.parametrize(
    ("beat", "age", "where", "problem"),
    [
        (None, None, "beat", "none ever was"),
        (a_beat(), seconds(30), "beat", None),
        (a_beat(), seconds(31), "beat", "31 s ago"),
        (a_beat(), 3 * HOUR, "beat", "180 minutes ago"),
        (a_beat(), -seconds(2), "beat", None),
        (a_beat(held_since=DUE, held_reason="the wall clock jumped"), HOUR, "clock", "the wall clock jumped"),
    ],
)
def test_a_silent_beat_is_an_error_and_one_that_doubts_its_clock_another(beat, age, where, problem):
    """The one is started again; the other would doubt again."""
    told = judge_beat(beat, age)
    assert told.where == where
    assert (problem in told.problem) if problem else not isinstance(told, Problem)


def test_while_the_ledger_is_locked_a_silent_beat_is_no_news(world):
    """It is at work, and cannot write that down: one fault, not two."""
    subject = a_subject(world)
    subject.__dict__.update(beat_age=HOUR, ledger_file=SimpleNamespace(locked=None, size=1))
    assert wheres(check_beat(subject)) == ["beat"]
    subject.__dict__.update(ledger_file=SimpleNamespace(locked="database is locked", size=1))
    assert wheres(check_beat(subject)) == []


@pytest.fixture
def world(tmp_path):
    world = a_world(tmp_path)
    yield world
    world.ledger.close()


def a_subject(world, *, at_work: bool = True, clock=None, **over) -> Subject:
    settings = Settings(_env_file=None, home=world.folder, **over)
    subject = Subject(settings, clock or world.clock, (), "somebody")
    beat = a_beat() if at_work else None
    known = {"ledger": world.ledger, "beat": beat, "beat_age": seconds(1) if at_work else None}
    subject.__dict__.update(known)
    return subject


def wheres(notices) -> list[str]:
    return [one.where for one in notices if isinstance(one, Problem)]


def stuck(world, **how) -> list[tuple[str, str]]:
    return [(one.where, one.level) for one in check_stuck(a_subject(world, **how)) if isinstance(one, Problem)]


def test_what_is_on_its_way_is_not_stuck(world):
    """Whoever is told of everything soon reads nothing."""
    world.a_batch(BatchState.RUNNING, next_action_at=world.now - minutes(4))
    assert stuck(world) == []


def test_held_batches_are_told_with_the_words_to_type(world):
    """It is night, and the manual is far."""
    batch = world.a_batch(BatchState.HELD, reason="created 2 times, and not to be seen")
    (held,) = [one for one in check_stuck(a_subject(world, at_work=False)) if isinstance(one, Problem)]
    assert isinstance(held, Held)
    assert (held.where, held.level) == (f"batch {batch.key}", "warning")
    assert "created 2 times" in held.problem
    assert f"callbeat resolve '{batch.key}'" in held.fix


@pytest.mark.parametrize(("at_work", "expected"), [(True, ["error"]), (False, [])])
def test_rows_that_nobody_takes_up_are_told_while_a_beat_is_at_work(world, at_work, expected):
    """Without a beat that is what has to be mended, and all of them go on by themselves."""
    world.a_batch(BatchState.READY, next_action_at=world.now - minutes(6))
    assert [level for _, level in stuck(world, at_work=at_work)] == expected


@pytest.mark.parametrize("due", [None, "past"])
def test_a_row_in_somebodys_hands_is_not_forgotten(world, due):
    """And one with no next action at all is."""
    at = None if due is None else world.now - HOUR
    batch = world.a_batch(BatchState.READY, next_action_at=at, lease_until=real_now() + seconds(60))
    assert stuck(world) == []
    world.set(batch, lease_until=None)
    assert stuck(world) == [(f"batch {batch.key}", "error")]


def test_many_forgotten_rows_are_counted_not_listed(world):
    """A broker that is away for a day leaves thousands."""
    run = world.a_run()
    for n in range(1, 25):
        late = {"n": n, "key": f"k/{n}", "label": f"l-{n}", "next_action_at": world.now - HOUR}
        world.a_batch(BatchState.READY, run=run, rows=0, **late)
    told = stuck(world)
    assert len(told) == 21
    assert told[-1] == ("stuck", "error")


def test_pretended_time_stretches_patience(world):
    """At a hundred times the speed six minutes are four seconds."""
    world.a_batch(BatchState.READY, next_action_at=DUE - minutes(6))
    world.set(world.runs()[0], next_action_at=DUE)
    pretended = Clock(DUE, real_now(), 100.0)
    assert stuck(world, clock=pretended) == []


def test_a_lease_far_ahead_is_told(world):
    """It was taken under a wrong clock, and nobody may touch the row until then."""
    batch = world.a_batch(BatchState.RUNNING, lease_until=real_now() + HOUR)
    assert stuck(world) == [(f"batch {batch.key}", "warning")]


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({"dial_until": DUE - HOUR * 4}, ["error"]),
        ({"dial_until": DUE - HOUR * 2}, []),
        ({"start_at": DUE - HOUR * 26}, ["error"]),
        ({"start_at": DUE - HOUR * 24}, []),
    ],
)
def test_a_batch_that_never_settles_is_told(world, over, expected):
    """Its contacts count as waiting for ever, and its campaign's next run waits for it."""
    world.a_batch(BatchState.RUNNING, **({"start_at": DUE - HOUR * 5} | over))
    assert [level for _, level in stuck(world)] == expected


def test_retries_of_a_day_are_waited_for(world):
    """A campaign may well try again tomorrow."""
    patient = a_campaign(retries={"attempts": 1, "after": [timedelta(days=1)], "on": ["busy"]})
    world.a_batch(BatchState.RUNNING, campaign=patient, start_at=DUE - HOUR * 30)
    assert stuck(world) == []


@pytest.mark.parametrize(("ago", "expected"), [(49, []), (51, ["error"])])
def test_a_due_time_without_a_decision_is_told(world, ago, expected):
    """It may begin twenty minutes late; half an hour after that nothing explains the silence."""
    world.a_run(state=RunState.PLANNED, due_at=world.now - minutes(ago))
    assert [level for _, level in stuck(world)] == expected


def test_a_run_by_hand_may_wait_for_its_hours(world):
    """It has no `late`."""
    world.a_run(state=RunState.PLANNED, due_at=world.now - HOUR * 9, manual=1)
    assert stuck(world) == []


def test_a_pause_and_a_file_that_only_beat_finds_broken_are_told(world):
    """The one is forgotten by people, the other is another folder than somebody thinks."""
    world.a_campaign_row(paused_since=DUE)
    broken = [{"level": "error", "problem": "no such provider"}]
    with world.ledger.write() as writer:
        writer.session.add(FileRow(file="/elsewhere/a.yaml", campaign=None, problems=broken, seen_at=DUE))
    told = [(one.where, one.level, one.file) for one in check_known(a_subject(world))]
    assert told == [("campaigns.beat", "warning", "/elsewhere/a.yaml"), ("campaign daily", "warning", "")]


@pytest.mark.parametrize(("approval", "expected"), [("always", ["campaign daily"]), ("off", [])])
def test_a_file_that_nobody_has_approved_is_told(world, approval, expected):
    """It is planned, and looks as if it would run."""
    subject = a_subject(world, approval=approval)
    object.__setattr__(subject, "readings", (SimpleNamespace(campaign=a_campaign()),))
    assert wheres(check_approvals(subject)) == expected
    approve(world.context, a_campaign(), "somebody")
    assert wheres(check_approvals(subject)) == []


@pytest.mark.parametrize(("most", "expected"), [(2, ["ceilings.calls"]), (3, []), (None, [])])
def test_a_ceiling_that_is_reached_is_told(world, most, expected):
    """Everything works, and nobody is called."""
    world.a_batch(BatchState.RUNNING, rows=2)
    assert wheres(check_ceilings(a_subject(world, daily_calls=most))) == expected


def test_a_ledger_that_was_put_back_is_told_for_a_day(world):
    """What was paused or resolved since is forgotten, and somebody must say it again."""
    assert wheres(check_memory(a_subject(world))) == []
    with world.ledger.write() as writer:
        forget(writer, world.now, "in a test", "ann")
    assert wheres(check_memory(a_subject(world))) == ["ledger.restored"]
    world.clock.go(timedelta(days=1))
    assert wheres(check_memory(a_subject(world))) == []


@pytest.mark.parametrize(("base_url", "count"), [(None, 1), ("http://127.0.0.1:1/bolna", 0)])
def test_a_trials_ledger_with_a_real_key_is_an_error(world, base_url, count):
    """Its labels and half-done batches mean something terrible there."""
    claim_world(world.ledger, "trial")
    subject = a_subject(world, accounts={"bolna": AccountSettings(api_key="bn-x", base_url=base_url)})
    assert [one.where for one in check_world(subject)] == ["ledger.world"] * count


def test_rows_keep_their_state_when_they_are_looked_at(world):
    """A doctor that changes what it looks at is no help to the next one."""
    batch = world.a_batch(BatchState.HELD, reason="lost")
    before = (world.get(batch).fence, world.get(batch).next_action_at, len(world.events()))
    list(check_stuck(a_subject(world)))
    assert (world.get(batch).fence, world.get(batch).next_action_at, len(world.events())) == before
    assert isinstance(world.get(batch), BatchRow)
