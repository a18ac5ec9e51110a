"""All campaigns: what each is doing, and what is wrong, before one looks closer."""

from datetime import timedelta

import pytest

from callbeat.ledger.states import RunState
from callbeat.ledger.tables import FileRow
from tests.factories import DUE, NOW, a_campaign
from tests.unit.dashboard.reading import read

PROBLEM = {
    "file": "x.yaml",
    "line": 3,
    "where": "schedule.cron",
    "problem": "is no line",
    "fix": "write one",
    "level": "error",
}


def row_of(page, name):
    return next(row for row in page.rows if row and row[0].split()[0] == name)


def a_file(world, file, campaign=None, **over):
    with world.ledger.write() as writer:
        writer.session.add(FileRow(file=file, campaign=campaign, problems=[PROBLEM | over], seen_at=NOW))


def test_a_line_tells_what_holds_what_comes_and_what_was(browser, world):
    """The next due time at which somebody is called: a day off is passed over."""
    campaign = world.a_campaign_row(a_campaign(schedule={"skip_dates": ("2026-12-01",)}))
    run = world.a_run(campaign, RunState.MISSED, due_at=DUE - timedelta(days=1), reason="too_late")
    world.a_run(campaign, RunState.FINISHED, due_at=DUE - timedelta(days=2))
    page = read(browser.get("/campaigns"))
    assert row_of(page, "daily") == [
        "daily bolna, 0 5 * * * UTC", "active", "2026-12-02 05:00 UTC", "missed (too late) 2026-11-30 05:00 UTC",
    ]  # fmt: skip
    assert page.links["daily"] == "/campaigns/daily"
    assert page.links["missed (too late)"] == f"/runs/{run.key.replace('@', '%40')}"


@pytest.mark.parametrize(
    ("schedule", "next_due"),
    [
        ({"cron": "*/10 * * * *"}, "2026-12-01 09:00 UTC"),
        ({"cron": "0 12 * * sat"}, "2026-12-05 12:00 UTC"),
        ({"cron": "0 8 * * *", "late": timedelta(0)}, "2026-12-01 08:00 UTC"),
    ],
)
def test_the_next_due_time_is_one_within_the_hours(browser, world, schedule, next_due):
    """A night of due times that call nobody is passed over; where there is no other, the first is told, and why."""
    hours = {"start": "09:00", "end": "20:00"}
    world.a_campaign_row(a_campaign(schedule={"late": timedelta(0)} | schedule, hours=hours))
    assert row_of(read(browser.get("/campaigns")), "daily")[2].startswith(next_due)


def test_a_campaign_that_never_ran_and_never_will_says_so(browser, world):
    """Empty cells are questions."""
    world.a_campaign_row(a_campaign(schedule={"until": "2026-11-30"}))
    assert row_of(read(browser.get("/campaigns")), "daily")[2:] == ["none", "none yet"]


@pytest.mark.parametrize(
    ("over", "status"),
    [
        ({}, "active"),
        ({"paused_since": NOW}, "paused"),
        ({"state": "broken"}, "broken"),
        ({"state": "removed"}, "removed"),
    ],
)
def test_each_state_is_found_by_the_filter_and_by_no_other(browser, world, over, status):
    """Without one, all but those whose files are gone."""
    world.a_campaign_row(a_campaign(), **over)
    for asked in ("active", "paused", "broken", "removed"):
        page = read(browser.get(f"/campaigns?status={asked}"))
        assert ("daily" in page.links) == (asked == status)
    assert ("daily" in read(browser.get("/campaigns")).links) == (status != "removed")
    assert browser.get("/campaigns?status=asleep").status_code == 404


def test_what_waits_for_approval_says_so(browser, world):
    """Until that is given nothing runs."""
    world.a_campaign_row(a_campaign())
    assert "waits for approval" not in read(browser.get("/campaigns")).words
    object.__setattr__(world.context, "needs_approval", lambda account: account == "bolna")
    assert "waits for approval" in row_of(read(browser.get("/campaigns")), "daily")[1]


def test_a_broken_file_tells_its_problems_with_or_without_a_campaign(browser, world):
    """One that was never good is on no line: it stands above them."""
    world.a_campaign_row(a_campaign(), state="broken")
    a_file(world, "daily.yaml", "daily")
    a_file(world, "new.yaml", problem="<script>alert(1)</script>")
    answer = browser.get("/campaigns")
    page = read(answer)
    assert "line 3, schedule.cron: is no line. write one" in row_of(page, "daily")[1]
    assert "new.yaml" in page.words
    assert "<script" not in answer.text
    assert page.words.count("line 3, ") == 2


def test_many_come_some_at_a_time(browser, world):
    """The link keeps what was asked for."""
    for n in range(52):
        world.a_campaign_row(a_campaign(name=f"c-{n:02}"))
    page = read(browser.get("/campaigns?q=c-"))
    assert page.links["More campaigns"] == "/campaigns?q=c-&after=c-49"
    assert {"c-50", "c-51"} <= set(read(browser.get(page.links["More campaigns"])).links)
    assert "No campaign is so" in read(browser.get("/campaigns?q=%25")).words


def test_an_empty_installation_says_what_to_do(browser):
    """The first thing that anybody sees."""
    assert "callbeat validate" in read(browser.get("/campaigns")).words
