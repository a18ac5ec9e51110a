"""`callbeat approve`: what a person is shown and asked before real people are called."""

import pytest
from typer.testing import CliRunner

from callbeat.errors import Refusal, UsageError
from cli.main import app

CAMPAIGN = """
name: daily
provider: bolna
agent: 3c90c3cc-0d44-4b50-8888-8dd25736052a
schedule: {cron: "0 5 * * *", timezone: UTC}
contacts: {source: contacts/a.csv}
hours: any
"""


@pytest.fixture
def approve(tmp_path, monkeypatch):
    """What the command says, and the problem that it ends with."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOLNA_API_KEY", "bn-secret")
    (tmp_path / "config" / "campaigns").mkdir(parents=True)
    (tmp_path / "config" / "campaigns" / "daily.yaml").write_text(CAMPAIGN)

    def of(*words, name="daily"):
        found = CliRunner().invoke(app, ["approve", name, *words])
        return found.stderr, found.exception

    return of


def test_everything_of_a_new_campaign_is_shown_and_approved_with_a_yes(approve):
    """And said once more, it tells since when and by whom."""
    told, problem = approve("--yes")
    assert problem is None
    assert all(part in told for part in ('schedule.cron: "0 5 * * *"', "next due", "daily is approved: revision"))
    assert "is approved already" in approve()[0]


def test_durations_are_shown_as_a_file_writes_them(approve, tmp_path):
    """PT1H30M is nobody's way to say how late a call may be."""
    assert "schedule.lead: 30m\n" in approve("--yes")[0]
    text = CAMPAIGN.replace("timezone: UTC", "timezone: UTC, lead: 90m")
    (tmp_path / "config" / "campaigns" / "daily.yaml").write_text(text)
    assert "schedule.lead: 30m -> 90m\n" in approve("--yes")[0]


def test_without_a_terminal_it_asks_for_a_yes(approve):
    """A script must not approve by accident."""
    problem = approve()[1]
    assert isinstance(problem, UsageError)
    assert "--yes" in str(problem)
    assert "is approved already" not in approve("--yes")[0]


def test_after_an_edit_only_what_differs_is_shown(approve, tmp_path):
    """The eye finds the one wrong hour."""
    approve("--yes")
    (tmp_path / "config" / "campaigns" / "daily.yaml").write_text(CAMPAIGN.replace("0 5", "0 3"))
    told = approve("--yes")[0]
    assert '"0 5 * * *" -> "0 3 * * *"' in told
    assert "agent" not in told


def test_a_broken_file_cannot_be_approved(approve, tmp_path):
    """Nobody knows what it would do."""
    (tmp_path / "config" / "campaigns" / "daily.yaml").write_text(CAMPAIGN.replace("0 5", "61 5"))
    assert isinstance(approve("--yes")[1], Refusal)
    assert isinstance(approve("--yes", name="nobody")[1], Refusal)


def test_where_it_is_not_needed_it_says_so(approve, monkeypatch):
    """An operator who has switched it off wonders whether it is."""
    assert "not needed" not in approve()[0]
    monkeypatch.setenv("CALLBEAT_APPROVAL", "off")
    assert "not needed" in approve("--yes")[0]
