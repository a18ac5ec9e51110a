"""The calendar: what is due, in whose time, what really starts, and what was decided, without a script."""

import re

import pytest

from callbeat.errors import Problem
from callbeat.ledger.states import RunState
from callbeat.ledger.tables import FileRow
from tests.factories import DUE, a_campaign, minutes
from tests.unit.dashboard.reading import read

KOLKATA = {"cron": "2 10 * * *", "timezone": "Asia/Kolkata"}


@pytest.fixture
def kolkata(world):
    """Daily at 10:02 by the clocks of Kolkata (04:32 UTC); it is 10:00 there."""
    return world.a_campaign_row(a_campaign(schedule=KOLKATA))


def test_due_times_stand_in_the_campaigns_zone_with_their_real_start(browser, kolkata):
    """Without a word from anybody: nobody has to reckon."""
    page = read(browser.get("/calendar?from=2026-11-30"))
    assert page.cells("daily")["Tue 1 Dec"] == "10:02 starts 10:10: bolna rounds up"
    assert page.cells("daily")["Sun 13 Dec"] == "10:02 starts 10:10: bolna rounds up"
    assert page.heads[0] == "campaign"
    assert "Tue 1 Dec (today)" in page.heads
    assert page.links["daily"] == "/campaigns/daily"


def test_a_viewers_zone_stands_first_and_the_campaigns_beside_it(browser, kolkata):
    """The day is the viewer's: 20:32 of Monday in Los Angeles is Tuesday in Kolkata."""
    page = read(browser.get("/calendar?from=2026-11-30&zone=America/Los_Angeles"))
    cells = page.cells("daily")
    assert cells["Tue 1 Dec"] == "20:32 (Wed 2 Dec 10:02 Asia/Kolkata) starts 20:40: bolna rounds up"
    again = read(browser.get("/calendar?from=2026-11-30"))
    assert again.cells("daily") == cells
    own = read(browser.get("/calendar?from=2026-11-30&zone="))
    assert own.cells("daily")["Tue 1 Dec"].startswith("10:02")
    assert read(browser.get("/calendar?from=2026-11-30")).cells("daily") == own.cells("daily")


def test_what_comes_often_is_told_by_both_clocks(browser, world):
    """Its day is the viewer's, its hours are the campaign's."""
    world.a_campaign_row(a_campaign(schedule={"cron": "*/10 * * * *", "timezone": "Asia/Kolkata"}))
    page = read(browser.get("/calendar?from=2026-11-30&zone=UTC"))
    assert page.cells("daily")["Wed 2 Dec"] == (
        "every 10 minutes: 144 times, 00:00 to 23:50 05:30 to Thu 3 Dec 05:20 in Asia/Kolkata"
    )
    own = read(browser.get("/calendar?from=2026-11-30&zone=campaign"))
    assert own.cells("daily")["Wed 2 Dec"] == "every 10 minutes: 144 times, 00:00 to 23:50"


def test_a_browsers_zone_is_taken_where_nobody_chose(browser, kolkata):
    """The cookie is what the script writes, bare."""
    told = browser.get("/calendar?from=2026-11-30", headers={"cookie": "zone=Europe/Berlin"})
    assert read(told).cells("daily")["Tue 1 Dec"].startswith("05:32 (10:02 Asia/Kolkata)")


@pytest.mark.parametrize("zone", ["IST", "Mars/Base", "<script>", "../../etc/passwd", "x" * 500])
def test_what_is_no_zone_is_said_so_and_the_page_stands(browser, kolkata, zone):
    """An abbreviation is the usual slip: the page says which place may be meant."""
    told = browser.get("/calendar", params={"zone": zone, "from": "2026-11-30"})
    assert told.status_code == 200
    assert 'aria-invalid="true"' in told.text
    assert "<script>" not in told.text
    assert read(told).cells("daily")["Tue 1 Dec"].startswith("10:02")
    assert "set-cookie" not in told.headers
    browser.cookies.clear()
    told = browser.get("/calendar?from=2026-11-30", headers={"cookie": f"zone={zone}"})
    assert read(told).cells("daily")["Tue 1 Dec"].startswith("10:02")


def test_weeks_lead_on_and_keep_what_was_asked(browser, kolkata):
    """Plain links."""
    links = read(browser.get("/calendar?from=2026-11-30&q=dai&zone=UTC")).links
    assert links["A week later"] == "/calendar?q=dai&zone=UTC&from=2026-12-07"
    assert links["A week earlier"] == "/calendar?q=dai&zone=UTC&from=2026-11-23"
    assert links["This week"] == "/calendar?q=dai&zone=UTC"


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31", "'; DROP TABLE runs"])
def test_what_is_no_date_is_refused_in_words(browser, kolkata, day):
    """And never a broken page."""
    told = browser.get("/calendar", params={"from": day})
    assert told.status_code == 404
    assert "date" in told.text


def test_what_was_decided_leads_to_its_run(browser, world, kolkata):
    """Also what never ran: the reason is on the page, the story behind the link."""
    run = world.a_run(kolkata, RunState.MISSED, due_at=DUE - minutes(28), reason="too_late")
    world.a_run(kolkata, RunState.FINISHED, due_at=DUE - minutes(10), manual=1)
    page = read(browser.get("/calendar?from=2026-11-30"))
    assert page.cells("daily")["Tue 1 Dec"] == (
        "10:02 missed (too late) run of 10:02 10:20 finished run of 10:20 by hand"
    )
    assert page.links["missed (too late) run of 10:02"] == f"/runs/{run.key.replace('@', '%40')}"


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"paused_since": DUE}, "paused"),
        ({"state": "broken"}, "broken file"),
    ],
)
def test_what_keeps_a_campaign_from_calling_stands_at_its_name(browser, world, over, words):
    """A calendar full of due times that will not come would be a lie."""
    world.a_campaign_row(a_campaign(), **over)
    assert words in read(browser.get("/calendar")).words


def test_what_a_pause_would_skip_is_not_shown_as_if_it_came(browser, world):
    """Nor with a start."""
    world.a_campaign_row(a_campaign(schedule=KOLKATA), paused_since=DUE)
    world.a_campaign_row(a_campaign(name="often", schedule={"cron": "*/10 * * * *"}), paused_since=DUE)
    page = read(browser.get("/calendar?from=2026-11-30"))
    assert page.cells("daily")["Wed 2 Dec"] == "10:02 not called skipped, if it is still paused then"
    assert page.cells("often")["Wed 2 Dec"].endswith("00:00 to 23:50 skipped, if it is still paused then")


def test_a_removed_campaign_is_not_on_the_calendar(browser, world):
    """Nothing comes of it."""
    world.a_campaign_row(a_campaign(), state="removed")
    assert "daily" not in read(browser.get("/calendar")).links


def test_a_run_under_way_tells_of_overlap(browser, world, kolkata):
    """What comes due before it ends is skipped."""
    assert "overlap: skip" not in read(browser.get("/calendar")).words
    world.a_run(kolkata, RunState.ACTIVE, due_at=DUE - minutes(60))
    assert "overlap: skip" in read(browser.get("/calendar")).words


def test_many_campaigns_come_some_at_a_time_and_are_found_by_name(browser, world):
    """Names that hold a sign with a meaning of its own are names all the same."""
    for n in range(40):
        world.a_campaign_row(a_campaign(name=f"c-{n:02}"))
    first = read(browser.get("/calendar?from=2026-11-30"))
    assert first.links["More campaigns"] == "/calendar?from=2026-11-30&after=c-29"
    second = read(browser.get(first.links["More campaigns"]))
    assert second.links["A week later"] == "/calendar?from=2026-12-07&after=c-29"
    assert second.links["From the first campaign"] == "/calendar?from=2026-11-30"
    assert ("c-30" in second.links, "c-29" in second.links, "More campaigns" in second.links) == (
        True,
        False,
        False,
    )
    assert set(read(browser.get("/calendar?q=C-3")).links) >= {"c-30", "c-39"}
    for strange in ("%", "_", "c-3%", "\\", "'"):
        assert "No campaign is called so" in read(browser.get("/calendar", params={"q": strange})).words


def test_hostile_texts_are_texts(browser, world):
    """Whatever stands in the ledger."""
    world.a_campaign_row(a_campaign(), state="broken")
    bad = {
        "file": "daily.yaml",
        "line": 1,
        "where": "name",
        "problem": "<img src=x onerror=alert(1)>",
        "fix": "",
        "level": "error",
    }
    with world.ledger.write() as writer:
        writer.session.add(FileRow(file="daily.yaml", campaign="daily", problems=[bad], seen_at=DUE))
    world.a_run(a_campaign(), RunState.MISSED, due_at=DUE, reason="<b>x</b>", key="daily@<i>")
    text = browser.get("/calendar?from=2026-11-30").text
    assert re.findall(r"<(img|b|i)[ >]", text) == []
    assert not re.search(r'style="|onclick', text)
    assert Problem(**bad).problem not in text


def test_it_is_a_table_that_a_screen_reader_can_walk(browser, kolkata):
    """Narrow screens show it as a list: the roles stay, and each cell says its day."""
    text = browser.get("/calendar?from=2026-11-30").text
    assert text.count('role="columnheader"') == 16
    assert text.count('<th scope="row" role="rowheader">') == 2
    assert text.count('<span class="narrow">') == 14
