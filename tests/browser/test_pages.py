"""Every page in a real browser: for everybody, on every screen, with and without scripts, asking nobody else."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Visit

FINISHED = quote("renewal-reminders@20261201T0430Z")
RUNNING = quote("fee-reminders@20261201T0550Z")
HELD = quote("delivery-survey@20261201T0330Z")
PAGES = {
    "today": "/",
    "calendar": "/calendar",
    "runs": "/runs",
    "finished run": f"/runs/{FINISHED}",
    "running run": f"/runs/{RUNNING}",
    "held run": f"/runs/{HELD}",
    "calls": f"/runs/{FINISHED}/calls",
    "campaigns": "/campaigns",
    "campaign": "/campaigns/renewal-reminders",
    "nothing there": "/nothing-there",
}
SERIOUS = ("serious", "critical")
FIRST_PAGE = 100_000  # bytes, without fonts: there are none
Open = Callable[..., Visit]
every_page = pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)


@every_page
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)], ids=["light", "dark, on a phone"])
def test_everybody_can_use_it(visit: Open, path: str, scheme: str, width: int):
    """By axe's rules, in both colour schemes; and on a phone nothing sticks out of the page."""
    page = visit(path, width=width, color_scheme=scheme).page
    assert _findings(page) == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width


def _findings(page: object) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in SERIOUS]


@every_page
def test_it_says_the_same_without_scripts(visit: Open, path: str):
    """Headings, links and forms are what the server sent."""

    def said(**wishes: object) -> list[str]:
        page = visit(path, **wishes).page
        return page.locator("main h1, main h2, main a, main button, main th").all_text_contents()

    plain = said(java_script_enabled=False)
    assert plain
    assert [words for words in said() if words.strip()] == [words for words in plain if words.strip()]


def test_the_first_page_is_small_and_asks_nobody_else(visit: Open):
    """What `visit` sees at its end: a request to anybody else fails the test."""
    visited = visit("/")
    visited.page.wait_for_timeout(500)
    assert 2_000 < sum(visited.loaded.values()) < FIRST_PAGE


def test_the_keyboard_begins_with_what_the_page_says(visit: Open):
    """The first stop skips what is the same on all pages, and shows where one is."""
    page = visit("/").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_no_page_shows_whole_numbers_or_names(visit: Open):
    """They are in the ledger, and nobody asked for them."""
    for path in PAGES.values():
        html = visit(path).page.content()
        assert "Secret Name" not in html
        assert "+9198765" not in html
