"""A dashboard as a process, over an installation that has lived, and a real browser before it."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from callbeat.ledger.store import Ledger
from callbeat.runs.context import open_context
from callbeat.runs.heartbeat import Heartbeat
from callbeat.settings import Settings
from tests.browser.lived import environment, live
from tests.integration.waiting import until
from tests.integration.warm import start

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# It asks nobody else for anything: no updates, no lists of bad sites, no variations.
ALONE = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """A dashboard at work: where it is, and the ledger that it shows."""

    address: str
    ledger: Ledger
    log: Path


@dataclass
class Visit:
    """A page in the browser, and what should not have happened while it was open."""

    page: Page
    context: BrowserContext
    address: str
    complaints: list[str] = field(default_factory=list)
    loaded: dict[str, int] = field(default_factory=dict)  # bytes by address, as they went over the wire

    def go(self, path: str) -> Page:
        """The page of that path, loaded."""
        answer = self.page.goto(self.address + path)
        assert answer is not None
        assert answer.ok or answer.status == 404, f"{path}: {answer.status}"
        return self.page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium; `make test` installs it."""
    expect.set_options(timeout=20_000)  # of a busy machine; what comes sooner is seen sooner
    assert CHROMIUM, "there is no chromium: run tests/browser/install, or install it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ALONE)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visit]]:
    """Opens pages; at the end nobody may have complained, and nobody else have been asked."""
    made: list[Visit] = []

    def one(path: str = "/", *, address: str = "", width: int = 1280, **wishes: Any) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": 900}, **wishes)
        context.set_default_timeout(15_000)
        made.append(_watched(Visit(context.new_page(), context, address or site.address)))
        made[-1].go(path)
        return made[-1]

    yield one
    for visited in made:
        visited.context.close()
    assert [complaint for visited in made for complaint in visited.complaints] == []


def _watched(visit: Visit) -> Visit:
    """Scripts that fail, what the content security policy refuses, and requests to anybody else."""

    def asked(request: Any) -> None:
        if not request.url.startswith((visit.address, "data:")):
            visit.complaints.append(f"asked {request.url}")

    def came(answer: Any) -> None:
        visit.loaded[answer.url] = int(answer.headers.get("content-length", 0))
        if answer.status >= 500:
            visit.complaints.append(f"{answer.status} {answer.url}")

    def said(message: Any) -> None:
        answered = "server responded with a status of 4" in message.text  # the page says what that is about
        if message.type in ("error", "warning") and not answered:
            visit.complaints.append(message.text)

    visit.page.on("request", asked)
    visit.page.on("response", came)
    visit.page.on("console", said)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    return visit


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for the tests of a module: those that change something change something of their own."""
    folder = tmp_path_factory.mktemp("site")
    with serving(folder, live(folder)) as made:
        yield made


@contextmanager
def serving(folder: Path, home: Path, **settings: str) -> Iterator[Site]:
    """A dashboard over that home; a beat's heart beats beside it."""
    told = environment(home) | settings
    log, ledger, over = folder / "dashboard.log", Ledger(f"sqlite:///{home / 'callbeat.db'}"), threading.Event()
    beat = threading.Thread(target=_beat, args=(home, over))
    beat.start()
    process = start(["dashboard", "--port", "0"], folder, told | {"CALLBEAT_LOG": "json"}, log, log)
    try:
        yield Site(until(lambda: _address(log), "the dashboard listens", told=log.read_text), ledger, log)
    finally:
        process.terminate()
        over.set()
        beat.join()
        process.wait(20)
        ledger.close()


def _address(log: Path) -> str | None:
    """From the line of its log that says so."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if "dashboard.listening" in line]
    return str(lines[0]["address"]).rstrip("/") if lines else None


def _beat(home: Path, over: threading.Event) -> None:
    """What a page must not call silent, without the broker that a whole beat needs."""
    told = {name.removeprefix("CALLBEAT_").lower(): value for name, value in environment(home).items()}
    clock = {name.removeprefix("clock__"): value for name, value in told.items() if name.startswith("clock__")}
    settings = Settings(_env_file=None, home=home, clock=clock)
    heart = Heartbeat(open_context(settings, lambda _task, _ids: None))
    while not over.wait(1.0):
        heart()
