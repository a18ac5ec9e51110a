"""What an operator does by clicking: told first, asked once, done once, and an event with who it was."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from callbeat.ledger.tables import BatchRow, CampaignRow, EventRow, RevisionRow, RunRow, SwitchRow
from tests.browser.conftest import Site, Visit
from tests.browser.test_pages import FINISHED, HELD, RUNNING

Open = Callable[..., Visit]
WITH_AND_WITHOUT = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


def _does(page: Page, link: str) -> None:
    """Follow the link to the page that asks, read what it will do, and say yes."""
    page.get_by_role("link", name=re.compile(link, re.IGNORECASE)).first.click()
    expect(page.get_by_role("heading", name="What it will do")).to_be_visible()
    assert page.locator("main li").first.text_content()
    page.get_by_role("button", name=re.compile("^Yes")).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def _last_event(site: Site) -> EventRow:
    with site.ledger.read() as session:
        return session.execute(select(EventRow).order_by(EventRow.id.desc())).scalars().first()


@WITH_AND_WITHOUT
def test_a_campaign_is_paused_and_goes_on(visit: Open, site: Site, scripts: bool):
    """With scripts and without."""
    page = visit("/campaigns/renewal-reminders", java_script_enabled=scripts).page

    def paused() -> bool:
        with site.ledger.read() as session:
            return session.get(CampaignRow, "renewal-reminders").paused_since is not None

    _does(page, "^pause")
    assert paused()
    assert _last_event(site).actor.startswith("dashboard:")
    page.goto(f"{site.address}/campaigns/renewal-reminders")
    _does(page, "^resume")
    assert not paused()


def test_a_held_batch_is_two_clicks_from_the_first_page(visit: Open, site: Site):
    """What needs a person stands first, and leads to where it is said what became of it."""
    page = visit("/").page
    page.get_by_role("link", name=re.compile("what became of it.*delivery-survey")).click()
    expect(page.locator("main")).to_contain_text("the answer to the create was lost")
    page.get_by_role("button", name="Give it up").click()
    page.get_by_role("button", name=re.compile("^Yes")).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    with site.ledger.read() as session:
        batch = session.execute(select(BatchRow).where(BatchRow.key.startswith("delivery-survey"))).scalar_one()
    assert batch.state == "failed"


def test_a_run_is_stopped(visit: Open, site: Site):
    """A wish that the workers carry out."""
    page = visit(f"/runs/{RUNNING}").page
    _does(page, "^stop")
    with site.ledger.read() as session:
        run = session.execute(select(RunRow).where(RunRow.campaign == "fee-reminders")).scalar_one()
    assert run.stop_reason


def test_the_red_button_stops_everything_and_is_lifted(visit: Open, site: Site):
    """It is told on every first page until then."""
    page = visit("/").page
    _does(page, "stop everything")

    def halted() -> bool:
        with site.ledger.read() as session:
            return session.execute(select(SwitchRow.halted_since)).scalar_one() is not None

    assert halted()
    page.goto(site.address)
    expect(page.locator("main")).to_contain_text("stopped")
    _does(page, "begin again|start|lift")
    assert not halted()


def test_a_run_by_hand_is_made_once(visit: Open, site: Site):
    """Whoever clicks twice in haste has asked for it once."""
    page = visit("/campaigns/appointment-check").page
    page.get_by_role("link", name=re.compile("run .*now", re.IGNORECASE)).first.click()
    page.get_by_role("button", name=re.compile("^Yes")).dblclick()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    with site.ledger.read() as session:
        manual = select(RunRow.key).where(RunRow.campaign == "appointment-check", RunRow.manual > 0)
        assert len(session.execute(manual).all()) == 1


def test_a_revision_is_approved(visit: Open, site: Site):
    """Nothing of it runs before."""
    page = visit("/campaigns/win-back").page
    _does(page, "^approve")
    with site.ledger.read() as session:
        approved = select(RevisionRow.approved_by).where(RevisionRow.campaign == "win-back")
        assert session.execute(approved).scalar_one().startswith("dashboard:")


def test_numbers_are_shown_when_asked_for_and_that_is_an_event(visit: Open, site: Site):
    """On that page alone."""
    page = visit(f"/runs/{FINISHED}/calls").page
    assert "+9198765" not in page.content()
    page.get_by_role("button", name=re.compile("numbers", re.IGNORECASE)).click()
    expect(page.locator("main")).to_contain_text("+9198765")
    told = _last_event(site)
    assert told.actor.startswith("dashboard:")
    assert "numbers" in told.why
    page.goto(f"{site.address}/runs/{HELD}/calls")
    assert "+9198765" not in page.content()
