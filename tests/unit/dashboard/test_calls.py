"""Calls of a run: found by what somebody knows of them, and nobody's number seen unless that is written down."""

import html
import re

import pytest
from sqlalchemy import update

from callbeat.contacts.numbers import masked
from callbeat.ledger.states import BatchState
from callbeat.ledger.tables import CallRow, ExclusionRow
from callbeat.outcomes import Outcome
from dashboard.access import Who
from tests.factories import number

ADDRESS = "/runs/daily%4020261201T0500Z/calls"


@pytest.fixture
def run(world):
    """Rows 1 to 130 are called, the second busy; 131 was suppressed."""
    run = world.a_run(rows=131)
    batch = world.a_batch(BatchState.RUNNING, run=run, rows=130)
    world.set(world.calls(batch)[1], outcome=Outcome.BUSY, error="<b>busy</b>")
    with world.ledger.write() as writer:
        writer.session.add(ExclusionRow(run_id=run.id, row=131, kind="excluded", reason="suppressed"))
    return run


def rows(text):
    return [int(row) for row in re.findall(r'<th scope="row" class="number">(\d+)</th>', text)]


def link(text, rel):
    found = re.findall(rf'rel="{rel}" href="([^"]+)"', text)
    return html.unescape(found[0]) if found else None


def form(text, action):
    """The hidden fields of a form of a page, as a browser would send them."""
    (body,) = re.findall(rf'<form action="{re.escape(action)}" method="post".*?</form>', text, re.S)
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', body))


def test_links_lead_through_all_rows(browser, run):
    """Those that were left out among them, with the reason."""
    first = browser.get(ADDRESS)
    second = browser.get(link(first.text, "next"))
    assert rows(first.text) + rows(second.text) == list(range(1, 132))
    assert "not called: suppressed" in second.text
    assert link(second.text, "next") is None
    assert rows(browser.get(link(second.text, "prev")).text) == rows(first.text)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("what=busy", [2]),
        ("what=excluded:suppressed", [131]),
        ("row=7", [7]),
        ("row=999", []),
        ("what=unknown", []),
    ],
)
def test_a_row_is_found_by_what_is_known_of_it(browser, run, asked, found):
    """By a plain form, so that its answer can be sent to somebody as a link."""
    told = browser.get(f"{ADDRESS}?{asked}")
    assert (told.status_code, rows(told.text)) == (200, found)


def test_numbers_are_masked_and_a_providers_words_are_text(browser, run):
    """Until somebody asks."""
    told = browser.get(f"{ADDRESS}?row=2").text
    assert masked(number(2)) in told
    assert number(2)[3:-2] not in told
    assert "<b>busy" not in told


def test_whole_numbers_are_shown_on_one_answer_and_written_down(browser, world, run):
    """Of the rows that were on the page, and with who asked."""
    page = browser.get(link(browser.get(ADDRESS).text, "next")).text
    told = browser.post(f"{ADDRESS}/numbers", data=form(page, f"{ADDRESS}/numbers"))
    assert (told.status_code, told.headers["cache-control"]) == (200, "no-store")
    assert number(130) in told.text
    assert rows(told.text) == list(range(101, 132))
    event = world.events(run)[-1]
    assert (event.why, event.actor) == ("whole numbers were shown", "dashboard:local")
    assert number(130) not in browser.get(link(told.text, "prev")).text
    assert number(101) not in browser.get(f"{ADDRESS}?after=100").text


def test_to_look_writes_nothing(browser, world, run):
    """An address that somebody opens, or a browser fetches ahead, shows nothing whole."""
    before = len(world.events())
    browser.get(ADDRESS)
    assert browser.get(f"{ADDRESS}/numbers").status_code == 405
    assert len(world.events()) == before


def test_a_number_is_looked_for_by_a_form_and_stands_in_no_address(browser, run):
    """Addresses are kept by browsers, proxies and logs."""
    page = browser.get(ADDRESS).text
    told = browser.post(ADDRESS, data={**form(page, ADDRESS), "number": number(77)})
    assert (told.status_code, rows(told.text)) == (200, [77])
    assert number(77) not in told.text
    nobody = browser.post(ADDRESS, data={**form(page, ADDRESS), "number": "+12025550101"})
    assert "No call of this run went to that number" in nobody.text
    assert "12025550101" not in nobody.text


def test_of_a_call_that_was_forgotten_nothing_is_claimed(browser, world, run):
    """It may have gone to that number."""
    with world.ledger.write() as writer:
        third = (CallRow.run_id == run.id, CallRow.row == 3)
        writer.session.execute(update(CallRow).where(*third).values(number="", number_hash=None))
    told = browser.post(ADDRESS, data={**form(browser.get(ADDRESS).text, ADDRESS), "number": number(3)}).text
    assert "no longer known" in told
    assert "No call of this run went to that number" not in told


@pytest.mark.parametrize("text", ["", "98765", "nobody"])
def test_what_is_no_number_is_refused_and_not_repeated(browser, run, text):
    """It may be the number of somebody, mistyped."""
    page = browser.get(ADDRESS).text
    told = browser.post(ADDRESS, data={**form(page, ADDRESS), "number": text})
    assert told.status_code == 409
    assert "no phone number" in told.text
    assert "98765" not in told.text


def test_who_may_only_look_is_shown_no_whole_number(browser, world, run, monkeypatch):
    """Neither the button, nor what it would do."""
    page = browser.get(ADDRESS).text
    monkeypatch.setattr("dashboard.door.LOCAL", Who("carl", acts=False))
    assert "Show whole numbers" not in browser.get(ADDRESS).text
    told = browser.post(f"{ADDRESS}/numbers", data=form(page, f"{ADDRESS}/numbers"))
    assert (told.status_code, number(1) in told.text) == (403, False)
    assert "whole numbers" not in world.said(run)


@pytest.mark.parametrize("asked", ["row=x", "row=-1", "after=1e3", f"row={10**12}", "what=gone", "row=%C2%B2"])
def test_what_cannot_be_meant_is_told(browser, run, asked):
    """An empty page would say that nobody is so."""
    assert browser.get(f"{ADDRESS}?{asked}").status_code == 404


@pytest.mark.parametrize("name", ["row", "after", "before"])
def test_a_row_of_too_many_digits_is_told(browser, run, name):
    """So many that they are not even read as a number."""
    assert browser.get(f"{ADDRESS}?{name}={'9' * 5_000}").status_code == 404


@pytest.mark.parametrize("part", ["", "?row=1"])
def test_a_run_that_nobody_knows_is_not_found(browser, world, part):
    """Nor is anything written down for it."""
    assert browser.get(f"/runs/nobody@20261201T0500Z/calls{part}").status_code == 404
