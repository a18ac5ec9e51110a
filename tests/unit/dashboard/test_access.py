"""Who gets in and what they may do there: a table of every address, and each way to be somebody else."""

import re
import stat

import pytest
from argon2 import PasswordHasher
from starlette.routing import Route
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from callbeat.errors import SettingsError
from callbeat.settings import DashboardSettings, Settings, load_settings
from dashboard.app import AREAS, create_app
from dashboard.door import OF_A_PROXY, Door, session_secret
from dashboard.headers import HEADERS
from dashboard.login import OF_ALL, OF_ONE, Attempts
from dashboard.passwords import SHORTEST, fits, hashed

OPERATOR, READER = "of those who may act", "of those who may look"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
KEPT = {"password_hash": CHEAP.hash(OPERATOR), "reader_hash": CHEAP.hash(READER)}
PROXY = {"proxy_header": "X-User", "proxy_from": "10.0.0.5, 10.1.0.0/16"}
ROUTES = [route for area in AREAS for route in area.ROUTES]
LOOKS = sorted({route.path for route in ROUTES if "GET" in (route.methods or ())} - {"/login", "/live"})
ACTS = sorted({route.path for route in ROUTES if "POST" in (route.methods or ())} - {"/login", "/logout"})
SECRET = "s" * 40


def a_browser(world, host="0.0.0.0", address="192.0.2.7", base="http://calls.example.com", **over):
    settings = Settings(dashboard=DashboardSettings(**over))
    app = create_app(settings, world.context, host=host, secret=SECRET)
    return TestClient(app, base, raise_server_exceptions=False, follow_redirects=False, client=(address, 50000))


def proof(client, page="/login"):
    return re.search(r'name="csrf" value="([^"]+)"', client.get(page).text).group(1)


def log_in(client, password, **more):
    return client.post("/login", data={"csrf": proof(client), "password": password, **more})


@pytest.fixture
def browser(world):
    """From elsewhere, where there are two passwords."""
    with a_browser(world, **KEPT) as client:
        yield client


@pytest.fixture
def somebody(browser):
    """Logs in as one of the roles."""

    def become(password):
        assert log_in(browser, password).status_code == 303
        return browser

    return become


def filled(path):
    return re.sub(r"\{[^}]+\}", "x", path)


@pytest.mark.parametrize("path", LOOKS)
def test_nobody_sees_any_page_without_a_login(browser, path):
    """Each leads to the login, and back."""
    told = browser.get(filled(path))
    assert (told.status_code, told.headers["location"].startswith("/login?next=%2F")) == (303, True)


@pytest.mark.parametrize("path", [*ACTS, "/actions/anything"])
@pytest.mark.parametrize(
    ("who", "with_proof", "heeded"),
    [(None, True, False), (READER, True, False), (OPERATOR, False, False), (OPERATOR, True, True)],
    ids=["nobody", "reader", "operator-without-proof", "operator"],
)
def test_only_who_may_act_acts_and_only_from_our_forms(browser, path, who, with_proof, heeded):
    """Every address that takes a POST; what is heeded has got as far as its handler, or to no such page."""
    page = "/login"
    if who is not None:
        log_in(browser, who)
        page = "/"
    good = proof(browser, page)
    told = browser.post(filled(path), data={"csrf": good if with_proof else good[::-1]})
    assert (told.status_code not in (401, 403)) == heeded, told.status_code


def test_a_reader_sees_pages_and_is_told_that_they_only_look(somebody):
    """And may log out."""
    reader = somebody(READER)
    assert "who may only look" in reader.get("/").text
    assert reader.post("/logout", data={"csrf": proof(reader, "/")}).status_code == 303
    assert reader.get("/").status_code == 303


@pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "/\nx", ""])
def test_the_login_leads_to_no_other_site(browser, wanted):
    """A link in a mail would seem to be ours."""
    assert log_in(browser, OPERATOR, next=wanted).headers["location"] == "/"


def test_the_login_leads_back(browser):
    """To the page that was asked for."""
    address = browser.get("/runs?state=held").headers["location"]
    assert address == "/login?next=%2Fruns%3Fstate%3Dheld"
    assert 'value="/runs?state=held"' in browser.get(address).text
    assert log_in(browser, OPERATOR, next="/runs?state=held").headers["location"] == "/runs?state=held"


def test_a_wrong_password_is_nobodys(browser):
    """And what was typed stands nowhere."""
    with capture_logs() as lines:
        told = log_in(browser, "a wrong password")
    assert (told.status_code, browser.get("/").status_code) == (403, 303)
    assert "a wrong password" not in told.text + str(lines)
    assert [line["event"] for line in lines] == ["dashboard.login_failed"]


def test_a_session_is_a_new_one_after_the_login(browser):
    """Whoever knew the one before knows nothing."""
    before = proof(browser)
    log_in(browser, OPERATOR)
    assert proof(browser, "/") != before


def test_a_copied_cookie_ends_with_its_session(somebody):
    """Logging out is for every place it may have got to."""
    browser = somebody(OPERATOR)
    copied = dict(browser.cookies)
    browser.post("/logout", data={"csrf": proof(browser, "/")})
    browser.cookies.update(copied)
    assert browser.get("/").status_code == 303


def test_a_changed_password_ends_the_sessions_of_the_old_one(world, somebody):
    """That is what it is changed for."""
    cookies = dict(somebody(OPERATOR).cookies)
    same = a_browser(world, **KEPT)
    same.cookies.update(cookies)
    assert same.get("/").status_code == 200
    changed = a_browser(world, password_hash=CHEAP.hash("another password"), reader_hash=KEPT["reader_hash"])
    changed.cookies.update(cookies)
    assert changed.get("/").status_code == 303


def test_a_forged_cookie_opens_nothing(somebody):
    """It is signed."""
    browser = somebody(READER)
    ((name, value),) = browser.cookies.items()
    browser.cookies.clear()
    browser.cookies.set(name, "eyJyb2xlIjogIm9wZXJhdG9yIn0=" + value[value.index(".") :])
    assert browser.get("/").status_code == 303


def test_cookies_are_for_nobody_else(world):
    """No script reads them, no other site's form sends them, and where there is TLS they never go without it."""
    for url, secure in (("https://calls.example.com", True), ("http://calls.example.com", False)):
        cookie = a_browser(world, **KEPT, url=url).get("/login").headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert ("secure" in cookie) == secure


def test_attempts_are_limited_by_address_and_overall(browser):
    """And told in the log, once each, with the address."""
    with capture_logs() as lines:
        answers = [log_in(browser, "a wrong password").status_code for _ in range(OF_ONE.amount + 1)]
    assert answers == [403] * OF_ONE.amount + [429]
    assert lines[-1] | {"address": "192.0.2.7"} == lines[-1]
    assert log_in(browser, OPERATOR).status_code == 429
    attempts = Attempts()
    assert [attempts.one_more(f"192.0.2.{n}") for n in range(OF_ALL.amount + 1)] == [True] * OF_ALL.amount + [False]


def test_one_machine_with_many_addresses_is_one(world):
    """Of IPv6 everybody has a network."""
    others = (a_browser(world, address=f"2001:db8::{n}", **KEPT) for n in range(2))
    first, second = others
    second.app.state.attempts = first.app.state.attempts
    answers = [log_in(one, "a wrong password").status_code for one in (first, second) * 3]
    assert answers.count(429) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "dashboard.internal"])
def test_nobody_listens_elsewhere_without_asking(world, host):
    """It says what to set."""
    with pytest.raises(SettingsError, match="CALLBEAT_DASHBOARD__PASSWORD_HASH"):
        a_browser(world, host)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_this_machine_nobody_is_asked_unless_there_is_a_password(world, host):
    """Whoever sets one means it."""
    here = a_browser(world, host, base="http://localhost:8720")
    assert (here.get("/").status_code, here.get("/login").headers["location"]) == (200, "/")
    assert a_browser(world, host, base="http://localhost:8720", **KEPT).get("/").status_code == 303


@pytest.mark.parametrize(
    ("host", "name"),
    [("127.0.0.2", "127.0.0.2:8720"), ("::1", "[::1]"), ("0:0:0:0:0:0:0:1", "[0:0:0:0:0:0:0:1]:8720")],
)
def test_where_it_listens_is_a_name_of_it(world, host, name):
    """This machine has more than one address of its own."""
    client = a_browser(world, host, base="http://localhost:8720")
    assert client.get("/", headers={"host": name}).status_code == 200
    assert client.get("/", headers={"host": "127.0.0.3"}).status_code == 400


def test_an_address_of_elsewhere_needs_a_password_here_too(world):
    """It leads to a proxy on this machine, which hands on whoever comes."""
    with pytest.raises(SettingsError, match="CALLBEAT_DASHBOARD__PASSWORD_HASH"):
        a_browser(world, "127.0.0.1", url="https://calls.example.com")
    here = a_browser(world, "127.0.0.1", base="http://localhost:8720", url="http://localhost:8720")
    assert here.get("/").status_code == 200


@pytest.mark.parametrize("name", OF_A_PROXY)
def test_what_a_proxy_hands_on_is_not_of_this_machine(world, name):
    """Unless who comes is asked who they are."""
    told = a_browser(world, "127.0.0.1", base="http://localhost:8720").get("/", headers={name: "192.0.2.7"})
    assert (told.status_code, "CALLBEAT_DASHBOARD__PASSWORD_HASH" in told.text) == (403, True)
    asked = a_browser(world, "127.0.0.1", base="http://localhost:8720", **KEPT)
    assert asked.get("/", headers={name: "192.0.2.7"}).headers["location"] == "/login?next=%2F"


@pytest.mark.parametrize("name", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", ""])
def test_on_this_machine_it_is_asked_for_by_our_names_only(world, name):
    """A page of elsewhere may have its own name lead to this machine, and read ours then."""
    client = a_browser(world, "127.0.0.1", base="http://127.0.0.1:8720", url="https://calls.example.com", **KEPT)
    assert client.get("/", headers={"host": name}).status_code == 400
    for good in ("localhost:8720", "127.0.0.1", "[::1]:8720", "calls.example.com"):
        assert client.get("/", headers={"host": good}).status_code == 303, good


def test_a_trusted_proxy_says_who_asks(world):
    """Operators act, others look."""
    of = {"operators": "ann, bob", **PROXY}
    for name, words in (("ann", "ann"), ("eve", "eve, who may only look")):
        told = a_browser(world, address="10.1.2.3", **of).get("/", headers={"x-user": name})
        assert (told.status_code, words in told.text) == (200, True)
    told = a_browser(world, address="::ffff:10.0.0.5", **PROXY).get("/", headers={"x-user": "eve"})
    assert "may only look" not in told.text


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.0.2.7", [("x-user", "ann")]),
        ("10.0.0.5", []),
        ("10.0.0.5", [("x-user", "")]),
        ("10.0.0.5", [("x-user", "ann"), ("x-user", "eve")]),
        ("not-an-address", [("x-user", "ann")]),
    ],
)
@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_nobody_else_is_believed_a_name(world, host, address, headers):
    """Whoever asks can send a header."""
    client = a_browser(world, host, address=address, base="http://localhost", **PROXY)
    assert client.get("/", headers=headers).status_code == 403


def test_every_answer_has_the_headers_that_keep_others_out(browser):
    """Pages, what is missing, what is refused, what fails; style says itself for how long it is kept."""
    for path in ("/login", "/", "/no-such-page", "/health", "/static/callbeat.css", "/static/none.css"):
        told = browser.get(path)
        for name, value in HEADERS.items():
            assert told.headers[name] == value or (name == "cache-control" and path.startswith("/static")), path
    assert "unsafe" not in HEADERS["content-security-policy"]
    browser.app.router.routes.insert(0, Route("/login", lambda _request: 1 / 0))
    told = browser.get("/login")
    assert (told.status_code, HEADERS.items() <= dict(told.headers).items()) == (500, True)


@pytest.mark.parametrize(
    ("mode", "dest", "status"),
    [("no-cors", "image", 403), ("navigate", "iframe", 403), ("cors", "empty", 403), ("navigate", "document", 200)],
)
def test_pages_of_other_sites_make_us_do_nothing(world, mode, dest, status):
    """A link in a message leads here still; health and style cost nothing."""
    here = a_browser(world, "127.0.0.1", base="http://localhost:8720")
    sent = {"sec-fetch-site": "cross-site", "sec-fetch-mode": mode, "sec-fetch-dest": dest}
    assert here.get("/calendar", headers=sent).status_code == status
    assert here.get("/health", headers=sent).status_code == 204
    assert here.get("/static/callbeat.css", headers=sent).status_code == 200
    assert here.get("/calendar", headers=sent | {"sec-fetch-site": "same-origin"}).status_code == 200


def test_health_and_style_are_for_everybody(browser):
    """A probe has no password."""
    assert browser.get("/health").status_code == 204
    assert browser.get("/static/callbeat.css").status_code == 200


def test_a_password_is_kept_so_that_it_cannot_be_read():
    """And a short one is refused."""
    kept = hashed("a password of length")
    assert DashboardSettings(password_hash=kept).password_hash.get_secret_value() == kept
    assert fits(kept, "a password of length")
    assert not fits(kept, "a password of another length")
    assert not fits("no hash at all", "x")
    with pytest.raises(ValueError, match=str(SHORTEST)):
        hashed("x" * (SHORTEST - 1))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PASSWORD_HASH", "the password itself"),
        ("PROXY_HEADER", "X-User"),
        ("PROXY_FROM", "10.0.0.5"),
        ("PROXY_FROM", "somewhere"),
        ("SECRET", "short"),
        ("URL", "calls.example.com"),
    ],
)
def test_a_setting_that_would_let_in_anybody_is_refused(monkeypatch, variable, value):
    """By its name, and without showing it."""
    monkeypatch.setenv(f"CALLBEAT_DASHBOARD__{variable}", value)
    with pytest.raises(SettingsError, match="CALLBEAT_DASHBOARD") as caught:
        load_settings()
    assert "the password itself" not in str(caught.value)


def test_what_signs_sessions_is_made_once_for_its_owner_only(tmp_path):
    """So that nobody has to log in again when it is started again."""
    settings = Settings(home=tmp_path / "home")
    made = session_secret(settings)
    file = tmp_path / "home" / "dashboard.secret"
    assert (session_secret(settings), len(made) > 40) == (made, True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == [file.name]
    mine = Settings(home=tmp_path, dashboard=DashboardSettings(secret="x" * 24))
    assert session_secret(mine) == "x" * 24


def test_a_home_that_cannot_be_written_to_is_told(tmp_path):
    """Before anybody is let in."""
    (tmp_path / "home").write_text("a file")
    with pytest.raises(SettingsError, match="CALLBEAT_DASHBOARD__SECRET"):
        session_secret(Settings(home=tmp_path / "home"))


def test_every_route_says_which_methods_it_takes():
    """The table above goes by them."""
    assert all(isinstance(route, Route) and route.methods for route in ROUTES)
    assert Door(DashboardSettings(), "127.0.0.1").free
