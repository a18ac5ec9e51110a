"""Nobody is called outside the permitted hours, whatever was asked for."""

from datetime import timedelta

from tests.integration.campaign_files import numbers
from tests.integration.installation import Installation

MANY = numbers(40, ending=97)  # each talks for ten minutes, and ten can be talked to at once


def test_hours_end_a_batch_that_still_dials_and_keep_one_from_starting(installation: Installation):
    """A call at night is what a campaign's owner would never forgive."""
    installation.start()
    due = installation.soon()
    until = due + timedelta(minutes=25)
    until_text = f"{until:%H:%M}"
    installation.campaign("ends", MANY, due=due, hours={"days": "mon-sun", "between": f"00:00-{until_text}"})
    installation.campaign("rest-day", MANY[:2], due=due, hours={"days": "sat,sun", "between": "00:00-24:00"})
    near = due + timedelta(minutes=4)
    installation.campaign("near", MANY[:2], due=due, hours={"days": "mon-sun", "between": f"00:00-{near:%H:%M}"})
    installation.campaign(
        "opens", MANY[:2],
        schedule={"cron": f"{due.minute} {due.hour},{due.hour + 4} * * *", "late": "60m"},
        hours={"days": "mon-sun", "between": f"{until_text}-23:00"},
    )  # fmt: skip
    installation.spawn("beat")
    installation.spawn("worker")

    for name in ("rest-day", "near"):
        run = installation.wait_for_run(name, "missed")
        assert (run["reason"], run["batches"]) == ("outside_hours", [])
    ended = installation.wait_for_run("ends", "finished")
    assert ended["reason"] == "hours_ended"
    assert ended["batches"][0]["state"] == "stopped"
    assert ended["batches"][0]["dial_until"] == until.isoformat()
    dialled = installation.sandbox.dialled("cb-main-ends-")
    assert set(dialled.values()) == {1}
    assert 20 <= len(dialled) <= 30  # ten at the start, ten after ten minutes, some when it was stopped
    assert ended["outcomes"] == {"answered": len(dialled), "not_placed": 40 - len(dialled)}
    last = max(dial["at"] for dial in installation.sandbox.dials() if dial["number"] in MANY[2:])
    assert last < until.isoformat()

    later = installation.wait_for_run("opens", "finished")
    assert later["start_at"] == (until + timedelta(minutes=5)).isoformat()  # the first mark inside its hours
    assert not [
        dial
        for dial in installation.sandbox.dials()
        if dial["label"].startswith("cb-main-opens-") and dial["at"] < until.isoformat()
    ]
