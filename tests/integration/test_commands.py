"""Commands as people and scripts type them: what they print, what they ask, how they exit."""

import json
import re

import pytest

from tests.integration.campaign_files import numbers
from tests.integration.installation import Installation
from tests.integration.sandboxes import each_once

PEOPLE = numbers(4)
TALKERS = numbers(300, ending=97)  # ten at a time, ten minutes each: they last


def test_a_run_by_hand_shows_its_progress_and_prints_every_call(installation: Installation):
    """It is the first thing that anybody tries, and what a script of the provider's quickstart does."""
    installation.start()
    installation.campaign("by-hand", PEOPLE)
    code, out, err = installation.callbeat("run", "by-hand")
    assert (code, out) == (2, "")
    assert "--yes" in err
    assert "no beat is at work" in installation.callbeat("run", "by-hand", "--yes")[2]
    installation.spawn("beat")
    installation.spawn("worker")

    code, out, err = installation.callbeat("run", "by-hand", "--wait", "--yes")
    assert code == 0, err + installation.story("by-hand")
    table = [line for line in out.splitlines() if "answered" in line]
    assert len(table) >= len(PEOPLE)
    assert not any(number in out for number in PEOPLE)
    assert "by-hand+manual-2" in err
    progress = [line for line in err.splitlines() if re.match(r"\d{4}-\d\d-\d\dT.*(active|finished)", line)]
    assert len(progress) >= 2
    assert each_once(installation.sandbox.dialled("cb-main-by-hand-manual-2-"), PEOPLE)

    code, out, err = installation.callbeat("run", "nobody-knows-it", "--yes")
    assert (code, out) == (1, "")
    assert len(err.strip().splitlines()) == 1
    assert "nobody-knows-it" in err


def test_a_run_can_be_stopped_before_its_start_and_while_it_dials(installation: Installation):
    """Whoever has seen the mistake wants it to end now, and to be told that it has."""
    installation.start()
    due = installation.soon()
    installation.campaign("dialling", TALKERS, due=due)
    installation.campaign("planned", PEOPLE, due=due.replace(hour=due.hour + 8), schedule={"lead": "10h"})
    installation.spawn("beat")
    installation.spawn("worker")
    installation.campaign("early", PEOPLE, due=due.replace(hour=due.hour + 4), schedule={"lead": "7h"})
    installation.wait_for_batch("early", "scheduled")
    key = str((installation.the_run("early") or {})["run"])
    assert installation.callbeat("stop", key)[0] == 2
    code, _, err = installation.callbeat("stop", key, "--yes")
    assert (code, "is being stopped" in err) == (0, True)
    early = installation.wait_for_run("early", "cancelled")
    assert (early["reason"], early["outcomes"]) == ("stopped", {"cancelled": 4})
    assert early["batches"][0]["state"] == "stopped"
    assert any("command line" in event["actor"] for event in installation.show(key)["events"])

    installation.wait_for_batch("dialling", "running")
    key = str((installation.the_run("dialling") or {})["run"])
    assert installation.callbeat("stop", key, "--yes")[0] == 0
    stopped = installation.wait_for_run("dialling", "cancelled")
    dialled = installation.sandbox.dialled()
    assert set(dialled.values()) == {1}
    assert 10 <= len(dialled) < len(TALKERS)
    assert stopped["outcomes"] == {"answered": len(dialled), "cancelled": len(TALKERS) - len(dialled)}
    code, _, err = installation.callbeat("stop", key, "--yes")
    assert (code, "already" in err) == (1, True)
    assert installation.callbeat("stop", "planned@20200101T0000Z", "--yes")[0] == 1
    planned = str((installation.the_run("planned") or {})["run"])
    assert installation.callbeat("stop", planned, "--yes")[0] == 0
    assert installation.wait_for_run("planned", "cancelled")["reason"] == "stopped"


def test_commands_about_files_work_alone_and_exit_as_scripts_expect(installation: Installation):
    """They run in a repository's checks, without any process, key or network."""
    installation.campaign("good", PEOPLE, schedule={"cron": "2 * * * *"})
    code, out, err = installation.callbeat("validate", "--format", "json")
    assert code == 0, err
    assert {problem["level"] for problem in json.loads(out)} <= {"warning"}

    code, out, _ = installation.callbeat(
        "plan", "--from", "2026-12-01T09:30", "--to", "2026-12-01T12:30", "--format", "json"
    )
    rows = json.loads(out)
    assert code == 0
    assert [(row["due_at"], row["start_at"]) for row in rows] == [
        (f"2026-12-01T{hour}:02:00+00:00", f"2026-12-01T{hour}:10:00+00:00") for hour in (10, 11, 12)
    ]
    assert set(rows[0]) == {"campaign", "provider", "due_at", "due_local", "opens_at", "start_at", "notes"}
    assert "rounds" in " ".join(rows[0]["notes"])

    code, out, _ = installation.callbeat("schema")
    assert (code, json.loads(out)["type"]) == (0, "object")

    installation.campaign(
        "bad",
        schedule={"cron": "61 * * * *"},
        contacts={"source": "/etc/passwd"},
        notify={"url": "ftp://x.test/"},
    )
    code, out, _ = installation.callbeat("validate", "--format", "json")
    problems = [problem for problem in json.loads(out) if problem["level"] == "error"]
    assert code == 1
    assert {tuple(problem) for problem in problems} == {("file", "line", "where", "problem", "fix", "level")}
    assert {problem["where"] for problem in problems} == {"schedule.cron", "notify.url", "contacts.source"}
    assert all(problem["file"].endswith("bad.yaml") and problem["line"] > 0 for problem in problems)
    code, out, err = installation.callbeat("validate")
    assert (code, out) == (1, "")
    assert len([line for line in err.splitlines() if "bad.yaml:" in line]) == 3

    code, out, err = installation.callbeat("db", "upgrade")
    assert (code, out, "the ledger is at" in err) == (0, "", True)
    assert installation.json("runs") == []


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["runs", "--format", "xml"],
        ["run", "good", "--at", "tomorrow", "--yes"],
        ["resolve", "good@20261201T0700Z/1", "--yes"],
        ["up", "--speed", "60"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_two_and_prints_nothing_on_stdout(installation: Installation, words: list[str]):
    """A script must be able to tell a mistyped command from one that was refused."""
    installation.campaign("good", PEOPLE)
    code, out, err = installation.callbeat(*words)
    assert (code, out) == (2, ""), err
    assert "Traceback" not in err
    assert err.strip()
