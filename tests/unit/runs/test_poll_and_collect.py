"""How batches get on is asked as seldom as possible, and every call ends with what became of it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from callbeat.errors import LedgerConflict
from callbeat.ledger.states import BatchState
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Why
from callbeat.providers.port import Phase
from callbeat.runs.collect import collect
from callbeat.runs.poll import poll
from callbeat.runs.stop import stop
from tests.factories import (
    AGENT,
    DUE,
    a_campaign,
    call_seen,
    minutes,
    number,
    office,
    seconds,
    seen,
    then,
)

S, O = BatchState, Outcome  # noqa: E741
DIALLING = seen(phase=Phase.DIALLING, status_word="running", fingerprint="f2")
OVER = seen(phase=Phase.OVER, status_word="completed", over=2, fingerprint="f3")


@pytest.fixture(autouse=True)
def _in_the_middle(world):
    world.clock.time = DUE + minutes(2)


def polled(world, *batches):
    poll(world.context, [batch.id for batch in batches])
    return [world.get(batch) for batch in batches]


def collected(world, batch):
    collect(world.context, batch.id)
    return world.get(batch)


def running(world, **over):
    return world.a_batch(S.RUNNING, **{"verified": 2, "seen": "f2"} | over)


# -- poll ------------------------------------------------------------------------------------------------------


def test_one_list_covers_all_batches_of_an_agent(world):
    """A thousand batches would be a thousand requests otherwise."""
    labels = ["cb-1", "cb-2", "cb-3"]
    batches = [
        running(world, run=world.a_run(due_at=DUE - minutes(10 * n)), provider_ref=f"b{n}", label=labels[n])
        for n in range(3)
    ]
    shown = [seen(ref=f"b{n}", label=labels[n], phase=Phase.DIALLING, fingerprint="f2") for n in range(3)]
    world.provider.will("list_batches", Accepted(shown))
    after = polled(world, *batches)
    assert world.provider.requests == [("list_batches", AGENT)]
    assert all(batch.next_action_at > world.now and batch.lease_until is None for batch in after)


def test_a_batch_that_is_not_listed_is_asked_for_by_itself(world):
    """Late visibility is not an end."""
    batch = running(world)
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("get", Accepted(DIALLING))
    assert polled(world, batch)[0].state is S.RUNNING


def test_a_list_grown_too_large_is_left_for_one_question_a_batch(world):
    """Bolna does not page: megabytes each half minute would be read for one row."""
    batch = running(world)
    many = [seen(ref=f"old{n}", label=f"old{n}") for n in range(2000)]
    world.provider.will("list_batches", Accepted([*many, DIALLING]))
    world.provider.will("get", Accepted(DIALLING))
    polled(world, batch)
    polled(world, batch)
    assert [asked[0] for asked in world.provider.requests] == ["list_batches", "get"]


@pytest.mark.parametrize("phase", [Phase.DIALLING, Phase.OVER, Phase.STOPPED, Phase.FAILED])
def test_a_batch_whose_start_has_come_is_running(world, phase):
    """Even if it was over before we looked."""
    batch = world.a_batch(S.SCHEDULED, verified=2)
    world.provider.will("list_batches", Accepted([seen(phase=phase)]))
    assert polled(world, batch)[0].state is S.RUNNING
    assert world.sent == ([] if phase is Phase.DIALLING else [("collect", [batch.id])])


@pytest.mark.parametrize("phase", [Phase.SCHEDULED, Phase.UNFAMILIAR])
def test_a_batch_that_has_not_begun_stays_scheduled(world, phase):
    """A word that we do not know is never taken for anything."""
    batch = world.a_batch(S.SCHEDULED, verified=2)
    world.provider.will("list_batches", Accepted([seen(phase=phase)]))
    after = polled(world, batch)[0]
    assert (after.state, world.sent) == (S.SCHEDULED, [])
    assert world.now < after.next_action_at <= world.now + minutes(10)


@pytest.mark.parametrize("answer", [Busy("502", minutes(1)), Refused("401", Why.CREDENTIALS)])
def test_a_poll_that_failed_changes_nothing(world, answer):
    """People are being called, whether or not we may look."""
    batch = running(world)
    world.provider.will("list_batches", answer)
    after = polled(world, batch)[0]
    assert (after.state, after.lease_until) == (S.RUNNING, None)
    assert after.next_action_at > world.now


def test_a_batch_that_the_provider_no_longer_shows_is_held(world):
    """What became of its calls only a person can find out."""
    batch = running(world)
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("get", Refused("404", Why.NOT_FOUND))
    states = []
    for _ in range(3):
        states.append(polled(world, batch)[0].state)
        world.clock.go(seconds(61))
    assert states == [S.RUNNING, S.RUNNING, S.HELD], "one answer proves nothing, and what dials is not left alone"


NEVER = [None, DUE.replace(hour=20)]


@pytest.mark.parametrize("dial_until", NEVER)
@pytest.mark.parametrize("state", [S.SCHEDULED, S.RUNNING])
@pytest.mark.parametrize("answer", ["shown", "busy"])
def test_a_batch_that_never_settles_is_held_at_last(world, state, answer, dial_until):
    """Polling ends, and a person is told; a provider that is away for ever is no reason to go on."""
    batch = world.a_batch(state, verified=2, dial_until=dial_until, seen="f1", stop_reason=None)
    phase = Phase.SCHEDULED if state is S.SCHEDULED else Phase.DIALLING
    world.provider.will("list_batches", Accepted([seen(phase=phase)]) if answer == "shown" else Busy("502"))
    world.provider.will("get", Accepted(seen(phase=phase)) if answer == "shown" else Busy("502"))
    world.provider.will("stop", Busy("502"))
    for _ in range(8):
        world.clock.go(timedelta(hours=12))
        polled(world, batch)
        stop(world.context, batch.id)
        if world.get(batch).state is S.HELD:
            break
    assert world.get(batch).state is S.HELD
    assert world.get(batch).reason


def test_a_poll_looks_again_before_the_hours_end(world):
    """The stop must not be slept over."""
    end = world.now + minutes(7)
    batch = running(world, dial_until=end, calls=1000)
    world.provider.will("list_batches", Accepted([DIALLING]))
    assert polled(world, batch)[0].next_action_at <= end - minutes(4)


def test_one_row_that_was_taken_meanwhile_does_not_stop_the_others(world):
    """A group of ids is only a saving of messages."""
    first, second = (
        running(world),
        running(world, run=world.a_run(due_at=DUE - minutes(10)), provider_ref="b2", label="x"),
    )
    shown = Accepted([DIALLING, seen(ref="b2", phase=Phase.DIALLING, fingerprint="f2")])
    world.provider.will("list_batches", then(lambda: world.rob(first), shown))
    after = polled(world, first, second)
    assert after[1].next_action_at > world.now
    assert after[1].lease_until is None


# -- collect ---------------------------------------------------------------------------------------------------


def shows(world, batch, *calls):
    world.provider.will("get", Accepted(batch))
    world.provider.will("list_calls", Accepted(list(calls)))


def test_what_became_of_each_call_is_written_down(world):
    """This is what the whole thing is for."""
    batch = running(world)
    first = call_seen(1, seconds=42, cost=Decimal("1.50"), currency="USD", started_at=DUE + seconds(5))
    second = call_seen(2, outcome=O.NO_ANSWER, status_word="no-answer", attempts=2, seconds=None, error="rang out")
    shows(world, OVER, first, second)
    after = collected(world, batch)
    one, two = world.calls(batch)
    assert (one.outcome, one.provider_call, one.provider_status, one.seconds) == (O.ANSWERED, "x1", "completed", 42)
    assert (one.cost, one.currency, one.started_at) == (Decimal("1.50"), "USD", DUE + seconds(5))
    assert (two.outcome, two.attempts, two.error) == (O.NO_ANSWER, 2, "rang out")
    assert (after.state, after.next_action_at) == (S.FINISHED, None)
    assert world.sent == [("finish", [batch.run_id])]


def test_completed_alone_is_not_believed(world):
    """Bolna says it before its last calls are over."""
    batch = running(world)
    shows(world, OVER, call_seen(1), call_seen(2, outcome=O.TALKING, over=False))
    after = collected(world, batch)
    assert (after.state, world.outcomes(batch)) == (S.RUNNING, [O.ANSWERED, O.TALKING])
    assert world.now < after.next_action_at <= world.now + minutes(1)


def test_a_call_that_is_not_shown_yet_is_waited_for(world):
    """The provider took two, and shows one."""
    batch = running(world)
    shows(world, OVER, call_seen(1))
    assert collected(world, batch).state is S.RUNNING
    assert world.outcomes(batch) == [O.ANSWERED, O.WAITING]


def test_a_row_that_the_provider_did_not_take_was_not_placed(world):
    """And it is said so, not left open."""
    batch = running(world)
    shows(world, seen(phase=Phase.OVER, valid=1), call_seen(1))
    assert collected(world, batch).state is S.FINISHED
    assert world.outcomes(batch) == [O.ANSWERED, O.NOT_PLACED]
    assert world.calls(batch)[1].error


def test_a_retry_that_may_come_is_waited_for(world):
    """An unanswered call goes back to waiting at the provider."""
    campaign = a_campaign(retries={"attempts": 1, "after": (minutes(30),), "on": ("no_answer",)})
    batch = running(world, campaign=campaign, rows=1)
    silent = call_seen(1, outcome=O.NO_ANSWER, changed_at=DUE + minutes(1))
    shows(world, seen(phase=Phase.OVER, valid=1, total=1), silent)
    assert collected(world, batch).state is S.RUNNING
    world.clock.time = DUE + minutes(60)
    assert collected(world, batch).state is S.FINISHED


@pytest.mark.parametrize(
    ("phase", "state"), [(Phase.OVER, S.FINISHED), (Phase.STOPPED, S.STOPPED), (Phase.FAILED, S.FAILED)]
)
def test_a_batch_ends_as_the_provider_says(world, phase, state):
    """Somebody may have stopped it in the provider's dashboard."""
    batch = running(world)
    shows(world, seen(phase=phase), call_seen(1), call_seen(2, outcome=O.CANCELLED))
    assert collected(world, batch).state is state


@pytest.mark.parametrize(
    ("get", "calls"),
    [
        (Busy("502", minutes(1)), Accepted([])),
        (Accepted(OVER), Busy("429", minutes(1))),
        (Accepted(OVER), Refused("401", Why.CREDENTIALS)),
    ],
)
def test_a_collect_that_failed_is_done_again(world, get, calls):
    """What is not fetched now is fetched later, and nothing is concluded."""
    batch = running(world)
    world.provider.will("get", get)
    world.provider.will("list_calls", calls)
    after = collected(world, batch)
    assert (after.state, after.collect_wanted, world.outcomes(batch)) == (S.RUNNING, True, [O.WAITING] * 2)
    assert after.next_action_at > world.now


@pytest.mark.parametrize("answer", [Accepted([]), Busy("502")])
def test_calls_that_never_settle_are_reported_not_asked_for_ever(world, answer):
    """Polling ends; but one bad answer after an outage of our own is not the end."""
    batch = running(world)
    world.provider.will("get", Accepted(OVER), Accepted(OVER))
    world.provider.will("list_calls", answer, answer)
    world.clock.go(timedelta(days=3))
    if isinstance(answer, Busy):
        assert collected(world, batch).state is S.RUNNING
    assert collected(world, batch).state is S.HELD


def test_a_call_that_the_provider_postponed_is_stopped(world):
    """It would ring at a time that nobody permitted."""
    batch = running(world)
    shows(world, DIALLING, call_seen(1), call_seen(2, outcome=O.WAITING, over=False, postponed=True))
    world.provider.will("stop_call", Accepted(None))
    collected(world, batch)
    assert world.provider.changes == [("stop_call", "x2")]
    assert "postponed" in world.said(batch)


def test_calls_are_told_by_row_and_not_by_their_place_in_the_list(world):
    """Two people's outcomes exchanged would never be found out."""
    batch = running(world)
    shows(world, OVER, call_seen(2, outcome=O.BUSY), call_seen(1, outcome=O.VOICEMAIL))
    collected(world, batch)
    assert world.outcomes(batch) == [O.VOICEMAIL, O.BUSY]


def test_somebody_elses_calls_are_not_ours(world):
    """A row of his own in the provider's list must not end our batch."""
    batch = running(world)
    shows(world, OVER, call_seen(1), call_seen(9, number="+15550100"))
    assert collected(world, batch).state is S.RUNNING


def test_a_collect_that_lost_its_lease_writes_nothing(world):
    """Somebody else collects by then, and knows more."""
    batch = running(world)
    world.provider.will("get", Accepted(OVER))
    world.provider.will("list_calls", then(lambda: world.rob(batch), Accepted([call_seen(1), call_seen(2)])))
    try:
        collected(world, batch)
    except LedgerConflict:
        pytest.fail("a conflict is not an error: the row is in good hands")
    assert (world.get(batch).state, world.outcomes(batch)) == (S.RUNNING, [O.WAITING] * 2)


def test_ten_thousand_calls_are_written_in_one_go(world):
    """A statement for each would hold the ledger for seconds."""
    batch = running(world, rows=300)
    calls = [call_seen(row, number=number(row)) for row in range(1, 301)]
    shows(world, seen(phase=Phase.OVER, valid=300), *calls)
    assert collected(world, batch).state is S.FINISHED
    assert set(world.outcomes(batch)) == {O.ANSWERED}


@pytest.mark.parametrize("step", ["poll", "collect"])
def test_a_wish_to_stop_that_comes_meanwhile_is_seen_at_once(world, step):
    """Not after the next poll in ten minutes."""
    batch = running(world, calls=500, dial_until=DUE.replace(hour=20), campaign=a_campaign(hours=office()))
    wish = lambda: world.set(batch, stop_reason="stopped")  # noqa: E731
    world.provider.will("list_batches", then(wish, Accepted([DIALLING])))
    world.provider.will("get", then(wish, Accepted(DIALLING)))
    world.provider.will("list_calls", Accepted([]))
    after = polled(world, batch)[0] if step == "poll" else collected(world, batch)
    assert after.stop_reason == "stopped"
    assert after.next_action_at <= world.now


def test_a_batch_whose_last_calls_do_not_settle_is_asked_for_ever_less_often(world):
    """Every 45 seconds for a day would be two thousand lists for one call that nobody will ever tell of."""
    batch, waits = running(world, dial_until=None), []
    world.provider.will("get", Accepted(OVER))
    world.provider.will("list_calls", Accepted([]))
    for meanwhile in (0, 20, 20, 300):
        world.clock.go(minutes(meanwhile))
        waits.append(collected(world, batch).next_action_at - world.now)
    assert waits == [seconds(45), minutes(2), minutes(4), minutes(10)]
