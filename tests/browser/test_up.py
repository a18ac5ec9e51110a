"""`callbeat up --sandbox`, left alone for some pretended hours: what operators ask is answered in two clicks."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from callbeat.ledger.store import Ledger
from callbeat.runs import report
from tests.browser.conftest import Site, Visit
from tests.integration.campaign_files import a_campaign, as_csv, as_yaml
from tests.integration.processes import kill_all
from tests.integration.test_up import Up
from tests.integration.waiting import until

Open = Callable[..., Visit]
PEOPLE = ["+12025550101", "+12025550160", "+12025550101", "not a number"]
OFTEN = {"cron": "*/20 * * * *", "lead": "15m", "late": "10m"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Everything at work, until runs of its campaigns are over: one calls, one cannot."""
    folder = tmp_path_factory.mktemp("up")
    campaigns, contacts = folder / "config/campaigns", folder / "config/contacts"
    for made in (campaigns, contacts):
        made.mkdir(parents=True)
    (contacts / "people.csv").write_text(as_csv(PEOPLE))
    for name, over in (("reminders", {}), ("nobody-there", {"contacts": {"source": "contacts/none.csv"}})):
        source = {"contacts": {"source": "contacts/people.csv"}, "schedule": OFTEN} | over
        (campaigns / f"{name}.yaml").write_text(as_yaml(a_campaign(name, **source)))
    (campaigns / "unfinished.yaml").write_text("name: unfinished\n")
    up = Up(folder)
    up.start("callbeat up --sandbox --speed 150")
    try:
        address, ledger = up.address("dashboard"), Ledger(f"sqlite:///{up.home / 'callbeat.db'}")
        until(lambda: _has_lived(ledger), "some hours have passed", told=up.story)
        yield Site(address, ledger, up.told)
        ledger.close()
    finally:
        kill_all(up.mark, folder)
        assert up.process is not None
        up.process.wait(10)


def _has_lived(ledger: Ledger) -> bool:
    states = {(run["campaign"], run["state"]) for run in report.runs(ledger)}
    return {("reminders", "finished"), ("nobody-there", "failed")} <= states


def test_what_will_happen_today_is_on_the_first_page(visit: Open):
    """Each due time with when the provider starts, and the calendar one click on."""
    page = visit("/").page
    coming = page.locator("section", has=page.get_by_role("heading", name="What comes next"))
    expect(coming.get_by_role("link", name="reminders", exact=True).first).to_be_visible()
    page.get_by_role("link", name="Calendar", exact=True).click()
    expect(page.locator("main")).to_contain_text("reminders")


def test_what_needs_me_is_the_first_thing_and_says_what_to_do(visit: Open):
    """A file that cannot be read, and runs that failed."""
    page = visit("/").page
    needs = page.locator("section", has=page.get_by_role("heading", name="What needs you"))
    expect(needs).to_contain_text("unfinished")
    expect(needs).to_contain_text("none.csv")
    needs.get_by_role("link", name=re.compile("What was said of it.*nobody-there")).first.click()
    expect(page.locator("main")).to_contain_text("none.csv")


def test_what_happened_and_who_was_not_called_and_why_is_two_clicks_away(visit: Open, site: Site):
    """Runs, a run: its picture, its events; and each row that was left out with its reason."""
    page = visit("/").page
    page.get_by_role("link", name="Runs", exact=True).click()
    finished = next(run for run in report.runs(site.ledger, campaign="reminders") if run["state"] == "finished")
    page.goto(f"{site.address}/runs?campaign=reminders&state=finished")
    page.get_by_role("link", name=finished["run"]).click()
    rows = page.locator("table.funnel")
    for words in ("invalid", "duplicate", "to call"):
        expect(rows).to_contain_text(words)
    expect(page.locator("main")).to_contain_text("every batch is final")
    page.get_by_role("link", name="Its calls").click()
    expect(page.locator("main")).to_contain_text("duplicate")
