"""A run whose hours follow its recipients opens as several batches, each with a start of its own."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import update

from callbeat.ledger.number_key import number_key
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import CallRow
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted
from callbeat.providers.port import AccountSeen, Created
from callbeat.runs import report
from callbeat.runs.create import create
from callbeat.runs.open import open_run
from callbeat.runs.reach import Reach
from callbeat.runs.stop import HOURS_ENDED
from callbeat.runs.throughput import GENEROUS, pace_of
from tests.factories import a_campaign, minutes

DUE = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)  # ten o'clock in New York
NEW_YORK, CHICAGO, LOS_ANGELES = "+12125550101", "+13125550102", "+13105550103"
INDIA, FREE = "+919876543210", "+18005550104"


@pytest.fixture(autouse=True)
def _before_it_is_due(world):
    world.clock.time = DUE - minutes(30)


def us_run(world, *numbers, header="contact_number", **over):
    world.write_contacts("\n".join([header, *numbers]) + "\n")
    hours = {"start": time(10), "end": time(20), "zone": "recipient"} | over.pop("hours", {})
    schedule = {"cron": "0 10 * * *", "timezone": "America/New_York", "late": timedelta(0)} | over.pop(
        "schedule", {}
    )
    campaign = world.a_campaign_row(a_campaign(hours=hours, schedule=schedule, **over))
    run = world.a_run(campaign, RunState.PLANNED, due_at=DUE)
    open_run(world.context, run.id)
    return world.get(run)


def test_each_wave_is_a_batch_that_knows_when_it_is_due_and_where_its_people_are(world):
    """What the run was due at is an hour of the night in Los Angeles."""
    run = us_run(world, LOS_ANGELES, NEW_YORK, CHICAGO, NEW_YORK, "12")
    batches = sorted(world.batches(), key=lambda batch: batch.n)
    assert [(one.n, one.due_at, one.places, one.calls) for one in batches] == [
        (1, DUE, ["America/New_York"], 1),
        (2, DUE + minutes(60), ["America/Chicago"], 1),
        (3, DUE + minutes(180), ["America/Los_Angeles"], 1),
    ]
    assert [[call.number for call in world.calls(one)] for one in batches] == [
        [NEW_YORK], [CHICAGO], [LOS_ANGELES],
    ]  # fmt: skip
    told = report.run(world.ledger, run.key)
    assert (told["rows"], told["invalid"], told["excluded_by"], told["calls"]) == (5, 1, {"duplicate": 1}, 3)
    assert world.sent[-1] == ("create", [batch.id for batch in batches])


def test_a_batch_of_a_wave_asks_for_its_own_start(world):
    """And its hours end by the clock of those whom it calls."""
    us_run(world, LOS_ANGELES, provider="trillet", header="phone_number")
    (batch,) = world.batches()
    world.provider.will("account", Accepted(AccountSeen("us", None, None)))
    world.provider.will("create", Accepted(Created("t1")))
    create(world.context, batch.id)
    ((asked,),) = world.provider.asked("create")
    assert asked.start.start_at == DUE + minutes(180)
    assert world.get(batch).dial_until == DUE + timedelta(hours=13)


def test_hours_of_the_recipient_leave_out_those_who_have_none_today(world):
    """Each for its own reason, and the sums agree."""
    run = us_run(world, NEW_YORK, INDIA)
    told = report.run(world.ledger, run.key)
    assert (told["calls"], told["excluded_by"]) == (1, {"no_permitted_hour": 1})


def test_a_run_in_which_nobody_has_an_hour_left_was_missed(world):
    """It is not finished: at another hour these people would have been called."""
    run = us_run(world, INDIA, INDIA)
    assert (run.state, run.reason, run.rows) == (RunState.MISSED, "no_permitted_hour", 2)


def test_a_recipients_hours_are_waited_for_though_the_run_is_long_due(world):
    """Beat was away until two in New York: eleven in Los Angeles is too late, nine in Honolulu is not."""
    world.clock.time = DUE + timedelta(hours=4)
    run = us_run(world, NEW_YORK, LOS_ANGELES, "+18085550105")
    assert (run.state, [one.places for one in world.batches()]) == (RunState.ACTIVE, [["Pacific/Honolulu"]])
    assert report.run(world.ledger, run.key)["excluded_by"] == {"too_late": 2}


def test_calls_are_remembered_by_their_keyed_hash(world):
    """The number may be forgotten; that it was called may not."""
    us_run(world, NEW_YORK)
    (call,) = world.calls(world.batches()[0])
    assert call.number_hash is not None
    assert NEW_YORK[1:] not in call.number_hash
    assert len(number_key(world.ledger)) == 32


def test_a_start_that_nobody_needed_leaves_no_batch(world):
    """With `concurrency` it is known how many there is time for, and the next day is kept ready for the others."""
    run = us_run(world, NEW_YORK, concurrency=5, schedule={"late": timedelta(hours=24)})
    assert [(batch.n, batch.calls, batch.due_at) for batch in world.batches()] == [(1, 1, DUE)]
    assert run.state is RunState.ACTIVE


# -- how many there is time for ---------------------------------------------------------------------------------


def ended(world, placed, of=200, n=1, left=Outcome.NOT_PLACED, **over):
    """A run that is over, with a batch of which so many calls were placed in an hour before its hours ended."""
    run = world.a_run(state=RunState.FINISHED, due_at=DUE - timedelta(days=n))
    plain = {"stop_reason": HOURS_ENDED, "start_at": DUE, "dial_until": DUE + minutes(65)}
    batch = world.a_batch(BatchState.STOPPED, run=run, rows=of, **plain | over)
    with world.ledger.write() as writer:
        of_batch = update(CallRow).where(CallRow.batch_id == batch.id)
        writer.session.execute(of_batch.where(CallRow.row > placed).values(outcome=left))
        answered = {"outcome": Outcome.ANSWERED, "attempts": 1, "seconds": 40}
        writer.session.execute(of_batch.where(CallRow.row <= placed).values(answered))


def pace(world, **over):
    with world.ledger.read() as session:
        found = pace_of(session, a_campaign(**over))
    return found and found.calls_a_minute / GENEROUS


def test_the_pace_of_a_campaign_is_known_when_its_hours_ended_before_its_calls(world):
    """A hundred and twenty in an hour, of two hundred."""
    assert pace(world) is None
    ended(world, 120)
    assert pace(world) == 2


def test_calls_of_which_nobody_knows_whether_they_rang_were_not_placed_in_time(world):
    """A provider that hides attempts makes all unknown whom it had no time for: not a sign that it was fast."""
    ended(world, 120, left=Outcome.UNKNOWN)
    assert pace(world) == 2


@pytest.mark.parametrize(
    "after", [{"placed": 200}, {"placed": 0, "of": 40}, {"placed": 40, "stop_reason": "stopped"}]
)
def test_it_is_not_known_by_a_run_that_had_time_or_was_stopped_for_another_reason(world, after):
    """An estimate that is too low would leave out people day after day, and never be found wrong."""
    ended(world, 120, n=2)
    ended(world, **after)
    assert pace(world) is None


def test_concurrency_bounds_the_pace_by_how_long_calls_last(world):
    """At most two at once, a minute each: forty seconds of talk, and the ringing before."""
    assert pace(world, concurrency=2) == 4  # nothing is known: half a minute each
    ended(world, 200)
    assert pace(world, concurrency=2) == 2


def test_what_a_few_calls_lasted_leaves_nobody_out(world):
    """One that hung for hours made room for a single call a day, and each day after that one was all there was."""
    ended(world, 3, of=3)
    world.set(world.calls(world.batches()[0])[0], seconds=9 * 3600)
    assert pace(world, concurrency=1) == 2


def test_a_call_that_hung_for_hours_counts_as_a_long_one(world):
    """A hundred of a minute each, and one of nine hours: of an hour some fifty are left, and not eleven."""
    ended(world, 101, of=101)
    world.set(world.calls(world.batches()[0])[0], seconds=9 * 3600)
    assert 0.9 < pace(world, concurrency=1) < 1


# -- what a campaign says of its source -------------------------------------------------------------------------


def test_a_zone_in_the_source_goes_before_that_of_the_number(world):
    """Somebody with a number of New York may live in Los Angeles; what is no zone is not guessed at."""
    contacts = {"zone_column": "tz", "variables": {}}
    rows = [f"{NEW_YORK},America/Los_Angeles", f"{CHICAGO},", f"{FREE},home", f"{LOS_ANGELES},EST"]
    run = us_run(world, *rows, header="contact_number,tz", contacts=contacts)
    places = {call.number: batch.places for batch in world.batches() for call in world.calls(batch)}
    assert places == {NEW_YORK: ["America/Los_Angeles"], CHICAGO: ["America/Chicago"]}
    assert report.run(world.ledger, run.key)["excluded_by"] == {"unknown_zone": 2}


def test_numbers_without_country_are_those_of_the_campaigns_region(world):
    """Without a region they are nobody's."""
    us_run(world, "(212) 555-0101", contacts={"region": "US"})
    (batch,) = world.batches()
    assert [call.number for call in world.calls(batch)] == [NEW_YORK]


def test_rows_of_a_database_are_called_like_those_of_a_file(world, tmp_path):
    """Its address stands in the settings, and a campaign that names another fails with its name."""
    with closing(sqlite3.connect(tmp_path / "crm.db")) as crm, crm:
        crm.execute("CREATE TABLE people (phone, name)")
        crm.execute("INSERT INTO people VALUES (?, 'Ann')", [NEW_YORK])
    reach = Reach(world.folder, databases={"crm": f"sqlite:///{tmp_path / 'crm.db'}"})
    world.context = replace(world.context, reach=reach)
    asked = {"source": "", "sql": "SELECT phone AS contact_number, name FROM people", "database": "crm"}
    us_run(world, contacts=asked)
    (batch,) = world.batches()
    assert [(call.number, call.variables) for call in world.calls(batch)] == [(NEW_YORK, {"name": "Ann"})]


def test_a_database_that_the_settings_do_not_name_fails_the_run(world):
    """It will not come by waiting."""
    run = us_run(world, contacts={"source": "", "sql": "SELECT 1", "database": "crm"})
    assert (run.state, run.reason) == (RunState.FAILED, "source_unreadable")
    assert "CALLBEAT_SOURCES__CRM__URL" in world.events(run)[-1].why
