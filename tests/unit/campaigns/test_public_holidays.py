"""Public holidays come from a library that others keep: what is relied on, and what it costs."""

import subprocess
import sys
from datetime import date

import pytest

from callbeat.campaigns.public_holidays import holiday_on, is_known
from callbeat.campaigns.reader import read_campaign
from tests.unit.campaigns.campaign_files import MINIMAL, problems

KNOWN = [
    ("IN", date(2027, 1, 26), "Republic Day"),
    ("IN", date(2027, 1, 27), None),
    ("US", date(2027, 11, 25), "Thanksgiving Day"),
    ("US", date(2027, 3, 31), None),
    ("US-CA", date(2027, 3, 31), "Cesar Chavez Day"),
    ("DE", date(2027, 1, 1), "New Year's Day"),  # in English, for everybody who looks at a plan
    ("US", date(2027, 12, 31), "New Year's Day (observed)"),  # of the year after
    ("NO", date(2026, 5, 17), "Constitution Day"),  # the country; no other YAML takes it for one
]


@pytest.mark.parametrize(("code", "day", "name"), KNOWN)
def test_a_holiday_is_known_by_its_place_and_name(code: str, day: date, name: str | None) -> None:
    """The name stands in the plan and in the run's story: somebody asks why nobody was called."""
    assert holiday_on(code, day) == name


def test_a_year_without_known_holidays_says_so() -> None:
    """Days that follow the moon are announced a year ahead in some countries: none known is not none there."""
    assert [is_known("US", 2027), is_known("LK", 2027), is_known("IN", 2027), is_known("IN", 2036)] == [
        True,
        False,
        True,
        False,
    ]
    assert holiday_on("LK", date(2027, 1, 14)) is None


@pytest.mark.parametrize("written", ["NO", "US-CA", "[IN, US-CA]"])
def test_codes_are_taken_as_they_are_written(written: str) -> None:
    """Norway is no `false`."""
    reading = read_campaign(MINIMAL.replace("cron:", f"holidays: {written}\n  cron:").encode(), "f.yaml")
    assert reading.problems == ()
    assert reading.campaign is not None
    assert reading.campaign.schedule.holidays == tuple(written.strip("[]").split(", "))


def test_a_policy_without_any_day_is_told() -> None:
    """Somebody meant to name the holidays."""
    (problem,) = problems(MINIMAL.replace("cron:", "on_holiday: skip\n  cron:").encode())
    assert "schedule.on_holiday: decides nothing" in problem


def test_a_campaign_that_is_due_on_holidays_alone_is_refused_unless_they_are_moved() -> None:
    """Found before the first Christmas goes by in silence."""
    yearly = MINIMAL.replace('"0 10 * * *"', '"0 10 25 12 *"').replace("cron:", "holidays: US\n  cron:")
    (problem,) = problems(yearly.encode())
    assert "no due time falls within from, until, skip_dates and holidays" in problem
    assert problems(yearly.replace("cron:", "on_holiday: next_day\n  cron:").encode()) == []


def test_the_library_is_not_imported_for_campaigns_without_holidays() -> None:
    """It takes longer than everything else that a command needs."""
    code = (
        "import sys; from callbeat.campaigns.reader import read_campaign;"
        f"assert read_campaign({MINIMAL.encode()!r}, 'f').campaign; sys.exit('holidays' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
