"""A ledger that was put back repeats nothing: what may have been made since is looked up, or a person is asked."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from callbeat.ledger.marks import HomeMark, Mark
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BeatRow, MemoryRow
from callbeat.providers.answers import Accepted, Busy
from callbeat.runs.by_hand import run_by_hand
from callbeat.runs.create import create
from callbeat.runs.forgotten import forget, gap_of, recall_all
from callbeat.runs.heartbeat import Heartbeat
from callbeat.runs.open import open_run
from callbeat.runs.planning import miss_what_was_due
from callbeat.runs.schedule import schedule
from tests.factories import DUE, GOOD_ACCOUNT, NOW, REF, a_campaign, minutes, seen
from tests.unit.runs.deciding import not_placed

S, R = BatchState, RunState
LABEL = "cb-main-daily-20261201T0500Z-1"
FOUND = pytest.mark.parametrize("provider", ["bolna", "cartesia"])
EVERY = pytest.mark.parametrize("provider", ["bolna", "cartesia", "trillet"])
PEOPLE = "contact_number,phone_number,to_number,name\n" + "".join(f"{3 * f'+1202555010{n},'}A\n" for n in (1, 2))


def put_back(world):
    """What `callbeat db restore` writes into a ledger whose last heartbeat was at NOW."""
    with world.ledger.write() as writer:
        writer.session.add(BeatRow(id=1, ticked_real=NOW, ticked_at=NOW, ticked_steady=0.0, boot="another"))
        return forget(writer, world.now, "in a test", "ann")


def prepared(world, provider, found=()):
    """A campaign at a provider where these batches are to be seen."""
    world.write_contacts(PEOPLE)
    world.provider.will("account", GOOD_ACCOUNT)
    world.provider.will("list_batches", Accepted(list(found)))
    return a_campaign(provider=provider)


def opened(world, run):
    open_run(world.context, run.id)
    (batch,) = world.batches()
    create(world.context, batch.id)
    return world.get(batch)


# -- what was to be created ------------------------------------------------------------------------------------


def test_what_cannot_be_looked_up_is_held_and_not_created(world):
    """It may have been created after the backup, and would ring everybody twice."""
    batch = world.a_batch(S.READY, campaign=prepared(world, "trillet"))
    put_back(world)
    create(world.context, batch.id)
    after = world.get(batch)
    assert (after.state, world.provider.changes) == (S.HELD, [])
    for word in ("put back", "forgotten", f"{LABEL}.csv", "--placed", "--not-placed", "--give-up", batch.key):
        assert word in after.reason


def test_a_person_who_has_looked_ends_the_doubt(world):
    """It was not there: it is created, and not held a second time."""
    batch = world.a_batch(S.READY, campaign=prepared(world, "trillet"))
    put_back(world)
    create(world.context, batch.id)
    not_placed(world.context, world.get(batch), "ann")
    world.provider.will("create", Accepted(REF))
    create(world.context, batch.id)
    assert (world.get(batch).state, len(world.provider.asked("create"))) == (S.SCHEDULED, 1)


@EVERY
def test_what_opens_after_the_restore_is_made_as_ever(world, provider):
    """The doubt is over with the time that is forgotten: tomorrow nobody is asked."""
    campaign = prepared(world, provider)
    put_back(world)
    world.clock.go(minutes(1))
    run = world.a_run(campaign, R.PLANNED, opens_at=world.now, due_at=world.now + minutes(30))
    world.provider.will("create", Accepted(REF))
    assert opened(world, run).state in (S.CREATED, S.SCHEDULED)


def test_a_planned_run_that_may_have_opened_meanwhile_is_in_doubt_too(world):
    """The backup is from before its opening."""
    run = world.a_run(prepared(world, "trillet"), R.PLANNED)
    world.clock.go(minutes(5))
    put_back(world)
    assert (opened(world, run).state, world.provider.changes) == (S.HELD, [])


def test_a_run_by_hand_after_the_restore_is_nobody_elses(world):
    """Its number may have been given before, and its label has the minute in it."""
    campaign = prepared(world, "cartesia", [seen(label="cb-main-daily-manual-1-20261201T0430Z-1")])
    put_back(world)
    world.clock.go(minutes(1))
    key = run_by_hand(world.context, world.remember(campaign), None, "ann")
    (run,) = [run for run in world.runs() if run.key == key]
    world.provider.will("create", Accepted(REF))
    assert (run.key, opened(world, run).state) == ("daily+manual-1", S.SCHEDULED)
    assert len(world.provider.asked("create")) == 1


# -- what is over by now ---------------------------------------------------------------------------------------


@FOUND
def test_a_run_whose_time_is_over_is_looked_for_and_adopted(world, provider):
    """Who was called, and what became of it, is known again."""
    run = world.a_run(prepared(world, provider, [seen(label=LABEL, phase=seen().phase.OVER)]), R.PLANNED)
    world.clock.go(timedelta(hours=3))
    put_back(world)
    after = opened(world, run)
    assert (after.state, after.provider_ref, after.start_at, world.provider.changes) == (S.SCHEDULED, REF, DUE, [])
    assert "its time is over" in world.said(run)


@FOUND
def test_one_that_was_not_made_is_missed_then(world, provider):
    """It is looked for, and nothing is made too late."""
    run = world.a_run(prepared(world, provider), R.PLANNED)
    world.clock.go(timedelta(hours=3))
    put_back(world)
    after = opened(world, run)
    assert (after.state, after.reason, world.provider.changes) == (S.MISSED, "too_late", [])


@FOUND
def test_a_provider_that_is_away_is_waited_for_a_day_and_no_longer(world, provider):
    """Nothing waits for ever."""
    run = world.a_run(prepared(world, provider), R.PLANNED)
    world.clock.go(timedelta(hours=3))
    put_back(world)
    world.provider.will("list_batches", Busy("down", minutes(1)))
    assert opened(world, run).state is S.READY
    world.clock.go(timedelta(days=1))
    (batch,) = world.batches()
    create(world.context, batch.id)
    assert world.get(batch).state is S.MISSED


def test_where_nothing_can_be_looked_up_the_missed_run_says_that_it_may_have_been_made(world):
    """Who reads `missed` believes that nobody was called."""
    run = world.a_run(prepared(world, "trillet"), R.PLANNED)
    world.clock.go(timedelta(hours=3))
    put_back(world)
    open_run(world.context, run.id)
    assert (world.get(run).state, world.get(run).reason) == (R.MISSED, "too_late")
    assert "may have been made all the same: this ledger was put back" in world.said(run)


@pytest.mark.parametrize(("provider", "state"), [("cartesia", R.PLANNED), ("trillet", R.MISSED)])
def test_an_edit_of_the_file_since_then_does_not_hide_what_was_made(world, provider, state):
    """By the new file it never was due; by the old one it was, and its batch bears the old label."""
    campaign = world.a_campaign_row(prepared(world, provider))
    world.clock.go(timedelta(hours=3))
    put_back(world)
    with world.ledger.write() as writer:
        row = writer.session.get(type(world.campaign_row()), campaign.name)
        miss_what_was_due(writer, row, world.now)
    assert [run.state for run in world.runs()] == [state]


# -- how it is found out ---------------------------------------------------------------------------------------


class Slip:
    """A mark kept in memory."""

    def __init__(self, mark: Mark | None = None) -> None:
        self.mark = mark

    def read(self) -> Mark | None:
        return self.mark

    def keep(self, mark: Mark) -> None:
        self.mark = mark


def beat(world, slip):
    Heartbeat(replace(world.context, keepers=[slip]))()


def known(world):
    with world.ledger.read() as session:
        return gap_of(session)


def set_back(world, beats):
    """The ledger as it was some heartbeats ago."""
    with world.ledger.write() as writer:
        writer.session.execute(update(MemoryRow).values(beats=MemoryRow.beats - beats))


def test_a_ledger_that_goes_on_as_it_was_left_is_in_no_doubt(world):
    """After each restart of beat, with each command: nothing is held for it."""
    slip = Slip()
    for _ in range(3):
        beat(world, slip)
        recall_all(world.ledger, [slip], world.now)
        world.clock.go(minutes(1))
    assert (slip.mark.beats, known(world)) == (3, None)


def test_a_copy_that_was_put_back_by_hand_is_found_out_before_anything_is_done(world):
    """It has fewer heartbeats than the mark beside it tells of."""
    slip = Slip()
    beat(world, slip)
    last = world.now
    beat(world, slip)
    set_back(world, beats=1)
    world.clock.go(minutes(60))
    recall_all(world.ledger, [slip], world.now)
    assert (known(world).since, known(world).until) == (last, world.now)
    assert "this ledger was put back, and knows nothing from" in world.said()


def test_it_is_found_out_once(world):
    """With every later start a day would be in doubt anew. Another machine's mark is of the same lost time."""
    slip, elsewhere = Slip(), Slip()
    beat(world, slip)
    beat(world, slip)
    elsewhere.mark = slip.mark
    set_back(world, beats=2)
    world.clock.go(minutes(60))
    recall_all(world.ledger, [slip], world.now)
    first = known(world)
    world.clock.go(minutes(60))
    recall_all(world.ledger, [slip, elsewhere], world.now)
    beat(world, slip)
    assert known(world) == first
    assert slip.mark.beats == 1


def test_a_ledger_that_takes_the_place_of_a_lost_one_knows_that_it_does(world):
    """What is due within its lead may be at a provider already."""
    slip = Slip()
    beat(world, slip)
    with world.ledger.write() as writer:
        writer.session.execute(delete(MemoryRow))
        writer.session.execute(delete(BeatRow))
    world.clock.go(minutes(1))
    recall_all(world.ledger, [slip], world.now)
    assert (known(world).since, known(world).until) == (None, world.now)
    assert "what another ledger knew until 2026-12-01 04:31 UTC is lost" in world.said()


def test_another_ledger_with_more_heartbeats_is_another_all_the_same(world):
    """It was there before, or comes from another machine: it does not know what this one's batches are."""
    slip = Slip(Mark("another", 1, world.now - minutes(1)))
    beat(world, Slip())
    beat(world, slip)
    assert known(world) is not None


def test_the_first_ledger_of_a_home_is_in_no_doubt(world, tmp_path):
    """Nothing is beside it, and nothing was before it."""
    recall_all(world.ledger, [HomeMark(tmp_path)], world.now)
    assert known(world) is None


def test_no_mark_is_kept_that_the_ledger_does_not_bear_out(world):
    """A heartbeat that could not be written would else make a sound ledger look like an old one."""
    slip = Slip()
    beat(world, slip)

    with pytest.MonkeyPatch.context() as patch:
        patch.delattr("callbeat.runs.heartbeat.Heartbeat._judge")
        with pytest.raises(AttributeError):
            beat(world, slip)
    assert slip.mark.beats == 1


def test_a_created_batch_that_cannot_be_seen_is_not_deleted_when_its_time_is_over(world):
    """Its start may be forgotten, and it may have dialled: deleted, it would take its outcomes along."""
    batch = world.a_batch(S.CREATED, campaign=prepared(world, "bolna"), provider_ref=REF)
    world.clock.go(timedelta(hours=3))
    put_back(world)
    world.provider.will("get", Busy("it stumbles"))
    schedule(world.context, batch.id)
    after = world.get(batch)
    assert (after.state, after.stop_reason, world.provider.changes) == (S.CREATED, "too_late", [])
    assert world.sent[-1] == ("stop", [batch.id])
