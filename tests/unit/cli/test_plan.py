"""`callbeat plan`: what an operator is told before anything happens."""

import json

import pytest
from typer.testing import CliRunner

from cli.main import app

CAMPAIGN = """
name: daily
provider: bolna
agent: 3c90c3cc-0d44-4b50-8888-8dd25736052a
schedule: {{cron: "{cron}", timezone: {zone}, {more}}}
contacts: {{source: contacts/a.csv}}
hours: {hours}
"""


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """The plan of one campaign between two instants, as JSON."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "config" / "campaigns"
    folder.mkdir(parents=True)

    def of(begin, end, cron="2 12 * * *", zone="UTC", more="lead: 30m", hours="any"):
        (folder / "daily.yaml").write_text(CAMPAIGN.format(cron=cron, zone=zone, more=more, hours=hours))
        found = CliRunner().invoke(app, ["plan", "--from", begin, "--to", end, "--format", "json"])
        assert found.exit_code == 0, found.output
        return json.loads(found.stdout)

    return of


def test_a_rounded_start_is_told(plan):
    """Asked for 12:02, Bolna begins at 12:10: nobody should learn that from the first call."""
    (row,) = plan("2026-12-01", "2026-12-02")
    assert (row["due_at"], row["start_at"]) == ("2026-12-01T12:02:00+00:00", "2026-12-01T12:10:00+00:00")
    assert row["notes"] == ["bolna rounds the start up to 12:10"]


def test_a_night_on_which_the_clocks_change_is_told(plan):
    """The due time is at the end of the gap, and somebody will ask why."""
    (row,) = plan("2027-03-27T12:00", "2027-03-28T12:00", cron="30 2 * * *", zone="Europe/Berlin")
    assert row["due_local"] == "2027-03-28T03:00+02:00"
    assert row["notes"] == ["clocks go forward by 60 minutes at 2027-03-28 01:00 UTC"]


RECIPIENTS = '{between: "09:00-20:00", zone: recipient}'


def test_that_starts_follow_the_recipients_clocks_is_told(plan):
    """The start that is shown is not everybody's; and no hour is wrong everywhere."""
    told = "starts follow each recipient's zone; shown is that of a contact in the campaign's own"
    (row,) = plan("2026-12-01", "2026-12-02", cron="0 12 * * *", hours=RECIPIENTS)
    assert (row["start_at"], row["notes"]) == ("2026-12-01T12:00:00+00:00", [told])
    (row,) = plan("2026-12-01", "2026-12-02", cron="0 3 * * *", hours=RECIPIENTS)
    assert row["start_at"] is None
    assert row["notes"][-1] == told


def test_a_due_time_outside_the_hours_is_told_to_be_missed(plan):
    """It has no start, and says why."""
    hours = '{days: mon-fri, between: "09:00-17:00"}'
    rows = plan("2026-12-05", "2026-12-08", cron="0 12 * * *", hours=hours)
    assert [row["start_at"] for row in rows] == [None, None, "2026-12-07T12:00:00+00:00"]
    assert rows[0]["notes"] == ["would be missed: 2026-12-05 12:00 UTC is outside the campaign's hours"]


def test_a_start_that_late_carries_into_the_hours_is_told(plan):
    """Due before the hours begin, with time to spare: it starts when they do."""
    hours = '{between: "12:30-17:00"}'
    (row,) = plan("2026-12-01", "2026-12-02", cron="0 12 * * *", more="late: 1h", hours=hours)
    assert (row["start_at"], row["notes"]) == (
        "2026-12-01T12:30:00+00:00",
        ["starts late, at 12:30, when its hours begin"],
    )


def test_a_day_that_is_skipped_has_no_start(plan):
    """It is in the plan all the same: every due time ends in a decision."""
    (row,) = plan("2026-12-01", "2026-12-02", more="skip_dates: [2026-12-01]")
    assert (row["start_at"], row["notes"]) == (None, ["skipped: its date is among skip_dates"])


def test_a_holiday_is_told_by_name_and_so_is_the_day_it_is_moved_to(plan):
    """Both ends of a move stand in the plan."""
    asked = {"cron": "0 10 * * tue", "zone": "Asia/Kolkata"}
    days = ("2027-01-26", "2027-01-28")
    (row,) = plan(*days, more="holidays: IN", **asked)
    assert (row["start_at"], row["notes"]) == (None, ["holiday: Republic Day"])
    holiday, moved = plan(*days, more="holidays: [IN], on_holiday: next_day", **asked)
    assert (holiday["start_at"], holiday["notes"]) == (None, ["holiday: Republic Day", "moved to 2027-01-27"])
    assert (moved["due_local"], moved["notes"]) == (
        "2027-01-27T10:00+05:30",
        ["moved from 2027-01-26 (Republic Day)"],
    )
    assert moved["start_at"] == "2027-01-27T04:30:00+00:00"


def test_a_year_whose_holidays_nobody_knows_yet_is_told(plan):
    """Runs go ahead, and somebody should know that no holiday will stop them."""
    (row,) = plan("2027-01-13", "2027-01-14", cron="0 10 * * *", zone="Asia/Colombo", more="holidays: LK")
    assert row["notes"] == ["the holidays of LK are not all known for 2027"]


def test_a_lead_too_short_for_all_that_is_due_with_it_is_told(plan, tmp_path, monkeypatch):
    """Forty campaigns on an account of ten requests a minute: each would do alone, and together they are late."""
    monkeypatch.setenv("CALLBEAT_ACCOUNTS__BOLNA__REQUESTS_A_MINUTE", "10")
    (alone,) = plan("2026-12-01", "2026-12-02", cron="0 12 * * *")
    assert alone["notes"] == []
    text = (tmp_path / "config/campaigns/daily.yaml").read_text()
    for n in range(39):
        (tmp_path / f"config/campaigns/c{n}.yaml").write_text(text.replace("name: daily", f"name: c{n}"))
    rows = plan("2026-12-01", "2026-12-02", cron="0 12 * * *")
    assert len(rows) == 40
    assert all("the lead is too short for what account bolna has to do: 40 runs" in row["notes"][0] for row in rows)
