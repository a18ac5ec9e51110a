"""Nobody is called outside the permitted hours, whatever was asked for."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

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


AT_HOME = {"Asia/Dhaka": "+8801712345601", "Asia/Kathmandu": "+9779841234501", "Asia/Kolkata": "+919876500001"}


def test_each_recipient_is_called_at_the_same_time_of_their_own_clock(install: Callable[..., Installation]):
    """One run, three zones a quarter of an hour apart: three batches, each when its people's hours begin."""
    installation = install(provider="cartesia")
    installation.start()
    due = installation.soon()
    opens = f"{due.astimezone(ZoneInfo('Asia/Dhaka')):%H:%M}"
    hours = {"between": f"{opens}-24:00", "zone": "recipient"}
    installation.campaign("waves", list(AT_HOME.values()), due=due, hours=hours)
    installation.spawn("beat")
    installation.spawn("worker")

    run = installation.wait_for_run("waves", "finished")
    starts = [due + timedelta(minutes=15 * place) for place in range(3)]
    assert [batch["start_at"] for batch in run["batches"]] == [start.isoformat() for start in starts]
    assert (run["rows"], run["calls"], run["outcomes"]) == (3, 3, {"answered": 3})
    at = {dial["number"]: datetime.fromisoformat(dial["at"]) for dial in installation.sandbox.dials()}
    assert {f"{at[number].astimezone(ZoneInfo(zone)):%H:%M}" for zone, number in AT_HOME.items()} == {opens}
