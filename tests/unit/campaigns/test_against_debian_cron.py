"""Due times around every transition of every zone, against an independent restatement of Debian's cron."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from callbeat.campaigns.cron import CronLine
from callbeat.campaigns.recurrence import due_times
from tests.unit.campaigns.clock_changes import MINUTE, PARSED, Night, nights

pytestmark = pytest.mark.slow


def some(count: int, size: int) -> list[CronLine]:
    """A few of the lines, others at each count: all lines times all zones would take a minute."""
    return [PARSED[(count * size + index) % len(PARSED)] for index in range(size)]


def differs(night: Night, line: CronLine, zone: ZoneInfo, after: datetime) -> bool:
    expected = [run for run in night.debian[line] if run > after]
    return list(due_times(line, zone, after, night.end)) != expected


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_every_transition_of_every_zone_is_handled_as_debian_cron_does(year: int) -> None:
    """A campaign must not ring twice in an autumn night, nor be lost in a spring one, wherever it runs."""
    wrong = [
        f"{line.text} in {zone.key} around {night.change}"
        for night in nights(year)
        for count, zone in enumerate(night.zones)
        for line in (some(count, 1) if count else PARSED)
        if differs(night, line, zone, night.start)
    ]
    assert not wrong, f"{len(wrong)} differ"


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_a_walk_that_starts_near_or_inside_a_changed_hour_goes_on_as_debian_cron_does(year: int) -> None:
    """Cursors stop anywhere: from inside a repeated hour, cronsim answers with the past and croniter too early."""
    minutes = (-60, -31, -30, -1, -1 / 60, 0, 1, 29, 30, 45, 59, 60, 61)
    wrong = [
        f"{line.text} in {night.zones[-1].key} after {night.change} and {minute} minutes"
        for number, night in enumerate(nights(year))
        for count, minute in enumerate(minutes)
        for line in some(5 * number + count, 2)
        if differs(night, line, night.zones[-1], night.change + minute * MINUTE)
    ]
    assert not wrong, f"{len(wrong)} differ"


def test_the_zones_of_the_oracle_are_all_there() -> None:
    """A sweep over an empty list passes too: hold fast that half-hour, midnight and Ramadan changes are in it."""
    names = {zone.key for year in (2026, 2027, 2028) for night in nights(year) for zone in night.zones}
    hard = {"Australia/Lord_Howe", "Pacific/Chatham", "America/Havana", "Asia/Beirut", "Atlantic/Azores"}
    assert hard | {"America/Santiago", "Africa/Cairo", "Africa/Casablanca", "Antarctica/Troll"} <= names
    assert len(names) > 150
