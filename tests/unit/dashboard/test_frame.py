"""Every page stands in the same frame: it leads everywhere, loads only what is ours, and says how it goes on."""

import re
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from callbeat.errors import LedgerError, Refusal
from callbeat.ledger.states import BatchState, RunState
from callbeat.settings import Settings
from dashboard import actions, calls
from dashboard.access import NOBODY, Who, actor, csrf, form, may_act
from dashboard.app import create_app
from dashboard.forms import LARGEST, Forms
from dashboard.pages import templates, time_tag, tone_of
from dashboard.problems import HANDLERS
from tests.factories import DUE


class As:
    """Everybody is this one."""

    def __init__(self, app, who):
        self._app, self._who = app, who

    async def __call__(self, scope, receive, send):
        scope.setdefault("state", {})["who"] = self._who
        await self._app(scope, receive, send)


def a_client(world, who, **endpoints):
    """A page with a form, one that takes it, and whatever else."""

    def show(request: Request):
        return PlainTextResponse(csrf(request))

    def act(request: Request):
        return PlainTextResponse(f"{actor(request)} {form(request).get('run')} {may_act(request)}")

    routes = [Route("/show", show), Route("/actions/act", act, methods=["POST"])]
    routes += [Route(f"/{name}", endpoint, methods=["GET", "POST"]) for name, endpoint in endpoints.items()]
    layers = [Middleware(SessionMiddleware, secret_key="k"), Middleware(As, who), Middleware(Forms)]
    app = Starlette(routes=routes, middleware=layers, exception_handlers=HANDLERS)
    app.state.context = world.context
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def operator(world):
    return a_client(world, Who("ann", acts=True))


def token(client):
    return re.search(r'value="([^"]+)"', client.get("/show").text).group(1)


def test_a_form_of_ours_is_heeded(operator):
    """Its fields and who sent it are there for the handler."""
    told = operator.post("/actions/act", data={"csrf": token(operator), "run": "daily-1"})
    assert (told.status_code, told.text) == (200, "dashboard:ann daily-1 True")


def test_no_post_is_heeded_without_the_proof(operator):
    """Another site's page can post, but it cannot read ours."""
    good = token(operator)
    for data in ({}, {"csrf": ""}, {"csrf": good[:-1]}, {"csrf": "é"}):
        assert operator.post("/actions/act", data=data).status_code == 403
    operator.cookies.clear()
    assert operator.post("/actions/act", data={"csrf": good}).status_code == 403


@pytest.mark.parametrize("where", ["cross-site", "same-site"])
def test_a_browser_that_says_the_form_is_another_sites_is_believed(operator, where):
    """Every port of this machine is the same site."""
    told = operator.post("/actions/act", data={"csrf": token(operator)}, headers={"sec-fetch-site": where})
    assert told.status_code == 403


def test_who_only_reads_posts_nothing(world):
    """Whatever a page forgets to check."""
    reader = a_client(world, Who("eve", acts=False))
    told = reader.post("/actions/act", data={"csrf": token(reader)})
    assert (told.status_code, "You may only look." in told.text) == (403, True)


def test_a_form_that_is_too_large_or_odd_is_not_read_on(operator):
    """Nobody fills the memory of this process."""
    good = token(operator)
    assert operator.post("/actions/act", data={"csrf": good, "run": "x" * LARGEST}).status_code == 413
    assert operator.post("/actions/act", data={"csrf": good} | {f"f{n}": "" for n in range(300)}).status_code == 400
    assert operator.post("/actions/act", content=b"\xff\xfe").status_code == 400
    assert operator.post("/actions/act", data={"csrf": good, "run": "a\0b"}).status_code == 400
    assert operator.post("/actions/act", content=f"csrf={good}&run=\0").status_code == 400


@pytest.mark.parametrize("area", ["", "/calendar", "/runs", "/campaigns", "/actions", "/static", "/login"])
@pytest.mark.parametrize("odd", ["/a%00b", "/x/y%00", "?day=%00", "?campaign=a%00b"])
def test_an_address_with_a_nul_is_told_so(browser, area, odd):
    """No database and no file can be asked for one."""
    told = browser.get(area + odd)
    assert (told.status_code, "This address cannot be read." in told.text) == (400, True)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (LedgerError("the ledger is locked"), 503, "The ledger cannot be read."),
        (Refusal("there is no run x"), 404, "there is no run x."),
        (RuntimeError("a secret"), 500, "This page could not be made."),
    ],
)
def test_what_fails_says_what_happened_and_leads_on(world, error, status, words):
    """A page, and nothing of what only the log should have."""

    def fail(_request: Request):
        raise error

    told = a_client(world, Who("ann", acts=True), fails=fail).get("/fails")
    assert (told.status_code, words in told.text, 'href="/"' in told.text) == (status, True, True)
    assert "a secret" not in told.text


def test_an_action_that_is_refused_is_no_missing_page(world):
    """The state of things forbids it."""

    def fail(_request: Request):
        raise Refusal("it has ended")

    client = a_client(world, Who("ann", acts=True), fails=fail)
    assert client.post("/fails", data={"csrf": token(client)}).status_code == 409


def test_the_first_page_leads_to_all_others_and_says_where_one_is(browser):
    """For eyes and for ears."""
    told = browser.get("/").text
    assert re.findall(r'<a href="(/[a-z]*)"( aria-current="page")?>', told)[:4] == [
        ("/", ' aria-current="page"'), ("/calendar", ""), ("/runs", ""), ("/campaigns", ""),
    ]  # fmt: skip
    assert told.index('href="#main"') < told.index("<nav") < told.index('id="main"')


def test_an_address_without_a_page_says_so(browser):
    """And HEAD asks for the same without the words."""
    told = browser.get("/no-such-page")
    assert (told.status_code, "There is nothing here." in told.text) == (404, True)
    assert (browser.head("/").status_code, browser.head("/").text) == (200, "")


def test_style_is_kept_by_browsers_for_as_long_as_it_is_the_same(browser):
    """Its address has what is in it."""
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', browser.get("/").text):
        assert "immutable" in browser.get(address).headers["cache-control"]
        assert browser.get(address.split("?")[0]).headers["cache-control"] == "no-cache"


def test_an_instant_is_told_in_the_campaigns_zone_and_in_utc():
    """With the day, where it is another one."""
    late = DUE + timedelta(hours=15)
    assert "2026-12-01 10:30 Asia/Kolkata (05:00 UTC)" in time_tag(DUE, "Asia/Kolkata")
    assert "2026-12-02 01:30 Asia/Kolkata (2026-12-01 20:00 UTC)" in time_tag(late, "Asia/Kolkata")
    assert time_tag(DUE.isoformat()) == '<time datetime="2026-12-01T05:00:00Z">2026-12-01 05:00 UTC</time>'
    assert time_tag(None) == ""


def test_every_final_state_but_those_by_wish_has_a_colour():
    """What needs somebody stands out."""
    assert {state for state in (*RunState, *BatchState) if tone_of(state) == "bad"} >= {"failed", "missed"}
    assert tone_of(BatchState.HELD) == "attention"


def test_parts_say_it_in_words_too():
    """Nothing is told by its colour alone."""
    used = '{% from "parts.html" import badge, count %}{{ badge("no_answer", "too_late") }} {{ count(n, "call") }}'
    told = [templates().from_string(used).render(n=n) for n in (1, 1200)]
    assert 'plain">no answer</strong> <span class="why">(too late)</span>' in told[0]
    assert [one.rsplit("</strong>")[-1][-10:] for one in told] == ["span> call", "pan> calls"]
    assert ">1,200<" in told[1]


def test_health_says_whether_the_ledger_can_be_read(world, browser):
    """Without a page."""
    assert browser.get("/health").status_code == 204


@pytest.mark.parametrize("path", ["/actions/stop-all", "/runs/x/calls", "/runs/x/calls/numbers"])
@pytest.mark.parametrize(("acts", "refused"), [(True, False), (False, True)])
def test_what_acts_asks_by_itself_who_may(world, path, acts, refused):
    """Even if nothing that stands in front of it did."""
    layers = [Middleware(SessionMiddleware, secret_key="k"), Middleware(As, Who("ann", acts=acts))]
    app = Starlette(routes=[*actions.ROUTES, *calls.ROUTES], middleware=layers, exception_handlers=HANDLERS)
    app.state.context = world.context
    told = TestClient(app, raise_server_exceptions=False).post(path)
    assert told.status_code == (403 if refused else 409)


@pytest.fixture
def no_ledger(world, monkeypatch):
    """It does not answer, and says where it is."""

    def fail():
        raise LedgerError("ledger.internal does not answer")

    monkeypatch.setattr(world.context.ledger, "revision", fail)


def test_health_says_nothing_of_a_ledger_that_does_not_answer(browser, no_ledger):
    """It asks nobody who they are; the log has it."""
    with capture_logs() as lines:
        told = browser.get("/health")
    assert (told.status_code, told.text) == (503, "")
    assert [line["event"] for line in lines] == ["dashboard.ledger_unreachable"]


@pytest.mark.parametrize(("who", "told_why"), [(NOBODY, False), (Who("ann", acts=False), True)])
def test_where_the_ledger_is_is_told_to_those_who_are_known_only(world, who, told_why):
    """A page that needs no login may fail as well."""

    def fail(_request: Request):
        raise LedgerError("ledger.internal does not answer")

    told = a_client(world, who, fails=fail).get("/fails")
    assert (told.status_code, "ledger.internal" in told.text) == (503, told_why)


def test_the_application_has_what_pages_need(world):
    """Its settings and its context."""
    assert create_app(Settings(), world.context).state.context is world.context
