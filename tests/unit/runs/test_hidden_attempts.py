"""Trillet tries again by itself and shows no earlier attempt: who is stopped while he waits may have been rung."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import CallRow
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Refused, Why
from callbeat.providers.port import CallPage, Phase
from callbeat.runs.collect import collect
from callbeat.runs.hidden import MAY_HAVE_RUNG
from callbeat.runs.stop import stop
from tests.factories import DUE, a_campaign, call_seen, minutes, office, seconds, seen
from tests.unit.runs.test_left_out import WEEKLY, a_call, judged
from tests.unit.runs.test_poisoned import damage

S, O = BatchState, Outcome  # noqa: E741
WISH = {"attempts": 1, "after": (minutes(60),), "on": ("no_answer", "busy")}
SOON_AFTER = minutes(10)
CANCELLED = seen(phase=Phase.STOPPED, status_word="cancelled", label=None)
GONE = call_seen(1, outcome=O.CANCELLED, status_word="cancelled", attempts=0, changed_at=None, started_at=None)
WAITS = call_seen(1, outcome=O.WAITING, over=False, attempts=0, changed_at=None, started_at=None)


def a_batch(world, provider="trillet", *, retries=WISH, after=SOON_AFTER, state=S.STOPPING, **over):
    """A batch of one that a person stops ten minutes after its start; it has been told so at the provider."""
    world.clock.time = DUE + after
    campaign = a_campaign(provider=provider, retries=retries, hours=over.pop("hours", "any"))
    wished = {"stop_reason": "stopped", "denials": 1} if state is S.STOPPING else {}
    return world.a_batch(state, campaign=campaign, **{"rows": 1} | wished | over)


def shows(world, *calls, batch=CANCELLED):
    world.provider.will("get", Accepted(batch))
    world.provider.will("list_calls", Accepted(CallPage(list(calls), None, batch)))
    world.provider.will("list_talks", Accepted([]))
    world.provider.will("get_call", Refused("404", Why.NOT_FOUND))


def outcome(world, batch, step=stop):
    """What the call is in the ledger once the batch has ended; and what is said of it."""
    step(world.context, batch.id)
    assert world.get(batch).state.final
    with world.ledger.read() as session:
        found = select(CallRow.outcome, CallRow.error).where(CallRow.batch_id == batch.id)
        return session.execute(found).one()._tuple()


@pytest.mark.parametrize("call", [GONE, WAITS], ids=["cancelled", "waiting"])
@pytest.mark.parametrize("why", ["stopped", "hours_ended"])
def test_a_call_that_is_stopped_while_it_may_wait_for_another_attempt_is_unknown(world, call, why):
    """The cap on calls counts it, and no report says that nobody was disturbed."""
    batch = a_batch(world, stop_reason=why)
    shows(world, call)
    assert outcome(world, batch)[0] is O.UNKNOWN


@pytest.mark.parametrize("call", [GONE, WAITS], ids=["cancelled", "waiting"])
def test_it_is_said_why_nobody_knows(world, call):
    """An outcome without a reason would be looked for at the provider in vain."""
    batch = a_batch(world)
    shows(world, call)
    assert outcome(world, batch) == (O.UNKNOWN, MAY_HAVE_RUNG)


def test_a_call_that_is_not_shown_any_more_is_as_doubtful(world):
    """Some lists leave out what was cancelled."""
    batch = a_batch(world)
    shows(world)
    assert outcome(world, batch)[0] is O.UNKNOWN


@pytest.mark.parametrize("call", [GONE, WAITS], ids=["cancelled", "waiting"])
@pytest.mark.parametrize("phase", [Phase.STOPPED, Phase.FAILED])
def test_so_it_is_where_the_provider_ended_the_batch_by_itself(world, call, phase):
    """Somebody pressed a button in its dashboard."""
    batch = a_batch(world, state=S.RUNNING)
    shows(world, call, batch=seen(phase=phase, label=None, total=1, valid=1))
    assert outcome(world, batch, collect) == (O.UNKNOWN, MAY_HAVE_RUNG)


@pytest.mark.parametrize(
    "certain",
    [
        {"retries": None},
        {"provider": "bolna"},  # each attempt is a call that it shows
        {"after": -seconds(30)},
        {"hours": office("04:00", "05:30"), "dial_until": DUE + minutes(30)},  # too short for another attempt
    ],
    ids=["no retries", "attempts are told", "before the start", "no retry fits"],
)
@pytest.mark.parametrize("call", [GONE, WAITS], ids=["cancelled", "waiting"])
def test_where_nothing_is_hidden_a_stopped_call_is_cancelled(world, certain, call):
    """A doubt that is none keeps people from being called who could be."""
    batch = a_batch(world, **certain)
    shows(
        world, GONE if certain.get("provider") == "bolna" else call
    )  # what is stopped there is shown as cancelled
    assert outcome(world, batch)[0] is O.CANCELLED


def test_an_attempt_that_was_seen_before_is_not_forgotten(world):
    """A reading fell between the first attempt and the wait: then it is known."""
    batch = a_batch(world, state=S.RUNNING)
    rung = call_seen(1, outcome=O.BUSY, status_word="failed")
    shows(world, rung, batch=seen(phase=Phase.DIALLING, label=None, total=1, valid=1))
    collect(world.context, batch.id)
    world.set(batch, state=S.STOPPING, stop_reason="stopped", denials=1)
    shows(world, GONE)
    assert outcome(world, batch)[0] is O.BUSY


def test_it_stays_unknown_at_a_second_reading(world):
    """The provider could not be asked for all of it at once."""
    batch = a_batch(world, rows=2)
    shows(world, GONE, call_seen(2, outcome=O.TALKING, over=False))
    stop(world.context, batch.id)
    assert world.get(batch).state is S.STOPPING
    shows(world, GONE, call_seen(2))
    stop(world.context, batch.id)
    assert (world.get(batch).state, world.outcomes(batch)) == (S.STOPPED, [O.UNKNOWN, O.ANSWERED])


def test_a_definition_that_cannot_be_read_does_not_keep_a_batch_from_ending(world):
    """Then nobody knows whether there was to be another attempt."""
    batch = a_batch(world)
    damage(world, a_campaign(provider="trillet", retries=WISH))
    shows(world, GONE)
    assert outcome(world, batch)[0] is O.UNKNOWN


def test_the_provider_s_clock_says_when_a_batch_has_begun(world):
    """It is a minute ahead of ours, and may dial already."""
    batch = a_batch(world, after=-seconds(30))
    world.provider.clock_difference = timedelta(minutes=1)
    shows(world, GONE)
    assert outcome(world, batch)[0] is O.UNKNOWN


def test_whoever_may_have_been_rung_counts_for_a_cap(world):
    """What all this is for."""
    a_call(world, 1, S.STOPPED, outcome=O.UNKNOWN)
    a_call(world, 2, S.STOPPED, outcome=O.CANCELLED, name="another")
    assert judged(world, a_campaign(frequency=WEEKLY), 1, 2) == ["frequency", None]
