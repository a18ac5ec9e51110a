"""A batch that waited is screened once more before it is created: nobody who said no since then is sent along."""

import pytest
from sqlalchemy import select

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import ExclusionRow
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Unknown
from callbeat.runs import screened_again
from callbeat.runs.create import create
from callbeat.runs.finish import finish
from tests.factories import DUE, GOOD_ACCOUNT, REF, a_campaign, minutes, number, parked, seconds
from tests.unit.runs.test_left_out import WEEKLY, a_call, listed

S = BatchState
ALL = pytest.mark.parametrize("provider", ["bolna", "trillet", "cartesia"])
LISTED = {"contacts": {"suppress": ("suppression/a.csv",)}}


def a_batch(world, provider="bolna", rows=3, **over):
    batch = world.a_batch(S.READY, campaign=a_campaign(provider=provider, **over), rows=rows)
    world.provider.will("account", GOOD_ACCOUNT)
    world.provider.will("list_batches", Accepted([]))
    world.provider.will("create", Accepted(REF))
    return batch


def step(world, batch):
    create(world.context, batch.id)
    return world.get(batch)


def sent(world) -> list[int]:
    """The rows that were sent last."""
    ((new,), *_) = reversed(world.provider.asked("create"))
    return [contact.row for contact in new.contacts]


def excluded(world) -> list[tuple[int, str, str]]:
    with world.ledger.read() as session:
        found = session.execute(select(ExclusionRow).order_by(ExclusionRow.row)).scalars()
        return [(one.row, one.kind, one.reason) for one in found]


@ALL
def test_who_came_onto_a_list_is_an_exclusion_and_not_sent(world, provider):
    """The sums stay right: what is no call any more is excluded, with its reason."""
    world.write_contacts(f"phone\n{number(1)}\n", "suppression/a.csv")
    batch = a_batch(world, provider, **LISTED)
    listed(world, 3, "opt_out")
    after = step(world, batch)
    assert (sent(world), after.calls, len(world.calls(batch))) == ([2], 1, 1)
    assert excluded(world) == [(1, "excluded", "suppressed"), (3, "excluded", "opted_out")]
    assert "2 of 3 may not be called any more: " in world.said(batch)
    assert number(1)[1:] not in world.said()


@ALL
def test_a_batch_of_which_nobody_is_left_is_cancelled(world, provider):
    """And its run ends, with every row accounted for."""
    batch = a_batch(world, provider, rows=2)
    listed(world, 1, "opt_out")
    listed(world, 2, "by_hand")
    after = step(world, batch)
    assert (after.state, after.reason, after.calls) == (S.CANCELLED, "nobody_left", 0)
    assert world.provider.asked("create") == []
    assert world.sent == [("finish", [batch.run_id])]
    finish(world.context, batch.run_id)
    (run,) = world.runs()
    assert (run.state, run.reason) == (RunState.CANCELLED, "nobody_left")


@ALL
def test_a_list_that_cannot_be_read_lets_nothing_leave(world, provider):
    """It was readable when the contacts were: somebody is saving it just now."""
    batch = a_batch(world, provider, **LISTED)
    after = step(world, batch)
    assert (after.state, world.provider.asked("create")) == (S.READY, [])
    assert "the list a.csv of numbers that are never called is not there" in after.reason
    assert after.next_action_at == world.now + seconds(30)
    world.write_contacts("phone\n", "suppression/a.csv")
    step(world, batch)
    assert sent(world) == [1, 2, 3]


def test_a_list_that_stays_away_makes_the_batch_miss_its_start(world):
    """Rather nobody than one who said no."""
    batch = a_batch(world, **LISTED)
    step(world, batch)
    world.clock.time = DUE + minutes(60)
    assert step(world, batch).state is S.MISSED
    assert world.provider.asked("create") == []


def test_without_any_list_nothing_is_looked_at_and_nothing_said(world):
    """The ordinary way costs one query."""
    batch = a_batch(world)
    step(world, batch)
    assert sent(world) == [1, 2, 3]
    assert [event.to_state for event in world.events(batch)] == ["creating", "created"]


# -- the cap between two runs --------------------------------------------------------------------------------------


def a_rival(world, batch, state=S.READY, **over):
    """Another run that wants to call the first person of the batch at the same time."""
    return a_call(world, 1, state, name="rival", due_at=DUE, outcome=Outcome.WAITING, **over)


def test_of_two_runs_that_opened_together_one_calls(world):
    """Each has the person among its calls; the first that is created keeps them."""
    batch = a_batch(world, frequency=WEEKLY)
    a_rival(world, batch)
    step(world, batch)
    assert sent(world) == [1, 2, 3], "the other has yet to be looked at, and will find this one"
    assert excluded(world) == []


@pytest.mark.parametrize("over", [{"state": S.CREATING}, {"state": S.SCHEDULED}, {"phase": "screened"}])
def test_the_second_finds_the_first_and_leaves_the_person_out(world, over):
    """Whether it is on its way already, or has but had its last look."""
    batch = a_batch(world, frequency=WEEKLY)
    a_rival(world, batch, **over)
    after = step(world, batch)
    assert (sent(world), after.calls) == ([2, 3], 2)
    assert excluded(world) == [(1, "excluded", "frequency")]


def test_one_that_is_screened_between_look_and_decision_is_not_overlooked(world, monkeypatch):
    """Both look at the same instant; the decisions are taken one after the other."""
    batch = a_batch(world, frequency=WEEKLY)
    rival, looks = a_rival(world, batch), []

    def look(job, start_at):
        looks.append(job.batch.key)
        found = real(job, start_at)
        if len(looks) == 1:
            world.set(rival, phase="screened")  # another worker, just now
        return found

    real = screened_again._left_out
    monkeypatch.setattr(screened_again, "_left_out", look)
    step(world, batch)
    assert (len(looks), sent(world)) == (2, [2, 3])


def test_it_is_put_off_where_others_come_again_and_again(world, monkeypatch):
    """A decision is never taken on an old look."""
    monkeypatch.setattr(screened_again, "_others_came", lambda *_: True)
    batch = a_batch(world, frequency=WEEKLY)
    after = step(world, batch)
    assert (after.state, after.next_action_at) == (S.READY, world.now + seconds(30))
    assert world.provider.asked("create") == []


def test_batches_of_other_people_do_not_put_it_off(world, monkeypatch):
    """A thousand campaigns are created at nine."""
    monkeypatch.setattr(screened_again, "_under_way", lambda _job: set())
    batch = a_batch(world, frequency=WEEKLY)
    a_call(world, 77, S.SCHEDULED, name="other", due_at=DUE, outcome=Outcome.WAITING)
    step(world, batch)
    assert sent(world) == [1, 2, 3]


# -- what was lost before ---------------------------------------------------------------------------------------


def test_a_lost_create_with_somebody_who_may_not_be_called_is_not_adopted(world):
    """At Bolna it has no start and dials nobody: it is left there, and removed by verify."""
    batch = a_batch(world, rows=2)
    world.provider.will("create", Unknown("reset"))
    after = step(world, batch)
    assert after.state is S.UNCERTAIN
    while after.state is not S.READY:
        world.clock.go(seconds(61))
        after = step(world, batch)
    listed(world, 1, "opt_out")
    world.provider.will("create", Unknown("reset"), Accepted("b2"))
    world.provider.will("list_batches", Accepted([]))
    step(world, batch)
    assert sent(world) == [2]
    world.provider.will("list_batches", Accepted([parked(total=2), parked(ref="b3", total=1)]))
    after = step(world, batch)
    assert (after.state, after.provider_ref) == (S.CREATED, "b3")
