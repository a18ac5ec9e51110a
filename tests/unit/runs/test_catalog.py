"""An edit takes effect from now: unopened runs follow it, opened ones keep theirs, the past is never made."""

import tempfile
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from callbeat.campaigns.due import campaign_due_times, opens_at
from callbeat.campaigns.reader import Reading
from callbeat.errors import Problem
from callbeat.ledger.states import RunState
from callbeat.ledger.tables import CampaignRow, RevisionRow
from callbeat.runs.catalog import apply, check_campaign, forgotten_files
from callbeat.runs.planning import plan_due
from callbeat.runs.report import broken_files
from tests.factories import DUE, LONG_PAST, NOW, a_campaign, a_world, minutes

R = RunState
FILE, OTHER, NEW = (str(Path("campaigns", name).resolve()) for name in ("daily.yaml", "other.yaml", "new.yaml"))
LEAD = {"lead": minutes(90)}


def read(campaign, file=FILE):
    return Reading(file, campaign.name, campaign, ())


def broken(name="daily", file=FILE):
    problem = Problem(file, 3, "schedule.cron", "is not a cron line", "write five fields")
    return Reading(file, name, None, (problem,))


def edit(world, *, file=FILE, **over):
    """The file says this now."""
    campaign = a_campaign(**over)
    apply(world.context, [read(campaign, file)])
    return campaign


def states(world, name="daily"):
    return {f"{run.due_at:%H:%M}": str(run.state) for run in world.runs(name)}


def every(cron, **more):
    return {"cron": cron, "lead": minutes(90)} | more


# -- new -------------------------------------------------------------------------------------------------------


def test_a_new_campaign_begins_now(world):
    """What would have been due this morning is not made up for."""
    edit(world, schedule=every("0 * * * *"))
    assert states(world) == {"05:00": "planned", "06:00": "planned"}
    row = world.campaign_row()
    assert (row.state, row.file, row.cursor) == ("active", FILE, NOW + minutes(90))


def test_a_due_time_at_this_very_moment_is_past(world):
    """Now is not ahead of now."""
    world.clock.time = DUE
    edit(world)
    assert states(world) == {}


def test_the_same_file_read_again_changes_nothing(world):
    """Beat reads the folder anew after each start."""
    edit(world)
    before = [(run.key, run.revision, run.fence, run.next_action_at) for run in world.runs()]
    events = len(world.events())
    world.clock.go(minutes(5))
    edit(world)
    assert [(run.key, run.revision, run.fence, run.next_action_at) for run in world.runs()] == before
    assert len(world.events()) == events


# -- an edit, sentence by sentence -----------------------------------------------------------------------------


def test_unopened_runs_still_due_are_pointed_at_the_new_revision(world):
    """A changed contact list is used from the next run on."""
    edit(world)
    new = edit(world, contacts={"source": "contacts/new.csv"})
    (run,) = world.runs()
    assert (run.state, run.revision) == (R.PLANNED, new.revision)
    assert world.campaign_row().revision == new.revision


def test_unopened_runs_no_longer_due_are_cancelled(world):
    """And say that the edit did it."""
    edit(world, schedule=every("0 * * * *"))
    edit(world, schedule=every("0 6 * * *"))
    assert states(world) == {"05:00": "cancelled", "06:00": "planned"}
    assert world.runs()[0].reason == "edited"


def test_missing_runs_are_added(world):
    """Also those nearer than what was planned already."""
    edit(world, schedule=every("0 6 * * *"))
    edit(world, schedule=every("30 5 * * *"))
    assert states(world) == {"05:30": "planned", "06:00": "cancelled"}


def test_a_run_that_an_edit_cancelled_may_be_planned_again(world):
    """Somebody edits, thinks better of it, and edits back."""
    first = edit(world, schedule=every("0 * * * *"))
    edit(world, schedule=every("0 6 * * *"))
    edit(world, schedule=every("0 * * * *"))
    (run, _) = world.runs()
    assert (run.state, run.reason, run.revision, run.ended_at) == (R.PLANNED, None, first.revision, None)
    assert run.next_action_at == max(run.opens_at, NOW)


def test_a_run_that_a_person_stopped_is_not_planned_again(world):
    """An edit of the contacts is no permission to call after all."""
    edit(world)
    world.set(world.runs()[0], state=R.CANCELLED, reason="stopped", next_action_at=None)
    edit(world, contacts={"source": "contacts/new.csv"})
    assert states(world) == {"05:00": "cancelled"}


@pytest.mark.parametrize("state", [R.OPENING, R.ACTIVE, R.FINISHED, R.FAILED])
def test_opened_runs_keep_the_revision_they_were_opened_with(world, state):
    """Their contacts are read, their calls perhaps placed."""
    old = edit(world)
    world.set(world.runs()[0], state=state)
    edit(world, schedule={"cron": "0 6 * * *"})
    (run,) = [run for run in world.runs() if run.due_at == DUE]
    assert (run.state, run.revision) == (state, old.revision)


def test_nothing_before_now_is_ever_created(world):
    """Even if the new line was due a minute ago."""
    edit(world, schedule=every("0 6 * * *"))
    world.clock.time = DUE + minutes(1)
    edit(world, schedule=every("0 5,6 * * *"))
    assert states(world) == {"06:00": "planned"}


def test_what_was_due_before_now_is_left_as_it_is(world):
    """It is no edit's business any more."""
    edit(world)
    world.clock.time = DUE + minutes(1)
    edit(world, schedule={"cron": "0 6 * * *"})
    assert states(world)["05:00"] == "planned"


def test_an_edit_that_shortens_the_lead_keeps_what_is_planned(world):
    """The cursor never goes back, and the run opens later."""
    edit(world, schedule=every("0 6 * * *"))
    new = edit(world, schedule={"cron": "0 6 * * *", "lead": minutes(20)})
    (run,) = world.runs()
    assert (run.state, run.opens_at, run.next_action_at) == (R.PLANNED, opens_at(new, run.due_at), run.opens_at)
    assert world.campaign_row().cursor == NOW + minutes(90)


def test_an_edit_that_lengthens_the_lead_plans_further(world):
    """And opens at once what should have been open already."""
    edit(world, schedule={"cron": "0 6 * * *"})
    assert states(world) == {}
    edit(world, schedule={"cron": "0 6 * * *", "lead": minutes(180)})
    (run,) = world.runs()
    assert (run.state, run.next_action_at >= run.opens_at) == (R.PLANNED, True)


def test_a_new_skip_date_skips_a_planned_run(world):
    """Somebody remembered the holiday on the eve."""
    edit(world)
    edit(world, schedule={"skip_dates": (date(2026, 12, 1),)})
    assert (states(world), world.runs()[0].reason) == ({"05:00": "skipped"}, "holiday")


def test_a_skip_date_taken_back_plans_the_run_again(world):
    """The holiday was another day."""
    edit(world, schedule={"skip_dates": (date(2026, 12, 1),)})
    assert states(world) == {"05:00": "skipped"}
    edit(world)
    assert states(world) == {"05:00": "planned"}


@pytest.mark.parametrize("change", ["edited", "removed"])
def test_what_was_due_while_beat_was_away_is_missed_before_its_file_changes(world, change):
    """By the old file it was due, and the new one does not know it: nobody else would ever decide it."""
    edit(world, schedule=every("0 * * * *"))
    world.clock.go(minutes(200))
    if change == "edited":
        edit(world, schedule=every("30 * * * *"))
    else:
        apply(world.context, [], [FILE])
    told = {f"{run.due_at:%H:%M}": (str(run.state), run.reason) for run in world.runs() if run.due_at <= world.now}
    assert told.pop("07:00") == ("missed", "too_late")
    assert told.keys() == {"05:00", "06:00"}  # planned in time, and now opened too late, or removed


def test_nothing_is_due_by_a_file_that_was_away(world):
    """A campaign that comes back is not made up for."""
    edit(world)
    apply(world.context, [], [FILE])
    world.clock.go(minutes(60 * 50))
    edit(world)
    assert {run.due_at.day for run in world.runs()} == {1}


def test_a_run_by_hand_is_no_edits_business(world):
    """A person asked for it."""
    campaign = edit(world)
    run = world.a_run(campaign, state=R.PLANNED, manual=1, due_at=DUE + minutes(10))
    edit(world, schedule={"cron": "0 6 * * *"})
    assert (world.get(run).state, world.get(run).revision) == (R.PLANNED, campaign.revision)


def test_the_other_campaigns_runs_are_no_edits_business(world):
    """Each file is its own."""
    other = edit(world, name="other", file=OTHER)
    edit(world)
    edit(world, schedule={"cron": "0 6 * * *"})
    assert [(run.state, run.revision) for run in world.runs("other")] == [(R.PLANNED, other.revision)]


def test_a_run_that_is_being_opened_keeps_what_it_is_opened_with(world):
    """A worker has read the old revision; the row must not say the new one."""
    old = edit(world)
    world.rob(world.runs()[0])
    edit(world, contacts={"source": "contacts/new.csv"})
    assert world.runs()[0].revision == old.revision


def test_an_edit_is_an_event(world):
    """Who asks why a run vanished finds it there."""
    edit(world)
    new = edit(world, schedule={"cron": "0 6 * * *"})
    assert new.revision in world.events()[-1].why


# -- broken, removed, renamed ----------------------------------------------------------------------------------


def test_a_broken_file_stops_only_its_own_campaign(world):
    """And is shown, with its problem."""
    edit(world)
    edit(world, name="other", file=OTHER)
    apply(world.context, [broken()])
    assert (world.campaign_row().state, world.campaign_row("other").state) == ("broken", "active")
    (told,) = broken_files(world.ledger)
    assert (told["file"], told["campaign"], told["problems"][0]["line"]) == (FILE, "daily", 3)
    assert "is not a cron line" in world.said()


def test_a_mended_file_goes_on(world):
    """With the same content as before, or with another."""
    edit(world)
    apply(world.context, [broken()])
    edit(world)
    assert (world.campaign_row().state, broken_files(world.ledger)) == ("active", [])
    assert states(world) == {"05:00": "planned"}


def test_a_file_that_was_broken_from_the_start_plans_nothing(world):
    """There is no campaign yet."""
    apply(world.context, [broken()])
    assert (world.campaign_row(), plan_due(world.context)) == (None, 0)
    assert len(broken_files(world.ledger)) == 1


def test_a_removed_file_plans_nothing_more(world):
    """Its unopened runs are cancelled, its open ones go on."""
    edit(world, schedule=every("0 * * * *"))
    world.set(world.runs()[0], state=R.ACTIVE)
    apply(world.context, [], [FILE])
    assert states(world) == {"05:00": "active", "06:00": "cancelled"}
    assert (world.campaign_row().state, world.campaign_row().next_plan_at) == ("removed", None)
    world.clock.go(timedelta(days=2))
    assert plan_due(world.context) == 0


def test_a_broken_file_that_is_removed_is_no_longer_shown(world):
    """That was the mend."""
    apply(world.context, [broken()])
    apply(world.context, [], [FILE])
    assert broken_files(world.ledger) == []


def test_a_file_that_comes_back_begins_now(world):
    """The days without it are not made up for, and what was cancelled is planned again."""
    edit(world)
    apply(world.context, [], [FILE])
    edit(world)
    assert states(world) == {"05:00": "planned"}
    apply(world.context, [], [FILE])
    world.clock.go(timedelta(days=3))
    edit(world)
    assert [run.due_at for run in world.runs() if run.state is R.PLANNED] == [DUE + timedelta(days=3)]
    assert len(world.runs()) == 2


def test_a_renamed_campaign_is_a_new_one(world):
    """The old name's runs are cancelled: two would ring the same people."""
    edit(world)
    edit(world, name="renamed")
    assert (states(world), states(world, "renamed")) == ({"05:00": "cancelled"}, {"05:00": "planned"})
    assert (world.campaign_row().state, world.campaign_row("renamed").state) == ("removed", "active")


@pytest.mark.parametrize("removed_first", [True, False])
def test_a_campaign_that_moves_to_another_file_goes_on(world, removed_first):
    """Renaming a file is no reason to stop."""
    edit(world)
    if removed_first:
        apply(world.context, [], [FILE])
        edit(world, file=NEW)
    else:
        apply(world.context, [read(a_campaign(), NEW)], [FILE])
    assert states(world) == {"05:00": "planned"}
    assert (world.campaign_row().state, world.campaign_row().file) == ("active", NEW)


def test_files_that_vanished_while_nobody_looked_are_found(world):
    """Beat was down when somebody deleted one."""
    edit(world)
    edit(world, name="other", file=OTHER)
    apply(world.context, [broken("third", NEW)])
    assert forgotten_files(world.context, [FILE]) == [NEW, OTHER]


# -- what a file is told ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cron", "told"), [("2 12 * * *", True), ("0 12 * * *", False), ("*/20 * * * *", False)])
def test_a_campaign_whose_minutes_are_rounded_is_told_so(cron, told):
    """Asked for 12:02 it starts at 12:10, which nobody should find out by watching."""
    found = check_campaign(a_campaign(schedule={"cron": cron}))
    assert ([finding.level for finding in found] == ["warning"]) is told
    assert not told or "12:10" in found[0].problem


def test_a_campaign_that_goes_by_its_recipients_clocks_is_told_so():
    """Its cron line is not the start of every call. Retries are judged as for a contact in its own zone."""
    hours = {"start": time(5), "end": time(6), "zone": "recipient"}
    retries = {"attempts": 1, "after": [minutes(120)]}
    found = check_campaign(a_campaign(hours=hours, retries=retries))
    assert [finding.where for finding in found] == [("hours",), ("retries", "after")]
    assert {finding.level for finding in found} == {"warning"}
    assert "starts follow each recipient's zone" in found[0].problem


# -- any edits -------------------------------------------------------------------------------------------------

crons = st.sampled_from(["0 * * * *", "30 5 * * *", "*/20 * * * *", "0 6 * * *", "15 4,5,6 * * *"])
edits = st.fixed_dictionaries({"cron": crons, "lead": st.sampled_from([10, 30, 90, 240]).map(minutes)})
steps = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 7, 25, 61, 200]).map(minutes), st.one_of(edits, st.sampled_from(["plan", "gone"]))
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=15, deadline=None)
@given(steps)
def test_whatever_is_edited_and_whenever_the_ledger_holds(story):
    """No due time twice, past ones only as missed, the cursor never back, and what is ahead is as the file says."""
    with tempfile.TemporaryDirectory() as folder:
        world, current, cursor = a_world(Path(folder)), None, LONG_PAST
        for wait, what in story:
            world.clock.go(wait)
            known = {run.due_at for run in world.runs()}
            if what == "plan":
                plan_due(world.context)
            elif what == "gone":
                apply(world.context, [], [FILE])
                current = None
            else:
                current = edit(world, schedule=what)
                fresh = [run for run in world.runs() if run.due_at not in known]
                assert all(run.due_at > world.now or run.state is R.MISSED for run in fresh)
            row = world.campaign_row()
            if row is not None:
                assert row.cursor >= cursor
                cursor = row.cursor
            ahead = {run.due_at for run in world.runs() if run.due_at > world.now and run.state is R.PLANNED}
            if current is None:
                assert not ahead
            elif isinstance(what, dict):
                assert ahead == set(campaign_due_times(current, world.now, row.cursor))
        dues = [run.due_at for run in world.runs()]
        assert len(dues) == len(set(dues))
        world.ledger.close()


def test_an_upgrade_that_reckons_revisions_anew_is_no_edit(world):
    """Else every campaign would be planned from now, and what was due during the upgrade forgotten."""
    campaign = world.a_campaign_row(a_campaign(), cursor=NOW - minutes(60))
    with world.ledger.write() as writer:
        writer.session.execute(update(RevisionRow).values(revision="0" * 12))
        writer.session.execute(update(CampaignRow).values(revision="0" * 12))
    apply(world.context, [read(campaign)])
    after = world.campaign_row()
    assert (after.revision, after.cursor) == (campaign.revision, NOW - minutes(60))
    assert "changed" not in world.said()
