"""One row that cannot be acted on never stops the others, and does not stay unseen: it is said, and given up."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from callbeat.clock import real_now
from callbeat.doctor.stuck import check_stuck
from callbeat.doctor.subject import Subject
from callbeat.errors import LedgerError, Problem
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BeatRow
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted, Busy, Refused, Unknown, Why
from callbeat.providers.port import CallPage, Phase
from callbeat.runs import open as opening
from callbeat.runs import report
from callbeat.runs.planning import plan_due
from callbeat.runs.roster import Roster
from callbeat.runs.story import story
from callbeat.runs.stumbles import MOST, guarded
from callbeat.settings import Settings
from tests.driving import drive
from tests.factories import DUE, FAR_AHEAD, NOW, a_campaign, call_seen, minutes, office, parked, seen
from tests.postgres import ON_POSTGRES

pytestmark = pytest.mark.slow

S, R = BatchState, RunState
LATER = timedelta(hours=1)
DAMAGED = {"garbage": "{", "another form": json.dumps({"name": 7}), "nothing": ""}


def boom(*_):
    raise RuntimeError("a defect, with +14155550123 in it")


def another(world, state, n, campaign=None, **over):
    """A batch of a run of its own, which is not due itself."""
    run = world.a_run(campaign, due_at=DUE + minutes(n), next_action_at=FAR_AHEAD)
    return world.a_batch(state, run=run, campaign=campaign, **{"provider_ref": f"b{n}", "verified": 2} | over)


def damage(world, campaign, definition="{"):
    """What stands in the ledger of it is no campaign any more."""
    with world.ledger.write() as writer:
        wrong = text("UPDATE revisions SET definition = :to WHERE campaign = :name")
        writer.session.execute(wrong, {"to": definition, "name": campaign.name})


def told(world) -> dict[str, str]:
    """What doctor says of it."""
    subject = Subject(Settings(_env_file=None), world.clock, [], "somebody")
    subject.__dict__["ledger"] = world.ledger
    with world.ledger.write() as writer:
        at_work = {"ticked_real": real_now(), "ticked_at": world.now, "ticked_steady": 0.0, "boot": "b"}
        writer.session.merge(BeatRow(id=1, **at_work))
    return {one.where: one.problem for one in check_stuck(subject) if isinstance(one, Problem)}


# -- in the middle of others -----------------------------------------------------------------------------------


@pytest.mark.parametrize("garbage", DAMAGED)
def test_a_damaged_definition_in_a_group_of_polls_stops_none_of_the_others(world, garbage):
    """One list, three batches: the one in the middle cannot be judged, the others are."""
    bad = a_campaign(name="bad", hours=office())
    first, middle, last = (
        another(world, S.RUNNING, n, campaign) for n, campaign in enumerate((None, bad, None), 1)
    )
    damage(world, bad, DAMAGED[garbage])
    shown = [seen(ref=f"b{n}", phase=Phase.OVER, over=2) for n in (1, 2, 3)]
    world.provider.will("list_batches", Accepted(shown))
    once_by_tasks(world)
    assert [world.get(one).collect_wanted for one in (first, last)] == [True, True]
    assert world.get(middle).lease_until is None


def once_by_tasks(world):
    drive(world, world.now)


def test_a_second_batch_that_cannot_be_compared_stops_none_of_the_others(world, monkeypatch):
    """What is wrong with one row of a list is that row's."""
    mark = {"provider": "cartesia"}
    batches = [another(world, S.SCHEDULED, n, a_campaign(**mark, name=f"c{n}")) for n in (1, 2, 3)]
    rows = [seen(ref=f"b{n}", phase=Phase.DIALLING, label=f"l{n}") for n in (1, 2, 3)]
    world.provider.will("list_batches", Accepted(rows))
    plain = "callbeat.runs.poll.remove_extras"
    monkeypatch.setattr(plain, lambda job, _: boom() if job.ref == "b2" else True)
    once_by_tasks(world)
    assert [world.get(batch).state for batch in batches] == [S.RUNNING, S.SCHEDULED, S.RUNNING]
    assert "ALARM: a step failed by a defect (RuntimeError)" in world.said()


def test_a_list_that_cannot_be_read_is_each_ones_defect(world):
    """The adapter raised, which it never should: of whom, nobody can tell."""
    batches = [another(world, S.RUNNING, n) for n in (1, 2)]
    world.provider.will("list_batches", boom)
    drive(world, NOW + LATER)
    assert {world.get(batch).state for batch in batches} == {S.HELD}


def test_a_campaign_that_cannot_be_opened_stops_none_of_the_others(world):
    """A definition of an earlier version, say, that this one cannot read."""
    bad, good = a_campaign(name="bad"), a_campaign(name="good")
    poisoned, well = (world.a_run(campaign, R.PLANNED) for campaign in (bad, good))
    damage(world, bad)
    drive(world, NOW + LATER)
    assert (world.get(poisoned).state, world.get(poisoned).reason) == (R.FAILED, "defect")
    assert world.get(well).reason == "source_missing"


def test_a_source_that_raises_what_nobody_expected_fails_its_own_run_alone(world, monkeypatch):
    """A library's bug in one file's encoding."""

    class Reading(Roster):
        def parts(self):
            yield from super().parts()
            if self.campaign.name == "bad":
                boom()

    monkeypatch.setattr(opening, "Roster", Reading)
    (world.folder / "contacts").mkdir()
    (world.folder / "contacts/daily.csv").write_text("contact_number\n+919876500001\n", encoding="utf-8")
    bad, good = (world.a_run(a_campaign(name=name), R.PLANNED) for name in ("bad", "good"))
    drive(world, NOW)
    assert (world.get(bad).state, world.get(good).state) == (R.OPENING, R.ACTIVE)
    drive(world, NOW + minutes(40))
    assert (world.get(bad).state, world.get(bad).reason) == (R.FAILED, "defect")
    assert [batch.run_id for batch in world.batches()] == [
        good.id
    ]  # of what was read before it raised nothing is left


def test_a_campaign_that_cannot_be_planned_is_tried_each_minute_and_passes_nothing_over(world):
    """Each tick would be a traceback a second; and five hundred of them would be all that is planned."""
    bad = world.a_campaign_row(a_campaign(name="bad"), cursor=NOW - minutes(60))
    damage(world, bad)
    with capture_logs() as lines:
        for _ in range(120):
            plan_due(world.context)
            world.clock.go(timedelta(seconds=1))
    assert [line["event"] for line in lines] == ["campaign.not_planned"] * 2
    assert world.campaign_row("bad").cursor == NOW - minutes(60)
    assert "none of its due times is planned" in told(world)["campaign bad"]


@pytest.mark.skipif(ON_POSTGRES, reason="no column of PostgreSQL takes such a text")
def test_rows_that_cannot_be_read_do_not_fill_each_sweep(world):
    """Five hundred of them, due before all others, were all that was ever looked at."""
    run = world.a_run(next_action_at=FAR_AHEAD)
    for n in range(501):
        world.a_batch(S.READY, run=run, rows=0, key=f"k{n}", label=f"l{n}", n=n, next_action_at=NOW - minutes(9))
    with world.ledger.write() as writer:
        writer.session.execute(text("UPDATE batches SET start_at = 'tomorrow'"))
    good = another(world, S.RUNNING, 1)
    world.provider.will("list_batches", Accepted([seen(ref="b1", phase=Phase.DIALLING)]))
    drive(world, NOW + minutes(2))
    assert world.get(good).phase == Phase.DIALLING


# -- given up after a while ------------------------------------------------------------------------------------

ENDS = {
    S.READY: S.FAILED,
    S.CREATING: S.HELD,
    S.UNCERTAIN: S.HELD,
    S.CREATED: S.HELD,
    S.SCHEDULING: S.HELD,
    S.SCHEDULED: S.HELD,
    S.RUNNING: S.HELD,
    S.RETRYING: S.HELD,
    S.STOPPING: S.HELD,
    S.HELD: S.HELD,
}


def raises_always(world):
    for request in (
        "create",
        "schedule",
        "stop",
        "delete",
        "get",
        "retry",
        "list_batches",
        "list_calls",
        "account",
    ):
        world.provider.will(request, boom)


@pytest.mark.parametrize("state", [state for state in BatchState if not state.final])
def test_a_batch_of_which_each_step_raises_ends_with_a_person(world, state):
    """Not in a traceback a minute, for ever. Where nothing has left it has failed."""
    batch = another(world, state, 1, verified=0)
    raises_always(world)
    with capture_logs() as lines:
        drive(world, NOW + 2 * LATER)
    assert world.get(batch).state is ENDS[state]
    assert [line["event"] for line in lines].count("task.failed") <= 6 * MOST
    if state is not S.HELD:
        assert f"a step failed by a defect {MOST} times (RuntimeError)" in world.said()
        assert "4155550123" not in world.said()


@pytest.mark.parametrize("state", [state for state in BatchState if not state.final and state is not S.HELD])
def test_doctor_tells_of_it_before_it_is_given_up(world, state):
    """Five times take a quarter of an hour."""
    batch = another(world, state, 1, verified=0)
    raises_always(world)
    drive(world, NOW + minutes(3))
    assert "times by a defect: it is tried again, then given up" in told(world)[f"batch {batch.key}"]


def test_what_is_not_scheduled_yet_is_removed_at_the_provider(world):
    """It dials nobody: no person is needed."""
    bad = a_campaign(name="bad")
    batch = another(world, S.CREATED, 1, bad)
    damage(world, bad)
    world.provider.will("get", *[Accepted(parked(ref="b1"))] * 6, Refused("404", Why.NOT_FOUND))
    world.provider.will("delete", Accepted(None))
    drive(world, NOW + LATER)
    assert (world.get(batch).state, world.get(batch).reason) == (S.STOPPED, "defect")


def test_a_defect_now_and_then_gives_nothing_up(world):
    """A day has many steps: only five within an hour are a row that cannot be acted on."""
    batch = another(world, S.RUNNING, 1, seen="f1")
    shown = Accepted([seen(ref="b1", phase=Phase.DIALLING)])
    for _ in range(MOST + 1):
        for answer in (boom, shown):
            world.set(batch, next_action_at=world.now)
            world.provider.will("list_batches", answer)
            drive(world, world.now)
        world.clock.go(minutes(30))
    assert world.said().count("a step failed by a defect") == MOST + 1
    assert world.get(batch).state is S.RUNNING


def test_a_ledger_that_does_not_answer_is_no_rows_fault(world):
    """All of them would be given up for it."""
    batch = world.a_batch(S.RUNNING, lease_until=FAR_AHEAD, lease_term=world.context.term)

    def away():
        raise LedgerError("no route to host")

    for _ in range(MOST):
        with pytest.raises(LedgerError):
            guarded(world.context, type(batch), batch.id, away)
    assert world.get(batch).state is S.RUNNING


def test_a_ledger_that_fails_while_a_batch_is_claimed_is_not_the_batchs_fault(world, monkeypatch):
    """The same, in the middle of a group of polls."""
    batch = another(world, S.RUNNING, 1)

    def away(*_):
        raise LedgerError("no route to host")

    monkeypatch.setattr("callbeat.runs.job.claim_within", away)
    drive(world, NOW + LATER)
    assert (world.get(batch).state, world.said()) == (S.RUNNING, "")


def test_a_step_of_which_another_process_has_the_row_by_now_changes_nothing(world):
    """It was stalled, and raised when it woke."""
    batch = world.a_batch(S.RUNNING, lease_until=FAR_AHEAD, lease_term="another")
    for _ in range(MOST):
        guarded(world.context, type(batch), batch.id, boom)
    after = world.get(batch)
    assert (after.state, after.lease_term, world.said()) == (S.RUNNING, "another", "")


def test_the_end_of_a_run_that_raises_waits_for_its_batches(world, monkeypatch):
    """While they dial they are followed; then the run has failed, and says so."""
    monkeypatch.setattr("callbeat.runs.finish.verdict", boom)
    batch = world.a_batch(S.FINISHED)
    drive(world, NOW + LATER)
    run = world.runs()[0]
    assert (run.state, run.reason) == (R.FAILED, "defect")
    live = world.a_batch(S.RUNNING, run=world.a_run(due_at=DUE + minutes(1)), label="l", next_action_at=FAR_AHEAD)
    monkeypatch.setattr("callbeat.runs.finish.select", boom)
    drive(world, world.now + 2 * LATER)
    assert world.get(world.runs()[1]).state is R.ACTIVE
    assert world.get(live).state is S.RUNNING
    assert world.get(batch).state is S.FINISHED


# -- what needs no definition ----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [S.RUNNING, S.HELD])
def test_the_hours_end_for_a_batch_whose_definition_is_damaged(world, state):
    """People must not be rung after them, whatever else cannot be read."""
    bad = a_campaign(name="bad", hours=office())
    another(world, state, 0, bad, dial_until=DUE + minutes(30))
    damage(world, bad)
    world.clock.time = DUE + minutes(26)
    world.provider.will("get", Accepted(seen(phase=Phase.DIALLING)))
    world.provider.will("stop", Accepted(None))
    once_by_tasks(world)
    assert ("stop", "b0") in world.provider.requests


def test_a_damaged_definition_is_stopped_for_certain(world):
    """To its end: nothing on that way asks what the campaign says."""
    bad = a_campaign(name="bad")
    batch = another(world, S.RUNNING, 1, bad, stop_reason="stopped")
    damage(world, bad)
    world.provider.will("get", Busy("503", away=True), Accepted(seen(ref="b1", phase=Phase.STOPPED)))
    world.provider.will("stop", Unknown("500"), Accepted(None))
    world.provider.will("list_calls", Accepted(CallPage([call_seen(1), call_seen(2)])))
    drive(world, NOW + LATER)
    assert world.get(batch).state is S.STOPPED
    assert {call.outcome for call in world.calls(batch)} == {Outcome.ANSWERED}


@pytest.mark.slow
def test_a_damaged_definition_that_will_not_stop_is_held_in_time(world):
    """An hour of stops, as for any other."""
    bad = a_campaign(name="bad")
    batch = another(world, S.STOPPING, 1, bad, stop_reason="stopped")
    damage(world, bad)
    for request in ("get", "account"):
        world.provider.will(request, Busy("503", away=True))
    world.provider.will("stop", Unknown("500"))
    drive(world, NOW + 2 * LATER)
    assert world.get(batch).state is S.HELD
    assert "defect" not in world.said()


# -- seen ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["runs", "batches"])
def test_a_state_that_nobody_knows_is_seen_by_all_who_look(world, table):
    """A later version wrote it: nothing here takes it further, so a person must."""
    batch = another(world, S.RUNNING, 1)
    run = world.runs()[0]
    row = run if table == "runs" else batch
    with world.ledger.write() as writer:
        writer.session.execute(text(f"UPDATE {table} SET state = 'teleporting' WHERE id = :id"), {"id": row.id})
    assert told(world)[f"{table.removesuffix('es').removesuffix('s')} {row.key}"].endswith("state teleporting")
    found = report.run(world.ledger, run.key)
    assert found["needs_attention"] is True
    assert story(world.ledger, run.key).batches == 1


@pytest.mark.skipif(ON_POSTGRES, reason="no column of PostgreSQL takes such a text")
def test_a_damaged_row_hides_none_of_the_others_from_doctor(world):
    """It says which it is, and goes on."""
    bad, held = another(world, S.RUNNING, 1), another(world, S.HELD, 2, reason="look at it")
    with world.ledger.write() as writer:
        writer.session.execute(text("UPDATE batches SET start_at = 'tomorrow' WHERE id = :id"), {"id": bad.id})
    said = told(world)
    assert "cannot be read: it is damaged" in said[f"batch {bad.key}"]
    assert "look at it" in said[f"batch {held.key}"]


def test_a_definition_that_is_damaged_hides_nothing_from_doctor(world):
    """It is asked how late a run may be, and how long its retries take."""
    bad = a_campaign(name="bad")
    run = world.a_run(bad, R.PLANNED)
    batch = another(world, S.RUNNING, 1, bad)
    damage(world, bad)
    world.clock.time = DUE + timedelta(days=3)
    said = told(world)
    assert {f"run {run.key}", f"batch {batch.key}"} <= set(said)
