"""The proof before the start, where a second batch would dial by itself, and where nothing can be listed."""

import pytest

from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import Phase
from callbeat.runs.next_step import task_for_batch
from callbeat.runs.poll import poll
from callbeat.runs.sweep import sweep
from callbeat.runs.verify import verify
from tests.factories import DUE, REF, a_campaign, minutes, office, seconds, seen

S = BatchState
UNLABELLED = seen(label=None, start_at=None, status_word="queued")


def a_batch(world, provider, state=S.SCHEDULED, **over):
    campaign = a_campaign(provider=provider, **over.pop("campaign", {}))
    return world.a_batch(state, campaign=campaign, **over)


def step(world, batch):
    verify(world.context, batch.id)
    return world.get(batch)


def test_what_cannot_be_listed_is_looked_at_alone(world):
    """It is there, with all its calls: more cannot be proven, and no start is shown."""
    batch = a_batch(world, "trillet")
    world.provider.will("get", Accepted(UNLABELLED))
    after = step(world, batch)
    assert (after.verified, after.start_at) == (1, DUE)
    assert [asked[0] for asked in world.provider.requests] == ["get"]


def test_calls_that_the_provider_did_not_take_are_told(world):
    """Before the start there is still time to look into it."""
    batch = a_batch(world, "trillet", rows=3)
    world.provider.will("get", Accepted(seen(label=None, start_at=None, total=2, valid=2)))
    step(world, batch)
    assert "took 2 of 3 calls" in world.said(batch)


def test_a_batch_that_is_gone_is_held(world):
    """Somebody cancelled it there, or it never was what we think."""
    batch = a_batch(world, "trillet", verified=1)
    world.provider.will("get", Refused("404", Why.NOT_FOUND))
    states = []
    for _ in range(3):
        states.append(step(world, batch).state)
        world.clock.go(seconds(61))
    assert states == [S.SCHEDULED, S.SCHEDULED, S.HELD]


def looks_until_held(world, batch):
    """The minutes before its start at which the provider was asked for it."""
    world.provider.will("get", Refused("404", Why.NOT_FOUND))
    looks = []
    while world.get(batch).state is S.SCHEDULED and world.now < DUE + minutes(1):
        looks.append(round((DUE - world.now).total_seconds() / 60))
        after = step(world, batch)
        world.clock.time = max(after.next_action_at or world.now, world.now + seconds(1))
    assert world.get(batch).state is S.HELD
    return looks


@pytest.mark.parametrize("provider", ["bolna", "trillet"])
def test_what_was_made_a_moment_ago_may_be_shown_late(world, provider):
    """A provider that catches up after five minutes has lost nothing, and a person is asked for nothing."""
    batch = a_batch(world, provider)
    world.provider.will("list_batches", Accepted([]))
    world.clock.time = DUE - minutes(85)
    assert looks_until_held(world, batch) == [85, 84, 82, 78, 70]


@pytest.mark.parametrize(("ahead", "looks"), [(6, [6, 5, 3]), (5, [5, 4, 2])])
def test_shortly_before_its_start_a_person_must_know_soon(world, ahead, looks):
    """There may be time to make another."""
    batch = a_batch(world, "trillet")
    world.clock.time = DUE - minutes(ahead)
    assert looks_until_held(world, batch) == looks


def test_a_second_batch_is_cancelled_before_it_starts(world):
    """The answer to its create was lost, and it would dial as well."""
    batch = a_batch(world, "cartesia")
    world.provider.will("list_batches", Accepted([seen(), seen(ref="b2"), seen(ref="b3", label="cb-main-other-1")]))
    world.provider.will("delete", Accepted(None))
    assert step(world, batch).verified == 1
    assert world.provider.changes == [("delete", "b2")]


@pytest.mark.parametrize("phase", [Phase.DIALLING, Phase.OVER])
def test_ours_gives_way_to_a_second_batch_that_dials_already(world, phase):
    """It was created, lost, proven absent and made again, and has arrived after all: nobody is rung by both."""
    batch = a_batch(world, "cartesia")
    world.provider.will("list_batches", Accepted([seen(), seen(ref="b2", phase=phase)]))
    world.provider.will("stop", Accepted(None))
    after = step(world, batch)
    assert world.provider.changes == [("stop", REF)]
    assert (after.provider_ref, task_for_batch(after, world.now)) == ("b2", "poll")
    assert "ALARM" in world.said(batch)


def test_a_twin_that_cannot_be_given_way_to_stops_ours(world):
    """Two are proven: ringing everybody twice is no way to go on unverified."""
    batch = a_batch(world, "cartesia")
    world.clock.time = DUE
    world.provider.will("list_batches", Accepted([seen(), seen(ref="b2", phase=Phase.DIALLING)]))
    world.provider.will("stop", Unknown("503"))
    assert step(world, batch).stop_reason == "unverified"


@pytest.mark.parametrize(("wish", "stopped"), [(None, True), ("start", False)])
def test_a_second_batch_that_cannot_be_removed_stops_ours(world, wish, stopped):
    """Unless the campaign says that it is to start whatever happens."""
    batch = a_batch(world, "cartesia", campaign={"on_unverified": wish})
    world.clock.time = DUE
    world.provider.will("list_batches", Accepted([seen(), seen(ref="b2")]))
    world.provider.will("delete", Unknown("503"))
    assert (step(world, batch).stop_reason == "unverified") is stopped


def test_a_second_batch_that_is_left_at_the_start_is_looked_at_again(world):
    """One 503 on its cancel must not be the last that is thought of it."""
    batch = a_batch(world, "cartesia", verified=2)
    world.clock.time = DUE
    world.provider.will("list_batches", Accepted([seen(phase=Phase.DIALLING), seen(ref="b2")]))
    world.provider.will("delete", Unknown("503"), Accepted(None))
    poll(world.context, [batch.id])
    assert world.get(batch).state is S.SCHEDULED
    world.clock.go(minutes(1))
    poll(world.context, [batch.id])
    assert world.get(batch).state is S.RUNNING
    assert world.provider.asked("delete") == [("b2",)] * 2


@pytest.mark.parametrize(("hours", "stopped"), [("any", False), (office("04:00"), False), (office("04:45"), True)])
def test_a_batch_that_dials_before_its_start_is_an_alarm(world, hours, stopped):
    """Half an hour too early is not what anybody asked for, and nobody would look for half an hour."""
    batch = a_batch(world, "trillet", campaign={"hours": hours})
    world.clock.time = DUE - minutes(30)
    world.provider.will("get", Accepted(seen(label=None, start_at=None, phase=Phase.DIALLING, over=1)))
    after = step(world, batch)
    assert "ALARM: it dials already" in world.said(batch)
    assert after.start_at == DUE - minutes(30)
    assert (after.stop_reason == "wrong_start") is stopped


def test_it_is_listed_once_more_just_after_the_start(world):
    """What was created late by a stalled process shows itself last."""
    batch = a_batch(world, "cartesia", verified=2)
    world.clock.time = DUE
    assert task_for_batch(world.get(batch), DUE) == "poll"
    world.provider.will("list_batches", Accepted([seen(phase=Phase.DIALLING), seen(ref="b2")]))
    world.provider.will("delete", Accepted(None))
    poll(world.context, [batch.id])
    assert world.provider.changes == [("delete", "b2")]
    assert world.get(batch).state is S.RUNNING


@pytest.mark.parametrize(
    ("provider", "doubted", "wish", "stopped"),
    [
        ("bolna", True, None, False),  # its second id was never given a start
        ("cartesia", False, None, False),
        ("cartesia", True, None, True),  # a second one may exist, and would dial
        ("cartesia", True, "start", False),
        ("cartesia", False, "stop", True),
        ("trillet", True, None, False),  # a lost create is held, never repeated: there is no second one
    ],
)
def test_what_cannot_be_proven_before_the_start_is_decided_by_the_campaign(world, provider, doubted, wish, stopped):
    """Ring perhaps twice, or not at all: by default only where a second one is likely."""
    batch = a_batch(world, provider, doubted=doubted, campaign={"on_unverified": wish})
    world.clock.time = DUE
    for request in ("list_batches", "get"):
        world.provider.will(request, Busy("500"))
    after = step(world, batch)
    assert (after.stop_reason == "unverified") is stopped
    assert "ALARM" in world.said(batch)


def test_batches_that_cannot_be_listed_are_polled_one_by_one(world):
    """Each costs a request of the minute, and one that is slow must not make the others wait."""
    campaign = world.remember(a_campaign(provider="trillet"))
    batches = [
        world.a_batch(
            S.RUNNING, campaign=campaign, run=world.a_run(campaign, due_at=DUE + minutes(n)),
            next_action_at=world.now, provider_ref=f"{REF}{n}",
        )
        for n in range(2)
    ]  # fmt: skip
    sweep(world.context)
    assert [message for message in world.sent if message[0] == "poll"] == [("poll", [one.id]) for one in batches]
