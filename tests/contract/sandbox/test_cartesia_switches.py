"""Cartesia's switches as a whole, its records, and that its README tells the same as it does."""

import re

import pytest

from tests.contract.sandbox.asking import ROOT
from tests.contract.sandbox.cartesia_asking import AGENT, a_fresh_client, ending

DEFAULTS = {
    "versions": ["2026-03-01", "2026-08-14"],
    "missing_version": "refuse",
    "recipient_limit": 5000,
    "unknown_fields": "ignore",
    "metadata_limit_bytes": 1024 * 1024,
    "region_needs_sip_trunk": True,
    "unknown_agents": [],
    "unknown_numbers": [],
    "quota_exceeded": False,
    "organization_concurrency": 20,
    "dials_per_second": None,
    "default_limit": 10,
    "retry_counters": "drop",
    "empty_retry": "accept",
    "failed_reserved": False,
    "call_statuses": "current",
    "call_metadata": True,
    "call_start": "dialled",
    "agent_webhooks": {},
    "rate_limit_per_minute": None,
}
README = ROOT / "sandbox" / "cartesia" / "README.md"


@pytest.fixture
def cartesia(address):
    with a_fresh_client(address) as one:
        yield one


def test_the_defaults_are_what_the_newest_documents_say(cartesia):
    """Contradictions are switched on purpose, never by chance."""
    assert cartesia.control.get("/switches").json()["cartesia"] == DEFAULTS


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [
        ({"nonsense": True}, "nonsense"),
        ({"recipient_limit": 2000}, "recipient_limit"),
        ({"versions": []}, "versions"),
        ({"versions": ["2025-04-16"]}, "versions"),
        ({"organization_concurrency": 0}, "organization_concurrency"),
        ({"dials_per_second": 0}, "dials_per_second"),
        ({"default_limit": 101}, "default_limit"),
        ({"quota_exceeded": True, "retry_counters": "x"}, "retry_counters"),
    ],
)
def test_an_unknown_or_unfit_switch_changes_nothing(cartesia, wish, complaint):
    """All of a wish or none of it, and what was wrong in words."""
    answer = cartesia.control.post("/switches", json={"provider": "cartesia", **wish})
    assert answer.status_code == 422
    assert complaint in answer.json()["detail"]
    assert cartesia.control.get("/switches").json()["cartesia"] == DEFAULTS


def test_a_dial_tells_all_about_itself(cartesia):
    """It is the proof that nobody was rung twice."""
    batch = cartesia.created(*ending(0))
    assert cartesia.dials() == [
        {
            "provider": "cartesia",
            "batch": batch,
            "label": "March outreach",
            "agent": AGENT,
            "number": ending(0)[0],
            "at": "2026-12-01T12:00:00+00:00",
            "attempt": 1,
        }
    ]


def test_reset_forgets_everything(cartesia):
    """Tests share a process but nothing else."""
    cartesia.created()
    cartesia.switch(recipient_limit=1000)
    cartesia.control.post("/reset")
    assert (cartesia.dials(), cartesia.listed()) == ([], [])
    assert cartesia.control.get("/switches").json()["cartesia"] == DEFAULTS


def test_the_page_shows_its_batches_and_stories(cartesia):
    """Beside those of the others."""
    batch = cartesia.created(*ending(0, 2), name="<b>label</b>")
    page = cartesia.control.get("/").text
    for piece in (
        "not Bolna",
        "Cartesia",
        f"{cartesia.api.base_url}".rstrip("/"),
        batch,
        "&lt;b&gt;label",
        "2 dispatched",
    ):
        assert piece in page
    assert "<b>label" not in page


def test_the_readme_tells_the_same_stories_and_switches(cartesia):
    """Whoever picks a number by the table must get that story."""
    readme = README.read_text(encoding="utf-8")
    page = cartesia.control.get("/").text
    stories = page.partition("<h3>cartesia</h3>")[2].partition("</table>")[0]
    endings = re.findall(r"<tr><td>([^<]*)</td><td>([^<]*)</td></tr>", stories)
    assert len(endings) == 18
    for digits, _ in endings[:-1]:
        assert re.search(rf"^\| {digits}[, |]", readme, re.MULTILINE), digits
    for name in DEFAULTS:
        assert f"| `{name}` |" in readme, name
