"""The list of runs: filtered by a plain form, paged by links, and true to whatever stands in the ledger."""

import html
import re

import pytest

from callbeat.ledger.states import BatchState, RunState
from callbeat.outcomes import Outcome
from dashboard.access import Who
from tests.factories import DUE, a_campaign, minutes

EVIL = "<script>alert(1)</script>"


def test_runs_lead_to_their_pages_by_names_that_addresses_can_carry(world, browser):
    """A plus in an address is a blank to many."""
    world.a_run(key="daily@20261201T0500Z+1")
    told = browser.get("/runs")
    assert told.status_code == 200
    assert 'href="/runs/daily%4020261201T0500Z%2B1"' in told.text


def test_links_lead_through_all_runs_and_keep_the_filter(world, browser):
    """By keys: no page is counted."""
    world.a_run(a_campaign(name="other"))
    for n in range(60):
        world.a_run(due_at=DUE + minutes(n))
    first = browser.get("/runs?campaign=daily").text
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = browser.get(html.unescape(older)).text
    seen = [re.findall(r'<th scope="row"><a href="([^"]+)"', text) for text in (first, second)]
    assert [len(part) for part in seen] == [50, 10]
    assert len({*seen[0], *seen[1]}) == 60
    assert "other" not in " ".join(seen[0] + seen[1])
    (newer,) = re.findall(r'rel="prev" href="([^"]+)"', second)
    assert re.findall(r'<th scope="row"><a href="([^"]+)"', browser.get(html.unescape(newer)).text) == seen[0]


def test_a_row_says_where_everybody_went_and_that_it_needs_somebody(world, browser):
    """In words, not in colour alone."""
    world.a_batch(BatchState.HELD, rows=3)
    told = browser.get("/runs?attention=yes").text
    assert "needs somebody</strong>" in told
    assert "waiting 3" in told


def test_who_was_never_dialled_is_not_told_as_called(world, browser):
    """A run that was stopped before its start has calls, and called nobody."""
    batch = world.a_batch(BatchState.CANCELLED, rows=4)
    for call, outcome in zip(world.calls(batch), ("not_placed", "not_placed", "cancelled", "busy"), strict=True):
        world.set(call, outcome=Outcome(outcome))
    text = browser.get("/runs").text
    assert "<td>3 (2 not placed, 1 cancelled)</td>" in text
    assert not re.search(r">\s*called\s*<", text)
    assert ">to call<" in browser.get("/runs/daily%4020261201T0500Z").text


def test_what_others_wrote_is_text(world, browser):
    """A reason or a name is not ours to trust."""
    world.a_run(state=RunState.FAILED, reason=EVIL, key="daily@<i>")
    told = browser.get("/runs").text
    assert EVIL not in told
    assert html.escape(EVIL, quote=False) in told or "&lt;script&gt;" in told
    assert "<i>" not in told
    assert EVIL not in browser.get("/runs", params={"campaign": EVIL}).text


@pytest.mark.parametrize(
    "asked", ["state=gone", "day=tomorrow", "before=x", "after=1-x", f"before=0--{10**20}", f"after={10**20}-1"]
)
def test_what_cannot_be_meant_is_told(world, browser, asked):
    """Another answer than the one that was asked for would be believed."""
    assert browser.get(f"/runs?{asked}").status_code == 404


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_have_no_runs(world, browser, day):
    """There is no day before or after them to end at."""
    told = browser.get(f"/runs?day={day}")
    assert (told.status_code, "run" in told.text) == (200, True)


def test_the_red_button_is_a_click_away_for_who_may_press_it(world, browser, monkeypatch):
    """Whoever needs it has no time to look for it."""
    assert 'href="/actions/stop-all"' in browser.get("/runs").text
    monkeypatch.setattr("dashboard.door.LOCAL", Who("carl", acts=False))
    assert "/actions/" not in browser.get("/runs").text


def test_no_run_yet_is_said(world, browser):
    """An empty table says nothing."""
    assert "no run" in browser.get("/runs").text
