"""What pages do: said exactly beforehand, asked once, done once, and written down with who did it."""

import html
import re
from collections import OrderedDict
from contextlib import suppress
from threading import Barrier, BrokenBarrierError, Thread

import pytest

from callbeat.ledger.states import BatchState, RunState
from callbeat.outcomes import Outcome
from callbeat.providers.answers import Accepted
from callbeat.providers.registry import ADAPTERS
from callbeat.runs.switches import halt, lift, pause, resume
from callbeat.settings import Settings
from dashboard.access import Who
from dashboard.actions import ACTS
from dashboard.once import MOST, Once
from tests.factories import NOW, a_campaign, minutes, seen

S, R = BatchState, RunState
RUN = "daily%4020261201T0500Z"
ME = "dashboard:local"
FILE = """
name: daily
provider: bolna
agent: 3c90c3cc-0d44-4b50-8888-8dd25736052a
schedule: {cron: "0 5 * * *", timezone: UTC, late: 60m}
contacts: {source: contacts/daily.csv, variables: {name: name}}
hours: any
"""


@pytest.fixture
def file(world, browser):
    """The campaign's file, and a folder of settings for the pages."""
    folder = world.folder / "campaigns"
    folder.mkdir()
    (folder / "daily.yaml").write_text(FILE)
    world.write_contacts("contact_number,name\n+12025550101,A\n+12025550101,B\n+12025550102,C\n")
    browser.app.state.settings = Settings(_env_file=None, campaigns=folder)
    return folder / "daily.yaml"


@pytest.fixture
def provider(world, monkeypatch):
    for name in ADAPTERS:
        monkeypatch.setitem(ADAPTERS, name, lambda *_, **__: world.provider)
    return world.provider


def words(text):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def fields(text):
    """What a browser would send with the button of a page that asks."""
    (body,) = re.findall(r'<form action="/actions/[^"]+" method="post".*?</form>', text, re.S)
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', body)
    return {name: html.unescape(value) for name, value in found}


def press(browser, address):
    """The page that asks, and its button."""
    asked = browser.get(address)
    assert asked.status_code == 200, words(asked.text)
    return browser.post(address.split("?")[0], data=fields(asked.text))


def actors(world):
    return {event.actor for event in world.events() if event.actor != "callbeat"}


# -- what is said ----------------------------------------------------------------------------------------------


def test_a_stop_says_of_each_batch_what_becomes_of_it(world, browser):
    """What is at the provider is stopped there; what has not been sent never is."""
    run = world.a_run()
    for n, state in enumerate((S.RUNNING, S.READY, S.UNCERTAIN, S.HELD, S.FINISHED), start=1):
        world.a_batch(state, run=run, n=n, key=f"{run.key}/{n}", label=f"l{n}", rows=0, calls=4)
    told = words(browser.get(f"/actions/stop?run={RUN}").text)
    for part in (
        "stopped at the provider: 1.", "/1 (4 calls) is running at bolna as b1: it is stopped there.",
        "/2 (4 calls) has not been sent: it is cancelled.", "/3 (4 calls) may be on its way to bolna",
        "/4 (4 calls) is held: only a person can stop it",
    ):  # fmt: skip
        assert part in told, part
    assert "/5" not in told


def test_to_ask_does_nothing(world, browser, file):
    """A browser fetches pages ahead, and people reload them."""
    world.a_campaign_row(paused_since=None)
    world.a_run()
    for address in (
        "pause?campaign=daily",
        "run?campaign=daily",
        f"stop?run={RUN}",
        "stop-all",
        "approve?campaign=daily",
    ):
        assert browser.get(f"/actions/{address}").status_code == 200
    assert (world.events(), world.sent) == ([], [])


def test_a_run_says_whom_it_calls_on_which_account_and_when(browser, file):
    """And counts them, if asked: of the same source, screened as a run screens it."""
    told = browser.get("/actions/run?campaign=daily").text
    for part in ("contacts/daily.csv", "account bolna", "made as daily+manual-1", "dial at 2026-12-01 04:40"):
        assert part in words(told), part
    counted = browser.get("/actions/run?campaign=daily&count=yes").text
    assert "3 rows: 1 (1 duplicate) not called, 2 calls in 1 batch." in words(counted)
    assert "12025550101" not in counted


def test_a_count_that_fails_is_a_line_of_the_page(world, browser, file):
    """The run may be meant all the same: its form stays."""
    (world.folder / "contacts" / "daily.csv").unlink()
    told = browser.get("/actions/run?campaign=daily&count=yes")
    assert (told.status_code, "That could not be counted: daily: " in words(told.text)) == (200, True)
    assert fields(told.text)["campaign"] == "daily"


def test_a_run_says_how_many_it_calls_again(world, browser, file):
    """It takes the whole source: who was called, or may have been, is called once more."""
    batch = world.a_batch(S.FAILED, run=world.a_run(state=R.FAILED, due_at=NOW - minutes(60)), rows=3)
    assert "called again" not in words(browser.get("/actions/run?campaign=daily").text)
    for call, outcome in zip(world.calls(batch), (Outcome.UNKNOWN, Outcome.ANSWERED), strict=False):
        world.set(call, outcome=outcome)
    told = words(browser.get("/actions/run?campaign=daily").text)
    assert "2 people were called (or may have been) in the last day by 1 run of daily." in told
    assert "Without `frequency` they are called again." in told
    world.clock.time = NOW + minutes(24 * 60)
    assert "called again" not in words(browser.get("/actions/run?campaign=daily").text)


def test_an_approval_shows_each_value_that_it_lets_run(browser, file):
    """It is what somebody puts their name to."""
    told = words(browser.get("/actions/approve?campaign=daily").text)
    assert 'schedule.cron: "0 5 * * *"' in told
    assert "next due: 2026-12-01T05:00" in told


def test_what_is_private_of_a_file_stands_on_no_page_that_asks(browser, file):
    """Who may press a button need not know a password: the page of the campaign does not show it either."""
    private = """
from_numbers: ["+12025550199"]
notify: {on: [finished], url: "https://hooks.example/T0SECRET?key=abc"}
"""
    source = "https://files.example/d.csv?X-Amz-Signature=beefbeef"
    file.write_text(file.read_text().replace("contacts/daily.csv", f'"{source}"') + private)
    for act in ("run", "approve"):
        told = words(browser.get(f"/actions/{act}?campaign=daily").text)
        assert "files.example/d.csv" in told, act
        for part in ("T0SECRET", "key=abc", "beefbeef", "2025550199"):
            assert part not in told, (act, part)


def test_a_change_of_what_is_hidden_is_told_as_one(world, browser, file):
    """The same on both sides, and yet to be judged."""
    file.write_text(file.read_text() + 'notify: {on: [finished], url: "https://hooks.example/one"}\n')
    press(browser, "/actions/approve?campaign=daily")
    file.write_text(file.read_text().replace("/one", "/two"))
    told = words(browser.get("/actions/approve?campaign=daily").text)
    assert "(what is hidden of it has changed)" in told


# -- what is done ----------------------------------------------------------------------------------------------


def test_pause_and_resume_are_events_of_who_pressed_them(world, browser):
    """As on the command line, by another way in."""
    world.a_run(world.a_campaign_row(), R.PLANNED)
    told = press(browser, "/actions/pause?campaign=daily")
    assert "Daily is paused; planned runs that are skipped by it: 1." in words(told.text)
    assert world.campaign_row().paused_since == NOW
    assert press(browser, "/actions/resume?campaign=daily").status_code == 200
    assert (world.campaign_row().paused_since, actors(world)) == (None, {ME})


def test_a_stop_is_wished_for_and_leads_back_to_the_run(world, browser):
    """The provider is asked by a worker, as ever."""
    batch = world.a_batch(S.RUNNING)
    told = press(browser, f"/actions/stop?run={RUN}")
    assert (told.status_code, world.get(batch).stop_reason) == (200, "stopped")
    assert f'href="/runs/{RUN}"' in told.text
    assert (world.said(), actors(world)) == ("a stop was asked for", {ME})


def test_a_stop_beside_a_held_batch_says_what_is_left_to_a_person(world, browser):
    """It was done all the same: nobody must believe that it was not."""
    batch = world.a_batch(S.HELD)
    told = press(browser, f"/actions/stop?run={RUN}")
    assert (told.status_code, world.get(batch).stop_reason) == (200, "stopped")
    assert "done, but for what needs you" in words(told.text)


def test_the_red_button_stops_all_and_start_lifts_it(world, browser):
    """It says how many, and on which account."""
    world.a_batch(S.RUNNING)
    asked = words(browser.get("/actions/stop-all").text)
    assert "Batches that are stopped: 1." in asked
    assert "On account bolna: 1." in asked
    assert "1 batches are being stopped" in words(press(browser, "/actions/stop-all").text)
    assert "stopped since" in words(browser.get("/actions/start").text)
    assert press(browser, "/actions/start").status_code == 200
    assert browser.get("/actions/start").status_code == 409
    assert actors(world) == {ME}


def test_a_run_is_made_and_led_to(world, browser, file):
    """Its address can carry its name."""
    told = press(browser, "/actions/run?campaign=daily")
    (run,) = world.runs()
    assert (run.key, run.state, world.events(run)[0].actor) == ("daily+manual-1", R.PLANNED, ME)
    assert 'href="/runs/daily%2Bmanual-1"' in told.text


def test_an_approval_is_of_what_was_shown(world, browser, file):
    """An edit between the look and the yes is read again; nothing is approved unseen."""
    asked = fields(browser.get("/actions/approve?campaign=daily").text)
    file.write_text(file.read_text().replace("0 5 * * *", "0 6 * * *"))
    told = browser.post("/actions/approve", data=asked)
    assert told.status_code == 409
    assert "Nothing was done: read it again." in words(told.text)
    assert world.events() == []
    assert browser.post("/actions/approve", data=fields(told.text)).status_code == 200
    assert actors(world) == {ME}
    assert browser.get("/actions/approve?campaign=daily").status_code == 409


@pytest.mark.parametrize(
    ("address", "do", "undo"),
    [
        ("/actions/start", lambda world: halt(world.context, "ann"), lambda world: lift(world.context, "ann")),
        (
            "/actions/resume?campaign=daily",
            lambda world: pause(world.context, "daily", "ann"),
            lambda world: resume(world.context, "daily", "ann"),
        ),
    ],
)
def test_a_page_of_yesterday_lifts_no_stop_of_today(world, browser, address, do, undo):
    """Somebody has stopped it anew, for a reason that the page does not know."""
    world.a_campaign_row()
    do(world)
    asked = fields(browser.get(address).text)
    undo(world)
    world.clock.time += minutes(600)
    do(world)
    told = browser.post(address.split("?")[0], data=asked)
    assert told.status_code == 409
    assert "Nothing was done: read it again." in words(told.text)
    assert browser.get(address).status_code == 200, "it is stopped still"
    assert browser.post(address.split("?")[0], data=fields(told.text)).status_code == 200
    assert browser.get(address).status_code == 409


def test_a_run_that_was_read_yesterday_is_read_again(world, browser, file):
    """It would call at another hour than the page says."""
    asked = fields(browser.get("/actions/run?campaign=daily").text)
    world.clock.time += minutes(24 * 60)
    told = browser.post("/actions/run", data=asked)
    assert (told.status_code, world.runs()) == (409, [])
    assert "dial at 2026-12-02 04:40" in words(told.text)


# -- a held batch ----------------------------------------------------------------------------------------------


@pytest.fixture
def held(world, provider):
    provider.will("get", Accepted(seen()))
    provider.will("list_batches", Accepted([]))
    return world.a_batch(
        S.HELD, campaign=a_campaign(schedule={"late": minutes(60)}), provider_ref=None, reason="lost"
    )


@pytest.mark.parametrize(
    ("say", "will", "to"),
    [
        ("placed&id=b1", "it becomes scheduled: b1 is scheduled", S.SCHEDULED),
        ("not_placed", "it becomes ready: it is looked for once more by its label", S.READY),
        ("give_up", "it becomes failed: 2 calls without an outcome become unknown", S.FAILED),
    ],
)
def test_what_became_of_a_held_batch_is_told_before_it_is_done(world, browser, held, say, will, to):
    """With what the ledger and the provider say of it now."""
    choices = browser.get(f"/actions/resolve?batch={RUN}/1").text
    assert "is held: lost" in words(choices)
    address = f"/actions/resolve?batch={RUN}/1&say={say}"
    told = words(browser.get(address).text)
    assert "is held: lost" in told
    assert will in told
    assert world.get(held).state is S.HELD
    assert press(browser, address).status_code == 200
    assert (world.get(held).state, world.events(held)[-1].actor) == (to, ME)
    assert browser.get(address).status_code == 409


def test_what_the_provider_says_meanwhile_is_read_before_it_counts(world, browser, held, provider):
    """It began to dial between the question and the yes: another thing would be done than was said."""
    asked = fields(browser.get(f"/actions/resolve?batch={RUN}/1&say=placed&id=b1").text)
    provider.will("get", Accepted(seen(total=1)))
    told = browser.post("/actions/resolve", data=asked)
    assert (told.status_code, world.get(held).state) == (409, S.HELD)
    assert "read it again" in words(told.text)


def test_an_id_that_cannot_be_is_refused_with_the_reason(world, browser, held, provider):
    """As on the command line."""
    provider.will("get", Accepted(seen(label="somebody else's")))
    told = browser.get(f"/actions/resolve?batch={RUN}/1&say=placed&id=b9")
    assert (told.status_code, world.get(held).state) == (409, S.HELD)
    assert "bears the label somebody else's" in words(told.text)


# -- once ------------------------------------------------------------------------------------------------------


def test_a_form_that_comes_twice_acts_once(world, browser, file):
    """Pressed twice, or sent again by the browser's reload."""
    asked = fields(browser.get("/actions/run?campaign=daily").text)
    assert browser.post("/actions/run", data=asked).status_code == 200
    again = browser.post("/actions/run", data=asked)
    assert (again.status_code, len(world.runs())) == (409, 1)
    assert "This form was sent before." in words(again.text)


def test_two_forms_for_one_run_make_one_run(world, browser, file):
    """Two people, or two tabs: who comes second is shown that it would be another run."""
    first, second = (fields(browser.get("/actions/run?campaign=daily").text) for _ in range(2))
    assert browser.post("/actions/run", data=first).status_code == 200
    told = browser.post("/actions/run", data=second)
    assert (told.status_code, len(world.runs())) == (409, 1)
    assert "made as daily+manual-2" in words(told.text)


def test_of_two_at_one_moment_one_is_the_first():
    """Requests run in threads, and a button that bounces sends two: both look before either has noted it."""
    once, gate, found = Once(), Barrier(2), []

    class Meeting(OrderedDict[str, None]):
        def __contains__(self, token: object) -> bool:
            known = super().__contains__(token)
            with suppress(BrokenBarrierError):  # who holds the lock waits alone, and in vain
                gate.wait(0.1)
            return known

    once._spent = Meeting()
    threads = [Thread(target=lambda: found.append(once.spend("t"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False, True]


def test_not_every_form_there_ever_was_is_remembered():
    """A process lives for months. The newest are known."""
    once = Once()
    assert all(once.spend(str(n)) for n in range(MOST + 1))
    assert not once.spend(str(MOST))
    assert len(once._spent) == MOST


# -- refusals --------------------------------------------------------------------------------------------------


def test_a_form_without_its_mark_does_nothing(world, browser):
    """Written by hand, or of an older version."""
    world.a_batch(S.RUNNING)
    asked = fields(browser.get(f"/actions/stop?run={RUN}").text)
    del asked["once"]
    assert (browser.post("/actions/stop", data=asked).status_code, world.said()) == (409, "")


@pytest.mark.parametrize("name", ACTS)
def test_who_may_only_look_does_nothing(world, browser, file, monkeypatch, name):
    """Not even with a form that an operator was shown."""
    world.a_campaign_row()
    asked = fields(browser.get("/actions/stop-all").text)
    monkeypatch.setattr("dashboard.door.LOCAL", Who("carl", acts=False))
    assert browser.get(f"/actions/{name}?campaign=daily").status_code == 403
    assert browser.post(f"/actions/{name}", data={**asked, "campaign": "daily"}).status_code == 403
    assert (world.events(), world.runs()) == ([], [])


def test_without_the_proof_of_a_session_nothing_is_done(world, browser):
    """Another site's page can post, but it has read none of ours."""
    world.a_batch(S.RUNNING)
    asked = fields(browser.get("/actions/stop-all").text)
    assert browser.post("/actions/stop-all", data=asked | {"csrf": "x"}).status_code == 403
    assert world.said() == ""


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("pause?campaign=nobody", "no beat has read a campaign nobody"), ("pause", "no beat has read"),
        ("resume?campaign=daily", "daily is not paused"), ("run?campaign=nobody", "there is no campaign nobody"),
        ("run?campaign=../x", "there is no campaign"), ("stop?run=nobody", "there is no run nobody"),
        ("stop?run=daily%2Bmanual-9", "is finished already"), ("start", "nothing is stopped"),
        ("resolve?batch=nobody/1", "there is no batch"), ("resolve?say=x&batch=nobody/1", "say what became of it"),
        ("run?campaign=%3Cb%3E", "there is no campaign <b>"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_before_anybody_is_asked(world, browser, file, address, why):
    """In the words of the command line, as text."""
    world.a_campaign_row()
    world.a_run(state=R.FINISHED, manual=9, key="daily+manual-9")
    told = browser.get(f"/actions/{address}")
    assert (told.status_code, why in words(told.text)) == (409, True), words(told.text)
    assert "<b>" not in told.text


def test_what_has_become_impossible_is_told_and_not_done(world, browser, file):
    """Somebody else was quicker."""
    world.a_campaign_row()
    asked = fields(browser.get("/actions/pause?campaign=daily").text)
    pause(world.context, "daily", "ann")
    told = browser.post("/actions/pause", data=asked)
    assert (told.status_code, "paused already" in words(told.text)) == (409, True)
    halt(world.context, "ann")
    assert "everything is stopped" in words(browser.get("/actions/run?campaign=daily").text)


@pytest.mark.parametrize("name", ["gone", "stop_all", "..%2fstop-all"])
def test_an_action_that_nobody_knows_is_not_found(world, browser, name):
    """Nor is anything done."""
    assert browser.get(f"/actions/{name}").status_code == 404
