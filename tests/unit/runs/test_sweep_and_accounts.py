"""The ledger is asked what is due, one bad row does not stop the rest, and a closed account stops what it must."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from callbeat.ledger.states import BATCH_PATIENCE, BatchState, RunState
from callbeat.providers.answers import Accepted, Busy, Refused, Why
from callbeat.providers.port import AccountSeen, Phase
from callbeat.providers.registry import ADAPTERS, RULES
from callbeat.runs.create import create
from callbeat.runs.poll import poll
from callbeat.runs.stop import stop
from callbeat.runs.sweep import sweep
from tests.factories import (
    AGENT,
    DUE,
    FAR_AHEAD,
    GOOD_ACCOUNT,
    LONG_PAST,
    NOW,
    REF,
    minutes,
    seconds,
    seen,
)

S = BatchState


def swept(world):
    world.sent.clear()
    sweep(world.context)
    return sorted(world.sent)


def quiet_run(world, **over):
    """A run that is not due itself."""
    return world.a_run(**{"next_action_at": FAR_AHEAD} | over)


def another(world, state, n, **over):
    run = quiet_run(world, due_at=DUE + minutes(n))
    return world.a_batch(state, run=run, **{"provider_ref": f"b{n}"} | over)


# -- the sweep -------------------------------------------------------------------------------------------------


def test_what_is_due_is_sent_once(world):
    """And its next action is moved on by its patience, so that a lost message is sent again later."""
    batch = another(world, S.READY, 1)
    assert swept(world) == [("create", [batch.id])]
    assert swept(world) == []
    assert world.get(batch).next_action_at == NOW + BATCH_PATIENCE[S.READY]
    world.clock.go(BATCH_PATIENCE[S.READY])
    assert swept(world) == [("create", [batch.id])]


@pytest.mark.parametrize(
    ("state", "task"), [(RunState.PLANNED, "open"), (RunState.OPENING, "open"), (RunState.ACTIVE, "finish")]
)
def test_runs_are_swept_too(world, state, task):
    """A run whose process died while it opened has nobody else."""
    run = world.a_run(state=state)
    assert swept(world) == [(task, [run.id])]


@pytest.mark.parametrize(
    "over",
    [
        {"next_action_at": NOW + seconds(1)},
        {"next_action_at": None},
        {"lease_until": FAR_AHEAD},
    ],
)
def test_what_is_not_due_or_in_hand_is_left_alone(world, over):
    """Somebody is at work, or nothing is to be done."""
    another(world, S.READY, 1, **over)
    assert swept(world) == []


def test_a_row_whose_process_died_is_taken_up_again(world):
    """Nothing else would look after it."""
    batch = another(world, S.CREATING, 1, lease_until=LONG_PAST)
    assert swept(world) == [("create", [batch.id])]


def test_batches_of_one_agent_are_polled_together(world):
    """One list call covers them all."""
    together = [another(world, S.RUNNING, n).id for n in range(3)]
    alone = another(world, S.RUNNING, 9, agent="another")
    assert swept(world) == [("poll", together), ("poll", [alone.id])]


def test_a_group_of_polls_is_not_endless(world):
    """One message must be done within its leases."""
    run = quiet_run(world)
    for n in range(120):
        world.a_batch(S.RUNNING, run=run, rows=0, key=f"k{n}", label=f"l{n}", n=n)
    sizes = [len(ids) for _, ids in swept(world)]
    assert sum(sizes) == 120
    assert max(sizes) <= 100


def test_a_held_batch_is_told_again_and_never_acted_on(world):
    """Only a person can tell."""
    batch = another(world, S.HELD, 1)
    assert swept(world) == []
    assert world.get(batch).next_action_at > NOW


def test_two_sweeps_send_a_row_once(world):
    """Two beats are harmless."""
    another(world, S.READY, 1)
    assert len(swept(world)) + len(swept(world)) == 1


def test_patience_is_real_time(world):
    """At sixty times the speed a minute of patience is an hour of the campaign's."""
    world.clock.speed = 60.0
    batch = another(world, S.READY, 1)
    swept(world)
    assert world.get(batch).next_action_at == NOW + BATCH_PATIENCE[S.READY] * 60


POISON = {
    "a state of a later version": "UPDATE batches SET state = 'teleporting' WHERE id = :id",
    "a final state that is due": "UPDATE batches SET state = 'finished' WHERE id = :id",
    "an instant that is none": "UPDATE batches SET start_at = 'tomorrow' WHERE id = :id",
}


@pytest.mark.parametrize("poison", POISON)
def test_a_poisoned_row_does_not_stop_the_rest(world, poison):
    """One bad row must not keep a thousand campaigns from starting."""
    bad, good = another(world, S.READY, 1), another(world, S.READY, 2)
    with world.ledger.write() as writer:
        writer.session.execute(text(POISON[poison]), {"id": bad.id})
    assert ("create", [good.id]) in swept(world)


def test_messages_carry_ids_only(world):
    """No number, name or key is ever in Redis."""
    another(world, S.READY, 1)
    another(world, S.RUNNING, 2)
    assert all(isinstance(task, str) and all(type(one) is int for one in ids) for task, ids in swept(world))


# -- closed accounts -------------------------------------------------------------------------------------------

CLOSED = "401 invalid key"


def closed(world, why=Why.CREDENTIALS):
    """The account is closed by an answer that somebody else got."""
    world.context.accounts.heed("bolna", Refused(CLOSED, why), world.now)


def tries_to_create(world, account="bolna"):
    """Whether a create leaves on this account now."""
    before = len(world.provider.asked("create"))
    n = len(world.batches()) + 1
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("create", Busy("429"))
    create(world.context, another(world, S.READY, n, account=account).id)
    return len(world.provider.asked("create")) > before


@pytest.mark.parametrize("answer", [Refused("400"), Refused("404", Why.NOT_FOUND), Busy("429"), Accepted("b")])
def test_an_account_is_closed_by_its_key_or_its_funds_alone(world, answer):
    """A bad request says nothing of the account."""
    world.context.accounts.heed("bolna", answer, NOW)
    assert tries_to_create(world)


@pytest.mark.parametrize("why", [Why.CREDENTIALS, Why.FUNDS])
def test_nothing_is_created_on_a_closed_account(world, why):
    """Each try would fail one more run."""
    closed(world, why)
    batch = world.a_batch(S.READY)
    world.provider.will("list_batches", Accepted([]))
    create(world.context, batch.id)
    after = world.get(batch)
    assert (after.state, after.lease_until, world.provider.changes) == (S.READY, None, [])
    assert NOW < after.next_action_at <= NOW + minutes(2)
    assert CLOSED in (after.reason or "")


def test_a_closed_account_is_tried_by_a_harmless_read(world):
    """And opens by itself once its key works again."""
    closed(world)
    batch = world.a_batch(S.READY)
    world.clock.go(minutes(2))
    world.provider.will("account", GOOD_ACCOUNT)
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("create", Accepted(REF))
    create(world.context, batch.id)
    assert [asked[0] for asked in world.provider.requests] == ["account", "list_batches", "create"]
    assert world.get(batch).state is S.CREATED
    assert "is open again" in world.said()


def test_a_probe_that_fails_keeps_the_account_closed(world):
    """And is not repeated by every waiting batch."""
    closed(world)
    batches = [another(world, S.READY, n) for n in range(3)]
    world.clock.go(minutes(2))
    world.provider.will("account", Refused(CLOSED, Why.CREDENTIALS))
    for batch in batches:
        create(world.context, batch.id)
    assert world.provider.requests == [("account",)]
    assert {world.get(batch).state for batch in batches} == {S.READY}


def test_an_empty_wallet_keeps_the_account_closed(world):
    """The key works, but every create would be refused."""
    closed(world, Why.FUNDS)
    world.clock.go(minutes(2))
    world.provider.will("account", Accepted(AccountSeen("us", Decimal(0), None)))
    assert not tries_to_create(world)
    world.clock.go(minutes(2))
    world.provider.will("account", Accepted(AccountSeen("us", Decimal("12.50"), None)))
    assert tries_to_create(world)


def test_without_funds_what_dials_is_still_stopped(world):
    """402 forbids creating; the hours end all the same, and people must not be rung after them."""
    closed(world, Why.FUNDS)
    batch = world.a_batch(S.RUNNING, stop_reason="hours_ended")
    world.provider.will("get", Accepted(seen(phase=Phase.DIALLING)))
    world.provider.will("stop", Accepted(None))
    stop(world.context, batch.id)
    assert ("stop", REF) in world.provider.requests


def test_without_funds_what_dials_is_still_followed(world):
    """Its calls go on, and their outcomes are to be had."""
    closed(world, Why.FUNDS)
    batch = world.a_batch(S.RUNNING, verified=2)
    world.provider.will("list_batches", Accepted([seen(phase=Phase.DIALLING)]))
    poll(world.context, [batch.id])
    assert world.provider.requests == [("list_batches", AGENT)]


def test_an_account_without_a_key_says_which_variable_is_missing(world):
    """The operator reads it in the run, and mends it."""
    batch = world.a_batch(S.READY, account="eu")
    create(world.context, batch.id)
    assert "CALLBEAT_ACCOUNTS__EU__API_KEY" in world.get(batch).reason


@pytest.mark.parametrize("account", ["eu", "bolna"])
def test_a_run_whose_account_stays_closed_is_missed_at_last(world, account):
    """Every due time ends in one recorded decision."""
    closed(world)
    batch = world.a_batch(S.READY, account=account)
    world.clock.time = DUE + timedelta(hours=3)
    world.provider.will("account", Refused(CLOSED, Why.CREDENTIALS))
    create(world.context, batch.id)
    assert world.get(batch).state is S.MISSED
    assert world.sent == [("finish", [batch.run_id])]


def test_an_account_at_another_provider_is_not_used(world):
    """Its key would be sent to a stranger."""
    batch = world.a_batch(S.READY, provider="trillet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RULES, "trillet", RULES["bolna"])
        create(world.context, batch.id)
    assert (world.get(batch).state, world.provider.requests) == (S.READY, [])
    assert "PROVIDER" in world.get(batch).reason


def test_a_client_is_made_once(world, monkeypatch):
    """Building one is dear, and its connections are to be kept."""
    made = []
    monkeypatch.setitem(ADAPTERS, "bolna", lambda *_, **__: made.append(1) or world.provider)
    assert tries_to_create(world)
    assert tries_to_create(world)
    assert made == [1]


def test_no_key_is_in_the_ledger(world):
    """Reasons and events are shown to anybody."""
    closed(world)
    assert "sk-secret" not in world.said()
