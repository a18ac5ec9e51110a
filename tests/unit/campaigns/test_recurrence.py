"""Due times: known nights on which cron libraries err, and what must hold at every cut of time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeat.campaigns import wall_times
from callbeat.campaigns.cron import CronLine, parse_cron
from callbeat.campaigns.recurrence import ZoneChange, due_times, next_due, zone_changes
from callbeat.campaigns.wall_times import CalendarFault
from tests.unit.campaigns.clock_changes import DAY, HOUR, MINUTE, PARSED, SECOND, ZONES, at, changes_since_1969

Case = tuple[str, Literal["and", "or"] | None, str, str, list[str]]

# Where croniter, cronsim or both err. The third column is the start, the last what Debian's cron does, all UTC;
# lines with a * for the minute are asked in quarter hours, since callbeat refuses them.
DISAGREEMENTS: list[Case] = [
    ("30 2 * * *", None, "Europe/Berlin", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
    ("0 2 * * *", None, "Europe/Berlin", "2026-10-25T00:30", ["2026-10-26T01:00"]),
    ("30 1 * * *", None, "America/New_York", "2026-11-01T05:30", ["2026-11-02T06:30"]),
    ("0 0 * * 0", None, "America/Havana", "2026-11-01T04:04", ["2026-11-08T05:00"]),
    ("0 0-23 * * *", None, "Europe/Berlin", "2026-10-24T23:30", ["2026-10-25T00:00", "2026-10-25T02:00"]),
    ("*/30 2 * * *", None, "Europe/Berlin", "2026-03-28T12:00", ["2026-03-30T00:00", "2026-03-30T00:30"]),
    ("0 */2 * * *", None, "Europe/Berlin", "2026-03-29T00:30", ["2026-03-29T02:00", "2026-03-29T04:00"]),
    ("30 0-23 * * *", None, "Europe/Berlin", "2026-03-29T00:30", ["2026-03-29T01:00", "2026-03-29T01:30"]),
    ("*/15 2 * * *", None, "Pacific/Chatham", "2027-04-03T13:45", ["2027-04-03T14:00", "2027-04-04T13:15"]),
    ("30 2 * * *", None, "Europe/Berlin", "2026-10-25T01:10", ["2026-10-26T01:30"]),
    ("30 1 * * *", None, "America/New_York", "2026-11-01T06:09", ["2026-11-02T06:30"]),
    ("*/15 3 * * *", None, "Pacific/Chatham", "2026-04-04T13:59", ["2026-04-04T14:15", "2026-04-04T14:30"]),
    ("*/15 1 * * 0", None, "America/Havana", "2026-03-08T01:00", ["2026-03-08T05:00", "2026-03-08T05:15"]),
    ("0 */2 * * 0", None, "America/Havana", "2026-03-08T01:00", ["2026-03-08T06:00", "2026-03-08T08:00"]),
    ("0 */2 * * *", None, "Australia/Lord_Howe", "2026-04-04T13:45", ["2026-04-04T15:30", "2026-04-04T17:30"]),
    ("0 0 */2 * 1", "and", "UTC", "2026-11-01T00:00", ["2026-11-09T00:00", "2026-11-23T00:00"]),
    ("0 0 */2 * 1", "or", "UTC", "2026-11-01T00:00", ["2026-11-02T00:00", "2026-11-03T00:00", "2026-11-05T00:00"]),
]


@pytest.mark.parametrize("case", DISAGREEMENTS, ids=lambda case: f"{case[0]} {case[2]} {case[3]}")
def test_where_the_cron_libraries_disagree_debian_cron_is_right(case: Case) -> None:
    """Each of these was seen: a second call in the night, a lost one, a start in the past, an endless loop."""
    text, rule, zone, after, expected = case
    line = parse_cron(text, rule)
    walk = due_times(line, ZoneInfo(zone), at(after), at(after) + 40 * DAY)
    assert [next(walk) for _ in expected] == [at(instant) for instant in expected]
    assert next_due(line, ZoneInfo(zone), at(after)) == at(expected[0])


@pytest.mark.parametrize(
    ("text", "zone", "after", "until", "expected"),
    [
        # 2011-12-30 did not happen in Apia: 2011-12-30T10:00Z is where the 31st begins.
        (
            "0 9 * * *",
            "Pacific/Apia",
            "2011-12-29T18:00",
            "2011-12-31T00:00",
            ["2011-12-29T19:00", "2011-12-30T10:00", "2011-12-30T19:00"],
        ),
        ("0 0 * * *", "Pacific/Apia", "2011-12-29T18:00", "2011-12-31T00:00", ["2011-12-30T10:00"]),
        ("0 9 30 12 *", "Pacific/Apia", "2011-01-01T00:00", "2012-06-01T00:00", ["2011-12-30T10:00"]),
        (
            "0 */9 * * *",
            "Pacific/Apia",
            "2011-12-29T18:00",
            "2011-12-30T20:00",
            ["2011-12-29T19:00", "2011-12-30T04:00", "2011-12-30T10:00", "2011-12-30T19:00"],
        ),
        # Kwajalein went from +11 to -12 at 1969-09-30T13:00Z and lived 23 hours again, and skipped 1993-08-21.
        (
            "0 9 * * *",
            "Pacific/Kwajalein",
            "1969-09-28T23:00",
            "1969-10-02T12:00",
            ["1969-09-29T22:00", "1969-10-01T21:00"],
        ),
        ("0 9 * * *", "Pacific/Kwajalein", "1969-09-30T20:00", "1969-10-02T00:00", ["1969-10-01T21:00"]),
        (
            "0 */9 * * *",
            "Pacific/Kwajalein",
            "1969-09-29T22:00",
            "1969-10-01T08:00",
            ["1969-09-30T07:00", "1969-09-30T21:00", "1969-10-01T06:00"],
        ),
        (
            "0 9 * * *",
            "Pacific/Kwajalein",
            "1993-08-20T20:00",
            "1993-08-22T00:00",
            ["1993-08-20T21:00", "1993-08-21T12:00", "1993-08-21T21:00"],
        ),
    ],
)
def test_skipped_and_repeated_days_follow_the_same_policy_as_skipped_and_repeated_hours(
    text: str, zone: str, after: str, until: str, expected: list[str]
) -> None:
    """Debian forgets the past at changes over three hours, which would ring twice in a repeated day."""
    found = due_times(parse_cron(text), ZoneInfo(zone), at(after), at(until))
    assert list(found) == [at(instant) for instant in expected]


@st.composite
def moments(draw: st.DrawFn) -> tuple[ZoneInfo, list[datetime]]:
    """A zone, and four instants in order, around one of its changes of the clocks."""
    name = draw(st.sampled_from(ZONES))
    change = draw(st.sampled_from(changes_since_1969(name)))
    seconds = st.integers(-26 * 60, 26 * 60).map(lambda minutes: 60.0 * minutes) | st.floats(-94_000, 94_000)
    shifts = draw(st.lists(seconds, min_size=4, max_size=4))
    return ZoneInfo(name), sorted(change[0] + timedelta(seconds=shift) for shift in shifts)


lines = st.sampled_from(PARSED)
often = settings(max_examples=50, deadline=None, database=None, derandomize=True)


@pytest.mark.slow
@often
@given(lines, moments())
def test_due_times_increase_and_stay_within_their_window(
    line: CronLine, moment: tuple[ZoneInfo, list[datetime]]
) -> None:
    """A due time that repeats or goes back is a second call to the same people."""
    zone, (after, *_, until) = moment
    found = list(due_times(line, zone, after, until))
    assert all(after < due <= until and due.tzinfo is UTC for due in found)
    assert all(earlier < later for earlier, later in pairwise(found))


@pytest.mark.slow
@often
@given(lines, moments())
def test_a_window_cut_in_pieces_has_the_same_due_times(
    line: CronLine, moment: tuple[ZoneInfo, list[datetime]]
) -> None:
    """The planner asks in pieces, wherever its ticks fall: no cut may lose a due time or give it twice."""
    zone, cuts = moment
    whole = list(due_times(line, zone, cuts[0], cuts[-1]))
    assert whole == [due for a, b in pairwise(cuts) for due in due_times(line, zone, a, b)]


@pytest.mark.slow
@often
@given(lines, moments())
def test_the_next_due_time_is_the_first_of_the_window(
    line: CronLine, moment: tuple[ZoneInfo, list[datetime]]
) -> None:
    """`plan` and `runs` ask in different ways and must agree."""
    zone, (after, *_, until) = moment
    found = list(due_times(line, zone, after, until))
    upcoming = next_due(line, zone, after)
    assert upcoming == found[0] if found else upcoming is None or upcoming > until


@pytest.mark.slow
@often
@given(lines, moments())
def test_each_instant_shows_the_wall_time_that_the_line_names(
    line: CronLine, moment: tuple[ZoneInfo, list[datetime]]
) -> None:
    """By zoneinfo's own fold, minute by minute: fixed lines name the first pass, or make up for a gap."""
    zone, (after, *_, until) = moment
    jumps = {
        change.instant for change in zone_changes(zone, after, until) if change.offset_after > change.offset_before
    }
    first = after.replace(second=0, microsecond=0)
    minutes = (first + count * MINUTE for count in range((until - first) // MINUTE + 1))
    shown = [(minute, minute.astimezone(zone)) for minute in minutes if after < minute <= until]
    named = [i for i, local in shown if line.matches(local.replace(tzinfo=None)) and (line.wild or not local.fold)]
    found = [due for due in due_times(line, zone, after, until) if line.wild or due not in jumps]
    assert found == [instant for instant in named if line.wild or instant not in jumps]


def test_due_times_are_found_only_as_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """`next` over a century must not walk the century."""
    asked: list[datetime] = []

    class Counting(croniter):
        def get_next(self, *, start_time: datetime) -> datetime:
            asked.append(start_time)
            return super().get_next(start_time=start_time)

    monkeypatch.setattr(wall_times, "croniter", Counting)
    start = at("2026-01-01T00:00")
    walk = due_times(parse_cron("0 9 * * *"), ZoneInfo("Europe/Berlin"), start, start + 36525 * DAY)
    assert next(walk) == at("2026-01-01T08:00")
    assert len(asked) == 1


def test_a_start_may_come_in_any_zone() -> None:
    """Arithmetic on aware times of a zone with summer time is arithmetic on its wall clock."""
    berlin = ZoneInfo("Europe/Berlin")
    line = parse_cron("*/30 2 * * *")
    second_pass = datetime(2026, 10, 25, 2, 10, tzinfo=berlin, fold=1)
    assert next_due(line, berlin, second_pass) == at("2026-10-25T01:30")


def test_a_leap_day_is_found_within_the_default_horizon_even_across_2100() -> None:
    """A campaign on 29 February has a next date, however far; beyond the horizon there is none to tell."""
    line = parse_cron("0 12 29 2 *")
    assert next_due(line, ZoneInfo("UTC"), at("2096-02-29T12:00")) == at("2104-02-29T12:00")
    assert next_due(line, ZoneInfo("UTC"), at("2096-02-29T12:00"), horizon=365 * DAY) is None


def test_an_empty_window_has_no_due_times() -> None:
    """A tick that comes twice at one instant plans nothing, and nor does a cursor that is ahead of now."""
    line, utc, noon = parse_cron("0 12 * * *"), ZoneInfo("UTC"), at("2026-11-21T12:00")
    assert list(due_times(line, utc, noon, noon)) == []
    assert list(due_times(line, utc, noon, noon - 3 * DAY)) == []
    assert list(due_times(line, utc, noon - timedelta(microseconds=1), noon)) == [noon]


@pytest.mark.parametrize("call", [next_due, lambda line, zone, after: zone_changes(zone, after, after)])
def test_instants_without_a_zone_are_refused(call: Callable[..., object]) -> None:
    """Guessing the machine's zone is how calls come at three in the morning."""
    naive = datetime(2026, 11, 21)  # noqa: DTZ001
    with pytest.raises(ValueError, match="has no zone"):
        call(parse_cron("0 9 * * *"), ZoneInfo("UTC"), naive)


def test_zone_changes_tell_the_instant_and_both_offsets() -> None:
    """`plan` notes next to a due time that the clocks change."""
    found = zone_changes(ZoneInfo("Australia/Lord_Howe"), at("2026-04-04T15:00"), at("2026-12-31T00:00"))
    half = timedelta(minutes=30)
    assert found == [ZoneChange(at("2026-10-03T15:30"), 10 * HOUR + half, 11 * HOUR)]
    assert zone_changes(ZoneInfo("Asia/Kolkata"), at("2026-01-01T00:00"), at("2028-01-01T00:00")) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ZONES)
def test_zone_changes_since_1969_are_those_that_a_plain_search_finds(name: str) -> None:
    """A change that is not seen is an hour at which people are called wrongly."""
    found = zone_changes(ZoneInfo(name), datetime(1969, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC))
    plain = [change for change in changes_since_1969(name) if change[1] != change[2]]
    assert [(change.instant, change.offset_before, change.offset_after) for change in found] == plain


def test_a_change_belongs_to_the_window_that_ends_with_it() -> None:
    """Half-open like due times, so that windows side by side tell each change once."""
    berlin, change = ZoneInfo("Europe/Berlin"), at("2026-10-25T01:00")
    assert len(zone_changes(berlin, change - SECOND, change)) == 1
    assert zone_changes(berlin, change, change + DAY) == []


class Stray:
    """A cron library gone wrong: it answers with one time, whatever it is asked."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def get_next(self, **_: object) -> datetime:
        return datetime(2026, 11, 21, 9, 30)  # noqa: DTZ001


def test_a_time_that_the_line_does_not_name_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library bug must be an error that somebody reads, not a call that somebody gets."""
    monkeypatch.setattr(wall_times, "croniter", Stray)
    start = at("2026-11-21T00:00")
    walk = due_times(parse_cron("0 9 * * *"), ZoneInfo("UTC"), start, start + DAY)
    with pytest.raises(CalendarFault, match="croniter names 2026-11-21 09:30:00 for '0 9"):
        next(walk)


def test_a_time_that_does_not_advance_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """cronsim went round for ever in Chatham: a walk that stands still must end in an error."""
    monkeypatch.setattr(wall_times, "croniter", Stray)
    start = at("2026-11-21T00:00")
    walk = due_times(parse_cron("30 9 * * *"), ZoneInfo("UTC"), start, start + DAY)
    assert next(walk) == at("2026-11-21T09:30")
    with pytest.raises(CalendarFault, match="after 2026-11-21 09:30"):
        next(walk)
