"""A dashboard that others can reach: a password, a role that only looks, and a way out."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from dashboard.passwords import hashed
from tests.browser.conftest import Site, Visit, serving
from tests.browser.lived import live

Open = Callable[..., Visit]
OPERATOR, READER = "horse staple battery", "only looking today"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One that asks who is there."""
    folder = tmp_path_factory.mktemp("guarded")
    hashes = {"PASSWORD_HASH": hashed(OPERATOR), "READER_HASH": hashed(READER)}
    told = {f"CALLBEAT_DASHBOARD__{name}": value for name, value in hashes.items()}
    with serving(folder, live(folder), **told) as made:
        yield made


def _log_in(page: Page, password: str) -> None:
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


def test_whoever_has_no_password_sees_nothing(visit: Open):
    """Every page leads to the login, a wrong password goes no further, and says so."""
    page = visit("/campaigns/renewal-reminders").page
    assert "/login" in page.url
    assert "renewal-reminders" not in page.locator("main").inner_text()
    _log_in(page, "guessed")
    expect(page.locator("main")).to_contain_text(re.compile("not|wrong", re.IGNORECASE))
    assert "/login" in page.url


def test_an_operator_comes_to_the_page_that_was_wanted_and_leaves(visit: Open, site: Site):
    """And what was open is closed then."""
    page = visit("/campaigns/renewal-reminders").page
    _log_in(page, OPERATOR)
    expect(page.get_by_role("heading", level=1)).to_contain_text("renewal-reminders")
    expect(page.get_by_role("link", name=re.compile("^pause", re.IGNORECASE)).first).to_be_visible()
    page.get_by_role("button", name=re.compile("log out", re.IGNORECASE)).click()
    page.goto(f"{site.address}/campaigns/renewal-reminders")
    assert "/login" in page.url


def test_who_only_looks_is_offered_nothing_else(visit: Open, site: Site):
    """Nor is it done when the address of an action is known."""
    page = visit("/campaigns/renewal-reminders").page
    _log_in(page, READER)
    expect(page.get_by_role("heading", level=1)).to_contain_text("renewal-reminders")
    assert page.get_by_role("link", name=re.compile("^(pause|run it|approve)", re.IGNORECASE)).count() == 0
    answer = page.goto(f"{site.address}/actions/pause?campaign=renewal-reminders")
    assert answer is not None
    assert answer.status == 403
