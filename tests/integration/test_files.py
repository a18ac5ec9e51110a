"""Campaign files and contacts as people change them while everything runs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

from callbeat.campaigns.due import opens_at
from callbeat.campaigns.model import Campaign
from callbeat.campaigns.reader import read_campaign
from tests.integration.campaign_files import a_campaign, as_yaml, numbers
from tests.integration.installation import FINAL, Installation, Json

PEOPLE = numbers(3)
AN_HOUR = timedelta(hours=1)


def test_a_broken_file_stops_only_its_own_campaign_until_it_is_mended(installation: Installation):
    """One person's typing mistake must neither stop the others nor go unseen."""
    installation.start()
    due = installation.soon()
    installation.campaign("good", PEOPLE, due=due)
    broken = installation.campaign("typo", PEOPLE, due=due + AN_HOUR, schedule={"lead": "2h"})
    right = broken.read_text()
    broken.write_text(right.replace("hours: any", "huors: any"))
    installation.spawn("beat")
    installation.spawn("worker")
    installation.wait_until(lambda: installation.the_run("good"), "the good campaign is planned")
    installation.wait_until(lambda: "campaign.broken" in installation.log("beat").read_text(), "it is in the log")

    code, out, err = installation.callbeat("runs", "--format", "json")
    assert (code, "typo@" in out) == (0, False)
    assert "broken file:" in err
    assert "typo.yaml:" in err
    assert "huors" in err
    assert "huors" in installation.log("beat").read_text()
    assert installation.callbeat("validate")[0] == 1

    broken.write_text(right)
    for name in ("good", "typo"):
        run = installation.wait_for_run(name)
        assert (run["state"], run["outcomes"]) == ("finished", {"answered": 3})
    assert "broken file" not in installation.callbeat("runs")[2]


def test_a_file_that_breaks_holds_back_what_it_planned_until_it_is_mended_or_too_late(installation: Installation):
    """Nobody knows what the broken file was meant to say, so nobody is called by the old one."""
    installation.start()
    paths = {
        name: installation.campaign(name, PEOPLE, due=installation.soon(minutes), schedule={"lead": "3h"})
        for name, minutes in (("mended", 90), ("forgotten", 70))
    }
    installation.spawn("beat")
    right = {name: path.read_text() for name, path in paths.items()}
    installation.wait_until(lambda: len(installation.runs()) == 2, "both are planned")
    for path in paths.values():
        path.write_text("name: [")
    installation.wait_until(
        lambda: installation.log("beat").read_text().count("campaign.broken") >= 2, "both are seen to be broken"
    )
    installation.spawn("worker")
    missed = installation.wait_for_run("forgotten", "missed")
    assert (missed["reason"], missed["batches"]) == ("broken_file", [])
    waiting = installation.the_run("mended")
    assert waiting is not None
    assert waiting["state"] == "planned"
    paths["mended"].write_text(right["mended"])
    run = installation.wait_for_run("mended")
    assert (run["state"], run["outcomes"]) == ("finished", {"answered": 3}), installation.story("mended")


def test_an_edit_changes_what_has_not_opened_and_leaves_what_has(install: Callable[..., Installation]):
    """What is under way was agreed to as it stood; what is to come follows the file as it stands."""
    installation = install(speed=60)  # or more would open while processes start
    installation.start()
    first = installation.soon()
    one, two, three, four = (first + hours * AN_HOUR for hours in (0, 2, 3, 4))
    weekly = _opening_late(installation, "weekly", one, three, four)
    leaving = _opening_late(installation, "leaving", three, four)
    installation.spawn("beat")
    installation.wait_until(lambda: len(installation.runs()) == 5, "all are planned")
    before = {run["due_at"]: run for run in installation.runs(weekly)}
    opened = _open_first(installation, weekly)
    installation.campaign(weekly, numbers(2), schedule={**LONG, "cron": _cron(one, two, four)})
    (installation.campaigns / f"{leaving}.yaml").unlink()

    def followed() -> dict[str, Json]:
        runs = {run["due_at"]: run for run in installation.runs(weekly)}
        gone = [run for run in installation.runs(leaving) if run["reason"] == "removed"]
        return runs if len(runs) == 4 and len(gone) == 2 else {}

    runs = installation.wait_until(followed, "the edit and the removal are seen")
    state = {due: runs[due.isoformat()] for due in (one, two, three, four)}
    assert (state[one]["state"], state[one]["revision"]) == ("active", opened)
    assert (state[two]["state"], state[four]["state"]) == ("planned", "planned")
    assert (state[three]["state"], state[three]["reason"]) == ("cancelled", "edited")
    assert state[two]["revision"] == state[four]["revision"] != before[four.isoformat()]["revision"]
    assert {run["state"] for run in installation.runs(leaving)} == {"cancelled"}

    installation.campaign(weekly, numbers(2), schedule={**LONG, "cron": _cron(one, three, four)})  # and back again
    again = installation.wait_until(lambda: _at(installation, weekly, three, "planned"), "it is planned again")
    assert again["reason"] is None
    installation.wait_until(lambda: _at(installation, weekly, two, "cancelled"), "what was added is cancelled")
    installation.spawn("worker")
    finished = installation.wait_until(
        lambda: _at(installation, weekly, one, "finished"), "the opened run finishes"
    )
    assert (finished["revision"], finished["calls"]) == (opened, 3)


LONG = {"lead": "5h", "late": "12h", "overlap": "allow"}


def _cron(*dues: datetime) -> str:
    """One line (UTC) for due times of one minute."""
    return f"{dues[0].minute} {','.join(str(due.hour) for due in dues)} * * *"


def _opening_late(installation: Installation, name: str, *dues: datetime) -> str:
    """A campaign whose name opens it late in its lead, so that only the first of these is open for a while."""
    spread = {n: opens_at(_with_name(f"{name}-{n}"), dues[0]) for n in range(200)}
    late = f"{name}-{max(spread, key=lambda n: spread[n])}"
    installation.campaign(late, PEOPLE, schedule={**LONG, "cron": _cron(*dues)})
    return late


def _with_name(name: str) -> Campaign:
    reading = read_campaign(as_yaml(a_campaign(name, schedule=LONG)).encode(), f"{name}.yaml")
    assert reading.campaign is not None, reading.problems
    return reading.campaign


def _open_first(installation: Installation, campaign: str) -> str:
    """Let a worker open what is due, and end it: the revision that the first run was opened with."""
    installation.spawn("worker-1")
    run = installation.wait_until(
        lambda: next((run for run in installation.runs(campaign) if run["state"] == "active"), None),
        "the first run opens",
    )
    installation.kill("worker-1")
    return str(run["revision"])


def _at(installation: Installation, campaign: str, due: datetime, state: str) -> Json | None:
    found = (run for run in installation.runs(campaign) if run["due_at"] == due.isoformat())
    return next((run for run in found if run["state"] == state), None)


def test_each_due_time_that_calls_nobody_says_why(installation: Installation):
    """Silence is the worst answer: skipped, missed and failed runs are shown with their reason."""
    installation.start()
    due = installation.soon(50)
    today = f"{due:%Y-%m-%d}"
    talkers = numbers(60, ending=97)
    installation.campaign("holiday", PEOPLE, due=due, schedule={"skip_dates": [due.date()]})
    installation.campaign("too-many", PEOPLE, due=due, contacts={"max_rows": 2})
    installation.campaign("no-file", due=due)
    installation.campaign("dated", due=due, contacts={"source": "contacts/%Y-%m-%d.csv"})
    installation.campaign("no-column", PEOPLE, due=due, contacts={"phone": "mobile"})
    installation.campaign("nobody", [PEOPLE[0][:6], "n/a"], due=due)
    twice = {"cron": f"*/30 {due.hour},{due.hour + 1} {due.day} {due.month} *"}
    installation.campaign("overlap", talkers, schedule=twice)
    installation.spawn("beat")
    installation.spawn("worker")
    waiting = installation.wait_until(
        lambda: (run := installation.the_run("dated")) and run["reason"] == "source_missing" and run,
        "the source is waited for",
    )
    assert waiting["state"] in ("planned", "opening")
    installation.campaign("helper", PEOPLE, due=due + timedelta(days=1))
    (installation.config / "contacts" / "helper.csv").rename(installation.config / "contacts" / f"{today}.csv")

    ended = {
        name: installation.wait_for_run(name) for name in ("holiday", "too-many", "no-file", "no-column", "nobody")
    }
    assert {name: (run["state"], run["reason"], run["calls"]) for name, run in ended.items()} == {
        "holiday": ("skipped", "holiday", 0),
        "too-many": ("failed", "too_many_rows", 0),
        "no-file": ("failed", "source_missing", 0),
        "no-column": ("failed", "source_unreadable", 0),
        "nobody": ("finished", "nobody_left", 0),
    }
    assert (ended["nobody"]["rows"], ended["nobody"]["invalid"]) == (2, 2)
    delivered = installation.wait_for_run("dated")
    assert (delivered["state"], delivered["outcomes"]) == ("finished", {"answered": 3})

    def decided() -> Json | None:
        return next((run for run in installation.runs("overlap") if run["reason"] == "overlap"), None)

    skipped = installation.wait_until(decided, "the next due time finds the last one still dialling")
    assert skipped["state"] == "skipped"
    before = [run for run in installation.runs("overlap") if run["due_at"] < skipped["due_at"]]
    assert before[-1]["state"] == "active"


def test_after_an_outage_of_beat_each_due_time_is_late_or_missed_and_none_is_lost(installation: Installation):
    """A machine that was off for an hour must neither stay silent about it nor fire all of it in a heap."""
    installation.start()
    due = installation.soon(20)
    every_ten = {"cron": "*/10 * * * *", "lead": "10m", "overlap": "allow"}
    installation.campaign("strict", PEOPLE, due=due, schedule={"lead": "2h"})
    installation.campaign("lenient", PEOPLE, due=due, schedule={"lead": "2h", "late": "6h"})
    installation.campaign("frequent", PEOPLE, schedule=every_ten)
    installation.spawn("beat")
    installation.wait_until(
        lambda: installation.the_run("strict") and installation.the_run("lenient"), "it is planned"
    )
    installation.kill("beat")
    back = due + timedelta(minutes=40)
    installation.wait_until(lambda: installation.now() > back, "the outage is over")
    installation.spawn("worker")
    installation.wait_for_worker()
    installation.spawn("beat")

    missed = installation.wait_for_run("strict")
    assert (missed["state"], missed["reason"], missed["batches"]) == ("missed", "too_late", [])
    late = installation.wait_for_run("lenient")
    assert (late["state"], late["outcomes"]) == ("finished", {"answered": 3})
    assert late["start_at"] > back.isoformat()
    dues = [datetime.fromisoformat(run["due_at"]) for run in installation.runs("frequent")]
    assert {later - earlier for earlier, later in pairwise(dues)} == {timedelta(minutes=10)}
    during = _due_between(installation, due, back)
    installation.wait_until(lambda: all(run["state"] in FINAL for run in during()), "each is decided")
    assert {(run["state"], run["reason"]) for run in during()} == {("missed", "too_late")}


def _due_between(installation: Installation, first: datetime, last: datetime) -> Callable[[], list[Json]]:
    def look() -> list[Json]:
        runs = installation.runs("frequent")
        return [run for run in runs if first.isoformat() <= run["due_at"] <= last.isoformat()]

    return look
