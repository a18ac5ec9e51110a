"""A batch is created once: looked for first, sent at most twice, never blindly."""

from dataclasses import replace

import pytest

from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import Phase
from callbeat.runs.create import create
from callbeat.runs.lease import Lapsed
from callbeat.runs.sweep import sweep
from callbeat.runs.verify import verify
from tests.factories import (
    AGENT,
    DUE,
    LONG_PAST,
    NOW,
    REF,
    a_campaign,
    minutes,
    number,
    office,
    parked,
    seconds,
    seen,
    then,
)

S = BatchState
NONE = Accepted([])
ANOTHER = parked(ref="b0", label="cb-main-daily-20261130T0500Z-1.csv")


def step(world, batch):
    create(world.context, batch.id)
    return world.get(batch)


def lists(world, batch, *at):
    """Look-ups at so many seconds from now on, each finding nothing."""
    world.provider.will("list_batches", NONE)
    begin = world.now
    for moment in at:
        world.clock.time = begin + seconds(moment)
        step(world, batch)
    return world.get(batch)


# -- the plain way ---------------------------------------------------------------------------------------------


def test_a_batch_is_looked_for_and_then_created(world):
    """A restored backup adopts what is there instead of repeating it."""
    batch = world.a_batch(S.READY)
    world.provider.will("list_batches", Accepted([ANOTHER]))
    world.provider.will("create", Accepted(REF))
    after = step(world, batch)
    assert [asked[0] for asked in world.provider.requests] == ["list_batches", "create"]
    assert (after.state, after.provider_ref, after.creates, after.lease_until) == (S.CREATED, REF, 1, None)
    assert [event.to_state for event in world.events(batch)] == ["creating", "created"]


def test_what_is_sent_is_the_whole_batch(world):
    """Each contact once, with our row number and under our label."""
    batch = world.a_batch(S.READY, rows=3, campaign=a_campaign(from_numbers=("+12025550199",)))
    world.provider.will("list_batches", NONE)
    world.provider.will("create", Accepted(REF))
    step(world, batch)
    ((sent,),) = world.provider.asked("create")
    assert sent.label == batch.label == "cb-main-daily-20261201T0500Z-1"
    assert (sent.needs.agent, sent.needs.from_numbers) == (AGENT, ("+12025550199",))
    assert [(c.row, c.number, dict(c.variables)) for c in sent.contacts] == [
        (row, number(row), {"name": "A"}) for row in (1, 2, 3)
    ]


def test_the_next_task_is_sent_at_once(world):
    """Waiting for the sweep would cost every run a second a step."""
    batch = world.a_batch(S.READY)
    world.provider.will("list_batches", NONE)
    world.provider.will("create", Accepted(REF))
    step(world, batch)
    assert world.sent == [("schedule", [batch.id])]


def test_what_was_sent_at_once_is_not_sent_a_second_time_by_the_next_tick(world):
    """Two messages are two looks; only a message that was lost is made up for, ten seconds later."""
    batch = world.a_batch(S.READY)
    world.set(world.get(batch), next_action_at=world.now)
    world.provider.will("list_batches", NONE)
    world.provider.will("create", Accepted(REF))
    step(world, batch)
    world.clock.go(seconds(1))
    sweep(world.context)
    assert [message for message in world.sent if message[0] != "finish"] == [("schedule", [batch.id])]
    world.clock.go(seconds(10))
    sweep(world.context)
    assert [message for message in world.sent if message[0] == "schedule"] == [("schedule", [batch.id])] * 2


def test_while_the_broker_is_away_the_next_step_is_due_at_once(world):
    """Nothing was sent: the first tick that can send does."""
    world.context = replace(world.context, can_send=lambda: False)
    batch = world.a_batch(S.READY)
    world.provider.will("list_batches", NONE)
    world.provider.will("create", Accepted(REF))
    assert step(world, batch).next_action_at <= world.now


def test_that_a_create_leaves_is_written_before_it_leaves(world):
    """A crash one instant later must leave a batch that is looked for."""
    batch, states = world.a_batch(S.READY), []
    world.provider.will("list_batches", NONE)
    world.provider.will("create", then(lambda: states.append(world.get(batch)), Accepted(REF)))
    step(world, batch)
    assert [(row.state, row.creates) for row in states] == [(S.CREATING, 1)]
    assert states[0].lease_until is not None


@pytest.mark.parametrize("state", [state for state in S if state not in (S.READY, S.CREATING, S.UNCERTAIN)])
def test_an_old_message_creates_nothing(world, state):
    """Messages are redelivered whenever it pleases the broker."""
    batch = world.a_batch(state)
    assert step(world, batch).state is state
    assert world.provider.requests == []


# -- what came back --------------------------------------------------------------------------------------------


def answered(world, answer):
    batch = world.a_batch(S.READY)
    world.provider.will("list_batches", NONE)
    world.provider.will("create", answer)
    return step(world, batch)


def test_a_refused_create_has_failed(world):
    """Asking again will not help, and a person must read why."""
    after = answered(world, Refused("400 agent_id is required"))
    assert (after.state, after.reason, after.next_action_at) == (S.FAILED, "400 agent_id is required", None)


def test_a_refused_create_ends_its_run(world):
    """Otherwise the run would look active until somebody wondered."""
    answered(world, Refused("400"))
    assert world.sent
    assert {task for task, _ in world.sent} == {"finish"}


def test_a_busy_provider_is_asked_again_when_it_says(world):
    """Nothing happened, and it does not count as a try."""
    after = answered(world, Busy("429", minutes(3)))
    assert (after.state, after.creates, after.next_action_at) == (S.READY, 0, NOW + minutes(3))
    assert world.sent == []


def test_a_busy_provider_never_uses_up_the_tries(world):
    """An hour of 429 must not end in a held batch."""
    batch = world.a_batch(S.READY, campaign=a_campaign(schedule={"late": minutes(600)}))
    world.provider.will("list_batches", NONE)
    world.provider.will("create", *[Busy("429", minutes(1))] * 5, Accepted(REF))
    for _ in range(6):
        step(world, batch)
        world.clock.go(minutes(1))
    assert (world.get(batch).state, world.get(batch).creates) == (S.CREATED, 1)


def test_a_lost_answer_leaves_the_batch_uncertain(world):
    """We never guess that it was not created."""
    after = answered(world, Unknown("the connection was reset"))
    assert (after.state, after.creates, after.provider_ref) == (S.UNCERTAIN, 1, None)
    assert after.next_action_at >= NOW + seconds(30)
    assert "the connection was reset" in world.said(after)


@pytest.mark.parametrize("failed", [Busy("502", minutes(2)), Refused("401", Why.CREDENTIALS)])
def test_nothing_is_created_while_it_cannot_be_looked_for(world, failed):
    """A list that failed is not an absence."""
    batch = world.a_batch(S.READY)
    world.provider.will("list_batches", failed)
    after = step(world, batch)
    assert (after.state, world.provider.changes) == (S.READY, [])
    assert after.next_action_at > world.now


# -- look first, adopt -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [S.READY, S.CREATING, S.UNCERTAIN])
def test_a_batch_with_our_label_is_adopted(world, state):
    """It was created by us, and lost: created again there would be two."""
    batch = world.a_batch(state, lease_until=LONG_PAST)
    world.provider.will("list_batches", Accepted([ANOTHER, parked(ref="found")]))
    after = step(world, batch)
    assert (after.state, after.provider_ref) == (S.CREATED, "found")
    assert world.provider.changes == []
    assert world.sent == [("schedule", [batch.id])]


def test_of_two_with_our_label_the_older_is_adopted(world):
    """Every process must choose the same one."""
    batch = world.a_batch(S.UNCERTAIN)
    younger, older = parked(ref="young", created_at=NOW), parked(ref="old", created_at=NOW - minutes(5))
    world.provider.will("list_batches", Accepted([younger, parked(ref="ageless", created_at=None), older]))
    assert step(world, batch).provider_ref == "old"


@pytest.mark.parametrize("phase", [Phase.SCHEDULED, Phase.DIALLING])
def test_a_batch_that_has_its_start_already_is_never_scheduled_again(world, phase):
    """A ledger restored from a backup meets its own batch, a step further."""
    batch = world.a_batch(S.READY)
    world.provider.will("list_batches", Accepted([seen(phase=phase)]))
    after = step(world, batch)
    assert (after.state, after.provider_ref) == (S.SCHEDULED, REF)
    assert world.provider.changes == []
    assert world.sent == [("verify", [batch.id])]


def adopted(world, start):
    """A batch that was found with a start, as it is after its first verification."""
    batch = world.a_batch(S.READY, campaign=a_campaign(hours=office("04:00", "20:00")))
    world.provider.will("list_batches", Accepted([seen(start_at=start)]))
    step(world, batch)
    verify(world.context, batch.id)
    return world.get(batch)


def test_an_adopted_start_ends_with_its_hours_too(world):
    """It dials like any other, and must be stopped like any other before the hours end."""
    after = adopted(world, DUE)
    assert (after.start_at, after.dial_until, after.stop_reason) == (DUE, DUE.replace(hour=20), None)


def test_an_adopted_start_outside_the_hours_is_stopped(world):
    """A start that differs from ours is adopted inside hours and `late` only."""
    assert adopted(world, DUE.replace(hour=22)).stop_reason is not None


def test_an_adopted_batch_is_verified_before_its_start_like_any_other(world):
    """One failed list right after the adoption must not be the last look at it."""
    batch = world.a_batch(S.READY)
    world.provider.will("list_batches", Accepted([seen()]), Busy("502"))
    step(world, batch)
    verify(world.context, batch.id)
    after = world.get(batch)
    assert (after.state, after.verified) == (S.SCHEDULED, 0)
    assert NOW < after.next_action_at < DUE
    assert "ALARM" not in world.said(batch)


# -- crashes, and absence --------------------------------------------------------------------------------------


def test_a_create_that_was_under_way_when_its_process_died_is_uncertain(world):
    """It may be on the wire yet."""
    batch = world.a_batch(S.CREATING, lease_until=LONG_PAST)
    world.provider.will("list_batches", NONE)
    assert step(world, batch).state is S.UNCERTAIN
    assert world.provider.changes == []


def test_a_create_under_way_is_left_to_its_process(world):
    """Its lease is not over: the answer may be coming."""
    batch = world.a_batch(S.CREATING, lease_until=NOW.replace(year=2099))
    assert step(world, batch).state is S.CREATING
    assert world.provider.requests == []


@pytest.mark.parametrize("at", [(30, 60), (30, 60, 119), (0, 10, 20, 125), (120, 125, 130), (30, 31, 32, 33, 34)])
def test_too_few_or_too_early_lists_prove_nothing(world, at):
    """A batch may show in the list a while after it was created."""
    batch = world.a_batch(S.UNCERTAIN)
    assert lists(world, batch, *at).state is S.UNCERTAIN
    assert world.provider.changes == []


@pytest.mark.parametrize("at", [(30, 60, 90, 120), (30, 60, 121), (120, 150, 180)])
def test_three_lists_apart_prove_that_it_is_absent(world, at):
    """Only then may it be created again."""
    batch = world.a_batch(S.UNCERTAIN)
    after = lists(world, batch, *at)
    assert (after.state, after.creates) == (S.READY, 1)
    assert world.sent == [("create", [batch.id])]


def test_a_list_that_failed_is_not_an_absence(world):
    """Two good lists and a bad one are two."""
    batch = world.a_batch(S.UNCERTAIN)
    world.provider.will("list_batches", NONE, Busy("500"), NONE, Busy("500"), Busy("500"))
    for _ in range(5):
        world.clock.go(seconds(40))
        step(world, batch)
    assert (world.get(batch).state, world.get(batch).denials) == (S.UNCERTAIN, 2)


def test_the_two_minutes_count_from_the_end_of_the_lease(world):
    """A create that took half a minute to be lost may arrive as much later."""
    batch = world.a_batch(S.READY)
    world.provider.will("list_batches", NONE)
    world.provider.will("create", then(lambda: world.clock.go(seconds(28)), Unknown("timed out")))
    step(world, batch)
    assert lists(world, batch, 30, 60, 100).state is S.UNCERTAIN


def test_an_absence_is_counted_anew_for_each_create(world):
    """The lists that proved the first absent say nothing of the second."""
    batch = world.a_batch(
        S.READY, creates=1, denials=3, denied_at=NOW - minutes(10), in_doubt_since=NOW - minutes(20)
    )
    world.provider.will("list_batches", NONE)
    world.provider.will("create", Unknown("reset"))
    after = step(world, batch)
    assert (after.state, after.creates, after.denials) == (S.UNCERTAIN, 2, 0)


def test_a_batch_is_created_at_most_twice_and_then_held(world):
    """Whatever swallows our batches, a third is not the cure."""
    batch = world.a_batch(S.READY, campaign=a_campaign(schedule={"late": minutes(600)}))
    world.provider.will("list_batches", NONE)
    world.provider.will("create", Unknown("reset"))
    for _ in range(40):
        world.clock.go(seconds(31))
        if step(world, batch).state is S.HELD:
            break
    after = world.get(batch)
    assert after.state is S.HELD
    assert after.reason
    assert len(world.provider.asked("create")) == 2


def test_a_look_up_that_never_succeeds_ends_in_a_persons_hands(world):
    """Polling ends: what cannot be found out is reported, not asked for ever."""
    batch = world.a_batch(S.UNCERTAIN)
    world.provider.will("list_batches", Busy("502"))
    for _ in range(6):
        world.clock.go(minutes(60 * 24))
        step(world, batch)
    assert world.get(batch).state is S.HELD


# -- stalls ----------------------------------------------------------------------------------------------------


def test_a_process_that_stalled_before_its_send_does_not_send(world, steady):
    """It would send into somebody else's lease."""
    batch = world.a_batch(S.READY)
    world.provider.will("list_batches", then(steady.stall, NONE))
    world.provider.will("create", Accepted(REF))
    with pytest.raises(Lapsed):
        step(world, batch)
    assert world.provider.changes == []


def test_a_lease_covers_several_requests(world):
    """Three times a request's whole deadline at the least."""
    assert world.context.lease >= seconds(3 * world.context.timeout)


def test_an_answer_that_comes_after_the_lease_is_told(world):
    """Another process owns the batch by then; what was created twice is removed by verify."""
    batch = world.a_batch(S.READY)
    world.provider.will("list_batches", NONE)
    world.provider.will("create", then(lambda: world.rob(batch), Accepted("late-one")))
    after = step(world, batch)
    assert (after.state, after.provider_ref) == (S.CREATING, None)
    assert "late-one" in world.said(batch)
    assert world.sent == []


# -- nothing for nothing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "late", "reason"), [("any", 0, "too_late"), (office("09:00", "12:00"), 0, "outside_hours")]
)
def test_a_batch_without_a_start_left_is_missed_and_not_created(world, hours, late, reason):
    """What cannot start must not lie about at the provider."""
    world.clock.time = DUE - minutes(10) if reason == "outside_hours" else DUE + minutes(1)
    batch = world.a_batch(S.READY, campaign=a_campaign(hours=hours, schedule={"late": minutes(late)}))
    after = step(world, batch)
    assert (after.state, after.reason) == (S.MISSED, reason)
    assert world.provider.requests == []
    assert world.sent == [("finish", [batch.run_id])]


def test_a_wish_to_stop_is_honoured_before_anything_leaves(world):
    """The message to create may have been on its way when somebody typed stop."""
    batch = world.a_batch(S.READY, stop_reason="stopped")
    world.provider.will("list_batches", NONE)
    world.provider.will("create", Accepted(REF))
    step(world, batch)
    assert world.provider.changes == []


def test_a_wish_to_stop_that_comes_during_a_create_is_kept(world):
    """It is honoured at the next settled state."""
    batch = world.a_batch(S.READY)
    world.provider.will("list_batches", NONE)
    world.provider.will("create", then(lambda: world.set(batch, stop_reason="stopped"), Accepted(REF)))
    after = step(world, batch)
    assert (after.state, after.stop_reason) == (S.CREATED, "stopped")
    assert after.next_action_at <= world.now


RETRIES = {"attempts": 2, "after": (minutes(60), minutes(60)), "on": ("no_answer",)}


@pytest.mark.parametrize(
    ("end", "left"), [("23:00", 2), ("07:10", 2), ("07:00", 1), ("06:30", 1), ("06:00", 0), ("05:30", 0)]
)
def test_retries_that_could_fall_after_the_hours_are_left_out(world, end, left):
    """The provider makes them, and would not ask us again."""
    batch = world.a_batch(S.READY, campaign=a_campaign(hours=office("04:00", end), retries=RETRIES))
    world.provider.will("list_batches", NONE)
    world.provider.will("create", Accepted(REF))
    step(world, batch)
    ((sent,),) = world.provider.asked("create")
    assert len(sent.needs.retries.after) == left


@pytest.mark.parametrize("why", [Why.CREDENTIALS, Why.FUNDS])
def test_a_refused_account_is_closed_to_the_next_create(world, why):
    """Every further batch would be refused, and failed, as well."""
    answered(world, Refused("no", why))
    other = world.a_batch(S.READY, run=world.a_run(due_at=DUE + minutes(60)))
    assert step(world, other).state is S.READY
    assert len(world.provider.asked("create")) == 1
