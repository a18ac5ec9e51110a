"""Whom we may have rung is never forgotten, and nobody is rung again for what was merely lost from sight."""

import pytest

from callbeat.errors import Refusal
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import AccountRow
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Why
from callbeat.providers.port import CallPage, Created, Phase
from callbeat.runs.collect import collect
from callbeat.runs.create import create
from callbeat.runs.finish import finish
from callbeat.runs.poll import poll
from callbeat.runs.rounds import retry
from callbeat.runs.stop import stop
from callbeat.runs.verify import verify
from tests.factories import DUE, GOOD_ACCOUNT, REF, a_campaign, call_seen, minutes, office, seen, then
from tests.unit.runs.deciding import not_placed, placed

S, O = BatchState, Outcome  # noqa: E741
LABEL = "cb-main-daily-20261201T0500Z-1"
AFTER = DUE + minutes(5)
WISH = {"attempts": 2, "after": (minutes(15), minutes(30)), "on": ("no_answer", "busy", "failed")}
NOT_FOUND = Refused("404", Why.NOT_FOUND)
OVER = seen(phase=Phase.OVER, status_word="completed", over=2, retries=0)


def running(world, provider="cartesia", **over):
    world.clock.time = AFTER
    campaign = a_campaign(provider=provider, **over.pop("campaign", {}))
    return world.a_batch(over.pop("state", S.RUNNING), campaign=campaign, **over)


def shows(world, *calls, batch=OVER):
    world.provider.will("list_calls", Accepted(CallPage(list(calls), batch=batch)))
    world.provider.will("list_talks", Accepted([]))


@pytest.mark.parametrize("shown_as", [O.CANCELLED, O.WAITING])
def test_who_was_rung_once_stays_so_when_the_next_round_is_cancelled(world, shown_as):
    """Queued again and never dialled again is not the same as never dialled."""
    until = DUE + minutes(30)
    wishes = {"retries": WISH, "hours": office("04:00", "05:30")}
    batch = running(world, campaign=wishes, dial_until=until)
    shows(world, call_seen(1), call_seen(2, outcome=O.NO_ANSWER, changed_at=None))
    collect(world.context, batch.id)
    world.clock.go(minutes(15.1))
    world.provider.will("get", Accepted(OVER))
    world.provider.will("retry", Accepted(1))
    retry(world.context, batch.id)
    world.clock.time = until - minutes(4)
    stopped = seen(phase=Phase.STOPPED, status_word="cancelled", retries=1)
    world.provider.will("get", Accepted(stopped))
    again = call_seen(2, outcome=shown_as, over=shown_as.final, attempts=0, changed_at=None)
    shows(world, call_seen(1), again, batch=stopped)
    stop(world.context, batch.id)
    assert world.get(batch).state is S.STOPPED
    assert [(call.outcome, call.attempts) for call in world.calls(batch)] == [(O.ANSWERED, 1), (O.NO_ANSWER, 1)]


def test_a_batch_with_outcomes_cannot_be_said_not_to_be_placed(world):
    """It was lost from sight, and those who answered would be rung again with all the others."""
    batch = running(world, campaign={"schedule": {"late": minutes(60)}})
    shows(world, call_seen(1), call_seen(2, outcome=O.WAITING, over=False), batch=seen(phase=Phase.DIALLING))
    collect(world.context, batch.id)
    world.set(batch, state=S.HELD)
    with pytest.raises(Refusal, match="made already"):
        not_placed(world.context, world.get(batch), "ann")


def test_a_batch_that_is_made_again_begins_anew(world):
    """A count of rounds from before would make the new one look older than it is, for ever."""
    held = running(
        world, state=S.HELD, campaign={"schedule": {"late": minutes(60)}, "retries": WISH},
        retries=1, collect_wanted=True, seen="f1", page="2", valid=2,
    )  # fmt: skip
    not_placed(world.context, held, "ann")
    after = world.get(held)
    assert (after.retries, after.collect_wanted, after.seen, after.page, after.valid) == (
        0,
        False,
        None,
        None,
        None,
    )


def test_an_id_is_that_of_one_batch(world):
    """Two rows that follow one batch would stop each other's calls."""
    one = running(world, "trillet")
    campaign = a_campaign(provider="trillet")
    run = world.a_run(campaign, due_at=DUE + minutes(60))
    two = world.a_batch(S.HELD, campaign=campaign, run=run, provider_ref=None)
    world.provider.will("get", Accepted(seen(label=None, phase=Phase.DIALLING)))
    with pytest.raises(Refusal, match=one.key.replace("+", r"\+")):
        placed(world.context, two, REF, "ann")


def test_the_right_batch_is_not_taken_for_an_orphan(world):
    """A person has said which it is; then the answer comes that was thought lost."""
    batch = world.a_batch(S.READY, campaign=a_campaign(provider="trillet"))
    world.provider.will("account", GOOD_ACCOUNT)

    def meanwhile():
        world.rob(batch)
        world.set(batch, state=S.SCHEDULED, provider_ref=REF)

    world.provider.will("create", then(meanwhile, Accepted(REF)))
    create(world.context, batch.id)
    assert world.provider.asked("stop") == []


def test_what_comes_late_while_it_is_made_again_is_taken_back(world):
    """Said not to be placed, and created a second time: the first must not dial as well."""
    batch = world.a_batch(S.READY, campaign=a_campaign(provider="trillet"))
    world.provider.will("account", GOOD_ACCOUNT)

    def meanwhile():
        world.rob(batch)
        world.set(batch, state=S.CREATING, ignored_ref="none", creates=1)

    world.provider.will("create", then(meanwhile, Accepted(REF)))
    world.provider.will("stop", Accepted(None))
    create(world.context, batch.id)
    assert world.provider.asked("stop") == [(REF,)]


@pytest.mark.parametrize("provider", ["trillet", "cartesia"])
def test_what_is_shown_late_is_not_held(world, provider):
    """It is looked at milliseconds after it was made."""
    batch = world.a_batch(S.READY, campaign=a_campaign(provider=provider))
    world.provider.will("account", GOOD_ACCOUNT)
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("create", Accepted(Created(REF, 2)))
    world.provider.will("get", NOT_FOUND)
    create(world.context, batch.id)
    verify(world.context, batch.id)
    assert world.get(batch).state is S.SCHEDULED


def test_a_batch_from_other_contacts_is_not_taken_over(world):
    """A restored ledger and a source that has changed: whom it calls is not whom we would call."""
    batch = world.a_batch(S.READY, campaign=a_campaign(provider="cartesia"))
    world.provider.will("list_batches", Accepted([seen(label=LABEL, total=4001, valid=4001)]))
    create(world.context, batch.id)
    after = world.get(batch)
    assert (after.state, world.provider.changes) == (S.HELD, [])
    assert "4001 calls, ours 2" in after.reason


@pytest.mark.parametrize("provider", ["trillet", "cartesia"])
def test_a_retry_after_a_day_is_lived_to_see(world, provider):
    """Where no hours end it, a batch lasts as long as its retries."""
    day = {"attempts": 1, "after": (minutes(24 * 60),), "on": ("no_answer", "busy")}
    batch = running(world, provider, campaign={"retries": day}, seen="x", retries=1)
    world.clock.time = DUE + minutes(24 * 60 + 2)
    dials = seen(phase=Phase.DIALLING, label=None, over=1, retries=1, fingerprint="x")
    for request, answer in (("get", dials), ("list_batches", [dials])):
        world.provider.will(request, Accepted(answer))
    poll(world.context, [batch.id])
    assert world.get(batch).state is S.RUNNING


def test_a_round_that_cannot_be_paid_for_is_given_up(world):
    """Every call is over: nobody has to be asked, and the run ends."""
    batch = running(world, campaign={"retries": WISH}, retry_at=AFTER)
    world.provider.will("account", Busy("503"))
    with world.ledger.write() as writer:
        writer.session.merge(AccountRow(name="cartesia", closed_since=AFTER, kind="funds", reason="402"))
    for _ in range(70):
        retry(world.context, batch.id)
        world.clock.go(minutes(1))
    after = world.get(batch)
    assert (after.state, after.retry_at, after.collect_wanted) == (S.RUNNING, None, True)


def test_a_provider_that_chooses_whom_it_calls_back_is_waited_for(world):
    """It may call back after a failure too, though only no_answer and busy were spoken of."""
    wish = {"attempts": 1, "after": (minutes(60),), "on": ("no_answer", "busy")}
    batch = running(world, "trillet", campaign={"retries": wish}, rows=1)
    world.provider.will("get", Accepted(seen(phase=Phase.OVER, label=None, total=1, valid=1, over=1)))
    shows(world, call_seen(1, outcome=O.FAILED, changed_at=AFTER), batch=None)
    collect(world.context, batch.id)
    assert world.get(batch).state is S.RUNNING


def test_a_key_that_is_refused_loses_no_outcome(world):
    """The account is closed, and the calls are asked for again when it is open."""
    batch = running(world, "trillet")
    world.provider.will("get", Accepted(seen(phase=Phase.OVER, label=None)))
    shows(world, call_seen(1), call_seen(2), batch=None)
    world.provider.will("get_call", Refused("401", Why.CREDENTIALS))
    collect(world.context, batch.id)
    assert world.get(batch).state is S.RUNNING
    assert "account trillet is closed" in world.said()


def test_words_of_the_last_reading_are_not_the_runs_reason(world):
    """A provider that was slow once is no reason for a run that went well."""
    batch = running(world)
    shows(world, call_seen(1), call_seen(2))
    world.provider.will("list_talks", Busy("503 try again later"), Accepted([]))
    collect(world.context, batch.id)
    world.clock.go(minutes(1))
    collect(world.context, batch.id)
    finish(world.context, batch.run_id)
    assert (world.get(batch).reason, world.runs()[0].reason) == (None, None)
