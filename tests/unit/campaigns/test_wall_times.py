"""The calendar of a cron line, in no zone, against cronsim."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise, takewhile

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import given, settings
from hypothesis import strategies as st

from callbeat.campaigns import wall_times
from callbeat.campaigns.cron import CronError, CronLine, parse_cron
from callbeat.campaigns.cron import DayRule as Rule
from callbeat.campaigns.wall_times import WallTimes, calendar_text

DayRule = Rule | None

START = datetime(2026, 11, 21, 12, 34, 56)  # noqa: DTZ001  wall time: the calendar has no zone
END = datetime(2400, 1, 1)  # noqa: DTZ001


def walk(line: CronLine, start: datetime = START, end: datetime = END) -> Iterator[datetime]:
    return WallTimes(line).between(start, end)


def cronsim(text: str, rule: DayRule, start: datetime = START) -> Iterator[datetime]:
    """cronsim joins restricted day fields by "or"; "and" is what both of its halves name."""
    if rule != "and":
        yield from CronSim(text, start)
        return
    minute, hour, day, month, weekday = text.split()
    other = CronSim(f"{minute} {hour} * {month} {weekday}", start)
    latest = next(other)
    for due in CronSim(f"{minute} {hour} {day} {month} *", start):
        while latest < due:
            latest = next(other)
        if latest == due:
            yield due


CALENDAR: list[tuple[str, DayRule]] = [
    ("0 9 * * 1-5", None),
    ("*/10 * * * *", None),
    ("*/15 9-17 * * mon-fri", None),
    ("0 0-23 * * *", None),
    ("0-59/10 * * * *", None),
    ("7,37 6-22/4 * * 6-7", None),
    ("0 9 * * 0-7", None),
    ("0 9 * * sun,7", None),
    ("0 9 1-31 * *", None),
    ("0 9 */2 * *", None),
    ("0 9 * */5 *", None),
    ("0 9 * * */2", None),
    ("0 9 31 * *", None),
    ("0 9 29-31 2,4,6 *", None),
    ("0 0 29 2 *", None),
    ("59 23 31 dec *", None),
    ("0 9 1 * mon", "or"),
    ("0 9 1 * mon", "and"),
    ("0 9 13 * FRI", "and"),
    ("0 9 31 2 mon", "or"),
    ("0 9 30,31 feb,apr tue", "or"),
    ("0 9 1-31 * mon", "or"),
    ("0 9 1-31 * mon", "and"),
    ("0 9 15 * 0-6", "or"),
    ("0 9 15 * 0-6", "and"),
    ("0 9 29 2 sat", "and"),
    ("0 9 8-14 * mon", "and"),
    ("0 9 */2 * sun", "and"),
    ("0 9 1-7 jan-mar,12 */3", "and"),
]


@pytest.mark.parametrize(("text", "rule"), CALENDAR)
def test_the_calendar_of_a_line_is_that_of_cronsim(text: str, rule: DayRule) -> None:
    """Full lists, starred days and dates that no month has are where croniter reads something else."""
    count = 3 if "29 2" in text else 40
    assert list(islice(walk(parse_cron(text, rule)), count)) == list(islice(cronsim(text, rule), count))


def test_a_starred_step_in_a_day_field_is_joined_by_or_when_the_file_says_or() -> None:
    """cronsim and Debian would join it by "and" behind the writer's back; the day_rule is what counts."""
    line = parse_cron("0 0 */10 * 1", "or")
    assert [due.day for due in islice(walk(line), 6)] == [23, 30, 1, 7, 11, 14]


def ranges(low: int, high: int) -> st.SearchStrategy[str]:
    """`a-b` with a step now and then."""
    bounds = st.tuples(st.integers(low, high - 1), st.integers(low + 1, high)).filter(lambda b: b[0] < b[1])
    plain = bounds.map(lambda b: f"{b[0]}-{b[1]}")
    stepped = bounds.flatmap(lambda b: st.integers(1, b[1] - b[0]).map(lambda step: f"{b[0]}-{b[1]}/{step}"))
    return plain | stepped


def fields(low: int, high: int, names: str = "") -> st.SearchStrategy[str]:
    values = st.integers(low, high).map(str)
    known = values | st.sampled_from(names.split()) if names else values
    return st.lists(known | ranges(low, high), min_size=1, max_size=3).map(",".join)


def stepped(low: int, high: int) -> st.SearchStrategy[str]:
    return st.integers(1, high - low).map(lambda step: f"*/{step}")


star = st.just("*")
minutes = fields(0, 59) | stepped(0, 59) | st.sampled_from(["0", "*/15", "30", "5-55/10", "7,37"])
hours = star | fields(0, 23) | stepped(0, 23)
days = star | fields(1, 31)
months = star | fields(1, 12, "Jan feb MAR dec") | stepped(1, 12)
weekdays = star | fields(0, 7, "sun Mon TUE sat")
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))  # noqa: DTZ001


def read(text: str, rule: DayRule) -> CronLine | CronError:
    """The grammar is tested elsewhere; all texts here are within it."""
    try:
        return parse_cron(text, rule)
    except CronError as error:
        return error


@st.composite
def written_lines(draw: st.DrawFn) -> tuple[str, DayRule]:
    """A line within the grammar, without a starred step in a day field, and the day_rule that it needs."""
    parts = [draw(part) for part in (minutes, hours, days, months, weekdays)]
    rule: DayRule = draw(st.sampled_from(["and", "or"]))
    return " ".join(parts), None if "*" in (parts[2], parts[4]) else rule


often = settings(max_examples=50, deadline=None, database=None, derandomize=True)


@pytest.mark.slow
@often
@given(written_lines().filter(lambda written: isinstance(read(*written), CronLine)), moments)
def test_any_line_without_starred_days_has_the_calendar_of_cronsim(
    written: tuple[str, DayRule], start: datetime
) -> None:
    """The table above holds what we thought of; this is for what we did not."""
    end = start + timedelta(days=3000)
    found = list(islice(walk(parse_cron(*written), start + timedelta(microseconds=1), end), 12))
    assert found == list(islice(takewhile(lambda due: due < end, cronsim(*written, start)), 12))
    assert all(later - earlier >= timedelta(minutes=10) for earlier, later in pairwise(found))


@pytest.mark.slow
@often
@given(written_lines().filter(lambda written: isinstance(read(*written), CronError)))
def test_a_line_refused_for_its_pace_or_for_never_firing_really_is_so(written: tuple[str, DayRule]) -> None:
    """Refusing a good line is a campaign that cannot be written."""
    error = read(*written)
    if "never fires" in str(error):
        with pytest.raises((CronSimError, StopIteration)):
            next(cronsim(*written))
    else:
        assert "more often" in str(error)
        assert has_a_short_gap(*written)


def has_a_short_gap(text: str, rule: DayRule) -> bool:
    """Two times less than ten minutes apart; 28 years, since the days that make it short may be rare."""
    times = takewhile(lambda due: due < START + timedelta(days=28 * 366), cronsim(text, rule))
    return any(later - earlier < timedelta(minutes=10) for earlier, later in pairwise(islice(times, 20_000)))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0 9 * * MON-FRI", "0 9 * * 1,2,3,4,5"),
        ("0 9 * * 6-7", "0 9 * * 0,6"),
        ("0 9 * * 0-7", "0 9 * * *"),
        ("0 9 * * 5-7/2", "0 9 * * 0,5"),
        ("*/20 0-23 * 1-12 *", "0,20,40 * * * *"),
        ("09 09 01 01 *", "9 9 1 1 *"),
        ("0 9 * Jan,MAR-may *", "0 9 * 1,3,4,5 *"),
        ("*/30,15 9 * * *", "0,15,30 9 * * *"),
        ("0 9 5,5 * *", "0 9 5 * *"),
    ],
)
def test_croniter_is_given_lists_of_numbers_only(text: str, canonical: str) -> None:
    """Its own reading of ranges changed silently from one release to the next."""
    assert calendar_text(parse_cron(text)) == canonical


def test_croniter_is_given_no_other_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it makes of the written text today is no promise for its next release."""
    given_texts: list[str] = []
    monkeypatch.setattr(wall_times, "croniter", lambda text, *_, **__: given_texts.append(text))
    WallTimes(parse_cron("0 9 * * MON-FRI"))
    assert given_texts == ["0 9 * * 1,2,3,4,5"]


@pytest.mark.parametrize(
    ("text", "rule", "canonical"),
    [
        ("0 9 31 2 mon", "or", "0 9 * 2 1"),
        ("0 9 30,31 2,4 mon", "or", "0 9 30 2,4 1"),
        ("0 9 1-31 * mon", "or", "0 9 * * *"),
        ("0 9 1-31 * mon", "and", "0 9 * * 1"),
        ("0 9 15 * 0-6", "or", "0 9 * * *"),
    ],
)
def test_days_that_change_nothing_are_kept_from_croniter(text: str, rule: DayRule, canonical: str) -> None:
    """For a 31 February it searches fifty years at every step; a full list it reads as * in one field only."""
    assert calendar_text(parse_cron(text, rule)) == canonical
