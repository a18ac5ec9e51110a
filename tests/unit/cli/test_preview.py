"""`callbeat preview`: whom a run now would call, and whom not, before anybody is called."""

import json

import pytest
from typer.testing import CliRunner

from callbeat.errors import Refusal
from cli.main import app

CAMPAIGN = """
name: daily
provider: {provider}
agent: {agent}
schedule: {{cron: "0 5 * * *", timezone: UTC}}
contacts: {{source: contacts/a.csv, phone: mobile}}
hours: {hours}
{more}
"""
AGENTS = {"bolna": "3c90c3cc-0d44-4b50-8888-8dd25736052a", "cartesia": "agent_1"}
ORIGIN = "2026-12-01T12:00:00+00:00"


@pytest.fixture
def preview(tmp_path, monkeypatch):
    """The preview of one campaign at noon, as JSON, and the problem that it ends with."""
    monkeypatch.chdir(tmp_path)
    clock = {"ORIGIN": ORIGIN, "STARTED": "2020-01-01T00:00:00+00:00", "SPEED": "0.000001"}
    for name, value in clock.items():
        monkeypatch.setenv(f"CALLBEAT_CLOCK__{name}", value)
    for folder in ("campaigns", "contacts"):
        (tmp_path / "config" / folder).mkdir(parents=True)

    def of(*numbers, provider="bolna", hours="any", more=""):
        text = CAMPAIGN.format(provider=provider, agent=AGENTS[provider], hours=hours, more=more)
        (tmp_path / "config" / "campaigns" / "daily.yaml").write_text(text)
        if numbers:
            (tmp_path / "config" / "contacts" / "a.csv").write_text("\n".join(["mobile", *numbers]) + "\n")
        found = CliRunner().invoke(app, ["preview", "daily", "--format", "json"])
        return (json.loads(found.stdout) if found.stdout else None), found.exception

    return of


def test_every_row_is_accounted_for(preview):
    """In or out, with its reason: the sums are those that the run's report will show."""
    told, problem = preview("+12025550101", "+12025550102", "+12025550101", "12", "+1")
    assert problem is None
    assert (told["rows"], told["invalid"], told["excluded"], told["calls"]) == (5, 2, 1, 2)
    assert told["excluded_by"] == {"duplicate": 1}
    assert told["examples"] == [
        {"row": 3, "reason": "duplicate"},
        {"row": 4, "reason": "no_country_code"},
        {"row": 5, "reason": "invalid_number"},
    ]


def test_the_start_is_the_one_that_the_provider_would_take(preview):
    """Four minutes ahead at least, and on Bolna's mark."""
    told, _ = preview("+12025550101")
    assert told["batches"] == [{"start_at": "2026-12-01T12:10:00+00:00", "dial_until": None, "calls": 1}]


def test_more_than_a_batch_may_have_are_shown_as_several(preview):
    """So that nobody is surprised by three uploads."""
    numbers = [f"+1202{20_000 + place}00" for place in range(5_001)]
    told, _ = preview(*numbers, provider="cartesia", more="from_numbers: [pn_main]")
    assert [batch["calls"] for batch in told["batches"]] == [2501, 2500]


def test_no_more_than_a_few_examples_of_each_reason_are_shown(preview):
    """A file of the wrong kind has thousands."""
    told, _ = preview("+12025550101", *["12"] * 50)
    assert (told["invalid"], len(told["examples"])) == (50, 3)


def test_outside_the_hours_it_says_that_a_run_now_would_be_refused(preview):
    """With what it would have done all the same."""
    told, problem = preview("+12025550101", hours='{between: "04:00-09:00"}')
    assert told["batches"] == [{"start_at": None, "dial_until": None, "calls": 1}]
    assert isinstance(problem, Refusal)
    assert "outside" in str(problem)


def test_a_source_that_is_missing_is_a_refusal(preview):
    """In the words that the run would have."""
    told, problem = preview()
    assert (told, isinstance(problem, Refusal)) == (None, True)
    assert "source_missing" in str(problem)


def test_a_run_beyond_the_ceiling_of_the_day_is_told_before(preview, monkeypatch):
    """It would wait for a place until its start is gone."""
    monkeypatch.setenv("CALLBEAT_DAILY_CALLS", "1")
    assert preview("+12025550101")[1] is None
    told, problem = preview("+12025550101", "+12025550102")
    assert told["calls"] == 2
    assert isinstance(problem, Refusal)
    assert "CALLBEAT_DAILY_CALLS" in str(problem)
