"""A campaign that could never call is found when its file is read."""

import pytest

from tests.unit.campaigns.campaign_files import MINIMAL, problems

DUE_BUT_SELDOM = [
    ('"*/10 * * * *"', "{days: mon, between: 09:00-09:10}", True),
    ('"0 9 29 2 *"', "{days: mon, between: 09:00-20:00}", True),
    ('"0 8 * * *"', "{days: mon, between: 09:00-20:00}", False),
    ('"0 9 1 1 *"', "{days: sun, between: 09:00-09:01}", True),
    ('"0 20 * * *"', "{days: mon-sun, between: 09:00-20:00}", False),
    ('"0 1 * * *"', "{between: 20:00-21:00, zone: Europe/London}", True),
    ('"30 2 * * *"', "{between: 20:00-21:00, zone: Europe/London}", False),
]


@pytest.mark.slow
@pytest.mark.parametrize(("cron", "hours", "calls"), DUE_BUT_SELDOM)
def test_a_campaign_that_could_never_call_is_refused(cron: str, hours: str, calls: bool) -> None:
    """However seldom the two meet, it is their meeting that counts."""
    text = MINIMAL.replace('"0 10 * * *"', cron).replace("hours: any", f"hours: {hours}")
    told = problems(text.encode())
    assert [("no due time falls within hours" in problem) for problem in told] == ([] if calls else [True])


def test_skipping_every_day_there_is_leaves_no_due_time() -> None:
    """Found before the first run is missed, not after."""
    text = MINIMAL.replace(
        "cron:", "from: 2026-12-01\n  until: 2026-12-02\n  skip_dates: [2026-12-01, 2026-12-02]\n  cron:"
    )
    (problem,) = problems(text.encode())
    assert "schedule.cron: no due time falls within from, until and skip_dates" in problem


def test_a_campaign_that_has_ended_long_ago_is_still_valid() -> None:
    """Files stay in the folder after their last day."""
    assert problems(MINIMAL.replace("cron:", "until: 2020-06-01\n  cron:").encode()) == []
