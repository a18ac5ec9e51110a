"""A batch is given its start once; where the answer was lost it is read back, and never asked blindly."""

from datetime import timedelta

import pytest

from callbeat.ledger.states import BatchState
from callbeat.ledger.writer import Writer
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import Phase
from callbeat.runs.lease import Lapsed
from callbeat.runs.schedule import schedule
from tests.factories import DUE, LONG_PAST, NOW, REF, a_campaign, minutes, office, parked, seconds, seen, then

S = BatchState
TEXT = "2026-12-01T05:00:00+00:00"
LATER = a_campaign(schedule={"late": minutes(600)})


def step(world, batch):
    world.provider.scripts.setdefault("get", [Accepted(parked())])
    schedule(world.context, batch.id)
    return world.get(batch)


def answered(world, answer, **over):
    batch = world.a_batch(S.CREATED, **over)
    world.provider.will("schedule", answer)
    return step(world, batch)


def test_a_created_batch_is_given_its_start(world):
    """Once, with a numeric offset, and the ledger knows what was asked for."""
    after = answered(world, Accepted(None))
    assert world.provider.changes == [("schedule", REF, TEXT)]
    assert (after.state, after.start_at, after.asked_text, after.schedules) == (S.SCHEDULED, DUE, TEXT, 1)
    assert world.sent == [("verify", [after.id])]


def test_that_a_schedule_leaves_is_written_before_it_leaves(world):
    """A crash one instant later must leave a batch that is read back."""
    batch, rows = world.a_batch(S.CREATED), []
    world.provider.will("schedule", then(lambda: rows.append(world.get(batch)), Accepted(None)))
    step(world, batch)
    assert [(row.state, row.schedules, row.asked_text) for row in rows] == [(S.SCHEDULING, 1, TEXT)]
    assert rows[0].lease_until is not None


def test_the_hours_end_is_kept_with_the_start(world):
    """The batch is stopped by it, whoever looks after it then."""
    after = answered(world, Accepted(None), campaign=a_campaign(hours=office("04:00", "20:00")))
    assert after.dial_until == DUE.replace(hour=20)


def test_the_providers_clock_decides_how_soon_is_too_soon(world):
    """Ours may be slow, and it is the provider who refuses."""
    world.clock.time = DUE - minutes(6)
    world.provider.clock_difference = minutes(3)
    answered(world, Accepted(None))
    assert world.provider.asked("schedule") == [(REF, "2026-12-01T05:01:00+00:00")]


def test_a_batch_with_no_start_left_is_missed_and_deleted(world):
    """It lies at the provider unscheduled, and would for ever."""
    world.clock.time = DUE + minutes(60)
    batch = world.a_batch(S.CREATED)
    world.provider.will("delete", Accepted(None))
    after = step(world, batch)
    assert (after.state, after.reason) == (S.MISSED, "too_late")
    assert world.provider.changes == [("delete", REF)]
    assert world.sent == [("finish", [batch.run_id])]


def test_the_next_start_is_taken_where_late_permits(world):
    """Creating took long; the run is late, not lost."""
    world.clock.time = DUE - minutes(1)
    after = answered(world, Accepted(None))
    assert (after.state, after.start_at) == (S.SCHEDULED, DUE + minutes(10))


# -- what came back --------------------------------------------------------------------------------------------


def test_a_refused_schedule_has_failed(world):
    """It is proven that nothing dials, and that asking again will not help."""
    after = answered(world, Refused("400 Parsing error"))
    assert (after.state, after.reason) == (S.FAILED, "400 Parsing error")
    assert world.sent == [("finish", [after.run_id])]


def test_a_busy_provider_is_asked_again_when_it_says(world):
    """Nothing happened, so a new start may be chosen then."""
    after = answered(world, Busy("429", minutes(3)))
    assert (after.state, after.schedules, after.next_action_at) == (S.CREATED, 0, NOW + minutes(3))
    world.clock.time = DUE - minutes(3)
    world.provider.will("schedule", Accepted(None))
    assert step(world, after).start_at == DUE + minutes(10)


def test_a_start_that_was_too_near_is_mended_by_a_later_one(world):
    """The clocks differed more than our margin: nothing happened, and there is a next start."""
    after = answered(world, Refused("too soon", Why.TOO_SOON))
    assert after.state is S.CREATED
    world.clock.time = DUE - minutes(3)
    world.provider.will("schedule", Accepted(None))
    assert (step(world, after).state, world.get(after).start_at) == (S.SCHEDULED, DUE + minutes(10))


def test_a_lost_answer_is_read_back_a_minute_later(world):
    """A 500 is not proof of refusal, and a second schedule may be a second dial."""
    after = answered(world, Unknown("500 Internal server error"))
    assert (after.state, after.next_action_at) == (S.SCHEDULING, NOW + seconds(60))
    assert after.lease_until is None
    assert world.sent == []


# -- reading back ----------------------------------------------------------------------------------------------


def in_doubt(world, **over):
    return world.a_batch(S.SCHEDULING, in_doubt_since=world.now, **{"campaign": LATER} | over)


@pytest.mark.parametrize("phase", [Phase.SCHEDULED, Phase.DIALLING])
def test_a_start_that_is_read_back_was_taken(world, phase):
    """The answer was lost, not the request."""
    batch = in_doubt(world, lease_until=LONG_PAST)
    world.provider.will("get", Accepted(seen(phase=phase)))
    after = step(world, batch)
    assert (after.state, after.start_at, after.in_doubt_since) == (S.SCHEDULED, DUE, None)
    assert world.provider.changes == []
    assert world.sent == [("verify", [batch.id])]


def test_a_start_that_cannot_be_read_is_still_a_start(world):
    """Seconds such as 89 are not to make us schedule twice."""
    batch = in_doubt(world)
    world.provider.will("get", Accepted(seen(phase=Phase.PARKED, start_at=None, has_start=True)))
    assert (step(world, batch).state, world.get(batch).start_at) == (S.SCHEDULED, DUE)


def test_one_read_without_a_start_proves_nothing(world):
    """It may show a moment later."""
    batch = in_doubt(world)
    world.provider.will("get", Accepted(parked()))
    after = step(world, batch)
    assert (after.state, after.next_action_at) == (S.SCHEDULING, NOW + seconds(60))
    world.clock.go(seconds(59))
    assert step(world, batch).state is S.SCHEDULING
    assert world.provider.changes == []


def test_after_two_reads_the_very_same_text_is_sent_again(world):
    """Should the first arrive after all, both ask for one start."""
    batch = in_doubt(world, asked_text=TEXT)
    world.provider.will("get", Accepted(parked()))
    world.provider.will("schedule", Accepted(None))
    step(world, batch)
    world.clock.go(seconds(60))
    assert step(world, batch).state is S.CREATED
    after = step(world, batch)
    assert world.provider.changes == [("schedule", REF, TEXT)]
    assert (after.state, after.schedules) == (S.SCHEDULED, 2)


def test_a_text_that_is_too_near_by_now_is_not_replaced_by_another(world):
    """Two texts could become two starts: it is stopped, or missed, instead."""
    world.clock.time = DUE - minutes(1)
    batch = world.a_batch(S.CREATED, asked_text=TEXT, start_at=DUE, schedules=1, campaign=LATER)
    world.provider.will("delete", Accepted(None))
    after = step(world, batch)
    assert after.state is S.MISSED or after.stop_reason is not None
    assert world.provider.asked("schedule") == []


def test_a_batch_that_has_a_start_already_is_not_scheduled_again(world):
    """A ledger that was restored from a backup has forgotten giving it."""
    batch = world.a_batch(S.CREATED)
    world.provider.will("get", Accepted(seen()))
    after = step(world, batch)
    assert (after.state, after.start_at, world.provider.changes) == (S.SCHEDULED, DUE, [])


def test_a_read_that_failed_proves_nothing(world):
    """One good read and a bad one are one."""
    batch = in_doubt(world)
    world.provider.will("get", Accepted(parked()), Busy("502", seconds(70)), Busy("502"), Accepted(parked()))
    for _ in range(3):
        assert step(world, batch).state is S.SCHEDULING
        world.clock.go(seconds(70))
    assert world.get(batch).denials == 1


def test_a_batch_is_scheduled_at_most_twice_and_then_held(world):
    """A person sees what the provider makes of it."""
    batch = world.a_batch(S.CREATED, campaign=LATER)
    world.provider.will("schedule", Unknown("500"))
    world.provider.will("get", Accepted(parked()))
    for _ in range(12):
        if step(world, batch).state is S.HELD:
            break
        world.clock.go(seconds(61))
    assert world.get(batch).state is S.HELD
    assert world.provider.asked("schedule") == [(REF, TEXT)] * 2


def test_a_batch_that_is_gone_while_in_doubt_is_held(world):
    """Only a person can tell whether it dialled before it went."""
    batch = in_doubt(world)
    world.provider.will("get", Refused("404", Why.NOT_FOUND))
    assert (step(world, batch).state, bool(world.get(batch).reason)) == (S.HELD, True)


def test_a_read_back_that_never_succeeds_ends_in_a_persons_hands(world):
    """Polling ends; but one bad answer after an outage of our own is not the end."""
    batch = in_doubt(world)
    world.provider.will("get", Busy("502"), Busy("502"))
    world.clock.go(timedelta(days=2))
    assert step(world, batch).state is S.SCHEDULING
    assert step(world, batch).state is S.HELD


@pytest.mark.parametrize("shown", [Phase.STOPPED, Phase.FAILED])
def test_a_batch_that_ended_while_in_doubt_is_over(world, shown):
    """Somebody stopped it at the provider: nothing is scheduled any more."""
    batch = in_doubt(world)
    world.provider.will("get", Accepted(seen(phase=shown, has_start=False, start_at=None)))
    assert step(world, batch).state.final
    assert world.provider.changes == []


# -- a start that differs --------------------------------------------------------------------------------------

DIFFERS = [
    (DUE + minutes(10), True),
    (DUE + minutes(20), True),
    (DUE + minutes(30), False),  # later than `late`
    (DUE.replace(hour=21), False),
    (DUE.replace(hour=3), False),  # before the hours
]


@pytest.mark.parametrize(("told", "adopted"), DIFFERS)
@pytest.mark.parametrize("how", ["answer", "read back"])
def test_a_start_that_differs_is_adopted_inside_hours_and_late_else_stopped(world, told, adopted, how):
    """The provider decides when it dials; we decide whether it may."""
    campaign = a_campaign(hours=office("04:00", "20:00"))
    if how == "answer":
        after = answered(world, Accepted(told), campaign=campaign)
    else:
        batch = in_doubt(world, campaign=campaign)
        world.provider.will("get", Accepted(seen(start_at=told)))
        after = step(world, batch)
    assert (after.state, after.start_at) == (S.SCHEDULED, told)
    assert (after.stop_reason is None) is adopted
    assert world.sent == [("verify" if adopted else "stop", [after.id])]
    assert after.next_action_at <= (world.now + seconds(10) if adopted else world.now)


# -- stalls and wishes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["reading", "writing"])
def test_a_process_that_stalled_before_its_send_does_not_send(world, steady, monkeypatch, where):
    """It would send into somebody else's lease."""
    batch = world.a_batch(S.CREATED)
    world.provider.will("schedule", Accepted(None))
    if where == "reading":
        world.provider.will("get", then(steady.stall, Accepted(parked())))
    else:
        moved = Writer.move
        monkeypatch.setattr(Writer, "move", lambda *a, **k: (moved(*a, **k), steady.stall()))
    with pytest.raises(Lapsed):
        step(world, batch)
    assert world.provider.changes == []


def test_an_answer_that_comes_after_the_lease_is_told_and_changes_nothing(world):
    """Whoever holds the batch by then reads it back."""
    batch = world.a_batch(S.CREATED)
    world.provider.will("schedule", then(lambda: world.rob(batch), Accepted(None)))
    assert step(world, batch).state is S.SCHEDULING
    assert "after the lease" in world.said(batch)
    assert world.sent == []


def test_a_wish_to_stop_is_honoured_before_anything_is_scheduled(world):
    """Created is a settled state: nothing dials yet, and nothing shall."""
    batch = world.a_batch(S.CREATED, stop_reason="stopped")
    world.provider.will("schedule", Accepted(None))
    step(world, batch)
    assert world.provider.asked("schedule") == []


@pytest.mark.parametrize("how", ["answer", "read back"])
def test_a_wish_to_stop_that_comes_meanwhile_is_not_forgotten(world, how):
    """Whoever typed stop was told that it would be stopped."""
    batch = world.a_batch(S.CREATED) if how == "answer" else in_doubt(world)
    request = "schedule" if how == "answer" else "get"
    answer = Accepted(None) if how == "answer" else Accepted(seen())
    world.provider.will(request, then(lambda: world.set(batch, stop_reason="stopped"), answer))
    after = step(world, batch)
    assert (after.state, after.stop_reason) == (S.SCHEDULED, "stopped")


@pytest.mark.parametrize("state", [s for s in S if s not in (S.CREATED, S.SCHEDULING)])
def test_an_old_message_schedules_nothing(world, state):
    """Messages are redelivered whenever it pleases the broker."""
    batch = world.a_batch(state)
    assert step(world, batch).state is state
    assert world.provider.requests == []
