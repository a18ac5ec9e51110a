"""Pages that change by themselves: while somebody looks, and without taking away what they are at."""

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import select

from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import BatchRow, RunRow
from tests.browser.conftest import Site, Visit
from tests.browser.lived import NOW

Open = Callable[..., Visit]
RUNNING = "fee-reminders@20261201T0550Z"


def _ends(site: Site) -> None:
    """As a worker would write it."""
    with site.ledger.write() as writer:
        batch = writer.session.execute(select(BatchRow).where(BatchRow.key == f"{RUNNING}/1")).scalar_one()
        run = writer.session.execute(select(RunRow).where(RunRow.key == RUNNING)).scalar_one()
        for row in (batch, run):
            writer.session.expunge(row)
        writer.move(batch, BatchState.FINISHED, at=NOW + timedelta(minutes=1), why="every call is accounted for")
        writer.move(run, RunState.FINISHED, at=NOW + timedelta(minutes=1), why="every call is accounted for")


def test_what_ends_is_seen_without_a_reload_and_the_focus_stays(visit: Open, site: Site):
    """On all pages that are open; the keyboard is where it was."""
    today = visit("/").page
    expect(today.locator("#live")).to_have_text("Live")
    running = today.locator("section", has=today.get_by_role("heading", name="Running now"))
    expect(running).to_contain_text(RUNNING)
    stays = today.get_by_role("link", name="Calendar", exact=True)
    held = running.get_by_role("link", name="delivery-survey")
    held.focus()
    _ends(site)
    expect(running).not_to_contain_text(RUNNING)
    expect(held).to_be_focused()
    expect(stays).to_be_visible()


def test_a_page_with_a_form_that_somebody_fills_is_left_alone(visit: Open, site: Site):
    """It says that it has changed instead."""
    page = visit("/runs").page
    expect(page.locator("#live")).to_have_text("Live")
    field = page.get_by_label("Campaign")
    field.fill("delivery")
    with site.ledger.write() as writer:
        run = writer.session.execute(select(RunRow).where(RunRow.campaign == "delivery-survey")).scalar_one()
        writer.session.expunge(run)
        writer.note(run, at=NOW, why="looked at by hand")
    expect(page.locator("#live")).to_contain_text("has changed")
    expect(field).to_have_value("delivery")


def test_a_page_that_is_connected_again_shows_what_changed_meanwhile(visit: Open, site: Site):
    """Nobody tells it: of a change before the connection there is no event."""
    seen = visit("/")
    hello = "retry: 200\nevent: hello\ndata:\n\n"
    seen.context.route("**/live", lambda route: route.fulfill(content_type="text/event-stream", body=hello))
    page = seen.go(f"/runs/{RUNNING}")
    with site.ledger.write() as writer:
        run = writer.session.execute(select(RunRow).where(RunRow.key == RUNNING)).scalar_one()
        writer.session.expunge(run)
        writer.note(run, at=NOW, why="written while nobody was connected")
    expect(page.locator("main")).to_contain_text("written while nobody was connected")
