"""A budget delays a request in the ledger, and never loses it."""

from datetime import timedelta

import pytest

from callbeat.ledger.states import BatchState
from callbeat.providers.answers import Accepted
from callbeat.providers.port import AccountSeen, CallPage, Phase
from callbeat.runs.accounts import requests_a_minute
from callbeat.runs.create import create
from callbeat.runs.errands import NEAR_START, Errand
from callbeat.runs.gates import Budgeted
from callbeat.runs.schedule import schedule
from callbeat.runs.stop import stop
from callbeat.runs.verify import verify
from callbeat.settings import AccountSettings, Settings
from tests.factories import DUE, REF, call_seen, minutes, parked, seconds, seen

S = BatchState
LONG = minutes(9)


class Purse:
    """A budget with so many requests left."""

    def __init__(self, left: int = 0) -> None:
        self.left = left
        self.asked: list[tuple[Errand, int]] = []

    def spend(self, account: str, a_minute: int, errand: Errand, requests: int = 1) -> timedelta | None:
        self.asked.append((errand, requests))
        if requests > self.left:
            return LONG
        self.left -= requests
        return None


@pytest.fixture
def purse(world) -> Purse:
    purse = Purse()
    for account in ("bolna", "trillet", "cartesia"):
        world.context.accounts._clients[account] = Budgeted(world.provider, purse, account, 60)
    return purse


def test_a_create_waits_whole_and_says_why_once(world, purse):
    """No look-up leaves without its create, nothing was sent, and a hundred refusals are one event."""
    batch = world.a_batch(S.READY)
    for _ in range(3):
        create(world.context, batch.id)
    after = world.get(batch)
    assert (after.state, after.creates, world.provider.requests) == (S.READY, 0, [])
    assert after.next_action_at == world.now + LONG
    assert world.said().count("is used up") == 1
    assert purse.asked == [(Errand.START, 2)] * 3


def test_what_waited_is_created_when_its_turn_has_come(world, purse):
    """The two requests that it needs are counted once."""
    batch = world.a_batch(S.READY)
    create(world.context, batch.id)
    world.clock.go(LONG)
    purse.left = 2
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("create", Accepted(REF))
    create(world.context, batch.id)
    assert (world.get(batch).state, world.get(batch).reason, purse.left) == (S.CREATED, None, 0)


def test_a_create_that_nears_its_due_time_tries_more_often(world, purse):
    """Half of what is left until a start can no longer be asked for, and with the part kept for it."""
    world.clock.time = DUE - minutes(4) - minutes(6)
    batch = world.a_batch(S.READY)
    create(world.context, batch.id)
    assert world.get(batch).next_action_at == world.now + minutes(3)
    assert world.now >= DUE - NEAR_START
    assert purse.asked == [(Errand.NEAR, 2)]


def test_a_run_that_never_had_its_turn_is_missed_and_says_so(world, purse):
    """Every due time ends in one recorded decision, with its reason."""
    batch = world.a_batch(S.READY)
    create(world.context, batch.id)
    world.clock.time = DUE + minutes(60)
    create(world.context, batch.id)
    assert (world.get(batch).state, world.provider.requests) == (S.MISSED, [])
    assert "the budget of 60 requests a minute of account bolna is used up; the next start is" in world.said()


def test_a_schedule_waits_whole_too(world, purse):
    """It looks before it asks for the start."""
    batch = world.a_batch(S.CREATED)
    schedule(world.context, batch.id)
    assert (world.get(batch).state, world.provider.requests) == (S.CREATED, [])
    purse.left = 2
    world.provider.will("get", Accepted(parked()))
    world.provider.will("schedule", Accepted(DUE))
    schedule(world.context, batch.id)
    assert (world.get(batch).state, purse.left) == (S.SCHEDULED, 0)


def test_what_lies_there_too_late_is_removed_however_poor_the_budget(world, purse):
    """To wait for its turn would be to wait for ever."""
    batch = world.a_batch(S.CREATED)
    world.clock.time = DUE + minutes(60)
    purse.left = 2
    world.provider.will("get", Accepted(parked()))
    world.provider.will("delete", Accepted(None))
    schedule(world.context, batch.id)
    assert world.get(batch).state is S.MISSED
    assert purse.asked[-1] == (Errand.STOP, 1)


def test_a_proof_is_tried_more_often_towards_the_start(world, purse):
    """After it, it would have to be let go on unverified."""
    world.clock.time = DUE - minutes(3)
    batch = world.a_batch(S.SCHEDULED, verified=1)
    verify(world.context, batch.id)
    assert world.get(batch).next_action_at == world.now + seconds(90)
    assert purse.asked == [(Errand.NEAR, 1)]


def test_where_nothing_can_be_looked_up_the_account_and_the_create_go_together(world, purse):
    """Trillet: sixty a minute are too few to spend one in vain."""
    purse.left = 2
    batch = world.a_batch(S.READY, provider="trillet")
    world.provider.will("account", Accepted(AccountSeen("us", None, None)))
    world.provider.will("create", Accepted(REF))
    create(world.context, batch.id)
    assert (world.get(batch).state, purse.asked) == (S.SCHEDULED, [(Errand.START, 2)])
    assert seen(ref=REF).ref == world.get(batch).provider_ref


def test_a_stop_that_never_left_is_not_taken_for_one(world, purse):
    """What looks over may wait for a retry: it is stopped once its turn has come."""
    batch = world.a_batch(S.STOPPING, provider="trillet", stop_reason="hours_ended", verified=2)
    stop(world.context, batch.id)
    assert (world.get(batch).denials, world.provider.requests) == (0, [])
    assert purse.asked == [(Errand.STOP, 1)] * 2


def test_how_long_calls_talked_is_not_asked_for_with_what_is_kept_for_stops(world, purse):
    """At the end of the hours others of the account are still to be stopped."""
    over = seen(phase=Phase.STOPPED, label=None, over=2, total=2, valid=2)
    batch = world.a_batch(S.STOPPING, provider="trillet", stop_reason="hours_ended", verified=2, denials=1)
    purse.left = 2
    world.provider.will("get", Accepted(over))
    done = [call_seen(row, status_word="completed") for row in (1, 2)]
    world.provider.will("list_calls", Accepted(CallPage(done)))
    stop(world.context, batch.id)
    assert purse.asked[-1] == (Errand.COLLECT, 1)
    assert world.get(batch).state is S.STOPPING


@pytest.mark.parametrize(
    ("account", "provider", "told", "expected"),
    [
        ("bolna", "bolna", None, 1000),
        ("trillet", "trillet", None, 60),
        ("cartesia", "cartesia", None, None),
        ("cartesia", "cartesia", 600, 600),
        ("bolna", "bolna", 300, 300),
        ("eu", "trillet", 30, 30),
    ],
)
def test_an_account_has_its_documented_limit_unless_another_is_set(account, provider, told, expected):
    """Lower where others use it too, higher by contract; where none is documented, there is one if it is set."""
    known = AccountSettings(provider=provider, api_key="key", requests_a_minute=told)
    settings = Settings(_env_file=None, accounts={account: known})
    assert requests_a_minute(settings, account, provider) == expected


def test_a_lost_schedule_is_read_back_while_it_can_still_be_verified(world, purse):
    """Eight minutes before the start, a wait of ten would bring the proof after it."""
    start = world.now + minutes(8)
    batch = world.a_batch(S.SCHEDULING, start_at=start, asked_text="x", schedules=1, in_doubt_since=world.now)
    schedule(world.context, batch.id)
    assert world.get(batch).next_action_at <= world.now + minutes(4)
