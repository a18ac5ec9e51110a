"""The report of a run: it stands by itself, says all of it, and says nothing that is private."""

import csv
import io
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from callbeat.errors import Refusal
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import ExclusionRow
from callbeat.outcomes import Outcome
from callbeat.settings import Settings
from cli import reporting
from cli.main import app
from dashboard.report import run_page, span, write_contacts
from tests.factories import NOW, a_campaign, minutes, number

S = BatchState


@pytest.fixture
def run(world):
    """Four rows in Kolkata: two answered, one busy, one suppressed. Over."""
    campaign = a_campaign(schedule={"timezone": "Asia/Kolkata"})
    run = world.a_run(campaign, rows=4)
    batch = world.a_batch(S.FINISHED, run=run, rows=3, provider_ref="ref-7")
    for call, outcome in zip(world.calls(batch), ("answered", "answered", "busy"), strict=True):
        began = NOW + minutes(40 + call.row)
        world.set(call, outcome=Outcome(outcome), started_at=began, cost="0.1", variables={"name": "Secret Ann"})
    with world.ledger.write() as writer:
        writer.session.add(ExclusionRow(run_id=run.id, row=4, kind="excluded", reason="suppressed"))
        writer.note(run, at=NOW, why="said <b>so</b>", actor="ann")
        writer.move(run, RunState.FINISHED, at=NOW + timedelta(hours=1), why="all is told")
    return run


class Page(HTMLParser):
    """Its words, what it would load, and whether every tag is closed."""

    VOID = frozenset({"meta", "link", "img"})

    def __init__(self, page):
        super().__init__()
        self.words, self.open, self.loads = "", [], []
        self.feed(page)

    def handle_startendtag(self, tag, attrs):
        self.loads += [value for name, value in attrs if name in ("src", "href", "srcset", "action")]

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


def test_it_says_what_was_due_what_became_of_everybody_and_why(world, run):
    """The questions of whoever gets it by mail."""
    page = Page(run_page(world.ledger, run.key, NOW))
    words = re.sub(r"\s+", " ", page.words)
    for told in (
        "finished", "2026-12-01 05:00 UTC (10:30 Asia/Kolkata)", "4 = 0 invalid + 1 excluded + 3 calls",
        "0.3; 0.1500 for each call that was answered", "ref-7", "suppressed", "all is told", "said <b>so</b> — ann",
        "the fullest has 1 calls",
    ):  # fmt: skip
        assert told in words
    assert page.open == []


def test_it_loads_nothing_and_runs_nothing(world, run):
    """It is opened from a mailbox, without a network."""
    text = run_page(world.ledger, run.key, NOW)
    assert Page(text).loads == []
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert "url(" not in text


def test_nobodys_number_nor_what_the_agent_knows_of_them_is_in_it(world, run):
    """Who gets a report need not be one who may know the people in it."""
    table = io.BytesIO()
    rows = write_contacts(world.ledger, run.key, table)
    for text in (run_page(world.ledger, run.key, NOW), table.getvalue().decode()):
        assert "Secret Ann" not in text
        assert number(1) not in text
        assert number(1)[1:] not in text
    assert rows == 4


def test_the_table_has_every_row_with_its_outcome_or_its_reason(world, run):
    """Sums are checked by whoever opens it."""
    table = io.BytesIO()
    write_contacts(world.ledger, run.key, table)
    rows = list(csv.DictReader(io.StringIO(table.getvalue().decode())))
    assert [(row["row"], row["outcome"], row["reason"]) for row in rows] == [
        ("1", "answered", ""), ("2", "answered", ""), ("3", "busy", ""), ("4", "excluded", "suppressed"),
    ]  # fmt: skip


@pytest.mark.parametrize("state", [RunState.PLANNED, RunState.MISSED])
def test_a_run_without_anything_has_a_page_too(world, state):
    """What was missed is asked about most."""
    run = world.a_run(state=state, rows=0)
    page = Page(run_page(world.ledger, run.key, NOW))
    assert str(state) in page.words
    assert "not told by the provider" in page.words


def test_the_command_writes_both_for_their_owner_alone(world, run, tmp_path, monkeypatch):
    """They are named by their run, so that a folder of them is in order."""
    monkeypatch.setattr(reporting, "load", lambda: Settings(_env_file=None))
    monkeypatch.setattr(reporting, "open_ledger", lambda _settings: world.ledger)
    told = CliRunner().invoke(app, ["report", run.key, "--folder", str(tmp_path / "out")], catch_exceptions=False)
    assert told.exit_code == 0
    written = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in written] == [f"{run.key}.csv", f"{run.key}.html"]
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}


def test_an_unknown_run_is_refused(world):
    """As everywhere."""
    with pytest.raises(Refusal, match="callbeat runs"):
        run_page(world.ledger, "nobody@20261201T0500Z", NOW)


@pytest.mark.parametrize(
    ("length", "words"),
    [(timedelta(minutes=1), "1 minute"), (timedelta(hours=2), "2 hours"), (timedelta(days=7), "7 days")],
)
def test_the_length_of_a_column_is_told_in_the_unit_that_fits(length, words):
    """A column of 30 days is not one of 720 hours."""
    assert span(length) == words
