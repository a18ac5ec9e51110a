"""One campaign: what it says, what comes of it, and how its calls went, without anything private."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import RevisionRow
from callbeat.outcomes import Outcome
from callbeat.runs.revisions import remember
from tests.factories import DUE, NOW, a_campaign, minutes, number
from tests.unit.dashboard.reading import read

S, O = BatchState, Outcome  # noqa: E741
KOLKATA = {"cron": "2 10 * * *", "timezone": "Asia/Kolkata"}


@pytest.fixture
def kolkata(world):
    """Daily at 10:02 by the clocks of Kolkata; it is 10:00 there."""
    return world.a_campaign_row(a_campaign(schedule=KOLKATA))


def went(world, campaign, days_ago, outcomes):
    """A run whose calls began at half past ten in the morning of Kolkata."""
    due = NOW + minutes(2) - timedelta(days=days_ago)
    run = world.a_run(campaign, RunState.FINISHED, due_at=due, rows=len(outcomes))
    batch = world.a_batch(S.FINISHED, run=run, rows=len(outcomes))
    for call, outcome in zip(world.calls(batch), outcomes, strict=True):
        began = due + minutes(28)
        world.set(
            call, outcome=outcome, started_at=began, cost="0.1", currency="USD", variables={"name": "Secret Ann"}
        )
    return run


def test_the_next_due_times_have_their_real_start_and_their_reasons(browser, world, kolkata):
    """Ten of them, in the campaign's zone and in UTC."""
    page = read(browser.get("/campaigns/daily"))
    first = next(row for row in page.rows if row and row[0].startswith("2026-12-01"))
    assert first[0] == "2026-12-01 10:02 Asia/Kolkata (04:32 UTC)"
    assert first[2] == "2026-12-01 10:10 Asia/Kolkata (04:40 UTC)"
    assert first[3] == "bolna rounds the start up to 10:10"
    assert sum("bolna rounds" in " ".join(row) for row in page.rows) == 10
    assert page.links["Its weeks on the calendar"] == "/calendar?q=daily"


def test_how_calls_went_is_told_with_what_it_rests_on(browser, world, kolkata):
    """Pictures, and the same as tables."""
    run = went(world, kolkata, 1, [O.ANSWERED, O.ANSWERED, O.BUSY, O.NO_ANSWER])
    went(world, kolkata, 2, [O.VOICEMAIL])
    answer = browser.get("/campaigns/daily")
    page = read(answer)
    assert "5 calls of the last 2 runs, since 2026-11-29 10:02 Asia/Kolkata" in page.words
    assert "at most 30 runs of 90 days, and 50,000 calls" in page.words
    mine = next(row for row in page.rows if row and row[0] == run.key)
    assert mine[3:] == ["2", "", "2", "", "", "", "50", "0.2000"]
    assert ["10:00", "50% of 4 (few)", "", "", "", "", "", "0% of 1 (few)"] in page.rows
    assert answer.text.count('class="few"') == 2
    assert answer.text.count('<rect class="k-cost"') == 1
    assert page.links["All its runs"] == "/runs?campaign=daily"


def test_every_picture_has_words_for_those_who_do_not_see_it(browser, world, kolkata):
    """And nothing that the content policy forbids."""
    went(world, kolkata, 1, [O.ANSWERED])
    text = browser.get("/campaigns/daily").text
    pictures = re.findall(r"<svg[^>]*>", text)
    assert len(pictures) == 3
    assert all('role="img"' in one and 'aria-label="' in one for one in pictures)
    assert not re.search(r'style="|<style|onclick|<script(?! src)', text)


def test_nobodys_number_nor_name_is_on_it(browser, world, kolkata):
    """Nor what the definition holds of keys."""
    secret = a_campaign(
        schedule=KOLKATA, from_numbers=("+14155550123",),
        options={"webhook_url": "https://ours.example/t0ken", "token": "s3cr3t"}, contacts={"source": "https://a:pw9@x.example/c.csv"},
    )  # fmt: skip
    with world.ledger.write() as writer:
        remember(writer, secret, NOW)
    went(world, kolkata, 1, [O.ANSWERED])
    text = browser.get(f"/campaigns/daily?before={kolkata.revision}&after={secret.revision}").text
    assert "webhook_url" in text
    for private in ("Secret Ann", number(1), "+14155550123", "t0ken", "s3cr3t", "pw9"):
        assert private not in text


def test_what_it_said_before_and_what_changed(browser, world, kolkata):
    """The one that holds beside the one before it, or two that are asked for."""
    world.clock.go(timedelta(days=1))
    newer = a_campaign(schedule=KOLKATA | {"cron": "2 11 * * *"})
    with world.ledger.write() as writer:
        remember(writer, newer, world.now)
    page = read(browser.get(f"/campaigns/daily?before={kolkata.revision}&after={newer.revision}"))
    assert ["schedule.cron", "2 10 * * *", "2 11 * * *"] in page.rows
    back = read(browser.get(f"/campaigns/daily?before={newer.revision}&after={kolkata.revision}"))
    assert ["schedule.cron", "2 11 * * *", "2 10 * * *"] in back.rows
    same = f"before={newer.revision}&after={newer.revision}"
    assert "These two say the same" in read(browser.get(f"/campaigns/daily?{same}")).words
    assert "nothing that was before it" in read(browser.get("/campaigns/daily?before=<x>&after=nothing")).words


@pytest.mark.parametrize(
    ("over", "links"),
    [
        ({}, {"Pause it": "/actions/pause?campaign=daily", "Run it now": "/actions/run?campaign=daily"}),
        ({"paused_since": NOW}, {"Resume it": "/actions/resume?campaign=daily"}),
        ({"state": "removed"}, {}),
    ],
)
def test_what_can_be_done_is_a_link_to_where_it_is_asked_about(browser, world, over, links):
    """Nothing is done by a link alone; of a removed campaign nothing can be."""
    world.a_campaign_row(a_campaign(), **over)
    found = {
        words: address
        for words, address in read(browser.get("/campaigns/daily")).links.items()
        if "/actions/" in address
    }
    assert links.items() <= found.items()
    assert bool(found) == bool(links)


def test_who_only_looks_is_offered_nothing_to_do(browser, world, kolkata, monkeypatch):
    """They would be refused."""
    monkeypatch.setattr("dashboard.pages.may_act", lambda _request: False)
    assert "/actions/" not in browser.get("/campaigns/daily").text


def test_one_that_waits_for_approval_leads_to_it(browser, world, kolkata):
    """The one thing that is left to do."""
    object.__setattr__(world.context, "needs_approval", lambda _account: True)
    page = read(browser.get("/campaigns/daily"))
    assert page.links["Approve it"] == "/actions/approve?campaign=daily"


@pytest.mark.parametrize("name", ["nobody", "%3Cscript%3E", "daily'--", "x" * 300])
def test_a_name_that_nobody_has_is_no_page(browser, kolkata, name):
    """Whatever it is."""
    told = browser.get(f"/campaigns/{name}")
    assert told.status_code == 404
    assert "<script" not in told.text


def test_a_definition_of_a_later_version_leaves_the_page_standing(browser, world, kolkata):
    """An older dashboard beside a newer beat."""
    with world.ledger.write() as writer:
        writer.session.execute(update(RevisionRow).values(definition='{"name": "daily", "<b>new": [1]}'))
    world.a_run(kolkata, RunState.MISSED, due_at=DUE - timedelta(days=1))
    page = read(browser.get("/campaigns/daily"))
    assert ["<b>new", "1"] in page.rows
    for path in ("/campaigns", "/calendar"):
        assert "daily" in read(browser.get(path)).links
