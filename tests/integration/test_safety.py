"""Each safety switch at work on real processes and a provider that keeps count of whom it dialled."""

from collections.abc import Callable
from datetime import timedelta

from tests.integration.campaign_files import numbers
from tests.integration.installation import Installation
from tests.integration.sandboxes import each_once

PEOPLE = numbers(4)
TALKERS = numbers(300, ending=97)  # ten at a time, ten minutes each: they last


def test_a_file_calls_nobody_before_it_is_approved_nor_after_a_change(install: Callable[..., Installation]):
    """What is pushed by night does not ring in the morning; and a yes is good for what was seen alone."""
    installation = install(settings={"CALLBEAT_APPROVAL": "always"})
    installation.start("beat", "worker")
    due = installation.soon()
    installation.campaign("new", PEOPLE, due=due, schedule={"late": "6h"})
    waiting = installation.wait_until(lambda: _waits(installation, "new"), "the run waits to be approved")
    assert "callbeat approve new" in installation.whys(waiting)
    assert installation.callbeat("run", "new", "--yes")[0] == 1
    assert installation.callbeat("approve", "new")[0] == 2
    code, _, err = installation.callbeat("approve", "new", "--yes")
    assert (code, "schedule.cron" in err) == (0, True)
    finished = installation.wait_for_run("new")
    assert (finished["state"], finished["outcomes"]) == ("finished", {"answered": 4}), installation.story()
    assert each_once(installation.sandbox.dialled(), PEOPLE)

    installation.campaign(
        "new", PEOPLE, due=installation.soon(), retries={"attempts": 1, "after": ["15m"], "on": ["busy"]}
    )
    missed = installation.wait_until(
        lambda: _second(installation, "new", "missed"), "the changed file's run is missed"
    )
    assert missed["reason"] == "not_approved"
    assert each_once(installation.sandbox.dialled(), PEOPLE)


def _waits(installation: Installation, campaign: str) -> str | None:
    run = installation.the_run(campaign)
    return str(run["run"]) if run and run["reason"] == "not_approved" else None


def _second(installation: Installation, campaign: str, state: str) -> dict[str, str] | None:
    return next((run for run in installation.runs(campaign)[1:] if run["state"] == state), None)


def test_the_red_button_ends_everything_and_lets_nothing_begin(install: Callable[..., Installation]):
    """Whoever presses it has seen something terrible: what dials stops, what waits does not start."""
    installation = install(speed=240)
    installation.start("beat", "worker")
    due = installation.soon()
    installation.campaign("dialling", TALKERS, due=due)
    installation.campaign("waiting", PEOPLE, due=due + timedelta(hours=2), schedule={"lead": "4h"})
    installation.wait_for_batch("dialling", "running")
    installation.wait_for_batch("waiting", "scheduled")
    assert installation.callbeat("stop", "--all")[0] == 2
    code, _, err = installation.callbeat("stop", "--all", "--yes")
    assert (code, "2 batches are being stopped" in err) == (0, True), err
    assert {installation.wait_for_run(name)["state"] for name in ("dialling", "waiting")} == {"cancelled"}
    dialled = installation.sandbox.dialled()
    assert 10 <= len(dialled) < len(TALKERS)
    code, _, err = installation.callbeat("run", "waiting", "--yes")
    assert (code, "callbeat start" in err) == (1, True)

    assert installation.callbeat("start", "--yes")[0] == 0
    installation.campaign("after", PEOPLE, due=installation.soon(1000))
    assert installation.callbeat("run", "after", "--yes", "--wait")[0] == 0
    assert each_once(installation.sandbox.dialled("cb-main-after"), PEOPLE)
    assert not installation.sandbox.dialled("cb-main-waiting")


def test_a_pause_skips_and_a_resume_makes_nothing_up(installation: Installation):
    """Due times pass while it is paused: they are skipped, and said to be, and nobody is called for them."""
    installation.start("beat", "worker")
    installation.campaign("often", PEOPLE, schedule={"cron": "*/20 * * * *", "lead": "15m"})
    installation.wait_until(lambda: installation.runs("often"), "the first run is planned")
    assert installation.callbeat("pause", "often", "--yes")[0] == 0
    installation.wait_until(lambda: len(_skipped(installation)) >= 3, "three are skipped")
    assert installation.callbeat("resume", "often", "--yes")[0] == 0
    installation.wait_until(lambda: _finished_after(installation, _skipped(installation)[-1]), "a later one runs")
    called = {dial["label"].removesuffix(".csv") for dial in installation.sandbox.dials()}
    assert not any(f"{due[11:13]}{due[14:16]}Z" in label for due in _skipped(installation) for label in called)


def _skipped(installation: Installation) -> list[str]:
    return [run["due_at"] for run in installation.runs("often") if run["reason"] == "paused"]


def _finished_after(installation: Installation, due_at: str) -> bool:
    return any(run["state"] == "finished" and run["due_at"] > due_at for run in installation.runs("often"))


def test_a_trial_rings_only_its_own_phones_and_no_more_than_the_ceiling(install: Callable[..., Installation]):
    """A company's first day: three phones of colleagues, three calls."""
    mine = PEOPLE[:3]
    installation = install(settings={"CALLBEAT_ALLOW_NUMBERS": ",".join(mine), "CALLBEAT_DAILY_CALLS": "3"})
    installation.start("beat", "worker")
    due = installation.soon()
    installation.campaign("first", PEOPLE, due=due)
    installation.campaign("second", mine[:1], due=due + timedelta(minutes=30))
    first = installation.wait_for_run("first")
    assert (first["state"], first["excluded_by"], first["calls"]) == ("finished", {"not_allowed": 1}, 3)
    second = installation.wait_for_run("second")
    assert (second["state"], second["reason"]) == ("missed", "daily_calls"), installation.story()
    assert "CALLBEAT_DAILY_CALLS" in installation.whys(str(second["run"]))
    assert each_once(installation.sandbox.dialled(), mine)


def test_what_dials_is_stopped_once_the_day_has_cost_what_it_may(install: Callable[..., Installation]):
    """Thirty are ten minutes each at a time: the sum is told while the rest still waits."""
    installation = install(settings={"CALLBEAT_DAILY_COST": "0.5"})
    installation.start("beat", "worker")
    installation.campaign("dear", TALKERS, due=installation.soon())
    run = installation.wait_for_run("dear")
    assert (run["state"], run["reason"]) == ("finished", "daily_cost"), installation.story()
    dialled = installation.sandbox.dialled()
    assert 10 <= len(dialled) < len(TALKERS)
    assert float(run["cost"]) >= 0.5
    assert run["outcomes"].get("not_placed", 0) == len(TALKERS) - len(dialled)
