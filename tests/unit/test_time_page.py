"""docs/time.md has examples of due times and of rounding: they are what the code makes of them."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from callbeat.campaigns.cron import parse_cron
from callbeat.campaigns.recurrence import due_times
from callbeat.providers.registry import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "time.md").read_text(encoding="utf-8")
BERLIN = ZoneInfo("Europe/Berlin")


def test_due_times_of_days_on_which_clocks_change_are_as_the_page_says():
    """Whoever is called at half past two asks why, and reads it there."""
    rows = re.findall(r"^\| `([^`]+)` \| (\d{4}-\d\d-\d\d) \| (.+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 6
    for cron, day, told in rows:
        begin = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
        end = begin + timedelta(days=1)  # of the wall clock, so the day is 23 or 25 hours long
        found = due_times(parse_cron(cron, None), BERLIN, begin - timedelta(seconds=1), end - timedelta(seconds=1))
        shown = [due.astimezone(BERLIN).isoformat(timespec="minutes")[11:] for due in found]
        assert (", ".join(shown) or "nothing") == told, (cron, day)


def test_starts_are_rounded_as_the_page_says():
    """It is the first surprise of everybody."""
    rows = re.findall(r"^\| (\d\d:\d\d) \| (\d\d:\d\d) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 4
    for due, start in rows:
        rounded = RULES["bolna"].rounded(datetime.fromisoformat(f"2026-12-01T{due}+00:00"))
        assert f"{rounded:%H:%M}" == start
