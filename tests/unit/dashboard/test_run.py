"""The page of a run: whoever asks what happened, to whom, why, for how much and what next finds it there."""

import csv
import html
import io
import re
from datetime import timedelta

import pytest

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import ExclusionRow
from callbeat.outcomes import Outcome
from callbeat.runs import call_pages
from dashboard.report import contact_parts
from dashboard.run import LARGE, SELDOM, SENTENCES
from tests.factories import DUE, NOW, a_campaign, minutes, number

S, R = BatchState, RunState
EVIL = "<img src=x onerror=alert(1)>"
KEY = "daily+manual-1"
ADDRESS = "/runs/daily%2Bmanual-1"


def words(answer):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))


@pytest.fixture
def over(world):
    """Four rows in Kolkata: two answered, one busy, one suppressed. Over."""
    run = world.a_run(a_campaign(schedule={"timezone": "Asia/Kolkata"}), rows=4, key=KEY, manual=1)
    batch = world.a_batch(S.FINISHED, run=run, rows=3, provider_ref="ref-7", dial_until=DUE + minutes(60))
    for call, outcome in zip(world.calls(batch), ("answered", "answered", "busy"), strict=True):
        began = DUE + minutes(call.row)
        world.set(call, outcome=Outcome(outcome), started_at=began, cost="0.1", provider_status="completed")
    world.set(world.calls(batch)[2], provider_status="carrier_says_no", error=EVIL)
    with world.ledger.write() as writer:
        writer.session.add(ExclusionRow(run_id=run.id, row=4, kind="excluded", reason="suppressed"))
        writer.note(run, at=NOW, why=f"said {EVIL}", actor="ann (dashboard)")
        writer.move(run, R.FINISHED, at=NOW + timedelta(hours=1), why="all is told")
    return run


def test_it_answers_what_happened_to_whom_why_and_for_how_much(browser, over):
    """The questions for which somebody opens it."""
    told = browser.get(ADDRESS)
    assert told.status_code == 200
    for part in (
        "It is over: every call has an outcome. All is told.", "2026-12-01 10:30 Asia/Kolkata (05:00 UTC)",
        "1 (1 suppressed) not called", "3 calls (answered 2, busy 1)", "0.3; 0.1500 for each call",
        "ref-7", "carrier_says_no", "ann (dashboard)", "the fullest has 1 call",
    ):  # fmt: skip
        assert part in words(told), part
    assert told.text.count("<rect") >= 5


def test_nothing_that_others_wrote_is_markup_and_nothing_needs_a_style_of_its_own(browser, over):
    """Errors are a provider's words, and the policy of the page forbids what is inline."""
    text = browser.get(ADDRESS).text
    assert "<img" not in text
    assert "&lt;img" in text
    assert not re.search(r"<style|<script>|\sstyle=|\son\w+=\"", text)


def test_nobodys_number_is_on_it(browser, over):
    """Whole numbers are asked for elsewhere, and that is written down."""
    assert number(1)[1:] not in browser.get(ADDRESS).text


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("not_approved", "It called nobody: it was not approved in time. Nobody came."),
        ("halted", "It called nobody: everything was stopped. Nobody came."),
        ("broken_file", "It called nobody: the file of its campaign was broken. Nobody came."),
        ("outside_hours", "It called nobody: no permitted start was left. Nobody came."),
        ("too_late", "It called nobody: no permitted start was left. Nobody came."),
        ("daily_calls", "It called nobody. Nobody came."),
    ],
)
def test_a_run_that_was_missed_says_for_what(world, browser, reason, told):
    """Hours are looked at in vain where a yes was missing."""
    run = world.a_run(state=R.PLANNED)
    with world.ledger.write() as writer:
        writer.move(run, R.MISSED, at=NOW, why="nobody came", reason=reason)
    assert told in words(browser.get(f"/runs/{run.key}"))


def test_a_held_batch_comes_first_with_where_to_look(world, browser):
    """Nothing else of the page matters until somebody has looked."""
    batch = world.a_batch(S.HELD, reason="it may exist twice")
    told = browser.get("/runs/daily%4020261201T0500Z")
    place = told.text.index("waits for you</h2>")
    assert place < told.text.index("What was due")
    assert batch.label in told.text[place:]
    assert "/actions/resolve?batch=daily%4020261201T0500Z/1" in told.text


@pytest.mark.parametrize("state", [*R, "of_a_later_version"])
def test_a_run_in_any_state_has_a_page_that_says_how_it_stands(world, browser, state):
    """Also before anything has happened, and after an upgrade was taken back."""
    run = world.a_run(state=RunState(state) if state in tuple(R) else R.ACTIVE, rows=0)
    if state not in tuple(R):
        with world.ledger.write() as writer:
            writer.session.connection().exec_driver_sql("UPDATE runs SET state = 'of_a_later_version'")
    told = browser.get(f"/runs/{run.key}")
    assert told.status_code == 200
    assert SENTENCES.get(state, "which this version does not know") in words(told)


def test_a_stop_is_offered_once(world, browser):
    """A run that is being stopped, or is over, has nothing to be stopped."""
    run = world.a_run()
    assert "/actions/stop?run=daily%4020261201T0500Z" in browser.get(f"/runs/{run.key}").text
    world.set(run, stop_reason="stopped")
    assert "/actions/stop?run" not in browser.get(f"/runs/{run.key}").text
    assert "A stop was asked for." in browser.get(f"/runs/{run.key}").text


@pytest.mark.parametrize(("rows", "every"), [(LARGE, False), (LARGE + 1, True)])
def test_the_page_of_a_large_run_is_fetched_anew_less_often(world, browser, rows, every):
    """Each of its calls is looked at for it."""
    run = world.a_run(rows=rows)
    assert (f'data-live-every="{SELDOM}"' in browser.get(f"/runs/{run.key}").text) is every


def test_of_very_many_events_the_last_are_shown_and_how_many_came_before(world, browser, monkeypatch):
    """A run that was looked at for weeks has thousands, and its page is fetched anew as it goes on."""
    run = world.a_run()
    with world.ledger.write() as writer:
        for n in range(5):
            writer.note(run, at=NOW, why=f"looked at {n}")
    monkeypatch.setattr("dashboard.run.EVENTS", 2)
    told = browser.get(f"/runs/{run.key}")
    assert "3 events came before these 2: show all" in words(told)
    assert re.findall(r"looked at (\d)", told.text) == ["3", "4"]
    (link,) = re.findall(r'href="([^"]+events=all)"', told.text)
    whole = browser.get(link)
    assert re.findall(r"looked at (\d)", whole.text) == ["0", "1", "2", "3", "4"]
    assert "came before" not in words(whole)


def test_a_reason_in_the_picture_leads_to_who_was_left_out_for_it(world, browser, over):
    """The next question; the report stands alone, and leads nowhere."""
    with world.ledger.write() as writer:
        writer.session.add(ExclusionRow(run_id=over.id, row=5, kind="invalid", reason="no_number"))
    picture = browser.get(ADDRESS).text.partition('<table class="funnel">')[2].partition("</table>")[0]
    links = re.findall(r'<a href="([^"]+)">', picture)
    assert links == [f"{ADDRESS}/calls?what=invalid", f"{ADDRESS}/calls?what=excluded%3Asuppressed"]
    assert "not called: invalid, no number" in words(browser.get(links[0]))
    assert "not called: suppressed" in words(browser.get(links[1]))
    assert "<a href" not in browser.get(f"{ADDRESS}/report.html").text


def test_the_report_and_the_table_are_those_of_the_command(browser, over):
    """To be kept, under the run's own name, its numbers masked."""
    page = browser.get(f"{ADDRESS}/report.html")
    table = browser.get(f"{ADDRESS}/contacts.csv")
    assert page.headers["content-disposition"] == "attachment; filename*=UTF-8''daily%2Bmanual-1.html"
    assert "Where every row went" in page.text
    assert [row["outcome"] for row in csv.DictReader(io.StringIO(table.text))] == [
        "answered",
        "answered",
        "busy",
        "excluded",
    ]
    assert number(1)[1:] not in table.text


def test_the_table_is_sent_as_it_is_read(world, over, monkeypatch):
    """A million rows would fill the little room that a container has for files, and several at once more so."""
    monkeypatch.setattr(call_pages, "AT_ONCE", 2)
    parts = contact_parts(world.ledger, KEY)
    assert next(parts).startswith(b"run,row,number")
    assert [part.count(b"\n") for part in parts] == [2, 2]


@pytest.mark.parametrize("part", ["", "/report.html", "/contacts.csv"])
@pytest.mark.parametrize("name", ["nobody", "..%2f..%2fetc", "daily@20261201T0500Z", "<b>", "x" * 3000])
def test_a_run_that_nobody_knows_is_not_found(world, browser, name, part):
    """Whatever stands in the address."""
    assert browser.get(f"/runs/{name}{part}").status_code == 404
