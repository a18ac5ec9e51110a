"""What a campaign file says about where its contacts come from."""

from datetime import UTC, datetime, timedelta

import pytest

from callbeat.campaigns.reader import read_campaign
from tests.unit.campaigns.campaign_files import MINIMAL, changed, problems
from tests.unit.campaigns.test_schema import complaints

DUE = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
LINE = "  source: contacts/daily.csv"


def contacts_of(lines: str):
    reading = read_campaign(changed(LINE, lines, MINIMAL), "f.yaml")
    assert [str(problem) for problem in reading.problems] == []
    return reading.campaign.contacts


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("https://example.com/%Y/a%20b.csv", "https://example.com/2026/a%20b.csv"),
        ("https://example.com/%C3%85se-%d.csv.gz", None),
        ("https://example.com/%%C3%%85se-%d.csv.gz", "https://example.com/%C3%85se-01.csv.gz"),
        ("https://example.com/x.csv?day=%Y-%m-%d&q=%2F%7E", "https://example.com/x.csv?day=2026-12-01&q=%2F%7E"),
        ("s3://bucket/%B/100%%25.csv", "s3://bucket/December/100%25.csv"),
        ("gs://bucket/due.parquet", "gs://bucket/due.parquet"),
        ("http://127.0.0.1:9000/x.csv", "http://127.0.0.1:9000/x.csv"),
    ],
)
def test_a_percent_encoded_address_survives_its_date(written, asked):
    """`%20b` is a month's name, twenty signs wide, to some machines."""
    asked = asked or "https://example.com/%C3%85se-01.csv.gz"
    contacts = contacts_of(f"  source: '{written}'")
    assert DUE.strftime(contacts.source) == asked
    assert complaints(changed(LINE, f"  source: '{written}'", MINIMAL).decode()) == []


def test_everything_else_about_contacts_is_read_and_not_underlined():
    """Each key by itself may be right, and all together wrong."""
    lines = f"{LINE}\n  region: IN\n  zone_column: tz\n  max_age: 2d"
    contacts = contacts_of(lines)
    assert (contacts.region, contacts.zone_column, contacts.max_age) == ("IN", "tz", timedelta(days=2))
    assert complaints(changed(LINE, lines, MINIMAL).decode()) == []


def test_a_query_may_have_several_lines():
    """They often do."""
    lines = "  sql: |\n    SELECT phone\n    FROM due;\n  database: crm"
    contacts = contacts_of(lines)
    assert (contacts.sql, contacts.database, contacts.source) == ("SELECT phone\nFROM due", "crm", "")
    assert complaints(changed(LINE, lines, MINIMAL).decode()) == []


def test_a_password_in_a_campaign_file_is_not_quoted():
    """What refuses it is told on a screen, and in a log."""
    for line in (
        "  source: https://me:secret1@example.com/x.csv",
        "  sql: select 1\n  database: pg://me:secret1@h/x",
    ):
        assert "secret1" not in " ".join(problems(changed(LINE, line, MINIMAL)))
