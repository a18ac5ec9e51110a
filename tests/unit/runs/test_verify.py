"""Before it dials it is proven at the provider that exactly one batch of ours will."""

import pytest

from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import Phase
from callbeat.runs.lease import Lapsed
from callbeat.runs.verify import verify
from tests.factories import DUE, NOW, REF, a_campaign, minutes, office, parked, seconds, seen, then

S = BatchState


def step(world, batch):
    verify(world.context, batch.id)
    return world.get(batch)


def shown(world, *batches, state=S.SCHEDULED, **over):
    batch = world.a_batch(state, **over)
    world.provider.will("list_batches", Accepted(list(batches)))
    return batch


def test_one_batch_right_after_scheduling_is_verified(world):
    """And looked at once more, two to three minutes before it starts."""
    after = step(world, shown(world, seen()))
    assert (after.state, after.verified) == (S.SCHEDULED, 1)
    assert DUE - minutes(3) <= after.next_action_at <= DUE - minutes(2)
    assert world.provider.changes == []


def test_the_second_look_is_just_before_the_start(world):
    """After it nothing is asked until the start has come."""
    batch = shown(world, seen(), verified=1)
    world.clock.time = DUE - minutes(2.5)
    after = step(world, batch)
    assert (after.verified, after.next_action_at) == (2, DUE)


def test_a_second_batch_with_our_label_is_removed(world):
    """A create that was lost, and arrived: two would dial."""
    batch = shown(world, seen(), parked(ref="extra"), seen(ref="scheduled-extra"))
    world.provider.will("delete", Accepted(None))
    after = step(world, batch)
    assert world.provider.changes == [("delete", "extra"), ("delete", "scheduled-extra")]
    assert (after.verified, after.provider_ref) == (1, REF)
    assert "extra" in world.said(batch)


def test_what_a_person_said_was_not_placed_is_removed_too(world):
    """It was made again since: should it get a start after all, everybody would be called twice."""
    batch = shown(world, seen(), parked(ref="judged"), ignored_ref="judged")
    world.provider.will("delete", Accepted(None))
    step(world, batch)
    assert world.provider.changes == [("delete", "judged")]


def test_the_batch_in_the_ledger_survives_even_if_it_is_the_younger(world):
    """It is the one that was scheduled."""
    batch = shown(world, parked(ref="older", created_at=NOW - minutes(9)), seen())
    world.provider.will("delete", Accepted(None))
    step(world, batch)
    assert world.provider.changes == [("delete", "older")]


@pytest.mark.parametrize(
    "label", ["cb-main-daily-20261201T0500Z-11.csv", "cb-other-daily-20261201T0500Z-1.csv", "mine.csv", None]
)
def test_a_batch_with_another_label_is_never_touched(world, label):
    """It is somebody else's."""
    after = step(world, shown(world, seen(), parked(ref="theirs", label=label)))
    assert world.provider.changes == []
    assert after.verified == 1


@pytest.mark.parametrize("phase", [Phase.DIALLING, Phase.UNFAMILIAR])
def test_a_second_batch_that_dials_is_never_deleted_but_told(world, phase):
    """People are on the phone; only a person may decide."""
    batch = shown(world, seen(), seen(ref="dialling", phase=phase))
    step(world, batch)
    assert world.provider.changes == []
    assert "ALARM" in world.said(batch)
    assert "dialling" in world.said(batch)


@pytest.mark.parametrize("phase", [Phase.STOPPED, Phase.FAILED, Phase.OVER])
def test_a_second_batch_that_is_over_is_left_alone(world, phase):
    """It dials nobody, and is somebody's record."""
    after = step(world, shown(world, seen(), seen(ref="dead", phase=phase)))
    assert world.provider.changes == []
    assert after.verified == 1


@pytest.mark.parametrize("answer", [Busy("429"), Unknown("500"), Refused("400")])
def test_a_second_batch_that_could_not_be_removed_is_tried_again(world, answer):
    """Until then it is not proven that one only will dial."""
    batch = shown(world, seen(), parked(ref="extra"))
    world.provider.will("delete", answer, Accepted(None))
    after = step(world, batch)
    assert (after.verified, after.next_action_at > NOW) == (0, True)
    assert after.next_action_at <= NOW + minutes(2)
    world.clock.go(minutes(2))
    assert step(world, batch).verified == 1


# -- what the provider shows of ours ---------------------------------------------------------------------------


def test_a_batch_that_is_not_listed_is_asked_for(world):
    """Perhaps it is listed late."""
    batch = shown(world)
    world.provider.will("get", Accepted(seen()))
    assert step(world, batch).verified == 1
    assert world.provider.asked("get") == [(REF,)]


def test_a_batch_that_the_provider_does_not_know_is_held(world):
    """Somebody deleted it there, or it dialled and went: only a person can tell."""
    batch = shown(world)
    world.set(batch, verified=1)
    world.provider.will("get", Refused("404 no such batch", Why.NOT_FOUND))
    states = []
    for _ in range(3):
        states.append(step(world, batch).state)
        world.clock.go(seconds(61))
    assert states == [S.SCHEDULED, S.SCHEDULED, S.HELD], "what was made a moment ago may not be shown yet"
    assert "404 no such batch" in world.get(batch).reason


def test_a_key_that_is_refused_says_nothing_of_the_batch(world):
    """It goes on at the provider; a held batch would need a person for nothing."""
    batch = shown(world)
    world.provider.will("get", Refused("401", Why.CREDENTIALS))
    assert step(world, batch).state is S.SCHEDULED


def test_a_batch_without_a_start_is_not_verified(world):
    """The provider said yes and did not do it: it would never dial."""
    after = step(world, shown(world, parked()))
    assert (after.state, after.verified) == (S.SCHEDULED, 0)
    assert NOW < after.next_action_at < DUE


STARTS = [(DUE + minutes(20), None), (DUE + minutes(30), "stopped"), (DUE.replace(hour=3), "stopped")]


@pytest.mark.parametrize(("start", "end"), STARTS)
def test_a_start_that_differs_is_adopted_inside_hours_and_late_else_stopped(world, start, end):
    """Somebody may have moved it at the provider."""
    batch = shown(world, seen(start_at=start), campaign=a_campaign(hours=office("04:00", "20:00")))
    after = step(world, batch)
    assert after.start_at == start
    assert (after.stop_reason is None) is (end is None)
    assert (("stop", [batch.id]) in world.sent) is (end is not None)


def test_a_wrong_start_is_stopped_although_the_message_is_lost(world):
    """Redis can be emptied at any moment: the ledger itself must say that the stop is due now."""
    batch = shown(world, seen(start_at=DUE + minutes(30)))
    assert step(world, batch).next_action_at <= NOW


def test_a_start_moved_into_another_day_ends_with_that_days_hours(world):
    """Otherwise it would be stopped by hours that are over, or not at all."""
    campaign = a_campaign(hours=office("04:00", "20:00"), schedule={"late": minutes(60 * 30)})
    start = DUE.replace(day=2)
    batch = shown(world, seen(start_at=start), campaign=campaign, dial_until=DUE.replace(hour=20))
    assert step(world, batch).dial_until == start.replace(hour=20)


# -- what cannot be verified -----------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [Busy("429", minutes(10)), Busy("502", seconds(30)), Refused("400")])
def test_a_list_that_failed_is_asked_for_again_before_the_start(world, answer):
    """It is no proof, and there is time."""
    batch = world.a_batch(S.SCHEDULED)
    world.provider.will("list_batches", answer)
    after = step(world, batch)
    assert (after.state, after.verified, after.stop_reason) == (S.SCHEDULED, 0, None)
    assert NOW < after.next_action_at < DUE


def test_the_wait_for_a_busy_provider_never_reaches_past_the_start(world):
    """The decision at the start must not be slept over."""
    batch = world.a_batch(S.SCHEDULED, verified=1)
    world.clock.time = DUE - minutes(2)
    world.provider.will("list_batches", Busy("429", minutes(10)))
    assert step(world, batch).next_action_at == DUE


@pytest.mark.parametrize(
    ("on_unverified", "task", "wish"),
    [(None, "poll", None), ("start", "poll", None), ("stop", "stop", "unverified")],
)
def test_what_cannot_be_verified_starts_or_stops_as_the_file_says(world, on_unverified, task, wish):
    """With an alarm in any case; for Bolna it starts, since a second id was never scheduled."""
    batch = world.a_batch(S.SCHEDULED, campaign=a_campaign(on_unverified=on_unverified))
    world.clock.time = DUE
    world.provider.will("list_batches", Busy("502"))
    after = step(world, batch)
    assert after.stop_reason == wish
    assert world.sent == [(task, [batch.id])]
    assert after.next_action_at <= (DUE + seconds(10) if wish is None else DUE), "a stop waits for no lost message"
    assert "ALARM" in world.said(batch)


def test_a_wish_to_stop_that_comes_meanwhile_is_not_forgotten(world):
    """Neither by a look that succeeds nor by one that fails at the start."""
    for time, answer in ((NOW, Accepted([seen()])), (DUE, Busy("502"))):
        world.clock.time = time
        batch = world.a_batch(S.SCHEDULED, run=world.a_run(due_at=DUE, manual=time.hour))
        wish = lambda batch=batch: world.set(batch, stop_reason="stopped")  # noqa: E731
        world.provider.will("list_batches", then(wish, answer))
        world.provider.will("get", Accepted(seen()))
        assert step(world, batch).stop_reason == "stopped"
        assert world.get(batch).next_action_at <= time


def test_a_process_that_stalled_deletes_nothing(world, steady):
    """What it knows may be an hour old."""
    batch = world.a_batch(S.SCHEDULED)
    world.provider.will("list_batches", then(steady.stall, Accepted([seen(), parked(ref="extra")])))
    with pytest.raises(Lapsed):
        step(world, batch)
    assert world.provider.changes == []


def test_a_look_up_is_never_a_reason_to_dial_again(world):
    """Verify may remove, never create or schedule."""
    batch = shown(world)
    world.provider.will("get", Busy("502"))
    step(world, batch)
    assert world.provider.changes == []
