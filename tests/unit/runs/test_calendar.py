"""The weeks of a campaign: what happened is the ledger's word, what is to come is what the planner will plan."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from callbeat.ledger.states import RunState
from callbeat.runs.calendar import MOST_APART, Counted, Decided, Looks, days_of, lay_out
from callbeat.runs.campaign_list import Seen
from tests.factories import a_campaign

HOLIDAY = {"holidays": ("IN",), "on_holiday": "next_day", "cron": "0 10 * * *", "timezone": "Asia/Kolkata"}
OFFICE = {"days": (0, 1, 2, 3, 4), "start": "09:00", "end": "20:00", "zone": "campaign"}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def seen(campaign, cursor=LONG_AGO, status="active"):
    known = (campaign.name, status, "daily.yaml", "r1", cursor, None, campaign)
    return Seen(*known, waits=False, problems=(), busy=False)


def laid_out(first, count=1, zone="UTC", runs=(), counted=None, looks=None, cursor=LONG_AGO, **over):
    of = seen(a_campaign(**over), cursor)
    days = days_of(date.fromisoformat(first), count)
    return lay_out(of, days, zone, runs, counted or {}, looks or Looks())


def clocks(day):
    return [f"{one.due_at:%d %H:%M}" for one in day.entries]


def a_run(at, state=RunState.MISSED, *, by_hand=False):
    due = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return Decided(f"daily@{due:%Y%m%dT%H%MZ}", due, by_hand, state, None)


# zone of the campaign, zone of the calendar, day, cron: instants (UTC) of that day
NIGHTS = [
    ("Europe/Berlin", "Europe/Berlin", "2027-03-28", "30 2 * * *", ["28 01:00"]),
    ("Europe/Berlin", "Asia/Kolkata", "2027-03-28", "30 2 * * *", ["28 01:00"]),
    ("Europe/Berlin", "America/New_York", "2027-03-27", "30 2 * * *", ["28 01:00"]),
    ("Europe/Berlin", "Europe/Berlin", "2027-10-31", "30 2 * * *", ["31 00:30"]),
    ("Europe/Berlin", "UTC", "2027-10-31", "0 0,23 * * *", ["31 22:00", "31 23:00"]),
    ("America/New_York", "America/New_York", "2027-11-07", "30 1 * * *", ["07 05:30"]),
    ("America/New_York", "Europe/Berlin", "2027-11-07", "30 1 * * *", ["07 05:30"]),
]


@pytest.mark.parametrize(("own", "viewers", "day", "cron", "times"), NIGHTS)
def test_nights_on_which_clocks_change_stand_on_the_viewers_day(own, viewers, day, cron, times):
    """Each due time once, on the day that the viewer's calendar has then."""
    (laid,) = laid_out(day, zone=viewers, schedule={"cron": cron, "timezone": own})
    assert clocks(laid) == times


def test_a_change_of_the_clocks_marks_its_day_and_says_what_happens():
    """Also where nothing is due in it."""
    days = laid_out("2027-03-27", 3, "Europe/Berlin", schedule={"cron": "30 2 * * *", "timezone": "Europe/Berlin"})
    assert [[change.effect for change in day.changes] for day in days] == [
        [], ["02:30 does not come, and is due at 03:00"], [],
    ]  # fmt: skip
    days = laid_out("2027-03-27", 3, schedule={"cron": "0 9 * * mon", "timezone": "Europe/Berlin"})
    assert [change.effect for day in days for change in day.changes] == ["no due time falls into it"]


def test_a_holiday_is_there_and_so_is_the_day_it_is_moved_to():
    """Both ends of a move: somebody looks for the one, and somebody wonders about the other."""
    days = laid_out("2027-01-26", 2, "Asia/Kolkata", schedule=HOLIDAY | {"cron": "0 10 * * tue"})
    (off,), (moved,) = (day.entries for day in days)
    assert (off.outlook.kind, off.outlook.chosen) == ("off", None)
    assert off.outlook.why == ("holiday: Republic Day", "moved to 2027-01-27")
    assert moved.outlook.chosen is not None
    assert moved.outlook.why == ("moved from 2027-01-26 (Republic Day)",)


def test_a_start_that_is_rounded_over_midnight_stays_on_the_day_it_is_due():
    """At 23:55 of Tuesday, called on Wednesday: the calendar has it where the file has it."""
    tuesday, wednesday = laid_out("2026-12-01", 2, schedule={"cron": "55 23 * * tue"})
    (entry,) = tuesday.entries
    assert (entry.outlook.kind, entry.outlook.start_at) == ("rounded", datetime(2026, 12, 2, tzinfo=UTC))
    assert wednesday.entries == ()


def test_what_comes_often_is_told_as_one():
    """144 lines of a day are read by nobody."""
    (day,) = laid_out("2026-12-01", schedule={"cron": "*/10 * * * *"}, hours=OFFICE)
    assert day.entries == ()
    assert (day.many.count, day.many.every) == (144, timedelta(minutes=10))
    assert (f"{day.many.first:%H:%M}", f"{day.many.last:%H:%M}") == ("00:00", "23:50")
    assert day.many.kinds == {"on_time": 66, "later": 2, "missed": 76}


def test_up_to_some_times_of_a_day_are_told_one_by_one():
    """The limit itself is still apart."""
    hours = ",".join(str(hour) for hour in range(MOST_APART))
    (day,) = laid_out("2026-12-01", schedule={"cron": f"0 {hours} * * *"})
    assert (len(day.entries), day.many) == (MOST_APART, None)
    (day,) = laid_out("2026-12-01", schedule={"cron": f"0 {hours},22 * * *"})
    assert (len(day.entries), day.many.count, day.many.every) == (0, MOST_APART + 1, None)


def test_a_day_off_of_many_due_times_says_why():
    """The condensed line must not hide a holiday."""
    (day,) = laid_out(
        "2027-01-26", zone="Asia/Kolkata", schedule=HOLIDAY | {"cron": "*/10 * * * *", "on_holiday": None}
    )
    assert day.many.kinds == {"off": 144}
    assert day.many.off == ("holiday: Republic Day",)


def test_starts_are_looked_for_only_as_long_as_a_page_may_take():
    """What was not looked at is said to be so, never guessed."""
    looks = Looks(200)
    first, second = laid_out("2026-12-01", 2, schedule={"cron": "*/10 * * * *"}, looks=looks)
    assert sum(first.many.kinds.values()) == 144
    assert second.many.kinds is None


def test_what_the_ledger_has_is_not_reckoned_again():
    """Up to the cursor a due time without a run was none: the file said something else then."""
    runs = [
        a_run("2026-12-01T04:00"),
        a_run("2026-12-03T05:00", RunState.PLANNED),
        a_run("2026-12-03T07:00", by_hand=True),
    ]
    cursor = datetime(2026, 12, 3, 5, 0, tzinfo=UTC)
    days = laid_out("2026-12-01", 4, runs=runs, cursor=cursor)
    assert [clocks(day) for day in days] == [["01 04:00"], [], ["03 05:00", "03 07:00"], ["04 05:00"]]
    planned, by_hand = days[2].entries
    assert (planned.run.state, planned.outlook.kind) == (RunState.PLANNED, "on_time")
    assert by_hand.outlook is None
    assert days[0].entries[0].outlook is None


def test_runs_that_were_counted_stand_with_what_is_still_to_come():
    """Of a frequent campaign the database counts; the sum of today is past and future together."""
    first, last = (datetime(2026, 12, 1, hour, tzinfo=UTC) for hour in (0, 11))
    counted = {date(2026, 12, 1): Counted({"finished": 70, "missed": 2}, first, last)}
    (day,) = laid_out("2026-12-01", counted=counted, cursor=last, schedule={"cron": "*/10 * * * *"})
    assert (day.many.states, day.many.count) == ({"finished": 70, "missed": 2}, 72 + 77)
    assert (day.many.first, f"{day.many.last:%H:%M}", day.many.every) == (first, "23:50", None)


def test_a_removed_campaign_has_nothing_to_come():
    """Its past stays."""
    gone = seen(a_campaign(), status="removed")
    (day,) = lay_out(gone, [date(2026, 12, 1)], "UTC", [a_run("2026-12-01T04:00")], {}, Looks())
    assert clocks(day) == ["01 04:00"]
    unreadable = replace(gone, plan=None, status="active")
    (day,) = lay_out(unreadable, [date(2026, 12, 1)], "UTC", [], {}, Looks())
    assert (day.entries, day.changes) == ((), ())
