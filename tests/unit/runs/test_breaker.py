"""A provider that fails time after time is left alone by every process, except to be told to stop."""

from datetime import timedelta
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import AccountRow
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import AccountSeen, CallPage, Phase
from callbeat.runs import accounts
from callbeat.runs.accounts import Accounts, closed_account
from callbeat.runs.breaker import IN_A_ROW, Closed, Strikes, after_probe, failed, is_news, kind_of
from callbeat.runs.collect import collect
from callbeat.runs.create import create
from callbeat.runs.poll import poll
from callbeat.runs.rounds import retry
from callbeat.runs.schedule import schedule
from callbeat.runs.stop import stop
from callbeat.runs.verify import verify
from tests.factories import (
    DUE,
    GOOD_ACCOUNT,
    NOW,
    REF,
    _settings,
    a_campaign,
    call_seen,
    minutes,
    parked,
    seconds,
    seen,
)

S = BatchState
DOWN = Busy("GET batches: 503", away=True)
LOST = Unknown("POST batches: 500")
TOLD_TO_WAIT = Busy("429", minutes(1))
NEVER_LEFT = Busy("the budget is used up", seconds(5), sent=False)
EMPTY = Accepted(AccountSeen("us", Decimal(0), None))
NO_KEY, NO_FUNDS = Refused("401", Why.CREDENTIALS), Refused("402", Why.FUNDS)
FUNDS, FAILURES, CREDENTIALS = Closed.FUNDS, Closed.FAILURES, Closed.CREDENTIALS


# -- the rules -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (DOWN, True),
        (LOST, True),
        (Accepted("b"), False),
        (Refused("400"), False),
        (Refused("404", Why.NOT_FOUND), False),
        (NO_KEY, False),
        (TOLD_TO_WAIT, None),
        (NEVER_LEFT, None),
    ],
)
def test_what_counts_as_a_failure_of_the_provider(answer, failure):
    """A refusal shows one at work; being told to wait, by it or by our own gates, says neither."""
    assert failed(answer) is failure


@pytest.mark.parametrize(
    ("answers", "out"),
    [
        ([DOWN] * (IN_A_ROW - 1), 0),
        ([DOWN] * IN_A_ROW, 1),
        ([LOST, DOWN] * IN_A_ROW, 2),
        ([DOWN] * (IN_A_ROW - 1) + [Accepted("b")] + [DOWN] * (IN_A_ROW - 1), 0),
        ([DOWN] * (IN_A_ROW - 1) + [Refused("404", Why.NOT_FOUND), DOWN], 0),
        ([DOWN] * (IN_A_ROW - 1) + [TOLD_TO_WAIT, NEVER_LEFT, DOWN], 1),
        ([TOLD_TO_WAIT] * 50, 0),
    ],
)
def test_failures_are_counted_in_a_row(answers, out):
    """One that came through begins the count anew; those that say nothing neither add to it nor end it."""
    strikes = Strikes()
    assert [strikes.out("bolna", answer) for answer in answers].count(True) == out


def test_each_account_is_counted_alone():
    """Another provider's bad day is none of theirs."""
    strikes = Strikes()
    assert not any(strikes.out(account, DOWN) for account in ("a", "b") for _ in range(IN_A_ROW - 1))


@pytest.mark.parametrize(
    ("known", "found", "news"),
    [
        (None, FUNDS, True),
        (None, FAILURES, True),
        (FUNDS, FAILURES, True),
        (FUNDS, CREDENTIALS, True),
        (FAILURES, CREDENTIALS, True),
        (FAILURES, FUNDS, False),
        (FAILURES, FAILURES, False),
        (CREDENTIALS, FAILURES, False),
        (CREDENTIALS, FUNDS, False),
    ],
)
def test_an_account_is_shut_further_but_not_less(known, found, news):
    """Less only by a harmless read."""
    assert is_news(known, found) is news


@pytest.mark.parametrize(
    ("kind", "answer", "then_closed"),
    [
        *((kind, GOOD_ACCOUNT, None) for kind in Closed),
        *((kind, EMPTY, FUNDS) for kind in Closed),
        *((kind, NO_KEY, CREDENTIALS) for kind in Closed),
        *((kind, NO_FUNDS, FUNDS) for kind in Closed),
        *((kind, answer, kind) for kind in Closed for answer in (DOWN, LOST, TOLD_TO_WAIT, NEVER_LEFT)),
        (FAILURES, Refused("404", Why.NOT_FOUND), None),
        (FUNDS, Refused("404", Why.NOT_FOUND), FUNDS),
        (CREDENTIALS, Refused("404", Why.NOT_FOUND), CREDENTIALS),
    ],
)
def test_what_a_harmless_read_makes_of_a_closed_account(kind, answer, then_closed):
    """Any answer shows that a provider is at work again; a key and a wallet must be seen to be good."""
    assert after_probe(kind, answer) is then_closed


@pytest.mark.parametrize("word", [None, "moonphase", ""])
def test_a_kind_that_nobody_knows_shuts_all(word):
    """A later version may have written it."""
    assert kind_of(word) is CREDENTIALS


# -- on a ledger -----------------------------------------------------------------------------------------------


def ready(world, n, provider="bolna"):
    campaign = a_campaign(provider=provider)
    return world.a_batch(S.READY, run=world.a_run(campaign, due_at=DUE + minutes(n)), campaign=campaign)


def failing(world, *requests):
    for request in (*requests, "list_batches", "account", "get"):
        world.provider.will(request, DOWN)


def fails(world, times=IN_A_ROW):
    """So many creates get no further than their first look."""
    failing(world)
    for n in range(times):
        create(world.context, ready(world, 100 + n).id)


def test_after_so_many_failures_nothing_is_asked_any_more(world):
    """It is down: the sixth batch need not find that out by a time-out of its own."""
    with capture_logs() as lines:
        fails(world, IN_A_ROW + 3)
    assert len(world.provider.requests) == IN_A_ROW
    assert [line["event"] for line in lines].count("account.closed") == 1
    assert (
        f"account bolna is closed: {IN_A_ROW} requests in a row failed, the last: GET batches: 503" in world.said()
    )


def test_another_process_holds_back_too(world):
    """It has seen nothing of it: the ledger tells."""
    fails(world)
    asked = len(world.provider.requests)
    world.context.__dict__["accounts"] = Accounts(_settings(), world.ledger, world.clock.now)
    batch = ready(world, 1)
    create(world.context, batch.id)
    assert len(world.provider.requests) == asked
    after = world.get(batch)
    assert (after.state, after.next_action_at) == (S.READY, NOW + minutes(1))
    assert "account bolna is closed" in after.reason


def test_accounts_at_other_providers_go_on(world):
    """One that is down is not the others' fault."""
    fails(world)
    world.provider.will("account", GOOD_ACCOUNT)
    world.provider.will("create", Accepted(REF))
    batch = ready(world, 1, "trillet")
    create(world.context, batch.id)
    assert world.get(batch).state is S.SCHEDULED


def test_two_processes_that_see_it_at_once_close_it_once(world, monkeypatch):
    """Both had looked before either wrote: one event, and the second finds it done."""
    monkeypatch.setattr(accounts, "closed_account", lambda *_: None)
    failing(world)
    for process in (Accounts(_settings(), world.ledger, world.clock.now) for _ in range(2)):
        door = process.enter("bolna", "bolna", NOW)
        for _ in range(IN_A_ROW):
            door.provider.get(REF)
    assert world.said().count("account bolna is closed") == 1


@pytest.mark.parametrize("answer", [TOLD_TO_WAIT, Refused("400"), Refused("404", Why.NOT_FOUND)])
def test_what_is_no_failure_closes_nothing(world, answer):
    """A provider that says wait is at work."""
    door = world.context.accounts.enter("bolna", "bolna", NOW)
    world.provider.will("get", answer)
    for _ in range(3 * IN_A_ROW):
        door.provider.get(REF)
    assert closed_account(world.ledger, "bolna") is None


def test_it_is_tried_by_one_harmless_read_a_minute(world):
    """By one of all the processes, however many batches wait."""
    fails(world)
    others = [Accounts(_settings(), world.ledger, world.clock.now) for _ in range(3)]
    world.provider.requests.clear()
    for _ in range(30):
        world.clock.go(seconds(20))
        for process in (world.context.accounts, *others):
            process.enter("bolna", "bolna", world.now)
    assert world.provider.requests == [("account",)] * 10


def test_a_read_that_another_process_makes_is_not_made_twice(world, monkeypatch):
    """Both saw that it was time: one of them was first."""
    fails(world)
    world.clock.go(minutes(2))
    world.provider.requests.clear()
    row = closed_account(world.ledger, "bolna")
    monkeypatch.setattr(accounts, "closed_account", lambda *_: row)
    for process in (Accounts(_settings(), world.ledger, world.clock.now) for _ in range(3)):
        process.enter("bolna", "bolna", world.now)
    assert world.provider.requests == [("account",)]


def test_it_opens_by_itself_and_is_used_again(world):
    """Nobody has to be asked: the first answer is proof."""
    batch = ready(world, 1)
    fails(world)
    world.clock.go(minutes(1))
    world.provider.will("account", GOOD_ACCOUNT)
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("create", Accepted(REF))
    with capture_logs() as lines:
        create(world.context, batch.id)
    assert world.get(batch).state is S.CREATED
    assert [line["event"] for line in lines if line["event"].startswith("account")] == ["account.open"]


def test_after_it_has_opened_it_is_closed_again_by_as_many(world):
    """One failure is no outage."""
    fails(world)
    world.clock.go(minutes(1))
    world.provider.will("account", GOOD_ACCOUNT)
    door = world.context.accounts.enter("bolna", "bolna", world.now)
    for _ in range(IN_A_ROW - 1):
        door.provider.get(REF)
    assert closed_account(world.ledger, "bolna") is None
    door.provider.get(REF)
    assert closed_account(world.ledger, "bolna") is not None


def test_a_key_that_is_refused_meanwhile_is_what_it_is_closed_for(world):
    """It came back, and does not know us any more: somebody else must mend that."""
    fails(world)
    world.clock.go(minutes(1))
    world.provider.will("account", NO_KEY)
    world.context.accounts.enter("bolna", "bolna", world.now)
    closed = closed_account(world.ledger, "bolna")
    assert (closed.kind, closed.reason) == (CREDENTIALS, "401")


# -- what it never stops ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["hours_ended", "stopped"])
@pytest.mark.parametrize("provider", ["bolna", "trillet", "cartesia"])
def test_a_batch_is_told_to_stop_all_the_same(world, provider, reason):
    """Its hours end, or somebody pressed the red button: a stop that arrives is worth more than a request saved."""
    batch = world.a_batch(S.RUNNING, campaign=a_campaign(provider=provider), stop_reason=reason)
    closed(world, provider)
    world.provider.will("stop", Accepted(None))
    stop(world.context, batch.id)
    assert world.provider.requests == [("stop", REF)]
    assert world.get(batch).state is S.STOPPING


def test_a_held_batch_rings_off_all_the_same(world):
    """Nobody is rung after the hours, whatever else is in doubt."""
    batch = world.a_batch(S.HELD, stop_reason="stopped")
    closed(world, "bolna")
    world.provider.will("stop", Accepted(None))
    stop(world.context, batch.id)
    assert world.provider.requests == [("stop", REF)]


def test_stops_one_by_one_and_deletes_pass_too(world):
    """A call of somebody who opted out, and what no start is left for."""
    closed(world, "bolna")
    door = world.context.accounts.enter("bolna", "bolna", NOW)
    for request in ("stop_call", "delete"):
        world.provider.will(request, Accepted(None))
    assert [door.provider.stop_call("x"), door.provider.delete(REF)] == [Accepted(None)] * 2
    assert [asked[0] for asked in world.provider.requests] == ["stop_call", "delete"]


def closed(world, account):
    """By another process, a moment ago."""
    row = AccountRow(
        name=account, closed_since=NOW, kind="failures", reason="5 in a row", probe_at=NOW + minutes(1)
    )
    with world.ledger.write() as writer:
        writer.session.merge(row)


# -- what waits behind it --------------------------------------------------------------------------------------


def test_what_was_due_behind_it_is_missed_in_time_and_says_why(world):
    """Every due time ends in one recorded decision."""
    batch = ready(world, 0)
    closed(world, "bolna")
    world.clock.time = DUE + timedelta(hours=3)
    failing(world)
    create(world.context, batch.id)
    after = world.get(batch)
    assert (after.state, after.reason) == (S.MISSED, "account_closed")
    assert "account bolna is closed: 5 in a row" in world.said()


@pytest.mark.parametrize("provider", ["bolna", "cartesia"])
def test_a_create_in_doubt_waits_and_is_not_guessed_at(world, provider):
    """Not seen is not absent: it is looked for once the provider can be asked."""
    campaign = a_campaign(provider=provider)
    batch = world.a_batch(S.UNCERTAIN, campaign=campaign)
    closed(world, provider)
    for _ in range(10):
        create(world.context, batch.id)
        world.set(batch, next_action_at=NOW)
    after = world.get(batch)
    assert (after.state, after.denials, world.provider.requests) == (S.UNCERTAIN, 0, [])
    assert after.reason.startswith(f"account {provider} is closed")


@pytest.mark.parametrize(
    ("state", "step", "after"),
    [
        (S.UNCERTAIN, create, timedelta(days=1, minutes=1)),
        (S.RUNNING, lambda context, batch_id: poll(context, [batch_id]), timedelta(days=1, minutes=1)),
        (S.STOPPING, stop, timedelta(hours=1, minutes=1)),
    ],
)
def test_what_waits_too_long_behind_it_is_held_and_says_why(world, state, step, after):
    """A day is enough: a person looks."""
    batch = world.a_batch(state)
    world.provider.will("stop", LOST)
    failing(world)
    for now in (DUE, DUE + after):
        world.clock.time = now
        closed(world, "bolna")
        world.set(batch, next_action_at=now)
        step(world.context, batch.id)
    held = world.get(batch)
    assert held.state is S.HELD
    assert "account bolna is closed: 5 in a row" in held.reason


def test_a_start_that_cannot_be_verified_is_alarmed_as_ever(world):
    """It will dial, and nobody can look: that is said."""
    batch = world.a_batch(S.SCHEDULED)
    closed(world, "bolna")
    world.clock.time = DUE + seconds(1)
    failing(world)
    verify(world.context, batch.id)
    assert "ALARM: not verified before its start (account bolna is closed" in world.said()


# -- no funds --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["bolna", "trillet", "cartesia"])
def test_a_402_to_one_batch_stops_creates_of_all_others_in_every_process(world, provider):
    """Each would be refused as well, and its run would fail for it."""
    first, second = ready(world, 0, provider), ready(world, 1, provider)
    world.provider.will("account", GOOD_ACCOUNT)
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("create", Refused("402 usage limit", Why.FUNDS))
    create(world.context, first.id)
    world.context.__dict__["accounts"] = Accounts(_settings(), world.ledger, world.clock.now)
    create(world.context, second.id)
    assert len(world.provider.asked("create")) == 1
    assert [world.get(batch).state for batch in (first, second)] == [S.READY, S.READY]
    assert "402 usage limit" in world.get(second).reason


@pytest.mark.parametrize(
    ("provider", "state", "step", "request_"),
    [("bolna", S.CREATED, schedule, "schedule"), ("cartesia", S.RUNNING, retry, "retry")],
)
def test_starts_and_further_rounds_wait_for_funds_too(world, provider, state, step, request_):
    """They dial, and cost; what is read costs nothing."""
    campaign = a_campaign(provider=provider)
    batch = world.a_batch(state, campaign=campaign, retry_at=NOW)
    row = AccountRow(name=provider, closed_since=NOW, kind="funds", reason="402", probe_at=NOW + minutes(1))
    with world.ledger.write() as writer:
        writer.session.merge(row)
    world.provider.will("get", Accepted(parked()))
    step(world.context, batch.id)
    assert world.provider.asked(request_) == []
    assert world.get(batch).state is state


def unpaid(row, **over):
    told = {"outcome": Outcome.NOT_PLACED, "status_word": "balance-low", "unpaid": True, "changed_at": NOW}
    return call_seen(row, **told | over)


def reads_calls(world, *calls):
    """A collect of a batch whose calls are shown so."""
    batch = world.a_batch(
        S.RUNNING, run=world.a_run(due_at=DUE + minutes(len(world.batches()))), collect_wanted=True
    )
    world.provider.will("get", Accepted(seen(phase=Phase.DIALLING)))
    world.provider.will("list_calls", Accepted(CallPage(list(calls))))
    collect(world.context, batch.id)
    return batch


def test_calls_that_were_not_placed_for_want_of_funds_stop_further_creates(world):
    """Bolna answers no 402: it takes the batch, and each of its calls says balance-low."""
    batch = reads_calls(world, unpaid(1), unpaid(2))
    closed_for = closed_account(world.ledger, "bolna")
    assert (closed_for.kind, closed_for.reason) == (FUNDS, "2 calls were not placed: balance-low")
    world.provider.will("list_batches", Accepted([]))
    waiting = ready(world, 50)
    create(world.context, waiting.id)
    assert (world.get(waiting).state, world.provider.asked("create")) == (S.READY, [])
    assert {call.outcome for call in world.calls(batch)} == {Outcome.NOT_PLACED}


def test_calls_of_before_it_was_topped_up_do_not_close_it_again(world):
    """The provider goes on showing them; one that is newer is news."""
    reads_calls(world, unpaid(1), call_seen(2))
    world.clock.go(minutes(1))
    world.provider.will("account", GOOD_ACCOUNT)
    world.context.accounts.enter("bolna", "bolna", world.now)
    reads_calls(world, unpaid(1), unpaid(2, changed_at=None))
    assert closed_account(world.ledger, "bolna") is None
    reads_calls(world, unpaid(1), unpaid(2, changed_at=world.now + seconds(1)))
    assert closed_account(world.ledger, "bolna") is not None


def test_calls_that_were_placed_say_nothing_of_funds(world):
    """Whatever became of them."""
    reads_calls(world, call_seen(1), call_seen(2, outcome=Outcome.NOT_PLACED, status_word="canceled"))
    assert closed_account(world.ledger, "bolna") is None
